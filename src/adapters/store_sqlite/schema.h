/* The tables of mutagen.db and how an older file becomes a current one. */
#ifndef MG_SQLITE_SCHEMA_H
#define MG_SQLITE_SCHEMA_H

#include "adapters/store_sqlite/sql.h"

/* Brings an empty or older database up to date. MG_E_STORE when the file is another program's or from a newer version. */
MG_MUST_CHECK enum mg_code mg_sqlite_migrate(struct mg_sql *sql, struct mg_err *err);

#endif
