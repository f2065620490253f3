/* report.json, report.md and the dashboard: what must be in them, and what the repo's own text must not be able to do to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <cmocka.h>
#include <yyjson.h>

#include "adapters/report_json/report_json.h"
#include "adapters/report_markdown/report_markdown.h"
#include "adapters/report_terminal/report_terminal.h"
#include "base/str.h"
#include "os/file.h"
#include "unit/sample_report.h"

static char directory[64];
static struct mg_arena *arena;
static struct mg_err err;

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(directory, sizeof directory, "/tmp/mg-reports-XXXXXX");
    arena = mg_arena_new();
    return mkdtemp(directory) ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    mg_arena_free(arena);
    return mg_file_remove_tree(directory, NULL) == MG_OK ? 0 : 1;
}

static const char *written(const struct mg_report *report, struct mg_reporter (*make)(struct mg_arena *, const char *), const char *name)
{
    struct mg_str text, below = mg_path_join(arena, mg_str_from(directory), MG_STR("new/reports"));
    struct mg_reporter reporter = make(arena, below.at);
    assert_int_equal(reporter.ops->write(reporter.self, report, &err), MG_OK);
    assert_int_equal(mg_file_read(arena, mg_path_join(arena, below, mg_str_from(name)).at, 1 << 20, &text, &err), MG_OK);
    return text.at;
}
static const char *markdown(const struct mg_report *report) { return written(report, mg_report_markdown_new, "report.md"); }
static const char *json(const struct mg_report *report) { return written(report, mg_report_json_new, "report.json"); }

static const char *terminal(const struct mg_report *report)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    struct mg_reporter reporter = mg_report_terminal_new(arena, out);
    assert_int_equal(reporter.ops->write(reporter.self, report, &err), MG_OK);
    assert_int_equal(fclose(out), 0);
    const char *copy = mg_arena_cstr(arena, (struct mg_str){ text, length });
    free(text);
    return copy;
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in:\n%s", part, text);
}
static void lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("'%s' is in:\n%s", part, text);
}

static void sorted_all_the_way_down(yyjson_val *value)
{
    size_t i, count;
    yyjson_val *key, *item;
    const char *last = "";
    if (yyjson_is_arr(value)) {
        yyjson_arr_foreach(value, i, count, item) sorted_all_the_way_down(item);
        return;
    }
    yyjson_obj_foreach(value, i, count, key, item)
    {
        assert_true(strcmp(last, yyjson_get_str(key)) < 0);
        last = yyjson_get_str(key);
        sorted_all_the_way_down(item);
    }
}

static yyjson_val *at(yyjson_doc *doc, const char *pointer)
{
    yyjson_val *value = yyjson_doc_ptr_get(doc, pointer);
    if (!value)
        fail_msg("no %s", pointer);
    return value;
}

static void json_keeps_the_predecessors_keys_and_adds_ours(void **state)
{
    (void)state;
    struct mg_report report = sample_report(arena);
    const char *text = json(&report);
    assert_int_equal(text[strlen(text) - 1], '\n');
    assert_memory_equal(text, "{\n  \"causes\": [\n    {\n      \"count\": 2,", 38);
    assert_string_equal(text, json(&report));
    yyjson_doc *doc = yyjson_read(text, strlen(text), 0);
    assert_non_null(doc);
    sorted_all_the_way_down(yyjson_doc_get_root(doc));
    static const struct {
        const char *pointer;
        double value;
    } numbers[] = {
        { "/schema_version", 1 },
        { "/mutation_score/before", 2.0 / 9 },
        { "/mutation_score/after", 4.0 / 9 },
        { "/mutation_score/delta", 2.0 / 9 },
        { "/mutation_score/level", 2 },
        { "/targets/total", 3 },
        { "/targets/kept", 1 },
        { "/targets/discarded", 1 },
        { "/targets/satisfied", 1 },
        { "/targets/unfinished", 0 },
        { "/targets/covered", 2 },
        { "/targets/coverage_ratio", 2.0 / 3 },
        { "/targets/left", 2 },
        { "/tests_generated", 3 },
        { "/existing_tests/not_run", 3 },
        { "/existing_tests/skipped", 0 },
        { "/existing_tests/xfailed", 1 },
        { "/target_stats/0/tests_not_run", 3 },
        { "/cost/usd", 0 },
        { "/cost/requests", 0 },
        { "/duration_seconds", 12.25 },
        { "/causes/0/count", 2 },
        { "/target_stats/0/mutation_score", 2.0 / 3 },
        { "/target_stats/0/line", 2 },
        { "/target_stats/0/tests_generated", 2 },
        { "/target_stats/0/before/no_coverage", 1 },
        { "/target_stats/0/before/score", 0 },
        { "/target_stats/0/after/total", 3 },
        { "/target_stats/0/tests/0/kills", 2 },
        { "/target_stats/0/tests/0/kills_above_level", 1 },
        { "/target_stats/1/mutation_score", 0 },
        { "/target_stats/0/survivors/0/line", 3 },
    };
    for (size_t i = 0; i < MG_COUNT(numbers); i++) {
        double difference = yyjson_get_num(at(doc, numbers[i].pointer)) - numbers[i].value;
        if (difference > 1e-12 || difference < -1e-12)
            fail_msg("%s is %f", numbers[i].pointer, yyjson_get_num(at(doc, numbers[i].pointer)));
    }
    static const char *const texts[][2] = {
        { "/run_id", "run-1" },
        { "/status", "partial" },
        { "/stop_reason", "max_targets_reached" },
        { "/tool/version", "0.1.0" },
        { "/started_at", "2025-11-22T08:26:40Z" },
        { "/target_stats/0/status", "kept" },
        { "/target_stats/1/state", "discarded" },
        { "/target_stats/2/state", "satisfied" },
        { "/target_stats/0/file", "pkg/m.py" },
        { "/target_stats/0/tests/1/reason", "kills nothing new" },
        { "/target_stats/0/survivors/0/id", "cccccccccccc" },
        { "/target_stats/0/model_notes/0", "equivalent: cccccccccccc, both bounds | are open" },
        { "/target_stats/0/tests/1/source", "def test_b():\n    assert f()\n" },
        { "/model", "anthropic claude-sonnet-5" },
        { "/target_stats/0/survivors/0/verdict", "survived" },
        { "/set_aside/0/test", "tests/test_m.py::test_flaky[a|b]" },
        { "/set_aside/2/test", "tests/test_m.py::test_db2" },
        { "/causes/0/example", "tests/test_m.py::test_db" },
        { "/withheld_variables/1", "TOKEN" },
        { "/skipped_files/0/file", "pkg/bad.py" },
        { "/degradations/0/reason", "no user namespaces" },
        { "/notes/1", "pytest: its options could not be used" },
        { "/next_step", "mutagen apply --run-id run-1" },
    };
    for (size_t i = 0; i < MG_COUNT(texts); i++)
        assert_string_equal(yyjson_get_str(at(doc, texts[i][0])), texts[i][1]);
    assert_int_equal(yyjson_arr_size(at(doc, "/target_stats/0/survivors")), 1);
    assert_true(yyjson_get_bool(at(doc, "/target_stats/0/kept")));
    yyjson_doc_free(doc);
}

static void json_is_well_formed_whatever_the_text(void **state)
{
    (void)state;
    struct mg_report report = sample_report(arena);
    report.outcomes.at[0].reason = MG_STR("bad \xff\xc3 \x01 \"quote\" \0 end");
    report.started_at = INT64_MAX;
    report.outcomes.at[0].mutants.at[2].mutant.operator_name = "\xff";
    const char *text = json(&report);
    yyjson_doc *doc = yyjson_read(text, strlen(text), 0);
    assert_non_null(doc);
    static const char cleaned[] = "bad \xef\xbf\xbd\xef\xbf\xbd \x01 \"quote\" \0 end";
    assert_int_equal(yyjson_get_len(at(doc, "/target_stats/0/reason")), sizeof cleaned - 1);
    assert_memory_equal(yyjson_get_str(at(doc, "/target_stats/0/reason")), cleaned, sizeof cleaned);
    assert_true(yyjson_is_null(at(doc, "/started_at")));
    yyjson_doc_free(doc);
}

static void markdown_says_what_a_developer_needs(void **state)
{
    (void)state;
    struct mg_report report = sample_report(arena);
    const char *text = markdown(&report);
    has(text, "# Mutagen Report — `run-1`\n\nStatus: **partial**");
    has(text, "| **Score** | **22%** | **44%** | **+22%** |");
    has(text, "| killed | 2 | 4 | +2 |");
    has(text, "| `pkg.m.f1` | `pkg/m.py:2` | ✅ kept | 0% | 67% | 1 | 1 |");
    has(text, "| `pkg.m.f2` | `pkg/m.py:2` | ❌ discarded | 0% | 0% | 0 | 1 |");
    has(text, "| no coverage | 2 | 1 | -1 |");
    has(text, "- `test_a` kills 2 mutants, and 1 above the level\n");
    has(text, "\nAll scores here are of mutants up to level 2 (");
    has(text, "import pkg.m\n\n\ndef test_a():");
    has(text, "- `test_b`: kills nothing new");
    has(text, "Suspected bugs");
    has(text, "| Existing tests that pass | 36 of 40 (1 expected to fail), 3 were not run |\n");
    has(text, "\nThese scores are lower bounds: 3 targets were measured while not all existing tests had been run.\n");
    has(text, "(at least: 3 existing tests were not run)");
    has(text, "mutagen apply --run-id run-1");
    has(text, "+    if a <= b:");
    report.existing_not_run = 0;
    report.existing_skipped = 2;
    has(markdown(&report), "| Existing tests that pass | 36 of 40 (2 skipped, 1 expected to fail) |\n");
    report.existing_xfailed = 0;
    has(markdown(&report), "| Existing tests that pass | 36 of 40 (2 skipped) |\n");
    report.existing_skipped = 0;
    has(markdown(&report), "| Existing tests that pass | 36 of 40 |\n");
    assert_null(strstr(text, "\n\n\n#"));
    report.outcomes.at[0].tests.at[0].kills.at += 2; /* the one above the level alone */
    report.outcomes.at[0].tests.at[0].kills.len = 1;
    has(markdown(&report), "- `test_a` kills 1 mutant above the level, and none of the level that those before it leave alive\n");
    report.outcomes.len = 0;
    report.notes.len = 0;
    text = markdown(&report);
    lacks(text, "## Targets");
    lacks(text, "## Notes");
}

