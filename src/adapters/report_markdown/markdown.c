/* Escapes and fences. */
#include "adapters/report_markdown/markdown.h"

#include "base/str.h"
#include "core/text.h"

#include <string.h>

void mg_md_text(struct mg_md *md, struct mg_str text)
{
    struct mg_str line = mg_text_line(md->scratch, text);
    for (size_t i = 0; i < line.len; i++) {
        if (line.at[i] && strchr("\\`*_[]<>|~&#$!", line.at[i]))
            mg_buf_addc(&md->text, '\\');
        mg_buf_addc(&md->text, line.at[i]);
    }
}

static size_t longest_run(struct mg_str text, char byte)
{
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < text.len; i++) {
        run = text.at[i] == byte ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void add_run(struct mg_md *md, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mg_buf_addc(&md->text, '`');
}

static void add_code(struct mg_md *md, struct mg_str text, bool in_table)
{
    struct mg_str line = mg_text_line(md->scratch, text);
    size_t ticks = longest_run(line, '`') + 1;
    add_run(md, ticks);
    if (ticks > 1 || line.len == 0) /* a blank at both ends is taken off again by the reader */
        mg_buf_addc(&md->text, ' ');
    for (size_t i = 0; i < line.len; i++) {
        if (in_table && line.at[i] == '|') /* a table takes the bar even inside code */
            mg_buf_addc(&md->text, '\\');
        mg_buf_addc(&md->text, line.at[i]);
    }
    if (ticks > 1 || line.len == 0)
        mg_buf_addc(&md->text, ' ');
    add_run(md, ticks);
}

void mg_md_code(struct mg_md *md, struct mg_str text) { add_code(md, text, false); }
void mg_md_cell(struct mg_md *md, struct mg_str text) { add_code(md, text, true); }

void mg_md_fence(struct mg_md *md, const char *language, struct mg_str text, size_t lines)
{
    struct mg_str clean = mg_text_utf8(md->scratch, text), line;
    size_t ticks = longest_run(clean, '`') + 1, shown = 0, missing = 0;
    if (ticks < 3)
        ticks = 3;
    mg_buf_addc(&md->text, '\n');
    add_run(md, ticks);
    mg_buf_addf(&md->text, "%s\n", language);
    while (mg_str_next_line(&clean, &line)) {
        if (shown == lines) {
            missing++;
            continue;
        }
        shown++;
        while (line.len > 0 && line.at[line.len - 1] == '\r') /* a lone CR is a line end in Markdown */
            line.len--;
        for (size_t i = 0; i < line.len; i++)
            mg_buf_addc(&md->text, line.at[i] == '\r' || line.at[i] == '\0' ? ' ' : line.at[i]);
        mg_buf_addc(&md->text, '\n');
    }
    if (missing > 0)
        mg_buf_addf(&md->text, "… and %zu more lines\n", missing);
    add_run(md, ticks);
    mg_buf_addc(&md->text, '\n');
}
