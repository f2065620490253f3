/* The store's contract, run on every adapter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "contract/store_contract.h"
#include "unit/sample_report.h"

static const struct store_contract *contract;

struct fixture {
    struct mg_store store;
    struct mg_arena *arena;
    struct mg_err err;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){ contract->open(), mg_arena_new(), { .code = MG_OK } };
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    f->store.ops->close(f->store.self);
    if (contract->discard)
        contract->discard();
    mg_arena_free(f->arena);
    return 0;
}

#define RUN MG_STR("run-1")
#define PRINT MG_STR("fingerprint")

static struct mg_run_record wanted(struct mg_str run_id)
{
    return (struct mg_run_record){ .run_id = run_id,
                                   .repo = MG_STR("/srv/repo"),
                                   .fingerprint = MG_STR("f1"),
                                   .config_fingerprint = MG_STR("c1"),
                                   .tool_version = MG_STR("0.1.0"),
                                   .state = MG_RUN_PENDING,
                                   .started_at = 1763800000 };
}

static bool begin(struct fixture *f, struct mg_str run_id, struct mg_run_record *record)
{
    struct mg_run_record want = wanted(run_id);
    bool existing;
    assert_int_equal(f->store.ops->begin_run(f->store.self, &want, f->arena, record, &existing, &f->err), MG_OK);
    return existing;
}

static bool claim(struct fixture *f, struct mg_str target_id, struct mg_str fingerprint)
{
    bool claimed;
    assert_int_equal(f->store.ops->claim(f->store.self, RUN, target_id, fingerprint, &claimed, &f->err), MG_OK);
    return claimed;
}

static void store_outcome(struct fixture *f, const struct mg_outcome *outcome)
{
    assert_true(claim(f, outcome->target_id, PRINT));
    assert_int_equal(f->store.ops->finish(f->store.self, RUN, PRINT, outcome, &f->err), MG_OK);
}

static struct mg_outcome *stored(struct fixture *f, size_t *count)
{
    struct mg_outcome *found = NULL;
    assert_int_equal(f->store.ops->outcomes(f->store.self, RUN, f->arena, &found, count, &f->err), MG_OK);
    return found;
}

static void same_str(struct mg_str a, struct mg_str b)
{
    assert_int_equal(a.len, b.len);
    assert_true(mg_str_eq(a, b));
}

static void same_result(const struct mg_mutant_result *a, const struct mg_mutant_result *b)
{
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->kill_kind, b->kill_kind);
    same_str(a->killer, b->killer);
    same_str(a->reason, b->reason);
    assert_true(a->seconds == b->seconds);
}

static void same_mutant(const struct mg_mutant *a, const struct mg_mutant *b)
{
    same_str(a->id, b->id);
    assert_string_equal(a->operator_name, b->operator_name);
    assert_string_equal(a->description, b->description);
    same_str(a->original, b->original);
    same_str(a->replacement, b->replacement);
    const uint32_t left[] = { a->start, a->end, a->line, a->end_line, a->column, a->end_column, a->span_line, a->span_end_line, (uint32_t)a->level };
    const uint32_t right[] = { b->start, b->end, b->line, b->end_line, b->column, b->end_column, b->span_line, b->span_end_line, (uint32_t)b->level };
    assert_memory_equal(left, right, sizeof left);
}

static void same_tests(const struct mg_outcome *a, const struct mg_outcome *b)
{
    assert_int_equal(a->tests.len, b->tests.len);
    for (size_t i = 0; i < a->tests.len; i++) {
        const struct mg_test *left = &a->tests.at[i], *right = &b->tests.at[i];
        same_str(left->name, right->name);
        same_str(left->source, right->source);
        same_str(left->reason, right->reason);
        assert_int_equal(left->kept, right->kept);
        assert_int_equal(left->kills.len, right->kills.len);
        for (size_t k = 0; k < left->kills.len; k++)
            same_str(left->kills.at[k], right->kills.at[k]);
    }
}

static void same_outcome(const struct mg_outcome *a, const struct mg_outcome *b)
{
    const struct mg_str left[] = { a->target_id, a->qualified_name, a->module, a->path, a->reason, a->generator, a->imports };
    const struct mg_str right[] = { b->target_id, b->qualified_name, b->module, b->path, b->reason, b->generator, b->imports };
    for (size_t i = 0; i < MG_COUNT(left); i++)
        same_str(left[i], right[i]);
    assert_true(a->line == b->line && a->end_line == b->end_line && a->state == b->state && a->attempts == b->attempts &&
                a->tests_not_run == b->tests_not_run);
    assert_true(a->coverage == b->coverage && a->priority == b->priority && a->seconds == b->seconds);
    assert_memory_equal(&a->before, &b->before, sizeof a->before);
    assert_memory_equal(&a->after, &b->after, sizeof a->after);
    assert_memory_equal(&a->improved, &b->improved, sizeof a->improved);
    same_tests(a, b);
    assert_int_equal(a->mutants.len, b->mutants.len);
    for (size_t i = 0; i < a->mutants.len; i++) {
        same_mutant(&a->mutants.at[i].mutant, &b->mutants.at[i].mutant);
        same_result(&a->mutants.at[i].before, &b->mutants.at[i].before);
        same_result(&a->mutants.at[i].after, &b->mutants.at[i].after);
        same_str(a->mutants.at[i].diff, b->mutants.at[i].diff);
    }
    assert_int_equal(a->suspected_bugs.len, b->suspected_bugs.len);
    for (size_t i = 0; i < a->suspected_bugs.len; i++)
        same_str(a->suspected_bugs.at[i], b->suspected_bugs.at[i]);
    assert_int_equal(a->notes.len, b->notes.len);
    for (size_t i = 0; i < a->notes.len; i++)
        same_str(a->notes.at[i], b->notes.at[i]);
}

static void a_whole_report_comes_back_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record;
    struct mg_report report = sample_report(f->arena), back;
    assert_false(begin(f, RUN, &record));
    for (size_t i = report.outcomes.len; i-- > 0;) /* stored in another order than by priority */
        store_outcome(f, &report.outcomes.at[i]);
    assert_int_equal(f->store.ops->end_run(f->store.self, &report, MG_RUN_COMPLETED, &f->err), MG_OK);
    if (contract->reopen)
        f->store = contract->reopen(f->store);
    assert_int_equal(f->store.ops->load_report(f->store.self, MG_NO_STR, f->arena, &back, &f->err), MG_OK);

    const struct mg_str left[] = { report.run_id,    report.status,  report.stop_reason, report.repo,      report.python,
                                   report.generator, report.version, report.reports_dir, report.next_step, report.model };
    const struct mg_str right[] = { back.run_id,    back.status,  back.stop_reason, back.repo,      back.python,
                                    back.generator, back.version, back.reports_dir, back.next_step, back.model };
    for (size_t i = 0; i < MG_COUNT(left); i++)
        same_str(left[i], right[i]);
    assert_true(report.started_at == back.started_at && report.finished_at == back.finished_at && report.duration_seconds == back.duration_seconds);
    assert_memory_equal(&report.functions_found, &back.functions_found,
                        offsetof(struct mg_report, before) - offsetof(struct mg_report, functions_found));
    assert_memory_equal(&report.before, &back.before, sizeof report.before);
    assert_memory_equal(&report.after, &back.after, sizeof report.after);
    assert_int_equal(report.notes.len, back.notes.len);
    for (size_t i = 0; i < back.notes.len; i++) {
        assert_int_equal(report.notes.at[i].kind, back.notes.at[i].kind);
        same_str(report.notes.at[i].subject, back.notes.at[i].subject);
        same_str(report.notes.at[i].text, back.notes.at[i].text);
    }
    assert_int_equal(report.outcomes.len, back.outcomes.len);
    for (size_t i = 0; i < back.outcomes.len; i++)
        same_outcome(&report.outcomes.at[i], &back.outcomes.at[i]);
}

