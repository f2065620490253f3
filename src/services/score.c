/* The pipeline of `score`: ingest → known already? → collect → baseline → select → plan → per target {cache, measure} → remember. */
#include "services/score.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "python/mutate.h"
#include "services/beside.h"
#include "services/depend.h"
#include "services/early.h"
#include "services/events.h"
#include "services/known_tests.h"
#include "services/lanes.h"
#include "services/plan.h"
#include "services/record.h"

#include <string.h>

#define VERIFY_SHARE (1.0 / 3) /* at most, of what the existing tests leave of a limited time: said in the manual */
#define VERIFY_MARGIN 1.5

struct scoring {
    struct mg_run_context run;
    const struct mg_score_request *request;
    struct mg_changes changes;
    struct mg_survey survey;
    struct mg_str key; /* of the whole answer */
    struct mg_plan plan;
    struct mg_outcome *outcomes; /* of the plan's targets; without an id: not begun */
    struct mg_lanes *lanes;
    struct mg_depend *depend;
    uint32_t *ordinals;   /* by test index: place in scored.tests */
    struct mg_map tests;  /* id -> struct mg_test_case, to find the index of a killer */
    struct mg_map beside; /* key of mg_beside_text -> the text as struct mg_str, of earlier sessions */
    bool *again;          /* by test index: it has tried survivors again */
    bool believing;       /* the cache may be asked */
};

static double now(const struct scoring *s) { return s->run.services->clock.ops->monotonic(s->run.services->clock.self); }
static bool is_over(const struct scoring *s) { return s->run.deadline > 0 && now(s) >= s->run.deadline; }

/* ---- what has changed since ---- */

/* Without --diff changed lines only rank survivors, so a folder that is no checkout has none. */
static enum mg_code find_changes(struct scoring *s, struct mg_err *err)
{
    const struct mg_vcs *vcs = &s->run.services->vcs;
    struct mg_err ignored;
    if (s->request->diff.len)
        return vcs->ops->changed(vcs->self, s->request->repo, s->request->diff, s->run.arena, &s->changes, err);
    if (vcs->ops && vcs->ops->changed(vcs->self, s->request->repo, MG_STR("HEAD"), s->run.arena, &s->changes, &ignored) != MG_OK) {
        mg_log_err(MG_LOG_DEBUG, "changed lines are not known", &ignored);
        s->changes = (struct mg_changes){ 0 };
    }
    return MG_OK;
}

/* ---- the whole answer ---- */

static struct mg_str whole_key(struct scoring *s)
{
    const struct mg_config *config = s->run.config;
    const struct mg_score_request *request = s->request;
    struct mg_buf out = MG_BUF((size_t)512 << 20);
    mg_buf_addf(&out, "%.*s\n%.*s\n%s\n%.*s\n%lld %lld %lld %.6f %lld %lld %d %d %d\n", MG_FMT(request->machine), MG_FMT(s->survey.interpreter),
                s->run.services->version, MG_FMT(request->repo), (long long)config->mutation.level, (long long)config->mutation.max_mutants,
                (long long)config->sandbox.memory_limit_mb, config->sandbox.test_timeout_seconds, (long long)config->generation.seed,
                (long long)request->sample, request->matrix, config->mutation.static_mutants, config->mutation.witnesses);
    mg_buf_addf(&out, "backend %.*s\n", MG_FMT(config->mutation.backend));
    mg_buf_addf(&out, "selection %lld %lld %d %.10g %.10g\n", (long long)config->selection.trivial_max_statements,
                (long long)config->selection.giant_max_statements, config->selection.exclude_property_getters, config->selection.coverage_weight,
                config->selection.size_weight);
    for (size_t i = 0; i < config->mutation.operators.len; i++)
        mg_buf_addf(&out, "operator %.*s\n", MG_FMT(config->mutation.operators.at[i]));
    for (size_t i = 0; i < config->targets.len; i++)
        mg_buf_addf(&out, "target %.*s\n", MG_FMT(config->targets.at[i]));
    for (size_t i = 0; i < request->tests.len; i++)
        mg_buf_addf(&out, "tests %.*s\n", MG_FMT(request->tests.at[i]));
    for (size_t i = 0; request->diff.len && i < s->changes.len; i++)
        mg_buf_addf(&out, "changed %.*s %u %u\n", MG_FMT(s->changes.at[i].path), s->changes.at[i].first, s->changes.at[i].last);
    if (request->diff.len)
        mg_buf_addf(&out, "since %.*s\n", MG_FMT(request->diff));
    for (size_t i = 0; i < s->survey.files.len; i++)
        mg_buf_addf(&out, "%.*s %.*s\n", MG_FMT(s->survey.files.at[i].path), MG_FMT(s->survey.files.at[i].digest));
    struct mg_str key = mg_sha256_hex(s->run.arena, mg_buf_view(&out), 40);
    mg_buf_free(&out);
    return key;
}

