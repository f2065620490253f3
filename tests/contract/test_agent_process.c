/* The agent port over a real interpreter and the real sandbox: a tiny repo, from start to confirmation.
 * The interpreter is MUTAGEN_TEST_PYTHON or python3 on PATH, with pytest; without one these tests are skipped and say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "adapters/agent_process/agent_process.h"
#include "adapters/sandbox_linux/sandbox_linux.h"
#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"

static const char module_text[] = "import time\n"               /* 1 */
                                  "\n"                          /* 2 */
                                  "\n"                          /* 3 */
                                  "def grade(points):\n"        /* 4 */
                                  "    if points >= 50:\n"      /* 5 */
                                  "        return 'pass'\n"     /* 6 */
                                  "    return 'fail'\n"         /* 7 */
                                  "\n"                          /* 8 */
                                  "\n"                          /* 9 */
                                  "def spin():\n"               /* 10 */
                                  "    while True:\n"           /* 11 */
                                  "        time.sleep(0.01)\n"; /* 12 */
static const char tests_text[] = "import pytest\n"
                                 "from shop import marks\n"
                                 "\n"
                                 "def test_pass():\n"
                                 "    assert marks.grade(90) == 'pass'\n"
                                 "\n"
                                 "def test_nothing():\n"
                                 "    pass\n"
                                 "\n"
                                 "def test_wrong():\n"
                                 "    assert marks.grade(10) == 'pass'\n"
                                 "\n"
                                 "@pytest.mark.skip(reason='not today')\n"
                                 "def test_skipped():\n"
                                 "    pass\n";
enum { TEST_PASS, TEST_NOTHING, TEST_WRONG, TEST_SKIPPED, TEST_COUNT };

static char root[] = "/tmp/mg-agent-XXXXXX";
static struct mg_arena *arena;
static struct mg_sandbox sandbox;
static struct mg_agent agent;
static const char *python;
static struct mg_err err;

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

static struct mg_agent_start how(void)
{
    struct mg_agent_start start = {
        .python = mg_str_from(python),
        .repo = at("copy"),
        .original = at("original"),
        .scratch = at("scratch"),
        .jobs = 2,
        .test_timeout_seconds = 5,
    };
    *MG_PUSH(arena, &start.import_roots) = at("copy");
    return start;
}

static struct mg_collected begin(void)
{
    struct mg_agent_start start = how();
    struct mg_collected collected;
    OK(agent.ops->start(agent.self, &start, arena, &collected, &err));
    return collected;
}

static struct mg_target grade(void)
{
    return (struct mg_target){
        .qualified_name = MG_STR("shop.marks.grade"),
        .module = MG_STR("shop.marks"),
        .path = MG_STR("shop/marks.py"),
        .function = { .qualname = MG_STR("grade"), .name = MG_STR("grade"), .first_line = 4, .def_line = 4, .end_line = 7, .body_indent = 4 },
    };
}

static struct mg_session *session_on_grade(void)
{
    struct mg_session *session = NULL;
    OK(agent.ops->open_session(agent.self, &session, &err));
    struct mg_target target = grade();
    struct mg_found found = { 0 };
    OK(agent.ops->session_target(session, &target, arena, &found, &err));
    assert_int_equal(found.functions, 1);
    assert_int_equal(found.imported.len, 0);
    return session;
}

static void submit_job(struct mg_session *session, uint64_t ticket, const char *source, uint32_t line, uint32_t test, double limit, bool yields)
{
    struct mg_mutant_job job = { .ticket = ticket, .source = mg_str_from(source), .line = line, .end_line = line, .bail = true, .wall_seconds = 10 };
    job.yields = yields;
    *MG_PUSH(arena, &job.tests) = test;
    *MG_PUSH(arena, &job.limits) = limit;
    OK(agent.ops->session_submit(session, &job, &err));
}

static void submit(struct mg_session *session, uint64_t ticket, const char *source, uint32_t line, uint32_t test)
{
    submit_job(session, ticket, source, line, test, 2.0, false);
}

/* --- tests --- */

