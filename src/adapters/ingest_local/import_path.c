/* Finds the folders that stand on sys.path while tests run, without running anything. */
#include "adapters/ingest_local/import_path.h"

#include "adapters/ingest_local/file_class.h"
#include "adapters/ingest_local/ini.h"
#include "base/str.h"
#include "core/toml.h"
#include "os/file.h"

#include <dirent.h>
#include <string.h>

#define CONFIG_LIMIT ((size_t)256 << 10)
#define LONGEST_NAME 200
#define MOST_FOLDERS 2000
#define DEEPEST_FOLDER 4

static const char for_all, for_tests_only; /* their addresses are what mg_import_path.known holds */

static void add_folder(struct mg_import_path *path, struct mg_str folder)
{
    void **slot = mg_map_slot(&path->known, folder);
    if (*slot == &for_all || path->folders.len >= MOST_FOLDERS)
        return;
    *slot = (void *)(uintptr_t)&for_all;
    *MG_PUSH(path->arena, &path->folders) = folder;
}

bool mg_import_path_has(const struct mg_import_path *path, struct mg_str folder, bool for_tests)
{
    const void *kind = mg_map_get(&path->known, folder);
    return kind == &for_all || (kind && for_tests);
}

static bool is_file(const struct mg_import_path *path, struct mg_str folder, struct mg_str name)
{
    return path->copy.len &&
           mg_file_exists(mg_path_join(path->arena, folder.len ? mg_path_join(path->arena, path->copy, folder) : path->copy, name).at);
}

bool mg_import_path_is_package(const struct mg_import_path *path, struct mg_str folder)
{
    return folder.len && is_file(path, folder, MG_STR("__init__.py"));
}

static size_t count_folders(const struct mg_import_path *path, bool for_tests)
{
    return path->folders.len + (for_tests ? path->test_folders.len : 0);
}

static struct mg_str folder_at(const struct mg_import_path *path, size_t i)
{
    return i < path->folders.len ? path->folders.at[i] : path->test_folders.at[i - path->folders.len];
}

static bool has_python(const struct mg_import_path *path, struct mg_str folder, unsigned depth)
{
    DIR *directory = depth < DEEPEST_FOLDER ? opendir(mg_arena_cstr(path->arena, folder)) : NULL;
    bool found = false;
    for (struct dirent *entry; directory && !found && (entry = readdir(directory)) != NULL;) {
        struct mg_str name = mg_str_from(entry->d_name);
        found = mg_str_ends(name, ".py") ||
                (mg_str_find(name, '.', 0) == name.len && has_python(path, mg_path_join(path->arena, folder, name), depth + 1));
    }
    if (directory)
        closedir(directory);
    return found;
}

bool mg_import_path_holds_part(const struct mg_import_path *path, struct mg_str name, bool for_tests)
{
    for (size_t i = 0; path->copy.len && i < count_folders(path, for_tests); i++) {
        struct mg_str folder = folder_at(path, i);
        if (has_python(path, mg_path_join(path->arena, folder.len ? mg_path_join(path->arena, path->copy, folder) : path->copy, name), 0))
            return true;
    }
    return false;
}

bool mg_import_path_holds(const struct mg_import_path *path, struct mg_str name, bool for_tests)
{
    struct mg_str module = mg_arena_printf(path->arena, "%.*s.py", MG_FMT(name)),
                  package = mg_arena_printf(path->arena, "%.*s/__init__.py", MG_FMT(name));
    for (size_t i = 0; i < count_folders(path, for_tests); i++) {
        struct mg_str folder = folder_at(path, i);
        if (is_file(path, folder, module) || is_file(path, folder, package))
            return true;
    }
    return false;
}

/* ---- what tests put there ---- */

/* "scripts" and "../lib" in quotes: as far as there is such a folder beside the file or further up. */
static void add_named(struct mg_import_path *path, struct mg_str folder, struct mg_str name)
{
    while (mg_str_starts(name, "../") || mg_str_starts(name, "./") || mg_str_starts(name, "/"))
        name = mg_str_sub(name, mg_str_find(name, '/', 0) + 1, name.len);
    if (name.len == 0 || name.len > LONGEST_NAME || !mg_path_stays_inside(name))
        return;
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.at[i] <= ' ')
            return;
    for (bool more = true; more; folder = mg_path_folder(folder)) {
        struct mg_str one = folder.len ? mg_path_join(path->arena, folder, name) : name;
        if (mg_file_is_dir(mg_path_join(path->arena, path->copy, one).at))
            add_folder(path, one);
        more = folder.len > 0;
    }
}

