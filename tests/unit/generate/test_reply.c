/* Replies as models really write them: each file of tests/corpus/replies gives the module, the notes and the problem that stand beside it.
 *
 * NAME.reply is what was said, NAME.py.txt the module (empty = none). NAME.expect may have lines: `stop: truncated|refused`, `cut`,
 * `problem: part of the sentence` (without one there is none, but for `cut`), `note: kills|notes|equivalent TEST-or-dash text`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "generate/model/fences.h"
#include "generate/model/reply.h"
#include "os/file.h"

#define FOLDER "tests/corpus/replies/"
#define FEWEST 30

static struct mg_arena *arena;

static struct mg_str corpus(const char *name, const char *ending)
{
    struct mg_str text = MG_STR(""), path = mg_arena_printf(arena, FOLDER "%s%s", name, ending);
    if (mg_file_exists(path.at))
        assert_int_equal(mg_file_read(arena, path.at, 1 << 20, &text, NULL), MG_OK);
    return text;
}

struct expected {
    enum mg_llm_stop stop;
    bool cut;
    struct mg_str problem, notes;
};

static struct expected expectation(const char *name)
{
    struct expected expected = { .problem = MG_STR("") };
    struct mg_buf notes = MG_BUF(1 << 16);
    struct mg_str rest = corpus(name, ".expect"), line;
    while (mg_str_next_line(&rest, &line)) {
        if (mg_str_is(line, "stop: truncated"))
            expected.stop = MG_LLM_TRUNCATED;
        else if (mg_str_is(line, "stop: refused"))
            expected.stop = MG_LLM_REFUSED;
        else if (mg_str_is(line, "cut"))
            expected.cut = true;
        else if (mg_str_starts(line, "problem: "))
            expected.problem = mg_arena_str(arena, mg_str_sub(line, 9, line.len));
        else if (mg_str_starts(line, "note: "))
            mg_buf_addf(&notes, "%.*s\n", MG_FMT(mg_str_sub(line, 6, line.len)));
        else
            fail_msg("%s.expect: %.*s", name, MG_FMT(line));
    }
    expected.notes = mg_buf_take(&notes, arena);
    return expected;
}

static struct mg_str notes_of(const struct mg_reply *reply)
{
    static const char *const kinds[] = { [MG_REPLY_KILLS] = "kills", [MG_REPLY_NOTES] = "notes", [MG_REPLY_EQUIVALENT] = "equivalent" };
    struct mg_buf notes = MG_BUF(1 << 16);
    for (size_t i = 0; i < reply->notes.len; i++) {
        const struct mg_reply_note *note = &reply->notes.at[i];
        mg_buf_addf(&notes, "%s %.*s %.*s\n", kinds[note->kind], MG_FMT(note->test.len ? note->test : MG_STR("-")), MG_FMT(note->text));
    }
    return mg_buf_take(&notes, arena);
}

static bool is_as_expected(const char *name)
{
    struct expected expected = expectation(name);
    struct mg_str module = corpus(name, ".py.txt"), notes;
    struct mg_reply reply;
    mg_reply_read(corpus(name, ".reply"), expected.stop, arena, &reply);
    notes = notes_of(&reply);
    bool told = expected.problem.len ? mg_str_contains(reply.problem, expected.problem.at) : (reply.problem.len > 0) == expected.cut;
    if (mg_str_eq(reply.module, module) && reply.cut == expected.cut && mg_str_eq(notes, expected.notes) && told)
        return true;
    print_message("%s: cut %d, problem '%.*s', notes:\n%.*s--- module:\n%.*s---\n", name, reply.cut, MG_FMT(reply.problem), MG_FMT(notes),
                  MG_FMT(reply.module));
    return false;
}

static void every_reply_of_the_corpus_gives_its_module(void **unused)
{
    (void)unused;
    DIR *folder = opendir(FOLDER);
    assert_non_null(folder);
    size_t seen = 0, wrong = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        struct mg_str file = mg_str_from(entry->d_name);
        if (!mg_str_ends(file, ".reply"))
            continue;
        seen++;
        wrong += !is_as_expected(mg_arena_cstr(arena, mg_str_sub(file, 0, file.len - 6)));
    }
    closedir(folder);
    assert_int_equal(wrong, 0);
    assert_true(seen >= FEWEST);
}

/* Any beginning of any reply is read without harm, and what comes out ends with a newline. */
static void every_beginning_of_a_reply_is_read(void **unused)
{
    (void)unused;
    static const char *const names[] = {
        "kills-and-notes", "fence-inside-a-string", "harmony-channels", "quoted", "thinking", "draft-then-revision"
    };
    for (size_t i = 0; i < MG_COUNT(names); i++) {
        struct mg_str text = corpus(names[i], ".reply");
        for (size_t len = 0; len <= text.len; len += 3) {
            struct mg_arena *whole = arena;
            struct mg_reply reply;
            arena = mg_arena_new();
            mg_reply_read(mg_str_sub(text, 0, len), len % 2 ? MG_LLM_TRUNCATED : MG_LLM_END, arena, &reply);
            assert_true(reply.module.len > 0 ? mg_str_ends(reply.module, "\n") : reply.problem.len > 0);
            mg_arena_free(arena);
            arena = whole;
        }
    }
}

