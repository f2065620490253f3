"""Before CPython 3.12 lines are traced by a part of the agent in C, or in Python where that cannot be loaded: both see the same lines."""
import subprocess
import sys
import textwrap

import driver
import pytest

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 12), reason="lines are watched by sys.monitoring")
IN_C = (3, 9) <= sys.version_info < (3, 12)

MODULE = """
    import os
    import sys
    import threading

    class Worker(threading.Thread):
        def run(self):
            self.answer = helper(2)

    def helper(n):
        if n > 1:
            return [
                one
                for one in range(n)
            ]
        return n

    def generator():
        yield 1
        yield 2

    def in_a_fork():
        pid = os.fork()
        if pid == 0:
            x = 1
            os._exit(helper(x))
        return os.waitpid(pid, 0)[1]

    def takes_the_slot():
        sys.settrace(None)
        return 1

    def puts_it_back():
        found = sys.gettrace()
        sys.settrace(lambda *event: None)
        a = 1
        sys.settrace(found)
        return helper(a)

    def for_outer():
        return 3

    class Finalized:
        def __del__(self):
            helper(0)
"""
TESTS = """
    import subprocess
    import sys
    import pytest
    import mod

    kept = mod.generator()
    next(kept)
    odd = compile("def odd(n):\\n    return n\\n", "odd", "exec").replace(co_filename="a\\0b")

    @pytest.fixture(scope="module")
    def shared():
        return mod.helper(1)

    @pytest.fixture(scope="module")
    def inner():
        return mod.helper(0)

    @pytest.fixture(scope="module")
    def outer(request):
        return mod.for_outer() + request.getfixturevalue("inner")

    def test_outer(outer):
        assert outer == 3

    def test_inner(inner):
        assert inner == 0

    def test_thread():
        worker = mod.Worker()
        worker.start()
        worker.join()
        assert worker.answer == [0, 1]

    def test_generator():
        assert next(kept) == 2

    def test_generator_again(shared):
        assert list(mod.generator()) == [1, 2]

    def test_fork():
        assert mod.in_a_fork() == 256

    def test_program():
        assert subprocess.call([sys.executable, "-c", "import mod; mod.helper(0)"]) == 0

    def test_slot():
        assert mod.takes_the_slot() == 1

    def test_behind_it(shared):
        assert mod.helper(0) == 0

    def test_back():
        assert mod.puts_it_back() == 1

    def test_finalized():
        mod.Finalized()

    def test_odd_names():
        found = {}
        exec(odd, found)
        assert found["odd"](1) == 1

    def test_odd_lines():
        code = mod.helper.__code__
        mod.helper.__code__ = code.replace(co_firstlineno=2 ** 31 - 20)
        try:
            mod.helper(0)
        finally:
            mod.helper.__code__ = code

    def test_many_codes():
        for number in range(25000):
            eval("lambda: 1")()
        assert mod.helper(1) == 1

    def test_import_again():
        del sys.modules["mod"]
        import mod as again
        assert again.helper(0) == 0
"""


def lines_by_test(folder, tracer):
    repo = driver.Repo(folder, tracer)
    try:
        repo.write("mod.py", MODULE)
        repo.write("test_mod.py", TESTS)
        imported = repo.start()["imported"]
        assert not repo.collected["errors"]
        events = repo.baseline(files=["mod.py"])
        tests = {repo.ids()[event["test"]].split("::")[-1]: event for event in events}
        assert {name: event["outcome"] for name, event in tests.items() if event["outcome"] != "passed"} == {}
        return imported, {name: driver.lines_of(event) for name, event in tests.items()}
    finally:
        repo.close()


def line_of(text):
    lines = MODULE.strip("\n").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.strip() == text)


@pytest.fixture(scope="module")
def in_python(tmp_path_factory):
    return lines_by_test(tmp_path_factory.mktemp("python"), False)


@pytest.fixture(scope="module")
def in_c(tmp_path_factory):
    return lines_by_test(tmp_path_factory.mktemp("c"), True)


def test_both_see_the_same_lines(in_python, in_c):
    seen_in_c, seen = dict(in_c[1]), dict(in_python[1])
    assert seen_in_c.pop("test_odd_lines") <= seen.pop("test_odd_lines")  # in C there is an end to what is kept for a file
    unseen = {line_of(text) for text in ("a = 1", "sys.settrace(found)", "return helper(a)")}  # from another trace function to the next call behind it
    assert seen.pop("test_back") - seen_in_c.pop("test_back") <= unseen
    assert seen_in_c == seen
    assert in_c[0] == in_python[0]


