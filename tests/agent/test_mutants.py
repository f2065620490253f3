"""Mutants of every kind of function are compiled alone, reach all live copies, and get the verdict they deserve."""
import pytest
from driver import Bench

MODULE = '''
    """Shapes of functions."""
    from __future__ import annotations
    import contextlib
    import functools


    def add(a, b):
        return a + b


    def same(a):
        if a > 3:
            a = a + 0
        return a


    class Base:
        def size(self):
            return 1


    class Shape(Base):
        factor = 2

        def __init__(self, n):
            self.__n = n

        def size(self):
            return super().size() + self.__n

        @property
        def double(self):
            return self.__n * 2

        @staticmethod
        def half(n):
            return n // 2

        @classmethod
        def make(cls, n):
            return cls(n + 1)

        class Inner:
            def deep(self):
                return 40 + 2


    def counted(function):
        @functools.wraps(function)
        def wrapper(*args):
            wrapper.calls += 1
            return function(*args)
        wrapper.calls = 0
        return wrapper


    @counted
    def twice(n):
        return n * 2


    @functools.lru_cache(maxsize=None)
    def cached(n):
        return n + 10


    def count(n):
        for i in range(n):
            yield i


    def adder(n):
        def add_n(m):
            return m + n
        return add_n


    plus_five = adder(5)


    def chosen(low, high):
        def choose(n):
            def least():
                return low
            if n > 3:
                return least() + 1  # the höchste: behind the last statement stands more
            else: return high ** n  # not run
        return choose


    choose = chosen(1, 2)


    async def later(n):
        return n + 1


    @contextlib.contextmanager
    def opened(n):
        yield n + 1


    if True:
        def conditional(n): return n - 1
'''
TESTS = '''
    import asyncio
    import pytest
    from pkg.shapes import *
    from pkg.shapes import Shape as Renamed
    import pkg.shapes as module

    def test_add(): assert add(2, 3) == 5
    def test_same(): assert same(4) == 4
    def test_size(): assert Shape(3).size() == 4
    def test_double(): assert Shape(3).double == 6
    def test_half(): assert Shape.half(8) == 4
    def test_make(): assert Renamed.make(1).size() == 3
    def test_deep(): assert Shape.Inner().deep() == 42
    def test_twice(): assert twice(4) == 8
    def test_calls():
        before = twice.calls
        twice(1)
        assert twice.calls == before + 1
    def test_cached(): assert cached(1) == 11
    def test_count(): assert list(count(3)) == [0, 1, 2]
    def test_plus_five(): assert plus_five(1) == 6
    def test_choose(): assert choose(5) == 2
    def test_later(): assert asyncio.run(later(1)) == 2
    def test_opened():
        with opened(1) as n:
            assert n == 2
    def test_conditional(): assert conditional(3) == 2
    def test_nothing(): pass
'''


@pytest.fixture(scope="module")
def shapes(shared):
    shared.write("pkg/__init__.py", "")
    shared.write("pkg/shapes.py", MODULE)
    shared.write("tests/test_shapes.py", TESTS)
    shared.start()
    assert shared.collected["ok"] and not shared.collected["errors"], shared.collected
    return shared


@pytest.mark.parametrize("qualname, old, new, test, flavour", [
    ("add", "a + b", "a - b", "test_add", "function"),
    ("Shape.size", "+ self", "- self", "test_size", "function"),
    ("Shape.size", "super().size() + self.__n", "self.__n", "test_size", "function"),
    ("Shape.double", "* 2", "* 3", "test_double", "function"),
    ("Shape.half", "// 2", "* 2", "test_half", "function"),
    ("Shape.make", "n + 1", "n - 1", "test_make", "function"),
    ("Shape.Inner.deep", "40 + 2", "40 - 2", "test_deep", "function"),
    ("twice", "n * 2", "n * 3", "test_twice", "function"),
    ("cached", "n + 10", "n - 10", "test_cached", "function"),
    ("count", "yield i", "yield i + 1", "test_count", "generator"),
    ("count", "yield i", "pass", "test_count", "generator"),
    ("adder.add_n", "m + n", "m - n", "test_plus_five", "function"),
    ("adder.add_n", "return m + n", "return m", "test_plus_five", "function"),
    ("adder", "m + n", "m - n", "test_plus_five", "function"),
    ("adder", "return m + n", "return m", "test_plus_five", "function"),
    ("counted", "wrapper.calls += 1", "wrapper.calls -= 1", "test_calls", "function"),
    ("counted", "wrapper.calls += 1", "pass", "test_calls", "function"),
    ("counted", "return function(*args)", "return None", "test_twice", "function"),
    ("chosen", "return low", "return 0", "test_choose", "function"),
    ("later", "n + 1", "n + 2", "test_later", "coroutine"),
    ("opened", "n + 1", "n + 2", "test_opened", "generator"),
    ("conditional", "n - 1", "n + 1", "test_conditional", "function"),
])
def test_mutant_is_killed_by_its_test_and_survives_another(shapes, qualname, old, new, test, flavour):
    bench = Bench(shapes, "pkg/shapes.py", qualname)
    assert bench.target["ok"] and bench.target["functions"] >= 1, bench.target
    assert bench.target["flavour"] == flavour
    assert bench.verdict(old, new, [test]) == ("killed", True)
    assert bench.verdict(old, new, ["test_nothing"]) == ("survived", False)


