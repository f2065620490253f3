#!/usr/bin/env python3
"""Measure what is read of a repo for a model: the call graph over its sources and the index over its tests, on this Python's standard library once,
4 times and 16 times over (copies under new package names), and print rows for docs/benchmarks.md.

Usage: bench/context_growth.py [--dump build/context_dump] [--sizes 1,4,16]

Within a copy, absolute imports still name the library and give no edge: the edges counted are those within modules and through relative imports.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sysconfig
import tempfile

LEFT_OUT = {"site-packages", "dist-packages", "__pycache__", "lib-dynload"}


def copy_library(into):
    library = pathlib.Path(sysconfig.get_paths()["stdlib"])
    shutil.copytree(library, into, ignore=lambda _, names: LEFT_OUT & set(names), ignore_dangling_symlinks=True)
    for path in into.rglob("*"):
        if path.is_file() and path.suffix != ".py":
            path.unlink()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--dump", default="build/context_dump", type=pathlib.Path)
    options.add_argument("--sizes", default="1,4,16")
    args = options.parse_args()
    print("| size | call graph | test index | peak memory |\n| --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as temp:
        made = 0
        for size in sorted(int(part) for part in args.sizes.split(",")):
            for made in range(made, size):
                copy_library(pathlib.Path(temp, f"copy{made}"))
            made = size
            done = subprocess.run([args.dump, "--index", temp], stdout=subprocess.PIPE, text=True, check=True)
            got = json.loads(done.stdout)
            index = got["documents_seconds"] + got["index_seconds"]
            print(f"| {size}× | {got['lines'] / got['graph_seconds'] / 1000:.0f} k lines/s ({got['lines']} lines, {got['functions']} functions, "
                  f"{got['edges']} edges, {got['graph_seconds']:.1f} s) | {got['test_lines'] / index / 1000:.0f} k lines/s ({got['test_lines']} lines, "
                  f"{got['documents']} tests, {index:.1f} s; a query {1000 * got['query_seconds']:.1f} ms) | {got['peak_kb'] / 1024:.0f} MB, of which "
                  f"{got['bytes'] / 2**20:.0f} MB are the texts |", flush=True)


if __name__ == "__main__":
    main()
