"""What goes wrong when mutants run inside a process that has imported everything already: one small project for each known pitfall.

Each project is scored, and verdicts are held against plain pytest with the mutant on disk: all but kills, and of those a third
(MUTAGEN_ROWS=all: every one). `dead` are lines all of whose mutants must
be noticed (`killed`: by a failing test, not by its time), `alive` lines that must have one that is not; so a verdict that is right by chance, or for want of mutants, does not pass.

Numbers are those of the list of pitfalls that the engine was designed against. Tested elsewhere: 27 (functions and caches that come after
the first collection: shapes "lazy" and "again" in test_shapes_verdicts.py), 28 (interpreters that are refused: tests/agent/test_collect.py),
18, 19, 20 and 23 (plugins: test_frameworks.py). More projects for 4 to 7, 10, 21 and 22 are in test_shapes_verdicts.py.
"""
import json
import pathlib
import shutil
import subprocess
import sysconfig

import pytest
from conftest import Desk
from oracle import describe, disagreements, is_twin, kills

ROWS = {}


class Row:
    def __init__(self, number, files, dead=(), alive=(), score=(), agrees=True, prepare=None, says="", claims=None, killed=()):
        self.number, self.files, self.dead, self.alive, self.score = number, files, dead, alive, score
        self.agrees, self.prepare, self.says, self.claims, self.killed = agrees, prepare, says, claims or {}, killed


def row(name, number, source, tests, path="pkg/mod.py", more=None, **about):
    files = {"pkg/__init__.py": "", path: source.lstrip("\n"), "tests/test_mod.py": tests.lstrip("\n")}
    files.update({name: text.lstrip("\n") for name, text in (more or {}).items()})
    ROWS[name] = Row(number, files, **about)


row("free variables", 1, """
class Base:
    def __init__(self, start):
        self.start = start + 1
        self.log = []

class Derived(Base):
    def __init__(self, start):
        super().__init__(start * 2)
        self.more = start - 1

def adder(low, high):
    top = low + high
    def inner(n):
        part = n + top
        return part - low if part > high else part
    return inner

FIVE = adder(2, 3)
""", """
from pkg.mod import Derived, FIVE, adder

def test_derived(): assert (Derived(2).start, Derived(2).more) == (5, 1)
def test_at_import(): assert FIVE(1) == 4
def test_in_a_test(): assert adder(1, 2)(5) == 7
""", dead=["super().__init__", "self.more =", "part = n + top"], alive=["return part - low"])

row("kinds of functions", 2, """
def numbers(n):
    if n > 0:
        yield n * 2
    return

async def later(n):
    value = n + 1
    return value

async def stream(n):
    for i in range(n):
        yield i + 3
""", """
import asyncio
from pkg.mod import later, numbers, stream

def test_numbers(): assert list(numbers(3)) == [6]
def test_later(): assert asyncio.run(later(1)) == 2
def test_stream():
    async def take(): return [n async for n in stream(2)]
    assert asyncio.run(take()) == [3, 4]
""", dead=["yield n * 2", "value = n + 1", "yield i + 3"], alive=["if n > 0"])

row("running generators", 3, """
def numbers(n):
    first = n + 1
    yield first
    yield first * 3

MADE = numbers(4)
""", """
from pkg.mod import MADE

def test_made(): assert list(MADE) == [5, 15]
""", dead=["first = n + 1", "yield first * 3"])

row("made at import", 4, """
TABLE = {}

def register(name, by):
    def handler(n):
        result = n * by
        return result + 1
    TABLE[name] = handler
    return handler

register("two", 2)
bound = register("three", 3)
""", """
from pkg.mod import TABLE, bound

def test_two(): assert TABLE["two"](5) == 11
def test_three(): assert bound(1) > 0
""", dead=["result = n * by"], score=["--static"])

