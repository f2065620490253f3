/* `before`: every mutant of a target against the existing tests, after two checks that the measurement itself can be trusted. */
#include "engine/gate.h"
#include "base/str.h"
#include "core/beside.h"
#include "core/score.h"
#include "engine/measure.h"
#include "engine/others.h"
#include "engine/pump.h"
#include "python/mutate.h"

#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)256 << 20)

static enum mg_code find_mutants(const struct mg_gate_request *request, struct mg_arena *arena, struct mg_mutants *mutants, struct mg_err *err)
{
    const struct mg_target *target = request->target;
    const struct mg_names *words = &request->config->mutation.operators;
    struct mg_operator_choice choice = mg_operator_choose((int)request->config->mutation.level, words->at, words->len);
    struct mg_module *module;
    MG_TRY(mg_module_parse(request->source->text, &module, err));
    if (mg_target_is_module(target))
        mg_module_mutants(module, target->module, &choice, arena, mutants);
    else
        mg_chosen_mutants(module, &target->function, target->module, target->qualified_name, &choice, arena, mutants);
    mg_module_free(module);
    return MG_OK;
}

enum mg_code mg_measure_mutants(const struct mg_gate_request *request, struct mg_arena *arena, struct mg_measured *measured, struct mg_err *err)
{
    const struct mg_target *target = request->target;
    struct mg_mutants mutants = { 0 };
    if (request->mutants)
        for (size_t i = 0; i < request->mutant_count; i++)
            *MG_PUSH(arena, &mutants) = request->mutants[i];
    else
        MG_TRY(find_mutants(request, arena, &mutants, err));
    size_t limit = request->config->mutation.max_mutants > 0 ? (size_t)request->config->mutation.max_mutants : mutants.len;
    size_t bytes = (limit < mutants.len ? limit : mutants.len) * (target->function.end - target->function.start);
    if (bytes > MOST_BYTES) { /* a table of thousands of numbers: each mutant is a whole function to compile */
        measured->untrusted =
            mg_arena_printf(arena, "%zu mutants of a function this long are too many (mutation.max_mutants takes a sample)", mutants.len);
        return MG_OK;
    }
    for (size_t i = 0, taken = 0; i < mutants.len; i++) {
        /* Every mutant has the same chance: an even stride over the source order. */
        if (mutants.len > limit && taken * mutants.len > i * limit)
            continue;
        taken++;
        *MG_PUSH(arena, &measured->mutants) = mutants.at[i];
        *MG_PUSH(arena, &measured->spliced) =
            (struct mg_probe_mutant){ mutants.at[i].id,
                                      mg_target_is_module(target)
                                          ? mg_mutant_file_text(request->source->text, &mutants.at[i], arena)
                                          : mg_mutant_function_text(request->source->text, &target->function, &mutants.at[i], arena),
                                      mutants.at[i].line, mutants.at[i].end_line };
        *MG_PUSH(arena, &measured->results) = (struct mg_mutant_result){ .verdict = MG_VERDICT_pending };
    }
    return MG_OK;
}

/* A variant that is no mutant: what becomes of it is known beforehand. */
struct control {
    struct mg_str source;
    bool bail, fresh, exec;
};

/* One job outside the pump, waited for. */
static enum mg_code run_alone(const struct mg_gate_request *request, const struct control *control, const struct mg_candidate *tests, size_t count,
                              struct mg_arena *arena, struct mg_mutant_run *run, struct mg_err *err)
{
    struct mg_mutant_job job = { .ticket = 0, .source = control->source, .bail = control->bail, .fresh = control->fresh, .exec = control->exec };
    job.yields = true;
    job.wall_seconds = control->fresh ? 90.0 : 10.0;
    for (size_t i = 0; i < count; i++) {
        double limit = mg_control_limit(tests[i].seconds);
        *MG_PUSH(arena, &job.tests) = tests[i].test;
        *MG_PUSH(arena, &job.limits) = limit;
        job.wall_seconds += 4.0 * limit;
    }
    struct mg_told told = { 0 };
    while (mg_others_hold_up(request) && !mg_cancelled(request->cancel))
        mg_others_wait(request);
    MG_TRY(request->agent.ops->session_submit(request->session, &job, err));
    mg_others_tell(request, &told, 1, 0);
    enum mg_code code;
    do {
        code = mg_others_next(request, request->config->jobs > 1, arena, run, err);
        mg_others_tell(request, &told, 0, code == MG_OK && run->end == MG_RUN_ASLEEP);
    } while (code == MG_OK && run->end == MG_RUN_ASLEEP);
    return code;
}

