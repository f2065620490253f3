/* Writing Markdown (CommonMark and GitHub's tables) with text nobody may trust. */
#ifndef MG_MARKDOWN_H
#define MG_MARKDOWN_H

#include "base/buf.h"

/* A document in the making; `scratch` holds texts that had to be cleaned. */
struct mg_md {
    struct mg_buf text;
    struct mg_arena *scratch;
};

void mg_md_text(struct mg_md *md, struct mg_str text); /* running text, on one line, also in a table cell */
void mg_md_code(struct mg_md *md, struct mg_str text); /* `code` in running text */
void mg_md_cell(struct mg_md *md, struct mg_str text); /* `code` in a table cell */
/* A block of `language`, behind an empty line; at most `lines` lines of the text, then says how many are missing. */
void mg_md_fence(struct mg_md *md, const char *language, struct mg_str text, size_t lines);

#endif
