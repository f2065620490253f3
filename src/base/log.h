/* Diagnostics to stderr, off by default below warning. Results and progress do not go here. Threads: any. */
#ifndef MG_LOG_H
#define MG_LOG_H

#include "base/base.h"

enum mg_log_level { MG_LOG_DEBUG, MG_LOG_INFO, MG_LOG_WARNING, MG_LOG_ERROR };
void mg_log_set_level(enum mg_log_level level);
/* One line: "2026-11-22T09:57:26Z WARNING text". Control characters in the text are escaped. */
void mg_log(enum mg_log_level level, const char *format, ...) MG_PRINTF(2, 3);

#endif
