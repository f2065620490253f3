/* The cache port in one SQLite file of its own: it can be deleted, and is when it is damaged, without touching stored runs. */
#ifndef MG_CACHE_SQLITE_H
#define MG_CACHE_SQLITE_H

#include "ports/cache.h"

/* Opens or creates `<root>/score.db`; the root exists. MG_E_STORE when no database can be made there, MG_E_DENIED when a link stands in its place.
 * Threads: one. */
MG_MUST_CHECK enum mg_code mg_cache_sqlite_open(const char *root, struct mg_cache *cache, struct mg_err *err);

#endif
