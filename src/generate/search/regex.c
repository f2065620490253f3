/* Draws texts from a regular expression: one recursive descent that parses and generates at once. */
#include "generate/search/regex.h"
#include "base/buf.h"
#include "base/str.h"
#include <string.h>

#define SAMPLE_LIMIT 200
#define DEPTH_LIMIT 20

struct reader {
    struct mg_str text;
    size_t at;
    struct mg_rng *rng;
    struct mg_arena *arena;
    bool verbose, broken;
    int depth;
};

static struct mg_str alternatives(struct reader *r);

static bool more(const struct reader *r) { return r->at < r->text.len && !r->broken; }
static char peek(const struct reader *r) { return r->at < r->text.len ? r->text.at[r->at] : '\0'; }

static char class_letter(struct reader *r, char c)
{
    static const char words[] = "abcxyzn1";
    switch (c) {
    case 'd':
        return (char)('0' + mg_rng_below(r->rng, 10));
    case 'w':
        return words[mg_rng_below(r->rng, sizeof words - 1)];
    case 's':
        return ' ';
    case 'D':
    case 'S':
        return 'a';
    case 'W':
        return '-';
    case 'n':
        return '\n';
    case 't':
        return '\t';
    default:
        return c;
    }
}

/* `[...]`: one of its members; of a negated one, a letter it does not name. */
static struct mg_str bracket(struct reader *r)
{
    char members[64];
    size_t count = 0, start = ++r->at;
    bool negated = peek(r) == '^';
    if (negated)
        start = ++r->at;
    while (more(r) && (peek(r) != ']' || r->at == start)) {
        char c = r->text.at[r->at++], last = c;
        if (c == '\\' && r->at < r->text.len)
            last = c = class_letter(r, r->text.at[r->at++]);
        else if (peek(r) == '-' && r->at + 1 < r->text.len && r->text.at[r->at + 1] != ']') {
            last = r->text.at[r->at + 1];
            r->at += 2;
        }
        for (int v = (unsigned char)c; v <= (unsigned char)last && count < sizeof members; v++)
            members[count++] = (char)v;
    }
    if (!more(r) || count == 0)
        r->broken = true;
    r->at++;
    if (!negated)
        return mg_arena_str(r->arena, (struct mg_str){ &members[mg_rng_below(r->rng, count)], 1 });
    for (const char *c = "axb 1-_Z"; *c; c++)
        if (memchr(members, *c, count) == NULL)
            return mg_arena_str(r->arena, (struct mg_str){ c, 1 });
    return MG_STR("");
}

static struct mg_str group(struct reader *r)
{
    bool nothing = false;
    r->at++;
    if (peek(r) == '?') {
        r->at++;
        char kind = peek(r);
        if (kind == 'P' || (kind == '<' && r->at + 1 < r->text.len && !strchr("=!", r->text.at[r->at + 1]))) {
            char stop = mg_str_starts(mg_str_sub(r->text, r->at, r->text.len), "P=") ? ')' : '>';
            nothing = stop == ')';
            r->at = mg_str_find(r->text, stop, r->at) + (stop == '>');
        } else if (kind == ':' || kind == '=' || kind == '!' || kind == '<') {
            nothing = kind != ':';
            r->at += kind == '<' ? 2 : 1;
        } else { /* flags, with or without a body */
            while (more(r) && peek(r) != ')' && peek(r) != ':')
                if (r->text.at[r->at++] == 'x')
                    r->verbose = true;
            if (peek(r) == ':')
                r->at++;
        }
    }
    struct mg_str inside = alternatives(r);
    if (peek(r) != ')')
        r->broken = true;
    r->at++;
    return nothing ? MG_STR("") : inside;
}

static struct mg_str item(struct reader *r)
{
    char c = peek(r);
    if (c == '[')
        return bracket(r);
    if (c == '(')
        return group(r);
    r->at++;
    if (c == '^' || c == '$')
        return MG_STR("");
    if (c == '.')
        return MG_STR("x");
    if (c == '\\' && more(r)) {
        c = r->text.at[r->at++];
        if (strchr("AbBZz", c) || (c >= '1' && c <= '9'))
            return MG_STR("");
        char letter = class_letter(r, c);
        return mg_arena_str(r->arena, (struct mg_str){ &letter, 1 });
    }
    return mg_str_sub(r->text, r->at - 1, r->at);
}

/* How often the item before is repeated. */
static size_t repetitions(struct reader *r)
{
    size_t least = 1, most = 1;
    char c = peek(r);
    if (c == '*' || c == '?' || c == '+') {
        least = c == '+';
        most = c == '?' ? 1 : 3;
        r->at++;
    } else if (c == '{' && r->at + 1 < r->text.len && r->text.at[r->at + 1] >= '0' && r->text.at[r->at + 1] <= '9') {
        for (least = 0, r->at++; peek(r) >= '0' && peek(r) <= '9' && least < SAMPLE_LIMIT; r->at++)
            least = least * 10 + (size_t)(peek(r) - '0');
        most = peek(r) == ',' ? least + 1 : least;
        r->at = mg_str_find(r->text, '}', r->at) + 1;
    } else {
        return 1;
    }
    if (peek(r) == '?' || peek(r) == '+')
        r->at++;
    return least + mg_rng_below(r->rng, most - least + 1);
}

static void skip_comment(struct reader *r)
{
    while (r->verbose && more(r) && strchr(" \t\n\r#", peek(r)))
        r->at = peek(r) == '#' ? mg_str_find(r->text, '\n', r->at) : r->at + 1;
}

static struct mg_str sequence(struct reader *r)
{
    struct mg_buf out = MG_BUF(SAMPLE_LIMIT);
    for (skip_comment(r); more(r) && peek(r) != '|' && peek(r) != ')'; skip_comment(r)) {
        struct mg_str part = item(r);
        for (size_t times = repetitions(r); times > 0; times--)
            mg_buf_add(&out, part);
    }
    return mg_buf_take(&out, r->arena);
}

static struct mg_str alternatives(struct reader *r)
{
    if (++r->depth > DEPTH_LIMIT)
        r->broken = true;
    struct mg_str chosen = sequence(r);
    for (size_t seen = 2; more(r) && peek(r) == '|'; seen++) {
        r->at++;
        struct mg_str next = sequence(r);
        if (mg_rng_below(r->rng, seen) == 0)
            chosen = next;
    }
    r->depth--;
    return chosen;
}

bool mg_regex_likely(struct mg_str text)
{
    unsigned signs = 0;
    for (size_t i = 0; i < text.len; i++)
        signs += memchr("()[]*+?^$|\\", text.at[i], 11) != NULL;
    return text.len >= 3 && signs >= 2 && signs * 20 >= text.len;
}

bool mg_regex_sample(struct mg_str pattern, struct mg_rng *rng, struct mg_arena *arena, struct mg_str *sample)
{
    struct reader r = { .text = pattern, .rng = rng, .arena = arena, .verbose = memchr(pattern.at, '\n', pattern.len) != NULL };
    *sample = alternatives(&r);
    return !r.broken && r.at >= pattern.len && mg_str_is_utf8(*sample);
}
