/* The store's operations: each takes the mutex, runs one transaction, and leaves nothing behind when it fails. */
#include "adapters/store_sqlite/store_sqlite.h"

#include "adapters/store_sqlite/call_rows.h"
#include "adapters/store_sqlite/outcome_rows.h"
#include "adapters/store_sqlite/report_rows.h"
#include "adapters/store_sqlite/root.h"
#include "adapters/store_sqlite/schema.h"
#include "adapters/store_sqlite/sql.h"
#include "adapters/store_sqlite/use_rows.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "os/file.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define MAGIC 0x53514c31u
#define LONGEST_VALUE (256 << 20) /* bytes of one stored text */
#define BUSY_MS 10000

/* A run that this process has begun and not ended. */
struct held_run {
    struct held_run *next;
    struct mg_str run_id;
    int fd;
};

struct target_ids {
    MG_VEC(struct mg_str)
};

struct store {
    unsigned magic;
    pthread_mutex_t mutex; /* one connection, one transaction at a time */
    struct mg_sql sql;
    struct mg_str root;
    struct held_run *runs;
    struct mg_arena *arena;
};

static struct store *enter(void *self)
{
    struct store *store = self;
    MG_ASSERT(store && store->magic == MAGIC);
    (void)pthread_mutex_lock(&store->mutex);
    return store;
}

static enum mg_code leave(struct store *store, enum mg_code code)
{
    (void)pthread_mutex_unlock(&store->mutex);
    return code;
}

/* What must survive a power cut is synced at its COMMIT; the rest only has to be consistent after one. */
static enum mg_code begin(struct store *store, bool durable, struct mg_err *err)
{
    MG_TRY(mg_sql_exec(&store->sql, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", err));
    return mg_sql_exec(&store->sql, "BEGIN IMMEDIATE", err);
}

static struct held_run **find_held(struct store *store, struct mg_str run_id)
{
    struct held_run **at = &store->runs;
    while (*at && !mg_str_eq((*at)->run_id, run_id))
        at = &(*at)->next;
    return at;
}

static enum mg_code must_hold(struct store *store, struct mg_str run_id, struct mg_err *err)
{
    if (*find_held(store, run_id))
        return MG_OK;
    return MG_FAIL(err, MG_E_STATE, "run %.*s has not been begun by this process", MG_FMT(run_id));
}

static void release(struct store *store, struct mg_str run_id)
{
    struct held_run **at = find_held(store, run_id), *held = *at;
    if (!held)
        return;
    *at = held->next;
    (void)close(held->fd);
}

/* One statement with text parameters and no result. */
static enum mg_code run_sql(struct store *store, const char *text, const struct mg_str *values, size_t count, struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, &store->sql, text, err);
    for (size_t i = 0; i < count; i++)
        mg_put_str(&q, values[i]);
    (void)mg_query_row(&q);
    return mg_query_close(&q);
}

static enum mg_code read_run(struct store *store, struct mg_str run_id, struct mg_arena *arena, struct mg_run_record *record, bool *found,
                             struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, &store->sql, "SELECT repo, fingerprint, config_fingerprint, tool_version, state, started_at FROM runs WHERE run_id = ?", err);
    mg_put_str(&q, run_id);
    *found = mg_query_row(&q);
    if (*found) {
        record->run_id = mg_arena_str(arena, run_id);
        record->repo = mg_get_str(&q, arena);
        record->fingerprint = mg_get_str(&q, arena);
        record->config_fingerprint = mg_get_str(&q, arena);
        record->tool_version = mg_get_str(&q, arena);
        record->state = mg_run_state_from(mg_get_str(&q, arena));
        if (record->state == MG_RUN_STATE_COUNT)
            mg_get_refuse(&q);
        record->started_at = mg_get_int(&q, INT64_MIN, INT64_MAX);
    }
    return mg_query_close(&q);
}

