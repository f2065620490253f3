/* From what a model said to one test module. Nothing is judged here (python/testcheck.h) and nothing is run.
 *
 * Which text is the module:
 *   - thinking is taken out first (generate/model/fences.h);
 *   - of the fenced blocks, those count that are Python (by their language, or without one by their text) and hold a test. The last of
 *     them is the module when it has imports and one of the names that an earlier one has: then it is a revision, and it stands alone.
 *     Otherwise the model has told its module in parts: they are joined in order, and of two definitions of one name the later stays;
 *   - blocks before them that hold nothing but imports and fixtures (also a "conftest.py") belong to it; others do not: they show the code
 *     under test, commands or output;
 *   - a block that means to define a test and is no Python is handed on as it is when there is nothing better: the compiler says what is wrong;
 *   - without any fence it is the text itself, from its first line of Python to its last whole statement.
 * A text that ends too early (stop = MG_LLM_TRUNCATED, or a block that is not closed) keeps its whole test functions and methods.
 *
 * Comments for us are taken out of the module and told as notes: `# kills: M1, M2`, `# notes: …`, `# equivalent: M3 because …` (the latter
 * two with the comment lines that go on below). They are claims: nothing is ever counted by them. */
#ifndef MG_MODEL_REPLY_H
#define MG_MODEL_REPLY_H

#include "base/arena.h"
#include "base/base.h"
#include "ports/llm.h"

enum mg_reply_note_kind { MG_REPLY_KILLS, MG_REPLY_NOTES, MG_REPLY_EQUIVALENT };
struct mg_reply_note {
    enum mg_reply_note_kind kind;
    struct mg_str test; /* the function below it; empty when there is none */
    struct mg_str text; /* behind the colon, one line, at most 500 bytes */
};
struct mg_reply {
    struct mg_str module;                /* LF line ends, one newline at the end; empty: `problem` says why */
    MG_LIST(struct mg_reply_note) notes; /* at most 100 */
    bool cut;                            /* something at the end was lost */
    struct mg_str problem;               /* a sentence for the model: why there is no module, or what was lost; else empty */
};
/* Never fails; a reply of more than 1 MiB is read up to there. */
void mg_reply_read(struct mg_str text, enum mg_llm_stop stop, struct mg_arena *arena, struct mg_reply *reply);

#endif
