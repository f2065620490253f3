/* ROR: replace a relational operator. Kaminski, Ammann, Offutt (2013): three mutants per operator are enough, the rest are subsumed.
 * Equality gets ordering mutants beside a number alone, and on level 2: on most other objects they die of a TypeError.
 * Level 3 has the full set of PIT and Major: every other operator, and both truth values. */
#include "base/str.h"
#include "python/operators.h"

#define LEVEL_OF_ONE_SIDE 2 /* see op_logical.c */
#define LEVEL_OF_ALL 3

static const struct {
    struct mg_str from, boundary, other;
    int whole; /* what the whole comparison becomes: 0 False, 1 True, 2 both */
} table[] = {
    { MG_STR_INIT("<"), MG_STR_INIT("<="), MG_STR_INIT("!="), 0 }, { MG_STR_INIT("<="), MG_STR_INIT("<"), MG_STR_INIT("=="), 1 },
    { MG_STR_INIT(">"), MG_STR_INIT(">="), MG_STR_INIT("!="), 0 }, { MG_STR_INIT(">="), MG_STR_INIT(">"), MG_STR_INIT("=="), 1 },
    { MG_STR_INIT("=="), MG_STR_INIT("!="), MG_STR_INIT(""), 2 },  { MG_STR_INIT("!="), MG_STR_INIT("=="), MG_STR_INIT(""), 2 },
};

/* A length is never negative: `len(x) > 0` is `len(x) != 0`, and `len(x) <= 0` is `len(x) == 0`. */
static bool is_emptiness_test(const struct mg_module *module, const struct mg_node *comparison, struct mg_str op)
{
    const struct mg_node *left = mg_node_named(comparison, 0), *right = mg_node_last_named(comparison);
    if (mg_is_call_of(module, left, "len") && mg_node_is(module, right, "0"))
        return mg_str_is(op, ">") || mg_str_is(op, "<=");
    if (mg_is_call_of(module, right, "len") && mg_node_is(module, left, "0"))
        return mg_str_is(op, "<") || mg_str_is(op, ">=");
    return false;
}

/* `True and x` and `False or x` are x: LCR keeps one side already. */
static bool keeps_one_side(const struct mg_sink *sink, const struct mg_node *node, bool value)
{
    const struct mg_node *above = node->parent;
    while (above->kind == N_PARENTHESIZED)
        above = above->parent;
    return mg_sink_makes(sink, &mg_op_logical, LEVEL_OF_ONE_SIDE) && above->kind == N_BOOLEAN && !mg_binds(above) &&
           mg_node_is(sink->module, mg_node_field(above, F_operator), value ? "and" : "or");
}

static void force(struct mg_sink *sink, const struct mg_node *node, bool value)
{
    if (mg_may_force(node, value) && !keeps_one_side(sink, node, value))
        mg_sink_expression(sink, node, value ? MG_STR("(True)") : MG_STR("(False)"));
}

/* What is never below the number it is compared with: `len(x) == 0` is `len(x) <= 0`. */
static bool is_lowest(const struct mg_module *module, const struct mg_node *other, const struct mg_node *number)
{
    if (mg_node_is(module, number, "0"))
        return mg_is_never_negative(module, other);
    struct mg_str callee = other->kind == N_CALL ? mg_callee_name(module, other) : MG_NO_STR;
    return mg_node_is(module, number, "-1") && (mg_str_is(callee, "find") || mg_str_is(callee, "rfind"));
}

static bool is_number(const struct mg_module *module, const struct mg_node *node)
{
    return node->kind == N_INTEGER || node->kind == N_FLOAT || (node->kind == N_UNARY && mg_node_is_constant(module, node));
}

/* `a == 3`: `a <= 3` and `a >= 3`; `a != 3`: `a < 3` and `a > 3`. */
static void order(struct mg_sink *sink, const struct mg_node *node, const struct mg_node *op)
{
    const struct mg_module *module = sink->module;
    const struct mg_node *left = mg_node_named(node, 0), *right = mg_node_last_named(node);
    bool equal = mg_node_is(module, op, "==");
    if ((!equal && !mg_node_is(module, op, "!=")) || is_number(module, left) == is_number(module, right))
        return;
    if (is_number(module, left) ? is_lowest(module, right, left) : is_lowest(module, left, right))
        return; /* one is the same, the other always true */
    sink->level = 2;
    mg_sink_token(sink, op, node, equal ? MG_STR("<=") : MG_STR("<"));
    mg_sink_token(sink, op, node, equal ? MG_STR(">=") : MG_STR(">"));
    sink->level = sink->op->level;
}

