/* Scripts and the wiring around them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "unit/services/scripted.h"

struct mg_arena *arena;
struct mg_memory_script script;
struct mg_store store;
struct mg_config config;
struct mg_cancel cancel;
struct mg_run_result result;
struct mg_err err;
const char *suite_of_f[4], *reason_without_tests;
bool cancel_in_generator;
enum mg_code ingest_code;
const char *ingest_problem;
unsigned generated, reported;
const char *source_text;
struct mg_turn *turn;
struct mg_generator model;
struct mg_secrets secrets;
double script_now, seconds_of_f, seconds_of_g, seconds_of_confirm;
bool cancel_in_confirm;
static double alarm_at;
static const struct mg_agent_ops *real_agent;

static void pass_time(double seconds)
{
    script_now += seconds;
    if (alarm_at > 0 && script_now >= alarm_at)
        cancel.time_over = 1;
}

static enum mg_code ingest_open(void *self, struct mg_str location, struct mg_str python, struct mg_str root, const struct mg_cancel *token,
                                struct mg_arena *into, struct mg_repo *repo, struct mg_err *why)
{
    (void)self, (void)python, (void)root, (void)token;
    if (ingest_code != MG_OK)
        return MG_FAIL(why, ingest_code, "%s", ingest_problem);
    *repo = (struct mg_repo){ .original = location, .copy = MG_STR("/copy"), .scratch = MG_STR("/scratch"), .fingerprint = MG_STR("abc") };
    *MG_PUSH(into, &repo->sources) = (struct mg_source_file){ MG_STR("m.py"), MG_STR("m"), mg_str_from(source_text) };
    return MG_OK;
}
static void ingest_close(void *self, const struct mg_repo *repo) { (void)self, (void)repo; }

static enum mg_code generate(void *self, const struct mg_generate_request *request, struct mg_arena *into, struct mg_suite *suite,
                             enum mg_llm_fault *fault, struct mg_err *why)
{
    (void)self, (void)fault;
    generated++;
    if (cancel_in_generator)
        cancel.requested = 2;
    bool is_f = mg_str_is(request->target->qualified_name, "m.f");
    double seconds = is_f ? seconds_of_f : mg_str_is(request->target->qualified_name, "m.g") ? seconds_of_g : 0;
    bool waits = seconds >= WAITS_FOR_EVER && alarm_at > 0; /* until the alarm */
    pass_time(waits ? alarm_at - script_now : seconds);
    if (cancel.time_over)
        return MG_FAIL(why, MG_E_CANCELLED, "the time is over");
    *suite = (struct mg_suite){ .imports = MG_STR("from m import f\n"), .reason = mg_str_from(reason_without_tests) };
    for (size_t i = 0; i < MG_COUNT(suite_of_f) && suite_of_f[i] && mg_str_is(request->target->qualified_name, "m.f"); i++)
        *MG_PUSH(into, &suite->tests) = (struct mg_suite_test){ .name = mg_str_from(suite_of_f[i]),
                                                                .source = mg_arena_printf(into, "def %s():\n    assert f\n", suite_of_f[i]),
                                                                .expects_error = mg_str_contains(mg_str_from(suite_of_f[i]), "raises") };
    return MG_OK;
}

static double monotonic(void *self) { return (void)self, script_now; }
static int64_t unix_time(void *self) { return (void)self, 1000; }
static enum mg_code wait_for(void *self, double seconds, const struct mg_cancel *token, struct mg_err *why)
{
    (void)self, (void)seconds, (void)token, (void)why;
    return MG_OK;
}
static void phase(void *self, const char *name, struct mg_str message, uint32_t total) { (void)self, (void)name, (void)message, (void)total; }
static void step(void *self, uint32_t done, struct mg_str message) { (void)self, (void)done, (void)message; }
static void line(void *self, struct mg_str text) { (void)self, (void)text; }
static void work(void *self, uint32_t units) { (void)self, (void)units; }
static void finish(void *self) { (void)self; }
static enum mg_code write_report(void *self, const struct mg_report *report, struct mg_err *why)
{
    (void)self, (void)why;
    assert_true(report->next_step.len > 0); /* it never ends without a next step */
    reported++;
    return MG_OK;
}

