/* Stands in front of another llm and keeps what it says. */
#include "adapters/llm_replay/llm_replay.h"
#include "adapters/llm_replay/record.h"
#include "os/file.h"

#define MAGIC 0x4c524543u

struct recorder {
    unsigned magic;
    struct mg_arena *arena;
    struct mg_llm inner;
    struct mg_str folder;
};

static struct recorder *checked(void *self)
{
    struct recorder *recorder = self;
    MG_ASSERT(recorder && recorder->magic == MAGIC);
    return recorder;
}

static enum mg_code keep(const struct recorder *recorder, const struct mg_llm_request *request, const struct mg_llm_reply *reply, struct mg_err *err)
{
    struct mg_arena *scratch = mg_arena_new();
    struct mg_str json = MG_NO_STR;
    enum mg_code code = mg_record_write(scratch, &recorder->inner, request, reply, &json, err);
    if (code == MG_OK)
        code = mg_file_write(mg_record_path(scratch, recorder->folder, mg_llm_replay_hash(request, scratch)).at, json, err);
    mg_arena_free(scratch);
    return code;
}

static enum mg_code complete(void *self, const struct mg_llm_request *request, struct mg_arena *arena, struct mg_llm_reply *reply, struct mg_err *err)
{
    const struct recorder *recorder = checked(self);
    MG_TRY(recorder->inner.ops->complete(recorder->inner.self, request, arena, reply, err));
    struct mg_err cause = { .code = MG_OK };
    if (keep(recorder, request, reply, &cause) == MG_OK)
        return MG_OK;
    reply->fault = MG_LLM_ACCOUNT; /* no later one could be kept either */
    return MG_FAIL(err, MG_E_CONFIG, "a reply cannot be recorded: %s", cause.text);
}

static int64_t request_bytes(void *self, const struct mg_llm_request *request)
{
    const struct recorder *recorder = checked(self);
    return recorder->inner.ops->request_bytes(recorder->inner.self, request);
}

static struct mg_str request_hash(void *self, const struct mg_llm_request *request, struct mg_arena *arena)
{
    (void)checked(self);
    return mg_llm_replay_hash(request, arena);
}

static void close_recorder(void *self)
{
    struct recorder *recorder = checked(self);
    recorder->magic = 0;
    recorder->inner.ops->close(recorder->inner.self);
    mg_arena_free(recorder->arena);
}

static const struct mg_llm_ops ops = {
    .name = "recorder", .complete = complete, .request_bytes = request_bytes, .request_hash = request_hash, .close = close_recorder
};

enum mg_code mg_llm_recorder_new(struct mg_llm inner, struct mg_str folder, struct mg_llm *recorder, struct mg_err *err)
{
    struct mg_arena *arena = mg_arena_new();
    struct recorder *made = MG_NEW(arena, struct recorder);
    *made = (struct recorder){ .magic = MAGIC, .arena = arena, .inner = inner, .folder = mg_arena_str(arena, folder) };
    enum mg_code code = mg_file_mkdirs(mg_arena_cstr(arena, folder), err);
    if (code != MG_OK) {
        close_recorder(made);
        return code;
    }
    *recorder = inner;
    recorder->ops = &ops;
    recorder->self = made;
    return MG_OK;
}