def test_refusals_name_their_reason(shapes):
    bench = Bench(shapes, "pkg/shapes.py", "same")
    same = bench.mutant("a > 3", "(a) > (3)", ["test_same"])
    assert (same["end"], same["same_code"]) == ("refused", True)
    broken = bench.mutant("a > 3", "a >", ["test_same"])
    assert (broken["end"], broken["same_code"]) == ("refused", False) and "compile" in broken["reason"]
    other = bench.mutant("def same(a)", "def same(a, b=1)", ["test_same"], line=1)
    assert other["end"] == "refused" and "parameters" in other["reason"]
    kind = bench.mutant("a = a + 0", "yield a", ["test_same"])
    assert kind["end"] == "refused" and "generator" in kind["reason"]


def test_an_equivalent_mutant_survives_with_proof_that_it_ran(shapes):
    bench = Bench(shapes, "pkg/shapes.py", "same")
    assert bench.verdict("a > 3", "a >= 3", ["test_same"]) == ("survived", True)
    assert bench.verdict("a = a + 0", "a = a - 0", ["test_same"], line=0, end_line=0) == ("survived", True)


def test_code_equal_to_the_original_runs_as_the_no_op_check(shapes):
    bench = Bench(shapes, "pkg/shapes.py", "add")
    assert bench.verdict("a + b", "(a + b)", ["test_add"], line=0, end_line=0) == ("survived", True)


def test_bail_stops_at_the_first_failure_and_without_it_all_run(shapes):
    bench = Bench(shapes, "pkg/shapes.py", "add")
    tests = ["test_nothing", "test_add", "test_nothing", "test_add"]
    bailed = bench.mutant("a + b", "a * b", tests)
    assert [run[1] for run in bailed["runs"]] == [False, True]
    assert [run[2] for run in bailed["runs"]] == [False, True]
    assert bailed["runs"][1][5].startswith("AssertionError: assert 6 == 5")
    full = bench.mutant("a + b", "a * b", tests, bail=False)
    assert [run[1] for run in full["runs"]] == [False, True, False, True]
    assert [run[2] for run in full["runs"]] == [False, True, False, True]


def test_many_mutants_at_once_each_get_their_own_answer(shapes):
    bench = Bench(shapes, "pkg/shapes.py", "add")
    wanted = {bench.submit("a + b", "a + b + %d" % n, ["test_add"]): n != 0 for n in range(1, 25)}
    answers = [bench.wire.read() for _ in wanted]
    assert {answer["id"] for answer in answers} == set(wanted)
    assert all(answer["end"] == "done" and answer["runs"][0][1] for answer in answers)


def test_two_module_names_for_one_file_are_both_swapped(repo):
    repo.write("pkg/__init__.py", "")
    repo.write("pkg/one.py", "def f(n):\n    return n + 1\n")
    repo.write("test_both.py", """
        import sys, os
        sys.path.insert(0, os.path.join(os.path.dirname(__file__), "pkg"))
        import one, pkg.one
        def test_short(): assert one.f(1) == 2
        def test_long(): assert pkg.one.f(1) == 2
        """)
    repo.start()
    bench = Bench(repo, "pkg/one.py", "f")
    assert bench.target["functions"] == 2
    assert bench.verdict("n + 1", "n - 1", ["test_short"]) == ("killed", True)
    assert bench.verdict("n + 1", "n - 1", ["test_long"]) == ("killed", True)
