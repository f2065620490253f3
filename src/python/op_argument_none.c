/* ARG-none: an argument becomes None, as mutmut does. Not where None fails at once whatever the tests say. */
#include "base/str.h"
#include "python/operators.h"

/* Builtins that take no None. */
static const char *const functions[] = { "len",  "range",     "int",  "float",  "complex", "abs",   "ord",       "chr",       "sum",        "sorted",
                                         "next", "reversed",  "zip",  "iter",   "list",    "tuple", "set",       "frozenset", "dict",       "map",
                                         "any",  "enumerate", "open", "divmod", "pow",     "bytes", "bytearray", "round",     "memoryview", "hex",
                                         "all",  "filter",    "type", "eval",   "exec",    "bin",   "oct",       "callable",  "vars",       "id" };

/* Methods of texts and containers, and functions of re, math and os.path. */
static const char *const methods[] = { "join",         "startswith",   "endswith",   "replace",   "find",      "rfind",      "index",
                                       "rindex",       "partition",    "rpartition", "extend",    "update",    "ljust",      "rjust",
                                       "center",       "zfill",        "match",      "fullmatch", "search",    "sub",        "subn",
                                       "findall",      "finditer",     "compile",    "escape",    "union",     "issubset",   "isdisjoint",
                                       "difference",   "intersection", "issuperset", "group",     "write",     "writelines", "basename",
                                       "dirname",      "splitext",     "splitlines", "exists",    "isfile",    "isdir",      "floor",
                                       "ceil",         "sqrt",         "log",        "exp",       "translate", "loads",      "removeprefix",
                                       "removesuffix", "maketrans",    "normalize",  "category" };

static bool fails_at_once(const struct mg_module *module, const struct mg_node *call)
{
    const struct mg_node *callee = mg_node_field(call, F_function);
    struct mg_str name = mg_callee_name(module, call);
    return MG_STR_IN(name, methods) || (callee->kind == N_IDENTIFIER && MG_STR_IN(name, functions));
}

static const struct mg_node *value_of(const struct mg_sink *sink, const struct mg_node *call, const struct mg_node *argument)
{
    if (argument->kind == N_LIST_SPLAT || argument->kind == N_DICTIONARY_SPLAT)
        return NULL;
    if (argument->kind != N_KEYWORD_ARGUMENT)
        return fails_at_once(sink->module, call) || mg_none_is_left_out(sink, argument) ? NULL : argument;
    return mg_keyword_is_left_out(sink, argument) ? NULL : mg_node_field(argument, F_value); /* its default says it better */
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_module *module = sink->module;
    const struct mg_node *arguments = mg_arguments_of(module, node);
    if (!arguments || mg_node_ancestor(node, N_RAISE))
        return;
    for (const struct mg_node *one = mg_node_first_named(arguments); one; one = mg_node_next_named(one)) {
        const struct mg_node *value = mg_is_skipped(module, one) ? NULL : value_of(sink, node, one);
        if (!value || mg_node_is(module, value, "self") || mg_node_is(module, value, "cls") || mg_is_technical_text(module, value) ||
            !mg_may_become_none(module, value))
            continue;
        mg_sink_expression(sink, value, MG_STR("None"));
    }
}

const struct mg_operator mg_op_argument_none = { "ARG-none", "replace an argument by None", 3, { N_CALL }, mutate, "x = g(a, b)", "x = g(None, b)" };