static bool is_current(const struct scoring *s, const struct mg_scored *scored)
{
    const struct mg_ingest *ingest = &s->run.services->ingest;
    for (size_t i = 0; i < scored->outside.len; i++)
        if (!mg_str_eq(ingest->ops->digest(ingest->self, scored->outside.at[i].path, s->run.arena), scored->outside.at[i].digest))
            return false;
    return true;
}

/* Nothing that the answer depends on has changed: then it is the answer. Which lines are changed ones is looked at anew. */
static enum mg_code find_whole(struct scoring *s, bool *found, struct mg_err *err)
{
    const struct mg_cache *cache = &s->run.services->cache;
    struct mg_str text = MG_NO_STR;
    struct mg_report stored;
    *found = false;
    if (!s->believing || s->run.config->mutation.verify > 0) /* a replay is never an old one */
        return MG_OK;
    MG_TRY(cache->ops->find(cache->self, MG_CACHE_SCORE, s->key, s->run.arena, &text, err));
    if (!text.at)
        return MG_OK;
    if (!mg_record_read_score(text, s->run.arena, &stored))
        return cache->ops->drop(cache->self, err);
    if (!is_current(s, &stored.scored) || (s->request->all_witnesses && !stored.scored.all_witnesses && !stored.scored.no_witnesses))
        return MG_OK;
    *found = true;
    stored.scored.whole = true;
    for (size_t i = 0; i < stored.outcomes.len; i++)
        for (size_t k = 0; k < stored.outcomes.at[i].mutants.len; k++) {
            struct mg_judged *judged = &stored.outcomes.at[i].mutants.at[k];
            judged->changed = mg_is_changed(&s->changes, stored.outcomes.at[i].path, judged->mutant.span_line, judged->mutant.span_end_line);
            stored.scored.cached += judged->before.verdict != MG_VERDICT_ignored;
        }
    stored.run_id = s->run.report->run_id;
    *s->run.report = stored;
    return MG_OK;
}

static enum mg_code remember(struct scoring *s, struct mg_err *err)
{
    const struct mg_cache *cache = &s->run.services->cache;
    if (!cache->ops)
        return MG_OK;
    if (s->run.report->scored.whole)
        return cache->ops->keep(cache->self, MG_CACHE_POINTER, MG_STR("last score"), s->key, err);
    bool complete = mg_str_is(s->run.report->status, "succeeded") && !s->request->fresh && s->run.report->before.of[MG_VERDICT_pending] == 0;
    struct mg_str key = complete ? s->key : MG_STR("incomplete"), text = mg_record_score(s->run.report, s->run.arena);
    MG_TRY(cache->ops->keep(cache->self, MG_CACHE_SCORE, key, text, err));
    return cache->ops->keep(cache->self, MG_CACHE_POINTER, MG_STR("last score"), key, err);
}

enum mg_code mg_score_last(struct mg_cache cache, struct mg_arena *arena, struct mg_report *report, struct mg_err *err)
{
    struct mg_str key = MG_NO_STR, text = MG_NO_STR;
    MG_TRY(cache.ops->find(cache.self, MG_CACHE_POINTER, MG_STR("last score"), arena, &key, err));
    if (key.at)
        MG_TRY(cache.ops->find(cache.self, MG_CACHE_SCORE, key, arena, &text, err));
    if (text.at && mg_record_read_score(text, arena, report))
        return MG_OK;
    return MG_FAIL(err, MG_E_NOT_FOUND,
                   "no score is stored here (what a run has seen of mutants stands in its report.md); first: mutagen score REPO (in this "
                   "directory, or with the same storage.root)");
}

/* ---- which tests count ---- */

