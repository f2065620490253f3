/* What is shown around a target: source, class, imports, module, fixtures, nearest tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "python/fixtures.h"
#include "python/outline.h"
#include "python/testdocs.h"

struct parsed {
    struct mg_arena *arena;
    struct mg_str text;
    struct mg_module *module;
    struct mg_functions functions;
};

static struct parsed parse(const char *text)
{
    struct parsed parsed = { .arena = mg_arena_new(), .text = mg_str_from(text) };
    struct mg_err err = { .text = "" };
    if (mg_module_parse(parsed.text, &parsed.module, &err) != MG_OK)
        fail_msg("%s", err.text);
    mg_module_functions(parsed.module, parsed.arena, &parsed.functions);
    return parsed;
}

static void done(struct parsed *parsed)
{
    mg_module_free(parsed->module);
    mg_arena_free(parsed->arena);
}

static const struct mg_function *named(const struct parsed *parsed, const char *qualname)
{
    for (size_t i = 0; i < parsed->functions.len; i++)
        if (mg_str_is(parsed->functions.at[i].qualname, qualname))
            return &parsed->functions.at[i];
    fail_msg("no %s", qualname);
    return NULL;
}

static void assert_text(struct parsed *parsed, struct mg_str got, const char *wanted)
{
    assert_string_equal(mg_arena_cstr(parsed->arena, got), wanted);
    assert_true(mg_str_is_utf8(got));
}

static void every_line_of_the_source_has_its_number(void **unused)
{
    (void)unused;
    struct parsed parsed = parse(
        "\n\n\n\n\n\nclass C:\n    @a\n    @b(1)\r\n    def f(self):\n        s = '\xC3\xA9'\n\n        return s  # end\n\n    # not its own\n");
    const struct mg_function *function = named(&parsed, "C.f");
    assert_text(&parsed, mg_outline_source(parsed.text, function, 1000, parsed.arena),
                " 8 |     @a\n 9 |     @b(1)\n10 |     def f(self):\n11 |         s = '\xC3\xA9'\n12 | \n13 |         return s");
    assert_text(&parsed, mg_outline_source(parsed.text, function, 60, parsed.arena), " 8 |     @a\n 9 |     @b(1)\n# ... 4 more lines");
    done(&parsed);
}

static const char classes[] =
    "import x\n"
    "@total\n"
    "class Outer(Base, metaclass=M):\n"
    "    '''\n    Holds things.\n    More.'''\n"
    "    size: int = 3\n"
    "    names = (\n        'a',  # one\n        'b',\n    )\n"
    "    if x:\n        late = 1\n"
    "    print('no attribute')\n"
    "    def __init__(\n            self, a,  # comment\n            b=\"x  y\",\n    ) -> None:\n        '''Doc.'''\n        self.a = a\n"
    "    @property\n    def p(self): return 1\n"
    "    class Inner:\n"
    "        def __init__(self): pass\n"
    "        @classmethod\n        async def m(cls, *, k: int = 1, **kw) -> int:\n            '''Does m.'''\n            return 1\n"
    "    def after(self):\n        def nested(): pass\n        return nested\n"
    "def alone(): pass\n";

static void a_method_comes_with_its_class(void **unused)
{
    (void)unused;
    struct parsed parsed = parse(classes);
    assert_text(
        &parsed, mg_outline_class(parsed.module, named(&parsed, "Outer.after"), 4000, parsed.arena),
        "@total\n"
        "class Outer(Base, metaclass=M):  # Holds things.\n"
        "    size: int = 3\n"
        "    names = ('a', 'b',)\n"
        "    late = 1\n"
        "    def __init__(\n            self, a,  # comment\n            b=\"x  y\",\n    ) -> None:\n        '''Doc.'''\n        self.a = a\n"
        "    @property\n"
        "    def p(self): ...\n"
        "    class Inner:\n"
        "        def __init__(self): ...\n"
        "        @classmethod\n"
        "        async def m(cls, *, k: int = 1, **kw) -> int: ...  # Does m.\n"
        "    def after(self): ...  # the target");
    assert_text(&parsed, mg_outline_class(parsed.module, named(&parsed, "Outer.Inner.m"), 4000, parsed.arena),
                "@total\n"
                "class Outer(Base, metaclass=M):  # Holds things.\n"
                "    class Inner:\n"
                "        def __init__(self): pass\n"
                "        @classmethod\n"
                "        async def m(cls, *, k: int = 1, **kw) -> int: ...  # the target");
    assert_text(&parsed, mg_outline_class(parsed.module, named(&parsed, "Outer.__init__"), 105, parsed.arena),
                "@total\nclass Outer(Base, metaclass=M):  # Holds things.\n# ... 11 more lines");
    assert_int_equal(mg_outline_class(parsed.module, named(&parsed, "alone"), 4000, parsed.arena).len, 0);
    done(&parsed);
}

static void a_long_constructor_is_its_signature(void **unused)
{
    (void)unused;
    struct parsed parsed =
        parse("class C:\n    def __init__(self):\n        self.a = 1\n        b = 2\n        c = 3\n        d = 4\n        e = 5\n        f = 6\n"
              "        g = 7\n        h = 8\n        i = 9\n        j = 10\n        k = 11\n        l = 12\n        m = 13\n        n = 14\n        "
              "o = 15\n"
              "    def f(self): pass\n");
    assert_text(&parsed, mg_outline_class(parsed.module, named(&parsed, "C.f"), 4000, parsed.arena),
                "class C:\n    def __init__(self): ...\n    def f(self): ...  # the target");
    done(&parsed);
}

static void imports_are_absolute_and_listed_once(void **unused)
{
    (void)unused;
    static const char text[] =
        "from __future__ import annotations\nimport os.path as p, sys\nfrom . import x\nfrom .. import y as z\nfrom .m import (a,\n  b as c)  # d\n"
        "from ..n.o import *\nfrom .... import out\ntry:\n    import fast\nexcept ImportError:\n    import slow as fast\nelse:\n    import more\n"
        "if TYPE:\n    from .m import a\n    from t import T\nelif x:\n    import e\nwith w:\n    import in_with\n"
        "def f():\n    import local\nclass C:\n    import in_class\nif __name__ == '__main__':\n    import only_main\n";
    static const struct {
        const char *path, *module, *lines;
    } cases[] = {
        { "src/p/q/r.py", "p.q.r",
          "import os.path as p\nimport sys\nfrom p.q import x\nfrom p import y as z\nfrom p.q.m import a\nfrom p.q.m import b as c\nfrom p.n.o "
          "import *\n" },
        { "src/p/q/r/__init__.py", "p.q.r",
          "import os.path as p\nimport sys\nfrom p.q.r import x\nfrom p.q import y as z\nfrom p.q.r.m import a\nfrom p.q.r.m import b as c\nfrom "
          "p.q.n.o import *\n" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct parsed parsed = parse(text);
        struct mg_python_file file = { .path = mg_str_from(cases[i].path), .module = mg_str_from(cases[i].module), .text = parsed.text };
        struct mg_str wanted = mg_arena_printf(
            parsed.arena, "%s%simport fast\nimport slow as fast\nimport more\nfrom t import T\nimport e\nimport in_with", cases[i].lines, "");
        struct mg_str got = mg_outline_imports(parsed.module, &file, 4000, parsed.arena);
        assert_text(&parsed, got, wanted.at);
        assert_true(mg_outline_imports(parsed.module, &file, 100, parsed.arena).len <= 100);
        done(&parsed);
    }
}

static void a_short_module_is_shown_whole_a_long_one_in_outline(void **unused)
{
    (void)unused;
    struct mg_buf text = MG_BUF(100000);
    mg_buf_adds(
        &text,
        "\"\"\"Module of things.\n\nMore.\"\"\"\nimport os\nLIMIT: int = 3\nTABLE = {\n    'a': 1,  # first\n    'b': '''x\n    y''',\n}\n"
        "try:\n    FAST = True\nexcept E:\n    FAST = False\n"
        "def f(a,\n      b=1):\n    '''Does f.'''\n    return 1\n"
        "@deco(1)\nclass C(Base):\n    '''A class.'''\n    def m(self): pass\n    def _m(self): pass\nif __name__ == '__main__':\n    X = 1\n");
    struct parsed small = parse(text.at);
    bool whole = false;
    struct mg_str shown = mg_outline_module(small.module, small.text, 4000, small.arena, &whole);
    assert_true(whole);
    assert_true(mg_str_eq(shown, mg_str_trim(small.text)));
    mg_outline_module(small.module, small.text, small.text.len - 1, small.arena, &whole);
    assert_false(whole);
    done(&small);
    for (int i = 0; i < 400; i++)
        mg_buf_adds(&text, "# line\n");
    struct parsed parsed = parse(text.at);
    static const char *const levels[] = {
        "# Module of things.\nLIMIT: int = 3\nTABLE = {'a': 1, 'b': '''x ...\nFAST = True\nFAST = False\ndef f(a, b=1): ...  # Does f.\n"
        "@deco(1)\nclass C(Base):  # A class.\n    def m(self): ...\n    def _m(self): ...",
        "LIMIT: int = 3\nTABLE = {'a': 1, 'b': '''x ...\nFAST = True\nFAST = False\ndef f(a, b=1): ...\n@deco(1)\nclass C(Base):\n    def m(self): "
        "...\n    def _m(self): ...",
        "LIMIT: int = 3\nTABLE = {'a': 1, 'b': '''x ...\nFAST = True\nFAST = False\ndef f(a, b=1): ...\n@deco(1)\nclass C(Base):\n    def m(self): "
        "...",
        "LIMIT: int = 3\nTABLE = {'a': 1, 'b': '''x ...\nFAST = True\nFAST = False\ndef f(a, b=1): ...\n@deco(1)\nclass C(Base):\n    ...",
    };
    for (size_t i = 0; i < MG_COUNT(levels); i++)
        assert_text(&parsed, mg_outline_module(parsed.module, parsed.text, strlen(levels[i]), parsed.arena, &whole), levels[i]);
    mg_outline_module(parsed.module, parsed.text, 100000, parsed.arena, &whole);
    assert_false(whole);
    assert_text(&parsed, mg_outline_module(parsed.module, parsed.text, 80, parsed.arena, &whole),
                "LIMIT: int = 3\nTABLE = {'a': 1, 'b': '''x ...\n# ... 6 more lines");
    done(&parsed);
    mg_buf_free(&text);
}

static void long_values_are_cut_between_characters(void **unused)
{
    (void)unused;
    struct parsed parsed = parse("X = "
                                 "'ab\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
                                 "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
                                 "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
                                 "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
                                 "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
                                 "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
                                 "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
                                 "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9'\n");
    bool whole = true;
    struct mg_str shown = mg_outline_module(parsed.module, parsed.text, 100, parsed.arena, &whole);
    assert_false(whole);
    assert_true(mg_str_is_utf8(shown) && shown.len <= 100);
    for (size_t bytes = 0; bytes < 12; bytes++) {
        struct mg_str fit = mg_str_fit(MG_STR("a\xC3\xA9\xF0\x9F\x98\x80z"), bytes);
        static const size_t wanted[] = { 0, 1, 1, 3, 3, 3, 3, 7, 8, 8, 8, 8 };
        assert_int_equal(fit.len, wanted[bytes]);
    }
    done(&parsed);
}

static void fixtures_come_from_the_folders_above_the_tests(void **unused)
{
    (void)unused;
    static const struct mg_python_file files[] = {
        { MG_STR_INIT("tests/unit/conftest.py"), MG_STR_INIT(""),
          MG_STR_INIT("@pytest.fixture\ndef db(tmp_path):\n    '''Nearer.'''\n    return 1\n") },
        { MG_STR_INIT("tests/e2e/conftest.py"), MG_STR_INIT(""), MG_STR_INIT("@pytest.fixture\ndef elsewhere(): pass\n") },
        { MG_STR_INIT("tests/uni/conftest.py"), MG_STR_INIT(""), MG_STR_INIT("@pytest.fixture\ndef other_folder(): pass\n") },
        { MG_STR_INIT("tests/conftest.py"), MG_STR_INIT(""), MG_STR_INIT("x = 1\0y") },
        { MG_STR_INIT("conftest.py"), MG_STR_INIT(""),
          MG_STR_INIT("import pytest as pt\nfrom pytest import fixture\n"
                      "@pt.fixture(scope='session', autouse=True)\ndef db(request): return 1\n"
                      "@fixture(name=\"client\", params=[1, 2])\ndef _client(db, *, port: int = 80) -> Client:\n    '''\n    A client.\n    '''\n    "
                      "yield 1\n"
                      "if x:\n    @pytest_asyncio.fixture(scope=pick())\n    async def loop():\n        def inner(): yield\n"
                      "@other\ndef helper(): pass\ndef plain(): pass\n") },
    };
    struct mg_arena *arena = mg_arena_new();
    struct mg_fixtures fixtures = mg_fixtures_for(files, MG_COUNT(files), MG_STR("tests/unit"), arena);
    assert_int_equal(fixtures.unparsed, 1);
    struct mg_str text = mg_fixtures_text(&fixtures, 4000, arena);
    assert_string_equal(mg_arena_cstr(arena, text), "db(tmp_path)  # function: Nearer.\n"
                                                    "client(db, *, port: int = 80) -> Client  # function, yields, parametrized: A client.\n"
                                                    "loop()  # pick()");
    assert_true(mg_str_is(fixtures.at[0].path, "tests/unit/conftest.py"));
    fixtures = mg_fixtures_for(files + 4, 1, MG_STR(""), arena);
    text = mg_fixtures_text(&fixtures, 4000, arena);
    assert_true(mg_str_starts(text, "db(request)  # session, automatic\n"));
    assert_true(mg_fixtures_text(&fixtures, 80, arena).len <= 80);
    mg_arena_free(arena);
}

static const struct mg_python_file test_files[] = {
    { MG_STR_INIT("tests/test_other.py"), MG_STR_INIT("test_other"),
      MG_STR_INIT("from pkg import mod\ndef test_far(): mod.other()\ndef test_calls(): x.target()\ndef helper(): pass\n") },
    { MG_STR_INIT("tests/test_mod.py"), MG_STR_INIT("test_mod"),
      MG_STR_INIT("import pkg.mod\n@pytest.mark.parametrize('a', [1])\ndef test_near(a):\n    def test_inner(): pass\n    assert pkg.mod.target(a)\n"
                  "class TestC:\n    async def test_m(self):\n        assert 1\n") },
    { MG_STR_INIT("tests/test_no.py"), MG_STR_INIT("test_no"), MG_STR_INIT("def test_alone(): target(1)\ndef test_class(): C(1)\n") },
    { MG_STR_INIT("tests/broken.py"), MG_STR_INIT("broken"), MG_STR_INIT("a\0b") },
    { MG_STR_INIT("tests/test_doc.py"), MG_STR_INIT("test_doc"), MG_STR_INIT("import doctest\nfrom pkg import target\ntarget(3)\n") },
    { MG_STR_INIT("tests/helpers.py"), MG_STR_INIT("helpers"), MG_STR_INIT("def make(): target(1)\n") },
};

static void each_test_is_a_document(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_testdocs docs = mg_testdocs_make(test_files, MG_COUNT(test_files), arena);
    static const char *const ids[] = { "tests/test_other.py::test_far",
                                       "tests/test_other.py::test_calls",
                                       "tests/test_mod.py::test_near",
                                       "tests/test_mod.py::TestC::test_m",
                                       "tests/test_no.py::test_alone",
                                       "tests/test_no.py::test_class",
                                       "tests/test_doc.py" };
    assert_int_equal(docs.unparsed, 1);
    assert_int_equal(docs.len, MG_COUNT(ids));
    for (size_t i = 0; i < docs.len; i++)
        assert_true(mg_str_is(docs.at[i].id, ids[i]));
    assert_true(mg_str_is(docs.at[2].text,
                          "@pytest.mark.parametrize('a', [1])\ndef test_near(a):\n    def test_inner(): pass\n    assert pkg.mod.target(a)"));
    assert_true(mg_str_is(docs.at[3].text, "async def test_m(self):\n    assert 1"));
    assert_true(mg_str_is(docs.at[6].text, mg_arena_cstr(arena, mg_str_trim(test_files[4].text))));
    mg_arena_free(arena);
}

static void long_documents_lose_their_table_then_their_end(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_buf text = MG_BUF(100000);
    mg_buf_adds(&text, "@pytest.mark.parametrize('a', [\n");
    for (int i = 0; i < 200; i++)
        mg_buf_adds(&text, "    'value',\n");
    mg_buf_adds(&text, "])\ndef test_table(a):\n    assert f(a)\n\ndef test_long():\n");
    for (int i = 0; i < 200; i++)
        mg_buf_adds(&text, "    f('\xC3\xA9\xC3\xA9')\n");
    mg_buf_adds(&text, "\ndef test_line(): f('");
    for (int i = 0; i < 2000; i++)
        mg_buf_adds(&text, "\xC3\xA9");
    mg_buf_adds(&text, "')\n");
    struct mg_python_file file = { .path = MG_STR("t.py"), .module = MG_STR("t"), .text = mg_buf_view(&text) };
    struct mg_testdocs docs = mg_testdocs_make(&file, 1, arena);
    assert_int_equal(docs.len, 3);
    assert_true(mg_str_is(docs.at[0].text, "def test_table(a):\n    assert f(a)"));
    for (size_t i = 1; i < 3; i++) {
        assert_true(docs.at[i].text.len <= MG_TESTDOC_LIMIT && docs.at[i].text.len > MG_TESTDOC_LIMIT - 32);
        assert_true(mg_str_ends(docs.at[i].text, i == 1 ? "')\n# ... cut here" : "\xA9\n# ... cut here"));
        assert_true(mg_str_is_utf8(docs.at[i].text));
    }
    mg_buf_free(&text);
    mg_arena_free(arena);
}

/* The ids found for a target, in order. */
static const char *nearest(struct mg_arena *arena, const struct mg_testdocs *docs, const char *module, const char *source, const char *qualname,
                           size_t most, size_t limit)
{
    struct parsed parsed = parse(source);
    struct mg_target target = { .module = mg_str_from(module), .function = *named(&parsed, qualname) };
    struct mg_testdocs_found found = mg_testdocs_nearest(docs, &target, most, limit, arena);
    struct mg_buf ids = MG_BUF(1000);
    for (size_t i = 0; i < found.len; i++)
        mg_buf_addf(&ids, "%.*s ", MG_FMT(docs->at[found.at[i]].id));
    done(&parsed);
    return mg_buf_take(&ids, arena).at;
}

