"""Tests that `score` does not run again, since an earlier session saw them pass and nothing that they may come to has changed; and those that must run."""
import json
import re

import pytest

from test_score_cache import FILES, Project

SPECIAL = {
    "calc.py": "def half(x):\n    y = x // 2\n    return y\n\n\ndef third(x):\n    y = x // 3\n    return y\n",
    "tests/test_calc.py": "import socket\nimport subprocess\nimport sys\n\nimport pytest\n\nfrom calc import half, third\n\n\ndef test_half():\n    assert half(8) == 4\n\n\ndef test_third():\n    assert third(9) == 3\n\n\n"
                          "def test_writes():\n    with open('made.txt', 'w') as file:\n        file.write(str(half(4)))\n\n\n"
                          "def test_starts():\n    assert subprocess.run([sys.executable, '-c', 'pass']).returncode == 0 and half(2) == 1\n\n\n"
                          "def test_connects():\n    with pytest.raises(OSError):\n        socket.create_connection(('127.0.0.1', 1), 1)\n\n\n"
                          "@pytest.fixture(scope='session')\ndef slow():\n    import time\n    time.sleep(0.2)\n    return 8\n\n\ndef test_slow_session(slow):\n    assert half(slow) == 4\n\n\n"
                          "def test_skipped():\n    pytest.skip('not here')\n\n\ndef test_fails():\n    assert half(8) == 5\n\n\n@pytest.mark.xfail(strict=True)\ndef test_expected():\n    assert half(8) == 5\n",
}
ALWAYS = {"test_writes", "test_starts", "test_connects", "test_slow_session", "test_skipped", "test_fails", "test_expected"}


class Known(Project):
    """Also tells which tests have run."""

    def score(self, *options, code=0):
        found = super().score(*options, code=code)
        self.ran = set(re.findall(r"test has run test=[^:]+::(\S+)", (self.desk.folder / "log.txt").read_text()))
        told = re.search(r"^tests: (\d+) run, (\d+) as they were when they last passed$", self.told.out, re.MULTILINE)
        self.known = int(told[2]) if told else 0
        assert not told or int(told[1]) == len(self.ran), self.told
        report = json.loads((self.desk.folder / "out.json").read_text())
        self.covered = {mutant["id"]: sorted(mutant.get("coveredBy") or []) for file in report["files"].values() for mutant in file["mutants"]}
        return found

    def same_as_fresh(self):
        statuses, covered = {one: status for one, (status, _) in self.verdicts.items()}, self.covered
        assert self.fresh() == statuses and self.covered == covered and self.known == 0


def notes(told, text):
    return len([line for line in told.err.splitlines() if line.startswith("note: ") and text in line])


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    project = Known(tmp_path_factory.mktemp("scored") / "here", FILES)
    project.score()
    assert project.known == 0
    return project.keep()


@pytest.fixture
def project(scored):
    return scored.as_kept()


def test_a_changed_test_runs_and_no_other(project):
    project.edit("tests/test_ops.py", "assert tax(10) > 0", "assert tax(10) == 3")
    project.score()
    assert project.ran == {"test_tax"} and project.known == 4
    project.same_as_fresh()


def test_changed_code_runs_the_tests_that_may_come_to_it(project):
    project.edit("calc/base.py", "y = x * RATE", "y = RATE * x")
    project.score()
    assert project.ran == {"test_price"}
    project.same_as_fresh()


def test_code_that_moves_keeps_what_is_known_of_its_lines(project):
    text = (project.repo / "calc/other.py").read_text()
    project.write("calc/other.py", "# a line\n# and another\n\n" + text)
    project.write("calc/ops.py", (project.repo / "calc/ops.py").read_text().replace("    part = x // 5\n", "    part = x // 5\n    part = part + 0\n\n"))
    project.score()
    assert project.ran == {"test_tax", "test_half"}, "the comment is code outside of functions; price stands above what has grown"
    project.same_as_fresh()
    project.edit("calc/ops.py", "        return scale(x)\n", "        # why\n\n        return scale(x)\n")
    project.score()
    assert project.ran == {"test_price"}, "tax has moved"
    project.same_as_fresh()


def test_a_new_test_and_a_data_file(project):
    project.write("tests/test_new.py", "from calc.other import half\n\n\ndef test_more():\n    assert half(9) == 4\n")
    project.write("data/small.txt", "04\n")
    project.score()
    assert project.ran == {"test_more", "test_limit"} and project.known == 4
    project.same_as_fresh()


def test_the_configuration_runs_everything(project):
    project.write("pytest.ini", "[pytest]\naddopts = -p no:doctest\n")
    project.score()
    assert project.known == 0


