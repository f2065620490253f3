/* A run's report without its outcomes, as rows. */
#ifndef MG_SQLITE_REPORT_ROWS_H
#define MG_SQLITE_REPORT_ROWS_H

#include "adapters/store_sqlite/sql.h"
#include "core/report.h"

/* Both run inside the caller's transaction. */
MG_MUST_CHECK enum mg_code mg_sqlite_write_report(struct mg_sql *sql, const struct mg_report *report, struct mg_err *err);
/* *found is false when the run has no report. */
MG_MUST_CHECK enum mg_code mg_sqlite_read_report(struct mg_sql *sql, struct mg_str run_id, struct mg_arena *arena, struct mg_report *report,
                                                 bool *found, struct mg_err *err);

#endif
