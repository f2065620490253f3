/* Operations on borrowed text. */
#include "base/str.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct mg_str mg_str_from(const char *text) { return text ? (struct mg_str){ text, strlen(text) } : MG_STR(""); }

bool mg_str_eq(struct mg_str a, struct mg_str b) { return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0); }

bool mg_str_is(struct mg_str a, const char *text) { return mg_str_eq(a, mg_str_from(text)); }

bool mg_str_is_any(struct mg_str a, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (mg_str_is(a, texts[i]))
            return true;
    return false;
}

int mg_str_cmp(struct mg_str a, struct mg_str b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared ? memcmp(a.at, b.at, shared) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool mg_str_starts(struct mg_str text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && (len == 0 || memcmp(text.at, prefix, len) == 0);
}

bool mg_str_ends(struct mg_str text, const char *suffix)
{
    size_t len = strlen(suffix);
    return text.len >= len && (len == 0 || memcmp(text.at + text.len - len, suffix, len) == 0);
}

static bool is_blank(char byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; }

struct mg_str mg_str_trim(struct mg_str text)
{
    while (text.len && is_blank(text.at[0])) {
        text.at++;
        text.len--;
    }
    while (text.len && is_blank(text.at[text.len - 1]))
        text.len--;
    return text;
}

struct mg_str mg_str_sub(struct mg_str text, size_t from, size_t to)
{
    if (to > text.len)
        to = text.len;
    return from >= to ? MG_STR("") : (struct mg_str){ text.at + from, to - from };
}

size_t mg_str_find(struct mg_str text, char byte, size_t from)
{
    if (from >= text.len)
        return text.len;
    const char *found = memchr(text.at + from, byte, text.len - from);
    return found ? (size_t)(found - text.at) : text.len;
}

size_t mg_str_rfind(struct mg_str text, char byte)
{
    for (size_t i = text.len; i > 0; i--)
        if (text.at[i - 1] == byte)
            return i - 1;
    return text.len;
}

bool mg_str_contains(struct mg_str text, const char *part)
{
    return text.len >= strlen(part) && (part[0] == '\0' || memmem(text.at, text.len, part, strlen(part)) != NULL);
}

bool mg_str_next_line(struct mg_str *rest, struct mg_str *line)
{
    if (rest->len == 0)
        return false;
    size_t end = mg_str_find(*rest, '\n', 0);
    *line = mg_str_sub(*rest, 0, end);
    *rest = mg_str_sub(*rest, end + 1, rest->len);
    return true;
}

bool mg_str_next_part(struct mg_str *rest, char separator, struct mg_str *part)
{
    if (!rest->at)
        return false;
    size_t end = mg_str_find(*rest, separator, 0);
    *part = mg_str_sub(*rest, 0, end);
    *rest = end < rest->len ? (struct mg_str){ rest->at + end + 1, rest->len - end - 1 } : MG_NO_STR;
    return true;
}

struct mg_str mg_path_folder(struct mg_str path)
{
    size_t slash = mg_str_rfind(path, '/');
    return slash == path.len ? MG_STR("") : mg_str_sub(path, 0, slash);
}

struct mg_str mg_path_base(struct mg_str path)
{
    size_t slash = mg_str_rfind(path, '/');
    return slash == path.len ? path : mg_str_sub(path, slash + 1, path.len);
}

bool mg_str_next_quoted(struct mg_str *rest, struct mg_str *text)
{
    for (size_t at = 0; at < rest->len; at++)
        if (rest->at[at] == '"' || rest->at[at] == '\'') {
            size_t end = mg_str_find(*rest, rest->at[at], at + 1);
            *text = mg_str_sub(*rest, at + 1, end);
            *rest = mg_str_sub(*rest, end + 1, rest->len);
            return true;
        }
    return false;
}

bool mg_str_glob(struct mg_str pattern, struct mg_str name)
{
    /* fnmatch wants C strings; names with a NUL inside match nothing. */
    char stack[2][512];
    struct mg_str texts[2] = { pattern, name };
    char *strings[2];
    for (int i = 0; i < 2; i++) {
        strings[i] = texts[i].len < sizeof stack[i] ? stack[i] : malloc(texts[i].len + 1);
        MG_ASSERT(strings[i]);
        if (texts[i].len)
            memcpy(strings[i], texts[i].at, texts[i].len);
        strings[i][texts[i].len] = '\0';
    }
    bool whole = strlen(strings[0]) == pattern.len && strlen(strings[1]) == name.len;
    bool match = whole && fnmatch(strings[0], strings[1], 0) == 0;
    for (int i = 0; i < 2; i++)
        if (strings[i] != stack[i])
            free(strings[i]);
    return match;
}

bool mg_str_to_i64(struct mg_str text, int64_t *value)
{
    size_t i = 0;
    bool negative = text.len && text.at[0] == '-';
    i += negative;
    if (i == text.len)
        return false;
    int64_t sum = 0;
    for (; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        int digit = text.at[i] - '0';
        if (__builtin_mul_overflow(sum, (int64_t)10, &sum) || __builtin_sub_overflow(sum, (int64_t)digit, &sum))
            return false;
    }
    if (!negative && sum == INT64_MIN)
        return false;
    *value = negative ? sum : -sum;
    return true;
}

bool mg_str_to_double(struct mg_str text, double *value)
{
    char copy[64];
    if (text.len == 0 || text.len >= sizeof copy || is_blank(text.at[0]))
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    char *end;
    errno = 0;
    double parsed = strtod(copy, &end);
    if (end != copy + text.len || errno == ERANGE || parsed != parsed)
        return false;
    *value = parsed;
    return true;
}

/* Bytes of the well-formed sequence at `at`, 0 when there is none (Unicode 15, table 3-7). */
static size_t utf8_sequence(const unsigned char *at, size_t left)
{
    if (at[0] < 0x80)
        return 1;
    size_t len = at[0] >= 0xC2 && at[0] <= 0xDF ? 2 : (at[0] & 0xF0) == 0xE0 ? 3 : at[0] >= 0xF0 && at[0] <= 0xF4 ? 4 : 0;
    if (len == 0 || len > left)
        return 0;
    unsigned char low = at[0] == 0xE0 ? 0xA0 : at[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = at[0] == 0xED ? 0x9F : at[0] == 0xF4 ? 0x8F : 0xBF;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    return len;
}

bool mg_str_is_utf8(struct mg_str text)
{
    const unsigned char *bytes = (const unsigned char *)text.at;
    for (size_t i = 0; i < text.len;) {
        size_t len = utf8_sequence(bytes + i, text.len - i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

struct mg_str mg_str_fit(struct mg_str text, size_t bytes)
{
    if (text.len <= bytes)
        return text;
    while (bytes > 0 && ((unsigned char)text.at[bytes] & 0xC0) == 0x80)
        bytes--;
    return mg_str_sub(text, 0, bytes);
}

bool mg_path_is_test(struct mg_str path)
{
    struct mg_str base = mg_path_base(path);
    return mg_str_ends(base, ".py") && (mg_str_starts(base, "test_") || mg_str_ends(base, "_test.py"));
}
