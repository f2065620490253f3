"""Observations of generated calls: true in another process, never of what must not be asserted, and honest about mutants."""
import os
import subprocess
import sys
import time

import pytest
from driver import Bench

MODULE = '''
    import collections, dataclasses, datetime, decimal, enum, fractions, itertools, os, pathlib, random, re, socket, subprocess, sys, threading, time, uuid
    from time import time as clock
    from typing import NamedTuple

    class Color(enum.Enum):
        RED = 1

    class Flag(enum.IntFlag):
        A = 1
        B = 2

    class Pair(NamedTuple):
        x: int
        y: object = None

    @dataclasses.dataclass
    class Box:
        name: str
        size: float = 1.0

    class Money:
        def __init__(self, units, currency="EUR"):
            self._units, self.currency = units, currency
        def __eq__(self, other):
            return isinstance(other, Money) and (self._units, self.currency) == (other._units, other.currency)

    class Opaque:
        def __init__(self, n):
            self.n, self.name, self._secret, self.half = n, "o%d" % n, object(), n / 3
        @property
        def double(self):
            return 2 * self.n
        def __str__(self):
            return "<%d>" % self.n
        def __len__(self):
            return self.n
        def bump(self, by=1):
            self.n += by
        __hash__ = None

    class Odd(Exception):
        pass

    class Word(str):
        pass

    def local_error():
        class Inner(ValueError):
            pass
        return Inner("hidden")

    calls = {}
    rules = []

    def f(what, *args):
        calls[len(calls)] = what
        if what == "return":
            return args[0]
        if what == "eval":
            return eval(args[0], globals())
        if what == "raise":
            raise eval(args[0], globals())
        if what == "exec":
            exec(args[0], globals())
            return 7
        if what == "append":
            args[0].append(args[1])
            return None
        if what == "loop":
            while True:
                pass
        if what == "stubborn":
            while True:
                try:
                    while True:
                        pass
                except BaseException:
                    pass

    def grade(points, bonus=0):
        total = points + bonus
        if total >= 90:
            return "A"
        if total < 0:
            raise ValueError("negative: %d" % total)
        while total > 80:
            total = total - 1
        return {"points": total, "ok": total > 50}

    async def wait(n):
        return n + 1

    def take(n):
        lock = threading.Lock()
        if n > 5:
            lock.acquire()
        lock.acquire()
        return n

    COUNTS = {}


    def tally(word):
        n = COUNTS.get(word, 0)
        return n + 1


    def countdown(n):
        while n:
            yield n
            n -= 1

    def ratio(a, b):
        return a / b
'''


@pytest.fixture
def probe(repo):
    repo.write("pkg/__init__.py", "")
    repo.write("pkg/m.py", MODULE)
    repo.start()

    def ask(qualname, calls, mutants=(), **more):
        bench = Bench(repo, "pkg/m.py", qualname)
        assert bench.target["ok"], bench.target
        calls = [dict(setup="", watch=[], call=call) if isinstance(call, str) else call for call in calls]
        jobs = []
        for old, new in mutants:
            line = bench.function.line(old) if len(old) > 2 else 0
            jobs.append(dict(id=old, source=bench.function.mutated(old, new), line=line, end_line=line))
        request = dict(imports="import pkg.m\nimport asyncio\n", calls=calls, mutants=jobs, call_seconds=0.05, seconds=20.0)
        request.update(more)
        answer = bench.wire.ask("probe", **request)
        assert answer["ok"], answer
        assert len(answer["observations"]) == len(calls)
        return answer
    return ask


def returned(text):
    return "pkg.m.f('eval', %r)" % text


def facts(observation):
    return [(fact["form"], fact["attribute"], fact["source"]) if fact["attribute"] else (fact["form"], fact["source"]) for fact in observation["facts"]]


def eq(source):
    return [("eq", source)]


