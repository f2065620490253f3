/* What a test may come to: each edit of a small repo changes the digest of exactly those tests whose outcome it could change. And lines that keep
 * their meaning when code moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/hash.h"
#include "base/str.h"
#include "python/syntax.h"
#include "services/beside.h"
#include "services/depend.h"

static const char *const names[] = {
    "cfg.ini", "data/a.txt", "m.py", "n.py", "loud.py", "far.py", "pytest.ini", "tests/conftest.py", "tests/test_m.py", "tests/test_n.py",
};
enum { CFG, DATA, M, N, LOUD, FAR, INI, CONFTEST, TEST_M, TEST_N };
static const char *const originals[] = {
    "1",
    "text",
    "from n import helper\nLIMIT = 3\n\n\ndef one(x):\n    if x > LIMIT:\n        return helper(x)\n    return x\n\n\ndef two(x):\n    y = x\n    "
    "return y\n\n\n"
    "class C:\n    def __len__(self):\n        return 1\n\n    def plain(self):\n        return 2\n",
    "def helper(x):\n    return deep(x)\n\n\ndef deep(x):\n    return x\n\n\ndef other(x):\n    return x\n\n\ndef looks(x):\n    return getattr(x, "
    "'y' + x)\n\n\ndef reads():\n    return 'a.txt'\n",
    "import m\nm.C.extra = 1\n\n\ndef two(x):\n    return 5\n",
    "def one(x):\n    return 7\n",
    "[pytest]\n",
    "def fixture():\n    return 1\n\n\ndef pytest_hook():\n    return 2\n",
    "from m import one, two\n\n\ndef test_one():\n    assert one(1)\n\n\ndef test_two(fixture):\n    assert two(1)\n\n\ndef test_len(c):\n    assert "
    "c\n",
    "import n\n\n\ndef test_looks():\n    n.looks(1)\n\n\ndef test_reads():\n    assert n.reads()\n\n\ndef test_other():\n    assert n.other(1)\n",
};
enum { ONE, TWO, LEN, LOOKS, READS, OTHER, TESTS };
static const char *const tests[] = { "tests/test_m.py::test_one",   "tests/test_m.py::test_two",   "tests/test_m.py::test_len",
                                     "tests/test_n.py::test_looks", "tests/test_n.py::test_reads", "tests/test_n.py::test_other" };

static struct mg_arena *arena;
static const char *texts[MG_COUNT(names)];
static struct mg_config config;
static struct mg_repo repo;
static struct mg_survey survey;
static struct mg_run_context run;
static struct mg_baseline_result results[TESTS + 1];
static const char *outside_text;
static struct mg_str machine;

static struct mg_str digest_outside(void *self, struct mg_str path, struct mg_arena *into)
{
    (void)self, (void)path;
    return mg_sha256_hex(into, mg_str_from(outside_text), 64);
}
static const struct mg_ingest_ops ingest_ops = { .name = "outside", .digest = digest_outside };
static const struct mg_run_services services = { .ingest = { &ingest_ops, NULL } };

static int set_up(void **state)
{
    (void)state;
    arena = mg_arena_new();
    memcpy(texts, originals, sizeof texts);
    memset(results, 0, sizeof results);
    mg_config_defaults(&config);
    outside_text = "x";
    machine = MG_STR("here");
    run = (struct mg_run_context){ .services = &services, .config = &config, .arena = arena, .repo = &repo };
    run.collected.python_version = MG_STR("3.11");
    run.collected.pytest_version = MG_STR("8");
    for (size_t i = 0; i < TESTS; i++) {
        struct mg_str id = mg_str_from(tests[i]);
        *MG_PUSH(arena, &run.collected.tests) = (struct mg_test_case){ id, mg_str_sub(id, 0, mg_str_find(id, ':', 0)) };
        results[i] = (struct mg_baseline_result){ .test = (uint32_t)i, .outcome = MG_TEST_PASSED, .seconds = 0.01 };
    }
    run.baseline.results = results;
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    mg_arena_free(arena);
    return 0;
}

static struct mg_depend *look(void)
{
    survey = (struct mg_survey){ .interpreter = MG_STR("python") };
    repo = (struct mg_repo){ 0 };
    for (size_t i = 0; i < MG_COUNT(names); i++) {
        struct mg_str path = mg_str_from(names[i]), text = mg_str_from(texts[i]);
        if (!texts[i])
            continue;
        bool python = mg_str_ends(path, ".py");
        *MG_PUSH(arena, &survey.files) = (struct mg_repo_file){ path, mg_sha256_hex(arena, text, 64), python ? text : MG_NO_STR };
        if (python && !mg_str_starts(path, "tests/"))
            *MG_PUSH(arena, &repo.sources) = (struct mg_source_file){ path, mg_str_sub(path, 0, path.len - 3), text };
    }
    return mg_depend_new(&run, &survey, machine, arena);
}

static const char *replaced(const char *text, const char *old, const char *new)
{
    const char *hit = strstr(text, old);
    assert_non_null(hit);
    return mg_arena_printf(arena, "%.*s%s%s", (int)(hit - text), text, new, hit + strlen(old)).at;
}

/* A bit for each test whose digest the edit changes. */
static unsigned touched(int file, const char *old, const char *new)
{
    unsigned bits = 0;
    struct mg_str before[TESTS];
    struct mg_depend *depend = look();
    for (uint32_t i = 0; i < TESTS; i++)
        before[i] = mg_depend_test(depend, i);
    const char *kept = texts[file];
    texts[file] = new ? replaced(kept, old, new) : NULL;
    depend = look();
    for (uint32_t i = 0; i < TESTS; i++)
        bits |= (unsigned)!mg_str_eq(before[i], mg_depend_test(depend, i)) << i;
    texts[file] = kept;
    return bits;
}
#define BIT(test) (1u << (test))
#define OF_M (BIT(ONE) | BIT(TWO) | BIT(LEN))
#define OF_N (BIT(LOOKS) | BIT(READS) | BIT(OTHER))

