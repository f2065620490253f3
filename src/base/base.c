/* Errors that carry their cause. */
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const code_names[] = {
    [MG_OK] = "ok",
    [MG_E_IO] = "io",
    [MG_E_PARSE] = "parse",
    [MG_E_CONFIG] = "config",
    [MG_E_CHILD] = "child",
    [MG_E_TIMEOUT] = "timeout",
    [MG_E_DENIED] = "denied",
    [MG_E_STORE] = "store",
    [MG_E_HTTP] = "http",
    [MG_E_LIMIT] = "limit",
    [MG_E_CANCELLED] = "cancelled",
    [MG_E_STATE] = "state",
    [MG_E_NOT_FOUND] = "not found",
    [MG_E_USAGE] = "usage",
};

const char *mg_code_name(enum mg_code code) { return (size_t)code < MG_COUNT(code_names) ? code_names[code] : "unknown"; }

enum mg_code mg_err_set(struct mg_err *err, enum mg_code code, const char *file, int line, const char *format, ...)
{
    if (!err)
        return code;
    err->code = code;
    err->file = file;
    err->line = line;
    va_list args;
    va_start(args, format);
    if (vsnprintf(err->text, sizeof err->text, format, args) < 0)
        err->text[0] = '\0';
    va_end(args);
    return code;
}

enum mg_code mg_err_prefix(struct mg_err *err, const char *format, ...)
{
    if (!err)
        return MG_E_IO;
    char text[sizeof err->text];
    va_list args;
    va_start(args, format);
    int used = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (used < 0 || (size_t)used >= sizeof text)
        return err->code;
    /* The cut is meant: the prefix is worth more than the tail of a long cause. */
    size_t room = sizeof text - (size_t)used;
    int rest = snprintf(text + used, room, ": %s", err->text);
    if (rest > 0)
        memcpy(err->text, text, sizeof text);
    return err->code;
}

_Noreturn void mg_bug(const char *file, int line, const char *text)
{
    fprintf(stderr, "mutagen: bug at %s:%d: %s\n", file, line, text);
    abort();
}
