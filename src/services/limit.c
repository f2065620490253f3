/* When the run's time is over, and the moment of grace behind it. */
#include "services/limit.h"
#include "base/log.h"

static double now(const struct mg_run_context *run) { return run->services->clock.ops->monotonic(run->services->clock.self); }

static enum mg_code ring_at(struct mg_run_context *run, double moment, struct mg_err *err)
{
    const struct mg_clock clock = run->services->clock;
    if (run->time_limit <= 0 || !clock.ops->alarm || !run->services->cancel)
        return MG_OK;
    return clock.ops->alarm(clock.self, moment, run->services->cancel, err);
}

enum mg_code mg_limit_begin(struct mg_run_context *run, struct mg_err *err)
{
    const struct mg_store store = run->services->store;
    double limit = run->config->orchestrator.max_wallclock_seconds, earlier = 0;
    if (limit <= 0)
        return MG_OK;
    MG_TRY(store.ops->worked_seconds(store.self, run->request.run_id, &earlier, err));
    run->time_limit = run->started + limit - earlier;
    if (run->time_limit <= 0)
        run->time_limit = 1e-9; /* long ago; 0 would be no limit */
    if (run->services->time_limit)
        *run->services->time_limit = run->time_limit;
    return ring_at(run, run->time_limit, err);
}

/* Twice what would be fair: most targets take far less than that, one that waits shall get somewhere. */
#define FAIR_SHARES 2
#define LEAST_SHARE 15.0 /* seconds */

enum mg_code mg_limit_share(struct mg_run_context *run, size_t targets, struct mg_err *err)
{
    double left = run->time_limit - now(run);
    run->share_end = 0;
    if (run->time_limit <= 0 || targets < 2 || left < LEAST_SHARE || !run->services->clock.ops->alarm || !run->services->cancel)
        return MG_OK;
    double share = left * FAIR_SHARES / (double)targets;
    if (share > left / 2)
        share = left / 2;
    if (share < LEAST_SHARE)
        share = LEAST_SHARE;
    run->share_end = now(run) + share;
    run->share = share;
    return run->share_end < run->time_limit ? ring_at(run, run->share_end, err) : MG_OK;
}

bool mg_share_is_over(const struct mg_run_context *run)
{
    return run->share_end > 0 && mg_cancelled(run->services->cancel) && !mg_cancelled_by_user(run->services->cancel) && now(run) < run->time_limit;
}

struct mg_str mg_share_reason(const struct mg_run_context *run, struct mg_arena *arena, const char *when)
{
    return mg_arena_printf(arena, "its share of the time limit was used up %s (%.0f s)", when, run->share);
}

enum mg_code mg_limit_share_end(struct mg_run_context *run, struct mg_err *err)
{
    if (run->share_end <= 0)
        return MG_OK;
    run->share_end = 0;
    MG_TRY(ring_at(run, 0, err));
    return ring_at(run, run->time_limit, err);
}

double mg_limit_of_target(const struct mg_run_context *run)
{
    return run->share_end > 0 && run->share_end < run->time_limit ? run->share_end : run->time_limit;
}

bool mg_time_is_over(const struct mg_run_context *run)
{
    const struct mg_cancel *cancel = run->services->cancel;
    if (mg_cancelled_by_user(cancel))
        return false;
    return mg_cancelled(cancel) || (run->time_limit > 0 && now(run) >= run->time_limit);
}

bool mg_ended_by_limit(const struct mg_run_context *run, enum mg_code code)
{
    return (code == MG_E_CANCELLED || code == MG_E_LIMIT) && run->time_limit > 0 && mg_time_is_over(run);
}

enum mg_code mg_limit_put_off(struct mg_run_context *run, struct mg_err *err)
{
    return run->grace ? MG_OK : ring_at(run, run->time_limit + MG_GRACE_SECONDS, err);
}

enum mg_code mg_limit_put_back(struct mg_run_context *run, struct mg_err *err) { return run->grace ? MG_OK : ring_at(run, run->time_limit, err); }

enum mg_code mg_limit_grace(struct mg_run_context *run, struct mg_err *err)
{
    double from = now(run) > run->time_limit ? now(run) : run->time_limit;
    if (run->grace || run->time_limit <= 0)
        return MG_OK;
    run->grace = true;
    MG_TRY(ring_at(run, 0, err));
    return ring_at(run, from + MG_GRACE_SECONDS, err);
}

void mg_limit_end(struct mg_run_context *run)
{
    struct mg_err ignored = { .code = MG_OK };
    if (ring_at(run, 0, &ignored) != MG_OK)
        mg_log_err(MG_LOG_WARNING, "the alarm stays", &ignored);
}
