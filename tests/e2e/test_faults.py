"""Whole runs with a model whose provider misbehaves: what is sent, what the run and its targets become, and what is paid, to the micro-USD.

Two targets show what a failure means: of a request that is refused the second target asks, too; of an account that fails nobody asks again; a passing
trouble is tried twice for each. MUTAGEN_FAULTS=all runs every row (`make test-all`), without it a representative share."""
import json
import os
import re
import signal
import socket
import time

import pytest
from conftest import Desk

WANTED = os.environ.get("MUTAGEN_FAULTS", "some")
CALC = {
    "calc/__init__.py": "",
    "calc/ops.py": """def grade(points):
    if points >= 90:
        return "A"
    return "B"


def toll(axles):
    if axles > 2:
        return axles * 5
    return 8
""",
    "tests/test_ops.py": "import calc.ops\n\n\ndef test_import():\n    assert calc.ops\n",
}
TESTS = {
    "grade": "from calc.ops import grade\n\n\ndef test_grade():\n    assert (grade(91), grade(90), grade(89)) == ('A', 'A', 'B')\n",
    "toll": "from calc.ops import toll\n\n\ndef test_toll():\n    assert (toll(1), toll(2), toll(3), toll(4)) == (8, 8, 15, 20)\n",
}
INPUT, OUTPUT, LIMIT = 4, 2, 256  # USD per million tokens, so micro-USD per token; tokens of one reply
REPLY = 100 * INPUT + 20 * OUTPUT  # what the server says of each reply

# wire format -> provider, llm.api, route, variable of the key, how many times an input token the dearest one costs (writing to a cache)
FORMATS = {
    "chat": ("compatible", "auto", "/v1", "MUTAGEN_LLM_API_KEY", 1),
    "messages": ("anthropic", "auto", "/v1", "ANTHROPIC_API_KEY", 1.25),
    "responses": ("openai", "responses", "/v1", "OPENAI_API_KEY", 1.25),
    "gemini": ("gemini", "auto", "/v1beta", "GEMINI_API_KEY", 1),
}
QUOTA = {"chat": "insufficient_quota", "responses": "insufficient_quota", "messages": "enforced_spend_limit_reached", "gemini": "API_KEY_INVALID"}
KEY = "sk-faults-0123456789"


def share(rows, some):
    """All rows, those that are not in `some` (by their first value, or the first two) only when all are wanted."""
    return [pytest.param(*row, id=" ".join(map(str, row[:2])), marks=[] if WANTED == "all" or row[:2] in some or row[0] in some else
                         pytest.mark.skip(reason="MUTAGEN_FAULTS=all runs it")) for row in rows]


def said(prompt):
    return re.search(r"^Target: (\S+)$", prompt, re.MULTILINE).group(1)


def answer(request):
    return "```python\n" + TESTS[said(request.prompt).rpartition(".")[2]] + "```\n"


@pytest.fixture
def provider(faults):
    faults.answer = answer
    return faults


def settings(desk, **more):
    values = {"max_retries": 1, "timeout_seconds": 20, "max_response_mb": 1, "max_output_tokens": LIMIT, "price_input": INPUT, "price_output": OUTPUT,
              **more}
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    (desk.folder / "m.toml").write_text("[llm]\n" + "\n".join(lines) + "\n")


def command(base_url, wire="chat", *more):
    return ["-c", "m.toml", "run", "repo", "--run-id", "f", "--provider", FORMATS[wire][0], "--model", "m", "--base-url", base_url, "--strategy", "model",
            "--no-progress", *more]


def keys(wire="chat"):
    return {FORMATS[wire][3]: KEY}


class Told:
    """What a run left: exit code, texts, report."""

    def __init__(self, desk, result):
        self.code, self.text = result.code, result.out + result.err
        self.report = json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())
        self.status, self.stop = self.report["status"], self.report["stop_reason"]
        self.targets = {target["qualified_name"].rpartition(".")[2]: target["status"] for target in self.report["target_stats"]}
        self.states = [self.targets.get(name, "left") for name in TESTS]
        self.cost = round(self.report["cost"]["usd"] * 1e6)

    def __repr__(self):
        return f"exit {self.code}, {self.status} ({self.stop}), {self.states}, {self.cost} micro-USD\n{self.text}"


