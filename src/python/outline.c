/* Source, class, imports and module of a target as short text. */
#include "python/outline.h"

#include "base/map.h"
#include "base/str.h"
#include "python/imports.h"
#include "python/shown.h"

#define SHORT_INIT 15u    /* lines of an __init__ that is shown whole */
#define WHOLE_MODULE 400u /* lines of a module that is shown whole */
#define HEADER_LIMIT 400u /* bytes of a signature */
#define SCARCE_HEADER 160u
#define VALUE_LIMIT 160u /* of a constant */
#define DOC_LIMIT 120u

/* --- source with line numbers --- */

struct mg_str mg_outline_source(struct mg_str text, const struct mg_function *function, size_t limit, struct mg_arena *arena)
{
    size_t start = function->start;
    while (start > 0 && text.at[start - 1] != '\n')
        start--;
    int width = 1;
    for (uint32_t n = function->end_line; n >= 10; n /= 10)
        width++;
    struct mg_buf out = MG_BUF(SIZE_MAX);
    struct mg_str rest = mg_str_sub(text, start, function->end), line;
    for (uint32_t number = function->first_line; mg_str_next_line(&rest, &line); number++)
        mg_buf_addf(&out, "%s%*u | %.*s", out.len ? "\n" : "", width, number,
                    MG_FMT(mg_str_ends(line, "\r") ? mg_str_sub(line, 0, line.len - 1) : line));
    return mg_shown_lines(mg_buf_take(&out, arena), limit, arena);
}

/* --- definitions --- */

struct outline {
    const struct mg_module *module;
    struct mg_arena *arena;
    struct mg_buf out;
    const struct mg_function *target; /* marked; NULL for none */
    struct mg_outline_level {
        bool docs, methods, private_methods;
        size_t header; /* bytes of a signature */
    } level;
};

static void add_indented(struct outline *outline, unsigned depth, struct mg_str line)
{
    mg_buf_addf(&outline->out, "%*s%.*s\n", (int)(4 * depth), "", MG_FMT(line));
}

static void add_decorators(struct outline *outline, const struct mg_node *decorated, unsigned depth)
{
    for (const struct mg_node *child = mg_node_first_named(decorated); child; child = mg_node_next_named(child))
        if (child->kind == N_DECORATOR)
            add_indented(outline, depth, mg_shown_node(outline->module, child, VALUE_LIMIT, outline->arena));
}

/* `x = 1`, `x: int = 1`, `x: int`; nothing for other expressions. */
static void add_assignment(struct outline *outline, const struct mg_node *statement, unsigned depth)
{
    const struct mg_node *value = statement->kind == N_EXPRESSION_STATEMENT ? mg_node_first_named(statement) : statement;
    if (value && (value->kind == N_ASSIGNMENT || value->kind == N_TYPE_ALIAS))
        add_indented(outline, depth, mg_shown_node(outline->module, value, VALUE_LIMIT, outline->arena));
}

static void add_function(struct outline *outline, const struct mg_node *node, unsigned depth)
{
    const struct mg_node *inner = mg_undecorated(node), *body = mg_node_field(inner, F_body);
    if (node != inner)
        add_decorators(outline, node, depth);
    struct mg_str header = mg_shown_header(outline->module, inner, outline->level.header, outline->arena);
    struct mg_str doc = outline->level.docs ? mg_shown_doc(outline->module, body, DOC_LIMIT) : MG_STR("");
    bool target = outline->target && outline->target->def_start == inner->start;
    struct mg_str note = target ? MG_STR("the target") : doc;
    add_indented(outline, depth, mg_arena_printf(outline->arena, "%.*s: ...%s%.*s", MG_FMT(header), note.len ? "  # " : "", MG_FMT(note)));
}

static void add_members(struct outline *outline, const struct mg_node *block, unsigned depth, bool whole_init);

