/* Questions about other processes. */
#ifndef MG_PROCESS_H
#define MG_PROCESS_H

#include "base/base.h"
#include <sys/types.h>

pid_t mg_process_parent(pid_t pid); /* 0 when it is gone */
/* True when `pid` descends from `ancestor`. A number told by a process that is not trusted is never killed without this. */
bool mg_process_is_below(pid_t pid, pid_t ancestor);

#endif
