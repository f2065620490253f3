/* OpenAI Responses, stateless: nothing is stored at the provider, the conversation is sent whole each time. */
#include "adapters/llm_http/internal.h"

#include "base/str.h"

static struct mg_str endpoint(struct mg_str model, struct mg_arena *arena)
{
    (void)model;
    (void)arena;
    return MG_STR("/responses");
}

static void headers(const struct mg_llm_http *llm, struct mg_arena *arena, struct mg_http_request *request)
{
    if (llm->key.len)
        mg_peer_header(request, arena, "authorization", mg_arena_printf(arena, "Bearer %.*s", MG_FMT(llm->key)));
}

static void body(const struct mg_llm_http *llm, const struct mg_llm_request *request, struct mg_json *json)
{
    struct mg_llm_turns turns = { 0 };
    mg_llm_turns(request, json->arena, &turns);
    mg_json_put_text(json, json->root, "model", llm->model);
    if (request->system.len)
        mg_json_put_text(json, json->root, "instructions", request->system);
    yyjson_mut_val *input = mg_json_put_list(json, json->root, "input");
    for (size_t i = 0; i < turns.turns.len; i++) {
        yyjson_mut_val *message = mg_json_add_object(json, input);
        mg_json_put_text(json, message, "role", turns.turns.at[i].role == MG_LLM_USER ? MG_STR("user") : MG_STR("assistant"));
        mg_json_put_text(json, message, "content", mg_llm_turn_text(&turns, &turns.turns.at[i], json->arena));
    }
    mg_json_put_int(json, json->root, "max_output_tokens", request->max_output_tokens);
    enum mg_effort effort = llm->itself ? mg_effort_lowered(llm->effort, mg_effort_openai(llm->model)) : MG_EFFORT_NONE;
    if (effort != MG_EFFORT_NONE)
        mg_json_put_text(json, mg_json_put_object(json, json->root, "reasoning"), "effort", mg_str_from(mg_effort_word(effort)));
    mg_json_put_bool(json, json->root, "store", false);
}

/* input_tokens holds what was read from and written to the cache; output_tokens holds the thinking. */
static void read_usage(yyjson_val *usage, struct mg_llm_reply *reply)
{
    int64_t input = mg_json_count(usage, "input_tokens"), output = mg_json_count(usage, "output_tokens");
    if (input < 0 || output < 0)
        return;
    yyjson_val *details = yyjson_obj_get(usage, "input_tokens_details");
    reply->usage = mg_usage_split(input, mg_json_count(details, "cached_tokens"), mg_json_count(details, "cache_write_tokens"), output);
}

/* The texts of all messages in the output; a refusal is one, too. Items of type reasoning or function_call are passed over. */
static void read_output(yyjson_val *output, struct mg_arena *arena, struct mg_llm_reply *reply)
{
    yyjson_val *item;
    size_t i, count;
    yyjson_arr_foreach(output, i, count, item)
    {
        if (!yyjson_equals_str(yyjson_obj_get(item, "type"), "message"))
            continue;
        yyjson_val *content = yyjson_obj_get(item, "content"), *part;
        struct mg_str text = mg_json_joined(content, "output_text", arena);
        size_t k, parts;
        yyjson_arr_foreach(content, k, parts, part)
        {
            if (!yyjson_equals_str(yyjson_obj_get(part, "type"), "refusal"))
                continue;
            reply->stop = MG_LLM_REFUSED;
            if (!text.len)
                text = mg_json_str(part, "refusal", arena);
        }
        reply->text = mg_arena_printf(arena, "%.*s%.*s", MG_FMT(reply->text), MG_FMT(text));
    }
}

static bool read_reply(yyjson_val *root, struct mg_arena *arena, struct mg_llm_reply *reply, struct mg_peer_failure *failure)
{
    read_usage(yyjson_obj_get(root, "usage"), reply);
    reply->model = mg_json_str(root, "model", arena);
    reply->request_id = mg_json_str(root, "id", arena);
    yyjson_val *status = yyjson_obj_get(root, "status"), *output = yyjson_obj_get(root, "output");
    if (yyjson_equals_str(status, "failed") || yyjson_equals_str(status, "cancelled")) {
        failure->present = true;
        failure->message = mg_arena_printf(arena, "the response is %s", yyjson_get_str(status));
    }
    if (!yyjson_is_arr(output) || yyjson_equals_str(status, "queued") || yyjson_equals_str(status, "in_progress"))
        return false;
    read_output(output, arena, reply);
    if (yyjson_equals_str(status, "incomplete")) {
        yyjson_val *reason = yyjson_obj_get(yyjson_obj_get(root, "incomplete_details"), "reason");
        reply->stop = yyjson_equals_str(reason, "content_filter") ? MG_LLM_REFUSED : MG_LLM_TRUNCATED;
    }
    return true;
}

const struct mg_llm_format mg_llm_openai_responses = {
    .name = "openai-responses",
    .what = "an answer of Responses",
    .place = { "https://api.openai.com", "/v1", false },
    .shows_thinking = true,
    .endpoint = endpoint,
    .headers = headers,
    .body = body,
    .read = read_reply,
};
