/* Reads what providers say about a failure and decides whether the same request may work later, never, or whether none will.
 * One reader for all formats: a proxy often answers in another provider's shape than the one it was asked in. */
#include "adapters/llm_http/json.h"
#include "adapters/llm_http/peer.h"
#include "base/str.h"

#include <strings.h>
#include <time.h>

/* ---- reading ---- */

/* Google's details: [{"@type": "…RetryInfo", "retryDelay": "37s"}, {"@type": "…ErrorInfo", "reason": …}, {"@type": "…QuotaFailure", …}]. */
static void read_google_detail(yyjson_val *detail, struct mg_arena *arena, struct mg_peer_failure *failure)
{
    struct mg_str delay = mg_json_str(detail, "retryDelay", arena), reason = mg_json_str(detail, "reason", arena);
    double seconds;
    if (mg_str_ends(delay, "s") && mg_str_to_double(mg_str_sub(delay, 0, delay.len - 1), &seconds) && seconds >= 0)
        failure->retry_after = seconds;
    if (reason.len)
        failure->code = reason;
    yyjson_val *violation;
    size_t i, count;
    yyjson_arr_foreach(yyjson_obj_get(detail, "violations"), i, count, violation)
    {
        if (mg_str_contains(mg_json_str(violation, "quotaId", arena), "PerDay"))
            failure->exhausted_for_day = true;
    }
}

static void read_code(yyjson_val *value, struct mg_arena *arena, struct mg_peer_failure *failure)
{
    int64_t number = 0;
    if (yyjson_is_str(value))
        failure->code = mg_json_str_of(value, arena);
    if (yyjson_is_int(value))
        number = yyjson_get_sint(value);
    else if (!mg_str_to_i64(failure->code, &number)) /* LiteLLM: "code": "429" */
        return;
    if (number >= 100 && number <= 599) {
        failure->status = (long)number;
        failure->code = MG_NO_STR;
    }
}

/* OpenRouter: the words of the provider behind it, and whether a filter refused the text. */
static void read_metadata(yyjson_val *metadata, struct mg_arena *arena, struct mg_peer_failure *failure)
{
    struct mg_str raw = mg_json_str(metadata, "raw", arena);
    if (raw.len)
        failure->message = mg_arena_printf(arena, "%.*s: %.*s", MG_FMT(mg_str_sub(failure->message, 0, 200)), MG_FMT(mg_str_sub(raw, 0, 2000)));
    failure->moderated = yyjson_obj_get(metadata, "reasons") || yyjson_obj_get(metadata, "flagged_input");
}

static void read_error(yyjson_val *error, struct mg_arena *arena, struct mg_peer_failure *failure)
{
    failure->present = true;
    failure->message = yyjson_is_str(error) ? mg_json_str_of(error, arena) : mg_json_str(error, "message", arena);
    failure->type = mg_json_str(error, "type", arena);
    struct mg_str status = mg_json_str(error, "status", arena); /* Google: "RESOURCE_EXHAUSTED" */
    if (status.len && !failure->type.len)
        failure->type = status;
    read_code(yyjson_obj_get(error, "code"), arena, failure);
    yyjson_val *details = yyjson_obj_get(error, "details"), *detail;
    struct mg_str code = mg_json_str(details, "error_code", arena); /* Anthropic */
    if (code.len)
        failure->code = code;
    size_t i, count;
    yyjson_arr_foreach(details, i, count, detail) { read_google_detail(detail, arena, failure); }
    read_metadata(yyjson_obj_get(error, "metadata"), arena, failure);
}

static bool says_something(yyjson_val *error) { return yyjson_is_obj(error) || (yyjson_is_str(error) && yyjson_get_len(error) > 0); }

