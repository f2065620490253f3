/* Fenced blocks of a text in Markdown, as models write it: CommonMark's rules, and tolerant where models break them. */
#ifndef MG_MODEL_FENCES_H
#define MG_MODEL_FENCES_H

#include "base/arena.h"
#include "base/base.h"

enum mg_fence_kind { MG_FENCE_PYTHON, MG_FENCE_PLAIN, MG_FENCE_MARKDOWN, MG_FENCE_OTHER }; /* PLAIN: no language was named */
struct mg_fence {
    enum mg_fence_kind kind;
    struct mg_str text; /* without the indentation or quote marks of its opening line */
    bool closed;
};
struct mg_fences {
    MG_VEC(struct mg_fence)
};
/* Blocks opened by three or more backticks or tildes, also indented, in a quote, behind words on the same line; an inner fence of the same
 * kind within Python (a docstring's) does not end its block when only both together are Python. `text` has LF line ends. What is between
 * the blocks is joined in *prose. */
void mg_fences_find(struct mg_str text, struct mg_arena *arena, struct mg_fences *fences, struct mg_str *prose);

/* The text without its thinking: <think>…</think> and the other forms that models and their servers let through, a closing mark without its
 * opening one (all before it is thinking), an opening one without an end (all behind it is; *open_end then). */
struct mg_str mg_without_thinking(struct mg_str text, struct mg_arena *arena, bool *open_end);

#endif
