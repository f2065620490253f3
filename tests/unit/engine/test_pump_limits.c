/* Tests that pass their limit of time: when that is a verdict, and when they need more of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "unit/engine/script.h"

static void took(uint32_t test, double seconds)
{
    struct mg_mutant_run *run = &pump_script.answers[0];
    while (run[1].reason.at)
        run++;
    *MG_PUSH(pump_arena, &run->took) = (struct mg_test_time){ test, seconds };
}

static void a_timeout_is_repeated_alone(void **state)
{
    (void)state;
    struct mg_pump pump;
    struct mg_attempt_end end;
    struct mg_err err;
    uint32_t mutant;
    answer(MG_RUN_TIMEOUT, 3, true, NULL, 0);
    DONE({ .test = 3, .hit = true }, { .test = 5, .hit = true });
    answer(MG_RUN_TIMEOUT, 3, true, NULL, 0);
    mg_pump_init(&pump, &request, NULL, pump_arena);
    pump.unchanged = MG_STR("unchanged");
    for (uint32_t i = 0; i < 2; i++)
        mg_pump_add(&pump, &(struct mg_attempt){ .mutant = i, .source = MG_STR("x"), .first = two, .first_count = 2, .bail = true });
    assert_int_equal(mg_pump_next(&pump, &mutant, &end, &err), MG_OK);
    assert_int_equal(mutant, 1);
    assert_int_equal(end.result.verdict, MG_VERDICT_survived);
    assert_int_equal(mg_pump_next(&pump, &mutant, &end, &err), MG_OK);
    assert_int_equal(mutant, 0);
    assert_int_equal(end.result.verdict, MG_VERDICT_timeout);
    assert_int_equal(pump_script.flying_at_submit[1], 1); /* the two went out together … */
    assert_int_equal(pump_script.flying_at_submit[2], 0); /* … the repetition alone */
}

static void a_timeout_that_does_not_come_again_is_none(void **state)
{
    (void)state;
    answer(MG_RUN_TIMEOUT, 3, true, NULL, 0);
    DONE({ .test = 3, .hit = true }, { .test = 5, .hit = true });
    assert_int_equal(verdict().result.verdict, MG_VERDICT_survived);
}

/* What others set up before it in the baseline may have to be set up first: a fixture of a module, a table that is made when it is first used. */
static void a_test_that_comes_too_late_to_the_line_gets_more_time(void **state)
{
    (void)state;
    answer(MG_RUN_TIMEOUT, 5, false, NULL, 0);
    DONE({ .test = 3, .hit = false }, { .test = 5, .hit = true });
    assert_int_equal(verdict().result.verdict, MG_VERDICT_survived);
    assert_false(odd);
    assert_int_equal(pump_script.submitted, 2);
    assert_true(pump_script.jobs[0].limits.at[1] == mg_test_limit(0.1) && pump_script.jobs[1].limits.at[1] > mg_test_limit(1.0));
    assert_true(pump_script.jobs[1].limits.at[0] == mg_test_limit(0)); /* the other one need not */
    pump_set_up(state);
    for (int i = 0; i < 3; i++)
        answer(MG_RUN_TIMEOUT, 5, false, NULL, 0);
    DONE({ .test = 3, .hit = true });
    assert_int_equal(verdict().result.verdict, MG_VERDICT_survived);
    assert_true(odd);
    assert_int_equal(pump_script.submitted, 4); /* with more time, as collected, without it */
    assert_int_equal(pump_script.jobs[3].tests.len, 1);
}

