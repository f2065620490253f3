/* One cancel token for a run: set from a signal handler, watched by every blocking call. */
#ifndef MG_CANCEL_H
#define MG_CANCEL_H

#include "base/base.h"
#include <signal.h>

struct mg_cancel {
    volatile sig_atomic_t requested; /* the signal's number, or 0 */
    int wake_fd;                     /* becomes readable when requested (self-pipe); -1 when there is none */
};
static inline bool mg_cancelled(const struct mg_cancel *cancel) { return cancel && cancel->requested != 0; }

#endif
