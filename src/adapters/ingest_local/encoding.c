/* From any encoding of the C library to UTF-8. */
#include "adapters/ingest_local/encoding.h"
#include "base/buf.h"

#include <iconv.h>
#include <stdio.h>
#include <string.h>

#define NAME_LIMIT 40
#define UTF8 "utf-8"

/* As iconv knows it; Python's other names of the usual ones. */
static bool name_for_iconv(struct mg_str encoding, char name[static NAME_LIMIT + 1])
{
    static const struct {
        const char *python, *iconv;
    } aliases[] = { { "latin-1", "ISO-8859-1" }, { "latin1", "ISO-8859-1" },   { "latin_1", "ISO-8859-1" },  { "l1", "ISO-8859-1" },
                    { "latin9", "ISO-8859-15" }, { "latin-9", "ISO-8859-15" }, { "windows-1252", "CP1252" }, { "iso_8859_1", "ISO-8859-1" },
                    { "euc_jp", "EUC-JP" },      { "shift_jis", "SHIFT_JIS" }, { "koi8_r", "KOI8-R" } };
    if (encoding.len == 0 || encoding.len > NAME_LIMIT)
        return false;
    for (size_t i = 0; i < encoding.len; i++)
        name[i] = encoding.at[i] >= 'A' && encoding.at[i] <= 'Z' ? (char)(encoding.at[i] + 'a' - 'A') : encoding.at[i];
    name[encoding.len] = '\0';
    for (size_t i = 0; i < MG_COUNT(aliases); i++)
        if (strcmp(name, aliases[i].python) == 0)
            (void)snprintf(name, NAME_LIMIT + 1, "%s", aliases[i].iconv);
    /* UTF-16 and its like are no encodings of sources: there the cookie itself could not be read. */
    return strncmp(name, "utf", 3) != 0;
}

static bool convert(struct mg_arena *arena, iconv_t how, struct mg_str text, struct mg_str *converted)
{
    size_t room = 4 * text.len + 16, left = text.len, free_bytes = room;
    char *out = MG_NEW_ARRAY(arena, char, room), *at = out, *in = (char *)(uintptr_t)text.at; /* iconv does not write there */
    if (iconv(how, &in, &left, &at, &free_bytes) != 0 || left != 0)                           /* more than 0: something had no exact counterpart */
        return false;
    *converted = (struct mg_str){ out, room - free_bytes };
    return mg_str_is_utf8(*converted) && mg_str_find(*converted, '\0', 0) == converted->len;
}

bool mg_text_recode(struct mg_arena *arena, struct mg_str text, struct mg_str encoding, struct mg_str *recoded)
{
    char name[NAME_LIMIT + 1];
    if (!name_for_iconv(encoding, name))
        return false;
    iconv_t how = iconv_open("UTF-8", name);
    if (how == (iconv_t)-1)
        return false;
    struct mg_str body;
    size_t from = (size_t)(encoding.at - text.at); /* the name stands in the text */
    bool done = convert(arena, how, mg_str_sub(text, from + encoding.len, text.len), &body);
    (void)iconv_close(how);
    if (done)
        *recoded = mg_arena_printf(arena, "%.*s" UTF8 "%.*s", MG_FMT(mg_str_sub(text, 0, from)), MG_FMT(body));
    return done;
}
