/* Collecting the bindings of a scope in one walk over its statements. */
#include "python/scope.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "python/builtin_names.h"

struct walk {
    const struct mg_module *module;
    const struct mg_importer *importer;
    const struct mg_node *body; /* its direct children are unconditional */
    struct mg_arena *arena;
    struct mg_names *names;
};

static int compare_name(const void *key, const void *entry)
{
    const struct mg_str *name = key;
    return mg_str_cmp(*name, mg_str_from(*(const char *const *)entry));
}

static bool is_builtin(struct mg_str name)
{
    return bsearch(&name, builtin_names, MG_COUNT(builtin_names), sizeof *builtin_names, compare_name) != NULL;
}

static bool same_import(const struct mg_binding *a, const struct mg_binding *b)
{
    if (a->kind != MG_BOUND_IMPORT || b->kind != MG_BOUND_IMPORT || !mg_str_eq(a->import.name, b->import.name))
        return false;
    bool plain = a->import.name.len == 0 && a->import.alias.len == 0 && b->import.alias.len == 0;
    if (plain) /* `import a.b` and `import a.c` both bind the package `a` */
        return mg_str_eq(mg_import_binds(&a->import), mg_import_binds(&b->import));
    return mg_str_eq(a->import.module, b->import.module) && (a->import.alias.len == 0) == (b->import.alias.len == 0);
}

static void bind(struct mg_names *names, struct mg_str name, const struct mg_binding *made)
{
    if (name.len == 0)
        return;
    void **slot = mg_map_slot(&names->map, name);
    struct mg_binding *old = *slot;
    if (!old) {
        *slot = old = MG_NEW(names->map.arena, struct mg_binding);
        *old = *made;
        old->stars = names->stars;
        old->times = 1;
        return;
    }
    uint32_t times = old->times + 1;
    old->times = times;
    if (old->kind == MG_BOUND_GLOBAL || old->kind == MG_BOUND_NONLOCAL)
        return;
    if (same_import(old, made)) {
        old->conditional &= made->conditional;
        old->stars = names->stars;
        return;
    }
    /* Decorated definitions of one name belong together: a property and its setter, variants chosen by type. */
    bool family = old->kind == MG_BOUND_DEF && made->kind == MG_BOUND_DEF && (old->decorated || made->decorated);
    bool replaced = !made->conditional && !names->is_function && !family;
    *old = replaced ? *made : (struct mg_binding){ .kind = MG_BOUND_OTHER };
    old->stars = names->stars;
    old->times = times;
}

void mg_names_spoil(struct mg_names *names, struct mg_str name)
{
    bind(names, name, &(struct mg_binding){ .kind = MG_BOUND_OTHER, .conditional = true });
}

static bool is_unconditional(const struct walk *walk, const struct mg_node *node)
{
    return node->parent == walk->body || (node->parent && node->parent->kind == N_DECORATED && node->parent->parent == walk->body);
}

bool mg_has_decorator(const struct mg_module *module, const struct mg_node *definition, const char *name)
{
    const struct mg_node *decorated = definition->parent;
    if (!decorated || decorated->kind != N_DECORATED)
        return false;
    for (const struct mg_node *child = mg_node_first_named(decorated); child; child = mg_node_next_named(child))
        if (child->kind == N_DECORATOR && mg_node_first_named(child) &&
            mg_str_is(mg_last_component(mg_node_dotted(module, mg_node_first_named(child))), name))
            return true;
    return false;
}

static void bind_definition(struct walk *walk, const struct mg_node *node)
{
    const struct mg_node *name = mg_node_field(node, F_name);
    if (!name || (node->kind == N_FUNCTION && mg_has_decorator(walk->module, node, "overload")))
        return; /* an overload is a note for type checkers */
    bind(walk->names, mg_node_text(walk->module, name),
         &(struct mg_binding){ .kind = node->kind == N_CLASS ? MG_BOUND_CLASS : MG_BOUND_DEF,
                               .conditional = !is_unconditional(walk, node),
                               .decorated = node->parent->kind == N_DECORATED,
                               .node = node });
}

static void bind_imports(struct walk *walk, const struct mg_node *node)
{
    struct mg_imports imports = { 0 };
    mg_imports_of(walk->module, node, walk->importer, walk->arena, &imports);
    for (size_t i = 0; i < imports.len; i++) {
        if (mg_str_is(imports.at[i].name, "*"))
            walk->names->stars++;
        else
            bind(walk->names, mg_import_binds(&imports.at[i]),
                 &(struct mg_binding){ .kind = MG_BOUND_IMPORT, .conditional = !is_unconditional(walk, node), .import = imports.at[i] });
    }
}

