/* One table of texts; each row carries a digest of itself, so that a changed byte is noticed also where SQLite does not look. */
#include "adapters/cache_sqlite/cache_sqlite.h"

#include "base/hash.h"
#include "base/str.h"
#include "os/file.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x43414348u
#define FORMAT 1 /* of the table and of the texts in it */
#define BUSY_MS 10000
#define LONGEST_VALUE (512 << 20)
#define SCORES_KEPT 12
#define VERDICTS_KEPT 2000000

struct cache {
    unsigned magic;
    struct mg_arena *arena;
    const char *path;
    sqlite3 *db;
    sqlite3_stmt *find, *keep;
    bool writing; /* a transaction is open */
    int64_t session;
    char trouble[400];
};

static struct cache *checked(void *self)
{
    struct cache *cache = self;
    MG_ASSERT(cache && cache->magic == MAGIC);
    return cache;
}

static void close_db(struct cache *cache)
{
    (void)sqlite3_finalize(cache->find);
    (void)sqlite3_finalize(cache->keep);
    (void)sqlite3_close(cache->db);
    cache->db = NULL;
    cache->find = cache->keep = NULL;
    cache->writing = false;
}

static enum mg_code fail(struct cache *cache, struct mg_err *err)
{
    return MG_FAIL(err, MG_E_STORE, "%s: %s", cache->path, cache->db ? sqlite3_errmsg(cache->db) : "out of memory");
}

