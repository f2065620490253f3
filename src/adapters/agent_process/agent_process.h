/* The agent port over a real interpreter: docs/agent-protocol.md, seen from C. */
#ifndef MG_AGENT_PROCESS_H
#define MG_AGENT_PROCESS_H

#include "ports/agent.h"
#include "ports/sandbox.h"

/* All interpreters are started through `sandbox`, which must live longer. */
struct mg_agent mg_agent_process_new(struct mg_sandbox sandbox);

#endif
