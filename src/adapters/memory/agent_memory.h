/* The agent port without a process: a script says which tests there are and what they do to which mutants. For tests of engine and services. */
#ifndef MG_AGENT_MEMORY_H
#define MG_AGENT_MEMORY_H

#include "ports/agent.h"

struct mg_memory_test {
    const char *id; /* "tests/test_a.py::test_x"; its file is what stands before "::" */
    enum mg_test_outcome outcome;
    double seconds;
    const char *covers; /* file whose lines [first, last] it runs; NULL = none */
    uint32_t first, last;
    const char *text; /* NULL = none */
};

enum mg_memory_effect {
    MG_MEMORY_FAILS, /* reaches the mutant and fails by an assertion */
    MG_MEMORY_CRASHES,
    MG_MEMORY_FAILS_IN_SETUP,
    MG_MEMORY_FAILS_UNREACHED, /* fails before the mutated line runs */
    MG_MEMORY_MISSES,          /* passes without reaching the mutant */
    MG_MEMORY_TIMES_OUT,
    MG_MEMORY_DIES,
    MG_MEMORY_REFUSED,  /* the whole mutant; `test` is not looked at */
    MG_MEMORY_SAME_CODE /* refused because it is equal to the original */
};
/* The first rule that fits decides; a test without one reaches the mutant and passes. */
struct mg_memory_rule {
    const char *contains; /* part of the mutant's source; NULL = every source */
    const char *test;     /* part of the test's id; NULL = every test */
    enum mg_memory_effect effect;
};

/* What session_examine tells of tests whose id holds `test`: the first that fits; others pass. */
struct mg_memory_examined {
    const char *test;
    enum mg_test_outcome outcome;
    const char *text, *actual;           /* NULL = none */
    const struct mg_text_patch *patches; /* lent */
    size_t patch_count;
};

struct mg_memory_script {
    const struct mg_memory_test *tests;
    size_t test_count;
    const struct mg_memory_rule *rules;
    size_t rule_count;
    const char *tests_dir;     /* NULL = "tests" */
    bool not_found;            /* session_target finds no live function */
    bool imported;             /* all lines of the target ran on import */
    const char *import_error;  /* session_target fails with it */
    bool has_imported;         /* as in struct mg_found */
    bool tired;                /* a session fails at its second target, as if it had ended */
    bool newest_first;         /* session_next answers in reverse order */
    const char *deadly_source; /* a text that holds it ends the session that loads it */
    const char *broken_source; /* a loaded text that holds it gives a collection error, and does not compile */
    const struct mg_memory_examined *examined;
    size_t examined_count;
    const char *failing_again;                /* tests whose id holds it fail in a pass that traces nothing */
    size_t pause_after;                       /* so many tests of a pass are run before a pause that it has; 0 = all: they take no time */
    const char *failing_confirm;              /* confirmed tests whose id holds it fail */
    const char *lost_confirm;                 /* those whose id holds it are not run at all */
    const struct mg_description *description; /* NULL = a function without parameters */
    /* NULL = every call is unstable and nothing differs. */
    enum mg_code (*probe)(void *data, const struct mg_probe *probe, struct mg_arena *arena, struct mg_probed *result, struct mg_err *err);
    void *probe_data;

    /* Counted by the agent. */
    size_t sessions_opened, sessions_closed, jobs_run, confirms, checks, examinations, tests_run;
};

/* A text that is loaded gets one test for each line "def test_…" in it. The script stays the caller's and must live longer. */
struct mg_agent mg_agent_memory_new(struct mg_memory_script *script);

#endif