/* Identifiers of a pattern that are names of their own, not a part of `a.b` or `a[i]`. */
static void bind_pattern(struct walk *walk, const struct mg_node *pattern)
{
    for (uint32_t i = 0; pattern && i < pattern->size;) {
        const struct mg_node *node = &pattern[i];
        if (node->kind == N_IDENTIFIER)
            bind(walk->names, mg_node_text(walk->module, node), &(struct mg_binding){ .kind = MG_BOUND_OTHER });
        i += node->kind == N_ATTRIBUTE || node->kind == N_SUBSCRIPT || node->kind == N_CALL ? node->size : 1;
    }
}

bool mg_pattern_binds(const struct mg_module *module, const struct mg_node *pattern, struct mg_str name)
{
    for (uint32_t i = 0; pattern && i < pattern->size;) {
        const struct mg_node *node = &pattern[i];
        if (node->kind == N_IDENTIFIER && mg_str_eq(mg_node_text(module, node), name))
            return true;
        i += node->kind == N_ATTRIBUTE || node->kind == N_SUBSCRIPT ? node->size : 1;
    }
    return false;
}

struct mg_str mg_parameter_name(const struct mg_module *module, const struct mg_node *parameter)
{
    for (uint32_t i = 0; i < parameter->size; i++)
        if (parameter[i].kind == N_IDENTIFIER)
            return mg_node_text(module, &parameter[i]);
    return MG_NO_STR;
}

static void bind_parameters(struct walk *walk, const struct mg_node *parameters)
{
    for (const struct mg_node *child = parameters ? mg_node_first_named(parameters) : NULL; child; child = mg_node_next_named(child))
        bind(walk->names, mg_parameter_name(walk->module, child), &(struct mg_binding){ .kind = MG_BOUND_OTHER });
}

/* `global` and `nonlocal` hold for the whole function, wherever they stand: they come first. */
static void bind_declared(struct walk *walk)
{
    for (const struct mg_node *node = walk->body; node < walk->body + walk->body->size;) {
        for (const struct mg_node *child = node->kind == N_GLOBAL || node->kind == N_NONLOCAL ? mg_node_first_named(node) : NULL; child;
             child = mg_node_next_named(child))
            bind(walk->names, mg_node_text(walk->module, child),
                 &(struct mg_binding){ .kind = node->kind == N_GLOBAL ? MG_BOUND_GLOBAL : MG_BOUND_NONLOCAL });
        node += node->kind == N_FUNCTION || node->kind == N_CLASS ? node->size : 1;
    }
}

/* One node of the scope's own code; returns how many nodes are done with. */
static uint32_t visit(struct walk *walk, const struct mg_node *node)
{
    switch (node->kind) {
    case N_FUNCTION:
    case N_CLASS:
        bind_definition(walk, node);
        return node->size;
    case N_LAMBDA:
        return node->size;
    case N_IMPORT:
    case N_IMPORT_FROM:
        bind_imports(walk, node);
        return node->size;
    case N_ASSIGNMENT:
    case N_AUGMENTED:
    case N_FOR:
    case N_TYPE_ALIAS:
        /* An annotation alone binds nothing in a module or class, but makes a name local in a function. */
        if (node->kind != N_ASSIGNMENT || mg_node_field(node, F_right) || walk->names->is_function)
            bind_pattern(walk, mg_node_field(node, F_left));
        return 1;
    case N_NAMED:
        bind_pattern(walk, mg_node_field(node, F_name));
        return 1;
    case N_DELETE:
    case N_AS_PATTERN_TARGET:
    case N_CASE_PATTERN:
        bind_pattern(walk, node);
        return 1;
    case N_EXCEPT:
        bind_pattern(walk, mg_node_field(node, F_alias));
        return 1;
    case N_TYPE:
        return node->size;
    default:
        return 1;
    }
}

/* What may come from elsewhere when its condition does not hold, or was overwritten by names we do not know. */
static void spoil_doubtful(struct mg_names *names)
{
    for (size_t i = 0; i < names->map.cap; i++) {
        struct mg_binding *binding = names->map.slots[i].value;
        if (!binding)
            continue;
        struct mg_str name = names->map.slots[i].key;
        bool overwritten = binding->stars < names->stars && name.at[0] != '_';
        if (overwritten || (binding->conditional && is_builtin(name)))
            binding->kind = MG_BOUND_OTHER;
    }
}

void mg_names_collect(const struct mg_module *module, const struct mg_node *owner, const struct mg_importer *importer, struct mg_arena *arena,
                      struct mg_names *names)
{
    *names = (struct mg_names){ .is_function = owner->kind == N_FUNCTION };
    mg_map_init(&names->map, arena);
    const struct mg_node *body = owner->kind == N_FUNCTION || owner->kind == N_CLASS ? mg_node_field(owner, F_body) : owner;
    if (!body)
        return;
    struct walk walk = { .module = module, .importer = importer, .body = body, .arena = arena, .names = names };
    if (names->is_function) {
        bind_declared(&walk);
        bind_parameters(&walk, mg_node_field(owner, F_parameters));
    }
    for (const struct mg_node *node = body; node < body + body->size;)
        node += visit(&walk, node);
    if (!names->is_function)
        spoil_doubtful(names);
}
