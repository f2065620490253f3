"""Failures: where an SDK would try again, we say temporary, and we wait as long as it would; the message is the SDK's."""
import email.utils
import time

import anthropic
import httpx2
import openai
import pytest
from google.genai import errors

from conftest import KEY, answer

STATUSES = [400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529]
CLIENTS = {"anthropic": anthropic.Anthropic(api_key=KEY), "openai": openai.OpenAI(api_key=KEY)}


def sdk_retries(provider, status, **headers):
    return CLIENTS[provider]._should_retry(httpx2.Response(status, headers={name.replace("_", "-"): value for name, value in headers.items()}))


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("provider", CLIENTS)
def test_what_the_sdk_tries_again_is_temporary(dump, provider, status):
    body = {"type": "error", "error": {"type": "some_error", "message": "words"}}
    for headers in ({}, {"x_should_retry": "true"}, {"x_should_retry": "false"}):
        reply = dump(provider, response=answer(body, status, **headers)).reply
        assert (reply["fault"] == "temporary" and not reply["no_retry"]) == sdk_retries(provider, status, **headers), headers
        assert reply["code"] == "http" and f"{provider} answered {status} some_error: words" in reply["error"]


@pytest.mark.parametrize("headers", [
    {"retry_after": "7"}, {"retry_after": "0.5"}, {"retry_after": "0"}, {"retry_after_ms": "1500"}, {"retry_after_ms": "250", "retry_after": "9"},
    {"retry_after": "soon"}, {"retry_after": ""}, {}], ids=str)
def test_waits_as_long_as_the_sdk(dump, headers):
    theirs = CLIENTS["openai"]._parse_retry_after_header(httpx2.Headers({name.replace("_", "-"): value for name, value in headers.items()}))
    ours = dump("openai", response=answer({}, 429, **headers)).reply["retry_after"]
    assert ours == (-1 if theirs is None else pytest.approx(theirs))


def test_waits_until_a_date(dump):
    now = time.time()
    date, then = email.utils.formatdate(now, usegmt=True), email.utils.formatdate(now + 90, usegmt=True)
    assert dump("openai", response=answer({}, 503, retry_after=then, date=date)).reply["retry_after"] == pytest.approx(90, abs=1)
    assert dump("openai", response=answer({}, 503, retry_after=date, date=then)).reply["retry_after"] == 0
    theirs = CLIENTS["openai"]._parse_retry_after_header(httpx2.Headers({"retry-after": then}))
    assert dump("openai", response=answer({}, 503, retry_after=then)).reply["retry_after"] == pytest.approx(theirs, abs=30)


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("code, status, fault", [
    (400, "INVALID_ARGUMENT", "request"), (400, "FAILED_PRECONDITION", "account"), (403, "PERMISSION_DENIED", "account"),
    (404, "NOT_FOUND", "request"), (429, "RESOURCE_EXHAUSTED", "temporary"), (500, "INTERNAL", "temporary"), (503, "UNAVAILABLE", "temporary"),
    (504, "DEADLINE_EXCEEDED", "temporary")])
def test_gemini_errors_read_as_in_the_sdk(dump, code, status, fault, wrapped):
    body = {"error": {"code": code, "message": "some words", "status": status, "details": []}}
    body = [body] if wrapped else body
    theirs = errors.APIError(code, body)
    reply = dump("gemini", response=answer(body, code)).reply
    assert reply["fault"] == fault
    assert reply["error"].startswith(f"gemini answered {theirs.code} {theirs.status}: {theirs.message}")


FINAL = {
    "openai": [(429, {"error": {"type": "insufficient_quota", "code": "insufficient_quota", "message": "You exceeded your current quota", "param": None}}),
               (404, {"error": {"type": "invalid_request_error", "code": "model_not_found", "message": "The model `x` does not exist", "param": None}}),
               (401, {"error": {"type": "invalid_request_error", "code": "invalid_api_key", "message": f"Incorrect API key provided: {KEY}"}})],
    "anthropic": [(429, {"type": "error", "error": {"type": "rate_limit_error", "message": "limit", "details": {"error_code": "enforced_spend_limit_reached"}}}),
                  (402, {"type": "error", "error": {"type": "billing_error", "message": "pay"}}),
                  (404, {"type": "error", "error": {"type": "not_found_error", "message": "model: claude-nope"}}),
                  (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "Your credit balance is too low to access the API."}})],
    "gemini": [(400, {"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]}}),
        (404, {"error": {"code": 404, "message": "models/x is not found for API version v1beta", "status": "NOT_FOUND"}}),
        (429, {"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED", "details": [
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s"}]}})],
}


@pytest.mark.parametrize("provider, status, body", [(provider, *case) for provider, cases in FINAL.items() for case in cases])
def test_an_account_or_model_that_cannot_work_is_final(dump, provider, status, body):
    reply = dump(provider, response=answer(body, status)).reply
    assert reply["fault"] == "account"
    assert KEY not in reply["error"]


def test_gemini_retry_info(dump):
    body = {"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED",
                      "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37.5s"}]}}
    reply = dump("gemini", response=answer(body, 429)).reply
    assert reply["fault"] == "temporary" and reply["retry_after"] == 37.5
