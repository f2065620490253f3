/* Port: text to a vector of a fixed length. Threads: any. */
#ifndef MG_EMBEDDER_H
#define MG_EMBEDDER_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"
#include "ports/llm.h"

/* What is known of a call besides its vectors; for an embedder that is asked over a network, as in struct mg_llm_reply. */
struct mg_embed_end {
    int64_t tokens; /* read, as the server told; 0 = it did not */
    enum mg_llm_fault fault;
    bool unanswered;
    double retry_after; /* negative = not said */
    bool no_retry;
};
#define MG_EMBED_END ((struct mg_embed_end){ .retry_after = -1 })

struct mg_embedder_ops {
    const char *name; /* "hashing", "http" */
    /* `vectors[i]` gets *dimension floats in the arena, of unit length (or all zero for a text without words). Errors as ports/llm.h.
     * `seconds` is the deadline of the whole call, 0 = the embedder's own. `end` may be NULL; what is not known stays as it was given:
     * MG_EMBED_END. */
    enum mg_code (*embed)(void *self, const struct mg_str *texts, size_t count, double seconds, const struct mg_cancel *cancel,
                          struct mg_arena *arena, float **vectors, size_t *dimension, struct mg_embed_end *end, struct mg_err *err);
    void (*close)(void *self);
};
struct mg_embedder {
    const struct mg_embedder_ops *ops;
    void *self;
};

#endif
