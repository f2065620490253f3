/* Which calls become edges, and which never do; and how the graph is asked and drawn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "python/callgraph.h"

#define MOST_FILES 8

/* A repo of (path, module, text), and its edges as "caller > callee callee\n" with module and qualified name, for callers with any. */
struct example {
    const char *what;
    struct {
        const char *path, *module, *text;
    } files[MOST_FILES];
    const char *edges;
};

static struct mg_callgraph *build(struct mg_arena *arena, const struct example *example)
{
    struct mg_python_file *files = MG_NEW_ARRAY(arena, struct mg_python_file, MOST_FILES);
    size_t count = 0;
    for (; count < MOST_FILES && example->files[count].path; count++)
        files[count] = (struct mg_python_file){ .path = mg_str_from(example->files[count].path),
                                                .module = mg_str_from(example->files[count].module),
                                                .text = mg_str_from(example->files[count].text) };
    struct mg_callgraph *graph = NULL;
    struct mg_err err = { .text = "" };
    assert_int_equal(mg_callgraph_build(arena, files, count, NULL, &graph, &err), MG_OK);
    return graph;
}

static void add_name(struct mg_buf *out, const struct example *example, const struct mg_callgraph *graph, uint32_t function)
{
    const struct mg_callgraph_function *found = mg_callgraph_function(graph, function);
    mg_buf_addf(out, "%s:%.*s", example->files[found->file].module, MG_FMT(found->qualname));
}

static void check(const struct example *examples, size_t count)
{
    for (size_t e = 0; e < count; e++) {
        struct mg_arena *arena = mg_arena_new();
        struct mg_callgraph *graph = build(arena, &examples[e]);
        struct mg_buf out = MG_BUF(100000);
        mg_buf_addf(&out, "%s\n", examples[e].what);
        for (uint32_t f = 0; f < mg_callgraph_totals(graph).functions; f++) {
            struct mg_callees callees = mg_callgraph_direct(graph, f);
            if (callees.len == 0)
                continue;
            add_name(&out, &examples[e], graph, f);
            mg_buf_adds(&out, " >");
            for (size_t c = 0; c < callees.len; c++) {
                mg_buf_addc(&out, ' ');
                add_name(&out, &examples[e], graph, callees.at[c]);
            }
            mg_buf_addc(&out, '\n');
        }
        struct mg_str wanted = mg_arena_printf(arena, "%s\n%s", examples[e].what, examples[e].edges);
        assert_string_equal(mg_buf_view(&out).at, wanted.at);
        mg_buf_free(&out);
        mg_arena_free(arena);
    }
}

static const struct example pitfalls[] = {
    { .what = "self is an object of the class it stands in, not of another one of the module",
      .files = { { "m.py", "m",
                   "class A:\n    def go(self): self.step()\n    def step(self): pass\n"
                   "class B:\n    def go(self): self.step()\n    def step(self): pass\n"
                   "class C:\n    def go(self): self.step()\n" } },
      .edges = "m:A.go > m:A.step\nm:B.go > m:B.step\n" },
    { .what = "a builtin or another package's name is never the only repo function of that name",
      .files = { { "m.py", "m", "from other import load\nimport third\ndef f(p):\n    open(p); load(p); third.run(); missing()\n" },
                 { "n.py", "n", "def open(p): pass\ndef load(p): pass\ndef run(): pass\ndef missing(): pass\n" } },
      .edges = "" },
    { .what = "the dots of a relative import are counted",
      .files = { { "p/__init__.py", "p", "" },
                 { "p/h.py", "p.h", "def f(): pass\n" },
                 { "p/q/__init__.py", "p.q", "from .h import f\ndef a(): f()\n" },
                 { "p/q/h.py", "p.q.h", "def f(): pass\n" },
                 { "p/q/m.py", "p.q.m",
                   "from ..h import f\nfrom . import h\nfrom .h import f as near\nfrom ....h import f as out\n"
                   "def a(): f(); near(); h.f(); out()\n" } },
      .edges = "p.q:a > p.q.h:f\np.q.m:a > p.h:f p.q.h:f\n" },
    { .what = "a src folder is no part of a module's name",
      .files = { { "src/p/__init__.py", "p", "" },
                 { "src/p/a.py", "p.a", "import p.b as b\nfrom p import b as c\nimport p.b\ndef f(): b.g(); c.h(); p.b.i()\n" },
                 { "src/p/b.py", "p.b", "def g(): pass\ndef h(): pass\ndef i(): pass\n" } },
      .edges = "p.a:f > p.b:g p.b:h p.b:i\n" },
    { .what = "what a nested function, default or decorator calls is not the outer one's",
      .files = { { "m.py", "m",
                   "def a(): pass\ndef b(x=None): pass\ndef c(): pass\n"
                   "@b(1)\ndef outer(x=c()):\n    def inner(): a()\n    class K:\n        def k(self): c()\n    inner()\n    return [b(y) for y in "
                   "x]\n" } },
      .edges = "m:outer > m:outer.<locals>.inner m:b\nm:outer.<locals>.inner > m:a\nm:outer.<locals>.K.k > m:c\n" },
    { .what = "an import in a function is that function's",
      .files = { { "m.py", "m", "def a():\n    from n import f\n    f()\ndef b(): f()\ndef c():\n    import n as x\n    def d(): x.f()\n    d()\n" },
                 { "n.py", "n", "def f(): pass\n" } },
      .edges = "m:a > n:f\nm:c > m:c.<locals>.d\nm:c.<locals>.d > n:f\n" },
};

