/* Sums over a report that several of its forms show. */
#include "core/report.h"

#include "base/str.h"

bool mg_is_static_judged(const struct mg_mutant_result *result)
{
    return result->verdict != MG_VERDICT_static && mg_str_starts(result->reason, "static:");
}

uint32_t mg_report_static_judged(const struct mg_report *report)
{
    uint32_t count = 0;
    for (size_t i = 0; i < report->outcomes.len; i++)
        for (size_t k = 0; k < report->outcomes.at[i].mutants.len; k++)
            count += mg_is_static_judged(&report->outcomes.at[i].mutants.at[k].before);
    return count;
}

uint32_t mg_report_measured_in_part(const struct mg_report *report)
{
    uint32_t count = 0;
    for (size_t i = 0; i < report->outcomes.len; i++)
        count += report->outcomes.at[i].tests_not_run > 0;
    return count;
}

static bool has_mutant(const struct mg_outcome *outcome, struct mg_str id)
{
    for (size_t i = 0; i < outcome->mutants.len; i++)
        if (mg_str_eq(outcome->mutants.at[i].mutant.id, id))
            return true;
    return false;
}

size_t mg_kills_above(const struct mg_outcome *outcome, const struct mg_test *test)
{
    size_t count = 0;
    for (size_t i = 0; i < test->kills.len; i++)
        count += !has_mutant(outcome, test->kills.at[i]);
    return count;
}
