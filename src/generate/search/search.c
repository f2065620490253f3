/* The keyless generator: describe, collect values, search, choose, write. */
#include "generate/search/search.h"
#include "base/hash.h"
#include "base/str.h"
#include "generate/search/internal.h"
#include <string.h>

/* Seed and target decide everything, so that the same request gives the same bytes. A later attempt looks elsewhere. */
static struct mg_rng seeded(const struct mg_generate_request *request, struct mg_arena *arena)
{
    uint8_t digest[32];
    struct mg_rng rng = { 0 };
    mg_sha256(mg_arena_printf(arena, "%lld|%.*s|%d", (long long)request->config->generation.seed, MG_FMT(request->target->id),
                              request->round != MG_ROUND_GENERATE),
              digest);
    for (size_t i = 0; i < 8; i++)
        rng.state = rng.state << 8 | digest[i];
    return rng;
}

/* A literal in one spelling; false when the text is no plain literal or its order may differ (sets, dicts). */
static bool spelled(struct mg_arena *arena, struct mg_str text, struct mg_str *spelling)
{
    struct mg_atoms atoms = { 0 };
    struct mg_str black = mg_expr_black(arena, mg_str_trim(text));
    if (!mg_expr_is_literal(black, arena) || memchr(black.at, '{', black.len) || mg_str_contains(black, "..."))
        return false;
    mg_expr_atoms(black, arena, &atoms);
    *spelling = MG_STR("");
    for (size_t i = 0; i < atoms.len; i++) {
        double number;
        bool is_number = atoms.at[i].kind == MG_ATOM_INT || atoms.at[i].kind == MG_ATOM_FLOAT;
        if (is_number && mg_str_to_double(atoms.at[i].text, &number))
            *spelling = mg_arena_printf(arena, "%.*s %.12g", MG_FMT(*spelling), number);
        else
            *spelling = mg_arena_printf(arena, "%.*s %.*s", MG_FMT(*spelling), MG_FMT(atoms.at[i].text));
    }
    return true;
}

/* The text without white space: line breaks and the padding of examples are no promise. */
static struct mg_str squeezed(struct mg_arena *arena, struct mg_str text)
{
    struct mg_str copy = mg_arena_str(arena, text);
    char *at = (char *)(uintptr_t)copy.at; /* our own fresh copy */
    size_t len = 0;
    for (size_t i = 0; i < copy.len; i++)
        if (!strchr(" \t\r\n", at[i]))
            at[len++] = at[i];
    return mg_str_sub(copy, 0, len);
}

/* Whether the result is surely another than the doctest's. What cannot be compared as text contradicts nothing. */
static bool contradicts(struct mg_search *s, const struct mg_candidate *c, const struct mg_fact *fact)
{
    struct mg_str want, got;
    if (!c->printed)
        return spelled(s->arena, c->want, &want) && spelled(s->arena, fact->source, &got) && !mg_str_eq(want, got);
    struct mg_atoms atoms = { 0 };
    mg_expr_atoms(fact->source, s->arena, &atoms);
    if (atoms.len != 1 || fact->form == MG_FACT_APPROX || (atoms.at[0].kind != MG_ATOM_STR && atoms.at[0].kind != MG_ATOM_INT))
        return false;
    if (!mg_expr_unquote(fact->source, s->arena, &got))
        got = fact->source;
    return !mg_str_eq(squeezed(s->arena, c->want), squeezed(s->arena, got));
}

/* What a doctest promises and the code does not do is reported, never asserted. */
static void compare_doctests(struct mg_search *s, struct mg_suite *suite)
{
    for (size_t i = 0; i < s->calls.len; i++) {
        struct mg_candidate *c = s->calls.at[i];
        if (c->want.len == 0 || !c->usable || c->seen.raised || c->seen.facts.len == 0)
            continue;
        const struct mg_fact *fact = &c->seen.facts.at[0];
        bool value = fact->form == MG_FACT_EQ || fact->form == MG_FACT_IS || fact->form == MG_FACT_APPROX;
        if (!value || !mg_str_is(fact->of, "result") || !contradicts(s, c, fact))
            continue;
        struct mg_str want = mg_str_trim(c->want);
        c->usable = false;
        *MG_PUSH(s->arena, &suite->suspected_bugs) =
            mg_arena_printf(s->arena, "%.*s: %.*s gives %.*s, its doctest says %.*s", MG_FMT(s->request->target->qualified_name),
                            MG_FMT(c->call.call), MG_FMT(mg_str_trim(mg_expr_black(s->arena, fact->source))),
                            MG_FMT(c->printed ? mg_expr_quote(s->arena, want) : mg_expr_black(s->arena, want)));
    }
}

/* Why the search ended with nothing, from what the calls met most. */
/* Words of the agent, and what is said of calls. A word that is not listed is an effect that was refused. */
static const struct {
    const char *word, *said;
} troubles[] = {
    { "waits", "waits for something that does not come" },
    { "limit", "takes too long" },
    { "clock", "asks for the current time" },
    { "ends", "ends the process" },
    { "state", "changes a list or set of a module" },
    { "nothing", "raises what a test cannot name" },
    { "differs", "gives another result each time" },
    { "", "could not be run in the time there was" },
};
#define SETUP "setup "

static struct mg_str said_of(struct mg_search *s, struct mg_str trouble)
{
    for (size_t i = 0; i < MG_COUNT(troubles); i++)
        if (mg_str_is(trouble, troubles[i].word))
            return mg_str_from(troubles[i].said);
    if (mg_str_starts(trouble, SETUP))
        return mg_arena_printf(s->arena, "needs an object whose making raises %.*s", MG_FMT(mg_str_sub(trouble, strlen(SETUP), trouble.len)));
    return mg_arena_printf(s->arena, "does what is not allowed to it (%.*s)", MG_FMT(trouble));
}

