/* The mutants above the level of the scores that help to choose tests. */
#include "base/log.h"
#include "base/str.h"
#include "python/mutate.h"
#include "services/events.h"
#include "services/work.h"

#define CHOOSING_LEVEL 2 /* tests chosen by the few mutants of level 1 alone are weaker than the same search could make them */

static bool is_measured(const struct mg_measured *measured, const struct mg_mutant *mutant)
{
    for (size_t i = 0; i < measured->mutants.len; i++) {
        const struct mg_mutant *known = &measured->mutants.at[i];
        if (known->start == mutant->start && known->end == mutant->end && mg_str_eq(known->replacement, mutant->replacement))
            return true;
    }
    return false;
}

/* Those of the level are left out, a sample's rest among them: it is as little wanted here as there. The ids are their own: on another level the
 * same change is counted differently among its like. */
static enum mg_code find_above(const struct mg_work *work, int level, struct mg_mutants *above, struct mg_err *err)
{
    const struct mg_target *target = work->target;
    const struct mg_names *words = &work->run->config->mutation.operators;
    struct mg_operator_choice choice = mg_operator_choose(CHOOSING_LEVEL, words->at, words->len);
    struct mg_module *module;
    MG_TRY(mg_module_parse(work->source->text, &module, err));
    if (mg_target_is_module(target))
        mg_module_mutants(module, target->module, &choice, work->arena, above);
    else
        mg_chosen_mutants(module, &target->function, target->module, target->qualified_name, &choice, work->arena, above);
    mg_module_free(module);
    size_t count = 0;
    for (size_t i = 0; i < above->len; i++) {
        struct mg_mutant *mutant = &above->at[i];
        if (mutant->level <= level || is_measured(&work->pending->measured, mutant))
            continue;
        struct mg_str place = mg_arena_printf(work->arena, "above %u %.*s", mutant->start - target->function.start, MG_FMT(mutant->original));
        mutant->id = mg_mutant_id(work->arena, target->module, target->qualified_name, mutant->operator_name, place, mutant->replacement, 0);
        above->at[count++] = *mutant;
    }
    above->len = count;
    return MG_OK;
}

enum mg_code mg_measure_above(struct mg_work *work, struct mg_err *err)
{
    const struct mg_gate gate = work->run->services->gate;
    int level = (int)work->run->config->mutation.level;
    struct mg_mutants above = { 0 };
    if (level >= CHOOSING_LEVEL || gate.ops->own_mutants)
        return MG_OK;
    MG_TRY(find_above(work, level, &above, err));
    if (above.len == 0)
        return MG_OK;
    struct mg_measured found = { 0 }, *measured = &work->pending->measured;
    struct mg_gate_request request = work->gate;
    request.mutants = above.at;
    request.mutant_count = above.len;
    request.known_count = 0;
    MG_TRY(gate.ops->before(gate.self, &request, work->arena, &found, err));
    work->run->fresh_runs += found.fresh_runs;
    work->run->fresh_seconds += found.fresh_seconds;
    if (found.untrusted.len) { /* the level's were trusted a moment ago: tests are chosen by those alone */
        MG_LOG(MG_LOG_WARNING, "mutants above the level not measured", MG_L_TEXT("why", found.untrusted));
        return MG_OK;
    }
    MG_LOG(MG_LOG_DEBUG, "mutants above the level judged", MG_L_INT("mutants", found.mutants.len));
    for (size_t i = 0; i < found.mutants.len; i++) {
        *MG_PUSH(work->arena, &measured->mutants) = found.mutants.at[i];
        *MG_PUSH(work->arena, &measured->spliced) = found.spliced.at[i];
        *MG_PUSH(work->arena, &measured->results) = found.results.at[i];
    }
    return MG_OK;
}
