/* Port: remembers texts by key between sessions. What is damaged is dropped as a whole and said in one line; it is never believed. */
#ifndef MG_CACHE_H
#define MG_CACHE_H

#include "base/arena.h"
#include "base/base.h"

/* Verdicts of mutants; whole scores (of which only the newest are kept); single entries such as the key of the last score. */
enum mg_cache_kind { MG_CACHE_VERDICT, MG_CACHE_SCORE, MG_CACHE_POINTER };

struct mg_cache_ops {
    const char *name;
    /* value->at is NULL when there is none. */
    enum mg_code (*find)(void *self, enum mg_cache_kind kind, struct mg_str key, struct mg_arena *arena, struct mg_str *value, struct mg_err *err);
    /* Replaces. Safe against a killed process after `settle`. */
    enum mg_code (*keep)(void *self, enum mg_cache_kind kind, struct mg_str key, struct mg_str value, struct mg_err *err);
    enum mg_code (*settle)(void *self, struct mg_err *err);
    /* Drops everything: for a caller that cannot read what it found. */
    enum mg_code (*drop)(void *self, struct mg_err *err);
    const char *(*trouble)(void *self); /* why everything was dropped, a line for the user; "" when it was not */
    void (*close)(void *self);
};
struct mg_cache {
    const struct mg_cache_ops *ops; /* NULL: nothing is remembered */
    void *self;
};

#endif
