/* MIR: negate a membership or identity test. */
#include "base/str.h"
#include "python/operators.h"

static const struct {
    struct mg_str from, to;
} table[] = {
    { MG_STR_INIT("in"), MG_STR_INIT("not in") },
    { MG_STR_INIT("not in"), MG_STR_INIT("in") },
    { MG_STR_INIT("is"), MG_STR_INIT("is not") },
    { MG_STR_INIT("is not"), MG_STR_INIT("is") },
};

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    for (const struct mg_node *op = mg_node_first(node); op; op = mg_node_next(op))
        for (size_t i = 0; op->field == F_operators && i < MG_COUNT(table); i++)
            if (mg_node_is(sink->module, op, table[i].from.at))
                mg_sink_token(sink, op, node, table[i].to);
}

const struct mg_operator mg_op_membership = { "MIR",           "negate a membership or identity test", 1, { N_COMPARISON }, mutate, "x = a in b",
                                              "x = a not in b" };
