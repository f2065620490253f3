/* From the parts of a conversation to messages, and from a model's text to what it meant to say. */
#include "adapters/llm_http/internal.h"

#include "base/buf.h"
#include "base/str.h"

#include <string.h>

void mg_llm_turns(const struct mg_llm_request *request, struct mg_arena *arena, struct mg_llm_turns *turns)
{
    for (size_t i = 0; i < request->parts.len; i++) {
        const struct mg_llm_part *part = &request->parts.at[i];
        if (part->text.len == 0) {
            if (part->breakpoint && turns->parts.len) /* what came before is the same later, too */
                turns->parts.at[turns->parts.len - 1].breakpoint = true;
            continue;
        }
        *MG_PUSH(arena, &turns->parts) = *part;
        struct mg_llm_turn *last = turns->turns.len ? &turns->turns.at[turns->turns.len - 1] : NULL;
        if (last && last->role == part->role)
            last->to = turns->parts.len;
        else
            *MG_PUSH(arena, &turns->turns) = (struct mg_llm_turn){ part->role, turns->parts.len - 1, turns->parts.len };
    }
}

struct mg_str mg_llm_turn_text(const struct mg_llm_turns *turns, const struct mg_llm_turn *turn, struct mg_arena *arena)
{
    struct mg_buf out = MG_BUF(SIZE_MAX / 4);
    for (size_t i = turn->from; i < turn->to; i++) {
        struct mg_str text = turns->parts.at[i].text;
        mg_buf_add(&out, text);
        if (i + 1 < turn->to && !mg_str_ends(text, "\n"))
            mg_buf_addc(&out, '\n');
    }
    return mg_buf_take(&out, arena);
}

/* ---- thinking ---- */

static const char open_tag[] = "<think>", close_tag[] = "</think>";

static size_t find(struct mg_str text, const char *part, size_t from)
{
    const char *hit = from < text.len ? memmem(text.at + from, text.len - from, part, strlen(part)) : NULL;
    return hit ? (size_t)(hit - text.at) : text.len;
}

static size_t line_start(struct mg_str text, size_t at)
{
    while (at > 0 && text.at[at - 1] != '\n')
        at--;
    return at;
}

/* Chat templates of some servers put the opening tag into the prompt: then the text starts in the middle of the thinking. */
static size_t orphan_end(struct mg_str text)
{
    size_t end = find(text, close_tag, 0);
    if (end == text.len || find(text, open_tag, 0) < end)
        return 0;
    size_t start = line_start(text, end);
    bool alone = mg_str_trim(mg_str_sub(text, start, end)).len == 0;
    return alone || find(text, "```", 0) > end ? end + sizeof close_tag - 1 : 0;
}

/* Sections begin at the start of a line outside of fenced code: a test about the text "<think>" keeps it. */
struct mg_str mg_llm_without_thinking(struct mg_str text, struct mg_arena *arena)
{
    struct mg_buf out = MG_BUF(SIZE_MAX / 4);
    size_t at = orphan_end(text);
    const char *fence = NULL;
    while (at < text.len) {
        size_t end = mg_str_find(text, '\n', at);
        struct mg_str line = mg_str_sub(text, at, end < text.len ? end + 1 : end), words = mg_str_trim(line);
        size_t next = at + line.len;
        if (fence ? mg_str_starts(words, fence) : mg_str_starts(words, "```") || mg_str_starts(words, "~~~"))
            fence = fence ? NULL : words.at[0] == '`' ? "```" : "~~~";
        else if (!fence && mg_str_starts(words, open_tag)) {
            size_t close = find(text, close_tag, at);
            if (close < text.len) {
                at = close + sizeof close_tag - 1;
                continue;
            }
            if (mg_str_trim(mg_buf_view(&out)).len == 0) /* cut off while thinking: nothing was said */
                break;
        }
        mg_buf_add(&out, line);
        at = next;
    }
    if (out.len == text.len) {
        mg_buf_free(&out);
        return text;
    }
    struct mg_str said = mg_buf_take(&out, arena);
    while (said.len && (said.at[0] == '\n' || said.at[0] == '\r'))
        said = mg_str_sub(said, 1, said.len);
    return said;
}
