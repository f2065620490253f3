/* What may be chosen for testing: a function or method of the repo, where it stands, and how badly it is tested. */
#ifndef MG_TARGET_H
#define MG_TARGET_H

#include "base/arena.h"
#include "base/base.h"

enum mg_function_kind { MG_FUNCTION, MG_METHOD, MG_STATIC_METHOD, MG_CLASS_METHOD, MG_PROPERTY };

/* A compound statement around a function, outermost first. The agent rebuilds these headers to compile one function alone. */
struct mg_scope {
    enum mg_scope_kind { MG_SCOPE_CLASS, MG_SCOPE_DEF, MG_SCOPE_BLOCK /* if, try, with, for … */ } kind;
    struct mg_str name; /* empty for a block */
    uint32_t indent;    /* columns (bytes) before its first word */
};

/* One function found in a source file. Lines are 1-based, byte offsets 0-based into the file's text, ends exclusive for bytes and inclusive for lines. */
struct mg_function {
    struct mg_str qualname; /* within the module: `f`, `Class.m`, `Outer.Inner.m` */
    struct mg_str name;     /* last component */
    enum mg_function_kind kind;
    bool is_async, is_generator;
    bool is_nested;      /* inside another function: not importable, never a target of its own */
    uint32_t first_line; /* of the first decorator, else of `def`: the code object's co_firstlineno */
    uint32_t def_line, end_line;
    uint32_t start, end;               /* bytes: first decorator (or `async`/`def`) to the end of the body */
    uint32_t def_start;                /* byte of `async` or `def` */
    uint32_t body_start;               /* byte of the first body statement */
    uint32_t indent, body_indent;      /* columns of `def` and of the body; body_indent = 0 for a one-line body */
    uint32_t statement_count;          /* without the docstring, nested ones counted (predecessor §4.2) */
    MG_LIST(uint32_t) body_lines;      /* sorted first lines of the statements of the body, without the docstring, nested ones counted */
    MG_LIST(struct mg_str) decorators; /* dotted names */
    MG_LIST(struct mg_scope) scopes;
    bool has_error; /* the parser met something it did not understand inside: never mutated */
};

struct mg_target {
    struct mg_str id;             /* 16 hex digits: mg_target_id */
    struct mg_str qualified_name; /* importable dotted name: `pkg.mod.Class.method`; in `score` the second one of that name is `…method#2` */
    struct mg_str module;         /* `pkg.mod` */
    struct mg_str path;           /* of the source file, relative to the repo */
    struct mg_function function;
    double coverage; /* [0,1] of body_lines executed by existing tests */
    double priority; /* [0,1], mg_priority */
};

/* What a file runs when it is imported, as a target of `score`: its function's name is "<module>", its qualified name the module's. */
#define MG_MODULE_BODY "<module>"
bool mg_target_is_module(const struct mg_target *target);

/* Stable identity: first 16 hex digits of SHA-1 of "{path}::{qualname}::{occurrence}"; `occurrence` counts functions of that
 * qualname in the file from 1, so that moving code does not change it. (The predecessor put the line there: ours does not drift.) */
struct mg_str mg_target_id(struct mg_arena *arena, struct mg_str path, struct mg_str qualname, unsigned occurrence);

/* Which functions are worth a test, and in what order. */
struct mg_selection {
    int64_t trivial_max_statements, giant_max_statements; /* 1, 80 */
    bool exclude_property_getters;                        /* true */
    double coverage_weight, size_weight;                  /* 0.8, 0.2 */
};

/* What `score` leaves out: nothing but what is no function of its own, or cannot be read. NULL, else the reason in a few words. */
const char *mg_score_filter(const struct mg_function *function);

/* The predecessor's filters, in its order; NULL when the function may be a target, else the reason in a few words. */
const char *mg_target_filter(const struct mg_function *function, const struct mg_selection *selection);

/* The predecessor's formula (§4.4): clamp01((0.8·(1−coverage) + 0.2·min(1, statements/80)) / (0.8 + 0.2)), with the weights and the size
 * of `selection`; without any weight 1−coverage. Vector: 2 statements, coverage 0 → 0.805. */
double mg_priority(double coverage, uint32_t statement_count, const struct mg_selection *selection);

/* For qsort over struct mg_target: highest priority first, then by qualified name. */
int mg_target_order(const void *a, const void *b);

#endif
