/* Memory that is freed as a whole: of one run, one target or one scratch step. Nothing in it is freed singly.
 * An arena belongs to one thread. Running out of memory aborts: a mutation tester without memory has no useful next step. */
#ifndef MG_ARENA_H
#define MG_ARENA_H

#include "base/base.h"
#include <stdarg.h>

struct mg_arena;

struct mg_arena *mg_arena_new(void);
void mg_arena_free(struct mg_arena *arena); /* NULL is allowed */

/* Zeroed memory, aligned for any type. `count * size` is checked for overflow (a bug of ours, aborts). */
void *mg_arena_alloc(struct mg_arena *arena, size_t count, size_t size);
#define MG_NEW(arena, type) ((type *)mg_arena_alloc((arena), 1, sizeof(type)))
#define MG_NEW_ARRAY(arena, type, count) ((type *)mg_arena_alloc((arena), (count), sizeof(type)))

/* Copies; the copy has a NUL behind its last byte, so `.at` is also a C string when the text holds no NUL itself. */
struct mg_str mg_arena_str(struct mg_arena *arena, struct mg_str text);
const char *mg_arena_cstr(struct mg_arena *arena, struct mg_str text);
struct mg_str mg_arena_printf(struct mg_arena *arena, const char *format, ...) MG_PRINTF(2, 3);
struct mg_str mg_arena_vprintf(struct mg_arena *arena, const char *format, va_list args);

/* A growing array in an arena: `MG_LIST(struct mg_test) tests;`, or MG_VEC inside a named struct. Growth copies, old blocks stay until the
 * arena goes. */
/* clang-format off */
#define MG_VEC(type) type *at; size_t len; size_t cap;
#define MG_LIST(type) struct { MG_VEC(type) }
/* clang-format on */
void *mg_vec_grow(struct mg_arena *arena, void *at, size_t len, size_t *cap, size_t size);
/* Appends one element; yields its address. */
#define MG_PUSH(arena, vec)                                                                                                                          \
    ((vec)->len == (vec)->cap ? (void)((vec)->at = mg_vec_grow((arena), (vec)->at, (vec)->len, &(vec)->cap, sizeof(*(vec)->at))) : (void)0,          \
     &(vec)->at[(vec)->len++])

#endif
