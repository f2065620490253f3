/* What every report prints: one run, summed up. Built by services/reporting.c from stored outcomes, rendered by the reporter adapters. */
#ifndef MG_REPORT_H
#define MG_REPORT_H

#include "base/arena.h"
#include "base/base.h"
#include "core/outcome.h"

#define MG_REPORT_SCHEMA_VERSION 1

/* A thing the user must know that is not about one target: a test set aside, a file skipped, a protection that was not available. */
struct mg_note {
    enum mg_note_kind {
        MG_NOTE_SET_ASIDE,
        MG_NOTE_SKIPPED,
        MG_NOTE_DEGRADED,
        MG_NOTE_INFO,
        MG_NOTE_CAUSE,    /* why tests are left out: the subject is one of them; of several the text begins with their number */
        MG_NOTE_LEFT_OUT, /* one such test: a cause speaks of it, too */
        MG_NOTE_WITHHELD  /* the subject has the names of variables, one blank apart */
    } kind;
    struct mg_str subject; /* test id, path, … */
    struct mg_str text;
};

/* A line that is not mutated because its author said so. */
struct mg_pragma {
    struct mg_str path;
    uint32_t line;
    struct mg_str reason; /* behind `# pragma: no mutate:`; may be empty */
};

/* A file outside the repo that a test has read. */
struct mg_outside {
    struct mg_str path, digest;
};

/* A file that the repo lacks because nobody has built or installed the project. */
#define MG_INSTALLED ".installed"
struct mg_stand_in {
    struct mg_str path; /* relative to the repo; below MG_INSTALLED: to a folder that is last on sys.path, and whose folder bin is last on PATH */
    struct mg_str text;
};

/* What `score` measured, beyond the verdicts. */
struct mg_scored {
    uint32_t found, chosen;              /* mutants of the selected functions, and those that --diff and --sample left */
    uint32_t fresh, cached;              /* verdicts measured now, and taken from the cache */
    uint32_t again, again_tests;         /* survivors of the cache that only such tests tried which are new or changed, and those tests */
    uint32_t known_tests;                /* tests that did not run: an earlier session saw them pass, and nothing of theirs has changed */
    bool whole;                          /* the whole answer is an earlier one: nothing has changed since */
    bool matrix;                         /* killers are complete */
    struct mg_str diff;                  /* revision of --diff */
    bool all_witnesses;                  /* every survivor was looked at, not only the shown ones */
    bool no_witnesses;                   /* none was looked for, as was asked */
    MG_LIST(struct mg_str) tests;        /* ids of the existing tests that count */
    MG_LIST(struct mg_str) import_roots; /* relative to the repo */
    MG_LIST(struct mg_str) options;      /* that pytest needs beside the repo's own */
    MG_LIST(struct mg_str) files;        /* that the tests are in, where pytest is to look nowhere else */
    MG_LIST(struct mg_stand_in) stand_ins;
    MG_LIST(struct mg_pragma) pragmas;
    MG_LIST(struct mg_outside) outside;
    struct mg_str interpreter; /* absolute path */
};

struct mg_report {
    struct mg_str run_id;
    struct mg_str status;      /* "succeeded", "partial", "failed", "cancelled" */
    struct mg_str stop_reason; /* empty, "max_targets_reached", "wallclock_exceeded", "cost_limit_reached", "token_limit_reached", "cancelled",
                                  "tests_not_run" (all that could be done without them is done),
                                  "provider_failed: why", "unanswered: why" (some targets were left, the run went on), or an error's text */
    struct mg_str repo, python, generator, version;
    int64_t started_at, finished_at; /* unix seconds, UTC */
    double duration_seconds;
    uint32_t functions_found, targets_selected, targets_left; /* left = selected but not processed */
    uint32_t kept, discarded, satisfied, unfinished;
    uint32_t tests_generated, tests_kept; /* test functions */
    uint32_t existing_tests, existing_passed;
    uint32_t existing_skipped, existing_xfailed; /* of the others: those that skip themselves, or are expected to fail and do */
    uint32_t existing_not_run;                   /* a part of the time limit is for the existing tests, and was over */
    uint32_t level;                              /* all scores are of mutants up to it; 0 = mutmut made them, or a version that did not store it */
    uint32_t verified, verified_agree;           /* verdicts replayed with plain pytest in this session, and those that it gave too */
    uint32_t verified_vary;                      /* beside them: those where plain pytest contradicts itself from run to run */
    struct mg_tally before, after;               /* mutant-weighted over all processed targets */
    struct mg_spend spend;                       /* of all sessions of the run */
    struct mg_str model;                         /* "anthropic claude-…", empty without a model */
    MG_LIST(struct mg_note) notes;
    MG_LIST(struct mg_outcome) outcomes; /* by priority */
    struct mg_str tests_dir;             /* where generated tests belong, relative to the repo; empty = its root */
    struct mg_str reports_dir;           /* where report.md and report.json are */
    struct mg_str next_step;             /* the last line: what to do next; never empty */
    struct mg_scored scored;
};

/* Mutants of lines that run on import, judged by what they do there (--static); the others have the verdict `static`. */
uint32_t mg_report_static_judged(const struct mg_report *report);
/* How many of a test's kills are of no mutant of the outcome, but of those above the level by which tests are chosen too. */
size_t mg_kills_above(const struct mg_outcome *outcome, const struct mg_test *test);
/* Targets that were measured while some existing tests were not run: their scores are lower bounds. */
uint32_t mg_report_measured_in_part(const struct mg_report *report);
bool mg_is_static_judged(const struct mg_mutant_result *result);

#endif
