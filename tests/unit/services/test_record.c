/* Scores, verdicts and tests as texts: what is read is what was written, and what is cut, changed or out of range is not believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "services/record.h"

static struct mg_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = mg_arena_new();
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    mg_arena_free(arena);
    return 0;
}

#define SAME(a, b) assert_true(mg_str_eq((a), (b)))

static struct mg_str with(struct mg_str text, const char *old, const char *new)
{
    const char *all = mg_arena_cstr(arena, text), *hit = strstr(all, old);
    assert_non_null(hit);
    size_t at = (size_t)(hit - all);
    return mg_arena_printf(arena, "%.*s%s%s", (int)at, text.at, new, hit + strlen(old));
}

static struct mg_record_verdict a_verdict(void)
{
    struct mg_record_verdict verdict = { .result = { .verdict = MG_VERDICT_killed,
                                                     .kill_kind = MG_KILL_CRASH,
                                                     .killer = MG_STR("t.py::a:b 1"),
                                                     .reason = MG_STR("TypeError: x\n"),
                                                     .seconds = 0.25 },
                                         .beside = MG_STR("key") };
    *MG_PUSH(arena, &verdict.killers) = MG_STR("t.py::one");
    *MG_PUSH(arena, &verdict.killers) = MG_STR("");
    return verdict;
}

static void a_verdict_comes_back_as_it_was(void **state)
{
    (void)state;
    struct mg_record_verdict verdict = a_verdict(), read;
    assert_true(mg_record_read_verdict(mg_record_verdict(&verdict, arena), arena, &read));
    assert_int_equal(read.result.verdict, MG_VERDICT_killed);
    assert_int_equal(read.result.kill_kind, MG_KILL_CRASH);
    SAME(read.result.killer, verdict.result.killer);
    SAME(read.result.reason, verdict.result.reason);
    assert_true(read.result.seconds > 0.2499 && read.result.seconds < 0.2501);
    SAME(read.beside, verdict.beside);
    assert_int_equal(read.killers.len, 2);
    SAME(read.killers.at[0], verdict.killers.at[0]);
    assert_int_equal(read.killers.at[1].len, 0);
}

static void every_verdict_has_a_word(void **state)
{
    (void)state;
    for (int i = 0; i < MG_VERDICT_COUNT; i++) {
        struct mg_record_verdict verdict = { .result = { .verdict = (enum mg_verdict)i } }, read;
        assert_true(mg_record_read_verdict(mg_record_verdict(&verdict, arena), arena, &read));
        assert_int_equal(read.result.verdict, i);
    }
}

/* Not one byte less, and nothing behind it. */
static void a_cut_text_is_not_believed(void **state)
{
    (void)state;
    struct mg_record_verdict verdict = a_verdict(), read;
    struct mg_str text = mg_record_verdict(&verdict, arena);
    for (size_t i = 0; i < text.len; i++)
        assert_false(mg_record_read_verdict(mg_str_sub(text, 0, i), arena, &read));
    assert_false(mg_record_read_verdict(mg_arena_printf(arena, "%.*s ", MG_FMT(text)), arena, &read));
}

static void what_is_out_of_range_is_not_believed(void **state)
{
    (void)state;
    struct mg_record_verdict verdict = a_verdict(), read;
    struct mg_str text = mg_record_verdict(&verdict, arena);
    static const struct {
        const char *old, *new;
    } changes[] = {
        { "6:killed", "6:kilied" },  { "6:killed2 ", "6:killed3 " }, { "6:killed2 ", "6:killed-1 " },
        { "11:t.py", "99999:t.py" }, { "11:t.py", "-1:t.py" },       { "11:t.py", "x:t.py" },
        { "3:key2 ", "3:key3 " },    { "3:key2 ", "3:key5000001 " }, { "3:key2 ", "3:key-1 " },
    };
    assert_true(mg_record_read_verdict(text, arena, &read));
    for (size_t i = 0; i < MG_COUNT(changes); i++)
        assert_false(mg_record_read_verdict(with(text, changes[i].old, changes[i].new), arena, &read));
}

static void a_test_comes_back_as_it_was(void **state)
{
    (void)state;
    struct mg_record_test test = { .digest = MG_STR("abc"), .outcome = MG_TEST_XFAILED, .usable = true, .seconds = 1.5, .jobs = 8 }, read;
    *MG_PUSH(arena, &test.opened) = MG_STR("data/");
    *MG_PUSH(arena, &test.lines) = (struct mg_placed){ MG_STR("m.py"), MG_STR("f"), 1, 2, 3, 4 };
    struct mg_str text = mg_record_test(&test, arena);
    assert_true(mg_record_read_test(text, arena, &read));
    SAME(read.digest, test.digest);
    assert_true(read.outcome == MG_TEST_XFAILED && read.usable && read.seconds > 1.49 && read.seconds < 1.51 && read.jobs == 8);
    assert_int_equal(read.opened.len, 1);
    SAME(read.opened.at[0], MG_STR("data/"));
    assert_int_equal(read.lines.len, 1);
    const struct mg_placed *placed = &read.lines.at[0];
    SAME(placed->path, MG_STR("m.py"));
    SAME(placed->unit, MG_STR("f"));
    assert_true(placed->number == 1 && placed->functions == 2 && placed->first == 3 && placed->last == 4);
    assert_false(mg_record_read_test(with(text, "3:abc3 ", "3:abc7 "), arena, &read)); /* no such outcome */
    assert_false(mg_record_read_test(with(text, "3:abc3 1 ", "3:abc3 2 "), arena, &read));
    assert_true(mg_record_read_test(with(text, "3:abc3 1 ", "3:abc3 0 "), arena, &read) && !read.usable);
    assert_false(mg_record_read_test(mg_str_sub(text, 0, text.len - 1), arena, &read));
}

