/* Descriptors, deadlines and the one blocking wait that every adapter uses: it always watches a deadline and the cancel token. */
#ifndef MG_FD_H
#define MG_FD_H

#include "base/base.h"
#include "base/cancel.h"

double mg_now(void); /* monotonic seconds */

/* Both ends are close-on-exec. */
MG_MUST_CHECK enum mg_code mg_fd_pipe(int ends[2], struct mg_err *err);
MG_MUST_CHECK enum mg_code mg_fd_socketpair(int ends[2], struct mg_err *err); /* AF_UNIX, stream */
void mg_fd_close(int *fd);                                                    /* and sets it to -1; a negative one is left alone */

/* Waits until `fd` is ready for one of `events` (poll's), `deadline` (of mg_now) passes or the token fires. A negative fd only waits.
 * *ready gets poll's revents. MG_E_TIMEOUT, MG_E_CANCELLED or MG_E_IO otherwise. */
MG_MUST_CHECK enum mg_code mg_fd_wait(int fd, short events, double deadline, const struct mg_cancel *cancel, short *ready, struct mg_err *err);

#endif
