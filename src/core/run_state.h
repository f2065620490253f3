/* The life of one run, as data.
 *
 *   PENDING -start-> INITIALIZING -ready-> INGESTING -ingested-> SELECTING_TARGETS -selected-> GENERATING_TESTS
 *     -processed-> GATING -gated-> REPORTING -reported-> COMPLETED
 *   every state that is not final: --fail--> FAILED, --cancel--> CANCELLED
 *   CANCELLED, FAILED and COMPLETED --resume--> INITIALIZING (the same run id again)
 *
 * GATING is the last confirmation of all kept tests together. All edges are taken in services/run.c.
 */
#ifndef MG_RUN_STATE_H
#define MG_RUN_STATE_H

#include "base/base.h"

#define MG_RUN_STATES(X)                                                                                                                             \
    X(PENDING) X(INITIALIZING) X(INGESTING) X(SELECTING_TARGETS) X(GENERATING_TESTS) X(GATING) X(REPORTING) X(COMPLETED) X(FAILED) X(CANCELLED)
#define MG_RUN_EVENTS(X) X(start) X(ready) X(ingested) X(selected) X(processed) X(gated) X(reported) X(fail) X(cancel) X(resume)

#define MG_RUN_ENUM_STATE(name) MG_RUN_##name,
#define MG_RUN_ENUM_EVENT(name) MG_RUN_ON_##name,
enum mg_run_state { MG_RUN_STATES(MG_RUN_ENUM_STATE) MG_RUN_STATE_COUNT };
enum mg_run_event { MG_RUN_EVENTS(MG_RUN_ENUM_EVENT) MG_RUN_EVENT_COUNT };

const char *mg_run_state_name(enum mg_run_state state);
const char *mg_run_event_name(enum mg_run_event event);
/* The state of that name; MG_RUN_STATE_COUNT when there is none. */
enum mg_run_state mg_run_state_from(struct mg_str name);
bool mg_run_state_is_final(enum mg_run_state state); /* COMPLETED, FAILED, CANCELLED */
/* MG_E_STATE, with both names in the text and *state untouched, when the table has no such edge. */
MG_MUST_CHECK enum mg_code mg_run_step(enum mg_run_state *state, enum mg_run_event event, struct mg_err *err);

#endif
