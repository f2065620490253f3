/* What stands between a generator and a model: the ledger, the one retry layer, and the rule that no secret goes out or comes back. */
#ifndef MG_MODEL_CALLS_H
#define MG_MODEL_CALLS_H

#include "base/base.h"
#include "core/config.h"
#include "core/secret.h"
#include "ports/clock.h"
#include "ports/llm.h"
#include "ports/progress.h"
#include "ports/store.h"
#include "base/turn.h"

struct mg_model_calls_setup {
    struct mg_llm llm; /* who is asked; closed with the result */
    struct mg_store store;
    struct mg_clock clock;
    struct mg_progress progress;      /* told when a call has to wait; ops may be NULL */
    const struct mg_secrets *secrets; /* may be NULL */
    struct mg_str run_id;             /* begun before the first call; borrowed, as everything here */
    struct mg_spend_limits limits;
    int64_t max_retries;    /* of one call */
    double first_wait;      /* seconds before the first retry, then doubled; 0 = 0.5 */
    double timeout_seconds; /* of one attempt */
    const double *deadline; /* monotonic seconds of `clock` after which nothing is sent; 0 = none. Read at each call; NULL = none */
    struct mg_turn *turn;   /* the caller's, given up from the first attempt to the last; NULL = kept (base/turn.h) */
    uint64_t seed;          /* of the jitter */
};
/* From the settings: limits, retries and time-out. */
void mg_model_calls_configure(struct mg_model_calls_setup *setup, const struct mg_config *config);

/* Wraps setup->llm in an mg_llm of the same name, provider, model and price. MG_E_CONFIG, with what to do about it, when the model has no
 * price and there is a cost limit; setup->llm is the caller's then.
 *
 * Its `complete`, from any thread: each attempt is reserved at its worst in the store, sent, and settled by what it took:
 *   - a reply: the provider's own figure, else the price of the usage it told, else of an estimate (bytes / 4);
 *   - a failure: nothing, unless a cost or a usage (told or estimated) came with it;
 *   - unanswered, or answered by something that is no reply: the worst, for it may have been worked on.
 * TEMPORARY faults are tried again, after what the provider asked for (not when that is more than what is left of the wall clock), else
 * after 0.5 s, 1 s, 2 s … 8 s, up to a quarter less; those that say no_retry are not. After an ACCOUNT fault nothing is sent any more; being asked to wait for more than 120 s
 * is one.
 *
 * MG_OK with a reply. Else:
 *   MG_E_LIMIT      "cost_limit_reached", "token_limit_reached" or "wallclock_exceeded": this attempt was not sent
 *   MG_E_HTTP, MG_E_TIMEOUT  no reply; reply->fault says of what kind that is. A setting that cannot work is a fault of kind ACCOUNT
 *   MG_E_CANCELLED
 *   MG_E_STORE …    money could not be written down: of the store; nothing more should be sent then */
MG_MUST_CHECK enum mg_code mg_model_calls_new(const struct mg_model_calls_setup *setup, struct mg_llm *calls, struct mg_err *err);

#endif
