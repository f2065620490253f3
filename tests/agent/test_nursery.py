"""Forks of a process that has imported nothing of the repo say what new interpreters say; where it cannot be trusted there is none, and why is told."""
import os

import pytest
from driver import Bench

MOD = """
    import os, signal
    def table(n):
        rows = [n, n + 1]
        return rows

    ROWS = table(3)
    """
TESTS = """
    import os
    from mod import ROWS
    COLLECTED = []
    def test_rows(): assert ROWS == [3, 4]
    def test_worker(): assert os.environ["PYTEST_XDIST_WORKER"].startswith("gw") and os.path.isdir(os.environ["TMPDIR"])
    def test_tmp(tmp_path): assert str(tmp_path).startswith(os.environ["TMPDIR"]) and not list(tmp_path.iterdir())
    """
SAME = ("end", "runs", "at", "at_hit", "reason")
CHANGES = {
    "survives": "n + 1 + 0",
    "killed": "n + 2",
    "import error": "n + None",
    "exit": "os._exit(0)",
    "sys.exit": "__import__('sys').exit(3)",
    "signal": "os.kill(os.getpid(), 9)",
    "abort": "os.abort()",
    "endless": "[0 for _ in iter(int, 1)]",
    "forks": "[os.fork(), 4][1]",
}


@pytest.fixture(scope="module")
def bench(shared):
    shared.write("mod.py", MOD)
    shared.write("test_mod.py", TESTS)
    shared.start(static=True)
    assert shared.collected["notes"] == [], shared.collected
    shared.baseline(files=["mod.py"])
    return Bench(shared, "mod.py", "table")


@pytest.mark.parametrize("change", CHANGES)
def test_both_ways_end_alike(bench, change):
    tests = ["test_rows", "test_worker", "test_tmp"]
    forked = bench.mutant("n + 1", CHANGES[change], tests, fresh=True, wall=6.0)
    exact = bench.mutant("n + 1", CHANGES[change], tests, fresh=True, exec=True, wall=6.0)
    assert forked["nursery"] and not exact["nursery"]
    assert {key: forked[key] for key in SAME} == {key: exact[key] for key in SAME}


def test_a_control_and_the_next_mutant_see_nothing_of_the_last(bench):
    for _ in range(2):
        assert bench.verdict("n + 1", "n + 2", ["test_rows"], fresh=True) == ("killed", True)
        assert bench.verdict("n + 1", "n + 1", ["test_rows"], fresh=True, line=0) == ("survived", True)
    assert not [name for name in os.listdir(os.path.join(bench.repo.scratch, "forks")) if name.isdigit()]


def refusal(repo, note):
    """Starts it; its mutants are judged all the same."""
    repo.write("mod.py", MOD)
    repo.write("test_mod.py", TESTS)
    repo.start(static=True)
    assert len(repo.collected["notes"]) == 1 and note in repo.collected["notes"][0], repo.collected
    repo.baseline(files=["mod.py"])
    answer = Bench(repo, "mod.py", "table").mutant("n + 1", "n + 2", ["test_rows"], fresh=True)
    assert not answer["nursery"] and answer["runs"][0][:3] == [0, True, True]


def test_a_conftest_that_sets_the_environment(repo):
    repo.write("conftest.py", "import os\nos.environ['MODE_OF_REPO'] = 'test'\n")
    refusal(repo, "importing the tests changes the environment (MODE_OF_REPO)")


def test_an_installed_module_that_imports_the_repo(repo, tmp_path):
    repo.write("outside.py", "import mod\n", where=str(tmp_path / "site"))
    repo.environment["PYTHONPATH"] = str(tmp_path / "site")
    repo.write("conftest.py", "import outside\n")
    refusal(repo, "an installed module imports mod of the repo")


def test_an_installed_module_that_cannot_be_imported_by_itself(repo, tmp_path):
    repo.write("outside.py", "import sys\nif 'conftest' not in sys.modules: raise RuntimeError('not ready')\n", where=str(tmp_path / "site"))
    repo.environment["PYTHONPATH"] = str(tmp_path / "site")
    repo.write("conftest.py", "import outside\n")
    refusal(repo, "outside cannot be imported by itself (RuntimeError)")


def test_what_a_conftest_loads_is_loaded_by_each_child(repo, tmp_path):
    """A plugin of the repo that imports the mutated module when it is configured."""
    repo.write("conftest.py", "def pytest_configure(config):\n    import mod\n    config.rows = mod.ROWS\n")
    repo.write("mod.py", MOD)
    repo.write("test_mod.py", "def test_rows(pytestconfig): assert pytestconfig.rows == [3, 4]\n")
    repo.start(static=True)
    assert repo.collected["notes"] == []
    repo.baseline(files=["mod.py"])
    answer = Bench(repo, "mod.py", "table").mutant("n + 1", "n + 2", ["test_rows"], fresh=True)
    assert answer["nursery"] and answer["runs"][0][:3] == [0, True, True], answer


def test_twins_in_a_module_are_told_before_any_fork(repo):
    """What the compiler makes the same is one mutant; the second is left out with its reason, and asking for the first again is no twin."""
    repo.write("mod.py", "LIMIT = 2 + 2\n")
    repo.write("test_mod.py", "from mod import LIMIT\ndef test_limit(): assert LIMIT\n")
    repo.start(static=True)
    wire = repo.session()
    assert wire.ask("target", file="mod.py", module="mod", qualname="<module>", name="<module>", first_line=1, end_line=1)["ok"]

    def mutant(source):
        return wire.ask("mutant", source=source, line=1, end_line=1, bail=True, fresh=True, wall=20.0, tests=[0], limits=[5.0])

    assert mutant("LIMIT = 2 + 3\n")["end"] == "done"
    twin = mutant("LIMIT = 3 + 2\n")
    assert (twin["end"], twin["same_code"], twin["reason"]) == ("refused", True, "the bytecode equals another mutant's")
    assert mutant("LIMIT = 2 + 3\n")["end"] == "done"
    assert mutant("LIMIT = 1 + 3\n")["reason"] == "the bytecode equals the original's"
