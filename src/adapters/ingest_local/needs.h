/* Which modules from outside the repo its files import whenever they are imported themselves, which plugins of pytest its tests use without
 * an import, and which files fail when one is missing.
 * Reads import lines at the left margin: what stands in a try, an if or a function may fail, and often does. Nor is needed what a test file
 * has asked pytest.importorskip for. */
#ifndef MG_INGEST_NEEDS_H
#define MG_INGEST_NEEDS_H

#include "adapters/ingest_local/factors.h"
#include "ports/ingest.h"

struct mg_need {
    struct mg_str name;   /* top-level module; also two levels, "zope.event": missing only where "zope" is there and is a namespace */
    struct mg_str module; /* as it was imported first: "zope.event.classhandler" */
    struct mg_str sign;   /* of a plugin that is not imported: "pytest.mark.asyncio" */
    struct mg_str path;   /* the first file that imports it */
    struct mg_str like;   /* a file of the repo that is called so, or is in such a folder, but cannot be imported by that name; only where the
                             project requires nothing that is: maybe it means the file, and another interpreter would not help */
    uint32_t line;
    bool missing;            /* to be set by the caller, for mg_needs_settle */
    bool named;              /* the project names what brings it, so an environment made for it would have it; to be set as `missing` is */
    uint32_t sources, tests; /* files that cannot be imported for want of it */
    uint32_t lost;           /* tests in them, as mg_needs.tests counts */
    struct mg_str chain;     /* "tests/test_a.py > pkg/__init__.py", from a test to `path`; empty when none leads there over another file */
};
struct mg_needing_file;
struct mg_needs {
    MG_VEC(struct mg_need)
    struct mg_needing_file *files;
    size_t file_count;
    uint32_t sources, tests;               /* all files; all functions called test, and 1 for a test file without any: files differ too much */
    uint32_t broken_sources, broken_tests; /* those that cannot be imported, or lack a plugin; not for a need with `like` */
};

void mg_needs_scan(const struct mg_repo *repo, struct mg_arena *arena, struct mg_needs *needs);
/* Sums up what the missing ones break. May be called again with other marks. */
void mg_needs_settle(struct mg_needs *needs, struct mg_arena *arena);
/* The test files that are broken for want of that one of them. */
void mg_needs_tests_of(const struct mg_needs *needs, const struct mg_need *need, struct mg_arena *arena, struct mg_str_list *paths);

#endif
