"""Our adapters over libcurl, answered by a LiteLLM proxy: through its Chat Completions, Responses, Messages and generateContent routes."""
import sys

import pytest

from conftest import ROOT, ask

sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import litellm_proxy  # noqa: E402

CODE = "Here it is.\n\n```python\nfrom calc.ops import clamp\n\n\ndef test_clamp():\n    assert clamp(11, 0, 10) == 10\n```\n"
TALK = ask(("project", "target"), "```python\npass\n```", "It fails: naïve \U0001f40d", system="You write tests.", breakpoints=(0,))


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    models = {route: (CODE, litellm_proxy.backend_of(route)) for route in litellm_proxy.ROUTES}
    busy = {f"busy-{route}": (litellm_proxy.BUSY, litellm_proxy.backend_of(route)) for route in litellm_proxy.ROUTES}
    yield from litellm_proxy.serve(tmp_path_factory.mktemp("proxy"), {**models, **busy})


@pytest.fixture
def through(dump, proxy):
    def run(route, model, key=litellm_proxy.KEY, base=""):
        provider, api, _ = litellm_proxy.ROUTES[route]
        return dump(provider, TALK, live=True, model=model, api=api, base_url=proxy.url + base, key=key).reply
    return run


@pytest.mark.parametrize("base", ["", "/", "/v1"])
@pytest.mark.parametrize("route", litellm_proxy.ROUTES)
def test_each_route_gives_the_text(through, route, base):
    if route == "generateContent" and base == "/v1":
        base = "/v1beta"
    reply = through(route, route, base=base)
    assert (reply["code"], reply["stop"], reply["text"]) == ("ok", "end", CODE), reply
    assert reply["usage"]["known"] and reply["usage"]["input"] > 0 and reply["usage"]["output"] > 0 and reply["request_id"]


def test_the_cost_that_the_proxy_tells_is_taken(through):
    assert 0 < through("chat", "chat")["reported_micro_usd"] < 1000


@pytest.mark.parametrize("route", litellm_proxy.ROUTES)
def test_each_route_tells_failures_apart(through, route):
    unknown, locked_out = through(route, "no-such-model"), through(route, route, key="sk-wrong")
    assert (unknown["fault"], locked_out["fault"]) == ("account", "account"), (unknown, locked_out)
    if route in ("chat", "messages", "compatible"):  # on the others the mock of the proxy answers with the name of the error
        assert through(route, f"busy-{route}")["fault"] == "temporary"
    assert "no-such-model" in unknown["error"] and "sk-wrong" not in locked_out["error"]
