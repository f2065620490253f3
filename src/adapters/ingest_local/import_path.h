/* The folders of the repo from which its files are imported by bare names: what Python, pytest and the repo's own tests put on sys.path. */
#ifndef MG_INGEST_IMPORT_PATH_H
#define MG_INGEST_IMPORT_PATH_H

#include "adapters/ingest_local/factors.h"
#include "ports/ingest.h"

#include "base/map.h"

struct mg_import_path {
    struct mg_arena *arena;
    struct mg_str copy;
    struct mg_map known;                 /* folder -> not NULL */
    MG_LIST(struct mg_str) folders;      /* relative to the repo; "" = its root */
    MG_LIST(struct mg_str) test_folders; /* for what tests import themselves: their own folders */
};

/* The root, the import roots, `pythonpath` of pytest's settings, and what a test file or conftest that speaks of sys.path names; for tests also
 * the folder of each test file and conftest, or of the topmost package around it, as pytest does. */
void mg_import_path_read(const struct mg_repo *repo, struct mg_arena *arena, struct mg_import_path *path);

bool mg_import_path_has(const struct mg_import_path *path, struct mg_str folder, bool for_tests);

/* Whether there is a module or package of that name on disk in one of them. */
bool mg_import_path_holds(const struct mg_import_path *path, struct mg_str name, bool for_tests);

/* Whether a folder of that name stands in one of them that has no __init__.py, but Python files: a package, too, where no other has the name. */
bool mg_import_path_holds_part(const struct mg_import_path *path, struct mg_str name, bool for_tests);

/* Whether a folder of the repo has an __init__.py. */
bool mg_import_path_is_package(const struct mg_import_path *path, struct mg_str folder);

/* Folders that `pythonpath` names in pytest's settings, relative to the repo; "" = its root. */
void mg_pytest_pythonpath(struct mg_arena *arena, struct mg_str repo, struct mg_str_list *folders);

#endif
