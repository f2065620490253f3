/* BOR: replace a bitwise or shift operator; on level 3 by each other one of its kind. Not between types (`int | None`). */
#include "base/str.h"
#include "python/operators.h"

static const struct {
    struct mg_str from, to;
    int level;
} table[] = {
    { MG_STR_INIT("&"), MG_STR_INIT("|"), 2 },   { MG_STR_INIT("|"), MG_STR_INIT("&"), 2 },   { MG_STR_INIT("^"), MG_STR_INIT("&"), 2 },
    { MG_STR_INIT("<<"), MG_STR_INIT(">>"), 2 }, { MG_STR_INIT(">>"), MG_STR_INIT("<<"), 2 }, { MG_STR_INIT("&"), MG_STR_INIT("^"), 3 },
    { MG_STR_INIT("|"), MG_STR_INIT("^"), 3 },   { MG_STR_INIT("^"), MG_STR_INIT("|"), 3 },
};

/* `re.I`, `FLAG`, `A | B`: named bits. */
static bool is_flag(const struct mg_module *module, const struct mg_node *node)
{
    node = mg_node_unwrapped(node);
    if (node->kind == N_BINARY && mg_node_is(module, mg_node_field(node, F_operator), "|"))
        return is_flag(module, mg_node_field(node, F_left)) && is_flag(module, mg_node_field(node, F_right));
    struct mg_str name = mg_last_component(mg_node_dotted(module, node));
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] >= 'a' && name.at[i] <= 'z')
            return false;
    return name.len > 0;
}

static bool is_shifted(const struct mg_module *module, const struct mg_node *node)
{
    node = mg_node_unwrapped(node);
    return node->kind == N_BINARY && mg_node_is(module, mg_node_field(node, F_operator), "<<");
}

bool mg_has_disjoint_bits(const struct mg_module *module, const struct mg_node *left, const struct mg_node *right)
{
    return is_shifted(module, left) || is_shifted(module, right) || is_flag(module, right);
}

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
    for (size_t i = 0; i < MG_COUNT(table); i++) {
        if (!mg_node_is(sink->module, op, table[i].from.at) ||
            (mg_str_is(table[i].from, "|") && mg_str_is(table[i].to, "^") && mg_has_disjoint_bits(sink->module, left, right)))
            continue;
        sink->level = table[i].level;
        mg_sink_token(sink, op, node, table[i].to);
    }
}

const struct mg_operator mg_op_bitwise = { "BOR", "replace a bitwise or shift operator", 2, { N_BINARY }, mutate, "x = a | b", "x = a & b" };