static void names_lead_on_through_branches_not_taken(void **state)
{
    (void)state;
    assert_int_equal(touched(M, "return x\n\n\ndef two", "return x + 0\n\n\ndef two"), BIT(ONE));
    assert_int_equal(touched(N, "return deep(x)", "return deep(x) + 0"), BIT(ONE) | BIT(LOOKS)); /* what looks names up may come to anything */
    assert_int_equal(touched(N, "def deep(x):\n    return x", "def deep(x):\n    return x + 1"), BIT(ONE) | BIT(LOOKS));
    assert_int_equal(touched(N, "def other(x):\n    return x", "def other(x):\n    return x + 1"), BIT(OTHER) | BIT(LOOKS));
    assert_int_equal(touched(M, "    y = x", "    y = x + 0"), BIT(TWO));
    assert_int_equal(touched(TEST_M, "assert one(1)", "assert one(2)"), BIT(ONE));
    assert_int_equal(touched(CONFTEST, "def fixture():\n    return 1", "def fixture():\n    return 3"), BIT(TWO) | BIT(LOOKS));
}

static void what_is_called_without_a_name_counts_for_all_that_import_it(void **state)
{
    (void)state;
    assert_int_equal(touched(M, "LIMIT = 3", "LIMIT = 4") & OF_M, OF_M);
    assert_int_equal(touched(M, "        return 1", "        return 3") & OF_M, OF_M);
    assert_int_equal(touched(M, "        return 2", "        return 3") & OF_M, 0);
    assert_int_equal(touched(CONFTEST, "    return 2", "    return 3"), OF_M | OF_N);
}

static void a_file_that_nobody_imports_is_nothing(void **state)
{
    (void)state;
    assert_int_equal(touched(FAR, "return 7", "return 8"), 0);  /* it has a `one`, but not theirs */
    assert_int_equal(touched(LOUD, "return 5", "return 6"), 0); /* loud, but not loaded */
    texts[TEST_N] = replaced(originals[TEST_N], "import n\n", "import n, loud\n");
    assert_int_equal(touched(LOUD, "m.C.extra = 1", "m.C.extra = 2"), OF_M | OF_N); /* now it changes what all of them see */
    assert_int_equal(touched(LOUD, "return 5", "return 6"), BIT(TWO) | BIT(LOOKS));
}

