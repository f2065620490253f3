/* AOR: replace an arithmetic operator. On level 3 by four in all, as AOR1 to AOR4 of PIT. */
#include "base/str.h"
#include "python/operators.h"

static const struct {
    struct mg_str from, to;
    const char *identity; /* a right operand that makes both the same */
} table[] = {
    { MG_STR_INIT("+"), MG_STR_INIT("-"), "0" },  { MG_STR_INIT("-"), MG_STR_INIT("+"), "0" },   { MG_STR_INIT("*"), MG_STR_INIT("/"), "1" },
    { MG_STR_INIT("/"), MG_STR_INIT("*"), "1" },  { MG_STR_INIT("//"), MG_STR_INIT("/"), NULL }, { MG_STR_INIT("%"), MG_STR_INIT("//"), NULL },
    { MG_STR_INIT("**"), MG_STR_INIT("*"), "1" },
};

static bool looks_integer(const struct mg_module *module, const struct mg_node *node)
{
    return node->kind == N_INTEGER || mg_is_call_of(module, node, "len") || mg_is_call_of(module, node, "int") || mg_is_call_of(module, node, "ord");
}

/* `a + b + "x"`: the whole sum is text, whatever a and b look like. */
static const struct mg_node *whole_chain(const struct mg_module *module, const struct mg_node *node, struct mg_str op)
{
    for (const struct mg_node *above = node->parent; above; above = above->parent) {
        if (above->kind == N_BINARY && mg_str_eq(mg_node_text(module, mg_node_field(above, F_operator)), op))
            node = above;
        else if (above->kind != N_PARENTHESIZED)
            break;
    }
    return node;
}

static bool makes_no_sense(const struct mg_module *module, const struct mg_node *node, struct mg_str op, const struct mg_node *left,
                           const struct mg_node *right)
{
    if (mg_str_is(op, "+"))
        return mg_is_sequence(module, whole_chain(module, node, op));
    if (mg_str_is(op, "%") && (right->kind == N_TUPLE || right->kind == N_DICTIONARY))
        return true; /* text formatting */
    return mg_is_sequence(module, left) || mg_is_sequence(module, right);
}

static bool is_one_of(struct mg_str text, const char *a, const char *b, const char *c)
{
    return mg_str_is(text, a) || mg_str_is(text, b) || mg_str_is(text, c);
}

/* A fraction cannot stand in an index or a range. */
static bool is_index(const struct mg_module *module, const struct mg_node *node)
{
    while (node->parent && (node->parent->kind == N_BINARY || node->parent->kind == N_PARENTHESIZED || node->parent->kind == N_UNARY))
        node = node->parent;
    if (!node->parent)
        return false;
    return node->field == F_subscript || node->parent->kind == N_SLICE ||
           (node->parent->kind == N_ARGUMENTS && mg_is_call_of(module, node->parent->parent, "range"));
}

size_t mg_other_arithmetic(const struct mg_module *module, struct mg_str op, const struct mg_node *left, const struct mg_node *right,
                           struct mg_str others[MG_MOST_ARITHMETIC])
{
    static const struct {
        const char *from, *to[MG_MOST_ARITHMETIC];
    } rest[] = {
        { "+", { "*", "/", "%" } },  { "-", { "*", "/", "%" } }, { "*", { "+", "-", "%" } },  { "/", { "+", "-", "%" } },
        { "//", { "*", "+", "-" } }, { "%", { "*", "+", "-" } }, { "**", { "+", "-", "/" } },
    };
    struct mg_str by = mg_node_text(module, right), what = mg_node_text(module, left);
    size_t count = 0;
    bool numbers = (left->kind == N_INTEGER || left->kind == N_FLOAT) && (right->kind == N_INTEGER || right->kind == N_FLOAT);
    if (numbers || mg_str_is(by, "0") || mg_str_is(by, "0.0")) /* `60 * 60` is a number, and CRP-num's */
        return 0;
    /* By one: `a * 1` is a, as CRP-num has it of `a + 1`, and `a % 1` is 0. The same holds for what is multiplied. */
    bool no_factor = is_one_of(by, "1", "-1", "1.0") || is_one_of(what, "0", "0.0", mg_str_is(op, "+") ? "1" : "0");
    bool whole = looks_integer(module, left) || looks_integer(module, right) || is_index(module, left->parent);
    for (size_t i = 0; i < MG_COUNT(rest); i++)
        for (size_t k = 0; mg_str_is(op, rest[i].from) && k < MG_MOST_ARITHMETIC; k++) {
            struct mg_str to = mg_str_from(rest[i].to[k]);
            if (no_factor && is_one_of(to, "*", "/", "%"))
                continue;
            others[count++] = whole && mg_str_is(to, "/") ? MG_STR("//") : to;
        }
    return count;
}

static bool makes_set(const struct mg_module *module, const struct mg_node *node)
{
    return mg_is_call_of(module, node, "set") || mg_is_call_of(module, node, "frozenset");
}

static void complete(struct mg_sink *sink, const struct mg_node *node, const struct mg_node *op, const struct mg_node *left,
                     const struct mg_node *right)
{
    struct mg_str others[MG_MOST_ARITHMETIC], text = mg_node_text(sink->module, op);
    if (!mg_sink_makes(sink, sink->op, 3))
        return;
    if (mg_is_sequence(sink->module, whole_chain(sink->module, node, text)) || makes_set(sink->module, left) || makes_set(sink->module, right))
        return; /* `folder / name / "x"` is a path */
    sink->level = 3;
    for (size_t i = 0, count = mg_other_arithmetic(sink->module, text, left, right, others); i < count; i++)
        mg_sink_token(sink, op, node, others[i]);
    sink->level = sink->op->level;
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_node *op = mg_node_field(node, F_operator), *left = mg_node_field(node, F_left), *right = mg_node_field(node, F_right);
    if (!op || !left || !right)
        return;
    struct mg_str text = mg_node_text(sink->module, op);
    for (size_t i = 0; i < MG_COUNT(table); i++) {
        if (!mg_str_eq(text, table[i].from))
            continue;
        struct mg_str other = mg_node_text(sink->module, right);
        bool same = table[i].identity && (mg_str_is(other, table[i].identity) || (mg_str_is(other, "-1") && table[i].identity[0] == '1'));
        if (same || makes_no_sense(sink->module, node, text, left, right))
            return;
        bool whole = mg_str_is(text, "*") && looks_integer(sink->module, left) && looks_integer(sink->module, right);
        mg_sink_token(sink, op, node, whole ? MG_STR("//") : table[i].to);
        complete(sink, node, op, left, right);
        return;
    }
}

const struct mg_operator mg_op_arithmetic = { "AOR", "replace an arithmetic operator", 1, { N_BINARY }, mutate, "x = a + b", "x = a - b" };
