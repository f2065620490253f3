/* MSW: call the sibling of a well-known function or method. */
#include "base/str.h"
#include "python/operators.h"

static const struct {
    struct mg_str from, to;
    bool method;
} table[] = {
    { MG_STR_INIT("min"), MG_STR_INIT("max"), false },
    { MG_STR_INIT("max"), MG_STR_INIT("min"), false },
    { MG_STR_INIT("any"), MG_STR_INIT("all"), false },
    { MG_STR_INIT("all"), MG_STR_INIT("any"), false },
    { MG_STR_INIT("startswith"), MG_STR_INIT("endswith"), true },
    { MG_STR_INIT("endswith"), MG_STR_INIT("startswith"), true },
    { MG_STR_INIT("lstrip"), MG_STR_INIT("rstrip"), true },
    { MG_STR_INIT("rstrip"), MG_STR_INIT("lstrip"), true },
    { MG_STR_INIT("find"), MG_STR_INIT("rfind"), true },
    { MG_STR_INIT("rfind"), MG_STR_INIT("find"), true },
    { MG_STR_INIT("upper"), MG_STR_INIT("lower"), true },
    { MG_STR_INIT("lower"), MG_STR_INIT("upper"), true },
    { MG_STR_INIT("partition"), MG_STR_INIT("rpartition"), true },
    { MG_STR_INIT("rpartition"), MG_STR_INIT("partition"), true },
    { MG_STR_INIT("ljust"), MG_STR_INIT("rjust"), true },
    { MG_STR_INIT("rjust"), MG_STR_INIT("ljust"), true },
    { MG_STR_INIT("keys"), MG_STR_INIT("values"), true },
    { MG_STR_INIT("values"), MG_STR_INIT("keys"), true },
};

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *callee = mg_node_field(node, F_function);
    bool method = callee && callee->kind == N_ATTRIBUTE;
    if (method)
        callee = mg_node_field(callee, F_attribute);
    if (!callee || callee->kind != N_IDENTIFIER)
        return;
    for (size_t i = 0; i < MG_COUNT(table); i++)
        if (table[i].method == method && mg_node_is(sink->module, callee, table[i].from.at))
            mg_sink_token(sink, callee, node, table[i].to);
}

const struct mg_operator mg_op_method = { "MSW", "call the sibling of a function", 2, { N_CALL }, mutate };
