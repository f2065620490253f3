/* A score and a verdict as texts for the cache. Internal to services. What is read back is checked; false means that it cannot be believed. */
#ifndef MG_SERVICES_RECORD_H
#define MG_SERVICES_RECORD_H

#include "core/report.h"

struct mg_str mg_record_score(const struct mg_report *report, struct mg_arena *arena);
bool mg_record_read_score(struct mg_str text, struct mg_arena *arena, struct mg_report *report);

/* Killers of a matrix are told by test id, for indices change. */
struct mg_record_verdict {
    struct mg_mutant_result result;
    struct mg_str beside; /* key of mg_beside_text: the neighbours that could have had the last word over a survivor */
    MG_LIST(struct mg_str) killers;
};
struct mg_str mg_record_verdict(const struct mg_record_verdict *verdict, struct mg_arena *arena);
bool mg_record_read_verdict(struct mg_str text, struct mg_arena *arena, struct mg_record_verdict *verdict);

#endif
