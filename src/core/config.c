/* Reads settings by the table of settings.c: defaults, single values, TOML. */
#include "core/config.h"
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/nearest.h"
#include "core/toml.h"

/* Index of `value` among the words; -1 when it is none. The one of a WORD may be written in capitals, too; *word is as we write it. */
static int find_word(const struct mg_setting *setting, struct mg_str value, struct mg_str *word)
{
    struct mg_str rest = mg_str_from(setting->words);
    for (int i = 0; mg_str_next_part(&rest, ' ', word); i++) {
        bool same = word->len == value.len;
        for (size_t k = 0; same && k < value.len; k++) {
            char byte = value.at[k];
            same = word->at[k] == (setting->kind == MG_SETTING_WORD && byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte);
        }
        if (same)
            return i;
    }
    return -1;
}

static int word_index(const struct mg_setting *setting, struct mg_str value)
{
    struct mg_str word;
    return find_word(setting, value, &word);
}

static bool is_printable(struct mg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f)
            return false;
    return mg_str_is_utf8(text);
}

/* `+NAME` and `-NAME` are NAME. */
static struct mg_str without_sign(struct mg_str word) { return word.len && strchr("+-", word.at[0]) ? mg_str_sub(word, 1, word.len) : word; }

static struct mg_str in_capitals(struct mg_arena *arena, struct mg_str text)
{
    char *copy = mg_arena_alloc(arena, text.len + 1, 1);
    for (size_t i = 0; i < text.len; i++)
        copy[i] = text.at[i] >= 'a' && text.at[i] <= 'z' ? (char)(text.at[i] - 'a' + 'A') : text.at[i];
    return (struct mg_str){ copy, text.len };
}

/* A name that the list does not know: the nearest one helps more than all of them. */
static enum mg_code refuse_name(const struct mg_setting *setting, struct mg_arena *arena, struct mg_str value, const char *origin, struct mg_err *err)
{
    struct mg_str given = value, name, word, nearest = MG_NO_STR;
    unsigned best = UINT32_MAX;
    do
        if (!mg_str_next_part(&given, ',', &name))
            name = MG_NO_STR;
    while (name.len && word_index(setting, without_sign(name)) >= 0);
    name = mg_str_sub(without_sign(name), 0, 60);
    if (name.len == 0)
        return MG_FAIL(err, MG_E_CONFIG, "%s: %s has an empty name", origin, setting->key);
    for (struct mg_str rest = mg_str_from(setting->words); mg_str_next_part(&rest, ' ', &word);) {
        unsigned distance = mg_edit_distance(in_capitals(arena, name), in_capitals(arena, word));
        if (distance < best) {
            best = distance;
            nearest = word;
        }
    }
    if (mg_near_enough(name, best))
        return MG_FAIL(err, MG_E_CONFIG, "%s: %s has no '%.*s'; did you mean '%.*s'?", origin, setting->key, MG_FMT(name), MG_FMT(nearest));
    return MG_FAIL(err, MG_E_CONFIG, "%s: %s has no '%.*s' (`mutagen operators` lists them)", origin, setting->key, MG_FMT(name));
}

static enum mg_code refuse(const struct mg_setting *setting, struct mg_arena *arena, struct mg_str value, const char *origin, struct mg_err *err)
{
    if (setting->kind == MG_SETTING_LIST && setting->words && is_printable(value))
        return refuse_name(setting, arena, value, origin, err);
    struct mg_str allowed = mg_setting_allowed(setting, arena), shown = mg_str_sub(value, 0, 80);
    return MG_FAIL(err, MG_E_CONFIG, "%s: %s must be %.*s, not '%.*s'", origin, setting->key, MG_FMT(allowed), MG_FMT(shown));
}

/* ---- storing a value: the field's address by its offset ---- */

static void *field_of(struct mg_config *config, const struct mg_setting *setting) { return (char *)config + setting->offset; }

/* False when the value is not allowed; nothing is stored then. NaN is inside no range. */
static bool store_int(struct mg_config *config, const struct mg_setting *setting, int64_t value)
{
    if (!((double)value >= setting->low && (double)value <= setting->high))
        return false;
    *(int64_t *)field_of(config, setting) = value;
    return true;
}

static bool store_float(struct mg_config *config, const struct mg_setting *setting, double value)
{
    if (!(value >= setting->low && value <= setting->high))
        return false;
    *(double *)field_of(config, setting) = value;
    return true;
}

