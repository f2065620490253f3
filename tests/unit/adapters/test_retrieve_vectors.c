/* Hashing embeddings against the predecessor's vectors; and what a query finds among vectors, with an embedder that can also fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "adapters/embed_hashing/embed_hashing.h"
#include "adapters/retrieve_vectors/retrieve_vectors.h"
#include "base/arena.h"
#include "base/str.h"

static const float *embed(struct mg_arena *arena, struct mg_str text, size_t dimension)
{
    struct mg_embedder embedder = mg_embed_hashing_new(arena, dimension);
    float *vector = NULL;
    size_t got = 0;
    struct mg_err err = { .text = "" };
    assert_int_equal(embedder.ops->embed(embedder.self, &text, 1, 0, NULL, arena, &vector, &got, NULL, &err), MG_OK);
    assert_int_equal(got, dimension);
    return vector;
}

static void one_word_is_one_signed_place(void **unused)
{
    (void)unused;
    static const struct {
        struct mg_str word;
        size_t place;
        float sign;
    } words[] = {
        { MG_STR_INIT("def"), 119, -1 }, { MG_STR_INIT("Test"), 211, 1 }, { MG_STR_INIT("foo_1"), 177, -1 }, { MG_STR_INIT("42"), 122, -1 }
    };
    struct mg_arena *arena = mg_arena_new();
    for (size_t w = 0; w < MG_COUNT(words); w++) {
        const float *vector = embed(arena, words[w].word, MG_HASHING_DIMENSION);
        for (size_t i = 0; i < MG_HASHING_DIMENSION; i++)
            assert_true(vector[i] == (i == words[w].place ? words[w].sign : 0.0f));
    }
    const float *pair = embed(arena, MG_STR("(def) test"), MG_HASHING_DIMENSION); /* two words and the pair of them */
    assert_true(pair[119] < -0.577f && pair[211] > 0.577f && pair[130] < -0.577f && pair[130] > -0.578f);
    mg_arena_free(arena);
}

static void a_text_is_the_predecessors_vector(void **unused)
{
    (void)unused;
    static const struct {
        struct mg_str text;
        int expected[8]; /* before the division by the length */
        int square;
    } texts[] = {
        { MG_STR_INIT("def test Foo_1 42"), { 0, -1, -2, 1, -1, 0, 1, -1 }, 9 },
        /* Kelvin sign, dotted I, a digit run before letters, letters outside of ASCII. */
        { MG_STR_INIT("\xE2\x84\xAA"
                      "elvin \xC4\xB0x 12ab \xC3\xA9t\xC3\xA9_1"),
          { -1, 1, 0, -1, 1, -2, 3, -2 },
          21 },
        { MG_STR_INIT(" ?\xC3\xA9 "), { 0 }, 0 },
    };
    struct mg_arena *arena = mg_arena_new();
    for (size_t t = 0; t < MG_COUNT(texts); t++) {
        const float *vector = embed(arena, texts[t].text, 8);
        for (size_t i = 0; i < 8; i++) {
            double wanted = texts[t].expected[i], got = (double)vector[i];
            assert_true(got * got * texts[t].square - wanted * wanted < 1e-5 && wanted * wanted - got * got * texts[t].square < 1e-5);
            assert_true(got * wanted >= 0);
        }
    }
    mg_arena_free(arena);
}

static const struct mg_document documents[] = {
    { MG_STR_INIT("a"), MG_STR_INIT("def test_colour(): paint(blue)") },
    { MG_STR_INIT("b"), MG_STR_INIT("def test_parse(): assert parse(text) == 1") },
    { MG_STR_INIT("c"), MG_STR_INIT("") },
    { MG_STR_INIT("d"), MG_STR_INIT("def test_parse(): assert parse(text) == 1") },
};

