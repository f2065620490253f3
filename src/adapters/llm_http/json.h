/* Writing and reading JSON of providers. Texts that are read are well-formed UTF-8; a missing or mistyped member is an empty text or -1. */
#ifndef MG_ADAPTERS_LLM_HTTP_JSON_H
#define MG_ADAPTERS_LLM_HTTP_JSON_H

#include "base/arena.h"
#include "base/base.h"

#include <yyjson.h>

/* A document in the making. Texts are borrowed until mg_json_write. */
struct mg_json {
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    struct mg_arena *arena;
};
struct mg_json mg_json_new(struct mg_arena *arena); /* root = {} */
void mg_json_put(struct mg_json *json, yyjson_mut_val *object, const char *key, yyjson_mut_val *value);
void mg_json_put_text(struct mg_json *json, yyjson_mut_val *object, const char *key, struct mg_str text);
void mg_json_put_int(struct mg_json *json, yyjson_mut_val *object, const char *key, int64_t number);
void mg_json_put_bool(struct mg_json *json, yyjson_mut_val *object, const char *key, bool truth);
yyjson_mut_val *mg_json_put_object(struct mg_json *json, yyjson_mut_val *object, const char *key);
yyjson_mut_val *mg_json_put_list(struct mg_json *json, yyjson_mut_val *object, const char *key);
yyjson_mut_val *mg_json_add_object(struct mg_json *json, yyjson_mut_val *list);
yyjson_mut_val *mg_json_text(struct mg_json *json, struct mg_str text);
struct mg_str mg_json_write(struct mg_json *json); /* into the arena; frees the document */

/* NULL when it is no JSON. Bytes that are not UTF-8 count as U+FFFD. Free with yyjson_doc_free. */
yyjson_doc *mg_json_read(struct mg_str text, struct mg_arena *arena);
struct mg_str mg_json_str(yyjson_val *object, const char *key, struct mg_arena *arena);
struct mg_str mg_json_str_of(yyjson_val *value, struct mg_arena *arena);
/* The "text" members of all objects in `list` whose "type" is that, one after the other. */
struct mg_str mg_json_joined(yyjson_val *list, const char *type, struct mg_arena *arena);
int64_t mg_json_count(yyjson_val *object, const char *key); /* a number from 0 on; -1 */
double mg_json_number(yyjson_val *object, const char *key, double otherwise);

#endif
