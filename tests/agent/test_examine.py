"""check: a text is compiled and not run. examine: what failing tests say, what they compared, and edits that make them pass."""
import os

import pytest
from driver import Bench

MODULE = '''
import decimal
import enum
import os
import random
import time


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class BadWord(ValueError):
    pass


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __eq__(self, other):
        return (self.x, self.y) == (other.x, other.y)

    def __repr__(self):
        return "Point(%r, %r)" % (self.x, self.y)


def double(n):
    return n * 2


def pairs(n):
    return [(i, i * i) for i in range(n)]


def check(word):
    if not word.isalpha():
        raise BadWord("%r is no word (only letters)" % word)
    return word.upper()


def price(text):
    return decimal.Decimal(text)


def third(n):
    return n / 3


def color(n):
    return Color(n)


def point(x):
    return Point(x, x + 1)


def nothing(*args):
    return None


def is_even(n):
    return n % 2 == 0


calls = []


def tick():
    calls.append(1)
    return len(calls)


def now():
    return time.time()


def die():
    os._exit(3)


def hang():
    while True:
        time.sleep(0.01)


def key(name):
    return {"a": 1}[name]
'''
HEAD = "import pytest\nimport unittest\nfrom mod import *\nimport mod\n"


@pytest.fixture(scope="module")
def bench(shared):
    shared.write("mod.py", MODULE)
    shared.write("tests/test_mod.py", "from mod import double\ndef test_own(): assert double(1) == 3\n")
    shared.start()
    return Bench(shared, "mod.py", "double")


def load(bench, source, path="tests/test_gen.py"):
    answer = bench.wire.ask("load", path=path, source=source)
    assert answer["errors"] == [], answer
    return list(range(answer["first"], answer["first"] + len(answer["tests"])))


def examine(bench, tests, seconds=5.0):
    answer = bench.wire.ask("examine", tests=tests, seconds=seconds)
    assert answer["ok"], answer
    assert [one["test"] for one in answer["tests"]] == tests
    return answer["tests"]


def apply(source, patches):
    """As the other side does it; by lines and bytes."""
    data = source.encode()
    starts = [0] + [i + 1 for i, byte in enumerate(data) if byte == 10]
    edits = sorted((starts[p["line"] - 1] + p["column"], starts[p["end_line"] - 1] + p["end_column"], p["replacement"]) for p in patches)
    assert all(a[1] <= b[0] for a, b in zip(edits, edits[1:]))
    for first, last, text in reversed(edits):
        data = data[:first] + text.encode() + data[last:]
    return data.decode()


