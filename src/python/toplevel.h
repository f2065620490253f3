/* A module's top-level statements as pieces of text, and how much of a text that ends too early is whole. */
#ifndef MG_TOPLEVEL_H
#define MG_TOPLEVEL_H

#include "python/syntax.h"

enum mg_top_kind { MG_TOP_IMPORT, MG_TOP_FUNCTION, MG_TOP_CLASS, MG_TOP_ASSIGNMENT, MG_TOP_OTHER };
struct mg_top {
    enum mg_top_kind kind;
    struct mg_str name; /* of a function, of a class, of the variable when an assignment has one; else empty */
    size_t start, end;  /* bytes, from the comments right above it to the end of its last line, newline included */
    uint32_t line;
    bool is_test;    /* a function `test…`, a class `Test…` or one that derives from a TestCase */
    bool is_fixture; /* a function with a decorator that is called `fixture` */
};
struct mg_tops {
    MG_VEC(struct mg_top)
};
/* In source order. Names and text are borrowed from the module's text. */
void mg_module_tops(const struct mg_module *module, struct mg_arena *arena, struct mg_tops *tops);

/* Whether the text parses without an error and holds a statement. */
bool mg_python_is_whole(struct mg_str text);
/* How long the parser may take for a text of so many bytes, in bytes of good code: going on behind errors may take it the square. For who
 * parses again and again what somebody else has written. */
size_t mg_python_parse_work(size_t bytes);
/* The longest beginning of `text` that is whole and ends before a top-level statement or a method of a top-level class: what to keep of
 * a text that was cut off, or that goes on as something else. Empty when there is none. Looks at no more than the last 400 candidates,
 * fewer in a text of more than a few thousand bytes. */
struct mg_str mg_python_whole_part(struct mg_str text);

#endif
