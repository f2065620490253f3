/* Frames, colours and widths. */
#include "adapters/report_terminal/screen.h"

#include "base/str.h"
#include "core/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NARROWEST 40
#define WIDEST 1000

static const char *const colours[] = {
    [MG_PLAIN] = "", [MG_BOLD] = "\033[1m", [MG_DIM] = "\033[2m", [MG_GREEN] = "\033[32m", [MG_YELLOW] = "\033[33m", [MG_RED] = "\033[31m"
};

static bool locale_is_utf8(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (size_t i = 0; i < MG_COUNT(names); i++) {
        const char *value = getenv(names[i]);
        if (value && *value) /* the first that is set decides */
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

static size_t columns(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col < NARROWEST ? NARROWEST : size.ws_col > WIDEST ? WIDEST : size.ws_col;
}

void mg_screen_look(struct mg_screen *screen, FILE *out)
{
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    int fd = fileno(out);
    bool dumb = !term || strcmp(term, "dumb") == 0;
    screen->terminal = fd >= 0 && isatty(fd);
    screen->colour = screen->terminal && !dumb && !(no_colour && *no_colour);
    screen->frames = screen->terminal && !dumb && locale_is_utf8();
    screen->width = screen->terminal ? columns(fd) : 0;
}

/* A width of 0 is no limit. */
static struct mg_str fit(struct mg_arena *arena, struct mg_str text, size_t width) { return width == 0 ? text : mg_text_cut(arena, text, width); }

static void add_coloured(struct mg_screen *screen, enum mg_colour colour, struct mg_str text)
{
    bool paint = screen->colour && colour != MG_PLAIN;
    if (paint)
        mg_buf_adds(&screen->text, colours[colour]);
    mg_buf_add(&screen->text, text);
    if (paint)
        mg_buf_adds(&screen->text, "\033[0m");
}

void mg_screen_line(struct mg_screen *screen, enum mg_colour colour, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct mg_str text = mg_arena_vprintf(screen->scratch, format, args);
    va_end(args);
    add_coloured(screen, colour, fit(screen->scratch, mg_text_line(screen->scratch, text), screen->width));
    mg_buf_addc(&screen->text, '\n');
}

static void add_times(struct mg_screen *screen, const char *what, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mg_buf_adds(&screen->text, what);
}

/* Bytes of `text` that fit into `width` columns: up to the last blank if there is one, else as many as fit. */
static size_t line_break(struct mg_str text, size_t width)
{
    size_t columns_used = 0, blank = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool starts = ((unsigned char)text.at[i] & 0xc0) != 0x80;
        if (starts && columns_used++ == width)
            return text.at[i] == ' ' || blank == 0 ? i : blank;
        if (text.at[i] == ' ' && columns_used * 3 > width) /* not inside the indentation */
            blank = i;
    }
    return text.len;
}

void mg_screen_wrapped(struct mg_screen *screen, enum mg_colour colour, size_t hang, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct mg_str rest = mg_text_line(screen->scratch, mg_arena_vprintf(screen->scratch, format, args));
    va_end(args);
    for (size_t indent = 0;; indent = hang) {
        size_t end = screen->width ? line_break(rest, screen->width - indent) : rest.len;
        add_times(screen, " ", indent);
        add_coloured(screen, colour, mg_str_sub(rest, 0, end));
        mg_buf_addc(&screen->text, '\n');
        while (end < rest.len && rest.at[end] == ' ')
            end++;
        if (end == rest.len)
            return;
        rest = mg_str_sub(rest, end, rest.len);
    }
}

static void add_framed_table(struct mg_screen *screen, struct mg_str title, const struct mg_screen_row *rows, size_t count)
{
    size_t labels = 0, values = 0;
    for (size_t i = 0; i < count; i++) {
        size_t label = strlen(rows[i].label), value = mg_text_length(rows[i].value);
        labels = label > labels ? label : labels;
        values = value > values ? value : values;
    }
    size_t inner = labels + values + 4; /* " label  value " */
    if (inner < mg_text_length(title) + 4)
        inner = mg_text_length(title) + 4;
    if (inner > screen->width - 2)
        inner = screen->width - 2;
    title = fit(screen->scratch, title, inner - 4);
    mg_buf_adds(&screen->text, "╭─ ");
    add_coloured(screen, MG_BOLD, title);
    mg_buf_adds(&screen->text, " ");
    add_times(screen, "─", inner - mg_text_length(title) - 3);
    mg_buf_adds(&screen->text, "╮\n");
    for (size_t i = 0; i < count; i++) {
        struct mg_str line = mg_arena_printf(screen->scratch, " %-*s  %.*s ", (int)labels, rows[i].label, MG_FMT(rows[i].value));
        line = fit(screen->scratch, line, inner);
        mg_buf_addf(&screen->text, "│%.*s", MG_FMT(line));
        add_times(screen, " ", inner - mg_text_length(line));
        mg_buf_adds(&screen->text, "│\n");
    }
    mg_buf_adds(&screen->text, "╰");
    add_times(screen, "─", inner);
    mg_buf_adds(&screen->text, "╯\n");
}

void mg_screen_table(struct mg_screen *screen, struct mg_str title, const struct mg_screen_row *rows, size_t count)
{
    title = mg_text_line(screen->scratch, title);
    if (screen->frames) {
        add_framed_table(screen, title, rows, count);
        return;
    }
    mg_screen_line(screen, MG_BOLD, "%.*s", MG_FMT(title));
    for (size_t i = 0; i < count; i++)
        mg_screen_line(screen, MG_PLAIN, "  %s: %.*s", rows[i].label, MG_FMT(rows[i].value));
}
