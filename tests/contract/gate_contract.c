/* The gate's contract. The project has one function with three branches and tests that look at two of them. */
#include "contract/gate_contract.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "adapters/agent_process/agent_process.h"
#include "adapters/sandbox_linux/sandbox_linux.h"
#include "base/str.h"
#include "core/score.h"
#include "os/file.h"
#include "python/syntax.h"

static const char module_text[] = "\"\"\"Marks: \xC3\xA9.\"\"\"\n"
                                  "\n"
                                  "\n"
                                  "def grade(points, bonus=0):\n"
                                  "    points = points + bonus\n"
                                  "    if points >= 90:\n"
                                  "        return 'top'\n"
                                  "    if points > 50:\n"
                                  "        return 'pass'\n"
                                  "    return 'fail'\n"
                                  "\n"
                                  "\n"
                                  "def other(x):\n"
                                  "    y = x + 1\n"
                                  "    return y\n";
static const char tests_text[] = "from shop.marks import grade\n"
                                 "\n"
                                 "def test_top():\n"
                                 "    assert grade(95) == 'top'\n"
                                 "\n"
                                 "def test_fail():\n"
                                 "    assert grade(10) == 'fail'\n";
static const char suite_text[] = "from shop.marks import grade\n"
                                 "\n"
                                 "def test_edge():\n"
                                 "    assert grade(90) == 'top'\n"
                                 "\n"
                                 "def test_wrong():\n"
                                 "    assert grade(10) == 'top'\n"
                                 "\n"
                                 "def test_weak():\n"
                                 "    assert grade(95) == 'top'\n";
#define SUITE_PATH MG_STR("tests/test_more.py")

static const struct gate_contract *contract;
static char root[64];
static struct mg_arena *arena;
static struct mg_sandbox sandbox;
static struct mg_agent agent;
static struct mg_gate gate;
static const char *python;
static struct mg_err err;
static struct mg_config config;
static struct mg_agent_start start;
static struct mg_collected collected;
static struct mg_source_file source;
static struct mg_target target;
static struct mg_found found;
static struct mg_session *session;

#define OK(call)                                                                                                                                     \
    do {                                                                                                                                             \
        err.text[0] = '\0';                                                                                                                          \
        enum mg_code code_ = (call);                                                                                                                 \
        if (code_ != MG_OK)                                                                                                                          \
            print_message("%s\n", err.text);                                                                                                         \
        assert_int_equal(code_, MG_OK);                                                                                                              \
    } while (0)

static struct mg_str at(const char *name) { return mg_arena_printf(arena, "%s/%s", root, name); }

static void put(const char *name, const char *text)
{
    struct mg_str path = at(name);
    OK(mg_file_mkdirs(mg_arena_cstr(arena, mg_str_sub(path, 0, mg_str_rfind(path, '/'))), &err));
    OK(mg_file_write(path.at, mg_str_from(text), &err));
}

static void choose_target(void)
{
    struct mg_module *module = NULL;
    struct mg_functions functions = { 0 };
    source = (struct mg_source_file){ MG_STR("shop/marks.py"), MG_STR("shop.marks"), mg_str_from(module_text) };
    OK(mg_module_parse(source.text, &module, &err));
    mg_module_functions(module, arena, &functions);
    target = (struct mg_target){ .qualified_name = MG_STR("shop.marks.grade"), .module = source.module, .path = source.path };
    target.function = functions.at[0];
    mg_module_free(module);
}

