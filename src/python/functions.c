/* Functions of a module: where they stand, what is around them, how big they are. */
#include "python/syntax.h"

#include "base/str.h"
#include "python/tree.h"

static uint32_t line_start(struct mg_str text, uint32_t at)
{
    while (at > 0 && text.at[at - 1] != '\n')
        at--;
    return at;
}

/* Columns before `at` when only blanks stand there; otherwise it shares its line with a header: 0. */
static uint32_t indent_of(struct mg_str text, uint32_t at)
{
    uint32_t start = line_start(text, at);
    for (uint32_t i = start; i < at; i++)
        if (text.at[i] != ' ' && text.at[i] != '\t' && text.at[i] != '\f')
            return 0;
    return at - start;
}

static bool is_compound(const struct mg_node *node)
{
    switch (node->kind) {
    case N_IF:
    case N_FOR:
    case N_WHILE:
    case N_TRY:
    case N_WITH:
    case N_MATCH:
    case N_CASE:
        return true;
    default:
        return false;
    }
}

static void add_scope(const struct mg_module *module, const struct mg_node *node, struct mg_scope *scope)
{
    const struct mg_node *name = mg_node_field(node, F_name);
    scope->kind = node->kind == N_CLASS ? MG_SCOPE_CLASS : node->kind == N_FUNCTION ? MG_SCOPE_DEF : MG_SCOPE_BLOCK;
    scope->name = scope->kind != MG_SCOPE_BLOCK && name ? mg_node_text(module, name) : MG_NO_STR;
    scope->indent = indent_of(module->text, node->start);
}

static bool is_scope(const struct mg_node *node) { return node->kind == N_CLASS || node->kind == N_FUNCTION || is_compound(node); }

static void fill_scopes(const struct mg_module *module, const struct mg_node *node, struct mg_arena *arena, struct mg_function *function)
{
    size_t count = 0;
    for (const struct mg_node *above = node->parent; above; above = above->parent)
        count += is_scope(above);
    if (count == 0)
        return;
    function->scopes.at = MG_NEW_ARRAY(arena, struct mg_scope, count);
    function->scopes.len = function->scopes.cap = count;
    for (const struct mg_node *above = node->parent; above; above = above->parent)
        if (is_scope(above))
            add_scope(module, above, &function->scopes.at[--count]);
}

/* `Outer.m`, `f.<locals>.g`: CPython's __qualname__. */
static struct mg_str qualified(struct mg_arena *arena, const struct mg_function *function)
{
    struct mg_str path = MG_NO_STR;
    for (size_t i = 0; i < function->scopes.len; i++) {
        const struct mg_scope *scope = &function->scopes.at[i];
        if (scope->kind == MG_SCOPE_CLASS)
            path = mg_arena_printf(arena, "%.*s%.*s.", MG_FMT(path), MG_FMT(scope->name));
        else if (scope->kind == MG_SCOPE_DEF)
            path = mg_arena_printf(arena, "%.*s%.*s.<locals>.", MG_FMT(path), MG_FMT(scope->name));
    }
    return path.len ? mg_arena_printf(arena, "%.*s%.*s", MG_FMT(path), MG_FMT(function->name)) : function->name;
}

static bool is_property(struct mg_str decorator)
{
    static const char *const names[] = { "property", "cached_property", "functools.cached_property", "abc.abstractproperty", "abstractproperty" };
    for (size_t i = 0; i < MG_COUNT(names); i++)
        if (mg_str_is(decorator, names[i]))
            return true;
    return mg_str_ends(decorator, ".setter") || mg_str_ends(decorator, ".deleter") || mg_str_ends(decorator, ".getter");
}

static enum mg_function_kind kind_of(const struct mg_function *function)
{
    const struct mg_scope *owner = NULL;
    for (size_t i = 0; i < function->scopes.len; i++)
        if (function->scopes.at[i].kind != MG_SCOPE_BLOCK)
            owner = &function->scopes.at[i];
    enum mg_function_kind kind = owner && owner->kind == MG_SCOPE_CLASS ? MG_METHOD : MG_FUNCTION;
    for (size_t i = 0; i < function->decorators.len; i++) {
        struct mg_str name = function->decorators.at[i];
        if (is_property(name))
            return MG_PROPERTY;
        if (kind == MG_METHOD && mg_str_is(name, "staticmethod"))
            kind = MG_STATIC_METHOD;
        else if (kind == MG_METHOD && mg_str_is(name, "classmethod"))
            kind = MG_CLASS_METHOD;
    }
    return kind;
}

