/* The call graph's own tables, shared by its reading (callgraph.c), resolving (callgraph_link.c) and showing (callgraph_show.c). Private. */
#ifndef MG_CALLGRAPH_PARTS_H
#define MG_CALLGRAPH_PARTS_H

#include "base/map.h"
#include "python/callgraph.h"
#include "python/scope.h"

#define MG_NONE UINT32_MAX

struct mg_cg_module {
    struct mg_importer importer;
    struct mg_names names;
    bool usable; /* parsed, and nothing at its top level was misread */
};
/* A dotted expression whose first name is known: `base`, then `.rest`. */
struct mg_cg_site {
    const struct mg_binding *base; /* NULL: `self` or `cls` of class `owner` */
    struct mg_str rest;            /* "b.c"; empty for a bare name */
    uint32_t owner;                /* class */
    uint32_t module;               /* where it stands: the importer */
};
struct mg_cg_base {
    struct mg_cg_site site;
    bool known;
    bool harmless; /* named object, ABC, Generic, Protocol: when not the repo's, they hide no method of ours */
};
struct mg_cg_class {
    uint32_t module;
    struct mg_names names;
    struct mg_map assigned; /* attributes that some code sets: `self.x = …`, `Class.x = …` */
    bool decorated;
    bool odd_constructor; /* a metaclass or an enumeration: calling it need not run __init__ */
    bool linearizing, linearized;
    MG_LIST(struct mg_cg_base) bases;
    MG_LIST(uint32_t) order; /* method resolution order, itself first; MG_NONE ends what we know */
};
struct mg_cg_function {
    struct mg_callgraph_function seen;
    bool is_abstract, is_dispatcher;
    uint32_t first_site, site_count;
    uint32_t first_edge, edge_count;
};
struct mg_callgraph {
    struct mg_arena *arena;
    const struct mg_python_file *files;
    size_t file_count, unparsed;
    struct mg_map modules;  /* dotted name -> struct mg_cg_module *; two of one name: the `twice` one */
    struct mg_map packages; /* dotted prefixes of module names */
    struct mg_map by_name;  /* "path\nqualname" -> struct mg_callees * */
    struct mg_map by_path;  /* -> struct mg_cg_range * */
    struct mg_cg_module *of_file;
    MG_LIST(struct mg_cg_class) classes;
    MG_LIST(struct mg_cg_function) functions;
    MG_LIST(struct mg_cg_site) sites;
    MG_LIST(uint32_t) edges;
};
struct mg_cg_range {
    uint32_t first, count;
};

/* Turns sites into edges. */
void mg_callgraph_link(struct mg_callgraph *graph);

#endif
