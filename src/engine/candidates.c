/* Which existing tests may kill a mutant, in which order; and the mutants of lines that run on import. */
#include "base/str.h"
#include "core/beside.h"
#include "core/score.h"
#include "engine/measure.h"
#include "engine/pump.h"

#include <stdlib.h>
#include <string.h>

static int by_seconds(const void *a, const void *b)
{
    const struct mg_candidate *x = a, *y = b;
    if (x->seconds < y->seconds || x->seconds > y->seconds)
        return x->seconds < y->seconds ? -1 : 1;
    return (x->test > y->test) - (x->test < y->test);
}

static bool meets(const struct mg_line_range *ranges, size_t count, uint32_t line, uint32_t end_line)
{
    for (size_t i = 0; i < count; i++)
        if (ranges[i].first <= end_line && ranges[i].last >= line)
            return true;
    return false;
}

static bool is_flaky(const struct mg_measured *measured, struct mg_str id)
{
    for (size_t i = 0; i < measured->flaky.len; i++)
        if (mg_str_eq(measured->flaky.at[i], id))
            return true;
    return false;
}

void mg_add_beside(const struct mg_gate_request *request, const struct mg_measured *measured, double seconds, struct mg_candidate *list,
                   size_t *count)
{
    for (size_t i = 0; i < request->beside_count && mg_beside_next(&seconds, request->beside[i].seconds); i++) {
        const struct mg_coverage_entry *entry = &request->beside[i];
        if (!is_flaky(measured, request->collected->tests.at[entry->test].id))
            list[(*count)++] = (struct mg_candidate){ entry->test, entry->seconds };
    }
}

struct mg_candidate *mg_candidates(const struct mg_gate_request *request, const struct mg_measured *measured, const struct mg_lines_wanted *lines,
                                   struct mg_arena *arena, size_t *count)
{
    bool importers = lines->importers || mg_target_is_module(request->target);
    struct mg_candidate *list = MG_NEW_ARRAY(arena, struct mg_candidate, request->covering_count + request->importing_count + request->beside_count);
    *count = 0;
    for (size_t i = 0; i < request->covering_count; i++) {
        const struct mg_coverage_entry *entry = &request->covering[i];
        bool all = importers || lines->line == 0;
        if (!is_flaky(measured, request->collected->tests.at[entry->test].id) &&
            (all || meets(entry->lines.at, entry->lines.len, lines->line, lines->end_line) != lines->others))
            list[(*count)++] = (struct mg_candidate){ entry->test, entry->seconds };
    }
    for (size_t i = 0; importers && i < request->importing_count; i++)
        if (!is_flaky(measured, request->collected->tests.at[request->importing[i].test].id))
            list[(*count)++] = (struct mg_candidate){ request->importing[i].test, request->importing[i].seconds };
    if (*count)
        qsort(list, *count, sizeof *list, by_seconds);
    return list;
}

/* The agent gives new defaults to the live function, as it does with code; only a decorator may have read the old ones on import. */
static bool is_live_default(const struct mg_target *target, const struct mg_mutant *mutant)
{
    return strcmp(mutant->operator_name, "DEF") == 0 && target->function.decorators.len == 0;
}

/* Headers run when the function is made, the lines of `imported` when something calls it before the tests do. */
static bool is_static(const struct mg_gate_request *request, const struct mg_mutant *mutant)
{
    bool header = mutant->start < request->target->function.body_start && !is_live_default(request->target, mutant);
    return mg_target_is_module(request->target) || header ||
           meets(request->found->imported.at, request->found->imported.len, mutant->line, mutant->end_line);
}

/* A mutant is swapped in after import: what its lines do on import, plain pytest would see and a fork does not. A kill is a kill all the
 * same; for any other verdict there is no proof. */
void mg_doubt_static(const struct mg_gate_request *request, struct mg_measured *measured)
{
    for (size_t i = 0; i < measured->mutants.len; i++) {
        struct mg_mutant_result *result = &measured->results.at[i];
        if (mg_verdict_is_alive(result->verdict) && is_static(request, &measured->mutants.at[i]))
            *result = (struct mg_mutant_result){ .verdict = MG_VERDICT_static,
                                                 .reason = MG_STR("static: its lines run while the tests are imported (--static judges it)"),
                                                 .seconds = result->seconds };
    }
}

static bool needs_static(const struct mg_gate_request *request, const struct mg_measured *measured, uint32_t mutant)
{
    enum mg_verdict verdict = measured->results.at[mutant].verdict;
    return (verdict == MG_VERDICT_pending || mg_verdict_is_alive(verdict)) && is_static(request, &measured->mutants.at[mutant]);
}

bool mg_any_static(const struct mg_gate_request *request, const struct mg_measured *measured)
{
    for (uint32_t i = 0; i < measured->mutants.len; i++)
        if (needs_static(request, measured, i))
            return true;
    return false;
}

void mg_queue_static(const struct mg_gate_request *request, bool exec, struct mg_arena *arena, struct mg_measured *measured, struct mg_pump *pump)
{
    struct mg_lines_wanted wanted = { .importers = true };
    for (uint32_t i = 0; i < measured->mutants.len; i++) {
        if (!needs_static(request, measured, i))
            continue;
        const struct mg_probe_mutant *spliced = &measured->spliced.at[i];
        struct mg_attempt attempt = { .mutant = i,
                                      .source = spliced->source,
                                      .line = spliced->line,
                                      .end_line = spliced->end_line,
                                      .bail = !request->matrix,
                                      .fresh = true,
                                      .exec = exec,
                                      .is_static = true };
        attempt.first = mg_candidates(request, measured, &wanted, arena, &attempt.first_count);
        if (attempt.first_count == 0)
            measured->results.at[i].verdict = MG_VERDICT_no_coverage;
        else
            mg_pump_add(pump, &attempt);
    }
}
