"""The command line as a user meets it: help, wrong words, bad input, exit codes, and one whole run with its report and apply."""
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time

import pytest
from conftest import BINARY, OPS, TEST_OPS, tree


def one_line(result, code, *parts):
    """A handled failure: that exit code, one line on stderr that says it, nothing on stdout."""
    assert result.code == code, result
    lines = [line for line in result.err.splitlines() if line.startswith("mutagen: ")]
    assert len(lines) == 1, result
    for part in parts:
        assert part in lines[0], result
    assert result.out == "", result
    return lines[0]


# ---- words ----

def test_version_and_help(desk):
    assert desk("--version").out == "mutagen 0.1.0\n"
    assert desk("run", "--version").out == "mutagen 0.1.0\n"
    text = desk("--help").out
    for name in ("run", "score", "show", "report", "apply", "doctor"):
        assert f"\n  {name} " in text
        answer = desk(name, "-h")
        assert answer.code == 0 and answer.out.startswith(f"usage: mutagen {name}") and answer.err == ""


@pytest.mark.parametrize("arguments, part", [
    ((), "a command is missing"),
    (("rum",), "did you mean 'run'?"),
    (("run",), "a REPO is missing"),
    (("run", ".", "--treshold", "1"), "did you mean --threshold?"),
    (("run", ".", "--threshold", "80"), "--threshold: score_threshold must be a number from 0 to 1, not '80'"),
    (("run", ".", "--jobs"), "--jobs needs a value"),
    (("run", ".", "--provider", "magic"), 'must be "search"'),
    (("run", ".", "--run-id", "../x"), "--run-id must be"),
    (("report", "--jobs", "1"), "has no option --jobs"),
    (("apply", "--into", "a", "--patch", "b"), "exclude each other"),
])
def test_wrong_words_exit_64(desk, arguments, part):
    one_line(desk(*arguments), 64, part)
    assert not (desk.folder / ".mutagen").exists()


@pytest.mark.parametrize("text, part", [
    ("jobs = 'two'", "m.toml:1: jobs must be a whole number from 0 to 1024, not a string"),
    ("\n[mutation]\nscore_treshold = 1", "m.toml:3: unknown key 'mutation.score_treshold'; did you mean 'mutation.score_threshold'?"),
    ("[mutatoin]", "m.toml:1: unknown table [mutatoin]; did you mean [mutation]?"),
    ("a = ", "m.toml:1: "),
])
def test_wrong_configuration_has_file_and_line(desk, text, part):
    desk.repo()
    (desk.folder / "m.toml").write_text(text)
    one_line(desk("-c", "m.toml", "run", "repo"), 1, part)


def test_missing_configuration_file(desk):
    one_line(desk("run", ".", "-c", "none.toml"), 1, "none.toml")


# ---- bad input ----

def test_no_such_path(desk):
    one_line(desk("run", "nowhere"), 1, "nowhere: no such path")
    one_line(desk("score", "nowhere"), 1, "nowhere: no such path")


def test_a_file_is_no_repo(desk):
    (desk.folder / "f.py").write_text("x = 1\n")
    one_line(desk("run", "f.py"), 1, "f.py: not a folder")


def test_empty_repo(desk):
    desk.repo({})
    one_line(desk("run", "repo", "--no-progress"), 1, "Python")
    assert list(desk.tmp.iterdir()) == []


def test_no_stored_runs(desk):
    one_line(desk("report"), 1, "no")
    one_line(desk("apply"), 1, "no")
    assert not (desk.folder / ".mutagen").exists()


def test_unwritable_storage_root(desk):
    desk.repo()
    (desk.folder / "file").write_text("")
    (desk.folder / "m.toml").write_text("storage.root = 'file/below'")
    one_line(desk("run", "repo", "-c", "m.toml"), 1, "storage root")


def test_a_folder_of_somebody_else_is_no_storage_root(desk):
    desk.repo()
    (desk.folder / "mine").mkdir()
    (desk.folder / "mine" / "thesis.txt").write_text("years")
    (desk.folder / "m.toml").write_text("storage.root = 'mine'")
    one_line(desk("run", "repo", "-c", "m.toml"), 1, "mine")
    assert [path.name for path in (desk.folder / "mine").iterdir()] == ["thesis.txt"]


