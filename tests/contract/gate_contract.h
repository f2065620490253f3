/* What every gate must do (ports/gate.h), as tests over a small real project with a real interpreter. Each adapter's test file runs them. */
#ifndef MG_TEST_GATE_CONTRACT_H
#define MG_TEST_GATE_CONTRACT_H

#include "ports/gate.h"
#include "ports/sandbox.h"

struct gate_contract {
    /* A gate that works for sessions of an agent in that sandbox. */
    struct mg_gate (*open)(struct mg_sandbox sandbox);
    void (*close)(struct mg_gate gate); /* may be NULL */
};
/* 0 when all pass, or when there is no Python with pytest: then it says so. */
int run_gate_contract(const char *name, const struct gate_contract *contract);

#endif
