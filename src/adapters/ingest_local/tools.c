/* What poetry, hatch, pdm, pipenv, pixi, conda and pyenv know of the repo's interpreter. A tool is started only when it is installed and the
 * repo is one of its projects, with a command that only looks. */
#include "adapters/ingest_local/interpreter.h"

#include "adapters/ingest_local/user_env.h"
#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/program.h"

#include <stdlib.h>

#define FILE_LIMIT ((size_t)1 << 20)
#define ASK_SECONDS 20.0
#define MOST_WORDS 12

struct search {
    struct mg_arena *arena;
    struct mg_str repo;
    const struct mg_asking *asking;
    struct mg_candidates *list;
    struct mg_str pyproject; /* its text */
};

static bool has_file(const struct search *search, const char *name)
{
    return mg_file_exists(mg_path_join(search->arena, search->repo, mg_str_from(name)).at);
}

static struct mg_str text_of(const struct search *search, const char *name)
{
    struct mg_str text;
    const char *path = mg_path_join(search->arena, search->repo, mg_str_from(name)).at;
    return mg_file_read(search->arena, path, FILE_LIMIT, &text, NULL) == MG_OK ? text : MG_NO_STR;
}

static void tried(const struct search *search, struct mg_str what) { *MG_PUSH(search->arena, &search->list->tried) = what; }

/* A folder of an environment, or a program; relative ones are none. */
static bool take(const struct search *search, struct mg_str place, const char *origin)
{
    struct mg_str python = place;
    place = mg_arena_str(search->arena, mg_str_trim(place));
    if (!mg_str_starts(place, "/"))
        return false;
    if (!mg_interpreter_in(search->arena, place, "bin/python", &python)) {
        size_t slash = mg_str_rfind(place, '/');
        const char *name = mg_arena_cstr(search->arena, mg_str_sub(place, slash + 1, place.len));
        if (mg_file_is_dir(place.at) || !mg_interpreter_in(search->arena, mg_arena_str(search->arena, mg_str_sub(place, 0, slash)), name, &python))
            return false;
    }
    *MG_PUSH(search->arena, &search->list->found) = (struct mg_candidate){ .python = python, .origin = mg_str_from(origin) };
    return true;
}

/* Runs `words` in the repo and takes each line it prints for a place. */
static enum mg_code ask(const struct search *search, const char *const *words, struct mg_err *err)
{
    const char *tool = words[0], *argv[MOST_WORDS];
    size_t count = 0;
    struct mg_str program = mg_program_find(search->arena, tool), line;
    if (program.len == 0) {
        tried(search, mg_arena_printf(search->arena, "%s (not on PATH)", tool));
        return MG_OK;
    }
    for (const char *const *word = search->asking->supervisor; word && *word; word++)
        argv[count++] = *word;
    argv[count++] = program.at;
    for (size_t i = 1; words[i] && count < MOST_WORDS - 1; i++)
        argv[count++] = words[i];
    argv[count] = NULL;
    struct mg_program question = { .argv = argv,
                                   .env = mg_tool_environment(search->arena),
                                   .directory = search->repo.at,
                                   .deadline = mg_now() + ASK_SECONDS,
                                   .max_output = 1 << 16,
                                   .cancel = search->asking->cancel,
                                   .lifeline = search->asking->supervisor != NULL };
    struct mg_program_end end;
    enum mg_code code = mg_program_run(&question, search->arena, &end, err);
    if (code == MG_E_CANCELLED)
        return code;
    bool taken = false;
    struct mg_str rest = code == MG_OK && mg_program_succeeded(&end) ? end.output : MG_NO_STR;
    while (mg_str_next_line(&rest, &line))
        taken |= take(search, line, tool);
    if (!taken)
        tried(search, mg_arena_printf(search->arena, "%s (%s)", tool, code == MG_E_TIMEOUT ? "gave no answer in time" : "has no environment for it"));
    return MG_OK;
}

/* ---- hatch ---- */

/* The default environment, and where nothing is put into that, those of `hatch test`. A project that only builds with hatchling may have them
 * too, but nobody misses a hatch then. Before it answers, hatch runs collectors and plugins that the repo names: such a repo is not asked for. */
static enum mg_code look_at_hatch(const struct search *search, struct mg_err *err)
{
    struct mg_str own = text_of(search, "hatch.toml");
    bool says = mg_str_contains(search->pyproject, "[tool.hatch.env") || own.len, builds = mg_str_contains(search->pyproject, "hatchling.build");
    if (!says && !(builds && mg_program_find(search->arena, "hatch").len))
        return MG_OK;
    if (mg_str_contains(search->pyproject, "[tool.hatch.env.") || mg_str_contains(search->pyproject, "[tool.hatch.env]") ||
        mg_str_contains(own, "[env.") || mg_str_contains(own, "[env]")) {
        tried(search, MG_STR("hatch (not asked: the repo brings code that hatch would run)"));
        return MG_OK;
    }
    MG_TRY(ask(search, (const char *const[]){ "hatch", "--no-color", "env", "find", NULL }, err));
    if (mg_str_contains(search->pyproject, "[tool.hatch.envs.default") || mg_str_contains(own, "[envs.default"))
        return MG_OK;
    return ask(search, (const char *const[]){ "hatch", "--no-color", "env", "find", "hatch-test", NULL }, err);
}

