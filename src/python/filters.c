/* What is never mutated: code whose mutants nobody would want to kill, or that no test can tell apart. */
#include <string.h>

#include "base/str.h"
#include "python/operators.h"

bool mg_is_call_of(const struct mg_module *module, const struct mg_node *node, const char *name)
{
    return node && node->kind == N_CALL && mg_node_is(module, mg_node_field(node, F_function), name);
}

static bool binds_name(const struct mg_node *node)
{
    switch (node->parent->kind) {
    case N_FUNCTION:
    case N_CLASS:
        return node->field == F_name;
    case N_ASSIGNMENT:
    case N_FOR:
    case N_FOR_IN_CLAUSE:
        return node->field == F_left;
    case N_DEFAULT_PARAMETER:
    case N_TYPED_DEFAULT_PARAMETER:
    case N_NAMED:
        return node->field == F_name;
    case N_PARAMETERS:
    case N_LAMBDA_PARAMETERS:
    case N_PATTERN_LIST:
        return true;
    default:
        return mg_node_ancestor(node, N_IMPORT_FROM) != NULL;
    }
}

bool mg_is_shadowed(const struct mg_module *module, const char *name)
{
    for (size_t i = 0; i < module->node_count; i++)
        if (module->nodes[i].kind == N_IDENTIFIER && mg_node_is(module, &module->nodes[i], name) && binds_name(&module->nodes[i]))
            return true;
    return false;
}

bool mg_is_for_people(const struct mg_module *module, const struct mg_node *function)
{
    static const char *const names[] = { "__repr__", "__str__", "__format__", "__hash__" };
    return MG_STR_IN(mg_node_text(module, mg_node_field(function, F_name)), names);
}

struct mg_str mg_callee_name(const struct mg_module *module, const struct mg_node *call)
{
    const struct mg_node *callee = mg_node_field(call, F_function);
    if (callee && callee->kind == N_ATTRIBUTE)
        callee = mg_node_field(callee, F_attribute);
    return callee && callee->kind == N_IDENTIFIER ? mg_node_text(module, callee) : MG_NO_STR;
}

bool mg_line_is_skipped(const struct mg_module *module, uint32_t first, uint32_t last)
{
    size_t low = 0, high = module->skipped_lines.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (module->skipped_lines.at[middle] < first)
            low = middle + 1;
        else
            high = middle;
    }
    return low < module->skipped_lines.len && module->skipped_lines.at[low] <= last;
}

/* Calls whose effect is a message to people: `logger.debug(…)`, `self._log.info(…)`, `getLogger(…).info(…)`, `print(…)`. */
static bool is_logging(const struct mg_module *module, const struct mg_node *call)
{
    static const char *const whole[] = { "print",         "sys.stderr.write", "sys.stdout.flush", "sys.stderr.flush", "time.sleep",    "sleep",
                                         "asyncio.sleep", "TypeVar",          "typing.TypeVar",   "NewType",          "typing.NewType" };
    static const char *const owners[] = { "log",     "_log",    "LOG",       "_LOG",     "logger", "_logger",   "LOGGER",
                                          "_LOGGER", "logging", "structlog", "warnings", "span",   "getLogger", "get_logger" };
    static const char *const verbs[] = { "debug", "info", "warning", "warn",          "error",         "exception", "critical",
                                         "fatal", "log",  "msg",     "set_attribute", "warn_explicit", "trace",     "success" };
    if (MG_STR_IN(mg_node_dotted(module, call), whole))
        return true;
    const struct mg_node *callee = mg_node_field(call, F_function), *owner = NULL;
    if (callee && callee->kind == N_ATTRIBUTE)
        owner = mg_node_field(callee, F_object);
    return owner && MG_STR_IN(mg_callee_name(module, call), verbs) && MG_STR_IN(mg_last_component(mg_node_dotted(module, owner)), owners);
}

/* The type in `cast("Type", value)`: it does nothing when it runs. */
static bool is_cast_type(const struct mg_module *module, const struct mg_node *node)
{
    static const char *const names[] = { "cast", "typing.cast", "t.cast" };
    const struct mg_node *arguments = node->parent;
    return arguments && arguments->kind == N_ARGUMENTS && arguments->parent && mg_node_first_named(arguments) == node &&
           MG_STR_IN(mg_node_dotted(module, arguments->parent), names);
}

/* How long, how many, how deep: numbers that change speed and not results. */
static bool is_hint(struct mg_str keyword)
{
    static const char *const names[] = { "timeout",     "maxsize",    "chunksize",   "bufsize", "buffering",
                                         "buffer_size", "stacklevel", "max_workers", "slots" };
    return MG_STR_IN(keyword, names);
}

