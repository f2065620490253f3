/* A shell command with text on stdin, a bounded stdout and a deadline. */
#ifndef MG_LLM_COMMAND_PROGRAM_H
#define MG_LLM_COMMAND_PROGRAM_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"

struct mg_program {
    const char *command; /* for /bin/sh -c */
    struct mg_str input;
    double deadline; /* of mg_now */
    size_t max_output;
    const struct mg_cancel *cancel;
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

#endif
