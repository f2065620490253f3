/* report.md: the report for people. Every text that comes from the repo is escaped; diffs and code stand in fences they cannot leave. */
#ifndef MG_REPORT_MARKDOWN_H
#define MG_REPORT_MARKDOWN_H

#include "ports/reporter.h"

/* Writes <directory>/report.md; the directory is made when missing. The reporter lives as long as the arena. */
struct mg_reporter mg_report_markdown_new(struct mg_arena *arena, const char *directory);

#endif
