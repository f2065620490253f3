/* Cutting test files into documents, and ranking them by what they call and import. */
#include "python/testdocs.h"

#include "base/map.h"
#include "base/str.h"
#include "python/imports.h"
#include "python/shown.h"
#include "python/syntax.h"

static const char cut_note[] = "\n# ... cut here";

/* Within the limit by whole lines; a first line that is too long is cut in the middle. */
static struct mg_str fitted(struct mg_str text, struct mg_arena *arena)
{
    if (text.len <= MG_TESTDOC_LIMIT)
        return text;
    struct mg_str kept = mg_str_fit(text, MG_TESTDOC_LIMIT - (sizeof cut_note - 1));
    size_t line_end = mg_str_rfind(kept, '\n');
    if (line_end < kept.len)
        kept = mg_str_sub(kept, 0, line_end);
    return mg_arena_printf(arena, "%.*s%s", MG_FMT(kept), cut_note);
}

static struct mg_str whole_lines(struct mg_str text, uint32_t start, uint32_t end, struct mg_arena *arena)
{
    while (start > 0 && text.at[start - 1] != '\n')
        start--;
    return mg_shown_dedented(mg_str_sub(text, start, end), arena);
}

/* A long table of cases is left away before the body is. */
static struct mg_str document_text(struct mg_str text, const struct mg_function *function, struct mg_arena *arena)
{
    struct mg_str all = whole_lines(text, function->start, function->end, arena);
    if (all.len > MG_TESTDOC_LIMIT && function->start != function->def_start)
        all = whole_lines(text, function->def_start, function->end, arena);
    return fitted(all, arena);
}

static struct mg_str document_id(struct mg_str path, const struct mg_function *function, struct mg_arena *arena)
{
    struct mg_buf id = MG_BUF(SIZE_MAX);
    mg_buf_add(&id, path);
    for (size_t i = 0; i < function->scopes.len; i++)
        if (function->scopes.at[i].kind == MG_SCOPE_CLASS)
            mg_buf_addf(&id, "::%.*s", MG_FMT(function->scopes.at[i].name));
    mg_buf_addf(&id, "::%.*s", MG_FMT(function->name));
    return mg_buf_take(&id, arena);
}

static void read_calls(const struct mg_module *module, const struct mg_node *node, struct mg_arena *arena, struct mg_testdoc *doc)
{
    struct mg_arena *scratch = mg_arena_new();
    struct mg_map seen;
    mg_map_init(&seen, scratch);
    for (const struct mg_node *inside = node; inside < node + node->size; inside++) {
        const struct mg_node *called = inside->kind == N_CALL ? mg_node_field(inside, F_function) : NULL;
        const struct mg_node *last = called && called->kind == N_ATTRIBUTE ? mg_node_field(called, F_attribute) : called;
        if (!last || last->kind != N_IDENTIFIER)
            continue;
        void **known = mg_map_slot(&seen, mg_node_text(module, last));
        if (!*known)
            *MG_PUSH(arena, &doc->calls) = mg_node_text(module, last);
        *known = doc;
    }
    mg_arena_free(scratch);
}

static void read_imports(const struct mg_module *module, const struct mg_python_file *file, struct mg_arena *arena,
                         struct mg_testfile_imports *imports)
{
    struct mg_importer importer = { .module = file->module, .is_package = mg_path_is_package(file->path) };
    struct mg_imports found = { 0 };
    for (size_t i = 0; i < module->node_count; i++) /* those in functions too: many tests import in their body */
        mg_imports_of(module, &module->nodes[i], &importer, arena, &found);
    for (size_t i = 0; i < found.len; i++) {
        const struct mg_import *import = &found.at[i];
        if (import->module.len == 0)
            continue;
        *MG_PUSH(arena, imports) = mg_arena_str(arena, import->module);
        if (import->name.len && !mg_str_is(import->name, "*"))
            *MG_PUSH(arena, imports) = mg_arena_printf(arena, "%.*s.%.*s", MG_FMT(import->module), MG_FMT(import->name));
    }
}

static bool is_named_like_test(struct mg_str path)
{
    struct mg_str base = mg_path_base(path);
    return mg_str_starts(base, "test") || mg_str_ends(base, "_test.py");
}

static void add_documents(const struct mg_module *module, const struct mg_python_file *file, uint32_t index, struct mg_arena *arena,
                          struct mg_testdocs *docs)
{
    struct mg_arena *scratch = mg_arena_new();
    struct mg_functions functions = { 0 };
    size_t before = docs->len;
    mg_module_functions(module, scratch, &functions);
    for (size_t i = 0; i < functions.len; i++) {
        const struct mg_function *function = &functions.at[i];
        if (!mg_str_starts(function->name, "test") || function->is_nested || function->has_error)
            continue;
        struct mg_testdoc *doc = MG_PUSH(arena, docs);
        *doc = (struct mg_testdoc){ .id = document_id(file->path, function, arena), .file = index };
        doc->text = document_text(file->text, function, arena);
        read_calls(module, module->functions.at[i], arena, doc);
    }
    mg_arena_free(scratch);
    if (docs->len > before || !is_named_like_test(file->path) || mg_str_trim(file->text).len == 0)
        return;
    struct mg_testdoc *doc = MG_PUSH(arena, docs);
    *doc = (struct mg_testdoc){ .id = file->path, .file = index };
    doc->text = fitted(mg_str_trim(mg_shown_dedented(file->text, arena)), arena);
    read_calls(module, module->nodes, arena, doc);
}

