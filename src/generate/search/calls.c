/* Calls of the target: their text, and how they are drawn, varied and simplified. */
#include "base/buf.h"
#include "base/str.h"
#include "generate/search/internal.h"
#include <string.h>

#define MAX_ARGS 16
#define MANY_PARAMS 4 /* more are given by keyword: nobody remembers their order */
#define PLAINER 3     /* values of the pool tried in place of an odd one */

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

/* `slice(1, None)` between brackets is written `1:`. */
static struct mg_str as_slice(struct mg_search *s, struct mg_str inside)
{
    struct mg_parts parts = { 0 };
    if (!mg_str_starts(inside, "slice(") || !mg_str_ends(inside, ")"))
        return inside;
    mg_expr_split(mg_str_sub(inside, 6, inside.len - 1), s->arena, &parts);
    if (parts.len == 0 || parts.len > 3 || !mg_expr_is_literal(mg_str_sub(inside, 5, inside.len), s->arena))
        return inside;
    struct mg_str text = parts.len == 1 ? MG_STR(":") : MG_STR("");
    for (size_t i = 0; i < parts.len; i++)
        text = mg_arena_printf(s->arena, "%.*s%s%.*s", MG_FMT(text), i ? ":" : "", mg_str_is(parts.at[i], "None") ? 0 : (int)parts.at[i].len,
                               parts.at[i].at);
    return text;
}

bool mg_call_is_loose(const struct mg_search *s, const struct mg_candidate *candidate)
{
    bool is_bare = s->shape == MG_CALL_OPERATOR && !s->about.is_async && !candidate->as_text && !candidate->raw.len;
    return is_bare && strchr("\1\2+-~", s->operator[0]) && strcmp(s->operator, "\1[\2]") != 0;
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
        if (mg_str_is(mg_str_from(s->operator), "\1[\2]"))
            inside = as_slice(s, inside);
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
    c->cost = (c->as_text ? 8 : 0) + mg_value_cost(s, c->receiver) + mg_value_cost(s, c->raw) + (c->origin == MG_FROM_DRAW ? 15 : 0);
    if (c->receiver.len) {
        receiver = mg_receiver_name(s);
        setup = mg_arena_printf(s->arena, "%.*s = %.*s\n", MG_FMT(receiver), MG_FMT(c->receiver));
        *MG_PUSH(s->arena, &c->call.watch) = receiver;
    }
    for (size_t i = 0; i < c->args.len; i++) {
        struct mg_str source = texts[i] = c->args.at[i].source;
        c->cost += mg_value_cost(s, source) + 4 + (unsigned)c->args.at[i].keyword.len / 2;
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

void mg_call_push_arg(struct mg_search *s, struct mg_candidate *c, const struct mg_param *param, struct mg_str keyword, struct mg_str source)
{
    if (source.len && c->args.len < MAX_ARGS)
        *MG_PUSH(s->arena, &c->args) = (struct mg_arg){ .param = param, .keyword = keyword, .source = source };
}

bool mg_wants_receiver(const struct mg_search *s) { return s->shape != MG_CALL_FUNCTION; }

/* A value for one of many parameters: mostly the plainest of a few, so that a call is about few things at once. */
static struct mg_str draw_value(struct mg_search *s, const struct mg_pool *pool, size_t params)
{
    struct mg_str best = mg_pool_draw(s, pool);
    for (size_t n = params > 2 && mg_rng_percent(&s->rng, 70) ? 3 : 0; n > 0; n--) {
        struct mg_str other = mg_pool_draw(s, pool);
        best = mg_value_cost(s, other) < mg_value_cost(s, best) ? other : best;
    }
    return best;
}

/* One name for **kwargs, rarely two: names that the class or the code knows, or any. */
static void draw_keywords(struct mg_search *s, struct mg_candidate *c, const struct mg_param *p, const struct mg_pool *pool)
{
    static const char *const any[] = { "a", "b", "key", "name" };
    size_t known = s->words.keys.len && mg_rng_percent(&s->rng, 75) ? s->words.keys.len : 0;
    size_t first = mg_rng_below(&s->rng, known ? known : MG_COUNT(any));
    size_t count = !mg_rng_percent(&s->rng, known ? 80 : 35) ? 0 : mg_rng_percent(&s->rng, 20) ? 2 : 1;
    for (size_t n = 0; n < count && n < (known ? known : MG_COUNT(any)); n++) {
        struct mg_str key = known ? s->words.keys.at[(first + n) % known] : mg_str_from(any[(first + n) % MG_COUNT(any)]);
        mg_call_push_arg(s, c, p, key, mg_pool_draw(s, pool));
    }
}

struct mg_candidate *mg_call_draw(struct mg_search *s)
{
    struct mg_candidate *c = MG_NEW(s->arena, struct mg_candidate);
    bool by_keyword = false;
    size_t optional = 0;
    if (mg_wants_receiver(s) && (c->receiver = mg_pool_draw(s, s->receivers)).len == 0)
        return NULL;
    bool has_args = false;
    for (size_t i = 0; i < s->about.params.len; i++) {
        optional += s->about.params.at[i]->has_default;
        has_args |= s->about.params.at[i]->kind == MG_PARAM_ARGS;
    }
    unsigned present = optional <= 1 ? 55 : optional <= 3 ? 40 : 25;
    for (size_t i = 0; i < s->about.params.len; i++) {
        const struct mg_param *p = s->about.params.at[i];
        struct mg_pool *pool = s->pools.at[i];
        if (p->kind == MG_PARAM_ARGS) {
            for (size_t n = by_keyword ? 0 : mg_rng_below(&s->rng, 4); n > 0; n--)
                mg_call_push_arg(s, c, p, MG_NO_STR, mg_pool_draw(s, pool));
        } else if (p->kind == MG_PARAM_KWARGS) {
            draw_keywords(s, c, p, pool);
        } else if (p->has_default && !mg_rng_percent(&s->rng, present)) {
            by_keyword = true;
        } else if (!(by_keyword && p->kind == MG_PARAM_POSITIONAL_ONLY)) {
            bool many = i > 0 && s->about.params.len > MANY_PARAMS && p->kind == MG_PARAM_POSITIONAL && !has_args;
            bool named = many || p->kind == MG_PARAM_KEYWORD || (p->has_default && p->kind != MG_PARAM_POSITIONAL_ONLY) || by_keyword;
            by_keyword |= named;
            mg_call_push_arg(s, c, p, named ? p->name : MG_NO_STR, draw_value(s, pool, s->about.params.len));
        }
    }
    return mg_call_finish(s, c);
}

size_t mg_param_index(const struct mg_search *s, const struct mg_param *param)
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
        mg_call_push_arg(s, c, p, p->name, mg_pool_draw(s, s->pools.at[(from + i) % count]));
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
            c->args.at[at].source = mg_pool_draw(s, s->pools.at[mg_param_index(s, c->args.at[at].param)]);
        } else {
            c->args.at[at].source = mg_value_neighbour(s, c->args.at[at].source);
        }
    }
    return mg_call_finish(s, c);
}

