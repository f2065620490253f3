/* Statements, parameters and columns; a database file is outside data, so nothing in it is believed. */
#include "adapters/store_sqlite/sql.h"

#include "base/str.h"

#include <math.h>

enum mg_code mg_sql_fail(const struct mg_sql *sql, struct mg_err *err)
{
    const int kind = sql->db ? sqlite3_errcode(sql->db) & 0xff : SQLITE_NOMEM;
    const char *advice = "";
    if (kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB)
        advice = "; move it away (its runs are lost) or choose another storage root";
    else if (kind == SQLITE_FULL)
        advice = "; make room and run again with the same --run-id: what is finished is stored";
    return MG_FAIL(err, MG_E_STORE, "%s: %s%s", sql->path, sql->db ? sqlite3_errmsg(sql->db) : "out of memory", advice);
}

enum mg_code mg_sql_exec(struct mg_sql *sql, const char *text, struct mg_err *err)
{
    return sqlite3_exec(sql->db, text, NULL, NULL, NULL) == SQLITE_OK ? MG_OK : mg_sql_fail(sql, err);
}

enum mg_code mg_sql_end(struct mg_sql *sql, enum mg_code code, struct mg_err *err)
{
    if (code == MG_OK)
        code = mg_sql_exec(sql, "COMMIT", err);
    if (code != MG_OK && !sqlite3_get_autocommit(sql->db)) /* some errors roll back by themselves */
        (void)sqlite3_exec(sql->db, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

static void check(struct mg_query *query, int result)
{
    if (result != SQLITE_OK && query->code == MG_OK)
        query->code = mg_sql_fail(query->sql, query->err);
}

void mg_query_open(struct mg_query *query, struct mg_sql *sql, const char *text, struct mg_err *err)
{
    *query = (struct mg_query){ .sql = sql, .err = err, .parameter = 1 };
    check(query, sqlite3_prepare_v2(sql->db, text, -1, &query->stmt, NULL));
}

enum mg_code mg_query_close(struct mg_query *query)
{
    (void)sqlite3_finalize(query->stmt); /* repeats an error that is latched already */
    query->stmt = NULL;
    return query->code;
}

void mg_put_str(struct mg_query *query, struct mg_str text)
{
    /* A NULL pointer would become SQL's NULL, not the empty text. */
    if (query->code == MG_OK)
        check(query, sqlite3_bind_text64(query->stmt, query->parameter++, text.at ? text.at : "", text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void mg_put_name(struct mg_query *query, const char *text) { mg_put_str(query, mg_str_from(text)); }

void mg_put_int(struct mg_query *query, int64_t value)
{
    if (query->code == MG_OK)
        check(query, sqlite3_bind_int64(query->stmt, query->parameter++, value));
}

void mg_put_real(struct mg_query *query, double value)
{
    if (query->code == MG_OK)
        check(query, sqlite3_bind_double(query->stmt, query->parameter++, value));
}

bool mg_query_row(struct mg_query *query)
{
    if (query->code != MG_OK)
        return false;
    int result = sqlite3_step(query->stmt);
    query->column = 0;
    if (result == SQLITE_ROW)
        return true;
    if (result != SQLITE_DONE)
        query->code = mg_sql_fail(query->sql, query->err);
    (void)sqlite3_reset(query->stmt);
    query->parameter = 1;
    return false;
}

static void refuse(struct mg_query *query, int column)
{
    if (query->code != MG_OK)
        return;
    const char *name = sqlite3_column_name(query->stmt, column);
    query->code = MG_FAIL(query->err, MG_E_STORE,
                          "%s: damaged: a stored '%s' cannot be right; move the file away (its runs are lost) or choose another storage root",
                          query->sql->path, name ? name : "value");
}

void mg_get_refuse(struct mg_query *query) { refuse(query, query->column - 1); }

/* The column to read; -1 when it has another type or an error is latched. */
static int next_column(struct mg_query *query, int type)
{
    if (query->code != MG_OK)
        return -1;
    int column = query->column++;
    int found = sqlite3_column_type(query->stmt, column);
    if (found == type || (type == SQLITE_FLOAT && found == SQLITE_INTEGER))
        return column;
    refuse(query, column);
    return -1;
}

struct mg_str mg_get_str(struct mg_query *query, struct mg_arena *arena)
{
    int column = next_column(query, SQLITE_TEXT);
    if (column < 0)
        return MG_NO_STR;
    const char *text = (const char *)sqlite3_column_text(query->stmt, column);
    int length = sqlite3_column_bytes(query->stmt, column);
    if (!text || length < 0) {
        refuse(query, column);
        return MG_NO_STR;
    }
    return mg_arena_str(arena, (struct mg_str){ text, (size_t)length });
}

int64_t mg_get_int(struct mg_query *query, int64_t low, int64_t high)
{
    int column = next_column(query, SQLITE_INTEGER);
    if (column < 0)
        return low;
    int64_t value = sqlite3_column_int64(query->stmt, column);
    if (value >= low && value <= high)
        return value;
    refuse(query, column);
    return low;
}

uint32_t mg_get_u32(struct mg_query *query) { return (uint32_t)mg_get_int(query, 0, UINT32_MAX); }

bool mg_get_bool(struct mg_query *query) { return mg_get_int(query, 0, 1) != 0; }

double mg_get_real(struct mg_query *query)
{
    int column = next_column(query, SQLITE_FLOAT);
    if (column < 0)
        return 0.0;
    double value = sqlite3_column_double(query->stmt, column);
    if (isfinite(value))
        return value;
    refuse(query, column);
    return 0.0;
}
