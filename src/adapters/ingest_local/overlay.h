/* Puts what a build made into the private copy: compiled modules and generated Python files that its packages have when they are installed. */
#ifndef MG_INGEST_OVERLAY_H
#define MG_INGEST_OVERLAY_H

#include "ports/ingest.h"

/* `environment` has the project installed. What the copy has itself stays as it is. */
MG_MUST_CHECK enum mg_code mg_overlay_built(struct mg_arena *arena, struct mg_str environment, struct mg_repo *repo, struct mg_err *err);

#endif
