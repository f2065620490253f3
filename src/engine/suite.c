/* `suite`: what each generated test does to the mutants that the existing tests leave alive. */
#include "base/str.h"
#include "core/score.h"
#include "engine/measure.h"
#include "engine/pump.h"
#include "python/mutate.h"

#include <string.h>

/* A collected item (`path::test_x[3]`) of one test of the suite. */
struct item {
    uint32_t index, test;
};
struct items {
    MG_VEC(struct item)
};

static void match_items(const struct mg_collected *collected, uint32_t first, const struct mg_suite *suite, struct mg_arena *arena,
                        struct items *items)
{
    for (size_t i = 0; i < collected->tests.len; i++)
        for (uint32_t t = 0; t < suite->tests.len; t++)
            if (mg_str_eq(mg_test_function(collected->tests.at[i].id), suite->tests.at[t].name))
                *MG_PUSH(arena, items) = (struct item){ first + (uint32_t)i, t };
}

static const struct item *find_item(const struct items *items, uint32_t index)
{
    for (size_t i = 0; i < items->len; i++)
        if (items->at[i].index == index)
            return &items->at[i];
    return NULL;
}

static void fail_test(struct mg_suite_verdict *test, struct mg_str reason)
{
    if (test->passes || test->reason.len == 0)
        test->reason = reason;
    test->passes = false;
}

/* Runs the suite on the unchanged function, leaving out what ends its process, until the rest comes through. */
static enum mg_code run_on_original(const struct mg_gate_request *request, const struct items *items, struct mg_arena *arena,
                                    struct mg_suite_measured *result, struct mg_err *err)
{
    for (size_t i = 0; i < items->len; i++)
        result->tests.at[items->at[i].test].passes = true;
    struct mg_str source = mg_noop_function_text(request->source->text, &request->target->function, arena);
    for (size_t round = 0; round <= items->len; round++) {
        struct mg_mutant_job job = { .source = source, .wall_seconds = 10.0 };
        for (size_t i = 0; i < items->len; i++)
            if (result->tests.at[items->at[i].test].passes) {
                *MG_PUSH(arena, &job.tests) = items->at[i].index;
                *MG_PUSH(arena, &job.limits) = 5.0;
                job.wall_seconds += 1.0;
            }
        if (job.tests.len == 0)
            return MG_OK;
        struct mg_mutant_run run = { 0 };
        MG_TRY(request->agent.ops->session_submit(request->session, &job, err));
        MG_TRY(request->agent.ops->session_next(request->session, arena, &run, err));
        if (run.end == MG_RUN_REFUSED)
            return MG_FAIL(err, MG_E_CHILD, "the unchanged function is refused: %.*s", MG_FMT(run.reason));
        for (size_t i = 0; i < run.runs.len; i++) {
            const struct item *item = find_item(items, run.runs.at[i].test);
            if (item && run.runs.at[i].failed)
                fail_test(&result->tests.at[item->test], mg_arena_printf(arena, "fails on the original: %.*s", MG_FMT(run.runs.at[i].text)));
        }
        if (run.end == MG_RUN_DONE)
            return MG_OK;
        const struct item *item = find_item(items, run.at);
        if (!item)
            return MG_FAIL(err, MG_E_CHILD, "the agent named a test that was not in the job");
        fail_test(&result->tests.at[item->test], run.end == MG_RUN_TIMEOUT ? MG_STR("takes more than 5 s") : MG_STR("ends the test process"));
    }
    return MG_OK;
}

static bool has(const uint32_t *at, size_t len, uint32_t value)
{
    for (size_t i = 0; i < len; i++)
        if (at[i] == value)
            return true;
    return false;
}

static void note_kill(struct mg_suite_verdict *test, uint32_t mutant, const struct mg_test_run *run, struct mg_arena *arena)
{
    if (run->crash || run->in_setup) {
        if (!has(test->crashes.at, test->crashes.len, mutant))
            *MG_PUSH(arena, &test->crashes) = mutant;
    } else if (!has(test->kills.at, test->kills.len, mutant)) {
        *MG_PUSH(arena, &test->kills) = mutant;
        *MG_PUSH(arena, &test->kill_texts) = run->text;
    }
}