static enum mg_code insert_run(struct store *store, const struct mg_run_record *wanted, struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, &store->sql,
                  "INSERT INTO runs (run_id, repo, fingerprint, config_fingerprint, tool_version, state, started_at, session)"
                  " VALUES (?,?,?,?,?,?,?, (SELECT coalesce(max(session), 0) + 1 FROM runs))",
                  err);
    mg_put_str(&q, wanted->run_id);
    mg_put_str(&q, wanted->repo);
    mg_put_str(&q, wanted->fingerprint);
    mg_put_str(&q, wanted->config_fingerprint);
    mg_put_str(&q, wanted->tool_version);
    mg_put_name(&q, mg_run_state_name(wanted->state));
    mg_put_int(&q, wanted->started_at);
    (void)mg_query_row(&q);
    return mg_query_close(&q);
}

/* Inside the transaction of begin_run, with the run's lock held. */
static enum mg_code take_up(struct store *store, const struct mg_run_record *wanted, struct mg_arena *arena, struct mg_run_record *record,
                            bool *existing, struct mg_err *err)
{
    MG_TRY(read_run(store, wanted->run_id, arena, record, existing, err));
    if (!*existing) {
        *record = *wanted;
        return insert_run(store, wanted, err);
    }
    if (!mg_str_eq(record->repo, wanted->repo))
        return MG_FAIL(err, MG_E_DENIED, "run %.*s belongs to another repo (%.*s); choose another --run-id", MG_FMT(wanted->run_id),
                       MG_FMT(record->repo));
    if (!mg_run_state_is_final(record->state))
        record->state = MG_RUN_FAILED; /* we hold its lock, so whoever left it like this is dead */
    const struct mg_str values[] = { wanted->fingerprint, wanted->config_fingerprint, wanted->tool_version,
                                     mg_str_from(mg_run_state_name(record->state)), wanted->run_id };
    MG_TRY(run_sql(store,
                   "UPDATE runs SET fingerprint = ?, config_fingerprint = ?, tool_version = ?, state = ?,"
                   " session = (SELECT max(session) + 1 FROM runs) WHERE run_id = ?",
                   values, MG_COUNT(values), err));
    return run_sql(store, "DELETE FROM claims WHERE run_id = ?", &wanted->run_id, 1, err);
}

static enum mg_code begin_run(void *self, const struct mg_run_record *wanted, struct mg_arena *arena, struct mg_run_record *record, bool *existing,
                              struct mg_err *err)
{
    struct store *store = enter(self);
    struct held_run *held = MG_NEW(store->arena, struct held_run);
    enum mg_code code = mg_sqlite_lock_run(store->arena, store->root, wanted->run_id, &held->fd, err);
    if (code != MG_OK)
        return leave(store, code);
    code = begin(store, true, err);
    if (code == MG_OK)
        code = mg_sql_end(&store->sql, take_up(store, wanted, arena, record, existing, err), err);
    if (code != MG_OK) {
        (void)close(held->fd);
        return leave(store, code);
    }
    held->run_id = mg_arena_str(store->arena, wanted->run_id);
    held->next = store->runs;
    store->runs = held;
    return leave(store, MG_OK);
}

static enum mg_code write_state(struct store *store, struct mg_str run_id, enum mg_run_state state, struct mg_err *err)
{
    const struct mg_str values[] = { mg_str_from(mg_run_state_name(state)), run_id };
    return run_sql(store, "UPDATE runs SET state = ? WHERE run_id = ?", values, MG_COUNT(values), err);
}

static enum mg_code set_run_state(void *self, struct mg_str run_id, enum mg_run_state state, struct mg_err *err)
{
    struct store *store = enter(self);
    enum mg_code code = must_hold(store, run_id, err);
    if (code == MG_OK)
        code = begin(store, false, err);
    if (code == MG_OK)
        code = mg_sql_end(&store->sql, write_state(store, run_id, state, err), err);
    return leave(store, code);
}

