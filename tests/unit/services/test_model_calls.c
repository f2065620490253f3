/* Money, waits and retries around a scripted model, with a clock that is moved by hand and the store in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <string.h>
#include <cmocka.h>

#include "adapters/memory/store_memory.h"
#include "base/str.h"
#include "services/model_calls.h"

/* A byte and a token read cost 2 micro-USD, a token written 10. */
static const struct mg_price price = { "scripted", "m", 2, 10, 0.2, 2.5 };
#define BYTES 1000
#define OUTPUT 100

/* What the model does when it is asked for the n-th time; the last entry repeats. */
struct step {
    enum mg_code code;
    struct mg_llm_reply reply;
    const char *text; /* of the reply, or of the error */
    double takes;     /* seconds of the hand-moved clock */
};
static struct step script[12];
static unsigned steps, sends, wait_count, lines;
static double waits[32], seconds_given[32], time_now, deadline;
static struct mg_str sent_part;
static bool cancel_while_waiting, model_closed;
static double ask_seconds;
static int64_t ask_output;

static struct mg_arena *arena;
static struct mg_store store;
static struct mg_secrets secrets;
static struct mg_cancel cancel;
static struct mg_model_calls_setup setup;
static struct mg_llm calls;
static struct mg_llm_reply reply;
static struct mg_err err;
static pthread_mutex_t script_mutex = PTHREAD_MUTEX_INITIALIZER;

static enum mg_code complete(void *self, const struct mg_llm_request *request, struct mg_arena *into, struct mg_llm_reply *out, struct mg_err *why)
{
    (void)self, (void)into;
    (void)pthread_mutex_lock(&script_mutex);
    unsigned number = sends++;
    const struct step *step = &script[number < steps ? number : steps - 1];
    if (number < MG_COUNT(seconds_given))
        seconds_given[number] = request->seconds;
    if (request->parts.len)
        sent_part = mg_arena_str(arena, request->parts.at[0].text);
    time_now += step->takes;
    (void)pthread_mutex_unlock(&script_mutex);
    *out = step->reply;
    if (step->code != MG_OK)
        return MG_FAIL(why, step->code, "%s", step->text);
    out->text = mg_str_from(step->text);
    return MG_OK;
}
static int64_t request_bytes(void *self, const struct mg_llm_request *request) { return (void)self, (void)request, BYTES; }
static struct mg_str request_hash(void *self, const struct mg_llm_request *request, struct mg_arena *into)
{
    (void)self, (void)request;
    return mg_arena_str(into, MG_STR("abcd"));
}
static void close_model(void *self) { (void)self, model_closed = true; }
static const struct mg_llm_ops model_ops = {
    .name = "scripted", .complete = complete, .request_bytes = request_bytes, .request_hash = request_hash, .close = close_model
};

static double monotonic(void *self) { return (void)self, time_now; }
static int64_t unix_time(void *self) { return (void)self, 1763800000; }
static enum mg_code wait_for(void *self, double seconds, const struct mg_cancel *token, struct mg_err *why)
{
    (void)self;
    (void)pthread_mutex_lock(&script_mutex);
    if (wait_count < MG_COUNT(waits))
        waits[wait_count] = seconds;
    wait_count++;
    time_now += seconds;
    (void)pthread_mutex_unlock(&script_mutex);
    if (!cancel_while_waiting)
        return MG_OK;
    assert_ptr_equal(token, &cancel);
    return MG_FAIL(why, MG_E_CANCELLED, "cancelled");
}
static const struct mg_clock_ops clock_ops = { .name = "by hand", .monotonic = monotonic, .unix_time = unix_time, .wait = wait_for };

static struct mg_str last_line;
static void line(void *self, struct mg_str text)
{
    (void)self;
    lines++;
    last_line = mg_arena_str(arena, text);
}
static const struct mg_progress_ops progress_ops = { .name = "counting", .line = line };

