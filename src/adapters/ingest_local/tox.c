/* Reads tox's configuration in all its forms, without tox. */
#include "adapters/ingest_local/tox.h"

#include "adapters/ingest_local/ini.h"
#include "base/buf.h"
#include "base/str.h"
#include "os/file.h"

#include <string.h>

#define FILE_LIMIT ((size_t)256 << 10)
#define DEEPEST_REFERENCE 50

struct reading {
    struct mg_arena *arena;
    struct mg_str copy;
    int64_t minor;
    struct mg_ini ini;
    struct mg_str env; /* name of the one that is read */
    struct mg_tox *out;
};

/* ---- lines ---- */

/* In setup.cfg tox's sections may have a prefix. */
static struct mg_ini_value *value_of(const struct reading *reading, struct mg_str section, struct mg_str key)
{
    struct mg_ini_value *value = mg_ini_get(&reading->ini, section, key);
    return value ? value : mg_ini_get(&reading->ini, mg_arena_printf(reading->arena, "tox:%.*s", MG_FMT(section)), key);
}

/* The condition of "py311: pytest"; empty = none. */
static struct mg_str condition_of(struct mg_str line)
{
    for (size_t i = 0; i < line.len; i++) {
        char byte = line.at[i];
        bool word = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || strchr(" {}.,!_-", byte);
        if (byte == ':' && i > 0 && i + 1 < line.len && (line.at[i + 1] == ' ' || line.at[i + 1] == '\t'))
            return mg_str_sub(line, 0, i);
        if (!word)
            break;
    }
    return MG_NO_STR;
}

/* The copy's folder is ".", {env:NAME:default} its default. *known is false when something else is left. */
static struct mg_str substituted(struct reading *reading, struct mg_str line, bool *known)
{
    static const struct {
        const char *name, *text;
    } simple[] = { { "{toxinidir}", "." }, { "{tox_root}", "." }, { "{/}", "/" } };
    struct mg_buf out = MG_BUF(4096);
    *known = true;
    for (size_t taken; line.len; line = mg_str_sub(line, taken, line.len)) {
        size_t colon = mg_str_find(line, ':', strlen("{env:")), close = mg_str_find(line, '}', 0);
        taken = 0;
        for (size_t i = 0; i < MG_COUNT(simple) && !taken; i++)
            if (mg_str_starts(line, simple[i].name)) {
                mg_buf_adds(&out, simple[i].text);
                taken = strlen(simple[i].name);
            }
        if (!taken && mg_str_starts(line, "{env:") && colon < close && close < line.len) {
            mg_buf_add(&out, mg_str_sub(line, colon + 1, close));
            taken = close + 1;
        } else if (!taken) {
            *known &= line.at[0] != '{' && line.at[0] != '}';
            mg_buf_addc(&out, line.at[0]);
            taken = 1;
        }
    }
    *known &= !out.overflow;
    return mg_buf_take(&out, reading->arena);
}

