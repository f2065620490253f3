/* Diagnostics, one line each, written by one call so that lines of threads do not mix. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static enum mg_log_level threshold = MG_LOG_WARNING;
static const char *const names[] = { "DEBUG", "INFO", "WARNING", "ERROR" };

void mg_log_set_level(enum mg_log_level level) { threshold = level; }

void mg_log(enum mg_log_level level, const char *format, ...)
{
    if (level < threshold)
        return;
    char text[1024];
    va_list args;
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    va_end(args);
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    time_t now = time(NULL);
    struct tm utc;
    char stamp[32] = "";
    if (gmtime_r(&now, &utc))
        (void)strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
    (void)fprintf(stderr, "%s %s %s\n", stamp, names[level], text);
}
