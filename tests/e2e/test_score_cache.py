"""What `score` remembers: nothing changed, no test runs; a change, exactly the mutants whose tests it touches run again; and never a stale verdict."""
import ast
import copy
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest

from conftest import Desk

FILES = {
    "calc/__init__.py": "",
    "calc/base.py": "RATE = 3\n\n\ndef scale(x):\n    y = x * RATE\n    return y\n\n\ndef spare(x):\n    y = x - 1\n    return y\n",
    "calc/ops.py": "from calc.base import scale\n\n\ndef price(x):\n    if x > 10:\n        return scale(x)\n    return x\n\n\n"
                   "def tax(x):\n    part = x // 5\n    return part + 1\n",
    "calc/other.py": "def half(x):\n    y = x // 2\n    return y\n",
    "calc/reader.py": "import os\n\nHERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))\n\n\n"
                      "def limit(name):\n    path = os.path.join(HERE, 'data', name + '.txt')\n    with open(path) as file:\n        n = int(file.read())\n    return n + 1\n\n\n"
                      "def zone(x):\n    import time\n    n = x + 1\n    return (n, time.tzname[0])\n",
    "data/small.txt": "4\n",
    "data/unused.txt": "9\n",
    "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef basket():\n    return [20, 1]\n\n\n@pytest.fixture\ndef number():\n    return 8\n",
    "tests/helper.py": "def wanted():\n    return 60\n\n\ndef nothing():\n    return 0\n",
    "tests/test_ops.py": "from calc.ops import price, tax\nfrom helper import wanted\n\n\ndef test_price(basket):\n    assert price(basket[0]) == wanted()\n    assert price(basket[1]) == 1\n\n\n"
                         "def test_tax():\n    assert tax(10) > 0\n",
    "tests/test_other.py": "from calc.other import half\n\n\ndef test_half(number):\n    assert half(number) == 4\n",
    "tests/test_reader.py": "from calc.reader import limit, zone\n\n\ndef test_limit():\n    assert limit('small') == 5\n\n\ndef test_zone():\n    assert zone(1)[1]\n",
    "pytest.ini": "[pytest]\n",
}


