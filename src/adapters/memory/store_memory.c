/* The store's operations on lists. What is replaced stays in the arena until the store is closed. */
#include "adapters/memory/store_memory.h"

#include "adapters/memory/copy.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define MAGIC 0x4d454d53u

struct entry { /* one target of a run */
    struct mg_str target_id, fingerprint;
    bool claimed, stored;
    struct mg_outcome outcome; /* when stored */
    bool admitted;
    struct mg_str admitted_as; /* fingerprint */
};

struct run {
    struct run *next;
    struct mg_run_record record;
    bool held, reported;
    uint64_t session;
    double earlier_seconds, seconds; /* of the sessions before this one; of this one */
    struct mg_report report;
    struct {
        MG_VEC(struct entry)
    } entries;
    struct {
        MG_VEC(struct mg_llm_call) /* its call_id is its index + 1 */
    } calls;
};

struct store {
    unsigned magic;
    pthread_mutex_t mutex;
    struct mg_arena *arena;
    struct run *runs;
    uint64_t sessions;
};

static struct store *enter(void *self)
{
    struct store *store = self;
    MG_ASSERT(store && store->magic == MAGIC);
    (void)pthread_mutex_lock(&store->mutex);
    return store;
}

static enum mg_code leave(struct store *store, enum mg_code code)
{
    (void)pthread_mutex_unlock(&store->mutex);
    return code;
}

static struct run *find(const struct store *store, struct mg_str run_id)
{
    struct run *run = store->runs;
    while (run && !mg_str_eq(run->record.run_id, run_id))
        run = run->next;
    return run;
}

static enum mg_code find_held(const struct store *store, struct mg_str run_id, struct run **run, struct mg_err *err)
{
    *run = find(store, run_id);
    if (*run && (*run)->held)
        return MG_OK;
    return MG_FAIL(err, MG_E_STATE, "run %.*s has not been begun by this process", MG_FMT(run_id));
}

static struct entry *find_entry(struct run *run, struct mg_str target_id)
{
    for (size_t i = 0; i < run->entries.len; i++)
        if (mg_str_eq(run->entries.at[i].target_id, target_id))
            return &run->entries.at[i];
    return NULL;
}

static struct mg_run_record copy_record(struct mg_arena *arena, const struct mg_run_record *record)
{
    struct mg_run_record copy = *record;
    struct mg_str *const texts[] = { &copy.run_id, &copy.repo, &copy.fingerprint, &copy.config_fingerprint, &copy.tool_version };
    for (size_t i = 0; i < MG_COUNT(texts); i++)
        *texts[i] = mg_arena_str(arena, *texts[i]);
    return copy;
}

static enum mg_code take_up(struct store *store, struct run *run, const struct mg_run_record *wanted, struct mg_arena *arena,
                            struct mg_run_record *record, struct mg_err *err)
{
    if (run->held)
        return MG_FAIL(err, MG_E_DENIED, "run %.*s is being worked on by process %ld; wait for it, or choose another --run-id",
                       MG_FMT(wanted->run_id), (long)getpid());
    if (!mg_str_eq(run->record.repo, wanted->repo))
        return MG_FAIL(err, MG_E_DENIED, "run %.*s belongs to another repo (%.*s); choose another --run-id", MG_FMT(wanted->run_id),
                       MG_FMT(run->record.repo));
    if (!mg_run_state_is_final(run->record.state))
        run->record.state = MG_RUN_FAILED;
    *record = copy_record(arena, &run->record);
    struct mg_run_record next = copy_record(store->arena, wanted);
    next.state = run->record.state;
    next.started_at = run->record.started_at;
    run->record = next;
    for (size_t i = 0; i < run->entries.len; i++)
        run->entries.at[i].claimed = false;
    run->earlier_seconds += run->seconds;
    run->seconds = 0;
    return MG_OK;
}

static enum mg_code begin_run(void *self, const struct mg_run_record *wanted, struct mg_arena *arena, struct mg_run_record *record, bool *existing,
                              struct mg_err *err)
{
    struct store *store = enter(self);
    struct run *run = find(store, wanted->run_id);
    *existing = run != NULL;
    if (run) {
        enum mg_code code = take_up(store, run, wanted, arena, record, err);
        if (code != MG_OK)
            return leave(store, code);
    } else {
        run = MG_NEW(store->arena, struct run);
        run->record = copy_record(store->arena, wanted);
        run->next = store->runs;
        store->runs = run;
        *record = copy_record(arena, wanted);
    }
    run->held = true;
    run->session = ++store->sessions;
    return leave(store, MG_OK);
}

