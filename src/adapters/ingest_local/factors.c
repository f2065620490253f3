/* Expands names of tox environments and holds conditions against them. */
#include "adapters/ingest_local/factors.h"

#include "base/str.h"

#include <string.h>

#define MOST_NAMES 2000
#define WIDEST_RANGE 100
#define LONGEST_NAME 500 /* with its braces */

/* The next part up to a comma that stands in no braces, or up to the end. */
static bool next_name(struct mg_str *rest, struct mg_str *part)
{
    size_t end = 0, depth = 0;
    if (rest->len == 0)
        return false;
    for (; end < rest->len && (depth > 0 || rest->at[end] != ','); end++)
        depth = rest->at[end] == '{' ? depth + 1 : rest->at[end] == '}' && depth > 0 ? depth - 1 : depth;
    *part = mg_str_trim(mg_str_sub(*rest, 0, end));
    *rest = mg_str_sub(*rest, end + 1, rest->len);
    return true;
}

static void expand_one(struct mg_arena *arena, struct mg_str text, struct mg_str_list *names);

/* One alternative in braces: a word, or "9-11". */
static void expand_part(struct mg_arena *arena, struct mg_str before, struct mg_str part, struct mg_str behind, struct mg_str_list *names)
{
    size_t dash = mg_str_find(part, '-', 0);
    int64_t from, to;
    if (!mg_str_to_i64(mg_str_sub(part, 0, dash), &from) || !mg_str_to_i64(mg_str_sub(part, dash + 1, part.len), &to) || from < 0 || to < from ||
        to - from > WIDEST_RANGE) {
        expand_one(arena, mg_arena_printf(arena, "%.*s%.*s%.*s", MG_FMT(before), MG_FMT(part), MG_FMT(behind)), names);
        return;
    }
    for (int64_t i = from; i <= to; i++)
        expand_one(arena, mg_arena_printf(arena, "%.*s%lld%.*s", MG_FMT(before), (long long)i, MG_FMT(behind)), names);
}

static void expand_one(struct mg_arena *arena, struct mg_str text, struct mg_str_list *names)
{
    size_t open = mg_str_find(text, '{', 0), close = mg_str_find(text, '}', open);
    if (names->len >= MOST_NAMES || text.len == 0)
        return;
    if (close == text.len) {
        *MG_PUSH(arena, names) = text;
        return;
    }
    struct mg_str inner = mg_str_sub(text, open + 1, close), part;
    while (mg_str_next_part(&inner, ',', &part))
        expand_part(arena, mg_str_sub(text, 0, open), mg_str_trim(part), mg_str_sub(text, close + 1, text.len), names);
}

void mg_envs_expand(struct mg_arena *arena, struct mg_str text, struct mg_str_list *names)
{
    struct mg_str name;
    while (next_name(&text, &name))
        if (name.len <= LONGEST_NAME)
            expand_one(arena, name, names);
}

/* N of "py3N", "py3.N" and "3.N"; 0 of "py", "py3" and "python3"; -1 of what names no Python 3. */
static int64_t minor_of(struct mg_str factor)
{
    int64_t minor;
    if (mg_str_is(factor, "py") || mg_str_is(factor, "py3") || mg_str_is(factor, "python") || mg_str_is(factor, "python3"))
        return 0;
    bool prefixed = mg_str_starts(factor, "py"), dotted = mg_str_starts(factor, "3.") || mg_str_starts(factor, "py3.");
    if (!dotted && !(prefixed && mg_str_starts(factor, "py3")))
        return -1;
    struct mg_str digits = mg_str_sub(factor, (prefixed ? 2u : 0u) + (dotted ? 2u : 1u), factor.len);
    return mg_str_to_i64(digits, &minor) && minor > 0 && minor < 100 ? minor : -1;
}

static bool is_one_of(struct mg_str word, const char *const *words)
{
    for (; *words; words++)
        if (mg_str_is(word, *words))
            return true;
    return false;
}

unsigned mg_env_suits(struct mg_str name, int64_t minor)
{
    static const char *const tests[] = { "test", "tests", "testing", "unit", "unittest", "unittests", "pytest", NULL };
    /* No tests, or a variant that breaks more easily than the plain one. */
    static const char *const other[] = { "lint",      "docs",      "doc",      "mypy",   "typing",     "types",   "style",  "codestyle",
                                         "flake8",    "pep8",      "format",   "black",  "pylint",     "check",   "checks", "package",
                                         "packaging", "build",     "report",   "clean",  "release",    "bench",   "dev",    "devel",
                                         "main",      "master",    "trunk",    "git",    "pre",        "nightly", "oldest", "lowest",
                                         "minimum",   "minimal",   "min",      "xdist",  "cov",        "cover",   "fuzz",   "pypy3",
                                         "nodeps",    "djangodev", "djmaster", "djmain", "djangomain", NULL };
    unsigned suits = 0;
    bool is_other = false;
    struct mg_str rest = name, factor;
    while (mg_str_next_part(&rest, '-', &factor)) {
        int64_t its = minor_of(factor);
        unsigned level = its == minor ? 6 : its == 0 || is_one_of(factor, tests) ? 4 : its > 0 ? 2 : 0;
        suits = level > suits ? level : suits;
        is_other |= is_one_of(factor, other);
    }
    return suits && is_other ? suits - 1 : suits;
}

static bool has_factor(struct mg_str name, int64_t minor, struct mg_str wanted)
{
    struct mg_str factor;
    if (minor_of(wanted) > 0)
        return minor_of(wanted) == minor;
    while (mg_str_next_part(&name, '-', &factor))
        if (mg_str_eq(factor, wanted))
            return true;
    return false;
}

bool mg_env_has(struct mg_arena *arena, struct mg_str name, int64_t minor, struct mg_str condition)
{
    struct mg_str_list groups = { .len = 0 };
    mg_envs_expand(arena, condition, &groups);
    for (size_t i = 0; i < groups.len; i++) {
        struct mg_str rest = groups.at[i], factor;
        bool all = true;
        while (mg_str_next_part(&rest, '-', &factor)) {
            bool negated = mg_str_starts(factor, "!");
            all &= has_factor(name, minor, mg_str_sub(factor, negated, factor.len)) != negated;
        }
        if (all)
            return true;
    }
    return false;
}
