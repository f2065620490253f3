"""Tests and mutants that write into the private copy: found, run with nothing beside them, and nothing stays behind."""
import json
import os
import signal

import pytest
from driver import Bench

MOD = """
import os

def save(path, text):
    name = path + ".txt"
    with open(name, "w") as file:
        file.write(text)
    return name

def load(path):
    name = path + ".csv"
    with open(name) as file:
        return file.read()

def label(n):
    word = "low" if n < 3 else "high"
    return word
"""


def tree(repo):
    found = {}
    for place, folders, files in os.walk(repo.path):
        for name in folders:
            found[os.path.join(place, name)] = os.stat(os.path.join(place, name)).st_mode
        for name in files:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                found[path] = (file.read(), os.stat(path).st_mode, os.stat(path).st_mtime_ns)
    return found


def begin(repo, tests, copies=2, **files):
    """A repo after both passes of the baseline; what it looked like before them is in repo.before."""
    repo.write("mod.py", MOD)
    repo.write("data.csv", "1,2,3\n")
    for path, text in files.items():
        repo.write(path.replace("__", "/") + ".py", text)
    repo.write("test_mod.py", tests)
    repo.start()
    repo.before = tree(repo)
    first = repo.outcomes(files=["mod.py"])
    assert tree(repo) == repo.before
    second = repo.outcomes(copies=copies)
    assert tree(repo) == repo.before
    return {name: (first[name], second[name]) for name in first}


def writers(repo):
    with open(os.path.join(repo.scratch, "copy-writers")) as file:
        return {repo.ids()[test].split("::")[-1] for test in json.load(file)}


WAYS = {
    "opens": "open('out', 'w').close()",
    "appends": "open('data.csv', 'a').write('4')",
    "os_open": "os.close(os.open('out', os.O_CREAT | os.O_WRONLY))",
    "path": "pathlib.Path('tests').mkdir(); pathlib.Path('tests/out').write_text('1')",
    "absolute": "open(os.path.abspath('out'), 'w').close()",
    "link": "os.symlink(os.path.abspath('data.csv'), tmp_path / 'link'); open(tmp_path / 'link', 'w').close()",
    "folder": "os.symlink(os.getcwd(), tmp_path / 'here'); open(tmp_path / 'here' / 'out', 'w').close()",
    "renames": "os.rename('data.csv', 'out')",
    "moves_in": "open(tmp_path / 'x', 'w').close(); shutil.move(str(tmp_path / 'x'), 'out')",
    "removes": "os.remove('data.csv')",
    "rmtree": "shutil.rmtree('folder')",
    "mode": "os.chmod('data.csv', 0o400)",
    "truncates": "os.truncate('data.csv', 1)",
    "hard_link": "os.link('data.csv', 'out')",
    "database": "sqlite3.connect('out.db').execute('CREATE TABLE t (n)')",
    "program": "subprocess.run([sys.executable, '-c', 'open(\"out\", \"w\").close()'], check=True)",
    "shell": "os.system('echo 4 >> data.csv')",
    "forked": "pid = os.fork(); (open('out', 'w').close(), os._exit(0)) if pid == 0 else os.waitpid(pid, 0)",
    "native": "libc = ctypes.CDLL(None); os.close(libc.open(b'out', os.O_CREAT | os.O_WRONLY, 0o600))",
}
IDLE = {
    "reads": "open('data.csv').read(); os.listdir('.')",
    "temporary": "open(tmp_path / 'out', 'w').close(); os.rename(tmp_path / 'out', tmp_path / 'more'); shutil.rmtree(tmp_path)",
    "is_there": "os.makedirs('folder', exist_ok=True)",
    "is_not_there": "pathlib.Path('nothing').unlink() if os.path.exists('nothing') else 0",
    "null": "open(os.devnull, 'w').write('1')",
    "memory": "sqlite3.connect(':memory:').execute('CREATE TABLE t (n)')",
    "starts": "subprocess.run([sys.executable, '-c', ''], check=True)",
    "cache": "os.makedirs('.hypothesis/x', exist_ok=True); open('.hypothesis/x/y', 'w').close()",
}


