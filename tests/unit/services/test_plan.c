/* Which mutants a score is about: lines that changed, pragmas, the limit of a function, samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "python/syntax.h"
#include "services/plan.h"

/* f and g have eight mutants each, as in scripted.h; none is left of h, and there is nothing in k. */
#define TEXT                                                                                                                                         \
    "def f(x):\n    x = x + 5\n    return x < 30\n\n\ndef g(x):\n    x = x + 6\n    return x > 40\n\n\n"                                             \
    "def h(x):\n    return x + 7  # pragma: no mutate: money\n\n\ndef k():\n    pass\n"

static struct mg_arena *arena;
static struct mg_config config;
static struct mg_report report;
static struct mg_repo repo;
static struct mg_run_context run;
static struct mg_score_request request;
static struct mg_changes changes;
static struct mg_plan plan;

static int set_up(void **state)
{
    (void)state;
    struct mg_module *module;
    struct mg_functions functions = { 0 };
    arena = mg_arena_new();
    mg_config_defaults(&config);
    report = (struct mg_report){ 0 };
    repo = (struct mg_repo){ 0 };
    request = (struct mg_score_request){ 0 };
    changes = (struct mg_changes){ 0 };
    plan = (struct mg_plan){ 0 };
    run = (struct mg_run_context){ .config = &config, .arena = arena, .repo = &repo, .report = &report };
    *MG_PUSH(arena, &repo.sources) = (struct mg_source_file){ MG_STR("m.py"), MG_STR("m"), MG_STR(TEXT) };
    assert_int_equal(mg_module_parse(MG_STR(TEXT), &module, NULL), MG_OK);
    mg_module_functions(module, arena, &functions);
    for (size_t i = 0; i < functions.len; i++)
        *MG_PUSH(arena, &run.targets) = (struct mg_target){ .id = functions.at[i].name,
                                                            .qualified_name = mg_arena_printf(arena, "m.%.*s", MG_FMT(functions.at[i].name)),
                                                            .module = MG_STR("m"),
                                                            .path = MG_STR("m.py"),
                                                            .function = functions.at[i] };
    mg_module_free(module);
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    mg_arena_free(arena);
    return 0;
}

static void make(void)
{
    struct mg_err err;
    plan = (struct mg_plan){ 0 };
    report = (struct mg_report){ 0 };
    assert_int_equal(mg_plan_make(&run, &request, &changes, &plan, &err), MG_OK);
}

static const struct mg_planned *planned(const char *name)
{
    for (size_t i = 0; i < plan.len; i++)
        if (mg_str_is(plan.at[i].target->function.name, name))
            return &plan.at[i];
    return NULL;
}

static void change(const char *path, uint32_t first, uint32_t last)
{
    *MG_PUSH(arena, &changes) = (struct mg_changed_lines){ mg_str_from(path), first, last };
}

static void lines_that_touch_are_changed(void **state)
{
    (void)state;
    change("m.py", 4, 6);
    assert_true(mg_is_changed(&changes, MG_STR("m.py"), 6, 9) && mg_is_changed(&changes, MG_STR("m.py"), 1, 4));
    assert_true(mg_is_changed(&changes, MG_STR("m.py"), 5, 5) && mg_is_changed(&changes, MG_STR("m.py"), 1, 9));
    assert_false(mg_is_changed(&changes, MG_STR("m.py"), 7, 9) || mg_is_changed(&changes, MG_STR("m.py"), 1, 3));
    assert_false(mg_is_changed(&changes, MG_STR("n.py"), 5, 5));
}

static void everything_without_a_revision(void **state)
{
    (void)state;
    change("m.py", 2, 2);
    make();
    assert_int_equal(plan.len, 4);
    assert_int_equal(report.targets_selected, 4);
    assert_true(planned("f")->mutants.len == 8 && planned("g")->mutants.len == 8 && planned("k")->mutants.len == 0);
    assert_true(report.scored.found == 16 && report.scored.chosen == 16);
    for (size_t i = 0; i < 8; i++) {
        const struct mg_judged *judged = &planned("f")->mutants.at[i];
        assert_int_equal(judged->before.verdict, MG_VERDICT_pending);
        assert_int_equal(judged->changed, judged->mutant.span_line == 2);
        assert_false(planned("g")->mutants.at[i].changed);
    }
}

