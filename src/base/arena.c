/* Arenas: chained blocks, freed as a whole. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK ((size_t)8 << 10)
#define LARGEST_BLOCK ((size_t)1 << 20)
#define ALIGNMENT _Alignof(max_align_t)

struct block {
    struct block *next;
    size_t used, size;
    _Alignas(max_align_t) unsigned char bytes[];
};

struct mg_arena {
    struct block *head;
};

static void *must(void *memory)
{
    if (!memory) {
        fputs("mutagen: out of memory\n", stderr);
        abort();
    }
    return memory;
}

struct mg_arena *mg_arena_new(void) { return must(calloc(1, sizeof(struct mg_arena))); }

void mg_arena_free(struct mg_arena *arena)
{
    if (!arena)
        return;
    for (struct block *block = arena->head; block;) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(arena);
}

static void add_block(struct mg_arena *arena, size_t bytes)
{
    size_t size = arena->head ? arena->head->size * 2 : FIRST_BLOCK;
    if (size > LARGEST_BLOCK)
        size = LARGEST_BLOCK;
    if (size < bytes)
        size = bytes;
    MG_ASSERT(size <= SIZE_MAX - sizeof(struct block));
    struct block *block = must(malloc(sizeof(struct block) + size));
    block->used = 0;
    block->size = size;
    block->next = arena->head;
    arena->head = block;
}

void *mg_arena_alloc(struct mg_arena *arena, size_t count, size_t size)
{
    size_t bytes = 0;
    MG_ASSERT(!__builtin_mul_overflow(count, size, &bytes) && bytes <= SIZE_MAX / 2);
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (bytes == 0)
        bytes = ALIGNMENT;
    if (!arena->head || arena->head->size - arena->head->used < bytes)
        add_block(arena, bytes);
    void *memory = arena->head->bytes + arena->head->used;
    arena->head->used += bytes;
    memset(memory, 0, bytes);
    return memory;
}

struct mg_str mg_arena_str(struct mg_arena *arena, struct mg_str text)
{
    char *copy = mg_arena_alloc(arena, text.len + 1, 1);
    if (text.len)
        memcpy(copy, text.at, text.len);
    return (struct mg_str){ copy, text.len };
}

const char *mg_arena_cstr(struct mg_arena *arena, struct mg_str text) { return mg_arena_str(arena, text).at; }

struct mg_str mg_arena_vprintf(struct mg_arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    MG_ASSERT(len >= 0);
    char *text = mg_arena_alloc(arena, (size_t)len + 1, 1);
    MG_ASSERT(vsnprintf(text, (size_t)len + 1, format, again) == len);
    va_end(again);
    return (struct mg_str){ text, (size_t)len };
}

struct mg_str mg_arena_printf(struct mg_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct mg_str text = mg_arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

void *mg_vec_grow(struct mg_arena *arena, void *at, size_t len, size_t *cap, size_t size)
{
    MG_ASSERT(*cap <= SIZE_MAX / 4);
    size_t wanted = *cap ? *cap * 2 : 8;
    void *grown = mg_arena_alloc(arena, wanted, size);
    if (len)
        memcpy(grown, at, len * size);
    *cap = wanted;
    return grown;
}
