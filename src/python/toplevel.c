/* Pieces of a module; the whole part of a text that was cut off. */
#include "python/toplevel.h"

#include "base/str.h"
#include "python/testpieces.h"

#define MOST_TRIES 400u
#define MOST_WORK ((size_t)1 << 20)   /* of the parser in all tries together, as mg_python_parse_work counts; one try is always made */
#define MOST_READ ((size_t)256 << 20) /* bytes that are read for where a line stands */

static enum mg_top_kind kind_of(const struct mg_piece *piece)
{
    const struct mg_node *value = piece->node->kind == N_EXPRESSION_STATEMENT ? mg_node_first_named(piece->node) : NULL;
    if (piece->is_import)
        return MG_TOP_IMPORT;
    if (piece->inner->kind == N_FUNCTION)
        return MG_TOP_FUNCTION;
    if (piece->inner->kind == N_CLASS)
        return MG_TOP_CLASS;
    return value && value->kind == N_ASSIGNMENT ? MG_TOP_ASSIGNMENT : MG_TOP_OTHER;
}

void mg_module_tops(const struct mg_module *module, struct mg_arena *arena, struct mg_tops *tops)
{
    struct mg_pieces pieces;
    mg_pieces_read(module, arena, &pieces);
    *tops = (struct mg_tops){ 0 };
    for (size_t i = 0; i < pieces.len; i++) {
        const struct mg_piece *piece = &pieces.at[i];
        struct mg_top top = { .kind = kind_of(piece), .name = piece->name, .start = piece->start, .end = piece->end, .line = piece->node->line };
        if (top.kind == MG_TOP_ASSIGNMENT && piece->binds.len == 1)
            top.name = piece->binds.at[0];
        top.is_test = piece->is_test;
        top.is_fixture = piece->is_fixture;
        if (top.end < module->text.len)
            top.end++;
        *MG_PUSH(arena, tops) = top;
    }
}

size_t mg_python_parse_work(size_t bytes) { return bytes + (bytes < (size_t)1 << 30 ? bytes * bytes / 4096 : (size_t)1 << 40); }

bool mg_python_is_whole(struct mg_str text)
{
    struct mg_module *module = NULL;
    if (mg_module_parse(text, &module, NULL) != MG_OK)
        return false;
    bool whole = !module->nodes->broken && mg_node_first_named(module->nodes);
    mg_module_free(module);
    return whole;
}

/* --- the whole part --- */

static size_t indent_of(struct mg_str line)
{
    size_t indent = 0;
    while (indent < line.len && (line.at[indent] == ' ' || line.at[indent] == '\t'))
        indent++;
    return indent;
}

static struct mg_str line_at(struct mg_str text, size_t start) { return mg_str_sub(text, start, mg_str_find(text, '\n', start)); }

static size_t line_before(struct mg_str text, size_t start)
{
    size_t at = start - 1;
    while (at > 0 && text.at[at - 1] != '\n')
        at--;
    return at;
}

/* Whether the line that encloses the one at `start` opens a class in the first column. */
static bool is_in_class(struct mg_str text, size_t start, size_t *read)
{
    const size_t first = start;
    size_t indent = indent_of(line_at(text, start));
    bool found = false, is_class = false;
    while (start > 0 && !found) {
        start = line_before(text, start);
        struct mg_str line = line_at(text, start);
        size_t other = indent_of(line);
        found = other < line.len && other < indent;
        is_class = found && other == 0 && mg_str_starts(line, "class ");
    }
    *read += first - start;
    return is_class;
}

static bool begins_something(struct mg_str text, size_t start, size_t *read)
{
    struct mg_str line = line_at(text, start), rest = mg_str_sub(line, indent_of(line), line.len);
    if (rest.len == 0)
        return false;
    if (rest.len == line.len)
        return !mg_str_starts(rest, ")") && !mg_str_starts(rest, "]") && !mg_str_starts(rest, "}");
    if (!mg_str_starts(rest, "def ") && !mg_str_starts(rest, "async def ") && !mg_str_starts(rest, "@"))
        return false;
    return is_in_class(text, start, read);
}

struct mg_str mg_python_whole_part(struct mg_str text)
{
    size_t start = text.len, work = 0, read = 0;
    for (unsigned tries = 0; start > 0 && tries < MOST_TRIES && work < MOST_WORK && read < MOST_READ;) {
        start = line_before(text, start);
        if (!begins_something(text, start, &read))
            continue;
        tries++;
        work += mg_python_parse_work(start);
        struct mg_str part = mg_str_sub(text, 0, start);
        if (mg_python_is_whole(part))
            return part;
    }
    return MG_STR("");
}
