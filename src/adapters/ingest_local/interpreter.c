/* The choice of the interpreter. A place the user named must work; the places we look into by ourselves may be empty. */
#include "adapters/ingest_local/interpreter.h"

#include "base/str.h"
#include "os/file.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_program(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode) && access(path, X_OK) == 0;
}

static bool in_directory(struct mg_arena *arena, struct mg_str directory, const char *name, struct mg_str *python)
{
    struct mg_str path = mg_path_join(arena, directory, mg_str_from(name));
    if (!is_program(path.at))
        return false;
    *python = path;
    return true;
}

/* Only absolute entries: a relative one would mean a program that lies in whatever folder we were started from. */
static bool on_path(struct mg_arena *arena, const char *name, struct mg_str *python)
{
    struct mg_str rest = mg_str_from(getenv("PATH")), entry;
    while (mg_str_next_part(&rest, ':', &entry)) {
        if (mg_str_starts(entry, "/") && in_directory(arena, entry, name, python))
            return true;
    }
    return false;
}

/* What a user may write: a program, a name on PATH, or the folder of a virtual environment. */
static enum mg_code named(struct mg_arena *arena, struct mg_str wanted, const char *by, struct mg_str *python, struct mg_err *err)
{
    struct mg_str path = mg_arena_str(arena, wanted);
    if (mg_str_find(path, '/', 0) == path.len && on_path(arena, path.at, python))
        return MG_OK;
    if (!mg_str_starts(path, "/")) {
        char here[PATH_MAX];
        if (getcwd(here, sizeof here))
            path = mg_path_join(arena, mg_str_from(here), path);
    }
    if (is_program(path.at)) {
        *python = path;
        return MG_OK;
    }
    if (in_directory(arena, path, "bin/python", python))
        return MG_OK;
    return MG_FAIL(err, MG_E_CONFIG, "%s: %.*s is neither a Python program nor a virtual environment", by, MG_FMT(wanted));
}

static bool own_environment(struct mg_arena *arena, struct mg_str folder, struct mg_str *python)
{
    return in_directory(arena, folder, ".venv/bin/python", python) || in_directory(arena, folder, "venv/bin/python", python);
}

static bool is_workspace_root(struct mg_arena *arena, struct mg_str folder)
{
    if (mg_file_exists(mg_path_join(arena, folder, MG_STR(".git")).at))
        return true;
    struct mg_str text;
    return mg_file_read(arena, mg_path_join(arena, folder, MG_STR("pyproject.toml")).at, 1 << 20, &text, NULL) == MG_OK &&
           mg_str_contains(text, "[tool.uv.workspace]");
}

/* The environments above the repo count only when a workspace's root is above it too: else the folder above has nothing to do with it. */
static bool workspace_environment(struct mg_arena *arena, struct mg_str repo, struct mg_str *python)
{
    const char *home = getenv("HOME");
    struct mg_str found = MG_NO_STR;
    for (struct mg_str folder = repo; folder.len > 1 && !is_workspace_root(arena, folder);) {
        folder = mg_arena_str(arena, mg_str_sub(folder, 0, mg_str_rfind(folder, '/')));
        if (folder.len <= 1 || (home && mg_str_is(folder, home)))
            return false;
        if (found.len == 0 && !own_environment(arena, folder, &found))
            found = MG_NO_STR;
        if (is_workspace_root(arena, folder)) {
            *python = found;
            return found.len > 0;
        }
    }
    return false;
}

enum mg_code mg_interpreter_choose(struct mg_arena *arena, struct mg_str repo, struct mg_str asked, struct mg_str *python, struct mg_str *origin,
                                   struct mg_err *err)
{
    if (asked.len > 0) {
        *origin = MG_STR("--python");
        return named(arena, asked, "--python", python, err);
    }
    const char *active = getenv("VIRTUAL_ENV");
    if (active && active[0]) {
        *origin = MG_STR("VIRTUAL_ENV");
        if (in_directory(arena, mg_str_from(active), "bin/python", python))
            return MG_OK;
        return MG_FAIL(err, MG_E_CONFIG, "VIRTUAL_ENV names %s, which has no bin/python; run `deactivate` or give --python", active);
    }
    *origin = MG_STR(".venv");
    if (own_environment(arena, repo, python) || workspace_environment(arena, repo, python))
        return MG_OK;
    const char *fallback = getenv("MUTAGEN_PYTHON");
    if (fallback && fallback[0]) {
        *origin = MG_STR("MUTAGEN_PYTHON");
        return named(arena, mg_str_from(fallback), "MUTAGEN_PYTHON", python, err);
    }
    *origin = MG_STR("PATH");
    if (on_path(arena, "python3", python) || on_path(arena, "python", python))
        return MG_OK;
    return MG_FAIL(err, MG_E_CONFIG, "found no Python: the repo has no .venv, and there is no python3 on PATH; give --python PATH");
}
