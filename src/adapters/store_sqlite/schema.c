/* Migrations as a table of SQL texts: entry N takes a database from version N to N + 1. Entries are never edited, only added. */
#include "adapters/store_sqlite/schema.h"

#include <stdio.h>

#define APPLICATION_ID 0x4d555447 /* "MUTG", in the file's header: says whose database it is */

static const char *const migrations[] = {
    /* clang-format off */
    "CREATE TABLE runs ("
    " run_id TEXT PRIMARY KEY, repo TEXT NOT NULL, fingerprint TEXT NOT NULL, config_fingerprint TEXT NOT NULL,"
    " tool_version TEXT NOT NULL, state TEXT NOT NULL, started_at INTEGER NOT NULL,"
    " session INTEGER NOT NULL UNIQUE);" /* counts begin_run over all runs: the newest run has the highest */

    "CREATE TABLE reports ("
    " run_id TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE, status TEXT NOT NULL, stop_reason TEXT NOT NULL,"
    " repo TEXT NOT NULL, python TEXT NOT NULL, generator TEXT NOT NULL, version TEXT NOT NULL,"
    " started_at INTEGER NOT NULL, finished_at INTEGER NOT NULL, duration_seconds REAL NOT NULL,"
    " functions_found INTEGER NOT NULL, targets_selected INTEGER NOT NULL, targets_left INTEGER NOT NULL,"
    " kept INTEGER NOT NULL, discarded INTEGER NOT NULL, satisfied INTEGER NOT NULL, unfinished INTEGER NOT NULL,"
    " tests_generated INTEGER NOT NULL, tests_kept INTEGER NOT NULL, existing_tests INTEGER NOT NULL, existing_passed INTEGER NOT NULL,"
    " tests_dir TEXT NOT NULL, reports_dir TEXT NOT NULL, next_step TEXT NOT NULL);"
    "CREATE TABLE report_tallies ("
    " run_id TEXT NOT NULL REFERENCES reports ON DELETE CASCADE, phase TEXT NOT NULL, verdict TEXT NOT NULL, count INTEGER NOT NULL,"
    " PRIMARY KEY (run_id, phase, verdict)) WITHOUT ROWID;"
    "CREATE TABLE notes ("
    " run_id TEXT NOT NULL REFERENCES reports ON DELETE CASCADE, ordinal INTEGER NOT NULL,"
    " kind TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL,"
    " PRIMARY KEY (run_id, ordinal)) WITHOUT ROWID;"

    "CREATE TABLE claims (" /* targets a process is working on; of a process that died they mean nothing */
    " run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, target_id TEXT NOT NULL,"
    " PRIMARY KEY (run_id, target_id)) WITHOUT ROWID;"

    "CREATE TABLE targets ("
    " run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, target_id TEXT NOT NULL, fingerprint TEXT NOT NULL, state TEXT NOT NULL,"
    " qualified_name TEXT NOT NULL, module TEXT NOT NULL, path TEXT NOT NULL, line INTEGER NOT NULL, end_line INTEGER NOT NULL,"
    " coverage REAL NOT NULL, priority REAL NOT NULL, reason TEXT NOT NULL, generator TEXT NOT NULL, imports TEXT NOT NULL,"
    " attempts INTEGER NOT NULL, seconds REAL NOT NULL,"
    " PRIMARY KEY (run_id, target_id));"
    "CREATE TABLE target_tallies ("
    " run_id TEXT NOT NULL, target_id TEXT NOT NULL, phase TEXT NOT NULL, verdict TEXT NOT NULL, count INTEGER NOT NULL,"
    " PRIMARY KEY (run_id, target_id, phase, verdict),"
    " FOREIGN KEY (run_id, target_id) REFERENCES targets ON DELETE CASCADE) WITHOUT ROWID;"
    "CREATE TABLE tests ("
    " run_id TEXT NOT NULL, target_id TEXT NOT NULL, ordinal INTEGER NOT NULL,"
    " name TEXT NOT NULL, source TEXT NOT NULL, kept INTEGER NOT NULL, reason TEXT NOT NULL,"
    " PRIMARY KEY (run_id, target_id, ordinal),"
    " FOREIGN KEY (run_id, target_id) REFERENCES targets ON DELETE CASCADE);"
    "CREATE TABLE test_kills ("
    " run_id TEXT NOT NULL, target_id TEXT NOT NULL, test INTEGER NOT NULL, ordinal INTEGER NOT NULL, mutant_id TEXT NOT NULL,"
    " PRIMARY KEY (run_id, target_id, test, ordinal),"
    " FOREIGN KEY (run_id, target_id, test) REFERENCES tests ON DELETE CASCADE) WITHOUT ROWID;"
    "CREATE TABLE mutants ("
    " run_id TEXT NOT NULL, target_id TEXT NOT NULL, mutant_id TEXT NOT NULL, ordinal INTEGER NOT NULL,"
    " operator TEXT NOT NULL, description TEXT NOT NULL, level INTEGER NOT NULL,"
    " start_byte INTEGER NOT NULL, end_byte INTEGER NOT NULL, original TEXT NOT NULL, replacement TEXT NOT NULL,"
    " line INTEGER NOT NULL, end_line INTEGER NOT NULL, start_column INTEGER NOT NULL, end_column INTEGER NOT NULL,"
    " span_line INTEGER NOT NULL, span_end_line INTEGER NOT NULL, diff TEXT NOT NULL,"
    " before_verdict TEXT NOT NULL, before_kill TEXT NOT NULL, before_killer TEXT NOT NULL, before_reason TEXT NOT NULL, before_seconds REAL NOT NULL,"
    " after_verdict TEXT NOT NULL, after_kill TEXT NOT NULL, after_killer TEXT NOT NULL, after_reason TEXT NOT NULL, after_seconds REAL NOT NULL,"
    " PRIMARY KEY (run_id, target_id, mutant_id),"
    " FOREIGN KEY (run_id, target_id) REFERENCES targets ON DELETE CASCADE);"
    "CREATE TABLE suspected_bugs ("
    " run_id TEXT NOT NULL, target_id TEXT NOT NULL, ordinal INTEGER NOT NULL, text TEXT NOT NULL,"
    " PRIMARY KEY (run_id, target_id, ordinal),"
    " FOREIGN KEY (run_id, target_id) REFERENCES targets ON DELETE CASCADE) WITHOUT ROWID;",

    /* Money spent hangs on the run, not on the target: an outcome that is dropped gives nothing back. */
    "CREATE TABLE llm_calls ("
    " call_id INTEGER PRIMARY KEY, run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, target_id TEXT NOT NULL, purpose TEXT NOT NULL,"
    " provider TEXT NOT NULL, model TEXT NOT NULL, request_hash TEXT NOT NULL, request_id TEXT NOT NULL, failure TEXT NOT NULL,"
    " started_at INTEGER NOT NULL, seconds REAL NOT NULL, requests INTEGER NOT NULL,"
    " input_tokens INTEGER NOT NULL, cache_read_tokens INTEGER NOT NULL, cache_write_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,"
    " usage_known INTEGER NOT NULL, micro_usd INTEGER NOT NULL," /* -1: unknown */
    " worst_micro_usd INTEGER NOT NULL, worst_tokens INTEGER NOT NULL, settled INTEGER NOT NULL);"
    "CREATE INDEX llm_calls_of_target ON llm_calls (run_id, target_id);"
    "CREATE TABLE target_notes ("
    " run_id TEXT NOT NULL, target_id TEXT NOT NULL, ordinal INTEGER NOT NULL, text TEXT NOT NULL,"
    " PRIMARY KEY (run_id, target_id, ordinal),"
    " FOREIGN KEY (run_id, target_id) REFERENCES targets ON DELETE CASCADE) WITHOUT ROWID;"
    "ALTER TABLE reports ADD COLUMN model TEXT NOT NULL DEFAULT '';",

    /* What is limited over all sessions of a run. Of older runs it is known which targets are stored, and how long the last session took. */
    "CREATE TABLE sessions ("
    " run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, session INTEGER NOT NULL, seconds REAL NOT NULL,"
    " PRIMARY KEY (run_id, session)) WITHOUT ROWID;"
    "CREATE TABLE admitted ("
    " run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, target_id TEXT NOT NULL, fingerprint TEXT NOT NULL,"
    " PRIMARY KEY (run_id, target_id)) WITHOUT ROWID;"
    "INSERT INTO sessions SELECT run_id, session, duration_seconds FROM runs JOIN reports USING (run_id);"
    "INSERT INTO admitted SELECT run_id, target_id, fingerprint FROM targets;",

    "ALTER TABLE reports ADD COLUMN level INTEGER NOT NULL DEFAULT 0;", /* of older reports it is not known */

    "ALTER TABLE reports ADD COLUMN existing_not_run INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE targets ADD COLUMN tests_not_run INTEGER NOT NULL DEFAULT 0;",

    "ALTER TABLE reports ADD COLUMN existing_skipped INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE reports ADD COLUMN existing_xfailed INTEGER NOT NULL DEFAULT 0;",
    /* clang-format on */
};

