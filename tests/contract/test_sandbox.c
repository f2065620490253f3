/* The sandbox port's contract on sandbox_linux. This program plays all parts: the test, mutagen that is killed, the supervisor, and a
 * child that tries to outlive us. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "adapters/sandbox_linux/sandbox_linux.h"
#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"

#ifdef __SANITIZE_ADDRESS__
#define MEMORY_MB 0 /* its shadow memory alone is terabytes */
#else
#define MEMORY_MB 512
#endif

static char scratch[] = "/tmp/mg-sandbox-XXXXXX";
static char log_path[64], pid_path[64], self_path[512];
static struct mg_sandbox sandbox;

/* --- the parts the children play --- */

static int show(void)
{
    char directory[512];
    struct rlimit data, cpu, core;
    struct stat about;
    getrlimit(RLIMIT_DATA, &data);
    getrlimit(RLIMIT_CPU, &cpu);
    getrlimit(RLIMIT_CORE, &core);
    for (char **entry = environ; *entry; entry++)
        printf("env %s\n", *entry);
    for (int fd = 0; fd < 1000; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf("fd %d\n", fd);
    printf("data %llu cpu %llu core %llu\n", (unsigned long long)data.rlim_cur, (unsigned long long)cpu.rlim_cur, (unsigned long long)core.rlim_cur);
    printf("cwd %s session %d\n", getcwd(directory, sizeof directory), getsid(0) == getpid());
    printf("stdin %d\n", fstat(0, &about) == 0 && S_ISCHR(about.st_mode));
    fprintf(stderr, "on stderr\n");
    if (fcntl(3, F_GETFD) >= 0 && write(3, "hello", 5) != 5)
        return 1;
    return 7;
}

/* Two generations away, in a session of its own, deaf to what can be ignored, and its parent is gone. The file at path is there only once the
 * number is in it: the child ends as soon as it sees the file, and with it this process. */
static int daemonise(const char *path, bool parent_stays)
{
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            signal(SIGTERM, SIG_IGN);
            signal(SIGHUP, SIG_IGN);
            char unfinished[128];
            snprintf(unfinished, sizeof unfinished, "%s.unfinished", path);
            FILE *file = fopen(unfinished, "we");
            if (!file || fprintf(file, "%d\n", (int)getpid()) < 0 || fclose(file) != 0 || rename(unfinished, path) != 0)
                _exit(1);
            for (;;)
                pause();
        }
        _exit(0);
    }
    while (parent_stays)
        pause();
    while (access(path, F_OK) != 0)
        usleep(1000);
    return 0;
}

static enum mg_code start(const char *const *argv, int pass_fd, struct mg_child *child)
{
    struct mg_child_spec spec = {
        .argv = argv,
        .directory = scratch,
        .log_path = log_path,
        .scratch = scratch,
        .pass_fd = pass_fd,
        .memory_limit_mb = MEMORY_MB,
        .cpu_limit_seconds = 9,
        .extra_env = (const char *const[]){ "MUTAGEN=1", "TERM=mine", NULL },
    };
    struct mg_err err = { 0 };
    enum mg_code code = sandbox.ops->spawn(sandbox.self, &spec, child, &err);
    if (code != MG_OK)
        print_message("%s\n", err.text);
    return code;
}

/* Plays mutagen: starts a child that daemonises, then sits there to be killed. */
static int play_host(const char *directory)
{
    snprintf(scratch, sizeof scratch, "%s", directory);
    snprintf(log_path, sizeof log_path, "%s/log", scratch);
    snprintf(pid_path, sizeof pid_path, "%s/pid", scratch);
    sandbox = mg_sandbox_linux_new(NULL);
    struct mg_child child;
    const char *argv[] = { self_path, "daemon", pid_path, "stay", NULL };
    if (start(argv, -1, &child) != MG_OK)
        return 1;
    for (;;)
        pause();
}

/* --- helpers --- */

static pid_t daemon_pid(void)
{
    double deadline = mg_now() + 10;
    int pid = 0;
    while (pid == 0 && mg_now() < deadline) {
        FILE *file = fopen(pid_path, "re");
        if (file && fscanf(file, "%d", &pid) != 1)
            pid = 0;
        if (file)
            fclose(file);
        usleep(2000);
    }
    assert_true(pid > 0);
    assert_int_equal(kill(pid, 0), 0);
    return pid;
}

static void assert_gone_within(pid_t pid, double seconds)
{
    double deadline = mg_now() + seconds;
    while (mg_now() < deadline && kill(pid, 0) == 0)
        usleep(5000);
    assert_true(kill(pid, 0) != 0 && errno == ESRCH);
}

