/* The session of a run is the number that begin_run gave it. */
#include "adapters/store_sqlite/use_rows.h"

enum mg_code mg_sqlite_admit(struct mg_sql *sql, struct mg_str run_id, struct mg_str target_id, struct mg_str fingerprint, int64_t max_targets,
                             bool *admitted, struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, sql, "SELECT count(*) FROM admitted WHERE run_id = ? AND target_id <> ?", err);
    mg_put_str(&q, run_id);
    mg_put_str(&q, target_id);
    int64_t others = mg_query_row(&q) ? mg_get_int(&q, 0, INT64_MAX) : 0;
    MG_TRY(mg_query_close(&q));
    *admitted = max_targets <= 0 || others < max_targets;
    if (!*admitted)
        return MG_OK;
    mg_query_open(&q, sql, "INSERT OR REPLACE INTO admitted (run_id, target_id, fingerprint) VALUES (?,?,?)", err);
    mg_put_str(&q, run_id);
    mg_put_str(&q, target_id);
    mg_put_str(&q, fingerprint);
    (void)mg_query_row(&q);
    return mg_query_close(&q);
}

enum mg_code mg_sqlite_worked(struct mg_sql *sql, struct mg_str run_id, double seconds, struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, sql, "INSERT OR REPLACE INTO sessions (run_id, session, seconds) SELECT run_id, session, ? FROM runs WHERE run_id = ?", err);
    mg_put_real(&q, seconds > 0 ? seconds : 0);
    mg_put_str(&q, run_id);
    (void)mg_query_row(&q);
    return mg_query_close(&q);
}

enum mg_code mg_sqlite_worked_seconds(struct mg_sql *sql, struct mg_str run_id, double *seconds, struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, sql, "SELECT total(seconds) FROM sessions WHERE run_id = ?", err);
    mg_put_str(&q, run_id);
    *seconds = mg_query_row(&q) ? mg_get_real(&q) : 0;
    return mg_query_close(&q);
}