static enum mg_code set_run_state(void *self, struct mg_str run_id, enum mg_run_state state, struct mg_err *err)
{
    struct store *store = enter(self);
    struct run *run;
    enum mg_code code = find_held(store, run_id, &run, err);
    if (code == MG_OK)
        run->record.state = state;
    return leave(store, code);
}

static struct entry *entry_of(struct store *store, struct run *run, struct mg_str target_id)
{
    struct entry *entry = find_entry(run, target_id);
    if (entry)
        return entry;
    entry = MG_PUSH(store->arena, &run->entries);
    *entry = (struct entry){ .target_id = mg_arena_str(store->arena, target_id) };
    return entry;
}

static enum mg_code claim(void *self, struct mg_str run_id, struct mg_str target_id, struct mg_str fingerprint, bool *claimed, struct mg_err *err)
{
    struct store *store = enter(self);
    struct run *run;
    *claimed = false;
    enum mg_code code = find_held(store, run_id, &run, err);
    if (code != MG_OK)
        return leave(store, code);
    struct entry *entry = entry_of(store, run, target_id);
    bool done = entry->stored && mg_target_state_is_final(entry->outcome.state) && mg_str_eq(entry->fingerprint, fingerprint);
    *claimed = !done && !entry->claimed;
    if (*claimed)
        entry->claimed = true;
    return leave(store, MG_OK);
}

/* The database's primary key refuses a second mutant of the same id; so do we. */
static enum mg_code check_ids(const struct mg_outcome *outcome, struct mg_err *err)
{
    struct mg_arena *scratch = mg_arena_new();
    struct mg_map seen;
    mg_map_init(&seen, scratch);
    enum mg_code code = MG_OK;
    for (size_t i = 0; i < outcome->mutants.len && code == MG_OK; i++) {
        void **slot = mg_map_slot(&seen, outcome->mutants.at[i].mutant.id);
        if (*slot)
            code = MG_FAIL(err, MG_E_STORE, "two mutants have the id %.*s", MG_FMT(outcome->mutants.at[i].mutant.id));
        *slot = &outcome->mutants.at[i];
    }
    mg_arena_free(scratch);
    return code;
}

static enum mg_code write_finish(struct store *store, struct mg_str run_id, struct mg_str fingerprint, const struct mg_outcome *outcome,
                                 struct mg_err *err)
{
    struct run *run;
    MG_TRY(find_held(store, run_id, &run, err));
    struct entry *entry = find_entry(run, outcome->target_id);
    if (!entry || !entry->claimed)
        return MG_FAIL(err, MG_E_STATE, "target %.*s has not been claimed", MG_FMT(outcome->target_id));
    MG_TRY(check_ids(outcome, err));
    entry->fingerprint = mg_arena_str(store->arena, fingerprint);
    entry->outcome = mg_memory_copy_outcome(store->arena, outcome);
    entry->stored = true;
    entry->claimed = false;
    entry->admitted = entry->admitted && !mg_outcome_is_idle(outcome);
    return MG_OK;
}

static enum mg_code finish(void *self, struct mg_str run_id, struct mg_str fingerprint, const struct mg_outcome *outcome, struct mg_err *err)
{
    struct store *store = enter(self);
    return leave(store, write_finish(store, run_id, fingerprint, outcome, err));
}

/* An empty target_id: all of them. */
static struct mg_spend sum_calls(const struct run *run, struct mg_str target_id)
{
    struct mg_spend spend = { 0 };
    for (size_t i = 0; i < run->calls.len; i++)
        if (target_id.len == 0 || mg_str_eq(run->calls.at[i].target_id, target_id))
            mg_spend_add(&spend, &run->calls.at[i]);
    return spend;
}

static enum mg_code reserve(void *self, struct mg_str run_id, const struct mg_spend_limits *limits, const struct mg_llm_call *call, int64_t *call_id,
                            struct mg_err *err)
{
    struct store *store = enter(self);
    struct run *run;
    const char *reason;
    enum mg_code code = find_held(store, run_id, &run, err);
    if (code != MG_OK)
        return leave(store, code);
    const struct mg_spend spend = sum_calls(run, MG_NO_STR);
    if (!mg_spend_allows(limits, &spend, call, &reason))
        return leave(store, MG_FAIL(err, MG_E_LIMIT, "%s", reason));
    struct mg_llm_call *kept = MG_PUSH(store->arena, &run->calls);
    *kept = mg_memory_copy_call(store->arena, call);
    kept->settled = false;
    *call_id = (int64_t)run->calls.len;
    return leave(store, MG_OK);
}