/* The unchanged function must pass everything: a test that fails here is flaky or does not survive a fork, and is set aside by name. */
static enum mg_code check_noop(const struct mg_gate_request *request, struct mg_arena *arena, struct mg_measured *measured, bool *ran,
                               struct mg_err *err)
{
    bool module = mg_target_is_module(request->target);
    struct mg_str text = request->source->text;
    struct control control = { .source = module ? text : mg_noop_function_text(text, &request->target->function, arena),
                               .fresh = module,
                               .exec = true };
    for (int round = 0; round < 3; round++) {
        size_t count;
        struct mg_candidate *tests = mg_candidates(request, measured, &(struct mg_lines_wanted){ 0 }, arena, &count);
        struct mg_mutant_run run = { 0 };
        size_t before = measured->flaky.len;
        if (count == 0)
            return MG_OK;
        MG_TRY(run_alone(request, &control, tests, count, arena, &run, err));
        if (run.end == MG_RUN_REFUSED) {
            measured->untrusted = mg_arena_printf(arena, "the unchanged function is refused: %.*s", MG_FMT(run.reason));
            return MG_OK;
        }
        for (size_t i = 0; i < run.runs.len; i++) {
            *ran |= run.runs.at[i].hit;
            if (run.runs.at[i].failed && run.runs.at[i].test < request->collected->tests.len)
                *MG_PUSH(arena, &measured->flaky) = request->collected->tests.at[run.runs.at[i].test].id;
        }
        if (run.end != MG_RUN_DONE && run.at < request->collected->tests.len)
            *MG_PUSH(arena, &measured->flaky) = request->collected->tests.at[run.at].id;
        if (measured->flaky.len == before)
            return MG_OK;
    }
    return MG_OK;
}

/* Before a process that has imported nothing of the repo may stand in for new interpreters: the unchanged code must pass there what passes in
 * them. Otherwise `exec` is set, and nothing was lost but this run. */
static enum mg_code check_nursery(const struct mg_gate_request *request, struct mg_arena *arena, struct mg_measured *measured, bool *exec,
                                  struct mg_err *err)
{
    bool module = mg_target_is_module(request->target);
    struct mg_str text = request->source->text;
    struct control control = { .source = module ? text : mg_noop_function_text(text, &request->target->function, arena), .fresh = true };
    size_t count;
    struct mg_candidate *tests = mg_candidates(request, measured, &(struct mg_lines_wanted){ .importers = true }, arena, &count);
    struct mg_mutant_run run = { 0 };
    *exec = false;
    if (count == 0 || !mg_any_static(request, measured))
        return MG_OK;
    MG_TRY(run_alone(request, &control, tests, count, arena, &run, err));
    uint32_t unfit = run.end != MG_RUN_DONE ? run.at : UINT32_MAX;
    for (size_t i = 0; i < run.runs.len; i++)
        if (run.runs.at[i].failed)
            unfit = run.runs.at[i].test;
    *exec = !run.nursery || run.end != MG_RUN_DONE || unfit != UINT32_MAX;
    if (run.nursery && unfit < request->collected->tests.len) /* that there is none has been said */
        measured->unprepared = request->collected->tests.at[unfit].id;
    return MG_OK;
}

/* A function that raises at once must fail some test, or the tests do not run the code that we change. Exempt is what ran at import alone
 * (a decorator): its inner functions were seen running (`ran`), but it cannot raise again. Where a fork notices nothing, a new interpreter
 * is asked: what was made on import (a generator, a bound copy) has kept the old code, and then every mutant needs one. */
