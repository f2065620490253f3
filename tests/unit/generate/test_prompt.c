/* The first message of a conversation: its order, its cuts; later ones: what is dropped. Mutants: which are shown, and how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "generate/model/mutants_text.h"
#include "generate/model/prompt.h"

static struct mg_arena *arena;
static struct mg_config config;
static struct mg_prompts prompts;
static struct mg_err err;

static int set_up(void **state)
{
    (void)state;
    arena = mg_arena_new();
    mg_config_defaults(&config);
    mg_prompts_builtin(&prompts);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mg_arena_free(arena);
    return 0;
}

static struct mg_str repeated(char byte, size_t count)
{
    char *at = mg_arena_alloc(arena, count + 1, 1);
    memset(at, byte, count);
    return (struct mg_str){ at, count };
}

static struct mg_model_context context_of(size_t each)
{
    return (struct mg_model_context){ .python = MG_STR("3.11.7"),
                                      .pytest = MG_STR("8.4.2"),
                                      .tests_dir = MG_STR("tests"),
                                      .fixtures = repeated('F', each),
                                      .module = MG_STR("pkg.mod"),
                                      .path = MG_STR("pkg/mod.py"),
                                      .imports = repeated('I', each),
                                      .outline = repeated('O', each),
                                      .target = MG_STR("pkg.mod.f"),
                                      .source = repeated('S', each),
                                      .class_text = repeated('K', each),
                                      .tree = repeated('T', each),
                                      .callees = repeated('C', each),
                                      .examples = repeated('E', each) };
}

static struct mg_task task_of(size_t each)
{
    return (struct mg_task){ .uncovered = MG_STR("3, 4"),
                             .facts = repeated('A', each),
                             .mutants = repeated('M', each),
                             .covering = repeated('V', each),
                             .shown = 2,
                             .count = 5 };
}

static struct mg_str first_message(int64_t max_tokens, size_t each, struct mg_llm_request *request)
{
    struct mg_model_context context = context_of(each);
    struct mg_task task = task_of(each);
    config.llm.max_prompt_tokens = max_tokens;
    *request = (struct mg_llm_request){ 0 };
    assert_int_equal(mg_prompt_first(&prompts, &context, &task, &config, arena, request, &err), MG_OK);
    assert_int_equal(request->parts.len, 4);
    struct mg_str all = request->system;
    for (size_t i = 0; i < 4; i++)
        all = mg_arena_printf(arena, "%.*s\n%.*s", MG_FMT(all), MG_FMT(request->parts.at[i].text));
    return all;
}

static void the_stable_comes_first(void **state)
{
    (void)state;
    struct mg_llm_request request;
    struct mg_str all = first_message(100000, 40, &request);
    assert_true(mg_str_contains(all, "\nTarget: pkg.mod.f\n"));
    assert_true(mg_str_contains(request.parts.at[0].text, "Python 3.11.7, pytest 8.4.2"));
    assert_true(mg_str_contains(request.parts.at[3].text, "(2 of 5)") && mg_str_contains(request.parts.at[3].text, "lines yet: 3, 4"));
    static const bool breakpoints[] = { true, true, true, false };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(request.parts.at[i].role, MG_LLM_USER);
        assert_int_equal(request.parts.at[i].breakpoint, breakpoints[i]);
    }
    assert_false(mg_str_contains(request.system, "pkg.mod.f")); /* the same for every target */
    assert_false(mg_str_contains(all, "{{"));
}

/* In this order they go; what is not here never goes. */
static void what_is_too_much_is_cut_in_order(void **state)
{
    (void)state;
    static const char order[] = "CETAOFV", never[] = "SKIM";
    struct mg_llm_request request;
    size_t each = 4000;
    size_t whole = first_message(1000000, each, &request).len;
    for (size_t gone = 0; gone <= strlen(order); gone++) {
        /* room for all but `gone` blocks; half a block to spare for headings */
        int64_t tokens = (int64_t)(whole - gone * each + each / 2) / 4;
        struct mg_str all = first_message(tokens, each, &request);
        for (size_t i = 0; i < strlen(order); i++)
            assert_int_equal(memchr(all.at, order[i], all.len) && mg_str_contains(all, repeated(order[i], each).at), i >= gone);
        for (size_t i = 0; i < strlen(never); i++)
            assert_true(mg_str_contains(all, repeated(never[i], each).at));
    }
}

static void old_exchanges_go_first(void **state)
{
    (void)state;
    struct mg_llm_request request = { .system = MG_STR("s") };
    for (size_t i = 0; i < 4; i++)
        *MG_PUSH(arena, &request.parts) = (struct mg_llm_part){ MG_LLM_USER, repeated('P', 100), false };
    for (size_t i = 0; i < 3; i++) {
        *MG_PUSH(arena, &request.parts) = (struct mg_llm_part){ MG_LLM_ASSISTANT, repeated((char)('a' + i), 400), false };
        *MG_PUSH(arena, &request.parts) = (struct mg_llm_part){ MG_LLM_USER, repeated((char)('x' + i), 400), false };
    }
    mg_prompt_trim(&request, 4, 1000000);
    assert_int_equal(request.parts.len, 10);
    mg_prompt_trim(&request, 4, (401 + 1600) / 4);
    assert_int_equal(request.parts.len, 8);
    assert_int_equal(request.parts.at[3].text.at[0], 'P');
    assert_int_equal(request.parts.at[4].text.at[0], 'b');
    mg_prompt_trim(&request, 4, 1);
    assert_int_equal(request.parts.len, 6); /* the last exchange stays, whatever the budget */
    assert_int_equal(request.parts.at[4].text.at[0], 'c');
    assert_int_equal(request.parts.at[5].text.at[0], 'z');
}

