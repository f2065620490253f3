/* Enumerates mutants, then narrows them down: changed lines first, then the sample. */
#include "services/plan.h"

#include "base/str.h"
#include "python/mutate.h"

#include <stdlib.h>
#include <string.h>

bool mg_is_changed(const struct mg_changes *changes, struct mg_str path, uint32_t first, uint32_t last)
{
    for (size_t i = 0; i < changes->len; i++)
        if (changes->at[i].first <= last && changes->at[i].last >= first && mg_str_eq(changes->at[i].path, path))
            return true;
    return false;
}

/* Sources are parsed once, however many targets stand in them. */
struct sources {
    struct mg_module **modules, **bare; /* `bare` as if it had no pragma */
};

static enum mg_code parse(struct mg_run_context *run, struct sources *sources, size_t file, struct mg_err *err)
{
    struct mg_str text = run->repo->sources.at[file].text;
    if (sources->modules[file])
        return MG_OK;
    MG_TRY(mg_module_parse(text, &sources->modules[file], err));
    struct mg_pragmas pragmas = { 0 };
    mg_module_pragmas(sources->modules[file], run->arena, &pragmas);
    for (size_t i = 0; i < pragmas.len; i++)
        *MG_PUSH(run->arena, &run->report->scored.pragmas) =
            (struct mg_pragma){ run->repo->sources.at[file].path, pragmas.at[i].line, mg_arena_str(run->arena, pragmas.at[i].reason) };
    if (pragmas.len == 0)
        return MG_OK;
    MG_TRY(mg_module_parse(text, &sources->bare[file], err));
    mg_module_forget_pragmas(sources->bare[file]);
    return MG_OK;
}

static bool same_change(const struct mg_mutant *a, const struct mg_mutant *b)
{
    return a->start == b->start && a->end == b->end && mg_str_eq(a->replacement, b->replacement);
}

/* The nearest pragma at or above the mutant: its own line's, or its statement's or function's. */
static struct mg_str pragma_reason(const struct mg_run_context *run, struct mg_str path, const struct mg_mutant *mutant)
{
    const struct mg_pragma *best = NULL;
    for (size_t i = 0; i < run->report->scored.pragmas.len; i++) {
        const struct mg_pragma *pragma = &run->report->scored.pragmas.at[i];
        if (mg_str_eq(pragma->path, path) && pragma->line <= mutant->end_line && (!best || pragma->line > best->line))
            best = pragma;
    }
    if (!best || best->reason.len == 0)
        return MG_STR("pragma: no mutate");
    return mg_arena_printf(run->arena, "pragma: no mutate: %.*s", MG_FMT(best->reason));
}

static void find_mutants(struct mg_run_context *run, const struct mg_module *module, const struct mg_target *target, struct mg_mutants *mutants)
{
    const struct mg_names *words = &run->config->mutation.operators;
    struct mg_operator_choice choice = mg_operator_choose((int)run->config->mutation.level, words->at, words->len);
    if (mg_target_is_module(target))
        mg_module_mutants(module, target->module, &choice, run->arena, mutants);
    else
        mg_chosen_mutants(module, &target->function, target->module, target->qualified_name, &choice, run->arena, mutants);
}

/* What the pragmas of the file left out of this target, so that it can be counted and shown. Its ids are their own. */
static void add_left_out(struct mg_run_context *run, const struct mg_module *bare, const struct mg_target *target, const struct mg_mutants *kept,
                         struct mg_planned *planned)
{
    struct mg_mutants all = { 0 };
    find_mutants(run, bare, target, &all);
    for (size_t i = 0, k = 0; i < all.len; i++) {
        if (k < kept->len && same_change(&all.at[i], &kept->at[k])) {
            k++;
            continue;
        }
        struct mg_mutant *mutant = &all.at[i];
        struct mg_str place = mg_arena_printf(run->arena, "pragma %u %.*s", mutant->start - target->function.start, MG_FMT(mutant->original));
        mutant->id = mg_mutant_id(run->arena, target->module, target->qualified_name, mutant->operator_name, place, mutant->replacement, 0);
        struct mg_mutant_result result = { .verdict = MG_VERDICT_ignored, .reason = pragma_reason(run, target->path, mutant) };
        *MG_PUSH(run->arena, &planned->mutants) = (struct mg_judged){ .mutant = *mutant, .before = result, .after = result };
    }
}

static enum mg_code add_target(struct mg_run_context *run, const struct mg_score_request *request, const struct mg_changes *changes,
                               struct sources *sources, const struct mg_target *target, struct mg_plan *plan, struct mg_err *err)
{
    size_t file = mg_file_index(run, target->path);
    MG_TRY(parse(run, sources, file, err));
    struct mg_mutants mutants = { 0 };
    struct mg_planned planned = { .target = target };
    find_mutants(run, sources->modules[file], target, &mutants);
    size_t limit = run->config->mutation.max_mutants > 0 ? (size_t)run->config->mutation.max_mutants : mutants.len;
    for (size_t i = 0, taken = 0; i < mutants.len; i++) {
        if (mutants.len > limit && taken * mutants.len > i * limit) /* an even stride, as engine/gate.c */
            continue;
        taken++;
        const struct mg_mutant *mutant = &mutants.at[i];
        bool changed = mg_is_changed(changes, target->path, mutant->span_line, mutant->span_end_line);
        run->report->scored.found++;
        if (request->diff.len == 0 || changed)
            *MG_PUSH(run->arena, &planned.mutants) =
                (struct mg_judged){ .mutant = *mutant, .changed = changed, .before = { .verdict = MG_VERDICT_pending } };
    }
    run->report->scored.chosen += (uint32_t)planned.mutants.len;
    if (sources->bare[file] && request->diff.len == 0)
        add_left_out(run, sources->bare[file], target, &mutants, &planned);
    if (planned.mutants.len || (mutants.len == 0 && request->diff.len == 0))
        *MG_PUSH(run->arena, plan) = planned;
    return MG_OK;
}

