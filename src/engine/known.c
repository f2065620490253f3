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

/* Of a mutant that lived: only tests that have not been tried. Those of the second job work on each other, and how many there are hangs on the
 * first: they are all run, or none when nothing is new. */
static void leave_untried(const struct mg_gate_request *request, struct mg_attempt *attempt)
{
    struct mg_candidate *tests = (struct mg_candidate *)(uintptr_t)attempt->first; /* made for this attempt alone */
    size_t count = 0;
    for (size_t i = 0; i < attempt->first_count; i++)
        if (!request->tried[tests[i].test])
            tests[count++] = tests[i];
    attempt->first_count = count;
    if (count == 0 && !any_untried(request, attempt->second, attempt->second_count))
        attempt->second_count = 0;
    attempt->hit = true; /* it was seen to run when it lived */
    attempt->in_second = count == 0;
}

/* A verdict that neither a test nor the bytecode is the reason of (not reached, invalid, static) is found anew. */
bool mg_known_settles(const struct mg_gate_request *request, const struct mg_measured *measured, const struct mg_mutant_result *known,
                      struct mg_attempt *attempt)
{
    if (!known)
        return false;
    if (known->verdict == MG_VERDICT_survived) {
        leave_untried(request, attempt);
        return attempt->first_count + attempt->second_count == 0;
    }
    bool detected = known->verdict == MG_VERDICT_killed || known->verdict == MG_VERDICT_timeout;
    return known->verdict == MG_VERDICT_ignored || (detected && is_believed(request, measured, known->killer));
}
