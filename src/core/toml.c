/* The structure of a TOML document: lines, keys, headers, arrays and inline tables. */
#include "core/toml.h"
#include "base/str.h"
#include "core/toml_scan.h"

#define MAX_DEPTH 64u /* of nested arrays and inline tables, so that hostile input cannot exhaust the stack */

struct mg_toml *mg_toml_get(const struct mg_toml *table, struct mg_str key) { return (struct mg_toml *)mg_map_get(&table->by_key, key); }

const struct mg_toml *mg_toml_find(const struct mg_toml *table, const char *key)
{
    return table && table->kind == MG_TOML_TABLE ? mg_toml_get(table, mg_str_from(key)) : NULL;
}

const char *mg_toml_kind_name(enum mg_toml_kind kind)
{
    static const char *const names[] = { "a table",   "an array",        "a string",        "an integer", "a float",
                                         "a boolean", "a date and time", "a date and time", "a date",     "a time" };
    return names[kind];
}

static struct mg_toml *new_value(struct mg_toml_scan *scan, enum mg_toml_kind kind, enum mg_toml_origin origin)
{
    struct mg_toml *value = MG_NEW(scan->arena, struct mg_toml);
    value->kind = kind;
    value->origin = origin;
    value->line = scan->line;
    if (kind == MG_TOML_TABLE)
        mg_map_init(&value->by_key, scan->arena);
    return value;
}

static void add_entry(struct mg_toml_scan *scan, struct mg_toml *table, struct mg_str key, struct mg_toml *value)
{
    *MG_PUSH(scan->arena, &table->entries) = (struct mg_toml_entry){ .key = key, .line = scan->line, .value = value };
    *mg_map_slot(&table->by_key, key) = value;
}

static void skip_blanks(struct mg_toml_scan *scan)
{
    while (mg_toml_peek(scan, 0) == ' ' || mg_toml_peek(scan, 0) == '\t')
        scan->at++;
}

static enum mg_code skip_comment(struct mg_toml_scan *scan)
{
    if (mg_toml_peek(scan, 0) != '#')
        return MG_OK;
    while (mg_toml_peek(scan, 0) >= 0 && mg_toml_newline(scan) == 0) {
        if (mg_toml_is_control(mg_toml_peek(scan, 0)))
            return MG_TOML_FAIL(scan, "control character in a comment");
        scan->at++;
    }
    return MG_OK;
}

/* Blanks, comments and newlines between the elements of an array. */
static enum mg_code skip_filler(struct mg_toml_scan *scan)
{
    for (;;) {
        skip_blanks(scan);
        MG_TRY(skip_comment(scan));
        size_t newline = mg_toml_newline(scan);
        if (newline == 0)
            return MG_OK;
        scan->at += newline;
        scan->line++;
    }
}

static enum mg_code end_of_line(struct mg_toml_scan *scan)
{
    skip_blanks(scan);
    MG_TRY(skip_comment(scan));
    size_t newline = mg_toml_newline(scan);
    if (newline == 0 && mg_toml_peek(scan, 0) >= 0)
        return MG_TOML_FAIL(scan, "unexpected text behind the value or header");
    scan->at += newline;
    scan->line += newline > 0;
    return MG_OK;
}

/* ---- keys ---- */

struct key_path {
    MG_VEC(struct mg_str)
};

static bool bare_key_byte(int byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '_';
}

static enum mg_code read_key_part(struct mg_toml_scan *scan, struct mg_str *part)
{
    if (mg_toml_peek(scan, 0) == '"' || mg_toml_peek(scan, 0) == '\'')
        return mg_toml_string(scan, false, part);
    size_t from = scan->at;
    while (bare_key_byte(mg_toml_peek(scan, 0)))
        scan->at++;
    *part = mg_str_sub(scan->text, from, scan->at);
    return part->len > 0 ? MG_OK : MG_TOML_FAIL(scan, "a key is expected here");
}

static enum mg_code read_key(struct mg_toml_scan *scan, struct key_path *path)
{
    *path = (struct key_path){ 0 };
    for (;;) {
        MG_TRY(read_key_part(scan, MG_PUSH(scan->arena, path)));
        skip_blanks(scan);
        if (mg_toml_peek(scan, 0) != '.')
            return MG_OK;
        scan->at++;
        skip_blanks(scan);
    }
}

static enum mg_code key_conflict(struct mg_toml_scan *scan, struct mg_str key, const char *why)
{
    return MG_FAIL(scan->err, MG_E_PARSE, "line %u: '%.*s' %s", (unsigned)scan->line, MG_FMT(key), why);
}

/* ---- values ---- */

