"""Several targets at once: what comes of each does not depend on how many there are, no limit is passed, and all of them stop."""
import collections
import json
import re
import signal
import sqlite3
import threading

import pytest
from conftest import ALL_ROWS
from model_server import TARGET, ModelServer

COUNT = 8
SOURCE = "\n\n".join(f"def f{i}(n: int, m: int) -> int:\n    if n > {i + 10}:\n        return n + m\n    return n - 2 * m\n" for i in range(COUNT))
FILES = {"calc/__init__.py": "", "calc/ops.py": SOURCE, "tests/test_ops.py": "from calc.ops import f0\n\n\ndef test_f0():\n    assert f0(0, 0) == 0\n"}


def reply_about(name, turn):
    """Good at once, weak and then good, wrong and then repaired, never right, no test at all: one way for each remainder."""
    i = int(name[-1])
    edge = i + 10
    good = (f"def test_edges():\n    assert {name}({edge}, 3) == {edge - 6}\n    assert {name}({edge + 1}, 3) == {edge + 4}\n\n\n"
            f"def test_more():\n    assert {name}({edge + 9}, 1) == {edge + 10}\n    assert {name}(0, 5) == -10\n")
    way = i % 5
    if way == 4:
        return "I would rather not."
    if way == 3:
        return f"```python\nfrom calc.ops import {name}\n\n\ndef test_never_{turn}():\n    assert sorted([{name}(1, 1), 0])[0] > {turn} + 5\n```"
    if way == 1 and turn == 1:
        good = f"def test_weak():\n    assert isinstance({name}(1, 2), int)\n    assert {name}(0, 0) == 0\n"
    if way == 2 and turn == 1:
        good = f"def test_wrong():\n    values = [{name}(1, 1)]\n    assert len(values) == 2\n"
    return f"```python\nfrom calc.ops import {name}\n\n\n{good}```\n"


class Parallel(ModelServer):
    """The first requests are answered when so many of them are open at once as shall be: nothing here depends on how fast the machine is."""

    def __init__(self, together=1, **more):
        self.together, self.reached = together, threading.Event()
        super().__init__(**more)

    def answer(self, body):
        if self.open >= self.together:
            self.reached.set()
        assert self.reached.wait(200)
        return super().answer(body)

    def text(self, target, turn):
        return reply_about(target.rsplit(".", 1)[1], turn)


def flags(server, run_id, at_once, *more):
    return ["--provider", "compatible", "--base-url", server.base_url, "--model", "m", "--strategy", "model", "--no-progress",
            "--run-id", run_id, "--parallel-targets", str(at_once), *more]


def report_of(desk):
    return json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())


def timeless(value):
    """Without what is another in every run: its name, times, and the processes that took part."""
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if not re.search(r"run_id|_at$|seconds|next_step", key)}
    return [timeless(item) for item in value] if isinstance(value, list) else value


def test_what_comes_of_a_target_does_not_depend_on_how_many_there_are(desk):
    repo, seen, asked = desk.repo(FILES), [], []
    for at_once in (1, 2, 4) if ALL_ROWS else (1, 4):
        with Parallel(at_once) as server:
            told = desk("run", repo, *flags(server, f"n{at_once}", at_once, "--max-cost", "0"))
            assert told.code == 0, told
            assert server.most_open == at_once
            asked.append(sorted(json.dumps(body, sort_keys=True) for body in server.requests))
        report = report_of(desk)
        into = desk.folder / f"applied{at_once}"
        assert desk("apply", "--run-id", f"n{at_once}", "--into", into).code == 0
        seen.append((timeless(report), {file.name: file.read_text() for file in into.iterdir()}))
    states = collections.Counter(target["status"] for target in seen[0][0]["target_stats"])
    assert states["kept"] >= 4 and states["discarded"] >= 2, states
    assert all(each == asked[0] for each in asked)
    assert all(each == seen[0] for each in seen)


