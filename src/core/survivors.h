/* Which survivors a user is shown, and in which order. */
#ifndef MG_SURVIVORS_H
#define MG_SURVIVORS_H

#include "core/report.h"

#define MG_SHOWN_SURVIVORS 5u

struct mg_survivor {
    const struct mg_outcome *outcome;
    struct mg_judged *judged;
    size_t order;
    bool is_public, is_second; /* another one stands on the same line */
};
struct mg_survivors {
    MG_VEC(struct mg_survivor)
    size_t total; /* with those that were left out */
};

/* Changed lines first, then one per line, public names, lower levels. Without `all`: the first few, one per line. */
void mg_survivors_rank(const struct mg_report *report, bool all, struct mg_arena *arena, struct mg_survivors *survivors);

#endif
