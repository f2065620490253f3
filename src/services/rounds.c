/* The rounds of one target: tests of an earlier session, the search, then the model: generate, repair, strengthen. Each round's suite stands
 * in a module of its own and is judged by the gate; all tests that pass are one pool, from which the smallest useful set is chosen at the end.
 * So a later, worse suite costs nothing: it only adds. */
#include "base/log.h"
#include "base/str.h"
#include "core/text_patch.h"
#include "python/testmodule.h"
#include "services/events.h"
#include "services/limit.h"
#include "services/work.h"

#include <string.h>

#define MOST_DRY_ROUNDS 2    /* rounds without a kill after which a model is not asked again */
#define MOST_FACTS 12        /* shown to a model */
#define OBSERVING_CALLS 200  /* of the search, when only its facts are wanted */
#define EXAMINE_SECONDS 10.0 /* of one failing test */

static bool contains(const uint32_t *at, size_t len, uint32_t value)
{
    for (size_t i = 0; i < len; i++)
        if (at[i] == value)
            return true;
    return false;
}

static bool may_count(const struct mg_suite_verdict *test, uint32_t index, const bool *keep) { return keep ? keep[index] : test->passes; }

struct mg_mutant_result mg_result_after(const struct mg_pending *pending, uint32_t mutant, const bool *keep, const struct mg_mutant_result *before)
{
    const struct mg_suite_measured *suite = pending->suite;
    struct mg_mutant_result after = *before;
    size_t count = keep ? pending->order_count : suite->tests.len;
    if (suite->reached.at[mutant] && count)
        after.verdict = MG_VERDICT_survived;
    for (size_t i = 0; i < count; i++) {
        uint32_t t = keep ? pending->order[i] : (uint32_t)i;
        const struct mg_suite_verdict *test = &suite->tests.at[t];
        if (!may_count(test, t, keep) || after.kill_kind == MG_KILL_ASSERTION)
            continue;
        bool kills = contains(test->kills.at, test->kills.len, mutant), crashes = contains(test->crashes.at, test->crashes.len, mutant);
        bool timeout = contains(test->timeouts.at, test->timeouts.len, mutant);
        if (!kills && (!mg_verdict_is_alive(after.verdict) || !(crashes || timeout)))
            continue;
        after.verdict = kills || crashes ? MG_VERDICT_killed : MG_VERDICT_timeout;
        after.kill_kind = kills ? MG_KILL_ASSERTION : crashes ? MG_KILL_CRASH : MG_KILL_NONE;
        after.killer = test->name;
    }
    return after;
}

/* ---- the pool ---- */

static bool killed_by_pool(const struct mg_work *work, uint32_t mutant)
{
    const struct mg_suite_measured *judged = work->pending->suite;
    for (size_t t = 0; t < judged->tests.len; t++)
        if (judged->tests.at[t].passes && contains(judged->tests.at[t].kills.at, judged->tests.at[t].kills.len, mutant))
            return true;
    return false;
}

/* Open before, and no test so far kills it by an assertion. */
static bool is_wanted(const struct mg_work *work, uint32_t mutant)
{
    return mg_verdict_is_alive(work->pending->measured.results.at[mutant].verdict) && !killed_by_pool(work, mutant);
}

static size_t wanted_count(const struct mg_work *work)
{
    size_t count = 0;
    for (uint32_t i = 0; i < work->pending->measured.mutants.len; i++)
        count += is_wanted(work, i);
    return count;
}

static bool is_enough(const struct mg_work *work)
{
    struct mg_tally tally = { 0 };
    for (uint32_t i = 0; i < work->outcome->mutants.len; i++) {
        struct mg_mutant_result result = work->pending->measured.results.at[i];
        if (mg_verdict_is_alive(result.verdict))
            result = mg_result_after(work->pending, i, NULL, &result);
        mg_tally_add(&tally, result.verdict);
    }
    return wanted_count(work) == 0 || mg_score(&tally) >= work->run->config->mutation.score_threshold;
}

static struct mg_suite_test *pool_find(struct mg_work *work, struct mg_str name, struct mg_suite_verdict **verdict)
{
    for (size_t i = 0; i < work->pool.tests.len; i++)
        if (mg_str_eq(work->pool.tests.at[i].name, name)) {
            *verdict = &work->pending->suite->tests.at[i];
            return &work->pool.tests.at[i];
        }
    return NULL;
}

/* What is in the pool already is not judged again: its verdict goes into `feedback` (NULL is allowed). What has the name of a passing test and
 * is another gets a new name; a failing one gives way (pool_add). */