/* Whether the target is finished with this fingerprint. */
static enum mg_code is_done(struct store *store, struct mg_str run_id, struct mg_str target_id, struct mg_str fingerprint, bool *done,
                            struct mg_err *err)
{
    struct mg_arena *scratch = mg_arena_new();
    struct mg_query q;
    *done = false;
    mg_query_open(&q, &store->sql, "SELECT state FROM targets WHERE run_id = ? AND target_id = ? AND fingerprint = ?", err);
    mg_put_str(&q, run_id);
    mg_put_str(&q, target_id);
    mg_put_str(&q, fingerprint);
    if (mg_query_row(&q)) {
        enum mg_target_state state = mg_target_state_from(mg_get_str(&q, scratch));
        if (state == MG_TARGET_STATE_COUNT)
            mg_get_refuse(&q);
        *done = mg_target_state_is_final(state);
    }
    mg_arena_free(scratch);
    return mg_query_close(&q);
}

static enum mg_code take_target(struct store *store, struct mg_str run_id, struct mg_str target_id, struct mg_str fingerprint, bool *claimed,
                                struct mg_err *err)
{
    bool done;
    MG_TRY(is_done(store, run_id, target_id, fingerprint, &done, err));
    if (done)
        return MG_OK;
    const struct mg_str values[] = { run_id, target_id };
    MG_TRY(run_sql(store, "INSERT OR IGNORE INTO claims (run_id, target_id) VALUES (?,?)", values, MG_COUNT(values), err));
    *claimed = sqlite3_changes(store->sql.db) > 0;
    return MG_OK;
}

static enum mg_code claim(void *self, struct mg_str run_id, struct mg_str target_id, struct mg_str fingerprint, bool *claimed, struct mg_err *err)
{
    struct store *store = enter(self);
    *claimed = false;
    enum mg_code code = must_hold(store, run_id, err);
    if (code == MG_OK)
        code = begin(store, false, err);
    if (code == MG_OK)
        code = mg_sql_end(&store->sql, take_target(store, run_id, target_id, fingerprint, claimed, err), err);
    if (code != MG_OK)
        *claimed = false;
    return leave(store, code);
}

static enum mg_code write_finish(struct store *store, struct mg_str run_id, struct mg_str fingerprint, const struct mg_outcome *outcome,
                                 struct mg_err *err)
{
    const struct mg_str values[] = { run_id, outcome->target_id };
    MG_TRY(run_sql(store, "DELETE FROM claims WHERE run_id = ? AND target_id = ?", values, MG_COUNT(values), err));
    if (sqlite3_changes(store->sql.db) == 0)
        return MG_FAIL(err, MG_E_STATE, "target %.*s has not been claimed", MG_FMT(outcome->target_id));
    if (mg_outcome_is_idle(outcome))
        MG_TRY(run_sql(store, "DELETE FROM admitted WHERE run_id = ? AND target_id = ?", values, MG_COUNT(values), err));
    return mg_sqlite_write_outcome(&store->sql, run_id, fingerprint, outcome, err);
}

static enum mg_code finish(void *self, struct mg_str run_id, struct mg_str fingerprint, const struct mg_outcome *outcome, struct mg_err *err)
{
    struct store *store = enter(self);
    enum mg_code code = must_hold(store, run_id, err);
    if (code == MG_OK)
        code = begin(store, true, err);
    if (code == MG_OK)
        code = mg_sql_end(&store->sql, write_finish(store, run_id, fingerprint, outcome, err), err);
    return leave(store, code);
}

/* Inside one transaction: nobody can spend between the sum and the new row. */
static enum mg_code write_reservation(struct store *store, struct mg_str run_id, const struct mg_spend_limits *limits, const struct mg_llm_call *call,
                                      int64_t *call_id, struct mg_err *err)
{
    struct mg_spend spend;
    const char *reason;
    MG_TRY(mg_sqlite_spent(&store->sql, run_id, MG_NO_STR, &spend, err));
    if (!mg_spend_allows(limits, &spend, call, &reason))
        return MG_FAIL(err, MG_E_LIMIT, "%s", reason);
    return mg_sqlite_reserve(&store->sql, run_id, call, call_id, err);
}

static enum mg_code reserve(void *self, struct mg_str run_id, const struct mg_spend_limits *limits, const struct mg_llm_call *call, int64_t *call_id,
                            struct mg_err *err)
{
    struct store *store = enter(self);
    enum mg_code code = must_hold(store, run_id, err);
    if (code == MG_OK)
        code = begin(store, true, err);
    if (code == MG_OK)
        code = mg_sql_end(&store->sql, write_reservation(store, run_id, limits, call, call_id, err), err);
    return leave(store, code);
}

