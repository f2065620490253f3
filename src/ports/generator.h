/* Port: writes a suite of tests for one target. Whether it is worth keeping is the gate's business, never the generator's. */
#ifndef MG_GENERATOR_H
#define MG_GENERATOR_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"
#include "core/config.h"
#include "core/mutant.h"
#include "core/suite.h"
#include "core/target.h"
#include "ports/agent.h"
#include "ports/ingest.h"

struct mg_generate_request {
    const struct mg_target *target;
    const struct mg_source_file *source; /* the module's text */
    const struct mg_repo *repo;          /* existing test files, for values and style */
    struct mg_agent agent;
    struct mg_session *session;            /* its target is already set */
    const struct mg_mutant *mutants;       /* alive after the existing tests */
    const struct mg_probe_mutant *spliced; /* their function texts, same order */
    size_t mutant_count;
    const struct mg_config *config;
    const struct mg_cancel *cancel;
    /* A later attempt: what the gate said of the last suite, per test; NULL at first. */
    const struct mg_suite *previous;
};
struct mg_generator_ops {
    const char *name; /* "search" */
    /* Same request and seed give the same bytes. No test at all is no error: suite->reason says why. */
    enum mg_code (*generate)(void *self, const struct mg_generate_request *request, struct mg_arena *arena, struct mg_suite *suite,
                             struct mg_err *err);
};
struct mg_generator {
    const struct mg_generator_ops *ops;
    void *self;
};

#endif