def test_more_jobs_than_before_run_everything_beside_itself(project):
    project.write("README.md", "text\n")
    project.score("--jobs", "1")
    assert project.known == 5
    project.write("README.md", "more\n")
    project.score("--jobs", "3")
    assert project.known == 0, "no test has stood three copies of itself"


def test_special_tests_run_every_time(tmp_path):
    project = Known(tmp_path, SPECIAL)
    project.score()
    assert project.known == 0
    project.edit("calc.py", "y = x // 3", "y = x // 3 + 0")
    project.score()
    assert project.ran == ALWAYS | {"test_third"} and project.known == 1
    assert "test_fails" in project.told.err and "writes into the repo" in project.told.err
    project.same_as_fresh()


LAZY = {
    "lazy.py": "TABLE = {}\n\n\ndef fill():\n    n = 3\n    TABLE['n'] = n\n    return n > 0\n\n\ndef get():\n    if not TABLE:\n        fill()\n    return TABLE['n']\n\n\ndef more(x):\n    y = x + 1\n    return y\n",
    "tests/test_a.py": "import lazy\n\n\ndef test_first():\n    assert lazy.get() == 3\n",
    "tests/test_b.py": "import lazy\n\n\ndef test_second():\n    assert lazy.get() > 2\n",
    "tests/test_c.py": "import lazy\n\n\ndef test_more():\n    assert lazy.more(1) == 2\n",
}


@pytest.mark.parametrize("how", ["removed", "does something else"])
def test_who_comes_next_makes_what_stays(tmp_path, how):
    """test_first alone runs fill, because it is the first; without it test_second does."""
    project = Known(tmp_path, LAZY)
    project.score()
    if how == "removed":
        (project.repo / "tests/test_a.py").unlink()
    else:
        project.edit("tests/test_a.py", "lazy.get() == 3", "lazy.more(2) == 3")
    project.score()
    assert project.ran == {"test_second"} | ({"test_first"} if how != "removed" else set()) and project.known == 1
    assert all(project.covered[one] for one in project.alive.get("fill", ())) and project.by_function["fill"] > 1, "its lines are run by somebody"
    project.same_as_fresh()


@pytest.mark.parametrize("special", ["with open('made.txt', 'w'): pass", "assert subprocess.call([sys.executable, '-c', 'pass']) == 0"])
def test_a_special_test_that_is_the_first_of_its_process_now(tmp_path, special):
    """It runs each time, and now makes what another test made then. Nothing has changed, so nothing is measured again."""
    project = Known(tmp_path, dict(LAZY, **{"tests/test_b.py": "import subprocess\nimport sys\n\nimport lazy\n\n\ndef test_second():\n    %s\n    assert lazy.get() > 2\n" % special, "README.md": "some\n"}))
    project.score()
    before, covered = project.verdicts, project.covered
    if "open" in special:  # one that starts programs depends on all files
        project.write("README.md", "other\n")
    assert project.score("--verify", "1") == (0, len(before)) and project.ran == {"test_second"}, project.told
    assert project.verdicts == before and project.covered == covered
    project.edit("lazy.py", "n = 3", "n = 2 + 1")
    project.score()
    assert project.ran == {"test_first", "test_second"}
    project.same_as_fresh()


def test_a_test_that_needs_another_one_before_it(tmp_path):
    files = {
        "state.py": "SEEN = []\n\n\ndef see(x):\n    y = x + 1\n    SEEN.append(y)\n    return y\n\n\ndef more(x):\n    y = x + 2\n    return y\n",
        "tests/test_state.py": "import state\n\n\ndef test_one():\n    assert state.see(1) == 2\n\n\ndef test_two():\n    assert state.SEEN\n    assert state.more(1) == 3\n",
    }
    project = Known(tmp_path, files)
    project.score()
    project.edit("tests/test_state.py", "state.more(1) == 3", "state.more(2) == 4")
    project.score()
    assert project.known == 0, "alone it fails: everything runs"
    project.same_as_fresh()


def test_a_test_that_now_fails_is_told_once(project):
    project.edit("tests/test_other.py", "== 4", "== 5")
    project.score()
    assert project.known == 0 and notes(project.told, "test_half") == 1, project.told
    project.write("README.md", "text\n")
    project.score()
    assert project.ran == {"test_half"} and project.known == 4 and notes(project.told, "test_half") == 1, "it is known to fail"
    project.same_as_fresh()


def test_a_part_of_the_tests_leaves_what_is_known_of_the_others(project):
    project.score("--tests", "tests/test_ops.py")
    assert not project.ran and "tests: 0 run, 2 as they were" in project.told.out
    project.edit("tests/test_ops.py", "assert tax(10) > 0", "assert tax(10) == 3")
    project.score()
    assert project.ran == {"test_tax"}
    project.same_as_fresh()
