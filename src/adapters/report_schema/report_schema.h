/* The verdicts of a report in the mutation-testing-report-schema, which mutation testing dashboards and CI services read. */
#ifndef MG_REPORT_SCHEMA_H
#define MG_REPORT_SCHEMA_H

#include "core/report.h"
#include "ports/ingest.h"

/* Writes every mutant of the report with its verdict under the existing tests (`before`), and the tests that count. killedBy
 * is complete for a matrix, else it names the first killer. `repo` gives the source texts that the mutants' byte
 * offsets belong to: replacing a mutant's location (lines and UTF-16 columns from 1, end exclusive) by its replacement gives the mutated file.
 * `path` "-" is stdout. MG_E_STATE when a mutant does not fit its source. */
MG_MUST_CHECK enum mg_code mg_report_schema_write(const char *path, const struct mg_repo *repo, const struct mg_report *report, struct mg_err *err);

#endif
