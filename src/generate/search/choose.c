/* The smallest readable set of calls that keeps every kill: greedy cover, then shrinking, then dropping what became redundant. */
#include "base/str.h"
#include "generate/search/internal.h"
#include <stdlib.h>
#include <string.h>

#define MATRIX_CALLS 150
#define SHRINK_VARIANTS 20
#define SHRINK_ROUNDS 10
#define SHRINK_CALLS 240

static bool kills(const struct mg_candidate *c, uint32_t mutant)
{
    for (size_t i = 0; i < c->kills.len; i++)
        if (c->kills.at[i].mutant == mutant)
            return true;
    return false;
}

static int by_cost(const void *a, const void *b)
{
    const struct mg_candidate *x = *(struct mg_candidate *const *)a, *y = *(struct mg_candidate *const *)b;
    if (x->cost != y->cost)
        return x->cost < y->cost ? -1 : 1;
    int order = mg_str_cmp(x->call.call, y->call.call);
    return order ? order : mg_str_cmp(x->call.setup, y->call.setup);
}

/* Kills are only known for mutants that were alive when a call was probed: the readable killers are asked about all of them. */
static enum mg_code complete_matrix(struct mg_search *s, struct mg_chosen *killers, struct mg_err *err)
{
    for (size_t i = 0; i < s->calls.len; i++)
        if (s->calls.at[i]->usable && s->calls.at[i]->kills.len > 0)
            *MG_PUSH(s->arena, killers) = s->calls.at[i];
    if (killers->len == 0)
        return MG_OK;
    qsort(killers->at, killers->len, sizeof(killers->at[0]), by_cost);
    return mg_rounds_probe(s, killers->at, killers->len < MATRIX_CALLS ? killers->len : MATRIX_CALLS, MG_PROBE_KILLED, err);
}

/* A timeout is a weak reason to keep a test: it counts for a quarter. */
static unsigned gain(const struct mg_candidate *c, const bool *covered)
{
    unsigned sum = 0;
    for (size_t i = 0; i < c->kills.len && c->usable; i++)
        sum += covered[c->kills.at[i].mutant] ? 0 : c->kills.at[i].by_timeout ? 1 : 4;
    return sum;
}

/* Greedily, for what is not covered yet; calls that raise only when asked for. */
static void cover(const struct mg_chosen *killers, bool raised, bool *covered, struct mg_chosen *chosen, struct mg_arena *arena)
{
    for (;;) {
        struct mg_candidate *best = NULL;
        uint64_t best_value = 0;
        for (size_t i = 0; i < killers->len; i++) {
            if (killers->at[i]->seen.raised != raised)
                continue;
            uint64_t value = (uint64_t)gain(killers->at[i], covered) * 100000 / (50 + killers->at[i]->cost);
            if (value > best_value) {
                best = killers->at[i];
                best_value = value;
            }
        }
        if (!best)
            return;
        *MG_PUSH(arena, chosen) = best;
        for (size_t i = 0; i < best->kills.len; i++)
            covered[best->kills.at[i].mutant] = true;
    }
}

/* Whether `c` makes a kill that no other of the chosen makes; a call that raises replaces none that returns. */
static bool is_needed(const struct mg_chosen *chosen, const struct mg_candidate *c, uint32_t mutant)
{
    if (!kills(c, mutant))
        return false;
    for (size_t i = 0; i < chosen->len; i++)
        if (chosen->at[i] != c && (c->seen.raised || !chosen->at[i]->seen.raised) && kills(chosen->at[i], mutant))
            return false;
    return true;
}

static bool replaces(const struct mg_search *s, const struct mg_chosen *chosen, const struct mg_candidate *old, const struct mg_candidate *fresh)
{
    if (!fresh->usable || fresh->seen.raised != old->seen.raised || fresh->cost >= old->cost)
        return false;
    for (uint32_t m = 0; m < s->request->mutant_count; m++)
        if (is_needed(chosen, old, m) && !kills(fresh, m))
            return false;
    return true;
}

static enum mg_code shrink(struct mg_search *s, struct mg_chosen *chosen, bool *progress, struct mg_err *err)
{
    *progress = false;
    struct mg_candidate *variants[SHRINK_CALLS] = { NULL };
    size_t first[SHRINK_CALLS / SHRINK_VARIANTS + 1] = { 0 }, count = 0, shrunk = 0;
    for (; shrunk < chosen->len && shrunk < MG_COUNT(first) - 1; shrunk++) {
        size_t room = SHRINK_CALLS - count < SHRINK_VARIANTS ? SHRINK_CALLS - count : SHRINK_VARIANTS;
        count += mg_call_simpler(s, chosen->at[shrunk], variants + count, room);
        first[shrunk + 1] = count;
    }
    MG_TRY(mg_rounds_probe(s, variants, count, MG_PROBE_KILLED, err));
    for (size_t i = 0; i < shrunk; i++)
        for (size_t v = first[i]; v < first[i + 1]; v++)
            if (replaces(s, chosen, chosen->at[i], variants[v])) {
                chosen->at[i] = variants[v];
                *progress = true;
            }
    return MG_OK;
}

/* Drops, dearest first, every call whose kills the others make. */
static void drop_redundant(struct mg_search *s, struct mg_chosen *chosen)
{
    if (chosen->len == 0)
        return;
    qsort(chosen->at, chosen->len, sizeof(chosen->at[0]), by_cost);
    for (size_t i = chosen->len; i-- > 0;) {
        bool needed = false;
        for (uint32_t m = 0; m < s->request->mutant_count && !needed; m++)
            needed = is_needed(chosen, chosen->at[i], m);
        if (needed)
            continue;
        memmove(&chosen->at[i], &chosen->at[i + 1], (chosen->len - i - 1) * sizeof(chosen->at[0]));
        chosen->len--;
    }
}

enum mg_code mg_choose(struct mg_search *s, struct mg_chosen *chosen, struct mg_err *err)
{
    struct mg_chosen killers = { 0 };
    MG_TRY(complete_matrix(s, &killers, err));
    bool *covered = MG_NEW_ARRAY(s->arena, bool, s->request->mutant_count + 1);
    cover(&killers, false, covered, chosen, s->arena); /* what the function does comes before what it refuses */
    cover(&killers, true, covered, chosen, s->arena);
    drop_redundant(s, chosen);
    bool progress = true;
    for (int round = 0; round < SHRINK_ROUNDS && progress; round++) {
        MG_TRY(shrink(s, chosen, &progress, err));
        drop_redundant(s, chosen);
    }
    return MG_OK;
}