static const struct mg_ingest_ops ingest_ops = { .name = "scripted", .open = ingest_open, .close = ingest_close };
static const struct mg_generator_ops generator_ops = { .name = "scripted", .generate = generate };
static enum mg_code set_alarm(void *self, double when, struct mg_cancel *token, struct mg_err *why)
{
    (void)self, (void)why;
    alarm_at = when;
    if (when <= 0)
        token->time_over = 0;
    pass_time(0);
    return MG_OK;
}

static enum mg_code confirm(void *self, const struct mg_confirm *what, struct mg_arena *into, struct mg_confirmed *confirmed, struct mg_err *why)
{
    pass_time(seconds_of_confirm);
    if (cancel_in_confirm)
        cancel.requested = 2;
    return mg_cancelled(&cancel) ? MG_FAIL(why, MG_E_CANCELLED, "stopped") : real_agent->confirm(self, what, into, confirmed, why);
}

static const struct mg_clock_ops clock_ops = {
    .name = "by hand", .monotonic = monotonic, .unix_time = unix_time, .wait = wait_for, .alarm = set_alarm
};
static const struct mg_progress_ops progress_ops = { .name = "silent", .phase = phase, .step = step, .line = line, .work = work, .finish = finish };
static const struct mg_reporter_ops reporter_ops = { .name = "counting", .write = write_report };

int set_up(void **state)
{
    (void)state;
    arena = mg_arena_new();
    store = mg_store_memory_new();
    memset(&script, 0, sizeof script);
    memset(suite_of_f, 0, sizeof suite_of_f);
    mg_config_defaults(&config);
    config.jobs = 2;
    cancel = (struct mg_cancel){ .wake_fd = -1 };
    cancel_in_generator = cancel_in_confirm = false;
    script_now = 1.0;
    seconds_of_f = seconds_of_g = seconds_of_confirm = 0;
    reason_without_tests = "nothing comes to mind";
    ingest_code = MG_OK;
    ingest_problem = "no Python source in it";
    generated = reported = 0;
    source_text = SOURCE;
    turn = NULL;
    model = (struct mg_generator){ 0 };
    secrets = (struct mg_secrets){ .len = 0 };
    return 0;
}

int tear_down(void **state)
{
    (void)state;
    store.ops->close(store.self);
    mg_arena_free(arena);
    return 0;
}

enum mg_code run_it(void)
{
    static const struct mg_reporter reporter = { &reporter_ops, NULL };
    struct mg_progress progress = { &progress_ops, NULL };
    struct mg_agent agent = mg_agent_memory_new(&script);
    struct mg_agent_ops agent_ops = *agent.ops;
    real_agent = agent.ops;
    agent_ops.confirm = confirm;
    agent.ops = &agent_ops;
    alarm_at = 0;
    struct mg_run_services services = { .ingest = { &ingest_ops, NULL },
                                        .agent = agent,
                                        .generator = { &generator_ops, NULL },
                                        .model = model,
                                        .gate = mg_engine_gate(&progress),
                                        .store = store,
                                        .reporters = &reporter,
                                        .reporter_count = 1,
                                        .progress = progress,
                                        .clock = { &clock_ops, NULL },
                                        .cancel = &cancel,
                                        .turn = turn,
                                        .secrets = &secrets,
                                        .version = "test" };
    struct mg_run_request request = { .repo = MG_STR("/repo"), .run_id = MG_STR("r"), .reports_dir = MG_STR("/reports") };
    enum mg_code code = mg_run(&services, &config, &request, arena, &result, &err);
    agent.ops->close(agent.self);
    return code;
}

const struct mg_outcome *outcome_of(const char *name)
{
    for (size_t i = 0; i < result.report.outcomes.len; i++)
        if (mg_str_is(result.report.outcomes.at[i].qualified_name, name))
            return &result.report.outcomes.at[i];
    return NULL;
}

const struct mg_test *test_of(const char *name)
{
    const struct mg_outcome *outcome = outcome_of("m.f");
    for (size_t i = 0; i < outcome->tests.len; i++)
        if (mg_str_is(outcome->tests.at[i].name, name))
            return &outcome->tests.at[i];
    fail_msg("no test %s", name);
    return NULL;
}

void use_rules(const struct mg_memory_rule *rules, size_t count)
{
    script.rules = rules;
    script.rule_count = count;
}