static enum mg_code read_value(struct mg_toml_scan *scan, unsigned depth, struct mg_toml **value);

/* Dotted keys: every table on the way must be new, or made by dotted keys, or only implied by a longer header. */
static enum mg_code descend_dots(struct mg_toml_scan *scan, struct mg_toml **table, struct mg_str key)
{
    struct mg_toml *next = mg_toml_get(*table, key);
    if (!next) {
        next = new_value(scan, MG_TOML_TABLE, MG_TOML_BY_DOTS);
        add_entry(scan, *table, key, next);
    } else if (next->kind != MG_TOML_TABLE || next->origin == MG_TOML_BY_VALUE) {
        return key_conflict(scan, key, "already has a value");
    } else if (next->origin == MG_TOML_BY_HEADER) {
        return key_conflict(scan, key, "is a table with its own header and cannot be extended here");
    }
    next->origin = MG_TOML_BY_DOTS;
    *table = next;
    return MG_OK;
}

static enum mg_code read_pair(struct mg_toml_scan *scan, unsigned depth, struct mg_toml *table)
{
    struct key_path path;
    struct mg_toml *value;
    MG_TRY(read_key(scan, &path));
    if (mg_toml_peek(scan, 0) != '=')
        return MG_TOML_FAIL(scan, "'=' is expected behind the key");
    scan->at++;
    for (size_t i = 0; i + 1 < path.len; i++)
        MG_TRY(descend_dots(scan, &table, path.at[i]));
    struct mg_str last = path.at[path.len - 1];
    if (mg_toml_get(table, last))
        return key_conflict(scan, last, "is defined twice");
    skip_blanks(scan);
    uint32_t line = scan->line;
    MG_TRY(read_value(scan, depth, &value));
    add_entry(scan, table, last, value);
    table->entries.at[table->entries.len - 1].line = line;
    return MG_OK;
}

static enum mg_code read_array(struct mg_toml_scan *scan, unsigned depth, struct mg_toml *array)
{
    scan->at++;
    for (;;) {
        MG_TRY(skip_filler(scan));
        if (mg_toml_peek(scan, 0) == ']')
            break;
        struct mg_toml *item;
        MG_TRY(read_value(scan, depth + 1, &item));
        *MG_PUSH(scan->arena, &array->items) = item;
        MG_TRY(skip_filler(scan));
        if (mg_toml_peek(scan, 0) == ']')
            break;
        if (mg_toml_peek(scan, 0) != ',')
            return MG_TOML_FAIL(scan, "',' or ']' is expected in the array");
        scan->at++;
    }
    scan->at++;
    return MG_OK;
}

/* Tables that dotted keys made inside an inline table are closed with it. */
static void close_tables(struct mg_toml *table)
{
    table->origin = MG_TOML_BY_VALUE;
    for (size_t i = 0; i < table->entries.len; i++)
        if (table->entries.at[i].value->origin == MG_TOML_BY_DOTS)
            close_tables(table->entries.at[i].value);
}

static enum mg_code read_inline_table(struct mg_toml_scan *scan, unsigned depth, struct mg_toml *table)
{
    scan->at++;
    skip_blanks(scan);
    bool more = mg_toml_peek(scan, 0) != '}';
    while (more) {
        MG_TRY(read_pair(scan, depth + 1, table));
        skip_blanks(scan);
        more = mg_toml_peek(scan, 0) == ',';
        if (!more && mg_toml_peek(scan, 0) != '}')
            return MG_TOML_FAIL(scan, "',' or '}' is expected in the inline table, all on one line");
        if (more) {
            scan->at++;
            skip_blanks(scan);
        }
    }
    scan->at++;
    close_tables(table);
    return MG_OK;
}

static enum mg_code read_value(struct mg_toml_scan *scan, unsigned depth, struct mg_toml **value)
{
    int byte = mg_toml_peek(scan, 0);
    if (depth > MAX_DEPTH)
        return MG_TOML_FAIL(scan, "arrays and tables are nested too deep");
    *value = new_value(scan, MG_TOML_STRING, MG_TOML_BY_VALUE);
    if (byte == '"' || byte == '\'')
        return mg_toml_string(scan, true, &(*value)->text);
    if (byte == '[') {
        (*value)->kind = MG_TOML_ARRAY;
        return read_array(scan, depth, *value);
    }
    if (byte == '{') {
        *value = new_value(scan, MG_TOML_TABLE, MG_TOML_BY_DOTS); /* open until its brace */
        return read_inline_table(scan, depth, *value);
    }
    return mg_toml_scalar(scan, *value);
}

/* ---- headers ---- */

