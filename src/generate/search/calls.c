/* Calls of the target: their text, and how they are drawn, varied and simplified. */
#include "base/buf.h"
#include "base/str.h"
#include "generate/search/internal.h"
#include <string.h>

#define MAX_ARGS 16
#define HARVEST_LIMIT 150

static struct mg_str joined_args(struct mg_search *s, const struct mg_candidate *candidate, const struct mg_str *args)
{
    struct mg_buf out = MG_BUF(1u << 16);
    for (size_t i = 0; i < candidate->args.len; i++) {
        mg_buf_adds(&out, i ? ", " : "");
        if (candidate->args.at[i].keyword.len)
            mg_buf_addf(&out, "%.*s=", MG_FMT(candidate->args.at[i].keyword));
        mg_buf_add(&out, args[i]);
    }
    return mg_buf_take(&out, s->arena);
}

struct mg_str mg_call_text(struct mg_search *s, const struct mg_candidate *candidate, struct mg_str receiver, const struct mg_str *args)
{
    if (candidate->raw.len)
        return candidate->as_text ? mg_arena_printf(s->arena, "str(%.*s)", MG_FMT(candidate->raw)) : candidate->raw;
    struct mg_buf out = MG_BUF(1u << 16);
    struct mg_str inside = joined_args(s, candidate, args);
    switch (s->shape) {
    case MG_CALL_FUNCTION:
        mg_buf_addf(&out, "%.*s(%.*s)", MG_FMT(s->callee), MG_FMT(inside));
        break;
    case MG_CALL_METHOD:
        mg_buf_addf(&out, "%.*s%s%.*s(%.*s)", MG_FMT(receiver), s->callee.len ? "." : "", MG_FMT(s->callee), MG_FMT(inside));
        break;
    case MG_CALL_PROPERTY:
        mg_buf_addf(&out, "%.*s.%.*s", MG_FMT(receiver), MG_FMT(s->callee));
        break;
    case MG_CALL_OPERATOR:
        for (const char *c = s->operator; *c; c++) {
            if (*c == '\1')
                mg_buf_add(&out, receiver);
            else if (*c == '\2')
                mg_buf_add(&out, inside);
            else
                mg_buf_addc(&out, *c);
        }
        break;
    }
    struct mg_str text = mg_buf_take(&out, s->arena);
    if (s->about.is_async)
        text = mg_arena_printf(s->arena, "asyncio.run(%.*s)", MG_FMT(text));
    return candidate->as_text ? mg_arena_printf(s->arena, "str(%.*s)", MG_FMT(text)) : text;
}

static bool is_mutable(struct mg_str source)
{
    return source.len > 0 && (source.at[0] == '[' || source.at[0] == '{' || mg_str_starts(source, "bytearray("));
}

struct mg_str mg_receiver_name(struct mg_search *s)
{
    size_t dot = mg_str_rfind(s->class_name, '.');
    struct mg_str last = dot < s->class_name.len ? mg_str_sub(s->class_name, dot + 1, s->class_name.len) : s->class_name;
    return mg_local_name(s, mg_snake_case(s->arena, last));
}

struct mg_str mg_arg_name(struct mg_search *s, const struct mg_candidate *candidate, size_t index)
{
    const struct mg_arg *arg = &candidate->args.at[index];
    struct mg_str name = mg_local_name(s, arg->keyword.len ? arg->keyword : arg->param->name);
    size_t same = 0;
    for (size_t i = 0; i < index; i++)
        same += candidate->args.at[i].param == arg->param;
    if (arg->param->kind == MG_PARAM_ARGS)
        name = mg_arena_printf(s->arena, "%.*s_%zu", MG_FMT(name), same + 1);
    return candidate->receiver.len && mg_str_eq(name, mg_receiver_name(s)) ? mg_arena_printf(s->arena, "other_%.*s", MG_FMT(name)) : name;
}

