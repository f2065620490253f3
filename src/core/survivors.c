/* Ranks survivors by what they are worth to a reader. */
#include "core/survivors.h"

#include "base/str.h"

#include <stdlib.h>

static bool is_public(struct mg_str qualified_name)
{
    struct mg_str part;
    while (mg_str_next_part(&qualified_name, '.', &part))
        if (mg_str_starts(part, "_") && !mg_str_ends(part, "__"))
            return false;
    return true;
}

static int by_worth(const void *a, const void *b)
{
    const struct mg_survivor *x = a, *y = b;
    if (x->judged->changed != y->judged->changed)
        return x->judged->changed ? -1 : 1;
    if (x->is_second != y->is_second)
        return x->is_second ? 1 : -1;
    if (x->is_public != y->is_public)
        return x->is_public ? -1 : 1;
    if (x->judged->mutant.level != y->judged->mutant.level)
        return x->judged->mutant.level < y->judged->mutant.level ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

void mg_survivors_rank(const struct mg_report *report, bool all, struct mg_arena *arena, struct mg_survivors *survivors)
{
    *survivors = (struct mg_survivors){ 0 };
    for (size_t i = 0; i < report->outcomes.len; i++) {
        const struct mg_outcome *outcome = &report->outcomes.at[i];
        uint32_t last = 0; /* mutants come in source order */
        for (size_t k = 0; k < outcome->mutants.len; k++) {
            struct mg_judged *judged = &outcome->mutants.at[k];
            if (judged->before.verdict != MG_VERDICT_survived)
                continue;
            *MG_PUSH(arena, survivors) =
                (struct mg_survivor){ outcome, judged, survivors->len, is_public(outcome->qualified_name), judged->mutant.span_line == last };
            last = judged->mutant.span_line;
        }
    }
    survivors->total = survivors->len;
    if (survivors->len)
        qsort(survivors->at, survivors->len, sizeof *survivors->at, by_worth);
    size_t shown = 0;
    for (size_t i = 0; i < survivors->total; i++)
        if (all || (!survivors->at[i].is_second && shown < MG_SHOWN_SURVIVORS))
            survivors->at[shown++] = survivors->at[i];
    survivors->len = shown;
}
