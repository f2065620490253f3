/* Pieces of a module; the whole part of a text that was cut off. */
#include "python/toplevel.h"

#include "base/str.h"
#include "python/tree.h"

#define MOST_TRIES 400u

static const struct mg_node *definition(const struct mg_node *node) { return node->kind == N_DECORATED ? mg_node_field(node, F_definition) : node; }

static bool has_fixture(const struct mg_module *module, const struct mg_node *node)
{
    for (const struct mg_node *child = mg_node_first(node); child && node->kind == N_DECORATED; child = mg_node_next(child))
        if (child->kind == N_DECORATOR && mg_str_is(mg_last_component(mg_node_dotted(module, mg_node_first_named(child))), "fixture"))
            return true;
    return false;
}

static bool is_test_class(const struct mg_module *module, const struct mg_node *class, struct mg_str name)
{
    const struct mg_node *bases = mg_node_field(class, F_superclasses);
    return mg_str_starts(name, "Test") || (bases && mg_str_contains(mg_node_text(module, bases), "TestCase"));
}

static void describe(const struct mg_module *module, const struct mg_node *node, struct mg_top *top)
{
    const struct mg_node *inner = definition(node), *value = node->kind == N_EXPRESSION_STATEMENT ? mg_node_first_named(node) : NULL;
    if (node->kind == N_IMPORT || node->kind == N_IMPORT_FROM || node->kind == N_FUTURE_IMPORT) {
        top->kind = MG_TOP_IMPORT;
    } else if (inner && (inner->kind == N_FUNCTION || inner->kind == N_CLASS)) {
        top->kind = inner->kind == N_FUNCTION ? MG_TOP_FUNCTION : MG_TOP_CLASS;
        const struct mg_node *name = mg_node_field(inner, F_name);
        top->name = name ? mg_node_text(module, name) : MG_STR("");
        top->is_fixture = inner->kind == N_FUNCTION && has_fixture(module, node);
        top->is_test = inner->kind == N_FUNCTION ? mg_str_starts(top->name, "test") && !top->is_fixture : is_test_class(module, inner, top->name);
    } else if (value && value->kind == N_ASSIGNMENT) {
        top->kind = MG_TOP_ASSIGNMENT;
        const struct mg_node *left = mg_node_field(value, F_left);
        top->name = left && left->kind == N_IDENTIFIER ? mg_node_text(module, left) : MG_STR("");
    }
}

/* Comment lines of the first column that end right above `node`. */
static size_t start_with_comments(const struct mg_module *module, const struct mg_node *node)
{
    size_t start = node->start;
    for (;;) {
        size_t end = start > 0 ? start - 1 : 0, begin = end;
        while (begin > 0 && module->text.at[begin - 1] != '\n')
            begin--;
        if (start == 0 || module->text.at[end] != '\n' || module->text.at[begin] != '#')
            return start;
        start = begin;
    }
}

void mg_module_tops(const struct mg_module *module, struct mg_arena *arena, struct mg_tops *tops)
{
    *tops = (struct mg_tops){ 0 };
    for (const struct mg_node *node = mg_node_first_named(module->nodes); node; node = mg_node_next_named(node)) {
        struct mg_top top = { .kind = MG_TOP_OTHER, .line = node->line, .start = start_with_comments(module, node) };
        describe(module, node, &top);
        const struct mg_node *inner = definition(node);
        top.end = mg_str_find(module->text, '\n', mg_node_last_code(inner ? inner : node)->end);
        if (top.end < module->text.len)
            top.end++;
        *MG_PUSH(arena, tops) = top;
    }
}

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
static bool is_in_class(struct mg_str text, size_t start)
{
    size_t indent = indent_of(line_at(text, start));
    while (start > 0) {
        start = line_before(text, start);
        struct mg_str line = line_at(text, start);
        size_t other = indent_of(line);
        if (other < line.len && other < indent)
            return other == 0 && mg_str_starts(line, "class ");
    }
    return false;
}

static bool begins_something(struct mg_str text, size_t start)
{
    struct mg_str line = line_at(text, start), rest = mg_str_sub(line, indent_of(line), line.len);
    if (rest.len == 0)
        return false;
    if (rest.len == line.len)
        return !mg_str_starts(rest, ")") && !mg_str_starts(rest, "]") && !mg_str_starts(rest, "}");
    if (!mg_str_starts(rest, "def ") && !mg_str_starts(rest, "async def ") && !mg_str_starts(rest, "@"))
        return false;
    return is_in_class(text, start);
}

struct mg_str mg_python_whole_part(struct mg_str text)
{
    size_t start = text.len;
    for (unsigned tries = 0; start > 0 && tries < MOST_TRIES;) {
        start = line_before(text, start);
        if (!begins_something(text, start))
            continue;
        tries++;
        struct mg_str part = mg_str_sub(text, 0, start);
        if (mg_python_is_whole(part))
            return part;
    }
    return MG_STR("");
}
