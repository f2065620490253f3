/* Chooses and joins a reply's blocks; takes its notes out. */
#include "generate/model/reply.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "generate/model/fences.h"
#include "python/toplevel.h"

#define MOST_BYTES ((size_t)1 << 20)
#define MOST_SAID ((size_t)1 << 16) /* without thinking: many times what a round of tests has */
#define MOST_NOTES 100u
#define NOTE_BYTES 500u
#define DEEPEST_MARKDOWN 2
#define MOST_STARTS 20              /* lines that a module without a fence is looked for from */
#define MOST_WORK ((size_t)1 << 18) /* of the parser for them, as mg_python_parse_work counts; each is parsed more than once */

/* A block that may be the module or a part of it. */
struct part {
    struct mg_str text;
    struct mg_tops tops;
    bool tests, imports, support; /* it has tests; it has imports; it has nothing but imports and fixtures */
    bool cut;
};
struct parts {
    MG_VEC(struct part)
};

static struct mg_str normal_lines(struct mg_str text, struct mg_arena *arena)
{
    struct mg_buf out = MG_BUF(MOST_BYTES);
    if (mg_str_starts(text, "\xEF\xBB\xBF"))
        text = mg_str_sub(text, 3, text.len);
    for (size_t i = 0; i < text.len && i < MOST_BYTES; i++)
        if (text.at[i] != '\r')
            mg_buf_addc(&out, text.at[i] ? text.at[i] : ' ');
        else if (i + 1 == text.len || text.at[i + 1] != '\n')
            mg_buf_addc(&out, '\n');
    while (out.len > 0 && !mg_str_is_utf8(mg_buf_view(&out)) && out.len + 4 > MOST_BYTES)
        out.len--; /* a character that the limit has cut */
    return mg_buf_take(&out, arena);
}

/* Takes away the indentation that all lines share. */
static struct mg_str dedented(struct mg_str text, struct mg_arena *arena)
{
    size_t shared = SIZE_MAX;
    struct mg_str rest = text, line;
    while (mg_str_next_line(&rest, &line)) {
        size_t indent = 0;
        while (indent < line.len && line.at[indent] == ' ')
            indent++;
        if (indent < line.len && indent < shared)
            shared = indent;
    }
    if (shared == 0 || shared == SIZE_MAX)
        return text;
    struct mg_buf out = MG_BUF(SIZE_MAX);
    for (rest = text; mg_str_next_line(&rest, &line);) {
        mg_buf_add(&out, mg_str_sub(line, shared, line.len));
        mg_buf_addc(&out, '\n');
    }
    return mg_buf_take(&out, arena);
}

/* --- parts --- */

static struct mg_tops tops_of(struct mg_str text, struct mg_arena *arena)
{
    struct mg_tops tops = { 0 };
    struct mg_module *module = NULL;
    if (mg_module_parse(text, &module, NULL) == MG_OK)
        mg_module_tops(module, arena, &tops);
    mg_module_free(module);
    return tops;
}

/* `loose`: what follows the module in `text` may be anything. */
static struct part make_part(struct mg_str text, bool loose, struct mg_arena *arena)
{
    struct part part = { .text = dedented(text, arena), .support = true };
    if (loose && !mg_python_is_whole(part.text)) {
        part.text = mg_python_whole_part(part.text);
        part.cut = true;
    }
    part.tops = tops_of(part.text, arena);
    for (size_t i = 0; i < part.tops.len; i++) {
        const struct mg_top *top = &part.tops.at[i];
        part.tests |= top->is_test;
        part.imports |= top->kind == MG_TOP_IMPORT;
        part.support &= top->kind == MG_TOP_IMPORT || top->is_fixture;
    }
    return part;
}

/* A truncated block loses its last definition even when that looks whole: `== 12` may have been on its way to `== 123`. */
static struct part cut_part(struct mg_str text, struct mg_arena *arena)
{
    struct part part = make_part(mg_python_whole_part(dedented(text, arena)), true, arena);
    part.cut = true;
    return part;
}

static bool is_session(struct mg_str text) { return mg_str_starts(mg_str_trim(text), ">>>"); }

