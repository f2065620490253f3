"""Mutants one after the other in one process: what is believed of it, and what one leaves behind decides nothing for the next."""
import os
import pathlib
import sys
import textwrap

import pytest
from driver import Bench, forget_chains

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "src" / "agent"))
from _mutagen_agent import chain  # noqa: E402

# Stands for an installed package.
ELSEWHERE = """
    import functools
    import logging
    import mimetypes

    TABLE = {}
    logging.getLogger("elsewhere")

    class Options:
        color = "red"

    options = Options()

    def remembering(cache):
        def decorate(function):
            @functools.wraps(function)
            def inner(n):
                if n not in cache:
                    cache[n] = function(n)
                return cache[n]
            return inner
        return decorate
"""
SOURCE = """
    import abc
    import contextvars
    import decimal
    import logging
    import sys
    import types
    sys.path.append(%r)
    import elsewhere
    from elsewhere import remembering

    class Shape(abc.ABC):
        pass

    class Square:
        pass

    SEEN = {}
    MODE = contextvars.ContextVar("mode", default=0)
    STATE = {"ok": True}
    LEFT, GROWN = [], []
    LATER = []
    ONCE = iter(range(1))
    BOX = types.SimpleNamespace(seen={})

    def add(a, b):
        '''
        >>> add(2, 3)
        5
        '''
        total = a + b
        return total

    def cached(n):
        if n not in SEEN:
            SEEN[n] = n * 2
        return SEEN[n]

    def guarded(n):
        if n < 0:
            STATE["ok"] = False
        return n + 1 if STATE["ok"] else 0

    def hang(n):
        while n > 0:
            n -= 1
        return n

    def leave(n):
        if n > 3:
            import os
            os._exit(0)
        return n

    def mixed(n):
        if n < 0:
            LEFT.append(n)
        return n + 1 if n >= 0 or not LEFT else 0

    def later(n):
        while LATER:
            pass
        if n < 0:
            LATER.append(n)
            return 0
        return n

    def stored(n):
        value = n * 2
        return SEEN.setdefault((n,), value)

    def tabled(n):
        value = n * 2
        return SEEN.setdefault(n, value) and n

    def boxed(n):
        value = n * 2
        return BOX.seen.setdefault(n, value) and n

    @remembering({})
    def kept(n):
        value = n * 2
        return value

    def logged(n, log=[]):
        log.append(n)
        return n

    def register(n):
        elsewhere.TABLE.setdefault(n, n)

    def set_type(n):
        import mimetypes
        mimetypes.add_type("made/up", n)

    def set_option(n):
        elsewhere.options.color = n

    def set_level(n):
        logging.getLogger("elsewhere").setLevel(n)

    def set_precision(n):
        decimal.getcontext().prec = n

    def set_mode(n):
        MODE.set(n)

    def set_shape(n):
        Shape.register(n)
"""
TESTS = """
    import os
    import unittest
    import warnings
    import mod
    TOLD = %r

    def test_add(): assert mod.add(2, 3) == 5
    def test_other(): assert mod.add(0, 0) == 0
    def test_cached(): assert mod.cached(4) == 8
    def test_guarded(): assert mod.guarded(1) == 2
    def test_once():
        next(mod.ONCE)
        assert mod.add(2, 3) == 5
    def test_grow():
        mod.GROWN.append(1)
        assert len(mod.GROWN) < 2
    def test_hang(): assert mod.hang(3) == 0
    def test_leave(): assert mod.leave(1) == 1
    def test_mixed(): assert mod.mixed(1) == 2
    def test_behind(): assert not mod.LEFT
    def test_stored(): assert mod.stored(4) == 8
    def test_tabled(): assert mod.tabled(7) == 7
    def test_table(): assert mod.SEEN.get(7, 14) == 14
    def test_boxed(): assert mod.boxed(7) == 7
    def test_box(): assert mod.BOX.seen.get(7, 14) == 14
    def test_keep(): mod.kept(7)
    def test_kept(): assert mod.kept(7) == 14
    def test_later(): assert mod.later(1) == 1
    def test_logged(): assert mod.logged(7) == 7
    def test_register():
        mod.register(7)
        assert mod.elsewhere.TABLE[7] == 7
    def test_set_type():
        import mimetypes
        mod.set_type(".made-up")
        assert mimetypes.guess_type("a.made-up")[0] == "made/up"
    def test_set_option():
        mod.set_option("blue")
        assert mod.elsewhere.options.color == "blue"
    def test_set_level():
        mod.set_level(17)
        assert mod.logging.getLogger("elsewhere").level == 17
    def test_set_precision():
        mod.set_precision(17)
        assert mod.decimal.getcontext().prec == 17
    def test_set_mode():
        mod.set_mode(17)
        assert mod.MODE.get() == 17
    def test_set_shape():
        mod.set_shape(mod.Square)
        assert isinstance(mod.Square(), mod.Shape)
    def test_told():
        with open(TOLD, "a") as file:
            print(os.getpid(), file=file)
        assert mod.add(2, 3) == 5

    def test_warns():
        warnings.warn("old", DeprecationWarning)
        assert mod.add(2, 3) == 5

    class Case(unittest.TestCase):
        def test_case(self):
            self.assertEqual(mod.add(2, 3), 5)
"""


