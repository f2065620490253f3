/* Why existing tests cannot be used, grouped by root cause: one note for each cause, with how many tests it takes away and one of them.
 *
 * A refused connection is one cause, whatever the tests that met it did with it. Else two tests have the same cause when the same went wrong
 * in the same way (failing, set-up, collection, …) with the same words, addresses of objects and long numbers apart. */
#ifndef MG_SERVICES_CAUSES_H
#define MG_SERVICES_CAUSES_H

#include "services/context.h"

enum mg_cause_kind { MG_CAUSE_COLLECTION, MG_CAUSE_FAILS, MG_CAUSE_ERROR, MG_CAUSE_HANGS, MG_CAUSE_CRASHES, MG_CAUSE_FLAKY };

struct mg_mishap {
    enum mg_cause_kind kind;
    struct mg_str subject;        /* the test, or the file that cannot be collected */
    struct mg_str text;           /* one line, as the agent has it */
    const struct mg_str *refused; /* addresses that refused it, the first is named */
    size_t refused_count;
};

/* What has been gathered so far; run->causes, made on first use. */
struct mg_causes;
void mg_cause_add(struct mg_run_context *run, const struct mg_mishap *mishap);
/* Names of variables that something asked for which did not pass; "*": it read the whole environment, so nobody knows what it looked for. */
void mg_cause_asked(struct mg_run_context *run, const struct mg_str *names, size_t count);

/* Notes of all causes but modules whose absence was told when the interpreter was chosen, most tests first; and which variables were withheld, with the options that pass them on. */
void mg_causes_tell(struct mg_run_context *run);

#endif
