/* The search: probes calls on the original and all live mutants, round after round, and breeds new calls from those that got close. */
#include "base/str.h"
#include "generate/search/internal.h"
#include <string.h>

#define FIRST_ROUND 60 /* without mutants: which values work at all */
#define ROUND 250
#define IDLE_ROUNDS 2 /* without a new kill, then the search ends */
#define CALL_SECONDS 0.05
#define PROBE_SECONDS 60.0
#define LEAST_PROBE 0.5      /* seconds */
#define SEARCH_SECONDS 120.0 /* of one target: calls that wait, or whose mutants do, would take hours */
#define LIMITED_SHARE 0.6    /* of the time until a deadline: then tests are written, and judged */
#define TOO_SHORT 10.0       /* a deadline as near as this ends whatever is done then */
#define ROUNDS_SHARE 0.7     /* of the search: the rest is for choosing and shrinking */

static double now(const struct mg_search *s) { return s->request->clock.ops->monotonic(s->request->clock.self); }

void mg_rounds_begin(struct mg_search *s)
{
    s->began = now(s);
    if (s->request->deadline > 0 && s->request->deadline - s->began < TOO_SHORT)
        return;
    double limited = (s->request->deadline - s->began) * LIMITED_SHARE;
    s->seconds = s->request->deadline > 0 && limited < SEARCH_SECONDS ? limited : SEARCH_SECONDS;
    s->until = s->began + s->seconds * ROUNDS_SHARE;
}

/* For one probe: half of what there is, so that another can use what it has seen. */
static double seconds_left(const struct mg_search *s)
{
    double left = s->until > 0 ? (s->until - now(s)) / 2 : PROBE_SECONDS;
    return left < PROBE_SECONDS ? left : PROBE_SECONDS;
}

/* Whether the target itself raises this class with a text of its own: then even a TypeError is behaviour, not misuse. */
static bool raises_on_purpose(struct mg_search *s, struct mg_str exception, struct mg_str match)
{
    const struct mg_function *f = &s->request->target->function;
    struct mg_str own = mg_str_sub(s->request->source->text, f->start, f->end);
    if (mg_str_is(exception, "SystemExit") && mg_str_contains(own, "sys.exit("))
        return true;
    return match.len > 0 && mg_str_contains(own, mg_arena_cstr(s->arena, mg_arena_printf(s->arena, "raise %.*s", MG_FMT(exception))));
}

/* Whether a test can be made of what was seen. */
static bool is_usable(struct mg_search *s, const struct mg_observation *seen)
{
    static const char *const misuse[] = { "TypeError",   "AttributeError", "NameError",   "RecursionError",     "AssertionError",
                                          "MemoryError", "SystemExit",     "ImportError", "ModuleNotFoundError" };
    if (!seen->stable || seen->raised_by_arguments)
        return false;
    if (!seen->raised)
        return seen->facts.len > 0;
    if (seen->exception.len == 0)
        return false;
    for (size_t i = 0; i < MG_COUNT(misuse); i++)
        if (mg_str_is(seen->exception, misuse[i]) && !raises_on_purpose(s, seen->exception, seen->match))
            return false;
    return true;
}

bool mg_runs_mutant(const struct mg_candidate *c, const struct mg_mutant *mutant)
{
    for (size_t i = 0; i < c->seen.lines.len; i++)
        if (c->seen.lines.at[i] >= mutant->line && c->seen.lines.at[i] <= mutant->end_line)
            return true;
    return false;
}

static void add_kill(struct mg_search *s, struct mg_candidate *c, const struct mg_difference *difference, uint32_t mutant)
{
    for (size_t i = 0; i < c->kills.len; i++)
        if (c->kills.at[i].mutant == mutant)
            return;
    *MG_PUSH(s->arena, &c->kills) = (struct mg_kill){
        .mutant = mutant, .fact = difference->fact, .by_timeout = difference->kind == MG_DIFFERS_BY_TIMEOUT, .told = difference->told
    };
    if (s->alive[mutant]) {
        s->alive[mutant] = false;
        s->alive_count--;
    }
}

/* A result tells a reader more than an error, and a short one more than a long one. */
static unsigned cost_of_outcome(const struct mg_observation *seen)
{
    size_t len = seen->facts.len ? seen->facts.at[0].source.len : 0;
    return seen->raised ? 25 : (unsigned)(len < 600 ? len : 600) / 6;
}

