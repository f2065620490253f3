/* Money and tokens of model calls, as pure arithmetic. Money is in micro-USD: a price of 3 USD per million tokens is 3 micro-USD per token.
 * Sums saturate at INT64_MAX. An unknown amount is MG_UNKNOWN_COST, never 0. */
#ifndef MG_LEDGER_H
#define MG_LEDGER_H

#include "base/arena.h"
#include "base/base.h"

#define MG_UNKNOWN_COST INT64_C(-1)

/* Tokens of one call. The three kinds of input never overlap, whatever the provider counts. */
struct mg_usage {
    int64_t input;       /* read at full price */
    int64_t cache_read;  /* read from the provider's prompt cache */
    int64_t cache_write; /* written to it */
    int64_t output;      /* with thinking */
    bool known;          /* the provider said so; else it is our estimate (bytes / 4) or 0 */
};

/* Micro-USD per token. */
struct mg_price {
    const char *provider; /* "anthropic", "openai", "gemini"; a model of another provider has no default price */
    const char *model;    /* exact id, or a prefix that ends with '*' */
    double input, output, cache_read, cache_write;
};
/* The default price of a model, from the dated table in price.c; NULL when there is none. A longer match wins. */
const struct mg_price *mg_price_find(struct mg_str provider, struct mg_str model);
const char *mg_price_date(void); /* "2026-11-01": when the table was made */
/* The model that a provider uses when none is named; NULL: one must be named. One table with the prices. */
const char *mg_default_model(struct mg_str provider);

/* The price that a run counts with: the table's, with the user's own figures (USD per million tokens, negative = not given) over it. *price is
 * NULL when it stays unknown, else it points into the table or to *own, which the caller keeps. MG_E_CONFIG: one figure only, and no table
 * to take the other from. */
MG_MUST_CHECK enum mg_code mg_price_choose(struct mg_str provider, struct mg_str model, double input, double output, struct mg_price *own,
                                           const struct mg_price **price, struct mg_err *err);

/* Rounded up. MG_UNKNOWN_COST when `price` is NULL. */
int64_t mg_cost(const struct mg_price *price, const struct mg_usage *usage);

/* The most a request can cost: every byte of it a token at the dearest input price, and the whole output limit. */
int64_t mg_worst_cost(const struct mg_price *price, int64_t request_bytes, int64_t max_output_tokens);

struct mg_spend_limits {
    int64_t max_micro_usd; /* 0 = off */
    int64_t max_tokens;    /* input and output together; 0 = off */
};

/* One model call as the store keeps it: reserved at its worst before it is sent, settled by what happened. */
struct mg_llm_call {
    struct mg_str target_id, purpose; /* "generate", "repair", "strengthen", "embed" */
    struct mg_str provider, model;
    struct mg_str request_hash; /* hex SHA-256 of the request, empty when unknown */
    struct mg_str request_id;   /* the provider's */
    struct mg_str failure;      /* one line, empty when it succeeded */
    int64_t started_at;         /* unix seconds */
    double seconds;
    uint32_t requests; /* HTTP requests, or program starts */
    struct mg_usage usage;
    int64_t micro_usd;                     /* real; MG_UNKNOWN_COST */
    int64_t worst_micro_usd, worst_tokens; /* reserved */
    bool settled;
};

/* Summed up over calls. A call that was never settled (its process died) counts at its worst. */
struct mg_spend {
    int64_t micro_usd;    /* of the calls with a known cost */
    int64_t input_tokens; /* all three kinds; of an open call its worst */
    int64_t output_tokens, cache_read_tokens;
    uint32_t calls, requests;
    uint32_t unknown_cost_calls; /* their cost is not in micro_usd */
    uint32_t estimated_calls;    /* their usage was not told by the provider */
};
void mg_spend_add(struct mg_spend *spend, const struct mg_llm_call *call);
void mg_spend_sum(struct mg_spend *total, const struct mg_spend *part);
int64_t mg_spend_tokens(const struct mg_spend *spend); /* read and written: what max_tokens limits */

/* Whether a further call with that worst case stays within the limits; false names the one it would pass in *reason
 * ("cost_limit_reached", "token_limit_reached"). A call of unknown price never fits under a cost limit. */
bool mg_spend_allows(const struct mg_spend_limits *limits, const struct mg_spend *spent, const struct mg_llm_call *call, const char **reason);

/* "$0.0123", "$0.00", or "cost unknown" (calls were made, none with a known cost), or "$0.0123 + 2 calls of unknown cost". */
struct mg_str mg_text_spend(struct mg_arena *arena, const struct mg_spend *spend);

#endif
