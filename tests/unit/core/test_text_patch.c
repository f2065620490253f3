/* Edits of a text: where they may stand, and that they do not get into each other's way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/str.h"
#include "core/text_patch.h"

#define TEXT "one\nzw\xc3\xb6lf\n\nend"
#define P(line, column, end_line, end_column, text)                                                                                                  \
    {                                                                                                                                                \
        line, column, end_line, end_column, MG_STR_INIT(text)                                                                                        \
    }

static const struct {
    const char *name;
    struct mg_text_patch patches[4];
    size_t count;
    const char *patched; /* NULL = refused */
} cases[] = {
    { "none", { P(0, 0, 0, 0, "") }, 0, TEXT },
    { "a word", { P(1, 0, 1, 3, "1") }, 1, "1\nzw\xc3\xb6lf\n\nend" },
    { "over lines", { P(1, 1, 2, 2, "") }, 1, "o\xc3\xb6lf\n\nend" },
    { "an insertion", { P(2, 0, 2, 0, "drei\n") }, 1, "one\ndrei\nzw\xc3\xb6lf\n\nend" },
    { "at the ends", { P(1, 0, 1, 0, "<"), P(4, 3, 4, 3, ">") }, 2, "<one\nzw\xc3\xb6lf\n\nend>" },
    { "behind a line", { P(1, 3, 1, 3, "!") }, 1, "one!\nzw\xc3\xb6lf\n\nend" },
    { "in any order", { P(4, 0, 4, 3, "c"), P(1, 0, 1, 3, "a"), P(2, 0, 2, 6, "b") }, 3, "a\nb\n\nc" },
    { "neighbours", { P(1, 2, 1, 3, "c"), P(1, 1, 1, 2, "b") }, 2, "obc\nzw\xc3\xb6lf\n\nend" },
    { "the same twice", { P(1, 0, 1, 3, "1"), P(1, 0, 1, 3, "1") }, 2, "1\nzw\xc3\xb6lf\n\nend" },
    { "insertions at one place",
      { P(1, 0, 1, 0, "b"), P(1, 0, 1, 0, "a"), P(1, 0, 1, 0, "b"), P(1, 0, 1, 1, "O") },
      4,
      "baOne\nzw\xc3\xb6lf\n\nend" },
    { "two for one place", { P(1, 0, 1, 3, "1"), P(1, 0, 1, 3, "2") }, 2, NULL },
    { "overlapping", { P(1, 0, 1, 2, "1"), P(1, 1, 1, 3, "2") }, 2, NULL },
    { "one within another", { P(1, 0, 2, 2, "1"), P(1, 1, 1, 2, "2") }, 2, NULL },
    { "an insertion within", { P(1, 0, 1, 3, "1"), P(1, 1, 1, 1, "2") }, 2, NULL },
    { "turned round", { P(1, 2, 1, 1, "") }, 1, NULL },
    { "turned round by lines", { P(2, 0, 1, 1, "") }, 1, NULL },
    { "no such line", { P(5, 0, 5, 0, "") }, 1, NULL },
    { "line 0", { P(0, 0, 1, 0, "") }, 1, NULL },
    { "no such column", { P(1, 0, 1, 4, "") }, 1, NULL },
    { "far outside", { P(UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, "") }, 1, NULL },
    { "through a character", { P(2, 3, 2, 4, "") }, 1, NULL },
};

static void edits_are_made_or_refused(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_arena *arena = mg_arena_new();
        struct mg_str patched = MG_STR("untouched");
        bool made = mg_text_patched(arena, MG_STR(TEXT), cases[i].patches, cases[i].count, &patched);
        if (made != (cases[i].patched != NULL) || !mg_str_is(patched, cases[i].patched ? cases[i].patched : "untouched"))
            fail_msg("%s: %d, %.*s", cases[i].name, made, MG_FMT(patched));
        mg_arena_free(arena);
    }
}

static void a_text_that_ends_with_a_newline_has_a_last_empty_line(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    static const struct mg_text_patch patch = P(2, 0, 2, 0, "b\n");
    struct mg_str patched;
    assert_true(mg_text_patched(arena, MG_STR("a\n"), &patch, 1, &patched));
    assert_true(mg_str_is(patched, "a\nb\n"));
    assert_false(mg_text_patched(arena, MG_STR("a"), &patch, 1, &patched));
    mg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_are_made_or_refused),
        cmocka_unit_test(a_text_that_ends_with_a_newline_has_a_last_empty_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