static void prepare(struct mg_work *work, struct mg_suite *suite, struct mg_feedback *feedback)
{
    size_t left = 0, taken_count = 0;
    for (size_t i = 0; i < suite->tests.len; i++) {
        struct mg_suite_verdict *verdict;
        const struct mg_suite_test *known = pool_find(work, suite->tests.at[i].name, &verdict);
        if (!known || !mg_str_eq(known->source, suite->tests.at[i].source))
            suite->tests.at[left++] = suite->tests.at[i];
        else if (feedback)
            *MG_PUSH(work->arena, &feedback->tests) = (struct mg_test_feedback){ .name = known->name,
                                                                                 .source = known->source,
                                                                                 .passes = verdict->passes,
                                                                                 .failure = verdict->passes ? MG_NO_STR : verdict->reason,
                                                                                 .kills = (uint32_t)verdict->kills.len };
    }
    suite->tests.len = left;
    struct mg_str *taken = MG_NEW_ARRAY(work->arena, struct mg_str, work->pool.tests.len + 1);
    for (size_t i = 0; i < work->pool.tests.len; i++)
        if (work->pending->suite->tests.at[i].passes)
            taken[taken_count++] = work->pool.tests.at[i].name;
    mg_suite_uniquify(work->arena, suite, taken, taken_count);
}

/* A test that failed gives its place to the one that came instead of it. */
static void pool_add(struct mg_work *work, const struct mg_suite *suite, const struct mg_suite_measured *result)
{
    struct mg_suite_measured *judged = work->pending->suite;
    for (size_t i = 0; i < suite->tests.len; i++) {
        struct mg_suite_verdict *verdict;
        struct mg_suite_test *known = pool_find(work, suite->tests.at[i].name, &verdict);
        if (!known) {
            known = MG_PUSH(work->arena, &work->pool.tests);
            verdict = MG_PUSH(work->arena, &judged->tests);
            *MG_PUSH(work->arena, &work->origins) = 0;
        }
        work->origins.at[known - work->pool.tests.at] = (uint32_t)work->imports.len;
        *known = suite->tests.at[i];
        *verdict = result->tests.at[i];
    }
    *MG_PUSH(work->arena, &work->imports) = suite->imports;
    for (size_t m = 0; m < judged->reached.len; m++) {
        uint32_t by = result->reached_by.at[m];
        judged->reached.at[m] |= result->reached.at[m];
        for (uint32_t t = 0; by < suite->tests.len && judged->reached_by.at[m] == UINT32_MAX && t < work->pool.tests.len; t++)
            if (mg_str_eq(work->pool.tests.at[t].name, suite->tests.at[by].name))
                judged->reached_by.at[m] = t;
    }
}

static void pool_begin(struct mg_work *work)
{
    struct mg_suite_measured *judged = MG_NEW(work->arena, struct mg_suite_measured);
    for (size_t i = 0; i < work->pending->measured.mutants.len; i++) {
        *MG_PUSH(work->arena, &judged->reached) = false;
        *MG_PUSH(work->arena, &judged->reached_by) = UINT32_MAX;
    }
    work->pending->suite = judged;
    struct mg_str folder = work->run->collected.tests_dir;
    work->pending->path = mg_arena_printf(work->arena, "%.*s%stest_mutagen_%.*s.py", MG_FMT(folder), folder.len ? "/" : "", MG_FMT(work->target->id));
}

/* ---- judging one suite ---- */

/* The first suite stands where the chosen tests will be confirmed, later ones beside it. */
static struct mg_str module_path(struct mg_work *work)
{
    struct mg_str path = work->pending->path;
    if (work->judged++ == 0)
        return path;
    return mg_arena_printf(work->arena, "%.*s_%u.py", MG_FMT(mg_str_sub(path, 0, path.len - 3)), work->judged);
}

/* The mutants that the pool kills already need no second kill. */
static struct mg_measured still_wanted(const struct mg_work *work)
{
    struct mg_measured measured = work->pending->measured;
    measured.results.at = MG_NEW_ARRAY(work->arena, struct mg_mutant_result, measured.results.len);
    for (uint32_t i = 0; i < measured.results.len; i++) {
        measured.results.at[i] = work->pending->measured.results.at[i];
        if (killed_by_pool(work, i))
            measured.results.at[i].verdict = MG_VERDICT_killed;
    }
    return measured;
}

/* Into the pool with it. *module is the text that was judged, *result the verdicts, same order as the suite. */
static enum mg_code judge(struct mg_work *work, struct mg_suite *suite, struct mg_str *module, struct mg_suite_measured **result, struct mg_err *err)
{
    const struct mg_run_services *services = work->run->services;
    struct mg_measured measured = still_wanted(work);
    *result = MG_NEW(work->arena, struct mg_suite_measured);
    *module = mg_testmodule_compose(work->arena, work->target->module, suite, 1);
    if (work->outcome->state != MG_TARGET_GENERATED)
        MG_TRY(mg_move_target(work->outcome, work->outcome->state == MG_TARGET_MUTATED ? MG_TARGET_ON_strengthen : MG_TARGET_ON_generated, err));
    MG_TRY(services->gate.ops->suite(services->gate.self, &work->gate, &measured, suite, module_path(work), *module, work->arena, *result, err));
    MG_TRY(mg_move_target(work->outcome, MG_TARGET_ON_ran, err));
    MG_TRY(mg_move_target(work->outcome, MG_TARGET_ON_mutated, err));
    mg_event_judged(suite, *result);
    pool_add(work, suite, *result);
    return MG_OK;
}

