/* The whole pipeline in memory: real operators, engine and services; a scripted agent says which test notices which mutant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "services/context.h"
#include "unit/services/scripted.h"

static void only_tests_that_add_a_kill_are_kept(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = {
        LIMIT_OF_F("test_limit"), SUM_OF_F("test_sum"), NOTICES("test_again", "x - 5"), { "x - 5", "test_crash", MG_MEMORY_CRASHES }
    };
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_again", suite_of_f[1] = "test_sum", suite_of_f[2] = "test_limit", suite_of_f[3] = "test_crash";
    assert_int_equal(run_it(), MG_OK);
    const struct mg_outcome *f = outcome_of("m.f");
    assert_int_equal(f->state, MG_TARGET_KEPT);
    assert_int_equal(mg_tally_detected(&f->before), 0);
    assert_int_equal(mg_tally_detected(&f->after), 8);
    assert_int_equal(mg_tally_scorable(&f->after), 8);
    assert_true(test_of("test_sum")->kept && test_of("test_limit")->kept);
    assert_int_equal(test_of("test_limit")->kills.len, 5);
    assert_false(test_of("test_again")->kept); /* all it kills, test_sum kills too */
    assert_false(test_of("test_crash")->kept); /* a crash kill is no reason to keep a test */
    assert_true(test_of("test_again")->reason.len > 0);
    const struct mg_outcome *g = outcome_of("m.g");
    assert_int_equal(g->state, MG_TARGET_DISCARDED);
    assert_true(mg_str_is(g->reason, "nothing comes to mind"));
    assert_true(mg_str_is(result.report.status, "succeeded"));
    assert_int_equal(result.report.functions_found, 3);
    assert_null(outcome_of("m.trivial"));
    assert_int_equal(result.report.kept, 1);
    assert_int_equal(result.report.tests_kept, 2);
    assert_int_equal(mg_tally_scorable(&result.report.after), 16);
    assert_int_equal(reported, 1);
    assert_true(mg_str_contains(result.report.next_step, "apply"));
}

static void tests_of_errors_come_last(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { LIMIT_OF_F("test_raises"), SUM_OF_F("test_raises"), NOTICES("test_limit", "<= 30") };
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_raises", suite_of_f[1] = "test_limit";
    assert_int_equal(run_it(), MG_OK);
    assert_true(test_of("test_limit")->kept); /* what the function does is worth a test, though the test of its error sees more */
    assert_int_equal(test_of("test_limit")->kills.len, 1);
    assert_int_equal(test_of("test_raises")->kills.len, 7);
}

static void below_the_threshold_a_gain_is_stored_but_not_kept(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { SUM_OF_F("test_sum") };
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_sum";
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_DISCARDED);
    assert_int_equal(mg_tally_detected(&outcome_of("m.f")->after), 0);
    assert_int_equal(mg_tally_detected(&outcome_of("m.f")->improved), 3);
    assert_int_equal(test_of("test_sum")->kills.len, 3);
    assert_true(mg_str_contains(result.report.next_step, "--improved"));

    config.mutation.keep = MG_KEEP_IMPROVING;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
    assert_int_equal(mg_tally_detected(&outcome_of("m.f")->after), 3);
}

static void what_gained_and_was_not_kept_is_named_beside_what_was(void **state)
{
    (void)state;
    struct mg_report report = {
        .run_id = MG_STR("r"), .status = MG_STR("partial"), .tests_kept = 2, .targets_left = 4, .stop_reason = MG_STR("max_targets_reached")
    };
    *MG_PUSH(arena, &report.outcomes) = (struct mg_outcome){ .state = MG_TARGET_DISCARDED };
    assert_true(mg_str_is(mg_next_step(arena, &report, "mutagen"),
                          "next: mutagen apply --run-id r  (writes 2 kept tests into the repo; --patch FILE for a patch)"));
    mg_tally_add(&report.outcomes.at[0].improved, MG_VERDICT_killed);
    assert_true(mg_str_contains(mg_next_step(arena, &report, "mutagen"),
                                "repo; --improved: also those of 1 target that gained, but stays below the threshold; --patch FILE"));
    report.tests_kept = 0;
    assert_true(mg_str_starts(mg_next_step(arena, &report, "mutagen"), "next: mutagen apply --run-id r --improved"));
    report.outcomes.len = 0;
    assert_true(mg_str_contains(mg_next_step(arena, &report, "mutagen"), "a higher --max-targets goes on"));
}

#define CAPPED "def f(x):\n    x = x + 5\n    return min(x, 30)\n"
/* Six mutants of level 1, and max() above it. */
#define BUT_MAX(test) NOTICES(test, "x - 5"), NOTICES(test, "x + 4"), NOTICES(test, "x + 6"), NOTICES(test, "min(x, 29)"), NOTICES(test, "min(x, 31)")