static void what_ran_counts_by_whatever_way(void **state)
{
    (void)state;
    assert_int_equal(touched(M, "        return 2", "        return 3"), 0);
    *MG_PUSH(arena, &results[LEN].lines) = (struct mg_line_range){ 2, 21, 21 }; /* plain, in m.py */
    (void)look();
    assert_true(mg_str_is(repo.sources.at[0].path, "m.py"));
    results[LEN].lines.at[0].file = 0;
    assert_int_equal(touched(M, "        return 2", "        return 3"), BIT(LEN));
    results[LEN].lines.at[0].file = 99; /* of no source */
    assert_int_equal(touched(M, "        return 2", "        return 3"), 0);
}

static void files_count_with_their_contents(void **state)
{
    (void)state;
    assert_int_equal(touched(DATA, "text", "more"), BIT(READS) | BIT(LOOKS)); /* its name stands in n.reads */
    assert_int_equal(touched(CFG, "1", "2"), 0);
    *MG_PUSH(arena, &results[OTHER].opened) = MG_STR("cfg.ini");
    assert_int_equal(touched(CFG, "1", "2"), BIT(OTHER));
    *MG_PUSH(arena, &results[ONE].opened) = MG_STR("data/");
    assert_int_equal(touched(DATA, "text", "more") & BIT(ONE), 0); /* it was listed */
    assert_int_equal(touched(DATA, NULL, NULL) & BIT(ONE), BIT(ONE));
    results[TWO].wide = true;
    assert_int_equal(touched(FAR, "return 7", "return 8"), BIT(TWO));
}

static void files_outside_are_looked_at_once_and_told(void **state)
{
    (void)state;
    struct mg_scored scored = { 0 };
    *MG_PUSH(arena, &results[ONE].opened) = MG_STR("/etc/thing");
    struct mg_depend *depend = look();
    struct mg_str before = mg_depend_test(depend, ONE);
    mg_depend_outside(depend, arena, &scored);
    assert_int_equal(scored.outside.len, 1);
    assert_true(mg_str_is(scored.outside.at[0].path, "/etc/thing"));
    outside_text = "y";
    assert_true(mg_str_eq(before, mg_depend_test(depend, ONE)));
    assert_false(mg_str_eq(before, mg_depend_test(look(), ONE)));
    assert_true(mg_str_eq(mg_depend_test(depend, TWO), mg_depend_test(look(), TWO)));
}

static void a_result_that_is_another_one_is_forgotten(void **state)
{
    (void)state;
    struct mg_depend *depend = look();
    struct mg_str before = mg_depend_test(depend, TWO);
    results[TWO].wide = true;
    assert_true(mg_str_eq(before, mg_depend_test(depend, TWO)));
    mg_depend_forget(depend, TWO);
    assert_false(mg_str_eq(before, mg_depend_test(depend, TWO)));
}

static void a_test_of_no_python_file_depends_on_everything(void **state)
{
    (void)state;
    run.collected.tests.at[OTHER].file = MG_STR("cfg.ini");
    assert_int_equal(touched(FAR, "return 7", "return 8"), BIT(OTHER));
}

static void what_everything_depends_on(void **state)
{
    (void)state;
    struct mg_str before = mg_depend_common(look());
    assert_true(mg_str_eq(before, mg_depend_common(look())));
#define DIFFERS(change, back)                                                                                                                        \
    change;                                                                                                                                          \
    assert_false(mg_str_eq(before, mg_depend_common(look())));                                                                                       \
    back
    DIFFERS(machine = MG_STR("there"), machine = MG_STR("here"));
    DIFFERS(run.collected.pytest_version = MG_STR("9"), run.collected.pytest_version = MG_STR("8"));
    DIFFERS(run.collected.python_version = MG_STR("3.12"), run.collected.python_version = MG_STR("3.11"));
    DIFFERS(config.generation.seed = 5, config.generation.seed = 0);
    DIFFERS(config.sandbox.memory_limit_mb++, config.sandbox.memory_limit_mb--);
    DIFFERS(texts[INI] = "[pytest]\naddopts = -q\n", texts[INI] = originals[INI]);
    texts[CFG] = "2";
    assert_true(mg_str_eq(before, mg_depend_common(look())));
    *MG_PUSH(arena, &run.collected.opened) = MG_STR("cfg.ini"); /* read on import */
    before = mg_depend_common(look());
    DIFFERS(texts[CFG] = "1", texts[CFG] = "2");
}

