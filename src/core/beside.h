/* How long a survivor is tried on neighbours: tests of its tests' files that do not run its function themselves. */
#ifndef MG_BESIDE_H
#define MG_BESIDE_H

#include <stdbool.h>

/* A quarter of what its own tests take, and a little longer: some twenty fast tests at least. All that can make one of them fail is what the mutant
 * has left behind; of 779 survivors of five packages that were tried for four times as long, none was killed so. */
static inline double mg_beside_seconds(double own_seconds) { return 0.25 * own_seconds + 0.01; }

/* Whether there is time for one more neighbour, fastest first; *left is what is left behind it. Running a test costs beside its own time, too. */
static inline bool mg_beside_next(double *left, double seconds)
{
    bool fits = *left > 0;
    *left -= seconds + 0.0005;
    return fits;
}

#endif
