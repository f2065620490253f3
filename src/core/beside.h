/* How long a survivor is tried on neighbours: tests of its tests' files that do not run its function themselves. */
#ifndef MG_BESIDE_H
#define MG_BESIDE_H

#include <stdbool.h>

/* For as long as on its own tests, and a little longer. */
static inline double mg_beside_seconds(double own_seconds) { return own_seconds + 0.05; }

/* Whether there is time for one more neighbour, fastest first; *left is what is left behind it. Running a test costs beside its own time, too. */
static inline bool mg_beside_next(double *left, double seconds)
{
    bool fits = *left > 0;
    *left -= seconds + 0.0005;
    return fits;
}

#endif
