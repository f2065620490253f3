/* What a verdict depends on, as digests: the same digest means that measuring again would say the same. Internal to services. */
#ifndef MG_SERVICES_DEPEND_H
#define MG_SERVICES_DEPEND_H

#include "services/context.h"
#include "services/placed.h"

struct mg_depend; /* in the arena it was made in */

/* `machine`: digest of our program and of the environment that tests get. After the baseline. */
struct mg_depend *mg_depend_new(const struct mg_run_context *run, const struct mg_survey *survey, struct mg_str machine, struct mg_arena *arena);

/* Digest of the target with everything that its mutants' verdicts depend on: its source, what is around it in the file, and for each covering
 * test what that may come to, in code and in files. */
struct mg_str mg_depend_target(struct mg_depend *depend, const struct mg_target *target, const struct mg_covering *covering, struct mg_arena *arena);
/* Digest of what one test may come to; made once, lives as long as `depend`. */
struct mg_str mg_depend_test(struct mg_depend *depend, uint32_t test);
void mg_depend_forget(struct mg_depend *depend, uint32_t test); /* its result in the baseline is another one now */
/* Digest of what every verdict and every test depends on. */
struct mg_str mg_depend_common(const struct mg_depend *depend);

/* Lines of source files as places in functions, and back. False when a place is no longer there. */
void mg_depend_place(const struct mg_depend *depend, const struct mg_baseline_result *result, struct mg_arena *arena, struct mg_placed_lines *places);
bool mg_depend_locate(const struct mg_depend *depend, const struct mg_placed *places, size_t count, struct mg_arena *arena,
                      struct mg_baseline_result *result);
/* Whether the test may come to one of these places, by whatever way. */
bool mg_depend_reaches(struct mg_depend *depend, uint32_t test, const struct mg_placed_lines *places);
struct mg_str mg_depend_mutant(struct mg_str target_digest, const struct mg_target *target, const struct mg_mutant *mutant, bool matrix,
                               struct mg_arena *arena);

/* Files outside the repo that tests have read so far, with their digests: appended to scored->outside. */
void mg_depend_outside(const struct mg_depend *depend, struct mg_arena *arena, struct mg_scored *scored);

#endif