static void collects_and_measures_the_existing_tests(void **unused)
{
    (void)unused;
    struct mg_collected collected = begin();
    assert_int_equal(collected.tests.len, TEST_COUNT);
    assert_string_equal(collected.tests.at[TEST_WRONG].id.at, "tests/test_marks.py::test_wrong");
    assert_string_equal(collected.tests.at[TEST_WRONG].file.at, "tests/test_marks.py");
    assert_int_equal(collected.errors.len, 1);
    assert_non_null(strstr(collected.errors.at[0].text.at, "no_such_module"));
    assert_string_equal(collected.tests_dir.at, "tests");
    assert_true(mg_str_starts(collected.python_version, "3."));

    struct mg_str files[] = { MG_STR("shop/marks.py") };
    OK(agent.ops->baseline(agent.self, files, 1, NULL, 0, false, 0, &err));
    static const enum mg_test_outcome outcomes[] = { MG_TEST_PASSED, MG_TEST_PASSED, MG_TEST_FAILED, MG_TEST_SKIPPED };
    bool ran[TEST_COUNT][20] = { { false } }, more = true;
    uint32_t seen = 0;
    for (;; seen++) {
        struct mg_baseline_result result;
        OK(agent.ops->baseline_next(agent.self, arena, &result, &more, &err));
        if (!more)
            break;
        assert_int_equal(result.test, seen);
        assert_int_equal(result.outcome, outcomes[seen]);
        for (size_t i = 0; i < result.lines.len; i++)
            for (uint32_t line = result.lines.at[i].first; line <= result.lines.at[i].last && line < 20; line++)
                ran[result.test][line] = true;
    }
    assert_int_equal(seen, TEST_COUNT);
    assert_true(ran[TEST_PASS][5] && ran[TEST_PASS][6] && !ran[TEST_PASS][7]);
    assert_true(ran[TEST_WRONG][5] && !ran[TEST_WRONG][6] && ran[TEST_WRONG][7]);
    assert_false(ran[TEST_NOTHING][5]);
    agent.ops->stop(agent.self);
}

static void mutants_die_survive_hang_and_are_refused(void **unused)
{
    (void)unused;
    begin();
    struct mg_session *session = session_on_grade();
    submit(session, 70, "def grade(points):\n    if points >= 50:\n        return ''\n    return 'fail'\n", 6, TEST_PASS);
    submit(session, 71, "def grade(points):\n    if points >= 51:\n        return 'pass'\n    return 'fail'\n", 5, TEST_PASS);
    submit(session, 72, "def grade(points):\n    while points >= 50: pass\n    return 'pass'\n    return 'fail'\n", 5, TEST_PASS);
    submit(session, 73, "def grade(points:\n", 5, TEST_PASS);
    unsigned seen = 0;
    for (int i = 0; i < 4; i++) {
        struct mg_mutant_run run;
        OK(agent.ops->session_next(session, arena, &run, &err));
        seen |= 1u << (run.ticket - 70);
        if (run.ticket == 70)
            assert_true(run.end == MG_RUN_DONE && run.runs.len == 1 && run.runs.at[0].failed && run.runs.at[0].hit && !run.runs.at[0].crash);
        if (run.ticket == 71)
            assert_true(run.end == MG_RUN_DONE && run.runs.len == 1 && !run.runs.at[0].failed && run.runs.at[0].hit);
        if (run.ticket == 72)
            assert_true(run.end == MG_RUN_TIMEOUT && run.at == TEST_PASS && run.at_hit);
        if (run.ticket == 73)
            assert_true(run.end == MG_RUN_REFUSED && run.reason.len > 0);
    }
    assert_int_equal(seen, 15);
    struct mg_mutant_run run;
    assert_int_equal(agent.ops->session_next(session, arena, &run, &err), MG_E_STATE);
    agent.ops->session_close(session);
    agent.ops->stop(agent.self);
}

/* With two jobs: the third runs beside two that hang, and is told of before them. */
static void mutants_that_are_asleep_give_way_to_others(void **unused)
{
    (void)unused;
    begin();
    struct mg_session *session = session_on_grade();
    const char *waits = "def grade(points):\n    __import__('threading').Event().wait()\n    return 'pass'\n    return 'fail'\n";
    const char *dies = "def grade(points):\n    if points >= 50:\n        return ''\n    return 'fail'\n";
    for (uint64_t ticket = 70; ticket < 74; ticket++)
        submit_job(session, ticket, ticket < 72 ? waits : dies, ticket < 72 ? 5 : 6, TEST_PASS, 0.6, true);
    size_t asleep = 0;
    for (size_t i = 0; i < 6; i++) { /* two are asleep, two die, the two that were asleep end */
        struct mg_mutant_run run;
        OK(agent.ops->session_next(session, arena, &run, &err));
        asleep += run.end == MG_RUN_ASLEEP;
        assert_int_equal(run.end == MG_RUN_DONE, run.ticket >= 72);
        assert_true(run.end != MG_RUN_DONE || asleep > 0);
        assert_true(run.end != MG_RUN_TIMEOUT || i >= 4);
    }
    assert_int_equal(asleep, 2);
    struct mg_mutant_run run;
    assert_int_equal(agent.ops->session_next(session, arena, &run, &err), MG_E_STATE);
    agent.ops->session_close(session);
    agent.ops->stop(agent.self);
}

