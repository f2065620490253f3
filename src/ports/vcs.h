/* Port: version control, read only. */
#ifndef MG_VCS_H
#define MG_VCS_H

#include "base/arena.h"
#include "base/base.h"

/* Lines [first, last] of a file. */
struct mg_changed_lines {
    struct mg_str path; /* relative to the directory asked about */
    uint32_t first, last;
};
struct mg_changes {
    MG_VEC(struct mg_changed_lines)
};

struct mg_vcs_ops {
    const char *name; /* "git" */
    /* *is_checkout says whether `directory` lies in a work tree; then `files` (relative to it, tracked or untracked and not ignored)
     * and `commit` (may be empty) are set. A missing git program is no error: *is_checkout is false. */
    enum mg_code (*list)(void *self, struct mg_str directory, struct mg_arena *arena, bool *is_checkout, struct mg_str **files, size_t *count,
                         struct mg_str *commit, struct mg_err *err);
    /* Python lines in `directory` as it is now that are not in the merge-base of `revision` and HEAD: what is committed since, what is not
     * committed, and whole files that are untracked and not ignored. Lines that were only removed leave nothing to name. MG_E_CONFIG says in
     * one line why that cannot be known: no program, no checkout, no such revision, no common ancestor (and whether the clone is shallow). */
    enum mg_code (*changed)(void *self, struct mg_str directory, struct mg_str revision, struct mg_arena *arena, struct mg_changes *changes,
                            struct mg_err *err);
};
struct mg_vcs {
    const struct mg_vcs_ops *ops;
    void *self;
};

#endif