/* ---- what a generator is told ---- */

/* An existing test that runs the mutant's lines; empty when there is none. */
static struct mg_str covered_by(const struct mg_work *work, const struct mg_mutant *mutant)
{
    for (size_t i = 0; i < work->gate.covering_count; i++)
        for (size_t k = 0; k < work->gate.covering[i].lines.len; k++) {
            struct mg_line_range range = work->gate.covering[i].lines.at[k];
            if (range.first <= mutant->end_line && range.last >= mutant->line)
                return work->run->collected.tests.at[work->gate.covering[i].test].id;
        }
    return MG_NO_STR;
}

static struct mg_live_mutant live_of(const struct mg_work *work, uint32_t mutant)
{
    const struct mg_suite_measured *judged = work->pending->suite;
    if (judged->reached_by.at[mutant] != UINT32_MAX)
        return (struct mg_live_mutant){ true, judged->tests.at[judged->reached_by.at[mutant]].name,
                                        work->pool.tests.at[judged->reached_by.at[mutant]].source };
    bool reached = work->pending->measured.results.at[mutant].verdict == MG_VERDICT_survived;
    return (struct mg_live_mutant){ reached, reached ? covered_by(work, &work->pending->measured.mutants.at[mutant]) : MG_NO_STR, MG_NO_STR };
}

static void list_uncovered(struct mg_work *work, struct mg_generate_request *request)
{
    const struct mg_function *function = &work->target->function;
    size_t file = 0;
    while (!mg_str_eq(work->run->repo->sources.at[file].path, work->target->path))
        file++;
    uint32_t *lines = MG_NEW_ARRAY(work->arena, uint32_t, function->body_lines.len);
    for (size_t i = 0; i < function->body_lines.len; i++)
        if (!mg_is_covered(work->run, file, function->body_lines.at[i]))
            lines[request->uncovered_count++] = function->body_lines.at[i];
    request->uncovered = lines;
}

static struct mg_generate_request request_of(struct mg_work *work)
{
    const struct mg_measured *measured = &work->pending->measured;
    MG_LIST(struct mg_mutant) wanted = { 0 };
    MG_LIST(struct mg_probe_mutant) spliced = { 0 };
    MG_LIST(struct mg_live_mutant) live = { 0 };
    for (uint32_t i = 0; i < measured->mutants.len; i++)
        if (is_wanted(work, i)) {
            *MG_PUSH(work->arena, &wanted) = measured->mutants.at[i];
            *MG_PUSH(work->arena, &spliced) = measured->spliced.at[i];
            *MG_PUSH(work->arena, &live) = live_of(work, i);
        }
    uint32_t *covering = MG_NEW_ARRAY(work->arena, uint32_t, work->gate.covering_count);
    for (size_t i = 0; i < work->gate.covering_count; i++)
        covering[i] = work->gate.covering[i].test;
    struct mg_generate_request request = {
        .target = work->target,
        .source = work->source,
        .repo = work->run->repo,
        .agent = work->run->services->agent,
        .session = work->session,
        .mutants = wanted.at,
        .spliced = spliced.at,
        .live = live.at,
        .mutant_count = wanted.len,
        .collected = &work->run->collected,
        .covering = covering,
        .covering_count = work->gate.covering_count,
        .facts = work->facts.at,
        .fact_count = work->facts.len,
        .config = work->run->config,
        .cancel = work->run->services->cancel,
        .deadline = mg_limit_of_target(work->run),
        .clock = work->run->services->clock,
    };
    list_uncovered(work, &request);
    return request;
}

static void take_remarks(struct mg_work *work, const struct mg_suite *suite)
{
    for (size_t i = 0; i < suite->suspected_bugs.len; i++)
        *MG_PUSH(work->arena, &work->outcome->suspected_bugs) = suite->suspected_bugs.at[i];
    for (size_t i = 0; i < suite->notes.len; i++)
        *MG_PUSH(work->arena, &work->outcome->notes) = suite->notes.at[i];
    for (size_t i = 0; i < suite->facts.len && work->facts.len < MOST_FACTS; i++)
        *MG_PUSH(work->arena, &work->facts) = suite->facts.at[i];
}

/* ---- the search, and what an earlier session left ---- */

