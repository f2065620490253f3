/* What `run --dry-run` prints: the targets, what the first call about each would be, and what all that may cost. */
#include "cli/dry_run.h"
#include "base/str.h"
#include "core/text.h"
#include <stdio.h>

static struct mg_str money(struct mg_arena *arena, int64_t micro_usd)
{
    if (micro_usd == MG_UNKNOWN_COST)
        return MG_STR("unknown");
    return mg_arena_printf(arena, "$%.4f", (double)micro_usd / 1e6);
}

/* Unknown when one of them is. */
static int64_t added(int64_t sum, int64_t more, int64_t times)
{
    if (sum == MG_UNKNOWN_COST || more == MG_UNKNOWN_COST)
        return MG_UNKNOWN_COST;
    return more > 0 && times > 0 && more > (INT64_MAX - sum) / times ? INT64_MAX : sum + more * times;
}

/* A later call carries the conversation so far, so it is seldom shorter than the first one. */
static int64_t dearer(int64_t first, int64_t later)
{
    if (first == MG_UNKNOWN_COST || later == MG_UNKNOWN_COST)
        return MG_UNKNOWN_COST;
    return first > later ? first : later;
}

void mg_dry_run_print(struct mg_app *app, const struct mg_run_result *result, int64_t later_micro_usd)
{
    const struct mg_config *config = &app->config;
    int64_t calls = 1 + config->orchestrator.max_repair_attempts + config->orchestrator.max_strengthen_attempts;
    int64_t usual = 0, worst = 0, tokens = 0;
    (void)printf("Dry run: no model was asked, nothing was generated or stored.\n");
    if (result->report.model.len == 0)
        (void)printf("No model is named (--provider): the search would write the tests, at no cost.\n");
    else
        (void)printf("Model: %.*s\n", MG_FMT(result->report.model));
    for (size_t i = 0; i < result->estimates.len; i++) {
        const struct mg_target_estimate *target = &result->estimates.at[i];
        struct mg_str name = mg_printable(app->arena, target->qualified_name), score = mg_text_score(app->arena, &target->before);
        if (result->report.model.len == 0) {
            (void)printf("  %4.*s  %.*s\n", MG_FMT(score), MG_FMT(name));
            continue;
        }
        struct mg_str one = money(app->arena, target->first.micro_usd), most = money(app->arena, target->first.worst_micro_usd);
        (void)printf("  %4.*s  %6lld tokens  %.*s, at most %.*s  %.*s\n", MG_FMT(score), (long long)target->first.prompt_tokens, MG_FMT(one),
                     MG_FMT(most), MG_FMT(name));
        usual = added(usual, target->first.micro_usd, 1);
        worst = added(added(worst, target->first.worst_micro_usd, 1), dearer(target->first.worst_micro_usd, later_micro_usd), calls - 1);
        tokens += target->first.prompt_tokens;
    }
    (void)printf("%zu of %u targets need tests%s%.*s\n", result->estimates.len, result->report.targets_selected,
                 result->report.level ? "; scores are of " : "", MG_FMT(mg_text_level(app->arena, &result->report)));
    if (result->report.model.len == 0 || result->estimates.len == 0)
        return;
    struct mg_str low = money(app->arena, usual), high = money(app->arena, worst);
    (void)printf("Estimated cost: %.*s (one call a target, %lld prompt tokens), up to %.*s (%lld calls a target, the longest prompts, full replies; "
                 "without retries)\n",
                 MG_FMT(low), (long long)tokens, MG_FMT(high), (long long)calls);
    if (mg_str_is(config->llm.strategy, "search_first"))
        (void)printf("The search comes first and makes some of these calls needless.\n");
    if (config->orchestrator.max_cost_usd > 0)
        (void)printf("The run stops before it spends more than $%.2f (--max-cost).\n", config->orchestrator.max_cost_usd);
}
