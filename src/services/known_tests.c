/* The baseline of a session that knows an earlier one's. What is believed, and why: known.h. */
#include "services/known_tests.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"
#include "services/events.h"
#include "services/record.h"

#define MOST_ROUNDS 5

struct known_test {
    bool stored; /* an earlier session has told of it */
    bool reused;
    struct mg_record_test record;
};
struct mg_known_tests {
    struct mg_run_context *run;
    struct mg_depend *depend;
    struct mg_cache cache;
    struct known_test *tests;    /* by index */
    struct mg_placed_lines gone; /* lines of tests that are no longer there */
    uint32_t reused;
};

static struct mg_str key_of(const struct mg_known_tests *known, const char *what, struct mg_str name)
{
    struct mg_str text = mg_arena_printf(known->run->arena, "%s\n%.*s\n%.*s", what, MG_FMT(mg_depend_common(known->depend)), MG_FMT(name));
    return mg_sha256_hex(known->run->arena, text, 40);
}

/* The list of all tests is that of one repo, whatever else lies in the same storage root. */
static struct mg_str suite_key(const struct mg_known_tests *known) { return key_of(known, "suite", known->run->repo->original); }

static enum mg_code find(struct mg_known_tests *known, struct mg_str id, bool *stored, struct mg_record_test *record, struct mg_err *err)
{
    const struct mg_cache *cache = &known->cache;
    struct mg_str text;
    *stored = false;
    MG_TRY(cache->ops->find(cache->self, MG_CACHE_VERDICT, key_of(known, "test", id), known->run->arena, &text, err));
    if (!text.at)
        return MG_OK;
    if (!mg_record_read_test(text, known->run->arena, record))
        return cache->ops->drop(cache->self, err);
    *stored = true;
    return MG_OK;
}

/* As if it had just run, when its digest says so. */
static bool reuse(struct mg_known_tests *known, uint32_t test)
{
    struct mg_run_context *run = known->run;
    const struct mg_record_test *record = &known->tests[test].record;
    struct mg_baseline_result result = { .test = test, .outcome = MG_TEST_PASSED, .seconds = record->seconds }, before = run->baseline.results[test];
    if (!record->usable || record->outcome != MG_TEST_PASSED || record->jobs < run->start.jobs ||
        !mg_depend_locate(known->depend, record->lines.at, record->lines.len, run->arena, &result))
        return false;
    for (size_t i = 0; i < record->opened.len; i++)
        *MG_PUSH(run->arena, &result.opened) = record->opened.at[i];
    run->baseline.results[test] = result;
    if (mg_str_eq(mg_depend_test(known->depend, test), record->digest))
        return true;
    run->baseline.results[test] = before;
    mg_depend_forget(known->depend, test);
    return false;
}

/* Tests of the last session that are not collected any more. */
static enum mg_code find_gone(struct mg_known_tests *known, struct mg_err *err)
{
    struct mg_run_context *run = known->run;
    struct mg_str text, id;
    struct mg_map here;
    if (run->chosen)
        return MG_OK; /* it looks at a part */
    mg_map_init(&here, run->arena);
    for (size_t i = 0; i < run->collected.tests.len; i++)
        *mg_map_slot(&here, run->collected.tests.at[i].id) = known;
    MG_TRY(known->cache.ops->find(known->cache.self, MG_CACHE_VERDICT, suite_key(known), run->arena, &text, err));
    while (text.at && mg_str_next_part(&text, '\n', &id)) {
        struct mg_record_test record;
        bool stored = false;
        if (id.len == 0 || mg_map_get(&here, id))
            continue;
        MG_TRY(find(known, id, &stored, &record, err));
        for (size_t i = 0; stored && i < record.lines.len; i++)
            *MG_PUSH(run->arena, &known->gone) = record.lines.at[i];
    }
    return MG_OK;
}