@pytest.fixture(scope="module")
def repo(shared, tmp_path_factory):
    place = tmp_path_factory.mktemp("site")
    (place / "elsewhere.py").write_text(textwrap.dedent(ELSEWHERE))
    shared.write("mod.py", SOURCE % str(place))
    shared.write("pytest.ini", "[pytest]\naddopts = --doctest-modules\n")
    shared.told = str(place / "told")
    shared.write("test_mod.py", TESTS % shared.told)
    shared.start(jobs=1)
    shared.baseline(files=["mod.py"])
    return shared


@pytest.fixture(autouse=True)
def unaware(repo):
    yield
    forget_chains(repo)


def run(bench, old, new, tests, limit=0.51, **more):
    """(it was killed in a chain, or has passed there and then been run by itself; how it ended; whether a test failed)"""
    answer = bench.mutant(old, new, tests, limit=limit, **dict({"chain": True, "own": len(tests)}, **more))
    failed = [run for run in answer["runs"] if run[1]]
    return answer["ahead"], answer["end"], bool(failed)


@pytest.mark.parametrize("test", ["test_add", "test_case", "test_warns"])
def test_kills_come_from_one_process(repo, test):
    bench = Bench(repo, "mod.py", "add")
    for n in range(12):
        assert run(bench, "a + b", "a + b + %d" % (n + 1), [test]) == (True, "done", True)
    assert run(bench, "a + b", "b + a", [test]) == (True, "done", False)
    assert run(bench, "a + b", "a * b", ["test_other", test]) == (True, "done", True)


def test_a_doctest_runs_again(repo):
    """Doctest clears its names behind each run, and leaves something in builtins behind the first."""
    bench = Bench(repo, "mod.py", "add")
    told = [run(bench, "a + b", "a + b + %d" % (n + 1), ["mod.add"]) for n in range(6)]
    assert told.count((True, "done", True)) >= 1 and all(one[2] for one in told)


def test_its_test_passes_behind_each_on_the_unchanged_function(repo):
    bench = Bench(repo, "mod.py", "add")
    for new in ("a - b", "a * b"):
        answer = bench.mutant("a + b", new, ["test_add"], limit=0.51, chain=True, own=1)
        assert answer["ahead"] and answer["runs"][0][1] and answer["proved"], answer
    assert not bench.mutant("a + b", "a / b", ["test_add"], limit=0.51).get("proved")  # by itself: nothing has run behind it


def test_without_the_word_each_has_a_process_of_its_own(repo):
    bench = Bench(repo, "mod.py", "add")
    assert run(bench, "a + b", "a - b", ["test_add"], chain=False) == (False, "done", True)


def test_slow_tests_have_one_too(repo):
    bench = Bench(repo, "mod.py", "add")
    assert run(bench, "a + b", "a - b", ["test_add"], limit=0.6) == (False, "done", True)


