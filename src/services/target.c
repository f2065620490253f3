/* The life of one target, top to bottom: before → generate → run → gate → choose; then, after confirmation, settle. */
#include "base/log.h"
#include "base/str.h"
#include "services/beside.h"
#include "services/early.h"
#include "services/events.h"
#include "services/limit.h"
#include "services/work.h"

#include <stdlib.h>
#include <string.h>

#define MOST_SERVED 100u /* targets of one session: what it has compiled for them makes its forks dearer */

size_t mg_file_index(const struct mg_run_context *run, struct mg_str path)
{
    for (size_t i = 0; i < run->repo->sources.len; i++)
        if (mg_str_eq(run->repo->sources.at[i].path, path))
            return i;
    MG_ASSERT(!"a target stands in a source file");
    return 0;
}

enum mg_code mg_discard(struct mg_work *work, struct mg_str reason, struct mg_err *err)
{
    work->outcome->reason = reason;
    return mg_move_target(work->outcome, MG_TARGET_ON_discard, err);
}

void mg_find_covering(const struct mg_run_context *run, const struct mg_target *target, struct mg_arena *arena, struct mg_covering *covering)
{
    const struct mg_function *function = &target->function;
    const struct mg_file_coverage *coverage = &run->baseline.files[mg_file_index(run, target->path)];
    uint32_t first = function->body_lines.len ? function->body_lines.at[0] : function->def_line;
    *covering = (struct mg_covering){ 0 };
    for (size_t i = 0; i < coverage->len; i++) {
        struct mg_coverage_entry entry = { .test = coverage->at[i].test, .seconds = run->baseline.results[coverage->at[i].test].seconds };
        for (size_t k = 0; k < coverage->at[i].lines.len; k++) {
            struct mg_line_range range = coverage->at[i].lines.at[k];
            if (range.last >= first && range.first <= function->end_line)
                *MG_PUSH(arena, &entry.lines) = range;
        }
        if (entry.lines.len)
            *MG_PUSH(arena, covering) = entry;
    }
}

/* The passing ones of found->importers that do not run a line of the target. */
static void find_importing(struct mg_work *work, const struct mg_found *found)
{
    MG_LIST(struct mg_coverage_entry) importing = { 0 };
    for (size_t i = 0; i < found->importers.len; i++) {
        uint32_t test = found->importers.at[i];
        bool covers = test >= work->run->collected.tests.len || !mg_test_counts(work->run, test);
        for (size_t k = 0; k < work->gate.covering_count; k++)
            covers |= work->gate.covering[k].test == test;
        if (!covers)
            *MG_PUSH(work->arena, &importing) = (struct mg_coverage_entry){ .test = test, .seconds = work->run->baseline.results[test].seconds };
    }
    work->gate.importing = importing.at;
    work->gate.importing_count = importing.len;
}

static struct mg_tally tally_of(const struct mg_outcome *outcome, bool after)
{
    struct mg_tally tally = { 0 };
    for (size_t i = 0; i < outcome->mutants.len; i++)
        mg_tally_add(&tally, after ? outcome->mutants.at[i].after.verdict : outcome->mutants.at[i].before.verdict);
    return tally;
}

