/* Reads lock files of uv, poetry, pdm, pipenv, and the one of PEP 751. All but pipenv's are TOML with a table for each package. */
#include "adapters/ingest_local/lock.h"

#include "base/base.h"
#include "base/map.h"
#include "base/str.h"
#include "core/toml.h"
#include "os/file.h"

#include <string.h>
#include <yyjson.h>

#define FILE_LIMIT ((size_t)16 << 20)
#define LONGEST_MARKER 2000

struct package {
    struct mg_str name, version, marker;
};
struct reading {
    struct mg_arena *arena;
    MG_LIST(struct package) all;
};

/* They become lines that an installer reads, so nothing may be in them that means anything else there. */
static bool is_plain(struct mg_str text)
{
    static const char others[] = "._-+!";
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.at[i];
        bool alnum = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        if (!alnum && (byte == '\0' || !strchr(others, byte)))
            return false;
    }
    return text.len > 0 && text.at[0] != '-';
}

static bool is_marker(struct mg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == '#' || text.at[i] == '$' || text.at[i] == '\\')
            return false;
    return text.len > 0 && text.len <= LONGEST_MARKER;
}

static void add(struct reading *reading, struct mg_str name, struct mg_str version, struct mg_str marker)
{
    if (is_plain(name) && is_plain(version))
        *MG_PUSH(reading->arena, &reading->all) =
            (struct package){ .name = name, .version = version, .marker = is_marker(marker) ? marker : MG_NO_STR };
}

/* ---- TOML ---- */

static struct mg_str text_of(const struct mg_toml *table, const char *key)
{
    const struct mg_toml *value = mg_toml_find(table, key);
    return value && value->kind == MG_TOML_STRING ? value->text : MG_NO_STR;
}

/* A folder, a repository or an address is where the version comes from: an index may have another one under that name. */
static bool is_of_index(const struct mg_toml *package)
{
    static const char *const elsewhere[] = { "git", "url", "path", "editable", "vcs", "directory", "archive", "virtual" };
    const struct mg_toml *source = mg_toml_find(package, "source");
    struct mg_str type = text_of(source, "type");
    for (size_t i = 0; i < MG_COUNT(elsewhere); i++)
        if (mg_toml_find(package, elsewhere[i]) || mg_str_is(type, elsewhere[i]) || (type.len == 0 && mg_toml_find(source, elsewhere[i])))
            return false;
    return !mg_str_is(type, "file");
}

/* One text, or uv's list of those under which a fork of the resolution holds. */
static struct mg_str marker_of(struct mg_arena *arena, const struct mg_toml *package)
{
    const struct mg_toml *forks = mg_toml_find(package, "resolution-markers");
    struct mg_str one = text_of(package, "markers"), all = MG_NO_STR;
    if (one.len == 0)
        one = text_of(package, "marker");
    for (size_t i = 0; one.len == 0 && forks && forks->kind == MG_TOML_ARRAY && i < forks->items.len; i++)
        if (forks->items.at[i]->kind == MG_TOML_STRING)
            all = mg_arena_printf(arena, "%.*s%s(%.*s)", MG_FMT(all), all.len ? " or " : "", MG_FMT(forks->items.at[i]->text));
    return one.len ? one : all;
}

static bool read_toml(struct reading *reading, struct mg_str text, const char *list)
{
    struct mg_toml *root;
    if (mg_toml_read(reading->arena, text, &root, NULL) != MG_OK)
        return false;
    const struct mg_toml *packages = mg_toml_find(root, list);
    for (size_t i = 0; packages && packages->kind == MG_TOML_ARRAY && i < packages->items.len; i++) {
        const struct mg_toml *package = packages->items.at[i];
        if (is_of_index(package))
            add(reading, text_of(package, "name"), text_of(package, "version"), marker_of(reading->arena, package));
    }
    return true;
}

/* ---- Pipfile.lock ---- */

