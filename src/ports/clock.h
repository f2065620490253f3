/* Port: time. Tests use a clock they move by hand. */
#ifndef MG_CLOCK_H
#define MG_CLOCK_H

#include "base/base.h"
#include "base/cancel.h"

struct mg_clock_ops {
    const char *name;
    double (*monotonic)(void *self);  /* seconds since some start */
    int64_t (*unix_time)(void *self); /* seconds UTC */
    /* Waits; MG_E_CANCELLED when the token fires first. */
    enum mg_code (*wait)(void *self, double seconds, const struct mg_cancel *cancel, struct mg_err *err);
    /* At `moment` the token fires with time_over set, at once when it has passed; an earlier order is replaced. 0: no more, and time_over is taken
     * back: nobody may be waiting then. One token for the process. NULL: this clock cannot. */
    enum mg_code (*alarm)(void *self, double moment, struct mg_cancel *cancel, struct mg_err *err);
};
struct mg_clock {
    const struct mg_clock_ops *ops;
    void *self;
};

#endif