static enum mg_code earlier_session(struct mg_work *work, struct mg_err *err)
{
    for (size_t i = 0; i < work->run->unfinished.len; i++) {
        const struct mg_outcome *earlier = &work->run->unfinished.at[i];
        if (!mg_str_eq(earlier->target_id, work->target->id))
            continue;
        struct mg_suite suite = { .imports = earlier->imports };
        work->outcome->generator = earlier->generator;
        for (size_t t = 0; t < earlier->tests.len; t++)
            if (earlier->tests.at[t].kills.len)
                *MG_PUSH(work->arena, &suite.tests) =
                    (struct mg_suite_test){ .name = earlier->tests.at[t].name, .source = earlier->tests.at[t].source };
        struct mg_str module;
        struct mg_suite_measured *result;
        return suite.tests.len ? judge(work, &suite, &module, &result, err) : MG_OK;
    }
    return MG_OK;
}

/* With a model alone its calls are still made, few of them, for the facts. */
static enum mg_code search(struct mg_work *work, bool for_tests, struct mg_err *err)
{
    const struct mg_run_services *services = work->run->services;
    struct mg_generate_request request = request_of(work);
    struct mg_config observing = *work->run->config;
    if (!for_tests && observing.generation.max_calls > OBSERVING_CALLS)
        observing.generation.max_calls = OBSERVING_CALLS;
    request.config = &observing;
    struct mg_suite suite = { 0 };
    MG_TRY(services->generator.ops->generate(services->generator.self, &request, work->arena, &suite, NULL, err));
    take_remarks(work, &suite);
    if (!for_tests)
        return MG_OK;
    work->outcome->attempts++;
    work->outcome->generator = mg_str_from(services->generator.ops->name);
    work->outcome->reason = suite.reason;
    if (suite.late && !services->model.ops) {
        work->pending->unfinished = MG_STR("the time limit left too little time for its search");
        work->pending->late = true;
    }
    prepare(work, &suite, NULL);
    struct mg_str module;
    struct mg_suite_measured *result;
    return suite.tests.len ? judge(work, &suite, &module, &result, err) : MG_OK;
}

/* ---- the model's rounds ---- */

/* The failing tests of a judged suite: what pytest says, the value that stood there, and what would mend a wrong literal. */
static enum mg_code examine(struct mg_work *work, const struct mg_suite_measured *result, struct mg_examined *examined, struct mg_err *err)
{
    MG_LIST(uint32_t) failing = { 0 };
    for (size_t t = 0; t < result->tests.len; t++)
        for (size_t i = 0; i < result->tests.at[t].items.len && !result->tests.at[t].passes; i++)
            *MG_PUSH(work->arena, &failing) = result->tests.at[t].items.at[i];
    if (failing.len == 0)
        return MG_OK;
    const struct mg_agent agent = work->run->services->agent;
    return agent.ops->session_examine(work->session, failing.at, failing.len, EXAMINE_SECONDS, work->arena, examined, err);
}

static const struct mg_examined_test *examined_case(const struct mg_examined *examined, const struct mg_suite_verdict *test)
{
    for (size_t i = 0; i < examined->tests.len; i++)
        if (contains(test->items.at, test->items.len, examined->tests.at[i].test) && examined->tests.at[i].outcome != MG_TEST_PASSED)
            return &examined->tests.at[i];
    return NULL;
}

static void tell_feedback(struct mg_work *work, const struct mg_suite *suite, const struct mg_suite_measured *result,
                          const struct mg_examined *examined, struct mg_feedback *feedback)
{
    for (size_t t = 0; t < suite->tests.len; t++) {
        const struct mg_suite_verdict *verdict = &result->tests.at[t];
        struct mg_test_feedback told = { .name = verdict->name, .source = suite->tests.at[t].source, .passes = verdict->passes };
        const struct mg_examined_test *seen = verdict->passes ? NULL : examined_case(examined, verdict);
        told.kills = (uint32_t)verdict->kills.len;
        if (!verdict->passes)
            told.failure = seen && seen->text.len ? seen->text : verdict->reason;
        if (seen)
            told.actual = seen->actual;
        *MG_PUSH(work->arena, &feedback->tests) = told;
    }
    for (size_t i = 0; i < suite->rejected.len; i++)
        *MG_PUSH(work->arena, &feedback->tests) =
            (struct mg_test_feedback){ .name = suite->rejected.at[i].name, .failure = suite->rejected.at[i].reason };
}

