#!/usr/bin/env python3
"""Our engine beside mutmut, irradiate and cosmic-ray, in turns, on the same number of workers; then growth, and the distance from a bare loop of forks.

Usage: bench/rivals.py [--binary build/mutagen] [--subject NAME ...] [--tool NAME ...] [--rounds 3] [--workers 1] [--limit 600] [--sample N] [--tested] [--no-loop] [--no-growth]
Prints Markdown; the network is needed once. Subjects: strutils (boltons.strutils, whole suite), strutils-own (only test_strutils.py), boltons, toolz, semver,
inflection. A tool that passes --limit seconds on one subject is stopped and counted for what it did until then; the table says so.

Where a tool cannot work on a subject as it is, RUNS gives it the configuration with which it does: files that are copied beside the sources, files that
are not mutated, options of pytest. Tests that fail under mutmut's trampolines, or the second time in one process, are left out for all tools alike, by a
hook in the subject's conftest.py, and named below the table.

--tested: plain pytest has run before in each tool's copy, as where somebody works; otherwise it is as after a checkout, and no byte code of tests is there.

--sample N: each tool runs N of its mutants, evenly over all of them (ours spreads over targets and operators, irradiate draws); mutmut and cosmic-ray are
told which. The column of mutants says of how many.

Columns. Reached: mutants that some test was run on. Entered: what mutmut counts as reached, mutants of functions that some test enters, where ours and
irradiate count those of lines that some test runs; for ours, mutants in functions or methods of which some mutant is covered (of a sample: the sampled ones,
so at least that many; of a run that was stopped: also those not run). Fixed: processor time of the same command for one mutant (ours), or of the same run until it prints that it begins with the mutants
(mutmut), so that it holds start, collection and baselines. Gate: reached mutants per second of processor time beyond the fixed cost. Ours runs with
--no-witnesses: the gate is compared, and no other tool looks for inputs that tell survivors apart; at level 2, and at level 3 for the number of mutants.
Memory: highest sum of the proportional set sizes of all processes of the command, sampled.
"""
import argparse
import ast
import functools
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
TRAMPOLINE = "mutmut's trampoline is the caller that it looks at"
# name -> package in subjects.json, source (file or folder), tests, our targets; only: the one test file that stays; what the rivals need: copied (files and
# folders beside source and tests), unmutated (patterns of files), pytest (its options); left_out: {test: why}
RUNS = {
    "strutils": {"package": "boltons", "source": "boltons/strutils.py", "tests": "tests", "targets": ["boltons.strutils.*"]},
    "strutils-own": {"package": "boltons", "source": "boltons/strutils.py", "tests": "tests", "targets": ["boltons.strutils.*"], "only": "test_strutils.py"},
    "boltons": {
        "package": "boltons", "source": "boltons", "tests": "tests", "targets": [],
        "left_out": {
            "tests/test_namedutils.py::test_namedlist_pickle": TRAMPOLINE,
            "tests/test_namedutils.py::test_namedtuple_pickle": TRAMPOLINE,
            "tests/test_tbutils.py::test_contextual": TRAMPOLINE,
            "tests/test_typeutils.py::test_sentinel_pickle": TRAMPOLINE,
        },
    },
    "toolz": {
        "package": "toolz", "source": "toolz", "tests": "toolz/tests", "targets": ["toolz.*"], "copied": ["tlz"], "unmutated": ["toolz/tests/*"],
        "left_out": {
            "toolz/tests/test_curried.py::test_curried_operator": "it sees mutmut's own names in the mutated module",
            "toolz/tests/test_curried.py::test_curried_namespace": "it sees mutmut's own names in the mutated module",
        },
    },
    "semver": {
        "package": "semver", "source": "src/semver", "tests": "tests", "targets": [], "copied": [".pytest.ini"], "pytest": ["--no-cov"],
        "left_out": {"tests/test_pysemver-cli.py::test_should_process_parsed_cli_arguments": "it fails the second time in one process, and mutmut runs it in one"},
    },
    "inflection": {"package": "inflection", "source": "inflection", "tests": "test_inflection.py", "targets": []},
}
LEFT_OUT = """

@__import__("pytest").hookimpl(specname="pytest_collection_modifyitems")
def pytest_left_out_of_the_comparison(config, items):
    out = [item for item in items if item.nodeid.partition("[")[0] in {names}]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]
"""
COSMIC = """[cosmic-ray]
module-path = "{source}"
timeout = 30.0
excluded-modules = {unmutated}
test-command = "{python} -m pytest -x -q -p no:cacheprovider {options} {tests}"
[cosmic-ray.distributor]
name = "local"
"""