enum mg_code mg_known_tests_begin(struct mg_run_context *run, struct mg_depend *depend, struct mg_cache cache, struct mg_known_tests **made,
                                  struct mg_err *err)
{
    struct mg_known_tests *known = *made = MG_NEW(run->arena, struct mg_known_tests);
    size_t left = 0;
    *known = (struct mg_known_tests){ .run = run, .depend = depend, .cache = cache };
    known->tests = MG_NEW_ARRAY(run->arena, struct known_test, run->collected.tests.len + 1);
    mg_baseline_begin(run);
    for (size_t i = 0; i < run->baseline.order.len; i++) {
        uint32_t test = run->baseline.order.at[i];
        struct known_test *one = &known->tests[test];
        MG_TRY(find(known, run->collected.tests.at[test].id, &one->stored, &one->record, err));
        one->reused = one->stored && reuse(known, test);
        known->reused += one->reused;
        if (!one->reused)
            run->baseline.order.at[left++] = test;
    }
    run->baseline.order.len = left;
    MG_TRY(find_gone(known, err));
    mg_baseline_recount(run);
    return MG_OK;
}

/* ---- what differs from a session that runs all ---- */

static bool is_bad(enum mg_test_outcome outcome) { return outcome != MG_TEST_PASSED && outcome != MG_TEST_SKIPPED && outcome != MG_TEST_XFAILED; }

/* A test that does not pass, and that no earlier session has seen like that. */
static bool is_surprised(const struct mg_known_tests *known)
{
    const struct mg_baseline *baseline = &known->run->baseline;
    for (size_t i = 0; i < baseline->done; i++) {
        const struct known_test *one = &known->tests[baseline->order.at[i]];
        enum mg_test_outcome outcome = baseline->results[baseline->order.at[i]].outcome;
        if (is_bad(outcome) && !(one->stored && one->record.outcome == outcome))
            return true;
    }
    return false;
}

static enum mg_code run_all(struct mg_known_tests *known, struct mg_err *err)
{
    struct mg_run_context *run = known->run;
    run->baseline = (struct mg_baseline){ .end = run->baseline.end };
    run->causes = NULL;
    run->early = NULL;
    known->reused = 0;
    mg_gather_uncollected(run);
    for (uint32_t i = 0; i < run->collected.tests.len; i++) {
        known->tests[i].reused = false;
        mg_depend_forget(known->depend, i);
    }
    return mg_baseline_rest(run, err);
}

static struct mg_str place_key(struct mg_arena *arena, const struct mg_placed *placed, uint32_t line)
{
    return mg_arena_printf(arena, "%.*s\n%.*s\n%u %u %u", MG_FMT(placed->path), MG_FMT(placed->unit), placed->number, placed->functions, line);
}

static void add_lost(const struct mg_known_tests *known, struct mg_map *ran, const struct mg_placed *places, size_t count, struct mg_arena *arena,
                     struct mg_placed_lines *lost)
{
    for (size_t i = 0; i < count; i++)
        for (uint32_t line = places[i].first; line >= places[i].first && line <= places[i].last; line++)
            if (!mg_map_get(ran, place_key(arena, &places[i], line))) {
                *MG_PUSH(known->run->arena, lost) = places[i];
                break;
            }
}

/* Places that tests once ran which now have run, or are gone, while none of those that have run now does. */
static void find_lost(struct mg_known_tests *known, struct mg_arena *arena, struct mg_placed_lines *lost)
{
    const struct mg_run_context *run = known->run;
    struct mg_map ran;
    mg_map_init(&ran, arena);
    for (size_t i = 0; i < run->baseline.order.len; i++) {
        struct mg_placed_lines places;
        if (!mg_test_counts(run, run->baseline.order.at[i]))
            continue;
        mg_depend_place(known->depend, &run->baseline.results[run->baseline.order.at[i]], arena, &places);
        for (size_t k = 0; k < places.len; k++)
            for (uint32_t line = places.at[k].first; line <= places.at[k].last; line++)
                *mg_map_slot(&ran, place_key(arena, &places.at[k], line)) = known;
    }
    add_lost(known, &ran, known->gone.at, known->gone.len, arena, lost);
    for (size_t i = 0; i < run->baseline.order.len; i++) {
        const struct known_test *one = &known->tests[run->baseline.order.at[i]];
        if (one->stored)
            add_lost(known, &ran, one->record.lines.at, one->record.lines.len, arena, lost);
    }
}

