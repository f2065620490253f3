"""The existing tests on the original code: outcomes, traced lines, and going on behind a hang or a crash."""
import re
import subprocess
import sys

import pytest
from driver import Bench, lines_of

MODULE = '''
    import functools
    import threading


    def f(n):
        if n:
            return 1
        return 0


    def build():
        return [
            1,
        ]


    @functools.lru_cache()
    def slow(n):
        return n + 1


    def in_thread(box):
        box.append(1)


    def worker():
        box = []
        thread = threading.Thread(target=in_thread, args=(box,))
        thread.start()
        thread.join()
        return box
'''
TESTS = '''
    import os, time, unittest
    import pytest
    from mod import f, build, slow, worker

    def test_one(): assert f(1) == 1
    def test_zero(): assert f(0) == 0
    def test_fails():
        x = 1
        assert f(0) == x, "wanted"
    def test_skip(): pytest.skip("not today")
    def test_late_skip():
        assert f(1) == 1
        pytest.skip("the rest is slow")
    @pytest.mark.skip(reason="marked")
    def test_mark_skip(): pass
    @pytest.mark.xfail
    def test_xfail(): assert 0
    @pytest.mark.xfail
    def test_xpass(): assert 1
    @pytest.mark.xfail(strict=True)
    def test_strict_pass(): assert 1
    def test_hang(): time.sleep(60)
    def test_after_hang(): assert f(1)
    def test_crash(): os._exit(0)
    def test_after_crash(): assert f(1)
    def test_kill(): os.kill(os.getpid(), 9)
    def test_pytest_exit(): pytest.exit("enough")
    def test_after_exit(): assert f(1)
    @pytest.fixture
    def broken(): raise ValueError("no fixture")
    def test_broken(broken): pass
    @pytest.fixture
    def bad_end():
        yield
        raise ValueError("bad end")
    def test_bad_end(bad_end): pass

    @pytest.fixture(scope="module")
    def built(): return build()
    @pytest.fixture(scope="module")
    def wrapped(built): return built
    def test_fixture_one(built): assert built
    def test_fixture_two(wrapped): assert wrapped
    def test_fixture_three(request): assert request.getfixturevalue("built")
    def test_slow_one(): assert slow(1) == 2
    def test_slow_two(): assert slow(1) == 2
    def test_thread(): assert worker() == [1]

    class TestUnit(unittest.TestCase):
        @classmethod
        def setUpClass(cls): cls.built = build()
        def test_unit_one(self): self.assertTrue(self.built)
        def test_unit_two(self): self.assertTrue(self.built)
'''
OUTCOMES = {
    "test_one": "passed", "test_zero": "passed", "test_fails": "failed", "test_skip": "skipped", "test_late_skip": "skipped", "test_mark_skip": "skipped",
    "test_xfail": "xfailed", "test_xpass": "xfailed", "test_strict_pass": "failed", "test_hang": "timeout", "test_after_hang": "passed",
    "test_crash": "crashed", "test_after_crash": "passed", "test_kill": "crashed", "test_pytest_exit": "failed", "test_after_exit": "passed",
    "test_broken": "error", "test_bad_end": "error", "test_fixture_one": "passed", "test_fixture_two": "passed",
    "test_fixture_three": "passed", "test_slow_one": "passed", "test_slow_two": "passed", "test_thread": "passed",
    "test_unit_one": "passed", "test_unit_two": "passed",
}


def test_outcomes_lines_and_going_on(repo):
    text = open(repo.write("mod.py", MODULE)).read().splitlines()
    repo.write("test_mod.py", TESTS)
    repo.start()
    events = repo.baseline(files=["other.py", "mod.py"], timeout=2.0)
    by_name = {repo.ids()[event["test"]].split("::")[-1]: event for event in events}
    assert {name: event["outcome"] for name, event in by_name.items()} == OUTCOMES
    assert [event["test"] for event in events] == list(range(len(OUTCOMES)))
    at = {line.strip(): number for number, line in enumerate(text, 1)}
    one, zero = lines_of(by_name["test_one"], 1), lines_of(by_name["test_zero"], 1)
    assert one == {at["if n:"], at["return 1"]} and zero == {at["if n:"], at["return 0"]}
    for name in ("test_fixture_one", "test_fixture_two", "test_fixture_three", "test_unit_one", "test_unit_two"):
        assert at["return ["] in lines_of(by_name[name], 1), name
    assert at["return n + 1"] in lines_of(by_name["test_slow_one"], 1) & lines_of(by_name["test_slow_two"], 1)
    assert at["box.append(1)"] in lines_of(by_name["test_thread"], 1)
    assert by_name["test_fails"]["text"].startswith("AssertionError: wanted")
    assert "not today" in by_name["test_skip"]["text"] and "marked" in by_name["test_mark_skip"]["text"]
    assert "bad end" in by_name["test_bad_end"]["text"] and "signal 9" in by_name["test_kill"]["text"]
    assert by_name["test_hang"]["seconds"] >= 1.9
    assert {name for name, event in by_name.items() if event.get("can_fail")} == {"test_late_skip"}
    assert all(0 <= event["seconds"] < 20 for event in events)


