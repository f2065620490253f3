/* Verdicts from what the agent reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "unit/engine/script.h"

static void a_failing_test_kills_after_the_line_ran(void **state)
{
    (void)state;
    DONE({ .test = 3, .hit = true }, { .test = 5, .failed = true, .hit = true, .text = MG_STR("AssertionError") });
    struct mg_attempt_end end = verdict();
    assert_int_equal(end.result.verdict, MG_VERDICT_killed);
    assert_int_equal(end.result.kill_kind, MG_KILL_ASSERTION);
    assert_int_equal(end.killer, 5);
    assert_true(mg_str_is(end.result.reason, "AssertionError"));
    assert_true(pump_script.jobs[0].limits.at[1] > pump_script.jobs[0].limits.at[0]);
}

static void crashes_and_set_up_failures_are_crash_kills(void **state)
{
    (void)state;
    DONE({ .test = 3, .failed = true, .hit = true, .crash = true });
    assert_int_equal(verdict().result.kill_kind, MG_KILL_CRASH);
    pump_set_up(state);
    DONE({ .test = 3, .failed = true, .hit = true, .in_setup = true });
    assert_int_equal(verdict().result.kill_kind, MG_KILL_CRASH);
    pump_set_up(state);
    DONE({ .test = 3, .failed = true, .hit = true, .crash = true }, { .test = 5, .failed = true, .hit = true });
    struct mg_attempt_end end = verdict_with(false, NULL, 0);
    assert_int_equal(end.result.kill_kind, MG_KILL_ASSERTION); /* the better kill counts */
    assert_int_equal(end.killer, 5);
}

static void a_failure_before_the_line_ran_is_no_kill(void **state)
{
    (void)state;
    DONE({ .test = 3, .failed = true });
    DONE({ .test = 3, .failed = true });
    DONE({ .test = 5, .hit = true });
    assert_int_equal(verdict().result.verdict, MG_VERDICT_survived);
    assert_int_equal(pump_script.submitted, 3);
    assert_true(odd);
    assert_int_equal(pump_script.jobs[1].tests.len, 2);
    assert_int_equal(pump_script.jobs[2].tests.len, 1); /* without the test that failed */
    assert_int_equal(pump_script.jobs[2].tests.at[0], 5);
}

static const struct mg_candidate late[] = { { 8, 0.0 }, { 5, 0.1 } }, early[] = { { 6, 0.2 }, { 2, 0.3 } };

/* 8 runs first, being the fastest; it was collected behind 2, 5 and 6, which enter the function, too. */
static struct mg_attempt attempt_of(uint32_t mutant)
{
    struct mg_candidate *tests = MG_NEW_ARRAY(pump_arena, struct mg_candidate, 2);
    memcpy(tests, late, sizeof late);
    return (struct mg_attempt){ .mutant = mutant,
                                .source = MG_STR("changed"),
                                .line = 1,
                                .end_line = 1,
                                .first = tests,
                                .first_count = 2,
                                .others = early,
                                .others_count = 2,
                                .bail = true };
}

static void assert_job(size_t job, size_t count, const uint32_t *tests)
{
    assert_int_equal(pump_script.jobs[job].tests.len, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pump_script.jobs[job].tests.at[i], tests[i]);
}

static struct mg_attempt_end first_end(struct mg_pump *pump, uint32_t attempts)
{
    struct mg_attempt_end end, first = { 0 };
    struct mg_err err;
    uint32_t mutant = 0;
    mg_pump_init(pump, &request, NULL, pump_arena);
    pump->unchanged = MG_STR("unchanged");
    for (uint32_t i = 0; i < attempts; i++)
        mg_pump_add(pump, &(struct mg_attempt[]){ attempt_of(i) }[0]);
    for (uint32_t i = 0; i <= attempts; i++) {
        assert_int_equal(mg_pump_next(pump, &mutant, &end, &err), MG_OK);
        assert_int_equal(mutant == UINT32_MAX, i == attempts);
        if (mutant == 0)
            first = end;
    }
    return first;
}