SURE = [  # what the call returns, the facts that it becomes
    ("None", [("is", "None")]), ("True", [("is", "True")]), ("0", eq("0")), ("-5", eq("-5")), ("'a\\nb'", eq("'a\\nb'")), ("b'x'", eq("b'x'")),
    ("0.1 + 0.2", [("approx", "0.30000000000000004")]), ("2.0", eq("2.0")), ("float('nan')", [("nan", "")]), ("float('-inf')", eq("float('-inf')")),
    ("[0.1, 'x']", [("approx", "[0.1, 'x']")]), ("{'a': 0.3}", [("approx", "{'a': 0.3}")]), ("{'a': 0.5}", eq("{'a': 0.5}")), ("[(0.1, 2)]", eq("[(pytest.approx(0.1), 2)]")),
    ("[1, (2, {'k': [None, True]})]", eq("[1, (2, {'k': [None, True]})]")), ("{'b', 'a'}", eq("{'a', 'b'}")), ("set()", eq("set()")),
    ("frozenset([2, 1])", eq("frozenset({1, 2})")), ("(1,)", eq("(1,)")), ("bytearray(b'q')", eq("bytearray(b'q')")),
    ("Color.RED", eq("pkg.m.Color.RED")), ("Flag.A", eq("pkg.m.Flag.A")), ("datetime.date(2001, 2, 3)", eq("datetime.date(2001, 2, 3)")),
    ("datetime.datetime(2001, 2, 3, tzinfo=datetime.timezone.utc)", eq("datetime.datetime(2001, 2, 3, 0, 0, tzinfo=datetime.timezone.utc)")),
    ("decimal.Decimal('1.50')", eq("decimal.Decimal('1.50')")), ("fractions.Fraction(2, 4)", eq("fractions.Fraction(1, 2)")),
    ("uuid.UUID(int=5)", eq("uuid.UUID('00000000-0000-0000-0000-000000000005')")), ("pathlib.Path('a/b')", eq("pathlib.Path('a/b')")),
    ("range(3)", eq("range(0, 3, 1)")), ("slice(1, 2)", eq("slice(1, 2, None)")), ("re.compile('a', re.I | re.M)", eq("re.compile('a', re.IGNORECASE | re.MULTILINE)")),
    ("Pair(1)", eq("pkg.m.Pair(x=1)")), ("Box('n')", eq("pkg.m.Box(name='n')")), ("[Box('n', 2.5)]", eq("[pkg.m.Box(name='n', size=2.5)]")),
    ("Money(3)", eq("pkg.m.Money(3)")), ("Word('w')", eq("pkg.m.Word('w')")), ("int", eq("int")), ("Money", eq("pkg.m.Money")),
    ("collections.OrderedDict(a=1)", eq("collections.OrderedDict([('a', 1)])")), ("collections.Counter('aab')", eq("collections.Counter({'a': 2, 'b': 1})")),
    ("collections.deque([1], 3)", eq("collections.deque([1], maxlen=3)")), ("collections.defaultdict(list, a=[1])", eq("collections.defaultdict(list, {'a': [1]})")),
    ("iter([1, 2])", [("list", "[1, 2]")]), ("{'a': 1}.keys()", [("list", "['a']")]), ("itertools.count()", [("type", "'count'")]),
    ("Opaque(3)", [("attr", "double", "6"), ("attr", "half", "1.0"), ("attr", "n", "3"), ("attr", "name", "'o3'"), ("str", "'<3>'"), ("len", "3"),
                   ("type", "'Opaque'")]),
    ("Opaque(1)", [("attr", "double", "2"), ("attr", "half", "pytest.approx(0.3333333333333333)"), ("attr", "n", "1"), ("attr", "name", "'o1'"),
                   ("str", "'<1>'"), ("len", "1"), ("type", "'Opaque'")]),
    ("'x' * 5000", [("len", "5000"), ("type", "'str'")]), ("list(range(500))", [("len", "500"), ("type", "'list'")]),
    ("object()", [("type", "'object'")]), ("repr(object())", [("type", "'str'")]), ("os.getcwd()", [("type", "'str'")]),
    ("[lambda: 1]", [("len", "1"), ("type", "'list'")]), ("print('hi')", [("is", "None"), ("output", "'hi\\n'")]),
]
FORMS = {
    "is": "assert {x} is {s}", "eq": "assert {x} == {s}", "approx": "assert {x} == pytest.approx({s})", "nan": "assert math.isnan({x})",
    "type": "assert type({x}).__name__ == {s}", "len": "assert len({x}) == {s}", "str": "assert str({x}) == {s}",
    "list": "assert list(itertools.islice({x}, 60)) == {s}", "output": "assert capsys.readouterr().out == {s}",
}


