/* Live mutants as a model reads them: `M15  ROR  pkg/mod.py:57  reached by …` and a diff. */
#ifndef MG_MUTANTS_TEXT_H
#define MG_MUTANTS_TEXT_H

#include "base/map.h"
#include "ports/generator.h"

/* Names and history of a target's mutants over its rounds. */
struct mg_mutant_note {
    unsigned number; /* M1, M2, … in the order they were first shown */
    unsigned shown;  /* times */
    bool claimed;    /* the model says that it is equivalent: not shown again, and that is all it means */
    struct mg_str id;
    uint32_t line;
};
struct mg_mutant_notes {
    struct mg_arena *arena;
    struct mg_map by_id; /* -> struct mg_mutant_note */
    MG_LIST(struct mg_mutant_note *) numbered;
};
void mg_mutant_notes_init(struct mg_mutant_notes *notes, struct mg_arena *arena);

/* At most `limit` of the request's mutants: least shown first, then lines and operators that are not among them yet. `chosen` holds indices. */
size_t mg_mutants_choose(struct mg_mutant_notes *notes, const struct mg_generate_request *request, size_t limit, uint32_t *chosen);
/* Whether there is one that the model does not hold for equivalent. */
bool mg_mutants_are_left(struct mg_mutant_notes *notes, const struct mg_generate_request *request);
/* Numbers them, counts them as shown, and writes them down. */
struct mg_str mg_mutants_text(struct mg_mutant_notes *notes, const struct mg_generate_request *request, const uint32_t *chosen, size_t count);

/* "M7" in a model's text to the mutant; NULL when there is none. */
struct mg_mutant_note *mg_mutant_by_label(const struct mg_mutant_notes *notes, struct mg_str label);

#endif
