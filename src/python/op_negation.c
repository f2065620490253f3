/* COD: drop a `not`. */
#include "python/operators.h"

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *argument = mg_node_field(node, F_argument);
    if (!argument)
        return;
    const struct mg_node *inner = mg_node_unwrapped(argument);
    if (inner->kind == N_COMPARISON && mg_node_count_named(inner) == 2) {
        const struct mg_node *op = mg_node_field(inner, F_operators);
        if (op && !mg_node_is(sink->module, op, "<") && !mg_node_is(sink->module, op, ">") && !mg_node_is(sink->module, op, "<=") &&
            !mg_node_is(sink->module, op, ">="))
            return; /* ROR and MIR negate the comparison inside */
    }
    mg_sink_copy(sink, node, argument);
}

const struct mg_operator mg_op_negation = { "COD", "drop a negation", 1, { N_NOT }, mutate, "x = not a", "x = a" };
