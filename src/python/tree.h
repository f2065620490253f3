/* The parsed file as one flat array of nodes in source order. Private to this room: the parser's own tree is copied into it once and
 * dropped, so that walks are loops over memory (no cursor, no recursion, a parent is one pointer away). */
#ifndef MG_PYTHON_TREE_H
#define MG_PYTHON_TREE_H

#include "base/arena.h"
#include "base/base.h"
#include "python/syntax.h"

/* clang-format off */
/* Our name for each node kind of the grammar that somebody asks for. Names that the grammar lacks make mg_module_parse fail. */
#define MG_NODE_KINDS(X)                                                                                                                         \
    X(MODULE, "module") X(BLOCK, "block") X(COMMENT, "comment") X(LINE_CONTINUATION, "line_continuation")                                        \
    X(FUTURE_IMPORT, "future_import_statement") X(IMPORT, "import_statement") X(IMPORT_FROM, "import_from_statement")                            \
    X(PRINT, "print_statement") X(EXEC, "exec_statement") X(ASSERT, "assert_statement") X(EXPRESSION_STATEMENT, "expression_statement")          \
    X(RETURN, "return_statement") X(DELETE, "delete_statement") X(RAISE, "raise_statement") X(PASS, "pass_statement")                            \
    X(BREAK, "break_statement") X(CONTINUE, "continue_statement") X(GLOBAL, "global_statement") X(NONLOCAL, "nonlocal_statement")                \
    X(TYPE_ALIAS, "type_alias_statement") X(IF, "if_statement") X(ELIF, "elif_clause") X(ELSE, "else_clause") X(FOR, "for_statement")            \
    X(WHILE, "while_statement") X(TRY, "try_statement") X(EXCEPT, "except_clause") X(FINALLY, "finally_clause") X(WITH, "with_statement")        \
    X(MATCH, "match_statement") X(CASE, "case_clause") X(CASE_PATTERN, "case_pattern") X(FUNCTION, "function_definition")                        \
    X(CLASS, "class_definition") X(DECORATED, "decorated_definition") X(DECORATOR, "decorator") X(PARAMETERS, "parameters")                      \
    X(LAMBDA_PARAMETERS, "lambda_parameters") X(DEFAULT_PARAMETER, "default_parameter")                    \
    X(TYPED_DEFAULT_PARAMETER, "typed_default_parameter") X(LAMBDA, "lambda") X(TYPE, "type") X(TYPE_PARAMETER, "type_parameter")                            \
    X(ASSIGNMENT, "assignment") X(AUGMENTED, "augmented_assignment") X(NAMED, "named_expression") X(YIELD, "yield") X(AWAIT, "await")            \
    X(EXPRESSION_LIST, "expression_list") X(AS_PATTERN, "as_pattern") X(AS_PATTERN_TARGET, "as_pattern_target")                                  \
    X(COMPARISON, "comparison_operator") X(NOT, "not_operator") X(BOOLEAN, "boolean_operator") X(BINARY, "binary_operator")                      \
    X(UNARY, "unary_operator") X(CONDITIONAL, "conditional_expression") X(IF_CLAUSE, "if_clause") X(FOR_IN_CLAUSE, "for_in_clause")              \
    X(CALL, "call") X(ARGUMENTS, "argument_list") X(KEYWORD_ARGUMENT, "keyword_argument") X(ATTRIBUTE, "attribute")                              \
    X(SUBSCRIPT, "subscript") X(SLICE, "slice") X(PARENTHESIZED, "parenthesized_expression") X(LIST, "list") X(TUPLE, "tuple")                   \
    X(SET, "set") X(DICTIONARY, "dictionary") X(PAIR, "pair") X(LIST_COMPREHENSION, "list_comprehension")                                        \
    X(SET_COMPREHENSION, "set_comprehension") X(DICTIONARY_COMPREHENSION, "dictionary_comprehension")                                            \
    X(GENERATOR, "generator_expression") X(LIST_SPLAT, "list_splat") X(DICTIONARY_SPLAT, "dictionary_splat") X(IDENTIFIER, "identifier")         \
    X(DOTTED_NAME, "dotted_name") X(STRING, "string") X(STRING_START, "string_start") X(CONCATENATED_STRING, "concatenated_string")              \
    X(INTERPOLATION, "interpolation") X(FORMAT_SPECIFIER, "format_specifier") X(INTEGER, "integer") X(FLOAT, "float") X(TRUE, "true")            \
    X(FALSE, "false") X(NONE, "none") X(ELLIPSIS, "ellipsis") X(PATTERN_LIST, "pattern_list") X(TUPLE_PATTERN, "tuple_pattern")                  \
    X(LIST_PATTERN, "list_pattern") X(WITH_CLAUSE, "with_clause") X(WITH_ITEM, "with_item")                                                      \
    X(ALIASED_IMPORT, "aliased_import") X(RELATIVE_IMPORT, "relative_import") X(IMPORT_PREFIX, "import_prefix")                                  \
    X(WILDCARD_IMPORT, "wildcard_import")