static struct mg_str json_text(struct mg_arena *arena, yyjson_val *value)
{
    return yyjson_is_str(value) ? mg_arena_str(arena, (struct mg_str){ yyjson_get_str(value), yyjson_get_len(value) }) : MG_NO_STR;
}

static bool read_pipfile(struct reading *reading, struct mg_str text)
{
    static const char *const sections[] = { "default", "develop" };
    yyjson_doc *doc = yyjson_read(text.at, text.len, 0);
    bool good = doc != NULL;
    for (size_t i = 0; good && i < MG_COUNT(sections); i++) {
        size_t at, count;
        yyjson_val *key, *package;
        yyjson_obj_foreach(yyjson_obj_get(yyjson_doc_get_root(doc), sections[i]), at, count, key, package)
        {
            struct mg_str version = json_text(reading->arena, yyjson_obj_get(package, "version"));
            if (mg_str_starts(version, "=="))
                add(reading, json_text(reading->arena, key), mg_str_sub(version, 2, version.len),
                    json_text(reading->arena, yyjson_obj_get(package, "markers")));
        }
    }
    yyjson_doc_free(doc);
    return good;
}

/* ---- what is told of them ---- */

/* "Foo.Bar" and "foo-bar" are one. */
static struct mg_str normal(struct mg_arena *arena, struct mg_str name)
{
    struct mg_str copy = mg_arena_str(arena, name);
    for (char *at = (char *)(uintptr_t)copy.at; *at; at++)
        *at = (char)(*at == '_' || *at == '.' ? '-' : *at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    return copy;
}

/* How many versions each name has; those that are told twice (with an extra) count once. */
struct versions {
    struct mg_str first;
    bool several;
};

static void tell(const struct reading *reading, struct mg_lock *lock)
{
    struct mg_map by_name, told;
    mg_map_init(&by_name, reading->arena);
    mg_map_init(&told, reading->arena);
    for (size_t i = 0; i < reading->all.len; i++) {
        void **slot = mg_map_slot(&by_name, normal(reading->arena, reading->all.at[i].name));
        struct versions *seen = *slot ? *slot : MG_NEW(reading->arena, struct versions);
        if (!*slot)
            seen->first = reading->all.at[i].version;
        *slot = seen;
        seen->several |= !mg_str_eq(seen->first, reading->all.at[i].version);
    }
    for (size_t i = 0; i < reading->all.len; i++) {
        const struct package *package = &reading->all.at[i];
        const struct versions *seen = mg_map_get(&by_name, normal(reading->arena, package->name));
        if (seen->several && package->marker.len == 0)
            continue;
        struct mg_str line = seen->several ? mg_arena_printf(reading->arena, "%.*s==%.*s; %.*s", MG_FMT(package->name), MG_FMT(package->version),
                                                             MG_FMT(package->marker))
                                           : mg_arena_printf(reading->arena, "%.*s==%.*s", MG_FMT(package->name), MG_FMT(package->version));
        void **slot = mg_map_slot(&told, line);
        if (!*slot)
            *MG_PUSH(reading->arena, &lock->versions) = line;
        *slot = lock;
    }
}

void mg_lock_read(struct mg_arena *arena, struct mg_str copy, struct mg_lock *lock)
{
    static const struct {
        const char *name, *list;
    } files[] = {
        { "uv.lock", "package" }, { "poetry.lock", "package" }, { "pdm.lock", "package" }, { "Pipfile.lock", NULL }, { "pylock.toml", "packages" }
    };
    *lock = (struct mg_lock){ .name = NULL };
    for (size_t i = 0; i < MG_COUNT(files) && !lock->name; i++) {
        struct reading reading = { .arena = arena };
        struct mg_str text;
        if (mg_file_read(arena, mg_path_join(arena, copy, mg_str_from(files[i].name)).at, FILE_LIMIT, &text, NULL) != MG_OK)
            continue;
        if (!(files[i].list ? read_toml(&reading, text, files[i].list) : read_pipfile(&reading, text)) || reading.all.len == 0)
            continue;
        lock->name = files[i].name;
        tell(&reading, lock);
    }
}
