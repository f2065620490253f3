/* A score and a verdict as texts for the cache. Internal to services. What is read back is checked; false means that it cannot be believed. */
#ifndef MG_SERVICES_RECORD_H
#define MG_SERVICES_RECORD_H

#include "core/report.h"
#include "services/placed.h"

struct mg_str mg_record_score(const struct mg_report *report, struct mg_arena *arena);
bool mg_record_read_score(struct mg_str text, struct mg_arena *arena, struct mg_report *report);

/* Killers of a matrix are told by test id, for indices change. */
struct mg_record_verdict {
    struct mg_mutant_result result;
    struct mg_str beside; /* key of mg_beside_text: the neighbours that could have had the last word over a survivor */
    MG_LIST(struct mg_str) killers;
};
/* What a session saw of one test. */
struct mg_record_test {
    struct mg_str digest; /* mg_depend_test */
    enum mg_test_outcome outcome;
    bool usable; /* it passed twice, and nothing was special about it: a session that finds the same digest need not run it */
    double seconds;
    uint32_t jobs; /* it stood so many copies of itself beside each other */
    MG_LIST(struct mg_str) opened;
    MG_LIST(struct mg_placed) lines;
};
struct mg_str mg_record_test(const struct mg_record_test *test, struct mg_arena *arena);
bool mg_record_read_test(struct mg_str text, struct mg_arena *arena, struct mg_record_test *test);

struct mg_str mg_record_verdict(const struct mg_record_verdict *verdict, struct mg_arena *arena);
bool mg_record_read_verdict(struct mg_str text, struct mg_arena *arena, struct mg_record_verdict *verdict);

#endif
