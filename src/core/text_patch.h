/* Small edits of a text, named by line and column, and how they are made. */
#ifndef MG_TEXT_PATCH_H
#define MG_TEXT_PATCH_H

#include "base/arena.h"
#include "base/base.h"

/* Replaces the bytes from (line, column) to (end_line, end_column); lines 1-based, columns 0-based bytes, end exclusive. */
struct mg_text_patch {
    uint32_t line, column, end_line, end_column;
    struct mg_str replacement;
};

/* All of them at once: their places are those of `text`. Equal ones count once; two insertions at one place both stand there, in the given
 * order. False, and *patched untouched, when one lies outside the text (a column may stand right behind its line's last byte, a line right
 * behind the last newline), is turned round, cuts a UTF-8 character, or overlaps another. */
MG_MUST_CHECK bool mg_text_patched(struct mg_arena *arena, struct mg_str text, const struct mg_text_patch *patches, size_t count,
                                   struct mg_str *patched);

#endif
