/* First verdicts long before a long suite has run: the tests whose files name a target go first, its mutants are measured with them, and only
 * then the rest of the baseline follows.
 *
 * A kill is a kill, whatever the other tests say: its test has passed in both passes of the baseline. A mutant that these tests leave alive is
 * done with when no further test turns out to come near its function; else it is run against the further ones. So the verdicts are those of a
 * run without this step. */
#ifndef MG_SERVICES_EARLY_H
#define MG_SERVICES_EARLY_H

#include "core/config.h"
#include "ports/vcs.h"
#include "services/context.h"

/* Before mg_run_baseline, which goes on behind it. Does nothing for a suite that is short anyway. `changes`: only functions on those lines are
 * looked at; NULL = all that are selected. Leaves run->targets empty. MG_E_LIMIT as mg_run_baseline. */
MG_MUST_CHECK enum mg_code mg_early_verdicts(struct mg_run_context *run, const struct mg_changes *changes, struct mg_err *err);

/* After the baseline: the verdict that stands, or NULL. `covering`: of the target, now. */
const struct mg_mutant_result *mg_early_find(const struct mg_run_context *run, const struct mg_target *target, const struct mg_covering *covering,
                                             struct mg_str mutant_id);

/* The same for whoever measures the target again: its verdicts so far, and the tests that they stand for. */
void mg_early_known(const struct mg_run_context *run, const struct mg_target *target, struct mg_gate_request *request);

#endif
