/* The life of one target, top to bottom: before → generate → run → gate → choose; then, after confirmation, settle. */
#include "base/str.h"
#include "python/mutate.h"
#include "python/testmodule.h"
#include "services/context.h"

#include <string.h>

/* Everything one target's steps share. */
struct work {
    struct mg_run_context *run;
    const struct mg_target *target;
    const struct mg_source_file *source;
    struct mg_arena *arena;
    struct mg_session *session;
    struct mg_gate_request gate;
    struct mg_pending *pending;
    struct mg_outcome *outcome;
    struct mg_suite suite;
};

static size_t file_index(const struct mg_run_context *run, struct mg_str path)
{
    for (size_t i = 0; i < run->repo->sources.len; i++)
        if (mg_str_eq(run->repo->sources.at[i].path, path))
            return i;
    MG_ASSERT(!"a target stands in a source file");
    return 0;
}

static enum mg_code discard(struct work *work, struct mg_str reason, struct mg_err *err)
{
    work->outcome->reason = reason;
    return mg_target_step(&work->outcome->state, MG_TARGET_ON_discard, err);
}

/* Passing tests that run a line of the target's body, with those lines. */
static void find_covering(struct work *work)
{
    const struct mg_function *function = &work->target->function;
    const struct mg_file_coverage *coverage = &work->run->baseline.files[file_index(work->run, work->target->path)];
    uint32_t first = function->body_lines.len ? function->body_lines.at[0] : function->def_line;
    MG_LIST(struct mg_coverage_entry) covering = { 0 };
    for (size_t i = 0; i < coverage->len; i++) {
        struct mg_coverage_entry entry = { .test = coverage->at[i].test, .seconds = work->run->baseline.results[coverage->at[i].test].seconds };
        for (size_t k = 0; k < coverage->at[i].lines.len; k++) {
            struct mg_line_range range = coverage->at[i].lines.at[k];
            if (range.last >= first && range.first <= function->end_line)
                *MG_PUSH(work->arena, &entry.lines) = range;
        }
        if (entry.lines.len)
            *MG_PUSH(work->arena, &covering) = entry;
    }
    work->gate.covering = covering.at;
    work->gate.covering_count = covering.len;
}

static struct mg_tally tally_of(const struct mg_outcome *outcome, bool after)
{
    struct mg_tally tally = { 0 };
    for (size_t i = 0; i < outcome->mutants.len; i++)
        mg_tally_add(&tally, after ? outcome->mutants.at[i].after.verdict : outcome->mutants.at[i].before.verdict);
    return tally;
}

static enum mg_code measure_before(struct work *work, struct mg_err *err)
{
    const struct mg_run_services *services = work->run->services;
    struct mg_found *found = MG_NEW(work->arena, struct mg_found);
    MG_TRY(services->agent.ops->session_target(work->session, work->target, work->arena, found, err));
    if (found->functions == 0)
        return discard(work, MG_STR("the interpreter has no live function with this code (compiled, replaced or deleted on import)"), err);
    find_covering(work);
    work->gate.found = found;
    MG_TRY(services->gate.ops->before(services->gate.self, &work->gate, work->arena, &work->pending->measured, err));
    struct mg_measured *measured = &work->pending->measured;
    for (size_t i = 0; i < measured->flaky.len; i++)
        mg_note(work->run, MG_NOTE_SET_ASIDE, measured->flaky.at[i], MG_STR("fails now and then on unchanged code: not believed as a killer"));
    if (measured->untrusted.len)
        return discard(work, mg_arena_printf(work->arena, "not measured: %.*s", MG_FMT(measured->untrusted)), err);
    for (size_t i = 0; i < measured->mutants.len; i++) {
        struct mg_judged judged = { .mutant = measured->mutants.at[i], .before = measured->results.at[i], .after = measured->results.at[i] };
        *MG_PUSH(work->arena, &work->outcome->mutants) = judged;
    }
    work->outcome->before = work->outcome->after = work->outcome->improved = tally_of(work->outcome, false);
    if (!services->generator.ops)
        return MG_OK;
    if (mg_tally_scorable(&work->outcome->before) + work->outcome->before.of[MG_VERDICT_static] == 0)
        return discard(work, MG_STR("nothing in it can be mutated"), err);
    if (mg_score(&work->outcome->before) >= work->run->config->mutation.score_threshold)
        return mg_target_step(&work->outcome->state, MG_TARGET_ON_satisfied, err);
    return MG_OK;
}

