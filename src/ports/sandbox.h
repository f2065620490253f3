/* Port: starts a child process in the protection that this machine allows. First level: allow-listed environment, own process group,
 * CPU, memory, file-size and core limits, and a supervisor that kills every descendant when we die, however we die. */
#ifndef MG_SANDBOX_H
#define MG_SANDBOX_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"
#include <sys/types.h>

struct mg_child_spec {
    const char *const *argv;       /* NULL-terminated; argv[0] is an absolute path */
    const char *const *extra_env;  /* "NAME=value" strings added to the allow-listed ones, NULL-terminated; may be NULL */
    const struct mg_str *pass_env; /* names of variables of our own environment that it gets, too */
    size_t pass_env_count;
    const char *directory;     /* current directory */
    const char *log_path;      /* stdout and stderr are appended here (size-limited); NULL = /dev/null. stdin is /dev/null */
    const char *scratch;       /* HOME and TMPDIR of the child */
    int pass_fd;               /* becomes fd 3 of the child; -1 = none */
    int64_t memory_limit_mb;   /* RLIMIT_DATA per process; 0 = off */
    int64_t cpu_limit_seconds; /* RLIMIT_CPU per process; 0 = off */
};
struct mg_child {
    pid_t pid;       /* the supervisor */
    int lifeline_fd; /* closing it kills the whole tree */
};

struct mg_sandbox_ops {
    const char *name;
    /* One line for doctor and the report: what is and what is not protected. */
    const char *(*describe)(void *self);
    enum mg_code (*spawn)(void *self, const struct mg_child_spec *spec, struct mg_child *child, struct mg_err *err);
    /* Waits up to `seconds` for the child; *exited is false when it still runs. *status as of waitpid. MG_E_CANCELLED by the token. */
    enum mg_code (*wait)(void *self, struct mg_child *child, double seconds, const struct mg_cancel *cancel, bool *exited, int *status,
                         struct mg_err *err);
    void (*kill)(void *self, struct mg_child *child); /* the whole tree; reaps; the handle is empty afterwards */
};
struct mg_sandbox {
    const struct mg_sandbox_ops *ops;
    void *self;
};

#endif
