/* Calls that somebody wrote: in doctests and in the existing tests, with all their values. */
#include "base/str.h"
#include "generate/search/internal.h"
#include <string.h>

#define HARVEST_LIMIT 150

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
        mg_value_is_plain(s, value);
        mg_pool_add(s, s->pools.at[mg_param_index(s, param)], value, 6);
        mg_call_push_arg(s, c, param, named ? key : MG_NO_STR, value);
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
static bool harvest_text(struct mg_search *s, struct mg_str text, enum mg_origin origin, struct mg_str want, bool printed)
{
    struct mg_module *module = NULL;
    struct mg_literal_calls calls = { 0 };
    struct mg_str name = s->request->target->function.name;
    if (mg_module_parse(text, &module, NULL) != MG_OK)
        return false;
    size_t dot = mg_str_rfind(s->class_name, '.');
    struct mg_str class_last = s->class_name.len && dot < s->class_name.len ? mg_str_sub(s->class_name, dot + 1, s->class_name.len) : s->class_name;
    if (s->class_name.len && mg_wants_receiver(s)) {
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
    whole = calls.len == 1 && !mg_wants_receiver(s) && is_one_call(s, text, s->callee);
    for (size_t i = 0; i < calls.len && i < HARVEST_LIMIT; i++) {
        struct mg_candidate *c = MG_NEW(s->arena, struct mg_candidate);
        c->origin = origin;
        c->want = whole ? want : MG_NO_STR;
        c->printed = printed;
        if (mg_wants_receiver(s) && (c->receiver = mg_pool_draw(s, s->receivers)).len == 0)
            continue;
        if (s->calls.len < HARVEST_LIMIT && bind(s, &calls.at[i], c) && mg_call_finish(s, c) != NULL)
            *MG_PUSH(s->arena, &s->calls) = c;
    }
    mg_module_free(module);
    return whole;
}

/* Whether all names are the module's own functions and classes, or builtins: only then can a test use the text. */
static bool knows_names(struct mg_search *s, struct mg_str source, const struct mg_functions *functions)
{
    struct mg_atoms atoms = { 0 };
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
    return true;
}

/* The text taken apart as `receiver.name(arguments)`, or `receiver.name` of a property; false when it is something else. */
static bool split_method(struct mg_search *s, struct mg_str source, struct mg_str *receiver, struct mg_parts *arguments)
{
    struct mg_atoms atoms = { 0 };
    mg_expr_atoms(source, s->arena, &atoms);
    size_t at = atoms.len, depth = 0;
    if (s->shape == MG_CALL_METHOD) { /* back to the bracket that the last one closes */
        do {
            if (at-- == 0)
                return false;
            depth += atoms.at[at].kind == MG_ATOM_CLOSE;
            depth -= atoms.at[at].kind == MG_ATOM_OPEN;
        } while (depth > 0);
        const char *inside = atoms.at[at].text.at + 1;
        if (at + 1 >= atoms.len || !mg_str_is(atoms.at[at].text, "("))
            return false;
        mg_expr_split(mg_str_sub(source, (size_t)(inside - source.at), source.len - 1), s->arena, arguments);
    }
    if (at < 3 || !mg_str_eq(atoms.at[at - 1].text, s->callee) || !mg_str_is(atoms.at[at - 2].text, "."))
        return false;
    *receiver = mg_str_sub(source, 0, (size_t)(atoms.at[at - 2].text.at - source.at));
    for (size_t i = 0; i + 2 < at; i++) { /* the receiver is one operand: `a == b.name` belongs to no object */
        depth += atoms.at[i].kind == MG_ATOM_OPEN;
        depth -= atoms.at[i].kind == MG_ATOM_CLOSE;
        if (depth == 0 && atoms.at[i].kind == MG_ATOM_SIGN && !mg_str_is(atoms.at[i].text, "."))
            return false;
        if (depth == 0 && i > 0 && atoms.at[i].kind == MG_ATOM_NAME && !mg_str_is(atoms.at[i - 1].text, "."))
            return false;
    }
    return true;
}

/* A doctest of a method: its receiver serves other calls too. */
static bool take_method(struct mg_search *s, const struct mg_doctest *doctest, struct mg_str source, bool printed)
{
    struct mg_literal_call seen = { 0 };
    struct mg_parts arguments = { 0 };
    struct mg_candidate *c = MG_NEW(s->arena, struct mg_candidate);
    if (!split_method(s, source, &c->receiver, &arguments))
        return false;
    for (size_t i = 0; i < arguments.len; i++)
        *MG_PUSH(s->arena, &seen.arguments) = arguments.at[i];
    mg_value_is_plain(s, c->receiver);
    mg_pool_add(s, s->receivers, c->receiver, 30);
    c->origin = MG_FROM_DOCTEST;
    c->want = doctest->want;
    c->printed = printed;
    if (!bind(s, &seen, c))
        return false;
    if (mg_call_finish(s, c))
        *MG_PUSH(s->arena, &s->calls) = c;
    return true;
}

/* A doctest that is more than a call of literals is taken whole when all its names are the module's own functions and classes or builtins. */
static void take_raw(struct mg_search *s, const struct mg_doctest *doctest, struct mg_str source, bool printed, const struct mg_functions *functions)
{
    if (s->about.is_async || memchr(source.at, '\n', source.len) || source.len > 200 || !knows_names(s, source, functions) ||
        (mg_wants_receiver(s) && take_method(s, doctest, source, printed)))
        return;
    struct mg_candidate *c = MG_NEW(s->arena, struct mg_candidate);
    *c = (struct mg_candidate){ .raw = source, .origin = MG_FROM_DOCTEST, .want = doctest->want, .printed = printed };
    mg_value_is_plain(s, source);
    if (mg_call_finish(s, c))
        *MG_PUSH(s->arena, &s->calls) = c;
}

/* `print(x)` says what x is as text: the test is of x. */
static struct mg_str unprinted(struct mg_search *s, struct mg_str source, bool *printed)
{
    struct mg_parts parts = { 0 };
    struct mg_str key, value;
    *printed = false;
    if (!is_one_call(s, source, MG_STR("print")))
        return source;
    mg_expr_split(mg_str_sub(source, mg_str_find(source, '(', 0) + 1, source.len - 1), s->arena, &parts);
    if (parts.len != 1 || split_keyword(s, parts.at[0], &key, &value) || parts.at[0].at[0] == '*')
        return source;
    *printed = true;
    return parts.at[0];
}

void mg_calls_harvest(struct mg_search *s)
{
    struct mg_functions functions = { 0 };
    mg_module_functions(s->module, s->arena, &functions);
    const struct mg_repo *repo = s->request->repo;
    const char *name = mg_arena_cstr(s->arena, s->request->target->function.name);
    const char *owner = mg_arena_cstr(s->arena, s->class_name);
    for (size_t i = 0; i < s->about.doctests.len; i++) {
        const struct mg_doctest *doctest = &s->about.doctests.at[i];
        bool printed;
        struct mg_str source = unprinted(s, mg_expr_black(s->arena, mg_str_trim(doctest->source)), &printed);
        if (!harvest_text(s, source, MG_FROM_DOCTEST, doctest->want, printed))
            take_raw(s, doctest, source, printed, &functions);
    }
    for (size_t i = 0; repo && i < repo->test_files.len; i++)
        if (mg_str_contains(repo->test_files.at[i].text, name) || (s->class_name.len && mg_str_contains(repo->test_files.at[i].text, owner)))
            harvest_text(s, repo->test_files.at[i].text, MG_FROM_TESTS, MG_NO_STR, false);
}
