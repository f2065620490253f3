/* Our side of the sandbox: builds the environment, starts the supervisor, waits for it, ends it. */
#include "adapters/sandbox_linux/sandbox_linux.h"
#include "base/buf.h"
#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAGIC 0x5a4d4e42u
#define LOWEST_FREE_FD 10 /* above the supervisor's fixed descriptors, so that moving them down never hits one that is still to be moved */
#define KILL_SECONDS 5.0

struct linux_sandbox {
    unsigned magic;
    struct mg_arena *arena;
    const char *self_path;
};

const char *const mg_sandbox_linux_free[] = { "/proc/self/exe", "__sandbox", "--free", "--", NULL };

static struct linux_sandbox *checked(void *self)
{
    struct linux_sandbox *sandbox = self;
    MG_ASSERT(sandbox && sandbox->magic == MAGIC);
    return sandbox;
}

static const char *describe(void *self)
{
    checked(self);
    return "tests run without your keys and with limits on time, memory and file sizes; the file system and the network are not closed off";
}

/* --- the child's environment --- */

struct env {
    MG_VEC(const char *)
};

static bool same_name(const char *a, const char *b)
{
    size_t len = strcspn(a, "=");
    return len == strcspn(b, "=") && strncmp(a, b, len) == 0;
}

static void env_set(struct mg_arena *arena, struct env *env, const char *entry)
{
    for (size_t i = 0; i < env->len; i++)
        if (same_name(env->at[i], entry)) {
            env->at[i] = entry;
            return;
        }
    *MG_PUSH(arena, env) = entry;
}

/* An allow-list: a key that we do not know of must not get through. PYTHON* stays out too, it would change what is measured. */
static bool may_pass(const char *entry)
{
    static const char *const names[] = { "PATH=", "LANG=", "TZ=", "VIRTUAL_ENV=", "LD_LIBRARY_PATH=" };
    for (size_t i = 0; i < MG_COUNT(names); i++)
        if (strncmp(entry, names[i], strlen(names[i])) == 0)
            return true;
    return strncmp(entry, "LC_", 3) == 0;
}

/* NULL when it is not set. */
static const char *entry_of(struct mg_str name)
{
    for (char **entry = environ; entry && *entry; entry++)
        if (strncmp(*entry, name.at, name.len) == 0 && (*entry)[name.len] == '=')
            return *entry;
    return NULL;
}

void mg_sandbox_linux_withheld(struct mg_arena *arena, const struct mg_str *pass, size_t pass_count, struct mg_names *names)
{
    for (char **entry = environ; entry && *entry; entry++) {
        struct mg_str text = mg_str_from(*entry), name = mg_str_sub(text, 0, mg_str_find(text, '=', 0));
        bool passed = may_pass(*entry);
        for (size_t i = 0; i < pass_count; i++)
            passed |= mg_str_eq(name, pass[i]);
        if (!passed && name.len)
            *MG_PUSH(arena, names) = mg_arena_str(arena, name);
    }
}

struct mg_str mg_sandbox_linux_environment(struct mg_arena *arena, const struct mg_str *pass, size_t pass_count)
{
    struct mg_buf text = MG_BUF(1u << 20);
    for (size_t i = 0; i < pass_count; i++)
        mg_buf_addf(&text, "%.*s: %s\n", MG_FMT(pass[i]), entry_of(pass[i]) ? entry_of(pass[i]) : "");
    for (char **entry = environ; entry && *entry; entry++)
        if (may_pass(*entry))
            mg_buf_addf(&text, "%s\n", *entry);
    return mg_buf_take(&text, arena);
}

static enum mg_code own_folder(struct mg_arena *arena, struct env *env, const char *variable, const char *scratch, const char *name,
                               struct mg_err *err)
{
    const char *path = mg_path_join(arena, mg_str_from(scratch), mg_str_from(name)).at;
    MG_TRY(mg_file_mkdirs(path, err));
    env_set(arena, env, mg_arena_printf(arena, "%s=%s", variable, path).at);
    return MG_OK;
}

static enum mg_code build_env(struct mg_arena *arena, const struct mg_child_spec *spec, struct env *env, struct mg_err *err)
{
    env_set(arena, env, "PATH=/usr/local/bin:/usr/bin:/bin");
    env_set(arena, env, "TERM=dumb");
    for (char **entry = environ; entry && *entry; entry++)
        if (may_pass(*entry))
            env_set(arena, env, *entry);
    for (size_t i = 0; i < spec->pass_env_count; i++)
        if (entry_of(spec->pass_env[i]))
            env_set(arena, env, entry_of(spec->pass_env[i]));
    MG_TRY(own_folder(arena, env, "HOME", spec->scratch, "home", err));
    MG_TRY(own_folder(arena, env, "TMPDIR", spec->scratch, "tmp", err));
    for (const char *const *entry = spec->extra_env; entry && *entry; entry++)
        env_set(arena, env, *entry);
    *MG_PUSH(arena, env) = NULL;
    return MG_OK;
}

