/* ASR: replace the operator of an augmented assignment; thorough: assign instead. */
#include "base/str.h"
#include "python/operators.h"

static const struct {
    struct mg_str from, to;
    int level;
} table[] = {
    { MG_STR_INIT("+="), MG_STR_INIT("-="), 1 },   { MG_STR_INIT("-="), MG_STR_INIT("+="), 1 },   { MG_STR_INIT("*="), MG_STR_INIT("/="), 1 },
    { MG_STR_INIT("/="), MG_STR_INIT("*="), 1 },   { MG_STR_INIT("//="), MG_STR_INIT("/="), 1 },  { MG_STR_INIT("%="), MG_STR_INIT("//="), 1 },
    { MG_STR_INIT("**="), MG_STR_INIT("*="), 1 },  { MG_STR_INIT("&="), MG_STR_INIT("|="), 2 },   { MG_STR_INIT("|="), MG_STR_INIT("&="), 2 },
    { MG_STR_INIT("<<="), MG_STR_INIT(">>="), 2 }, { MG_STR_INIT(">>="), MG_STR_INIT("<<="), 2 },
};

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *op = mg_node_field(node, F_operator), *right = mg_node_field(node, F_right);
    if (!op || !right)
        return;
    for (size_t i = 0; i < MG_COUNT(table); i++)
        if (mg_node_is(sink->module, op, table[i].from.at) && !mg_is_sequence(sink->module, right)) {
            sink->level = table[i].level;
            mg_sink_token(sink, op, node, table[i].to);
        }
    sink->level = 2;
    mg_sink_token(sink, op, node, MG_STR("="));
}

const struct mg_operator mg_op_assignment = { "ASR", "replace an augmented assignment", 1, { N_AUGMENTED }, mutate, "x += a", "x -= a" };