static struct mg_report a_score(void)
{
    struct mg_report report = { .run_id = MG_STR("r"), .status = MG_STR("succeeded"), .existing_tests = 3, .level = 2 };
    report.scored.matrix = true;
    report.scored.no_witnesses = true;
    report.scored.found = 7;
    for (int i = 0; i < 9; i++)
        *MG_PUSH(arena, &report.scored.tests) = mg_arena_printf(arena, "t.py::%d", i);
    *MG_PUSH(arena, &report.scored.outside) = (struct mg_outside){ MG_STR("/etc/x"), MG_STR("d") };
    *MG_PUSH(arena, &report.scored.pragmas) = (struct mg_pragma){ MG_STR("m.py"), 4, MG_STR("why") };
    *MG_PUSH(arena, &report.notes) = (struct mg_note){ MG_NOTE_CAUSE, MG_STR("s"), MG_STR("t") };
    struct mg_outcome *outcome = MG_PUSH(arena, &report.outcomes);
    *outcome = (struct mg_outcome){ .qualified_name = MG_STR("m.f"), .path = MG_STR("m.py"), .line = 3, .end_line = 9 };
    struct mg_judged *judged = MG_PUSH(arena, &outcome->mutants);
    *judged = (struct mg_judged){
        .mutant = { .id = MG_STR("0123456789ab"), .operator_name = "ROR", .description = "d", .start = 5, .line = 4, .column = 2, .level = 1 },
        .before = { .verdict = MG_VERDICT_killed, .killer = MG_STR("t.py::2") },
        .changed = true,
        .compared = 12
    };
    static const uint32_t covering[] = { 0, 1, 2, 5, 7, 8 };
    for (size_t i = 0; i < MG_COUNT(covering); i++)
        *MG_PUSH(arena, &judged->covering) = covering[i];
    *MG_PUSH(arena, &judged->killers) = 2;
    judged = MG_PUSH(arena, &outcome->mutants);
    *judged = (struct mg_judged){ .mutant = { .id = MG_STR("x"), .operator_name = "AOR", .description = "" },
                                  .before = { .verdict = MG_VERDICT_survived },
                                  .witness = MG_STR("f(1)") };
    return report;
}

static void a_score_comes_back_as_it_was(void **state)
{
    (void)state;
    struct mg_report report = a_score(), read;
    assert_true(mg_record_read_score(mg_record_score(&report, arena), arena, &read));
    SAME(read.status, report.status);
    assert_true(read.existing_tests == 3 && read.level == 2 && read.scored.found == 7);
    assert_true(read.scored.matrix && read.scored.no_witnesses && !read.scored.all_witnesses);
    assert_int_equal(read.scored.tests.len, 9);
    SAME(read.scored.tests.at[8], MG_STR("t.py::8"));
    SAME(read.scored.outside.at[0].digest, MG_STR("d"));
    assert_true(read.scored.pragmas.at[0].line == 4 && mg_str_is(read.scored.pragmas.at[0].reason, "why"));
    assert_true(read.notes.len == 1 && read.notes.at[0].kind == MG_NOTE_CAUSE && mg_str_is(read.notes.at[0].text, "t"));
    const struct mg_outcome *outcome = &read.outcomes.at[0];
    assert_true(outcome->line == 3 && outcome->end_line == 9 && outcome->mutants.len == 2);
    const struct mg_judged *judged = &outcome->mutants.at[0];
    assert_string_equal(judged->mutant.operator_name, "ROR");
    assert_true(judged->mutant.start == 5 && judged->mutant.line == 4 && judged->mutant.column == 2 && judged->mutant.level == 1);
    assert_true(judged->changed && judged->compared == 12 && judged->cached);
    static const uint32_t covering[] = { 0, 1, 2, 5, 7, 8 };
    assert_int_equal(judged->covering.len, MG_COUNT(covering));
    assert_memory_equal(judged->covering.at, covering, sizeof covering);
    assert_true(judged->killers.len == 1 && judged->killers.at[0] == 2);
    SAME(outcome->mutants.at[1].witness, MG_STR("f(1)"));
    /* Sums are made anew. */
    assert_true(read.before.of[MG_VERDICT_killed] == 1 && read.before.of[MG_VERDICT_survived] == 1);
    assert_true(outcome->before.of[MG_VERDICT_killed] == 1);
}

static void an_index_that_leads_nowhere_is_not_believed(void **state)
{
    (void)state;
    struct mg_report report = a_score(), read;
    struct mg_judged *judged = &report.outcomes.at[0].mutants.at[0];
    judged->covering.at[judged->covering.len - 1] = 9; /* of nine tests */
    assert_false(mg_record_read_score(mg_record_score(&report, arena), arena, &read));
    judged->covering.at[judged->covering.len - 1] = 8;
    judged->killers.at[0] = 9;
    assert_false(mg_record_read_score(mg_record_score(&report, arena), arena, &read));
    judged->killers.at[0] = 8;
    assert_true(mg_record_read_score(mg_record_score(&report, arena), arena, &read));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_verdict_comes_back_as_it_was),
        CASE(every_verdict_has_a_word),
        CASE(a_cut_text_is_not_believed),
        CASE(what_is_out_of_range_is_not_believed),
        CASE(a_test_comes_back_as_it_was),
        CASE(a_score_comes_back_as_it_was),
        CASE(an_index_that_leads_nowhere_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