/* ---- the sample ---- */

struct ticket {
    uint32_t target, mutant;
    struct mg_str operator_name;
    uint64_t random;
};

static uint64_t next_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int by_stratum(const void *a, const void *b)
{
    const struct ticket *x = a, *y = b;
    if (x->target != y->target)
        return (x->target > y->target) - (x->target < y->target);
    int names = mg_str_cmp(x->operator_name, y->operator_name);
    return names ? names : (x->random > y->random) - (x->random < y->random);
}

/* Every stratum (a target's mutants of one operator) lies together, in random order; an even stride with a random start takes from each what is
 * its share, and every mutant has the same chance. */
static void take_sample(struct mg_run_context *run, int64_t wanted, struct mg_plan *plan)
{
    struct {
        MG_VEC(struct ticket)
    } tickets = { NULL, 0, 0 };
    uint64_t state = (uint64_t)run->config->generation.seed ^ 0x6d757461u;
    for (uint32_t t = 0; t < plan->len; t++)
        for (uint32_t m = 0; m < plan->at[t].mutants.len; m++)
            if (plan->at[t].mutants.at[m].before.verdict == MG_VERDICT_pending)
                *MG_PUSH(run->arena, &tickets) =
                    (struct ticket){ t, m, mg_str_from(plan->at[t].mutants.at[m].mutant.operator_name), next_random(&state) };
    if (wanted <= 0 || (uint64_t)wanted >= tickets.len)
        return;
    qsort(tickets.at, tickets.len, sizeof *tickets.at, by_stratum);
    bool **taken = MG_NEW_ARRAY(run->arena, bool *, plan->len);
    for (size_t t = 0; t < plan->len; t++)
        taken[t] = MG_NEW_ARRAY(run->arena, bool, plan->at[t].mutants.len + 1);
    double stride = (double)tickets.len / (double)wanted, start = stride * ((double)(next_random(&state) >> 11) / 9007199254740992.0);
    for (int64_t i = 0; i < wanted; i++) {
        size_t at = (size_t)(start + stride * (double)i);
        const struct ticket *ticket = &tickets.at[at < tickets.len ? at : tickets.len - 1];
        taken[ticket->target][ticket->mutant] = true;
    }
    run->report->scored.chosen = (uint32_t)wanted;
    size_t targets = 0;
    for (size_t t = 0; t < plan->len; t++) {
        struct mg_planned *planned = &plan->at[t];
        size_t kept = 0;
        for (size_t m = 0; m < planned->mutants.len; m++)
            if (taken[t][m])
                planned->mutants.at[kept++] = planned->mutants.at[m];
        planned->mutants.len = kept;
        if (kept)
            plan->at[targets++] = *planned;
    }
    plan->len = targets;
}

enum mg_code mg_plan_make(struct mg_run_context *run, const struct mg_score_request *request, const struct mg_changes *changes, struct mg_plan *plan,
                          struct mg_err *err)
{
    size_t files = run->repo->sources.len;
    struct sources sources = { MG_NEW_ARRAY(run->arena, struct mg_module *, files + 1), MG_NEW_ARRAY(run->arena, struct mg_module *, files + 1) };
    enum mg_code code = MG_OK;
    for (size_t i = 0; code == MG_OK && i < run->targets.len; i++)
        code = add_target(run, request, changes, &sources, &run->targets.at[i], plan, err);
    for (size_t i = 0; i < files; i++) {
        mg_module_free(sources.modules[i]);
        mg_module_free(sources.bare[i]);
    }
    if (code == MG_OK && request->sample > 0)
        take_sample(run, request->sample, plan);
    run->report->targets_selected = (uint32_t)plan->len;
    return code;
}

struct place {
    double seconds; /* of the covering tests */
    size_t at;
};

static int by_seconds(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return x->seconds != y->seconds ? (x->seconds > y->seconds) - (x->seconds < y->seconds) : (x->at > y->at) - (x->at < y->at);
}

static double covering_seconds(const struct mg_run_context *run, const struct mg_target *target)
{
    struct mg_arena *arena = mg_arena_new();
    struct mg_covering covering;
    double seconds = 0;
    mg_find_covering(run, target, arena, &covering);
    for (size_t i = 0; i < covering.len; i++)
        seconds += covering.at[i].seconds;
    mg_arena_free(arena);
    return seconds;
}

void mg_plan_quickest_first(const struct mg_run_context *run, struct mg_plan *plan)
{
    struct place *places = MG_NEW_ARRAY(run->arena, struct place, plan->len + 1);
    struct mg_planned *ordered = MG_NEW_ARRAY(run->arena, struct mg_planned, plan->len + 1);
    for (size_t i = 0; i < plan->len; i++)
        places[i] = (struct place){ covering_seconds(run, plan->at[i].target), i };
    qsort(places, plan->len, sizeof *places, by_seconds);
    for (size_t i = 0; i < plan->len; i++)
        ordered[i] = plan->at[places[i].at];
    if (plan->len)
        memcpy(plan->at, ordered, plan->len * sizeof *ordered);
}
