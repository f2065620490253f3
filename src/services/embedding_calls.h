/* What stands between a retriever and an embedder that is asked over a network: the same ledger, retries and redaction as a model's calls. */
#ifndef MG_EMBEDDING_CALLS_H
#define MG_EMBEDDING_CALLS_H

#include "ports/embedder.h"
#include "services/model_calls.h"

struct mg_embedding_calls_setup {
    struct mg_embedder embedder;        /* who is asked; closed with the result */
    struct mg_str model;                /* for the ledger; borrowed */
    double price;                       /* USD per million tokens; negative = unknown */
    struct mg_model_calls_setup shared; /* as for the model; its `llm` is not looked at */
};

/* Wraps setup->embedder in one of the same name. MG_E_CONFIG, with what to do about it, when there is no price and there is a cost limit;
 * setup->embedder is the caller's then.
 *
 * Its `embed` is one call of purpose "embed" in the store, for no target: reserved at a token for each byte, settled by the tokens the server
 * told, else by bytes / 4. Secrets are cut out of the texts first. Errors as those of mg_model_calls_new's `complete`. */
MG_MUST_CHECK enum mg_code mg_embedding_calls_new(const struct mg_embedding_calls_setup *setup, struct mg_embedder *calls, struct mg_err *err);

#endif