static int set_up(void **state)
{
    (void)state;
    arena = mg_arena_new();
    (void)snprintf(root, sizeof root, "/tmp/mg-gate-XXXXXX");
    if (!mkdtemp(root))
        return 1;
    put("copy/shop/__init__.py", "");
    put("copy/shop/marks.py", module_text);
    put("copy/tests/test_marks.py", tests_text);
    put("original/empty", "");
    put("scratch/empty", "");
    sandbox = mg_sandbox_linux_new(NULL);
    agent = mg_agent_process_new(sandbox);
    gate = contract->open(sandbox);
    mg_config_defaults(&config);
    config.jobs = 2;
    choose_target();
    memset(&start, 0, sizeof start);
    start.python = mg_str_from(python);
    start.repo = at("copy");
    start.original = at("original");
    start.scratch = at("scratch");
    start.jobs = 2;
    start.test_timeout_seconds = 10;
    *MG_PUSH(arena, &start.import_roots) = at("copy");
    OK(agent.ops->start(agent.self, &start, arena, &collected, &err));
    assert_int_equal(collected.tests.len, 2);
    OK(agent.ops->open_session(agent.self, &session, &err));
    OK(agent.ops->session_target(session, &target, arena, &found, &err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    agent.ops->session_close(session);
    agent.ops->close(agent.self);
    if (contract->close)
        contract->close(gate);
    mg_sandbox_linux_close(sandbox);
    bool gone = mg_file_remove_tree(root, &err) == MG_OK;
    mg_arena_free(arena);
    return gone ? 0 : 1;
}

/* What the baseline saw: lines of grade that each test runs. */
static struct mg_gate_request request_with(size_t covering_count)
{
    static struct mg_coverage_entry entries[2];
    static struct mg_line_range ranges[2][2] = { { { 0, 5, 7 } }, { { 0, 5, 6 }, { 0, 8, 8 } } };
    static struct mg_line_range last = { 0, 10, 10 };
    memset(entries, 0, sizeof entries);
    entries[0] = (struct mg_coverage_entry){ .test = 0, .seconds = 0.001 };
    entries[1] = (struct mg_coverage_entry){ .test = 1, .seconds = 0.001 };
    *MG_PUSH(arena, &entries[0].lines) = ranges[0][0];
    *MG_PUSH(arena, &entries[1].lines) = ranges[1][0];
    *MG_PUSH(arena, &entries[1].lines) = ranges[1][1];
    *MG_PUSH(arena, &entries[1].lines) = last;
    return (struct mg_gate_request){ .target = &target,
                                     .source = &source,
                                     .agent = agent,
                                     .session = session,
                                     .covering = entries,
                                     .covering_count = covering_count,
                                     .found = &found,
                                     .collected = &collected,
                                     .config = &config,
                                     .start = &start };
}

/* Index of the mutant that replaces `from` by `to` on that line. */
static size_t find(const struct mg_measured *measured, uint32_t line, const char *from, const char *to)
{
    for (size_t i = 0; i < measured->mutants.len; i++) {
        const struct mg_mutant *mutant = &measured->mutants.at[i];
        struct mg_str text = source.text;
        struct mg_str whole = mg_arena_printf(arena, "%.*s%.*s%.*s", MG_FMT(mg_str_sub(text, 0, mutant->start)), MG_FMT(mutant->replacement),
                                              MG_FMT(mg_str_sub(text, mutant->end, text.len)));
        if (mutant->span_line == line && !mg_str_contains(whole, from) && mg_str_contains(whole, to))
            return i;
    }
    fail_msg("no mutant makes `%s` of `%s`", to, from);
    return 0;
}

static void every_mutant_is_whole_and_has_a_verdict(void **state)
{
    (void)state;
    struct mg_gate_request request = request_with(2);
    struct mg_measured measured;
    OK(gate.ops->before(gate.self, &request, arena, &measured, &err));
    assert_string_equal(mg_arena_cstr(arena, measured.untrusted), "");
    assert_int_equal(measured.flaky.len, 0);
    assert_true(measured.mutants.len > 5);
    assert_int_equal(measured.spliced.len, measured.mutants.len);
    assert_int_equal(measured.results.len, measured.mutants.len);
    for (size_t i = 0; i < measured.mutants.len; i++) {
        const struct mg_mutant *mutant = &measured.mutants.at[i];
        assert_true(mutant->start >= target.function.start && mutant->start <= mutant->end && mutant->end <= target.function.end);
        assert_true(mg_str_eq(mutant->original, mg_str_sub(source.text, mutant->start, mutant->end)));
        assert_true(mutant->span_line >= target.function.def_line && mutant->span_end_line <= target.function.end_line && mutant->column >= 1);
        assert_int_equal(mutant->id.len, 12);
        assert_true(mg_str_eq(mutant->id, measured.spliced.at[i].id));
        assert_true(mg_str_starts(measured.spliced.at[i].source, "def grade("));
        assert_int_not_equal(measured.results.at[i].verdict, MG_VERDICT_pending);
        assert_true(measured.results.at[i].verdict == MG_VERDICT_killed || measured.results.at[i].kill_kind == MG_KILL_NONE);
        for (size_t j = 0; j < i; j++)
            assert_false(mg_str_eq(mutant->id, measured.mutants.at[j].id));
    }
}

static void what_tests_see_is_killed_and_what_they_miss_survives(void **state)
{
    (void)state;
    struct mg_gate_request request = request_with(2);
    struct mg_measured measured;
    OK(gate.ops->before(gate.self, &request, arena, &measured, &err));
    size_t edge = find(&measured, 6, "points >= 90", "points > 90");
    assert_int_equal(measured.results.at[edge].verdict, MG_VERDICT_survived);
    assert_int_equal(measured.results.at[find(&measured, 6, "points >= 90", "points >= 91")].verdict, MG_VERDICT_survived);
    size_t sum = find(&measured, 8, "points > 50", "points >= 50");
    assert_int_equal(measured.results.at[sum].verdict, MG_VERDICT_survived);
    struct mg_tally tally = { 0 };
    for (size_t i = 0; i < measured.results.len; i++)
        tally.of[measured.results.at[i].verdict]++;
    assert_true(tally.of[MG_VERDICT_killed] > 0 && tally.of[MG_VERDICT_invalid] == 0);
}

static void without_tests_nothing_is_claimed(void **state)
{
    (void)state;
    struct mg_gate_request request = request_with(0);
    struct mg_measured measured;
    OK(gate.ops->before(gate.self, &request, arena, &measured, &err));
    assert_true(measured.mutants.len > 5);
    for (size_t i = 0; i < measured.results.len; i++)
        assert_int_equal(measured.results.at[i].verdict, MG_VERDICT_no_coverage);
}

static bool has(const uint32_t *list, size_t count, size_t value)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == value)
            return true;
    return false;
}

