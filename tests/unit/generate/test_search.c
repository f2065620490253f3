/* The search generator against a scripted agent: a small function and its mutants, written here in C, instead of an interpreter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/str.h"
#include "generate/search/search.h"
#include <stdlib.h>
#include <string.h>

/* What the scripted agent plays. `value` is the function's only argument. */
struct mg_session {
    struct mg_description about;
    enum play { GRADES, ALWAYS_TYPE_ERROR, NEVER_STABLE } play;
    uint64_t calls;
    const char *trouble; /* of NEVER_STABLE */
    double takes;        /* seconds of the clock, each probe; more than it is given takes what it is given */
    double deadline;
};

static double hand; /* of the clock */
static double monotonic(void *self) { return (void)self, hand; }
static const struct mg_clock_ops clock_ops = { .name = "by hand", .monotonic = monotonic };

static struct mg_arena *arena;
static const char source_text[] = "def grade(score: int) -> str:\n"
                                  "    if score < 0:\n"
                                  "        raise ValueError(\"negative score\")\n"
                                  "    return \"pass\" if score >= 47 else \"fail\"\n";

/* mutant 0: the original; 1: `>` for `>=`; 2: 48 for 47; 3: 46 for 47; 4: `<=` for `<`; 5: differs for 7919 only. NULL = raises. */
static const char *grade(uint32_t mutant, int64_t score)
{
    if (mutant == 4 ? score <= 0 : score < 0)
        return NULL;
    bool pass = mutant == 1 ? score > 47 : mutant == 2 ? score >= 48 : mutant == 3 ? score >= 46 : score >= 47;
    pass &= mutant != 5 || score != 7919;
    return pass ? "\"pass\"" : "\"fail\"";
}

static enum mg_code describe(struct mg_session *session, struct mg_arena *into, struct mg_description *about, struct mg_err *err)
{
    (void)into;
    (void)err;
    *about = session->about;
    return MG_OK;
}

static void observe(const struct mg_session *session, const char *result, struct mg_arena *into, struct mg_observation *seen)
{
    *seen = (struct mg_observation){ .stable = session->play != NEVER_STABLE, .trouble = mg_str_from(session->trouble ? session->trouble : "") };
    if (session->play == ALWAYS_TYPE_ERROR || !result) {
        seen->raised = true;
        seen->exception = session->play == ALWAYS_TYPE_ERROR ? MG_STR("TypeError") : MG_STR("ValueError");
        seen->match = MG_STR("negative score");
        seen->raised_by_arguments = session->play == ALWAYS_TYPE_ERROR;
    } else {
        *MG_PUSH(into, &seen->facts) = (struct mg_fact){ .form = MG_FACT_EQ, .of = MG_STR("result"), .source = mg_str_from(result) };
    }
    for (uint32_t line = 2; line <= 4; line++)
        *MG_PUSH(into, &seen->lines) = line;
}

static enum mg_code play(struct mg_session *session, const struct mg_probe *probe, struct mg_arena *into, struct mg_probed *probed,
                         struct mg_err *err)
{
    (void)err;
    assert_true(mg_str_contains(probe->imports, "from school import grade\n"));
    hand += session->takes < probe->seconds ? session->takes : probe->seconds;
    for (uint32_t c = 0; c < probe->calls.len; c++, session->calls++) {
        struct mg_str call = probe->calls.at[c].call;
        int64_t score;
        bool positional = mg_str_to_i64(mg_str_sub(call, 6, call.len - 1), &score);
        assert_true(mg_str_starts(call, "grade(") && (positional || session->play != GRADES));
        const char *original = grade(0, positional ? score : 0);
        observe(session, original, into, MG_PUSH(into, &probed->observations));
        for (uint32_t m = 0; m < probe->mutants.len && session->play == GRADES; m++) {
            int64_t number = 0;
            assert_true(mg_str_to_i64(probe->mutants.at[m].id, &number));
            const char *other = grade((uint32_t)number, score);
            bool same = original && other ? strcmp(original, other) == 0 : original == other;
            if (!same)
                *MG_PUSH(into, &probed->differences) =
                    (struct mg_difference){ .mutant = m, .call = c, .kind = MG_DIFFERS, .fact = original && other ? 0 : UINT32_MAX };
        }
    }
    return MG_OK;
}

