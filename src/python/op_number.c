/* CRP-num: a number becomes its neighbours; on level 3 also 0, 1, -1 and its negation, the set of PIT's CRCR. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "python/operators.h"

/* Written as in the source: radix and imaginary unit stay. False when it does not fit 62 bits. */
static bool read_integer(struct mg_str text, unsigned *base, int64_t *value, bool *imaginary)
{
    size_t i = 0;
    *base = 10;
    *value = 0;
    *imaginary = false;
    if (text.len > 2 && text.at[0] == '0' && strchr("xXoObB", text.at[1])) {
        *base = strchr("xX", text.at[1]) ? 16 : strchr("oO", text.at[1]) ? 8 : 2;
        i = 2;
    }
    for (; i < text.len; i++) {
        char c = text.at[i];
        int digit = c >= '0' && c <= '9'                  ? c - '0'
                    : *base == 16 && c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : *base == 16 && c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                          : -1;
        if (c == '_')
            continue;
        if ((c == 'j' || c == 'J') && i + 1 == text.len && *base == 10) {
            *imaginary = true;
            return true;
        }
        if (digit < 0 || *value > (INT64_MAX >> 6))
            return false;
        *value = *value * *base + digit;
    }
    return true;
}

static struct mg_str write_integer(struct mg_arena *arena, int64_t value, unsigned base, bool imaginary)
{
    const char *sign = value < 0 ? "-" : "", *unit = imaginary ? "j" : "";
    unsigned long long size = (unsigned long long)(value < 0 ? -value : value);
    if (base == 16)
        return mg_arena_printf(arena, "%s0x%llx", sign, size);
    if (base == 8)
        return mg_arena_printf(arena, "%s0o%llo", sign, size);
    if (base == 10)
        return mg_arena_printf(arena, "%s%llu%s", sign, size, unit);
    char digits[65];
    size_t at = sizeof digits - 1;
    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + (size & 1));
        size >>= 1;
    } while (size);
    return mg_arena_printf(arena, "%s0b%s", sign, digits + at);
}

/* Places where a zero is an error at once, so that any test would notice: divisors, steps. */
static bool zero_is_absurd(const struct mg_module *module, const struct mg_node *node)
{
    const struct mg_node *above = node->parent;
    if (above->kind == N_BINARY && node->field == F_right) {
        const struct mg_node *op = mg_node_field(above, F_operator);
        return mg_node_is(module, op, "/") || mg_node_is(module, op, "//") || mg_node_is(module, op, "%");
    }
    if (above->kind == N_SLICE) {
        unsigned colons = 0;
        for (const struct mg_node *child = mg_node_first(above); child && child != node; child = mg_node_next(child))
            colons += mg_node_is(module, child, ":");
        return colons == 2;
    }
    return above->kind == N_ARGUMENTS && above->parent && mg_is_call_of(module, above->parent, "range") && mg_node_named(above, 2) == node;
}

static void emit(struct mg_sink *sink, const struct mg_node *node, struct mg_str text)
{
    bool dotted = node->parent->kind == N_ATTRIBUTE;
    mg_sink_expression(sink, node, dotted ? mg_arena_printf(sink->arena, "(%.*s)", MG_FMT(text)) : text);
}

/* -0.0 equals 0.0 */
static bool is_zero(struct mg_str text)
{
    for (size_t i = 0; i < text.len && text.at[i] != 'e' && text.at[i] != 'E'; i++)
        if (text.at[i] >= '1' && text.at[i] <= '9')
            return false;
    return true;
}

