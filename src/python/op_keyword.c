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

static bool has_other_default(const struct mg_module *module, const struct mg_node *call, const struct mg_node *node)
{
    struct mg_str name = mg_node_text(module, mg_node_field(node, F_name)), value = mg_node_text(module, mg_node_field(node, F_value));
    const struct mg_node *parameter = mg_parameter_of(module, mg_callee_name(module, call), name);
    if (parameter)
        return !mg_str_eq(mg_node_text(module, mg_node_field(parameter, F_value)), value);
    if (mg_is_call_of(module, call, "dict"))
        return true;
    for (size_t i = 0; i < MG_COUNT(known); i++)
        if (mg_str_is(name, known[i].name))
            return !mg_str_is(value, known[i].same);
    return false;
}

bool mg_keyword_is_left_out(const struct mg_sink *sink, const struct mg_node *node)
{
    const struct mg_node *call = node->parent->parent;
    return mg_sink_makes(sink, &mg_op_keyword, mg_op_keyword.level) && call && has_other_default(sink->module, call, node);
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *arguments = node->parent, *call = arguments->parent, *before = NULL;
    if (arguments->kind != N_ARGUMENTS || !call || call->kind != N_CALL || !mg_node_field(node, F_name) || !mg_node_field(node, F_value) ||
        mg_binds(node) || !has_other_default(sink->module, call, node))
        return;
    for (const struct mg_node *one = mg_node_first_named(arguments); one != node; one = mg_node_next_named(one))
        before = one;
    mg_sink_leave_out(sink, call, before, node);
}

const struct mg_operator mg_op_keyword = { "ARG-key",      "leave out a keyword argument", 2, { N_KEYWORD_ARGUMENT }, mutate, "x = sorted(a, key=b)",
                                           "x = sorted(a)" };
