/* A scanner over the whole text, for quoted values may hold line ends. */
#include "cli/dotenv.h"
#include "base/buf.h"
#include "base/str.h"

struct scanner {
    struct mg_str text;
    size_t at;
};

/* The next byte; '\0' behind the end (a NUL in the text is no part of any name or value either). */
static char peek(const struct scanner *s) { return s->at < s->text.len ? s->text.at[s->at] : '\0'; }

static bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }
static bool is_end_of_line(char byte) { return byte == '\n' || byte == '\r' || byte == '\0'; }

static bool is_name_byte(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_';
}

static void skip_blanks(struct scanner *s)
{
    while (is_blank(peek(s)))
        s->at++;
}

static void skip_line(struct scanner *s)
{
    while (s->at < s->text.len && s->text.at[s->at] != '\n' && s->text.at[s->at] != '\r')
        s->at++;
}

static struct mg_str take_name(struct scanner *s)
{
    size_t start = s->at;
    while (is_name_byte(peek(s)))
        s->at++;
    return mg_str_sub(s->text, start, s->at);
}

static char unescaped(char byte) { return (char)(byte == 'n' ? '\n' : byte == 'r' ? '\r' : byte == 't' ? '\t' : byte); }

/* False when the quote is never closed; the scanner stays in front of it. */
static bool take_quoted(struct scanner *s, struct mg_arena *arena, struct mg_str *value)
{
    const char quote = peek(s);
    struct mg_buf out = MG_BUF(s->text.len);
    size_t at = s->at + 1;
    for (; at < s->text.len && s->text.at[at] != quote; at++) {
        bool escape = s->text.at[at] == '\\' && at + 1 < s->text.len;
        char next = escape ? s->text.at[at + 1] : '\0';
        if (escape && (quote == '"' || next == '\'' || next == '\\')) {
            mg_buf_addc(&out, quote == '"' ? unescaped(next) : next);
            at++;
        } else {
            mg_buf_addc(&out, s->text.at[at]);
        }
    }
    *value = mg_buf_take(&out, arena);
    if (at >= s->text.len)
        return false;
    s->at = at + 1;
    return true;
}

static struct mg_str take_plain(struct scanner *s)
{
    size_t start = s->at;
    while (!is_end_of_line(peek(s)) && !(peek(s) == '#' && (s->at == start || is_blank(s->text.at[s->at - 1]))))
        s->at++;
    return mg_str_trim(mg_str_sub(s->text, start, s->at));
}

/* From the name to the end of the value; false when the line does not have that form. */
static bool take_entry(struct scanner *s, struct mg_arena *arena, struct mg_dotenv_entry *entry)
{
    entry->name = take_name(s);
    if (mg_str_is(entry->name, "export") && is_blank(peek(s))) {
        skip_blanks(s);
        entry->name = take_name(s);
    }
    skip_blanks(s);
    if (entry->name.len == 0 || peek(s) != '=')
        return false;
    s->at++;
    skip_blanks(s);
    if (peek(s) != '"' && peek(s) != '\'') {
        entry->value = take_plain(s);
        return true;
    }
    if (!take_quoted(s, arena, &entry->value))
        return false;
    skip_blanks(s);
    return is_end_of_line(peek(s)) || peek(s) == '#';
}

void mg_dotenv_read(struct mg_arena *arena, struct mg_str text, struct mg_dotenv *entries)
{
    struct scanner s = { .text = text, .at = mg_str_starts(text, "\xef\xbb\xbf") ? 3 : 0 };
    *entries = (struct mg_dotenv){ NULL, 0, 0 };
    while (s.at < s.text.len) {
        struct mg_dotenv_entry entry;
        skip_blanks(&s);
        if (take_entry(&s, arena, &entry))
            *MG_PUSH(arena, entries) = entry;
        skip_line(&s);
        s.at++;
    }
}