static bool names_test(struct mg_str wanted, const struct mg_test_case *test)
{
    while (wanted.len > 1 && mg_str_ends(wanted, "/"))
        wanted.len--;
    if (mg_str_is(wanted, "."))
        return true;
    for (int i = 0; i < 2; i++) {
        struct mg_str id = i ? test->file : test->id;
        if (id.len >= wanted.len && mg_str_eq(mg_str_sub(id, 0, wanted.len), wanted) &&
            (id.len == wanted.len || id.at[wanted.len] == '/' || id.at[wanted.len] == ':' || id.at[wanted.len] == '['))
            return true;
    }
    return false;
}

static enum mg_code choose_tests(struct scoring *s, struct mg_err *err)
{
    const struct mg_collected *collected = &s->run.collected;
    if (s->request->tests.len == 0)
        return MG_OK;
    bool *chosen = MG_NEW_ARRAY(s->run.arena, bool, collected->tests.len + 1);
    uint32_t count = 0;
    for (size_t w = 0; w < s->request->tests.len; w++) {
        bool any = false;
        for (size_t i = 0; i < collected->tests.len; i++)
            if (names_test(s->request->tests.at[w], &collected->tests.at[i])) {
                any = true;
                count += !chosen[i];
                chosen[i] = true;
            }
        if (!any)
            return MG_FAIL(err, MG_E_CONFIG,
                           "--tests %.*s: no test that pytest collects is there (a file, a folder or a node id, relative to the repo)",
                           MG_FMT(s->request->tests.at[w]));
    }
    s->run.chosen = chosen;
    s->run.report->existing_tests = count;
    return MG_OK;
}

static void list_tests(struct scoring *s)
{
    struct mg_run_context *run = &s->run;
    mg_map_init(&s->tests, run->arena);
    mg_map_init(&s->beside, run->arena);
    s->again = MG_NEW_ARRAY(run->arena, bool, run->collected.tests.len + 1);
    s->ordinals = MG_NEW_ARRAY(run->arena, uint32_t, run->collected.tests.len + 1);
    for (size_t i = 0; i < run->collected.tests.len; i++) {
        struct mg_test_case *test = &run->collected.tests.at[i];
        s->ordinals[i] = UINT32_MAX;
        *mg_map_slot(&s->tests, test->id) = test;
        if ((run->chosen && !run->chosen[i]) || !mg_test_counts(run, (uint32_t)i))
            continue;
        s->ordinals[i] = (uint32_t)run->report->scored.tests.len;
        *MG_PUSH(run->arena, &run->report->scored.tests) = test->id;
    }
}

/* ---- one target ---- */

struct target_work {
    struct mg_planned *planned;
    struct mg_outcome *outcome;
    struct mg_covering covering;
    struct mg_neighbours beside;
    struct mg_str beside_key;
    struct mg_str *keys;         /* by position in outcome->mutants; empty = not to be looked up */
    struct mg_neighbours *again; /* same positions: tests that alone have to try a survivor of the cache */
    struct mg_arena *scratch;
};

static void add_killer(struct scoring *s, struct mg_judged *judged, uint32_t test)
{
    if (test >= s->run.collected.tests.len || s->ordinals[test] == UINT32_MAX)
        return;
    for (size_t i = 0; i < judged->killers.len; i++)
        if (judged->killers.at[i] == s->ordinals[test])
            return;
    *MG_PUSH(s->run.arena, &judged->killers) = s->ordinals[test];
}

static uint32_t index_of(const struct scoring *s, struct mg_str id)
{
    const struct mg_test_case *test = mg_map_get(&s->tests, id);
    return test ? (uint32_t)(test - s->run.collected.tests.at) : UINT32_MAX;
}

static enum mg_code find_beside(struct scoring *s, struct mg_str key, struct mg_str *text, struct mg_err *err)
{
    const struct mg_cache *cache = &s->run.services->cache;
    void **slot = mg_map_slot(&s->beside, key);
    if (!*slot) {
        struct mg_str *found = MG_NEW(s->run.arena, struct mg_str);
        *slot = found;
        MG_TRY(cache->ops->find(cache->self, MG_CACHE_VERDICT, key, s->run.arena, found, err));
    }
    *text = *(struct mg_str *)*slot;
    return MG_OK;
}

static void take_known(struct scoring *s, struct mg_judged *judged, const struct mg_record_verdict *known)
{
    judged->before = judged->after = known->result;
    judged->cached = true;
    for (size_t k = 0; k < known->killers.len; k++)
        add_killer(s, judged, index_of(s, known->killers.at[k]));
    s->run.report->scored.cached++;
}