static void mutants_above_the_level_choose_tests_and_are_in_no_score(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { BUT_MAX("test_low"), NOTICES("test_cap", "max(x") };
    source_text = CAPPED;
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_low", suite_of_f[1] = "test_cap";
    assert_int_equal(run_it(), MG_OK);
    const struct mg_outcome *f = outcome_of("m.f");
    assert_int_equal(f->state, MG_TARGET_KEPT);
    assert_true(test_of("test_low")->kept && test_of("test_cap")->kept);
    assert_int_equal(mg_kills_above(f, test_of("test_low")), 0);
    assert_int_equal(mg_kills_above(f, test_of("test_cap")), 1);
    assert_int_equal(f->mutants.len, 6);
    assert_int_equal(mg_tally_scorable(&f->before), 6);
    assert_int_equal(mg_tally_detected(&f->after), 5); /* and max() is not the sixth */
    assert_int_equal(result.report.level, 1);

    config.mutation.level = 2; /* now it is one of them */
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->mutants.len, 7);
    assert_int_equal(mg_tally_detected(&outcome_of("m.f")->after), 6);
    assert_int_equal(mg_kills_above(outcome_of("m.f"), test_of("test_cap")), 0);
    assert_int_equal(result.report.level, 2);

    config.mutation.level = 1;
    config.mutation.max_mutants = 3; /* the rest of the level comes in by no back door */
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->mutants.len, 3);
    assert_int_equal(mg_kills_above(outcome_of("m.f"), test_of("test_low")), 0);
    assert_int_equal(mg_kills_above(outcome_of("m.f"), test_of("test_cap")), 1);
}

static void kills_above_the_level_alone_improve_nothing(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { NOTICES("test_cap", "max(x") };
    source_text = CAPPED;
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_cap";
    config.mutation.keep = MG_KEEP_IMPROVING;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_DISCARDED);
    assert_true(mg_str_contains(outcome_of("m.f")->reason, "no mutant of level 1 that was alive: the score stays at 0%"));
}

static void a_level_that_is_reached_asks_for_no_more(void **state)
{
    (void)state;
    static const struct mg_memory_test tests[] = { { .id = "tests/test_m.py::test_old", .covers = "m.py", .first = 2, .last = 3 } };
    static const struct mg_memory_rule rules[] = { BUT_MAX("test_old") };
    source_text = CAPPED;
    script.tests = tests;
    script.test_count = 1;
    use_rules(rules, MG_COUNT(rules));
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_SATISFIED);
    assert_int_equal(generated, 0);
}

static void fresh_interpreters_have_the_last_word(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { LIMIT_OF_F("test_limit"), SUM_OF_F("test_sum") };
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_sum", suite_of_f[1] = "test_limit";
    script.failing_confirm = "test_sum";
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_DISCARDED); /* 5 of 8 without it */
    assert_int_equal(mg_tally_detected(&outcome_of("m.f")->improved), 5);
    assert_true(mg_str_contains(test_of("test_sum")->reason, "fresh interpreter"));
    assert_int_equal(test_of("test_sum")->kills.len, 0);
    assert_int_equal(test_of("test_limit")->kills.len, 5);
}

static void a_test_that_is_not_run_is_not_confirmed(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { LIMIT_OF_F("test_limit"), SUM_OF_F("test_sum") };
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_sum", suite_of_f[1] = "test_limit";
    script.lost_confirm = "test_limit";
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(mg_tally_detected(&outcome_of("m.f")->improved), 3);
    assert_true(mg_str_contains(test_of("test_limit")->reason, "was not run"));
}

static void well_tested_functions_are_left_alone(void **state)
{
    (void)state;
    static const struct mg_memory_test tests[] = { { .id = "tests/test_m.py::test_old", .covers = "m.py", .first = 2, .last = 3 } };
    static const struct mg_memory_rule rules[] = { LIMIT_OF_F("test_old"), NOTICES("test_old", "x - 5"), NOTICES("test_old", "x + 4") };
    script.tests = tests;
    script.test_count = 1;
    use_rules(rules, MG_COUNT(rules));
    assert_int_equal(run_it(), MG_OK);
    const struct mg_outcome *f = outcome_of("m.f");
    assert_int_equal(f->state, MG_TARGET_SATISFIED); /* 7 of 8 */
    assert_int_equal(mg_tally_detected(&f->before), 7);
    assert_int_equal(generated, 1); /* for g alone */
    assert_true(f->coverage > 0.99);
    assert_int_equal(outcome_of("m.g")->before.of[MG_VERDICT_no_coverage], 8);
}