/* ---- conda ---- */

/* "name: x" of an environment.yml; a whole YAML reader would find nothing else there. */
static struct mg_str conda_name(const struct search *search)
{
    struct mg_str rest = text_of(search, has_file(search, "environment.yml") ? "environment.yml" : "environment.yaml"), line;
    while (mg_str_next_line(&rest, &line)) {
        if (!mg_str_starts(line, "name:"))
            continue;
        struct mg_str name = mg_str_trim(mg_str_sub(line, 5, mg_str_find(line, '#', 0)));
        if (name.len > 2 && (name.at[0] == '"' || name.at[0] == '\''))
            name = mg_str_sub(name, 1, name.len - 1);
        return mg_str_find(name, '/', 0) == name.len && !mg_str_starts(name, ".") ? name : MG_NO_STR;
    }
    return MG_NO_STR;
}

/* The folders where conda and its kin keep named environments. */
static bool conda_environment(const struct search *search, struct mg_str name)
{
    static const char *const installed[] = { "miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", ".conda" };
    struct mg_str home = mg_str_from(getenv("HOME")), program = mg_str_from(getenv("CONDA_EXE")), root = mg_str_from(getenv("MAMBA_ROOT_PREFIX"));
    struct mg_str envs = mg_arena_printf(search->arena, "envs/%.*s", MG_FMT(name));
    if (root.len && take(search, mg_path_join(search->arena, root, envs), "conda"))
        return true;
    if (mg_str_ends(program, "/bin/conda") && take(search, mg_path_join(search->arena, mg_str_sub(program, 0, program.len - 10), envs), "conda"))
        return true;
    for (size_t i = 0; i < MG_COUNT(installed) && home.len; i++)
        if (take(search, mg_path_join(search->arena, mg_path_join(search->arena, home, mg_str_from(installed[i])), envs), "conda"))
            return true;
    return false;
}

static void look_at_conda(const struct search *search)
{
    struct mg_str name = conda_name(search), active = mg_str_from(getenv("CONDA_PREFIX")), active_name = mg_str_from(getenv("CONDA_DEFAULT_ENV"));
    if (name.len && !mg_str_eq(name, active_name) && conda_environment(search, name))
        return;
    if (active.len && (!mg_str_is(active_name, "base") || name.len) && take(search, active, "conda"))
        return;
    if (name.len)
        tried(search, mg_arena_printf(search->arena, "conda (no environment '%.*s')", MG_FMT(name)));
}

/* ---- pyenv ---- */

static void look_at_pyenv(const struct search *search)
{
    struct mg_str rest = text_of(search, ".python-version"), line, root = mg_str_from(getenv("PYENV_ROOT")), home = mg_str_from(getenv("HOME"));
    if (rest.len == 0)
        return;
    if (root.len == 0)
        root = mg_path_join(search->arena, home, MG_STR(".pyenv"));
    while (mg_str_next_line(&rest, &line)) {
        line = mg_str_trim(line);
        if (line.len == 0 || line.at[0] == '#' || line.at[0] == '.' || mg_str_find(line, '/', 0) < line.len)
            continue;
        if (take(search, mg_arena_printf(search->arena, "%.*s/versions/%.*s", MG_FMT(root), MG_FMT(line)), "pyenv"))
            return;
    }
    tried(search, MG_STR("pyenv (no such version)"));
}

enum mg_code mg_interpreter_of_tools(struct mg_arena *arena, struct mg_str repo, const struct mg_asking *asking, struct mg_candidates *candidates,
                                     struct mg_err *err)
{
    struct search search = { .arena = arena, .repo = repo, .asking = asking, .list = candidates };
    search.pyproject = text_of(&search, "pyproject.toml");
    bool is_poetry = mg_str_contains(search.pyproject, "[tool.poetry") || has_file(&search, "poetry.lock");
    if (is_poetry && mg_file_is_there(mg_path_join(arena, repo, MG_STR(".poetry/plugins")).at))
        tried(&search, MG_STR("poetry (not asked: the repo brings plugins that poetry would run)"));
    else if (is_poetry)
        MG_TRY(ask(&search, (const char *const[]){ "poetry", "--no-ansi", "--no-interaction", "env", "info", "--path", NULL }, err));
    MG_TRY(look_at_hatch(&search, err));
    if (has_file(&search, ".pdm-python") && !take(&search, text_of(&search, ".pdm-python"), "pdm"))
        tried(&search, MG_STR("pdm (its .pdm-python names none)"));
    if (has_file(&search, "Pipfile"))
        MG_TRY(ask(&search, (const char *const[]){ "pipenv", "--venv", NULL }, err));
    if (mg_file_is_dir(mg_path_join(arena, repo, MG_STR(".pixi/envs/default")).at))
        (void)take(&search, mg_path_join(arena, repo, MG_STR(".pixi/envs/default")), "pixi");
    look_at_conda(&search);
    look_at_pyenv(&search);
    return MG_OK;
}
