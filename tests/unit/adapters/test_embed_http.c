/* The embedder over HTTP: batches, unit length, and answers that are not one vector for each text. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "adapters/llm_http/embed_http.h"
#include "base/buf.h"
#include "base/str.h"
#include "unit/scripted_http.h"

struct fixture {
    struct mg_arena *arena;
    struct scripted_http http;
    struct mg_embedder embedder;
    struct mg_err err;
    float *vectors[200];
    size_t dimension;
    struct mg_embed_end end;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->arena = mg_arena_new();
    struct mg_embed_http_settings settings = {
        .base_url = MG_STR("http://127.0.0.1:11434"), .model = MG_STR("nomic"), .key = MG_STR("sk-embed-key"), .seconds = 5, .max_body = 1u << 20
    };
    assert_int_equal(mg_embed_http_new(&settings, scripted_http(&f->http), &f->embedder, &f->err), MG_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    f->embedder.ops->close(f->embedder.self);
    mg_arena_free(f->arena);
    free(f);
    return 0;
}

static enum mg_code embed(struct fixture *f, const struct mg_str *texts, size_t count)
{
    return f->embedder.ops->embed(f->embedder.self, texts, count, 0, NULL, f->arena, f->vectors, &f->dimension, &f->end, &f->err);
}

static void vectors_have_unit_length_and_their_places(void **state)
{
    struct fixture *f = *state;
    const struct mg_str texts[] = { MG_STR("one"), MG_STR("  "), MG_STR("two \"quoted\"") };
    f->http.body = MG_STR("{\"data\":[{\"index\":1,\"embedding\":[0,0]},{\"index\":0,\"embedding\":[3,-4.0]}]}");
    assert_int_equal(embed(f, texts, 3), MG_OK);
    assert_int_equal(f->dimension, 2);
    assert_true(fabsf(f->vectors[0][0] - 0.6f) < 1e-6f && fabsf(f->vectors[0][1] + 0.8f) < 1e-6f);
    assert_true(f->vectors[1][0] == 0 && f->vectors[1][1] == 0); /* blank: not sent */
    assert_true(f->vectors[2][0] == 0 && f->vectors[2][1] == 0);
    assert_true(mg_str_is(f->http.seen.url, "http://127.0.0.1:11434/v1/embeddings"));
    assert_true(mg_str_is(f->http.seen.body, "{\"model\":\"nomic\",\"input\":[\"one\",\"two \\\"quoted\\\"\"],\"encoding_format\":\"float\"}"));
    assert_true(mg_str_is(scripted_http_header(&f->http, "authorization"), "Bearer sk-embed-key"));
}

/* The whole call has the time that is left of the run, never more than the embedder's own. */
static void a_call_has_the_time_it_was_given(void **state)
{
    struct fixture *f = *state;
    const struct mg_str text = MG_STR("one");
    f->http.body = MG_STR("{\"data\":[{\"index\":0,\"embedding\":[1]}]}");
    assert_int_equal(embed(f, &text, 1), MG_OK);
    assert_true(f->http.seen.seconds == 5);
    assert_int_equal(f->embedder.ops->embed(f->embedder.self, &text, 1, 2.0, NULL, f->arena, f->vectors, &f->dimension, &f->end, &f->err), MG_OK);
    assert_true(f->http.seen.seconds > 0 && f->http.seen.seconds <= 2);
    assert_int_equal(f->embedder.ops->embed(f->embedder.self, &text, 1, 50.0, NULL, f->arena, f->vectors, &f->dimension, &f->end, &f->err), MG_OK);
    assert_true(f->http.seen.seconds == 5);
}

static void nothing_is_sent_for_blank_texts(void **state)
{
    struct fixture *f = *state;
    const struct mg_str texts[] = { MG_NO_STR, MG_STR(" \n") };
    assert_int_equal(embed(f, texts, 2), MG_OK);
    assert_int_equal(f->http.calls, 0);
    assert_int_equal(f->dimension, 0);
    assert_non_null(f->vectors[1]);
}

