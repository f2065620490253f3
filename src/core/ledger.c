/* Sums over model calls, and whether one more fits. What a call costs is in price.c. */
#include "core/ledger.h"

static int64_t at_least_zero(int64_t amount) { return amount > 0 ? amount : 0; }

/* Both are zero or more. */
static int64_t plus(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static uint32_t plus_count(uint32_t a, uint32_t b) { return a > UINT32_MAX - b ? UINT32_MAX : a + b; }

static void add_cost(struct mg_spend *spend, int64_t micro_usd)
{
    if (micro_usd < 0)
        spend->unknown_cost_calls = plus_count(spend->unknown_cost_calls, 1);
    else
        spend->micro_usd = plus(spend->micro_usd, micro_usd);
}

void mg_spend_add(struct mg_spend *spend, const struct mg_llm_call *call)
{
    const struct mg_usage *usage = &call->usage;
    spend->calls = plus_count(spend->calls, 1);
    spend->requests = plus_count(spend->requests, call->requests);
    add_cost(spend, call->settled ? call->micro_usd : call->worst_micro_usd);
    if (!call->settled) {
        spend->input_tokens = plus(spend->input_tokens, at_least_zero(call->worst_tokens));
        spend->estimated_calls = plus_count(spend->estimated_calls, 1);
        return;
    }
    int64_t input = plus(at_least_zero(usage->input), plus(at_least_zero(usage->cache_read), at_least_zero(usage->cache_write)));
    spend->input_tokens = plus(spend->input_tokens, input);
    spend->output_tokens = plus(spend->output_tokens, at_least_zero(usage->output));
    spend->cache_read_tokens = plus(spend->cache_read_tokens, at_least_zero(usage->cache_read));
    if (!usage->known && (input > 0 || usage->output > 0)) /* a refused request used nothing: there is nothing to estimate */
        spend->estimated_calls = plus_count(spend->estimated_calls, 1);
}

void mg_spend_sum(struct mg_spend *total, const struct mg_spend *part)
{
    total->micro_usd = plus(total->micro_usd, part->micro_usd);
    total->input_tokens = plus(total->input_tokens, part->input_tokens);
    total->output_tokens = plus(total->output_tokens, part->output_tokens);
    total->cache_read_tokens = plus(total->cache_read_tokens, part->cache_read_tokens);
    total->calls = plus_count(total->calls, part->calls);
    total->requests = plus_count(total->requests, part->requests);
    total->unknown_cost_calls = plus_count(total->unknown_cost_calls, part->unknown_cost_calls);
    total->estimated_calls = plus_count(total->estimated_calls, part->estimated_calls);
}

int64_t mg_spend_tokens(const struct mg_spend *spend) { return plus(spend->input_tokens, spend->output_tokens); }

bool mg_spend_allows(const struct mg_spend_limits *limits, const struct mg_spend *spent, const struct mg_llm_call *call, const char **reason)
{
    if (limits->max_micro_usd > 0 && (call->worst_micro_usd < 0 || plus(spent->micro_usd, call->worst_micro_usd) > limits->max_micro_usd)) {
        *reason = "cost_limit_reached";
        return false;
    }
    if (limits->max_tokens > 0 && plus(mg_spend_tokens(spent), at_least_zero(call->worst_tokens)) > limits->max_tokens) {
        *reason = "token_limit_reached";
        return false;
    }
    return true;
}

/* Four decimals as a rule; more where they would say "nothing" of an amount that is something. */
static struct mg_str money(struct mg_arena *arena, int64_t micro_usd)
{
    if (micro_usd == 0)
        return MG_STR("$0.00");
    if (micro_usd < 100)
        return mg_arena_printf(arena, "$0.%06lld", (long long)micro_usd);
    int64_t parts = plus(micro_usd, 50) / 100;
    return mg_arena_printf(arena, "$%lld.%04lld", (long long)(parts / 10000), (long long)(parts % 10000));
}

struct mg_str mg_text_spend(struct mg_arena *arena, const struct mg_spend *spend)
{
    if (spend->unknown_cost_calls == 0)
        return money(arena, spend->micro_usd);
    if (spend->micro_usd == 0)
        return MG_STR("cost unknown");
    return mg_arena_printf(arena, "%.*s + %u call%s of unknown cost", MG_FMT(money(arena, spend->micro_usd)), spend->unknown_cost_calls,
                           spend->unknown_cost_calls == 1 ? "" : "s");
}
