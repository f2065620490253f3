#!/usr/bin/env python3
"""Run Mutagen on real packages and check what it promises: it ends well, the user's files stay as they are, the report is complete,
and the kept tests pass under the package's own plain pytest.

Usage: bench/check_subjects.py [--binary build/mutagen] [--jobs N] [NAME...]
"""

import argparse
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import fetch_subjects


def snapshot(folder):
    """Every path with its kind, mode, time and content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        about = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path.relative_to(folder))] = (about.st_mode, about.st_mtime_ns if path.is_file() else 0, content)
    return found


def plain_pytest(python, repo, applied, temp):
    """The applied files in a copy of the repo, run as its developers would run them."""
    copy = temp / "copy"
    shutil.copytree(repo, copy)
    folder = copy / "tests" if (copy / "tests").is_dir() else copy
    files = [shutil.copy(path, folder / path.name) for path in sorted(applied.glob("test_*.py"))]
    if not files:
        return "", 0
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "VIRTUAL_ENV"))}
    paths = [str(copy / "src"), str(copy)] if (copy / "src").is_dir() else [str(copy)]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    done = subprocess.run([str(python), "-m", "pytest", "-q", *map(str, files)], cwd=copy, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return ("" if done.returncode == 0 else "kept tests fail under plain pytest: " + "\n".join(done.stdout.splitlines()[-12:])), len(files)


def problems_of(report):
    """What a complete report must have."""
    stats = report.get("target_stats")
    if not stats:
        return ["the report names no target"]
    found = [f"no mutation_score for {row.get('qualified_name')}" for row in stats if not isinstance(row.get("mutation_score"), (int, float))]
    kept = sum(row["status"].lower() == "kept" for row in stats)
    if kept != report["targets"]["kept"]:
        found.append(f"targets.kept is {report['targets']['kept']}, the rows say {kept}")
    return found


def check(name, subject, binary, jobs, temp):
    repo, python = fetch_subjects.fetch(name, subject)
    before = snapshot(repo)
    command = [str(binary), "run", str(repo), "--python", str(python), "--no-progress", *subject.get("arguments", [])]
    if jobs:
        command += ["--jobs", str(jobs)]
    started = time.monotonic()
    done = subprocess.run(command, cwd=temp, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=3600)
    row = {"subject": name, "seconds": round(time.monotonic() - started, 1), "exit": done.returncode}
    problems = []
    if done.returncode != 0:
        problems.append("mutagen run failed: " + "\n".join(done.stdout.splitlines()[-6:]))
    if snapshot(repo) != before:
        problems.append("files of the repo changed")
    path = temp / ".mutagen" / "reports" / "report.json"
    report = json.loads(path.read_text()) if path.exists() else {}
    problems += problems_of(report)
    if report:
        row["kept"] = report.get("targets", {}).get("kept")
        row["targets"] = len(report.get("target_stats", []))
        if row["kept"] < subject.get("min_kept", 0):
            problems.append(f"kept {row['kept']}, must be at least {subject['min_kept']}")
        if row["kept"]:
            applied = temp / "applied"
            done = subprocess.run([str(binary), "apply", "--into", str(applied)], cwd=temp, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                problems.append("mutagen apply failed: " + done.stdout.strip())
            failure, row["files"] = plain_pytest(python, repo, applied, temp)
            if failure:
                problems.append(failure)
    return row, problems


def main():
    subjects = json.loads((fetch_subjects.HERE / "subjects.json").read_text())
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--binary", default="build/mutagen", type=pathlib.Path)
    options.add_argument("--jobs", type=int, default=0)
    options.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(subjects)} (default: all)")
    args = options.parse_args()
    failed = 0
    names = args.names or list(subjects)
    for name in names:
        if name not in subjects:
            sys.exit(f"no such subject: {name} (known: {', '.join(subjects)})")
        with tempfile.TemporaryDirectory(prefix="mg-subject-") as temp:
            row, problems = check(name, subjects[name], args.binary.resolve(), args.jobs, pathlib.Path(temp))
        print(("ok   " if not problems else "FAIL ") + " ".join(f"{key}={value}" for key, value in row.items()), flush=True)
        for problem in problems:
            print("     " + problem.replace("\n", "\n     "), flush=True)
        failed += bool(problems)
    print(f"real packages: {len(names) - failed} of {len(names)} ok")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
