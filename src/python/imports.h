/* Import statements, relative ones made absolute. Private to this room. */
#ifndef MG_PYTHON_IMPORTS_H
#define MG_PYTHON_IMPORTS_H

#include "python/tree.h"

/* Who imports: what the dots of a relative import start from. */
struct mg_importer {
    struct mg_str module; /* `pkg.mod`; `pkg` for its __init__.py */
    bool is_package;      /* an __init__.py */
};
/* One name that an import binds. */
struct mg_import {
    struct mg_str module; /* absolute: `pkg.mod`; empty when the dots lead out of the topmost package */
    struct mg_str name;   /* of `from module import name`, "*" for a star; empty for `import module` */
    struct mg_str alias;  /* behind `as`; empty without */
    bool relative;        /* it was written with dots */
};
struct mg_imports {
    MG_VEC(struct mg_import)
};

/* Appends the names of one import statement; nothing for any other node and for `from __future__`. */
void mg_imports_of(const struct mg_module *module, const struct mg_node *statement, const struct mg_importer *importer, struct mg_arena *arena,
                   struct mg_imports *imports);
/* The name it binds: `x` of `as x`, `n` of `from m import n`, `a` of `import a.b`. Empty for a star. */
struct mg_str mg_import_binds(const struct mg_import *import);

#endif
