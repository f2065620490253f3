/* OpenAI Chat Completions: of OpenAI itself, of OpenRouter, and of every server that speaks it. */
#include "adapters/llm_http/internal.h"

#include "base/str.h"

static struct mg_str endpoint(struct mg_str model, struct mg_arena *arena)
{
    (void)model;
    (void)arena;
    return MG_STR("/chat/completions");
}

static void headers(const struct mg_llm_http *llm, struct mg_arena *arena, struct mg_http_request *request)
{
    if (llm->key.len)
        mg_peer_header(request, arena, "authorization", mg_arena_printf(arena, "Bearer %.*s", MG_FMT(llm->key)));
}

static void add_message(struct mg_json *json, yyjson_mut_val *messages, const char *role, struct mg_str text)
{
    yyjson_mut_val *message = mg_json_add_object(json, messages);
    mg_json_put_text(json, message, "role", mg_str_from(role));
    mg_json_put_text(json, message, "content", text);
}

/* OpenRouter hands cache_control of text parts on to Anthropic's models; the others cache by themselves. */
static void add_parts(struct mg_json *json, yyjson_mut_val *messages, const char *role, const struct mg_llm_turns *turns,
                      const struct mg_llm_turn *turn)
{
    yyjson_mut_val *message = mg_json_add_object(json, messages);
    mg_json_put_text(json, message, "role", mg_str_from(role));
    yyjson_mut_val *content = mg_json_put_list(json, message, "content");
    for (size_t i = turn->from; i < turn->to; i++) {
        yyjson_mut_val *part = mg_json_add_object(json, content);
        mg_json_put_text(json, part, "type", MG_STR("text"));
        mg_json_put_text(json, part, "text", turns->parts.at[i].text);
        if (turns->parts.at[i].breakpoint)
            mg_json_put_text(json, mg_json_put_object(json, part, "cache_control"), "type", MG_STR("ephemeral"));
    }
}

static void put_messages(const struct mg_llm_request *request, bool in_parts, struct mg_json *json)
{
    struct mg_llm_turns turns = { 0 };
    mg_llm_turns(request, json->arena, &turns);
    yyjson_mut_val *messages = mg_json_put_list(json, json->root, "messages");
    if (request->system.len)
        add_message(json, messages, "system", request->system);
    for (size_t i = 0; i < turns.turns.len; i++) {
        const struct mg_llm_turn *turn = &turns.turns.at[i];
        const char *role = turn->role == MG_LLM_USER ? "user" : "assistant";
        if (in_parts)
            add_parts(json, messages, role, &turns, turn);
        else
            add_message(json, messages, role, mg_llm_turn_text(&turns, turn, json->arena));
    }
}

/* max_tokens is refused by OpenAI's reasoning models, max_completion_tokens is unknown to many servers. An effort is sent only to models that
 * are known to take one: others answer 400. */
static void body(const struct mg_llm_http *llm, const struct mg_llm_request *request, struct mg_json *json)
{
    mg_json_put_text(json, json->root, "model", llm->model);
    put_messages(request, false, json);
    mg_json_put_int(json, json->root, llm->itself ? "max_completion_tokens" : "max_tokens", request->max_output_tokens);
    enum mg_effort effort = llm->itself ? mg_effort_lowered(llm->effort, mg_effort_openai(llm->model)) : MG_EFFORT_NONE;
    if (effort != MG_EFFORT_NONE)
        mg_json_put_text(json, json->root, "reasoning_effort", mg_str_from(mg_effort_word(effort)));
}

static void openrouter_body(const struct mg_llm_http *llm, const struct mg_llm_request *request, struct mg_json *json)
{
    mg_json_put_text(json, json->root, "model", llm->model);
    put_messages(request, mg_str_starts(llm->model, "anthropic/"), json);
    mg_json_put_int(json, json->root, "max_tokens", request->max_output_tokens);
    if (llm->thinking) { /* ignored by models that do not think */
        enum mg_effort effort = mg_effort_lowered(llm->effort, MG_EFFORT_XHIGH);
        mg_json_put_text(json, mg_json_put_object(json, json->root, "reasoning"), "effort", mg_str_from(mg_effort_word(effort)));
    }
}

