"""Request bodies: valid for the SDKs' typed parameters with nothing left over, and equal to what the SDKs send for the same request."""
import anthropic
import openai
import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from google import genai
from google.genai import types
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import TypeAdapter

from conftest import KEY, ask, plain

TALKS = {
    "one": ask("Write a test."),
    "system": ask("Write a test.", system="You write pytest tests."),
    "repair": ask("Write a test.", "```python\ndef test(): assert 0\n```", "It fails: E assert 0", system="You write tests."),
    "parts": ask(("project", "module", "target"), system="S", breakpoints=(0, 1)),
    "unicode": ask("naïve “Ω” \U0001f40d\ttab\nline \\ \"quoted\"", system="é"),
    "limit": ask("x", limit=256),
}
EFFORTS = ["low", "medium", "high", "xhigh", "max"]


ADAPTERS = {params: TypeAdapter(params) for params in (MessageCreateParamsNonStreaming, CompletionCreateParamsNonStreaming,
                                                       ResponseCreateParamsNonStreaming)}


def validated(params, body):
    """What the typed parameters keep of a body: they drop what they do not know, on every level."""
    return plain(ADAPTERS[params].validate_python(body))


def joined(request):
    """The parts of each turn as one text, as formats without parts send them."""
    turns = []
    for part in request["parts"]:
        if turns and turns[-1][0] == part["role"]:
            turns[-1][1] += ("" if turns[-1][1].endswith("\n") else "\n") + part["text"]
        else:
            turns.append([part["role"], part["text"]])
    return [{"role": role, "content": text} for role, text in turns]


# ---- Anthropic Messages ----

def claude_messages(request):
    messages = []
    for part in request["parts"]:
        block = {"type": "text", "text": part["text"], **({"cache_control": {"type": "ephemeral"}} if part["breakpoint"] else {})}
        if messages and messages[-1]["role"] == part["role"]:
            messages[-1]["content"].append(block)
        else:
            messages.append({"role": part["role"], "content": [block]})
    return messages


@pytest.mark.parametrize("talk", TALKS)
def test_messages_body_is_what_the_sdk_sends(dump, peer, talk):
    request = TALKS[talk]
    ours = dump("anthropic", request, model="claude-sonnet-5-5", effort="medium")
    assert validated(MessageCreateParamsNonStreaming, ours.body) == ours.body
    client = anthropic.Anthropic(api_key=KEY, base_url=peer.url, max_retries=0)
    peer.answer = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": {"input_tokens": 1, "output_tokens": 1}}
    more = {"system": request["system"]} if request["system"] else {}
    client.messages.create(model="claude-sonnet-5-5", max_tokens=request["max_output_tokens"], messages=claude_messages(request),
                           thinking={"type": "adaptive"}, output_config={"effort": "medium"}, **more)
    assert ours.body == peer.seen["body"]
    assert ours.url == "https://api.anthropic.com" + peer.seen["path"]
    assert ours.headers["anthropic-version"] == peer.seen["headers"]["anthropic-version"]
    assert ours.headers["content-type"] == peer.seen["headers"]["content-type"]


@pytest.mark.parametrize("thinking", [True, False])
@pytest.mark.parametrize("model", ["claude-haiku-4-5", "claude-opus-4-5", "claude-sonnet-4-6", "claude-opus-4-8", "claude-opus-5", "claude-sonnet-5-5",
                                   "claude-opus-5-5", "claude-fable-5-1", "claude-not-known-yet"])
def test_messages_thinking_and_effort_are_valid(dump, model, thinking):
    for effort in EFFORTS:
        ours = dump("anthropic", model=model, effort=effort, thinking=thinking)
        assert validated(MessageCreateParamsNonStreaming, ours.body) == ours.body
        assert not {"temperature", "top_p", "top_k"} & set(ours.body)
        if not thinking:
            assert ours.body.get("thinking", {}).get("type") != "adaptive"


# ---- Chat Completions ----

@pytest.mark.parametrize("talk", TALKS)
def test_chat_body_is_what_the_sdk_sends(dump, peer, talk):
    request = TALKS[talk]
    ours = dump("openai", request, model="gpt-6.1-sol", api="chat", effort="high")
    assert validated(CompletionCreateParamsNonStreaming, ours.body) == ours.body
    client = openai.OpenAI(api_key=KEY, base_url=peer.url + "/v1", max_retries=0)
    peer.answer = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": []}
    messages = ([{"role": "system", "content": request["system"]}] if request["system"] else []) + joined(request)
    client.chat.completions.create(model="gpt-6.1-sol", messages=messages, max_completion_tokens=request["max_output_tokens"], reasoning_effort="high")
    assert ours.body == peer.seen["body"]
    assert ours.url == "https://api.openai.com" + peer.seen["path"]
    assert ours.headers["authorization"] == peer.seen["headers"]["authorization"]


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-4o-mini", "o3", "gpt-5-mini", "gpt-5.1", "gpt-5.2-pro", "gpt-5.3-chat-latest", "gpt-5.6-terra",
                                   "gpt-6-luna", "gpt-7"])
def test_chat_effort_is_valid_or_left_out(dump, model):
    for effort in EFFORTS:
        ours = dump("openai", model=model, api="chat", effort=effort)
        assert validated(CompletionCreateParamsNonStreaming, ours.body) == ours.body
        assert ("reasoning_effort" in ours.body) == (model in ("o3", "gpt-5-mini", "gpt-5.1", "gpt-5.6-terra", "gpt-6-luna"))


