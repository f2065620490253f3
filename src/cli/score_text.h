/* What `score` and `show` print: texts in the arena, no output here. */
#ifndef MG_SCORE_TEXT_H
#define MG_SCORE_TEXT_H

#include "base/arena.h"
#include "base/base.h"
#include "core/report.h"

/* One line per function (per file when there are many, unless `all`), the total, and survivors: five, one per line of code, the most telling
 * first; with `all` every one, what pragmas left out, and mutants with the bytecode of
 * the original or of another. */
struct mg_str mg_score_table(struct mg_arena *arena, const struct mg_report *report, bool all, const char *program);
/* "score: 84.0% (…)" with its level, or bounds when mutants are without a verdict; behind it where the verdicts are from. */
struct mg_str mg_score_line(struct mg_arena *arena, const struct mg_report *report);
/* One mutant: diff, verdict, tests, and the command that repeats it. `all`: every covering test. */
struct mg_str mg_show_mutant(struct mg_arena *arena, const struct mg_report *report, const struct mg_outcome *outcome, const struct mg_judged *judged,
                             bool all);

/* What is known of an input on which the mutant and the original differ; empty when nothing is. */
struct mg_str mg_witness_line(struct mg_arena *arena, const struct mg_judged *judged);

#endif
