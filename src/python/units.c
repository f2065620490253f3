/* Cutting a file into functions and the rest. Contract: units.h. Whatever is in doubt is called `always` or `dynamic`. */
#include "python/units.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "python/tree.h"

#include <string.h>

#define LONGEST_STRING 200

static bool is_blank(char byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f'; }

static const char *const lookups[] = { "getattr",      "globals",    "locals",         "vars",         "eval",
                                       "exec",         "__import__", "import_module",  "setattr",      "attrgetter",
                                       "methodcaller", "__dict__",   "__subclasses__", "resolve_name", "getmembers" };

/* Decorators that change neither who calls the function nor by which name. */
static bool is_plain_decorator(const struct mg_module *module, const struct mg_node *decorator)
{
    static const char *const plain[] = { "staticmethod",   "classmethod",     "property",  "setter",  "getter",         "deleter",
                                         "wraps",          "cached_property", "lru_cache", "cache",   "contextmanager", "asynccontextmanager",
                                         "abstractmethod", "overload",        "final",     "override" };
    const struct mg_node *value = mg_node_first_named(decorator);
    struct mg_str dotted = value ? mg_node_dotted(module, value) : MG_NO_STR, last = mg_last_component(dotted);
    if (MG_STR_IN(last, plain) || mg_str_starts(dotted, "pytest.mark."))
        return true;
    struct mg_str text = mg_node_text(module, decorator);
    return mg_str_is(last, "fixture") && !mg_str_contains(text, "autouse") && !mg_str_contains(text, "name");
}

static bool is_called_unnamed(const struct mg_module *module, const struct mg_node *function, struct mg_str name)
{
    static const char *const hooks[] = { "setup", "setUp", "teardown", "tearDown", "pytest_", "load_tests" };
    if (mg_str_starts(name, "__") && mg_str_ends(name, "__"))
        return true;
    for (size_t i = 0; i < MG_COUNT(hooks); i++)
        if (mg_str_starts(name, hooks[i]))
            return true;
    const struct mg_node *outer = function->parent && function->parent->kind == N_DECORATED ? function->parent : function;
    for (const struct mg_node *child = outer == function ? NULL : mg_node_first_named(outer); child; child = mg_node_next_named(child))
        if (child->kind == N_DECORATOR && !is_plain_decorator(module, child))
            return true;
    const struct mg_node *class = mg_node_ancestor(outer, N_CLASS);
    if (!class || mg_str_starts(name, "test"))
        return false;
    for (const struct mg_node *up = class; up && up->kind != N_MODULE; up = up->parent)
        if (up->kind == N_CLASS && (mg_node_field(up, F_superclasses) || (up->parent && up->parent->kind == N_DECORATED)))
            return true; /* a base class, or what decorates the class, may call its methods */
    return false;
}

struct cutter {
    const struct mg_module *module;
    struct mg_arena *arena;
    struct mg_units *units;
    struct mg_map *seen; /* per unit: names and strings that are in its lists already */
};

/* `getattr(x, "name")` says its name: the string stands for it. */
static bool is_literal_lookup(const struct mg_module *module, const struct mg_node *name)
{
    static const char *const by_name[] = { "getattr", "setattr", "attrgetter", "methodcaller" };
    const struct mg_node *callee = name->parent && name->parent->kind == N_ATTRIBUTE ? name->parent : name;
    const struct mg_node *arguments = callee->parent && callee->parent->kind == N_CALL ? mg_node_field(callee->parent, F_arguments) : NULL;
    struct mg_str text = mg_node_text(module, name);
    if (!arguments || !MG_STR_IN(text, by_name))
        return false;
    const struct mg_node *argument = mg_node_named(arguments, mg_str_ends(text, "attr") ? 1 : 0);
    return argument && argument->kind == N_STRING && mg_node_is_constant(module, argument);
}

static void add_name(struct cutter *cutter, size_t unit, const struct mg_node *node)
{
    struct mg_str name = mg_node_text(cutter->module, node);
    bool dynamic = MG_STR_IN(name, lookups) && !is_literal_lookup(cutter->module, node);
    cutter->units->at[unit].dynamic |= dynamic;
    void **slot = mg_map_slot(&cutter->seen[unit], name);
    if (!*slot)
        *MG_PUSH(cutter->arena, &cutter->units->at[unit].names) = name;
    *slot = cutter;
}

static void add_string(struct cutter *cutter, size_t unit, struct mg_str text)
{
    while (text.len && text.at[0] != '"' && text.at[0] != '\'') /* prefix */
        text = mg_str_sub(text, 1, text.len);
    size_t quotes = mg_str_starts(text, "\"\"\"") || mg_str_starts(text, "'''") ? 3 : 1;
    if (text.len < 2 * quotes || text.len > LONGEST_STRING)
        return;
    text = mg_str_sub(text, quotes, text.len - quotes);
    struct mg_str key = mg_arena_printf(cutter->arena, "'%.*s", MG_FMT(text)); /* apart from names */
    void **slot = mg_map_slot(&cutter->seen[unit], key);
    if (*slot == NULL)
        *MG_PUSH(cutter->arena, &cutter->units->at[unit].strings) = text;
    *slot = cutter;
}

/* An import only binds a name; who uses it says it again, unless it is bound as another one. */
static bool is_only_bound(const struct mg_module *module, const struct mg_node *node)
{
    const struct mg_node *import = mg_node_ancestor(node, N_IMPORT_FROM);
    import = import ? import : mg_node_ancestor(node, N_IMPORT);
    if (import)
        return !mg_str_contains(mg_node_text(module, import), " as ");
    const struct mg_node *assignment = mg_node_ancestor(node, N_ASSIGNMENT);
    return assignment && mg_node_is(module, mg_node_field(assignment, F_left), "__all__");
}

static void add_node(struct cutter *cutter, size_t unit, const struct mg_node *node)
{
    if (is_only_bound(cutter->module, node))
        return;
    if (node->kind == N_IDENTIFIER)
        add_name(cutter, unit, node);
    else
        add_string(cutter, unit, mg_node_text(cutter->module, node));
}

/* Of a function's header, decorators and default values run on import; names of it and of its parameters call nothing. */
static bool runs_on_import(const struct mg_node *node, const struct mg_node *outer)
{
    for (; node != outer; node = node->parent)
        if (node->kind == N_DECORATOR || node->field == F_value)
            return true;
    return false;
}

/* A test that only pytest calls, and whose definition does nothing else: as if the rest of the file did not have it. Marks say something of
 * their own test alone; names in them count for the rest all the same. */
static bool is_lone_test(const struct mg_module *module, const struct mg_node *function, struct mg_str name)
{
    const struct mg_node *outer = function->parent && function->parent->kind == N_DECORATED ? function->parent : function;
    if (!mg_str_starts(name, "test") || memchr(module->text.at + function->start, '=', mg_node_field(function, F_body)->start - function->start))
        return false;
    for (const struct mg_node *child = outer == function ? NULL : mg_node_first_named(outer); child; child = mg_node_next_named(child))
        if (child->kind == N_DECORATOR) {
            const struct mg_node *value = mg_node_first_named(child);
            if (!value || !mg_str_starts(mg_node_dotted(module, value), "pytest.mark."))
                return false;
        }
    return true;
}

/* Blank lines at the ends of a piece tell nothing: they come and go with the functions around it. */
static void add_piece(struct mg_buf *rest, struct mg_str piece)
{
    size_t first = 0, last = piece.len;
    for (size_t i = 0; i < piece.len && is_blank(piece.at[i]); i++)
        if (piece.at[i] == '\n')
            first = i + 1;
    while (last > first && is_blank(piece.at[last - 1]))
        last--;
    if (last == first)
        return;
    mg_buf_add(rest, mg_str_sub(piece, first, last));
    mg_buf_addc(rest, '\n');
}

/* The function with its decorators. */
static const struct mg_node *whole(const struct mg_node *function)
{
    return function->parent && function->parent->kind == N_DECORATED ? function->parent : function;
}

void mg_module_units(const struct mg_module *module, struct mg_arena *arena, struct mg_units *units)
{
    struct {
        MG_VEC(const struct mg_node *)
    } functions = { NULL, 0, 0 };
    for (size_t i = 0; i < module->functions.len; i++)
        if (!mg_node_ancestor(module->functions.at[i], N_FUNCTION) && mg_node_field(module->functions.at[i], F_body))
            *MG_PUSH(arena, &functions) = module->functions.at[i];
    *MG_PUSH(arena, units) = (struct mg_unit){ .line = 1 };
    struct mg_buf rest = MG_BUF(SIZE_MAX);
    uint32_t at = 0;
    for (size_t i = 0; i < functions.len; i++) {
        const struct mg_node *function = functions.at[i], *body = mg_node_field(function, F_body), *outer = whole(function);
        struct mg_str name = mg_node_text(module, mg_node_field(function, F_name));
        *MG_PUSH(arena, units) = (struct mg_unit){ .name = name,
                                                   .line = outer->line,
                                                   .end_line = outer->end_line,
                                                   .text = mg_str_sub(module->text, outer->start, outer->end),
                                                   .always = is_called_unnamed(module, function, name) };
        add_piece(&rest, mg_str_sub(module->text, at, is_lone_test(module, function, name) ? outer->start : body->start));
        at = body->end;
    }
    add_piece(&rest, mg_str_sub(module->text, at, module->text.len));
    units->at[0].text = mg_buf_take(&rest, arena);

    struct cutter cutter = { module, arena, units, MG_NEW_ARRAY(arena, struct mg_map, units->len) };
    for (size_t i = 0; i < units->len; i++)
        mg_map_init(&cutter.seen[i], arena);
    size_t next = 0;
    for (size_t i = 0; i < module->node_count; i++) {
        const struct mg_node *node = &module->nodes[i];
        if (node->kind != N_IDENTIFIER && node->kind != N_STRING)
            continue;
        while (next < functions.len && node->start >= whole(functions.at[next])->end)
            next++;
        const struct mg_node *function = next < functions.len && node->start >= whole(functions.at[next])->start ? functions.at[next] : NULL;
        const struct mg_node *body = function ? mg_node_field(function, F_body) : NULL;
        if (!function || (node->start < body->start && runs_on_import(node, whole(function))))
            add_node(&cutter, 0, node);
        if (function)
            add_node(&cutter, next + 1, node);
    }
}

/* Statements of a module, looked at through `if`, `try` and `with`, that do something to others. */
static bool is_loud(const struct mg_module *module, const struct mg_node *node)
{
    if (mg_node_ancestor(node, N_FUNCTION) || mg_node_ancestor(node, N_LAMBDA))
        return false;
    for (const struct mg_node *condition = mg_node_ancestor(node, N_IF); condition; condition = mg_node_ancestor(condition, N_IF))
        if (mg_str_contains(mg_node_text(module, mg_node_field(condition, F_condition)), "__name__"))
            return false; /* run as a program only */
    if (node->kind == N_DELETE || node->kind == N_AUGMENTED)
        return true;
    if (node->kind == N_ASSIGNMENT) {
        const struct mg_node *left = mg_node_field(node, F_left);
        return left && left->kind != N_IDENTIFIER && left->kind != N_PATTERN_LIST && left->kind != N_TUPLE_PATTERN;
    }
    if (node->kind != N_EXPRESSION_STATEMENT)
        return false;
    const struct mg_node *value = mg_node_first_named(node);
    return value && value->kind == N_CALL;
}

void mg_module_imports(const struct mg_module *module, struct mg_arena *arena, struct mg_imports *imports)
{
    static const char *const computed[] = { "import_module", "__import__",  "spec_from_file_location", "runpy", "run_path",
                                            "run_module",    "resolve_name" };
    *imports = (struct mg_imports){ 0 };
    struct mg_map seen;
    mg_map_init(&seen, arena);
    bool plugins = false;
    for (size_t i = 0; i < module->node_count; i++) {
        const struct mg_node *node = &module->nodes[i];
        imports->loud |= is_loud(module, node);
        if (node->kind != N_IDENTIFIER)
            continue;
        struct mg_str name = mg_node_text(module, node);
        imports->dynamic |= MG_STR_IN(name, computed);
        plugins |= mg_str_is(name, "pytest_plugins");
        if (!mg_node_ancestor(node, N_IMPORT) && !mg_node_ancestor(node, N_IMPORT_FROM))
            continue;
        void **slot = mg_map_slot(&seen, name);
        if (!*slot)
            *MG_PUSH(arena, &imports->names) = name;
        *slot = imports;
    }
    imports->dynamic |= plugins;
}
