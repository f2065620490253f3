/* A thin layer over SQLite: parameters and columns in order, the first error latched, everything read back checked. */
#ifndef MG_SQL_H
#define MG_SQL_H

#include "base/arena.h"
#include "base/base.h"

#include <sqlite3.h>

struct mg_sql {
    sqlite3 *db;
    const char *path; /* for messages */
};

/* MG_E_STORE with the path and SQLite's own message. */
enum mg_code mg_sql_fail(const struct mg_sql *sql, struct mg_err *err);
MG_MUST_CHECK enum mg_code mg_sql_exec(struct mg_sql *sql, const char *text, struct mg_err *err);
/* Ends a transaction: COMMIT when `code` is MG_OK, else ROLLBACK. Returns `code`, or the error of the COMMIT (then nothing was written). */
MG_MUST_CHECK enum mg_code mg_sql_end(struct mg_sql *sql, enum mg_code code, struct mg_err *err);

/* One prepared statement. Errors are latched in `code`: after the first, every call does nothing; mg_query_close returns it. */
struct mg_query {
    struct mg_sql *sql;
    sqlite3_stmt *stmt;
    struct mg_err *err;
    enum mg_code code;
    int parameter, column; /* next one */
};
void mg_query_open(struct mg_query *query, struct mg_sql *sql, const char *text, struct mg_err *err);
MG_MUST_CHECK enum mg_code mg_query_close(struct mg_query *query);

/* Parameters, from the first on. Text is borrowed until the statement has run. */
void mg_put_str(struct mg_query *query, struct mg_str text);
void mg_put_name(struct mg_query *query, const char *text);
void mg_put_int(struct mg_query *query, int64_t value);
void mg_put_real(struct mg_query *query, double value);

bool mg_query_row(struct mg_query *query); /* false after the last row (ready for new parameters) and after an error */

/* Columns of the row, from the first on. A wrong type or range is MG_E_STORE, and a neutral value comes back. */
struct mg_str mg_get_str(struct mg_query *query, struct mg_arena *arena);
int64_t mg_get_int(struct mg_query *query, int64_t low, int64_t high);
uint32_t mg_get_u32(struct mg_query *query);
bool mg_get_bool(struct mg_query *query);
double mg_get_real(struct mg_query *query);
void mg_get_refuse(struct mg_query *query); /* the last column read has a value that means nothing */

#endif
