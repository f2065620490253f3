/* From names to functions, once all files are read: through imports, modules and classes. */
#include "python/callgraph_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "python/stdlib_names.h"

#define DEEPEST 16u /* imports of imports, and bases of bases: more is a cycle or a joke */
#define LONGEST_NAME 512u

/* What a dotted name means. */
struct entity {
    enum { NOTHING, FUNCTION, CLASS, MODULE, PACKAGE /* a folder without __init__.py */ } kind;
    uint32_t index;      /* FUNCTION, CLASS; MODULE: file */
    struct mg_str name;  /* PACKAGE: dotted */
    bool through_object; /* FUNCTION: found on an instance, so that an abstract one is not what runs */
};
static const struct entity nothing = { .kind = NOTHING };

static struct entity resolve(struct mg_callgraph *graph, const struct mg_binding *binding, uint32_t importer, unsigned depth);

static int compare_name(const void *key, const void *entry)
{
    const struct mg_str *name = key;
    return mg_str_cmp(*name, mg_str_from(*(const char *const *)entry));
}

static struct mg_str top(struct mg_str module) { return mg_str_sub(module, 0, mg_str_find(module, '.', 0)); }

/* `import json` is the library's, whatever the repo holds, unless it comes from within that package. */
static bool is_library(const struct mg_callgraph *graph, struct mg_str module, uint32_t importer)
{
    struct mg_str first = top(module);
    return !mg_str_eq(first, top(graph->files[importer].module)) &&
           bsearch(&first, stdlib_names, MG_COUNT(stdlib_names), sizeof *stdlib_names, compare_name) != NULL;
}

static struct entity find_module(const struct mg_callgraph *graph, struct mg_str name)
{
    const struct mg_cg_module *module = mg_map_get(&graph->modules, name);
    if (module && module->usable)
        return (struct entity){ .kind = MODULE, .index = (uint32_t)(module - graph->of_file) };
    if (!module && mg_map_get(&graph->packages, name))
        return (struct entity){ .kind = PACKAGE, .name = name };
    return nothing;
}

static struct entity find_submodule(const struct mg_callgraph *graph, struct mg_str package, struct mg_str name)
{
    char joined[LONGEST_NAME];
    if (package.len + 1 + name.len > sizeof joined)
        return nothing;
    memcpy(joined, package.at, package.len);
    joined[package.len] = '.';
    memcpy(joined + package.len + 1, name.at, name.len);
    struct entity found = find_module(graph, (struct mg_str){ joined, package.len + 1 + name.len });
    if (found.kind == PACKAGE)
        found.name = mg_arena_str(graph->arena, found.name);
    return found;
}

/* Whether the import that binds `name` in `package` is one of its submodule `name`, or from it: then it decides what `package.name` is. */
static bool imports_submodule(const struct mg_binding *binding, struct mg_str package, struct mg_str name)
{
    const struct mg_import *import = &binding->import;
    if (binding->kind != MG_BOUND_IMPORT)
        return false;
    if (mg_str_eq(import->module, package) && mg_str_eq(import->name, name))
        return true;
    return import->module.len == package.len + 1 + name.len && mg_str_eq(mg_str_sub(import->module, 0, package.len), package) &&
           mg_str_eq(mg_str_sub(import->module, package.len + 1, import->module.len), name);
}

static struct entity module_attribute(struct mg_callgraph *graph, uint32_t file, struct mg_str name, unsigned depth)
{
    const struct mg_cg_module *module = &graph->of_file[file];
    const struct mg_binding *binding = mg_names_get(&module->names, name);
    struct entity submodule = module->importer.is_package ? find_submodule(graph, module->importer.module, name) : nothing;
    if (!binding)
        return module->names.stars && name.at[0] != '_' ? nothing : submodule;
    if (submodule.kind != NOTHING && !imports_submodule(binding, module->importer.module, name))
        return nothing; /* which of the two is seen depends on who was imported last */
    if (submodule.kind != NOTHING && mg_str_eq(binding->import.module, module->importer.module))
        return submodule; /* `from . import name` */
    return resolve(graph, binding, file, depth + 1);
}

/* Of a module or package; nothing of anything else. */
static struct entity attribute(struct mg_callgraph *graph, struct entity of, struct mg_str name, unsigned depth)
{
    if (of.kind == PACKAGE)
        return find_submodule(graph, of.name, name);
    return of.kind == MODULE ? module_attribute(graph, of.index, name, depth) : nothing;
}

