/* AVR: what is assigned to a local name becomes None, as mutmut does and as PIT does with the result of a call. */
#include "base/str.h"
#include "python/operators.h"

/* `x = g(); return x`: RVR returns None there. */
static bool is_returned_next(const struct mg_sink *sink, const struct mg_node *statement, const struct mg_node *name)
{
    const struct mg_node *next = mg_node_next_named(statement);
    const struct mg_node *value = next && next->kind == N_RETURN ? mg_node_first_named(next) : NULL;
    return value && mg_sink_makes(sink, &mg_op_returned, mg_op_returned.level) &&
           mg_str_eq(mg_node_text(sink->module, value), mg_node_text(sink->module, name));
}

/* In a function, and not in a class inside it. */
static bool is_local(const struct mg_node *node)
{
    while (node && node->kind != N_FUNCTION && node->kind != N_CLASS)
        node = node->parent;
    return node && node->kind == N_FUNCTION;
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *left = mg_node_field(node, F_left), *right = mg_node_field(node, F_right), *statement = node->parent;
    if (!left || !right || left->kind != N_IDENTIFIER || mg_node_is(sink->module, left, "_") || statement->kind != N_EXPRESSION_STATEMENT ||
        !is_local(statement) || !mg_may_become_none(sink->module, right) || is_returned_next(sink, statement, left))
        return;
    mg_sink_expression(sink, right, MG_STR("None"));
}

const struct mg_operator mg_op_assigned = { "AVR", "replace an assigned value", 3, { N_ASSIGNMENT }, mutate, "x = g(a)", "x = None" };