/* Below zero they fail at once, or all do what zero does. */
static bool negative_is_absurd(const struct mg_module *module, const struct mg_node *node)
{
    static const char *const names[] = { "group", "start", "end", "span", "ljust", "rjust", "center", "zfill", "int" };
    const struct mg_node *above = node->parent;
    if (above->kind == N_COMPARISON) {
        for (const struct mg_node *one = mg_node_first_named(above); one; one = mg_node_next_named(one))
            if (mg_is_never_negative(module, mg_node_unwrapped(one)))
                return true;
        return false;
    }
    if (above->kind == N_BINARY) {
        const struct mg_node *op = mg_node_field(above, F_operator), *left = mg_node_field(above, F_left), *right = mg_node_field(above, F_right);
        if (mg_node_is(module, op, "<<") || mg_node_is(module, op, ">>"))
            return node == right;
        if (mg_node_is(module, op, "**")) /* an even power has no sign */
            return node == left;
        return mg_node_is(module, op, "*") && mg_is_sequence(module, node == right ? left : right);
    }
    if (above->kind == N_SUBSCRIPT) /* `"x"[0]` is `"x"[-1]` */
        return mg_node_first_named(above)->kind == N_STRING;
    if (above->kind != N_ARGUMENTS || !above->parent)
        return false;
    if (mg_is_call_of(module, above->parent, "range")) /* where it ends */
        return mg_node_count_named(above) == 1 || (mg_node_count_named(above) == 2 && mg_node_named(above, 1) == node);
    return MG_STR_IN(mg_callee_name(module, above->parent), names);
}

/* `int(x, 1)`: there is no such base. */
static bool is_base(const struct mg_module *module, const struct mg_node *node)
{
    const struct mg_node *above = node->parent;
    return above->kind == N_ARGUMENTS && mg_is_call_of(module, above->parent, "int") && mg_node_named(above, 1) == node;
}

/* `a - -7` is `a + 7`, which AOR and ASR have; every limit of a split below zero is none; masks and codes have no sign. */
static bool has_negation(const struct mg_sink *sink, const struct mg_node *node, unsigned base)
{
    static const char *const limited[] = { "split", "rsplit", "replace" };
    const struct mg_node *above = node->parent, *op = mg_node_field(above, F_operator);
    if (above->kind == N_BINARY && node->field == F_right && (mg_node_is(sink->module, op, "+") || mg_node_is(sink->module, op, "-")))
        return !mg_sink_makes(sink, &mg_op_arithmetic, 1);
    if (above->kind == N_AUGMENTED && (mg_node_is(sink->module, op, "+=") || mg_node_is(sink->module, op, "-=")))
        return !mg_sink_makes(sink, &mg_op_assignment, 1);
    bool limit = above->kind == N_ARGUMENTS && above->parent && MG_STR_IN(mg_callee_name(sink->module, above->parent), limited);
    return base == 10 && !limit;
}

/* Neighbours are there already. */
static void complete(struct mg_sink *sink, const struct mg_node *node, int64_t value, unsigned base, bool imaginary)
{
    const int64_t others[] = { 0, 1, -1, -value };
    if (!mg_sink_makes(sink, sink->op, 3))
        return;
    bool negation = has_negation(sink, node, base), absurd = negative_is_absurd(sink->module, node);
    sink->level = 3;
    for (size_t i = 0; i < MG_COUNT(others); i++) {
        int64_t other = others[i];
        bool neighbour = other == value || other == value + 1 || (other == value - 1 && value != 0);
        if (neighbour || (other < 0 && absurd) || (other == -value && value != 0 && !negation) || (imaginary && i < 3))
            continue;
        if ((other == 0 && zero_is_absurd(sink->module, node)) || (other == 1 && is_base(sink->module, node)) ||
            (i == 3 && (other == 1 || other == -1)))
            continue;
        emit(sink, node, write_integer(sink->arena, other, base, imaginary));
    }
    sink->level = sink->op->level;
}

