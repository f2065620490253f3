/* Parts of test names: what sets a call apart, in words. */
#include "base/str.h"
#include "generate/search/internal.h"
#include <string.h>

#define PART_LIMIT 28

/* Cut to whole words. */
static struct mg_str shorten(struct mg_arena *arena, struct mg_str text)
{
    if (text.len <= PART_LIMIT)
        return text;
    size_t end = PART_LIMIT;
    while (end > 8 && text.at[end] != '_')
        end--;
    return mg_arena_str(arena, mg_str_sub(text, 0, end > 8 ? end : PART_LIMIT));
}

/* A text of one sign, by the sign's name. */
static const char *sign_of(struct mg_str value)
{
    static const struct {
        char sign;
        const char *name;
    } signs[] = { { '-', "hyphen" },
                  { '_', "underscore" },
                  { '.', "dot" },
                  { ',', "comma" },
                  { ':', "colon" },
                  { ';', "semicolon" },
                  { '/', "slash" },
                  { '\\', "backslash" },
                  { '|', "bar" },
                  { '&', "ampersand" },
                  { '<', "less_than" },
                  { '>', "greater_than" },
                  { '=', "equals" },
                  { '+', "plus" },
                  { '*', "asterisk" },
                  { '%', "percent" },
                  { '#', "hash" },
                  { '@', "at_sign" },
                  { '!', "exclamation_mark" },
                  { '?', "question_mark" },
                  { '"', "quote" },
                  { '\'', "apostrophe" },
                  { '~', "tilde" },
                  { '^', "caret" },
                  { '$', "dollar" },
                  { '(', "parenthesis" },
                  { ')', "parenthesis" },
                  { '[', "bracket" },
                  { ']', "bracket" },
                  { '{', "brace" },
                  { '}', "brace" },
                  { '`', "backtick" } };
    for (size_t i = 0; i < MG_COUNT(signs) && value.len == 1; i++)
        if (signs[i].sign == value.at[0])
            return signs[i].name;
    return NULL;
}

/* Words of a text are its name only where it mostly consists of them: "<em<!-->{x}<" says nothing by "em_x". */
static bool is_mostly_words(struct mg_str value)
{
    size_t words = 0, signs = 0;
    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)value.at[i];
        if (byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'))
            words++;
        else
            signs += !strchr(" \t\n_-./", byte);
    }
    return signs < 4 || signs * 3 < words;
}

static struct mg_str describe_string(struct mg_arena *arena, struct mg_str value)
{
    if (value.len == 0)
        return MG_STR("empty_string");
    if (mg_str_trim(value).len == 0)
        return MG_STR("blank");
    if (sign_of(mg_str_trim(value)))
        return mg_str_from(sign_of(mg_str_trim(value)));
    struct mg_str words = mg_snake_case(arena, value);
    return words.len == 0 ? MG_STR("punctuation") : is_mostly_words(value) ? shorten(arena, words) : MG_STR("text_with_punctuation");
}

struct mg_str mg_describe_value(struct mg_arena *arena, struct mg_str source)
{
    static const struct {
        const char *source, *words;
    } whole[] = { { "None", "none" },     { "True", "true" },      { "False", "false" },    { "[]", "empty_list" },
                  { "{}", "empty_dict" }, { "()", "empty_tuple" }, { "set()", "empty_set" } };
    struct mg_atoms atoms = { 0 };
    struct mg_str value;
    for (size_t i = 0; i < MG_COUNT(whole); i++)
        if (mg_str_is(source, whole[i].source))
            return mg_str_from(whole[i].words);
    mg_expr_atoms(source, arena, &atoms);
    if (atoms.len == 1 && atoms.at[0].kind == MG_ATOM_STR && mg_expr_unquote(source, arena, &value))
        return describe_string(arena, value);
    bool negative = atoms.len == 2 && mg_str_is(atoms.at[0].text, "-");
    if (atoms.len == 1 || negative) {
        enum mg_atom_kind kind = atoms.at[atoms.len - 1].kind;
        if (kind == MG_ATOM_INT || kind == MG_ATOM_FLOAT)
            return shorten(arena,
                           mg_arena_printf(arena, "%s%.*s", negative ? "negative_" : "", MG_FMT(mg_snake_case(arena, atoms.at[atoms.len - 1].text))));
        if (kind == MG_ATOM_BYTES)
            return MG_STR("bytes");
    }
    switch (mg_value_kind(source)) {
    case '[':
        return MG_STR("list");
    case '{':
        return MG_STR("dict");
    case 's':
        return MG_STR("set");
    case '(':
        return MG_STR("tuple");
    case 'l':
        return MG_STR("lambda");
    default: { /* a constructor, a member: its name */
        struct mg_str name = mg_str_sub(source, 0, mg_str_find(source, '(', 0));
        return shorten(arena, mg_snake_case(arena, name));
    }
    }
}

static struct mg_str joined(struct mg_arena *arena, struct mg_str words, const char *link, struct mg_str more)
{
    return words.len && more.len ? mg_arena_printf(arena, "%.*s_%s%.*s", MG_FMT(words), link, MG_FMT(more)) : words.len ? words : more;
}

