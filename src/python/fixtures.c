/* Finding fixtures by their decorator. */
#include "python/fixtures.h"

#include <stdlib.h>

#include "base/str.h"
#include "python/shown.h"
#include "python/tree.h"

#define TEXT_LIMIT 200u /* bytes of parameters, annotation, docstring */

/* The `@pytest.fixture` of a definition, under any import name; NULL when it has none. */
static const struct mg_node *fixture_decorator(const struct mg_module *module, const struct mg_node *decorated)
{
    static const char *const names[] = { "fixture", "yield_fixture", "async_fixture" };
    for (const struct mg_node *child = mg_node_first_named(decorated); child; child = mg_node_next_named(child)) {
        const struct mg_node *made = child->kind == N_DECORATOR ? mg_node_first_named(child) : NULL;
        struct mg_str name = mg_last_component(mg_node_dotted(module, made));
        for (size_t i = 0; i < MG_COUNT(names); i++)
            if (mg_str_is(name, names[i]))
                return made;
    }
    return NULL;
}

static struct mg_str unquoted(const struct mg_module *module, const struct mg_node *value)
{
    struct mg_str text = mg_node_text(module, value);
    bool plain = value->kind == N_STRING && text.len >= 2 && (text.at[0] == '"' || text.at[0] == '\'');
    return plain ? mg_str_sub(text, 1, text.len - 1) : text;
}

static void read_options(const struct mg_module *module, const struct mg_node *call, struct mg_arena *arena, struct mg_fixture *fixture)
{
    const struct mg_node *arguments = call->kind == N_CALL ? mg_node_field(call, F_arguments) : NULL;
    for (const struct mg_node *child = arguments ? mg_node_first_named(arguments) : NULL; child; child = mg_node_next_named(child)) {
        const struct mg_node *name = child->kind == N_KEYWORD_ARGUMENT ? mg_node_field(child, F_name) : NULL;
        const struct mg_node *value = name ? mg_node_field(child, F_value) : NULL;
        if (!value)
            continue;
        if (mg_node_is(module, name, "scope"))
            fixture->scope = value->kind == N_STRING ? mg_arena_str(arena, unquoted(module, value)) : mg_shown_node(module, value, TEXT_LIMIT, arena);
        else if (mg_node_is(module, name, "name") && value->kind == N_STRING)
            fixture->name = mg_arena_str(arena, unquoted(module, value));
        else if (mg_node_is(module, name, "autouse"))
            fixture->automatic = value->kind == N_TRUE;
        else if (mg_node_is(module, name, "params"))
            fixture->parametrized = true;
    }
}

static bool is_generator(const struct mg_node *body)
{
    for (uint32_t i = 0; body && i < body->size;) {
        if (body[i].kind == N_YIELD)
            return true;
        i += body[i].kind == N_FUNCTION || body[i].kind == N_LAMBDA ? body[i].size : 1;
    }
    return false;
}

static void add_fixture(const struct mg_module *module, const struct mg_node *function, const struct mg_node *decorator, struct mg_str path,
                        struct mg_arena *arena, struct mg_fixtures *fixtures)
{
    const struct mg_node *body = mg_node_field(function, F_body), *parameters = mg_node_field(function, F_parameters);
    const struct mg_node *returns = mg_node_field(function, F_return_type);
    struct mg_fixture made = { .name = mg_arena_str(arena, mg_node_text(module, mg_node_field(function, F_name))),
                               .scope = MG_STR("function"),
                               .path = path };
    struct mg_str list = parameters ? mg_shown_node(module, parameters, TEXT_LIMIT, arena) : MG_STR("()");
    made.parameters = mg_str_ends(list, ")") ? mg_str_sub(list, 1, list.len - 1) : mg_str_sub(list, 1, list.len);
    made.returns = returns ? mg_shown_node(module, returns, TEXT_LIMIT, arena) : MG_STR("");
    made.doc = mg_arena_str(arena, mg_shown_doc(module, body, TEXT_LIMIT));
    made.yields = is_generator(body);
    read_options(module, decorator, arena, &made);
    for (size_t i = 0; i < fixtures->len; i++)
        if (mg_str_eq(fixtures->at[i].name, made.name)) {
            fixtures->at[i] = made;
            return;
        }
    *MG_PUSH(arena, fixtures) = made;
}

static void read_block(const struct mg_module *module, const struct mg_node *block, struct mg_str path, struct mg_arena *arena,
                       struct mg_fixtures *fixtures)
{
    for (const struct mg_node *node = mg_node_first_named(block); node; node = mg_node_next_named(node)) {
        const struct mg_node *inner = mg_undecorated(node);
        const struct mg_node *decorator = inner != node && inner->kind == N_FUNCTION ? fixture_decorator(module, node) : NULL;
        if (decorator && !inner->broken && mg_node_field(inner, F_name))
            add_fixture(module, inner, decorator, path, arena, fixtures);
        else if (mg_is_transparent(node))
            read_block(module, node, path, arena, fixtures);
    }
}

/* Whether a conftest.py stands in `folder` or above it. */
static bool is_above(struct mg_str path, struct mg_str folder)
{
    struct mg_str own = mg_path_folder(path);
    return own.len == 0 ||
           (folder.len >= own.len && mg_str_eq(mg_str_sub(folder, 0, own.len), own) && (folder.len == own.len || folder.at[own.len] == '/'));
}

static int outer_first(const void *a, const void *b)
{
    const struct mg_python_file *const *left = a, *const *right = b;
    if ((*left)->path.len != (*right)->path.len)
        return (*left)->path.len < (*right)->path.len ? -1 : 1;
    return mg_str_cmp((*left)->path, (*right)->path);
}

struct mg_fixtures mg_fixtures_for(const struct mg_python_file *conftests, size_t count, struct mg_str tests_dir, struct mg_arena *arena)
{
    struct mg_fixtures fixtures = { 0 };
    MG_LIST(const struct mg_python_file *) above = { 0 };
    for (size_t i = 0; i < count; i++)
        if (is_above(conftests[i].path, tests_dir))
            *MG_PUSH(arena, &above) = &conftests[i];
    if (above.len > 1)
        qsort(above.at, above.len, sizeof *above.at, outer_first);
    for (size_t i = 0; i < above.len; i++) {
        struct mg_module *module = NULL;
        struct mg_err ignored = { .code = MG_OK };
        if (mg_module_parse(above.at[i]->text, &module, &ignored) != MG_OK)
            fixtures.unparsed++;
        else
            read_block(module, module->nodes, above.at[i]->path, arena, &fixtures);
        mg_module_free(module);
    }
    return fixtures;
}

struct mg_str mg_fixtures_text(const struct mg_fixtures *fixtures, size_t limit, struct mg_arena *arena)
{
    struct mg_buf out = MG_BUF(SIZE_MAX);
    for (size_t i = 0; i < fixtures->len; i++) {
        const struct mg_fixture *fixture = &fixtures->at[i];
        mg_buf_addf(&out, "%s%.*s(%.*s)", out.len ? "\n" : "", MG_FMT(fixture->name), MG_FMT(fixture->parameters));
        if (fixture->returns.len)
            mg_buf_addf(&out, " -> %.*s", MG_FMT(fixture->returns));
        mg_buf_addf(&out, "  # %.*s%s%s%s%s%.*s", MG_FMT(fixture->scope), fixture->yields ? ", yields" : "", fixture->automatic ? ", automatic" : "",
                    fixture->parametrized ? ", parametrized" : "", fixture->doc.len ? ": " : "", MG_FMT(fixture->doc));
    }
    return mg_shown_lines(mg_buf_take(&out, arena), limit, arena);
}
