/* The mutation engine as a gate: one fork per mutant, tests that execute the mutated statement first, verdicts with proof. */
#ifndef MG_ENGINE_GATE_H
#define MG_ENGINE_GATE_H

#include "ports/gate.h"
#include "ports/progress.h"

/* `progress` is told of every mutant that got its verdict; its ops may be NULL. The gate keeps no state between calls; nothing to close. */
struct mg_gate mg_engine_gate(struct mg_progress *progress);

#endif
