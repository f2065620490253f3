/* The rounds of a target with a scripted model: who is asked when, what it is told, and what stays when it cannot go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "unit/services/scripted.h"

/* What the model says when asked: tests, or why it gives no reply. */
struct saying {
    const char *tests[3], *imports; /* NULL = those of m.f */
    const char *rejected;           /* a test that its own checks refused */
    bool repeats;
    enum mg_code code;
    enum mg_llm_fault fault;
    const char *text;
};
static const struct saying *sayings; /* about m.f */
static size_t saying_count, asked, asked_of_g;
static const char *refused_of_g; /* why it gets no reply about m.g */
static struct heard {
    enum mg_round round;
    size_t mutants, failing, weak, facts;
    bool reached; /* the first mutant */
    char by[64], failure[128];
} heard[8];

static void hear(const struct mg_generate_request *request)
{
    struct heard *h = &heard[asked];
    *h = (struct heard){ .round = request->round, .mutants = request->mutant_count, .facts = request->fact_count };
    if (request->mutant_count && request->live) {
        h->reached = request->live[0].reached;
        (void)snprintf(h->by, sizeof h->by, "%.*s", MG_FMT(request->live[0].by));
    }
    for (size_t i = 0; request->feedback && i < request->feedback->tests.len; i++) {
        const struct mg_test_feedback *test = &request->feedback->tests.at[i];
        h->failing += !test->passes;
        h->weak += test->passes && test->kills == 0;
        if (!test->passes)
            (void)snprintf(h->failure, sizeof h->failure, "%.*s", MG_FMT(test->failure));
    }
}

static enum mg_code generate(void *self, const struct mg_generate_request *request, struct mg_arena *into, struct mg_suite *suite,
                             enum mg_llm_fault *fault, struct mg_err *why)
{
    (void)self;
    *suite = (struct mg_suite){ .imports = MG_STR("from m import f\n") };
    if (!mg_str_is(request->target->qualified_name, "m.f")) {
        asked_of_g++;
        *fault = MG_LLM_REQUEST;
        if (refused_of_g)
            return MG_FAIL(why, MG_E_HTTP, "%s", refused_of_g);
        *fault = MG_LLM_NO_FAULT;
        suite->reason = MG_STR("nothing to say");
        return MG_OK;
    }
    assert_true(asked < saying_count);
    const struct saying *saying = &sayings[asked];
    hear(request);
    asked++;
    *fault = saying->fault;
    if (saying->code != MG_OK)
        return MG_FAIL(why, saying->code, "%s", saying->text);
    if (saying->imports)
        suite->imports = mg_str_from(saying->imports);
    for (size_t i = 0; i < MG_COUNT(saying->tests) && saying->tests[i]; i++)
        *MG_PUSH(into, &suite->tests) =
            (struct mg_suite_test){ .name = mg_str_from(saying->tests[i]),
                                    .source = mg_arena_printf(into, "def %s():\n    assert f and %zu\n", saying->tests[i], asked) };
    suite->repeats = saying->repeats;
    if (saying->rejected)
        *MG_PUSH(into, &suite->rejected) = (struct mg_rejected){ mg_str_from(saying->rejected), MG_STR("asserts nothing") };
    return MG_OK;
}
static const struct mg_generator_ops model_ops = { .name = "scripted model", .generate = generate };

static int with_model(void **state)
{
    (void)set_up(state);
    model = (struct mg_generator){ &model_ops, NULL };
    sayings = NULL;
    saying_count = asked = asked_of_g = 0;
    refused_of_g = NULL;
    memset(heard, 0, sizeof heard);
    return 0;
}

static void it_says(const struct saying *list, size_t count)
{
    sayings = list;
    saying_count = count;
}

