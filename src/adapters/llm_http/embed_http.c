/* Texts to vectors, batch by batch. */
#include "adapters/llm_http/embed_http.h"

#include "adapters/llm_http/json.h"
#include "adapters/llm_http/peer.h"
#include "base/str.h"
#include "os/fd.h"

#include <math.h>

#define MAGIC 0x454d4248u
#define BATCH_TEXTS 64
#define BATCH_BYTES (256u << 10)
#define TEXT_BYTES 24000u
#define MAX_DIMENSION 65536u

struct embed {
    unsigned magic;
    struct mg_arena *arena;
    struct mg_http http;
    struct mg_embed_http_settings settings; /* texts in the arena */
    struct mg_str url;
};

static const struct mg_peer_url place = { "https://api.openai.com", "/v1", false };
static const struct mg_str who = MG_STR_INIT("embeddings");

/* The texts of one request, by their place among all. */
struct batch {
    size_t at[BATCH_TEXTS], len, bytes;
};

static struct mg_str cut(struct mg_str text)
{
    text = mg_str_trim(text);
    size_t end = text.len < TEXT_BYTES ? text.len : TEXT_BYTES;
    while (end < text.len && end > 0 && ((unsigned char)text.at[end] & 0xc0) == 0x80) /* not in the middle of a character */
        end--;
    return mg_str_sub(text, 0, end);
}

static struct mg_http_request request_of(const struct embed *embed, const struct mg_str *texts, const struct batch *batch,
                                         const struct mg_cancel *cancel, struct mg_arena *arena)
{
    struct mg_http_request request = { .url = embed->url,
                                       .connect_seconds = embed->settings.connect_seconds,
                                       .seconds = embed->settings.seconds,
                                       .max_body = embed->settings.max_body,
                                       .ca_file = embed->settings.ca_file,
                                       .cancel = cancel };
    mg_peer_header(&request, arena, "content-type", MG_STR("application/json"));
    mg_peer_header(&request, arena, "accept", MG_STR("application/json"));
    mg_peer_header(&request, arena, "user-agent", MG_STR("mutagen/" MG_VERSION));
    if (embed->settings.key.len)
        mg_peer_header(&request, arena, "authorization", mg_arena_printf(arena, "Bearer %.*s", MG_FMT(embed->settings.key)));
    struct mg_json json = mg_json_new(arena);
    mg_json_put_text(&json, json.root, "model", embed->settings.model);
    yyjson_mut_val *input = mg_json_put_list(&json, json.root, "input");
    for (size_t i = 0; i < batch->len; i++)
        MG_ASSERT(yyjson_mut_arr_append(input, mg_json_text(&json, cut(texts[batch->at[i]]))));
    mg_json_put_text(&json, json.root, "encoding_format", MG_STR("float"));
    request.body = mg_json_write(&json);
    return request;
}

/* ---- the answer ---- */

/* One vector of unit length. The first one of all decides the dimension. */
static bool read_vector(yyjson_val *numbers, struct mg_arena *arena, size_t *dimension, float **vector)
{
    size_t count = yyjson_arr_size(numbers), i, max;
    if (count == 0 || count > MAX_DIMENSION || (*dimension && count != *dimension))
        return false;
    *dimension = count;
    *vector = MG_NEW_ARRAY(arena, float, count);
    double square = 0;
    yyjson_val *number;
    yyjson_arr_foreach(numbers, i, max, number)
    {
        if (!yyjson_is_num(number))
            return false;
        square += yyjson_get_num(number) * yyjson_get_num(number);
    }
    if (!isfinite(square))
        return false;
    double length = sqrt(square);
    yyjson_arr_foreach(numbers, i, max, number) { (*vector)[i] = length > 0 ? (float)(yyjson_get_num(number) / length) : 0; }
    return true;
}

/* {"data": [{"index": 0, "embedding": […]}, …]}: each text once, in any order. */
static bool read_batch(yyjson_val *root, const struct batch *batch, struct mg_arena *arena, float **vectors, size_t *dimension)
{
    yyjson_val *data = yyjson_obj_get(root, "data"), *item;
    size_t i, count;
    if (yyjson_arr_size(data) != batch->len)
        return false;
    yyjson_arr_foreach(data, i, count, item)
    {
        int64_t told = mg_json_count(item, "index");
        size_t index = told < 0 ? i : (size_t)told;
        if (index >= batch->len || vectors[batch->at[index]] ||
            !read_vector(yyjson_obj_get(item, "embedding"), arena, dimension, &vectors[batch->at[index]]))
            return false;
    }
    return true;
}

static enum mg_code judge(const struct embed *embed, const struct mg_http_response *response, const struct batch *batch, struct mg_arena *arena,
                          float **vectors, size_t *dimension, struct mg_embed_end *end, struct mg_err *err)
{
    yyjson_doc *doc = mg_json_read(response->body, arena);
    yyjson_val *root = yyjson_doc_get_root(doc);
    bool success = response->status >= 200 && response->status < 300;
    struct mg_peer_failure failure = MG_PEER_FAILURE;
    mg_peer_failure_find(root, !success, arena, &failure);
    enum mg_code code = MG_OK;
    int64_t tokens = mg_json_count(yyjson_obj_get(root, "usage"), "prompt_tokens");
    if (tokens > 0)
        end->tokens = tokens < INT64_MAX - end->tokens ? end->tokens + tokens : INT64_MAX;
    end->retry_after = mg_peer_retry_after(response);
    if (end->retry_after < 0)
        end->retry_after = failure.retry_after;
    end->no_retry = mg_peer_forbids_retry(response);
    end->fault = success && !failure.present ? MG_LLM_REQUEST : mg_peer_fault(response, &failure, end->retry_after);
    end->unanswered = success && !failure.present && tokens <= 0;
    if (!success || failure.present)
        code = mg_peer_fail(who, embed->settings.key, response, &failure, arena, err);
    else if (!read_batch(root, batch, arena, vectors, dimension))
        code = mg_peer_fail_shape(who, embed->settings.key, response, root != NULL, "one vector of the same length for each text", arena, err);
    yyjson_doc_free(doc);
    if (code == MG_OK) {
        end->fault = MG_LLM_NO_FAULT;
        end->unanswered = false;
    }
    return code;
}