static void probes_calls_and_describes(void **unused)
{
    (void)unused;
    begin();
    struct mg_session *session = session_on_grade();
    struct mg_description description;
    OK(agent.ops->session_describe(session, arena, &description, &err));
    assert_int_equal(description.params.len, 1);
    assert_string_equal(description.params.at[0]->name.at, "points");
    assert_non_null(description.returns);

    struct mg_probe probe = { .imports = MG_STR("from shop.marks import grade\n"), .call_seconds = 0.5, .seconds = 10 };
    *MG_PUSH(arena, &probe.calls) = (struct mg_call){ .call = MG_STR("grade(50)") };
    *MG_PUSH(arena, &probe.calls) = (struct mg_call){ .call = MG_STR("grade(None)") };
    *MG_PUSH(arena, &probe.mutants) = (struct mg_probe_mutant){
        .id = MG_STR("m"),
        .source = MG_STR("def grade(points):\n    if points > 50:\n        return 'pass'\n    return 'fail'\n"),
        .line = 5,
        .end_line = 5,
    };
    struct mg_probed probed;
    OK(agent.ops->session_probe(session, &probe, arena, &probed, &err));
    assert_int_equal(probed.observations.len, 2);
    const struct mg_observation *seen = &probed.observations.at[0];
    assert_true(seen->stable && !seen->raised && seen->facts.len >= 1);
    assert_int_equal(seen->facts.at[0].form, MG_FACT_EQ);
    assert_string_equal(seen->facts.at[0].source.at, "'pass'");
    assert_true(probed.observations.at[1].stable && probed.observations.at[1].raised);
    assert_string_equal(probed.observations.at[1].exception.at, "TypeError");
    assert_int_equal(probed.differences.len, 1);
    assert_int_equal(probed.differences.at[0].call, 0);
    agent.ops->session_close(session);
    agent.ops->stop(agent.self);
}

static void loaded_tests_join_in_and_leave_no_file(void **unused)
{
    (void)unused;
    begin();
    struct mg_session *session = session_on_grade();
    struct mg_collected loaded;
    uint32_t first = 0;
    struct mg_str source = MG_STR("from shop.marks import grade\n\ndef test_edge():\n    assert grade(50) == 'pass'\n");
    OK(agent.ops->session_load(session, MG_STR("tests/test_new.py"), source, arena, &loaded, &first, &err));
    assert_int_equal(first, TEST_COUNT);
    assert_int_equal(loaded.tests.len, 1);
    assert_string_equal(loaded.tests.at[0].id.at, "tests/test_new.py::test_edge");
    submit(session, 1, "def grade(points):\n    if points > 50:\n        return 'pass'\n    return 'fail'\n", 5, first);
    struct mg_mutant_run run;
    OK(agent.ops->session_next(session, arena, &run, &err));
    assert_true(run.end == MG_RUN_DONE && run.runs.len == 1 && run.runs.at[0].failed);
    /* an existing file is put back as it was */
    OK(agent.ops->session_load(session, MG_STR("tests/test_marks.py"), source, arena, &loaded, &first, &err));
    assert_int_equal(first, TEST_COUNT + 1);
    assert_true(mg_file_exists(at("copy/tests/test_new.py").at));
    agent.ops->session_close(session);
    assert_false(mg_file_exists(at("copy/tests/test_new.py").at));
    struct mg_str text;
    OK(mg_file_read(arena, at("copy/tests/test_marks.py").at, 1 << 20, &text, &err));
    assert_string_equal(text.at, tests_text);
    agent.ops->stop(agent.self);
}

