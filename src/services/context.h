/* What the steps of one run share. Internal to services. */
#ifndef MG_SERVICES_CONTEXT_H
#define MG_SERVICES_CONTEXT_H

#include "base/map.h"
#include "core/run_state.h"
#include "services/run.h"

/* Lines of one file that one test executed. */
struct mg_covered_file {
    uint32_t test;
    MG_LIST(struct mg_line_range) lines;
};
struct mg_file_coverage {
    MG_VEC(struct mg_covered_file)
    bool *lines; /* by line number: ran in some passing test */
    uint32_t line_count;
};

struct mg_baseline {
    struct mg_baseline_result *results; /* by test index; lines are moved to `files` */
    struct mg_file_coverage *files;     /* by index of the repo's sources; passing tests only */
    uint32_t passed;
    MG_LIST(uint32_t) order; /* tests in the order in which they run */
    size_t done;             /* so many of them have been run, twice where they passed and concern a target */
    bool *once;              /* by test index: it passed, and was not run again, since it stands in no file with a test that runs a watched line */
    double end;              /* monotonic: behind it no test is begun, the rest is not run. 0 = all are run */
};

struct mg_targets {
    MG_VEC(struct mg_target)
};

/* A session that serves one target after the other; NULL = none is open. */
struct mg_kept_session {
    struct mg_session *session;
    unsigned served; /* targets */
};

/* What a score measures of a target: ports/gate.h. */
struct mg_measure {
    struct mg_kept_session *kept;
    struct mg_side_by_side *others;
    const struct mg_mutant *mutants;
    size_t mutant_count;
    const struct mg_again *again;
    bool matrix;
    double deadline; /* monotonic; 0 = none */
};

/* What a target's model has said so far. */
enum mg_asked {
    MG_ASKED_NOT,  /* the target is not worked on, or did without a model */
    MG_ASKED_OPEN, /* it is worked on */
    MG_ASKED_REPLIED,
    MG_ASKED_FAILED,            /* no reply */
    MG_ASKED_FAILED_IN_BETWEEN, /* none to the last question */
};

/* Why a target was left: the model gave no reply. */
struct mg_left {
    struct mg_str why; /* empty: it was not */
    bool refused;      /* the request was, before any other was answered: it may yet turn out to be the target's own fault */
};

struct mg_crew; /* services/crew.h */
struct mg_read_file;

struct mg_run_context {
    const struct mg_run_services *services;
    const struct mg_config *config;
    struct mg_run_request request;
    struct mg_arena *arena; /* of the run */
    enum mg_run_state state;
    struct mg_repo *repo;
    struct mg_report *report;
    struct mg_agent_start start;
    struct mg_collected collected;
    struct mg_baseline baseline;
    struct mg_targets targets;
    uint32_t fresh_runs; /* mutants judged in new interpreters, and the time that took */
    double fresh_seconds;
    uint32_t unprepared;                   /* targets whose mutants needed one for want of a fork that can be trusted, */
    struct mg_str unprepared_for;          /* and the first test that says so */
    struct mg_str fingerprint;             /* of everything a verdict depends on */
    MG_LIST(struct mg_outcome) unfinished; /* of earlier sessions: their tests are where this one goes on */
    struct mg_estimates *estimates;
    enum mg_asked *asked;      /* of each target */
    bool model_has_replied;    /* in this session */
    unsigned revived;          /* how often the agent was: sessions from before are lost */
    struct mg_left *left;      /* of each target */
    bool halted;               /* the run is lost: nobody asks a model any more */
    struct mg_crew *crew;      /* from the first target on */
    double started;            /* monotonic */
    double share_end, share;   /* of time_limit, what the target in work has: its end (monotonic; 0 = all of it), and how long it was */
    double time_limit;         /* monotonic, for all sessions of the run; 0 = none */
    bool *unknown;             /* of each target: no test that was run says anything of it; NULL = there is none. services/order.h */
    bool grace;                /* the moment behind it has begun: services/limit.h */
    const struct mg_str *only; /* of a score with --tests: tests elsewhere are not even collected */
    size_t only_count;
    const bool *watched;       /* by index of the repo's sources: it may hold targets; NULL = all may. services/selection.c */
    struct mg_read_file *read; /* by index of the repo's sources: services/selection.c */
    bool every_line;           /* what tests run elsewhere is asked for, too: the cache keeps it for other targets */
    const bool *chosen;        /* of those that are collected: by test index; NULL = all */
    struct mg_early *early;    /* services/early.h; NULL = there were none */
    struct mg_causes *causes;  /* services/causes.h */
    double deadline;           /* of the baseline, and of a score's measuring; 0 = none */
};

/* services/reporting.c: for the report; each is said once. */
void mg_note(struct mg_run_context *run, enum mg_note_kind kind, struct mg_str subject, struct mg_str text);
void mg_note_withdraw(struct mg_run_context *run, enum mg_note_kind kind, struct mg_str text); /* what has turned out to be wrong */

/* services/run.c: gathers why files with tests cannot be collected; mg_collect_tests has done it. */
void mg_gather_uncollected(struct mg_run_context *run);

/* services/run.c: the private copy; the agent in the repo's interpreter with its tests collected. */
MG_MUST_CHECK enum mg_code mg_open_repo(struct mg_run_context *run, struct mg_err *err);
MG_MUST_CHECK enum mg_code mg_collect_tests(struct mg_run_context *run, struct mg_err *err);

/* services/run.c: says in the store how long this session has worked, for a later one after a kill. */
MG_MUST_CHECK enum mg_code mg_tell_worked(const struct mg_run_context *run, struct mg_err *err);

