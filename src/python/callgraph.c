/* Reading a repo for the call graph: each file is parsed once, what it defines and calls is kept, and its tree is dropped. */
#include "python/callgraph_parts.h"

#include "base/str.h"

struct reading {
    struct mg_callgraph *graph;
    struct mg_arena *scratch; /* of this file */
    const struct mg_module *module;
    struct mg_cg_module *into;
    uint32_t file;
    uint32_t first_function, first_class;
    struct {
        MG_VEC(const struct mg_node *)
    } class_nodes;
    struct mg_names *function_names; /* by position in module->functions */
};

static bool is_private(struct mg_str name) { return mg_str_starts(name, "__") && !mg_str_ends(name, "__"); }

/* --- what the file defines --- */

/* An error outside of every function may hide a binding of the module or of a class. */
static bool is_misread(const struct mg_module *module)
{
    for (size_t i = 1; module->nodes[0].broken && i < module->node_count; i++) {
        const struct mg_node *node = &module->nodes[i];
        bool origin = node->kind == N_ERROR || (node->broken && node->size == 1);
        if (origin && !mg_node_ancestor(node, N_FUNCTION))
            return true;
    }
    return false;
}

static uint32_t position(const struct mg_node *const *sorted, size_t count, const struct mg_node *node)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sorted[middle] < node)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && sorted[low] == node ? (uint32_t)low : MG_NONE;
}

static uint32_t function_position(const struct reading *reading, const struct mg_node *node)
{
    return position(reading->module->functions.at, reading->module->functions.len, node);
}

static uint32_t class_index(const struct reading *reading, const struct mg_node *node)
{
    uint32_t at = position(reading->class_nodes.at, reading->class_nodes.len, node);
    return at == MG_NONE ? MG_NONE : reading->first_class + at;
}

static void add_functions(struct reading *reading)
{
    struct mg_callgraph *graph = reading->graph;
    struct mg_functions functions = { 0 };
    mg_module_functions(reading->module, reading->scratch, &functions);
    reading->first_function = (uint32_t)graph->functions.len;
    for (size_t i = 0; i < functions.len; i++) {
        const struct mg_function *from = &functions.at[i];
        const struct mg_node *node = reading->module->functions.at[i];
        struct mg_cg_function *to = MG_PUSH(graph->arena, &graph->functions);
        *to = (struct mg_cg_function){ .seen = { .file = reading->file,
                                                 .qualname = mg_arena_str(graph->arena, from->qualname),
                                                 .first_line = from->first_line,
                                                 .def_line = from->def_line,
                                                 .end_line = from->end_line,
                                                 .start = from->start,
                                                 .end = from->end } };
        to->is_abstract = mg_has_decorator(reading->module, node, "abstractmethod");
        to->is_dispatcher =
            mg_has_decorator(reading->module, node, "singledispatch") || mg_has_decorator(reading->module, node, "singledispatchmethod");
    }
}

static void number_definitions(struct reading *reading, struct mg_names *names)
{
    for (size_t i = 0; i < names->map.cap; i++) {
        struct mg_binding *binding = names->map.slots[i].value;
        if (!binding || !binding->node)
            continue;
        uint32_t at = binding->kind == MG_BOUND_CLASS ? class_index(reading, binding->node) : function_position(reading, binding->node);
        binding->index = binding->kind == MG_BOUND_CLASS || at == MG_NONE ? at : reading->first_function + at;
        binding->node = NULL; /* the tree goes before the binding does */
        if (binding->index == MG_NONE)
            binding->kind = MG_BOUND_OTHER;
    }
}

static void add_classes(struct reading *reading)
{
    struct mg_callgraph *graph = reading->graph;
    reading->first_class = (uint32_t)graph->classes.len;
    for (size_t i = 0; i < reading->module->node_count; i++) {
        const struct mg_node *node = &reading->module->nodes[i];
        if (node->kind != N_CLASS)
            continue;
        *MG_PUSH(reading->scratch, &reading->class_nodes) = node;
        struct mg_cg_class *class = MG_PUSH(graph->arena, &graph->classes);
        *class = (struct mg_cg_class){ .module = reading->file, .decorated = node->parent->kind == N_DECORATED };
        mg_names_collect(reading->module, node, &reading->into->importer, graph->arena, &class->names);
        mg_map_init(&class->assigned, graph->arena);
    }
}

