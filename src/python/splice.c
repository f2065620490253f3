/* A function's text with a mutant in it, without one, and with a body that only raises. */
#include "base/buf.h"
#include "base/str.h"
#include "python/mutate.h"
#include "python/tree.h"

#define RAISE "raise RuntimeError(\"mutagen\")"

static uint32_t first_byte(struct mg_str text, const struct mg_function *function)
{
    uint32_t at = function->start;
    while (at > 0 && text.at[at - 1] != '\n')
        at--;
    return at == 0 && mg_str_starts(text, "\xEF\xBB\xBF") ? 3 : at; /* a byte order mark is no indent */
}

static struct mg_str splice(struct mg_str text, const struct mg_function *function, uint32_t start, uint32_t end, struct mg_str replacement,
                            struct mg_arena *arena)
{
    struct mg_buf out = MG_BUF(SIZE_MAX);
    mg_buf_add(&out, mg_str_sub(text, first_byte(text, function), start));
    mg_buf_add(&out, replacement);
    mg_buf_add(&out, mg_str_sub(text, end, function->end));
    return mg_buf_take(&out, arena);
}

struct mg_str mg_mutant_function_text(struct mg_str text, const struct mg_function *function, const struct mg_mutant *mutant, struct mg_arena *arena)
{
    return splice(text, function, mutant->start, mutant->end, mutant->replacement, arena);
}

struct mg_str mg_noop_function_text(struct mg_str text, const struct mg_function *function, struct mg_arena *arena)
{
    return splice(text, function, function->end, function->end, MG_NO_STR, arena);
}

/* The statement is put before the first one on its line, or behind the docstring. A compound statement allows neither: it is replaced. */
static struct mg_str raising(const struct mg_module *module, struct mg_str text, const struct mg_function *function, struct mg_arena *arena)
{
    const struct mg_node *node = mg_function_node(module, function);
    const struct mg_node *body = node ? mg_node_field(node, F_body) : NULL;
    const struct mg_node *docstring = body ? mg_docstring(module, body) : NULL;
    const struct mg_node *first = body ? mg_node_first_named(body) : NULL;
    if (docstring)
        return splice(text, function, docstring->end, docstring->end, MG_STR("; " RAISE), arena);
    bool compound = first && mg_node_is_statement(first) && first->kind >= N_IF;
    if (!compound)
        return splice(text, function, function->body_start, function->body_start, MG_STR(RAISE "; "), arena);
    const struct mg_node *last = mg_node_last_code(first);
    struct mg_buf padded = MG_BUF(SIZE_MAX);
    mg_buf_adds(&padded, RAISE);
    for (uint32_t i = first->start; i < last->end; i++)
        if (text.at[i] == '\n')
            mg_buf_addc(&padded, '\n');
    return splice(text, function, first->start, last->end, mg_buf_take(&padded, arena), arena);
}

struct mg_str mg_raising_function_text(struct mg_str text, const struct mg_function *function, struct mg_arena *arena)
{
    struct mg_module *module = NULL;
    if (mg_module_parse(text, &module, NULL) != MG_OK)
        return mg_noop_function_text(text, function, arena);
    struct mg_str out = raising(module, text, function, arena);
    mg_module_free(module);
    return out;
}

struct mg_str mg_mutant_file_text(struct mg_str text, const struct mg_mutant *mutant, struct mg_arena *arena)
{
    size_t first = mg_str_starts(text, "\xEF\xBB\xBF") ? 3 : 0;
    struct mg_buf out = MG_BUF(SIZE_MAX);
    mg_buf_add(&out, mg_str_sub(text, first, mutant->start));
    mg_buf_add(&out, mutant->replacement);
    mg_buf_add(&out, mg_str_sub(text, mutant->end, text.len));
    return mg_buf_take(&out, arena);
}

struct mg_str mg_raising_file_text(struct mg_str text, struct mg_arena *arena)
{
    size_t first = mg_str_starts(text, "\xEF\xBB\xBF") ? 3 : 0;
    return mg_arena_printf(arena, "%.*s\n" RAISE "\n", MG_FMT(mg_str_sub(text, first, text.len)));
}