static enum mg_code settle(void *self, struct mg_str run_id, int64_t call_id, const struct mg_llm_call *call, struct mg_err *err)
{
    struct store *store = enter(self);
    enum mg_code code = must_hold(store, run_id, err);
    if (code == MG_OK)
        code = begin(store, true, err);
    if (code == MG_OK)
        code = mg_sql_end(&store->sql, mg_sqlite_settle(&store->sql, run_id, call_id, call, err), err);
    return leave(store, code);
}

static enum mg_code spent(void *self, struct mg_str run_id, struct mg_str target_id, struct mg_spend *spend, struct mg_err *err)
{
    struct store *store = enter(self);
    return leave(store, mg_sqlite_spent(&store->sql, run_id, target_id, spend, err));
}

static enum mg_code admit(void *self, struct mg_str run_id, struct mg_str target_id, struct mg_str fingerprint, int64_t max_targets, bool *admitted,
                          struct mg_err *err)
{
    struct store *store = enter(self);
    *admitted = false;
    enum mg_code code = must_hold(store, run_id, err);
    if (code == MG_OK)
        code = begin(store, false, err);
    if (code == MG_OK)
        code = mg_sql_end(&store->sql, mg_sqlite_admit(&store->sql, run_id, target_id, fingerprint, max_targets, admitted, err), err);
    *admitted = *admitted && code == MG_OK;
    return leave(store, code);
}

static enum mg_code worked(void *self, struct mg_str run_id, double seconds, struct mg_err *err)
{
    struct store *store = enter(self);
    enum mg_code code = must_hold(store, run_id, err);
    if (code == MG_OK)
        code = begin(store, false, err);
    if (code == MG_OK)
        code = mg_sql_end(&store->sql, mg_sqlite_worked(&store->sql, run_id, seconds, err), err);
    return leave(store, code);
}

static enum mg_code worked_seconds(void *self, struct mg_str run_id, double *seconds, struct mg_err *err)
{
    struct store *store = enter(self);
    return leave(store, mg_sqlite_worked_seconds(&store->sql, run_id, seconds, err));
}

static enum mg_code outcomes(void *self, struct mg_str run_id, struct mg_arena *arena, struct mg_outcome **found, size_t *count, struct mg_err *err)
{
    struct store *store = enter(self);
    enum mg_code code = mg_sql_exec(&store->sql, "BEGIN", err); /* one view of the data for all its queries */
    if (code == MG_OK)
        code = mg_sql_end(&store->sql, mg_sqlite_read_outcomes(&store->sql, run_id, arena, found, count, err), err);
    return leave(store, code);
}

/* Those of `select` (target_id, fingerprint by run_id) that are not wanted any more. `wanted` NULL: all targets. */
static enum mg_code find_others(struct store *store, const char *select, struct mg_str run_id, struct mg_str fingerprint, const struct mg_map *wanted,
                                struct mg_arena *scratch, struct target_ids *gone, struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, &store->sql, select, err);
    mg_put_str(&q, run_id);
    while (mg_query_row(&q)) {
        struct mg_str target_id = mg_get_str(&q, scratch);
        if (!mg_str_eq(mg_get_str(&q, scratch), fingerprint) || (wanted && !mg_map_get(wanted, target_id)))
            *MG_PUSH(scratch, gone) = target_id;
    }
    return mg_query_close(&q);
}

static enum mg_code drop_others(struct store *store, struct mg_str run_id, struct mg_str fingerprint, const struct mg_map *wanted,
                                struct mg_arena *scratch, struct mg_err *err)
{
    struct target_ids stored = { 0 }, counted = { 0 };
    MG_TRY(find_others(store, "SELECT target_id, fingerprint FROM targets WHERE run_id = ?", run_id, fingerprint, wanted, scratch, &stored, err));
    MG_TRY(find_others(store, "SELECT target_id, fingerprint FROM admitted WHERE run_id = ?", run_id, fingerprint, wanted, scratch, &counted, err));
    for (size_t i = 0; i < stored.len; i++)
        MG_TRY(mg_sqlite_delete_outcome(&store->sql, run_id, stored.at[i], err));
    for (size_t i = 0; i < counted.len; i++) {
        const struct mg_str values[] = { run_id, counted.at[i] };
        MG_TRY(run_sql(store, "DELETE FROM admitted WHERE run_id = ? AND target_id = ?", values, MG_COUNT(values), err));
    }
    return MG_OK;
}

