/* Runs mutant attempts through a session: keeps the agent busy, re-runs what must be re-run, and turns results into verdicts. */
#ifndef MG_ENGINE_PUMP_H
#define MG_ENGINE_PUMP_H

#include "engine/others.h"
#include "ports/progress.h"

/* A test that may kill, with what its limit is made from. */
struct mg_candidate {
    uint32_t test;
    double seconds;
};

/* One mutant on its way to a verdict. */
struct mg_attempt {
    uint32_t mutant;      /* index for the caller */
    struct mg_str source; /* function text */
    uint32_t line, end_line;
    const struct mg_candidate *first; /* tests that execute the mutated lines, in order */
    size_t first_count;
    const struct mg_candidate *second; /* run behind them in the same process: tests that enter the function otherwise, and neighbours */
    size_t second_count;
    size_t near_count;                 /* so many of `second`, the first, enter the function */
    const struct mg_candidate *others; /* all that enter the function otherwise: what a test needs that does not pass where it stands */
    size_t others_count;
    bool bail;
    bool hit; /* so far: some test ran the mutated lines */
    bool alone;
    bool asleep;          /* with the agent: its test waits, and another attempt is handed over meanwhile */
    bool in_order;        /* a test did not pass where it stood, without the mutant: all tests of the function, as they were collected */
    bool proving;         /* no mutant: `first` as they ran up to a detection, on the unchanged function; `mutant` is the index of the proof */
    bool is_static;       /* its lines run on import: the reason of its verdict says so */
    bool fresh;           /* in a new interpreter, or what does as well */
    bool exec;            /* with `fresh`: in a new interpreter only */
    bool fresh_if_unseen; /* its tests are known to run the lines: when a fork does not, a new interpreter has the last word */
    unsigned retries;
    size_t known_slow;          /* so many of the pump's slow tests were known when it was handed over */
    MG_LIST(uint32_t) excluded; /* tests that failed before the mutated line ran, or ended their process without reaching it */
};

/* The end of one attempt. runs: every test that ended in its last process. */
struct mg_attempt_end {
    struct mg_mutant_result result;
    uint32_t killer; /* test index, UINT32_MAX when not killed by a test */
    const struct mg_mutant_run *run;
    bool fresh, exec, is_static; /* as the attempt's */
};

/* The end of an attempt; a detection is believed when the tests of its process, up to the one that failed and in that order, pass on the unchanged
 * function. */
struct mg_claim {
    struct mg_attempt attempt;
    struct mg_attempt_end end;
    MG_LIST(struct mg_candidate) ran;
    double seconds; /* that these take */
    uint32_t proof; /* index of the proof that it waits for */
};

struct mg_proof {
    struct mg_attempt attempt;
    double seconds; /* as the claim's that it was begun for */
    bool ended;
    size_t passed; /* so many of its tests, the first */
    MG_LIST(struct mg_test_time) took;
};

struct mg_pump {
    const struct mg_gate_request *request;
    struct mg_progress *progress;
    struct mg_arena *arena;  /* of the results */
    struct mg_str unchanged; /* text of the function without a mutant; needed where attempts `bail` and are not `fresh` */
    MG_LIST(struct mg_attempt) queue;
    size_t next;                       /* first queued attempt not yet handed over */
    MG_LIST(struct mg_attempt) later;  /* timeouts to be re-run alone */
    MG_LIST(struct mg_attempt) flying; /* handed over; index = ticket */
    size_t outstanding;
    size_t asleep; /* of these */
    struct mg_told told;
    bool keeps_turn;                  /* nothing may run beside what runs now */
    MG_LIST(struct mg_claim) claims;  /* their proof is quick: it is begun when no mutant is left to be run, for as many as possible */
    MG_LIST(struct mg_proof) proofs;  /* they go before mutants */
    size_t next_proof;                /* first one not yet handed over */
    MG_LIST(struct mg_claim) waiting; /* for a proof */
    MG_LIST(struct mg_claim) ready;   /* to be told */
    size_t next_ready;
    MG_LIST(struct mg_test_time) slow; /* what tests take where no other has set up what they use: far more than is known of them */
    MG_LIST(uint32_t) unsteady;        /* tests that did not pass, without the mutant, where they stood: they come last */
    bool odd;                          /* a test was left out, or a new interpreter asked: what the tests do without a mutant is to be known first */
    bool stops_when_odd;               /* for the caller to set: nothing is begun any more then, and what has no verdict gets none */
    uint32_t fresh_runs;               /* processes that were new interpreters, and their time */
    double fresh_seconds;
};

void mg_pump_init(struct mg_pump *pump, const struct mg_gate_request *request, struct mg_progress *progress, struct mg_arena *arena);
void mg_pump_add(struct mg_pump *pump, const struct mg_attempt *attempt);
/* Waits until one attempt has its verdict. *mutant = UINT32_MAX when all have. */
MG_MUST_CHECK enum mg_code mg_pump_next(struct mg_pump *pump, uint32_t *mutant, struct mg_attempt_end *end, struct mg_err *err);

/* CPU seconds a test may take under a mutant: 0.5 s and five times what it takes without. */
double mg_test_limit(double seconds);
/* The same without a mutant, where a busy machine must not decide, nor what has to be set up for the test: in the baseline another one may have
 * done that (a fixture of its class or module, a table that is made when it is first used). */
double mg_control_limit(double seconds);

#endif
