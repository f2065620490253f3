/* Text from outside, made harmless; scores as people read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"
#include "core/text.h"

static void bad_bytes_become_replacement_characters(void **unused)
{
    (void)unused;
#define BAD "\xef\xbf\xbd"
    static const struct {
        struct mg_str in, out;
    } cases[] = {
        { MG_STR_INIT(""), MG_STR_INIT("") },
        { MG_STR_INIT("caf\xc3\xa9 \xf0\x9f\x90\x8d \0 z"), MG_STR_INIT("caf\xc3\xa9 \xf0\x9f\x90\x8d \0 z") },
        { MG_STR_INIT("a\xff"
                      "b"),
          MG_STR_INIT("a" BAD "b") },
        { MG_STR_INIT("\xc3"), MG_STR_INIT(BAD) }, /* cut off */
        { MG_STR_INIT("\xe2\x82"
                      "x"),
          MG_STR_INIT(BAD BAD "x") },
        { MG_STR_INIT("\xc0\xaf"), MG_STR_INIT(BAD BAD) },                                    /* overlong */
        { MG_STR_INIT("\xed\xa0\x80"), MG_STR_INIT(BAD BAD BAD) },                            /* a surrogate */
        { MG_STR_INIT("\xf4\x90\x80\x80\xc3\xa9"), MG_STR_INIT(BAD BAD BAD BAD "\xc3\xa9") }, /* beyond U+10FFFF */
    };
    struct mg_arena *arena = mg_arena_new();
    for (size_t i = 0; i < MG_COUNT(cases); i++)
        assert_true(mg_str_eq(mg_text_utf8(arena, cases[i].in), cases[i].out));
    mg_arena_free(arena);
}

static void a_line_has_nothing_that_moves_the_cursor(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    assert_true(mg_str_is(mg_text_line(arena, MG_STR("a\x1b[31mb\r\nc\td\x7f")), "a [31mb  c d "));
    assert_true(mg_str_is(mg_text_line(arena, MG_STR("\xc2\x9b"
                                                     "1m \xe2\x80\xae"
                                                     "abc\xe2\x81\xa6 caf\xc3\xa9")),
                          " 1m  abc  caf\xc3\xa9"));
    assert_true(mg_str_is(mg_text_cut(arena, MG_STR("caf\xc3\xa9 noir"), 7), "caf\xc3\xa9..."));
    assert_true(mg_str_is(mg_text_cut(arena, MG_STR("caf\xc3\xa9 no"), 7), "caf\xc3\xa9 no"));
    assert_int_equal(mg_text_length(MG_STR("caf\xc3\xa9 \xf0\x9f\x90\x8d")), 6);
    mg_arena_free(arena);
}

static void scores_are_honest_at_both_ends(void **unused)
{
    (void)unused;
    static const struct {
        uint32_t killed, survived;
        const char *text;
    } cases[] = { { 0, 0, "n/a" }, { 0, 5, "0%" }, { 1, 999, "1%" }, { 999, 1, "99%" }, { 7, 0, "100%" }, { 2, 1, "67%" }, { 1, 2, "33%" } };
    struct mg_arena *arena = mg_arena_new();
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_tally tally = { { [MG_VERDICT_killed] = cases[i].killed, [MG_VERDICT_survived] = cases[i].survived } };
        assert_true(mg_str_is(mg_text_score(arena, &tally), cases[i].text));
    }
    mg_arena_free(arena);
}

static void numbers_have_thousands(void **unused)
{
    (void)unused;
    static const struct {
        int64_t count;
        const char *text;
    } cases[] = { { 0, "0" },
                  { 999, "999" },
                  { 1000, "1,000" },
                  { 1002003, "1,002,003" },
                  { -12345, "-12,345" },
                  { INT64_MAX, "9,223,372,036,854,775,807" },
                  { INT64_MIN, "-9,223,372,036,854,775,808" } };
    struct mg_arena *arena = mg_arena_new();
    for (size_t i = 0; i < MG_COUNT(cases); i++)
        assert_string_equal(mg_arena_cstr(arena, mg_text_count(arena, cases[i].count)), cases[i].text);
    mg_arena_free(arena);
}

