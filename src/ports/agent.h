/* Port: the Python side. It executes, observes and reports; deciding is ours.
 *
 * One agent per run = one zygote process in the repo's interpreter: it has imported and collected, and has run no test.
 * Everything else is forked from it: the baseline, one session per target, one process per mutant. Wire format: docs/agent-protocol.md.
 *
 * Threads: an agent is asked by one thread at a time, and what it starts dies with the thread that asked; a session is asked by one thread at a
 * time, whichever. Several sessions may be open. Every call blocks at most until its deadline and returns MG_E_CANCELLED soon after the cancel
 * token fires. Results live in the arena that the caller passes.
 * Tests are named by index: position in mg_collected.tests, counted on by mg_session_load. */
#ifndef MG_AGENT_H
#define MG_AGENT_H

#include "base/arena.h"
#include "base/base.h"
#include "base/cancel.h"
#include "core/target.h"
#include "core/text_patch.h"

struct mg_agent_start {
    struct mg_str python;                /* interpreter, absolute path */
    struct mg_str repo;                  /* the private copy, absolute: current directory of all tests */
    struct mg_str original;              /* the user's repo, absolute: must never be imported from */
    MG_LIST(struct mg_str) import_roots; /* absolute, inside the copy, first on sys.path */
    struct mg_str installed;             /* last on sys.path, its folder bin last on PATH; empty = nothing */
    struct mg_str scratch;               /* absolute directory for pycache, HOME, TMPDIR, logs, the agent's file */
    int64_t seed;
    int64_t jobs;                  /* mutant processes at once, over all sessions */
    int64_t memory_limit_mb;       /* per process, 0 = off */
    double test_timeout_seconds;   /* wall deadline of one existing test */
    double stop_at;                /* monotonic moment at which a baseline ends, whatever runs then; 0 = never */
    const struct mg_str *pass_env; /* names of variables that tests get from our environment; NULL = none */
    size_t pass_env_count;
    const struct mg_str *only; /* files, folders and node ids, relative to the repo: tests elsewhere are not collected; NULL = all are */
    size_t only_count;
    const struct mg_str *watch; /* files, relative to the repo: of functions elsewhere mg_collected.imported need not tell; NULL = of none */
    size_t watch_count;
    bool static_mutants; /* code that runs on import is mutated too: mg_found.importers is wanted */
    struct mg_cancel *cancel;
};

struct mg_test_case {
    struct mg_str id;   /* pytest node id relative to the repo */
    struct mg_str file; /* relative path */
};
struct mg_collect_error {
    struct mg_str where;                   /* path or node id */
    struct mg_str text;                    /* last line of the error */
    MG_LIST(struct mg_str) refused, asked; /* as mg_baseline_result */
};
struct mg_import_line {
    struct mg_str path; /* relative to the repo */
    uint32_t first, last;
};
struct mg_collected {
    struct mg_str python_version; /* "3.11.7" */
    struct mg_str pytest_version;
    MG_LIST(struct mg_test_case) tests;
    MG_LIST(struct mg_collect_error) errors;
    MG_LIST(struct mg_str) notes;   /* degradations to tell the user, whole sentences */
    MG_LIST(struct mg_str) options; /* that pytest needs here beside the repo's own */
    MG_LIST(struct mg_str) asked;   /* variables that were not set when the tests asked for them on import */
    MG_LIST(struct mg_str) opened;  /* files read while the tests were imported, code apart: relative to the repo, or absolute outside of it */
    MG_LIST(struct mg_import_line) imported; /* lines of functions that ran meanwhile */
    struct mg_str tests_dir; /* relative folder where generated tests belong (empty = root): the repo's test folder, "tests" when it has none */
};