static int set_up(void **state)
{
    (void)state;
    memset(script, 0, sizeof script);
    steps = sends = wait_count = lines = 0;
    time_now = 1000;
    ask_seconds = deadline = 0;
    ask_output = OUTPUT;
    cancel_while_waiting = model_closed = false;
    arena = mg_arena_new();
    store = mg_store_memory_new();
    secrets = (struct mg_secrets){ .len = 0 };
    cancel = (struct mg_cancel){ .wake_fd = -1 };
    setup = (struct mg_model_calls_setup){ .llm = { .ops = &model_ops, .provider = MG_STR("scripted"), .model = MG_STR("m"), .price = &price },
                                           .store = store,
                                           .clock = { &clock_ops, NULL },
                                           .progress = { &progress_ops, NULL },
                                           .secrets = &secrets,
                                           .run_id = MG_STR("r"),
                                           .limits = { 1000000, 0 },
                                           .max_retries = 3,
                                           .timeout_seconds = 300,
                                           .deadline = &deadline,
                                           .seed = 7 };
    struct mg_run_record record, wanted = { .run_id = MG_STR("r"), .repo = MG_STR("/repo"), .state = MG_RUN_PENDING };
    bool existing;
    assert_int_equal(store.ops->begin_run(store.self, &wanted, arena, &record, &existing, &err), MG_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store.ops->close(store.self);
    mg_arena_free(arena);
    return 0;
}

/* ---- scripting ---- */

static struct step *then(enum mg_code code, enum mg_llm_fault fault, const char *text)
{
    struct step *step = &script[steps++];
    *step = (struct step){ .code = code, .text = text, .reply = { .fault = fault, .reported_micro_usd = MG_UNKNOWN_COST, .retry_after = -1 } };
    return step;
}
static struct step *then_reply(int64_t input, int64_t output)
{
    struct step *step = then(MG_OK, MG_LLM_NO_FAULT, "def test_f(): assert f()");
    step->reply.usage = (struct mg_usage){ .input = input, .output = output, .known = true };
    step->reply.model = MG_STR("m-2026");
    step->reply.request_id = MG_STR("req_1");
    return step;
}
static struct step *then_busy(void) { return then(MG_E_HTTP, MG_LLM_TEMPORARY, "429 busy"); }

static enum mg_code ask(void)
{
    struct mg_llm_request request = { .purpose = MG_STR("generate"),
                                      .target_id = MG_STR("t1"),
                                      .system = MG_STR("system"),
                                      .max_output_tokens = ask_output,
                                      .seconds = ask_seconds,
                                      .cancel = &cancel };
    struct mg_llm_part part = { .role = MG_LLM_USER, .text = MG_STR("write tests; a test printed sk-secret-0001") };
    *MG_PUSH(arena, &request.parts) = part;
    return calls.ops->complete(calls.self, &request, arena, &reply, &err);
}

/* One call, from a fresh wrapper to its end. */
static enum mg_code ask_once(void)
{
    assert_int_equal(mg_model_calls_new(&setup, &calls, &err), MG_OK);
    enum mg_code code = ask();
    calls.ops->close(calls.self);
    assert_true(model_closed);
    return code;
}

static struct mg_spend spent(void)
{
    struct mg_spend spend;
    assert_int_equal(store.ops->spent(store.self, MG_STR("r"), MG_STR("t1"), &spend, &err), MG_OK);
    return spend;
}

static int64_t worst(void) { return mg_worst_cost(&price, BYTES, OUTPUT); }

/* ---- one attempt ---- */

static void a_reply_costs_what_was_used(void **state)
{
    (void)state;
    then_reply(400, 30);
    assert_int_equal(ask_once(), MG_OK);
    assert_true(mg_str_starts(reply.text, "def test_f"));
    assert_int_equal(sends, 1);
    assert_int_equal(wait_count, 0);
    const struct mg_spend spend = spent();
    assert_int_equal(spend.micro_usd, 400 * 2 + 30 * 10);
    assert_int_equal(spend.input_tokens, 400);
    assert_int_equal(spend.output_tokens, 30);
    assert_int_equal(spend.requests, 1);
    assert_int_equal(spend.estimated_calls, 0);
}

static void the_providers_own_figure_is_preferred(void **state)
{
    (void)state;
    then_reply(400, 30)->reply.reported_micro_usd = 77;
    assert_int_equal(ask_once(), MG_OK);
    assert_int_equal(spent().micro_usd, 77);
    steps = 0;
    sends = 0;
    then_reply(400, 30)->reply.reported_micro_usd = 0; /* free is a figure, too */
    assert_int_equal(ask_once(), MG_OK);
    assert_int_equal(spent().micro_usd, 77);
}

static void an_untold_usage_is_estimated_and_counted_as_such(void **state)
{
    (void)state;
    struct step *step = then_reply(0, 0);
    step->reply.usage.known = false;
    step->text = "0123456789012345678901234567890123456789"; /* 40 bytes */
    assert_int_equal(ask_once(), MG_OK);
    const struct mg_spend spend = spent();
    assert_int_equal(spend.micro_usd, BYTES / 4 * 2 + 40 / 4 * 10);
    assert_int_equal(spend.estimated_calls, 1);
    step->reply.usage = (struct mg_usage){ .input = 8, .output = 1 }; /* the adapter's own estimate stays */
    sends = 0;
    assert_int_equal(ask_once(), MG_OK);
    assert_int_equal(spent().micro_usd - spend.micro_usd, 8 * 2 + 10);
}

static void a_negative_usage_gives_nothing_back(void **state)
{
    (void)state;
    then_reply(-400, 30)->reply.usage.cache_read = -9;
    assert_int_equal(ask_once(), MG_OK);
    assert_int_equal(spent().micro_usd, 300);
    assert_int_equal(spent().input_tokens, 0);
}

static void a_model_without_a_price_costs_an_unknown_amount(void **state)
{
    (void)state;
    setup.llm.price = NULL;
    setup.limits = (struct mg_spend_limits){ 0, 100000 };
    then_reply(400, 30);
    assert_int_equal(ask_once(), MG_OK);
    assert_int_equal(spent().micro_usd, 0);
    assert_int_equal(spent().unknown_cost_calls, 1);
    steps = sends = 0;
    then(MG_E_HTTP, MG_LLM_REQUEST, "400 no");
    assert_int_equal(ask_once(), MG_E_HTTP);
    assert_int_equal(spent().unknown_cost_calls, 1); /* an error status costs nothing whatever the price is */
    steps = sends = 0;
    then(MG_E_HTTP, MG_LLM_REQUEST, "reset")->reply.unanswered = true;
    assert_int_equal(ask_once(), MG_E_HTTP);
    assert_int_equal(spent().unknown_cost_calls, 2);
}

static void a_model_without_a_price_is_refused_under_a_cost_limit(void **state)
{
    (void)state;
    setup.llm.price = NULL;
    assert_int_equal(mg_model_calls_new(&setup, &calls, &err), MG_E_CONFIG);
    assert_non_null(strstr(err.text, "scripted m"));
    assert_non_null(strstr(err.text, "llm.price_input"));
    assert_non_null(strstr(err.text, "max_cost_usd = 0"));
    assert_false(model_closed);
}

/* ---- failures ---- */

/* What each kind of failure costs, and whether it is tried again. */
static void every_fault_has_its_number_of_sends_and_its_cost(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum mg_code code;
        enum mg_llm_fault fault;
        bool unanswered, known;
        int64_t reported;
        unsigned sends;
        enum mg_code result;
        enum mg_llm_fault told;
        int worst_times, other; /* cost = worst_times * worst + other */
    } cases[] = {
        { "503", MG_E_HTTP, MG_LLM_TEMPORARY, false, false, -1, 4, MG_E_HTTP, MG_LLM_TEMPORARY, 0, 0 },
        { "reset", MG_E_HTTP, MG_LLM_TEMPORARY, true, false, -1, 4, MG_E_HTTP, MG_LLM_TEMPORARY, 4, 0 },
        { "time-out", MG_E_TIMEOUT, MG_LLM_TEMPORARY, true, false, -1, 4, MG_E_TIMEOUT, MG_LLM_TEMPORARY, 4, 0 },
        { "time-out of no kind", MG_E_TIMEOUT, MG_LLM_NO_FAULT, false, false, -1, 4, MG_E_TIMEOUT, MG_LLM_TEMPORARY, 0, 0 },
        { "400", MG_E_HTTP, MG_LLM_REQUEST, false, false, -1, 1, MG_E_HTTP, MG_LLM_REQUEST, 0, 0 },
        { "200 that is none", MG_E_HTTP, MG_LLM_REQUEST, false, true, -1, 1, MG_E_HTTP, MG_LLM_REQUEST, 0, 10 * 2 + 3 * 10 },
        { "200 cut off", MG_E_HTTP, MG_LLM_REQUEST, true, false, -1, 1, MG_E_HTTP, MG_LLM_REQUEST, 1, 0 },
        { "error with a cost", MG_E_HTTP, MG_LLM_REQUEST, false, true, 41, 1, MG_E_HTTP, MG_LLM_REQUEST, 0, 41 },
        { "of no kind", MG_E_HTTP, MG_LLM_NO_FAULT, false, false, -1, 1, MG_E_HTTP, MG_LLM_REQUEST, 0, 0 },
        { "out of contract", MG_E_LIMIT, MG_LLM_NO_FAULT, false, false, -1, 1, MG_E_HTTP, MG_LLM_REQUEST, 0, 0 },
        { "401", MG_E_HTTP, MG_LLM_ACCOUNT, false, false, -1, 1, MG_E_HTTP, MG_LLM_ACCOUNT, 0, 0 },
        { "setting", MG_E_CONFIG, MG_LLM_NO_FAULT, false, false, -1, 1, MG_E_HTTP, MG_LLM_ACCOUNT, 0, 0 },
        { "cancelled before", MG_E_CANCELLED, MG_LLM_NO_FAULT, false, false, -1, 1, MG_E_CANCELLED, MG_LLM_NO_FAULT, 0, 0 },
        { "cancelled under way", MG_E_CANCELLED, MG_LLM_NO_FAULT, true, false, -1, 1, MG_E_CANCELLED, MG_LLM_NO_FAULT, 1, 0 },
    };
    int64_t before = 0;
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        steps = sends = 0;
        struct step *step = then(cases[i].code, cases[i].fault, cases[i].name);
        step->reply.unanswered = cases[i].unanswered;
        step->reply.reported_micro_usd = cases[i].reported;
        if (cases[i].known)
            step->reply.usage = (struct mg_usage){ .input = 10, .output = 3, .known = true };
        enum mg_code result = ask_once();
        int64_t cost = spent().micro_usd - before;
        before += cost;
        if (result != cases[i].result || sends != cases[i].sends || reply.fault != cases[i].told ||
            cost != cases[i].worst_times * worst() + cases[i].other || !mg_str_starts(mg_str_from(err.text), cases[i].name))
            fail_msg("%s: %s (%s), %u sends, cost %lld", cases[i].name, mg_code_name(result), err.text, sends, (long long)cost);
    }
    assert_true(before > 0);
    assert_int_equal(spent().calls, 4 * 4 + 10);
}

