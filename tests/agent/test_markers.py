"""Before CPython 3.12 mutated code tells by itself when it is entered. It must tell the truth of each line, and nobody may be disturbed by it."""
import sys

import pytest
from driver import Bench

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 12), reason="sys.monitoring needs no markers")

MODULE = '''
    import threading


    def early(n):
        """Stops early."""
        if n > 5:
            return 1
        total = n
        return total


    def outer(n):
        add = lambda k: (
            k + n)

        def inner(k):
            value = add(k)
            return value
        return inner


    def count(n):
        for number in range(n):
            kept = number
            yield kept


    def spread(n):
        found = []
        thread = threading.Thread(target=lambda: found.append(
            n + 1))
        thread.start()
        thread.join()
        return found


    def even(numbers):
        return list(
            number for number in numbers
            if number % 2 == 0)


    def short(n): return n + 1
'''
TESTS = '''
    import marshal, sys, mod
    KEPT = mod.outer(1)


    def test_big(): assert mod.early(9) == 1
    def test_small(): assert mod.early(2) == 2
    def test_doc(): assert mod.early.__doc__ == "Stops early." and mod.early.__code__.co_argcount == 1 and mod.early(2) == 2
    def test_made(): assert mod.outer(1)
    def test_kept(): assert KEPT(2) == 3
    def test_count(): assert list(mod.count(2)) == [0, 1]
    def test_begun(): assert next(mod.count(2)) == 0
    def test_empty(): assert list(mod.count(0)) == []
    def test_spread(): assert mod.spread(1) == [2]
    def test_even(): assert mod.even([1, 2]) == [2]
    def test_short(): assert mod.short(1) == 2


    def test_own_trace():
        seen = []
        sys.settrace(lambda frame, event, arg: seen.append(frame.f_code.co_name))
        try:
            mod.early(2)
        finally:
            sys.settrace(None)
        assert seen == ["early"]


    def test_peek():
        mod.early(2)
        assert not any(map(callable, mod.early.__code__.co_consts))


    def test_peek_behind():
        assert list(mod.count(2)) == [0, 1]
        assert not any(map(callable, mod.count.__code__.co_consts))


    def test_marshal(): assert mod.early(2) == 2 and marshal.dumps(mod.early.__code__)
'''
HITS = [
    ("early", "        return 1", "        return n // n", "test_big", True),
    ("early", "    total = n", "    total = +n", "test_big", False),
    ("early", "    total = n", "    total = +n", "test_small", True),
    ("early", "    return total", "    return +total", "test_doc", True),
    ("outer", "        k + n)", "        n + k)", "test_made", False),
    ("outer", "        k + n)", "        n + k)", "test_kept", True),
    ("outer", "        value = add(k)", "        value = +add(k)", "test_made", False),
    ("outer", "        value = add(k)", "        value = +add(k)", "test_kept", True),
    ("count", "        yield kept", "        yield +kept", "test_begun", True),
    ("count", "        yield kept", "        yield +kept", "test_empty", False),
    ("spread", "        n + 1))", "        1 + n))", "test_spread", True),
    ("even", "        if number % 2 == 0)", "        if 0 == number % 2)", "test_even", True),
    ("short", "return n + 1", "return 1 + n", "test_short", True),
]


@pytest.fixture(scope="module")
def marked(shared):
    shared.write("mod.py", MODULE)
    shared.write("test_mod.py", TESTS)
    shared.start()
    return shared


def bench_of(repo, name, *tests):
    """Behind the control that all mutants of a target come after."""
    bench = Bench(repo, "mod.py", name)
    text = bench.function.source.splitlines()[0]
    answer = bench.mutant(text, text, tests, line=0, end_line=0, bail=False)
    return bench, answer


@pytest.mark.parametrize("name, old, new, test, hit", HITS)
def test_a_line_counts_when_it_runs_and_only_then(marked, name, old, new, test, hit):
    bench, control = bench_of(marked, name, test)
    assert control["end"] == "done" and not control["runs"][0][1], control
    assert bench.verdict(old, new, [test]) == ("survived", hit)


def test_they_are_there_until_the_control_fails_by_them(marked):
    bench = Bench(marked, "mod.py", "early")
    assert bench.verdict("    total = n", "    total = +n", ["test_peek"]) == ("killed", True)
    text = bench.function.source.splitlines()[0]
    bench.mutant(text, text, ["test_small"], line=0, end_line=0, bail=False)
    assert bench.verdict("    total = n", "    total = +n", ["test_peek"]) == ("killed", True)
    bench.mutant(text, text, ["test_peek"], line=0, end_line=0, bail=False)
    assert bench.verdict("    total = n", "    total = +n", ["test_peek"]) == ("survived", True)


@pytest.mark.parametrize("test", ["test_peek", "test_marshal", "test_own_trace"])
def test_who_looks_at_byte_code_gets_it_without(marked, test):
    bench, control = bench_of(marked, "early", test)
    assert control["end"] == "done" and not control["runs"][0][1], control
    assert bench.verdict("    total = n", "    total = +n", [test])[0] == "survived"


def test_who_looks_at_a_generator_gets_it_without(marked):
    bench, control = bench_of(marked, "count", "test_peek_behind")
    assert control["end"] == "done" and not control["runs"][0][1], control
    assert bench.verdict("        yield kept", "        yield +kept", ["test_peek_behind"]) == ("survived", True)


def test_a_control_that_fails_by_itself_is_told_as_it_is(marked):
    marked.write("test_flaky.py", "import mod\ndef test_never():\n    mod.early(2)\n    assert 0\n")
    bench = Bench(marked, "mod.py", "early")
    first = bench.wire.ask("load", path="test_flaky.py", module="test_flaky", source="import mod\ndef test_never():\n    mod.early(2)\n    assert 0\n")["first"]
    text = bench.function.source.splitlines()[0]
    for _again in range(2):
        answer = bench.mutant(text, text, [first], line=0, end_line=0, bail=False)
        assert answer["end"] == "done" and answer["runs"][0][1], answer
    assert bench.verdict("    total = n", "    total = +n", ["test_peek"]) == ("killed", True)  # they were not to blame: they are there
