/* What every HTTP interface of a model provider has in common: addresses, keys that must not leak, errors and how long to wait after one. */
#ifndef MG_ADAPTERS_LLM_HTTP_PEER_H
#define MG_ADAPTERS_LLM_HTTP_PEER_H

#include "base/arena.h"
#include "base/base.h"
#include "ports/http.h"
#include "ports/llm.h"

#include <yyjson.h>

struct mg_peer_url {
    const char *base;    /* the provider's own, without the version */
    const char *version; /* "/v1" */
    bool always;         /* the version belongs behind every base_url that does not end with one; else only behind a bare host */
};
/* Puts the address of `endpoint` together. An empty `base_url` is the provider's own. MG_E_CONFIG names `setting`. */
MG_MUST_CHECK enum mg_code mg_peer_url(const struct mg_peer_url *place, struct mg_str base_url, struct mg_str endpoint, const char *setting,
                                       struct mg_arena *arena, struct mg_str *url, struct mg_err *err);
struct mg_str mg_peer_host(struct mg_str url); /* without port; as written */

/* MG_E_CONFIG when the key could not stand in a header. The text never holds the key. */
MG_MUST_CHECK enum mg_code mg_peer_check_key(struct mg_str key, struct mg_str key_env, struct mg_err *err);
/* `text` with every occurrence of the key replaced. */
struct mg_str mg_peer_redact(struct mg_str text, struct mg_str key, struct mg_arena *arena);
/* One line of at most `length` characters, redacted. */
struct mg_str mg_peer_line(struct mg_str text, struct mg_str key, size_t length, struct mg_arena *arena);
void mg_peer_header(struct mg_http_request *request, struct mg_arena *arena, const char *name, struct mg_str value);

/* What a provider says about a failure, whatever shape it has. */
struct mg_peer_failure {
    bool present;
    struct mg_str type, code, message;
    long status;            /* told inside the body; 0 */
    double retry_after;     /* told inside the body; negative */
    bool moderated;         /* this text was refused by a filter */
    bool exhausted_for_day; /* a daily quota */
};
#define MG_PEER_FAILURE ((struct mg_peer_failure){ .retry_after = -1 })
/* Looks for {"error": …}, also in a list of one, also in choices[0]; with `failed`, for every shape that an error status brings along. */
void mg_peer_failure_find(yyjson_val *root, bool failed, struct mg_arena *arena, struct mg_peer_failure *failure);
/* Seconds that the headers ask to wait; negative when they do not. */
double mg_peer_retry_after(const struct mg_http_response *response);
/* `retry_after` as the headers or else the body say. */
enum mg_llm_fault mg_peer_fault(const struct mg_http_response *response, const struct mg_peer_failure *failure, double retry_after);
bool mg_peer_forbids_retry(const struct mg_http_response *response); /* by a header */
/* Sets *err to one line: who, status, the provider's words. Redacted, cut. Returns MG_E_HTTP. */
enum mg_code mg_peer_fail(struct mg_str who, struct mg_str key, const struct mg_http_response *response, const struct mg_peer_failure *failure,
                          struct mg_arena *arena, struct mg_err *err);
/* The same for a 2xx answer that is not what was asked for; `what` = "an answer of Chat Completions". */
enum mg_code mg_peer_fail_shape(struct mg_str who, struct mg_str key, const struct mg_http_response *response, bool is_json, const char *what,
                                struct mg_arena *arena, struct mg_err *err);

#endif
