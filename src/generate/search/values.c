/* Candidate values of each parameter: by type hint, by the code's own literals, and by the parameter's name when there is no hint. */
#include "base/str.h"
#include "generate/search/internal.h"
#include <string.h>

#define DEPTH_LIMIT 3
#define POOL_LIMIT 700

struct mg_pool *mg_pool_new(struct mg_search *s)
{
    struct mg_pool *pool = MG_NEW(s->arena, struct mg_pool);
    mg_map_init(&pool->known, s->arena);
    return pool;
}

void mg_pool_add(struct mg_search *s, struct mg_pool *pool, struct mg_str source, unsigned weight)
{
    if (source.len == 0 || source.len > 300 || pool->len >= POOL_LIMIT)
        return;
    void **slot = mg_map_slot(&pool->known, source);
    if (*slot)
        return;
    *slot = (void *)(uintptr_t)(pool->len + 1);
    *MG_PUSH(s->arena, pool) = (struct mg_value){ .source = source, .weight = weight };
    pool->total += weight;
}

void mg_pool_learn(struct mg_pool *pool, struct mg_str source, bool good)
{
    size_t index = source.len ? (size_t)(uintptr_t)mg_map_get(&pool->known, source) : 0;
    if (index == 0)
        return;
    struct mg_value *value = &pool->at[index - 1];
    *(good ? &value->good : &value->bad) += 1;
}

/* Never 0 but for demoted kinds: what failed so far may still be the only way to an error that must be tested. */
static uint64_t draw_weight(const struct mg_value *value)
{
    uint64_t luck = value->good < 5 ? value->good : 5, failures = value->bad < 9 ? value->bad : 9;
    return value->demoted ? 0 : value->weight * (1 + 3 * luck) * 8 / (1 + failures) + 1;
}

struct mg_str mg_pool_draw(struct mg_search *s, const struct mg_pool *pool)
{
    uint64_t total = 0;
    for (size_t i = 0; i < pool->len; i++)
        total += draw_weight(&pool->at[i]);
    uint64_t at = total ? mg_rng_next(&s->rng) % total : 0;
    for (size_t i = 0; i < pool->len; i++) {
        uint64_t weight = draw_weight(&pool->at[i]);
        if (at < weight)
            return pool->at[i].source;
        at -= weight;
    }
    return pool->len ? pool->at[0].source : MG_NO_STR;
}

char mg_value_kind(struct mg_str source)
{
    char c = source.len ? source.at[0] : '\0';
    if (c == '-' && source.len > 1)
        c = source.at[1];
    if (c >= '0' && c <= '9')
        return memchr(source.at, '.', source.len) ? '.' : '0';
    if ((c == 'b' || c == 'r') && source.len > 1 && (source.at[1] == '"' || source.at[1] == '\''))
        return c == 'b' ? 'b' : '"';
    if (c == '\'')
        return '"';
    if (c == '{' && source.len > 2 && memchr(source.at, ':', source.len) == NULL)
        return 's';
    if ((c >= 'a' && c <= 'z') || c == '_')
        return mg_str_starts(source, "lambda") ? 'l' : 'x';
    if (c >= 'A' && c <= 'Z')
        return mg_str_is(source, "None") ? 'N' : mg_str_is(source, "True") || mg_str_is(source, "False") ? 'T' : 'x';
    return c;
}

void mg_value_is_plain(struct mg_search *s, struct mg_str source)
{
    struct mg_atoms atoms = { 0 };
    mg_expr_atoms(source, s->arena, &atoms);
    for (size_t i = 0; i < atoms.len; i++)
        if (atoms.at[i].kind == MG_ATOM_STR)
            *mg_map_slot(&s->plain, atoms.at[i].text) = s;
}

/* Of two short texts "a" is the plainer one, not "0" or "-". */
static bool is_word(struct mg_str literal)
{
    char first = literal.len > 2 ? literal.at[1] : 'a'; /* "" is plain, too */
    return first >= 'a' && first <= 'z';
}

unsigned mg_value_cost(struct mg_search *s, struct mg_str source)
{
    struct mg_atoms atoms = { 0 };
    unsigned cost = 0;
    mg_expr_atoms(source, s->arena, &atoms);
    for (size_t i = 0; i < atoms.len; i++) {
        const struct mg_atom *atom = &atoms.at[i];
        bool plain = atom->kind == MG_ATOM_STR && mg_map_get(&s->plain, atom->text);
        cost += plain ? 3 + (unsigned)atom->text.len / 4 + !is_word(atom->text) : mg_expr_cost(atom->text);
        cost += atom->kind == MG_ATOM_STR && !plain ? 8 : atom->kind == MG_ATOM_BYTES ? 10 : atom->kind == MG_ATOM_FLOAT ? 2 : 0;
    }
    return cost;
}

