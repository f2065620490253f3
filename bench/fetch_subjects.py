#!/usr/bin/env python3
"""Fetch the real packages that Mutagen must cope with: pinned source archives, each with its own environment.

Leaves build/subjects/<name>/repo and build/subjects/<name>/venv; what is there already is kept.
Usage: bench/fetch_subjects.py [NAME...]     (default: all of bench/subjects.json)
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE.parent / "build" / "subjects"
PYTEST = "pytest==8.4.2"


def quiet(argv, **more):
    done = subprocess.run([str(part) for part in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, argv[:5]))} … failed:\n" + "\n".join(done.stdout.splitlines()[-15:]))


def unpack(archive, folder):
    """The archive's only top folder becomes `folder`; regular files and folders only."""
    with tarfile.open(archive) as tar:
        for member in tar:
            parts = pathlib.PurePosixPath(member.name).parts
            if member.name.startswith("/") or ".." in parts or not member.isreg():
                continue
            target = folder.joinpath(*parts[1:])
            target.parent.mkdir(parents=True, exist_ok=True)
            with tar.extractfile(member) as data, open(target, "wb") as out:
                shutil.copyfileobj(data, out)


def fetch(name, subject):
    """(repo, python) of a subject."""
    home = FOLDER / name
    python = home / "venv" / "bin" / "python"
    stamp = home / ".stamp"
    wanted = json.dumps(subject, sort_keys=True)
    if stamp.exists() and stamp.read_text() == wanted:
        return home / "repo", python
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    print(f"subjects: fetching {subject['spec']} for {name}", file=sys.stderr)
    quiet([sys.executable, "-m", "venv", home / "venv"])
    pip = [python, "-m", "pip", "--disable-pip-version-check", "-q"]
    quiet(pip + ["install", PYTEST] + subject["requires"])
    with tempfile.TemporaryDirectory() as temp:
        requirement = pathlib.Path(temp) / "requirements.txt"
        requirement.write_text(f"{subject['spec']} --hash=sha256:{subject['sha256']}\n")
        quiet(pip + ["download", "--no-deps", "--no-binary", ":all:", "--require-hashes", "-d", temp, "-r", requirement])
        archive, = pathlib.Path(temp).glob("*.tar.gz")
        unpack(archive, home / "repo")
    for path in subject.get("without", []):
        target = home / "repo" / path
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    stamp.write_text(wanted)
    return home / "repo", python


def main(argv):
    subjects = json.loads((HERE / "subjects.json").read_text())
    for name in argv[1:] or subjects:
        if name not in subjects:
            sys.exit(f"no such subject: {name} (known: {', '.join(subjects)})")
        print(*fetch(name, subjects[name]))


if __name__ == "__main__":
    main(sys.argv)