def test_who_writes_is_found(repo):
    lines = ["import ctypes, os, pathlib, shutil, sqlite3, subprocess, sys", "def test_first(): pass"]
    lines += ["def test_%s(tmp_path): %s" % pair for pair in [*WAYS.items(), *IDLE.items()]]
    # Each by itself: what one of them leaves behind must not decide for the next.
    repo.write("folder/one.txt", "1")
    repo.write("mod.py", MOD)
    repo.write("data.csv", "1,2,3\n")
    repo.write("test_mod.py", "\n".join(lines))
    repo.start()
    before = tree(repo)
    for name in [*WAYS, *IDLE]:
        assert repo.outcomes(files=["mod.py"], tests=[repo.index("test_first"), repo.index("test_" + name)])["test_" + name] == "passed", name
        found = {path: what for path, what in tree(repo).items() if ".hypothesis" not in path}
        assert found == before, (name, set(found) ^ set(before))
        second = repo.baseline(tests=[repo.index("test_first"), repo.index("test_" + name)], copies=2)
        assert [event["outcome"] for event in second] == ["passed", "passed"], (name, [event["text"] for event in second], repo.log())
        assert ("test_" + name in writers(repo)) == (name in WAYS), name
        assert {path: what for path, what in tree(repo).items() if ".hypothesis" not in path} == before, name
    assert "test_first" not in writers(repo)


def test_users_of_a_fixture_that_writes(repo):
    outcomes = begin(repo, """
        import os, pytest
        @pytest.fixture(scope="module")
        def file():
            with open("shared.txt", "x") as file: file.write("1")
            return "shared.txt"
        def test_a(file): assert open(file).read() == "1"
        def test_b(file): assert open(file).read() == "1"
        def test_c(): pass
        """)
    assert set(outcomes.values()) == {("passed", "passed")} and writers(repo) == {"test_a", "test_b"}


def test_the_second_pass_runs_them_one_by_one_and_says_so_once(repo):
    """Each would fail beside a copy of itself, or behind the other."""
    outcomes = begin(repo, """
        import os, time
        def test_zero(): pass
        def test_a():
            with open("out", "x"): time.sleep(0.2)
        def test_between(): pass
        def test_b():
            os.rename("data.csv", "elsewhere.csv")
            time.sleep(0.2)
        """, copies=3)
    assert set(outcomes.values()) == {("passed", "passed")}, outcomes
    assert repo.notes == ["2 tests write into the repo's own folder (test_mod.py::test_a, test_mod.py::test_b): they run one at a time, with nothing "
                          "beside them, and the private copy is put back behind each process."]
    repo.outcomes(copies=3)
    assert repo.notes == []


def test_nothing_is_kept_where_nothing_writes(repo):
    begin(repo, "from mod import label\ndef test_label(tmp_path): assert label(1) == 'low' and (tmp_path / 'x').write_text('1')\n")
    assert repo.notes == [] and writers(repo) == set() and not os.path.exists(os.path.join(repo.scratch, "copy-as-it-was"))
    assert Bench(repo, "mod.py", "label").verdict("n < 3", "n < 0", ["test_label"]) == ("killed", True)
    assert not os.path.exists(os.path.join(repo.scratch, "copy-as-it-was"))


SHARED = """
import os, time
from mod import label, load, save
PLACE = %r

def test_save():
    assert not os.path.exists("out.txt")
    open(PLACE, "x").close()
    try:
        with open(save("out", label(1))) as file:
            time.sleep(0.05)
            assert file.read() == "low" and open("out.txt").read() == "low"
    finally:
        os.unlink(PLACE)

def test_load():
    assert load("data") == "1,2,3\\n"
    assert label(5) == "high"
"""


def test_mutants_of_all_sessions_run_them_one_at_a_time(repo):
    begin(repo, SHARED % os.path.join(repo.original, "inside"))
    benches = [Bench(repo, "mod.py", "label"), Bench(repo, "mod.py", "label")]
    for turn in range(3):
        for bench in benches:
            bench.submit("n < 3", "n <= 3", ["test_save", "test_load"])
            bench.submit("n < 3", "n <= %d" % (2 + turn), ["test_load", "test_save"])
    for bench in benches:
        for _answer in range(6):
            answer = bench.wire.read()
            assert answer["end"] == "done" and [run[1] for run in answer["runs"]] == [False, False], answer
            assert [run[0] for run in answer["runs"]] == [repo.index("test_load"), repo.index("test_save")]  # those that may run beside others first
    assert tree(repo) == repo.before


