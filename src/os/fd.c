/* Descriptors and deadlines. */
#include "os/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

double mg_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock */
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

enum mg_code mg_fd_pipe(int ends[2], struct mg_err *err)
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        return MG_FAIL(err, MG_E_IO, "cannot make a pipe: %s", strerror(errno));
    return MG_OK;
}

enum mg_code mg_fd_socketpair(int ends[2], struct mg_err *err)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return MG_FAIL(err, MG_E_IO, "cannot make a socket pair: %s", strerror(errno));
    return MG_OK;
}

void mg_fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Rounded up, so that a wait never ends just before its deadline and spins. */
static int milliseconds_until(double deadline)
{
    double left = (deadline - mg_now()) * 1000.0;
    if (!(left > 0))
        return 0;
    return left > 600000.0 ? 600000 : (int)left + 1;
}

enum mg_code mg_fd_wait(int fd, short events, double deadline, const struct mg_cancel *cancel, short *ready, struct mg_err *err)
{
    static const char *const words[] = { "stopped by the user", "the time is over" };
    struct pollfd fds[2] = { { .fd = fd, .events = events }, { .fd = cancel ? cancel->wake_fd : -1, .events = POLLIN } };
    for (;;) {
        if (mg_cancelled(cancel))
            return MG_FAIL(err, MG_E_CANCELLED, "%s", words[!mg_cancelled_by_user(cancel)]);
        int timeout = milliseconds_until(deadline);
        int count = poll(fds, 2, timeout);
        if (count < 0 && errno != EINTR)
            return MG_FAIL(err, MG_E_IO, "cannot wait for a descriptor: %s", strerror(errno));
        if (mg_cancelled(cancel))
            return MG_FAIL(err, MG_E_CANCELLED, "%s", words[!mg_cancelled_by_user(cancel)]);
        if (count > 0 && fds[0].revents != 0) {
            *ready = fds[0].revents;
            return MG_OK;
        }
        if (count > 0)
            fds[1].fd = -1; /* woken for nothing: looking again would spin */
        if (count == 0 && mg_now() >= deadline)
            return MG_FAIL(err, MG_E_TIMEOUT, "no answer in time");
    }
}
