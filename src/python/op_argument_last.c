/* ARG-last: the last positional argument is left out, as mutmut does, where what is called may do without. */
#include <string.h>

#include "base/str.h"
#include "python/operators.h"

/* How many arguments they need at least, and what leaving out the last one says anyway. */
struct known {
    const char *name;
    unsigned least;
    const char *same;
};
static const struct known functions[] = {
    { "list", 0, "" },   { "tuple", 0, "" },      { "set", 0, "" },    { "frozenset", 0, "" }, { "dict", 0, "" },      { "str", 0, "" },
    { "int", 0, "10" },  { "float", 0, "" },      { "bool", 0, "" },   { "bytes", 0, "" },     { "bytearray", 0, "" }, { "len", 1, "" },
    { "range", 1, "" },  { "enumerate", 1, "0" }, { "sum", 1, "0" },   { "zip", 1, "" },       { "round", 1, "None" }, { "next", 1, "" },
    { "iter", 1, "" },   { "open", 9, "" },       { "sorted", 1, "" }, { "map", 2, "" },       { "filter", 2, "" },    { "pow", 2, "" },
    { "divmod", 2, "" }, { "type", 3, "" },       { "exec", 1, "" },   { "eval", 1, "" },      { "slice", 1, "None" },
};
static const struct known methods[] = {
    { "strip", 0, "None" }, { "lstrip", 0, "None" }, { "rstrip", 0, "None" },     { "split", 0, "None" },   { "rsplit", 0, "None" },
    { "pop", 0, "-1" },     { "get", 1, "None" },    { "setdefault", 1, "None" }, { "find", 1, "0" },       { "rfind", 1, "0" },
    { "index", 1, "0" },    { "rindex", 1, "0" },    { "count", 1, "0" },         { "startswith", 1, "0" }, { "endswith", 1, "0" },
    { "replace", 2, "-1" }, { "insert", 2, "" },     { "ljust", 1, "' '" },       { "rjust", 1, "' '" },    { "center", 1, "' '" },
    { "group", 0, "0" },    { "format", 99, "" },    { "groups", 0, "None" },     { "start", 0, "0" },      { "end", 0, "0" },
    { "span", 0, "0" },     { "match", 2, "0" },     { "fullmatch", 2, "0" },     { "search", 2, "0" },     { "findall", 2, "0" },
    { "finditer", 2, "0" }, { "sub", 3, "0" },       { "subn", 3, "0" },          { "compile", 1, "0" },    { "read", 0, "-1" },
    { "union", 0, "" },     { "update", 0, "" },     { "intersection", 0, "" },   { "difference", 0, "" },  { "fromkeys", 1, "None" },
    { "join", 1, "" },      { "append", 1, "" },
};
/* Of modules, where they are not what the method of that name is; others need what they are given as far as we know. */
static const struct known of_modules[] = {
    { "match", 2, "0" },      { "fullmatch", 2, "0" }, { "search", 2, "0" },    { "findall", 2, "0" },    { "finditer", 2, "0" },
    { "compile", 1, "0" },    { "sub", 3, "0" },       { "subn", 3, "0" },      { "split", 2, "0" },      { "exit", 0, "None" },
    { "log", 1, "" },         { "partial", 1, "" },    { "islice", 2, "None" }, { "zip_longest", 1, "" }, { "chain", 1, "" },
    { "product", 1, "" },     { "reduce", 2, "" },     { "deque", 0, "" },      { "defaultdict", 0, "" }, { "Counter", 0, "" },
    { "OrderedDict", 0, "" }, { "StringIO", 0, "" },   { "BytesIO", 0, "" },    { "get", 1, "None" },
};

/* What the definition says: -1 = it is not of that name, 0 = it needs the argument, 1 = it does without. */
static int does_without(const struct mg_module *module, const struct mg_node *function, const struct mg_node *call, unsigned index,
                        const struct mg_node *argument)
{
    struct mg_str callee = mg_callee_name(module, call), name = mg_node_text(module, mg_node_field(function, F_name));
    const struct mg_node *owner = mg_str_is(name, "__init__") ? mg_node_ancestor(function, N_CLASS) : NULL;
    bool makes = owner && mg_str_eq(callee, mg_node_text(module, mg_node_field(owner, F_name)));
    if (!makes && !mg_str_eq(name, callee))
        return -1;
    const struct mg_node *parameters = mg_node_field(function, F_parameters), *one = parameters ? mg_node_first_named(parameters) : NULL;
    if (one && (makes || mg_node_field(call, F_function)->kind == N_ATTRIBUTE) && (mg_node_is(module, one, "self") || mg_node_is(module, one, "cls")))
        one = mg_node_next_named(one);
    for (unsigned i = 0; one; one = mg_node_next_named(one), i++) {
        bool has_default = one->kind == N_DEFAULT_PARAMETER || one->kind == N_TYPED_DEFAULT_PARAMETER;
        if (mg_str_starts(mg_node_text(module, one), "*"))
            return 1;
        if (i < index)
            continue;
        struct mg_str value = has_default ? mg_node_text(module, mg_node_field(one, F_value)) : MG_NO_STR;
        /* A default of None is what ARG-none gives. */
        return has_default && !mg_str_is(value, "None") && !mg_str_eq(value, mg_node_text(module, argument));
    }
    return 0;
}