static enum mg_code measure_before(struct mg_work *work, struct mg_err *err)
{
    const struct mg_run_services *services = work->run->services;
    struct mg_found *found = MG_NEW(work->arena, struct mg_found);
    MG_TRY(services->agent.ops->session_target(work->session, work->target, work->arena, found, err));
    work->gate.found = found;
    if (found->functions == 0 && !mg_target_is_module(work->target))
        return mg_discard(work,
                          MG_STR("the interpreter has no live function with this code (defined for another Python or system, compiled, replaced or "
                                 "deleted on import)"),
                          err);
    struct mg_covering covering;
    mg_find_covering(work->run, work->target, work->arena, &covering);
    work->gate.covering = covering.at;
    work->gate.covering_count = covering.len;
    find_importing(work, found);
    struct mg_neighbours beside;
    mg_beside_find(work->run, &covering, work->arena, &beside);
    work->gate.beside = beside.at;
    work->gate.beside_count = beside.len;
    mg_early_known(work->run, work->target, &work->gate);
    MG_TRY(services->gate.ops->before(services->gate.self, &work->gate, work->arena, &work->pending->measured, err));
    struct mg_measured *measured = &work->pending->measured;
    mg_event_measured(measured);
    for (size_t i = 0; i < measured->flaky.len; i++)
        mg_note(work->run, MG_NOTE_SET_ASIDE, measured->flaky.at[i],
                MG_STR("fails now and then on unchanged code, or without a test of another function before it: not believed as a killer"));
    work->run->fresh_runs += measured->fresh_runs;
    work->run->fresh_seconds += measured->fresh_seconds;
    if (measured->unprepared.len && work->run->unprepared++ == 0)
        work->run->unprepared_for = mg_arena_str(work->run->arena, measured->unprepared);
    if (measured->untrusted.len)
        return mg_discard(work, mg_arena_printf(work->arena, "not measured: %.*s", MG_FMT(measured->untrusted)), err);
    for (size_t i = 0; i < measured->mutants.len; i++) {
        struct mg_judged judged = { .mutant = measured->mutants.at[i], .before = measured->results.at[i], .after = measured->results.at[i] };
        *MG_PUSH(work->arena, &work->outcome->mutants) = judged;
    }
    work->outcome->before = work->outcome->after = work->outcome->improved = tally_of(work->outcome, false);
    if (!services->generator.ops || work->measure)
        return MG_OK;
    if (mg_tally_scorable(&work->outcome->before) == 0 && work->outcome->before.of[MG_VERDICT_static])
        return mg_discard(work, MG_STR("its lines run while the tests are imported, so none of its mutants can be judged (`score --static` does it)"),
                          err);
    if (mg_tally_scorable(&work->outcome->before) == 0)
        return mg_discard(
            work, mg_arena_printf(work->arena, "nothing in it can be mutated at level %lld", (long long)work->run->config->mutation.level), err);
    if (mg_score(&work->outcome->before) >= work->run->config->mutation.score_threshold)
        return mg_move_target(work->outcome, MG_TARGET_ON_satisfied, err);
    return mg_measure_above(work, err);
}

static enum mg_code steps(struct mg_work *work, struct mg_err *err)
{
    MG_TRY(measure_before(work, err));
    if (work->outcome->state != MG_TARGET_SELECTED || !work->run->services->generator.ops || work->measure)
        return MG_OK;
    return work->run->request.dry_run ? mg_target_estimate(work, err) : mg_target_rounds(work, err);
}

static struct mg_outcome fresh_outcome(const struct mg_target *target, uint32_t not_run)
{
    return (struct mg_outcome){
        .target_id = target->id,
        .qualified_name = target->qualified_name,
        .module = target->module,
        .path = target->path,
        .line = target->function.def_line,
        .end_line = target->function.end_line,
        .coverage = target->coverage,
        .priority = target->priority,
        .state = MG_TARGET_SELECTED,
        .tests_not_run = not_run,
    };
}

/* Nothing of a measured target stays in its session: its mutants and its tests run in forks. So the next one can have it. */
static enum mg_code take_session(struct mg_work *work, struct mg_err *err)
{
    struct mg_kept_session *kept = work->measure ? work->measure->kept : NULL;
    work->shared = kept && kept->session && kept->served < MOST_SERVED;
    if (kept && !work->shared)
        mg_end_session(work->run, kept);
    work->session = kept ? kept->session : NULL;
    if (kept) {
        kept->session = NULL;
        kept->served++;
    }
    const struct mg_agent *agent = &work->run->services->agent;
    return work->shared ? MG_OK : agent->ops->open_session(agent->self, &work->session, err);
}

static void leave_session(struct mg_work *work, enum mg_code code)
{
    if (work->measure && code == MG_OK && work->gate.found && !work->gate.found->has_imported)
        work->measure->kept->session = work->session;
    else
        work->run->services->agent.ops->session_close(work->session);
}

void mg_end_session(const struct mg_run_context *run, struct mg_kept_session *kept)
{
    if (kept->session)
        run->services->agent.ops->session_close(kept->session);
    *kept = (struct mg_kept_session){ 0 };
}

