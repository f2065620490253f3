/* DEF: the default value of a parameter, where it is a literal. The function's code stays the same: the agent gives its defaults to the
 * live function. For functions and lambdas inside the target it is a change of code like any other. */
#include "base/str.h"
#include "python/operators.h"

/* The call sees another value: lines of the body, not of the header, tell whether it did. */
static void emit(struct mg_sink *sink, const struct mg_node *function, const struct mg_node *value, struct mg_str text)
{
    const struct mg_node *body = mg_node_field(function, F_body);
    bool target = mg_node_ancestor(function, N_FUNCTION) == NULL;
    size_t from = sink->mutants->len;
    mg_sink_span(sink, value->start, value->end, target && body ? body : function, target && body ? body : function, text);
    if (target && body)
        mg_sink_by_call(sink, from, body);
}

bool mg_is_literal_default(const struct mg_module *module, const struct mg_node *value)
{
    switch (value->kind) {
    case N_TRUE:
    case N_FALSE:
    case N_NONE:
    case N_INTEGER:
    case N_FLOAT:
        return true;
    case N_UNARY:
        return mg_node_is_constant(module, value);
    case N_STRING:
        return !mg_node_contains(value, N_INTERPOLATION);
    default:
        return false;
    }
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *parameters = mg_node_field(node, F_parameters);
    for (const struct mg_node *one = parameters ? mg_node_first_named(parameters) : NULL; one; one = mg_node_next_named(one)) {
        const struct mg_node *value = one->kind == N_DEFAULT_PARAMETER || one->kind == N_TYPED_DEFAULT_PARAMETER ? mg_node_field(one, F_value) : NULL;
        if (!value || value->line != value->end_line)
            continue;
        struct mg_str text = mg_node_text(sink->module, value);
        switch (value->kind) {
        case N_TRUE:
            emit(sink, node, value, MG_STR("False"));
            break;
        case N_FALSE:
            emit(sink, node, value, MG_STR("True"));
            break;
        case N_NONE:
            emit(sink, node, value, MG_STR("\"\""));
            break;
        case N_INTEGER:
        case N_FLOAT:
        case N_UNARY:
            if (mg_node_is_constant(sink->module, value))
                emit(sink, node, value, mg_arena_printf(sink->arena, "%.*s + 1", MG_FMT(text)));
            break;
        case N_STRING:
            if (!mg_node_contains(value, N_INTERPOLATION))
                emit(sink, node, value, mg_node_count_named(value) == 2 ? MG_STR("\"mutagen\"") : MG_STR("\"\""));
            break;
        default:
            break;
        }
    }
}

const struct mg_operator mg_op_default = {
    "DEF", "replace a default value", 2, { N_FUNCTION, N_LAMBDA }, mutate, "x = lambda a=1: a", "x = lambda a=1 + 1: a"
};