/* ---- a target ---- */

static struct mg_target target_of(const char *name)
{
    struct mg_module *module;
    struct mg_functions functions = { 0 };
    struct mg_target target = { .qualified_name = mg_arena_printf(arena, "m.%s", name), .module = MG_STR("m"), .path = MG_STR("m.py") };
    assert_int_equal(mg_module_parse(mg_str_from(texts[M]), &module, NULL), MG_OK);
    mg_module_functions(module, arena, &functions);
    for (size_t i = 0; i < functions.len; i++)
        if (mg_str_is(functions.at[i].name, name))
            target.function = functions.at[i];
    mg_module_free(module);
    return target;
}

/* By the test, which ran the line that is so many behind the function's first. */
static struct mg_str target_digest(const char *name, uint32_t test, uint32_t line)
{
    struct mg_target target = target_of(name);
    struct mg_covering covering = { 0 };
    struct mg_coverage_entry *entry = MG_PUSH(arena, &covering);
    *entry = (struct mg_coverage_entry){ .test = test };
    *MG_PUSH(arena, &entry->lines) = (struct mg_line_range){ 0, target.function.first_line + line, target.function.first_line + line };
    return mg_depend_target(look(), &target, &covering, arena);
}

static void a_target_is_its_text_its_file_and_its_tests(void **state)
{
    (void)state;
    struct mg_str before = target_digest("two", TWO, 1);
    assert_true(mg_str_eq(before, target_digest("two", TWO, 1)));
    assert_false(mg_str_eq(before, target_digest("two", TWO, 2)) || mg_str_eq(before, target_digest("two", ONE, 1)) ||
                 mg_str_eq(before, target_digest("one", TWO, 1)));
    texts[M] =
        replaced(originals[M], "        return helper(x)", "        return helper(x) + 0\n        # more"); /* two moves, and has not changed */
    assert_true(mg_str_eq(before, target_digest("two", TWO, 1)));
    texts[M] = replaced(originals[M], "    y = x", "    y = x + 0");
    assert_false(mg_str_eq(before, target_digest("two", TWO, 1)));
    texts[M] = replaced(originals[M], "LIMIT = 3", "LIMIT = 4");
    assert_false(mg_str_eq(before, target_digest("two", TWO, 1)));
    texts[M] = originals[M];
    *MG_PUSH(arena, &run.collected.imported) = (struct mg_import_line){ MG_STR("m.py"), 6, 6 }; /* of one */
    assert_true(mg_str_eq(before, target_digest("two", TWO, 1)));
    *MG_PUSH(arena, &run.collected.imported) = (struct mg_import_line){ MG_STR("m.py"), 13, 13 };
    assert_false(mg_str_eq(before, target_digest("two", TWO, 1)));
    run.collected.imported.len = 0;
    texts[FAR] = "x = 1\n";
    assert_true(mg_str_eq(before, target_digest("two", TWO, 1)));
    config.mutation.static_mutants = true; /* then every test may import what changes */
    struct mg_str still = target_digest("two", TWO, 1);
    assert_false(mg_str_eq(before, still));
    texts[FAR] = "x = 2\n";
    assert_false(mg_str_eq(still, target_digest("two", TWO, 1)));
}

static void a_mutant_is_its_place_and_its_text(void **state)
{
    (void)state;
    struct mg_target target = target_of("two");
    struct mg_mutant mutant = {
        .id = MG_STR("a"), .operator_name = "AOR", .start = target.function.start + 5, .end = target.function.start + 6, .replacement = MG_STR("-")
    };
    struct mg_str before = mg_depend_mutant(MG_STR("d"), &target, &mutant, false, arena);
    struct mg_mutant others[] = { mutant, mutant, mutant, mutant, mutant };
    others[0].id = MG_STR("b");
    others[1].operator_name = "ROR";
    others[2].start++;
    others[3].end++;
    others[4].replacement = MG_STR("*");
    for (size_t i = 0; i < MG_COUNT(others); i++)
        assert_false(mg_str_eq(before, mg_depend_mutant(MG_STR("d"), &target, &others[i], false, arena)));
    assert_false(mg_str_eq(before, mg_depend_mutant(MG_STR("d"), &target, &mutant, true, arena)));
    assert_false(mg_str_eq(before, mg_depend_mutant(MG_STR("e"), &target, &mutant, false, arena)));
    target.function.start += 40; /* the same further down */
    mutant.start += 40;
    mutant.end += 40;
    assert_true(mg_str_eq(before, mg_depend_mutant(MG_STR("d"), &target, &mutant, false, arena)));
}

