/* Fresh interpreters have the last word: other hash seeds, other order, the existing tests beside them. Then outcomes are stored. */
#include "base/log.h"
#include "base/str.h"
#include "core/text.h"
#include "python/mutate.h"
#include "python/testmodule.h"
#include "services/context.h"
#include "services/events.h"

#include <string.h>

#define MOST_NEIGHBOURS 400
#define NEIGHBOUR_SECONDS 20.0

/* What the batch knows of the chosen tests of one pending target, by suite index. */
struct vote {
    bool *keep;
    bool *seen;
    struct mg_str *reasons;
};

static void reject(struct vote *vote, uint32_t test, struct mg_str reason)
{
    if (vote->keep[test])
        vote->reasons[test] = reason;
    vote->keep[test] = false;
}

static uint32_t suite_index(const struct mg_pending *pending, struct mg_str name)
{
    for (size_t i = 0; i < pending->order_count; i++)
        if (mg_str_eq(pending->suite->tests.at[pending->order[i]].name, name))
            return pending->order[i];
    return UINT32_MAX;
}

static void count_votes(struct mg_pending *pending, struct vote *vote, const struct mg_confirmed *confirmed, const char *where,
                        struct mg_arena *arena)
{
    for (size_t i = 0; i < pending->order_count; i++)
        vote->seen[pending->order[i]] = false;
    for (size_t i = 0; i < confirmed->tests.len; i++) {
        const struct mg_confirmed_test *test = &confirmed->tests.at[i];
        if (!mg_str_eq(mg_test_file(test->id), pending->path))
            continue;
        uint32_t index = suite_index(pending, mg_test_function(test->id));
        if (index == UINT32_MAX)
            continue;
        if (test->outcome == MG_TEST_PASSED)
            vote->seen[index] = true;
        else if (test->outcome != MG_TEST_SKIPPED) /* a fixture of the repo may skip one of its variants, not all */
            reject(vote, index, mg_arena_printf(arena, "does not pass in a fresh interpreter (%s): %.*s", where, MG_FMT(test->text)));
    }
    for (size_t i = 0; i < pending->order_count; i++)
        if (!vote->seen[pending->order[i]])
            reject(vote, pending->order[i], mg_arena_printf(arena, "was not run, or was skipped, in a fresh interpreter (%s)", where));
}

static void add_source(struct mg_confirm *what, const struct mg_pending *pending, struct mg_arena *arena)
{
    struct mg_str module = mg_testmodule_compose(arena, pending->outcome->module, &pending->kept, 1);
    *MG_PUSH(arena, &what->sources) = (struct mg_confirm_source){ pending->path, module };
    *MG_PUSH(arena, &what->files) = pending->path;
}

/* Existing tests that a generated one could disturb: quick ones of the same run, evenly spread, after the generated files. */
static size_t add_neighbours(const struct mg_run_context *run, struct mg_confirm *what, struct mg_arena *arena)
{
    size_t stride = run->baseline.passed / MOST_NEIGHBOURS + 1, added = 0, passing = 0;
    double seconds = 0;
    for (size_t i = 0; i < run->collected.tests.len && seconds < NEIGHBOUR_SECONDS; i++) {
        const struct mg_baseline_result *result = &run->baseline.results[i];
        if (result->outcome != MG_TEST_PASSED || passing++ % stride || mg_str_contains(run->collected.tests.at[i].id, "\xEF\xBF\xBD"))
            continue; /* U+FFFD stands for bytes that could not be told: nothing is found by that name */
        *MG_PUSH(arena, &what->files) = run->collected.tests.at[i].id;
        seconds += result->seconds;
        added++;
    }
    return added;
}

static enum mg_code confirm(const struct mg_run_context *run, struct mg_confirm *what, struct mg_arena *arena, struct mg_confirmed *confirmed,
                            struct mg_err *err)
{
    what->seconds = 60.0 + (double)what->files.len + NEIGHBOUR_SECONDS;
    return run->services->agent.ops->confirm(run->services->agent.self, what, arena, confirmed, err);
}

