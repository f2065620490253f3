/* --verify: random verdicts replayed on disk. The mutant is written into the private copy, plain pytest runs in a new interpreter, and what it
 * says is held against what we said. Nothing of the zygote, of forks or of swapped code takes part. */
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "python/mutate.h"
#include "services/limit.h"

#include <stdlib.h>

#define KILL_SECONDS 60.0    /* to start, to collect and to run one test */
#define MOST_AGAIN 4u        /* further runs of a replay that says something else */
#define TIMEOUT_SECONDS 10.0 /* the same for one that is expected to hang */

/* One verdict that claims something plain pytest can contradict. */
struct claim {
    const struct mg_outcome *outcome;
    const struct mg_judged *judged;
    struct mg_str draw; /* its place in the draw */
};
struct claims {
    MG_VEC(struct claim)
};

/* Whether a killer passes by itself on the unchanged file: where it does not, its failure beside a mutant says nothing. */
struct killer {
    struct mg_str id;
    bool passes;
};
struct killers {
    MG_VEC(struct killer)
};

static bool is_detected(enum mg_verdict verdict) { return verdict == MG_VERDICT_killed || verdict == MG_VERDICT_timeout; }

static int by_draw(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    return mg_str_cmp(x->draw, y->draw);
}

/* In an order that depends on the seed and the mutants' ids alone. */
static void draw(const struct mg_run_context *run, bool detected, struct claims *claims)
{
    for (size_t i = 0; i < run->report->outcomes.len; i++) {
        const struct mg_outcome *outcome = &run->report->outcomes.at[i];
        for (size_t k = 0; k < outcome->mutants.len; k++) {
            const struct mg_judged *judged = &outcome->mutants.at[k];
            enum mg_verdict verdict = judged->before.verdict;
            bool alive = verdict == MG_VERDICT_survived || verdict == MG_VERDICT_no_coverage;
            if (detected ? !is_detected(verdict) || judged->before.killer.len == 0 : !alive)
                continue;
            struct mg_str key = mg_arena_printf(run->arena, "%lld|%.*s", (long long)run->config->generation.seed, MG_FMT(judged->mutant.id));
            *MG_PUSH(run->arena, claims) = (struct claim){ outcome, judged, mg_sha1_hex(run->arena, key, 16) };
        }
    }
    if (claims->len)
        qsort(claims->at, claims->len, sizeof *claims->at, by_draw);
}

static const struct mg_source_file *source_of(const struct mg_run_context *run, struct mg_str path)
{
    for (size_t i = 0; i < run->repo->sources.len; i++)
        if (mg_str_eq(run->repo->sources.at[i].path, path))
            return &run->repo->sources.at[i];
    return NULL;
}

static bool was_there_before(const struct mg_run_context *run, const struct mg_collect_error *error)
{
    for (size_t i = 0; i < run->collected.errors.len; i++)
        if (mg_str_eq(run->collected.errors.at[i].where, error->where))
            return true;
    return false;
}

static void choose_killer(const struct claim *claim, struct mg_arena *arena, struct mg_confirm *what)
{
    *MG_PUSH(arena, &what->files) = claim->judged->before.killer;
    what->seconds = claim->judged->before.verdict == MG_VERDICT_timeout ? TIMEOUT_SECONDS : KILL_SECONDS;
}

/* All tests that pass without the mutant, of those that were collected. */
static void choose_all(const struct mg_run_context *run, struct mg_arena *arena, struct mg_confirm *what)
{
    what->files.len = 0;
    for (size_t i = 0; i < run->start.only_count; i++)
        *MG_PUSH(arena, &what->files) = run->start.only[i];
    what->seconds = KILL_SECONDS;
    for (uint32_t i = 0; i < run->collected.tests.len; i++) {
        what->seconds += 10.0 * run->baseline.results[i].seconds;
        enum mg_test_outcome outcome = run->baseline.results[i].outcome;
        if (!mg_test_counts(run, i) && outcome != MG_TEST_SKIPPED && outcome != MG_TEST_XFAILED)
            *MG_PUSH(arena, &what->deselect) = run->collected.tests.at[i].id;
    }
    for (size_t i = 0; i < run->report->notes.len; i++) /* flaky ones that only the engine has met */
        if (run->report->notes.at[i].kind == MG_NOTE_SET_ASIDE || run->report->notes.at[i].kind == MG_NOTE_LEFT_OUT)
            *MG_PUSH(arena, &what->deselect) = run->report->notes.at[i].subject;
}

