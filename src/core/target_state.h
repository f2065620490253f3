/* The life of one target, as data. The picture, and who causes each edge.
 *
 *   SELECTED --generated--> GENERATED --ran--> RAN --mutated--> MUTATED --kept--> KEPT
 *      |  \__satisfied__> SATISFIED     ^                          |
 *      |                                \_______strengthen_________/
 *      \__ each of these but KEPT and SATISFIED: --discard--> DISCARDED, --leave--> UNFINISHED (resumable, never the same as discarded)
 *   UNFINISHED --resume--> SELECTED
 *
 * All edges are taken in services/target.c.
 */
#ifndef MG_TARGET_STATE_H
#define MG_TARGET_STATE_H

#include "base/base.h"

#define MG_TARGET_STATES(X) X(SELECTED) X(GENERATED) X(RAN) X(MUTATED) X(KEPT) X(DISCARDED) X(SATISFIED) X(UNFINISHED)
#define MG_TARGET_EVENTS(X) X(generated) X(ran) X(mutated) X(strengthen) X(kept) X(discard) X(satisfied) X(leave) X(resume)

#define MG_TARGET_ENUM_STATE(name) MG_TARGET_##name,
#define MG_TARGET_ENUM_EVENT(name) MG_TARGET_ON_##name,
enum mg_target_state { MG_TARGET_STATES(MG_TARGET_ENUM_STATE) MG_TARGET_STATE_COUNT };
enum mg_target_event { MG_TARGET_EVENTS(MG_TARGET_ENUM_EVENT) MG_TARGET_EVENT_COUNT };

const char *mg_target_state_name(enum mg_target_state state);
const char *mg_target_event_name(enum mg_target_event event);
/* The state of that name; MG_TARGET_STATE_COUNT when there is none. */
enum mg_target_state mg_target_state_from(struct mg_str name);
bool mg_target_state_is_final(enum mg_target_state state); /* KEPT, DISCARDED, SATISFIED */

/* The only way to change a state. MG_E_STATE, with both names in the text and *state untouched, when the table has no such edge. */
MG_MUST_CHECK enum mg_code mg_target_step(enum mg_target_state *state, enum mg_target_event event, struct mg_err *err);

#endif