static void loaded_tests_are_checked_and_examined(void **unused)
{
    (void)unused;
    begin();
    struct mg_session *session = session_on_grade();
    struct mg_str problem;
    OK(agent.ops->session_check(session, MG_STR("def test_a():\n    assert 1 ==\n"), arena, &problem, &err));
    assert_true(mg_str_starts(problem, "line 2: "));
    struct mg_str source = MG_STR("import os\nfrom shop.marks import grade\n\ndef test_edge():\n    assert grade(50) == 'fail'\n\n"
                                  "def test_dies():\n    os._exit(0)\n\ndef test_fine():\n    assert grade(49) == 'fail'\n");
    OK(agent.ops->session_check(session, source, arena, &problem, &err));
    assert_int_equal(problem.len, 0);
    struct mg_collected loaded;
    struct mg_examined examined;
    uint32_t first = 0;
    OK(agent.ops->session_load(session, MG_STR("tests/test_new.py"), source, arena, &loaded, &first, &err));
    uint32_t tests[] = { first + 2, first, first + 1 };
    OK(agent.ops->session_examine(session, tests, 3, 5.0, arena, &examined, &err));
    assert_int_equal(examined.tests.len, 3);
    assert_int_equal(examined.tests.at[0].outcome, MG_TEST_PASSED);
    assert_int_equal(examined.tests.at[2].outcome, MG_TEST_CRASHED);
    const struct mg_examined_test *edge = &examined.tests.at[1];
    assert_int_equal(edge->outcome, MG_TEST_FAILED);
    assert_true(mg_str_starts(edge->text, "tests/test_new.py:5: in test_edge\n"));
    assert_string_equal(edge->actual.at, "'pass'");
    assert_int_equal(edge->patches.len, 1);
    const struct mg_text_patch *patch = edge->patches.at;
    assert_true(patch->line == 5 && patch->end_line == 5 && patch->column == 24 && patch->end_column == 30);
    assert_string_equal(patch->replacement.at, "'pass'");
    tests[0] = first + 3;
    assert_int_equal(agent.ops->session_examine(session, tests, 1, 5.0, arena, &examined, &err), MG_E_STATE);
    agent.ops->session_close(session);
    agent.ops->stop(agent.self);
}

static void confirms_in_a_new_interpreter(void **unused)
{
    (void)unused;
    begin();
    struct mg_confirm what = { .hash_seed = MG_STR("random"), .reversed = true, .seconds = 30 };
    *MG_PUSH(arena, &what.files) = MG_STR("tests/test_marks.py");
    *MG_PUSH(arena, &what.deselect) = MG_STR("tests/test_marks.py::test_nothing");
    struct mg_confirmed confirmed;
    OK(agent.ops->confirm(agent.self, &what, arena, &confirmed, &err));
    assert_int_equal(confirmed.tests.len, 3);
    assert_string_equal(confirmed.tests.at[0].id.at, "tests/test_marks.py::test_skipped");
    assert_int_equal(confirmed.tests.at[1].outcome, MG_TEST_FAILED);
    assert_int_equal(confirmed.tests.at[2].outcome, MG_TEST_PASSED);
    agent.ops->stop(agent.self);
}

static void options_that_pytest_refuses_are_ignored_and_told(void **unused)
{
    (void)unused;
    put("copy/pytest.ini", "[pytest]\naddopts = --no-such-option\n");
    struct mg_collected collected = begin();
    assert_int_equal(collected.tests.len, TEST_COUNT);
    assert_int_equal(collected.notes.len, 1);
    assert_non_null(strstr(collected.notes.at[0].at, "--no-such-option"));
    agent.ops->stop(agent.self);
    unlink(at("copy/pytest.ini").at);
}

static void failures_to_start_are_one_clear_line(void **unused)
{
    (void)unused;
    struct mg_agent_start start = how();
    struct mg_collected collected;
    start.python = MG_STR("/no/such/python");
    assert_int_equal(agent.ops->start(agent.self, &start, arena, &collected, &err), MG_E_CONFIG);
    assert_non_null(strstr(err.text, "/no/such/python"));

    put("bin/bare", mg_arena_printf(arena, "#!/bin/sh\nexec '%s' -I -S \"$@\"\n", python).at); /* without site-packages: no pytest */
    assert_int_equal(chmod(at("bin/bare").at, 0755), 0);
    start.python = at("bin/bare");
    assert_int_equal(agent.ops->start(agent.self, &start, arena, &collected, &err), MG_E_CONFIG);
    assert_non_null(strstr(err.text, mg_arena_printf(arena, "no pytest in %s/bin/bare: install it there (", root).at));

    put("copy/conftest.py", "import os, sys\nsys.stderr.write('the conftest gave up\\n')\nsys.stderr.flush()\nos._exit(9)\n");
    start.python = mg_str_from(python);
    double before = mg_now();
    assert_int_equal(agent.ops->start(agent.self, &start, arena, &collected, &err), MG_E_CHILD);
    assert_non_null(strstr(err.text, "exit code 9"));
    assert_non_null(strstr(err.text, "the conftest gave up"));
    assert_true(mg_now() - before < 20);
    unlink(at("copy/conftest.py").at);
    begin(); /* after a failure it can be started again */
    agent.ops->stop(agent.self);
}

