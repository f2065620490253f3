/* Texts we write: functions with a mutant in them, diffs, test modules; and taking test modules apart again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/str.h"
#include "python/mutate.h"
#include "python/testmodule.h"

static struct mg_arena *arena;
static int set_up(void **unused)
{
    (void)unused;
    arena = mg_arena_new();
    return 0;
}
static int tear_down(void **unused)
{
    (void)unused;
    mg_arena_free(arena);
    return 0;
}

static void assert_text(struct mg_str seen, const char *expected)
{
    if (!mg_str_is(seen, expected))
        fail_msg("is:\n%.*s\nshould be:\n%s", MG_FMT(seen), expected);
}

/* The first function of the text and its first mutant that turns `original` into something. */
static void find(struct mg_str text, const char *original, struct mg_function *function, struct mg_mutant *mutant)
{
    struct mg_module *module = NULL;
    struct mg_functions functions = { 0 };
    struct mg_mutants mutants = { 0 };
    assert_int_equal(mg_module_parse(text, &module, NULL), MG_OK);
    mg_module_functions(module, arena, &functions);
    *function = functions.at[0];
    mg_function_mutants(module, function, MG_STR("m"), MG_STR("m.f"), 1, arena, &mutants);
    mg_module_free(module);
    for (size_t i = 0; original && i < mutants.len; i++)
        if (mg_str_is(mutants.at[i].original, original)) {
            *mutant = mutants.at[i];
            return;
        }
    assert_null(original);
}

static void a_mutant_is_spliced_into_its_function_alone(void **unused)
{
    (void)unused;
    struct mg_function function;
    struct mg_mutant mutant;
    struct mg_str text = MG_STR("x = 1\nclass C:\n    @dec\n    def f(self):\n        return (self.a +\n                1)  # c\n    y = 2\n");
    find(text, "(self.a +\n                1)", &function, &mutant);
    assert_text(mg_mutant_function_text(text, &function, &mutant, arena), "    @dec\n    def f(self):\n        return (None\n)");
    assert_text(mg_noop_function_text(text, &function, arena), "    @dec\n    def f(self):\n        return (self.a +\n                1)");
}

static void a_byte_order_mark_is_left_out(void **unused)
{
    (void)unused;
    struct mg_function function;
    struct mg_str text = MG_STR("\xEF\xBB\xBF"
                                "def f(): return 1\n");
    find(text, NULL, &function, NULL);
    assert_text(mg_noop_function_text(text, &function, arena), "def f(): return 1");
}

static void a_raising_body_keeps_its_lines(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *raising;
    } examples[] = {
        { "def f(): return 1\n", "def f(): raise RuntimeError(\"mutagen\"); return 1" },
        { "def f():\n    'd'\n    for x in y:\n        z\n", "def f():\n    'd'; raise RuntimeError(\"mutagen\")\n    for x in y:\n        z" },
        { "def f():\n    x = 1\n", "def f():\n    raise RuntimeError(\"mutagen\"); x = 1" },
        { "def f():\n    # c\n    if x:\n        y\n    else:\n        z\n    w\n",
          "def f():\n    # c\n    raise RuntimeError(\"mutagen\")\n\n\n\n    w" },
        { "def f():\n    'd'\n", "def f():\n    'd'; raise RuntimeError(\"mutagen\")" },
    };
    for (size_t i = 0; i < MG_COUNT(examples); i++) {
        struct mg_function function;
        find(mg_str_from(examples[i].text), NULL, &function, NULL);
        assert_text(mg_raising_function_text(mg_str_from(examples[i].text), &function, arena), examples[i].raising);
    }
}

static void a_diff_has_context_and_says_when_the_last_newline_is_missing(void **unused)
{
    (void)unused;
    struct mg_function function;
    struct mg_mutant mutant;
    struct mg_str text = MG_STR("a\nb\nc\nd\ndef f():\n    return g(\n        x,\n        y <\n        z)\n\n\ne\nf\n");
    find(text, "y <\n        z", &function, &mutant);
    assert_text(mg_mutant_diff(MG_STR("p/m.py"), text, &mutant, arena),
                "--- a/p/m.py\n+++ b/p/m.py\n@@ -5,8 +5,8 @@\n def f():\n     return g(\n         x,\n"
                "-        y <\n-        z)\n+        (False\n+))\n \n \n e\n");
    text = MG_STR("def f():\n    g[x\n      :y]\n");
    find(text, "x\n      :y", &function, &mutant); /* lines that stay the same are context */
    assert_text(mg_mutant_diff(MG_STR("a b"), text, &mutant, arena),
                "--- a/a b\t\n+++ b/a b\t\n@@ -1,3 +1,3 @@\n def f():\n-    g[x\n+    g[\n       :y]\n");
    mutant.replacement = MG_STR("x\n      :");
    assert_text(mg_mutant_diff(MG_STR("m.py"), text, &mutant, arena),
                "--- a/m.py\n+++ b/m.py\n@@ -1,3 +1,3 @@\n def f():\n     g[x\n-      :y]\n+      :]\n");
    text = MG_STR("def f():\n    return x");
    find(text, "x", &function, &mutant);
    assert_text(mg_mutant_diff(MG_STR("m.py"), text, &mutant, arena), "--- a/m.py\n+++ b/m.py\n@@ -1,2 +1,2 @@\n def f():\n-    return x\n\\ No "
                                                                      "newline at end of file\n+    return None\n\\ No newline at end of file\n");
}

