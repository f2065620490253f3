/* A recorded reply as JSON. */
#include "adapters/llm_replay/record.h"
#include "adapters/llm_replay/llm_replay.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"
#include "core/text.h"
#include "os/file.h"
#include <stdlib.h>
#include <yyjson.h>

#define FORMAT 1

static const char *const stop_names[] = { [MG_LLM_END] = "end", [MG_LLM_TRUNCATED] = "truncated", [MG_LLM_REFUSED] = "refused" };

/* --- the name --- */

/* The next message: parts [*from, result) have one role. */
static size_t end_of_message(const struct mg_llm_request *request, size_t from, size_t *bytes)
{
    size_t to = from;
    for (*bytes = 0; to < request->parts.len && request->parts.at[to].role == request->parts.at[from].role; to++)
        *bytes += request->parts.at[to].text.len;
    return to;
}

static const char *role_name(enum mg_llm_role role) { return role == MG_LLM_USER ? "user" : "assistant"; }

/* Every text has its length before it, so that no two requests look the same. */
struct mg_str mg_llm_replay_hash(const struct mg_llm_request *request, struct mg_arena *arena)
{
    struct mg_buf text = MG_BUF(SIZE_MAX / 2);
    mg_buf_addf(&text, "mutagen replay %d\nmax_output_tokens %lld\nsystem %zu\n", FORMAT, (long long)request->max_output_tokens, request->system.len);
    mg_buf_add(&text, request->system);
    for (size_t i = 0, end, bytes; i < request->parts.len; i = end) {
        end = end_of_message(request, i, &bytes);
        mg_buf_addf(&text, "\n%s %zu\n", role_name(request->parts.at[i].role), bytes);
        for (size_t k = i; k < end; k++)
            mg_buf_add(&text, request->parts.at[k].text);
    }
    struct mg_str hash = mg_sha256_hex(arena, mg_buf_view(&text), 64);
    mg_buf_free(&text);
    return hash;
}

struct mg_str mg_record_path(struct mg_arena *arena, struct mg_str folder, struct mg_str hash)
{
    return mg_path_join(arena, folder, mg_arena_printf(arena, "%.*s.json", MG_FMT(hash)));
}

/* --- writing --- */

struct tree {
    yyjson_mut_doc *doc;
    struct mg_arena *arena;
};

static void put(struct tree *t, yyjson_mut_val *object, const char *key, yyjson_mut_val *what)
{
    (void)yyjson_mut_obj_add(object, yyjson_mut_str(t->doc, key), what);
}

static void put_str(struct tree *t, yyjson_mut_val *object, const char *key, struct mg_str text)
{
    struct mg_str clean = mg_text_utf8(t->arena, text);
    put(t, object, key, yyjson_mut_strn(t->doc, clean.at ? clean.at : "", clean.len));
}

static void put_int(struct tree *t, yyjson_mut_val *object, const char *key, int64_t number) { put(t, object, key, yyjson_mut_sint(t->doc, number)); }

static yyjson_mut_val *request_tree(struct tree *t, const struct mg_llm_request *request)
{
    yyjson_mut_val *object = yyjson_mut_obj(t->doc), *messages = yyjson_mut_arr(t->doc);
    put_str(t, object, "purpose", request->purpose);
    put_str(t, object, "target_id", request->target_id);
    put_int(t, object, "system_bytes", (int64_t)request->system.len);
    for (size_t i = 0, end, bytes; i < request->parts.len; i = end) {
        end = end_of_message(request, i, &bytes);
        yyjson_mut_val *message = yyjson_mut_arr_add_obj(t->doc, messages);
        put_str(t, message, "role", mg_str_from(role_name(request->parts.at[i].role)));
        put_int(t, message, "bytes", (int64_t)bytes);
    }
    put(t, object, "messages", messages);
    put_int(t, object, "max_output_tokens", request->max_output_tokens);
    return object;
}

static yyjson_mut_val *reply_tree(struct tree *t, const struct mg_llm_reply *reply)
{
    yyjson_mut_val *object = yyjson_mut_obj(t->doc), *usage = yyjson_mut_obj(t->doc);
    put_str(t, object, "text", reply->text);
    put_str(t, object, "stop", mg_str_from(stop_names[reply->stop]));
    put_str(t, object, "model", reply->model);
    put_str(t, object, "request_id", reply->request_id);
    put(t, usage, "known", yyjson_mut_bool(t->doc, reply->usage.known));
    put_int(t, usage, "input", reply->usage.input);
    put_int(t, usage, "cache_read", reply->usage.cache_read);
    put_int(t, usage, "cache_write", reply->usage.cache_write);
    put_int(t, usage, "output", reply->usage.output);
    put(t, object, "usage", usage);
    put(t, object, "reported_micro_usd",
        reply->reported_micro_usd == MG_UNKNOWN_COST ? yyjson_mut_null(t->doc) : yyjson_mut_sint(t->doc, reply->reported_micro_usd));
    put_int(t, object, "request_bytes", reply->request_bytes);
    return object;
}