/* What plain pytest says. */
struct said {
    struct mg_str failed; /* the first failure; empty: all passed */
    struct mg_str test;   /* whose it is; empty: no test's */
    bool agrees;          /* with our verdict */
};

static struct mg_str first_failure(const struct mg_run_context *run, const struct mg_confirmed *confirmed, struct mg_arena *arena,
                                   struct mg_str *test)
{
    *test = MG_STR("");
    for (size_t i = 0; i < confirmed->tests.len; i++) {
        enum mg_test_outcome outcome = confirmed->tests.at[i].outcome;
        if (outcome == MG_TEST_PASSED || outcome == MG_TEST_SKIPPED || outcome == MG_TEST_XFAILED)
            continue;
        *test = confirmed->tests.at[i].id;
        return mg_arena_printf(arena, "%.*s fails: %.*s", MG_FMT(*test), MG_FMT(confirmed->tests.at[i].text));
    }
    for (size_t i = 0; i < confirmed->errors.len; i++)
        if (!was_there_before(run, &confirmed->errors.at[i]))
            return mg_arena_printf(arena, "%.*s: %.*s", MG_FMT(confirmed->errors.at[i].where), MG_FMT(confirmed->errors.at[i].text));
    return MG_STR("");
}

/* Only a run that has run something proves anything. */
static bool ran_something(const struct mg_confirmed *confirmed)
{
    for (size_t i = 0; i < confirmed->tests.len; i++)
        if (confirmed->tests.at[i].outcome != MG_TEST_SKIPPED)
            return true;
    return false;
}

static void name_disagreement(struct mg_run_context *run, const struct claim *claim, struct mg_str failed, struct mg_str why)
{
    const struct mg_mutant *mutant = &claim->judged->mutant;
    const struct mg_mutant_result *before = &claim->judged->before;
    mg_note(run, MG_NOTE_DEGRADED, mg_arena_printf(run->arena, "%.*s:%u", MG_FMT(claim->outcome->path), mutant->span_line),
            mg_arena_printf(run->arena, "verify: mutant %.*s (%s, %.*s -> %.*s) is %s here%s%.*s, but with plain pytest on disk %s%.*s%.*s",
                            MG_FMT(mutant->id), mutant->operator_name, MG_FMT(mg_str_sub(mutant->original, 0, 60)),
                            MG_FMT(mg_str_sub(mutant->replacement, 0, 60)), mg_verdict_name(before->verdict), before->killer.len ? " by " : "",
                            MG_FMT(before->killer), failed.len ? "" : "all its tests pass", MG_FMT(failed), MG_FMT(why)));
}

static bool is_over(const struct mg_run_context *run, double deadline)
{
    return deadline > 0 && run->services->clock.ops->monotonic(run->services->clock.self) >= deadline;
}

/* One run of plain pytest on the changed file. */
static enum mg_code replay_once(struct mg_run_context *run, const struct claim *claim, const struct mg_confirm *what, struct mg_arena *arena,
                                struct said *said, struct mg_err *err)
{
    struct mg_confirmed confirmed = { 0 };
    struct mg_err cause = { .code = MG_OK };
    enum mg_code code = run->services->agent.ops->confirm(run->services->agent.self, what, arena, &confirmed, &cause);
    if (code != MG_OK)
        mg_log_err(MG_LOG_DEBUG, "a replay failed", &cause);
    if (code != MG_OK && code != MG_E_CHILD && code != MG_E_TIMEOUT) {
        if (err)
            *err = cause;
        return code;
    }
    said->test = MG_STR("");
    said->failed = code == MG_OK ? first_failure(run, &confirmed, arena, &said->test) : mg_arena_str(arena, mg_str_from(cause.text));
    said->agrees = (said->failed.len > 0) == is_detected(claim->judged->before.verdict);
    if (!said->failed.len && !ran_something(&confirmed)) {
        said->failed = MG_STR("no test runs");
        said->agrees = false;
    }
    return MG_OK;
}