static void a_finish_that_fails_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record;
    size_t count;
    (void)begin(f, RUN, &record);
    struct mg_outcome outcome = sample_outcome(f->arena, 1);
    store_outcome(f, &outcome);
    struct mg_outcome broken = sample_outcome(f->arena, 1);
    broken.reason = MG_STR("new");
    broken.mutants.at[2].mutant.id = broken.mutants.at[0].mutant.id;
    assert_true(claim(f, broken.target_id, MG_STR("changed")));
    assert_int_equal(f->store.ops->finish(f->store.self, RUN, MG_STR("changed"), &broken, &f->err), MG_E_STORE);
    struct mg_outcome *found = stored(f, &count);
    assert_int_equal(count, 1);
    same_outcome(&outcome, &found[0]);
    /* the claim is still ours: the same outcome, mended, goes in */
    broken.mutants.at[2].mutant.id = MG_STR("dddddddddddd");
    assert_int_equal(f->store.ops->finish(f->store.self, RUN, MG_STR("changed"), &broken, &f->err), MG_OK);
    found = stored(f, &count);
    assert_int_equal(count, 1);
    same_outcome(&broken, &found[0]);
}

static void a_target_is_claimed_once_and_only_while_there_is_work(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record;
    bool claimed;
    struct mg_outcome outcome = sample_outcome(f->arena, 1);
    assert_int_equal(f->store.ops->claim(f->store.self, RUN, outcome.target_id, PRINT, &claimed, &f->err), MG_E_STATE); /* not begun */
    (void)begin(f, RUN, &record);
    assert_int_equal(f->store.ops->finish(f->store.self, RUN, PRINT, &outcome, &f->err), MG_E_STATE); /* not claimed */
    assert_true(claim(f, outcome.target_id, PRINT));
    assert_false(claim(f, outcome.target_id, PRINT)); /* another thread has it */
    outcome.state = MG_TARGET_UNFINISHED;
    assert_int_equal(f->store.ops->finish(f->store.self, RUN, PRINT, &outcome, &f->err), MG_OK);
    assert_true(claim(f, outcome.target_id, PRINT)); /* unfinished is never done */
    outcome.state = MG_TARGET_DISCARDED;
    assert_int_equal(f->store.ops->finish(f->store.self, RUN, PRINT, &outcome, &f->err), MG_OK);
    assert_false(claim(f, outcome.target_id, PRINT));
    assert_true(claim(f, outcome.target_id, MG_STR("changed code")));
}