static void a_test_may_need_what_others_leave(void **state)
{
    (void)state;
    struct mg_pump pump;
    DONE({ .test = 8, .failed = true });
    DONE({ .test = 2 }, { .test = 5, .hit = true }, { .test = 6, .hit = true }, { .test = 8, .failed = true, .hit = true });
    struct mg_attempt_end end = first_end(&pump, 1);
    assert_int_equal(end.result.verdict, MG_VERDICT_killed);
    assert_int_equal(end.killer, 8);
    assert_false(pump.odd);
    assert_int_equal(pump_script.submitted, 3);
    assert_job(1, 4, (const uint32_t[]){ 2, 5, 6, 8 });
    assert_false(pump_script.jobs[1].chain);
    assert_int_equal(pump_script.jobs[1].own, 0);
    assert_job(2, 4, (const uint32_t[]){ 2, 5, 6, 8 });
    assert_true(mg_str_is(pump_script.jobs[2].source, "unchanged"));
}

/* 8 was collected behind 5, and what it has left answers 5 without the lines. */
static void a_survivor_meets_its_tests_as_collected_when_one_was_overtaken(void **state)
{
    (void)state;
    struct mg_pump pump;
    DONE({ .test = 8, .hit = true }, { .test = 5, .hit = true });
    *MG_PUSH(pump_arena, &pump_script.answers[0].missed) = 5;
    DONE({ .test = 2 }, { .test = 5, .hit = true }, { .test = 6, .hit = true }, { .test = 8, .hit = true });
    assert_int_equal(first_end(&pump, 1).result.verdict, MG_VERDICT_survived);
    assert_int_equal(pump_script.submitted, 2);
    assert_job(1, 4, (const uint32_t[]){ 2, 5, 6, 8 });
    pump_set_up(state);
    DONE({ .test = 5, .hit = true }, { .test = 8, .hit = true }); /* as plain pytest runs them */
    *MG_PUSH(pump_arena, &pump_script.answers[0].missed) = 8;
    assert_int_equal(first_end(&pump, 1).result.verdict, MG_VERDICT_survived);
    assert_int_equal(pump_script.submitted, 1);
}

static void a_detection_is_believed_when_the_same_tests_pass_without_the_mutant(void **state)
{
    (void)state;
    struct mg_pump pump;
    pump_script.tells_proofs = true;
    DONE({ .test = 8, .failed = true, .hit = true });
    DONE({ .test = 8, .failed = true });
    DONE({ .test = 2 }, { .test = 5, .hit = true }, { .test = 6, .hit = true }, { .test = 8, .hit = true });
    struct mg_attempt_end end = first_end(&pump, 1);
    assert_int_equal(end.result.verdict, MG_VERDICT_survived);
    assert_false(pump.odd);
    assert_job(1, 1, (const uint32_t[]){ 8 });
    pump_set_up(state);
    pump_script.tells_proofs = true;
    answer(MG_RUN_DIED, 8, true, NULL, 0);
    answer(MG_RUN_DIED, 8, false, NULL, 0);
    DONE({ .test = 2 }, { .test = 5, .failed = true, .hit = true });
    DONE({ .test = 2 }, { .test = 5, .failed = true }); /* nor does it pass where it was collected */
    DONE({ .test = 2 }, { .test = 6, .hit = true }, { .test = 8, .hit = true });
    assert_int_equal(first_end(&pump, 1).result.verdict, MG_VERDICT_survived);
    assert_true(pump.odd);
    assert_job(4, 3, (const uint32_t[]){ 2, 6, 8 });
}

