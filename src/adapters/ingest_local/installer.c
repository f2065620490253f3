/* Runs the installer, uv or pip, and keeps its log. */
#include "adapters/ingest_local/failure.h"
#include "adapters/ingest_local/making.h"
#include "adapters/ingest_local/user_env.h"
#include "base/str.h"
#include "os/file.h"
#include "os/program.h"

#include <string.h>

#define MOST_WORDS 24
#define OUTPUT_LIMIT ((size_t)16 << 20)

struct mg_str mg_in_work(const struct making *making, const char *name) { return mg_path_join(making->arena, making->work, mg_str_from(name)); }

void mg_making_note(struct making *making, struct mg_str text) { *MG_PUSH(making->arena, &making->choice->repo->notes) = text; }

enum mg_code mg_making_run(struct making *making, const char *const *words, const char *const *env, struct mg_str directory, bool *good,
                           struct mg_err *err)
{
    const struct mg_ingest_settings *settings = making->choice->settings;
    const char *argv[MOST_WORDS + 8];
    size_t count = 0;
    for (const char *const *word = settings->supervisor; word && *word; word++)
        argv[count++] = *word;
    for (size_t i = 0; words[i] && count < MG_COUNT(argv) - 1; i++) {
        argv[count++] = words[i];
        mg_buf_addf(&making->log, "%s%s", i ? " " : "$ ", strchr(words[i], '\n') ? "…" : words[i]);
    }
    argv[count] = NULL;
    struct mg_program program = { .argv = argv,
                                  .env = env,
                                  .directory = mg_arena_cstr(making->arena, directory),
                                  .deadline = making->deadline,
                                  .max_output = OUTPUT_LIMIT,
                                  .cancel = making->choice->cancel,
                                  .lifeline = settings->supervisor != NULL };
    struct mg_program_end end;
    enum mg_code code = mg_program_run(&program, making->arena, &end, err);
    if (code == MG_E_TIMEOUT)
        return MG_FAIL(err, code, "installing took longer than %.10g seconds (ingest.command_timeout_seconds)", settings->timeout_seconds);
    if (code == MG_E_CANCELLED)
        return MG_FAIL(err, code, "stopped while the repo's dependencies were installed");
    MG_TRY(code);
    mg_buf_addf(&making->log, "\n%.*s%.*s\n", MG_FMT(end.output), MG_FMT(end.tail));
    *good = mg_program_succeeded(&end);
    if (!*good) {
        making->failure = mg_install_reason(making->arena, end.tail.len ? end.tail : end.output);
        making->is_network = mg_install_is_network(end.tail);
    }
    return MG_OK;
}

const char *const *mg_installer_env(struct making *making) { return mg_installer_environment(making->arena, mg_in_work(making, "tmp")); }

const char *const *mg_build_env(struct making *making)
{
    return mg_build_environment(making->arena, mg_in_work(making, "home"), mg_in_work(making, "tmp"));
}

enum mg_code mg_make_venv(struct making *making, struct mg_str folder, bool *good, struct mg_err *err)
{
    const char *path = mg_arena_cstr(making->arena, folder), *base = mg_arena_cstr(making->arena, making->base);
    const char *const by_uv[] = { making->uv.at, "venv", "-q", "--no-project", "--python", base, path, NULL };
    const char *const by_venv[] = { base, "-I", "-m", "venv", path, NULL };
    return mg_making_run(making, making->uv.len ? by_uv : by_venv, mg_installer_env(making), making->work, good, err);
}

enum mg_code mg_install(struct making *making, struct mg_str python, struct mg_str file, const char *more, bool *good, struct mg_err *err)
{
    const char *inner = mg_arena_cstr(making->arena, python), *list = mg_arena_cstr(making->arena, file);
    const char *const by_uv[] = { making->uv.at, "pip", "install", "-q", "--no-progress", "--python", inner, "-r", list, more, NULL };
    const char *const by_pip[] = { inner, "-m", "pip", "install", "-q", "--progress-bar", "off", "-r", list, more, NULL };
    MG_TRY(mg_making_run(making, making->uv.len ? by_uv : by_pip, mg_installer_env(making), making->source, good, err));
    if (!*good && making->is_network)
        making->failure = mg_arena_printf(making->arena, UNREACHABLE ": %.*s", MG_FMT(making->failure));
    return MG_OK;
}

enum mg_code mg_write_list(struct making *making, const char *name, struct mg_buf *text, struct mg_str *path, struct mg_err *err)
{
    *path = mg_in_work(making, name);
    MG_TRY(mg_buf_check(text, "the list of requirements", err));
    return mg_file_write(path->at, mg_buf_take(text, making->arena), err);
}

void mg_add_lines(struct mg_buf *text, const struct mg_str *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mg_buf_addf(text, "%.*s\n", MG_FMT(lines[i]));
}
