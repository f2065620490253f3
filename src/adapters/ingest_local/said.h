/* The names of all distributions that a project says it needs, in whatever file and for whatever purpose. */
#ifndef MG_INGEST_SAID_H
#define MG_INGEST_SAID_H

#include "base/arena.h"
#include "base/map.h"

struct mg_said {
    struct mg_arena *arena;
    struct mg_str copy;
    struct mg_map names; /* normal name -> not NULL */
};

void mg_said_read(struct mg_arena *arena, struct mg_str copy, struct mg_said *said);
/* Adds those that tox gives to tests with Python 3.`minor`. */
void mg_said_add_tox(struct mg_said *said, int64_t minor);
/* Whether the distribution that brings a module is among them. */
bool mg_said_has(const struct mg_said *said, struct mg_str module);
/* The same, also for one that brings a part: google-cloud-storage has google.cloud.storage, so google, too. */
bool mg_said_has_part(const struct mg_said *said, struct mg_str module);

#endif
