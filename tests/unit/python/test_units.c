/* A file cut into functions and the rest: which names belong to whom, what is called without being named, what is loud; and pragmas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"
#include "python/units.h"

static struct mg_arena *arena;
static struct mg_units units;
static struct mg_imports imports;
static struct mg_module *module;

static int set_up(void **state)
{
    (void)state;
    arena = mg_arena_new();
    return 0;
}
static int tear_down(void **state)
{
    (void)state;
    mg_module_free(module);
    module = NULL;
    mg_arena_free(arena);
    return 0;
}

static void cut(const char *text)
{
    struct mg_err err;
    mg_module_free(module);
    assert_int_equal(mg_module_parse(mg_str_from(text), &module, &err), MG_OK);
    units = (struct mg_units){ 0 };
    mg_module_units(module, arena, &units);
    mg_module_imports(module, arena, &imports);
}

static const struct mg_unit *unit(const char *name)
{
    for (size_t i = 0; i < units.len; i++)
        if (mg_str_is(units.at[i].name, name))
            return &units.at[i];
    fail_msg("no unit %s", name);
    return NULL;
}

static bool names(const char *of, const char *name)
{
    const struct mg_unit *one = unit(of);
    for (size_t i = 0; i < one->names.len; i++)
        if (mg_str_is(one->names.at[i], name))
            return true;
    return false;
}

static bool holds(const char *of, const char *string)
{
    const struct mg_unit *one = unit(of);
    for (size_t i = 0; i < one->strings.len; i++)
        if (mg_str_is(one->strings.at[i], string))
            return true;
    return false;
}

static void names_belong_to_the_function_that_says_them(void **state)
{
    (void)state;
    cut("from a import f, g\n__all__ = ['f']\nTABLE = {1: f}\n\n\n@deco\ndef one(x, f2=default()):\n    def inner():\n        return deep(x)\n    "
        "return getattr(x, 'here')\n"
        "\n\nclass C(Base):\n    K = konst()\n\n    def two(self):\n        return 'data/x.txt'\n");
    assert_int_equal(units.len, 3);
    assert_true(names("", "f") && names("", "default") && names("", "deco") && names("", "konst") && names("", "Base"));
    assert_false(names("", "g") || names("", "one") || names("", "two") || names("", "f2") || names("", "deep") || holds("", "f"));
    assert_true(names("one", "deep") && names("one", "default") && holds("one", "here") && holds("two", "data/x.txt"));
    assert_false(unit("one")->dynamic || names("two", "deep"));
    assert_true(unit("one")->always && unit("two")->always); /* an unknown decorator, a base class */
    assert_int_equal(unit("one")->line, 6);
    assert_int_equal(unit("one")->end_line, 10);
}

static void what_is_called_without_a_name(void **state)
{
    (void)state;
    cut("class A:\n    def __len__(self):\n        return 1\n\n    @property\n    def p(self):\n        return 1\n\n    def m(self):\n        return "
        "1\n\n\n"
        "@pytest.fixture\ndef plain():\n    return 1\n\n\n@pytest.fixture(autouse=True)\ndef auto():\n    return 1\n\n\ndef setup_module():\n    "
        "pass\n\n\n"
        "class T(unittest.TestCase):\n    def setUp(self):\n        pass\n\n    def test_a(self):\n        pass\n\n    def runTest(self):\n        "
        "pass\n");
    assert_true(unit("__len__")->always && unit("auto")->always && unit("setup_module")->always && unit("setUp")->always && unit("runTest")->always);
    assert_false(unit("p")->always || unit("m")->always || unit("plain")->always || unit("test_a")->always);
}

static void what_may_come_to_anything_is_dynamic(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "getattr(x, name)", "eval(x)", "globals()[x]", "getattr(x, f'a_{y}')", "operator.attrgetter(x)", "x.__dict__"
    };
    for (size_t i = 0; i < MG_COUNT(texts); i++) {
        cut(mg_arena_printf(arena, "def f(x, y):\n    return %s\n", texts[i]).at);
        assert_true(unit("f")->dynamic);
        assert_false(unit("")->dynamic);
    }
    cut("def f(x):\n    return operator.attrgetter('a')(x) + getattr(x, 'b', 1)\n");
    assert_false(unit("f")->dynamic);
}

