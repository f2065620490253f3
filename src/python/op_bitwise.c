/* BOR: replace a bitwise or shift operator. Not between types (`int | None`). */
#include "base/str.h"
#include "python/operators.h"

static const struct {
    struct mg_str from, to;
} table[] = {
    { MG_STR_INIT("&"), MG_STR_INIT("|") },   { MG_STR_INIT("|"), MG_STR_INIT("&") },   { MG_STR_INIT("^"), MG_STR_INIT("&") },
    { MG_STR_INIT("<<"), MG_STR_INIT(">>") }, { MG_STR_INIT(">>"), MG_STR_INIT("<<") },
};

static bool is_type(const struct mg_module *module, const struct mg_node *node)
{
    static const char *const names[] = { "None", "int", "str", "float", "bool", "bytes", "list", "dict", "set", "tuple", "type" };
    for (size_t i = 0; i < MG_COUNT(names); i++)
        if (mg_node_is(module, node, names[i]))
            return true;
    const struct mg_node *call = node->parent && node->parent->parent ? mg_node_ancestor(node, N_CALL) : NULL;
    return call && (mg_is_call_of(module, call, "isinstance") || mg_is_call_of(module, call, "issubclass"));
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *op = mg_node_field(node, F_operator), *left = mg_node_field(node, F_left), *right = mg_node_field(node, F_right);
    if (!op || !left || !right || is_type(sink->module, left) || is_type(sink->module, right))
        return;
    for (size_t i = 0; i < MG_COUNT(table); i++)
        if (mg_node_is(sink->module, op, table[i].from.at))
            mg_sink_token(sink, op, node, table[i].to);
}

const struct mg_operator mg_op_bitwise = { "BOR", "replace a bitwise or shift operator", 2, { N_BINARY }, mutate, "x = a | b", "x = a & b" };
