/* Which folder a file is imported from, and so its module name. Pure. */
#ifndef MG_INGEST_IMPORT_ROOT_H
#define MG_INGEST_IMPORT_ROOT_H

#include "adapters/ingest_local/file_class.h"
#include "base/arena.h"

struct mg_import_roots {
    struct mg_arena *arena;
    const struct mg_folders *folders;
    const struct mg_str *texts; /* of all Python files: how they import each other decides where the layout alone does not */
    size_t text_count;
    struct mg_map known; /* folder or path -> its import root, as found */
};

/* The import root of a file (relative folder, "" = the repo's root): a `src` folder that is no package; else the folder that holds the
 * topmost package, unless the repo's own imports show that it is part of a namespace package; else the repo's root. */
struct mg_str mg_import_root_of(struct mg_import_roots *roots, struct mg_str path);
/* Neither in a package nor below `src`, and nothing in the repo imports it: its root is a guess. */
bool mg_import_root_is_guess(struct mg_import_roots *roots, struct mg_str path);
/* Whether a text has `import NAME` or `from NAME`. */
bool mg_text_imports(struct mg_str text, struct mg_str name);
/* Whether a file of the repo has `import NAME` or `from NAME`. */
bool mg_import_is_named(const struct mg_import_roots *roots, struct mg_str name);
/* "pkg.mod"; empty when the path cannot be written as an import. */
struct mg_str mg_module_name(struct mg_arena *arena, struct mg_str root, struct mg_str path);

#endif
