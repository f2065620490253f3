/* A second opinion behind the gate's port: mutants and verdicts of a real mutmut 3, limited to the target's function.
 *
 * mutmut runs in the repo's own interpreter, so that the repo's packages are there; mutmut's packages come behind them on sys.path. They are
 * in a virtual environment of ours, made on demand with pip (pinned version) in the storage root. What mutmut does not tell is not claimed:
 * a kill has no killer and no kind beyond "assertion", and there are no trust checks but mutmut's own. */
#ifndef MG_GATE_MUTMUT_H
#define MG_GATE_MUTMUT_H

#include "ports/gate.h"
#include "ports/sandbox.h"

#define MG_MUTMUT_VERSION "3.8.1"

/* `home`: folder for the environment of our own. `site`: a folder that holds mutmut's packages already; empty = make one in `home`. */
struct mg_gate mg_gate_mutmut_new(struct mg_sandbox sandbox, struct mg_str home, struct mg_str site);
void mg_gate_mutmut_free(struct mg_gate gate); /* a gate of another kind is left alone */

#endif
