/* OIL: a loop that runs once. The `break` stands behind the last statement of the body, which must be a simple one. */
#include "base/str.h"
#include "python/operators.h"

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *body = mg_node_field(node, F_body), *last = body ? mg_node_last_named(body) : NULL;
    if (!last || !mg_node_is_statement(last) || last->kind >= N_IF)
        return;
    if (last->kind == N_BREAK || last->kind == N_CONTINUE || last->kind == N_RETURN || last->kind == N_RAISE)
        return;
    mg_sink_span(sink, last->start, last->end, last, last, mg_arena_printf(sink->arena, "%.*s; break", MG_FMT(mg_node_text(sink->module, last))));
}

const struct mg_operator mg_op_iteration = { "OIL", "loop once", 2, { N_FOR, N_WHILE }, mutate, "for i in a: g()", "for i in a: g(); break" };
