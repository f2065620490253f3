/* The annotated example of a configuration and the manual page, made from the tables of commands, options and settings.
 * mutagen.example.toml and docs/mutagen.1 are these texts; a test says when they are not. `make docs` writes them. */
#ifndef MG_MANUAL_H
#define MG_MANUAL_H

#include "base/arena.h"
#include "base/base.h"

struct mg_str mg_manual_example(struct mg_arena *arena);
struct mg_str mg_manual_page(struct mg_arena *arena); /* in roff, for the man macros */

#endif
