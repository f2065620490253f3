/* CNT: empty a container display. */
#include "python/operators.h"

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    if (mg_node_count_named(node) == 0 || mg_binds(node) || mg_node_ancestor(node, N_DELETE))
        return;
    if (node->field == F_right && node->parent->kind == N_FOR)
        return; /* ZIL */
    mg_sink_expression(sink, node, node->kind == N_LIST ? MG_STR("[]") : node->kind == N_SET ? MG_STR("set()") : MG_STR("{}"));
}

const struct mg_operator mg_op_container = { "CNT", "empty a container", 2, { N_LIST, N_DICTIONARY, N_SET }, mutate, "x = [a]", "x = []" };