static bool store_bool(struct mg_config *config, const struct mg_setting *setting, bool value)
{
    *(bool *)field_of(config, setting) = value;
    return true;
}

/* Lists have one type in struct mg_config, whatever their name there. */
static struct mg_names *list_of(struct mg_config *config, const struct mg_setting *setting) { return field_of(config, setting); }

/* Of a list of names, the value may hold several, separated by commas: a flag has one value. */
static bool store_item(struct mg_config *config, const struct mg_setting *setting, struct mg_arena *arena, struct mg_str value)
{
    struct mg_str rest = value, name;
    if (!setting->words) {
        *MG_PUSH(arena, list_of(config, setting)) = value;
        return true;
    }
    while (mg_str_next_part(&rest, ',', &name)) {
        if (word_index(setting, without_sign(name)) < 0)
            return false;
        *MG_PUSH(arena, list_of(config, setting)) = name;
    }
    return true;
}

/* WORD, TEXT and LIST. The text must outlive the configuration. */
static bool store_text(struct mg_config *config, const struct mg_setting *setting, struct mg_arena *arena, struct mg_str value)
{
    if (!is_printable(value) || (setting->kind == MG_SETTING_WORD && find_word(setting, value, &value) < 0))
        return false;
    if (setting->offset == offsetof(struct mg_config, mutation.keep))
        config->mutation.keep = (enum mg_keep_rule)word_index(setting, value);
    else if (setting->kind == MG_SETTING_LIST)
        return store_item(config, setting, arena, value);
    else
        *(struct mg_str *)field_of(config, setting) = value;
    return true;
}

/* A value as text, whatever the kind. */
static bool store(struct mg_config *config, const struct mg_setting *setting, struct mg_arena *arena, struct mg_str value)
{
    int64_t integer = 0;
    double number = 0;
    switch (setting->kind) {
    case MG_SETTING_INT:
        return mg_str_to_i64(value, &integer) && store_int(config, setting, integer);
    case MG_SETTING_FLOAT:
        return mg_str_to_double(value, &number) && store_float(config, setting, number);
    case MG_SETTING_BOOL:
        return (mg_str_is(value, "true") || mg_str_is(value, "false")) && store_bool(config, setting, mg_str_is(value, "true"));
    case MG_SETTING_WORD:
    case MG_SETTING_TEXT:
    case MG_SETTING_LIST:
        break;
    }
    return store_text(config, setting, arena, value);
}

void mg_config_defaults(struct mg_config *config)
{
    size_t count;
    const struct mg_setting *settings = mg_settings(&count);
    *config = (struct mg_config){ 0 };
    for (size_t i = 0; i < count; i++)
        if (settings[i].kind != MG_SETTING_LIST)
            MG_ASSERT(store(config, &settings[i], NULL, mg_str_from(settings[i].initial)));
}

/* Between what was typed and a key; a right name in a wrong table is one slip, and the name alone is what was meant. */
static unsigned distance_to_key(struct mg_str typed, struct mg_str key)
{
    size_t dot = mg_str_rfind(typed, '.'), end = mg_str_rfind(key, '.');
    struct mg_str name = mg_str_sub(typed, dot < typed.len ? dot + 1 : 0, typed.len), last = mg_str_sub(key, end < key.len ? end + 1 : 0, key.len);
    unsigned distance = mg_edit_distance(typed, key);
    return distance > 1 && mg_str_eq(name, last) && name.len > 4 ? 1 : distance;
}

static enum mg_code unknown_key(struct mg_str key, const char *origin, struct mg_err *err)
{
    const struct mg_former *former = mg_former_find(key);
    if (former)
        return MG_FAIL(err, MG_E_CONFIG, "%s: %s is no setting any more: %s", origin, former->key, former->text);
    size_t count;
    const struct mg_setting *settings = mg_settings(&count);
    const char *nearest = NULL;
    unsigned best = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        unsigned distance = distance_to_key(key, mg_str_from(settings[i].key));
        if (distance < best) {
            best = distance;
            nearest = settings[i].key;
        }
    }
    struct mg_str shown = mg_str_sub(key, 0, 80);
    if (nearest && mg_near_enough(key, best))
        return MG_FAIL(err, MG_E_CONFIG, "%s: unknown key '%.*s'; did you mean '%s'?", origin, MG_FMT(shown), nearest);
    return MG_FAIL(err, MG_E_CONFIG, "%s: unknown key '%.*s' (`mutagen --help` lists the keys)", origin, MG_FMT(shown));
}

