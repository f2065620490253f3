/* The end of a run's time, in memory, on a clock that is moved by hand: what is stopped, what is still confirmed, what a later session finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/limit.h"
#include "unit/services/scripted.h"

#define LIMIT 100.0

/* All mutants of m.f are killed by the first test of its suite; m.g is worked on behind it. */
static int set_up_limit(void **state)
{
    static const struct mg_memory_rule rules[] = { LIMIT_OF_F("test_good"), SUM_OF_F("test_good") };
    (void)set_up(state);
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_good";
    config.orchestrator.max_wallclock_seconds = LIMIT;
    return 0;
}

static void goes_on_without_a_limit(void)
{
    cancel = (struct mg_cancel){ .wake_fd = -1 };
    config.orchestrator.max_wallclock_seconds = 0;
    seconds_of_f = seconds_of_g = seconds_of_confirm = 0;
    cancel_in_confirm = false;
    generated = 0;
    assert_int_equal(run_it(), MG_OK);
}

static void the_target_in_work_is_left_and_what_was_judged_is_confirmed(void **state)
{
    (void)state;
    seconds_of_g = 2 * LIMIT;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
    assert_int_equal(outcome_of("m.g")->state, MG_TARGET_UNFINISHED);
    assert_true(mg_str_is(outcome_of("m.g")->reason, "the time limit was reached while tests were written for it"));
    assert_true(mg_str_is(result.report.status, "partial") && mg_str_is(result.report.stop_reason, "wallclock_exceeded"));
    assert_int_equal(result.report.targets_left, 1);
    assert_false(mg_cancelled(&cancel));
    goes_on_without_a_limit();
    assert_int_equal(generated, 1); /* for m.g alone */
    assert_true(mg_str_is(result.report.status, "succeeded"));
}

static void what_the_grace_is_too_short_for_is_where_the_next_session_begins(void **state)
{
    (void)state;
    seconds_of_g = 2 * LIMIT;
    seconds_of_confirm = MG_GRACE_SECONDS;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(script.confirms, 0);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_UNFINISHED);
    assert_true(mg_str_is(outcome_of("m.f")->reason, "the time limit was reached before its tests were confirmed"));
    assert_true(mg_str_is(test_of("test_good")->reason, "not confirmed yet") && test_of("test_good")->kills.len > 0);
    assert_int_equal(result.report.tests_kept, 0);
    goes_on_without_a_limit();
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
    assert_int_equal(generated, 1); /* its tests were there */
}

/* Begun before the limit, ended within the grace: three confirmations. Near the limit nobody waits for others. */
static void a_confirmation_may_pass_the_limit(void **state)
{
    (void)state;
    config.orchestrator.max_wallclock_seconds = 15;
    seconds_of_confirm = 6;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
    assert_null(outcome_of("m.g"));
    assert_true(mg_str_is(result.report.stop_reason, "wallclock_exceeded"));
    assert_int_equal(result.report.targets_left, 1);
}

static void the_user_may_still_interrupt_it(void **state)
{
    (void)state;
    seconds_of_g = 2 * LIMIT;
    cancel_in_confirm = true;
    assert_int_equal(run_it(), MG_OK);
    assert_true(mg_str_is(result.report.status, "cancelled"));
    assert_int_equal(script.sessions_opened, script.sessions_closed);
}

static void a_limit_that_is_used_up_tells_what_is_left(void **state)
{
    (void)state;
    seconds_of_g = 2 * LIMIT;
    assert_int_equal(run_it(), MG_OK);
    ingest_code = MG_E_CANCELLED; /* the alarm is older than the session */
    ingest_problem = "the time is over";
    assert_int_equal(run_it(), MG_OK);
    assert_true(mg_str_is(result.report.status, "partial") && mg_str_is(result.report.stop_reason, "wallclock_exceeded"));
    assert_int_equal(result.report.targets_left, 1);
    assert_int_equal(result.report.targets_selected, 2);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
}

/* Half of the time, then what m.g has left: of both it is told. */
static void one_that_waits_for_ever_leaves_the_others_their_turn(void **state)
{
    (void)state;
    seconds_of_f = WAITS_FOR_EVER;
    seconds_of_g = 1;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(generated, 3);
    assert_int_equal(outcome_of("m.g")->state, MG_TARGET_DISCARDED);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_UNFINISHED);
    assert_true(mg_str_is(outcome_of("m.f")->reason, "the time limit was reached while tests were written for it"));
    assert_true(mg_str_is(result.report.stop_reason, "wallclock_exceeded"));
    assert_int_equal(result.report.targets_left, 1);
    assert_int_equal(result.report.targets_selected, 2);
    assert_false(mg_cancelled(&cancel));
    goes_on_without_a_limit();
    assert_int_equal(generated, 1); /* for m.f alone */
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
}

static void a_share_that_is_used_up_is_the_outcome(void **state)
{
    (void)state;
    seconds_of_f = WAITS_FOR_EVER;
    seconds_of_g = LIMIT / 2 - 10; /* too little is left to begin again */
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(generated, 2);
    assert_int_equal(outcome_of("m.g")->state, MG_TARGET_DISCARDED);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_UNFINISHED);
    assert_true(mg_str_is(outcome_of("m.f")->reason, "its share of the time limit was used up while tests were written for it (50 s)"));
    assert_true(mg_str_is(result.report.status, "partial") && mg_str_is(result.report.stop_reason, "wallclock_exceeded"));
    assert_int_equal(result.report.targets_left, 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_limit, tear_down)
    const struct CMUnitTest cases[] = {
        CASE(the_target_in_work_is_left_and_what_was_judged_is_confirmed),
        CASE(what_the_grace_is_too_short_for_is_where_the_next_session_begins),
        CASE(a_confirmation_may_pass_the_limit),
        CASE(the_user_may_still_interrupt_it),
        CASE(one_that_waits_for_ever_leaves_the_others_their_turn),
        CASE(a_share_that_is_used_up_is_the_outcome),
        CASE(a_limit_that_is_used_up_tells_what_is_left),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
