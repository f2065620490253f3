/* Gemini's own format, :generateContent. v1beta: it has every model, previews too, and proxies serve it. */
#include "adapters/llm_http/internal.h"

#include "base/buf.h"
#include "base/str.h"

#include <string.h>

/* "/models/gemini-3.8-flash:generateContent"; a model may be given with its collection ("models/…", "tunedModels/…"). */
static struct mg_str endpoint(struct mg_str model, struct mg_arena *arena)
{
    struct mg_buf path = MG_BUF(4096);
    mg_buf_adds(&path, mg_str_starts(model, "models/") || mg_str_starts(model, "tunedModels/") ? "/" : "/models/");
    for (size_t i = 0; i < model.len; i++) {
        unsigned char byte = (unsigned char)model.at[i];
        if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte && strchr("-._~/@", byte)))
            mg_buf_addc(&path, (char)byte);
        else
            mg_buf_addf(&path, "%%%02X", byte);
    }
    mg_buf_adds(&path, ":generateContent");
    return mg_buf_take(&path, arena);
}

static void headers(const struct mg_llm_http *llm, struct mg_arena *arena, struct mg_http_request *request)
{
    if (llm->key.len)
        mg_peer_header(request, arena, "x-goog-api-key", llm->key);
}

static void put_parts(struct mg_json *json, yyjson_mut_val *object, const struct mg_llm_turns *turns, const struct mg_llm_turn *turn)
{
    yyjson_mut_val *parts = mg_json_put_list(json, object, "parts");
    for (size_t i = turn->from; i < turn->to; i++)
        mg_json_put_text(json, mg_json_add_object(json, parts), "text", turns->parts.at[i].text);
}

/* Models from 3 on have levels and cannot be kept from thinking: off is LOW. 2.5 has budgets, by itself or none. Gemma has neither. */
static void put_thinking(const struct mg_llm_http *llm, struct mg_json *json, yyjson_mut_val *config)
{
    struct mg_str model = mg_str_starts(llm->model, "models/") ? mg_str_sub(llm->model, 7, llm->model.len) : llm->model;
    if (mg_str_starts(model, "gemini-2.5")) {
        if (!llm->thinking) /* 128 is the least that Pro takes */
            mg_json_put_int(json, mg_json_put_object(json, config, "thinkingConfig"), "thinkingBudget", mg_str_contains(model, "-pro") ? 128 : 0);
        return;
    }
    if (!mg_str_starts(model, "gemini-") || mg_str_starts(model, "gemini-1") || mg_str_starts(model, "gemini-2"))
        return;
    static const char *const levels[] = { "LOW", "LOW", "MEDIUM", "HIGH", "XHIGH" };
    enum mg_effort highest = mg_str_starts(model, "gemini-4-hydrogen") ? MG_EFFORT_XHIGH : MG_EFFORT_HIGH;
    enum mg_effort effort = llm->thinking ? mg_effort_lowered(llm->effort, highest) : MG_EFFORT_LOW;
    mg_json_put_text(json, mg_json_put_object(json, config, "thinkingConfig"), "thinkingLevel", mg_str_from(levels[effort]));
}

static void body(const struct mg_llm_http *llm, const struct mg_llm_request *request, struct mg_json *json)
{
    struct mg_llm_turns turns = { 0 };
    mg_llm_turns(request, json->arena, &turns);
    if (request->system.len) {
        yyjson_mut_val *parts = mg_json_put_list(json, mg_json_put_object(json, json->root, "systemInstruction"), "parts");
        mg_json_put_text(json, mg_json_add_object(json, parts), "text", request->system);
    }
    yyjson_mut_val *contents = mg_json_put_list(json, json->root, "contents");
    for (size_t i = 0; i < turns.turns.len; i++) {
        yyjson_mut_val *content = mg_json_add_object(json, contents);
        mg_json_put_text(json, content, "role", turns.turns.at[i].role == MG_LLM_USER ? MG_STR("user") : MG_STR("model"));
        put_parts(json, content, &turns, &turns.turns.at[i]);
    }
    yyjson_mut_val *config = mg_json_put_object(json, json->root, "generationConfig");
    mg_json_put_int(json, config, "maxOutputTokens", request->max_output_tokens);
    put_thinking(llm, json, config);
}

