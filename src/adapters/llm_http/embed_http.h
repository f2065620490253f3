/* An embedder over any OpenAI-compatible /embeddings. It lives beside the language models because it shares their peers: addresses, keys, errors. */
#ifndef MG_ADAPTERS_EMBED_HTTP_H
#define MG_ADAPTERS_EMBED_HTTP_H

#include "ports/embedder.h"
#include "ports/http.h"

struct mg_embed_http_settings {
    struct mg_str base_url; /* empty = OpenAI's own */
    struct mg_str model;
    struct mg_str key;     /* empty only where a base_url is given */
    struct mg_str key_env; /* where the key was looked for: for messages */
    double connect_seconds, seconds;
    size_t max_body;
    struct mg_str ca_file;
};

/* Everything is copied; `http` stays the caller's and must outlive the embedder. Texts go out in batches; of a text only the first 24,000 bytes
 * do (models take 8192 tokens). A blank text is not sent, its vector is zero; when all are blank, the dimension is 0.
 * MG_E_HTTP also when an answer has vectors of different lengths, or not one for each text. */
MG_MUST_CHECK enum mg_code mg_embed_http_new(const struct mg_embed_http_settings *settings, struct mg_http http, struct mg_embedder *embedder,
                                             struct mg_err *err);

#endif
