"""What a test leaves deeper than the repo's own globals, on its first run in a chain: a mutant that does not do it any more is no survivor there."""
import textwrap

import pytest
from driver import Bench, forget_chains
from test_chain import run

CASES = {  # name: (statement of the function, what its test asks for)
    "nested": ('NESTED["log"]["level"] = n', 'mod.NESTED["log"]["level"] == 17'),
    "slot": ("SLOTS.ready = n", "mod.SLOTS.ready == 17"),
    "held": ("HELD[0].value = n", "mod.HELD[0].value == 17"),
    "spaces": ("SPACES.inner.value = n", "mod.SPACES.inner.value == 17"),
    "row": ('DATABASE.execute("insert into t values (17)")', 'mod.DATABASE.execute("select x from t").fetchone() == (17,)'),
    "table": ('DATABASE.execute("create table if not exists made (x)")', 'mod.DATABASE.execute("select count(*) from made").fetchone() == (0,)'),
    "numbers": ("ARRAY[0] = n", "mod.ARRAY[0] == 17"),
    "local": ("LOCAL.value = n", "mod.LOCAL.value == 17"),
    "generator": ("GENERATOR.send(n)", "next(mod.GENERATOR) == 17"),
    "config": ('CONFIG.set("main", "x", "17")', 'mod.CONFIG["main"]["x"] == "17"'),
    "attribute": ("attribute.seen = n", "mod.attribute.seen == 17"),
    "encoder": ("json.JSONEncoder.made_up = n", "mod.json.JSONEncoder.made_up == 17"),
    "dialect": ('csv.register_dialect("made-up", delimiter=";")', '"made-up" in mod.csv.list_dialects()'),
    "hangup": ("signal.signal(signal.SIGHUP, signal.SIG_IGN)", "mod.signal.getsignal(mod.signal.SIGHUP) == mod.signal.SIG_IGN"),
    "mask": ("os.umask(17)", "mod.os.umask(17) == 17"),
    "wait": ("socket.setdefaulttimeout(n)", "mod.socket.getdefaulttimeout() == 17"),
    "arguments": ("sys.argv = [n]", "mod.sys.argv == [17]"),
}
SOURCE = """
    import array
    import configparser
    import contextlib
    import csv
    import json
    import os
    import signal
    import socket
    import sqlite3
    import sys
    import threading
    import types
    sys.path.append(%r)
    import elsewhere

    NESTED = {"log": {"level": 0}}
    SLOTS = type("Slots", (), {"__slots__": ("ready",)})()
    SLOTS.ready = 0
    SPACES = types.SimpleNamespace(inner=types.SimpleNamespace(value=0))
    HELD = [types.SimpleNamespace(value=0)]
    DATABASE = sqlite3.connect(":memory:")
    DATABASE.execute("create table t (x)")
    ARRAY = array.array("i", [0])
    LOCAL = threading.local()
    CONFIG = configparser.ConfigParser()
    CONFIG.read_dict({"main": {"x": "0"}})

    def keeping():
        value = 0
        while True:
            value = (yield value) or value

    GENERATOR = keeping()
    next(GENERATOR)

    def closing():
        value = 0
        def cell(n):
            nonlocal value
            value = n
        return cell, lambda: value

    cell, in_cell = closing()

    @contextlib.contextmanager
    def lit(n):
        before, elsewhere.lamp.color = elsewhere.lamp.color, n
        yield n
        elsewhere.lamp.color = before

    def plain(n):
        value = n
        return value
"""


# Stands for an installed package.
ELSEWHERE = """
    class Lamp:
        pass

    lamp = Lamp()
    lamp.color = "red"
"""
TESTS = """
    import mod

    def test_cell():
        mod.cell(17)
        assert mod.in_cell() == 17
    def test_lit():
        with mod.lit("blue"):
            assert mod.elsewhere.lamp.color == "blue"
    def test_plain(): assert mod.plain(17) == 17
"""


@pytest.fixture(scope="module")
def repo(shared, tmp_path_factory):
    place = tmp_path_factory.mktemp("site")
    (place / "elsewhere.py").write_text(textwrap.dedent(ELSEWHERE))
    functions = ["def %s(n):\n    %s\n" % (name, statement) for name, (statement, _asked) in CASES.items()]
    tests = ["def test_%s():\n    mod.%s(17)\n    assert %s\n" % (name, name, asked) for name, (_statement, asked) in CASES.items()]
    shared.write("mod.py", textwrap.dedent(SOURCE % str(place)) + "\n".join(functions))
    shared.write("test_mod.py", textwrap.dedent(TESTS) + "\n".join(tests))
    shared.start(jobs=1)
    shared.baseline(files=["mod.py"])
    return shared


@pytest.fixture(autouse=True)
def unaware(repo):
    yield
    forget_chains(repo)


@pytest.mark.parametrize("name", CASES)
def test_what_was_done_once_and_for_all_hides_no_mutant_that_does_not(repo, name):
    bench = Bench(repo, "mod.py", name)
    for new in ("pass", "n", "n, n"):
        assert run(bench, CASES[name][0], new, ["test_" + name], near=1)[1:] == ("done", True)


def test_nor_does_what_a_closure_holds(repo):
    bench = Bench(repo, "mod.py", "closing.cell")
    for new in ("value = value", "value = value or 0"):
        assert run(bench, "value = n", new, ["test_cell"], near=1)[1:] == ("done", True)


def test_nor_does_what_a_survivor_leaves(repo):
    bench = Bench(repo, "mod.py", "lit")
    assert run(bench, "yield n", "yield 1", ["test_lit"], near=1) == (True, "done", False)
    assert run(bench, "elsewhere.lamp.color = before", "pass", ["test_lit"], near=1)[1:] == ("done", False)  # the lamp stays blue
    assert run(bench, "= elsewhere.lamp.color, n", "= elsewhere.lamp.color, elsewhere.lamp.color", ["test_lit"], near=1)[1:] == ("done", True)


def test_what_leaves_nothing_is_believed_where_it_is(repo):
    bench = Bench(repo, "mod.py", "plain")
    seen = bench.mutant("value = n", "value = n + 0", ["test_plain"], limit=0.51, chain=True, own=1, near=1)
    assert seen["ahead"] and seen["settles"] and not seen["runs"][0][1], seen