# Calls that no name at the place of the call gives away, and branches that only a mutant takes.
TRICKY = {
    "pkg/__init__.py": "from .api import run\n",
    "pkg/registry.py": "HANDLERS = {}\n\n\ndef handler(name):\n    def keep(f):\n        HANDLERS[name] = f\n        return f\n    return keep\n",
    "pkg/handlers.py": "from .registry import handler\n\n\n@handler('add')\ndef _one(x):\n    y = x + 2\n    return y\n\n\n@handler('mul')\ndef _two(x):\n    y = x * 3\n    return y\n",
    "pkg/shapes.py": "class Shape:\n    FACTOR = 2\n\n    def area(self):\n        side = self.side()\n        return side * self.FACTOR\n\n    def side(self):\n        n = 1\n        return n\n\n\n"
                     "class Square(Shape):\n    def side(self):\n        n = 7\n        return n\n\n    def __eq__(self, other):\n        same = self.side() == 7\n        return same\n",
    "pkg/rare.py": "def rescue(x):\n    y = 40\n    return y\n\n\ndef other(x):\n    y = x + 1\n    return y\n",
    "pkg/api.py": "from . import handlers, shapes\nfrom .rare import rescue as saved\nfrom .registry import HANDLERS\n\n\ndef run(kind, x):\n    if x > 30:\n        return saved(x)\n    return HANDLERS[kind](x)\n\n\n"
                  "def measure(name):\n    shape = getattr(shapes, name)()\n    return shape.area()\n\n\ndef is_square(name):\n    shape = getattr(shapes, name)()\n    return shape == shape\n\n\n"
                  "def lazy(x):\n    from .late import limit\n    if x > limit():\n        return 1\n    return 0\n",
    "pkg/late.py": "import json\nimport pathlib\n\n\ndef limit():\n    kind = 'low' if 3 > 2 else 'high'\n    file = pathlib.Path(__file__).parent / f'{kind}.json'\n    return json.loads(file.read_text())['n']\n",
    "pkg/low.json": '{"n": 3}',
    "pkg/high.json": '{"n": 9}',
    "tests/conftest.py": "import os\n\nimport pytest\n\n\n@pytest.fixture(autouse=True)\ndef quiet(monkeypatch):\n    monkeypatch.setenv('MODE', 'a')\n\n\n@pytest.fixture(scope='module', name='start')\ndef _start():\n    return 4\n",
    "tests/test_api.py": "import unittest\n\nfrom pkg import api, run\n\n\ndef test_run(start):\n    assert run('add', start) == 6\n\n\ndef test_mul(start):\n    assert run('mul', start) > 0\n\n\n"
                         "class TestShapes(unittest.TestCase):\n    def setUp(self):\n        self.name = 'Square'\n\n    def test_area(self):\n        assert api.measure(self.name) == 14\n\n    def test_same(self):\n        assert api.is_square(self.name)\n\n\n"
                         "def test_lazy():\n    assert api.lazy(5) == 1\n",
}
TRICKY_EDITS = [
    ("pkg/handlers.py", r"x \+ \d+", lambda r: f"x + {r.randint(1, 3)}"),
    ("pkg/handlers.py", r"x \* \d+", lambda r: f"x * {r.randint(0, 3)}"),
    ("pkg/shapes.py", r"FACTOR = \d+", lambda r: f"FACTOR = {r.randint(1, 2)}"),
    ("pkg/shapes.py", r"n = \d+", lambda r: f"n = {r.choice([7, 7, 1, 8])}"),
    ("pkg/shapes.py", r"== 7", lambda r: r.choice(["== 7", ">= 7", "< 9"])),
    ("pkg/shapes.py", r"side \* self.FACTOR.*", lambda r: f"side * self.FACTOR + {r.randint(0, 1)}"),
    ("pkg/rare.py", r"y = \d+", lambda r: f"y = {r.choice([40, 6, 12, 3])}"),
    ("pkg/rare.py", r"x \+ \d+", lambda r: f"x + {r.randint(1, 4)}"),
    ("pkg/api.py", r"x > \d+", lambda r: f"x > {r.randint(3, 40)}"),
    ("pkg/low.json", r"\d+", lambda r: str(r.randint(2, 6))),
    ("pkg/high.json", r"\d+", lambda r: str(r.randint(2, 9))),
    ("pkg/late.py", r"3 > 2|2 > 3", lambda r: r.choice(["3 > 2", "2 > 3"])),
    ("tests/conftest.py", r"return \d+", lambda r: f"return {r.choice([4, 4, 5, 35])}"),
    ("tests/conftest.py", r"'MODE', '.'", lambda r: f"'MODE', '{r.choice('ab')}'"),
    ("tests/test_api.py", r"== 6|> 5|== 7", lambda r: r.choice(["== 6", "> 5", "== 7"])),
    ("tests/test_api.py", r"'Square'|'Shape'", lambda r: r.choice(["'Square'", "'Shape'"])),
    ("tests/test_api.py", r"== 14|> 1\b", lambda r: r.choice(["== 14", "> 1"])),
    ("tests/test_api.py", r"lazy\(\d+\)", lambda r: f"lazy({r.randint(3, 9)})"),
]


