/* Chooses the interpreter by trying: the first candidate that has pytest and finds what most sources import (on PATH: what most tests need,
 * too, and where an environment can be made, all that the project names and a test needs); else an environment of our own. */
#ifndef MG_INGEST_CHOOSE_H
#define MG_INGEST_CHOOSE_H

#include "adapters/ingest_local/distribution.h"
#include "adapters/ingest_local/ingest_local.h"
#include "adapters/ingest_local/interpreter.h"
#include "adapters/ingest_local/needs.h"

/* What a candidate said. */
struct mg_checked {
    bool runs, has_pytest;
    bool lacks_project; /* no metadata of its own there */
    int64_t major, minor;
    uint32_t broken_sources, broken_tests; /* as mg_needs counts them */
};

struct mg_choice {
    const struct mg_ingest_settings *settings;
    const struct mg_cancel *cancel;
    struct mg_arena *arena;
    struct mg_repo *repo; /* copied and laid out; python and python_origin are to be set */
    struct mg_str home;   /* of environments; empty = none is made */
    struct mg_str asked;  /* --python */
    int environment_fd;   /* lock of the environment of our own that is used, to be closed by the owner of *repo; -1 = none */
    struct mg_needs needs;
    struct mg_candidates candidates;
    struct mg_distribution distribution; /* of the project */
    int64_t least_minor;                 /* of its requires-python ">=3.N"; 0 = any */
    struct mg_checked chosen;            /* what the one that was taken said */
};

/* Fills python and python_origin of *repo, and notes on what is missing there. */
MG_MUST_CHECK enum mg_code mg_choose_interpreter(struct mg_choice *choice, struct mg_err *err);

/* Asks `python` for its version, pytest and the needed modules, without importing any; marks choice->needs. */
MG_MUST_CHECK enum mg_code mg_check_interpreter(struct mg_choice *choice, struct mg_str python, struct mg_checked *checked, struct mg_err *err);
/* explain.c: one note for each missing module: who imports it, what that breaks, and the command that repairs it. */
void mg_explain_missing(struct mg_choice *choice);
/* explain.c: the distribution that brings a module, as far as that is known; else what is called alike. */
const char *mg_distribution_of(struct mg_arena *arena, struct mg_str module);
/* explain.c: "jaraco.functools >= 2; marker" -> jaraco.functools */
struct mg_str mg_requirement_name(struct mg_str requirement);
struct mg_str mg_normal_name(struct mg_arena *arena, struct mg_str name); /* explain.c: PEP 503 */
/* explain.c: whether "Zope.Event >= 2; extra" requires the distribution `name`, however the two are spelt. */
bool mg_requires(struct mg_arena *arena, struct mg_str requirement, struct mg_str name);
/* The command that installs `module` where `origin` came from. */
struct mg_str mg_repair_command(const struct mg_choice *choice, struct mg_str python, struct mg_str origin, struct mg_str module);

#endif