/* --- starting --- */

struct launch {
    const char **argv;
    struct env env;
    int lifeline[2]; /* [0] goes to the supervisor */
    int log, pass;   /* our copies, numbered from LOWEST_FREE_FD */
};

static const char **build_argv(struct mg_arena *arena, const char *self_path, const struct mg_child_spec *spec)
{
    struct {
        MG_VEC(const char *)
    } argv = { NULL, 0, 0 };
    *MG_PUSH(arena, &argv) = self_path;
    *MG_PUSH(arena, &argv) = "__sandbox";
    if (spec->memory_limit_mb > 0) {
        *MG_PUSH(arena, &argv) = "--memory";
        *MG_PUSH(arena, &argv) = mg_arena_printf(arena, "%lld", (long long)spec->memory_limit_mb).at;
    }
    if (spec->cpu_limit_seconds > 0) {
        *MG_PUSH(arena, &argv) = "--cpu";
        *MG_PUSH(arena, &argv) = mg_arena_printf(arena, "%lld", (long long)spec->cpu_limit_seconds).at;
    }
    if (spec->pass_fd >= 0)
        *MG_PUSH(arena, &argv) = "--pass";
    *MG_PUSH(arena, &argv) = "--";
    for (const char *const *arg = spec->argv; *arg; arg++)
        *MG_PUSH(arena, &argv) = *arg;
    *MG_PUSH(arena, &argv) = NULL;
    return argv.at;
}

static enum mg_code high_copy(int fd, int *copy, struct mg_err *err)
{
    *copy = fcntl(fd, F_DUPFD_CLOEXEC, LOWEST_FREE_FD);
    if (*copy < 0)
        return MG_FAIL(err, MG_E_IO, "cannot copy a descriptor: %s", strerror(errno));
    return MG_OK;
}

static enum mg_code open_descriptors(const struct mg_child_spec *spec, struct launch *launch, struct mg_err *err)
{
    const char *log_path = spec->log_path ? spec->log_path : "/dev/null";
    int log = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (log < 0)
        return MG_FAIL(err, MG_E_IO, "cannot open %s: %s", log_path, strerror(errno));
    enum mg_code code = high_copy(log, &launch->log, err);
    close(log);
    MG_TRY(code);
    if (spec->pass_fd >= 0)
        MG_TRY(high_copy(spec->pass_fd, &launch->pass, err));
    int ends[2];
    MG_TRY(mg_fd_pipe(ends, err));
    code = high_copy(ends[0], &launch->lifeline[0], err);
    close(ends[0]);
    launch->lifeline[1] = ends[1];
    return code;
}

/* The file actions and attributes of the supervisor. Returns the first error number of many calls that practically never fail. */
static int describe_spawn(const struct mg_child_spec *spec, const struct launch *launch, posix_spawn_file_actions_t *actions,
                          posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int results[] = {
        posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0),
        posix_spawn_file_actions_adddup2(actions, launch->log, 1),
        posix_spawn_file_actions_adddup2(actions, launch->log, 2),
        posix_spawn_file_actions_adddup2(actions, launch->lifeline[0], 3),
        launch->pass >= 0 ? posix_spawn_file_actions_adddup2(actions, launch->pass, 4) : 0,
        posix_spawn_file_actions_addchdir_np(actions, spec->directory),
        posix_spawnattr_setsigmask(attributes, &none),
        posix_spawnattr_setsigdefault(attributes, &all),
        /* a session of its own: the terminal's Ctrl-C is for us, we end our children in order */
        posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID),
    };
    for (size_t i = 0; i < MG_COUNT(results); i++)
        if (results[i] != 0)
            return results[i];
    return 0;
}

static enum mg_code run_spawn(const char *self_path, const struct mg_child_spec *spec, struct launch *launch, pid_t *pid, struct mg_err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed != 0)
        return MG_FAIL(err, MG_E_CHILD, "cannot start a child: %s", strerror(failed));
    failed = posix_spawnattr_init(&attributes);
    if (failed == 0) {
        failed = describe_spawn(spec, launch, &actions, &attributes);
        if (failed == 0)
            failed =
                posix_spawn(pid, self_path, &actions, &attributes, (char *const *)(uintptr_t)launch->argv, (char *const *)(uintptr_t)launch->env.at);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0)
        return MG_FAIL(err, MG_E_CHILD, "cannot start %s in %s: %s", self_path, spec->directory, strerror(failed));
    return MG_OK;
}

