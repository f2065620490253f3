/* Starts and asks tests/e2e/fault_server.py. */
#include "contract/fault_server.h"
#include "base/buf.h"
#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static bool spawn(struct fault_server *server, int in, int out)
{
    const char *python = getenv("MUTAGEN_TEST_PYTHON");
    const char *argv[] = { python ? python : "python3", "tests/e2e/fault_server.py", server->folder, NULL };
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    bool good = posix_spawn_file_actions_adddup2(&actions, in, 0) == 0 && posix_spawn_file_actions_adddup2(&actions, out, 1) == 0 &&
                posix_spawnp(&server->pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return good;
}

/* The first line, or everything until end of file. */
static struct mg_str read_text(struct mg_arena *arena, int fd, bool line)
{
    struct mg_buf text = MG_BUF(16 << 20);
    char block[4096];
    short ready;
    while (mg_fd_wait(fd, POLLIN, mg_now() + 60, NULL, &ready, NULL) == MG_OK) {
        ssize_t got = read(fd, block, sizeof block);
        if (got <= 0)
            break;
        mg_buf_add(&text, (struct mg_str){ block, (size_t)got });
        if (line && block[got - 1] == '\n')
            break;
    }
    return mg_buf_take(&text, arena);
}

static const char *behind(struct mg_str text, const char *key)
{
    const char *found = text.at ? strstr(text.at, key) : NULL;
    return found ? found + strlen(key) : NULL;
}

bool fault_server_start(struct fault_server *server)
{
    *server = (struct fault_server){ .stdin_fd = -1, .arena = mg_arena_new() };
    snprintf(server->folder, sizeof server->folder, "/tmp/mg-faults-XXXXXX");
    int in[2] = { -1, -1 }, out[2] = { -1, -1 };
    bool good = mkdtemp(server->folder) && mg_fd_pipe(in, NULL) == MG_OK && mg_fd_pipe(out, NULL) == MG_OK && spawn(server, in[0], out[1]);
    mg_fd_close(&in[0]);
    mg_fd_close(&out[1]);
    server->stdin_fd = in[1];
    if (good)
        server->ports = read_text(server->arena, out[0], true);
    mg_fd_close(&out[0]);
    const char *ca = behind(server->ports, "\"ca_file\": \"");
    if (!ca) {
        fprintf(stderr, "tests/e2e/fault_server.py did not start; set MUTAGEN_TEST_PYTHON, install openssl\n");
        fault_server_stop(server);
        return false;
    }
    server->ca_file = mg_arena_str(server->arena, (struct mg_str){ ca, strcspn(ca, "\"") });
    return true;
}

void fault_server_stop(struct fault_server *server)
{
    mg_fd_close(&server->stdin_fd);
    int status;
    if (server->pid > 0)
        (void)waitpid(server->pid, &status, 0);
    server->pid = 0;
    struct mg_err err;
    if (mg_file_remove_tree(server->folder, &err) != MG_OK)
        fprintf(stderr, "%s\n", err.text);
    mg_arena_free(server->arena);
    server->arena = NULL;
}

int fault_server_port(const struct fault_server *server, const char *listener)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\": ", listener);
    const char *at = behind(server->ports, key);
    return at ? (int)strtol(at, NULL, 10) : 0;
}

struct mg_str fault_server_url(const struct fault_server *server, const char *listener, const char *script_and_route)
{
    const char *scheme = strcmp(listener, "plain") == 0 ? "http" : "https";
    return mg_arena_printf(server->arena, "%s://127.0.0.1:%d/%s", scheme, fault_server_port(server, listener), script_and_route);
}

struct mg_str fault_server_log(const struct fault_server *server)
{
    static const char request[] = "POST /__log/ HTTP/1.1\r\nHost: here\r\n\r\n";
    struct sockaddr_in peer = { .sin_family = AF_INET,
                                .sin_port = htons((uint16_t)fault_server_port(server, "plain")),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct mg_str log = MG_STR("");
    if (fd >= 0 && connect(fd, (struct sockaddr *)&peer, sizeof peer) == 0 && write(fd, request, sizeof request - 1) == sizeof request - 1)
        log = read_text(server->arena, fd, false);
    mg_fd_close(&fd);
    return log;
}

size_t fault_server_count(const struct fault_server *server, const char *script)
{
    struct mg_str log = fault_server_log(server);
    char key[256];
    snprintf(key, sizeof key, "\"script\": \"%s\"", script);
    size_t count = 0;
    for (const char *at = log.at; at && (at = strstr(at, key)) != NULL; at++)
        count++;
    return count;
}
