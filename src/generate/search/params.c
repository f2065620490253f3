/* What is tried for each parameter of the target, and for its receiver: the values of its type, and what the body asks of it. */
#include "base/str.h"
#include "generate/search/internal.h"
#include "generate/search/regex.h"
#include <string.h>

#define MAX_SPECIAL 12

/* A module-level object, `pkg.mod.name` or `name`, by the name under which tests import it. */
static struct mg_str module_object(struct mg_search *s, struct mg_str expression)
{
    const struct mg_str modules[] = { s->request->target->module, s->about.receiver ? s->about.receiver->module : MG_NO_STR };
    for (size_t i = 0; i < MG_COUNT(modules); i++)
        if (modules[i].len && expression.len > modules[i].len + 1 && expression.at[modules[i].len] == '.' &&
            mg_str_eq(mg_str_sub(expression, 0, modules[i].len), modules[i]))
            return mg_search_name(s, modules[i], mg_str_sub(expression, modules[i].len + 1, expression.len));
    return mg_search_name(s, modules[0], expression);
}

/* The body asks for the type of this parameter: then values of the wrong kind are behaviour too. */
static void add_other_kinds(struct mg_search *s, struct mg_pool *pool)
{
    static const struct mg_sample kinds[] = { { "1", 1 },          { "\"text\"", 1 }, { "None", 1 },   { "1.5", 1 },  { "[1]", 1 },
                                              { "{\"a\": 1}", 1 }, { "b\"abc\"", 1 }, { "(1, 2)", 1 }, { "True", 1 }, { "object()", 1 } };
    unsigned share = (unsigned)(pool->total / 60) + 1;
    for (size_t i = 0; i < MG_COUNT(kinds); i++) {
        mg_pool_add(s, pool, mg_str_from(kinds[i].source), share);
        *MG_PUSH(s->arena, &pool->special) = mg_str_from(kinds[i].source);
    }
}

/* Objects of the method's own class, and what its constructor would take as a tuple, list or dict: for comparing and converting methods. */
static void add_siblings(struct mg_search *s, struct mg_pool *pool, unsigned share)
{
    const struct mg_type *type = s->about.receiver->kind == MG_TYPE_UNION ? s->about.receiver->of.at[0] : s->about.receiver;
    mg_pool_merge(s, pool, s->receivers, share);
    for (size_t n = 0; n < s->receivers->len && n < 8; n++) {
        struct mg_str source = s->receivers->at[n].source, dict = MG_STR("{");
        size_t open = mg_str_find(source, '(', 0);
        struct mg_parts parts = { 0 };
        if (open >= source.len || !mg_str_eq(mg_str_sub(source, 0, open), s->class_name))
            continue;
        struct mg_str inside = mg_str_sub(source, open + 1, source.len - 1);
        mg_expr_split(inside, s->arena, &parts);
        bool named = false;
        for (size_t i = 0; i < parts.len; i++) {
            struct mg_atoms atoms = { 0 };
            mg_expr_atoms(parts.at[i], s->arena, &atoms);
            bool keyword = atoms.len > 2 && atoms.at[0].kind == MG_ATOM_NAME && mg_str_is(atoms.at[1].text, "=");
            struct mg_str key = keyword ? atoms.at[0].text : i < type->params.len ? type->params.at[i]->name : MG_STR("x");
            struct mg_str value = keyword ? mg_str_sub(parts.at[i], (size_t)(atoms.at[2].text.at - parts.at[i].at), parts.at[i].len) : parts.at[i];
            dict = mg_arena_printf(s->arena, "%.*s%s\"%.*s\": %.*s", MG_FMT(dict), i ? ", " : "", MG_FMT(key), MG_FMT(value));
            named |= keyword;
        }
        const struct mg_str forms[] = { mg_arena_printf(s->arena, "%.*s}", MG_FMT(dict)), mg_arena_printf(s->arena, "(%.*s)", MG_FMT(inside)),
                                        mg_arena_printf(s->arena, "[%.*s]", MG_FMT(inside)) };
        for (size_t i = 0; i < (named || parts.len < 2 ? 1 : MG_COUNT(forms)); i++) {
            mg_pool_add(s, pool, forms[i], share / 60 + 1);
            if (pool->special.len < MAX_SPECIAL)
                *MG_PUSH(s->arena, &pool->special) = forms[i];
        }
    }
}