static void what_a_pragma_leaves_out_says_why(void **state)
{
    (void)state;
    make();
    const struct mg_planned *h = planned("h");
    assert_true(h->mutants.len > 0);
    for (size_t i = 0; i < h->mutants.len; i++) {
        assert_int_equal(h->mutants.at[i].before.verdict, MG_VERDICT_ignored);
        assert_int_equal(h->mutants.at[i].after.verdict, MG_VERDICT_ignored);
        assert_true(mg_str_is(h->mutants.at[i].before.reason, "pragma: no mutate: money"));
        for (size_t k = 0; k < i; k++)
            assert_false(mg_str_eq(h->mutants.at[i].mutant.id, h->mutants.at[k].mutant.id));
    }
    assert_true(report.scored.pragmas.len == 1 && report.scored.pragmas.at[0].line == 12);
}

static void only_changed_lines_with_a_revision(void **state)
{
    (void)state;
    request.diff = MG_STR("HEAD");
    change("m.py", 3, 3);
    change("m.py", 12, 12);
    change("n.py", 7, 7);
    make();
    assert_int_equal(plan.len, 1); /* neither h, whose pragma nobody asked for, nor k */
    assert_int_equal(planned("f")->mutants.len, 5);
    for (size_t i = 0; i < 5; i++)
        assert_true(planned("f")->mutants.at[i].changed && planned("f")->mutants.at[i].mutant.line == 3);
    assert_true(report.scored.found == 16 && report.scored.chosen == 5 && report.targets_selected == 1);
}

static void the_limit_of_a_function_is_an_even_stride(void **state)
{
    (void)state;
    make();
    struct mg_planned all = *planned("f");
    config.mutation.max_mutants = 4;
    make();
    const struct mg_planned *some = planned("f");
    assert_int_equal(some->mutants.len, 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(mg_str_eq(some->mutants.at[i].mutant.id, all.mutants.at[2 * i].mutant.id));
    assert_int_equal(report.scored.found, 8);
    config.mutation.max_mutants = 8;
    make();
    assert_int_equal(planned("f")->mutants.len, 8);
}

static uint64_t sampled(int64_t wanted, int64_t seed)
{
    uint64_t set = 0;
    request.sample = wanted;
    config.generation.seed = seed;
    make();
    size_t count = 0;
    for (size_t t = 0; t < plan.len; t++)
        for (size_t m = 0; m < plan.at[t].mutants.len; m++, count++)
            set ^= strtoull(mg_arena_cstr(arena, plan.at[t].mutants.at[m].mutant.id), NULL, 16) * (2 * t + 1);
    assert_int_equal(count, wanted);
    assert_int_equal(report.scored.chosen, wanted);
    assert_int_equal(report.targets_selected, plan.len);
    return set;
}

static void a_sample_is_spread_and_seeded(void **state)
{
    (void)state;
    unsigned others = 0;
    for (int64_t seed = 0; seed < 20; seed++) {
        uint64_t first = sampled(8, seed);
        assert_true(planned("f")->mutants.len == 4 && planned("g")->mutants.len == 4);
        assert_null(planned("h"));
        assert_null(planned("k"));
        assert_true(first == sampled(8, seed));
        others += first != sampled(8, seed + 1);
    }
    assert_true(others > 10);
    (void)sampled(1, 3);
    assert_int_equal(plan.len, 1);
}

/* Each operator of a function has its share. */
static void a_sample_takes_of_every_operator(void **state)
{
    (void)state;
    make();
    unsigned all = 0, some = 0;
    for (size_t i = 0; i < 8; i++)
        all += strcmp(planned("f")->mutants.at[i].mutant.operator_name, "ROR") == 0;
    for (int64_t seed = 0; seed < 20; seed++) {
        (void)sampled(8, seed);
        some = 0;
        for (size_t i = 0; i < 4; i++)
            some += strcmp(planned("f")->mutants.at[i].mutant.operator_name, "ROR") == 0;
        assert_true(2 * some + 2 >= all && 2 * some <= all + 2);
    }
    assert_true(all > 1);
}

static void a_sample_of_more_than_there_are_is_everything(void **state)
{
    (void)state;
    request.sample = 16;
    make();
    assert_int_equal(plan.len, 4);
    assert_true(planned("h")->mutants.len > 0);
    request.sample = 15;
    make();
    assert_null(planned("h")); /* a sample is of what has to be measured */
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(lines_that_touch_are_changed),
        CASE(everything_without_a_revision),
        CASE(what_a_pragma_leaves_out_says_why),
        CASE(only_changed_lines_with_a_revision),
        CASE(the_limit_of_a_function_is_an_even_stride),
        CASE(a_sample_is_spread_and_seeded),
        CASE(a_sample_takes_of_every_operator),
        CASE(a_sample_of_more_than_there_are_is_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
