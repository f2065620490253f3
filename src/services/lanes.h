/* Targets that are measured side by side: while what is left of one leaves processors free (its last mutants, some of them in a wait), the next is
 * begun. Each lane is a thread, and takes one target after the other. With one job, or without a turn, there is one lane. */
#ifndef MG_SERVICES_LANES_H
#define MG_SERVICES_LANES_H

#include "services/context.h"

struct mg_lanes;

/* What a target is given: mg_measure.kept and mg_measure.others. */
struct mg_lane {
    struct mg_kept_session kept;
    struct mg_side_by_side *others;
};

/* Calls `one` for each index below `count`, begun in this order, until one fails: that error is returned, the others end what they have begun. */
MG_MUST_CHECK enum mg_code mg_lanes_run(struct mg_run_context *run, size_t count,
                                        enum mg_code (*one)(void *self, size_t index, struct mg_lane *lane, struct mg_err *err), void *self,
                                        struct mg_lanes **lanes, struct mg_err *err);
/* Ends the threads; the agent is stopped first, as what it has started dies with the thread that asked. NULL is allowed. */
void mg_lanes_end(struct mg_lanes *lanes);

#endif
