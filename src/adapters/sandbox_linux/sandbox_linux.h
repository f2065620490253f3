/* The sandbox port on plain Linux: an allow-listed environment, resource limits, and a supervisor process (this very program, started
 * again as `mutagen __sandbox`) that kills every descendant of the child when the child ends, when it is told to, or when we die. */
#ifndef MG_SANDBOX_LINUX_H
#define MG_SANDBOX_LINUX_H

#include "core/config.h"
#include "ports/sandbox.h"

/* `self_path` is the program that answers to `__sandbox`; NULL = this one. Borrowed. Threads: spawn from any; but the supervisor also
 * ends with the thread that started it, so long-lived children are started from the main thread. */
struct mg_sandbox mg_sandbox_linux_new(const char *self_path);
void mg_sandbox_linux_close(struct mg_sandbox sandbox); /* children that still run are the caller's to kill first */

/* The variables of our environment that children get, NAME=value lines: a verdict may depend on them. `pass`: names beside the usual ones. */
struct mg_str mg_sandbox_linux_environment(struct mg_arena *arena, const struct mg_str *pass, size_t pass_count);
/* Names of those that they do not get. */
void mg_sandbox_linux_withheld(struct mg_arena *arena, const struct mg_str *pass, size_t pass_count, struct mg_names *names);

/* The other side: main() calls it when argv[1] is "__sandbox" and exits with its result. Descriptor 3 is the lifeline: its end of file
 * means that we are gone; descriptor 4 with --pass becomes the child's descriptor 3.
 * argv: __sandbox [--memory MB] [--cpu SECONDS] [--pass] [--free] -- PROGRAM ARGUMENTS... */
int mg_sandbox_main(int argc, char **argv);

/* How to start a program of the user's own, as git or pip, below a supervisor: these words come before it, and its descriptor 3 is the lifeline.
 * Nothing is closed off and nothing limited; but no process of it outlives us. Ends with NULL. */
extern const char *const mg_sandbox_linux_free[];

#endif
