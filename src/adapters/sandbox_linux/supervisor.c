/* `mutagen __sandbox`: a small single-threaded program between us and a child. It limits the child, runs it, and leaves no process behind.
 * It is a subreaper: whatever daemonises below it comes back to it, so "no children left" means "no descendants left". */
#include "adapters/sandbox_linux/sandbox_linux.h"
#include "base/str.h"
#include "os/process.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIFELINE_FD 3
#define PASSED_FD 4
#define FILE_SIZE_LIMIT ((rlim_t)1 << 30)
#define MOST_VICTIMS 4096 /* found in one sweep; the next sweep finds the rest */
enum { EXIT_SUPERVISOR = 125, EXIT_CANNOT_EXEC = 127 };

struct order {
    int64_t memory_mb, cpu_seconds;
    bool pass, free; /* free: the user's own programs, which get no limits */
    char **argv;
};

static bool parse_order(int argc, char **argv, struct order *order)
{
    *order = (struct order){ 0 };
    for (int i = 2; i < argc; i++) {
        int64_t *number = strcmp(argv[i], "--memory") == 0 ? &order->memory_mb : strcmp(argv[i], "--cpu") == 0 ? &order->cpu_seconds : NULL;
        if (strcmp(argv[i], "--") == 0) {
            order->argv = argv + i + 1;
            return order->argv[0] != NULL;
        }
        if (strcmp(argv[i], "--pass") == 0)
            order->pass = true;
        else if (strcmp(argv[i], "--free") == 0)
            order->free = true;
        else if (!number || i + 1 >= argc || !mg_str_to_i64(mg_str_from(argv[++i]), number) || *number < 0)
            return false;
    }
    return false;
}

static void close_from(unsigned first)
{
    if (syscall(SYS_close_range, first, ~0u, 0) == 0)
        return;
    struct rlimit files; /* a kernel before 5.9 */
    unsigned last = getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 65536 ? (unsigned)files.rlim_cur : 65536;
    for (unsigned fd = first; fd < last; fd++)
        close((int)fd);
}

/* --- the child, between fork and exec --- */

/* Soft and hard alike, never above what we are allowed ourselves. */
static bool limit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
    struct rlimit now;
    if (getrlimit(resource, &now) != 0)
        return false;
    if (now.rlim_max != RLIM_INFINITY && hard > now.rlim_max)
        hard = now.rlim_max;
    struct rlimit wanted = { .rlim_cur = soft < hard ? soft : hard, .rlim_max = hard };
    return setrlimit(resource, &wanted) == 0;
}

static bool apply_limits(const struct order *order)
{
    rlim_t memory = (rlim_t)order->memory_mb << 20, cpu = (rlim_t)order->cpu_seconds;
    if (order->free)
        return true;
    return (order->memory_mb == 0 || limit(RLIMIT_DATA, memory, memory)) && /* not AS: numpy and sanitizers reserve far more than they use */
           (order->cpu_seconds == 0 || limit(RLIMIT_CPU, cpu, cpu + 2)) && limit(RLIMIT_CORE, 0, 0) &&
           limit(RLIMIT_FSIZE, FILE_SIZE_LIMIT, FILE_SIZE_LIMIT);
}

_Noreturn static void become_child(const struct order *order, pid_t supervisor)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    /* If the supervisor is killed by force, at least the child itself goes with it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != supervisor)
        _exit(EXIT_SUPERVISOR);
    if (!apply_limits(order)) {
        dprintf(2, "mutagen: cannot set resource limits: %s\n", strerror(errno));
        _exit(EXIT_SUPERVISOR);
    }
    if (order->pass && dup2(PASSED_FD, 3) != 3)
        _exit(EXIT_SUPERVISOR);
    close_from(order->pass ? 4 : 3);
    execv(order->argv[0], order->argv);
    dprintf(2, "mutagen: cannot run %s: %s\n", order->argv[0], strerror(errno));
    _exit(EXIT_CANNOT_EXEC);
}

/* --- killing everything below us --- */

struct victims {
    pid_t pids[MOST_VICTIMS];
    size_t count;
};

