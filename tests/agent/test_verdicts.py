"""What counts as a kill: crashes, hangs, exits and set-up failures are told apart, and no exit code is believed."""
import os
import re
import subprocess
import sys
import textwrap

import driver
import pytest
from driver import Bench

MODULE = '''
    import os


    def f(n):
        if n > 10:
            return n
        for _ in range(n):
            n = n + 1
        return n


    def helper(text):
        return text.upper()


    def many(n):
        total = 0
        for _ in range(n):
            total = total + 1
        while n:
            n = n - 1
        return total


    def step(n):
        return n - 1
'''
TESTS = '''
    import os, sys, time, unittest
    import pytest
    from mod import f, helper, many, step

    def test_f(): assert f(3) == 6
    def test_big(): assert f(20) == 20
    def test_many(): assert many(300000) == 300000
    def test_few(): assert many(3) == 3
    def test_steps():
        n = 3
        while n > 0: n = step(n)
    def test_told_steps():
        assert step(5) >= 4
        test_steps()
    def test_called():
        for n in range(150_000): step(n)
    def test_exit():
        if f(20) != 20: os._exit(0)
    def test_sysexit():
        if f(20) != 20: sys.exit(0)
    def test_abort():
        if f(20) != 20: os.abort()
    def test_sleep():
        if f(20) != 20: time.sleep(30)
    def test_late():
        time.sleep(3.5)
        assert f(20) == 20
    def test_skip():
        if f(20) != 20: pytest.skip("no")
    def test_pytest_exit():
        if f(20) != 20: pytest.exit("enough", 0)
    def test_interrupt():
        if f(20) != 20: raise KeyboardInterrupt
    def test_early_failure():
        assert os.environ.get("NOT_THERE"), "early"
        f(3)
    def test_fork():
        if os.fork() == 0:
            assert f(20) == 20
            os._exit(0)
        os.wait()

    @pytest.fixture(scope="module")
    def shared(): return f(20)
    def test_fixture_one(shared): assert True
    def test_fixture_two(shared): assert shared == 20

    @pytest.fixture
    def strict():
        assert f(20) == 20
    def test_setup(strict): pass
    @pytest.fixture
    def strict_end():
        yield
        assert f(20) == 20
    def test_teardown(strict_end): pass

    @pytest.mark.xfail
    def test_xfail(): assert f(20) == 21
    @pytest.mark.xfail(strict=True)
    def test_strict(): assert f(20) == 21

    class TestUnit(unittest.TestCase):
        def setUp(self): self.n = 20
        def test_unit(self): self.assertEqual(f(self.n), 20)
        def test_parts(self):
            for n in (20, 30):
                with self.subTest(n=n):
                    self.assertEqual(f(n), n)
        @unittest.expectedFailure
        def test_expected(self): self.assertEqual(f(20), 21)

    @pytest.mark.parametrize("n", [11, 12])
    def test_param(n): assert f(n) == n
    def test_type(): assert helper("a") == "A"
    def test_raises():
        with pytest.raises(AttributeError): helper(1)
'''


@pytest.fixture(scope="module")
def bench(shared):
    shared.write("mod.py", MODULE)
    shared.write("test_mod.py", TESTS)
    shared.start()
    return Bench(shared, "mod.py", "f")


BIG = ("return n\n        for", "return n + 1\n        for")


@pytest.mark.parametrize("test, verdict", [
    ("test_big", "killed"), ("test_exit", "died"), ("test_sysexit", "killed"), ("test_abort", "died"), ("test_skip", "survived"),
    ("test_pytest_exit", "killed"), ("test_interrupt", "killed"), ("test_unit", "killed"), ("test_parts", "killed"),
    ("test_param[11]", "killed"), ("test_fixture_two", "killed"), ("test_xfail", "survived"), ("test_strict", "killed"),
    ("test_expected", "killed"), ("test_fork", "survived"),
])
def test_each_way_to_fail(bench, test, verdict):
    old, new = "if n > 10:\n        return n", "if n > 10:\n        return n + 1"
    assert bench.verdict(old, new, [test], line=bench.function.first + 2, end_line=bench.function.first + 2) == (verdict, True)


def test_died_names_the_test_and_the_signal(bench):
    line = bench.function.first + 1
    answer = bench.mutant("n > 10", "n > 100", ["test_f", "test_abort", "test_f"], line=line, end_line=line)
    assert answer["end"] == "died" and answer["at"] == bench.repo.index("test_abort") and answer["at_hit"]
    assert "signal 6" in answer["reason"]
    assert [run[0] for run in answer["runs"]] == [bench.repo.index("test_f")]


