/* Targets side by side: when a pump gives the turn up, what the others know of its mutants, and how one comes to run alone. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/str.h"
#include "unit/engine/script.h"

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static struct mg_side_by_side others;
static struct mg_gate_request side;
static struct mg_agent_ops ops;
static struct mg_pump pump;
static struct mg_cancel cancel;
static atomic_bool had, over;  /* somebody else had the turn; nobody else is to take it any more */
static bool is_wanted;         /* somebody else wants it */
static bool waits_for_another; /* the agent answers when somebody else has had it */
static bool had_while_it_ran;  /* when the last answer came */
static size_t awake_at_submit, awake_at_next, asleep_at_next;
static bool fails;

static void nap(void) { (void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL); }

static bool has_been_had(void) { return atomic_load(&had); }

static enum mg_code submit(struct mg_session *session, const struct mg_mutant_job *job, struct mg_err *err)
{
    awake_at_submit = others.awake;
    atomic_store(&had, false);
    return scripted_ops.session_submit(session, job, err);
}

static enum mg_code next(struct mg_session *session, struct mg_arena *into, struct mg_mutant_run *run, struct mg_err *err)
{
    for (int i = 0; is_wanted && !has_been_had() && i < (waits_for_another ? 5000 : 100); i++)
        nap();
    if (!waits_for_another) {
        awake_at_next = others.awake;
        asleep_at_next = others.asleep;
    }
    had_while_it_ran = has_been_had();
    if (fails)
        return MG_FAIL(err, MG_E_CHILD, "gone");
    return scripted_ops.session_next(session, into, run, err);
}

static int set_up(void **state)
{
    struct mg_turn *turn = NULL;
    if (pump_set_up(state) != 0 || mg_turn_new(&turn, NULL) != MG_OK)
        return -1;
    others = (struct mg_side_by_side){ .turn = turn };
    ops = scripted_ops;
    ops.session_submit = submit;
    ops.session_next = next;
    cancel = (struct mg_cancel){ .wake_fd = -1 };
    side = request;
    side.agent.ops = &ops;
    side.others = &others;
    side.cancel = &cancel;
    atomic_store(&had, false);
    atomic_store(&over, false);
    is_wanted = waits_for_another = had_while_it_ran = fails = false;
    awake_at_submit = awake_at_next = asleep_at_next = 0;
    mg_turn_take(turn);
    mg_pump_init(&pump, &side, NULL, pump_arena);
    return 0;
}

static int tear_down(void **state)
{
    mg_turn_leave(others.turn);
    mg_turn_free(others.turn);
    return pump_tear_down(state);
}

static void add(void)
{
    mg_pump_add(&pump, &(struct mg_attempt){ .source = MG_STR("mutant"), .line = 1, .end_line = 1, .first = two, .first_count = 2 });
}

static enum mg_code run_it(struct mg_attempt_end *end)
{
    uint32_t mutant;
    enum mg_code code = mg_pump_next(&pump, &mutant, end, NULL);
    return code;
}

static void *take_turns(void *unused)
{
    (void)unused;
    while (!atomic_load(&over)) {
        mg_turn_take_last(others.turn);
        atomic_store(&had, true);
        mg_turn_leave(others.turn);
        nap();
    }
    return NULL;
}

/* Runs what was added, while another thread wants the turn; whether that had it while the last mutant ran. */
static bool runs_beside(enum mg_code *code)
{
    pthread_t thread;
    struct mg_attempt_end end;
    assert_int_equal(pthread_create(&thread, NULL, take_turns, NULL), 0);
    is_wanted = true;
    *code = run_it(&end);
    bool result = had_while_it_ran;
    atomic_store(&over, true);
    mg_turn_leave(others.turn);
    assert_int_equal(pthread_join(thread, NULL), 0);
    mg_turn_take(others.turn);
    return result;
}

static void the_turn_is_given_up_where_a_processor_is_free(void **state)
{
    (void)state;
    enum mg_code code;
    waits_for_another = true;
    DONE({ .test = 0, .hit = true }, { .test = 1, .hit = true });
    add();
    assert_true(runs_beside(&code));
    assert_int_equal(code, MG_OK);
}

