/* Reads a reply line by line for fences; takes thinking out. */
#include "generate/model/fences.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "python/toplevel.h"

#define MOST_REOPENED 4      /* times that a closing line is taken for the block's own text */
#define MOST_REOPENED_ALL 12 /* of all blocks together: each one may read the whole reply again */
#define MOST_ROUNDS 4        /* for one form of thinking; each may copy the reply */

/* --- opening and closing lines --- */

struct opening {
    char mark;
    size_t count, prefix; /* marks; bytes before them: indentation and quote marks, or words */
    bool quoted, words;
    struct mg_str info;
};

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

static size_t run_of(struct mg_str line, size_t at, char mark)
{
    size_t end = at;
    while (end < line.len && line.at[end] == mark)
        end++;
    return end - at;
}

/* Indentation and `>` marks. */
static size_t prefix_of(struct mg_str line, bool *quoted)
{
    size_t at = 0;
    while (at < line.len && (line.at[at] == ' ' || line.at[at] == '\t' || line.at[at] == '>')) {
        *quoted = *quoted || line.at[at] == '>';
        at++;
    }
    /* "1. ```python", "- ```python" */
    size_t item = at;
    while (item < line.len && line.at[item] >= '0' && line.at[item] <= '9')
        item++;
    if (item + 1 < line.len && (line.at[item] == '.' || line.at[item] == ')' || line.at[item] == '-' || line.at[item] == '*') &&
        line.at[item + 1] == ' ') {
        while (++item < line.len && line.at[item] == ' ')
            continue;
        if (item < line.len && (line.at[item] == '`' || line.at[item] == '~'))
            return item;
    }
    return at;
}

static enum mg_fence_kind kind_of(struct mg_str info)
{
    char word[32];
    size_t len = 0, at = 0;
    while (at < info.len && strchr(" \t{.", info.at[at]))
        at++;
    while (at < info.len && len < sizeof word - 1 && !strchr(" \t},;:=(", info.at[at]))
        word[len++] = lower(info.at[at++]);
    struct mg_str name = { word, len };
    if (len == 0)
        return MG_FENCE_PLAIN;
    if (mg_str_is(name, "pycon") || mg_str_is(name, "python-console") || mg_str_is(name, "pytb"))
        return MG_FENCE_OTHER;
    if (mg_str_starts(name, "py") || mg_str_ends(name, ".py") || mg_str_is(name, "tool_code"))
        return MG_FENCE_PYTHON;
    if (mg_str_is(name, "markdown") || mg_str_is(name, "md"))
        return MG_FENCE_MARKDOWN;
    return MG_FENCE_OTHER;
}

/* A language right behind words and three backticks: "Here it is: ```python". */
static size_t behind_words(struct mg_str line)
{
    const char *found = line.len > 5 ? memmem(line.at, line.len, "```py", 5) : NULL;
    if (!found)
        return line.len;
    size_t at = (size_t)(found - line.at);
    struct mg_str info = mg_str_trim(mg_str_sub(line, at + 3, line.len));
    return mg_str_find(info, '`', 0) == info.len && mg_str_find(info, ' ', 0) == info.len ? at : line.len;
}

static bool opens(struct mg_str line, struct opening *opening)
{
    *opening = (struct opening){ 0 };
    size_t at = prefix_of(line, &opening->quoted);
    opening->mark = at < line.len ? line.at[at] : ' ';
    opening->count = opening->mark == '`' || opening->mark == '~' ? run_of(line, at, opening->mark) : 0;
    if (opening->count < 3) {
        at = behind_words(line);
        if (at == line.len)
            return false;
        *opening = (struct opening){ .mark = '`', .count = run_of(line, at, '`'), .words = true };
    }
    opening->prefix = at;
    opening->info = mg_str_trim(mg_str_sub(line, at + opening->count, line.len));
    return opening->mark == '~' || mg_str_find(opening->info, '`', 0) == opening->info.len;
}

static bool closes(struct mg_str line, const struct opening *opening)
{
    bool quoted = false;
    size_t at = prefix_of(line, &quoted), count = run_of(line, at, opening->mark);
    return count >= opening->count && mg_str_trim(mg_str_sub(line, at + count, line.len)).len == 0;
}

