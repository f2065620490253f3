/* Who works on the targets: the run's own thread, and others beside it while a model is slow. Everything here is done by the thread that has the
 * turn. */
#include "services/crew.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "services/events.h"
#include "services/hands.h"
#include "services/limit.h"
#include "services/work.h"

#include <stdlib.h>

/* So many judged targets wait for one confirmation at most: what a killed run can lose. */
#define BATCH_TARGETS 12
#define BATCH_SECONDS 20.0
/* Confirmation: the existing tests that run beside the new ones take so long at most, starting interpreters about so long; a target that is in work
 * when it should begin delays it. */
#define BESIDE_SECONDS 20.0
#define STARTING_SECONDS 6.0
#define DELAY_SECONDS 10.0
#define MOST_AT_ONCE 64 /* the limit of the setting */
#define SHOWN_NAMES 400 /* bytes */

/* Judged targets that wait for their confirmation, each with its memory. */
struct batch {
    struct mg_pending at[BATCH_TARGETS];
    struct mg_arena *arenas[BATCH_TARGETS];
    size_t len;
    double since;
};

struct mg_crew {
    struct mg_run_context *run;
    const struct mg_target *now[MOST_AT_ONCE]; /* what each of them works on, or NULL */
    struct mg_hands *hands;
    unsigned count; /* with the first */
    struct batch batch;
    size_t next;        /* target to be looked at */
    uint32_t finished;  /* in this session or before */
    uint32_t wanted;    /* how many are shown to be wanted */
    size_t begun;       /* in this session, without those that had nothing to be done: what max_targets counts */
    bool refused;       /* a target, by max_targets */
    size_t cut;         /* targets that have used up their share of the time */
    bool once_more;     /* they get what the others have left */
    size_t again;       /* of them, not begun yet */
    double confirming;  /* seconds that a confirmation takes */
    struct mg_err lost; /* the first error that ends the run; code MG_OK = none */
};

static double now(const struct mg_run_context *run) { return run->services->clock.ops->monotonic(run->services->clock.self); }

/* ---- storing ---- */

/* The run was stopped. What a model was paid for is kept, and with a limit of time what the search has found: the target is left unfinished, with
 * the tests that were judged. */
static void leave_one(struct mg_run_context *run, struct mg_arena *arena, struct mg_pending *pending, bool late)
{
    struct mg_store store = run->services->store;
    struct mg_outcome *outcome = pending->outcome;
    struct mg_err ignored;
    if (!(run->services->model.ops || late) || !outcome || outcome->state != MG_TARGET_MUTATED ||
        mg_target_step(&outcome->state, MG_TARGET_ON_leave, &ignored) != MG_OK)
        return;
    outcome->reason =
        late ? MG_STR("the time limit was reached before its tests were confirmed") : MG_STR("the run was stopped before its tests were confirmed");
    for (size_t i = 0; i < pending->order_count; i++)
        outcome->tests.at[pending->order[i]].reason = MG_STR("not confirmed yet");
    mg_redact_outcome(arena, run->services->secrets, outcome);
    if (store.ops->finish(store.self, run->request.run_id, run->fingerprint, outcome, &ignored) != MG_OK) /* the run ends in any case */
        mg_log_err(MG_LOG_WARNING, "tests of the stopped run are lost", &ignored);
}

static enum mg_code confirm(struct mg_crew *crew, struct mg_pending *pending, size_t count, struct mg_err *err)
{
    struct mg_run_context *run = crew->run;
    struct mg_arena *scratch = mg_arena_new();
    double began = now(run);
    enum mg_code code = mg_limit_put_off(run, err);
    if (code == MG_OK)
        code = mg_confirm_pending(run, scratch, pending, count, err);
    if (code == MG_OK && now(run) - began > crew->confirming)
        crew->confirming = now(run) - began;
    mg_arena_free(scratch);
    return code;
}

/* With the turn from beginning to end: nobody adds to the batch meanwhile. What the moment of grace was too short for is left, and that is no
 * error. */
static enum mg_code flush(struct mg_crew *crew, struct mg_err *err)
{
    struct batch *batch = &crew->batch;
    struct mg_err why = { .code = MG_OK };
    enum mg_code code = batch->len ? confirm(crew, batch->at, batch->len, &why) : MG_OK;
    bool late = code == MG_E_CANCELLED && mg_ended_by_limit(crew->run, code);
    for (size_t i = 0; i < batch->len; i++) {
        if (code == MG_E_CANCELLED)
            leave_one(crew->run, batch->arenas[i], &batch->at[i], late);
        mg_arena_free(batch->arenas[i]);
    }
    *batch = (struct batch){ .since = now(crew->run) };
    if (late || code == MG_OK)
        return mg_limit_put_back(crew->run, err);
    if (err)
        *err = why;
    return code;
}