static void add_class_head(struct outline *outline, const struct mg_node *node, unsigned depth)
{
    const struct mg_node *inner = mg_undecorated(node);
    if (node != inner)
        add_decorators(outline, node, depth);
    struct mg_str header = mg_shown_header(outline->module, inner, outline->level.header, outline->arena);
    struct mg_str doc = outline->level.docs ? mg_shown_doc(outline->module, mg_node_field(inner, F_body), DOC_LIMIT) : MG_STR("");
    add_indented(outline, depth, mg_arena_printf(outline->arena, "%.*s:%s%.*s", MG_FMT(header), doc.len ? "  # " : "", MG_FMT(doc)));
}

static void add_init(struct outline *outline, const struct mg_node *node, unsigned depth)
{
    struct mg_str text = outline->module->text;
    const struct mg_node *last = mg_node_last_code(mg_undecorated(node));
    if (last->end_line - node->line + 1 > SHORT_INIT) {
        add_function(outline, node, depth);
        return;
    }
    uint32_t start = node->start;
    while (start > 0 && text.at[start - 1] != '\n')
        start--;
    struct mg_str rest = mg_shown_dedented(mg_str_sub(text, start, last->end), outline->arena), line;
    while (mg_str_next_line(&rest, &line))
        add_indented(outline, line.len ? depth : 0, line);
}

/* `_helper` methods, where room is scarce; `__init__` and the like stay. */
static bool is_left_out(const struct outline *outline, const struct mg_node *function)
{
    const struct mg_node *name = mg_node_field(function, F_name);
    struct mg_str text = name ? mg_node_text(outline->module, name) : MG_STR("");
    return !outline->level.private_methods && mg_str_starts(text, "_") && !mg_str_ends(text, "__");
}

static void add_member(struct outline *outline, const struct mg_node *node, unsigned depth, bool whole_init)
{
    const struct mg_node *inner = mg_undecorated(node);
    if (inner->kind == N_FUNCTION && depth > 0 && is_left_out(outline, inner))
        return;
    if (inner->kind == N_FUNCTION) {
        bool init = mg_node_is(outline->module, mg_node_field(inner, F_name), "__init__");
        bool target = outline->target && outline->target->def_start == inner->start;
        if (init && whole_init && !target)
            add_init(outline, node, depth);
        else
            add_function(outline, node, depth);
    } else if (inner->kind == N_CLASS) {
        add_class_head(outline, node, depth);
        size_t before = outline->out.len;
        if (outline->level.methods && depth < 3)
            add_members(outline, mg_node_field(inner, F_body), depth + 1, false);
        if (outline->out.len == before)
            add_indented(outline, depth + 1, MG_STR("..."));
    } else if (!mg_is_main_guard(outline->module, node) && mg_is_transparent(node)) {
        add_members(outline, node, depth, whole_init);
    } else {
        add_assignment(outline, node, depth);
    }
}

/* Statements of a block, and of the `if`, `try` and `with` blocks in it, at one depth. */
static void add_members(struct outline *outline, const struct mg_node *block, unsigned depth, bool whole_init)
{
    for (const struct mg_node *node = block ? mg_node_first_named(block) : NULL; node; node = mg_node_next_named(node))
        add_member(outline, node, depth, whole_init);
}

static struct mg_str finish(struct outline *outline)
{
    struct mg_str text = mg_buf_take(&outline->out, outline->arena);
    return mg_str_sub(text, 0, text.len ? text.len - 1 : 0);
}

/* --- the class around a method --- */

struct mg_str mg_outline_class(const struct mg_module *module, const struct mg_function *function, size_t limit, struct mg_arena *arena)
{
    const struct mg_node *node = mg_function_node(module, function), *classes[8] = { NULL };
    size_t count = 0;
    for (const struct mg_node *above = node ? node->parent : NULL; above && above->kind != N_FUNCTION; above = above->parent)
        if (above->kind == N_CLASS && count < MG_COUNT(classes))
            classes[count++] = above->parent->kind == N_DECORATED ? above->parent : above;
    if (count == 0)
        return MG_STR("");
    struct outline outline = {
        .module = module, .arena = arena, .out = MG_BUF(SIZE_MAX), .target = function, .level = { true, true, true, HEADER_LIMIT }
    };
    for (size_t i = count; i-- > 0;)
        add_class_head(&outline, classes[i], (unsigned)(count - 1 - i));
    add_members(&outline, mg_node_field(mg_undecorated(classes[0]), F_body), (unsigned)count, true);
    struct mg_str text = finish(&outline);
    if (text.len <= limit)
        return text;
    /* Attributes and the constructor come first in most classes: what is cut are the signatures behind. */
    return mg_shown_lines(text, limit, arena);
}

