/* Which Python runs the repo's tests. */
#ifndef MG_INGEST_INTERPRETER_H
#define MG_INGEST_INTERPRETER_H

#include "base/arena.h"
#include "base/base.h"

/* In this order: `asked` (--python), $VIRTUAL_ENV, the repo's .venv or venv, those of the folders above it up to the workspace's root,
 * $MUTAGEN_PYTHON, python3 on PATH. *python is absolute and not resolved: what makes a venv's python is where its link stands. */
MG_MUST_CHECK enum mg_code mg_interpreter_choose(struct mg_arena *arena, struct mg_str repo, struct mg_str asked, struct mg_str *python,
                                                 struct mg_str *origin, struct mg_err *err);

#endif
