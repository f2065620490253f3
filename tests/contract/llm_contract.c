/* The llm port's contract, run on every adapter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "contract/llm_contract.h"
#include "os/fd.h"

static const struct llm_contract *contract;

struct fixture {
    struct mg_llm llm;
    struct mg_arena *arena;
    struct mg_llm_request request;
    struct mg_llm_reply reply;
    struct mg_err err;
};

struct mg_llm_request llm_contract_request(struct mg_arena *arena)
{
    struct mg_llm_request request = { .purpose = MG_STR("generate"),
                                      .target_id = MG_STR("calc.ops.clamp"),
                                      .system = MG_STR("Write pytest tests."),
                                      .max_output_tokens = 1000,
                                      .seconds = 60 };
    *MG_PUSH(arena, &request.parts) = (struct mg_llm_part){ MG_LLM_USER, MG_STR("The project uses pytest.\n"), true };
    *MG_PUSH(arena, &request.parts) = (struct mg_llm_part){ MG_LLM_USER, MG_STR("Target: calc.ops.clamp\n\xe2\x82\xac \"quoted\" \\ back\n"), false };
    *MG_PUSH(arena, &request.parts) = (struct mg_llm_part){ MG_LLM_ASSISTANT, MG_STR("def test_clamp(): ..."), false };
    *MG_PUSH(arena, &request.parts) = (struct mg_llm_part){ MG_LLM_USER, MG_STR("It fails: repair it."), false };
    return request;
}

static struct fixture *start(enum llm_peer peer)
{
    static struct fixture f;
    f = (struct fixture){ .arena = mg_arena_new(), .err = { .code = MG_OK } };
    memset(&f.reply, 0x5a, sizeof f.reply); /* an adapter must fill all of it */
    f.request = llm_contract_request(f.arena);
    if (!contract->open(peer, &f.llm)) {
        mg_arena_free(f.arena);
        skip();
    }
    if (peer == LLM_ANSWERS && contract->prepare)
        contract->prepare(&f.request);
    return &f;
}

static enum mg_code complete(struct fixture *f)
{
    enum mg_code code = f->llm.ops->complete(f->llm.self, &f->request, f->arena, &f->reply, &f->err);
    if (code != MG_OK)
        assert_int_equal(f->err.code, code);
    return code;
}

static bool is_clean(struct mg_str text) { return mg_str_is_utf8(text) && !mg_str_contains(text, LLM_CONTRACT_KEY); }

static void finish(struct fixture *f)
{
    struct mg_str told = mg_str_from(f->err.text);
    assert_true(is_clean(told));
    assert_true(mg_str_find(told, '\n', 0) == told.len);
    assert_true(is_clean(f->reply.text) && is_clean(f->reply.model) && is_clean(f->reply.request_id));
    f->llm.ops->close(f->llm.self);
    if (contract->discard)
        contract->discard();
    mg_arena_free(f->arena);
}

/* A failure that is no time-out and no cancel. */
static void assert_fault(struct fixture *f, enum mg_llm_fault fault)
{
    enum mg_code code = complete(f);
    if (f->reply.fault != fault)
        print_message("fault %d: %s\n", f->reply.fault, f->err.text);
    assert_int_equal(code, MG_E_HTTP);
    assert_int_equal(f->reply.fault, fault);
    assert_true(f->err.text[0] != '\0');
    finish(f);
}

static void a_reply_is_filled_in(void **unused)
{
    (void)unused;
    struct fixture *f = start(LLM_ANSWERS);
    assert_int_equal(complete(f), MG_OK);
    assert_true(mg_str_is(f->reply.text, LLM_CONTRACT_TEXT));
    assert_int_equal(f->reply.fault, MG_LLM_NO_FAULT);
    assert_int_equal(f->reply.stop, MG_LLM_END);
    assert_false(f->reply.unanswered);
    assert_true(f->reply.reported_micro_usd >= MG_UNKNOWN_COST);
    assert_true(f->reply.usage.input >= 0 && f->reply.usage.output >= 0 && f->reply.usage.cache_read >= 0 && f->reply.usage.cache_write >= 0);
    assert_int_equal(f->reply.request_bytes, f->llm.ops->request_bytes(f->llm.self, &f->request));
    assert_true(f->reply.request_bytes > 80); /* the texts alone */
    assert_true(f->llm.provider.len > 0);
    finish(f);
}

static void a_hash_names_the_request(void **unused)
{
    (void)unused;
    struct fixture *f = start(LLM_ANSWERS);
    memset(&f->reply, 0, sizeof f->reply);
    struct mg_str hash = f->llm.ops->request_hash(f->llm.self, &f->request, f->arena);
    assert_int_equal(hash.len, 64);
    for (size_t i = 0; i < hash.len; i++)
        assert_non_null(memchr("0123456789abcdef", hash.at[i], 16));
    f->request.purpose = MG_STR("repair");
    f->request.seconds = 5;
    assert_true(mg_str_eq(hash, f->llm.ops->request_hash(f->llm.self, &f->request, f->arena)));
    f->request.parts.at[3].text = MG_STR("It fails: repair it!");
    assert_false(mg_str_eq(hash, f->llm.ops->request_hash(f->llm.self, &f->request, f->arena)));
    f->request = llm_contract_request(f->arena);
    f->request.system = MG_STR("Write pytest tests");
    assert_false(mg_str_eq(hash, f->llm.ops->request_hash(f->llm.self, &f->request, f->arena)));
    f->request = llm_contract_request(f->arena);
    f->request.parts.at[2].role = MG_LLM_USER;
    assert_false(mg_str_eq(hash, f->llm.ops->request_hash(f->llm.self, &f->request, f->arena)));
    finish(f);
}