/* By its name or by the one it once had. */
static const struct mg_setting *find_setting(struct mg_str key)
{
    const struct mg_setting *setting = mg_setting_find(key);
    const struct mg_former *former = setting ? NULL : mg_former_find(key);
    return former && !former->text ? mg_setting_find(mg_str_from(former->successor)) : setting;
}

enum mg_code mg_config_set(struct mg_config *config, struct mg_arena *arena, struct mg_str key, struct mg_str value, const char *origin,
                           struct mg_err *err)
{
    const struct mg_setting *setting = find_setting(key);
    if (!setting)
        return unknown_key(key, origin, err);
    if (!store(config, setting, arena, mg_arena_str(arena, value)))
        return refuse(setting, arena, value, origin, err);
    mg_setting_note_origin(config, setting, mg_arena_cstr(arena, mg_str_from(origin)));
    return MG_OK;
}

void mg_config_empty_list(struct mg_config *config, struct mg_str key)
{
    const struct mg_setting *setting = mg_setting_find(key);
    if (setting && setting->kind == MG_SETTING_LIST)
        list_of(config, setting)->len = 0;
}

/* ---- TOML: the tree is walked, dotted names are looked up ---- */

struct toml_reader {
    struct mg_config *config;
    struct mg_arena *arena;
    struct mg_toml_source *source;
    struct mg_err *err;
};

static const char *origin_of(const struct toml_reader *reader, uint32_t line)
{
    return mg_arena_printf(reader->arena, "%s:%u", reader->source->file_name, (unsigned)line).at;
}

static enum mg_code wrong_type(const struct toml_reader *reader, const struct mg_setting *setting, const struct mg_toml *value)
{
    struct mg_str allowed = mg_setting_allowed(setting, reader->arena);
    return MG_FAIL(reader->err, MG_E_CONFIG, "%s: %s must be %.*s, not %s", origin_of(reader, value->line), setting->key, MG_FMT(allowed),
                   mg_toml_kind_name(value->kind));
}

static enum mg_code read_list(const struct toml_reader *reader, const struct mg_setting *setting, const struct mg_toml *array)
{
    list_of(reader->config, setting)->len = 0;
    for (size_t i = 0; i < array->items.len; i++) {
        const struct mg_toml *item = array->items.at[i];
        if (item->kind != MG_TOML_STRING)
            return wrong_type(reader, setting, item);
        if (!store_text(reader->config, setting, reader->arena, item->text))
            return refuse(setting, reader->arena, item->text, origin_of(reader, item->line), reader->err);
    }
    mg_setting_note_origin(reader->config, setting, origin_of(reader, array->line));
    return MG_OK;
}

/* Types are strict: no number in quotes, no float for a whole number. A whole number is a number, though. */
static enum mg_code read_setting(const struct toml_reader *reader, const struct mg_setting *setting, const struct mg_toml *value)
{
    bool stored;
    if (setting->kind == MG_SETTING_LIST && value->kind == MG_TOML_ARRAY)
        return read_list(reader, setting, value);
    if (setting->kind == MG_SETTING_INT && value->kind == MG_TOML_INTEGER)
        stored = store_int(reader->config, setting, value->integer);
    else if (setting->kind == MG_SETTING_FLOAT && value->kind == MG_TOML_INTEGER)
        stored = store_float(reader->config, setting, (double)value->integer);
    else if (setting->kind == MG_SETTING_FLOAT && value->kind == MG_TOML_FLOAT)
        stored = store_float(reader->config, setting, value->number);
    else if (setting->kind == MG_SETTING_BOOL && value->kind == MG_TOML_BOOL)
        stored = store_bool(reader->config, setting, value->boolean);
    else if ((setting->kind == MG_SETTING_TEXT || setting->kind == MG_SETTING_WORD) && value->kind == MG_TOML_STRING)
        stored = store_text(reader->config, setting, reader->arena, value->text);
    else
        return wrong_type(reader, setting, value);
    if (!stored)
        return refuse(setting, reader->arena, value->text, origin_of(reader, value->line), reader->err);
    mg_setting_note_origin(reader->config, setting, origin_of(reader, value->line));
    return MG_OK;
}