/* Those that may come to a lost place run after all. `all`: every one. */
static void take_back(struct mg_known_tests *known, const struct mg_placed_lines *lost, bool all)
{
    struct mg_run_context *run = known->run;
    for (uint32_t i = 0; i < run->collected.tests.len; i++) {
        if (!known->tests[i].reused || !(all || mg_depend_reaches(known->depend, i, lost)))
            continue;
        known->tests[i].reused = false;
        known->reused--;
        run->baseline.results[i] = (struct mg_baseline_result){ .test = i, .outcome = MG_TEST_CRASHED };
        mg_depend_forget(known->depend, i);
        *MG_PUSH(run->arena, &run->baseline.order) = i;
    }
}

/* By source and line: a test runs it that need not run now. */
static bool **lines_of_reused(const struct mg_known_tests *known)
{
    const struct mg_run_context *run = known->run;
    bool **lines = MG_NEW_ARRAY(run->arena, bool *, run->repo->sources.len + 1);
    for (size_t i = 0; i < run->repo->sources.len; i++)
        lines[i] = MG_NEW_ARRAY(run->arena, bool, run->baseline.files[i].line_count);
    for (size_t test = 0; test < run->collected.tests.len; test++)
        for (size_t i = 0; known->tests[test].reused && i < run->baseline.results[test].lines.len; i++) {
            struct mg_line_range range = run->baseline.results[test].lines.at[i];
            for (uint32_t line = range.first; range.file < run->repo->sources.len && line <= range.last; line++)
                if (line < run->baseline.files[range.file].line_count)
                    lines[range.file][line] = true;
        }
    return lines;
}

/* Whether each line that `more` runs is one of `less`, or one that a test runs which need not run now: it may have run it first then. `reused` may be
 * NULL. */
static bool is_explained(const struct mg_run_context *run, const struct mg_baseline_result *more, const struct mg_baseline_result *less,
                         bool *const *reused)
{
    for (size_t i = 0; i < more->lines.len; i++) {
        struct mg_line_range range = more->lines.at[i];
        for (uint32_t line = range.first; line <= range.last; line++) {
            bool other =
                reused && range.file < run->repo->sources.len && line < run->baseline.files[range.file].line_count && reused[range.file][line];
            if (!other && !mg_runs_line(less, range.file, line))
                return false;
        }
    }
    return true;
}

/* A special test runs each time. Where nothing that it may come to has changed, and it passed as it did then, it may yet run more lines than then: those
 * that only the first test of a process runs, as it now is. In a session that runs all it would not be; so what is known of it holds. */
static void take_as_known(struct mg_known_tests *known, uint32_t test, bool *const *reused)
{
    struct mg_run_context *run = known->run;
    const struct known_test *one = &known->tests[test];
    struct mg_baseline_result now = run->baseline.results[test], then = now;
    if (!one->stored || one->record.outcome != MG_TEST_PASSED || !mg_test_counts(run, test) ||
        !mg_depend_locate(known->depend, one->record.lines.at, one->record.lines.len, run->arena, &then) || !is_explained(run, &now, &then, reused) ||
        !is_explained(run, &then, &now, NULL))
        return;
    run->baseline.results[test] = then;
    mg_depend_forget(known->depend, test);
    if (mg_str_eq(mg_depend_test(known->depend, test), one->record.digest))
        return;
    run->baseline.results[test] = now;
    mg_depend_forget(known->depend, test);
}

