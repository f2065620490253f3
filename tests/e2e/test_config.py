"""Settings: who wins, which file is found, what a file of the code under test cannot say, and how slips are told."""
import json
import os
import re
import shutil
import subprocess

import pytest
from conftest import ROOT

REFUSED = "belongs to the code under test, so it cannot set"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in list(os.environ):
        if name.startswith("MUTAGEN_") and name not in ("MUTAGEN_BINARY", "MUTAGEN_BIN"):
            monkeypatch.delenv(name)


def settings(desk, *arguments, **more):
    told = desk("config", "--json", *arguments, **more)
    assert told.code == 0, told
    return {row["key"]: (row["value"], row["origin"]) for row in json.loads(told.out)["settings"]}, told


def test_flag_over_variable_over_file_over_default(desk):
    desk.repo()
    (desk.folder / "mutagen.toml").write_text('jobs = 3\nprovider = "anthropic"\n[mutation]\nlevel = 1\n')
    found, told = settings(desk, "repo")
    assert told.err == "" and found["jobs"] == ("3", "mutagen.toml:1") and found["mutation.level"] == ("1", "mutagen.toml:4")
    assert found["provider"] == ('"anthropic"', "mutagen.toml:2")  # beside the repo, and in no checkout: the user's own file
    assert found["mutation.keep"] == ('"threshold"', "default")
    found, _ = settings(desk, "repo", MUTAGEN_JOBS="4", MUTAGEN_TARGETS="a.*, b.c", MUTAGEN_LOGGING_LEVEL="DEBUG")
    assert found["jobs"] == ("4", "MUTAGEN_JOBS") and found["targets"] == ('["a.*", "b.c"]', "MUTAGEN_TARGETS")
    found, _ = settings(desk, "repo", "--log-level", "error", MUTAGEN_LOGGING_LEVEL="info")
    assert found["logging.level"] == ('"error"', "--log-level")
    (desk.folder / "other.toml").write_text("jobs = 5\n")
    assert settings(desk, "-c", "other.toml", "repo")[0]["jobs"] == ("5", "other.toml:1")
    assert settings(desk, "repo", MUTAGEN_CONFIG="other.toml")[0]["jobs"] == ("5", "other.toml:1")


def test_every_setting_has_a_variable(desk):
    desk.repo()
    rows = json.loads(desk("config", "repo", "--json").out)["settings"]
    variables = {row["variable"]: row["value"].strip('"[]') or "x" for row in rows if row["key"] not in ("python", "mutation.operators", "targets")}
    found, told = settings(desk, "repo", **variables)
    assert "mutagen: " not in told.err  # what is there is the log that was asked for
    assert {key for key, (_, origin) in found.items() if origin == "default"} == {"python", "mutation.operators", "targets"}


def test_the_shown_settings_are_a_file_that_says_the_same(desk):
    desk.repo()
    shown = desk("config", "repo", MUTAGEN_TARGETS="a.*,b", MUTAGEN_LLM_COMMAND='say "hi" \\ there')
    assert shown.code == 0, shown
    (desk.folder / "again.toml").write_text(shown.out)
    again, _ = settings(desk, "-c", "again.toml", "repo")
    first, _ = settings(desk, "repo", MUTAGEN_TARGETS="a.*,b", MUTAGEN_LLM_COMMAND='say "hi" \\ there')
    assert {key: value for key, (value, _) in again.items()} == {key: value for key, (value, _) in first.items()}
    assert desk("config", "--example").out == (ROOT / "mutagen.example.toml").read_text()


@pytest.mark.parametrize("place", ["mutagen.toml", "pyproject.toml"])
def test_a_file_of_the_repo_sets_harmless_settings_only(desk, place):
    repo = desk.repo()
    head = "[tool.mutagen]\n" if place == "pyproject.toml" else "\n"
    (repo / place).write_text(head + 'jobs = 2\nprovider = "command"\nstorage = {root = "/tmp/elsewhere"}\nllm.command = "touch /tmp/owned"\n')
    found, told = settings(desk, "repo")
    assert found["jobs"] == ("2", f"repo/{place}:2") and found["provider"][1] == found["storage.root"][1] == found["llm.command"][1] == "default"
    assert told.err == (f"mutagen: repo/{place} {REFUSED} provider (line 3), storage.root (line 4), llm.command (line 5); "
                        f"if you trust it: -c repo/{place}\n")
    if place == "mutagen.toml":
        assert settings(desk, "-c", "repo/mutagen.toml", "repo")[0]["provider"][0] == '"command"'
    told = desk("score", "repo", "--no-progress", "--target", "calc.ops.grade")
    assert told.code in (0, 1) and told.err.count(REFUSED) == 1 and not (desk.folder / "tmp" / "owned").exists(), told


def test_where_one_stands_makes_no_difference(desk):
    repo = desk.repo()
    (repo / "mutagen.toml").write_text('provider = "command"\n')
    desk.folder = repo
    _, told = settings(desk, ".")
    assert f"mutagen.toml {REFUSED} provider (line 1)" in told.err
    for command in ("report", "apply"):  # no repo is named: a folder of a checkout is somebody's code
        (repo / ".git").mkdir(exist_ok=True)
        assert REFUSED in desk(command).err


