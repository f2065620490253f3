/* A text builder with a limit. Past the limit it keeps what fits and remembers that it overflowed; one check at the end is enough. */
#ifndef MG_BUF_H
#define MG_BUF_H

#include "base/arena.h"
#include "base/base.h"

struct mg_buf {
    char *at; /* never NULL after the first append; always NUL-terminated then */
    size_t len, cap, limit;
    bool overflow;
};
/* clang-format off */
#define MG_BUF(limit_bytes) { NULL, 0, 0, (limit_bytes), false }
/* clang-format on */

void mg_buf_free(struct mg_buf *buf);
void mg_buf_clear(struct mg_buf *buf);
void mg_buf_add(struct mg_buf *buf, struct mg_str text);
void mg_buf_adds(struct mg_buf *buf, const char *text);
void mg_buf_addc(struct mg_buf *buf, char byte);
void mg_buf_addf(struct mg_buf *buf, const char *format, ...) MG_PRINTF(2, 3);
struct mg_str mg_buf_view(const struct mg_buf *buf);                   /* borrowed until the next append */
struct mg_str mg_buf_take(struct mg_buf *buf, struct mg_arena *arena); /* copies into the arena and frees the buffer */
MG_MUST_CHECK enum mg_code mg_buf_check(const struct mg_buf *buf, const char *what, struct mg_err *err); /* MG_E_LIMIT when it overflowed */

#endif
