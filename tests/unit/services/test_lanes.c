/* Targets of a score side by side: when the next one is begun, with which session, and what an error ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "services/lanes.h"

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static struct mg_run_services services;
static struct mg_config config;
static struct mg_run_context run;
static struct mg_lanes *lanes;
static char events[64]; /* a digit where a target begins, - where it ends */
static unsigned opened, closed;

static void close_session(struct mg_session *session)
{
    assert_non_null(session);
    closed++;
}

static const struct mg_agent_ops ops = { .name = "fake", .session_close = close_session };

static int set_up(void **state)
{
    (void)state;
    services = (struct mg_run_services){ .agent = { &ops, NULL } };
    config = (struct mg_config){ .jobs = 2 };
    run = (struct mg_run_context){ .services = &services, .config = &config };
    memset(events, 0, sizeof events);
    opened = closed = 0;
    lanes = NULL;
    return mg_turn_new(&services.turn, NULL) == MG_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    mg_lanes_end(lanes);
    mg_turn_free(services.turn);
    return 0;
}

static void note(char what) { events[strlen(events)] = what; }

static void begin(size_t index, struct mg_lane *lane)
{
    note((char)('0' + index));
    if (!lane->kept.session)
        lane->kept.session = (struct mg_session *)(uintptr_t)++opened;
}

static bool is_begun(size_t index) { return strchr(events, (char)('0' + index)) != NULL; }

/* One of its mutants runs, until target `until` has begun. */
static void run_until(const struct mg_lane *lane, size_t until)
{
    lane->others->awake++;
    lane->others->changes++;
    while (!is_begun(until))
        mg_turn_wait(lane->others->turn, &lane->others->changes);
    lane->others->awake--;
    lane->others->changes++;
}

/* The first has a mutant that runs until the second has begun; that one keeps both processors, and a third is begun behind it. */
static enum mg_code overlaps(void *self, size_t index, struct mg_lane *lane, struct mg_err *err)
{
    (void)self;
    (void)err;
    begin(index, lane);
    if (index == 0)
        run_until(lane, 1);
    note('-');
    return MG_OK;
}

static void the_next_is_begun_where_a_processor_is_free(void **state)
{
    (void)state;
    assert_int_equal(mg_lanes_run(&run, 3, overlaps, NULL, &lanes, NULL), MG_OK);
    assert_int_equal(strncmp(events, "01", 2), 0);
    assert_int_equal(strlen(events), 6);
    assert_int_equal(opened, 2);
    assert_int_equal(closed, 2);
}

/* All mutants of the first two sleep until the last has begun. */
static enum mg_code sleeps(void *self, size_t index, struct mg_lane *lane, struct mg_err *err)
{
    (void)self;
    (void)err;
    begin(index, lane);
    lane->others->asleep++;
    lane->others->changes++;
    while (!is_begun(3))
        mg_turn_wait(lane->others->turn, &lane->others->changes);
    lane->others->asleep--;
    lane->others->changes++;
    note('-');
    return MG_OK;
}

static void those_that_are_asleep_do_not_count(void **state)
{
    (void)state;
    assert_int_equal(mg_lanes_run(&run, 4, sleeps, NULL, &lanes, NULL), MG_OK);
    assert_string_equal(events, "0123----");
}

/* Without the turn, for long enough that others could begin. */
static void be_away(const struct mg_lane *lane)
{
    mg_turn_leave(lane->others->turn);
    (void)nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
    mg_turn_take(lane->others->turn);
}

static enum mg_code keeps_both_busy(void *self, size_t index, struct mg_lane *lane, struct mg_err *err)
{
    (void)self;
    (void)err;
    begin(index, lane);
    lane->others->awake += 2;
    lane->others->changes++;
    be_away(lane);
    lane->others->awake -= 2;
    lane->others->changes++;
    note('-');
    return MG_OK;
}

static void none_is_begun_where_all_are_busy(void **state)
{
    (void)state;
    assert_int_equal(mg_lanes_run(&run, 3, keeps_both_busy, NULL, &lanes, NULL), MG_OK);
    assert_string_equal(events, "0-1-2-");
}

static size_t open_now, most_open;

/* Waits for something else than mutants. */
static enum mg_code is_open(void *self, size_t index, struct mg_lane *lane, struct mg_err *err)
{
    (void)self;
    (void)err;
    begin(index, lane);
    most_open = ++open_now > most_open ? open_now : most_open;
    be_away(lane);
    open_now--;
    return MG_OK;
}

static void no_more_are_open_than_jobs(void **state)
{
    (void)state;
    open_now = most_open = 0;
    assert_int_equal(mg_lanes_run(&run, 6, is_open, NULL, &lanes, NULL), MG_OK);
    assert_int_equal(most_open, 2);
    assert_string_equal(events, "012345");
}

static void a_session_that_was_left_last_is_taken_first(void **state)
{
    (void)state;
    assert_int_equal(mg_lanes_run(&run, 9, overlaps, NULL, &lanes, NULL), MG_OK);
    assert_int_equal(opened, 2); /* and not one for each thread */
    assert_int_equal(closed, 2);
}

static enum mg_code is_alone(void *self, size_t index, struct mg_lane *lane, struct mg_err *err)
{
    (void)self;
    (void)err;
    assert_null(lane->others);
    begin(index, lane);
    note('-');
    return MG_OK;
}

static void with_one_job_one_comes_after_the_other(void **state)
{
    (void)state;
    config.jobs = 1;
    assert_int_equal(mg_lanes_run(&run, 3, is_alone, NULL, &lanes, NULL), MG_OK);
    assert_string_equal(events, "0-1-2-");
    assert_int_equal(opened, 1);
    assert_int_equal(closed, 1);
}

static enum mg_code fails_at_one(void *self, size_t index, struct mg_lane *lane, struct mg_err *err)
{
    (void)self;
    begin(index, lane);
    return index == 1 ? MG_FAIL(err, MG_E_STORE, "disk full") : MG_OK;
}

static void an_error_is_the_end(void **state)
{
    (void)state;
    struct mg_err err = { .code = MG_OK };
    assert_int_equal(mg_lanes_run(&run, 9, fails_at_one, NULL, &lanes, &err), MG_E_STORE);
    assert_string_equal(err.text, "disk full");
    assert_string_equal(events, "01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_next_is_begun_where_a_processor_is_free),
        CASE(those_that_are_asleep_do_not_count),
        CASE(none_is_begun_where_all_are_busy),
        CASE(no_more_are_open_than_jobs),
        CASE(a_session_that_was_left_last_is_taken_first),
        CASE(with_one_job_one_comes_after_the_other),
        CASE(an_error_is_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