static void the_predecessors_wrong_edges_are_not_made(void **unused)
{
    (void)unused;
    check(pitfalls, MG_COUNT(pitfalls));
}

static const struct example names[] = {
    { .what = "a name that something nearer binds gives no edge",
      .files = { { "m.py", "m",
                   "def f(): pass\ndef g(): pass\n"
                   "def parameter(f): f()\ndef splat(*f, **g): f(); g()\ndef assigned():\n    f = 1\n    f()\n"
                   "def later():\n    f()\n    for f in []: pass\ndef caught():\n    try: pass\n    except E as f: f()\n"
                   "def opened():\n    with x as f: f()\ndef matched(v):\n    match v:\n        case [f]: f()\n"
                   "def in_lambda(): return lambda f: f()\ndef in_list(): return [f() for f in []]\ndef walrus():\n    if (f := 1): f()\n"
                   "def typed[f](): f()\ndef annotated():\n    f: int\n    f()\n"
                   "def outside(f):\n    def inside(): f()\n"
                   "def used(): return (lambda x: f())(1), [x for x in g()]\ndef behind(): [f for f in []]; f()\n"
                   "def own(): x = lambda: (f := 1); f()\n" } },
      .edges = "m:used > m:f m:g\nm:behind > m:f\nm:own > m:f\n" },
    { .what = "a name of the module that may be one of two things gives no edge; the last of several plain ones counts",
      .files = { { "m.py", "m",
                   "if x:\n    def f(): pass\nelse:\n    def f(): pass\n"
                   "try:\n    from n import g\nexcept ImportError:\n    g = None\n"
                   "def h(): pass\nh = wrap(h)\ndef i(): pass\ndef i(): pass\n"
                   "@overload\ndef j(a): pass\n@overload\ndef j(b): pass\ndef j(c): pass\n"
                   "@dispatch(int)\ndef k(): pass\n@dispatch(str)\ndef k(): pass\n"
                   "if x:\n    def only(): pass\n    def callable(x): pass\n"
                   "@singledispatch\ndef s(x): pass\n"
                   "def t(): pass\ndef set_t():\n    global t\n    t = 1\ndef d(): pass\ndel d\n"
                   "def a(): f(); g(); h(); i(); j(); k(); only(); callable(1); s(1); t(); d()\n" },
                 { "n.py", "n", "def g(): pass\n" } },
      .edges = "m:a > m:i m:j m:only\n" },
    { .what = "a star import hides what stands before it",
      .files = { { "m.py", "m", "def f(): pass\ndef _own(): pass\nfrom fast import *\ndef g(): pass\ndef a(): f(); _own(); g()\n" } },
      .edges = "m:a > m:_own m:g\n" },
    { .what = "global and nonlocal say whose the name is",
      .files = { { "m.py", "m",
                   "def f(): pass\ndef a():\n    global f\n    f()\ndef g(): pass\n"
                   "def b():\n    def g(): pass\n    def c():\n        nonlocal g\n        g = 1\n    def d(): g()\n    g()\n" } },
      .edges = "" },
    { .what = "names are followed through what other modules import, and cycles end",
      .files = { { "p/__init__.py", "p", "from .core import run as go, Engine\nfrom p import loop\nfrom .tool import tool\n" },
                 { "p/core.py", "p.core", "from p import loop\ndef run(): pass\nclass Engine:\n    def start(self): pass\n" },
                 { "p/tool.py", "p.tool", "def tool(): pass\n" },
                 { "p/both.py", "p.both", "" },
                 { "q.py", "q",
                   "import p, p.core as c, p.tool as t\nfrom p import Engine as E, loop, both\n"
                   "def a(): p.go(); c.run(); E.start(1); loop(); p.core.Engine(); t(); p.nothing(); p.go.x()\n" } },
      .edges = "q:a > p.core:run p.core:Engine.start p.tool:tool\n" },
    { .what = "a package's own name and its submodule of that name are not told apart by guessing",
      .files = { { "p/__init__.py", "p", "from .other import both\n" },
                 { "p/both.py", "p.both", "def f(): pass\n" },
                 { "p/other.py", "p.other", "def both(): pass\n" },
                 { "q.py", "q", "import p\nfrom p import both\ndef a(): both(); p.both(); p.both.f()\n" } },
      .edges = "" },
    { .what = "folders without __init__.py are packages too; two files of one name are nobody's, and the library's names are the library's",
      .files = { { "n/s/a.py", "n.s.a", "def f(): pass\n" },
                 { "one/t.py", "t", "def f(): pass\n" },
                 { "two/t.py", "t", "def f(): pass\n" },
                 { "json/__init__.py", "json", "def dumps(): pass\n" },
                 { "json/tool.py", "json.tool", "from json import dumps\ndef own(): dumps()\n" },
                 { "q.py", "q", "import n.s.a, t, json\nfrom n.s import a as b\ndef g(): n.s.a.f(); t.f(); json.dumps()\ndef h(): b.f()\n" } },
      .edges = "json.tool:own > json:dumps\nq:g > n.s.a:f\nq:h > n.s.a:f\n" },
    { .what = "a file that is not understood is left out, a broken function alone",
      .files = { { "bad.py", "bad", "def f(): pass\nclass ((:\n" },
                 { "m.py", "m", "import bad\ndef g(): pass\ndef broken():\n    g(); x = = 1\ndef a(): bad.f(); g()\n" } },
      .edges = "m:a > m:g\n" },
};

