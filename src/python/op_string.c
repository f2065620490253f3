/* CRP-str: a text becomes empty, an empty text becomes some. On request: messages to people, other letters, more text. */
#include <string.h>

#include "base/str.h"
#include "python/operators.h"

/* Names that choose a mode or an encoding: other spellings mean the same or fail at once. */
bool mg_is_technical_text(const struct mg_module *module, const struct mg_node *node)
{
    const struct mg_node *above = node->parent;
    if (above->kind == N_KEYWORD_ARGUMENT) {
        const struct mg_node *name = mg_node_field(above, F_name);
        return mg_node_is(module, name, "encoding") || mg_node_is(module, name, "errors") || mg_node_is(module, name, "mode");
    }
    if (above->kind != N_ARGUMENTS || !above->parent)
        return false;
    struct mg_str callee = mg_callee_name(module, above->parent);
    if (mg_str_is(callee, "encode") || mg_str_is(callee, "decode"))
        return true;
    bool second = mg_str_is(callee, "open") || mg_str_is(callee, "str") || mg_str_is(callee, "bytes");
    return second && mg_node_first_named(above) != node;
}

static bool mentions(const struct mg_module *module, const struct mg_node *node, struct mg_str name)
{
    for (uint32_t i = 0; i < node->size; i++)
        if (node[i].kind == N_IDENTIFIER && mg_str_eq(mg_node_text(module, &node[i]), name))
            return true;
    return false;
}

/* What `raise` and `assert` say, also by way of a variable (`msg = "…"` and `raise E(msg)`), and the help of an option. */
static bool is_message(const struct mg_module *module, const struct mg_node *node)
{
    for (const struct mg_node *above = node->parent; above; node = above, above = above->parent) {
        if (above->kind == N_RAISE)
            return true;
        if (above->kind == N_ASSERT)
            return mg_node_first_named(above) != node;
        if (above->kind == N_KEYWORD_ARGUMENT) {
            const struct mg_node *name = mg_node_field(above, F_name);
            if (mg_node_is(module, name, "help") || mg_node_is(module, name, "epilog"))
                return true;
        }
        if (above->kind == N_ASSIGNMENT && node->field == F_right) {
            const struct mg_node *left = mg_node_field(above, F_left), *next = above->parent ? mg_node_next_named(above->parent) : NULL;
            return left && left->kind == N_IDENTIFIER && next && next->kind == N_RAISE && mentions(module, next, mg_node_text(module, left));
        }
        if (mg_node_is_statement(above))
            break;
    }
    return false;
}

/* The same text with the case of its ASCII letters turned. Escapes would change their meaning, fields are code. */
static void turn_case(struct mg_sink *sink, const struct mg_node *node, size_t prefix)
{
    struct mg_str text = mg_arena_str(sink->arena, mg_node_text(sink->module, node));
    char *at = (char *)(uintptr_t)text.at; /* our own copy */
    bool letters = false;
    if (memchr(text.at, '\\', text.len) || mg_node_contains(node, N_INTERPOLATION))
        return;
    for (size_t i = prefix; i < text.len; i++) {
        bool letter = (at[i] >= 'a' && at[i] <= 'z') || (at[i] >= 'A' && at[i] <= 'Z');
        at[i] = letter ? (char)(at[i] ^ 0x20) : at[i];
        letters |= letter;
    }
    sink->level = 3;
    if (letters)
        mg_sink_span(sink, node->start, node->end, node, node, text);
}

/* `x in "abc"`, `x.strip("abc")`: any of these characters. */
static bool is_set_of_characters(const struct mg_module *module, const struct mg_node *node)
{
    const struct mg_node *above = node->parent, *before = NULL;
    if (above->kind == N_COMPARISON) {
        for (const struct mg_node *one = mg_node_first(above); one && one != node; one = mg_node_next(one))
            before = one->field == F_operators ? one : before;
        return before && (mg_node_is(module, before, "in") || mg_node_is(module, before, "not in"));
    }
    if (above->kind != N_ARGUMENTS || !above->parent)
        return false;
    struct mg_str callee = mg_callee_name(module, above->parent);
    return mg_str_is(callee, "strip") || mg_str_is(callee, "lstrip") || mg_str_is(callee, "rstrip");
}

/* Something in front and behind, as mutmut does: tells who asks for a part of a text only. */
static void surround(struct mg_sink *sink, const struct mg_node *node, const struct mg_node *start)
{
    const struct mg_node *end = mg_node_last_named(node);
    struct mg_str file = sink->module->text;
    if (!mg_sink_makes(sink, sink->op, 3) || is_set_of_characters(sink->module, node))
        return;
    sink->level = 3;
    mg_sink_bracketed(sink, node,
                      mg_arena_printf(sink->arena, "%.*sXX%.*sXX%.*s", MG_FMT(mg_node_text(sink->module, start)),
                                      MG_FMT(mg_str_sub(file, start->end, end->start)), MG_FMT(mg_node_text(sink->module, end))));
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *above = node->parent, *quote = mg_node_first(node);
    if (!quote || above->kind == N_EXPRESSION_STATEMENT || mg_node_contains(node, N_YIELD) || mg_node_contains(node, N_NAMED) ||
        mg_node_ancestor(node, N_INTERPOLATION) || mg_is_technical_text(sink->module, node))
        return;
    if (above->kind == N_CONCATENATED_STRING && node->line != node->end_line)
        return; /* parentheses, which would hold the newlines, cannot stand there */
    bool message = is_message(sink->module, node);
    if (message)
        sink->level = 3;
    struct mg_str start = mg_node_text(sink->module, quote);
    size_t prefix = 0;
    while (prefix < start.len && start.at[prefix] != '"' && start.at[prefix] != '\'')
        prefix++;
    bool empty = mg_node_count_named(node) == 2;
    mg_sink_expression(sink, node, mg_arena_printf(sink->arena, "%.*s\"%s\"", (int)prefix, start.at, empty ? "mutagen" : ""));
    if (message)
        return;
    turn_case(sink, node, prefix);
    if (!empty)
        surround(sink, node, quote);
}

const struct mg_operator mg_op_string = { "CRP-str", "replace a text", 2, { N_STRING }, mutate, "x = 'a'", "x = \"\"" };
