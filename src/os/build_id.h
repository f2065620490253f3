/* What tells two builds of this program apart. */
#ifndef MG_BUILD_ID_H
#define MG_BUILD_ID_H

#include "base/arena.h"
#include "base/base.h"

/* The linker's build id in lower-case hex: a digest over all of the program's contents (NT_GNU_BUILD_ID in the ELF notes; `--build-id` in ld(1)).
 * Empty when the program was linked without one. */
struct mg_str mg_build_id(struct mg_arena *arena);

#endif
