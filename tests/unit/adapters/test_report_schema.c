/* The mutation-testing-report-schema: statuses, positions in UTF-16 with CRLF, BOM and emoji, killers, and sources that have changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <yyjson.h>

#include "adapters/report_schema/report_schema.h"
#include "base/str.h"
#include "os/file.h"
#include "unit/sample_report.h"

static char path[64];
static struct mg_arena *arena;
static struct mg_err err;

static int set_up(void **state)
{
    (void)state;
    arena = mg_arena_new();
    (void)snprintf(path, sizeof path, "/tmp/mg-schema-XXXXXX");
    int fd = mkstemp(path);
    return fd >= 0 && close(fd) == 0 ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    mg_arena_free(arena);
    return unlink(path);
}

/* BOM, CRLF, a two-byte and a four-byte character before the spans, no newline at the end. */
static const char source[] = "\xef\xbb\xbf"
                             "def f(a):\r\n    \xc3\xa9 = '\xf0\x9f\x90\x8d' if a < 1 else (\n        a + 1)\n    return \xc3\xa9";

static struct mg_judged mutant_at(const char *id, const char *original, const char *replacement, enum mg_verdict verdict)
{
    const char *at = strstr(source, original);
    assert_non_null(at);
    struct mg_judged j = { .diff = MG_NO_STR };
    j.mutant = (struct mg_mutant){ .id = mg_str_from(id),
                                   .operator_name = "ROR",
                                   .description = "replace a relational operator",
                                   .start = (uint32_t)(at - source),
                                   .end = (uint32_t)((size_t)(at - source) + strlen(original)),
                                   .original = mg_str_from(original),
                                   .replacement = mg_str_from(replacement) };
    j.before.verdict = verdict;
    return j;
}

static struct mg_report report_of(struct mg_repo *repo)
{
    struct mg_report report = { .version = MG_STR("0.1.0") };
    struct mg_outcome *o = MG_PUSH(arena, &report.outcomes);
    *o = (struct mg_outcome){ .path = MG_STR("pkg/m.py") };
    *MG_PUSH(arena, &o->mutants) = mutant_at("m1", "<", "<=", MG_VERDICT_killed);
    *MG_PUSH(arena, &o->mutants) = mutant_at("m2", "(\n        a + 1)", "(\n        a - 1)", MG_VERDICT_survived);
    *MG_PUSH(arena, &o->mutants) = mutant_at("m3", "'\xf0\x9f\x90\x8d'", "''", MG_VERDICT_not_reached);
    o->mutants.at[0].before.killer = MG_STR("tests/test_m.py::test_f[a::b]");
    o->mutants.at[0].before.seconds = 0.25;
    o->mutants.at[0].before.reason = MG_STR("assert 1 == 2");
    *repo = (struct mg_repo){ .original = MG_NO_STR };
    *MG_PUSH(arena, &repo->sources) = (struct mg_source_file){ MG_STR("other.py"), MG_STR("other"), MG_STR("x = 1\n") };
    *MG_PUSH(arena, &repo->sources) = (struct mg_source_file){ MG_STR("pkg/m.py"), MG_STR("pkg.m"), { source, sizeof source - 1 } };
    return report;
}

static yyjson_doc *write_and_read(const struct mg_repo *repo, const struct mg_report *report)
{
    struct mg_str text;
    if (mg_report_schema_write(path, repo, report, &err) != MG_OK)
        fail_msg("%s", err.text);
    assert_int_equal(mg_file_read(arena, path, 1 << 20, &text, &err), MG_OK);
    yyjson_doc *doc = yyjson_read(text.at, text.len, 0);
    assert_non_null(doc);
    return doc;
}

static yyjson_val *at(yyjson_doc *doc, const char *pointer)
{
    yyjson_val *value = yyjson_doc_ptr_get(doc, pointer);
    if (!value)
        fail_msg("no %s", pointer);
    return value;
}

static void is_at(yyjson_doc *doc, int mutant, const int expected[4])
{
    static const char *const parts[] = { "start/line", "start/column", "end/line", "end/column" };
    for (size_t i = 0; i < MG_COUNT(parts); i++) {
        char pointer[80];
        (void)snprintf(pointer, sizeof pointer, "/files/pkg~1m.py/mutants/%d/location/%s", mutant, parts[i]);
        if (yyjson_get_int(at(doc, pointer)) != expected[i])
            fail_msg("%s is %d", pointer, yyjson_get_int(at(doc, pointer)));
    }
}

