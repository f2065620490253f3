/* Scores in memory. Verdicts before the end of a long baseline: which tests go first, and that the score is the one of a run that waits. And the
 * sessions of their targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "services/score.h"
#include "unit/services/scripted.h"

#define TESTS 60
#define NEAR 8 /* tests of the last file, which names the target */

static struct mg_memory_test tests[TESTS];
static char ids[TESTS][40];
static double moment;  /* moved by hand */
static double a_phase; /* how long each pass of the baseline takes */
static struct mg_str said;
static struct mg_run_result scored;

static double monotonic(void *self) { return (void)self, moment; }
static int64_t unix_time(void *self) { return (void)self, 1000; }
static enum mg_code wait_for(void *self, double seconds, const struct mg_cancel *token, struct mg_err *why)
{
    (void)self, (void)seconds, (void)token, (void)why;
    return MG_OK;
}
static void phase(void *self, const char *name, struct mg_str message, uint32_t total)
{
    (void)self, (void)message, (void)total;
    moment += strcmp(name, "baseline") == 0 ? a_phase : 0;
}
static void step(void *self, uint32_t done, struct mg_str message) { (void)self, (void)done, (void)message; }
static void line(void *self, struct mg_str text)
{
    (void)self;
    said = mg_arena_str(arena, text);
}
static void work(void *self, uint32_t units) { (void)self, (void)units; }
static void finish(void *self) { (void)self; }

static enum mg_code open_repo(void *self, struct mg_str location, struct mg_str python, struct mg_str root, const struct mg_cancel *token,
                              struct mg_arena *into, struct mg_repo *repo, struct mg_err *why)
{
    (void)self, (void)python, (void)root, (void)token, (void)why;
    *repo = (struct mg_repo){ .original = location, .copy = MG_STR("/copy"), .scratch = MG_STR("/scratch"), .fingerprint = MG_STR("abc") };
    *MG_PUSH(into, &repo->sources) = (struct mg_source_file){ MG_STR("m.py"), MG_STR("m"), MG_STR(SOURCE) };
    *MG_PUSH(into, &repo->test_files) = (struct mg_source_file){ MG_STR("a.py"), MG_STR("a"), MG_STR("import other\n") };
    *MG_PUSH(into, &repo->test_files) = (struct mg_source_file){ MG_STR("z.py"), MG_STR("z"), MG_STR("from m import f\n") };
    return MG_OK;
}
static enum mg_code survey(void *self, const struct mg_repo *repo, struct mg_arena *into, struct mg_survey *found, struct mg_err *why)
{
    (void)self, (void)repo, (void)into, (void)why;
    *found = (struct mg_survey){ .interpreter = MG_STR("python") };
    return MG_OK;
}
static void close_repo(void *self, const struct mg_repo *repo) { (void)self, (void)repo; }

static const struct mg_clock_ops clock_ops = { .name = "by hand", .monotonic = monotonic, .unix_time = unix_time, .wait = wait_for };
static const struct mg_progress_ops progress_ops = {
    .name = "listening", .phase = phase, .step = step, .line = line, .work = work, .finish = finish
};
static const struct mg_ingest_ops ingest_ops = { .name = "scripted", .open = open_repo, .survey = survey, .close = close_repo };

/* 52 tests of a.py that do not come near m.py, then those of z.py. */
static int long_suite(void **state)
{
    (void)set_up(state);
    for (int i = 0; i < TESTS; i++) {
        bool near = i >= TESTS - NEAR;
        (void)snprintf(ids[i], sizeof ids[i], "%c.py::test_%02d", near ? 'z' : 'a', i);
        tests[i] = (struct mg_memory_test){ .id = ids[i], .covers = near ? "m.py" : NULL, .first = 2, .last = 3 };
    }
    script.tests = tests;
    script.test_count = TESTS;
    said = MG_STR("");
    moment = 0;
    a_phase = 30;
    return 0;
}

static void score_it(bool aimed, double seconds)
{
    struct mg_progress progress = { &progress_ops, NULL };
    struct mg_agent agent = mg_agent_memory_new(&script);
    struct mg_run_services services = { .ingest = { &ingest_ops, NULL },
                                        .agent = agent,
                                        .gate = mg_engine_gate(&progress),
                                        .store = store,
                                        .progress = progress,
                                        .clock = { &clock_ops, NULL },
                                        .cancel = &cancel,
                                        .version = "test" };
    struct mg_score_request request = { .repo = MG_STR("/repo"), .max_seconds = seconds };
    config.targets.len = 0;
    if (aimed)
        *MG_PUSH(arena, &config.targets) = MG_STR("m.f");
    assert_int_equal(mg_score_run(&services, &config, &request, arena, &scored, &err), MG_OK);
    agent.ops->close(agent.self);
}