/* Lines [first, last] of a file, by index into the `files` given to the baseline. */
struct mg_line_range {
    uint32_t file, first, last;
};
/* The target as the interpreter has it. */
struct mg_found {
    uint32_t functions;                     /* live function objects with its code */
    MG_LIST(struct mg_line_range) imported; /* its lines that ran on import or in collection, before any test; `file` is 0 */
    MG_LIST(uint32_t) importers;            /* with static_mutants: tests whose files come to import the target's module */
    bool has_imported; /* modules of the repo came into the session with it: the next target would not find what the tests have left */
};
enum mg_test_outcome { MG_TEST_PASSED, MG_TEST_FAILED, MG_TEST_SKIPPED, MG_TEST_XFAILED, MG_TEST_ERROR, MG_TEST_TIMEOUT, MG_TEST_CRASHED };
struct mg_baseline_result {
    uint32_t test;
    enum mg_test_outcome outcome;
    /* A mutant can be killed by it although it did not pass. XFAILED: passing (strict), or raising something else, would be a failure. SKIPPED: it
     * skipped itself in its body, behind lines of the repo (only when traced). */
    bool can_fail;
    double seconds;
    MG_LIST(struct mg_line_range) lines; /* executed during the test and its fixtures, fixture lines given to every user; only when traced */
    struct mg_str text;                  /* last line of the failure, or why it was skipped */
    /* When it failed because of them: addresses that refused a connection ("127.0.0.1:5432"), likeliest first; and, when traced, names of
     * variables that the repo's code asked for and that were not set. */
    MG_LIST(struct mg_str) refused, asked;
    /* Only when traced: files it read or wrote, relative to the repo or absolute outside of it (not those of the interpreter and of scratch);
     * a folder that it listed ends with a slash. `wide`: that may not be all, it started other processes. */
    MG_LIST(struct mg_str) opened;
    bool wide;
    /* It writes into the repo, starts programs, asks other addresses, needs a new interpreter or expensive session fixtures: the agent has to see
     * it run in each session. */
    bool special;
    MG_LIST(struct mg_str) notes; /* behind the last test only: degradations to tell the user, whole sentences */
};

enum mg_type_kind {
    MG_TYPE_ANY,
    MG_TYPE_NONE,
    MG_TYPE_BOOL,
    MG_TYPE_INT,
    MG_TYPE_FLOAT,
    MG_TYPE_COMPLEX,
    MG_TYPE_STR,
    MG_TYPE_BYTES,
    MG_TYPE_LITERAL, /* values: Python expressions */
    MG_TYPE_ENUM,    /* values: member names; name, module of the class */
    MG_TYPE_UNION,   /* of: alternatives (Optional[X] = X, None) */
    MG_TYPE_LIST,
    MG_TYPE_SET,
    MG_TYPE_FROZENSET,
    MG_TYPE_ITERABLE, /* of[0]: element */
    MG_TYPE_DICT,     /* of[0] key, of[1] value */
    MG_TYPE_TUPLE,    /* of: elements; variadic: of[0] repeated */
    MG_TYPE_CLASS,    /* name, module, params of its constructor; nested at most 3 deep */
    MG_TYPE_CALLABLE,
    MG_TYPE_SAMPLE /* values: complete expressions for a library type (Decimal('1.5'), …), with their imports in `imports` */
};
struct mg_param;
struct mg_type {
    enum mg_type_kind kind;
    struct mg_str name, module; /* class and enum: qualified name within `module` */
    bool variadic;              /* tuple[X, ...] */
    MG_LIST(struct mg_str) values;
    MG_LIST(struct mg_str) imports; /* whole import lines that the values need */
    MG_LIST(struct mg_type *) of;
    MG_LIST(struct mg_param *) params;
};
enum mg_param_kind { MG_PARAM_POSITIONAL_ONLY, MG_PARAM_POSITIONAL, MG_PARAM_KEYWORD, MG_PARAM_ARGS, MG_PARAM_KWARGS };
struct mg_param {
    struct mg_str name;
    enum mg_param_kind kind;
    bool has_default;
    struct mg_str default_source; /* an expression when the default can be written down, else empty */
    struct mg_type *type;         /* from the hint; from the default's value when there is no hint; else ANY */
};
struct mg_doctest {
    struct mg_str source; /* one expression statement: `ordinalize(1)` */
    struct mg_str want;   /* its printed result, without the last newline */
};
/* What the interpreter knows about a target. */
struct mg_description {
    MG_LIST(struct mg_param *) params; /* without self/cls */
    struct mg_type *returns;
    struct mg_type *receiver;               /* methods and properties: the class with its constructor's params; else NULL */
    MG_LIST(struct mg_str) receiver_values; /* ready expressions for a receiver, such as module-level instances; may be empty */
    MG_LIST(struct mg_doctest) doctests;
    bool is_async, is_generator, is_abstract;
    struct mg_str unreachable; /* why it cannot be called from a test ("not importable: …"); empty when it can */
};