static bool is_never_run(const struct mg_module *module, const struct mg_node *condition)
{
    static const char *const names[] = { "TYPE_CHECKING", "typing.TYPE_CHECKING", "__name__ == \"__main__\"", "__name__ == '__main__'" };
    static const char *const never[] = { "0", "False" }; /* `if 0:` and `if 0 and …:` switch code off */
    if (!condition)
        return false;
    condition = mg_node_unwrapped(condition);
    if (condition->kind == N_BOOLEAN && mg_node_is(module, mg_node_field(condition, F_operator), "and"))
        return MG_STR_IN(mg_node_text(module, mg_node_field(condition, F_left)), never);
    return MG_STR_IN(mg_node_text(module, condition), names) || MG_STR_IN(mg_node_text(module, condition), never);
}

/* The name stands there by itself: `os.name`, not `self.pos.name`. */
static bool names(struct mg_str text, const char *name)
{
    const char *end = text.at + text.len, *at = text.at;
    for (; (at = memmem(at, (size_t)(end - at), name, strlen(name))); at++)
        if (at == text.at || strchr(" (\n", at[-1]))
            return true;
    return false;
}

static bool is_platform_test(const struct mg_module *module, const struct mg_node *condition)
{
    struct mg_str text = mg_node_text(module, condition);
    return names(text, "sys.version_info") || names(text, "sys.platform") || names(text, "os.name") || names(text, "__debug__") ||
           is_never_run(module, condition);
}

/* `if self is other: return True` in __eq__ only saves time. */
static bool is_identity_shortcut(const struct mg_module *module, const struct mg_node *node)
{
    const struct mg_node *function = mg_node_ancestor(node, N_FUNCTION), *condition = mg_node_field(node, F_condition);
    const struct mg_node *body = mg_node_field(node, F_consequence);
    if (!function || !condition || !body || !mg_node_is(module, mg_node_field(function, F_name), "__eq__"))
        return false;
    condition = mg_node_unwrapped(condition);
    return condition->kind == N_COMPARISON && mg_node_is(module, mg_node_field(condition, F_operators), "is") &&
           !mg_node_field(node, F_alternative) && mg_node_is(module, body, "return True");
}

static bool is_overload(const struct mg_module *module, const struct mg_node *decorated)
{
    for (const struct mg_node *child = mg_node_first_named(decorated); child && child->kind == N_DECORATOR; child = mg_node_next_named(child))
        if (mg_str_is(mg_last_component(mg_node_dotted(module, mg_node_first_named(child))), "overload"))
            return true;
    return false;
}

/* Nothing but a docstring, `...`, `pass` or `raise NotImplementedError`. */
static bool is_stub(const struct mg_module *module, const struct mg_node *function)
{
    const struct mg_node *body = mg_node_field(function, F_body);
    const struct mg_node *docstring = body ? mg_docstring(module, body) : NULL;
    for (const struct mg_node *node = body ? mg_node_first_named(body) : NULL; node; node = mg_node_next_named(node)) {
        if (node == docstring || node->kind == N_PASS || mg_node_is(module, node, "..."))
            continue;
        if (node->kind != N_RAISE || !mg_str_contains(mg_node_text(module, node), "NotImplementedError"))
            return false;
    }
    return true;
}

bool mg_function_is_skipped(const struct mg_module *module, const struct mg_node *function)
{
    const struct mg_node *decorated = function->parent && function->parent->kind == N_DECORATED ? function->parent : NULL;
    const struct mg_node *body = mg_node_field(function, F_body), *first = body ? mg_node_first_named(body) : NULL;
    if (!first || is_stub(module, function) || (decorated && is_overload(module, decorated)))
        return true;
    /* A pragma on the header covers the function, as coverage.py has it. */
    uint32_t header_end = first->line > function->line ? first->line - 1 : first->line;
    const struct mg_node *colon = mg_node_first(function);
    for (const struct mg_node *child = colon; child && child != body; child = mg_node_next(child))
        if (mg_node_is(module, child, ":"))
            header_end = child->line;
    return mg_line_is_skipped(module, decorated ? decorated->line : function->line, header_end);
}

static bool is_plain_statement(const struct mg_module *module, const struct mg_node *statement)
{
    const struct mg_node *value = mg_node_first_named(statement);
    if (!value || mg_node_next_named(value))
        return false;
    if (value->kind == N_STRING || value->kind == N_CONCATENATED_STRING || value->kind == N_ELLIPSIS)
        return true;
    if (value->kind == N_AWAIT && mg_node_first_named(value))
        value = mg_node_first_named(value);
    if (value->kind == N_CALL)
        return is_logging(module, value);
    const struct mg_node *left = value->kind == N_ASSIGNMENT ? mg_node_field(value, F_left) : NULL;
    struct mg_str name = left && left->kind == N_IDENTIFIER ? mg_node_text(module, left) : MG_NO_STR;
    return name.len > 4 && mg_str_starts(name, "__") && mg_str_ends(name, "__");
}

