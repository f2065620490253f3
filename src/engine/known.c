/* Verdicts from before, by a part of the tests: which of them stand, and what is still to be run for the others. */
#include "base/str.h"
#include "engine/measure.h"
#include "engine/pump.h"

static bool is_among(const struct mg_coverage_entry *tests, size_t count, const struct mg_collected *collected, struct mg_str id)
{
    for (size_t i = 0; i < count; i++)
        if (mg_str_eq(collected->tests.at[tests[i].test].id, id))
            return true;
    return false;
}

/* Whether a test of that name may be the reason of a verdict: it passes, comes near the target, and has not failed on the unchanged function. */
static bool is_believed(const struct mg_gate_request *request, const struct mg_measured *measured, struct mg_str id)
{
    for (size_t i = 0; i < measured->flaky.len; i++)
        if (mg_str_eq(measured->flaky.at[i], id))
            return false;
    return is_among(request->covering, request->covering_count, request->collected, id) ||
           is_among(request->beside, request->beside_count, request->collected, id);
}

const struct mg_mutant_result *mg_known_find(const struct mg_gate_request *request, struct mg_str id, size_t *from)
{
    for (size_t i = 0; i < request->known_count; i++) {
        size_t at = (*from + i) % request->known_count;
        if (mg_str_eq(request->known[at].mutant_id, id)) {
            *from = at + 1;
            return &request->known[at].result;
        }
    }
    return NULL;
}

static bool any_untried(const struct mg_gate_request *request, const struct mg_candidate *tests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!request->tried[tests[i].test])
            return true;
    return false;
}

/* A verdict that neither a test nor the bytecode is the reason of (not reached, invalid, static) is found anew. */
bool mg_known_settles(const struct mg_gate_request *request, const struct mg_measured *measured, const struct mg_mutant_result *known,
                      const struct mg_attempt *attempt)
{
    if (!known)
        return false;
    if (known->verdict == MG_VERDICT_survived) /* tests work on those behind them: with a new one they are all run */
        return !any_untried(request, attempt->first, attempt->first_count) && !any_untried(request, attempt->second, attempt->second_count);
    bool detected = known->verdict == MG_VERDICT_killed || known->verdict == MG_VERDICT_timeout;
    return known->verdict == MG_VERDICT_ignored || (detected && is_believed(request, measured, known->killer));
}