static void tests_that_do_not_pass_are_set_aside_by_name(void **state)
{
    (void)state;
    static const struct mg_memory_test tests[] = {
        { .id = "tests/test_m.py::test_red", .outcome = MG_TEST_FAILED, .text = "AssertionError: no", .covers = "m.py", .first = 2, .last = 3 },
        { .id = "tests/test_m.py::test_slow", .outcome = MG_TEST_TIMEOUT },
        { .id = "tests/test_m.py::test_skip", .outcome = MG_TEST_SKIPPED },
        { .id = "tests/test_m.py::test_known", .outcome = MG_TEST_XFAILED },
        { .id = "tests/test_m.py::test_known2", .outcome = MG_TEST_XFAILED }
    };
    script.tests = tests;
    script.test_count = MG_COUNT(tests);
    assert_int_equal(run_it(), MG_OK);
    unsigned aside = 0;
    for (size_t i = 0; i < result.report.notes.len; i++)
        if (result.report.notes.at[i].kind == MG_NOTE_LEFT_OUT) {
            aside++;
            assert_false(mg_str_ends(result.report.notes.at[i].subject, "test_skip"));
            if (mg_str_ends(result.report.notes.at[i].subject, "test_red"))
                assert_true(mg_str_is(result.report.notes.at[i].text, "fails: AssertionError: no"));
        }
    assert_int_equal(aside, 2);
    assert_int_equal(outcome_of("m.f")->before.of[MG_VERDICT_no_coverage], 8); /* a failing test covers nothing */
    assert_int_equal(result.report.existing_passed, 0);
    assert_int_equal(result.report.existing_skipped, 1);
    assert_int_equal(result.report.existing_xfailed, 2);
}

static void a_limit_of_targets_holds_over_all_sessions_until_it_is_raised(void **state)
{
    (void)state;
    config.orchestrator.max_targets = 1;
    assert_int_equal(run_it(), MG_OK);
    assert_true(mg_str_is(result.report.status, "partial"));
    assert_true(mg_str_is(result.report.stop_reason, "max_targets_reached"));
    assert_int_equal(result.report.targets_left, 1);
    assert_int_equal(generated, 1);
    assert_int_equal(run_it(), MG_OK); /* the limit is the run's, not the session's */
    assert_true(mg_str_is(result.report.status, "partial"));
    assert_true(mg_str_is(result.report.stop_reason, "max_targets_reached"));
    assert_true(mg_str_contains(result.report.next_step, "a higher --max-targets"));
    assert_int_equal(generated, 1);
    config.orchestrator.max_targets = 2;
    assert_int_equal(run_it(), MG_OK);
    assert_true(mg_str_is(result.report.status, "succeeded"));
    assert_int_equal(generated, 2); /* the finished one was not done again */
    assert_int_equal(result.report.outcomes.len, 2);
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(generated, 2);
    assert_int_equal(script.sessions_opened, 2);
    assert_int_equal(script.sessions_opened, script.sessions_closed);
}

static void settings_that_change_verdicts_start_over(void **state)
{
    (void)state;
    assert_int_equal(run_it(), MG_OK);
    config.jobs = 1; /* says nothing about verdicts */
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(generated, 2);
    config.generation.seed = 5;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(generated, 4);
}

static void what_breaks_in_a_target_ends_that_target(void **state)
{
    (void)state;
    script.import_error = "ModuleNotFoundError: No module named 'yaml'";
    assert_int_equal(run_it(), MG_OK);
    assert_true(mg_str_is(result.report.status, "succeeded"));
    assert_int_equal(result.report.discarded, 2);
    assert_true(mg_str_contains(outcome_of("m.f")->reason, "No module named 'yaml'"));
}

/* What runs on import gets no verdict from the existing tests: what a new one kills of it is no gain that is known. */
static void static_mutants_are_outside_the_score_before_and_after(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { LIMIT_OF_F("test_limit"), SUM_OF_F("test_sum") };
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_sum", suite_of_f[1] = "test_limit";
    script.imported = true;
    assert_int_equal(run_it(), MG_OK);
    const struct mg_outcome *f = outcome_of("m.f");
    assert_true(f->before.of[MG_VERDICT_static] > 0);
    assert_int_equal(mg_tally_scorable(&f->before), mg_tally_detected(&f->before));
    assert_int_equal(f->state, MG_TARGET_DISCARDED);
    assert_true(mg_str_starts(f->reason, "its lines run while the tests are imported"));
    assert_int_equal(f->after.of[MG_VERDICT_static], f->before.of[MG_VERDICT_static]);
    assert_int_equal(generated, 0);
}