static enum mg_code check_raising(const struct mg_gate_request *request, struct mg_arena *arena, struct mg_measured *measured, bool ran,
                                  bool *needs_fresh, struct mg_err *err)
{
    size_t count;
    struct mg_candidate *tests = mg_candidates(request, measured, &(struct mg_lines_wanted){ 0 }, arena, &count);
    *needs_fresh = mg_target_is_module(request->target);
    if (count == 0 || measured->untrusted.len || ran)
        return MG_OK;
    struct mg_str text = request->source->text;
    struct control control = { .source = *needs_fresh ? mg_raising_file_text(text, arena)
                                                      : mg_raising_function_text(text, &request->target->function, arena),
                               .bail = true,
                               .fresh = *needs_fresh };
    for (;; control.fresh = *needs_fresh = true) {
        struct mg_mutant_run run = { 0 };
        MG_TRY(run_alone(request, &control, tests, count, arena, &run, err));
        bool died = run.end == MG_RUN_TIMEOUT || run.end == MG_RUN_DIED;
        bool hit = died && run.at_hit;
        for (size_t i = 0; i < run.runs.len; i++) {
            died |= run.runs.at[i].failed;
            hit |= run.runs.at[i].hit;
        }
        /* Tests that expect any exception may pass it; that they ran the changed code is proof enough. */
        if (died || hit || run.end == MG_RUN_REFUSED)
            return MG_OK;
        if (control.fresh)
            break;
    }
    measured->untrusted = MG_STR("a version that raises at once passes every test: the tests run another copy of this function");
    return MG_OK;
}

/* Tests beside that alone have something new to say of a survivor, or NULL: then it is measured whole. */
static const struct mg_again *again_of(const struct mg_gate_request *request, const struct mg_measured *measured, uint32_t mutant)
{
    bool known = request->again && !request->matrix && measured->mutants.len == request->mutant_count;
    return known && request->again[mutant].count > 0 ? &request->again[mutant] : NULL;
}

static void queue_changed(const struct mg_again *again, struct mg_arena *arena, struct mg_attempt *attempt)
{
    struct mg_candidate *tests = MG_NEW_ARRAY(arena, struct mg_candidate, again->count);
    for (size_t i = 0; i < again->count; i++)
        tests[i] = (struct mg_candidate){ again->tests[i].test, again->tests[i].seconds };
    attempt->second = tests;
    attempt->second_count = again->count;
}

/* First tests that enter the function otherwise, then neighbours, of both as many as core/beside.h says. */
static void queue_others(const struct mg_gate_request *request, const struct mg_measured *measured, struct mg_arena *arena,
                         struct mg_attempt *attempt)
{
    struct mg_lines_wanted lines = { .line = attempt->line, .end_line = attempt->end_line, .others = true };
    attempt->others = mg_candidates(request, measured, &lines, arena, &attempt->others_count);
    double own = 0;
    for (size_t t = 0; t < attempt->first_count; t++)
        own += attempt->first[t].seconds;
    double left = mg_beside_seconds(own);
    while (attempt->near_count < attempt->others_count && mg_beside_next(&left, attempt->others[attempt->near_count].seconds))
        attempt->near_count++;
    struct mg_candidate *tests = MG_NEW_ARRAY(arena, struct mg_candidate, attempt->near_count + request->beside_count);
    for (size_t t = 0; t < attempt->near_count; t++)
        tests[t] = attempt->others[t];
    attempt->second = tests;
    attempt->second_count = attempt->near_count;
    mg_add_beside(request, measured, mg_beside_seconds(own), tests, &attempt->second_count);
}

/* With a matrix every covering test is a candidate, and none stops the others. */
static void queue_mutants(const struct mg_gate_request *request, bool needs_fresh, struct mg_arena *arena, struct mg_measured *measured,
                          struct mg_pump *pump)
{
    size_t from = 0;
    measured->reused = 0;
    if (!mg_target_is_module(request->target))
        pump->unchanged = mg_noop_function_text(request->source->text, &request->target->function, arena);
    for (uint32_t i = 0; i < measured->mutants.len; i++) {
        const struct mg_probe_mutant *spliced = &measured->spliced.at[i];
        const struct mg_mutant_result *known = mg_known_find(request, measured->mutants.at[i].id, &from);
        struct mg_attempt attempt = {
            .mutant = i, .source = spliced->source, .line = spliced->line, .end_line = spliced->end_line, .bail = !request->matrix
        };
        struct mg_lines_wanted lines = { .line = spliced->line, .end_line = spliced->end_line };
        const struct mg_again *again = again_of(request, measured, i);
        attempt.fresh = needs_fresh;
        attempt.fresh_if_unseen = true;
        attempt.first = mg_candidates(request, measured, &lines, arena, &attempt.first_count);
        if (attempt.first_count == 0) {
            measured->results.at[i].verdict = MG_VERDICT_no_coverage;
            continue;
        }
        if (request->matrix)
            attempt.first = mg_candidates(request, measured, &(struct mg_lines_wanted){ 0 }, arena, &attempt.first_count);
        else if (again)
            queue_changed(again, arena, &attempt);
        else
            queue_others(request, measured, arena, &attempt);
        bool settled = mg_known_settles(request, measured, known, &attempt);
        measured->results.at[i] = settled ? *known : (struct mg_mutant_result){ .verdict = MG_VERDICT_pending };
        measured->reused += settled;
        if (!settled)
            mg_pump_add(pump, &attempt);
    }
}