static enum mg_code settle(void *self, struct mg_str run_id, int64_t call_id, const struct mg_llm_call *call, struct mg_err *err)
{
    struct store *store = enter(self);
    struct run *run;
    enum mg_code code = find_held(store, run_id, &run, err);
    if (code != MG_OK)
        return leave(store, code);
    if (call_id < 1 || (uint64_t)call_id > run->calls.len || run->calls.at[call_id - 1].settled)
        return leave(store, MG_FAIL(err, MG_E_STATE, "model call %lld is not open", (long long)call_id));
    struct mg_llm_call *kept = &run->calls.at[call_id - 1];
    const struct mg_llm_call reserved = *kept;
    *kept = mg_memory_copy_call(store->arena, call);
    kept->target_id = reserved.target_id; /* who it was for and what was set aside stay as reserved */
    kept->purpose = reserved.purpose;
    kept->worst_micro_usd = reserved.worst_micro_usd;
    kept->worst_tokens = reserved.worst_tokens;
    kept->settled = true;
    return leave(store, MG_OK);
}

static enum mg_code spent(void *self, struct mg_str run_id, struct mg_str target_id, struct mg_spend *spend, struct mg_err *err)
{
    (void)err;
    struct store *store = enter(self);
    const struct run *run = find(store, run_id);
    *spend = run ? sum_calls(run, target_id) : (struct mg_spend){ 0 };
    return leave(store, MG_OK);
}

static enum mg_code admit(void *self, struct mg_str run_id, struct mg_str target_id, struct mg_str fingerprint, int64_t max_targets, bool *admitted,
                          struct mg_err *err)
{
    struct store *store = enter(self);
    struct run *run;
    *admitted = false;
    enum mg_code code = find_held(store, run_id, &run, err);
    if (code != MG_OK)
        return leave(store, code);
    struct entry *entry = entry_of(store, run, target_id);
    int64_t others = 0;
    for (size_t i = 0; i < run->entries.len; i++)
        others += run->entries.at[i].admitted && &run->entries.at[i] != entry;
    *admitted = max_targets <= 0 || others < max_targets;
    if (*admitted) {
        entry->admitted = true;
        entry->admitted_as = mg_arena_str(store->arena, fingerprint);
    }
    return leave(store, MG_OK);
}

static enum mg_code worked(void *self, struct mg_str run_id, double seconds, struct mg_err *err)
{
    struct store *store = enter(self);
    struct run *run;
    enum mg_code code = find_held(store, run_id, &run, err);
    if (code == MG_OK)
        run->seconds = seconds > 0 ? seconds : 0;
    return leave(store, code);
}

static enum mg_code worked_seconds(void *self, struct mg_str run_id, double *seconds, struct mg_err *err)
{
    (void)err;
    struct store *store = enter(self);
    const struct run *run = find(store, run_id);
    *seconds = run ? run->earlier_seconds + run->seconds : 0;
    return leave(store, MG_OK);
}

static int by_priority(const void *a, const void *b)
{
    const struct mg_outcome *left = a, *right = b;
    if (left->priority != right->priority)
        return left->priority > right->priority ? -1 : 1;
    int by_name = mg_str_cmp(left->qualified_name, right->qualified_name);
    return by_name != 0 ? by_name : mg_str_cmp(left->target_id, right->target_id);
}

static void copy_outcomes(struct run *run, struct mg_arena *arena, struct mg_outcome **found, size_t *count)
{
    *count = 0;
    *found = NULL;
    if (run->entries.len == 0)
        return;
    *found = MG_NEW_ARRAY(arena, struct mg_outcome, run->entries.len);
    for (size_t i = 0; i < run->entries.len; i++)
        if (run->entries.at[i].stored) {
            (*found)[*count] = mg_memory_copy_outcome(arena, &run->entries.at[i].outcome);
            (*found)[(*count)++].spend = sum_calls(run, run->entries.at[i].target_id);
        }
    qsort(*found, *count, sizeof **found, by_priority);
}

static enum mg_code outcomes(void *self, struct mg_str run_id, struct mg_arena *arena, struct mg_outcome **found, size_t *count, struct mg_err *err)
{
    (void)err;
    struct store *store = enter(self);
    struct run *run = find(store, run_id);
    *found = NULL;
    *count = 0;
    if (run)
        copy_outcomes(run, arena, found, count);
    return leave(store, MG_OK);
}

