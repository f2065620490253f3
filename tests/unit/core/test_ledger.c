/* Money and tokens: sums, limits, and how they are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"
#include "core/ledger.h"

static struct mg_llm_call settled(int64_t micro_usd, int64_t input, int64_t output)
{
    return (struct mg_llm_call){ .settled = true,
                                 .requests = 1,
                                 .micro_usd = micro_usd,
                                 .usage = { .input = input, .output = output, .known = true },
                                 .worst_micro_usd = 1000000,
                                 .worst_tokens = 1000000 };
}

static void a_settled_call_counts_as_it_was_an_open_one_at_its_worst(void **state)
{
    (void)state;
    struct mg_spend spend = { 0 };
    struct mg_llm_call call = settled(120, 100, 20);
    call.usage.cache_read = 7;
    call.usage.cache_write = 5;
    mg_spend_add(&spend, &call);
    assert_int_equal(spend.micro_usd, 120);
    assert_int_equal(spend.input_tokens, 112);
    assert_int_equal(spend.output_tokens, 20);
    assert_int_equal(spend.cache_read_tokens, 7);
    assert_int_equal(spend.estimated_calls, 0);
    call.settled = false;
    mg_spend_add(&spend, &call);
    assert_int_equal(spend.micro_usd, 1000120);
    assert_int_equal(spend.input_tokens, 1000112);
    assert_int_equal(spend.output_tokens, 20);
    assert_int_equal(spend.calls, 2);
    assert_int_equal(spend.requests, 2);
    assert_int_equal(spend.estimated_calls, 1);
}

static void an_unknown_amount_is_counted_and_never_added(void **state)
{
    (void)state;
    struct mg_spend spend = { 0 };
    struct mg_llm_call call = settled(MG_UNKNOWN_COST, 10, 3);
    mg_spend_add(&spend, &call);
    call.settled = false;
    call.worst_micro_usd = MG_UNKNOWN_COST;
    mg_spend_add(&spend, &call);
    assert_int_equal(spend.micro_usd, 0);
    assert_int_equal(spend.unknown_cost_calls, 2);
}

static void only_an_estimate_of_something_is_an_estimate(void **state)
{
    (void)state;
    struct mg_spend spend = { 0 };
    struct mg_llm_call call = settled(0, 0, 0); /* an error status */
    call.usage.known = false;
    mg_spend_add(&spend, &call);
    assert_int_equal(spend.estimated_calls, 0);
    call.usage.output = 1;
    mg_spend_add(&spend, &call);
    assert_int_equal(spend.estimated_calls, 1);
}

static void sums_saturate(void **state)
{
    (void)state;
    struct mg_llm_call call = settled(INT64_MAX, INT64_MAX, INT64_MAX);
    call.requests = UINT32_MAX;
    call.usage.cache_read = INT64_MAX;
    struct mg_spend spend = { 0 };
    mg_spend_add(&spend, &call);
    mg_spend_add(&spend, &call);
    struct mg_spend total = spend;
    mg_spend_sum(&total, &spend);
    assert_int_equal(total.micro_usd, INT64_MAX);
    assert_int_equal(total.input_tokens, INT64_MAX);
    assert_int_equal(total.output_tokens, INT64_MAX);
    assert_int_equal(total.cache_read_tokens, INT64_MAX);
    assert_int_equal(total.requests, UINT32_MAX);
    assert_int_equal(total.calls, 4);
    const struct mg_spend_limits limits = { .max_micro_usd = INT64_MAX - 1 };
    const char *reason = NULL;
    assert_false(mg_spend_allows(&limits, &total, &call, &reason));
}

static void a_negative_number_of_tokens_gives_nothing_back(void **state)
{
    (void)state;
    struct mg_spend spend = { .input_tokens = 10, .output_tokens = 10, .cache_read_tokens = 10 };
    struct mg_llm_call call = settled(1, -5, -5);
    call.usage.cache_read = call.usage.cache_write = -5;
    mg_spend_add(&spend, &call);
    call.settled = false;
    call.worst_tokens = -5;
    mg_spend_add(&spend, &call);
    assert_int_equal(spend.input_tokens, 10);
    assert_int_equal(spend.output_tokens, 10);
    assert_int_equal(spend.cache_read_tokens, 10);
}