struct mg_candidate *mg_call_finish(struct mg_search *s, struct mg_candidate *c)
{
    struct mg_str texts[MAX_ARGS], setup = MG_STR(""), receiver = MG_NO_STR;
    if (c->args.len > MAX_ARGS)
        return NULL;
    c->call.watch.len = 0;
    c->cost = (c->as_text ? 8 : 0) + mg_expr_cost(c->receiver) + mg_expr_cost(c->raw) + (c->origin == MG_FROM_DRAW ? 15 : 0);
    if (c->receiver.len) {
        receiver = mg_receiver_name(s);
        setup = mg_arena_printf(s->arena, "%.*s = %.*s\n", MG_FMT(receiver), MG_FMT(c->receiver));
        *MG_PUSH(s->arena, &c->call.watch) = receiver;
    }
    for (size_t i = 0; i < c->args.len; i++) {
        struct mg_str source = texts[i] = c->args.at[i].source;
        c->cost += mg_expr_cost(source) + 4 + (unsigned)c->args.at[i].keyword.len / 2;
        if (!is_mutable(source))
            continue;
        texts[i] = mg_arg_name(s, c, i);
        setup = mg_arena_printf(s->arena, "%.*s%.*s = %.*s\n", MG_FMT(setup), MG_FMT(texts[i]), MG_FMT(source));
        *MG_PUSH(s->arena, &c->call.watch) = texts[i];
    }
    c->call.setup = setup;
    c->call.call = mg_call_text(s, c, receiver, texts);
    void **known = mg_map_slot(&s->known_calls, mg_arena_printf(s->arena, "%.*s%.*s", MG_FMT(setup), MG_FMT(c->call.call)));
    if (*known)
        return NULL;
    *known = c;
    return c;
}

struct mg_candidate *mg_call_copy(struct mg_search *s, const struct mg_candidate *from)
{
    struct mg_candidate *copy = MG_NEW(s->arena, struct mg_candidate);
    copy->receiver = from->receiver;
    copy->raw = from->raw;
    copy->as_text = from->as_text;
    for (size_t i = 0; i < from->args.len; i++)
        *MG_PUSH(s->arena, &copy->args) = from->args.at[i];
    return copy;
}

static void push_arg(struct mg_search *s, struct mg_candidate *c, const struct mg_param *param, struct mg_str keyword, struct mg_str source)
{
    if (source.len && c->args.len < MAX_ARGS)
        *MG_PUSH(s->arena, &c->args) = (struct mg_arg){ .param = param, .keyword = keyword, .source = source };
}

static bool wants_receiver(const struct mg_search *s) { return s->shape != MG_CALL_FUNCTION; }

struct mg_candidate *mg_call_draw(struct mg_search *s)
{
    struct mg_candidate *c = MG_NEW(s->arena, struct mg_candidate);
    bool by_keyword = false;
    size_t optional = 0;
    if (wants_receiver(s) && (c->receiver = mg_pool_draw(s, s->receivers)).len == 0)
        return NULL;
    for (size_t i = 0; i < s->about.params.len; i++)
        optional += s->about.params.at[i]->has_default;
    unsigned present = optional <= 1 ? 55 : optional <= 3 ? 40 : 25;
    for (size_t i = 0; i < s->about.params.len; i++) {
        const struct mg_param *p = s->about.params.at[i];
        struct mg_pool *pool = s->pools.at[i];
        if (p->kind == MG_PARAM_ARGS) {
            for (size_t n = by_keyword ? 0 : mg_rng_below(&s->rng, 4); n > 0; n--)
                push_arg(s, c, p, MG_NO_STR, mg_pool_draw(s, pool));
        } else if (p->kind == MG_PARAM_KWARGS) {
            static const char *const keys[] = { "a", "b", "key", "name" };
            for (size_t n = mg_rng_percent(&s->rng, 35) ? 1 + mg_rng_below(&s->rng, 2) : 0; n > 0; n--)
                push_arg(s, c, p, mg_str_from(keys[n]), mg_pool_draw(s, pool));
        } else if (p->has_default && !mg_rng_percent(&s->rng, present)) {
            by_keyword = true;
        } else if (!(by_keyword && p->kind == MG_PARAM_POSITIONAL_ONLY)) {
            bool named = p->kind == MG_PARAM_KEYWORD || (p->has_default && p->kind != MG_PARAM_POSITIONAL_ONLY) || by_keyword;
            by_keyword |= named;
            push_arg(s, c, p, named ? p->name : MG_NO_STR, mg_pool_draw(s, pool));
        }
    }
    return mg_call_finish(s, c);
}

