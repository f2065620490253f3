/* The leaves of a TOML document: strings, numbers, booleans and dates. */
#include "base/buf.h"
#include "base/str.h"
#include "core/toml_scan.h"
#include <math.h>

/* ---- strings ---- */

static void add_utf8(struct mg_buf *out, uint32_t code)
{
    if (code < 0x80) {
        mg_buf_addc(out, (char)code);
        return;
    }
    if (code < 0x800) {
        mg_buf_addc(out, (char)(0xc0 | (code >> 6)));
    } else if (code < 0x10000) {
        mg_buf_addc(out, (char)(0xe0 | (code >> 12)));
        mg_buf_addc(out, (char)(0x80 | ((code >> 6) & 0x3f)));
    } else {
        mg_buf_addc(out, (char)(0xf0 | (code >> 18)));
        mg_buf_addc(out, (char)(0x80 | ((code >> 12) & 0x3f)));
        mg_buf_addc(out, (char)(0x80 | ((code >> 6) & 0x3f)));
    }
    mg_buf_addc(out, (char)(0x80 | (code & 0x3f)));
}

static int hex_digit(int byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* \uXXXX and \UXXXXXXXX; the cursor stands on the first digit. */
static enum mg_code unicode_escape(struct mg_toml_scan *scan, size_t digits, struct mg_buf *out)
{
    uint32_t code = 0;
    for (size_t i = 0; i < digits; i++) {
        int digit = hex_digit(mg_toml_peek(scan, i));
        if (digit < 0)
            return MG_TOML_FAIL(scan, digits == 4 ? "\\u needs four hexadecimal digits" : "\\U needs eight hexadecimal digits");
        code = code << 4 | (uint32_t)digit;
    }
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return MG_TOML_FAIL(scan, "the escape names no Unicode character");
    scan->at += digits;
    add_utf8(out, code);
    return MG_OK;
}

/* A backslash at the end of a line (blanks may follow it) joins lines: skips to the next text. False when it is none. */
static bool line_continuation(struct mg_toml_scan *scan)
{
    struct mg_toml_scan look = *scan;
    bool newline = false;
    for (;;) {
        size_t skip = mg_toml_newline(&look);
        if (skip > 0) {
            newline = true;
            look.line++;
        } else if (mg_toml_peek(&look, 0) == ' ' || mg_toml_peek(&look, 0) == '\t') {
            skip = 1;
        } else {
            break;
        }
        look.at += skip;
    }
    if (newline)
        *scan = look;
    return newline;
}

/* The cursor stands behind the backslash. */
static enum mg_code escape(struct mg_toml_scan *scan, bool multiline, struct mg_buf *out)
{
    static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
    if (multiline && line_continuation(scan))
        return MG_OK;
    int byte = mg_toml_peek(scan, 0);
    for (size_t i = 0; from[i]; i++)
        if (byte == from[i]) {
            scan->at++;
            mg_buf_addc(out, to[i]);
            return MG_OK;
        }
    if (byte == 'u' || byte == 'U') {
        scan->at++;
        return unicode_escape(scan, byte == 'u' ? 4 : 8, out);
    }
    return MG_TOML_FAIL(scan, "unknown escape sequence in a string");
}

/* Whether the closing quotes are under the cursor. Up to two quotes may stand directly before the closing three and belong to the text. */
static bool closes(struct mg_toml_scan *scan, int quote, bool multiline, struct mg_buf *out)
{
    if (mg_toml_peek(scan, 0) != quote)
        return false;
    if (!multiline) {
        scan->at++;
        return true;
    }
    size_t run = 1;
    while (run < 5 && mg_toml_peek(scan, run) == quote)
        run++;
    if (run < 3)
        return false;
    for (size_t i = 3; i < run; i++)
        mg_buf_addc(out, (char)quote);
    scan->at += run;
    return true;
}

static enum mg_code string_body(struct mg_toml_scan *scan, int quote, bool multiline, struct mg_buf *out)
{
    while (!closes(scan, quote, multiline, out)) {
        int byte = mg_toml_peek(scan, 0);
        size_t newline = mg_toml_newline(scan);
        if (byte < 0)
            return MG_TOML_FAIL(scan, "the string has no closing quote");
        if (newline > 0) {
            if (!multiline)
                return MG_TOML_FAIL(scan, "the string is not closed on its line");
            mg_buf_addc(out, '\n'); /* however the file's lines end */
            scan->at += newline;
            scan->line++;
            continue;
        }
        if (mg_toml_is_control(byte))
            return MG_TOML_FAIL(scan, "control character in a string");
        scan->at++;
        if (byte == '\\' && quote == '"')
            MG_TRY(escape(scan, multiline, out));
        else
            mg_buf_addc(out, (char)byte);
    }
    return MG_OK;
}

enum mg_code mg_toml_string(struct mg_toml_scan *scan, bool multiline_allowed, struct mg_str *value)
{
    int quote = mg_toml_peek(scan, 0);
    bool multiline = mg_toml_peek(scan, 1) == quote && mg_toml_peek(scan, 2) == quote;
    if (multiline && !multiline_allowed)
        return MG_TOML_FAIL(scan, "a key cannot be a multi-line string");
    scan->at += multiline ? 3 : 1;
    size_t newline = multiline ? mg_toml_newline(scan) : 0; /* one directly behind the opening quotes is not text */
    if (newline > 0) {
        scan->at += newline;
        scan->line++;
    }
    struct mg_buf out = MG_BUF(scan->text.len + 1); /* escapes never grow */
    enum mg_code code = string_body(scan, quote, multiline, &out);
    if (code != MG_OK) {
        mg_buf_free(&out);
        return code;
    }
    *value = mg_buf_take(&out, scan->arena);
    return MG_OK;
}

/* ---- dates: a word is tried against the four forms before it is taken for a number ---- */

static bool digits_at(struct mg_str word, size_t at, size_t count, unsigned *value)
{
    if (at + count > word.len)
        return false;
    *value = 0;
    for (size_t i = at; i < at + count; i++) {
        if (word.at[i] < '0' || word.at[i] > '9')
            return false;
        *value = *value * 10 + (unsigned)(word.at[i] - '0');
    }
    return true;
}

static bool byte_is(struct mg_str word, size_t at, char byte) { return at < word.len && word.at[at] == byte; }

static bool is_date(struct mg_str word)
{
    static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    unsigned year, month, day;
    if (word.len != 10 || !digits_at(word, 0, 4, &year) || !byte_is(word, 4, '-') || !digits_at(word, 5, 2, &month) || !byte_is(word, 7, '-') ||
        !digits_at(word, 8, 2, &day) || month < 1 || month > 12)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day >= 1 && day <= days[month - 1] + (leap && month == 2 ? 1u : 0u);
}

static bool is_time(struct mg_str word)
{
    unsigned hour, minute, second;
    if (!digits_at(word, 0, 2, &hour) || !byte_is(word, 2, ':') || !digits_at(word, 3, 2, &minute) || !byte_is(word, 5, ':') ||
        !digits_at(word, 6, 2, &second) || hour > 23 || minute > 59 || second > 59)
        return false;
    if (word.len == 8)
        return true;
    unsigned fraction;
    for (size_t i = 9; i < word.len; i++)
        if (!digits_at(word, i, 1, &fraction))
            return false;
    return word.at[8] == '.' && word.len > 9;
}

/* "Z" or "+02:00" at the end of *time; takes it off. */
static bool take_offset(struct mg_str *time, bool *present)
{
    unsigned hour, minute;
    *present = false;
    if (time->len > 0 && (time->at[time->len - 1] == 'Z' || time->at[time->len - 1] == 'z')) {
        time->len--;
        *present = true;
        return true;
    }
    if (time->len < 6 || (time->at[time->len - 6] != '+' && time->at[time->len - 6] != '-'))
        return true;
    *present = true;
    bool good = digits_at(*time, time->len - 5, 2, &hour) && byte_is(*time, time->len - 3, ':') && digits_at(*time, time->len - 2, 2, &minute) &&
                hour <= 23 && minute <= 59;
    time->len -= 6;
    return good;
}

static enum mg_code date_or_time(struct mg_toml_scan *scan, struct mg_str word, struct mg_toml *value)
{
    bool offset = false;
    value->text = word;
    if (is_time(word)) {
        value->kind = MG_TOML_LOCAL_TIME;
        return MG_OK;
    }
    if (is_date(word)) {
        value->kind = MG_TOML_LOCAL_DATE;
        return MG_OK;
    }
    bool separated = byte_is(word, 10, 'T') || byte_is(word, 10, 't') || byte_is(word, 10, ' ');
    struct mg_str time = mg_str_sub(word, 11, word.len);
    if (!separated || !is_date(mg_str_sub(word, 0, 10)) || !take_offset(&time, &offset) || !is_time(time))
        return MG_TOML_FAIL(scan, "not a valid date or time");
    value->kind = offset ? MG_TOML_DATETIME : MG_TOML_LOCAL_DATETIME;
    return MG_OK;
}

static bool looks_like_date(struct mg_str word)
{
    unsigned ignored;
    return (digits_at(word, 0, 4, &ignored) && byte_is(word, 4, '-')) || (digits_at(word, 0, 2, &ignored) && byte_is(word, 2, ':'));
}

/* ---- numbers ---- */

/* Copies digits without their underscores; each underscore must stand between two digits. */
static bool strip_underscores(struct mg_toml_scan *scan, struct mg_str word, int base, struct mg_str *bare)
{
    char *copy = MG_NEW_ARRAY(scan->arena, char, word.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] != '_') {
            copy[len++] = word.at[i];
            continue;
        }
        int left = i > 0 ? hex_digit(word.at[i - 1]) : -1, right = i + 1 < word.len ? hex_digit(word.at[i + 1]) : -1;
        if (left < 0 || left >= base || right < 0 || right >= base)
            return false;
    }
    *bare = (struct mg_str){ copy, len };
    return true;
}