struct variants {
    struct mg_candidate **at;
    size_t count, limit;
};

/* The call with one part replaced, unless that is no simpler. */
static void add_simpler(struct mg_search *s, const struct mg_candidate *from, size_t place, struct mg_str source, struct variants *to)
{
    bool receiver = place == from->args.len;
    struct mg_str old = from->raw.len ? from->raw : receiver ? from->receiver : from->args.at[place].source;
    if (to->count >= to->limit || source.len == 0 || mg_value_cost(s, source) >= mg_value_cost(s, old))
        return;
    struct mg_candidate *c = mg_call_copy(s, from);
    *(from->raw.len ? &c->raw : receiver ? &c->receiver : &c->args.at[place].source) = source;
    if ((c = mg_call_finish(s, c)) != NULL)
        to->at[to->count++] = c;
}

static unsigned pool_cost(struct mg_search *s, struct mg_pool *pool, size_t index)
{
    struct mg_value *value = &pool->at[index];
    if (value->cost == 0)
        value->cost = mg_value_cost(s, value->source) + 1;
    return value->cost - 1;
}

static struct mg_str plainest(struct mg_search *s, struct mg_pool *pool)
{
    const struct mg_value *best = NULL;
    for (size_t i = 0; i < pool->len; i++)
        if (!pool->at[i].demoted && (!best || pool_cost(s, pool, i) < best->cost - 1))
            best = &pool->at[i];
    return best ? best->source : MG_NO_STR;
}

/* Halves and quarters of many arguments made plain at once: most have nothing to do with what the call shows. */
static void add_plain_halves(struct mg_search *s, const struct mg_candidate *from, struct variants *to)
{
    size_t args = from->args.len;
    for (size_t size = args / 2; args > 3 && size > 0 && size >= args / 4; size /= 2)
        for (size_t first = 0; first < args && to->count < to->limit; first += size) {
            struct mg_candidate *c = mg_call_copy(s, from);
            for (size_t i = first; i < first + size && i < args; i++) {
                struct mg_str plain = plainest(s, s->pools.at[mg_param_index(s, c->args.at[i].param)]);
                if (plain.len && mg_value_cost(s, plain) < mg_value_cost(s, c->args.at[i].source))
                    c->args.at[i].source = plain;
            }
            if ((c = mg_call_finish(s, c)) != NULL)
                to->at[to->count++] = c;
        }
}

