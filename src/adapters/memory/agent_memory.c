/* The agent port by script. */
#include "adapters/memory/agent_memory.h"
#include "base/str.h"
#include <string.h>

#define MAGIC 0x414d454du

struct memory_agent {
    unsigned magic;
    struct mg_arena *arena;
    struct mg_memory_script *script;
    struct {
        struct mg_str *files;
        size_t file_count;
        uint32_t *tests;
        size_t test_count, next;
    } baseline;
};
struct mg_session {
    unsigned magic;
    struct mg_arena *arena;
    struct memory_agent *agent;
    struct {
        MG_VEC(struct mg_str)
    } tests; /* ids by index */
    struct {
        MG_VEC(struct mg_mutant_job)
    } jobs; /* not yet answered */
    unsigned targets;
};

static struct memory_agent *checked(void *self)
{
    struct memory_agent *agent = self;
    MG_ASSERT(agent && agent->magic == MAGIC);
    return agent;
}

/* --- the agent --- */

static struct mg_test_case test_case(struct mg_arena *arena, struct mg_str id)
{
    size_t colon = mg_str_find(id, ':', 0);
    return (struct mg_test_case){ .id = mg_arena_str(arena, id), .file = mg_arena_str(arena, mg_str_sub(id, 0, colon)) };
}

static enum mg_code start(void *self, const struct mg_agent_start *how, struct mg_arena *arena, struct mg_collected *collected, struct mg_err *err)
{
    (void)how;
    (void)err;
    const struct mg_memory_script *script = checked(self)->script;
    *collected = (struct mg_collected){ .python_version = MG_STR("3.11.7"), .pytest_version = MG_STR("8.3.4") };
    for (size_t i = 0; i < script->test_count; i++)
        *MG_PUSH(arena, &collected->tests) = test_case(arena, mg_str_from(script->tests[i].id));
    collected->tests_dir = mg_str_from(script->tests_dir ? script->tests_dir : "tests");
    return MG_OK;
}

static enum mg_code revive(void *self, bool *revived, struct mg_err *err)
{
    (void)err;
    checked(self);
    *revived = false; /* nothing can kill it */
    return MG_OK;
}

static enum mg_code baseline(void *self, const struct mg_str *files, size_t file_count, const uint32_t *tests, size_t test_count, bool apart,
                             double pause, struct mg_err *err)
{
    (void)err;
    (void)apart;
    struct memory_agent *agent = checked(self);
    size_t count = tests ? test_count : agent->script->test_count, most = agent->script->pause_after;
    count = pause > 0 && most > 0 && count > most ? most : count;
    agent->baseline.files = MG_NEW_ARRAY(agent->arena, struct mg_str, file_count + 1);
    agent->baseline.file_count = file_count;
    for (size_t i = 0; i < file_count; i++)
        agent->baseline.files[i] = mg_arena_str(agent->arena, files[i]);
    agent->baseline.tests = MG_NEW_ARRAY(agent->arena, uint32_t, count + 1);
    agent->baseline.test_count = count;
    for (size_t i = 0; i < count; i++)
        agent->baseline.tests[i] = tests ? tests[i] : (uint32_t)i;
    agent->baseline.next = 0;
    return MG_OK;
}

static enum mg_code baseline_next(void *self, struct mg_arena *arena, struct mg_baseline_result *result, bool *more, struct mg_err *err)
{
    (void)err;
    struct memory_agent *agent = checked(self);
    *more = agent->baseline.next < agent->baseline.test_count;
    if (!*more)
        return MG_OK;
    uint32_t index = agent->baseline.tests[agent->baseline.next++];
    const struct mg_memory_test *test = &agent->script->tests[index];
    *result = (struct mg_baseline_result){ .test = index, .outcome = test->outcome, .seconds = test->seconds, .text = mg_str_from(test->text) };
    agent->script->tests_run++;
    if (agent->baseline.file_count == 0 && agent->script->failing_again && strstr(test->id, agent->script->failing_again))
        result->outcome = MG_TEST_FAILED;
    for (size_t i = 0; test->covers && i < agent->baseline.file_count; i++)
        if (mg_str_is(agent->baseline.files[i], test->covers))
            *MG_PUSH(arena, &result->lines) = (struct mg_line_range){ .file = (uint32_t)i, .first = test->first, .last = test->last };
    return MG_OK;
}

