/* What a function is: names, lines, scopes, sizes, literals around it; and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "python/mutate.h"
#include "python/syntax.h"

static const char source[] = "import os\n"                       /* 1 */
                             "if os:\n"                          /* 2 */
                             "    def f(x): return 1; y = 2\n"   /* 3 */
                             "class Outer:\n"                    /* 4 */
                             "    class Inner:\n"                /* 5 */
                             "        @functools.wraps(f)\n"     /* 6 */
                             "        @a.b\n"                    /* 7 */
                             "        @(lambda g: g)\n"          /* 8 */
                             "        async def m(self):\n"      /* 9 */
                             "            '''Doc\n"              /* 10 */
                             "            more'''\n"             /* 11 */
                             "            global G\n"            /* 12 */
                             "            if x: pass\n"          /* 13 */
                             "            elif y:\n"             /* 14 */
                             "                x: int\n"          /* 15 */
                             "            @d\n"                  /* 16 */
                             "            def inner():\n"        /* 17 */
                             "                yield 1\n"         /* 18 */
                             "            return (x,\n"          /* 19 */
                             "                    y)  # c\n"     /* 20 */
                             "            # not code\n"          /* 21 */
                             "    match os:\n"                   /* 22 */
                             "        case 1:\n"                 /* 23 */
                             "            @staticmethod\n"       /* 24 */
                             "            def s(): yield\n"      /* 25 */
                             "    @x.setter\n"                   /* 26 */
                             "    def x(self, v): self._x = v\n" /* 27 */
                             "\tdef broken(: 1\n";               /* 28 */

static void render(struct mg_buf *out, const struct mg_function *f)
{
    static const char *const kinds[] = { "function", "method", "static", "class", "property" };
    mg_buf_addf(out, "%.*s %s%s%s%s%s %u/%u-%u indent %u/%u stmts %u lines", MG_FMT(f->qualname), kinds[f->kind], f->is_async ? " async" : "",
                f->is_generator ? " generator" : "", f->is_nested ? " nested" : "", f->has_error ? " broken" : "", f->first_line, f->def_line,
                f->end_line, f->indent, f->body_indent, f->statement_count);
    for (size_t i = 0; i < f->body_lines.len; i++)
        mg_buf_addf(out, " %u", f->body_lines.at[i]);
    for (size_t i = 0; i < f->decorators.len; i++)
        mg_buf_addf(out, " @%.*s", MG_FMT(f->decorators.at[i]));
    for (size_t i = 0; i < f->scopes.len; i++)
        mg_buf_addf(out, " %c%.*s:%u", "CDB"[f->scopes.at[i].kind], MG_FMT(f->scopes.at[i].name), f -> scopes.at[i].indent);
    mg_buf_addc(out, '\n');
}

static struct mg_module *parse(const char *text)
{
    struct mg_module *module = NULL;
    struct mg_err err = { .text = "" };
    if (mg_module_parse(mg_str_from(text), &module, &err) != MG_OK)
        fail_msg("%s", err.text);
    return module;
}

static void functions_are_found_wherever_they_stand(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_module *module = parse(source);
    struct mg_functions functions = { 0 };
    struct mg_buf out = MG_BUF(100000);
    mg_module_functions(module, arena, &functions);
    for (size_t i = 0; i < functions.len && i < 5; i++)
        render(&out, &functions.at[i]);
    assert_string_equal(mg_buf_view(&out).at,
                        "f function 3/3-3 indent 4/0 stmts 2 lines 3 B:0\n"
                        "Outer.Inner.m method async 6/9-20 indent 8/12 stmts 8 lines 13 14 16 18 19 @functools.wraps @a.b @ COuter:0 CInner:4\n"
                        "Outer.Inner.m.<locals>.inner function generator nested 16/17-18 indent 12/16 stmts 1 lines 18 @d COuter:0 CInner:4 Dm:8\n"
                        "Outer.s static generator 24/25-25 indent 12/0 stmts 1 lines 25 @staticmethod COuter:0 B:4 B:8\n"
                        "Outer.x property 26/27-27 indent 4/0 stmts 1 lines 27 @x.setter COuter:0\n");
    for (size_t i = 0; i < 4; i++)
        assert_false(functions.at[i].has_error);
    for (size_t i = 5; i < functions.len; i++)
        assert_true(functions.at[i].has_error);
    const struct mg_function *method = &functions.at[1];
    assert_memory_equal(source + method->start, "@functools", 10);
    assert_memory_equal(source + method->def_start, "async def", 9);
    assert_memory_equal(source + method->body_start, "'''Doc", 6);
    assert_memory_equal(source + method->end - 2, "y)  # c", 7);
    mg_buf_free(&out);
    mg_module_free(module);
    mg_arena_free(arena);
}