static void the_model_works_on_what_the_search_left(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { SUM_OF_F("test_sum"), LIMIT_OF_F("test_limit") };
    static const struct saying says[] = { { .tests = { "test_limit" } } };
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_sum";
    it_says(says, MG_COUNT(says));
    assert_int_equal(run_it(), MG_OK);
    const struct mg_outcome *f = outcome_of("m.f");
    assert_int_equal(f->state, MG_TARGET_KEPT);
    assert_true(test_of("test_sum")->kept && test_of("test_limit")->kept);
    assert_int_equal(heard[0].mutants, 5); /* of eight */
    assert_true(heard[0].reached);
    assert_string_equal(heard[0].by, "test_sum");
    assert_true(mg_str_is(f->generator, "search + scripted model"));
    assert_int_equal(f->attempts, 2);
    assert_int_equal(asked, 1); /* 8 of 8: nothing is left to ask for */
}

static void names_of_two_rounds_do_not_clash(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { SUM_OF_F("test_sum"), LIMIT_OF_F("test_limit") };
    static const struct saying says[] = { { .tests = { "test_limit" }, .imports = "from n import f\n" } };
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_sum";
    it_says(says, MG_COUNT(says));
    assert_int_equal(run_it(), MG_OK);
    assert_true(mg_str_contains(outcome_of("m.f")->imports, "from m import f\n"));
    assert_true(mg_str_contains(outcome_of("m.f")->imports, "from n import f as f_2\n"));
    assert_true(mg_str_contains(test_of("test_limit")->source, "assert f_2 and"));
    assert_true(mg_str_contains(test_of("test_sum")->source, "assert f\n"));
}

static void a_target_that_the_search_satisfies_costs_no_call(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { SUM_OF_F("test_sum"), LIMIT_OF_F("test_sum") };
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_sum";
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
    assert_int_equal(asked, 0);
    assert_int_equal(asked_of_g, 2); /* the search had nothing for g: two rounds without a kill, then no more */
}

/* 5 of 6 of the level; with max() above it, which is alive, it would be 5 of 7. */
static void what_is_alive_above_the_level_costs_no_call(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { NOTICES("test_low", "x - 5"), NOTICES("test_low", "x + 4"), NOTICES("test_low", "x + 6"),
                                                   NOTICES("test_low", "min(x, 29)"), NOTICES("test_low", "min(x, 31)") };
    source_text = "def f(x):\n    x = x + 5\n    return min(x, 30)\n";
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_low";
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
    assert_int_equal(asked, 0);
}

static void the_strategy_says_who_is_asked(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { SUM_OF_F("test_sum"), LIMIT_OF_F("test_limit") };
    static const struct saying says[] = { { .tests = { "test_limit", "test_sum" } } };
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_sum";
    it_says(says, MG_COUNT(says));
    config.llm.strategy = MG_STR("search");
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(asked + asked_of_g, 0);
    config.llm.strategy = MG_STR("model");
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(asked, 1);
    assert_int_equal(heard[0].mutants, 8); /* the search wrote nothing */
    assert_true(mg_str_is(outcome_of("m.f")->generator, "scripted model"));
}

static void failing_tests_are_repaired_first(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { { "x + 5", "test_wrong", MG_MEMORY_FAILS }, SUM_OF_F("test_sum"), LIMIT_OF_F("test_limit") };
    static const struct saying says[] = {
        { .tests = { "test_sum", "test_wrong" } },
        { .tests = { "test_limit" } },
    };
    use_rules(rules, MG_COUNT(rules));
    it_says(says, MG_COUNT(says));
    config.llm.strategy = MG_STR("model");
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(heard[1].round, MG_ROUND_REPAIR);
    assert_int_equal(heard[1].failing, 1);
    assert_int_equal(heard[1].mutants, 5); /* what the good test killed stays killed */
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
    assert_false(test_of("test_wrong")->kept);
}

/* The first test to meet an endless loop is not chosen: the chosen one is asked about that mutant, too. */
static void a_time_out_counts_for_the_test_that_stays(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { { "(False)", "test_", MG_MEMORY_TIMES_OUT }, SUM_OF_F("test_all"), LIMIT_OF_F("test_all") };
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_first", suite_of_f[1] = "test_all";
    assert_int_equal(run_it(), MG_OK);
    assert_false(test_of("test_first")->kept);
    assert_int_equal(outcome_of("m.f")->after.of[MG_VERDICT_timeout], 1);
    assert_int_equal(mg_tally_detected(&outcome_of("m.f")->after), 8);
}

