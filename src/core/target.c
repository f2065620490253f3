/* Which functions may be targets, in what order, and under which name. */
#include "core/target.h"

#include "base/hash.h"
#include "base/str.h"

#define TRIVIAL_STATEMENTS 1
#define GIANT_STATEMENTS 80
#define WEIGHT_COVERAGE 0.8
#define WEIGHT_SIZE 0.2

struct mg_str mg_target_id(struct mg_arena *arena, struct mg_str path, struct mg_str qualname, unsigned occurrence)
{
    struct mg_str text = mg_arena_printf(arena, "%.*s::%.*s::%u", MG_FMT(path), MG_FMT(qualname), occurrence);
    return mg_sha1_hex(arena, text, 16);
}

bool mg_target_is_module(const struct mg_target *target) { return mg_str_is(target->function.name, MG_MODULE_BODY); }

const char *mg_target_filter(const struct mg_function *function)
{
    if (function->kind == MG_PROPERTY)
        return "property getter";
    if (function->statement_count <= TRIVIAL_STATEMENTS)
        return "trivial: at most one statement";
    if (function->statement_count > GIANT_STATEMENTS)
        return "giant: more than 80 statements";
    if (function->is_nested)
        return "inside another function";
    if (function->has_error)
        return "the parser does not understand it";
    return NULL;
}

double mg_priority(double coverage, uint32_t statement_count)
{
    double size = (double)statement_count / GIANT_STATEMENTS;
    double priority = WEIGHT_COVERAGE * (1.0 - coverage) + WEIGHT_SIZE * (size < 1.0 ? size : 1.0);
    if (!(priority > 0.0)) /* a NaN too */
        return 0.0;
    return priority < 1.0 ? priority : 1.0;
}

int mg_target_order(const void *a, const void *b)
{
    const struct mg_target *left = a, *right = b;
    if (left->priority != right->priority)
        return left->priority > right->priority ? -1 : 1;
    int by_name = mg_str_cmp(left->qualified_name, right->qualified_name);
    return by_name != 0 ? by_name : mg_str_cmp(left->id, right->id); /* one name may be defined twice in a file */
}
