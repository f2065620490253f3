/* Makes a working tree of a git URL: a clone that stays in the storage root, so that a run can be continued and `apply` has files to write
 * into, and that is brought up to date when the URL is named again. From then on it is a local repo as any other. */
#ifndef MG_INGEST_GIT_CLONE_H
#define MG_INGEST_GIT_CLONE_H

#include "adapters/ingest_git/source.h"
#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"

struct mg_clone_request {
    const struct mg_source *source;
    struct mg_str branch, rev;     /* at most one; empty = the repository's own default */
    bool history;                  /* all commits are needed, whatever `depth` says */
    int64_t depth;                 /* commits; 0 = all */
    int64_t retries;               /* after the first try, when the network failed */
    double backoff_seconds;        /* before the first of them; doubles */
    double timeout_seconds;        /* for all together */
    struct mg_str folder;          /* where clones are kept, absolute; made on demand */
    int64_t keep_days;             /* others there that nobody used for so long go when one is made; 0 = never */
    const char *const *supervisor; /* words before `git`, with a lifeline on descriptor 3; NULL = none */
    const struct mg_cancel *cancel;
};
struct mg_clone {
    struct mg_str path;   /* absolute, resolved */
    struct mg_str commit; /* HEAD */
    bool is_new;          /* cloned just now */
    bool is_shallow;
    MG_LIST(struct mg_str) notes; /* what the user should know: left as it is, not updated, submodules */
};

/* One clone for each URL, branch and rev. Its folder appears under its name when it is whole. A clone that the user has changed or committed
 * to is left as it is, and so is one that cannot be updated because the network fails; a note says so.
 * A clone in which the user has work of his own, an uncommitted file or a commit, is never removed.
 * MG_E_CONFIG: no git, no such repository, branch or commit, no access; MG_E_HTTP: the network; MG_E_TIMEOUT; MG_E_CANCELLED; MG_E_IO. */
MG_MUST_CHECK enum mg_code mg_clone(const struct mg_clone_request *request, struct mg_arena *arena, struct mg_clone *clone, struct mg_err *err);

#endif
