/* What of the user's environment his own programs get, and what a build of the repo's code gets. Keys of model providers are in neither. */
#ifndef MG_INGEST_USER_ENV_H
#define MG_INGEST_USER_ENV_H

#include "base/arena.h"

/* For tools that only look: poetry, hatch, pipenv. */
const char *const *mg_tool_environment(struct mg_arena *arena);
/* For pip and uv: the user's indexes, credentials, proxies and compilers. `temporary` becomes TMPDIR. */
const char *const *mg_installer_environment(struct mg_arena *arena, struct mg_str temporary);
/* For the repo's own build and for the interpreter's answers: no home, no index, no credentials. */
const char *const *mg_build_environment(struct mg_arena *arena, struct mg_str home, struct mg_str temporary);

#endif
