/* A hash map from text to a pointer, in an arena. Keys are borrowed: they must live as long as the map. No removal. */
#ifndef MG_MAP_H
#define MG_MAP_H

#include "base/arena.h"
#include "base/base.h"

struct mg_map_entry {
    struct mg_str key;
    void *value;
};
struct mg_map {
    struct mg_arena *arena;
    struct mg_map_entry *slots;
    size_t len, cap;
};

void mg_map_init(struct mg_map *map, struct mg_arena *arena);
void *mg_map_get(const struct mg_map *map, struct mg_str key); /* NULL when absent */
/* The place of the key's value; a new key starts with NULL. Valid until the next mg_map_slot. */
void **mg_map_slot(struct mg_map *map, struct mg_str key);

#endif
