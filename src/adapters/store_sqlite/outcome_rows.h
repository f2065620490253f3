/* An outcome as rows: the target, its tests, its mutants. */
#ifndef MG_SQLITE_OUTCOME_ROWS_H
#define MG_SQLITE_OUTCOME_ROWS_H

#include "adapters/store_sqlite/sql.h"
#include "core/outcome.h"

/* All of these run inside the caller's transaction. */
MG_MUST_CHECK enum mg_code mg_sqlite_delete_outcome(struct mg_sql *sql, struct mg_str run_id, struct mg_str target_id, struct mg_err *err);
MG_MUST_CHECK enum mg_code mg_sqlite_write_outcome(struct mg_sql *sql, struct mg_str run_id, struct mg_str fingerprint,
                                                   const struct mg_outcome *outcome, struct mg_err *err);
MG_MUST_CHECK enum mg_code mg_sqlite_read_outcomes(struct mg_sql *sql, struct mg_str run_id, struct mg_arena *arena, struct mg_outcome **outcomes,
                                                   size_t *count, struct mg_err *err);

/* Tallies as rows (key…, phase, verdict, count); verdicts that did not occur have no row. */
struct mg_sqlite_phase {
    const char *name;
    struct mg_tally *tally;
};
void mg_sqlite_put_tally(struct mg_query *insert, const struct mg_str *keys, size_t key_count, const char *phase, const struct mg_tally *tally);
/* `query` yields phase, verdict, count. */
void mg_sqlite_get_tallies(struct mg_query *query, struct mg_arena *arena, const struct mg_sqlite_phase *phases, size_t phase_count);

#endif
