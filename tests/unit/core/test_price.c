/* Prices: which row of the table counts, whose figure wins, and that nothing is rounded down or overflows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "core/ledger.h"

static const struct mg_price *find(const char *provider, const char *model) { return mg_price_find(mg_str_from(provider), mg_str_from(model)); }

static void the_nearest_row_counts(void **unused)
{
    (void)unused;
    assert_true(find("openai", "gpt-5")->input == 1.25);
    assert_true(find("openai", "gpt-5-pro")->input == 15);
    assert_true(find("openai", "gpt-5-mini-2025-08-07")->input == 0.25);
    assert_ptr_equal(find("openai", "gpt-5-2025-08-07"), find("openai", "gpt-5-2030-01-01"));
    assert_true(find("anthropic", "claude-opus-5-5")->input == 4);
    assert_true(find("anthropic", "claude-opus-5-20260724")->input == 5);
    /* A version that the table does not know has no price, rather than that of an older one. */
    assert_null(find("anthropic", "claude-fable-5-2"));
    assert_null(find("anthropic", "claude-opus-5-7"));
    assert_null(find("openai", "gpt-5.7"));
    assert_null(find("openai", ""));
    assert_null(find("gemini", "gemini-3.8-flash-tts"));
    /* The same id behind another name is another price. */
    assert_null(find("openrouter", "gpt-5"));
    assert_null(find("compatible", "gpt-5"));
}

static void every_default_model_has_a_price(void **unused)
{
    (void)unused;
    static const char *const providers[] = { "anthropic", "openai", "gemini" };
    for (size_t i = 0; i < MG_COUNT(providers); i++) {
        const char *model = mg_default_model(mg_str_from(providers[i]));
        assert_non_null(model);
        const struct mg_price *price = find(providers[i], model);
        assert_non_null(price);
        assert_true(price->input > 0 && price->output > price->input && price->cache_read < price->input && price->cache_write >= price->input);
    }
    assert_null(mg_default_model(MG_STR("openrouter")));
    assert_null(mg_default_model(MG_STR("compatible")));
    assert_null(mg_default_model(MG_NO_STR));
    assert_int_equal(strlen(mg_price_date()), 10);
}

static void each_kind_of_token_has_its_price(void **unused)
{
    (void)unused;
    struct mg_price price = { "p", "m", 3, 15, 0.3, 3.75 };
    assert_int_equal(mg_cost(&price, &(struct mg_usage){ .input = 1000 }), 3000);
    assert_int_equal(mg_cost(&price, &(struct mg_usage){ .output = 1000 }), 15000);
    assert_int_equal(mg_cost(&price, &(struct mg_usage){ .cache_read = 1000 }), 300);
    assert_int_equal(mg_cost(&price, &(struct mg_usage){ .cache_write = 1000 }), 3750);
    assert_int_equal(mg_cost(&price, &(struct mg_usage){ 1000, 1000, 1000, 1000, true }), 22050);
    assert_int_equal(mg_cost(NULL, &(struct mg_usage){ 1, 1, 1, 1, true }), MG_UNKNOWN_COST);
    assert_int_equal(mg_cost(&price, &(struct mg_usage){ .input = 0 }), 0);
    assert_int_equal(mg_cost(&price, &(struct mg_usage){ .input = -5, .output = 1 }), 15);
}

static void nothing_is_rounded_down(void **unused)
{
    (void)unused;
    struct mg_price price = { "p", "m", 0.1, 0.5, 0.01, 0.125 };
    assert_int_equal(mg_cost(&price, &(struct mg_usage){ .input = 1 }), 1);
    assert_int_equal(mg_cost(&price, &(struct mg_usage){ .input = 11 }), 2);
    assert_int_equal(mg_cost(&price, &(struct mg_usage){ .input = 30 }), 3); /* 3.0000000000000004 as doubles go */
    assert_int_equal(mg_cost(&price, &(struct mg_usage){ .cache_read = 1 }), 1);
    price.output = 5;
    assert_int_equal(mg_cost(&price, &(struct mg_usage){ .output = INT64_MAX }), INT64_MAX);
}

static void the_worst_is_the_dearest_input_and_all_of_the_output(void **unused)
{
    (void)unused;
    struct mg_price price = { "p", "m", 3, 15, 0.3, 3.75 };
    assert_int_equal(mg_worst_cost(&price, 1000, 100), 3750 + 1500);
    price.cache_write = 1;
    assert_int_equal(mg_worst_cost(&price, 1000, 100), 3000 + 1500);
    price.cache_read = 9;
    assert_int_equal(mg_worst_cost(&price, 1000, 100), 9000 + 1500);
    assert_int_equal(mg_worst_cost(&price, INT64_MAX, INT64_MAX), INT64_MAX);
    assert_int_equal(mg_worst_cost(NULL, 1, 1), MG_UNKNOWN_COST);
}

static void the_users_figures_win(void **unused)
{
    (void)unused;
    struct mg_price own;
    const struct mg_price *price = NULL;
    struct mg_err err;
    struct mg_str anthropic = MG_STR("anthropic"), sonnet = MG_STR("claude-sonnet-5-5"), other = MG_STR("compatible"), local = MG_STR("qwen3");
    assert_int_equal(mg_price_choose(anthropic, sonnet, -1, -1, &own, &price, &err), MG_OK);
    assert_ptr_equal(price, mg_price_find(anthropic, sonnet));
    assert_int_equal(mg_price_choose(other, local, -1, -1, &own, &price, &err), MG_OK);
    assert_null(price);
    assert_int_equal(mg_price_choose(anthropic, MG_STR("claude-new"), 8, 40, &own, &price, &err), MG_OK);
    assert_true(price == &own && own.input == 8 && own.output == 40 && own.cache_write == 10 && own.cache_read < 1);
    assert_int_equal(mg_price_choose(other, local, 0, 0, &own, &price, &err), MG_OK);
    assert_int_equal(mg_cost(price, &(struct mg_usage){ .input = 5, .output = 5 }), 0);
    assert_int_equal(mg_price_choose(other, local, 2, 4, &own, &price, &err), MG_OK);
    assert_true(own.cache_read == 2 && own.cache_write == 2); /* no discount that nobody promised */
    assert_int_equal(mg_price_choose(anthropic, sonnet, -1, 7, &own, &price, &err), MG_OK);
    assert_true(own.input == 2 && own.output == 7 && own.cache_write == 2.5);
    assert_int_equal(mg_price_choose(anthropic, sonnet, 1, -1, &own, &price, &err), MG_OK);
    assert_true(own.input == 1 && own.output == 10);
    assert_int_equal(mg_price_choose(other, local, 3, -1, &own, &price, &err), MG_E_CONFIG);
    assert_non_null(strstr(err.text, "llm.price_output must both be given"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_row_counts),
        cmocka_unit_test(every_default_model_has_a_price),
        cmocka_unit_test(each_kind_of_token_has_its_price),
        cmocka_unit_test(nothing_is_rounded_down),
        cmocka_unit_test(the_worst_is_the_dearest_input_and_all_of_the_output),
        cmocka_unit_test(the_users_figures_win),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
