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
    early, judged = map(int, re.search(r"(\d+) of (\d+) mutants detected", told.err).groups())
    again, all_of_them = met_again(ledger)
    assert early >= 3 and len(all_of_them) > 6 and len(again) <= 3 + judged - early, (again, all_of_them, told)
    if command == "run":
        killed = json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())["mutants"]["before"]["killed"]
    else:
        [file] = json.loads((desk.folder / "score.json").read_text())["files"].values()
        killed = sum(mutant["status"] == "Killed" for mutant in file["mutants"])
    assert killed > early, "those that lived meet the test that comes later"


# Found quickly; and a function whose every call takes so long that the search for its tests would take minutes.
NAP = '''import time


def grade(points: int) -> str:
    if points >= 90:
        return "A"
    if points >= 75:
        return "B"
    if points >= 60:
        return "C"
    if points >= 45:
        return "D"
    return "E"


def nap(n: int) -> int:
    time.sleep(0.4)
    return n + 1
'''


def report_of(desk):
    return json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())


def states(desk):
    return {target["qualified_name"]: target["status"] for target in report_of(desk)["target_stats"]}


def test_max_time_ends_within_a_function_and_keeps_what_is_finished(desk):
    repo = desk.repo({"calc/__init__.py": "", "calc/ops.py": NAP, "tests/test_ops.py": "from calc.ops import nap\n\ndef test_nap(): assert nap\n"})
    before, begun = tree(repo), time.monotonic()
    told = desk("run", "repo", "--max-time", "20", "--run-id", "r", "--no-progress")
    assert told.code == 3 and "the time limit is reached, 1 of 2 targets are left" in told.out, told
    assert time.monotonic() - begun < 70, "a call of the search alone may take a minute"
    assert states(desk) == {"calc.ops.grade": "kept", "calc.ops.nap": "unfinished"}, told
    assert "--run-id r and a higher --max-time" in told.out and list(desk.tmp.iterdir()) == [] and tree(repo) == before
    first = report_of(desk)["target_stats"]
    told = desk("run", "repo", "--target", "*.grade", "--max-time", "10000", "--run-id", "r", "--no-progress")
    assert told.code == 0 and report_of(desk)["target_stats"] == first, "what is finished is not done again"


WAITS = NAP.replace("time.sleep(0.4)", "threading.Event().wait()").replace("import time", "import threading")


def test_a_function_that_waits_for_ever_is_given_up_and_told_so(desk):
    desk.repo({"calc/__init__.py": "", "calc/ops.py": WAITS, "tests/test_ops.py": "from calc.ops import nap\n\ndef test_nap(): assert nap\n"})
    told = desk("run", "repo", "--target", "*.nap", "--no-progress")
    assert told.code == 0 and "every generated call waits for something that does not come" in told.out, told
    assert report_of(desk)["duration_seconds"] < 60


@pytest.mark.parametrize("place", ["conftest.py", "tests/test_slow.py"])
def test_max_time_ends_a_suite_that_is_not_even_collected(desk, place):
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": "def test_it(): pass\n", place: "import time\ntime.sleep(600)\n"})
    begun = time.monotonic()
    told = desk("run", "repo", "--max-time", "8", "--run-id", "r", "--no-progress")
    assert told.code == 3 and "the time limit is reached, 2 of 2 targets are left" in told.out, told
    assert time.monotonic() - begun < 60 and list(desk.tmp.iterdir()) == []
    assert report_of(desk)["stop_reason"] == "wallclock_exceeded"
    used = desk("run", "repo", "--max-time", "8", "--run-id", "r", "--no-progress")  # nothing is left of the limit: it says so at once
    assert used.code == 3 and "2 of 2 targets are left" in used.out and "--run-id r and a higher --max-time" in used.out.splitlines()[-1], used


# The first reply is a weak test; the second one never comes.
MODEL = '''#!/bin/sh
cat > /dev/null
if [ -e {mark} ]; then {then}; fi
touch {mark}
printf '```python\\nfrom calc.ops import grade\\n\\n\\ndef test_top():\\n    assert grade(95) == "A"\\n```\\n'
'''
BETTER = '''printf '```python\\nfrom calc.ops import grade\\n\\n\\ndef test_all():\\n    assert [grade(n) for n in (89, 90, 74, 75, 59, 60, 44, 45)] == list("BACBDCED")\\n```\\n'; exit'''


