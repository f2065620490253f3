/* Neighbours of a value: one atom of the expression changed a little, or made simpler. */
#include "base/str.h"
#include "generate/search/internal.h"
#include <string.h>

static bool starts_letter(unsigned char byte) { return (byte & 0xc0) != 0x80; }

/* A byte position between two letters, so that UTF-8 stays whole. */
static size_t cut_at(struct mg_search *s, struct mg_str text)
{
    size_t at = mg_rng_below(&s->rng, text.len + 1);
    while (at < text.len && !starts_letter((unsigned char)text.at[at]))
        at++;
    return at;
}

/* A word of another string of the same call: what is replaced, split at or excluded must occur in the text. */
static struct mg_str borrowed_string(struct mg_search *s)
{
    struct mg_atoms atoms = { 0 };
    struct mg_str value;
    if (!s->varied || s->varied->args.len < 2)
        return MG_NO_STR;
    mg_expr_atoms(s->varied->args.at[mg_rng_below(&s->rng, s->varied->args.len)].source, s->arena, &atoms);
    for (size_t i = 0, from = mg_rng_below(&s->rng, atoms.len); i < atoms.len; i++) {
        const struct mg_atom *atom = &atoms.at[(from + i) % atoms.len];
        if (atom->kind != MG_ATOM_STR || !mg_expr_unquote(atom->text, s->arena, &value) || value.len == 0)
            continue;
        size_t at = cut_at(s, value), end = at;
        while (end < value.len && !strchr(" -_.,", value.at[end]))
            end++;
        return end > at ? mg_str_sub(value, at, end) : value;
    }
    return MG_NO_STR;
}

static struct mg_str any_string(struct mg_search *s)
{
    const struct mg_parts *from = &s->words.strings;
    struct mg_str hot, value;
    if (mg_rng_percent(&s->rng, 20) && (value = borrowed_string(s)).len)
        return value;
    if (mg_rng_percent(&s->rng, 20) && (hot = mg_words_hot(s, MG_ATOM_STR)).len && mg_expr_unquote(hot, s->arena, &value))
        return value;
    if (s->words.samples.len && mg_rng_percent(&s->rng, 25))
        return s->words.samples.at[mg_rng_below(&s->rng, s->words.samples.len)];
    if (from->len && mg_rng_percent(&s->rng, 60))
        return from->at[mg_rng_below(&s->rng, s->words.own_strings && mg_rng_percent(&s->rng, 60) ? s->words.own_strings : from->len)];
    static const char *const common[] = { "a", "b", "1", "-", "_",  " ",        ".", "A", "hello", "world",
                                          ",", "/", "x", "9", "\n", "\xc3\xa9", "&", "'", "Z",     "0" };
    return mg_str_from(common[mg_rng_below(&s->rng, MG_COUNT(common))]);
}

static struct mg_str flip_case(struct mg_search *s, struct mg_str text, size_t from, size_t to)
{
    struct mg_str copy = mg_arena_str(s->arena, text);
    char *at = (char *)(uintptr_t)copy.at; /* our own fresh copy */
    for (size_t i = from; i < to && i < copy.len; i++)
        if ((at[i] >= 'a' && at[i] <= 'z') || (at[i] >= 'A' && at[i] <= 'Z'))
            at[i] = (char)(at[i] ^ 0x20);
    return copy;
}

/* The elements of a list or tuple display; false for anything else. */
static bool display_parts(struct mg_search *s, struct mg_str source, struct mg_parts *parts)
{
    if (source.len < 2 || !((source.at[0] == '[' && source.at[source.len - 1] == ']') || (source.at[0] == '{' && source.at[source.len - 1] == '}')))
        return false;
    mg_expr_split(mg_str_sub(source, 1, source.len - 1), s->arena, parts);
    return true;
}

/* The length of a string or the size of a list of the same call, or one off: limits are met there. */
static bool nearby_length(struct mg_search *s, int64_t *length)
{
    struct mg_str value;
    struct mg_parts parts = { 0 };
    if (!s->varied || s->varied->args.len < 2)
        return false;
    struct mg_str source = s->varied->args.at[mg_rng_below(&s->rng, s->varied->args.len)].source;
    if (mg_value_kind(source) == '"' && mg_expr_unquote(source, s->arena, &value)) {
        *length = 0;
        for (size_t i = 0; i < value.len; i++)
            *length += starts_letter((unsigned char)value.at[i]);
        if (mg_rng_percent(&s->rng, 40)) /* or up to the first gap */
            *length = (int64_t)mg_str_find(value, mg_rng_percent(&s->rng, 50) ? ' ' : '-', 0);
    } else if (display_parts(s, source, &parts)) {
        *length = (int64_t)parts.len;
    } else {
        return false;
    }
    *length += (int64_t)mg_rng_below(&s->rng, 3) - 1;
    return true;
}

