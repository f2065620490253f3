/* Python expressions as text: a small tokeniser, and string literals in both directions. */
#include "generate/search/expr.h"
#include "base/buf.h"
#include "base/str.h"
#include <string.h>

#define TEXT_LIMIT (1u << 20)

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c) || (unsigned char)c >= 0x80; }

/* Length of the string literal at the start of `rest` (prefix included), 0 when there is none. */
static size_t string_length(struct mg_str rest)
{
    size_t at = 0;
    while (at < rest.len && at < 2 && strchr("rRbBuUfF", rest.at[at]))
        at++;
    if (at >= rest.len || (rest.at[at] != '"' && rest.at[at] != '\''))
        return 0;
    char quote = rest.at[at];
    size_t width = at + 2 < rest.len && rest.at[at + 1] == quote && rest.at[at + 2] == quote ? 3 : 1;
    for (at += width; at < rest.len; at++) {
        if (rest.at[at] == '\\')
            at++;
        else if (rest.at[at] == quote && (width == 1 || (at + 2 < rest.len && rest.at[at + 1] == quote && rest.at[at + 2] == quote)))
            return at + width;
    }
    return rest.len;
}

static enum mg_atom_kind string_kind(struct mg_str literal)
{
    for (size_t i = 0; i < literal.len && literal.at[i] != '"' && literal.at[i] != '\''; i++) {
        if (literal.at[i] == 'b' || literal.at[i] == 'B')
            return MG_ATOM_BYTES;
        if (literal.at[i] == 'f' || literal.at[i] == 'F')
            return MG_ATOM_FSTRING;
    }
    return MG_ATOM_STR;
}

static size_t number_length(struct mg_str rest, bool *is_float)
{
    bool hex = rest.len > 1 && rest.at[0] == '0' && strchr("xXoObB", rest.at[1]);
    size_t at = hex ? 2 : 0;
    for (; at < rest.len; at++) {
        char c = rest.at[at];
        if (!hex && (c == '.' || c == 'e' || c == 'E' || c == 'j' || c == 'J'))
            *is_float = true;
        else if (!hex && *is_float && (c == '-' || c == '+') && (rest.at[at - 1] == 'e' || rest.at[at - 1] == 'E'))
            continue;
        else if (!is_name(c))
            break;
    }
    return at;
}

void mg_expr_atoms(struct mg_str expression, struct mg_arena *arena, struct mg_atoms *atoms)
{
    size_t at = 0;
    while (at < expression.len) {
        struct mg_str rest = mg_str_sub(expression, at, expression.len);
        char c = rest.at[0];
        size_t len = 1;
        enum mg_atom_kind kind = MG_ATOM_SIGN;
        bool is_float = false;
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            at++;
            continue;
        }
        if ((len = string_length(rest)) > 0) {
            kind = string_kind(rest);
        } else if (is_digit(c) || (c == '.' && rest.len > 1 && is_digit(rest.at[1]))) {
            len = number_length(rest, &is_float);
            kind = is_float ? MG_ATOM_FLOAT : MG_ATOM_INT;
        } else if (is_name(c)) {
            for (len = 1; len < rest.len && is_name(rest.at[len]); len++)
                ;
            kind = MG_ATOM_NAME;
        } else {
            len = 1;
            kind = strchr("([{", c) ? MG_ATOM_OPEN : strchr(")]}", c) ? MG_ATOM_CLOSE : MG_ATOM_SIGN;
        }
        *MG_PUSH(arena, atoms) = (struct mg_atom){ .kind = kind, .text = mg_str_sub(rest, 0, len) };
        at += len;
    }
}

