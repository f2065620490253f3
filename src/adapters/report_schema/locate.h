/* Byte offsets of a source text as lines and UTF-16 columns, both from 1. */
#ifndef MG_LOCATE_H
#define MG_LOCATE_H

#include "base/arena.h"
#include "base/base.h"

struct mg_lines {
    struct mg_str text;
    struct {
        MG_VEC(uint32_t)
    } starts; /* byte of each line's first character; lines end with '\n' */
};
struct mg_position {
    uint32_t line, column;
};

struct mg_lines mg_lines_of(struct mg_arena *arena, struct mg_str text);
struct mg_position mg_locate(const struct mg_lines *lines, uint32_t offset); /* offset <= text.len */

#endif