static int64_t ask(struct mg_sql *sql, const char *text, enum mg_code *code, struct mg_err *err)
{
    struct mg_query query;
    int64_t value = 0;
    mg_query_open(&query, sql, text, err);
    if (mg_query_row(&query))
        value = mg_get_int(&query, INT64_MIN, INT64_MAX);
    enum mg_code asked = mg_query_close(&query);
    if (*code == MG_OK)
        *code = asked;
    return value;
}

static enum mg_code migrate(struct mg_sql *sql, struct mg_err *err)
{
    enum mg_code code = MG_OK;
    int64_t owner = ask(sql, "PRAGMA application_id", &code, err);
    int64_t version = ask(sql, "PRAGMA user_version", &code, err);
    int64_t tables = ask(sql, "SELECT count(*) FROM sqlite_master", &code, err);
    MG_TRY(code);
    if (owner != APPLICATION_ID && (owner != 0 || version != 0 || tables != 0))
        return MG_FAIL(err, MG_E_STORE, "%s: not a database of this program; move it away or choose another storage root", sql->path);
    if (version > (int64_t)MG_COUNT(migrations))
        return MG_FAIL(err, MG_E_STORE,
                       "%s: written by a newer version of mutagen (schema %lld, this one knows %zu); use that version or another storage root",
                       sql->path, (long long)version, MG_COUNT(migrations));
    if (version < 0)
        return MG_FAIL(err, MG_E_STORE, "%s: damaged: schema version %lld; move it away (its runs are lost) or choose another storage root",
                       sql->path, (long long)version);
    if (version == (int64_t)MG_COUNT(migrations))
        return MG_OK;
    for (size_t i = (size_t)version; i < MG_COUNT(migrations); i++)
        MG_TRY(mg_sql_exec(sql, migrations[i], err));
    char stamp[96];
    (void)snprintf(stamp, sizeof stamp, "PRAGMA application_id=%d; PRAGMA user_version=%zu", APPLICATION_ID, MG_COUNT(migrations));
    return mg_sql_exec(sql, stamp, err);
}

enum mg_code mg_sqlite_migrate(struct mg_sql *sql, struct mg_err *err)
{
    MG_TRY(mg_sql_exec(sql, "BEGIN IMMEDIATE", err));
    return mg_sql_end(sql, migrate(sql, err), err);
}