row("decorated", 5, """
import contextlib
import dataclasses
import functools

@functools.lru_cache(maxsize=8)
def cached(n):
    half = n // 2
    return half + 1

@functools.singledispatch
def shown(value):
    text = str(value)
    return text + "!"

@shown.register(int)
def shown_int(value):
    more = value + 1
    return more * 2

@contextlib.contextmanager
def opened(log):
    log.append(1 + 1)
    yield log
    log.append(3)

@dataclasses.dataclass(frozen=True)
class Point:
    x: int

    def moved(self, by):
        new = self.x + by
        return Point(new)

    @classmethod
    def make(cls, n):
        start = n * 2
        return cls(start)

    @staticmethod
    def fee(n):
        part = n // 10
        return part + 1
""", """
from pkg.mod import Point, cached, opened, shown

def test_warm(): cached(11)
def test_cached(): assert cached(11) == 6
def test_shown(): assert (shown("a"), shown(2)) == ("a!", 6)
def test_opened():
    log = []
    with opened(log): assert log == [2]
    assert log == [2, 3]
def test_point(): assert (Point(1).moved(2).x, Point.make(2).x, Point.fee(25)) == (3, 4, 3)
""", dead=["return half + 1", "more = value + 1", "log.append(3)", "new = self.x + by", "start = n * 2", "return part + 1"])

row("defaults", 6, """
def scaled(n, by=3, *, offset=4):
    result = n * by
    return result + offset
""", """
from pkg.mod import scaled

def test_scaled(): assert scaled(2) == 10
""", dead=["result = n * by"], score=["--static"])

row("remembered", 7, """
import functools

class Shop:
    @functools.cached_property
    def size(self):
        half = 10 // 2
        return half + self.extra()

    def extra(self):
        value = 3 - 1
        return value

@functools.lru_cache(maxsize=None)
def price(n):
    base = n * 2
    return base + 1

STORE = {}

def stored(key):
    if key not in STORE:
        STORE[key] = price(key) - 4
    return STORE[key]
""", """
from pkg.mod import Shop, price, stored

SHOP = Shop()
def test_fill(): price(3), stored(3), SHOP.size
def test_price(): assert price(3) == 7
def test_stored(): assert stored(3) == 3
def test_size(): assert SHOP.size == 7
""", dead=["base = n * 2", "STORE[key] =", "value = 3 - 1"])

row("made once", 6, """
class Words:
    made = None

    def __init__(self):
        self.table = {}

    @classmethod
    def get(cls):
        if cls.made is None:
            cls.made = cls()
            cls.made.fill()
        return cls.made

    def fill(self):
        self.table["one"] = 1
        self.table["two"] = 2
        self.table["six"] = 6

def number(word):
    return Words.get().table.get(word)
""", """
from pkg.mod import Words, number

def test_one(): assert number("one") == 1
""", more={"tests/test_other.py": "from pkg.mod import number\n\ndef test_two(): assert number('two') == 2\ndef test_nine(): assert number('nine') is None\n"},
    dead=['["one"] = 1', '["two"] = 2'], alive=['["six"] = 6'])

row("left_behind", 7, """
TABLE = {}

def put(key, n):
    value = n * 2
    TABLE[key] = value
""", """
from pkg.mod import TABLE, put

def test_put(): put("a", 3)
def test_table(): assert sum(TABLE.values()) in (0, 6)
""", dead=["value = n * 2"])

row("constants", 8, """
import enum

LIMIT = 3 * 4
NAMES = {"a": 1, "b": 2}
UNUSED = 5 + 5

class Colour(enum.Enum):
    RED = 1
    BLUE = RED + 1

class Box:
    size = LIMIT - 2

    def fits(self, n):
        room = self.size - n
        return room >= 0

def table(n):
    rows = list(range(n))
    return rows

ROWS = table(3)
if LIMIT > 11:
    BIG = True
else:
    BIG = False
""", """
from pkg.mod import BIG, Box, Colour, LIMIT as top, NAMES, ROWS

def test_limit(): assert top == 12 and BIG
def test_names(): assert NAMES["b"] == 2
def test_colour(): assert Colour.BLUE.value == 2
def test_box(): assert Box().fits(10) and not Box().fits(11)
def test_rows(): assert ROWS == [0, 1, 2]
""", dead=["LIMIT = 3 * 4", "BLUE = RED + 1", "size = LIMIT - 2", "return rows"], alive=["UNUSED = 5 + 5"], score=["--static"])