/* `import os` makes `os.rename(a, b)` one, too. */
static bool is_of_module(const struct mg_module *module, struct mg_str dotted)
{
    struct mg_str first = mg_str_sub(dotted, 0, mg_str_find(dotted, '.', 0));
    for (const struct mg_node *one = mg_node_first_named(module->nodes); one; one = mg_node_next_named(one))
        for (uint32_t i = 0; one->kind == N_IMPORT && i < one->size; i++)
            if (one[i].kind == N_IDENTIFIER && mg_str_eq(mg_node_text(module, &one[i]), first))
                return true;
    return false;
}

static const struct known *find(const struct known *table, size_t count, struct mg_str name)
{
    for (size_t i = 0; i < count; i++)
        if (mg_str_is(name, table[i].name))
            return &table[i];
    return NULL;
}

/* What is known of the callee, other than by its definition in this file. */
static const struct known *known_of(const struct mg_module *module, const struct mg_node *call, bool *imported)
{
    const struct mg_node *function = mg_node_field(call, F_function);
    struct mg_str callee = mg_callee_name(module, call);
    bool method = function->kind == N_ATTRIBUTE;
    *imported = method && is_of_module(module, mg_node_dotted(module, function));
    return *imported ? find(of_modules, MG_COUNT(of_modules), callee)
           : method  ? find(methods, MG_COUNT(methods), callee)
                     : find(functions, MG_COUNT(functions), callee);
}

static bool may_be_left_out(const struct mg_module *module, const struct mg_node *call, const struct mg_node *argument, unsigned before)
{
    struct mg_str callee = mg_callee_name(module, call), text = mg_node_text(module, argument);
    int found = -1;
    for (size_t i = 0; i < module->functions.len && found < 1; i++) {
        int one = does_without(module, module->functions.at[i], call, before, argument);
        found = one > found ? one : found;
    }
    if (found >= 0)
        return found > 0;
    bool imported;
    const struct known *known = known_of(module, call, &imported);
    if (known) /* the 1 of `m.start(1)`: CRP-num makes 0 of it, which is the same again */
        return before >= known->least && !mg_str_is(text, known->same) && !(mg_str_is(text, "1") && strcmp(known->same, "0") == 0);
    return callee.len > 0 && before > 0 && !imported; /* who takes one argument mostly needs it */
}

/* The last positional argument, with how many stand before it; NULL where stars make that unknown. */
static const struct mg_node *last_positional(const struct mg_node *arguments, const struct mg_node **before, unsigned *count)
{
    const struct mg_node *last = NULL;
    *before = NULL;
    *count = 0;
    for (const struct mg_node *one = mg_node_first_named(arguments); one; one = mg_node_next_named(one)) {
        if (one->kind == N_LIST_SPLAT || one->kind == N_DICTIONARY_SPLAT)
            return NULL;
        if (one->kind == N_KEYWORD_ARGUMENT)
            continue;
        *count += last != NULL;
        *before = last;
        last = one;
    }
    return last;
}

/* `d.get(k, x)`: None is what leaving out says. */
bool mg_none_is_left_out(const struct mg_sink *sink, const struct mg_node *argument)
{
    const struct mg_node *before, *arguments = argument->parent;
    unsigned count;
    bool imported;
    if (!mg_sink_makes(sink, &mg_op_argument_last, mg_op_argument_last.level) || last_positional(arguments, &before, &count) != argument)
        return false;
    const struct known *known = known_of(sink->module, arguments->parent, &imported);
    return known && count >= known->least && strcmp(known->same, "None") == 0;
}

static void mutate(const struct mg_node *node, struct mg_sink *sink)
{
    const struct mg_module *module = sink->module;
    const struct mg_node *arguments = mg_arguments_of(module, node), *before;
    unsigned count;
    if (!arguments || mg_node_ancestor(node, N_RAISE))
        return;
    const struct mg_node *last = last_positional(arguments, &before, &count);
    if (!last || mg_is_skipped(module, last) || mg_binds(last) || mg_is_technical_text(module, last) || !may_be_left_out(module, node, last, count))
        return;
    mg_sink_leave_out(sink, node, before, last);
}

const struct mg_operator mg_op_argument_last = { "ARG-last", "leave out the last argument", 3, { N_CALL }, mutate, "x = g(a, b)", "x = g(a)" };