static void size_and_odd_bytes_do_no_harm(void **unused)
{
    (void)unused;
    struct mg_reply reply;
    struct mg_buf text = MG_BUF((size_t)1 << 26);
    mg_buf_adds(&text, "```python\nimport m\n\n\ndef test_a():\n    assert m.f(1) == 2\n\n\ndef test_long():\n    assert m.f(2) == '");
    for (int i = 0; i < 1 << 19; i++)
        mg_buf_adds(&text, "\xc3\xa9\xc3\xa9");
    mg_buf_adds(&text, "'\n```\n");
    mg_reply_read(mg_buf_view(&text), MG_LLM_END, arena, &reply);
    assert_true(reply.cut && mg_str_is(reply.module, "import m\n\n\ndef test_a():\n    assert m.f(1) == 2\n"));
    mg_buf_free(&text);
    mg_reply_read(MG_STR("```python\ndef test_a():\n    assert f('\0') == 1\n```\n"), MG_LLM_END, arena, &reply);
    assert_true(mg_str_is(reply.module, "def test_a():\n    assert f(' ') == 1\n"));
    mg_reply_read(MG_STR("```python\ndef test_a():\n    assert f('\xff\xfe') == 1\n```\n"), MG_LLM_END, arena, &reply);
    assert_int_equal(reply.module.len, 0);
}

#define LARGE ((size_t)1 << 20)
#define SMALL ((size_t)1 << 14) /* for what is parsed again and again */

/* What makes a reader start again and again: without bounds these take minutes to hours, or all memory. */
static void a_hostile_reply_is_read_in_bounded_time_and_memory(void **unused)
{
    (void)unused;
    static const struct {
        const char *first, *again, *last;
        size_t bytes;
    } cases[] = {
        { "", "<think>a</think>\n", "", LARGE },
        { "", "</think>\n", "", LARGE },
        { "", "<think>a</think></think>", "", LARGE },
        { "", "<|begin_of_thought|><|end_of_thought|>", "", SMALL },
        { "", "import a(\n", "", SMALL },
        { "import a\nif a:\n", " def test_a():\n  pass\n", " b(", SMALL },
        { "```python\n", "# kills: 1\n", "def test_a():\n    assert a\n```\n", LARGE },
        { "```python\n", "# kills:\n", "def test_a():\n    assert a\n```\n", LARGE },
        { "", "````python\ndef test_a(:\n````\n", "", SMALL },
    };
    for (size_t i = 0; i < MG_COUNT(cases) * 2; i++) {
        struct mg_arena *whole = arena;
        struct mg_buf text = MG_BUF((size_t)1 << 20);
        struct mg_reply reply;
        mg_buf_adds(&text, cases[i / 2].first);
        while (text.len < cases[i / 2].bytes - 200)
            mg_buf_adds(&text, cases[i / 2].again);
        mg_buf_adds(&text, cases[i / 2].last);
        arena = mg_arena_new();
        mg_reply_read(mg_buf_view(&text), i % 2 ? MG_LLM_TRUNCATED : MG_LLM_END, arena, &reply);
        assert_true(reply.module.len > 0 || reply.problem.len > 0);
        mg_buf_free(&text);
        mg_arena_free(arena);
        arena = whole;
    }
}

static void thinking_goes_whatever_stands_around_it(void **unused)
{
    (void)unused;
    static const char *const cases[] = {
        "<think>a</think>\nANSWER",
        "  <think>a\n</think>ANSWER",
        "a\n</think>\nb\n</think>\nANSWER",
        "a\n</think> <think>b</think>ANSWER",
        "<think>a</think><think>b</think><thinking>c</thinking>ANSWER",
        "<think>a</think> </think> ANSWER",
        "ANSWER\n<think>b",
        "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>ANSWER<|return|>",
        "<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>ANSWER<|end_of_solution|>",
        "a <|end_of_thought|>ANSWER",
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        bool open_end = false;
        struct mg_str said = mg_without_thinking(mg_str_from(cases[i]), arena, &open_end);
        if (!mg_str_is(said, "ANSWER") || open_end != !strcmp(cases[i], "ANSWER\n<think>b"))
            fail_msg("%s: '%.*s'", cases[i], MG_FMT(said));
    }
    bool open_end = false;
    assert_true(mg_str_is(mg_without_thinking(MG_STR("say <think>"), arena, &open_end), "say <think>")); /* not the first thing of its line */
    assert_false(open_end);
}

int main(void)
{
    arena = mg_arena_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reply_of_the_corpus_gives_its_module),
        cmocka_unit_test(every_beginning_of_a_reply_is_read),
        cmocka_unit_test(size_and_odd_bytes_do_no_harm),
        cmocka_unit_test(a_hostile_reply_is_read_in_bounded_time_and_memory),
        cmocka_unit_test(thinking_goes_whatever_stands_around_it),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mg_arena_free(arena);
    return failed;
}
