/* Shared by the files of this folder. */
#ifndef MG_GATE_MUTMUT_INTERNAL_H
#define MG_GATE_MUTMUT_INTERNAL_H

#include "adapters/gate_mutmut/gate_mutmut.h"
#include "base/arena.h"

struct mg_mutmut {
    unsigned magic;
    struct mg_arena *arena;
    struct mg_sandbox sandbox;
    struct mg_str home, site;
};

/* install.c: leaves the folder with mutmut's packages in self->site. MG_E_CONFIG with a line for the user when that cannot be done. */
MG_MUST_CHECK enum mg_code mg_mutmut_install(struct mg_mutmut *self, const struct mg_gate_request *request, struct mg_err *err);

/* One mutant as mutmut made it and what became of it. */
struct mg_mutmut_mutant {
    uint32_t start, end; /* bytes of the source file */
    struct mg_str replacement;
    bool has_exit; /* mutmut came to a verdict */
    int exit;      /* its own exit code */
};
struct mg_mutmut_answer {
    struct mg_str problem; /* why there are no verdicts; empty when there are */
    MG_LIST(struct mg_mutmut_mutant) mutants;
};
struct mg_mutmut_question {
    const struct mg_str *tests; /* node ids */
    size_t test_count;
    struct mg_str path, module; /* written into the copy first; empty path = nothing */
    double seconds;
};
/* run.c: the driver in the sandbox, its request and its answer. */
MG_MUST_CHECK enum mg_code mg_mutmut_run(struct mg_mutmut *self, const struct mg_gate_request *request, const struct mg_mutmut_question *question,
                                         struct mg_arena *arena, struct mg_mutmut_answer *answer, struct mg_err *err);

#endif
