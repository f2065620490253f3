/* A reader for the INI dialect of tox.ini and setup.cfg: sections, `key = value` at the margin, indented lines that go on with the value. */
#ifndef MG_INGEST_INI_H
#define MG_INGEST_INI_H

#include "base/arena.h"

struct mg_ini_value {
    struct mg_str section, key;
    MG_LIST(struct mg_str) lines; /* trimmed; without empty ones and comments */
    bool seen;                    /* for users that follow references from value to value */
};
struct mg_ini {
    MG_LIST(struct mg_ini_value) values; /* in the order of the file */
};

/* What it does not understand it leaves out. Texts are borrowed from `text`. */
void mg_ini_read(struct mg_arena *arena, struct mg_str text, struct mg_ini *ini);

/* The last one of that name; NULL when there is none. */
struct mg_ini_value *mg_ini_get(const struct mg_ini *ini, struct mg_str section, struct mg_str key);

/* Adds a line to the value of that name, made where there is none. */
void mg_ini_add(struct mg_arena *arena, struct mg_ini *ini, struct mg_str section, struct mg_str key, struct mg_str line);

#endif
