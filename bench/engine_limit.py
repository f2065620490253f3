#!/usr/bin/env python3
"""The physical limit of a forking mutation engine: a bare loop over the same mutants' tests, and how far `mutagen score` stands from it.

Usage: bench/engine_limit.py --repo REPO --python VENV/bin/python --json score.json [--binary build/mutagen] [--rounds 3] [--target T ...] [--tests FILE ...]

The loop imports and collects like any pytest, then forks once for each mutant that some test was run on. The child calls the three run-test hooks of the
mutant's tests (of a killed one: its killer; of a survivor: all tests that cover it) and leaves by _exit. Nothing is mutated, watched, limited, isolated,
told or judged. With --binary both run in turns; figures are processor time (user + system of all processes), because machines are shared.

Both get the same options of pytest (the agent's own: a subject that measures its coverage would do so in each fork otherwise) and the same folder in
front of sys.path. What the engine runs beside that, the loop does not: the tests before a killer, and a survivor's tests that share a file with covering
ones. So no fork of it does more than the engine's; but the engine kills many mutants in one fork (chains), and may fall below it there.
"""
import argparse
import gc
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile


def cpu(who):
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


class Loop:
    """In the subject's interpreter, as a pytest plugin. `jobs`: lists of node ids."""

    def __init__(self, jobs, rounds):
        self.jobs, self.rounds, self.result = jobs, rounds, {}

    def pytest_runtestloop(self, session):
        items = {item.nodeid: item for item in session.items}
        missing = len({name for job in self.jobs for name in job} - set(items))
        jobs = [[items[name] for name in job if name in items] for job in self.jobs]
        jobs = [job for job in jobs if job]
        self.result = {"mutants": len(jobs), "tests": sum(map(len, jobs)), "missing": missing, "collected": cpu(resource.RUSAGE_SELF), "forks": [], "empty": []}
        gc.collect()
        gc.freeze()
        for _ in range(self.rounds):
            self.result["empty"].append(self.timed([[] for _ in jobs]))
            self.result["forks"].append(self.timed(jobs))
        return True

    def timed(self, jobs):
        before = cpu(resource.RUSAGE_SELF) + cpu(resource.RUSAGE_CHILDREN)
        for job in jobs:
            pid = os.fork()
            if pid == 0:
                try:
                    for turn, item in enumerate(job):
                        item.ihook.pytest_runtest_setup(item=item)
                        item.ihook.pytest_runtest_call(item=item)
                        item.ihook.pytest_runtest_teardown(item=item, nextitem=job[turn + 1] if turn + 1 < len(job) else None)
                finally:
                    os._exit(0)
            os.waitpid(pid, 0)
        return cpu(resource.RUSAGE_SELF) + cpu(resource.RUSAGE_CHILDREN) - before


def inside(path):
    import pytest

    sys.path[0] = str(pathlib.Path(__file__).resolve().parents[1] / "src" / "agent")
    from _mutagen_agent import collect

    sys.path[0] = os.getcwd()  # as `python -m pytest` has it
    job = json.loads(pathlib.Path(path).read_text())
    loop = Loop(job["jobs"], job["rounds"])
    pytest.main(["-p", "no:cacheprovider", *collect.arguments(job["files"], True, os.getcwd(), os.path.dirname(path), 0)], plugins=[loop])
    pathlib.Path(path).write_text(json.dumps(loop.result))


def jobs_of(report):
    """The tests of each mutant that some test was run on."""
    jobs = []
    for file in report["files"].values():
        for mutant in file["mutants"]:
            if mutant["status"] in ("Killed", "Timeout") and mutant.get("killedBy"):
                jobs.append(mutant["killedBy"][:1])
            elif mutant["status"] == "Survived":
                jobs.append(mutant.get("coveredBy") or [])
    return [job for job in jobs if job]


def bare(repo, python, report, rounds, tests):
    """What the loop measured: {mutants, tests, missing (tests), collected, forks: [s], empty: [s]}."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "job.json")
        path.write_text(json.dumps({"jobs": jobs_of(report), "rounds": rounds, "files": [str(test) for test in tests]}))
        done = subprocess.run([str(python), __file__, "--inside", str(path)], cwd=repo, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"), check=False)
        result = json.loads(path.read_text())
        if not result.get("forks"):
            sys.exit("the bare loop did not run:\n" + done.stdout[-2000:])
        if result['missing']:
            print(f"the loop does not find {result['missing']} of the tests, and leaves them out", file=sys.stderr)
        return result


def score(binary, repo, python, targets, tests, out, *more):
    """Processor seconds of one whole `mutagen score`, and its report."""
    argv = [str(binary), "score", str(repo), "--python", str(python), "--no-progress", "--no-cache", "--no-witnesses", "--level", "2", "--jobs", "1", "--json", str(out),
            *more]
    for target in targets:
        argv += ["--target", target]
    if tests:
        argv += ["--tests", *map(str, tests)]
    before = cpu(resource.RUSAGE_CHILDREN)
    done = subprocess.run(argv, cwd=out.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if not out.exists():
        sys.exit("no report:\n" + done.stdout[-2000:])
    return cpu(resource.RUSAGE_CHILDREN) - before, json.loads(out.read_text())


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repo", required=True, type=pathlib.Path)
    options.add_argument("--python", required=True, type=pathlib.Path)
    options.add_argument("--json", type=pathlib.Path, help="a report of mutagen score --json; made with --binary when left out")
    options.add_argument("--binary", type=pathlib.Path)
    options.add_argument("--rounds", default=3, type=int)
    options.add_argument("--target", action="append", default=[])
    options.add_argument("--tests", nargs="*", default=[])
    args = options.parse_args()
    python = args.python.absolute()
    report = json.loads(args.json.read_text()) if args.json else None
    whole, fixed = [], []
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(args.rounds if args.binary else 0):
            # A limit of time that is over at once leaves start, collection, baseline, selection: the fixed cost.
            seconds, report = score(args.binary.resolve(), args.repo.resolve(), python, args.target, args.tests, pathlib.Path(folder, f"{turn}.json"))
            whole.append(seconds)
            fixed.append(score(args.binary.resolve(), args.repo.resolve(), python, args.target, args.tests, pathlib.Path(folder, f"f{turn}.json"), "--sample", "1")[0])
    found = bare(args.repo.resolve(), python, report, args.rounds, args.tests)
    limit, empty = statistics.median(found["forks"]), statistics.median(found["empty"])
    each = 1000 / found["mutants"]
    print(f"bare loop: {found['mutants']} mutants, {found['tests']} tests: {limit * each:.2f} ms of processor a mutant (fork and exit alone {empty * each:.2f}); "
          f"import and collection {found['collected']:.2f} s")
    if whole:
        ours = statistics.median(a - b for a, b in zip(whole, fixed)) * 1000 / max(1, found["mutants"] - 1)
        print(f"mutagen score: {statistics.median(whole):.2f} s, of it fixed {statistics.median(fixed):.2f} s; {ours:.2f} ms a mutant: {ours / (limit * each):.2f} times the loop")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        inside(sys.argv[2])
    else:
        main()