/* One run of the generator over the mutants 1…count. */
static void generate(struct mg_session *session, int64_t seed, uint32_t count, const struct mg_repo *repo, struct mg_suite *suite)
{
    static const struct mg_agent_ops ops = { .name = "scripted", .session_describe = describe, .session_probe = play };
    struct mg_type *integer = MG_NEW(arena, struct mg_type);
    struct mg_param *param = MG_NEW(arena, struct mg_param);
    *integer = (struct mg_type){ .kind = MG_TYPE_INT };
    *param = (struct mg_param){ .name = MG_STR("score"), .kind = MG_PARAM_POSITIONAL, .type = integer };
    session->about.params.len = 0;
    *MG_PUSH(arena, &session->about.params) = param;

    struct mg_target target = {
        .id = MG_STR("0123456789abcdef"), .qualified_name = MG_STR("school.grade"), .module = MG_STR("school"), .path = MG_STR("school.py")
    };
    target.function = (struct mg_function){ .qualname = MG_STR("grade"),
                                            .name = MG_STR("grade"),
                                            .first_line = 1,
                                            .def_line = 1,
                                            .end_line = 4,
                                            .end = sizeof source_text - 1,
                                            .body_start = 34,
                                            .body_indent = 4 };
    struct mg_source_file source = { .path = target.path, .module = target.module, .text = MG_STR_INIT(source_text) };
    struct mg_mutant mutants[5];
    struct mg_probe_mutant spliced[5];
    for (uint32_t m = 0; m < count; m++) {
        spliced[m] = (struct mg_probe_mutant){ .id = mg_arena_printf(arena, "%u", m + 1), .line = 4, .end_line = 4 };
        mutants[m] = (struct mg_mutant){ .id = spliced[m].id, .line = 4, .end_line = 4 };
    }
    struct mg_config config = { .generation = { .seed = seed, .max_tests = 8, .max_calls = 2000 } };
    struct mg_generate_request request = { .target = &target,
                                           .source = &source,
                                           .repo = repo,
                                           .agent = { .ops = &ops },
                                           .session = session,
                                           .mutants = mutants,
                                           .spliced = spliced,
                                           .mutant_count = count,
                                           .config = &config,
                                           .deadline = session->deadline,
                                           .clock = { .ops = session->takes > 0 ? &clock_ops : NULL } };
    struct mg_generator generator = mg_search_new();
    struct mg_err err = { .code = MG_OK };
    assert_int_equal(generator.ops->generate(generator.self, &request, arena, suite, NULL, &err), MG_OK);
}

static struct mg_str all_text(const struct mg_suite *suite)
{
    struct mg_str text = suite->imports;
    for (size_t i = 0; i < suite->tests.len; i++)
        text = mg_arena_printf(arena, "%.*s%.*s", MG_FMT(text), MG_FMT(suite->tests.at[i].source));
    return text;
}

static void boundaries_are_found_and_asserted(void **unused)
{
    (void)unused;
    struct mg_session session = { .play = GRADES };
    struct mg_suite suite;
    generate(&session, 0, 4, NULL, &suite);
    /* 47 shows mutants 1 and 2, 46 shows 3, 0 shows 4: nothing else may be in the suite, whatever was tried on the way */
    assert_string_equal(mg_arena_cstr(arena, all_text(&suite)), "from school import grade\n"
                                                                "import pytest\n"
                                                                "@pytest.mark.parametrize(\n"
                                                                "    (\"score\", \"expected\"),\n"
                                                                "    [\n"
                                                                "        (0, \"fail\"),\n"
                                                                "        (46, \"fail\"),\n"
                                                                "        (47, \"pass\"),\n"
                                                                "    ],\n"
                                                                ")\n"
                                                                "def test_grade(score, expected):\n"
                                                                "    assert grade(score) == expected\n");
    assert_true(session.calls <= 2000);
}

static void the_same_seed_gives_the_same_bytes(void **unused)
{
    (void)unused;
    for (int64_t seed = 0; seed < 3; seed++) {
        struct mg_session first = { .play = GRADES }, second = { .play = GRADES };
        struct mg_suite a, b;
        generate(&first, seed, 5, NULL, &a);
        generate(&second, seed, 5, NULL, &b);
        assert_int_equal(first.calls, second.calls);
        assert_true(mg_str_eq(all_text(&a), all_text(&b)));
    }
}

static void one_kill_is_one_plain_test(void **unused)
{
    (void)unused;
    struct mg_session session = { .play = GRADES };
    struct mg_suite suite;
    generate(&session, 0, 1, NULL, &suite);
    assert_int_equal(suite.tests.len, 1);
    assert_string_equal(mg_arena_cstr(arena, suite.tests.at[0].source), "def test_grade_47():\n    assert grade(47) == \"pass\"\n");
}