static struct mg_str int_neighbour(struct mg_search *s, struct mg_str source)
{
    int64_t number;
    if (mg_rng_percent(&s->rng, 20) && nearby_length(s, &number))
        return mg_arena_printf(s->arena, "%lld", (long long)number);
    if (!mg_str_to_i64(source, &number) || number > 1000000000 || number < -1000000000)
        return MG_STR("1");
    struct mg_str hot = mg_rng_percent(&s->rng, 25) ? mg_words_hot(s, MG_ATOM_INT) : MG_NO_STR;
    int64_t near = 0;
    if (hot.len && mg_str_to_i64(hot, &near) && near < 1000000000) {
        near += (int64_t)mg_rng_below(&s->rng, 3) - 1;
    } else {
        const int64_t choices[] = { number + 1, number - 1, number + 1,  number - 1,      number * 2,
                                    number / 2, 0,          number + 10, number * 10 + 1, number + 2 };
        near = choices[mg_rng_below(&s->rng, MG_COUNT(choices))];
    }
    return mg_arena_printf(s->arena, "%lld", (long long)near);
}

/* A number within a text, changed as a number is. Empty when there is none. */
static struct mg_str renumbered(struct mg_search *s, struct mg_str text)
{
    size_t at = 0, end;
    while (at < text.len && !(text.at[at] >= '0' && text.at[at] <= '9'))
        at++;
    for (end = at; end < text.len && text.at[end] >= '0' && text.at[end] <= '9'; end++)
        ;
    if (end == at)
        return MG_NO_STR;
    struct mg_str number = int_neighbour(s, mg_str_sub(text, at, end));
    return mg_arena_printf(s->arena, "%.*s%.*s%.*s", MG_FMT(mg_str_sub(text, 0, at)), MG_FMT(number), MG_FMT(mg_str_sub(text, end, text.len)));
}

static struct mg_str string_neighbour(struct mg_search *s, struct mg_str text)
{
    struct mg_arena *a = s->arena;
    struct mg_str changed = mg_rng_percent(&s->rng, 25) ? renumbered(s, text) : MG_NO_STR;
    if (changed.len)
        return changed;
    size_t at = cut_at(s, text), to = cut_at(s, text);
    struct mg_str head = mg_str_sub(text, 0, at), tail = mg_str_sub(text, at, text.len), other;
    switch (mg_rng_below(&s->rng, 12)) {
    case 0:
        return head;
    case 1:
        return tail;
    case 2: /* one span less */
        return mg_arena_printf(a, "%.*s%.*s", MG_FMT(mg_str_sub(text, 0, at < to ? at : to)), MG_FMT(mg_str_sub(text, at < to ? to : at, text.len)));
    case 3:
    case 4:
    case 5:
        other = any_string(s);
        return mg_arena_printf(a, "%.*s%.*s%.*s", MG_FMT(head), MG_FMT(other), MG_FMT(tail));
    case 6:
        other = any_string(s);
        return mg_rng_percent(&s->rng, 50) ? mg_arena_printf(a, "%.*s%.*s", MG_FMT(text), MG_FMT(other))
                                           : mg_arena_printf(a, "%.*s%.*s", MG_FMT(other), MG_FMT(text));
    case 7:
        return flip_case(s, text, at, at + 1);
    case 8:
        return flip_case(s, text, 0, text.len);
    case 9: { /* a letter, or everything, twice */
        size_t end = at + 1;
        while (end < text.len && !starts_letter((unsigned char)text.at[end]))
            end++;
        return at < text.len && mg_rng_percent(&s->rng, 60) ? mg_arena_printf(a, "%.*s%.*s", MG_FMT(mg_str_sub(text, 0, end)), MG_FMT(tail))
                                                            : mg_arena_printf(a, "%.*s%.*s", MG_FMT(text), MG_FMT(text));
    }
    case 10:
        return mg_arena_printf(a, " %.*s ", MG_FMT(text));
    default:
        return any_string(s);
    }
}

