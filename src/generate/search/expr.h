/* Python expressions as text: atoms, literals, quoting. Enough to vary a value without a parser. */
#ifndef MG_SEARCH_EXPR_H
#define MG_SEARCH_EXPR_H

#include "base/arena.h"
#include "base/base.h"

enum mg_atom_kind {
    MG_ATOM_NAME,
    MG_ATOM_INT,
    MG_ATOM_FLOAT,
    MG_ATOM_STR,
    MG_ATOM_BYTES,
    MG_ATOM_FSTRING,
    MG_ATOM_SIGN,
    MG_ATOM_OPEN,
    MG_ATOM_CLOSE
};

/* One token of an expression; text points into it. */
struct mg_atom {
    enum mg_atom_kind kind;
    struct mg_str text;
};
struct mg_atoms {
    MG_VEC(struct mg_atom)
};
void mg_expr_atoms(struct mg_str expression, struct mg_arena *arena, struct mg_atoms *atoms);

/* The value of a string literal as UTF-8. False for bytes, f-strings, surrogates and broken escapes. */
bool mg_expr_unquote(struct mg_str literal, struct mg_arena *arena, struct mg_str *value);
/* A string literal for the value: double quotes unless single ones need fewer escapes, as black writes it. */
struct mg_str mg_expr_quote(struct mg_arena *arena, struct mg_str value);
/* A raw literal when that reads better (backslashes, no quote trouble), else as mg_expr_quote. For regular expressions. */
struct mg_str mg_expr_quote_regex(struct mg_arena *arena, struct mg_str value);
/* The same expression with every plain string literal written as mg_expr_quote does. */
struct mg_str mg_expr_black(struct mg_arena *arena, struct mg_str expression);
/* The expression with `from` replaced by `to`; `from` is a part of it by address, such as an atom's text. */
struct mg_str mg_expr_replace(struct mg_arena *arena, struct mg_str expression, struct mg_str from, struct mg_str to);

/* Only literals and displays of them: no name but None, True, False. */
bool mg_expr_is_literal(struct mg_str expression, struct mg_arena *arena);
/* Whether the expression uses `name` (not as an attribute, nor inside a string). */
bool mg_expr_uses(struct mg_str expression, struct mg_str name, struct mg_arena *arena);
/* Splits the inside of a display or argument list at its top-level commas. */
struct mg_parts {
    MG_VEC(struct mg_str)
};
void mg_expr_split(struct mg_str inside, struct mg_arena *arena, struct mg_parts *parts);
/* How hard it is to read; smaller is better. */
unsigned mg_expr_cost(struct mg_str expression);

#endif