def test_a_test_that_passes_once_only_is_not_believed(repo):
    bench = Bench(repo, "mod.py", "add")
    assert run(bench, "a + b", "a - b", ["test_once"]) == (False, "done", True)
    assert run(bench, "a + b", "b + a", ["test_once"]) == (False, "done", False)


def test_a_test_that_cannot_run_there_keeps_no_other_from_it(repo):
    bench = Bench(repo, "mod.py", "add")
    assert run(bench, "a + b", "a - b", ["test_add"]) == (True, "done", True)
    assert run(bench, "a + b", "a * b", ["test_once", "test_add"]) == (False, "done", True)  # it is found out here
    for new in ("b - a", "a + a", "b + b"):
        answer = bench.mutant("a + b", new, ["test_once", "test_add"], limit=0.51, chain=True, own=2)
        assert answer["ahead"] and len(answer["runs"]) == 1 and answer["runs"][0][1], answer
    answer = bench.mutant("a + b", "b + a", ["test_once", "test_add", "test_other"], limit=0.51, chain=True, own=2)
    assert answer["ahead"] and len(answer["runs"]) == 3  # what it leaves is not known: the others are run


def test_what_has_passed_there_comes_last_where_the_mutant_is_run_by_itself(repo):
    bench = Bench(repo, "mod.py", "add")
    for new in ("a * b", "a * b + 0", "a * b - 0"):  # each warms up one test: by the third it is known that test_once cannot run there
        answer = bench.mutant("a + b", new, ["test_other", "test_once", "test_case"], limit=0.51, chain=True, own=2)
    assert [run[1] for run in answer["runs"]] == [True], answer
    answer = bench.mutant("a + b", "b + a", ["test_other", "test_once", "test_case"], limit=0.51, chain=True, own=2)
    first, second, third = (run[0] for run in answer["runs"])
    assert first == repo.index("test_once") and second == repo.index("test_other") and third == repo.index("test_case"), answer


def test_what_the_unchanged_function_has_filled_hides_no_mutant(repo):
    bench = Bench(repo, "mod.py", "cached")
    for new in ("n * 3", "n + 1", "n - 2", "n * 4", "n * 5", "n * 6"):
        assert run(bench, "n * 2", new, ["test_cached"])[2]  # one that passed there is run again by itself
    assert run(bench, "n * 2", "n ** 3", ["test_cached"]) == (False, "done", True)
    bench = Bench(repo, "mod.py", "stored")  # here its lines have run when the old value is returned
    for new in ("n * 3", "n + 1", "n - 2"):
        assert run(bench, "n * 2", new, ["test_stored"], near=1)[1:] == ("done", True)


@pytest.mark.parametrize("name, statement", [
    ("register", "elsewhere.TABLE.setdefault(n, n)"), ("set_type", 'mimetypes.add_type("made/up", n)'), ("set_option", "elsewhere.options.color = n"), ("set_level", 'logging.getLogger("elsewhere").setLevel(n)'),
    ("set_precision", "decimal.getcontext().prec = n"), ("set_mode", "MODE.set(n)"), ("set_shape", "Shape.register(n)")])
def test_what_the_unchanged_function_has_done_once_and_for_all_hides_no_mutant_that_does_not(repo, name, statement):
    bench = Bench(repo, "mod.py", name)
    for new in ("pass", "n", "n, n"):
        assert run(bench, statement, new, ["test_" + name], near=1)[1:] == ("done", True)


def test_what_a_mutant_leaves_behind_kills_no_other(repo):
    bench = Bench(repo, "mod.py", "guarded")
    assert run(bench, "n < 0", "n > 0", ["test_guarded"]) == (False, "done", True)  # its test fails without it, too
    assert run(bench, "n < 0", "n <= 0", ["test_guarded"]) == (True, "done", False)
    assert run(bench, "n + 1", "n + 2", ["test_guarded"]) == (True, "done", True)


def test_what_a_mutant_leaves_behind_kills_no_other_even_where_its_test_cannot_tell(repo):
    bench = Bench(repo, "mod.py", "mixed")
    assert run(bench, "n < 0", "n < 1", ["test_mixed"]) == (True, "done", False)
    assert run(bench, "n < 0", "n > 0", ["test_mixed"]) == (True, "done", False)  # LEFT has one more
    assert run(bench, "n >= 0", "n > 1", ["test_mixed"]) == (True, "done", False)  # killed, if LEFT has


