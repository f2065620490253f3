/* The schema counts as JavaScript does: in UTF-16 code units. */
#include "adapters/report_schema/locate.h"

struct mg_lines mg_lines_of(struct mg_arena *arena, struct mg_str text)
{
    struct mg_lines lines = { .text = text };
    *MG_PUSH(arena, &lines.starts) = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] == '\n')
            *MG_PUSH(arena, &lines.starts) = (uint32_t)(i + 1);
    return lines;
}

struct mg_position mg_locate(const struct mg_lines *lines, uint32_t offset)
{
    MG_ASSERT(offset <= lines->text.len);
    size_t low = 0, high = lines->starts.len; /* the line is in [low, high) */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (lines->starts.at[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    uint32_t column = 1;
    for (uint32_t i = lines->starts.at[low]; i < offset; i++) {
        unsigned char byte = (unsigned char)lines->text.at[i];
        if ((byte & 0xc0) != 0x80)
            column += byte >= 0xf0 ? 2 : 1; /* beyond U+FFFF: a surrogate pair */
    }
    return (struct mg_position){ (uint32_t)low + 1, column };
}