@pytest.mark.parametrize("talk", TALKS)
def test_compatible_servers_get_the_old_limit_and_no_effort(dump, talk):
    ours = dump("compatible", TALKS[talk], model="qwen3:8b", base_url="http://127.0.0.1:11434/v1", key="", effort="max")
    assert validated(CompletionCreateParamsNonStreaming, ours.body) == ours.body
    assert set(ours.body) == {"model", "messages", "max_tokens"} and "authorization" not in ours.headers


@pytest.mark.parametrize("talk", TALKS)
def test_openrouter_adds_only_its_reasoning(dump, talk):
    ours = dump("openrouter", TALKS[talk], model="anthropic/claude-sonnet-4.5", effort="max")
    assert ours.body.pop("reasoning") == {"effort": "xhigh"}
    marks = [part.pop("cache_control", None) for message in ours.body["messages"] if isinstance(message["content"], list) for part in message["content"]]
    assert sum(mark is not None for mark in marks) == sum(part["breakpoint"] for part in TALKS[talk]["parts"])
    assert validated(CompletionCreateParamsNonStreaming, ours.body) == ours.body
    assert ours.url == "https://openrouter.ai/api/v1/chat/completions"


# ---- Responses ----

@pytest.mark.parametrize("talk", TALKS)
def test_responses_body_is_what_the_sdk_sends(dump, peer, talk):
    request = TALKS[talk]
    ours = dump("openai", request, model="gpt-6.1-sol", effort="low")
    assert validated(ResponseCreateParamsNonStreaming, ours.body) == ours.body
    client = openai.OpenAI(api_key=KEY, base_url=peer.url + "/v1", max_retries=0)
    peer.answer = {"id": "r", "object": "response", "created_at": 1, "model": "m", "output": [], "status": "completed"}
    more = {"instructions": request["system"]} if request["system"] else {}
    client.responses.create(model="gpt-6.1-sol", input=joined(request), max_output_tokens=request["max_output_tokens"], reasoning={"effort": "low"},
                            store=False, **more)
    assert ours.body == peer.seen["body"]
    assert ours.url == "https://api.openai.com" + peer.seen["path"]


# ---- Gemini ----

def gemini_contents(request):
    contents = []
    for part in request["parts"]:
        role = "model" if part["role"] == "assistant" else "user"
        if contents and contents[-1].role == role:
            contents[-1].parts.append(types.Part(text=part["text"]))
        else:
            contents.append(types.Content(role=role, parts=[types.Part(text=part["text"])]))
    return contents


@pytest.mark.parametrize("talk", TALKS)
def test_generate_content_body_is_what_the_sdk_sends(dump, peer, talk):
    request = TALKS[talk]
    ours = dump("gemini", request, model="gemini-3.8-flash", effort="high")
    for content in ours.body["contents"]:
        types.Content.model_validate(content)
    types.GenerationConfig.model_validate(ours.body["generationConfig"])
    client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=peer.url, api_version="v1beta"))
    peer.answer = {"candidates": []}
    client.models.generate_content(model="gemini-3.8-flash", contents=gemini_contents(request), config=types.GenerateContentConfig(
        max_output_tokens=request["max_output_tokens"], thinking_config=types.ThinkingConfig(thinking_level="HIGH"),
        system_instruction=types.Content(parts=[types.Part(text=request["system"])]) if request["system"] else None))
    theirs = peer.seen["body"]  # the SDK leaves one name in snake case; the REST reference, like ours, has camel case
    theirs["generationConfig"]["thinkingConfig"] = {"thinkingLevel": theirs["generationConfig"]["thinkingConfig"]["thinking_level"]}
    theirs.get("systemInstruction", {}).pop("role", None)
    assert ours.body == theirs
    assert ours.url == "https://generativelanguage.googleapis.com" + peer.seen["path"]
    assert ours.headers["x-goog-api-key"] == peer.seen["headers"]["x-goog-api-key"]


@pytest.mark.parametrize("thinking", [True, False])
@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-2.5-pro", "gemini-3.1-pro-preview", "gemini-4-hydrogen", "gemini-flash-latest", "gemma-4-31b-it"])
def test_generation_config_is_valid(dump, model, thinking):
    for effort in EFFORTS:
        config = dump("gemini", model=model, effort=effort, thinking=thinking).body["generationConfig"]
        seen = types.GenerationConfig.model_validate(config)
        assert (seen.thinking_config is None) == (model == "gemma-4-31b-it" or (thinking and "2.5" in model))


# ---- all ----

@pytest.mark.parametrize("settings", [{"provider": "anthropic"}, {"provider": "openai"}, {"provider": "openai", "api": "chat"}, {"provider": "gemini"},
                                      {"provider": "openrouter", "model": "openai/gpt-5"}])
def test_the_same_request_is_the_same_bytes(dump, settings):
    first, again = (dump(request=TALKS["repair"], **settings) for _ in range(2))
    assert first.text == again.text and first.hash == again.hash and first.bytes == len(first.text.encode())
    assert dump(request=TALKS["system"], **settings).hash != first.hash
    assert dump(request=TALKS["repair"], **{**settings, "model": "other/model"}).hash != first.hash
    assert dump(request=TALKS["repair"], **settings, base_url="", key="sk-another-key").hash == first.hash