static void collect(struct mg_str text, bool truncated, unsigned depth, struct mg_arena *arena, struct parts *parts, struct mg_str *prose)
{
    struct mg_fences fences;
    mg_fences_find(text, arena, &fences, prose);
    for (size_t i = 0; i < fences.len; i++) {
        const struct mg_fence *fence = &fences.at[i];
        bool broken_off = truncated && !fence->closed;
        if (fence->kind == MG_FENCE_MARKDOWN && depth < DEEPEST_MARKDOWN) {
            struct mg_str inner;
            collect(fence->text, broken_off, depth + 1, arena, parts, &inner);
        } else if (fence->kind != MG_FENCE_OTHER && !is_session(fence->text)) {
            struct part part = broken_off ? cut_part(fence->text, arena) : make_part(fence->text, !fence->closed, arena);
            if (fence->kind == MG_FENCE_PYTHON || part.tests)
                *MG_PUSH(arena, parts) = part;
        }
    }
}

static bool shares_a_test(const struct part *a, const struct part *b)
{
    for (size_t i = 0; i < a->tops.len; i++)
        for (size_t j = 0; j < b->tops.len; j++)
            if (a->tops.at[i].is_test && mg_str_eq(a->tops.at[i].name, b->tops.at[j].name))
                return true;
    return false;
}

static bool is_defined_later(const struct mg_top *top, const struct parts *parts, size_t from)
{
    if (top->name.len == 0 || (top->kind != MG_TOP_FUNCTION && top->kind != MG_TOP_CLASS))
        return false;
    for (size_t p = from; p < parts->len; p++)
        for (size_t i = 0; i < parts->at[p].tops.len; i++)
            if (parts->at[p].tops.at[i].kind == top->kind && mg_str_eq(parts->at[p].tops.at[i].name, top->name))
                return true;
    return false;
}

/* The part without what a later one defines anew. */
static struct mg_str without_redefined(const struct parts *parts, size_t p, struct mg_arena *arena)
{
    const struct part *part = &parts->at[p];
    struct mg_buf out = MG_BUF(SIZE_MAX);
    size_t at = 0;
    for (size_t i = 0; i < part->tops.len; i++) {
        const struct mg_top *top = &part->tops.at[i];
        if (!is_defined_later(top, parts, p + 1) || top->start < at)
            continue;
        mg_buf_add(&out, mg_str_sub(part->text, at, top->start));
        at = top->end;
    }
    mg_buf_add(&out, mg_str_sub(part->text, at, part->text.len));
    return mg_str_trim(mg_buf_take(&out, arena));
}

static struct mg_str joined(const struct parts *parts, struct mg_arena *arena, bool *cut)
{
    size_t last = parts->len;
    while (last > 0 && !parts->at[last - 1].tests)
        last--;
    if (last == 0)
        return MG_STR("");
    const struct part *final = &parts->at[last - 1];
    bool alone = false;
    for (size_t p = 0; p + 1 < last; p++)
        alone |= final->imports && parts->at[p].tests && shares_a_test(final, &parts->at[p]);
    struct parts used = { 0 };
    for (size_t p = 0; p < last; p++)
        if (p + 1 == last || parts->at[p].support || (parts->at[p].tests && !alone))
            *MG_PUSH(arena, &used) = parts->at[p];
    struct mg_buf out = MG_BUF(SIZE_MAX);
    for (size_t p = 0; p < used.len; p++) {
        struct mg_str text = used.len == 1 ? used.at[p].text : without_redefined(&used, p, arena);
        mg_buf_addf(&out, "%s%.*s", out.len > 0 && text.len > 0 ? "\n\n\n" : "", MG_FMT(text));
        *cut |= used.at[p].cut;
    }
    return mg_buf_take(&out, arena);
}

/* A block that was meant to hold tests and is no Python: its author is better told by the compiler than that there is no test. */
static struct mg_str broken(const struct parts *parts)
{
    for (size_t p = parts->len; p > 0; p--) {
        if (!mg_str_is_utf8(parts->at[p - 1].text))
            continue;
        struct mg_str rest = parts->at[p - 1].text, line;
        while (mg_str_next_line(&rest, &line))
            if (mg_str_starts(line, "def test") || mg_str_starts(line, "async def test") || mg_str_starts(line, "class Test"))
                return parts->at[p - 1].text;
    }
    return MG_STR("");
}

/* --- without a fence --- */

static bool looks_like_python(struct mg_str line)
{
    static const char *const starts[] = { "import ", "from ", "def test", "async def test", "class Test", "@pytest", "\"\"\"", "# kills:" };
    for (size_t i = 0; i < MG_COUNT(starts); i++)
        if (mg_str_starts(line, starts[i]))
            return true;
    return false;
}

