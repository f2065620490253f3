/* The existing tests as they are: which pass, how long they take, which lines they run. */
#include "base/log.h"
#include "base/str.h"
#include "services/context.h"
#include "services/events.h"
#include "services/causes.h"
#include "services/lazy.h"

#include <string.h>

#define SHARE 0.5              /* of a limited time, for the existing tests: said in the manual */
#define SHARE_OF_TRACING 0.45  /* of what is left to the end: the second pass takes about as long, and starting them something */
#define LEAST_SECONDS 2.0      /* not worth another part */
#define READ_SECONDS 0.5       /* what is done beside a pass before its results are looked at: they wait, and so may the agent */
#define SHARE_OF_LAZY 0.2      /* of what the tests of a part took, for tests that run by themselves */
#define LEAST_LAZY_SECONDS 2.0 /* a busy machine must not decide who is asked */
#define FORK_SECONDS 0.02      /* that such a test takes, beside its own time */
#define NO_TIME 0.05           /* 0 would be no limit */

static const char *const outcome_words[] = {
    [MG_TEST_PASSED] = "passes",
    [MG_TEST_FAILED] = "fails",
    [MG_TEST_SKIPPED] = "is skipped",
    [MG_TEST_XFAILED] = "is expected to fail",
    [MG_TEST_ERROR] = "stops with an error in its set-up or teardown",
    [MG_TEST_TIMEOUT] = "hangs: it passed its deadline",
    [MG_TEST_CRASHED] = "ends the test process",
};
static const enum mg_cause_kind causes[] = {
    [MG_TEST_FAILED] = MG_CAUSE_FAILS,
    [MG_TEST_ERROR] = MG_CAUSE_ERROR,
    [MG_TEST_TIMEOUT] = MG_CAUSE_HANGS,
    [MG_TEST_CRASHED] = MG_CAUSE_CRASHES,
};

static double now(const struct mg_run_context *run) { return run->services->clock.ops->monotonic(run->services->clock.self); }

static void mark_lines(struct mg_run_context *run, uint32_t file, const struct mg_line_range *range)
{
    struct mg_file_coverage *coverage = &run->baseline.files[file];
    for (uint32_t line = range->first; line <= range->last && line < coverage->line_count; line++)
        coverage->lines[line] = true;
}

static uint32_t count_lines(struct mg_str text)
{
    uint32_t lines = 1;
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    return lines;
}

static void keep_lines(struct mg_run_context *run, const struct mg_baseline_result *result)
{
    for (size_t i = 0; i < result->lines.len;) {
        uint32_t file = result->lines.at[i].file;
        if (file >= run->repo->sources.len) {
            i++;
            continue;
        }
        struct mg_covered_file *covered = MG_PUSH(run->arena, &run->baseline.files[file]);
        *covered = (struct mg_covered_file){ .test = result->test };
        for (; i < result->lines.len && result->lines.at[i].file == file; i++) {
            *MG_PUSH(run->arena, &covered->lines) = result->lines.at[i];
            mark_lines(run, file, &result->lines.at[i]);
        }
    }
}

/* The files whose lines are traced, for a pass that traces any. */
struct traced {
    struct mg_str *paths;
    uint32_t *sources; /* their places among the repo's sources */
    size_t count;
};

static bool is_traced(const struct mg_run_context *run, size_t source) { return !run->watched || run->every_line || run->watched[source]; }

static struct traced find_traced(const struct mg_run_context *run)
{
    struct traced traced = { .paths = MG_NEW_ARRAY(run->arena, struct mg_str, run->repo->sources.len + 1),
                             .sources = MG_NEW_ARRAY(run->arena, uint32_t, run->repo->sources.len + 1) };
    for (uint32_t i = 0; i < run->repo->sources.len; i++)
        if (is_traced(run, i)) {
            traced.paths[traced.count] = run->repo->sources.at[i].path;
            traced.sources[traced.count++] = i;
        }
    return traced;
}

/* What one pass runs. */
struct selection {
    const uint32_t *at;
    size_t count;
    double pause;
    bool apart;
};

static bool is_over(const struct mg_run_context *run) { return run->deadline > 0 && now(run) >= run->deadline; }

static enum mg_code over(struct mg_err *err) { return MG_FAIL(err, MG_E_LIMIT, "the time was over before the tests had run"); }

/* A source of the repo, and lines that it has. */
static void place(const struct mg_run_context *run, const struct traced *traced, struct mg_line_range *range)
{
    range->file = range->file < traced->count ? traced->sources[range->file] : UINT32_MAX;
    uint32_t most = range->file < run->repo->sources.len ? run->baseline.files[range->file].line_count : 0;
    range->first = range->first < most ? range->first : most;
    range->last = range->last < most ? range->last : most;
}