static void usage_is_told_in_a_line(void **unused)
{
    (void)unused;
    const struct mg_spend none = { 0 }, one = { .calls = 1, .requests = 1, .input_tokens = 1200, .output_tokens = 7, .estimated_calls = 1 },
                          more = { .calls = 3, .requests = 4, .input_tokens = 5, .output_tokens = 7, .estimated_calls = 2 };
    struct mg_arena *arena = mg_arena_new();
    assert_int_equal(mg_text_usage(arena, &none).len, 0);
    assert_true(mg_str_is(mg_text_usage(arena, &one), "1 request, 1,200 tokens read and 7 written (1 call estimated)"));
    assert_true(mg_str_is(mg_text_usage(arena, &more), "4 requests, 5 tokens read and 7 written (2 calls estimated)"));
    mg_arena_free(arena);
}

/* Each reason: why it stopped, and what makes it go on. */
static void a_stop_is_told_with_its_way_out(void **unused)
{
    (void)unused;
    static const struct {
        const char *reason, *stop, *go_on;
    } cases[] = {
        { "", "", "the same command with --run-id r" },
        { "max_targets_reached", "--max-targets is reached, 2 of 5 targets are left", "the same command with --run-id r and a higher --max-targets" },
        { "wallclock_exceeded", "the time limit is reached, 2 of 5 targets are left", "the same command with --run-id r and a higher --max-time" },
        { "tests_not_run", "7 of 9 existing tests were not run within half of the time limit, 2 of 5 targets are left",
          "the same command with --run-id r and a higher --max-time" },
        { "cancelled", "interrupted, 2 of 5 targets are left", "the same command with --run-id r" },
        { "cost_limit_reached", "the next call to the model might pass the cost limit, 2 of 5 targets are left",
          "the same command with --run-id r and a higher --max-cost (spent so far: $0.9800)" },
        { "token_limit_reached", "the next call to the model might pass the token limit, 2 of 5 targets are left",
          "the same command with --run-id r and a higher --max-tokens (used so far: 1,230)" },
        { "provider_failed: 401 wrong key: no", "the model gives no answer any more: 401 wrong key: no; 2 of 5 targets are left",
          "the same command with --run-id r, once the provider answers (mutagen doctor looks at key and model)" },
        { "provider_failed", "the model gives no answer any more; 2 of 5 targets are left",
          "the same command with --run-id r, once the provider answers (mutagen doctor looks at key and model)" },
        { "disk full: /x", "disk full: /x", "the same command with --run-id r" },
    };
    struct mg_arena *arena = mg_arena_new();
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        const struct mg_report report = { .run_id = MG_STR("r"),
                                          .stop_reason = mg_str_from(cases[i].reason),
                                          .targets_left = 2,
                                          .targets_selected = 5,
                                          .existing_tests = 9,
                                          .existing_not_run = 7,
                                          .spend = { .micro_usd = 980000, .calls = 1, .input_tokens = 1200, .output_tokens = 30 } };
        assert_string_equal(mg_arena_cstr(arena, mg_text_stop(arena, &report)), cases[i].stop);
        assert_string_equal(mg_arena_cstr(arena, mg_text_go_on(arena, &report)), cases[i].go_on);
    }
    mg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_bytes_become_replacement_characters),
        cmocka_unit_test(a_line_has_nothing_that_moves_the_cursor),
        cmocka_unit_test(scores_are_honest_at_both_ends),
        cmocka_unit_test(numbers_have_thousands),
        cmocka_unit_test(usage_is_told_in_a_line),
        cmocka_unit_test(a_stop_is_told_with_its_way_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