static void add_quoted(struct mg_search *s, struct mg_pool *pool, struct mg_str value, unsigned weight)
{
    mg_pool_add(s, pool, mg_expr_quote(s->arena, value), weight);
}

void mg_pool_add_samples(struct mg_search *s, struct mg_pool *pool, const struct mg_sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mg_value_is_plain(s, mg_str_from(samples[i].source));
        mg_pool_add(s, pool, mg_str_from(samples[i].source), samples[i].weight);
    }
}
#define ADD_SAMPLES(s, pool, samples) mg_pool_add_samples((s), (pool), (samples), MG_COUNT(samples))

static struct mg_str recased(struct mg_search *s, struct mg_str text, bool upper)
{
    struct mg_str copy = mg_arena_str(s->arena, text);
    char *at = (char *)(uintptr_t)copy.at; /* our own fresh copy */
    for (size_t i = 0; i < copy.len; i++)
        if (upper ? at[i] >= 'a' && at[i] <= 'z' : at[i] >= 'A' && at[i] <= 'Z')
            at[i] = (char)(at[i] ^ 0x20);
    return copy;
}

/* A string of the code: as it is, and worked into words the way separators, prefixes and keys are met. */
static void add_word(struct mg_search *s, struct mg_pool *pool, struct mg_str word, unsigned weight)
{
    struct mg_arena *a = s->arena;
    bool message = word.len > 20 && memchr(word.at, ' ', word.len) != NULL;
    add_quoted(s, pool, word, message ? 1 : weight);
    if (word.len == 0 || word.len > 40 || message) /* messages are no stems */
        return;
    unsigned less = weight > 1 ? weight / 2 : 1;
    if (word.len <= 3) {
        add_quoted(s, pool, mg_arena_printf(a, "hello%.*sworld", MG_FMT(word)), weight);
        add_quoted(s, pool, mg_arena_printf(a, "a%.*sb%.*sc", MG_FMT(word), MG_FMT(word)), less);
        add_quoted(s, pool, mg_arena_printf(a, "%.*sabc", MG_FMT(word)), less);
        add_quoted(s, pool, mg_arena_printf(a, "abc%.*s", MG_FMT(word)), less);
    } else {
        add_quoted(s, pool, mg_arena_printf(a, "%.*s_id", MG_FMT(word)), less);
        add_quoted(s, pool, mg_arena_printf(a, "%.*sx", MG_FMT(word)), less);
    }
    add_quoted(s, pool, mg_arena_printf(a, "%.*s%.*s", MG_FMT(word), MG_FMT(word)), less);
    add_quoted(s, pool, recased(s, word, true), less);
    add_quoted(s, pool, recased(s, word, false), less);
    struct mg_str cut = mg_str_sub(word, 0, word.len - 1);
    if (word.len > 1 && mg_str_is_utf8(cut))
        add_quoted(s, pool, cut, less);
}

static void add_own_strings(struct mg_search *s, struct mg_pool *pool)
{
    const struct mg_words *w = &s->words;
    for (size_t i = 0; i < w->own_strings; i++) {
        mg_value_is_plain(s, mg_expr_quote(s->arena, w->strings.at[i]));
        add_word(s, pool, w->strings.at[i], 6);
    }
    for (size_t i = w->own_strings; i < w->strings.len; i++)
        add_quoted(s, pool, w->strings.at[i], 1);
    for (size_t i = 0; i < w->plain.len; i++)
        add_quoted(s, pool, w->plain.at[i], 1);
    for (size_t i = 0; i < w->samples.len; i++)
        add_quoted(s, pool, w->samples.at[i], w->own_regexes ? 4 : 2);
    for (size_t i = 0; i < w->ints.len; i++) { /* an int of the code may be a length, or be read from the text */
        int64_t number;
        if (!mg_str_to_i64(w->ints.at[i], &number) || number < 0 || number > 40)
            continue;
        for (int64_t len = number > 0 ? number - 1 : 0; len <= number + 1; len++)
            add_quoted(s, pool, mg_str_sub(MG_STR("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"), 0, (size_t)len), i < w->own_ints ? 2 : 1);
        mg_pool_add(s, pool, mg_arena_printf(s->arena, "\"%.*s\"", MG_FMT(w->ints.at[i])), 1);
    }
}