@pytest.mark.parametrize("test, text", [
    ("test_thread", "self.answer = helper(2)"), ("test_thread", "for one in range(n)"), ("test_generator", "yield 2"), ("test_generator_again", "yield 1"),
    ("test_generator_again", "return n"), ("test_fork", "x = 1"), ("test_fork", "return n"), ("test_fork", "return os.waitpid(pid, 0)[1]"), ("test_program", "return n"),
    ("test_outer", "return 3"), ("test_outer", "return n"), ("test_inner", "return n"), ("test_behind_it", "return n"), ("test_back", "return n"), ("test_finalized", "helper(0)"), ("test_many_codes", "return n"), ("test_import_again", "class Worker(threading.Thread):"),
])
def test_lines_that_run_are_seen(in_c, test, text):
    assert line_of(text) in in_c[1][test]


def test_a_fixture_inside_a_fixture_has_its_own_lines(in_c):
    assert line_of("return 3") not in in_c[1]["test_inner"]


def test_lines_that_ran_on_import(in_c):
    ran = {line for first, last in in_c[0]["mod.py"] for line in range(first, last + 1)}
    assert line_of("yield 1") in ran
    assert line_of("yield 2") not in ran and line_of("class Worker(threading.Thread):") not in ran


@pytest.mark.parametrize("tracer", [True, False])
def test_who_traces(tmp_path, tracer):
    repo = driver.Repo(tmp_path, tracer)
    repo.write("test_it.py", "import sys\ndef test_it():\n    assert type(sys.gettrace()).__name__ == '%s'\n" % ("method" if tracer and IN_C else "function"))
    repo.start()
    assert repo.outcomes(files=["test_it.py"]) == {"test_it": "passed"}
    repo.close()


