"""Tests and mutants that write into the repo's folder, which all mutants share: the verdicts are those of plain pytest, whatever runs beside them."""
import json
import re

from conftest import tree

STORE = '''import os


def save(path, text):
    with open(path, "w") as file:
        file.write(text + "!")
    with open(path) as file:
        return file.read()


def swept(folder):
    """Removes what is temporary."""
    gone = 0
    for name in sorted(os.listdir(folder)):
        if name.endswith(".tmp"):
            os.remove(os.path.join(folder, name))
            gone += 1
    return gone


def total(path):
    result = 0
    with open(path) as file:
        for line in file:
            result += int(line)
    return result


def start(path):
    fresh = not os.path.exists(path)
    with open(path, "a") as file:
        file.write("x")
    return fresh


def grade(points):
    if points >= 90:
        return "A"
    if points >= 75:
        return "B"
    return "C"
'''
TESTS = '''import os
import time

import pytest

from store import grade, save, start, swept, total

# Two tests that write the same file, for long enough to meet.
@pytest.mark.parametrize("points, text", [(95, "A!"), (75, "B!")])
def test_save(points, text):
    assert save("out.txt", grade(points)) == text
    time.sleep(0.02)
    with open("out.txt") as file:
        assert file.read() == text

# Finds a file only when somebody has left it behind: itself, in an earlier process.
def test_start():
    assert start("state.txt")
    assert not os.path.exists("state.txt.old")
    os.rename("state.txt", "state.txt.old")
    assert grade(10) == "C"

# Its mutants remove the data that others read.
def test_swept():
    open("data/junk.tmp", "w").close()
    assert swept("data") == 1

def test_total():
    assert total("data/numbers.txt") == 6
    assert grade(90) == "A"

def test_total_again():
    with open("data/numbers.txt") as file:
        assert file.readline() == "1\\n"
    assert total("data/numbers.txt") > 5

def test_listed():
    assert sorted(name for name in os.listdir("data") if name.endswith(".txt")) == ["more.txt", "numbers.txt"]
    assert grade(89) == "B"
'''
NOTE = ("4 tests write into the repo's own folder (tests/test_store.py::test_save[95-A!], tests/test_store.py::test_save[75-B!], "
        "tests/test_store.py::test_start and 1 more): they run one at a time")


def project(desk):
    return desk.repo({"store.py": STORE, "tests/test_store.py": TESTS, "data/numbers.txt": "1\n2\n3\n", "data/more.txt": "4\n"})


def verdicts(path):
    found = json.loads(path.read_text())["files"]
    return {mutant["id"]: (mutant["status"], mutant["replacement"]) for file in found.values() for mutant in file["mutants"]}


def test_the_number_of_jobs_decides_nothing(desk):
    repo = project(desk)
    before, seen = tree(repo), {}
    for jobs in ("1", "2", "8"):
        told = desk("score", "repo", "--no-cache", "--no-progress", "--jobs", jobs, "--json", f"{jobs}.json")
        assert told.code == 0 and told.err.count(NOTE) == 1, told
        assert "is flaky" not in told.err and "set aside" not in told.err, told
        seen[jobs] = verdicts(desk.folder / f"{jobs}.json")
    assert seen["1"] == seen["2"] == seen["8"]
    states = [status for status, _replacement in seen["2"].values()]
    assert states.count("Killed") > 10 and states.count("Survived") > 2, seen["2"]
    assert tree(repo) == before and not list(desk.tmp.iterdir())


def test_plain_pytest_says_the_same(desk):
    project(desk)
    told = desk("score", "repo", "--no-progress", "--verify", "30")
    found = re.search(r"verified: (\d+) of (\d+) verdicts", told.out)
    assert told.code == 0 and found and found.group(1) == found.group(2) and found.group(2) == "30", told


def test_tests_are_generated_and_kept_beside_them(desk):
    repo = project(desk)
    before = tree(repo)
    told = desk("run", "repo", "--no-progress", "--target", "*.grade")
    assert told.code == 0 and tree(repo) == before, told
    report = json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())
    assert report["targets"]["kept"] + report["targets"]["satisfied"] == 1, told
