/* EXS: an exception handler that handles nothing. */
#include "python/operators.h"

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *block = mg_node_last_named(node);
    for (const struct mg_node *child = mg_node_first(node); child; child = mg_node_next(child))
        if (mg_node_is(sink->module, child, "*"))
            return; /* `except*`: a bare raise means something else there */
    const struct mg_node *first = block && block->kind == N_BLOCK ? mg_node_first_named(block) : NULL;
    if (!first || mg_node_is(sink->module, first, "raise") || mg_binds(block) || mg_node_contains(block, N_GLOBAL) ||
        mg_node_contains(block, N_NONLOCAL))
        return;
    const struct mg_node *second = mg_node_next_named(first);
    if (second && !mg_node_next_named(second) && mg_node_is(sink->module, second, "raise"))
        return; /* `close(); raise`: SDL */
    mg_sink_statements(sink, first, mg_node_last_code(block), MG_STR("raise"));
}

const struct mg_operator mg_op_handler = {
    "EXS", "raise again instead of handling", 1, { N_EXCEPT }, mutate, "try: g()\n    except E: h()", "try: g()\n    except E: raise"
};