static enum mg_code send_batch(const struct embed *embed, const struct mg_str *texts, const struct batch *batch, double deadline,
                               const struct mg_cancel *cancel, struct mg_arena *arena, float **vectors, size_t *dimension, struct mg_embed_end *end,
                               struct mg_err *err)
{
    struct mg_http_request request = request_of(embed, texts, batch, cancel, arena);
    double left = deadline - mg_now();
    if (left < request.seconds)
        request.seconds = left > 0.001 ? left : 0.001; /* too little for any answer: the time-out says so */
    struct mg_http_response response = { 0 };
    enum mg_code code = embed->http.ops->send(embed->http.self, &request, arena, &response, err);
    if (code == MG_OK)
        return judge(embed, &response, batch, arena, vectors, dimension, end, err);
    end->fault = code == MG_E_CANCELLED ? MG_LLM_NO_FAULT : code == MG_E_LIMIT ? MG_LLM_REQUEST : MG_LLM_TEMPORARY;
    end->unanswered = response.sent;
    if (err)
        (void)mg_err_prefix(err, "%.*s", MG_FMT(who));
    if (code != MG_E_LIMIT)
        return code;
    if (err)
        err->code = MG_E_HTTP;
    return MG_E_HTTP;
}

/* ---- operations ---- */

static struct embed *from(void *self)
{
    struct embed *embed = self;
    MG_ASSERT(embed && embed->magic == MAGIC);
    return embed;
}

static enum mg_code embed_texts(void *self, const struct mg_str *texts, size_t count, double seconds, const struct mg_cancel *cancel,
                                struct mg_arena *arena, float **vectors, size_t *dimension, struct mg_embed_end *end, struct mg_err *err)
{
    const struct embed *embed = from(self);
    struct mg_embed_end own = MG_EMBED_END;
    struct batch batch = { .len = 0 };
    double deadline = mg_now() + (seconds > 0 ? seconds : 1e12);
    *dimension = 0;
    for (size_t i = 0; i < count; i++)
        vectors[i] = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t bytes = cut(texts[i]).len;
        if (bytes == 0)
            continue;
        if (batch.len == BATCH_TEXTS || (batch.len && batch.bytes + bytes > BATCH_BYTES)) {
            MG_TRY(send_batch(embed, texts, &batch, deadline, cancel, arena, vectors, dimension, end ? end : &own, err));
            batch.len = batch.bytes = 0;
        }
        batch.at[batch.len++] = i;
        batch.bytes += bytes;
    }
    if (batch.len)
        MG_TRY(send_batch(embed, texts, &batch, deadline, cancel, arena, vectors, dimension, end ? end : &own, err));
    for (size_t i = 0; i < count; i++)
        if (!vectors[i])
            vectors[i] = MG_NEW_ARRAY(arena, float, *dimension + 1);
    return MG_OK;
}

static void close_embedder(void *self)
{
    struct embed *embed = from(self);
    embed->magic = 0;
    mg_arena_free(embed->arena);
}

static const struct mg_embedder_ops ops = { .name = "http", .embed = embed_texts, .close = close_embedder };

static enum mg_code fill(struct embed *embed, const struct mg_embed_http_settings *given, struct mg_err *err)
{
    struct mg_embed_http_settings *settings = &embed->settings;
    *settings = *given;
    settings->base_url = mg_arena_str(embed->arena, mg_str_trim(given->base_url));
    settings->model = mg_arena_str(embed->arena, given->model);
    settings->key = mg_arena_str(embed->arena, mg_str_trim(given->key));
    settings->key_env = mg_arena_str(embed->arena, given->key_env.len ? given->key_env : MG_STR("OPENAI_API_KEY"));
    settings->ca_file = mg_arena_str(embed->arena, given->ca_file);
    if (settings->model.len == 0)
        return MG_FAIL(err, MG_E_CONFIG, "generation.embedder = http needs generation.embedding_model");
    MG_TRY(mg_peer_url(&place, settings->base_url, MG_STR("/embeddings"), "generation.embedding_base_url", embed->arena, &embed->url, err));
    if (settings->key.len == 0 && settings->base_url.len == 0)
        return MG_FAIL(err, MG_E_CONFIG, "generation.embedder = http needs a key or generation.embedding_base_url: set %.*s in the environment",
                       MG_FMT(settings->key_env));
    return mg_peer_check_key(settings->key, settings->key_env, err);
}

enum mg_code mg_embed_http_new(const struct mg_embed_http_settings *settings, struct mg_http http, struct mg_embedder *embedder, struct mg_err *err)
{
    struct mg_arena *arena = mg_arena_new();
    struct embed *embed = MG_NEW(arena, struct embed);
    embed->arena = arena;
    embed->http = http;
    enum mg_code code = fill(embed, settings, err);
    if (code != MG_OK) {
        mg_arena_free(arena);
        return code;
    }
    embed->magic = MAGIC;
    *embedder = (struct mg_embedder){ &ops, embed };
    return MG_OK;
}