/* Its caller measures everything anew then. */
static void where_something_is_odd_nothing_more_need_be_begun(void **state)
{
    (void)state;
    struct mg_pump pump;
    struct mg_attempt_end end;
    struct mg_err err;
    uint32_t mutant = 0;
    DONE({ .test = 8, .failed = true });
    DONE({ .test = 8, .failed = true, .hit = true });
    DONE({ .test = 5, .hit = true }, { .test = 8, .hit = true });
    DONE({ .test = 5, .hit = true }, { .test = 8, .hit = true });
    DONE({ .test = 2 }, { .test = 5 }, { .test = 6 }, { .test = 8, .failed = true }); /* the first once more: odd */
    mg_pump_init(&pump, &single, NULL, pump_arena);
    pump.unchanged = MG_STR("unchanged");
    pump.stops_when_odd = true;
    for (uint32_t i = 0; i < 4; i++)
        mg_pump_add(&pump, &(struct mg_attempt[]){ attempt_of(i) }[0]);
    while (mutant != UINT32_MAX)
        assert_int_equal(mg_pump_next(&pump, &mutant, &end, &err), MG_OK);
    assert_true(pump.odd);
    assert_int_equal(pump_script.submitted, 5); /* neither a proof for the second, nor the first without the test that fails */
}

static void what_the_agent_has_proved_needs_no_other_proof(void **state)
{
    (void)state;
    struct mg_pump pump;
    DONE({ .test = 8, .failed = true, .hit = true });
    pump_script.answers[0].proved = true;
    assert_int_equal(first_end(&pump, 1).result.verdict, MG_VERDICT_killed);
    assert_int_equal(pump_script.submitted, 1);
}

/* The longest sequence proves those that it begins with. */
static void one_proof_serves_all_detections_that_it_contains(void **state)
{
    (void)state;
    struct mg_pump pump;
    pump_script.tells_proofs = true;
    DONE({ .test = 8, .hit = true }, { .test = 5, .failed = true, .hit = true });
    DONE({ .test = 8, .failed = true, .hit = true });
    DONE({ .test = 8, .hit = true }, { .test = 5, .failed = true, .hit = true });
    DONE({ .test = 5, .failed = true, .hit = true });
    DONE({ .test = 5 });
    DONE({ .test = 8 }, { .test = 5 });
    assert_int_equal(first_end(&pump, 4).result.verdict, MG_VERDICT_killed);
    assert_int_equal(pump_script.submitted, 6);
    assert_job(4, 1, (const uint32_t[]){ 5 });
    assert_job(5, 2, (const uint32_t[]){ 8, 5 });
    assert_true(pump_script.jobs[5].line == 0 && !pump_script.jobs[5].chain && pump_script.jobs[5].bail);
}

/* Only the detections that lean on the test that fails are looked at again. */
static void a_proof_that_fails_late_proves_what_came_before(void **state)
{
    (void)state;
    struct mg_pump pump;
    pump_script.tells_proofs = true;
    DONE({ .test = 8, .failed = true, .hit = true });
    DONE({ .test = 8, .hit = true }, { .test = 5, .failed = true, .hit = true });
    DONE({ .test = 8 }, { .test = 5, .failed = true });
    DONE({ .test = 2 }, { .test = 5 }, { .test = 6 }, { .test = 8, .hit = true });
    assert_int_equal(first_end(&pump, 2).result.verdict, MG_VERDICT_killed);
    assert_int_equal(pump_script.submitted, 4);
    assert_int_equal(pump_script.jobs[3].tests.len, 4);
}

static double tell_now(void *self)
{
    (void)self;
    return pump_clock;
}

/* Three mutants that a test of so many seconds detects. How many have a verdict. */
static size_t verdicts_by(double seconds)
{
    static const struct mg_clock_ops clock = { .name = "set", .monotonic = tell_now };
    struct mg_gate_request with = { .agent = { &scripted_ops, NULL }, .config = &one_job, .clock = { &clock, NULL }, .deadline = 10.0 };
    struct mg_candidate tests[] = { { 8, seconds } };
    struct mg_pump pump;
    struct mg_attempt_end told;
    struct mg_err err;
    uint32_t mutant = 0;
    size_t verdicts = 0;
    for (int i = 0; i < 3; i++)
        DONE({ .test = 8, .failed = true, .hit = true });
    mg_pump_init(&pump, &with, NULL, pump_arena);
    pump.unchanged = MG_STR("unchanged");
    for (uint32_t i = 0; i < 3; i++)
        mg_pump_add(&pump, &(struct mg_attempt){ .mutant = i, .source = MG_STR("x"), .first = tests, .first_count = 1, .bail = true });
    pump_clock = 0.0;
    while (mutant != UINT32_MAX) {
        assert_int_equal(mg_pump_next(&pump, &mutant, &told, &err), MG_OK);
        verdicts += mutant != UINT32_MAX;
    }
    return verdicts;
}

