/* Port: measures tests of one target against its mutants. The decision to keep is services/target.c's. */
#ifndef MG_GATE_H
#define MG_GATE_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"
#include "base/turn.h"
#include "core/config.h"
#include "core/mutant.h"
#include "core/target.h"
#include "ports/agent.h"
#include "ports/clock.h"
#include "ports/generator.h"
#include "ports/ingest.h"

/* What the baseline knows about the existing tests; lines are looked up by target. */
struct mg_coverage_entry {
    uint32_t test; /* index */
    double seconds;
    MG_LIST(struct mg_line_range) lines; /* of the target's file only */
};
/* A mutant that is known to live through all tests but these, which come from `beside`: they are run behind those that run its lines. */
struct mg_again {
    const struct mg_coverage_entry *tests;
    size_t count; /* 0 = nothing is known: it is measured whole */
};
/* What was said of a mutant of the target before, by a part of its tests. */
struct mg_known {
    struct mg_str mutant_id;
    struct mg_mutant_result result;
};
/* Targets that are measured side by side, each by a thread of its own, with a session of its own. What stands here is changed by the thread that has
 * the turn; a gate gives it up while it waits for its last mutants, which leave processors free. */
struct mg_side_by_side {
    struct mg_turn *turn;
    size_t awake;     /* mutants that all of them have with the agent, without those that are asleep */
    size_t asleep;    /* targets of which all mutants that the agent has are */
    unsigned alone;   /* gates that wait for nothing to run, for a mutant that must have nothing beside it: no other mutant is begun then */
    uint64_t changes; /* of these */
};
struct mg_gate_request {
    const struct mg_target *target;
    const struct mg_source_file *source;
    struct mg_agent agent;
    struct mg_session *session;
    const struct mg_coverage_entry *covering; /* passing existing tests that run a line of the target */
    size_t covering_count;
    const struct mg_coverage_entry *importing; /* with mutation.static: the other passing tests that come to import its module; no lines */
    size_t importing_count;
    /* Other passing tests of the files of `covering`: what one of them did may be kept (an attribute, a table) and tested by these. No lines. */
    const struct mg_coverage_entry *beside;
    size_t beside_count;
    const struct mg_found *found;         /* of session_target */
    const struct mg_collected *collected; /* for test ids */
    const struct mg_config *config;
    const struct mg_agent_start *start; /* interpreter, copy and scratch folder: for a gate that runs programs of its own */
    const struct mg_cancel *cancel;
    const struct mg_mutant *mutants; /* the ones to be measured; NULL = all of the target up to config's level */
    size_t mutant_count;
    const struct mg_again *again; /* one for each of `mutants`, or NULL */
    /* `before` does not run again what they settle: a mutant that a test has killed which is still believed, and one that lived when all its tests
     * are among the `tried` (by test index). NULL = nothing is known. Never with a matrix. */
    const struct mg_known *known;
    size_t known_count;
    const bool *tried;
    bool matrix;                    /* `before` runs every covering test on every mutant and fills mg_measured.killers */
    struct mg_side_by_side *others; /* NULL: nobody else is at work */
    struct mg_clock clock;          /* with a deadline */
    double deadline;                /* monotonic; no mutant is begun after it, the rest stays pending. 0 = none */
};
struct mg_killers {
    MG_LIST(uint32_t) tests; /* indices of all that fail with the mutant, in no order */
};

/* All mutants of the target with their verdicts under the existing tests. */
struct mg_measured {
    MG_LIST(struct mg_mutant) mutants;
    MG_LIST(struct mg_probe_mutant) spliced;  /* same order */
    MG_LIST(struct mg_mutant_result) results; /* same order */
    MG_LIST(struct mg_killers) killers;       /* same order; only of a matrix */
    MG_LIST(struct mg_str) flaky;             /* existing tests that failed on an unchanged function: set aside, by id */
    uint32_t reused;                          /* verdicts that are those of `known` */
    uint32_t fresh_runs;                      /* mutants that were judged in a new interpreter, and how long that took */
    double fresh_seconds;
    struct mg_str unprepared; /* a test that passes in a new interpreter and not in a fork of the prepared one, so each mutant of what runs on
                                 import needed the former; empty = none */
    struct mg_str untrusted;  /* why no verdict may be believed (the no-op mutant died, the raising one lived); empty = trusted */
};
/* What each test of a suite does to the mutants that were alive. */
struct mg_suite_verdict {
    struct mg_str name;
    MG_LIST(uint32_t) items;           /* its indices in the session, one per case */
    bool passes;                       /* on the original, in the fork */
    struct mg_str reason;              /* why it does not pass */
    MG_LIST(uint32_t) kills;           /* assertion kills: indices into mg_measured.mutants */
    MG_LIST(struct mg_str) kill_texts; /* first line of the failure, same order as kills */
    MG_LIST(uint32_t) crashes;         /* crash kills */
    MG_LIST(uint32_t) timeouts;        /* the mutant ran past its limit in this test */
};
struct mg_suite_measured {
    MG_LIST(struct mg_suite_verdict) tests; /* same order as the suite's */
    MG_LIST(bool) reached;                  /* per mutant: some test of the suite ran its line */
    MG_LIST(uint32_t) reached_by;           /* per mutant: one of those tests; UINT32_MAX = none */
};

struct mg_gate_ops {
    const char *name;
    bool own_mutants; /* it makes mutants by its own rules: those of a request are not looked at */
    enum mg_code (*before)(void *self, const struct mg_gate_request *request, struct mg_arena *arena, struct mg_measured *measured,
                           struct mg_err *err);
    /* `path` is where the suite's module stands in the copy, `module` its text. Every test is run on every mutant that was not detected. */
    enum mg_code (*suite)(void *self, const struct mg_gate_request *request, const struct mg_measured *measured, const struct mg_suite *suite,
                          struct mg_str path, struct mg_str module, struct mg_arena *arena, struct mg_suite_measured *result, struct mg_err *err);
};
struct mg_gate {
    const struct mg_gate_ops *ops;
    void *self;
};

#endif