/* Lines that cross from one function into the next are told apart, as they come from the cache. */
static void normalize(struct mg_known_tests *known)
{
    struct mg_run_context *run = known->run;
    for (size_t i = 0; i < run->baseline.order.len; i++) {
        struct mg_baseline_result *result = &run->baseline.results[run->baseline.order.at[i]], copy = *result;
        struct mg_placed_lines places;
        mg_depend_place(known->depend, result, run->arena, &places);
        if (mg_depend_locate(known->depend, places.at, places.len, run->arena, &copy))
            *result = copy;
    }
}

enum mg_code mg_known_tests_check(struct mg_known_tests *known, struct mg_err *err)
{
    for (int round = 0; known->reused > 0; round++) {
        if (is_surprised(known)) {
            MG_TRY(run_all(known, err));
            break;
        }
        if (known->run->baseline.done < known->run->baseline.order.len)
            break; /* what a limit of time has left out is no change */
        struct mg_arena *scratch = mg_arena_new();
        struct mg_placed_lines lost = { 0 };
        uint32_t before = known->reused;
        find_lost(known, scratch, &lost);
        if (lost.len)
            take_back(known, &lost, round == MOST_ROUNDS);
        mg_arena_free(scratch);
        if (known->reused == before)
            break;
        MG_TRY(mg_baseline_rest(known->run, err));
    }
    bool **reused = known->reused ? lines_of_reused(known) : NULL;
    for (size_t i = 0; reused && i < known->run->baseline.done; i++)
        take_as_known(known, known->run->baseline.order.at[i], reused);
    normalize(known);
    mg_baseline_recount(known->run);
    for (size_t i = 0; known->reused > 0 && i < known->run->baseline.order.len; i++)
        mg_event_ran(known->run->collected.tests.at[known->run->baseline.order.at[i]].id);
    return MG_OK;
}

uint32_t mg_known_tests_count(const struct mg_known_tests *known) { return known->reused; }

/* ---- for the next session ---- */

static uint32_t run_jobs(const struct mg_known_tests *known)
{
    int64_t jobs = known->run->start.jobs;
    return jobs > 0 && jobs < UINT32_MAX ? (uint32_t)jobs : 0;
}

static struct mg_str record_of(const struct mg_known_tests *known, uint32_t test)
{
    const struct mg_baseline_result *result = &known->run->baseline.results[test];
    struct mg_record_test record = { .digest = mg_depend_test(known->depend, test), .outcome = result->outcome, .seconds = result->seconds };
    struct mg_placed_lines places;
    record.jobs = run_jobs(known);
    record.usable = result->outcome == MG_TEST_PASSED && !result->special && !result->wide;
    for (size_t i = 0; i < result->opened.len; i++)
        *MG_PUSH(known->run->arena, &record.opened) = result->opened.at[i];
    if (mg_test_counts(known->run, test)) {
        mg_depend_place(known->depend, result, known->run->arena, &places);
        for (size_t i = 0; i < places.len; i++)
            *MG_PUSH(known->run->arena, &record.lines) = places.at[i];
    }
    return mg_record_test(&record, known->run->arena);
}

enum mg_code mg_known_tests_keep(struct mg_known_tests *known, struct mg_err *err)
{
    const struct mg_run_context *run = known->run;
    const struct mg_cache *cache = &known->cache;
    for (size_t i = 0; i < run->baseline.done; i++) {
        uint32_t test = run->baseline.order.at[i];
        MG_TRY(cache->ops->keep(cache->self, MG_CACHE_VERDICT, key_of(known, "test", run->collected.tests.at[test].id), record_of(known, test), err));
    }
    struct mg_buf suite = MG_BUF((size_t)64 << 20);
    for (size_t i = 0; i < run->collected.tests.len; i++)
        mg_buf_addf(&suite, "%.*s\n", MG_FMT(run->collected.tests.at[i].id));
    struct mg_str text = mg_buf_take(&suite, run->arena);
    if (!run->chosen)
        MG_TRY(cache->ops->keep(cache->self, MG_CACHE_VERDICT, suite_key(known), text, err));
    return cache->ops->settle(cache->self, err);
}
