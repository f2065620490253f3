/* Collects what the code itself talks about: its numbers, strings and expressions, and the words of its docstrings. */
#include "base/str.h"
#include "generate/search/internal.h"
#include "generate/search/regex.h"
#include <string.h>

#define LONG_TEXT 60 /* longer strings are prose or tables, not values */
#define FROM_TESTS 240
#define MANY 320 /* atoms of one sort; big tables of a module add nothing */

static void add_once(struct mg_arena *arena, struct mg_parts *list, struct mg_str text)
{
    for (size_t i = 0; i < list->len; i++)
        if (mg_str_eq(list->at[i], text))
            return;
    if (list->len < MANY)
        *MG_PUSH(arena, list) = text;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Words of prose: letters with inner digits, dashes, dots and underscores, so that `snake_case` and `1.2.3` stay whole. */
static void add_prose(struct mg_search *s, struct mg_str text)
{
    size_t at = 0;
    while (at < text.len && s->words.plain.len < 40) {
        size_t end = at;
        while (end < text.len && (is_letter(text.at[end]) || (end > at && text.at[end] && strchr("0123456789-_.", text.at[end]))))
            end++;
        size_t stop = end;
        while (stop > at && strchr("-_.", text.at[stop - 1]))
            stop--;
        bool quoted = at > 0 && stop < text.len && stop > at && strchr("\"'`", text.at[at - 1]) && text.at[stop] == text.at[at - 1];
        if (quoted && stop - at <= 20) /* what a docstring quotes is a value */
            add_once(s->arena, &s->words.strings, mg_str_sub(text, at, stop));
        else if (stop - at >= 3 && stop - at <= 20)
            add_once(s->arena, &s->words.plain, mg_str_sub(text, at, stop));
        at = end > at ? end : at + 1;
    }
}

static void add_literal(struct mg_search *s, struct mg_str literal)
{
    struct mg_words *w = &s->words;
    struct mg_atoms atoms = { 0 };
    struct mg_str value;
    mg_expr_atoms(literal, s->arena, &atoms);
    if (atoms.len != 1)
        return;
    switch (atoms.at[0].kind) {
    case MG_ATOM_INT:
        add_once(s->arena, &w->ints, literal);
        break;
    case MG_ATOM_FLOAT:
        add_once(s->arena, &w->floats, literal);
        break;
    case MG_ATOM_BYTES:
        if (literal.len < LONG_TEXT)
            add_once(s->arena, &w->bytes, literal);
        break;
    case MG_ATOM_STR:
        if (!mg_expr_unquote(literal, s->arena, &value))
            break;
        if (mg_regex_likely(value) && value.len < 1000)
            add_once(s->arena, &w->regexes, value);
        else if (value.len > LONG_TEXT || memchr(value.at, '\n', value.len > 1 ? value.len : 0))
            add_prose(s, value);
        else
            add_once(s->arena, &w->strings, value);
        break;
    case MG_ATOM_NAME:
    case MG_ATOM_FSTRING:
    case MG_ATOM_SIGN:
    case MG_ATOM_OPEN:
    case MG_ATOM_CLOSE:
        break;
    }
}

/* Existing tests that name the target are full of values it understands, also where no literal call can be read off. */
static void add_from_tests(struct mg_search *s)
{
    const struct mg_repo *repo = s->request->repo;
    const char *name = mg_arena_cstr(s->arena, s->request->target->function.name);
    size_t room = FROM_TESTS;
    for (size_t i = 0; repo && i < repo->test_files.len && room > 0; i++) {
        struct mg_module *module = NULL;
        struct mg_literals found = { 0 };
        if (!mg_str_contains(repo->test_files.at[i].text, name) || mg_module_parse(repo->test_files.at[i].text, &module, NULL) != MG_OK)
            continue;
        mg_module_literals(module, 0, (uint32_t)repo->test_files.at[i].text.len, s->arena, &found);
        for (size_t n = 0; n < found.len && room > 0; n++, room--)
            add_literal(s, found.at[n]);
        mg_module_free(module);
    }
}

static bool is_identifier(struct mg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_letter(text.at[i]) && text.at[i] != '_' && !(i > 0 && text.at[i] >= '0' && text.at[i] <= '9'))
            return false;
    return text.len > 1 && text.len < 30;
}

/* Fields of the class and strings of the body: what **kwargs is looked up by. */
static void collect_keys(struct mg_search *s)
{
    const struct mg_type *type = s->about.receiver;
    if (type && type->kind == MG_TYPE_UNION && type->of.len)
        type = type->of.at[0];
    for (size_t i = 0; type && i < type->params.len; i++)
        if (type->params.at[i]->kind < MG_PARAM_ARGS)
            add_once(s->arena, &s->words.keys, type->params.at[i]->name);
    for (size_t i = 0; i < s->words.own_strings; i++)
        if (is_identifier(s->words.strings.at[i]))
            add_once(s->arena, &s->words.keys, s->words.strings.at[i]);
}

void mg_words_collect(struct mg_search *s)
{
    const struct mg_function *function = &s->request->target->function;
    struct mg_literals own = { 0 }, all = { 0 };
    mg_module_literals(s->module, function->start, function->end, s->arena, &own);
    for (size_t i = 0; i < own.len; i++)
        add_literal(s, own.at[i]);
    s->words.own_strings = s->words.strings.len;
    s->words.own_ints = s->words.ints.len;
    s->words.own_floats = s->words.floats.len;
    s->words.own_regexes = s->words.regexes.len;
    collect_keys(s);
    add_prose(s, mg_str_sub(s->request->source->text, function->start, function->body_start)); /* names of parameters */
    add_from_tests(s);
    mg_module_literals(s->module, 0, (uint32_t)s->request->source->text.len, s->arena, &all);
    for (size_t i = 0; i < all.len; i++)
        add_literal(s, all.at[i]);
    for (size_t i = 0; i < s->words.regexes.len; i++)
        for (int n = 0; n < (i < s->words.own_regexes ? 8 : 4); n++) {
            struct mg_str sample;
            if (!mg_regex_sample(s->words.regexes.at[i], &s->rng, s->arena, &sample))
                break;
            if (sample.len)
                add_once(s->arena, &s->words.samples, sample);
        }
}

/* Start of the 1-based line in the text. */
static size_t line_start(struct mg_str text, uint32_t line)
{
    size_t at = 0;
    for (uint32_t i = 1; i < line && at < text.len; i++)
        at = mg_str_find(text, '\n', at) + 1;
    return at < text.len ? at : text.len;
}

struct mg_str mg_words_hot(struct mg_search *s, enum mg_atom_kind kind)
{
    const struct mg_generate_request *request = s->request;
    if (request->mutant_count == 0)
        return MG_NO_STR;
    size_t from = mg_rng_below(&s->rng, request->mutant_count);
    for (size_t i = 0; i < request->mutant_count; i++) {
        size_t m = (from + i) % request->mutant_count;
        if (!s->alive[m])
            continue;
        struct mg_literals found = { 0 };
        struct mg_str text = request->source->text;
        mg_module_literals(s->module, (uint32_t)line_start(text, request->mutants[m].line),
                           (uint32_t)line_start(text, request->mutants[m].end_line + 1), s->arena, &found);
        for (size_t n = 0, start = mg_rng_below(&s->rng, found.len); n < found.len; n++) {
            struct mg_atoms atoms = { 0 };
            mg_expr_atoms(found.at[(start + n) % found.len], s->arena, &atoms);
            if (atoms.len == 1 && atoms.at[0].kind == kind)
                return atoms.at[0].text;
        }
        break;
    }
    return MG_NO_STR;
}