static void a_run_continues_where_it_stopped(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record;
    struct mg_outcome outcome = sample_outcome(f->arena, 1);
    (void)begin(f, RUN, &record);
    store_outcome(f, &outcome);
    assert_true(claim(f, MG_STR("left behind"), PRINT));
    struct mg_report report = sample_report(f->arena);
    assert_int_equal(f->store.ops->set_run_state(f->store.self, RUN, MG_RUN_GATING, &f->err), MG_OK);
    assert_int_equal(f->store.ops->end_run(f->store.self, &report, MG_RUN_CANCELLED, &f->err), MG_OK);
    assert_int_equal(f->store.ops->set_run_state(f->store.self, RUN, MG_RUN_GATING, &f->err), MG_E_STATE); /* no longer ours */
    if (contract->reopen)
        f->store = contract->reopen(f->store);

    struct mg_run_record again = wanted(RUN), was;
    bool existing;
    again.fingerprint = MG_STR("f2");
    again.started_at = 1900000000;
    assert_int_equal(f->store.ops->begin_run(f->store.self, &again, f->arena, &was, &existing, &f->err), MG_OK);
    assert_true(existing);
    same_str(was.fingerprint, MG_STR("f1"));
    same_str(was.config_fingerprint, MG_STR("c1"));
    assert_int_equal(was.state, MG_RUN_CANCELLED);
    assert_int_equal(was.started_at, 1763800000);
    assert_false(claim(f, outcome.target_id, PRINT));
    assert_true(claim(f, MG_STR("left behind"), PRINT));
}

static void a_run_is_begun_once_and_for_one_repo(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record, want = wanted(RUN);
    bool existing;
    (void)begin(f, RUN, &record);
    assert_int_equal(f->store.ops->begin_run(f->store.self, &want, f->arena, &record, &existing, &f->err), MG_E_DENIED);
    assert_non_null(strstr(f->err.text, "run-1"));
    struct mg_report report = sample_report(f->arena);
    assert_int_equal(f->store.ops->end_run(f->store.self, &report, MG_RUN_COMPLETED, &f->err), MG_OK);
    want.repo = MG_STR("/srv/other");
    assert_int_equal(f->store.ops->begin_run(f->store.self, &want, f->arena, &record, &existing, &f->err), MG_E_DENIED);
    assert_non_null(strstr(f->err.text, "/srv/repo"));
    assert_true(begin(f, RUN, &record)); /* the refusal did not keep the lock */
}

