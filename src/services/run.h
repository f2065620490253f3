/* The orchestrator: one run from repo to report. Read run.c from top to bottom to see the pipeline. */
#ifndef MG_RUN_H
#define MG_RUN_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"
#include "core/config.h"
#include "core/report.h"
#include "core/secret.h"
#include "ports/agent.h"
#include "ports/cache.h"
#include "ports/clock.h"
#include "ports/gate.h"
#include "ports/generator.h"
#include "ports/ingest.h"
#include "ports/progress.h"
#include "ports/reporter.h"
#include "ports/store.h"
#include "ports/vcs.h"

struct mg_turn;

/* Everything a run stands on, wired by cli/compose.c. */
struct mg_run_services {
    struct mg_ingest ingest;
    struct mg_agent agent;
    struct mg_generator generator; /* ops == NULL: measure only (`score`) */
    struct mg_generator model;     /* after it, or instead of it (llm.strategy); ops == NULL: no model was named */
    struct mg_gate gate;
    struct mg_store store;
    const struct mg_reporter *reporters;
    size_t reporter_count;
    struct mg_progress progress;
    struct mg_clock clock;
    struct mg_cancel *cancel;
    const struct mg_secrets *secrets; /* never stored, reported or shown; may be NULL */
    const char *protection;           /* mg_sandbox_ops.describe: goes into the report */
    const char *version;
    struct mg_vcs vcs;           /* of a score: what has changed */
    struct mg_cache cache;       /* of a score; ops == NULL: nothing is remembered */
    struct mg_generator witness; /* of a score: finds inputs that tell survivors apart; ops == NULL: nobody does */
    struct mg_turn *turn;        /* base/turn.h; NULL: one target at a time, whatever the configuration says */
    double *time_limit; /* where mg_run writes when the run's time is over, on the clock above; it is not touched without a limit. May be NULL */
    struct mg_names withheld; /* variables of the user's environment that tests do not get: names that may be told */
    const char *program;      /* what the user types to start us; the last line of a run is to be copied */
};
struct mg_run_request {
    struct mg_str repo;        /* absolute path, resolved */
    struct mg_str run_id;      /* validated */
    struct mg_str reports_dir; /* where the reporters write, for the last line */
    bool dry_run;              /* measure, and say what the model would be asked; nothing is sent, generated or reported */
};
struct mg_target_estimate {
    struct mg_str qualified_name;
    struct mg_tally before;
    struct mg_estimate first; /* call */
};
struct mg_estimates {
    MG_VEC(struct mg_target_estimate)
};
/* Lives in the arena that mg_run was given. The private copy is gone by then; texts are not. */
struct mg_run_result {
    struct mg_report report;
    struct mg_repo repo;
    struct mg_estimates estimates; /* of a dry run */
};

/* Runs or resumes `request->run_id`. MG_OK also for partial and cancelled runs: report.status says which. On an error after the run
 * was taken up, the run is stored as FAILED with the error as its stop reason, everything finished before stays stored. */
MG_MUST_CHECK enum mg_code mg_run(const struct mg_run_services *services, const struct mg_config *config, const struct mg_run_request *request,
                                  struct mg_arena *arena, struct mg_run_result *result, struct mg_err *err);

/* Loads a stored run's report and renders it again through `reporters`. An empty run_id: the newest. */
MG_MUST_CHECK enum mg_code mg_report_stored_run(struct mg_store store, const struct mg_reporter *reporters, size_t count, struct mg_str run_id,
                                                struct mg_arena *arena, struct mg_report *report, struct mg_err *err);

#endif
