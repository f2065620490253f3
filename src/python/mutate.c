/* From a function to its mutants: one walk over its nodes, every operator on the kinds it asks for. */
#include "python/mutate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "python/operators.h"

#define OPERATORS_PER_KIND 6

static const struct mg_operator *by_kind[N_COUNT][OPERATORS_PER_KIND];
static pthread_once_t by_kind_once = PTHREAD_ONCE_INIT;

static void index_operators(void)
{
    size_t count;
    const struct mg_operator *const *operators = mg_operators(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; operators[i]->kinds[k] != N_OTHER; k++) {
            size_t at = 0;
            while (by_kind[operators[i]->kinds[k]][at])
                at++;
            MG_ASSERT(at + 1 < OPERATORS_PER_KIND);
            by_kind[operators[i]->kinds[k]][at] = operators[i];
        }
}

static size_t newlines(struct mg_str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.at[i] == '\n';
    return count;
}

static struct mg_str span_text(const struct mg_sink *sink, uint32_t start, uint32_t end) { return mg_str_sub(sink->module->text, start, end); }

/* The part whose lines tell whether the span ran. Constants are folded into what holds them, and the pieces of a text have no lines of
 * their own, so the lines of the whole count. */
static const struct mg_node *activation(const struct mg_node *node)
{
    for (const struct mg_node *above = node; above; above = above->parent) {
        if (above->kind == N_INTERPOLATION && above->parent)
            node = above->parent;
        if (above->kind == N_BLOCK)
            break;
    }
    while (node->parent) {
        switch (node->parent->kind) {
        case N_TUPLE:
        case N_LIST:
        case N_SET:
        case N_DICTIONARY:
        case N_PAIR:
        case N_UNARY:
        case N_PARENTHESIZED:
        case N_CONCATENATED_STRING:
        case N_KEYWORD_ARGUMENT:
        case N_SLICE:
            node = node->parent;
            continue;
        case N_BINARY:
            if (node->size == 1 || node->kind == N_STRING) {
                node = node->parent;
                continue;
            }
            return node;
        default:
            return node;
        }
    }
    return node;
}

void mg_sink_span(struct mg_sink *sink, uint32_t start, uint32_t end, const struct mg_node *first, const struct mg_node *last, struct mg_str text)
{
    struct mg_str original = span_text(sink, start, end);
    if (!mg_sink_makes(sink, sink->op, sink->level) || mg_str_eq(original, text) || newlines(original) != newlines(text))
        return;
    struct mg_mutant mutant = { .operator_name = sink->op->name,
                                .description = sink->op->doc,
                                .level = sink->level > sink->floor ? sink->level : sink->floor,
                                .start = start,
                                .end = end };
    mutant.replacement = text;
    mutant.original = original;
    mutant.line = first->line;
    mutant.end_line = last->end_line;
    *MG_PUSH(sink->arena, sink->mutants) = mutant;
}

void mg_sink_by_call(struct mg_sink *sink, size_t from, const struct mg_node *body)
{
    const struct mg_node *at = body + 1;
    while (at < body + body->size && at->kind != N_FUNCTION)
        at++;
    for (size_t i = from; at < body + body->size && i < sink->mutants->len; i++)
        if (sink->mutants->at[i].end_line > at->line)
            sink->mutants->at[i].end_line = at->line; /* of `def`: its decorators stand before it, its body behind */
}

void mg_sink_token(struct mg_sink *sink, const struct mg_node *token, const struct mg_node *whole, struct mg_str text)
{
    whole = activation(whole);
    mg_sink_span(sink, token->start, token->end, whole, whole, text);
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

/* `return(x)` without its parentheses would be one word. */
static bool needs_parentheses(const struct mg_sink *sink, const struct mg_node *node, struct mg_str text)
{
    struct mg_str file = sink->module->text;
    char first = text.at[0], last = text.at[text.len - 1];
    if (first == '(' && last == ')')
        return false;
    bool glued_before = node->start > 0 && is_word(file.at[node->start - 1]) && (is_word(first) || first == '"' || first == '\'');
    return glued_before || (node->end < file.len && is_word(file.at[node->end]) && is_word(last));
}

/* Newlines go before the last parenthesis. `text` starts with "(" and ends with ")" then. */
static struct mg_str with_newlines(struct mg_arena *arena, struct mg_str text, size_t count, bool parentheses)
{
    struct mg_buf padded = MG_BUF(SIZE_MAX);
    struct mg_str inside = parentheses ? text : mg_str_sub(text, 1, text.len - 1);
    mg_buf_addc(&padded, '(');
    mg_buf_add(&padded, inside);
    while (count--)
        mg_buf_addc(&padded, '\n');
    mg_buf_addc(&padded, ')');
    return mg_buf_take(&padded, arena);
}

/* Whether the first parenthesis is the partner of the last: not so in "(a)(b)". Strings may hold parentheses: then no is a safe answer. */
static bool is_enclosed(struct mg_str text)
{
    if (text.len < 2 || text.at[0] != '(' || text.at[text.len - 1] != ')')
        return false;
    size_t depth = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"' || text.at[i] == '\'' || text.at[i] == '#')
            return false;
        depth += text.at[i] == '(';
        depth -= text.at[i] == ')';
        if (depth == 0 && i + 1 < text.len)
            return false;
    }
    return true;
}

