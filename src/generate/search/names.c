/* Names as tests write them: imports of the code under test, variables that hide nothing, and how the target is called. */
#include "base/str.h"
#include "generate/search/internal.h"
#include <string.h>

/* Names that tests use themselves, and the builtins that a reader expects to be the builtins. */
#define FIRST_BUILTIN 11
static const char *const reserved[] = {
    "result", "expected", "match",  "error",     "pytest", "asyncio",    "math",   "capsys",   "request", "tmp_path",  "monkeypatch", "abs",
    "all",    "any",      "ascii",  "bin",       "bool",   "bytearray",  "bytes",  "callable", "chr",     "compile",   "complex",     "delattr",
    "dict",   "dir",      "divmod", "enumerate", "eval",   "exec",       "filter", "float",    "format",  "frozenset", "getattr",     "hasattr",
    "hash",   "hex",      "id",     "input",     "int",    "isinstance", "iter",   "len",      "list",    "map",       "max",         "min",
    "next",   "object",   "oct",    "open",      "ord",    "pow",        "print",  "property", "range",   "repr",      "reversed",    "round",
    "set",    "slice",    "sorted", "str",       "sum",    "super",      "tuple",  "type",     "vars",    "zip",
};
static const char *const keywords[] = { "and",    "as",   "assert", "async",  "await", "class",  "def",   "del",  "elif",   "else",
                                        "except", "for",  "from",   "global", "if",    "import", "in",    "is",   "lambda", "not",
                                        "or",     "pass", "raise",  "return", "self",  "try",    "while", "with", "yield" };

static bool is_reserved(struct mg_str name)
{
    for (size_t i = 0; i < MG_COUNT(reserved); i++)
        if (mg_str_is(name, reserved[i]))
            return true;
    for (size_t i = 0; i < MG_COUNT(keywords); i++)
        if (mg_str_is(name, keywords[i]))
            return true;
    return false;
}

bool mg_name_is_builtin(struct mg_str name)
{
    if (mg_str_is(name, "None") || mg_str_is(name, "True") || mg_str_is(name, "False"))
        return true;
    for (size_t i = 0; i < MG_COUNT(reserved); i++)
        if (i >= FIRST_BUILTIN && mg_str_is(name, reserved[i]))
            return true;
    return mg_str_is(name, "in") || mg_str_is(name, "not") || mg_str_is(name, "is") || mg_str_is(name, "and") || mg_str_is(name, "or");
}

static bool is_bound(const struct mg_search *s, struct mg_str name)
{
    for (size_t i = 0; i < s->imports.len; i++)
        if (mg_str_eq(s->imports.at[i].bound, name))
            return true;
    return false;
}

static struct mg_str last_component(struct mg_str dotted)
{
    size_t dot = mg_str_rfind(dotted, '.');
    return dot < dotted.len ? mg_str_sub(dotted, dot + 1, dotted.len) : dotted;
}

struct mg_str mg_search_name(struct mg_search *s, struct mg_str module, struct mg_str qualname)
{
    struct mg_str top = mg_str_sub(qualname, 0, mg_str_find(qualname, '.', 0)), bound = top;
    struct mg_str rest = mg_str_sub(qualname, top.len, qualname.len);
    if (mg_str_is(module, "builtins") || module.len == 0)
        return qualname;
    for (size_t i = 0; i < s->imports.len; i++)
        if (mg_str_eq(s->imports.at[i].module, module) && mg_str_eq(s->imports.at[i].name, top))
            return mg_arena_printf(s->arena, "%.*s%.*s", MG_FMT(s->imports.at[i].bound), MG_FMT(rest));
    /* pytest would collect what is named Test… or test…, and a hidden builtin would surprise the reader */
    if (is_reserved(top) || mg_str_starts(top, "test") || mg_str_starts(top, "Test") || is_bound(s, top))
        bound = mg_arena_printf(s->arena, "%.*s_%.*s", MG_FMT(last_component(module)), MG_FMT(top));
    if (is_reserved(bound) || mg_str_starts(bound, "test") || mg_str_starts(bound, "Test") || is_bound(s, bound))
        bound = mg_arena_printf(s->arena, "the_%.*s", MG_FMT(bound));
    struct mg_import import = { .module = module, .name = top, .bound = bound };
    import.line = mg_str_eq(bound, top) ? mg_arena_printf(s->arena, "from %.*s import %.*s\n", MG_FMT(module), MG_FMT(top))
                                        : mg_arena_printf(s->arena, "from %.*s import %.*s as %.*s\n", MG_FMT(module), MG_FMT(top), MG_FMT(bound));
    *MG_PUSH(s->arena, &s->imports) = import;
    return mg_arena_printf(s->arena, "%.*s%.*s", MG_FMT(bound), MG_FMT(rest));
}