static void imports_and_loud_files(void **state)
{
    (void)state;
    cut("import a.b\nfrom ..c import d as e\n\n\ndef f():\n    from g import h\n    return h\n\n\nX = f()\nif __name__ == '__main__':\n    f()\n");
    static const char *const wanted[] = { "a", "b", "c", "d", "e", "g", "h" };
    assert_int_equal(imports.names.len, MG_COUNT(wanted));
    for (size_t i = 0; i < MG_COUNT(wanted); i++)
        assert_true(mg_str_is(imports.names.at[i], wanted[i]));
    assert_false(imports.loud || imports.dynamic);
    static const char *const loud[] = {
        "import a\na.b = 1\n", "a['x'] = 1\n", "register(f)\n", "del a.b\n", "try:\n    a()\nexcept E:\n    pass\n", "a += 1\n"
    };
    for (size_t i = 0; i < MG_COUNT(loud); i++) {
        cut(loud[i]);
        assert_true(imports.loud);
    }
    cut("def f(a):\n    a.b = 1\n    g()\n");
    assert_false(imports.loud);
    cut("def f(n):\n    return importlib.import_module(n)\n");
    assert_true(imports.dynamic);
    cut("pytest_plugins = ['a']\n");
    assert_true(imports.dynamic);
}

/* The rest of a file that has these lines, after `head`. */
static const char *rest_of(const char *head, const char *more)
{
    cut(mg_arena_printf(arena, "%s%s", head, more).at);
    return mg_arena_cstr(arena, unit("")->text);
}

static void a_test_that_comes_or_goes_is_nothing_to_the_rest(void **state)
{
    (void)state;
    static const char head[] = "import a\n\n\ndef test_one(fix):\n    assert a\n";
    static const char *const lone[] = { "\n\ndef test_two(other: a.T):\n    pass\n", "\n\n@pytest.mark.slow\ndef test_two():\n    pass\n",
                                        "\n\n@pytest.mark.parametrize('x', a.all())\ndef test_two(x):\n    pass\n\n\n" };
    static const char *const others[] = { "\n\ndef helper():\n    pass\n", "\n\n@a.register\ndef test_two():\n    pass\n",
                                          "\n\ndef test_two(x=a.one()):\n    pass\n", "\n\nX = 1\n",
                                          "\n\nclass T:\n    def test_two(self):\n        pass\n" };
    const char *plain = rest_of(head, "");
    assert_string_equal(plain, "import a\n");
    for (size_t i = 0; i < MG_COUNT(lone); i++)
        assert_string_equal(rest_of(head, lone[i]), plain);
    for (size_t i = 0; i < MG_COUNT(others); i++)
        assert_string_not_equal(rest_of(head, others[i]), plain);
    (void)rest_of(head, lone[2]);
    assert_true(names("", "all") && names("test_two", "all"));
    /* Where code stands still counts: in the class, and behind it. */
    static const char class[] = "class C:\n    def f(self):\n        pass\n";
    assert_string_not_equal(rest_of(class, "\n    X = 1\n"), rest_of(class, "\nX = 1\n"));
    assert_string_equal(rest_of(class, "\n    X = 1\n"), rest_of(class, "\n\n    X = 1\n\n"));
}

static void pragmas_have_reasons(void **state)
{
    (void)state;
    cut("a = 1  # pragma: no mutate\nb = 2  # pragma: no mutate:  because of b \nc = '# pragma: no mutate'\nd = 1  # pragma: no cover\n");
    struct mg_pragmas pragmas = { 0 };
    mg_module_pragmas(module, arena, &pragmas);
    assert_int_equal(pragmas.len, 2);
    assert_true(pragmas.at[0].line == 1 && pragmas.at[0].reason.len == 0);
    assert_true(pragmas.at[1].line == 2 && mg_str_is(pragmas.at[1].reason, "because of b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_belong_to_the_function_that_says_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_called_without_a_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_may_come_to_anything_is_dynamic, set_up, tear_down),
        cmocka_unit_test_setup_teardown(imports_and_loud_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_test_that_comes_or_goes_is_nothing_to_the_rest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pragmas_have_reasons, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
