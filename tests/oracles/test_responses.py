"""Answers, built and serialised by the SDKs' response types: text, stop reason and usage must be to us what they are to them."""
import pytest
from anthropic.types import Message
from google.genai import types
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from conftest import answer

CODE = "```python\ndef test_clamp():\n    assert clamp(11, 0, 10) == 10\n```\n"
ODD = "naïve “Ω” \U0001f40d \t\\ \" </script> \u2028 end"


def reply_of(dump, provider, body, **more):
    """Our reading of an SDK object's own JSON."""
    ours = dump(provider, response=answer(body), **more).reply
    assert ours["code"] == "ok" and ours["fault"] == "none", ours
    return ours


def tokens(usage):
    assert usage.pop("known")
    return usage


# ---- Anthropic Messages ----

def message(*content, stop="end_turn", **usage):
    return Message.model_validate({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-5-5", "content": list(content),
                                   "stop_reason": stop, "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 20, **usage}})


def text(value):
    return {"type": "text", "text": value, "citations": None}


THINKING = {"type": "thinking", "thinking": "Let me see.", "signature": "c2ln"}
MESSAGES = {
    "plain": message(text(CODE)),
    "odd": message(text(ODD)),
    "two blocks": message(text("one "), text("two")),
    "thinking": message(THINKING, text(CODE)),
    "redacted thinking": message({"type": "redacted_thinking", "data": "eHg="}, text(CODE)),
    "tool": message(text("a"), {"type": "tool_use", "id": "t", "name": "n", "input": {"text": "no"}, "caller": {"type": "direct"}}, stop="tool_use"),
    "nothing": message(),
    "only thinking": message(THINKING, stop="max_tokens"),
    "truncated": message(text("```python\ndef te"), stop="max_tokens"),
    "window": message(text("x"), stop="model_context_window_exceeded"),
    "refusal": message(stop="refusal"),
    "stop sequence": message(text("x"), stop="stop_sequence"),
    "pause": message(text("x"), stop="pause_turn"),
    "cache read": message(text("x"), input_tokens=3, cache_read_input_tokens=1800, cache_creation_input_tokens=0),
    "cache write": message(text("x"), input_tokens=3, cache_read_input_tokens=0, cache_creation_input_tokens=2000,
                           cache_creation={"ephemeral_5m_input_tokens": 2000, "ephemeral_1h_input_tokens": 0}),
    "both": message(text("x"), input_tokens=7, cache_read_input_tokens=100, cache_creation_input_tokens=50),
    "null": message(text("x"), cache_read_input_tokens=None, cache_creation_input_tokens=None),
    "thinking tokens": message(THINKING, text("x"), output_tokens=900, output_tokens_details={"thinking_tokens": 850}),
}
CLAUDE_STOPS = {"end_turn": "end", "stop_sequence": "end", "tool_use": "end", "pause_turn": "end", "max_tokens": "truncated",
                "model_context_window_exceeded": "truncated", "refusal": "refused"}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(dump, name):
    theirs = MESSAGES[name]
    ours = reply_of(dump, "anthropic", theirs.to_json())
    assert ours["text"] == "".join(block.text for block in theirs.content if block.type == "text")
    assert ours["stop"] == CLAUDE_STOPS[theirs.stop_reason] and ours["model"] == theirs.model
    usage = theirs.usage
    assert tokens(ours["usage"]) == {"input": usage.input_tokens, "cache_read": usage.cache_read_input_tokens or 0,
                                     "cache_write": usage.cache_creation_input_tokens or 0, "output": usage.output_tokens}


def test_messages_stop_reasons_are_all_known():
    from typing import get_args
    from anthropic.types import StopReason
    assert set(get_args(StopReason)) == set(CLAUDE_STOPS)


# ---- Chat Completions ----

def chat(content, stop="stop", usage=(10, 20), details=None, **more):
    total = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage), "prompt_tokens_details": details,
             "completion_tokens_details": {"reasoning_tokens": 5}}
    return ChatCompletion.model_validate({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-6.1-sol-2026-10-01", "choices": [
        {"index": 0, "finish_reason": stop, "logprobs": None, "message": {"role": "assistant", "content": content, "refusal": None, **more}}],
        "usage": total})