/* `Color` and `Color.RED`, but not `LIMIT`: a class, or a member of an enumeration. */
static bool is_class_name(struct mg_str dotted)
{
    size_t first = 0;
    while (first < dotted.len && dotted.at[first] == '_')
        first++;
    if (first == dotted.len || dotted.at[first] < 'A' || dotted.at[first] > 'Z')
        return false;
    for (size_t i = first; i < dotted.len && dotted.at[i] != '.'; i++)
        if (dotted.at[i] >= 'a' && dotted.at[i] <= 'z')
            return true;
    return false;
}

/* Plainly no number: ordering it dies of a TypeError, or orders what nobody orders. */
static bool has_no_order(const struct mg_module *module, const struct mg_node *operand)
{
    operand = mg_node_unwrapped(operand);
    switch (operand->kind) {
    case N_NONE:
    case N_TRUE:
    case N_FALSE:
    case N_ELLIPSIS:
    case N_LAMBDA:
        return true;
    case N_CALL:
        return mg_is_call_of(module, operand, "type") || mg_is_sequence(module, operand);
    case N_IDENTIFIER:
    case N_ATTRIBUTE: {
        struct mg_str dotted = mg_node_dotted(module, operand);
        return is_class_name(dotted) || mg_str_starts(mg_last_component(dotted), "__");
    }
    default:
        return mg_is_sequence(module, operand);
    }
}

/* Of what is never below the number there are four comparisons in all: equal, not equal, never, always. Only an opposite can be missing. */
static void oppose(struct mg_sink *sink, const struct mg_node *node, const struct mg_node *op, bool number_is_left)
{
    const struct mg_module *module = sink->module;
    if (mg_node_is(module, op, number_is_left ? "<" : ">"))
        mg_sink_token(sink, op, node, MG_STR("=="));
    if (mg_node_is(module, op, number_is_left ? ">=" : "<="))
        mg_sink_token(sink, op, node, MG_STR("!="));
}

/* All that is missing yet: what the levels below made already, the sink drops. */
static void complete(struct mg_sink *sink, const struct mg_node *node, const struct mg_node *op, bool whole)
{
    const struct mg_module *module = sink->module;
    const struct mg_node *left = mg_node_first_named(node), *right = mg_node_next_named(op);
    if (!mg_sink_makes(sink, sink->op, LEVEL_OF_ALL))
        return;
    for (const struct mg_node *next = left; next && next->end <= op->start; next = mg_node_next_named(next))
        left = next;
    if (!left || !right)
        return;
    bool equality = mg_node_is(module, op, "==") || mg_node_is(module, op, "!=");
    sink->level = LEVEL_OF_ALL;
    if (is_lowest(module, mg_node_unwrapped(left), right) || is_lowest(module, mg_node_unwrapped(right), left)) {
        oppose(sink, node, op, is_number(module, left));
    } else if (!equality || !(has_no_order(module, left) || has_no_order(module, right))) {
        for (size_t i = 0; i < MG_COUNT(table); i++)
            mg_sink_token(sink, op, node, table[i].from);
        if (whole && !equality) {
            force(sink, node, false);
            force(sink, node, true);
        }
    }
    sink->level = sink->op->level;
}

static bool is_relational(struct mg_str op)
{
    for (size_t i = 0; i < MG_COUNT(table); i++)
        if (mg_str_eq(op, table[i].from))
            return true;
    return false;
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    unsigned tokens = 0;
    for (const struct mg_node *child = mg_node_first(node); child; child = mg_node_next(child))
        tokens += child->field == F_operators;
    for (const struct mg_node *op = mg_node_first(node); op; op = mg_node_next(op)) {
        if (op->field != F_operators)
            continue;
        struct mg_str text = mg_node_text(sink->module, op);
        if (tokens == 1)
            order(sink, node, op);
        for (size_t i = 0; i < MG_COUNT(table); i++) {
            if (!mg_str_eq(text, table[i].from))
                continue;
            mg_sink_token(sink, op, node, table[i].boundary);
            if (table[i].other.len && !is_emptiness_test(sink->module, node, text))
                mg_sink_token(sink, op, node, table[i].other);
            if (tokens > 1 || mg_binds(node)) /* `a < b < c` has no single truth value to force */
                continue;
            if (table[i].whole != 1)
                force(sink, node, false);
            if (table[i].whole != 0)
                force(sink, node, true);
        }
        if (is_relational(text))
            complete(sink, node, op, tokens == 1 && !mg_binds(node));
    }
}

const struct mg_operator mg_op_relational = { "ROR", "replace a relational operator", 1, { N_COMPARISON }, mutate, "x = a < b", "x = a <= b" };
