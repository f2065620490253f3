"""Workers: session fixtures set up once, mutants forked behind them, and torn down at the end; on every pytest that is there."""
import os

from driver import Bench

CONFTEST = """
import os, time
import pytest

def log(word):
    with open(LOG, "a") as file: file.write("%s %s %d\\n" % (word, os.environ["PYTEST_XDIST_WORKER"], os.getpid()))

@pytest.fixture(scope="session", autouse=True)
def first():
    log("first")
    yield
    log("last")

@pytest.fixture(scope="session")
def costly(first, request):
    end = time.process_time() + 0.1
    while time.process_time() < end: pass
    log("up")
    yield [7]
    log("down")

@pytest.fixture(scope="session")
def late(costly):
    yield costly
    log("late")
"""
TESTS = """
from mod import f
def test_dies(costly): assert f(1) == 2
def test_lives(costly):
    costly.append(f(1))
    assert len(costly) == 2
class TestMore:
    def test_late(self, late): assert f(5) == 6
"""


def conftest(repo):
    """Not into the copy: what writes there is not shared."""
    return CONFTEST.replace("LOG", repr(os.path.join(repo.original, "log")))


def lines(repo):
    with open(os.path.join(repo.original, "log")) as file:
        return file.read().splitlines()


def count(repo, word):
    return sum(line.split()[0] == word for line in lines(repo))


def start(repo, jobs=1):
    repo.write("mod.py", "def f(n):\n    return n + 1\n")
    repo.write("conftest.py", conftest(repo))
    repo.write("test_mod.py", TESTS)
    repo.start(jobs=jobs)
    repo.baseline(["mod.py"])
    repo.baseline()
    assert count(repo, "up") == 3, repo.log()
    return Bench(repo, "mod.py", "f")


def end(repo):
    repo.zygote.sock.close()
    repo.processes[0].wait(20)


def test_one_set_up_for_all_mutants_of_all_sessions(repo):
    bench = start(repo)
    other = Bench(repo, "mod.py", "f")
    for _turn in range(3):
        assert bench.verdict("n + 1", "n + 2", ["test_dies"]) == ("killed", True)
        assert bench.verdict("n + 1", "n + 2", ["test_lives"]) == ("survived", True)
        assert other.verdict("n + 1", "n - 1", ["test_late", "test_lives"]) == ("killed", True)
    assert bench.mutant("n + 1", "n + 1", ["test_dies", "test_lives", "test_late"], line=0, bail=False)["end"] == "done"
    assert bench.verdict("n + 1", "None.x", ["test_dies"]) == ("crash", True)
    assert (count(repo, "up"), count(repo, "first"), count(repo, "down")) == (3, 3, 2), lines(repo)
    end(repo)
    assert (count(repo, "down"), count(repo, "last")) == (3, 3) and {line.split()[1] for line in lines(repo)} == {"gw0"}, lines(repo)


def test_what_was_put_back_before_is_no_doubt(repo):
    """Or a job would begin again and again: the copy is what it was since."""
    bench = start(repo)
    with open(os.path.join(repo.scratch, "copy-put-back"), "a") as file:
        file.write(".")
    bench.wire.sock.settimeout(20)
    assert bench.verdict("n + 1", "n + 2", ["test_dies"]) == ("killed", True)
    assert bench.verdict("n + 1", "n + 2", ["test_lives"]) == ("survived", True)


def test_a_further_part_of_the_baseline_has_the_workers_names_for_itself(repo):
    """As with a test database, which is one for each name."""
    repo.write("mod.py", "def f(n):\n    return n + 1\n")
    repo.write("conftest.py", conftest(repo).replace('    log("up")', '    place = LOG + os.environ["PYTEST_XDIST_WORKER"]\n    os.mkdir(place)\n    log("up")')
               .replace("LOG", repr(os.path.join(repo.original, "database"))).replace('    log("down")', '    os.rmdir(place)\n    log("down")'))
    repo.write("test_mod.py", TESTS)
    repo.start(jobs=2)
    bench = None
    for part in (["test_dies"], ["test_lives", "test_late"]):
        if bench:
            bench.wire.sock.close()  # no session is open meanwhile
        for files, copies in ((["mod.py"], 1), ([], 2)):
            events = repo.baseline(files=files, tests=[repo.index(name) for name in part], copies=copies)
            assert [event["outcome"] for event in events] == ["passed"] * len(part), events
        bench = Bench(repo, "mod.py", "f")
        assert bench.verdict("n + 1", "n + 2", ["test_dies"]) == ("killed", True)
    ups = count(repo, "up")
    assert bench.verdict("n + 1", "n + 2", ["test_late"]) == ("killed", True)
    assert count(repo, "up") == ups, "the workers are there again"


def test_generated_tests_go_there_when_they_ask_for_the_fixture(repo):
    bench = start(repo)
    loaded = bench.wire.ask("load", path="test_gen.py", source="from mod import f\ndef test_a(costly): assert f(2) == 3\ndef test_b(): assert f(2) == 3\n")
    assert loaded["first"] == 3 and len(loaded["tests"]) == 2
    assert bench.verdict("n + 1", "n + 2", [3]) == ("killed", True)
    assert count(repo, "up") == 3, lines(repo)


def test_workers_are_as_many_as_jobs_also_where_mutants_are_asleep(repo):
    bench = start(repo, jobs=2)
    bench.wire.ask("load", path="test_gen.py", source="from mod import f\ndef test_b(): assert f(2) == 3\n")
    waits = "__import__('threading').Event().wait()"
    ids = [bench.submit("n + 1", text, [test], limit=0.52, yields=True) for text, test in ((waits, 3), (waits, 3), ("n + 2", "test_dies"), ("n + 2", "test_dies"))]
    ends = {}
    while len(ends) < len(ids):
        answer = bench.wire.read()
        ends[ids.index(answer["id"])] = answer["end"]
    assert ends == {0: "timeout", 1: "timeout", 2: "done", 3: "done"}


def test_a_lost_worker_costs_no_verdict(repo):
    bench = start(repo)
    assert bench.verdict("n + 1", "n + 2", ["test_dies"]) == ("killed", True)
    holder = int([line for line in lines(repo) if line.startswith("up")][-1].split()[2])
    os.kill(holder, 9)
    assert bench.verdict("n + 1", "n + 3", ["test_dies"]) == ("killed", True)
    assert bench.verdict("n + 1", "n + 2", ["test_lives"]) == ("survived", True)


def test_the_zygotes_answer_tells_of_workers_and_of_what_cannot_be_shared(repo):
    repo.write("mod.py", "def f(n):\n    return n + 1\n")
    repo.write("conftest.py", conftest(repo).replace('log("up")', 'log("up"); ends = os.pipe()'))
    repo.write("test_mod.py", TESTS)
    repo.start(jobs=1)
    for files in (["mod.py"], []):
        number = repo.zygote.send({"op": "baseline", "files": files, "tests": None, "timeout": 30.0})
        answer = repo.zygote.read()
        while "event" in answer:
            answer = repo.zygote.read()
        assert answer["id"] == number
    assert answer["workers"] is False and len(answer["notes"]) == 1, answer
    assert answer["notes"][0].startswith("The session fixture costly cannot be shared by mutants (it keeps pipe:["), answer
    assert Bench(repo, "mod.py", "f").verdict("n + 1", "n + 2", ["test_dies"]) == ("killed", True)
