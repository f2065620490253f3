/* "Did you mean …?": the known name that is nearest to a mistyped one. */
#ifndef MG_NEAREST_H
#define MG_NEAREST_H

#include "base/base.h"

/* Edits (insert, remove, replace, swap of neighbours) between two names; names beyond 63 bytes count as far apart. */
unsigned mg_edit_distance(struct mg_str a, struct mg_str b);
/* Whether a name at that distance is worth suggesting for `typed`. */
bool mg_near_enough(struct mg_str typed, unsigned distance);

#endif
