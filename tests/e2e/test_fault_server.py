"""The fault server itself: the other tests believe what it does. Its peer here is Python's own client."""
import gzip
import http.client
import json
import ssl
import zlib

import pytest

ROUTES = {"anthropic": "/v1/messages", "chat": "/v1/chat/completions", "responses": "/v1/responses",
          "gemini": "/v1beta/models/m:generateContent"}


def post(server, script, listener="plain", route="/x", body=b"{}", context=None, headers=None, timeout=20):
    port = server.port(listener)
    peer = (http.client.HTTPConnection("127.0.0.1", port, timeout=timeout) if listener == "plain" else
            http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout, context=context))
    try:
        peer.request("POST", f"/{script}{route}", body, headers or {})
        response = peer.getresponse()
        return response, response.read()
    finally:
        peer.close()


def test_a_script_is_played_once_and_its_last_step_stays(faults):
    assert [post(faults, "503,429+retry-after=7,ok")[0].status for _ in range(4)] == [503, 429, 200, 200]
    assert [post(faults, "503,ok@other")[0].status for _ in range(2)] == [503, 200]
    assert faults.count() == 6 and faults.count("503,ok@other") == 2
    assert [request.behaviour for request in faults.requests][:3] == ["503", "429+retry-after=7", "ok"]
    faults.reset()
    assert post(faults, "503,ok@other")[0].status == 503


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 413, 429, 500, 502, 503, 504, 529])
def test_every_status_has_the_errors_of_each_provider(faults, status):
    for kind, route in ROUTES.items():
        response, body = post(faults, f"{status}+retry-after=3+echo-key", route=route, headers={"Authorization": "Bearer sk-secret"})
        assert response.status == status and response.headers["Retry-After"] == "3"
        assert "sk-secret" in json.loads(body)["error"]["message"], kind


def test_ways_to_say_when(faults):
    assert post(faults, "429")[0].headers["Retry-After"] is None
    assert post(faults, "429+retry-after-date=2")[0].headers["Retry-After"].endswith("GMT")
    assert post(faults, "429+retry-after-ms=50")[0].headers["Retry-After-Ms"] == "50"
    detail = json.loads(post(faults, "429+retry-info=2", route=ROUTES["gemini"])[1])["error"]["details"][0]
    assert detail["retryDelay"] == "2s"


@pytest.mark.parametrize("kind", ROUTES)
def test_replies_hold_the_answer_and_what_it_cost(faults, kind):
    faults.answer = lambda request: f"to {request.prompt}"
    faults.usage.update(input=11, cache_read=5, output=3)
    bodies = {"anthropic": {"system": [{"type": "text", "text": "be"}], "messages": [{"role": "user", "content": "brief"}]},
              "chat": {"messages": [{"role": "system", "content": "be"}, {"role": "user", "content": "brief"}]},
              "responses": {"instructions": "be", "input": [{"role": "user", "content": "brief"}]},
              "gemini": {"systemInstruction": {"parts": [{"text": "be"}]}, "contents": [{"role": "user", "parts": [{"text": "brief"}]}]}}
    text = post(faults, "ok", route=ROUTES[kind], body=json.dumps(bodies[kind]).encode())[1].decode()
    assert "to be\\nbrief" in text and ("16" in text or kind == "anthropic" and "11" in text)
    assert not faults.troubles


def test_encodings_and_charsets(faults):
    faults.answer = "caf\u00e9"
    whole = post(faults, "ok")[1]
    assert gzip.decompress(post(faults, "gzip")[1]) == whole == post(faults, "chunked")[1] == zlib.decompress(post(faults, "deflate")[1])
    assert len(gzip.decompress(post(faults, "bomb")[1])) == 64 << 20
    for script in ("latin1", "bad-utf8", "utf16"):
        with pytest.raises(UnicodeDecodeError):
            post(faults, script)[1].decode()


@pytest.mark.parametrize("script, trouble", [("reset", ConnectionResetError), ("reset-first", ConnectionResetError), ("short", http.client.IncompleteRead),
                                             ("hang-up", http.client.RemoteDisconnected), ("garbage", http.client.BadStatusLine),
                                             ("slow-headers", TimeoutError), ("slow-body", TimeoutError)])
def test_broken_answers(faults, script, trouble):
    with pytest.raises(trouble):
        post(faults, script, timeout=0.3 if script.startswith("slow") else 20)
    assert faults.count(script) == 1


def test_bodies_that_are_no_reply(faults):
    for script in ("truncated", "empty", "html"):
        response, body = post(faults, script)
        assert response.status == 200
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)
    assert json.loads(post(faults, "error-in-200", route=ROUTES["chat"])[1])["error"]["message"]
    assert post(faults, "redirect")[0].status == 302


def test_only_the_good_certificate_is_one(faults):
    trust = ssl.create_default_context(cafile=faults.ca_file)
    assert post(faults, "ok", "good", context=trust)[0].status == 200
    for name in ("wrong-host", "unknown-ca", "expired"):
        with pytest.raises(ssl.SSLCertVerificationError):
            post(faults, "ok", name, context=trust)
    with pytest.raises(ssl.SSLCertVerificationError):
        post(faults, "ok", "good", context=ssl.create_default_context())
    assert faults.count() == 1
