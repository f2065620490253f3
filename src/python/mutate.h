/* Mutants of one function. Operators are one file each (op_*.c) and one table entry in operators.c. */
#ifndef MG_MUTATE_H
#define MG_MUTATE_H

#include "core/mutant.h"
#include "python/syntax.h"

struct mg_mutants {
    MG_VEC(struct mg_mutant)
};

/* All mutants of operators up to `max_level` (1…3), in source order, without duplicates and without the known useless ones
 * (docstrings, annotations, logging calls, equivalent returns, …). Nested functions belong to the function around them. */
void mg_function_mutants(const struct mg_module *module, const struct mg_function *function, struct mg_str module_name, struct mg_str qualified_name,
                         int max_level, struct mg_arena *arena, struct mg_mutants *mutants);

/* What the file runs when it is imported, classes' bodies included, functions not. */
void mg_module_mutants(const struct mg_module *module, struct mg_str module_name, int max_level, struct mg_arena *arena, struct mg_mutants *mutants);

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
