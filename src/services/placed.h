/* Lines that a test ran, told by the function they stand in: they keep their meaning while other code of the file comes, goes or moves.
 * Internal to services. */
#ifndef MG_SERVICES_PLACED_H
#define MG_SERVICES_PLACED_H

#include "ports/agent.h"

struct mg_placed {
    struct mg_str path;   /* of a source file, relative to the repo */
    struct mg_str unit;   /* a function's name; empty = outside of all functions */
    uint32_t number;      /* of that name in the file, from 0; outside: so many functions stand before it */
    uint32_t functions;   /* outside: so many there are in the file, else 0 */
    uint32_t first, last; /* from the function's first line on, decorators included; outside: from the last line of the function before */
};
struct mg_placed_lines {
    MG_VEC(struct mg_placed)
};

#endif