static void a_failure_counts_its_tokens_only_when_it_may_have_been_worked_on(void **state)
{
    (void)state;
    then(MG_E_HTTP, MG_LLM_REQUEST, "400");
    assert_int_equal(ask_once(), MG_E_HTTP);
    assert_int_equal(spent().input_tokens + spent().output_tokens, 0);
    assert_int_equal(spent().micro_usd, 0);
    steps = sends = 0;
    then(MG_E_HTTP, MG_LLM_REQUEST, "reset")->reply.unanswered = true;
    assert_int_equal(ask_once(), MG_E_HTTP);
    assert_int_equal(spent().input_tokens, BYTES);
    assert_int_equal(spent().output_tokens, OUTPUT);
    assert_int_equal(spent().estimated_calls, 1);
}

/* A program that ends with an error behind its work; a reply that could not be recorded. */
static void a_failure_with_an_estimated_usage_is_paid_for(void **state)
{
    (void)state;
    then(MG_E_HTTP, MG_LLM_REQUEST, "the command exited with 1")->reply.usage = (struct mg_usage){ .input = 10, .output = 3 };
    assert_int_equal(ask_once(), MG_E_HTTP);
    assert_int_equal(spent().micro_usd, 10 * 2 + 3 * 10);
    assert_int_equal(spent().input_tokens, 10);
    assert_int_equal(spent().output_tokens, 3);
    assert_int_equal(spent().estimated_calls, 1);
    setup.llm.price = NULL;
    setup.limits = (struct mg_spend_limits){ 0, 0 };
    sends = 0;
    assert_int_equal(ask_once(), MG_E_HTTP);
    assert_int_equal(spent().unknown_cost_calls, 1);
}

