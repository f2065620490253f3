/* What a fresh checkout lacks because nobody has built or installed it: its version module, its metadata, its commands. */
#ifndef MG_INGEST_STAND_IN_H
#define MG_INGEST_STAND_IN_H

#include "adapters/ingest_local/distribution.h"

/* A module that the build writes (setuptools_scm, hatch-vcs, pdm) and that the package imports: puts one with version 0.0.0 into the private copy
 * where pyproject.toml names it and nothing made it, and a line for the user into `repo->notes`. */
MG_MUST_CHECK enum mg_code mg_stand_in_version(struct mg_arena *arena, struct mg_repo *repo, struct mg_err *err);

/* For an interpreter where the project is not installed: makes <scratch>/installed with its metadata (for importlib.metadata, pkg_resources, entry
 * points) and its commands in the folder bin, sets `repo->installed`, and puts a line for the user into `repo->notes`. Does nothing where no file of
 * the repo asks for any of that. */
MG_MUST_CHECK enum mg_code mg_stand_in_distribution(struct mg_arena *arena, const struct mg_distribution *distribution, struct mg_repo *repo,
                                                    struct mg_err *err);

#endif