class Project:
    """Scored without witnesses, which cost more than the verdicts of so small a project and are no part of them; `options` are for another way."""

    def __init__(self, folder, files=None, options=("--no-witnesses",)):
        self.desk = Desk(folder)
        self.repo = self.desk.repo(files or FILES)
        self.options, self.more = options, {}

    def score(self, *options, code=0):
        log = self.desk.folder / "log.txt"
        log.unlink(missing_ok=True)
        told = self.desk("score", "repo", "--json", "out.json", "--no-progress", *self.options, *options, MUTAGEN_LOGGING_FILE=str(log), **self.more)
        assert told.code == code, told
        self.told = told
        report = json.loads((self.desk.folder / "out.json").read_text())
        self.verdicts = {mutant["id"]: (mutant["status"], mutant.get("killedBy")) for file in report["files"].values() for mutant in file["mutants"]}
        self.by_function, self.alive = {}, {}
        for path, file in report["files"].items():
            spans = [(node.name, node.lineno, node.end_lineno) for node in ast.walk(ast.parse(file["source"])) if isinstance(node, ast.FunctionDef)]
            for mutant in file["mutants"]:
                line = mutant["location"]["start"]["line"]
                name = [name for name, first, last in spans if first <= line <= last][0]
                self.by_function[name] = self.by_function.get(name, 0) + 1
                if mutant["status"] == "Survived":
                    self.alive.setdefault(name, set()).add(mutant["id"])
        self.again = set(re.findall(r"survivor tried again mutant=(\S+) test=(\S+)", log.read_text()))
        found = re.search(r"verdicts: (\d+) measured, (\d+) from the cache(?:, (\d+) survivors? tried again by (\d+) changed tests? alone)?$", told.out, re.MULTILINE)
        assert found or "nothing has changed since" in told.out, told
        assert not found or (int(found[3] or 0), int(found[4] or 0)) == (len({mutant for mutant, _ in self.again}), len({test for _, test in self.again})), told
        return (int(found[1]), int(found[2])) if found else (0, len(self.verdicts))

    def fresh(self):
        """Statuses without any cache, from a storage root of their own. Which of several killers comes first may differ, whether there is one not."""
        self.score("--no-cache", "--no-witnesses")
        return {one: status for one, (status, _killers) in self.verdicts.items()}

    def keep(self):
        """Copies all that is in the folder of this project, for as_kept."""
        shutil.copytree(self.desk.folder, self.desk.folder.with_name("kept"))
        return self

    def as_kept(self):
        """As it was then, in the same folder: what is remembered belongs to the place."""
        shutil.rmtree(self.desk.folder)
        shutil.copytree(self.desk.folder.with_name("kept"), self.desk.folder)
        return copy.copy(self)

    def write(self, path, text):
        (self.repo / path).write_text(text)

    def edit(self, path, old, new):
        text = (self.repo / path).read_text()
        assert old in text, (path, old)
        self.write(path, text.replace(old, new, 1))

    def expect(self, *functions, beside=(), by=()):
        """Exactly the mutants of these functions run again; of those in `beside` (whose tests' neighbours have changed) exactly the survivors, by
        the changed tests `by` alone. And the verdicts are those of a run without cache, or where nothing runs again those of before."""
        before, known = {name: set(self.alive.get(name, ())) for name in beside}, self.verdicts
        measured, cached = self.score()
        again = {(mutant, test) for name in beside for mutant in before[name] for test in by}
        assert self.again == again and bool(beside) == bool(again), (self.again, again, self.told)
        counted = sum(self.by_function[name] for name in functions)
        assert (measured, cached) == (counted, len(self.verdicts) - counted - len({mutant for mutant, _ in again})), (functions, self.by_function, self.told)
        statuses = {one: status for one, (status, _killers) in self.verdicts.items()}
        assert statuses == (self.fresh() if functions or beside else {one: status for one, (status, _killers) in known.items()}), self.told


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """The project after its first score, which all tests begin with."""
    project = Project(tmp_path_factory.mktemp("scored") / "here")
    measured, cached = project.score()
    assert measured == len(project.verdicts) > 20 and cached == 0
    return project.keep()


@pytest.fixture
def project(scored):
    return scored.as_kept()


def test_nothing_changed_no_interpreter_is_started(project):
    before = project.verdicts
    started = time.monotonic()
    assert project.score() == (0, len(before)) and "nothing has changed" in project.told.out
    assert project.verdicts == before and "[baseline]" not in project.told.err and "[collecting]" not in project.told.err
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_report_or_a_log_in_the_repo_is_no_part_of_it(project, format):
    """A test that starts a program depends on all files, so that each run would find its own last report changed."""
    project.write("tests/test_started.py", "import subprocess, sys\nfrom calc.other import half\n\n\n"
                  "def test_started():\n    assert half(8) == 4 and subprocess.call([sys.executable, '-c', 'pass']) == 0\n")
    command = ("score", "repo", "--no-progress", "--json", "repo/score.json", "--log-file", "repo/of.log", "--log-format", format)
    assert "nothing has changed since" not in project.desk(*command).out
    for _ in range(2):
        told = project.desk(*command)
        assert (project.repo / "score.json").exists() and (project.repo / "of.log").exists() and "nothing has changed since" in told.out, told
    project.write("score.json", '{"another": "file"}')
    assert "nothing has changed since" not in project.desk(*command).out


def test_a_comment_elsewhere_touches_nothing_but_the_whole_answer(project):
    project.write("README.md", "text\n")
    project.expect()


def test_the_function_itself(project):
    project.edit("calc/other.py", "x // 2", "x // 2 + 0")
    project.expect("half")


def test_a_neighbour_in_the_same_file(project):
    project.edit("calc/ops.py", "return part + 1", "return part + 2")
    project.expect("tax", beside=["price", "scale"], by=["tests/test_ops.py::test_tax"])