/* `global x` and `nonlocal x` in a function: the name changes while the program runs. */
static void spoil_rebound(struct reading *reading, size_t function)
{
    const struct mg_names *names = &reading->function_names[function];
    for (size_t i = 0; i < names->map.cap; i++) {
        const struct mg_binding *binding = names->map.slots[i].value;
        struct mg_str name = names->map.slots[i].key;
        if (binding && binding->kind == MG_BOUND_GLOBAL)
            mg_names_spoil(&reading->into->names, name);
        if (!binding || binding->kind != MG_BOUND_NONLOCAL)
            continue;
        for (const struct mg_node *at = reading->module->functions.at[function]->parent; at; at = at->parent)
            if (at->kind == N_FUNCTION)
                mg_names_spoil(&reading->function_names[function_position(reading, at)], name);
    }
}

static void read_scopes(struct reading *reading)
{
    const struct mg_module *module = reading->module;
    mg_names_collect(module, module->nodes, &reading->into->importer, reading->graph->arena, &reading->into->names);
    add_functions(reading);
    add_classes(reading);
    reading->function_names = MG_NEW_ARRAY(reading->scratch, struct mg_names, module->functions.len);
    for (size_t i = 0; i < module->functions.len; i++)
        mg_names_collect(module, module->functions.at[i], &reading->into->importer, reading->scratch, &reading->function_names[i]);
    for (size_t i = 0; i < module->functions.len; i++)
        spoil_rebound(reading, i);
    number_definitions(reading, &reading->into->names);
    for (size_t i = reading->first_class; i < reading->graph->classes.len; i++)
        number_definitions(reading, &reading->graph->classes.at[i].names);
    for (size_t i = 0; i < module->functions.len; i++)
        number_definitions(reading, &reading->function_names[i]);
}

/* --- names in their place --- */

/* A lambda, comprehension or type parameter between the name and its function binds it itself. */
static bool is_shadowed(const struct reading *reading, const struct mg_node *at, struct mg_str name)
{
    switch (at->kind) {
    case N_LAMBDA: {
        const struct mg_node *parameters = mg_node_field(at, F_parameters);
        for (const struct mg_node *child = parameters ? mg_node_first_named(parameters) : NULL; child; child = mg_node_next_named(child))
            if (mg_str_eq(mg_parameter_name(reading->module, child), name))
                return true;
        return false;
    }
    case N_LIST_COMPREHENSION:
    case N_SET_COMPREHENSION:
    case N_DICTIONARY_COMPREHENSION:
    case N_GENERATOR:
        for (const struct mg_node *child = mg_node_first_named(at); child; child = mg_node_next_named(child))
            if (child->kind == N_FOR_IN_CLAUSE && mg_pattern_binds(reading->module, mg_node_field(child, F_left), name))
                return true;
        return false;
    case N_FUNCTION:
    case N_CLASS:
        for (const struct mg_node *child = mg_node_first_named(at); child; child = mg_node_next_named(child))
            if (child->kind == N_TYPE_PARAMETER && mg_pattern_binds(reading->module, child, name))
                return true;
        return false;
    default:
        return false;
    }
}

/* The copy of a function's binding that outlives the file. */
static const struct mg_binding *keep(struct reading *reading, struct mg_binding *binding)
{
    if (!binding->kept) {
        binding->kept = MG_NEW(reading->graph->arena, struct mg_binding);
        *binding->kept = *binding;
        binding->kept->import.module = mg_arena_str(reading->graph->arena, binding->import.module);
    }
    return binding->kept;
}

static const struct mg_binding *known(const struct mg_binding *binding) { return binding && binding->kind != MG_BOUND_OTHER ? binding : NULL; }

/* What `name` is bound to where `node` stands: functions from the inside out, then the module; classes in between are not looked into. */
static const struct mg_binding *look_up(struct reading *reading, struct mg_str name, const struct mg_node *node)
{
    for (const struct mg_node *inner = node, *at = node->parent; at; inner = at, at = at->parent) {
        if (is_shadowed(reading, at, name) || (at->kind == N_CLASS && is_private(name)))
            return NULL;
        if (at->kind != N_FUNCTION || inner->field != F_body)
            continue;
        struct mg_binding *binding = mg_names_get(&reading->function_names[function_position(reading, at)], name);
        if (binding && binding->kind == MG_BOUND_GLOBAL)
            break;
        if (binding && binding->kind != MG_BOUND_NONLOCAL)
            return known(binding) ? keep(reading, binding) : NULL;
    }
    return known(mg_names_get(&reading->into->names, name));
}

