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
    { MG_STR_INIT("index"), MG_STR_INIT("rindex"), true },
    { MG_STR_INIT("rindex"), MG_STR_INIT("index"), true },
    { MG_STR_INIT("removeprefix"), MG_STR_INIT("removesuffix"), true },
    { MG_STR_INIT("removesuffix"), MG_STR_INIT("removeprefix"), true },
    { MG_STR_INIT("floor"), MG_STR_INIT("ceil"), true },
    { MG_STR_INIT("ceil"), MG_STR_INIT("floor"), true },
    { MG_STR_INIT("union"), MG_STR_INIT("intersection"), true },
    { MG_STR_INIT("intersection"), MG_STR_INIT("union"), true },
    { MG_STR_INIT("issubset"), MG_STR_INIT("issuperset"), true },
    { MG_STR_INIT("issuperset"), MG_STR_INIT("issubset"), true },
    { MG_STR_INIT("split"), MG_STR_INIT("rsplit"), true }, /* with a limit: without one they are the same */
    { MG_STR_INIT("rsplit"), MG_STR_INIT("split"), true },
};

/* `rindex` is a method of texts, not of lists: only where a text is written or a second argument says it. */
static bool is_the_same(const struct mg_module *module, const struct mg_node *node, const struct mg_node *callee)
{
    const struct mg_node *arguments = mg_node_field(node, F_arguments);
    unsigned count = arguments && arguments->kind == N_ARGUMENTS ? mg_node_count_named(arguments) : 0;
    const struct mg_node *first = count ? mg_node_first_named(arguments) : NULL;
    if (mg_node_is(module, callee, "split") || mg_node_is(module, callee, "rsplit"))
        return count < 2 && !(first && mg_node_is(module, mg_node_field(first, F_name), "maxsplit"));
    if (mg_node_is(module, callee, "index") || mg_node_is(module, callee, "rindex"))
        return !first || first->kind != N_STRING;
    return false;
}

/* `sorted(x)` to `sorted(x, reverse=True)`, and `.sort()` alike. Where `reverse` is given, CRP-bool flips it. */
static void reverse(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *arguments = mg_node_field(node, F_arguments), *last = arguments ? mg_node_last_named(arguments) : NULL;
    if (!arguments || (arguments->kind != N_ARGUMENTS && arguments->kind != N_GENERATOR))
        return;
    if (arguments->kind == N_GENERATOR) {
        struct mg_str text = mg_node_text(sink->module, arguments);
        mg_sink_span(sink, arguments->start, arguments->end, node, node, mg_arena_printf(sink->arena, "(%.*s, reverse=True)", MG_FMT(text)));
        return;
    }
    for (const struct mg_node *one = mg_node_first_named(arguments); one; one = mg_node_next_named(one))
        if (one->kind == N_DICTIONARY_SPLAT || mg_node_is(sink->module, mg_node_field(one, F_name), "reverse"))
            return;
    uint32_t at = last ? last->end : arguments->start + 1;
    if (last)
        mg_sink_span(sink, last->start, last->end, node, node,
                     mg_arena_printf(sink->arena, "%.*s, reverse=True", MG_FMT(mg_node_text(sink->module, last))));
    else
        mg_sink_span(sink, at - 1, at, node, node, MG_STR("(reverse=True"));
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *callee = mg_node_field(node, F_function);
    bool method = callee && callee->kind == N_ATTRIBUTE;
    if (method)
        callee = mg_node_field(callee, F_attribute);
    if (!callee || callee->kind != N_IDENTIFIER)
        return;
    if (mg_node_is(sink->module, callee, method ? "sort" : "sorted") && (method || !mg_is_shadowed(sink->module, "sorted")))
        reverse(node, sink);
    for (size_t i = 0; i < MG_COUNT(table); i++)
        if (table[i].method == method && mg_node_is(sink->module, callee, table[i].from.at) && !is_the_same(sink->module, node, callee) &&
            (method || !mg_is_shadowed(sink->module, table[i].from.at)))
            mg_sink_token(sink, callee, node, table[i].to);
}

const struct mg_operator mg_op_method = { "MSW", "call the sibling of a function", 2, { N_CALL }, mutate, "x = min(a)", "x = max(a)" };