def test_a_helper_that_a_function_calls(project):
    project.edit("calc/base.py", "y = x * RATE", "y = RATE * x")
    project.expect("price", "scale", beside=["tax"], by=["tests/test_ops.py::test_price"])


def test_a_function_that_nobody_calls(project):
    project.edit("calc/base.py", "y = x - 1", "y = x - 2")
    project.expect("spare")


def test_a_constant_of_a_module(project):
    project.edit("calc/base.py", "RATE = 3", "RATE = 4")
    measured, cached = project.score()
    assert measured >= project.by_function["price"] and cached >= project.by_function["half"], project.told
    assert {one: status for one, (status, _) in project.verdicts.items()} == project.fresh()


def test_a_test(project):
    project.edit("tests/test_other.py", "== 4", "> 3")
    project.expect("half")


def test_one_test_of_a_file(project):
    project.edit("tests/test_ops.py", "assert tax(10) > 0", "assert tax(10) == 3")
    project.expect("tax", beside=["price", "scale"], by=["tests/test_ops.py::test_tax"])


def test_a_doctest_depends_on_what_it_ran(project):
    project.write("pytest.ini", "[pytest]\naddopts = --doctest-modules\n")
    project.write("calc/docs.py", 'def first(x):\n    """\n    >>> first(1)\n    2\n    """\n    y = x + 1\n    return y\n\n\ndef second(x):\n    """\n    >>> second(1)\n    3\n    """\n    y = x + 2\n    return y\n')
    assert project.score()[0] == len(project.verdicts)
    project.edit("calc/docs.py", ">>> first(1)\n    2", ">>> first(3)\n    4")
    project.expect("first")
    project.edit("calc/docs.py", "y = x + 2", "y = 2 + x")
    project.expect("second")


def test_a_new_neighbour_alone_tries_the_survivors(project):
    text = (project.repo / "tests/test_ops.py").read_text()
    project.write("tests/test_ops.py", text + "\n\ndef test_nothing():\n    assert wanted()\n")
    project.expect(beside=["price", "scale", "tax"], by=["tests/test_ops.py::test_nothing"])


def test_a_neighbour_that_is_gone_tries_nothing(project):
    project.edit("tests/test_reader.py", "def test_zone():\n    assert zone(1)[1]\n", "")
    project.expect("zone")


LAZY = {
    "lazy.py": "TABLE = {}\n\n\ndef fill():\n    n = 3\n    TABLE['n'] = n\n    return n > 0\n\n\ndef get():\n    if not TABLE:\n        fill()\n    return TABLE['n']\n\n\ndef more(x):\n    y = x + 1\n    return y\n",
    "tests/test_lazy.py": "import socket\n\nimport lazy\n\n\ndef test_fill():\n    socket.getaddrinfo('127.0.0.1', 1)\n    assert lazy.fill() in (True, False)\n\n\ndef test_get():\n    assert lazy.get() > 0\n\n\ndef test_more():\n    assert lazy.more(1) == 2\n",
}


def test_a_changed_neighbour_may_kill_a_survivor(tmp_path):
    """What test_fill makes stays for test_get, which therefore never runs fill in the baseline; only in a process of its own it does. (test_fill asks
    for an address, so it runs in each session.)"""
    project = Project(tmp_path, LAZY)
    project.score()
    number = next(mutant for mutant in project.alive["fill"])
    project.edit("tests/test_lazy.py", "lazy.get() > 0", "lazy.get() == 3")
    measured, _cached = project.score()
    assert measured == project.by_function["get"] + 1 and number in {mutant for mutant, _ in project.again}, "one was killed by the neighbour that has changed"
    assert {test for _, test in project.again} == {"tests/test_lazy.py::test_get"}
    killed = {one for one, (status, _) in project.verdicts.items() if status == "Killed"}.intersection(mutant for mutant, _ in project.again)
    assert killed and all(project.verdicts[one][1] for one in killed)
    assert {one: status for one, (status, _) in project.verdicts.items()} == project.fresh()
    project.edit("lazy.py", "y = x + 1", "y = 1 + x")
    project.score()
    assert not killed.intersection(mutant for mutant, _ in project.again) and killed <= {one for one, (status, _) in project.verdicts.items() if status == "Killed"}
    project.edit("tests/test_lazy.py", "lazy.get() == 3", "lazy.get() in (3, 4)")
    project.score()
    assert {one: status for one, (status, _) in project.verdicts.items()} == project.fresh(), "the killer has changed"