static void cancel_ends_a_wait_and_stop_ends_the_processes(void **unused)
{
    (void)unused;
    struct mg_cancel cancel = { .wake_fd = -1 };
    struct mg_agent_start start = how();
    struct mg_collected collected;
    start.cancel = &cancel;
    OK(agent.ops->start(agent.self, &start, arena, &collected, &err));
    struct mg_session *session = session_on_grade();
    cancel.requested = SIGINT;
    struct mg_description description;
    assert_int_equal(agent.ops->session_describe(session, arena, &description, &err), MG_E_CANCELLED);
    agent.ops->session_close(session);
    agent.ops->stop(agent.self);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left, not even a dead one */
}

/* --- set-up --- */

static bool has_pytest(const char *path)
{
    char command[700];
    snprintf(command, sizeof command, "'%s' -c 'import pytest' >/dev/null 2>&1", path);
    return system(command) == 0;
}

/* Absolute, as the port wants it. */
static const char *find_python(void)
{
    const char *given = getenv("MUTAGEN_TEST_PYTHON");
    if (given && given[0])
        return has_pytest(given) ? given : NULL;
    FILE *pipe = popen("command -v python3", "re");
    static char path[512];
    if (!pipe || !fgets(path, sizeof path, pipe))
        path[0] = '\0';
    if (pipe)
        pclose(pipe);
    path[strcspn(path, "\n")] = '\0';
    return path[0] && has_pytest(path) ? path : NULL;
}

static int prepare(void **unused)
{
    (void)unused;
    arena = mg_arena_new();
    if (!mkdtemp(root))
        return 1;
    put("copy/shop/__init__.py", "");
    put("copy/shop/marks.py", module_text);
    put("copy/tests/test_marks.py", tests_text);
    put("copy/tests/test_zbroken.py", "import no_such_module\n");
    put("original/empty", "");
    sandbox = mg_sandbox_linux_new(NULL);
    agent = mg_agent_process_new(sandbox);
    return 0;
}

/* Also behind a test that failed half-way: the next one starts afresh. */
static int stop_agent(void **unused)
{
    (void)unused;
    agent.ops->stop(agent.self);
    return 0;
}

static int clean(void **unused)
{
    (void)unused;
    agent.ops->close(agent.self);
    mg_sandbox_linux_close(sandbox);
    bool gone = mg_file_remove_tree(root, &err) == MG_OK;
    mg_arena_free(arena);
    return gone ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "__sandbox") == 0)
        return mg_sandbox_main(argc, argv);
    python = find_python();
    if (!python) {
        print_message("SKIPPED: no Python with pytest; set MUTAGEN_TEST_PYTHON to one\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(collects_and_measures_the_existing_tests, stop_agent),
        cmocka_unit_test_teardown(mutants_die_survive_hang_and_are_refused, stop_agent),
        cmocka_unit_test_teardown(mutants_that_are_asleep_give_way_to_others, stop_agent),
        cmocka_unit_test_teardown(probes_calls_and_describes, stop_agent),
        cmocka_unit_test_teardown(loaded_tests_join_in_and_leave_no_file, stop_agent),
        cmocka_unit_test_teardown(loaded_tests_are_checked_and_examined, stop_agent),
        cmocka_unit_test_teardown(confirms_in_a_new_interpreter, stop_agent),
        cmocka_unit_test_teardown(options_that_pytest_refuses_are_ignored_and_told, stop_agent),
        cmocka_unit_test_teardown(failures_to_start_are_one_clear_line, stop_agent),
        cmocka_unit_test_teardown(cancel_ends_a_wait_and_stop_ends_the_processes, stop_agent),
    };
    return cmocka_run_group_tests(tests, prepare, clean);
}
