/* A mutant as a unified diff. Its line count never changes, which makes the hunk simple. */
#include "base/buf.h"
#include "base/str.h"
#include "python/mutate.h"

#define CONTEXT 3u

/* Index behind the end of the line that holds `at`, its newline included. */
static size_t line_end(struct mg_str text, size_t at)
{
    size_t newline = mg_str_find(text, '\n', at);
    return newline < text.len ? newline + 1 : text.len;
}

static size_t line_start(struct mg_str text, size_t at)
{
    while (at > 0 && text.at[at - 1] != '\n')
        at--;
    return at;
}

static unsigned add_lines(struct mg_buf *out, char mark, struct mg_str text)
{
    unsigned count = 0;
    for (size_t at = 0, end; at < text.len; at = end, count++) {
        end = line_end(text, at);
        mg_buf_addc(out, mark);
        mg_buf_add(out, mg_str_sub(text, at, end));
        if (text.at[end - 1] != '\n')
            mg_buf_adds(out, "\n\\ No newline at end of file\n");
    }
    return count;
}

static void trim_equal_lines(struct mg_str *old, struct mg_str *new, size_t *skipped)
{
    for (;;) {
        size_t a = line_end(*old, 0), b = line_end(*new, 0);
        if (a == old->len || !mg_str_eq(mg_str_sub(*old, 0, a), mg_str_sub(*new, 0, b)))
            break;
        *old = mg_str_sub(*old, a, old->len);
        *new = mg_str_sub(*new, b, new->len);
        *skipped += a;
    }
    while (old->len && new->len) {
        size_t a = line_start(*old, old->len - 1), b = line_start(*new, new->len - 1);
        if (a == 0 || b == 0 || !mg_str_eq(mg_str_sub(*old, a, old->len), mg_str_sub(*new, b, new->len)))
            break;
        old->len = a;
        new->len = b;
    }
}

struct mg_str mg_mutant_diff(struct mg_str path, struct mg_str text, const struct mg_mutant *mutant, struct mg_arena *arena)
{
    size_t start = line_start(text, mutant->start);
    size_t end = mutant->end > mutant->start && text.at[mutant->end - 1] == '\n' ? mutant->end : line_end(text, mutant->end);
    struct mg_str old = mg_str_sub(text, start, end);
    struct mg_str new = mg_arena_printf(arena, "%.*s%.*s%.*s", MG_FMT(mg_str_sub(text, start, mutant->start)), MG_FMT(mutant->replacement),
                                        MG_FMT(mg_str_sub(text, mutant->end, end)));
    size_t skipped = 0;
    trim_equal_lines(&old, &new, &skipped);
    start += skipped;
    end = start + old.len;

    size_t above = start, below = end;
    for (unsigned i = 0; i < CONTEXT && above > 0; i++)
        above = line_start(text, above - 1);
    for (unsigned i = 0; i < CONTEXT && below < text.len; i++)
        below = line_end(text, below);
    size_t first_line = 1;
    for (size_t i = 0; i < above; i++)
        first_line += text.at[i] == '\n';

    struct mg_buf hunk = MG_BUF(SIZE_MAX);
    unsigned context = add_lines(&hunk, ' ', mg_str_sub(text, above, start));
    unsigned removed = add_lines(&hunk, '-', old);
    unsigned added = add_lines(&hunk, '+', new);
    context += add_lines(&hunk, ' ', mg_str_sub(text, end, below));
    const char *tab = mg_str_find(path, ' ', 0) < path.len ? "\t" : ""; /* as GNU diff: a name with blanks ends with a tab */
    struct mg_buf out = MG_BUF(SIZE_MAX);
    mg_buf_addf(&out, "--- a/%.*s%s\n+++ b/%.*s%s\n@@ -%zu,%u +%zu,%u @@\n", MG_FMT(path), tab, MG_FMT(path), tab, first_line, context + removed,
                first_line, context + added);
    mg_buf_add(&out, mg_buf_view(&hunk));
    mg_buf_free(&hunk);
    return mg_buf_take(&out, arena);
}
