/* The one formula for a score. */
#include "core/score.h"

void mg_tally_add(struct mg_tally *tally, enum mg_verdict verdict)
{
    MG_ASSERT((unsigned)verdict < MG_VERDICT_COUNT);
    tally->of[verdict]++;
}

void mg_tally_sum(struct mg_tally *total, const struct mg_tally *part)
{
    for (size_t i = 0; i < MG_VERDICT_COUNT; i++)
        total->of[i] += part->of[i];
}

uint32_t mg_tally_detected(const struct mg_tally *tally) { return tally->of[MG_VERDICT_killed] + tally->of[MG_VERDICT_timeout]; }

bool mg_verdict_is_alive(enum mg_verdict verdict)
{
    return verdict == MG_VERDICT_survived || verdict == MG_VERDICT_no_coverage || verdict == MG_VERDICT_not_reached;
}

uint32_t mg_tally_scorable(const struct mg_tally *tally)
{
    return mg_tally_detected(tally) + tally->of[MG_VERDICT_survived] + tally->of[MG_VERDICT_no_coverage] + tally->of[MG_VERDICT_not_reached];
}

double mg_score(const struct mg_tally *tally)
{
    uint32_t scorable = mg_tally_scorable(tally);
    return scorable == 0 ? 0.0 : (double)mg_tally_detected(tally) / (double)scorable;
}

double mg_score_without_timeouts(const struct mg_tally *tally)
{
    uint32_t scorable = mg_tally_scorable(tally);
    return scorable == 0 ? 0.0 : (double)tally->of[MG_VERDICT_killed] / (double)scorable;
}

void mg_score_bounds(const struct mg_tally *tally, double *low, double *high)
{
    double pending = tally->of[MG_VERDICT_pending], most = (double)mg_tally_scorable(tally) + pending;
    *low = most > 0 ? mg_tally_detected(tally) / most : 0.0;
    *high = most > 0 ? (mg_tally_detected(tally) + pending) / most : 1.0;
}
