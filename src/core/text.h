/* Text from the repo, made fit to be shown; and scores as people read them. */
#ifndef MG_TEXT_H
#define MG_TEXT_H

#include "base/arena.h"
#include "base/base.h"
#include "core/report.h"
#include "core/score.h"
#include "core/target_state.h"

/* Well-formed UTF-8: every byte that is not part of a sequence becomes U+FFFD. Borrowed when it was well-formed already. */
struct mg_str mg_text_utf8(struct mg_arena *arena, struct mg_str text);
/* One line for a terminal or a table: as mg_text_utf8, and control and bidirectional formatting characters become blanks. */
struct mg_str mg_text_line(struct mg_arena *arena, struct mg_str text);
/* Characters (not bytes) of well-formed UTF-8. */
size_t mg_text_length(struct mg_str text);
/* At most `length` characters of well-formed UTF-8; three dots at the end say that something was cut. */
struct mg_str mg_text_cut(struct mg_arena *arena, struct mg_str text, size_t length);

/* "84%", or "n/a" when nothing is scorable. Rounded, but 100% only for all and 0% only for none. */
struct mg_str mg_text_score(struct mg_arena *arena, const struct mg_tally *tally);
/* "level 1": what the mutants of the report's scores are; empty when that is not known. */
struct mg_str mg_text_level(struct mg_arena *arena, const struct mg_report *report);
unsigned mg_text_percent(const struct mg_tally *tally); /* its number */
/* "kept", "discarded", "satisfied"; every other state is "unfinished". */
const char *mg_text_status(enum mg_target_state state);

/* The path in report->python, which says more than that. */
struct mg_str mg_text_interpreter(const struct mg_report *report);
/* Why a run stopped before its end, in words; empty when it did not. */
struct mg_str mg_text_stop(struct mg_arena *arena, const struct mg_report *report);
/* What makes such a run go on: "the same command with --run-id x and a higher --max-cost". */
struct mg_str mg_text_go_on(struct mg_arena *arena, const struct mg_report *report);

/* "1,234,567" */
struct mg_str mg_text_count(struct mg_arena *arena, int64_t count);
/* "4 requests, 12,345 tokens read and 678 written (1 call estimated)"; empty without a call. The money is mg_text_spend's. */
struct mg_str mg_text_usage(struct mg_arena *arena, const struct mg_spend *spend);

#endif
