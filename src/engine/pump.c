/* The loop around session_submit and session_next. Rules of a verdict: docs/architecture.md, "Verdicts". */
#include "engine/pump.h"
#include "base/str.h"

#include <string.h>

#define NO_TEST UINT32_MAX
#define MOST_RETRIES 3
#define FRESH_SECONDS 60.0 /* to start an interpreter and to collect, on a busy machine; its processor time has a limit of its own */

double mg_test_limit(double seconds) { return 0.5 + 5.0 * seconds; }

void mg_pump_init(struct mg_pump *pump, const struct mg_gate_request *request, struct mg_progress *progress, struct mg_arena *arena)
{
    memset(pump, 0, sizeof *pump);
    pump->request = request;
    pump->progress = progress;
    pump->arena = arena;
}

void mg_pump_add(struct mg_pump *pump, const struct mg_attempt *attempt) { *MG_PUSH(pump->arena, &pump->queue) = *attempt; }

static bool is_excluded(const struct mg_attempt *attempt, uint32_t test)
{
    for (size_t i = 0; i < attempt->excluded.len; i++)
        if (attempt->excluded.at[i] == test)
            return true;
    return false;
}

static bool is_among(const struct mg_candidate *tests, size_t count, uint32_t test)
{
    for (size_t i = 0; i < count; i++)
        if (tests[i].test == test)
            return true;
    return false;
}

/* Of the attempt's tests those that it has not been told to leave out. False behind `last`: no more are needed. */
static bool add_tests(struct mg_pump *pump, const struct mg_attempt *attempt, const struct mg_candidate *tests, size_t count, uint32_t last,
                      struct mg_mutant_job *job)
{
    for (size_t i = 0; i < count; i++) {
        if (is_excluded(attempt, tests[i].test))
            continue;
        double limit = mg_test_limit(tests[i].seconds);
        *MG_PUSH(pump->arena, &job->tests) = tests[i].test;
        *MG_PUSH(pump->arena, &job->limits) = limit;
        job->wall_seconds += 4.0 * limit;
        if (tests[i].test == last)
            return false;
    }
    return true;
}

static enum mg_code hand_over(struct mg_pump *pump, const struct mg_attempt *attempt, struct mg_err *err)
{
    bool proving = attempt->proving;
    struct mg_mutant_job job = {
        .ticket = pump->flying.len,
        .source = proving ? pump->unchanged : attempt->source,
        .line = proving ? 0 : attempt->line,
        .end_line = proving ? 0 : attempt->end_line,
        .bail = attempt->bail,
        .fresh = attempt->fresh,
        .exec = attempt->exec,
        .wall_seconds = attempt->fresh ? FRESH_SECONDS : 5.0,
    };
    (void)add_tests(pump, attempt, attempt->first, attempt->first_count, NO_TEST, &job);
    bool may_run_ahead = attempt->bail && attempt->line && !attempt->fresh && !attempt->alone && !attempt->retries && !proving;
    job.own = may_run_ahead ? (uint32_t)job.tests.len : 0;
    job.chain = may_run_ahead && pump->request->config->mutation.chain;
    job.wall_seconds += job.own ? job.wall_seconds : 0;
    size_t near = attempt->near_count;
    uint32_t last = proving ? attempt->killer : NO_TEST;
    if (add_tests(pump, attempt, attempt->second, near, last, &job)) {
        job.near = job.own ? (uint32_t)job.tests.len : 0;
        (void)add_tests(pump, attempt, attempt->second + near, attempt->second_count - near, last, &job);
    }
    *MG_PUSH(pump->arena, &pump->flying) = *attempt;
    pump->outstanding++;
    return pump->request->agent.ops->session_submit(pump->request->session, &job, err);
}

static bool is_over(const struct mg_gate_request *request)
{
    return request->deadline > 0 && request->clock.ops->monotonic(request->clock.self) >= request->deadline;
}

/* Keeps twice `jobs` attempts with the agent; attempts that must run alone wait until nothing else runs. */
static enum mg_code fill(struct mg_pump *pump, struct mg_err *err)
{
    if (is_over(pump->request))
        return MG_OK;
    size_t jobs = pump->request->config->jobs > 0 ? (size_t)pump->request->config->jobs : 1;
    while (pump->next < pump->queue.len && pump->outstanding < 2 * jobs)
        MG_TRY(hand_over(pump, &pump->queue.at[pump->next++], err));
    if (pump->outstanding == 0 && pump->later.len) {
        struct mg_attempt alone = pump->later.at[--pump->later.len];
        MG_TRY(hand_over(pump, &alone, err));
    }
    return MG_OK;
}

