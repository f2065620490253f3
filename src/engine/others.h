/* What a gate has to do with the gates of other targets that are measured at the same time. Nothing where request->others is NULL. */
#ifndef MG_ENGINE_OTHERS_H
#define MG_ENGINE_OTHERS_H

#include "ports/gate.h"

/* What the others know of our mutants; zero at first. */
struct mg_told {
    size_t awake;
    bool asleep;
};
/* How many of our mutants run, and how many are in a wait. */
void mg_others_tell(const struct mg_gate_request *request, struct mg_told *told, size_t awake, size_t asleep);

/* True while a mutant of another target waits until nothing runs beside it: nothing may be begun then. */
bool mg_others_hold_up(const struct mg_gate_request *request);
/* Gives the turn up until that may have changed. */
void mg_others_wait(const struct mg_gate_request *request);

/* Waits until nothing of another target runs; nobody begins anything until the turn is given up. */
MG_MUST_CHECK enum mg_code mg_others_quiet(const struct mg_gate_request *request, struct mg_err *err);

/* session_next; with `leave` without the turn, so that others go on meanwhile. */
MG_MUST_CHECK enum mg_code mg_others_next(const struct mg_gate_request *request, bool leave, struct mg_arena *arena, struct mg_mutant_run *run,
                                          struct mg_err *err);

#endif