static void name_variation(struct mg_run_context *run, const struct claim *claim, struct mg_str failed)
{
    const struct mg_mutant *mutant = &claim->judged->mutant;
    mg_note(run, MG_NOTE_INFO, mg_arena_printf(run->arena, "%.*s:%u", MG_FMT(claim->outcome->path), mutant->span_line),
            mg_arena_printf(run->arena, "verify: mutant %.*s is %s here, and with plain pytest on disk it is now killed, now not: not counted%s%.*s",
                            MG_FMT(mutant->id), mg_verdict_name(claim->judged->before.verdict), failed.len ? " (" : "",
                            MG_FMT(failed.len ? mg_arena_printf(run->arena, "%.*s)", MG_FMT(failed)) : failed)));
}

/* A test that reads the file itself, or starts it by its path, may fail for the mutant's text: it does when the file has that text and importing it runs
 * the original. We change code in memory alone (docs/architecture.md, Verdicts), so that is no surprise. */
static enum mg_code find_reader(struct mg_run_context *run, const struct claim *claim, struct mg_confirm what, struct mg_str original,
                                const struct said *said, struct mg_arena *arena, struct mg_str *why, struct mg_err *err)
{
    struct said then;
    *why = MG_STR("");
    if (is_detected(claim->judged->before.verdict) || !said->test.len)
        return MG_OK;
    what.imported = (struct mg_confirm_source){ claim->outcome->path, original };
    MG_TRY(replay_once(run, claim, &what, arena, &then, err));
    if (mg_str_eq(then.failed, said->failed)) /* another test's failure says nothing of this one */
        *why = MG_STR(
            "; so it does when the mutant is in the file's text alone and the original is imported: it reads the file, or starts it by its path");
    return MG_OK;
}

/* Whether a test that fails where ours passed fails on the unchanged file, too: more often than the baseline has seen. */
static enum mg_code fails_anyway(struct mg_run_context *run, const struct claim *claim, struct mg_confirm what, const struct said *said,
                                 struct mg_arena *arena, bool *fails, struct mg_err *err)
{
    struct said then;
    *fails = false;
    if (is_detected(claim->judged->before.verdict) || !said->test.len)
        return MG_OK;
    what.sources.len = 0;
    MG_TRY(replay_once(run, claim, &what, arena, &then, err));
    *fails = mg_str_eq(then.test, said->test);
    return MG_OK;
}

static enum mg_code passes_alone(struct mg_run_context *run, const struct claim *claim, struct killers *killers, struct mg_arena *arena, bool *passes,
                                 struct mg_err *err)
{
    struct mg_str id = claim->judged->before.killer;
    for (size_t i = 0; i < killers->len; i++)
        if (mg_str_eq(killers->at[i].id, id)) {
            *passes = killers->at[i].passes;
            return MG_OK;
        }
    struct mg_confirm what = { .hash_seed = MG_STR("0"), .stop_at_failure = true };
    struct said said;
    choose_killer(claim, arena, &what);
    MG_TRY(replay_once(run, claim, &what, arena, &said, err));
    *passes = said.failed.len == 0;
    *MG_PUSH(run->arena, killers) = (struct killer){ id, *passes };
    return MG_OK;
}

/* A detected mutant is held against its killer alone, as long as that passes without the mutant and fails with it; otherwise, as one that is alive is,
 * against all tests: its killer may need what others leave. */
static enum mg_code first_replay(struct mg_run_context *run, const struct claim *claim, struct killers *killers, struct mg_arena *arena,
                                 struct mg_confirm *what, struct said *said, struct mg_err *err)
{
    if (is_detected(claim->judged->before.verdict)) {
        bool alone = false;
        choose_killer(claim, arena, what);
        MG_TRY(replay_once(run, claim, what, arena, said, err));
        if (said->agrees)
            MG_TRY(passes_alone(run, claim, killers, arena, &alone, err));
        if (alone)
            return MG_OK;
    }
    choose_all(run, arena, what);
    return replay_once(run, claim, what, arena, said, err);
}

/* A mutant may lay bare what the tests' outcome hangs on otherwise, the order of a folder's entries for one: then plain pytest contradicts
 * itself, and nobody is right or wrong. */