struct mg_str mg_search_import_lines(struct mg_search *s)
{
    struct mg_str lines = MG_STR("import asyncio\n");
    for (size_t i = 0; i < s->imports.len; i++)
        lines = mg_arena_printf(s->arena, "%.*s%.*s", MG_FMT(lines), MG_FMT(s->imports.at[i].line));
    for (size_t i = 0; i < s->import_lines.len; i++) {
        struct mg_str line = s->import_lines.at[i];
        lines = mg_arena_printf(s->arena, "%.*s%.*s%s", MG_FMT(lines), MG_FMT(line), mg_str_ends(line, "\n") ? "" : "\n");
    }
    return lines;
}

struct mg_str mg_local_name(struct mg_search *s, struct mg_str wanted)
{
    while (wanted.len > 0 && wanted.at[0] == '_')
        wanted = mg_str_sub(wanted, 1, wanted.len);
    if (wanted.len == 0 || !mg_str_is_utf8(wanted))
        wanted = MG_STR("value");
    if (is_reserved(wanted) || is_bound(s, wanted))
        return mg_arena_printf(s->arena, "%.*s_value", MG_FMT(wanted));
    return wanted;
}

struct mg_str mg_snake_case(struct mg_arena *arena, struct mg_str name)
{
    char out[128];
    size_t len = 0;
    for (size_t i = 0; i < name.len && len + 2 < sizeof out; i++) {
        char c = name.at[i];
        bool upper = c >= 'A' && c <= 'Z', letter = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        bool inner = i > 0 && i + 1 < name.len && name.at[i + 1] >= 'a' && name.at[i + 1] <= 'z';
        bool after_lower = i > 0 && name.at[i - 1] >= 'a' && name.at[i - 1] <= 'z';
        if (upper && (inner || after_lower) && len > 0 && out[len - 1] != '_')
            out[len++] = '_';
        if (letter)
            out[len++] = upper ? (char)(c + 32) : c;
        else if (len > 0 && out[len - 1] != '_')
            out[len++] = '_';
    }
    while (len > 0 && out[len - 1] == '_')
        len--;
    return mg_arena_str(arena, (struct mg_str){ out, len });
}

