/* Lines that run once in a process, whoever comes first: a singleton that is made when it is first asked for, a cache that is filled. In the baseline
 * the first test runs them, and those behind it seem not to, though each of them would, by itself, and stands on what came of it; so a mutant there
 * would meet the first test only, where plain pytest shows its result to all of them.
 *
 * Suspected is a function that at least two tests enter, with a line that the first of them has run and (nearly) none of the others. One of these
 * others then runs in a process of its own. When the line runs there, too, what that test runs more than it did before is taken for what each test
 * runs that enters the function: lines, and files that it looks into. That they may be too many costs time, and no verdict: a mutant is only believed
 * to live, or to be found, where its lines have run. */
#ifndef MG_SERVICES_LAZY_H
#define MG_SERVICES_LAZY_H

#include "services/context.h"

struct mg_suspect {
    uint32_t file, line;
    MG_LIST(uint32_t) tests; /* that enter the function, in the order in which they ran */
    uint32_t other;          /* of these: it did not run the line, and is the one that shows whether it would */
};
struct mg_suspects {
    MG_VEC(struct mg_suspect)
};

/* Among tests that have run behind each other, traced; `file` of their lines is the index of a source of the repo. Those that most tests enter come first. */
struct mg_suspects mg_lazy_suspects(struct mg_run_context *run, const uint32_t *tests, size_t count, const struct mg_baseline_result *results);

/* Gives what `alone`, the results of the others by themselves (by test index), show to the tests concerned. Tests that have no result there, or did not
 * pass, show nothing. How many tests got lines. */
size_t mg_lazy_share(struct mg_run_context *run, const struct mg_suspects *suspects, const struct mg_baseline_result *alone,
                     struct mg_baseline_result *results);

#endif
