/* Builds the project itself, apart from the environment it goes into. */
#include "adapters/ingest_local/making.h"
#include "base/str.h"
#include "os/file.h"

#include <dirent.h>

#define MOST_PATHS 8       /* of backend-path */
#define NEWEST "--upgrade" /* what a new environment brings along (setuptools, up to Python 3.11) does not satisfy a requirement by its age */

static bool find_wheel(struct making *making)
{
    struct mg_str folder = mg_in_work(making, "wheels");
    DIR *directory = opendir(folder.at);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;) {
        struct mg_str name = mg_str_from(entry->d_name);
        if (!mg_str_ends(name, ".whl"))
            continue;
        struct mg_str project = mg_str_sub(name, 0, mg_str_find(name, '-', 0));
        making->wheel = mg_arena_printf(making->arena, "[EXTRAS] @ file://%.*s/%.*s", MG_FMT(folder), MG_FMT(name));
        making->wheel = mg_arena_printf(making->arena, "%.*s%.*s", MG_FMT(project), MG_FMT(making->wheel));
    }
    if (directory)
        closedir(directory);
    return making->wheel.len > 0;
}

/* A backend may need more than it says in pyproject.toml: ninja, cmake, setup_requires. It answers into a file, for it may print anything. */
static const char ask_backend[] = "import importlib, sys\n"
                                  "out, backend, *places = sys.argv[1:]\n"
                                  "sys.path[:0] = places\n"
                                  "name, _, inner = backend.partition(':')\n"
                                  "hook = importlib.import_module(name)\n"
                                  "for part in inner.split('.') if inner else ():\n    hook = getattr(hook, part)\n"
                                  "hook = getattr(hook, 'get_requires_for_build_wheel', None)\n"
                                  "open(out, 'w').write(''.join(one + '\\n' for one in hook() or ()) if hook else '')\n";

static enum mg_code install_backend_needs(struct making *making, struct mg_str python, bool *good, struct mg_err *err)
{
    struct mg_str answer = mg_in_work(making, "backend.txt"), text = MG_NO_STR;
    const struct mg_dependencies *needs = &making->needs;
    const char *words[MOST_PATHS + 6] = { python.at, "-c", ask_backend, answer.at, needs->backend.at };
    size_t count = 5;
    bool answered;
    for (size_t i = 0; i < needs->backend_paths.len && count < MOST_PATHS + 5; i++)
        words[count++] = mg_path_join(making->arena, making->source, needs->backend_paths.at[i]).at;
    MG_TRY(mg_making_run(making, words, mg_build_env(making), making->source, &answered, err));
    if (!answered || mg_file_read(making->arena, answer.at, (size_t)1 << 20, &text, NULL) != MG_OK || mg_str_trim(text).len == 0)
        return MG_OK; /* whether that matters, the build itself tells */
    return mg_install(making, python, answer, NEWEST, good, err);
}

enum mg_code mg_build_project(struct making *making, struct mg_err *err)
{
    struct mg_str list, folder = mg_in_work(making, "build"), python = mg_in_work(making, "build/bin/python");
    struct mg_buf text = MG_BUF(1u << 20);
    bool good = false;
    if (!making->needs.buildable)
        return MG_OK;
    mg_add_lines(&text, making->needs.build.at, making->needs.build.len);
    mg_buf_adds(&text, "pip\n"); /* uv makes environments without it */
    MG_TRY(mg_write_list(making, "build.txt", &text, &list, err));
    MG_TRY(mg_make_venv(making, folder, &good, err));
    if (good)
        MG_TRY(mg_install(making, python, list, NEWEST, &good, err));
    if (good)
        MG_TRY(install_backend_needs(making, python, &good, err));
    const char *const words[] = {
        python.at, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", mg_in_work(making, "wheels").at, making->source.at, NULL
    };
    if (good)
        MG_TRY(mg_making_run(making, words, mg_build_env(making), making->source, &good, err));
    if (!good || !find_wheel(making))
        mg_making_note(making,
                       mg_arena_printf(making->arena, "the project itself could not be built, so its metadata and compiled modules are missing: %.*s",
                                       MG_FMT(making->failure)));
    return MG_OK;
}
