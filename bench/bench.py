#!/usr/bin/env python3
"""Measure the program and print a table: a whole run, mutants per second beside mutmut, the static pass, the start.

Usage: bench/bench.py [--binary build/mutagen] [--skip-mutmut]     (make bench; needs the network once, for the packages)
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time

import fetch_subjects

MUTMUT = "mutmut==3.8.1"


def measured(argv, cwd=None):
    """(wall seconds, peak resident MB of the largest process of ours, output); the child's own children count when it waited for them."""
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        child = subprocess.Popen([str(part) for part in argv], cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if child.returncode not in (0, 2):
        sys.exit(f"{argv[0]} {argv[1]} failed ({child.returncode}):\n" + "\n".join(text.splitlines()[-10:]))
    return seconds, usage.ru_maxrss / 1024, text


def whole_run(binary, subject, arguments=()):
    repo, python = fetch_subjects.fetch(subject, SUBJECTS[subject])
    with tempfile.TemporaryDirectory() as temp:
        seconds, memory, _ = measured([binary, "run", repo, "--python", python, "--no-progress", *arguments], temp)
        report = json.loads((pathlib.Path(temp) / ".mutagen" / "reports" / "report.json").read_text())
    return f"{seconds:.1f} s, peak {memory:.0f} MB, {report['targets']['kept']} targets kept"


def score_speed(binary):
    repo, python = fetch_subjects.fetch("boltons", SUBJECTS["boltons"])
    with tempfile.TemporaryDirectory() as temp:
        out = pathlib.Path(temp) / "score.json"
        seconds, _, _ = measured([binary, "score", repo, "--python", python, "--no-progress", "--target", "boltons.strutils.*", "--json", out], temp)
        mutants = sum(len(file["mutants"]) for file in json.loads(out.read_text())["files"].values())
    return f"{mutants / seconds:.1f} mutants/s ({mutants} in {seconds:.1f} s, whole command)"


def mutmut_speed():
    repo, python = fetch_subjects.fetch("boltons", SUBJECTS["boltons"])
    fetch_subjects.quiet([python, "-m", "pip", "--disable-pip-version-check", "-q", "install", MUTMUT])
    judge = fetch_subjects.HERE / "judge_mutmut.py"
    done = subprocess.run([sys.executable, str(judge), "--python", str(python), "--repo", str(repo), "--source", "boltons", "--tests-dir", "tests",
                           "--tests", str(repo / "tests" / "test_strutils.py"), "--only", "boltons.strutils.*"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        return "failed: " + (done.stdout.strip().splitlines() or ["no output"])[-1]
    result = json.loads(done.stdout.splitlines()[-1])
    return f"{result['mutants_per_second']} mutants/s ({result['mutants']} in {result['seconds']} s, whole command, test_strutils.py)"


def static_pass(binary):
    dump = binary.parent / "mutants_dump"
    library = pathlib.Path(sysconfig.get_paths()["stdlib"])
    files = [str(path) for path in sorted(library.rglob("*.py")) if "site-packages" not in path.parts]
    seconds, memory, text = measured([dump, "--count", *files])
    lines = sum(len(pathlib.Path(path).read_bytes().splitlines()) for path in files)
    return f"{lines / seconds / 1000:.0f} k lines/s ({len(files)} files, {lines} lines, {seconds:.1f} s, peak {memory:.0f} MB)"


def start(binary):
    return f"{statistics.median(measured([binary, '--version'])[0] for _ in range(21)) * 1000:.1f} ms (median of 21)"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--binary", default="build/mutagen", type=pathlib.Path)
    options.add_argument("--skip-mutmut", action="store_true")
    args = options.parse_args()
    binary = args.binary.resolve()
    rows = [
        ("mutagen --version", lambda: start(binary)),
        ("static pass, standard library of this Python", lambda: static_pass(binary)),
        ("whole run, inflection 0.5.1", lambda: whole_run(binary, "inflection")),
        ("whole run, inflection 0.5.1 without its tests", lambda: whole_run(binary, "inflection-bare")),
        ("score, boltons.strutils", lambda: score_speed(binary)),
    ]
    if not args.skip_mutmut:
        rows.append((f"{MUTMUT.replace('==', ' ')}, boltons.strutils", mutmut_speed))
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}", flush=True)
    for name, measure in rows:
        print(f"{name:<48} {measure()}", flush=True)


SUBJECTS = json.loads((fetch_subjects.HERE / "subjects.json").read_text())

if __name__ == "__main__":
    main()