static void a_fence_holds_what_has_fences(void **state)
{
    (void)state;
    assert_string_equal(mg_fenced(arena, "python", MG_STR("x")).at, "```python\nx\n```");
    assert_string_equal(mg_fenced(arena, "", MG_STR("```\nx\n````\n")).at, "`````\n```\nx\n````\n`````");
    assert_int_equal(mg_fenced(arena, "", MG_NO_STR).len, 0);
}

#define TEXT "def f(a, b):\n    if a < b:\n        return a + b\n    return 0\n"

static void mutants_are_shown_in_turn(void **state)
{
    (void)state;
    static const char *const operators[] = { "ROR", "AOR", "CRP", "LCR" };
    struct mg_source_file source = { MG_STR("pkg/mod.py"), MG_STR("pkg.mod"), MG_STR(TEXT) };
    struct mg_mutant mutants[4] = {
        { .id = MG_STR("a"),
          .operator_name = operators[0],
          .description = "d",
          .start = 22,
          .end = 23,
          .replacement = MG_STR("<="),
          .line = 2,
          .end_line = 2,
          .span_line = 2,
          .span_end_line = 2 },
        { .id = MG_STR("b"),
          .operator_name = operators[3],
          .description = "d",
          .start = 22,
          .end = 23,
          .replacement = MG_STR(">"),
          .line = 2,
          .end_line = 2,
          .span_line = 2,
          .span_end_line = 2 },
        { .id = MG_STR("c"),
          .operator_name = operators[1],
          .description = "d",
          .start = 44,
          .end = 45,
          .replacement = MG_STR("-"),
          .line = 3,
          .end_line = 3,
          .span_line = 3,
          .span_end_line = 3 },
        { .id = MG_STR("d"),
          .operator_name = operators[2],
          .description = "d",
          .start = 58,
          .end = 59,
          .replacement = MG_STR("1"),
          .line = 4,
          .end_line = 4,
          .span_line = 4,
          .span_end_line = 4 },
    };
    struct mg_live_mutant live[4] = {
        { .reached = true, .by = MG_STR("tests/t.py::test_a") }, { .reached = true }, { .reached = false }, { .reached = false }
    };
    struct mg_generate_request request = { .source = &source, .mutants = mutants, .live = live, .mutant_count = 4, .config = &config };
    struct mg_mutant_notes notes;
    uint32_t chosen[8];
    mg_mutant_notes_init(&notes, arena);
    assert_int_equal(mg_mutants_choose(&notes, &request, 3, chosen), 3);
    assert_int_equal(chosen[0], 0); /* a line each, before a second one of a line */
    assert_int_equal(chosen[1], 2);
    assert_int_equal(chosen[2], 3);
    struct mg_str text = mg_mutants_text(&notes, &request, chosen, 2);
    assert_true(mg_str_starts(text, "M1  ROR (d)  line 2  reached by tests/t.py::test_a, which sees no difference\n```diff\n@@ "));
    assert_true(mg_str_contains(text, "-    if a < b:\n+    if a <= b:\n") && mg_str_contains(text, "\nM2  AOR (d)  line 3  no test reaches it\n"));
    assert_false(mg_str_contains(text, "+++"));
    assert_int_equal(mg_mutants_choose(&notes, &request, 4, chosen), 4);
    assert_true(chosen[0] != 0 && chosen[1] != 2); /* what was shown comes behind what was not */
    assert_string_equal(mg_mutant_by_label(&notes, MG_STR("M2"))->id.at, "c");
    assert_null(mg_mutant_by_label(&notes, MG_STR("M3")));
    assert_null(mg_mutant_by_label(&notes, MG_STR("M0")));
    assert_null(mg_mutant_by_label(&notes, MG_STR("2")));
    mg_mutant_by_label(&notes, MG_STR("M1"))->claimed = true;
    assert_int_equal(mg_mutants_choose(&notes, &request, 8, chosen), 3); /* not shown again */
    mg_mutant_notes_init(&notes, arena);
    mutants[2].level = 2; /* above the level of the score */
    assert_int_equal(mg_mutants_choose(&notes, &request, 3, chosen), 3);
    assert_true(chosen[0] == 0 && chosen[1] == 3 && chosen[2] == 1);
}

static void templates_are_checked_before_anything_is_sent(void **state)
{
    (void)state;
    assert_int_equal(mg_prompts_check(&prompts, &err), MG_OK);
    prompts.text[MG_PROMPT_strengthen] = MG_STR("{{weak}}\n{{#kept}}{{failures}}{{/kept}}");
    assert_int_equal(mg_prompts_check(&prompts, &err), MG_E_CONFIG);
    assert_string_equal(err.text, "strengthen.txt:2: there is no {{failures}} here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_stable_comes_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_much_is_cut_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(old_exchanges_go_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fence_holds_what_has_fences, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mutants_are_shown_in_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(templates_are_checked_before_anything_is_sent, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