/* With a matrix no neighbour tries anything. */
static enum mg_code recall(struct scoring *s, struct target_work *work, size_t index, const struct mg_record_verdict *known, struct mg_err *err)
{
    struct mg_judged *judged = &work->outcome->mutants.at[index];
    struct mg_recall what = { .covering = &work->covering, .beside = &work->beside };
    MG_TRY(find_beside(s, known->beside, &what.then, err));
    enum mg_standing standing =
        s->request->matrix ? MG_STANDS
                           : mg_beside_recall(s->depend, &judged->mutant, &known->result, index_of(s, known->result.killer), work->scratch, &what);
    if (standing == MG_STANDS)
        take_known(s, judged, known);
    else if (standing == MG_STANDS_LESS)
        work->again[index] = what.again;
    return MG_OK;
}

/* What is cached of it goes into the outcome; the rest stays pending. */
static enum mg_code look_up(struct scoring *s, struct target_work *work, struct mg_err *err)
{
    const struct mg_cache *cache = &s->run.services->cache;
    if (!s->depend)
        return MG_OK;
    struct mg_str digest = mg_depend_target(s->depend, work->planned->target, &work->covering, work->scratch);
    mg_beside_find(&s->run, &work->covering, work->scratch, &work->beside);
    for (size_t i = 0; i < work->outcome->mutants.len; i++) {
        struct mg_judged *judged = &work->outcome->mutants.at[i];
        struct mg_record_verdict known;
        struct mg_str text;
        if (judged->before.verdict != MG_VERDICT_pending)
            continue;
        work->keys[i] = mg_depend_mutant(digest, work->planned->target, &judged->mutant, s->request->matrix, work->scratch);
        MG_TRY(cache->ops->find(cache->self, MG_CACHE_VERDICT, work->keys[i], s->run.arena, &text, err));
        if (!text.at)
            continue;
        if (!mg_record_read_verdict(text, s->run.arena, &known) || known.result.verdict == MG_VERDICT_pending)
            return cache->ops->drop(cache->self, err);
        MG_TRY(recall(s, work, i, &known, err));
    }
    return MG_OK;
}

/* The neighbours' digests are kept once for all verdicts that they had a say in. */
static enum mg_code keep_beside(struct scoring *s, struct target_work *work, struct mg_err *err)
{
    const struct mg_cache *cache = &s->run.services->cache;
    if (work->beside_key.len)
        return MG_OK;
    struct mg_str text = mg_beside_text(s->depend, &work->beside, work->scratch);
    work->beside_key = mg_beside_key(text, work->scratch);
    return cache->ops->keep(cache->self, MG_CACHE_VERDICT, work->beside_key, text, err);
}

static enum mg_code keep_verdict(struct scoring *s, struct target_work *work, size_t index, const struct mg_killers *killers, struct mg_err *err)
{
    const struct mg_cache *cache = &s->run.services->cache;
    const struct mg_judged *judged = &work->outcome->mutants.at[index];
    if (!s->depend || work->keys[index].len == 0 || judged->before.verdict == MG_VERDICT_pending)
        return MG_OK;
    MG_TRY(keep_beside(s, work, err));
    struct mg_record_verdict record = { .result = judged->before, .beside = work->beside_key };
    for (size_t i = 0; killers && i < killers->tests.len; i++)
        if (killers->tests.at[i] < s->run.collected.tests.len)
            *MG_PUSH(work->scratch, &record.killers) = s->run.collected.tests.at[killers->tests.at[i]].id;
    struct mg_str text = mg_record_verdict(&record, work->scratch);
    return cache->ops->keep(cache->self, MG_CACHE_VERDICT, work->keys[index], text, err);
}

/* What the first tests have already shown. */
static enum mg_code take_early(struct scoring *s, struct target_work *work, struct mg_err *err)
{
    for (size_t i = 0; s->run.early && i < work->outcome->mutants.len; i++) {
        struct mg_judged *judged = &work->outcome->mutants.at[i];
        if (judged->before.verdict != MG_VERDICT_pending)
            continue;
        const struct mg_mutant_result *known = mg_early_find(&s->run, work->planned->target, &work->covering, judged->mutant.id);
        if (!known)
            continue;
        judged->before = judged->after = *known;
        s->run.report->scored.fresh++;
        MG_TRY(keep_verdict(s, work, i, NULL, err));
    }
    return MG_OK;
}

