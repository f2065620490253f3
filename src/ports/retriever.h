/* Port: the existing tests nearest to a piece of code. Threads: one at a time. */
#ifndef MG_RETRIEVER_H
#define MG_RETRIEVER_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"
#include "ports/llm.h"

struct mg_document {
    struct mg_str id;   /* "tests/test_a.py::test_b" */
    struct mg_str text; /* of one test function */
};
struct mg_hit {
    uint32_t document;
    double score; /* > 0 */
};
struct mg_retriever_ops {
    const char *name; /* "vectors" */
    /* Takes the documents (borrowed for the run). When an embedder had no answer, *fault says of what kind that is, here and below; `fault` may
     * be NULL. */
    enum mg_code (*index)(void *self, const struct mg_document *documents, size_t count, const struct mg_cancel *cancel, enum mg_llm_fault *fault,
                          struct mg_err *err);
    /* The `top_k` best, best first, equal ones in document order; only scores > 0. */
    enum mg_code (*nearest)(void *self, struct mg_str query, size_t top_k, const struct mg_cancel *cancel, struct mg_arena *arena,
                            struct mg_hit **hits, size_t *count, enum mg_llm_fault *fault, struct mg_err *err);
    void (*close)(void *self);
};
struct mg_retriever {
    const struct mg_retriever_ops *ops; /* NULL: retrieval is off */
    void *self;
};

#endif
