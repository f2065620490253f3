"""Verdicts against plain pytest on disk: the mutants of small modules, one for each way in which tests come to run a function."""
import json

import pytest
from oracle import disagreements, kills, plain_pytest

SHAPES = {}  # name -> (text of shapes/<name>.py, text of tests/test_<name>.py)


def shape(name, source, tests):
    SHAPES[name] = source.lstrip("\n"), tests.lstrip("\n")


shape("cached", """
import functools

@functools.lru_cache(maxsize=None)
def size(n):
    half = n // 2
    return half + 1

STORE = {}

def remembered(key):
    if key not in STORE:
        STORE[key] = len(key) * 2
    return STORE[key]
""", """
from shapes.cached import remembered, size

def test_first(): size(10)
def test_second(): assert size(10) == 6
def test_fill(): remembered("abc")
def test_use(): assert remembered("abc") == 6
""")

shape("fixtures", """
def load(n):
    rows = list(range(n))
    rows.append(n * 10)
    return rows

def opened(n):
    value = n + 1
    yield value
    value = n - 1
    CLOSED.append(value)

CLOSED = []
""", """
import pytest
from shapes.fixtures import CLOSED, load, opened

@pytest.fixture(scope="module")
def rows(): return load(3)

@pytest.fixture(scope="session")
def resource():
    yield from opened(4)

@pytest.fixture(autouse=True, scope="class")
def around(request):
    request.cls and setattr(request.cls, "shared", load(2))

def test_weak(rows): assert rows
def test_strong(rows): assert rows == [0, 1, 2, 30]
def test_value(resource): assert resource == 5
class TestShared:
    def test_nothing(self): pass
    def test_last(self): assert self.shared[-1] == 20
""")

shape("xunit", """
def prepare(n):
    table = {"n": n * 2}
    table["m"] = n - 1
    return table

def plain(n):
    low = n - 3
    return low if low > 0 else 0
""", """
import unittest
from shapes.xunit import plain, prepare

def setup_module():
    global TABLE
    TABLE = prepare(5)

class TestOld:
    def setup_method(self): self.low = plain(4)
    def test_low(self): assert self.low == 1

class TestNew(unittest.TestCase):
    @classmethod
    def setUpClass(cls): cls.table = prepare(7)
    def test_a_nothing(self): pass
    def test_n(self): self.assertEqual(self.table["n"], 14)
    def test_parts(self):
        for n, low in ((2, 0), (9, 6)):
            with self.subTest(n=n): self.assertEqual(plain(n), low)

def test_table(): assert TABLE["m"] == 4
""")

shape("spread", """
def long_call(a, b):
    result = max(
        a + 1,
        b
        -
        2,
    )
    table = [
        1,
        2,
        a,
    ]
    return (result,
            table)

def condition(a, b, c):
    if (
        a > 1
        and b < 5
        and not
        c
    ):
        return (
            "yes"
        )
    return ("no"
            + str(a
                  ))

def loop(items):
    total = 0
    for item in items:
        if item < 0:
            continue
        if item > 100:
            break
        total += item
    else:
        total += 1000
    while True:
        total -= 7
        if total < 7:
            break
    return total

def guarded(text):
    try:
        value = int(text)
    except ValueError:
        value = -1
    except TypeError:
        return None
    else:
        value += 1
    finally:
        SEEN.append(text)
    return value

SEEN = []

def texts(name, n):
    line = (f"{name}: "
            f"{n + 1} "
            "items")
    return "\\n".join([
        line,
        "-" * n,
    ])
""", """
from shapes.spread import condition, guarded, long_call, loop, texts

def test_call(): assert long_call(3, 9) == (7, [1, 2, 3])
def test_condition():
    assert condition(2, 4, 0) == "yes"
    assert condition(1, 4, 0) == "no1"
def test_loop():
    assert loop([1, -1, 5]) == 5
    assert loop([4, 101, 50]) == -3
def test_guarded():
    assert guarded("4") == 5
    assert guarded("x") == -1
def test_texts(): assert texts("a", 2) == "a: 3 items\\n--"
""")