static void a_limit_holds_to_the_last_micro_dollar_and_token(void **state)
{
    (void)state;
    const struct mg_spend spent = { .micro_usd = 70, .input_tokens = 600, .output_tokens = 100 };
    struct mg_llm_call call = { .worst_micro_usd = 30, .worst_tokens = 300 };
    const struct mg_spend_limits both = { 100, 1000 }, money = { 99, 0 }, tokens = { 0, 999 }, none = { 0, 0 };
    const char *reason = NULL;
    assert_true(mg_spend_allows(&both, &spent, &call, &reason));
    assert_true(mg_spend_allows(&none, &spent, &call, &reason));
    assert_null(reason);
    assert_false(mg_spend_allows(&money, &spent, &call, &reason));
    assert_string_equal(reason, "cost_limit_reached");
    assert_false(mg_spend_allows(&tokens, &spent, &call, &reason));
    assert_string_equal(reason, "token_limit_reached");
}

static void a_call_of_unknown_price_fits_under_no_cost_limit(void **state)
{
    (void)state;
    const struct mg_spend spent = { 0 };
    const struct mg_llm_call call = { .worst_micro_usd = MG_UNKNOWN_COST, .worst_tokens = 5 };
    const struct mg_spend_limits money = { 1000000, 0 }, tokens = { 0, 5 };
    const char *reason = NULL;
    assert_false(mg_spend_allows(&money, &spent, &call, &reason));
    assert_string_equal(reason, "cost_limit_reached");
    assert_true(mg_spend_allows(&tokens, &spent, &call, &reason));
}

static void amounts_are_shown_as_money(void **state)
{
    (void)state;
    static const struct {
        struct mg_spend spend;
        const char *text;
    } cases[] = {
        { { 0 }, "$0.00" },
        { { .calls = 3 }, "$0.00" }, /* a model that costs nothing */
        { { .micro_usd = 12300, .calls = 1 }, "$0.0123" },
        { { .micro_usd = 12349, .calls = 1 }, "$0.0123" },
        { { .micro_usd = 12350, .calls = 1 }, "$0.0124" },
        { { .micro_usd = 3, .calls = 1 }, "$0.000003" },
        { { .micro_usd = 1999960, .calls = 1 }, "$2.0000" },
        { { .micro_usd = INT64_MAX, .calls = 1 }, "$9223372036854.7758" },
        { { .calls = 2, .unknown_cost_calls = 2 }, "cost unknown" },
        { { .micro_usd = 12300, .calls = 3, .unknown_cost_calls = 2 }, "$0.0123 + 2 calls of unknown cost" },
        { { .micro_usd = 12300, .calls = 2, .unknown_cost_calls = 1 }, "$0.0123 + 1 call of unknown cost" },
    };
    struct mg_arena *arena = mg_arena_new();
    for (size_t i = 0; i < MG_COUNT(cases); i++)
        assert_string_equal(mg_arena_cstr(arena, mg_text_spend(arena, &cases[i].spend)), cases[i].text);
    mg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_settled_call_counts_as_it_was_an_open_one_at_its_worst),
        cmocka_unit_test(an_unknown_amount_is_counted_and_never_added),
        cmocka_unit_test(only_an_estimate_of_something_is_an_estimate),
        cmocka_unit_test(sums_saturate),
        cmocka_unit_test(a_negative_number_of_tokens_gives_nothing_back),
        cmocka_unit_test(a_limit_holds_to_the_last_micro_dollar_and_token),
        cmocka_unit_test(a_call_of_unknown_price_fits_under_no_cost_limit),
        cmocka_unit_test(amounts_are_shown_as_money),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
