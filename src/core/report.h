/* What every report prints: one run, summed up. Built by services/reporting.c from stored outcomes, rendered by the reporter adapters. */
#ifndef MG_REPORT_H
#define MG_REPORT_H

#include "base/arena.h"
#include "base/base.h"
#include "core/outcome.h"

#define MG_REPORT_SCHEMA_VERSION 1

/* A thing the user must know that is not about one target: a test set aside, a file skipped, a protection that was not available. */
struct mg_note {
    enum mg_note_kind { MG_NOTE_SET_ASIDE, MG_NOTE_SKIPPED, MG_NOTE_DEGRADED, MG_NOTE_INFO } kind;
    struct mg_str subject; /* test id, path, … */
    struct mg_str text;
};

struct mg_report {
    struct mg_str run_id;
    struct mg_str status;      /* "succeeded", "partial", "failed", "cancelled" */
    struct mg_str stop_reason; /* empty, "max_targets_reached", "wallclock_exceeded", "cancelled", or an error's text */
    struct mg_str repo, python, generator, version;
    int64_t started_at, finished_at; /* unix seconds, UTC */
    double duration_seconds;
    uint32_t functions_found, targets_selected, targets_left; /* left = selected but not processed */
    uint32_t kept, discarded, satisfied, unfinished;
    uint32_t tests_generated, tests_kept; /* test functions */
    uint32_t existing_tests, existing_passed;
    uint32_t verified, verified_agree; /* verdicts replayed with plain pytest in this session, and those that it gave too */
    struct mg_tally before, after;     /* mutant-weighted over all processed targets */
    struct mg_spend spend;             /* of all sessions of the run */
    struct mg_str model;               /* "anthropic claude-…", empty without a model */
    MG_LIST(struct mg_note) notes;
    MG_LIST(struct mg_outcome) outcomes; /* by priority */
    struct mg_str tests_dir;             /* where generated tests belong, relative to the repo; empty = its root */
    struct mg_str reports_dir;           /* where report.md and report.json are */
    struct mg_str next_step;             /* the last line: what to do next; never empty */
};

#endif
