/* Shows what an adapter for language models sends and what it makes of an answer, for tests that hold it against the providers' own SDKs.
 *   llm_dump < CASE.json
 * CASE: {"settings": {"provider", "model", "base_url", "api", "key", "effort", "thinking"},
 *        "request": {"system", "parts": [{"role", "text", "breakpoint"}], "max_output_tokens"},
 *        "response": {"status", "headers": {}, "body"}, "live": true}
 * "response" may be left out; with "live" the request goes out over HTTP and the answer is whatever the peer sends.
 * Prints {"url", "headers", "body", "bytes", "hash", "reply": {…}}, or {"config_error"}. Exit code 2: the case is no such JSON. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "adapters/http_curl/http_curl.h"
#include "adapters/llm_http/llm_http.h"
#include "base/str.h"
#include "core/ledger.h"

struct script {
    yyjson_val *answer;
    bool live;
    struct mg_http_request seen;
};

static struct mg_str text_of(yyjson_val *object, const char *key)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    return yyjson_is_str(value) ? (struct mg_str){ yyjson_get_str(value), yyjson_get_len(value) } : MG_NO_STR;
}

static enum mg_code scripted_send(void *self, const struct mg_http_request *request, struct mg_arena *arena, struct mg_http_response *response,
                                  struct mg_err *err)
{
    struct script *script = self;
    script->seen = *request;
    struct mg_http curl = mg_http_curl();
    if (script->live)
        return curl.ops->send(curl.self, request, arena, response, err);
    if (!script->answer)
        return MG_FAIL(err, MG_E_HTTP, "no answer in this case");
    response->sent = true;
    yyjson_val *status = yyjson_obj_get(script->answer, "status");
    response->status = status ? (long)yyjson_get_sint(status) : 200;
    response->body = text_of(script->answer, "body");
    yyjson_val *name, *value;
    size_t i, count;
    yyjson_obj_foreach(yyjson_obj_get(script->answer, "headers"), i, count, name, value)
    {
        *MG_PUSH(arena, &response->headers) =
            (struct mg_http_header){ { yyjson_get_str(name), yyjson_get_len(name) }, { yyjson_get_str(value), yyjson_get_len(value) } };
    }
    return MG_OK;
}

static const struct mg_http_ops scripted = { .name = "scripted", .send = scripted_send };

static struct mg_llm_http_settings settings_of(yyjson_val *from)
{
    yyjson_val *thinking = yyjson_obj_get(from, "thinking");
    return (struct mg_llm_http_settings){
        .provider = text_of(from, "provider"),
        .model = text_of(from, "model"),
        .base_url = text_of(from, "base_url"),
        .api = text_of(from, "api"),
        .key = text_of(from, "key"),
        .effort = text_of(from, "effort"),
        .thinking = thinking ? yyjson_get_bool(thinking) : true,
        .connect_seconds = 10,
        .max_body = 16u << 20,
        .price_input = -1,
        .price_output = -1,
    };
}

static struct mg_llm_request request_of(yyjson_val *from, struct mg_arena *arena)
{
    yyjson_val *limit = yyjson_obj_get(from, "max_output_tokens"), *part;
    struct mg_llm_request request = { .system = text_of(from, "system"), .seconds = 60, .max_output_tokens = limit ? yyjson_get_sint(limit) : 8192 };
    size_t i, count;
    yyjson_arr_foreach(yyjson_obj_get(from, "parts"), i, count, part)
    {
        enum mg_llm_role role = yyjson_equals_str(yyjson_obj_get(part, "role"), "assistant") ? MG_LLM_ASSISTANT : MG_LLM_USER;
        *MG_PUSH(arena, &request.parts) = (struct mg_llm_part){ role, text_of(part, "text"), yyjson_get_bool(yyjson_obj_get(part, "breakpoint")) };
    }
    return request;
}

/* ---- output ---- */

static void put(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct mg_str text)
{
    (void)yyjson_mut_obj_add(object, yyjson_mut_str(doc, key), yyjson_mut_strncpy(doc, text.at ? text.at : "", text.len));
}

