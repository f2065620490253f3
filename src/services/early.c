/* Verdicts before the end of the baseline. */
#include "services/early.h"
#include "base/str.h"
#include "services/order.h"

#define FIRST_SECONDS 10.0     /* of tests before anything is measured */
#define MEASURING_SECONDS 20.0 /* at most, before the rest of the tests */
#define SOON_SECONDS 60.0      /* after the start: when a limited time has the baseline end by then, verdicts are soon enough behind it */
#define SHORT_SECONDS 20.0     /* what is left of the baseline may take so long: then it is waited for */
#define FEW_TESTS 40           /* not worth a look */
#define SHARE_OF_FIRST 0.25    /* of what a limit of time leaves for the baseline: for the first tests, and then for measuring */

struct seen_target {
    size_t covering, beside;
    MG_LIST(struct mg_known) known;
};
struct mg_early {
    bool *tried;            /* by test index: had been run */
    struct mg_map targets;  /* id -> struct seen_target */
    struct mg_map verdicts; /* target's id, blank, mutant's id -> struct mg_mutant_result */
    uint32_t detected, judged, functions;
};

static double now(const struct mg_run_context *run) { return run->services->clock.ops->monotonic(run->services->clock.self); }

/* ---- measuring with what is there ---- */

/* Passing tests of the files of covering ones: a survivor is tried on them, too. */
static size_t count_beside(const struct mg_run_context *run, const struct mg_covering *covering)
{
    struct mg_arena *scratch = mg_arena_new();
    struct mg_map files;
    size_t count = 0;
    mg_map_init(&files, scratch);
    for (size_t i = 0; i < covering->len; i++)
        *mg_map_slot(&files, run->collected.tests.at[covering->at[i].test].file) = &files;
    for (uint32_t i = 0; i < run->collected.tests.len; i++)
        count += mg_test_counts(run, i) && mg_map_get(&files, run->collected.tests.at[i].file) != NULL;
    mg_arena_free(scratch);
    return count;
}

static struct mg_str key_of(struct mg_arena *arena, const struct mg_target *target, struct mg_str mutant)
{
    return mg_arena_printf(arena, "%.*s %.*s", MG_FMT(target->id), MG_FMT(mutant));
}

static void keep(struct mg_run_context *run, const struct mg_target *target, const struct mg_covering *covering, const struct mg_pending *pending)
{
    struct mg_early *early = run->early;
    struct seen_target *seen = MG_NEW(run->arena, struct seen_target);
    *seen = (struct seen_target){ .covering = covering->len, .beside = count_beside(run, covering) };
    *mg_map_slot(&early->targets, mg_arena_str(run->arena, target->id)) = seen;
    early->functions++;
    for (size_t i = 0; i < pending->outcome->mutants.len; i++) {
        const struct mg_judged *judged = &pending->outcome->mutants.at[i];
        if (judged->before.verdict == MG_VERDICT_pending)
            continue;
        struct mg_mutant_result *result = MG_NEW(run->arena, struct mg_mutant_result);
        *result = judged->before;
        result->reason = mg_arena_str(run->arena, result->reason);
        result->killer = mg_arena_str(run->arena, result->killer);
        struct mg_str id = mg_arena_str(run->arena, judged->mutant.id);
        *MG_PUSH(run->arena, &seen->known) = (struct mg_known){ id, *result };
        *mg_map_slot(&early->verdicts, key_of(run->arena, target, id)) = result;
        early->judged++;
        early->detected += result->verdict == MG_VERDICT_killed || result->verdict == MG_VERDICT_timeout;
    }
}

static enum mg_code measure(struct mg_run_context *run, const struct mg_target *target, struct mg_kept_session *kept, double end, struct mg_err *err)
{
    struct mg_arena *scratch = mg_arena_new();
    struct mg_covering covering;
    struct mg_pending pending = { 0 };
    struct mg_measure what = { .kept = kept, .deadline = run->deadline > 0 && run->deadline < end ? run->deadline : end };
    mg_find_covering(run, target, scratch, &covering);
    enum mg_code code = MG_OK;
    if (covering.len)
        code = mg_process_target(run, target, &what, scratch, &pending, err);
    if (code == MG_OK && pending.outcome && pending.outcome->reason.len == 0)
        keep(run, target, &covering, &pending);
    mg_arena_free(scratch);
    return code;
}

/* `seconds`, or what may be taken of the share that the baseline has of a limited time. */
static double at_most(const struct mg_run_context *run, double seconds)
{
    double share = (run->baseline.end - now(run)) * SHARE_OF_FIRST;
    return run->baseline.end > 0 && share < seconds ? (share > 0.1 ? share : 0.1) : seconds;
}

