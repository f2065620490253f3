/* An embedder in the clothes of a model, so that model_calls does for it what it does for a model. */
#include "services/embedding_calls.h"

#include "base/str.h"

#include <pthread.h>
#include <stdlib.h>

#define MAGIC 0x45434c53u

/* Where the vectors of the call under way go: a model's reply has no place for them. */
struct answer {
    struct mg_arena *arena;
    float **vectors;
    size_t *dimension;
};

struct embedding_calls {
    unsigned magic;
    struct mg_embedder embedder;
    struct mg_embedder_ops ops; /* ours, under the wrapped one's name */
    struct mg_llm_ops disguise;
    struct mg_price price;
    struct mg_llm calls;   /* model_calls around the disguise */
    pthread_mutex_t mutex; /* one call at a time, for the sake of `answer` */
    struct answer answer;
};

static struct embedding_calls *from(void *self)
{
    struct embedding_calls *calls = self;
    MG_ASSERT(calls && calls->magic == MAGIC);
    return calls;
}

/* ---- the embedder as a model ---- */

static enum mg_code complete(void *self, const struct mg_llm_request *request, struct mg_arena *arena, struct mg_llm_reply *reply, struct mg_err *err)
{
    const struct embedding_calls *calls = from(self);
    struct mg_embed_end end = MG_EMBED_END;
    struct mg_str *texts = MG_NEW_ARRAY(arena, struct mg_str, request->parts.len + 1);
    for (size_t i = 0; i < request->parts.len; i++)
        texts[i] = request->parts.at[i].text;
    enum mg_code code = calls->embedder.ops->embed(calls->embedder.self, texts, request->parts.len, request->seconds, request->cancel,
                                                   calls->answer.arena, calls->answer.vectors, calls->answer.dimension, &end, err);
    reply->fault = end.fault;
    reply->unanswered = end.unanswered;
    reply->retry_after = end.retry_after;
    reply->no_retry = end.no_retry;
    if (end.tokens > 0)
        reply->usage = (struct mg_usage){ .input = end.tokens, .known = true };
    return code;
}

static int64_t request_bytes(void *self, const struct mg_llm_request *request)
{
    (void)self;
    int64_t bytes = 0;
    for (size_t i = 0; i < request->parts.len; i++)
        bytes += (int64_t)request->parts.at[i].text.len;
    return bytes;
}

static struct mg_str request_hash(void *self, const struct mg_llm_request *request, struct mg_arena *arena)
{
    (void)self, (void)request, (void)arena;
    return MG_NO_STR; /* nobody records these */
}

static void close_nothing(void *self) { (void)self; }

/* ---- the port ---- */

static enum mg_code embed(void *self, const struct mg_str *texts, size_t count, double seconds, const struct mg_cancel *cancel,
                          struct mg_arena *arena, float **vectors, size_t *dimension, struct mg_embed_end *end, struct mg_err *err)
{
    struct embedding_calls *calls = from(self);
    struct mg_llm_reply reply;
    struct mg_llm_request request = { .purpose = MG_STR("embed"), .seconds = seconds, .cancel = cancel };
    for (size_t i = 0; i < count; i++)
        *MG_PUSH(arena, &request.parts) = (struct mg_llm_part){ .role = MG_LLM_USER, .text = texts[i] };
    (void)pthread_mutex_lock(&calls->mutex);
    calls->answer = (struct answer){ arena, vectors, dimension };
    enum mg_code code = calls->calls.ops->complete(calls->calls.self, &request, arena, &reply, err);
    (void)pthread_mutex_unlock(&calls->mutex);
    if (end)
        *end = (struct mg_embed_end){ .fault = reply.fault, .retry_after = -1 };
    return code;
}

static void close_calls(void *self)
{
    struct embedding_calls *calls = from(self);
    calls->calls.ops->close(calls->calls.self);
    calls->embedder.ops->close(calls->embedder.self);
    (void)pthread_mutex_destroy(&calls->mutex);
    calls->magic = 0;
    free(calls);
}

static struct mg_llm disguised(struct embedding_calls *calls, const struct mg_embedding_calls_setup *setup)
{
    calls->disguise = (struct mg_llm_ops){
        .name = "embeddings", .complete = complete, .request_bytes = request_bytes, .request_hash = request_hash, .close = close_nothing
    };
    calls->price =
        (struct mg_price){ .provider = "embeddings", .model = "*", .input = setup->price, .cache_read = setup->price, .cache_write = setup->price };
    return (struct mg_llm){ .ops = &calls->disguise,
                            .self = calls,
                            .provider = MG_STR("embeddings"),
                            .model = setup->model,
                            .price = setup->price >= 0 ? &calls->price : NULL };
}

enum mg_code mg_embedding_calls_new(const struct mg_embedding_calls_setup *setup, struct mg_embedder *calls, struct mg_err *err)
{
    if (setup->price < 0 && setup->shared.limits.max_micro_usd > 0)
        return MG_FAIL(err, MG_E_CONFIG,
                       "no price is known for the embedding model %.*s, so the cost limit cannot be held: set generation.embedding_price (USD per"
                       " million tokens; 0 = free), or --max-cost 0 for no limit",
                       MG_FMT(mg_str_sub(setup->model, 0, 100)));
    struct embedding_calls *self = calloc(1, sizeof *self);
    if (!self)
        return MG_FAIL(err, MG_E_LIMIT, "out of memory");
    *self = (struct embedding_calls){ .magic = MAGIC, .embedder = setup->embedder, .mutex = PTHREAD_MUTEX_INITIALIZER };
    struct mg_model_calls_setup shared = setup->shared;
    shared.llm = disguised(self, setup);
    enum mg_code code = mg_model_calls_new(&shared, &self->calls, err);
    if (code != MG_OK) {
        (void)pthread_mutex_destroy(&self->mutex);
        free(self);
        return code;
    }
    self->ops = (struct mg_embedder_ops){ .name = setup->embedder.ops->name, .embed = embed, .close = close_calls };
    *calls = (struct mg_embedder){ &self->ops, self };
    return MG_OK;
}