static void a_slow_proof_is_begun_at_once(void **state)
{
    (void)state;
    assert_int_equal(verdicts_by(0.3), 3);
    assert_int_equal(pump_script.submitted, 4);
    assert_true(mg_str_is(pump_script.jobs[2].source, "unchanged")); /* two were out when the first had its answer */
    pump_set_up(state);
    assert_int_equal(verdicts_by(0.2), 3);
    assert_int_equal(pump_script.submitted, 4);
    assert_true(mg_str_is(pump_script.jobs[3].source, "unchanged"));
}

/* Two have their answer when the time is over. */
static void when_the_time_is_over_only_proofs_that_are_quick_are_begun(void **state)
{
    (void)state;
    pump_script.over_at = 1;
    assert_int_equal(verdicts_by(0.2), 2);
    assert_int_equal(pump_script.submitted, 3);
    pump_set_up(state);
    pump_script.over_at = 1;
    assert_int_equal(verdicts_by(6.0), 0);
    assert_int_equal(pump_script.submitted, 2);
}

static void an_unsteady_test_comes_last(void **state)
{
    (void)state;
    struct mg_pump pump;
    DONE({ .test = 8, .failed = true });
    for (int i = 0; i < 3; i++) /* four are on their way before the first has answered */
        DONE({ .test = 8, .hit = true }, { .test = 5, .hit = true });
    DONE({ .test = 5, .hit = true }, { .test = 8, .failed = true, .hit = true });
    for (int i = 0; i < 4; i++)
        DONE({ .test = 5, .hit = true }, { .test = 8, .hit = true });
    DONE({ .test = 2, .hit = true });
    (void)first_end(&pump, 9);
    assert_job(4, 2, (const uint32_t[]){ 5, 8 });
    assert_job(8, 2, (const uint32_t[]){ 5, 8 }); /* though it has killed the fifth */
}

static void a_survivor_meets_every_test_that_enters_the_function_in_one_process(void **state)
{
    (void)state;
    DONE({ .test = 3, .hit = true }, { .test = 5, .hit = true }, { .test = 9, .hit = true });
    assert_int_equal(verdict_with(true, other, 1).result.verdict, MG_VERDICT_survived);
    assert_false(odd);
    assert_int_equal(pump_script.submitted, 1);
    assert_int_equal(pump_script.jobs[0].tests.len, 3);
    assert_int_equal(pump_script.jobs[0].tests.at[2], 9);
}

/* What the tests before it leave behind may make it fail without the mutant, too. */
static void a_neighbour_kills_when_it_passes_there_without_the_mutant(void **state)
{
    (void)state;
    pump_script.tells_proofs = true;
    DONE({ .test = 3, .hit = true }, { .test = 5, .hit = true }, { .test = 9, .failed = true, .hit = true, .text = MG_STR("AssertionError") });
    DONE({ .test = 3 }, { .test = 5 }, { .test = 9 });
    struct mg_attempt_end end = verdict_with(true, other, 1);
    assert_int_equal(end.result.verdict, MG_VERDICT_killed);
    assert_int_equal(end.killer, 9);
    assert_true(mg_str_is(end.result.reason, "AssertionError"));
    assert_true(mg_str_is(pump_script.jobs[1].source, "unchanged"));
    assert_int_equal(pump_script.jobs[1].line, 0);
    assert_int_equal(pump_script.jobs[1].tests.len, 3);
    pump_set_up(state);
    pump_script.tells_proofs = true;
    DONE({ .test = 3, .hit = true }, { .test = 5, .hit = true }, { .test = 9, .failed = true, .hit = true });
    DONE({ .test = 3 }, { .test = 5 }, { .test = 9, .failed = true });
    DONE({ .test = 3, .hit = true }, { .test = 5, .hit = true });
    assert_int_equal(verdict_with(true, other, 1).result.verdict, MG_VERDICT_survived);
    assert_int_equal(pump_script.jobs[2].tests.len, 2);
}