static void a_timeout_counts_when_the_test_is_quick_without_the_mutant(void **state)
{
    static const double seconds[] = { 0.8, 0.04 };
    for (int i = 0; i < 2; i++) {
        pump_set_up(state);
        pump_script.tells_proofs = true;
        answer(MG_RUN_TIMEOUT, 3, true, NULL, 0);
        pump_script.answers[0].certain = true;
        DONE({ .test = 3 });
        took(3, seconds[i]);
        answer(MG_RUN_TIMEOUT, 3, true, NULL, 0);
        pump_script.answers[2].certain = true;
        assert_int_equal(verdict().result.verdict, MG_VERDICT_timeout);
        assert_false(odd);
        assert_int_equal(pump_script.submitted, i ? 2 : 3); /* the proof holds for the second one, too */
        assert_true(pump_script.jobs[1].limits.at[0] >= 2.0 * mg_test_limit(1.0));
        if (i == 0)
            assert_true(pump_script.jobs[2].limits.at[0] == mg_test_limit(0.8));
    }
    pump_set_up(state);
    pump_script.tells_proofs = true;
    answer(MG_RUN_TIMEOUT, 3, true, NULL, 0);
    pump_script.answers[0].certain = true;
    DONE({ .test = 3 });
    took(3, 0.8);
    DONE({ .test = 3, .hit = true }, { .test = 5, .hit = true });
    assert_int_equal(verdict().result.verdict, MG_VERDICT_survived);
}

static void with_more_time_a_timeout_is_repeated_alone_again(void **state)
{
    (void)state;
    pump_script.tells_proofs = true;
    answer(MG_RUN_TIMEOUT, 3, true, NULL, 0);
    answer(MG_RUN_TIMEOUT, 3, true, NULL, 0);
    DONE({ .test = 3 });
    took(3, 0.8);
    answer(MG_RUN_TIMEOUT, 3, true, NULL, 0);
    DONE({ .test = 3, .hit = true }, { .test = 5, .hit = true });
    assert_int_equal(verdict().result.verdict, MG_VERDICT_survived);
    assert_int_equal(pump_script.submitted, 5);
}

static void a_kill_needs_no_more_time(void **state)
{
    (void)state;
    pump_script.tells_proofs = true;
    DONE({ .test = 3, .hit = true, .failed = true });
    DONE({ .test = 3 });
    took(3, 0.8);
    assert_int_equal(verdict().result.verdict, MG_VERDICT_killed);
    assert_int_equal(pump_script.submitted, 2);
}

static void a_limit_is_judged_by_what_was_known_when_it_was_set(void **state)
{
    (void)state;
    pump_script.tells_proofs = true;
    for (int i = 0; i < 2; i++) { /* both are out before either has its proof */
        answer(MG_RUN_TIMEOUT, 3, true, NULL, 0);
        pump_script.answers[i].certain = true;
    }
    DONE({ .test = 3 });
    took(3, 0.8);
    for (int i = 0; i < 2; i++)
        DONE({ .test = 3, .hit = true });
    struct mg_pump pump;
    struct mg_attempt_end end;
    struct mg_err err;
    uint32_t mutant;
    mg_pump_init(&pump, &request, NULL, pump_arena);
    pump.unchanged = MG_STR("unchanged");
    for (uint32_t i = 0; i < 2; i++)
        mg_pump_add(&pump, &(struct mg_attempt){ .mutant = i, .source = MG_STR("x"), .first = two, .first_count = 1, .bail = true });
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(mg_pump_next(&pump, &mutant, &end, &err), MG_OK);
        assert_int_equal(end.result.verdict, MG_VERDICT_survived);
    }
    assert_int_equal(pump_script.submitted, 5);
}

static void a_timeout_that_no_busy_machine_explains_is_not_repeated(void **state)
{
    (void)state;
    answer(MG_RUN_TIMEOUT, 3, true, NULL, 0);
    pump_script.answers[0].certain = true;
    assert_int_equal(verdict().result.verdict, MG_VERDICT_timeout);
    assert_int_equal(pump_script.submitted, 2); /* and its proof */
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, pump_set_up, pump_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_timeout_is_repeated_alone),
        CASE(a_timeout_that_does_not_come_again_is_none),
        CASE(a_test_that_comes_too_late_to_the_line_gets_more_time),
        CASE(a_timeout_counts_when_the_test_is_quick_without_the_mutant),
        CASE(with_more_time_a_timeout_is_repeated_alone_again),
        CASE(a_kill_needs_no_more_time),
        CASE(a_limit_is_judged_by_what_was_known_when_it_was_set),
        CASE(a_timeout_that_no_busy_machine_explains_is_not_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
