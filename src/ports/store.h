/* Port: where runs, outcomes and generated tests are kept. After git's ref_storage_be: the contract stands above each operation,
 * adapters fill the table, callers never see SQL. Threads: any; each operation is one transaction. */
#ifndef MG_STORE_H
#define MG_STORE_H

#include "base/arena.h"
#include "base/base.h"
#include "core/ledger.h"
#include "core/outcome.h"
#include "core/report.h"
#include "core/run_state.h"

struct mg_run_record {
    struct mg_str run_id, repo, fingerprint, config_fingerprint, tool_version;
    enum mg_run_state state;
    int64_t started_at; /* of the first session, unix seconds */
};

struct mg_store_ops {
    const char *name; /* shown by doctor and in errors: "sqlite", "memory" */

    /* Creates the run, or takes up the stored one of that id: then *existing is true and *record holds what is stored.
     * The run is locked for this process until `end_run` or `close`, or until the process dies: MG_E_DENIED when another live process
     * has it (names its pid), or when the stored run belongs to another repo. A stored run whose process died is FAILED in *record.
     * The fingerprints and version of `wanted` replace the stored ones (*record holds the old); started_at stays. */
    enum mg_code (*begin_run)(void *self, const struct mg_run_record *wanted, struct mg_arena *arena, struct mg_run_record *record, bool *existing,
                              struct mg_err *err);
    /* This and every other writing operation: MG_E_STATE when this store has not begun the run. */
    enum mg_code (*set_run_state)(void *self, struct mg_str run_id, enum mg_run_state state, struct mg_err *err);

    /* Takes the target for this process. *claimed is false when it is finished (KEPT, DISCARDED, SATISFIED) with the same
     * `fingerprint` (of its source file and everything its verdict depends on), or held by another thread; that is no error. */
    enum mg_code (*claim)(void *self, struct mg_str run_id, struct mg_str target_id, struct mg_str fingerprint, bool *claimed, struct mg_err *err);

    /* Writes the outcome with all its tests and mutants and releases the claim, in one transaction: after MG_OK it survives a power cut,
     * after an error nothing of it is there. Borrowed for the call only. MG_E_STATE without a claim. */
    enum mg_code (*finish)(void *self, struct mg_str run_id, struct mg_str fingerprint, const struct mg_outcome *outcome, struct mg_err *err);

    /* Reserves `call` at its worst case against the run's limits, before it is sent; *call_id names it from then on. MG_E_LIMIT with the
     * limit's name as text ("cost_limit_reached", …) when it would pass one: nothing is written then. Spent is what all sessions of the run
     * spent, calls in flight and calls whose process died at their worst: no two threads or processes can both take the last cent. */
    enum mg_code (*reserve)(void *self, struct mg_str run_id, const struct mg_spend_limits *limits, const struct mg_llm_call *call, int64_t *call_id,
                            struct mg_err *err);
    /* What the call really took, also for one that failed. Once per call_id: MG_E_STATE otherwise. */
    enum mg_code (*settle)(void *self, struct mg_str run_id, int64_t call_id, const struct mg_llm_call *call, struct mg_err *err);
    /* Summed over the run, or over one of its targets unless `target_id` is empty. */
    enum mg_code (*spent)(void *self, struct mg_str run_id, struct mg_str target_id, struct mg_spend *spend, struct mg_err *err);

    /* What else is limited over all sessions of a run. `admit` counts a target before anything is done for it: once, however many sessions
     * take it up; *admitted is false when the run has `max_targets` (0 = no limit) others already, or more. No two threads or processes can
     * both take the last place. Targets whose outcome `retain` drops give their place back: they are begun anew. So do those that `finish` says
     * had nothing to be done for them (mg_outcome_is_idle). */
    enum mg_code (*admit)(void *self, struct mg_str run_id, struct mg_str target_id, struct mg_str fingerprint, int64_t max_targets, bool *admitted,
                          struct mg_err *err);
    /* How long the session has worked so far: replaces what it said before. One that is killed counts with what it said last. */
    enum mg_code (*worked)(void *self, struct mg_str run_id, double seconds, struct mg_err *err);
    /* The sum over all sessions, the present one included. */
    enum mg_code (*worked_seconds)(void *self, struct mg_str run_id, double *seconds, struct mg_err *err);

    /* All stored outcomes of the run, whole, by priority then name. */
    enum mg_code (*outcomes)(void *self, struct mg_str run_id, struct mg_arena *arena, struct mg_outcome **outcomes, size_t *count,
                             struct mg_err *err);

    /* Drops outcomes that were stored under another fingerprint (what they depend on changed: they are to be redone) and, unless
     * `target_ids` is NULL, those of targets that are not in it (their code is gone). What `admit` counted for them goes with them. */
    enum mg_code (*retain)(void *self, struct mg_str run_id, struct mg_str fingerprint, const struct mg_str *target_ids, size_t count,
                           struct mg_err *err);

    /* The run's report without its outcomes: written at the end, read by `report` and `apply`. `load_report` fills the outcomes too.
     * An empty run_id means the newest that has a report. MG_E_NOT_FOUND when there is none; the text lists up to five known ids.
     * MG_E_STATE when the run is known and never ended (it was killed): the text says how to continue it. end_run unlocks the run. */
    enum mg_code (*end_run)(void *self, const struct mg_report *report, enum mg_run_state state, struct mg_err *err);
    enum mg_code (*load_report)(void *self, struct mg_str run_id, struct mg_arena *arena, struct mg_report *report, struct mg_err *err);

    void (*close)(void *self);
};
struct mg_store {
    const struct mg_store_ops *ops;
    void *self;
};

#endif