/* A gate with mutants of its own: they take the place of ours. */
static void take_mutants(struct scoring *s, struct target_work *work, const struct mg_pending *pending)
{
    struct mg_arena *arena = s->run.arena;
    work->outcome->mutants.len = 0;
    for (size_t i = 0; i < pending->outcome->mutants.len; i++) {
        struct mg_judged *judged = MG_PUSH(arena, &work->outcome->mutants);
        *judged = (struct mg_judged){ .mutant = pending->outcome->mutants.at[i].mutant, .before = pending->outcome->mutants.at[i].before };
        judged->mutant.id = mg_arena_str(arena, judged->mutant.id);
        judged->mutant.replacement = mg_arena_str(arena, judged->mutant.replacement);
        judged->mutant.original = mg_arena_str(arena, judged->mutant.original);
        judged->before.reason = mg_arena_str(arena, judged->before.reason);
        judged->before.killer = mg_arena_str(arena, judged->before.killer);
        judged->after = judged->before;
        s->run.report->scored.fresh += judged->before.verdict != MG_VERDICT_pending;
    }
}

static void count_measured(struct scoring *s, const struct mg_judged *judged, const struct mg_neighbours *again)
{
    struct mg_scored *scored = &s->run.report->scored;
    if (judged->before.verdict == MG_VERDICT_pending)
        return;
    scored->fresh += again->len == 0;
    scored->again += again->len > 0;
    for (size_t i = 0; i < again->len; i++) {
        mg_event_again(&judged->mutant, s->run.collected.tests.at[again->at[i].test].id);
        scored->again_tests += !s->again[again->at[i].test];
        s->again[again->at[i].test] = true;
    }
}

/* A test that was not run may yet kill it. */
static struct mg_mutant_result as_far_as_known(const struct scoring *s, struct mg_mutant_result result)
{
    bool open = mg_verdict_is_alive(result.verdict) && s->run.report->existing_not_run > 0;
    return open ? (struct mg_mutant_result){ .verdict = MG_VERDICT_pending } : result;
}

/* Measures what is pending. Results come back in the order in which mutants went in. */
static enum mg_code measure(struct scoring *s, struct target_work *work, struct mg_lane *lane, struct mg_err *err)
{
    struct mg_run_context *run = &s->run;
    MG_LIST(struct mg_mutant) mutants = { 0 };
    MG_LIST(uint32_t) places = { 0 };
    for (uint32_t i = 0; i < work->outcome->mutants.len; i++)
        if (work->outcome->mutants.at[i].before.verdict == MG_VERDICT_pending) {
            *MG_PUSH(work->scratch, &mutants) = work->outcome->mutants.at[i].mutant;
            *MG_PUSH(work->scratch, &places) = i;
        }
    if (mutants.len == 0 || is_over(s))
        return MG_OK;
    bool own = run->services->gate.ops->own_mutants;
    struct mg_again *again = MG_NEW_ARRAY(work->scratch, struct mg_again, mutants.len);
    for (size_t i = 0; i < mutants.len; i++)
        again[i] = (struct mg_again){ work->again[places.at[i]].at, work->again[places.at[i]].len };
    struct mg_measure what = { .kept = &lane->kept,
                               .others = lane->others,
                               .mutants = mutants.at,
                               .mutant_count = mutants.len,
                               .again = again,
                               .matrix = s->request->matrix,
                               .deadline = run->deadline };
    struct mg_pending pending = { 0 };
    MG_TRY(mg_process_target(run, work->planned->target, &what, work->scratch, &pending, err));
    if (pending.outcome->reason.len) {
        work->outcome->reason = mg_arena_str(run->arena, pending.outcome->reason);
        work->outcome->state = pending.outcome->state;
        work->outcome->mutants.len = 0;
        return MG_OK;
    }
    if (own)
        take_mutants(s, work, &pending);
    for (size_t i = 0; !own && i < places.len && i < pending.outcome->mutants.len; i++) {
        struct mg_judged *judged = &work->outcome->mutants.at[places.at[i]];
        const struct mg_killers *killers = i < pending.measured.killers.len ? &pending.measured.killers.at[i] : NULL;
        judged->before = as_far_as_known(s, pending.outcome->mutants.at[i].before);
        judged->before.reason = mg_arena_str(run->arena, judged->before.reason);
        judged->before.killer = mg_arena_str(run->arena, judged->before.killer);
        judged->after = judged->before;
        count_measured(s, judged, &work->again[places.at[i]]);
        for (size_t k = 0; killers && k < killers->tests.len; k++)
            add_killer(s, judged, killers->tests.at[k]);
        MG_TRY(keep_verdict(s, work, places.at[i], killers, err));
    }
    return MG_OK;
}