/* No call could be relied on: what is wrong with most of them. */
static struct mg_str unstable_reason(struct mg_search *s)
{
    struct mg_str most = MG_NO_STR;
    size_t best = 0;
    for (size_t i = 0; i < s->calls.len; i++) {
        size_t same = 0;
        for (size_t k = 0; k < s->calls.len; k++)
            same += mg_str_eq(s->calls.at[i]->seen.trouble, s->calls.at[k]->seen.trouble);
        if (same > best) {
            best = same;
            most = s->calls.at[i]->seen.trouble;
        }
    }
    if (mg_str_is(most, "differs"))
        return MG_STR("no call gave the same result twice");
    struct mg_str said = said_of(s, most);
    if (best == s->calls.len)
        return mg_arena_printf(s->arena, "every generated call %.*s", MG_FMT(said));
    return mg_arena_printf(s->arena, "no generated call gave a result to rely on (the usual one %.*s)", MG_FMT(said));
}

static struct mg_str no_test_reason(struct mg_search *s)
{
    size_t misfits = 0, unstable = 0, unusable = 0, count = s->calls.len;
    struct mg_str exception = MG_NO_STR;
    for (size_t i = 0; i < count; i++) {
        const struct mg_candidate *c = s->calls.at[i];
        misfits += c->observed && c->seen.stable && c->seen.raised && !c->usable;
        unstable += c->observed && !c->seen.stable;
        unusable += c->observed && c->seen.stable && !c->seen.raised && !c->usable;
        if (c->seen.raised && !c->usable && c->seen.exception.len && exception.len == 0)
            exception = c->seen.exception;
    }
    if (s->late)
        return mg_arena_printf(s->arena, "no test was found in the %.0f s that the search had", s->seconds);
    if (count == 0)
        return s->shape != MG_CALL_FUNCTION && s->receivers->len == 0 ? MG_STR("no way to make an object of the class was found")
                                                                      : MG_STR("no call could be made up for its parameters");
    if (misfits == count)
        return mg_arena_printf(s->arena, "every generated call raised %.*s (%zu calls)", MG_FMT(exception.len ? exception : MG_STR("an exception")),
                               count);
    if (unstable == count)
        return unstable_reason(s);
    if (unusable + misfits + unstable == count)
        return mg_arena_printf(s->arena, "no call had a result that a test can state (%zu calls, %zu raised, %zu not repeatable)", count, misfits,
                               unstable);
    if (s->reached_count == 0)
        return mg_arena_printf(s->arena, "no call reached the line of a live mutant (%zu calls)", count);
    return mg_arena_printf(s->arena, "no generated call told a mutant apart (%zu calls)", count);
}

enum mg_code mg_search_prepare(struct mg_search *s, struct mg_str *reason, struct mg_err *err)
{
    MG_TRY(s->request->agent.ops->session_describe(s->request->session, s->arena, &s->about, err));
    *reason = s->about.is_abstract && s->about.unreachable.len == 0 ? MG_STR("abstract: it has no behaviour of its own") : s->about.unreachable;
    if (reason->len)
        return MG_OK;
    mg_search_callee(s);
    mg_words_collect(s);
    mg_values_collect(s);
    mg_calls_harvest(s);
    return MG_OK;
}

static enum mg_code search(struct mg_search *s, struct mg_suite *suite, struct mg_err *err)
{
    struct mg_chosen chosen = { 0 };
    MG_TRY(mg_search_prepare(s, &suite->reason, err));
    if (suite->reason.len)
        return MG_OK;
    if (s->request->clock.ops)
        mg_rounds_begin(s);
    MG_TRY(mg_rounds_run(s, err));
    suite->late = s->late && s->request->deadline > 0;
    compare_doctests(s, suite);
    mg_facts_collect(s, suite);
    MG_TRY(mg_choose(s, &chosen, err));
    if (chosen.len == 0)
        suite->reason = no_test_reason(s);
    else
        mg_write_suite(s, &chosen, suite);
    return MG_OK;
}

enum mg_code mg_search_open(struct mg_search *s, const struct mg_generate_request *request, struct mg_arena *arena, struct mg_err *err)
{
    *s = (struct mg_search){ .request = request, .arena = arena, .rng = seeded(request, arena), .alive_count = (uint32_t)request->mutant_count };
    mg_map_init(&s->known_calls, arena);
    mg_map_init(&s->plain, arena);
    s->alive = MG_NEW_ARRAY(arena, bool, request->mutant_count);
    for (size_t i = 0; i < request->mutant_count; i++)
        s->alive[i] = true;
    return mg_module_parse(request->source->text, &s->module, err);
}

void mg_search_close(struct mg_search *s) { mg_module_free(s->module); }

static enum mg_code generate(void *self, const struct mg_generate_request *request, struct mg_arena *arena, struct mg_suite *suite,
                             enum mg_llm_fault *fault, struct mg_err *err)
{
    (void)self;
    (void)fault;
    struct mg_search s;
    *suite = (struct mg_suite){ 0 };
    if (request->mutant_count == 0) {
        suite->reason = MG_STR("no live mutant to search for");
        return MG_OK;
    }
    MG_TRY(mg_search_open(&s, request, arena, err));
    enum mg_code code = search(&s, suite, err);
    mg_search_close(&s);
    return code;
}

struct mg_generator mg_search_new(void)
{
    static const struct mg_generator_ops ops = { .name = "search", .generate = generate, .witness = mg_search_witness };
    return (struct mg_generator){ .ops = &ops };
}
