/* The loop around session_submit and session_next. Rules of a verdict: docs/architecture.md, "Verdicts". */
#include "engine/pump.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define NO_TEST UINT32_MAX
#define MOST_RETRIES 3
#define SLOW_PROOF 0.25    /* seconds of tests: it is begun at once, since the time may be over soon */
#define GRACE 5.0          /* seconds behind the end of the time in which proofs may run */
#define SETUP_SECONDS 1.0  /* that a test may need in a process in which no other one has set up what it uses */
#define TOO_SHORT 1.5      /* a limit is, when that by what the test took in a proof is so many times as long */
#define FRESH_SECONDS 60.0 /* to start an interpreter and to collect, on a busy machine; its processor time has a limit of its own */

double mg_test_limit(double seconds) { return 0.5 + 5.0 * seconds; }

double mg_control_limit(double seconds) { return 2.0 * mg_test_limit(seconds + SETUP_SECONDS); }

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

/* NULL when it is none of them. */
static const struct mg_candidate *find_test(const struct mg_candidate *tests, size_t count, uint32_t test)
{
    for (size_t i = 0; i < count; i++)
        if (tests[i].test == test)
            return &tests[i];
    return NULL;
}

/* Seconds that a test takes, as far as was known when the attempt was handed over. */
static double seconds_of(const struct mg_pump *pump, const struct mg_attempt *attempt, const struct mg_candidate *test)
{
    double seconds = test->seconds;
    for (size_t i = 0; i < attempt->known_slow; i++)
        if (pump->slow.at[i].test == test->test && pump->slow.at[i].seconds > seconds)
            seconds = pump->slow.at[i].seconds;
    return seconds;
}

static const struct mg_candidate *any_test(const struct mg_attempt *attempt, uint32_t test)
{
    const struct mg_candidate *found = find_test(attempt->first, attempt->first_count, test);
    found = found ? found : find_test(attempt->second, attempt->second_count, test);
    return found ? found : find_test(attempt->others, attempt->others_count, test);
}

/* Of the attempt's tests those that it has not been told to leave out. */
static void add_tests(struct mg_pump *pump, const struct mg_attempt *attempt, const struct mg_candidate *tests, size_t count,
                      struct mg_mutant_job *job)
{
    for (size_t i = 0; i < count; i++) {
        if (is_excluded(attempt, tests[i].test))
            continue;
        double seconds = seconds_of(pump, attempt, &tests[i]);
        double limit = attempt->proving ? mg_control_limit(seconds) : mg_test_limit(seconds);
        *MG_PUSH(pump->arena, &job->tests) = tests[i].test;
        *MG_PUSH(pump->arena, &job->limits) = limit;
        job->wall_seconds += 4.0 * limit;
    }
}

static int by_number(const void *a, const void *b)
{
    const struct mg_candidate *x = a, *y = b;
    return (x->test > y->test) - (x->test < y->test);
}

/* All tests that enter the function, each once, as they were collected. */
static void add_in_order(struct mg_pump *pump, const struct mg_attempt *attempt, struct mg_mutant_job *job)
{
    MG_LIST(struct mg_candidate) all = { 0 };
    for (size_t i = 0; i < attempt->first_count; i++)
        *MG_PUSH(pump->arena, &all) = attempt->first[i];
    for (size_t i = 0; i < attempt->others_count; i++)
        *MG_PUSH(pump->arena, &all) = attempt->others[i];
    qsort(all.at, all.len, sizeof *all.at, by_number);
    add_tests(pump, attempt, all.at, all.len, job);
}

static bool is_unsteady(const struct mg_pump *pump, uint32_t test)
{
    for (size_t i = 0; i < pump->unsteady.len; i++)
        if (pump->unsteady.at[i] == test)
            return true;
    return false;
}

/* To the front of its first tests, or to their end, where it is one of them. */
static void move_test(const struct mg_attempt *attempt, uint32_t test, bool front)
{
    struct mg_candidate *tests = (struct mg_candidate *)(uintptr_t)attempt->first; /* made by mg_candidates for this attempt alone */
    size_t at = 0;
    while (at < attempt->first_count && tests[at].test != test)
        at++;
    if (at == attempt->first_count)
        return;
    struct mg_candidate moved = tests[at];
    size_t last = attempt->first_count - 1;
    if (front)
        memmove(tests + 1, tests, at * sizeof *tests);
    else
        memmove(tests + at, tests + at + 1, (last - at) * sizeof *tests);
    tests[front ? 0 : last] = moved;
}