/* Wrong literals whose right value is known are put right without asking anybody; the gate decides as always. */
static enum mg_code mend(struct mg_work *work, const struct mg_suite_measured *result, const struct mg_examined *examined, struct mg_str module,
                         struct mg_err *err)
{
    MG_LIST(struct mg_text_patch) patches = { 0 };
    struct mg_str mended = MG_NO_STR;
    struct mg_suite all, suite;
    for (size_t i = 0; i < examined->tests.len; i++) {
        size_t before = patches.len;
        for (size_t k = 0; k < examined->tests.at[i].patches.len; k++)
            *MG_PUSH(work->arena, &patches) = examined->tests.at[i].patches.at[k];
        if (patches.len > before && !mg_text_patched(work->arena, module, patches.at, patches.len, &mended))
            patches.len = before; /* two cases want the same place changed in different ways: the first has it */
    }
    if (mended.len == 0)
        return MG_OK;
    if (mg_testmodule_split(work->arena, mended, &all, NULL) != MG_OK)
        return MG_OK;
    suite = (struct mg_suite){ .imports = all.imports };
    for (size_t t = 0; t < all.tests.len; t++)
        for (size_t v = 0; v < result->tests.len; v++)
            if (!result->tests.at[v].passes && mg_str_eq(result->tests.at[v].name, all.tests.at[t].name))
                *MG_PUSH(work->arena, &suite.tests) = all.tests.at[t];
    prepare(work, &suite, NULL);
    struct mg_suite_measured *after;
    return suite.tests.len ? judge(work, &suite, &module, &after, err) : MG_OK;
}

/* The pool's word on the tests of the last suite: mended ones pass now. */
static bool all_pass(struct mg_work *work, struct mg_feedback *feedback)
{
    bool pass = true;
    for (size_t i = 0; i < feedback->tests.len; i++) {
        struct mg_suite_verdict *verdict;
        struct mg_test_feedback *told = &feedback->tests.at[i];
        const struct mg_suite_test *known = pool_find(work, told->name, &verdict);
        if (known && verdict->passes && !told->passes) {
            told->passes = true;
            told->source = known->source;
            told->kills = (uint32_t)verdict->kills.len;
        }
        pass = pass && told->passes;
    }
    return pass;
}

/* A reply became tests: judge, mend, and say what became of them. */
static enum mg_code take_reply(struct mg_work *work, struct mg_suite *suite, struct mg_feedback *feedback, struct mg_err *err)
{
    struct mg_suite_measured none = { 0 }, *result = &none;
    struct mg_examined examined = { 0 };
    struct mg_str module = MG_NO_STR;
    *feedback = (struct mg_feedback){ 0 };
    take_remarks(work, suite);
    prepare(work, suite, feedback);
    if (suite->tests.len) {
        MG_TRY(judge(work, suite, &module, &result, err));
        MG_TRY(examine(work, result, &examined, err));
    }
    tell_feedback(work, suite, result, &examined, feedback);
    return mend(work, result, &examined, module, err);
}

static bool has_failed(enum mg_asked asked) { return asked == MG_ASKED_FAILED || asked == MG_ASKED_FAILED_IN_BETWEEN; }

/* The row is that of the targets, not of the moments: it must not depend on how many
 * are worked on at once. A reply, or a target that may still get one, ends it. */
unsigned mg_failures_in_a_row(const struct mg_run_context *run, size_t index)
{
    unsigned count = 1;
    for (size_t i = index; run->asked[i] != MG_ASKED_FAILED_IN_BETWEEN && i-- > 0 && (has_failed(run->asked[i]) || run->asked[i] == MG_ASKED_NOT);)
        count += has_failed(run->asked[i]);
    for (size_t i = index + 1; i < run->targets.len && (run->asked[i] == MG_ASKED_FAILED || run->asked[i] == MG_ASKED_NOT); i++)
        count += has_failed(run->asked[i]);
    return count;
}

/* A refused request is the target's own only where others are answered. Before the first reply, and after too many refusals in a row, it says as
 * much about address, model and settings as about the target: the target is left then, so that a run with better settings takes it up. */
static bool is_the_targets_fault(const struct mg_run_context *run, enum mg_llm_fault fault, unsigned row)
{
    return fault == MG_LLM_REQUEST && run->model_has_replied && row < MG_MOST_MODEL_FAILURES;
}

/* The model gave no reply: what that means for this target and for the run. */
static enum mg_code no_reply(struct mg_work *work, enum mg_code code, enum mg_llm_fault fault, const struct mg_err *cause, struct mg_err *err)
{
    struct mg_run_context *run = work->run;
    struct mg_str text = mg_arena_str(work->arena, mg_str_from(cause->text));
    enum mg_asked *asked = &run->asked[work->target - run->targets.at];
    if (code == MG_E_HTTP || code == MG_E_TIMEOUT)
        *asked = *asked == MG_ASKED_REPLIED ? MG_ASKED_FAILED_IN_BETWEEN : MG_ASKED_FAILED;
    unsigned row = has_failed(*asked) ? mg_failures_in_a_row(run, (size_t)(asked - run->asked)) : 0;
    if (code == MG_E_LIMIT) {
        work->pending->stop = text;
        work->pending->unfinished =
            mg_arena_printf(work->arena, "a budget of the run was used up before the model was done with it (%.*s)", MG_FMT(text));
    } else if (code == MG_E_HTTP && is_the_targets_fault(run, fault, row)) {
        *MG_PUSH(work->arena, &work->outcome->notes) = mg_arena_printf(work->arena, "the model could not be asked: %.*s", MG_FMT(text));
        work->outcome->reason = mg_arena_printf(work->arena, "the model gave no usable reply: %.*s", MG_FMT(text));
    } else if (code == MG_E_HTTP || code == MG_E_TIMEOUT) {
        bool over = fault == MG_LLM_ACCOUNT || row >= MG_MOST_MODEL_FAILURES;
        const char *what = fault == MG_LLM_REQUEST ? "the model gave no usable reply" : "the model did not answer";
        work->pending->unfinished = mg_arena_printf(work->arena, "%s: %.*s", what, MG_FMT(text));
        run->left[asked - run->asked] =
            (struct mg_left){ mg_arena_str(run->arena, work->pending->unfinished), fault == MG_LLM_REQUEST && !run->model_has_replied };
        work->pending->stop = over ? mg_arena_printf(work->arena, "provider_failed: %.*s", MG_FMT(text)) : MG_NO_STR;
    } else {
        return MG_FAIL(err, code, "%s", cause->text);
    }
    return MG_OK;
}

