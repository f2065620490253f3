/* COI: force a condition both ways. Only where no other operator works on it already: comparisons, `and`, `or` and `not` have their own. */
#include "python/operators.h"

static const struct mg_node *condition_of(const struct mg_module *module, const struct mg_node *node)
{
    if (node->kind == N_IF_CLAUSE || node->kind == N_ASSERT)
        return mg_node_named(node, 0);
    if (node->kind != N_CONDITIONAL)
        return mg_node_field(node, F_condition);
    for (const struct mg_node *child = mg_node_first(node); child; child = mg_node_next(child))
        if (!child->named && mg_node_is(module, child, "if"))
            return mg_node_next_named(child);
    return NULL;
}

static bool is_covered(const struct mg_module *module, const struct mg_node *condition)
{
    const struct mg_node *inner = mg_node_unwrapped(condition);
    if (inner->kind == N_COMPARISON)
        return mg_node_count_named(inner) == 2;
    return inner->kind == N_BOOLEAN || inner->kind == N_NOT || inner->kind == N_TUPLE || mg_node_is_constant(module, inner);
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *condition = condition_of(sink->module, node);
    if (!condition || mg_is_skipped(sink->module, condition) || is_covered(sink->module, condition))
        return;
    if (node->kind == N_ASSERT || mg_binds(condition)) {
        struct mg_str text = mg_node_text(sink->module, mg_node_unwrapped(condition));
        if (node->kind != N_WHILE)
            mg_sink_expression(sink, condition, mg_arena_printf(sink->arena, "(not (%.*s))", MG_FMT(text)));
        return;
    }
    mg_sink_expression(sink, condition, MG_STR("(False)"));
    if (node->kind != N_WHILE)
        mg_sink_expression(sink, condition, MG_STR("(True)"));
}

const struct mg_operator mg_op_condition = {
    "COI", "force or negate a condition", 1, { N_IF, N_ELIF, N_WHILE, N_CONDITIONAL, N_IF_CLAUSE, N_ASSERT }, mutate, "if a: g()", "if (False): g()"
};
