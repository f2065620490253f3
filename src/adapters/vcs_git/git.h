/* One run of the git program with everything switched off by which a hostile checkout could start another program. Private to this folder. */
#ifndef MG_VCS_GIT_INTERNAL_H
#define MG_VCS_GIT_INTERNAL_H

#include "base/buf.h"
#include "ports/vcs.h"

#define MG_GIT_LIST_LIMIT ((size_t)256 << 20)
#define MG_GIT_MOST_ARGS 200

struct mg_git_output {
    bool started;   /* the program is here */
    bool succeeded; /* and exited with 0 */
    struct mg_buf text;
};

/* `args` ends with NULL; at most MG_GIT_MOST_ARGS. A missing program is no error: output->started stays false. */
MG_MUST_CHECK enum mg_code mg_git(struct mg_arena *arena, const char *directory, const char *const *args, struct mg_git_output *output,
                                  struct mg_err *err);

/* mg_vcs_ops.changed */
MG_MUST_CHECK enum mg_code mg_git_changed(void *self, struct mg_str directory, struct mg_str revision, struct mg_arena *arena,
                                          struct mg_changes *changes, struct mg_err *err);

#endif