def test_a_new_test(project):
    project.write("tests/test_new.py", "from calc.other import half\n\n\ndef test_more():\n    assert half(9) == 4\n")
    project.expect("half")


def test_a_fixture(project):
    project.edit("tests/conftest.py", "return 8", "return 9")
    project.expect("half")


def test_a_helper_of_tests(project):
    project.edit("tests/helper.py", "return 60", "return 61 - 1")
    project.expect("price", "scale", beside=["tax"], by=["tests/test_ops.py::test_price"])


def test_an_unused_helper_of_tests(project):
    project.edit("tests/helper.py", "return 0", "return 1")
    project.expect()


def test_a_conftest_as_a_whole(project):
    text = (project.repo / "tests/conftest.py").read_text()
    project.write("tests/conftest.py", text + "\n\n@pytest.fixture(autouse=True)\ndef always():\n    yield\n")
    measured, cached = project.score()
    assert cached == 0 or measured == sum(project.by_function[name] for name in project.by_function if name != "spare"), project.told
    assert {one: status for one, (status, _) in project.verdicts.items()} == project.fresh()


def test_a_data_file(project):
    project.write("data/small.txt", "5\n")
    measured, cached = project.score()
    assert "test_limit" in project.told.err, "the test fails now, and is set aside"
    assert measured == project.by_function["limit"] and not project.again, "a neighbour that no longer passes tries nothing"
    assert {one: status for one, (status, _) in project.verdicts.items()} == project.fresh()


def test_a_data_file_with_the_same_outcome(project):
    project.write("data/small.txt", "04\n")
    project.expect("limit", beside=["zone"], by=["tests/test_reader.py::test_limit"])


def test_a_data_file_that_no_test_reads(project):
    project.write("data/unused.txt", "10\n")
    project.expect()


def test_the_environment(project):
    project.more = {"TZ": "Europe/Berlin"}
    measured, cached = project.score()
    assert cached == 0 and measured == len(project.verdicts), project.told


def test_a_variable_that_tests_do_not_get(project):
    project.more = {"SOME_TOKEN": "x"}
    assert project.score()[0] == 0


def test_the_configuration_of_pytest(project):
    project.write("pytest.ini", "[pytest]\naddopts = -p no:doctest\n")
    measured, cached = project.score()
    assert cached == 0, project.told


def test_another_interpreter(project):
    other = project.desk.folder / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", other], check=True)
    site = next((other / "lib").glob("python*/site-packages"))
    (site / "more.pth").write_text(os.path.dirname(os.path.dirname(pytest.__file__)) + "\n")
    measured, cached = project.score("--python", str(other))
    assert cached == 0 and measured > 0, project.told
    assert project.score("--python", str(other))[0] == 0
    (site / "installed-1.0.dist-info").mkdir()
    measured, cached = project.score("--python", str(other))
    assert cached == 0 and measured > 0, "a package came"


def test_the_level_is_part_of_the_question(project):
    few = len(project.verdicts)
    high, _ = project.score("--level", "3")
    assert high > 0 and len(project.verdicts) > few and "level 3" in project.told.out
    between, _ = project.score("--level", "2")
    assert between == 0 and len(project.verdicts) > few and "level 2" in project.told.out


def test_options_without_a_bearing_on_verdicts_change_nothing(project):
    assert project.score("--jobs", "1")[0] == 0
    assert project.score("--target", "calc.other.*")[0] == 0
    assert project.score("--sample", "7")[0] == 0


def test_no_cache_believes_and_changes_nothing(project):
    database = project.desk.folder / ".mutagen" / "score.db"
    rows = sqlite3.connect(database).execute("select count(*) from entries where kind = 0").fetchone()
    measured, cached = project.score("--no-cache")
    assert (measured, cached) == (len(project.verdicts), 0)
    assert sqlite3.connect(database).execute("select count(*) from entries where kind = 0").fetchone() == rows


def spoil_value(database):
    with sqlite3.connect(database) as connection:
        changed = connection.execute("update entries set value = replace(value, 'killed', 'survived') where value like '%killed%'").rowcount
        assert changed > 1


def spoil_file(database):
    data = bytearray(database.read_bytes())
    data[100:4000] = os.urandom(3900)
    database.write_bytes(bytes(data))


def spoil_kind(database):
    database.write_bytes(b"not a database\n" * 400)