/* "assert f(1) == 2```": the end of a block behind its last line. */
static bool closes_behind_code(struct mg_str line, const struct opening *opening)
{
    struct mg_str trimmed = mg_str_trim(line);
    return opening->mark == '`' && trimmed.len > 3 && mg_str_ends(trimmed, "```") && run_of(trimmed, 0, '`') == 0 &&
           mg_str_find(trimmed, '`', 0) + 3 == trimmed.len;
}

/* --- blocks --- */

/* A line of the block without what stood before its opening marks. */
static struct mg_str stripped(struct mg_str line, const struct opening *opening)
{
    size_t at = 0;
    while (!opening->words && at < opening->prefix && at < line.len &&
           (line.at[at] == ' ' || line.at[at] == '\t' || (opening->quoted && line.at[at] == '>')))
        at++;
    if (opening->quoted && at < opening->prefix + 1 && at > 0 && line.at[at - 1] == '>' && at < line.len && line.at[at] == ' ')
        at++;
    return mg_str_sub(line, at, line.len);
}

/* Reads the block behind its opening line, up to its `skipped`th-and-first closing line; *rest stands behind it then. */
static struct mg_fence read_block(const struct opening *opening, struct mg_str *rest, unsigned skipped, struct mg_arena *arena)
{
    struct mg_fence fence = { .kind = kind_of(opening->info) };
    struct mg_buf text = MG_BUF(SIZE_MAX);
    struct mg_str line;
    while (!fence.closed && mg_str_next_line(rest, &line)) {
        if (closes(line, opening) && skipped-- == 0) {
            fence.closed = true;
            break;
        }
        struct mg_str code = stripped(line, opening);
        if (closes_behind_code(code, opening)) {
            while (code.len > 0 && code.at[code.len - 1] != '`')
                code.len--;
            code.len -= 3;
            fence.closed = true;
        }
        mg_buf_add(&text, code);
        mg_buf_addc(&text, '\n');
    }
    fence.text = mg_buf_take(&text, arena);
    return fence;
}

void mg_fences_find(struct mg_str text, struct mg_arena *arena, struct mg_fences *fences, struct mg_str *prose)
{
    struct mg_buf between = MG_BUF(SIZE_MAX);
    struct mg_str rest = text, line;
    unsigned reopened = 0;
    *fences = (struct mg_fences){ 0 };
    while (mg_str_next_line(&rest, &line)) {
        struct opening opening;
        if (!opens(line, &opening)) {
            mg_buf_add(&between, line);
            mg_buf_addc(&between, '\n');
            continue;
        }
        struct mg_str behind = rest;
        struct mg_fence fence = read_block(&opening, &behind, 0, arena);
        bool python = fence.kind == MG_FENCE_PYTHON || fence.kind == MG_FENCE_PLAIN;
        if (python && fence.closed && mg_str_contains(fence.text, "def test") && !mg_python_is_whole(fence.text))
            for (unsigned skipped = 1; skipped <= MOST_REOPENED && reopened < MOST_REOPENED_ALL; skipped++, reopened++) {
                struct mg_str further = rest;
                struct mg_fence longer = read_block(&opening, &further, skipped, arena);
                if (!longer.closed)
                    break;
                if (mg_python_is_whole(longer.text)) {
                    fence = longer;
                    behind = further;
                    break;
                }
            }
        rest = behind;
        *MG_PUSH(arena, fences) = fence;
    }
    *prose = mg_buf_take(&between, arena);
}

/* --- thinking --- */

static const struct {
    const char *open, *close;
} thoughts[] = {
    { "<think>", "</think>" },
    { "<thinking>", "</thinking>" },
    { "<thought>", "</thought>" },
    { "<reasoning>", "</reasoning>" },
    { "<reflection>", "</reflection>" },
    { "<scratchpad>", "</scratchpad>" },
    { "<analysis>", "</analysis>" },
    { "[THINK]", "[/THINK]" },
    { "\xe2\x97\x81think\xe2\x96\xb7", "\xe2\x97\x81/think\xe2\x96\xb7" },
    { "<|begin_of_thought|>", "<|end_of_thought|>" },
    { "<|channel|>analysis<|message|>", "<|end|>" },
    { "<|channel|>commentary<|message|>", "<|end|>" },
};

