/* Whose turn it is among the threads of one run: everything that targets share is touched by the thread that has the turn and by no other. It is
 * given up only while a thread waits for a model, and between two targets. First come, first served. */
#ifndef MG_TURN_H
#define MG_TURN_H

#include "base/base.h"

struct mg_turn;

MG_MUST_CHECK enum mg_code mg_turn_new(struct mg_turn **turn, struct mg_err *err);
void mg_turn_free(struct mg_turn *turn); /* nobody has it or waits for it; NULL is allowed */

/* With NULL both do nothing: there is one thread. */
void mg_turn_take(struct mg_turn *turn);
void mg_turn_leave(struct mg_turn *turn);

#endif
