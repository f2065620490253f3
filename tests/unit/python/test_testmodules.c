/* Test modules as models write them: taken apart, put together with others, and nothing means something else afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "python/testmodule.h"

#define MOST_SUITES 3

static struct mg_arena *arena;

/* Texts of modules, and what stands behind the head of the module that is composed of all their tests. */
static const struct {
    const char *name, *texts[MOST_SUITES], *composed;
} cases[] = {
    { "a helper is written once",
      { "from m import f\n\nLIMIT = 3\n\ndef check(x):\n    assert f(x) == LIMIT\n\ndef test_a():\n    check(1)\n\ndef test_b():\n    check(2)\n" },
      "\nfrom m import f\n\n\nLIMIT = 3\n\n\ndef check(x):\n    assert f(x) == LIMIT\n\n\ndef test_a():\n    check(1)\n\n\ndef test_b():\n    "
      "check(2)\n" },
    { "helpers of one name with one text are one",
      { "def check(x):\n    assert x\n\ndef test_a():\n    check(1)\n", "def check(x):\n    assert x\n\ndef test_b():\n    check(2)\n" },
      "\n\ndef check(x):\n    assert x\n\n\ndef test_a():\n    check(1)\n\n\ndef test_b():\n    check(2)\n" },
    { "helpers of one name with other text are two",
      { "def check(x):\n    assert x\n\ndef test_a():\n    check(1)\n",
        "def check(x):\n    assert not x\n\ndef test_b():\n    check(0)\n\ndef test_c(check):\n    assert check.check(check=1)\n\ndef test_d():\n    "
        "check(0)\n" },
      "\n\ndef check(x):\n    assert x\n\n\ndef check_2(x):\n    assert not x\n\n\ndef test_a():\n    check(1)\n\n\ndef test_b():\n    "
      "check_2(0)\n\n\n"
      "def test_c(check):\n    assert check.check(check=1)\n\n\ndef test_d():\n    check_2(0)\n" },
    { "a helper that uses another one with a new name is another one",
      { "N = 1\ndef get():\n    return N\n\ndef test_a():\n    assert get() == 1\n",
        "N = 2\ndef get():\n    return N\n\ndef test_b():\n    assert get() == 2\n" },
      "\n\nN = 1\n\n\ndef get():\n    return N\n\n\nN_2 = 2\n\n\ndef get_2():\n    return N_2\n\n\ndef test_a():\n    assert get() == 1\n\n\n"
      "def test_b():\n    assert get_2() == 2\n" },
    { "fixtures are renamed where they are asked for",
      { "import pytest\n@pytest.fixture\ndef thing():\n    return 1\n\ndef test_a(thing):\n    assert thing == 1\n",
        "import pytest\n@pytest.fixture\ndef thing():\n    return 2\n\n@pytest.mark.usefixtures('thing')\ndef test_b(request, thing):\n"
        "    assert request.getfixturevalue('thing') == thing == 2\n" },
      "\nimport pytest\n\n\n@pytest.fixture\ndef thing():\n    return 1\n\n\n@pytest.fixture\ndef thing_2():\n    return 2\n\n\n"
      "def test_a(thing):\n    assert thing == 1\n\n\n@pytest.mark.usefixtures('thing_2')\ndef test_b(request, thing_2):\n"
      "    assert request.getfixturevalue('thing_2') == thing_2 == 2\n" },
    { "imports that clash get another name",
      { "from m import f\nimport json as j\ndef test_a():\n    assert f(j) == 1\n",
        "from n import f, g\nimport math as j\ndef test_b():\n    assert f(j.f, f=f'{f}') == g\n",
        "from m import f\ndef test_c():\n    assert f() == 3\n" },
      "\nimport json as j\nimport math as j_2\n\nfrom n import f as f_2, g\n\nfrom m import f\n\n\ndef test_a():\n    assert f(j) == 1\n\n\n"
      "def test_b():\n    assert f_2(j_2.f, f=f'{f_2}') == g\n\n\ndef test_c():\n    assert f() == 3\n" },
    { "a helper does not hide what another suite imports",
      { "from m import check\ndef test_a():\n    assert check(1)\n", "def check(x):\n    assert x\n\ndef test_b():\n    check(1)\n" },
      "\nfrom m import check\n\n\ndef check_2(x):\n    assert x\n\n\ndef test_a():\n    assert check(1)\n\n\ndef test_b():\n    check_2(1)\n" },
    { "__future__ comes first",
      { "import m\ndef test_a():\n    assert m.f() == 1\n",
        "from __future__ import annotations\nfrom m import g\ndef test_b():\n    assert g() == 1\n" },
      "\nfrom __future__ import annotations\n\nimport m\nfrom m import g\n\n\ndef test_a():\n    assert m.f() == 1\n\n\ndef test_b():\n    assert "
      "g() == 1\n" },
    { "methods of a class stay in it, with what the class has",
      { "class TestF:\n    base = 1\n\n    def setup_method(self):\n        self.x = self.base\n\n    def test_a(self):\n        assert self.x == "
        "1\n\n"
        "    # why\n    @staticmethod\n    def test_b():\n        assert 1\n" },
      "\n\nclass TestF:\n    base = 1\n\n    def setup_method(self):\n        self.x = self.base\n\n    def test_a(self):\n        assert self.x == "
      "1\n\n"
      "    # why\n    @staticmethod\n    def test_b():\n        assert 1\n" },
    { "classes that are alike become one, others get a number, methods too",
      { "class TestF:\n    def test_a(self):\n        assert 1\n", "class TestF:\n    def test_a(self):\n        assert 2\n",
        "class TestF:\n    n = 3\n\n    def test_a(self):\n        assert TestF.n == 3\n" },
      "\n\nclass TestF:\n    def test_a(self):\n        assert 1\n\n    def test_a_2(self):\n        assert 2\n\n\n"
      "class TestF_2:\n    n = 3\n\n    def test_a_3(self):\n        assert TestF_2.n == 3\n" },
    { "unittest",
      { "import unittest\nclass FCase(unittest.TestCase):\n    def setUp(self):\n        self.x = 1\n\n    def test_a(self):\n        "
        "self.assertEqual(self.x, 1)\n\n"
        "if __name__ == '__main__':\n    unittest.main()\n" },
      "\nimport unittest\n\n\nclass FCase(unittest.TestCase):\n    def setUp(self):\n        self.x = 1\n\n    def test_a(self):\n        "
      "self.assertEqual(self.x, 1)\n" },
    { "classes that inherit stay whole, a base is written once",
      { "class TestA:\n    def test_a(self):\n        assert self.n\n    n = 1\n\nclass TestB(TestA):\n    n = 2\n" },
      "\n\nclass TestA:\n    def test_a(self):\n        assert self.n\n    n = 1\n\n\nclass TestB(TestA):\n    n = 2\n" },
    { "autouse fixtures and pytestmark become what a test asks for",
      { "from pytest import fixture, mark\npytestmark = [mark.slow, mark.filterwarnings('ignore')]\n\n@fixture(autouse=True, scope='module')\ndef "
        "up():\n    yield 1\n\n"
        "@fixture(scope='module', autouse=True)\ndef over():\n    yield 1\n\n# one\n@mark.x\ndef test_a():\n    assert 1\n\nclass TestB:\n    def "
        "test_b(self):\n        assert 2\n",
        "def test_c():\n    assert 3\n" },
      "\nimport pytest\nfrom pytest import fixture, mark\n\n\n@fixture(scope='module')\ndef up():\n    yield 1\n\n\n@fixture(scope='module')\ndef "
      "over():\n    yield 1\n\n\n"
      "# one\n@mark.slow\n@mark.filterwarnings('ignore')\n@pytest.mark.usefixtures(\"up\", \"over\")\n@mark.x\ndef test_a():\n    assert 1\n\n\n"
      "@mark.slow\n@mark.filterwarnings('ignore')\n@pytest.mark.usefixtures(\"up\", \"over\")\nclass TestB:\n    def test_b(self):\n        assert "
      "2\n\n\n"
      "def test_c():\n    assert 3\n" },
    { "set-up of the module goes with its tests",
      { "state = []\ndef setup_module():\n    state.append(1)\n\ndef test_a():\n    assert 1\n" },
      "\n\nstate = []\n\n\ndef setup_module():\n    state.append(1)\n\n\ndef test_a():\n    assert 1\n" },
    { "tables, and the constants they come from, survive",
      { "import pytest\nCASES = [(1, 2)]\nCASES.append((2, 3))\nCASES += [(3, 4)]\n@pytest.mark.parametrize('x, y', CASES)\ndef test_a(x, y):\n    "
        "assert x + 1 == y\n" },
      "\nimport pytest\n\n\nCASES = [(1, 2)]\nCASES.append((2, 3))\nCASES += [(3, 4)]\n\n\n@pytest.mark.parametrize('x, y', CASES)\ndef test_a(x, "
      "y):\n    assert x + 1 == y\n" },
    { "effects of the import are left out",
      { "\"\"\"Doc.\"\"\"\nimport sys, m\nsys.path.insert(0, 'src')\nm.VALUE = 3\nprint('x')\nm.f()\n\ndef test_a():\n    assert m.f() == sys\n\nif "
        "__name__ == '__main__':\n    test_a()\n" },
      "\nimport sys\n\nimport m\n\n\ndef test_a():\n    assert m.f() == sys\n" },
    { "what a name meant before it was defined anew",
      { "class C: pass\nOld = C\nclass C: pass\ndef test_a():\n    assert C\ndef test_b():\n    assert Old is not C\n" },
      "\n\nclass C: pass\n\n\nOld = C\n\n\nclass C: pass\n\n\ndef test_a():\n    assert C\n\n\ndef test_b():\n    assert Old is not C\n" },
    { "of two tests of one name in a module pytest knows the last",
      { "def test_a():\n    assert 1\n\ndef test_a():\n    assert 2\n" },
      "\n\ndef test_a():\n    assert 2\n" },
};