def environment():
    """The subjects need nothing but pytest-cov: all rivals are in one venv, beside pytest. One for each version of the Python that runs this."""
    home, wanted = ROOT / "build" / "rivals-{}.{}".format(*sys.version_info), (ROOT / "tools" / "rivals-requirements.txt").read_text()
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


class Mark(threading.Thread):
    """The processor seconds that a process and its children had used when `words` came into its output; None: they did not come."""

    def __init__(self, root, output, words):
        super().__init__(daemon=True)
        self.root, self.output, self.words, self.seconds, self.over = root, output, words.encode(), None, threading.Event()
        self.start()

    def run(self):
        start = 0
        while not self.over.wait(0.02):
            text = os.pread(self.output, 1 << 20, start)
            if self.words in text:
                with open(f"/proc/{self.root}/stat", encoding="utf-8", errors="replace") as file:
                    self.seconds = sum(map(int, file.read().rpartition(")")[2].split()[11:15])) / os.sysconf("SC_CLK_TCK")
                return
            start += max(0, len(text) - len(self.words))


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
        self.entered = None  # what mutmut would call reached; None: not known
        self.timeouts = 0
        self.total = None  # of how many mutants those made are a sample; None: they are all
        self.fixed = None  # processor seconds before the first mutant; None: not told apart


