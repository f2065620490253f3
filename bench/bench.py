#!/usr/bin/env python3
"""Measure the program and print docs/benchmarks.md's table: whole runs, mutants per second beside mutmut in turns, an independent judge of the
kept tests, the static pass, the start.

Usage: bench/bench.py [--binary build/mutagen] [--rounds 3] [--skip-mutmut]     (make bench; needs the network once, for the packages)
"""

import argparse
import json
import os
import pathlib
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time

import fetch_subjects

MUTMUT = "mutmut==3.8.1"
SUBJECTS = json.loads((fetch_subjects.HERE / "subjects.json").read_text())


def tree_memory(root):
    """Proportional set size of a process and its descendants, in MB."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parent = pathlib.Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue
            children.setdefault(int(parent), []).append(int(entry))
    total, queue = 0, [root]
    while queue:
        pid = queue.pop()
        queue += children.get(pid, [])
        try:
            for line in pathlib.Path("/proc", str(pid), "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except OSError:
            pass
    return total / 1024


def measured(argv, cwd=None, memory=False):
    """(wall seconds, processor seconds with all children, peak MB of the whole tree or of the process, output)."""
    with tempfile.TemporaryFile() as output:
        before, started, peak, done = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), [0.0], threading.Event()
        child = subprocess.Popen([str(part) for part in argv], cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)

        def watch():
            while not done.wait(0.1):
                peak[0] = max(peak[0], tree_memory(child.pid))

        watcher = threading.Thread(target=watch)
        if memory:
            watcher.start()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - started
        done.set()
        if memory:
            watcher.join()
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if child.returncode not in (0, 2):
        sys.exit(f"{argv[0]} {argv[1]} failed ({child.returncode}):\n" + "\n".join(text.splitlines()[-10:]))
    return wall, processor, peak[0] if memory else usage.ru_maxrss / 1024, text


def whole_run(binary, subject, rounds):
    repo, python = fetch_subjects.fetch(subject, SUBJECTS[subject])
    walls, kept, peak = [], 0, 0
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as temp:
            wall, _, memory, _ = measured([binary, "run", repo, "--python", python, "--no-progress"], temp, memory=True)
            report = json.loads((pathlib.Path(temp) / ".mutagen" / "reports" / "report.json").read_text())
        walls.append(wall)
        peak, kept = max(peak, memory), report["targets"]["kept"]
    return f"{statistics.median(walls):.1f} s, peak {peak:.0f} MB over all processes, {kept} of {report['targets']['selected']} targets kept"


def judge(binary, rounds):
    """The applied file alone, under mutmut."""
    repo, python = fetch_subjects.fetch("inflection-bare", SUBJECTS["inflection-bare"])
    with tempfile.TemporaryDirectory() as temp:
        measured([binary, "run", repo, "--python", python, "--no-progress"], temp)
        measured([binary, "apply", "--into", "out"], temp)
        result = mutmut(repo, python, "inflection", sorted(pathlib.Path(temp, "out").glob("test_*.py")))
    return f"{result['score']:.3f} ({result['killed']} of {result['mutants']} mutants)"


def mutmut(repo, python, source, tests, only=None):
    fetch_subjects.quiet([python, "-m", "pip", "--disable-pip-version-check", "-q", "install", MUTMUT])
    command = [sys.executable, fetch_subjects.HERE / "judge_mutmut.py", "--python", python, "--repo", repo, "--source", source, "--tests", *tests]
    return json.loads(measured(command + (["--only", only] if only else []))[3].splitlines()[-1])


def side_by_side(binary, rounds):
    """The same module and the same one test file, in turns."""
    repo, python = fetch_subjects.fetch("boltons", SUBJECTS["boltons"])
    ours, theirs, ours_cpu, theirs_cpu = [], [], [], []
    with tempfile.TemporaryDirectory() as temp:
        alone, out = pathlib.Path(temp) / "boltons", pathlib.Path(temp) / "score.json"
        shutil.copytree(repo, alone)
        for test in (alone / "tests").glob("test_*.py"):
            if test.name != "test_strutils.py":
                test.unlink()
        for _ in range(rounds):
            wall, processor, _, _ = measured([binary, "score", alone, "--python", python, "--no-progress", "--level", "2", "--target", "boltons.strutils.*", "--json", out], temp)
            mutants = sum(len(file["mutants"]) for file in json.loads(out.read_text())["files"].values())
            ours.append(mutants / wall)
            ours_cpu.append(1000 * processor / mutants)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            result = mutmut(alone, python, "boltons", [alone / "tests" / "test_strutils.py"], "boltons.strutils.*")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            theirs.append(result["mutants_per_second"])
            theirs_cpu.append(1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / result["mutants"])
    ratio = statistics.median(a / b for a, b in zip(ours, theirs))
    return (f"{statistics.median(ours):.1f} mutants/s ({mutants} mutants, {statistics.median(ours_cpu):.0f} ms of processor each); "
            f"{MUTMUT.replace('==', ' ')}: {statistics.median(theirs):.1f} mutants/s ({result['mutants']} mutants, {statistics.median(theirs_cpu):.0f} ms each); ratio {ratio:.1f}")


def static_pass(binary, rounds):
    dump = binary.parent / "mutants_dump"
    library = pathlib.Path(sysconfig.get_paths()["stdlib"])
    files = [str(path) for path in sorted(library.rglob("*.py")) if "site-packages" not in path.parts]
    lines = sum(len(pathlib.Path(path).read_bytes().splitlines()) for path in files)
    runs = [measured([dump, "--count", *files]) for _ in range(rounds)]
    seconds = statistics.median(run[0] for run in runs)
    return f"{lines / seconds / 1000:.0f} k lines/s ({len(files)} files, {lines} lines, {seconds:.1f} s, peak {runs[0][2]:.0f} MB)"


def start(binary, _rounds):
    return f"{statistics.median(measured([binary, '--version'])[0] for _ in range(21)) * 1000:.1f} ms"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--binary", default="build/mutagen", type=pathlib.Path)
    options.add_argument("--rounds", default=3, type=int)
    options.add_argument("--skip-mutmut", action="store_true")
    args = options.parse_args()
    binary = args.binary.resolve()
    rows = [
        ("`mutagen --version`, median of 21", start),
        ("static pass over this Python's standard library", static_pass),
        ("whole run, inflection 0.5.1 with its tests", lambda *how: whole_run(how[0], "inflection", how[1])),
        ("whole run, inflection 0.5.1 without its tests", lambda *how: whole_run(how[0], "inflection-bare", how[1])),
    ]
    if not args.skip_mutmut:
        rows.append(("score of the tests kept there, alone, under mutmut", judge))
        rows.append(("boltons.strutils with test_strutils.py, in turns", side_by_side))
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before, Python {platform.python_version()}, median of {args.rounds}\n")
    print("| what | result |\n| --- | --- |", flush=True)
    for name, measure in rows:
        print(f"| {name} | {measure(binary, args.rounds)} |", flush=True)


if __name__ == "__main__":
    main()
