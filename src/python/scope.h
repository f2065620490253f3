/* What the names of one scope (a module, class or function) are bound to, as far as the text alone proves it. Private to this room. */
#ifndef MG_PYTHON_SCOPE_H
#define MG_PYTHON_SCOPE_H

#include "base/map.h"
#include "python/imports.h"
#include "python/tree.h"

enum mg_bound {
    MG_BOUND_OTHER, /* a value, or one of several things */
    MG_BOUND_DEF,
    MG_BOUND_CLASS,
    MG_BOUND_IMPORT,
    MG_BOUND_GLOBAL,  /* functions: declared global */
    MG_BOUND_NONLOCAL /* functions: declared nonlocal */
};
struct mg_binding {
    enum mg_bound kind;
    bool conditional;           /* made inside an if, try, with, for, …: there may be none */
    bool decorated;             /* DEF with a decorator */
    uint32_t times;             /* how often it was bound */
    uint32_t stars;             /* star imports before it */
    const struct mg_node *node; /* DEF, CLASS */
    struct mg_import import;    /* IMPORT */
    uint32_t index;             /* for the user: which function or class of its own list */
    struct mg_binding *kept;    /* for the user: the copy that outlives the parsed file */
};
struct mg_names {
    struct mg_map map; /* -> struct mg_binding * */
    uint32_t stars;    /* star imports in all */
    bool is_function;  /* names of a function have an order in time that we do not follow: the second binding makes them OTHER */
};

static inline struct mg_binding *mg_names_get(const struct mg_names *names, struct mg_str name) { return mg_map_get(&names->map, name); }
/* Makes the name OTHER. */
void mg_names_spoil(struct mg_names *names, struct mg_str name);

/* `owner` is the module's root, a class or a function definition. What is bound last is what users of a module or class see;
 * a binding under a condition that is not the only one leaves the name OTHER, and so does a star import behind it. */
void mg_names_collect(const struct mg_module *module, const struct mg_node *owner, const struct mg_importer *importer, struct mg_arena *arena,
                      struct mg_names *names);

/* The names that a target of an assignment, a loop or a parameter binds: identifiers outside of attributes and subscripts. */
bool mg_pattern_binds(const struct mg_module *module, const struct mg_node *pattern, struct mg_str name);
/* The parameter's own name. */
struct mg_str mg_parameter_name(const struct mg_module *module, const struct mg_node *parameter);
/* Whether a decorator's last dotted component is `name`: `@typing.overload`. */
bool mg_has_decorator(const struct mg_module *module, const struct mg_node *definition, const char *name);

#endif