static enum mg_code generate(struct work *work, struct mg_err *err)
{
    const struct mg_run_services *services = work->run->services;
    const struct mg_measured *measured = &work->pending->measured;
    MG_LIST(struct mg_mutant) live = { 0 };
    MG_LIST(struct mg_probe_mutant) spliced = { 0 };
    for (size_t i = 0; i < measured->mutants.len; i++)
        if (mg_verdict_is_open(measured->results.at[i].verdict)) {
            *MG_PUSH(work->arena, &live) = measured->mutants.at[i];
            *MG_PUSH(work->arena, &spliced) = measured->spliced.at[i];
        }
    struct mg_generate_request request = {
        .target = work->target,
        .source = work->source,
        .repo = work->run->repo,
        .agent = services->agent,
        .session = work->session,
        .mutants = live.at,
        .spliced = spliced.at,
        .mutant_count = live.len,
        .config = work->run->config,
        .cancel = services->cancel,
    };
    work->outcome->attempts++;
    work->outcome->generator = mg_str_from(services->generator.ops->name);
    MG_TRY(services->generator.ops->generate(services->generator.self, &request, work->arena, &work->suite, NULL, err));
    for (size_t i = 0; i < work->suite.suspected_bugs.len; i++)
        *MG_PUSH(work->arena, &work->outcome->suspected_bugs) = work->suite.suspected_bugs.at[i];
    if (work->suite.tests.len == 0)
        return discard(work, work->suite.reason.len ? work->suite.reason : MG_STR("the generator wrote no test"), err);
    return mg_target_step(&work->outcome->state, MG_TARGET_ON_generated, err);
}

static bool contains(const uint32_t *at, size_t len, uint32_t value)
{
    for (size_t i = 0; i < len; i++)
        if (at[i] == value)
            return true;
    return false;
}

/* Greedy: the test with the most assertion kills that no chosen test makes, until none adds one; tests of errors come last. */
static void choose(struct work *work, struct mg_suite_measured *result)
{
    size_t count = result->tests.len;
    bool *killed = MG_NEW_ARRAY(work->arena, bool, work->pending->measured.mutants.len);
    bool *chosen = MG_NEW_ARRAY(work->arena, bool, count);
    for (;;) {
        size_t best = count, best_gain = 0;
        for (size_t t = 0; t < count; t++) {
            size_t gain = 0;
            for (size_t k = 0; k < result->tests.at[t].kills.len; k++)
                gain += !killed[result->tests.at[t].kills.at[k]];
            bool late = work->suite.tests.at[t].expects_error, best_late = best < count && work->suite.tests.at[best].expects_error;
            bool better = best == count || (late == best_late ? gain > best_gain : best_late);
            if (!chosen[t] && result->tests.at[t].passes && gain > 0 && better) {
                best = t;
                best_gain = gain;
            }
        }
        if (best == count)
            break;
        chosen[best] = true;
        struct mg_test *test = &work->outcome->tests.at[best];
        for (size_t k = 0; k < result->tests.at[best].kills.len; k++) {
            uint32_t mutant = result->tests.at[best].kills.at[k];
            if (!killed[mutant])
                *MG_PUSH(work->arena, &test->kills) = work->pending->measured.mutants.at[mutant].id;
            killed[mutant] = true;
        }
    }
    work->pending->order = MG_NEW_ARRAY(work->arena, uint32_t, count);
    for (uint32_t t = 0; t < count; t++)
        if (chosen[t]) {
            work->pending->order[work->pending->order_count++] = t;
            *MG_PUSH(work->arena, &work->pending->kept.tests) = work->suite.tests.at[t];
        }
    work->pending->kept.imports = work->suite.imports;
}

static enum mg_code judge_suite(struct work *work, struct mg_err *err)
{
    const struct mg_run_services *services = work->run->services;
    struct mg_str folder = work->run->collected.tests_dir;
    work->pending->path = mg_arena_printf(work->arena, "%.*s%stest_mutagen_%.*s.py", MG_FMT(folder), folder.len ? "/" : "", MG_FMT(work->target->id));
    struct mg_str module = mg_testmodule_compose(work->arena, work->target->module, &work->suite, 1);
    struct mg_suite_measured *result = MG_NEW(work->arena, struct mg_suite_measured);
    MG_TRY(services->gate.ops->suite(services->gate.self, &work->gate, &work->pending->measured, &work->suite, work->pending->path, module,
                                     work->arena, result, err));
    work->pending->suite = result;
    MG_TRY(mg_target_step(&work->outcome->state, MG_TARGET_ON_ran, err));
    MG_TRY(mg_target_step(&work->outcome->state, MG_TARGET_ON_mutated, err));
    work->outcome->imports = work->suite.imports;
    for (size_t t = 0; t < work->suite.tests.len; t++)
        *MG_PUSH(work->arena, &work->outcome->tests) = (struct mg_test){
            .name = work->suite.tests.at[t].name,
            .source = work->suite.tests.at[t].source,
            .reason = result->tests.at[t].passes ? MG_STR("kills nothing that the tests before it leave alive") : result->tests.at[t].reason,
        };
    choose(work, result);
    return MG_OK;
}

static enum mg_code steps(struct work *work, struct mg_err *err)
{
    MG_TRY(measure_before(work, err));
    if (work->outcome->state != MG_TARGET_SELECTED || !work->run->services->generator.ops)
        return MG_OK;
    MG_TRY(generate(work, err));
    if (work->outcome->state != MG_TARGET_GENERATED)
        return MG_OK;
    return judge_suite(work, err);
}

static struct mg_outcome fresh_outcome(const struct mg_target *target)
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
    };
}