/* All steps in one session. */
static enum mg_code attempt(struct mg_work *work, struct mg_err *err)
{
    const struct mg_run_services *services = work->run->services;
    *work->outcome = fresh_outcome(work->target, work->run->report->existing_not_run);
    *work->pending = (struct mg_pending){ .outcome = work->outcome };
    work->pool = (struct mg_suite){ 0 };
    work->origins.len = work->imports.len = work->facts.len = 0;
    work->judged = 0;
    work->broken = false;
    work->epoch = work->run->revived;
    MG_TRY(take_session(work, err));
    work->gate = (struct mg_gate_request){ .target = work->target,
                                           .source = work->source,
                                           .agent = services->agent,
                                           .session = work->session,
                                           .collected = &work->run->collected,
                                           .config = work->run->config,
                                           .start = &work->run->start,
                                           .cancel = services->cancel };
    if (work->measure) {
        work->gate.others = work->measure->others;
        work->gate.mutants = work->measure->mutants;
        work->gate.mutant_count = work->measure->mutant_count;
        work->gate.again = work->measure->again;
        work->gate.matrix = work->measure->matrix;
        work->gate.deadline = work->measure->deadline;
        work->gate.clock = services->clock;
    }
    enum mg_code code = steps(work, err);
    leave_session(work, code);
    return code;
}

static enum mg_code process(struct mg_run_context *run, const struct mg_target *target, const struct mg_measure *measure, struct mg_arena *arena,
                            struct mg_pending *pending, struct mg_err *err)
{
    const struct mg_run_services *services = run->services;
    struct mg_work work = {
        .run = run, .measure = measure, .target = target, .arena = arena, .pending = pending, .outcome = MG_NEW(arena, struct mg_outcome)
    };
    work.source = &run->repo->sources.at[mg_file_index(run, target->path)];
    double started = services->clock.ops->monotonic(services->clock.self);
    struct mg_err cause = { .code = MG_OK };
    enum mg_code code;
    bool died, again;
    for (unsigned deaths = 0;; deaths += died) {
        died = again = false;
        code = attempt(&work, &cause);
        if (code != MG_E_CANCELLED)
            mg_log_err(MG_LOG_WARNING, "the target failed", &cause);
        if (code != MG_E_CHILD && code != MG_E_TIMEOUT)
            break;
        bool shared = work.shared;
        MG_TRY(services->agent.ops->revive(services->agent.self, &died, err));
        run->revived += died;
        again = died && deaths > 0;
        /* Whatever killed the zygote may have had nothing to do with this target: once more. Another target's tests may have, while this one
         * waited for its model. */
        if (again || (run->revived == work.epoch && !shared))
            break;
    }
    work.outcome->seconds = services->clock.ops->monotonic(services->clock.self) - started;
    if (code == MG_OK)
        return MG_OK;
    if (code == MG_E_CANCELLED || code == MG_E_IO || code == MG_E_STORE || mg_target_state_is_final(work.outcome->state)) {
        if (err)
            *err = cause;
        return code;
    }
    /* What happens inside one target's processes ends that target, never the run. */
    return mg_discard(&work, mg_arena_printf(arena, "%s%s", again ? "it killed the interpreter of the tests, twice: " : "", cause.text), err);
}

/* The time was over before there was a test that could be kept. */
static enum mg_code leave(const struct mg_run_context *run, struct mg_arena *arena, struct mg_pending *pending, struct mg_err *err)
{
    bool measured = pending->outcome->mutants.len > 0;
    if (mg_share_is_over(run)) {
        pending->outcome->reason = mg_share_reason(run, arena, measured ? "while tests were written for it" : "while its mutants were run");
        return mg_move_target(pending->outcome, MG_TARGET_ON_leave, err);
    }
    pending->outcome->reason = measured ? MG_STR("the time limit was reached while tests were written for it")
                                        : MG_STR("the time limit was reached while its mutants were run");
    pending->stop = MG_STR(MG_TIME_IS_OVER);
    return mg_move_target(pending->outcome, MG_TARGET_ON_leave, err);
}

