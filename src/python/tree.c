/* Questions about nodes of the flat tree. */
#include "python/tree.h"

#include <string.h>

#include "base/str.h"

struct mg_str mg_node_text(const struct mg_module *module, const struct mg_node *node) { return mg_str_sub(module->text, node->start, node->end); }

bool mg_node_is(const struct mg_module *module, const struct mg_node *node, const char *text)
{
    return node && mg_str_is(mg_node_text(module, node), text);
}

const struct mg_node *mg_node_first(const struct mg_node *node) { return node->size > 1 ? node + 1 : NULL; }
const struct mg_node *mg_node_next(const struct mg_node *node) { return node->last || !node->parent ? NULL : node + node->size; }

static const struct mg_node *skip_to_named(const struct mg_node *node)
{
    while (node && (!node->named || node->kind == N_COMMENT || node->kind == N_LINE_CONTINUATION))
        node = mg_node_next(node);
    return node;
}

const struct mg_node *mg_node_first_named(const struct mg_node *node) { return skip_to_named(mg_node_first(node)); }

const struct mg_node *mg_node_next_named(const struct mg_node *node)
{
    node = mg_node_next(node);
    return skip_to_named(node);
}

const struct mg_node *mg_node_named(const struct mg_node *node, unsigned n)
{
    node = mg_node_first_named(node);
    while (node && n--)
        node = mg_node_next_named(node);
    return node;
}

const struct mg_node *mg_node_last_named(const struct mg_node *node)
{
    const struct mg_node *last = NULL;
    for (const struct mg_node *child = mg_node_first_named(node); child; child = mg_node_next_named(child))
        last = child;
    return last;
}

unsigned mg_node_count_named(const struct mg_node *node)
{
    unsigned count = 0;
    for (const struct mg_node *child = mg_node_first_named(node); child; child = mg_node_next_named(child))
        count++;
    return count;
}

const struct mg_node *mg_node_field(const struct mg_node *node, enum mg_node_field field)
{
    for (const struct mg_node *child = mg_node_first(node); child; child = mg_node_next(child))
        if (child->field == field && child->kind != N_COMMENT)
            return child;
    return NULL;
}

bool mg_node_contains(const struct mg_node *node, enum mg_node_kind kind)
{
    for (uint32_t i = 0; i < node->size; i++)
        if (node[i].kind == kind)
            return true;
    return false;
}

const struct mg_node *mg_node_unwrapped(const struct mg_node *node)
{
    while (node && node->kind == N_PARENTHESIZED && mg_node_first_named(node))
        node = mg_node_first_named(node);
    return node;
}

const struct mg_node *mg_node_ancestor(const struct mg_node *node, enum mg_node_kind kind)
{
    for (node = node->parent; node && node->kind != kind;)
        node = node->parent;
    return node;
}

bool mg_node_is_statement(const struct mg_node *node)
{
    if ((node->kind >= N_FUTURE_IMPORT && node->kind <= N_IF) || (node->kind >= N_FOR && node->kind <= N_TRY))
        return true;
    return node->kind == N_WITH || node->kind == N_MATCH || node->kind == N_FUNCTION || node->kind == N_CLASS || node->kind == N_DECORATED;
}

bool mg_node_is_constant(const struct mg_module *module, const struct mg_node *node)
{
    switch (node->kind) {
    case N_INTEGER:
    case N_FLOAT:
    case N_TRUE:
    case N_FALSE:
    case N_NONE:
    case N_ELLIPSIS:
        return true;
    case N_STRING:
    case N_CONCATENATED_STRING:
        return !mg_node_contains(node, N_INTERPOLATION);
    case N_UNARY: {
        const struct mg_node *argument = mg_node_field(node, F_argument);
        return argument && (argument->kind == N_INTEGER || argument->kind == N_FLOAT) && !mg_node_is(module, mg_node_first(node), "~");
    }
    default:
        return false;
    }
}

struct mg_str mg_node_dotted(const struct mg_module *module, const struct mg_node *node)
{
    if (node && node->kind == N_CALL)
        node = mg_node_field(node, F_function);
    if (!node)
        return MG_NO_STR;
    const struct mg_node *part = node;
    while (part && part->kind == N_ATTRIBUTE && part->line == part->end_line)
        part = mg_node_field(part, F_object);
    return part && part->kind == N_IDENTIFIER ? mg_node_text(module, node) : MG_NO_STR;
}

struct mg_str mg_last_component(struct mg_str dotted)
{
    size_t dot = mg_str_rfind(dotted, '.');
    return dot == dotted.len ? dotted : mg_str_sub(dotted, dot + 1, dotted.len);
}

const struct mg_node *mg_docstring(const struct mg_module *module, const struct mg_node *block)
{
    const struct mg_node *first = mg_node_first_named(block);
    if (!first || first->kind != N_EXPRESSION_STATEMENT || mg_node_count_named(first) != 1)
        return NULL;
    const struct mg_node *value = mg_node_unwrapped(mg_node_first_named(first));
    if (value->kind != N_STRING && value->kind != N_CONCATENATED_STRING)
        return NULL;
    const struct mg_node *string = value->kind == N_STRING ? value : mg_node_first_named(value);
    const struct mg_node *quote = string ? mg_node_first(string) : NULL;
    struct mg_str prefix = quote ? mg_node_text(module, quote) : MG_NO_STR;
    for (size_t i = 0; i < prefix.len; i++)
        if (strchr("bBfFtT", prefix.at[i]))
            return NULL;
    return first;
}

const struct mg_node *mg_function_node(const struct mg_module *module, const struct mg_function *function)
{
    size_t low = 0, high = module->functions.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (module->functions.at[middle]->start < function->def_start)
            low = middle + 1;
        else
            high = middle;
    }
    return low < module->functions.len && module->functions.at[low]->start == function->def_start ? module->functions.at[low] : NULL;
}

/* The last child that is code, down to a simple statement: a block's own end may lie behind comments. */
const struct mg_node *mg_node_last_code(const struct mg_node *node)
{
    for (;;) {
        const struct mg_node *last = mg_node_last_named(node);
        bool descends = node->kind == N_BLOCK || node->kind == N_ELIF || node->kind == N_ELSE || node->kind == N_EXCEPT || node->kind == N_FINALLY ||
                        node->kind == N_CASE || (mg_node_is_statement(node) && node->kind >= N_IF);
        if (!last || !descends)
            return node;
        node = last;
    }
}