/* The session is of no more use; what was judged before stays. */
static enum mg_code keep_pool(struct mg_work *work, struct mg_err *err)
{
    work->broken = true;
    if (work->outcome->state != MG_TARGET_GENERATED || work->pool.tests.len == 0)
        return MG_OK;
    MG_TRY(mg_move_target(work->outcome, MG_TARGET_ON_ran, err));
    return mg_move_target(work->outcome, MG_TARGET_ON_mutated, err);
}

/* The reply's tests took the session with them (an import that never ends, …), and nobody is asked again. */
static enum mg_code session_broke(struct mg_work *work, const struct mg_err *cause, struct mg_err *err)
{
    work->outcome->reason = mg_arena_printf(work->arena, "the model's tests broke the interpreter that judges them: %s", cause->text);
    *MG_PUSH(work->arena, &work->outcome->notes) = work->outcome->reason;
    return keep_pool(work, err);
}

/* The time is over. What the rounds have gained by now is settled, and is kept when it is enough; else the target is left for another session. */
static enum mg_code time_is_over(struct mg_work *work, struct mg_err *err)
{
    if (mg_share_is_over(work->run)) {
        work->pending->unfinished = mg_share_reason(work->run, work->arena, "before it was done");
        return keep_pool(work, err);
    }
    work->pending->stop = MG_STR(MG_TIME_IS_OVER);
    work->pending->unfinished = MG_STR("the time limit was reached before it was done");
    return keep_pool(work, err);
}

/* While the model was thinking, another target's tests may have ended the interpreter: this one begins again then, and what its own tests do to a
 * session is its own doing. */
static enum mg_code still_there(struct mg_work *work, struct mg_err *err)
{
    const struct mg_agent agent = work->run->services->agent;
    bool revived = false;
    MG_TRY(agent.ops->revive(agent.self, &revived, err));
    work->run->revived += revived;
    if (work->run->revived == work->epoch)
        return MG_OK;
    return MG_FAIL(err, MG_E_CHILD, "another target's tests ended the interpreter");
}

static enum mg_code model_rounds(struct mg_work *work, struct mg_err *err)
{
    const struct mg_run_services *services = work->run->services;
    int64_t repairs = work->run->config->orchestrator.max_repair_attempts, strengthens = work->run->config->orchestrator.max_strengthen_attempts;
    enum mg_round round = MG_ROUND_GENERATE;
    struct mg_feedback feedback = { 0 };
    void *memory = NULL;
    for (unsigned dry = 0; dry < MOST_DRY_ROUNDS;) {
        struct mg_generate_request request = request_of(work);
        struct mg_suite suite = { 0 };
        struct mg_err cause = { .code = MG_OK };
        enum mg_llm_fault fault = MG_LLM_NO_FAULT;
        size_t wanted = request.mutant_count;
        request.round = round;
        request.feedback = round == MG_ROUND_GENERATE ? NULL : &feedback;
        request.memory = &memory;
        if (work->run->halted)
            return MG_FAIL(err, MG_E_CANCELLED, "the run is over");
        work->outcome->attempts++;
        enum mg_code code = services->model.ops->generate(services->model.self, &request, work->arena, &suite, &fault, &cause);
        if (code != MG_OK && code != MG_E_CANCELLED)
            mg_log_err(MG_LOG_WARNING, "the model gave no tests", &cause);
        if (code != MG_OK && mg_time_is_over(work->run))
            return MG_FAIL(err, MG_E_CANCELLED, "%s", cause.text);
        MG_TRY(still_there(work, err));
        if (code != MG_OK)
            return no_reply(work, code, fault, &cause, err);
        work->run->asked[work->target - work->run->targets.at] = MG_ASKED_REPLIED;
        work->run->model_has_replied = true;
        MG_TRY(mg_tell_worked(work->run, err));
        if (suite.reason.len)
            work->outcome->reason = suite.reason;
        code = take_reply(work, &suite, &feedback, &cause);
        if (code != MG_OK && code != MG_E_CANCELLED)
            mg_log_err(MG_LOG_WARNING, "the model's tests were not judged", &cause);
        if (code == MG_E_CHILD || code == MG_E_TIMEOUT)
            return session_broke(work, &cause, err);
        if (code != MG_OK)
            return MG_FAIL(err, code, "%s", cause.text);
        feedback.kept = (uint32_t)work->pool.tests.len;
        bool works = all_pass(work, &feedback);
        if (is_enough(work))
            return MG_OK;
        if (wanted_count(work) < wanted)
            dry = 0;
        else if (round == MG_ROUND_STRENGTHEN || (round == MG_ROUND_GENERATE && works))
            dry++; /* repairs have a limit of their own */
        if (suite.repeats && !works && round == MG_ROUND_REPAIR) {
            repairs = 0; /* it would be asked the same once more */
            *MG_PUSH(work->arena, &work->outcome->notes) =
                MG_STR("the model repeats its rejected reply word for word: no more repairs were asked for");
        }
        if (!works && repairs-- > 0)
            round = MG_ROUND_REPAIR;
        else if (strengthens-- > 0)
            round = MG_ROUND_STRENGTHEN;
        else
            return MG_OK;
    }
    return MG_OK;
}