static enum mg_code retain(void *self, struct mg_str run_id, struct mg_str fingerprint, const struct mg_str *target_ids, size_t count,
                           struct mg_err *err)
{
    struct store *store = enter(self);
    struct mg_arena *scratch = mg_arena_new();
    struct mg_map wanted;
    mg_map_init(&wanted, scratch);
    for (size_t i = 0; target_ids && i < count; i++)
        *mg_map_slot(&wanted, target_ids[i]) = store;
    enum mg_code code = must_hold(store, run_id, err);
    if (code == MG_OK)
        code = begin(store, true, err);
    if (code == MG_OK)
        code = mg_sql_end(&store->sql, drop_others(store, run_id, fingerprint, target_ids ? &wanted : NULL, scratch, err), err);
    mg_arena_free(scratch);
    return leave(store, code);
}

static enum mg_code write_end(struct store *store, const struct mg_report *report, enum mg_run_state state, struct mg_err *err)
{
    MG_TRY(mg_sqlite_write_report(&store->sql, report, err));
    MG_TRY(run_sql(store, "DELETE FROM claims WHERE run_id = ?", &report->run_id, 1, err));
    return write_state(store, report->run_id, state, err);
}

static enum mg_code end_run(void *self, const struct mg_report *report, enum mg_run_state state, struct mg_err *err)
{
    struct store *store = enter(self);
    enum mg_code code = must_hold(store, report->run_id, err);
    if (code == MG_OK)
        code = begin(store, true, err);
    if (code == MG_OK)
        code = mg_sql_end(&store->sql, write_end(store, report, state, err), err);
    if (code == MG_OK)
        release(store, report->run_id);
    return leave(store, code);
}

/* "no run X in <path>; known: a, b, c" */
static enum mg_code unknown_run(struct store *store, struct mg_str run_id, struct mg_arena *arena, struct mg_err *err)
{
    struct mg_buf known = MG_BUF(400);
    struct mg_query q;
    mg_query_open(&q, &store->sql, "SELECT run_id FROM runs ORDER BY session DESC LIMIT 5", err);
    while (mg_query_row(&q)) {
        struct mg_str id = mg_get_str(&q, arena);
        mg_buf_addf(&known, "%s%.*s", known.len > 0 ? ", " : "", MG_FMT(id));
    }
    struct mg_str list = mg_buf_take(&known, arena);
    MG_TRY(mg_query_close(&q));
    if (run_id.len == 0)
        return MG_FAIL(err, MG_E_NOT_FOUND, list.len > 0 ? "%s: no run has ended yet; begun: %.*s" : "%s: no stored run%.*s", store->sql.path,
                       MG_FMT(list));
    return MG_FAIL(err, MG_E_NOT_FOUND, "%s: no run %.*s; known: %.*s", store->sql.path, MG_FMT(run_id),
                   MG_FMT(list.len > 0 ? list : MG_STR("none")));
}

static enum mg_code read_whole(struct store *store, struct mg_str run_id, struct mg_arena *arena, struct mg_report *report, struct mg_err *err)
{
    if (run_id.len == 0) {
        struct mg_query q;
        mg_query_open(&q, &store->sql, "SELECT run_id FROM runs JOIN reports USING (run_id) ORDER BY session DESC LIMIT 1", err);
        if (mg_query_row(&q))
            run_id = mg_get_str(&q, arena);
        MG_TRY(mg_query_close(&q));
    }
    bool known = false, ended = false;
    struct mg_run_record record;
    MG_TRY(read_run(store, run_id, arena, &record, &known, err));
    if (!known)
        return unknown_run(store, run_id, arena, err);
    MG_TRY(mg_sqlite_read_report(&store->sql, run_id, arena, report, &ended, err));
    if (!ended)
        return MG_FAIL(err, MG_E_STATE, "run %.*s has not ended; continue it with: mutagen run %.*s --run-id %.*s", MG_FMT(run_id),
                       MG_FMT(record.repo), MG_FMT(run_id));
    struct mg_outcome *found;
    size_t count;
    MG_TRY(mg_sqlite_read_outcomes(&store->sql, run_id, arena, &found, &count, err));
    report->outcomes.at = found;
    report->outcomes.len = report->outcomes.cap = count;
    return MG_OK;
}

