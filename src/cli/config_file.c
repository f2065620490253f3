/* Finds the file of settings. The rules stand in the header. */
#include "cli/config_file.h"
#include "base/buf.h"
#include "base/str.h"
#include "cli/options.h"
#include "os/file.h"
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define FILE_LIMIT (1u << 20)
#define NAME "mutagen.toml"
#define SHOWN_REFUSALS 6

static bool has(struct mg_arena *arena, struct mg_str folder, const char *name)
{
    return mg_file_is_there(mg_path_join(arena, folder, mg_str_from(name)).at);
}

static bool in_checkout(struct mg_arena *arena, struct mg_str folder)
{
    for (;;) {
        if (has(arena, folder, ".git"))
            return true;
        size_t slash = mg_str_rfind(folder, '/');
        if (folder.len <= 1 || slash >= folder.len)
            return false;
        folder = mg_arena_str(arena, mg_str_sub(folder, 0, slash ? slash : 1));
    }
}

static bool is_below(struct mg_str path, struct mg_str folder)
{
    return mg_str_eq(path, folder) || (path.len > folder.len && path.at[folder.len] == '/' && mg_str_eq(mg_str_sub(path, 0, folder.len), folder));
}

/* Whether a file in the current directory belongs to code that someone else may have written. */
static bool here_is_inside(const struct mg_invocation *call, struct mg_arena *arena)
{
    char buffer[PATH_MAX];
    struct mg_str repo;
    if (!getcwd(buffer, sizeof buffer))
        return true;
    struct mg_str here = mg_str_from(buffer);
    if (in_checkout(arena, here))
        return true;
    if (call->repo.len && mg_file_resolve(arena, mg_arena_cstr(arena, call->repo), &repo, NULL) == MG_OK)
        return is_below(here, repo);
    return has(arena, here, "pyproject.toml") || has(arena, here, "setup.py") || has(arena, here, "setup.cfg");
}

static enum mg_code read_text(const char *path, const struct mg_str *text, bool tool_table, struct mg_arena *arena, struct mg_config *config,
                              struct mg_config_file *file, bool *found, struct mg_err *err)
{
    struct mg_toml_source source = { .file_name = path, .tool_table = tool_table, .inside_repo = file->inside_repo };
    MG_TRY(mg_config_read_source(config, arena, *text, &source, err));
    *found = source.found;
    if (source.found) {
        file->name = mg_str_from(path);
        file->refused = source.refused;
    }
    return MG_OK;
}

static enum mg_code read_named(const char *path, const char *by, struct mg_arena *arena, struct mg_config *config, struct mg_config_file *file,
                               struct mg_err *err)
{
    struct mg_str text;
    bool found;
    file->by = by;
    if (mg_file_read(arena, path, FILE_LIMIT, &text, err) != MG_OK)
        return mg_err_prefix(err, "%s", by);
    return read_text(path, &text, false, arena, config, file, &found, err);
}

/* A link, or somebody else's file, is read as one of the repo. */
static enum mg_code read_here(const struct mg_invocation *call, struct mg_arena *arena, struct mg_config *config, struct mg_config_file *file,
                              bool *found, struct mg_err *err)
{
    struct mg_str text;
    struct mg_err denied = { .code = MG_OK };
    if (!mg_file_is_there(NAME))
        return MG_OK;
    file->inside_repo = here_is_inside(call, arena) || mg_file_read_own(arena, NAME, FILE_LIMIT, &text, &denied) == MG_E_DENIED;
    MG_TRY(mg_file_read(arena, NAME, FILE_LIMIT, &text, err));
    return read_text(NAME, &text, false, arena, config, file, found, err);
}

/* A file of the repo; it is no error when it is missing, and of a pyproject.toml that does not speak of us not even its form matters. */
static enum mg_code read_in_repo(const struct mg_invocation *call, const char *name, bool tool_table, struct mg_arena *arena,
                                 struct mg_config *config, struct mg_config_file *file, bool *found, struct mg_err *err)
{
    struct mg_str folder = call->repo.len ? call->repo : MG_STR("."), text;
    const char *path = mg_str_is(folder, ".") ? name : mg_arena_cstr(arena, mg_path_join(arena, folder, mg_str_from(name)));
    if (!mg_file_exists(path) || mg_file_is_dir(path))
        return MG_OK;
    file->inside_repo = true;
    MG_TRY(mg_file_read(arena, path, FILE_LIMIT, &text, err));
    if (tool_table && !mg_str_contains(text, "mutagen"))
        return MG_OK;
    return read_text(path, &text, tool_table, arena, config, file, found, err);
}

enum mg_code mg_config_file_read(const struct mg_invocation *call, struct mg_arena *arena, struct mg_config *config, struct mg_config_file *file,
                                 struct mg_err *err)
{
    const char *named = getenv("MUTAGEN_CONFIG");
    bool found = false;
    *file = (struct mg_config_file){ .by = NULL };
    if (call->config_file.len)
        return read_named(mg_arena_cstr(arena, call->config_file), "-c", arena, config, file, err);
    if (named && named[0])
        return read_named(named, "MUTAGEN_CONFIG", arena, config, file, err);
    if (!call->command || call->command->settings == MG_SETTINGS_UNUSED)
        return MG_OK;
    MG_TRY(read_here(call, arena, config, file, &found, err));
    if (found || call->command->settings != MG_SETTINGS_OF_REPO)
        return MG_OK;
    MG_TRY(read_in_repo(call, NAME, false, arena, config, file, &found, err));
    return found ? MG_OK : read_in_repo(call, "pyproject.toml", true, arena, config, file, &found, err);
}

struct mg_str mg_config_file_refusal(const struct mg_config_file *file, struct mg_arena *arena)
{
    struct mg_buf out = MG_BUF(4096);
    if (file->refused.len == 0)
        return MG_NO_STR;
    mg_buf_addf(&out, "%.*s belongs to the code under test, so it cannot set ", MG_FMT(file->name));
    for (size_t i = 0; i < file->refused.len && i < SHOWN_REFUSALS; i++)
        mg_buf_addf(&out, "%s%.*s", i ? ", " : "", MG_FMT(file->refused.at[i]));
    if (file->refused.len > SHOWN_REFUSALS)
        mg_buf_addf(&out, " and %zu more", file->refused.len - SHOWN_REFUSALS);
    mg_buf_addf(&out, "; if you trust it: -c %.*s", MG_FMT(file->name));
    return mg_buf_take(&out, arena);
}
