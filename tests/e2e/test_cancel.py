"""SIGINT and SIGTERM in each phase, where the repo's own code hangs: the command ends soon with 130, and leaves no process and no file of its own."""
import json
import os
import signal
import sys
import time

import pytest

from conftest import Desk, share
from package_index import PackageIndex, installed_wheel, made_wheel, with_dependencies

HANG = "import pathlib, signal, subprocess, sys, time\n" \
       "for number in (signal.SIGINT, signal.SIGTERM):\n    signal.signal(number, signal.SIG_IGN)\n" \
       "def hang():\n" \
       "    subprocess.Popen([sys.executable, '-c', 'import os, time; os.setsid(); time.sleep(600)'])\n" \
       "    pathlib.Path({mark!r}).write_text('here')\n    time.sleep(600)\n"
OPS = "def grade(points, passed):\n    if points > 90:\n        return 'A'\n    if points > passed:\n        return 'B'\n    return 'C'\n"
TEST = "from calc.ops import grade\ndef test_grade():\n    assert grade(95, 50) == 'A'\n"
# Where the repo hangs, given the text of HANG: file -> its text.
PLACES = {
    "import": lambda hang: {"conftest.py": hang + "hang()\n"},
    "collection": lambda hang: {"tests/test_slow.py": hang + "hang()\n"},
    "baseline": lambda hang: {"tests/test_slow.py": hang + "def test_slow():\n    hang()\n"},
    # `points > 90` in the tests of the baseline is never false: only mutants come to the second line
    "gate": lambda hang: {"calc/ops.py": hang + OPS.replace("    if points > passed:", "    hang()\n    if points > passed:")},
    # of the interpreters that collect the tests, the second one is the first that confirms
    "confirmation": lambda hang: {"conftest.py": hang + "seen = pathlib.Path({mark!r} + '.seen')\n"
                                  "if seen.exists():\n    hang()\nseen.write_text('')\n"},
}


STOPPED_WITHIN = 20  # seconds: one or two, and a busy machine


@pytest.fixture
def index():
    with PackageIndex([installed_wheel(name) for name in with_dependencies("pytest")] + [made_wheel("tinydep", "1.0", {"tinydep.py": ""})]) as server:
        yield server


def alive(desk):
    """Processes that know the private copy: by command, working directory or environment."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as command, open(f"/proc/{entry}/environ", "rb") as environment:
                texts = command.read() + environment.read() + os.readlink(f"/proc/{entry}/cwd").encode()
        except OSError:
            continue
        if str(desk.tmp).encode() in texts:
            found.append(texts[:200])
    return found


# A score confirms nothing.
ROWS = [(place, command, name) for place in PLACES for command in ("run", "score") for name in ("SIGINT", "SIGTERM") if (place, command) != ("confirmation", "score")]


@pytest.mark.parametrize("place, command, name", share(ROWS, lambda *row: ROWS.index(row) % 4 in (0, 3)))
def test_ends_wherever_the_repo_hangs(desk: Desk, place, command, name):
    mark = desk.folder / "hangs"
    hang = HANG.replace("{mark!r}", repr(str(mark)))
    more = {name: text.replace("{mark!r}", repr(str(mark))) for name, text in PLACES[place](hang).items()}
    repo = desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": TEST, **more})
    before = {path: path.read_bytes() for path in repo.rglob("*") if path.is_file()}
    process = desk.start(command, "repo", "--no-progress", *(["--run-id", "cut"] if command == "run" else ["--max-time", "300"]))
    begun = time.monotonic()
    while not mark.exists():
        assert process.poll() is None and time.monotonic() - begun < 60, process.communicate()
        time.sleep(0.05)
    begun = time.monotonic()
    process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=60)
    took = time.monotonic() - begun
    print(f"{place} {command}: {took:.2f} s")
    assert process.returncode == 130, (out, err)
    assert took < STOPPED_WITHIN, took
    assert list(desk.tmp.iterdir()) == [], "files are left"
    deadline = time.monotonic() + STOPPED_WITHIN  # the supervisor ends them when we are gone
    while alive(desk) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(desk)
    assert {path: path.read_bytes() for path in repo.rglob("*") if path.is_file()} == before
    if command == "run" and place in ("gate", "confirmation"):
        report = json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())
        assert (report["status"], report["stop_reason"]) == ("cancelled", "cancelled")
        assert "--run-id cut" in out


@pytest.mark.parametrize("command, number", [("run", signal.SIGTERM), ("score", signal.SIGINT)])
def test_ends_while_dependencies_are_installed(desk: Desk, index, command, number):
    """The package index answers no more in the middle of it. Nothing half-made is left, and the next one makes it whole."""
    repo = desk.repo({"calc/__init__.py": "import tinydep\n", "calc/ops.py": OPS, "tests/test_ops.py": TEST, "requirements.txt": "tinydep\n"})
    before = {path: path.read_bytes() for path in repo.rglob("*") if path.is_file()}
    env = {"PATH": f"{os.path.dirname(sys.executable)}:/usr/bin:/bin", "PIP_INDEX_URL": index.url, "HOME": str(desk.folder / "home"), "MUTAGEN_PYTHON": ""}
    index.http.hang.set()
    try:
        process = desk.start(command, "repo", "--no-progress", **env)
        while not index.http.hanging.wait(0.1):
            assert process.poll() is None, process.communicate()
        begun = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        took = time.monotonic() - begun
    finally:
        index.http.hang.clear()
        index.http.released.set()
    print(f"install {command}: {took:.2f} s")
    assert process.returncode == 130, (out, err)
    assert took < STOPPED_WITHIN, took
    assert list(desk.tmp.iterdir()) == [], "files are left"
    assert not [path for path in (desk.folder / ".mutagen/envs").iterdir() if path.is_dir()]
    deadline = time.monotonic() + STOPPED_WITHIN
    while alive(desk) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(desk)
    assert {path: path.read_bytes() for path in repo.rglob("*") if path.is_file()} == before
    again = desk("score", "repo", "--no-progress", **env)
    assert again.code == 0 and "grade" in again.out, again
