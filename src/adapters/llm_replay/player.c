/* Answers from recorded replies alone. */
#include "adapters/llm_replay/llm_replay.h"
#include "adapters/llm_replay/record.h"
#include "os/file.h"

#define MAGIC 0x4c504c59u

struct player {
    unsigned magic;
    struct mg_arena *arena;
    struct mg_str folder;
};

static struct player *checked(void *self)
{
    struct player *player = self;
    MG_ASSERT(player && player->magic == MAGIC);
    return player;
}

static int64_t request_bytes(void *self, const struct mg_llm_request *request)
{
    (void)checked(self);
    size_t bytes = request->system.len;
    for (size_t i = 0; i < request->parts.len; i++)
        bytes += request->parts.at[i].text.len;
    return (int64_t)bytes;
}

static struct mg_str request_hash(void *self, const struct mg_llm_request *request, struct mg_arena *arena)
{
    (void)checked(self);
    return mg_llm_replay_hash(request, arena);
}

static enum mg_code complete(void *self, const struct mg_llm_request *request, struct mg_arena *arena, struct mg_llm_reply *reply, struct mg_err *err)
{
    const struct player *player = checked(self);
    *reply = (struct mg_llm_reply){ .reported_micro_usd = MG_UNKNOWN_COST, .retry_after = -1, .request_bytes = request_bytes(self, request) };
    if (mg_cancelled(request->cancel))
        return MG_FAIL(err, MG_E_CANCELLED, "stopped by the user");
    struct mg_str hash = mg_llm_replay_hash(request, arena), json;
    struct mg_str path = mg_record_path(arena, player->folder, hash);
    struct mg_err cause = { .code = MG_OK };
    reply->fault = MG_LLM_REQUEST;
    if (!mg_file_exists(path.at))
        return MG_FAIL(err, MG_E_HTTP, "no recorded reply for %.*s (%.*s): there is no %.*s.json in %.*s", MG_FMT(request->target_id),
                       MG_FMT(request->purpose), MG_FMT(hash), MG_FMT(player->folder));
    if (mg_file_read(arena, path.at, MG_RECORD_MOST_BYTES, &json, &cause) != MG_OK || mg_record_read(arena, json, reply, &cause) != MG_OK)
        return MG_FAIL(err, MG_E_HTTP, "the recorded reply %s cannot be used: %s", path.at, cause.text);
    reply->fault = MG_LLM_NO_FAULT;
    reply->reported_micro_usd = 0; /* what it once cost is in the file; now it costs nothing */
    return MG_OK;
}

static void close_player(void *self)
{
    struct player *player = checked(self);
    player->magic = 0;
    mg_arena_free(player->arena);
}

static const struct mg_llm_ops ops = {
    .name = "replay", .complete = complete, .request_bytes = request_bytes, .request_hash = request_hash, .close = close_player
};

enum mg_code mg_llm_player_new(struct mg_str folder, struct mg_llm *player, struct mg_err *err)
{
    static const struct mg_price nothing = { .provider = "replay", .model = "*" };
    struct mg_arena *arena = mg_arena_new();
    struct player *made = MG_NEW(arena, struct player);
    *made = (struct player){ .magic = MAGIC, .arena = arena, .folder = mg_arena_str(arena, folder) };
    if (!mg_file_is_dir(mg_arena_cstr(arena, folder))) {
        enum mg_code code = MG_FAIL(err, MG_E_NOT_FOUND, "there is no folder %.*s with recorded replies", MG_FMT(folder));
        mg_arena_free(arena);
        return code;
    }
    *player = (struct mg_llm){ .ops = &ops, .self = made, .provider = MG_STR("replay"), .model = MG_NO_STR, .price = &nothing };
    return MG_OK;
}