# Bodies of a test, what the edits make of it (None: no edit), and the value that was seen.
REPAIRED = [
    ("assert double(2) == 5", "assert double(2) == 4", "4"),
    ("assert 5 == double(2)", "assert 4 == double(2)", "4"),
    ("assert double('é') == 'ü', 'é'", "assert double('é') == 'éé', 'é'", "'éé'"),
    ("assert pairs(2) == [(0, 0)]", "assert pairs(2) == [(0, 0), (1, 1)]", "[(0, 0), (1, 1)]"),
    ("assert pairs(2) == [\n        (0, 0),\n        (1, 2),  # squares\n    ]", "assert pairs(2) == [(0, 0), (1, 1)]", "[(0, 0), (1, 1)]"),
    ("assert dict(pairs(2)) == {0: 1}", "assert dict(pairs(2)) == {0: 0, 1: 1}", "{0: 0, 1: 1}"),
    ("assert (double(2)) == (5)", "assert (double(2)) == (4)", "4"),
    ("assert double(2) is None", "assert double(2) == 4", "4"),
    ("assert nothing() == 3", "assert nothing() is None", "None"),
    ("assert nothing() is not None", "assert nothing() is None", "None"),
    ("assert double(2) != 4", "assert double(2) == 4", "4"),
    ("assert len(pairs(3)) > 3", "assert len(pairs(3)) == 3", "3"),
    ("assert double(2) <= -1", "assert double(2) == 4", "4"),
    ("assert third(1) == 0.33", "assert third(1) == pytest.approx(0.3333333333333333)", "0.3333333333333333"),
    ("assert third(1) == pytest.approx(0.4)", "assert third(1) == pytest.approx(0.3333333333333333)", "0.3333333333333333"),
    ("assert third(1) == pytest.approx(0.4, rel=1e-3)", "assert third(1) == pytest.approx(0.3333333333333333, rel=1e-3)", "0.3333333333333333"),
    ("assert nothing() == pytest.approx(0.4)", "assert nothing() is None", "None"),
    ("result = double(3)\n    assert result == 7", "result = double(3)\n    assert result == 6", "6"),
    ("expected = 7\n    assert double(3) == expected", "expected = 6\n    assert double(3) == expected", "6"),
    ("n = 7\n    assert double(n) == n", None, "14"),
    ("assert double(2) == double(3)", None, "4"),
    ("assert color(2) is Color.RED", "assert color(2) is Color.BLUE", "Color.BLUE"),
    ("assert type(double(1)) is str", "assert type(double(1)) is int", "int"),
    ("assert point(1) == Point(2, 2)", "assert point(1) == Point(1, 2)", "Point(1, 2)"),
    ("assert price('1.5') == 2", "assert price('1.5') == decimal.Decimal('1.5')", "decimal.Decimal('1.5')"),
    ("assert is_even(3)", "assert is_even(3) is False", "False"),
    ("assert not is_even(2)", "assert is_even(2) is True", "True"),
    ("assert isinstance(double(2), str)", None, "4"),
    ("assert 3 in pairs(2)", None, "[(0, 0), (1, 1)]"),
    ("for n in (1, 2):\n        assert double(n) == 2", None, "4"),
    ("assert random.random() == 5", None, ""),
    ("assert object() == 5", None, ""),
    ("assert now() == 5", None, ""),
    ("assert tick() == 5", "assert tick() == 1", "1"),
    ("assert not tick()", None, ""),
    ("assert mod.tick() >= 50 and double(1) == 1", None, ""),
    ("assert [double][0](2) == 5; x = 1", None, ""),
    ("def helper(value, wanted):\n        assert value == wanted\n    helper(double(2), 5)", None, "4"),
    ("with pytest.raises(KeyError):\n        check('1')", "with pytest.raises(BadWord):\n        check('1')", ""),
    ("with pytest.raises((KeyError, OSError)):\n        check('1')", "with pytest.raises(BadWord):\n        check('1')", ""),
    ("with pytest.raises(ValueError, match='nope'):\n        check('1')",
     "with pytest.raises(ValueError, match=r\"'1' is no word \\(only letters\\)\"):\n        check('1')".replace("r\"'1'", "r\"'1'"), ""),
    ("with pytest.raises(TypeError, match='nope') as caught:\n        check('1')\n    assert caught.value",
     "with pytest.raises(BadWord, match=r\"'1' is no word \\(only letters\\)\") as caught:\n        check('1')\n    assert caught.value", ""),
    ("with pytest.raises(ValueError):\n        key('b')", "with pytest.raises(KeyError):\n        key('b')", ""),
    ("pytest.raises(KeyError, check, '1')", "pytest.raises(BadWord, check, '1')", ""),
    ("with pytest.raises(ValueError):\n        check('a')", "assert check('a') == 'A'", "'A'"),
    ("with pytest.raises(ValueError):\n        double()", None, ""),
    ("with pytest.raises(ValueError):\n        no_such_name", None, ""),
    ("check('1')", None, ""),
]


@pytest.mark.parametrize("body, repaired, actual", REPAIRED)
def test_a_failing_test_and_what_it_should_have_said(bench, body, repaired, actual):
    source = HEAD + "\n\ndef test_it():\n    %s\n" % body
    one = examine(bench, load(bench, source))[0]
    assert one["outcome"] == "failed" and one["text"]
    assert one["actual"] == actual
    if repaired is None:
        assert one["patches"] == []
        return
    text = apply(source, one["patches"])
    assert text == HEAD + "\n\ndef test_it():\n    %s\n" % repaired or "import decimal\n" in text and repaired in text
    again = examine(bench, load(bench, text))[0]
    assert again == {"test": again["test"], "outcome": "passed", "text": "", "actual": "", "patches": []}


IN_A_CLASS = [
    ("self.assertEqual(double(2), 5)", "self.assertEqual(double(2), 4)"),
    ("self.assertEqual(5, double(2))", "self.assertEqual(4, double(2))"),
    ("self.assertListEqual(pairs(1), [])", "self.assertListEqual(pairs(1), [(0, 0)])"),
    ("self.assertIsNone(double(2))", "self.assertEqual(double(2), 4)"),
    ("self.assertTrue(is_even(3))", "self.assertIs(is_even(3), False)"),
    ("self.assertNotEqual(double(2), 4)", "self.assertEqual(double(2), 4)"),
    ("self.assertGreater(double(2), 9)", "self.assertEqual(double(2), 4)"),
    ("self.assertAlmostEqual(third(1), 0.4, 3)", "self.assertAlmostEqual(third(1), 0.3333333333333333, 3)"),
    ("with self.assertRaises(KeyError):\n            check('1')", "with self.assertRaises(BadWord):\n            check('1')"),
]