def test_a_kill_behind_which_its_test_does_not_end_is_not_believed(repo):
    bench = Bench(repo, "mod.py", "later")
    assert run(bench, "n < 0", "n > 0", ["test_later"]) == (False, "done", True)  # by itself
    assert run(bench, "n < 0", "n > 0", ["test_later"], chain=False) == (False, "done", True)


def test_a_default_value_that_grows_ends_the_process(repo):
    bench = Bench(repo, "mod.py", "logged")
    for new in ("log.append(-n)", "log.append(n + 1)", "log.append(n or 0)"):
        assert run(bench, "log.append(n)", new, ["test_logged"])[1:] == ("done", False)
    assert run(bench, "log.append(n)", "log.clear()", ["test_logged"])[0] is False  # by now it is known to leave something behind


def test_a_process_that_hangs_or_leaves_takes_nobody_with_it(repo):
    bench = Bench(repo, "mod.py", "hang")
    assert run(bench, "n -= 1", "n -= 0", ["test_hang"])[:2] == (False, "timeout")
    assert run(bench, "n -= 1", "n -= 2", ["test_hang"]) == (True, "done", True)
    bench = Bench(repo, "mod.py", "leave")
    assert run(bench, "n > 3", "n < 3", ["test_leave"])[:2] == (False, "died")
    assert run(bench, "n > 3", "n >= 3", ["test_leave"]) == (True, "done", False)


def test_where_nothing_is_killed_it_is_not_tried_for_long(repo):
    bench = Bench(repo, "mod.py", "add")
    more = {"own": 1, "near": 2}  # the second enters the function, so the first alone decides nothing
    seen = [run(bench, "a + b", "b + a + %d - %d" % (n, n), ["test_add", "test_other"], **more) for n in range(8)]
    assert {one[1:] for one in seen} == {("done", False)}
    assert [one[0] for one in seen] == [True] * 6 + [False] * 2


def test_only_tests_of_its_own_go_ahead_and_the_others_follow_behind_them(repo):
    bench = Bench(repo, "mod.py", "mixed")
    # test_mixed leaves -1 in LEFT with this mutant, and only behind it test_behind fails.
    assert run(bench, "n < 0", "n > 0", ["test_mixed", "test_behind"], own=1) == (True, "done", True)
    assert run(bench, "n < 0", "n > 0", ["test_behind"]) == (True, "done", False)
    assert run(bench, "n < 0", "n > 0", ["test_behind", "test_mixed"], own=1)[1:] == ("done", False)


def processes(repo):
    """That have run test_told since this was asked the last time."""
    with open(repo.told, "a+") as file:
        file.seek(0)
        found = set(file.read().split())
        file.truncate(0)
    return found


def test_a_survivor_is_believed_where_it_is_when_its_tests_are_all_that_enter_its_function(repo):
    bench = Bench(repo, "mod.py", "add")
    processes(repo)
    assert run(bench, "a + b", "a - b", ["test_told"]) == (True, "done", True)
    (served,) = processes(repo)
    answer = bench.mutant("a + b", "b + a", ["test_told", "test_table"], limit=0.51, chain=True, own=1, near=1)
    assert answer["ahead"] and [run[1:3] for run in answer["runs"]] == [[False, True]] and processes(repo) == {served}
    assert run(bench, "a + b", "b + a + 0", ["test_told", "test_other"], own=1, near=2) == (True, "done", False)  # the other enters it
    assert len(processes(repo)) == 2
    assert run(bench, "total = a + b", "total = b + a", ["test_told", "test_once"], own=2, near=2)[1:] == ("done", False)  # the other cannot run there
    assert len(processes(repo)) == 2


def test_where_its_lines_have_not_run_a_survivor_is_run_by_itself(repo):
    bench = Bench(repo, "mod.py", "guarded")
    assert run(bench, "n + 1", "n + 2", ["test_guarded"]) == (True, "done", True)
    answer = bench.mutant('STATE["ok"] = False', 'STATE["ok"] = True', ["test_guarded"], limit=0.51, chain=True, own=1, near=1)
    assert answer["ahead"] and not any(run[2] for run in answer["runs"])


