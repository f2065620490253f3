#!/usr/bin/env python3
"""Our engine beside mutmut, irradiate and cosmic-ray, in turns, on the same number of workers; then growth, and the distance from a bare loop of forks.

Usage: bench/rivals.py [--binary build/mutagen] [--subject NAME ...] [--tool NAME ...] [--rounds 3] [--workers 1] [--limit 600] [--no-growth]
Prints Markdown; the network is needed once. Subjects: strutils (boltons.strutils, whole suite), strutils-own (only test_strutils.py), boltons, toolz, semver,
inflection. A tool that passes --limit seconds on one subject is stopped and counted for what it did until then; the table says so.

Columns. Reached: mutants that some test was run on. Fixed: processor time of the same command for one mutant (ours), or of a run that is stopped before
its first mutant's verdict (the others: read from what they print), so that it holds start, collection and baselines. Gate: reached mutants per second of
processor time beyond the fixed cost. Ours runs with --no-witnesses: the gate is compared, and no other tool looks for inputs that tell survivors apart.
Memory: highest sum of the proportional set sizes of all processes of the command, sampled.
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
import threading
import time

import engine_limit
import fetch_subjects

ROOT = fetch_subjects.HERE.parent
SUBJECTS = json.loads((fetch_subjects.HERE / "subjects.json").read_text())
OURS = "mutagen"
# name -> package in subjects.json, source (file or folder), tests, our targets
RUNS = {
    "strutils": {"package": "boltons", "source": "boltons/strutils.py", "tests": "tests", "targets": ["boltons.strutils.*"]},
    "strutils-own": {"package": "boltons", "source": "boltons/strutils.py", "tests": "tests", "targets": ["boltons.strutils.*"], "only": "test_strutils.py"},
    "boltons": {"package": "boltons", "source": "boltons", "tests": "tests", "targets": []},
    "toolz": {"package": "toolz", "source": "toolz", "tests": "toolz/tests", "targets": ["toolz.*"]},
    "semver": {"package": "semver", "source": "src/semver", "tests": "tests", "targets": []},
    "inflection": {"package": "inflection", "source": "inflection", "tests": "test_inflection.py", "targets": []},
}
COSMIC = """[cosmic-ray]
module-path = "{source}"
timeout = 30.0
excluded-modules = []
test-command = "{python} -m pytest -x -q -p no:cacheprovider {tests}"
[cosmic-ray.distributor]
name = "local"
"""


def environment():
    """The subjects need nothing but pytest-cov: all rivals are in one venv, beside pytest."""
    home, wanted = ROOT / "build" / "rivals", (ROOT / "tools" / "rivals-requirements.txt").read_text()
    stamp = home / ".stamp"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(home, ignore_errors=True)
        fetch_subjects.quiet([sys.executable, "-m", "venv", home])
        fetch_subjects.quiet([home / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "-q", "install", "-r", ROOT / "tools" / "rivals-requirements.txt"])
        stamp.write_text(wanted)
    return home / "bin"


class Memory(threading.Thread):
    """The most that a process and all its descendants held at once, in MB."""

    def __init__(self, root):
        super().__init__(daemon=True)
        self.root, self.most, self.over = root, 0.0, threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(0.5):
            total, tree = 0, {self.root}
            parents = dict(filter(None, map(parent_of, filter(str.isdigit, os.listdir("/proc")))))
            for _ in range(20):  # as deep as a tree of processes gets here
                tree |= {pid for pid, parent in parents.items() if parent in tree}
            for pid in tree:
                try:
                    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                        total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
                except OSError:
                    pass  # it has ended
            self.most = max(self.most, total / 1024)


def parent_of(entry):
    try:
        with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
            return int(entry), int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return None


class Measured:
    def __init__(self, wall, cpu, memory, text, stopped):
        self.wall, self.cpu, self.memory, self.text, self.stopped = wall, cpu, memory, text, stopped
        self.made = self.reached = 0
        self.fixed = None  # processor seconds before the first mutant; None: not told apart


def timed(argv, cwd, seconds, env=None):
    """One whole command, with the processor time of every process of it."""
    before, started, stopped = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), False
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen([str(part) for part in argv], cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, env=env)
        memory = Memory(child.pid)
        try:
            child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            stopped = True
            os.killpg(child.pid, 15)
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, 9)
                child.wait()
        wall = time.monotonic() - started
        memory.over.set()
        memory.join()
        output.seek(0)
        text = output.read().decode(errors="replace")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Measured(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, memory.most, text, stopped)


def statuses_of(path):
    return [m["status"] for file in json.loads(path.read_text())["files"].values() for m in file["mutants"]]


def detected(statuses):
    return sum(status in ("Killed", "Survived", "Timeout") for status in statuses)


def ours(job, *more):
    out = job.temp / f"out{len(more)}.json"
    argv = [job.binary, "score", job.repo, "--python", job.bin / "python", "--no-progress", "--no-cache", "--no-witnesses", "--level", "2", "--jobs", job.workers,
            "--json", out, *more]
    for target in job.run["targets"]:
        argv += ["--target", target]
    if not more:  # mutagen stops by itself, and then its report is whole
        argv += ["--max-time", str(job.limit)]
    found = timed(argv, job.temp, job.limit + 60)
    if not out.exists():
        sys.exit("mutagen gave no report:\n" + found.text[-1500:])
    found.made, found.reached = len(statuses_of(out)), detected(statuses_of(out))
    found.stopped = any(status == "Pending" for status in statuses_of(out))
    if not more:
        found.fixed = ours(job, "--sample", "1").cpu
    return found


def mutmut(job):
    source = job.run["source"]
    top = source.split("/")[0] if source != "src/semver" else "src"
    only = f"only_mutate={source}\n" if source.endswith(".py") else ""
    (job.repo / "setup.cfg").write_text(f"[mutmut]\nsource_paths={top}\n{only}pytest_add_cli_args_test_selection={job.run['tests']}\n")
    if (job.repo / "pyproject.toml").exists() and "[tool.mutmut]" in (job.repo / "pyproject.toml").read_text():
        sys.exit("the subject configures mutmut itself")
    found = timed([job.bin / "mutmut", "run", "--max-children", job.workers], job.repo, job.limit)
    codes = [code for meta in (job.repo / "mutants").rglob("*.meta") for code in json.loads(meta.read_text())["exit_code_by_key"].values()]
    if not codes:
        found.text = "no mutants: " + found.text[-400:]
    found.made, found.reached = len(codes), sum(code not in (None, 5, 33) for code in codes)
    return found


def irradiate(job):
    report = job.temp / "irradiate.json"
    found = timed([job.bin / "irradiate", "run", job.run["source"], "--tests-dir", job.run["tests"], "--python", job.bin / "python", "--workers", job.workers, "--no-cache",
                   "--report", "json", "-o", report], job.repo, job.limit)
    if report.exists():
        found.made, found.reached = len(statuses_of(report)), detected(statuses_of(report))
    return found


def cosmic_ray(job):
    config, database = job.temp / "cosmic.toml", job.temp / "cosmic.sqlite"
    config.write_text(COSMIC.format(python=job.bin / "python", source=job.run["source"], tests=job.run["tests"]))
    timed([job.bin / "cosmic-ray", "init", config, database], job.repo, job.limit)
    found = timed([job.bin / "cosmic-ray", "exec", config, database], job.repo, job.limit)
    found.fixed = 0.0  # each mutant is a process of its own
    with sqlite3.connect(database) as opened:
        found.made, = opened.execute("SELECT count(*) FROM work_items").fetchone()
        found.reached, = opened.execute("SELECT count(*) FROM work_results").fetchone()
    return found


TOOLS = {OURS: ours, "mutmut 3.8.1": mutmut, "irradiate 0.4.3": irradiate, "cosmic-ray 8.7.0": cosmic_ray}


class Job:
    """A private copy of one subject for one tool."""

    def __init__(self, name, folder, args, bin_):
        self.run, self.temp, self.bin = RUNS[name], pathlib.Path(folder), bin_
        self.binary, self.workers, self.limit = args.binary.resolve(), args.workers, args.limit
        package, _ = fetch_subjects.fetch(self.run["package"], SUBJECTS[self.run["package"]])
        self.repo = self.temp / self.run["package"]
        shutil.copytree(package, self.repo)
        for test in (self.repo / "tests").glob("test_*.py") if self.run.get("only") else ():
            if test.name != self.run["only"]:
                test.unlink()


def row(name, runs, base):
    """Medians; `base`: our runs."""
    middle = lambda what: statistics.median(what(run) for run in runs)
    wall, cpu, made, reached = (middle(lambda run, at=at: getattr(run, at)) for at in ("wall", "cpu", "made", "reached"))
    told = all(run.fixed is not None for run in runs)
    fixed = middle(lambda run: run.fixed) if told else 0.0
    gate = reached / max(0.001, cpu - fixed)
    stopped = " (stopped)" if any(run.stopped for run in runs) else ""
    each = middle(lambda run: run.wall / max(1, run.reached)) / statistics.median(run.wall / max(1, run.reached) for run in base)
    return (f"| {name} | {made:.0f} | {reached:.0f} | {wall:.1f} s{stopped} | {'%.1f s' % fixed if told else 'in it'} | {1000 * cpu / max(1, reached):.0f} | {gate:.0f} | "
            f"{middle(lambda run: run.memory):.0f} MB | {each:.1f} |")


def rivals(name, args, bin_, tools):
    seen = {tool: [] for tool in tools}
    for _ in range(args.rounds):
        for tool in tools:
            with tempfile.TemporaryDirectory() as folder:
                seen[tool].append(TOOLS[tool](Job(name, folder, args, bin_)))
                print(f"{name}: {tool}: {seen[tool][-1].wall:.0f} s", file=sys.stderr)
    print(f"\n### {name}\n\n| tool | mutants | reached | wall | fixed | processor ms per reached | reached/s of processor, gate | peak memory | wall per reached, times ours |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for tool, runs in seen.items():
        print(row(tool, runs, seen.get(OURS, runs)))
        if not any(run.reached for run in runs):
            print(f"\n{tool} reached nothing: {runs[-1].text.strip().splitlines()[-1:]}\n", file=sys.stderr)


def limit(name, args, bin_):
    """Beside a bare loop of forks that run the same tests."""
    with tempfile.TemporaryDirectory() as folder:
        job = Job(name, folder, args, bin_)
        pairs = []
        for turn in range(args.rounds):
            whole, report = engine_limit.score(job.binary, job.repo, bin_ / "python", job.run["targets"], [], job.temp / f"{turn}.json")
            fixed, _ = engine_limit.score(job.binary, job.repo, bin_ / "python", job.run["targets"], [], job.temp / f"f{turn}.json", "--sample", "1")
            bare = engine_limit.bare(job.repo, bin_ / "python", report, 1, [])
            if not bare["mutants"]:  # the loop collects by itself, without our plugin: its node ids are other ones
                print(f"| {name} | 0 | the loop finds none of the tests | | | |")
                return
            each = 1000 / bare["mutants"]
            pairs.append(((whole - fixed) * each, bare["forks"][0] * each, bare["empty"][0] * each))
    print(f"| {name} | {bare['mutants']} | " + " | ".join("%.2f" % statistics.median(pair[at] for pair in pairs) for at in range(3)) +
          f" | {statistics.median(pair[0] / pair[1] for pair in pairs):.2f} |")


def growth(args, bin_):
    """One package at 1, 4 and 16 times its mutants and tests: copies of the module and its tests under names of their own."""
    print("\n### Growth: inflection, copied\n\n| copies | reached | processor | ms per reached |\n| --- | --- | --- | --- |")
    for copies in (1, 4, 16):
        with tempfile.TemporaryDirectory() as folder:
            job = Job("inflection", folder, args, bin_)
            package, test = (job.repo / "inflection" / "__init__.py").read_text(), (job.repo / "test_inflection.py").read_text()
            shutil.rmtree(job.repo / "inflection")
            (job.repo / "test_inflection.py").unlink()
            for number in range(copies):
                (job.repo / f"inflection{number}.py").write_text(package)
                (job.repo / f"test_inflection{number}.py").write_text(test.replace("import inflection", f"import inflection{number} as inflection"))
            out = job.temp / "out.json"
            cpu, report = engine_limit.score(job.binary, job.repo, bin_ / "python", [], [], out)
            reached = detected([m["status"] for file in report["files"].values() for m in file["mutants"]])
            print(f"| {copies} | {reached} | {cpu:.1f} s | {1000 * cpu / max(1, reached):.1f} |")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--binary", default="build/mutagen", type=pathlib.Path)
    options.add_argument("--subject", action="append", choices=sorted(RUNS), help="may be repeated; all when left out")
    options.add_argument("--tool", action="append", choices=sorted(TOOLS), help="may be repeated; all when left out")
    options.add_argument("--rounds", default=3, type=int)
    options.add_argument("--workers", default=1, type=int)
    options.add_argument("--limit", default=600, type=int, help="seconds for one tool on one subject")
    options.add_argument("--no-growth", action="store_true")
    args = options.parse_args()
    bin_ = environment()
    names = args.subject or list(RUNS)
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start, {args.workers} workers, median of {args.rounds}, limit {args.limit} s, "
          f"Python {sys.version.split()[0]}, {time.strftime('%Y-%m-%d')}")
    for name in names:
        rivals(name, args, bin_, [tool for tool in TOOLS if not args.tool or tool in args.tool])
        sys.stdout.flush()
    print("\n### Beside a bare loop\n\n| subject | mutants | ours, ms of processor a mutant | bare loop | of it fork and exit | times |\n| --- | --- | --- | --- | --- | --- |")
    for name in names:
        limit(name, args, bin_)
        sys.stdout.flush()
    if not args.no_growth:
        growth(args, bin_)


if __name__ == "__main__":
    main()