static struct mg_str unfenced(struct mg_str text, bool truncated, struct mg_arena *arena, bool *cut)
{
    struct part whole = truncated ? cut_part(text, arena) : make_part(text, false, arena);
    if (!truncated && whole.tests && mg_python_is_whole(whole.text))
        return whole.text;
    struct mg_str rest = text, line;
    size_t starts = 0, work = 0;
    for (struct mg_str from = text; starts < MOST_STARTS && work < MOST_WORK && mg_str_next_line(&rest, &line); from = rest) {
        if (!looks_like_python(line))
            continue;
        starts++;
        work += mg_python_parse_work(from.len);
        struct part part = truncated ? cut_part(from, arena) : make_part(from, true, arena);
        if (part.tests) {
            *cut = truncated;
            return part.text;
        }
    }
    return MG_STR("");
}

/* --- notes --- */

static const struct {
    const char *key;
    enum mg_reply_note_kind kind;
} keys[] = {
    { "kills:", MG_REPLY_KILLS },
    { "notes:", MG_REPLY_NOTES },
    { "note:", MG_REPLY_NOTES },
    { "equivalent:", MG_REPLY_EQUIVALENT },
};

static bool starts_as(struct mg_str text, const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < len; i++)
        if (i >= text.len || (text.at[i] | 0x20) != (key[i] | 0x20))
            return false;
    return true;
}

/* What stands behind `# kills:` and the like in a line that is nothing but this comment. */
static bool is_note(struct mg_str line, enum mg_reply_note_kind *kind, struct mg_str *text)
{
    line = mg_str_trim(line);
    if (line.len == 0 || line.at[0] != '#')
        return false;
    while (line.len > 0 && (line.at[0] == '#' || line.at[0] == ' '))
        line = mg_str_sub(line, 1, line.len);
    for (size_t i = 0; i < MG_COUNT(keys); i++)
        if (starts_as(line, keys[i].key)) {
            *kind = keys[i].kind;
            *text = mg_str_trim(mg_str_sub(line, strlen(keys[i].key), line.len));
            return true;
        }
    return false;
}

/* The test that is defined below, behind comments and decorators. */
static struct mg_str test_below(struct mg_str rest)
{
    struct mg_str line;
    while (mg_str_next_line(&rest, &line)) {
        bool inside = line.len > 0 && (line.at[0] == ' ' || line.at[0] == '\t');
        struct mg_str code = mg_str_trim(line);
        if (mg_str_starts(code, "async "))
            code = mg_str_trim(mg_str_sub(code, 6, code.len));
        if (mg_str_starts(code, "def test"))
            return mg_str_trim(mg_str_sub(code, 4, mg_str_find(code, '(', 0)));
        if (mg_str_starts(code, "class Test"))
            return mg_str_sub(code, 6, mg_str_find(code, mg_str_find(code, '(', 0) < code.len ? '(' : ':', 0));
        if (mg_str_starts(code, "def ") || (!inside && code.len > 0 && !strchr("#@)]}", code.at[0])))
            break;
    }
    return MG_STR("");
}

static void add_note(struct mg_arena *arena, struct mg_reply *reply, enum mg_reply_note_kind kind, struct mg_str test, struct mg_buf *text)
{
    struct mg_str whole = mg_buf_view(text);
    while (whole.len > NOTE_BYTES || (whole.len > 0 && !mg_str_is_utf8(whole)))
        whole.len--;
    if (reply->notes.len < MOST_NOTES && whole.len > 0)
        *MG_PUSH(arena, &reply->notes) = (struct mg_reply_note){ kind, mg_arena_str(arena, test), mg_arena_str(arena, whole) };
    mg_buf_free(text);
}

static bool is_plain_comment(struct mg_str line)
{
    enum mg_reply_note_kind kind;
    struct mg_str text;
    return mg_str_starts(mg_str_trim(line), "#") && !is_note(line, &kind, &text);
}