shape("imported", """
TABLE = {}

def register(name, value):
    key = name.lower()
    TABLE[key] = value + 1

register("One", 1)
register("Two", 2)

def only_here(n):
    n = n * 3
    return n + 1

LIMIT = only_here(4)

def both(n):
    if n > 10:
        n = n - 1
    return n

BOUND = both(12)
""", """
from shapes.imported import BOUND, LIMIT, TABLE, both

def test_table(): assert TABLE == {"one": 2, "two": 3}
def test_limit(): assert LIMIT == 13
def test_bound(): assert BOUND == 11
def test_both(): assert both(5) == 5
""")

shape("decorated", """
import functools

def tagged(tag):
    label = tag.upper()
    def wrap(function):
        name = function.__name__ + "!"
        @functools.wraps(function)
        def inner(*args):
            result = function(*args)
            return label + ":" + name + ":" + str(result + 1)
        return inner
    return wrap

@tagged("ab")
def twice(n):
    m = n * 2
    return m

class Registry(type):
    def __new__(mcls, name, bases, space):
        space["order"] = len(name) + 1
        return super().__new__(mcls, name, bases, space)

class Base(metaclass=Registry):
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.depth = len(cls.__mro__) + 1

class Derived(Base):
    pass
""", """
from shapes.decorated import Base, Derived, tagged, twice

def test_twice(): assert twice(3) == "AB:TWICE!:7".replace("TWICE", "twice")
def test_other():
    @tagged("x")
    def one(n): return n
    assert one(1) == "X:one!:2"
def test_classes(): assert (Base.order, Derived.depth) == (5, 4)
""")

shape("collected", """
def cases(n):
    found = []
    for i in range(n):
        found.append((i, i * 2))
    return found

def twice(n):
    result = n + n
    return result

def available():
    answer = 1 + 1
    return answer == 2
""", """
import pytest
from shapes.collected import available, cases, twice

@pytest.mark.parametrize("n, want", cases(3))
def test_twice(n, want): assert twice(n) == want

@pytest.mark.skipif(not available(), reason="not here")
def test_available(): assert twice(4) == 8

def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", cases(2))
def test_case(case): assert case[0] * 2 == case[1]
""")

shape("classes", """
import dataclasses

@dataclasses.dataclass
class Point:
    x: int
    y: int = 0

    def __post_init__(self):
        if self.x < 0:
            self.x = 0
        self.z = self.x + self.y

    def moved(self, by):
        new = self.x + by
        return dataclasses.replace(self, x=new)

class Account:
    rate = 2

    def __init__(self, start):
        self._value = start
        self.log = []

    @property
    def value(self):
        self.log.append("read")
        return self._value

    @value.setter
    def value(self, new):
        if new < 0:
            new = 0
        self._value = new

    @classmethod
    def make(cls, n):
        start = n * cls.rate
        return cls(start)

    @staticmethod
    def fee(n):
        part = n // 10
        return part + 1

    def __add__(self, other):
        total = self._value + other
        return Account(total)

    __radd__ = __add__

    def __eq__(self, other):
        mine = self._value
        return mine == other._value

class Sub(Account):
    def __init__(self, start):
        super().__init__(start + 1)
        self.log.append("sub")
""", """
from shapes.classes import Account, Point, Sub

def test_point():
    assert Point(-1, 3).z == 3
    assert Point(2).moved(3).x == 5
def test_value():
    account = Account(5)
    account.value = -3
    assert account.value == 0
    assert account.log == ["read"]
def test_make(): assert Account.make(3)._value == 6
def test_fee(): assert Account.fee(25) == 3
def test_add(): assert (Account(1) + 2)._value == 3 and (2 + Account(1))._value == 3
def test_eq(): assert Account(1) == Account(1)
def test_sub(): assert Sub(1)._value == 2
""")

