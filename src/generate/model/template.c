/* Filling templates: one pass over the text, sections nest. */
#include "generate/model/template.h"
#include "base/buf.h"
#include "base/str.h"

#include <string.h>

#define MOST_DEPTH 8
#define MOST_BYTES ((size_t)16 << 20)

struct filling {
    const char *file;
    struct mg_str text;
    const struct mg_slot *slots;
    size_t count;
    struct mg_buf out;
    struct mg_str open[MOST_DEPTH]; /* names of the sections around the cursor */
    size_t depth;
    size_t hidden; /* depth of the outermost section that is left out; 0 = none */
};

static unsigned line_of(const struct filling *f, size_t at)
{
    unsigned line = 1;
    for (size_t i = 0; i < at; i++)
        line += f->text.at[i] == '\n';
    return line;
}

static const struct mg_slot *find_slot(const struct filling *f, struct mg_str name)
{
    for (size_t i = 0; i < f->count; i++)
        if (mg_str_is(name, f->slots[i].name))
            return &f->slots[i];
    return NULL;
}

static size_t find_mark(struct mg_str text, const char *mark, size_t from)
{
    const char *at = from < text.len ? memmem(text.at + from, text.len - from, mark, 2) : NULL;
    return at ? (size_t)(at - text.at) : text.len;
}

/* Past the line's end when only the mark stands on its line; `start` is where the mark begins. */
static size_t behind_mark(const struct filling *f, size_t start, size_t end)
{
    bool alone = (start == 0 || f->text.at[start - 1] == '\n') && end < f->text.len && f->text.at[end] == '\n';
    return alone ? end + 1 : end;
}

static enum mg_code take_mark(struct filling *f, size_t at, struct mg_str name, struct mg_err *err)
{
    char kind = name.len && (name.at[0] == '#' || name.at[0] == '/') ? name.at[0] : ' ';
    name = mg_str_trim(kind == ' ' ? name : mg_str_sub(name, 1, name.len));
    const struct mg_slot *slot = find_slot(f, name);
    struct mg_str shown = mg_str_sub(name, 0, 60);
    if (!slot)
        return MG_FAIL(err, MG_E_CONFIG, "%s:%u: there is no {{%.*s}} here", f->file, line_of(f, at), MG_FMT(shown));
    if (kind == ' ' && !f->hidden) {
        mg_buf_add(&f->out, slot->value);
    } else if (kind == '#') {
        if (f->depth == MOST_DEPTH)
            return MG_FAIL(err, MG_E_CONFIG, "%s:%u: sections nest too deep", f->file, line_of(f, at));
        f->open[f->depth++] = name;
        if (!f->hidden && slot->value.len == 0)
            f->hidden = f->depth;
    } else if (kind == '/') {
        if (f->depth == 0 || !mg_str_eq(f->open[f->depth - 1], name))
            return MG_FAIL(err, MG_E_CONFIG, "%s:%u: {{/%.*s}} closes nothing", f->file, line_of(f, at), MG_FMT(shown));
        if (f->hidden == f->depth)
            f->hidden = 0;
        f->depth--;
    }
    return MG_OK;
}

static enum mg_code fill(struct filling *f, struct mg_err *err)
{
    for (size_t at = 0; at < f->text.len;) {
        size_t start = find_mark(f->text, "{{", at);
        if (!f->hidden)
            mg_buf_add(&f->out, mg_str_sub(f->text, at, start));
        if (start == f->text.len)
            break;
        size_t end = find_mark(f->text, "}}", start);
        if (end == f->text.len)
            return MG_FAIL(err, MG_E_CONFIG, "%s:%u: {{ is not closed by }}", f->file, line_of(f, start));
        struct mg_str name = mg_str_sub(f->text, start + 2, end);
        MG_TRY(take_mark(f, start, name, err));
        bool section = name.len && (name.at[0] == '#' || name.at[0] == '/');
        at = section ? behind_mark(f, start, end + 2) : end + 2;
    }
    if (f->depth)
        return MG_FAIL(err, MG_E_CONFIG, "%s: {{#%.*s}} is not closed", f->file, MG_FMT(f->open[f->depth - 1]));
    return mg_buf_check(&f->out, f->file, err);
}

enum mg_code mg_template_fill(const char *file, struct mg_str text, const struct mg_slot *slots, size_t count, struct mg_arena *arena,
                              struct mg_str *filled, struct mg_err *err)
{
    struct filling f = { .file = file, .text = text, .slots = slots, .count = count, .out = MG_BUF(MOST_BYTES) };
    enum mg_code code = fill(&f, err);
    *filled = mg_str_trim(mg_buf_take(&f.out, arena));
    return code;
}