def test_setup_and_teardown_failures_say_so(bench):
    for test in ("test_setup", "test_teardown"):
        run = bench.mutant("n > 10", "n > 100", [test])["runs"][0]
        assert run[1:5] == [True, True, False, True]


def test_a_failure_before_the_mutated_line_is_no_hit(bench):
    run = bench.mutant("n > 10", "n > 100", ["test_early_failure"])["runs"][0]
    assert run[1:5] == [True, False, False, False]


def test_an_endless_loop_is_known_by_its_rounds(bench):
    answer = bench.mutant("n = n + 1", "n = n + 1\n        while True: pass", ["test_big", "test_f"], limit=60.0, wall=300.0)
    assert (answer["end"], answer["at"], answer["at_hit"], answer["certain"]) == ("timeout", bench.repo.index("test_f"), True, True)
    assert re.match(r"it was called, or a loop went round, more than 100\d00 times", answer["reason"]), answer


def test_a_loop_may_go_round_as_often_as_it_does_unchanged(bench):
    bench = Bench(bench.repo, "mod.py", "many")
    assert bench.verdict("total = total + 1", "total = 1 + total", ["test_many"], limit=60.0, wall=300.0) == ("survived", True)
    assert bench.verdict("total = total + 1", "total = total + 2", ["test_many"], limit=60.0, wall=300.0) == ("killed", True)
    answer = bench.mutant("n = n - 1", "n = n + 1", ["test_few"], limit=60.0, wall=300.0)
    assert answer["end"] == "timeout" and "more than 100" in answer["reason"], answer


def test_an_endless_loop_around_it_is_known_by_its_calls(bench):
    bench = Bench(bench.repo, "mod.py", "step")
    for test in "test_steps", "test_told_steps":  # the second has run a mutant's line, the first has to come to it
        answer = bench.mutant("n - 1", "n + 0", [test], limit=60.0, wall=300.0)
        assert (answer["end"], answer["at_hit"], answer["certain"]) == ("timeout", True, True), answer
        assert re.match(r"it was called, or a loop went round, more than 100\d00 times", answer["reason"]), answer
    assert bench.verdict("n - 1", "n - 2", ["test_called"], limit=60.0, wall=300.0) == ("survived", True), "it may be called as often as unchanged"


@pytest.mark.parametrize("limit, certain", [(0.52, True), (0.6, False)])
def test_what_does_not_end_otherwise_runs_into_its_cpu_limit(bench, limit, certain):
    answer = bench.mutant("n = n + 1", "n = sum(iter(int, 1))", ["test_big", "test_f"], limit=limit)
    assert (answer["end"], answer["at"], answer["at_hit"]) == ("timeout", bench.repo.index("test_f"), True)
    assert answer["certain"] is certain and not answer["reason"]


def test_sleep_runs_into_the_wall(bench):
    answer = bench.mutant("n > 10", "n > 100", ["test_sleep"], wall=1.0)
    assert (answer["end"], answer["at"], answer["at_hit"]) == ("timeout", bench.repo.index("test_sleep"), True)
    assert answer["seconds"] < 20


WAITS = {  # what is done for ever: how it is known that no busy machine is the reason
    "__import__('threading').Event().wait()": "one wait",
    "(__import__('threading').Thread(target=lambda: __import__('time').sleep(60)).start(), __import__('threading').Event().wait())": "one wait",
    "all(__import__('time').sleep(0.1) is None for _ in iter(int, 1))": "asleep at the limit",
    "__import__('subprocess').call(['sleep', '60'])": "",
    "__import__('os').system('while :; do :; done')": "",
    "(__import__('signal').setitimer(2, 0), sum(iter(int, 1)))": "",
}


@pytest.mark.parametrize("waits, limit", [(waits, limit) for waits in WAITS for limit in ((0.52, 0.6, 4.0) if WAITS[waits] else (0.52, 0.6))])
def test_waiting_for_ever_costs_the_deadline_of_one_test(bench, waits, limit):
    """No processor time is used, and the wall limit of the whole process is far away."""
    answer = bench.mutant("n > 10", "n > 10 and not %s" % waits, ["test_f", "test_big"], limit=limit, wall=60.0)
    assert (answer["end"], answer["at"], answer["at_hit"]) == ("timeout", bench.repo.index("test_big"), True)
    assert answer["seconds"] < 30
    assert answer["certain"] is (WAITS[waits] == "one wait" or WAITS[waits] != "" and limit < 1), "of more than 20 times what it takes"