static const struct mg_sample strings[] = {
    { "\"hello\"", 3 },
    { "\"\"", 3 },
    { "\"a\"", 3 },
    { "\"hello world\"", 4 },
    { "\"Hello World\"", 4 },
    { "\"HELLO\"", 2 },
    { "\"CamelCase\"", 3 },
    { "\"snake_case_word\"", 3 },
    { "\"with-dashes\"", 2 },
    { "\"  padded  \"", 2 },
    { "\"123\"", 3 },
    { "\"a1b2\"", 1 },
    { "\"Hello, World!\"", 3 },
    { "\"a.b.c\"", 1 },
    { "\"caf\xc3\xa9\"", 2 },
    { "\"1.5\"", 1 },
    { "\"-1\"", 1 },
    { "\"key=value\"", 1 },
    { "\"a b c\"", 2 },
    { "\"one\\ntwo\"", 2 },
    { "\"a,b,c\"", 2 },
    { "\"A\"", 1 },
    { "\"0\"", 1 },
    { "\" \"", 2 },
    { "\"aaa\"", 2 },
    { "\"HTMLParser\"", 2 },
    { "\"word\"", 1 },
    { "\"abcabc\"", 1 },
    { "\"one two three four\"", 1 },
    { "\"x_y-z w\"", 1 },
    { "\"a--b\"", 1 },
    { "\"one-two-three\"", 2 },
    { "\"True\"", 1 },
    { "\"_private\"", 1 },
    { "\"(a [b] {c})\"", 1 },
    { "\"a/b.txt\"", 1 },
};
static const struct mg_sample ints[] = { { "1", 6 },   { "0", 6 },  { "2", 5 }, { "3", 3 },  { "-1", 5 },   { "5", 2 },   { "10", 3 },
                                         { "100", 2 }, { "-5", 2 }, { "7", 2 }, { "12", 1 }, { "1000", 1 }, { "-10", 1 }, { "4", 1 } };
static const struct mg_sample floats[] = { { "1.5", 5 },   { "0.0", 4 }, { "1.0", 3 }, { "-2.5", 4 }, { "0.1", 2 },
                                           { "100.0", 1 }, { "0.5", 2 }, { "2", 1 },   { "3.75", 1 }, { "-0.5", 1 } };
static const struct mg_sample bytes[] = { { "b\"abc\"", 4 },        { "b\"\"", 3 },  { "b\"hello world\"", 2 },
                                          { "b\"\\x00\\xff\"", 2 }, { "b\"a\"", 1 }, { "b\"123\"", 1 } };
static const struct mg_sample bools[] = { { "True", 1 }, { "False", 1 } };
static const struct mg_sample callables[] = { { "str", 3 },       { "len", 2 },      { "lambda x: x", 3 },    { "lambda *args, **kwargs: None", 1 },
                                              { "int", 1 },       { "bool", 2 },     { "lambda x, y: x", 1 }, { "lambda *args: args", 1 },
                                              { "str.upper", 1 }, { "lambda: 1", 1 } };
static const struct mg_sample lists[] = { { "[]", 4 },
                                          { "[1, 2, 3]", 5 },
                                          { "[\"a\", \"b\", \"c\"]", 4 },
                                          { "[1]", 2 },
                                          { "[3, 1, 2]", 2 },
                                          { "[1, 1, 2]", 2 },
                                          { "[\"b\", \"a\"]", 2 },
                                          { "[0, None, \"\"]", 1 },
                                          { "[[1, 2], [3, 4]]", 2 },
                                          { "[(\"a\", 1), (\"b\", 2)]", 2 },
                                          { "[{\"a\": 1}, {\"a\": 2, \"b\": 3}]", 1 },
                                          { "[1, [2, [3]]]", 1 },
                                          { "[1.5, 2.5]", 1 },
                                          { "[5, 4, 3, 2, 1]", 1 },
                                          { "[\"hello world\", \"foo\"]", 1 } };
static const struct mg_sample dicts[] = { { "{\"a\": 1, \"b\": 2}", 5 }, { "{}", 4 },
                                          { "{\"a\": 1}", 3 },           { "{\"a\": {\"b\": 1}}", 3 },
                                          { "{1: \"a\", 2: \"b\"}", 1 }, { "{\"a\": [1, 2]}", 2 },
                                          { "{\"a\": None}", 1 },        { "{\"key\": \"value\"}", 2 },
                                          { "{\"b\": 3, \"c\": 4}", 2 } };
static const struct mg_sample others[] = { { "None", 4 }, { "(1, 2)", 2 },         { "True", 2 },     { "{1, 2, 3}", 1 },
                                           { "()", 1 },   { "(\"a\", \"b\")", 1 }, { "object()", 1 }, { "range(5)", 1 } };

