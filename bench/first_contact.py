#!/usr/bin/env python3
"""Real repositories as a newcomer meets them: the newest-but-pinned source archive, its packages in a virtual environment, `mutagen run .`.

Usage: bench/first_contact.py [--binary PROGRAM] [--max-time SECONDS] [NAME…]     (default: all below; needs the network the first time)
Prints a row of docs/benchmarks.md for each, and leaves everything in build/contact/NAME.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from fetch_subjects import quiet, unpack

HOME = pathlib.Path(__file__).resolve().parent.parent / "build" / "contact"
REPOS = {  # spec: what its tests need
    "more-itertools==10.7.0": [],
    "webcolors==24.11.1": [],
    "xmltodict==0.14.2": [],
    "cachetools==5.5.2": [],
    "natsort==8.4.0": ["hypothesis", "pytest-mock"],
    "tabulate==0.9.0": ["wcwidth"],
    "sqlparse==0.5.3": [],
    "schedule==1.2.2": ["pytz"],
    "idna==3.10": [],
    "isodate==0.7.2": [],
    "pathspec==0.12.1": [],
    "python-dotenv==1.1.0": ["click", "sh"],
}


def fetch(spec, requires):
    home = HOME / spec.split("==")[0]
    if (home / ".stamp").is_file():
        return home
    (home / "repo").mkdir(parents=True, exist_ok=True)
    quiet([sys.executable, "-m", "venv", home / "repo" / ".venv"])
    pip = [home / "repo" / ".venv" / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "-q"]
    quiet(pip + ["install", "pytest==8.4.2", *requires])
    with tempfile.TemporaryDirectory() as temp:
        quiet(pip + ["download", "--no-deps", "--no-binary", ":all:", "-d", temp, spec])
        [archive] = pathlib.Path(temp).glob("*.tar.gz")
        unpack(archive, home / "repo")
    (home / ".stamp").write_text(spec)
    return home


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(HOME.parent / "mutagen"))
    parser.add_argument("--max-time", default="180")
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    for spec, requires in REPOS.items():
        name = spec.split("==")[0]
        if given.names and name not in given.names:
            continue
        home = fetch(spec, requires)
        started = time.monotonic()
        env = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "MUTAGEN_PYTHON")}
        done = subprocess.run([os.path.abspath(given.binary), "run", ".", "--max-time", given.max_time, "--no-progress", "--run-id", "first"],
                              cwd=home / "repo", env=env, text=True, capture_output=True, check=False)
        seconds = time.monotonic() - started
        (home / "out").write_text(done.stdout)
        (home / "err").write_text(done.stderr)
        report = home / "repo" / ".mutagen" / "reports" / "report.json"
        if not report.is_file():
            print("| %s | exit %d | | | | %.0f s | %s |" % (spec.replace("==", " "), done.returncode, seconds, done.stderr.strip().splitlines()[-1]), flush=True)
            continue
        r = json.loads(report.read_text())
        tests, targets, score = r["existing_tests"], r["targets"], r["mutation_score"]
        causes = "; ".join(cause["reason"] for cause in r.get("causes", [])[:2])
        print("| %s | %d of %d | %d of %d (%d left) | %.0f → %.0f %% | %d | %.0f s, exit %d | %s |" % (
            spec.replace("==", " "), tests["passed"], tests["total"], targets["kept"], targets["total"], targets["left"], 100 * score["before"],
            100 * score["after"], r["tests_kept"], seconds, done.returncode, causes[:160]), flush=True)


if __name__ == "__main__":
    main()