def test_no_pytest_in_the_environment(desk):
    desk.repo()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", desk.folder / "bare"], check=True)
    python = desk.folder / "bare" / "bin" / "python"
    one_line(desk("run", "repo", "--python", python, "--no-progress"), 1, "pytest", str(python))
    told = desk("doctor", "repo", "--python", python)
    assert told.code == 1 and "[ERROR] pytest: not installed" in told.out and "-> " in told.out


def test_no_such_interpreter(desk):
    desk.repo()
    one_line(desk("run", "repo", "--python", "/nowhere/python", "--no-progress"), 1, "/nowhere/python")


def test_a_python_too_old(desk):
    desk.repo()
    (desk.folder / "old").mkdir()
    (desk.folder / "old" / "sitecustomize.py").write_text("import sys\nsys.version_info = (3, 7, 9, 'final', 0)\n")
    python = desk.folder / "old" / "python3"
    python.write_text(f"#!/bin/sh\nPYTHONPATH='{desk.folder / 'old'}' exec '{sys.executable}' \"$@\"\n")
    python.chmod(0o755)
    one_line(desk("run", "repo", "--python", python, "--no-progress"), 1, "too old", "3.8")


# ---- doctor ----

def test_doctor_tells_names_of_keys_never_values(desk):
    desk.repo()
    told = desk("doctor", "repo", OPENAI_API_KEY="sk-very-secret", ANTHROPIC_API_KEY="")
    assert told.code == 0, told
    assert "OPENAI_API_KEY" in told.out and "ANTHROPIC_API_KEY" not in told.out and "very-secret" not in told.out + told.err
    for check in ("platform", "git", "interpreter", "pytest", "storage root", "isolation", "processors", "http", "provider keys", "leaves the machine"):
        assert f"  [ OK  ] {check}: " in told.out, told
    assert not (desk.folder / ".mutagen").exists()


def test_doctor_says_what_http_needs(desk):
    desk.repo()
    (desk.folder / "libraries").mkdir()
    for name in ("libcurl.so.4", "libcurl-gnutls.so.4"):
        (desk.folder / "libraries" / name).write_bytes(b"not a library")
    told = desk("doctor", "repo", LD_LIBRARY_PATH=str(desk.folder / "libraries"))
    assert told.code == 0 and "[warn ] http: HTTP needs libcurl" in told.out and "apt install libcurl4" in told.out, told
    told = desk("doctor", "repo", LD_LIBRARY_PATH=str(desk.folder / "libraries"), MUTAGEN_PROVIDER="openai", OPENAI_API_KEY="sk-x")
    assert told.code == 1 and "[ERROR] http: HTTP needs libcurl" in told.out, told


def test_doctor_as_json(desk):
    desk.repo()
    told = desk("doctor", "repo", "--json", MUTAGEN_PROVIDER="openai", OPENAI_API_KEY="sk-very-secret")
    assert told.code == 0 and "very-secret" not in told.out + told.err, told
    found = json.loads(told.out)
    checks = {one["name"]: one for one in found["checks"]}
    assert found["works"] is True and all(one["level"] == "ok" and one["remedy"] is None for one in found["checks"])
    assert checks["leaves the machine"]["detail"].startswith("sources of targets, what they call, tests and their failures go to openai;")
    told = desk("doctor", "repo", "--json", MUTAGEN_PROVIDER="openai")
    found = json.loads(told.out)
    bad = [one for one in found["checks"] if one["level"] == "error"]
    assert told.code == 1 and found["works"] is False and [one["name"] for one in bad] == ["model"] and "environment" in bad[0]["remedy"], told


def test_doctor_says_that_nothing_is_sent(desk):
    desk.repo()
    assert "leaves the machine: nothing is sent by Mutagen;" in desk("doctor", "repo").out
    (desk.folder / "m.toml").write_text("provider = 'command'\nllm.command = 'ask --quietly'\n")
    told = desk("doctor", "repo", "-c", "m.toml")
    assert told.code == 0 and "go to your command: ask --quietly;" in told.out, told
    told = desk("doctor", "repo", "--provider", "command")
    assert told.code == 1 and "[ERROR] model: command: no program is given" in told.out, told


# ---- one whole run ----

