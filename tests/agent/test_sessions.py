"""Sessions: loading generated tests, import errors, and leaving when mutagen has gone; confirmation in new interpreters."""
import os
import time

import pytest
from driver import Bench

MODULE = "def f(n):\n    return n + 1\n"


@pytest.fixture
def bench(repo):
    repo.write("mod.py", MODULE)
    repo.write("tests/conftest.py", "import pytest\n@pytest.fixture\ndef three(): return 3\n")
    repo.write("tests/test_mod.py", "from mod import f\ndef test_f(): assert f(1) == 2\n")
    repo.start()
    return Bench(repo, "mod.py", "f")


def load(bench, source, path="tests/test_gen.py"):
    return bench.wire.ask("load", path=path, source=source)


def test_load_collects_under_the_folders_conftest_and_can_be_repeated(bench):
    first = load(bench, "import pytest\nfrom mod import f\n@pytest.fixture(autouse=True)\ndef bad(): raise ValueError\ndef test_a(three): assert f(three) == 4\n")
    assert first["first"] == 1 and [test["id"] for test in first["tests"]] == ["tests/test_gen.py::test_a"] and first["errors"] == []
    assert bench.mutant("n + 1", "n + 2", [1])["runs"][0][4]
    second = load(bench, "from mod import f\ndef test_b(three): assert f(three) == 4\ndef test_c(three): assert f(three) < 9\n")
    assert second["first"] == 2 and [test["id"].split("::")[1] for test in second["tests"]] == ["test_b", "test_c"]
    assert bench.verdict("n + 1", "n + 2", [2]) == ("killed", True)
    assert bench.verdict("n + 1", "n + 2", [3]) == ("survived", True)
    assert bench.verdict("n + 1", "n + 2", ["test_f"]) == ("killed", True)


def test_load_reports_what_is_broken(bench):
    assert "SyntaxError" in load(bench, "def test_a(:\n")["errors"][0]["text"]
    assert "NameError" in load(bench, "nothing\n")["errors"][0]["text"]
    assert load(bench, "import sys; sys.exit(3)\n")["errors"]
    assert load(bench, "x = 1\n")["tests"] == []
    assert load(bench, "def test_ok(): pass\n")["tests"]
    assert not load(bench, "", path="../outside.py")["ok"]


def test_target_of_a_module_no_test_imports(repo):
    repo.write("pkg/__init__.py", "")
    repo.write("pkg/lonely.py", "class A:\n    @property\n    def f(self):\n        return 1\n")
    repo.write("pkg/broken.py", "raise RuntimeError('at import')\ndef f(): return 1\n")
    repo.start()
    bench = Bench(repo, "pkg/lonely.py", "A.f")
    assert bench.target["functions"] == 1
    broken = Bench(repo, "pkg/broken.py", "f").target
    assert not broken["ok"] and broken["kind"] == "import" and "at import" in broken["text"]


def test_a_module_left_half_made_is_told_as_broken(repo):
    repo.write("half.py", "import not_installed_here\n\ndef f():\n    return 1\n")
    repo.write("test_a.py", "import sys, types\nsys.modules['half'] = types.ModuleType('half')  # as pytest leaves it behind\n")
    repo.start()
    bench = Bench(repo, "half.py", "f")
    assert bench.target["kind"] == "import" and "not_installed_here" in bench.target["text"], bench.target


def test_sessions_are_independent(bench):
    other = Bench(bench.repo, "mod.py", "f")
    bench.submit("n + 1", "n - 1", ["test_f"])
    assert other.verdict("n + 1", "1 + n", ["test_f"]) == ("survived", True)
    assert bench.wire.read()["runs"][0][1]


def test_jobs_bound_all_sessions_together(bench):
    """With jobs=2, four sleeping mutants in two sessions take two turns; a place taken by a dead session comes back."""
    other = Bench(bench.repo, "mod.py", "f")
    source = "import time\ndef test_sleep(): time.sleep(1)\n"
    for one in (bench, other):
        load(one, source, "tests/test_gen_%d.py" % id(one))
        one.submit("n + 1", "n - 1", [1])
        one.submit("n + 1", "n - 2", [1])
    started = time.monotonic()
    os.kill(bench.repo.session_pid, 9)
    third = Bench(bench.repo, "mod.py", "f")
    assert third.verdict("n + 1", "n - 1", ["test_f"]) == ("killed", True)
    assert [bench.wire.read()["end"] for _ in range(2)] == ["done", "done"]
    assert time.monotonic() - started > 0.5


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