CHATS = {
    "plain": chat(CODE),
    "odd": chat(ODD),
    "empty": chat(""),
    "null": chat(None),
    "length": chat("```python\ndef te", stop="length"),
    "filter": chat(None, stop="content_filter"),
    "refusal": chat(None, refusal="I will not."),
    "tool": chat("a", stop="tool_calls", tool_calls=[{"id": "t", "type": "function", "function": {"name": "n", "arguments": "{}"}}]),
    "cached": chat("x", usage=(2000, 20), details={"cached_tokens": 1800}),
    "cache write": chat("x", usage=(2000, 20), details={"cached_tokens": 1000, "cache_write_tokens": 900}),
    "no details": chat("x", usage=(1, 1)),
    "reasoning content": chat("x", reasoning_content="thought about it"),
    "annotations": chat("x", annotations=[]),
}
CHAT_STOPS = {"stop": "end", "tool_calls": "end", "function_call": "end", "length": "truncated", "content_filter": "refused"}


@pytest.mark.parametrize("provider", ["openai", "compatible", "openrouter"])
@pytest.mark.parametrize("name", CHATS)
def test_chat(dump, name, provider):
    theirs = CHATS[name]
    choice = theirs.choices[0]
    settings = {"openai": {"api": "chat"}, "compatible": {"model": "m", "base_url": "http://127.0.0.1:8000"}, "openrouter": {"model": "a/b"}}[provider]
    ours = reply_of(dump, provider, theirs.to_json(), **settings)
    assert ours["text"] == (choice.message.content or choice.message.refusal or "")
    assert ours["stop"] == ("refused" if choice.message.refusal else CHAT_STOPS[choice.finish_reason])
    assert ours["model"] == theirs.model and ours["request_id"] == theirs.id
    details = theirs.usage.prompt_tokens_details
    read, written = ((details.cached_tokens or 0), (details.cache_write_tokens or 0)) if details else (0, 0)
    assert tokens(ours["usage"]) == {"input": theirs.usage.prompt_tokens - read - written, "cache_read": read, "cache_write": written,
                                     "output": theirs.usage.completion_tokens}


# ---- Responses ----

def response(*output, status="completed", usage=(10, 20, 0, 0), **more):
    return Response.model_validate({
        "id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-6.1-sol", "output": list(output), "status": status, "error": None,
        "incomplete_details": None, "instructions": None, "metadata": {}, "parallel_tool_calls": True, "temperature": 1, "tool_choice": "auto",
        "tools": [], "top_p": 1, **more, "usage": {
            "input_tokens": usage[0], "output_tokens": usage[1], "total_tokens": usage[0] + usage[1],
            "input_tokens_details": {"cached_tokens": usage[2], "cache_write_tokens": usage[3]}, "output_tokens_details": {"reasoning_tokens": 3}}})


def said(*texts, kind="output_text"):
    key = "refusal" if kind == "refusal" else "text"
    return {"type": "message", "id": "m", "role": "assistant", "status": "completed",
            "content": [{"type": kind, key: value, **({"annotations": []} if key == "text" else {})} for value in texts]}


