#!/usr/bin/env python3
"""Replays verdicts of `mutagen score --json` on disk with plain pytest, one new process a mutant, and prints how many agree.

    python bench/replay.py --repo REPO --json score.json --python VENV/bin/python [-n 60] [--seed 0] [-- PYTEST ARGS]

Killed and Timeout must fail (or hang), Survived and NoCoverage must pass. Exit status 1 when one does not agree.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile


def offset(text, line, column):
    """Index into `text` of a 1-based line and a 1-based UTF-16 column."""
    lines = text.split("\n")
    before = sum(len(each) + 1 for each in lines[: line - 1])
    units = 0
    for index, char in enumerate(lines[line - 1] + "\n"):
        if units == column - 1:
            return before + index
        units += 2 if ord(char) > 0xFFFF else 1
    raise ValueError(f"no column {column} in line {line}")


def splice(text, mutant):
    start, end = mutant["location"]["start"], mutant["location"]["end"]
    return text[: offset(text, start["line"], start["column"])] + mutant["replacement"] + text[offset(text, end["line"], end["column"]):]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repo", required=True)
    options.add_argument("--json", required=True)
    options.add_argument("--python", required=True)
    options.add_argument("-n", type=int, default=60)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--timeout", type=float, default=60.0)
    options.add_argument("pytest_args", nargs="*")
    args = options.parse_args()
    report = json.loads(pathlib.Path(args.json).read_text())
    wanted = {"Killed": "fails", "Timeout": "fails", "Survived": "passes", "NoCoverage": "passes"}
    mutants = [(path, mutant) for path, file in report["files"].items() for mutant in file["mutants"] if mutant["status"] in wanted]
    random.Random(args.seed).shuffle(mutants)
    agree, wrong = 0, []
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder) / "repo"
        shutil.copytree(args.repo, work, ignore=shutil.ignore_patterns(".git", ".mutagen", "__pycache__", ".venv"))
        env = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
        env.update(PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=os.pathsep.join([str(work / "src"), str(work)]))
        command = [args.python, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *args.pytest_args]
        for path, mutant in mutants[: args.n]:
            file = work / path
            original = file.read_bytes()
            # Bytes, so that CRLF stays.
            file.write_bytes(splice(original.decode(), mutant).encode())
            try:
                done = subprocess.run(command, cwd=work, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                      stdin=subprocess.DEVNULL, timeout=args.timeout)
                seen = "passes" if done.returncode == 0 else "fails"
            except subprocess.TimeoutExpired:
                seen = "fails"
            file.write_bytes(original)
            if seen == wanted[mutant["status"]]:
                agree += 1
            else:
                wrong.append((path, mutant, seen))
    total = min(args.n, len(mutants))
    for path, mutant, seen in wrong:
        line = mutant["location"]["start"]["line"]
        print(f"{path}:{line} {mutant['mutatorName']} -> {mutant['replacement']!r}: {mutant['status']} here, pytest {seen}; killed by {mutant.get('killedBy')}")
    print(json.dumps({"mutants": len(mutants), "replayed": total, "agree": agree}))
    sys.exit(1 if wrong or not total else 0)


if __name__ == "__main__":
    main()