/* Nothing is left to be run: then the checks that came before those verdicts are good enough. */
static bool is_all_known(const struct mg_gate_request *request, struct mg_arena *arena, struct mg_measured *measured)
{
    struct mg_pump pump;
    if (request->known_count == 0 || mg_target_is_module(request->target))
        return false;
    mg_pump_init(&pump, request, NULL, arena);
    queue_mutants(request, false, arena, measured, &pump);
    mg_doubt_static(request, measured);
    return measured->reused > 0 && pump.queue.len == 0;
}

static int strength(const struct mg_mutant_result *result)
{
    if (result->verdict == MG_VERDICT_killed)
        return result->kill_kind == MG_KILL_ASSERTION ? 5 : 4;
    return result->verdict == MG_VERDICT_timeout ? 3 : result->verdict == MG_VERDICT_survived ? 2 : result->verdict == MG_VERDICT_pending ? 0 : 1;
}

/* Notes every killer of one process; behind a test that ended it, the rest goes on in another one. */
static void note_matrix(const struct mg_gate_request *request, struct mg_arena *arena, struct mg_measured *measured, uint32_t mutant,
                        const struct mg_attempt_end *end, struct mg_pump *pump)
{
    struct mg_killers *killers = &measured->killers.at[mutant];
    for (size_t i = 0; i < end->run->runs.len; i++)
        if (end->run->runs.at[i].failed && end->run->runs.at[i].hit)
            *MG_PUSH(arena, &killers->tests) = end->run->runs.at[i].test;
    if (end->run->end != MG_RUN_TIMEOUT && end->run->end != MG_RUN_DIED)
        return;
    /* Beside another kill a timeout has not been tried alone: it comes first in the rest. */
    bool again = end->run->end == MG_RUN_TIMEOUT && end->result.verdict == MG_VERDICT_killed;
    if (end->run->at_hit && !again)
        *MG_PUSH(arena, &killers->tests) = end->run->at;
    const struct mg_probe_mutant *spliced = &measured->spliced.at[mutant];
    struct mg_attempt rest = { .mutant = mutant, .source = spliced->source, .line = spliced->line, .end_line = spliced->end_line };
    rest.fresh = end->fresh;
    rest.exec = end->exec;
    struct mg_candidate *all = mg_candidates(request, measured, &(struct mg_lines_wanted){ .importers = end->is_static }, arena, &rest.first_count);
    rest.is_static = end->is_static;
    for (rest.first = all; rest.first_count && rest.first->test != end->run->at; rest.first_count--)
        rest.first++;
    if (rest.first_count && !again) {
        rest.first++;
        rest.first_count--;
    }
    if (rest.first_count)
        mg_pump_add(pump, &rest);
}

static void keep_result(const struct mg_gate_request *request, struct mg_measured *measured, uint32_t mutant, const struct mg_mutant_result *result)
{
    if (!request->matrix || strength(result) > strength(&measured->results.at[mutant]))
        measured->results.at[mutant] = *result;
}

static enum mg_code take_verdicts(const struct mg_gate_request *request, struct mg_pump *pump, struct mg_arena *arena, struct mg_measured *measured,
                                  struct mg_err *err)
{
    for (;;) {
        uint32_t mutant;
        struct mg_attempt_end end;
        MG_TRY(mg_pump_next(pump, &mutant, &end, err));
        if (mutant == UINT32_MAX)
            break;
        if (end.killer != UINT32_MAX && end.killer < request->collected->tests.len)
            end.result.killer = request->collected->tests.at[end.killer].id;
        if (request->matrix)
            note_matrix(request, arena, measured, mutant, &end, pump);
        keep_result(request, measured, mutant, &end.result);
    }
    measured->fresh_runs += pump->fresh_runs;
    measured->fresh_seconds += pump->fresh_seconds;
    return MG_OK;
}

