/* The two halves of the gate, for gate.c's table. Contracts: ports/gate.h. */
#ifndef MG_ENGINE_MEASURE_H
#define MG_ENGINE_MEASURE_H

#include "ports/gate.h"

/* Finds the target's mutants and splices them; all results are pending. */
MG_MUST_CHECK enum mg_code mg_measure_mutants(const struct mg_gate_request *request, struct mg_arena *arena, struct mg_measured *measured,
                                              struct mg_err *err);

MG_MUST_CHECK enum mg_code mg_measure_suite(void *self, const struct mg_gate_request *request, const struct mg_measured *measured,
                                            const struct mg_suite *suite, struct mg_str path, struct mg_str module, struct mg_arena *arena,
                                            struct mg_suite_measured *result, struct mg_err *err);

struct mg_candidate;
struct mg_attempt;
struct mg_pump;
/* Passing tests that run a line of [line, end_line], or with `others` those that do not; line = 0: all that run any line of the target.
 * `importers`: all of them, and those that come to import its module. Fastest first; the list is the caller's to reorder, with room for what
 * mg_add_beside adds. */
struct mg_lines_wanted {
    uint32_t line, end_line;
    bool others, importers;
};
struct mg_candidate *mg_candidates(const struct mg_gate_request *request, const struct mg_measured *measured, const struct mg_lines_wanted *lines,
                                   struct mg_arena *arena, size_t *count);

/* Adds the fastest tests of the same files, as many as fit into `seconds`. */
void mg_add_beside(const struct mg_gate_request *request, const struct mg_measured *measured, double seconds, struct mg_candidate *list,
                   size_t *count);

/* What the request knows of a mutant, or NULL. Both lists are in source order as a rule: *from is where the last one was found. */
const struct mg_mutant_result *mg_known_find(const struct mg_gate_request *request, struct mg_str mutant_id, size_t *from);
/* True when that (NULL: nothing) is the verdict, whatever the tests of the attempt would say. */
bool mg_known_settles(const struct mg_gate_request *request, const struct mg_measured *measured, const struct mg_mutant_result *known,
                      const struct mg_attempt *attempt);

/* Takes back what a fork cannot say of lines that run on import. */
void mg_doubt_static(const struct mg_gate_request *request, struct mg_measured *measured);
/* Has those that are not detected judged in new interpreters instead, or with `exec` = false in what does as well; whether there are any. */
void mg_queue_static(const struct mg_gate_request *request, bool exec, struct mg_arena *arena, struct mg_measured *measured, struct mg_pump *pump);
bool mg_any_static(const struct mg_gate_request *request, const struct mg_measured *measured);

#endif