static enum mg_code retain(void *self, struct mg_str run_id, struct mg_str fingerprint, const struct mg_str *target_ids, size_t count,
                           struct mg_err *err)
{
    struct store *store = enter(self);
    struct run *run;
    enum mg_code code = find_held(store, run_id, &run, err);
    for (size_t i = 0; code == MG_OK && i < run->entries.len; i++) {
        bool wanted = target_ids == NULL;
        for (size_t k = 0; k < count && !wanted; k++)
            wanted = mg_str_eq(target_ids[k], run->entries.at[i].target_id);
        struct entry *entry = &run->entries.at[i];
        entry->stored = entry->stored && wanted && mg_str_eq(entry->fingerprint, fingerprint);
        entry->admitted = entry->admitted && wanted && mg_str_eq(entry->admitted_as, fingerprint);
    }
    return leave(store, code);
}

static enum mg_code end_run(void *self, const struct mg_report *report, enum mg_run_state state, struct mg_err *err)
{
    struct store *store = enter(self);
    struct run *run;
    enum mg_code code = find_held(store, report->run_id, &run, err);
    if (code == MG_OK) {
        run->report = mg_memory_copy_report(store->arena, report);
        run->reported = true;
        run->record.state = state;
        run->held = false;
    }
    return leave(store, code);
}

static struct run *newest_reported(const struct store *store)
{
    struct run *newest = NULL;
    for (struct run *run = store->runs; run; run = run->next)
        if (run->reported && (!newest || run->session > newest->session))
            newest = run;
    return newest;
}

static enum mg_code unknown_run(const struct store *store, struct mg_str run_id, struct mg_err *err)
{
    struct mg_buf known = MG_BUF(400);
    int listed = 0;
    for (const struct run *run = store->runs; run && listed < 5; run = run->next, listed++)
        mg_buf_addf(&known, "%s%.*s", listed > 0 ? ", " : "", MG_FMT(run->record.run_id));
    enum mg_code code = run_id.len == 0
                            ? MG_FAIL(err, MG_E_NOT_FOUND, listed ? "no run has ended yet; begun: %s" : "no stored run%s", listed ? known.at : "")
                            : MG_FAIL(err, MG_E_NOT_FOUND, "no run %.*s; known: %s", MG_FMT(run_id), listed ? known.at : "none");
    mg_buf_free(&known);
    return code;
}

static enum mg_code load_report(void *self, struct mg_str run_id, struct mg_arena *arena, struct mg_report *report, struct mg_err *err)
{
    struct store *store = enter(self);
    struct run *run = run_id.len == 0 ? newest_reported(store) : find(store, run_id);
    if (!run)
        return leave(store, unknown_run(store, run_id, err));
    if (!run->reported)
        return leave(store, MG_FAIL(err, MG_E_STATE, "run %.*s has not ended; continue it with: mutagen run %.*s --run-id %.*s", MG_FMT(run_id),
                                    MG_FMT(run->record.repo), MG_FMT(run_id)));
    *report = mg_memory_copy_report(arena, &run->report);
    report->spend = sum_calls(run, MG_NO_STR);
    copy_outcomes(run, arena, &report->outcomes.at, &report->outcomes.len);
    report->outcomes.cap = report->outcomes.len;
    return leave(store, MG_OK);
}

static void close_store(void *self)
{
    struct store *store = enter(self);
    (void)leave(store, MG_OK);
    (void)pthread_mutex_destroy(&store->mutex);
    mg_arena_free(store->arena);
    store->magic = 0;
    free(store);
}

static const struct mg_store_ops ops = {
    .name = "memory",
    .begin_run = begin_run,
    .set_run_state = set_run_state,
    .claim = claim,
    .finish = finish,
    .reserve = reserve,
    .settle = settle,
    .spent = spent,
    .admit = admit,
    .worked = worked,
    .worked_seconds = worked_seconds,
    .outcomes = outcomes,
    .retain = retain,
    .end_run = end_run,
    .load_report = load_report,
    .close = close_store,
};

struct mg_store mg_store_memory_new(void)
{
    struct store *store = calloc(1, sizeof *store);
    MG_ASSERT(store);
    *store = (struct store){ .magic = MAGIC, .mutex = PTHREAD_MUTEX_INITIALIZER, .arena = mg_arena_new() };
    return (struct mg_store){ &ops, store };
}
