/* What an operator is, and what it may call. Private to this room. An operator looks at one node and hands replacements to the sink;
 * the sink knows about line counts, parentheses, pragmas and duplicates, so that no operator has to. */
#ifndef MG_OPERATORS_H
#define MG_OPERATORS_H

#include "base/buf.h"
#include "core/mutant.h"
#include "python/mutate.h"
#include "python/tree.h"

struct mg_sink {
    const struct mg_module *module;
    struct mg_arena *arena;
    struct mg_mutants *mutants;
    const struct mg_operator *op;
    const struct mg_operator_choice *choice;
    int level; /* of what comes next: set to the operator's before each node, an operator may change it */
    int floor; /* nothing is below it: in functions whose text is for people */
};

#define MG_OPERATOR_KINDS 7
struct mg_operator {
    const char *name, *doc;
    int level;                        /* 1 = always, 2 = thorough, 3 = on request */
    uint8_t kinds[MG_OPERATOR_KINDS]; /* node kinds it looks at, ends with N_OTHER */
    void (*mutate)(const struct mg_node *node, struct mg_sink *sink);
    const char *before, *after; /* an example: the body of a function, and one of its mutants */
};

/* Whether what has that level is made of the operator. */
bool mg_sink_makes(const struct mg_sink *sink, const struct mg_operator *op, int level);

/* A keyword or punctuation of `whole` becomes another; executing a line of `whole` activates it. */
void mg_sink_token(struct mg_sink *sink, const struct mg_node *token, const struct mg_node *whole, struct mg_str text);
/* An expression becomes another; `text` is an atom or stands in parentheses. */
void mg_sink_expression(struct mg_sink *sink, const struct mg_node *node, struct mg_str text);
/* An expression becomes what another node says, in parentheses unless that is an atom. */
void mg_sink_copy(struct mg_sink *sink, const struct mg_node *node, const struct mg_node *from);
/* Simple statements, from the first to the end of the last, become one. */
void mg_sink_statements(struct mg_sink *sink, const struct mg_node *first, const struct mg_node *last, struct mg_str text);
/* Any text inside brackets, where newlines do not matter. */
void mg_sink_bracketed(struct mg_sink *sink, const struct mg_node *node, struct mg_str text);
/* Any span of the file; executing a line from `first` to `last` activates it. The newlines must be right already. */
void mg_sink_span(struct mg_sink *sink, uint32_t start, uint32_t end, const struct mg_node *first, const struct mg_node *last, struct mg_str text);

/* The mutants made since there were `from`: a call of the function that has this body activates them. So do not functions inside that an earlier call has
 * made: lines of these, and those behind, are left out. */
void mg_sink_by_call(struct mg_sink *sink, size_t from, const struct mg_node *body);

/* filters.c: what no operator looks at, and equivalences that several operators share. */
bool mg_is_skipped(const struct mg_module *module, const struct mg_node *node);
bool mg_function_is_skipped(const struct mg_module *module, const struct mg_node *function);
bool mg_line_is_skipped(const struct mg_module *module, uint32_t first, uint32_t last);
/* Dropping it would take away a name or change the function's kind: a yield or `:=` is inside. */
bool mg_binds(const struct mg_node *node);
/* Whether a condition may be forced to `value`: never what makes a `while` endless. */
bool mg_may_force(const struct mg_node *node, bool value);
/* Text or a container by its looks: arithmetic on it dies of a TypeError and proves nothing. */
bool mg_is_sequence(const struct mg_module *module, const struct mg_node *operand);
/* A length, a count, a remainder. */
bool mg_is_never_negative(const struct mg_module *module, const struct mg_node *value);
/* `strip` of `f(x).strip()`, whatever stands before it; empty when what is called has no name. */
struct mg_str mg_callee_name(const struct mg_module *module, const struct mg_node *call);
bool mg_is_call_of(const struct mg_module *module, const struct mg_node *node, const char *name);
/* The file gives the name a meaning of its own somewhere: it need not be the builtin. */
bool mg_is_shadowed(const struct mg_module *module, const char *name);
/* A default value that DEF replaces in the live function; others are computed when the function is made. */
bool mg_is_literal_default(const struct mg_module *module, const struct mg_node *value);
/* op_arithmetic.c: the rest of the complete set for `left op right`, three at most; 0 where they make no sense. */
#define MG_MOST_ARITHMETIC 3
size_t mg_other_arithmetic(const struct mg_module *module, struct mg_str op, const struct mg_node *left, const struct mg_node *right,
                           struct mg_str others[MG_MOST_ARITHMETIC]);
/* op_bitwise.c: no bit can be set in both, as far as one sees: `|` and `^` are the same. */
bool mg_has_disjoint_bits(const struct mg_module *module, const struct mg_node *left, const struct mg_node *right);
/* op_string.c: a mode or an encoding. */
bool mg_is_technical_text(const struct mg_module *module, const struct mg_node *node);
/* op_keyword.c, op_argument_last.c: the argument is left out there, which says the same as None or says it better. */
bool mg_keyword_is_left_out(const struct mg_sink *sink, const struct mg_node *node);
bool mg_none_is_left_out(const struct mg_sink *sink, const struct mg_node *argument);
/* arguments.c: what the operators on calls share. The parameter with a default, of that name, of a function of this file that is called so. */
const struct mg_node *mg_parameter_of(const struct mg_module *module, struct mg_str callee, struct mg_str name);
/* The argument is gone, with the comma that goes with it; newlines stay. `before`: the argument in front of it, NULL where it is the first. */
void mg_sink_leave_out(struct mg_sink *sink, const struct mg_node *call, const struct mg_node *before, const struct mg_node *argument);
/* NULL where it has none of its own (a generator), where either order of them means the same, or where another one fails at once. */
const struct mg_node *mg_arguments_of(const struct mg_module *module, const struct mg_node *call);
/* None says something else than the value, and no other operator says it: not for what is empty, a number or a truth value. */
bool mg_may_become_none(const struct mg_module *module, const struct mg_node *value);
/* whole_group.c: the 1 of `m.group(1)` where 0 says the same. */
bool mg_is_whole_group(const struct mg_module *module, const struct mg_node *number);
/* Text for people, or a hash: what is in there is not made below level 2. */
bool mg_is_for_people(const struct mg_module *module, const struct mg_node *function);

/* clang-format off */
#define MG_OPERATORS(X)                                                                                                                          \
    X(relational) X(membership) X(logical) X(condition) X(negation) X(arithmetic) X(bitwise) X(assignment) X(unary) X(number) X(boolean)         \
    X(returned) X(deletion) X(jump) X(loop) X(iteration) X(handler) X(exception) X(slice) X(string) X(none) X(argument) X(keyword) X(method)      \
    X(container) X(match) X(default) X(decorator) X(extreme) X(assigned) X(argument_none) X(argument_last)
/* clang-format on */
#define MG_OPERATOR_DECLARE(name) extern const struct mg_operator mg_op_##name;
MG_OPERATORS(MG_OPERATOR_DECLARE)
/* All of them, ends with NULL; the index of one in that list. */
const struct mg_operator *const *mg_operators(size_t *count);
size_t mg_operator_index(const struct mg_operator *op);

#endif
