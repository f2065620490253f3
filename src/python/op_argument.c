/* ARG: swap two neighbouring arguments that look alike. */
#include "base/str.h"
#include "python/operators.h"

static bool are_alike(const struct mg_module *module, const struct mg_node *a, const struct mg_node *b)
{
    if (a->kind != b->kind || mg_str_eq(mg_node_text(module, a), mg_node_text(module, b)) || mg_node_is(module, a, "self"))
        return false; /* `Base.__init__(self, x)`: another object in its place is noticed at once */
    return a->kind == N_IDENTIFIER || a->kind == N_ATTRIBUTE || a->kind == N_INTEGER || a->kind == N_STRING || a->kind == N_SUBSCRIPT;
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *arguments = mg_arguments_of(sink->module, node);
    if (!arguments)
        return;
    for (const struct mg_node *a = mg_node_first_named(arguments), *b; a && (b = mg_node_next_named(a)); a = b) {
        if (!are_alike(sink->module, a, b))
            continue;
        struct mg_str between = { sink->module->text.at + a->end, b->start - a->end };
        mg_sink_span(sink, a->start, b->end, a, b,
                     mg_arena_printf(sink->arena, "%.*s%.*s%.*s", MG_FMT(mg_node_text(sink->module, b)), MG_FMT(between),
                                     MG_FMT(mg_node_text(sink->module, a))));
        return;
    }
}

const struct mg_operator mg_op_argument = { "ARG", "swap two arguments", 2, { N_CALL }, mutate, "x = g(a, b)", "x = g(b, a)" };