enum mg_code mg_record_write(struct mg_arena *arena, const struct mg_llm *llm, const struct mg_llm_request *request, const struct mg_llm_reply *reply,
                             struct mg_str *json, struct mg_err *err)
{
    struct tree t = { yyjson_mut_doc_new(NULL), arena };
    yyjson_mut_val *root = yyjson_mut_obj(t.doc);
    put_int(&t, root, "format", FORMAT);
    put_str(&t, root, "request_hash", mg_llm_replay_hash(request, arena));
    put_str(&t, root, "provider", llm->provider);
    put_str(&t, root, "model", llm->model);
    put(&t, root, "request", request_tree(&t, request));
    put(&t, root, "reply", reply_tree(&t, reply));
    if (t.doc)
        yyjson_mut_doc_set_root(t.doc, root);
    yyjson_write_err failed = { .msg = "no memory" };
    size_t len = 0;
    char *text = t.doc ? yyjson_mut_write_opts(t.doc, YYJSON_WRITE_PRETTY_TWO_SPACES | YYJSON_WRITE_NEWLINE_AT_END, NULL, &len, &failed) : NULL;
    if (text)
        *json = mg_arena_str(arena, (struct mg_str){ text, len });
    bool good = text != NULL;
    free(text);
    yyjson_mut_doc_free(t.doc);
    return good ? MG_OK : MG_FAIL(err, MG_E_IO, "a reply cannot be made a record: %s", failed.msg);
}

/* --- reading --- */

static struct mg_str text_of(struct mg_arena *arena, yyjson_val *object, const char *key)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    return yyjson_is_str(value) ? mg_arena_str(arena, (struct mg_str){ yyjson_get_str(value), yyjson_get_len(value) }) : MG_NO_STR;
}

/* `absent` when it is not there, null or no amount. */
static int64_t amount_of(yyjson_val *object, const char *key, int64_t absent)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    return yyjson_is_uint(value) && yyjson_get_uint(value) <= INT64_MAX ? (int64_t)yyjson_get_uint(value) : absent;
}

static bool read_stop(yyjson_val *reply, enum mg_llm_stop *stop)
{
    yyjson_val *value = yyjson_obj_get(reply, "stop");
    *stop = MG_LLM_END;
    for (size_t i = 0; i < MG_COUNT(stop_names); i++)
        if (yyjson_equals_str(value, stop_names[i])) {
            *stop = (enum mg_llm_stop)i;
            return true;
        }
    return value == NULL;
}

static enum mg_code read_tree(struct mg_arena *arena, yyjson_val *root, struct mg_llm_reply *reply, struct mg_err *err)
{
    yyjson_val *told = yyjson_obj_get(root, "reply"), *usage = yyjson_obj_get(told, "usage");
    if (amount_of(root, "format", 0) != FORMAT)
        return MG_FAIL(err, MG_E_PARSE, "it is no record of format %d", FORMAT);
    if (!yyjson_is_str(yyjson_obj_get(told, "text")))
        return MG_FAIL(err, MG_E_PARSE, "it has no reply.text");
    if (!read_stop(told, &reply->stop))
        return MG_FAIL(err, MG_E_PARSE, "its reply.stop is none of end, truncated, refused");
    reply->text = text_of(arena, told, "text");
    reply->model = text_of(arena, told, "model");
    reply->request_id = text_of(arena, told, "request_id");
    reply->usage = (struct mg_usage){ .input = amount_of(usage, "input", 0),
                                      .cache_read = amount_of(usage, "cache_read", 0),
                                      .cache_write = amount_of(usage, "cache_write", 0),
                                      .output = amount_of(usage, "output", 0),
                                      .known = yyjson_get_bool(yyjson_obj_get(usage, "known")) };
    return MG_OK;
}

enum mg_code mg_record_read(struct mg_arena *arena, struct mg_str json, struct mg_llm_reply *reply, struct mg_err *err)
{
    yyjson_read_err failed = { .msg = NULL };
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)json.at, json.len, 0, NULL, &failed);
    if (!doc)
        return MG_FAIL(err, MG_E_PARSE, "it is no JSON: %s", failed.msg);
    enum mg_code code = read_tree(arena, yyjson_doc_get_root(doc), reply, err);
    yyjson_doc_free(doc);
    return code;
}