static enum mg_code spawn_in(struct mg_arena *arena, struct linux_sandbox *sandbox, const struct mg_child_spec *spec, struct mg_child *child,
                             struct mg_err *err)
{
    struct launch launch = { .lifeline = { -1, -1 }, .log = -1, .pass = -1 };
    launch.argv = build_argv(arena, sandbox->self_path, spec);
    MG_TRY(build_env(arena, spec, &launch.env, err));
    pid_t pid = 0;
    enum mg_code code = open_descriptors(spec, &launch, err);
    if (code == MG_OK)
        code = run_spawn(sandbox->self_path, spec, &launch, &pid, err);
    mg_fd_close(&launch.log);
    mg_fd_close(&launch.pass);
    mg_fd_close(&launch.lifeline[0]);
    if (code != MG_OK) {
        mg_fd_close(&launch.lifeline[1]);
        return code;
    }
    *child = (struct mg_child){ .pid = pid, .lifeline_fd = launch.lifeline[1] };
    return MG_OK;
}

static enum mg_code spawn(void *self, const struct mg_child_spec *spec, struct mg_child *child, struct mg_err *err)
{
    struct linux_sandbox *sandbox = checked(self);
    if (!spec->argv || !spec->argv[0] || spec->argv[0][0] != '/')
        return MG_FAIL(err, MG_E_CONFIG, "a child's program needs an absolute path");
    if (!mg_file_is_dir(spec->directory))
        return MG_FAIL(err, MG_E_CONFIG, "cannot start a child in %s: not a directory", spec->directory);
    struct mg_arena *arena = mg_arena_new();
    enum mg_code code = spawn_in(arena, sandbox, spec, child, err);
    mg_arena_free(arena);
    return code;
}

/* --- waiting and ending --- */

static void forget(struct mg_child *child)
{
    mg_fd_close(&child->lifeline_fd);
    *child = (struct mg_child){ .pid = 0, .lifeline_fd = -1 };
}

static enum mg_code reap(struct mg_child *child, bool *exited, int *status, struct mg_err *err)
{
    pid_t got;
    do
        got = waitpid(child->pid, status, WNOHANG);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return MG_FAIL(err, MG_E_CHILD, "cannot wait for process %d: %s", (int)child->pid, strerror(errno));
    *exited = got == child->pid;
    return MG_OK;
}

/* Readable when the process ends; -1 on kernels before 5.3, where we look every few milliseconds instead. */
static int open_pidfd(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

static enum mg_code wait_until(struct mg_child *child, double deadline, const struct mg_cancel *cancel, bool *exited, int *status, struct mg_err *err)
{
    int pidfd = open_pidfd(child->pid);
    enum mg_code code;
    for (;;) {
        code = reap(child, exited, status, err);
        if (code != MG_OK || *exited || mg_now() >= deadline)
            break;
        double step = pidfd >= 0 ? deadline : mg_now() + 0.005;
        short ready;
        struct mg_err why;
        code = mg_fd_wait(pidfd, POLLIN, step < deadline ? step : deadline, cancel, &ready, &why);
        if (code == MG_E_TIMEOUT)
            code = MG_OK; /* looks once more at the top */
        if (code != MG_OK) {
            if (err)
                *err = why;
            break;
        }
    }
    mg_fd_close(&pidfd);
    return code;
}

static enum mg_code wait_child(void *self, struct mg_child *child, double seconds, const struct mg_cancel *cancel, bool *exited, int *status,
                               struct mg_err *err)
{
    checked(self);
    *exited = false;
    if (child->pid <= 0)
        return MG_FAIL(err, MG_E_STATE, "there is no child to wait for");
    MG_TRY(wait_until(child, mg_now() + seconds, cancel, exited, status, err));
    if (*exited)
        forget(child);
    return MG_OK;
}

static void kill_child(void *self, struct mg_child *child)
{
    checked(self);
    if (child->pid <= 0)
        return;
    mg_fd_close(&child->lifeline_fd); /* the supervisor kills the tree on this alone */
    bool exited = false;
    int status;
    if (wait_until(child, mg_now() + KILL_SECONDS, NULL, &exited, &status, NULL) == MG_OK && !exited) {
        kill(child->pid, SIGKILL); /* hangs in the kernel: the tree's processes die with their own parent-death signal, or never could */
        (void)wait_until(child, mg_now() + KILL_SECONDS, NULL, &exited, &status, NULL);
    }
    forget(child);
}

static const struct mg_sandbox_ops ops = {
    .name = "linux",
    .describe = describe,
    .spawn = spawn,
    .wait = wait_child,
    .kill = kill_child,
};

struct mg_sandbox mg_sandbox_linux_new(const char *self_path)
{
    struct mg_arena *arena = mg_arena_new();
    struct linux_sandbox *sandbox = MG_NEW(arena, struct linux_sandbox);
    *sandbox = (struct linux_sandbox){ .magic = MAGIC, .arena = arena, .self_path = self_path ? self_path : "/proc/self/exe" };
    return (struct mg_sandbox){ .ops = &ops, .self = sandbox };
}

void mg_sandbox_linux_close(struct mg_sandbox sandbox)
{
    if (!sandbox.self)
        return;
    struct linux_sandbox *linux_sandbox = checked(sandbox.self);
    linux_sandbox->magic = 0;
    mg_arena_free(linux_sandbox->arena);
}