static void complete_float(struct mg_sink *sink, const struct mg_node *node, struct mg_str text, bool negative)
{
    static const struct {
        double value;
        struct mg_str text;
    } others[] = { { 0.0, MG_STR_INIT("0.0") }, { 1.0, MG_STR_INIT("1.0") }, { -1.0, MG_STR_INIT("-1.0") } };
    if (!mg_sink_makes(sink, sink->op, 3))
        return;
    char digits[32];
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] != '_' && len + 1 < sizeof digits)
            digits[len++] = text.at[i];
    digits[len] = 0;
    char *end;
    double value = strtod(digits, &end);
    if (len + 1 == sizeof digits || *end) /* too long, or imaginary */
        return;
    value = negative ? -value : value;
    sink->level = 3;
    for (size_t i = 0; i < MG_COUNT(others); i++) {
        double other = others[i].value;
        bool made = other == value || other == value + (negative ? -1 : 1) || (!negative && other == -value);
        if (!made && !(other == 0 && zero_is_absurd(sink->module, node)) && !(other < 0 && negative_is_absurd(sink->module, node)))
            emit(sink, node, others[i].text);
    }
    if (negative && value != -1.0 && has_negation(sink, node, 10))
        emit(sink, node, text);
    sink->level = sink->op->level;
}

static void mutate_float(const struct mg_node *node, bool negative, struct mg_sink *sink)
{
    struct mg_str text = mg_node_text(sink->module, node);
    if (!negative && !is_zero(text)) {
        sink->level = 2;
        emit(sink, node, mg_arena_printf(sink->arena, "(-%.*s)", MG_FMT(text)));
        sink->level = sink->op->level;
    }
    size_t dot = mg_str_find(text, '.', 0);
    bool plain = text.len < 18;
    for (size_t i = 0; i < text.len; i++)
        plain &= (text.at[i] >= '0' && text.at[i] <= '9') || i == dot;
    int64_t whole = 0;
    if (plain && (dot == 0 || mg_str_to_i64(mg_str_sub(text, 0, dot), &whole))) {
        emit(sink, node, mg_arena_printf(sink->arena, "%lld%.*s", (long long)whole + 1, MG_FMT(mg_str_sub(text, dot, text.len))));
        return;
    }
    /* 1e20 + 1.0 is 1e20 */
    bool imaginary = mg_str_ends(text, "j") || mg_str_ends(text, "J");
    emit(sink, node, mg_arena_printf(sink->arena, "(%.*s * 2)", MG_FMT(text)));
    if (!imaginary && mg_str_contains(text, "e-"))
        emit(sink, node, mg_arena_printf(sink->arena, "(%.*s + 1.0)", MG_FMT(text)));
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *whole = node;
    bool negative = false;
    if (node->parent->kind == N_UNARY && mg_node_is_constant(sink->module, node->parent)) {
        whole = node->parent;
        negative = mg_node_is(sink->module, mg_node_first(whole), "-");
    }
    /* `while 1` is `while True`, `while 2` too. */
    if (whole->parent->kind == N_EXPRESSION_STATEMENT || (whole->field == F_condition && whole->parent->kind == N_WHILE))
        return;
    if (node->kind == N_FLOAT) {
        mutate_float(node, negative, sink);
        complete_float(sink, whole, mg_node_text(sink->module, node), negative);
        return;
    }
    unsigned base;
    int64_t value;
    bool imaginary;
    if (!read_integer(mg_node_text(sink->module, node), &base, &value, &imaginary)) {
        mg_sink_expression(sink, node, mg_arena_printf(sink->arena, "(%.*s + 1)", MG_FMT(mg_node_text(sink->module, node))));
        return;
    }
    if (negative)
        value = -value;
    for (int step = 1; step >= -1; step -= 2) {
        int64_t other = value + step;
        if ((value == 0 && step < 0) || (other == 0 && zero_is_absurd(sink->module, whole)))
            continue; /* one neighbour of 0 is enough */
        if (other == 0 && value == 1 && mg_is_whole_group(sink->module, whole))
            continue;
        emit(sink, whole, write_integer(sink->arena, other, base, imaginary));
    }
    complete(sink, whole, value, base, imaginary);
}

const struct mg_operator mg_op_number = { "CRP-num", "replace a number by a neighbour", 1, { N_INTEGER, N_FLOAT }, mutate, "x = 7", "x = 8" };
