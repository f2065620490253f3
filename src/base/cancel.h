/* One cancel token for a run: set from signal handlers, watched by every blocking call. */
#ifndef MG_CANCEL_H
#define MG_CANCEL_H

#include "base/base.h"
#include <signal.h>

struct mg_cancel {
    volatile sig_atomic_t requested; /* by the user: the signal's number, or 0 */
    volatile sig_atomic_t time_over; /* by mg_clock_ops.alarm: what is being done ends as if by a signal, the command goes on to its end */
    int wake_fd;                     /* becomes readable when one of them is set (self-pipe); -1 when there is none */
    int ring_fd;                     /* its other end; looked at only when there is a wake_fd */
};
static inline bool mg_cancelled(const struct mg_cancel *cancel) { return cancel && (cancel->requested != 0 || cancel->time_over != 0); }
static inline bool mg_cancelled_by_user(const struct mg_cancel *cancel) { return cancel && cancel->requested != 0; }

#endif
