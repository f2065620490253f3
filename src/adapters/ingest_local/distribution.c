/* Reads pyproject.toml first, then setup.cfg, then setup.py: each adds what those before it do not say. */
#include "adapters/ingest_local/distribution.h"

#include "adapters/ingest_local/choose.h"
#include "adapters/ingest_local/ini.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/toml.h"
#include "os/file.h"

#include <string.h>

#define FILE_LIMIT ((size_t)1 << 20)
#define LONGEST_WORD 200

struct reading {
    struct mg_arena *arena;
    const struct mg_repo *repo;
    struct mg_distribution *out;
    struct mg_buf texts;
};

static bool is_alnum(char byte) { return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9'); }

/* They become names of files and lines of code. */
static bool is_word(struct mg_str text, const char *marks)
{
    if (text.len == 0 || text.len > LONGEST_WORD || !(is_alnum(text.at[0]) || text.at[0] == '_'))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_alnum(text.at[i]) && !(text.at[i] && strchr(marks, text.at[i])))
            return false;
    return true;
}

static void set_name(struct reading *reading, struct mg_str name)
{
    if (reading->out->name.len == 0 && is_word(name, "-_."))
        reading->out->name = mg_arena_str(reading->arena, name);
}

static void set_version(struct reading *reading, struct mg_str version)
{
    if (reading->out->version.len == 0 && is_word(version, "-_.+!"))
        reading->out->version = mg_arena_str(reading->arena, version);
}

/* `object` may end in extras: "pkg.cli:main [color]". */
static void add_entry(struct reading *reading, struct mg_str group, struct mg_str name, struct mg_str object)
{
    object = mg_str_trim(mg_str_sub(object, 0, mg_str_find(object, '[', 0)));
    name = mg_str_trim(name);
    if (!is_word(group, "-_.") || !is_word(name, "-_.") || !is_word(object, "_.:"))
        return;
    for (size_t i = 0; i < reading->out->entries.len; i++)
        if (mg_str_eq(reading->out->entries.at[i].group, group) && mg_str_eq(reading->out->entries.at[i].name, name))
            return;
    *MG_PUSH(reading->arena, &reading->out->entries) = (struct mg_entry_point){ .group = mg_arena_str(reading->arena, group),
                                                                                .name = mg_arena_str(reading->arena, name),
                                                                                .object = mg_arena_str(reading->arena, object) };
}

/* "name = pkg.module:attribute" */
static void add_line(struct reading *reading, struct mg_str group, struct mg_str line)
{
    size_t equals = mg_str_find(line, '=', 0);
    if (equals < line.len)
        add_entry(reading, group, mg_str_sub(line, 0, equals), mg_str_sub(line, equals + 1, line.len));
}

static struct mg_str text_of(const struct mg_toml *table, const char *key)
{
    const struct mg_toml *value = mg_toml_find(table, key);
    return value && value->kind == MG_TOML_STRING ? value->text : MG_NO_STR;
}

static void read_group(struct reading *reading, struct mg_str group, const struct mg_toml *table)
{
    for (size_t i = 0; table && table->kind == MG_TOML_TABLE && i < table->entries.len; i++)
        if (table->entries.at[i].value->kind == MG_TOML_STRING)
            add_entry(reading, group, table->entries.at[i].key, table->entries.at[i].value->text);
}

/* `scripts` and the like are groups with a table of their own; `others` is the table of all the rest. */
static void read_table(struct reading *reading, const struct mg_toml *table, const char *others)
{
    const struct mg_toml *groups = mg_toml_find(table, others);
    set_name(reading, text_of(table, "name"));
    set_version(reading, text_of(table, "version"));
    read_group(reading, MG_STR("console_scripts"), mg_toml_find(table, "scripts"));
    read_group(reading, MG_STR("gui_scripts"), mg_toml_find(table, "gui-scripts"));
    for (size_t i = 0; groups && groups->kind == MG_TOML_TABLE && i < groups->entries.len; i++)
        read_group(reading, groups->entries.at[i].key, groups->entries.at[i].value);
}

static bool read_file(struct reading *reading, const char *name, struct mg_str *text)
{
    struct mg_str path = mg_path_join(reading->arena, reading->repo->copy, mg_str_from(name));
    if (mg_file_read(reading->arena, path.at, FILE_LIMIT, text, NULL) != MG_OK)
        return false;
    mg_buf_add(&reading->texts, *text);
    return true;
}