static void a_rejected_key_stops_every_later_call(void **state)
{
    (void)state;
    then_reply(1, 1);
    then(MG_E_HTTP, MG_LLM_ACCOUNT, "401 wrong key");
    assert_int_equal(mg_model_calls_new(&setup, &calls, &err), MG_OK);
    assert_int_equal(ask(), MG_OK);
    assert_int_equal(ask(), MG_E_HTTP);
    for (int i = 0; i < 3; i++) {
        reply.fault = MG_LLM_NO_FAULT;
        assert_int_equal(ask(), MG_E_HTTP);
        assert_int_equal(reply.fault, MG_LLM_ACCOUNT);
        assert_string_equal(err.text, "401 wrong key");
    }
    assert_int_equal(sends, 2);
    assert_int_equal(spent().calls, 2); /* nothing was even reserved */
    calls.ops->close(calls.self);
}

/* ---- waiting ---- */

static void waits_double_to_a_cap_with_a_little_chance(void **state)
{
    (void)state;
    static const double full[] = { 0.5, 1, 2, 4, 8, 8, 8 };
    setup.max_retries = MG_COUNT(full);
    then_busy();
    assert_int_equal(ask_once(), MG_E_HTTP);
    assert_string_equal(err.text, "429 busy (tried 8 times)");
    assert_int_equal(sends, MG_COUNT(full) + 1);
    assert_int_equal(wait_count, MG_COUNT(full));
    bool shorter = false;
    for (size_t i = 0; i < MG_COUNT(full); i++) {
        assert_true(waits[i] <= full[i] && waits[i] > 0.75 * full[i]);
        shorter = shorter || waits[i] < 0.97 * full[i];
    }
    assert_true(shorter);
    double first = waits[0], second = waits[1];
    assert_true(first * 2 != second); /* not the same chance twice */
    wait_count = sends = 0;
    assert_int_equal(ask_once(), MG_E_HTTP);
    assert_true(waits[0] == first && waits[1] == second); /* same seed, same waits */
    setup.seed = 8;
    wait_count = sends = 0;
    assert_int_equal(ask_once(), MG_E_HTTP);
    assert_true(waits[0] != first);
}

