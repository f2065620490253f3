"""Whole runs with a real LiteLLM proxy as the model: through each of its routes. `make test-oracles` fetches the proxy and runs these."""
import json

import pytest

import litellm_proxy
from conftest import ROOT, tree

SHOP = ROOT / "examples" / "shop"
SLUG = (ROOT / "tests" / "corpus" / "model" / "shop.text.slug.1.md").read_text()

REPLY = '''Boundaries on both sides:

```python
from calc.ops import grade


def test_grade_at_its_boundaries():
    assert grade(90) == "A"
    assert grade(89) == "B"
    assert grade(75) == "B"
    assert grade(74) == "C"
```
'''


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    models = {}
    for route in litellm_proxy.ROUTES:
        models[route] = REPLY, litellm_proxy.backend_of(route)
        models[f"{route}-slug"] = SLUG, litellm_proxy.backend_of(route)
    yield from litellm_proxy.serve(tmp_path_factory.mktemp("proxy"), models)


def run(desk, proxy, route, repo="repo", model="", target="calc.ops.grade", **more):
    provider, api, variable = litellm_proxy.ROUTES[route]
    (desk.folder / "own.toml").write_text(f'[llm]\napi = "{api}"\n')
    return desk("run", repo, "-c", "own.toml", "--provider", provider, "--model", model or route, "--base-url", proxy.url, "--strategy", "model",
                "--max-cost", "0", "--no-progress", "--target", target, **{variable: litellm_proxy.KEY, **more})


@pytest.mark.parametrize("route", litellm_proxy.ROUTES)
def test_a_run_completes_through(desk, proxy, route):
    repo = desk.repo()
    before = tree(repo)
    result = run(desk, proxy, route)
    assert result.code == 0, result
    assert "Tests generated / kept: 1 / 1" in result.out and "Model calls: 1 request" in result.out, result
    assert litellm_proxy.KEY not in result.out + result.err
    assert tree(repo) == before


@pytest.mark.parametrize("route", litellm_proxy.ROUTES)
def test_the_example_with_a_model_that_always_says_the_same(desk, proxy, route):
    """It fits one target of four: that one is kept, what it says about the others is refused, and goes back in
    one repair (the same reply again ends that) and two strengthening rounds, and the run still ends well."""
    before = tree(SHOP)
    result = run(desk, proxy, route, SHOP, f"{route}-slug", "shop.text.*")
    assert result.code == 0, result
    report = json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())
    states = {target["qualified_name"]: target["status"] for target in report["target_stats"]}
    assert states.pop("shop.text.slug") == "kept" and set(states.values()) == {"discarded"} and len(states) == 3, result
    assert report["cost"]["requests"] == 1 + 3 * (1 + 1 + 2) and report["cost"]["estimated_calls"] == 0, result
    assert report["cost"]["input_tokens"] > 0 and report["cost"]["output_tokens"] > 0
    assert tree(SHOP) == before


def test_a_wrong_key_stops_the_run_and_leaves_it_resumable(desk, proxy):
    desk.repo()
    result = run(desk, proxy, "chat", OPENAI_API_KEY="sk-not-the-right-one")
    assert result.code != 0 and "sk-not-the-right-one" not in result.out + result.err, result
    assert "unfinished" in (result.out + result.err).lower(), result
