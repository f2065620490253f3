/* Each lane has the turn while it works; the gate gives it up where its mutants leave processors free. */
#include "services/lanes.h"

#include "services/hands.h"

#include <stdlib.h>

#define MOST_LANES 16

struct mg_lanes {
    struct mg_run_context *run;
    struct mg_hands *hands; /* NULL with one lane */
    struct mg_side_by_side others;
    struct mg_lane at[MOST_LANES];
    size_t jobs, next, count;
    enum mg_code (*one)(void *self, size_t index, struct mg_lane *lane, struct mg_err *err);
    void *self;
    struct mg_err lost; /* the first error; code MG_OK = none */
};

/* A target is begun where a processor has nothing to do, and when those that are begun have nothing to go on with. */
static void wait_for_room(struct mg_lanes *lanes)
{
    struct mg_side_by_side *others = &lanes->others;
    while (lanes->next < lanes->count && lanes->lost.code == MG_OK && (others->awake >= lanes->jobs || others->alone > 0))
        mg_turn_wait(others->turn, &others->changes);
}

static void work(void *self, unsigned number)
{
    struct mg_lanes *lanes = self;
    struct mg_lane *lane = &lanes->at[number];
    for (;;) {
        if (lanes->hands)
            wait_for_room(lanes);
        if (lanes->next == lanes->count || lanes->lost.code != MG_OK)
            break;
        struct mg_err err = { .code = MG_OK };
        enum mg_code code = lanes->one(lanes->self, lanes->next++, lane, &err);
        if (code != MG_OK && lanes->lost.code == MG_OK)
            lanes->lost = err;
        mg_turn_leave(lanes->run->services->turn);
        mg_turn_take_last(lanes->run->services->turn);
    }
    lanes->others.changes++; /* those who wait for room see that there is nothing left */
    mg_end_session(lanes->run, &lane->kept);
}

/* One for each that may be asleep (agent: slots.spare), and one for those that are not. */
static unsigned lanes_wanted(const struct mg_run_context *run, size_t count)
{
    size_t wanted = run->config->jobs > 1 && run->services->turn ? 8 * (size_t)run->config->jobs + 1 : 1;
    wanted = wanted < count ? wanted : count;
    return wanted < MOST_LANES ? (unsigned)wanted : MOST_LANES;
}

enum mg_code mg_lanes_run(struct mg_run_context *run, size_t count,
                          enum mg_code (*one)(void *self, size_t index, struct mg_lane *lane, struct mg_err *err), void *self,
                          struct mg_lanes **lanes, struct mg_err *err)
{
    struct mg_turn *turn = run->services->turn;
    struct mg_lanes *all = *lanes = calloc(1, sizeof *all);
    unsigned wanted = lanes_wanted(run, count), others = 0;
    if (!all)
        return MG_FAIL(err, MG_E_LIMIT, "out of memory");
    *all = (struct mg_lanes){ .run = run, .others = { .turn = turn }, .jobs = (size_t)run->config->jobs, .count = count, .one = one, .self = self };
    for (unsigned i = 0; i < MOST_LANES; i++)
        all->at[i].others = wanted > 1 ? &all->others : NULL;
    mg_turn_take(turn);
    enum mg_code code = wanted > 1 ? mg_hands_hire(turn, wanted - 1, work, all, &all->hands, &others, err) : MG_OK;
    if (code == MG_OK)
        work(all, 0);
    if (all->hands)
        mg_hands_wait(all->hands);
    mg_turn_leave(turn);
    MG_TRY(code);
    if (all->lost.code != MG_OK && err)
        *err = all->lost;
    return all->lost.code;
}

void mg_lanes_end(struct mg_lanes *lanes)
{
    if (!lanes)
        return;
    mg_hands_dismiss(lanes->hands);
    free(lanes);
}
