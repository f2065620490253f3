/* The table of operators, and who of them works. Order matters only for equal mutants: the first one that makes it names it. */
#include "python/operators.h"

#include "base/str.h"

#define ADDRESS(name) &mg_op_##name,
static const struct mg_operator *const table[] = { MG_OPERATORS(ADDRESS) NULL };
#define COUNT (MG_COUNT(table) - 1)
_Static_assert(COUNT <= MG_MOST_OPERATORS, "struct mg_operator_choice is too small");

const struct mg_operator *const *mg_operators(size_t *count)
{
    *count = COUNT;
    return table;
}

size_t mg_operator_index(const struct mg_operator *op)
{
    size_t i = 0;
    while (table[i] != op)
        i++;
    return i;
}

struct mg_operator_row mg_operator_row_at(size_t index)
{
    if (index >= COUNT)
        return (struct mg_operator_row){ 0 };
    const struct mg_operator *op = table[index];
    return (struct mg_operator_row){ op->name, op->doc, op->before, op->after, op->level };
}

static bool is_plain(struct mg_str word) { return word.len > 0 && word.at[0] != '+' && word.at[0] != '-'; }

/* Several words may name one operator: the last one holds. */
struct mg_operator_choice mg_operator_choose(int level, const struct mg_str *words, size_t count)
{
    struct mg_operator_choice choice = { { 0 } };
    bool only = false;
    for (size_t w = 0; w < count; w++)
        only |= is_plain(words[w]);
    for (size_t i = 0; i < COUNT; i++) {
        choice.level[i] = only ? 0 : (uint8_t)level;
        for (size_t w = 0; w < count; w++) {
            struct mg_str name = mg_str_sub(words[w], is_plain(words[w]) ? 0 : 1, words[w].len);
            if (mg_str_is(name, table[i]->name))
                choice.level[i] = is_plain(words[w]) ? (uint8_t)level : words[w].at[0] == '+' ? MG_HIGHEST_LEVEL : 0;
        }
    }
    return choice;
}

bool mg_sink_makes(const struct mg_sink *sink, const struct mg_operator *op, int level)
{
    return (level > sink->floor ? level : sink->floor) <= sink->choice->level[mg_operator_index(op)];
}