static void what_is_known_of_a_call_is_told(void **state)
{
    struct fixture *f = *state;
    static const struct {
        long status;
        enum mg_code code;
        const char *body;
        enum mg_llm_fault fault;
        bool unanswered;
        int64_t tokens;
    } cases[] = {
        { 200, MG_OK, "{\"data\":[{\"embedding\":[1]}],\"usage\":{\"prompt_tokens\":7}}", MG_LLM_NO_FAULT, false, 7 },
        { 200, MG_OK, "{\"data\":[{\"embedding\":[1]}]}", MG_LLM_NO_FAULT, false, 0 },
        { 200, MG_E_HTTP, "{\"data\":[]}", MG_LLM_REQUEST, true, 0 },
        { 200, MG_E_HTTP, "{\"data\":[],\"usage\":{\"prompt_tokens\":7}}", MG_LLM_REQUEST, false, 7 },
        { 401, MG_E_HTTP, "{\"error\":{\"message\":\"no\"}}", MG_LLM_ACCOUNT, false, 0 },
        { 403, MG_E_HTTP, "", MG_LLM_ACCOUNT, false, 0 },
        { 503, MG_E_HTTP, "", MG_LLM_TEMPORARY, false, 0 },
        { 400, MG_E_HTTP, "", MG_LLM_REQUEST, false, 0 },
    };
    const struct mg_str text = MG_STR("one");
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        f->http.status = cases[i].status;
        f->http.body = mg_str_from(cases[i].body);
        f->end = MG_EMBED_END;
        if (embed(f, &text, 1) != cases[i].code || f->end.fault != cases[i].fault || f->end.unanswered != cases[i].unanswered ||
            f->end.tokens != cases[i].tokens)
            fail_msg("%ld %s: fault %d, unanswered %d, %lld tokens", cases[i].status, cases[i].body, f->end.fault, f->end.unanswered,
                     (long long)f->end.tokens);
    }
    f->http.code = MG_E_TIMEOUT;
    f->http.text = "no answer";
    assert_int_equal(embed(f, &text, 1), MG_E_TIMEOUT);
    assert_true(f->end.fault == MG_LLM_TEMPORARY && f->end.unanswered);
}

/* 150 texts: 64, 64, 22. */
static void many_texts_go_in_batches(void **state)
{
    struct fixture *f = *state;
    const char *bodies[3];
    struct mg_str texts[150];
    for (size_t i = 0; i < MG_COUNT(texts); i++)
        texts[i] = mg_arena_printf(f->arena, "text %zu", i);
    static const size_t sizes[] = { 64, 64, 22 };
    for (size_t b = 0, done = 0; b < 3; done += sizes[b++]) {
        struct mg_buf body = MG_BUF(1u << 16);
        mg_buf_adds(&body, "{\"data\":[");
        for (size_t i = 0; i < sizes[b]; i++)
            mg_buf_addf(&body, "%s{\"embedding\":[1,%zu]}", i ? "," : "", done + i);
        mg_buf_adds(&body, "]}");
        bodies[b] = mg_arena_cstr(f->arena, mg_buf_take(&body, f->arena));
    }
    f->http.bodies = bodies;
    assert_int_equal(embed(f, texts, 150), MG_OK);
    assert_int_equal(f->http.calls, 3);
    for (size_t i = 0; i < 150; i++)
        assert_true(fabsf(f->vectors[i][1] / f->vectors[i][0] - (float)i) < 0.01f);
    assert_true(mg_str_contains(f->http.sent[2], "\"text 128\"") && !mg_str_contains(f->http.sent[2], "\"text 127\""));
}

