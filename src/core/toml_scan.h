/* Inside the TOML reader only: the cursor, and what toml_scalar.c gives toml.c. */
#ifndef MG_TOML_SCAN_H
#define MG_TOML_SCAN_H

#include "core/toml.h"

struct mg_toml_scan {
    struct mg_arena *arena;
    struct mg_str text;
    size_t at;
    uint32_t line;
    struct mg_err *err;
};

#define MG_TOML_FAIL(scan, what) MG_FAIL((scan)->err, MG_E_PARSE, "line %u: %s", (unsigned)(scan)->line, (what))

/* The byte `ahead` of the cursor; -1 behind the end. */
static inline int mg_toml_peek(const struct mg_toml_scan *scan, size_t ahead)
{
    return ahead < scan->text.len - scan->at ? (unsigned char)scan->text.at[scan->at + ahead] : -1;
}

/* A newline under the cursor: its length (LF 1, CR LF 2), else 0. */
static inline size_t mg_toml_newline(const struct mg_toml_scan *scan)
{
    if (mg_toml_peek(scan, 0) == '\n')
        return 1;
    return mg_toml_peek(scan, 0) == '\r' && mg_toml_peek(scan, 1) == '\n' ? 2 : 0;
}

/* Control characters no TOML text may hold outside of a newline (tab is allowed everywhere but in bare words). */
static inline bool mg_toml_is_control(int byte) { return (byte >= 0 && byte < 0x20 && byte != '\t') || byte == 0x7f; }

/* A string under the cursor, which is a quote. `multiline_allowed` is false for keys. */
MG_MUST_CHECK enum mg_code mg_toml_string(struct mg_toml_scan *scan, bool multiline_allowed, struct mg_str *value);
/* A number, bool or date under the cursor, into *value. */
MG_MUST_CHECK enum mg_code mg_toml_scalar(struct mg_toml_scan *scan, struct mg_toml *value);

#endif
