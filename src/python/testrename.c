/* Scope-aware enough for tests: globals of a module, parameters that hide them, fixtures that are asked for by name. */
#include "python/testrename.h"

#include "base/buf.h"
#include "base/str.h"
#include "python/testmodule.h"

struct renaming {
    const struct mg_module *module;
    struct mg_str from;
    bool fixture;
};

/* The name of a parameter node: `x`, `x: int`, `x=1`, `*x`. */
static const struct mg_node *parameter_name(const struct mg_node *parameter)
{
    for (uint32_t n = 0; n < parameter->size; n++)
        if (parameter[n].kind == N_IDENTIFIER)
            return &parameter[n];
    return NULL;
}

static bool has_parameter(const struct renaming *r, const struct mg_node *function)
{
    const struct mg_node *parameters = mg_node_field(function, F_parameters);
    for (const struct mg_node *child = parameters ? mg_node_first_named(parameters) : NULL; child; child = mg_node_next_named(child)) {
        const struct mg_node *name = parameter_name(child);
        if (name && mg_str_eq(mg_node_text(r->module, name), r->from))
            return true;
    }
    return false;
}

/* A parameter of an enclosing function hides the name, or the node is such a parameter. Decorators stand outside. */
static bool is_hidden(const struct renaming *r, const struct mg_node *node)
{
    for (const struct mg_node *up = node->parent; up; up = up->parent)
        if ((up->kind == N_FUNCTION || up->kind == N_LAMBDA) && !(node->parent == up && node->field == F_name) && has_parameter(r, up))
            return true;
    return false;
}

/* `def from(self)` within a class is an attribute. */
static bool is_member_name(const struct mg_node *node)
{
    if (node->field != F_name || !node->parent || (node->parent->kind != N_FUNCTION && node->parent->kind != N_CLASS))
        return false;
    for (const struct mg_node *up = node->parent->parent; up; up = up->parent) {
        if (up->kind == N_CLASS)
            return true;
        if (up->kind == N_FUNCTION)
            return false;
    }
    return false;
}

static bool is_fixture_string(const struct renaming *r, const struct mg_node *node)
{
    if (!mg_str_eq(mg_string_content(r->module, node), r->from))
        return false;
    const struct mg_node *call = mg_node_ancestor(node, N_CALL);
    if (mg_node_ancestor(node, N_DECORATOR))
        return true;
    return call && mg_str_is(mg_last_component(mg_node_dotted(r->module, call)), "getfixturevalue");
}

static bool changes(const struct renaming *r, const struct mg_node *node)
{
    if (node->kind == N_STRING)
        return r->fixture && is_fixture_string(r, node);
    if (!mg_is_variable(node) || !mg_str_eq(mg_node_text(r->module, node), r->from) || is_member_name(node))
        return false;
    return r->fixture || !is_hidden(r, node);
}

struct mg_str mg_renamed(struct mg_arena *arena, struct mg_str source, struct mg_str from, struct mg_str to, bool fixture)
{
    struct mg_module *module = NULL;
    if (mg_module_parse(source, &module, NULL) != MG_OK)
        return source;
    struct renaming r = { module, from, fixture };
    struct mg_buf out = MG_BUF(SIZE_MAX);
    size_t at = 0;
    for (uint32_t n = 0; n < module->nodes->size; n++) {
        const struct mg_node *node = &module->nodes[n];
        if (!changes(&r, node))
            continue;
        size_t start = node->kind == N_STRING ? (size_t)(mg_string_content(module, node).at - source.at) : node->start;
        mg_buf_add(&out, mg_str_sub(source, at, start));
        mg_buf_add(&out, to);
        at = start + from.len;
    }
    mg_buf_add(&out, mg_str_sub(source, at, source.len));
    mg_module_free(module);
    return mg_buf_take(&out, arena);
}

struct mg_str mg_definition_renamed(struct mg_arena *arena, struct mg_str source, struct mg_str from, struct mg_str to)
{
    struct mg_module *module = NULL;
    if (mg_module_parse(source, &module, NULL) != MG_OK)
        return source;
    size_t at = source.len;
    for (uint32_t n = 0; n < module->nodes->size; n++) {
        const struct mg_node *node = &module->nodes[n],
                             *name = node->kind == N_FUNCTION || node->kind == N_CLASS ? mg_node_field(node, F_name) : NULL;
        if (name && mg_str_eq(mg_node_text(module, name), from))
            at = name->start;
    }
    mg_module_free(module);
    if (at == source.len)
        return source;
    struct mg_buf out = MG_BUF(SIZE_MAX);
    mg_buf_add(&out, mg_str_sub(source, 0, at));
    mg_buf_add(&out, to);
    mg_buf_add(&out, mg_str_sub(source, at + from.len, source.len));
    return mg_buf_take(&out, arena);
}

static bool is_taken(struct mg_str name, const struct mg_suite *suite, size_t self, const struct mg_str *taken, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (mg_str_eq(taken[i], name))
            return true;
    for (size_t i = 0; i < suite->tests.len; i++)
        if (i != self && mg_str_eq(suite->tests.at[i].name, name))
            return true;
    return false;
}

void mg_suite_uniquify(struct mg_arena *arena, struct mg_suite *suite, const struct mg_str *taken, size_t count)
{
    for (size_t i = 0; i < suite->tests.len; i++) {
        struct mg_suite_test *test = &suite->tests.at[i];
        struct mg_str name = test->name;
        bool clashes = false;
        for (size_t k = 0; k < count; k++)
            clashes |= mg_str_eq(taken[k], name);
        for (size_t k = 0; k < i; k++)
            clashes |= mg_str_eq(suite->tests.at[k].name, name);
        for (unsigned number = 2; clashes && is_taken(name, suite, i, taken, count); number++)
            name = mg_arena_printf(arena, "%.*s_%u", MG_FMT(test->name), number);
        if (mg_str_eq(name, test->name))
            continue;
        test->source = mg_definition_renamed(arena, test->source, test->name, name);
        test->name = name;
    }
}