/* A small program: `setup` statements, one final expression. Names come from the probe's imports.
 * Example: setup = "v = Version(1, 2, 3)\n", call = "v.bump_major()", watch = {"v"}. */
struct mg_call {
    struct mg_str setup, call;
    MG_LIST(struct mg_str) watch; /* variables of the setup to look at again after the call */
};
enum mg_fact_form {
    MG_FACT_IS,     /* assert X is src          (None, True, False) */
    MG_FACT_EQ,     /* assert X == src */
    MG_FACT_APPROX, /* assert X == pytest.approx(src): X is a float or holds floats */
    MG_FACT_NAN,    /* assert math.isnan(X) */
    MG_FACT_TYPE,   /* assert type(X).__name__ == src (src is a quoted string) */
    MG_FACT_LEN,    /* assert len(X) == src */
    MG_FACT_ATTR,   /* assert X.attribute == src, or `is` for None, True, False */
    MG_FACT_STR,    /* assert str(X) == src */
    MG_FACT_LIST,   /* assert list(X) == src    (an iterator, at most 50 elements) */
    MG_FACT_OUTPUT  /* assert capsys.readouterr().out == src */
};
/* One thing that may be asserted after a call. Stable between two runs in two processes; never a hash, id, address, time or path. */
struct mg_fact {
    enum mg_fact_form form;
    struct mg_str of;               /* "result" or a watched variable */
    struct mg_str attribute;        /* for ATTR */
    struct mg_str source;           /* a Python expression that evaluates to an equal value */
    MG_LIST(struct mg_str) imports; /* whole import lines the expression needs */
};
struct mg_observation {
    bool stable;           /* both runs agreed and the call ended in time; nothing else but `trouble` is set when false */
    struct mg_str trouble; /* why it is not: "waits", "limit", "clock", "ends", "state", "differs", "nothing", "setup ValueError" (what stands before
                            * the call raised that), or the effect that was refused: "open", "socket.connect". Empty: not run */
    bool raised;
    struct mg_str exception;        /* expression naming the class: "ValueError", "semver.errors.Bad" */
    struct mg_str exception_import; /* whole import line, empty for builtins */
    struct mg_str match;            /* a regular expression for pytest.raises(match=), as plain text, not quoted; empty = none */
    bool raised_by_arguments;       /* TypeError for the call's own arity or an argument's type, before the target's first line ran */
    MG_LIST(struct mg_fact) facts;  /* most telling first; empty when nothing can be asserted */
    MG_LIST(uint32_t) lines;        /* lines of the target's file executed by the call, within the target */
    double seconds;
};
struct mg_probe_mutant {
    struct mg_str id;
    struct mg_str source; /* the function's text with the mutant spliced in, from its first decorator's line start */
    uint32_t line, end_line;
};
/* Call `call` tells original and mutant apart by a fact or by what it raises. */
struct mg_difference {
    uint32_t mutant, call;
    enum mg_difference_kind { MG_DIFFERS, MG_DIFFERS_BY_CRASH, MG_DIFFERS_BY_TIMEOUT } kind;
    uint32_t fact;      /* index of the first fact that differs; UINT32_MAX when an exception makes the difference */
    struct mg_str told; /* with mg_probe.tell: what the mutant came to, as Python source or "raises ValueError('text')"; empty: it came to no end */
};
struct mg_probe {
    struct mg_str imports; /* import lines for all calls */
    MG_LIST(struct mg_call) calls;
    MG_LIST(struct mg_probe_mutant) mutants;
    double call_seconds; /* CPU limit of one call */
    double seconds;      /* wall limit of the whole probe */
    bool tell;           /* differences say what the mutant came to */
};
struct mg_probed {
    MG_LIST(struct mg_observation) observations; /* one per call, in order */
    MG_LIST(struct mg_difference) differences;
};