static void give_verdict(struct mg_attempt_end *end, enum mg_verdict verdict, enum mg_kill_kind kind, uint32_t killer, struct mg_str reason)
{
    end->result.verdict = verdict;
    end->result.kill_kind = kind;
    end->result.reason = reason;
    end->killer = killer;
}

/* Leaves `test` out and tries again. When that has happened too often: without the tests of `second`, which say nothing where they cannot stand
 * behind the others; then no more. True when the attempt goes on. */
static bool try_without(struct mg_pump *pump, struct mg_attempt *attempt, uint32_t test, struct mg_attempt_end *end, struct mg_str reason)
{
    pump->odd = true;
    if (attempt->retries++ >= MOST_RETRIES) {
        if (!attempt->second_count) {
            give_verdict(end, MG_VERDICT_invalid, MG_KILL_NONE, NO_TEST, reason);
            return false;
        }
        attempt->second_count = attempt->near_count = 0;
    }
    *MG_PUSH(pump->arena, &attempt->excluded) = test;
    mg_pump_add(pump, attempt);
    return true;
}

static const struct mg_test_run *first_kill(const struct mg_mutant_run *run)
{
    const struct mg_test_run *crash = NULL;
    for (size_t i = 0; i < run->runs.len; i++) {
        const struct mg_test_run *test = &run->runs.at[i];
        if (!test->failed || !test->hit)
            continue;
        if (!test->crash && !test->in_setup)
            return test;
        if (!crash)
            crash = test;
    }
    return crash;
}

/* A test that runs none of its lines by itself has detected it. What the tests before it leave behind may do the same without the mutant: then it
 * is left out. True when the attempt goes on. */
static bool prove(struct mg_pump *pump, struct mg_attempt *attempt, const struct mg_attempt_end *end)
{
    if (!is_among(attempt->second, attempt->second_count, end->killer))
        return false;
    attempt->proving = true;
    attempt->kill = end->result;
    attempt->killer = end->killer;
    mg_pump_add(pump, attempt);
    return true;
}

static bool judge_proof(struct mg_pump *pump, struct mg_attempt *attempt, const struct mg_mutant_run *run, struct mg_attempt_end *end)
{
    uint32_t failed = run->end == MG_RUN_DONE ? NO_TEST : run->end == MG_RUN_REFUSED ? attempt->killer : run->at;
    for (size_t i = 0; i < run->runs.len && failed == NO_TEST; i++)
        if (run->runs.at[i].failed)
            failed = run->runs.at[i].test;
    if (failed == NO_TEST) {
        end->result = attempt->kill;
        end->killer = attempt->killer;
        return false;
    }
    attempt->proving = attempt->alone = false;
    return try_without(pump, attempt, failed, end, MG_STR("tests fail without the mutant, one behind the other"));
}

/* All tests of the job ran (or it stopped at a failure). True when the attempt goes on. */
static bool judge_done(struct mg_pump *pump, struct mg_attempt *attempt, const struct mg_mutant_run *run, struct mg_attempt_end *end)
{
    const struct mg_test_run *kill = first_kill(run);
    if (kill) {
        enum mg_kill_kind kind = kill->crash || kill->in_setup ? MG_KILL_CRASH : MG_KILL_ASSERTION;
        give_verdict(end, MG_VERDICT_killed, kind, kill->test, kill->text);
        return false;
    }
    for (size_t i = 0; i < run->runs.len; i++) {
        attempt->hit |= run->runs.at[i].hit;
        if (run->runs.at[i].failed && attempt->bail)
            return try_without(pump, attempt, run->runs.at[i].test, end, MG_STR("tests fail before the mutated line runs"));
    }
    if (!attempt->hit && !attempt->fresh && attempt->fresh_if_unseen) {
        pump->odd = attempt->fresh = true;
        attempt->excluded.len = 0;
        mg_pump_add(pump, attempt);
        return true;
    }
    enum mg_verdict unseen = attempt->is_static ? MG_VERDICT_no_coverage : MG_VERDICT_not_reached;
    give_verdict(end, attempt->hit ? MG_VERDICT_survived : unseen, MG_KILL_NONE, NO_TEST, MG_STR(""));
    return false;
}

