/* See script.h. */
#include "unit/engine/script.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"

struct script pump_script;
double pump_clock;
struct mg_arena *pump_arena;

static enum mg_code submit(struct mg_session *session, const struct mg_mutant_job *job, struct mg_err *err)
{
    (void)session;
    (void)err;
    assert_true(pump_script.submitted < MOST_JOBS);
    pump_script.flying_at_submit[pump_script.submitted] = pump_script.submitted - pump_script.answered;
    pump_script.jobs[pump_script.submitted++] = *job;
    return MG_OK;
}

static enum mg_code next(struct mg_session *session, struct mg_arena *into, struct mg_mutant_run *run, struct mg_err *err)
{
    (void)session;
    (void)err;
    const struct mg_mutant_job *job = &pump_script.jobs[pump_script.answered];
    if (pump_script.answers[pump_script.told].end == MG_RUN_ASLEEP) {
        *run = pump_script.answers[pump_script.told++];
        run->ticket = job->ticket;
        return MG_OK;
    }
    pump_script.answered++;
    if (pump_script.answered == pump_script.over_at)
        pump_clock = 10.0;
    if (mg_str_is(job->source, "unchanged") && !pump_script.tells_proofs) {
        *run = (struct mg_mutant_run){ .end = MG_RUN_DONE, .ticket = job->ticket };
        for (size_t i = 0; i < job->tests.len; i++)
            *MG_PUSH(into, &run->runs) = (struct mg_test_run){ .test = job->tests.at[i] };
        return MG_OK;
    }
    *run = pump_script.answers[pump_script.told++];
    if (run->ticket == 0)
        run->ticket = job->ticket;
    return MG_OK;
}

const struct mg_agent_ops scripted_ops = { .name = "scripted", .session_submit = submit, .session_next = next };
const struct mg_config two_jobs = { .jobs = 2 }, one_job = { .jobs = 1 };
const struct mg_gate_request request = { .agent = { &scripted_ops, NULL }, .config = &two_jobs },
                             single = { .agent = { &scripted_ops, NULL }, .config = &one_job };

int pump_set_up(void **state)
{
    (void)state;
    memset(&pump_script, 0, sizeof pump_script);
    mg_arena_free(pump_arena); /* a test may set up more than once */
    pump_arena = mg_arena_new();
    return 0;
}

int pump_tear_down(void **state)
{
    (void)state;
    mg_arena_free(pump_arena);
    pump_arena = NULL;
    return 0;
}

void answer(enum mg_mutant_end end, uint32_t at, bool at_hit, const struct mg_test_run *runs, size_t count)
{
    struct mg_mutant_run *run = &pump_script.answers[0];
    while (run->reason.at)
        run++;
    *run = (struct mg_mutant_run){ .end = end, .at = at, .at_hit = at_hit, .reason = MG_STR("scripted") };
    for (size_t i = 0; i < count; i++)
        *MG_PUSH(pump_arena, &run->runs) = runs[i];
}

const struct mg_candidate two[2] = { { 3, 0.0 }, { 5, 0.1 } }, other[1] = { { 9, 0.0 } };

bool odd; /* of the last pump */

struct mg_attempt_end verdict_with(bool bail, const struct mg_candidate *second, size_t second_count)
{
    struct mg_pump pump;
    struct mg_attempt_end end;
    struct mg_err err;
    uint32_t mutant = 0;
    mg_pump_init(&pump, &request, NULL, pump_arena);
    pump.unchanged = MG_STR("unchanged");
    mg_pump_add(&pump, &(struct mg_attempt){ .mutant = 7,
                                             .source = MG_STR("def f(): pass"),
                                             .first = two,
                                             .first_count = 2,
                                             .second = second,
                                             .second_count = second_count,
                                             .bail = bail });
    assert_int_equal(mg_pump_next(&pump, &mutant, &end, &err), MG_OK);
    assert_int_equal(mutant, 7);
    struct mg_attempt_end none;
    assert_int_equal(mg_pump_next(&pump, &mutant, &none, &err), MG_OK);
    odd = pump.odd;
    assert_int_equal(mutant, UINT32_MAX);
    return end;
}
struct mg_attempt_end verdict(void) { return verdict_with(true, NULL, 0); }
