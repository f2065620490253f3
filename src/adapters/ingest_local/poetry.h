/* Poetry's own notation of a dependency, as an installer reads it. */
#ifndef MG_INGEST_POETRY_H
#define MG_INGEST_POETRY_H

#include "base/arena.h"
#include "core/toml.h"

/* `name = "^1.2"` or `name = { version = "~1.2", extras = ["x"], python = ">=3.9", markers = "…" }` gives "name[x]>=1.2,<1.3; …".
 * Empty for "python" itself, for optional ones, and for what is no version (a path, a URL, several alternatives). */
struct mg_str mg_poetry_requirement(struct mg_arena *arena, struct mg_str name, const struct mg_toml *value);

#endif