/* The value with what is inside it: `list_1_2`, `version_1_0`. */
static struct mg_str describe_whole(struct mg_arena *arena, struct mg_str source)
{
    struct mg_str words = mg_describe_value(arena, source);
    size_t open = source.len ? (size_t)(mg_value_kind(source) == '"' ? source.len : mg_str_find(source, '(', 0)) : 0;
    bool display = source.len && strchr("[{(", source.at[0]);
    struct mg_str inside = mg_snake_case(arena, mg_str_sub(source, display ? 0 : open, source.len));
    return shorten(arena, joined(arena, words, "", inside));
}

static struct mg_str describe_error(struct mg_search *s, const struct mg_candidate *c)
{
    size_t dot = mg_str_rfind(c->seen.exception, '.');
    struct mg_str last = dot < c->seen.exception.len ? mg_str_sub(c->seen.exception, dot + 1, c->seen.exception.len) : c->seen.exception;
    return mg_arena_printf(s->arena, "raises_%.*s", MG_FMT(mg_snake_case(s->arena, last)));
}

/* A keyword that the caller need not have given. */
static bool is_choice(const struct mg_arg *arg) { return arg->keyword.len && (arg->param->has_default || arg->param->kind == MG_PARAM_KWARGS); }

bool mg_has_choice(const struct mg_candidate *c)
{
    for (size_t i = 0; i < c->args.len; i++)
        if (is_choice(&c->args.at[i]))
            return true;
    return false;
}

struct mg_str mg_describe_call(struct mg_search *s, const struct mg_candidate *c)
{
    struct mg_str words = MG_STR("");
    if (c->seen.raised)
        return describe_error(s, c);
    for (size_t i = 0; i < c->args.len; i++)
        if (is_choice(&c->args.at[i]) && words.len + c->args.at[i].keyword.len < PART_LIMIT)
            words = mg_arena_printf(s->arena, "%.*s%s%.*s", MG_FMT(words), words.len ? "_and_" : "with_",
                                    MG_FMT(mg_snake_case(s->arena, c->args.at[i].keyword)));
    if (words.len)
        return words;
    if (c->seen.facts.len && mg_str_is(c->seen.facts.at[0].source, "NotImplemented"))
        return MG_STR("returns_not_implemented");
    if (c->args.len)
        return mg_describe_value(s->arena, c->args.at[0].source);
    if (c->raw.len)
        return words;
    struct mg_str inside = mg_str_sub(c->receiver, mg_str_find(c->receiver, '(', 0), c->receiver.len);
    return inside.len ? shorten(s->arena, mg_snake_case(s->arena, inside)) : words;
}

/* The literals of a call that is taken over as it was written. */
static struct mg_str describe_raw(struct mg_arena *arena, struct mg_str raw)
{
    struct mg_atoms atoms = { 0 };
    struct mg_str words = MG_NO_STR;
    mg_expr_atoms(raw, arena, &atoms);
    for (size_t i = 0; i < atoms.len; i++)
        if (atoms.at[i].kind == MG_ATOM_STR || atoms.at[i].kind == MG_ATOM_INT || atoms.at[i].kind == MG_ATOM_FLOAT)
            words = joined(arena, words, "", mg_describe_value(arena, atoms.at[i].text));
    return shorten(arena, words);
}

void mg_describe_options(struct mg_search *s, const struct mg_candidate *c, struct mg_parts *options)
{
    struct mg_arena *a = s->arena;
    struct mg_str first = mg_describe_call(s, c), all = MG_NO_STR;
    const char *link = c->seen.raised ? "for_" : "";
    *MG_PUSH(a, options) = first;
    for (size_t i = c->args.len; i-- > 0;) { /* the last arguments are the special ones */
        const struct mg_arg *arg = &c->args.at[i];
        bool said = !c->seen.raised && is_choice(arg); /* `first` names it already */
        struct mg_str value = mg_describe_value(a, arg->source);
        struct mg_str named = arg->keyword.len && !said ? joined(a, mg_snake_case(a, arg->keyword), "", value) : value;
        *MG_PUSH(a, options) = mg_str_eq(named, first) ? describe_whole(a, arg->source) : joined(a, first, link, named);
    }
    for (size_t i = 0; i < c->args.len; i++)
        all = joined(a, all, "and_", mg_describe_value(a, c->args.at[i].source));
    if (c->args.len > 1)
        *MG_PUSH(a, options) = joined(a, c->seen.raised ? first : MG_NO_STR, link, all);
    for (size_t i = 0; i < c->args.len; i++)
        *MG_PUSH(a, options) = joined(a, c->seen.raised ? first : MG_NO_STR, link, describe_whole(a, c->args.at[i].source));
    if (c->raw.len)
        *MG_PUSH(a, options) = joined(a, first, link, describe_raw(a, c->raw));
    if (c->receiver.len)
        *MG_PUSH(a, options) = joined(a, first, c->seen.raised ? "for_" : "of_", describe_whole(a, c->receiver));
    if (c->as_text)
        *MG_PUSH(a, options) = joined(a, first, "", MG_STR("as_text"));
    if (!c->seen.raised && c->seen.facts.len && c->seen.facts.at[0].source.len)
        *MG_PUSH(a, options) = joined(a, first, "gives_", describe_whole(a, mg_expr_black(a, c->seen.facts.at[0].source)));
}
