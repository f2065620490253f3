/* Generated modules that stand in the copy for the time of one confirmation. */
#ifndef MG_AGENT_SOURCES_H
#define MG_AGENT_SOURCES_H

#include "ports/agent.h"

#include <sys/types.h>
#include <time.h>

struct mg_placed {
    const char *path; /* absolute */
    bool existed;     /* then `before` is put back, with the file's time and mode */
    struct mg_str before;
    struct timespec modified;
    mode_t mode;
};
struct mg_placed_list {
    MG_LIST(struct mg_placed) files;
};

/* Writes `sources` below `repo`. A file that was there keeps its mode and is a second younger meanwhile: Python goes by size and second, and byte code of a text of the
 * same second would run in place of the new one. On an error too, mg_sources_restore has to be called. */
MG_MUST_CHECK enum mg_code mg_sources_place(struct mg_str repo, const struct mg_confirm_source *sources, size_t count, struct mg_arena *arena,
                                            struct mg_placed_list *placed, struct mg_err *err);
MG_MUST_CHECK enum mg_code mg_sources_restore(const struct mg_placed_list *placed, struct mg_err *err);

#endif
