/* `score`: the existing tests against the mutants. Nothing is generated, nothing but the cache is written. score.c is the pipeline. */
#ifndef MG_SCORE_RUN_H
#define MG_SCORE_RUN_H

#include "services/run.h"

struct mg_score_request {
    struct mg_str repo;           /* absolute path, resolved */
    struct mg_str diff;           /* only mutants on lines that are not in the merge-base of this revision and HEAD; empty = all */
    MG_LIST(struct mg_str) tests; /* only tests of these files, folders or node ids count, relative to the repo; empty = all */
    int64_t sample;               /* so many mutants, spread over targets and operators; 0 = all */
    double max_seconds;           /* no mutant is begun after that; 0 = no limit */
    bool matrix;                  /* every covering test on every mutant */
    bool all_witnesses;           /* look at every survivor, not only at those that are shown first */
    bool fresh;                   /* believe nothing that the cache holds, and do not add to it */
    struct mg_str machine;        /* digest of our program and of the environment that tests get: part of every cache key */
};

/* result->report has its outcomes with every mutant, and its `scored`. MG_OK also when it was cancelled (status "cancelled") or the time was over
 * (status "partial", stop_reason "max_time": mutants without verdict are pending). The private copy is gone by then; texts are not. */
MG_MUST_CHECK enum mg_code mg_score_run(const struct mg_run_services *services, const struct mg_config *config,
                                        const struct mg_score_request *request, struct mg_arena *arena, struct mg_run_result *result,
                                        struct mg_err *err);

/* The last score that was stored, as it was. MG_E_NOT_FOUND when there is none. */
MG_MUST_CHECK enum mg_code mg_score_last(struct mg_cache cache, struct mg_arena *arena, struct mg_report *report, struct mg_err *err);

#endif