static void markdown_shows_five_survivors_of_a_target(void **state)
{
    (void)state;
    struct mg_report report = sample_report(arena);
    report.outcomes.len = 1;
    for (int i = 0; i < 7; i++) {
        struct mg_judged copy = report.outcomes.at[0].mutants.at[2];
        *MG_PUSH(arena, &report.outcomes.at[0].mutants) = copy;
    }
    const char *text = markdown(&report), *block = text;
    int shown = 0;
    while ((block = strstr(block, "````diff\n"))) {
        shown++;
        block++;
    }
    assert_int_equal(shown, 5);
    has(text, "Survivors (8)");
    has(text, "and 3 more");
}

static void markdown_cannot_be_broken_out_of(void **state)
{
    (void)state;
    struct mg_report report = sample_report(arena);
    struct mg_outcome *o = &report.outcomes.at[0];
    o->qualified_name = MG_STR("pkg.`f`|x\n## fake");
    o->reason = MG_STR("<script>alert(1)</script> [x](http://y) | *b* \n# head");
    o->mutants.at[2].diff = MG_STR("+ `````\n+ <b>\r\n");
    const char *text = markdown(&report);
    has(text, "`` pkg.`f`\\|x ## fake `` |");   /* in the table the bar is escaped */
    has(text, "### `` pkg.`f`|x ## fake `` —"); /* elsewhere it stands for itself */
    lacks(text, "\n## fake");
    has(text, "\\<script\\>alert(1)\\</script\\> \\[x\\](http://y) \\| \\*b\\*  \\# head");
    has(text, "\n``````diff\n+ `````\n+ <b>\n``````\n");
}