@pytest.mark.parametrize("body, repaired", IN_A_CLASS)
def test_methods_of_unittest(bench, body, repaired):
    form = HEAD + "\n\nclass TestIt(unittest.TestCase):\n    def test_it(self):\n        %s\n"
    one = examine(bench, load(bench, form % body))[0]
    text = apply(form % body, one["patches"])
    assert text == form % repaired
    assert examine(bench, load(bench, text))[0]["outcome"] == "passed"


TABLES = [  # the table before and behind; a body that is given n and wanted
    ("[(1, 2), (2, 5), (3, 6)]", "[(1, 2), (2, 4), (3, 6)]", "assert double(n) == wanted"),
    ("[(1, 2), pytest.param(2, 5, id='two')]", "[(1, 2), pytest.param(2, 4, id='two')]", "assert wanted == double(n)"),
    ("[(1, 3), (2, 5)]", "[(1, 2), (2, 4)]", "assert double(n) == wanted"),
    ("[(1, 2.5), (2, 4)]", "[(1, 2), (2, 4)]", "assert double(n) == pytest.approx(wanted)"),
    ("[\n    (1, 2),  # one\n    ('a', 2),  # wrong\n    (3, 6),\n]", "[\n    (1, 2),  # one\n    (3, 6),\n]", "assert n + 1 == wanted or double(n) == wanted"),
    ("[(None, 2), (3, 6)]", "[(3, 6)]", "assert double(n) == wanted"),
    ("[(3, 6), (None, 2)]", "[(3, 6), ]", "assert double(n) == wanted"),
    ("[(3, 6), (None, 2)], ids=['a', 'b']", "[(3, 6), ], ids=['a', ]", "assert double(n) == wanted"),
    ("[(3, 6), (None, 2)], ids=repr", "[(3, 6), ], ids=repr", "assert double(n) == wanted"),
    ("[(None, 6), (None, 2)]", None, "assert double(n) == wanted"),
    ("((3, 6), (None, 2))", None, "assert double(n) == wanted"),
    ("[(1, 3), (2, 2)]", "[(2, 2)]", "assert n * 2 - double(n) == wanted - wanted + (n == 1)"),
    ("[(1, 2), (2, 2)]", "[(1, 2), ]", "assert double(n) == 2, wanted"),
    ("[(i, 2) for i in (1, 2)]", None, "assert double(n) == wanted"),
]


@pytest.mark.parametrize("before, behind, body", TABLES)
def test_tables(bench, before, behind, body):
    form = HEAD + "\n\n@pytest.mark.parametrize('n, wanted', %s)\ndef test_it(n, wanted):\n    %s\n"
    source = form % (before, body)
    found = examine(bench, load(bench, source))
    patches = [patch for one in found for patch in one["patches"]]
    assert any(one["outcome"] == "failed" for one in found)
    if behind is None:
        assert patches == []
        return
    text = apply(source, patches)
    assert text == form % (behind, body)
    assert {one["outcome"] for one in examine(bench, load(bench, text))} == {"passed"}


def test_two_tables_are_left_alone(bench):
    source = HEAD + "@pytest.mark.parametrize('a', [1, 2])\n@pytest.mark.parametrize('b', [2, 4])\ndef test_it(a, b):\n    assert double(a) == b\n"
    assert [one["patches"] for one in examine(bench, load(bench, source))] == [[]] * 4


def test_reports_are_short_relative_and_without_logs(bench):
    source = HEAD + (
        "import logging\n\n\ndef test_long():\n    logging.error('LOGGED')\n    print('PRINTED')\n    assert list(range(500)) == list(range(1, 900))\n"
        "\n\ndef test_deep(tmp_path):\n    def down(n):\n        return down(n - 1) + 1 if n else open(str(tmp_path / 'x'))\n    down(200)\n"
        "\n\ndef test_wide():\n    raise ValueError('x' * 9000)\n"
    )
    for one in examine(bench, load(bench, source)):
        assert one["outcome"] == "failed"
        lines = one["text"].splitlines()
        assert len(lines) <= 40 and len(one["text"].encode()) <= 4000
        assert "LOGGED" not in one["text"] and "PRINTED" not in one["text"]
        assert "tests/test_gen.py:" in lines[0] and bench.repo.path not in one["text"] and bench.repo.scratch not in one["text"]
        assert lines[-1].startswith("E ")