def test_run_keeps_tests_and_touches_nothing(finished):
    assert finished.result.code == 0, finished.result
    assert tree(finished.folder / "repo") == finished.before
    assert list(finished.tmp.iterdir()) == [], "the private copy is still there"
    lines = finished.result.out.splitlines()
    assert lines[-1].startswith("next: %s apply --run-id first  (writes " % BINARY), finished.result
    report = json.loads((finished.folder / ".mutagen" / "reports" / "report.json").read_text())
    assert report["run_id"] == "first" and report["targets"]["kept"] == 2
    assert {one["qualified_name"] for one in report["target_stats"]} == {"calc.ops.clamp", "calc.ops.grade"}
    assert all(one["mutation_score"] >= 0.8 for one in report["target_stats"])
    folder = finished.folder / ".mutagen" / "reports"
    assert report["mutation_score"]["level"] == 1 and re.search(r"Mutation score \(before -> after\): \d+% -> \d+%, level 1\n", finished.result.out)
    assert "mutants up to level 1" in (folder / "report.md").read_text(), "every score names its level"
    assert "[processing]" in finished.result.err and "\r" not in finished.result.err


def test_report_renders_the_same_again(finished):
    files = [finished.folder / ".mutagen" / "reports" / name for name in ("report.md", "report.json")]
    before = [file.read_bytes() for file in files]
    for file in files:
        file.unlink()
    again = finished("report", "--run-id", "first")
    assert again.code == 0 and again.out == finished.result.out
    assert [file.read_bytes() for file in files] == before
    assert finished("report").out == again.out


def test_unknown_run_ids(finished):
    one_line(finished("report", "--run-id", "other"), 1, "other", "first")
    one_line(finished("apply", "--run-id", "other"), 1, "other", "first")


def test_another_repo_on_the_same_run_id_is_refused(finished):
    finished.repo(name="second")
    one_line(finished("run", "second", "--run-id", "first", "--no-progress"), 1, "first")


def run_pytest(folder, *arguments):
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, check=False)


def test_patch_is_taken_by_git_and_passes(finished):
    repo = finished.repo(name="patched")
    subprocess.run(["git", "init", "-q", repo], check=True)
    told = finished("apply", "--run-id", "first", "--patch", "p.patch")
    assert told.code == 0 and "adds tests/test_generated_calc_ops.py" in told.out, told
    assert finished("apply", "--patch", "-").out == (finished.folder / "p.patch").read_text()
    subprocess.run(["git", "apply", finished.folder / "p.patch"], cwd=repo, check=True)
    passed = run_pytest(repo)
    assert passed.returncode == 0, passed.stdout
    assert tree(finished.folder / "repo") == finished.before


def test_apply_into_a_new_folder(finished):
    told = finished("apply", "--into", "new/deep folder")
    file = finished.folder / "new" / "deep folder" / "test_generated_calc_ops.py"
    assert told.code == 0 and file.is_file() and told.out.endswith(f" -m pytest '{file}'\n"), told
    assert tree(finished.folder / "repo") == finished.before


