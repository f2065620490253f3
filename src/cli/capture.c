/* posix_spawn with a pipe and a deadline. */
#include "cli/capture.h"
#include "base/buf.h"
#include "os/fd.h"
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

extern char **environ;

static bool start(const char *const *argv, int out, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    bool good = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) == 0 &&
                posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) == 0 &&
                posix_spawn_file_actions_adddup2(&actions, out, 1) == 0 && posix_spawn_file_actions_addchdir_np(&actions, "/") == 0 &&
                posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ) == 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    return good;
}

/* Until end of file; false when the deadline came first. */
static bool drain(int fd, double deadline, struct mg_buf *text)
{
    char block[4096];
    for (;;) {
        short ready;
        if (mg_fd_wait(fd, POLLIN, deadline, NULL, &ready, NULL) != MG_OK)
            return false;
        ssize_t got = read(fd, block, sizeof block);
        if (got <= 0)
            return got == 0;
        mg_buf_add(text, (struct mg_str){ block, (size_t)got });
    }
}

bool mg_capture(struct mg_arena *arena, const char *const *argv, double seconds, struct mg_str *output)
{
    int ends[2], status = -1;
    pid_t pid;
    *output = MG_STR("");
    if (mg_fd_pipe(ends, NULL) != MG_OK)
        return false;
    bool good = start(argv, ends[1], &pid);
    mg_fd_close(&ends[1]);
    if (good) {
        struct mg_buf text = MG_BUF(65536);
        good = drain(ends[0], mg_now() + seconds, &text);
        if (!good)
            (void)kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0)
            continue;
        *output = mg_buf_take(&text, arena);
    }
    mg_fd_close(&ends[0]);
    return good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