static void fill_ints(struct mg_search *s, struct mg_pool *pool)
{
    ADD_SAMPLES(s, pool, ints);
    for (size_t i = 0; i < s->words.ints.len; i++) {
        int64_t number;
        unsigned weight = i < s->words.own_ints ? 5 : 1;
        if (!mg_str_to_i64(s->words.ints.at[i], &number) || number > 1000000000000 || number < -1000000000000) {
            mg_pool_add(s, pool, s->words.ints.at[i], weight);
            continue;
        }
        const int64_t near[] = { number, number - 1, number + 1, -number, number * 2 };
        for (size_t n = 0; n < MG_COUNT(near); n++)
            mg_pool_add(s, pool, mg_arena_printf(s->arena, "%lld", (long long)near[n]), n < 3 ? weight : (weight + 1) / 2);
    }
}

static void fill_floats(struct mg_search *s, struct mg_pool *pool)
{
    ADD_SAMPLES(s, pool, floats);
    for (size_t i = 0; i < s->words.floats.len; i++) {
        mg_pool_add(s, pool, s->words.floats.at[i], 5);
        mg_pool_add(s, pool, mg_arena_printf(s->arena, "-%.*s", MG_FMT(s->words.floats.at[i])), 2);
    }
    for (size_t i = 0; i < s->words.ints.len; i++) {
        mg_pool_add(s, pool, mg_arena_printf(s->arena, "%.*s", MG_FMT(s->words.ints.at[i])), 2);
        if (s->words.ints.at[i].len < 9 && memchr("123456789", s->words.ints.at[i].at[0], 9))
            mg_pool_add(s, pool, mg_arena_printf(s->arena, "%.*s.5", MG_FMT(s->words.ints.at[i])), 2);
    }
}