/* services/baseline.c: runs the existing tests twice (traced, then plain); what does not pass both times is set aside by name. What baseline.end
 * leaves no time for is not run, and counted in the report. */
MG_MUST_CHECK enum mg_code mg_run_baseline(struct mg_run_context *run, struct mg_err *err);
/* Its two halves: all tests that have not run yet; then what was wrong with some of them is told. */
MG_MUST_CHECK enum mg_code mg_baseline_rest(struct mg_run_context *run, struct mg_err *err);
void mg_baseline_end(struct mg_run_context *run);
void mg_baseline_count(struct mg_run_context *run); /* for the report: how many passed, and what became of others */
/* The same in parts, for services/early.c: everything is made ready, in pytest's order (once); then the next `count` tests, none begun after `pause`
 * seconds (0 = no limit). mg_run_baseline goes on from there. */
void mg_baseline_begin(struct mg_run_context *run);
/* Makes what is known of files anew from the results, in the order of the tests. */
void mg_baseline_recount(struct mg_run_context *run);
MG_MUST_CHECK enum mg_code mg_baseline_part(struct mg_run_context *run, size_t count, double pause, struct mg_err *err);
/* Half of the time until run->deadline, where there is one, is for the existing tests. */
void mg_baseline_bound(struct mg_run_context *run);
/* MG_E_LIMIT came of it: what has been compared counts, the other tests do not. */
void mg_baseline_cut(struct mg_run_context *run);
/* True when the test passes, or fails as expected, on the unchanged code: only such a one can kill. */
bool mg_test_counts(const struct mg_run_context *run, uint32_t test);
bool mg_runs_line(const struct mg_baseline_result *result, uint32_t file, uint32_t line);
/* True when `line` of source `file` ran in some passing test. */
bool mg_is_covered(const struct mg_run_context *run, size_t file, uint32_t line);

/* services/selection.c: functions of all sources, filtered, ranked, restricted to the globs; fills run->targets. */
MG_MUST_CHECK enum mg_code mg_select_targets(struct mg_run_context *run, struct mg_err *err);

/* services/selection.c: by the globs and the modules' names alone, before any file has been parsed; fills run->watched. */
void mg_watch_files(struct mg_run_context *run);
/* Parses the sources ahead of mg_select_targets, which takes what is there: while the agent is busy. Goes on until `until` (monotonic). */
void mg_read_files(struct mg_run_context *run, double until);
/* Of one source of the repo, in the order of the text; none when it cannot be parsed. */
const struct mg_functions *mg_functions_of(struct mg_run_context *run, size_t file);

/* services/target.c: passing tests that run a line of the target's body, with those lines. */
struct mg_covering {
    MG_VEC(struct mg_coverage_entry)
};
void mg_find_covering(const struct mg_run_context *run, const struct mg_target *target, struct mg_arena *arena, struct mg_covering *covering);
/* Position among the repo's sources. */
size_t mg_file_index(const struct mg_run_context *run, struct mg_str path);

/* services/target.c: one target from SELECTED to an outcome that waits for confirmation. The outcome lives in `arena`. With `measure` its mutants are
 * measured, and that is all. */
struct mg_pending {
    struct mg_outcome *outcome;
    struct mg_suite kept; /* tests to be confirmed; empty when there are none */
    struct mg_str path;   /* of the module that was judged */
    struct mg_measured measured;
    struct mg_suite_measured *suite;
    uint32_t *order; /* indices of the kept tests in suite order */
    size_t order_count;
    struct mg_str unfinished; /* why model or search could not go on: unless the tests reach the threshold, the target is left for a later session */
    bool late;                /* it is left for want of time, and would do with more */
    struct mg_str stop;       /* why no further target can be worked on: the run's stop reason */
};
MG_MUST_CHECK enum mg_code mg_process_target(struct mg_run_context *run, const struct mg_target *target, const struct mg_measure *measure,
                                             struct mg_arena *arena, struct mg_pending *pending, struct mg_err *err);
/* Before the agent does anything else. */
void mg_end_session(const struct mg_run_context *run, struct mg_kept_session *kept);
/* Recounts a pending outcome without the tests that `keep` (by suite index) rejects, and settles its state. */
void mg_settle_target(struct mg_run_context *run, struct mg_arena *arena, struct mg_pending *pending, const bool *keep, const struct mg_str *reasons);

/* services/confirm.c: fresh interpreters decide over the pending targets, then every outcome is stored. */
MG_MUST_CHECK enum mg_code mg_confirm_pending(struct mg_run_context *run, struct mg_arena *arena, struct mg_pending *pending, size_t count,
                                              struct mg_err *err);

/* services/gating.c: runs all kept tests once more in the files that `apply` would write; what fails there is noted. */
MG_MUST_CHECK enum mg_code mg_check_merged(struct mg_run_context *run, struct mg_err *err);

/* services/verify.c: replays config.mutation.verify random verdicts on disk, until `deadline` (monotonic, 0 = none); the counts and every
 * disagreement go into the report. */
MG_MUST_CHECK enum mg_code mg_verify(struct mg_run_context *run, double deadline, struct mg_err *err);

/* services/witness.c: for the survivors that are shown first, or for all, an input on which mutant and original differ. Never changes a verdict. */
MG_MUST_CHECK enum mg_code mg_find_witnesses(struct mg_run_context *run, bool all, struct mg_err *err);

/* services/reporting.c: what new interpreters have cost; there was one. */
struct mg_str mg_fresh_text(const struct mg_run_context *run);

/* services/reporting.c: sums up stored outcomes. */
void mg_report_sum(struct mg_report *report);
struct mg_str mg_next_step(struct mg_arena *arena, const struct mg_report *report, const char *program);

#endif
