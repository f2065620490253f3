/* Starts the repo's interpreter on our agent through the sandbox, and explains its death. */
#include "adapters/agent_process/agent_files.h"
#include "adapters/agent_process/internal.h"
#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TAIL_BYTES 8192

enum mg_code mg_agent_write_files(struct mg_agent_process *agent, struct mg_err *err)
{
    MG_TRY(mg_file_mkdirs(agent->program, err));
    for (size_t i = 0; i < mg_agent_files_count; i++) {
        const struct mg_embedded *file = &mg_agent_files[i];
        struct mg_str path = mg_path_join(agent->run, mg_str_from(agent->program), mg_str_from(file->name));
        struct mg_str text = { (const char *)file->begin, (size_t)(file->end - file->begin) };
        MG_TRY(mg_file_write(path.at, text, err));
    }
    return MG_OK;
}

/* Everything here is measured or compared later: one hash seed, one thread per numeric library, byte code outside the copy. */
static const char *const *environment(struct mg_arena *arena, const struct mg_agent_process *agent, struct mg_str hash_seed)
{
    static const char *const fixed[] = {
        "MUTAGEN=1",           "PYTHONUNBUFFERED=1",    "OMP_NUM_THREADS=1",        "OPENBLAS_NUM_THREADS=1",
        "MKL_NUM_THREADS=1",   "NUMEXPR_NUM_THREADS=1", "VECLIB_MAXIMUM_THREADS=1", "POLARS_MAX_THREADS=1",
        "RAYON_NUM_THREADS=1",
    };
    const char **env = MG_NEW_ARRAY(arena, const char *, MG_COUNT(fixed) + 3);
    for (size_t i = 0; i < MG_COUNT(fixed); i++)
        env[i] = fixed[i];
    env[MG_COUNT(fixed)] = mg_arena_printf(arena, "PYTHONHASHSEED=%.*s", MG_FMT(hash_seed)).at;
    env[MG_COUNT(fixed) + 1] = mg_arena_printf(arena, "PYTHONPYCACHEPREFIX=%.*s/pycache", MG_FMT(agent->how.scratch)).at;
    return env;
}

enum mg_code mg_agent_launch(struct mg_agent_process *agent, const struct mg_launch *launch, struct mg_child *child, int *fd, struct mg_err *err)
{
    const struct mg_agent_start *how = &agent->how;
    if (access(how->python.at, X_OK) != 0)
        return MG_FAIL(err, MG_E_CONFIG, "cannot run the interpreter %.*s: %s; name another one with --python", MG_FMT(how->python), strerror(errno));
    int ends[2];
    MG_TRY(mg_fd_socketpair(ends, err));
    struct mg_arena *arena = mg_arena_new();
    struct mg_child_spec spec = {
        .argv = (const char *const[]){ how->python.at, agent->program, launch->role, NULL },
        .extra_env = environment(arena, agent, launch->hash_seed),
        .pass_env = how->pass_env,
        .pass_env_count = how->pass_env_count,
        .directory = how->repo.at,
        .log_path = launch->log_path,
        .scratch = how->scratch.at,
        .pass_fd = ends[1],
        .memory_limit_mb = how->memory_limit_mb,
        .cpu_limit_seconds = launch->cpu_seconds,
    };
    enum mg_code code = agent->sandbox.ops->spawn(agent->sandbox.self, &spec, child, err);
    mg_arena_free(arena);
    mg_fd_close(&ends[1]);
    if (code == MG_OK)
        *fd = ends[0];
    else
        mg_fd_close(&ends[0]);
    return code;
}

/* The last line of the log that says something, without control characters. */
static void last_line(const char *path, char *line, size_t size)
{
    char tail[TAIL_BYTES];
    ssize_t len = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        off_t end = lseek(fd, 0, SEEK_END);
        len = pread(fd, tail, sizeof tail, end > (off_t)sizeof tail ? end - (off_t)sizeof tail : 0);
        close(fd);
    }
    struct mg_str text = mg_str_trim((struct mg_str){ tail, len > 0 ? (size_t)len : 0 });
    size_t newline = mg_str_rfind(text, '\n');
    if (newline < text.len)
        text = mg_str_sub(text, newline + 1, text.len);
    size_t count = text.len < size - 1 ? text.len : size - 1;
    for (size_t i = 0; i < count; i++)
        line[i] = (unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7F ? ' ' : text.at[i];
    line[count] = '\0';
}

enum mg_code mg_agent_explain(struct mg_agent_process *agent, struct mg_child *child, const char *log_path, const char *doing, struct mg_err *err)
{
    bool exited = false;
    int status = 0;
    struct mg_err unused;
    /* A moment, so that its last words reach the log. */
    if (child->pid > 0 && agent->sandbox.ops->wait(agent->sandbox.self, child, 2.0, NULL, &exited, &status, &unused) != MG_OK)
        exited = false;
    if (!err)
        return MG_E_CHILD;
    char line[240], ending[40] = "";
    last_line(log_path, line, sizeof line);
    if (exited && WIFEXITED(status) && WEXITSTATUS(status) > 128)
        snprintf(ending, sizeof ending, " (signal %d)", WEXITSTATUS(status) - 128);
    else if (exited && WIFEXITED(status))
        snprintf(ending, sizeof ending, " (exit code %d)", WEXITSTATUS(status));
    struct mg_err before = *err;
    return MG_FAIL(err, MG_E_CHILD, "%s: %.120s%s%s%s", doing, before.text, ending, line[0] ? ": " : "", line);
}