/* Targets, patterns and types are named by position as much as by kind. */
static bool is_skipped_part(const struct mg_module *module, const struct mg_node *node)
{
    const struct mg_node *above = node->parent;
    switch (node->field) {
    case F_left:
        return above->kind == N_ASSIGNMENT || above->kind == N_AUGMENTED || above->kind == N_FOR || above->kind == N_FOR_IN_CLAUSE;
    case F_superclasses:
    case F_type:
    case F_return_type:
        return true;
    case F_condition:
        return (above->kind == N_IF || above->kind == N_ELIF) && is_platform_test(module, node);
    case F_consequence:
        return above->kind == N_IF && is_never_run(module, mg_node_field(above, F_condition));
    default:
        return false;
    }
}

bool mg_is_skipped(const struct mg_module *module, const struct mg_node *node)
{
    if (!node->named)
        return true;
    if (module->skipped_lines.len && (mg_node_is_statement(node) || node->kind == N_ELIF || node->kind == N_EXCEPT || node->kind == N_CASE) &&
        mg_line_is_skipped(module, node->line, node->line))
        return true;
    if ((node->field != F_NONE && is_skipped_part(module, node)) || is_cast_type(module, node))
        return true;
    switch (node->kind) {
    case N_ERROR:
    case N_COMMENT:
    case N_TYPE:
    case N_TYPE_ALIAS:
    case N_TYPE_PARAMETER:
    case N_IMPORT:
    case N_IMPORT_FROM:
    case N_FUTURE_IMPORT:
    case N_GLOBAL:
    case N_NONLOCAL:
    case N_DECORATOR:
    case N_CASE_PATTERN:
    case N_FORMAT_SPECIFIER:
    case N_PRINT:
    case N_EXEC:
    case N_PARAMETERS:
    case N_LAMBDA_PARAMETERS:
    case N_AS_PATTERN_TARGET:
        return true;
    case N_EXPRESSION_STATEMENT:
        return is_plain_statement(module, node);
    case N_CALL:
        return is_logging(module, node);
    case N_COMPARISON:
    case N_BOOLEAN:
        return is_platform_test(module, node);
    case N_KEYWORD_ARGUMENT:
        return is_hint(mg_node_text(module, mg_node_field(node, F_name)));
    case N_IF:
        return is_identity_shortcut(module, node);
    case N_FUNCTION:
        return mg_function_is_skipped(module, node);
    default:
        return false;
    }
}

bool mg_binds(const struct mg_node *node) { return mg_node_contains(node, N_YIELD) || mg_node_contains(node, N_NAMED); }

bool mg_may_force(const struct mg_node *node, bool value)
{
    for (; node->parent; node = node->parent) {
        if (node->field == F_condition && node->parent->kind == N_WHILE)
            return !value;
        if (node->parent->kind == N_NOT)
            value = !value;
        else if (node->parent->kind != N_BOOLEAN && node->parent->kind != N_PARENTHESIZED)
            return true;
    }
    return true;
}

static bool makes_text(const struct mg_module *module, const struct mg_node *call)
{
    static const char *const names[] = { "str",     "repr",       "join",   "format", "strip",   "lstrip",   "rstrip", "lower", "upper",
                                         "replace", "hex",        "chr",    "list",   "tuple",   "sorted",   "bytes",  "ljust", "rjust",
                                         "title",   "capitalize", "decode", "encode", "dirname", "basename", "split" };
    return MG_STR_IN(mg_callee_name(module, call), names);
}

bool mg_is_never_negative(const struct mg_module *module, const struct mg_node *value)
{
    static const char *const names[] = { "len", "count", "abs", "ord" };
    return value->kind == N_CALL ? MG_STR_IN(mg_callee_name(module, value), names)
                                 : value->kind == N_BINARY && mg_node_is(module, mg_node_field(value, F_operator), "%");
}

bool mg_is_sequence(const struct mg_module *module, const struct mg_node *operand)
{
    for (uint32_t i = 0; i < operand->size;) {
        const struct mg_node *node = &operand[i];
        switch (node->kind) {
        case N_STRING:
        case N_CONCATENATED_STRING:
        case N_LIST:
        case N_TUPLE:
        case N_DICTIONARY:
        case N_SET:
        case N_LIST_COMPREHENSION:
        case N_SET_COMPREHENSION:
        case N_DICTIONARY_COMPREHENSION:
        case N_EXPRESSION_LIST:
            return true;
        case N_BINARY:
        case N_PARENTHESIZED:
        case N_CONDITIONAL:
        case N_BOOLEAN:
            i++;
            break;
        case N_SUBSCRIPT: { /* `text[1:]` is a piece of something */
            const struct mg_node *index = mg_node_field(node, F_subscript);
            if (index && index->kind == N_SLICE)
                return true;
            i += node->size;
            break;
        }
        case N_CALL:
            if (makes_text(module, node))
                return true;
            i += node->size;
            break;
        default:
            i += node->size;
        }
    }
    return false;
}