static enum mg_code open_session(void *self, struct mg_session **session, struct mg_err *err)
{
    (void)err;
    struct memory_agent *agent = checked(self);
    struct mg_arena *arena = mg_arena_new();
    *session = MG_NEW(arena, struct mg_session);
    **session = (struct mg_session){ .magic = MAGIC, .arena = arena, .agent = agent };
    for (size_t i = 0; i < agent->script->test_count; i++)
        *MG_PUSH(arena, &(*session)->tests) = mg_str_from(agent->script->tests[i].id);
    agent->script->sessions_opened++;
    return MG_OK;
}

static void add_confirmed(const struct mg_memory_script *script, struct mg_str id, struct mg_arena *arena, struct mg_confirmed *result)
{
    if (script->lost_confirm && mg_str_contains(id, script->lost_confirm))
        return;
    bool fails = script->failing_confirm && mg_str_contains(id, script->failing_confirm);
    *MG_PUSH(arena, &result->tests) = (struct mg_confirmed_test){
        .id = id,
        .outcome = fails ? MG_TEST_FAILED : MG_TEST_PASSED,
        .text = fails ? MG_STR("AssertionError: by script") : MG_STR(""),
    };
}

/* The test functions of a generated module. */
static void confirm_source(const struct mg_memory_script *script, const struct mg_confirm_source *file, struct mg_arena *arena,
                           struct mg_confirmed *result)
{
    struct mg_str rest = file->source, line;
    while (mg_str_next_line(&rest, &line))
        if (mg_str_starts(line, "def test_")) {
            struct mg_str name = mg_str_sub(line, 4, mg_str_find(line, '(', 0));
            add_confirmed(script, mg_arena_printf(arena, "%.*s::%.*s", MG_FMT(file->path), MG_FMT(name)), arena, result);
        }
}

/* Generated modules by their tests; else one node, or "file::*" for a whole file. */
static enum mg_code confirm(void *self, const struct mg_confirm *what, struct mg_arena *arena, struct mg_confirmed *result, struct mg_err *err)
{
    (void)err;
    struct mg_memory_script *script = checked(self)->script;
    script->confirms++;
    *result = (struct mg_confirmed){ 0 };
    for (size_t i = 0; i < what->files.len; i++) {
        const struct mg_confirm_source *source = NULL;
        for (size_t s = 0; s < what->sources.len; s++)
            if (mg_str_eq(what->sources.at[s].path, what->files.at[i]))
                source = &what->sources.at[s];
        struct mg_str id = mg_arena_str(arena, what->files.at[i]);
        if (source)
            confirm_source(script, source, arena, result);
        else
            add_confirmed(script, mg_str_contains(id, "::") ? id : mg_arena_printf(arena, "%.*s::*", MG_FMT(id)), arena, result);
    }
    return MG_OK;
}

/* --- sessions --- */

static enum mg_code session_target(struct mg_session *session, const struct mg_target *target, struct mg_arena *arena, struct mg_found *found,
                                   struct mg_err *err)
{
    const struct mg_memory_script *script = session->agent->script;
    if (script->import_error)
        return MG_FAIL(err, MG_E_CHILD, "the module cannot be imported: %s", script->import_error);
    if (script->tired && session->targets++ > 0)
        return MG_FAIL(err, MG_E_CHILD, "the session is gone");
    *found = (struct mg_found){ .functions = script->not_found ? 0 : 1, .has_imported = script->has_imported };
    if (script->imported)
        *MG_PUSH(arena, &found->imported) = (struct mg_line_range){ 0, target->function.first_line, target->function.end_line };
    return MG_OK;
}

static enum mg_code session_describe(struct mg_session *session, struct mg_arena *arena, struct mg_description *description, struct mg_err *err)
{
    (void)err;
    *description = (struct mg_description){ .returns = MG_NEW(arena, struct mg_type) };
    if (session->agent->script->description)
        *description = *session->agent->script->description;
    return MG_OK;
}

static enum mg_code session_probe(struct mg_session *session, const struct mg_probe *probe, struct mg_arena *arena, struct mg_probed *result,
                                  struct mg_err *err)
{
    const struct mg_memory_script *script = session->agent->script;
    *result = (struct mg_probed){ 0 };
    if (script->probe)
        return script->probe(script->probe_data, probe, arena, result, err);
    for (size_t i = 0; i < probe->calls.len; i++)
        *MG_PUSH(arena, &result->observations) = (struct mg_observation){ .stable = false };
    return MG_OK;
}

