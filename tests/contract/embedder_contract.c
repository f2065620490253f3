/* The promises of an embedder: one length, unit vectors, the same text the same vector, no vector without words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "contract/embedder_contract.h"

static double dot(const float *a, const float *b, size_t dimension)
{
    double sum = 0;
    for (size_t i = 0; i < dimension; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

void mg_embedder_keeps_its_contract(struct mg_embedder embedder)
{
    const struct mg_str texts[] = { MG_STR("def test_parse(): assert parse('1') == 1"), MG_STR("def test_parse(): assert parse('2') == 2"),
                                    MG_STR("class Window: colour = blue"), MG_STR(" \n\t"), MG_STR("def test_parse(): assert parse('1') == 1") };
    float *vectors[MG_COUNT(texts)] = { NULL }, *again[1] = { NULL };
    size_t dimension = 0, second = 0;
    struct mg_err err = { .text = "" };
    struct mg_arena *arena = mg_arena_new();
    assert_true(embedder.ops->name[0] != '\0');
    assert_int_equal(embedder.ops->embed(embedder.self, texts, MG_COUNT(texts), 0, NULL, arena, vectors, &dimension, NULL, &err), MG_OK);
    assert_int_equal(embedder.ops->embed(embedder.self, texts + 2, 1, 0, NULL, arena, again, &second, NULL, &err), MG_OK);
    assert_true(dimension > 0);
    assert_int_equal(dimension, second);
    for (size_t i = 0; i < MG_COUNT(texts); i++) {
        double length = dot(vectors[i], vectors[i], dimension);
        assert_true(i == 3 ? length == 0 : length > 0.999 && length < 1.001);
    }
    assert_true(dot(vectors[0], vectors[4], dimension) > 0.999);
    assert_memory_equal(vectors[2], again[0], dimension * sizeof(float));
    assert_true(dot(vectors[0], vectors[1], dimension) > dot(vectors[0], vectors[2], dimension)); /* what is alike is nearer */
    struct mg_cancel cancel = { .requested = 2, .wake_fd = -1 };
    assert_int_equal(embedder.ops->embed(embedder.self, texts, 1, 0, &cancel, arena, again, &second, NULL, &err), MG_E_CANCELLED);
    mg_arena_free(arena);
}