def test_some_tests_without_lines_and_the_zygote_stays_clean(repo):
    repo.write("mod.py", "state = []\n\ndef f():\n    state.append(1)\n    return len(state)\n")
    repo.write("test_mod.py", "from mod import f\ndef test_a(): assert f() == 1\ndef test_b(): assert f() == 1\n")
    repo.start()
    assert repo.outcomes() == {"test_a": "passed", "test_b": "failed"}
    assert repo.outcomes(tests=[1]) == {"test_b": "passed"}
    assert repo.baseline(tests=[]) == []
    assert Bench(repo, "mod.py", "f").verdict("len(state)", "len(state) + 1", ["test_b"]) == ("killed", True)


def test_a_cache_filled_at_import_keeps_its_singleton(repo):
    repo.write("mod.py", """
        import functools
        @functools.lru_cache()
        def settings():
            return object()
        THE_SETTINGS = settings()
        """)
    repo.write("test_mod.py", "import mod\ndef test_a(): assert mod.settings() is mod.THE_SETTINGS\ndef test_b(): test_a()\n")
    repo.start()
    assert set(repo.outcomes(files=["mod.py"]).values()) == {"passed"}


@pytest.mark.parametrize("apart", [False, True])
def test_apart_each_test_is_the_first_of_its_process(repo, apart):
    repo.write("mod.py", "made = []\ndef get():\n    if not made:\n        made.append(1)\n    return made[0]\n")
    repo.write("test_mod.py", "".join("from mod import get\ndef test_%d(): assert get() == 1\n" % number for number in range(3)))
    repo.start()
    events = repo.baseline(files=["mod.py"], apart=apart)
    assert [event["outcome"] for event in events] == ["passed"] * 3
    assert [4 in lines_of(event) for event in events] == [True, apart, apart]


def test_hypothesis_is_deterministic(repo):
    import pytest

    pytest.importorskip("hypothesis")
    repo.write("test_mod.py", """
        import random
        from hypothesis import given, settings, strategies as st
        @settings(max_examples=5)
        @given(st.integers(), st.randoms())
        def test_given(n, rnd):
            with open("seen", "a") as file: file.write("%d " % n)
        def test_end():
            with open("seen", "a") as file: file.write("\\n%r\\n" % random.random())
        """)
    repo.start()
    for _ in range(2):
        repo.baseline()
    text = open(repo.path + "/seen").read().splitlines()
    assert text[0] == text[2] and len(text[0].split()) <= 5 and text[1] == text[3]
    assert not __import__("os").path.exists(repo.path + "/.hypothesis/examples")


def test_junk_in_every_descriptor_hurts_nobody(repo):
    repo.write("tests/test_a.py", """
        import os

        JUNK = b'{}\\n[1]\\n{"event": 1}\\n.\\nhalf a line'

        def shower():
            for fd in range(3, 200):
                try:
                    os.write(fd, JUNK)
                except OSError:
                    pass

        shower()

        def test_writes():
            shower()

        def test_closes():
            os.closerange(3, 200)

        def test_last():
            pass
    """)
    repo.start()
    assert [event["outcome"] for event in repo.baseline()] == ["passed"] * 3


@pytest.mark.parametrize("addopts, fails", [("", True), ("-vs", False), ("-rs", True), ("--capture=no", False)])
def test_reading_standard_input_is_what_it_is_under_plain_pytest(repo, addopts, fails):
    repo.write("pytest.ini", "[pytest]\naddopts = %s\n" % addopts)
    repo.write("test_a.py", "import sys\nimport pytest\ndef test_a(capsys):\n    with pytest.raises(OSError):\n        sys.stdin.read()\n"
                            "def test_b():\n    with pytest.raises(OSError):\n        input()\n")
    repo.start()
    events = [event for event in repo.baseline() if "outcome" in event]
    want = ["passed"] * 2 if fails else ["failed"] * 2
    assert [event["outcome"] for event in events] == want, events


def test_a_test_that_only_tracing_makes_slow_is_no_hang(repo):
    repo.write("mod.py", "import sys\nimport time\ndef f():\n    time.sleep(0.1)\n    if sys.gettrace() is not None:\n        time.sleep(1.5)\n    return 1\n")
    repo.write("test_a.py", "from mod import f\nimport time\ndef test_before(): assert f\ndef test_slow(): assert f()\ndef test_hangs(): time.sleep(60)\n"
                            "def test_fails():\n    f()\n    assert False\ndef test_after(): assert f\n")
    repo.start()
    events = repo.baseline(files=["mod.py"], timeout=1.0)
    assert [event["outcome"] for event in events] == ["passed", "passed", "timeout", "failed", "passed"]
    assert events[2]["text"] == "no end within 1 s"
    traced = sys.version_info < (3, 12)  # later Pythons watch lines without a trace function
    assert [0, 4, 7 if traced else 5] in events[1]["lines"], events[1]
    assert repo.again == (4 if traced else 0), "without tracing, and once more with it where that ended: not the one that hangs, not the one that fails"