/* ---- the smallest useful set ---- */

static struct mg_str loss_reason(const struct mg_suite_verdict *test)
{
    if (!test->passes)
        return test->reason;
    return MG_STR("kills nothing that the tests before it leave alive");
}

/* Greedy: the test with the most assertion kills that no chosen test makes, until none adds one; tests of errors come last. */
static void choose(struct mg_work *work)
{
    struct mg_suite_measured *result = work->pending->suite;
    size_t count = result->tests.len;
    bool *killed = MG_NEW_ARRAY(work->arena, bool, work->pending->measured.mutants.len);
    bool *chosen = MG_NEW_ARRAY(work->arena, bool, count);
    for (;;) {
        size_t best = count, best_gain = 0;
        for (size_t t = 0; t < count; t++) {
            size_t gain = 0;
            for (size_t k = 0; k < result->tests.at[t].kills.len; k++)
                gain += !killed[result->tests.at[t].kills.at[k]];
            bool late = work->pool.tests.at[t].expects_error, best_late = best < count && work->pool.tests.at[best].expects_error;
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
            *MG_PUSH(work->arena, &work->pending->kept.tests) = work->pool.tests.at[t];
        }
}

/* Tests of several suites become one: helpers once, names that clash renamed. */
static enum mg_code merge_chosen(struct mg_work *work, struct mg_err *err)
{
    struct mg_pending *pending = work->pending;
    struct mg_suite *suites = MG_NEW_ARRAY(work->arena, struct mg_suite, work->imports.len + 1);
    for (size_t s = 0; s < work->imports.len; s++)
        suites[s].imports = work->imports.at[s];
    for (size_t i = 0; i < pending->order_count; i++)
        *MG_PUSH(work->arena, &suites[work->origins.at[pending->order[i]]].tests) = work->pool.tests.at[pending->order[i]];
    size_t used = 0;
    for (size_t s = 0; s < work->imports.len; s++)
        if (suites[s].tests.len)
            suites[used++] = suites[s];
    pending->kept.imports = used ? suites[0].imports : MG_NO_STR;
    if (used < 2)
        return MG_OK;
    struct mg_suite merged;
    MG_TRY(mg_testmodule_split(work->arena, mg_testmodule_compose(work->arena, work->target->module, suites, used), &merged, err));
    pending->kept.imports = merged.imports;
    for (size_t i = 0; i < pending->order_count; i++)
        for (size_t m = 0; m < merged.tests.len; m++)
            if (mg_str_eq(merged.tests.at[m].name, pending->kept.tests.at[i].name))
                pending->kept.tests.at[i].source = work->outcome->tests.at[pending->order[i]].source = merged.tests.at[m].source;
    return MG_OK;
}

/* A mutant that ran for ever, or broke its process, in one test was not run in the tests behind it. When that test is not chosen, the chosen
 * ones are asked about the mutant again: it would be undetected in the report for no reason. */
static enum mg_code ask_chosen(struct mg_work *work, struct mg_err *err)
{
    struct mg_pending *pending = work->pending;
    struct mg_measured lost = pending->measured;
    lost.results.at = MG_NEW_ARRAY(work->arena, struct mg_mutant_result, lost.results.len);
    bool *chosen = MG_NEW_ARRAY(work->arena, bool, pending->suite->tests.len + 1), any = false;
    for (size_t i = 0; i < pending->order_count; i++)
        chosen[pending->order[i]] = true;
    for (uint32_t m = 0; m < lost.results.len; m++) {
        const struct mg_mutant_result *before = &pending->measured.results.at[m];
        lost.results.at[m] = (struct mg_mutant_result){ .verdict = MG_VERDICT_killed };
        if (m >= work->outcome->mutants.len || !mg_verdict_is_alive(before->verdict) ||
            !mg_verdict_is_alive(mg_result_after(pending, m, chosen, before).verdict) ||
            mg_verdict_is_alive(mg_result_after(pending, m, NULL, before).verdict))
            continue;
        lost.results.at[m] = *before;
        any = true;
    }
    if (!any || pending->order_count == 0 || work->broken)
        return MG_OK;
    struct mg_suite_measured result = { 0 };
    struct mg_str module = mg_testmodule_compose(work->arena, work->target->module, &pending->kept, 1);
    const struct mg_gate gate = work->run->services->gate;
    MG_TRY(gate.ops->suite(gate.self, &work->gate, &lost, &pending->kept, module_path(work), module, work->arena, &result, err));
    for (size_t i = 0; i < pending->order_count; i++) {
        struct mg_suite_verdict *to = &pending->suite->tests.at[pending->order[i]];
        const struct mg_suite_verdict *from = &result.tests.at[i];
        for (size_t k = 0; k < from->timeouts.len; k++)
            *MG_PUSH(work->arena, &to->timeouts) = from->timeouts.at[k];
        for (size_t k = 0; k < from->crashes.len; k++)
            *MG_PUSH(work->arena, &to->crashes) = from->crashes.at[k];
        for (size_t k = 0; k < from->kills.len; k++)
            *MG_PUSH(work->arena, &to->kills) = from->kills.at[k];
    }
    return MG_OK;
}

static enum mg_code take_tests(struct mg_work *work, struct mg_err *err)
{
    for (size_t t = 0; t < work->pool.tests.len; t++)
        *MG_PUSH(work->arena, &work->outcome->tests) = (struct mg_test){ .name = work->pool.tests.at[t].name,
                                                                         .source = work->pool.tests.at[t].source,
                                                                         .reason = loss_reason(&work->pending->suite->tests.at[t]) };
    choose(work);
    MG_TRY(merge_chosen(work, err));
    mg_suite_trim_imports(work->arena, &work->pending->kept);
    work->outcome->imports = work->pending->kept.imports;
    return ask_chosen(work, err);
}

static enum mg_code hand_up(const struct mg_err *why, enum mg_code code, struct mg_err *err)
{
    if (code != MG_OK && err)
        *err = *why;
    return code;
}

enum mg_code mg_target_rounds(struct mg_work *work, struct mg_err *err)
{
    const struct mg_run_services *services = work->run->services;
    struct mg_str strategy = work->run->config->llm.strategy;
    bool model = services->model.ops && !mg_str_is(strategy, "search");
    bool search_first = !model || !mg_str_is(strategy, "model");
    struct mg_err why = { .code = MG_OK };
    pool_begin(work);
    enum mg_code code = earlier_session(work, &why);
    if (code == MG_OK && !is_enough(work))
        code = search(work, search_first, &why);
    if (code == MG_OK && model && !is_enough(work)) {
        work->outcome->generator = mg_arena_printf(work->arena, "%s%s", search_first ? "search + " : "", services->model.ops->name);
        code = model_rounds(work, &why);
    }
    if (code == MG_E_CANCELLED && work->pool.tests.len && mg_ended_by_limit(work->run, code)) {
        code = time_is_over(work, &why);
    } else if (code == MG_E_CANCELLED && model && work->pool.tests.len) { /* what was paid for is kept for the next session */
        struct mg_err unsaved = { .code = MG_OK };
        work->broken = true;
        if (take_tests(work, &unsaved) != MG_OK)
            mg_log_err(MG_LOG_WARNING, "tests of the stopped target are lost", &unsaved);
    }
    if (code == MG_OK && work->pool.tests.len) {
        work->outcome->reason = MG_NO_STR;
        code = take_tests(work, &why);
        return code == MG_E_CANCELLED && mg_ended_by_limit(work->run, code) ? time_is_over(work, err) : hand_up(&why, code, err);
    }
    if (code != MG_OK)
        return hand_up(&why, code, err);
    if (work->pending->unfinished.len) {
        work->outcome->reason = work->pending->unfinished;
        return mg_move_target(work->outcome, MG_TARGET_ON_leave, err);
    }
    return mg_discard(work, work->outcome->reason.len ? work->outcome->reason : MG_STR("the generator wrote no test"), err);
}

enum mg_code mg_target_estimate(struct mg_work *work, struct mg_err *err)
{
    const struct mg_generator model = work->run->services->model;
    struct mg_target_estimate said = { .qualified_name = work->target->qualified_name, .before = work->outcome->before };
    pool_begin(work);
    struct mg_generate_request request = request_of(work);
    if (model.ops)
        MG_TRY(model.ops->estimate(model.self, &request, work->arena, &said.first, err));
    *MG_PUSH(work->run->arena, work->run->estimates) = said;
    return MG_OK;
}