/* Special methods as the expressions that call them: \1 is the receiver, \2 the only argument. */
/* clang-format off */
static const struct {
    const char *name, *form;
} operators[] = {
    { "__eq__", "\1 == \2" },          { "__ne__", "\1 != \2" },          { "__lt__", "\1 < \2" },           { "__le__", "\1 <= \2" },
    { "__gt__", "\1 > \2" },           { "__ge__", "\1 >= \2" },          { "__add__", "\1 + \2" },          { "__sub__", "\1 - \2" },
    { "__mul__", "\1 * \2" },          { "__truediv__", "\1 / \2" },      { "__floordiv__", "\1 // \2" },    { "__mod__", "\1 % \2" },
    { "__and__", "\1 & \2" },          { "__or__", "\1 | \2" },           { "__xor__", "\1 ^ \2" },          { "__matmul__", "\1 @ \2" },
    { "__contains__", "\2 in \1" },    { "__getitem__", "\1[\2]" },       { "__len__", "len(\1)" },          { "__str__", "str(\1)" },
    { "__repr__", "repr(\1)" },        { "__bool__", "bool(\1)" },        { "__iter__", "list(\1)" },        { "__int__", "int(\1)" },
    { "__float__", "float(\1)" },      { "__abs__", "abs(\1)" },          { "__neg__", "-\1" },              { "__reversed__", "list(reversed(\1))" },
    { "__pow__", "\1 ** \2" },         { "__lshift__", "\1 << \2" },      { "__rshift__", "\1 >> \2" },      { "__divmod__", "divmod(\1, \2)" },
    { "__pos__", "+\1" },              { "__invert__", "~\1" },           { "__bytes__", "bytes(\1)" },      { "__complex__", "complex(\1)" },
    { "__next__", "next(\1)" },        { "__radd__", "\2 + \1" },         { "__rsub__", "\2 - \1" },         { "__rmul__", "\2 * \1" },
    { "__rtruediv__", "\2 / \1" },     { "__rmod__", "\2 % \1" },         { "__rand__", "\2 & \1" },         { "__ror__", "\2 | \1" },
    { "__rxor__", "\2 ^ \1" },         { "__rmatmul__", "\2 @ \1" },      { "__rfloordiv__", "\2 // \1" },   { "__rdivmod__", "divmod(\2, \1)" },
    { "__rlshift__", "\2 << \1" },     { "__rrshift__", "\2 >> \1" },
};
/* clang-format on */

void mg_search_callee(struct mg_search *s)
{
    const struct mg_target *target = s->request->target;
    const struct mg_function *function = &target->function;
    size_t dot = mg_str_rfind(function->qualname, '.');
    struct mg_str owner = dot < function->qualname.len ? mg_str_sub(function->qualname, 0, dot) : MG_NO_STR;
    struct mg_str name = function->name;
    if (function->kind == MG_FUNCTION || owner.len == 0) {
        s->callee = mg_search_name(s, target->module, function->qualname);
        return;
    }
    s->class_name = mg_search_name(s, target->module, owner);
    struct mg_str class_last = last_component(owner);
    if (mg_str_starts(name, "__") && !mg_str_ends(name, "__")) { /* private names are mangled outside their class */
        while (class_last.len && class_last.at[0] == '_')
            class_last = mg_str_sub(class_last, 1, class_last.len);
        name = mg_arena_printf(s->arena, "_%.*s%.*s", MG_FMT(class_last), MG_FMT(name));
    }
    s->callee = name;
    s->shape = function->kind == MG_PROPERTY ? MG_CALL_PROPERTY : MG_CALL_METHOD;
    if (mg_str_is(name, "__init__") || mg_str_is(name, "__new__") || mg_str_is(name, "__post_init__")) {
        s->shape = MG_CALL_FUNCTION;
        s->callee = s->class_name;
    } else if (function->kind == MG_STATIC_METHOD || function->kind == MG_CLASS_METHOD) {
        s->shape = MG_CALL_FUNCTION;
        s->callee = mg_arena_printf(s->arena, "%.*s.%.*s", MG_FMT(s->class_name), MG_FMT(name));
    } else if (mg_str_is(name, "__call__")) {
        s->callee = MG_NO_STR; /* the receiver itself is called */
    }
    for (size_t i = 0; i < MG_COUNT(operators) && s->shape == MG_CALL_METHOD; i++) {
        bool binary = strchr(operators[i].form, '\2') != NULL;
        if (!mg_str_is(name, operators[i].name) || s->about.params.len != (binary ? 1u : 0u))
            continue;
        s->shape = MG_CALL_OPERATOR;
        s->operator= operators[i].form;
    }
}
