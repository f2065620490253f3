/* The storage root on disk: whose folder it is, and the lock files of runs. */
#ifndef MG_SQLITE_ROOT_H
#define MG_SQLITE_ROOT_H

#include "base/arena.h"
#include "base/base.h"

/* Finds the folder, or makes it with its marker and .gitignore when `create`. *resolved is its absolute path.
 * MG_E_NOT_FOUND when it is not there and must not be made; MG_E_DENIED when it is somebody else's; MG_E_IO when it cannot be written. */
MG_MUST_CHECK enum mg_code mg_sqlite_root(struct mg_arena *arena, const char *root, bool create, struct mg_str *resolved, struct mg_err *err);

/* One opening of the database at a time, so that two processes do not both create it. *fd is to be closed. */
MG_MUST_CHECK enum mg_code mg_sqlite_lock_root(struct mg_arena *arena, struct mg_str root, int *fd, struct mg_err *err);

/* Takes the lock of a run; it is released when *fd is closed or the process dies, however it dies. MG_E_DENIED names the holder's pid. */
MG_MUST_CHECK enum mg_code mg_sqlite_lock_run(struct mg_arena *arena, struct mg_str root, struct mg_str run_id, int *fd, struct mg_err *err);

#endif