static void only_wanted_targets_are_retained(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record;
    size_t count;
    (void)begin(f, RUN, &record);
    for (unsigned i = 1; i <= 4; i++) {
        struct mg_outcome outcome = sample_outcome(f->arena, i);
        store_outcome(f, &outcome);
    }
    const struct mg_str ids[] = { MG_STR("0000000000000004"), MG_STR("0000000000000002"), MG_STR("new") };
    assert_int_equal(f->store.ops->retain(f->store.self, RUN, PRINT, ids, MG_COUNT(ids), &f->err), MG_OK);
    const struct mg_outcome *found = stored(f, &count);
    assert_int_equal(count, 2);
    same_str(found[0].target_id, ids[1]);
    same_str(found[1].target_id, ids[0]);
    assert_int_equal(found[0].mutants.len, 3);
    assert_true(claim(f, MG_STR("0000000000000001"), PRINT));
    assert_int_equal(f->store.ops->retain(f->store.self, RUN, PRINT, NULL, 0, &f->err), MG_OK);
    (void)stored(f, &count);
    assert_int_equal(count, 2);
    assert_int_equal(f->store.ops->retain(f->store.self, RUN, MG_STR("the code has changed"), NULL, 0, &f->err), MG_OK);
    (void)stored(f, &count);
    assert_int_equal(count, 0);
}

static void the_newest_run_is_found_and_unknown_ones_named(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record;
    struct mg_report report = sample_report(f->arena), back;
    assert_int_equal(f->store.ops->load_report(f->store.self, MG_NO_STR, f->arena, &back, &f->err), MG_E_NOT_FOUND);
    const struct mg_str ids[] = { MG_STR("z-first"), MG_STR("a-second") };
    for (size_t i = 0; i < MG_COUNT(ids); i++) {
        report.run_id = ids[i];
        (void)begin(f, ids[i], &record);
        assert_int_equal(f->store.ops->end_run(f->store.self, &report, MG_RUN_COMPLETED, &f->err), MG_OK);
    }
    (void)begin(f, MG_STR("m-open"), &record); /* has no report: not offered, and named when asked for */
    assert_int_equal(f->store.ops->load_report(f->store.self, MG_NO_STR, f->arena, &back, &f->err), MG_OK);
    same_str(back.run_id, ids[1]);
    assert_int_equal(f->store.ops->load_report(f->store.self, MG_STR("m-open"), f->arena, &back, &f->err), MG_E_STATE);
    assert_int_equal(f->store.ops->load_report(f->store.self, MG_STR("nope"), f->arena, &back, &f->err), MG_E_NOT_FOUND);
    assert_non_null(strstr(f->err.text, "m-open, a-second, z-first"));
    assert_true(begin(f, ids[0], &record)); /* a run taken up again is the newest */
    report.run_id = ids[0];
    assert_int_equal(f->store.ops->end_run(f->store.self, &report, MG_RUN_COMPLETED, &f->err), MG_OK);
    assert_int_equal(f->store.ops->load_report(f->store.self, MG_NO_STR, f->arena, &back, &f->err), MG_OK);
    same_str(back.run_id, ids[0]);
}

/* ---- money ---- */

static struct mg_llm_call a_call(const char *target_id)
{
    return (struct mg_llm_call){ .target_id = mg_str_from(target_id),
                                 .purpose = MG_STR("generate"),
                                 .provider = MG_STR("anthropic"),
                                 .model = MG_STR("claude"),
                                 .request_hash = MG_STR("00ff"),
                                 .started_at = 1763800000,
                                 .requests = 1,
                                 .worst_micro_usd = 1000,
                                 .worst_tokens = 500 };
}

static enum mg_code reserve(struct fixture *f, const struct mg_spend_limits *limits, const struct mg_llm_call *call, int64_t *id)
{
    return f->store.ops->reserve(f->store.self, RUN, limits, call, id, &f->err);
}

static struct mg_spend spent(struct fixture *f, struct mg_str target_id)
{
    struct mg_spend spend;
    assert_int_equal(f->store.ops->spent(f->store.self, RUN, target_id, &spend, &f->err), MG_OK);
    return spend;
}