static void the_dashboard_is_plain_in_a_pipe(void **state)
{
    (void)state;
    struct mg_report report = sample_report(arena);
    report.outcomes.at[1].reason = MG_STR("bell \a and \x1b[2J");
    const char *text = terminal(&report);
    has(text, "Mutagen Run run-1 [partial]\n  Mutation score (before -> after): 22% -> 44%, level 2 (over 3 of 5 targets)\n"
              "  Existing tests not run: 3 of 40: scores are lower bounds\n");
    has(text, "  Targets kept / discarded: 1 / 1\n");
    has(text, "  API cost: $0.00\n  Model: anthropic claude-sonnet-5\n  Execution time: 12.2s\n");
    has(text, "  kept         0% -> 67%    1 test   pkg.m.f1  pkg/m.py:2\n");
    has(text, "1 discarded: bell   and  [2J (pkg.m.f2)");
    has(text, "Existing tests set aside: 2\n  tests/test_m.py::test_db: 2 tests fail: 127.0.0.1:5432 refused the connection");
    has(text, "\nNote: withheld: DB_URL, TOKEN\n");
    has(text, "Killers not believed: 1\n  tests/test_m.py::test_flaky[a|b]: ");
    has(text, "Reports: .mutagen/reports/report.md");
    lacks(text, "\x1b");
    lacks(text, "\a");
    lacks(text, "│");
    const char *last = "\nmutagen apply --run-id run-1\n";
    assert_string_equal(text + strlen(text) - strlen(last), last);
}