void mg_sink_expression(struct mg_sink *sink, const struct mg_node *node, struct mg_str text)
{
    if (!mg_sink_makes(sink, sink->op, sink->level))
        return;
    size_t had = newlines(span_text(sink, node->start, node->end)), has = newlines(text);
    if (has > had)
        return;
    bool parentheses = needs_parentheses(sink, node, text);
    if (had > has || parentheses)
        text = with_newlines(sink->arena, text, had - has, parentheses || !is_enclosed(text));
    const struct mg_node *lines = activation(node);
    mg_sink_span(sink, node->start, node->end, lines, lines, text);
}

static bool is_atom(const struct mg_node *node)
{
    switch (node->kind) {
    case N_IDENTIFIER:
    case N_CALL:
    case N_ATTRIBUTE:
    case N_SUBSCRIPT:
    case N_PARENTHESIZED:
    case N_STRING:
    case N_INTEGER:
    case N_FLOAT:
    case N_TRUE:
    case N_FALSE:
    case N_NONE:
    case N_LIST:
    case N_DICTIONARY:
    case N_SET:
    case N_TUPLE:
    case N_LIST_COMPREHENSION:
    case N_GENERATOR:
        return true;
    default:
        return false;
    }
}

void mg_sink_copy(struct mg_sink *sink, const struct mg_node *node, const struct mg_node *from)
{
    struct mg_str text = mg_node_text(sink->module, from);
    mg_sink_expression(sink, node, is_atom(from) ? text : mg_arena_printf(sink->arena, "(%.*s)", MG_FMT(text)));
}

void mg_sink_bracketed(struct mg_sink *sink, const struct mg_node *node, struct mg_str text)
{
    struct mg_buf padded = MG_BUF(SIZE_MAX);
    size_t had = newlines(span_text(sink, node->start, node->end));
    mg_buf_add(&padded, text);
    for (size_t has = newlines(text); has < had; has++)
        mg_buf_addc(&padded, '\n');
    const struct mg_node *lines = activation(node);
    mg_sink_span(sink, node->start, node->end, lines, lines, mg_buf_take(&padded, sink->arena));
}

void mg_sink_statements(struct mg_sink *sink, const struct mg_node *first, const struct mg_node *last, struct mg_str text)
{
    if (!mg_sink_makes(sink, sink->op, sink->level))
        return;
    struct mg_str file = sink->module->text;
    size_t had = newlines(span_text(sink, first->start, last->end));
    size_t behind = last->end;
    while (behind < file.len && (file.at[behind] == ' ' || file.at[behind] == '\t'))
        behind++;
    /* Blank lines may follow a statement, unless another one stands behind it on its last line. */
    const char *newline = behind < file.len && file.at[behind] == ';' ? " \\\n" : "\n";
    struct mg_buf padded = MG_BUF(SIZE_MAX);
    mg_buf_add(&padded, text);
    while (had--)
        mg_buf_adds(&padded, newline);
    mg_sink_span(sink, first->start, last->end, first, last, mg_buf_take(&padded, sink->arena));
}

static int by_place(const void *a, const void *b)
{
    const struct mg_mutant *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    int text = mg_str_cmp(x->replacement, y->replacement);
    return text ? text : x->level != y->level ? x->level - y->level : strcmp(x->operator_name, y->operator_name);
}