/* Takes results until the end or an error; *done counts them. */
static enum mg_code take_results(struct mg_run_context *run, const struct traced *traced, struct mg_baseline_result *results, size_t *done,
                                 size_t count, struct mg_err *err)
{
    const struct mg_agent_ops *agent = run->services->agent.ops;
    struct mg_progress progress = run->services->progress;
    for (;;) {
        struct mg_baseline_result result = { 0 };
        bool more = false;
        MG_TRY(agent->baseline_next(run->services->agent.self, run->arena, &result, &more, err));
        if (!more) {
            for (size_t i = 0; i < result.notes.len; i++)
                mg_note(run, MG_NOTE_DEGRADED, MG_STR(""), result.notes.at[i]);
            return *done < count && is_over(run) ? over(err) : MG_OK;
        }
        if (result.test >= run->collected.tests.len)
            return MG_FAIL(err, MG_E_CHILD, "the agent reported a test that was not collected");
        for (size_t i = 0; i < result.lines.len; i++)
            place(run, traced, &result.lines.at[i]);
        results[result.test] = result;
        ++*done;
        if (is_over(run))
            return over(err);
        progress.ops->step(progress.self, (uint32_t)*done, run->collected.tests.at[result.test].id);
    }
}

/* One pass; files make it the traced one. A test that kills even the interpreter it was forked from is set aside, the rest goes on.
 * *ended: so many were run before the pause came. */
static enum mg_code pass(struct mg_run_context *run, const struct traced *traced, const struct selection *tests, struct mg_baseline_result *results,
                         size_t *ended, struct mg_err *err)
{
    const struct mg_agent_ops *agent = run->services->agent.ops;
    size_t done = 0;
    double until = now(run) + tests->pause, pause = tests->pause;
    while (done < tests->count) {
        struct mg_err why = { .code = MG_OK };
        enum mg_code code = agent->baseline(run->services->agent.self, traced->paths, traced->count, tests->at + done, tests->count - done,
                                            tests->apart, pause, &why);
        if (code == MG_OK) {
            mg_read_files(run, now(run) + READ_SECONDS);
            code = take_results(run, traced, results, &done, tests->count, &why);
        }
        if (code == MG_OK)
            break;
        bool revived = false;
        mg_log_err(MG_LOG_WARNING, "the baseline broke off", &why);
        if (code == MG_E_CHILD && done < tests->count)
            MG_TRY(agent->revive(run->services->agent.self, &revived, err));
        if (!revived) {
            if (err)
                *err = why;
            return code;
        }
        results[tests->at[done++]].text = mg_arena_str(run->arena, mg_str_from(why.text)); /* its outcome is CRASHED from the beginning */
        if (pause > 0)
            pause = until - now(run) > NO_TIME ? until - now(run) : NO_TIME;
    }
    *ended = done;
    return MG_OK;
}

static void set_aside(struct mg_run_context *run, enum mg_cause_kind kind, struct mg_str text, const struct mg_baseline_result *result)
{
    mg_cause_add(run, &(struct mg_mishap){ .kind = kind,
                                           .subject = run->collected.tests.at[result->test].id,
                                           .text = text,
                                           .refused = result->refused.at,
                                           .refused_count = result->refused.len });
}

static void keep_test(struct mg_run_context *run, struct mg_baseline_result *first, const struct mg_baseline_result *second)
{
    keep_lines(run, first);
    first->special |= second->special;
    if (second->seconds < first->seconds)
        first->seconds = second->seconds;
}

/* A score of named targets asks only tests that run lines of their files, and such tests' neighbours. Writing tests, static mutants and the cache ask
 * others, too. */
static bool is_narrow(const struct mg_run_context *run)
{
    return run->watched && !run->every_line && !run->services->generator.ops && !run->config->mutation.static_mutants;
}

/* Which tests are to be run again: of those that were run now, and behind them, of those that a part before this one has run once. The others become,
 * or stay, those that have been run once. Returns how many of those run now there are. */
