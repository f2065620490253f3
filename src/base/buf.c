/* The bounded text builder. */
#include "base/buf.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mg_buf_free(struct mg_buf *buf)
{
    free(buf->at);
    *buf = (struct mg_buf)MG_BUF(buf->limit);
}

void mg_buf_clear(struct mg_buf *buf)
{
    buf->len = 0;
    buf->overflow = false;
    if (buf->at)
        buf->at[0] = '\0';
}

/* Room for `bytes` more and a NUL; less when the limit is nearer. */
static size_t make_room(struct mg_buf *buf, size_t bytes)
{
    if (bytes > buf->limit - buf->len) {
        buf->overflow = true;
        bytes = buf->limit - buf->len;
    }
    size_t wanted = buf->len + bytes + 1;
    if (wanted > buf->cap) {
        size_t cap = buf->cap ? buf->cap : 64;
        while (cap < wanted)
            cap *= 2;
        char *grown = realloc(buf->at, cap);
        if (!grown) {
            fputs("mutagen: out of memory\n", stderr);
            abort();
        }
        buf->at = grown;
        buf->cap = cap;
    }
    return bytes;
}

void mg_buf_add(struct mg_buf *buf, struct mg_str text)
{
    size_t bytes = make_room(buf, text.len);
    if (bytes)
        memcpy(buf->at + buf->len, text.at, bytes);
    buf->len += bytes;
    buf->at[buf->len] = '\0';
}

void mg_buf_adds(struct mg_buf *buf, const char *text) { mg_buf_add(buf, mg_str_from(text)); }

void mg_buf_addc(struct mg_buf *buf, char byte) { mg_buf_add(buf, (struct mg_str){ &byte, 1 }); }

void mg_buf_addf(struct mg_buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    MG_ASSERT(len >= 0);
    size_t bytes = make_room(buf, (size_t)len);
    int written = vsnprintf(buf->at + buf->len, bytes + 1, format, again);
    va_end(again);
    MG_ASSERT(written == len);
    buf->len += bytes;
}

struct mg_str mg_buf_view(const struct mg_buf *buf) { return buf->at ? (struct mg_str){ buf->at, buf->len } : MG_STR(""); }

struct mg_str mg_buf_take(struct mg_buf *buf, struct mg_arena *arena)
{
    struct mg_str text = mg_arena_str(arena, mg_buf_view(buf));
    mg_buf_free(buf);
    return text;
}

enum mg_code mg_buf_check(const struct mg_buf *buf, const char *what, struct mg_err *err)
{
    return buf->overflow ? MG_FAIL(err, MG_E_LIMIT, "%s is larger than %zu bytes", what, buf->limit) : MG_OK;
}