static enum mg_code session_load(struct mg_session *session, struct mg_str path, struct mg_str source, struct mg_arena *arena,
                                 struct mg_collected *collected, uint32_t *first, struct mg_err *err)
{
    (void)err;
    const struct mg_memory_script *script = session->agent->script;
    *collected = (struct mg_collected){ .tests_dir = MG_STR("tests") };
    *first = (uint32_t)session->tests.len;
    if (script->deadly_source && mg_str_contains(source, script->deadly_source))
        return MG_FAIL(err, MG_E_CHILD, "the session is gone");
    if (script->broken_source && mg_str_contains(source, script->broken_source)) {
        *MG_PUSH(arena, &collected->errors) = (struct mg_collect_error){ .where = path, .text = MG_STR("SyntaxError: by script") };
        return MG_OK;
    }
    struct mg_str rest = source, line;
    while (mg_str_next_line(&rest, &line)) {
        if (!mg_str_starts(line, "def test_"))
            continue;
        struct mg_str name = mg_str_sub(line, 4, mg_str_find(line, '(', 0));
        struct mg_str id = mg_arena_printf(session->arena, "%.*s::%.*s", MG_FMT(path), MG_FMT(name));
        *MG_PUSH(session->arena, &session->tests) = id;
        *MG_PUSH(arena, &collected->tests) = test_case(arena, id);
    }
    return MG_OK;
}

static enum mg_code session_check(struct mg_session *session, struct mg_str source, struct mg_arena *arena, struct mg_str *problem,
                                  struct mg_err *err)
{
    (void)arena;
    (void)err;
    struct mg_memory_script *script = session->agent->script;
    script->checks++;
    *problem = script->broken_source && mg_str_contains(source, script->broken_source) ? MG_STR("line 1: by script") : MG_STR("");
    return MG_OK;
}

static enum mg_code session_examine(struct mg_session *session, const uint32_t *tests, size_t count, double seconds, struct mg_arena *arena,
                                    struct mg_examined *examined, struct mg_err *err)
{
    (void)seconds;
    struct mg_memory_script *script = session->agent->script;
    script->examinations++;
    *examined = (struct mg_examined){ 0 };
    for (size_t i = 0; i < count; i++) {
        if (tests[i] >= session->tests.len)
            return MG_FAIL(err, MG_E_STATE, "there is no test %u", (unsigned)tests[i]);
        struct mg_examined_test *test = MG_PUSH(arena, &examined->tests);
        *test = (struct mg_examined_test){ .test = tests[i], .text = MG_STR(""), .actual = MG_STR("") };
        const struct mg_memory_examined *told = NULL;
        for (size_t r = 0; !told && r < script->examined_count; r++)
            if (mg_str_contains(session->tests.at[tests[i]], script->examined[r].test))
                told = &script->examined[r];
        if (!told)
            continue;
        test->outcome = told->outcome;
        test->text = mg_str_from(told->text ? told->text : "");
        test->actual = mg_str_from(told->actual ? told->actual : "");
        for (size_t p = 0; p < told->patch_count; p++)
            *MG_PUSH(arena, &test->patches) = told->patches[p];
    }
    return MG_OK;
}

static enum mg_code session_submit(struct mg_session *session, const struct mg_mutant_job *job, struct mg_err *err)
{
    (void)err;
    struct mg_mutant_job copy = *job;
    copy.source = mg_arena_str(session->arena, job->source);
    copy.tests.at = MG_NEW_ARRAY(session->arena, uint32_t, job->tests.len + 1);
    copy.tests.cap = job->tests.len + 1;
    if (job->tests.len > 0)
        memcpy(copy.tests.at, job->tests.at, job->tests.len * sizeof *job->tests.at);
    *MG_PUSH(session->arena, &session->jobs) = copy;
    session->agent->script->jobs_run++;
    return MG_OK;
}

static const struct mg_memory_rule *rule_for(const struct mg_memory_script *script, struct mg_str source, struct mg_str test)
{
    for (size_t i = 0; i < script->rule_count; i++) {
        const struct mg_memory_rule *rule = &script->rules[i];
        bool whole = rule->effect == MG_MEMORY_REFUSED || rule->effect == MG_MEMORY_SAME_CODE;
        if ((!rule->contains || mg_str_contains(source, rule->contains)) && (whole || !rule->test || mg_str_contains(test, rule->test)))
            return rule;
    }
    return NULL;
}

