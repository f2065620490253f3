"""Whole runs with a model: a server on 127.0.0.1 that answers from the corpus of replies."""
import json
import pathlib
import re
import sqlite3
import sys

import pytest
from conftest import ROOT, Desk, tree
from model_server import ModelServer

CORPUS = ROOT / "tests" / "corpus" / "model"
SHOP = ROOT / "examples" / "shop"


@pytest.fixture
def server():
    with ModelServer(CORPUS) as server:
        yield server


def model_flags(server, *more):
    return ["--provider", "compatible", "--base-url", server.base_url, "--model", "corpus", "--max-cost", "0", "--no-progress", *more]


def outcomes(desk):
    report = json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())
    with sqlite3.connect(desk.folder / ".mutagen" / "mutagen.db") as db:
        sources = dict(db.execute("SELECT target_id || name, source FROM tests").fetchall())
    targets = {}
    for target in report["target_stats"]:
        for test in target["tests"]:
            test["source"] = sources[target["target_id"] + test["name"]]
        targets[target["qualified_name"]] = target
    return report, targets


def test_a_model_alone(desk, server):
    before = tree(SHOP)
    result = desk("run", SHOP, "--run-id", "m", *model_flags(server, "--strategy", "model", "--target", "shop.text.*", "--target", "shop.dates.p*",
                                                             "--target", "shop.dates.is_open"))
    assert result.code == 0, result
    report, targets = outcomes(desk)
    status = {name: target["status"] for name, target in targets.items()}
    for name in ("dates.is_open", "dates.parse_duration", "text.search_terms", "text.slug", "text.stars", "text.shorten"):
        assert status["shop." + name] in ("kept", "satisfied"), (name, targets["shop." + name])
    assert tree(SHOP) == before
    assert "cost unknown" in result.out  # the model has no price
    assert report["cost"]["requests"] == len(server.requests)


def test_a_wrong_literal_is_mended_without_a_call(desk, server):
    result = desk("run", SHOP, *model_flags(server, "--strategy", "model", "--target", "shop.dates.parse_duration"))
    _, targets = outcomes(desk)
    target = targets["shop.dates.parse_duration"]
    assert target["status"] == "kept", result
    assert len(server.requests) == 1
    nothing = [test for test in target["tests"] if test["name"] == "test_nothing"]
    assert nothing and "is None" in nothing[0]["source"]


def test_feedback_goes_back_in_the_same_conversation(desk, server):
    desk("run", SHOP, *model_flags(server, "--strategy", "model", "--target", "shop.text.search_terms"))
    assert len(server.requests) == 2
    first, second = (request["messages"] for request in server.requests)
    assert [message["role"] for message in second] == ["system", "user", "assistant", "user"]
    assert second[:2] == first  # byte for byte: a provider's cache finds it again
    assert "line 4" in second[-1]["content"]


@pytest.fixture(scope="module")
def stars(tmp_path_factory):
    """A run on one function, with prices and recorded."""
    desk = Desk(tmp_path_factory.mktemp("stars"))
    (desk.folder / "m.toml").write_text('[llm]\nprice_input = 2\nprice_output = 10\nrecord = "replies"\n')
    with ModelServer(CORPUS) as server:
        desk.result = desk("-c", "m.toml", "run", SHOP, "--provider", "compatible", "--base-url", server.base_url, "--model", "corpus", "--no-progress",
                           "--strategy", "model", "--target", "shop.text.stars")
        assert desk.result.code == 0, desk.result
        desk.requests = server.requests
    desk.report, desk.targets = outcomes(desk)
    return desk


def test_survivors_are_shown_as_diffs(stars):
    assert len(stars.requests) == 2
    said = stars.requests[1]["messages"][-1]["content"]
    assert "test_stars_returns_text" in said
    assert "```diff" in said and "\n-" in said and "\n+" in said and "reached by" in said


def test_the_search_comes_first(desk, server):
    result = desk("run", SHOP, *model_flags(server, "--target", "shop.pricing.format_price"))
    assert result.code == 0, result
    assert server.requests == []  # the search reaches the threshold alone
    assert "API cost: $0.00" in result.out


