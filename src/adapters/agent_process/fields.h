/* Reads fields of a message from a peer that is not trusted. The first wrong field is remembered, everything behind it reads as empty;
 * one check at the end is enough (as with struct mg_buf). Texts are copied into the arena. */
#ifndef MG_FIELDS_H
#define MG_FIELDS_H

#include "base/arena.h"
#include "base/base.h"
#include <yyjson.h>

enum mg_need { MG_NEEDED, MG_OPTIONAL };

struct mg_fields {
    struct mg_arena *arena;
    bool bad;
    char problem[96];
};

void mg_fields_bad(struct mg_fields *fields, const char *key, const char *what);                                /* "key: what" */
MG_MUST_CHECK enum mg_code mg_fields_check(const struct mg_fields *fields, const char *op, struct mg_err *err); /* MG_E_CHILD */

/* A missing or null optional field reads as empty, false or 0. `object` may be NULL or no object: then everything in it is missing. */
struct mg_str mg_field_str(struct mg_fields *fields, yyjson_val *object, const char *key, enum mg_need need);
/* One line for people: cut at the first newline and at 480 bytes, control characters replaced: it ends up on terminals. */
struct mg_str mg_field_line(struct mg_fields *fields, yyjson_val *object, const char *key, enum mg_need need);
bool mg_field_bool(struct mg_fields *fields, yyjson_val *object, const char *key, enum mg_need need);
double mg_field_seconds(struct mg_fields *fields, yyjson_val *object, const char *key, enum mg_need need); /* finite, at least 0 */
uint32_t mg_field_u32(struct mg_fields *fields, yyjson_val *object, const char *key, enum mg_need need, uint32_t below);
/* NULL when it is absent; yyjson_arr_foreach takes that. */
yyjson_val *mg_field_list(struct mg_fields *fields, yyjson_val *object, const char *key, enum mg_need need);
yyjson_val *mg_field_object(struct mg_fields *fields, yyjson_val *object, const char *key, enum mg_need need);
/* Index of the text in `names`; 0 when it is none of them. */
size_t mg_field_choice(struct mg_fields *fields, yyjson_val *object, const char *key, const char *const *names, size_t count);

/* The same for an element that is already at hand. */
struct mg_str mg_value_str(struct mg_fields *fields, yyjson_val *value, const char *key);
struct mg_str mg_value_line(struct mg_fields *fields, yyjson_val *value, const char *key);
bool mg_value_bool(struct mg_fields *fields, yyjson_val *value, const char *key);
uint32_t mg_value_u32(struct mg_fields *fields, yyjson_val *value, const char *key, uint32_t below);
double mg_value_seconds(struct mg_fields *fields, yyjson_val *value, const char *key);

/* A list of texts into a MG_VEC(struct mg_str). */
#define MG_FIELD_STRS(fields, object, key, vec)                                                                                                      \
    do {                                                                                                                                             \
        size_t mg_i_, mg_max_;                                                                                                                       \
        yyjson_val *mg_item_;                                                                                                                        \
        yyjson_arr_foreach(mg_field_list((fields), (object), (key), MG_OPTIONAL), mg_i_, mg_max_, mg_item_) * MG_PUSH((fields)->arena, (vec)) =      \
            mg_value_str((fields), mg_item_, (key));                                                                                                 \
    } while (0)

#endif
