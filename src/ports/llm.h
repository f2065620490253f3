/* Port: one attempt to have a language model continue a conversation. Reserving money, retrying and recording stand in front of it
 * (services/model_calls.c is the one retry layer): an adapter sends once and says what happened.
 *
 * Threads: any, several calls at once. Texts from a model are untrusted; adapters bound their size. Keys never appear in any text. */
#ifndef MG_LLM_H
#define MG_LLM_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"
#include "core/ledger.h"

enum mg_llm_role { MG_LLM_USER, MG_LLM_ASSISTANT };

/* Neighbouring parts of one role are one message. */
struct mg_llm_part {
    enum mg_llm_role role;
    struct mg_str text;
    bool
        breakpoint; /* everything up to here is the same in later requests: a provider with explicit prompt caching ends a cached prefix here (at most 4) */
};
struct mg_llm_request {
    struct mg_str purpose; /* "generate", "repair", "strengthen": for the ledger only, not sent */
    struct mg_str target_id;
    struct mg_str system; /* byte-stable over a run */
    MG_LIST(struct mg_llm_part) parts;
    int64_t max_output_tokens; /* thinking counts inside */
    double seconds;            /* deadline of this attempt, whole */
    const struct mg_cancel *cancel;
};

enum mg_llm_stop {
    MG_LLM_END,
    MG_LLM_TRUNCATED, /* by max_output_tokens or the context window */
    MG_LLM_REFUSED,   /* refusal, content filter, safety */
};
/* Why an attempt gave no reply. */
enum mg_llm_fault {
    MG_LLM_NO_FAULT,
    MG_LLM_TEMPORARY, /* 408, 409, 429, 5xx, connection lost, time-out: the same request may work later */
    MG_LLM_REQUEST,   /* this request will never work (400, 404, 413, 422, an answer that is none): ends the target, not the run */
    MG_LLM_ACCOUNT,   /* no request will work (401, 403, 402, exhausted quota, unknown model): ends the run, targets stay resumable */
};
struct mg_llm_reply {
    struct mg_str text;  /* what the model said, without its thinking; UTF-8 */
    struct mg_str model; /* that answered; may be empty */
    struct mg_str request_id;
    enum mg_llm_stop stop;
    struct mg_usage usage;
    int64_t reported_micro_usd; /* the provider's own figure; MG_UNKNOWN_COST when it told none. Preferred to our table */
    /* Also set when the call failed: */
    enum mg_llm_fault fault;
    bool unanswered;       /* the request may have been worked on, and nothing that came back says what that took: settled at its worst */
    bool no_retry;         /* the provider asks not to be tried again now; the fault is still what a later session may get over */
    double retry_after;    /* seconds the provider asked to wait; negative = it did not say */
    int64_t request_bytes; /* of the body */
};

struct mg_llm_ops {
    const char *name; /* "anthropic", "openai", … */
    /* Sends `request` once. MG_OK with a reply (a refusal or a truncated text is a reply), else MG_E_HTTP (reply->fault says which kind, the
     * text names the status and the provider's message in one line), MG_E_TIMEOUT (fault TEMPORARY), MG_E_CANCELLED, MG_E_CONFIG. */
    enum mg_code (*complete)(void *self, const struct mg_llm_request *request, struct mg_arena *arena, struct mg_llm_reply *reply,
                             struct mg_err *err);
    /* Bytes of the body that `complete` would send: what is reserved for, and the estimate of --dry-run. */
    int64_t (*request_bytes)(void *self, const struct mg_llm_request *request);
    /* Hex SHA-256 over everything that decides the reply (provider's wire format, model, parameters, messages): the name of a recorded reply. */
    struct mg_str (*request_hash)(void *self, const struct mg_llm_request *request, struct mg_arena *arena);
    void (*close)(void *self);
};
struct mg_llm {
    const struct mg_llm_ops *ops; /* NULL: no model */
    void *self;
    struct mg_str provider, model;
    const struct mg_price *price; /* NULL = unknown */
};

#endif
