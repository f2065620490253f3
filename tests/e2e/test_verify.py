"""--verify: verdicts replayed on disk with plain pytest, and what is said when they differ."""
import json
import re
import time

from conftest import OPS, tree

TESTS = """
import pytest
from calc.ops import clamp, grade

@pytest.mark.parametrize("n", [5, -1])
def test_clamp(n): assert clamp(n, 0, 10) >= 0
def test_grade(): assert grade(80) == "B"
@pytest.mark.xfail(strict=True)
def test_wrong(): assert grade(80) == "A"
def test_broken(): assert clamp(1, 0, 10) == 2
"""


def project(desk, **files):
    return desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": TESTS, "tests/test_gone.py": "import not_installed_here\n",
                      **files})


def test_verdicts_agree(desk):
    repo = project(desk)
    before = tree(repo)
    told = desk("score", "repo", "--verify", "8", "--no-progress")
    assert told.code == 0 and "verified: 8 of 8 verdicts are what plain pytest says" in told.out, told
    assert "verify: 8 of 8 verdicts (4 alive, 4 detected) replayed" in told.err, told
    assert tree(repo) == before


def test_a_wrong_verdict_is_named(desk):
    """A test that notices that it runs in a fork of ours makes us believe in kills and survivors that nobody else sees."""
    repo = project(desk, **{"tests/test_ops.py": """
import os
from calc.ops import clamp, grade

def test_clamp():
    assert clamp(5, 0, 10) == 5
def test_grade():
    assert grade(80) == "B" or "PYTEST_XDIST_WORKER" in os.environ
"""})
    told = desk("score", "repo", "--verify", "8", "--no-progress", "--target", "*.grade")
    found = re.search(r"verified: (\d+) of (\d+) verdicts", told.out)
    assert told.code == 0 and found and int(found.group(1)) < int(found.group(2)), told
    named = [line for line in told.err.splitlines() if "is survived here, but with plain pytest on disk tests/test_ops.py::test_grade fails" in line]
    assert len(named) == int(found.group(2)) - int(found.group(1)) and all("calc/ops.py:" in line for line in named), told
    assert repo.is_dir()


def test_the_end_of_the_time_leaves_no_verdict_half_replayed(desk):
    """Every mutant is alive here, and plain pytest detects it; what contradicts is replayed five times, four seconds each."""
    project(desk, **{"calc/one.py": "def one(n):\n    return n + 1\n", "tests/test_one.py": """
import os
import time
from calc.one import one

def test_one():
    if "PYTEST_XDIST_WORKER" not in os.environ:
        time.sleep(4)
        assert (one(1), one(5)) == (2, 6)
    one(1)
"""})
    begun = time.monotonic()
    told = desk("score", "repo", "--verify", "2", "--no-progress", "--target", "*.one", "--max-time", "9")
    assert time.monotonic() - begun < 18, told
    assert "(seen once: the time was over before it could be replayed again)" in told.err, told
    assert "verify: the time was over, so 2 of 2 verdicts were not replayed" in told.err and "verified:" not in told.out, told


def test_a_killer_that_fails_without_the_mutant_too_proves_nothing(desk):
    """By itself test_grade fails with plain pytest whatever the code; behind the other it passes."""
    project(desk, **{"tests/test_ops.py": """
import os
from calc.ops import clamp, grade

BEFORE = []
def test_clamp():
    BEFORE.append(1)
    assert clamp(5, 0, 10) == 5
def test_grade():
    assert grade(80) == "B" if "PYTEST_XDIST_WORKER" in os.environ else BEFORE and grade(80)
"""})
    told = desk("score", "repo", "--verify", "8", "--no-progress", "--target", "*.grade")
    found = re.search(r"verified: (\d+) of (\d+) verdicts", told.out)
    assert told.code == 0 and found and int(found.group(1)) < int(found.group(2)), told
    assert "is killed here by tests/test_ops.py::test_grade, but with plain pytest on disk all its tests pass" in told.err, told


def test_a_test_that_reads_the_file_is_told_apart(desk):
    """It fails for the text of every mutant, one that runs the code only fails for what the code does."""
    repo = project(desk, **{"tests/test_ops.py": f"""
import pathlib
import calc.ops
from calc.ops import clamp, grade

TEXT = pathlib.Path(calc.ops.__file__).read_text()
def test_text(): assert TEXT == {OPS!r}
def test_clamp(): assert clamp(5, 0, 10) == 5
def test_grade(): assert grade(80) == "B"
"""})
    told = desk("score", "repo", "--verify", "8", "--no-progress")
    named = [line for line in told.err.splitlines() if "is survived here, but with plain pytest" in line]
    assert told.code == 0 and named, told
    assert all("test_text fails" in line and line.endswith("it reads the file, or starts it by its path") for line in named), told
    assert repo.is_dir()


