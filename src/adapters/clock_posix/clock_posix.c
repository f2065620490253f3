/* The clock port on the system's clocks. */
#include "adapters/clock_posix/clock_posix.h"
#include "os/fd.h"
#include <time.h>

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

static const struct mg_clock_ops ops = { .name = "posix", .monotonic = monotonic, .unix_time = unix_time, .wait = wait_for };

struct mg_clock mg_clock_posix(void) { return (struct mg_clock){ .ops = &ops, .self = NULL }; }