static void a_long_text_is_cut_at_a_character(void **state)
{
    struct fixture *f = *state;
    struct mg_buf text = MG_BUF(1u << 20);
    mg_buf_addc(&text, 'x');
    for (size_t i = 0; i < 20000; i++)
        mg_buf_adds(&text, "\xc3\xa4");
    f->http.body = MG_STR("{\"data\":[{\"embedding\":[1]}]}");
    struct mg_str one = mg_buf_take(&text, f->arena);
    assert_int_equal(embed(f, &one, 1), MG_OK);
    assert_in_range(f->http.seen.body.len, 23990, 24100);
    assert_true(mg_str_is_utf8(f->http.seen.body));
    assert_false(mg_str_contains(f->http.seen.body, "\xef\xbf\xbd"));
}

static void other_answers_are_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        long status;
        const char *body, *says;
    } cases[] = {
        { 200, "{\"data\":[{\"embedding\":[1,2]}]}", "one vector of the same length" },
        { 200, "{\"data\":[{\"embedding\":[1,2]},{\"embedding\":[1]}]}", "one vector of the same length" },
        { 200, "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":0,\"embedding\":[1]}]}", "one vector" },
        { 200, "{\"data\":[{\"index\":0,\"embedding\":[1]},{\"index\":2,\"embedding\":[1]}]}", "one vector" },
        { 200, "{\"data\":[{\"embedding\":[]},{\"embedding\":[]}]}", "one vector" },
        { 200, "{\"data\":[{\"embedding\":[\"1\"]},{\"embedding\":[2]}]}", "one vector" },
        { 200, "{\"data\":[{\"embedding\":[1e308]},{\"embedding\":[2]}]}", "one vector" },
        { 200, "{\"data\":[{\"embedding\":\"AACAPw==\"},{\"embedding\":\"AACAPw==\"}]}", "one vector" },
        { 200, "<html>hello", "no JSON" },
        { 200, "{\"error\":{\"message\":\"broken inside\"}}", "broken inside" },
        { 404, "{\"error\":\"model 'nomic' not found\"}", "embeddings answered 404: model 'nomic' not found" },
        { 401, "{\"error\":{\"message\":\"bad key sk-embed-key\",\"code\":\"invalid_api_key\"}}", "401 invalid_api_key: bad key [key]" },
    };
    const struct mg_str texts[] = { MG_STR("one"), MG_STR("two") };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        f->http.status = cases[i].status;
        f->http.body = mg_str_from(cases[i].body);
        assert_int_equal(embed(f, texts, 2), MG_E_HTTP);
        if (!strstr(f->err.text, cases[i].says))
            fail_msg("case %zu: %s", i, f->err.text);
    }
    f->http.code = MG_E_TIMEOUT;
    assert_int_equal(embed(f, texts, 2), MG_E_TIMEOUT);
    f->http.code = MG_E_LIMIT;
    assert_int_equal(embed(f, texts, 2), MG_E_HTTP);
}

static void settings_are_checked(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *base, *model, *key, *says;
    } cases[] = {
        { "http://h", "", "k", "embedding_model" },
        { "", "m", "", "OPENAI_API_KEY" },
        { "h:80", "m", "", "embedding_base_url must begin with http" },
        { "http://h", "m", "a\nb", "line break" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_embed_http_settings settings = { .base_url = mg_str_from(cases[i].base),
                                                   .model = mg_str_from(cases[i].model),
                                                   .key = mg_str_from(cases[i].key) };
        struct mg_embedder made;
        assert_int_equal(mg_embed_http_new(&settings, scripted_http(&f->http), &made, &f->err), MG_E_CONFIG);
        assert_non_null(strstr(f->err.text, cases[i].says));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_known_of_a_call_is_told),  TEST(vectors_have_unit_length_and_their_places),
        TEST(a_call_has_the_time_it_was_given), TEST(nothing_is_sent_for_blank_texts),
        TEST(many_texts_go_in_batches),         TEST(a_long_text_is_cut_at_a_character),
        TEST(other_answers_are_refused),        TEST(settings_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
