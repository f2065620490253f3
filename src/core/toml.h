/* A reader for TOML 1.0 documents. Read only, pure: text in, a tree in an arena out. Dates are checked and kept as text. */
#ifndef MG_TOML_H
#define MG_TOML_H

#include "base/arena.h"
#include "base/base.h"
#include "base/map.h"

enum mg_toml_kind {
    MG_TOML_TABLE,
    MG_TOML_ARRAY,
    MG_TOML_STRING,
    MG_TOML_INTEGER,
    MG_TOML_FLOAT,
    MG_TOML_BOOL,
    MG_TOML_DATETIME,
    MG_TOML_LOCAL_DATETIME,
    MG_TOML_LOCAL_DATE,
    MG_TOML_LOCAL_TIME
};

/* Who may still add to a table or array. The rules of TOML hang on it; users of the tree can ignore it. */
enum mg_toml_origin {
    MG_TOML_BY_VALUE,  /* inline table, array, scalar: closed */
    MG_TOML_IMPLICIT,  /* named on the way to another table: [a.b] makes `a`; may get its own header once */
    MG_TOML_BY_HEADER, /* [a] */
    MG_TOML_BY_DOTS,   /* a.b = 1 makes `a`; further dotted keys may add, a header may not */
    MG_TOML_BY_APPEND  /* [[a]]: an array that further [[a]] extend */
};

struct mg_toml {
    enum mg_toml_kind kind;
    enum mg_toml_origin origin;
    uint32_t line;      /* 1-based, where the value starts */
    struct mg_str text; /* string: its value (may hold NUL); number, bool and date: as written */
    int64_t integer;
    double number;
    bool boolean;
    MG_LIST(struct mg_toml *) items;       /* of an array */
    MG_LIST(struct mg_toml_entry) entries; /* of a table, in document order */
    struct mg_map by_key;                  /* key -> struct mg_toml * */
};
struct mg_toml_entry {
    struct mg_str key;
    uint32_t line; /* of the key */
    struct mg_toml *value;
};

/* Reads a whole document into *root, a table. MG_E_PARSE with "line N: what is wrong"; nothing is accepted that TOML 1.0 forbids. */
MG_MUST_CHECK enum mg_code mg_toml_read(struct mg_arena *arena, struct mg_str text, struct mg_toml **root, struct mg_err *err);

struct mg_toml *mg_toml_get(const struct mg_toml *table, struct mg_str key); /* NULL when absent */
/* The same where `table` may be NULL or no table: for documents of others, step by step. */
const struct mg_toml *mg_toml_find(const struct mg_toml *table, const char *key);
const char *mg_toml_kind_name(enum mg_toml_kind kind); /* for messages: "a string", "an integer" */

#endif