static size_t find_again(struct mg_run_context *run, size_t ended, struct selection *again)
{
    static bool concerned = true;
    bool narrow = is_narrow(run);
    size_t done = run->baseline.done, all = done + ended, from_now = 0;
    uint32_t *list = MG_NEW_ARRAY(run->arena, uint32_t, all + 1);
    struct mg_map files;
    mg_map_init(&files, run->arena);
    for (size_t i = 0; i < all; i++)
        if (run->baseline.results[run->baseline.order.at[i]].lines.len)
            *mg_map_slot(&files, run->collected.tests.at[run->baseline.order.at[i]].file) = &concerned;
    for (size_t turn = 0; turn < all; turn++) {
        size_t i = (done + turn) % all;
        uint32_t test = run->baseline.order.at[i];
        bool candidate = i < done ? run->baseline.once[test] : mg_test_counts(run, test);
        bool runs = candidate && (!narrow || mg_map_get(&files, run->collected.tests.at[test].file));
        run->baseline.once[test] = candidate && !runs;
        if (runs)
            list[again->count++] = test;
        from_now = turn < ended ? again->count : from_now;
    }
    again->at = list;
    return from_now;
}

static struct mg_str flaky_text(struct mg_run_context *run, const struct mg_baseline_result *second)
{
    struct mg_str what = mg_arena_printf(run->arena, "%s%s%.*s", outcome_words[second->outcome], second->text.len ? ": " : "", MG_FMT(second->text));
    if (run->start.jobs > 1)
        return mg_arena_printf(
            run->arena, "it passed alone, but beside %lld more of itself it %.*s (if they share a port or a file outside the repo, --jobs 1 helps)",
            (long long)run->start.jobs - 1, MG_FMT(what));
    return mg_arena_printf(run->arena, "it passed, then it %.*s", MG_FMT(what));
}

/* Keeps tests that pass in both passes, and expected failures and skipped ones that a mutant could make fail; the second one's time is the one without
 * tracing. */
static void compare(struct mg_run_context *run, uint32_t test, const struct mg_baseline_result *second)
{
    struct mg_baseline_result *first = &run->baseline.results[test];
    if (first->outcome != MG_TEST_PASSED)
        mg_cause_asked(run, first->asked.at, first->asked.len);
    bool skipped = first->outcome == MG_TEST_SKIPPED, expected = skipped || first->outcome == MG_TEST_XFAILED;
    first->can_fail &= !skipped || second->outcome == MG_TEST_SKIPPED; /* what skips itself now and then is not flaky, and proves nothing */
    if (expected && !first->can_fail)
        return;
    if (expected && second->outcome == first->outcome) {
        keep_test(run, first, second);
    } else if (first->outcome != MG_TEST_PASSED && !expected) {
        set_aside(run, causes[first->outcome], first->text, first);
    } else if (second->outcome != first->outcome) {
        set_aside(run, MG_CAUSE_FLAKY, flaky_text(run, second), second);
        first->outcome = MG_TEST_FAILED;
    } else {
        run->baseline.passed++;
        keep_test(run, first, second);
    }
}

/* A test that had been run once, and counted, when a later one of its file came to run a watched line. `second`: NULL where the time was over. */
static void compare_late(struct mg_run_context *run, uint32_t test, const struct mg_baseline_result *second)
{
    run->baseline.once[test] = !second;
    if (!second)
        return;
    run->baseline.passed -= run->baseline.results[test].outcome == MG_TEST_PASSED;
    compare(run, test, second);
}

/* Before the causes are told: what was asked for on import matters when something did not pass. */
static void tell_causes(struct mg_run_context *run)
{
    if (run->causes)
        mg_cause_asked(run, run->collected.asked.at, run->collected.asked.len);
    if (run->causes)
        mg_causes_tell(run);
}

void mg_baseline_begin(struct mg_run_context *run)
{
    if (run->baseline.results)
        return;
    size_t count = run->collected.tests.len, file_count = run->repo->sources.len;
    run->baseline.results = MG_NEW_ARRAY(run->arena, struct mg_baseline_result, count + 1);
    run->baseline.once = MG_NEW_ARRAY(run->arena, bool, count + 1);
    run->baseline.files = MG_NEW_ARRAY(run->arena, struct mg_file_coverage, file_count);
    for (size_t i = 0; i < file_count; i++) {
        run->baseline.files[i].line_count = count_lines(run->repo->sources.at[i].text) + 1;
        run->baseline.files[i].lines = MG_NEW_ARRAY(run->arena, bool, run->baseline.files[i].line_count);
    }
    for (uint32_t i = 0; i < count; i++) {
        run->baseline.results[i] = (struct mg_baseline_result){ .test = i, .outcome = MG_TEST_CRASHED }; /* until it has said otherwise */
        if (!run->chosen || run->chosen[i])
            *MG_PUSH(run->arena, &run->baseline.order) = i;
    }
}