/* The attributes that the body reads of a parameter; none when it calls a method of it: then any object will not do. */
static void read_attributes(struct mg_search *s, struct mg_str name, struct mg_parts *attributes)
{
    const struct mg_function *f = &s->request->target->function;
    struct mg_atoms atoms = { 0 };
    mg_expr_atoms(mg_str_sub(s->request->source->text, f->start, f->end), s->arena, &atoms);
    for (size_t i = 0; i + 3 < atoms.len; i++) {
        bool whole = i == 0 || !mg_str_is(atoms.at[i - 1].text, "."), known = false;
        if (!whole || !mg_str_eq(atoms.at[i].text, name) || !mg_str_is(atoms.at[i + 1].text, ".") || atoms.at[i + 2].kind != MG_ATOM_NAME)
            continue;
        if (mg_str_is(atoms.at[i + 3].text, "(") || mg_str_starts(atoms.at[i + 2].text, "_")) {
            attributes->len = 0;
            return;
        }
        for (size_t n = 0; n < attributes->len; n++)
            known |= mg_str_eq(attributes->at[n], atoms.at[i + 2].text);
        if (!known)
            *MG_PUSH(s->arena, attributes) = atoms.at[i + 2].text;
    }
}

static bool is_slice(const struct mg_parts *attributes)
{
    for (size_t i = 0; i < attributes->len; i++)
        if (!mg_str_is(attributes->at[i], "start") && !mg_str_is(attributes->at[i], "stop") && !mg_str_is(attributes->at[i], "step"))
            return false;
    return attributes->len > 1;
}

static void add_slices(struct mg_search *s, struct mg_pool *pool)
{
    static const struct mg_sample slices[] = { { "slice(None)", 20 },     { "slice(1, 3)", 20 },          { "slice(None, 2)", 20 },
                                               { "slice(1, None)", 20 },  { "slice(None, None, 2)", 20 }, { "slice(None, None, -1)", 20 },
                                               { "slice(-2, None)", 20 }, { "slice(None, -1)", 20 },      { "slice(3, 0, -1)", 20 } };
    mg_pool_add_samples(s, pool, slices, MG_COUNT(slices));
}

/* Objects with just these attributes. */
static void add_namespaces(struct mg_search *s, struct mg_pool *pool, const struct mg_param *param)
{
    struct mg_parts attributes = { 0 };
    struct mg_pool *values[8], *made = mg_pool_new(s);
    bool any_class = param->type && param->type->kind == MG_TYPE_CLASS;
    read_attributes(s, param->name, &attributes);
    if (!any_class && is_slice(&attributes))
        add_slices(s, pool);
    if (attributes.len == 0 || attributes.len > MG_COUNT(values) || (!any_class && is_slice(&attributes)))
        return;
    struct mg_str constructor = any_class ? mg_search_name(s, param->type->module, param->type->name) : MG_STR("types.SimpleNamespace");
    for (size_t i = 0; i < attributes.len; i++) {
        values[i] = mg_pool_new(s);
        mg_pool_fill(s, values[i], &(struct mg_type){ .kind = MG_TYPE_ANY }, attributes.at[i], 1);
    }
    for (int n = 0; n < 40; n++) {
        struct mg_str inside = MG_STR("");
        for (size_t i = 0; i < attributes.len; i++) {
            struct mg_str value = mg_pool_draw(s, values[i]);
            inside = mg_arena_printf(s->arena, "%.*s%s%.*s=%.*s", MG_FMT(inside), i ? ", " : "", MG_FMT(attributes.at[i]), MG_FMT(value));
        }
        mg_pool_add(s, made, mg_arena_printf(s->arena, "%.*s(%.*s)", MG_FMT(constructor), MG_FMT(inside)), 1);
    }
    mg_pool_merge(s, pool, made, (unsigned)pool->total + 40);
    if (!any_class)
        *MG_PUSH(s->arena, &s->import_lines) = MG_STR("import types\n");
}

