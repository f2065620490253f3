#!/usr/bin/env python3
"""Verdicts of our engine beside those of a real mutmut, wherever both make the same change (equal syntax trees), on five packages.

Usage: bench/compare_mutmut.py [--binary build/mutagen] [NAME...]     prints a table and every difference; the network is needed once
"""
import argparse
import ast
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import fetch_subjects

ROOT = fetch_subjects.HERE.parent
SUBJECTS = json.loads((fetch_subjects.HERE / "subjects.json").read_text())
# name: (module's file, import roots, test files, targets). Where the source archive has no tests, `mutagen run` writes them.
MODULES = {
    "inflection": ("inflection/__init__.py", [], ["test_inflection.py"], "inflection.*"),
    "python-slugify": ("slugify/slugify.py", [], [], "slugify.slugify.*"),
    "semver": ("src/semver/version.py", ["src"], ["tests"], "semver.version.*"),
    "boltons": ("boltons/strutils.py", [], ["tests/test_strutils.py"], "boltons.strutils.*"),
    "toolz": ("toolz/functoolz.py", [], [], "toolz.functoolz.*"),
}
# mutmut's exit codes as its stats.py has them
MUTMUT_WORDS = {0: "survived", 1: "killed", 3: "killed", 5: "no tests", 33: "no tests", 34: "skipped", 35: "suspicious", 36: "timeout",
                24: "timeout", -24: "timeout", 152: "timeout", 255: "timeout", 37: "type check", -11: "crash", -9: "crash", None: "none"}
DETECTED = ("killed", "timeout", "crash", "suspicious", "Killed", "Timeout")


def site():
    """A venv with mutmut alone; its packages are put behind those of the subject."""
    home = ROOT / "build" / "mutmut"
    if not (home / ".stamp").exists():
        shutil.rmtree(home, ignore_errors=True)
        fetch_subjects.quiet([sys.executable, "-m", "venv", home])
        fetch_subjects.quiet([home / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "-q", "install", "-r", ROOT / "tools" / "mutmut-requirements.txt"])
        (home / ".stamp").touch()
    return str(next(home.glob("lib/python*/site-packages")))


def only_these_tests(repo, tests, folder):
    """A copy whose other test files are gone: both tools then have the same tests."""
    copy = folder / "repo"
    shutil.copytree(repo, copy)
    for path in [*copy.rglob("test_*.py"), *copy.rglob("*_test.py")]:
        name = path.relative_to(copy).as_posix()
        if not any(name == test or name.startswith(test + "/") for test in tests):
            path.unlink()
    return copy


def write_tests(binary, python, repo, target, temp):
    """Tests of our own in the copy: what `apply` would add."""
    run = [binary, "run", repo, "--python", python, "--target", target, "--no-progress"]
    for command in (run, [binary, "apply", "--into", temp / "applied"]):
        done = subprocess.run(command, cwd=temp, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode not in (0, 2):
            sys.exit(f"mutagen {command[1]} failed:\n{done.stdout[-2000:]}")
    (repo / "tests").mkdir(exist_ok=True)
    for path in (temp / "applied").rglob("test_*.py"):
        shutil.copy(path, repo / "tests" / path.name)
    return ["tests"]


def theirs(python, repo, module, tests, temp):
    path, roots, _, _ = module
    request, answer = temp / "request.json", temp / "answer.json"
    (temp / "work").mkdir()
    request.write_text(json.dumps({"repo": str(repo), "work": str(temp / "work"), "path": path, "qualname": "", "roots": roots, "tests": tests,
                                   "site": site(), "seconds": 3600}))
    subprocess.run([python, ROOT / "src" / "adapters" / "gate_mutmut" / "mutmut_driver.py", request, answer], check=True)
    found = json.loads(answer.read_text())
    if found["problem"]:
        sys.exit(f"mutmut: {found['problem']}")
    return [(m["start"], m["end"], m["replacement"], MUTMUT_WORDS.get(m["exit"], f"exit {m['exit']}")) for m in found["mutants"]]


def ours(binary, python, repo, module, temp):
    path, _, _, target = module
    config, out = temp / "config.toml", temp / "score.json"
    config.write_text("mutation.level = 3\n")
    done = subprocess.run([binary, "score", repo, "--python", python, "-c", config, "--target", target, "--json", out, "--no-progress"], cwd=temp,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode not in (0, 2):
        sys.exit(f"mutagen score failed:\n{done.stdout[-2000:]}")
    text = (repo / path).read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    found = []
    for name, file in json.loads(out.read_text())["files"].items():
        for mutant in file["mutants"] if name == path else ():
            at = [byte_of(lines, mutant["location"][edge]) for edge in ("start", "end")]
            found.append((*at, mutant["replacement"], mutant["status"] + (" (" + mutant["statusReason"][:60] + ")" if mutant.get("statusReason") and mutant["status"] not in ("Killed",) else "")))
    return found


def byte_of(lines, place):
    before = "".join(lines[: place["line"] - 1]).encode()
    line = lines[place["line"] - 1].encode("utf-16-le")[: 2 * (place["column"] - 1)].decode("utf-16-le")
    return len(before) + len(line.encode())


def trees(source, mutants):
    """{tree of the top-level statement that changed: (line, old, new, verdict)}; mutants that do not parse are left out."""
    found, starts = {}, [0]
    for line in source.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    blocks = [(starts[min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1], starts[node.end_lineno])
              for node in ast.parse(source).body]
    for start, end, new, verdict in mutants:
        first, last = next(((a, b) for a, b in blocks if a <= start < b), (0, len(source)))
        try:
            tree = ast.dump(ast.parse(source[first:start] + new.encode() + source[end:last]))
        except SyntaxError:
            continue
        found[first, tree] = (source.count(b"\n", 0, start) + 1, source[start:end].decode(), new, verdict)
    return found


def compare(binary, name):
    repo, python = fetch_subjects.fetch(name, SUBJECTS[name])
    with tempfile.TemporaryDirectory() as folder:
        temp = pathlib.Path(folder)
        repo = only_these_tests(repo, MODULES[name][2], temp)
        tests = MODULES[name][2] or write_tests(binary, python, repo, MODULES[name][3], temp)
        source = (repo / MODULES[name][0]).read_bytes()
        mine, other = ours(binary, python, repo, MODULES[name], temp), theirs(python, repo, MODULES[name], tests, temp)
    a, b = trees(source, mine), trees(source, other)
    both = sorted(set(a) & set(b), key=lambda key: a[key][0])
    different = [key for key in both if (a[key][3].split()[0] in DETECTED) != (b[key][3].split()[0] in DETECTED)]
    print(f"| {name} `{MODULES[name][0]}` | {len(mine)} | {len(other)} | {len(both)} | {len(both) - len(different)} | {len(different)} |", flush=True)
    return [f"{name}:{a[key][0]}: `{' '.join(a[key][1].split())[:60]}` to `{' '.join(a[key][2].split())[:60]}`: mutagen {a[key][3]}, mutmut {b[key][3]}" for key in different]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--binary", default="build/mutagen", type=pathlib.Path)
    options.add_argument("names", nargs="*", metavar="NAME")
    args = options.parse_args()
    print("| package | ours, level 3 | mutmut's | the same change | same verdict | different |\n| --- | --- | --- | --- | --- | --- |", flush=True)
    differences = []
    for name in args.names or MODULES:
        differences += compare(args.binary.resolve(), name)
    print("\n".join(["", *(f"- {line}" for line in differences)]))


if __name__ == "__main__":
    main()
