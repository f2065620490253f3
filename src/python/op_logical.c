/* LCR: swap `and` and `or`; thorough: keep only one side. */
#include "python/operators.h"

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *op = mg_node_field(node, F_operator);
    if (!op)
        return;
    mg_sink_token(sink, op, node, mg_node_is(sink->module, op, "and") ? MG_STR("or") : MG_STR("and"));
    const struct mg_node *left = mg_node_field(node, F_left), *right = mg_node_field(node, F_right);
    if (!left || !right || mg_binds(node))
        return;
    sink->level = 2;
    mg_sink_copy(sink, node, left);
    mg_sink_copy(sink, node, right);
}

const struct mg_operator mg_op_logical = { "LCR", "replace a logical connector", 1, { N_BOOLEAN }, mutate, "x = a and b", "x = a or b" };