/* ---- places ---- */

static struct mg_placed_lines places_of(const struct mg_line_range *ranges, size_t count)
{
    struct mg_baseline_result result = { 0 };
    struct mg_placed_lines places;
    for (size_t i = 0; i < count; i++)
        *MG_PUSH(arena, &result.lines) = ranges[i];
    mg_depend_place(look(), &result, arena, &places);
    return places;
}

/* m.py is the first source; of its lines 1 … 2 are outside, 5 … 8 are one, 11 … 13 two, 16 the class, 17 … 18 and 20 … 21 its methods. */
static void lines_are_told_by_their_function(void **state)
{
    (void)state;
    static const struct mg_line_range ranges[] = { { 0, 2, 2 }, { 0, 6, 12 }, { 0, 16, 16 }, { 99, 1, 1 } };
    struct mg_placed_lines places = places_of(ranges, MG_COUNT(ranges));
    assert_int_equal(places.len, 5); /* 2; 6-8; 9-10; 11-12; 16 */
    assert_true(places.at[0].unit.len == 0 && places.at[0].number == 0 && places.at[0].functions == 4 && places.at[0].first == 2);
    assert_true(mg_str_is(places.at[1].unit, "one") && places.at[1].first == 1 && places.at[1].last == 3 && places.at[1].functions == 0);
    assert_true(places.at[2].unit.len == 0 && places.at[2].number == 1 && places.at[2].first == 1 && places.at[2].last == 2);
    assert_true(mg_str_is(places.at[3].unit, "two") && places.at[3].first == 0 && places.at[3].last == 1);
    assert_true(places.at[4].unit.len == 0 && places.at[4].number == 2 && places.at[4].first == 3);
    assert_true(mg_str_is(places.at[4].path, "m.py"));
}

static void lines_follow_code_that_moves(void **state)
{
    (void)state;
    static const struct mg_line_range ranges[] = { { 0, 2, 2 }, { 0, 7, 8 }, { 0, 12, 13 }, { 0, 16, 16 } };
    struct mg_baseline_result result = { 0 };
    struct mg_placed_lines places = places_of(ranges, MG_COUNT(ranges));
    assert_true(mg_depend_locate(look(), places.at, places.len, arena, &result));
    assert_int_equal(result.lines.len, MG_COUNT(ranges));
    assert_memory_equal(result.lines.at, ranges, sizeof ranges);
    texts[M] = replaced(originals[M], "        return helper(x)", "        # a\n        # b\n        return helper(x)");
    assert_true(mg_depend_locate(look(), places.at, places.len, arena, &result));
    assert_true(result.lines.at[0].first == 2 && result.lines.at[1].first == 7 && result.lines.at[2].first == 14 && result.lines.at[2].last == 15);
    assert_int_equal(result.lines.at[3].first, 18);
    /* A function more: functions are still found, what is outside of them is in doubt. */
    texts[M] = replaced(originals[M], "LIMIT = 3\n", "LIMIT = 3\n\n\ndef zero():\n    pass\n");
    assert_false(mg_depend_locate(look(), places.at, places.len, arena, &result));
    assert_false(mg_depend_locate(look(), places.at, 1, arena, &result));
    assert_true(mg_depend_locate(look(), &places.at[1], 2, arena, &result));
    assert_true(result.lines.at[0].first == 11 && result.lines.at[1].last == 17);
}

static void functions_of_one_name_are_told_apart(void **state)
{
    (void)state;
    static const struct mg_line_range ranges[] = { { 0, 12, 12 }, { 0, 17, 18 } };
    struct mg_baseline_result result = { 0 };
    texts[M] = replaced(originals[M], "class C:", "def two(x):\n    z = x\n    return z\n\n\nclass C:");
    struct mg_placed_lines places = places_of(ranges, MG_COUNT(ranges));
    assert_true(places.len == 2 && places.at[0].number == 0 && places.at[1].number == 1);
    assert_true(mg_depend_locate(look(), places.at, places.len, arena, &result));
    assert_memory_equal(result.lines.at, ranges, sizeof ranges);
}

