/* EXR: an exception handler that no longer catches. One type of several is dropped; a single one becomes `()`, which matches nothing,
 * where EXS (the handler raises again) says something else or nothing: before other handlers, and where the handler binds names. */
#include "base/buf.h"
#include "base/str.h"
#include "python/operators.h"

static bool has_later_handler(const struct mg_node *node)
{
    const struct mg_node *next = mg_node_next_named(node);
    return next && next->kind == N_EXCEPT;
}

static void drop_one(const struct mg_node *tuple, struct mg_sink *sink)
{
    for (const struct mg_node *dropped = mg_node_first_named(tuple); dropped; dropped = mg_node_next_named(dropped)) {
        struct mg_buf text = MG_BUF(1u << 20);
        unsigned count = 0;
        mg_buf_addc(&text, '(');
        for (const struct mg_node *one = mg_node_first_named(tuple); one; one = mg_node_next_named(one))
            if (one != dropped)
                mg_buf_addf(&text, "%s%.*s", count++ ? ", " : "", MG_FMT(mg_node_text(sink->module, one)));
        mg_buf_adds(&text, count == 1 ? ",)" : ")");
        mg_sink_expression(sink, tuple, mg_buf_take(&text, sink->arena));
    }
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *type = mg_node_field(node, F_value), *block = mg_node_last_named(node);
    const struct mg_node *first = block && block->kind == N_BLOCK ? mg_node_first_named(block) : NULL;
    for (const struct mg_node *child = mg_node_first(node); child && child != block; child = mg_node_next(child))
        if (mg_node_is(sink->module, child, "*") || mg_node_is(sink->module, child, ","))
            return; /* `except*` takes no empty group; `except A, B` is no tuple to this grammar */
    if (type && type->kind == N_AS_PATTERN)
        type = mg_node_first_named(type);
    if (!type || !first || mg_binds(type))
        return;
    bool later = has_later_handler(node), raises = first->kind == N_RAISE && mg_node_is(sink->module, first, "raise");
    if (raises && !later)
        return; /* caught or not, it goes on */
    const struct mg_node *inner = mg_node_unwrapped(type);
    if (inner->kind == N_TUPLE && mg_node_count_named(inner) > 1)
        drop_one(inner, sink);
    else if ((later || mg_binds(block) || mg_node_contains(block, N_GLOBAL) || mg_node_contains(block, N_NONLOCAL)) && inner->kind != N_TUPLE)
        mg_sink_expression(sink, type, MG_STR("()"));
}

const struct mg_operator mg_op_exception = {
    "EXR", "do not catch an exception", 1, { N_EXCEPT }, mutate, "try: g()\n    except (A, B): h()", "try: g()\n    except (B,): h()"
};