static void a_repaired_test_takes_the_place_of_the_broken_one(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { SUM_OF_F("_2.py::test_all"),
                                                   LIMIT_OF_F("_2.py::test_all"),
                                                   { "x + 5", "_2.py::test_all", MG_MEMORY_MISSES },
                                                   { NULL, "test_all", MG_MEMORY_FAILS } };
    static const struct saying says[] = { { .tests = { "test_all" } }, { .tests = { "test_all" } } };
    use_rules(rules, MG_COUNT(rules));
    it_says(says, MG_COUNT(says));
    config.llm.strategy = MG_STR("model");
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
    assert_int_equal(outcome_of("m.f")->tests.len, 1);
    assert_true(mg_str_contains(test_of("test_all")->source, "f and 2"));
}

static void rejected_tests_go_back_with_their_reason(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { SUM_OF_F("test_all"), LIMIT_OF_F("test_all") };
    static const struct saying says[] = { { .rejected = "test_all" }, { .tests = { "test_all" } } };
    use_rules(rules, MG_COUNT(rules));
    it_says(says, MG_COUNT(says));
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(heard[1].round, MG_ROUND_REPAIR);
    assert_string_equal(heard[1].failure, "asserts nothing");
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
}

/* Weak tests, then none better: two rounds without a kill end it, though more strengthening was allowed. */
static void it_stops_after_two_rounds_without_a_kill(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { SUM_OF_F("test_sum") };
    static const struct saying says[] = {
        { .tests = { "test_sum" } }, { .tests = { "test_weak" } }, { .tests = { "test_weaker" } }, { .tests = { "test_never" } }
    };
    use_rules(rules, MG_COUNT(rules));
    it_says(says, MG_COUNT(says));
    config.orchestrator.max_strengthen_attempts = 5;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(asked, 3);
    assert_int_equal(heard[1].round, MG_ROUND_STRENGTHEN);
    assert_int_equal(heard[2].weak, 1);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_DISCARDED);
    assert_int_equal(mg_tally_detected(&outcome_of("m.f")->improved), 3); /* the worse suites took nothing away */
}

/* The same name again, for a weaker test: the better one keeps its place. */
static void a_passing_test_is_never_replaced(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { { "<= 30", "test_limit_2", MG_MEMORY_FAILS },
                                                   SUM_OF_F("test_limit"),
                                                   NOTICES("test_limit", "!= 30") };
    static const struct saying says[] = { { .tests = { "test_limit" } }, { .tests = { "test_limit" } } };
    use_rules(rules, MG_COUNT(rules));
    it_says(says, MG_COUNT(says));
    config.llm.strategy = MG_STR("model");
    config.orchestrator.max_strengthen_attempts = 1;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(mg_tally_detected(&outcome_of("m.f")->improved), 5); /* four of the first, one of the second */
    assert_int_equal(test_of("test_limit")->kills.len, 4);
    assert_int_equal(test_of("test_limit_2")->kills.len, 1);
}

/* Its tests end the session that judges them: what was judged before stays. */
static void tests_that_break_the_session_cost_only_themselves(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { SUM_OF_F("test_sum"), LIMIT_OF_F("test_sum") };
    static const struct saying says[] = { { .tests = { "test_deadly" } } };
    use_rules(rules, 4); /* 4 of 8 */
    suite_of_f[0] = "test_sum";
    script.deadly_source = "test_deadly";
    it_says(says, MG_COUNT(says));
    config.mutation.keep = MG_KEEP_IMPROVING;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
    assert_int_equal(mg_tally_detected(&outcome_of("m.f")->after), 4);
    assert_int_equal(asked, 1); /* nobody is asked twice */
    assert_true(mg_str_contains(outcome_of("m.f")->notes.at[0], "the session is gone"));
}

