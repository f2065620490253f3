/* The repo's existing tests as documents: what retrieval searches, and the nearest ones to a target without retrieval. */
#ifndef MG_TESTDOCS_H
#define MG_TESTDOCS_H

#include "base/arena.h"
#include "core/target.h"
#include "python/files.h"

#define MG_TESTDOC_LIMIT 2000u /* bytes of one document */

struct mg_testdoc {
    struct mg_str id;             /* "tests/test_a.py::test_b", "tests/test_a.py::TestC::test_d"; the path alone for a file without test functions */
    struct mg_str text;           /* its source without the indent; decorators where they fit; cut with a comment */
    uint32_t file;                /* index into `files` of mg_testdocs_make */
    MG_LIST(struct mg_str) calls; /* last components of what it calls, each once */
};
struct mg_testfile_imports {
    MG_VEC(struct mg_str) /* dotted names it imports or may mean: `pkg.mod` and `pkg.mod.name` of `from pkg.mod import name` */
};
struct mg_testdocs {
    MG_VEC(struct mg_testdoc)
    struct mg_testfile_imports *imports; /* by file */
    size_t unparsed;                     /* files left out */
};

/* Everything but `files` is made in `arena`; `files` are borrowed as long. Functions in functions are no tests. */
struct mg_testdocs mg_testdocs_make(const struct mg_python_file *files, size_t count, struct mg_arena *arena);

/* Up to `most` documents, `limit` bytes together, for showing how tests are written here. Best first: calls the target's leaf name (the class's for
 * a special method) in a file that imports its module, or the package around it; calls the name; stands in a file that imports the module. Of equal ones those in a file named
 * after the module, then in document order. */
struct mg_testdocs_found {
    MG_VEC(uint32_t)
};
struct mg_testdocs_found mg_testdocs_nearest(const struct mg_testdocs *docs, const struct mg_target *target, size_t most, size_t limit,
                                             struct mg_arena *arena);

#endif
