/* DDL: take a decorator away from a function or class inside the target. The target's own are applied on import, where no swap reaches: the
 * module's body has those. */
#include "base/buf.h"
#include "base/str.h"
#include "python/operators.h"

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *definition = mg_node_field(node, F_definition);
    for (const struct mg_node *one = mg_node_first_named(node); definition && one && one->kind == N_DECORATOR; one = mg_node_next_named(one)) {
        struct mg_buf blank = MG_BUF(4096);
        for (uint32_t i = one->start; i < one->end; i++)
            if (sink->module->text.at[i] == '\n')
                mg_buf_addc(&blank, '\n');
        mg_sink_span(sink, one->start, one->end, node, definition, mg_buf_take(&blank, sink->arena));
    }
}

const struct mg_operator mg_op_decorator = {
    "DDL", "drop a decorator", 3, { N_DECORATED }, mutate, "@a\n    def g(): return b", "\n    def g(): return b"
};
