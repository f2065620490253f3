"""Mutants of what runs on import, with --static: each kind of place has some, and plain pytest on disk says the same of every one."""
import json

import pytest
from oracle import disagreements, kills, plain_pytest

SOURCE = '''import enum
import functools

LIMIT = 3 * 4
NAMES = [name for name in ("a", "b", "") if name]
if LIMIT > 10:
    MODE = "big"
else:
    MODE = "small"


def times(n, label="x" + "y"):
    def wrap(function):
        @functools.wraps(function)
        def inner(*args):
            return n * function(*args)
        inner.label = label
        return inner
    return wrap


@times(2 + 1)
def one(x):
    return x + 1


@times(
    n=5,
    label="five",
)
def five(x=1): return x


class Color(enum.IntEnum):
    RED = 1
    GREEN = RED + 1


class Box:
    size = 2 * 8
    scale = [1, 2][1]

    def __init__(self, width=LIMIT + 1, *, by=(1, 2)):
        self.width = width * by[1]

    @staticmethod
    @functools.lru_cache(maxsize=4)
    def area(n=len(NAMES) * 2): return n

    @times(n=4)
    def grown(self): return self.width


def tagged(cls):
    cls.tag = True
    return cls


@tagged
class Tagged(Box):
    half = lambda self, n=10 - 1: n // 2


def outer(n):
    @times(1 + 2)
    def inner(x, y=n * 2): return x + y
    return inner(1)


@times(9)  # pragma: no mutate
def kept(x): return x


UNSEEN = 7 + 1
'''
TESTS = '''from pkg.mod import LIMIT, MODE, NAMES, Box, Color, Tagged, five, kept, one, outer


def test_values(): assert (LIMIT, NAMES, MODE) == (12, ["a", "b"], "big")
def test_one(): assert one(1) == 6
def test_five(): assert (five(2), five(), five.label) == (10, 5, "five")
def test_label(): assert one.label == "xy"
def test_color(): assert (Color.RED, Color.GREEN) == (1, 2)
def test_box(): assert (Box.size, Box.scale, Box().width) == (16, 2, 26)
def test_area(): assert Box.area() == 4
def test_grown(): assert Box(1).grown() > 4
def test_tagged(): assert Tagged.tag and Tagged().half() == 4
def test_outer(): assert outer(2) == 15
def test_kept(): assert kept(1) == 9
'''
OTHER = '''from pkg.other import value
def test_value(): assert value() == 2
'''
FILES = {"pkg/__init__.py": "", "pkg/mod.py": SOURCE, "tests/test_mod.py": TESTS, "pkg/other.py": "def value(): return 1 + 1\n", "tests/test_other.py": OTHER}


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    from conftest import Desk

    desk = Desk(tmp_path_factory.mktemp("static"))
    repo = desk.repo(FILES)
    result = desk("score", "repo", "--static", "--level", "3", "--json", "score.json", "--no-progress", "--no-witnesses")
    assert result.code == 0, result
    return repo, json.loads((desk.folder / "score.json").read_text()), result





def test_every_place_that_runs_on_import_is_mutated(scored):
    _repo, report, _result = scored
    mutants = report["files"]["pkg/mod.py"]["mutants"]
    assert report["mutagen"]["static"]["leftOut"] == 0
    assert report["mutagen"]["static"]["judged"] == sum(mutant.get("static", False) for found in report["files"].values() for mutant in found["mutants"]) > 40
    have = {(mutant["location"]["start"]["line"], mutant["mutatorName"]) for mutant in mutants}
    source = SOURCE.split("\n")
    wanted = [("LIMIT = 3", "AOR"), ("NAMES =", "COI"), ("if LIMIT", "ROR"), ("    MODE = \"big", "CRP-str"), ("@times(2 + 1)", "AOR"), ("@times(2 + 1)", "CRP-num"),
              ("    n=5", "CRP-num"), ("    label=\"five", "CRP-str"), ("def times", "CRP-str"), ("    RED = 1", "CRP-num"), ("    size = 2", "AOR"),
              ("    def __init__", "AOR"), ("    def __init__", "CRP-num"), ("    def area", "AOR"), ("    @staticmethod", "DDL"), ("    @times(n=4)", "CRP-num"),
              ("@tagged", "DDL"), ("    half =", "AOR"), ("    @times(1 + 2)", "AOR"), ("    def inner(x, y", "AOR"), ("def five(x=1)", "DEF")]
    missing = [(text, name) for text, name in wanted
               if not any((number, name) in have for number, line in enumerate(source, 1) if line.startswith(text))]
    assert not missing, sorted(have)
    pragma = source.index("@times(9)  # pragma: no mutate") + 1
    assert all(mutant["status"] == "Ignored" for mutant in mutants if mutant["location"]["start"]["line"] == pragma)


def test_verdicts_agree_with_plain_pytest(scored):
    repo, report, result = scored
    assert "set aside" not in result.err and "unchanged code" not in result.err, result
    assert plain_pytest(repo)
    wrong = disagreements(repo, {"pkg/mod.py": report["files"]["pkg/mod.py"]}, every_kill=kills(3), skip="pragma")
    assert not wrong, "\n" + "\n".join(wrong)


def test_what_the_compiler_makes_the_same_is_in_no_number_and_is_named(desk):
    desk.repo({"m.py": "def f(n):\n    return n + 2 * 2\n\n\nLIMIT = 2 + 2\n", "tests/test_m.py": "from m import f, LIMIT\ndef test(): assert f(1) == 5 and LIMIT\n"})
    result = desk("score", "repo", "--static", "--all", "--no-progress", "--operators", "CRP-num")
    assert result.code == 0 and "(2 of 4 mutants detected" in result.out, result
    named = result.out.split("in no number, because")[1]
    assert named.count("m.f  CRP-num  (the bytecode equals another mutant's)") == 2, result
    assert named.count("m  CRP-num  (static: the bytecode equals another mutant's)") == 2, result
    assert "in no number" not in desk("score", "repo", "--static", "--no-progress", "--operators", "CRP-num").out


def test_a_target_that_forks_cannot_stand_for_is_told_once(desk):
    """Here a test that looks at the process which it was forked from."""
    test = "import os\n\nfrom m import LIMIT\n\n\ndef test_limit():\n    with open(f'/proc/{os.getppid()}/cmdline') as file:\n" \
           "        assert 'nursery' not in file.read()\n    assert LIMIT == 4\n"
    desk.repo({"m.py": "def one(n):\n    return n + 1\n\n\nLIMIT = one(3)\n", "tests/test_m.py": test})
    told = desk("score", "repo", "--static", "--no-progress", "--no-cache")
    line, = [line for line in told.err.splitlines() if "could not do with forks" in line]
    assert told.code == 0 and "needed a new interpreter" in line and line.endswith("fails") and "there tests/test_m.py::test_limit" in line, told