static bool parse_prefixed(struct mg_str digits, unsigned base, int64_t *value)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < digits.len; i++) {
        int digit = hex_digit(digits.at[i]);
        if (digit < 0 || (unsigned)digit >= base || sum > ((uint64_t)INT64_MAX - (unsigned)digit) / base)
            return false;
        sum = sum * base + (unsigned)digit;
    }
    *value = (int64_t)sum;
    return digits.len > 0;
}

static size_t count_digits(struct mg_str text, size_t at)
{
    size_t from = at;
    while (at < text.len && text.at[at] >= '0' && text.at[at] <= '9')
        at++;
    return at - from;
}

/* [sign] digits [. digits] [e [sign] digits], no leading zero. *is_float says which of the two it is. */
static bool is_decimal(struct mg_str text, bool *is_float)
{
    size_t at = byte_is(text, 0, '+') || byte_is(text, 0, '-') ? 1 : 0, digits = count_digits(text, at);
    *is_float = false;
    if (digits == 0 || (digits > 1 && text.at[at] == '0'))
        return false;
    at += digits;
    if (byte_is(text, at, '.')) {
        *is_float = true;
        digits = count_digits(text, at + 1);
        if (digits == 0)
            return false;
        at += 1 + digits;
    }
    if (byte_is(text, at, 'e') || byte_is(text, at, 'E')) {
        *is_float = true;
        at += byte_is(text, at + 1, '+') || byte_is(text, at + 1, '-') ? 2 : 1;
        digits = count_digits(text, at);
        if (digits == 0)
            return false;
        at += digits;
    }
    return at == text.len;
}