def test_apply_tells_a_command_that_passes(desk):
    """Plain pytest does not look into src/: as long as the project is installed nowhere, and pytest's settings do not say it."""
    repo = desk.repo({"src/calc/__init__.py": "", "src/calc/ops.py": OPS, "tests/test_ops.py": TEST_OPS})
    desk("run", "repo", "--run-id", "x", "--no-progress", "--max-targets", "1")

    def command(**more):
        told = desk("apply", **more)
        assert told.code == 0 and "\nnext: cd " in told.out, told
        return told.out.splitlines()[-1].replace("next: ", "", 1)

    def passes(line):
        return subprocess.run(["sh", "-c", line], env=desk.environment(), capture_output=True, check=False).returncode == 0

    assert f"cd {repo} && PYTHONPATH=src {sys.executable} -m pytest tests/" in command() and passes(command())
    assert not passes(command().replace("PYTHONPATH=src ", ""))
    assert "PYTHONPATH" not in command(PYTHONPATH=str(repo / "src")), "found there, as in an editable installation"
    assert 'PYTHONPATH=src:"$PYTHONPATH" ' in command(PYTHONPATH=str(desk.folder))
    (repo / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['src']\n")
    assert "PYTHONPATH" not in command() and passes(command())


def test_apply_never_overwrites_what_is_not_ours(finished):
    file = finished.folder / "repo" / "tests" / "test_generated_calc_ops.py"
    try:
        file.write_text("# mine\n")
        told = finished("apply")
        assert told.code == 1 and "mutagen did not write it" in told.err and file.read_text() == "# mine\n"
        file.unlink()
        told = finished("apply")
        assert told.code == 0 and f"wrote {file}" in told.out, told
        assert run_pytest(finished.folder / "repo").returncode == 0
        assert "unchanged" in finished("apply").out
        edited = file.read_text() + "\n# a note of mine\n"
        file.write_text(edited)
        told = finished("apply")
        assert told.code == 1 and "it was edited" in told.err and file.read_text() == edited
        told = finished("apply", "--patch", "-")
        assert told.code == 1 and told.out == ""
    finally:
        file.unlink(missing_ok=True)


def test_apply_does_not_write_through_links(finished):
    file = finished.folder / "linked" / "test_generated_calc_ops.py"
    file.parent.mkdir()
    file.symlink_to(finished.folder / "elsewhere.py")
    told = finished("apply", "--into", "linked")
    assert told.code == 1 and "it is no regular file" in told.err and file.is_symlink(), told
    assert not (finished.folder / "elsewhere.py").exists()


def test_second_run_continues_the_first(finished):
    again = finished("run", "repo", "--run-id", "first", "--no-progress")
    assert again.code == 0, again
    assert "kept" not in again.err, "a finished target was worked on again"
    report = json.loads((finished.folder / ".mutagen" / "reports" / "report.json").read_text())
    assert report["targets"]["kept"] == 2


def test_score_has_a_number_and_replayable_json(finished):
    told = finished("score", "repo", "--json", "score.json", "--no-progress")
    assert told.code == 0 and "\nscore: " in told.out, told
    report = json.loads((finished.folder / "score.json").read_text())
    (file,) = report["files"].values()
    assert file["source"] == OPS
    lines = OPS.split("\n")
    for mutant in file["mutants"]:
        start, end = mutant["location"]["start"], mutant["location"]["end"]
        head = "\n".join(lines[: start["line"] - 1] + [lines[start["line"] - 1][: start["column"] - 1]])
        tail = "\n".join([lines[end["line"] - 1][end["column"] - 1:]] + lines[end["line"]:])
        compile(head + mutant["replacement"] + tail, "mutant", "exec")
        assert mutant["status"] in ("Killed", "Survived", "Timeout", "NoCoverage", "CompileError", "Ignored")


def test_targets_of_the_command_line_replace_those_of_the_file(finished):
    (finished.folder / "m.toml").write_text("targets = ['*.clamp']\n")
    told = finished("score", "repo", "-c", "m.toml", "--target", "*.grade", "--no-progress")
    assert told.code == 0 and "calc.ops.grade " in told.out and "calc.ops.clamp" not in told.out, told


# ---- what stops a run ----

def test_no_score_without_tests(desk):
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS})
    told = desk("score", "repo", "--no-progress")
    assert told.code == 1 and "no score: the repo has no test" in told.err and "score:" not in told.out, told


def test_threshold_and_budget_exit_codes(desk):
    desk.repo()
    below = desk("run", "repo", "--threshold", "1", "--no-progress", "--target", "*.clamp")
    assert below.code in (0, 2), below
    partial = desk("run", "repo", "--max-targets", "1", "--run-id", "p", "--no-progress")
    assert partial.code == 3, partial
    rest = desk("run", "repo", "--run-id", "p", "--no-progress")
    assert rest.code == 0, rest


def test_broken_and_foreign_sources_are_named(desk):
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "calc/latin.py": b"# -*- coding: no-such-code -*-\nname = '\xe9'\n", "calc/broken.py": "def f(:\n    pass ]\n",
               "tests/test_ops.py": TEST_OPS, "tests/test_bad.py": "import does_not_exist\n"})
    told = desk("run", "repo", "--run-id", "x", "--no-progress", "--target", "*.grade")
    assert told.code == 0, told
    text = (desk.folder / ".mutagen" / "reports" / "report.md").read_text()
    for name in ("calc/latin.py", "tests/test_bad.py"):
        assert name in text, text
    assert "broken" in text, text


