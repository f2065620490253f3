"""What `score` shows when a part was not measured: grouped, without rows of zeros, and what the end of the time cut off is said."""
import re

import pytest
from conftest import OPS, TEST_OPS

PLAIN = {"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": TEST_OPS}


def test_functions_that_cannot_be_measured_share_a_row(desk):
    """Thirty functions, so rows are files; three of a module for another system."""
    many = "".join(f"def f{number}(n):\n    return n + {number}\n\n\n" for number in range(30))
    other = "import surely_not_here\n\n\n" + "".join(f"def g{number}(n):\n    return n * {number}\n\n\n" for number in range(3))
    desk.repo({**PLAIN, "calc/many.py": many, "calc/other.py": other, "calc/quiet.py": "def nothing():\n    pass\n"})
    told = desk("score", "repo", "--no-progress")
    rows = [line for line in told.out.split("total")[0].splitlines() if line.startswith("calc/")]
    assert told.code == 0 and sorted(row.split()[0] for row in rows) == ["calc/many.py", "calc/ops.py", "calc/other.py"], told
    assert [row for row in rows if re.search(r"\(3 functions: the module cannot be imported: ModuleNotFoundError", row)], told
    assert "quiet" not in told.out and "without any verdict" not in told.out


SLOW = "import time\nfrom calc import ops\n\n\ndef test_slow():\n    assert ops\n    time.sleep(1000)\n"


def slow_in_limited_time(desk, name):
    desk.repo({**PLAIN, f"tests/{name}": SLOW})
    (desk.folder / "m.toml").write_text("[sandbox]\ntest_timeout_seconds = 2000\n")
    told = desk("-c", "m.toml", "score", "repo", "--no-progress", "--max-time", "8", "--verify", "4")
    assert told.code == 3 and "hang" not in told.err and "verify: 0" not in told.err, told
    return told


def test_the_time_is_over_while_the_first_test_runs(desk):
    told = slow_in_limited_time(desk, "test_a_slow.py")
    assert "score: none (the time was over before any of" in told.out and "total" not in told.out, told


def test_a_later_test_does_not_take_the_time_of_those_that_have_run(desk):
    told = slow_in_limited_time(desk, "test_slow.py")
    assert re.search(r"1 of \d existing tests were not run", told.err), told
    assert re.search(r"verdicts: [1-9]\d* measured", told.out), told


def test_verdicts_that_were_not_replayed_in_time_are_counted(desk):
    """Each replay of a mutant of slow() takes ten seconds, its measuring none."""
    slow = 'import os\nimport time\n\n\ndef slow(n):\n    if "PYTEST_XDIST_WORKER" not in os.environ:\n        time.sleep(10)\n    return n + 1\n'
    desk.repo({"calc/__init__.py": "", "calc/slow.py": slow, "tests/test_slow.py": "from calc.slow import slow\n\n\ndef test_slow():\n    assert slow(1) == 2\n"})
    told = desk("score", "repo", "--no-progress", "--max-time", "15", "--verify", "40", "--no-cache")
    left = re.search(r"verify: the time was over, so (\d+) of (\d+) verdicts were not replayed", told.err)
    assert left and 0 < int(left[1]) <= int(left[2]), told
    verified = re.search(r"verified: (\d+) of (\d+)", told.out)
    assert not verified or int(verified[2]) + int(left[1]) == int(left[2]), told


@pytest.mark.parametrize("name", ["tests.py", "calc/test.py", "calc/tests/testops.py"])
def test_tests_that_pytest_does_not_look_for(desk, name):
    """Where it finds none, files with tests are run as if named on its command line: nose and unittest find them."""
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "calc/tests/helper.py": "raise SystemExit(9)\n", name: TEST_OPS})
    told = desk("score", "repo", "--no-progress", "--verify", "4")
    assert told.code == 0 and f"{name}: pytest looks for test_*.py and *_test.py and finds no test, so it is run" in told.err, told
    assert re.search(r"verified: (\d+) of \1 verdicts", told.out), told
    (desk.folder / "repo/pytest.ini").write_text(f"[pytest]\npython_files = {name.rpartition('/')[2]}\n")
    again = desk("score", "repo", "--no-progress", "--no-cache")
    assert again.code == 0 and "pytest looks for" not in again.err, again
    assert re.search("score: .*", again.out)[0] == re.search("score: .*", told.out)[0], again


def test_verdicts_without_a_test_are_not_replayed(desk):
    """A file that seems to hold tests, where even who names it finds none."""
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "tests/ops.py": "def helper():\n    def test_inside(): pass\n"})
    told = desk("score", "repo", "--no-progress", "--verify", "4")
    assert told.code == 1 and "no score: the repo has no test that pytest collects" in told.err, told
    assert "tests/ops.py: it holds tests, but pytest collects test_*.py and *_test.py only" in told.err and "verify:" not in told.err, told


def test_mutants_leave_time_to_replay_verdicts(desk):
    """There are more mutants than the time is enough for: 60 and more of half a second."""
    body = "".join(f"    n = n * {number}\n" for number in range(2, 40))
    desk.repo({"calc/__init__.py": "", "calc/slow.py": f"def slow(n):\n{body}    return n\n",
               "tests/test_slow.py": "import time\nfrom calc.slow import slow\n\n\ndef test_slow():\n    time.sleep(0.5)\n    slow(1)\n"})
    told = desk("score", "repo", "--no-progress", "--max-time", "10", "--verify", "4", "--no-cache", "--jobs", "1", "--level", "3")
    verified = re.search(r"verified: (\d+) of (\d+)", told.out)
    assert told.code == 3 and verified and int(verified[2]) > 0, told


def test_when_the_time_is_limited_quick_functions_come_first(desk):
    """slow() ranks first and would take it all: its mutants live, and each takes most of a second."""
    slow = "def slow(n):\n" + "".join(f"    n = n * {number}\n" for number in range(2, 40)) + "    if n == 1:\n        n = 5\n        return 6\n    return n\n"
    desk.repo({"calc/__init__.py": "", "calc/slow.py": slow, "calc/quick.py": "def quick(n):\n    if n > 3:\n        return n + 1\n    return n - 1\n",
               "tests/test_all.py": "import time\nfrom calc.slow import slow\nfrom calc.quick import quick\n\n\ndef test_slow():\n    time.sleep(0.7)\n    slow(1)\n\n\n"
                                    "def test_quick():\n    assert (quick(4), quick(3)) == (5, 2)\n"})
    told = desk("score", "repo", "--no-progress", "--max-time", "9", "--no-cache", "--jobs", "1")
    assert told.code == 3 and re.search(r"calc.quick.quick +13 .* 92.3%", told.out), told
