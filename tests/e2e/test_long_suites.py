"""Suites that take longer than a user waits: what is measured first is not measured again, a limit of time leaves something useful, and it is kept.

A suite is long here because its first tests are slow and many others follow, which are not: what is left is guessed from what has been seen."""
import collections
import json
import re
import time

import pytest

from conftest import OPS, tree

# Each test writes down which code of the function it meets: a mutant that is run again is there twice.
SEEN = '''import hashlib
import marshal
import time
from calc.ops import clamp


def seen(name):
    code = hashlib.sha1(marshal.dumps(clamp.__code__)).hexdigest()
    with open({ledger!r}, "a") as ledger:
        ledger.write(name + " " + code + "\\n")
    time.sleep(0.15)


def test_within():
    seen("within")
    assert clamp(5, 0, 10) == 5


def test_below():
    seen("below")
    assert clamp(-1, 0, 10) == 0
'''
# Comes to the function without naming it, and notices what the others do not.
FAR = "import calc.ops\n\ndef test_far():\n    assert vars(calc.ops)['cl' + 'amp'](11, 0, 10) == 10\n"
QUICK = "import pytest\n\n@pytest.mark.parametrize('n', range(100))\ndef test_it(n): pass\n"


def looks_long(desk, **more):
    ledger = desk.folder / "ledger"
    return ledger, desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, **{f"tests/test_a{n}.py": QUICK for n in range(4)}, "tests/test_far.py": FAR,
                              "tests/test_z.py": SEEN.replace("{ledger!r}", repr(str(ledger))), **more})


def met_again(ledger):
    """Codes that a test has met more than once. The unchanged function is one (and another where calls are compiled into it), and the version
    that raises at once."""
    meetings = collections.Counter(ledger.read_text().splitlines())
    return {line.split()[1] for line, count in meetings.items() if count > 1}, {line.split()[1] for line in meetings}


@pytest.mark.parametrize("command", ["run", "score"])
def test_what_the_first_tests_have_killed_is_not_run_again(desk, command):
    ledger, _ = looks_long(desk)
    told = desk(command, "repo", "--target", "calc.ops.clamp", "--no-progress", *(["--run-id", "r"] if command == "run" else ["--json", "score.json"]))
    assert told.code == 0 and "first verdicts after" in told.err and " and 2 tests: " in told.err, told
    early = int(re.search(r"(\d+) of \d+ mutants detected", told.err).group(1))
    again, all_of_them = met_again(ledger)
    assert early >= 3 and len(all_of_them) > 6 and len(again) <= 3, (again, all_of_them, told)
    if command == "run":
        killed = json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())["mutants"]["before"]["killed"]
    else:
        [file] = json.loads((desk.folder / "score.json").read_text())["files"].values()
        killed = sum(mutant["status"] == "Killed" for mutant in file["mutants"])
    assert killed > early, "those that lived meet the test that comes later"