static void a_reply_after_retries_is_a_reply(void **state)
{
    (void)state;
    then_busy();
    then_busy()->reply.unanswered = true;
    then_reply(10, 1);
    assert_int_equal(ask_once(), MG_OK);
    assert_int_equal(sends, 3);
    assert_int_equal(reply.fault, MG_LLM_NO_FAULT);
    assert_int_equal(spent().micro_usd, worst() + 30);
    assert_int_equal(spent().requests, 3);
}

static void the_provider_says_how_long_to_wait(void **state)
{
    (void)state;
    then_busy()->reply.retry_after = 17.5;
    then_busy()->reply.retry_after = 0;
    then_busy()->reply.retry_after = 120;
    then_reply(1, 1);
    assert_int_equal(ask_once(), MG_OK);
    assert_int_equal(wait_count, 3);
    assert_true(waits[0] == 17.5 && waits[1] == 0 && waits[2] == 120);
    assert_int_equal(lines, 2); /* a wait worth telling is told */
    assert_true(mg_str_is(last_line, "the model is asked again in 120 s: 429 busy"));
}

static void too_long_a_wait_is_none(void **state)
{
    (void)state;
    then_busy()->reply.retry_after = 121;
    assert_int_equal(ask_once(), MG_E_HTTP);
    assert_int_equal(sends, 1);
    assert_int_equal(wait_count, 0);
    assert_int_equal(reply.fault, MG_LLM_ACCOUNT); /* no other request is sent either */
    assert_string_equal(err.text, "429 busy (asks to wait 121 s, which is too long)");
    deadline = time_now + 10; /* the wall clock of the run */
    script[0].reply.retry_after = 9.6;
    sends = 0;
    assert_int_equal(ask_once(), MG_E_HTTP);
    assert_int_equal(sends, 1);
    assert_int_equal(wait_count, 0);
    script[0].reply.retry_after = 9.4;
    sends = 0;
    assert_int_equal(ask_once(), MG_E_HTTP); /* waits once; the second time there is not enough left */
    assert_int_equal(sends, 2);
    assert_int_equal(wait_count, 1);
}

static void no_retries_means_none(void **state)
{
    (void)state;
    setup.max_retries = 0;
    then_busy();
    assert_int_equal(ask_once(), MG_E_HTTP);
    assert_int_equal(sends, 1);
    assert_int_equal(wait_count, 0);
    assert_string_equal(err.text, "429 busy");
}

