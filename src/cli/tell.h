/* Lines for the user on stderr: plain ones, or events of the log when stderr holds lines of JSON. */
#ifndef MG_TELL_H
#define MG_TELL_H

#include "cli/compose.h"
#include <stdio.h>

/* "mutagen: " and the text, in one line without control characters or secrets. */
void mg_tell(const struct mg_app *app, const char *format, ...) MG_PRINTF(2, 3);
/* "note: " and the text. */
void mg_tell_note(const struct mg_app *app, const char *format, ...) MG_PRINTF(2, 3);
/* Where text for people goes when stdout holds what a program reads ("--json -"): stderr, or NULL when that holds lines of JSON. Else stdout. */
FILE *mg_tell_place(bool stdout_is_taken);
/* Why the command failed: the last line of a process that exits with 1 or 64; with its kind and place in the log. */
void mg_tell_failure(const struct mg_app *app, const struct mg_err *err);

/* Opens the log that the settings ask for. MG_E_IO, before any work, when its file cannot be written. */
MG_MUST_CHECK enum mg_code mg_tell_open_log(struct mg_app *app, struct mg_err *err);

#endif