static void names_are_followed_as_far_as_they_are_certain(void **unused)
{
    (void)unused;
    check(names, MG_COUNT(names));
}

static const struct example classes[] = {
    { .what = "bases in method resolution order, from other modules too",
      .files = { { "b.py", "b",
                   "class Base:\n    def one(self): pass\n    def two(self): pass\n    @classmethod\n    def make(cls): return cls()\n"
                   "    def __init__(self): pass\n" },
                 { "m.py", "m",
                   "import b\nclass Left(b.Base):\n    def two(self): pass\nclass Right(b.Base):\n    def one(self): pass\n    def two(self): pass\n"
                   "class Both(Left, Right):\n    def a(self): self.one(); self.two(); self.make()\n"
                   "    @classmethod\n    def c(cls): cls.one(1); cls()\n    @staticmethod\n    def s(self): self.one()\n"
                   "    def n(self):\n        def inner(): self.one()\n        return lambda self: self.two()\n"
                   "    def again(self):\n        self = 1\n        self.one()\n    def wrong(this, self): self.one()\n"
                   "    def meta(cls): cls.one()\n    @classmethod\n    def odd(self): self.one()\n"
                   "def f(): Both(); Both.two(1)\n" } },
      .edges = "m:Both.a > m:Right.one m:Left.two b:Base.make\nm:Both.c > m:Right.one\nm:Both.n.<locals>.inner > m:Right.one\n"
               "m:f > b:Base.__init__ m:Left.two\n" },
    { .what = "behind a base that is not in the repo nothing is sure, before it everything is",
      .files = { { "m.py", "m",
                   "from ext import E\nfrom abc import ABC\nclass A:\n    def f(self): pass\n    def __init__(self): pass\n"
                   "class B(E, A):\n    def own(self): pass\n    def a(self): self.f(); self.own()\n"
                   "class C(A, E):\n    def a(self): self.f(); self.g()\nclass D(ABC, A):\n    def a(self): self.f()\n"
                   "class F(mixin(), A):\n    def a(self): self.f()\ndef make(): B(); C(); D()\n" } },
      .edges = "m:B.a > m:B.own\nm:C.a > m:A.f\nm:D.a > m:A.f\nm:make > m:A.__init__\n" },
    { .what = "attributes that are set, abstract methods and private names of others are not the method of that name",
      .files = { { "m.py", "m",
                   "class A:\n    def __init__(self): self.cb = f\n    def cb(self): pass\n    def b(self): self.cb()\n    def __p(self): pass\n"
                   "    def q(self): self.__p()\n    @abc.abstractmethod\n    def abs(self): pass\n    def r(self): self.abs()\n"
                   "    def plain(self): A.abs(self)\n"
                   "    def late(self): pass\n    def s(self): self.late()\n    x = property(f)\n    def y(self): self.x()\n"
                   "    if WIN:\n        def cond(self): pass\n    def z(self): self.cond()\n"
                   "class B(A):\n    def cb(self): pass\n    def b(self): self.cb(); self.__p()\n    if WIN:\n        def q(self): pass\n"
                   "    def t(self): self.q()\n"
                   "A.late = f\ndef g(a): A.__p(a)\n" } },
      .edges = "m:A.q > m:A.__p\nm:A.plain > m:A.abs\nm:A.z > m:A.cond\n" },
    { .what = "a constructor is what calling the class runs",
      .files = { { "m.py", "m",
                   "class A:\n    def __init__(self): pass\nclass N(A):\n    def __new__(cls): pass\nclass M(A, metaclass=Meta): pass\n"
                   "class S(M): pass\nclass P(A, metaclass=abc.ABCMeta): pass\n@dataclass\nclass D(A): x: int\n"
                   "class Color(Enum):\n    def __init__(self): pass\nclass Outer:\n    class Base:\n        def __init__(self): pass\n"
                   "    class In(Base): pass\n    def go(self): self.In(); Base()\nclass Cycle(Cycle): pass\n"
                   "def f(): A()\ndef n(): N()\ndef m(): M(); S()\ndef p(): P()\ndef d(): D()\ndef c(): Color(1); Cycle()\n"
                   "def o(): Outer.In()\ndef local():\n    class L:\n        def __init__(self): pass\n    L()\n" } },
      .edges = "m:Outer.go > m:Outer.Base.__init__\nm:f > m:A.__init__\nm:n > m:N.__new__\nm:p > m:A.__init__\nm:o > m:Outer.Base.__init__\n"
               "m:local > m:local.<locals>.L.__init__\n" },
};

