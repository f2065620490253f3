/* UOD: drop a minus or a bitwise inversion. Signs of literals belong to CRP. */
#include "python/operators.h"

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *argument = mg_node_field(node, F_argument), *sign = mg_node_first(node);
    if (!argument || mg_node_is(sink->module, sign, "+") || mg_node_is_constant(sink->module, node))
        return;
    mg_sink_copy(sink, node, argument);
}

const struct mg_operator mg_op_unary = { "UOD", "drop a unary operator", 1, { N_UNARY }, mutate, "x = -a", "x = a" };