def test_max_time_ends_a_model_that_thinks_and_the_next_session_begins_with_its_tests(desk):
    desk.repo({"calc/__init__.py": "", "calc/ops.py": NAP, "tests/test_ops.py": "from calc.ops import nap\n\ndef test_nap(): assert nap\n"})
    model = desk.folder / "model.sh"
    model.write_text(MODEL.format(mark=desk.folder / "asked", then="sleep 600"))
    ask = ["run", "repo", "--target", "*.grade", "--provider", "command", "--command", f"sh {model}", "--strategy", "model",
           "--max-cost", "0", "--run-id", "r", "--no-progress"]
    begun = time.monotonic()
    told = desk(*ask, "--max-time", "20")
    assert told.code == 3 and time.monotonic() - begun < 90, told
    [target] = report_of(desk)["target_stats"]
    assert target["status"] == "unfinished" and [test["name"] for test in target["tests"]] == ["test_top"], target
    model.write_text(MODEL.format(mark=desk.folder / "asked", then=BETTER))
    told = desk(*ask, "--max-time", "10000")
    assert told.code == 0 and states(desk) == {"calc.ops.grade": "kept"}, told


SLOW = "import time\nimport pytest\n\n@pytest.mark.parametrize('n', range(1000))\ndef test_it(n): time.sleep(0.25)\n"
# Named by the last file alone, which is not come to.
TAX = "def tax(amount, rate):\n    if amount > 100:\n        return amount * rate\n    return 0\n"


def very_long(desk):
    """Of the three functions, one is tested by the first file, one by no test, and one, as its name says, by the file behind 250 s of others."""
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "shop/__init__.py": "", "shop/taxes.py": TAX, "tests/test_a.py": "from calc.ops import clamp\n\ndef test_clamp(): assert clamp(5, 0, 10) == 5\n",
               "tests/test_m.py": SLOW, "tests/test_z.py": "from shop.taxes import tax\n\ndef test_tax(): assert tax(200, 0.5) == 100 and tax(1, 1) == 0\n"})


def test_a_limit_of_time_bounds_the_existing_tests_and_leaves_time_for_new_ones(desk):
    very_long(desk)
    (desk.folder / "repo" / "tests" / "test_m.py").write_text(SLOW + "\n# clamp of calc, and tax of shop\n")  # it names most
    told = desk("run", "repo", "--max-time", "30", "--run-id", "r", "--no-progress")
    assert told.code == 3, told
    report = report_of(desk)
    existing, unrun = report["existing_tests"], report["existing_tests"]["not_run"]
    assert existing["total"] == 1002 and 800 < unrun < 1002 and existing["passed"] + unrun == 1002, existing
    assert f"{unrun} of 1002 existing tests were not run: half of the time limit is for them" in told.err, told
    assert f"Existing tests not run: {unrun} of 1002: scores are lower bounds" in told.out, told
    assert set(states(desk)) <= {"calc.ops.clamp", "calc.ops.grade"}, "nothing is known of the tests of shop.taxes.tax"
    assert "kept" in states(desk).values() and {target["tests_not_run"] for target in report["target_stats"]} == {unrun}, told
    text = (desk.folder / ".mutagen" / "reports" / "report.md").read_text()
    assert f", {unrun} were not run" in text and "These scores are lower bounds: " in text, text
    left = report["targets"]["left"]  # more than one on a machine that is too slow for both
    assert report["stop_reason"] == ("tests_not_run" if left == 1 else "wallclock_exceeded") and f"{left} of 3 targets are left" in told.out, told
    assert "a higher --max-time" in told.out, told
    again = desk("report", "--run-id", "r")
    assert f"Existing tests not run: {unrun} of 1002" in again.out, again


def test_the_next_session_goes_where_the_first_was_not(desk):
    very_long(desk)
    assert desk("run", "repo", "--max-time", "25", "--target", "calc.*", "--run-id", "r", "--no-progress").code == 3
    first = {name: state for name, state in states(desk).items() if state == "kept"}
    assert first
    told = desk("run", "repo", "--max-time", "70", "--run-id", "r", "--no-progress")
    assert told.code == 3 and "shop.taxes.tax" in states(desk), told
    assert first.items() <= states(desk).items()


def test_a_score_is_a_range_when_tests_were_not_run(desk):
    very_long(desk)
    told = desk("score", "repo", "--max-time", "24", "--json", "score.json", "--no-progress")
    assert told.code == 3 and "of 1002 existing tests were not run: half of the time limit is for them" in told.err, told
    statuses = collections.Counter(mutant["status"] for file in json.loads((desk.folder / "score.json").read_text())["files"].values() for mutant in file["mutants"])
    assert set(statuses) == {"Killed", "Pending"}, "what lives may still die by one of the other tests"
    assert re.search(r"between .*% and .*%", told.out), told
