#!/usr/bin/env python3
"""An independent judge: the score of given test files under mutmut, on a copy of a repository without its own tests.

    python bench/judge_mutmut.py --python VENV/bin/python --repo REPO --source inflection --tests FILE... [--only 'GLOB']

VENV must hold mutmut and pytest. Prints one JSON line: mutants, killed, survived, other, score, seconds, mutants_per_second.
score = (killed + timeout) / all with a verdict, as mutmut counts it.
"""
import argparse
import glob
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

KILLED, TIMEOUT, SURVIVED, NO_TESTS = (1, 3), (36, 24, -24, 152, 255), (0,), (5, 33)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--python", required=True)
    options.add_argument("--repo", required=True)
    options.add_argument("--source", required=True, help="package folder or module, relative to the repo")
    options.add_argument("--tests", nargs="*", default=[], help="test files to judge; none: the repo's own, from --tests-dir")
    options.add_argument("--tests-dir", default="tests", help="the repo's own test folder or file")
    options.add_argument("--only", help="mutmut's mutant name pattern, such as 'boltons.strutils.*'")
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder) / "repo"
        shutil.copytree(args.repo, work, ignore=shutil.ignore_patterns(".git", ".mutagen", ".venv", "mutants"))
        own = work / args.tests_dir
        kept = pathlib.Path(folder) / "own"
        if own.is_file():
            kept.mkdir()
            shutil.move(str(own), kept / own.name)
        elif own.is_dir():
            shutil.move(str(own), kept)
        (work / "tests").mkdir(exist_ok=True)
        if args.tests:
            for test in args.tests:
                shutil.copy(test, work / "tests")
        else:
            shutil.copytree(kept, work / "tests", dirs_exist_ok=True)
        for name in ("setup.cfg", "tox.ini", "pytest.ini"):
            (work / name).unlink(missing_ok=True)
        (work / "setup.cfg").write_text(f"[mutmut]\nsource_paths={args.source}\npytest_add_cli_args_test_selection=tests/\n")
        started = time.monotonic()
        command = [args.python, "-m", "mutmut", "run"] + ([args.only] if args.only else [])
        done = subprocess.run(command, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        seconds = time.monotonic() - started
        codes = []
        for meta in glob.glob(str(work / "mutants" / "**" / "*.meta"), recursive=True):
            codes += [code for code in json.loads(pathlib.Path(meta).read_text())["exit_code_by_key"].values() if code is not None]
        if not codes:
            sys.exit("mutmut gave no verdict:\n" + done.stdout.decode(errors="replace")[-2000:])
        killed = sum(code in KILLED for code in codes)
        timeout = sum(code in TIMEOUT for code in codes)
        print(json.dumps({
            "mutants": len(codes), "killed": killed, "timeout": timeout,
            "survived": sum(code in SURVIVED for code in codes), "no_tests": sum(code in NO_TESTS for code in codes),
            "score": round((killed + timeout) / len(codes), 4), "seconds": round(seconds, 1),
            "mutants_per_second": round(len(codes) / seconds, 2),
        }))


if __name__ == "__main__":
    main()