static void a_gain_does_not_finish_what_the_budget_cut_short(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { SUM_OF_F("test_sum") };
    static const struct saying says[] = { { .code = MG_E_LIMIT, .text = "cost_limit_reached" } };
    use_rules(rules, MG_COUNT(rules));
    suite_of_f[0] = "test_sum";
    it_says(says, MG_COUNT(says));
    config.mutation.keep = MG_KEEP_IMPROVING;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_UNFINISHED);
}

/* Nothing works at first: both repairs are used, and strengthening is still to come. */
static void repairs_have_a_limit_of_their_own(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { SUM_OF_F("test_all"), LIMIT_OF_F("test_all"), { "x + 5", "test_bad", MG_MEMORY_FAILS } };
    static const struct saying says[] = {
        { .tests = { "test_bad" } }, { .tests = { "test_bad2" } }, { .tests = { "test_bad3" } }, { .tests = { "test_all" } }
    };
    use_rules(rules, MG_COUNT(rules));
    it_says(says, MG_COUNT(says));
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(heard[1].round, MG_ROUND_REPAIR);
    assert_int_equal(heard[2].round, MG_ROUND_REPAIR);
    assert_int_equal(heard[3].round, MG_ROUND_STRENGTHEN);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
}

/* A reply without any test and without a refusal is an answer: it is not asked to repair nothing. */
static void there_is_nothing_to_repair_without_a_failure(void **state)
{
    (void)state;
    static const struct saying says[] = { { .tests = { NULL } }, { .tests = { NULL } } };
    it_says(says, MG_COUNT(says));
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(asked, 2);
    assert_int_equal(heard[1].round, MG_ROUND_STRENGTHEN);
}

static void a_stopped_run_keeps_what_was_paid_for(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { SUM_OF_F("test_sum"), LIMIT_OF_F("test_limit") };
    static const struct saying says[] = { { .tests = { "test_sum" } },
                                          { .code = MG_E_CANCELLED, .text = "stopped by the user" },
                                          { .tests = { "test_limit" } } };
    use_rules(rules, MG_COUNT(rules));
    it_says(says, MG_COUNT(says));
    assert_int_equal(run_it(), MG_OK);
    assert_true(mg_str_is(result.report.status, "cancelled"));
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_UNFINISHED);
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(heard[2].mutants, 5); /* the first session's test is there again */
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
}

static void what_is_begun_anew_is_said(void **state)
{
    (void)state;
    static const struct saying says[] = { { .tests = { NULL } }, { .tests = { NULL } }, { .tests = { NULL } }, { .tests = { NULL } } };
    it_says(says, MG_COUNT(says));
    assert_int_equal(run_it(), MG_OK);
    for (size_t i = 0; i < result.report.notes.len; i++)
        assert_false(mg_str_contains(result.report.notes.at[i].text, "begun anew"));
    config.generation.seed = 7;
    assert_int_equal(run_it(), MG_OK);
    bool said = false;
    for (size_t i = 0; i < result.report.notes.len; i++)
        said = said || mg_str_starts(result.report.notes.at[i].text, "2 finished targets of this run are begun anew");
    assert_true(said);
}

static void attempts_are_counted(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { { "x + 5", NULL, MG_MEMORY_FAILS } }; /* nothing passes on the original */
    static const struct saying says[] = {
        { .tests = { "test_a" } }, { .tests = { "test_b" } }, { .tests = { "test_c" } }, { .tests = { "test_d" } }
    };
    use_rules(rules, MG_COUNT(rules));
    it_says(says, MG_COUNT(says));
    config.orchestrator.max_repair_attempts = config.orchestrator.max_strengthen_attempts = 0;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(asked, 1);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_DISCARDED);
}