static void a_cancelled_run_neither_waits_nor_sends(void **state)
{
    (void)state;
    then_busy();
    cancel_while_waiting = true;
    assert_int_equal(ask_once(), MG_E_CANCELLED);
    assert_int_equal(sends, 1);
    assert_int_equal(wait_count, 1);
    cancel.requested = 2;
    assert_int_equal(ask_once(), MG_E_CANCELLED);
    assert_int_equal(sends, 1);
    assert_int_equal(spent().calls, 1);
}

/* ---- limits ---- */

static void an_attempt_has_the_time_that_is_left(void **state)
{
    (void)state;
    then_busy()->takes = 40;
    then_reply(1, 1);
    assert_int_equal(ask_once(), MG_OK);
    assert_true(seconds_given[0] == 300 && seconds_given[1] == 300);
    sends = 0;
    deadline = time_now + 100;
    assert_int_equal(ask_once(), MG_OK);
    double left = 60 - waits[1];
    assert_true(seconds_given[0] == 100 && seconds_given[1] > left - 1e-6 && seconds_given[1] < left + 1e-6);
    setup.timeout_seconds = 5;
    assert_int_equal(ask_once(), MG_OK);
    assert_true(seconds_given[2] == 5);
    ask_seconds = 3; /* whoever asks may want less */
    assert_int_equal(ask_once(), MG_OK);
    assert_true(seconds_given[3] == 3);
}

static void who_forbids_a_further_try_is_not_asked_again(void **state)
{
    (void)state;
    then_busy()->reply.no_retry = true;
    then_reply(1, 1);
    assert_int_equal(ask_once(), MG_E_HTTP);
    assert_int_equal(sends, 1);
    assert_int_equal(reply.fault, MG_LLM_TEMPORARY); /* a later session may get over it */
}

static void nothing_is_sent_after_the_deadline(void **state)
{
    (void)state;
    then_reply(1, 1);
    deadline = time_now + 0.25;
    assert_int_equal(ask_once(), MG_E_LIMIT);
    assert_string_equal(err.text, "wallclock_exceeded");
    assert_int_equal(sends, 0);
    assert_int_equal(spent().calls, 0);
}

static void a_refused_reservation_sends_nothing(void **state)
{
    (void)state;
    then_reply(400, 30);
    setup.limits = (struct mg_spend_limits){ worst(), 0 };
    assert_int_equal(ask_once(), MG_OK);
    assert_int_equal(ask_once(), MG_E_LIMIT);
    assert_string_equal(err.text, "cost_limit_reached");
    setup.limits = (struct mg_spend_limits){ 0, 430 + BYTES + OUTPUT - 1 };
    assert_int_equal(ask_once(), MG_E_LIMIT);
    assert_string_equal(err.text, "token_limit_reached");
    assert_int_equal(sends, 1);
    assert_int_equal(spent().calls, 1);
    setup.limits.max_tokens++;
    assert_int_equal(ask_once(), MG_OK);
    ask_output = INT64_MAX; /* saturates, does not wrap to something small */
    assert_int_equal(ask_once(), MG_E_LIMIT);
    assert_int_equal(sends, 2);
}

static void every_attempt_has_a_reservation_of_its_own(void **state)
{
    (void)state;
    then(MG_E_TIMEOUT, MG_LLM_TEMPORARY, "no answer")->reply.unanswered = true;
    setup.limits.max_micro_usd = 2 * worst() + 1;
    assert_int_equal(ask_once(), MG_E_LIMIT); /* the third one does not fit any more */
    assert_int_equal(sends, 2);
    assert_int_equal(spent().micro_usd, 2 * worst());
}

static void a_call_that_cannot_be_written_down_ends_with_the_stores_error(void **state)
{
    (void)state;
    then_reply(1, 1);
    setup.run_id = MG_STR("never begun");
    assert_int_equal(ask_once(), MG_E_STATE);
    assert_int_equal(sends, 0);
}

static void settings_become_limits(void **state)
{
    (void)state;
    struct mg_config config;
    mg_config_defaults(&config);
    mg_model_calls_configure(&setup, &config);
    assert_int_equal(setup.limits.max_micro_usd, 1000000);
    assert_int_equal(setup.limits.max_tokens, 0);
    assert_int_equal(setup.max_retries, 3);
    assert_true(setup.timeout_seconds == 300);
    config.orchestrator.max_cost_usd = 0.0000001;
    config.orchestrator.max_tokens = 5;
    mg_model_calls_configure(&setup, &config);
    assert_int_equal(setup.limits.max_micro_usd, 1);
    assert_int_equal(setup.limits.max_tokens, 5);
    config.orchestrator.max_cost_usd = 0;
    mg_model_calls_configure(&setup, &config);
    assert_int_equal(setup.limits.max_micro_usd, 0);
}