static void a_cancelled_run_is_reported_and_can_go_on(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { LIMIT_OF_F("test_limit"), SUM_OF_F("test_sum") };
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_sum", suite_of_f[1] = "test_limit";
    cancel_in_generator = true;
    assert_int_equal(run_it(), MG_OK);
    assert_true(mg_str_is(result.report.status, "cancelled"));
    assert_int_equal(result.report.kept, 0);
    cancel = (struct mg_cancel){ .wake_fd = -1 };
    cancel_in_generator = false;
    assert_int_equal(run_it(), MG_OK);
    assert_true(mg_str_is(result.report.status, "succeeded"));
    assert_int_equal(result.report.kept, 1);
}

static void a_repo_without_source_fails_with_its_reason(void **state)
{
    (void)state;
    ingest_code = MG_E_CONFIG;
    assert_int_equal(run_it(), MG_E_CONFIG);
    assert_string_equal(err.text, "no Python source in it");
    assert_true(mg_str_is(result.report.status, "failed"));
    ingest_code = MG_OK;
    assert_int_equal(run_it(), MG_OK); /* the run id is free again */
    assert_true(mg_str_is(result.report.status, "succeeded"));
}

static void no_secret_is_stored_or_reported(void **state)
{
    (void)state;
    static const struct mg_memory_test tests[] = {
        { .id = "tests/test_m.py::test_red", .outcome = MG_TEST_FAILED, .text = "KeyError: sk-secret-0001", .covers = "m.py", .first = 2, .last = 3 }
    };
    assert_true(mg_secrets_add(&secrets, MG_STR("sk-secret-0001")));
    script.tests = tests;
    script.test_count = 1;
    reason_without_tests = "it printed sk-secret-0001 and https://me:pw@host";
    assert_int_equal(run_it(), MG_OK);
    assert_true(mg_str_is(outcome_of("m.f")->reason, "it printed [redacted] and https://[redacted]@host"));
    assert_true(mg_str_is(result.report.notes.at[0].text, "fails: KeyError: [redacted]"));
    ingest_code = MG_E_CONFIG;
    ingest_problem = "cannot clone with sk-secret-0001";
    assert_int_equal(run_it(), MG_E_CONFIG);
    assert_string_equal(err.text, "cannot clone with [redacted]");
    assert_true(mg_str_is(result.report.stop_reason, "cannot clone with [redacted]"));
}

static void what_calls_cost_is_in_the_report(void **state)
{
    (void)state;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(result.report.spend.calls, 0);
    struct mg_run_record record, wanted = { .run_id = MG_STR("r"), .repo = MG_STR("/repo"), .state = MG_RUN_PENDING };
    const struct mg_spend_limits limits = { 0, 0 };
    const struct mg_llm_call call = { .target_id = outcome_of("m.f")->target_id, .worst_micro_usd = 70, .worst_tokens = 9, .requests = 1 };
    int64_t id;
    bool existing;
    assert_int_equal(store.ops->begin_run(store.self, &wanted, arena, &record, &existing, &err), MG_OK);
    assert_int_equal(store.ops->reserve(store.self, MG_STR("r"), &limits, &call, &id, &err), MG_OK);
    assert_int_equal(store.ops->end_run(store.self, &result.report, MG_RUN_CANCELLED, &err), MG_OK);
    assert_int_equal(run_it(), MG_OK); /* a session later */
    assert_int_equal(result.report.spend.micro_usd, 70);
    assert_int_equal(outcome_of("m.f")->spend.micro_usd, 70);
    assert_int_equal(outcome_of("m.g")->spend.micro_usd, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(only_tests_that_add_a_kill_are_kept),
        CASE(tests_of_errors_come_last),
        CASE(below_the_threshold_a_gain_is_stored_but_not_kept),
        CASE(what_gained_and_was_not_kept_is_named_beside_what_was),
        CASE(mutants_above_the_level_choose_tests_and_are_in_no_score),
        CASE(kills_above_the_level_alone_improve_nothing),
        CASE(a_level_that_is_reached_asks_for_no_more),
        CASE(fresh_interpreters_have_the_last_word),
        CASE(a_test_that_is_not_run_is_not_confirmed),
        CASE(well_tested_functions_are_left_alone),
        CASE(no_secret_is_stored_or_reported),
        CASE(what_calls_cost_is_in_the_report),
        CASE(tests_that_do_not_pass_are_set_aside_by_name),
        CASE(a_limit_of_targets_holds_over_all_sessions_until_it_is_raised),
        CASE(settings_that_change_verdicts_start_over),
        CASE(what_breaks_in_a_target_ends_that_target),
        CASE(static_mutants_are_outside_the_score_before_and_after),
        CASE(a_cancelled_run_is_reported_and_can_go_on),
        CASE(a_repo_without_source_fails_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
