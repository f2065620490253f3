/* RVR: return something else: empty for text and containers, None otherwise. Numbers, booleans and conditions have operators of their own. */
#include "base/str.h"
#include "python/operators.h"

static struct mg_str other_value(const struct mg_module *module, const struct mg_node *value)
{
    switch (value->kind) {
    case N_STRING:
    case N_CONCATENATED_STRING:
        return mg_str_contains(mg_node_text(module, value->kind == N_STRING ? mg_node_first(value) : mg_node_first(mg_node_first_named(value))), "b")
                   ? MG_STR("b\"\"")
                   : MG_STR("\"\"");
    case N_LIST:
    case N_LIST_COMPREHENSION:
        return MG_STR("[]");
    case N_TUPLE:
    case N_EXPRESSION_LIST:
        return MG_STR("()");
    case N_DICTIONARY:
    case N_DICTIONARY_COMPREHENSION:
        return MG_STR("{}");
    case N_SET:
    case N_SET_COMPREHENSION:
        return MG_STR("set()");
    default:
        return MG_STR("None");
    }
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *value = mg_node_first_named(node);
    if (!value || mg_node_next_named(value) || mg_node_contains(value, N_YIELD))
        return;
    const struct mg_node *inner = mg_node_unwrapped(value);
    switch (inner->kind) {
    case N_INTEGER:
    case N_FLOAT:
    case N_TRUE:
    case N_FALSE:
    case N_NONE:
    case N_BOOLEAN:
    case N_NOT:
        return;
    case N_COMPARISON:
        if (mg_node_count_named(inner) > 2)
            mg_sink_expression(sink, value, MG_STR("False"));
        return;
    case N_UNARY:
        if (mg_node_is_constant(sink->module, inner))
            return;
        break;
    case N_STRING:
    case N_LIST:
    case N_TUPLE:
    case N_DICTIONARY:
        if (mg_node_count_named(inner) == 0 || (inner->kind == N_STRING && mg_node_count_named(inner) == 2))
            return; /* empty already: a string has a start and an end */
        break;
    default:
        break;
    }
    mg_sink_expression(sink, value, other_value(sink->module, inner));
}

const struct mg_operator mg_op_returned = { "RVR", "replace a returned value", 1, { N_RETURN }, mutate, "return a", "return None" };
