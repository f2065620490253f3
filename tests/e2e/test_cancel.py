"""SIGINT and SIGTERM in each phase, where the repo's own code hangs: the command ends soon with 130, and leaves no process and no file of its own."""
import json
import os
import signal
import time

import pytest

from conftest import Desk

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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("command", ["run", "score"])
@pytest.mark.parametrize("place", PLACES)
def test_ends_wherever_the_repo_hangs(desk: Desk, place, command, number):
    if command == "score" and place == "confirmation":
        pytest.skip("a score confirms nothing")
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
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    took = time.monotonic() - begun
    print(f"{place} {command}: {took:.2f} s")
    assert process.returncode == 130, (out, err)
    assert took < 10, took  # two seconds, and a busy machine
    assert list(desk.tmp.iterdir()) == [], "files are left"
    deadline = time.monotonic() + 10  # the supervisor ends them when we are gone
    while alive(desk) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(desk)
    assert {path: path.read_bytes() for path in repo.rglob("*") if path.is_file()} == before
    if command == "run" and place in ("gate", "confirmation"):
        report = json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())
        assert (report["status"], report["stop_reason"]) == ("cancelled", "cancelled")
        assert "--run-id cut" in out
