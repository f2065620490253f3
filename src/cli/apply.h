/* What `apply` would do, file by file, decided before anything is written. */
#ifndef MG_APPLY_H
#define MG_APPLY_H

#include "base/arena.h"
#include "base/base.h"
#include "core/report.h"

enum mg_apply_action { MG_APPLY_CREATE, MG_APPLY_UPDATE, MG_APPLY_UNCHANGED, MG_APPLY_REFUSED };

struct mg_apply_file {
    enum mg_apply_action action;
    const char *why;        /* REFUSED */
    struct mg_str path;     /* where it stands */
    struct mg_str relative; /* to the repo; empty with --into */
    struct mg_str old, text;
    uint32_t tests; /* test functions in `text` */
};
struct mg_apply_plan {
    MG_VEC(struct mg_apply_file)
};

/* One file per source module that has tests to apply. Files we did not write, or that were edited since, are REFUSED. Tests that
 * an earlier apply left in a file stay, unless this run has one of the same name. */
MG_MUST_CHECK enum mg_code mg_apply_make_plan(const struct mg_report *report, bool improved, struct mg_str folder, bool in_repo,
                                              struct mg_arena *arena, struct mg_apply_plan *plan, struct mg_err *err);
/* A patch for `git apply` in the repo; empty when nothing is created or updated. */
struct mg_str mg_apply_patch(const struct mg_apply_plan *plan, struct mg_arena *arena);
/* Whether --improved would find anything that is not kept. */
bool mg_apply_has_improving(const struct mg_report *report);

#endif