def as_test(number, call, observation):
    """The test that mutagen would write, in its plainest form."""
    imports = sorted({line for one in observation["facts"] for line in one["imports"]})
    lines = ["def test_%d(capsys):" % number] + ["    " + line for line in imports + call.get("setup", "").splitlines()]
    if observation["raised"]:
        lines.append("    " + (observation["exception_import"] or "pass"))
        lines.append("    with pytest.raises(%s, match=%r):\n        %s" % (observation["exception"], observation["match"], call["call"]))
    else:
        lines.append("    result = " + call["call"])
    for one in observation["facts"]:
        place = one["of"] + ("." + one["attribute"] if one["attribute"] else "")
        form = one["form"] if one["form"] != "attr" else "is" if one["source"] in ("None", "True", "False") else "eq"
        lines.append("    " + FORMS[form].format(x=place, s=one["source"]))
    return "\n".join(lines) + "\n"


def test_values_become_the_facts_of_the_table_and_hold_in_a_new_process(probe, repo):
    calls = [dict(setup="", call=returned(text), watch=[]) for text, _facts in SURE]
    calls += [dict(setup="v = pkg.m.Opaque(2)\n", call="v.bump(3)", watch=["v"]), dict(setup="a = [1]\n", call="pkg.m.f('append', a, 2)", watch=["a"])]
    calls += [dict(setup="", call="pkg.m.f('raise', %r)" % text, watch=[]) for text in RAISED]
    found = probe("f", calls)["observations"]
    for (text, expected), observation in zip(SURE, found):
        assert observation["stable"] and not observation["raised"], text
        assert facts(observation) == expected, text
    assert [(one["of"],) + one_fact for one, one_fact in zip(found[len(SURE)]["facts"], facts(found[len(SURE)]))] == [
        ("result", "is", "None"), ("v", "attr", "double", "10"), ("v", "attr", "n", "5"),
    ]
    assert [one["of"] for one in found[len(SURE) + 1]["facts"]] == ["result", "a"] and found[len(SURE) + 1]["facts"][1]["source"] == "[1, 2]"
    body = "import itertools\nimport math\nimport pytest\nimport pkg.m\n\n" + "\n\n".join(as_test(i, c, o) for i, (c, o) in enumerate(zip(calls, found)))
    repo.write("written.py", body)
    environment = dict(os.environ, PYTHONHASHSEED="77")
    run = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "written.py"], cwd=repo.path, env=environment,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert "%d passed" % len(calls) in run.stdout.decode(), run.stdout.decode()


RAISED = {  # what is raised: the class, its import, the match
    "ValueError('bad (value): 1')": ("ValueError", "", r"bad \(value\): 1"),
    "KeyError('k')": ("KeyError", "", "'k'"),
    "Odd('own')": ("pkg.m.Odd", "import pkg.m", "own"),
    "local_error()": ("ValueError", "", "hidden"),
    "ValueError('seen %r' % object())": ("ValueError", "", "seen <object object"),
    "ValueError('no file ' + os.path.abspath('x'))": ("ValueError", "", "no file"),
    "ValueError('one of ' + str({'a', 'b'}))": ("ValueError", "", "one of"),
    "TypeError('wanted a number')": ("TypeError", "", "wanted a number"),
    "ValueError('unexpected: a, b' if dict(a=1, b=2) else '')": ("ValueError", "", "unexpected:"),  # keywords may come through a set
    "SystemExit(3)": ("SystemExit", "", "3"),
    "1 + ''": ("TypeError", "", ""),
    "max([])": ("ValueError", "", ""),  # 3.12 says it with other words
    "__import__('concurrent.futures').futures.CancelledError('off')": ("concurrent.futures.CancelledError", "import concurrent.futures", "off"),
    "__import__('importlib')._bootstrap._DeadlockError('private')": ("RuntimeError", "", "private"),
    "int('x')": ("ValueError", "", r"invalid literal for int\(\) with base 10: 'x'"),
}


