/* BCR: swap `break` and `continue`. A `while` without its `break` tends to be endless: thorough only. */
#include "python/operators.h"

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *loop = node->parent;
    while (loop && loop->kind != N_FOR && loop->kind != N_WHILE)
        loop = loop->parent;
    if (node->kind == N_BREAK && loop && loop->kind == N_WHILE)
        sink->level = 2;
    mg_sink_statements(sink, node, node, node->kind == N_BREAK ? MG_STR("continue") : MG_STR("break"));
}

const struct mg_operator mg_op_jump = {
    "BCR", "swap break and continue", 1, { N_BREAK, N_CONTINUE }, mutate, "for i in a: break", "for i in a: continue"
};
