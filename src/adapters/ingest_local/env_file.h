/* A `.env` of the repo on its way into the private copy: tests may need it, but not the keys of model providers. */
#ifndef MG_INGEST_ENV_FILE_H
#define MG_INGEST_ENV_FILE_H

#include "base/arena.h"
#include "base/base.h"

#define MG_ENV_FILE_LIMIT (1u << 20) /* a larger one is not copied */

/* ".env", ".env.local", … */
bool mg_is_env_file(const char *name);
/* The text without the lines that set a provider's key or a MUTAGEN_ variable; all other bytes stay. */
struct mg_str mg_env_file_filtered(struct mg_arena *arena, struct mg_str text);

#endif
