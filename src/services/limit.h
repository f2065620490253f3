/* The run's limit of time. When it is reached the cancel token fires, as it does when the user interrupts the run: whatever is waited for ends
 * within two seconds. Then the token is taken back for a moment of grace, in which tests that were judged already are confirmed. */
#ifndef MG_SERVICES_LIMIT_H
#define MG_SERVICES_LIMIT_H

#include "services/context.h"

#define MG_GRACE_SECONDS 10.0 /* said in the manual */
#define MG_TIME_IS_OVER "wallclock_exceeded"

/* Sets run->time_limit (earlier sessions have had their part of it) and orders the alarm. Nothing without a limit. */
MG_MUST_CHECK enum mg_code mg_limit_begin(struct mg_run_context *run, struct mg_err *err);

/* Not when the user has stopped the run. */
bool mg_time_is_over(const struct mg_run_context *run);
/* An operation ended with this code because of it, or because of a test that had not ended by then. */
bool mg_ended_by_limit(const struct mg_run_context *run, enum mg_code code);

/* With a limit of time one target of several gets a share of what is left: where its mutants wait, or its calls, it would take all of it. What ends
 * then is the target, in the way in which the limit would end it; others go on. `targets`: that are left, with it. Only where targets come one after
 * the other. mg_limit_share_end takes the token back, and the alarm is the run's again. */
MG_MUST_CHECK enum mg_code mg_limit_share(struct mg_run_context *run, size_t targets, struct mg_err *err);
bool mg_share_is_over(const struct mg_run_context *run); /* and the run's time is not */
struct mg_str mg_share_reason(const struct mg_run_context *run, struct mg_arena *arena, const char *when);
MG_MUST_CHECK enum mg_code mg_limit_share_end(struct mg_run_context *run, struct mg_err *err);
/* The end of the share, or of the run's time; 0 = none. */
double mg_limit_of_target(const struct mg_run_context *run);

/* While tests are confirmed the alarm rings later, by the moment of grace; then again at the limit, or at once when that has passed. */
MG_MUST_CHECK enum mg_code mg_limit_put_off(struct mg_run_context *run, struct mg_err *err);
MG_MUST_CHECK enum mg_code mg_limit_put_back(struct mg_run_context *run, struct mg_err *err);

/* When nobody works any more: the moment of grace begins, once, at the limit or now. What it ends is left as it is. */
MG_MUST_CHECK enum mg_code mg_limit_grace(struct mg_run_context *run, struct mg_err *err);
/* Nothing is waited for any more. */
void mg_limit_end(struct mg_run_context *run);

#endif
