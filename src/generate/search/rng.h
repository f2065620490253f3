/* A small random source (splitmix64): the same seed gives the same values on every machine. Not for secrets. */
#ifndef MG_SEARCH_RNG_H
#define MG_SEARCH_RNG_H

#include "base/base.h"

struct mg_rng {
    uint64_t state;
};
static inline uint64_t mg_rng_next(struct mg_rng *rng)
{
    uint64_t z = (rng->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
/* [0, limit); 0 when limit is 0. */
static inline size_t mg_rng_below(struct mg_rng *rng, size_t limit) { return limit ? (size_t)(mg_rng_next(rng) % limit) : 0; }
static inline bool mg_rng_percent(struct mg_rng *rng, unsigned percent) { return mg_rng_below(rng, 100) < percent; }

#endif
