/* Which mutants a score is about: all of the selected targets, or those on changed lines, or a sample. Internal to services. */
#ifndef MG_SERVICES_PLAN_H
#define MG_SERVICES_PLAN_H

#include "services/context.h"
#include "services/score.h"

struct mg_planned {
    const struct mg_target *target;
    MG_LIST(struct mg_judged) mutants; /* pending; those that a pragma left out are ignored already and say why */
};
struct mg_plan {
    MG_VEC(struct mg_planned) /* targets without a mutant are not in it */
};

MG_MUST_CHECK enum mg_code mg_plan_make(struct mg_run_context *run, const struct mg_score_request *request, const struct mg_changes *changes,
                                        struct mg_plan *plan, struct mg_err *err);

/* For a limited time: targets whose covering tests take least come first, so that as many mutants as possible get a verdict; one that lives needs them all. */
void mg_plan_quickest_first(const struct mg_run_context *run, struct mg_plan *plan);

/* Whether one of lines first…last of `path` is a changed one. */
bool mg_is_changed(const struct mg_changes *changes, struct mg_str path, uint32_t first, uint32_t last);

#endif
