/* What became of one target: everything the store keeps and the reports print about it. */
#ifndef MG_OUTCOME_H
#define MG_OUTCOME_H

#include "base/arena.h"
#include "base/base.h"
#include "core/ledger.h"
#include "core/mutant.h"
#include "core/score.h"
#include "core/target.h"
#include "core/target_state.h"

/* One generated test function. */
struct mg_test {
    struct mg_str name;   /* `test_ordinalize_negative` */
    struct mg_str source; /* the function with its decorators, no import lines, ends with a newline */
    bool kept;
    struct mg_str reason;         /* why it was not kept; empty when kept */
    MG_LIST(struct mg_str) kills; /* ids of mutants only it or it first killed by an assertion */
};

/* A mutant with its verdict before (existing tests) and after (existing + kept tests), and its diff for reports. */
struct mg_judged {
    struct mg_mutant mutant;
    struct mg_mutant_result before, after;
    struct mg_str diff; /* unified diff, three lines of context, paths a/ and b/ */
    /* What `score` adds: */
    bool changed;               /* it stands on a line that the user has changed */
    bool cached;                /* `before` is of an earlier session, and nothing it depends on has changed */
    MG_LIST(uint32_t) covering; /* passing tests that run its lines: indices into mg_scored.tests */
    MG_LIST(uint32_t) killers;  /* of a matrix: every test that fails with it */
    /* Of a survivor that was looked at: "discount(-5) → -0.25, mutant → 0.25"; when no input was found, how many calls saw no difference. */
    struct mg_str witness;
    uint32_t compared;
};

struct mg_outcome {
    struct mg_str target_id, qualified_name, module, path;
    uint32_t line, end_line;
    double coverage, priority;
    enum mg_target_state state;    /* KEPT, DISCARDED, SATISFIED or UNFINISHED (SELECTED while it waits) */
    struct mg_str reason;          /* one line, never empty in a final state but KEPT and SATISFIED */
    struct mg_str generator;       /* "search", "model:…", or empty */
    struct mg_tally before, after; /* after = what was kept; equals before when nothing was */
    struct mg_tally improved;      /* what `after` would be with the discarded tests that gained something (apply --improved) */
    struct mg_str imports;         /* import lines that the tests need, each ending with a newline */
    MG_LIST(struct mg_test) tests; /* kept and not kept, in file order */
    MG_LIST(struct mg_judged) mutants;
    MG_LIST(struct mg_str) suspected_bugs; /* one line each */
    uint32_t attempts;
    uint32_t tests_not_run; /* existing tests that could not be asked: `before` is a lower bound */
    double seconds;
    struct mg_spend spend;        /* of its model calls, failed ones included */
    MG_LIST(struct mg_str) notes; /* what a model claimed, such as "equivalent: …": shown as its words, never counted */
};

/* Nobody wrote a test for it, since there was no need, or no way to run it at all. */
bool mg_outcome_is_idle(const struct mg_outcome *outcome);

#endif
