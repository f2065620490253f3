/* Identity, filters and ranking of targets, with the predecessor's vectors; identity of mutants; the score. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "core/mutant.h"
#include "core/score.h"
#include "core/target.h"

static void identities_are_stable(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    assert_true(mg_str_is(mg_target_id(arena, MG_STR("pkg/m.py"), MG_STR("f"), 1), "9fe1f6d198ac2552"));
    assert_false(mg_str_is(mg_target_id(arena, MG_STR("pkg/m.py"), MG_STR("f"), 2), "9fe1f6d198ac2552"));

    /* sha256("m\0m.f\0ROR\0<\0<=\0" "0\0") */
    struct mg_str id = mg_mutant_id(arena, MG_STR("m"), MG_STR("m.f"), "ROR", MG_STR("<"), MG_STR("<="), 0);
    assert_true(mg_str_is(id, "f72e0b3a17f3"));
    const struct mg_str others[] = {
        mg_mutant_id(arena, MG_STR("n"), MG_STR("m.f"), "ROR", MG_STR("<"), MG_STR("<="), 0),
        mg_mutant_id(arena, MG_STR("m"), MG_STR("m.g"), "ROR", MG_STR("<"), MG_STR("<="), 0),
        mg_mutant_id(arena, MG_STR("m"), MG_STR("m.f"), "AOR", MG_STR("<"), MG_STR("<="), 0),
        mg_mutant_id(arena, MG_STR("m"), MG_STR("m.f"), "ROR", MG_STR(">"), MG_STR("<="), 0),
        mg_mutant_id(arena, MG_STR("m"), MG_STR("m.f"), "ROR", MG_STR("<"), MG_STR(">="), 0),
        mg_mutant_id(arena, MG_STR("m"), MG_STR("m.f"), "ROR", MG_STR("<"), MG_STR("<="), 1),
        mg_mutant_id(arena, MG_STR("mm"), MG_STR(".f"), "ROR", MG_STR("<"), MG_STR("<="), 0), /* the parts do not run together */
    };
    for (size_t i = 0; i < MG_COUNT(others); i++)
        assert_false(mg_str_eq(id, others[i]));
    mg_arena_free(arena);
}

static const struct mg_selection usual = { 1, 80, true, 0.8, 0.2 };

static void filters_apply_in_order(void **unused)
{
    (void)unused;
    struct mg_function f = { .kind = MG_PROPERTY, .statement_count = 0, .is_nested = true, .has_error = true };
    assert_non_null(strstr(mg_target_filter(&f, &usual), "property"));
    f.kind = MG_METHOD;
    assert_non_null(strstr(mg_target_filter(&f, &usual), "trivial"));
    f.statement_count = 1;
    assert_non_null(strstr(mg_target_filter(&f, &usual), "trivial"));
    f.statement_count = 81;
    assert_non_null(strstr(mg_target_filter(&f, &usual), "giant"));
    f.statement_count = 80;
    assert_string_equal(mg_target_filter(&f, &usual), "inside another function");
    f.is_nested = false;
    assert_string_equal(mg_target_filter(&f, &usual), "the parser does not understand it");
    f.has_error = false;
    assert_null(mg_target_filter(&f, &usual));
    f.statement_count = 2;
    assert_null(mg_target_filter(&f, &usual));
    static const struct mg_selection own = { 0, 1, false, 0.8, 0.2 };
    f.kind = MG_PROPERTY;
    f.statement_count = 1;
    assert_null(mg_target_filter(&f, &own));
    f.statement_count = 2;
    assert_non_null(strstr(mg_target_filter(&f, &own), "giant"));
}

static void a_score_is_of_every_function(void **unused)
{
    (void)unused;
    struct mg_function f = { .kind = MG_PROPERTY, .statement_count = 1 };
    assert_null(mg_score_filter(&f));
    f.statement_count = 5000;
    assert_null(mg_score_filter(&f));
    f.is_nested = true; /* part of the function around it */
    assert_string_equal(mg_score_filter(&f), "inside another function");
    f.is_nested = false;
    f.has_error = true;
    assert_string_equal(mg_score_filter(&f), "the parser does not understand it");
    struct mg_str decorators[] = { MG_STR("functools.wraps"), MG_STR("typing.overload") };
    struct mg_function noted = { .kind = MG_FUNCTION, .decorators = { .at = decorators, .len = 1 } };
    assert_null(mg_score_filter(&noted));
    noted.decorators.len = 2;
    assert_string_equal(mg_score_filter(&noted), "an overload for type checkers");
    decorators[1] = MG_STR("overloaded");
    assert_null(mg_score_filter(&noted));
}

