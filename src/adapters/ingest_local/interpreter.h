/* Which Python may run the repo's tests: the places where one belongs to it, best first. */
#ifndef MG_INGEST_INTERPRETER_H
#define MG_INGEST_INTERPRETER_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"

struct mg_candidate {
    struct mg_str python; /* absolute and not resolved: what makes a venv's python is where its link stands */
    struct mg_str origin; /* where it was found: "--python", ".venv", "poetry", ... */
    bool named;           /* the user said so: no other one is looked for */
};
struct mg_candidates {
    MG_LIST(struct mg_candidate) found;
    MG_LIST(struct mg_str) tried; /* places that had none, for a message */
};
/* How tools are asked; NULL = nobody is started, only files are looked at. */
struct mg_asking {
    const char *const *supervisor; /* words before a program, with a lifeline on descriptor 3; may be NULL */
    const struct mg_cancel *cancel;
};

/* In this order: `asked` (--python) alone; $VIRTUAL_ENV; $UV_PROJECT_ENVIRONMENT; the repo's .venv or venv, those of the folders above it up to
 * the workspace's root; what poetry, hatch, pdm and pipenv know, each asked only when the repo is one of theirs; pixi; conda ($CONDA_PREFIX,
 * environment.yml); pyenv (.python-version); $MUTAGEN_PYTHON; python3 on PATH. Nothing is created: of pdm its file is read, for pdm itself
 * would write one. MG_E_CONFIG when a named one does not exist, or there is none at all. */
MG_MUST_CHECK enum mg_code mg_interpreter_list(struct mg_arena *arena, struct mg_str repo, struct mg_str asked, const struct mg_asking *asking,
                                               struct mg_candidates *candidates, struct mg_err *err);
/* The first of them, nobody asked. */
MG_MUST_CHECK enum mg_code mg_interpreter_choose(struct mg_arena *arena, struct mg_str repo, struct mg_str asked, struct mg_str *python,
                                                 struct mg_str *origin, struct mg_err *err);

/* adapters/ingest_local/tools.c: appends what the tools know. */
MG_MUST_CHECK enum mg_code mg_interpreter_of_tools(struct mg_arena *arena, struct mg_str repo, const struct mg_asking *asking,
                                                   struct mg_candidates *candidates, struct mg_err *err);
/* A program `name` in `directory`, which may be a virtual environment's root ("bin/python"). */
bool mg_interpreter_in(struct mg_arena *arena, struct mg_str directory, const char *name, struct mg_str *python);
/* The folder at the top of the workspace that `repo` belongs to, or `repo`. */
struct mg_str mg_workspace_root(struct mg_arena *arena, struct mg_str repo);

#endif
