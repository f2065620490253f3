/* The run's private folder: <TMPDIR>/mutagen-XXXXXX, mode 0700, held by a lock as long as its process lives. */
#ifndef MG_INGEST_WORKSPACE_H
#define MG_INGEST_WORKSPACE_H

#include "base/arena.h"
#include "base/base.h"

/* Makes the folder and takes its lock. *lock_fd stays open until the end; *path is absolute. */
MG_MUST_CHECK enum mg_code mg_workspace_make(struct mg_arena *arena, struct mg_str *path, int *lock_fd, struct mg_err *err);
/* Removes the folders of processes that are gone: killed runs leave them. Best effort. */
void mg_workspace_sweep(struct mg_arena *arena);

#endif
