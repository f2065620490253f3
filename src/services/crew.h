/* Targets, several at once. Internal to services/run.c. */
#ifndef MG_SERVICES_CREW_H
#define MG_SERVICES_CREW_H

#include "services/context.h"

/* GENERATING_TESTS: every target that is not finished, in order of priority, until a limit ends that. With a model up to
 * orchestrator.max_parallel_targets at once, each in a thread of its own; they take turns (base/turn.h), so that what they gain is the time
 * that a model takes to answer. What becomes of a target does not depend on how many there are at once. */
MG_MUST_CHECK enum mg_code mg_process_targets(struct mg_run_context *run, struct mg_err *err);

/* Ends the threads. They outlive the targets, for a process that one of them started dies with its thread: the agent is stopped first. */
void mg_dismiss_crew(struct mg_run_context *run);

#endif