static bool near(double a, double b) { return a - b < 1e-12 && b - a < 1e-12; }

static void priority_follows_the_formula(void **unused)
{
    (void)unused;
    assert_true(near(mg_priority(0.0, 2, &usual), 0.805));
    assert_true(near(mg_priority(1.0, 0, &usual), 0.0));
    assert_true(near(mg_priority(0.5, 40, &usual), 0.5));
    assert_true(near(mg_priority(0.0, 4000000000u, &usual), 1.0)); /* size counts up to 80 statements */
    assert_true(near(mg_priority(-3.0, 2, &usual), 1.0));
    assert_true(near(mg_priority(9.0, 2, &usual), 0.0));
    assert_true(near(mg_priority(0.0 / 0.0, 2, &usual), 0.0));
    static const struct mg_selection size_only = { 1, 10, true, 0, 3 }, nothing = { 1, 10, true, 0, 0 };
    assert_true(near(mg_priority(0.9, 5, &size_only), 0.5));
    assert_true(near(mg_priority(0.25, 5, &nothing), 0.75));
}

static void targets_are_ranked(void **unused)
{
    (void)unused;
    struct mg_target targets[] = { { .priority = 0.5, .qualified_name = MG_STR("b"), .id = MG_STR("1") },
                                   { .priority = 0.5, .qualified_name = MG_STR("a"), .id = MG_STR("9") },
                                   { .priority = 0.9, .qualified_name = MG_STR("z"), .id = MG_STR("5") },
                                   { .priority = 0.5, .qualified_name = MG_STR("a"), .id = MG_STR("3") } };
    qsort(targets, MG_COUNT(targets), sizeof targets[0], mg_target_order);
    const char *const expected[] = { "5", "3", "9", "1" };
    for (size_t i = 0; i < MG_COUNT(targets); i++)
        assert_true(mg_str_is(targets[i].id, expected[i]));
}

/* Each verdict's part in the score: detected, scorable or outside. */
static void every_verdict_counts_as_said(void **unused)
{
    (void)unused;
    static const struct {
        unsigned detected, scorable;
        bool alive;
    } expected[MG_VERDICT_COUNT] = {
        [MG_VERDICT_pending] = { 0, 0, false }, [MG_VERDICT_killed] = { 1, 1, false },     [MG_VERDICT_survived] = { 0, 1, true },
        [MG_VERDICT_timeout] = { 1, 1, false }, [MG_VERDICT_no_coverage] = { 0, 1, true }, [MG_VERDICT_not_reached] = { 0, 1, true },
        [MG_VERDICT_invalid] = { 0, 0, false }, [MG_VERDICT_ignored] = { 0, 0, false },    [MG_VERDICT_static] = { 0, 0, false },
    };
    struct mg_tally all = { { 0 } };
    assert_true(mg_score(&all) == 0.0); /* never NaN */
    for (unsigned v = 0; v < MG_VERDICT_COUNT; v++) {
        struct mg_tally one = { { 0 } };
        mg_tally_add(&one, (enum mg_verdict)v);
        assert_int_equal(mg_tally_detected(&one), expected[v].detected);
        assert_int_equal(mg_tally_scorable(&one), expected[v].scorable);
        assert_int_equal(mg_verdict_is_alive((enum mg_verdict)v), expected[v].alive);
        assert_int_equal(mg_verdict_from(mg_str_from(mg_verdict_name((enum mg_verdict)v))), v);
        mg_tally_sum(&all, &one);
        mg_tally_sum(&all, &one);
    }
    assert_true(near(mg_score(&all), 4.0 / 10.0));
    assert_true(near(mg_score_without_timeouts(&all), 2.0 / 10.0));
    double low, high;
    mg_score_bounds(&all, &low, &high); /* two of them are pending */
    assert_true(near(low, 4.0 / 12.0) && near(high, 6.0 / 12.0));
    mg_score_bounds(&(struct mg_tally){ { 0 } }, &low, &high);
    assert_true(low == 0.0 && high == 1.0);
    assert_int_equal(mg_verdict_from(MG_STR("Killed")), MG_VERDICT_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identities_are_stable),        cmocka_unit_test(filters_apply_in_order), cmocka_unit_test(a_score_is_of_every_function),
        cmocka_unit_test(priority_follows_the_formula), cmocka_unit_test(targets_are_ranked),     cmocka_unit_test(every_verdict_counts_as_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