static void methods_are_looked_up_as_the_interpreter_does(void **unused)
{
    (void)unused;
    check(classes, MG_COUNT(classes));
}

static const struct example drawn = {
    .files = { { "m.py", "m",
                 "def leaf(): pass\ndef helper():\n    leaf()\n    outer()\n\n"
                 "@keep\ndef outer():\n    helper()\n    mid(); leaf(); outer()\n"
                 "def mid():\n    helper(); last()\ndef last(): leaf()\n" } },
};

static void a_function_is_found_and_drawn_with_what_it_calls(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_callgraph *graph = build(arena, &drawn);
    uint32_t outer = mg_callgraph_find(graph, MG_STR("m.py"), MG_STR("outer"), 7);
    assert_int_equal(outer, 2);
    assert_int_equal(mg_callgraph_find(graph, MG_STR("m.py"), MG_STR("renamed"), 7), outer);
    assert_int_equal(mg_callgraph_find(graph, MG_STR("m.py"), MG_STR("renamed"), 6), MG_NO_CALLEE);
    assert_int_equal(mg_callgraph_find(graph, MG_STR("n.py"), MG_STR("outer"), 7), MG_NO_CALLEE);
    assert_string_equal(mg_callgraph_tree(graph, outer, 3, 10000, arena).at, "outer\n"
                                                                             "├── helper\n"
                                                                             "│   ├── leaf\n"
                                                                             "│   └── outer\n"
                                                                             "├── mid\n"
                                                                             "│   ├── helper\n"
                                                                             "│   └── last\n"
                                                                             "│       └── leaf\n"
                                                                             "└── leaf\n");
    struct mg_str shallow = mg_callgraph_tree(graph, outer, 1, 10000, arena);
    assert_true(mg_str_is(shallow, "outer\n├── helper\n├── mid\n└── leaf"));
    assert_true(mg_str_is(mg_callgraph_tree(graph, outer, 3, 60, arena), "outer\n├── helper\n│   ├── leaf\n..."));
    assert_int_equal(mg_callgraph_tree(graph, 0, 3, 10000, arena).len, 0);
    assert_int_equal(mg_callgraph_tree(graph, outer, 0, 10000, arena).len, 0);
    mg_arena_free(arena);
}