static void it_is_kept_where_all_are_busy(void **state)
{
    (void)state;
    enum mg_code code;
    DONE({ .test = 0, .hit = true }, { .test = 1, .hit = true });
    add();
    add();
    assert_false(runs_beside(&code));
    assert_int_equal(awake_at_next, 2);
}

static void others_know_how_many_run(void **state)
{
    (void)state;
    struct mg_attempt_end end;
    others.awake = 1; /* of another target */
    answer(MG_RUN_ASLEEP, 0, false, NULL, 0);
    DONE({ .test = 0, .hit = true }, { .test = 1, .hit = true });
    add();
    assert_int_equal(run_it(&end), MG_OK);
    assert_int_equal(awake_at_submit, 2);
    assert_int_equal(awake_at_next, 1); /* it was asleep then */
    assert_int_equal(asleep_at_next, 1);
    assert_int_equal(others.awake, 1);
    assert_int_equal(others.asleep, 0);
    assert_int_equal(others.changes, 3);
}

static void an_error_takes_ours_back(void **state)
{
    (void)state;
    struct mg_attempt_end end;
    fails = true;
    add();
    assert_int_equal(run_it(&end), MG_E_CHILD);
    assert_int_equal(others.awake, 0);
}

/* Another target has a mutant that runs; when that has ended, nothing else was begun. */
static void *ends_its_own(void *unused)
{
    (void)unused;
    for (bool wanted = false; !wanted;) {
        nap();
        mg_turn_take(others.turn);
        wanted = others.alone == 1;
        if (wanted) {
            assert_int_equal(pump_script.submitted, 1);
            others.awake--;
            others.changes++;
        }
        mg_turn_leave(others.turn);
    }
    return NULL;
}

static void one_that_must_be_alone_waits_for_all_others(void **state)
{
    (void)state;
    pthread_t thread;
    struct mg_attempt_end end;
    answer(MG_RUN_TIMEOUT, 0, true, NULL, 0);
    answer(MG_RUN_TIMEOUT, 0, true, NULL, 0);
    add();
    others.awake = 1;
    assert_int_equal(pthread_create(&thread, NULL, ends_its_own, NULL), 0);
    assert_int_equal(run_it(&end), MG_OK);
    assert_int_equal(end.result.verdict, MG_VERDICT_timeout);
    assert_int_equal(pump_script.submitted, 2);
    assert_int_equal(others.alone, 0);
    assert_false(mg_others_hold_up(&side));
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void nobody_has_the_turn_while_one_runs_alone(void **state)
{
    (void)state;
    enum mg_code code;
    answer(MG_RUN_TIMEOUT, 0, true, NULL, 0);
    answer(MG_RUN_TIMEOUT, 0, true, NULL, 0);
    add();
    assert_false(runs_beside(&code));
    assert_int_equal(pump_script.answered, 2);
}

static void *stops_wanting_to_be_alone(void *unused)
{
    (void)unused;
    mg_turn_take(others.turn);
    assert_int_equal(pump_script.submitted, 0);
    others.alone--;
    others.changes++;
    mg_turn_leave(others.turn);
    return NULL;
}

static void nothing_is_begun_while_another_wants_to_be_alone(void **state)
{
    (void)state;
    pthread_t thread;
    struct mg_attempt_end end;
    DONE({ .test = 0, .hit = true }, { .test = 1, .hit = true });
    add();
    others.alone = 1;
    assert_int_equal(pthread_create(&thread, NULL, stops_wanting_to_be_alone, NULL), 0);
    assert_int_equal(run_it(&end), MG_OK);
    assert_int_equal(end.result.verdict, MG_VERDICT_survived);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_turn_is_given_up_where_a_processor_is_free),
        CASE(it_is_kept_where_all_are_busy),
        CASE(others_know_how_many_run),
        CASE(an_error_takes_ours_back),
        CASE(one_that_must_be_alone_waits_for_all_others),
        CASE(nobody_has_the_turn_while_one_runs_alone),
        CASE(nothing_is_begun_while_another_wants_to_be_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
