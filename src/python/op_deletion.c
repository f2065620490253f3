/* SDL: delete a statement that is there for its effect. Plain assignments stay: their loss is a NameError, which any test notices. */
#include "python/operators.h"

/* `del x, y`: a name that goes earlier or later makes no difference, but `del d[k]` does. */
static bool deletes_only_names(const struct mg_node *targets)
{
    if (targets->kind != N_EXPRESSION_LIST)
        return targets->kind == N_IDENTIFIER;
    for (const struct mg_node *target = mg_node_first_named(targets); target; target = mg_node_next_named(target))
        if (target->kind != N_IDENTIFIER)
            return false;
    return true;
}

static int level_of(const struct mg_node *node, const struct mg_node *inner)
{
    if (node->kind == N_RAISE)
        return 1;
    if (node->kind == N_DELETE)
        return deletes_only_names(inner) ? 3 : 1;
    if (node->kind == N_ASSERT || inner->kind == N_AWAIT)
        return 3;
    if (inner->kind == N_CALL)
        return 1;
    if (inner->kind != N_ASSIGNMENT && inner->kind != N_AUGMENTED)
        return 0;
    const struct mg_node *left = mg_node_field(inner, F_left), *right = mg_node_field(inner, F_right);
    if (!left || !right)
        return 0;
    if ((left->kind == N_ATTRIBUTE || left->kind == N_SUBSCRIPT) && right->kind != N_ASSIGNMENT)
        return 1;
    return inner->kind == N_AUGMENTED ? 2 : 0;
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *inner = mg_node_first_named(node);
    if (node->kind == N_RAISE ? false : !inner || (node->kind == N_EXPRESSION_STATEMENT && mg_node_next_named(inner)))
        return;
    int level = level_of(node, inner);
    if (level == 0 || mg_binds(node))
        return;
    sink->level = level;
    mg_sink_statements(sink, node, node, MG_STR("pass"));
}

const struct mg_operator mg_op_deletion = { "SDL", "delete a statement", 1, { N_EXPRESSION_STATEMENT, N_RAISE, N_DELETE, N_ASSERT }, mutate };
