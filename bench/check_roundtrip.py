#!/usr/bin/env python3
"""Splitting and composing real test files must not change what pytest says of their tests.

Fetches source archives from PyPI into a temporary folder, makes a virtual environment there with the packages, and replaces one test file
at a time by what testmodule_dump makes of it. A test counts as the same when its name (but for an added number) and its outcome are.

Usage: bench/check_roundtrip.py TESTMODULE_DUMP [PACKAGE…]     exit code 1 when a test differs that is not listed in KNOWN
"""
import collections
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import xml.etree.ElementTree as ET

PACKAGES = {  # version, where the tests are, what they need beside the package
    "toolz": ("1.0.0", "toolz/tests", []),
    "boltons": ("24.1.0", "tests", []),
    "itsdangerous": ("2.2.0", "tests", ["freezegun"]),
    "python-slugify": ("8.0.4", ".", []),
    "inflection": ("0.5.1", ".", []),
    "semver": ("3.0.2", "tests", []),
    "attrs": ("24.2.0", "tests", ["hypothesis", "cloudpickle"]),
}
KNOWN = {}  # "package file": why its tests may differ


def run(*command, **more):
    return subprocess.run([str(one) for one in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, **more)


def outcomes(python, root, file):
    report = root / "roundtrip.xml"
    if report.exists():
        report.unlink()
    done = run(python, "-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "--junitxml", report, file, cwd=str(root), timeout=600)
    found = collections.Counter()
    if not report.exists():
        return found, done.stdout
    for case in ET.parse(str(report)).getroot().iter("testcase"):
        name, bracket, rest = (case.get("name") or "").partition("[")
        outcome = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        found[re.sub(r"_\d+$", "", name) + bracket + rest, outcome] += 1
    return found, done.stdout


def compare(dump, python, root, file):
    """(tests, the same, outcome before, outcome behind)"""
    before, _text = outcomes(python, root, file)
    original = file.read_bytes()
    made = subprocess.run([str(dump), str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if made.returncode:
        return sum(before.values()), 0, before, collections.Counter(), made.stderr.decode()
    try:
        file.write_bytes(made.stdout)
        behind, text = outcomes(python, root, file)
        again = subprocess.run([str(dump), str(file)], stdout=subprocess.PIPE)
        if again.stdout != made.stdout:
            text += "\nsplitting what was composed gives another text"
    finally:
        file.write_bytes(original)
    return sum(before.values()), sum((before & behind).values()), before, behind, text


def fetch(name, version, folder):
    done = run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", folder, "%s==%s" % (name, version))
    archives = list(folder.glob("*.tar.gz"))
    if not archives:
        sys.exit("%s: %s" % (name, done.stdout[-400:]))
    with tarfile.open(str(archives[0])) as archive:
        archive.extractall(str(folder))
    return next(path for path in folder.iterdir() if path.is_dir())


def main(argv):
    dump, names = pathlib.Path(argv[1]).resolve(), argv[2:] or list(PACKAGES)
    work = pathlib.Path(tempfile.mkdtemp(prefix="roundtrip-"))
    python = work / "venv" / "bin" / "python"
    venv.create(str(work / "venv"), with_pip=True)
    bad = False
    total = collections.Counter()
    for name in names:
        version, where, needs = PACKAGES[name]
        root = fetch(name, version, work / name)
        run(python, "-m", "pip", "install", "-q", "pytest==8.4.2", "%s==%s" % (name, version), *needs)
        for file in sorted((root / where).rglob("test*.py")):
            count, same, before, behind, text = compare(dump, python, root, file)
            extra = sum((behind - before).values())
            total += collections.Counter(tests=count, same=same, extra=extra, files=1)
            if count == same and not extra and "another text" not in text:
                continue
            key = "%s %s" % (name, file.relative_to(root))
            print("%s: %d tests, %d the same, %d others %s" % (key, count, same, extra, KNOWN.get(key, "")))
            for (test, outcome), number in sorted((before - behind).items())[:5]:
                print("    lost   %s %s" % (outcome, test))
            for (test, outcome), number in sorted((behind - before).items())[:5]:
                print("    gained %s %s" % (outcome, test))
            if key not in KNOWN:
                bad = True
                print("    " + "\n    ".join([line for line in text.splitlines() if line.startswith(("E ", "splitting"))][:6]))
        print("%s %s: done" % (name, version))
    print("files %(files)d, tests %(tests)d, the same %(same)d, others %(extra)d" % total)
    shutil.rmtree(str(work))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