static void the_dashboard_shows_ten_targets_and_groups_reasons(void **state)
{
    (void)state;
    struct mg_report report = sample_report(arena);
    report.outcomes.len = 0;
    for (unsigned i = 0; i < 14; i++) {
        struct mg_outcome *o = MG_PUSH(arena, &report.outcomes);
        *o = sample_outcome(arena, i);
        if (i % 7 == 0)
            continue; /* kept: the first and the eighth */
        o->state = MG_TARGET_DISCARDED;
        o->reason = mg_arena_printf(arena, i == 3 ? "no test could be written" : i == 4 ? "below 80%%" : "below 80%% (%u calls)", i);
    }
    const char *text = terminal(&report);
    has(text, "Targets\n  kept         0% -> 67%    1 test   pkg.m.f0  ");
    has(text, "  1 test   pkg.m.f7  ");
    has(text, "  and 4 more, in report.md\n");
    has(text, "  11 discarded: below 80% (pkg.m.f1, pkg.m.f2, pkg.m.f4 and 8 more)\n");
    has(text, "  1 discarded: no test could be written (pkg.m.f3)\n");
    lacks(text, "pkg.m.f13  ");
}

/* What the dashboard sends to a terminal of `columns` columns. */
static const char *on_terminal(const struct mg_report *report, unsigned short columns)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    const struct winsize size = { .ws_row = 24, .ws_col = columns };
    assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
    FILE *out = fdopen(slave, "w");
    assert_non_null(out);
    struct mg_reporter reporter = mg_report_terminal_new(arena, out);
    assert_int_equal(reporter.ops->write(reporter.self, report, &err), MG_OK);
    char text[16384];
    size_t length = 0;
    assert_int_equal(fcntl(master, F_SETFL, O_NONBLOCK), 0);
    for (ssize_t got; length < sizeof text && (got = read(master, text + length, sizeof text - length)) > 0;)
        length += (size_t)got;
    (void)fclose(out);
    (void)close(master);
    return mg_arena_cstr(arena, (struct mg_str){ text, length });
}

static size_t widest_line(const char *text)
{
    size_t widest = 0, width = 0;
    for (; *text; text++) {
        if (*text == '\n')
            width = 0;
        else if (((unsigned char)*text & 0xc0) != 0x80 && *text != '\r')
            width++;
        widest = width > widest ? width : widest;
    }
    return widest;
}