void mg_peer_failure_find(yyjson_val *root, bool failed, struct mg_arena *arena, struct mg_peer_failure *failure)
{
    if (yyjson_is_arr(root))
        root = yyjson_arr_get_first(root);
    yyjson_val *error = yyjson_obj_get(root, "error");
    if (!says_something(error))
        error = yyjson_obj_get(yyjson_arr_get_first(yyjson_obj_get(root, "choices")), "error");
    if (says_something(error)) {
        read_error(error, arena, failure);
        return;
    }
    if (!failed)
        return;
    yyjson_val *detail = yyjson_obj_get(root, "detail"); /* FastAPI: a text, or a list of {"msg": …} */
    if (yyjson_is_arr(detail)) {
        failure->present = true;
        failure->message = mg_json_str(yyjson_arr_get_first(detail), "msg", arena);
    } else if (says_something(detail)) {
        read_error(detail, arena, failure);
    } else if (yyjson_is_str(yyjson_obj_get(root, "message"))) {
        read_error(root, arena, failure);
    }
}

/* ---- how long to wait ---- */

/* Any of the three date forms of RFC 9110. */
static bool http_date(struct mg_str text, time_t *when)
{
    static const char *const forms[] = { "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y" };
    char copy[64];
    if (text.len >= sizeof copy)
        return false;
    for (size_t i = 0; i < text.len; i++)
        copy[i] = text.at[i];
    copy[text.len] = '\0';
    for (size_t i = 0; i < MG_COUNT(forms); i++) {
        struct tm parts = { 0 };
        const char *end = strptime(copy, forms[i], &parts);
        if (end && *end == '\0') {
            *when = timegm(&parts);
            return true;
        }
    }
    return false;
}

double mg_peer_retry_after(const struct mg_http_response *response)
{
    double number;
    if (mg_str_to_double(mg_str_trim(mg_http_header(response, "retry-after-ms")), &number) && number >= 0)
        return number < 1e12 ? number / 1000 : 1e9;
    struct mg_str text = mg_str_trim(mg_http_header(response, "retry-after"));
    if (mg_str_to_double(text, &number))
        return !(number >= 0) ? -1 : number < 1e9 ? number : 1e9;
    time_t then, now;
    if (!http_date(text, &then))
        return -1;
    if (!http_date(mg_str_trim(mg_http_header(response, "date")), &now)) /* the peer's own clock, where it tells it */
        now = time(NULL);
    return then > now ? (double)(then - now) : 0;
}

/* ---- what it means ---- */

static bool has(struct mg_str text, const char *words)
{
    size_t length = mg_str_from(words).len;
    for (size_t i = 0; i + length <= text.len; i++)
        if (strncasecmp(text.at + i, words, length) == 0)
            return true;
    return false;
}

/* Codes and types that no other request with this account or model will escape, whatever the status. */
static bool is_final_code(struct mg_str code)
{
    static const char *const codes[] = {
        /* OpenAI */
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_not_active",
        "account_deactivated",
        "invalid_api_key",
        "model_not_found",
        /* Anthropic */
        "enforced_spend_limit_reached",
        "billing_error",
        /* Google */
        "API_KEY_INVALID",
        "API_KEY_SERVICE_BLOCKED",
        "SERVICE_DISABLED",
        "CONSUMER_SUSPENDED",
        /* LiteLLM; the second is its 400 for a wrong key */
        "budget_exceeded",
        "no_db_connection",
    };
    for (size_t i = 0; i < MG_COUNT(codes); i++)
        if (mg_str_is(code, codes[i]))
            return true;
    return false;
}

/* The same, of services that only say it in words and with a status that means something else. */
static bool is_final_message(struct mg_str message)
{
    static const char *const phrases[] = { "credit balance is too low", "API key not valid",  "API key expired", "User location is not supported",
                                           "not a valid model",         "invalid model name", "unknown model" };
    for (size_t i = 0; i < MG_COUNT(phrases); i++)
        if (has(message, phrases[i]))
            return true;
    return has(message, "model") && (has(message, "does not exist") || has(message, "not found"));
}