enum mg_code mg_rounds_probe(struct mg_search *s, struct mg_candidate *const *calls, size_t count, enum mg_probe_scope scope, struct mg_err *err)
{
    const struct mg_generate_request *request = s->request;
    struct mg_probe probe = { .imports = mg_search_import_lines(s), .call_seconds = CALL_SECONDS, .seconds = seconds_left(s), .tell = s->telling };
    struct mg_probed result = { 0 };
    uint32_t *chosen = MG_NEW_ARRAY(s->arena, uint32_t, request->mutant_count + 1);
    if (count == 0)
        return MG_OK;
    if (mg_cancelled(request->cancel))
        return MG_FAIL(err, MG_E_CANCELLED, "stopped by the user");
    s->late |= probe.seconds < LEAST_PROBE;
    if (probe.seconds < LEAST_PROBE)
        return MG_OK; /* nothing is seen of them */
    for (size_t i = 0; i < count; i++)
        *MG_PUSH(s->arena, &probe.calls) = calls[i]->call;
    for (uint32_t m = 0; m < request->mutant_count; m++) {
        if (scope == MG_PROBE_ORIGINAL || (scope == MG_PROBE_ALIVE && !s->alive[m]) || (scope == MG_PROBE_KILLED && s->alive[m]))
            continue;
        chosen[probe.mutants.len] = m;
        *MG_PUSH(s->arena, &probe.mutants) = request->spliced[m];
    }
    s->work += count;
    MG_TRY(request->agent.ops->session_probe(request->session, &probe, s->arena, &result, err));
    if (result.observations.len != count)
        return MG_FAIL(err, MG_E_CHILD, "the agent answered %zu of %zu calls", result.observations.len, count);
    for (size_t i = 0; i < count; i++) {
        calls[i]->seen = result.observations.at[i];
        calls[i]->usable = is_usable(s, &calls[i]->seen) && !(calls[i]->as_text && calls[i]->seen.raised);
        if (!calls[i]->observed)
            calls[i]->cost += cost_of_outcome(&calls[i]->seen);
        calls[i]->observed = true;
        /* There was no time to run it; where the probe had as much as any has, more would not be given to it. */
        s->late |= probe.seconds < PROBE_SECONDS && !calls[i]->seen.stable && calls[i]->seen.trouble.len == 0;
        if (scope == MG_PROBE_KILLED) /* asked about all of them again: facts are numbered by the newest observation */
            calls[i]->kills.len = 0;
    }
    for (size_t i = 0; i < result.differences.len; i++) {
        const struct mg_difference *d = &result.differences.at[i];
        if (d->call < count && d->mutant < probe.mutants.len && (d->kind != MG_DIFFERS_BY_CRASH || s->telling) && calls[d->call]->usable)
            add_kill(s, calls[d->call], d, chosen[d->mutant]);
    }
    return MG_OK;
}

/* Values of a kind that has only met TypeErrors and AttributeErrors at a parameter are not drawn any more. */
static void demote_useless_kinds(struct mg_search *s)
{
    for (size_t p = 0; p < s->about.params.len; p++) {
        uint32_t good[128] = { 0 }, bad[128] = { 0 };
        bool any_good = false;
        for (size_t i = 0; i < s->calls.len; i++) {
            const struct mg_candidate *c = s->calls.at[i];
            bool misfit = c->seen.raised_by_arguments || (c->seen.raised && !c->usable);
            for (size_t a = 0; a < c->args.len; a++) {
                unsigned char kind = (unsigned char)mg_value_kind(c->args.at[a].source);
                if (c->args.at[a].param == s->about.params.at[p] && c->observed && c->seen.stable && kind < 128) {
                    *(misfit ? &bad[kind] : &good[kind]) += 1;
                    any_good |= !misfit;
                }
            }
        }
        for (size_t i = 0; i < s->pools.at[p]->len && any_good; i++) {
            unsigned char kind = (unsigned char)mg_value_kind(s->pools.at[p]->at[i].source);
            s->pools.at[p]->at[i].demoted = kind < 128 && good[kind] == 0 && bad[kind] >= 3;
        }
    }
}

/* Every value of these calls learns how its call ended. A setup that fails is the receiver's fault, a call that waits is its arguments'. */
static void learn(struct mg_search *s, struct mg_candidate *const *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct mg_candidate *c = calls[i];
        bool good = c->seen.stable && (!c->seen.raised || c->kills.len > 0);
        bool ran = c->seen.stable || mg_str_is(c->seen.trouble, "waits");
        mg_pool_learn(s->receivers, c->receiver, ran);
        for (size_t a = 0; a < c->args.len && (ran || c->receiver.len == 0); a++)
            for (size_t p = 0; p < s->about.params.len; p++)
                if (s->about.params.at[p] == c->args.at[a].param)
                    mg_pool_learn(s->pools.at[p], c->args.at[a].source, good);
    }
}