/* What parameters of such names usually take. First match wins. */
static const struct {
    const char *part; /* of the name; `=` in front: the whole name */
    enum mg_type_kind kind;
    const char *samples[5];
} names[] = {
    { "sep", MG_TYPE_STR, { "\"-\"", "\"_\"", "\", \"", "\"\"", "\".\"" } },
    { "delim", MG_TYPE_STR, { "\",\"", "\";\"", "\"-\"", "\"::\"", "\"\"" } },
    { "encoding", MG_TYPE_STR, { "\"utf-8\"", "\"ascii\"", "\"latin-1\"" } },
    { "path", MG_TYPE_STR, { "\"a/b/c.txt\"", "\"file.txt\"", "\"/a/b\"", "\"a\"", "\".hidden\"" } },
    { "file", MG_TYPE_STR, { "\"file.txt\"", "\"archive.tar.gz\"", "\"noext\"" } },
    { "url", MG_TYPE_STR, { "\"http://example.com/a?b=c#d\"", "\"https://user@example.com:8080/\"", "\"example.com\"", "\"/path\"" } },
    { "uri", MG_TYPE_STR, { "\"http://example.com/a?b=c\"", "\"file:///a\"" } },
    { "email", MG_TYPE_STR, { "\"user@example.com\"", "\"user.name+tag@example.co.uk\"", "\"nobody\"" } },
    { "version", MG_TYPE_STR, { "\"1.2.3\"", "\"2.0.0-rc.1\"", "\"1.0\"", "\"1.2.3+build.4\"" } },
    { "date", MG_TYPE_STR, { "\"2024-02-29\"", "\"2023-12-31\"", "\"12/31/2023\"" } },
    { "json", MG_TYPE_STR, { "'{\"a\": 1}'", "\"[1, 2]\"", "\"null\"" } },
    { "html", MG_TYPE_STR, { "\"<p>Hello <b>World</b></p>\"", "\"a &amp; b\"", "\"<br/>\"" } },
    { "regex", MG_TYPE_STR, { "\"[a-z]+\"", "\"a\"", "r\"\\d+\"" } },
    { "pattern", MG_TYPE_STR, { "\"[a-z]+\"", "\"a*\"", "r\"\\d+\"" } },
    { "color", MG_TYPE_STR, { "\"#ff0000\"", "\"red\"", "\"#abc\"" } },
    { "hex", MG_TYPE_STR, { "\"ff\"", "\"0x1f\"", "\"#00ff7f\"" } },
    { "char", MG_TYPE_STR, { "\"a\"", "\"A\"", "\" \"", "\"-\"" } },
    { "suffix", MG_TYPE_STR, { "\".txt\"", "\"...\"", "\"ing\"" } },
    { "prefix", MG_TYPE_STR, { "\"pre\"", "\"-\"", "\"un\"" } },
    { "fmt", MG_TYPE_STR, { "\"%Y-%m-%d\"", "\"{}\"", "\"%d\"" } },
    { "format", MG_TYPE_STR, { "\"{}\"", "\"%s\"", "\"%Y-%m-%d\"" } },
    { "text", MG_TYPE_STR, { NULL } },
    { "string", MG_TYPE_STR, { NULL } },
    { "word", MG_TYPE_STR, { "\"cats\"", "\"box\"", "\"city\"" } },
    { "str", MG_TYPE_STR, { NULL } },
    { "name", MG_TYPE_STR, { "\"John Smith\"", "\"name\"" } },
    { "title", MG_TYPE_STR, { NULL } },
    { "line", MG_TYPE_STR, { NULL } },
    { "msg", MG_TYPE_STR, { NULL } },
    { "message", MG_TYPE_STR, { NULL } },
    { "sentence", MG_TYPE_STR, { "\"The quick brown fox.\"" } },
    { "=s", MG_TYPE_STR, { NULL } },
    { "=c", MG_TYPE_STR, { "\"a\"" } },
    { "bytes", MG_TYPE_BYTES, { NULL } },
    { "func", MG_TYPE_CALLABLE, { NULL } },
    { "callback", MG_TYPE_CALLABLE, { NULL } },
    { "predicate", MG_TYPE_CALLABLE, { NULL } },
    { "=fn", MG_TYPE_CALLABLE, { NULL } },
    { "=f", MG_TYPE_CALLABLE, { NULL } },
    { "count", MG_TYPE_INT, { NULL } },
    { "number", MG_TYPE_INT, { "11", "12", "13", "21", "1.5" } },
    { "num", MG_TYPE_INT, { NULL } },
    { "size", MG_TYPE_INT, { NULL } },
    { "length", MG_TYPE_INT, { NULL } },
    { "width", MG_TYPE_INT, { "20", "40", "80" } },
    { "index", MG_TYPE_INT, { NULL } },
    { "year", MG_TYPE_INT, { "2000", "1900", "2024", "2023" } },
    { "month", MG_TYPE_INT, { "1", "2", "12" } },
    { "limit", MG_TYPE_INT, { NULL } },
    { "depth", MG_TYPE_INT, { NULL } },
    { "=n", MG_TYPE_INT, { NULL } },
    { "=i", MG_TYPE_INT, { NULL } },
    { "=k", MG_TYPE_INT, { NULL } },
    { "ratio", MG_TYPE_FLOAT, { NULL } },
    { "seconds", MG_TYPE_FLOAT, { "59", "60", "3600", "90061" } },
    { "mapping", MG_TYPE_DICT, { NULL } },
    { "dict", MG_TYPE_DICT, { NULL } },
    { "kwargs", MG_TYPE_DICT, { NULL } },
    { "=d", MG_TYPE_DICT, { NULL } },
    { "list", MG_TYPE_LIST, { NULL } },
    { "items", MG_TYPE_LIST, { NULL } },
    { "values", MG_TYPE_LIST, { NULL } },
    { "iter", MG_TYPE_LIST, { NULL } },
    { "seq", MG_TYPE_LIST, { NULL } },
    { "=src", MG_TYPE_LIST, { NULL } },
    { "is_", MG_TYPE_BOOL, { NULL } },
    { "strict", MG_TYPE_BOOL, { NULL } },
    { "ignore", MG_TYPE_BOOL, { NULL } },
    { "reverse", MG_TYPE_BOOL, { NULL } },
};

/* The kind that the name suggests (ANY: nothing); its samples go into the pool when they fit `kind`. */
static enum mg_type_kind add_by_name(struct mg_search *s, struct mg_pool *pool, struct mg_str name, enum mg_type_kind kind)
{
    for (size_t i = 0; i < MG_COUNT(names); i++) {
        const char *part = names[i].part;
        if (part[0] == '=' ? !mg_str_is(name, part + 1) : !mg_str_contains(name, part))
            continue;
        if (kind != MG_TYPE_ANY && kind != names[i].kind)
            continue;
        for (size_t n = 0; n < MG_COUNT(names[i].samples) && names[i].samples[n]; n++) {
            mg_value_is_plain(s, mg_str_from(names[i].samples[n]));
            mg_pool_add(s, pool, mg_str_from(names[i].samples[n]), 20);
        }
        return names[i].kind;
    }
    return MG_TYPE_ANY;
}

