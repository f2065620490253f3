/* Open addressing with linear probing; FNV-1a, seeded by nothing: keys come from one repo, not from the network. */
#include "base/map.h"
#include "base/str.h"

static uint64_t hash(struct mg_str key)
{
    uint64_t sum = 1469598103934665603u;
    for (size_t i = 0; i < key.len; i++)
        sum = (sum ^ (unsigned char)key.at[i]) * 1099511628211u;
    return sum;
}

void mg_map_init(struct mg_map *map, struct mg_arena *arena) { *map = (struct mg_map){ .arena = arena }; }

static struct mg_map_entry *find(const struct mg_map *map, struct mg_str key)
{
    size_t mask = map->cap - 1;
    for (size_t i = (size_t)hash(key) & mask;; i = (i + 1) & mask)
        if (!map->slots[i].key.at || mg_str_eq(map->slots[i].key, key))
            return &map->slots[i];
}

void *mg_map_get(const struct mg_map *map, struct mg_str key) { return map->cap ? find(map, key)->value : NULL; }

static void grow(struct mg_map *map)
{
    struct mg_map bigger = { .arena = map->arena, .len = map->len, .cap = map->cap ? map->cap * 2 : 16 };
    bigger.slots = MG_NEW_ARRAY(map->arena, struct mg_map_entry, bigger.cap);
    for (size_t i = 0; i < map->cap; i++)
        if (map->slots[i].key.at)
            *find(&bigger, map->slots[i].key) = map->slots[i];
    *map = bigger;
}

void **mg_map_slot(struct mg_map *map, struct mg_str key)
{
    MG_ASSERT(key.at); /* an absent key marks a free slot */
    if (map->len + 1 > map->cap / 4 * 3)
        grow(map);
    struct mg_map_entry *entry = find(map, key);
    if (!entry->key.at) {
        entry->key = key;
        map->len++;
    }
    return &entry->value;
}