/* One mutant to be run against tests in a process of its own. */
struct mg_mutant_job {
    uint64_t ticket;         /* chosen by the caller, comes back with the result */
    struct mg_str source;    /* as mg_probe_mutant.source */
    uint32_t line, end_line; /* lines whose execution activates it; 0,0 = the whole function */
    bool bail;               /* stop at the first failing test */
    bool fresh;              /* in a new interpreter instead of a fork: the tests are collected again, with the mutated file; a fork of a
                              * process that has imported nothing of the repo does as well, where the agent has one */
    bool exec;               /* with `fresh`: never such a fork */
    uint32_t own;            /* so many of its tests, the first, run its lines: they may be run ahead of the others where that costs little, and a
                              * kill there ends the job. 0 = none */
    uint32_t near;           /* so many, with them, enter the function: the others are left out where its own tests are proved to leave nothing
                              * behind. Only with `own` */
    bool yields;             /* `next` may answer MG_RUN_ASLEEP, once, before its end */
    bool chain;              /* that may be in a process that has run other mutants, where the agent can prove that this decided nothing */
    double wall_seconds;     /* whole process, second line of defence */
    MG_LIST(uint32_t) tests; /* indices, in order */
    MG_LIST(double) limits;  /* CPU seconds for each of them */
};
struct mg_test_run {
    uint32_t test;
    bool failed;
    bool hit;           /* the mutated lines ran during this test, before it failed */
    bool crash;         /* TypeError, NameError, AttributeError raised in the mutated code itself */
    bool in_setup;      /* failed in setup or teardown, not in the call */
    struct mg_str text; /* "AssertionError: assert 1 == 2", one line, at most 200 bytes */
};
struct mg_test_time {
    uint32_t test;
    double seconds;
};
struct mg_mutant_run {
    uint64_t ticket;
    enum mg_mutant_end {
        MG_RUN_DONE,    /* all tests of the job ran, or it bailed */
        MG_RUN_TIMEOUT, /* test `at` passed its limit */
        MG_RUN_DIED,    /* the process ended by itself or by a signal without a verdict, during test `at` */
        MG_RUN_REFUSED, /* did not compile, changed the function's kind or equals the original: `reason` says which */
        MG_RUN_ASLEEP   /* not ended: its test waits, and the agent runs another job meanwhile, where it has one */
    } end;
    bool same_code; /* with REFUSED: bytecode equal to the original */
    uint32_t at;
    bool at_hit;  /* with TIMEOUT and DIED: the mutated lines had run in that test */
    bool certain; /* with TIMEOUT: rounds of a loop were counted, or the limit is so far from what the test needs that no busy machine explains it */
    MG_LIST(struct mg_test_run) runs;
    MG_LIST(struct mg_test_time) took; /* of tests that passed and took 0.05 s or more in this process, with all that had to be set up for them */
    MG_LIST(uint32_t) missed;          /* of the job's `own` tests, those that passed behind others and did not run its lines */
    struct mg_str reason;
    double seconds;
    bool nursery; /* `fresh`, and it was a fork of the process that has imported nothing of the repo */
    bool proved;  /* behind the failing test it has passed on the unchanged function, put in place the same way */
};

/* Plain pytest in a new interpreter. */
struct mg_confirm_source {
    struct mg_str path, source; /* a generated module, relative to the repo */
};
struct mg_confirm {
    MG_LIST(struct mg_confirm_source) sources; /* written into the copy first, removed afterwards */
    MG_LIST(struct mg_str) files;              /* relative paths or node ids, in order */
    MG_LIST(struct mg_str) deselect;           /* node ids left out */
    struct mg_str hash_seed;                   /* "0", "1", "random" */
    bool reversed;                             /* tests in reverse order */
    bool stop_at_failure;                      /* one failure is all there is to know */
    double seconds;                            /* wall limit of the whole process */
    struct mg_confirm_source imported;         /* importing the file at `path` runs this text, whatever is in it; empty path: none */
};
struct mg_confirmed_test {
    struct mg_str id;
    enum mg_test_outcome outcome;
    struct mg_str text;
};
struct mg_confirmed {
    MG_LIST(struct mg_confirmed_test) tests;
    MG_LIST(struct mg_collect_error) errors;
};

/* One test of a loaded module, run on the original with pytest's own reports: for telling its author what is wrong with it. */
struct mg_examined_test {
    uint32_t test;
    enum mg_test_outcome outcome;
    struct mg_str text;   /* pytest's short report of the failure, at most 40 lines and 4,000 bytes, paths relative; empty when it passed */
    struct mg_str actual; /* the value that the test compared with another, as an expression; empty when there is none that can be written down */
    /* Where in the loaded module a wrong literal stands, and what would make the test agree with the code. */
    MG_LIST(struct mg_text_patch) patches;
};
struct mg_examined {
    MG_LIST(struct mg_examined_test) tests;
};

