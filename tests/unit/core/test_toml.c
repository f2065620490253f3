/* The TOML reader: values, who may extend which table, and the line of each refusal. The whole of toml-test runs in tests/e2e/test_toml.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/str.h"
#include "core/toml.h"

static struct mg_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = mg_arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mg_arena_free(arena);
    return 0;
}

static struct mg_toml *read(const char *text)
{
    struct mg_err err = { .code = MG_OK };
    struct mg_toml *root = NULL;
    if (mg_toml_read(arena, mg_str_from(text), &root, &err) != MG_OK)
        fail_msg("%s\n%s", err.text, text);
    return root;
}

static const struct mg_toml *get(const struct mg_toml *table, const char *key)
{
    const struct mg_toml *value = mg_toml_get(table, mg_str_from(key));
    if (!value)
        fail_msg("no key %s", key);
    return value;
}

static void values_of_every_kind(void **state)
{
    (void)state;
    struct mg_toml *root = read("s = \"a\\u00e9\\n\"\nl = 'C:\\x'\nm = \"\"\"\nx\\\n   y\"\"\"\"\"\ni = -1_000\nh = 0xFF\n"
                                "f = 6.5e-1\nb = true\nd = 2026-11-22 10:00:00Z\na = [1, [\"x\"], # why\n]\nt = { x.y = 1, \"z z\" = 2 }\n");
    assert_true(mg_str_is(get(root, "s")->text, "a\xc3\xa9\n"));
    assert_true(mg_str_is(get(root, "l")->text, "C:\\x"));
    assert_true(mg_str_is(get(root, "m")->text, "xy\"\""));
    assert_int_equal(get(root, "i")->integer, -1000);
    assert_int_equal(get(root, "h")->integer, 255);
    assert_true(get(root, "f")->number > 0.6499 && get(root, "f")->number < 0.6501);
    assert_true(get(root, "b")->boolean);
    assert_int_equal(get(root, "d")->kind, MG_TOML_DATETIME);
    assert_int_equal(get(root, "a")->items.len, 2);
    assert_int_equal(get(root, "a")->items.at[1]->items.len, 1);
    assert_int_equal(get(get(get(root, "t"), "x"), "y")->integer, 1);
    assert_int_equal(get(root, "t")->line, 13);
}

static void tables_meet_by_header_dots_and_append(void **state)
{
    (void)state;
    struct mg_toml *root = read("[a.b]\nx = 1\n[a]\ny.z = 2\n[[p]]\nn = 1\n[p.q]\nr = 1\n[[p]]\nn = 2\n");
    assert_int_equal(get(get(get(root, "a"), "b"), "x")->integer, 1);
    assert_int_equal(get(get(get(root, "a"), "y"), "z")->integer, 2);
    const struct mg_toml *p = get(root, "p");
    assert_int_equal(p->items.len, 2);
    assert_int_equal(get(get(p->items.at[0], "q"), "r")->integer, 1);
    assert_null(mg_toml_get(p->items.at[1], MG_STR("q")));
}

static void refusals_name_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line;
    } cases[] = {
        { "a = 1\na = 2\n", "line 2:" },
        { "a = 1\n\n[a]\n", "line 3:" },
        { "[a]\n[b]\n[a]\n", "line 3:" },
        { "a.b = 1\n[a]\n", "line 2:" },
        { "[a.b.c]\nz = 9\n[a]\nb.c.t = 1\n", "line 4:" },
        { "a = { x = 1 }\n[a.y]\n", "line 2:" },
        { "a = [1]\n[[a]]\n", "line 2:" },
        { "a = \"\"\"x\n\ny\n", "line 4:" },
        { "a = 'x\n", "line 1:" },
        { "a = 01\n", "line 1:" },
        { "\na = 9223372036854775808\n", "line 2:" },
        { "a = 2023-02-29\n", "line 1:" },
        { "a = {\n}\n", "line 1:" },
        { "a = { x = 1, }\n", "line 1:" },
        { "a = 1 b = 2\n", "line 1:" },
        { "a = \n", "line 1:" },
        { "a\n", "line 1:" },
        { "# \x01\n", "line 1:" },
        { "a = 1\rb = 2\n", "line 1:" },
        { "ok = 1\nbad = \"\xff\"\n", "line 2:" },
        { "a = \"\\ud800\"\n", "line 1:" },
        { "a = \"\\x\"\n", "line 1:" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_err err = { .code = MG_OK };
        struct mg_toml *root;
        if (mg_toml_read(arena, mg_str_from(cases[i].text), &root, &err) != MG_E_PARSE)
            fail_msg("accepted: %s", cases[i].text);
        if (strncmp(err.text, cases[i].line, strlen(cases[i].line)) != 0)
            fail_msg("'%s' for: %s", err.text, cases[i].text);
    }
}

static void deep_nesting_is_refused_not_followed(void **state)
{
    (void)state;
    static char text[100003] = "a=";
    memset(text + 2, '[', 100000);
    struct mg_err err = { .code = MG_OK };
    struct mg_toml *root;
    assert_int_equal(mg_toml_read(arena, mg_str_from(text), &root, &err), MG_E_PARSE);
    assert_non_null(strstr(err.text, "too deep"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_of_every_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tables_meet_by_header_dots_and_append, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refusals_name_their_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deep_nesting_is_refused_not_followed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
