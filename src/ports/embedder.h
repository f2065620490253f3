/* Port: text to a vector of a fixed length. Threads: any. */
#ifndef MG_EMBEDDER_H
#define MG_EMBEDDER_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"

struct mg_embedder_ops {
    const char *name; /* "hashing", "http" */
    /* `vectors[i]` gets *dimension floats in the arena, of unit length (or all zero for a text without words). Errors as ports/llm.h. */
    enum mg_code (*embed)(void *self, const struct mg_str *texts, size_t count, const struct mg_cancel *cancel, struct mg_arena *arena,
                          float **vectors, size_t *dimension, struct mg_err *err);
    void (*close)(void *self);
};
struct mg_embedder {
    const struct mg_embedder_ops *ops;
    void *self;
};

#endif