static struct mg_str atom_neighbour(struct mg_search *s, const struct mg_atom *atom)
{
    struct mg_str value;
    switch (atom->kind) {
    case MG_ATOM_INT:
        return int_neighbour(s, atom->text);
    case MG_ATOM_FLOAT: {
        const char *const forms[] = { "1%.*s", "0.0", "%.*s5", "1.0", "2.5" };
        size_t n = mg_rng_below(&s->rng, MG_COUNT(forms));
        if (n == 0 || n == 2)
            return n == 0 ? mg_arena_printf(s->arena, "1%.*s", MG_FMT(atom->text)) : mg_arena_printf(s->arena, "%.*s5", MG_FMT(atom->text));
        return mg_str_from(forms[n]);
    }
    case MG_ATOM_STR:
        if (!mg_expr_unquote(atom->text, s->arena, &value))
            return atom->text;
        value = string_neighbour(s, value);
        return value.len <= 200 && mg_str_is_utf8(value) ? mg_expr_quote(s->arena, value) : atom->text;
    case MG_ATOM_NAME:
        return mg_str_is(atom->text, "True") ? MG_STR("False") : mg_str_is(atom->text, "False") ? MG_STR("True") : atom->text;
    case MG_ATOM_BYTES:
        return s->words.bytes.len && mg_rng_percent(&s->rng, 50) ? s->words.bytes.at[mg_rng_below(&s->rng, s->words.bytes.len)] : MG_STR("b\"ab\"");
    case MG_ATOM_FSTRING:
    case MG_ATOM_SIGN:
    case MG_ATOM_OPEN:
    case MG_ATOM_CLOSE:
        break;
    }
    return atom->text;
}

static struct mg_str join_parts(struct mg_search *s, struct mg_str display, const struct mg_parts *parts, size_t left_out, size_t doubled)
{
    struct mg_str text = mg_str_sub(display, 0, 1);
    bool first = true;
    for (size_t i = 0; i < parts->len; i++)
        for (int n = 0; n < (i == left_out ? 0 : i == doubled ? 2 : 1); n++) {
            text = mg_arena_printf(s->arena, "%.*s%s%.*s", MG_FMT(text), first ? "" : ", ", MG_FMT(parts->at[i]));
            first = false;
        }
    return mg_arena_printf(s->arena, "%.*s%c", MG_FMT(text), display.at[display.len - 1]);
}

/* What stands before the colon of one entry of a dict display; a set's element as it is. */
static struct mg_str key_of(struct mg_str entry)
{
    struct mg_str rest = entry;
    int depth = 0;
    for (size_t i = 0; i < rest.len; i++) {
        char byte = rest.at[i];
        if (byte == '"' || byte == '\'') {
            for (i++; i < rest.len && rest.at[i] != byte; i++)
                i += rest.at[i] == '\\';
            continue;
        }
        depth += byte == '(' || byte == '[' || byte == '{';
        depth -= byte == ')' || byte == ']' || byte == '}';
        if (byte == ':' && depth == 0)
            return mg_str_trim(mg_str_sub(entry, 0, i));
    }
    return mg_str_trim(entry);
}

/* {"a": 1, "a": 2}: nobody writes that. */
static bool repeats_a_key(struct mg_search *s, struct mg_str source)
{
    struct mg_parts parts = { 0 };
    if (source.len == 0 || source.at[0] != '{' || !display_parts(s, source, &parts))
        return false;
    for (size_t i = 0; i < parts.len; i++)
        for (size_t n = 0; n < i; n++)
            if (mg_str_eq(key_of(parts.at[i]), key_of(parts.at[n])))
                return true;
    return false;
}

static struct mg_str neighbour(struct mg_search *s, struct mg_str source)
{
    struct mg_parts parts = { 0 };
    struct mg_atoms atoms = { 0 };
    if (mg_rng_percent(&s->rng, 35) && display_parts(s, source, &parts) && parts.len > 0) {
        size_t at = mg_rng_below(&s->rng, parts.len);
        return mg_rng_percent(&s->rng, 60) ? join_parts(s, source, &parts, at, SIZE_MAX) : join_parts(s, source, &parts, SIZE_MAX, at);
    }
    mg_expr_atoms(source, s->arena, &atoms);
    for (size_t i = 0, from = mg_rng_below(&s->rng, atoms.len); i < atoms.len; i++) {
        size_t at = (from + i) % atoms.len;
        struct mg_str changed = atom_neighbour(s, &atoms.at[at]), replaced = atoms.at[at].text;
        if (mg_str_eq(changed, replaced))
            continue;
        bool negative = at > 0 && mg_str_is(atoms.at[at - 1].text, "-") && atoms.at[at - 1].text.at + 1 == replaced.at;
        if (negative && (mg_str_starts(changed, "-") || mg_str_is(changed, "0"))) { /* never `--1` nor `-0` */
            replaced = (struct mg_str){ replaced.at - 1, replaced.len + 1 };
            changed = mg_str_starts(changed, "-") ? mg_str_sub(changed, 1, changed.len) : changed;
        }
        return mg_expr_replace(s->arena, source, replaced, changed);
    }
    return source;
}

