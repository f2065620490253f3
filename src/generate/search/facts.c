/* Observed calls as lines for whoever writes tests next: `f(1, 2) == 3`. */
#include "base/buf.h"
#include "base/str.h"
#include "generate/search/internal.h"

#include <stdlib.h>

#define MOST_FACTS 12
#define MOST_BYTES 200u /* a longer line tells a reader little */

static int by_telling(const void *a, const void *b)
{
    const struct mg_candidate *x = *(struct mg_candidate *const *)a, *y = *(struct mg_candidate *const *)b;
    if ((x->kills.len > 0) != (y->kills.len > 0))
        return x->kills.len > 0 ? -1 : 1;
    if (x->cost != y->cost)
        return x->cost < y->cost ? -1 : 1;
    return mg_str_cmp(x->call.call, y->call.call);
}

/* What the call gave; empty when it cannot be said in one line. */
static struct mg_str result_of(struct mg_search *s, const struct mg_candidate *c)
{
    if (c->seen.raised)
        return mg_arena_printf(s->arena, "raises %.*s", MG_FMT(c->seen.exception));
    for (size_t i = 0; i < c->seen.facts.len; i++) {
        const struct mg_fact *fact = &c->seen.facts.at[i];
        if (!mg_str_is(fact->of, "result"))
            continue;
        if (fact->form == MG_FACT_IS)
            return mg_arena_printf(s->arena, "is %.*s", MG_FMT(fact->source));
        if (fact->form == MG_FACT_EQ || fact->form == MG_FACT_APPROX)
            return mg_arena_printf(s->arena, "== %.*s", MG_FMT(fact->source));
    }
    return MG_NO_STR;
}

/* The statements before the call, in one line. */
static struct mg_str setup_of(struct mg_search *s, const struct mg_candidate *c)
{
    struct mg_buf out = MG_BUF(4 * MOST_BYTES);
    struct mg_str rest = c->call.setup, line;
    while (mg_str_next_line(&rest, &line))
        if (mg_str_trim(line).len)
            mg_buf_addf(&out, "%.*s; ", MG_FMT(mg_str_trim(line)));
    return mg_buf_take(&out, s->arena);
}

void mg_facts_collect(struct mg_search *s, struct mg_suite *suite)
{
    struct mg_candidate **calls = MG_NEW_ARRAY(s->arena, struct mg_candidate *, s->calls.len + 1);
    size_t count = 0;
    for (size_t i = 0; i < s->calls.len; i++)
        if (s->calls.at[i]->observed && s->calls.at[i]->seen.stable && s->calls.at[i]->usable)
            calls[count++] = s->calls.at[i];
    if (count)
        qsort(calls, count, sizeof *calls, by_telling);
    struct mg_map results; /* each at most twice */
    mg_map_init(&results, s->arena);
    for (size_t i = 0; i < count && suite->facts.len < MOST_FACTS; i++) {
        struct mg_str result = result_of(s, calls[i]), setup = setup_of(s, calls[i]);
        if (result.len == 0 || result.len + setup.len + calls[i]->call.call.len > MOST_BYTES)
            continue;
        void **seen = mg_map_slot(&results, result);
        if (*seen == s)
            continue;
        *seen = *seen ? (void *)s : (void *)suite;
        *MG_PUSH(s->arena, &suite->facts) = mg_arena_printf(s->arena, "%.*s%.*s %.*s", MG_FMT(setup), MG_FMT(calls[i]->call.call), MG_FMT(result));
    }
}