/* ---- secrets ---- */

static void no_secret_goes_out_or_comes_back(void **state)
{
    (void)state;
    assert_true(mg_secrets_add(&secrets, MG_STR("sk-secret-0001")));
    then_busy()->text = "429 for key sk-secret-0001";
    then_reply(1, 1)->text = "KEY = 'sk-secret-0001'";
    setup.max_retries = 1;
    script[0].reply.retry_after = 2;
    assert_int_equal(ask_once(), MG_OK);
    assert_true(mg_str_is(sent_part, "write tests; a test printed [redacted]"));
    assert_true(mg_str_is(reply.text, "KEY = '[redacted]'"));
    assert_true(mg_str_is(last_line, "the model is asked again in 2 s: 429 for key [redacted]"));
    sends = 0;
    script[0].reply.fault = MG_LLM_ACCOUNT;
    assert_int_equal(ask_once(), MG_E_HTTP);
    assert_string_equal(err.text, "429 for key [redacted]");
}

/* ---- threads ---- */

static void *ask_often(void *arg)
{
    unsigned *ok = arg;
    struct mg_arena *own = mg_arena_new();
    for (int i = 0; i < 50; i++) {
        struct mg_llm_request request = { .target_id = MG_STR("t1"), .max_output_tokens = OUTPUT };
        struct mg_llm_reply got;
        struct mg_err why;
        *ok += calls.ops->complete(calls.self, &request, own, &got, &why) == MG_OK;
    }
    mg_arena_free(own);
    return NULL;
}

static void many_threads_stay_below_one_limit(void **state)
{
    (void)state;
    pthread_t threads[8];
    unsigned ok[8] = { 0 }, total = 0;
    setup.progress.ops = NULL;
    setup.limits.max_micro_usd = 100 * worst();
    then_busy();
    then_reply(BYTES, OUTPUT); /* takes nearly all that is set aside */
    assert_int_equal(mg_model_calls_new(&setup, &calls, &err), MG_OK);
    for (size_t i = 0; i < MG_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &ok[i]), 0);
    for (size_t i = 0; i < MG_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        total += ok[i];
    }
    calls.ops->close(calls.self);
    assert_true(spent().micro_usd <= 100 * worst());
    assert_int_equal(spent().micro_usd, total * (BYTES * 2 + OUTPUT * 10));
    assert_int_equal(sends, total + 1);
    assert_true(total < 400 && total >= 92);
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_reply_costs_what_was_used),
        CASE(the_providers_own_figure_is_preferred),
        CASE(an_untold_usage_is_estimated_and_counted_as_such),
        CASE(a_negative_usage_gives_nothing_back),
        CASE(a_model_without_a_price_costs_an_unknown_amount),
        CASE(a_model_without_a_price_is_refused_under_a_cost_limit),
        CASE(every_fault_has_its_number_of_sends_and_its_cost),
        CASE(a_failure_counts_its_tokens_only_when_it_may_have_been_worked_on),
        CASE(a_failure_with_an_estimated_usage_is_paid_for),
        CASE(a_rejected_key_stops_every_later_call),
        CASE(waits_double_to_a_cap_with_a_little_chance),
        CASE(a_reply_after_retries_is_a_reply),
        CASE(the_provider_says_how_long_to_wait),
        CASE(too_long_a_wait_is_none),
        CASE(no_retries_means_none),
        CASE(a_cancelled_run_neither_waits_nor_sends),
        CASE(an_attempt_has_the_time_that_is_left),
        CASE(who_forbids_a_further_try_is_not_asked_again),
        CASE(nothing_is_sent_after_the_deadline),
        CASE(a_refused_reservation_sends_nothing),
        CASE(every_attempt_has_a_reservation_of_its_own),
        CASE(a_call_that_cannot_be_written_down_ends_with_the_stores_error),
        CASE(settings_become_limits),
        CASE(no_secret_goes_out_or_comes_back),
        CASE(many_threads_stay_below_one_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
