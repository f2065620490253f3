/* Import statements: dots are counted from the importing module's package. */
#include "python/imports.h"

#include "base/str.h"

/* `level` dots from the importer: one means its own package. Empty when they lead out of it. */
static struct mg_str package_at(const struct mg_importer *importer, size_t level)
{
    struct mg_str package = importer->module;
    for (size_t up = importer->is_package ? 1 : 0; up < level; up++) {
        size_t dot = mg_str_rfind(package, '.');
        package = dot == package.len ? MG_STR("") : mg_str_sub(package, 0, dot);
    }
    return package;
}

static struct mg_str absolute(const struct mg_module *module, const struct mg_node *from, const struct mg_importer *importer, struct mg_arena *arena)
{
    if (from->kind != N_RELATIVE_IMPORT)
        return mg_arena_str(arena, mg_node_text(module, from));
    const struct mg_node *prefix = mg_node_first(from), *rest = NULL;
    struct mg_str dots = prefix ? mg_node_text(module, prefix) : MG_STR("");
    size_t level = 0;
    for (size_t i = 0; i < dots.len; i++)
        level += dots.at[i] == '.';
    for (const struct mg_node *child = mg_node_first_named(from); child; child = mg_node_next_named(child))
        if (child->kind == N_DOTTED_NAME)
            rest = child;
    struct mg_str package = package_at(importer, level);
    if (package.len == 0 || !rest)
        return package;
    return mg_arena_printf(arena, "%.*s.%.*s", MG_FMT(package), MG_FMT(mg_node_text(module, rest)));
}

void mg_imports_of(const struct mg_module *module, const struct mg_node *statement, const struct mg_importer *importer, struct mg_arena *arena,
                   struct mg_imports *imports)
{
    if (statement->kind != N_IMPORT && statement->kind != N_IMPORT_FROM)
        return;
    const struct mg_node *from = statement->kind == N_IMPORT_FROM ? mg_node_field(statement, F_module_name) : NULL;
    if (statement->kind == N_IMPORT_FROM && !from)
        return;
    struct mg_str source = from ? absolute(module, from, importer, arena) : MG_NO_STR;
    for (const struct mg_node *child = mg_node_first(statement); child; child = mg_node_next(child)) {
        bool star = child->kind == N_WILDCARD_IMPORT;
        if (child->field != F_name && !star)
            continue;
        const struct mg_node *name = child->kind == N_ALIASED_IMPORT ? mg_node_field(child, F_name) : child;
        const struct mg_node *alias = child->kind == N_ALIASED_IMPORT ? mg_node_field(child, F_alias) : NULL;
        if (!name)
            continue;
        struct mg_import *import = MG_PUSH(arena, imports);
        *import = (struct mg_import){ .relative = from && from->kind == N_RELATIVE_IMPORT };
        import->module = from ? source : mg_node_text(module, name);
        import->name = from ? mg_node_text(module, name) : MG_NO_STR;
        import->alias = alias ? mg_node_text(module, alias) : MG_NO_STR;
    }
}

struct mg_str mg_import_binds(const struct mg_import *import)
{
    if (import->alias.len)
        return import->alias;
    if (import->name.len)
        return mg_str_is(import->name, "*") ? MG_NO_STR : import->name;
    return mg_str_sub(import->module, 0, mg_str_find(import->module, '.', 0));
}
