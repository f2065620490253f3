/* Threads beside the first one that work on a run's targets, each when it has the turn. They live until they are dismissed: what the agent starts
 * for a thread dies with it. */
#ifndef MG_HANDS_H
#define MG_HANDS_H

#include "base/base.h"
#include "base/turn.h"

struct mg_hands;

/* `work` is called once in each of up to `wanted` threads, with the turn, and with the number of the thread, from 1 on; signals are left to the
 * caller's thread. The system may give fewer: *count says how many there are. MG_E_LIMIT: no memory. */
MG_MUST_CHECK enum mg_code mg_hands_hire(struct mg_turn *turn, unsigned wanted, void (*work)(void *self, unsigned number), void *self,
                                         struct mg_hands **hands, unsigned *count, struct mg_err *err);
/* Until the work of all is done. The caller has the turn, and has it again. */
void mg_hands_wait(struct mg_hands *hands);
/* They have worked; NULL is allowed. */
void mg_hands_dismiss(struct mg_hands *hands);

#endif
