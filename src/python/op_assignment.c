/* ASR: replace the operator of an augmented assignment; thorough: assign instead; on level 3 by all that AOR and BOR have. */
#include "base/str.h"
#include "python/operators.h"

static const struct {
    struct mg_str from, to;
    int level;
} table[] = {
    { MG_STR_INIT("+="), MG_STR_INIT("-="), 1 },   { MG_STR_INIT("-="), MG_STR_INIT("+="), 1 },   { MG_STR_INIT("*="), MG_STR_INIT("/="), 1 },
    { MG_STR_INIT("/="), MG_STR_INIT("*="), 1 },   { MG_STR_INIT("//="), MG_STR_INIT("/="), 1 },  { MG_STR_INIT("%="), MG_STR_INIT("//="), 1 },
    { MG_STR_INIT("**="), MG_STR_INIT("*="), 1 },  { MG_STR_INIT("&="), MG_STR_INIT("|="), 2 },   { MG_STR_INIT("|="), MG_STR_INIT("&="), 2 },
    { MG_STR_INIT("<<="), MG_STR_INIT(">>="), 2 }, { MG_STR_INIT(">>="), MG_STR_INIT("<<="), 2 }, { MG_STR_INIT("&="), MG_STR_INIT("^="), 3 },
    { MG_STR_INIT("|="), MG_STR_INIT("^="), 3 },   { MG_STR_INIT("^="), MG_STR_INIT("&="), 3 },   { MG_STR_INIT("^="), MG_STR_INIT("|="), 3 },
};

static void complete(struct mg_sink *sink, const struct mg_node *node, const struct mg_node *op, const struct mg_node *right)
{
    const struct mg_node *left = mg_node_field(node, F_left);
    struct mg_str others[MG_MOST_ARITHMETIC], text = mg_node_text(sink->module, op);
    if (!left || !mg_sink_makes(sink, sink->op, 3) || mg_is_sequence(sink->module, right))
        return;
    sink->level = 3;
    for (size_t i = 0, count = mg_other_arithmetic(sink->module, mg_str_sub(text, 0, text.len - 1), left, right, others); i < count; i++)
        mg_sink_token(sink, op, node, mg_arena_printf(sink->arena, "%.*s=", MG_FMT(others[i])));
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *op = mg_node_field(node, F_operator), *right = mg_node_field(node, F_right);
    if (!op || !right)
        return;
    for (size_t i = 0; i < MG_COUNT(table); i++) {
        bool same = mg_str_is(table[i].from, "|=") && mg_str_is(table[i].to, "^=") && mg_has_disjoint_bits(sink->module, right, right);
        if (mg_node_is(sink->module, op, table[i].from.at) && !same && !mg_is_sequence(sink->module, right)) {
            sink->level = table[i].level;
            mg_sink_token(sink, op, node, table[i].to);
        }
    }
    complete(sink, node, op, right);
    sink->level = 2;
    mg_sink_token(sink, op, node, MG_STR("="));
}

const struct mg_operator mg_op_assignment = { "ASR", "replace an augmented assignment", 1, { N_AUGMENTED }, mutate, "x += a", "x -= a" };
