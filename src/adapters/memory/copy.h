/* Whole copies of outcomes, model calls and reports into another arena. */
#ifndef MG_MEMORY_COPY_H
#define MG_MEMORY_COPY_H

#include "core/report.h"

struct mg_outcome mg_memory_copy_outcome(struct mg_arena *arena, const struct mg_outcome *outcome);
struct mg_llm_call mg_memory_copy_call(struct mg_arena *arena, const struct mg_llm_call *call);
/* Without its outcomes: that vector is empty in the copy. */
struct mg_report mg_memory_copy_report(struct mg_arena *arena, const struct mg_report *report);

#endif