def worst(request, wire="chat"):
    """What a call that was never answered counts: each byte the dearest token, the whole limit of the reply."""
    return int(len(request.body) * INPUT * FORMATS[wire][4]) + LIMIT * OUTPUT


def run(desk, provider, script, wire="chat", listener="plain", more=(), **changed):
    if not (desk.folder / "repo").exists():
        desk.repo(CALC)
    settings(desk, api=FORMATS[wire][1], **changed)
    told = Told(desk, desk(*command(provider.url(script, listener, FORMATS[wire][2]), wire, *more), **keys(wire)))
    assert not provider.troubles and KEY not in told.text
    assert told.report["cost"]["requests"] == told.report["cost"]["calls"]
    return told


# kind -> requests of two targets, exit code, run, what its stop reason begins with, targets
KINDS = {
    "reply": (2, 0, "succeeded", None, ["kept", "kept"]),
    "request": (2, 3, "partial", "unanswered: the model gave no usable reply: ", ["unfinished", "unfinished"]),
    "account": (1, 3, "partial", "provider_failed: ", ["unfinished", "left"]),
    "temporary": (4, 3, "partial", "unanswered: the model did not answer: ", ["unfinished", "unfinished"]),
}


def check(told, provider, kind, cost, says, wire="chat", requests=None):
    expected, code, status, stop, states = KINDS[kind]
    assert (told.code, told.status, told.states) == (code, status, states), told
    assert (told.stop or "").startswith(stop or "") and bool(told.stop) == bool(stop), told
    assert provider.count() == (expected if requests is None else requests), told
    calls = told.report["cost"]["requests"]
    paid = {"nothing": 0, "reply": REPLY * calls, "worst": sum(worst(request, wire) for request in provider.requests)}[cost]
    assert told.cost == paid, told
    assert says in told.text, told
    if stop:
        words = {"provider_failed": "gives no answer any more", "unanswered": "gave no usable reply" if kind == "request" else "did not answer"}
        assert "Stopped: the model " + words[stop.partition(":")[0]] in told.text and "--run-id f, once the provider answers" in told.text, told


STATUSES = [
    ("400", "request", "nothing", "answered 400"),
    ("401", "account", "nothing", f"(the key in {FORMATS['chat'][3]})"),
    ("402", "account", "nothing", "answered 402"),
    ("402+retry-after=0", "temporary", "nothing", "(tried 2 times)"),
    ("403", "account", "nothing", "answered 403"),
    ("404", "request", "nothing", "answered 404"),
    ("408+retry-after=0", "temporary", "nothing", "(tried 2 times)"),
    ("413", "request", "nothing", "answered 413"),
    ("429+retry-after=0", "temporary", "nothing", "(tried 2 times)"),
    ("429+retry-after=1", "temporary", "nothing", "asked again in 1 s: compatible answered 429"),
    ("429+retry-after-date=0", "temporary", "nothing", "(tried 2 times)"),
    ("429", "temporary", "nothing", "(tried 2 times)"),
    ("429+retry-after=121", "account", "nothing", "asks to wait 121 s, which is too long"),
    ("429+retry-after-date=900", "account", "nothing", "which is too long"),
    ("429+code=insufficient_quota", "account", "nothing", "insufficient_quota"),
    ("500+retry-after=0", "temporary", "nothing", "answered 500"),
    ("502+retry-after=0+html", "temporary", "nothing", "answered 502"),
    ("503+retry-after=0", "temporary", "nothing", "answered 503"),
    ("503+retry-after=3600", "account", "nothing", "asks to wait 3600 s"),
    ("504+retry-after=0", "temporary", "nothing", "answered 504"),
    ("529+retry-after-ms=1", "temporary", "nothing", "answered 529"),
]
BODIES = [
    ("ok", "reply", "reply", "2 requests, 200 tokens read and 40 written"),
    ("gzip", "reply", "reply", ""),
    ("chunked", "reply", "reply", ""),
    ("latin1", "reply", "reply", ""),
    ("bad-utf8", "reply", "reply", ""),
    ("utf16", "request", "worst", "that is no JSON"),
    ("truncated", "request", "worst", "that is no JSON, so not an answer of Chat Completions; it begins with '{\"id\": "),
    ("empty", "request", "worst", "that is no JSON"),
    ("html", "request", "worst", "it begins with '<html>"),
    ("endless", "request", "worst", "has a body of more than 1048576 bytes (llm.max_response_mb)"),
    ("bomb", "request", "worst", "has a body of more than 1048576 bytes (llm.max_response_mb)"),
    ("reset", "temporary", "worst", "Connection reset by peer (tried 2 times)"),
    ("reset-first", "temporary", "worst", "(tried 2 times)"),
    ("short", "temporary", "worst", "bytes remaining to read (tried 2 times)"),
    ("hang-up", "temporary", "worst", "(tried 2 times)"),
    ("garbage", "temporary", "worst", "(tried 2 times)"),
    ("redirect", "account", "nothing", "which is not followed; set llm.base_url to the right address"),
    ("redirect-away", "account", "nothing", "redirected to 'http://127.0.0.1:9/elsewhere'"),
    ("error-in-200", "temporary", "nothing", "answered 200 with an error inside"),
    ("error-in-200+code=insufficient_quota", "account", "nothing", "with an error inside: insufficient_quota"),
]
SHARE = {"401", "429+retry-after=121", "503+retry-after=0", "truncated", "endless", "reset"}


