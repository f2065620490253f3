/* Asks the interpreter where it finds the modules that generated tests import. */
#include "cli/pythonpath.h"

#include "adapters/ingest_local/import_path.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/text.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/program.h"

#include <stdlib.h>

#define SECONDS 10
#define MOST_ROOTS 16

/* Folder (relative to the repo, never empty) and a module in it. */
struct root {
    struct mg_str folder, module;
};
struct roots {
    MG_VEC(struct root)
};

/* argv: the repo, then a module and the file or folder it must come from, in pairs. Prints a 1 for each that does. It imports what it needs
 * before the repo is on the path, and nothing of the repo. */
static const char script[] = "import importlib.util, os, sys\n"
                             "sys.path[:1] = [sys.argv[1]]\n"
                             "for name, place in zip(sys.argv[2::2], sys.argv[3::2]):\n"
                             "    try:\n"
                             "        spec = importlib.util.find_spec(name)\n"
                             "        found = [spec.origin] if spec.has_location else list(spec.submodule_search_locations)\n"
                             "        good = any(os.path.realpath(one).startswith(os.path.realpath(place)) for one in found)\n"
                             "    except Exception:\n"
                             "        good = False\n"
                             "    print(int(good), end='')\n";

/* "src" of src/pkg/mod.py, which is pkg.mod; empty when that is the repo's root. */
static struct mg_str folder_of(const struct mg_outcome *outcome)
{
    size_t end = outcome->path.len - (mg_str_ends(outcome->path, "/__init__.py") ? 12u : mg_str_ends(outcome->path, ".py") ? 3u : 0u);
    return end > outcome->module.len ? mg_str_sub(outcome->path, 0, end - outcome->module.len - 1) : MG_NO_STR;
}

static bool has_tests(const struct mg_outcome *outcome)
{
    for (size_t i = 0; i < outcome->tests.len; i++)
        if (outcome->tests.at[i].kept || outcome->tests.at[i].kills.len)
            return true;
    return false;
}

static void add(struct mg_arena *arena, struct roots *roots, const struct mg_str_list *set, const struct mg_outcome *outcome)
{
    struct root root = { folder_of(outcome), mg_str_sub(outcome->module, 0, mg_str_find(outcome->module, '.', 0)) };
    bool known = root.folder.len == 0 || root.module.len == 0 || roots->len >= MOST_ROOTS;
    for (size_t i = 0; i < set->len; i++)
        known |= mg_str_eq(set->at[i], root.folder);
    for (size_t i = 0; i < roots->len; i++)
        known |= mg_str_eq(roots->at[i].folder, root.folder);
    if (!known)
        *MG_PUSH(arena, roots) = root;
}

/* Whether each is found where it is; none is when the interpreter does not answer. */
static struct mg_str ask(struct mg_app *app, const struct mg_report *report, const struct roots *roots)
{
    struct mg_str python = mg_text_interpreter(report);
    const char *argv[5 + 2 * MOST_ROOTS + 1];
    size_t count = 0;
    argv[count++] = mg_arena_cstr(app->arena, python);
    argv[count++] = "-B";
    argv[count++] = "-c";
    argv[count++] = script;
    argv[count++] = mg_arena_cstr(app->arena, report->repo);
    for (size_t i = 0; i < roots->len; i++) {
        struct mg_str place = mg_path_join(app->arena, mg_path_join(app->arena, report->repo, roots->at[i].folder), roots->at[i].module);
        argv[count++] = mg_arena_cstr(app->arena, roots->at[i].module);
        argv[count++] = mg_arena_cstr(app->arena, place);
    }
    argv[count] = NULL;
    struct mg_program program = { .argv = argv, .directory = "/", .deadline = mg_now() + SECONDS, .max_output = 4096, .cancel = app->cancel };
    struct mg_program_end end;
    if (!mg_str_starts(python, "/") || mg_program_run(&program, app->arena, &end, NULL) != MG_OK || !mg_program_succeeded(&end))
        return MG_NO_STR;
    return end.output;
}

struct mg_str mg_pythonpath_words(struct mg_app *app, const struct mg_report *report)
{
    struct mg_str_list set = { .len = 0 };
    struct roots roots = { .len = 0 };
    struct mg_buf out = MG_BUF(1u << 16);
    mg_pytest_pythonpath(app->arena, report->repo, &set);
    for (size_t i = 0; i < report->outcomes.len; i++)
        if (has_tests(&report->outcomes.at[i]))
            add(app->arena, &roots, &set, &report->outcomes.at[i]);
    struct mg_str found = roots.len ? ask(app, report, &roots) : MG_NO_STR;
    for (size_t i = 0; i < roots.len; i++)
        if (i >= found.len || found.at[i] != '1')
            mg_buf_addf(&out, "%s%.*s", out.len ? ":" : "", MG_FMT(roots.at[i].folder));
    struct mg_str folders = mg_buf_take(&out, app->arena);
    const char *own = getenv("PYTHONPATH");
    if (folders.len == 0)
        return MG_NO_STR;
    return mg_arena_printf(app->arena, "PYTHONPATH=%.*s%s ", MG_FMT(mg_shell_word(app->arena, folders)), own && own[0] ? ":\"$PYTHONPATH\"" : "");
}
