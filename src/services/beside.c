/* A survivor has been tried on its tests' neighbours, too. When one of those changes, that one alone tries it again: the others have the same
 * digest as then, so they would say the same. */
#include "services/beside.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"
#include "core/beside.h"

#include <stdlib.h>

static int by_seconds(const void *a, const void *b)
{
    const struct mg_coverage_entry *x = a, *y = b;
    if (x->seconds < y->seconds || x->seconds > y->seconds)
        return x->seconds < y->seconds ? -1 : 1;
    return (x->test > y->test) - (x->test < y->test);
}

void mg_beside_find(const struct mg_run_context *run, const struct mg_covering *covering, struct mg_arena *arena, struct mg_neighbours *beside)
{
    const struct mg_collected *collected = &run->collected;
    struct mg_map files;
    mg_map_init(&files, arena);
    bool *covers = MG_NEW_ARRAY(arena, bool, collected->tests.len + 1);
    for (size_t i = 0; i < covering->len; i++) {
        covers[covering->at[i].test] = true;
        *mg_map_slot(&files, collected->tests.at[covering->at[i].test].file) = covers;
    }
    *beside = (struct mg_neighbours){ 0 };
    for (uint32_t i = 0; covering->len && i < collected->tests.len; i++)
        if (!covers[i] && mg_test_counts(run, i) && mg_map_get(&files, collected->tests.at[i].file))
            *MG_PUSH(arena, beside) = (struct mg_coverage_entry){ .test = i, .seconds = run->baseline.results[i].seconds };
    if (beside->len)
        qsort(beside->at, beside->len, sizeof *beside->at, by_seconds);
}

static int by_text(const void *a, const void *b) { return mg_str_cmp(*(const struct mg_str *)a, *(const struct mg_str *)b); }

struct mg_str mg_beside_text(struct mg_depend *depend, const struct mg_neighbours *beside, struct mg_arena *arena)
{
    struct mg_str *digests = MG_NEW_ARRAY(arena, struct mg_str, beside->len + 1);
    for (size_t i = 0; i < beside->len; i++)
        digests[i] = mg_depend_test(depend, beside->at[i].test);
    qsort(digests, beside->len, sizeof *digests, by_text); /* times differ, and with them the order */
    struct mg_buf out = MG_BUF((size_t)64 << 20);
    mg_buf_adds(&out, "beside\n");
    for (size_t i = 0; i < beside->len; i++)
        mg_buf_addf(&out, "%.*s\n", MG_FMT(digests[i]));
    return mg_buf_take(&out, arena);
}

struct mg_str mg_beside_key(struct mg_str text, struct mg_arena *arena) { return mg_sha256_hex(arena, text, 40); }

static bool meets(const struct mg_coverage_entry *entry, const struct mg_mutant *mutant)
{
    for (size_t i = 0; i < entry->lines.len; i++)
        if (entry->lines.at[i].first <= mutant->end_line && entry->lines.at[i].last >= mutant->line)
            return true;
    return false;
}

/* Those of the neighbours that measuring again would take, and that are not as they were. */
static void find_new(struct mg_depend *depend, const struct mg_mutant *mutant, struct mg_map *then, struct mg_arena *arena, struct mg_recall *recall)
{
    double own = 0;
    for (size_t i = 0; i < recall->covering->len; i++)
        own += meets(&recall->covering->at[i], mutant) ? recall->covering->at[i].seconds : 0;
    double left = mg_beside_seconds(own);
    for (size_t i = 0; i < recall->beside->len && mg_beside_next(&left, recall->beside->at[i].seconds); i++)
        if (!mg_map_get(then, mg_depend_test(depend, recall->beside->at[i].test)))
            *MG_PUSH(arena, &recall->again) = recall->beside->at[i];
}

static bool is_among(const struct mg_coverage_entry *at, size_t count, uint32_t test)
{
    for (size_t i = 0; i < count; i++)
        if (at[i].test == test)
            return true;
    return false;
}

enum mg_standing mg_beside_recall(struct mg_depend *depend, const struct mg_mutant *mutant, const struct mg_mutant_result *result, uint32_t killer,
                                  struct mg_arena *arena, struct mg_recall *recall)
{
    recall->again = (struct mg_neighbours){ 0 };
    /* What compiles to the same, or is run by no test, no neighbour has tried. */
    if (result->verdict == MG_VERDICT_ignored || result->verdict == MG_VERDICT_no_coverage ||
        is_among(recall->covering->at, recall->covering->len, killer))
        return MG_STANDS;
    if (recall->then.len == 0)
        return MG_STANDS_NOT;
    struct mg_str rest = recall->then, line;
    struct mg_map then;
    mg_map_init(&then, arena);
    while (mg_str_next_part(&rest, '\n', &line))
        *mg_map_slot(&then, line) = depend;
    if (result->killer.len) /* a neighbour killed it */
        return is_among(recall->beside->at, recall->beside->len, killer) && mg_map_get(&then, mg_depend_test(depend, killer)) ? MG_STANDS
                                                                                                                              : MG_STANDS_NOT;
    find_new(depend, mutant, &then, arena, recall);
    if (recall->again.len == 0)
        return MG_STANDS;
    return result->verdict == MG_VERDICT_survived || result->verdict == MG_VERDICT_static ? MG_STANDS_LESS : MG_STANDS_NOT;
}
