"""Keys and settings by variable: who may say what, and where a key never appears."""
import os

import pytest
from conftest import OPS, tree

KEYS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENROUTER_API_KEY")
SECRET = "sk-test-0123456789abcdef"


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    for name in list(os.environ):
        if name in KEYS or (name.startswith("MUTAGEN_") and name not in ("MUTAGEN_BINARY", "MUTAGEN_BIN")):
            monkeypatch.delenv(name)


def doctor(desk, *arguments, **more):
    return desk("doctor", "repo", *arguments, **more)


def test_doctor_says_who_would_be_asked(desk):
    desk.repo()
    (desk.folder / ".env").write_text(f"export OPENAI_API_KEY='{SECRET}'\nMUTAGEN_PROVIDER=openai\n")
    told = doctor(desk)
    assert told.code == 0, told
    assert f"[ OK  ] .env: {desk.folder}/.env\n" in told.out
    assert "[warn ] .env: MUTAGEN_PROVIDER in it is not used\n" in told.out
    assert f"[ OK  ] provider keys: OPENAI_API_KEY ({desk.folder}/.env)\n" in told.out
    assert "[ OK  ] model: none: no provider is named" in told.out
    told = doctor(desk, MUTAGEN_PROVIDER="openai")
    assert told.code == 0 and "[ OK  ] model: openai gpt-" in told.out and "key in OPENAI_API_KEY\n" in told.out, told
    assert SECRET not in told.out + told.err


@pytest.mark.parametrize("arguments, more, part", [
    (("--provider", "anthropic"), {}, "ANTHROPIC_API_KEY is not set"),
    (("--provider", "openrouter"), {"OPENROUTER_API_KEY": SECRET}, "name one: --model NAME"),
    (("--provider", "compatible", "--base-url", "http://u:pw@127.0.0.1:9", "--model", "m"), {}, "http://[redacted]@127.0.0.1:9, price unknown, so the"),
])
def test_doctor_says_what_is_missing(desk, arguments, more, part):
    desk.repo()
    told = doctor(desk, *arguments, **more)
    assert told.code == 1 and "[ERROR] model: " in told.out and part in told.out, told


def test_a_link_is_not_followed(desk):
    desk.repo()
    (desk.folder / "elsewhere").write_text(f"OPENAI_API_KEY={SECRET}\n")
    (desk.folder / ".env").symlink_to("elsewhere")
    told = doctor(desk)
    assert told.code == 0 and "is a symbolic link and is not read" in told.out and "provider keys: none set" in told.out, told


def test_a_run_without_its_key_says_why_the_file_was_not_read(desk):
    desk.repo()
    (desk.folder / "elsewhere").write_text(f"ANTHROPIC_API_KEY={SECRET}\n")
    (desk.folder / ".env").symlink_to("elsewhere")
    told = desk("run", "repo", "--provider", "anthropic", "--no-progress")
    assert told.code == 1 and "ANTHROPIC_API_KEY" in told.err and "is a symbolic link and is not read" in told.err, told
    told = desk("run", "repo", "--no-progress", "--target", "calc.ops.grade")
    assert told.code == 0 and "symbolic link" not in told.err, told  # nobody needs a key


def test_a_model_needs_a_provider(desk):
    desk.repo()
    told = desk("run", "repo", "--model", "gpt-5")
    assert told.code == 64 and told.err.strip().splitlines() == [told.err.strip()] and "add --provider" in told.err, told
    assert not (desk.folder / ".mutagen").exists()


@pytest.mark.parametrize("arguments, more, part", [
    (("--effort", "huge"), {}, "--effort: llm.effort must be"),
    (("--max-cost", "-1"), {}, "--max-cost: orchestrator.max_cost_usd must be"),
    (("--max-repair", "99"), {}, "--max-repair: orchestrator.max_repair_attempts must be"),
])
def test_wrong_flags(desk, arguments, more, part):
    desk.repo()
    told = desk("run", "repo", *arguments, **more)
    assert told.code == 64 and part in told.err, told


def test_a_wrong_variable_is_named(desk):
    desk.repo()
    told = desk("run", "repo", MUTAGEN_MAX_COST_USD="a lot")
    assert told.code == 1 and "MUTAGEN_MAX_COST_USD: orchestrator.max_cost_usd must be a number" in told.err, told


def test_keys_never_reach_the_code_under_test(desk):
    names = [*KEYS, "MUTAGEN_PROVIDER", "MUTAGEN_LLM_API_KEY", "MUTAGEN_PYTHON"]
    test = f"""import os
from calc.ops import clamp

def test_clamp():
    assert clamp(5, 0, 10) == 5
    assert not [name for name in os.environ if name in {names!r} or os.environ[name] == {SECRET!r}]
"""
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": test})
    told = desk("score", "repo", "--no-progress", **{name: SECRET for name in KEYS}, MUTAGEN_LLM_API_KEY=SECRET, MUTAGEN_PROVIDER="search")
    assert told.code == 0 and "set aside" not in told.out + told.err, told


def test_a_key_that_a_test_prints_is_in_no_report(desk):
    test = f"""from calc.ops import clamp

def test_clamp():
    assert clamp(5, 0, 10) == 5

def test_red():
    raise ValueError("wrong key {SECRET} at https://me:pass-word@host")
"""
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": test})
    told = desk("run", "repo", "--no-progress", OPENAI_API_KEY=SECRET)
    assert told.code == 0 and "wrong key [redacted] at https://[redacted]@host" in told.out, told
    assert SECRET not in told.out + told.err and "pass-word" not in told.out + told.err
    for path, content in tree(desk.folder / ".mutagen").items():
        assert SECRET.encode() not in content and b"pass-word" not in content, path


def test_an_error_shows_no_password(desk):
    told = desk("run", f"https://me:{SECRET}@127.0.0.1:1/repo.git", MUTAGEN_INGEST_MAX_RETRIES="0")
    assert told.code == 1 and "mutagen: cannot fetch https://127.0.0.1:1/repo.git: " in told.err and SECRET not in told.out + told.err, told


def test_tests_find_no_key_in_the_copied_env_file(desk):
    repo = desk.repo()
    (repo / ".env").write_text("MODE=test\nANTHROPIC_API_KEY=sk-ant-0123456789abcdef\n")
    (repo / "tests" / "test_env.py").write_text("def test_env():\n    assert open('.env').read() == 'MODE=test\\n'\n")
    result = desk("score", "repo", "--no-progress")
    assert result.code == 0 and "test_env" not in result.out + result.err, result