def test_what_a_mutant_leaves_decides_nothing(repo):
    begin(repo, SHARED % os.path.join(repo.original, "inside"))
    bench = Bench(repo, "mod.py", "save")
    for _turn in range(2):
        # The repo's own data is gone behind the first, and overwritten behind the second.
        assert bench.verdict('with open(name, "w")', 'os.remove("data.csv")\n    with open(name, "w")', ["test_save"], line=5) == ("survived", True)
        assert tree(repo) == repo.before
        assert bench.verdict('path + ".txt"', 'path + ".csv"', ["test_save", "test_load"]) == ("killed", True)
        assert tree(repo) == repo.before
    other = Bench(repo, "mod.py", "label")
    assert other.verdict("n < 3", "n <= 3", ["test_load", "test_save"]) == ("survived", True)
    assert other.verdict("n < 3", "n > 3", ["test_load", "test_save"]) == ("killed", True)


def test_a_mutant_that_is_about_to_write_is_stopped_before(repo):
    """Its test only reads. Beside it runs another that reads the same file; it must not see what the mutant does to it."""
    begin(repo, SHARED % os.path.join(repo.original, "inside") + """
def test_slowly():
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        assert os.path.exists("data.csv") and not os.path.exists("junk")
    assert label(7) == "high"
""")
    slow, bench = Bench(repo, "mod.py", "label"), Bench(repo, "mod.py", "load")
    for change in ('os.rename("data.csv", "junk")\n    with open("junk")', 'open("junk", "w").close()\n    with open(name)',
                   'os.remove(name)\n    with open(name)', 'os.system("echo 1 > data.csv")\n    with open(name)'):
        number = slow.submit("n < 3", "n <= 3", ["test_slowly"])
        found = bench.verdict("with open(name)", change, ["test_load"], line=12)
        assert found == (("survived" if "junk" in change else "killed"), True), (change, found)
        answer = slow.wire.read()
        assert answer["id"] == number and [run[1] for run in answer["runs"]] == [False], answer
        assert tree(repo) == repo.before


def test_a_generated_test_that_writes(repo):
    begin(repo, SHARED % os.path.join(repo.original, "inside"))
    bench = Bench(repo, "mod.py", "save")
    loaded = bench.wire.ask("load", path="tests/test_gen.py", source="""
import os, time
from mod import save
def test_new():
    assert not os.path.exists("new.txt")
    save("new", "1")
    time.sleep(0.1)
""")
    examined = bench.wire.ask("examine", tests=[loaded["first"]], seconds=5.0)
    assert [one["outcome"] for one in examined["tests"]] == ["passed"], examined
    numbers = [bench.submit("file.write(text)", "file.write(text * %d)" % turn, [loaded["first"]], line=6) for turn in (2, 3, 4)]
    answers = [bench.wire.read() for _number in numbers]
    assert sorted(answer["id"] for answer in answers) == numbers and not any(answer["runs"][0][1] for answer in answers), answers
    assert set(tree(repo)) - set(repo.before) == {os.path.join(repo.path, "tests"), os.path.join(repo.path, "tests", "test_gen.py")}


RUN = "subprocess.run([sys.executable, '-c', 'import used; used.use()'], check=True)"
SPAWN = "one = multiprocessing.get_context('spawn').Process(target=used.use); one.start(); one.join()"


@pytest.mark.parametrize("fresh, way", [(False, RUN), (False, SPAWN), (True, RUN)])
def test_a_program_of_a_mutant_that_writes_is_noticed_behind_it(repo, fresh, way):
    repo.write("used.py", "import mod\ndef use():\n    if mod.label(1) != 'low': open('data.csv', 'a').write('x')\n")
    begin(repo, """
import multiprocessing, subprocess, sys
import used
from mod import label, load
def test_program():
    %s
    assert label(4) == "high"
def test_load(): assert load("data") == "1,2,3\\n" and label(4) == "high"
""" % way)
    bench = Bench(repo, "mod.py", "label")
    for _turn in range(2):
        assert bench.verdict("n < 3", "n < 0", ["test_program"], fresh=fresh) == ("survived", True)
        assert tree(repo) == repo.before
        assert bench.verdict("n < 3", "n < 2", ["test_load"], fresh=fresh) == ("survived", True)


