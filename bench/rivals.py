#!/usr/bin/env python3
"""Our engine beside mutmut, irradiate and cosmic-ray, in turns: boltons.strutils with test_strutils.py, all on the same number of workers.

Usage: bench/rivals.py [--binary build/mutagen] [--rounds 3] [--workers 1]      prints a table; the network is needed once

Reached: mutants that some test was run on. cosmic-ray starts a process for each mutant; it gets two minutes and is counted for what it did.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

import fetch_subjects

ROOT = fetch_subjects.HERE.parent
SUBJECTS = json.loads((fetch_subjects.HERE / "subjects.json").read_text())
COSMIC = """[cosmic-ray]
module-path = "boltons/strutils.py"
timeout = 30.0
excluded-modules = []
test-command = "{python} -m pytest -x -q -p no:cacheprovider tests/test_strutils.py"
[cosmic-ray.distributor]
name = "local"
"""


def environment():
    """boltons needs nothing: all rivals are in one venv, beside pytest."""
    home = ROOT / "build" / "rivals"
    if not (home / ".stamp").exists():
        shutil.rmtree(home, ignore_errors=True)
        fetch_subjects.quiet([sys.executable, "-m", "venv", home])
        fetch_subjects.quiet([home / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "-q", "install", "-r", ROOT / "tools" / "rivals-requirements.txt"])
        (home / ".stamp").touch()
    return home / "bin"


def timed(argv, cwd, seconds=3600):
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen([str(part) for part in argv], cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 15)
            child.wait()
        wall = time.monotonic() - started
        output.seek(0)
        text = output.read().decode(errors="replace")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, text


def ours(binary, bin_, repo, temp, workers):
    wall, cpu, text = timed([binary, "score", repo, "--python", bin_ / "python", "--no-progress", "--no-cache", "--jobs", workers, "--target", "boltons.strutils.*",
                             "--json", temp / "out.json"], temp)
    statuses = [m["status"] for file in json.loads((temp / "out.json").read_text())["files"].values() for m in file["mutants"]]
    return wall, cpu, len(statuses), sum(status in ("Killed", "Survived", "Timeout") for status in statuses)


def mutmut(binary, bin_, repo, temp, workers):
    (repo / "setup.cfg").write_text("[mutmut]\nsource_paths=boltons\nonly_mutate=boltons/strutils.py\npytest_add_cli_args_test_selection=tests/\n")
    wall, cpu, _ = timed([bin_ / "mutmut", "run", "--max-children", workers], repo)
    codes = json.loads((repo / "mutants" / "boltons" / "strutils.py.meta").read_text())["exit_code_by_key"].values()
    return wall, cpu, len(codes), sum(code not in (None, 5, 33) for code in codes)


def irradiate(binary, bin_, repo, temp, workers):
    wall, cpu, text = timed([bin_ / "irradiate", "run", "boltons/strutils.py", "--tests-dir", "tests", "--python", bin_ / "python", "--workers", workers, "--no-cache",
                             "--report", "json", "-o", temp / "irradiate.json"], repo)
    if not (temp / "irradiate.json").exists():
        sys.exit("irradiate gave no report:\n" + text[-1500:])
    statuses = [m["status"] for file in json.loads((temp / "irradiate.json").read_text())["files"].values() for m in file["mutants"]]
    return wall, cpu, len(statuses), sum(status in ("Killed", "Survived", "Timeout") for status in statuses)


def cosmic_ray(binary, bin_, repo, temp, workers):
    (temp / "cosmic.toml").write_text(COSMIC.format(python=bin_ / "python"))
    timed([bin_ / "cosmic-ray", "init", temp / "cosmic.toml", temp / "cosmic.sqlite"], repo)
    wall, cpu, _ = timed([bin_ / "cosmic-ray", "exec", temp / "cosmic.toml", temp / "cosmic.sqlite"], repo, 120)
    with sqlite3.connect(temp / "cosmic.sqlite") as database:
        made, = database.execute("SELECT count(*) FROM work_items").fetchone()
        done, = database.execute("SELECT count(*) FROM work_results").fetchone()
    return wall, cpu, made, done


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--binary", default="build/mutagen", type=pathlib.Path)
    options.add_argument("--rounds", default=3, type=int)
    options.add_argument("--workers", default=1, type=int)
    args = options.parse_args()
    boltons, _ = fetch_subjects.fetch("boltons", SUBJECTS["boltons"])
    bin_ = environment()
    tools = {"mutagen": ours, "mutmut 3.8.1": mutmut, "irradiate 0.4.3": irradiate, "cosmic-ray 8.7.0": cosmic_ray}
    seen = {name: [] for name in tools}
    for _ in range(args.rounds):
        for name, measure in tools.items():
            with tempfile.TemporaryDirectory() as folder:
                temp = pathlib.Path(folder)
                repo = temp / "boltons"
                shutil.copytree(boltons, repo)
                for test in (repo / "tests").glob("test_*.py"):
                    if test.name != "test_strutils.py":
                        test.unlink()
                seen[name].append(measure(args.binary.resolve(), bin_, repo, temp, args.workers))
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {args.workers} workers, median of {args.rounds}\n")
    print("| tool | mutants | reached | wall | reached/s | processor ms per reached | times ours |\n| --- | --- | --- | --- | --- | --- | --- |")
    base = statistics.median(wall / max(1, reached) for wall, _, _, reached in seen["mutagen"])
    for name, runs in seen.items():
        wall, cpu, made, reached = (statistics.median(run[i] for run in runs) for i in range(4))
        each = statistics.median(run[0] / max(1, run[3]) for run in runs)
        print(f"| {name} | {made:.0f} | {reached:.0f} | {wall:.1f} s | {1 / each:.1f} | {1000 * cpu / max(1, reached):.0f} | {each / base:.1f} |")


if __name__ == "__main__":
    main()
