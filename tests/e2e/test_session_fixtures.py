"""Session fixtures that cost much: set up once per worker, mutants forked behind them, and never a verdict that a set-up of its own would not give.

Every fixture writes a line into a log beside the repo when it is set up and torn down. --verify replays all verdicts with plain pytest on disk.
"""
import collections
import contextlib
import json
import re
import socket
import threading

import pytest

CALC = """def strong(n):
    result = n * 3
    return result


def weak(n):
    flag = n > 2
    return flag


def other(n):
    half = n - 2
    return half
"""
STORE = """import contextlib
import sqlite3


def connect(path):
    return sqlite3.connect(path)


def count(path):
    with contextlib.closing(connect(path)) as db:
        return db.execute("SELECT COUNT(*) FROM rows").fetchone()[0]


def add(path, keep):
    with contextlib.closing(connect(path)) as db:
        db.execute("INSERT INTO rows VALUES (1)")
        if keep:
            db.commit()
    return count(path)


def ensure(path, value):
    wanted = value + 1
    with contextlib.closing(connect(path)) as db:
        if not db.execute("SELECT 1 FROM rows WHERE n = 5").fetchone():
            db.execute("INSERT INTO rows VALUES (?)", (wanted,))
            db.commit()
        return db.execute("SELECT 1 FROM rows WHERE n = 5").fetchone() is not None
"""
CONFTEST = """import os, time
import pytest

def burn():
    end = time.process_time() + 0.15
    while time.process_time() < end: pass

def log(*words):
    with open({log!r}, "a") as file: file.write(" ".join(map(str, words)) + "\\n")

def worker(): return os.environ.get("PYTEST_XDIST_WORKER", "plain")
"""
COSTLY = CONFTEST + """
@pytest.fixture(scope="session")
def costly():
    burn()
    log("up", worker(), os.getpid())
    yield {"value": 6}
    log("down", worker(), os.getpid())
"""
TESTS = """
from calc import strong, weak, other

def test_strong(costly): assert (strong(2), strong(-5)) == (costly["value"], -15)
def test_weak(costly): weak(3)
def test_other(costly): assert other(costly["value"]) == 4
"""


class Scored:
    def __init__(self, told, desk):
        self.told = told
        found = json.loads((desk.folder / "score.json").read_text())["files"]
        self.statuses = collections.Counter()
        self.verdicts, self.of_line = {}, {}
        for path, file in found.items():
            owner = ""
            owners = [owner := line[4:].split("(")[0] if line.startswith("def ") else owner for line in file["source"].splitlines()]
            for mutant in file["mutants"]:
                self.verdicts[mutant["id"]] = mutant["status"]
                line = mutant["location"]["start"]["line"] - 1
                self.statuses[owners[line], mutant["status"]] += 1
                self.of_line.setdefault(file["source"].splitlines()[line].strip(), set()).add(mutant["status"])
        self.lines = (desk.folder / "log").read_text().split("\n")[:-1] if (desk.folder / "log").exists() else []

    def of(self, name):
        return {status for owner, status in self.statuses if owner == name}

    def ups(self):
        return [line for line in self.lines if line.startswith("up")]

    def downs(self):
        return [line for line in self.lines if line.startswith("down")]


@pytest.fixture
def score(desk):
    def run(files, *options, verify=8):
        if not (desk.folder / "repo").exists():
            desk.repo({path: text.replace("{log!r}", repr(str(desk.folder / "log"))) for path, text in files.items()})
        (desk.folder / "log").unlink(missing_ok=True)
        options = [*options, *(["--verify", verify] if verify else [])]
        told = desk("score", "repo", "--level", "2", "--json", "score.json", "--no-cache", "--no-progress", "--no-witnesses", *options)
        assert told.code == 0 and "set aside" not in told.err and "is flaky" not in told.err, told
        if verify:
            agree = re.search(r"verified: (\d+) of (\d+) verdicts", told.out)
            assert agree and agree.group(1) == agree.group(2), told
        return Scored(told, desk)

    return run


def test_set_up_once_per_worker_and_torn_down(score):
    files = {"calc.py": CALC, "conftest.py": COSTLY, "test_calc.py": TESTS}
    found = {}
    for jobs in (1, 8):
        seen = score(files, "--jobs", jobs, verify=0)
        found[jobs] = seen.verdicts
        assert (seen.of("strong"), seen.of("weak"), seen.of("other")) == ({"Killed"}, {"Survived"}, {"Killed"}), seen.told
        # Both passes of the baseline, the second one as often as there are jobs; then each worker once.
        assert len(seen.ups()) <= 1 + jobs + jobs, seen.lines
        assert len(seen.ups()) == len(seen.downs()), seen.lines
        assert {line.split()[1] for line in seen.ups()} <= {f"gw{number}" for number in range(jobs)}
    assert found[1] == score(files, "--jobs", 2).verdicts == found[8]


def test_lines_that_the_set_up_runs_are_set_up_with_the_mutant(score):
    conftest = COSTLY.replace('yield {"value": 6}', 'yield {"value": strong(2)}').replace("import os", "from calc import strong, other\nimport os").replace(
        'log("down"', 'log("half", other(4)); log("down"')
    tests = TESTS.split("def test_other")[0] + """
def test_other(costly): other(1)
"""
    tests = tests.replace('assert (strong(2), strong(-5)) == (costly["value"], -15)', 'assert costly["value"] == 6')
    seen = score({"calc.py": CALC, "conftest.py": conftest, "test_calc.py": tests}, "--jobs", 2)
    # `other` runs in the teardown, too: nothing of it may be shared.
    assert (seen.of("strong"), seen.of("weak"), seen.of("other")) == ({"Killed"}, {"Survived"}, {"Survived"}), seen.told
    own = [line for line in seen.ups() if line.split()[1] in ("gw2", "gw3")]
    assert len(own) >= 4, seen.lines
    assert len(seen.lines) > len(own)


