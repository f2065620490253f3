/* Witnesses: what a survivor does differently, seen on a call. The search's calls are made on the original and on the survivors of one function
 * at a time, under the guards of every probe. Budgets count calls: the same seed finds the same witness, where calls are not slow. */
#include "base/str.h"
#include "core/survivors.h"
#include "python/mutate.h"
#include "services/context.h"

#define FUNCTION_CALLS 400 /* shared by all survivors of a function */
#define ALL_CALLS 40000    /* of one score */
#define FUNCTION_SECONDS 10.0

struct looking {
    struct mg_run_context *run;
    const struct mg_outcome *outcome;
    const struct mg_target *target;
    struct mg_arena *arena;
    MG_LIST(struct mg_judged *) judged;
};

static const struct mg_target *target_of(const struct mg_run_context *run, const struct mg_outcome *outcome)
{
    for (size_t i = 0; i < run->targets.len; i++)
        if (mg_str_eq(run->targets.at[i].id, outcome->target_id))
            return &run->targets.at[i];
    return NULL;
}

static enum mg_code ask(struct looking *l, struct mg_session *session, struct mg_err *err)
{
    struct mg_run_context *run = l->run;
    const struct mg_run_services *services = run->services;
    const struct mg_source_file *source = &run->repo->sources.at[mg_file_index(run, l->target->path)];
    struct mg_config config = *run->config;
    struct mg_found found = { 0 };
    struct mg_covering covering;
    config.generation.max_calls = FUNCTION_CALLS;
    MG_TRY(services->agent.ops->session_target(session, l->target, l->arena, &found, err));
    if (found.functions == 0)
        return MG_OK;
    size_t count = l->judged.len;
    struct mg_mutant *mutants = MG_NEW_ARRAY(l->arena, struct mg_mutant, count);
    struct mg_probe_mutant *spliced = MG_NEW_ARRAY(l->arena, struct mg_probe_mutant, count);
    struct mg_witness *witnesses = MG_NEW_ARRAY(l->arena, struct mg_witness, count);
    for (size_t i = 0; i < count; i++) {
        mutants[i] = l->judged.at[i]->mutant;
        struct mg_str text = mg_mutant_function_text(source->text, &l->target->function, &mutants[i], l->arena);
        spliced[i] = (struct mg_probe_mutant){ mutants[i].id, text, mutants[i].line, mutants[i].end_line };
    }
    mg_find_covering(run, l->target, l->arena, &covering);
    uint32_t *tests = MG_NEW_ARRAY(l->arena, uint32_t, covering.len + 1);
    for (size_t i = 0; i < covering.len; i++)
        tests[i] = covering.at[i].test;
    struct mg_generate_request request = { .target = l->target,
                                           .source = source,
                                           .repo = run->repo,
                                           .agent = services->agent,
                                           .session = session,
                                           .mutants = mutants,
                                           .spliced = spliced,
                                           .mutant_count = count,
                                           .collected = &run->collected,
                                           .covering = tests,
                                           .covering_count = covering.len,
                                           .config = &config,
                                           .clock = services->clock,
                                           .deadline = services->clock.ops->monotonic(services->clock.self) + FUNCTION_SECONDS,
                                           .cancel = services->cancel };
    MG_TRY(services->witness.ops->witness(services->witness.self, &request, l->arena, witnesses, err));
    for (size_t i = 0; i < count; i++) {
        l->judged.at[i]->witness = mg_arena_str(run->arena, witnesses[i].text);
        l->judged.at[i]->compared = witnesses[i].calls;
    }
    return MG_OK;
}

/* What goes wrong inside one function's processes ends the search there, never the score. */
static enum mg_code look(struct looking *l, struct mg_err *err)
{
    const struct mg_agent *agent = &l->run->services->agent;
    struct mg_session *session = NULL;
    struct mg_err cause = { .code = MG_OK };
    bool revived = false;
    enum mg_code code = agent->ops->open_session(agent->self, &session, &cause);
    if (code == MG_OK) {
        code = ask(l, session, &cause);
        agent->ops->session_close(session);
    }
    if (code == MG_E_CHILD || code == MG_E_TIMEOUT)
        return agent->ops->revive(agent->self, &revived, err);
    if (code != MG_OK && err)
        *err = cause;
    return code;
}

/* The ranked survivors of the same function as the one at `first`, each function once; false when it had its turn. */
static bool gather(const struct mg_survivors *survivors, size_t first, struct looking *l)
{
    l->outcome = survivors->at[first].outcome;
    for (size_t i = 0; i < survivors->len; i++) {
        if (survivors->at[i].outcome != l->outcome)
            continue;
        if (i < first)
            return false;
        *MG_PUSH(l->arena, &l->judged) = survivors->at[i].judged;
    }
    return true;
}

enum mg_code mg_find_witnesses(struct mg_run_context *run, bool all, struct mg_err *err)
{
    const struct mg_run_services *services = run->services;
    struct mg_survivors survivors;
    size_t functions = 0;
    if (!services->witness.ops || !run->config->mutation.witnesses || services->gate.ops->own_mutants)
        return MG_OK;
    mg_survivors_rank(run->report, all, run->arena, &survivors);
    services->progress.ops->phase(services->progress.self, "witnesses", MG_STR("looking for inputs that tell survivors apart"),
                                  (uint32_t)survivors.len);
    for (size_t i = 0; i < survivors.len && functions < ALL_CALLS / FUNCTION_CALLS; i++) {
        if (mg_cancelled(services->cancel))
            return MG_FAIL(err, MG_E_CANCELLED, "cancelled");
        if (run->deadline > 0 && services->clock.ops->monotonic(services->clock.self) >= run->deadline)
            return MG_OK;
        services->progress.ops->step(services->progress.self, (uint32_t)i, survivors.at[i].outcome->qualified_name);
        struct looking l = { .run = run, .arena = mg_arena_new() };
        enum mg_code code = MG_OK;
        if (gather(&survivors, i, &l) && (l.target = target_of(run, l.outcome)) && !mg_target_is_module(l.target)) {
            functions++;
            code = look(&l, err);
        }
        mg_arena_free(l.arena);
        MG_TRY(code);
    }
    run->report->scored.all_witnesses = all;
    return MG_OK;
}