@pytest.mark.parametrize("test, takes, ends", [("test_big", 0.2, "timeout"), ("test_big", 0.5, "done"), ("test_late", 0.2, "done")])
def test_one_wait_may_last_for_ten_times_what_the_test_takes(bench, test, takes, ends):
    """Behind the mutated line, that is. All of these end before the wall limit."""
    seconds = 0 if test == "test_late" else 3.5
    answer = bench.mutant("n > 10", "n > 10 and not __import__('time').sleep(%s)" % seconds, [test], limit=0.5 + 5.0 * takes, wall=60.0)
    assert (answer["end"], answer["reason"]) == (ends, "one wait took more than 2 s" if ends == "timeout" else "")


def test_crash_is_told_from_assertion(bench):
    assert bench.verdict("n > 10", "n > None", ["test_big"]) == ("crash", True)
    assert bench.verdict("n > 10", "nothing > 10", ["test_big"]) == ("crash", True)
    assert bench.verdict("n > 10", "int(None) > 10", ["test_big"])[0] == "crash"


def test_a_type_error_of_the_test_itself_is_no_crash(repo):
    repo.write("mod.py", "def f(n):\n    return n + 1\n")
    repo.write("test_mod.py", "from mod import f\ndef test_sum(): assert sum([f(1), 2]) == 4\n")
    repo.start()
    bench = Bench(repo, "mod.py", "f")
    assert bench.verdict("return n + 1", "return None", ["test_sum"]) == ("killed", True)


def test_a_condition_that_is_folded_away_is_still_reached(repo):
    """`if True:` leaves no instruction on its line before 3.10."""
    repo.write("mod.py", "def f(n):\n    if n > 90:\n        return 0\n    if n > 10:\n        n += 1\n    return n\n")
    repo.write("test_mod.py", "from mod import f\ndef test_small(): assert f(1) == 1\ndef test_big(): assert f(20) == 21\n")
    repo.start()
    bench = Bench(repo, "mod.py", "f")
    assert bench.verdict("if n > 10:", "if (True):", ["test_small"], line=4, end_line=4) == ("killed", True)
    assert bench.verdict("if n > 10:", "if (True):", ["test_big"], line=4, end_line=4) == ("survived", True)


def test_threads_prove_activation_too(repo):
    repo.write("mod.py", "def f(n):\n    return n + 1\n")
    repo.write("test_mod.py", """
        import threading
        from mod import f
        def test_thread():
            seen = []
            thread = threading.Thread(target=lambda: seen.append(f(1)))
            thread.start()
            thread.join()
            assert seen
        """)
    repo.start()
    assert Bench(repo, "mod.py", "f").verdict("n + 1", "n + 2", ["test_thread"]) == ("survived", True)


def test_a_hook_that_reads_reports_gets_them(repo):
    repo.write("mod.py", "def f(n):\n    return n + 1\n")
    repo.write("conftest.py", """
        import pytest
        @pytest.hookimpl(hookwrapper=True, tryfirst=True)
        def pytest_runtest_makereport(item, call):
            outcome = yield
            setattr(item, "report_" + call.when, outcome.get_result())
        @pytest.fixture
        def reader(request):
            yield
            assert not request.node.report_call.skipped
        """)
    repo.write("test_mod.py", "from mod import f\ndef test_any(reader): assert f(1)\ndef test_two(reader): assert f(1) == 2\n")
    repo.start()
    bench = Bench(repo, "mod.py", "f")
    assert bench.verdict("n + 1", "n + 2", ["test_any"]) == ("survived", True)
    assert bench.verdict("n + 1", "n + 2", ["test_two"]) == ("killed", True)


def test_a_mutant_that_eats_memory_meets_its_limit(repo):
    repo.write("mod.py", "def f(n):\n    return bytearray(n)\n")
    repo.write("test_mod.py", "from mod import f\ndef test_f(): assert len(f(3)) == 3\n")
    repo.start(memory_limit_mb=2000)
    answer = Bench(repo, "mod.py", "f").mutant("bytearray(n)", "bytearray(n << 32)", ["test_f"])
    assert answer["end"] == "done" and answer["runs"][0][1:3] == [True, True] and "MemoryError" in answer["runs"][0][5]


def test_tmp_path_works_without_reports(repo):
    repo.write("mod.py", "def f(n):\n    return n + 1\n")
    repo.write("test_mod.py", "from mod import f\ndef test_dir(tmp_path):\n    tmp_path.joinpath('x').write_text(str(f(1)))\n")
    repo.start()
    assert Bench(repo, "mod.py", "f").verdict("n + 1", "n + 2", ["test_dir"]) == ("survived", True)