static enum mg_code load_report(void *self, struct mg_str run_id, struct mg_arena *arena, struct mg_report *report, struct mg_err *err)
{
    struct store *store = enter(self);
    enum mg_code code = mg_sql_exec(&store->sql, "BEGIN", err);
    if (code == MG_OK)
        code = mg_sql_end(&store->sql, read_whole(store, run_id, arena, report, err), err);
    return leave(store, code);
}

static void close_store(void *self)
{
    struct store *store = enter(self);
    while (store->runs)
        release(store, store->runs->run_id);
    (void)leave(store, MG_OK);
    (void)sqlite3_close(store->sql.db); /* every statement is finalized, so it cannot refuse */
    (void)pthread_mutex_destroy(&store->mutex);
    mg_arena_free(store->arena);
    store->magic = 0;
    free(store);
}

static const struct mg_store_ops ops = {
    .name = "sqlite",
    .begin_run = begin_run,
    .set_run_state = set_run_state,
    .claim = claim,
    .finish = finish,
    .reserve = reserve,
    .settle = settle,
    .spent = spent,
    .admit = admit,
    .worked = worked,
    .worked_seconds = worked_seconds,
    .outcomes = outcomes,
    .retain = retain,
    .end_run = end_run,
    .load_report = load_report,
    .close = close_store,
};

/* The file may come from anyone: its schema may not call functions with side effects, and no symbolic link is followed to it. */
static enum mg_code open_database(struct mg_sql *sql, struct mg_err *err)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    if (sqlite3_open_v2(sql->path, &sql->db, flags, NULL) != SQLITE_OK)
        return mg_sql_fail(sql, err);
    (void)sqlite3_busy_timeout(sql->db, BUSY_MS);
    (void)sqlite3_limit(sql->db, SQLITE_LIMIT_LENGTH, LONGEST_VALUE);
    if (sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
        sqlite3_db_config(sql->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK ||
        sqlite3_db_config(sql->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL) != SQLITE_OK ||
        sqlite3_db_config(sql->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL) != SQLITE_OK)
        return mg_sql_fail(sql, err);
    MG_TRY(mg_sqlite_migrate(sql, err)); /* before WAL: another program's file is left as it is */
    return mg_sql_exec(sql, "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON; PRAGMA cell_size_check=ON", err);
}

enum mg_code mg_store_sqlite_open(const char *root, bool create, struct mg_store *store, struct mg_err *err)
{
    struct mg_arena *arena = mg_arena_new();
    struct mg_sql sql = { NULL, NULL };
    struct mg_str resolved = MG_NO_STR;
    int lock = -1;
    enum mg_code code = mg_sqlite_root(arena, root, create, &resolved, err);
    if (code == MG_OK)
        code = mg_sqlite_lock_root(arena, resolved, &lock, err);
    if (code == MG_OK) {
        sql.path = mg_path_join(arena, resolved, MG_STR("mutagen.db")).at;
        code = open_database(&sql, err);
        (void)close(lock);
    }
    struct store *self = code == MG_OK ? calloc(1, sizeof *self) : NULL;
    if (!self) {
        (void)sqlite3_close(sql.db);
        mg_arena_free(arena);
        return code != MG_OK ? code : MG_FAIL(err, MG_E_LIMIT, "out of memory");
    }
    *self = (struct store){ .magic = MAGIC, .mutex = PTHREAD_MUTEX_INITIALIZER, .sql = sql, .root = resolved, .arena = arena };
    *store = (struct mg_store){ &ops, self };
    return MG_OK;
}
