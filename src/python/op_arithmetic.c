/* AOR: replace an arithmetic operator. */
#include "base/str.h"
#include "python/operators.h"

static const struct {
    struct mg_str from, to;
    const char *identity; /* a right operand that makes both the same */
} table[] = {
    { MG_STR_INIT("+"), MG_STR_INIT("-"), "0" },  { MG_STR_INIT("-"), MG_STR_INIT("+"), "0" },   { MG_STR_INIT("*"), MG_STR_INIT("/"), "1" },
    { MG_STR_INIT("/"), MG_STR_INIT("*"), "1" },  { MG_STR_INIT("//"), MG_STR_INIT("/"), NULL }, { MG_STR_INIT("%"), MG_STR_INIT("//"), NULL },
    { MG_STR_INIT("**"), MG_STR_INIT("*"), "1" },
};

static bool looks_integer(const struct mg_module *module, const struct mg_node *node)
{
    return node->kind == N_INTEGER || mg_is_call_of(module, node, "len") || mg_is_call_of(module, node, "int") || mg_is_call_of(module, node, "ord");
}

/* `a + b + "x"`: the whole sum is text, whatever a and b look like. */
static const struct mg_node *whole_sum(const struct mg_module *module, const struct mg_node *node)
{
    for (const struct mg_node *above = node->parent; above; above = above->parent) {
        if (above->kind == N_BINARY && mg_node_is(module, mg_node_field(above, F_operator), "+"))
            node = above;
        else if (above->kind != N_PARENTHESIZED)
            break;
    }
    return node;
}

static bool makes_no_sense(const struct mg_module *module, const struct mg_node *node, struct mg_str op, const struct mg_node *left,
                           const struct mg_node *right)
{
    if (mg_str_is(op, "+"))
        return mg_is_sequence(module, whole_sum(module, node));
    if (mg_str_is(op, "%") && (right->kind == N_TUPLE || right->kind == N_DICTIONARY))
        return true; /* text formatting */
    return mg_is_sequence(module, left) || mg_is_sequence(module, right);
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *op = mg_node_field(node, F_operator), *left = mg_node_field(node, F_left), *right = mg_node_field(node, F_right);
    if (!op || !left || !right)
        return;
    struct mg_str text = mg_node_text(sink->module, op);
    for (size_t i = 0; i < MG_COUNT(table); i++) {
        if (!mg_str_eq(text, table[i].from))
            continue;
        struct mg_str other = mg_node_text(sink->module, right);
        bool same = table[i].identity && (mg_str_is(other, table[i].identity) || (mg_str_is(other, "-1") && table[i].identity[0] == '1'));
        if (same || makes_no_sense(sink->module, node, text, left, right))
            return;
        bool whole = mg_str_is(text, "*") && looks_integer(sink->module, left) && looks_integer(sink->module, right);
        mg_sink_token(sink, op, node, whole ? MG_STR("//") : table[i].to);
        return;
    }
}

const struct mg_operator mg_op_arithmetic = { "AOR", "replace an arithmetic operator", 1, { N_BINARY }, mutate, "x = a + b", "x = a - b" };
