/* The transition table of a run and the one function that reads it. */
#include "core/run_state.h"

#include "base/str.h"

#define NAME(name) #name,
static const char *const state_names[] = { MG_RUN_STATES(NAME) };
static const char *const event_names[] = { MG_RUN_EVENTS(NAME) };

/* Destinations are stored one higher, so that an entry nobody wrote (0) means "no such edge". */
#define ON(event, state) [MG_RUN_ON_##event] = MG_RUN_##state + 1
#define STOP ON(fail, FAILED), ON(cancel, CANCELLED)
/* clang-format off */
static const uint8_t edges[MG_RUN_STATE_COUNT][MG_RUN_EVENT_COUNT] = {
    [MG_RUN_PENDING]           = { ON(start, INITIALIZING), STOP },
    [MG_RUN_INITIALIZING]      = { ON(ready, INGESTING), STOP },
    [MG_RUN_INGESTING]         = { ON(ingested, SELECTING_TARGETS), STOP },
    [MG_RUN_SELECTING_TARGETS] = { ON(selected, GENERATING_TESTS), STOP },
    [MG_RUN_GENERATING_TESTS]  = { ON(processed, GATING), STOP },
    [MG_RUN_GATING]            = { ON(gated, REPORTING), STOP },
    [MG_RUN_REPORTING]         = { ON(reported, COMPLETED), STOP },
    [MG_RUN_COMPLETED]         = { ON(resume, INITIALIZING) },
    [MG_RUN_FAILED]            = { ON(resume, INITIALIZING) },
    [MG_RUN_CANCELLED]         = { ON(resume, INITIALIZING) },
};
/* clang-format on */

const char *mg_run_state_name(enum mg_run_state state)
{
    MG_ASSERT((unsigned)state < MG_RUN_STATE_COUNT);
    return state_names[state];
}

const char *mg_run_event_name(enum mg_run_event event)
{
    MG_ASSERT((unsigned)event < MG_RUN_EVENT_COUNT);
    return event_names[event];
}

enum mg_run_state mg_run_state_from(struct mg_str name)
{
    unsigned state = 0;
    while (state < MG_RUN_STATE_COUNT && !mg_str_is(name, state_names[state]))
        state++;
    return (enum mg_run_state)state;
}

bool mg_run_state_is_final(enum mg_run_state state) { return state == MG_RUN_COMPLETED || state == MG_RUN_FAILED || state == MG_RUN_CANCELLED; }

enum mg_code mg_run_step(enum mg_run_state *state, enum mg_run_event event, struct mg_err *err)
{
    const char *from = mg_run_state_name(*state), *what = mg_run_event_name(event);
    uint8_t next = edges[*state][event];
    if (next == 0)
        return MG_FAIL(err, MG_E_STATE, "a run that is %s cannot take '%s'", from, what);
    *state = (enum mg_run_state)(next - 1);
    return MG_OK;
}