static void what_is_reached_comes_breadth_first_and_bounded(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_callgraph *graph = build(arena, &drawn);
    static const struct {
        uint32_t depth;
        size_t most, len;
        uint32_t at[4];
    } cases[] = { { 0, 9, 0, { 0 } }, { 1, 9, 3, { 1, 3, 0 } }, { 2, 9, 4, { 1, 3, 0, 4 } }, { 9, 9, 4, { 1, 3, 0, 4 } }, { 9, 2, 2, { 1, 3 } } };
    for (size_t c = 0; c < MG_COUNT(cases); c++) {
        struct mg_callees found = mg_callgraph_reach(graph, 2, cases[c].depth, cases[c].most, arena);
        assert_int_equal(found.len, cases[c].len);
        for (size_t i = 0; i < found.len; i++)
            assert_int_equal(found.at[i], cases[c].at[i]);
    }
    struct mg_callees all = mg_callgraph_reach(graph, 1, 1, 9, arena); /* leaf, outer */
    struct mg_snippets snippets = mg_callgraph_snippets(graph, &all, 3000, arena);
    assert_int_equal(snippets.len, 2);
    assert_string_equal(snippets.at[0].at, "# leaf\ndef leaf(): pass");
    assert_string_equal(snippets.at[1].at, "# outer\n@keep\ndef outer():\n    helper()\n    mid(); leaf(); outer()");
    size_t both = snippets.at[0].len + snippets.at[1].len;
    assert_int_equal(mg_callgraph_snippets(graph, &all, both, arena).len, 2);
    assert_int_equal(mg_callgraph_snippets(graph, &all, both - 1, arena).len, 1);
    assert_int_equal(mg_callgraph_snippets(graph, &all, 3, arena).len, 0);
    mg_arena_free(arena);
}

static void a_stopped_run_stops_reading(void **unused)
{
    (void)unused;
    struct mg_arena *arena = mg_arena_new();
    struct mg_python_file file = { .path = MG_STR("m.py"), .module = MG_STR("m"), .text = MG_STR("") };
    struct mg_cancel cancel = { .requested = 2, .wake_fd = -1 };
    struct mg_callgraph *graph = NULL;
    struct mg_err err = { .text = "" };
    assert_int_equal(mg_callgraph_build(arena, &file, 1, &cancel, &graph, &err), MG_E_CANCELLED);
    assert_int_equal(mg_callgraph_build(arena, &file, 0, NULL, &graph, &err), MG_OK);
    mg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_predecessors_wrong_edges_are_not_made),       cmocka_unit_test(names_are_followed_as_far_as_they_are_certain),
        cmocka_unit_test(methods_are_looked_up_as_the_interpreter_does),   cmocka_unit_test(a_function_is_found_and_drawn_with_what_it_calls),
        cmocka_unit_test(what_is_reached_comes_breadth_first_and_bounded), cmocka_unit_test(a_stopped_run_stops_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