static const struct mg_node *scope_above(const struct mg_node *node)
{
    for (node = node->parent; node && node->kind != N_FUNCTION && node->kind != N_CLASS;)
        node = node->parent;
    return node;
}

static bool is_class_method(const struct mg_module *module, const struct mg_node *function)
{
    const struct mg_node *name = mg_node_field(function, F_name);
    return mg_has_decorator(module, function, "classmethod") || mg_node_is(module, name, "__new__") ||
           mg_node_is(module, name, "__init_subclass__") || mg_node_is(module, name, "__class_getitem__");
}

/* The class whose instance (`self`) or self (`cls`) the name is where `node` stands: the first parameter of a method, never set anew. */
static uint32_t receiver_class(struct reading *reading, struct mg_str name, const struct mg_node *node)
{
    bool is_self = mg_str_is(name, "self");
    if (!is_self && !mg_str_is(name, "cls"))
        return MG_NONE;
    for (const struct mg_node *inner = node, *at = node->parent; at; inner = at, at = at->parent) {
        if (is_shadowed(reading, at, name))
            return MG_NONE;
        if (at->kind != N_FUNCTION || inner->field != F_body)
            continue;
        const struct mg_binding *binding = mg_names_get(&reading->function_names[function_position(reading, at)], name);
        if (!binding)
            continue;
        const struct mg_node *class = scope_above(at), *parameters = mg_node_field(at, F_parameters);
        const struct mg_node *first = parameters ? mg_node_first_named(parameters) : NULL;
        bool fits = class && class->kind == N_CLASS && first && mg_str_eq(mg_parameter_name(reading->module, first), name) &&
                    binding->kind == MG_BOUND_OTHER && binding->times == 1 && !mg_has_decorator(reading->module, at, "staticmethod") &&
                    is_class_method(reading->module, at) != is_self;
        return fits ? class_index(reading, class) : MG_NONE;
    }
    return MG_NONE;
}

/* `a`, `a.b.c` on one line, as its first identifier and the text behind the first dot. */
static const struct mg_node *split_dotted(const struct reading *reading, const struct mg_node *node, struct mg_str *rest)
{
    const struct mg_node *base = node;
    while (base && base->kind == N_ATTRIBUTE)
        base = mg_node_field(base, F_object);
    if (!base || base->kind != N_IDENTIFIER)
        return NULL;
    *rest = base == node ? MG_NO_STR : mg_str_sub(reading->module->text, base->end + 1, node->end);
    for (size_t i = 0; i < rest->len; i++)
        if (rest->at[i] == ' ' || rest->at[i] == '\n' || rest->at[i] == '\t' || rest->at[i] == '\r' || rest->at[i] == '\\')
            return NULL;
    return base;
}

/* False when its first name is nothing we know. */
static bool read_site(struct reading *reading, const struct mg_node *node, struct mg_cg_site *site)
{
    *site = (struct mg_cg_site){ .owner = MG_NONE, .module = reading->file };
    const struct mg_node *base = split_dotted(reading, node, &site->rest);
    if (!base)
        return false;
    struct mg_str name = mg_node_text(reading->module, base);
    site->base = look_up(reading, name, base);
    if (!site->base && site->rest.len)
        site->owner = receiver_class(reading, name, base);
    return site->base || site->owner != MG_NONE;
}

/* --- classes and calls --- */

static bool is_harmless(struct mg_str name)
{
    static const char *const names[] = { "object", "ABC", "Generic", "Protocol" };
    for (size_t i = 0; i < MG_COUNT(names); i++)
        if (mg_str_is(name, names[i]))
            return true;
    return false;
}

static bool is_enumeration(struct mg_str name) { return mg_str_ends(name, "Enum") || mg_str_ends(name, "Flag"); }