def test_a_survivor_that_leaves_nothing_behind_need_not_meet_the_others(repo):
    bench = Bench(repo, "mod.py", "add")
    for _turn in range(2):  # the first time a test is warmed up on the way
        answer = bench.mutant("a + b", "b + a", ["test_add", "test_other"], limit=0.51, chain=True, own=1)
    assert answer["ahead"] and len(answer["runs"]) == 1
    answer = bench.mutant("a + b", "b + a + 0", ["test_add", "test_case", "test_other"], limit=0.51, chain=True, own=1, near=2)
    assert answer["ahead"] and len(answer["runs"]) == 2  # the second enters the function
    answer = bench.mutant("a + b", "b + a", ["test_add", "test_other"], limit=0.51, chain=False, own=1)
    assert not answer["ahead"] and len(answer["runs"]) == 2


@pytest.mark.parametrize("name, own, other", [("tabled", "test_tabled", "test_table"), ("boxed", "test_boxed", "test_box"), ("kept", "test_keep", "test_kept")])
def test_what_stands_there_already_hides_nothing_from_the_others(repo, name, own, other):
    bench = Bench(repo, "mod.py", name)
    for new in ("n * 3", "n * 4"):  # in the chain 7 is in the table already
        assert run(bench, "n * 2", new, [own, other], own=1)[1:] == ("done", True)


def test_what_they_brought_is_told_of_all_targets(repo):
    path = os.path.join(repo.scratch, "chains")
    bench = Bench(repo, "mod.py", "add")
    run(bench, "a + b", "a - b", ["test_add"])
    bench.turn("hang")
    run(bench, "n -= 1", "n -= 2", ["test_hang"])
    bench.turn("add")
    rows = [tuple(map(int, line.split())) for line in open(path)]
    assert rows == [(1, 1), (0, 1)]  # the second found the process there


@pytest.mark.parametrize("test, begun", [("test_once", 1), ("test_grow", 2)])
def test_a_test_that_cannot_run_there_ends_the_process_when_it_leaves_something(repo, test, begun):
    path = os.path.join(repo.scratch, "chains")
    bench = Bench(repo, "mod.py", "add")
    run(bench, "a + b", "a - b", ["test_add"])
    run(bench, "a + b", "a * b", [test])
    run(bench, "a + b", "b - a", ["test_add"])
    bench.turn("hang")
    assert open(path).read() == "%d 2\n" % begun


def test_what_one_session_has_learned_of_a_test_the_next_one_knows(repo):
    bench = Bench(repo, "mod.py", "add")
    assert run(bench, "a + b", "a * b", ["test_once", "test_add"]) == (False, "done", True)  # it is found out here
    bench = Bench(repo, "mod.py", "add")
    assert run(bench, "a + b", "a * b", ["test_once", "test_add"]) == (True, "done", True)


def test_what_others_note_is_read_once_and_never_what_a_session_has_noted_itself(tmp_path):
    path, known = str(tmp_path / "tests"), 10
    mine = chain.Learned(path, known)
    for kind, test in (("residue", 1), ("residue", 1), ("unfit", 2), ("stain", 3), ("settled", 0), ("unfit", known)):
        mine.note(kind, test)
    mine.read()
    assert (mine.unfit, mine.residues, mine.stains, mine.settled) == ({2, known}, {1: 2}, {3}, 1)
    with open(path) as file:
        text = file.read()
    assert len(text.splitlines()) == 5, "a generated test has another number elsewhere"
    with open(path, "w") as file:
        file.write(text.replace(str(os.getpid()), "1") + "1 unfit 4")  # by another session, which is about to write the rest
    other = chain.Learned(path, known)
    for _ in range(2):
        other.read()
        assert (other.unfit, other.residues, other.stains, other.settled) == ({2}, {1: 2}, {3}, 1)
    with open(path, "a") as file:
        file.write("5\n1 residue 1\n")
    other.read()
    assert other.unfit == {1, 2, 45}