/* A part of what is left to the end, as a pause; 0 without one. */
static double seconds_left(const struct mg_run_context *run, double part)
{
    double left = (run->baseline.end - now(run)) * part;
    return run->baseline.end <= 0 ? 0 : left > NO_TIME ? left : NO_TIME;
}

/* Of the suspects' others as many as stay small beside what has been run, each once. */
static struct selection choose_apart(struct mg_run_context *run, const struct mg_suspects *suspects, const struct mg_baseline_result *results,
                                     double took)
{
    double left = took * SHARE_OF_LAZY > LEAST_LAZY_SECONDS ? took * SHARE_OF_LAZY : LEAST_LAZY_SECONDS;
    uint32_t *others = MG_NEW_ARRAY(run->arena, uint32_t, suspects->len + 1);
    bool *chosen = MG_NEW_ARRAY(run->arena, bool, run->collected.tests.len + 1);
    struct selection apart = { .at = others, .pause = 2 * left, .apart = true };
    for (size_t i = 0; i < suspects->len; i++) {
        uint32_t other = suspects->at[i].other;
        double takes = results[other].seconds + FORK_SECONDS;
        if (chosen[other] || takes > left)
            continue;
        chosen[other] = true;
        others[apart.count++] = other;
        left -= takes;
    }
    return apart;
}

/* Tests that show what others than the first would run (lazy.h), each by itself. */
static enum mg_code look_for_lazy(struct mg_run_context *run, const struct traced *traced, const uint32_t *tests, size_t count,
                                  struct mg_baseline_result *results, struct mg_err *err)
{
    struct mg_suspects suspects = mg_lazy_suspects(run, tests, count, results);
    double took = 0;
    size_t ended = 0;
    for (size_t i = 0; i < count; i++)
        took += results[tests[i]].seconds;
    struct selection apart = choose_apart(run, &suspects, results, took);
    if (!apart.count)
        return MG_OK;
    struct mg_baseline_result *alone = MG_NEW_ARRAY(run->arena, struct mg_baseline_result, run->collected.tests.len + 1);
    for (uint32_t i = 0; i < run->collected.tests.len; i++)
        alone[i] = (struct mg_baseline_result){ .test = i, .outcome = MG_TEST_CRASHED };
    struct mg_progress progress = run->services->progress;
    progress.ops->phase(progress.self, "baseline", MG_STR("running some by themselves, for what only the first one runs"), (uint32_t)apart.count);
    MG_TRY(pass(run, traced, &apart, alone, &ended, err));
    size_t shared = mg_lazy_share(run, &suspects, alone, results);
    MG_LOG(MG_LOG_DEBUG, "tests by themselves", MG_L_INT("suspects", suspects.len), MG_L_INT("run", apart.count), MG_L_INT("shared", shared));
    return MG_OK;
}

enum mg_code mg_baseline_part(struct mg_run_context *run, size_t count, double pause, struct mg_err *err)
{
    struct mg_progress progress = run->services->progress;
    size_t ended = 0, ended_again = 0;
    struct mg_baseline_result *first = run->baseline.results;
    struct mg_baseline_result *second = MG_NEW_ARRAY(run->arena, struct mg_baseline_result, run->collected.tests.len + 1);
    const uint32_t *tests = run->baseline.order.at + run->baseline.done;
    struct traced traced = find_traced(run), none = { 0 };
    progress.ops->phase(progress.self, "baseline", MG_STR("running the existing tests, traced"), (uint32_t)count);
    MG_TRY(pass(run, &traced, &(struct selection){ .at = tests, .count = count, .pause = pause }, first, &ended, err));
    if (traced.count)
        MG_TRY(look_for_lazy(run, &traced, tests, ended, first, err));

    bool *missed = MG_NEW_ARRAY(run->arena, bool, run->collected.tests.len + 1);
    struct selection again = { .pause = seconds_left(run, 1.0) };
    size_t from_now = find_again(run, ended, &again);
    for (size_t i = 0; i < again.count; i++)
        second[again.at[i]] = (struct mg_baseline_result){ .test = again.at[i], .outcome = MG_TEST_CRASHED };
    progress.ops->phase(progress.self, "baseline", MG_STR("running them again, for flaky ones and times"), (uint32_t)again.count);
    if (again.count)
        MG_TRY(pass(run, &none, &again, second, &ended_again, err));
    for (size_t i = 0; i < again.count; i++)
        missed[again.at[i]] = i >= ended_again;
    for (size_t i = from_now; i < again.count; i++)
        compare_late(run, again.at[i], missed[again.at[i]] ? NULL : &second[again.at[i]]);
    size_t done = 0;
    while (done < ended && !missed[tests[done]]) {
        compare(run, tests[done], run->baseline.once[tests[done]] ? &first[tests[done]] : &second[tests[done]]);
        done++;
    }
    for (size_t i = done; i < ended; i++) /* once is not enough */
        first[tests[i]] = (struct mg_baseline_result){ .test = tests[i], .outcome = MG_TEST_CRASHED };
    run->baseline.done += done;
    return MG_OK;
}