static void read_base(struct reading *reading, const struct mg_node *node, uint32_t index)
{
    struct mg_callgraph *graph = reading->graph;
    const struct mg_module *module = reading->module;
    if (node->kind == N_KEYWORD_ARGUMENT) {
        struct mg_str meta = mg_last_component(mg_node_dotted(module, mg_node_field(node, F_value)));
        if (mg_node_is(module, mg_node_field(node, F_name), "metaclass") && !mg_str_is(meta, "ABCMeta"))
            graph->classes.at[index].odd_constructor = true;
        return;
    }
    if (node->kind == N_SUBSCRIPT)
        node = mg_node_field(node, F_value);
    struct mg_cg_base base = { .known = false };
    struct mg_str last = mg_last_component(mg_node_dotted(module, node));
    base.known = read_site(reading, node, &base.site);
    /* A class statement in a class body sees the names of that body first. */
    const struct mg_node *above = scope_above(reading->class_nodes.at[index - reading->first_class]);
    const struct mg_node *first = split_dotted(reading, node, &base.site.rest);
    if (first && above && above->kind == N_CLASS) {
        const struct mg_binding *near = mg_names_get(&graph->classes.at[class_index(reading, above)].names, mg_node_text(module, first));
        if (near)
            base.site.base = known(near);
        base.known = base.site.base != NULL;
    }
    base.harmless = is_harmless(last);
    graph->classes.at[index].odd_constructor |= node->kind == N_CALL || is_enumeration(last);
    *MG_PUSH(graph->arena, &graph->classes.at[index].bases) = base;
}

static void read_bases(struct reading *reading)
{
    for (size_t i = 0; i < reading->class_nodes.len; i++) {
        const struct mg_node *list = mg_node_field(reading->class_nodes.at[i], F_superclasses);
        for (const struct mg_node *node = list ? mg_node_first_named(list) : NULL; node; node = mg_node_next_named(node))
            read_base(reading, node, reading->first_class + (uint32_t)i);
    }
}

static void note_assigned(struct reading *reading, const struct mg_node *target)
{
    const struct mg_node *object = mg_node_field(target, F_object), *attribute = mg_node_field(target, F_attribute);
    if (!object || object->kind != N_IDENTIFIER || !attribute)
        return;
    struct mg_str name = mg_node_text(reading->module, object);
    uint32_t class = MG_NONE;
    if (mg_str_is(name, "self") || mg_str_is(name, "cls")) {
        const struct mg_node *above = mg_node_ancestor(target, N_CLASS);
        class = above ? class_index(reading, above) : MG_NONE;
    } else {
        const struct mg_binding *binding = look_up(reading, name, object);
        class = binding && binding->kind == MG_BOUND_CLASS ? binding->index : MG_NONE;
    }
    if (class != MG_NONE)
        *mg_map_slot(&reading->graph->classes.at[class].assigned, mg_node_text(reading->module, attribute)) = reading->graph;
}

/* Attributes that are set from code hide the methods of their name. */
static void read_assigned(struct reading *reading)
{
    for (size_t i = 0; i < reading->module->node_count; i++) {
        const struct mg_node *node = &reading->module->nodes[i];
        if (node->kind != N_ASSIGNMENT && node->kind != N_AUGMENTED && node->kind != N_FOR && node->kind != N_AS_PATTERN_TARGET &&
            node->kind != N_DELETE)
            continue;
        const struct mg_node *left = node->kind == N_AS_PATTERN_TARGET || node->kind == N_DELETE ? node : mg_node_field(node, F_left);
        for (uint32_t k = 0; left && k < left->size;) {
            if (left[k].kind == N_ATTRIBUTE)
                note_assigned(reading, &left[k]);
            k += left[k].kind == N_ATTRIBUTE || left[k].kind == N_SUBSCRIPT ? left[k].size : 1;
        }
    }
}

static void read_calls(struct reading *reading, uint32_t at)
{
    struct mg_callgraph *graph = reading->graph;
    const struct mg_node *node = reading->module->functions.at[at], *body = mg_node_field(node, F_body);
    struct mg_cg_function *function = &graph->functions.at[reading->first_function + at];
    function->first_site = (uint32_t)graph->sites.len;
    for (const struct mg_node *inside = body; body && !node->broken && inside < body + body->size;) {
        struct mg_cg_site site;
        const struct mg_node *called = inside->kind == N_CALL ? mg_node_field(inside, F_function) : NULL;
        if (called && read_site(reading, called, &site))
            *MG_PUSH(graph->arena, &graph->sites) = site;
        inside += inside->kind == N_FUNCTION || inside->kind == N_CLASS || inside->kind == N_TYPE ? inside->size : 1;
    }
    function->site_count = (uint32_t)graph->sites.len - function->first_site;
}