shape("waiting", """
import asyncio
import contextlib

async def fetch(n):
    await asyncio.sleep(0)
    if n > 3:
        return n - 1
    return n

async def numbers(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield i * 2

@contextlib.contextmanager
def stacked(log):
    log.append("in")
    try:
        yield len(log)
    finally:
        log.append("out")

def produce(n):
    while n > 0:
        n -= 1
        got = yield n * 2
        if got:
            n = got
""", """
import asyncio
from shapes.waiting import fetch, numbers, produce, stacked

def test_fetch(): assert asyncio.run(fetch(5)) == 4
def test_numbers():
    async def collect(): return [n async for n in numbers(3)]
    assert asyncio.run(collect()) == [0, 2, 4]
def test_stacked():
    log = []
    with stacked(log) as n: assert n == 1
    assert log == ["in", "out"]
def test_produce(): assert list(produce(3)) == [4, 2, 0]
def test_send():
    it = produce(2)
    assert next(it) == 2
    assert it.send(5) == 8
""")

shape("beside", """
import concurrent.futures
import threading

def work(n):
    square = n * n
    return square + 1

def started(n):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(work(n) + 1))
    thread.start()
    thread.join()
    return seen
""", """
import concurrent.futures
from shapes.beside import started, work

def test_started(): assert started(3) == [11]
def test_pool():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, [1, 2])) == [2, 5]
""")

shape("lazy", """
def late(n):
    result = n + 3
    return result

VALUE = late(1)

def once(n):
    result = n + 7
    return result

ONCE = once(1)
""", """
def test_late():
    from shapes import lazy
    assert (lazy.VALUE, lazy.ONCE) == (4, 8)
def test_call():
    import shapes.lazy as lazy
    assert lazy.late(2) == 5
""")

shape("again", """
def level(n):
    result = n + 3
    return result

def other(n):
    result = n - 3
    return result
""", """
import importlib
import sys
import shapes.again

def test_reload():
    module = importlib.reload(shapes.again)
    assert module.level(1) == 4
def test_purge():
    sys.modules.pop("shapes.again", None)
    from shapes.again import other
    assert other(1) == -2
""")

shape("processes", """
def parent(n):
    result = n + 3
    return result
""", """
import multiprocessing
import os
import subprocess
import sys

from shapes.processes import parent

def test_fork():
    context = multiprocessing.get_context("fork")
    with context.Pool(1) as pool: assert pool.map(parent, [1, 2]) == [4, 5]
""")

shape("endings", """
import sys

def leave(n):
    if n > 3:
        sys.exit(n - 1)
    return n

def deep(n):
    if n == 0:
        return 0
    return deep(n - 1) + 1

def spin(n):
    count = 0
    while n > 1:
        n -= 2
        count += 1
    return count

def typed(n):
    if not isinstance(n, int):
        raise TypeError("no int: %r" % (n,))
    return n * 2
""", """
import pytest
from shapes.endings import deep, leave, spin, typed

def test_leave():
    with pytest.raises(SystemExit) as caught: leave(5)
    assert caught.value.code == 4
    assert leave(3) == 3
def test_deep(): assert deep(4) == 4
def test_spin(): assert spin(7) == 3
def test_typed():
    with pytest.raises(TypeError, match="no int: 'x'"): typed("x")
    assert typed(2) == 4
@pytest.mark.xfail(strict=True)
def test_expected(): assert typed(2) == 5
""")

shape("noticed", """
import warnings

def old(n):
    warnings.warn("old", DeprecationWarning)
    return n + 1

def said(n):
    print("n is %d" % (n + 1), end=";")
    name = "n" * n
    return name
""", """
import pytest
from shapes.noticed import old, said

def test_old():
    with pytest.warns(DeprecationWarning): assert old(1) == 2
def test_said(capsys):
    said(2)
    assert capsys.readouterr().out == "n is 3;"
def test_time(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert said(1) == "n"
""")