/* ---- which target is next ---- */

/* A limit that is used up, or NULL. */
static const char *stop_reason(const struct mg_run_context *run)
{
    if (mg_cancelled_by_user(run->services->cancel))
        return "cancelled";
    return mg_time_is_over(run) ? MG_TIME_IS_OVER : NULL;
}

/* The first reason is the run's. */
static void stop(struct mg_crew *crew, struct mg_str reason)
{
    struct mg_report *report = crew->run->report;
    if (report->stop_reason.len)
        return;
    report->stop_reason = mg_arena_str(crew->run->arena, reason);
    mg_event_stop(report->stop_reason.at, crew->finished);
}

/* Behind the last target. What is still waiting for its confirmation is claimed, and not begun again. */
static bool go_round_again(struct mg_crew *crew)
{
    const struct mg_run_context *run = crew->run;
    if (crew->next < run->targets.len || crew->once_more || crew->cut == 0 || run->time_limit - now(run) < crew->confirming + 2 * DELAY_SECONDS)
        return false;
    crew->once_more = true;
    crew->again = crew->cut;
    crew->cut = crew->next = 0;
    return true;
}

/* *target is NULL when there is none, or none may be begun. */
static enum mg_code next_target(struct mg_crew *crew, const struct mg_target **target, struct mg_err *err)
{
    struct mg_run_context *run = crew->run;
    struct mg_store store = run->services->store;
    *target = NULL;
    while (run->report->stop_reason.len == 0 && crew->lost.code == MG_OK && (crew->next < run->targets.len || go_round_again(crew))) {
        const struct mg_target *candidate = &run->targets.at[crew->next++];
        bool claimed = false, admitted = false;
        if (run->unknown && run->unknown[candidate - run->targets.at])
            continue;
        MG_TRY(store.ops->claim(store.self, run->request.run_id, candidate->id, run->fingerprint, &claimed, err));
        crew->finished += !claimed && !crew->once_more;
        if (!claimed)
            continue;
        const char *reason = stop_reason(run);
        if (reason) {
            stop(crew, mg_str_from(reason));
            return MG_OK;
        }
        MG_TRY(store.ops->admit(store.self, run->request.run_id, candidate->id, run->fingerprint, run->config->orchestrator.max_targets, &admitted,
                                err));
        crew->refused |= !admitted;
        if (!admitted)
            continue; /* one behind it may have been begun by an earlier session */
        crew->begun++;
        run->asked[candidate - run->targets.at] = MG_ASKED_OPEN;
        *target = candidate;
        return MG_OK;
    }
    if (crew->cut && crew->next == run->targets.len)
        stop(crew, MG_STR(MG_TIME_IS_OVER)); /* for them, whatever is left of it */
    return MG_OK;
}

/* ---- one target ---- */

static void show(struct mg_crew *crew)
{
    struct mg_progress progress = crew->run->services->progress;
    struct mg_buf names = MG_BUF(SHOWN_NAMES);
    for (unsigned i = 0; i < crew->count; i++)
        if (crew->now[i])
            mg_buf_addf(&names, "%s%.*s", names.len ? ", " : "", MG_FMT(mg_str_sub(crew->now[i]->qualified_name, 0, 120)));
    progress.ops->step(progress.self, crew->finished < crew->wanted ? crew->finished : crew->wanted, mg_buf_view(&names));
    mg_buf_free(&names);
}

/* Before anything has been confirmed. */
static double guess_confirming(const struct mg_run_context *run)
{
    double seconds = 0;
    for (uint32_t i = 0; i < run->collected.tests.len && seconds < BESIDE_SECONDS; i++)
        seconds += mg_test_counts(run, i) ? run->baseline.results[i].seconds : 0;
    return STARTING_SECONDS + seconds;
}

/* Near the limit nobody does: it must do for a confirmation, or what waits has only the moment of grace. When the limit was reached, that is left
 * to the one who begins it. */
static bool may_wait(const struct mg_crew *crew)
{
    const struct mg_run_context *run = crew->run;
    if (crew->batch.len == BATCH_TARGETS)
        return false;
    if (mg_cancelled(run->services->cancel))
        return true;
    if (now(run) - crew->batch.since > BATCH_SECONDS)
        return false;
    return run->time_limit <= 0 || run->time_limit - now(run) > crew->confirming + DELAY_SECONDS;
}