/* prompt_tokens holds what was read from and written to the cache. Where total_tokens is more than the sum, thinking was left out of
 * completion_tokens (xAI, Gemini behind this format): it is paid like output. */
static void read_usage(yyjson_val *usage, struct mg_llm_reply *reply)
{
    int64_t prompt = mg_json_count(usage, "prompt_tokens"), output = mg_json_count(usage, "completion_tokens");
    int64_t total = mg_json_count(usage, "total_tokens");
    if (prompt < 0 || output < 0)
        return;
    yyjson_val *details = yyjson_obj_get(usage, "prompt_tokens_details");
    int64_t read = mg_json_count(details, "cached_tokens"), written = mg_json_count(details, "cache_write_tokens");
    if (read < 0)
        read = mg_json_count(usage, "prompt_cache_hit_tokens"); /* DeepSeek */
    reply->usage = mg_usage_split(prompt, read, written, total - prompt > output ? total - prompt : output);

    double cost = mg_json_number(usage, "cost", -1); /* OpenRouter, in USD */
    if (yyjson_is_true(yyjson_obj_get(usage, "is_byok")))
        cost += mg_json_number(yyjson_obj_get(usage, "cost_details"), "upstream_inference_cost", 0);
    reply->reported_micro_usd = mg_micro_usd(cost);
}

static enum mg_llm_stop stop_of(yyjson_val *choice)
{
    yyjson_val *stop = yyjson_obj_get(choice, "finish_reason");
    if (yyjson_equals_str(stop, "length") || yyjson_equals_str(stop, "max_tokens") || yyjson_equals_str(stop, "model_length"))
        return MG_LLM_TRUNCATED;
    if (yyjson_equals_str(stop, "content_filter") || yyjson_equals_str(stop, "refusal") ||
        yyjson_get_len(yyjson_obj_get(yyjson_obj_get(choice, "message"), "refusal")) > 0)
        return MG_LLM_REFUSED;
    return MG_LLM_END;
}

static bool read_reply(yyjson_val *root, struct mg_arena *arena, struct mg_llm_reply *reply, struct mg_peer_failure *failure)
{
    read_usage(yyjson_obj_get(root, "usage"), reply);
    reply->model = mg_json_str(root, "model", arena);
    reply->request_id = mg_json_str(root, "id", arena);
    yyjson_val *choice = yyjson_arr_get_first(yyjson_obj_get(root, "choices")), *message = yyjson_obj_get(choice, "message");
    if (yyjson_equals_str(yyjson_obj_get(choice, "finish_reason"), "error")) {
        failure->present = true;
        failure->message = MG_STR("the model's provider broke off");
    }
    if (!yyjson_is_obj(message))
        return false;
    yyjson_val *content = yyjson_obj_get(message, "content"); /* a text, or parts of which some may be thinking (Mistral) */
    reply->text = yyjson_is_arr(content) ? mg_json_joined(content, "text", arena) : mg_json_str_of(content, arena);
    reply->stop = stop_of(choice);
    if (reply->stop == MG_LLM_REFUSED && reply->text.len == 0)
        reply->text = mg_json_str(message, "refusal", arena);
    return true;
}

const struct mg_llm_format mg_llm_openai_chat = {
    .name = "openai-chat",
    .what = "an answer of Chat Completions",
    .place = { "https://api.openai.com", "/v1", false },
    .shows_thinking = true,
    .endpoint = endpoint,
    .headers = headers,
    .body = body,
    .read = read_reply,
};
const struct mg_llm_format mg_llm_openrouter = {
    .name = "openrouter-chat",
    .what = "an answer of Chat Completions",
    .place = { "https://openrouter.ai/api/v1", "/api/v1", false },
    .shows_thinking = true,
    .endpoint = endpoint,
    .headers = headers,
    .body = openrouter_body,
    .read = read_reply,
};
