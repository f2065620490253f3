"""Repositories whose tests and modules kill, flood, lie and break things: the run goes on with the rest, says what it left out, and leaves
nothing behind. One run meets many of them at once: they must not protect each other."""
import json
import os

from e2e_desk import OPS, TEST_OPS, tree

GOOD = {"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": TEST_OPS}

# name of the test -> body; all of them in one folder. The first group is set aside by name, the second passes.
SET_ASIDE = {
    "exits": "os._exit(0)",
    "kills_its_parent": "os.kill(os.getppid(), 9); time.sleep(5)",
    "kills_its_ancestors": """
    pid, chain = os.getpid(), []
    for _ in range(3):
        pid = int(open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[1])
        chain.append(pid)
    for pid in chain[:2]:
        os.kill(pid, 9)
    time.sleep(5)
""",
    "kills_its_group": "os.killpg(0, 9)",
    "forks_and_forks": """
    for _ in range(6):
        os.fork()
    time.sleep(100)
""",
    "wants_memory": "[0] * (8 << 30)",
    "recurses": "recurse()",
    "leaves_by_sys_exit": "raise SystemExit(3)",
    "breaks_the_library": """
    import json, socket, gc
    def bad(*_a, **_k): raise RuntimeError("patched")
    json.dumps = json.loads = json.JSONEncoder.encode = socket.socket = os.fork = os.write = os.read = os.kill = os._exit = bad
    time.time = time.monotonic = gc.collect = builtins.open = builtins.compile = builtins.len = bad
""",
}
PASSES = {
    "cannot_see_keys": "assert not secrets()",
    "leaves_a_daemon": """
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in (1, 2, 13, 15):
                signal.signal(number, signal.SIG_IGN)
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(300)", os.environ["TMPDIR"]])
        os._exit(0)
    os.wait()
""",
    "talks_into_every_descriptor": """
    for fd in range(3, 200):
        try:
            os.write(fd, b'{}\\n[1]\\n{"event": 1, "id": 1}\\n.\\nhalf')
        except OSError:
            pass
""",
    "closes_every_descriptor": "os.closerange(3, 200)",
    "floods": """
    for _ in range(200):
        sys.stdout.write("x" * 100000 + "\\n")
""",
    "changes_signals": """
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
    for number in (signal.SIGALRM, signal.SIGPROF, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
""",
    "changes_tracing": "sys.settrace(None); sys.setprofile(None)",
    "goes_elsewhere": "os.chdir('/')",
    "writes_many_files": """
    for i in range(500):
        open("junk%d" % i, "w").close()
    os.makedirs("__pycache__", exist_ok=True)
    open("__pycache__/x.pyc", "wb").close()
""",
}
HEAD = """import builtins, os, signal, sys, time
def recurse(): recurse()
def secrets(): return [name for name in os.environ if "KEY" in name or "TOKEN" in name or "secret" in os.environ[name]]
"""
SECRETS = {"OPENAI_API_KEY": "sk-secret", "GITHUB_TOKEN": "ghp_secret", "DATABASE_URL": "postgres://user:secret@host/db"}


def hostile_tests():
    return HEAD + "".join("\n\ndef test_%s():\n    %s\n" % (name, body.strip()) for name, body in {**SET_ASIDE, **PASSES}.items())