static void the_nearest_come_first_and_equal_ones_in_order(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_retriever retriever = mg_retrieve_vectors_new(mg_embed_hashing_new(arena, MG_HASHING_DIMENSION));
    struct mg_err err = { .text = "" };
    struct mg_hit *hits = NULL;
    size_t count = 1;
    struct mg_str query = MG_STR("def parse(text): return int(text)");
    assert_int_equal(retriever.ops->nearest(retriever.self, query, 2, NULL, arena, &hits, &count, NULL, &err), MG_OK);
    assert_int_equal(count, 0); /* nothing indexed yet */
    assert_int_equal(retriever.ops->index(retriever.self, documents, MG_COUNT(documents), NULL, NULL, &err), MG_OK);
    assert_int_equal(retriever.ops->nearest(retriever.self, query, 9, NULL, arena, &hits, &count, NULL, &err), MG_OK);
    assert_true(count >= 2 && count <= 3); /* never the empty one */
    assert_int_equal(hits[0].document, 1);
    assert_int_equal(hits[1].document, 3);
    assert_true(hits[0].score > 0.3 && hits[0].score == hits[1].score);
    assert_int_equal(retriever.ops->nearest(retriever.self, query, 1, NULL, arena, &hits, &count, NULL, &err), MG_OK);
    assert_int_equal(count, 1);
    static const struct mg_str empty[] = { MG_STR_INIT(""), MG_STR_INIT(" \n"), MG_STR_INIT("?") };
    for (size_t i = 0; i < MG_COUNT(empty); i++) {
        assert_int_equal(retriever.ops->nearest(retriever.self, empty[i], 9, NULL, arena, &hits, &count, NULL, &err), MG_OK);
        assert_int_equal(count, 0);
    }
    assert_int_equal(retriever.ops->nearest(retriever.self, query, 0, NULL, arena, &hits, &count, NULL, &err), MG_OK);
    assert_int_equal(count, 0);
    /* A second index replaces the first. */
    assert_int_equal(retriever.ops->index(retriever.self, documents + 3, 1, NULL, NULL, &err), MG_OK);
    assert_int_equal(retriever.ops->nearest(retriever.self, query, 9, NULL, arena, &hits, &count, NULL, &err), MG_OK);
    assert_int_equal(count, 1);
    assert_int_equal(hits[0].document, 0);
    retriever.ops->close(retriever.self);
    mg_arena_free(arena);
}

/* As a remote embedder may be: limited batches, a failure on the second, a vector of another length. */
struct moody {
    size_t calls, largest, fail_at, change_at;
};

static enum mg_code moody_embed(void *self, const struct mg_str *texts, size_t count, double seconds, const struct mg_cancel *cancel,
                                struct mg_arena *arena, float **vectors, size_t *dimension, struct mg_embed_end *end, struct mg_err *err)
{
    (void)seconds;
    (void)cancel;
    struct moody *moody = self;
    moody->calls++;
    moody->largest = count > moody->largest ? count : moody->largest;
    if (moody->calls == moody->fail_at)
        end->fault = MG_LLM_ACCOUNT;
    if (moody->calls == moody->fail_at)
        return MG_FAIL(err, MG_E_HTTP, "the server is away");
    *dimension = moody->calls == moody->change_at ? 3 : 2;
    for (size_t i = 0; i < count; i++) {
        vectors[i] = MG_NEW_ARRAY(arena, float, *dimension);
        vectors[i][texts[i].len % 2] = 1;
    }
    return MG_OK;
}

static void an_embedder_that_fails_leaves_nothing_behind(void **unused)
{
    (void)unused;
    static const struct mg_embedder_ops ops = { .name = "moody", .embed = moody_embed };
    struct mg_document many[100];
    for (size_t i = 0; i < MG_COUNT(many); i++)
        many[i] = documents[i % 2];
    struct mg_arena *arena = mg_arena_new();
    struct moody moody = { .fail_at = 2 };
    struct mg_retriever retriever = mg_retrieve_vectors_new((struct mg_embedder){ &ops, &moody });
    struct mg_err err = { .text = "" };
    struct mg_hit *hits = NULL;
    size_t count = 1;
    enum mg_llm_fault fault = MG_LLM_NO_FAULT;
    assert_int_equal(retriever.ops->index(retriever.self, many, MG_COUNT(many), NULL, &fault, &err), MG_E_HTTP);
    assert_int_equal(fault, MG_LLM_ACCOUNT);
    assert_int_equal(retriever.ops->nearest(retriever.self, MG_STR("x"), 5, NULL, arena, &hits, &count, NULL, &err), MG_OK);
    assert_int_equal(count, 0);
    moody = (struct moody){ .change_at = 2 };
    assert_int_equal(retriever.ops->index(retriever.self, many, MG_COUNT(many), NULL, NULL, &err), MG_E_STATE);
    moody = (struct moody){ .change_at = 3 };
    assert_int_equal(retriever.ops->index(retriever.self, many, MG_COUNT(many), NULL, NULL, &err), MG_OK);
    assert_int_equal(moody.largest, 64);
    assert_int_equal(retriever.ops->nearest(retriever.self, MG_STR("x"), 5, NULL, arena, &hits, &count, NULL, &err), MG_E_STATE);
    assert_int_equal(retriever.ops->nearest(retriever.self, MG_STR("x"), 5, NULL, arena, &hits, &count, NULL, &err), MG_OK);
    assert_int_equal(count, 5);
    assert_int_equal(hits[4].document, 9); /* behind the batch's edge the order holds too: 1, 3, 5, 7, 9 */
    struct mg_cancel cancel = { .requested = 2, .wake_fd = -1 };
    assert_int_equal(retriever.ops->index(retriever.self, many, MG_COUNT(many), &cancel, NULL, &err), MG_E_CANCELLED);
    retriever.ops->close(retriever.self);
    mg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_word_is_one_signed_place),
        cmocka_unit_test(a_text_is_the_predecessors_vector),
        cmocka_unit_test(the_nearest_come_first_and_equal_ones_in_order),
        cmocka_unit_test(an_embedder_that_fails_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
