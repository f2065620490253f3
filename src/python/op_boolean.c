/* CRP-bool: flip True and False. */
#include "python/operators.h"

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    if (node->parent->kind == N_EXPRESSION_STATEMENT)
        return;
    mg_sink_expression(sink, node, node->kind == N_TRUE ? MG_STR("False") : MG_STR("True"));
}

const struct mg_operator mg_op_boolean = { "CRP-bool", "flip a boolean constant", 1, { N_TRUE, N_FALSE }, mutate, "x = True", "x = False" };
