/* Anthropic Messages, version 2026-10-21: sampling parameters are refused by it, so none are ever sent. */
#include "adapters/llm_http/internal.h"

#include "base/str.h"

#define MAX_BREAKPOINTS 4

static struct mg_str endpoint(struct mg_str model, struct mg_arena *arena)
{
    (void)model;
    (void)arena;
    return MG_STR("/messages");
}

static void headers(const struct mg_llm_http *llm, struct mg_arena *arena, struct mg_http_request *request)
{
    mg_peer_header(request, arena, "anthropic-version", MG_STR("2026-10-21"));
    if (llm->key.len)
        mg_peer_header(request, arena, "x-api-key", llm->key);
}

static void add_text_block(struct mg_json *json, yyjson_mut_val *list, struct mg_str text, bool breakpoint)
{
    yyjson_mut_val *block = mg_json_add_object(json, list);
    mg_json_put_text(json, block, "type", MG_STR("text"));
    mg_json_put_text(json, block, "text", text);
    if (breakpoint)
        mg_json_put_text(json, mg_json_put_object(json, block, "cache_control"), "type", MG_STR("ephemeral"));
}

/* Thinking and effort, as far as the model takes them. With thinking off, models refuse efforts above high. */
static void put_thinking(const struct mg_llm_http *llm, struct mg_json *json)
{
    struct mg_claude claude = mg_claude_of(llm->model);
    enum mg_effort effort = mg_effort_lowered(llm->effort, claude.highest);
    const char *thinking = llm->thinking ? claude.adaptive ? "adaptive" : NULL : claude.off;
    if (!llm->thinking && claude.off)
        effort = mg_effort_lowered(effort, MG_EFFORT_HIGH);
    if (effort == MG_EFFORT_XHIGH && !claude.has_xhigh)
        effort = MG_EFFORT_HIGH;
    if (thinking)
        mg_json_put_text(json, mg_json_put_object(json, json->root, "thinking"), "type", mg_str_from(thinking));
    if (effort != MG_EFFORT_NONE)
        mg_json_put_text(json, mg_json_put_object(json, json->root, "output_config"), "effort", mg_str_from(mg_effort_word(effort)));
}

static void body(const struct mg_llm_http *llm, const struct mg_llm_request *request, struct mg_json *json)
{
    struct mg_llm_turns turns = { 0 };
    mg_llm_turns(request, json->arena, &turns);
    size_t breakpoints = 0;
    for (size_t i = 0; i < turns.parts.len; i++)
        breakpoints += turns.parts.at[i].breakpoint;
    mg_json_put_text(json, json->root, "model", llm->model);
    mg_json_put_int(json, json->root, "max_tokens", request->max_output_tokens);
    put_thinking(llm, json);
    if (request->system.len)
        mg_json_put_text(json, json->root, "system", request->system);
    yyjson_mut_val *messages = mg_json_put_list(json, json->root, "messages");
    for (size_t i = 0; i < turns.turns.len; i++) {
        const struct mg_llm_turn *turn = &turns.turns.at[i];
        yyjson_mut_val *message = mg_json_add_object(json, messages);
        mg_json_put_text(json, message, "role", turn->role == MG_LLM_USER ? MG_STR("user") : MG_STR("assistant"));
        yyjson_mut_val *content = mg_json_put_list(json, message, "content");
        for (size_t p = turn->from; p < turn->to; p++) {
            /* Of too many the last ones stay: they end the longest prefixes. */
            bool marked = turns.parts.at[p].breakpoint && breakpoints-- <= MAX_BREAKPOINTS;
            add_text_block(json, content, turns.parts.at[p].text, marked);
        }
    }
}

/* input_tokens does not hold what was read from or written to the cache, so the three already add up. */
static void read_usage(yyjson_val *usage, struct mg_usage *into)
{
    int64_t input = mg_json_count(usage, "input_tokens"), output = mg_json_count(usage, "output_tokens");
    int64_t read = mg_json_count(usage, "cache_read_input_tokens"), written = mg_json_count(usage, "cache_creation_input_tokens");
    if (input < 0 || output < 0)
        return;
    *into = (struct mg_usage){ input, read > 0 ? read : 0, written > 0 ? written : 0, output, true };
}

static bool read_reply(yyjson_val *root, struct mg_arena *arena, struct mg_llm_reply *reply, struct mg_peer_failure *failure)
{
    (void)failure;
    read_usage(yyjson_obj_get(root, "usage"), &reply->usage);
    reply->model = mg_json_str(root, "model", arena);
    yyjson_val *content = yyjson_obj_get(root, "content");
    if (!yyjson_is_arr(content))
        return false;
    reply->text = mg_json_joined(content, "text", arena); /* not of type thinking, redacted_thinking, tool_use */
    yyjson_val *stop = yyjson_obj_get(root, "stop_reason");
    if (yyjson_equals_str(stop, "max_tokens") || yyjson_equals_str(stop, "model_context_window_exceeded"))
        reply->stop = MG_LLM_TRUNCATED;
    else if (yyjson_equals_str(stop, "refusal"))
        reply->stop = MG_LLM_REFUSED;
    return true;
}

const struct mg_llm_format mg_llm_anthropic = {
    .name = "anthropic-messages",
    .what = "an answer of Anthropic Messages",
    .place = { "https://api.anthropic.com", "/v1", true },
    .endpoint = endpoint,
    .headers = headers,
    .body = body,
    .read = read_reply,
};