static void read_text(struct mg_import_path *path, const struct mg_source_file *file)
{
    struct mg_str folder = mg_path_folder(file->path), up = folder;
    if (path->copy.len == 0 || !mg_str_contains(file->text, "sys.path"))
        return;
    for (bool more = true; more; up = mg_path_folder(up)) { /* dirname(dirname(__file__)) */
        add_folder(path, up);
        more = up.len > 0;
    }
    struct mg_str rest = file->text, line, quoted;
    while (mg_str_next_line(&rest, &line))
        while (mg_str_next_quoted(&line, &quoted))
            add_named(path, folder, quoted);
}

/* What pytest puts there for a file that it imports. */
static void add_file(struct mg_import_path *path, const struct mg_source_file *file)
{
    struct mg_str folder = mg_path_folder(file->path);
    while (mg_import_path_is_package(path, folder))
        folder = mg_path_folder(folder);
    void **slot = mg_map_slot(&path->known, folder);
    if (!*slot && path->test_folders.len < MOST_FOLDERS) {
        *slot = (void *)(uintptr_t)&for_tests_only;
        *MG_PUSH(path->arena, &path->test_folders) = folder;
    }
    read_text(path, file);
}

/* ---- what pytest's settings put there ---- */

static void add_words(struct mg_arena *arena, struct mg_str line, struct mg_str_list *folders)
{
    struct mg_str word;
    while (mg_str_next_part(&line, ' ', &word)) {
        while (mg_str_starts(word, "./"))
            word = mg_str_sub(word, 2, word.len);
        while (mg_str_ends(word, "/"))
            word = mg_str_sub(word, 0, word.len - 1);
        if (word.len && mg_path_stays_inside(word))
            *MG_PUSH(arena, folders) = mg_str_is(word, ".") ? MG_STR("") : word;
    }
}

static void read_ini(struct mg_arena *arena, struct mg_str text, struct mg_str_list *folders)
{
    static const char *const sections[] = { "pytest", "tool:pytest" };
    struct mg_ini ini;
    mg_ini_read(arena, text, &ini);
    for (size_t i = 0; i < MG_COUNT(sections); i++) {
        const struct mg_ini_value *value = mg_ini_get(&ini, mg_str_from(sections[i]), MG_STR("pythonpath"));
        for (size_t n = 0; value && n < value->lines.len; n++)
            add_words(arena, value->lines.at[n], folders);
    }
}

static void read_pyproject(struct mg_arena *arena, struct mg_str text, struct mg_str_list *folders)
{
    static const char *const keys[] = { "tool", "pytest", "ini_options", "pythonpath" };
    struct mg_toml *value;
    if (mg_toml_read(arena, text, &value, NULL) != MG_OK)
        return;
    for (size_t i = 0; value && i < MG_COUNT(keys); i++)
        value = value->kind == MG_TOML_TABLE ? mg_toml_get(value, mg_str_from(keys[i])) : NULL;
    if (value && value->kind == MG_TOML_STRING)
        add_words(arena, value->text, folders);
    for (size_t i = 0; value && value->kind == MG_TOML_ARRAY && i < value->items.len; i++)
        if (value->items.at[i]->kind == MG_TOML_STRING)
            add_words(arena, value->items.at[i]->text, folders);
}

void mg_pytest_pythonpath(struct mg_arena *arena, struct mg_str repo, struct mg_str_list *folders)
{
    static const char *const files[] = { "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml" };
    struct mg_str text;
    for (size_t i = 0; repo.len && i < MG_COUNT(files); i++)
        if (mg_file_read(arena, mg_path_join(arena, repo, mg_str_from(files[i])).at, CONFIG_LIMIT, &text, NULL) == MG_OK) {
            if (mg_str_ends(mg_str_from(files[i]), ".toml"))
                read_pyproject(arena, text, folders);
            else
                read_ini(arena, text, folders);
        }
}

void mg_import_path_read(const struct mg_repo *repo, struct mg_arena *arena, struct mg_import_path *path)
{
    struct mg_str_list named = { .len = 0 };
    *path = (struct mg_import_path){ .arena = arena, .copy = repo->copy };
    mg_map_init(&path->known, arena);
    add_folder(path, MG_STR(""));
    for (size_t i = 0; i < repo->import_roots.len; i++)
        add_folder(path, repo->import_roots.at[i]);
    for (size_t i = 0; i < repo->conftests.len; i++)
        add_file(path, &repo->conftests.at[i]);
    for (size_t i = 0; i < repo->test_files.len; i++)
        add_file(path, &repo->test_files.at[i]);
    mg_pytest_pythonpath(arena, repo->copy, &named);
    for (size_t i = 0; i < named.len; i++)
        add_folder(path, named.at[i]);
}
