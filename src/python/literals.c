/* Literals of a module: values worth trying, from the code itself and from calls in existing tests. */
#include "base/map.h"
#include "base/str.h"
#include "python/syntax.h"
#include "python/tree.h"

#define LONGEST_LITERAL 2000u

static bool is_atom(const struct mg_module *module, const struct mg_node *node)
{
    if (node->kind == N_INTEGER || node->kind == N_FLOAT)
        return true;
    return node->kind == N_STRING && node->line == node->end_line && node->end - node->start <= LONGEST_LITERAL &&
           !mg_node_contains(node, N_INTERPOLATION) && !mg_str_contains(mg_node_text(module, mg_node_first(node)), "f");
}

static bool is_documentation(const struct mg_node *node)
{
    return node->kind == N_EXPRESSION_STATEMENT && node->size > 1 && mg_node_count_named(node) == 1 &&
           (mg_node_first_named(node)->kind == N_STRING || mg_node_first_named(node)->kind == N_CONCATENATED_STRING);
}

void mg_module_literals(const struct mg_module *module, uint32_t start, uint32_t end, struct mg_arena *arena, struct mg_literals *literals)
{
    struct mg_map seen;
    mg_map_init(&seen, arena);
    for (size_t i = 0; i < module->node_count;) {
        const struct mg_node *node = &module->nodes[i];
        bool outside = node->end <= start || node->start >= end;
        if (outside || node->kind == N_TYPE || node->kind == N_FORMAT_SPECIFIER || is_documentation(node)) {
            i += node->size;
            continue;
        }
        i++;
        if (node->start < start || node->end > end || !is_atom(module, node))
            continue;
        void **slot = mg_map_slot(&seen, mg_node_text(module, node));
        if (!*slot) {
            *slot = module->nodes;
            *MG_PUSH(arena, literals) = mg_arena_str(arena, mg_node_text(module, node));
        }
    }
}

/* Constants, and displays of nothing but constants. */
static bool is_literal(const struct mg_module *module, const struct mg_node *node)
{
    if (node->end - node->start > LONGEST_LITERAL)
        return false;
    for (uint32_t i = 0; i < node->size;) {
        if (!node[i].named || node[i].kind == N_COMMENT) {
            i++;
            continue;
        }
        if (mg_node_is_constant(module, &node[i])) {
            i += node[i].size;
            continue;
        }
        switch (node[i].kind) {
        case N_LIST:
        case N_TUPLE:
        case N_SET:
        case N_DICTIONARY:
        case N_PAIR:
        case N_PARENTHESIZED:
            i++;
            break;
        default:
            return false;
        }
    }
    return true;
}

static bool fill_call(const struct mg_module *module, const struct mg_node *call, struct mg_arena *arena, struct mg_literal_call *made)
{
    const struct mg_node *arguments = mg_node_field(call, F_arguments);
    if (!arguments || arguments->kind != N_ARGUMENTS || call->broken)
        return false;
    for (const struct mg_node *argument = mg_node_first_named(arguments); argument; argument = mg_node_next_named(argument)) {
        const struct mg_node *value = argument->kind == N_KEYWORD_ARGUMENT ? mg_node_field(argument, F_value) : argument;
        if (!value || !is_literal(module, value))
            return false;
        *MG_PUSH(arena, &made->arguments) = mg_arena_str(arena, mg_node_text(module, argument));
    }
    return true;
}

void mg_module_literal_calls(const struct mg_module *module, struct mg_str name, struct mg_arena *arena, struct mg_literal_calls *calls)
{
    for (size_t i = 0; i < module->node_count; i++) {
        const struct mg_node *node = &module->nodes[i];
        if (node->kind != N_CALL)
            continue;
        const struct mg_node *callee = mg_node_field(node, F_function);
        if (callee && callee->kind == N_ATTRIBUTE)
            callee = mg_node_field(callee, F_attribute);
        if (!callee || callee->kind != N_IDENTIFIER || !mg_str_eq(mg_node_text(module, callee), name))
            continue;
        struct mg_literal_call made = { 0 };
        if (fill_call(module, node, arena, &made))
            *MG_PUSH(arena, calls) = made;
    }
}