static void read_setup_cfg(struct reading *reading, struct mg_str text)
{
    struct mg_ini ini;
    mg_ini_read(reading->arena, text, &ini);
    for (size_t i = 0; i < ini.values.len; i++) {
        const struct mg_ini_value *value = &ini.values.at[i];
        struct mg_str first = value->lines.len ? value->lines.at[0] : MG_NO_STR;
        if (mg_str_is(value->section, "metadata") && mg_str_is(value->key, "name"))
            set_name(reading, first);
        if (mg_str_is(value->section, "metadata") && mg_str_is(value->key, "version"))
            set_version(reading, first); /* "attr: pkg.__version__" is no version */
        for (size_t k = 0; k < value->lines.len && mg_str_is(value->section, "options.entry_points"); k++)
            add_line(reading, value->key, value->lines.at[k]);
    }
}

/* The text behind `key` and an equals sign, where it is one. */
static struct mg_str quoted_behind(struct mg_str text, const char *key)
{
    struct mg_str line, quoted;
    while (mg_str_next_line(&text, &line)) {
        size_t equals = mg_str_find(line, '=', 0);
        struct mg_str before = mg_str_trim(mg_str_sub(line, 0, equals)), behind = mg_str_trim(mg_str_sub(line, equals + 1, line.len));
        if (mg_str_starts(before, "setup("))
            before = mg_str_trim(mg_str_sub(before, 6, before.len));
        if (mg_str_is(before, key) && behind.len && (behind.at[0] == '"' || behind.at[0] == '\'') && mg_str_next_quoted(&behind, &quoted))
            return quoted;
    }
    return MG_NO_STR;
}

/* Quoted texts behind the word: one that is an entry belongs to the last one that is none. */
static void read_setup_py(struct reading *reading, struct mg_str text)
{
    const char *first = text.len ? memmem(text.at, text.len, "entry_points", 12) : NULL;
    struct mg_str quoted, group = MG_NO_STR, line;
    set_name(reading, quoted_behind(text, "name"));
    set_version(reading, quoted_behind(text, "version"));
    text = first ? mg_str_sub(text, (size_t)(first - text.at), text.len) : MG_NO_STR;
    while (mg_str_next_line(&text, &line))
        while (mg_str_next_quoted(&line, &quoted))
            if (mg_str_find(quoted, '=', 0) < quoted.len)
                add_line(reading, group, quoted);
            else
                group = quoted;
}

/* Where builds look, too: the first `__version__ = "…"` of a file that is called like one that has it. */
static struct mg_str version_of_sources(const struct mg_repo *repo)
{
    static const char *const names[] = { "__init__.py", "_version.py", "__version__.py", "version.py", "__about__.py", "about.py" };
    for (size_t i = 0; i < repo->sources.len; i++)
        if (MG_STR_IN(mg_path_base(repo->sources.at[i].path), names)) {
            struct mg_str found = quoted_behind(repo->sources.at[i].text, "__version__");
            if (found.len)
                return found;
        }
    return MG_NO_STR;
}

void mg_distribution_read(struct mg_arena *arena, const struct mg_repo *repo, struct mg_distribution *distribution)
{
    struct reading reading = { .arena = arena, .repo = repo, .out = distribution, .texts = MG_BUF(3 * FILE_LIMIT) };
    struct mg_str text;
    struct mg_toml *root;
    *distribution = (struct mg_distribution){ .name = MG_NO_STR };
    if (repo->copy.len == 0)
        return;
    if (read_file(&reading, "pyproject.toml", &text) && mg_toml_read(arena, text, &root, NULL) == MG_OK) {
        read_table(&reading, mg_toml_find(root, "project"), "entry-points");
        read_table(&reading, mg_toml_find(mg_toml_find(root, "tool"), "poetry"), "plugins");
    }
    if (read_file(&reading, "setup.cfg", &text))
        read_setup_cfg(&reading, text);
    if (read_file(&reading, "setup.py", &text))
        read_setup_py(&reading, text);
    distribution->text = mg_buf_take(&reading.texts, arena);
    set_version(&reading, version_of_sources(repo));
    set_version(&reading, MG_STR("0.0.0"));
}
