/* What models are known to take: how hard they can be told to think. Sources, 2026-11: the capability flags of litellm 1.108.7's model list,
 * Anthropic's notes on thinking of the 4.5 to 5.5 models, and the OpenAI SDK's ReasoningEffort. */
#include "adapters/llm_http/internal.h"

#include "base/str.h"

const char *mg_effort_word(enum mg_effort effort)
{
    static const char *const words[] = { NULL, "low", "medium", "high", "xhigh", "max" };
    return (size_t)effort < MG_COUNT(words) ? words[effort] : NULL;
}

enum mg_effort mg_effort_lowered(enum mg_effort wanted, enum mg_effort highest) { return wanted < highest ? wanted : highest; }

/* The id itself, or one that goes on with a dash: "gpt-5" is of "gpt-5-mini", not of "gpt-5.1". */
static bool is_of(struct mg_str model, const char *family)
{
    if (!mg_str_starts(model, family))
        return false;
    size_t length = mg_str_from(family).len;
    return model.len == length || model.at[length] == '-';
}

enum mg_effort mg_effort_openai(struct mg_str model)
{
    static const struct {
        const char *family;
        enum mg_effort highest;
    } families[] = {
        { "gpt-6", MG_EFFORT_MAX },     { "gpt-6.1", MG_EFFORT_MAX },   { "gpt-6.2", MG_EFFORT_MAX },   { "gpt-5.6", MG_EFFORT_XHIGH },
        { "gpt-5.5", MG_EFFORT_XHIGH }, { "gpt-5.4", MG_EFFORT_XHIGH }, { "gpt-5.3", MG_EFFORT_XHIGH }, { "gpt-5.2", MG_EFFORT_XHIGH },
        { "gpt-5.1", MG_EFFORT_HIGH },  { "gpt-5", MG_EFFORT_HIGH },    { "o4-mini", MG_EFFORT_HIGH },  { "o3", MG_EFFORT_HIGH },
        { "o1", MG_EFFORT_HIGH },
    };
    static const char *const without[] = { "-chat", "-pro", "-search" }; /* one level only, or levels of their own: their default is used */
    for (size_t i = 0; i < MG_COUNT(without); i++)
        if (mg_str_contains(model, without[i]))
            return MG_EFFORT_NONE;
    for (size_t i = 0; i < MG_COUNT(families); i++)
        if (is_of(model, families[i].family))
            return families[i].highest;
    return MG_EFFORT_NONE;
}

struct mg_claude mg_claude_of(struct mg_str model)
{
    static const struct {
        const char *family; /* the first that fits */
        struct mg_claude takes;
    } families[] = {
        { "claude-haiku-5-5", { MG_EFFORT_MAX, true, true, "disabled" } },
        { "claude-sonnet-5-5", { MG_EFFORT_MAX, true, true, "between_tools" } }, /* refuses "disabled" */
        { "claude-opus-5-5", { MG_EFFORT_MAX, true, true, NULL } },              /* always thinks, as fable and mythos do */
        { "claude-opus-5", { MG_EFFORT_MAX, true, true, "disabled" } },
        { "claude-sonnet-5", { MG_EFFORT_MAX, true, true, "disabled" } },
        { "claude-opus-4-6", { MG_EFFORT_MAX, false, true, NULL } }, /* 4.6 to 4.8 do not think unless told to */
        { "claude-sonnet-4-6", { MG_EFFORT_MAX, false, true, NULL } },
        { "claude-opus-4-7", { MG_EFFORT_MAX, true, true, NULL } },
        { "claude-opus-4-8", { MG_EFFORT_MAX, true, true, NULL } },
        { "claude-opus-4-5", { MG_EFFORT_HIGH, true, false, NULL } },
        { "claude-opus-4", { MG_EFFORT_NONE, false, false, NULL } },
        { "claude-sonnet-4", { MG_EFFORT_NONE, false, false, NULL } }, /* also 4-5 */
        { "claude-haiku-4", { MG_EFFORT_NONE, false, false, NULL } },
        { "claude-3", { MG_EFFORT_NONE, false, false, NULL } },
    };
    for (size_t i = 0; i < MG_COUNT(families); i++)
        if (is_of(model, families[i].family))
            return families[i].takes;
    return (struct mg_claude){ MG_EFFORT_MAX, true, true, NULL };
}