/* promptTokenCount holds the cached ones; thoughts are not in candidatesTokenCount and are paid as output. */
static void read_usage(yyjson_val *usage, struct mg_llm_reply *reply)
{
    int64_t prompt = mg_json_count(usage, "promptTokenCount"), candidates = mg_json_count(usage, "candidatesTokenCount");
    int64_t thoughts = mg_json_count(usage, "thoughtsTokenCount"), tools = mg_json_count(usage, "toolUsePromptTokenCount");
    if (prompt < 0)
        return;
    reply->usage = mg_usage_split(prompt + (tools > 0 ? tools : 0), mg_json_count(usage, "cachedContentTokenCount"), -1,
                                  (candidates > 0 ? candidates : 0) + (thoughts > 0 ? thoughts : 0));
}

static struct mg_str text_of(yyjson_val *parts, struct mg_arena *arena)
{
    struct mg_buf out = MG_BUF(SIZE_MAX / 4);
    yyjson_val *part;
    size_t i, count;
    yyjson_arr_foreach(parts, i, count, part)
    {
        if (!yyjson_is_true(yyjson_obj_get(part, "thought")))
            mg_buf_add(&out, mg_json_str(part, "text", arena));
    }
    return mg_buf_take(&out, arena);
}

static enum mg_llm_stop stop_of(yyjson_val *reason)
{
    static const struct {
        const char *reason;
        enum mg_llm_stop stop;
    } stops[] = {
        { "MAX_TOKENS", MG_LLM_TRUNCATED },
        { "CONTINUATION", MG_LLM_TRUNCATED },
        { "SAFETY", MG_LLM_REFUSED },
        { "RECITATION", MG_LLM_REFUSED },
        { "LANGUAGE", MG_LLM_REFUSED },
        { "BLOCKLIST", MG_LLM_REFUSED },
        { "PROHIBITED_CONTENT", MG_LLM_REFUSED },
        { "SPII", MG_LLM_REFUSED },
        { "IMAGE_SAFETY", MG_LLM_REFUSED },
        { "IMAGE_RECITATION", MG_LLM_REFUSED },
        { "IMAGE_PROHIBITED_CONTENT", MG_LLM_REFUSED },
        { "ESCALATION", MG_LLM_REFUSED },
        { "MODEL_ARMOR", MG_LLM_REFUSED },
    };
    for (size_t i = 0; i < MG_COUNT(stops); i++)
        if (yyjson_equals_str(reason, stops[i].reason))
            return stops[i].stop;
    return MG_LLM_END;
}

static bool read_reply(yyjson_val *root, struct mg_arena *arena, struct mg_llm_reply *reply, struct mg_peer_failure *failure)
{
    read_usage(yyjson_obj_get(root, "usageMetadata"), reply);
    reply->model = mg_json_str(root, "modelVersion", arena);
    reply->request_id = mg_json_str(root, "responseId", arena);
    yyjson_val *candidate = yyjson_arr_get_first(yyjson_obj_get(root, "candidates")), *reason = yyjson_obj_get(candidate, "finishReason");
    if (!candidate) {
        reply->stop = MG_LLM_REFUSED;
        return yyjson_is_str(yyjson_obj_get(yyjson_obj_get(root, "promptFeedback"), "blockReason"));
    }
    if (yyjson_equals_str(reason, "PUP_LIMITED_DISABLED")) {
        failure->present = true;
        failure->status = 403;
        failure->message = MG_STR("the account is limited or disabled (PUP_LIMITED_DISABLED)");
    }
    reply->text = text_of(yyjson_obj_get(yyjson_obj_get(candidate, "content"), "parts"), arena);
    reply->stop = stop_of(reason);
    return yyjson_is_obj(candidate);
}

const struct mg_llm_format mg_llm_gemini = {
    .name = "gemini-generate-content",
    .what = "an answer of generateContent",
    .place = { "https://generativelanguage.googleapis.com", "/v1beta", true },
    .endpoint = endpoint,
    .headers = headers,
    .body = body,
    .read = read_reply,
};