static struct entity resolve_import(struct mg_callgraph *graph, const struct mg_import *import, uint32_t importer, unsigned depth)
{
    if (import->module.len == 0 || (!import->relative && is_library(graph, import->module, importer)))
        return nothing;
    if (import->name.len)
        return attribute(graph, find_module(graph, import->module), import->name, depth);
    struct mg_str rest = import->module, part;
    struct entity at = find_module(graph, top(import->module));
    if (import->alias.len == 0 || !mg_str_next_part(&rest, '.', &part))
        return at;
    while (mg_str_next_part(&rest, '.', &part)) /* `import a.b as x` takes the attribute `b` of `a`, whatever that is */
        at = attribute(graph, at, part, depth);
    return at;
}

static struct entity resolve(struct mg_callgraph *graph, const struct mg_binding *binding, uint32_t importer, unsigned depth)
{
    if (depth > DEEPEST)
        return nothing;
    switch (binding->kind) {
    case MG_BOUND_DEF:
        return (struct entity){ .kind = FUNCTION, .index = binding->index };
    case MG_BOUND_CLASS:
        return (struct entity){ .kind = CLASS, .index = binding->index };
    case MG_BOUND_IMPORT:
        return resolve_import(graph, &binding->import, importer, depth);
    case MG_BOUND_OTHER:
    case MG_BOUND_GLOBAL:
    case MG_BOUND_NONLOCAL:
        break;
    }
    return nothing;
}

/* --- classes --- */

struct order {
    MG_VEC(uint32_t)
};
static struct entity follow(struct mg_callgraph *graph, const struct mg_cg_site *site, unsigned depth);
static void linearize(struct mg_callgraph *graph, uint32_t index, unsigned depth);

static bool in_tail(const struct order *lists, size_t count, const size_t *heads, uint32_t class)
{
    for (size_t l = 0; l < count; l++)
        for (size_t i = heads[l] + 1; i < lists[l].len; i++)
            if (lists[l].at[i] == class)
                return true;
    return false;
}

/* The next class of the merge: the first head that no list has further behind. MG_NONE when there is none, or it is unknown. */
static uint32_t next_of_merge(const struct order *lists, size_t count, const size_t *heads)
{
    for (size_t l = 0; l < count; l++) {
        if (heads[l] >= lists[l].len)
            continue;
        uint32_t head = lists[l].at[heads[l]];
        if (head == MG_NONE || !in_tail(lists, count, heads, head))
            return head;
    }
    return MG_NONE;
}

/* C3. An unknown base (MG_NONE) ends the order: what is behind it may be overridden there. */
static void merge(struct mg_callgraph *graph, struct mg_cg_class *class, const struct order *lists, size_t count, size_t *heads)
{
    for (;;) {
        bool left = false;
        for (size_t l = 0; l < count; l++)
            left |= heads[l] < lists[l].len;
        if (!left)
            return;
        uint32_t next = next_of_merge(lists, count, heads);
        *MG_PUSH(graph->arena, &class->order) = next;
        if (next == MG_NONE)
            return;
        for (size_t l = 0; l < count; l++)
            heads[l] += heads[l] < lists[l].len && lists[l].at[heads[l]] == next;
    }
}

static void linearize(struct mg_callgraph *graph, uint32_t index, unsigned depth)
{
    struct mg_cg_class *class = &graph->classes.at[index];
    if (class->linearized)
        return;
    class->linearized = class->linearizing = true;
    *MG_PUSH(graph->arena, &class->order) = index;
    struct order *lists = MG_NEW_ARRAY(graph->arena, struct order, class->bases.len + 1);
    size_t *heads = MG_NEW_ARRAY(graph->arena, size_t, class->bases.len + 1), count = 0;
    struct order *direct = &lists[class->bases.len];
    for (size_t i = 0; i < class->bases.len; i++) {
        const struct mg_cg_base *base = &class->bases.at[i];
        struct entity found = base->known && depth < DEEPEST ? follow(graph, &base->site, depth + 1) : nothing;
        if (found.kind != CLASS && base->harmless)
            continue;
        if (found.kind == CLASS)
            linearize(graph, found.index, depth + 1);
        bool usable = found.kind == CLASS && !graph->classes.at[found.index].linearizing;
        class->odd_constructor |= usable && graph->classes.at[found.index].odd_constructor;
        *MG_PUSH(graph->arena, direct) = usable ? found.index : MG_NONE;
        if (usable) {
            const struct mg_cg_class *known = &graph->classes.at[found.index];
            lists[count++] = (struct order){ .at = known->order.at, .len = known->order.len };
        } else {
            *MG_PUSH(graph->arena, &lists[count]) = MG_NONE;
            count++;
        }
    }
    struct order last = *direct;
    lists[count++] = last;
    merge(graph, class, lists, count, heads);
    class->linearizing = false;
}

