/* Whose turn it is among the threads of one run: everything that targets share is touched by the thread that has the turn and by no other. It is
 * given up only while a thread waits (for a model, for mutants that leave processors free), and between two targets. */
#ifndef MG_TURN_H
#define MG_TURN_H

#include "base/base.h"

struct mg_turn;

MG_MUST_CHECK enum mg_code mg_turn_new(struct mg_turn **turn, struct mg_err *err);
void mg_turn_free(struct mg_turn *turn); /* nobody has it or waits for it; NULL is allowed */

/* With NULL all of these do nothing: there is one thread. */
void mg_turn_take(struct mg_turn *turn);      /* to go on with what was begun: first come, first served */
void mg_turn_take_last(struct mg_turn *turn); /* to begin something: behind all who go on */
void mg_turn_leave(struct mg_turn *turn);
/* Gives it up until *changes, which whoever has the turn counts up, is another number; then behind all who go on. */
void mg_turn_wait(struct mg_turn *turn, const uint64_t *changes);

#endif