void mg_baseline_cut(struct mg_run_context *run)
{
    for (size_t i = run->baseline.done; i < run->baseline.order.len; i++)
        run->baseline.results[run->baseline.order.at[i]].outcome = MG_TEST_CRASHED;
    tell_causes(run);
}

void mg_baseline_bound(struct mg_run_context *run)
{
    if (run->deadline > 0)
        run->baseline.end = now(run) + (run->deadline - now(run)) * SHARE;
}

/* Kept tests are confirmed as ever; it is the scores that may be better than they look. */
static void say_not_run(struct mg_run_context *run)
{
    struct mg_progress progress = run->services->progress;
    struct mg_str text = mg_arena_printf(
        run->arena,
        "%u of %zu existing tests were not run: half of the time limit is for them. They may kill more mutants, so scores can only be higher",
        run->report->existing_not_run, run->baseline.order.len);
    mg_note(run, MG_NOTE_DEGRADED, MG_STR(""), text);
    progress.ops->line(progress.self, text);
}

enum mg_code mg_baseline_rest(struct mg_run_context *run, struct mg_err *err)
{
    mg_baseline_begin(run);
    size_t before = SIZE_MAX;
    while (run->baseline.done < run->baseline.order.len && run->baseline.done != before) {
        before = run->baseline.done;
        if (before == 0 || run->baseline.end <= 0 || seconds_left(run, 1.0) >= LEAST_SECONDS)
            MG_TRY(mg_baseline_part(run, run->baseline.order.len - before, seconds_left(run, SHARE_OF_TRACING), err));
    }
    return MG_OK;
}

void mg_baseline_recount(struct mg_run_context *run)
{
    run->baseline.passed = 0;
    for (size_t i = 0; i < run->repo->sources.len; i++) {
        run->baseline.files[i].len = 0;
        memset(run->baseline.files[i].lines, 0, run->baseline.files[i].line_count * sizeof(bool));
    }
    for (uint32_t i = 0; i < run->collected.tests.len; i++)
        if (mg_test_counts(run, i)) {
            keep_lines(run, &run->baseline.results[i]);
            run->baseline.passed += run->baseline.results[i].outcome == MG_TEST_PASSED;
        }
}

void mg_baseline_end(struct mg_run_context *run)
{
    run->report->existing_not_run = (uint32_t)(run->baseline.order.len - run->baseline.done);
    if (run->report->existing_not_run)
        say_not_run(run);
    mg_event_baseline(run);
    tell_causes(run);
}

enum mg_code mg_run_baseline(struct mg_run_context *run, struct mg_err *err)
{
    MG_TRY(mg_baseline_rest(run, err));
    mg_baseline_end(run);
    return MG_OK;
}

void mg_baseline_count(struct mg_run_context *run)
{
    struct mg_report *report = run->report;
    report->existing_passed = run->baseline.passed;
    report->existing_skipped = report->existing_xfailed = 0;
    for (size_t i = 0; i < run->baseline.done; i++) {
        enum mg_test_outcome outcome = run->baseline.results[run->baseline.order.at[i]].outcome;
        report->existing_skipped += outcome == MG_TEST_SKIPPED;
        report->existing_xfailed += outcome == MG_TEST_XFAILED;
    }
}

bool mg_runs_line(const struct mg_baseline_result *result, uint32_t file, uint32_t line)
{
    for (size_t i = 0; i < result->lines.len; i++)
        if (result->lines.at[i].file == file && result->lines.at[i].first <= line && line <= result->lines.at[i].last)
            return true;
    return false;
}

bool mg_is_covered(const struct mg_run_context *run, size_t file, uint32_t line)
{
    const struct mg_file_coverage *coverage = &run->baseline.files[file];
    return line < coverage->line_count && coverage->lines[line];
}

bool mg_test_counts(const struct mg_run_context *run, uint32_t test)
{
    const struct mg_baseline_result *result = &run->baseline.results[test];
    return result->outcome == MG_TEST_PASSED || ((result->outcome == MG_TEST_XFAILED || result->outcome == MG_TEST_SKIPPED) && result->can_fail);
}
