/* The store in one SQLite file, <root>/mutagen.db. Any number of processes may have it open; a run belongs to one at a time. */
#ifndef MG_STORE_SQLITE_H
#define MG_STORE_SQLITE_H

#include "ports/store.h"

/* Opens the store of a storage root. With `create`, a missing root is made, with a marker file (MUTAGEN) and a .gitignore; without it, a missing root is
 * MG_E_NOT_FOUND. A folder that has content and no marker is MG_E_DENIED, a database of another program or of a newer version MG_E_STORE.
 * All errors are one line that names the path. Close with store->ops->close. */
MG_MUST_CHECK enum mg_code mg_store_sqlite_open(const char *root, bool create, struct mg_store *store, struct mg_err *err);

#endif
