/* Why an installer failed, from what it printed. */
#ifndef MG_INGEST_FAILURE_H
#define MG_INGEST_FAILURE_H

#include "base/arena.h"

/* The one line of pip's, uv's, a compiler's or a build system's output that says most, without credentials; in the arena. */
struct mg_str mg_install_reason(struct mg_arena *arena, struct mg_str text);
/* It is the network, not what was asked for. */
bool mg_install_is_network(struct mg_str text);

#endif