/* It comes last in all attempts that still wait. */
static void note_unsteady(struct mg_pump *pump, uint32_t test)
{
    if (is_unsteady(pump, test))
        return;
    *MG_PUSH(pump->arena, &pump->unsteady) = test;
    for (size_t i = pump->next; i < pump->queue.len; i++)
        move_test(&pump->queue.at[i], test, false);
    for (size_t i = 0; i < pump->later.len; i++)
        move_test(&pump->later.at[i], test, false);
}

/* The test that killed last is the likeliest to kill again: it goes to the front of every attempt still waiting that has it. */
static void favour(struct mg_pump *pump, uint32_t killer)
{
    for (size_t i = pump->next; i < pump->queue.len && !is_unsteady(pump, killer); i++)
        move_test(&pump->queue.at[i], killer, true);
}

static size_t jobs_of(const struct mg_gate_request *request) { return request->config->jobs > 0 ? (size_t)request->config->jobs : 1; }

/* Attempts that the agent has and that are not in a wait. */
static size_t awake(const struct mg_pump *pump) { return pump->outstanding - pump->asleep; }

static void tell_others(struct mg_pump *pump) { mg_others_tell(pump->request, &pump->told, awake(pump), pump->asleep); }

static enum mg_code hand_over(struct mg_pump *pump, struct mg_attempt *attempt, struct mg_err *err)
{
    attempt->known_slow = pump->slow.len;
    struct mg_mutant_job job = {
        .ticket = pump->flying.len,
        .source = attempt->source,
        .line = attempt->line,
        .end_line = attempt->end_line,
        .bail = attempt->bail,
        .fresh = attempt->fresh,
        .exec = attempt->exec,
        .yields = true,
        .wall_seconds = attempt->fresh ? FRESH_SECONDS : 5.0,
    };
    if (attempt->in_order) {
        add_in_order(pump, attempt, &job);
    } else {
        bool may_run_ahead = attempt->bail && attempt->line && !attempt->fresh && !attempt->alone && !attempt->retries;
        add_tests(pump, attempt, attempt->first, attempt->first_count, &job);
        job.own = may_run_ahead ? (uint32_t)job.tests.len : 0;
        job.chain = may_run_ahead && pump->request->config->mutation.chain;
        job.wall_seconds += job.own ? job.wall_seconds : 0;
        add_tests(pump, attempt, attempt->second, attempt->near_count, &job);
        job.near = job.own ? (uint32_t)job.tests.len : 0;
        add_tests(pump, attempt, attempt->second + attempt->near_count, attempt->second_count - attempt->near_count, &job);
    }
    *MG_PUSH(pump->arena, &pump->flying) = *attempt;
    pump->outstanding++;
    tell_others(pump);
    return pump->request->agent.ops->session_submit(pump->request->session, &job, err);
}

static bool is_over(const struct mg_gate_request *request)
{
    return request->deadline > 0 && request->clock.ops->monotonic(request->clock.self) >= request->deadline;
}

/* When the time is over no mutant is begun; a detection is lost when its proof would take long. */
static bool may_begin(const struct mg_gate_request *request, bool over, const struct mg_proof *proof)
{
    return !over || request->clock.ops->monotonic(request->clock.self) + proof->seconds < request->deadline + GRACE;
}