static void faults_have_their_kind(void **unused)
{
    (void)unused;
    assert_fault(start(LLM_REFUSES), MG_LLM_REQUEST);
}
static void busy_is_temporary(void **unused)
{
    (void)unused;
    assert_fault(start(LLM_BUSY), MG_LLM_TEMPORARY);
}
static void denied_is_for_all(void **unused)
{
    (void)unused;
    assert_fault(start(LLM_DENIES), MG_LLM_ACCOUNT);
}
static void bad_bytes_are_no_reply(void **unused)
{
    (void)unused;
    assert_fault(start(LLM_BAD_BYTES), MG_LLM_REQUEST);
}
static void a_flood_is_no_reply(void **unused)
{
    (void)unused;
    assert_fault(start(LLM_FLOODS), MG_LLM_REQUEST);
}

static void a_deadline_ends_an_attempt(void **unused)
{
    (void)unused;
    struct fixture *f = start(LLM_HANGS);
    f->request.seconds = 0.5;
    double before = mg_now();
    assert_int_equal(complete(f), MG_E_TIMEOUT);
    assert_true(mg_now() - before >= 0.4);
    assert_int_equal(f->reply.fault, MG_LLM_TEMPORARY);
    assert_true(f->reply.unanswered);
    if (contract->is_left)
        assert_false(contract->is_left());
    finish(f);
}

struct stopper {
    struct mg_cancel *cancel;
    int wake;
};

static void *stop_when_it_came(void *data)
{
    struct stopper *stopper = data;
    while (!contract->came())
        usleep(2000);
    stopper->cancel->requested = SIGINT;
    return write(stopper->wake, "x", 1) == 1 ? NULL : data;
}

/* The deadline is far behind the test's own time-out: only the token can end it. */
static void a_cancel_ends_an_attempt(void **unused)
{
    (void)unused;
    struct fixture *f = start(LLM_HANGS);
    int ends[2];
    pthread_t thread;
    assert_int_equal(mg_fd_pipe(ends, NULL), MG_OK);
    struct mg_cancel cancel = { .wake_fd = ends[0] };
    f->request.cancel = &cancel;
    f->request.seconds = 3600;
    assert_int_equal(pthread_create(&thread, NULL, stop_when_it_came, &(struct stopper){ &cancel, ends[1] }), 0);
    assert_int_equal(complete(f), MG_E_CANCELLED);
    assert_true(f->reply.unanswered);
    pthread_join(thread, NULL);
    close(ends[0]);
    close(ends[1]);
    if (contract->is_left)
        assert_false(contract->is_left());
    finish(f);
}

static void a_cancelled_run_sends_nothing(void **unused)
{
    (void)unused;
    struct fixture *f = start(LLM_ANSWERS);
    struct mg_cancel cancel = { .requested = SIGINT, .wake_fd = -1 };
    f->request.cancel = &cancel;
    assert_int_equal(complete(f), MG_E_CANCELLED);
    assert_false(f->reply.unanswered);
    assert_int_equal(f->reply.text.len, 0);
    finish(f);
}

struct caller {
    struct fixture *f;
    bool good;
};

static void *call_often(void *data)
{
    struct caller *caller = data;
    struct mg_arena *arena = mg_arena_new();
    struct mg_llm_request request = llm_contract_request(arena);
    struct mg_llm_reply reply;
    caller->good = true;
    for (int i = 0; i < 3; i++)
        caller->good = caller->good && caller->f->llm.ops->complete(caller->f->llm.self, &request, arena, &reply, NULL) == MG_OK &&
                       mg_str_is(reply.text, LLM_CONTRACT_TEXT);
    mg_arena_free(arena);
    return NULL;
}

static void several_calls_at_once(void **unused)
{
    (void)unused;
    struct fixture *f = start(LLM_ANSWERS);
    memset(&f->reply, 0, sizeof f->reply);
    pthread_t threads[4];
    struct caller callers[4];
    for (size_t i = 0; i < MG_COUNT(threads); i++) {
        callers[i].f = f;
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
    }
    for (size_t i = 0; i < MG_COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
        assert_true(callers[i].good);
    }
    finish(f);
}

int run_llm_contract(const char *name, const struct llm_contract *of)
{
    contract = of;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_is_filled_in),     cmocka_unit_test(a_hash_names_the_request),
        cmocka_unit_test(faults_have_their_kind),   cmocka_unit_test(busy_is_temporary),
        cmocka_unit_test(denied_is_for_all),        cmocka_unit_test(bad_bytes_are_no_reply),
        cmocka_unit_test(a_flood_is_no_reply),      cmocka_unit_test(a_deadline_ends_an_attempt),
        cmocka_unit_test(a_cancel_ends_an_attempt), cmocka_unit_test(a_cancelled_run_sends_nothing),
        cmocka_unit_test(several_calls_at_once),
    };
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