static void put_reply(yyjson_mut_doc *doc, const struct mg_llm *llm, enum mg_code code, const struct mg_llm_reply *reply, const struct mg_err *err)
{
    static const char *const stops[] = { "end", "truncated", "refused" }, *const faults[] = { "none", "temporary", "request", "account" };
    yyjson_mut_val *object = yyjson_mut_obj_add_obj(doc, yyjson_mut_doc_get_root(doc), "reply");
    put(doc, object, "code", mg_str_from(mg_code_name(code)));
    put(doc, object, "fault", mg_str_from(faults[reply->fault]));
    put(doc, object, "error", code == MG_OK ? MG_NO_STR : mg_str_from(err->text));
    put(doc, object, "text", reply->text);
    put(doc, object, "model", reply->model);
    put(doc, object, "request_id", reply->request_id);
    put(doc, object, "stop", mg_str_from(stops[reply->stop]));
    yyjson_mut_obj_add_sint(doc, object, "reported_micro_usd", reply->reported_micro_usd);
    yyjson_mut_obj_add_sint(doc, object, "cost_micro_usd", mg_cost(llm->price, &reply->usage));
    yyjson_mut_obj_add_real(doc, object, "retry_after", reply->retry_after);
    yyjson_mut_obj_add_bool(doc, object, "no_retry", reply->no_retry);
    yyjson_mut_val *usage = yyjson_mut_obj_add_obj(doc, object, "usage");
    yyjson_mut_obj_add_sint(doc, usage, "input", reply->usage.input);
    yyjson_mut_obj_add_sint(doc, usage, "cache_read", reply->usage.cache_read);
    yyjson_mut_obj_add_sint(doc, usage, "cache_write", reply->usage.cache_write);
    yyjson_mut_obj_add_sint(doc, usage, "output", reply->usage.output);
    yyjson_mut_obj_add_bool(doc, usage, "known", reply->usage.known);
}

static void put_request(yyjson_mut_doc *doc, const struct mg_llm *llm, const struct mg_llm_request *request, const struct mg_http_request *http,
                        struct mg_arena *arena)
{
    yyjson_mut_val *root = yyjson_mut_doc_get_root(doc), *headers = yyjson_mut_obj_add_obj(doc, root, "headers");
    put(doc, root, "url", http->url);
    put(doc, root, "model", llm->model);
    for (size_t i = 0; i < http->headers.len; i++)
        (void)yyjson_mut_obj_add(headers, yyjson_mut_strncpy(doc, http->headers.at[i].name.at, http->headers.at[i].name.len),
                                 yyjson_mut_strncpy(doc, http->headers.at[i].value.at, http->headers.at[i].value.len));
    put(doc, root, "body", http->body);
    yyjson_mut_obj_add_sint(doc, root, "bytes", llm->ops->request_bytes(llm->self, request));
    put(doc, root, "hash", llm->ops->request_hash(llm->self, request, arena));
}

static void dump(yyjson_val *root, struct mg_arena *arena, yyjson_mut_doc *doc)
{
    struct script script = { .answer = yyjson_obj_get(root, "response"), .live = yyjson_get_bool(yyjson_obj_get(root, "live")) };
    struct mg_llm_http_settings settings = settings_of(yyjson_obj_get(root, "settings"));
    struct mg_llm_request request = request_of(yyjson_obj_get(root, "request"), arena);
    struct mg_err err = { .code = MG_OK };
    struct mg_llm llm;
    if (mg_llm_http_new(&settings, (struct mg_http){ &scripted, &script }, &llm, &err) != MG_OK) {
        put(doc, yyjson_mut_doc_get_root(doc), "config_error", mg_str_from(err.text));
        return;
    }
    struct mg_llm_reply reply;
    enum mg_code code = llm.ops->complete(llm.self, &request, arena, &reply, &err);
    put_request(doc, &llm, &request, &script.seen, arena);
    if (script.answer || script.live)
        put_reply(doc, &llm, code, &reply, &err);
    llm.ops->close(llm.self);
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN); /* as main.c does, for http_curl */
    yyjson_read_err problem;
    yyjson_doc *given = yyjson_read_fp(stdin, YYJSON_READ_ALLOW_INVALID_UNICODE, NULL, &problem);
    if (!given) {
        fprintf(stderr, "llm_dump: %s at byte %zu\n", problem.msg, problem.pos);
        return 2;
    }
    struct mg_arena *arena = mg_arena_new();
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
    dump(yyjson_doc_get_root(given), arena, doc);
    bool written = yyjson_mut_write_fp(stdout, doc, YYJSON_WRITE_NOFLAG, NULL, NULL);
    yyjson_mut_doc_free(doc);
    yyjson_doc_free(given);
    mg_arena_free(arena);
    return written && putchar('\n') != EOF ? 0 : 1;
}