static const char composed[] =
    "# Tests of pkg.mod. They state the behaviour that was observed when they were written,\n# be it right or wrong.\n\n"
    "import math\nimport os\nfrom collections import Counter, deque\n\nimport pytest\n\nimport pkg.mod\n"
    "from pkg.mod import (\n    a_function_with_a_long_name,\n    another_function_with_a_long_name,\n    third,\n)\n\n\n"
    "def test_a():\n    assert 1\n\n\n@pytest.mark.x\ndef test_b(test_b_arg):\n    test_b_arg()\n\n\ndef test_a_2():\n    assert 2\n";

static struct mg_str compose(void)
{
    struct mg_suite suites[2] = { { .imports = MG_STR("import pytest\nfrom pkg.mod import third, another_function_with_a_long_name\nimport math\n"
                                                      "from collections import deque\n") },
                                  { .imports =
                                        MG_STR("import os, math\nfrom pkg.mod import a_function_with_a_long_name\nfrom collections import Counter\n"
                                               "import pkg.mod\nimport pytest\n") } };
    *MG_PUSH(arena, &suites[0].tests) = (struct mg_suite_test){ .name = MG_STR("test_a"), .source = MG_STR("def test_a():\n    assert 1\n\n\n") };
    *MG_PUSH(arena, &suites[0].tests) =
        (struct mg_suite_test){ .name = MG_STR("test_b"), .source = MG_STR("\n@pytest.mark.x\ndef test_b(test_b_arg):\n    test_b_arg()") };
    *MG_PUSH(arena, &suites[1].tests) = (struct mg_suite_test){ .name = MG_STR("test_a"), .source = MG_STR("def test_a():\n    assert 2\n") };
    return mg_testmodule_compose(arena, MG_STR("pkg.mod"), suites, 2);
}

static void a_composed_module_is_sorted_and_names_are_unique(void **unused)
{
    (void)unused;
    struct mg_str text = compose(), first;
    assert_true(mg_str_next_line(&text, &first));
    assert_true(mg_str_starts(first, MG_TESTMODULE_MARK));
    assert_text(text, composed);
    assert_text(mg_testmodule_name(arena, MG_STR("pkg.mod")), "test_generated_pkg_mod.py");
}

static void our_files_are_recognised_and_so_are_edits(void **unused)
{
    (void)unused;
    bool ours, edited;
    struct mg_str text = compose();
    mg_testmodule_inspect(text, &ours, &edited);
    assert_true(ours && !edited);
    struct mg_str changed = mg_arena_printf(arena, "%.*s# mine\n", MG_FMT(text));
    mg_testmodule_inspect(changed, &ours, &edited);
    assert_true(ours && edited);
    mg_testmodule_inspect(mg_str_from(composed), &ours, &edited);
    assert_false(ours);
}

static void splitting_gives_back_what_was_composed(void **unused)
{
    (void)unused;
    struct mg_suite suite;
    struct mg_err err = { .text = "" };
    struct mg_str text = compose();
    assert_int_equal(mg_testmodule_split(arena, text, &suite, &err), MG_OK);
    assert_int_equal(suite.tests.len, 3);
    assert_true(mg_str_eq(mg_testmodule_compose(arena, MG_STR("pkg.mod"), &suite, 1), text));
}

static void a_split_test_brings_what_it_needs(void **unused)
{
    (void)unused;
    struct mg_suite suite;
    struct mg_err err = { .text = "" };
    struct mg_str text =
        MG_STR("\"\"\"Doc.\"\"\"\nfrom x import (  # why\n    a as b,\n    c,\n)\nLIMIT = 3\n\n@pytest.fixture\ndef thing():\n    return LIMIT\n\n"
               "def unused(): pass\n# about one\n# and two\nclass TestOne:\n    def test_it(self, thing):\n        assert thing  # ok\n"
               "\ndef test_two():\n    pass\n\nif __name__ == '__main__':\n    main()\n");
    assert_int_equal(mg_testmodule_split(arena, text, &suite, &err), MG_OK);
    assert_text(suite.imports, "from x import a as b, c\n");
    assert_int_equal(suite.tests.len, 2);
    assert_text(suite.tests.at[0].name, "test_it");
    assert_text(suite.tests.at[0].source,
                "LIMIT = 3\n\n\n@pytest.fixture\ndef thing():\n    return LIMIT\n\n\n# about one\n# and two\nclass TestOne:\n"
                "    def test_it(self, thing):\n        assert thing  # ok\n");
    assert_text(suite.tests.at[1].source, "def test_two():\n    pass\n");
    assert_int_equal(mg_testmodule_split(arena, MG_STR("def test_a(:\n    x\n"), &suite, &err), MG_E_PARSE);
    assert_non_null(strstr(err.text, "line"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_mutant_is_spliced_into_its_function_alone),
        TEST(a_byte_order_mark_is_left_out),
        TEST(a_raising_body_keeps_its_lines),
        TEST(a_diff_has_context_and_says_when_the_last_newline_is_missing),
        TEST(a_composed_module_is_sorted_and_names_are_unique),
        TEST(our_files_are_recognised_and_so_are_edits),
        TEST(splitting_gives_back_what_was_composed),
        TEST(a_split_test_brings_what_it_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