static void positions_are_lines_and_utf16_columns(void **state)
{
    (void)state;
    struct mg_repo repo;
    struct mg_report report = report_of(&repo);
    yyjson_doc *doc = write_and_read(&repo, &report);
    is_at(doc, 0, (const int[]){ 2, 19, 2, 20 }); /* the snake counts two, the accented letter one */
    is_at(doc, 1, (const int[]){ 2, 28, 3, 15 });
    is_at(doc, 2, (const int[]){ 2, 9, 2, 13 });
    assert_int_equal(yyjson_get_len(at(doc, "/files/pkg~1m.py/source")), sizeof source - 1);
    assert_null(yyjson_doc_ptr_get(doc, "/files/other.py"));
    yyjson_doc_free(doc);
}

static void verdicts_become_the_schemas_words(void **state)
{
    (void)state;
    static const struct {
        enum mg_verdict verdict;
        const char *status, *reason;
    } cases[] = {
        { MG_VERDICT_killed, "Killed", NULL },
        { MG_VERDICT_survived, "Survived", NULL },
        { MG_VERDICT_timeout, "Timeout", NULL },
        { MG_VERDICT_no_coverage, "NoCoverage", NULL },
        { MG_VERDICT_not_reached, "RuntimeError", "not reached: no test executed the changed code" },
        { MG_VERDICT_invalid, "RuntimeError", "invalid: why" },
        { MG_VERDICT_ignored, "Ignored", "why" },
        { MG_VERDICT_static, "Ignored", "static: why" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_repo repo;
        struct mg_report report = report_of(&repo);
        struct mg_mutant_result *result = &report.outcomes.at[0].mutants.at[1].before;
        result->verdict = cases[i].verdict;
        if (cases[i].verdict == MG_VERDICT_invalid || cases[i].verdict == MG_VERDICT_ignored)
            result->reason = MG_STR("why");
        else if (cases[i].verdict == MG_VERDICT_static)
            result->reason = MG_STR("static: why");
        yyjson_doc *doc = write_and_read(&repo, &report);
        assert_string_equal(yyjson_get_str(at(doc, "/files/pkg~1m.py/mutants/1/status")), cases[i].status);
        const char *reason = yyjson_get_str(yyjson_doc_ptr_get(doc, "/files/pkg~1m.py/mutants/1/statusReason"));
        if (cases[i].reason)
            assert_string_equal(reason, cases[i].reason);
        else
            assert_null(reason);
        yyjson_doc_free(doc);
    }
}

static void killers_refer_to_test_files(void **state)
{
    (void)state;
    struct mg_repo repo;
    struct mg_report report = report_of(&repo);
    yyjson_doc *doc = write_and_read(&repo, &report);
    assert_string_equal(yyjson_get_str(at(doc, "/files/pkg~1m.py/mutants/0/killedBy/0")), "tests/test_m.py::test_f[a::b]");
    assert_string_equal(yyjson_get_str(at(doc, "/files/pkg~1m.py/mutants/0/statusReason")), "assert 1 == 2");
    assert_true(yyjson_get_num(at(doc, "/files/pkg~1m.py/mutants/0/duration")) == 250.0);
    assert_string_equal(yyjson_get_str(at(doc, "/testFiles/tests~1test_m.py/tests/0/id")), "tests/test_m.py::test_f[a::b]");
    assert_string_equal(yyjson_get_str(at(doc, "/testFiles/tests~1test_m.py/tests/0/name")), "test_f[a::b]");
    assert_string_equal(yyjson_get_str(at(doc, "/schemaVersion")), "2");
    assert_string_equal(yyjson_get_str(at(doc, "/framework/name")), "Mutagen");
    yyjson_doc_free(doc);
}

static void a_mutant_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct mg_repo repo;
    struct mg_report report = report_of(&repo);
    struct mg_mutant *mutant = &report.outcomes.at[0].mutants.at[0].mutant;
    const struct mg_mutant good = *mutant;
    mutant->end = (uint32_t)sizeof source;
    assert_int_equal(mg_report_schema_write(path, &repo, &report, &err), MG_E_STATE);
    *mutant = good;
    mutant->start = mutant->end + 1;
    assert_int_equal(mg_report_schema_write(path, &repo, &report, &err), MG_E_STATE);
    *mutant = good;
    mutant->original = MG_STR(">");
    assert_int_equal(mg_report_schema_write(path, &repo, &report, &err), MG_E_STATE);
    *mutant = good;
    repo.sources.len = 1;
    assert_int_equal(mg_report_schema_write(path, &repo, &report, &err), MG_E_STATE);
    assert_non_null(strstr(err.text, "pkg/m.py"));
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(positions_are_lines_and_utf16_columns),
        CASE(verdicts_become_the_schemas_words),
        CASE(killers_refer_to_test_files),
        CASE(a_mutant_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