static void fill_strings(struct mg_search *s, struct mg_pool *pool, struct mg_str name)
{
    (void)add_by_name(s, pool, name, MG_TYPE_STR);
    ADD_SAMPLES(s, pool, strings);
    add_own_strings(s, pool);
}

void mg_pool_merge(struct mg_search *s, struct mg_pool *pool, const struct mg_pool *from, unsigned share)
{
    for (size_t i = 0; i < from->len; i++) {
        uint64_t weight = from->total ? (uint64_t)from->at[i].weight * share / from->total : 1;
        mg_pool_add(s, pool, from->at[i].source, weight > 0 ? (unsigned)weight : 1);
    }
}

static void fill_kind(struct mg_search *s, struct mg_pool *pool, enum mg_type_kind kind, struct mg_str name, int depth, unsigned share)
{
    struct mg_pool *part = mg_pool_new(s);
    mg_pool_fill(s, part, &(struct mg_type){ .kind = kind }, name, depth);
    mg_pool_merge(s, pool, part, share);
}

/* No hint: what the name suggests first, and a bit of everything. */
static void fill_any(struct mg_search *s, struct mg_pool *pool, struct mg_str name, int depth)
{
    enum mg_type_kind guess = add_by_name(s, pool, name, MG_TYPE_ANY);
    if (guess != MG_TYPE_ANY)
        fill_kind(s, pool, guess, name, depth, 1500);
    static const enum mg_type_kind kinds[] = { MG_TYPE_STR, MG_TYPE_INT, MG_TYPE_LIST, MG_TYPE_DICT, MG_TYPE_FLOAT, MG_TYPE_BYTES, MG_TYPE_CALLABLE };
    static const unsigned shares[] = { 400, 300, 250, 150, 100, 30, 40 };
    if (depth < DEPTH_LIMIT)
        for (size_t i = 0; i < MG_COUNT(kinds); i++)
            fill_kind(s, pool, kinds[i], MG_NO_STR, DEPTH_LIMIT, shares[i]);
    struct mg_pool *rest = mg_pool_new(s);
    ADD_SAMPLES(s, rest, others);
    mg_pool_merge(s, pool, rest, 150);
}

static const struct mg_type *element(const struct mg_type *type, size_t index)
{
    static const struct mg_type any = { .kind = MG_TYPE_ANY };
    return index < type->of.len ? type->of.at[index] : &any;
}

/* Strings of the code as bytes: what takes bytes often decodes them first. */
static void add_encoded(struct mg_search *s, struct mg_pool *pool, const struct mg_parts *texts)
{
    for (size_t i = 0; i < texts->len && i < 40; i++) {
        struct mg_str quoted = mg_expr_quote(s->arena, texts->at[i]);
        if (mg_expr_cost(quoted) == quoted.len && quoted.len > 2) /* plain ASCII without escapes */
            mg_pool_add(s, pool, mg_arena_printf(s->arena, "b%.*s", MG_FMT(quoted)), 1);
    }
}

/* `open a, b close` of drawn elements; with `pairs`, `a: x`. */
static struct mg_str display(struct mg_search *s, const char *open, const char *close, const struct mg_pool *keys, const struct mg_pool *values,
                             size_t count)
{
    struct mg_str text = mg_arena_printf(s->arena, "%s", open), first = MG_NO_STR;
    for (size_t i = 0; i < count; i++) {
        struct mg_str key = i > 0 && mg_rng_percent(&s->rng, 15) ? first : mg_pool_draw(s, keys); /* equal elements matter to many functions */
        if (i == 0)
            first = key;
        text = mg_arena_printf(s->arena, "%.*s%s%.*s", MG_FMT(text), i ? ", " : "", MG_FMT(key));
        if (values) {
            struct mg_str value = mg_pool_draw(s, values);
            text = mg_arena_printf(s->arena, "%.*s: %.*s", MG_FMT(text), MG_FMT(value));
        }
    }
    return mg_arena_printf(s->arena, "%.*s%s", MG_FMT(text), close);
}

static bool is_sequence(const struct mg_type *type)
{
    return type->kind == MG_TYPE_LIST || type->kind == MG_TYPE_ITERABLE || (type->kind == MG_TYPE_TUPLE && type->variadic);
}