/* It is judged: what has no test to wait for is stored at once. */
static enum mg_code take_in(struct mg_crew *crew, struct mg_arena *arena, struct mg_pending *pending, struct mg_err *err)
{
    struct mg_run_context *run = crew->run;
    struct batch *batch = &crew->batch;
    if (pending->stop.len)
        stop(crew, pending->stop);
    if (pending->order_count) {
        batch->arenas[batch->len] = arena;
        batch->at[batch->len++] = *pending;
    } else {
        enum mg_code code = mg_confirm_pending(run, arena, pending, 1, err);
        mg_arena_free(arena);
        MG_TRY(code);
    }
    return batch->len && may_wait(crew) ? MG_OK : flush(crew, err);
}

/* With the one that is begun. */
static size_t targets_left(struct mg_crew *crew)
{
    if (crew->once_more)
        return crew->again--;
    size_t all = crew->run->targets.len - (crew->next - 1), limit = (size_t)crew->run->config->orchestrator.max_targets;
    size_t allowed = limit == 0 || limit + 1 < crew->begun ? all : limit + 1 - crew->begun;
    return allowed < all ? allowed : all;
}

static enum mg_code one_target(struct mg_crew *crew, unsigned number, const struct mg_target *target, struct mg_err *err)
{
    struct mg_run_context *run = crew->run;
    struct mg_arena *arena = mg_arena_new();
    struct mg_pending pending = { 0 };
    crew->now[number] = target;
    show(crew);
    /* A model's answers take their time, and others work meanwhile. */
    enum mg_code code = run->services->model.ops ? MG_OK : mg_limit_share(run, targets_left(crew), err);
    if (code == MG_OK)
        code = mg_process_target(run, target, NULL, arena, &pending, err);
    bool cut = code == MG_OK && (mg_share_is_over(run) || pending.late);
    if (code == MG_OK)
        code = mg_limit_share_end(run, err);
    crew->now[number] = NULL;
    if (run->asked[target - run->targets.at] == MG_ASKED_OPEN)
        run->asked[target - run->targets.at] = MG_ASKED_NOT;
    if (code == MG_E_CANCELLED)
        leave_one(run, arena, &pending, false);
    bool nothing = code == MG_OK && pending.outcome->state == MG_TARGET_UNFINISHED && pending.outcome->mutants.len == 0 && pending.stop.len;
    if (nothing)
        stop(crew, pending.stop);                           /* it was stopped before there was anything to tell of it */
    if (code != MG_OK || nothing || run->request.dry_run) { /* what it would ask the model is noted; there is no outcome */
        mg_arena_free(arena);
        return code;
    }
    cut = cut && pending.outcome->state == MG_TARGET_UNFINISHED;
    crew->cut += cut;
    bool idle = mg_outcome_is_idle(pending.outcome);
    crew->begun -= idle;
    crew->finished += !(cut && !crew->once_more) && !(idle && run->config->orchestrator.max_targets);
    MG_TRY(take_in(crew, arena, &pending, err));
    return mg_tell_worked(run, err);
}

/* Targets until there are no more. Begins and ends with the turn. */
static void work(void *self, unsigned number)
{
    struct mg_crew *crew = self;
    struct mg_run_context *run = crew->run;
    for (;;) {
        const struct mg_target *target = NULL;
        struct mg_err err = { .code = MG_OK };
        enum mg_code code = next_target(crew, &target, &err);
        if (code == MG_OK && target)
            code = one_target(crew, number, target, &err);
        if (code != MG_OK && crew->lost.code == MG_OK) {
            crew->lost = err;
            run->halted = true;
        }
        if (code != MG_OK || !target)
            return;
        mg_turn_leave(run->services->turn); /* those whose model has answered come first */
        mg_turn_take_last(run->services->turn);
    }
}

/* ---- the threads ---- */

static enum mg_code hire(struct mg_crew *crew, unsigned wanted, struct mg_err *err)
{
    unsigned others = 0;
    if (wanted > 1)
        MG_TRY(mg_hands_hire(crew->run->services->turn, wanted - 1, work, crew, &crew->hands, &others, err));
    crew->count = 1 + others;
    if (crew->count < wanted)
        mg_note(crew->run, MG_NOTE_DEGRADED, MG_STR(""),
                mg_arena_printf(crew->run->arena, "%u targets at once instead of %u: the system gives no more threads", crew->count, wanted));
    return MG_OK;
}

void mg_dismiss_crew(struct mg_run_context *run)
{
    struct mg_crew *crew = run->crew;
    run->crew = NULL;
    if (!crew)
        return;
    mg_hands_dismiss(crew->hands);
    for (size_t i = 0; i < crew->batch.len; i++)
        mg_arena_free(crew->batch.arenas[i]);
    free(crew);
}

