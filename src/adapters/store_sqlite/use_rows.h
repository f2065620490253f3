/* Targets begun and seconds worked, over all sessions of a run: what its limits are held against. Inside a transaction of the caller. */
#ifndef MG_SQLITE_USE_ROWS_H
#define MG_SQLITE_USE_ROWS_H

#include "adapters/store_sqlite/sql.h"

MG_MUST_CHECK enum mg_code mg_sqlite_admit(struct mg_sql *sql, struct mg_str run_id, struct mg_str target_id, struct mg_str fingerprint,
                                           int64_t max_targets, bool *admitted, struct mg_err *err);
MG_MUST_CHECK enum mg_code mg_sqlite_worked(struct mg_sql *sql, struct mg_str run_id, double seconds, struct mg_err *err);
MG_MUST_CHECK enum mg_code mg_sqlite_worked_seconds(struct mg_sql *sql, struct mg_str run_id, double *seconds, struct mg_err *err);

#endif