/* Existing tests that failed beside the generated ones. */
static size_t disturbed(const struct mg_confirmed *confirmed, const struct mg_pending *pending, size_t count, struct mg_arena *arena,
                        struct mg_str **ids)
{
    size_t found = 0;
    *ids = MG_NEW_ARRAY(arena, struct mg_str, confirmed->tests.len);
    for (size_t i = 0; i < confirmed->tests.len; i++) {
        const struct mg_confirmed_test *test = &confirmed->tests.at[i];
        bool generated = false;
        for (size_t p = 0; p < count; p++)
            generated |= mg_str_eq(mg_test_file(test->id), pending[p].path);
        if (!generated && (test->outcome == MG_TEST_FAILED || test->outcome == MG_TEST_ERROR))
            (*ids)[found++] = test->id;
    }
    return found;
}

/* Which of the pending suites disturbs `ids`? Those tests alone first: they may fail in a fresh interpreter by themselves. */
static enum mg_code find_leak(struct mg_run_context *run, struct mg_pending *pending, struct vote *votes, size_t count, const struct mg_str *ids,
                              size_t id_count, struct mg_arena *arena, struct mg_err *err)
{
    struct mg_confirm alone = { .hash_seed = MG_STR("0") };
    for (size_t i = 0; i < id_count; i++)
        *MG_PUSH(arena, &alone.files) = ids[i];
    struct mg_confirmed confirmed = { 0 };
    struct mg_str *failing;
    MG_TRY(confirm(run, &alone, arena, &confirmed, err));
    if (disturbed(&confirmed, pending, count, arena, &failing))
        return MG_OK;
    for (size_t p = 0; p < count; p++) {
        if (pending[p].order_count == 0)
            continue;
        struct mg_confirm beside = { .hash_seed = MG_STR("0") };
        add_source(&beside, &pending[p], arena);
        for (size_t i = 0; i < id_count; i++)
            *MG_PUSH(arena, &beside.files) = ids[i];
        struct mg_confirmed with = { 0 };
        MG_TRY(confirm(run, &beside, arena, &with, err));
        if (disturbed(&with, pending, count, arena, &failing))
            for (size_t i = 0; i < pending[p].order_count; i++)
                reject(&votes[p], pending[p].order[i], mg_arena_printf(arena, "disturbs its neighbour %.*s", MG_FMT(failing[0])));
    }
    return MG_OK;
}

static enum mg_code vote_batch(struct mg_run_context *run, struct mg_pending *pending, struct vote *votes, size_t count, struct mg_arena *arena,
                               struct mg_err *err)
{
    static const struct {
        const char *where;
        struct mg_str hash_seed;
        bool reversed, neighbours;
    } rounds[] = {
        { "hash seed 1", MG_STR_INIT("1"), false, false },
        { "reversed order", MG_STR_INIT("random"), true, false },
        { "before the existing tests", MG_STR_INIT("4242"), false, true },
    };
    for (size_t r = 0; r < MG_COUNT(rounds); r++) {
        struct mg_confirm what = { .hash_seed = rounds[r].hash_seed, .reversed = rounds[r].reversed };
        for (size_t p = 0; p < count; p++)
            if (pending[p].order_count)
                add_source(&what, &pending[p], arena);
        if (what.sources.len == 0)
            return MG_OK;
        size_t generated = what.files.len, neighbours = rounds[r].neighbours ? add_neighbours(run, &what, arena) : 0;
        struct mg_confirmed confirmed = { 0 };
        MG_TRY(confirm(run, &what, arena, &confirmed, err));
        if (confirmed.tests.len == 0 && neighbours) { /* pytest runs nothing at all when it does not find one of them by its name */
            mg_note(run, MG_NOTE_DEGRADED, MG_STR(""),
                    MG_STR("existing tests cannot be run beside the generated ones: pytest does not find them by name"));
            what.files.len = generated;
            MG_TRY(confirm(run, &what, arena, &confirmed, err));
        }
        for (size_t p = 0; p < count; p++)
            count_votes(&pending[p], &votes[p], &confirmed, rounds[r].where, arena);
        struct mg_str *failing;
        size_t failed = rounds[r].neighbours ? disturbed(&confirmed, pending, count, arena, &failing) : 0;
        if (failed)
            MG_TRY(find_leak(run, pending, votes, count, failing, failed, arena, err));
    }
    return MG_OK;
}

