/* The dashboard at the end of a run, for a terminal or a pipe. */
#ifndef MG_REPORT_TERMINAL_H
#define MG_REPORT_TERMINAL_H

#include "ports/reporter.h"

#include <stdio.h>

/* Writes to `out`, which stays the caller's. A frame and colour only when it is a terminal (NO_COLOR, TERM=dumb and the locale are honoured);
 * otherwise plain `label: value` lines. The reporter lives as long as the arena. */
struct mg_reporter mg_report_terminal_new(struct mg_arena *arena, FILE *out);

#endif