static struct mg_str composed_of(const char *const *texts, struct mg_suite *suites, size_t *count)
{
    *count = 0;
    while (*count < MOST_SUITES && texts[*count]) {
        struct mg_err err = { .text = "" };
        if (mg_testmodule_split(arena, mg_str_from(texts[*count]), &suites[*count], &err) != MG_OK)
            fail_msg("%s\n%s", texts[*count], err.text);
        ++*count;
    }
    struct mg_str text = mg_testmodule_compose(arena, MG_STR("m"), suites, *count), line;
    for (int i = 0; i < 3; i++)
        assert_true(mg_str_next_line(&text, &line)); /* mark and note */
    return text;
}

static void suites_become_one_module(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_suite suites[MOST_SUITES];
        size_t count;
        struct mg_str text = composed_of(cases[i].texts, suites, &count);
        if (!mg_str_is(text, cases[i].composed))
            fail_msg("%s: is\n%.*s\nshould be\n%s", cases[i].name, MG_FMT(text), cases[i].composed);
        const char *again[MOST_SUITES] = { mg_arena_cstr(arena, text) };
        struct mg_str twice = composed_of(again, suites, &count);
        if (!mg_str_eq(text, twice))
            fail_msg("%s: taken apart and put together again it is\n%.*s", cases[i].name, MG_FMT(twice));
    }
}

