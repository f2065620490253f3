/* See stand_in.h. */
#include "adapters/ingest_local/stand_in.h"

#include "base/buf.h"
#include "base/str.h"
#include "core/toml.h"
#include "os/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_LIMIT ((size_t)4 << 20)
#define TEXT "__version__ = version = \"0.0.0\"\n__version_tuple__ = version_tuple = (0, 0, 0)\n__commit_id__ = commit_id = None\n"

/* Where each tool is told which file to write. */
static const char *const places[][6] = {
    { "tool", "setuptools_scm", "version_file", NULL },
    { "tool", "setuptools_scm", "write_to", NULL },
    { "tool", "hatch", "build", "hooks", "vcs", "version-file" },
    { "tool", "pdm", "version", "write_to", NULL },
};

static struct mg_str named(const struct mg_toml *value, const char *const *keys)
{
    for (size_t i = 0; i < MG_COUNT(places[0]) && keys[i]; i++)
        value = mg_toml_find(value, keys[i]);
    return value && value->kind == MG_TOML_STRING ? value->text : MG_NO_STR;
}

/* The project is not trusted: no link of it may lead the file out of the copy. */
static bool lies_inside(struct mg_arena *arena, struct mg_str copy, struct mg_str path)
{
    struct mg_str root, folder;
    return mg_file_resolve(arena, mg_arena_cstr(arena, copy), &root, NULL) == MG_OK &&
           mg_file_resolve(arena, mg_arena_cstr(arena, mg_path_folder(path)), &folder, NULL) == MG_OK &&
           mg_str_starts(mg_arena_printf(arena, "%.*s/", MG_FMT(folder)), mg_arena_printf(arena, "%.*s/", MG_FMT(root)).at);
}

enum mg_code mg_stand_in_version(struct mg_arena *arena, struct mg_repo *repo, struct mg_err *err)
{
    struct mg_str text;
    struct mg_toml *root;
    if (mg_file_read(arena, mg_path_join(arena, repo->copy, MG_STR("pyproject.toml")).at, FILE_LIMIT, &text, NULL) != MG_OK ||
        mg_toml_read(arena, text, &root, NULL) != MG_OK)
        return MG_OK; /* whoever needs it says so */
    for (size_t i = 0; i < MG_COUNT(places); i++) {
        struct mg_str file = named(root, places[i]), path = mg_path_join(arena, repo->copy, file);
        struct stat about;
        if (!mg_str_ends(file, ".py") || lstat(path.at, &about) == 0 || !lies_inside(arena, repo->copy, path))
            continue;
        MG_TRY(mg_file_write(path.at, MG_STR(TEXT), err));
        *MG_PUSH(arena, &repo->stand_ins) = (struct mg_stand_in){ .path = file, .text = MG_STR(TEXT) };
        *MG_PUSH(arena, &repo->notes) = mg_arena_printf(
            arena, "%.*s is written by the project's build, and is not here: one with version 0.0.0 stands in for it in the private copy",
            MG_FMT(file));
    }
    return MG_OK;
}

/* ---- the distribution ---- */

static bool is_command(const struct mg_entry_point *entry)
{
    return mg_str_is(entry->group, "console_scripts") || mg_str_is(entry->group, "gui_scripts");
}

/* Where a text in quotes begins with the word. */
static bool is_quoted_in(struct mg_arena *arena, struct mg_str text, struct mg_str word)
{
    return mg_str_contains(text, mg_arena_printf(arena, "\"%.*s", MG_FMT(word)).at) ||
           mg_str_contains(text, mg_arena_printf(arena, "'%.*s", MG_FMT(word)).at);
}

/* Whether it reads metadata, or calls a command of the project. */
static bool asks(struct mg_arena *arena, struct mg_str text, const struct mg_distribution *distribution)
{
    static const char *const words[] = { "importlib.metadata", "importlib_metadata", "import metadata", "pkg_resources" };
    bool found = false;
    for (size_t i = 0; i < MG_COUNT(words) && !found; i++)
        found = mg_str_contains(text, words[i]);
    for (size_t i = 0; i < distribution->entries.len && !found; i++)
        found = is_command(&distribution->entries.at[i]) && is_quoted_in(arena, text, distribution->entries.at[i].name);
    return found;
}

static bool is_wanted(struct mg_arena *arena, const struct mg_distribution *distribution, const struct mg_repo *repo)
{
    bool wanted = false;
    for (size_t i = 0; i < distribution->entries.len && !wanted; i++)
        wanted = mg_str_is(distribution->entries.at[i].group, "pytest11");
    for (size_t i = 0; i < repo->sources.len && !wanted; i++)
        wanted = asks(arena, repo->sources.at[i].text, distribution);
    for (size_t i = 0; i < repo->test_files.len && !wanted; i++)
        wanted = asks(arena, repo->test_files.at[i].text, distribution);
    for (size_t i = 0; i < repo->conftests.len && !wanted; i++)
        wanted = asks(arena, repo->conftests.at[i].text, distribution);
    return wanted;
}

/* pytest takes a plugin once: one that a conftest.py names must not come in by its entry point, too. */
static bool is_named_plugin(struct mg_arena *arena, const struct mg_repo *repo, const struct mg_entry_point *entry)
{
    for (size_t i = 0; i < repo->conftests.len && mg_str_is(entry->group, "pytest11"); i++)
        if (mg_str_contains(repo->conftests.at[i].text, "pytest_plugins") && is_quoted_in(arena, repo->conftests.at[i].text, entry->object))
            return true;
    return false;
}