/* The cheapest values of a pool that are cheaper than this one. */
static void add_plainer(struct mg_search *s, const struct mg_candidate *from, size_t place, struct mg_pool *pool, struct variants *to)
{
    struct mg_str seen[PLAINER];
    unsigned floor = 0;
    for (size_t n = 0; n < PLAINER; n++) {
        struct mg_str best = MG_NO_STR;
        unsigned best_cost = UINT32_MAX;
        for (size_t i = 0; i < pool->len; i++) {
            struct mg_str source = pool->at[i].source;
            unsigned cost = pool_cost(s, pool, i);
            bool used = pool->at[i].demoted || cost < floor;
            for (size_t k = 0; k < n && !used; k++)
                used = mg_str_eq(seen[k], source);
            if (!used && cost < best_cost) {
                best = source;
                best_cost = cost;
            }
        }
        if (best.len == 0)
            return;
        seen[n] = best;
        floor = best_cost;
        add_simpler(s, from, place, best, to);
    }
}

static void drop_args(struct mg_search *s, const struct mg_candidate *from, struct variants *to)
{
    for (size_t i = 0; i < from->args.len && to->count < to->limit; i++) {
        if (!may_drop(from, i))
            continue;
        struct mg_candidate *c = mg_call_copy(s, from);
        drop_arg(c, i);
        if ((c = mg_call_finish(s, c)) != NULL)
            to->at[to->count++] = c;
    }
}

size_t mg_call_simpler(struct mg_search *s, const struct mg_candidate *candidate, struct mg_candidate **variants, size_t limit)
{
    struct variants to = { .at = variants, .limit = limit };
    struct mg_str simpler[20];
    add_plain_halves(s, candidate, &to);
    drop_args(s, candidate, &to);
    size_t places = candidate->raw.len ? 1 : candidate->args.len + (candidate->receiver.len ? 1 : 0);
    for (size_t i = 0; i < places && !candidate->raw.len; i++)
        add_plainer(s, candidate, i, i < candidate->args.len ? s->pools.at[mg_param_index(s, candidate->args.at[i].param)] : s->receivers, &to);
    for (size_t i = 0; i < places; i++) {
        struct mg_str source = candidate->raw.len ? candidate->raw : i == candidate->args.len ? candidate->receiver : candidate->args.at[i].source;
        size_t found = mg_value_simpler(s, source, simpler, MG_COUNT(simpler));
        for (size_t n = 0; n < found; n++)
            add_simpler(s, candidate, i, simpler[n], &to);
    }
    return to.count;
}

/* The call with another value for that parameter; NULL when it cannot be given or the call is known. */
static struct mg_candidate *with_value(struct mg_search *s, const struct mg_candidate *base, const struct mg_param *p, struct mg_str value)
{
    struct mg_candidate *c = mg_call_copy(s, base);
    bool found = false;
    for (size_t a = 0; a < c->args.len && !found; a++)
        if (c->args.at[a].param == p) {
            c->args.at[a].source = value;
            found = true;
        }
    if (!found && p->kind == MG_PARAM_POSITIONAL_ONLY)
        return NULL;
    if (!found)
        mg_call_push_arg(s, c, p, p->name, value);
    return mg_call_finish(s, c);
}

void mg_calls_around(struct mg_search *s, const struct mg_candidate *base, struct mg_candidate **calls, size_t *count, size_t limit)
{
    struct mg_candidate *c;
    for (size_t i = 0; i < s->about.params.len; i++)
        for (size_t n = 0; n < s->pools.at[i]->special.len && *count < limit; n++)
            if (s->about.params.at[i]->kind < MG_PARAM_ARGS && (c = with_value(s, base, s->about.params.at[i], s->pools.at[i]->special.at[n])))
                calls[(*count)++] = c;
    for (size_t i = 0; i < s->about.params.len; i++) {
        const struct mg_param *p = s->about.params.at[i];
        for (size_t n = 0; n < 14 && *count < limit && p->kind < MG_PARAM_ARGS; n++) {
            struct mg_str value = n < s->pools.at[i]->len ? s->pools.at[i]->at[n].source : MG_NO_STR;
            if (n >= 7 || value.len == 0 || s->pools.at[i]->at[n].demoted)
                value = mg_pool_draw(s, s->pools.at[i]);
            if ((c = with_value(s, base, p, value)) != NULL)
                calls[(*count)++] = c;
        }
    }
}
