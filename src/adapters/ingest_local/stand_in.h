/* A version module that the project's build would write (setuptools_scm, hatch-vcs, pdm): a fresh checkout has none, and its package imports it. */
#ifndef MG_INGEST_STAND_IN_H
#define MG_INGEST_STAND_IN_H

#include "ports/ingest.h"

/* Puts one with version 0.0.0 into the private copy where pyproject.toml names it and nothing made it, and a line for the user into `repo->notes`. */
MG_MUST_CHECK enum mg_code mg_stand_in_version(struct mg_arena *arena, struct mg_repo *repo, struct mg_err *err);

#endif