static struct mg_str entry_points(struct mg_arena *arena, const struct mg_distribution *distribution, const struct mg_repo *repo)
{
    struct mg_buf out = MG_BUF(FILE_LIMIT);
    for (size_t i = 0; i < distribution->entries.len; i++) {
        struct mg_str group = distribution->entries.at[i].group;
        bool is_first = true;
        for (size_t k = 0; k < i; k++)
            is_first &= !mg_str_eq(distribution->entries.at[k].group, group);
        if (is_first)
            mg_buf_addf(&out, "[%.*s]\n", MG_FMT(group));
        for (size_t k = i; k < distribution->entries.len && is_first; k++) {
            const struct mg_entry_point *entry = &distribution->entries.at[k];
            if (mg_str_eq(entry->group, group) && !is_named_plugin(arena, repo, entry))
                mg_buf_addf(&out, "%.*s = %.*s\n", MG_FMT(entry->name), MG_FMT(entry->object));
        }
    }
    return mg_buf_take(&out, arena);
}

/* `path` is relative to the folder that stands in for the installed project. */
static enum mg_code put(struct mg_arena *arena, struct mg_repo *repo, struct mg_str path, struct mg_str text, struct mg_err *err)
{
    struct mg_str whole = mg_path_join(arena, repo->installed, path);
    MG_TRY(mg_file_mkdirs(mg_arena_cstr(arena, mg_path_folder(whole)), err));
    MG_TRY(mg_file_write(whole.at, text, err));
    if (chmod(whole.at, 0755) != 0) /* some are commands */
        return MG_FAIL(err, MG_E_IO, "the mode of %s cannot be set: %s", whole.at, strerror(errno));
    *MG_PUSH(arena, &repo->stand_ins) = (struct mg_stand_in){ .path = mg_path_join(arena, MG_STR(MG_INSTALLED), path), .text = text };
    return MG_OK;
}

/* For the shell its second line starts the interpreter, whose path may be too long for a first line; for Python it is a text. */
static struct mg_str command_text(struct mg_arena *arena, struct mg_str python, const struct mg_entry_point *entry)
{
    size_t colon = mg_str_find(entry->object, ':', 0);
    struct mg_str module = mg_str_sub(entry->object, 0, colon), called = mg_str_sub(entry->object, colon + 1, entry->object.len);
    struct mg_str imported = mg_str_sub(called, 0, mg_str_find(called, '.', 0));
    return mg_arena_printf(arena,
                           "#!/bin/sh\n'''exec' \"%.*s\" \"$0\" \"$@\"\n' '''\n"
                           "import sys\nfrom %.*s import %.*s\nsys.exit(%.*s())\n",
                           MG_FMT(python), MG_FMT(module), MG_FMT(imported), MG_FMT(called));
}

/* *names: those of the commands, for a sentence. */
static enum mg_code put_commands(struct mg_arena *arena, const struct mg_distribution *distribution, struct mg_repo *repo, struct mg_str *names,
                                 struct mg_err *err)
{
    struct mg_buf out = MG_BUF(FILE_LIMIT);
    bool can_be_quoted = strpbrk(mg_arena_cstr(arena, repo->python), "\"'\\$`") == NULL;
    enum mg_code code = MG_OK;
    for (size_t i = 0; i < distribution->entries.len && can_be_quoted && code == MG_OK; i++) {
        const struct mg_entry_point *entry = &distribution->entries.at[i];
        if (!is_command(entry) || mg_str_find(entry->object, ':', 0) + 1 >= entry->object.len)
            continue;
        code = put(arena, repo, mg_path_join(arena, MG_STR("bin"), entry->name), command_text(arena, repo->python, entry), err);
        mg_buf_addf(&out, "%s%.*s", out.len ? ", " : "", MG_FMT(entry->name));
    }
    *names = mg_buf_take(&out, arena);
    return code;
}

static struct mg_str as_in_wheels(struct mg_arena *arena, struct mg_str name)
{
    char *out = MG_NEW_ARRAY(arena, char, name.len + 1);
    for (size_t i = 0; i < name.len; i++)
        out[i] = name.at[i] == '-' || name.at[i] == '.' ? '_' : name.at[i];
    return (struct mg_str){ out, name.len };
}

enum mg_code mg_stand_in_distribution(struct mg_arena *arena, const struct mg_distribution *distribution, struct mg_repo *repo, struct mg_err *err)
{
    struct mg_str name = distribution->name, version = distribution->version, commands;
    if (name.len == 0 || !is_wanted(arena, distribution, repo))
        return MG_OK;
    struct mg_str folder = mg_arena_printf(arena, "%.*s-%.*s.dist-info", MG_FMT(as_in_wheels(arena, name)), MG_FMT(version));
    struct mg_str metadata = mg_arena_printf(arena, "Metadata-Version: 2.1\nName: %.*s\nVersion: %.*s\n", MG_FMT(name), MG_FMT(version));
    struct mg_str points = entry_points(arena, distribution, repo);
    repo->installed = mg_path_join(arena, repo->scratch, MG_STR("installed"));
    MG_TRY(put(arena, repo, mg_path_join(arena, folder, MG_STR("METADATA")), metadata, err));
    MG_TRY(put(arena, repo, mg_path_join(arena, folder, MG_STR("entry_points.txt")), points, err));
    MG_TRY(put_commands(arena, distribution, repo, &commands, err));
    *MG_PUSH(arena, &repo->notes) = mg_arena_printf(
        arena, "%.*s itself is not installed in %.*s: its metadata (version %.*s)%s%.*s %s while tests run", MG_FMT(name), MG_FMT(repo->python),
        MG_FMT(version), commands.len ? " and " : "", MG_FMT(commands), commands.len ? "have stand-ins" : "has a stand-in");
    return MG_OK;
}