static size_t param_index(const struct mg_search *s, const struct mg_param *param)
{
    for (size_t i = 0; i < s->about.params.len; i++)
        if (s->about.params.at[i] == param)
            return i;
    return 0;
}

static void drop_arg(struct mg_candidate *c, size_t at)
{
    memmove(&c->args.at[at], &c->args.at[at + 1], (c->args.len - at - 1) * sizeof(c->args.at[0]));
    c->args.len--;
}

static bool may_drop(const struct mg_candidate *c, size_t at)
{
    const struct mg_arg *arg = &c->args.at[at];
    if (arg->keyword.len)
        return arg->param->has_default || arg->param->kind == MG_PARAM_KWARGS;
    bool last_positional = at + 1 == c->args.len || c->args.at[at + 1].keyword.len > 0;
    return last_positional && (arg->param->has_default || arg->param->kind == MG_PARAM_ARGS);
}

/* Adds an optional parameter that the call does not give yet; false when there is none. */
static bool add_optional(struct mg_search *s, struct mg_candidate *c)
{
    size_t count = s->about.params.len;
    for (size_t i = 0, from = mg_rng_below(&s->rng, count); i < count; i++) {
        const struct mg_param *p = s->about.params.at[(from + i) % count];
        bool given = !p->has_default || p->kind == MG_PARAM_POSITIONAL_ONLY;
        for (size_t n = 0; n < c->args.len; n++)
            given |= c->args.at[n].param == p;
        if (given)
            continue;
        if (p->kind == MG_PARAM_ARGS || p->kind == MG_PARAM_KWARGS)
            continue;
        push_arg(s, c, p, p->name, mg_pool_draw(s, s->pools.at[(from + i) % count]));
        return true;
    }
    return false;
}

/* Whether the result is an object that was written down by its constructor. */
static bool gives_object(struct mg_search *s, const struct mg_candidate *c)
{
    const struct mg_fact *first = c->usable && !c->seen.raised && c->seen.facts.len ? &c->seen.facts.at[0] : NULL;
    return first && first->form == MG_FACT_EQ && first->imports.len && !mg_expr_is_literal(first->source, s->arena);
}

struct mg_candidate *mg_call_mutate(struct mg_search *s, const struct mg_candidate *parent)
{
    struct mg_candidate *c = mg_call_copy(s, parent);
    s->varied = parent;
    if (gives_object(s, parent) && mg_rng_percent(&s->rng, 30)) {
        c->as_text = true;
        if (mg_rng_percent(&s->rng, 40))
            return mg_call_finish(s, c);
    }
    if (c->raw.len) {
        c->raw = mg_value_neighbour(s, c->raw);
        return mg_call_finish(s, c);
    }
    size_t places = c->args.len + (c->receiver.len ? 1 : 0);
    for (size_t steps = 1 + (mg_rng_percent(&s->rng, 30) ? 1 : 0); steps > 0; steps--) {
        size_t dice = mg_rng_below(&s->rng, 100), at = mg_rng_below(&s->rng, places);
        if ((dice < 18 && add_optional(s, c)) || places == 0) {
            continue;
        } else if (at >= c->args.len) {
            if (c->receiver.len)
                c->receiver = dice < 50 ? mg_pool_draw(s, s->receivers) : mg_value_neighbour(s, c->receiver);
        } else if (dice < 26 && may_drop(c, at)) {
            drop_arg(c, at);
        } else if (dice < 34 && c->args.len > 1) { /* equal or exchanged arguments */
            size_t other = mg_rng_below(&s->rng, c->args.len);
            struct mg_str kept = c->args.at[other].source;
            c->args.at[other].source = c->args.at[at].source;
            if (dice < 30)
                c->args.at[at].source = kept;
        } else if (dice < 55) {
            c->args.at[at].source = mg_pool_draw(s, s->pools.at[param_index(s, c->args.at[at].param)]);
        } else {
            c->args.at[at].source = mg_value_neighbour(s, c->args.at[at].source);
        }
    }
    return mg_call_finish(s, c);
}