static void places_that_are_gone_are_not_guessed(void **state)
{
    (void)state;
    static const struct mg_line_range ranges[] = { { 0, 12, 13 } };
    struct mg_baseline_result result = { 0 };
    struct mg_placed_lines places = places_of(ranges, 1);
    texts[M] = replaced(originals[M], "    y = x\n    return y", "    return x"); /* it has one line less */
    assert_false(mg_depend_locate(look(), places.at, 1, arena, &result));
    texts[M] = replaced(originals[M], "def two", "def tow");
    assert_false(mg_depend_locate(look(), places.at, 1, arena, &result));
    texts[M] = NULL;
    assert_false(mg_depend_locate(look(), places.at, 1, arena, &result));
    texts[M] = originals[M];
    places.at[0].number = 1; /* a second one of that name */
    assert_false(mg_depend_locate(look(), places.at, 1, arena, &result));
    places.at[0].number = 0;
    assert_true(mg_depend_locate(look(), places.at, 1, arena, &result));
    places.at[0].first = places.at[0].last + 1;
    assert_false(mg_depend_locate(look(), places.at, 1, arena, &result));
}

static void a_test_reaches_a_place_by_name(void **state)
{
    (void)state;
    static const struct mg_line_range helper = { 1, 1, 2 }, two = { 0, 12, 12 };
    (void)look();
    assert_true(mg_str_is(repo.sources.at[1].path, "n.py"));
    struct mg_placed_lines of_helper = places_of(&helper, 1), of_two = places_of(&two, 1);
    struct mg_depend *depend = look();
    assert_true(mg_depend_reaches(depend, ONE, &of_helper) && mg_depend_reaches(depend, TWO, &of_two));
    assert_false(mg_depend_reaches(depend, TWO, &of_helper) || mg_depend_reaches(depend, ONE, &of_two) ||
                 mg_depend_reaches(depend, OTHER, &of_helper));
}

/* ---- neighbours ---- */

static struct mg_covering covering;
static struct mg_neighbours beside;

static void find_neighbours(uint32_t test)
{
    covering = (struct mg_covering){ 0 };
    struct mg_coverage_entry *entry = MG_PUSH(arena, &covering);
    *entry = (struct mg_coverage_entry){ .test = test, .seconds = results[test].seconds };
    *MG_PUSH(arena, &entry->lines) = (struct mg_line_range){ 0, 12, 13 };
    mg_beside_find(&run, &covering, arena, &beside);
}

static void neighbours_are_passing_tests_of_the_same_file_fastest_first(void **state)
{
    (void)state;
    results[ONE].seconds = 0.02;
    find_neighbours(TWO);
    assert_true(beside.len == 2 && beside.at[0].test == LEN && beside.at[1].test == ONE);
    results[LEN].outcome = MG_TEST_FAILED;
    find_neighbours(TWO);
    assert_true(beside.len == 1 && beside.at[0].test == ONE);
    covering.len = 0;
    mg_beside_find(&run, &covering, arena, &beside);
    assert_int_equal(beside.len, 0);
}

static enum mg_standing standing(enum mg_verdict verdict, const char *killer, uint32_t index, struct mg_str then, struct mg_neighbours *again)
{
    struct mg_mutant mutant = { .id = MG_STR("a"), .line = 12, .end_line = 12 };
    struct mg_mutant_result known = { .verdict = verdict, .killer = mg_str_from(killer) };
    struct mg_recall recall = { .covering = &covering, .beside = &beside, .then = then };
    enum mg_standing found = mg_beside_recall(look(), &mutant, &known, index, arena, &recall);
    *again = recall.again;
    return found;
}