/* All steps in a session of their own. */
static enum mg_code attempt(struct work *work, struct mg_err *err)
{
    const struct mg_run_services *services = work->run->services;
    *work->outcome = fresh_outcome(work->target);
    *work->pending = (struct mg_pending){ .outcome = work->outcome };
    work->suite = (struct mg_suite){ 0 };
    MG_TRY(services->agent.ops->open_session(services->agent.self, &work->session, err));
    work->gate = (struct mg_gate_request){ .target = work->target,
                                           .source = work->source,
                                           .agent = services->agent,
                                           .session = work->session,
                                           .collected = &work->run->collected,
                                           .config = work->run->config,
                                           .cancel = services->cancel };
    enum mg_code code = steps(work, err);
    services->agent.ops->session_close(work->session);
    return code;
}

enum mg_code mg_process_target(struct mg_run_context *run, const struct mg_target *target, struct mg_arena *arena, struct mg_pending *pending,
                               struct mg_err *err)
{
    const struct mg_run_services *services = run->services;
    struct work work = { .run = run, .target = target, .arena = arena, .pending = pending, .outcome = MG_NEW(arena, struct mg_outcome) };
    work.source = &run->repo->sources.at[file_index(run, target->path)];
    double started = services->clock.ops->monotonic(services->clock.self);
    struct mg_err cause = { .code = MG_OK };
    enum mg_code code = attempt(&work, &cause);
    bool died = false, again = false;
    if (code == MG_E_CHILD || code == MG_E_TIMEOUT)
        MG_TRY(services->agent.ops->revive(services->agent.self, &died, err));
    if (died) { /* whatever killed the zygote may have had nothing to do with this target: once more */
        code = attempt(&work, &cause);
        if (code == MG_E_CHILD || code == MG_E_TIMEOUT)
            MG_TRY(services->agent.ops->revive(services->agent.self, &again, err));
    }
    work.outcome->seconds = services->clock.ops->monotonic(services->clock.self) - started;
    if (code == MG_OK)
        return MG_OK;
    if (code == MG_E_CANCELLED || code == MG_E_IO || mg_target_state_is_final(work.outcome->state)) {
        if (err)
            *err = cause;
        return code;
    }
    /* What happens inside one target's processes ends that target, never the run. */
    return discard(&work, mg_arena_printf(arena, "%s%s", again ? "it killed the interpreter of the tests, twice: " : "", cause.text), err);
}

/* What the chosen tests do to one mutant that was alive. */
static struct mg_mutant_result after_of(const struct mg_pending *pending, uint32_t mutant, const bool *keep, const struct mg_mutant_result *before)
{
    const struct mg_suite_measured *suite = pending->suite;
    struct mg_mutant_result after = *before;
    if (suite->reached.at[mutant] && pending->order_count)
        after.verdict = MG_VERDICT_survived;
    for (size_t i = 0; i < pending->order_count; i++) {
        uint32_t t = pending->order[i];
        const struct mg_suite_verdict *test = &suite->tests.at[t];
        if (!keep[t] || after.kill_kind == MG_KILL_ASSERTION)
            continue;
        bool kills = contains(test->kills.at, test->kills.len, mutant), crashes = contains(test->crashes.at, test->crashes.len, mutant);
        bool timeout = contains(test->timeouts.at, test->timeouts.len, mutant);
        if (!kills && (!mg_verdict_is_open(after.verdict) || !(crashes || timeout)))
            continue;
        after.verdict = kills || crashes ? MG_VERDICT_killed : MG_VERDICT_timeout;
        after.kill_kind = kills ? MG_KILL_ASSERTION : crashes ? MG_KILL_CRASH : MG_KILL_NONE;
        after.killer = test->name;
    }
    return after;
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
        if (mg_verdict_is_open(after[i].verdict))
            after[i] = after_of(pending, i, keep, &outcome->mutants.at[i].before);
        mg_tally_add(&outcome->improved, after[i].verdict);
    }
    double score = mg_score(&outcome->improved), threshold = run->config->mutation.score_threshold;
    bool gained = any_kept(pending, keep);
    bool kept = gained && (score >= threshold || run->config->mutation.keep == MG_KEEP_IMPROVING);
    mark_tests(arena, pending, keep, reasons, kept, score, threshold);
    if (kept) {
        for (size_t i = 0; i < outcome->mutants.len; i++)
            outcome->mutants.at[i].after = after[i];
        outcome->after = outcome->improved;
    } else if (gained) {
        outcome->reason = mg_arena_printf(arena, "its tests leave the score below %.0f%% (%.0f%% -> %.0f%%)", 100 * threshold,
                                          100 * mg_score(&outcome->before), 100 * score);
    } else {
        outcome->reason =
            pending->order_count ? MG_STR("no test was confirmed in fresh interpreters") : MG_STR("no generated test makes an assertion kill");
    }
    MG_ASSERT(mg_target_step(&outcome->state, kept ? MG_TARGET_ON_kept : MG_TARGET_ON_discard, &err) == MG_OK);
}
