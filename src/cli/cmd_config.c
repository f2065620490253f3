/* `mutagen config`: every setting in force and who said so, as TOML; or the annotated example. */
#include "base/buf.h"
#include "base/str.h"
#include "cli/compose.h"
#include "cli/manual.h"
#include "core/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

#define VALUE_COLUMN 44

static const struct mg_option options[] = {
    MG_OPT_FLAG("json", as_json, "print the settings as JSON"),
    MG_OPT_FLAG("example", example, "print every setting at its default, with what it means: a file to start from"),
    MG_OPT_END,
};

/* An address may hold a password, a command a key. */
static struct mg_str shown_value(struct mg_app *app, const struct mg_setting *setting)
{
    return mg_printable(app->arena, mg_redact(app->arena, &app->secrets, mg_setting_value(&app->config, setting, app->arena)));
}

static struct mg_str file_text(const struct mg_app *app)
{
    const struct mg_config_file *file = &app->config_file;
    if (file->name.len == 0)
        return MG_STR("no file: neither -c nor MUTAGEN_CONFIG, no mutagen.toml here or in the repo, no [tool.mutagen] in its pyproject.toml");
    return mg_arena_printf(app->arena, "file: %.*s (%s%s)", MG_FMT(mg_printable(app->arena, file->name)), file->by ? "named by " : "found",
                           file->by            ? file->by
                           : file->inside_repo ? "; it belongs to the code under test, so it sets harmless settings only"
                                               : "");
}

static struct mg_str as_toml(struct mg_app *app)
{
    struct mg_buf out = MG_BUF(1u << 20);
    struct mg_str table = MG_STR("");
    size_t count;
    const struct mg_setting *settings = mg_settings(&count);
    mg_buf_addf(&out, "# %.*s\n", MG_FMT(file_text(app)));
    for (size_t i = 0; i < count; i++) {
        struct mg_str key = mg_str_from(settings[i].key);
        size_t dot = mg_str_find(key, '.', 0);
        struct mg_str of = dot < key.len ? mg_str_sub(key, 0, dot) : MG_STR("");
        if (!mg_str_eq(of, table))
            mg_buf_addf(&out, "\n[%.*s]\n", MG_FMT(of));
        table = of;
        const char *origin = mg_setting_origin(&app->config, &settings[i]);
        struct mg_str line = mg_arena_printf(app->arena, "%.*s = %.*s", MG_FMT(mg_str_sub(key, dot < key.len ? dot + 1 : 0, key.len)),
                                             MG_FMT(shown_value(app, &settings[i])));
        mg_buf_addf(&out, "%-*s  # %s\n", VALUE_COLUMN, line.at, origin ? mg_printable(app->arena, mg_str_from(origin)).at : "default");
    }
    return mg_buf_take(&out, app->arena);
}

static yyjson_mut_val *setting_json(struct mg_app *app, yyjson_mut_doc *doc, const struct mg_setting *setting)
{
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    struct mg_str value = shown_value(app, setting), variable = mg_arena_str(app->arena, mg_setting_variable(setting, app->arena));
    const char *origin = mg_setting_origin(&app->config, setting);
    (void)yyjson_mut_obj_add_str(doc, object, "key", setting->key);
    (void)yyjson_mut_obj_add_strncpy(doc, object, "value", value.at, value.len); /* as TOML */
    if (origin)
        (void)yyjson_mut_obj_add_str(doc, object, "origin", mg_printable(app->arena, mg_str_from(origin)).at);
    else
        (void)yyjson_mut_obj_add_str(doc, object, "origin", "default");
    (void)yyjson_mut_obj_add_strncpy(doc, object, "variable", variable.at, variable.len);
    (void)yyjson_mut_obj_add_bool(doc, object, "repo_may_set", setting->harmless);
    (void)yyjson_mut_obj_add_str(doc, object, "help", setting->help);
    return object;
}

static enum mg_code print_json(struct mg_app *app, struct mg_err *err)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc), *list = yyjson_mut_arr(doc);
    size_t count, length = 0;
    const struct mg_setting *settings = mg_settings(&count);
    struct mg_str name = mg_text_utf8(app->arena, app->config_file.name);
    if (name.len)
        (void)yyjson_mut_obj_add_strncpy(doc, root, "file", name.at, name.len);
    else
        (void)yyjson_mut_obj_add_null(doc, root, "file");
    for (size_t i = 0; i < count; i++)
        (void)yyjson_mut_arr_append(list, setting_json(app, doc, &settings[i]));
    (void)yyjson_mut_obj_add_val(doc, root, "settings", list);
    if (doc)
        yyjson_mut_doc_set_root(doc, root);
    char *json = doc ? yyjson_mut_write(doc, YYJSON_WRITE_PRETTY_TWO_SPACES | YYJSON_WRITE_NEWLINE_AT_END, &length) : NULL;
    if (json)
        (void)fwrite(json, 1, length, stdout); /* main looks whether stdout took it */
    free(json);
    yyjson_mut_doc_free(doc);
    return json ? MG_OK : MG_FAIL(err, MG_E_LIMIT, "the settings cannot be written as JSON: no memory");
}

static enum mg_code run(struct mg_app *app, const struct mg_invocation *call, struct mg_err *err)
{
    if (call->as_json)
        return print_json(app, err);
    struct mg_str text = call->example ? mg_manual_example(app->arena) : as_toml(app);
    (void)fwrite(text.at, 1, text.len, stdout);
    return MG_OK;
}

const struct mg_command mg_cmd_config = {
    .name = "config",
    .summary = "show every setting in force, and who said it",
    .argument = "REPO",
    .options = options,
    .run = run,
};