struct mg_session; /* owned by the adapter */

struct mg_agent_ops {
    const char *name;

    /* Starts the interpreter, imports and collects. Errors: MG_E_CONFIG with a line for the user when Python is too old or pytest is
     * missing; MG_E_CHILD when the agent died. Collection errors are no error: they are in `collected`. */
    enum mg_code (*start)(void *self, const struct mg_agent_start *start, struct mg_arena *arena, struct mg_collected *collected, struct mg_err *err);

    /* After an operation failed: looks whether the zygote still lives, and starts it again when a test has killed it. Numbers of tests
     * keep their meaning; sessions and a baseline that were open are lost. MG_E_CHILD when it cannot be had back. */
    enum mg_code (*revive)(void *self, bool *revived, struct mg_err *err);

    /* Starts running tests (all when tests is NULL) in forks, in order. With `files`, lines of these repo-relative files are traced. Without
     * `files` every test runs `jobs` times at once, beside itself: the worst outcome and the best time are given. A test that hangs or crashes
     * costs its own deadline; the run goes on behind it. After `pause` seconds (0 = never) no further test is begun; where the agent has a moment
     * to stop at (stop_at), the running one, but for the very first and the first without `files`, may then take a quarter of `pause` more, and is left without a result. Then
     * baseline_next gives one result a call; *more is false after the last. Nothing else may be asked of the agent in between. `apart`: each test in
     * a fork of its own. */
    enum mg_code (*baseline)(void *self, const struct mg_str *files, size_t file_count, const uint32_t *tests, size_t test_count, bool apart,
                             double pause, struct mg_err *err);
    enum mg_code (*baseline_next)(void *self, struct mg_arena *arena, struct mg_baseline_result *result, bool *more, struct mg_err *err);

    /* A forked process for one target. */
    enum mg_code (*open_session)(void *self, struct mg_session **session, struct mg_err *err);

    /* New interpreters with plain pytest; nothing of the zygote. */
    enum mg_code (*confirm)(void *self, const struct mg_confirm *what, struct mg_arena *arena, struct mg_confirmed *result, struct mg_err *err);

    /* The session's target, in the place of the one before; imports its module when no test has.
     * MG_E_CHILD with the import error's last line when the module cannot be imported. */
    enum mg_code (*session_target)(struct mg_session *session, const struct mg_target *target, struct mg_arena *arena, struct mg_found *found,
                                   struct mg_err *err);
    enum mg_code (*session_describe)(struct mg_session *session, struct mg_arena *arena, struct mg_description *description, struct mg_err *err);
    enum mg_code (*session_probe)(struct mg_session *session, const struct mg_probe *probe, struct mg_arena *arena, struct mg_probed *result,
                                  struct mg_err *err);

    /* Writes `source` to the repo-relative `path` in the copy and collects it. New tests get the next indices, from *first. */
    enum mg_code (*session_load)(struct mg_session *session, struct mg_str path, struct mg_str source, struct mg_arena *arena,
                                 struct mg_collected *collected, uint32_t *first, struct mg_err *err);

    /* Compiles a module's text in the target's Python and runs nothing. *problem is empty, or "line 3: invalid syntax". */
    enum mg_code (*session_check)(struct mg_session *session, struct mg_str source, struct mg_arena *arena, struct mg_str *problem,
                                  struct mg_err *err);
    /* Runs loaded tests one after the other on the original, each at most `seconds`. */
    enum mg_code (*session_examine)(struct mg_session *session, const uint32_t *tests, size_t count, double seconds, struct mg_arena *arena,
                                    struct mg_examined *examined, struct mg_err *err);

    /* Any number of jobs may be handed over; the agent runs `jobs` of them at once. `next` waits for one to end, in any order. */
    enum mg_code (*session_submit)(struct mg_session *session, const struct mg_mutant_job *job, struct mg_err *err);
    enum mg_code (*session_next)(struct mg_session *session, struct mg_arena *arena, struct mg_mutant_run *run, struct mg_err *err);
    void (*session_close)(struct mg_session *session); /* kills what still runs; removes what session_load wrote */

    void (*stop)(void *self); /* kills every process of the agent; the adapter can then be started again */
    void (*close)(void *self);
};

struct mg_agent {
    const struct mg_agent_ops *ops;
    void *self;
};

#endif
