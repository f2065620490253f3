/* Which functions may be targets, in what order, and under which name. */
#include "core/target.h"

#include "base/hash.h"
#include "base/str.h"

struct mg_str mg_target_id(struct mg_arena *arena, struct mg_str path, struct mg_str qualname, unsigned occurrence)
{
    struct mg_str text = mg_arena_printf(arena, "%.*s::%.*s::%u", MG_FMT(path), MG_FMT(qualname), occurrence);
    return mg_sha1_hex(arena, text, 16);
}

bool mg_target_is_module(const struct mg_target *target) { return mg_str_is(target->function.name, MG_MODULE_BODY); }

/* `@overload`, `@typing.overload`: a note for type checkers, replaced by the definition behind it. */
static bool is_overload(const struct mg_function *function)
{
    for (size_t i = 0; i < function->decorators.len; i++) {
        struct mg_str name = function->decorators.at[i];
        if (mg_str_is(name, "overload") || mg_str_ends(name, ".overload"))
            return true;
    }
    return false;
}

const char *mg_score_filter(const struct mg_function *function)
{
    if (is_overload(function))
        return "an overload for type checkers";
    if (function->is_nested)
        return "inside another function";
    if (function->has_error)
        return "the parser does not understand it";
    return NULL;
}

const char *mg_target_filter(const struct mg_function *function, const struct mg_selection *selection)
{
    if (function->kind == MG_PROPERTY && selection->exclude_property_getters)
        return "property getter";
    if (function->statement_count <= selection->trivial_max_statements)
        return "trivial: too few statements";
    if (function->statement_count > selection->giant_max_statements)
        return "giant: too many statements";
    return mg_score_filter(function);
}

double mg_priority(double coverage, uint32_t statement_count, const struct mg_selection *selection)
{
    double size = (double)statement_count / (double)selection->giant_max_statements, weights = selection->coverage_weight + selection->size_weight;
    double priority = selection->coverage_weight * (1.0 - coverage) + selection->size_weight * (size < 1.0 ? size : 1.0);
    priority = weights > 0.0 ? priority / weights : 1.0 - coverage;
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