def test_exceptions_name_their_class_and_the_stable_part_of_their_text(probe):
    found = probe("f", ["pkg.m.f('raise', %r)" % text for text in RAISED])["observations"]
    for (text, expected), seen in zip(RAISED.items(), found):
        assert seen["stable"] and seen["raised"] and seen["facts"] == [], text
        assert (seen["exception"], seen["exception_import"], seen["match"]) == expected, text
        assert not seen["raised_by_arguments"]
    found = probe("grade", ["pkg.m.grade()", "pkg.m.grade(1, 2, 3)", "pkg.m.grade('a')", "pkg.m.grade(-3)"])["observations"]
    assert [seen["raised_by_arguments"] for seen in found] == [True, True, False, False]
    assert found[3]["match"] == "negative: -3"


UNSURE = [
    # len(calls) counts the calls since the last fork: far from any that ends one, in either order.
    "random.random()", "len(calls)", "clock()", "time.time_ns() // 10**9", "time.localtime()[0]", "datetime.date.today().year", "datetime.datetime.now().year", "os.getpid()",
    "uuid.uuid4()", "id(f)", "hash('abc')", "hash(Money)", "input()", "os.fork()", "subprocess.call(['true'])", "os.system('true')",
    "socket.create_connection(('127.0.0.1', 9))", "socket.socket().bind(('127.0.0.1', 0))", "open('/tmp/mutagen-probe-was-here', 'w')",
    "os.mkdir('/tmp/mutagen-probe-was-here')", "os.kill(os.getpid(), 9)", "os._exit(0)", "os.abort()", "time.sleep(60)", "sys.stdin.read()",
    "re.match('(a+)+$', 'a' * 40 + 'b')", "[clock()]", "str(clock())",
    "os.listdir('..')", "len(list(pathlib.Path('/').iterdir()))", "[entry.name for entry in os.scandir(os.path.dirname(os.getcwd()))]",
    "rules.append(1)", "sys.argv[1:]", "lambda: 1", "sys.argv", "threading.Thread(target=len).start()",
]


CHANGES_HERE = (
    "open('mine', 'w').close()", "open('no/such', 'w').close()", "pathlib.Path('mine').touch()", "pathlib.Path('').touch()", "os.mkdir('mine')",
    "os.makedirs('a/b')", "os.utime('.')", "os.utime('no such')", "os.remove('no such')", "os.rmdir('no such')", "os.rename('no such', 'other')",
    "os.symlink('mine', 'yours')", "os.truncate('no such', 0)", "os.chmod('.', 0o700)", "open(os.path.abspath('mine'), 'w').close()",
    "os.close(os.open('mine', os.O_CREAT | os.O_WRONLY))", "(pathlib.Path.cwd() / 'mine').write_text('x')",
    "os.utime('mine', dir_fd=os.open('.', os.O_RDONLY))",
)


def test_what_would_change_the_current_folder_is_not_stable(probe):
    """There the test would leave a file in the user's folder, and what stands there already would make another outcome."""
    calls = ["pkg.m.f('exec', %r)" % text for text in CHANGES_HERE] + [returned("5")]
    found = probe("f", calls)["observations"]
    assert [call for call, seen in zip(calls, found) if seen["stable"]] == calls[-1:]


def test_what_may_differ_tomorrow_is_not_stable(probe):
    calls = [returned(text) for text in UNSURE] + [
        "pkg.m.f('loop')", "pkg.m.f('stubborn')", "no_such_name", "1 +", dict(setup="1 / 0\n", call="pkg.m.f('return', 1)", watch=[]),
        "pkg.m.f('exec', %r)" % "try:\n    os.remove('/tmp/mutagen-probe-was-here')\nexcept BaseException:\n    pass",
    ]
    temporary = "import tempfile\nplace = tempfile.mkdtemp()\n%sopen(%s, 'w').close()\nos.rename(%s, %s)\nos.remove(%s)"
    calls += [returned("5"), returned("os.listdir('.')"),
              "pkg.m.f('exec', %r)" % (temporary % ("", "place + '/mine'", "place + '/mine'", "place + '/yours'", "place + '/yours'")),
              "pkg.m.f('exec', %r)" % (temporary % ("os.chdir(place)\n", "'mine'", "'mine'", "'yours'", "'yours'"))]
    found = probe("f", calls)["observations"]
    trusted = [call for call, seen in zip(calls, found) if seen["raised"] or any(form[0] != "type" for form in facts(seen))]
    assert trusted == calls[-4:]
    assert not os.path.exists("/tmp/mutagen-probe-was-here")
    for seen in found:
        assert seen["stable"] or not (seen["facts"] or seen["raised"] or seen["exception"] or seen["lines"])


