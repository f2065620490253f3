/* XMT: the whole body gone. When that survives, the mutants inside need no look. */
#include "python/operators.h"

static bool is_all_skipped(const struct mg_module *module, const struct mg_node *first)
{
    for (; first; first = mg_node_next_named(first))
        if (!mg_is_skipped(module, first))
            return false;
    return true;
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *body = mg_node_field(node, F_body);
    const struct mg_node *docstring = body ? mg_docstring(sink->module, body) : NULL;
    const struct mg_node *first = body ? mg_node_first_named(body) : NULL;
    if (first && first == docstring)
        first = mg_node_next_named(first);
    if (!first || !mg_node_next_named(first) || mg_node_contains(body, N_YIELD) || is_all_skipped(sink->module, first))
        return; /* of one statement, RVR and SDL say it; a generator must stay one */
    size_t from = sink->mutants->len;
    mg_sink_statements(sink, first, mg_node_last_code(body), MG_STR("return None"));
    mg_sink_by_call(sink, from, body);
}

const struct mg_operator mg_op_extreme = { "XMT", "empty the function", 3, { N_FUNCTION }, mutate, "g()\n    return a", "return None\n" };
