/* A Python file as this room takes it: the fields of ports/ingest.h's struct mg_source_file, which this room cannot see. */
#ifndef MG_PYTHON_FILES_H
#define MG_PYTHON_FILES_H

#include "base/base.h"
#include "base/str.h"

struct mg_python_file {
    struct mg_str path;   /* relative to the repo */
    struct mg_str module; /* dotted import name: `pkg.mod`, `pkg` for pkg/__init__.py; may be empty for tests */
    struct mg_str text;   /* borrowed as long as what was made of it */
};

static inline bool mg_path_is_package(struct mg_str path) { return mg_str_is(path, "__init__.py") || mg_str_ends(path, "/__init__.py"); }

#endif
