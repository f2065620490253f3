/* Typed access to untrusted JSON with one sticky error. */
#include "adapters/agent_process/fields.h"
#include "base/str.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define LINE_LIMIT 480

void mg_fields_bad(struct mg_fields *fields, const char *key, const char *what)
{
    if (!fields->bad)
        snprintf(fields->problem, sizeof fields->problem, "'%s' %s", key, what);
    fields->bad = true;
}

enum mg_code mg_fields_check(const struct mg_fields *fields, const char *op, struct mg_err *err)
{
    if (fields->bad)
        return MG_FAIL(err, MG_E_CHILD, "the agent's answer to '%s' is malformed: %s", op, fields->problem);
    return MG_OK;
}

/* NULL when absent, or from the first wrong field on. */
static yyjson_val *find(struct mg_fields *fields, yyjson_val *object, const char *key, enum mg_need need)
{
    if (fields->bad)
        return NULL;
    yyjson_val *value = yyjson_obj_get(object, key);
    if (value && !yyjson_is_null(value))
        return value;
    if (need == MG_NEEDED)
        mg_fields_bad(fields, key, "is missing");
    return NULL;
}

struct mg_str mg_value_str(struct mg_fields *fields, yyjson_val *value, const char *key)
{
    if (fields->bad)
        return MG_STR("");
    if (!yyjson_is_str(value)) {
        mg_fields_bad(fields, key, "is no text");
        return MG_STR("");
    }
    return mg_arena_str(fields->arena, (struct mg_str){ yyjson_get_str(value), yyjson_get_len(value) });
}

struct mg_str mg_value_line(struct mg_fields *fields, yyjson_val *value, const char *key)
{
    if (fields->bad || !yyjson_is_str(value))
        return mg_value_str(fields, value, key);
    struct mg_str rest = mg_str_trim((struct mg_str){ yyjson_get_str(value), yyjson_get_len(value) }), line = MG_STR("");
    (void)mg_str_next_line(&rest, &line);
    if (line.len > LINE_LIMIT) {
        line.len = LINE_LIMIT;
        while (line.len > 0 && ((unsigned char)line.at[line.len] & 0xC0) == 0x80) /* never half a character */
            line.len--;
    }
    struct mg_str copy = mg_arena_str(fields->arena, line);
    char *at = (char *)(uintptr_t)copy.at; /* our own copy */
    for (size_t i = 0; i < copy.len; i++)
        if ((unsigned char)at[i] < 0x20 || at[i] == 0x7F)
            at[i] = ' ';
    return copy;
}

bool mg_value_bool(struct mg_fields *fields, yyjson_val *value, const char *key)
{
    if (!fields->bad && !yyjson_is_bool(value))
        mg_fields_bad(fields, key, "is no boolean");
    return !fields->bad && yyjson_get_bool(value);
}

uint32_t mg_value_u32(struct mg_fields *fields, yyjson_val *value, const char *key, uint32_t below)
{
    if (fields->bad)
        return 0;
    if (!yyjson_is_uint(value) || yyjson_get_uint(value) >= below) {
        mg_fields_bad(fields, key, "is no number in its range");
        return 0;
    }
    return (uint32_t)yyjson_get_uint(value);
}

struct mg_str mg_field_str(struct mg_fields *fields, yyjson_val *object, const char *key, enum mg_need need)
{
    yyjson_val *value = find(fields, object, key, need);
    return value ? mg_value_str(fields, value, key) : MG_STR("");
}

struct mg_str mg_field_line(struct mg_fields *fields, yyjson_val *object, const char *key, enum mg_need need)
{
    yyjson_val *value = find(fields, object, key, need);
    return value ? mg_value_line(fields, value, key) : MG_STR("");
}

bool mg_field_bool(struct mg_fields *fields, yyjson_val *object, const char *key, enum mg_need need)
{
    yyjson_val *value = find(fields, object, key, need);
    return value && mg_value_bool(fields, value, key);
}

double mg_value_seconds(struct mg_fields *fields, yyjson_val *value, const char *key)
{
    double seconds = yyjson_get_num(value);
    if (!yyjson_is_num(value) || !isfinite(seconds) || seconds < 0) {
        mg_fields_bad(fields, key, "is no time span");
        return 0;
    }
    return seconds;
}

double mg_field_seconds(struct mg_fields *fields, yyjson_val *object, const char *key, enum mg_need need)
{
    yyjson_val *value = find(fields, object, key, need);
    return value ? mg_value_seconds(fields, value, key) : 0;
}

uint32_t mg_field_u32(struct mg_fields *fields, yyjson_val *object, const char *key, enum mg_need need, uint32_t below)
{
    yyjson_val *value = find(fields, object, key, need);
    return value ? mg_value_u32(fields, value, key, below) : 0;
}

yyjson_val *mg_field_list(struct mg_fields *fields, yyjson_val *object, const char *key, enum mg_need need)
{
    yyjson_val *value = find(fields, object, key, need);
    if (value && !yyjson_is_arr(value)) {
        mg_fields_bad(fields, key, "is no list");
        return NULL;
    }
    return value;
}

yyjson_val *mg_field_object(struct mg_fields *fields, yyjson_val *object, const char *key, enum mg_need need)
{
    yyjson_val *value = find(fields, object, key, need);
    if (value && !yyjson_is_obj(value)) {
        mg_fields_bad(fields, key, "is no object");
        return NULL;
    }
    return value;
}

size_t mg_field_choice(struct mg_fields *fields, yyjson_val *object, const char *key, const char *const *names, size_t count)
{
    yyjson_val *value = find(fields, object, key, MG_NEEDED);
    if (!value)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (yyjson_equals_str(value, names[i]))
            return i;
    mg_fields_bad(fields, key, "has an unknown value");
    return 0;
}