static unsigned members_wanted(const struct mg_run_context *run)
{
    int64_t wanted = run->config->orchestrator.max_parallel_targets;
    if (!run->services->turn || !run->services->model.ops || run->request.dry_run || wanted < 1)
        return 1; /* nobody is waited for: the mutants of one target keep all processors busy */
    if ((uint64_t)wanted > run->targets.len)
        wanted = run->targets.len ? (int64_t)run->targets.len : 1;
    return wanted > MOST_AT_ONCE ? MOST_AT_ONCE : (unsigned)wanted;
}

/* ---- refusals that came before any reply ---- */

static bool has_gain(const struct mg_outcome *outcome)
{
    for (size_t i = 0; i < outcome->tests.len; i++)
        if (outcome->tests.at[i].kills.len)
            return true;
    return false;
}

static enum mg_code discard_refused(struct mg_run_context *run, struct mg_outcome *outcome, struct mg_left *left, struct mg_err *err)
{
    struct mg_store store = run->services->store;
    bool claimed = false;
    MG_TRY(store.ops->claim(store.self, run->request.run_id, outcome->target_id, run->fingerprint, &claimed, err));
    if (!claimed)
        return MG_OK;
    MG_TRY(mg_target_step(&outcome->state, MG_TARGET_ON_resume, err));
    MG_TRY(mg_target_step(&outcome->state, MG_TARGET_ON_discard, err));
    *left = (struct mg_left){ .refused = false };
    return store.ops->finish(store.self, run->request.run_id, run->fingerprint, outcome, err);
}

/* When others were answered after all, the refusal was the target's own: as if it had been asked later. */
static enum mg_code judge_refused(struct mg_run_context *run, struct mg_err *err)
{
    struct mg_store store = run->services->store;
    struct mg_outcome *outcomes = NULL;
    size_t count = 0;
    bool any = false;
    for (size_t i = 0; i < run->targets.len; i++)
        any |= run->left[i].refused;
    if (!any || !run->model_has_replied)
        return MG_OK;
    MG_TRY(store.ops->outcomes(store.self, run->request.run_id, run->arena, &outcomes, &count, err));
    for (size_t i = 0; i < run->targets.len; i++)
        for (size_t k = 0; k < count && run->left[i].refused && mg_failures_in_a_row(run, i) < MG_MOST_MODEL_FAILURES; k++)
            if (mg_str_eq(outcomes[k].target_id, run->targets.at[i].id) && outcomes[k].state == MG_TARGET_UNFINISHED && !has_gain(&outcomes[k]))
                MG_TRY(discard_refused(run, &outcomes[k], &run->left[i], err));
    return MG_OK;
}

/* With the turn, until nobody works any more. */
static enum mg_code work_all(struct mg_crew *crew, struct mg_err *err)
{
    struct mg_run_context *run = crew->run;
    MG_TRY(hire(crew, members_wanted(run), err));
    work(crew, 0);
    if (crew->hands)
        mg_hands_wait(crew->hands);
    if (crew->refused)
        stop(crew, MG_STR("max_targets_reached"));
    enum mg_code code = crew->lost.code;
    if (code == MG_OK && mg_cancelled(run->services->cancel) && mg_time_is_over(run))
        code = mg_limit_grace(run, err);
    if (code == MG_OK)
        code = flush(crew, err);
    else if (err)
        *err = crew->lost;
    if (code == MG_OK)
        return judge_refused(run, err);
    for (size_t i = 0; i < crew->batch.len && code == MG_E_CANCELLED; i++)
        leave_one(run, crew->batch.arenas[i], &crew->batch.at[i], false);
    return code;
}

enum mg_code mg_process_targets(struct mg_run_context *run, struct mg_err *err)
{
    struct mg_progress progress = run->services->progress;
    uint32_t total = (uint32_t)run->targets.len, limit = (uint32_t)run->config->orchestrator.max_targets;
    struct mg_crew *crew = calloc(1, sizeof *crew);
    if (!crew)
        return MG_FAIL(err, MG_E_LIMIT, "out of memory");
    *crew = (struct mg_crew){ .run = run, .batch = { .since = now(run) } };
    crew->confirming = guess_confirming(run);
    run->crew = crew;
    run->asked = MG_NEW_ARRAY(run->arena, enum mg_asked, run->targets.len + 1);
    run->left = MG_NEW_ARRAY(run->arena, struct mg_left, run->targets.len + 1);
    crew->wanted = limit > 0 && limit < total ? limit : total;
    progress.ops->phase(progress.self, "processing", MG_STR(""), crew->wanted);
    mg_turn_take(run->services->turn);
    enum mg_code code = work_all(crew, err);
    mg_turn_leave(run->services->turn);
    return code;
}
