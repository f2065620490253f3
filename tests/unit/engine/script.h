/* A scripted session stands in for the agent: one answer for each process that it would start. */
#ifndef MG_TEST_ENGINE_SCRIPT_H
#define MG_TEST_ENGINE_SCRIPT_H

#include "engine/pump.h"

#define MOST_JOBS 16

struct script {
    struct mg_mutant_run answers[MOST_JOBS]; /* in order of submission; ticket is filled in */
    struct mg_mutant_job jobs[MOST_JOBS];
    size_t submitted, answered, told;
    size_t over_at;                     /* so many answers: then the time is over */
    bool tells_proofs;                  /* the answers are those of the unchanged function, too; otherwise it passes everything */
    size_t flying_at_submit[MOST_JOBS]; /* how many others were out when this job came */
};

extern struct script pump_script;
extern double pump_clock;
extern struct mg_arena *pump_arena;
extern const struct mg_agent_ops scripted_ops;
extern const struct mg_config two_jobs, one_job;
extern const struct mg_gate_request request, single; /* with two jobs, and with one */
extern const struct mg_candidate two[2], other[1];
extern bool odd; /* of the last pump */

/* Around each test. */
int pump_set_up(void **state);
int pump_tear_down(void **state);

/* The next answer. */
void answer(enum mg_mutant_end end, uint32_t at, bool at_hit, const struct mg_test_run *runs, size_t count);
#define DONE(...)                                                                                                                                    \
    answer(MG_RUN_DONE, 0, false, (const struct mg_test_run[]){ __VA_ARGS__ },                                                                       \
           sizeof((const struct mg_test_run[]){ __VA_ARGS__ }) / sizeof(struct mg_test_run))

/* The end of one mutant's attempt with the tests `two`, and `second` behind them. */
struct mg_attempt_end verdict_with(bool bail, const struct mg_candidate *second, size_t second_count);
struct mg_attempt_end verdict(void);

#endif
