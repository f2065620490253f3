/* One block of floats, one pass over it a query: a repo has thousands of tests, not millions. */
#include "adapters/retrieve_vectors/retrieve_vectors.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define BATCH 64u /* texts handed to the embedder at once: remote ones have limits */

struct vectors {
    struct mg_embedder embedder;
    struct mg_arena *arena; /* of the index */
    float *block;           /* count × dimension */
    size_t count, dimension;
};

static void forget(struct vectors *vectors)
{
    mg_arena_free(vectors->arena);
    vectors->arena = NULL;
    vectors->block = NULL;
    vectors->count = vectors->dimension = 0;
}

static void tell(enum mg_llm_fault *fault, const struct mg_embed_end *end)
{
    if (fault)
        *fault = end->fault;
}

static enum mg_code index_batch(struct vectors *vectors, const struct mg_document *documents, size_t count, size_t all,
                                const struct mg_cancel *cancel, enum mg_llm_fault *fault, struct mg_err *err)
{
    struct mg_str texts[BATCH];
    float *made[BATCH];
    size_t dimension = 0;
    struct mg_embed_end end = MG_EMBED_END;
    for (size_t i = 0; i < count; i++)
        texts[i] = documents[i].text;
    struct mg_arena *scratch = mg_arena_new();
    enum mg_code code = vectors->embedder.ops->embed(vectors->embedder.self, texts, count, 0, cancel, scratch, made, &dimension, &end, err);
    tell(fault, &end);
    if (code == MG_OK && !vectors->block) {
        vectors->dimension = dimension;
        vectors->block = MG_NEW_ARRAY(vectors->arena, float, all *(dimension ? dimension : 1));
    }
    if (code == MG_OK && (dimension == 0 || dimension != vectors->dimension))
        code = MG_FAIL(err, MG_E_STATE, "the embedder gave a vector of %zu numbers, before of %zu", dimension, vectors->dimension);
    for (size_t i = 0; i < count && code == MG_OK; i++)
        memcpy(vectors->block + vectors->count++ * dimension, made[i], dimension * sizeof(float));
    mg_arena_free(scratch);
    return code;
}

static enum mg_code index_documents(void *self, const struct mg_document *documents, size_t count, const struct mg_cancel *cancel,
                                    enum mg_llm_fault *fault, struct mg_err *err)
{
    struct vectors *vectors = self;
    forget(vectors);
    vectors->arena = mg_arena_new();
    enum mg_code code = MG_OK;
    for (size_t at = 0; at < count && code == MG_OK; at += BATCH)
        code = mg_cancelled(cancel) ? MG_FAIL(err, MG_E_CANCELLED, "stopped while indexing the tests")
                                    : index_batch(vectors, documents + at, count - at < BATCH ? count - at : BATCH, count, cancel, fault, err);
    if (code != MG_OK)
        forget(vectors);
    return code;
}

static int best_first(const void *a, const void *b)
{
    const struct mg_hit *left = a, *right = b;
    if (left->score != right->score)
        return left->score > right->score ? -1 : 1;
    return left->document < right->document ? -1 : left->document > right->document;
}

static enum mg_code nearest(void *self, struct mg_str query, size_t top_k, const struct mg_cancel *cancel, struct mg_arena *arena,
                            struct mg_hit **hits, size_t *count, enum mg_llm_fault *fault, struct mg_err *err)
{
    struct vectors *vectors = self;
    *hits = NULL;
    *count = 0;
    if (top_k == 0 || vectors->count == 0 || mg_str_trim(query).len == 0)
        return MG_OK;
    struct mg_arena *scratch = mg_arena_new();
    float *asked = NULL;
    size_t dimension = 0, found = 0;
    struct mg_embed_end end = MG_EMBED_END;
    enum mg_code code = vectors->embedder.ops->embed(vectors->embedder.self, &query, 1, 0, cancel, scratch, &asked, &dimension, &end, err);
    tell(fault, &end);
    if (code == MG_OK && dimension != vectors->dimension)
        code = MG_FAIL(err, MG_E_STATE, "the embedder gave a vector of %zu numbers, before of %zu", dimension, vectors->dimension);
    if (code == MG_OK) {
        struct mg_hit *all = MG_NEW_ARRAY(scratch, struct mg_hit, vectors->count);
        for (uint32_t d = 0; d < vectors->count; d++) {
            double score = 0;
            for (size_t i = 0; i < dimension; i++)
                score += (double)vectors->block[d * dimension + i] * (double)asked[i];
            if (score > 0)
                all[found++] = (struct mg_hit){ .document = d, .score = score };
        }
        qsort(all, found, sizeof *all, best_first);
        *count = found < top_k ? found : top_k;
        *hits = MG_NEW_ARRAY(arena, struct mg_hit, *count + 1);
        memcpy(*hits, all, *count * sizeof *all);
    }
    mg_arena_free(scratch);
    return code;
}

static void close_retriever(void *self)
{
    struct vectors *vectors = self;
    forget(vectors);
    free(vectors);
}

struct mg_retriever mg_retrieve_vectors_new(struct mg_embedder embedder)
{
    static const struct mg_retriever_ops ops = { .name = "vectors", .index = index_documents, .nearest = nearest, .close = close_retriever };
    struct vectors *vectors = calloc(1, sizeof *vectors);
    MG_ASSERT(vectors);
    vectors->embedder = embedder;
    return (struct mg_retriever){ .ops = &ops, .self = vectors };
}