TROUBLES = {
    "datetime.date.today()": "clock", "open('mine', 'w')": "open", "os.utime('.')": "os.utime", "time.sleep(60)": "waits", "os._exit(0)": "ends",
    "rules.append(1)": "state", "len(calls)": "differs", "5": "",
}


def test_why_a_call_is_not_stable_is_told(probe):
    calls = [returned(text) for text in TROUBLES] + ["pkg.m.f('loop')", "1 +", dict(setup="box = pkg.m.Box()\n", call="pkg.m.f('return', 1)", watch=[])]
    found = probe("f", calls)["observations"]
    assert [seen["trouble"] for seen in found] == list(TROUBLES.values()) + ["limit", "nothing", "setup TypeError"]


def test_calls_that_wait_are_given_up_early(probe):
    calls = ["pkg.m.take(%d)" % n for n in range(6, 66)] + ["pkg.m.take(1)"]
    begun = time.monotonic()
    found = probe("take", calls, seconds=60.0)["observations"]
    assert time.monotonic() - begun < 15, "each of them has half a second else"
    assert [seen["trouble"] for seen in found] == ["waits"] * 60 + [""]


def test_a_mutant_that_waits_is_given_up_early(probe):
    begun = time.monotonic()
    answer = probe("take", ["pkg.m.take(%d)" % n for n in range(6)], [("n > 5", "n < 5")], seconds=60.0)
    assert time.monotonic() - begun < 4, "each call has two seconds else, and three calls are tried"
    assert {tuple(difference[:3]) for difference in answer["differences"]} >= {(0, 0, "timeout"), (0, 1, "timeout")}


def test_lines_are_those_of_the_target(probe, repo):
    found = probe("grade", ["pkg.m.grade(95)", "pkg.m.grade(10)", "pkg.m.grade(-1)", "pkg.m.grade()"])["observations"]
    text = open(os.path.join(repo.path, "pkg/m.py")).read().splitlines()
    seen = [[text[line - 1].strip() for line in one["lines"]] for one in found]
    assert seen[0] == ["total = points + bonus", "if total >= 90:", 'return "A"']
    assert seen[1][-1] == 'return {"points": total, "ok": total > 50}' and 'return "A"' not in seen[1]
    assert seen[2][-1].startswith("raise ValueError") and seen[3] == []
    assert min(one["seconds"] for one in found) < 0.05


CALLS = ["pkg.m.grade(95)", "pkg.m.grade(90)", "pkg.m.grade(10)", "pkg.m.grade(-1)", "pkg.m.grade(85)", "pkg.m.grade(0)"]
MUTANTS = [
    ("total >= 90", "total > 90"), ("points + bonus", "points - bonus"), ("total < 0", "total <= 0"), ("negative: %d", "XXnegative: %dXX"),
    ("total - 1", "total - 0"), ('return "A"', "return None.x"), ("total > 80", "total > 80 and total.foo"), ('"points": total, "ok": total > 50', '"ok": total > 50, "points": total'),
    ("total - 1", "total -"),
]


def test_each_mutant_is_seen_by_the_calls_that_tell_it_apart(probe):
    answer = probe("grade", CALLS, MUTANTS)
    found = {}
    for mutant, call, kind, fact in answer["differences"]:
        found.setdefault(mutant, []).append((call, kind, fact))
    order = len(answer["observations"][2]["facts"]) - 1
    assert order == 1 and facts(answer["observations"][2])[order] == ("list", "['points', 'ok']")
    assert answer["observations"][3]["match"] == "^negative: -1$"  # only the whole text tells XX…XX apart
    assert found == {
        0: [(1, "fact", 0)], 2: [(5, "fact", -1)], 3: [(3, "fact", -1)], 4: [(4, "timeout", -1)],
        5: [(0, "crash", -1), (1, "crash", -1)], 6: [(4, "crash", -1)],
        7: [(2, "fact", 1), (4, "fact", 1), (5, "fact", 1)],
    }