static void a_neighbour_that_hangs_or_dies_is_tried_without_the_mutant_too(void **state)
{
    (void)state;
    pump_script.tells_proofs = true;
    answer(MG_RUN_DIED, 9, true, NULL, 0);
    answer(MG_RUN_DIED, 9, false, NULL, 0);
    DONE({ .test = 3, .hit = true }, { .test = 5, .hit = true });
    assert_int_equal(verdict_with(true, other, 1).result.verdict, MG_VERDICT_survived);
    pump_set_up(state);
    pump_script.tells_proofs = true;
    answer(MG_RUN_TIMEOUT, 9, true, NULL, 0);
    answer(MG_RUN_TIMEOUT, 9, true, NULL, 0);
    DONE({ .test = 3 }, { .test = 5 }, { .test = 9 });
    assert_int_equal(verdict_with(true, other, 1).result.verdict, MG_VERDICT_timeout);
}

static void the_proof_ends_with_the_killer(void **state)
{
    (void)state;
    pump_script.tells_proofs = true;
    static const struct mg_candidate more[] = { { 9, 0.0 }, { 11, 0.0 } };
    DONE({ .test = 3, .hit = true }, { .test = 5, .hit = true }, { .test = 9, .failed = true, .hit = true });
    DONE({ .test = 3 }, { .test = 5 }, { .test = 9 });
    assert_int_equal(verdict_with(true, more, 2).result.verdict, MG_VERDICT_killed);
    assert_int_equal(pump_script.jobs[0].tests.len, 4);
    assert_int_equal(pump_script.jobs[1].tests.len, 3);
}

static void without_proof_of_activation_nothing_survived(void **state)
{
    (void)state;
    DONE({ .test = 3 }, { .test = 5 });
    assert_int_equal(verdict().result.verdict, MG_VERDICT_not_reached);
}

static struct mg_attempt_end verdict_of(struct mg_attempt attempt)
{
    struct mg_pump pump;
    struct mg_attempt_end end;
    struct mg_err err;
    uint32_t mutant = 0;
    attempt.source = MG_STR("def f(): pass");
    attempt.first = two;
    attempt.first_count = 2;
    attempt.bail = true;
    mg_pump_init(&pump, &request, NULL, pump_arena);
    pump.unchanged = MG_STR("unchanged");
    mg_pump_add(&pump, &attempt);
    assert_int_equal(mg_pump_next(&pump, &mutant, &end, &err), MG_OK);
    odd = pump.odd;
    return end;
}

static void where_a_fork_sees_nothing_a_new_interpreter_is_asked(void **state)
{
    (void)state;
    DONE({ .test = 3 }, { .test = 5 });
    DONE({ .test = 3 }, { .test = 5, .failed = true, .hit = true });
    struct mg_attempt_end end = verdict_of((struct mg_attempt){ .fresh_if_unseen = true });
    assert_int_equal(end.result.verdict, MG_VERDICT_killed);
    assert_false(pump_script.jobs[0].fresh);
    assert_true(pump_script.jobs[1].fresh);
    assert_true(odd);
    pump_set_up(state);
    DONE({ .test = 3 }, { .test = 5 });
    DONE({ .test = 3 }, { .test = 5 });
    end = verdict_of((struct mg_attempt){ .fresh_if_unseen = true });
    assert_int_equal(end.result.verdict, MG_VERDICT_not_reached);
    assert_int_equal(pump_script.submitted, 2);
}

static void a_static_mutant_says_so(void **state)
{
    (void)state;
    DONE({ .test = 3 }, { .test = 5 });
    struct mg_attempt_end end = verdict_of((struct mg_attempt){ .fresh = true, .is_static = true });
    assert_int_equal(end.result.verdict, MG_VERDICT_no_coverage);
    assert_true(mg_str_is(end.result.reason, "static: runs on import"));
    pump_set_up(state);
    DONE({ .test = 3, .failed = true, .hit = true, .text = MG_STR("AssertionError") });
    end = verdict_of((struct mg_attempt){ .fresh = true, .is_static = true });
    assert_int_equal(end.result.verdict, MG_VERDICT_killed);
    assert_true(mg_str_is(end.result.reason, "static: AssertionError"));
}

