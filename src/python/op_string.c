/* CRP-str: a text becomes empty, an empty text becomes some. Messages of exceptions only on request. */
#include "base/str.h"
#include "python/operators.h"

/* Names that choose a mode or an encoding: other spellings mean the same or fail at once. */
static bool is_technical(const struct mg_module *module, const struct mg_node *node)
{
    const struct mg_node *above = node->parent;
    if (above->kind == N_KEYWORD_ARGUMENT) {
        const struct mg_node *name = mg_node_field(above, F_name);
        return mg_node_is(module, name, "encoding") || mg_node_is(module, name, "errors") || mg_node_is(module, name, "mode");
    }
    if (above->kind != N_ARGUMENTS || !above->parent)
        return false;
    struct mg_str callee = mg_last_component(mg_node_dotted(module, above->parent));
    return (mg_str_is(callee, "open") && mg_node_named(above, 0) != node) || mg_str_is(callee, "encode") || mg_str_is(callee, "decode");
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *above = node->parent, *quote = mg_node_first(node);
    if (!quote || above->kind == N_EXPRESSION_STATEMENT || mg_node_contains(node, N_YIELD) || mg_node_contains(node, N_NAMED) ||
        mg_node_ancestor(node, N_INTERPOLATION) || is_technical(sink->module, node))
        return;
    if (above->kind == N_CONCATENATED_STRING && node->line != node->end_line)
        return; /* parentheses, which would hold the newlines, cannot stand there */
    if (mg_node_ancestor(node, N_RAISE))
        sink->level = 3;
    struct mg_str start = mg_node_text(sink->module, quote);
    size_t prefix = 0;
    while (prefix < start.len && start.at[prefix] != '"' && start.at[prefix] != '\'')
        prefix++;
    bool empty = mg_node_count_named(node) == 2;
    mg_sink_expression(sink, node, mg_arena_printf(sink->arena, "%.*s\"%s\"", (int)prefix, start.at, empty ? "mutagen" : ""));
}

const struct mg_operator mg_op_string = { "CRP-str", "replace a text", 2, { N_STRING }, mutate };
