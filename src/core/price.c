/* Default models and default prices, one dated table each, and what a call costs.
 *
 * Sources, read on the day of the table: the providers' price pages (platform.claude.com/docs/en/about-claude/pricing,
 * developers.openai.com/api/docs/pricing, ai.google.dev/gemini-api/docs/pricing), through the price list that the package litellm 1.108.7
 * carries with these sources, and for gpt-6.1-terra, gpt-6.2-* and gemini-4-* through release notes that quote the same pages.
 * Standard tier, USD per million tokens. Where a launch price runs out within weeks (Gemini 3.6 to 3.8 Flash, 4 Argon and 4 Carbon), the
 * price after it stands here: a limit that is too tight is better than one that is passed. Prompts of more than 100,000 tokens cost more
 * with some models (Claude Haiku 5.5 above 100,000, GPT-5.4 and later above 272,000, Gemini Pro above 200,000): the table does not know that. */
#include "core/ledger.h"
#include "base/str.h"

static const char table_date[] = "2026-11-25";

/* What is assumed where only a price for input and output is known (the user's own): a cached token costs that many times an input token.
 * Anthropic: 0.1 and 1.25 (pricing page, five-minute cache; newer models read for less). OpenAI: the smallest discount it gives is one half
 * (gpt-4o), writing costs 1.25 from gpt-5.6 on. Gemini: reading costs at most a quarter, its implicit cache is written for nothing extra.
 * Every other provider: no discount. */
static const struct provider {
    const char *name, *model; /* model: used when none is named */
    double cache_read, cache_write;
} providers[] = {
    { "anthropic", "claude-sonnet-5-5", 0.1, 1.25 },
    { "openai", "gpt-6.1-sol", 0.5, 1.25 },
    { "gemini", "gemini-3.8-flash", 0.25, 1 },
};

/* clang-format off */
/* An id and its dated snapshots ("gpt-5-2025-08-07", "claude-opus-4-5-20251101"). */
#define DATED(provider, model, input, output, cache_read, cache_write) \
    { provider, model, input, output, cache_read, cache_write }, { provider, model "-20*", input, output, cache_read, cache_write }
#define CLAUDE(model, input, output, cache_read, cache_write) DATED("anthropic", model, input, output, cache_read, cache_write)
#define GPT(model, input, output, cache_read, cache_write) DATED("openai", model, input, output, cache_read, cache_write)
#define GEMINI(model, input, output, cache_read) { "gemini", model, input, output, cache_read, input } /* implicit caching: no extra price for writing */

static const struct mg_price prices[] = {
    /* cache: five-minute writes */
    CLAUDE("claude-haiku-5-5", 0.1, 0.5, 0.01, 0.125),
    CLAUDE("claude-sonnet-5-5", 2, 10, 0.1, 2.5),
    CLAUDE("claude-opus-5-5", 4, 20, 0.2, 5),
    CLAUDE("claude-fable-5-1", 10, 50, 0.25, 12.5),
    CLAUDE("claude-mythos-5-1", 10, 50, 0.25, 12.5),
    CLAUDE("claude-sonnet-5", 2, 10, 0.2, 2.5),
    CLAUDE("claude-opus-5", 5, 25, 0.5, 6.25),
    CLAUDE("claude-fable-5", 10, 50, 1, 12.5),
    CLAUDE("claude-mythos-5", 10, 50, 1, 12.5),
    CLAUDE("claude-opus-4-8", 5, 25, 0.5, 6.25),
    CLAUDE("claude-opus-4-7", 5, 25, 0.5, 6.25),
    CLAUDE("claude-opus-4-6", 5, 25, 0.5, 6.25),
    CLAUDE("claude-opus-4-5", 5, 25, 0.5, 6.25),
    CLAUDE("claude-sonnet-4-6", 3, 15, 0.3, 3.75),
    CLAUDE("claude-sonnet-4-5", 3, 15, 0.3, 3.75),
    CLAUDE("claude-haiku-4-5", 1, 5, 0.1, 1.25),

    /* cache: thirty-minute writes; before gpt-5.6 writing costs nothing extra */
    GPT("gpt-6.2-sol", 2, 10, 0.1, 2.5),
    GPT("gpt-6.2-astra", 8, 40, 0.4, 10),
    GPT("gpt-6.1-sol", 2, 10, 0.1, 2.5),
    GPT("gpt-6.1-terra", 1, 5, 0.05, 1.25),
    GPT("gpt-6-astra", 10, 50, 1, 12.5),
    GPT("gpt-6-sol", 2, 10, 0.2, 2.5),
    GPT("gpt-6-luna", 0.1, 0.5, 0.01, 0.125),
    GPT("gpt-5.6", 4, 20, 0.4, 5),
    GPT("gpt-5.6-sol", 4, 20, 0.4, 5),
    GPT("gpt-5.6-terra", 2, 12, 0.2, 2.5),
    GPT("gpt-5.6-luna", 0.2, 1.2, 0.02, 0.25),
    GPT("gpt-5.5", 5, 30, 0.5, 5),
    GPT("gpt-5.5-pro", 30, 180, 30, 30), /* no cache price is listed */
    GPT("gpt-5.4", 2.5, 15, 0.25, 2.5),
    GPT("gpt-5.4-pro", 30, 180, 30, 30),
    GPT("gpt-5.4-mini", 0.75, 4.5, 0.075, 0.75),
    GPT("gpt-5.4-nano", 0.2, 1.25, 0.02, 0.2),
    GPT("gpt-5.3-codex", 1.75, 14, 0.175, 1.75),
    GPT("gpt-5.2", 1.75, 14, 0.175, 1.75),
    GPT("gpt-5.2-pro", 21, 168, 21, 21),
    GPT("gpt-5.1", 1.25, 10, 0.125, 1.25),
    GPT("gpt-5", 1.25, 10, 0.125, 1.25),
    GPT("gpt-5-pro", 15, 120, 15, 15),
    GPT("gpt-5-mini", 0.25, 2, 0.025, 0.25),
    GPT("gpt-5-nano", 0.05, 0.4, 0.005, 0.05),
    GPT("gpt-4.1", 2, 8, 0.5, 2),
    GPT("gpt-4.1-mini", 0.4, 1.6, 0.1, 0.4),
    GPT("gpt-4o", 2.5, 10, 1.25, 2.5),
    GPT("gpt-4o-mini", 0.15, 0.6, 0.075, 0.15),
    GPT("o3", 2, 8, 0.5, 2),

    GEMINI("gemini-4-neon", 3, 15, 0.15),
    GEMINI("gemini-4-argon", 4, 20, 0.2),
    GEMINI("gemini-4-carbon", 4, 20, 0.2),
    GEMINI("gemini-4-hydrogen", 1.5, 7.5, 0.075),
    GEMINI("gemini-3.8-flash", 1.5, 7.5, 0.15),
    GEMINI("gemini-3.7-flash", 1.5, 7.5, 0.15),
    GEMINI("gemini-3.6-flash", 1.5, 7.5, 0.15),
    GEMINI("gemini-3.5-flash", 1.5, 9, 0.15),
    GEMINI("gemini-3.5-flash-lite", 0.3, 2.5, 0.03),
    GEMINI("gemini-3.1-pro-preview", 2, 12, 0.2),
    GEMINI("gemini-3.1-flash-lite", 0.25, 1.5, 0.025),
    GEMINI("gemini-3-flash-preview", 0.5, 3, 0.05),
    GEMINI("gemini-2.5-pro", 1.25, 10, 0.125),
    GEMINI("gemini-2.5-flash", 0.3, 2.5, 0.03),
    GEMINI("gemini-2.5-flash-lite", 0.1, 0.4, 0.01),
};
/* clang-format on */

