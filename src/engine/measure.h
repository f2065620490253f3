/* The two halves of the gate, for gate.c's table. Contracts: ports/gate.h. */
#ifndef MG_ENGINE_MEASURE_H
#define MG_ENGINE_MEASURE_H

#include "ports/gate.h"

/* Finds the target's mutants and splices them; all results are pending. */
MG_MUST_CHECK enum mg_code mg_measure_mutants(const struct mg_gate_request *request, struct mg_arena *arena, struct mg_measured *measured,
                                              struct mg_err *err);

MG_MUST_CHECK enum mg_code mg_measure_suite(void *self, const struct mg_gate_request *request, const struct mg_measured *measured,
                                            const struct mg_suite *suite, struct mg_str path, struct mg_str module, struct mg_arena *arena,
                                            struct mg_suite_measured *result, struct mg_err *err);

#endif
