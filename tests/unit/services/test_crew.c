/* Several targets at once in a scripted pipeline. The model gives up its turn as the real one does, and answers the first questions only when so
 * many of them are open as the test wants: nothing depends on how fast a thread is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/turn.h"
#include "unit/services/scripted.h"

#define COUNT 8u
#define FUNCTION(n) "def t" #n "(x):\n    x = x + 5\n    return x < 30\n\n\n"
static const char functions[] = FUNCTION(0) FUNCTION(1) FUNCTION(2) FUNCTION(3) FUNCTION(4) FUNCTION(5) FUNCTION(6) FUNCTION(7);

/* What the model says about each target: the suite's test, or a fault. */
static struct about {
    const char *test;
    enum mg_code code;
    enum mg_llm_fault fault;
} about[COUNT];
static unsigned together; /* so many questions must be open before the first is answered */
static bool cancels;      /* when they are */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t came = PTHREAD_COND_INITIALIZER;
static unsigned open_now, most_open, asked, failed;
static unsigned failures_first; /* so many failures come before any reply */
static bool reached;

static void wait_like_a_model(bool fails)
{
    mg_turn_leave(turn);
    (void)pthread_mutex_lock(&mutex);
    asked++;
    open_now++;
    most_open = open_now > most_open ? open_now : most_open;
    reached |= open_now >= together;
    if (reached && cancels)
        cancel.requested = 2;
    (void)pthread_cond_broadcast(&came);
    while (!reached || (!fails && failed < failures_first))
        (void)pthread_cond_wait(&came, &mutex);
    open_now--;
    (void)pthread_mutex_unlock(&mutex);
    mg_turn_take(turn);
    if (!fails)
        return;
    (void)pthread_mutex_lock(&mutex); /* with the turn: whoever gets it next finds the run told of the failure */
    failed++;
    (void)pthread_cond_broadcast(&came);
    (void)pthread_mutex_unlock(&mutex);
}

static enum mg_code generate(void *self, const struct mg_generate_request *request, struct mg_arena *into, struct mg_suite *suite,
                             enum mg_llm_fault *fault, struct mg_err *why)
{
    (void)self;
    size_t last = request->target->qualified_name.len - 1;
    const struct about *it = &about[request->target->qualified_name.at[last] - '0'];
    wait_like_a_model(it->code != MG_OK);
    *suite = (struct mg_suite){ .imports = MG_STR("import m\n"), .reason = MG_STR("nothing to say") };
    *fault = it->fault;
    if (mg_cancelled(request->cancel))
        return MG_FAIL(why, MG_E_CANCELLED, "cancelled");
    if (it->code != MG_OK)
        return MG_FAIL(why, it->code, "no reply about %.*s", MG_FMT(request->target->qualified_name));
    if (it->test)
        *MG_PUSH(into, &suite->tests) =
            (struct mg_suite_test){ .name = mg_str_from(it->test), .source = mg_arena_printf(into, "def %s():\n    assert m\n", it->test) };
    return MG_OK;
}
static const struct mg_generator_ops model_ops = { .name = "scripted model", .generate = generate };

static void begin(unsigned at_once)
{
    store.ops->close(store.self);
    store = mg_store_memory_new();
    config.orchestrator.max_parallel_targets = at_once;
    together = at_once;
    open_now = most_open = asked = failed = 0;
    reached = false;
}

static int set_up_crew(void **state)
{
    static const struct mg_memory_rule rules[] = { LIMIT_OF_F("test_good"), SUM_OF_F("test_good"), SUM_OF_F("test_weak") };
    (void)set_up(state);
    use_rules(rules, MG_COUNT(rules));
    source_text = functions;
    model = (struct mg_generator){ &model_ops, NULL };
    config.llm.strategy = MG_STR("model");
    config.orchestrator.max_repair_attempts = config.orchestrator.max_strengthen_attempts = 0;
    for (unsigned i = 0; i < COUNT; i++)
        about[i] = (struct about){ .test = i % 3 == 0 ? "test_good" : i % 3 == 1 ? "test_weak" : NULL };
    cancels = false;
    failures_first = 0;
    return mg_turn_new(&turn, &err) == MG_OK ? 0 : -1;
}

static int tear_down_crew(void **state)
{
    mg_turn_free(turn);
    return tear_down(state);
}