/* The mark as the first thing of a line; text.len when there is none. */
static size_t find_mark(struct mg_str text, const char *mark, size_t from, bool anywhere)
{
    size_t len = strlen(mark);
    while (from + len <= text.len) {
        const char *found = memmem(text.at + from, text.len - from, mark, len);
        if (!found)
            break;
        size_t at = (size_t)(found - text.at), line = at;
        while (line > 0 && (text.at[line - 1] == ' ' || text.at[line - 1] == '\t'))
            line--;
        if (anywhere || line == 0 || text.at[line - 1] == '\n')
            return at;
        from = at + 1;
    }
    return text.len;
}

/* Marks that a chat template leaves around the answer. */
static struct mg_str without_channel(struct mg_str text)
{
    static const char *const marks[] = { "<|start|>assistant", "<|channel|>final<|message|>", "<|begin_of_solution|>" };
    static const char *const ends[] = { "<|return|>", "<|end|>", "<|end_of_solution|>", "<|im_end|>", "</s>", "<|eot_id|>" };
    text = mg_str_trim(text);
    for (size_t i = 0; i < MG_COUNT(marks); i++)
        if (mg_str_starts(text, marks[i]))
            text = mg_str_trim(mg_str_sub(text, strlen(marks[i]), text.len));
    for (size_t i = 0; i < MG_COUNT(ends); i++)
        if (mg_str_ends(text, ends[i]))
            text = mg_str_trim(mg_str_sub(text, 0, text.len - strlen(ends[i])));
    return text;
}

/* One form of thinking: "anywhere" when its marks are no words, so that nobody writes them by chance. */
struct thought {
    const char *open, *close;
    bool anywhere, ends_message; /* a closing mark that also ends what is no thinking says nothing alone */
};

/* Without every opening mark, what follows it and its closing mark: one pass, one copy at most. */
static struct mg_str without_pairs(struct mg_str text, const struct thought *thought, struct mg_arena *arena, bool *open_end)
{
    struct mg_buf out = MG_BUF(SIZE_MAX);
    struct mg_str rest = text; /* begins a line */
    for (;;) {
        size_t open = find_mark(rest, thought->open, 0, thought->anywhere);
        if (open == rest.len)
            break;
        size_t close = find_mark(rest, thought->close, open, true);
        mg_buf_add(&out, mg_str_sub(rest, 0, open));
        if (close == rest.len) { /* never ended; a fence behind it would be part of the thought */
            *open_end = true;
            return mg_buf_take(&out, arena);
        }
        mg_buf_addc(&out, '\n');
        rest = mg_str_sub(rest, close + strlen(thought->close), rest.len);
    }
    if (rest.len == text.len)
        return text;
    mg_buf_add(&out, rest);
    return mg_buf_take(&out, arena);
}

/* Behind the last closing mark that stands alone: the template has swallowed the opening one. */
static struct mg_str behind_last_close(struct mg_str text, const struct thought *thought)
{
    size_t close, len = strlen(thought->close);
    while ((close = find_mark(text, thought->close, 0, thought->anywhere)) < text.len)
        text = mg_str_sub(text, close + len, text.len);
    return text;
}

struct mg_str mg_without_thinking(struct mg_str text, struct mg_arena *arena, bool *open_end)
{
    *open_end = false;
    for (size_t i = 0; i < MG_COUNT(thoughts); i++) {
        struct thought thought = { thoughts[i].open, thoughts[i].close, .anywhere = thoughts[i].open[1] == '|' };
        thought.ends_message = mg_str_is(mg_str_from(thought.close), "<|end|>");
        bool ended = true;
        /* What goes may put a mark that stood behind it at the beginning of a line. */
        for (unsigned round = 0; round < MOST_ROUNDS && ended; round++) {
            bool unended = false;
            struct mg_str before = text;
            text = without_pairs(text, &thought, arena, &unended);
            if (!unended && !thought.ends_message)
                text = behind_last_close(text, &thought);
            *open_end |= unended;
            ended = !unended && text.len != before.len;
        }
    }
    return without_channel(text);
}
