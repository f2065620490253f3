/* ZIL: a loop that runs zero times. */
#include "python/operators.h"

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *right = mg_node_field(node, F_right);
    if (!right || mg_node_is(sink->module, mg_node_first(node), "async") || mg_binds(right) || mg_node_is(sink->module, right, "()"))
        return;
    mg_sink_expression(sink, right, MG_STR("()"));
}

const struct mg_operator mg_op_loop = { "ZIL", "loop zero times", 1, { N_FOR }, mutate, "for i in a: g()", "for i in (): g()" };