row("two names", 9, """
def double(n):
    result = n * 2
    return result

def half(n):
    result = n // 2
    return result
""", """
import mod
from pkg.mod import half

def test_double(): assert mod.double(4) == 8
def test_half(): assert half(5) == 2
""", more={"conftest.py": """
import os, sys
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "pkg"))
"""}, dead=["result = n * 2", "result = n // 2"])

row("frozen by a conftest", 9, """
def double(n):
    result = n * 2
    return result
""", """
from pkg.mod import double

def test_double(): assert double(4) == 8
""", more={"tests/conftest.py": """
import gc
import pkg.mod

def pytest_collection_finish():
    gc.freeze()
"""}, dead=["result = n * 2"])

row("names and lines", 10, """
from __future__ import annotations

class Safe:
    __code = 7

    def __hidden(self, n: Undefined) -> Undefined:
        value = n + self.__code
        return value

    def open(self, n):
        found = self.__hidden(n)
        return found * 2

def fails(n):
    if n > 2:
        raise ValueError("too big")
    return n - 1
""", """
import traceback
from pkg.mod import Safe, fails

def test_open(): assert Safe().open(1) == 16
def test_line():
    try:
        fails(3)
    except ValueError as exc:
        assert traceback.extract_tb(exc.__traceback__)[-1].lineno == 16
    else:
        raise AssertionError
def test_small(): assert fails(2) == 1
""", dead=["value = n + self.__code", "return found * 2", "return n - 1"])


def compile_extension(repo):
    """What mypyc and Cython leave behind: a module in C beside the Python file it was made from."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    include = sysconfig.get_paths()["include"]
    if not compiler or not (pathlib.Path(include) / "Python.h").is_file():
        pytest.skip("no C compiler, or no headers of this Python")
    (repo / "fast.c").write_text("""
#include <Python.h>
static PyObject *twice(PyObject *self, PyObject *n) { (void)self; return PyLong_FromLong(2 * PyLong_AsLong(n)); }
static PyMethodDef methods[] = { { "twice", twice, METH_O, NULL }, { NULL, NULL, 0, NULL } };
static struct PyModuleDef module = { PyModuleDef_HEAD_INIT, "fast", NULL, -1, methods, NULL, NULL, NULL, NULL };
PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&module); }
""")
    target = repo / "pkg" / ("fast" + sysconfig.get_config_var("EXT_SUFFIX"))
    subprocess.run([compiler, "-shared", "-fPIC", f"-I{include}", str(repo / "fast.c"), "-o", str(target)], check=True)


row("compiled", 11, """
def twice(n):
    result = n + n
    return result
""", """
from pkg.fast import twice
from pkg.slow import thrice

def test_twice(): assert twice(2) == 4
def test_thrice(): assert thrice(2) == 6
""", path="pkg/fast.py", more={"pkg/slow.py": "def thrice(n):\n    result = n * 3\n    return result\n"}, prepare=compile_extension,
    dead=["result = n * 3"], says="no live function with this code")

row("threads", 12, """
import queue
import threading

ASKED, ANSWERED = queue.Queue(), queue.Queue()

def work(n):
    result = n * 2
    return result + 1

def serve():
    while True:
        ANSWERED.put(work(ASKED.get()))

threading.Thread(target=serve, daemon=True).start()

def ask(n):
    ASKED.put(n + 1)
    return ANSWERED.get(timeout=1)
""", """
from pkg.mod import ask