static const struct mg_spend_limits no_limits = { 0, 0 };

/* A call of `target_id` that took 300 micro-USD, 40 + 3 + 2 tokens read and 7 written. */
static int64_t spend_some(struct fixture *f, const char *target_id)
{
    int64_t id = -1;
    struct mg_llm_call call = a_call(target_id);
    assert_int_equal(reserve(f, &no_limits, &call, &id), MG_OK);
    call.usage = (struct mg_usage){ .input = 40, .cache_read = 3, .cache_write = 2, .output = 7, .known = true };
    call.micro_usd = 300;
    call.seconds = 1.5;
    assert_int_equal(f->store.ops->settle(f->store.self, RUN, id, &call, &f->err), MG_OK);
    return id;
}

static void same_spend(struct mg_spend a, struct mg_spend b) { assert_memory_equal(&a, &b, sizeof a); }

static void calls_are_summed_for_a_target_and_for_the_run(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record;
    struct mg_llm_call call = a_call("t2");
    int64_t id = -1;
    assert_int_equal(reserve(f, &no_limits, &call, &id), MG_E_STATE); /* not begun */
    (void)begin(f, RUN, &record);
    same_spend(spent(f, MG_NO_STR), (struct mg_spend){ 0 });
    int64_t first = spend_some(f, "t1");
    assert_int_equal(reserve(f, &no_limits, &call, &id), MG_OK);
    assert_int_not_equal(first, id);
    same_spend(spent(f, MG_STR("t1")),
               (struct mg_spend){ .micro_usd = 300, .input_tokens = 45, .output_tokens = 7, .cache_read_tokens = 3, .calls = 1, .requests = 1 });
    same_spend(spent(f, MG_STR("t2")),
               (struct mg_spend){ .micro_usd = 1000, .input_tokens = 500, .calls = 1, .requests = 1, .estimated_calls = 1 }); /* in flight */
    call.micro_usd = MG_UNKNOWN_COST;
    call.usage = (struct mg_usage){ .input = 11, .output = 4 };
    call.failure = MG_STR("gone");
    call.requests = 2;
    call.target_id = MG_STR("t1"); /* who it was for is said when it is reserved */
    call.worst_micro_usd = 0;
    assert_int_equal(f->store.ops->settle(f->store.self, RUN, id, &call, &f->err), MG_OK);
    const struct mg_spend unknown = {
        .input_tokens = 11, .output_tokens = 4, .calls = 1, .requests = 2, .unknown_cost_calls = 1, .estimated_calls = 1
    };
    same_spend(spent(f, MG_STR("t2")), unknown);
    struct mg_spend total = spent(f, MG_STR("t1"));
    mg_spend_sum(&total, &unknown);
    same_spend(spent(f, MG_NO_STR), total);
    same_spend(spent(f, MG_STR("t3")), (struct mg_spend){ 0 });
}

static void a_call_is_settled_once(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record;
    (void)begin(f, RUN, &record);
    const struct mg_llm_call call = a_call("t1");
    int64_t id = spend_some(f, "t1");
    assert_int_equal(f->store.ops->settle(f->store.self, RUN, id, &call, &f->err), MG_E_STATE);
    assert_int_equal(f->store.ops->settle(f->store.self, RUN, id + 1, &call, &f->err), MG_E_STATE);
    assert_int_equal(f->store.ops->settle(f->store.self, RUN, 0, &call, &f->err), MG_E_STATE);
    assert_int_equal(f->store.ops->settle(f->store.self, RUN, INT64_MIN, &call, &f->err), MG_E_STATE);
    assert_int_equal(f->store.ops->settle(f->store.self, MG_STR("other"), id, &call, &f->err), MG_E_STATE);
    assert_int_equal(spent(f, MG_NO_STR).micro_usd, 300);
    (void)begin(f, MG_STR("run-2"), &record);
    assert_int_equal(reserve(f, &no_limits, &call, &id), MG_OK);
    assert_int_equal(f->store.ops->settle(f->store.self, MG_STR("run-2"), id, &call, &f->err), MG_E_STATE); /* another run's */
    assert_int_equal(f->store.ops->settle(f->store.self, RUN, id, &call, &f->err), MG_OK);
}