/* The budget is used up in the middle: what was judged stays, the target is left, and the next session goes on from there. */
static void a_refused_reservation_leaves_the_target_for_later(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { SUM_OF_F("test_sum"), LIMIT_OF_F("test_limit") };
    static const struct saying says[] = { { .tests = { "test_sum" } },
                                          { .code = MG_E_LIMIT, .text = "cost_limit_reached" },
                                          { .tests = { "test_limit" } } };
    use_rules(rules, MG_COUNT(rules));
    it_says(says, MG_COUNT(says));
    config.llm.strategy = MG_STR("model");
    assert_int_equal(run_it(), MG_OK);
    assert_true(mg_str_is(result.report.status, "partial"));
    assert_true(mg_str_is(result.report.stop_reason, "cost_limit_reached"));
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_UNFINISHED);
    assert_int_equal(mg_tally_detected(&outcome_of("m.f")->improved), 3);
    assert_int_equal(asked_of_g, 0); /* the run stopped there */
    assert_null(outcome_of("m.g"));
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(asked, 3);
    assert_int_equal(heard[2].mutants, 5); /* it began with the test of the first session */
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
    assert_true(test_of("test_sum")->kept && test_of("test_limit")->kept);
    assert_true(mg_str_is(result.report.status, "succeeded"));
}

static void a_budget_that_ends_behind_the_threshold_costs_nothing(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { LIMIT_OF_F("test_all"), NOTICES("test_all", "x - 5") };
    static const struct saying says[] = { { .tests = { "test_all" } }, { .code = MG_E_LIMIT, .text = "token_limit_reached" } };
    use_rules(rules, MG_COUNT(rules));
    it_says(says, MG_COUNT(says));
    config.mutation.score_threshold = 0.75; /* 6 of 8 */
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(asked, 1); /* the threshold is reached: it is not asked for more */
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
}

static void a_rejected_key_ends_the_run_and_nothing_is_lost(void **state)
{
    (void)state;
    static const struct saying says[] = { { .code = MG_E_HTTP, .fault = MG_LLM_ACCOUNT, .text = "401 bad key" }, { .tests = { "test_all" } } };
    static const struct mg_memory_rule rules[] = { SUM_OF_F("test_all"), LIMIT_OF_F("test_all") };
    use_rules(rules, MG_COUNT(rules));
    it_says(says, MG_COUNT(says));
    assert_int_equal(run_it(), MG_OK);
    assert_true(mg_str_is(result.report.status, "partial"));
    assert_true(mg_str_is(result.report.stop_reason, "provider_failed: 401 bad key"));
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_UNFINISHED);
    assert_int_equal(result.report.targets_left, 2);
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
}

static void a_busy_provider_leaves_one_target_and_the_run_goes_on(void **state)
{
    (void)state;
    static const struct saying says[] = { { .code = MG_E_TIMEOUT, .fault = MG_LLM_TEMPORARY, .text = "529 overloaded" } };
    it_says(says, MG_COUNT(says));
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_UNFINISHED);
    assert_true(mg_str_contains(outcome_of("m.f")->reason, "529 overloaded"));
    assert_int_equal(outcome_of("m.g")->state, MG_TARGET_DISCARDED);
    assert_true(mg_str_is(result.report.status, "partial"));
    assert_true(mg_str_is(result.report.stop_reason, "unanswered: the model did not answer: 529 overloaded"));
}

static void word_for_word_the_same_rejected_reply_ends_the_repairs(void **state)
{
    (void)state;
    static const struct saying says[] = {
        { .rejected = "test_a" }, { .rejected = "test_a" }, { .rejected = "test_a", .repeats = true }, { .rejected = "test_a", .repeats = true }
    };
    it_says(says, MG_COUNT(says));
    config.orchestrator.max_repair_attempts = 9;
    config.orchestrator.max_strengthen_attempts = 1;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(asked, 4);
    assert_int_equal(heard[2].round, MG_ROUND_REPAIR);
    assert_int_equal(heard[3].round, MG_ROUND_STRENGTHEN);
    assert_true(mg_str_contains(outcome_of("m.f")->notes.at[0], "word for word"));
}