/* Neighbours that pass only behind others are no reason to doubt a survivor. */
static void neighbours_that_cannot_stand_behind_the_others_say_nothing(void **state)
{
    (void)state;
    pump_script.tells_proofs = true;
    static const struct mg_candidate five[] = { { 9, 0.0 }, { 10, 0.0 }, { 11, 0.0 }, { 12, 0.0 }, { 13, 0.0 } };
    for (uint32_t i = 0; i < 4; i++) {
        DONE({ .test = 3, .hit = true }, { .test = 5, .hit = true }, { .test = 9 + i, .failed = true, .hit = true });
        DONE({ .test = 3 }, { .test = 5 }, { .test = 9 + i, .failed = true });
    }
    DONE({ .test = 3, .hit = true }, { .test = 5, .hit = true });
    assert_int_equal(verdict_with(true, five, 5).result.verdict, MG_VERDICT_survived);
    assert_int_equal(pump_script.submitted, 9);
    assert_int_equal(pump_script.jobs[8].tests.len, 2); /* not even the one that has not failed */
}

static void submit_one(bool chain, struct mg_attempt attempt)
{
    struct mg_config chained = two_jobs;
    chained.mutation.chain = chain;
    struct mg_gate_request with = request;
    with.config = &chained;
    struct mg_pump pump;
    struct mg_attempt_end end;
    struct mg_err err;
    uint32_t mutant = 0;
    attempt.source = MG_STR("def f(): pass");
    attempt.first = two;
    attempt.first_count = 2;
    attempt.second = other;
    attempt.second_count = 1;
    mg_pump_init(&pump, &with, NULL, pump_arena);
    pump.unchanged = MG_STR("unchanged");
    mg_pump_add(&pump, &attempt);
    assert_int_equal(mg_pump_next(&pump, &mutant, &end, &err), MG_OK);
}

static void only_tests_that_run_the_lines_may_go_ahead(void **state)
{
    (void)state;
    DONE({ .test = 3, .failed = true, .hit = true });
    submit_one(true, (struct mg_attempt){ .line = 2, .end_line = 2, .bail = true, .near_count = 1 });
    assert_int_equal(pump_script.jobs[0].near, 3);
    pump_set_up(state);
    DONE({ .test = 3, .failed = true, .hit = true });
    submit_one(true, (struct mg_attempt){ .line = 2, .end_line = 2, .bail = true });
    assert_int_equal(pump_script.jobs[0].own, 2);
    assert_int_equal(pump_script.jobs[0].near, 2);
    assert_true(pump_script.jobs[0].chain);
    assert_int_equal(pump_script.jobs[0].tests.len, 3);
    pump_set_up(state);
    DONE({ .test = 3, .failed = true, .hit = true });
    submit_one(false, (struct mg_attempt){ .line = 2, .end_line = 2, .bail = true });
    assert_false(pump_script.jobs[0].chain);
    pump_set_up(state);
    DONE({ .test = 3, .failed = true, .hit = true });
    submit_one(true, (struct mg_attempt){ .bail = true }); /* a control */
    assert_int_equal(pump_script.jobs[0].own, 0);
    pump_set_up(state);
    DONE({ .test = 3, .failed = true, .hit = true });
    submit_one(true, (struct mg_attempt){ .line = 2, .end_line = 2, .bail = true, .fresh = true });
    assert_int_equal(pump_script.jobs[0].own, 0);
    pump_set_up(state);
    answer(MG_RUN_TIMEOUT, 3, true, NULL, 0);
    DONE({ .test = 3, .hit = true }, { .test = 5, .hit = true }, { .test = 9, .hit = true });
    submit_one(true, (struct mg_attempt){ .line = 2, .end_line = 2, .bail = true });
    assert_int_equal(pump_script.jobs[1].own, 0); /* alone */
    assert_false(pump_script.jobs[1].chain);
}