static void note_run(const struct items *items, uint32_t mutant, const struct mg_attempt_end *end, struct mg_arena *arena,
                     struct mg_suite_measured *result)
{
    for (size_t i = 0; i < end->run->runs.len; i++) {
        const struct mg_test_run *run = &end->run->runs.at[i];
        const struct item *item = find_item(items, run->test);
        result->reached.at[mutant] |= run->hit;
        if (item && run->hit && result->reached_by.at[mutant] == UINT32_MAX)
            result->reached_by.at[mutant] = item->test;
        if (item && run->failed && run->hit)
            note_kill(&result->tests.at[item->test], mutant, run, arena);
    }
    const struct item *at = end->killer != UINT32_MAX ? find_item(items, end->killer) : NULL;
    if (!at)
        return;
    struct mg_suite_verdict *test = &result->tests.at[at->test];
    if (end->result.verdict == MG_VERDICT_timeout) {
        result->reached.at[mutant] = true;
        *MG_PUSH(arena, &test->timeouts) = mutant;
    } else if (end->run->end == MG_RUN_DIED && !has(test->crashes.at, test->crashes.len, mutant) && end->run->at == at->index) {
        result->reached.at[mutant] = true;
        *MG_PUSH(arena, &test->crashes) = mutant;
    }
}

enum mg_code mg_measure_suite(void *self, const struct mg_gate_request *request, const struct mg_measured *measured, const struct mg_suite *suite,
                              struct mg_str path, struct mg_str module, struct mg_arena *arena, struct mg_suite_measured *result, struct mg_err *err)
{
    memset(result, 0, sizeof *result);
    for (size_t i = 0; i < suite->tests.len; i++)
        *MG_PUSH(arena, &result->tests) =
            (struct mg_suite_verdict){ .name = suite->tests.at[i].name, .reason = MG_STR("was not collected by pytest") };
    for (size_t i = 0; i < measured->mutants.len; i++) {
        *MG_PUSH(arena, &result->reached) = false;
        *MG_PUSH(arena, &result->reached_by) = UINT32_MAX;
    }
    struct mg_collected collected = { 0 };
    uint32_t first = 0;
    MG_TRY(request->agent.ops->session_load(request->session, path, module, arena, &collected, &first, err));
    if (collected.errors.len)
        for (size_t i = 0; i < result->tests.len; i++)
            result->tests.at[i].reason = mg_arena_printf(arena, "the module does not import: %.*s", MG_FMT(collected.errors.at[0].text));
    struct items items = { 0 };
    match_items(&collected, first, suite, arena, &items);
    for (size_t i = 0; i < items.len; i++)
        *MG_PUSH(arena, &result->tests.at[items.at[i].test].items) = items.at[i].index;
    MG_TRY(run_on_original(request, &items, arena, result, err));

    struct mg_candidate *tests = MG_NEW_ARRAY(arena, struct mg_candidate, items.len);
    size_t count = 0;
    for (size_t i = 0; i < items.len; i++)
        if (result->tests.at[items.at[i].test].passes)
            tests[count++] = (struct mg_candidate){ items.at[i].index, 0.01 };
    if (count == 0)
        return MG_OK;
    struct mg_pump pump;
    mg_pump_init(&pump, request, self, arena);
    for (uint32_t i = 0; i < measured->mutants.len; i++)
        if (mg_verdict_is_alive(measured->results.at[i].verdict)) {
            const struct mg_probe_mutant *spliced = &measured->spliced.at[i];
            mg_pump_add(&pump, &(struct mg_attempt){ .mutant = i,
                                                     .source = spliced->source,
                                                     .line = spliced->line,
                                                     .end_line = spliced->end_line,
                                                     .first = tests,
                                                     .first_count = count });
        }
    for (;;) {
        uint32_t mutant;
        struct mg_attempt_end end;
        MG_TRY(mg_pump_next(&pump, &mutant, &end, err));
        if (mutant == UINT32_MAX)
            return MG_OK;
        note_run(&items, mutant, &end, arena, result);
    }
}
