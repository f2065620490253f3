/* What we know about a Python source text without running it. tree-sitter is behind this header; nobody else sees it. */
#ifndef MG_SYNTAX_H
#define MG_SYNTAX_H

#include "base/arena.h"
#include "base/base.h"
#include "core/target.h"

struct mg_module; /* a parsed file; the text is borrowed and must outlive it */

/* Parses. MG_E_PARSE when the text is not UTF-8, holds a NUL or is broken as a whole (the root is an error); the message says where.
 * Local errors are no error: functions they touch have has_error. Threads: any, each call on its own module. */
MG_MUST_CHECK enum mg_code mg_module_parse(struct mg_str text, struct mg_module **module, struct mg_err *err);
void mg_module_free(struct mg_module *module);

struct mg_functions {
    MG_VEC(struct mg_function)
};
/* Every function and method, wherever it stands, in source order. */
void mg_module_functions(const struct mg_module *module, struct mg_arena *arena, struct mg_functions *functions);

/* Comments `# pragma: no mutate` and `# pragma: no mutate: reason`, in order. */
struct mg_pragma_line {
    uint32_t line;
    struct mg_str reason; /* borrowed from the text; may be empty */
};
struct mg_pragmas {
    MG_VEC(struct mg_pragma_line)
};
void mg_module_pragmas(const struct mg_module *module, struct mg_arena *arena, struct mg_pragmas *pragmas);
/* As if they were not there; what `pragma: no cover` says still holds. */
void mg_module_forget_pragmas(struct mg_module *module);

/* Literals of a byte range (a function, or the whole module), each once, as source text of one atom: ints, floats, plain strings, bytes. */
struct mg_literals {
    MG_VEC(struct mg_str)
};
void mg_module_literals(const struct mg_module *module, uint32_t start, uint32_t end, struct mg_arena *arena, struct mg_literals *literals);

/* Calls of a function whose name's last component is `name`, whose arguments are all literals (or displays of literals), in a file:
 * the argument list's source texts. Used to harvest values from existing tests. */
struct mg_literal_call {
    MG_LIST(struct mg_str) arguments; /* `1`, `'x'`, `key=3` */
};
struct mg_literal_calls {
    MG_VEC(struct mg_literal_call)
};
void mg_module_literal_calls(const struct mg_module *module, struct mg_str name, struct mg_arena *arena, struct mg_literal_calls *calls);

#endif