def processes_of(desk):
    """Everything that runs with this desk's temporary folder in its environment or command line."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                with open(f"/proc/{entry}/environ", "rb") as environ, open(f"/proc/{entry}/cmdline", "rb") as command:
                    text = environ.read() + command.read()
            except OSError:
                continue
            if os.fsencode(desk.tmp) in text:
                found.append((entry, text[-200:]))
    return found


def stamps(folder):
    return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_mode, path.lstat().st_ino) for path in [folder, *folder.rglob("*")]}


def run(desk, files, *arguments, **more):
    """One run over GOOD and `files` that must keep tests for calc.ops.clamp, change nothing and leave nothing; its report."""
    repo = desk.repo({**GOOD, **files})
    before = tree(repo), stamps(repo)
    told = desk("run", "repo", "--run-id", "x", "--no-progress", "--target", "calc.ops.clamp", *arguments, **more)
    assert told.code == 0, told
    assert (tree(repo), stamps(repo)) == before
    assert list(desk.tmp.iterdir()) == [] and processes_of(desk) == []
    report = json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())
    assert report["targets"]["kept"] >= 1, told
    assert "secret" not in (desk.folder / ".mutagen" / "reports" / "report.md").read_text().replace("without secrets", "")
    return report


def names_set_aside(desk):
    text = (desk.folder / ".mutagen" / "reports" / "report.md").read_text()
    return text[text.index("et aside"):]


def test_a_folder_full_of_hostile_tests(desk):
    run(desk, {"tests/test_bad.py": hostile_tests(), "m.toml": ""}, **SECRETS)
    text = names_set_aside(desk)
    for name in SET_ASIDE:
        assert f"test_{name}" in text, (name, text)
    for name in PASSES:
        assert f"test_{name}" not in text, (name, text)


def test_files_that_cannot_be_imported_are_left_out_by_name(desk):
    bad = {
        "exit": "import os\nos._exit(0)\n",
        "sysexit": "import sys\nsys.exit(3)\n",
        "pytest_exit": "import pytest\npytest.exit('enough')\n",
        "kill": "import os\nos.kill(os.getpid(), 9)\n",
        "memory": "x = [0] * (8 << 30)\n",
    }
    harmless = {
        "patch": "import json, os\ndef bad(*_a, **_k): raise RuntimeError('patched')\njson.dumps = json.JSONEncoder.encode = os.write = bad\n",
        "junk": "import os\nfor fd in range(3, 200):\n    try: os.write(fd, b'junk\\n[1]\\n')\n    except OSError: pass\ndef test_a(): pass\n",
        "trace": "import os, sys\nsys.settrace(lambda *a: None)\nos.chdir('/')\nos.closerange(3, 200)\ndef test_a(): pass\n",
    }
    run(desk, {f"tests/test_{name}.py": text for name, text in {**bad, **harmless}.items()})
    text = names_set_aside(desk)
    for name in bad:
        assert f"tests/test_{name}.py" in text, text
    for name in harmless:
        assert f"tests/test_{name}.py" not in text, text


def test_a_conftest_that_ends_everything_is_one_clear_line(desk):
    desk.repo({**GOOD, "tests/conftest.py": "raise RuntimeError('no luck')\n"})
    told = desk("run", "repo", "--no-progress")
    assert told.code == 1 and "tests/conftest.py" in told.err and "no luck" in told.err and str(desk.tmp) not in told.err, told
    (desk.folder / "repo" / "tests" / "conftest.py").write_text("import os\nos._exit(0)\n")
    told = desk("run", "repo", "--no-progress")
    assert told.code == 1 and told.err.splitlines()[-1].startswith("mutagen: importing and collecting the tests: "), told
    assert list(desk.tmp.iterdir()) == []


def test_a_target_whose_mutants_kill_the_interpreter(desk):
    """The zygote dies in the middle of a run: it is had back, that target ends with the reason, the others do not notice."""
    desk.repo({**GOOD, "calc/bad.py": "def f(n: int) -> int:\n    m = n + 1\n    return m + 1\n",
               "tests/test_bad.py": "import os\nfrom calc.bad import f\nZYGOTE = os.getpid()\n\n\ndef test_f():\n    if f(1) != 3:\n        os.kill(ZYGOTE, 9)\n"})
    told = desk("run", "repo", "--run-id", "x", "--no-progress")
    assert told.code == 0, told
    report = json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())
    by_name = {one["qualified_name"]: one for one in report["target_stats"]}
    assert by_name["calc.bad.f"]["status"] == "discarded" and "killed the interpreter of the tests, twice" in by_name["calc.bad.f"]["reason"]
    assert by_name["calc.ops.clamp"]["status"] == by_name["calc.ops.grade"]["status"] == "kept", told
    assert list(desk.tmp.iterdir()) == [] and processes_of(desk) == []


def test_odd_sources_and_names(desk):
    odd = {
        "calc/nul.py": b"x = 1\0\n" + OPS.encode(),
        "calc/latin.py": b"# coding: latin-1\nx = '\xe9'\n" + OPS.encode(),
        "calc/utf16.py": OPS.encode("utf-16"),
        "calc/deep.py": "def f(x: int) -> int:\n    y = " + "(" * 5000 + "x" + ")" * 5000 + "\n    return y\n",
        "calc/new\nline.py": OPS,
        "calc/quo'te\".py": OPS,
        b"calc/bad\xff.py": OPS,
        b"tests/test_q'\n\xfe.py": "def test_a(): pass\n",
        "json.py": OPS,
        "calc/table.py": "def grade(x: int) -> int:\n    y = [" + "1, " * 20000 + "2]\n    return len(y) + x\n",
    }
    variants = {"bom": "\ufeff" + OPS, "crlf": OPS.replace("\n", "\r\n"), "tabs": OPS.replace("    ", "\t"), "feed": "\f\n" + OPS.replace("\n\n\n", "\n\f\n\n")}
    files = {os.fsdecode(name): text for name, text in {**odd, **{f"calc/{name}.py": text for name, text in variants.items()}}.items()}
    repo = desk.repo({**GOOD, **files})
    (repo / "calc" / "outside.py").symlink_to("/etc/passwd")
    (repo / "etc").symlink_to("/etc")
    with open(repo / "calc" / "huge.py", "wb") as file:
        file.truncate(200 << 20)
    before = stamps(repo)
    told = desk("run", "repo", "--run-id", "x", "--no-progress", "--target", "calc.*.grade")
    assert told.code == 0 and stamps(repo) == before, told
    report = json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())
    kept = {one["qualified_name"] for one in report["target_stats"] if one["status"] == "kept"}
    assert {f"calc.{name}.grade" for name in variants} | {"calc.ops.grade"} <= kept, told
    (table,) = [one for one in report["target_stats"] if one["qualified_name"] == "calc.table.grade"]
    assert table["status"] == "discarded" and "too many" in table["reason"], table
    text = (desk.folder / ".mutagen" / "reports" / "report.md").read_text()
    for name in ("nul", "latin", "utf16", "huge"):
        assert f"calc/{name}.py" in text, text
    assert list(desk.tmp.iterdir()) == []
    told = desk("apply", "--into", "new")
    assert told.code == 0 and len(list((desk.folder / "new").iterdir())) == len(kept), told