static void names_are_made_unique(void **unused)
{
    (void)unused;
    struct mg_suite suite;
    struct mg_str text = MG_STR("def test_a():\n    assert test_b\n\nclass TestX:\n    def test_b(self):\n        assert 1\n\ndef test_a_2():\n    "
                                "assert 2\n\ndef test_c():\n    pass\n");
    assert_int_equal(mg_testmodule_split(arena, text, &suite, NULL), MG_OK);
    struct mg_str taken[] = { MG_STR("test_a"), MG_STR("test_b"), MG_STR("test_b_2") };
    mg_suite_uniquify(arena, &suite, taken, MG_COUNT(taken));
    static const char *const names[] = { "test_a_3", "test_b_3", "test_a_2", "test_c" };
    for (size_t i = 0; i < MG_COUNT(names); i++) {
        assert_string_equal(suite.tests.at[i].name.at, names[i]);
        assert_non_null(strstr(suite.tests.at[i].source.at, mg_arena_printf(arena, "def %s(", names[i]).at));
    }
    assert_string_equal(suite.tests.at[1].source.at, "class TestX:\n    def test_b_3(self):\n        assert 1\n");
    struct mg_suite_test again = suite.tests.at[3];
    *MG_PUSH(arena, &suite.tests) = again;
    mg_suite_uniquify(arena, &suite, NULL, 0);
    assert_string_equal(suite.tests.at[4].name.at, "test_c_2");
}