def test_no_provider_no_call(desk, server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-to-be-used-0123456789")
    result = desk("run", SHOP, "--target", "shop.text.stars", "--no-progress")
    assert result.code == 0, result
    assert server.requests == []
    for flag, value in (("--strategy", "model"), ("--command", "cat"), ("--base-url", server.base_url), ("--model", "m")):
        refused = desk("run", SHOP, flag, value)
        assert refused.code == 64 and "who serves the model? add --provider" in refused.err, refused
    said = desk("run", SHOP, "--target", "shop.text.stars", "--no-progress", MUTAGEN_BASE_URL=server.base_url)
    assert said.code == 0 and "no provider is named" in said.err, said
    other = desk("run", SHOP, "--provider", "anthropic", "--command", "cat")
    assert other.code == 64 and "--command is for --provider command, but the provider is anthropic" in other.err, other
    for setting in ('strategy = "model"', 'command = "cat"'):
        (desk.folder / "m.toml").write_text(f"[llm]\n{setting}\n")
        said = desk("-c", "m.toml", "run", SHOP, "--target", "shop.text.stars", "--no-progress")
        assert said.code == 0 and "no provider is named" in said.err, said
    assert server.requests == []


def test_dry_run_calls_nothing_and_stores_nothing(desk, server):
    result = desk("run", SHOP, "--dry-run", *model_flags(server, "--strategy", "model"))
    assert result.code == 0, result
    assert server.requests == []
    assert "shop.text.stars" in result.out and "tokens" in result.out
    assert not (desk.folder / ".mutagen").exists()


def test_the_most_a_dry_run_tells_holds_for_later_calls_too(desk, server):
    """A later call carries the conversation so far: it may be as long as llm.max_prompt_tokens allows."""
    (desk.folder / "m.toml").write_text("[llm]\nprice_input = 2\nprice_output = 10\nmax_prompt_tokens = 20000\nmax_output_tokens = 1000\n")
    told = desk("-c", "m.toml", "run", SHOP, "--dry-run", "--provider", "compatible", "--base-url", server.base_url, "--model", "corpus",
                "--no-progress", "--target", "shop.text.stars")
    assert told.code == 0, told
    first = float(re.search(r"at most \$([0-9.]+)", told.out)[1])
    most = float(re.search(r"up to \$([0-9.]+) \(5 calls a target", told.out)[1])
    later = (4 * 20000 * 2 + 1000 * 10) / 1e6
    assert first < later and most >= first + 4 * later - 1e-3, told


def test_a_dry_run_needs_no_key(desk):
    result = desk("run", SHOP, "--dry-run", "--provider", "anthropic", "--target", "shop.text.s*", "--no-progress", ANTHROPIC_API_KEY="")
    assert result.code == 0, result
    assert "Model: anthropic " in result.out and "at most $" in result.out
    real = desk("run", SHOP, "--provider", "anthropic", "--no-progress", ANTHROPIC_API_KEY="")
    assert real.code == 1 and "ANTHROPIC_API_KEY" in real.err, real


def test_tokens_are_limited_over_all_sessions(desk, server):
    flags = model_flags(server, "--strategy", "model", "--max-tokens", "22000", "--run-id", "t", "--target", "shop.text.*")
    result = desk("run", SHOP, *flags)
    assert result.code == 3, result
    report, _ = outcomes(desk)
    assert report["status"] == "partial" and report["stop_reason"] == "token_limit_reached"
    spent = report["cost"]["input_tokens"] + report["cost"]["output_tokens"]
    assert 0 < spent <= 22000
    calls = len(server.requests)
    again = desk("run", SHOP, *flags)
    assert again.code == 3
    report, _ = outcomes(desk)
    assert spent <= report["cost"]["input_tokens"] + report["cost"]["output_tokens"] <= 22000
    more = desk("run", SHOP, *model_flags(server, "--strategy", "model", "--max-tokens", "0", "--run-id", "t", "--target", "shop.text.*"))
    assert more.code == 0, more
    assert len(server.requests) > calls


def test_without_a_price_a_cost_limit_refuses_the_model(desk, server):
    flags = ["--provider", "compatible", "--base-url", server.base_url, "--model", "corpus", "--no-progress", "--strategy", "model"]
    result = desk("run", SHOP, *flags, "--target", "shop.text.stars")
    assert result.code in (1, 3), result
    assert "price" in result.err + result.out
    assert server.requests == []


def test_prices_make_costs(stars):
    spend = stars.report["cost"]
    assert spend["input_tokens"] > 0 and spend["usd"] == pytest.approx((spend["input_tokens"] * 2 + spend["output_tokens"] * 10) / 1e6, abs=1e-5)
    assert stars.targets["shop.text.stars"]["cost"]["usd"] == pytest.approx(spend["usd"])
    assert "API cost: $0." in stars.result.out


def test_a_recorded_run_can_be_replayed(desk, stars):
    """There is no server any more."""
    replies = stars.folder / "replies"
    (desk.folder / "replay.toml").write_text(f'provider = "replay"\n[llm]\nreplay = "{replies}"\nmodel = "corpus"\n')
    assert len(list(replies.iterdir())) == len(stars.requests)
    second = desk("-c", "replay.toml", "run", SHOP, "--strategy", "model", "--target", "shop.text.stars", "--max-cost", "0", "--no-progress")
    assert second.code == 0, second
    _, replayed = outcomes(desk)
    assert [test["source"] for test in replayed["shop.text.stars"]["tests"]] == [test["source"] for test in stars.targets["shop.text.stars"]["tests"]]


def test_a_program_as_the_model(desk):
    """The prompt on its stdin, the reply on its stdout: it looks for the target's line and counts what it said before."""
    program = desk.folder / "model.py"
    program.write_text("import pathlib, re, sys\n"
                       "said = sys.stdin.read()\n"
                       "target = re.search(r'^Target: (\\S+)$', said, re.MULTILINE).group(1)\n"
                       "turn = 1 + said.count('===== ASSISTANT')\n"
                       f"print(pathlib.Path({str(CORPUS)!r}, f'{{target}}.{{turn}}.md').read_text())\n")
    result = desk("run", SHOP, "--provider", "command", "--command", f"{sys.executable} {program}", "--max-cost", "0", "--strategy", "model",
                  "--target", "shop.text.stars", "--no-progress")
    assert result.code == 0, result
    report, targets = outcomes(desk)
    assert targets["shop.text.stars"]["status"] == "kept" and report["cost"]["requests"] == 2
    broken = desk("run", SHOP, "--provider", "command", "--command", "no-such-program-here", "--max-cost", "0", "--strategy", "model",
                  "--target", "shop.text.stars", "--no-progress")
    assert broken.code == 3 and "not found" in broken.out, broken


def test_what_the_project_offers_is_shown(desk, server):
    repo = desk.repo({"pkg/__init__.py": "", "pkg/util.py": "def double(n):\n    return n * 2\n",
                      "pkg/mod.py": "from .util import double\n\n\ndef quad(n):\n    n = double(n)\n    return double(n)\n",
                      "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef seven():\n    \"\"\"A number.\"\"\"\n    return 7\n",
                      "tests/test_util.py": "from pkg.util import double\n\n\ndef test_double(seven):\n    assert double(seven) == 14\n"})
    (desk.folder / "m.toml").write_text("[generation]\nuse_call_graph = true\nuse_retrieval = true\n")
    desk("-c", "m.toml", "run", repo, *model_flags(server, "--strategy", "model", "--target", "pkg.mod.quad"))
    said = server.requests[0]["messages"][1]["content"]
    assert "seven() " in said and "A number." in said  # fixtures
    assert "from pkg.util import double" in said  # imports, absolute
    assert "quad\n└── double" in said and "# double\ndef double(n):" in said  # call tree and source
    assert "tests/test_util.py::test_double" in said  # by retrieval: it shares words with the target


def test_own_templates(desk, server):
    assert desk("prompts", "--into", "own").code == 0
    (desk.folder / "own" / "system.txt").write_text("Only tests with odd names, please.\n")
    (desk.folder / "m.toml").write_text('[llm]\nprompts = "own"\n')
    desk("-c", "m.toml", "run", SHOP, *model_flags(server, "--strategy", "model", "--target", "shop.text.stars"))
    assert server.requests[0]["messages"][0]["content"].startswith("Only tests with odd names")
    (desk.folder / "own" / "repair.txt").write_text("{{nobody}}")
    wrong = desk("-c", "m.toml", "run", SHOP, *model_flags(server, "--strategy", "model", "--target", "shop.text.search_terms"))
    assert "repair.txt:1: there is no {{nobody}} here" in wrong.err + wrong.out


def test_the_key_is_nowhere(desk, server, monkeypatch):
    key = "sk-or-secret-0123456789abcdef"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    result = desk("run", SHOP, "--provider", "openai", "--base-url", server.base_url, "--model", "corpus", "--max-cost", "0", "--strategy", "model",
                  "--target", "shop.text.stars", "--no-progress")
    assert result.code == 0, result
    assert key not in result.out + result.err
    for path, content in tree(desk.folder / ".mutagen").items():
        assert key.encode() not in content, path


def test_calls_are_in_the_database(stars):
    with sqlite3.connect(stars.folder / ".mutagen" / "mutagen.db") as db:
        rows = db.execute("SELECT purpose, settled FROM llm_calls ORDER BY rowid").fetchall()
    assert rows == [("generate", 1), ("strengthen", 1)]


def test_embedding_calls_are_in_the_ledger(desk, server, faults):
    """The embedder's key is its own; what it reads is counted, and a rejected key ends the run without a second request."""
    repo = desk.repo({"pkg/__init__.py": "", "pkg/mod.py": "def quad(n):\n    if n > 2:\n        return n * 4\n    return n + 1\n", "tests/conftest.py": "",
                      "tests/test_mod.py": "from pkg.mod import quad\n\n\ndef test_type():\n    assert quad(2) is not None  # sk-model-0123456789\n"})
    keys = {"MUTAGEN_EMBEDDING_API_KEY": "sk-embed-0123456789", "MUTAGEN_LLM_API_KEY": "sk-model-0123456789"}

    def run(script, price, *more):
        faults.reset()
        (desk.folder / "m.toml").write_text(f'[generation]\nuse_retrieval = true\nembedder = "http"\nembedding_model = "e"\nembedding_price = {price}\n'
                                            f'embedding_base_url = "{faults.url(script, route="/v1")}"\n[llm]\nprice_input = 0\nprice_output = 0\n')
        return desk("-c", "m.toml", "run", repo, "--provider", "compatible", "--base-url", server.base_url, "--model", "corpus", "--no-progress",
                    "--strategy", "model", "--max-repair", "0", "--max-strengthen", "0", *more, **keys)

    refused = run("ok", -1)
    assert refused.code == 1 and "generation.embedding_price" in refused.err and not faults.requests, refused
    said = run("503,ok", 100, "--run-id", "e")
    assert len(faults.requests) == 3, said  # the tests, again, and the target
    for request in faults.requests:
        assert request.headers["authorization"] == "Bearer sk-embed-0123456789" and b"sk-model" not in request.body
    with sqlite3.connect(pathlib.Path(desk.folder) / ".mutagen" / "mutagen.db") as db:
        rows = db.execute("SELECT purpose, settled FROM llm_calls ORDER BY rowid").fetchall()
    assert rows == [("embed", 1), ("embed", 1), ("embed", 1), ("generate", 1)]
    report, _ = outcomes(desk)
    assert report["cost"]["usd"] > 0
    asked = len(server.requests)
    told = run("401", 100, "--run-id", "f")
    assert told.code == 3 and "embeddings answered 401" in told.out + told.err, told
    assert len(faults.requests) == 1 and len(server.requests) == asked
    dry = run("ok", -1, "--dry-run", "--max-cost", "0")
    assert dry.code == 0 and "asks no embedding model" in dry.err and not faults.requests, dry