static bool judge(struct mg_pump *pump, struct mg_attempt *attempt, const struct mg_mutant_run *run, struct mg_attempt_end *end)
{
    const struct mg_test_run *kill = run->end == MG_RUN_DONE ? NULL : first_kill(run);
    switch (run->end) {
    case MG_RUN_DONE:
        return judge_done(pump, attempt, run, end);
    case MG_RUN_REFUSED:
        give_verdict(end, run->same_code ? MG_VERDICT_ignored : MG_VERDICT_invalid, MG_KILL_NONE, NO_TEST, run->reason);
        return false;
    case MG_RUN_TIMEOUT:
        if (!run->at_hit && !kill)
            return try_without(pump, attempt, run->at, end, MG_STR("tests time out before the mutated line runs"));
        if (!attempt->alone && !kill && !run->certain) {
            attempt->alone = true; /* a busy machine must not decide: once more with nothing beside it */
            *MG_PUSH(pump->arena, &pump->later) = *attempt;
            return true;
        }
        if (!kill) {
            give_verdict(end, MG_VERDICT_timeout, MG_KILL_NONE, run->at, run->reason.len ? run->reason : MG_STR("ran past its time limit"));
            return false;
        }
        break;
    case MG_RUN_DIED:
        if (!run->at_hit && !kill)
            return try_without(pump, attempt, run->at, end, MG_STR("the test process ends before the mutated line runs"));
        if (!kill) {
            give_verdict(end, MG_VERDICT_killed, MG_KILL_CRASH, run->at, MG_STR("the process ended"));
            return false;
        }
        break;
    }
    give_verdict(end, MG_VERDICT_killed, kill->crash || kill->in_setup ? MG_KILL_CRASH : MG_KILL_ASSERTION, kill->test, kill->text);
    return false;
}

/* The test that killed last is the likeliest to kill again: it goes to the front of every attempt still waiting that has it. */
static void favour(struct mg_pump *pump, uint32_t killer)
{
    for (size_t i = pump->next; i < pump->queue.len; i++) {
        struct mg_attempt *attempt = &pump->queue.at[i];
        struct mg_candidate *tests = (struct mg_candidate *)(uintptr_t)attempt->first; /* made by mg_candidates for this attempt alone */
        for (size_t t = 1; t < attempt->first_count && !attempt->proving; t++)         /* a proof keeps the order of its mutant */
            if (tests[t].test == killer) {
                struct mg_candidate moved = tests[t];
                memmove(tests + 1, tests, t * sizeof *tests);
                tests[0] = moved;
                break;
            }
    }
}

enum mg_code mg_pump_next(struct mg_pump *pump, uint32_t *mutant, struct mg_attempt_end *end, struct mg_err *err)
{
    for (;;) {
        if (mg_cancelled(pump->request->cancel))
            return MG_FAIL(err, MG_E_CANCELLED, "cancelled");
        MG_TRY(fill(pump, err));
        if (pump->outstanding == 0) {
            *mutant = UINT32_MAX;
            return MG_OK;
        }
        struct mg_mutant_run *run = MG_NEW(pump->arena, struct mg_mutant_run);
        MG_TRY(pump->request->agent.ops->session_next(pump->request->session, pump->arena, run, err));
        if (run->ticket >= pump->flying.len || !pump->flying.at[run->ticket].source.at)
            return MG_FAIL(err, MG_E_CHILD, "the agent answered for a job that was not given to it");
        struct mg_attempt attempt = pump->flying.at[run->ticket];
        pump->flying.at[run->ticket].source = MG_NO_STR; /* answered */
        pump->outstanding--;
        if (attempt.fresh && !run->nursery && run->end != MG_RUN_REFUSED) {
            pump->fresh_runs++;
            pump->fresh_seconds += run->seconds;
        }
        memset(end, 0, sizeof *end);
        end->run = run;
        end->result.seconds = run->seconds;
        end->fresh = attempt.fresh;
        end->exec = attempt.exec;
        end->is_static = attempt.is_static;
        if (attempt.proving ? judge_proof(pump, &attempt, run, end) : judge(pump, &attempt, run, end) || prove(pump, &attempt, end))
            continue;
        if (end->result.verdict == MG_VERDICT_killed && attempt.bail)
            favour(pump, end->killer);
        if (attempt.is_static)
            end->result.reason =
                mg_arena_printf(pump->arena, "static: %s%.*s", end->result.reason.len ? "" : "runs on import", MG_FMT(end->result.reason));
        *mutant = attempt.mutant;
        if (pump->progress && pump->progress->ops)
            pump->progress->ops->work(pump->progress->self, 1);
        return MG_OK;
    }
}