/* Only what a reader will be shown gets a diff. */
static void draw_diffs(const struct mg_run_context *run, struct mg_outcome *outcome, struct mg_arena *arena)
{
    struct mg_str text = MG_STR("");
    for (size_t i = 0; i < run->repo->sources.len; i++)
        if (mg_str_eq(run->repo->sources.at[i].path, outcome->path))
            text = run->repo->sources.at[i].text;
    for (size_t i = 0; i < outcome->mutants.len; i++) {
        struct mg_judged *judged = &outcome->mutants.at[i];
        if (judged->after.verdict != MG_VERDICT_killed && judged->after.verdict != MG_VERDICT_ignored)
            judged->diff = mg_mutant_diff(outcome->path, text, &judged->mutant, arena);
    }
}

static void tell(struct mg_run_context *run, const struct mg_outcome *outcome, struct mg_arena *arena)
{
    uint32_t kept = 0;
    for (size_t i = 0; i < outcome->tests.len; i++)
        kept += outcome->tests.at[i].kept;
    struct mg_str line, before = mg_text_score(arena, &outcome->before), after = mg_text_score(arena, &outcome->after);
    const char *status = outcome->state == MG_TARGET_SELECTED ? "measured" : mg_text_status(outcome->state);
    struct mg_str name = mg_arena_printf(arena, "%-10s %.*s", status, MG_FMT(outcome->qualified_name));
    if (outcome->state == MG_TARGET_KEPT)
        line = mg_arena_printf(arena, "%.*s  %.*s -> %.*s  %u test%s", MG_FMT(name), MG_FMT(before), MG_FMT(after), kept, kept == 1 ? "" : "s");
    else if (outcome->state == MG_TARGET_DISCARDED || outcome->state == MG_TARGET_UNFINISHED)
        line = mg_arena_printf(arena, "%.*s  %.*s", MG_FMT(name), MG_FMT(outcome->reason));
    else
        line = mg_arena_printf(arena, "%.*s  %.*s", MG_FMT(name), MG_FMT(before));
    run->services->progress.ops->line(run->services->progress.self, line);
}

enum mg_code mg_confirm_pending(struct mg_run_context *run, struct mg_arena *arena, struct mg_pending *pending, size_t count, struct mg_err *err)
{
    struct vote *votes = MG_NEW_ARRAY(arena, struct vote, count);
    for (size_t p = 0; p < count; p++) {
        size_t tests = pending[p].outcome->tests.len;
        votes[p] = (struct vote){ MG_NEW_ARRAY(arena, bool, tests), MG_NEW_ARRAY(arena, bool, tests), MG_NEW_ARRAY(arena, struct mg_str, tests) };
        for (size_t i = 0; i < pending[p].order_count; i++)
            votes[p].keep[pending[p].order[i]] = true;
    }
    mg_log_phase("confirming");
    MG_TRY(vote_batch(run, pending, votes, count, arena, err));
    for (size_t p = 0; p < count; p++) {
        mg_log_target(pending[p].outcome->qualified_name);
        mg_settle_target(run, arena, &pending[p], votes[p].keep, votes[p].reasons);
        draw_diffs(run, pending[p].outcome, arena);
        mg_redact_outcome(arena, run->services->secrets, pending[p].outcome);
        MG_TRY(run->services->store.ops->finish(run->services->store.self, run->request.run_id, run->fingerprint, pending[p].outcome, err));
        mg_event_confirmed(pending[p].outcome);
        tell(run, pending[p].outcome, arena);
    }
    mg_log_target(MG_NO_STR);
    mg_log_phase("processing");
    return MG_OK;
}
