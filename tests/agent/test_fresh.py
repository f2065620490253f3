"""Jobs that a fork cannot do: new interpreters, programs that tests start, threads of the import, endless loops."""
import os
import re
import sys

import pytest

from driver import Bench


def test_a_mutant_of_lines_that_run_on_import(repo):
    repo.write("mod.py", """
        def table(n):
            rows = [n, n + 1]
            return rows

        ROWS = table(3)
        """)
    repo.write("test_mod.py", """
        from mod import ROWS
        def test_rows(): assert ROWS == [3, 4]
        """)
    repo.start(static=True)
    repo.baseline(files=["mod.py"])
    bench = Bench(repo, "mod.py", "table")
    assert bench.target["importers"] == [0] and bench.target["imported"] == [[2, 3]]
    assert bench.verdict("n + 1", "n + 2", ["test_rows"]) == ("survived", False)
    assert bench.verdict("n + 1", "n + 2", ["test_rows"], fresh=True) == ("killed", True)
    assert bench.verdict("n + 1", "n + 1 + 0", ["test_rows"], fresh=True) == ("survived", True)


def test_a_mutant_that_breaks_the_import_kills_as_a_set_up_does(repo):
    repo.write("mod.py", """
        def first(n):
            value = n[0]
            return value

        ONE = first([1])
        """)
    repo.write("test_mod.py", """
        from mod import ONE
        def test_one(): assert ONE == 1
        """)
    repo.start()
    answer = Bench(repo, "mod.py", "first").mutant("n[0]", "n[7]", ["test_one"], fresh=True)
    assert answer["runs"] == [[0, True, True, False, True, "cannot be collected: IndexError: list index out of range"]], answer


def test_parameters_that_are_not_asked_for_are_not_run_there(repo):
    repo.write("mod.py", "def same(n):\n    return n\n")
    repo.write("test_mod.py", """
        import pytest
        from mod import same
        @pytest.mark.parametrize("n", [1, 2])
        def test_same(n): assert same(n) == n
        """)
    repo.start()
    bench = Bench(repo, "mod.py", "same")
    assert bench.verdict("return n", "return n if n != 2 else 0", [0], fresh=True) == ("survived", True)
    assert bench.verdict("return n", "return n if n != 2 else 0", [1], fresh=True) == ("killed", True)


def test_programs_that_a_test_starts_are_traced_and_mutated(repo):
    repo.write("mod.py", """
        def shout(text):
            loud = text.upper()
            return loud
        """)
    repo.write("test_mod.py", """
        import subprocess, sys
        def test_shout():
            done = subprocess.run([sys.executable, "-c", "import mod; print(mod.shout('a'))"], stdout=subprocess.PIPE)
            assert done.stdout == b"A\\n"
        def test_nothing(): pass
        """)
    repo.start()
    lines = {repo.ids()[event["test"]].split("::")[1]: event["lines"] for event in repo.baseline(files=["mod.py"])}
    assert [0, 2, 3] in lines["test_shout"] or {(0, 2, 2), (0, 3, 3)} <= {tuple(line) for line in lines["test_shout"]}, lines
    bench = Bench(repo, "mod.py", "shout")
    assert bench.verdict("text.upper()", "text.lower()", ["test_shout"]) == ("killed", True)
    assert bench.verdict("text.upper()", "text.upper() + ''", ["test_shout"]) == ("survived", True)
    assert bench.verdict("text.upper()", "text.lower()", ["test_nothing"]) == ("survived", False)


def test_who_starts_programs_is_not_forgotten_in_the_next_part_of_a_baseline(repo):
    repo.write("mod.py", "def shout(text):\n    return text.upper()\n")
    repo.write("test_mod.py", """
        import subprocess, sys
        def test_shout():
            assert subprocess.run([sys.executable, "-c", "import mod; print(mod.shout('a'))"], stdout=subprocess.PIPE).stdout == b"A\\n"
        def test_nothing(): pass
        """)
    repo.start()
    for part in (["test_shout"], ["test_nothing"]):
        for files in (["mod.py"], []):
            repo.baseline(files=files, tests=[repo.index(name) for name in part])
    assert Bench(repo, "mod.py", "shout").verdict("text.upper()", "text.lower()", ["test_shout"]) == ("killed", True)


