/* ARG-key: leave out a keyword argument, where what is called likely has a default for it: a function of the same file that does, or a
 * well-known name. Elsewhere its loss is a TypeError, which any test notices. */
#include "base/str.h"
#include "python/operators.h"

static const struct {
    const char *name, *same; /* the usual default: leaving out what says the same changes nothing */
} known[] = {
    { "key", "None" },        { "reverse", "False" },   { "default", "" },          { "strict", "False" },
    { "maxsplit", "-1" },     { "start", "0" },         { "sep", "\" \"" },         { "end", "" },
    { "indent", "None" },     { "sort_keys", "False" }, { "separators", "None" },   { "fillvalue", "None" },
    { "repeat", "1" },        { "flags", "0" },         { "ensure_ascii", "True" }, { "keepends", "False" },
    { "newline", "None" },    { "exist_ok", "False" },  { "parents", "False" },     { "rel_tol", "1e-09" },
    { "abs_tol", "0.0" },     { "cls", "None" },        { "object_hook", "None" },  { "check", "False" },
    { "recursive", "False" },
};

/* The parameter of that name of a function of this file that is called so. */
static const struct mg_node *parameter_of(const struct mg_module *module, struct mg_str callee, struct mg_str name)
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

static bool has_other_default(const struct mg_module *module, const struct mg_node *call, const struct mg_node *node)
{
    struct mg_str name = mg_node_text(module, mg_node_field(node, F_name)), value = mg_node_text(module, mg_node_field(node, F_value));
    const struct mg_node *parameter = parameter_of(module, mg_callee_name(module, call), name);
    if (parameter)
        return !mg_str_eq(mg_node_text(module, mg_node_field(parameter, F_value)), value);
    if (mg_is_call_of(module, call, "dict"))
        return true;
    for (size_t i = 0; i < MG_COUNT(known); i++)
        if (mg_str_is(name, known[i].name))
            return !mg_str_is(value, known[i].same);
    return false;
}

static void leave_out(struct mg_sink *sink, const struct mg_node *call, uint32_t start, uint32_t end)
{
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

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *arguments = node->parent, *call = arguments->parent, *next = mg_node_next_named(node), *before = NULL;
    if (arguments->kind != N_ARGUMENTS || !call || call->kind != N_CALL || !mg_node_field(node, F_name) || !mg_node_field(node, F_value) ||
        mg_binds(node) || !has_other_default(sink->module, call, node))
        return;
    for (const struct mg_node *one = mg_node_first_named(arguments); one != node; one = mg_node_next_named(one))
        before = one;
    if (before)
        leave_out(sink, call, before->end, node->end);
    else if (next)
        leave_out(sink, call, node->start, next->start);
    else
        leave_out(sink, call, arguments->start + 1, arguments->end - 1);
}

const struct mg_operator mg_op_keyword = { "ARG-key",      "leave out a keyword argument", 2, { N_KEYWORD_ARGUMENT }, mutate, "x = sorted(a, key=b)",
                                           "x = sorted(a)" };