static void nothing_written_has_a_reason(void **unused)
{
    (void)unused;
    const struct {
        enum play play;
        uint32_t mutants;
        const char *trouble, *reason;
    } cases[] = {
        { ALWAYS_TYPE_ERROR, 3, NULL, "every generated call raised TypeError" },
        { NEVER_STABLE, 3, "differs", "no call gave the same result twice" },
        { NEVER_STABLE, 3, "waits", "every generated call waits for something that does not come" },
        { NEVER_STABLE, 3, "clock", "every generated call asks for the current time" },
        { NEVER_STABLE, 3, "setup TypeError", "every generated call needs an object whose making raises TypeError" },
        { NEVER_STABLE, 3, "open", "every generated call does what is not allowed to it (open)" },
        { GRADES, 0, NULL, "no live mutant" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_session session = { .play = cases[i].play, .trouble = cases[i].trouble };
        struct mg_suite suite;
        generate(&session, 0, cases[i].mutants, NULL, &suite);
        assert_int_equal(suite.tests.len, 0);
        assert_true(mg_str_contains(suite.reason, cases[i].reason));
    }
}

/* Each probe takes its minute: calls wait, or their mutants do. What is very near is left to whoever ends everything then. */
static void the_search_ends_in_time(void **unused)
{
    (void)unused;
    static const struct {
        double deadline, most;
        bool late;
    } cases[] = { { 0, 120, false }, { 1000, 120, false }, { 11, 6.6, true }, { 9, 1000, false } };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_session session = { .play = GRADES, .takes = 60, .deadline = cases[i].deadline };
        struct mg_suite suite;
        hand = 0;
        generate(&session, 0, 5, NULL, &suite);
        assert_true(hand <= cases[i].most && hand >= (cases[i].most < 120 ? cases[i].most : 120) / 2);
        assert_int_equal(suite.late, cases[i].late);
        assert_true(suite.tests.len > 0);
    }
}

static void a_doctest_that_is_not_kept_is_reported_and_not_asserted(void **unused)
{
    (void)unused;
    struct mg_session session = { .play = GRADES };
    struct mg_suite suite;
    *MG_PUSH(arena, &session.about.doctests) = (struct mg_doctest){ .source = MG_STR("grade(47)"), .want = MG_STR("'fail'") };
    *MG_PUSH(arena, &session.about.doctests) =
        (struct mg_doctest){ .source = MG_STR("grade(46)"), .want = MG_STR("'fail'") }; /* other quotes are no contradiction */
    *MG_PUSH(arena, &session.about.doctests) = (struct mg_doctest){ .source = MG_STR("print(grade(45))"), .want = MG_STR("fail") };
    *MG_PUSH(arena, &session.about.doctests) = (struct mg_doctest){ .source = MG_STR("print(grade(50))"), .want = MG_STR("fail") };
    generate(&session, 0, 3, NULL, &suite);
    assert_int_equal(suite.suspected_bugs.len, 2);
    assert_string_equal(mg_arena_cstr(arena, suite.suspected_bugs.at[0]), "school.grade: grade(47) gives \"pass\", its doctest says \"fail\"");
    assert_string_equal(mg_arena_cstr(arena, suite.suspected_bugs.at[1]), "school.grade: grade(50) gives \"pass\", its doctest says \"fail\"");
    assert_false(mg_str_contains(all_text(&suite), "47"));
    assert_true(mg_str_contains(all_text(&suite), "46"));
}

static void values_of_existing_tests_are_tried(void **unused)
{
    (void)unused;
    struct mg_session session = { .play = GRADES };
    struct mg_suite with, without;
    struct mg_repo repo = { 0 };
    *MG_PUSH(arena, &repo.test_files) =
        (struct mg_source_file){ .path = MG_STR("test_school.py"), .text = MG_STR("def test_it():\n    assert grade(7919) == 'pass'\n") };
    generate(&session, 0, 5, &repo, &with);
    generate(&session, 0, 5, NULL, &without);
    assert_true(mg_str_contains(all_text(&with), "(7919, \"pass\")"));
    assert_false(mg_str_contains(all_text(&without), "7919"));
    repo.test_files.at[0].text =
        MG_STR("BEST = 7919\n\ndef test_it():\n    assert grade(BEST) == 'pass'\n"); /* no call of literals: the number alone */
    generate(&session, 0, 5, &repo, &with);
    assert_true(mg_str_contains(all_text(&with), "(7919, \"pass\")"));
}

static int new_arena(void **unused)
{
    (void)unused;
    arena = mg_arena_new();
    return 0;
}
static int free_arena(void **unused)
{
    (void)unused;
    mg_arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(boundaries_are_found_and_asserted, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(the_same_seed_gives_the_same_bytes, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(one_kill_is_one_plain_test, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(nothing_written_has_a_reason, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(the_search_ends_in_time, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(a_doctest_that_is_not_kept_is_reported_and_not_asserted, new_arena, free_arena),
        cmocka_unit_test_setup_teardown(values_of_existing_tests_are_tried, new_arena, free_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
