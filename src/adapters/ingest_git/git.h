/* One git command on a clone. Internal to this adapter. */
#ifndef MG_INGEST_GIT_GIT_H
#define MG_INGEST_GIT_GIT_H

#include "adapters/ingest_git/clone.h"
#include "base/arena.h"

struct mg_git_job {
    const struct mg_clone_request *request;
    struct mg_str program; /* absolute */
    struct mg_arena *arena;
    double deadline;      /* of mg_now, for all commands together */
    struct mg_str folder; /* -C */
    struct mg_str output; /* of the last command, trimmed */
    struct mg_str tail;   /* of its stderr */
    bool failed;          /* it exited other than 0 */
};
/* Why it failed, by what it printed. */
enum mg_git_trouble { MG_GIT_OTHER, MG_GIT_NETWORK, MG_GIT_ACCESS, MG_GIT_NO_REPOSITORY, MG_GIT_NO_REF, MG_GIT_NOT_SHALLOW, MG_GIT_HOST_KEY };

/* `args` end with NULL. MG_OK also when git->failed. Credentials of the source go by the environment, never by the command line. */
MG_MUST_CHECK enum mg_code mg_git_run(struct mg_git_job *git, const char *const *args, struct mg_err *err);
enum mg_git_trouble mg_git_trouble(struct mg_str tail);
/* The line of its stderr that says why, without credentials; in the arena. */
struct mg_str mg_git_reason(struct mg_arena *arena, const struct mg_source *source, struct mg_str tail);

#endif