shape("properties", """
import functools

class Box:
    made = 0

    def __init__(self, width): self._width = width

    @property
    def width(self):
        "One statement."
        return self._width + 1

    @width.setter
    def width(self, value):
        if value < 0:
            raise ValueError(value)
        self._width = value - 1

    @width.deleter
    def width(self): self._width = 0

    @functools.cached_property
    def area(self):
        Box.made += 1
        return self._width * 3

    def _get(self): return self._width - 2
    def _set(self, value): self._width = value + 2
    low = property(_get, _set)

    @staticmethod
    def double(n): return n * 2

    @property
    def weak(self): return self._width > 2

class Narrow(Box):
    @Box.width.getter
    def width(self): return self._width + 10

def one(n): return n + 1
def untested(n): return n - 1
def outer(n):
    inner = lambda x: x * 2 + n
    def nested(x):
        return x - n
    return inner(3) + nested(9)
def again(n): return n + 3
FIRST = again
def again(n): return n + 5
""", """
import pytest
from shapes.properties import FIRST, Box, Narrow, again, one, outer

def test_get(): assert Box(4).width == 5
def test_set():
    box = Box(4)
    box.width = 9
    assert box._width == 8
    box.width = 0
    with pytest.raises(ValueError): box.width = -1
def test_delete():
    box = Box(4)
    del box.width
    assert box._width == 0
def test_area():
    box, before = Box(2), Box.made
    assert (box.area, box.area, Box.made - before) == (6, 6, 1)
def test_low():
    box = Box(5)
    assert box.low == 3
    box.low = 1
    assert box._width == 3
def test_double(): assert Box.double(3) == 6
def test_weak(): assert Box(9).weak
def test_narrow():
    narrow = Narrow(1)
    narrow.width = 3
    assert narrow.width == 12
def test_one(): assert one(1)
def test_outer(): assert outer(2) == 15
def test_again(): assert (FIRST(1), again(1)) == (4, 6)
""")

# More statements than `run` would write tests for.
shape("giant", "def giant(n):\n    total = 0\n" + "".join("    total += n%s\n" % ("" if i % 8 else " // %d" % (i + 1)) for i in range(90)) + "    return total\n", """
from shapes.giant import giant

def test_giant(): assert giant(1000) == sum(1000 if i % 8 else 1000 // (i + 1) for i in range(90))
""")


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    from conftest import Desk

    desk = Desk(tmp_path_factory.mktemp("verdicts"))
    files = {"shapes/__init__.py": ""}
    for name, (source, tests) in SHAPES.items():
        files["shapes/%s.py" % name] = source
        files["tests/test_%s.py" % name] = tests
    repo = desk.repo(files)
    result = desk("score", "repo", "--level", "2", "--json", "score.json", "--no-progress", "--no-witnesses")
    assert result.code == 0, result
    assert "set aside" not in result.err and "unchanged code" not in result.err, result
    return repo, json.loads((desk.folder / "score.json").read_text())["files"]


@pytest.mark.parametrize("name", SHAPES)
def test_verdicts_agree_with_plain_pytest(scored, name):
    repo, files = scored
    path = "shapes/%s.py" % name
    tests = "tests/test_%s.py" % name
    assert plain_pytest(repo, tests)
    assert files[path]["mutants"]
    # Every eighth kill is enough to notice a wrong kind of kill; what is static claims nothing.
    wrong = disagreements(repo, {path: files[path]}, lambda repo: plain_pytest(repo, tests), every_kill=kills(8), skip="static")
    assert not wrong, "\n" + "\n".join(wrong)


def test_what_runs_on_import_only_is_called_static(scored):
    _repo, files = scored
    for name, line, static in (("imported", 11, True), ("imported", 4, True), ("collected", 4, True), ("decorated", 21, True), ("lazy", 8, False),
                               ("imported", 2, False), ("cached", 5, False)):
        found = [mutant.get("statusReason", "") for mutant in files["shapes/%s.py" % name]["mutants"]
                 if mutant["location"]["start"]["line"] == line and mutant["status"] != "Killed"]
        assert [reason.startswith("static") for reason in found] == [static] * len(found) and (found or not static), (name, line, found)


def test_every_function_is_a_target(scored):
    _repo, files = scored
    lines = {mutant["location"]["start"]["line"] for mutant in files["shapes/properties.py"]["mutants"]}
    assert {6, 11, 15, 17, 20, 24, 25, 27, 28, 32, 35, 39, 41, 42, 44, 46, 47, 48, 50} <= lines, sorted(lines)
    mutants = [mutant for found in files.values() for mutant in found["mutants"]]
    assert len({mutant["id"] for mutant in mutants}) == len(mutants)  # getter and setter have one name
    assert len(files["shapes/giant.py"]["mutants"]) > 90