static void fill_decorators(const struct mg_module *module, const struct mg_node *decorated, struct mg_arena *arena, struct mg_function *function)
{
    for (const struct mg_node *child = mg_node_first_named(decorated); child; child = mg_node_next_named(child))
        if (child->kind == N_DECORATOR)
            *MG_PUSH(arena, &function->decorators) = mg_node_dotted(module, mg_node_first_named(child));
}

/* A yield of the function itself, not of a function or lambda inside it. */
static bool yields(const struct mg_node *body)
{
    for (uint32_t i = 0; i < body->size;) {
        if (body[i].kind == N_YIELD)
            return true;
        i += body[i].kind == N_FUNCTION || body[i].kind == N_LAMBDA ? body[i].size : 1;
    }
    return false;
}

/* Statements that leave no code behind: no coverage tool ever sees their lines run. */
static bool has_no_code(const struct mg_node *statement)
{
    if (statement->kind == N_GLOBAL || statement->kind == N_NONLOCAL)
        return true;
    if (statement->kind != N_EXPRESSION_STATEMENT)
        return false;
    const struct mg_node *value = mg_node_first_named(statement);
    if (!value || mg_node_next_named(value))
        return false;
    if (value->kind == N_ASSIGNMENT) {
        const struct mg_node *left = mg_node_field(value, F_left);
        return left && left->kind == N_IDENTIFIER && !mg_node_field(value, F_right);
    }
    return (value->kind == N_STRING || value->kind == N_CONCATENATED_STRING) && !mg_node_contains(value, N_INTERPOLATION);
}

static void count_statements(const struct mg_module *module, const struct mg_node *body, struct mg_arena *arena, struct mg_function *function)
{
    const struct mg_node *docstring = mg_docstring(module, body);
    for (const struct mg_node *node = body; node < body + body->size; node++) {
        /* `elif` is an `if` of its own, and a decorated function one statement. */
        if ((!mg_node_is_statement(node) && node->kind != N_ELIF) || node->kind == N_DECORATED || node == docstring)
            continue;
        function->statement_count++;
        uint32_t line = node->parent->kind == N_DECORATED ? node->parent->line : node->line;
        size_t count = function->body_lines.len;
        if (!has_no_code(node) && (count == 0 || function->body_lines.at[count - 1] < line))
            *MG_PUSH(arena, &function->body_lines) = line;
    }
}

static void fill_function(const struct mg_module *module, const struct mg_node *node, struct mg_arena *arena, struct mg_function *function)
{
    const struct mg_node *whole = node->parent && node->parent->kind == N_DECORATED ? node->parent : node;
    const struct mg_node *body = mg_node_field(node, F_body), *name = mg_node_field(node, F_name);
    function->name = name ? mg_node_text(module, name) : MG_NO_STR;
    function->first_line = whole->line;
    function->start = whole->start;
    function->def_start = node->start;
    function->def_line = node->line;
    function->indent = indent_of(module->text, node->start);
    function->is_async = mg_node_is(module, mg_node_first(node), "async");
    function->has_error = node->broken || whole->broken || !body || !name;
    for (const struct mg_node *above = node->parent; above; above = above->parent) {
        function->is_nested |= above->kind == N_FUNCTION;
        function->has_error |= above->kind == N_ERROR;
    }
    if (whole != node)
        fill_decorators(module, whole, arena, function);
    fill_scopes(module, node, arena, function);
    function->qualname = qualified(arena, function);
    function->kind = kind_of(function);
    const struct mg_node *first = body ? mg_node_first_named(body) : NULL;
    if (!first) {
        function->has_error = true;
        function->body_start = function->end = node->end;
        function->end_line = node->end_line;
        return;
    }
    const struct mg_node *last = mg_node_last_code(body);
    function->body_start = first->start;
    function->body_indent = indent_of(module->text, first->start);
    function->end = last->end;
    function->end_line = last->end_line;
    function->is_generator = yields(body);
    count_statements(module, body, arena, function);
}

void mg_module_functions(const struct mg_module *module, struct mg_arena *arena, struct mg_functions *functions)
{
    for (size_t i = 0; i < module->functions.len; i++)
        fill_function(module, module->functions.at[i], arena, MG_PUSH(arena, functions));
}
