/* JSON of providers, over yyjson. Running out of memory aborts, as everywhere. */
#include "adapters/llm_http/json.h"

#include "base/buf.h"
#include "base/str.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

struct mg_json mg_json_new(struct mg_arena *arena)
{
    struct mg_json json = { yyjson_mut_doc_new(NULL), NULL, arena };
    MG_ASSERT(json.doc);
    json.root = yyjson_mut_obj(json.doc);
    yyjson_mut_doc_set_root(json.doc, json.root);
    return json;
}

yyjson_mut_val *mg_json_text(struct mg_json *json, struct mg_str text)
{
    struct mg_str clean = mg_text_utf8(json->arena, text);
    return yyjson_mut_strn(json->doc, clean.at ? clean.at : "", clean.len);
}

void mg_json_put(struct mg_json *json, yyjson_mut_val *object, const char *key, yyjson_mut_val *value)
{
    MG_ASSERT(yyjson_mut_obj_add(object, yyjson_mut_str(json->doc, key), value));
}

void mg_json_put_text(struct mg_json *json, yyjson_mut_val *object, const char *key, struct mg_str text)
{
    mg_json_put(json, object, key, mg_json_text(json, text));
}

void mg_json_put_int(struct mg_json *json, yyjson_mut_val *object, const char *key, int64_t number)
{
    mg_json_put(json, object, key, yyjson_mut_sint(json->doc, number));
}

void mg_json_put_bool(struct mg_json *json, yyjson_mut_val *object, const char *key, bool truth)
{
    mg_json_put(json, object, key, yyjson_mut_bool(json->doc, truth));
}

yyjson_mut_val *mg_json_put_object(struct mg_json *json, yyjson_mut_val *object, const char *key)
{
    yyjson_mut_val *made = yyjson_mut_obj(json->doc);
    mg_json_put(json, object, key, made);
    return made;
}

yyjson_mut_val *mg_json_put_list(struct mg_json *json, yyjson_mut_val *object, const char *key)
{
    yyjson_mut_val *made = yyjson_mut_arr(json->doc);
    mg_json_put(json, object, key, made);
    return made;
}

yyjson_mut_val *mg_json_add_object(struct mg_json *json, yyjson_mut_val *list)
{
    yyjson_mut_val *made = yyjson_mut_obj(json->doc);
    MG_ASSERT(yyjson_mut_arr_append(list, made));
    return made;
}

struct mg_str mg_json_write(struct mg_json *json)
{
    size_t length = 0;
    char *text = yyjson_mut_write_opts(json->doc, YYJSON_WRITE_NOFLAG, NULL, &length, NULL);
    MG_ASSERT(text);
    struct mg_str copy = mg_arena_str(json->arena, (struct mg_str){ text, length });
    free(text);
    yyjson_mut_doc_free(json->doc);
    json->doc = NULL;
    return copy;
}

/* The four hex digits behind "\\u" at `at`; 0 when that is no such escape. */
static unsigned escaped_unit(struct mg_str text, size_t at)
{
    unsigned unit = 0;
    if (at + 6 > text.len || text.at[at] != '\\' || text.at[at + 1] != 'u')
        return 0;
    for (size_t i = at + 2; i < at + 6; i++) {
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *digit = text.at[i] ? strchr(digits, text.at[i]) : NULL;
        if (!digit)
            return 0;
        unsigned value = (unsigned)(digit - digits);
        unit = unit << 4 | (value < 16 ? value : value - 6);
    }
    return unit;
}

/* Half of a surrogate pair, as a reply that was cut inside an emoji has it, is an error to yyjson: becomes U+FFFD. */
static struct mg_str without_half_pairs(struct mg_str text, struct mg_arena *arena)
{
    char *at = mg_arena_alloc(arena, text.len, 1);
    memcpy(at, text.at, text.len);
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] != '\\')
            continue;
        unsigned unit = escaped_unit(text, i), next = escaped_unit(text, i + 6);
        if (unit >= 0xd800 && unit < 0xdc00 && next >= 0xdc00 && next < 0xe000)
            i += 11;
        else if (unit >= 0xd800 && unit < 0xe000)
            memcpy(at + i, "\\ufffd", 6);
        else
            i++; /* whatever is escaped */
    }
    return (struct mg_str){ at, text.len };
}

static yyjson_doc *read_json(struct mg_str text)
{
    /* Without INSITU the text is only read. */
    return text.len ? yyjson_read_opts((char *)(uintptr_t)text.at, text.len, YYJSON_READ_NOFLAG, NULL, NULL) : NULL;
}

yyjson_doc *mg_json_read(struct mg_str text, struct mg_arena *arena)
{
    if (mg_str_starts(text, "\xef\xbb\xbf"))
        text = mg_str_sub(text, 3, text.len);
    text = mg_text_utf8(arena, text);
    yyjson_doc *doc = read_json(text);
    return doc || !mg_str_contains(text, "\\u") ? doc : read_json(without_half_pairs(text, arena));
}

struct mg_str mg_json_str_of(yyjson_val *value, struct mg_arena *arena)
{
    if (!yyjson_is_str(value))
        return MG_NO_STR;
    return mg_arena_str(arena, (struct mg_str){ yyjson_get_str(value), yyjson_get_len(value) });
}

struct mg_str mg_json_str(yyjson_val *object, const char *key, struct mg_arena *arena) { return mg_json_str_of(yyjson_obj_get(object, key), arena); }

double mg_json_number(yyjson_val *object, const char *key, double otherwise)
{
    yyjson_val *value = yyjson_obj_get(object, key);
    return yyjson_is_num(value) ? yyjson_get_num(value) : otherwise;
}

int64_t mg_json_count(yyjson_val *object, const char *key)
{
    double number = mg_json_number(object, key, -1);
    return number >= 0 && number <= 9007199254740991.0 ? (int64_t)number : -1;
}

struct mg_str mg_json_joined(yyjson_val *list, const char *type, struct mg_arena *arena)
{
    struct mg_buf out = MG_BUF(SIZE_MAX / 4);
    yyjson_val *item;
    size_t i, count;
    yyjson_arr_foreach(list, i, count, item)
    {
        if (yyjson_equals_str(yyjson_obj_get(item, "type"), type))
            mg_buf_add(&out, mg_json_str(item, "text", arena));
    }
    return mg_buf_take(&out, arena);
}