def charged(database, run_id):
    """What the run has spent and set aside, as the ledger stands now."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60) as db:
        return db.execute("SELECT total(CASE WHEN settled THEN input_tokens + output_tokens ELSE worst_tokens END),"
                          " total(CASE WHEN settled THEN micro_usd ELSE worst_micro_usd END), total(1 - settled) FROM llm_calls WHERE run_id = ?",
                          (run_id,)).fetchone()


@pytest.mark.parametrize("kind", ["tokens", "cost"])
def test_no_limit_is_passed_at_any_moment(desk, kind):
    """The server looks into the ledger while calls are open; the limit has room for a few calls, fewer than four at once and then some."""
    repo, seen = desk.repo(FILES), []
    reply = {"tokens": 2000, "cost": 300}[kind]
    (desk.folder / "m.toml").write_text(f"[llm]\nprice_input = 2\nprice_output = 10\nmax_output_tokens = {reply}\n")
    limit = {"tokens": ["--max-cost", "0", "--max-tokens", "30000"], "cost": ["--max-cost", "0.05"]}[kind]
    database = desk.folder / ".mutagen" / "mutagen.db"
    with Parallel(3, latency=0.3, watch=lambda body: seen.append(charged(database, "money"))) as server:
        told = desk("-c", "m.toml", "run", repo, *flags(server, "money", 4, *limit))
        calls = len(server.requests)
        assert told.code == 3, told
        assert max(tokens for tokens, _, _ in seen) <= 30000 or kind == "cost"
        assert max(money for _, money, _ in seen) <= 50000 or kind == "tokens"
        assert max(is_open for _, _, is_open in seen) >= 3 and calls == len(seen)
        report = report_of(desk)
        assert report["status"] == "partial" and report["stop_reason"] == {"tokens": "token_limit_reached", "cost": "cost_limit_reached"}[kind]
        states = collections.Counter(target["status"] for target in report["target_stats"])
        assert states["unfinished"] >= 1 and sum(states.values()) < COUNT + 1
        again = desk("-c", "m.toml", "run", repo, *flags(server, "money", 4, "--max-tokens", "0", "--max-cost", "0"))
        assert again.code == 0, again
    assert report_of(desk)["targets"]["left"] == 0


def test_a_limit_of_targets_is_never_passed(desk):
    repo = desk.repo(FILES)
    with Parallel(3) as server:
        told = desk("run", repo, *flags(server, "t", 4, "--max-cost", "0", "--max-targets", "3"))
        assert told.code == 3 and report_of(desk)["stop_reason"] == "max_targets_reached", told
        assert report_of(desk)["targets"]["total"] == 3 and server.most_open == 3
        asked = {TARGET.search("\n".join(message["content"] for message in body["messages"])).group(1) for body in server.requests}
        assert len(asked) == 3
        assert desk("run", repo, *flags(server, "t", 4, "--max-cost", "0", "--max-targets", "3")).code == 3
        assert report_of(desk)["targets"]["total"] == 3


def test_an_interrupt_ends_all_of_them(desk):
    repo = desk.repo(FILES)
    waiting = threading.Semaphore(0)
    with Parallel(latency=100, watch=lambda body: waiting.release()) as server:
        process = desk.start("run", repo, *flags(server, "i", 4, "--max-cost", "0"))
        for _ in range(4):
            assert waiting.acquire(timeout=120)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)  # not the hundred seconds of the model
        assert process.returncode == 130, out + err
        assert report_of(desk)["status"] == "cancelled" and server.most_open == 4
        assert list(desk.tmp.iterdir()) == []
        server.latency = 0
        assert desk("run", repo, *flags(server, "i", 4, "--max-cost", "0")).code == 0


END = """import os
import signal


def end():
    pid = last = os.getpid()
    while b"zygote" in open(f"/proc/{pid}/cmdline", "rb").read():
        last, pid = pid, int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
    os.kill(last, signal.SIGKILL)
"""


def test_a_target_that_kills_the_interpreter_costs_the_others_nothing(desk):
    """The new interpreter knows nothing of sessions that were open: the targets in them begin again."""
    files = {**FILES, "calc/end.py": END,
             "calc/bad.py": "from calc.end import end\n\n\ndef bad(n: int) -> int:\n    if n - 3 == 5 * 1234:\n        end()\n    return n - 1\n"}
    killed = []

    class Killer(Parallel):
        def text(self, target, turn):
            if target != "calc.bad.bad":
                return super().text(target, turn)
            killed.append(turn)
            return "```python\nfrom calc.bad import bad\n\n\ndef test_bad():\n    assert bad(6173) == 6172\n```\n"

    repo, seen = desk.repo(files), []
    for at_once in (1, 4):
        with Killer(at_once) as server:
            told = desk("run", repo, *flags(server, f"k{at_once}", at_once, "--max-cost", "0", "--target", "calc.ops.*", "--target", "calc.bad.*"))
            assert told.code == 0, told
        seen.append({target["qualified_name"]: target["status"] for target in report_of(desk)["target_stats"]})
    assert seen[0] == seen[1] and seen[0]["calc.bad.bad"] == "discarded" and killed, seen
