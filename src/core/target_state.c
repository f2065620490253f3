/* The transition table of a target and the one function that reads it. */
#include "core/target_state.h"

#include "base/str.h"

#define NAME(name) #name,
static const char *const state_names[] = { MG_TARGET_STATES(NAME) };
static const char *const event_names[] = { MG_TARGET_EVENTS(NAME) };

/* Destinations are stored one higher, so that an entry nobody wrote (0) means "no such edge". */
#define ON(event, state) [MG_TARGET_ON_##event] = MG_TARGET_##state + 1
#define GIVE_UP ON(discard, DISCARDED), ON(leave, UNFINISHED)
/* clang-format off */
static const uint8_t edges[MG_TARGET_STATE_COUNT][MG_TARGET_EVENT_COUNT] = {
    [MG_TARGET_SELECTED]   = { ON(generated, GENERATED), ON(satisfied, SATISFIED), GIVE_UP },
    [MG_TARGET_GENERATED]  = { ON(ran, RAN), GIVE_UP },
    [MG_TARGET_RAN]        = { ON(mutated, MUTATED), GIVE_UP },
    [MG_TARGET_MUTATED]    = { ON(kept, KEPT), ON(strengthen, GENERATED), GIVE_UP },
    [MG_TARGET_UNFINISHED] = { ON(resume, SELECTED) },
};
/* clang-format on */

const char *mg_target_state_name(enum mg_target_state state)
{
    MG_ASSERT((unsigned)state < MG_TARGET_STATE_COUNT);
    return state_names[state];
}

const char *mg_target_event_name(enum mg_target_event event)
{
    MG_ASSERT((unsigned)event < MG_TARGET_EVENT_COUNT);
    return event_names[event];
}

enum mg_target_state mg_target_state_from(struct mg_str name)
{
    unsigned state = 0;
    while (state < MG_TARGET_STATE_COUNT && !mg_str_is(name, state_names[state]))
        state++;
    return (enum mg_target_state)state;
}

bool mg_target_state_is_final(enum mg_target_state state)
{
    return state == MG_TARGET_KEPT || state == MG_TARGET_DISCARDED || state == MG_TARGET_SATISFIED;
}

enum mg_code mg_target_step(enum mg_target_state *state, enum mg_target_event event, struct mg_err *err)
{
    const char *from = mg_target_state_name(*state), *what = mg_target_event_name(event);
    uint8_t next = edges[*state][event];
    if (next == 0)
        return MG_FAIL(err, MG_E_STATE, "a target that is %s cannot be '%s'", from, what);
    *state = (enum mg_target_state)(next - 1);
    return MG_OK;
}
