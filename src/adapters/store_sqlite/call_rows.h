/* Model calls as rows: what was set aside for each, and what it took. */
#ifndef MG_SQLITE_CALL_ROWS_H
#define MG_SQLITE_CALL_ROWS_H

#include "adapters/store_sqlite/sql.h"
#include "core/ledger.h"

/* All of these run inside the caller's transaction. */
MG_MUST_CHECK enum mg_code mg_sqlite_reserve(struct mg_sql *sql, struct mg_str run_id, const struct mg_llm_call *call, int64_t *call_id,
                                             struct mg_err *err);
/* MG_E_STATE when the call is not open. Who it was for and what was set aside stay as reserved. */
MG_MUST_CHECK enum mg_code mg_sqlite_settle(struct mg_sql *sql, struct mg_str run_id, int64_t call_id, const struct mg_llm_call *call,
                                            struct mg_err *err);
/* Over the run, or over one of its targets unless `target_id` is empty. */
MG_MUST_CHECK enum mg_code mg_sqlite_spent(struct mg_sql *sql, struct mg_str run_id, struct mg_str target_id, struct mg_spend *spend,
                                           struct mg_err *err);

#endif