/* Two operators may make the same mutant, and pragmas hold for single lines too. */
static void remove_useless(const struct mg_module *module, struct mg_mutants *mutants, size_t from)
{
    size_t kept = from;
    for (size_t i = from; i < mutants->len; i++) {
        struct mg_mutant *mutant = &mutants->at[i], *before = kept > from ? &mutants->at[kept - 1] : NULL;
        if (before && before->start == mutant->start && before->end == mutant->end && mg_str_eq(before->replacement, mutant->replacement))
            continue;
        if (module->skipped_lines.len && mg_line_is_skipped(module, mutant->line, mutant->end_line))
            continue;
        mutants->at[kept++] = *mutant;
    }
    mutants->len = kept;
}

/* A position that moves forward through the text, in lines and UTF-16 units. */
struct place {
    uint32_t at, line, column;
};

static void move_to(struct place *place, struct mg_str text, uint32_t at)
{
    for (; place->at < at; place->at++) {
        unsigned char c = (unsigned char)text.at[place->at];
        if (c == '\n') {
            place->line++;
            place->column = 1;
        } else if ((c & 0xc0) != 0x80) {
            place->column += c >= 0xf0 ? 2 : 1;
        }
    }
}

static void fill_places(const struct mg_module *module, const struct mg_node *function, struct mg_mutants *mutants, size_t from)
{
    uint32_t line_start = function->start;
    while (line_start > 0 && module->text.at[line_start - 1] != '\n')
        line_start--;
    struct place place = { line_start, function->line, 1 };
    for (size_t i = from; i < mutants->len; i++) {
        struct mg_mutant *mutant = &mutants->at[i];
        move_to(&place, module->text, mutant->start);
        mutant->span_line = place.line;
        mutant->column = place.column;
        struct place end = place;
        move_to(&end, module->text, mutant->end);
        mutant->span_end_line = end.line;
        mutant->end_column = end.column;
    }
}

static void fill_ids(struct mg_str module_name, struct mg_str qualified_name, struct mg_arena *arena, struct mg_mutants *mutants, size_t from)
{
    struct mg_map seen; /* how many mutants of that change stand before */
    mg_map_init(&seen, arena);
    for (size_t i = from; i < mutants->len; i++) {
        struct mg_mutant *mutant = &mutants->at[i];
        struct mg_str key =
            mg_arena_printf(arena, "%s%c%.*s%c%.*s", mutant->operator_name, 0, MG_FMT(mutant->original), 0, MG_FMT(mutant->replacement));
        unsigned *count = mg_map_get(&seen, key);
        if (!count)
            *mg_map_slot(&seen, key) = count = MG_NEW(arena, unsigned);
        mutant->id = mg_mutant_id(arena, module_name, qualified_name, mutant->operator_name, mutant->original, mutant->replacement, *count);
        mutant->original = mg_arena_str(arena, mutant->original);
        ++*count;
    }
}

static void offer(const struct mg_node *node, struct mg_sink *sink)
{
    for (size_t i = 0; by_kind[node->kind][i]; i++) {
        sink->op = by_kind[node->kind][i];
        sink->level = sink->op->level;
        if (mg_sink_makes(sink, sink->op, sink->level)) /* it has nothing below its level */
            sink->op->mutate(node, sink);
    }
}

/* What stands in a header runs when the function is made, wherever the compiler counts the line of a folded constant. */
static void offer_in_header(const struct mg_node *header, const struct mg_node *part, struct mg_sink *sink)
{
    const struct mg_node *decorated = header->parent && header->parent->kind == N_DECORATED ? header->parent : header;
    size_t from = sink->mutants->len;
    for (const struct mg_node *at = part; at < part + part->size;) {
        if (mg_is_skipped(sink->module, at)) {
            at += at->size;
            continue;
        }
        offer(at, sink);
        at++;
    }
    for (size_t i = from; i < sink->mutants->len; i++) {
        struct mg_mutant *mutant = &sink->mutants->at[i];
        if (mutant->line > decorated->line)
            mutant->line = decorated->line;
        if (mutant->end_line < header->line)
            mutant->end_line = header->line;
    }
}

/* Decorators with their arguments. */
static void offer_decorators(const struct mg_node *definition, struct mg_sink *sink)
{
    const struct mg_node *decorated = definition->parent && definition->parent->kind == N_DECORATED ? definition->parent : NULL;
    for (const struct mg_node *one = decorated ? mg_node_first_named(decorated) : NULL; one && one->kind == N_DECORATOR;
         one = mg_node_next_named(one)) {
        const struct mg_node *expression = mg_node_first_named(one);
        if (expression && !mg_line_is_skipped(sink->module, one->line, one->end_line))
            offer_in_header(definition, expression, sink);
    }
}

