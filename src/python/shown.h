/* Pieces of source as they are shown to a reader with little room: headers on one line, first lines, cuts. Private to this room. */
#ifndef MG_PYTHON_SHOWN_H
#define MG_PYTHON_SHOWN_H

#include "base/buf.h"
#include "python/tree.h"

/* `def f(a, b=1) -> int`, `class C(Base)`: up to the colon, on one line, without comments; cut behind `limit` bytes with " ...". */
struct mg_str mg_shown_header(const struct mg_module *module, const struct mg_node *definition, size_t limit, struct mg_arena *arena);
/* Any node on one line, in the same manner. */
struct mg_str mg_shown_node(const struct mg_module *module, const struct mg_node *node, size_t limit, struct mg_arena *arena);
/* The first line of a definition's or module's docstring; empty without. */
struct mg_str mg_shown_doc(const struct mg_module *module, const struct mg_node *block, size_t limit);
/* The text's lines without the blanks that all of them begin with; "\r\n" becomes "\n". */
struct mg_str mg_shown_dedented(struct mg_str text, struct mg_arena *arena);
/* At most `limit` bytes: whole lines, and a last line `# ... N more lines` where some are missing. */
struct mg_str mg_shown_lines(struct mg_str text, size_t limit, struct mg_arena *arena);

/* The definition in a `decorated_definition`, else the node itself. */
static inline const struct mg_node *mg_undecorated(const struct mg_node *node)
{
    const struct mg_node *inner = node->kind == N_DECORATED ? mg_node_field(node, F_definition) : NULL;
    return inner ? inner : node;
}
/* Whether statements inside of it are statements of the scope it stands in: `if`, `try`, `with` and their clauses. */
bool mg_is_transparent(const struct mg_node *node);
/* `if __name__ == "__main__":` */
bool mg_is_main_guard(const struct mg_module *module, const struct mg_node *node);

#endif