REASONING = {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": "hmm"}]}
RESPONSES = {
    "plain": (response(said(CODE)), "end"),
    "odd": (response(said(ODD)), "end"),
    "reasoning": (response(REASONING, said(CODE)), "end"),
    "two parts": (response(said("a", "b")), "end"),
    "two messages": (response(said("a"), REASONING, said("b")), "end"),
    "nothing": (response(), "end"),
    "call": (response({"type": "function_call", "call_id": "c", "name": "n", "arguments": "{}"}, said("x")), "end"),
    "refusal": (response(said("I will not.", kind="refusal")), "refused"),
    "truncated": (response(REASONING, said("def te"), status="incomplete", incomplete_details={"reason": "max_output_tokens"}), "truncated"),
    "filtered": (response(said("x"), status="incomplete", incomplete_details={"reason": "content_filter"}), "refused"),
    "cached": (response(said("x"), usage=(2000, 20, 1800, 0)), "end"),
    "cache write": (response(said("x"), usage=(2000, 20, 1000, 900)), "end"),
}


@pytest.mark.parametrize("name", RESPONSES)
def test_responses(dump, name):
    theirs, stop = RESPONSES[name]
    ours = reply_of(dump, "openai", theirs.to_json())
    assert ours["text"] == (theirs.output_text if name != "refusal" else "I will not.")
    assert ours["stop"] == stop and ours["request_id"] == theirs.id
    usage = theirs.usage
    read, written = usage.input_tokens_details.cached_tokens, usage.input_tokens_details.cache_write_tokens
    assert tokens(ours["usage"]) == {"input": usage.input_tokens - read - written, "cache_read": read, "cache_write": written,
                                     "output": usage.output_tokens}


# ---- Gemini ----

def generated(*parts, stop="STOP", feedback=None, **usage):
    candidates = [] if feedback else [{"content": {"role": "model", "parts": list(parts)}, "finishReason": stop, "index": 0}]
    return types.GenerateContentResponse.model_validate({
        "candidates": candidates, "promptFeedback": feedback, "modelVersion": "gemini-3.8-flash", "responseId": "r-1",
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 20, "totalTokenCount": 30, **usage}})


GENERATED = {
    "plain": (generated({"text": CODE}), "end"),
    "odd": (generated({"text": ODD}), "end"),
    "two parts": (generated({"text": "a"}, {"text": "b"}), "end"),
    "thought": (generated({"text": "hmm", "thought": True}, {"text": CODE}, thoughtsTokenCount=300), "end"),
    "not thought": (generated({"text": CODE, "thought": False}), "end"),
    "truncated": (generated({"text": "def te"}, stop="MAX_TOKENS"), "truncated"),
    "all thought": (generated({"text": "hmm", "thought": True}, stop="MAX_TOKENS", candidatesTokenCount=0, thoughtsTokenCount=500), "truncated"),
    "safety": (generated(stop="SAFETY"), "refused"),
    "recitation": (generated(stop="RECITATION"), "refused"),
    "prohibited": (generated(stop="PROHIBITED_CONTENT"), "refused"),
    "blocked": (generated(feedback={"blockReason": "SAFETY"}), "refused"),
    "blocked for another reason": (generated(feedback={"blockReason": "OTHER"}, candidatesTokenCount=None), "refused"),
    "cached": (generated({"text": "x"}, promptTokenCount=2000, cachedContentTokenCount=1800), "end"),
    "tools": (generated({"text": "x"}, toolUsePromptTokenCount=40), "end"),
}


@pytest.mark.parametrize("name", GENERATED)
def test_generate_content(dump, name):
    theirs, stop = GENERATED[name]
    ours = reply_of(dump, "gemini", theirs.model_dump_json(by_alias=True, exclude_none=True))
    assert ours["text"] == (theirs.text or "") and ours["stop"] == stop
    assert ours["model"] == theirs.model_version and ours["request_id"] == theirs.response_id
    usage = theirs.usage_metadata
    read = usage.cached_content_token_count or 0
    assert tokens(ours["usage"]) == {"input": usage.prompt_token_count + (usage.tool_use_prompt_token_count or 0) - read, "cache_read": read,
                                     "cache_write": 0, "output": (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)}


def test_every_reason_of_gemini_to_stop_is_placed(dump):
    placed = {}
    for reason in types.FinishReason:
        reply = dump("gemini", response=answer(generated({"text": "x"}, stop=reason.value).model_dump_json(by_alias=True, exclude_none=True))).reply
        placed[reason.value] = reply["stop"] if reply["fault"] == "none" else reply["fault"]
    refused = {"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT",
               "IMAGE_RECITATION", "ESCALATION", "MODEL_ARMOR"}
    assert {reason for reason, stop in placed.items() if stop == "refused"} == refused
    assert {reason for reason, stop in placed.items() if stop == "truncated"} == {"MAX_TOKENS", "CONTINUATION"}
    assert placed["PUP_LIMITED_DISABLED"] == "account"
