/* A whole run to test stores and reports with: every member is set, and the texts are the awkward ones. */
#ifndef MG_TEST_SAMPLE_REPORT_H
#define MG_TEST_SAMPLE_REPORT_H

#include "core/report.h"

/* KEPT with two tests (one not kept), three mutants and a suspected bug; `number` varies ids, names and the priority. */
struct mg_outcome sample_outcome(struct mg_arena *arena, unsigned number);
/* Three outcomes: kept, discarded, satisfied; one note of each kind. */
struct mg_report sample_report(struct mg_arena *arena);

#endif