/* Runs one test on the job's mutant. False when the job ends with it. */
static bool run_test(const struct mg_session *session, const struct mg_mutant_job *job, uint32_t test, struct mg_arena *arena,
                     struct mg_mutant_run *run)
{
    const struct mg_memory_rule *rule = rule_for(session->agent->script, job->source, session->tests.at[test]);
    struct mg_test_run one = { .test = test, .hit = true };
    if (rule && (rule->effect == MG_MEMORY_TIMES_OUT || rule->effect == MG_MEMORY_DIES)) {
        run->end = rule->effect == MG_MEMORY_DIES ? MG_RUN_DIED : MG_RUN_TIMEOUT;
        run->at = test;
        run->at_hit = true;
        return false;
    }
    if (rule) {
        one.failed = rule->effect != MG_MEMORY_MISSES;
        one.hit = rule->effect == MG_MEMORY_FAILS || rule->effect == MG_MEMORY_CRASHES;
        one.crash = rule->effect == MG_MEMORY_CRASHES;
        one.in_setup = rule->effect == MG_MEMORY_FAILS_IN_SETUP;
        one.text = !one.failed ? MG_STR("") : one.crash ? MG_STR("TypeError: by script") : MG_STR("AssertionError: by script");
    }
    *MG_PUSH(arena, &run->runs) = one;
    return !(one.failed && job->bail);
}

static enum mg_code session_next(struct mg_session *session, struct mg_arena *arena, struct mg_mutant_run *run, struct mg_err *err)
{
    const struct mg_memory_script *script = session->agent->script;
    if (session->jobs.len == 0)
        return MG_FAIL(err, MG_E_STATE, "no mutant is running");
    size_t at = script->newest_first ? session->jobs.len - 1 : 0;
    struct mg_mutant_job job = session->jobs.at[at];
    session->jobs.len--;
    memmove(session->jobs.at + at, session->jobs.at + at + 1, (session->jobs.len - at) * sizeof *session->jobs.at);
    *run = (struct mg_mutant_run){ .ticket = job.ticket, .end = MG_RUN_DONE, .seconds = 0.001 };
    const struct mg_memory_rule *rule = rule_for(script, job.source, MG_STR(""));
    if (rule && (rule->effect == MG_MEMORY_REFUSED || rule->effect == MG_MEMORY_SAME_CODE)) {
        run->end = MG_RUN_REFUSED;
        run->same_code = rule->effect == MG_MEMORY_SAME_CODE;
        run->reason = run->same_code ? MG_STR("same byte code as the original") : MG_STR("SyntaxError: by script");
        return MG_OK;
    }
    for (size_t i = 0; i < job.tests.len; i++) {
        if (job.tests.at[i] >= session->tests.len)
            return MG_FAIL(err, MG_E_CHILD, "there is no test %u", (unsigned)job.tests.at[i]);
        if (!run_test(session, &job, job.tests.at[i], arena, run))
            break;
    }
    return MG_OK;
}

static void session_close(struct mg_session *session)
{
    if (!session)
        return;
    MG_ASSERT(session->magic == MAGIC);
    session->agent->script->sessions_closed++;
    session->magic = 0;
    mg_arena_free(session->arena);
}

static void stop(void *self) { checked(self)->baseline.test_count = 0; }

static void close_agent(void *self) { mg_arena_free(checked(self)->arena); }

static const struct mg_agent_ops ops = {
    .name = "memory",
    .start = start,
    .revive = revive,
    .baseline = baseline,
    .baseline_next = baseline_next,
    .open_session = open_session,
    .confirm = confirm,
    .session_target = session_target,
    .session_describe = session_describe,
    .session_probe = session_probe,
    .session_load = session_load,
    .session_check = session_check,
    .session_examine = session_examine,
    .session_submit = session_submit,
    .session_next = session_next,
    .session_close = session_close,
    .stop = stop,
    .close = close_agent,
};

struct mg_agent mg_agent_memory_new(struct mg_memory_script *script)
{
    struct mg_arena *arena = mg_arena_new();
    struct memory_agent *agent = MG_NEW(arena, struct memory_agent);
    *agent = (struct memory_agent){ .magic = MAGIC, .arena = arena, .script = script };
    return (struct mg_agent){ .ops = &ops, .self = agent };
}