static void a_refused_reservation_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record;
    (void)begin(f, RUN, &record);
    (void)spend_some(f, "t1"); /* 300 micro-USD, 52 tokens */
    const struct mg_llm_call call = a_call("t2");
    const struct mg_spend_limits enough = { 1300, 552 }, money = { 1299, 0 }, tokens = { 1300, 551 };
    const struct mg_spend before = spent(f, MG_NO_STR);
    int64_t id = -7;
    assert_int_equal(reserve(f, &money, &call, &id), MG_E_LIMIT);
    assert_string_equal(f->err.text, "cost_limit_reached");
    assert_int_equal(reserve(f, &tokens, &call, &id), MG_E_LIMIT);
    assert_string_equal(f->err.text, "token_limit_reached");
    assert_int_equal(id, -7);
    same_spend(spent(f, MG_NO_STR), before);
    assert_int_equal(reserve(f, &enough, &call, &id), MG_OK);
    assert_int_equal(reserve(f, &enough, &call, &id), MG_E_LIMIT);
}

static void money_of_a_dead_process_stays_spent(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record;
    struct mg_llm_call call = a_call("t1");
    int64_t id = -1;
    if (!contract->reopen)
        return;
    (void)begin(f, RUN, &record);
    (void)spend_some(f, "t1");
    assert_int_equal(reserve(f, &no_limits, &call, &id), MG_OK); /* never settled */
    f->store = contract->reopen(f->store);
    assert_true(begin(f, RUN, &record));
    assert_int_equal(spent(f, MG_NO_STR).micro_usd, 1300);
    assert_int_equal(spent(f, MG_NO_STR).input_tokens, 545);
    const struct mg_spend_limits limits = { 2299, 0 };
    assert_int_equal(reserve(f, &limits, &call, &id), MG_E_LIMIT);
}

static void spend_is_part_of_outcomes_and_reports_and_never_dropped(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record;
    size_t count;
    (void)begin(f, RUN, &record);
    struct mg_report report = sample_report(f->arena), back;
    for (size_t i = 0; i < report.outcomes.len; i++)
        store_outcome(f, &report.outcomes.at[i]);
    (void)spend_some(f, mg_arena_cstr(f->arena, report.outcomes.at[0].target_id));
    (void)spend_some(f, mg_arena_cstr(f->arena, report.outcomes.at[1].target_id));
    (void)spend_some(f, mg_arena_cstr(f->arena, report.outcomes.at[1].target_id));
    const struct mg_outcome *found = stored(f, &count);
    assert_int_equal(found[0].spend.micro_usd, 300);
    assert_int_equal(found[1].spend.micro_usd, 600);
    same_spend(found[2].spend, (struct mg_spend){ 0 });
    assert_int_equal(f->store.ops->retain(f->store.self, RUN, MG_STR("the code has changed"), NULL, 0, &f->err), MG_OK);
    (void)stored(f, &count);
    assert_int_equal(count, 0);
    assert_int_equal(spent(f, MG_NO_STR).micro_usd, 900);
    store_outcome(f, &report.outcomes.at[1]); /* done again: what the first time cost counts */
    assert_int_equal(stored(f, &count)[0].spend.micro_usd, 600);
    assert_int_equal(f->store.ops->end_run(f->store.self, &report, MG_RUN_COMPLETED, &f->err), MG_OK);
    if (contract->reopen)
        f->store = contract->reopen(f->store);
    assert_int_equal(f->store.ops->load_report(f->store.self, RUN, f->arena, &back, &f->err), MG_OK);
    assert_int_equal(back.spend.micro_usd, 900);
    assert_int_equal(back.spend.calls, 3);
    assert_int_equal(back.outcomes.at[0].spend.micro_usd, 600);
    assert_true(begin(f, RUN, &record)); /* and a further session starts from there */
    assert_int_equal(spent(f, MG_NO_STR).micro_usd, 900);
}

/* ---- what else is limited ---- */

static bool admit(struct fixture *f, const char *target, int64_t limit)
{
    bool admitted = !limit;
    assert_int_equal(f->store.ops->admit(f->store.self, RUN, mg_str_from(target), PRINT, limit, &admitted, &f->err), MG_OK);
    return admitted;
}

