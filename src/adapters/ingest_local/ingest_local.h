/* The ingest port for a folder on this machine: a private copy in the temporary directory, the interpreter that belongs to the repo,
 * and what is source and what is test. One repo at a time per handle. */
#ifndef MG_INGEST_LOCAL_H
#define MG_INGEST_LOCAL_H

#include "ports/ingest.h"
#include "ports/vcs.h"

/* `vcs` says which files belong to a checkout; borrowed until the ingest is freed. */
struct mg_ingest mg_ingest_local_new(struct mg_vcs vcs);
void mg_ingest_local_free(struct mg_ingest ingest); /* the copy of an open repo goes too */

#endif