def wait_for(process, text):
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"'{text}' was never said")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_exits_130_and_goes_on(desk, number):
    desk.repo()
    process = desk.start("run", "repo", "--run-id", "cut", "--no-progress")
    wait_for(process, "[processing]")
    busy = desk("run", "repo", "--run-id", "cut", "--no-progress")
    one_line(busy, 1, "cut", str(process.pid))
    begun = time.monotonic()
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and time.monotonic() - begun < 30
    assert "[cancelled]" in out
    assert list(desk.tmp.iterdir()) == []
    again = desk("run", "repo", "--run-id", "cut", "--no-progress")
    assert again.code == 0 and "\nnext: %s apply --run-id" % BINARY in again.out, again


def test_killed_run_goes_on(desk):
    desk.repo()
    process = desk.start("run", "repo", "--run-id", "cut", "--no-progress")
    wait_for(process, "[processing]")
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10
    while any(str(desk.tmp) in path for path in command_lines()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(str(desk.tmp) in path for path in command_lines()), "a process outlived its run"
    told = desk("report", "--run-id", "cut")
    assert told.code == 1 and "--run-id cut" in told.err, told
    again = desk("run", "repo", "--run-id", "cut", "--no-progress")
    assert again.code == 0 and "\nnext: %s apply --run-id" % BINARY in again.out, again


def command_lines():
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    found.append(file.read().decode(errors="replace"))
            except OSError:
                pass
    return found


def test_modules_that_cannot_be_imported_end_their_targets_not_the_run(desk):
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "calc/lost.py": "import does_not_exist\n\n\n" + OPS, "tests/test_ops.py": TEST_OPS})
    told = desk("run", "repo", "--no-progress", "--target", "*.grade")
    assert told.code == 0 and re.search(r"kept .* calc\.ops\.grade ", told.out), told
    report = json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())
    (lost,) = [one for one in report["target_stats"] if one["qualified_name"] == "calc.lost.grade"]
    assert lost["status"] == "discarded" and "does_not_exist" in lost["reason"]


def on_terminal(desk, *arguments, **more):
    """What a terminal of 80 columns receives."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(desk.folder)
        os.execve(BINARY, ["mutagen", *arguments], desk.environment(**more))
    received = b""
    while True:
        try:
            block = os.read(terminal, 65536)
        except OSError:
            break
        if not block:
            break
        received += block
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), received.decode()


def test_a_terminal_gets_one_redrawn_line_and_is_left_clean(desk):
    desk.repo()
    code, text = on_terminal(desk, "score", "repo", TERM="xterm")
    assert code == 0, text
    drawn = [part for part in text.split("\r") if part.endswith("\x1b[K") and part != "\x1b[K"]
    assert len(drawn) > 5 and drawn[0].startswith("| ingesting"), drawn[:3]
    assert any("/2 processing" in part and "[" in part for part in drawn), drawn
    assert all(len(part) <= 80 + len("\x1b[K") for part in drawn if not part.startswith("\x1b"))
    after = text[text.rindex("\x1b[K") + 3:]
    assert after.startswith("note: ") and "score: " in after, "the line is erased before the result"
    assert "[processing]" not in text


def test_a_dumb_terminal_gets_plain_lines(desk):
    desk.repo()
    code, text = on_terminal(desk, "score", "repo", TERM="dumb")
    assert code == 0 and "[processing] calc.ops.grade" in text and "\x1b" not in text, text


def test_a_second_signal_ends_it_at_once(desk):
    desk.repo()
    process = desk.start("run", "repo", "--run-id", "cut", "--no-progress")
    wait_for(process, "[processing]")
    process.send_signal(signal.SIGSTOP)  # so that both are pending when it wakes up
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGCONT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130 and out == "", out


def test_public_functions_come_before_private_ones(desk):
    """Of those that are tested as badly, the longest first; one that is well tested comes behind either."""
    longer = "".join(f"    n = n + {number}\n" for number in range(1, 9))
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS + f"\n\ndef _hidden(n):\n{longer}    return n\n\n\nclass Box:\n    def __add__(self, n):\n        n = n + 1\n        return n * 2\n",
               "tests/test_ops.py": TEST_OPS})
    told = desk("run", "repo", "--dry-run", "--no-progress")
    names = re.findall(r"^ +\d+%  (\S+)$", told.out, re.M)
    assert told.code == 0 and names.index("calc.ops.grade") < names.index("calc.ops.Box.__add__") < names.index("calc.ops._hidden"), told