static int wait_for(struct mg_child *child)
{
    bool exited = false;
    int status = -1;
    struct mg_err err;
    assert_int_equal(sandbox.ops->wait(sandbox.self, child, 20, NULL, &exited, &status, &err), MG_OK);
    assert_true(exited);
    assert_int_equal(child->pid, 0);
    assert_int_equal(child->lifeline_fd, -1);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static const char *log_text(struct mg_arena *arena)
{
    struct mg_str text;
    assert_int_equal(mg_file_read(arena, log_path, 1 << 20, &text, NULL), MG_OK);
    return text.at;
}

/* --- tests --- */

static void child_gets_what_was_ordered_and_nothing_else(void **unused)
{
    (void)unused;
    static const char *const secret_names[] = { "AWS_SECRET_ACCESS_KEY", "ANTHROPIC_API_KEY",   "OPENAI_API_KEY",
                                                "GEMINI_API_KEY",        "GOOGLE_API_KEY",      "OPENROUTER_API_KEY",
                                                "MUTAGEN_PROVIDER",      "MUTAGEN_LLM_API_KEY", "MUTAGEN_BASE_URL" };
    for (size_t i = 0; i < MG_COUNT(secret_names); i++)
        setenv(secret_names[i], "s3cret", 1);
    setenv("LC_CTYPE", "C.UTF-8", 1);
    setenv("PYTHONPATH", "/elsewhere", 1);
    int pair[2], stray = fcntl(2, F_DUPFD, 50); /* a descriptor without close-on-exec, as careless code leaves them */
    assert_true(stray >= 50);
    assert_int_equal(mg_fd_socketpair(pair, NULL), MG_OK);
    struct mg_child child;
    const char *argv[] = { self_path, "show", NULL };
    assert_int_equal(start(argv, pair[1], &child), MG_OK);
    assert_true(fcntl(child.lifeline_fd, F_GETFD) & FD_CLOEXEC);
    close(pair[1]);
    assert_int_equal(wait_for(&child), 7);
    char hello[8] = "";
    assert_int_equal(read(pair[0], hello, sizeof hello), 5);
    assert_int_equal(read(pair[0], hello, sizeof hello), 0); /* nobody holds the other end any more */
    close(pair[0]);
    close(stray);

    struct mg_arena *arena = mg_arena_new();
    const char *text = log_text(arena);
    assert_null(strstr(text, "s3cret"));
    for (size_t i = 0; i < MG_COUNT(secret_names); i++)
        assert_null(strstr(text, secret_names[i]));
    assert_null(strstr(text, "PYTHONPATH"));
    assert_non_null(strstr(text, "env LC_CTYPE=C.UTF-8\n"));
    assert_non_null(strstr(text, "env MUTAGEN=1\n"));
    assert_non_null(strstr(text, "env TERM=mine\n"));
    assert_null(strstr(text, "TERM=dumb"));
    assert_non_null(strstr(text, mg_arena_printf(arena, "env HOME=%s/home\n", scratch).at));
    assert_non_null(strstr(text, mg_arena_printf(arena, "env TMPDIR=%s/tmp\n", scratch).at));
    assert_non_null(strstr(text, "env PATH="));
    assert_non_null(strstr(text, "fd 0\nfd 1\nfd 2\nfd 3\ndata "));
    if (MEMORY_MB > 0)
        assert_non_null(strstr(text, mg_arena_printf(arena, "data %llu cpu", (unsigned long long)MEMORY_MB << 20).at));
    assert_non_null(strstr(text, " cpu 9 core 0\n"));
    assert_non_null(strstr(text, mg_arena_printf(arena, "cwd %s session 1\n", scratch).at));
    assert_non_null(strstr(text, "stdin 1\n"));
    assert_non_null(strstr(text, "on stderr\n"));
    mg_arena_free(arena);
}

static void status_of_a_killed_child_is_128_and_its_signal(void **unused)
{
    (void)unused;
    struct mg_child child;
    const char *argv[] = { "/bin/sh", "-c", "kill -SEGV $$", NULL };
    assert_int_equal(start(argv, -1, &child), MG_OK);
    assert_int_equal(wait_for(&child), 128 + SIGSEGV);
}

static void program_that_cannot_run_is_told_in_the_log(void **unused)
{
    (void)unused;
    struct mg_child child;
    const char *argv[] = { "/nonexistent/python", NULL };
    assert_int_equal(start(argv, -1, &child), MG_OK);
    assert_int_equal(wait_for(&child), 127);
    struct mg_arena *arena = mg_arena_new();
    assert_non_null(strstr(log_text(arena), "cannot run /nonexistent/python: No such file"));
    mg_arena_free(arena);
    assert_int_equal(start((const char *const[]){ "relative", NULL }, -1, &child), MG_E_CONFIG);
}

static void wait_obeys_deadline_and_cancel(void **unused)
{
    (void)unused;
    struct mg_child child;
    const char *argv[] = { "/bin/sleep", "100", NULL };
    assert_int_equal(start(argv, -1, &child), MG_OK);
    bool exited = true;
    int status;
    double begin = mg_now();
    assert_int_equal(sandbox.ops->wait(sandbox.self, &child, 0.1, NULL, &exited, &status, NULL), MG_OK);
    assert_false(exited);
    assert_true(mg_now() - begin >= 0.1 && mg_now() - begin < 3);
    struct mg_cancel cancel = { .requested = SIGINT, .wake_fd = -1 };
    assert_int_equal(sandbox.ops->wait(sandbox.self, &child, 20, &cancel, &exited, &status, NULL), MG_E_CANCELLED);
    pid_t supervisor = child.pid;
    sandbox.ops->kill(sandbox.self, &child);
    assert_int_equal(child.pid, 0);
    assert_true(kill(supervisor, 0) != 0);
    sandbox.ops->kill(sandbox.self, &child); /* an empty handle is allowed */
}

static void daemons_do_not_outlive_their_child(void **unused)
{
    (void)unused;
    unlink(pid_path);
    struct mg_child child;
    const char *argv[] = { self_path, "daemon", pid_path, NULL };
    assert_int_equal(start(argv, -1, &child), MG_OK);
    assert_int_equal(wait_for(&child), 0); /* its child had daemonised before it ended */
    FILE *file = fopen(pid_path, "re");
    int pid = 0;
    assert_true(file && fscanf(file, "%d", &pid) == 1);
    fclose(file);
    assert_true(kill(pid, 0) != 0 && errno == ESRCH);
}

static void kill_takes_daemons_too(void **unused)
{
    (void)unused;
    unlink(pid_path);
    struct mg_child child;
    const char *argv[] = { self_path, "daemon", pid_path, "stay", NULL };
    assert_int_equal(start(argv, -1, &child), MG_OK);
    pid_t pid = daemon_pid();
    sandbox.ops->kill(sandbox.self, &child);
    assert_true(kill(pid, 0) != 0 && errno == ESRCH);
}

/* kill -9 on us: no handler of ours runs, and still nothing may stay. */
static void nothing_outlives_a_killed_host(void **unused)
{
    (void)unused;
    unlink(pid_path);
    pid_t host = fork();
    assert_true(host >= 0);
    if (host == 0) {
        execl(self_path, self_path, "host", scratch, (char *)NULL);
        _exit(1);
    }
    pid_t pid = daemon_pid();
    kill(host, SIGKILL);
    assert_int_equal(waitpid(host, NULL, 0), host);
    assert_gone_within(pid, 1.0);
}

static int prepare(void **unused)
{
    (void)unused;
    if (!mkdtemp(scratch))
        return 1;
    snprintf(log_path, sizeof log_path, "%s/log", scratch);
    snprintf(pid_path, sizeof pid_path, "%s/pid", scratch);
    sandbox = mg_sandbox_linux_new(NULL);
    return strstr(sandbox.ops->describe(sandbox.self), "network") ? 0 : 1;
}

static int clean(void **unused)
{
    (void)unused;
    mg_sandbox_linux_close(sandbox);
    return mg_file_remove_tree(scratch, NULL) == MG_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    ssize_t len = readlink("/proc/self/exe", self_path, sizeof self_path - 1);
    if (len <= 0)
        return 1;
    self_path[len] = '\0';
    if (argc > 1 && strcmp(argv[1], "__sandbox") == 0)
        return mg_sandbox_main(argc, argv);
    if (argc > 1 && strcmp(argv[1], "show") == 0)
        return show();
    if (argc > 2 && strcmp(argv[1], "daemon") == 0)
        return daemonise(argv[2], argc > 3);
    if (argc > 2 && strcmp(argv[1], "host") == 0)
        return play_host(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(child_gets_what_was_ordered_and_nothing_else),
        cmocka_unit_test(status_of_a_killed_child_is_128_and_its_signal),
        cmocka_unit_test(program_that_cannot_run_is_told_in_the_log),
        cmocka_unit_test(wait_obeys_deadline_and_cancel),
        cmocka_unit_test(daemons_do_not_outlive_their_child),
        cmocka_unit_test(kill_takes_daemons_too),
        cmocka_unit_test(nothing_outlives_a_killed_host),
    };
    return cmocka_run_group_tests(tests, prepare, clean);
}