static void the_nearest_tests_call_the_target_or_import_its_module(void **unused)
{
    (void)unused;
    static const char source[] = "def target(): pass\ndef unknown(): pass\nclass C:\n    def __init__(self): pass\n";
    struct mg_arena *arena = mg_arena_new();
    struct mg_testdocs docs = mg_testdocs_make(test_files, MG_COUNT(test_files), arena);
    assert_string_equal(nearest(arena, &docs, "pkg.mod", source, "target", 9, 4000),
                        "tests/test_mod.py::test_near tests/test_other.py::test_calls tests/test_doc.py tests/test_no.py::test_alone "
                        "tests/test_mod.py::TestC::test_m tests/test_other.py::test_far ");
    assert_string_equal(nearest(arena, &docs, "pkg.mod", source, "target", 2, 4000), "tests/test_mod.py::test_near tests/test_other.py::test_calls ");
    assert_string_equal(nearest(arena, &docs, "pkg.mod", source, "target", 9, 40), "tests/test_other.py::test_calls ");
    assert_string_equal(nearest(arena, &docs, "pkg._mod", source, "unknown", 2, 4000), "");
    assert_string_equal(nearest(arena, &docs, "pkg.mod", source, "C.__init__", 1, 4000), "tests/test_no.py::test_class ");
    mg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_of_the_source_has_its_number),
        cmocka_unit_test(a_method_comes_with_its_class),
        cmocka_unit_test(a_long_constructor_is_its_signature),
        cmocka_unit_test(imports_are_absolute_and_listed_once),
        cmocka_unit_test(a_short_module_is_shown_whole_a_long_one_in_outline),
        cmocka_unit_test(long_values_are_cut_between_characters),
        cmocka_unit_test(fixtures_come_from_the_folders_above_the_tests),
        cmocka_unit_test(each_test_is_a_document),
        cmocka_unit_test(long_documents_lose_their_table_then_their_end),
        cmocka_unit_test(the_nearest_tests_call_the_target_or_import_its_module),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