def test_the_end_of_the_time_ends_the_running_test(repo):
    """It says nothing about that test; the next pass goes on as ever."""
    repo.write("test_a.py", "import time\ndef test_one(): pass\ndef test_two(): time.sleep(60)\ndef test_three(): pass\n")
    repo.write("mod.py", "")
    repo.start()
    for files in ([], ["mod.py"]):
        assert [event["outcome"] for event in repo.baseline(files=files, stop=6.0, copies=1 if files else 2)] == ["passed"]
        assert repo.baseline(files=files, tests=[1], stop=0.001) == []  # the first one may be through by then
    assert [event["outcome"] for event in repo.baseline(tests=[2], stop=30.0)] == ["passed"]


@pytest.mark.parametrize("slow, stop, outcomes", [("two", 60.0, ["passed"]), ("one", 60.0, ["passed"]), ("two", 0.0, ["passed", "passed"])])
def test_a_slow_test_leaves_time_for_the_other_pass(repo, slow, stop, outcomes):
    """When no further test is begun, the running one is ended a little later; not the first of all, or there would never be a result; not where time has no end."""
    repo.write("test_a.py", "import time\ndef test_one(): time.sleep(%d)\ndef test_two(): time.sleep(%d)\ndef test_three(): pass\n"
               % (4 * (slow == "one"), 4 * (slow == "two")))
    repo.write("mod.py", "")
    repo.start()
    for files in ([], ["mod.py"]):
        assert [event["outcome"] for event in repo.baseline(files=files, pause=1.0, stop=stop)] == outcomes
    for files, found in (([], ["passed"]), (["mod.py"], ["passed"] if not stop else [])):  # the first of a later part
        assert [event["outcome"] for event in repo.baseline(files=files, tests=[0 if slow == "one" else 1], pause=1.0, stop=stop)] == found
    assert [event["outcome"] for event in repo.baseline(tests=[2])] == ["passed"]


STREAMS = """
import io
import sys

import pytest

AT_IMPORT = sys.stdout, sys.stderr


@pytest.fixture
def replaced():
    sys.stdout = io.StringIO()
    return sys.stdout


def test_everything_can_be_printed():
    print(chr(0xDC80))


def test_order_of_fixtures_leaves_a_closed_stream(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", sys.stdout)


def test_streams_are_what_they_were():
    print("to somewhere")
    assert (sys.stdout, sys.stderr) == AT_IMPORT


def test_replaced_in_a_fixture(replaced):
    print("not there")
    assert replaced.getvalue() == ""
"""


@pytest.mark.parametrize("options, passing", [("", [True] * 4), ("addopts = -s", [True, False, False])], ids=["capture", "none"])
def test_streams_are_those_of_pytest_with_and_without_its_capture(repo, options, passing):
    """As plain pytest has it with the repo's own options; it runs beside us."""
    repo.write("pytest.ini", "[pytest]\n%s\n" % options)
    repo.write("test_a.py", STREAMS)
    plain = subprocess.run([sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider"], cwd=repo.path,
                           capture_output=True, text=True, errors="replace", check=False).stdout
    assert [("PASSED test_a.py::" + name) in plain for name in re.findall(r"def (test_\w+)", STREAMS)][-len(passing):] == passing, plain
    repo.start()
    assert [event["outcome"] == "passed" for event in repo.baseline()][-len(passing):] == passing, "what -s can print depends on the machine"


def test_what_ran_on_import_and_in_a_test_before_is_told_of_each_test_that_runs_it(repo):
    repo.write("mod.py", "def short(n): return n\n\ndef long(n):\n    if n:\n        n = short(n)\n    return n\n\nVALUE = long(1)\n")
    repo.write("test_mod.py", "import pytest\nimport mod\n\n@pytest.fixture\ndef made(): return mod.long(1)\n\ndef test_a(): assert mod.long(2) == 2\n"
               "def test_b(): assert mod.long(0) == 0 and mod.long(3) == 3\ndef test_c(made): assert made\ndef test_d(): pass\n")
    repo.start(watch=["other.py"])  # so what runs on import here is of no interest then
    events = repo.baseline(files=["mod.py"])
    assert [event["lines"] for event in events] == [[[0, 1, 1], [0, 4, 6]]] * 3 + [[]]


def test_a_generator_that_was_begun_on_import_is_seen_where_it_goes_on(repo):
    repo.write("mod.py", "def count():\n    n = 0\n    while True:\n        yield n\n        n += 1\n\n\nCOUNT = count()\nnext(COUNT)\n")
    repo.write("test_mod.py", "import mod\n\ndef test_a(): assert next(mod.COUNT) == 1\ndef test_b(): assert next(mod.COUNT) == 2\n")
    repo.start()
    events = [event for event in repo.baseline(files=["mod.py"]) if event.get("lines") is not None]
    assert [5 in lines_of(event) for event in events[:2]] == [True, True]