static struct mg_str take_notes(struct mg_str module, struct mg_arena *arena, struct mg_reply *reply)
{
    struct mg_buf out = MG_BUF(SIZE_MAX);
    struct mg_str rest = module, line;
    while (mg_str_next_line(&rest, &line)) {
        enum mg_reply_note_kind kind;
        struct mg_str text;
        if (!is_note(line, &kind, &text)) {
            mg_buf_add(&out, line);
            mg_buf_addc(&out, '\n');
            continue;
        }
        struct mg_buf note = MG_BUF((size_t)1 << 16);
        mg_buf_add(&note, text);
        for (struct mg_str behind = rest; kind != MG_REPLY_KILLS && mg_str_next_line(&behind, &line) && is_plain_comment(line); rest = behind) {
            line = mg_str_trim(line);
            while (line.len > 0 && (line.at[0] == '#' || line.at[0] == ' '))
                line = mg_str_sub(line, 1, line.len);
            mg_buf_addf(&note, " %.*s", MG_FMT(line));
        }
        bool about_a_test = kind != MG_REPLY_NOTES && note.len > 0 && reply->notes.len < MOST_NOTES;
        add_note(arena, reply, kind, about_a_test ? test_below(rest) : MG_STR(""), &note);
    }
    return mg_buf_take(&out, arena);
}

/* Claims of equivalence also stand outside the code. */
static void notes_of_prose(struct mg_str prose, struct mg_arena *arena, struct mg_reply *reply)
{
    struct mg_str line;
    while (mg_str_next_line(&prose, &line)) {
        line = mg_str_trim(line);
        while (line.len > 0 && strchr("#-*` ", line.at[0]))
            line = mg_str_sub(line, 1, line.len);
        if (!starts_as(line, "equivalent:"))
            continue;
        struct mg_buf note = MG_BUF((size_t)1 << 16);
        mg_buf_add(&note, mg_str_trim(mg_str_sub(line, 11, line.len)));
        while (note.len > 0 && (note.at[note.len - 1] == '`' || note.at[note.len - 1] == '*'))
            note.len--;
        add_note(arena, reply, MG_REPLY_EQUIVALENT, MG_STR(""), &note);
    }
}

/* --- all together --- */

static struct mg_str why_nothing(struct mg_str text, enum mg_llm_stop stop, bool thinking, const struct parts *parts)
{
    if (stop == MG_LLM_REFUSED)
        return MG_STR("The reply was a refusal.");
    if (stop == MG_LLM_TRUNCATED)
        return thinking ? MG_STR("The reply reached its length limit while it was still thinking.")
                        : MG_STR("The reply reached its length limit before its first test was whole.");
    if (mg_str_trim(text).len == 0)
        return MG_STR("The reply was empty.");
    return parts->len > 0 ? MG_STR("The reply's Python block holds no test function.")
                          : MG_STR("The reply holds no Python module: answer with one fenced block of Python.");
}

void mg_reply_read(struct mg_str text, enum mg_llm_stop stop, struct mg_arena *arena, struct mg_reply *reply)
{
    struct parts parts = { 0 };
    bool thinking = false;
    struct mg_str prose = MG_STR("");
    *reply = (struct mg_reply){ .module = MG_STR(""), .problem = MG_STR("") };
    bool truncated = stop == MG_LLM_TRUNCATED || text.len > MOST_BYTES;
    text = normal_lines(text, arena);
    struct mg_str said = mg_without_thinking(text, arena, &thinking);
    if (said.len > MOST_SAID) {
        truncated = true;
        said.len = MOST_SAID;
        while (said.len > 0 && ((unsigned char)said.at[said.len] & 0xc0) == 0x80) /* not in the middle of a character */
            said.len--;
    }
    collect(said, truncated, 0, arena, &parts, &prose);
    struct mg_str module = stop == MG_LLM_REFUSED ? MG_STR("") : joined(&parts, arena, &reply->cut);
    if (module.len == 0 && parts.len == 0 && stop != MG_LLM_REFUSED)
        module = unfenced(said, truncated, arena, &reply->cut);
    if (module.len == 0 && !truncated && stop != MG_LLM_REFUSED)
        module = broken(&parts);
    module = mg_str_trim(take_notes(module, arena, reply));
    notes_of_prose(prose, arena, reply);
    for (size_t p = 0; module.len == 0 && p < parts.len; p++) /* an answer may be nothing but claims */
        (void)take_notes(parts.at[p].text, arena, reply);
    if (module.len == 0)
        reply->problem = why_nothing(text, stop, thinking, &parts);
    else
        reply->module = mg_arena_printf(arena, "%.*s\n", MG_FMT(module));
    if (module.len > 0 && reply->cut)
        reply->problem = truncated ? MG_STR("The reply reached its length limit: the tests behind the last whole one are lost.")
                                   : MG_STR("The reply's last block was not closed: what stood behind its last whole test is lost.");
}