def timed(argv, cwd, seconds, words=None):
    """One whole command, with the processor time of every process of it; fixed: until `words` are printed."""
    before, started, stopped = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), False
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen([str(part) for part in argv], cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        watching = [Memory(child.pid)] + ([Mark(child.pid, output.fileno(), words)] if words else [])
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
        for thread in watching:
            thread.over.set()
            thread.join()
        output.seek(0)
        text = output.read().decode(errors="replace")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = Measured(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, watching[0].most, text, stopped)
    if words:
        found.fixed = watching[1].seconds
    return found


def statuses_of(path):
    return [m["status"] for file in json.loads(path.read_text())["files"].values() for m in file["mutants"]]


def detected(statuses):
    return sum(status in ("Killed", "Survived", "Timeout") for status in statuses)


def evenly(names, count):
    return [names[at * len(names) // count] for at in range(count)] if count and count < len(names) else names


def units(source):
    """The lines of what mutmut mutates as one: functions, and methods of classes."""
    found, todo = [], [ast.parse(source)]
    while todo:
        for node in ast.iter_child_nodes(todo.pop()):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.append((node.lineno, node.end_lineno))
            else:
                todo.append(node)
    return found


def entered(report):
    """Mutants in functions of which some mutant is covered; those that no tool runs (static, equal to the original) are left out."""
    count = 0
    for file in report["files"].values():
        lines = units(file["source"])
        unit_of = lambda mutant: next((unit for unit in lines if unit[0] <= mutant["location"]["start"]["line"] <= unit[1]), None)
        seen = {unit_of(mutant) for mutant in file["mutants"] if mutant.get("coveredBy")} - {None}
        count += sum(mutant["status"] != "Ignored" and unit_of(mutant) in seen for mutant in file["mutants"])
    return count


def ours(job, level=2, only_one=False):
    out = job.temp / f"out{only_one}.json"
    argv = [job.binary, "score", job.repo, "--python", job.bin / "python", "--no-progress", "--no-cache", "--no-witnesses", "--level", level, "--jobs", job.workers,
            "--json", out, "--tests", job.run["tests"]]
    for target in job.run["targets"]:
        argv += ["--target", target]
    if only_one or job.sample:
        argv += ["--sample", 1 if only_one else job.sample]
    if not only_one:  # mutagen stops by itself, and then its report is whole
        argv += ["--max-time", job.limit]
    found = timed(argv, job.temp, job.limit + 60)
    if not out.exists():
        sys.exit("mutagen gave no report:\n" + found.text[-1500:])
    report = json.loads(out.read_text())
    found.made, found.reached, found.entered = len(statuses_of(out)), detected(statuses_of(out)), entered(report)
    found.total, found.timeouts = report["mutagen"]["mutantsFound"] if job.sample else None, statuses_of(out).count("Timeout")
    found.stopped = any(status == "Pending" for status in statuses_of(out))
    if not only_one:
        found.fixed = ours(job, level, True).cpu
    return found


def mutmut(job):
    source = job.run["source"]
    settings = {
        "source_paths": ["src" if source == "src/semver" else source.split("/")[0]],
        "only_mutate": [source] if source.endswith(".py") else [],
        "do_not_mutate": job.run.get("unmutated", []),
        "also_copy": job.run.get("copied", []),
        "pytest_add_cli_args": job.run.get("pytest", []),
        "pytest_add_cli_args_test_selection": [job.run["tests"]],
    }
    (job.repo / "setup.cfg").write_text("[mutmut]\n" + "".join(f"{key}=" + "\n\t".join(values) + "\n" for key, values in settings.items() if values))
    if (job.repo / "pyproject.toml").exists() and "[tool.mutmut]" in (job.repo / "pyproject.toml").read_text():
        sys.exit("the subject configures mutmut itself")
    argv = [job.bin / "mutmut", "run", "--max-children", job.workers]
    verdicts = lambda: {name: code for meta in sorted((job.repo / "mutants").rglob("*.meta")) for name, code in json.loads(meta.read_text())["exit_code_by_key"].items()}
    chosen, total = [], None
    if job.sample:  # names exist when they have been made; then all is made anew
        timed([*argv, "no such mutant"], job.repo, job.limit)
        names = list(verdicts())
        chosen, total = evenly(names, job.sample), len(names)
        shutil.rmtree(job.repo / "mutants")
    found = timed([*argv, *chosen], job.repo, job.limit, "Running mutation testing")
    codes = [code for name, code in verdicts().items() if not chosen or name in set(chosen)]
    if not codes:
        found.text = "no mutants: " + found.text[-400:]
    found.made, found.total = len(codes), total
    found.reached = found.entered = sum(code not in (None, 5, 33) for code in codes)
    found.timeouts = sum(code in (36, 24, -24, 152, 255) for code in codes)
    found.stopped = found.stopped or (None in codes and found.reached > 0)
    return found


def irradiate(job):
    report = job.temp / "irradiate.json"
    argv = [job.bin / "irradiate", "run", job.run["source"], "--tests-dir", job.run["tests"], "--python", job.bin / "python", "--workers", job.workers, "--no-cache",
            "--report", "json", "-o", report]
    argv += ["--sample", job.sample] if job.sample else []
    argv += [part for pattern in job.run.get("unmutated", []) for part in ("--ignore", pattern)] + [f"--pytest-args={word}" for word in job.run.get("pytest", [])]
    found = timed(argv, job.repo, job.limit)
    if report.exists():
        found.made, found.reached = len(statuses_of(report)), detected(statuses_of(report))
    return found


def cosmic_ray(job):
    config, database = job.temp / "cosmic.toml", job.temp / "cosmic.sqlite"
    config.write_text(COSMIC.format(python=job.bin / "python", source=job.run["source"], tests=job.run["tests"], unmutated=job.run.get("unmutated", []),
                                    options=" ".join(job.run.get("pytest", []))))
    timed([job.bin / "cosmic-ray", "init", config, database], job.repo, job.limit)
    with sqlite3.connect(database) as opened:
        every = [name for name, in opened.execute("SELECT job_id FROM work_items ORDER BY rowid")]
        chosen = set(evenly(every, job.sample))
        for table in ("mutation_specs", "work_items"):
            opened.executemany(f"DELETE FROM {table} WHERE job_id = ?", [(name,) for name in every if name not in chosen])
    found = timed([job.bin / "cosmic-ray", "exec", config, database], job.repo, job.limit)
    found.fixed, found.total = 0.0, len(every) if job.sample else None  # each mutant is a process of its own
    with sqlite3.connect(database) as opened:
        found.made, = opened.execute("SELECT count(*) FROM work_items").fetchone()
        found.reached, = opened.execute("SELECT count(*) FROM work_results").fetchone()
    return found


TOOLS = {OURS: ours, "mutagen, level 3": functools.partial(ours, level=3), "mutmut 3.8.1": mutmut, "irradiate 0.4.3": irradiate, "cosmic-ray 8.7.0": cosmic_ray}


class Job:
    """A private copy of one subject for one tool."""

    def __init__(self, name, folder, args, bin_):
        self.run, self.temp, self.bin = RUNS[name], pathlib.Path(folder), bin_
        self.binary, self.workers, self.limit, self.sample = args.binary.resolve(), args.workers, args.limit, args.sample
        package, _ = fetch_subjects.fetch(self.run["package"], SUBJECTS[self.run["package"]])
        self.repo = self.temp / self.run["package"]
        shutil.copytree(package, self.repo)
        for test in (self.repo / "tests").glob("test_*.py") if self.run.get("only") else ():
            if test.name != self.run["only"]:
                test.unlink()
        if self.run.get("left_out"):
            with open(self.repo / self.run["tests"] / "conftest.py", "a", encoding="utf-8") as file:
                file.write(LEFT_OUT.format(names=set(self.run["left_out"])))
        if args.tested:
            env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
            subprocess.run([bin_ / "python", "-m", "pytest", "-q", self.run["tests"]], cwd=self.repo, env=env, stdout=subprocess.DEVNULL, check=False)


def row(name, runs, base):
    """Medians; `base`: our runs."""
    middle = lambda what: statistics.median(what(run) for run in runs)
    wall, cpu, made, reached = (middle(lambda run, at=at: getattr(run, at)) for at in ("wall", "cpu", "made", "reached"))
    told = all(run.fixed is not None for run in runs)
    fixed = middle(lambda run: run.fixed) if told else 0.0
    share = f" of {runs[-1].total}" if runs[-1].total else ""
    within = "%.0f" % middle(lambda run: run.entered) if runs[-1].entered is not None else ""
    stopped = " (stopped)" if any(run.stopped for run in runs) else ""
    spent, gate, each = "", "", ""
    if reached:
        spent, gate = "%.0f" % (1000 * cpu / reached), "%.0f" % (reached / max(0.001, cpu - fixed))
        each = "%.1f" % (middle(lambda run: run.wall / max(1, run.reached)) / statistics.median(run.wall / max(1, run.reached) for run in base))
    return (f"| {name} | {made:.0f}{share} | {reached:.0f} | {within} | {wall:.1f} s{stopped} | {'%.1f s' % fixed if told else 'in it'} | {spent} | {gate} | "
            f"{middle(lambda run: run.memory):.0f} MB | {each} |")


def rivals(name, args, bin_, tools):
    seen = {tool: [] for tool in tools}
    for _ in range(args.rounds):
        for tool in tools:
            with tempfile.TemporaryDirectory() as folder:
                seen[tool].append(TOOLS[tool](Job(name, folder, args, bin_)))
                print(f"{name}: {tool}: {seen[tool][-1].wall:.0f} s", file=sys.stderr)
    print(f"\n### {name}\n\n| tool | mutants | reached | entered | wall | fixed | processor ms per reached | reached/s of processor, gate | peak memory | wall per reached, times ours |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for tool, runs in seen.items():
        print(row(tool, runs, seen.get(OURS, runs)))
        if not any(run.reached for run in runs):
            print(f"\n{tool} reached nothing: {runs[-1].text.strip().splitlines()[-1:]}\n", file=sys.stderr)
    if RUNS[name].get("left_out"):
        print("\nLeft out for all: " + "; ".join(f"`{test}` ({why})" for test, why in RUNS[name]["left_out"].items()) + ".")
    if any(run.timeouts for runs in seen.values() for run in runs):
        print("\nOf them timeouts: " + ", ".join(f"{tool} {runs[-1].timeouts}" for tool, runs in seen.items()) + ".")


def limit(name, args, bin_):
    """Beside a bare loop of forks that run the same tests."""
    with tempfile.TemporaryDirectory() as folder:
        job = Job(name, folder, args, bin_)
        pairs, tests = [], [job.run["tests"]]
        for turn in range(args.rounds):
            whole, report = engine_limit.score(job.binary, job.repo, bin_ / "python", job.run["targets"], tests, job.temp / f"{turn}.json")
            fixed, _ = engine_limit.score(job.binary, job.repo, bin_ / "python", job.run["targets"], tests, job.temp / f"f{turn}.json", "--sample", "1")
            bare = engine_limit.bare(job.repo, bin_ / "python", report, 1, tests)
            if not bare["mutants"]:
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
    options.add_argument("--sample", default=0, type=int, help="as many of each tool's mutants, evenly over all; 0 = all")
    options.add_argument("--tested", action="store_true", help="each tool's copy is one whose tests have been run with plain pytest, byte code and all")
    options.add_argument("--no-loop", action="store_true")
    options.add_argument("--no-growth", action="store_true")
    args = options.parse_args()
    bin_ = environment()
    names = args.subject or list(RUNS)
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start, {args.workers} workers, median of {args.rounds}, limit {args.limit} s, "
          f"Python {sys.version.split()[0]}, {time.strftime('%Y-%m-%d')}")
    for name in names:
        rivals(name, args, bin_, [tool for tool in TOOLS if not args.tool or tool in args.tool])
        sys.stdout.flush()
    if not args.no_loop:
        print("\n### Beside a bare loop\n\n| subject | mutants | ours, ms of processor a mutant | bare loop | of it fork and exit | times |\n| --- | --- | --- | --- | --- | --- |")
        for name in names:
            limit(name, args, bin_)
            sys.stdout.flush()
    if not args.no_growth:
        growth(args, bin_)


if __name__ == "__main__":
    main()
