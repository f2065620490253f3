/* SDL: delete a statement that is there for its effect. Plain assignments stay: their loss is a
 * NameError, which any test notices; on request, where the name has a value already. */
#include "base/str.h"
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

/* `x = …` where x has a value already: a parameter, or assigned above in the same block or around it. Its loss is no NameError. */
static bool has_value_before(const struct mg_module *module, const struct mg_node *node, struct mg_str name)
{
    for (const struct mg_node *at = node; at->parent; at = at->parent) {
        if (at->parent->kind == N_BLOCK || at->parent->kind == N_MODULE)
            for (const struct mg_node *before = mg_node_first_named(at->parent); before && before != at; before = mg_node_next_named(before)) {
                const struct mg_node *inner = before->kind == N_EXPRESSION_STATEMENT ? mg_node_first_named(before) : NULL;
                const struct mg_node *left =
                    inner && inner->kind == N_ASSIGNMENT && mg_node_field(inner, F_right) ? mg_node_field(inner, F_left) : NULL;
                if (left && left->kind == N_IDENTIFIER && mg_str_eq(mg_node_text(module, left), name))
                    return true;
            }
        if (at->parent->kind == N_CLASS)
            return false;
        if (at->parent->kind != N_FUNCTION)
            continue;
        const struct mg_node *parameters = mg_node_field(at->parent, F_parameters);
        for (const struct mg_node *one = parameters ? mg_node_first_named(parameters) : NULL; one; one = mg_node_next_named(one)) {
            const struct mg_node *word = one->kind == N_IDENTIFIER ? one : mg_node_first_named(one);
            if (word && word->kind == N_IDENTIFIER && mg_str_eq(mg_node_text(module, word), name))
                return true;
        }
        return false;
    }
    return false;
}

static int level_of(const struct mg_module *module, const struct mg_node *node, const struct mg_node *inner)
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
    if (inner->kind == N_ASSIGNMENT && left->kind == N_IDENTIFIER && has_value_before(module, node, mg_node_text(module, left)))
        return 3;
    return inner->kind == N_AUGMENTED ? 2 : 0;
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *inner = mg_node_first_named(node);
    if (node->kind == N_RAISE ? false : !inner || (node->kind == N_EXPRESSION_STATEMENT && mg_node_next_named(inner)))
        return;
    int level = level_of(sink->module, node, inner);
    if (level == 0 || mg_binds(node))
        return;
    sink->level = level;
    mg_sink_statements(sink, node, node, MG_STR("pass"));
}

const struct mg_operator mg_op_deletion = { "SDL", "delete a statement", 1, { N_EXPRESSION_STATEMENT, N_RAISE, N_DELETE, N_ASSERT }, mutate, "g()",
                                            "pass" };
