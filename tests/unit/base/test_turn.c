/* Whose turn it is: who goes on comes before who begins, and a wait ends when something has changed. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/turn.h"

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static struct mg_turn *turn;
static char order[8];
static uint64_t changes;

static int set_up(void **state)
{
    (void)state;
    memset(order, 0, sizeof order);
    changes = 0;
    return mg_turn_new(&turn, NULL) == MG_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    mg_turn_free(turn);
    return 0;
}

static void nap(void) { (void)nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL); }

static void note(char what) { order[strlen(order)] = what; }

static void *begins(void *unused)
{
    (void)unused;
    mg_turn_take_last(turn);
    note('b');
    mg_turn_leave(turn);
    return NULL;
}

static void *goes_on(void *unused)
{
    (void)unused;
    mg_turn_take(turn);
    note('g');
    mg_turn_leave(turn);
    return NULL;
}

static void who_goes_on_comes_before_who_begins(void **state)
{
    (void)state;
    pthread_t first, second;
    mg_turn_take(turn);
    assert_int_equal(pthread_create(&first, NULL, begins, NULL), 0);
    nap();
    assert_int_equal(pthread_create(&second, NULL, goes_on, NULL), 0);
    nap();
    mg_turn_leave(turn);
    assert_int_equal(pthread_join(first, NULL), 0);
    assert_int_equal(pthread_join(second, NULL), 0);
    assert_string_equal(order, "gb");
}

static void *changes_it_the_second_time(void *unused)
{
    (void)unused;
    mg_turn_take(turn);
    note('1');
    mg_turn_leave(turn);
    nap();
    mg_turn_take(turn);
    note('2');
    changes++;
    mg_turn_leave(turn);
    return NULL;
}

static void a_wait_ends_when_something_has_changed(void **state)
{
    (void)state;
    pthread_t other;
    mg_turn_take(turn);
    assert_int_equal(pthread_create(&other, NULL, changes_it_the_second_time, NULL), 0);
    mg_turn_wait(turn, &changes);
    note('w');
    mg_turn_leave(turn);
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_string_equal(order, "12w");
}

static void with_one_thread_nothing_is_waited_for(void **state)
{
    (void)state;
    mg_turn_take(NULL);
    mg_turn_wait(NULL, &changes);
    mg_turn_leave(NULL);
    mg_turn_take_last(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(who_goes_on_comes_before_who_begins),
        CASE(a_wait_ends_when_something_has_changed),
        CASE(with_one_thread_nothing_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
