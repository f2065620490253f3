/* tests/e2e/fault_server.py as a child of a C test. Its scripts are described there. */
#ifndef MG_TEST_FAULT_SERVER_H
#define MG_TEST_FAULT_SERVER_H

#include "base/arena.h"
#include "base/base.h"
#include <sys/types.h>

struct fault_server {
    pid_t pid;
    int stdin_fd; /* it ends when this is closed */
    char folder[32];
    struct mg_arena *arena;
    struct mg_str ca_file;
    struct mg_str ports; /* the JSON that it told at its start */
};

/* Python is MUTAGEN_TEST_PYTHON or python3. False when it does not start, after a message why. */
bool fault_server_start(struct fault_server *server);
void fault_server_stop(struct fault_server *server);
/* `listener` is "plain", "good", "wrong-host", "unknown-ca" or "expired". */
int fault_server_port(const struct fault_server *server, const char *listener);
struct mg_str fault_server_url(const struct fault_server *server, const char *listener, const char *script_and_route);
/* The server's own record as JSON: fetched by a plain socket, so that a broken adapter cannot change it. */
struct mg_str fault_server_log(const struct fault_server *server);
size_t fault_server_count(const struct fault_server *server, const char *script);

#endif