/* Default values that are no literals: those are DEF's. */
static void offer_defaults(const struct mg_node *function, struct mg_sink *sink)
{
    const struct mg_node *parameters = mg_node_field(function, F_parameters);
    for (const struct mg_node *one = parameters ? mg_node_first_named(parameters) : NULL; one; one = mg_node_next_named(one)) {
        const struct mg_node *value = one->kind == N_DEFAULT_PARAMETER || one->kind == N_TYPED_DEFAULT_PARAMETER ? mg_node_field(one, F_value) : NULL;
        if (value && !mg_is_literal_default(sink->module, value))
            offer_in_header(function, value, sink);
    }
}

/* A function or a class that is made where the walk is. */
static void offer_header(const struct mg_node *definition, struct mg_sink *sink)
{
    offer_decorators(definition, sink);
    if (definition->kind == N_FUNCTION)
        offer_defaults(definition, sink);
}

void mg_chosen_mutants(const struct mg_module *module, const struct mg_function *function, struct mg_str module_name, struct mg_str qualified_name,
                       const struct mg_operator_choice *choice, struct mg_arena *arena, struct mg_mutants *mutants)
{
    pthread_once(&by_kind_once, index_operators);
    const struct mg_node *node = mg_function_node(module, function);
    if (!node || function->has_error || mg_function_is_skipped(module, node))
        return;
    const struct mg_node *body = mg_node_field(node, F_body);
    struct mg_sink sink = { .module = module, .arena = arena, .mutants = mutants, .choice = choice };
    sink.floor = mg_is_for_people(module, node) ? 2 : 1;
    size_t from = mutants->len;
    offer(node, &sink);
    for (const struct mg_node *at = body + 1; at < body + body->size;) {
        if (mg_is_skipped(module, at)) {
            at += at->size;
            continue;
        }
        offer(at, &sink);
        if (at->kind == N_FUNCTION || at->kind == N_CLASS)
            offer_header(at, &sink);
        at++;
    }
    if (mutants->len == from)
        return;
    qsort(mutants->at + from, mutants->len - from, sizeof *mutants->at, by_place);
    remove_useless(module, mutants, from);
    fill_places(module, node, mutants, from);
    fill_ids(module_name, qualified_name, arena, mutants, from);
}

void mg_function_mutants(const struct mg_module *module, const struct mg_function *function, struct mg_str module_name, struct mg_str qualified_name,
                         int max_level, struct mg_arena *arena, struct mg_mutants *mutants)
{
    struct mg_operator_choice all = mg_operator_choose(max_level, NULL, 0);
    mg_chosen_mutants(module, function, module_name, qualified_name, &all, arena, mutants);
}

static bool makes_skipped_function(const struct mg_module *module, const struct mg_node *node)
{
    const struct mg_node *definition = node->kind == N_DECORATED ? mg_node_field(node, F_definition) : NULL;
    return definition && definition->kind == N_FUNCTION && mg_function_is_skipped(module, definition);
}

/* Functions are targets of their own, with their literal defaults; their decorators and other defaults are evaluated here. */
void mg_module_mutants(const struct mg_module *module, struct mg_str module_name, const struct mg_operator_choice *choice, struct mg_arena *arena,
                       struct mg_mutants *mutants)
{
    pthread_once(&by_kind_once, index_operators);
    struct mg_sink sink = { .module = module, .arena = arena, .mutants = mutants, .choice = choice, .floor = 1 };
    size_t from = mutants->len;
    for (const struct mg_node *at = module->nodes + 1; at < module->nodes + module->node_count;) {
        bool function = at->kind == N_FUNCTION;
        if (at->kind == N_FUNCTION && !at->broken && !mg_function_is_skipped(module, at))
            offer_header(at, &sink);
        if (function || at->broken || mg_is_skipped(module, at) || makes_skipped_function(module, at)) {
            at += at->broken && !function ? 1 : at->size;
            continue;
        }
        offer(at, &sink);
        if (at->kind == N_CLASS)
            offer_header(at, &sink);
        at++;
    }
    if (mutants->len == from)
        return;
    qsort(mutants->at + from, mutants->len - from, sizeof *mutants->at, by_place);
    remove_useless(module, mutants, from);
    fill_places(module, module->nodes, mutants, from);
    fill_ids(module_name, module_name, arena, mutants, from);
}
