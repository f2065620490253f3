/* The scripted agent: rules decide what tests do to mutants, loads count tests on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "adapters/memory/agent_memory.h"
#include "base/str.h"

static const struct mg_memory_test tests_known[] = {
    { .id = "tests/test_a.py::test_one", .outcome = MG_TEST_PASSED, .seconds = 0.5, .covers = "a.py", .first = 3, .last = 4 },
    { .id = "tests/test_a.py::test_two", .outcome = MG_TEST_FAILED, .text = "AssertionError" },
};
static const struct mg_memory_rule rules[] = {
    { "bad syntax", NULL, MG_MEMORY_REFUSED },    { "x < 1", "test_one", MG_MEMORY_FAILS },         { "x < 2", "test_two", MG_MEMORY_CRASHES },
    { "while", "test_new", MG_MEMORY_TIMES_OUT }, { "unreached", NULL, MG_MEMORY_FAILS_UNREACHED }, { "x < 3", NULL, MG_MEMORY_MISSES },
};
static struct mg_arena *arena;

static struct mg_mutant_run run_on(struct mg_agent agent, struct mg_session *session, const char *source, bool bail, uint32_t last_test)
{
    struct mg_mutant_job job = { .ticket = 9, .source = mg_str_from(source), .bail = bail };
    for (uint32_t i = 0; i <= last_test; i++)
        *MG_PUSH(arena, &job.tests) = i;
    struct mg_mutant_run run;
    assert_int_equal(agent.ops->session_submit(session, &job, NULL), MG_OK);
    assert_int_equal(agent.ops->session_next(session, arena, &run, NULL), MG_OK);
    assert_int_equal(run.ticket, 9);
    return run;
}

static void rules_decide(void **unused)
{
    (void)unused;
    struct mg_memory_script script = { .tests = tests_known, .test_count = 2, .rules = rules, .rule_count = MG_COUNT(rules) };
    struct mg_agent agent = mg_agent_memory_new(&script);
    struct mg_session *session;
    assert_int_equal(agent.ops->open_session(agent.self, &session, NULL), MG_OK);
    struct mg_mutant_run run = run_on(agent, session, "if x < 1:", true, 1);
    assert_true(run.end == MG_RUN_DONE && run.runs.len == 1 && run.runs.at[0].failed && run.runs.at[0].hit && !run.runs.at[0].crash);
    run = run_on(agent, session, "if x < 2:", true, 1);
    assert_true(run.runs.len == 2 && !run.runs.at[0].failed && run.runs.at[1].failed && run.runs.at[1].crash);
    run = run_on(agent, session, "if x < 3:", true, 1);
    assert_true(run.runs.len == 2 && !run.runs.at[1].failed && !run.runs.at[1].hit);
    run = run_on(agent, session, "unreached", false, 1);
    assert_true(run.runs.len == 2 && run.runs.at[0].failed && !run.runs.at[0].hit);
    run = run_on(agent, session, "bad syntax", true, 1);
    assert_true(run.end == MG_RUN_REFUSED && !run.same_code);
    run = run_on(agent, session, "unchanged", true, 1);
    assert_true(run.end == MG_RUN_DONE && run.runs.len == 2 && !run.runs.at[1].failed && run.runs.at[1].hit);

    struct mg_collected loaded;
    uint32_t first;
    struct mg_str source = MG_STR("import a\n\n\ndef test_new():\n    assert a\n\n\ndef helper():\n    pass\n");
    assert_int_equal(agent.ops->session_load(session, MG_STR("tests/test_b.py"), source, arena, &loaded, &first, NULL), MG_OK);
    assert_int_equal(first, 2);
    assert_int_equal(loaded.tests.len, 1);
    assert_string_equal(loaded.tests.at[0].id.at, "tests/test_b.py::test_new");
    assert_string_equal(loaded.tests.at[0].file.at, "tests/test_b.py");
    run = run_on(agent, session, "while x:", true, 2);
    assert_true(run.end == MG_RUN_TIMEOUT && run.at == 2 && run.runs.len == 2);
    agent.ops->session_close(session);
    assert_true(script.sessions_opened == 1 && script.sessions_closed == 1 && script.jobs_run == 7);
    agent.ops->close(agent.self);
}

static void baseline_gives_outcomes_and_lines_of_traced_files(void **unused)
{
    (void)unused;
    struct mg_memory_script script = { .tests = tests_known, .test_count = 2 };
    struct mg_agent agent = mg_agent_memory_new(&script);
    struct mg_str files[] = { MG_STR("b.py"), MG_STR("a.py") };
    struct mg_baseline_result result;
    bool more;
    assert_int_equal(agent.ops->baseline(agent.self, files, 2, NULL, 0, false, 0, NULL), MG_OK);
    assert_int_equal(agent.ops->baseline_next(agent.self, arena, &result, &more, NULL), MG_OK);
    assert_true(more && result.outcome == MG_TEST_PASSED && result.lines.len == 1 && result.lines.at[0].file == 1 && result.lines.at[0].last == 4);
    assert_int_equal(agent.ops->baseline_next(agent.self, arena, &result, &more, NULL), MG_OK);
    assert_true(more && result.outcome == MG_TEST_FAILED && result.lines.len == 0);
    assert_int_equal(agent.ops->baseline_next(agent.self, arena, &result, &more, NULL), MG_OK);
    assert_false(more);
    agent.ops->close(agent.self);
}

static void examinations_are_told_by_script(void **unused)
{
    (void)unused;
    static const struct mg_text_patch patch = { 1, 2, 1, 3, MG_STR_INIT("4") };
    static const struct mg_memory_examined told[] = {
        { "::test_b", MG_TEST_FAILED, "E   assert 1 == 2", "1", &patch, 1 },
    };
    struct mg_memory_script script = { .tests = tests_known, .test_count = 2, .broken_source = "(:", .examined = told, .examined_count = 1 };
    struct mg_agent agent = mg_agent_memory_new(&script);
    struct mg_session *session;
    struct mg_collected collected;
    struct mg_examined examined;
    struct mg_str problem;
    uint32_t first;
    assert_int_equal(agent.ops->open_session(agent.self, &session, NULL), MG_OK);
    assert_int_equal(agent.ops->session_check(session, MG_STR("def f(:"), arena, &problem, NULL), MG_OK);
    assert_true(mg_str_is(problem, "line 1: by script"));
    struct mg_str source = MG_STR("def test_a():\ndef test_b():\n");
    assert_int_equal(agent.ops->session_check(session, source, arena, &problem, NULL), MG_OK);
    assert_int_equal(problem.len, 0);
    assert_int_equal(agent.ops->session_load(session, MG_STR("test_new.py"), source, arena, &collected, &first, NULL), MG_OK);
    uint32_t tests[] = { first + 1, first };
    assert_int_equal(agent.ops->session_examine(session, tests, 2, 1.0, arena, &examined, NULL), MG_OK);
    assert_true(examined.tests.len == 2 && examined.tests.at[0].test == first + 1 && examined.tests.at[0].outcome == MG_TEST_FAILED);
    assert_true(mg_str_is(examined.tests.at[0].actual, "1") && examined.tests.at[0].patches.len == 1);
    assert_true(examined.tests.at[1].outcome == MG_TEST_PASSED && examined.tests.at[1].patches.len == 0);
    tests[0] = first + 2;
    assert_int_equal(agent.ops->session_examine(session, tests, 1, 1.0, arena, &examined, NULL), MG_E_STATE);
    assert_true(script.checks == 2 && script.examinations == 2);
    agent.ops->session_close(session);
    agent.ops->close(agent.self);
}

int main(void)
{
    arena = mg_arena_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_decide),
        cmocka_unit_test(baseline_gives_outcomes_and_lines_of_traced_files),
        cmocka_unit_test(examinations_are_told_by_script),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mg_arena_free(arena);
    return failed;
}