static void a_target_is_counted_once_over_all_sessions(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record;
    (void)begin(f, RUN, &record);
    assert_true(admit(f, "t1", 2));
    assert_true(admit(f, "t2", 2));
    assert_false(admit(f, "t3", 2));
    assert_true(admit(f, "t1", 2)); /* taken up again */
    struct mg_report report = sample_report(f->arena);
    assert_int_equal(f->store.ops->end_run(f->store.self, &report, MG_RUN_COMPLETED, &f->err), MG_OK);
    if (contract->reopen)
        f->store = contract->reopen(f->store);
    bool admitted = true;
    assert_int_equal(f->store.ops->admit(f->store.self, RUN, MG_STR("t1"), PRINT, 0, &admitted, &f->err), MG_E_STATE);
    assert_false(admitted);
    assert_true(begin(f, RUN, &record));
    assert_false(admit(f, "t3", 2));
    assert_false(admit(f, "t1", 1)); /* a lower limit than before: one other has the place */
    assert_true(admit(f, "t3", 3));
    assert_false(admit(f, "t4", 3));
    assert_true(admit(f, "t4", 0));
}

static void what_needs_no_test_gives_its_place_back(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record;
    static const struct mg_outcome outcomes[] = {
        { .target_id = MG_STR_INIT("satisfied"), .state = MG_TARGET_SATISFIED },
        { .target_id = MG_STR_INIT("cannot be imported"), .state = MG_TARGET_DISCARDED, .reason = MG_STR_INIT("no") },
        { .target_id = MG_STR_INIT("asked for"), .state = MG_TARGET_DISCARDED, .reason = MG_STR_INIT("no"), .attempts = 1 },
    };
    (void)begin(f, RUN, &record);
    for (size_t i = 0; i < MG_COUNT(outcomes); i++) {
        bool claimed = false;
        assert_int_equal(f->store.ops->claim(f->store.self, RUN, outcomes[i].target_id, PRINT, &claimed, &f->err), MG_OK);
        assert_true(admit(f, outcomes[i].target_id.at, 1));
        assert_false(admit(f, "another", 1));
        assert_int_equal(f->store.ops->finish(f->store.self, RUN, PRINT, &outcomes[i], &f->err), MG_OK);
    }
    assert_false(admit(f, "another", 1));
}

static void what_is_begun_anew_is_counted_anew(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record;
    const struct mg_str here[] = { MG_STR("t1") };
    (void)begin(f, RUN, &record);
    assert_true(admit(f, "t1", 2));
    assert_true(admit(f, "t2", 2));
    assert_int_equal(f->store.ops->retain(f->store.self, RUN, PRINT, NULL, 0, &f->err), MG_OK);
    assert_false(admit(f, "t3", 2));
    assert_int_equal(f->store.ops->retain(f->store.self, RUN, PRINT, here, 1, &f->err), MG_OK); /* t2 is gone */
    assert_true(admit(f, "t3", 2));
    assert_false(admit(f, "t4", 2));
    assert_int_equal(f->store.ops->retain(f->store.self, RUN, MG_STR("changed"), NULL, 0, &f->err), MG_OK);
    assert_true(admit(f, "t4", 1));
}

static double worked(struct fixture *f)
{
    double seconds = -1;
    assert_int_equal(f->store.ops->worked_seconds(f->store.self, RUN, &seconds, &f->err), MG_OK);
    return seconds;
}

static void seconds_of_all_sessions_are_summed(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record;
    assert_true(worked(f) == 0); /* nobody has begun it */
    assert_int_equal(f->store.ops->worked(f->store.self, RUN, 1.0, &f->err), MG_E_STATE);
    (void)begin(f, RUN, &record);
    assert_true(worked(f) == 0);
    assert_int_equal(f->store.ops->worked(f->store.self, RUN, 1.5, &f->err), MG_OK);
    assert_int_equal(f->store.ops->worked(f->store.self, RUN, 2.5, &f->err), MG_OK); /* so far */
    assert_true(worked(f) == 2.5);
    if (contract->reopen) {
        f->store = contract->reopen(f->store); /* killed */
    } else {
        struct mg_report report = sample_report(f->arena);
        assert_int_equal(f->store.ops->end_run(f->store.self, &report, MG_RUN_COMPLETED, &f->err), MG_OK);
    }
    assert_true(begin(f, RUN, &record));
    assert_true(worked(f) == 2.5);
    assert_int_equal(f->store.ops->worked(f->store.self, RUN, 1.0, &f->err), MG_OK);
    assert_int_equal(f->store.ops->worked(f->store.self, RUN, -1.0, &f->err), MG_OK);
    assert_true(worked(f) == 2.5);
    assert_int_equal(f->store.ops->worked(f->store.self, RUN, 0.5, &f->err), MG_OK);
    assert_true(worked(f) == 3.0);
}

