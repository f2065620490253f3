"""The log: who gets it, what stands on every line, and what never does."""
import json
import re

import pytest

KEY = "sk-test-0123456789abcdef"
RUN = ("run", "repo", "--no-progress", "--run-id", "one", "--target", "calc.ops.grade")
TEXT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG  |INFO   |WARNING|ERROR  ) run=\S+ phase=\S+ target=\S+ \S")


def read(path):
    lines = path.read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_without_settings_there_is_no_log(desk):
    desk.repo()
    told = desk(*RUN)
    assert told.code == 0 and not [line for line in told.err.splitlines() if TEXT.match(line)], told


def test_a_file_of_json_tells_the_whole_run(desk):
    desk.repo()
    told = desk(*RUN, "--log-file", "logs/run.jsonl", "--log-format", "json")
    assert told.code == 0 and "{" not in told.err, told  # stderr is as always
    lines = read(desk.folder / "logs" / "run.jsonl")
    assert all({"timestamp", "level", "run", "phase", "target", "event"} <= set(line) for line in lines)
    assert {line["run"] for line in lines[1:]} == {"one"}
    events = [line["event"] for line in lines]
    wanted = ["mutagen started", "repo copied", "tests collected", "baseline done", "targets selected", "existing tests judged", "suite judged",
              "target finished", "run finished", "mutagen ends"]
    assert [event for event in events if event in wanted] == wanted
    finished = next(line for line in lines if line["event"] == "target finished")
    assert finished["target"] == "calc.ops.grade" and finished["phase"] == "confirming" and finished["state"] == "KEPT" and finished["after"] == 1
    assert {line["phase"] for line in lines} == {None, "ingesting", "collecting", "baseline", "selecting", "processing", "confirming", "reporting"}
    desk(*RUN, "--log-file", "logs/run.jsonl", "--log-format", "json")
    assert len(read(desk.folder / "logs" / "run.jsonl")) > len(lines)  # added to, not begun anew


def test_levels_go_to_stderr_as_text(desk):
    desk.repo()
    told = desk(*RUN, "--log-level", "debug")
    logged = [line for line in told.err.splitlines() if line.startswith("20")]
    assert told.code == 0 and all(TEXT.match(line) for line in logged), told
    assert any("target moves from=SELECTED to=GENERATED" in line for line in logged), told
    told = desk(*RUN, MUTAGEN_LOGGING_LEVEL="error")
    assert told.code == 0 and not [line for line in told.err.splitlines() if TEXT.match(line)], told


def test_stderr_of_json_is_nothing_else(desk):
    repo = desk.repo()
    (repo / "mutagen.toml").write_text('provider = "command"\n')  # refused, and said
    told = desk(*RUN, "--log-format", "json")
    lines = [json.loads(line) for line in told.err.splitlines()]
    assert told.code == 0 and any("cannot set provider" in line.get("text", "") for line in lines), told
    told = desk("run", "nowhere", "--log-format", "json")
    last = [json.loads(line) for line in told.err.splitlines()][-2]
    assert told.code == 1 and last["level"] == "error" and last["error"] == "nowhere: no such path" and last["code"] == "not found"
    assert re.fullmatch(r"cli/compose\.c:\d+", last["raised"])


def test_a_score_for_a_program_is_json_on_both_sides(desk):
    """stdout holds the mutants, stderr the log; the table is for people, and neither's."""
    desk.repo()
    told = desk("score", "repo", "--json", "-", "--log-format", "json", "--env", "NOT_SET_AT_ALL")
    files = json.loads(told.out)["files"]
    lines = [json.loads(line) for line in told.err.splitlines()]
    score, = [line for line in lines if line["event"] == "score"]
    mutants = [mutant for file in files.values() for mutant in file["mutants"]]
    detected = sum(mutant["status"] in ("Killed", "Timeout") for mutant in mutants)
    assert told.code == 0 and (score["detected"], score["mutants"]) == (detected, len(mutants)) and score["score"] == pytest.approx(detected / len(mutants), abs=1e-6)
    assert any("NOT_SET_AT_ALL is to be passed on" in line.get("text", "") for line in lines), told
    told = desk("score", "repo", "--json", "-", "--no-progress")
    assert "score: " in told.err and json.loads(told.out)["files"].keys() == files.keys(), told


def test_a_patch_for_a_program(desk):
    desk.repo()
    desk(*RUN)
    told = desk("apply", "--run-id", "one", "--patch", "-", "--log-format", "json")
    lines = [json.loads(line) for line in told.err.splitlines()]
    assert told.code == 0 and told.out.startswith("diff ") and any("test_generated_calc_ops.py" in line.get("text", "") for line in lines), told


def test_a_model_call_is_counted_and_not_quoted(desk):
    desk.repo()
    reply = "no code today, but a key: " + KEY
    told = desk(*RUN, "--provider", "command", "--command", f"cat > prompt.txt; echo '{reply}'", "--strategy", "model", "--max-cost", "0",
                "--max-repair", "0", "--log-file", "log", "--log-level", "debug", "--log-format", "json", OPENAI_API_KEY=KEY)
    text = (desk.folder / "log").read_text()
    calls = [line for line in read(desk.folder / "log") if line["event"] == "model call"]
    assert calls and calls[0]["provider"] == "command" and calls[0]["seconds"] > 0 and calls[0]["output_tokens"] > 0, (told, text)
    assert calls[0]["target"] == "calc.ops.grade"
    prompt = (desk.folder / "prompt.txt").read_text()
    assert "def grade" in prompt and "def grade" not in text and "no code today" not in text and KEY not in text + told.err


def test_what_a_test_prints_hides_the_key_in_the_log(desk):
    repo = desk.repo()
    (repo / "tests" / "test_red.py").write_text(f"raise RuntimeError('key {KEY} of https://me:pass-word@host')\n")
    told = desk(*RUN, "--log-file", "log", OPENAI_API_KEY=KEY)
    text = (desk.folder / "log").read_text()
    assert told.code == 0 and "[redacted]" in text and KEY not in text and "pass-word" not in text, text


@pytest.mark.parametrize("place, why", [("", "the log file {} cannot be written: Is a directory"), ("blocked/log", "blocked")])
def test_a_log_that_cannot_be_written_ends_the_run_before_it_begins(desk, place, why):
    desk.repo()
    (desk.folder / "blocked").write_text("")
    path = str(desk.folder / place)
    told = desk(*RUN, "--log-file", path)
    assert told.code == 1 and len(told.err.splitlines()) == 1 and why.format(path) in told.err, told
    assert not (desk.folder / ".mutagen").exists()


def test_a_score_is_logged_too(desk):
    desk.repo()
    told = desk("score", "repo", "--no-progress", "--log-level", "info")
    assert told.code == 0 and "run finished status=succeeded" in told.err and "tests collected" in told.err, told
