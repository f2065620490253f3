/* A program with text on stdin, a bounded stdout, a deadline and the cancel token. */
#ifndef MG_OS_PROGRAM_H
#define MG_OS_PROGRAM_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"

struct mg_program {
    const char *const *argv; /* ends with NULL; argv[0] is an absolute path */
    const char *const *env;  /* NAME=value, ends with NULL; NULL: our environment */
    const char *directory;   /* NULL: ours */
    struct mg_str input;
    double deadline; /* of mg_now */
    size_t max_output;
    const struct mg_cancel *cancel;
    bool lifeline; /* descriptor 3 of the program is a pipe whose end of file tells that we are gone: for `mutagen __sandbox` */
};
struct mg_program_end {
    int status;           /* as waitpid tells it */
    struct mg_str output; /* stdout */
    struct mg_str tail;   /* the last bytes of stderr */
    bool started;
};

/* Runs it in a session of its own and waits for its end; afterwards nothing of its process group is left. MG_OK with any status.
 * MG_E_TIMEOUT, MG_E_CANCELLED, MG_E_LIMIT (stdout), MG_E_CHILD (not started), MG_E_IO. Also after an error `started` and `tail` hold. */
MG_MUST_CHECK enum mg_code mg_program_run(const struct mg_program *program, struct mg_arena *arena, struct mg_program_end *end, struct mg_err *err);

/* True when it ran and exited with 0. */
bool mg_program_succeeded(const struct mg_program_end *end);

/* Absolute path of a program on PATH; empty when there is none. Only absolute entries of PATH count: a relative one would mean a program
 * that lies in whatever folder we were started from. */
struct mg_str mg_program_find(struct mg_arena *arena, const char *name);

/* For `allowed`: what leads programs through the user's proxies and to his certificate authorities. */
#define MG_ENV_PROXIES "http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"
#define MG_ENV_AUTHORITIES "SSL_CERT_*", "CURL_CA_BUNDLE"

/* What of our environment has a name in `allowed` ("PIP_*": every name that begins so), for mg_program.env. Entries of `more` come last
 * and replace what has their names. Both end with NULL; `more` may be NULL. */
const char *const *mg_program_environment(struct mg_arena *arena, const char *const *allowed, const char *const *more);

#endif