static bool special_float(struct mg_str word, double *number)
{
    bool negative = byte_is(word, 0, '-'), sign = negative || byte_is(word, 0, '+');
    struct mg_str name = mg_str_sub(word, sign ? 1 : 0, word.len);
    if (mg_str_is(name, "inf"))
        *number = negative ? -INFINITY : INFINITY;
    else if (mg_str_is(name, "nan"))
        *number = NAN;
    else
        return false;
    return true;
}

static enum mg_code prefixed_integer(struct mg_toml_scan *scan, struct mg_str word, unsigned base, struct mg_toml *value)
{
    struct mg_str bare;
    value->kind = MG_TOML_INTEGER;
    if (!strip_underscores(scan, mg_str_sub(word, 2, word.len), (int)base, &bare) || !parse_prefixed(bare, base, &value->integer))
        return MG_TOML_FAIL(scan, "not a valid integer, or one beyond 64 bits");
    return MG_OK;
}

static enum mg_code number(struct mg_toml_scan *scan, struct mg_str word, struct mg_toml *value)
{
    struct mg_str bare;
    bool is_float;
    value->text = word;
    if (byte_is(word, 0, '0') && (byte_is(word, 1, 'x') || byte_is(word, 1, 'o') || byte_is(word, 1, 'b')))
        return prefixed_integer(scan, word, word.at[1] == 'x' ? 16 : word.at[1] == 'o' ? 8 : 2, value);
    if (special_float(word, &value->number)) {
        value->kind = MG_TOML_FLOAT;
        return MG_OK;
    }
    if (!strip_underscores(scan, word, 10, &bare) || !is_decimal(bare, &is_float))
        return MG_TOML_FAIL(scan, "not a valid value (text needs quotes)");
    value->kind = is_float ? MG_TOML_FLOAT : MG_TOML_INTEGER;
    if (byte_is(bare, 0, '+'))
        bare = mg_str_sub(bare, 1, bare.len);
    if (is_float ? !mg_str_to_double(bare, &value->number) : !mg_str_to_i64(bare, &value->integer))
        return MG_TOML_FAIL(scan, is_float ? "the number is out of range" : "the integer does not fit into 64 bits");
    return MG_OK;
}

static bool word_byte(int byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '+' || byte == '-' ||
           byte == '_' || byte == '.' || byte == ':';
}

enum mg_code mg_toml_scalar(struct mg_toml_scan *scan, struct mg_toml *value)
{
    size_t len = 0;
    while (word_byte(mg_toml_peek(scan, len)))
        len++;
    struct mg_str word = mg_str_sub(scan->text, scan->at, scan->at + len);
    if (is_date(word) && mg_toml_peek(scan, len) == ' ' && mg_toml_peek(scan, len + 1) >= '0' && mg_toml_peek(scan, len + 1) <= '9') {
        for (len++; word_byte(mg_toml_peek(scan, len));) /* a date and a time may be one blank apart */
            len++;
        word = mg_str_sub(scan->text, scan->at, scan->at + len);
    }
    if (len == 0)
        return MG_TOML_FAIL(scan, "a value is missing");
    scan->at += len;
    if (mg_str_is(word, "true") || mg_str_is(word, "false")) {
        value->kind = MG_TOML_BOOL;
        value->boolean = word.at[0] == 't';
        value->text = word;
        return MG_OK;
    }
    return looks_like_date(word) ? date_or_time(scan, word, value) : number(scan, word, value);
}