#define MG_NODE_FIELDS(X)                                                                                                                        \
    X(left) X(right) X(operator) X(operators) X(argument) X(condition) X(consequence) X(alternative) X(body) X(function) X(arguments) X(name)    \
    X(value) X(parameters) X(type) X(return_type) X(subscript) X(object) X(attribute) X(definition) X(superclasses) X(alias) X(guard)            \
    X(subject) X(key) X(module_name)
/* clang-format on */
#define MG_NODE_ENUM_KIND(name, text) N_##name,
#define MG_NODE_ENUM_FIELD(name) F_##name,
enum mg_node_kind { N_OTHER, N_ERROR, MG_NODE_KINDS(MG_NODE_ENUM_KIND) N_COUNT };
enum mg_node_field { F_NONE, MG_NODE_FIELDS(MG_NODE_ENUM_FIELD) F_COUNT };

struct mg_node {
    const struct mg_node *parent; /* NULL for the root */
    uint32_t start, end;          /* bytes */
    uint32_t line, end_line;      /* 1-based; end_line is the line of the last byte */
    uint32_t size;                /* nodes in this subtree, itself included: the next one behind it is node + size */
    uint8_t kind, field;
    bool named;  /* false for keywords and punctuation */
    bool last;   /* no sibling behind it */
    bool broken; /* an ERROR or MISSING node is inside */
};

struct mg_module {
    unsigned magic;
    struct mg_arena *arena;
    struct mg_str text;
    struct mg_node *nodes; /* [0] is the root */
    size_t node_count;
    struct {
        MG_VEC(const struct mg_node *)
    } functions; /* every function_definition, in source order */
    struct {
        MG_VEC(uint32_t)
    } skipped_lines; /* lines with a `pragma: no mutate` or `pragma: no cover`, ascending */
};

struct mg_str mg_node_text(const struct mg_module *module, const struct mg_node *node);
bool mg_node_is(const struct mg_module *module, const struct mg_node *node, const char *text);
const struct mg_node *mg_node_first(const struct mg_node *node); /* first child or NULL */
const struct mg_node *mg_node_next(const struct mg_node *node);  /* next sibling or NULL */
/* Children that are neither punctuation nor comments: the first, the one behind `node`, the n-th (from 0), the last, how many. */
const struct mg_node *mg_node_first_named(const struct mg_node *node);
const struct mg_node *mg_node_next_named(const struct mg_node *node);
const struct mg_node *mg_node_named(const struct mg_node *node, unsigned n);
const struct mg_node *mg_node_last_named(const struct mg_node *node);
unsigned mg_node_count_named(const struct mg_node *node);
const struct mg_node *mg_node_field(const struct mg_node *node, enum mg_node_field field); /* first child of that field or NULL */
bool mg_node_contains(const struct mg_node *node, enum mg_node_kind kind);                 /* itself included */
const struct mg_node *mg_node_unwrapped(const struct mg_node *node);                       /* without parentheses around it */
const struct mg_node *mg_node_ancestor(const struct mg_node *node, enum mg_node_kind kind);
bool mg_node_is_statement(const struct mg_node *node);
bool mg_node_is_constant(const struct mg_module *module,
                         const struct mg_node *node); /* number (with sign), string without fields, bool, None, `...` */
/* `a.b.c` of an identifier or attribute chain; of a call, its function's. Empty for anything else. */
struct mg_str mg_node_dotted(const struct mg_module *module, const struct mg_node *node);
struct mg_str mg_last_component(struct mg_str dotted);

/* The docstring statement of a body block, or NULL. */
const struct mg_node *mg_docstring(const struct mg_module *module, const struct mg_node *block);
/* The function_definition that stands at `function->def_start`, or NULL. */
const struct mg_node *mg_function_node(const struct mg_module *module, const struct mg_function *function);
/* Where the code of a statement or block ends: comments behind its last statement are not part of it. */
const struct mg_node *mg_node_last_code(const struct mg_node *node);

#endif
