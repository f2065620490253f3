/* The ingest port for a folder on this machine: a private copy in the temporary directory, the interpreter that belongs to the repo,
 * and what is source and what is test. One repo at a time per handle. */
#ifndef MG_INGEST_LOCAL_H
#define MG_INGEST_LOCAL_H

#include "ports/ingest.h"
#include "ports/progress.h"
#include "ports/vcs.h"

struct mg_ingest_settings {
    const char *const *supervisor; /* words before a program of the user's, with a lifeline on descriptor 3 */
    bool install;                  /* an environment in <storage root>/envs may be made when no interpreter fits */
    bool look_only;                /* none is made all the same: a look at what there is */
    double timeout_seconds;        /* for all that is installed at once */
    int64_t keep_days;             /* environments that nobody used for so long go when another is made; 0 = never */
    struct mg_progress progress;   /* told what takes long; ops may be NULL */
};

/* `vcs` says which files belong to a checkout; borrowed until the ingest is freed. Without settings (NULL) no program is started: the first
 * interpreter found is taken as it is. */
struct mg_ingest mg_ingest_local_new(struct mg_vcs vcs, const struct mg_ingest_settings *settings);
void mg_ingest_local_free(struct mg_ingest ingest); /* the copy of an open repo goes too */

#endif