def test_ask(): assert ask(2) == 7
""", more={"pkg/plain.py": "def less(n):\n    result = n - 1\n    return result\n",
           "tests/test_plain.py": "from pkg.plain import less\n\ndef test_less(): assert less(2) == 1\n"},
    dead=["result = n * 2", "result = n - 1"], says="1 test in 1 file cannot be forked and runs in new interpreters")

row("sessions", 13, """
def reply(text):
    answer = text.upper()
    return answer + "!"

def port_of(address):
    number = address[1] + 0
    return number
""", """
import socket
import threading
import pytest
from pkg.mod import port_of, reply

@pytest.fixture(scope="session")
def server():
    listening = socket.create_server(("127.0.0.1", 0))
    def serve():
        while True:
            client, _address = listening.accept()
            client.sendall(reply(client.recv(100).decode()).encode())
            client.close()
    threading.Thread(target=serve, daemon=True).start()
    yield listening.getsockname()
    listening.close()

def test_reply(server):
    with socket.create_connection(("127.0.0.1", port_of(server)), timeout=2) as client:
        client.sendall(b"hello")
        assert client.recv(100) == b"HELLO!"
""", dead=["answer = text.upper()", "return answer"])

row("programs", 14, """
import sys

def shout(text):
    loud = text.upper()
    return loud + "!"

def quiet(text):
    low = text.lower()
    return low + "."

if __name__ == "__main__":
    print(shout(sys.argv[1]))
""", """
import multiprocessing
import subprocess
import sys
from pkg.mod import quiet

def test_program():
    done = subprocess.run([sys.executable, "-m", "pkg.mod", "hello"], stdout=subprocess.PIPE, universal_newlines=True)
    assert done.stdout == "HELLO!\\n"
def test_spawn():
    with multiprocessing.get_context("spawn").Pool(1) as pool: assert pool.map(quiet, ["AB"]) == ["ab."]
""", dead=["return loud", "return low"])

row("pickles", 15, """
class Basket:
    def __init__(self, things):
        self.things = sorted(things)
        self.count = len(things) + 1

    def total(self):
        return_value = self.count * 2
        return return_value

def weigh(n):
    grams = n * 1000
    return grams
""", """
import copy
import pickle
from pkg.mod import Basket, weigh

def test_function(): assert pickle.loads(pickle.dumps(weigh)) is weigh and weigh(2) == 2000
def test_object():
    basket = pickle.loads(pickle.dumps(Basket([2, 1])))
    assert (basket.things, copy.deepcopy(basket).total()) == ([1, 2], 6)
""", dead=["grams = n * 1000", "self.count = len(things) + 1"])

row("looking at itself", 16, """
import inspect
import sys

def caller():
    frame = sys._getframe(1)
    return frame.f_code.co_name

def signature(n, by=2):
    total = n * by
    return total
""", """
import hashlib
import inspect
import pkg.mod
from pkg.mod import caller, signature

def test_source():
    assert "total = n * by" in inspect.getsource(signature)
    assert list(inspect.signature(signature).parameters) == ["n", "by"]
def test_file(): assert open(pkg.mod.__file__).read().count("def ") == 2
def test_caller(): assert caller() == "test_caller"
def test_lines(): assert signature.__code__.co_firstlineno == 8 and signature.__name__ == "signature"
def test_total(): assert signature(3) == 6
""", agrees=False, dead=["total = n * by", "frame = sys._getframe(1)"])

row("environment", 17, """
import os

def mode():
    value = os.environ.get("MODE", "plain")
    return value + "-" + str(len(os.environ))

def user():
    name = os.environ["WHO"] + "!"
    return name
""", """
import os
from unittest import mock
from pkg.mod import mode, user

@mock.patch.dict(os.environ, {}, clear=True)
def test_mode(): assert mode() == "plain-0"
def test_user(monkeypatch):
    for name in list(os.environ): monkeypatch.delenv(name)
    monkeypatch.setenv("WHO", "me")
    assert user() == "me!"