def test_a_failure_for_another_reason_is_not_told_as_a_readers(desk):
    """The first test to fail does so for what the code does, where we do not see it; one behind it reads the text."""
    project(desk, **{"tests/test_ops.py": f"""
import os
import pathlib
import calc.ops
from calc.ops import grade

TEXT = pathlib.Path(calc.ops.__file__).read_text()
def test_grade(): assert grade(80) == "B" or "PYTEST_XDIST_WORKER" in os.environ
def test_text(): assert TEXT == {OPS!r}
"""})
    told = desk("score", "repo", "--verify", "8", "--no-progress", "--target", "*.grade")
    named = {name: [line.endswith("by its path") for line in told.err.splitlines() if f"test_ops.py::{name} fails" in line] for name in ("test_grade", "test_text")}
    assert told.code == 0 and named["test_grade"] and not any(named["test_grade"]) and all(named["test_text"]), told


def test_where_plain_pytest_contradicts_itself_nobody_is_wrong(desk):
    """Here it fails every third time on a mutant: neither the killer alone nor all tests agree at first."""
    project(desk, **{"tests/test_ops.py": f"""
import os
from pathlib import Path
from calc.ops import grade

def test_grade():
    if grade(80) != "B":
        assert "PYTEST_XDIST_WORKER" not in os.environ
        count = Path({str(desk.folder)!r}, "count")
        count.write_text(count.read_text() + "x" if count.exists() else "x")
        assert len(count.read_text()) % 3
"""})
    told = desk("score", "repo", "--verify", "8", "--no-progress", "--target", "*.grade", "--json", "score.json")
    agree = re.search(r"verified: (\d+) of (\d+) verdicts", told.out)
    vary = re.search(r"not to be verified: (\d+) more, where plain pytest says now this, now that", told.out)
    assert told.code == 0 and agree and agree.group(1) == agree.group(2) and vary and int(vary.group(1)) >= 1, told
    assert told.err.count("with plain pytest on disk it is now killed, now not: not counted") == int(vary.group(1)), told
    assert f'"vary":{vary.group(1)}' in (desk.folder / "score.json").read_text().replace(" ", "")


def test_a_test_that_fails_with_plain_pytest_whatever_the_code_proves_nothing(desk):
    project(desk, **{"tests/test_ops.py": """
import os
from calc.ops import clamp, grade

def test_clamp(): assert clamp(5, 0, 10) == 5
def test_grade(): assert grade(80) == "B"
def test_ours(): assert "PYTEST_XDIST_WORKER" in os.environ
"""})
    told = desk("score", "repo", "--verify", "8", "--no-progress", "--target", "*.grade")
    agree = re.search(r"verified: (\d+) of (\d+) verdicts", told.out)
    assert told.code == 0 and agree and agree.group(1) == agree.group(2) and int(agree.group(1)) < 8, told
    assert "test_ours fails" in told.err and "without the mutant, too" in told.err, told


def test_the_report_of_a_run_has_the_agreement(desk):
    desk.repo()
    told = desk("run", "repo", "--verify", "4", "--target", "*.grade", "--no-progress")
    assert told.code == 0, told
    report = json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())
    assert report["verified"] == {"agree": 4, "replayed": 4}
    assert "4 of 4 verdicts" in (desk.folder / ".mutagen" / "reports" / "report.md").read_text()


def test_the_same_seed_draws_the_same_verdicts(desk):
    project(desk)
    said = [[line for line in desk("score", "repo", "--verify", "3", "--no-progress").err.splitlines() if line.startswith("[verifying]")]
            for _ in range(2)]
    assert said[0] == said[1] and said[0]


def test_a_score_that_rests_on_timeouts_is_told_without_them(desk):
    desk.repo({"spin.py": "def spin(n):\n    count = 0\n    while n > 1:\n        n -= 2\n        count += 1\n    return count\n",
               "test_spin.py": "from spin import spin\n\ndef test_spin(): assert spin(7) == 3\n"})
    told = desk("score", "repo", "--no-progress")
    score, without = (float(re.search(pattern, told.out).group(1)) for pattern in (r"score: ([\d.]+)%", r"without timeouts: ([\d.]+)%"))
    assert told.code == 0 and without < score, told


def test_a_file_that_ends_pytest_is_left_out_of_replays(desk):
    """Its import raises SystemExit: the tests are collected without it, and so they are replayed."""
    project(desk, **{"tests/test_exits.py": "raise SystemExit\n"})
    told = desk("score", "repo", "--verify", "8", "--no-progress")
    assert told.code == 0 and "verified: 8 of 8 verdicts are what plain pytest says" in told.out, told
    assert "tests/test_exits.py" in told.err, told