/* Keeps twice `jobs` attempts that are not asleep with the agent; attempts that must run alone wait until nothing else runs. */
static enum mg_code fill(struct mg_pump *pump, struct mg_err *err)
{
    size_t most = 2 * jobs_of(pump->request) + pump->asleep;
    bool over = is_over(pump->request);
    if ((pump->odd && pump->stops_when_odd) || mg_others_hold_up(pump->request))
        return MG_OK;
    while (pump->next_proof < pump->proofs.len && pump->outstanding < most) {
        struct mg_proof *proof = &pump->proofs.at[pump->next_proof++];
        if (may_begin(pump->request, over, proof))
            MG_TRY(hand_over(pump, &proof->attempt, err));
    }
    if (over)
        return MG_OK;
    while (pump->next < pump->queue.len && pump->outstanding < most)
        MG_TRY(hand_over(pump, &pump->queue.at[pump->next++], err));
    if (pump->outstanding == 0 && pump->later.len) {
        struct mg_attempt alone = pump->later.at[--pump->later.len];
        MG_TRY(mg_others_quiet(pump->request, err));
        pump->keeps_turn = true;
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

/* `test` did not pass, and the mutant was not to blame. It may need what others leave: tries once more with all, as they were collected. Then leaves it
 * out; when that has happened too often, without the tests of `second`, which say nothing where they cannot stand behind the others; then no more.
 * True when the attempt goes on. */
static bool try_without(struct mg_pump *pump, struct mg_attempt *attempt, uint32_t test, struct mg_attempt_end *end, struct mg_str reason)
{
    if (attempt->bail && !attempt->fresh && !attempt->in_order && find_test(attempt->first, attempt->first_count, test)) {
        note_unsteady(pump, test);
        attempt->in_order = true;
        mg_pump_add(pump, attempt);
        return true;
    }
    pump->odd = true;
    if (attempt->retries++ >= MOST_RETRIES) {
        if (!attempt->second_count && !attempt->others_count) {
            give_verdict(end, MG_VERDICT_invalid, MG_KILL_NONE, NO_TEST, reason);
            return false;
        }
        attempt->second_count = attempt->near_count = attempt->others_count = 0;
    }
    *MG_PUSH(pump->arena, &attempt->excluded) = test;
    mg_pump_add(pump, attempt);
    return true;
}

/* It had no time to come to the mutated lines: once more with enough to set up everything. False when it had that. */
static bool give_time(struct mg_pump *pump, struct mg_attempt *attempt, uint32_t test)
{
    const struct mg_candidate *found = any_test(attempt, test);
    if (!found || seconds_of(pump, attempt, found) > found->seconds)
        return false;
    *MG_PUSH(pump->arena, &pump->slow) = (struct mg_test_time){ test, found->seconds + SETUP_SECONDS };
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

/* A test that is known to run the mutated lines did not, behind one that was collected after it: what that has left (a table of answers) may have
 * hidden the mutant. Where they run as they were collected, nothing hides it that would not do so for plain pytest. */
static bool was_overtaken(const struct mg_attempt *attempt, const struct mg_mutant_run *run)
{
    for (size_t m = 0; attempt->bail && !attempt->fresh && !attempt->in_order && m < run->missed.len; m++)
        for (size_t i = 0; i < run->runs.len && run->runs.at[i].test != run->missed.at[m]; i++)
            if (run->runs.at[i].test > run->missed.at[m])
                return true;
    return false;
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
    if (was_overtaken(attempt, run)) {
        attempt->in_order = true;
        mg_pump_add(pump, attempt);
        return true;
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
    case MG_RUN_ASLEEP: /* take_answer keeps it */
    case MG_RUN_DONE:
        return judge_done(pump, attempt, run, end);
    case MG_RUN_REFUSED:
        give_verdict(end, run->same_code ? MG_VERDICT_ignored : MG_VERDICT_invalid, MG_KILL_NONE, NO_TEST, run->reason);
        return false;
    case MG_RUN_TIMEOUT:
        if (!run->at_hit && !kill)
            return give_time(pump, attempt, run->at) ||
                   try_without(pump, attempt, run->at, end, MG_STR("tests time out before the mutated line runs"));
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

static bool begins_with(const struct mg_candidate *tests, size_t count, const struct mg_claim *claim)
{
    bool begins = claim->ran.len <= count;
    for (size_t i = 0; begins && i < claim->ran.len; i++)
        begins = claim->ran.at[i].test == tests[i].test;
    return begins;
}

static struct mg_proof *begin_proof(struct mg_pump *pump, const struct mg_claim *claim)
{
    struct mg_attempt attempt = { .mutant = (uint32_t)pump->proofs.len, .source = pump->unchanged, .bail = true, .proving = true };
    attempt.first = claim->ran.at;
    attempt.first_count = claim->ran.len;
    struct mg_proof *proof = MG_PUSH(pump->arena, &pump->proofs);
    *proof = (struct mg_proof){ .attempt = attempt, .seconds = claim->seconds };
    return proof;
}

/* Its last test took so long in the proof that the limit which it passed with the mutant says nothing. It is known to be slow then. */
static bool was_too_short(struct mg_pump *pump, const struct mg_claim *claim, const struct mg_proof *proof)
{
    const struct mg_candidate *last = &claim->ran.at[claim->ran.len - 1];
    double took = 0;
    for (size_t i = 0; i < proof->took.len; i++)
        took = proof->took.at[i].test == last->test ? proof->took.at[i].seconds : took;
    if (mg_test_limit(took) < TOO_SHORT * mg_test_limit(seconds_of(pump, &claim->attempt, last)))
        return false;
    *MG_PUSH(pump->arena, &pump->slow) = (struct mg_test_time){ last->test, took };
    return true;
}

/* One of its tests fails without the mutant, too, or it needs more time, or its end is to be told. */
static void settle(struct mg_pump *pump, struct mg_claim *claim, const struct mg_proof *proof)
{
    bool proved = claim->ran.len <= proof->passed;
    if (proved && claim->ran.len && claim->end.result.verdict == MG_VERDICT_timeout && was_too_short(pump, claim, proof)) {
        claim->attempt.alone = false;
        mg_pump_add(pump, &claim->attempt);
        return;
    }
    if (proved || !try_without(pump, &claim->attempt, claim->ran.at[proof->passed].test, &claim->end,
                               MG_STR("tests fail without the mutant, one behind the other")))
        *MG_PUSH(pump->arena, &pump->ready) = *claim;
}

static void add_ran(struct mg_pump *pump, const struct mg_attempt *attempt, uint32_t test, struct mg_claim *claim)
{
    size_t turn = claim->ran.len; /* mostly they have run as they stand there */
    const struct mg_candidate *ran = turn < attempt->first_count && attempt->first[turn].test == test ? &attempt->first[turn] : NULL;
    ran = ran ? ran : any_test(attempt, test);
    if (!ran)
        return;
    *MG_PUSH(pump->arena, &claim->ran) = *ran;
    claim->seconds += ran->seconds;
}

/* The tests before the one that failed may have left what made it fail, or not left what it needs. */
static void add_claim(struct mg_pump *pump, const struct mg_attempt *attempt, const struct mg_attempt_end *end)
{
    struct mg_claim claim = { .attempt = *attempt, .end = *end };
    const struct mg_mutant_run *run = end->run;
    claim.attempt.hit = true;
    for (size_t i = 0; i < run->runs.len; i++)
        add_ran(pump, attempt, run->runs.at[i].test, &claim);
    if (!run->runs.len || run->runs.at[run->runs.len - 1].test != end->killer) /* it has ended its process */
        add_ran(pump, attempt, end->killer, &claim);
    struct mg_proof *proof = NULL;
    for (size_t i = 0; i < pump->proofs.len && !proof; i++)
        if (begins_with(pump->proofs.at[i].attempt.first, pump->proofs.at[i].attempt.first_count, &claim))
            proof = &pump->proofs.at[i];
    if (!proof && claim.seconds < SLOW_PROOF) {
        *MG_PUSH(pump->arena, &pump->claims) = claim;
        return;
    }
    proof = proof ? proof : begin_proof(pump, &claim);
    claim.proof = proof->attempt.mutant;
    if (proof->ended)
        settle(pump, &claim, proof);
    else
        *MG_PUSH(pump->arena, &pump->waiting) = claim;
}

/* Those that begin with others come before these. */
static int by_tests(const void *a, const void *b)
{
    const struct mg_claim *x = a, *y = b;
    for (size_t i = 0; i < x->ran.len && i < y->ran.len; i++)
        if (x->ran.at[i].test != y->ran.at[i].test)
            return x->ran.at[i].test < y->ran.at[i].test ? -1 : 1;
    return (x->ran.len < y->ran.len) - (x->ran.len > y->ran.len);
}

/* One proof for all claims whose tests are the beginning of the same. */
static void begin_proofs(struct mg_pump *pump)
{
    const struct mg_claim *longest = NULL;
    qsort(pump->claims.at, pump->claims.len, sizeof *pump->claims.at, by_tests);
    for (size_t i = 0; i < pump->claims.len; i++) {
        struct mg_claim *claim = &pump->claims.at[i];
        if (!longest || !begins_with(longest->ran.at, longest->ran.len, claim)) {
            longest = claim;
            (void)begin_proof(pump, claim);
        }
        claim->proof = (uint32_t)pump->proofs.len - 1;
        *MG_PUSH(pump->arena, &pump->waiting) = *claim;
    }
    pump->claims.len = 0;
}

static void judge_proof(struct mg_pump *pump, struct mg_proof *proof, const struct mg_mutant_run *run)
{
    size_t left = 0;
    proof->ended = true;
    for (size_t i = 0; i < run->took.len; i++)
        *MG_PUSH(pump->arena, &proof->took) = run->took.at[i];
    while (proof->passed < run->runs.len && !run->runs.at[proof->passed].failed)
        proof->passed++;
    for (size_t i = 0; i < pump->waiting.len; i++) {
        struct mg_claim claim = pump->waiting.at[i];
        if (claim.proof == proof->attempt.mutant)
            settle(pump, &claim, proof);
        else
            pump->waiting.at[left++] = claim;
    }
    pump->waiting.len = left;
}

static enum mg_code take_answer(struct mg_pump *pump, struct mg_err *err)
{
    const struct mg_gate_request *request = pump->request;
    struct mg_mutant_run *run = MG_NEW(pump->arena, struct mg_mutant_run);
    bool leave = !pump->keeps_turn && (mg_others_hold_up(request) || awake(pump) < jobs_of(request));
    MG_TRY(mg_others_next(request, leave, pump->arena, run, err));
    if (run->ticket >= pump->flying.len || !pump->flying.at[run->ticket].source.at)
        return MG_FAIL(err, MG_E_CHILD, "the agent answered for a job that was not given to it");
    struct mg_attempt *flying = &pump->flying.at[run->ticket];
    if (run->end == MG_RUN_ASLEEP) {
        pump->asleep++;
        flying->asleep = true;
        pump->keeps_turn = false; /* what runs beside it does not make its wait longer */
        tell_others(pump);
        return MG_OK;
    }
    struct mg_attempt attempt = *flying;
    flying->source = MG_NO_STR; /* answered */
    pump->outstanding--;
    pump->asleep -= attempt.asleep;
    tell_others(pump);
    pump->keeps_turn = attempt.asleep = false;
    if (attempt.fresh && !run->nursery && run->end != MG_RUN_REFUSED) {
        pump->fresh_runs++;
        pump->fresh_seconds += run->seconds;
    }
    struct mg_attempt_end end = { .run = run, .fresh = attempt.fresh, .exec = attempt.exec, .is_static = attempt.is_static };
    end.result.seconds = run->seconds;
    if (attempt.proving) {
        judge_proof(pump, &pump->proofs.at[attempt.mutant], run);
        return MG_OK;
    }
    if (judge(pump, &attempt, run, &end))
        return MG_OK;
    bool detected = end.result.verdict == MG_VERDICT_killed || end.result.verdict == MG_VERDICT_timeout;
    if (end.result.verdict == MG_VERDICT_killed && attempt.bail)
        favour(pump, end.killer);
    if (detected && attempt.bail && !attempt.fresh && !run->proved)
        add_claim(pump, &attempt, &end);
    else
        *MG_PUSH(pump->arena, &pump->ready) = (struct mg_claim){ .attempt = attempt, .end = end };
    return MG_OK;
}

/* Until there is something to be told, or nothing left. */
static enum mg_code run_on(struct mg_pump *pump, struct mg_err *err)
{
    while (pump->next_ready == pump->ready.len) {
        if (mg_cancelled(pump->request->cancel))
            return MG_FAIL(err, MG_E_CANCELLED, "cancelled");
        MG_TRY(fill(pump, err));
        if (pump->outstanding > 0) {
            MG_TRY(take_answer(pump, err));
        } else if (mg_others_hold_up(pump->request)) {
            mg_others_wait(pump->request);
        } else if (pump->claims.len > 0) {
            begin_proofs(pump);
        } else {
            break;
        }
    }
    return MG_OK;
}

enum mg_code mg_pump_next(struct mg_pump *pump, uint32_t *mutant, struct mg_attempt_end *end, struct mg_err *err)
{
    enum mg_code code = run_on(pump, err);
    if (code != MG_OK)
        mg_others_tell(pump->request, &pump->told, 0, 0); /* nobody waits for them any more */
    MG_TRY(code);
    *mutant = UINT32_MAX;
    if (pump->next_ready == pump->ready.len)
        return MG_OK;
    const struct mg_claim *told = &pump->ready.at[pump->next_ready++];
    *mutant = told->attempt.mutant;
    *end = told->end;
    if (end->is_static)
        end->result.reason =
            mg_arena_printf(pump->arena, "static: %s%.*s", end->result.reason.len ? "" : "runs on import", MG_FMT(end->result.reason));
    if (pump->progress && pump->progress->ops)
        pump->progress->ops->work(pump->progress->self, 1);
    return MG_OK;
}