/* The binding of an attribute looked up on the class, NULL when the repo does not say which it is. *owner is the class that has it. */
static const struct mg_binding *find_attribute(struct mg_callgraph *graph, uint32_t index, struct mg_str name, uint32_t *owner)
{
    linearize(graph, index, 0);
    const struct mg_cg_class *class = &graph->classes.at[index];
    const struct mg_binding *found = NULL;
    for (size_t i = 0; i < class->order.len; i++) {
        if (class->order.at[i] == MG_NONE)
            break;
        const struct mg_cg_class *in = &graph->classes.at[class->order.at[i]];
        if (mg_map_get(&in->assigned, name))
            return NULL;
        const struct mg_binding *here = mg_names_get(&in->names, name);
        /* A dataclass and its like are given an __init__ that no text shows. */
        if (!found && !here && in->decorated && mg_str_starts(name, "__"))
            return NULL;
        if (found || !here)
            continue;
        bool doubtful = here->kind == MG_BOUND_OTHER || (here->conditional && in->bases.len);
        if (doubtful)
            return NULL;
        found = here;
        *owner = class->order.at[i];
    }
    return found;
}

static struct entity class_attribute(struct mg_callgraph *graph, uint32_t index, struct mg_str name)
{
    uint32_t owner = index;
    const struct mg_binding *binding = find_attribute(graph, index, name, &owner);
    /* `__x` is another name in every class; only a class's own is sure. */
    bool hidden = mg_str_starts(name, "__") && !mg_str_ends(name, "__") && owner != index;
    if (!binding || hidden || binding->kind == MG_BOUND_IMPORT)
        return nothing;
    return resolve(graph, binding, graph->classes.at[owner].module, 0);
}

static struct entity follow(struct mg_callgraph *graph, const struct mg_cg_site *site, unsigned depth)
{
    struct entity at = site->base ? resolve(graph, site->base, site->module, depth) : (struct entity){ .kind = CLASS, .index = site->owner };
    struct mg_str rest = site->rest, name;
    bool on_object = !site->base;
    while (at.kind != NOTHING && mg_str_next_part(&rest, '.', &name)) {
        if (at.kind == CLASS) {
            bool private = mg_str_starts(name, "__") && !mg_str_ends(name, "__");
            at = private && site->base ? nothing : class_attribute(graph, at.index, name);
            at.through_object = on_object;
        } else {
            at = attribute(graph, at, name, depth);
        }
        on_object = false;
    }
    return at;
}

/* --- edges --- */

/* What calling a class runs first of ours: __new__, else __init__. */
static struct entity constructor(struct mg_callgraph *graph, uint32_t index)
{
    linearize(graph, index, 0);
    if (graph->classes.at[index].odd_constructor)
        return nothing;
    struct entity made = class_attribute(graph, index, MG_STR("__new__"));
    return made.kind == FUNCTION ? made : class_attribute(graph, index, MG_STR("__init__"));
}

static void add_edges(struct mg_callgraph *graph, uint32_t caller, uint32_t *seen)
{
    struct mg_cg_function *function = &graph->functions.at[caller];
    function->first_edge = (uint32_t)graph->edges.len;
    seen[caller] = caller + 1;
    for (uint32_t i = 0; i < function->site_count; i++) {
        struct entity callee = follow(graph, &graph->sites.at[function->first_site + i], 0);
        if (callee.kind == CLASS)
            callee = constructor(graph, callee.index);
        if (callee.kind != FUNCTION || seen[callee.index] == caller + 1)
            continue;
        const struct mg_cg_function *found = &graph->functions.at[callee.index];
        if (found->is_dispatcher || (found->is_abstract && callee.through_object))
            continue;
        seen[callee.index] = caller + 1;
        *MG_PUSH(graph->arena, &graph->edges) = callee.index;
    }
    function->edge_count = (uint32_t)graph->edges.len - function->first_edge;
}

void mg_callgraph_link(struct mg_callgraph *graph)
{
    uint32_t *seen = MG_NEW_ARRAY(graph->arena, uint32_t, graph->functions.len + 1);
    for (uint32_t i = 0; i < graph->functions.len; i++)
        add_edges(graph, i, seen);
}