@pytest.mark.parametrize("script, kind, cost, says", share(STATUSES + BODIES, SHARE))
def test_a_faulty_answer(desk, provider, script, kind, cost, says):
    check(run(desk, provider, script), provider, kind, cost, says)


@pytest.mark.parametrize("script, kind, says", share([("slow-headers", "temporary", "no whole answer of 127.0.0.1"),
                                                      ("slow-body", "temporary", "no whole answer of 127.0.0.1")], set()))
def test_a_slow_answer(desk, provider, script, kind, says):
    told = run(desk, provider, script, timeout_seconds=0.6)
    check(told, provider, kind, "worst", says + f":{provider.port()} within 0.6 s (tried 2 times)")


MAIN = [("ok", "reply", "reply", ""), ("401", "account", "nothing", "(the key in {key})"), ("400", "request", "nothing", "answered 400"),
        ("429+retry-after=0", "temporary", "nothing", "answered 429"), ("429+code={quota}", "account", "nothing", "{quota}"),
        ("529+retry-after=0", "temporary", "nothing", "answered 529"), ("reset", "temporary", "worst", "reset by peer"),
        ("truncated", "request", "worst", "that is no JSON"), ("error-in-200", "temporary", "nothing", "with an error inside")]


@pytest.mark.parametrize("wire, script, kind, cost, says",
                         share([(wire, *row) for wire in FORMATS if wire != "chat" for row in MAIN],
                               {("messages", "ok"), ("responses", "reset"), ("gemini", "429+code={quota}")}))
def test_each_wire_format(desk, provider, wire, script, kind, cost, says):
    names = {"quota": QUOTA[wire], "key": FORMATS[wire][3]}
    check(run(desk, provider, script.format(**names), wire), provider, kind, cost, says.format(**names), wire)


@pytest.mark.parametrize("listener, trusted, says", share([
    ("good", True, ""), ("good", False, "certificate"), ("wrong-host", True, "does not match|no alternative certificate subject name"),
    ("unknown-ca", True, "certificate"), ("expired", True, "expired")], {("wrong-host", True)}))
def test_certificates(desk, provider, listener, trusted, says):
    told = run(desk, provider, "ok", listener=listener, **({"ca_file": provider.ca_file} if trusted else {}))
    if not says:
        check(told, provider, "reply", "reply", "")
        return
    assert re.search(says, told.text), told
    check(told, provider, "account", "nothing", "a private authority's certificate is named by llm.ca_file", requests=0)
    assert told.report["cost"]["requests"] == 1  # it was tried once


def test_nobody_is_there(desk, provider):
    desk.repo(CALC)
    settings(desk)
    with socket.socket() as closed:  # bound and not listening: refused for sure
        closed.bind(("127.0.0.1", 0))
        told = Told(desk, desk(*command(f"http://127.0.0.1:{closed.getsockname()[1]}/v1"), **keys()))
    check(told, provider, "temporary", "nothing", "(tried 2 times)", requests=0)
    assert told.report["cost"]["requests"] == 4