""", dead=["name = os.environ"])

row("items of other kinds", 21, '''
def double(n):
    """
    >>> double(4)
    8
    """
    result = n * 2
    return result

def parts(n):
    low = n - 3
    return low if low > 0 else 0

def later(n):
    value = n + 1
    return value
''', """
import unittest
from pkg.mod import later, parts

class TestParts(unittest.TestCase):
    def test_parts(self):
        for n, low in ((2, 0), (9, 6)):
            with self.subTest(n=n): self.assertEqual(parts(n), low)

class TestLater(unittest.IsolatedAsyncioTestCase):
    async def test_later(self): self.assertEqual(later(1), 2)
""", more={"pytest.ini": "[pytest]\naddopts = --doctest-modules\n"}, dead=["result = n * 2", "low = n - 3", "value = n + 1"])

row("outcomes", 22, """
import os
import sys

def checked(n):
    limit = n + 1
    return limit

def leave(n):
    if n > 3:
        sys.exit(n - 1)
    return n

def wanted(n):
    enough = n > 2
    return enough

def failing(n):
    if n > 1:
        raise ValueError("big")
    return 10 // (n - 2)

def gone(n):
    if n > 5:
        os._exit(0)
    return n + 2

def half(n):
    less = n // 2
    return less

def twice(n):
    more = n * 2
    return more
""", """
import unittest
import pytest
from pkg.mod import checked, failing, gone, half, leave, twice, wanted

@pytest.mark.xfail(strict=True)
def test_strict(): assert checked(1) != 2
@pytest.mark.xfail
def test_lenient(): assert checked(1) == 4
@pytest.mark.xfail(raises=ValueError)
def test_raises(): failing(2)
def test_leave():
    with pytest.raises(SystemExit) as caught: leave(5)
    assert caught.value.code == 4
def test_skips():
    if not wanted(3): pytest.skip("not wanted")
def test_exits():
    if leave(3) != 3: pytest.exit("stop")
def test_gone(): assert gone(5) == 7
def test_skips_the_rest():
    assert half(7) == 3
    pytest.skip("the rest is slow")

class TestUnit(unittest.TestCase):
    def test_skips_the_rest(self):
        self.assertEqual(twice(4), 8)
        self.skipTest("the rest is slow")
""", dead=["limit = n + 1", 'raise ValueError("big")', "less = n // 2", "more = n * 2"], claims={"os._exit": "nothing"})

row("beside itself", 24, """
import pathlib

def note(text):
    path = pathlib.Path("note.txt")
    path.write_text(text + "!")
    return path

def plain(n):
    more = n + 1
    return more
""", """
import os
import time
from pkg.mod import note, plain

def test_note():
    assert not os.path.exists("note.txt")
    path = note("a")
    time.sleep(0.2)
    assert path.read_text() == "a!"
    path.unlink()
