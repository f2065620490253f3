/* Folders that are kept for later beside a lock, "<folder>.lock": environments, clones. The lock file's time is that of the last use; what
 * belongs to a folder has its name and a dot before it ("<folder>.log") or is in it. */
#ifndef MG_OS_KEEP_H
#define MG_OS_KEEP_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"

/* Locks `folder`, which need not exist, and notes that it is used now. `alone`: nobody else may use it meanwhile, else nobody may change it.
 * MG_E_TIMEOUT when others hold it until `deadline` (of mg_now), MG_E_CANCELLED, MG_E_IO. Closing *fd gives it back. */
MG_MUST_CHECK enum mg_code mg_keep_lock(struct mg_arena *arena, struct mg_str folder, bool alone, double deadline, const struct mg_cancel *cancel,
                                        int *fd, struct mg_err *err);

/* From alone to shared, once the folder is whole. */
void mg_keep_share(int fd);

struct mg_kept {
    MG_VEC(struct mg_str)
};
/* Folders below `parent` that were used last more than `days` days ago. 0 days: none. */
void mg_keep_stale(struct mg_arena *arena, struct mg_str parent, int64_t days, struct mg_kept *stale);
/* Locks one of them for its removal; false when somebody uses it, or has meanwhile. *fd is to be closed. */
bool mg_keep_try(struct mg_arena *arena, struct mg_str folder, int64_t days, int *fd);
/* Removes folder, log and lock; mg_keep_try's lock is held. False when something stays: the next one tries again. */
bool mg_keep_remove(struct mg_arena *arena, struct mg_str folder);

#endif