def test_every_outcome_and_what_ends_a_process(bench):
    source = HEAD + (
        "def test_ok(): assert double(1) == 2\ndef test_dies(): die()\ndef test_skips(): pytest.skip('not here')\ndef test_hangs(): hang()\n"
        "@pytest.mark.xfail\ndef test_x(): assert 0\n@pytest.fixture\ndef broken(): raise KeyError('k')\ndef test_setup(broken): pass\n"
        "def test_exits(): raise SystemExit(3)\ndef test_last(): assert double(1) == 3\n"
        "class Odd:\n    def __eq__(self, other):\n        return False\n    def __repr__(self):\n        die()\ndef test_kills_the_look(): assert Odd() == 3\n"
        "def test_behind(): assert double(1) == 2\n"
    )
    found = {one["test"]: one for one in examine(bench, load(bench, source), seconds=1.0)}
    outcomes = [one["outcome"] for one in found.values()]
    assert outcomes == ["passed", "crashed", "skipped", "timeout", "xfailed", "error", "failed", "failed", "crashed", "passed"]
    texts = [one["text"] for one in found.values()]
    assert texts[0] == "" and "not here" in texts[2] and "1 s" in texts[3] and "KeyError" in texts[5] and "SystemExit" in texts[6]
    assert list(found.values())[7]["patches"]


def test_the_repos_own_tests_are_examined_without_edits(bench):
    one = examine(bench, [0])[0]
    assert one["outcome"] == "failed" and "assert 2 == 3" in one["text"] and one["actual"] == "" and one["patches"] == []
    assert not bench.wire.ask("examine", tests=[10 ** 6], seconds=1.0)["ok"]


def test_missing_imports_come_with_the_edit(bench):
    source = "import pytest\nfrom mod import price, check\n\n\ndef test_a():\n    assert price('2') == 7\n\n\ndef test_b():\n    with pytest.raises(KeyError):\n        check('1')\n"
    first, second = examine(bench, load(bench, source))
    assert "import decimal\nimport pytest\n" in apply(source, first["patches"]) and "== decimal.Decimal('2')" in apply(source, first["patches"])
    assert "import mod\nimport pytest\n" in apply(source, second["patches"]) and "raises(mod.BadWord)" in apply(source, second["patches"])
    for one in (first, second):
        text = apply(source, one["patches"])
        assert "passed" in {again["outcome"] for again in examine(bench, load(bench, text))}


def test_asserts_that_are_not_rewritten(bench):
    source = '"""PYTEST_DONT_REWRITE"""\nfrom mod import double\n\n\ndef test_a():\n    assert double(2) == 5\n'
    one = examine(bench, load(bench, source))[0]
    assert one["actual"] == "4" and "double(2) == 4" in apply(source, one["patches"])


@pytest.mark.parametrize("source, problem", [
    ("x = 1\n", ""),
    ("raise SystemExit\nopen('/ran', 'w')\nimport nothing_like_this\n", ""),
    ("'\\d'\nassert (1, 'x')\n", ""),
    ("def f(:\n", "line 1: "),
    ("def f():\n    x = (1\n", "line 2: "),
    ("if 1:\nx = 2\n", "line 2: expected an indented block"),
    ("\nreturn 3\n", "line 2: 'return' outside function"),
    ("x = '\0'\n", "null byte"),
    ("-" * 100000 + "1\n", " "),
    ("(" * 300 + ")" * 300 + "\n", " "),
])
def test_check_compiles_and_runs_nothing(bench, source, problem):
    answer = bench.wire.ask("check", source=source)
    assert answer["ok"] and (problem in answer["problem"] if problem else answer["problem"] == ""), answer
    assert "\n" not in answer["problem"]
    assert not os.path.exists("/ran")


def test_check_and_examine_need_no_target(shared, bench):
    wire = shared.session()
    assert wire.ask("check", source="x = (\n")["problem"]
    first = wire.ask("load", path="tests/test_b.py", source="def test_b(): assert 1 == 2\n")["first"]
    assert wire.ask("examine", tests=[first], seconds=5.0)["tests"][0]["outcome"] == "failed"
