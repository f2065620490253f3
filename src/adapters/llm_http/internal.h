/* Shared by the files of this adapter: the table of wire formats and what they are written with. */
#ifndef MG_ADAPTERS_LLM_HTTP_INTERNAL_H
#define MG_ADAPTERS_LLM_HTTP_INTERNAL_H

#include "adapters/llm_http/json.h"
#include "adapters/llm_http/peer.h"
#include "ports/http.h"
#include "ports/llm.h"

/* Ordered: a model takes every level up to its own highest. */
enum mg_effort { MG_EFFORT_NONE, MG_EFFORT_LOW, MG_EFFORT_MEDIUM, MG_EFFORT_HIGH, MG_EFFORT_XHIGH, MG_EFFORT_MAX };

struct mg_llm_format;
struct mg_llm_http {
    unsigned magic;
    struct mg_arena *arena; /* of the texts below; not touched after the start */
    const struct mg_llm_format *format;
    struct mg_http http;
    struct mg_str provider, model, url, key, key_env, ca_file;
    bool itself; /* the provider's own service, not a server that speaks like it */
    enum mg_effort effort;
    bool thinking;
    double connect_seconds;
    size_t max_body;
    struct mg_price own_price;
};

/* One wire format. A new one is a file with these functions and a line in the table of llm_http.c. */
struct mg_llm_format {
    const char *name;                                                       /* in the hash of a request, so never changed */
    const char *what;                                                       /* "an answer of Anthropic Messages": for errors */
    struct mg_peer_url place;                                               /* where its requests go */
    bool shows_thinking;                                                    /* models behind it may leave <think> sections in their text */
    struct mg_str (*endpoint)(struct mg_str model, struct mg_arena *arena); /* "/messages" */
    void (*headers)(const struct mg_llm_http *llm, struct mg_arena *arena, struct mg_http_request *request);
    void (*body)(const struct mg_llm_http *llm, const struct mg_llm_request *request, struct mg_json *json);
    /* Takes text, stop reason, usage, model and the reported cost out of a 2xx answer. False: it is no answer of this format, or *failure says
     * what went wrong in it; what was told of the usage is filled in even then. */
    bool (*read)(yyjson_val *root, struct mg_arena *arena, struct mg_llm_reply *reply, struct mg_peer_failure *failure);
};
extern const struct mg_llm_format mg_llm_anthropic, mg_llm_openai_chat, mg_llm_openrouter, mg_llm_openai_responses, mg_llm_gemini;

/* The whole of one request: address, headers, body. Byte-stable. */
void mg_llm_http_request(const struct mg_llm_http *llm, const struct mg_llm_request *request, struct mg_arena *arena, struct mg_http_request *http);
/* What an answer means. Fills *reply; MG_OK or MG_E_HTTP. */
MG_MUST_CHECK enum mg_code mg_llm_http_judge(const struct mg_llm_http *llm, const struct mg_http_response *response, struct mg_arena *arena,
                                             struct mg_llm_reply *reply, struct mg_err *err);

/* Neighbouring parts of one role, without empty ones: parts[from .. to). */
struct mg_llm_turn {
    enum mg_llm_role role;
    size_t from, to;
};
struct mg_llm_turns {
    MG_LIST(struct mg_llm_part) parts;
    MG_LIST(struct mg_llm_turn) turns;
};
void mg_llm_turns(const struct mg_llm_request *request, struct mg_arena *arena, struct mg_llm_turns *turns);
/* The parts of a turn as one text; each but the last ends its line. */
struct mg_str mg_llm_turn_text(const struct mg_llm_turns *turns, const struct mg_llm_turn *turn, struct mg_arena *arena);

/* Usage of a provider whose input count holds the cached tokens; -1 = not told. */
struct mg_usage mg_usage_split(int64_t input, int64_t cache_read, int64_t cache_write, int64_t output);
int64_t mg_micro_usd(double usd); /* rounded up; negative = MG_UNKNOWN_COST */

/* `text` without the <think>…</think> sections that a model wrote before or between the paragraphs of its answer. */
struct mg_str mg_llm_without_thinking(struct mg_str text, struct mg_arena *arena);

/* What a model is known to take. */
const char *mg_effort_word(enum mg_effort effort);    /* "medium"; NULL for NONE */
enum mg_effort mg_effort_openai(struct mg_str model); /* the highest; NONE: send none */
enum mg_effort mg_effort_lowered(enum mg_effort wanted, enum mg_effort highest);
struct mg_claude {
    enum mg_effort highest;
    bool has_xhigh;
    bool adaptive;   /* takes thinking {"type": "adaptive"} */
    const char *off; /* type that turns thinking off; NULL: said by sending none, or not possible */
};
struct mg_claude mg_claude_of(struct mg_str model);

#endif
