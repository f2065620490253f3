/* The virtual environment that holds mutmut: made once per Python version, by pip, outside the sandbox (it needs the user's own pip settings). */
#include "adapters/gate_mutmut/internal.h"
#include "base/str.h"
#include "os/file.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

/* Runs a program to its end with its output in `log`; false when it did not exit with 0. */
static bool run(const char *const *argv, const char *log)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = -1;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    int error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, 1, 2);
    if (error == 0)
        error = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error)
        return false;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* "3.11" of "3.11.7" */
static struct mg_str minor_version(struct mg_str version)
{
    return mg_str_sub(version, 0, mg_str_find(version, '.', mg_str_find(version, '.', 0) + 1));
}

static bool is_too_old(struct mg_str version)
{
    int64_t minor = 0;
    return !mg_str_to_i64(mg_str_sub(version, 2, version.len), &minor) || minor < 10;
}

enum mg_code mg_mutmut_install(struct mg_mutmut *self, const struct mg_gate_request *request, struct mg_err *err)
{
    if (self->site.len)
        return MG_OK;
    struct mg_str version = minor_version(request->collected->python_version), python = request->start->python;
    if (is_too_old(version))
        return MG_FAIL(err, MG_E_CONFIG, "backend mutmut needs Python 3.10 or newer; the repo's is %.*s", MG_FMT(version));
    struct mg_str folder = mg_arena_printf(self->arena, "%.*s/mutmut-%s-py%.*s", MG_FMT(self->home), MG_MUTMUT_VERSION, MG_FMT(version));
    struct mg_str site = mg_arena_printf(self->arena, "%.*s/lib/python%.*s/site-packages", MG_FMT(folder), MG_FMT(version));
    struct mg_str done = mg_path_join(self->arena, folder, MG_STR("complete")), log = mg_arena_printf(self->arena, "%.*s.log", MG_FMT(folder));
    if (!mg_file_exists(done.at)) {
        MG_TRY(mg_file_mkdirs(mg_arena_cstr(self->arena, self->home), err));
        MG_TRY(mg_file_remove_tree(folder.at, err));
        const char *inner = mg_path_join(self->arena, folder, MG_STR("bin/python")).at;
        const char *const make[] = { mg_arena_cstr(self->arena, python), "-m", "venv", folder.at, NULL };
        const char *const pip[] = { inner, "-m", "pip", "--disable-pip-version-check", "install", "-q", "mutmut==" MG_MUTMUT_VERSION, NULL };
        if (!run(make, log.at) || !run(pip, log.at))
            return MG_FAIL(err, MG_E_CONFIG, "mutmut %s could not be installed (see %s); mutation.mutmut_site names a folder that has it",
                           MG_MUTMUT_VERSION, log.at);
        MG_TRY(mg_file_write(done.at, MG_STR(MG_MUTMUT_VERSION "\n"), err));
    }
    self->site = site;
    return MG_OK;
}