/* Files that cannot be collected stand among the tests, and are no tests. */
static void tests_and_files_are_counted_apart(void **state)
{
    (void)state;
    struct mg_report report = sample_report(arena);
    struct mg_note file = { MG_NOTE_LEFT_OUT, MG_STR("tests/test_n.py"), MG_STR("cannot be collected: ModuleNotFoundError: No module named 'n'") };
    *MG_PUSH(arena, &report.notes) = file;
    has(terminal(&report), "\nExisting tests set aside: 2, and 1 file\n");
    file.subject = MG_STR("tests/test_o.py");
    *MG_PUSH(arena, &report.notes) = file;
    has(terminal(&report), "\nExisting tests set aside: 2, and 2 files\n");
    report.notes.len = 0;
    *MG_PUSH(arena, &report.notes) = file;
    has(terminal(&report), "\nExisting tests set aside: 1 file\n");
}

static void the_dashboard_fits_a_terminal(void **state)
{
    (void)state;
    struct mg_report report = sample_report(arena);
    assert_int_equal(setenv("LC_ALL", "C.UTF-8", 1) | setenv("TERM", "xterm", 1) | unsetenv("NO_COLOR"), 0);
    const char *text = on_terminal(&report, 100);
    has(text, "╭─ \x1b[1mMutagen Run run-1 [partial]\x1b[0m ─");
    has(text, "│ API cost                          $0.00 ");
    has(text, "\x1b[32m  kept ");
    assert_int_equal(setenv("NO_COLOR", "1", 1), 0);
    text = on_terminal(&report, 44);
    lacks(text, "\x1b");
    has(text, "│");
    assert_true(widest_line(text) <= 44);
    assert_int_equal(setenv("LC_ALL", "C", 1), 0);
    text = on_terminal(&report, 100);
    lacks(text, "│");
    has(text, "  API cost: $0.00\r\n");
}

/* ---- money ---- */

static struct mg_report paid_report(void)
{
    struct mg_report report = sample_report(arena);
    report.spend = (struct mg_spend){ .micro_usd = 12300,
                                      .input_tokens = 1234567,
                                      .output_tokens = 890,
                                      .cache_read_tokens = 1000,
                                      .calls = 5,
                                      .requests = 5,
                                      .unknown_cost_calls = 2,
                                      .estimated_calls = 1 };
    report.outcomes.at[0].spend = (struct mg_spend){ .micro_usd = 12300, .input_tokens = 1234567, .output_tokens = 890, .calls = 3, .requests = 3 };
    report.outcomes.at[1].spend = (struct mg_spend){ .calls = 2, .requests = 2, .unknown_cost_calls = 2 };
    return report;
}

static void json_tells_what_was_spent(void **state)
{
    (void)state;
    struct mg_report report = paid_report();
    const char *text = json(&report);
    yyjson_doc *doc = yyjson_read(text, strlen(text), 0);
    assert_non_null(doc);
    static const struct {
        const char *pointer;
        double value;
    } numbers[] = {
        { "/cost/usd", 0.0123 },
        { "/cost/input_tokens", 1234567 },
        { "/cost/output_tokens", 890 },
        { "/cost/cache_read_tokens", 1000 },
        { "/cost/calls", 5 },
        { "/cost/requests", 5 },
        { "/cost/unknown_cost_calls", 2 },
        { "/cost/estimated_calls", 1 },
        { "/target_stats/0/cost_usd", 0.0123 },
        { "/target_stats/0/cost/requests", 3 },
        { "/target_stats/2/cost_usd", 0 },
    };
    for (size_t i = 0; i < MG_COUNT(numbers); i++) {
        double difference = yyjson_get_num(at(doc, numbers[i].pointer)) - numbers[i].value;
        if (!yyjson_is_num(at(doc, numbers[i].pointer)) || difference > 1e-12 || difference < -1e-12)
            fail_msg("%s is %f", numbers[i].pointer, yyjson_get_num(at(doc, numbers[i].pointer)));
    }
    assert_true(yyjson_is_null(at(doc, "/target_stats/1/cost_usd"))); /* unknown is not nothing */
    yyjson_doc_free(doc);
    report.model = MG_NO_STR;
    text = json(&report);
    doc = yyjson_read(text, strlen(text), 0);
    assert_true(yyjson_is_null(at(doc, "/model")));
    yyjson_doc_free(doc);
}