enum mg_code mg_process_target(struct mg_run_context *run, const struct mg_target *target, const struct mg_measure *measure, struct mg_arena *arena,
                               struct mg_pending *pending, struct mg_err *err)
{
    mg_log_target(target->qualified_name);
    enum mg_code code = process(run, target, measure, arena, pending, err);
    if (code == MG_E_CANCELLED && pending->outcome && !measure && mg_ended_by_limit(run, code))
        code = leave(run, arena, pending, err);
    mg_log_target(MG_NO_STR);
    return code;
}

static bool any_kept(const struct mg_pending *pending, const bool *keep)
{
    for (size_t i = 0; i < pending->order_count; i++)
        if (keep[pending->order[i]])
            return true;
    return false;
}

static void mark_tests(struct mg_arena *arena, struct mg_pending *pending, const bool *keep, const struct mg_str *reasons, bool kept, double score,
                       double threshold)
{
    for (size_t i = 0; i < pending->order_count; i++) {
        struct mg_test *test = &pending->outcome->tests.at[pending->order[i]];
        test->kept = kept && keep[pending->order[i]];
        if (!keep[pending->order[i]]) {
            test->reason = reasons[pending->order[i]];
            test->kills.len = 0;
        } else if (!kept) {
            test->reason = mg_arena_printf(arena, "with it the target reaches %.0f%%, below %.0f%%", 100 * score, 100 * threshold);
        } else {
            test->reason = MG_STR("");
        }
    }
}

void mg_settle_target(struct mg_run_context *run, struct mg_arena *arena, struct mg_pending *pending, const bool *keep, const struct mg_str *reasons)
{
    struct mg_outcome *outcome = pending->outcome;
    struct mg_err err;
    if (outcome->state != MG_TARGET_MUTATED)
        return;
    struct mg_mutant_result *after = MG_NEW_ARRAY(arena, struct mg_mutant_result, outcome->mutants.len);
    outcome->improved = (struct mg_tally){ 0 };
    for (uint32_t i = 0; i < outcome->mutants.len; i++) {
        after[i] = outcome->mutants.at[i].before;
        if (mg_verdict_is_alive(after[i].verdict))
            after[i] = mg_result_after(pending, i, keep, &outcome->mutants.at[i].before);
        mg_tally_add(&outcome->improved, after[i].verdict);
    }
    double score = mg_score(&outcome->improved), threshold = run->config->mutation.score_threshold;
    bool gained = any_kept(pending, keep), unfinished = pending->unfinished.len > 0;
    bool improves = mg_tally_detected(&outcome->improved) > mg_tally_detected(&outcome->before); /* kills above the level are not enough */
    bool kept = gained && (score >= threshold || (run->config->mutation.keep == MG_KEEP_IMPROVING && improves && !unfinished));
    mark_tests(arena, pending, keep, reasons, kept, score, threshold);
    if (kept) {
        for (size_t i = 0; i < outcome->mutants.len; i++)
            outcome->mutants.at[i].after = after[i];
        outcome->after = outcome->improved;
    } else if (unfinished) {
        outcome->reason = pending->unfinished;
    } else if (gained && outcome->tests_not_run) {
        unfinished = true; /* with all tests it may be enough */
        outcome->reason = mg_arena_printf(arena, "its tests leave the score below %.0f%% (%.0f%% -> %.0f%%), while %u existing tests were not run",
                                          100 * threshold, 100 * mg_score(&outcome->before), 100 * score, outcome->tests_not_run);
    } else if (gained && !improves) {
        outcome->reason = mg_arena_printf(arena, "its tests catch no mutant of level %d that was alive: the score stays at %.0f%%",
                                          (int)run->config->mutation.level, 100 * score);
    } else if (gained) {
        outcome->reason = mg_arena_printf(arena, "its tests leave the score below %.0f%% (%.0f%% -> %.0f%%)", 100 * threshold,
                                          100 * mg_score(&outcome->before), 100 * score);
    } else {
        outcome->reason =
            pending->order_count ? MG_STR("no test was confirmed in fresh interpreters") : MG_STR("no generated test makes an assertion kill");
    }
    MG_ASSERT(mg_move_target(outcome, kept ? MG_TARGET_ON_kept : unfinished ? MG_TARGET_ON_leave : MG_TARGET_ON_discard, &err) == MG_OK);
}