size_t mg_call_simpler(struct mg_search *s, const struct mg_candidate *candidate, struct mg_candidate **variants, size_t limit)
{
    size_t count = 0;
    struct mg_str simpler[12];
    for (size_t i = 0; i < candidate->args.len && count < limit; i++) {
        if (!may_drop(candidate, i))
            continue;
        struct mg_candidate *c = mg_call_copy(s, candidate);
        drop_arg(c, i);
        if ((c = mg_call_finish(s, c)) != NULL)
            variants[count++] = c;
    }
    if (candidate->raw.len) {
        size_t found = mg_value_simpler(s, candidate->raw, simpler, MG_COUNT(simpler));
        for (size_t n = 0; n < found && count < limit; n++) {
            struct mg_candidate *c = mg_call_copy(s, candidate);
            c->raw = simpler[n];
            if ((c = mg_call_finish(s, c)) != NULL)
                variants[count++] = c;
        }
        return count;
    }
    for (size_t i = 0; i <= candidate->args.len; i++) {
        bool receiver = i == candidate->args.len;
        struct mg_str source = receiver ? candidate->receiver : candidate->args.at[i].source;
        size_t found = source.len ? mg_value_simpler(s, source, simpler, MG_COUNT(simpler)) : 0;
        for (size_t n = 0; n < found && count < limit; n++) {
            struct mg_candidate *c = mg_call_copy(s, candidate);
            *(receiver ? &c->receiver : &c->args.at[i].source) = simpler[n];
            if ((c = mg_call_finish(s, c)) != NULL)
                variants[count++] = c;
        }
    }
    return count;
}

/* `key=value` taken apart; false for a positional argument. */
static bool split_keyword(struct mg_search *s, struct mg_str argument, struct mg_str *key, struct mg_str *value)
{
    struct mg_atoms atoms = { 0 };
    mg_expr_atoms(argument, s->arena, &atoms);
    if (atoms.len < 3 || atoms.at[0].kind != MG_ATOM_NAME || !mg_str_is(atoms.at[1].text, "=") || mg_str_is(atoms.at[2].text, "="))
        return false;
    *key = atoms.at[0].text;
    *value = mg_str_sub(argument, (size_t)(atoms.at[2].text.at - argument.at), argument.len);
    return true;
}

/* A call of literals seen elsewhere, bound to the parameters; false when it does not fit them. */
static bool bind(struct mg_search *s, const struct mg_literal_call *seen, struct mg_candidate *c)
{
    size_t next = 0;
    for (size_t i = 0; i < seen->arguments.len; i++) {
        struct mg_str key = MG_NO_STR, value = seen->arguments.at[i];
        const struct mg_param *param = NULL;
        bool named = split_keyword(s, value, &key, &value);
        for (size_t n = named ? 0 : next; n < s->about.params.len && !param; n++) {
            const struct mg_param *p = s->about.params.at[n];
            if (named ? (mg_str_eq(p->name, key) && p->kind != MG_PARAM_ARGS) || p->kind == MG_PARAM_KWARGS
                      : p->kind < MG_PARAM_KEYWORD || p->kind == MG_PARAM_ARGS) {
                param = p;
                next = named || p->kind == MG_PARAM_ARGS ? n : n + 1;
            }
        }
        if (!param || memchr(value.at, '\n', value.len) || value.len > 300)
            return false;
        value = mg_expr_black(s->arena, value);
        mg_pool_add(s, s->pools.at[param_index(s, param)], value, 6);
        push_arg(s, c, param, named ? key : MG_NO_STR, value);
    }
    return c->args.len == seen->arguments.len;
}

