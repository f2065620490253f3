/* The table of operators. Order matters only for equal mutants: the first one that makes it names it. */
#include "python/operators.h"

#define ADDRESS(name) &mg_op_##name,
static const struct mg_operator *const table[] = { MG_OPERATORS(ADDRESS) };

const struct mg_operator *const *mg_operators(size_t *count)
{
    *count = MG_COUNT(table);
    return table;
}
