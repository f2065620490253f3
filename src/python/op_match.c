/* MCR: a case that never matches. Guards are conditions: COI. */
#include "base/str.h"
#include "python/operators.h"

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *last = NULL;
    for (const struct mg_node *child = mg_node_first(node); child; child = mg_node_next(child)) {
        if (child->field == F_guard)
            return;
        if (child->kind == N_CASE_PATTERN)
            last = child;
    }
    if (!last || mg_node_is(sink->module, mg_node_next(last), ","))
        return;
    struct mg_str text = mg_node_text(sink->module, last);
    mg_sink_span(sink, last->start, last->end, last, last, mg_arena_printf(sink->arena, "%.*s if False", MG_FMT(text)));
}

const struct mg_operator mg_op_match = {
    "MCR", "never match a case", 2, { N_CASE }, mutate, "match a:\n        case [b]: g()", "match a:\n        case [b] if False: g()"
};