static void a_suite_is_judged_test_by_test(void **state)
{
    (void)state;
    struct mg_gate_request request = request_with(2);
    struct mg_measured measured;
    struct mg_suite_measured result;
    struct mg_suite suite = { 0 };
    static const char *const names[] = { "test_edge", "test_wrong", "test_weak" };
    for (size_t i = 0; i < MG_COUNT(names); i++)
        *MG_PUSH(arena, &suite.tests) = (struct mg_suite_test){ .name = mg_str_from(names[i]) };
    OK(gate.ops->before(gate.self, &request, arena, &measured, &err));
    OK(gate.ops->suite(gate.self, &request, &measured, &suite, SUITE_PATH, mg_str_from(suite_text), arena, &result, &err));
    assert_int_equal(result.tests.len, 3);
    assert_int_equal(result.reached.len, measured.mutants.len);
    size_t edge = find(&measured, 6, "points >= 90", "points > 90");
    const struct mg_suite_verdict *tests = result.tests.at;
    for (size_t i = 0; i < 3; i++)
        assert_true(mg_str_is(tests[i].name, names[i]));
    assert_true(tests[0].passes && tests[2].passes && !tests[1].passes);
    assert_true(tests[1].reason.len > 0 && tests[1].kills.len == 0);
    assert_true(has(tests[0].kills.at, tests[0].kills.len, edge));
    assert_int_equal(tests[0].kills.len, tests[0].kill_texts.len);
    assert_false(has(tests[2].kills.at, tests[2].kills.len, edge));
    assert_true(result.reached.at[edge]);
    for (size_t t = 0; t < 3; t++)
        for (size_t k = 0; k < tests[t].kills.len; k++)
            assert_true(mg_verdict_is_alive(measured.results.at[tests[t].kills.at[k]].verdict)); /* detected ones are not asked again */
}

static void the_copy_stays_as_it_was(void **state)
{
    (void)state;
    struct mg_gate_request request = request_with(2);
    struct mg_measured measured;
    struct mg_str text;
    OK(gate.ops->before(gate.self, &request, arena, &measured, &err));
    OK(mg_file_read(arena, at("copy/shop/marks.py").at, 1 << 20, &text, &err));
    assert_true(mg_str_is(text, module_text));
    assert_false(mg_file_exists(at("copy/mutants").at));
    assert_false(mg_file_exists(at("copy/setup.cfg").at));
}

int run_gate_contract(const char *name, const struct gate_contract *which)
{
    static const char *const probe = "import pytest";
    contract = which;
    python = getenv("MUTAGEN_TEST_PYTHON");
    char *command = NULL;
    if (python && asprintf(&command, "%s -c '%s' 2>/dev/null", python, probe) > 0 && system(command) != 0)
        python = NULL;
    free(command);
    if (!python) {
        print_message("SKIPPED: no Python with pytest; set MUTAGEN_TEST_PYTHON to one\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_mutant_is_whole_and_has_a_verdict, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_tests_see_is_killed_and_what_they_miss_survives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_tests_nothing_is_claimed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_suite_is_judged_test_by_test, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_copy_stays_as_it_was, set_up, tear_down),
    };
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
