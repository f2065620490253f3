/* See outcome.h. */
#include "core/outcome.h"

bool mg_outcome_is_idle(const struct mg_outcome *outcome)
{
    bool never_ran = outcome->state == MG_TARGET_DISCARDED && mg_tally_scorable(&outcome->before) == 0;
    return outcome->state == MG_TARGET_SATISFIED || (never_ran && outcome->tests.len == 0 && outcome->attempts == 0);
}
