/* One attempt: the request as it is sent, and what the answer means. */
#include "adapters/llm_http/internal.h"

#include "base/str.h"

void mg_llm_http_request(const struct mg_llm_http *llm, const struct mg_llm_request *request, struct mg_arena *arena, struct mg_http_request *http)
{
    *http = (struct mg_http_request){ .url = llm->url,
                                      .connect_seconds = llm->connect_seconds,
                                      .seconds = request->seconds,
                                      .max_body = llm->max_body,
                                      .ca_file = llm->ca_file,
                                      .cancel = request->cancel };
    mg_peer_header(http, arena, "content-type", MG_STR("application/json"));
    mg_peer_header(http, arena, "accept", MG_STR("application/json"));
    mg_peer_header(http, arena, "user-agent", MG_STR("mutagen/" MG_VERSION));
    llm->format->headers(llm, arena, http);
    struct mg_json json = mg_json_new(arena);
    llm->format->body(llm, request, &json);
    http->body = mg_json_write(&json);
}

/* ---- numbers ---- */

struct mg_usage mg_usage_split(int64_t input, int64_t cache_read, int64_t cache_write, int64_t output)
{
    int64_t read = cache_read < 0 ? 0 : cache_read < input ? cache_read : input;
    int64_t written = cache_write < 0 ? 0 : cache_write < input - read ? cache_write : input - read;
    return (struct mg_usage){ .input = input - read - written, .cache_read = read, .cache_write = written, .output = output, .known = true };
}

int64_t mg_micro_usd(double usd)
{
    if (!(usd >= 0) || usd > 1e9)
        return MG_UNKNOWN_COST;
    double micro = usd * 1e6;
    int64_t whole = (int64_t)micro;
    return micro - (double)whole > 1e-6 ? whole + 1 : whole;
}

static int64_t estimate(size_t bytes) { return (int64_t)(bytes / 4 + (bytes % 4 != 0)); }

/* ---- the answer ---- */

static struct mg_str first_header(const struct mg_http_response *response, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct mg_str value = mg_http_header(response, names[i]);
        if (value.len)
            return value;
    }
    return MG_NO_STR;
}

/* A LiteLLM proxy tells what a call cost. Its 0 may also mean that it does not know. */
static void read_cost_header(const struct mg_http_response *response, struct mg_llm_reply *reply)
{
    double usd;
    if (reply->reported_micro_usd == MG_UNKNOWN_COST && mg_str_to_double(mg_http_header(response, "x-litellm-response-cost"), &usd) && usd > 0)
        reply->reported_micro_usd = mg_micro_usd(usd);
}

/* The last steps that every text from outside goes through. */
static void finish_texts(const struct mg_llm_http *llm, const struct mg_http_response *response, struct mg_arena *arena, struct mg_llm_reply *reply)
{
    static const char *const ids[] = { "request-id", "x-request-id", "x-litellm-call-id" };
    struct mg_str id = first_header(response, ids, MG_COUNT(ids));
    if (id.len)
        reply->request_id = id;
    reply->request_id = mg_peer_line(reply->request_id, llm->key, 200, arena);
    reply->model = mg_peer_line(reply->model, llm->key, 200, arena);
    reply->text = mg_peer_redact(reply->text, llm->key, arena);
}

/* Where the key came from is worth saying when it was refused. */
static enum mg_code refused(const struct mg_llm_http *llm, const struct mg_http_response *response, const struct mg_peer_failure *failure,
                            struct mg_arena *arena, struct mg_llm_reply *reply, struct mg_err *err)
{
    double wait = mg_peer_retry_after(response);
    reply->retry_after = wait >= 0 ? wait : failure->retry_after;
    reply->fault = mg_peer_fault(response, failure, reply->retry_after);
    reply->no_retry = mg_peer_forbids_retry(response);
    enum mg_code code = mg_peer_fail(llm->provider, llm->key, response, failure, arena, err);
    if (err && response->status == 401 && llm->key_env.len) {
        struct mg_str said = mg_arena_str(arena, mg_str_from(err->text));
        code = MG_FAIL(err, MG_E_HTTP, "%.*s (%s %.*s)", MG_FMT(said), llm->key.len ? "the key in" : "no key was sent: there is none in",
                       MG_FMT(llm->key_env));
    }
    return code;
}

/* A 2xx: a reply, an error in its place, or neither. */
static enum mg_code judge_success(const struct mg_llm_http *llm, const struct mg_http_response *response, yyjson_val *root, struct mg_arena *arena,
                                  struct mg_llm_reply *reply, struct mg_err *err)
{
    struct mg_peer_failure failure = MG_PEER_FAILURE;
    bool is_reply = root && llm->format->read(root, arena, reply, &failure);
    mg_peer_failure_find(root, false, arena, &failure);
    read_cost_header(response, reply);
    finish_texts(llm, response, arena, reply);
    if (failure.present) {
        reply->text = MG_NO_STR;
        return refused(llm, response, &failure, arena, reply, err);
    }
    if (!reply->usage.known) {
        reply->usage.input = estimate((size_t)reply->request_bytes);
        reply->usage.output = estimate(response->body.len);
    }
    if (!is_reply) {
        reply->unanswered = !reply->usage.known && reply->reported_micro_usd == MG_UNKNOWN_COST;
        reply->text = MG_NO_STR;
        reply->fault = MG_LLM_REQUEST;
        return mg_peer_fail_shape(llm->provider, llm->key, response, root != NULL, llm->format->what, arena, err);
    }
    if (llm->format->shows_thinking)
        reply->text = mg_llm_without_thinking(reply->text, arena);
    return MG_OK;
}

enum mg_code mg_llm_http_judge(const struct mg_llm_http *llm, const struct mg_http_response *response, struct mg_arena *arena,
                               struct mg_llm_reply *reply, struct mg_err *err)
{
    yyjson_doc *doc = mg_json_read(response->body, arena);
    yyjson_val *root = yyjson_doc_get_root(doc);
    enum mg_code code;
    if (response->status >= 200 && response->status < 300) {
        code = judge_success(llm, response, root, arena, reply, err);
    } else {
        struct mg_peer_failure failure = MG_PEER_FAILURE;
        mg_peer_failure_find(root, true, arena, &failure);
        struct mg_str id = mg_json_str(root, "request_id", arena); /* Anthropic tells it in the body, too */
        reply->request_id = id;
        finish_texts(llm, response, arena, reply);
        code = refused(llm, response, &failure, arena, reply, err);
    }
    yyjson_doc_free(doc);
    return code;
}