/* Everything that is told of the targets, in one text. */
static struct mg_str told(void)
{
    struct mg_str text = MG_STR("");
    for (size_t i = 0; i < result.report.outcomes.len; i++) {
        const struct mg_outcome *o = &result.report.outcomes.at[i];
        text = mg_arena_printf(arena, "%.*s%.*s %d %.*s %u %zu\n", MG_FMT(text), MG_FMT(o->qualified_name), (int)o->state, MG_FMT(o->reason),
                               mg_tally_detected(&o->after), o->tests.len);
    }
    return text;
}

static void what_comes_of_a_target_does_not_depend_on_how_many_there_are(void **state)
{
    (void)state;
    begin(1);
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(result.report.outcomes.len, COUNT);
    assert_int_equal(result.report.kept, 3);
    assert_int_equal(most_open, 1);
    struct mg_str alone = told();
    for (unsigned at_once = 2; at_once <= COUNT; at_once *= 2) {
        begin(at_once);
        assert_int_equal(run_it(), MG_OK);
        assert_int_equal(most_open, at_once);
        assert_string_equal(told().at, alone.at);
        assert_int_equal(script.sessions_opened, script.sessions_closed);
    }
}

static void a_limit_of_targets_is_kept_by_all_together(void **state)
{
    (void)state;
    begin(3);
    config.orchestrator.max_parallel_targets = 8;
    config.orchestrator.max_targets = 3;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(asked, 3);
    assert_int_equal(result.report.outcomes.len, 3);
    assert_true(mg_str_is(result.report.stop_reason, "max_targets_reached"));
}

/* Targets in flight are finished; the first reason is the run's, and nothing further is begun. */
static void a_rejected_key_lets_nobody_begin(void **state)
{
    (void)state;
    about[1] = (struct about){ .code = MG_E_HTTP, .fault = MG_LLM_ACCOUNT };
    about[2] = (struct about){ .code = MG_E_LIMIT };
    begin(4);
    failures_first = 2;
    assert_int_equal(run_it(), MG_OK);
    assert_true(mg_str_is(result.report.status, "partial"));
    assert_true(mg_str_starts(result.report.stop_reason, "provider_failed: ") || mg_str_starts(result.report.stop_reason, "no reply about m.t2"));
    assert_int_equal(asked, 4);
    assert_int_equal(result.report.outcomes.len, 4);
    assert_int_equal(outcome_of("m.t0")->state, MG_TARGET_KEPT);
    assert_int_equal(outcome_of("m.t1")->state, MG_TARGET_UNFINISHED);
    assert_int_equal(outcome_of("m.t3")->state, MG_TARGET_KEPT);
}

/* In a row means: in the order of the targets, whoever ends first. */
static void three_failures_in_a_row_end_the_run_scattered_ones_do_not(void **state)
{
    (void)state;
    const struct about silent = { .code = MG_E_TIMEOUT, .fault = MG_LLM_TEMPORARY };
    about[0] = about[2] = about[3] = about[5] = silent;
    for (unsigned at_once = 1; at_once <= COUNT; at_once *= 2) {
        begin(at_once);
        assert_int_equal(run_it(), MG_OK);
        assert_int_equal(asked, COUNT);
        assert_int_equal(result.report.unfinished, 4);
        assert_true(mg_str_starts(result.report.stop_reason, "unanswered: the model did not answer: no reply about m.t0"));
    }
    about[4] = silent;
    for (unsigned at_once = 1; at_once <= COUNT; at_once *= 2) {
        begin(at_once);
        assert_int_equal(run_it(), MG_OK);
        assert_true(mg_str_starts(result.report.stop_reason, "provider_failed: no reply about m.t"));
    }
}

static void an_interrupt_ends_all_of_them(void **state)
{
    (void)state;
    begin(4);
    cancels = true;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(asked, 4);
    assert_true(mg_str_is(result.report.status, "cancelled"));
    assert_int_equal(script.sessions_opened, script.sessions_closed);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_crew, tear_down_crew)
    const struct CMUnitTest tests[] = {
        CASE(what_comes_of_a_target_does_not_depend_on_how_many_there_are),
        CASE(a_limit_of_targets_is_kept_by_all_together),
        CASE(a_rejected_key_lets_nobody_begin),
        CASE(three_failures_in_a_row_end_the_run_scattered_ones_do_not),
        CASE(an_interrupt_ends_all_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
