/* Generated modules that stand in the copy for the time of one confirmation. */
#ifndef MG_AGENT_SOURCES_H
#define MG_AGENT_SOURCES_H

#include "ports/agent.h"

struct mg_placed {
    const char *path; /* absolute */
    bool existed;     /* then `before` is put back */
    struct mg_str before;
};
struct mg_placed_list {
    MG_LIST(struct mg_placed) files;
};

/* Writes `sources` below `repo`. On an error too, mg_sources_restore has to be called. */
MG_MUST_CHECK enum mg_code mg_sources_place(struct mg_str repo, const struct mg_confirm_source *sources, size_t count, struct mg_arena *arena,
                                            struct mg_placed_list *placed, struct mg_err *err);
MG_MUST_CHECK enum mg_code mg_sources_restore(const struct mg_placed_list *placed, struct mg_err *err);

#endif