def test_temporary(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert note("b").read_text() == "b!"
def test_plain(): assert plain(1) == 2
""", dead=["more = n + 1", "path.write_text"], score=["--jobs", "3"], says="1 test writes into the repo's own folder (tests/test_mod.py::test_note)")

row("noise", 25, """
import atexit
import logging

LOG = logging.getLogger("pkg")
atexit.register(lambda: open("left.txt", "w").close())

def loud(n):
    for _ in range(2000):
        print("x" * 1000)
    LOG.warning("loud %d", n)
    total = n + 1
    return total
""", """
import logging
import sys
from pkg.mod import loud

logging.basicConfig(stream=sys.stderr)
def test_loud(): assert loud(2) == 3
""", dead=["total = n + 1"])

row("memory", 26, """
def fill(n):
    rows = []
    while n - len(rows):
        rows.append(bytes(1 << 22))
    return rows

def forked(n):
    left = n - 1
    return left
""", """
from pkg.mod import fill, forked

def test_fill(): assert len(fill(3)) == 3
def test_forked(): assert forked(2) == 1
""", dead=["while n - len(rows)", "left = n - 1"], killed=["while n - len(rows)"], score=["-c", "small.toml"], prepare=lambda repo: (repo.parent / "small.toml").write_text(
    "[sandbox]\nmemory_limit_mb = 300\n"))

row("another copy", 29, """
def double(n):
    result = n * 2
    return result

def half(n):
    result = n // 2
    return result
""", """
import pathlib
import pkg.mod
from pkg.mod import half

PATH = pkg.mod.__file__
def test_double():
    space = {}
    exec(compile(pathlib.Path(PATH).read_text(), PATH, "exec"), space)
    assert space["double"](4) == 8
def test_half(): assert half(5) == 2
""", dead=["result = n // 2"], says="the tests run another copy of this function")


row("leans on another", 0, """
def double(n):
    return n * 2

def half(n):
    return n // 2
""", """
from pkg.mod import double, half

BEFORE = []
def test_half():
    BEFORE.append(1)
    assert half(5) == 2
def test_double(): assert double(2) == 4 and BEFORE
""", dead=["n // 2"], alive=["n * 2"], agrees=False, says="fails now and then on unchanged code")


row("spoils another", 0, """
SEEN = []

def grade(n):
    SEEN.append(n)
    if n > 5:
        return "high"
    return "low"
""", """
import time
import pkg.mod

def test_slow():
    time.sleep(0.1)
    assert not pkg.mod.SEEN and pkg.mod.grade(9) == "high"
def test_fast(): assert pkg.mod.grade(1) == "low"
""", dead=['return "low"', 'return "high"'], alive=["n > 5"])

row("needs another", 0, """
SEEN = []

def total(prices):
    SEEN.append(len(prices))
    if not prices:
        return 0
    return sum(prices) + 0 * len(prices)
""", """
import time
from pkg.mod import SEEN, total

def test_first(): assert total([]) == 0

def test_then():
    assert total([1, 2]) == 3
    time.sleep(0.03)
    assert 0 in SEEN
""", alive=["sum(prices) + 0"])

SLOW_ONCE = """
import time

def burn():
    end = time.process_time() + 0.8
    while time.process_time() < end:
        pass
"""
row("set up by the test before", 0, """
def double(n):
    return n + n + 0 * n
""", SLOW_ONCE + """
import pytest
from pkg.mod import double

@pytest.fixture(scope="module")
def costly():
    burn()

def test_first(costly): pass
def test_double(costly): assert double(3) == 6
""", alive=["n + n"])

row("made by the test before", 0, """
TABLE = []

def table():
    if not TABLE:
        from tests.slow import burn
        burn()
        TABLE.append(1)
    return TABLE

def double(n):
    table()
    return n + n + 0 * n
""", """
from pkg.mod import double, table

def test_first(): assert table() == [1]
def test_double(): assert double(3) == 6
""", more={"tests/__init__.py": "", "tests/slow.py": SLOW_ONCE}, alive=["n + n"])

row("defined for another system", 0, """
import sys

if sys.platform == "another":
    def double(n):
        return n * 2
else:
    def double(n):
        return n + n
""", """
import pickle
import pkg.mod

def test_double(): assert pickle.loads(pickle.dumps(pkg.mod.double))(3) == 6
""", dead=["return n + n"])

row("parameter changed in place", 0, """
def complete(given, names):
    for name in names:
        given.setdefault(name, 0)
    return given
""", """
import pytest
from pkg.mod import complete

@pytest.mark.parametrize("given, whole", [({"a": 1}, {"a": 1, "b": 0, "c": 0})])
def test_complete(given, whole): assert complete(given, "bc") == whole
""", dead=["for name in names:", "given.setdefault(name, 0)", "return given"])

FIRST_AND_SECOND = """
def first(n):
    return n + 1

def second(n):
    if n > 5:
        return n * 2
    return n
"""
FIRST_SETS_THE_MODE = """
import os
import time
from pkg.mod import first, second

def test_first():
    os.environ["SHOP_MODE"] = "strict"
    assert first(1) == 2
"""
row("waits for another", 0, FIRST_AND_SECOND, FIRST_SETS_THE_MODE + """
def test_second():
    assert second(9) == 18 and os.environ.get("SHOP_MODE") == "strict"
def test_weak(): assert second(1) == 1
""", dead=["n + 1"], alive=["n * 2"], agrees=False, says="fails now and then on unchanged code")

row("waits for another before it begins", 0, FIRST_AND_SECOND, FIRST_SETS_THE_MODE + """
def test_second():
    assert os.environ.get("SHOP_MODE") == "strict"
    assert second(9) == 18
def test_weak():
    time.sleep(0.02)
    assert second(9) > 1
""", dead=["n + 1"], alive=["n * 2"], agrees=False, says="fails now and then on unchanged code")

row("a test is answered from what another one has left", 0, """
ASKED = {}

def bound(kind):
    if ASKED.get("last") == "loose":
        return 9
    ASKED["last"] = kind
    return width()

def width():
    n = 4
    return n + 5
""", """
import time
from pkg.mod import bound
def test_strict():
    time.sleep(0.03)
    assert bound("strict") == 9
def test_loose(): assert bound("loose") > 0
def test_loose_again(): assert bound("loose") > 0
""", dead=["n + 5", "n = 4"], claims={"ASKED": "the order decides", "return 9": "the order decides"})

row("looks at code", 0, """
def price(n):
    total = 0
    for _ in range(n):
        total = total + 2
    return total
""", """
import marshal
from pkg.mod import price

def test_price(): assert price(3) > 0
def test_code(): assert price(3) and marshal.dumps(price.__code__)
""", alive=["total = total + 2"])


def score(desk, repo, *options):
    result = desk("score", "repo", "--level", "2", "--json", "score.json", "--no-progress", "--no-witnesses", *options)
    assert result.code == 0, result
    return result, json.loads((desk.folder / "score.json").read_text())["files"]


@pytest.mark.parametrize("name", ROWS)
def test_verdicts_agree_with_plain_pytest(tmp_path, name):
    about = ROWS[name]
    desk = Desk(tmp_path)
    repo = desk.repo(about.files)
    if about.prepare:
        about.prepare(repo)
    before = {path: path.read_bytes() for path in repo.rglob("*") if path.is_file()}
    result, files = score(desk, repo, *about.score)
    assert {path: path.read_bytes() for path in repo.rglob("*") if path.is_file()} == before
    assert about.says in result.err + result.out, result
    assert about.says or "unchanged code" not in result.err, result
    for wanted, lines in ((True, about.dead), (False, about.alive)):
        for text in lines:
            found = on_line(files, text)
            noticed = [mutant["status"] in ("Killed", "Timeout") for _path, mutant in found
                           if "equals another mutant's" not in mutant.get("statusReason", "")]
            assert noticed and (all(noticed) if wanted else not all(noticed)), (text, [describe(*each) for each in found])
    for text in about.killed:
        assert {mutant["status"] for _path, mutant in on_line(files, text)} == {"Killed"}, [describe(*each) for each in on_line(files, text)]
    claimed = {path: {"mutants": [mutant for mutant in file["mutants"] if not is_left_out(about, file, mutant)]} for path, file in files.items()}
    wrong = disagreements(repo, claimed, every_kill=kills(3), skip="static: its lines") if about.agrees else []
    assert not wrong, "\n" + "\n".join(wrong) + "\n" + result.out + result.err


def on_line(files, text):
    return [(path, mutant) for path, file in files.items() for mutant in file["mutants"]
            if not is_twin(mutant) and text in file["source"].splitlines()[mutant["location"]["start"]["line"] - 1]]


def is_left_out(about, file, mutant):
    line = mutant["location"]["start"]["line"] - 1
    return any(text in around for around in file["source"].splitlines()[line: line + 2] for text in about.claims)