WAITS = "__import__('threading').Event().wait() and n + 1"
NAME = "__import__('os').environ['PYTEST_XDIST_WORKER']"


def order(bench, mutants, **more):
    """What comes for each of these texts: (its number, how it ended, what the test said)."""
    ids = [bench.submit("n + 1", text, ["test_f"], limit=0.52, **more) for text in mutants]
    told = []
    while len([one for one in told if one[1] != "asleep"]) < len(ids):
        answer = bench.wire.read()
        assert answer["ok"]
        told.append((ids.index(answer["id"]), answer["end"], "".join(run[5] for run in answer.get("runs") or ())))
    return told


def test_a_mutant_that_is_asleep_gives_way_to_others(bench):
    told = order(bench, [WAITS, WAITS, WAITS, NAME, NAME], yields=True)
    assert sorted(one[:2] for one in told) == [(0, "asleep"), (0, "timeout"), (1, "asleep"), (1, "timeout"), (2, "asleep"), (2, "timeout"),
                                               (3, "done"), (4, "done")]
    assert [one[0] for one in told if one[1] == "done"] == [one[0] for one in told if one[1] != "asleep"][:2], "they have not waited for those"
    names = {one[2].split("'")[1] for one in told if one[1] == "done"}
    assert names <= {"gw2", "gw3", "gw4"}, "nobody beside them has the same name: %s" % names


def test_what_is_not_asked_for_is_not_told(bench):
    assert sorted(order(bench, [WAITS, "n + 2"])) == [(0, "timeout", ""), (1, "done", "AssertionError: assert 3 == 2")]


def test_with_one_job_nothing_runs_beside_one_that_is_asleep(repo):
    repo.write("mod.py", MODULE)
    repo.write("tests/test_mod.py", "from mod import f\ndef test_f(): assert f(1) == 2\n")
    repo.start(jobs=1)
    assert [one[:2] for one in order(Bench(repo, "mod.py", "f"), [WAITS, "n + 2"], yields=True)] == [(0, "timeout"), (1, "done")]


def test_a_test_that_waits_by_itself_gives_way_and_goes_on(bench):
    sleeps = "__import__('time').sleep(0.6) or n + 1"
    told = order(bench, [sleeps, sleeps, "n + 2"], yields=True)
    assert sorted(one[:2] for one in told) == [(0, "asleep"), (0, "done"), (1, "asleep"), (1, "done"), (2, "done")]
    assert told[-1][0] != 2, "it has not waited for the others"


def test_one_that_wakes_now_and_then_gives_way_too(bench):
    dozes = "[__import__('time').sleep(0.01) for _ in range(100)] and n + 1"
    told = order(bench, [dozes, dozes, "n + 2"], yields=True)
    assert [one[0] for one in told if one[1] == "done"][0] == 2


def test_one_that_works_does_not(bench):
    works = "sum(range(20_000_000)) and n + 1"
    told = order(bench, [works, works, "n + 2"], yields=True)
    assert "asleep" not in [one[1] for one in told]


