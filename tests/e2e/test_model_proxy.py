"""Whole runs with a real LiteLLM proxy as the model: one through each of its routes. `make peers` fetches the proxy; without it they are skipped."""
import pytest

import litellm_proxy
from conftest import tree

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
    models = {route: (REPLY, litellm_proxy.backend_of(route)) for route in litellm_proxy.ROUTES}
    yield from litellm_proxy.serve(tmp_path_factory.mktemp("proxy"), models)


def run(desk, proxy, route, **more):
    provider, api, variable = litellm_proxy.ROUTES[route]
    (desk.folder / "own.toml").write_text(f'[llm]\napi = "{api}"\n')
    return desk("run", "repo", "-c", "own.toml", "--provider", provider, "--model", route, "--base-url", proxy.url, "--strategy", "model",
                "--max-cost", "0", "--no-progress", "--target", "calc.ops.grade", **{variable: litellm_proxy.KEY, **more})


@pytest.mark.parametrize("route", litellm_proxy.ROUTES)
def test_a_run_completes_through(desk, proxy, route):
    repo = desk.repo()
    before = tree(repo)
    result = run(desk, proxy, route)
    assert result.code == 0, result
    assert "Tests generated / kept: 1 / 1" in result.out and "Model calls: 1 request" in result.out, result
    assert litellm_proxy.KEY not in result.out + result.err
    assert tree(repo) == before


def test_a_wrong_key_stops_the_run_and_leaves_it_resumable(desk, proxy):
    desk.repo()
    result = run(desk, proxy, "chat", OPENAI_API_KEY="sk-not-the-right-one")
    assert result.code != 0 and "sk-not-the-right-one" not in result.out + result.err, result
    assert "unfinished" in (result.out + result.err).lower(), result