/* Whether the text is nothing but one call of `callee`: only then does a doctest's result belong to that call. */
static bool is_one_call(struct mg_search *s, struct mg_str text, struct mg_str callee)
{
    struct mg_atoms atoms = { 0 };
    int depth = 0;
    text = mg_str_trim(text);
    if (!mg_str_eq(mg_str_sub(text, 0, callee.len), callee))
        return false;
    mg_expr_atoms(mg_str_sub(text, callee.len, text.len), s->arena, &atoms);
    for (size_t i = 0; i < atoms.len; i++) {
        if (depth == 0 && i > 0)
            return false;
        depth += atoms.at[i].kind == MG_ATOM_OPEN ? 1 : atoms.at[i].kind == MG_ATOM_CLOSE ? -1 : 0;
    }
    return depth == 0 && atoms.len > 0;
}

/* Takes over all calls of literals in the text; false when the whole text is no such call. */
static bool harvest_text(struct mg_search *s, struct mg_str text, enum mg_origin origin, struct mg_str want)
{
    struct mg_module *module = NULL;
    struct mg_literal_calls calls = { 0 };
    struct mg_str name = s->request->target->function.name;
    if (mg_module_parse(text, &module, NULL) != MG_OK)
        return false;
    size_t dot = mg_str_rfind(s->class_name, '.');
    struct mg_str class_last = s->class_name.len && dot < s->class_name.len ? mg_str_sub(s->class_name, dot + 1, s->class_name.len) : s->class_name;
    if (s->class_name.len && wants_receiver(s)) {
        mg_module_literal_calls(module, class_last, s->arena, &calls);
        for (size_t i = 0; i < calls.len && i < HARVEST_LIMIT; i++) {
            struct mg_str inside = MG_STR("");
            for (size_t n = 0; n < calls.at[i].arguments.len; n++)
                inside = mg_arena_printf(s->arena, "%.*s%s%.*s", MG_FMT(inside), n ? ", " : "", MG_FMT(calls.at[i].arguments.at[n]));
            if (!memchr(inside.at, '\n', inside.len))
                mg_pool_add(s, s->receivers, mg_arena_printf(s->arena, "%.*s(%.*s)", MG_FMT(s->class_name), MG_FMT(mg_expr_black(s->arena, inside))),
                            8);
        }
        calls.len = 0;
    }
    bool whole = false, constructs = s->shape == MG_CALL_FUNCTION && mg_str_eq(s->callee, s->class_name);
    mg_module_literal_calls(module, constructs ? class_last : name, s->arena, &calls);
    whole = calls.len == 1 && !wants_receiver(s) && is_one_call(s, text, s->callee);
    for (size_t i = 0; i < calls.len && i < HARVEST_LIMIT; i++) {
        struct mg_candidate *c = MG_NEW(s->arena, struct mg_candidate);
        c->origin = origin;
        c->want = whole ? want : MG_NO_STR;
        if (wants_receiver(s) && (c->receiver = mg_pool_draw(s, s->receivers)).len == 0)
            continue;
        if (s->calls.len < HARVEST_LIMIT && bind(s, &calls.at[i], c) && mg_call_finish(s, c) != NULL)
            *MG_PUSH(s->arena, &s->calls) = c;
    }
    mg_module_free(module);
    return whole;
}