static void only_what_is_new_tries_a_survivor_again(void **state)
{
    (void)state;
    struct mg_neighbours again;
    find_neighbours(TWO);
    struct mg_str then = mg_beside_text(look(), &beside, arena);
    assert_int_equal(standing(MG_VERDICT_survived, "", UINT32_MAX, then, &again), MG_STANDS);
    texts[TEST_M] = replaced(originals[TEST_M], "assert one(1)", "assert one(2)");
    assert_int_equal(standing(MG_VERDICT_survived, "", UINT32_MAX, then, &again), MG_STANDS_LESS);
    assert_true(again.len == 1 && again.at[0].test == ONE);
    assert_int_equal(standing(MG_VERDICT_static, "", UINT32_MAX, then, &again), MG_STANDS_LESS);
    assert_int_equal(standing(MG_VERDICT_invalid, "", UINT32_MAX, then, &again), MG_STANDS_NOT);
    assert_int_equal(standing(MG_VERDICT_not_reached, "", UINT32_MAX, then, &again), MG_STANDS_NOT);
    /* What no neighbour has tried does not ask. */
    assert_int_equal(standing(MG_VERDICT_no_coverage, "", UINT32_MAX, then, &again), MG_STANDS);
    assert_int_equal(standing(MG_VERDICT_ignored, "", UINT32_MAX, then, &again), MG_STANDS);
    assert_int_equal(standing(MG_VERDICT_killed, tests[TWO], TWO, then, &again), MG_STANDS);
    assert_int_equal(standing(MG_VERDICT_killed, tests[LEN], LEN, then, &again), MG_STANDS);
    assert_int_equal(standing(MG_VERDICT_killed, tests[ONE], ONE, then, &again), MG_STANDS_NOT);
    assert_int_equal(standing(MG_VERDICT_killed, "gone", UINT32_MAX, then, &again), MG_STANDS_NOT);
    assert_int_equal(standing(MG_VERDICT_survived, "", UINT32_MAX, MG_STR(""), &again), MG_STANDS_NOT); /* the digests are lost */
}

static void a_changed_neighbour_that_is_too_slow_tries_nothing(void **state)
{
    (void)state;
    struct mg_neighbours again;
    results[LEN].seconds = 0.2; /* it takes all the time there is */
    results[ONE].seconds = 0.3;
    find_neighbours(TWO);
    struct mg_str then = mg_beside_text(look(), &beside, arena);
    texts[TEST_M] = replaced(originals[TEST_M], "assert one(1)", "assert one(2)");
    assert_int_equal(standing(MG_VERDICT_survived, "", UINT32_MAX, then, &again), MG_STANDS);
    results[TWO].seconds = 1; /* its own test: a quarter of that is more than enough */
    find_neighbours(TWO);
    assert_int_equal(standing(MG_VERDICT_survived, "", UINT32_MAX, then, &again), MG_STANDS_LESS);
}

static void times_are_no_part_of_the_neighbours_text(void **state)
{
    (void)state;
    find_neighbours(TWO);
    struct mg_str before = mg_beside_text(look(), &beside, arena);
    results[ONE].seconds = 0.001;
    find_neighbours(TWO);
    assert_int_equal(beside.at[0].test, ONE);
    assert_true(mg_str_eq(before, mg_beside_text(look(), &beside, arena)));
    assert_true(mg_str_eq(mg_beside_key(before, arena), mg_beside_key(before, arena)) && mg_beside_key(before, arena).len == 40);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest all[] = {
        CASE(names_lead_on_through_branches_not_taken),
        CASE(what_is_called_without_a_name_counts_for_all_that_import_it),
        CASE(a_file_that_nobody_imports_is_nothing),
        CASE(what_ran_counts_by_whatever_way),
        CASE(files_count_with_their_contents),
        CASE(files_outside_are_looked_at_once_and_told),
        CASE(a_result_that_is_another_one_is_forgotten),
        CASE(a_test_of_no_python_file_depends_on_everything),
        CASE(what_everything_depends_on),
        CASE(a_target_is_its_text_its_file_and_its_tests),
        CASE(a_mutant_is_its_place_and_its_text),
        CASE(lines_are_told_by_their_function),
        CASE(lines_follow_code_that_moves),
        CASE(functions_of_one_name_are_told_apart),
        CASE(places_that_are_gone_are_not_guessed),
        CASE(a_test_reaches_a_place_by_name),
        CASE(neighbours_are_passing_tests_of_the_same_file_fastest_first),
        CASE(only_what_is_new_tries_a_survivor_again),
        CASE(a_changed_neighbour_that_is_too_slow_tries_nothing),
        CASE(times_are_no_part_of_the_neighbours_text),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