static enum mg_code measure_all(struct mg_run_context *run, const struct mg_changes *changes, struct mg_kept_session *kept, struct mg_err *err)
{
    struct mg_progress progress = run->services->progress;
    double end = now(run) + at_most(run, MEASURING_SECONDS);
    run->early = MG_NEW(run->arena, struct mg_early);
    *run->early = (struct mg_early){ .functions = 0 };
    run->early->tried = MG_NEW_ARRAY(run->arena, bool, run->collected.tests.len + 1);
    for (size_t i = 0; i < run->baseline.done; i++)
        run->early->tried[run->baseline.order.at[i]] = true;
    mg_map_init(&run->early->targets, run->arena);
    mg_map_init(&run->early->verdicts, run->arena);
    progress.ops->phase(progress.self, "first verdicts", MG_STR("measuring with the tests that have run"), (uint32_t)run->targets.len);
    for (size_t i = 0; i < run->targets.len && now(run) < end; i++) {
        if (mg_cancelled(run->services->cancel))
            return MG_FAIL(err, MG_E_CANCELLED, "cancelled");
        progress.ops->step(progress.self, (uint32_t)i, run->targets.at[i].qualified_name);
        if (mg_is_meant(&run->targets.at[i], changes))
            MG_TRY(measure(run, &run->targets.at[i], kept, end, err));
    }
    return MG_OK;
}

static void tell(struct mg_run_context *run, double seconds_left)
{
    const struct mg_early *early = run->early;
    struct mg_progress progress = run->services->progress;
    size_t left = run->baseline.order.len - run->baseline.done;
    if (early->judged == 0)
        return;
    progress.ops->line(progress.self,
                       mg_arena_printf(run->arena,
                                       "first verdicts after %.0f s and %zu tests: %u of %u mutants detected in %u function%s; %zu tests follow, "
                                       "about %.0f s",
                                       now(run) - run->started, run->baseline.done, early->detected, early->judged, early->functions,
                                       early->functions == 1 ? "" : "s", left, seconds_left));
}

/* Selection with the lines that are known so far; only to know whom to look at. */
static enum mg_code select_now(struct mg_run_context *run, struct mg_err *err)
{
    run->targets.len = 0;
    run->report->functions_found = run->report->targets_selected = 0;
    return mg_select_targets(run, err);
}

static void forget_selection(struct mg_run_context *run)
{
    run->targets = (struct mg_targets){ 0 };
    run->report->functions_found = run->report->targets_selected = 0;
}

/* What an earlier session has finished needs no test any more. */
static enum mg_code put_most_useful_first(struct mg_run_context *run, struct mg_err *err)
{
    struct mg_arena *scratch = mg_arena_new();
    const struct mg_store store = run->services->store;
    struct mg_outcome *outcomes = NULL;
    size_t count = 0;
    struct mg_map finished;
    mg_map_init(&finished, scratch);
    enum mg_code code = store.ops->outcomes(store.self, run->request.run_id, scratch, &outcomes, &count, err);
    for (size_t i = 0; i < count; i++)
        if (mg_target_state_is_final(outcomes[i].state))
            *mg_map_slot(&finished, outcomes[i].target_id) = run;
    if (code == MG_OK)
        mg_order_rest(run, &finished);
    mg_arena_free(scratch);
    return code;
}

enum mg_code mg_early_verdicts(struct mg_run_context *run, const struct mg_changes *changes, struct mg_err *err)
{
    if (run->services->gate.ops->own_mutants || run->config->mutation.static_mutants || run->collected.tests.len <= FEW_TESTS)
        return MG_OK;
    mg_baseline_begin(run);
    MG_TRY(select_now(run, err));
    bool part = run->config->targets.len > 0 || changes;
    size_t first = part ? mg_order_first(run, changes) : run->baseline.order.len;
    double began = now(run);
    MG_TRY(mg_baseline_part(run, first, at_most(run, FIRST_SECONDS), err));
    size_t left = run->baseline.order.len - run->baseline.done;
    double each = run->baseline.done ? (now(run) - began) / (double)run->baseline.done : 0;
    bool soon = run->baseline.end > 0 && run->baseline.end - run->started < SOON_SECONDS;
    if (left > 0 && each * (double)left > SHORT_SECONDS && !soon) {
        MG_TRY(select_now(run, err));
        struct mg_kept_session kept = { 0 };
        enum mg_code code = measure_all(run, changes, &kept, err);
        mg_end_session(run, &kept);
        MG_TRY(code);
        tell(run, each * (double)left);
    }
    if (run->baseline.end > 0 && now(run) + each * (double)left > run->baseline.end)
        MG_TRY(put_most_useful_first(run, err));
    forget_selection(run);
    return MG_OK;
}

const struct mg_mutant_result *mg_early_find(const struct mg_run_context *run, const struct mg_target *target, const struct mg_covering *covering,
                                             struct mg_str mutant_id)
{
    if (!run->early)
        return NULL;
    struct mg_arena *scratch = mg_arena_new();
    const struct mg_mutant_result *result = mg_map_get(&run->early->verdicts, key_of(scratch, target, mutant_id));
    const struct seen_target *seen = mg_map_get(&run->early->targets, target->id);
    bool stands = result && (result->verdict == MG_VERDICT_killed || result->verdict == MG_VERDICT_timeout || result->verdict == MG_VERDICT_ignored);
    if (result && !stands)
        stands =
            run->baseline.done == run->baseline.order.len && seen && seen->covering == covering->len && seen->beside == count_beside(run, covering);
    mg_arena_free(scratch);
    return stands ? result : NULL;
}

void mg_early_known(const struct mg_run_context *run, const struct mg_target *target, struct mg_gate_request *request)
{
    const struct seen_target *seen = run->early ? mg_map_get(&run->early->targets, target->id) : NULL;
    if (!seen || request->matrix)
        return;
    request->known = seen->known.at;
    request->known_count = seen->known.len;
    request->tried = run->early->tried;
}