/* A doctest that is more than a call of literals is taken whole when all its names are the module's own functions and classes or builtins. */
static bool take_raw(struct mg_search *s, const struct mg_doctest *doctest, const struct mg_functions *functions)
{
    struct mg_atoms atoms = { 0 };
    struct mg_str source = mg_expr_black(s->arena, mg_str_trim(doctest->source));
    if (s->about.is_async || memchr(source.at, '\n', source.len) || source.len > 200)
        return false;
    mg_expr_atoms(source, s->arena, &atoms);
    for (size_t i = 0; i < atoms.len; i++) {
        struct mg_str name = atoms.at[i].text;
        bool attribute = i > 0 && mg_str_is(atoms.at[i - 1].text, "."), keyword = i + 1 < atoms.len && mg_str_is(atoms.at[i + 1].text, "=");
        if (atoms.at[i].kind == MG_ATOM_FSTRING)
            return false;
        if (atoms.at[i].kind != MG_ATOM_NAME || attribute || keyword || mg_name_is_builtin(name))
            continue;
        bool own = false;
        for (size_t n = 0; n < functions->len && !own; n++)
            own = !functions->at[n].is_nested &&
                  mg_str_eq(mg_str_sub(functions->at[n].qualname, 0, mg_str_find(functions->at[n].qualname, '.', 0)), name);
        if (!own || !mg_str_eq(mg_search_name(s, s->request->target->module, name), name))
            return false;
    }
    struct mg_candidate *c = MG_NEW(s->arena, struct mg_candidate);
    *c = (struct mg_candidate){ .raw = source, .origin = MG_FROM_DOCTEST, .want = doctest->want };
    if (mg_call_finish(s, c))
        *MG_PUSH(s->arena, &s->calls) = c;
    return true;
}

void mg_calls_harvest(struct mg_search *s)
{
    struct mg_functions functions = { 0 };
    mg_module_functions(s->module, s->arena, &functions);
    const struct mg_repo *repo = s->request->repo;
    const char *name = mg_arena_cstr(s->arena, s->request->target->function.name);
    const char *owner = mg_arena_cstr(s->arena, s->class_name);
    for (size_t i = 0; i < s->about.doctests.len; i++)
        if (!harvest_text(s, s->about.doctests.at[i].source, MG_FROM_DOCTEST, s->about.doctests.at[i].want))
            (void)take_raw(s, &s->about.doctests.at[i], &functions);
    for (size_t i = 0; repo && i < repo->test_files.len; i++)
        if (mg_str_contains(repo->test_files.at[i].text, name) || (s->class_name.len && mg_str_contains(repo->test_files.at[i].text, owner)))
            harvest_text(s, repo->test_files.at[i].text, MG_FROM_TESTS, MG_NO_STR);
}

void mg_calls_around(struct mg_search *s, const struct mg_candidate *base, struct mg_candidate **calls, size_t *count, size_t limit)
{
    for (size_t i = 0; i < s->about.params.len; i++) {
        const struct mg_param *p = s->about.params.at[i];
        if (p->kind == MG_PARAM_ARGS || p->kind == MG_PARAM_KWARGS)
            continue;
        for (size_t n = 0; n < 14 && *count < limit; n++) {
            struct mg_candidate *c = mg_call_copy(s, base);
            bool found = false;
            struct mg_str value = n < s->pools.at[i]->len ? s->pools.at[i]->at[n].source : MG_NO_STR;
            if (n >= 7 || value.len == 0 || s->pools.at[i]->at[n].demoted)
                value = mg_pool_draw(s, s->pools.at[i]);
            for (size_t a = 0; a < c->args.len && !found; a++)
                if (c->args.at[a].param == p) {
                    c->args.at[a].source = value;
                    found = true;
                }
            if (!found && p->kind == MG_PARAM_POSITIONAL_ONLY)
                break;
            if (!found)
                push_arg(s, c, p, p->name, value);
            if ((c = mg_call_finish(s, c)) != NULL)
                calls[(*count)++] = c;
        }
    }
}