struct mg_testdocs mg_testdocs_make(const struct mg_python_file *files, size_t count, struct mg_arena *arena)
{
    struct mg_testdocs docs = { .imports = MG_NEW_ARRAY(arena, struct mg_testfile_imports, count) };
    for (uint32_t i = 0; i < count; i++) {
        struct mg_module *module = NULL;
        struct mg_err ignored = { .code = MG_OK };
        if (mg_module_parse(files[i].text, &module, &ignored) != MG_OK) {
            docs.unparsed++;
            continue;
        }
        read_imports(module, &files[i], arena, &docs.imports[i]);
        add_documents(module, &files[i], i, arena, &docs);
        mg_module_free(module);
    }
    return docs;
}

/* --- nearest --- */

/* What a test writes to run the target: its own name, or the class's for `__init__` and the like. */
static struct mg_str called_name(const struct mg_function *function)
{
    struct mg_str owner = MG_NO_STR;
    for (size_t i = 0; i < function->scopes.len; i++)
        if (function->scopes.at[i].kind == MG_SCOPE_CLASS)
            owner = function->scopes.at[i].name;
    bool special = mg_str_starts(function->name, "__") && mg_str_ends(function->name, "__");
    return special && owner.len ? owner : function->name;
}

static bool is_imported(const struct mg_testfile_imports *imports, struct mg_str name)
{
    for (size_t i = 0; i < imports->len; i++)
        if (mg_str_eq(imports->at[i], name))
            return true;
    return false;
}

/* A package around the module, or the name from there: packages hand their modules' names on. */
static bool is_imported_through_package(const struct mg_testfile_imports *imports, struct mg_str module, struct mg_str name)
{
    for (size_t i = 0; i < imports->len; i++) {
        struct mg_str import = imports->at[i];
        bool named = import.len > name.len && mg_str_eq(mg_last_component(import), name);
        struct mg_str package = named ? mg_str_sub(import, 0, import.len - name.len - 1) : import;
        if (package.len && package.len < module.len && module.at[package.len] == '.' && mg_str_eq(mg_str_sub(module, 0, package.len), package))
            return true;
    }
    return false;
}

static unsigned rank(const struct mg_testdocs *docs, const struct mg_testdoc *doc, struct mg_str name, struct mg_str module)
{
    const struct mg_testfile_imports *imports = &docs->imports[doc->file];
    bool imported = is_imported(imports, module);
    for (size_t i = 0; i < doc->calls.len; i++)
        if (mg_str_eq(doc->calls.at[i], name))
            return imported || is_imported_through_package(imports, module, name) ? 3 : 2;
    return imported ? 1 : 0;
}

/* `tests/test_mod.py` and `mod_test.py` for `pkg.mod` and `pkg._mod`. */
static bool is_named_after(struct mg_str id, struct mg_str module)
{
    struct mg_str path = mg_str_sub(id, 0, mg_str_find(id, ':', 0)), leaf = mg_last_component(module);
    struct mg_str base = mg_path_base(path);
    while (mg_str_starts(leaf, "_"))
        leaf = mg_str_sub(leaf, 1, leaf.len);
    base = mg_str_sub(base, 0, mg_str_find(base, '.', 0));
    base = mg_str_starts(base, "test_") ? mg_str_sub(base, 5, base.len) : mg_str_ends(base, "_test") ? mg_str_sub(base, 0, base.len - 5) : base;
    return leaf.len > 0 && mg_str_eq(base, leaf);
}

struct mg_testdocs_found mg_testdocs_nearest(const struct mg_testdocs *docs, const struct mg_target *target, size_t most, size_t limit,
                                             struct mg_arena *arena)
{
    struct mg_testdocs_found found = { 0 };
    struct mg_str name = called_name(&target->function);
    size_t sum = 0;
    for (unsigned wanted = 7; wanted > 1; wanted--)
        for (uint32_t i = 0; i < docs->len && found.len < most; i++) {
            unsigned got = 2 * rank(docs, &docs->at[i], name, target->module) + is_named_after(docs->at[i].id, target->module);
            if (got != wanted || docs->at[i].text.len > limit - sum)
                continue;
            sum += docs->at[i].text.len;
            *MG_PUSH(arena, &found) = i;
        }
    return found;
}