static bool meets(const struct mg_coverage_entry *entry, const struct mg_mutant *mutant)
{
    for (size_t i = 0; i < entry->lines.len; i++)
        if (entry->lines.at[i].first <= mutant->end_line && entry->lines.at[i].last >= mutant->line)
            return true;
    return false;
}

static void finish_mutants(struct scoring *s, struct target_work *work)
{
    struct mg_str text = s->run.repo->sources.at[mg_file_index(&s->run, work->planned->target->path)].text;
    for (size_t i = 0; i < work->outcome->mutants.len; i++) {
        struct mg_judged *judged = &work->outcome->mutants.at[i];
        judged->diff = mg_mutant_diff(work->planned->target->path, text, &judged->mutant, s->run.arena);
        for (size_t c = 0; c < work->covering.len; c++)
            if (meets(&work->covering.at[c], &judged->mutant) && s->ordinals[work->covering.at[c].test] != UINT32_MAX)
                *MG_PUSH(s->run.arena, &judged->covering) = s->ordinals[work->covering.at[c].test];
        mg_tally_add(&work->outcome->before, judged->before.verdict);
    }
    work->outcome->after = work->outcome->improved = work->outcome->before;
}

static enum mg_code score_target(struct scoring *s, size_t index, struct mg_lane *lane, struct mg_err *err)
{
    struct mg_planned *planned = &s->plan.at[index];
    const struct mg_target *target = planned->target;
    struct target_work work = { .planned = planned, .scratch = mg_arena_new(), .outcome = &s->outcomes[index] };
    *work.outcome = (struct mg_outcome){ .target_id = target->id,
                                         .qualified_name = target->qualified_name,
                                         .module = target->module,
                                         .path = target->path,
                                         .line = target->function.def_line,
                                         .end_line = target->function.end_line,
                                         .coverage = target->coverage,
                                         .priority = target->priority,
                                         .state = MG_TARGET_SELECTED };
    for (size_t i = 0; i < planned->mutants.len; i++)
        *MG_PUSH(s->run.arena, &work.outcome->mutants) = planned->mutants.at[i];
    work.keys = MG_NEW_ARRAY(work.scratch, struct mg_str, planned->mutants.len + 1);
    work.again = MG_NEW_ARRAY(work.scratch, struct mg_neighbours, planned->mutants.len + 1);
    mg_find_covering(&s->run, target, work.scratch, &work.covering);
    enum mg_code code = look_up(s, &work, err);
    if (code == MG_OK)
        code = take_early(s, &work, err);
    if (code == MG_OK)
        code = measure(s, &work, lane, err);
    if (code == MG_OK && s->depend)
        code = s->run.services->cache.ops->settle(s->run.services->cache.self, err);
    finish_mutants(s, &work);
    mg_arena_free(work.scratch);
    return code;
}

static enum mg_code score_next(void *self, size_t index, struct mg_lane *lane, struct mg_err *err)
{
    struct scoring *s = self;
    struct mg_progress progress = s->run.services->progress;
    if (mg_cancelled(s->run.services->cancel))
        return MG_FAIL(err, MG_E_CANCELLED, "cancelled");
    progress.ops->step(progress.self, (uint32_t)index, s->plan.at[index].target->qualified_name);
    return score_target(s, index, lane, err);
}

/* Outcomes stand in the order of the plan, whichever target came to its end first. */
static enum mg_code score_targets(struct scoring *s, struct mg_err *err)
{
    struct mg_progress progress = s->run.services->progress;
    progress.ops->phase(progress.self, "processing", MG_STR(""), (uint32_t)s->plan.len);
    s->outcomes = MG_NEW_ARRAY(s->run.arena, struct mg_outcome, s->plan.len + 1);
    enum mg_code code = mg_lanes_run(&s->run, s->plan.len, score_next, s, &s->lanes, err);
    for (size_t i = 0; i < s->plan.len; i++)
        if (s->outcomes[i].target_id.len)
            *MG_PUSH(s->run.arena, &s->run.report->outcomes) = s->outcomes[i];
    return code;
}

/* ---- the pipeline ---- */