static void markdown_tells_what_was_spent(void **state)
{
    (void)state;
    struct mg_report report = paid_report();
    const char *text = markdown(&report);
    has(text, "| Model | `anthropic claude-sonnet-5` |\n| API cost | $0.0123 + 2 calls of unknown cost |\n"
              "| Model calls | 5 requests, 1,234,567 tokens read and 890 written (1 call estimated) |\n| Execution time |");
    has(text, "| Tests kept | Survivors | Cost |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    has(text, "| ✅ kept | 0% | 67% | 1 | 1 | $0.0123 |\n");
    has(text, "| 0 | 1 | cost unknown |\n");
    has(text, "| $0.00 |\n");
    has(text, "\nModel: $0.0123, 3 requests, 1,234,567 tokens read and 890 written\n");
    has(text, "What the model claims (nobody checked it, no score counts it):\n\n- equivalent: cccccccccccc, both bounds \\| are open\n");
    report = sample_report(arena); /* nobody was asked */
    report.model = MG_NO_STR;
    text = markdown(&report);
    lacks(text, "| Model");
    lacks(text, "\nModel: ");
    lacks(text, "| Cost |");
    has(text, "| API cost | $0.00 |\n");
}

static void the_dashboard_tells_what_was_spent(void **state)
{
    (void)state;
    struct mg_report report = paid_report();
    report.stop_reason = MG_STR("cost_limit_reached");
    report.next_step = MG_STR("next: go on");
    const char *text = terminal(&report);
    has(text, "  API cost: $0.0123 + 2 calls of unknown cost\n  Model: anthropic claude-sonnet-5\n"
              "  Model calls: 5 requests, 1,234,567 tokens read and 890 written (1 call estimated)\n  Execution time: 12.2s\n");
    has(text, "Stopped: the next call to the model might pass the cost limit, 2 of 5 targets are left\n");
    has(text, "To go on: the same command with --run-id run-1 and a higher --max-cost (spent so far: $0.0123 + 2 calls of unknown cost)\n");
    report.model = MG_NO_STR;
    lacks(terminal(&report), "  Model:");
}

static void an_error_names_the_place(void **state)
{
    (void)state;
    struct mg_report report = sample_report(arena);
    const char *file = mg_path_join(arena, mg_str_from(directory), MG_STR("file")).at;
    assert_int_equal(mg_file_write(file, MG_STR("x"), &err), MG_OK);
    struct mg_reporter reporter = mg_report_markdown_new(arena, file);
    assert_int_equal(reporter.ops->write(reporter.self, &report, &err), MG_E_IO);
    has(err.text, file);
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    reporter = mg_report_terminal_new(arena, full);
    assert_int_equal(reporter.ops->write(reporter.self, &report, &err), MG_E_IO);
    (void)fclose(full);
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(json_keeps_the_predecessors_keys_and_adds_ours),
        CASE(json_is_well_formed_whatever_the_text),
        CASE(markdown_says_what_a_developer_needs),
        CASE(markdown_shows_five_survivors_of_a_target),
        CASE(markdown_cannot_be_broken_out_of),
        CASE(the_dashboard_is_plain_in_a_pipe),
        CASE(the_dashboard_shows_ten_targets_and_groups_reasons),
        CASE(tests_and_files_are_counted_apart),
        CASE(the_dashboard_fits_a_terminal),
        CASE(json_tells_what_was_spent),
        CASE(markdown_tells_what_was_spent),
        CASE(the_dashboard_tells_what_was_spent),
        CASE(an_error_names_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