static void imports_of_rounds_are_reconciled_and_trimmed(void **unused)
{
    (void)unused;
    struct mg_suite suite;
    struct mg_str first = MG_STR("from m import f, g\nimport json as j\nimport os\n");
    struct mg_str text = MG_STR("import pytest, os.path, math as j\nfrom n import f, unused\nfrom m import g\nfrom __future__ import annotations\n"
                                "from o import *\n\ndef test_a(x):\n    assert f(g, f=x.f) == j.f(os)\n\ndef test_b(f):\n    assert f.g\n");
    assert_int_equal(mg_testmodule_split(arena, text, &suite, NULL), MG_OK);
    mg_suite_reconcile(arena, first, &suite);
    assert_string_equal(suite.tests.at[0].source.at, "def test_a(x):\n    assert f_2(g, f=x.f) == j_2.f(os)\n");
    assert_string_equal(suite.tests.at[1].source.at, "def test_b(f):\n    assert f.g\n");
    assert_string_equal(suite.imports.at,
                        "import pytest\nimport os.path\nimport math as j_2\nfrom n import f as f_2\nfrom n import unused\nfrom m import g\n"
                        "from __future__ import annotations\nfrom o import *\n");
    mg_suite_trim_imports(arena, &suite);
    assert_string_equal(suite.imports.at, "import os.path\nimport math as j_2\nfrom n import f as f_2\nfrom m import g\n"
                                          "from __future__ import annotations\nfrom o import *\n");
    struct mg_str once = suite.imports;
    mg_suite_reconcile(arena, once, &suite); /* with itself nothing changes */
    assert_true(mg_str_eq(once, suite.imports));
}

/* Whatever stands in a source, composing does not fall over it. */
static void broken_sources_are_passed_on(void **unused)
{
    (void)unused;
    static const char *const sources[] = { "",         "\n\n",       "def test_a(:\n",  "x = 1", "class TestA:\n    pass\n",
                                           "\xff\xfe", "import x\n", "@pytest.mark.x\n" };
    struct mg_suite suite = { .imports = MG_STR("import\nfrom import\nfrom x import\nimport ,a,\nfrom . import b as\n") };
    for (size_t i = 0; i < MG_COUNT(sources); i++)
        *MG_PUSH(arena, &suite.tests) = (struct mg_suite_test){ .name = MG_STR("test_a"), .source = mg_str_from(sources[i]) };
    struct mg_str text = mg_testmodule_compose(arena, MG_STR("m"), &suite, 1);
    assert_true(mg_str_contains(text, "def test_a(:"));
}

int main(void)
{
    arena = mg_arena_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suites_become_one_module),
        cmocka_unit_test(names_are_made_unique),
        cmocka_unit_test(imports_of_rounds_are_reconciled_and_trimmed),
        cmocka_unit_test(broken_sources_are_passed_on),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mg_arena_free(arena);
    return failed;
}