/* Eight threads take what they can; whatever the order, no two take the last cent. */
enum { THREADS = 8, TRIES = 25, MONEY = 30500, TOKENS = 1000000 };
struct hammer {
    struct fixture *f;
    unsigned number, taken, refused, failed;
};

static void *hammer(void *arg)
{
    struct hammer *h = arg;
    const struct mg_spend_limits limits = { MONEY, TOKENS };
    struct mg_store store = h->f->store;
    for (unsigned i = 0; i < TRIES; i++) {
        struct mg_llm_call call = a_call(h->number % 2 ? "odd" : "even");
        struct mg_err why = { .code = MG_OK };
        int64_t id = -1;
        enum mg_code code = store.ops->reserve(store.self, RUN, &limits, &call, &id, &why);
        if (code == MG_E_LIMIT && mg_str_is(mg_str_from(why.text), "cost_limit_reached")) {
            h->refused++;
            continue;
        }
        struct mg_spend seen = { 0 };
        call.micro_usd = 700; /* less than was set aside: the rest becomes free again */
        h->failed += code != MG_OK || store.ops->spent(store.self, RUN, MG_NO_STR, &seen, &why) != MG_OK || seen.micro_usd > MONEY ||
                     store.ops->settle(store.self, RUN, id, &call, &why) != MG_OK;
        h->taken++;
    }
    return NULL;
}

static void no_two_threads_take_the_last_cent(void **state)
{
    struct fixture *f = *state;
    struct mg_run_record record;
    struct hammer hammers[THREADS];
    pthread_t threads[THREADS];
    (void)begin(f, RUN, &record);
    for (unsigned i = 0; i < THREADS; i++) {
        hammers[i] = (struct hammer){ .f = f, .number = i };
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, &hammers[i]), 0);
    }
    unsigned taken = 0, refused = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(hammers[i].failed, 0);
        taken += hammers[i].taken;
        refused += hammers[i].refused;
    }
    assert_int_equal(taken + refused, THREADS * TRIES);
    const struct mg_spend spend = spent(f, MG_NO_STR);
    assert_int_equal(spend.calls, taken);
    assert_int_equal(spend.micro_usd, 700 * taken);
    assert_true(spend.micro_usd <= MONEY);
    assert_true(taken <= 43 && refused > 0);  /* 42 x 700 + 1000 fits, 43 x 700 + 1000 does not */
    assert_true(taken >= 43 - (THREADS - 1)); /* the rest was set aside by calls in flight when the last tries came */
}

int run_store_contract(const char *name, const struct store_contract *adapter)
{
    contract = adapter;
#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_whole_report_comes_back_as_it_was),
        CASE(a_finish_that_fails_leaves_nothing),
        CASE(a_target_is_claimed_once_and_only_while_there_is_work),
        CASE(a_run_continues_where_it_stopped),
        CASE(a_run_is_begun_once_and_for_one_repo),
        CASE(only_wanted_targets_are_retained),
        CASE(the_newest_run_is_found_and_unknown_ones_named),
        CASE(calls_are_summed_for_a_target_and_for_the_run),
        CASE(a_call_is_settled_once),
        CASE(a_refused_reservation_leaves_nothing),
        CASE(money_of_a_dead_process_stays_spent),
        CASE(spend_is_part_of_outcomes_and_reports_and_never_dropped),
        CASE(no_two_threads_take_the_last_cent),
        CASE(a_target_is_counted_once_over_all_sessions),
        CASE(what_needs_no_test_gives_its_place_back),
        CASE(what_is_begun_anew_is_counted_anew),
        CASE(seconds_of_all_sessions_are_summed),
    };
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
