/* What the steps of a run leave in the log. One function an event, so that its name and fields stand in one place. */
#ifndef MG_SERVICES_EVENTS_H
#define MG_SERVICES_EVENTS_H

#include "core/ledger.h"
#include "core/outcome.h"
#include "services/context.h"

void mg_event_repo(const struct mg_repo *repo);
void mg_event_collected(const struct mg_run_context *run);
void mg_event_baseline(const struct mg_run_context *run);
void mg_event_ran(struct mg_str test); /* in the baseline, though others need not */
void mg_event_selected(const struct mg_run_context *run);
void mg_event_note(const struct mg_note *note);
void mg_event_measured(const struct mg_measured *measured);                                   /* the existing tests of a target */
void mg_event_again(const struct mg_mutant *mutant, struct mg_str test);                      /* a survivor of an earlier session, by one more test */
void mg_event_judged(const struct mg_suite *suite, const struct mg_suite_measured *measured); /* a generated suite */
void mg_event_confirmed(const struct mg_outcome *outcome);                                    /* stored */
void mg_event_call(const struct mg_llm_call *call, const struct mg_err *failure);
void mg_event_stop(const char *reason, uint32_t processed);
void mg_event_report(const struct mg_report *report);

/* mg_target_step on the outcome, and the move in the log. */
MG_MUST_CHECK enum mg_code mg_move_target(struct mg_outcome *outcome, enum mg_target_event event, struct mg_err *err);

#endif