def test_what_the_mutant_came_to_is_told_when_asked_for(probe):
    told = {}
    for mutant, call, _kind, _fact, text in probe("grade", CALLS, MUTANTS, tell=True)["differences"]:
        told.setdefault(mutant, []).append((call, text))
    original = {index: facts(seen) for index, seen in enumerate(probe("grade", CALLS)["observations"])}
    assert told[0] == [(1, original[4][0][1])] and told[3] == [(3, "raises ValueError('XXnegative: -1XX')")]
    assert told[2] == [(5, "raises ValueError('negative: 0')")] and told[4] == [(4, "")] and told[5][0] == (0, "raises AttributeError")
    assert [text for _call, text in told[7]][0].startswith("{'ok': ")
    assert probe("countdown", ["pkg.m.countdown(3)"], [("n -= 1", "n -= 3"), ("while n:", "while not n:")], tell=True)["differences"] == [
        [0, 0, "fact", 0, "[3]"], [1, 0, "fact", 0, "[]"]]
    calls = [dict(setup="v = pkg.m.Opaque(2)\n", call="v.bump(3)", watch=["v"])]
    assert probe("Opaque.bump", calls, [("self.n += by", "self.n -= by")], tell=True)["differences"][0][4] == "-2"


def test_what_a_mutant_leaves_behind_is_not_held_against_the_next(probe, repo):
    calls = ["pkg.m.tally('a')", "pkg.m.tally('b')"]
    answer = probe("tally", calls, [("COUNTS.get(word, 0)", "COUNTS.setdefault(word, 5)"), ("n + 1", "1 + n"), ("n + 1", "n + 2")])
    assert answer["differences"] == [[0, 0, "fact", 0], [0, 1, "fact", 0], [2, 0, "fact", 0], [2, 1, "fact", 0]]


def test_a_mutant_that_breaks_the_setup_is_seen(probe):
    calls = [dict(setup="v = pkg.m.Opaque(%d)\n" % n, call="v.bump()", watch=["v"]) for n in (0, 2)]
    answer = probe("Opaque.__init__", calls, [('"o%d" % n, object(), n / 3', '"o%d" % n, object(), 3 / n'), ("self.n,", "self.m,"), ("% n,", "% (),")])
    assert answer["differences"] == [[0, 0, "fact", -1]] + [[mutant, call, kind, -1] for mutant, kind in ((1, "fact"), (2, "crash")) for call in (0, 1)]


def test_a_type_is_asserted_where_only_that_helps(probe):
    answer = probe("ratio", ["pkg.m.ratio(4, 2)", "pkg.m.ratio(1, 0)"], [("a / b", "a // b")])
    assert answer["differences"] == [[0, 0, "fact", 1]]
    assert facts(answer["observations"][0]) == [("eq", "2.0"), ("type", "'float'")]
    assert answer["observations"][1]["exception"] == "ZeroDivisionError" and answer["observations"][1]["match"] == ""


def test_coroutines_and_generators(probe):
    answer = probe("wait", ["asyncio.run(pkg.m.wait(1))"], [("n + 1", "n - 1")])
    assert facts(answer["observations"][0]) == eq("2") and answer["differences"] == [[0, 0, "fact", 0]]
    answer = probe("countdown", ["pkg.m.countdown(3)"], [("n -= 1", "n -= 2"), ("while n:", "while not n:")])
    assert facts(answer["observations"][0]) == [("list", "[3, 2, 1]")]
    assert [one[:3] for one in answer["differences"]] == [[0, 0, "fact"], [1, 0, "fact"]]


def test_the_same_question_has_the_same_answer_and_nothing_is_left_behind(probe, repo):
    def ask():
        answer = probe("grade", CALLS, MUTANTS)
        for one in answer["observations"]:
            del one["seconds"]
        del answer["id"]
        return answer
    assert ask() == ask()
    assert os.listdir(os.path.join(repo.scratch, "forks")) == []
