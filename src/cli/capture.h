/* Runs a small program of the user's machine and takes what it prints. For doctor only: nothing of a repo is run through it. */
#ifndef MG_CAPTURE_H
#define MG_CAPTURE_H

#include "base/arena.h"
#include "base/base.h"

/* argv[0] is searched on PATH. The child runs in "/", so that no module of the current folder is imported. False when it could not be
 * started, exited other than 0, or took longer than `seconds`. *output is its stdout, at most 64 KiB. */
bool mg_capture(struct mg_arena *arena, const char *const *argv, double seconds, struct mg_str *output);

#endif