/* --- imports --- */

static void add_import(struct mg_buf *out, const struct mg_import *import, struct mg_map *seen, struct mg_arena *arena)
{
    if (import->module.len == 0)
        return;
    struct mg_str as = import->alias.len ? mg_arena_printf(arena, " as %.*s", MG_FMT(import->alias)) : MG_STR("");
    struct mg_str line = import->name.len
                             ? mg_arena_printf(arena, "from %.*s import %.*s%.*s", MG_FMT(import->module), MG_FMT(import->name), MG_FMT(as))
                             : mg_arena_printf(arena, "import %.*s%.*s", MG_FMT(import->module), MG_FMT(as));
    void **known = mg_map_slot(seen, line);
    if (*known)
        return;
    *known = out;
    mg_buf_addf(out, "%s%.*s", out->len ? "\n" : "", MG_FMT(line));
}

static void add_imports(const struct mg_module *module, const struct mg_node *block, const struct mg_importer *importer, struct mg_buf *out,
                        struct mg_map *seen, struct mg_arena *arena)
{
    for (const struct mg_node *node = mg_node_first_named(block); node; node = mg_node_next_named(node)) {
        struct mg_imports imports = { 0 };
        mg_imports_of(module, node, importer, arena, &imports);
        for (size_t i = 0; i < imports.len; i++)
            add_import(out, &imports.at[i], seen, arena);
        if (mg_is_transparent(node) && !mg_is_main_guard(module, node))
            add_imports(module, node, importer, out, seen, arena);
    }
}

struct mg_str mg_outline_imports(const struct mg_module *module, const struct mg_python_file *file, size_t limit, struct mg_arena *arena)
{
    struct mg_importer importer = { .module = file->module, .is_package = mg_path_is_package(file->path) };
    struct mg_buf out = MG_BUF(SIZE_MAX);
    struct mg_map seen;
    mg_map_init(&seen, arena);
    add_imports(module, module->nodes, &importer, &out, &seen, arena);
    return mg_shown_lines(mg_buf_take(&out, arena), limit, arena);
}

/* --- the module --- */

static struct mg_str outline_at(const struct mg_module *module, struct mg_outline_level level, struct mg_arena *arena)
{
    struct outline outline = { .module = module, .arena = arena, .out = MG_BUF(SIZE_MAX), .level = level };
    struct mg_str doc = level.docs ? mg_shown_doc(module, module->nodes, DOC_LIMIT) : MG_STR("");
    if (doc.len)
        mg_buf_addf(&outline.out, "# %.*s\n", MG_FMT(doc));
    add_members(&outline, module->nodes, 0, false);
    return finish(&outline);
}

struct mg_str mg_outline_module(const struct mg_module *module, struct mg_str text, size_t limit, struct mg_arena *arena, bool *whole)
{
    static const struct mg_outline_level levels[] = { { true, true, true, HEADER_LIMIT },
                                                      { false, true, true, HEADER_LIMIT },
                                                      { false, true, false, SCARCE_HEADER },
                                                      { false, false, false, SCARCE_HEADER } };
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    *whole = lines <= WHOLE_MODULE && text.len <= limit;
    if (*whole)
        return mg_str_trim(mg_shown_dedented(text, arena));
    struct mg_str shown = MG_STR("");
    for (size_t i = 0; i < MG_COUNT(levels); i++) {
        shown = outline_at(module, levels[i], arena);
        if (shown.len <= limit)
            return shown;
    }
    return mg_shown_lines(shown, limit, arena);
}