static void a_request_that_is_refused_ends_its_target_where_others_are_answered(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { SUM_OF_F("test_all"), LIMIT_OF_F("test_all") };
    static const struct saying says[] = { { .tests = { "test_all" } } };
    use_rules(rules, MG_COUNT(rules));
    it_says(says, MG_COUNT(says));
    refused_of_g = "413 too large";
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
    assert_int_equal(outcome_of("m.g")->state, MG_TARGET_DISCARDED);
    assert_true(mg_str_contains(outcome_of("m.g")->reason, "413 too large"));
    assert_true(mg_str_is(result.report.status, "succeeded"));
}

/* Whoever was asked first: how many are asked at once must make no difference. */
static void a_refusal_before_others_are_answered_turns_out_to_be_the_targets_own(void **state)
{
    (void)state;
    static const struct saying says[] = { { .code = MG_E_HTTP, .fault = MG_LLM_REQUEST, .text = "413 too large" } };
    it_says(says, MG_COUNT(says));
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_DISCARDED);
    assert_true(mg_str_is(outcome_of("m.f")->reason, "the model gave no usable reply: 413 too large"));
    assert_true(mg_str_is(result.report.status, "succeeded"));
    assert_int_equal(result.report.stop_reason.len, 0);
}

/* A wrong address or parameter refuses all of them: none may be lost by that. */
static void refusals_before_any_reply_leave_their_targets(void **state)
{
    (void)state;
    static const struct mg_memory_rule rules[] = { SUM_OF_F("test_all"), LIMIT_OF_F("test_all") };
    static const struct saying says[] = { { .code = MG_E_HTTP, .fault = MG_LLM_REQUEST, .text = "404 no such route" }, { .tests = { "test_all" } } };
    use_rules(rules, MG_COUNT(rules));
    it_says(says, MG_COUNT(says));
    refused_of_g = "404 no such route";
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_UNFINISHED);
    assert_int_equal(outcome_of("m.g")->state, MG_TARGET_UNFINISHED);
    assert_true(mg_str_is(outcome_of("m.f")->reason, "the model gave no usable reply: 404 no such route"));
    assert_true(mg_str_is(result.report.status, "partial"));
    refused_of_g = NULL;
    assert_int_equal(run_it(), MG_OK);
    assert_int_equal(outcome_of("m.f")->state, MG_TARGET_KEPT);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, with_model, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_model_works_on_what_the_search_left),
        CASE(names_of_two_rounds_do_not_clash),
        CASE(a_target_that_the_search_satisfies_costs_no_call),
        CASE(what_is_alive_above_the_level_costs_no_call),
        CASE(the_strategy_says_who_is_asked),
        CASE(failing_tests_are_repaired_first),
        CASE(a_time_out_counts_for_the_test_that_stays),
        CASE(a_repaired_test_takes_the_place_of_the_broken_one),
        CASE(rejected_tests_go_back_with_their_reason),
        CASE(it_stops_after_two_rounds_without_a_kill),
        CASE(a_passing_test_is_never_replaced),
        CASE(tests_that_break_the_session_cost_only_themselves),
        CASE(a_gain_does_not_finish_what_the_budget_cut_short),
        CASE(repairs_have_a_limit_of_their_own),
        CASE(there_is_nothing_to_repair_without_a_failure),
        CASE(a_stopped_run_keeps_what_was_paid_for),
        CASE(what_is_begun_anew_is_said),
        CASE(attempts_are_counted),
        CASE(a_refused_reservation_leaves_the_target_for_later),
        CASE(a_budget_that_ends_behind_the_threshold_costs_nothing),
        CASE(a_rejected_key_ends_the_run_and_nothing_is_lost),
        CASE(word_for_word_the_same_rejected_reply_ends_the_repairs),
        CASE(a_busy_provider_leaves_one_target_and_the_run_goes_on),
        CASE(a_request_that_is_refused_ends_its_target_where_others_are_answered),
        CASE(a_refusal_before_others_are_answered_turns_out_to_be_the_targets_own),
        CASE(refusals_before_any_reply_leave_their_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
