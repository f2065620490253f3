/* Prints the checks of doctor. */
#include "cli/doctor_show.h"
#include "cli/compose.h"
#include "core/text.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

uint32_t mg_checks_count(const struct mg_checks *checks, enum mg_check_level level)
{
    uint32_t count = 0;
    for (size_t i = 0; i < checks->len; i++)
        count += checks->at[i].level == level;
    return count;
}

void mg_checks_print(const struct mg_checks *checks, struct mg_arena *arena, FILE *out)
{
    static const char *const marks[] = { " OK  ", "warn ", "ERROR" };
    uint32_t errors = mg_checks_count(checks, MG_CHECK_ERROR), warnings = mg_checks_count(checks, MG_CHECK_WARNING);
    (void)fprintf(out, "mutagen %s doctor\n\n", MG_VERSION);
    for (size_t i = 0; i < checks->len; i++) {
        const struct mg_check *check = &checks->at[i];
        (void)fprintf(out, "  [%s] %s: %s\n", marks[check->level], check->name, mg_printable(arena, check->detail).at);
        if (check->remedy.len)
            (void)fprintf(out, "          -> %s\n", mg_printable(arena, check->remedy).at);
    }
    if (errors)
        (void)fprintf(out, "\n%u problem%s must be solved before a run can work\n", errors, errors == 1 ? "" : "s");
    else
        (void)fprintf(out, "\n%s\n", warnings ? "a run can work; see the warnings" : "everything a run needs is there");
}

static yyjson_mut_val *text(yyjson_mut_doc *doc, struct mg_arena *arena, struct mg_str s)
{
    struct mg_str clean = mg_text_utf8(arena, s);
    return yyjson_mut_strn(doc, clean.at ? clean.at : "", clean.len);
}

static yyjson_mut_val *one(yyjson_mut_doc *doc, struct mg_arena *arena, const struct mg_check *check)
{
    static const char *const levels[] = { "ok", "warning", "error" };
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    (void)yyjson_mut_obj_add_str(doc, object, "name", check->name);
    (void)yyjson_mut_obj_add_str(doc, object, "level", levels[check->level]);
    (void)yyjson_mut_obj_add_val(doc, object, "detail", text(doc, arena, check->detail));
    (void)yyjson_mut_obj_add_val(doc, object, "remedy", check->remedy.len ? text(doc, arena, check->remedy) : yyjson_mut_null(doc));
    return object;
}

enum mg_code mg_checks_print_json(const struct mg_checks *checks, struct mg_arena *arena, FILE *out, struct mg_err *err)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc), *list = yyjson_mut_arr(doc);
    (void)yyjson_mut_obj_add_str(doc, root, "version", MG_VERSION);
    (void)yyjson_mut_obj_add_bool(doc, root, "works", mg_checks_count(checks, MG_CHECK_ERROR) == 0);
    for (size_t i = 0; i < checks->len; i++)
        (void)yyjson_mut_arr_append(list, one(doc, arena, &checks->at[i]));
    (void)yyjson_mut_obj_add_val(doc, root, "checks", list);
    if (doc)
        yyjson_mut_doc_set_root(doc, root);
    size_t length = 0;
    char *json = doc ? yyjson_mut_write(doc, YYJSON_WRITE_PRETTY_TWO_SPACES | YYJSON_WRITE_NEWLINE_AT_END, &length) : NULL;
    enum mg_code code = MG_OK;
    if (!json)
        code = MG_FAIL(err, MG_E_IO, "the checks cannot be written as JSON: no memory");
    else if (fwrite(json, 1, length, out) != length)
        code = MG_FAIL(err, MG_E_IO, "the checks cannot be printed: %s", strerror(errno));
    free(json);
    yyjson_mut_doc_free(doc);
    return code;
}
