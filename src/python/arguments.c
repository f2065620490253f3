/* What operators on the arguments of calls share. */
#include "base/str.h"
#include "python/operators.h"

const struct mg_node *mg_arguments_of(const struct mg_module *module, const struct mg_node *call)
{
    static const char *const names[] = { "super", "isinstance", "issubclass", "getattr", "setattr", "hasattr", "delattr", "encode", "decode",
                                         "cast",  "min",        "max",        "print",   "gcd",     "lcm",     "hypot",   "isclose" };
    const struct mg_node *arguments = mg_node_field(call, F_arguments);
    bool own = arguments && arguments->kind == N_ARGUMENTS;
    return own && !MG_STR_IN(mg_callee_name(module, call), names) ? arguments : NULL;
}

const struct mg_node *mg_parameter_of(const struct mg_module *module, struct mg_str callee, struct mg_str name)
{
    for (size_t i = 0; i < module->functions.len; i++) {
        const struct mg_node *function = module->functions.at[i], *parameters = mg_node_field(function, F_parameters);
        if (!parameters || !mg_str_eq(mg_node_text(module, mg_node_field(function, F_name)), callee))
            continue;
        for (const struct mg_node *one = mg_node_first_named(parameters); one; one = mg_node_next_named(one))
            if ((one->kind == N_DEFAULT_PARAMETER || one->kind == N_TYPED_DEFAULT_PARAMETER) &&
                mg_str_eq(mg_node_text(module, mg_node_field(one, F_name)), name))
                return one;
    }
    return NULL;
}

void mg_sink_leave_out(struct mg_sink *sink, const struct mg_node *call, const struct mg_node *before, const struct mg_node *argument)
{
    const struct mg_node *arguments = argument->parent, *next = mg_node_next_named(argument);
    uint32_t start = before ? before->end : next ? argument->start : arguments->start + 1;
    uint32_t end = before ? argument->end : next ? next->start : arguments->end - 1;
    char newlines[64];
    size_t count = 0;
    for (uint32_t i = start; i < end; i++)
        if (sink->module->text.at[i] == '\n') {
            if (count == sizeof newlines)
                return;
            newlines[count++] = '\n';
        }
    mg_sink_span(sink, start, end, call, call, mg_arena_str(sink->arena, (struct mg_str){ newlines, count }));
}

/* `list()`, `dict()`: empty, too. */
static bool makes_nothing(const struct mg_module *module, const struct mg_node *call)
{
    static const char *const names[] = { "list", "dict", "set", "tuple", "str", "int", "float", "bool", "frozenset", "bytes", "bytearray" };
    const struct mg_node *arguments = mg_node_field(call, F_arguments);
    bool empty = arguments && arguments->kind == N_ARGUMENTS && mg_node_count_named(arguments) == 0;
    return empty && MG_STR_IN(mg_node_text(module, mg_node_field(call, F_function)), names);
}

bool mg_may_become_none(const struct mg_module *module, const struct mg_node *value)
{
    const struct mg_node *inner = mg_node_unwrapped(value);
    if (mg_binds(value))
        return false;
    switch (inner->kind) {
    case N_NONE:
    case N_TRUE:
    case N_FALSE:
    case N_INTEGER:
    case N_FLOAT:
    case N_BOOLEAN:
    case N_NOT:
    case N_COMPARISON:
    case N_ELLIPSIS:
    case N_GENERATOR:
    case N_ASSIGNMENT:
        return false;
    case N_UNARY:
        return !mg_node_is_constant(module, inner);
    case N_STRING:
        return mg_node_count_named(inner) > 2; /* a start and an end */
    case N_LIST:
    case N_TUPLE:
    case N_DICTIONARY:
        return mg_node_count_named(inner) > 0;
    case N_CALL:
        return !makes_nothing(module, inner);
    default:
        return true;
    }
}