static void a_dead_process_kills_only_after_the_line_ran(void **state)
{
    (void)state;
    answer(MG_RUN_DIED, 5, true, NULL, 0);
    struct mg_attempt_end end = verdict();
    assert_int_equal(end.result.verdict, MG_VERDICT_killed);
    assert_int_equal(end.result.kill_kind, MG_KILL_CRASH);
    pump_set_up(state);
    answer(MG_RUN_DIED, 3, false, NULL, 0);
    answer(MG_RUN_DIED, 3, false, NULL, 0);
    DONE({ .test = 5, .hit = true });
    assert_int_equal(verdict().result.verdict, MG_VERDICT_survived);
}

static void it_gives_up_after_three_retries(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        answer(MG_RUN_DIED, 3, false, NULL, 0);
    assert_int_equal(verdict().result.verdict, MG_VERDICT_invalid);
    assert_int_equal(pump_script.submitted, 5);
}

static void refused_mutants_have_no_verdict(void **state)
{
    (void)state;
    answer(MG_RUN_REFUSED, 0, false, NULL, 0);
    assert_int_equal(verdict().result.verdict, MG_VERDICT_invalid);
    pump_set_up(state);
    answer(MG_RUN_REFUSED, 0, false, NULL, 0);
    pump_script.answers[0].same_code = true;
    assert_int_equal(verdict().result.verdict, MG_VERDICT_ignored);
}

static void an_answer_to_no_question_is_an_error(void **state)
{
    (void)state;
    struct mg_pump pump;
    struct mg_attempt_end end;
    struct mg_err err;
    uint32_t mutant;
    answer(MG_RUN_DONE, 0, false, NULL, 0);
    pump_script.answers[0].ticket = 99;
    mg_pump_init(&pump, &request, NULL, pump_arena);
    mg_pump_add(&pump, &(struct mg_attempt){ .source = MG_STR("x"), .first = two, .first_count = 2 });
    assert_int_equal(mg_pump_next(&pump, &mutant, &end, &err), MG_E_CHILD);
}

/* Attempts with the same tests, each with a list of its own. */
static struct mg_pump pump_of(const struct mg_gate_request *of, uint32_t attempts)
{
    struct mg_pump pump;
    mg_pump_init(&pump, of, NULL, pump_arena);
    pump.unchanged = MG_STR("unchanged");
    for (uint32_t i = 0; i < attempts; i++) {
        struct mg_candidate *tests = MG_NEW_ARRAY(pump_arena, struct mg_candidate, 2);
        memcpy(tests, two, sizeof two);
        mg_pump_add(&pump, &(struct mg_attempt){ .mutant = i,
                                                 .source = MG_STR("changed"),
                                                 .line = 1,
                                                 .first = tests,
                                                 .first_count = 2,
                                                 .second = other,
                                                 .second_count = 1,
                                                 .bail = true });
    }
    return pump;
}

static void take_all(struct mg_pump *pump, uint32_t count)
{
    for (uint32_t i = 0; i <= count; i++) {
        struct mg_attempt_end end;
        struct mg_err err;
        uint32_t mutant = 0;
        assert_int_equal(mg_pump_next(pump, &mutant, &end, &err), MG_OK);
        assert_int_equal(mutant == UINT32_MAX, i == count);
    }
}

static void the_last_killer_comes_first(void **state)
{
    (void)state;
    DONE({ .test = 3, .hit = true }, { .test = 5, .failed = true, .hit = true });
    DONE({ .test = 3, .failed = true, .hit = true });
    DONE({ .test = 3, .failed = true, .hit = true });
    struct mg_pump pump = pump_of(&single, 3);
    take_all(&pump, 3);
    assert_int_equal(pump_script.submitted, 4);           /* and their proof */
    assert_int_equal(pump_script.jobs[1].tests.at[0], 3); /* was on its way already */
    assert_int_equal(pump_script.jobs[2].tests.at[0], 5);
}

