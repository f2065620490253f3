/* Calls of an embedder in the ledger: money, retries and secrets, with a clock that is moved by hand and the store in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "adapters/memory/store_memory.h"
#include "base/str.h"
#include "services/embedding_calls.h"

#define KEY "sk-embed-0123456789"

static struct mg_arena *arena;
static struct mg_store store;
static struct mg_secrets secrets;
static struct mg_embedding_calls_setup setup;
static struct mg_embedder calls;
static struct mg_err err;
static double time_now, deadline, given;
static struct mg_str seen;
static unsigned sends, failing, closed; /* `failing`: so many calls fail first */
static struct mg_embed_end told;        /* with what they fail, and the tokens of those that do not */

static enum mg_code embed(void *self, const struct mg_str *texts, size_t count, double seconds, const struct mg_cancel *cancel, struct mg_arena *into,
                          float **vectors, size_t *dimension, struct mg_embed_end *end, struct mg_err *why)
{
    (void)self, (void)cancel;
    seen = mg_arena_str(arena, texts[0]);
    given = seconds;
    *end = told;
    if (sends++ < failing)
        return MG_FAIL(why, MG_E_HTTP, "embeddings answered 4xx with " KEY);
    *end = (struct mg_embed_end){ .tokens = told.tokens, .retry_after = -1 };
    *dimension = 2;
    for (size_t i = 0; i < count; i++) {
        vectors[i] = MG_NEW_ARRAY(into, float, 2);
        vectors[i][0] = (float)(i + 1);
    }
    return MG_OK;
}
static void close_embedder(void *self) { (void)self, closed++; }
static const struct mg_embedder_ops embedder_ops = { .name = "scripted", .embed = embed, .close = close_embedder };

static double monotonic(void *self) { return (void)self, time_now; }
static int64_t unix_time(void *self) { return (void)self, 1763800000; }
static enum mg_code wait_for(void *self, double seconds, const struct mg_cancel *token, struct mg_err *why)
{
    (void)self, (void)token, (void)why;
    time_now += seconds;
    return MG_OK;
}
static const struct mg_clock_ops clock_ops = { .name = "by hand", .monotonic = monotonic, .unix_time = unix_time, .wait = wait_for };