@pytest.mark.parametrize("spoil", [spoil_value, spoil_file, spoil_kind])
def test_a_broken_cache_is_dropped_with_one_line(project, spoil):
    before = project.verdicts
    for left in (project.desk.folder / ".mutagen").glob("score.db-*"):
        left.unlink()
    spoil(project.desk.folder / ".mutagen" / "score.db")
    measured, cached = project.score()
    assert (measured, cached) == (len(before), 0), project.told
    assert len([line for line in project.told.err.splitlines() if "the cache was damaged" in line]) == 1, project.told
    assert {one: status for one, (status, _) in before.items()} == {one: status for one, (status, _) in project.verdicts.items()}
    assert project.score()[0] == 0 and "damaged" not in project.told.err


EDITS = [
    ("calc/base.py", r"RATE = \d+", lambda r: f"RATE = {r.randint(2, 4)}"),
    ("calc/base.py", r"y = x \* RATE.*", lambda r: f"y = x * RATE + {r.randint(0, 1)} * 0"),
    ("calc/base.py", r"y = x - \d+", lambda r: f"y = x - {r.randint(1, 5)}"),
    ("calc/ops.py", r"if x > \d+", lambda r: f"if x > {r.randint(8, 22)}"),
    ("calc/ops.py", r"part = x // \d+", lambda r: f"part = x // {r.randint(2, 9)}"),
    ("calc/other.py", r"y = x // .*", lambda r: f"y = x // {r.choice(['2', '(1 + 1)', '3'])}"),
    ("calc/reader.py", r"return n \+ \d+", lambda r: f"return n + {r.randint(1, 2)}"),
    ("data/small.txt", r"\d+", lambda r: r.choice(["4", "04", "3", "5"])),
    ("tests/conftest.py", r"\[\d+, 1\]", lambda r: f"[{r.choice([20, 20, 11, 9])}, 1]"),
    ("tests/conftest.py", r"return \d+", lambda r: f"return {r.choice([8, 9, 80])}"),
    ("tests/helper.py", r"return \d+", lambda r: f"return {r.choice([60, 60, 33, 9])}"),
    ("tests/test_ops.py", r"assert tax\(.*", lambda r: f"assert tax({r.randint(1, 30)}) > {r.randint(0, 3)}"),
    ("tests/test_ops.py", r"assert price\(basket\[0\]\) .*", lambda r: f"assert price(basket[0]) {r.choice(['== wanted()', '> 1', '>= wanted()'])}"),
    ("tests/test_other.py", r"half\(number\) .*", lambda r: f"half(number) {r.choice(['== 4', '> 1', '> -3', '== 40'])}"),
    ("tests/test_reader.py", r"assert limit.*", lambda r: f"assert limit('{r.choice(['small', 'unused'])}') > {r.randint(1, 4)}"),
]


@pytest.mark.parametrize("files, edits", [(FILES, EDITS), (TRICKY, TRICKY_EDITS)], ids=["plain", "tricky"])
def test_random_edits_never_give_a_stale_verdict(tmp_path, files, edits):
    """MUTAGEN_SEED and MUTAGEN_ROUNDS make it another or a longer hunt."""
    project = Project(tmp_path, files, options=())
    project.score()
    rng = random.Random(int(os.environ.get("MUTAGEN_SEED") or 20))
    rounds = int(os.environ.get("MUTAGEN_ROUNDS") or 2)
    hits = 0
    for turn in range(rounds):
        done = []
        for path, pattern, make in rng.sample(edits, rng.randint(1, 2)):
            text = (project.repo / path).read_text()
            places = [found.span() for found in re.finditer(pattern, text)]
            start, end = rng.choice(places)
            done.append((path, text[start:end], make(rng)))
            project.write(path, text[:start] + done[-1][2] + text[end:])
        _measured, cached = project.score()
        hits += cached
        statuses = {one: status for one, (status, _) in project.verdicts.items()}
        fresh = project.fresh()
        assert statuses == fresh, (turn, done, {one: (statuses[one], fresh.get(one)) for one in statuses if statuses[one] != fresh.get(one)})
    assert hits > 2 * rounds, "a cache that never hits proves nothing"


def test_scores_of_two_projects_do_not_mix(project):
    shutil.copytree(project.repo, project.desk.folder / "second")
    told = project.desk("score", "second", "--no-progress")
    assert told.code == 0 and "verdicts:" in told.out, told
    assert project.score()[0] == 0