static void add_utf8(struct mg_buf *buf, uint32_t code)
{
    if (code < 0x80) {
        mg_buf_addc(buf, (char)code);
    } else if (code < 0x800) {
        mg_buf_addc(buf, (char)(0xc0 | (code >> 6)));
        mg_buf_addc(buf, (char)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        mg_buf_addc(buf, (char)(0xe0 | (code >> 12)));
        mg_buf_addc(buf, (char)(0x80 | ((code >> 6) & 0x3f)));
        mg_buf_addc(buf, (char)(0x80 | (code & 0x3f)));
    } else {
        mg_buf_addc(buf, (char)(0xf0 | (code >> 18)));
        mg_buf_addc(buf, (char)(0x80 | ((code >> 12) & 0x3f)));
        mg_buf_addc(buf, (char)(0x80 | ((code >> 6) & 0x3f)));
        mg_buf_addc(buf, (char)(0x80 | (code & 0x3f)));
    }
}

static bool hex_value(struct mg_str digits, uint32_t *value)
{
    *value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.at[i];
        uint32_t digit = is_digit(c)            ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 99;
        if (digit > 15)
            return false;
        *value = *value * 16 + digit;
    }
    return digits.len > 0;
}

/* One escape sequence; *at stands behind the backslash and is moved past the sequence. */
static bool unescape(struct mg_str body, size_t *at, struct mg_buf *out)
{
    static const char from[] = "ntr\\'\"abfv", to[] = "\n\t\r\\'\"\a\b\f\v";
    char c = body.at[(*at)++];
    const char *simple = strchr(from, c);
    uint32_t code = 0;
    if (c == '\n')
        return true;
    if (c && simple) {
        mg_buf_addc(out, to[simple - from]);
    } else if (c == 'x' || c == 'u' || c == 'U') {
        size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        struct mg_str text = mg_str_sub(body, *at, *at + digits);
        if (text.len != digits || !hex_value(text, &code) || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
            return false;
        add_utf8(out, code);
        *at += digits;
    } else if (c >= '0' && c <= '7') {
        code = (uint32_t)(c - '0');
        for (int i = 0; i < 2 && *at < body.len && body.at[*at] >= '0' && body.at[*at] <= '7'; i++)
            code = code * 8 + (uint32_t)(body.at[(*at)++] - '0');
        add_utf8(out, code);
    } else if (c == 'N') {
        return false;
    } else {
        mg_buf_addc(out, '\\');
        mg_buf_addc(out, c);
    }
    return true;
}

bool mg_expr_unquote(struct mg_str literal, struct mg_arena *arena, struct mg_str *value)
{
    bool raw = false;
    size_t at = 0;
    for (; at < literal.len && literal.at[at] != '"' && literal.at[at] != '\''; at++) {
        if (!strchr("rRuU", literal.at[at]))
            return false;
        raw |= literal.at[at] == 'r' || literal.at[at] == 'R';
    }
    if (literal.len < at + 2 || literal.at[literal.len - 1] != literal.at[at])
        return false;
    size_t width = literal.len >= at + 6 && literal.at[at + 1] == literal.at[at] && literal.at[at + 2] == literal.at[at] ? 3 : 1;
    struct mg_str body = mg_str_sub(literal, at + width, literal.len - width);
    if (raw || memchr(body.at, '\\', body.len) == NULL) {
        *value = mg_arena_str(arena, body);
        return true;
    }
    struct mg_buf out = MG_BUF(TEXT_LIMIT);
    for (size_t i = 0; i < body.len;) {
        if (body.at[i] != '\\') {
            mg_buf_addc(&out, body.at[i++]);
            continue;
        }
        if (++i >= body.len || !unescape(body, &i, &out)) {
            mg_buf_free(&out);
            return false;
        }
    }
    *value = mg_buf_take(&out, arena);
    return true;
}

/* Length of a letter that looks like nothing (joiners, marks of direction, variation selectors), with its code; 0 for any other. */
static size_t invisible_length(struct mg_str rest, uint32_t *code)
{
    const unsigned char *at = (const unsigned char *)rest.at;
    if (rest.len >= 3 && (at[0] & 0xf0) == 0xe0) {
        *code = (uint32_t)(at[0] & 0x0f) << 12 | (uint32_t)(at[1] & 0x3f) << 6 | (at[2] & 0x3f);
        bool hidden = (*code >= 0x2000 && *code <= 0x200f) || (*code >= 0x2028 && *code <= 0x202f) || (*code >= 0x205f && *code <= 0x206f) ||
                      *code == 0x3000 || (*code >= 0xfe00 && *code <= 0xfe0f) || *code == 0xfeff;
        return hidden ? 3 : 0;
    }
    if (rest.len >= 4 && at[0] == 0xf3) { /* tags and more variation selectors */
        *code = 3u << 18 | (uint32_t)(at[1] & 0x3f) << 12 | (uint32_t)(at[2] & 0x3f) << 6 | (at[3] & 0x3f);
        return 4;
    }
    return 0;
}

struct mg_str mg_expr_quote(struct mg_arena *arena, struct mg_str value)
{
    struct mg_buf out = MG_BUF(TEXT_LIMIT);
    char quote = memchr(value.at ? value.at : "", '"', value.len) && !memchr(value.at, '\'', value.len) ? '\'' : '"';
    mg_buf_addc(&out, quote);
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        uint32_t code = 0;
        size_t hidden = invisible_length(mg_str_sub(value, i, value.len), &code);
        if (hidden) {
            mg_buf_addf(&out, code > 0xffff ? "\\U%08x" : "\\u%04x", code);
            i += hidden - 1;
        } else if (c == '\n')
            mg_buf_adds(&out, "\\n");
        else if (c == '\t')
            mg_buf_adds(&out, "\\t");
        else if (c == '\r')
            mg_buf_adds(&out, "\\r");
        else if (c == '\\' || c == (unsigned char)quote)
            mg_buf_addf(&out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            mg_buf_addf(&out, "\\x%02x", c);
        else if (c == 0xc2 && i + 1 < value.len && (unsigned char)value.at[i + 1] <= 0xa0) /* C1 controls and the no-break space look like nothing */
            mg_buf_addf(&out, "\\x%02x", (unsigned char)value.at[++i]);
        else
            mg_buf_addc(&out, (char)c);
    }
    mg_buf_addc(&out, quote);
    return mg_buf_take(&out, arena);
}

struct mg_str mg_expr_quote_regex(struct mg_arena *arena, struct mg_str value)
{
    bool plain = value.len > 0 && memchr(value.at, '\\', value.len) && !memchr(value.at, '"', value.len) && value.at[value.len - 1] != '\\';
    for (size_t i = 0; i < value.len && plain; i++)
        plain = (unsigned char)value.at[i] >= 0x20 && (unsigned char)value.at[i] < 0x7f;
    return plain ? mg_arena_printf(arena, "r\"%.*s\"", MG_FMT(value)) : mg_expr_quote(arena, value);
}

struct mg_str mg_expr_replace(struct mg_arena *arena, struct mg_str expression, struct mg_str from, struct mg_str to)
{
    size_t start = (size_t)(from.at - expression.at);
    struct mg_buf out = MG_BUF(TEXT_LIMIT);
    mg_buf_add(&out, mg_str_sub(expression, 0, start));
    mg_buf_add(&out, to);
    mg_buf_add(&out, mg_str_sub(expression, start + from.len, expression.len));
    return mg_buf_take(&out, arena);
}

/* `b'…'` without any quote inside; black writes it with double quotes. */
static bool is_single_bytes(struct mg_str text)
{
    return text.len >= 3 && text.at[0] == 'b' && text.at[1] == '\'' && !memchr(text.at, '"', text.len) && !(text.len > 3 && text.at[2] == '\'') &&
           !mg_str_contains(text, "\\'");
}

struct mg_str mg_expr_black(struct mg_arena *arena, struct mg_str expression)
{
    struct mg_atoms atoms = { 0 };
    struct mg_buf out = MG_BUF(TEXT_LIMIT);
    struct mg_str value;
    size_t done = 0;
    mg_expr_atoms(expression, arena, &atoms);
    for (size_t i = 0; i < atoms.len; i++) {
        struct mg_str text = atoms.at[i].text;
        if (atoms.at[i].kind == MG_ATOM_BYTES && is_single_bytes(text)) {
            mg_buf_add(&out, mg_str_sub(expression, done, (size_t)(text.at - expression.at)));
            mg_buf_addf(&out, "b\"%.*s\"", MG_FMT(mg_str_sub(text, 2, text.len - 1)));
            done = (size_t)(text.at - expression.at) + text.len;
            continue;
        }
        if (atoms.at[i].kind != MG_ATOM_STR || (text.at[0] != '\'' && text.at[0] != '"') || !mg_expr_unquote(text, arena, &value))
            continue;
        size_t start = (size_t)(text.at - expression.at);
        mg_buf_add(&out, mg_str_sub(expression, done, start));
        mg_buf_add(&out, mg_expr_quote(arena, value));
        done = start + text.len;
    }
    mg_buf_add(&out, mg_str_sub(expression, done, expression.len));
    return mg_buf_take(&out, arena);
}

bool mg_expr_is_literal(struct mg_str expression, struct mg_arena *arena)
{
    struct mg_atoms atoms = { 0 };
    int depth = 0;
    mg_expr_atoms(expression, arena, &atoms);
    for (size_t i = 0; i < atoms.len; i++) {
        struct mg_str text = atoms.at[i].text;
        if (atoms.at[i].kind == MG_ATOM_FSTRING)
            return false;
        if (atoms.at[i].kind == MG_ATOM_NAME && !mg_str_is(text, "None") && !mg_str_is(text, "True") && !mg_str_is(text, "False"))
            return false;
        if (atoms.at[i].kind == MG_ATOM_SIGN && !strchr(",:-+", text.at[0]))
            return false;
        depth += atoms.at[i].kind == MG_ATOM_OPEN ? 1 : atoms.at[i].kind == MG_ATOM_CLOSE ? -1 : 0;
        if (depth < 0)
            return false;
    }
    return depth == 0 && atoms.len > 0;
}

bool mg_expr_uses(struct mg_str expression, struct mg_str name, struct mg_arena *arena)
{
    struct mg_atoms atoms = { 0 };
    mg_expr_atoms(expression, arena, &atoms);
    for (size_t i = 0; i < atoms.len; i++)
        if (atoms.at[i].kind == MG_ATOM_NAME && mg_str_eq(atoms.at[i].text, name) && (i == 0 || !mg_str_is(atoms.at[i - 1].text, ".")))
            return true;
    return false;
}

void mg_expr_split(struct mg_str inside, struct mg_arena *arena, struct mg_parts *parts)
{
    struct mg_atoms atoms = { 0 };
    size_t start = 0;
    int depth = 0;
    mg_expr_atoms(inside, arena, &atoms);
    for (size_t i = 0; i < atoms.len; i++) {
        depth += atoms.at[i].kind == MG_ATOM_OPEN ? 1 : atoms.at[i].kind == MG_ATOM_CLOSE ? -1 : 0;
        if (depth != 0 || !mg_str_is(atoms.at[i].text, ","))
            continue;
        size_t end = (size_t)(atoms.at[i].text.at - inside.at);
        *MG_PUSH(arena, parts) = mg_str_trim(mg_str_sub(inside, start, end));
        start = end + 1;
    }
    struct mg_str last = mg_str_trim(mg_str_sub(inside, start, inside.len));
    if (last.len)
        *MG_PUSH(arena, parts) = last;
}

unsigned mg_expr_cost(struct mg_str expression)
{
    unsigned cost = 0;
    for (size_t i = 0; i < expression.len && cost < 10000; i++) {
        unsigned char c = (unsigned char)expression.at[i];
        cost += c >= 0x80 ? 6 : c == '\\' ? 4 : c && strchr("!#$%&*;<>?@^`|~", c) ? 2 : 1;
    }
    return cost;
}