static int set_up(void **state)
{
    (void)state;
    arena = mg_arena_new();
    store = mg_store_memory_new();
    secrets = (struct mg_secrets){ .len = 0 };
    assert_true(mg_secrets_add(&secrets, MG_STR(KEY)));
    time_now = 1000;
    sends = failing = closed = 0;
    told = MG_EMBED_END;
    deadline = given = 0;
    setup = (struct mg_embedding_calls_setup){
        .embedder = { &embedder_ops, NULL },
        .model = MG_STR("m"),
        .price = 2,
        .shared = { .store = store,
                    .clock = { &clock_ops, NULL },
                    .secrets = &secrets,
                    .run_id = MG_STR("r"),
                    .limits = { 1000, 0 },
                    .max_retries = 2,
                    .deadline = &deadline,
                    .timeout_seconds = 60 },
    };
    struct mg_run_record record, wanted = { .run_id = MG_STR("r"), .repo = MG_STR("/repo"), .state = MG_RUN_PENDING };
    bool existing;
    assert_int_equal(store.ops->begin_run(store.self, &wanted, arena, &record, &existing, &err), MG_OK);
    assert_int_equal(mg_embedding_calls_new(&setup, &calls, &err), MG_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    calls.ops->close(calls.self);
    assert_int_equal(closed, 1);
    store.ops->close(store.self);
    mg_arena_free(arena);
    return 0;
}

static void again(void) /* with the settings as they are now */
{
    calls.ops->close(calls.self);
    closed = 0;
    assert_int_equal(mg_embedding_calls_new(&setup, &calls, &err), MG_OK);
}

/* 40 bytes and the key. */
static enum mg_code ask(struct mg_embed_end *end)
{
    const struct mg_str texts[] = { MG_STR("0123456789 " KEY), MG_STR("0123456789012345678901234567") };
    float *vectors[2] = { NULL, NULL };
    size_t dimension = 0;
    enum mg_code code = calls.ops->embed(calls.self, texts, 2, 0, NULL, arena, vectors, &dimension, end, &err);
    if (code == MG_OK)
        assert_true(dimension == 2 && vectors[0][0] == 1 && vectors[1][0] == 2);
    return code;
}

static struct mg_spend spent(void)
{
    struct mg_spend spend;
    assert_int_equal(store.ops->spent(store.self, MG_STR("r"), MG_NO_STR, &spend, &err), MG_OK);
    return spend;
}

static void vectors_come_and_are_paid_for(void **state)
{
    (void)state;
    told.tokens = 11;
    assert_int_equal(ask(NULL), MG_OK);
    assert_int_equal(spent().micro_usd, 22);
    assert_int_equal(spent().input_tokens, 11);
    assert_int_equal(spent().estimated_calls, 0);
    told.tokens = 0;
    assert_int_equal(ask(NULL), MG_OK);
    assert_int_equal(spent().input_tokens, 11 + (11 + 10 + 28) / 4); /* "[redacted]" has ten bytes */
    assert_int_equal(spent().estimated_calls, 1);
}

static void no_secret_goes_out_or_comes_back(void **state)
{
    (void)state;
    struct mg_embed_end end = MG_EMBED_END;
    failing = 1;
    told.fault = MG_LLM_REQUEST;
    assert_int_equal(ask(&end), MG_E_HTTP);
    assert_true(mg_str_is(seen, "0123456789 [redacted]"));
    assert_string_equal(err.text, "embeddings answered 4xx with [redacted]");
    assert_int_equal(end.fault, MG_LLM_REQUEST);
}

static void a_busy_server_is_asked_again(void **state)
{
    (void)state;
    failing = 2;
    told.fault = MG_LLM_TEMPORARY;
    assert_int_equal(ask(NULL), MG_OK);
    assert_int_equal(sends, 3);
    failing = 100;
    sends = 0;
    assert_int_equal(ask(NULL), MG_E_HTTP);
    assert_int_equal(sends, 3);
}

static void a_rejected_key_is_final(void **state)
{
    (void)state;
    struct mg_embed_end end = MG_EMBED_END;
    failing = 100;
    told.fault = MG_LLM_ACCOUNT;
    assert_int_equal(ask(&end), MG_E_HTTP);
    assert_int_equal(ask(&end), MG_E_HTTP);
    assert_int_equal(end.fault, MG_LLM_ACCOUNT);
    assert_int_equal(sends, 1);
}

static void limits_hold(void **state)
{
    (void)state;
    setup.shared.limits = (struct mg_spend_limits){ 97, 0 }; /* 49 bytes at 2 */
    again();
    assert_int_equal(ask(NULL), MG_E_LIMIT);
    assert_string_equal(err.text, "cost_limit_reached");
    setup.shared.limits = (struct mg_spend_limits){ 0, 48 };
    again();
    assert_int_equal(ask(NULL), MG_E_LIMIT);
    assert_string_equal(err.text, "token_limit_reached");
    assert_int_equal(sends, 0);
    assert_int_equal(spent().calls, 0);
}

static void a_call_has_what_is_left_of_the_wall_clock(void **state)
{
    (void)state;
    assert_int_equal(ask(NULL), MG_OK);
    assert_true(given == 60);
    deadline = time_now + 7;
    assert_int_equal(ask(NULL), MG_OK);
    assert_true(given == 7);
    deadline = time_now + 0.1;
    assert_int_equal(ask(NULL), MG_E_LIMIT);
    assert_string_equal(err.text, "wallclock_exceeded");
}

static void without_a_price_there_must_be_no_cost_limit(void **state)
{
    (void)state;
    struct mg_embedder none;
    setup.price = -1;
    assert_int_equal(mg_embedding_calls_new(&setup, &none, &err), MG_E_CONFIG);
    assert_non_null(strstr(err.text, "generation.embedding_price"));
    setup.shared.limits.max_micro_usd = 0;
    again();
    assert_int_equal(ask(NULL), MG_OK);
    assert_int_equal(spent().unknown_cost_calls, 1);
    setup.price = 0; /* free is a price */
    setup.shared.limits.max_micro_usd = 1;
    again();
    assert_int_equal(ask(NULL), MG_OK);
    assert_int_equal(spent().unknown_cost_calls, 1);
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(vectors_come_and_are_paid_for),
        CASE(no_secret_goes_out_or_comes_back),
        CASE(a_busy_server_is_asked_again),
        CASE(a_rejected_key_is_final),
        CASE(limits_hold),
        CASE(a_call_has_what_is_left_of_the_wall_clock),
        CASE(without_a_price_there_must_be_no_cost_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