/* A class that takes whatever it is given by name, such as argparse.Namespace. */
static bool takes_anything(const struct mg_type *type)
{
    return type->kind == MG_TYPE_CLASS && type->params.len == 1 && type->params.at[0]->kind == MG_PARAM_KWARGS;
}

/* Match objects, for functions that re.sub calls back. */
static void add_matches(struct mg_search *s, struct mg_pool *pool)
{
    for (size_t i = 0; i < s->words.regexes.len && i < 30; i++)
        for (int n = 0; n < 4; n++) {
            struct mg_str sample, pattern = mg_expr_quote_regex(s->arena, s->words.regexes.at[i]);
            if (mg_regex_sample(s->words.regexes.at[i], &s->rng, s->arena, &sample) && sample.len)
                mg_pool_add(s, pool, mg_arena_printf(s->arena, "re.search(%.*s, %.*s)", MG_FMT(pattern), MG_FMT(mg_expr_quote(s->arena, sample))),
                            20);
        }
    if (pool->len)
        *MG_PUSH(s->arena, &s->import_lines) = MG_STR("import re\n");
}

static void collect_param(struct mg_search *s, const struct mg_param *param, struct mg_pool *pool)
{
    const struct mg_function *f = &s->request->target->function;
    struct mg_str body = mg_str_sub(s->request->source->text, f->start, f->end);
    /* a default of None without a hint says nothing about the other values */
    bool silent = param->type == NULL || param->type->kind == MG_TYPE_ANY || (param->type->kind == MG_TYPE_NONE && param->has_default);
    if ((silent && mg_str_contains(param->name, "match")) || (!silent && mg_str_is(param->type->name, "Match")))
        add_matches(s, pool);
    mg_pool_fill(s, pool, silent ? &(struct mg_type){ .kind = MG_TYPE_ANY } : param->type, param->name, 0);
    if (silent || takes_anything(param->type))
        add_namespaces(s, pool, param);
    if (param->default_source.len && mg_expr_is_literal(param->default_source, s->arena))
        mg_pool_add(s, pool, mg_value_neighbour(s, param->default_source), 3);
    bool other = mg_str_contains(param->name, "other");
    if (s->about.receiver && s->receivers->len && (other || silent || param->type->kind == MG_TYPE_UNION))
        add_siblings(s, pool, (unsigned)(pool->total / (other ? 1 : 5)) + 1);
    if (mg_str_contains(body, mg_arena_cstr(s->arena, mg_arena_printf(s->arena, "isinstance(%.*s,", MG_FMT(param->name)))))
        add_other_kinds(s, pool);
    if (param->type && (param->type->kind == MG_TYPE_LITERAL || param->type->kind == MG_TYPE_STR) && mg_str_contains(body, "raise "))
        *MG_PUSH(s->arena, &pool->special) = MG_STR("\"other\"");
}

void mg_values_collect(struct mg_search *s)
{
    s->receivers = mg_pool_new(s);
    for (size_t i = 0; i < s->about.receiver_values.len; i++)
        mg_pool_add(s, s->receivers, module_object(s, s->about.receiver_values.at[i]), 6);
    if (s->about.receiver && s->shape != MG_CALL_FUNCTION)
        mg_pool_fill(s, s->receivers, s->about.receiver, MG_NO_STR, 0);
    for (size_t i = 0; i < s->about.params.len; i++) {
        struct mg_pool *pool = mg_pool_new(s);
        *MG_PUSH(s->arena, &s->pools) = pool;
        collect_param(s, s->about.params.at[i], pool);
    }
}
