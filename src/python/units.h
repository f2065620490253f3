/* A source file cut into what can change by itself: each function, and the rest of the file, with the names that each of them speaks of.
 * From these one can say which code a test may come to, also with a mutant in it: whatever it calls, it calls by a name that stands somewhere. */
#ifndef MG_UNITS_H
#define MG_UNITS_H

#include "python/syntax.h"

struct mg_unit {
    struct mg_str name; /* of the function; empty for the rest of the file (headers of functions are in it, bodies are not, nor are lone tests) */
    uint32_t line, end_line;        /* of the function with its decorators */
    struct mg_str text;             /* what its digest is made of */
    bool always;                    /* may be called without its name standing anywhere: special methods, registered or inherited functions, hooks */
    bool dynamic;                   /* looks names up at run time: may come to anything */
    MG_LIST(struct mg_str) names;   /* identifiers in it, each once */
    MG_LIST(struct mg_str) strings; /* contents of its plain string literals, each once */
};
struct mg_units {
    MG_VEC(struct mg_unit) /* [0] is the rest of the file */
};

struct mg_imports {
    MG_LIST(struct mg_str) names; /* every component of every imported name, wherever in the file: a, b, c for `from a.b import c` */
    bool dynamic;                 /* it imports by a computed name, too */
    bool loud;                    /* being imported it does more than define: it assigns to what is not its own, or calls something */
};

/* Both borrow from the module's text. */
void mg_module_units(const struct mg_module *module, struct mg_arena *arena, struct mg_units *units);
void mg_module_imports(const struct mg_module *module, struct mg_arena *arena, struct mg_imports *imports);

#endif