@pytest.mark.parametrize("which", ["session", "zygote", "killed"])
def test_everything_ends_when_mutagen_goes(bench, which):
    repo = bench.repo
    load(bench, "import os, time, mod\ndef test_pid():\n    with open('pid', 'w') as file: file.write(str(os.getpid()))\n    time.sleep(60)\n")
    bench.submit("n + 1", "n - 1", [1])
    path = os.path.join(repo.path, "pid")
    while not os.path.exists(path) or not open(path).read():
        time.sleep(0.01)
    pids = [int(open(path).read()), repo.session_pid]
    assert all(alive(pid) for pid in pids)
    if which == "session":
        bench.wire.sock.close()
    elif which == "zygote":
        repo.zygote.sock.close()
    else:
        repo.processes[0].kill()
    end = time.monotonic() + 5
    while any(alive(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.01)
    assert not any(alive(pid) for pid in pids)
    if which != "killed":
        assert not os.path.exists(os.path.join(repo.path, "tests", "test_gen.py"))


def confirm(repo, files, **more):
    return repo.spawn("confirm").ask("confirm", **repo.settings(files=files, deselect=[], **more))


def test_confirm_runs_plain_pytest_in_either_order(repo):
    repo.write("mod.py", MODULE)
    repo.write("test_mod.py", """
        from mod import f
        state = []
        def test_a(): state.append(1); assert f(1) == 2
        def test_b(): assert state
        def test_c(): assert f(1) == 3
        """)
    answer = confirm(repo, ["test_mod.py"])
    assert [(test["id"], test["outcome"]) for test in answer["tests"]] == [
        ("test_mod.py::test_a", "passed"), ("test_mod.py::test_b", "passed"), ("test_mod.py::test_c", "failed"),
    ]
    assert answer["tests"][2]["text"].startswith("assert 2 == 3") or "assert 2 == 3" in answer["tests"][2]["text"]
    reverse = repo.spawn("confirm").ask("confirm", **repo.settings(files=["test_mod.py"], deselect=["test_mod.py::test_c"], reversed=True))
    assert [(test["id"][-6:], test["outcome"]) for test in reverse["tests"]] == [("test_b", "failed"), ("test_a", "passed")]


def test_a_package_that_cannot_be_imported_does_not_come_in_by_the_second_file(repo):
    """Its failed import leaves the modules that it has imported before; pytest's next file finds them there, and alone it does not."""
    repo.write("half/__init__.py", "import half.good\nimport half.made_by_the_build\n")
    repo.write("half/good.py", "def f(n):\n    return n + 1\n")
    for name in ("test_a.py", "test_b.py"):
        repo.write(name, "from half.good import f\n\n\ndef test_f():\n    assert f(1) == 2\n")
    answer = confirm(repo, ["test_a.py", "test_b.py"])
    assert answer["tests"] == [] and len(answer["errors"]) == 2, answer
    repo.start()
    for _turn in range(2):
        target = Bench(repo, "half/good.py", "f", module="half.good").target
        assert target["kind"] == "import" and "half.made_by_the_build" in target["text"], target


def test_confirm_names_hangs_crashes_and_errors(repo):
    repo.write("test_a.py", "def test_ok(): pass\n\ndef test_hang():\n    import time; time.sleep(60)\n")
    repo.write("test_b.py", "import os\ndef test_out(): os._exit(0)\n")
    repo.write("test_c.py", "import nowhere\n")
    started = time.monotonic()
    assert [test["outcome"] for test in confirm(repo, ["test_b.py"])["tests"]] == ["crashed"]
    enough = 1.0 + 2.0 * (time.monotonic() - started)
    assert [test["outcome"] for test in confirm(repo, ["test_a.py"], seconds=enough)["tests"]] == ["passed", "timeout"]
    assert "nowhere" in confirm(repo, ["test_c.py"])["errors"][0]["text"]
    assert confirm(repo, ["test_gone.py"])["errors"]
    repo.write("test_d.py", "def test_first(): pass\n\ndef test_interrupted(): raise KeyboardInterrupt\n\ndef test_behind(): pass\n")
    assert [(test["id"], test["outcome"]) for test in confirm(repo, ["test_d.py"])["tests"]] == [
        ("test_d.py::test_first", "passed"), ("test_d.py::test_interrupted", "crashed"),
    ]


def test_confirm_imports_another_text_than_is_read(repo):
    repo.write("mod.py", "def f(n):\n    return n + 1\n")
    repo.write("test_mod.py", """
        import mod
        def test_code(): assert mod.f(1) == 0
        def test_text(): assert "n + 1" in open(mod.__file__).read()
        def test_trace():
            assert mod.f.__code__.co_filename == mod.__file__
        """)
    text = "def f(n):\n    return n - 1\n"
    assert {test["outcome"] for test in confirm(repo, ["test_mod.py"], imported=["mod.py", text])["tests"]} == {"passed"}
    outcomes = {test["id"][-4:]: test["outcome"] for test in confirm(repo, ["test_mod.py"])["tests"]}
    assert outcomes == {"code": "failed", "text": "passed", "race": "passed"}
