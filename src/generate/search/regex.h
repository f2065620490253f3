/* A text that a regular expression matches, for the common part of Python's syntax. */
#ifndef MG_SEARCH_REGEX_H
#define MG_SEARCH_REGEX_H

#include "base/arena.h"
#include "base/base.h"
#include "generate/search/rng.h"

/* Whether a string of the source looks like a regular expression rather than like text. */
bool mg_regex_likely(struct mg_str text);
/* One matching text, drawn anew on each call; false when the pattern uses what we do not read. Anchors and lookarounds are taken as met. */
bool mg_regex_sample(struct mg_str pattern, struct mg_rng *rng, struct mg_arena *arena, struct mg_str *sample);

#endif