def test_what_an_earlier_test_left_behind_kills(repo):
    repo.write("mod.py", "import functools\n@functools.lru_cache()\ndef f(n):\n    return n + 1\n")
    repo.write("test_mod.py", "from mod import f\ndef test_fill(): f(1)\ndef test_use(): assert f(1) == 2\n")
    repo.start()
    assert Bench(repo, "mod.py", "f").verdict("n + 1", "n + 2", ["test_fill", "test_use"]) == ("killed", True)


def test_forked_processes_count(repo):
    repo.write("mod.py", "def f(n):\n    return n + 1\n")
    repo.write("test_mod.py", """
        import multiprocessing
        from mod import f
        def test_pool():
            with multiprocessing.get_context("fork").Pool(1) as pool: assert pool.map(f, [1]) == [2]
        """)
    repo.start()
    assert [2, 2] in [line[1:] for line in repo.baseline(["mod.py"])[0]["lines"]]
    assert Bench(repo, "mod.py", "f").verdict("n + 1", "n + 2", ["test_pool"]) == ("killed", True)


def test_the_first_failing_subtest_ends_its_test(repo):
    repo.write("mod.py", "def f(n):\n    return n + 1\n")
    repo.write("test_s.py", """
        import os, unittest
        from mod import f
        class T(unittest.TestCase):
            def test_many(self):
                for n in range(3):
                    with self.subTest(n=n):
                        if n > 0 and f(1) != 2:
                            os._exit(7)
                        self.assertEqual(f(1), 2)
    """)
    repo.start()
    assert Bench(repo, "mod.py", "f").verdict("n + 1", "n - 1", [0]) == ("killed", True)


def test_lines_that_run_on_import_are_told(repo):
    repo.write("mod.py", "def f(n):\n    m = n + 1\n    return m\nONE = f(0)\ndef g(n):\n    return n + 2\n")
    repo.write("test_mod.py", "from mod import f, g, ONE\ndef test_f(): assert f(1) == g(0)\n")
    repo.start()
    assert Bench(repo, "mod.py", "f").target["imported"] in ([[2, 3]], [[1, 3]])
    assert Bench(repo, "mod.py", "g").target["imported"] == []


@pytest.mark.parametrize("test", ["test_reload", "test_late"])
def test_a_file_that_a_test_imports_is_mutated_too(repo, test):
    repo.write("again.py", "def f(n):\n    return n + 1\n")
    repo.write("late.py", "def f(n):\n    return n + 1\nONE = f(0)\n")
    repo.write("test_mod.py", """
        import importlib
        import again
        def test_reload(): assert importlib.reload(again).f(1) == 2
        def test_late():
            from late import ONE
            assert ONE == 1
        """)
    repo.start()
    assert Bench(repo, test[5:].replace("reload", "again") + ".py", "f").verdict("n + 1", "n + 2", [test]) == ("killed", True)


def test_a_trouble_from_before_is_not_the_next_tests(repo):
    """pytest 8.4 and later keep what a finalizer raises until the next test is set up, and with -W error that fails."""
    repo.write("pytest.ini", "[pytest]\nfilterwarnings = error\n")
    repo.write("mod.py", "def f(n):\n    return n + 1\n")
    repo.write("test_mod.py", """
        import gc
        import mod
        class Loud:
            def __init__(self): self.itself = self
            def __del__(self): raise RuntimeError("loud")
        gc.disable()
        Loud()
        def test_f(): assert mod.f(1) == 2
        """)
    repo.start()
    bench = Bench(repo, "mod.py", "f")
    assert bench.verdict("n + 1", "1 + n", ["test_f"]) == ("survived", True)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="before 3.12 calls are told by markers")
def test_each_call_is_counted_and_its_first_line_looked_for_once():
    script = """
        import sys
        sys.path.append(%r)
        from _mutagen_agent import trace
        looks, real = [], trace.entry_line
        trace.entry_line = lambda code: looks.append(code) or real(code)
        def f(n): return n
        tracker = trace.HitTracker(f.__code__, 0, 0)
        tracker.watch_loops(None, lambda most: None)
        for _ in range(2):
            tracker.arm()
            before = tracker.jumps
            for n in range(50): f(n)
            print(len(looks), tracker.jumps - before, tracker.hit)
    """ % os.path.dirname(driver.PACKAGE)
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, timeout=60)
    assert done.stdout.decode().split() == ["1", "50", "True", "2", "50", "True"]
