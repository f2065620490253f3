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

static const struct mg_clock_ops ops = { .name = "posix", .monotonic = monotonic, .unix_time = unix_time };

struct mg_clock mg_clock_posix(void) { return (struct mg_clock){ .ops = &ops, .self = NULL }; }
