/* Which tests are asked what they would run as the first of a process, and who gets what they show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "services/lazy.h"

#define MOST_TESTS 20

static const char text[] = "def get(x):\n"              /* 1 */
                           "    if not MADE:\n"         /* 2 */
                           "        MADE.append(f())\n" /* 3 */
                           "    if x:\n"                /* 4 */
                           "        x = 1\n"            /* 5 */
                           "    return MADE[0]\n"       /* 6 */
                           "\n"
                           "def f():\n"     /* 8 */
                           "    a = 1\n"    /* 9 */
                           "    return a\n" /* 10 */
                           "\n"
                           "def outer(x):\n"             /* 12 */
                           "    def inner():\n"          /* 13 */
                           "        return 1\n"          /* 14 */
                           "    return x and inner()\n"; /* 15 */

static struct mg_arena *arena;
static struct mg_repo repo;
static struct mg_run_context run;
static struct mg_file_coverage coverage;
static struct mg_baseline_result results[MOST_TESTS], alone[MOST_TESTS];
static const uint32_t order[MOST_TESTS] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 };

static int set_up(void **state)
{
    (void)state;
    arena = mg_arena_new();
    memset(results, 0, sizeof results);
    memset(alone, 0, sizeof alone);
    repo = (struct mg_repo){ 0 };
    *MG_PUSH(arena, &repo.sources) = (struct mg_source_file){ .path = MG_STR("m.py"), .module = MG_STR("m"), .text = mg_str_from(text) };
    coverage = (struct mg_file_coverage){ .line_count = 16 };
    run = (struct mg_run_context){ .arena = arena, .repo = &repo };
    run.baseline.files = &coverage;
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    mg_arena_free(arena);
    return 0;
}

static void runs(struct mg_baseline_result *result, uint32_t first, uint32_t last)
{
    result->outcome = MG_TEST_PASSED;
    *MG_PUSH(arena, &result->lines) = (struct mg_line_range){ 0, first, last };
}

/* Behind the first, which makes it. */
static void others(uint32_t from, uint32_t count)
{
    for (uint32_t i = from; i < count; i++) {
        runs(&results[i], 2, 2);
        runs(&results[i], 4, 6);
    }
}

static void first(void)
{
    runs(&results[0], 2, 6);
    runs(&results[0], 9, 10);
}

static void a_line_that_only_the_first_has_run_is_tried_on_another(void **state)
{
    (void)state;
    first();
    others(1, 4);
    struct mg_suspects suspects = mg_lazy_suspects(&run, order, 4, results);
    assert_int_equal(suspects.len, 1);
    assert_int_equal(suspects.at[0].line, 3);
    assert_int_equal(suspects.at[0].other, 1);
    assert_int_equal(suspects.at[0].tests.len, 4);
}

static void a_line_of_a_later_test_is_its_own(void **state)
{
    (void)state;
    runs(&results[0], 2, 2);
    runs(&results[0], 4, 6);
    runs(&results[1], 2, 6);
    others(2, 4);
    assert_int_equal(mg_lazy_suspects(&run, order, 4, results).len, 0);
}

static void a_few_may_make_it_anew(void **state)
{
    (void)state;
    first();
    runs(&results[1], 2, 6); /* that is two of them */
    others(2, 7);
    assert_int_equal(mg_lazy_suspects(&run, order, 7, results).len, 0);
    others(7, 8);
    struct mg_suspects suspects = mg_lazy_suspects(&run, order, 8, results);
    assert_int_equal(suspects.len, 1);
    assert_int_equal(suspects.at[0].other, 2);
}

static void two_tests_are_enough_and_one_is_not(void **state)
{
    (void)state;
    first();
    assert_int_equal(mg_lazy_suspects(&run, order, 1, results).len, 0);
    others(1, 2);
    assert_int_equal(mg_lazy_suspects(&run, order, 2, results).len, 1);
}

static void what_it_shows_is_given_to_all_that_enter_the_function(void **state)
{
    (void)state;
    first();
    others(1, 4);
    runs(&results[4], 9, 10); /* does not enter it */
    struct mg_suspects suspects = mg_lazy_suspects(&run, order, 5, results);
    runs(&alone[1], 2, 6);
    runs(&alone[1], 9, 10);
    *MG_PUSH(arena, &alone[1].opened) = MG_STR("data.json");
    assert_int_equal(mg_lazy_share(&run, &suspects, alone, results), 4);
    for (size_t i = 0; i < 4; i++) { /* each line once, in order */
        assert_int_equal(results[i].lines.len, 2);
        assert_true(results[i].lines.at[0].first == 2 && results[i].lines.at[0].last == 6);
        assert_true(results[i].lines.at[1].first == 9 && results[i].lines.at[1].last == 10);
        assert_int_equal(results[i].opened.len, 1);
    }
    assert_int_equal(results[4].lines.len, 1);
    assert_int_equal(results[4].opened.len, 0);
}

static void a_line_that_it_does_not_run_by_itself_shows_nothing(void **state)
{
    (void)state;
    first();
    others(1, 4);
    struct mg_suspects suspects = mg_lazy_suspects(&run, order, 4, results);
    runs(&alone[1], 2, 2);
    runs(&alone[1], 4, 6);
    runs(&alone[1], 9, 10);
    assert_int_equal(mg_lazy_share(&run, &suspects, alone, results), 0);
    runs(&alone[1], 3, 3);
    alone[1].outcome = MG_TEST_FAILED;
    assert_int_equal(mg_lazy_share(&run, &suspects, alone, results), 0);
    assert_int_equal(results[1].lines.len, 2);
}

static void a_line_belongs_to_the_innermost_function(void **state)
{
    (void)state;
    runs(&results[0], 13, 15);
    runs(&results[1], 13, 13);
    runs(&results[1], 15, 15);
    assert_int_equal(mg_lazy_suspects(&run, order, 2, results).len, 0);
}

static void what_most_tests_enter_comes_first(void **state)
{
    (void)state;
    first();
    others(1, 2);
    runs(&results[2], 13, 15);
    runs(&results[3], 13, 13);
    runs(&results[4], 13, 13);
    struct mg_suspects suspects = mg_lazy_suspects(&run, order, 5, results);
    assert_int_equal(suspects.len, 2);
    assert_int_equal(suspects.at[0].line, 15);
    assert_int_equal(suspects.at[1].line, 3);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_line_that_only_the_first_has_run_is_tried_on_another),
        CASE(a_line_of_a_later_test_is_its_own),
        CASE(a_few_may_make_it_anew),
        CASE(two_tests_are_enough_and_one_is_not),
        CASE(what_it_shows_is_given_to_all_that_enter_the_function),
        CASE(a_line_belongs_to_the_innermost_function),
        CASE(what_most_tests_enter_comes_first),
        CASE(a_line_that_it_does_not_run_by_itself_shows_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