static void literals_are_listed_once_without_documentation_and_types(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_module *module = parse("'''doc'''\nA = 99\ndef f(a: Literal['t'] = 1):\n    \"doc\"\n    if a == -2.5: return f'{a}', 'x', 'x'\n"
                                     "    match a:\n        case 0x10 | b'y': return f'plain'\n");
    struct mg_literals literals = { 0 };
    struct mg_functions functions = { 0 };
    struct mg_buf out = MG_BUF(1000);
    mg_module_functions(module, arena, &functions);
    mg_module_literals(module, functions.at[0].start, functions.at[0].end, arena, &literals);
    for (size_t i = 0; i < literals.len; i++)
        mg_buf_addf(&out, "%.*s ", MG_FMT(literals.at[i]));
    assert_string_equal(out.at, "1 2.5 'x' 0x10 b'y' ");
    mg_buf_free(&out);
    mg_module_free(module);
    mg_arena_free(arena);
}

static void only_calls_with_literal_arguments_are_harvested(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_module *module = parse("def test():\n    assert m.f(1, -2, 'a' 'b', [(1, None), {'k': ...}], key={3}) == f()\n"
                                     "    f(x)\n    f(*[1])\n    f(g(1))\n    f(f'{x}')\n    other(1)\n    f(1 + 2)\n");
    struct mg_literal_calls calls = { 0 };
    struct mg_buf out = MG_BUF(1000);
    mg_module_literal_calls(module, MG_STR("f"), arena, &calls);
    for (size_t i = 0; i < calls.len; i++) {
        for (size_t a = 0; a < calls.at[i].arguments.len; a++)
            mg_buf_addf(&out, "%.*s;", MG_FMT(calls.at[i].arguments.at[a]));
        mg_buf_addc(&out, '\n');
    }
    assert_string_equal(out.at, "1;-2;'a' 'b';[(1, None), {'k': ...}];key={3};\n\n");
    mg_buf_free(&out);
    mg_module_free(module);
    mg_arena_free(arena);
}

static void what_cannot_be_read_is_refused_with_its_place(void **unused)
{
    (void)unused;
    struct mg_module *module = NULL;
    struct mg_err err = { .text = "" };
    assert_int_equal(mg_module_parse((struct mg_str){ "x = 1\0y", 7 }, &module, &err), MG_E_PARSE);
    assert_int_equal(mg_module_parse(MG_STR("x = '\xE9'\n"), &module, &err), MG_E_PARSE);
    assert_non_null(strstr(err.text, "UTF-8"));
    assert_int_equal(mg_module_parse(MG_STR("x = 1\ndef f():\n    y = (a +\n  b)\n    z\n"), &module, &err), MG_E_PARSE);
    assert_non_null(strstr(err.text, "lines 1 to 5"));
    assert_null(module);
    assert_int_equal(mg_module_parse(MG_STR(""), &module, &err), MG_OK);
    mg_module_free(module);
}

/* Deeply nested, endless and cut texts: an answer in good time, whatever it is. */
static void hostile_text_ends_in_an_answer(void **unused)
{
    (void)unused;
    static const char *const repeated[] = { "(",  "[",   "x=",    "not ", "-",      "a+",   "if x:\n", "lambda:", "f'{",
                                            "\\", "{**", "a if ", "x[",   "async ", "@a\n", "'''",     "\t",      "\n\t" };
    for (size_t i = 0; i < MG_COUNT(repeated); i++)
        for (size_t times = 40; times <= 40000; times *= 10) {
            struct mg_arena *arena = mg_arena_new();
            struct mg_buf text = MG_BUF(10000000);
            mg_buf_adds(&text, "def f(x):\n    return ");
            for (size_t n = 0; n < times; n++)
                mg_buf_adds(&text, repeated[i]);
            struct mg_module *module = NULL;
            if (mg_module_parse(mg_buf_view(&text), &module, NULL) == MG_OK) {
                struct mg_functions functions = { 0 };
                struct mg_mutants mutants = { 0 };
                mg_module_functions(module, arena, &functions);
                for (size_t f = 0; f < functions.len; f++)
                    mg_function_mutants(module, &functions.at[f], MG_STR("m"), MG_STR("f"), 3, arena, &mutants);
                mg_module_free(module);
            }
            mg_buf_free(&text);
            mg_arena_free(arena);
        }
}

static void every_prefix_of_a_text_is_survived(void **unused)
{
    (void)unused;
    for (size_t len = 0; len < sizeof source; len++) {
        struct mg_arena *arena = mg_arena_new();
        struct mg_module *module = NULL;
        struct mg_functions functions = { 0 };
        struct mg_mutants mutants = { 0 };
        if (mg_module_parse((struct mg_str){ source, len }, &module, NULL) == MG_OK) {
            mg_module_functions(module, arena, &functions);
            for (size_t f = 0; f < functions.len; f++) {
                assert_true(functions.at[f].end <= len && functions.at[f].start <= functions.at[f].body_start);
                mg_function_mutants(module, &functions.at[f], MG_STR("m"), MG_STR("f"), 3, arena, &mutants);
            }
            mg_module_free(module);
        }
        mg_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_found_wherever_they_stand),
        cmocka_unit_test(literals_are_listed_once_without_documentation_and_types),
        cmocka_unit_test(only_calls_with_literal_arguments_are_harvested),
        cmocka_unit_test(what_cannot_be_read_is_refused_with_its_place),
        cmocka_unit_test(hostile_text_ends_in_an_answer),
        cmocka_unit_test(every_prefix_of_a_text_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