def run(script):
    """What a script prints that has the part in C as `tracer`, by itself."""
    text = "import importlib.machinery, importlib.util, sys\n" + textwrap.dedent("""
        def load(path):
            loader = importlib.machinery.ExtensionFileLoader("tracer", path)
            found = importlib.util.module_from_spec(importlib.util.spec_from_loader("tracer", loader))
            loader.exec_module(found)
            return found
        tracer = load(sys.argv[1])
    """) + textwrap.dedent(script)
    done = subprocess.run([sys.executable, "-c", text, driver.TRACER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode().split()


@pytest.mark.skipif(not IN_C, reason="3.8 has no PyFrame_GetCode")
class TestInC:
    def test_codes_that_tests_make_on_and_on_are_not_kept(self):
        alive, = run("""
            import weakref
            made = []
            tracer.use(lambda code: -1)
            tracer.start(print)
            for number in range(50000):
                function = eval("lambda: 1")
                made.append(weakref.ref(function.__code__))
                function()
            sys.settrace(None)
            print(sum(one() is not None for one in made))
        """)
        assert int(alive) <= 20000

    def test_a_new_resolver_is_asked_of_codes_that_are_known(self):
        assert run("""
            def main():
                tracer.use(lambda code: 1)
                tracer.start(print)
                x = 1
                before = tracer.drain()
                tracer.use(lambda code: 2)
                x = 2
                behind = tracer.drain()
                sys.settrace(None)
                print({file for file, _line in before}, {file for file, _line in behind})
            main()
        """) == ["{1}", "{2}"]

    @pytest.mark.parametrize("answer", ["1 / 0", "None", "2 ** 80", "-1", "2 ** 40"])
    def test_a_resolver_that_knows_no_number(self, answer):
        assert run("""
            def function():
                return 1
            tracer.use(lambda code: %s)
            tracer.start(print)
            function()
            sys.settrace(None)
            print(tracer.drain())
        """ % answer) == ["[]"]

    def test_numbers_of_lines_have_an_end(self):
        assert run("""
            def function():
                return 1
            first = function.__code__.co_firstlineno
            tracer.use(lambda code: 0 if code.co_name == "function" else -1)
            for number in (2 ** 22 - 3, 2 ** 22 - 1, 2 ** 31 - 20):
                function.__code__ = function.__code__.replace(co_firstlineno=number)
                tracer.start(print)
                function()
                sys.settrace(None)
            print(*(line for _file, line in tracer.drain()))
        """) == [str(2 ** 22 - 2)]

    def test_what_runs_while_lines_are_handed_over_is_noted_for_the_next_time(self):
        """Making the list collects garbage, whose finalizers run."""
        assert run("""
            import gc
            class Cycle:
                def __init__(self):
                    self.me = self
                def __del__(self):
                    finalized()
            def finalized():
                pass
            def function():
                %s
            tracer.use(lambda code: 1 if code.co_name == "finalized" else 0 if code.co_name == "function" else -1)
            gc.collect()
            gc.disable()
            Cycle()
            tracer.start(print)
            function()
            gc.enable()
            gc.set_threshold(1, 1, 1)
            first = tracer.drain()
            gc.disable()
            second = tracer.drain()
            sys.settrace(None)
            print(len(first) >= 500, {file for file, _line in first}, {file for file, _line in second})
        """ % "\n                ".join("x = %d" % number for number in range(500))) == ["True", "{0}", "{1}"]


HOOKED = """
    import ctypes
    api = ctypes.PyDLL(None)
    api.PyInterpreterState_Get.restype = api._PyInterpreterState_GetEvalFrameFunc.restype = ctypes.c_void_p
    api._PyInterpreterState_GetEvalFrameFunc.argtypes = [ctypes.c_void_p]
    api._PyInterpreterState_SetEvalFrameFunc.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    api._PyInterpreterState_SetEvalFrameFunc.restype = None
    DEFAULT = ctypes.cast(api._PyEval_EvalFrameDefault, ctypes.c_void_p).value
    def hooked():
        return api._PyInterpreterState_GetEvalFrameFunc(api.PyInterpreterState_Get()) != DEFAULT
"""


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="only 3.11 looks for lines in all code, and can be told not to")
class TestNarrow:
    """Code that nobody asks for runs untraced."""

    def run(self, script):
        return run(textwrap.dedent(HOOKED) + textwrap.dedent("""
            def function():
                x = 1
                return x
            tracer.use(lambda code: 0 if code.co_name == "function" else -1)
            tracer.start(print)
            assert not hooked() and tracer.narrow(True) and hooked()
        """) + textwrap.dedent(script))

    def test_what_is_asked_for_is_seen_wherever_it_is_called(self):
        assert self.run("""
            def between():
                return function()
            def calls(function, between):
                sorted([2, 1], key=lambda one: between())
            calls(function, between)
            print(len(tracer.drain()))
            tracer.narrow(False)
            between()
            print(len(tracer.drain()), hooked())
        """) == ["2", "2", "False"]

    @pytest.mark.parametrize("name", ["settrace", "setprofile"])
    def test_it_ends_where_the_code_under_test_traces_or_profiles(self, name):
        assert self.run("""
            def main():
                told = []
                def follow(frame, event, arg):
                    told.append(event)
                    return follow
                def inner():
                    return 1
                sys.%s(follow)
                inner()
                sys.%s(None)
                return "call" in told and "return" in told
            print(main(), hooked(), tracer.narrow(True), hooked())
        """ % (name, name)) == ["True", "False", "1", "True"]

    def test_it_ends_where_greenlets_are_imported(self):
        """They change stacks in the midst of a call."""
        assert self.run("""
            try:
                import greenlet
            except ImportError:
                pass
            print(hooked())
        """) == ["False"]

    def test_it_ends_where_calls_go_deep(self):
        """Frames that are run through it take C's stack, which has an end."""
        assert self.run("""
            sys.setrecursionlimit(200000)
            def down(n):
                return down(n - 1) if n else function()
            print(down(100000), hooked(), len(tracer.drain()))
        """) == ["1", "False", "2"]

    def test_an_exception_on_entry_stays_what_it_is(self):
        assert self.run("""
            def generator():
                try:
                    yield 1
                except ValueError as error:
                    yield str(error)
            found = generator()
            next(found)
            tracer.use(lambda code: None if code.co_name == "generator" else -1)
            print(found.throw(ValueError("mine")))
        """) == ["mine"]

    def test_somebody_else_runs_frames(self):
        assert self.run("""
            def main():
                api._PyInterpreterState_SetEvalFrameFunc(api.PyInterpreterState_Get(), DEFAULT)
                tracer.drain()
                function()
                print(len(tracer.drain()))
            main()
        """) == ["2"]

    @pytest.mark.parametrize("more, hooks", [("", "True"), ("sys.modules['greenlet'] = sys", "False")])
    def test_the_baseline_is(self, repo, more, hooks):
        repo.write("conftest.py", "import sys\n" + more)
        repo.write("mod.py", "def f():\n    return 1\n")
        repo.write("test_it.py", "import mod\n" + textwrap.dedent(HOOKED) + "def test_it():\n    assert hooked() is %s and mod.f() == 1\n" % hooks)
        repo.start()
        event, = repo.baseline(files=["mod.py"])
        assert event["outcome"] == "passed", event
        assert driver.lines_of(event) == {2}