struct mg_str mg_value_neighbour(struct mg_search *s, struct mg_str source)
{
    struct mg_str found = neighbour(s, source);
    return repeats_a_key(s, found) ? source : found;
}

static void push(struct mg_str *variants, size_t limit, size_t *count, struct mg_str text)
{
    if (*count < limit)
        variants[(*count)++] = text;
}

/* `Name(a, b, c=d)` without one of its last or named arguments. */
static size_t fewer_arguments(struct mg_search *s, struct mg_str source, struct mg_str *variants, size_t limit, size_t count)
{
    struct mg_parts parts = { 0 };
    size_t open = mg_str_find(source, '(', 0);
    if (open == 0 || open + 2 >= source.len || mg_value_kind(source) != 'x' || source.at[source.len - 1] != ')')
        return count;
    mg_expr_split(mg_str_sub(source, open + 1, source.len - 1), s->arena, &parts);
    for (size_t i = parts.len; i-- > 0;) {
        struct mg_str text = mg_str_sub(source, 0, open + 1);
        for (size_t n = 0, written = 0; n < parts.len; n++)
            if (n != i)
                text = mg_arena_printf(s->arena, "%.*s%s%.*s", MG_FMT(text), written++ ? ", " : "", MG_FMT(parts.at[n]));
        push(variants, limit, &count, mg_arena_printf(s->arena, "%.*s)", MG_FMT(text)));
    }
    return count;
}

size_t mg_value_simpler(struct mg_search *s, struct mg_str source, struct mg_str *variants, size_t limit)
{
    struct mg_parts parts = { 0 };
    struct mg_atoms atoms = { 0 };
    size_t count = 0;
    if (display_parts(s, source, &parts) && parts.len > 1)
        for (size_t i = 0; i < parts.len; i++)
            push(variants, limit, &count, join_parts(s, source, &parts, i, SIZE_MAX));
    count = fewer_arguments(s, source, variants, limit, count);
    mg_expr_atoms(source, s->arena, &atoms);
    for (size_t i = 0; i < atoms.len; i++) {
        struct mg_str text = atoms.at[i].text, value;
        int64_t number;
        if (atoms.at[i].kind == MG_ATOM_INT && mg_str_to_i64(text, &number) && number > 1) {
            push(variants, limit, &count, mg_expr_replace(s->arena, source, text, MG_STR("1")));
            if (number > 3)
                push(variants, limit, &count, mg_expr_replace(s->arena, source, text, MG_STR("2")));
        }
        if (atoms.at[i].kind == MG_ATOM_BYTES && text.len > 2 && text.at[0] == 'b')
            push(variants, limit, &count, mg_expr_replace(s->arena, source, text, mg_str_sub(text, 1, text.len)));
        if (atoms.at[i].kind != MG_ATOM_STR || !mg_expr_unquote(text, s->arena, &value) || value.len < 2 || mg_map_get(&s->plain, text))
            continue;
        push(variants, limit, &count, mg_expr_replace(s->arena, source, text, MG_STR("\"a\"")));
        size_t half = value.len / 2, word = mg_str_find(value, ' ', 1);
        const struct mg_str shorter[] = { mg_str_sub(value, 0, half),      mg_str_sub(value, half, value.len),  mg_str_sub(value, 0, word),
                                          mg_str_sub(value, 1, value.len), mg_str_sub(value, 0, value.len - 1), mg_str_trim(value) };
        for (size_t n = 0; n < MG_COUNT(shorter); n++)
            if (shorter[n].len < value.len && mg_str_is_utf8(shorter[n]))
                push(variants, limit, &count, mg_expr_replace(s->arena, source, text, mg_expr_quote(s->arena, shorter[n])));
        size_t piece = value.len > 8 ? value.len / 4 : 1; /* out of the middle, too */
        for (size_t at = piece; at + piece < value.len; at += piece) {
            struct mg_str rest =
                mg_arena_printf(s->arena, "%.*s%.*s", MG_FMT(mg_str_sub(value, 0, at)), MG_FMT(mg_str_sub(value, at + piece, value.len)));
            if (rest.len == value.len - piece && mg_str_is_utf8(rest)) /* a NUL in it ends it earlier */
                push(variants, limit, &count, mg_expr_replace(s->arena, source, text, mg_expr_quote(s->arena, rest)));
        }
    }
    return count;
}