/* Adds the direct children of `pid`, of all its threads. False when the kernel does not tell (CONFIG_PROC_CHILDREN is off). */
static bool add_children(struct victims *victims, pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        return true; /* it is gone */
    bool known = true;
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        if (task->d_name[0] == '.')
            continue;
        char list[128];
        snprintf(list, sizeof list, "/proc/%d/task/%.32s/children", (int)pid, task->d_name);
        FILE *file = fopen(list, "re");
        if (!file) {
            known = pid != getpid();
            continue;
        }
        int child;
        while (victims->count < MOST_VICTIMS && fscanf(file, "%d", &child) == 1)
            victims->pids[victims->count++] = child;
        fclose(file);
    }
    closedir(tasks);
    return known;
}

/* The slow way: everyone whose parent we are, by /proc/<pid>/stat. */
static void add_own_children_by_scan(struct victims *victims)
{
    DIR *processes = opendir("/proc");
    if (!processes)
        return;
    for (struct dirent *entry; (entry = readdir(processes)) != NULL && victims->count < MOST_VICTIMS;) {
        int64_t pid;
        if (mg_str_to_i64(mg_str_from(entry->d_name), &pid) && mg_process_parent((pid_t)pid) == getpid())
            victims->pids[victims->count++] = (pid_t)pid;
    }
    closedir(processes);
}

static void kill_descendants_once(void)
{
    static struct victims victims; /* too big for the stack */
    victims.count = 0;
    if (!add_children(&victims, getpid()))
        add_own_children_by_scan(&victims);
    for (size_t i = 0; i < victims.count; i++) {
        add_children(&victims, victims.pids[i]); /* before it dies and its children change hands */
        kill(victims.pids[i], SIGKILL);
    }
}

/* Takes all ended children off; remembers how the main child ended. False when there are none left at all. */
static bool reap(pid_t child, bool *ended, int *status)
{
    for (;;) {
        int how;
        pid_t pid = waitpid(-1, &how, WNOHANG);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid <= 0)
            return pid == 0;
        if (pid == child) {
            *ended = true;
            *status = how;
        }
    }
}

static int finish(pid_t child, bool ended, int status)
{
    const struct timespec pause = { .tv_nsec = 1000000 };
    while (reap(child, &ended, &status)) {
        kill_descendants_once();
        nanosleep(&pause, NULL);
    }
    if (!ended)
        return EXIT_SUPERVISOR;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* --- the watch --- */

/* Until the child ends, the lifeline closes or someone tells us to stop. */
static int watch(pid_t child, int signals)
{
    bool ended = false, stop = false;
    int status = 0;
    while (!ended && !stop) {
        struct pollfd fds[2] = { { .fd = LIFELINE_FD, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            break;
        stop = fds[0].revents != 0; /* nobody ever writes there: readable means end of file */
        struct signalfd_siginfo signal;
        while (read(signals, &signal, sizeof signal) == (ssize_t)sizeof signal)
            if (signal.ssi_signo != SIGCHLD)
                stop = true;
        (void)reap(child, &ended, &status);
    }
    return finish(child, ended, status);
}

int mg_sandbox_main(int argc, char **argv)
{
    struct order order;
    if (!parse_order(argc, argv, &order)) {
        dprintf(2, "mutagen: __sandbox is started by mutagen itself, never by hand\n");
        return EXIT_SUPERVISOR;
    }
    close_from(order.pass ? 5 : 4);
    sigset_t watched;
    sigemptyset(&watched);
    static const int numbers[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT };
    for (size_t i = 0; i < MG_COUNT(numbers); i++)
        sigaddset(&watched, numbers[i]);
    /* The death signal is the second line behind the lifeline; it must be one that we survive, or nobody would kill the tree. */
    if (sigprocmask(SIG_BLOCK, &watched, NULL) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || fcntl(LIFELINE_FD, F_SETFD, FD_CLOEXEC) != 0) {
        dprintf(2, "mutagen: cannot set up the sandbox: %s\n", strerror(errno));
        return EXIT_SUPERVISOR;
    }
    int signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    pid_t self = getpid(), child = signals < 0 ? -1 : fork();
    if (child < 0) {
        dprintf(2, "mutagen: cannot start a child: %s\n", strerror(errno));
        return EXIT_SUPERVISOR;
    }
    if (child == 0)
        become_child(&order, self);
    if (order.pass)
        close(PASSED_FD); /* else the other side would never see the child's end of file */
    return watch(child, signals);
}