def test_a_missing_key_is_called_that(desk, provider):
    desk.repo(CALC)
    settings(desk)
    told = Told(desk, desk(*command(provider.url("401", route="/v1"))))
    check(told, provider, "account", "nothing", "no key was sent: there is none in MUTAGEN_LLM_API_KEY")


# --- over several calls and sessions ---

def test_a_provider_that_recovers(desk, provider):
    told = run(desk, provider, "503+retry-after=0,503+retry-after=0,ok", more=["--target", "*.grade"], max_retries=2)
    assert (told.code, told.status, told.targets) == (0, "succeeded", {"grade": "kept"}), told
    assert provider.count() == 3 and told.cost == REPLY and told.report["cost"]["requests"] == 3


def test_a_refusal_where_others_are_answered_is_the_targets_own(desk, provider):
    told = run(desk, provider, "ok,400")
    assert (told.code, told.status, told.stop, sorted(told.states)) == (0, "succeeded", None, ["discarded", "kept"]), told
    assert "discarded  calc.ops." in told.text and "the model gave no usable reply: compatible answered 400" in told.text, told
    assert provider.count() == 2 and told.cost == REPLY


@pytest.mark.parametrize("script, each", share([("503+retry-after=0", 2), ("404", 1)], {"404"}))
def test_three_targets_in_a_row_without_an_answer_end_the_run(desk, provider, script, each):
    names = ("f1", "f2", "f3", "f4", "f5")
    desk.repo({**CALC, "calc/ops.py": "\n\n".join(f"def {name}(n):\n    if n > 3:\n        return n + 1\n    return n\n" for name in names)})
    told = run(desk, provider, script)
    assert (told.code, told.status, set(told.targets.values()), len(told.targets)) == (3, "partial", {"unfinished"}, 3), told
    assert told.stop.startswith("provider_failed: compatible answered ") and "5 of 5 targets are left" in told.text, told
    assert provider.count() == 3 * each and told.cost == 0
    assert len({said(request.prompt) for request in provider.requests}) == 3


def test_after_a_rejected_key_a_good_one_finishes_the_run(desk, provider):
    check(run(desk, provider, "401"), provider, "account", "nothing", "answered 401")
    told = run(desk, provider, "ok")
    assert (told.code, told.status, told.stop, told.states) == (0, "succeeded", None, ["kept", "kept"]), told
    assert provider.count("ok") == 2 and provider.count() == 3 and told.cost == 2 * REPLY


def start(desk, provider, *more):
    """A run that hangs in its first call, for that call is never answered."""
    desk.repo(CALC)
    settings(desk, timeout_seconds=300)
    process = desk.start(*command(provider.url("slow-headers", route="/v1"), "chat", *more), **keys())
    deadline = time.monotonic() + 120
    while provider.count() == 0:
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.02)
    return process, worst(provider.requests[0])


def test_a_call_that_a_kill_left_open_counts_at_its_worst(desk, provider):
    process, paid = start(desk, provider, "--max-cost", "0.03")
    process.kill()
    process.communicate()
    assert paid < 30_000 < 2 * paid  # one call fits the limit, two do not
    told = run(desk, provider, "ok", more=["--max-cost", "0.03"])
    assert (told.code, told.status, told.stop, told.states) == (3, "partial", "cost_limit_reached", ["unfinished", "left"]), told
    assert provider.count("ok") == 0 and told.cost == paid
    assert "and a higher --max-cost (spent so far: $0.0" in told.text, told
    told = run(desk, provider, "ok", more=["--max-cost", "1"])
    assert (told.code, told.states, provider.count("ok"), told.cost) == (0, ["kept", "kept"], 2, paid + 2 * REPLY), told


def test_ctrl_c_in_a_call(desk: Desk, provider):
    process, paid = start(desk, provider)
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and time.monotonic() - begun < 30, (out, err)  # far below the time-out of the call
    report = json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())
    assert (report["status"], report["stop_reason"], round(report["cost"]["usd"] * 1e6)) == ("cancelled", "cancelled", paid)
    assert "--run-id f" in out
    told = run(desk, provider, "ok")
    assert (told.code, told.states, told.cost) == (0, ["kept", "kept"], paid + 2 * REPLY), told
