/* Neighbours of a target's tests, and which of them have to try a survivor of an earlier session again. Internal to services. */
#ifndef MG_SERVICES_BESIDE_H
#define MG_SERVICES_BESIDE_H

#include "services/depend.h"

struct mg_neighbours {
    MG_VEC(struct mg_coverage_entry)
};
/* Passing tests of the files of covering ones that do not run a line of the target themselves, fastest first; without lines. */
void mg_beside_find(const struct mg_run_context *run, const struct mg_covering *covering, struct mg_arena *arena, struct mg_neighbours *beside);

/* Digests of the neighbours as a text for the cache, and its key: mutants of one target, and often of one file, share it. */
struct mg_str mg_beside_text(struct mg_depend *depend, const struct mg_neighbours *beside, struct mg_arena *arena);
struct mg_str mg_beside_key(struct mg_str text, struct mg_arena *arena);

enum mg_standing {
    MG_STANDS,      /* the verdict is what measuring again would say */
    MG_STANDS_LESS, /* it lives through all tests but `again`, which are new or changed */
    MG_STANDS_NOT
};
struct mg_recall {
    const struct mg_covering *covering; /* all of them are as they were */
    const struct mg_neighbours *beside; /* now */
    struct mg_str then;                 /* mg_beside_text of the session that gave the verdict; empty = lost */
    struct mg_neighbours again;         /* out */
};
/* `killer`: index of result->killer now, UINT32_MAX when there is none. */
enum mg_standing mg_beside_recall(struct mg_depend *depend, const struct mg_mutant *mutant, const struct mg_mutant_result *result, uint32_t killer,
                                  struct mg_arena *arena, struct mg_recall *recall);

#endif
