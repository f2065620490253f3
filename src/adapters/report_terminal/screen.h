/* What the output can show, and lines that fit it. */
#ifndef MG_SCREEN_H
#define MG_SCREEN_H

#include "base/buf.h"

#include <stdio.h>

struct mg_screen {
    bool terminal, colour, frames; /* frames: box drawing, needs UTF-8 */
    size_t width;                  /* columns; 0 = no limit (not a terminal) */
    struct mg_arena *scratch;
    struct mg_buf text; /* everything is built first and written at once */
};

enum mg_colour { MG_PLAIN, MG_BOLD, MG_DIM, MG_GREEN, MG_YELLOW, MG_RED };

void mg_screen_look(struct mg_screen *screen, FILE *out); /* fills the first four members */
/* One line, cut to the width. Text from the repo is cleaned here. */
void mg_screen_line(struct mg_screen *screen, enum mg_colour colour, const char *format, ...) MG_PRINTF(3, 4);
/* The same, broken at blanks instead of cut; what follows the first line is indented by `hang`. */
void mg_screen_wrapped(struct mg_screen *screen, enum mg_colour colour, size_t hang, const char *format, ...) MG_PRINTF(4, 5);
/* A table of label and value under a title; a frame when there can be one. */
struct mg_screen_row {
    const char *label;
    struct mg_str value;
};
void mg_screen_table(struct mg_screen *screen, struct mg_str title, const struct mg_screen_row *rows, size_t count);

#endif
