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

bool mg_interpreter_in(struct mg_arena *arena, struct mg_str directory, const char *name, struct mg_str *python)
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
        if (mg_str_starts(entry, "/") && mg_interpreter_in(arena, entry, name, python))
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
    if (mg_interpreter_in(arena, path, "bin/python", python))
        return MG_OK;
    return MG_FAIL(err, MG_E_CONFIG, "%s: %.*s is neither a Python program nor a virtual environment", by, MG_FMT(wanted));
}

static bool own_environment(struct mg_arena *arena, struct mg_str folder, struct mg_str *python)
{
    return mg_interpreter_in(arena, folder, ".venv/bin/python", python) || mg_interpreter_in(arena, folder, "venv/bin/python", python);
}

static bool is_workspace_root(struct mg_arena *arena, struct mg_str folder)
{
    if (mg_file_exists(mg_path_join(arena, folder, MG_STR(".git")).at))
        return true;
    struct mg_str text;
    return mg_file_read(arena, mg_path_join(arena, folder, MG_STR("pyproject.toml")).at, 1 << 20, &text, NULL) == MG_OK &&
           mg_str_contains(text, "[tool.uv.workspace]");
}

struct mg_str mg_workspace_root(struct mg_arena *arena, struct mg_str repo)
{
    const char *home = getenv("HOME");
    for (struct mg_str folder = repo; folder.len > 1 && !(home && mg_str_is(folder, home));
         folder = mg_arena_str(arena, mg_str_sub(folder, 0, mg_str_rfind(folder, '/'))))
        if (is_workspace_root(arena, folder))
            return folder;
    return repo;
}

/* The environments above the repo count only when a workspace's root is above it too: else the folder above has nothing to do with it. */
static bool workspace_environment(struct mg_arena *arena, struct mg_str repo, struct mg_str *python)
{
    struct mg_str root = mg_workspace_root(arena, repo);
    for (struct mg_str folder = repo;; folder = mg_arena_str(arena, mg_str_sub(folder, 0, mg_str_rfind(folder, '/')))) {
        if (own_environment(arena, folder, python))
            return true;
        if (folder.len <= root.len)
            return false;
    }
}

/* ---- the list ---- */

struct search {
    struct mg_arena *arena;
    struct mg_str repo;
    struct mg_candidates *list;
};

static void found(struct search *search, struct mg_str python, const char *origin, bool named)
{
    *MG_PUSH(search->arena, &search->list->found) = (struct mg_candidate){ .python = python, .origin = mg_str_from(origin), .named = named };
}

static void tried(struct search *search, const char *place) { *MG_PUSH(search->arena, &search->list->tried) = mg_str_from(place); }

static enum mg_code active_environment(struct search *search, struct mg_err *err)
{
    const char *active = getenv("VIRTUAL_ENV");
    struct mg_str python;
    if (!active || !active[0])
        return MG_OK;
    if (!mg_interpreter_in(search->arena, mg_str_from(active), "bin/python", &python))
        return MG_FAIL(err, MG_E_CONFIG, "VIRTUAL_ENV names %s, which has no bin/python; run `deactivate` or give --python", active);
    found(search, python, "VIRTUAL_ENV", false);
    return MG_OK;
}

/* uv takes a relative one from the workspace's root. */
static void uv_environment(struct search *search)
{
    const char *wanted = getenv("UV_PROJECT_ENVIRONMENT");
    struct mg_str python, folder = mg_str_from(wanted);
    if (folder.len == 0)
        return;
    if (!mg_str_starts(folder, "/"))
        folder = mg_path_join(search->arena, mg_workspace_root(search->arena, search->repo), folder);
    if (mg_interpreter_in(search->arena, folder, "bin/python", &python))
        found(search, python, "UV_PROJECT_ENVIRONMENT", false);
    else
        tried(search, "UV_PROJECT_ENVIRONMENT (no bin/python there)");
}

enum mg_code mg_interpreter_list(struct mg_arena *arena, struct mg_str repo, struct mg_str asked, const struct mg_asking *asking,
                                 struct mg_candidates *candidates, struct mg_err *err)
{
    struct search search = { .arena = arena, .repo = repo, .list = candidates };
    struct mg_str python;
    *candidates = (struct mg_candidates){ 0 };
    if (asked.len > 0) {
        MG_TRY(named(arena, asked, "--python", &python, err));
        found(&search, python, "--python", true);
        return MG_OK;
    }
    MG_TRY(active_environment(&search, err));
    uv_environment(&search);
    if (workspace_environment(arena, repo, &python))
        found(&search, python, ".venv", false);
    else
        tried(&search, "no .venv");
    if (asking)
        MG_TRY(mg_interpreter_of_tools(arena, repo, asking, candidates, err));
    const char *fallback = getenv("MUTAGEN_PYTHON");
    if (fallback && fallback[0]) {
        MG_TRY(named(arena, mg_str_from(fallback), "MUTAGEN_PYTHON", &python, err));
        found(&search, python, "MUTAGEN_PYTHON", true);
    }
    if (on_path(arena, "python3", &python) || on_path(arena, "python", &python))
        found(&search, python, "PATH", false);
    if (candidates->found.len > 0)
        return MG_OK;
    return MG_FAIL(err, MG_E_CONFIG, "found no Python: the repo has no .venv, and there is no python3 on PATH; give --python PATH");
}

enum mg_code mg_interpreter_choose(struct mg_arena *arena, struct mg_str repo, struct mg_str asked, struct mg_str *python, struct mg_str *origin,
                                   struct mg_err *err)
{
    struct mg_candidates candidates;
    MG_TRY(mg_interpreter_list(arena, repo, asked, NULL, &candidates, err));
    *python = candidates.found.at[0].python;
    *origin = candidates.found.at[0].origin;
    return MG_OK;
}
