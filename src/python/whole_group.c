/* `m.group(1)` says what `m.group(0)` says where the pattern is one group and nothing else: re.sub("([a-z]*)", lambda m: m.group(1).lower(), x). */
#include <string.h>

#include "base/str.h"
#include "python/operators.h"

/* Behind inline flags such as (?i), or 0 when the rest is not to be read by the rules below: in verbose patterns text may be a comment. */
static size_t skip_flags(struct mg_str pattern)
{
    size_t at = 0;
    while (at + 2 < pattern.len && pattern.at[at] == '(' && pattern.at[at + 1] == '?' && strchr("aiLmsu", pattern.at[at + 2])) {
        for (at += 2; at < pattern.len && strchr("aiLmsu", pattern.at[at]); at++)
            ;
        if (at == pattern.len || pattern.at[at] != ')')
            return pattern.len;
        at++;
    }
    return at;
}

/* The bracket behind that of a set: `[]a]` and `[^]a]` have their first one inside. */
static size_t end_of_set(struct mg_str pattern, size_t at)
{
    at += at + 1 < pattern.len && pattern.at[at + 1] == '^';
    for (at += 2; at < pattern.len && pattern.at[at] != ']'; at++)
        at += pattern.at[at] == '\\';
    return at;
}

static bool is_one_group(struct mg_str pattern)
{
    size_t at = skip_flags(pattern), depth = 0;
    if (at + 1 >= pattern.len || pattern.at[at] != '(' || memchr(pattern.at, '#', pattern.len))
        return false;
    if (pattern.at[at + 1] == '?' && !mg_str_starts(mg_str_sub(pattern, at, pattern.len), "(?P<"))
        return false;
    for (; at < pattern.len; at++) {
        char c = pattern.at[at];
        if (c == '\\')
            at++;
        else if (c == '[')
            at = end_of_set(pattern, at);
        depth += c == '(';
        depth -= c == ')' && depth > 0;
        if (depth == 0)
            return c == ')' && at + 1 == pattern.len;
    }
    return false;
}

/* What stands between the quotes, when that is what the string holds: raw, or without a backslash. */
static bool read_pattern(const struct mg_module *module, const struct mg_node *node, struct mg_str *pattern)
{
    struct mg_str text = mg_node_text(module, node);
    bool raw = mg_str_starts(text, "r") || mg_str_starts(text, "R");
    if (node->kind != N_STRING || text.len < (raw ? 3u : 2u) || (!raw && memchr(text.at, '\\', text.len)))
        return false;
    *pattern = mg_str_sub(text, raw, text.len);
    bool plain = pattern->at[0] == '"' || pattern->at[0] == '\'';
    *pattern = mg_str_sub(*pattern, 1, pattern->len - 1);
    return plain && !memchr(pattern->at, '\n', pattern->len);
}

bool mg_is_whole_group(const struct mg_module *module, const struct mg_node *number)
{
    const struct mg_node *call = number->parent->kind == N_ARGUMENTS ? number->parent->parent : NULL;
    const struct mg_node *lambda = call && call->kind == N_CALL ? mg_node_ancestor(call, N_LAMBDA) : NULL;
    const struct mg_node *arguments = lambda ? lambda->parent : NULL, *parameters = lambda ? mg_node_field(lambda, F_parameters) : NULL;
    if (!arguments || arguments->kind != N_ARGUMENTS || !parameters || mg_node_named(arguments, 1) != lambda || !arguments->parent)
        return false;
    struct mg_str called = mg_node_dotted(module, call), name = mg_node_text(module, parameters), pattern;
    size_t dot = mg_str_find(called, '.', 0);
    if (!mg_str_is(mg_str_sub(called, dot, called.len), ".group") || !mg_str_eq(mg_str_sub(called, 0, dot), name) ||
        mg_node_count_named(number->parent) != 1)
        return false;
    bool sub = mg_is_call_of(module, arguments->parent, "re.sub") || mg_is_call_of(module, arguments->parent, "re.subn");
    return sub && read_pattern(module, mg_node_named(arguments, 0), &pattern) && is_one_group(pattern);
}
