/* The versions that a project's lock file names, whatever tool wrote it. */
#ifndef MG_INGEST_LOCK_H
#define MG_INGEST_LOCK_H

#include "base/arena.h"

struct mg_lock {
    const char *name; /* of the file; NULL = the project has none that can be read */
    MG_LIST(struct mg_str) versions;
};

/* The first of uv.lock, poetry.lock, pdm.lock, Pipfile.lock and pylock.toml in `copy`. Versions are "name==1.0", maybe with "; marker": lines
 * of a constraints file. They choose among versions, and ask for nothing by themselves. Left out is what comes from elsewhere than an index,
 * and what has several versions without a marker that tells them apart. */
void mg_lock_read(struct mg_arena *arena, struct mg_str copy, struct mg_lock *lock);

#endif