static enum mg_llm_fault fault_of_status(long status, const struct mg_peer_failure *failure, double retry_after)
{
    switch (status) {
    case 400:
        return is_final_message(failure->message) || mg_str_is(failure->type, "FAILED_PRECONDITION") ? MG_LLM_ACCOUNT : MG_LLM_REQUEST;
    case 402: /* OpenRouter may ask to wait for the next slice of a limit */
        return retry_after >= 0 ? MG_LLM_TEMPORARY : MG_LLM_ACCOUNT;
    case 403:
        return failure->moderated ? MG_LLM_REQUEST : MG_LLM_ACCOUNT;
    case 404: /* of a model, or of the address */
        return has(failure->message, "model") ? MG_LLM_ACCOUNT : MG_LLM_REQUEST;
    case 401:
    case 407: /* a proxy wants a password */
        return MG_LLM_ACCOUNT;
    case 408:
    case 409:
    case 425:
    case 429:
        return MG_LLM_TEMPORARY;
    default:
        break;
    }
    if (status >= 300 && status < 400) /* redirects are not followed, so every request ends here */
        return MG_LLM_ACCOUNT;
    return status >= 500 ? MG_LLM_TEMPORARY : MG_LLM_REQUEST;
}

/* An error inside a 200: its own status, or what its name says. Work was under way then, so an unknown one is worth another attempt. */
static long status_inside(const struct mg_peer_failure *failure)
{
    static const struct {
        const char *name;
        long status;
    } names[] = {
        { "invalid_request_error", 400 }, { "invalid_prompt", 400 },   { "bio_policy", 400 },         { "misalignment_policy_violation", 400 },
        { "authentication_error", 401 },  { "permission_error", 403 }, { "rate_limit_exceeded", 429 }
    };
    if (failure->status)
        return failure->status;
    for (size_t i = 0; i < MG_COUNT(names); i++)
        if (mg_str_is(failure->code, names[i].name) || mg_str_is(failure->type, names[i].name))
            return names[i].status;
    return 500;
}

enum mg_llm_fault mg_peer_fault(const struct mg_http_response *response, const struct mg_peer_failure *failure, double retry_after)
{
    if (is_final_code(failure->code) || is_final_code(failure->type) || failure->exhausted_for_day)
        return MG_LLM_ACCOUNT;
    long status = response->status >= 200 && response->status < 300 ? status_inside(failure) : response->status;
    enum mg_llm_fault fault = fault_of_status(status, failure, retry_after);
    /* Anthropic and OpenAI: knows better than the status */
    return mg_str_is(mg_http_header(response, "x-should-retry"), "true") ? MG_LLM_TEMPORARY : fault;
}

bool mg_peer_forbids_retry(const struct mg_http_response *response) { return mg_str_is(mg_http_header(response, "x-should-retry"), "false"); }

/* ---- how it is said ---- */

enum mg_code mg_peer_fail(struct mg_str who, struct mg_str key, const struct mg_http_response *response, const struct mg_peer_failure *failure,
                          struct mg_arena *arena, struct mg_err *err)
{
    struct mg_str name = mg_peer_line(failure->code.len ? failure->code : failure->type, key, 60, arena),
                  message = mg_peer_line(failure->message, key, 300, arena);
    struct mg_str location = mg_peer_line(mg_http_header(response, "location"), key, 200, arena);
    const char *inside = response->status < 300 ? " with an error inside" : "";
    if (response->status >= 300 && response->status < 400)
        return MG_FAIL(err, MG_E_HTTP, "%.*s answered %ld: redirected to '%.*s', which is not followed; set llm.base_url to the right address",
                       MG_FMT(who), response->status, MG_FMT(location));
    return MG_FAIL(err, MG_E_HTTP, "%.*s answered %ld%s%s%.*s%s%.*s", MG_FMT(who), response->status, inside,
                   !name.len ? ""
                   : *inside ? ": "
                             : " ",
                   MG_FMT(name), message.len ? ": " : "", MG_FMT(message));
}

enum mg_code mg_peer_fail_shape(struct mg_str who, struct mg_str key, const struct mg_http_response *response, bool is_json, const char *what,
                                struct mg_arena *arena, struct mg_err *err)
{
    struct mg_str start = mg_peer_line(mg_str_sub(response->body, 0, 400), key, 60, arena);
    return MG_FAIL(err, MG_E_HTTP, "%.*s answered %ld, but that is %s %s; it begins with '%.*s'", MG_FMT(who), response->status,
                   is_json ? "JSON without" : "no JSON, so not", what, MG_FMT(start));
}
