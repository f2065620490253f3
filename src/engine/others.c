/* Targets side by side: docs/architecture.md, "Side by side". */
#include "engine/others.h"

void mg_others_tell(const struct mg_gate_request *request, struct mg_told *told, size_t awake, size_t asleep)
{
    struct mg_side_by_side *others = request->others;
    struct mg_told now = { .awake = awake, .asleep = awake == 0 && asleep > 0 };
    if (!others || (now.awake == told->awake && now.asleep == told->asleep))
        return;
    others->awake = others->awake - told->awake + now.awake;
    others->asleep = others->asleep - told->asleep + now.asleep;
    others->changes++;
    *told = now;
}

bool mg_others_hold_up(const struct mg_gate_request *request) { return request->others && request->others->alone > 0; }

void mg_others_wait(const struct mg_gate_request *request) { mg_turn_wait(request->others->turn, &request->others->changes); }

enum mg_code mg_others_quiet(const struct mg_gate_request *request, struct mg_err *err)
{
    struct mg_side_by_side *others = request->others;
    if (!others)
        return MG_OK;
    others->alone++;
    others->changes++;
    while (others->awake > 0 && !mg_cancelled(request->cancel))
        mg_others_wait(request);
    others->alone--;
    others->changes++;
    return mg_cancelled(request->cancel) ? MG_FAIL(err, MG_E_CANCELLED, "cancelled") : MG_OK;
}

enum mg_code mg_others_next(const struct mg_gate_request *request, bool leave, struct mg_arena *arena, struct mg_mutant_run *run, struct mg_err *err)
{
    struct mg_turn *turn = leave && request->others ? request->others->turn : NULL;
    mg_turn_leave(turn);
    enum mg_code code = request->agent.ops->session_next(request->session, arena, run, err);
    mg_turn_take(turn);
    return code;
}