@pytest.mark.parametrize("kind", ["thread", "process", "pipe"])
def test_what_a_fork_cannot_have_is_said_and_set_up_by_each_mutant(score, kind):
    before = {
        "thread": "import threading\n    stop = threading.Event()\n    threading.Thread(target=stop.wait, name='pump').start()",
        "process": "import subprocess\n    child = subprocess.Popen(['sleep', '60'])",
        "pipe": "ends = os.pipe()",
    }[kind]
    after = {"thread": "stop.set()", "process": "child.kill(); child.wait()", "pipe": "os.close(ends[0]); os.close(ends[1])"}[kind]
    conftest = COSTLY.replace("burn()\n    log", before + "\n    burn()\n    log").replace("    log(\"down\"", "    " + after + "\n    log(\"down\"")
    seen = score({"calc.py": CALC, "conftest.py": conftest, "test_calc.py": TESTS}, "--jobs", 2, verify=0)
    why = {"thread": "a thread is alive behind it (pump)", "process": "it starts programs", "pipe": "it keeps pipe:["}[kind]
    assert seen.told.err.count("The session fixture costly cannot be shared by mutants (" + why) == 1, seen.told
    assert (seen.of("strong"), seen.of("weak"), seen.of("other")) == ({"Killed"}, {"Survived"}, {"Killed"}), seen.told
    assert len(seen.ups()) > sum(seen.statuses.values()), seen.lines


@contextlib.contextmanager
def counting_server():
    """A server that keeps a number for each connection: two children on one connection would see each other's."""
    server = socket.create_server(("127.0.0.1", 0))

    def talk(connection):
        total = 0
        with connection, connection.makefile("rw") as lines:
            for line in lines:
                with contextlib.suppress(ValueError):  # a mutant may say anything
                    total += int(line)
                lines.write(f"{total}\n")
                lines.flush()

    def serve():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


def test_a_connection_is_never_shared(score):
    with counting_server() as port:
        conftest = COSTLY.replace('yield {"value": 6}', f'import socket\n    link = socket.create_connection(("127.0.0.1", {port}))\n'
                                  '    yield link.makefile("rw")\n    link.close()')
        tests = """
from calc import strong, weak

def test_strong(costly):
    costly.write(f"{strong(2)}\\n"); costly.flush()
    assert costly.readline() == "6\\n"
def test_weak(costly): weak(3)
"""
        seen = score({"calc.py": CALC, "conftest.py": conftest, "test_calc.py": tests}, "--jobs", 4)
    assert "The session fixture costly cannot be shared by mutants (it keeps a connection (socket) open)" in seen.told.err, seen.told
    assert (seen.of("strong"), seen.of("weak")) == ({"Killed"}, {"Survived"}), seen.told


SHARED_FILE = COSTLY.replace("def costly():", "def costly(tmp_path_factory):").replace('yield {"value": 6}', """path = str(tmp_path_factory.mktemp("db") / "rows.sqlite")
    import contextlib, sqlite3
    with contextlib.closing(sqlite3.connect(path)) as db: db.execute("CREATE TABLE rows (n INTEGER)")
    yield path""")


def test_a_test_that_leaves_rows_behind_has_a_set_up_of_its_own(score):
    """The first test leaves a row at each run, the second one only when there is none: then it would hide what a mutant does."""
    tests = """
from store import add, ensure

def test_adds(costly): assert add(costly, True) == 1
def test_ensures(costly): assert ensure(costly, 4)
"""
    seen = score({"store.py": STORE, "conftest.py": SHARED_FILE, "test_store.py": tests}, "--jobs", 2, "--target", "store.[ae]*")
    assert seen.of_line["wanted = value + 1"] == {"Killed"}, (seen.told, seen.of_line)


def test_what_only_a_mutant_leaves_behind_decides_nothing(score):
    """`if keep:` turned round commits what the test rolls back: every later test would find a row too many."""
    tests = """
from store import add, count

def test_rolls_back(costly): assert add(costly, False) == 0
def test_count(costly): assert count(costly) == 0
def test_weak(costly):
    from zcalc import weak
    weak(count(costly))
"""
    seen = score({"store.py": STORE, "conftest.py": SHARED_FILE, "test_store.py": tests, "zcalc.py": CALC}, "--jobs", 1)
    assert ("add", "Killed") in seen.statuses and ("weak", "Survived") in seen.statuses and seen.of("weak") == {"Survived"}, seen.told
    assert any(line.split()[1] == "gw1" for line in seen.ups()), seen.lines  # not all could be shared


def test_mutants_that_hang_or_die(score):
    """They end the process in which they run, and neither the worker nor the next mutant."""
    calc = """import os


def walk(n):
    while n > 0:
        n -= 1
    return n


def leave(n):
    if n > 100:
        os._exit(3)
    return n


def weak(n):
    flag = n > 2
    return flag
"""
    tests = """
from calc import walk, leave, weak

def test_walk(costly): assert walk(3) == 0
def test_leave(costly): assert leave(5) == 5
def test_weak(costly): weak(3)
"""
    seen = score({"calc.py": calc, "conftest.py": COSTLY, "test_calc.py": tests}, "--jobs", 2, verify=4)
    assert "Timeout" in seen.of("walk") and "Killed" in seen.of("leave") and seen.of("weak") == {"Survived"}, seen.told
    ups, downs = ([line for line in lines if " gw" in line] for lines in (seen.ups(), seen.downs()))
    assert len(ups) == len(downs) <= 8, seen.lines