/* A complete matrix and a sample are about other things than speed. */
static enum mg_code early(struct scoring *s, struct mg_err *err)
{
    bool few = s->run.baseline.results && s->run.baseline.order.len < s->run.collected.tests.len / 2; /* the others are known */
    if (s->request->matrix || s->request->sample || few)
        return MG_OK;
    return mg_early_verdicts(&s->run, s->request->diff.len ? &s->changes : NULL, err);
}

static enum mg_code baseline(struct scoring *s, struct mg_err *err)
{
    struct mg_err why = { .code = MG_OK };
    struct mg_known_tests *known = NULL;
    mg_baseline_bound(&s->run);
    if (s->believing) {
        s->run.every_line = true;
        s->depend = mg_depend_new(&s->run, &s->survey, s->request->machine, s->run.arena);
        MG_TRY(mg_known_tests_begin(&s->run, s->depend, s->run.services->cache, &known, err));
    }
    enum mg_code code = early(s, &why);
    if (code == MG_OK)
        code = mg_baseline_rest(&s->run, &why);
    if (code == MG_OK && known)
        code = mg_known_tests_check(known, &why);
    if (code == MG_OK && known)
        code = mg_known_tests_keep(known, &why);
    if (code == MG_OK)
        mg_baseline_end(&s->run);
    if (code == MG_E_LIMIT && is_over(s)) { /* of a mutant that no early verdict is about nothing is known */
        mg_baseline_cut(&s->run);
        mg_baseline_count(&s->run);
        return MG_OK;
    }
    if (code != MG_OK && err)
        *err = why;
    mg_baseline_count(&s->run);
    s->run.report->scored.known_tests = known ? mg_known_tests_count(known) : 0;
    return code;
}

/* Seconds that --verify will take, as far as that is known now: each replay collects, and one of two runs all tests. */
static double verify_seconds(const struct mg_run_context *run, double collecting)
{
    double tests = 0;
    for (uint32_t i = 0; i < run->collected.tests.len; i++)
        tests += mg_test_counts(run, i) ? run->baseline.results[i].seconds : 0;
    return (double)run->config->mutation.verify * (collecting + tests / 2) * VERIFY_MARGIN;
}

/* Mutants leave it a part of a limited time: a score that nobody could replay for lack of time is not what was asked for. */
static void leave_time_to_verify(struct mg_run_context *run, double left, double collecting)
{
    double wanted = verify_seconds(run, collecting);
    if (run->deadline > 0 && left > 0)
        run->deadline -= wanted < left * VERIFY_SHARE ? wanted : left * VERIFY_SHARE;
}

static enum mg_code measure_all(struct scoring *s, struct mg_err *err)
{
    struct mg_run_context *run = &s->run;
    double deadline = s->request->max_seconds > 0 ? run->started + s->request->max_seconds : 0, begin = now(s);
    run->deadline = deadline;
    MG_TRY(mg_collect_tests(run, err));
    for (size_t i = 0; i < run->collected.options.len; i++)
        *MG_PUSH(run->arena, &run->report->scored.options) = run->collected.options.at[i];
    for (size_t i = 0; i < run->repo->stand_ins.len; i++)
        *MG_PUSH(run->arena, &run->report->scored.stand_ins) = run->repo->stand_ins.at[i];
    for (size_t i = 0; i < run->start.only_count; i++)
        *MG_PUSH(run->arena, &run->report->scored.files) = run->start.only[i];
    double collecting = now(s) - begin;
    MG_TRY(choose_tests(s, err));
    MG_TRY(baseline(s, err));
    leave_time_to_verify(run, deadline - now(s), collecting);
    list_tests(s);
    run->services->progress.ops->phase(run->services->progress.self, "selecting", MG_STR("finding the mutants"), 0);
    MG_TRY(mg_select_targets(run, err));
    MG_TRY(mg_plan_make(run, s->request, &s->changes, &s->plan, err));
    if (run->deadline > 0)
        mg_plan_quickest_first(run, &s->plan);
    MG_TRY(score_targets(s, err));
    if (run->fresh_runs)
        mg_note(run, MG_NOTE_DEGRADED, MG_STR(""), mg_fresh_text(run));
    if (!is_over(s))
        MG_TRY(mg_find_witnesses(run, s->request->all_witnesses, err));
    MG_TRY(mg_verify(run, deadline, err));
    if (s->depend)
        mg_depend_outside(s->depend, run->arena, &run->report->scored);
    return MG_OK;
}