const char *mg_price_date(void) { return table_date; }

static const struct provider *provider_find(struct mg_str name)
{
    for (size_t i = 0; i < MG_COUNT(providers); i++)
        if (mg_str_is(name, providers[i].name))
            return &providers[i];
    return NULL;
}

const char *mg_default_model(struct mg_str provider)
{
    const struct provider *found = provider_find(provider);
    return found ? found->model : NULL;
}

/* Length of the match, 0 when there is none. An exact id is worth more than any prefix. */
static size_t match(const char *pattern, struct mg_str model)
{
    struct mg_str wanted = mg_str_from(pattern);
    if (!mg_str_ends(wanted, "*"))
        return mg_str_eq(wanted, model) ? SIZE_MAX : 0;
    wanted.len--;
    return model.len >= wanted.len && mg_str_eq(mg_str_sub(model, 0, wanted.len), wanted) ? wanted.len : 0;
}

const struct mg_price *mg_price_find(struct mg_str provider, struct mg_str model)
{
    const struct mg_price *best = NULL;
    size_t best_length = 0;
    for (size_t i = 0; i < MG_COUNT(prices); i++) {
        size_t length = mg_str_is(provider, prices[i].provider) ? match(prices[i].model, model) : 0;
        if (length > best_length) {
            best = &prices[i];
            best_length = length;
        }
    }
    return best;
}

enum mg_code mg_price_choose(struct mg_str provider, struct mg_str model, double input, double output, struct mg_price *own,
                             const struct mg_price **price, struct mg_err *err)
{
    const struct mg_price *listed = mg_price_find(provider, model);
    *price = listed;
    if (input < 0 && output < 0)
        return MG_OK;
    if (!listed && (input < 0 || output < 0))
        return MG_FAIL(err, MG_E_CONFIG, "llm.price_input and llm.price_output must both be given: there is no built-in price for %.*s",
                       MG_FMT(model));
    const struct provider *known = provider_find(provider);
    double per_read = known ? known->cache_read : 1, per_write = known ? known->cache_write : 1;
    *own = (struct mg_price){ "", "", input, output, input * per_read, input * per_write };
    if (input < 0) {
        *own = *listed;
        own->output = output;
    }
    if (output < 0)
        own->output = listed->output;
    *price = own;
    return MG_OK;
}

/* Up to the next whole micro-USD. What a sum of doubles is off by is far below a millionth of one. */
static int64_t rounded_up(double micro_usd)
{
    if (!(micro_usd > 0))
        return 0;
    if (micro_usd >= 9.2e18)
        return INT64_MAX;
    int64_t whole = (int64_t)micro_usd;
    return micro_usd - (double)whole > 1e-6 ? whole + 1 : whole;
}

static double tokens(int64_t count) { return count > 0 ? (double)count : 0; }

int64_t mg_cost(const struct mg_price *price, const struct mg_usage *usage)
{
    if (!price)
        return MG_UNKNOWN_COST;
    return rounded_up(price->input * tokens(usage->input) + price->cache_read * tokens(usage->cache_read) +
                      price->cache_write * tokens(usage->cache_write) + price->output * tokens(usage->output));
}

int64_t mg_worst_cost(const struct mg_price *price, int64_t request_bytes, int64_t max_output_tokens)
{
    if (!price)
        return MG_UNKNOWN_COST;
    double dearest = price->input;
    if (price->cache_read > dearest)
        dearest = price->cache_read;
    if (price->cache_write > dearest)
        dearest = price->cache_write;
    return rounded_up(dearest * tokens(request_bytes) + price->output * tokens(max_output_tokens));
}
