/* Who calls whom in a repo, from its text. Only edges that the text proves: a name is followed through the scopes, imports and classes that
 * bind it; where it might be something else there is no edge. Builtins, other packages and objects of unknown class have none.
 *
 *   f()                 a function, or a class's constructor, bound once in an enclosing function, or last in the module; or imported
 *   alias.f(), a.b.f()  through `import`; also what the other module itself imported
 *   self.f(), cls.f()   the class the method stands in and its bases in method resolution order, as far as the repo holds them
 *   Class.f(), Class()  the same; a constructor is __new__ or __init__
 *
 * Calls in a nested function belong to that one; those in a function's own decorators and defaults run before it does and are nobody's. */
#ifndef MG_CALLGRAPH_H
#define MG_CALLGRAPH_H

#include "base/arena.h"
#include "base/cancel.h"
#include "core/target.h"
#include "python/files.h"

struct mg_callgraph;
#define MG_NO_CALLEE UINT32_MAX

struct mg_callgraph_function {
    uint32_t file; /* index into the files given */
    struct mg_str qualname;
    uint32_t first_line, def_line, end_line; /* as struct mg_function */
    uint32_t start, end;                     /* bytes: first decorator to the end of the body */
};
struct mg_callees {
    MG_VEC(uint32_t) /* functions of the graph */
};

/* Reads all files once; they are borrowed for the life of `arena`. Files that cannot be parsed are counted and left out.
 * The graph is read-only afterwards (any thread). Errors: MG_E_CANCELLED. */
MG_MUST_CHECK enum mg_code mg_callgraph_build(struct mg_arena *arena, const struct mg_python_file *files, size_t count,
                                              const struct mg_cancel *cancel, struct mg_callgraph **graph, struct mg_err *err);
struct mg_callgraph_totals {
    size_t files, unparsed, functions, edges;
};
struct mg_callgraph_totals mg_callgraph_totals(const struct mg_callgraph *graph);
const struct mg_callgraph_function *mg_callgraph_function(const struct mg_callgraph *graph, uint32_t function);

/* The function of that name in that file, of several the one whose `def` stands on `def_line`; else whatever stands there. MG_NO_CALLEE. */
uint32_t mg_callgraph_find(const struct mg_callgraph *graph, struct mg_str path, struct mg_str qualname, uint32_t def_line);
/* What it calls itself, in the order of the calls, each once, never itself. */
struct mg_callees mg_callgraph_direct(const struct mg_callgraph *graph, uint32_t function);
/* Breadth first, at most `depth` calls away and `most` in all, without the function itself. */
struct mg_callees mg_callgraph_reach(const struct mg_callgraph *graph, uint32_t function, uint32_t depth, size_t most, struct mg_arena *arena);

/* A drawing of what it calls, `depth` deep; one that was expanded above is named again but not expanded again:
 *   outer
 *   ├── helper
 *   │   └── leaf
 *   └── leaf
 * Empty without callees. Cut at a whole line with a last line "..." behind `limit` bytes. */
struct mg_str mg_callgraph_tree(const struct mg_callgraph *graph, uint32_t function, uint32_t depth, size_t limit, struct mg_arena *arena);

/* `# qualname` and the source lines of each, decorators included: the leading ones whose sum stays within `limit` bytes. */
struct mg_snippets {
    MG_VEC(struct mg_str)
};
struct mg_snippets mg_callgraph_snippets(const struct mg_callgraph *graph, const struct mg_callees *callees, size_t limit, struct mg_arena *arena);

#endif