static void tests_that_name_the_target_give_the_first_verdicts(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { NOTICES("z.py", "x - 5"), NOTICES("z.py", "x + 4") };
    use_rules(rules, MG_COUNT(rules));
    score_it(true, 0);
    assert_true(mg_str_contains(said, "first verdicts after 60 s and 8 tests: 2 of 8 mutants detected in 1 function; 52 tests follow"));
    size_t early = script.jobs_run;
    struct mg_tally tally = scored.report.before;
    assert_int_equal(tally.of[MG_VERDICT_killed], 2);
    assert_int_equal(tally.of[MG_VERDICT_survived], 6);

    said = MG_STR("");
    a_phase = 0; /* a short suite: it is waited for */
    script.jobs_run = 0;
    score_it(true, 0);
    assert_int_equal(said.len, 0);
    assert_memory_equal(&tally, &scored.report.before, sizeof tally);
    assert_int_equal(script.jobs_run, early); /* no mutant was measured twice */
}

static void a_survivor_is_tried_on_what_comes_later(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { NOTICES("z.py", "x - 5"), NOTICES("test_07", "x + 4") };
    tests[7].covers = "m.py"; /* a.py does not say so, but it comes there */
    use_rules(rules, MG_COUNT(rules));
    score_it(true, 0);
    assert_true(mg_str_contains(said, "1 of 8 mutants detected"));
    assert_int_equal(scored.report.before.of[MG_VERDICT_killed], 2);
}

static void kills_stay_when_the_time_is_over(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { NOTICES("z.py", "x - 5") };
    use_rules(rules, MG_COUNT(rules));
    score_it(true, 80); /* two passes of 30 s, then the third is too long */
    assert_true(mg_str_is(scored.report.status, "partial"));
    assert_int_equal(scored.report.before.of[MG_VERDICT_killed], 1);
    assert_int_equal(scored.report.before.of[MG_VERDICT_pending], 7); /* a later test might have noticed them */
}

static void without_a_choice_the_order_is_pytests(void **state)
{
    (void)state;
    score_it(false, 0);
    assert_int_equal(said.len, 0); /* the script's tests take no time: all of them are the first */
    assert_int_equal(scored.report.existing_passed, TESTS);
}

/* A test of a.py fails when it runs again. */
static void score_twice_failing(bool aimed, double seconds)
{
    script.failing_again = "_03";
    script.tests_run = 0;
    a_phase = 0;
    score_it(aimed, seconds);
}

static void tests_of_files_that_no_target_is_run_by_are_run_once(void **state)
{
    (void)state;
    score_twice_failing(true, 0);
    assert_int_equal(script.tests_run, TESTS + NEAR);
    assert_int_equal(scored.report.existing_passed, TESTS);
    score_twice_failing(false, 0); /* all are, where every function may be a target */
    assert_int_equal(script.tests_run, 2 * TESTS);
    assert_int_equal(scored.report.existing_passed, TESTS - 1);
    tests[51].covers = "m.py"; /* the last one of a.py comes there: all of that file may stand beside a survivor's tests */
    score_twice_failing(true, 0);
    assert_int_equal(script.tests_run, 2 * TESTS);
    assert_int_equal(scored.report.existing_passed, TESTS - 1);
}

static void a_part_that_comes_to_a_target_has_those_before_it_run_again(void **state)
{
    (void)state;
    tests[51].covers = "m.py";
    script.pause_after = 50;
    score_twice_failing(true, 1e6); /* z.py; 50 tests of a.py, once; two more, and 48 of the 50 */
    assert_int_equal(script.tests_run, 2 * NEAR + 50 + 2 + 50);
    assert_int_equal(scored.report.existing_passed, TESTS - 1);
}

/* Sessions for f, g and trivial, which all tests of z.py come to. */
static size_t sessions(void)
{
    for (int i = TESTS - NEAR; i < TESTS; i++)
        tests[i].last = 12;
    a_phase = 0;
    script.sessions_opened = script.sessions_closed = 0;
    score_it(false, 0);
    assert_int_equal(scored.report.outcomes.len, 3);
    assert_int_equal(scored.report.before.of[MG_VERDICT_survived], 17);
    assert_int_equal(script.sessions_closed, script.sessions_opened);
    return script.sessions_opened;
}

static void targets_share_a_session(void **state)
{
    (void)state;
    assert_int_equal(sessions(), 1);
    script.has_imported = true; /* the next target would find modules that no test has brought */
    assert_int_equal(sessions(), 3);
}

static void a_target_that_a_used_session_fails_gets_one_of_its_own(void **state)
{
    (void)state;
    script.tired = true;
    assert_int_equal(sessions(), 3);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, long_suite, tear_down)
    const struct CMUnitTest cases[] = {
        CASE(tests_that_name_the_target_give_the_first_verdicts),
        CASE(a_survivor_is_tried_on_what_comes_later),
        CASE(kills_stay_when_the_time_is_over),
        CASE(without_a_choice_the_order_is_pytests),
        CASE(tests_of_files_that_no_target_is_run_by_are_run_once),
        CASE(a_part_that_comes_to_a_target_has_those_before_it_run_again),
        CASE(targets_share_a_session),
        CASE(a_target_that_a_used_session_fails_gets_one_of_its_own),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
