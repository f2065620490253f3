/* Edits by line and column into bytes, sorted, checked, made. */
#include "core/text_patch.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/str.h"

struct edit {
    size_t from, to, order;
    struct mg_str replacement;
};

/* The byte at a line and column; false when the text has no such place. */
static bool find_place(struct mg_str text, uint32_t line, uint32_t column, size_t *at)
{
    size_t start = 0;
    for (uint32_t n = 1; n < line; n++) {
        size_t end = mg_str_find(text, '\n', start);
        if (end == text.len)
            return false;
        start = end + 1;
    }
    if (line == 0 || column > mg_str_find(text, '\n', start) - start)
        return false;
    *at = start + column;
    return *at == text.len || ((unsigned char)text.at[*at] & 0xC0) != 0x80;
}

static int by_place(const void *a, const void *b)
{
    const struct edit *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    if (x->to != y->to)
        return x->to < y->to ? -1 : 1; /* an insertion comes before what replaces the text behind it */
    return x->order < y->order ? -1 : 1;
}

static bool is_same(const struct edit *a, const struct edit *b)
{
    return a->from == b->from && a->to == b->to && mg_str_eq(a->replacement, b->replacement);
}

/* Equal edits need not be neighbours: other insertions at the same place may stand between them. */
static bool is_repeated(const struct edit *edits, size_t index)
{
    for (size_t i = index; i > 0 && edits[i - 1].from == edits[index].from; i--)
        if (is_same(&edits[i - 1], &edits[index]))
            return true;
    return false;
}

bool mg_text_patched(struct mg_arena *arena, struct mg_str text, const struct mg_text_patch *patches, size_t count, struct mg_str *patched)
{
    struct edit *edits = MG_NEW_ARRAY(arena, struct edit, count + 1);
    for (size_t i = 0; i < count; i++) {
        edits[i] = (struct edit){ .order = i, .replacement = patches[i].replacement };
        if (!find_place(text, patches[i].line, patches[i].column, &edits[i].from) ||
            !find_place(text, patches[i].end_line, patches[i].end_column, &edits[i].to) || edits[i].to < edits[i].from)
            return false;
    }
    if (count > 0)
        qsort(edits, count, sizeof *edits, by_place);
    struct mg_buf out = MG_BUF(SIZE_MAX);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_repeated(edits, i))
            continue;
        if (edits[i].from < at) {
            mg_buf_free(&out);
            return false;
        }
        mg_buf_add(&out, mg_str_sub(text, at, edits[i].from));
        mg_buf_add(&out, edits[i].replacement);
        at = edits[i].to;
    }
    mg_buf_add(&out, mg_str_sub(text, at, text.len));
    *patched = mg_buf_take(&out, arena);
    return true;
}