def test_what_a_program_of_another_session_has_written_decides_nothing(repo):
    repo.write("used.py", "import mod, time\ndef use():\n    if mod.label(1) != 'low':\n        open('data.csv', 'a').write('x')\n        time.sleep(1)\n")
    begin(repo, """
import subprocess, sys, time
from mod import label, load
def test_program():
    %s
    assert label(4) == "high"
def test_load():
    seen, end = "1,2,3\\n", time.monotonic() + 5
    for same in True, False:  # until it is written, and put back
        while (load("data") == "1,2,3\\n") is same and time.monotonic() < end and label(2) == "high":  # with the mutant only
            seen = max(seen, load("data"))
            time.sleep(0.01)
    assert seen == "1,2,3\\n" and label(4) == "high"
""" % RUN)
    one, other = Bench(repo, "mod.py", "label"), Bench(repo, "mod.py", "label")
    one.submit("n < 3", "n < 0", ["test_program"], limit=30.0, wall=60.0)
    assert other.verdict("n < 3", "n < 2", ["test_load"], limit=30.0, wall=60.0) == ("survived", True)
    assert one.wire.read()["end"] == "done"
    assert tree(repo) == repo.before


def test_a_new_interpreter_is_stopped_too(repo):
    begin(repo, SHARED % os.path.join(repo.original, "inside"))
    bench = Bench(repo, "mod.py", "load")
    assert bench.verdict("with open(name)", 'os.rename("data.csv", "junk")\n    with open("junk")', ["test_load"], line=12, fresh=True) == ("survived", True)
    assert tree(repo) == repo.before
    assert bench.verdict("with open(name)", 'os.remove(name)\n    with open(name)', ["test_load"], line=12, fresh=True) == ("killed", True)
    assert tree(repo) == repo.before


def test_a_killed_session_leaves_nothing_to_the_next(repo):
    begin(repo, SHARED % os.path.join(repo.original, "inside") + """
def test_wait():
    open("data.csv", "w").write(label(1))
    open(PLACE + "-now", "w").close()
    time.sleep(60)
""".replace("60", "(60 if os.path.exists(PLACE + '-wait') else 0)"))
    open(os.path.join(repo.original, "inside-wait"), "w").close()
    bench = Bench(repo, "mod.py", "label")
    os.path.exists(os.path.join(repo.original, "inside-now")) and os.unlink(os.path.join(repo.original, "inside-now"))
    bench.submit("n < 3", "n < 0", ["test_wait"], limit=100.0, wall=100.0)
    while not os.path.exists(os.path.join(repo.original, "inside-now")):
        pass
    os.kill(repo.session_pid, signal.SIGKILL)
    assert bench.wire.read() is None and tree(repo) != repo.before
    other = Bench(repo, "mod.py", "label")
    assert other.verdict("n < 3", "n <= 3", ["test_load"]) == ("survived", True)
    assert tree(repo) == repo.before


def test_a_zygote_that_stands_in_knows_who_writes(repo):
    begin(repo, SHARED % os.path.join(repo.original, "inside"))
    os.remove(os.path.join(repo.path, "data.csv"))  # as if it had been killed within a test
    repo.zygote.sock.close()
    repo.processes[0].wait(20)
    repo.start()
    assert tree(repo) == repo.before and writers(repo) == {"test_save"}
    bench = Bench(repo, "mod.py", "label")
    for _turn in range(3):
        bench.submit("n < 3", "n <= 3", ["test_save", "test_load"])
    for _turn in range(3):
        answer = bench.wire.read()
        assert [run[1] for run in answer["runs"]] == [False, False], answer
    assert tree(repo) == repo.before


def test_plain_pytest_starts_from_the_copy_as_it_was(repo):
    begin(repo, SHARED % os.path.join(repo.original, "inside"))
    repo.write("mod.py", MOD.replace("n < 3", "n <= 3"))  # as --verify places a mutant
    for _turn in range(2):
        answer = repo.spawn("confirm").ask("confirm", **repo.settings(files=["test_mod.py"], keep_addopts=True, seconds=60.0))
        assert [test["outcome"] for test in answer["tests"]] == ["passed", "passed"], answer
    repo.write("mod.py", MOD)
    assert {path: what[0] if isinstance(what, tuple) else what for path, what in tree(repo).items()} == {
        path: what[0] if isinstance(what, tuple) else what for path, what in repo.before.items()}
