/* report.json: the whole report for programs. Keys are sorted, two blanks of indent, a newline at the end; the same report gives the same bytes. */
#ifndef MG_REPORT_JSON_H
#define MG_REPORT_JSON_H

#include "ports/reporter.h"

/* Writes <directory>/report.json; the directory is made when missing. The reporter lives as long as the arena. */
struct mg_reporter mg_report_json_new(struct mg_arena *arena, const char *directory);

#endif