/* "mutation" for "mutation.level": whether any setting lives, or lived, in that table. */
static bool is_table(struct mg_str name)
{
    size_t count, old;
    const struct mg_setting *settings = mg_settings(&count);
    const struct mg_former *formers = mg_formers(&old);
    for (size_t i = 0; i < count + old; i++) {
        struct mg_str key = mg_str_from(i < count ? settings[i].key : formers[i - count].key);
        if (key.len > name.len && key.at[name.len] == '.' && mg_str_eq(mg_str_sub(key, 0, name.len), name))
            return true;
    }
    return false;
}

static enum mg_code unknown_table(const struct toml_reader *reader, struct mg_str name, uint32_t line)
{
    size_t count;
    const struct mg_setting *settings = mg_settings(&count);
    struct mg_str nearest = MG_NO_STR, shown = mg_str_sub(name, 0, 80);
    unsigned best = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        struct mg_str key = mg_str_from(settings[i].key), table = mg_str_sub(key, 0, mg_str_find(key, '.', 0));
        unsigned distance = table.len < key.len ? mg_edit_distance(name, table) : UINT32_MAX;
        if (distance < best) {
            best = distance;
            nearest = table;
        }
    }
    if (nearest.len && mg_near_enough(name, best))
        return MG_FAIL(reader->err, MG_E_CONFIG, "%s: unknown table [%.*s]; did you mean [%.*s]?", origin_of(reader, line), MG_FMT(shown),
                       MG_FMT(nearest));
    return MG_FAIL(reader->err, MG_E_CONFIG, "%s: unknown table [%.*s] (`mutagen --help` lists the keys)", origin_of(reader, line), MG_FMT(shown));
}

/* Settings are one or two names deep; anything deeper is unknown. */
static enum mg_code read_table(const struct toml_reader *reader, struct mg_str prefix, const struct mg_toml *table)
{
    for (size_t i = 0; i < table->entries.len; i++) {
        const struct mg_toml_entry *entry = &table->entries.at[i];
        struct mg_str key = prefix.len ? mg_arena_printf(reader->arena, "%.*s.%.*s", MG_FMT(prefix), MG_FMT(entry->key)) : entry->key;
        const struct mg_setting *setting = find_setting(key);
        if (setting && reader->source->inside_repo && !setting->harmless)
            *MG_PUSH(reader->arena, &reader->source->refused) =
                mg_arena_printf(reader->arena, "%.*s (line %u)", MG_FMT(mg_str_sub(key, 0, 60)), (unsigned)entry->line);
        else if (setting)
            MG_TRY(read_setting(reader, setting, entry->value));
        else if (entry->value->kind == MG_TOML_TABLE && !is_table(key))
            return unknown_table(reader, key, entry->value->line);
        else if (entry->value->kind == MG_TOML_TABLE)
            MG_TRY(read_table(reader, key, entry->value));
        else
            return unknown_key(key, origin_of(reader, entry->line), reader->err);
    }
    return MG_OK;
}

enum mg_code mg_config_read_toml(struct mg_config *config, struct mg_arena *arena, struct mg_str text, const char *file_name, struct mg_err *err)
{
    struct mg_toml_source source = { .file_name = file_name };
    return mg_config_read_source(config, arena, text, &source, err);
}

/* [tool.mutagen]; NULL when there is none. */
static const struct mg_toml *tool_table(const struct mg_toml *root)
{
    const struct mg_toml *tool = mg_toml_get(root, MG_STR("tool"));
    const struct mg_toml *ours = tool && tool->kind == MG_TOML_TABLE ? mg_toml_get(tool, MG_STR("mutagen")) : NULL;
    return ours && ours->kind == MG_TOML_TABLE ? ours : NULL;
}

enum mg_code mg_config_read_source(struct mg_config *config, struct mg_arena *arena, struct mg_str text, struct mg_toml_source *source,
                                   struct mg_err *err)
{
    struct toml_reader reader = { .config = config, .arena = arena, .source = source, .err = err };
    struct mg_toml *root;
    struct mg_err parse = { .code = MG_OK };
    source->found = false;
    if (mg_toml_read(arena, text, &root, &parse) != MG_OK) /* "line 12: why" becomes "file:12: why", as for every other message about the file */
        return MG_FAIL(err, MG_E_CONFIG, "%s:%s", source->file_name, parse.text + (mg_str_starts(mg_str_from(parse.text), "line ") ? 5 : 0));
    const struct mg_toml *table = source->tool_table ? tool_table(root) : root;
    source->found = table != NULL;
    return table ? read_table(&reader, MG_NO_STR, table) : MG_OK;
}
