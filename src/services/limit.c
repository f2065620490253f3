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
