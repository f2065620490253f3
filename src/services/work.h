/* What the steps of one target share. Internal to services/target.c (before, settle) and services/rounds.c (generate, gate, choose). */
#ifndef MG_SERVICES_WORK_H
#define MG_SERVICES_WORK_H

#include "services/context.h"

struct mg_work {
    struct mg_run_context *run;
    const struct mg_measure *measure; /* of a score, else NULL */
    const struct mg_target *target;
    const struct mg_source_file *source;
    struct mg_arena *arena;
    struct mg_session *session;
    struct mg_gate_request gate;
    struct mg_pending *pending; /* its `suite` is the verdict on every test of `pool`, same order */
    struct mg_outcome *outcome;
    struct mg_suite pool;           /* every test of every round; a later round adds, it never replaces one that passes */
    MG_LIST(uint32_t) origins;      /* of each test of the pool: which suite it came with */
    MG_LIST(struct mg_str) imports; /* of each suite */
    MG_LIST(struct mg_str) facts;
    bool broken;     /* the session is of no more use */
    bool shared;     /* the session has served another target before */
    unsigned epoch;  /* run->revived when it was opened */
    unsigned judged; /* suites so far: each stands in a module of its own */
};

/* services/above.c: also measures what lies above the level, behind the level's own mutants in pending->measured: search, model and the choice
 * of tests work on them too, so that tests kept for a low level are no weaker. They are in no score, threshold, outcome or report. */
MG_MUST_CHECK enum mg_code mg_measure_above(struct mg_work *work, struct mg_err *err);

MG_MUST_CHECK enum mg_code mg_discard(struct mg_work *work, struct mg_str reason, struct mg_err *err);

/* From SELECTED to MUTATED (tests wait for confirmation), DISCARDED or UNFINISHED: search, then the model's rounds on what is left alive. */
MG_MUST_CHECK enum mg_code mg_target_rounds(struct mg_work *work, struct mg_err *err);

#define MG_MOST_MODEL_FAILURES 3u /* targets in a row, then the run ends */
/* How many targets in a row got no reply, the one of that index among them. */
unsigned mg_failures_in_a_row(const struct mg_run_context *run, size_t index);

/* For a dry run: what the first call to the model would be. The state stays. */
MG_MUST_CHECK enum mg_code mg_target_estimate(struct mg_work *work, struct mg_err *err);

/* What the tests that `keep` allows do to one mutant that was open before; NULL allows every test that passes. */
struct mg_mutant_result mg_result_after(const struct mg_pending *pending, uint32_t mutant, const bool *keep, const struct mg_mutant_result *before);

#endif
