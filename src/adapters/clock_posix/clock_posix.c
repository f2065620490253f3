/* The clock port on the system's clocks. */
#include "adapters/clock_posix/clock_posix.h"
#include "os/fd.h"
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static struct mg_cancel *volatile ringing; /* whose time SIGALRM says is over */

static double monotonic(void *self)
{
    (void)self;
    return mg_now();
}

static int64_t unix_time(void *self)
{
    (void)self;
    return (int64_t)time(NULL);
}

static enum mg_code wait_for(void *self, double seconds, const struct mg_cancel *cancel, struct mg_err *err)
{
    (void)self;
    short ready;
    struct mg_err cause = { .code = MG_OK };
    enum mg_code code = mg_fd_wait(-1, 0, mg_now() + seconds, cancel, &ready, &cause);
    if (code == MG_E_TIMEOUT)
        return MG_OK;
    return MG_FAIL(err, code, "%s", cause.text);
}

static void on_alarm(int number)
{
    (void)number;
    int saved = errno;
    ringing->time_over = 1;
    if (ringing->wake_fd >= 0) {
        ssize_t ignored = write(ringing->ring_fd, "!", 1);
        (void)ignored;
    }
    errno = saved;
}

/* Empties the self-pipe: a waiter would take an old byte for news. What the user asked for is still in `requested`. */
static void be_quiet(struct mg_cancel *cancel)
{
    struct pollfd waiting = { .fd = cancel->wake_fd, .events = POLLIN };
    char byte;
    cancel->time_over = 0;
    while (cancel->wake_fd >= 0 && poll(&waiting, 1, 0) == 1 && read(cancel->wake_fd, &byte, 1) == 1)
        continue;
}

static enum mg_code set_alarm(void *self, double moment, struct mg_cancel *cancel, struct mg_err *err)
{
    (void)self;
    struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
    struct itimerval timer = { 0 };
    double left = moment - mg_now(), whole = floor(left);
    ringing = cancel;
    (void)sigemptyset(&action.sa_mask);
    if (moment > 0 && left > 0) {
        timer.it_value.tv_sec = (time_t)whole;
        timer.it_value.tv_usec = (suseconds_t)((left - whole) * 1e6);
    }
    if (timer.it_value.tv_sec == 0 && timer.it_value.tv_usec == 0 && moment > 0)
        timer.it_value.tv_usec = 1; /* nothing at all would be no alarm */
    if (sigaction(SIGALRM, &action, NULL) != 0 || setitimer(ITIMER_REAL, &timer, NULL) != 0)
        return MG_FAIL(err, MG_E_IO, "the alarm of the time limit cannot be set: %s", strerror(errno));
    if (!(moment > 0))
        be_quiet(cancel);
    return MG_OK;
}

static const struct mg_clock_ops ops = { .name = "posix", .monotonic = monotonic, .unix_time = unix_time, .wait = wait_for, .alarm = set_alarm };

struct mg_clock mg_clock_posix(void) { return (struct mg_clock){ .ops = &ops, .self = NULL }; }
