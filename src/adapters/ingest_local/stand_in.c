/* See stand_in.h. */
#include "adapters/ingest_local/stand_in.h"

#include "base/str.h"
#include "core/toml.h"
#include "os/file.h"

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
        *MG_PUSH(arena, &repo->notes) = mg_arena_printf(
            arena, "%.*s is written by the project's build, and is not here: one with version 0.0.0 stands in for it in the private copy",
            MG_FMT(file));
    }
    return MG_OK;
}