static enum mg_code pipeline(struct scoring *s, struct mg_err *err)
{
    struct mg_run_context *run = &s->run;
    bool found = false;
    MG_TRY(mg_open_repo(run, err));
    MG_TRY(run->services->ingest.ops->survey(run->services->ingest.self, run->repo, run->arena, &s->survey, err));
    s->key = whole_key(s);
    MG_TRY(find_whole(s, &found, err));
    if (found)
        return MG_OK;
    run->report->scored.interpreter = run->repo->python;
    run->report->scored.import_roots.len = 0;
    for (size_t i = 0; i < run->repo->import_roots.len; i++)
        *MG_PUSH(run->arena, &run->report->scored.import_roots) = run->repo->import_roots.at[i];
    return measure_all(s, err);
}

static void sum_up(struct scoring *s, enum mg_code code)
{
    struct mg_report *report = s->run.report;
    if (report->scored.whole)
        return;
    report->before = (struct mg_tally){ 0 };
    for (size_t i = 0; i < report->outcomes.len; i++)
        mg_tally_sum(&report->before, &report->outcomes.at[i].before);
    report->after = report->before;
    bool over = code == MG_OK && report->before.of[MG_VERDICT_pending] > 0 && (is_over(s) || report->existing_not_run > 0);
    report->status = code == MG_E_CANCELLED ? MG_STR("cancelled") : over ? MG_STR("partial") : MG_STR("succeeded");
    report->stop_reason = code == MG_E_CANCELLED ? MG_STR("cancelled") : over ? MG_STR("max_time") : MG_STR("");
}

/* An answer from the cache was stored without them. */
static void hide_secrets(struct scoring *s)
{
    struct mg_report *report = s->run.report;
    if (!s->run.services->secrets || s->run.services->secrets->len == 0)
        return;
    mg_redact_report(s->run.arena, s->run.services->secrets, report);
    for (size_t i = 0; i < report->outcomes.len; i++)
        mg_redact_outcome(s->run.arena, s->run.services->secrets, &report->outcomes.at[i]);
}

enum mg_code mg_score_run(const struct mg_run_services *services, const struct mg_config *config, const struct mg_score_request *request,
                          struct mg_arena *arena, struct mg_run_result *result, struct mg_err *err)
{
    memset(result, 0, sizeof *result);
    struct scoring s = {
        .run = { .services = services, .config = config, .arena = arena, .repo = &result->repo, .report = &result->report },
        .request = request,
        .believing = services->cache.ops && !request->fresh && !services->gate.ops->own_mutants,
    };
    if (services->gate.ops->own_mutants && (request->sample || request->matrix || request->diff.len || request->max_seconds > 0))
        return MG_FAIL(err, MG_E_CONFIG, "backend %s makes its own mutants: --matrix, --sample, --diff and --max-time need the engine",
                       services->gate.ops->name);
    s.run.request.repo = request->repo;
    s.run.only = request->tests.at;
    s.run.only_count = request->tests.len;
    s.run.started = now(&s);
    result->report.repo = request->repo;
    result->report.version = mg_str_from(services->version);
    result->report.generator = MG_STR("none");
    result->report.started_at = services->clock.ops->unix_time(services->clock.self);
    result->report.level = services->gate.ops->own_mutants ? 0 : (uint32_t)config->mutation.level;
    result->report.scored = (struct mg_scored){ .matrix = request->matrix, .diff = request->diff, .no_witnesses = !config->mutation.witnesses };
    if (services->protection)
        mg_note(&s.run, MG_NOTE_DEGRADED, MG_STR(""), mg_str_from(services->protection));
    MG_TRY(find_changes(&s, err));
    enum mg_code code = pipeline(&s, err);
    services->agent.ops->stop(services->agent.self);
    mg_lanes_end(s.lanes);
    if (result->repo.copy.len)
        services->ingest.ops->close(services->ingest.self, &result->repo);
    sum_up(&s, code);
    hide_secrets(&s);
    result->report.duration_seconds = now(&s) - s.run.started;
    mg_event_report(&result->report);
    if (code == MG_OK)
        code = remember(&s, err);
    if (code == MG_OK && services->cache.ops)
        code = services->cache.ops->settle(services->cache.self, err);
    if (code == MG_OK && services->cache.ops && services->cache.ops->trouble(services->cache.self)[0])
        mg_note(&s.run, MG_NOTE_DEGRADED, MG_STR(""), mg_str_from(services->cache.ops->trouble(services->cache.self)));
    services->progress.ops->finish(services->progress.self);
    return code == MG_E_CANCELLED ? MG_OK : code;
}