static int64_t ask(struct cache *cache, const char *text)
{
    sqlite3_stmt *stmt = NULL;
    int64_t value = -1;
    if (sqlite3_prepare_v2(cache->db, text, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        value = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return value;
}

/* False when what is there is no cache of this format. */
static bool prepare(struct cache *cache)
{
    static const char create[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cell_size_check=ON;"
                                 "CREATE TABLE IF NOT EXISTS entries (kind INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
                                 " digest TEXT NOT NULL, session INTEGER NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;"
                                 "CREATE INDEX IF NOT EXISTS by_session ON entries (kind, session);";
    int64_t version = ask(cache, "PRAGMA user_version");
    if (version != FORMAT && (version != 0 || ask(cache, "SELECT count(*) FROM sqlite_master") != 0))
        return false;
    if (sqlite3_exec(cache->db, create, NULL, NULL, NULL) != SQLITE_OK ||
        (version == 0 && sqlite3_exec(cache->db, "PRAGMA user_version=1", NULL, NULL, NULL) != SQLITE_OK))
        return false;
    cache->session = ask(cache, "SELECT coalesce(max(session), 0) + 1 FROM entries");
    return cache->session > 0 &&
           sqlite3_prepare_v2(cache->db, "SELECT value, digest FROM entries WHERE kind = ? AND key = ?", -1, &cache->find, NULL) == SQLITE_OK &&
           sqlite3_prepare_v2(cache->db, "INSERT OR REPLACE INTO entries (kind, key, value, digest, session) VALUES (?,?,?,?,?)", -1, &cache->keep,
                              NULL) == SQLITE_OK;
}

static bool open_db(struct cache *cache)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    if (sqlite3_open_v2(cache->path, &cache->db, flags, NULL) != SQLITE_OK)
        return false;
    (void)sqlite3_busy_timeout(cache->db, BUSY_MS);
    (void)sqlite3_limit(cache->db, SQLITE_LIMIT_LENGTH, LONGEST_VALUE);
    return sqlite3_db_config(cache->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) == SQLITE_OK &&
           sqlite3_db_config(cache->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) == SQLITE_OK &&
           sqlite3_db_config(cache->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL) == SQLITE_OK &&
           sqlite3_db_config(cache->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL) == SQLITE_OK && prepare(cache);
}

static void remove_files(struct cache *cache)
{
    static const char *const endings[] = { "", "-wal", "-shm", "-journal" };
    for (size_t i = 0; i < MG_COUNT(endings); i++)
        (void)unlink(mg_arena_printf(cache->arena, "%s%s", cache->path, endings[i]).at);
}

/* Another process that uses the cache is no damage. */
static bool is_busy(const struct cache *cache)
{
    int code = cache->db ? sqlite3_errcode(cache->db) & 0xff : SQLITE_NOMEM;
    return code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_FULL || code == SQLITE_IOERR || code == SQLITE_NOMEM ||
           code == SQLITE_READONLY;
}

static enum mg_code start_over(struct cache *cache, const char *why, struct mg_err *err)
{
    (void)snprintf(cache->trouble, sizeof cache->trouble, "the cache was damaged (%s) and has been dropped: everything is measured anew", why);
    close_db(cache);
    remove_files(cache);
    return open_db(cache) ? MG_OK : fail(cache, err);
}

static enum mg_code broken(struct cache *cache, struct mg_err *err)
{
    if (is_busy(cache))
        return fail(cache, err);
    char why[200];
    bool sound = sqlite3_errcode(cache->db) == SQLITE_OK; /* then it is the format that does not fit */
    (void)snprintf(why, sizeof why, "%s", sound ? "it is of another version" : sqlite3_errmsg(cache->db));
    return start_over(cache, why, err);
}

static struct mg_str digest(struct mg_arena *arena, int kind, struct mg_str key, struct mg_str value)
{
    struct mg_str text = mg_arena_printf(arena, "%d %.*s %.*s", kind, MG_FMT(key), MG_FMT(value));
    return mg_sha256_hex(arena, text, 32);
}

static struct mg_str column(sqlite3_stmt *stmt, int number)
{
    const char *text = (const char *)sqlite3_column_text(stmt, number);
    int length = sqlite3_column_bytes(stmt, number);
    return text && length >= 0 ? (struct mg_str){ text, (size_t)length } : MG_NO_STR;
}

static enum mg_code find(void *self, enum mg_cache_kind kind, struct mg_str key, struct mg_arena *arena, struct mg_str *value, struct mg_err *err)
{
    struct cache *cache = checked(self);
    *value = MG_NO_STR;
    (void)sqlite3_bind_int(cache->find, 1, (int)kind);
    (void)sqlite3_bind_text64(cache->find, 2, key.at, key.len, SQLITE_STATIC, SQLITE_UTF8);
    int result = sqlite3_step(cache->find);
    bool sound = true;
    if (result == SQLITE_ROW) {
        struct mg_arena *scratch = mg_arena_new();
        struct mg_str text = column(cache->find, 0);
        sound = mg_str_eq(column(cache->find, 1), digest(scratch, (int)kind, key, text));
        if (sound)
            *value = mg_arena_str(arena, text);
        mg_arena_free(scratch);
    }
    (void)sqlite3_reset(cache->find);
    if (!sound)
        return start_over(cache, "an entry does not match its digest", err);
    return result == SQLITE_ROW || result == SQLITE_DONE ? MG_OK : broken(cache, err);
}

static enum mg_code keep(void *self, enum mg_cache_kind kind, struct mg_str key, struct mg_str value, struct mg_err *err)
{
    struct cache *cache = checked(self);
    if (!cache->writing && sqlite3_exec(cache->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return broken(cache, err);
    cache->writing = true;
    struct mg_arena *scratch = mg_arena_new();
    struct mg_str check = digest(scratch, (int)kind, key, value);
    (void)sqlite3_bind_int(cache->keep, 1, (int)kind);
    (void)sqlite3_bind_text64(cache->keep, 2, key.at, key.len, SQLITE_STATIC, SQLITE_UTF8);
    (void)sqlite3_bind_text64(cache->keep, 3, value.at ? value.at : "", value.len, SQLITE_STATIC, SQLITE_UTF8);
    (void)sqlite3_bind_text64(cache->keep, 4, check.at, check.len, SQLITE_STATIC, SQLITE_UTF8);
    (void)sqlite3_bind_int64(cache->keep, 5, cache->session);
    int result = sqlite3_step(cache->keep);
    (void)sqlite3_reset(cache->keep);
    mg_arena_free(scratch);
    return result == SQLITE_DONE ? MG_OK : broken(cache, err);
}

/* Old entries go when there are very many. */
static enum mg_code settle(void *self, struct mg_err *err)
{
    struct cache *cache = checked(self);
    if (!cache->writing)
        return MG_OK;
    char prune[400];
    (void)snprintf(prune, sizeof prune,
                   "DELETE FROM entries WHERE kind = %d AND key NOT IN (SELECT key FROM entries WHERE kind = %d ORDER BY session DESC LIMIT %d);"
                   "DELETE FROM entries WHERE kind = %d AND session < %lld AND (SELECT count(*) FROM entries) > %d",
                   MG_CACHE_SCORE, MG_CACHE_SCORE, SCORES_KEPT, MG_CACHE_VERDICT, (long long)cache->session, VERDICTS_KEPT);
    cache->writing = false;
    if (sqlite3_exec(cache->db, prune, NULL, NULL, NULL) != SQLITE_OK || sqlite3_exec(cache->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        (void)sqlite3_exec(cache->db, "ROLLBACK", NULL, NULL, NULL);
        return broken(cache, err);
    }
    return MG_OK;
}

static enum mg_code drop(void *self, struct mg_err *err) { return start_over(checked(self), "an entry cannot be read", err); }

static const char *trouble(void *self) { return checked(self)->trouble; }

static void close_cache(void *self)
{
    struct cache *cache = checked(self);
    close_db(cache);
    mg_arena_free(cache->arena);
    cache->magic = 0;
    free(cache);
}

static const struct mg_cache_ops ops = {
    .name = "sqlite", .find = find, .keep = keep, .settle = settle, .drop = drop, .trouble = trouble, .close = close_cache
};

enum mg_code mg_cache_sqlite_open(const char *root, struct mg_cache *cache, struct mg_err *err)
{
    struct cache *self = calloc(1, sizeof *self);
    MG_ASSERT(self);
    self->magic = MAGIC;
    self->arena = mg_arena_new();
    self->path = mg_path_join(self->arena, mg_str_from(root), MG_STR("score.db")).at;
    enum mg_code code = MG_OK;
    static const char *const endings[] = { "", "-wal", "-shm", "-journal" };
    for (size_t i = 0; code == MG_OK && i < MG_COUNT(endings); i++) {
        struct stat about;
        if (lstat(mg_arena_printf(self->arena, "%s%s", self->path, endings[i]).at, &about) == 0 && !S_ISREG(about.st_mode))
            code = MG_FAIL(err, MG_E_DENIED, "%s%s is not a regular file", self->path, endings[i]);
    }
    if (code == MG_OK && !open_db(self))
        code = broken(self, err);
    if (code != MG_OK) {
        close_cache(self);
        return code;
    }
    *cache = (struct mg_cache){ &ops, self };
    return MG_OK;
}