static enum mg_code replay(struct mg_run_context *run, const struct claim *claim, struct killers *killers, double deadline, struct mg_arena *arena,
                           bool *cut, struct mg_err *err)
{
    const struct mg_source_file *source = source_of(run, claim->outcome->path);
    if (!source)
        return MG_OK;
    struct mg_confirm what = { .hash_seed = MG_STR("0"), .stop_at_failure = true };
    *MG_PUSH(arena, &what.sources) = (struct mg_confirm_source){ source->path, mg_mutant_file_text(source->text, &claim->judged->mutant, arena) };
    struct said said, other = { .agrees = false };
    bool varies = false;
    MG_TRY(first_replay(run, claim, killers, arena, &what, &said, err));
    for (unsigned again = 0; !said.agrees && !other.agrees && again < MOST_AGAIN; again++) {
        if (is_over(run, deadline)) {
            *cut = true;
            name_disagreement(run, claim, said.failed, MG_STR(" (seen once: the time was over before it could be replayed again)"));
            return MG_OK;
        }
        MG_TRY(replay_once(run, claim, &what, arena, &other, err));
    }
    if (!said.agrees && !other.agrees)
        MG_TRY(fails_anyway(run, claim, what, &said, arena, &varies, err));
    if (other.agrees || varies) {
        run->report->verified_vary++;
        struct mg_str failed = said.failed.len ? said.failed : other.failed;
        name_variation(run, claim, varies ? mg_arena_printf(arena, "%.*s; without the mutant, too", MG_FMT(failed)) : failed);
        return MG_OK;
    }
    run->report->verified++;
    run->report->verified_agree += said.agrees;
    if (said.agrees)
        return MG_OK;
    struct mg_str why;
    MG_TRY(find_reader(run, claim, what, source->text, &said, arena, &why, err));
    name_disagreement(run, claim, said.failed, why);
    return MG_OK;
}

enum mg_code mg_verify(struct mg_run_context *run, double deadline, struct mg_err *err)
{
    size_t wanted = (size_t)run->config->mutation.verify;
    struct mg_progress progress = run->services->progress;
    struct claims alive = { 0 }, detected = { 0 };
    struct killers killers = { 0 };
    if (wanted == 0 || run->baseline.passed == 0) /* without a test pytest has nothing to say */
        return MG_OK;
    draw(run, false, &alive);
    draw(run, true, &detected);
    size_t first = wanted / 2 < alive.len ? wanted / 2 : alive.len; /* half of each, or what there is */
    size_t second = wanted - first < detected.len ? wanted - first : detected.len;
    if (first + second < wanted)
        first = wanted - second < alive.len ? wanted - second : alive.len;
    progress.ops->phase(progress.self, "verifying", MG_STR("replaying verdicts with plain pytest"), (uint32_t)(first + second));
    bool cut = false;           /* in the midst of a replay */
    size_t i = 0, a = 0, d = 0; /* in turns, so that what the time leaves is half of each, too */
    for (; i < first + second && !is_over(run, deadline); i++) {
        size_t *turn = d == second || (a < first && a <= d) ? &a : &d;
        const struct claim *claim = turn == &a ? &alive.at[a] : &detected.at[d];
        struct mg_err why = { .code = MG_OK };
        progress.ops->step(progress.self, (uint32_t)i, claim->judged->mutant.id);
        struct mg_arena *arena = mg_arena_new();
        enum mg_code code = mg_cancelled(run->services->cancel) ? MG_FAIL(&why, MG_E_CANCELLED, "cancelled")
                                                                : replay(run, claim, &killers, deadline, arena, &cut, &why);
        mg_arena_free(arena);
        if (cut || mg_ended_by_limit(run, code))
            break;
        if (code != MG_OK && err)
            *err = why;
        if (code != MG_OK)
            return code;
        ++*turn;
    }
    if (i < first + second)
        mg_note(
            run, MG_NOTE_DEGRADED, MG_STR(""),
            mg_arena_printf(run->arena, "verify: the time was over, so %zu of %zu verdicts were not replayed", first + second - i, first + second));
    if (i == 0)
        return MG_OK;
    mg_note(run, run->report->verified_agree == run->report->verified ? MG_NOTE_INFO : MG_NOTE_DEGRADED, MG_STR(""),
            mg_arena_printf(run->arena, "verify: %u of %u verdicts (%zu alive, %zu detected%s) replayed on disk with plain pytest agree",
                            run->report->verified_agree, run->report->verified, a, d, run->report->verified_vary ? ", with those that vary" : ""));
    return MG_OK;
}
