/* SIR: drop one part of a slice. */
#include "python/operators.h"

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    if (mg_binds(node))
        return;
    const struct mg_node *first = mg_node_first(node);
    for (const struct mg_node *part = mg_node_first_named(node); part; part = mg_node_next_named(part)) {
        if (part == first && mg_node_is(sink->module, part, "0"))
            continue; /* s[0:] is s[:] */
        struct mg_str before = { sink->module->text.at + node->start, part->start - node->start };
        struct mg_str after = { sink->module->text.at + part->end, node->end - part->end };
        mg_sink_bracketed(sink, node, mg_arena_printf(sink->arena, "%.*s%.*s", MG_FMT(before), MG_FMT(after)));
    }
}

const struct mg_operator mg_op_slice = { "SIR", "drop one part of a slice", 1, { N_SLICE }, mutate, "x = a[1:b]", "x = a[1:]" };
