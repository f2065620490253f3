/* Leaving keys out of a .env, line by line; a value in quotes may take several. */
#include "adapters/ingest_local/env_file.h"

#include "base/buf.h"
#include "base/str.h"

#include <string.h>

static const char *const kept_back[] = { "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENROUTER_API_KEY" };

bool mg_is_env_file(const char *name) { return strcmp(name, ".env") == 0 || strncmp(name, ".env.", 5) == 0; }

/* `  export NAME = value` */
static struct mg_str name_of(struct mg_str line)
{
    line = mg_str_trim(line);
    if (mg_str_starts(line, "\xEF\xBB\xBF")) /* a byte order mark */
        line = mg_str_trim(mg_str_sub(line, 3, line.len));
    if (mg_str_starts(line, "export ") || mg_str_starts(line, "export\t"))
        line = mg_str_trim(mg_str_sub(line, 7, line.len));
    struct mg_str name = mg_str_trim(mg_str_sub(line, 0, mg_str_find(line, '=', 0)));
    if (name.len > 1 && (name.at[0] == '\'' || name.at[0] == '"') && name.at[name.len - 1] == name.at[0])
        name = mg_str_sub(name, 1, name.len - 1);
    return name;
}

static bool is_kept_back(struct mg_str line)
{
    struct mg_str name = name_of(line);
    if (mg_str_starts(name, "MUTAGEN_"))
        return true;
    for (size_t i = 0; i < MG_COUNT(kept_back); i++)
        if (mg_str_is(name, kept_back[i]))
            return true;
    return false;
}

/* Behind the line at `at`, its end included; a lone CR ends a line, too. */
static size_t behind_line(struct mg_str text, size_t at)
{
    while (at < text.len && text.at[at] != '\n' && text.at[at] != '\r')
        at++;
    if (at + 1 < text.len && text.at[at] == '\r' && text.at[at + 1] == '\n')
        at++;
    return at < text.len ? at + 1 : at;
}

/* Behind the value that begins in `text` at `at`, a line that is kept back: one that opens a quote goes on to the line where the quote closes.
 * Readers differ over a quote that never closes: for this one the value is the line, so the lines behind it are looked at themselves. */
static size_t behind_value(struct mg_str text, size_t at, size_t end)
{
    size_t start = mg_str_find(mg_str_sub(text, 0, end), '=', at) + 1;
    while (start < end && (text.at[start] == ' ' || text.at[start] == '\t'))
        start++;
    if (start >= end || (text.at[start] != '"' && text.at[start] != '\''))
        return end;
    const char quote = text.at[start];
    size_t i = start + 1;
    while (i < text.len && text.at[i] != quote)
        i += text.at[i] == '\\' && i + 1 < text.len ? 2 : 1;
    return i >= text.len ? end : behind_line(text, i);
}

struct mg_str mg_env_file_filtered(struct mg_arena *arena, struct mg_str text)
{
    struct mg_buf out = MG_BUF(SIZE_MAX);
    for (size_t at = 0; at < text.len;) {
        size_t end = behind_line(text, at);
        struct mg_str line = mg_str_sub(text, at, end);
        if (is_kept_back(line))
            end = behind_value(text, at, end);
        else
            mg_buf_add(&out, line);
        at = end;
    }
    return mg_buf_take(&out, arena);
}