static void another_is_handed_over_for_one_that_is_asleep(void **state)
{
    (void)state;
    answer(MG_RUN_ASLEEP, 0, false, NULL, 0);
    for (int i = 0; i < 5; i++)
        DONE({ .test = 3, .hit = true }, { .test = 5, .hit = true });
    struct mg_pump pump = pump_of(&single, 5);
    take_all(&pump, 5);
    assert_true(pump_script.jobs[0].yields);
    assert_int_equal(pump_script.flying_at_submit[1], 1);
    assert_int_equal(pump_script.flying_at_submit[2], 2);
    assert_int_equal(pump_script.flying_at_submit[3], 1); /* it has ended */
    assert_int_equal(pump_script.flying_at_submit[4], 1);
}

static void one_that_was_asleep_is_repeated_as_any_other(void **state)
{
    (void)state;
    answer(MG_RUN_ASLEEP, 0, false, NULL, 0);
    answer(MG_RUN_TIMEOUT, 3, true, NULL, 0);
    DONE({ .test = 3, .hit = true }, { .test = 5, .hit = true });
    struct mg_pump pump = pump_of(&single, 1);
    take_all(&pump, 1);
    assert_int_equal(pump_script.submitted, 2);
    assert_int_equal(pump.asleep, 0);
}

static void a_proof_keeps_the_order_of_its_mutant(void **state)
{
    (void)state;
    pump_script.tells_proofs = true;
    DONE({ .test = 3, .hit = true }, { .test = 5, .hit = true }, { .test = 9, .failed = true, .hit = true });
    DONE({ .test = 3, .hit = true }, { .test = 5, .failed = true, .hit = true });
    DONE({ .test = 3, .hit = true });
    DONE({ .test = 3 }, { .test = 5 }, { .test = 9 });
    struct mg_pump pump = pump_of(&single, 3);
    take_all(&pump, 3);
    assert_int_equal(pump_script.submitted, 4);
    assert_true(mg_str_is(pump_script.jobs[3].source, "unchanged"));
    assert_int_equal(pump_script.jobs[3].tests.at[0], 3); /* though 5 has killed another one while it waited */
    assert_int_equal(pump_script.jobs[3].tests.at[1], 5);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, pump_set_up, pump_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_failing_test_kills_after_the_line_ran),
        CASE(crashes_and_set_up_failures_are_crash_kills),
        CASE(a_failure_before_the_line_ran_is_no_kill),
        CASE(a_test_may_need_what_others_leave),
        CASE(a_detection_is_believed_when_the_same_tests_pass_without_the_mutant),
        CASE(a_survivor_meets_its_tests_as_collected_when_one_was_overtaken),
        CASE(where_something_is_odd_nothing_more_need_be_begun),
        CASE(what_the_agent_has_proved_needs_no_other_proof),
        CASE(one_proof_serves_all_detections_that_it_contains),
        CASE(a_proof_that_fails_late_proves_what_came_before),
        CASE(a_slow_proof_is_begun_at_once),
        CASE(when_the_time_is_over_only_proofs_that_are_quick_are_begun),
        CASE(an_unsteady_test_comes_last),
        CASE(a_survivor_meets_every_test_that_enters_the_function_in_one_process),
        CASE(a_neighbour_kills_when_it_passes_there_without_the_mutant),
        CASE(a_neighbour_that_hangs_or_dies_is_tried_without_the_mutant_too),
        CASE(the_proof_ends_with_the_killer),
        CASE(without_proof_of_activation_nothing_survived),
        CASE(where_a_fork_sees_nothing_a_new_interpreter_is_asked),
        CASE(a_static_mutant_says_so),
        CASE(neighbours_that_cannot_stand_behind_the_others_say_nothing),
        CASE(only_tests_that_run_the_lines_may_go_ahead),
        CASE(a_dead_process_kills_only_after_the_line_ran),
        CASE(it_gives_up_after_three_retries),
        CASE(refused_mutants_have_no_verdict),
        CASE(an_answer_to_no_question_is_an_error),
        CASE(the_last_killer_comes_first),
        CASE(another_is_handed_over_for_one_that_is_asleep),
        CASE(one_that_was_asleep_is_repeated_as_any_other),
        CASE(a_proof_keeps_the_order_of_its_mutant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