static bool is_plain(struct mg_str word)
{
    for (size_t i = 0; i < word.len; i++) {
        char byte = word.at[i];
        if (!((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '.' || byte == '_' ||
              byte == '-'))
            return false;
    }
    return word.len > 0;
}

static void add_words(struct reading *reading, struct mg_str text, struct mg_str_list *names)
{
    struct mg_str word;
    while (mg_str_next_part(&text, ',', &word)) {
        word = mg_str_trim(word);
        if (is_plain(word))
            *MG_PUSH(reading->arena, names) = word;
    }
}

/* X of "-r X", "-rX", "--requirement=X"; empty for other lines. */
static struct mg_str behind_option(struct mg_str line, const char *brief, const char *full)
{
    const char *option = mg_str_starts(line, full) ? full : mg_str_starts(line, brief) ? brief : NULL;
    struct mg_str rest = option ? mg_str_trim(mg_str_sub(line, strlen(option), line.len)) : MG_NO_STR;
    return mg_str_starts(rest, "=") ? mg_str_trim(mg_str_sub(rest, 1, rest.len)) : rest;
}

static void add_file(struct reading *reading, struct mg_str file)
{
    while (mg_str_starts(file, "./"))
        file = mg_str_sub(file, 2, file.len);
    if (mg_path_stays_inside(file) && mg_file_exists(mg_path_join(reading->arena, reading->copy, file).at))
        *MG_PUSH(reading->arena, &reading->out->files) = file;
}

/* A folder is left out: it would be built with the user's credentials, and nothing says that it is of a package. */
static void add_requirement(struct reading *reading, struct mg_str line)
{
    struct mg_str file = behind_option(line, "-r", "--requirement"), itself = behind_option(line, "-e", "--editable");
    itself = itself.len ? itself : line;
    if (file.len)
        add_file(reading, file);
    else if (mg_str_starts(itself, ".[") || mg_str_starts(itself, "./["))
        add_words(reading, mg_str_sub(itself, mg_str_find(itself, '[', 0) + 1, mg_str_find(itself, ']', 0)), &reading->out->extras);
    else if (line.at[0] != '-' && line.at[0] != '.' && !mg_str_starts(line, "file:") && !mg_str_contains(line, "@ file:") &&
             (mg_str_contains(line, "://") || mg_str_find(line, '/', 0) == line.len))
        *MG_PUSH(reading->arena, &reading->out->requirements) = line;
}

enum what { REQUIREMENTS, EXTRAS, GROUPS };

/* Each value once, however often others refer to it. */
static void read_lines(struct reading *reading, struct mg_ini_value *value, enum what what, unsigned depth)
{
    if (!value || value->seen || depth > DEEPEST_REFERENCE)
        return;
    value->seen = true;
    for (size_t i = 0; i < value->lines.len; i++) {
        struct mg_str line = value->lines.at[i], condition = condition_of(line);
        bool known;
        if (condition.len)
            line = mg_str_trim(mg_str_sub(line, condition.len + 1, line.len));
        if (condition.len && !mg_env_has(reading->arena, reading->env, reading->minor, condition))
            continue;
        size_t close = mg_str_find(line, ']', 0);
        if (mg_str_starts(line, "{[") && close < line.len) { /* {[section]key} */
            struct mg_str key = mg_str_sub(line, close + 1, mg_str_find(line, '}', close));
            read_lines(reading, value_of(reading, mg_str_sub(line, 2, close), key), what, depth + 1);
            continue;
        }
        line = mg_str_trim(substituted(reading, line, &known));
        if (!known || line.len == 0)
            continue;
        if (what == REQUIREMENTS)
            add_requirement(reading, line);
        else
            add_words(reading, line, what == EXTRAS ? &reading->out->extras : &reading->out->groups);
    }
}

/* ---- which environment ---- */

/* NAME of "testenv:NAME"; empty for other sections. */
static struct mg_str env_of_section(struct mg_str section)
{
    if (mg_str_starts(section, "tox:"))
        section = mg_str_sub(section, 4, section.len);
    return mg_str_starts(section, "testenv:") ? mg_str_sub(section, 8, section.len) : MG_NO_STR;
}

static size_t factor_count(struct mg_str name)
{
    size_t count = 0;
    struct mg_str factor;
    while (mg_str_next_part(&name, '-', &factor))
        count++;
    return count;
}

/* The best one; of equals one with few factors, and of these the last, where the newest versions stand. */
static void choose(struct reading *reading)
{
    struct mg_str_list names = { .len = 0 };
    static const char *const keys[] = { "envlist", "env_list" };
    for (size_t i = 0; i < MG_COUNT(keys); i++) {
        const struct mg_ini_value *list = value_of(reading, MG_STR("tox"), mg_str_from(keys[i]));
        for (size_t n = 0; list && n < list->lines.len; n++)
            mg_envs_expand(reading->arena, list->lines.at[n], &names);
    }
    for (size_t i = 0; i < reading->ini.values.len; i++)
        mg_envs_expand(reading->arena, env_of_section(reading->ini.values.at[i].section), &names);
    unsigned best = 0;
    reading->env = mg_arena_printf(reading->arena, "py3%d", (int)reading->minor);
    for (size_t i = 0; i < names.len; i++) {
        unsigned suits = mg_env_suits(names.at[i], reading->minor);
        if (suits > best || (suits == best && best && factor_count(names.at[i]) <= factor_count(reading->env))) {
            best = suits;
            reading->env = names.at[i];
        }
    }
}

/* Its own section, which may stand for several, else the one of all. */
static struct mg_ini_value *setting(const struct reading *reading, const char *key)
{
    for (size_t i = reading->ini.values.len; i-- > 0;) {
        struct mg_ini_value *value = &reading->ini.values.at[i];
        struct mg_str_list names = { .len = 0 };
        if (!mg_str_is(value->key, key))
            continue;
        mg_envs_expand(reading->arena, env_of_section(value->section), &names);
        for (size_t n = 0; n < names.len; n++)
            if (mg_str_eq(names.at[n], reading->env))
                return value;
    }
    return value_of(reading, MG_STR("testenv"), mg_str_from(key));
}

/* ---- where it stands ---- */

/* tox.ini and setup.cfg may be there for others only. */
static bool is_of_tox(const struct mg_ini *ini)
{
    for (size_t i = 0; i < ini->values.len; i++) {
        struct mg_str section = ini->values.at[i].section;
        if (mg_str_is(section, "tox") || mg_str_starts(section, "tox:") || mg_str_is(section, "testenv") || mg_str_starts(section, "testenv:"))
            return true;
    }
    return false;
}

/* A text, or { replace = "ref", of = ["env", "test", "deps"] }, as the line of INI that says the same. */
static void take_item(struct reading *reading, struct mg_str section, struct mg_str key, const struct mg_toml *item)
{
    const struct mg_toml *of = mg_toml_find(item, "of");
    struct mg_str text = item->kind == MG_TOML_STRING ? item->text : MG_NO_STR, line;
    if (of && of->kind == MG_TOML_ARRAY && of->items.len >= 2 && of->items.at[0]->kind == MG_TOML_STRING &&
        of->items.at[of->items.len - 1]->kind == MG_TOML_STRING && of->items.at[1]->kind == MG_TOML_STRING)
        text = of->items.len == 2 ? mg_arena_printf(reading->arena, "{[testenv]%.*s}", MG_FMT(of->items.at[1]->text))
                                  : mg_arena_printf(reading->arena, "{[testenv:%.*s]%.*s}", MG_FMT(of->items.at[1]->text),
                                                    MG_FMT(of->items.at[of->items.len - 1]->text));
    while (mg_str_next_line(&text, &line))
        mg_ini_add(reading->arena, &reading->ini, section, key, line);
}

static void take_table(struct reading *reading, struct mg_str section, const struct mg_toml *table)
{
    static const char *const keys[] = { "deps", "extras", "dependency_groups", "env_list" };
    for (size_t i = 0; i < MG_COUNT(keys); i++) {
        const struct mg_toml *value = mg_toml_find(table, keys[i]);
        if (value && value->kind != MG_TOML_ARRAY)
            take_item(reading, section, mg_str_from(keys[i]), value);
        for (size_t n = 0; value && value->kind == MG_TOML_ARRAY && n < value->items.len; n++)
            take_item(reading, section, mg_str_from(keys[i]), value->items.at[n]);
        if (value && value->kind == MG_TOML_ARRAY && value->items.len == 0) /* none, whatever holds for all */
            mg_ini_add(reading->arena, &reading->ini, section, mg_str_from(keys[i]), MG_STR(""));
    }
}

static void take_native(struct reading *reading, const struct mg_toml *root)
{
    const struct mg_toml *envs = mg_toml_find(root, "env");
    take_table(reading, MG_STR("tox"), root);
    take_table(reading, MG_STR("testenv"), mg_toml_find(root, "env_run_base"));
    for (size_t i = 0; envs && envs->kind == MG_TOML_TABLE && i < envs->entries.len; i++)
        take_table(reading, mg_arena_printf(reading->arena, "testenv:%.*s", MG_FMT(envs->entries.at[i].key)), envs->entries.at[i].value);
}

static bool read_file(struct reading *reading, const char *name, struct mg_str *text)
{
    return mg_file_read(reading->arena, mg_path_join(reading->arena, reading->copy, mg_str_from(name)).at, FILE_LIMIT, text, NULL) == MG_OK;
}

static bool find(struct reading *reading, const struct mg_toml *pyproject)
{
    static const char *const files[] = { "tox.ini", "setup.cfg" };
    const struct mg_toml *tool = mg_toml_find(mg_toml_find(pyproject, "tool"), "tox"), *legacy = mg_toml_find(tool, "legacy_tox_ini");
    struct mg_toml *root;
    struct mg_str text;
    for (size_t i = 0; i < MG_COUNT(files); i++) {
        if (read_file(reading, files[i], &text))
            mg_ini_read(reading->arena, text, &reading->ini);
        if (is_of_tox(&reading->ini))
            return true;
    }
    reading->ini = (struct mg_ini){ .values = { 0 } };
    if (legacy && legacy->kind == MG_TOML_STRING)
        mg_ini_read(reading->arena, legacy->text, &reading->ini);
    else if (tool)
        take_native(reading, tool);
    else if (read_file(reading, "tox.toml", &text) && mg_toml_read(reading->arena, text, &root, NULL) == MG_OK)
        take_native(reading, root);
    return is_of_tox(&reading->ini);
}

void mg_tox_read(struct mg_arena *arena, struct mg_str copy, const struct mg_toml *pyproject, int64_t minor, struct mg_tox *tox)
{
    struct reading reading = { .arena = arena, .copy = copy, .minor = minor, .out = tox };
    *tox = (struct mg_tox){ .requirements = { .len = 0 } };
    if (!find(&reading, pyproject))
        return;
    choose(&reading);
    read_lines(&reading, setting(&reading, "deps"), REQUIREMENTS, 0);
    read_lines(&reading, setting(&reading, "extras"), EXTRAS, 0);
    read_lines(&reading, setting(&reading, "dependency_groups"), GROUPS, 0);
}
