/* posix_spawn, and one loop that feeds stdin, empties stdout and stderr, and watches the program, the deadline and the cancel token. */
#include "os/program.h"
#include "base/buf.h"
#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TAIL_BYTES 4096
#define CUT_BYTES 1024 /* of a full tail: it may begin in the middle of a secret, which would not be recognised */
#define BLOCK_BYTES 16384
#define MOST_BLOCKS 64 /* together what the largest pipe holds */
#define GRACE_SECONDS 0.5
#define LIFELINE_GRACE_SECONDS 1.5 /* a supervisor has a whole tree to end */
#define BLIND_WAIT_SECONDS 0.01    /* on kernels without pidfd (before 5.3) */

#define LOWEST_FREE_FD 10

enum { OURS, THEIRS };

struct pump {
    const struct mg_program *program;
    pid_t pid;
    int pidfd;
    int in[2], out[2], err[2], life[2];
    struct mg_str left; /* of the input */
    struct mg_buf output;
    char tail[TAIL_BYTES];
    size_t tail_len;
};

/* --- starting --- */

/* High, so that giving them to the child cannot overwrite one of them. */
static enum mg_code open_pipe(int pair[2], bool we_write, struct mg_err *err)
{
    int ends[2];
    MG_TRY(mg_fd_pipe(ends, err));
    for (int i = 0; i < 2; i++) {
        int high = fcntl(ends[i], F_DUPFD_CLOEXEC, LOWEST_FREE_FD);
        pair[(i == 1) == we_write ? OURS : THEIRS] = high;
    }
    close(ends[0]);
    close(ends[1]);
    if (pair[OURS] < 0 || pair[THEIRS] < 0 || fcntl(pair[OURS], F_SETFL, O_NONBLOCK) != 0)
        return MG_FAIL(err, MG_E_IO, "cannot make a pipe: %s", strerror(errno));
    return MG_OK;
}

static int describe_spawn(const struct pump *pump, posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int results[] = {
        posix_spawn_file_actions_adddup2(actions, pump->in[THEIRS], 0),
        posix_spawn_file_actions_adddup2(actions, pump->out[THEIRS], 1),
        posix_spawn_file_actions_adddup2(actions, pump->err[THEIRS], 2),
        pump->life[THEIRS] >= 0 ? posix_spawn_file_actions_adddup2(actions, pump->life[THEIRS], 3) : 0,
        pump->program->directory ? posix_spawn_file_actions_addchdir_np(actions, pump->program->directory) : 0,
        posix_spawnattr_setsigmask(attributes, &none),
        posix_spawnattr_setsigdefault(attributes, &all),
        /* a session of its own: no terminal to ask questions on, and one group to end */
        posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID),
    };
    for (size_t i = 0; i < MG_COUNT(results); i++)
        if (results[i] != 0)
            return results[i];
    return 0;
}

static enum mg_code start(struct pump *pump, struct mg_err *err)
{
    const char *const *argv = pump->program->argv, *const *env = pump->program->env;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed != 0)
        return MG_FAIL(err, MG_E_CHILD, "cannot start %s: %s", argv[0], strerror(failed));
    failed = posix_spawnattr_init(&attributes);
    if (failed == 0) {
        failed = describe_spawn(pump, &actions, &attributes);
        if (failed == 0)
            failed = posix_spawn(&pump->pid, argv[0], &actions, &attributes, (char *const *)(uintptr_t)argv,
                                 env ? (char *const *)(uintptr_t)env : environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0)
        return MG_FAIL(err, MG_E_CHILD, "cannot start %s: %s", argv[0], strerror(failed));
    pump->pidfd = (int)syscall(SYS_pidfd_open, pump->pid, 0);
    return MG_OK;
}

/* --- pumping --- */

static void feed(struct pump *pump)
{
    while (pump->left.len > 0) {
        ssize_t put = write(pump->in[OURS], pump->left.at, pump->left.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EAGAIN)
            return;
        if (put <= 0) /* EPIPE: a program need not read all of it */
            break;
        pump->left.at += put;
        pump->left.len -= (size_t)put;
    }
    mg_fd_close(&pump->in[OURS]);
}

static void keep_tail(struct pump *pump, const char *block, size_t len)
{
    size_t add = len < TAIL_BYTES ? len : TAIL_BYTES;
    size_t keep = pump->tail_len < TAIL_BYTES - add ? pump->tail_len : TAIL_BYTES - add;
    memmove(pump->tail, pump->tail + pump->tail_len - keep, keep);
    memcpy(pump->tail + keep, block + len - add, add);
    pump->tail_len = keep + add;
}

