/* Each lane has the turn while it works; the gate gives it up where its mutants leave processors free. */
#include "services/lanes.h"

#include "services/hands.h"

#include <stdlib.h>

#define MOST_LANES 16

struct mg_lanes {
    struct mg_run_context *run;
    struct mg_hands *hands; /* NULL with one lane */
    struct mg_side_by_side others;
    struct mg_kept_session kept[MOST_LANES]; /* of lanes that have nothing to do: the last one is taken first, as what it has learned is worth most */
    size_t kept_count, jobs, next, count;
    size_t open; /* targets that are begun */
    enum mg_code (*one)(void *self, size_t index, struct mg_lane *lane, struct mg_err *err);
    void *self;
    struct mg_err lost; /* the first error; code MG_OK = none */
};

/* Where a processor has nothing to do, and those that are begun have nothing to go on with. Of those that are not asleep there are no more than jobs:
 * what a session has learned of tests, the next one has to learn, too. */
static bool has_room(const struct mg_lanes *lanes)
{
    const struct mg_side_by_side *others = &lanes->others;
    return others->awake < lanes->jobs && others->alone == 0 && lanes->open - others->asleep < lanes->jobs;
}

static enum mg_code one_target(struct mg_lanes *lanes, struct mg_err *err)
{
    struct mg_lane lane = { .others = lanes->hands ? &lanes->others : NULL };
    if (lanes->kept_count > 0)
        lane.kept = lanes->kept[--lanes->kept_count];
    lanes->open++;
    enum mg_code code = lanes->one(lanes->self, lanes->next++, &lane, err);
    lanes->open--;
    lanes->others.changes++;
    if (lane.kept.session)
        lanes->kept[lanes->kept_count++] = lane.kept;
    return code;
}

static void work(void *self, unsigned number)
{
    struct mg_lanes *lanes = self;
    (void)number;
    for (;;) {
        while (lanes->hands && lanes->next < lanes->count && lanes->lost.code == MG_OK && !has_room(lanes))
            mg_turn_wait(lanes->others.turn, &lanes->others.changes);
        if (lanes->next == lanes->count || lanes->lost.code != MG_OK)
            break;
        struct mg_err err = { .code = MG_OK };
        enum mg_code code = one_target(lanes, &err);
        if (code != MG_OK && lanes->lost.code == MG_OK)
            lanes->lost = err;
        mg_turn_leave(lanes->run->services->turn);
        mg_turn_take_last(lanes->run->services->turn);
    }
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
    mg_turn_take(turn);
    enum mg_code code = wanted > 1 ? mg_hands_hire(turn, wanted - 1, work, all, &all->hands, &others, err) : MG_OK;
    if (code == MG_OK)
        work(all, 0);
    if (all->hands)
        mg_hands_wait(all->hands);
    for (size_t i = 0; i < all->kept_count; i++)
        mg_end_session(run, &all->kept[i]);
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
