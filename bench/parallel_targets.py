"""What --parallel-targets buys: a model that takes a second (or --latency) for each answer, eight targets, once for each number at once.

Usage: bench/parallel_targets.py --binary build/mutagen [--latency 1] [--at-once 1 2 4 8]
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from test_parallel import FILES, Parallel, flags  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "mutagen")
    parser.add_argument("--python", default=str(ROOT / "build" / "venv" / "bin" / "python"))
    parser.add_argument("--latency", type=float, default=1)
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 2, 4, 8])
    options = parser.parse_args()
    alone = None
    for at_once in options.at_once:
        with tempfile.TemporaryDirectory() as folder, Parallel(latency=options.latency) as server:
            for path, text in FILES.items():
                file = pathlib.Path(folder) / "repo" / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            began = time.monotonic()
            done = subprocess.run([options.binary.resolve(), "run", "repo", *flags(server, "r", at_once, "--max-cost", "0")], cwd=folder,
                                  env={**os.environ, "MUTAGEN_PYTHON": options.python}, capture_output=True, text=True, check=False)
            seconds = time.monotonic() - began
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
        alone = alone or seconds
        print(f"{at_once} at once: {seconds:.1f} s, {len(server.requests)} calls, {server.most_open} of them at once at most; {alone / seconds:.2f} times as fast")


if __name__ == "__main__":
    main()