/* The mutants first: behind each detection the unchanged function meets the tests that it leans on (engine/pump.c), and no more. A function may be run by
 * hundreds of tests, and a mutant is detected by the first. That its lines have run in one of them is what a version that raises would have shown.
 * *stands: nothing was odd, so these are the verdicts; otherwise they are forgotten, and the checks come first. */
static enum mg_code measure_first(const struct mg_gate_request *request, void *progress, struct mg_arena *arena, struct mg_measured *measured,
                                  bool *stands, struct mg_err *err)
{
    struct mg_pump pump;
    mg_pump_init(&pump, request, progress, arena);
    pump.stops_when_odd = true;
    queue_mutants(request, false, arena, measured, &pump);
    MG_TRY(take_verdicts(request, &pump, arena, measured, err));
    *stands = !pump.odd;
    for (size_t i = 0; !*stands && i < measured->results.len; i++)
        measured->results.at[i] = (struct mg_mutant_result){ .verdict = MG_VERDICT_pending };
    return MG_OK;
}

/* What is known from before leans on the checks of that session, and a matrix on every test. */
static bool may_measure_first(const struct mg_gate_request *request, const struct mg_measured *measured)
{
    bool again = false;
    for (uint32_t i = 0; i < measured->mutants.len; i++)
        again |= again_of(request, measured, i) != NULL;
    return !request->matrix && !mg_target_is_module(request->target) && request->known_count == 0 && !again;
}

static enum mg_code check_and_measure(const struct mg_gate_request *request, void *progress, struct mg_arena *arena, struct mg_measured *measured,
                                      bool *needs_fresh, struct mg_err *err)
{
    bool ran = false, exec = false;
    MG_TRY(check_noop(request, arena, measured, &ran, err));
    MG_TRY(check_raising(request, arena, measured, ran, needs_fresh, err));
    if (measured->untrusted.len)
        return MG_OK;
    for (size_t i = 0; request->matrix && i < measured->mutants.len; i++)
        *MG_PUSH(arena, &measured->killers) = (struct mg_killers){ 0 };
    struct mg_pump pump;
    mg_pump_init(&pump, request, progress, arena);
    if (mg_target_is_module(request->target)) {
        MG_TRY(check_nursery(request, arena, measured, &exec, err));
        mg_queue_static(request, exec, arena, measured, &pump);
    } else {
        queue_mutants(request, *needs_fresh, arena, measured, &pump);
    }
    return take_verdicts(request, &pump, arena, measured, err);
}

static enum mg_code before(void *self, const struct mg_gate_request *request, struct mg_arena *arena, struct mg_measured *measured,
                           struct mg_err *err)
{
    memset(measured, 0, sizeof *measured);
    MG_TRY(mg_measure_mutants(request, arena, measured, err));
    if (measured->untrusted.len)
        return MG_OK;
    if (is_all_known(request, arena, measured))
        return MG_OK;
    bool stands = false, needs_fresh = false, exec = false;
    if (may_measure_first(request, measured))
        MG_TRY(measure_first(request, self, arena, measured, &stands, err));
    if (!stands)
        MG_TRY(check_and_measure(request, self, arena, measured, &needs_fresh, err));
    if (measured->untrusted.len || mg_target_is_module(request->target) || needs_fresh)
        return MG_OK;
    if (!request->config->mutation.static_mutants) {
        mg_doubt_static(request, measured);
        return MG_OK;
    }
    MG_TRY(check_nursery(request, arena, measured, &exec, err));
    struct mg_pump pump;
    mg_pump_init(&pump, request, self, arena);
    mg_queue_static(request, exec, arena, measured, &pump);
    return take_verdicts(request, &pump, arena, measured, err);
}

static const struct mg_gate_ops ops = { .name = "engine", .before = before, .suite = mg_measure_suite };

struct mg_gate mg_engine_gate(struct mg_progress *progress) { return (struct mg_gate){ .ops = &ops, .self = progress }; }
