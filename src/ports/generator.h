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
#include "ports/clock.h"
#include "ports/ingest.h"
#include "ports/llm.h"

/* What is known of a mutant that no test kills by an assertion. */
struct mg_live_mutant {
    bool reached;         /* some test ran its lines and saw no difference */
    struct mg_str by;     /* one of those tests, by id; empty when not reached */
    struct mg_str source; /* its text, when it is a generated one */
};
/* What became of one test of the last suite. */
struct mg_test_feedback {
    struct mg_str name, source;
    bool passes;
    struct mg_str failure; /* when it does not: pytest's short report, at most 40 lines, paths relative; or why it was not run */
    struct mg_str actual;  /* the value that stood where another was expected, as an expression; empty when not known */
    uint32_t kills;        /* mutants it kills by an assertion; 0 for a passing test = it is weak */
};
struct mg_feedback {
    MG_LIST(struct mg_test_feedback) tests;
    uint32_t kept; /* tests of earlier rounds and other generators that stay, whatever comes next */
};
enum mg_round {
    MG_ROUND_GENERATE,
    MG_ROUND_REPAIR,    /* some tests of the last suite do not pass */
    MG_ROUND_STRENGTHEN /* mutants are left */
};

struct mg_generate_request {
    const struct mg_target *target;
    const struct mg_source_file *source; /* the module's text */
    const struct mg_repo *repo;          /* existing test files, for values and style */
    struct mg_agent agent;
    struct mg_session *session;            /* its target is already set */
    const struct mg_mutant *mutants;       /* to be killed: alive after the existing tests and all rounds so far */
    const struct mg_probe_mutant *spliced; /* their function texts, same order */
    const struct mg_live_mutant *live;     /* the same order; NULL = nothing known */
    size_t mutant_count;
    const struct mg_collected *collected; /* python, pytest, existing tests; may be NULL */
    const uint32_t *covering;             /* existing tests that run the target, by index into `collected` */
    size_t covering_count;
    const uint32_t *uncovered; /* body lines that no passing test runs, sorted */
    size_t uncovered_count;
    const struct mg_str *facts; /* calls that were observed: `f(1, x=2) == 3`, `f(None) raises TypeError` */
    size_t fact_count;
    const struct mg_config *config;
    const struct mg_cancel *cancel;
    /* Later rounds on the same target. */
    enum mg_round round;
    const struct mg_feedback *feedback; /* NULL at first */
    void **memory;                      /* the generator's own, for the rounds of one target: NULL at first, in the arena that `generate` gets */
    double deadline;                    /* monotonic seconds of the run's clock when no more may be started; 0 = none */
    struct mg_clock clock;              /* the run's; without ops nobody looks at the time */
};
struct mg_estimate {
    int64_t prompt_tokens;   /* bytes / 4 */
    int64_t micro_usd;       /* of one call with a reply of usual length; MG_UNKNOWN_COST */
    int64_t worst_micro_usd; /* what would be reserved for it */
};
/* An input on which a mutant and the original differ: "discount(-5) → -0.25, mutant → 0.25". */
struct mg_witness {
    struct mg_str text;
    uint32_t calls; /* that ran the mutant's line and whose results were compared; 0 = none, or too few to mean anything */
};
struct mg_generator_ops {
    const char *name; /* "search" */
    /* Same request and seed give the same bytes. No test at all is no error: suite->reason says why.
     * MG_E_LIMIT: a budget has no room for a further call, err->text is its name; nothing was spent. MG_E_HTTP and MG_E_TIMEOUT: the model
     * gave no reply, and *fault says of what kind that is. `fault` may be NULL. */
    enum mg_code (*generate)(void *self, const struct mg_generate_request *request, struct mg_arena *arena, struct mg_suite *suite,
                             enum mg_llm_fault *fault, struct mg_err *err);
    /* What the first call for this target would send, without sending it; NULL for a generator that calls nobody. */
    enum mg_code (*estimate)(void *self, const struct mg_generate_request *request, struct mg_arena *arena, struct mg_estimate *estimate,
                             struct mg_err *err);
    /* Looks for a witness of each of the request's mutants, at most about config.generation.max_calls calls together; fills
     * witnesses[mutant_count]. NULL for a generator that observes nothing. */
    enum mg_code (*witness)(void *self, const struct mg_generate_request *request, struct mg_arena *arena, struct mg_witness *witnesses,
                            struct mg_err *err);
};
struct mg_generator {
    const struct mg_generator_ops *ops;
    void *self;
};

#endif