def test_a_checkout_above_the_repo_is_not_the_users_own_file(desk):
    desk.repo()
    (desk.folder / ".git").mkdir()
    (desk.folder / "mutagen.toml").write_text('provider = "anthropic"\n')
    assert f"mutagen.toml {REFUSED} provider" in settings(desk, "repo")[1].err


def test_a_link_is_believed_no_more_than_the_repo(desk):
    repo = desk.repo()
    (repo / "theirs.toml").write_text('provider = "command"\njobs = 2\n')
    (desk.folder / "mutagen.toml").symlink_to("repo/theirs.toml")
    found, told = settings(desk, "repo")
    assert REFUSED in told.err and found["jobs"][0] == "2" and found["provider"][1] == "default"


def test_a_pyproject_without_us_is_left_alone(desk):
    repo = desk.repo()
    (repo / "pyproject.toml").write_text("not = toml = at all\n")
    assert settings(desk, "repo")[1].err == ""
    (repo / "pyproject.toml").write_text("[tool.mutagen]\nnot = toml = at all\n")
    told = desk("config", "repo")
    assert told.code == 1 and told.err.startswith("mutagen: repo/pyproject.toml:2: "), told


@pytest.mark.parametrize("text, message", [
    ("[mutation]\nlevl = 2\n", "m.toml:2: unknown key 'mutation.levl'; did you mean 'mutation.level'?"),
    ("level = 2\n", "m.toml:1: unknown key 'level'; did you mean 'mutation.level'?"),
    ("[mutation]\nlevel = 9\n", "m.toml:2: mutation.level must be a whole number from 1 to 3, not '9'"),
    ("jobs = '2'\n", "m.toml:1: jobs must be a whole number from 0 to 1024, not a string"),
    ("[lllm]\n", "m.toml:1: unknown table [lllm]; did you mean [llm]?"),
    ("[llm]\ntemperature = 1.0\n", "m.toml:2: llm.temperature is no setting any more: models that think take none, so the provider's own is used; "
                                   "llm.effort says how hard to think"),
])
def test_a_slip_in_a_file_is_one_line_and_exit_1(desk, text, message):
    desk.repo()
    (desk.folder / "m.toml").write_text(text)
    told = desk("run", "-c", "m.toml", "repo")
    assert told.code == 1 and told.err == f"mutagen: {message}\n", told
    assert not (desk.folder / ".mutagen").exists()


def test_a_slip_in_a_variable_is_told_once(desk):
    desk.repo()
    told = desk("config", "repo", MUTAGEN_MUTATION_LEVLE="1", MUTAGEN_TEST_PYTHON="x", MUTAGEN_WORK_KEY="secret-value", MUTAGEN_QQQ="1")
    assert told.code == 0
    assert sorted(told.err.splitlines()) == ["mutagen: the variable MUTAGEN_MUTATION_LEVLE means nothing; did you mean MUTAGEN_MUTATION_LEVEL?",
                                             "mutagen: the variable MUTAGEN_QQQ means nothing (`mutagen config` lists the settings)"]
    told = desk("run", "repo", MUTAGEN_MUTATION_LEVEL="9")
    assert told.code == 1 and told.err == "mutagen: MUTAGEN_MUTATION_LEVEL: mutation.level must be a whole number from 1 to 3, not '9'\n"


def test_the_repo_may_come_from_the_settings(desk):
    desk.repo()
    told = desk("run")
    assert told.code == 64 and told.err == "mutagen: a REPO is missing: mutagen run REPO\n"
    told = desk("run", MUTAGEN_PROJECT_ROOT="nowhere")
    assert told.code == 1 and told.err == "mutagen: nowhere: no such path\n"


def test_secrets_are_not_shown(desk):
    desk.repo()
    told = desk("config", "repo", MUTAGEN_BASE_URL="https://me:pass-word@host", MUTAGEN_LLM_COMMAND="ask --key sk-0123456789",
                OPENAI_API_KEY="sk-0123456789")
    assert told.code == 0 and "pass-word" not in told.out and "sk-0123456789" not in told.out and told.out.count("[redacted]") == 2, told


def test_selection_settings_choose_the_targets_of_a_run(desk):
    desk.repo()
    one = desk("run", "repo", "--no-progress", "--dry-run", MUTAGEN_SELECTION_GIANT_MAX_STATEMENTS="2")
    assert "calc.ops" not in one.out, one
    two = desk("run", "repo", "--no-progress", "--dry-run")
    assert two.code == 0 and "calc.ops.clamp" in two.out, two
    three = desk("score", "repo", "--no-progress", "--all", MUTAGEN_SELECTION_GIANT_MAX_STATEMENTS="2")
    assert three.code == 0 and "calc.ops.clamp" in three.out, three  # a score is of every function


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_the_manual_page_is_clean_roff():
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", str(ROOT / "docs" / "mutagen.1")], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stderr == "" and "mutation.score_threshold" in re.sub("\u2010\n +", "", done.stdout)