/* One step on the way to a header's last key; through an array of tables into its newest table. */
static enum mg_code descend_header(struct mg_toml_scan *scan, struct mg_toml **table, struct mg_str key)
{
    struct mg_toml *next = mg_toml_get(*table, key);
    if (!next) {
        next = new_value(scan, MG_TOML_TABLE, MG_TOML_IMPLICIT);
        add_entry(scan, *table, key, next);
    } else if (next->kind == MG_TOML_ARRAY && next->origin == MG_TOML_BY_APPEND) {
        next = next->items.at[next->items.len - 1];
    } else if (next->kind != MG_TOML_TABLE || next->origin == MG_TOML_BY_VALUE) {
        return key_conflict(scan, key, "already has a value and cannot hold a table");
    }
    *table = next;
    return MG_OK;
}

static enum mg_code open_table(struct mg_toml_scan *scan, struct mg_toml **table, struct mg_str key)
{
    struct mg_toml *found = mg_toml_get(*table, key);
    if (found && (found->kind != MG_TOML_TABLE || found->origin != MG_TOML_IMPLICIT))
        return key_conflict(scan, key, "is defined twice");
    if (!found) {
        found = new_value(scan, MG_TOML_TABLE, MG_TOML_BY_HEADER);
        add_entry(scan, *table, key, found);
    }
    found->origin = MG_TOML_BY_HEADER;
    found->line = scan->line;
    *table = found;
    return MG_OK;
}

static enum mg_code append_table(struct mg_toml_scan *scan, struct mg_toml **table, struct mg_str key)
{
    struct mg_toml *array = mg_toml_get(*table, key);
    if (array && (array->kind != MG_TOML_ARRAY || array->origin != MG_TOML_BY_APPEND))
        return key_conflict(scan, key, "is already defined and is no array of tables");
    if (!array) {
        array = new_value(scan, MG_TOML_ARRAY, MG_TOML_BY_APPEND);
        add_entry(scan, *table, key, array);
    }
    *table = new_value(scan, MG_TOML_TABLE, MG_TOML_BY_HEADER);
    *MG_PUSH(scan->arena, &array->items) = *table;
    return MG_OK;
}

/* [a.b] or [[a.b]]; *table becomes the one that the following pairs go to. */
static enum mg_code read_header(struct mg_toml_scan *scan, struct mg_toml *root, struct mg_toml **table)
{
    struct key_path path;
    bool append = mg_toml_peek(scan, 1) == '[';
    scan->at += append ? 2 : 1;
    skip_blanks(scan);
    MG_TRY(read_key(scan, &path));
    if (mg_toml_peek(scan, 0) != ']' || (append && mg_toml_peek(scan, 1) != ']'))
        return MG_TOML_FAIL(scan, append ? "']]' is expected" : "']' is expected");
    scan->at += append ? 2 : 1;
    *table = root;
    for (size_t i = 0; i + 1 < path.len; i++)
        MG_TRY(descend_header(scan, table, path.at[i]));
    struct mg_str last = path.at[path.len - 1];
    return append ? append_table(scan, table, last) : open_table(scan, table, last);
}

static enum mg_code read_line(struct mg_toml_scan *scan, struct mg_toml *root, struct mg_toml **table)
{
    skip_blanks(scan);
    int byte = mg_toml_peek(scan, 0);
    if (byte == '[')
        MG_TRY(read_header(scan, root, table));
    else if (byte >= 0 && byte != '#' && mg_toml_newline(scan) == 0)
        MG_TRY(read_pair(scan, 0, *table));
    return end_of_line(scan);
}

static uint32_t bad_utf8_line(struct mg_str text)
{
    struct mg_str line, rest = text;
    uint32_t number = 1;
    while (mg_str_next_line(&rest, &line) && mg_str_is_utf8(line))
        number++;
    return number;
}

enum mg_code mg_toml_read(struct mg_arena *arena, struct mg_str text, struct mg_toml **root, struct mg_err *err)
{
    if (!mg_str_is_utf8(text))
        return MG_FAIL(err, MG_E_PARSE, "line %u: not UTF-8", (unsigned)bad_utf8_line(text));
    struct mg_toml_scan scan = { .arena = arena, .text = text, .line = 1, .err = err };
    if (mg_str_starts(text, "\xef\xbb\xbf")) /* some editors open a file with it */
        scan.at = 3;
    *root = new_value(&scan, MG_TOML_TABLE, MG_TOML_BY_HEADER);
    struct mg_toml *table = *root;
    while (scan.at < text.len)
        MG_TRY(read_line(&scan, *root, &table));
    return MG_OK;
}
