/* Lists the files of a checkout with the git program.
 * The checkout may be hostile: its own configuration must not make git start anything, so every setting that names a command and is
 * read by `ls-files` or `rev-parse` is overridden, transports are forbidden, and nothing of the caller's GIT_* environment is passed. */
#include "adapters/vcs_git/vcs_git.h"

#include "adapters/vcs_git/git.h"

#include "base/buf.h"
#include "base/str.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_SECONDS 120.0

/* What git may know of our environment: where programs and the user's own ignore rules are. */
static const char *const passed_names[] = { "PATH", "HOME", "XDG_CONFIG_HOME" };
static const char *const fixed_env[] = {
    "LC_ALL=C",
    "GIT_OPTIONAL_LOCKS=0", /* never writes the index */
    "GIT_TERMINAL_PROMPT=0",
    "GIT_NO_LAZY_FETCH=1",
    "GIT_ALLOW_PROTOCOL=none", /* a partial clone must not run its remote's command to get missing objects */
};

static char **make_env(struct mg_arena *arena)
{
    char **env = MG_NEW_ARRAY(arena, char *, MG_COUNT(passed_names) + MG_COUNT(fixed_env) + 1);
    size_t count = 0;
    for (size_t i = 0; i < MG_COUNT(passed_names); i++) {
        const char *value = getenv(passed_names[i]);
        if (value)
            env[count++] = (char *)(uintptr_t)mg_arena_printf(arena, "%s=%s", passed_names[i], value).at;
    }
    for (size_t i = 0; i < MG_COUNT(fixed_env); i++)
        env[count++] = (char *)(uintptr_t)fixed_env[i];
    return env;
}

/* Starts git with stdout in `write_fd`; 0 or the system's error. */
static int start(char *const *argv, char *const *env, int write_fd, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    if ((error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) == 0 &&
        (error = posix_spawn_file_actions_adddup2(&actions, write_fd, 1)) == 0 &&
        (error = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)) == 0 &&
        (error = posix_spawnattr_setsigmask(&attributes, &none)) == 0 && (error = posix_spawnattr_setsigdefault(&attributes, &all)) == 0 &&
        (error = posix_spawnattr_setpgroup(&attributes, 0)) == 0 &&
        (error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP)) == 0)
        error = posix_spawnp(pid, argv[0], &actions, &attributes, argv, env);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Reads until end of file. */
static enum mg_code drain(int fd, struct mg_buf *text, struct mg_err *err)
{
    double deadline = mg_now() + DEADLINE_SECONDS;
    char chunk[1 << 16];
    for (;;) {
        short ready = 0;
        MG_TRY(mg_fd_wait(fd, POLLIN, deadline, NULL, &ready, err));
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return MG_FAIL(err, MG_E_IO, "cannot read: %s", strerror(errno));
        if (got == 0)
            return mg_buf_check(text, "the file list", err);
        mg_buf_add(text, (struct mg_str){ chunk, (size_t)got });
    }
}

enum mg_code mg_git(struct mg_arena *arena, const char *directory, const char *const *args, struct mg_git_output *output, struct mg_err *err)
{
    static const char *const safe[] = {
        "git", "--no-pager", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"
    };
    const char *argv[MG_COUNT(safe) + MG_GIT_MOST_ARGS + 3];
    size_t count = 0;
    for (; count < MG_COUNT(safe); count++)
        argv[count] = safe[count];
    argv[count++] = "-C";
    argv[count++] = directory;
    for (size_t i = 0; i < MG_GIT_MOST_ARGS && args[i]; i++)
        argv[count++] = args[i];
    argv[count] = NULL;

    int ends[2];
    MG_TRY(mg_fd_pipe(ends, err));
    pid_t pid = 0;
    int error = start((char *const *)(uintptr_t)argv, make_env(arena), ends[1], &pid);
    mg_fd_close(&ends[1]);
    if (error) {
        mg_fd_close(&ends[0]);
        return MG_OK; /* no git on this machine: output->succeeded stays false */
    }
    enum mg_code code = drain(ends[0], &output->text, err);
    mg_fd_close(&ends[0]);
    output->started = true;
    if (code != MG_OK)
        kill(-pid, SIGKILL);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    if (code != MG_OK)
        return mg_err_prefix(err, "git in %s: ", directory);
    output->succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return MG_OK;
}

static void split_names(struct mg_str text, struct mg_arena *arena, struct mg_str **files, size_t *count)
{
    struct {
        MG_VEC(struct mg_str)
    } names = { 0 };
    struct mg_str name;
    while (mg_str_next_part(&text, '\0', &name)) {
        if (name.len > 0)
            *MG_PUSH(arena, &names) = mg_arena_str(arena, name);
    }
    *files = names.at;
    *count = names.len;
}

static enum mg_code list(void *self, struct mg_str directory, struct mg_arena *arena, bool *is_checkout, struct mg_str **files, size_t *count,
                         struct mg_str *commit, struct mg_err *err)
{
    (void)self;
    *is_checkout = false;
    *files = NULL;
    *count = 0;
    *commit = MG_NO_STR;
    const char *path = mg_arena_cstr(arena, directory);

    const char *const ls_files[] = { "ls-files", "-z", "--cached", "--others", "--exclude-standard", NULL };
    struct mg_git_output listing = { .text = MG_BUF(MG_GIT_LIST_LIMIT) };
    enum mg_code code = mg_git(arena, path, ls_files, &listing, err);
    /* A folder of which git knows no file (an ignored one inside another checkout) is no checkout for our purpose. */
    if (code == MG_OK && listing.succeeded && listing.text.len > 0) {
        split_names(mg_buf_view(&listing.text), arena, files, count);
        *is_checkout = true;
    }
    mg_buf_free(&listing.text);
    if (code != MG_OK || !*is_checkout)
        return code;

    const char *const rev_parse[] = { "rev-parse", "-q", "--verify", "HEAD", NULL };
    struct mg_git_output head = { .text = MG_BUF(4096) };
    code = mg_git(arena, path, rev_parse, &head, err);
    if (code == MG_OK && head.succeeded)
        *commit = mg_arena_str(arena, mg_str_trim(mg_buf_view(&head.text)));
    mg_buf_free(&head.text);
    return code;
}

static const struct mg_vcs_ops ops = { .name = "git", .list = list, .changed = mg_git_changed };

struct mg_vcs mg_vcs_git(void) { return (struct mg_vcs){ .ops = &ops, .self = NULL }; }