/* A list of lists is mostly a list of pairs. */
static void add_pairs(struct mg_search *s, struct mg_pool *pool, const struct mg_type *type, int depth)
{
    if (!is_sequence(type) || !is_sequence(element(type, 0)))
        return;
    struct mg_pool *parts = mg_pool_new(s), *pairs = mg_pool_new(s);
    mg_pool_fill(s, parts, element(element(type, 0), 0), MG_NO_STR, depth + 1);
    for (int n = 0; n < 20 && parts->len; n++)
        mg_pool_add(s, pairs, display(s, "(", ")", parts, NULL, 2), 1);
    for (int n = 0; n < 20 && pairs->len; n++)
        mg_pool_add(s, pool, display(s, "[", "]", pairs, NULL, 1 + (size_t)(n % 2)), 4);
}

static void fill_container(struct mg_search *s, struct mg_pool *pool, const struct mg_type *type, int depth)
{
    bool is_dict = type->kind == MG_TYPE_DICT, untyped = type->of.len == 0 || element(type, 0)->kind == MG_TYPE_ANY;
    if (type->kind == MG_TYPE_LIST && untyped)
        ADD_SAMPLES(s, pool, lists);
    if (is_dict && untyped)
        ADD_SAMPLES(s, pool, dicts);
    struct mg_pool *keys = mg_pool_new(s), *values = is_dict ? mg_pool_new(s) : NULL;
    if (is_dict && untyped)
        fill_strings(s, keys, MG_NO_STR);
    else
        mg_pool_fill(s, keys, element(type, 0), MG_NO_STR, depth + 1);
    if (values)
        mg_pool_fill(s, values, element(type, 1), MG_NO_STR, depth + 1);
    if (keys->len == 0 || (values && values->len == 0))
        return;
    add_pairs(s, pool, type, depth);
    bool is_set = type->kind == MG_TYPE_SET || type->kind == MG_TYPE_FROZENSET;
    const char *open = is_dict || type->kind == MG_TYPE_SET ? "{" : is_set ? "frozenset({" : "[";
    const char *close = is_dict || type->kind == MG_TYPE_SET ? "}" : is_set ? "})" : "]";
    mg_pool_add(s, pool, type->kind == MG_TYPE_SET ? MG_STR("set()") : is_set ? MG_STR("frozenset()") : is_dict ? MG_STR("{}") : MG_STR("[]"), 6);
    for (int n = 0; n < 24; n++) {
        size_t size = 1 + (size_t)(n % 4);
        mg_pool_add(s, pool, display(s, open, close, keys, values, size), size < 3 ? 3 : 2);
        if (type->kind == MG_TYPE_ITERABLE && n % 4 == 2)
            mg_pool_add(s, pool, display(s, "(", ")", keys, NULL, 2), 1);
    }
}

static void fill_tuple(struct mg_search *s, struct mg_pool *pool, const struct mg_type *type, int depth)
{
    struct mg_pool *parts[8];
    size_t count = type->of.len < MG_COUNT(parts) ? type->of.len : MG_COUNT(parts);
    if (type->variadic || count == 0) {
        mg_pool_add(s, pool, MG_STR("()"), 4);
        struct mg_pool *keys = mg_pool_new(s);
        mg_pool_fill(s, keys, element(type, 0), MG_NO_STR, depth + 1);
        for (int n = 0; n < 16; n++)
            mg_pool_add(s, pool, display(s, "(", n % 3 == 0 ? ",)" : ")", keys, NULL, 1 + (size_t)(n % 3)), 2);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        parts[i] = mg_pool_new(s);
        mg_pool_fill(s, parts[i], type->of.at[i], MG_NO_STR, depth + 1);
    }
    for (int n = 0; n < 24; n++) {
        struct mg_str text = MG_STR("(");
        for (size_t i = 0; i < count; i++) {
            struct mg_str part = mg_pool_draw(s, parts[i]);
            text = mg_arena_printf(s->arena, "%.*s%s%.*s", MG_FMT(text), i ? ", " : "", MG_FMT(part));
        }
        mg_pool_add(s, pool, mg_arena_printf(s->arena, "%.*s%s)", MG_FMT(text), count == 1 ? "," : ""), 2);
    }
}

