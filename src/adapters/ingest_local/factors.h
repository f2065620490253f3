/* Names of tox environments: `py{310,311}-django{42,50}` stands for four, and their parts, the factors, choose lines of a value. */
#ifndef MG_INGEST_FACTORS_H
#define MG_INGEST_FACTORS_H

#include "base/arena.h"

struct mg_str_list {
    MG_VEC(struct mg_str)
};

/* Adds the names that `text` stands for: commas between them, braces within, also ranges (`3{9-11}`). At most some thousand. */
void mg_envs_expand(struct mg_arena *arena, struct mg_str text, struct mg_str_list *names);

/* How well an environment of that name suits for tests with Python 3.`minor`: 0 = not at all. */
unsigned mg_env_suits(struct mg_str name, int64_t minor);

/* Whether a condition (`py311,!django42-mysql`) holds in it. A factor of another Python counts as that of ours. */
bool mg_env_has(struct mg_arena *arena, struct mg_str name, int64_t minor, struct mg_str condition);

#endif