/* A call to vary: one that killed, or one that ran the line of a live mutant without telling it apart. */
static const struct mg_candidate *choose_parent(struct mg_search *s)
{
    size_t count = s->calls.len, from = mg_rng_below(&s->rng, count), mutants = s->request->mutant_count;
    bool killer = mg_rng_percent(&s->rng, 40);
    size_t wanted = mg_rng_below(&s->rng, mutants);
    for (size_t i = 0; i < mutants && !s->alive[wanted]; i++)
        wanted = (wanted + 1) % mutants;
    bool returns = mg_rng_percent(&s->rng, 75); /* an error mostly ends the way before the line is interesting */
    for (size_t i = 0; i < count; i++) {
        const struct mg_candidate *c = s->calls.at[(from + i) % count];
        if (c->usable && !(returns && c->seen.raised) && (killer ? c->kills.len > 0 : mg_runs_mutant(c, &s->request->mutants[wanted])))
            return c;
    }
    for (size_t i = 0; i < count; i++)
        if (s->calls.at[(from + i) % count]->usable)
            return s->calls.at[(from + i) % count];
    return NULL;
}

/* New calls: `bred` percent from parents, the rest drawn. */
static size_t make_calls(struct mg_search *s, struct mg_candidate **calls, size_t count, size_t wanted, unsigned bred)
{
    for (size_t tries = 0; count < wanted && tries < wanted * 4; tries++) {
        const struct mg_candidate *parent = s->calls.len && mg_rng_percent(&s->rng, bred) ? choose_parent(s) : NULL;
        struct mg_candidate *c = parent ? mg_call_mutate(s, parent) : mg_call_draw(s);
        if (c)
            calls[count++] = c;
    }
    return count;
}

/* One parameter at a time around the cheapest call that works, and around those that run most lines: each condition is met in company. */
static size_t calls_around(struct mg_search *s, struct mg_candidate **calls)
{
    const struct mg_candidate *cheap = NULL, *deep = NULL, *harvested = NULL;
    size_t count = 0;
    for (size_t i = 0; i < s->calls.len; i++) {
        const struct mg_candidate *c = s->calls.at[i];
        if (!c->usable || c->seen.raised || c->raw.len)
            continue;
        if (!cheap || c->cost < cheap->cost)
            cheap = c;
        if (!deep || c->seen.lines.len > deep->seen.lines.len || (c->seen.lines.len == deep->seen.lines.len && c->kills.len > deep->kills.len))
            deep = c;
        if (c->origin != MG_FROM_DRAW && (!harvested || c->seen.lines.len > harvested->seen.lines.len))
            harvested = c;
    }
    if (deep)
        mg_calls_around(s, deep, calls, &count, ROUND / 3);
    if (harvested && harvested != deep)
        mg_calls_around(s, harvested, calls, &count, ROUND * 2 / 3);
    if (cheap && cheap != deep)
        mg_calls_around(s, cheap, calls, &count, count + ROUND / 3);
    return count;
}

static void keep(struct mg_search *s, struct mg_candidate *const *calls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *MG_PUSH(s->arena, &s->calls) = calls[i];
}

enum mg_code mg_rounds_run(struct mg_search *s, struct mg_err *err)
{
    struct mg_candidate **calls = MG_NEW_ARRAY(s->arena, struct mg_candidate *, ROUND * 2);
    int64_t budget = s->request->config->generation.max_calls * 3 / 4; /* the rest is for choosing and shrinking */
    size_t harvested = s->calls.len, count = make_calls(s, calls, 0, FIRST_ROUND, 0);
    MG_TRY(mg_rounds_probe(s, calls, count, MG_PROBE_ORIGINAL, err));
    keep(s, calls, count);
    learn(s, calls, count);
    demote_useless_kinds(s);
    MG_TRY(mg_rounds_probe(s, s->calls.at, harvested, MG_PROBE_ALIVE, err));

    count = 0; /* those of the first round that work are probed again, now with the mutants */
    for (size_t i = harvested; i < s->calls.len; i++)
        if (s->calls.at[i]->usable)
            calls[count++] = s->calls.at[i];
    MG_TRY(mg_rounds_probe(s, calls, count, MG_PROBE_ALIVE, err));
    count = calls_around(s, calls);
    int idle = 0;
    while (s->alive_count > 0 && idle < IDLE_ROUNDS && (int64_t)s->work < budget && !s->late) {
        uint32_t before = s->alive_count;
        size_t left = (size_t)(budget - (int64_t)s->work);
        count = make_calls(s, calls, count, left < ROUND ? left : ROUND, 60);
        if (count == 0)
            break;
        MG_TRY(mg_rounds_probe(s, calls, count, MG_PROBE_ALIVE, err));
        keep(s, calls, count);
        learn(s, calls, count);
        demote_useless_kinds(s);
        idle = s->alive_count < before ? 0 : idle + 1;
        s->late |= s->alive_count > 0 && seconds_left(s) < LEAST_PROBE;
        count = 0;
    }
    s->until = s->until > 0 ? s->began + s->seconds : 0;
    for (size_t i = 0; i < s->calls.len; i++)
        for (size_t m = 0; m < s->request->mutant_count; m++)
            if (mg_runs_mutant(s->calls.at[i], &s->request->mutants[m])) {
                s->reached_count++;
                break;
            }
    return MG_OK;
}