/* --- files --- */

static void index_function(struct mg_callgraph *graph, uint32_t index)
{
    const struct mg_callgraph_function *function = &graph->functions.at[index].seen;
    struct mg_str path = graph->files[function->file].path;
    struct mg_str key = mg_arena_printf(graph->arena, "%.*s\n%.*s", MG_FMT(path), MG_FMT(function->qualname));
    void **slot = mg_map_slot(&graph->by_name, key);
    if (!*slot)
        *slot = MG_NEW(graph->arena, struct mg_callees);
    struct mg_callees *same = *slot;
    *MG_PUSH(graph->arena, same) = index;
}

static void index_file(struct reading *reading)
{
    struct mg_callgraph *graph = reading->graph;
    struct mg_cg_range *range = MG_NEW(graph->arena, struct mg_cg_range);
    *range = (struct mg_cg_range){ reading->first_function, (uint32_t)graph->functions.len - reading->first_function };
    if (graph->files[reading->file].path.len)
        *mg_map_slot(&graph->by_path, graph->files[reading->file].path) = range;
    for (uint32_t i = range->first; i < range->first + range->count; i++)
        index_function(graph, i);
}

static void read_file(struct mg_callgraph *graph, uint32_t file)
{
    struct mg_module *module = NULL;
    struct mg_err ignored = { .code = MG_OK };
    struct reading reading = { .graph = graph, .file = file, .into = &graph->of_file[file] };
    if (mg_module_parse(graph->files[file].text, &module, &ignored) != MG_OK || is_misread(module)) {
        graph->unparsed++;
        mg_module_free(module);
        return;
    }
    reading.module = module;
    reading.scratch = mg_arena_new();
    reading.into->usable = true;
    read_scopes(&reading);
    read_assigned(&reading);
    read_bases(&reading);
    for (size_t i = 0; i < module->functions.len; i++)
        read_calls(&reading, (uint32_t)i);
    index_file(&reading);
    mg_arena_free(reading.scratch);
    mg_module_free(module);
}

/* Names of all modules and of the packages around them; a name that two files claim is nobody's. */
static void name_modules(struct mg_callgraph *graph)
{
    static struct mg_cg_module nobody;
    for (uint32_t i = 0; i < graph->file_count; i++) {
        const struct mg_python_file *file = &graph->files[i];
        graph->of_file[i].importer = (struct mg_importer){ .module = file->module, .is_package = mg_path_is_package(file->path) };
        if (file->module.len == 0)
            continue;
        void **slot = mg_map_slot(&graph->modules, file->module);
        *slot = *slot ? &nobody : &graph->of_file[i];
        for (size_t dot = mg_str_find(file->module, '.', 0); dot < file->module.len; dot = mg_str_find(file->module, '.', dot + 1))
            *mg_map_slot(&graph->packages, mg_str_sub(file->module, 0, dot)) = graph;
    }
}

enum mg_code mg_callgraph_build(struct mg_arena *arena, const struct mg_python_file *files, size_t count, const struct mg_cancel *cancel,
                                struct mg_callgraph **graph, struct mg_err *err)
{
    struct mg_callgraph *made = MG_NEW(arena, struct mg_callgraph);
    *made = (struct mg_callgraph){ .arena = arena, .files = files, .file_count = count };
    made->of_file = MG_NEW_ARRAY(arena, struct mg_cg_module, count);
    struct mg_map *const maps[] = { &made->modules, &made->packages, &made->by_name, &made->by_path };
    for (size_t i = 0; i < MG_COUNT(maps); i++)
        mg_map_init(maps[i], arena);
    name_modules(made);
    for (size_t i = 0; i < count; i++) {
        if (mg_cancelled(cancel))
            return MG_FAIL(err, MG_E_CANCELLED, "stopped while reading who calls whom");
        read_file(made, (uint32_t)i);
    }
    mg_callgraph_link(made);
    *graph = made;
    return MG_OK;
}
