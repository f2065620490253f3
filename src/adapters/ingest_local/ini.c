/* Reads INI text line by line. */
#include "adapters/ingest_local/ini.h"

#include "base/str.h"

/* A comment begins a line, or stands behind a blank: "#egg=x" of an address is none. */
static struct mg_str without_comment(struct mg_str line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.at[i] == '#' && (i == 0 || line.at[i - 1] == ' ' || line.at[i - 1] == '\t'))
            return mg_str_sub(line, 0, i);
    return line;
}

static void add_line(struct mg_arena *arena, struct mg_ini_value *value, struct mg_str line)
{
    line = mg_str_trim(without_comment(line));
    if (line.len)
        *MG_PUSH(arena, &value->lines) = line;
}

void mg_ini_read(struct mg_arena *arena, struct mg_str text, struct mg_ini *ini)
{
    struct mg_str line, section = MG_STR("");
    bool open = false; /* a value that indented lines go on with */
    *ini = (struct mg_ini){ .values = { 0 } };
    if (mg_str_starts(text, "\xef\xbb\xbf"))
        text = mg_str_sub(text, 3, text.len);
    while (mg_str_next_line(&text, &line)) {
        struct mg_str word = mg_str_trim(line);
        if (word.len == 0 || word.at[0] == '#' || word.at[0] == ';')
            continue;
        if (line.at[0] == ' ' || line.at[0] == '\t') {
            if (open)
                add_line(arena, &ini->values.at[ini->values.len - 1], word);
            continue;
        }
        size_t equals = mg_str_find(word, '=', 0), colon = mg_str_find(word, ':', 0), end = equals < colon ? equals : colon;
        open = word.at[0] != '[' && end < word.len;
        if (open) {
            struct mg_ini_value *value = MG_PUSH(arena, &ini->values);
            *value = (struct mg_ini_value){ .section = section, .key = mg_str_trim(mg_str_sub(word, 0, end)) };
            add_line(arena, value, mg_str_sub(word, end + 1, word.len));
        } else if (word.at[0] == '[') {
            section = mg_str_trim(mg_str_sub(word, 1, mg_str_rfind(word, ']')));
        }
    }
}

struct mg_ini_value *mg_ini_get(const struct mg_ini *ini, struct mg_str section, struct mg_str key)
{
    for (size_t i = ini->values.len; i-- > 0;)
        if (mg_str_eq(ini->values.at[i].section, section) && mg_str_eq(ini->values.at[i].key, key))
            return &ini->values.at[i];
    return NULL;
}

void mg_ini_add(struct mg_arena *arena, struct mg_ini *ini, struct mg_str section, struct mg_str key, struct mg_str line)
{
    struct mg_ini_value *value = mg_ini_get(ini, section, key);
    if (!value) {
        value = MG_PUSH(arena, &ini->values);
        *value = (struct mg_ini_value){ .section = section, .key = key };
    }
    add_line(arena, value, line);
}