def test_only_tests_that_need_a_thread_of_the_import_leave_the_fork(repo):
    repo.write("served.py", """
        import queue, threading
        ASKED, ANSWERED = queue.Queue(), queue.Queue()
        def serve():
            while True: ANSWERED.put(ASKED.get() + 1)
        threading.Thread(target=serve, daemon=True).start()
        def ask(n):
            ASKED.put(n)
            return ANSWERED.get(timeout=20)
        """)
    repo.write("between.py", "from served import ask\n")
    repo.write("plain.py", "def less(n):\n    value = n - 1\n    return value\n")
    repo.write("test_asking.py", "from between import ask\ndef test_ask(): assert ask(1) == 2\n")
    repo.write("test_plain.py", "import os\nfrom plain import less\ndef test_plain(): assert less(1) == 0 and 'fresh' not in open('/proc/self/cmdline').read()\n")
    repo.start()
    assert any("(served): 1 test in 1 file cannot be forked" in note for note in repo.collected["notes"]), repo.collected["notes"]
    assert repo.outcomes(files=["served.py"]) == {"test_ask": "passed", "test_plain": "passed"}
    bench = Bench(repo, "served.py", "ask")
    assert bench.verdict("ASKED.put(n)", "ASKED.put(n + 1)", ["test_ask"]) == ("killed", True)


def test_a_test_that_cannot_stand_a_second_copy_of_itself(repo):
    repo.write("test_file.py", """
        import os, time
        NAME = %r
        def test_fixed():
            assert not os.path.exists(NAME)
            open(NAME, "w").close()
            time.sleep(0.3)
            os.unlink(NAME)
        def test_own(tmp_path):
            assert not (tmp_path / "fixed.txt").exists()
            (tmp_path / "fixed.txt").write_text("")
        """ % os.path.join(repo.original, "fixed.txt"))
    repo.start()
    assert repo.outcomes() == {"test_fixed": "passed", "test_own": "passed"}
    assert repo.outcomes(copies=3) == {"test_fixed": "failed", "test_own": "passed"}


def test_workers_have_names_of_their_own(repo):
    repo.write("mod.py", "def f(n):\n    value = n + 1\n    return value\n")
    repo.write("test_mod.py", """
        import os, mod
        def test_worker(request):
            assert mod.f(1) == 2
            assert os.environ["PYTEST_XDIST_WORKER"] == request.config.workerinput["workerid"] and os.environ["PYTEST_XDIST_WORKER"][:2] == "gw"
        """)
    repo.start()
    assert repo.outcomes() == {"test_worker": "passed"}
    assert Bench(repo, "mod.py", "f").verdict("n + 1", "1 + n", ["test_worker"]) == ("survived", True)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="rounds are counted by sys.monitoring")
def test_an_endless_loop_is_known_by_its_rounds(repo):
    repo.write("mod.py", """
        def spin(n):
            count = 0
            while count < n:
                count += 1
            return count
        """)
    repo.write("test_mod.py", "import mod\ndef test_spin(): assert mod.spin(3) == 3\n")
    repo.start()
    bench = Bench(repo, "mod.py", "spin")
    bench.mutant("count += 1", "count += 1", ["test_spin"], line=0, end_line=0, bail=False)
    answer = bench.mutant("count += 1", "count += 0", ["test_spin"], limit=1000.0, wall=1000.0)
    assert answer["end"] == "timeout" and answer["at_hit"] and re.match(r"it was called, or a loop went round, more than 100\d00 times", answer["reason"]), answer
