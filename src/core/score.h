/* The one formula for a score, used everywhere. */
#ifndef MG_SCORE_H
#define MG_SCORE_H

#include "base/base.h"
#include "core/mutant.h"

/* Counts of verdicts. detected = killed + timeout; invalid, ignored, static and pending stay outside the score. */
struct mg_tally {
    uint32_t of[MG_VERDICT_COUNT];
};
void mg_tally_add(struct mg_tally *tally, enum mg_verdict verdict);
void mg_tally_sum(struct mg_tally *total, const struct mg_tally *part);
uint32_t mg_tally_detected(const struct mg_tally *tally);
/* survived, no_coverage or not_reached: counts against the score. */
bool mg_verdict_is_alive(enum mg_verdict verdict);
/* detected + survived + no_coverage + not_reached */
uint32_t mg_tally_scorable(const struct mg_tally *tally);
/* The same with every timeout counted as not detected. */
double mg_score_without_timeouts(const struct mg_tally *tally);
/* Between what the score can be once pending mutants have their verdicts: none of them detected, or all. */
void mg_score_bounds(const struct mg_tally *tally, double *low, double *high);
/* detected / scorable, or 0 when nothing is scorable. Never NaN. */
double mg_score(const struct mg_tally *tally);

#endif
