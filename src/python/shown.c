/* One-line forms of source text. */
#include "python/shown.h"

#include <string.h>

#include "base/str.h"

/* Text between two tokens, comments too: what holds a line's end becomes one blank, and none inside of brackets' edges. */
static void add_gap(struct mg_buf *out, struct mg_str gap, char next)
{
    if (memchr(gap.len ? gap.at : "", '\n', gap.len) == NULL) {
        mg_buf_add(out, gap);
        return;
    }
    char before = out->len ? out->at[out->len - 1] : '(';
    bool closing = next == ')' || next == ']' || next == '}';
    if (!closing && before != '(' && before != '[' && before != '{' && before != ' ')
        mg_buf_addc(out, ' ');
}

/* The tokens in [node, behind) up to byte `end`, comments left out. */
static void add_tokens(struct mg_buf *out, const struct mg_module *module, const struct mg_node *node, uint32_t end)
{
    uint32_t at = node->start;
    for (const struct mg_node *inside = node; inside < node + node->size && inside->start < end && !out->overflow;) {
        if (inside->kind == N_COMMENT || inside->kind == N_LINE_CONTINUATION) {
            inside += inside->size;
            continue;
        }
        bool whole = inside->size == 1 || inside->kind == N_STRING;
        if (whole && inside->end > inside->start) {
            char next = module->text.at[inside->start];
            add_gap(out, mg_str_sub(module->text, at, inside->start), next);
            mg_buf_add(out, mg_node_text(module, inside));
            at = inside->end;
        }
        inside += whole ? inside->size : 1;
    }
}

/* Cut at the limit, and where a string goes on in another line. */
static struct mg_str finish(struct mg_buf *out, size_t limit, struct mg_arena *arena)
{
    struct mg_str text = mg_str_trim(mg_buf_view(out));
    struct mg_str kept = mg_str_fit(text, limit);
    kept = mg_str_sub(kept, 0, mg_str_find(kept, '\n', 0));
    bool cut = kept.len < text.len || out->overflow;
    text = cut ? mg_arena_printf(arena, "%.*s ...", MG_FMT(mg_str_trim(kept))) : mg_arena_str(arena, text);
    mg_buf_free(out);
    return text;
}

struct mg_str mg_shown_node(const struct mg_module *module, const struct mg_node *node, size_t limit, struct mg_arena *arena)
{
    struct mg_buf out = MG_BUF(4 * limit + 64);
    add_tokens(&out, module, node, node->end);
    return finish(&out, limit, arena);
}

struct mg_str mg_shown_header(const struct mg_module *module, const struct mg_node *definition, size_t limit, struct mg_arena *arena)
{
    uint32_t end = definition->end;
    for (const struct mg_node *child = mg_node_first(definition); child; child = mg_node_next(child))
        if (!child->named && mg_node_is(module, child, ":"))
            end = child->start;
    struct mg_buf out = MG_BUF(4 * limit + 64);
    add_tokens(&out, module, definition, end);
    return finish(&out, limit, arena);
}

struct mg_str mg_shown_doc(const struct mg_module *module, const struct mg_node *block, size_t limit)
{
    const struct mg_node *docstring = block ? mg_docstring(module, block) : NULL;
    if (!docstring)
        return MG_STR("");
    struct mg_str text = mg_node_text(module, docstring), line = MG_STR("");
    size_t from = 0;
    while (from < text.len && text.at[from] != '"' && text.at[from] != '\'')
        from++;
    char quote = from < text.len ? text.at[from] : '"';
    while (from < text.len && text.at[from] == quote)
        from++;
    struct mg_str rest = mg_str_sub(text, from, text.len);
    while (line.len == 0 && mg_str_next_line(&rest, &line))
        line = mg_str_trim(line);
    while (line.len && line.at[line.len - 1] == quote)
        line.len--;
    return mg_str_fit(mg_str_trim(line), limit);
}

static size_t indent_of(struct mg_str line)
{
    size_t blanks = 0;
    while (blanks < line.len && (line.at[blanks] == ' ' || line.at[blanks] == '\t'))
        blanks++;
    return blanks;
}

static struct mg_str without_return(struct mg_str line) { return mg_str_ends(line, "\r") ? mg_str_sub(line, 0, line.len - 1) : line; }

struct mg_str mg_shown_dedented(struct mg_str text, struct mg_arena *arena)
{
    size_t indent = SIZE_MAX;
    struct mg_str rest = text, line;
    while (mg_str_next_line(&rest, &line))
        if (mg_str_trim(line).len && indent_of(line) < indent)
            indent = indent_of(line);
    struct mg_buf out = MG_BUF(SIZE_MAX);
    for (rest = text; mg_str_next_line(&rest, &line);) {
        line = without_return(line);
        mg_buf_add(&out, mg_str_sub(line, mg_str_trim(line).len ? indent : line.len, line.len));
        mg_buf_addc(&out, '\n');
    }
    struct mg_str made = mg_buf_take(&out, arena);
    return mg_str_sub(made, 0, made.len ? made.len - 1 : 0);
}

struct mg_str mg_shown_lines(struct mg_str text, size_t limit, struct mg_arena *arena)
{
    if (text.len <= limit)
        return text;
    size_t room = limit > 32 ? limit - 32 : 0, end = 0, missing = 0; /* for the last line */
    struct mg_str line;
    for (struct mg_str rest = text; mg_str_next_line(&rest, &line);) {
        size_t behind = (size_t)(line.at - text.at) + line.len + 1;
        if (behind <= room)
            end = behind;
        else
            missing++;
    }
    return mg_arena_printf(arena, "%.*s# ... %zu more line%s", MG_FMT(mg_str_sub(text, 0, end)), missing, missing == 1 ? "" : "s");
}

bool mg_is_transparent(const struct mg_node *node)
{
    return node->kind == N_IF || node->kind == N_ELIF || node->kind == N_ELSE || node->kind == N_TRY || node->kind == N_EXCEPT ||
           node->kind == N_FINALLY || node->kind == N_WITH || node->kind == N_BLOCK;
}

bool mg_is_main_guard(const struct mg_module *module, const struct mg_node *node)
{
    const struct mg_node *condition = node->kind == N_IF ? mg_node_field(node, F_condition) : NULL;
    return condition && mg_str_contains(mg_node_text(module, condition), "__name__") && mg_str_contains(mg_node_text(module, condition), "__main__");
}
