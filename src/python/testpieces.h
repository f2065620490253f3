/* A test module as pieces: what each top-level statement binds, which of them each test needs, and which tests there are. Private to this
 * room: testsplit.c takes tests out by it, testcheck.c judges them. */
#ifndef MG_TESTPIECES_H
#define MG_TESTPIECES_H

#include "base/map.h"
#include "python/tree.h"

struct mg_piece {
    const struct mg_node *node, *inner; /* the statement; the definition within its decorators, else the same */
    size_t start, end;                  /* bytes, from the comments right above it to the end of its last line, without the newline */
    struct mg_str name;                 /* of a function or class */
    MG_LIST(struct mg_str) binds;       /* names that exist because of it */
    MG_LIST(struct mg_str) changes;     /* names whose things it changes: `a.b = 1`, `a.append(1)` */
    MG_LIST(size_t) needs;              /* pieces whose names it mentions */
    bool is_import, is_test, is_fixture;
    bool always;     /* pytest uses it unasked: setup_module and its like, importorskip */
    bool is_autouse; /* a fixture, and */
    bool is_marks;   /* `pytestmark = …` */
    bool dropped;    /* an effect on the session, a main guard, a docstring, or defined anew further down */
};
struct mg_test_place {
    struct mg_str name; /* of the function, unique in the module (a number is added) */
    size_t piece;
    const struct mg_node *function; /* the definition; NULL when the piece is taken as a whole */
    const struct mg_node *member;   /* the same with its decorators; within a class, the statement in its body */
    const struct mg_node *class;    /* its class, or NULL */
};
struct mg_pieces {
    const struct mg_module *module;
    struct mg_arena *arena;
    MG_VEC(struct mg_piece)
    MG_LIST(struct mg_test_place) tests;
};
void mg_pieces_read(const struct mg_module *module, struct mg_arena *arena, struct mg_pieces *pieces);

/* Marks in `wanted` (one for each piece) what the piece needs, itself included, directly or through others. */
void mg_pieces_want(const struct mg_pieces *pieces, size_t piece, bool *wanted);

/* A statement in a class's body that is a test method. */
bool mg_is_test_member(const struct mg_module *module, const struct mg_node *member);
/* What a plain string says; empty for one with escapes or fields, or anything else. */
struct mg_str mg_string_content(const struct mg_module *module, const struct mg_node *node);
/* Whether an identifier node stands for a variable: no attribute behind a dot, no keyword of a call. */
bool mg_is_variable(const struct mg_node *node);

#endif
