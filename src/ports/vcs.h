/* Port: version control, read only. */
#ifndef MG_VCS_H
#define MG_VCS_H

#include "base/arena.h"
#include "base/base.h"

struct mg_vcs_ops {
    const char *name; /* "git" */
    /* *is_checkout says whether `directory` lies in a work tree; then `files` (relative to it, tracked or untracked and not ignored)
     * and `commit` (may be empty) are set. A missing git program is no error: *is_checkout is false. */
    enum mg_code (*list)(void *self, struct mg_str directory, struct mg_arena *arena, bool *is_checkout, struct mg_str **files, size_t *count,
                         struct mg_str *commit, struct mg_err *err);
};
struct mg_vcs {
    const struct mg_vcs_ops *ops;
    void *self;
};

#endif