/* What is there now, but not for ever: one that prints without end must not keep us from looking at the clock. Closes at the end of file.
 * False when stdout has passed its limit. */
static bool empty(struct pump *pump, int *fd)
{
    char block[BLOCK_BYTES];
    for (int i = 0; i < MOST_BLOCKS && *fd >= 0; i++) {
        ssize_t got = read(*fd, block, sizeof block);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return true;
        if (got <= 0) {
            mg_fd_close(fd);
            return true;
        }
        if (fd == &pump->err[OURS])
            keep_tail(pump, block, (size_t)got);
        else
            mg_buf_add(&pump->output, (struct mg_str){ block, (size_t)got });
        if (pump->output.overflow)
            return false;
    }
    return true;
}

/* True when the program has ended; it stays a zombie, so that its number (and its group's) is not given away. */
static bool has_ended(const struct pump *pump)
{
    siginfo_t info = { .si_pid = 0 };
    return waitid(P_PID, (id_t)pump->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pump->pid;
}

enum { WATCH_IN, WATCH_OUT, WATCH_ERR, WATCH_END, WATCH_WAKE, WATCHED };

static enum mg_code check_time(const struct mg_program *program, double *left, struct mg_err *err)
{
    if (mg_cancelled(program->cancel))
        return MG_FAIL(err, MG_E_CANCELLED, "stopped by the user");
    *left = program->deadline - mg_now();
    return *left > 0 ? MG_OK : MG_FAIL(err, MG_E_TIMEOUT, "no answer in time");
}

static enum mg_code step(struct pump *pump, struct pollfd *fds, bool *ended, struct mg_err *err)
{
    const struct mg_program *program = pump->program;
    double left = 0;
    MG_TRY(check_time(program, &left, err));
    if (pump->pidfd < 0 && left > BLIND_WAIT_SECONDS)
        left = BLIND_WAIT_SECONDS;
    if (program->cancel && program->cancel->wake_fd < 0 && left > 0.05) /* a token without a descriptor */
        left = 0.05;
    fds[WATCH_IN].fd = pump->in[OURS];
    fds[WATCH_OUT].fd = pump->out[OURS];
    fds[WATCH_ERR].fd = pump->err[OURS];
    int count = poll(fds, WATCHED, left > 600.0 ? 600000 : (int)(left * 1000.0) + 1);
    if (count < 0 && errno != EINTR)
        return MG_FAIL(err, MG_E_IO, "cannot wait for a program: %s", strerror(errno));
    if (count > 0 && fds[WATCH_WAKE].revents != 0 && !mg_cancelled(program->cancel))
        fds[WATCH_WAKE].fd = -1; /* woken for nothing: looking again would spin */
    *ended = has_ended(pump);    /* before reading: what it printed is in the pipe by now */
    if (pump->in[OURS] >= 0 && !*ended)
        feed(pump);
    if (!empty(pump, &pump->out[OURS]) || !empty(pump, &pump->err[OURS]))
        return MG_FAIL(err, MG_E_LIMIT, "more than %zu bytes on stdout", program->max_output);
    return MG_OK;
}

static enum mg_code pump_until_end(struct pump *pump, struct mg_err *err)
{
    const struct mg_cancel *cancel = pump->program->cancel;
    struct pollfd fds[WATCHED] = { [WATCH_IN] = { .events = POLLOUT },
                                   [WATCH_OUT] = { .events = POLLIN },
                                   [WATCH_ERR] = { .events = POLLIN },
                                   [WATCH_END] = { .fd = pump->pidfd, .events = POLLIN },
                                   [WATCH_WAKE] = { .fd = cancel ? cancel->wake_fd : -1, .events = POLLIN } };
    for (bool ended = false; !ended;)
        MG_TRY(step(pump, fds, &ended, err)); /* the last one takes what is there; a background child may hold the pipes open for ever */
    return MG_OK;
}

/* --- ending --- */

static void wait_for_grace(const struct pump *pump)
{
    double deadline = mg_now() + (pump->program->lifeline ? LIFELINE_GRACE_SECONDS : GRACE_SECONDS);
    while (!has_ended(pump) && mg_now() < deadline) {
        struct pollfd fd = { .fd = pump->pidfd, .events = POLLIN };
        (void)poll(&fd, 1, pump->pidfd < 0 ? 5 : 50);
    }
}

static void end_group(struct pump *pump, bool ask_first, int *status)
{
    if (ask_first) {
        (void)kill(-pump->pid, SIGTERM);
        wait_for_grace(pump);
    }
    (void)kill(-pump->pid, SIGKILL);
    while (waitpid(pump->pid, status, 0) < 0 && errno == EINTR)
        continue;
    pump->pid = 0;
}

static enum mg_code run(struct pump *pump, struct mg_program_end *end, struct mg_err *err)
{
    double left;
    MG_TRY(check_time(pump->program, &left, err));
    MG_TRY(open_pipe(pump->in, true, err));
    MG_TRY(open_pipe(pump->out, false, err));
    MG_TRY(open_pipe(pump->err, false, err));
    if (pump->program->lifeline)
        MG_TRY(open_pipe(pump->life, true, err));
    MG_TRY(start(pump, err));
    end->started = true;
    mg_fd_close(&pump->in[THEIRS]);
    mg_fd_close(&pump->out[THEIRS]);
    mg_fd_close(&pump->err[THEIRS]);
    mg_fd_close(&pump->life[THEIRS]);
    enum mg_code code = pump_until_end(pump, err);
    end_group(pump, code != MG_OK, &end->status);
    return code;
}

enum mg_code mg_program_run(const struct mg_program *program, struct mg_arena *arena, struct mg_program_end *end, struct mg_err *err)
{
    struct pump pump = { .program = program,
                         .pidfd = -1,
                         .in = { -1, -1 },
                         .out = { -1, -1 },
                         .err = { -1, -1 },
                         .life = { -1, -1 },
                         .left = program->input,
                         .output = MG_BUF(program->max_output) };
    *end = (struct mg_program_end){ .output = MG_NO_STR };
    enum mg_code code = run(&pump, end, err);
    for (int i = 0; i < 2; i++) {
        mg_fd_close(&pump.in[i]);
        mg_fd_close(&pump.out[i]);
        mg_fd_close(&pump.err[i]);
        mg_fd_close(&pump.life[i]);
    }
    mg_fd_close(&pump.pidfd);
    size_t cut = pump.tail_len == TAIL_BYTES ? CUT_BYTES : 0;
    end->tail = mg_arena_str(arena, (struct mg_str){ pump.tail + cut, pump.tail_len - cut });
    if (code == MG_OK)
        end->output = mg_buf_take(&pump.output, arena);
    mg_buf_free(&pump.output);
    return code;
}

bool mg_program_succeeded(const struct mg_program_end *end) { return end->started && WIFEXITED(end->status) && WEXITSTATUS(end->status) == 0; }

/* --- what a program is and gets --- */

struct mg_str mg_program_find(struct mg_arena *arena, const char *name)
{
    struct mg_str rest = mg_str_from(getenv("PATH")), entry;
    while (mg_str_next_part(&rest, ':', &entry)) {
        struct stat about;
        struct mg_str path = mg_path_join(arena, entry, mg_str_from(name));
        if (mg_str_starts(entry, "/") && stat(path.at, &about) == 0 && S_ISREG(about.st_mode) && access(path.at, X_OK) == 0)
            return path;
    }
    return MG_NO_STR;
}

static bool is_allowed(const char *const *allowed, struct mg_str name)
{
    for (; *allowed; allowed++) {
        size_t len = strlen(*allowed);
        bool prefix = len > 0 && (*allowed)[len - 1] == '*';
        if (prefix ? name.len >= len && memcmp(name.at, *allowed, len - 1) == 0 : mg_str_is(name, *allowed))
            return true;
    }
    return false;
}

static struct mg_str name_of(const char *entry)
{
    struct mg_str text = mg_str_from(entry);
    return mg_str_sub(text, 0, mg_str_find(text, '=', 0));
}

const char *const *mg_program_environment(struct mg_arena *arena, const char *const *allowed, const char *const *more)
{
    struct {
        MG_VEC(const char *)
    } env = { NULL, 0, 0 };
    for (char **entry = environ; entry && *entry; entry++) {
        bool replaced = false;
        for (const char *const *other = more; other && *other; other++)
            replaced |= mg_str_eq(name_of(*other), name_of(*entry));
        if (!replaced && is_allowed(allowed, name_of(*entry)))
            *MG_PUSH(arena, &env) = *entry;
    }
    for (; more && *more; more++)
        *MG_PUSH(arena, &env) = *more;
    *MG_PUSH(arena, &env) = NULL;
    return env.at;
}
