/* Mutants of one function. Operators are one file each (op_*.c) and one table entry in operators.c. */
#ifndef MG_MUTATE_H
#define MG_MUTATE_H

#include "core/mutant.h"
#include "python/syntax.h"

struct mg_mutants {
    MG_VEC(struct mg_mutant)
};

/* Which operators work, and up to which level each: by its place in mg_operator_rows. */
#define MG_MOST_OPERATORS 48
#define MG_HIGHEST_LEVEL 3
struct mg_operator_choice {
    uint8_t level[MG_MOST_OPERATORS]; /* 0 = off */
};
/* Every operator up to `level`, then the words: "ROR" (plain names: only these), "+ROR" (on, with all its levels), "-ROR" (off).
 * Words that name no operator are ignored: core/config.h refuses them. */
struct mg_operator_choice mg_operator_choose(int level, const struct mg_str *words, size_t count);

/* For listings: name, one line, level, an example. */
struct mg_operator_row {
    const char *name, *doc, *before, *after;
    int level;
};
struct mg_operator_row mg_operator_row_at(size_t index); /* name is NULL behind the last */

/* All mutants of operators up to `max_level` (1…3), in source order, without duplicates and without the known useless ones
 * (docstrings, annotations, logging calls, equivalent returns, …). Nested functions belong to the function around them. */
void mg_function_mutants(const struct mg_module *module, const struct mg_function *function, struct mg_str module_name, struct mg_str qualified_name,
                         int max_level, struct mg_arena *arena, struct mg_mutants *mutants);

/* The same for chosen operators. */
void mg_chosen_mutants(const struct mg_module *module, const struct mg_function *function, struct mg_str module_name, struct mg_str qualified_name,
                       const struct mg_operator_choice *choice, struct mg_arena *arena, struct mg_mutants *mutants);

/* What the file runs when it is imported, classes' bodies included, functions not. */
void mg_module_mutants(const struct mg_module *module, struct mg_str module_name, const struct mg_operator_choice *choice, struct mg_arena *arena,
                       struct mg_mutants *mutants);

/* The function's text (from the start of its first line, so that the indent is kept) with the mutant spliced in. */
struct mg_str mg_mutant_function_text(struct mg_str text, const struct mg_function *function, const struct mg_mutant *mutant, struct mg_arena *arena);
/* The same without a mutant, and with a body whose first statement raises: the two trust checks. Line counts are kept. */
struct mg_str mg_noop_function_text(struct mg_str text, const struct mg_function *function, struct mg_arena *arena);
struct mg_str mg_raising_function_text(struct mg_str text, const struct mg_function *function, struct mg_arena *arena);

/* The whole file with the mutant spliced in. */
struct mg_str mg_mutant_file_text(struct mg_str text, const struct mg_mutant *mutant, struct mg_arena *arena);
/* The whole file, with a last line that raises. */
struct mg_str mg_raising_file_text(struct mg_str text, struct mg_arena *arena);

/* Unified diff of the mutant against its file, three lines of context, `a/path` and `b/path`. */
struct mg_str mg_mutant_diff(struct mg_str path, struct mg_str text, const struct mg_mutant *mutant, struct mg_arena *arena);

#endif