/* Constructor calls with drawn arguments: required ones by position, optional ones by keyword in part of the calls. */
static void fill_class(struct mg_search *s, struct mg_pool *pool, const struct mg_type *type, int depth)
{
    struct mg_str class_name = mg_search_name(s, type->module, type->name);
    struct mg_pool *pools[12] = { NULL };
    size_t count = type->params.len < MG_COUNT(pools) ? type->params.len : MG_COUNT(pools);
    for (size_t i = 0; i < count; i++) {
        pools[i] = mg_pool_new(s);
        mg_pool_fill(s, pools[i], type->params.at[i]->type, type->params.at[i]->name, depth + 1);
    }
    for (int n = 0; n < (depth == 0 ? 60 : 20); n++) {
        struct mg_str text = mg_arena_printf(s->arena, "%.*s(", MG_FMT(class_name));
        bool first = true, by_keyword = false;
        for (size_t i = 0; i < count; i++) {
            const struct mg_param *p = type->params.at[i];
            bool special = p->kind == MG_PARAM_ARGS || p->kind == MG_PARAM_KWARGS;
            if (special || (p->has_default && (n == 0 || mg_rng_percent(&s->rng, 55)))) {
                by_keyword = true;
                continue;
            }
            struct mg_str value = mg_pool_draw(s, pools[i]);
            bool named = (by_keyword || p->kind == MG_PARAM_KEYWORD) && p->kind != MG_PARAM_POSITIONAL_ONLY;
            text = mg_arena_printf(s->arena, "%.*s%s%.*s%s%.*s", MG_FMT(text), first ? "" : ", ", named ? (int)p->name.len : 0, p->name.at,
                                   named ? "=" : "", MG_FMT(value));
            first = false;
        }
        mg_pool_add(s, pool, mg_arena_printf(s->arena, "%.*s)", MG_FMT(text)), 2);
    }
}

static void add_listed(struct mg_search *s, struct mg_pool *pool, const struct mg_type *type)
{
    struct mg_str prefix = type->kind == MG_TYPE_ENUM ? mg_search_name(s, type->module, type->name) : MG_NO_STR;
    for (size_t i = 0; i < type->values.len; i++) {
        struct mg_str value = prefix.len ? mg_arena_printf(s->arena, "%.*s.%.*s", MG_FMT(prefix), MG_FMT(type->values.at[i]))
                                         : mg_expr_black(s->arena, type->values.at[i]);
        mg_value_is_plain(s, value);
        mg_pool_add(s, pool, value, 4);
    }
    for (size_t i = 0; i < type->imports.len; i++)
        *MG_PUSH(s->arena, &s->import_lines) = type->imports.at[i];
}

void mg_pool_fill(struct mg_search *s, struct mg_pool *pool, const struct mg_type *type, struct mg_str name, int depth)
{
    if (depth > DEPTH_LIMIT || type == NULL)
        return;
    switch (type->kind) {
    case MG_TYPE_ANY:
        fill_any(s, pool, name, depth);
        break;
    case MG_TYPE_NONE:
        mg_pool_add(s, pool, MG_STR("None"), 2);
        break;
    case MG_TYPE_BOOL:
        ADD_SAMPLES(s, pool, bools);
        break;
    case MG_TYPE_INT:
        (void)add_by_name(s, pool, name, MG_TYPE_INT);
        fill_ints(s, pool);
        break;
    case MG_TYPE_FLOAT:
        (void)add_by_name(s, pool, name, MG_TYPE_FLOAT);
        fill_floats(s, pool);
        break;
    case MG_TYPE_COMPLEX:
        mg_pool_add(s, pool, MG_STR("1 + 2j"), 2);
        mg_pool_add(s, pool, MG_STR("0j"), 1);
        break;
    case MG_TYPE_STR:
        fill_strings(s, pool, name);
        break;
    case MG_TYPE_BYTES:
        ADD_SAMPLES(s, pool, bytes);
        for (size_t i = 0; i < s->words.bytes.len; i++)
            mg_pool_add(s, pool, s->words.bytes.at[i], 4);
        add_encoded(s, pool, &s->words.strings);
        add_encoded(s, pool, &s->words.samples);
        break;
    case MG_TYPE_LITERAL:
    case MG_TYPE_ENUM:
    case MG_TYPE_SAMPLE:
        add_listed(s, pool, type);
        break;
    case MG_TYPE_UNION:
        for (size_t i = 0; i < type->of.len; i++) {
            struct mg_pool *part = mg_pool_new(s);
            mg_pool_fill(s, part, type->of.at[i], name, depth);
            mg_pool_merge(s, pool, part, type->of.at[i]->kind == MG_TYPE_NONE ? 100 : 1000);
        }
        break;
    case MG_TYPE_LIST:
    case MG_TYPE_SET:
    case MG_TYPE_FROZENSET:
    case MG_TYPE_ITERABLE:
    case MG_TYPE_DICT:
        fill_container(s, pool, type, depth);
        break;
    case MG_TYPE_TUPLE:
        fill_tuple(s, pool, type, depth);
        break;
    case MG_TYPE_CLASS:
        fill_class(s, pool, type, depth);
        break;
    case MG_TYPE_CALLABLE:
        ADD_SAMPLES(s, pool, callables);
        break;
    }
}
