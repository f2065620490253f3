/* Port: time. Tests use a clock they move by hand. */
#ifndef MG_CLOCK_H
#define MG_CLOCK_H

#include "base/base.h"

struct mg_clock_ops {
    const char *name;
    double (*monotonic)(void *self);  /* seconds since some start */
    int64_t (*unix_time)(void *self); /* seconds UTC */
};
struct mg_clock {
    const struct mg_clock_ops *ops;
    void *self;
};

#endif
