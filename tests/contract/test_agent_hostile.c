/* The agent port against a peer that lies: a thread plays the interpreter behind a sandbox that starts nothing. Whatever it sends, a call
 * ends with MG_E_CHILD (or a believable answer), never with a crash, a hang or an index out of range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "adapters/agent_process/agent_process.h"
#include "base/buf.h"
#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"

#define TESTS_KNOWN 2 /* in the good answer of collect */

static char root[] = "/tmp/mg-hostile-XXXXXX";
static struct mg_arena *arena;
static struct mg_agent agent;
static struct mg_err err;

/* --- the peer --- */

/* In every answer "@" stands for the request's id. */
static const struct good {
    const char *op, *answer;
} good[] = {
    { "start", "{\"id\":@,\"ok\":true,\"python\":\"3.11.7\",\"pytest\":\"8.3.4\"}\n" },
    { "collect", "{\"id\":@,\"ok\":true,\"tests\":[{\"id\":\"t.py::a\",\"file\":\"t.py\"},{\"id\":\"t.py::b\",\"file\":\"t.py\"}],"
                 "\"errors\":[{\"where\":\"u.py\",\"text\":\"E\"}],\"notes\":[\"n\"],\"threads\":1,\"tests_dir\":\"tests\"}\n" },
    { "baseline", "{\"id\":@,\"event\":\"test\",\"test\":1,\"outcome\":\"passed\",\"seconds\":0.5,\"lines\":[[0,1,2]],\"text\":\"\"}\n" },
    { "session", "{\"id\":@,\"ok\":true,\"pid\":1}\n" },
    { "target", "{\"id\":@,\"ok\":true,\"functions\":1}\n" },
    { "describe", "{\"id\":@,\"ok\":true,\"params\":[{\"name\":\"x\",\"kind\":\"keyword\",\"has_default\":true,\"default\":\"1\",\"type\":{\"kind\":"
                  "\"dict\",\"of\":[{\"kind\":\"int\"}]}}],\"returns\":{\"kind\":\"class\",\"name\":\"C\",\"module\":\"m\",\"params\":[]},"
                  "\"doctests\":[{\"source\":\"f(1)\",\"want\":\"2\"}],\"is_async\":false}\n" },
    { "probe", "{\"id\":@,\"ok\":true,\"observations\":[{\"stable\":true,\"raised\":false,\"facts\":[{\"form\":\"eq\",\"of\":\"result\","
               "\"attribute\":\"\",\"source\":\"1\",\"imports\":[]}],\"lines\":[4],\"seconds\":0.1}],"
               "\"differences\":[[0,0,\"fact\",0],[0,0,\"crash\",-1]]}\n" },
    { "load", "{\"id\":@,\"ok\":true,\"tests\":[{\"id\":\"n.py::c\",\"file\":\"n.py\"}],\"errors\":[],\"first\":2}\n" },
    { "check", "{\"id\":@,\"ok\":true,\"problem\":\"line 1: no\"}\n" },
    { "examine", "{\"id\":@,\"ok\":true,\"tests\":[{\"test\":2,\"outcome\":\"failed\",\"text\":\"E\",\"actual\":\"4\",\"patches\":[{\"line\":1,"
                 "\"column\":2,\"end_line\":1,\"end_column\":3,\"replacement\":\"4\"}]}]}\n" },
    { "mutant", "{\"id\":@,\"ok\":true,\"end\":\"timeout\",\"same_code\":false,\"at\":1,\"at_hit\":true,\"runs\":[[1,true,true,false,false,\"E\"]],"
                "\"reason\":\"\",\"seconds\":0.1}\n" },
    { "confirm", "{\"id\":@,\"ok\":true,\"tests\":[{\"id\":\"t.py::a\",\"outcome\":\"passed\",\"text\":\"\"}],\"errors\":[]}\n" },
};

/* What all peers do; set before they start. */
struct peer;
static struct {
    const char *lie_op;                                                /* the request that gets `lie` instead of the good answer … */
    struct mg_str lie;                                                 /* … and behind which the peer is gone */
    void (*play)(struct peer *peer, const char *request, uint64_t id); /* answers a session's requests itself */
} script;

/* One started "process". */
#define MOST_PEERS 2
static struct peer {
    int fd, passed; /* its socket; the descriptor that came with `session`, or -1 */
    pthread_t thread;
    bool running;
} peers[MOST_PEERS];

static void say(int fd, struct mg_str text)
{
    while (text.len > 0) {
        ssize_t sent = send(fd, text.at, text.len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        text.at += sent;
        text.len -= (size_t)sent;
    }
}

static struct mg_str with_id(struct mg_buf *buf, struct mg_str answer, uint64_t id)
{
    mg_buf_clear(buf);
    for (size_t i = 0; i < answer.len; i++)
        if (answer.at[i] == '@')
            mg_buf_addf(buf, "%llu", (unsigned long long)id);
        else
            mg_buf_addc(buf, answer.at[i]);
    return mg_buf_view(buf);
}

/* Reads one line, byte by byte so that nothing of the next one is lost. False at the end. */
static bool hear(struct peer *self, struct mg_buf *line)
{
    mg_buf_clear(line);
    for (;;) {
        char byte;
        struct iovec part = { &byte, 1 };
        union {
            char bytes[CMSG_SPACE(sizeof(int))];
            struct cmsghdr align;
        } control;
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes };
        if (recvmsg(self->fd, &message, MSG_CMSG_CLOEXEC) <= 0)
            return false;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        if (head && head->cmsg_type == SCM_RIGHTS)
            memcpy(&self->passed, CMSG_DATA(head), sizeof self->passed);
        if (byte == '\n')
            return true;
        mg_buf_addc(line, byte);
    }
}

static const struct good *answer_for(const char *request)
{
    for (size_t i = 0; i < MG_COUNT(good); i++) {
        char part[40];
        snprintf(part, sizeof part, "\"op\":\"%s\"", good[i].op);
        if (strstr(request, part))
            return &good[i];
    }
    return NULL;
}

static void *play_peer(void *self)
{
    struct peer *peer = self;
    struct mg_buf line = MG_BUF((size_t)1 << 24), answer = MG_BUF((size_t)1 << 28);
    int zygote = -1; /* kept open while a session talks */
    while (hear(peer, &line)) {
        const struct good *known = answer_for(line.at);
        uint64_t id = strtoull(line.at + strlen("{\"id\":"), NULL, 10);
        bool lies = script.lie_op && known && strcmp(known->op, script.lie_op) == 0;
        if (script.play && zygote >= 0)
            script.play(peer, line.at, id);
        else if (known)
            say(peer->fd, with_id(&answer, lies ? script.lie : mg_str_from(known->answer), id));
        if (lies)
            break;
        if (known && strcmp(known->op, "session") == 0 && peer->passed >= 0) {
            zygote = peer->fd;
            peer->fd = peer->passed;
            peer->passed = -1;
        }
    }
    mg_fd_close(&zygote);
    mg_fd_close(&peer->fd);
    mg_fd_close(&peer->passed);
    mg_buf_free(&line);
    mg_buf_free(&answer);
    return NULL;
}

/* --- a sandbox that starts the thread --- */

static const char *fake_describe(void *self)
{
    (void)self;
    return "none";
}

#define FIRST_PID 0x7ffffff0 /* of nobody */

static void fake_kill(void *self, struct mg_child *child)
{
    (void)self;
    if (child->pid < FIRST_PID)
        return;
    struct peer *peer = &peers[child->pid - FIRST_PID];
    if (peer->running)
        pthread_join(peer->thread, NULL); /* its socket has been closed */
    peer->running = false;
    *child = (struct mg_child){ .pid = 0, .lifeline_fd = -1 };
}

static enum mg_code fake_spawn(void *self, const struct mg_child_spec *spec, struct mg_child *child, struct mg_err *why)
{
    (void)self, (void)why;
    int i = peers[0].running ? 1 : 0;
    assert_false(peers[i].running);
    peers[i].fd = dup(spec->pass_fd);
    peers[i].passed = -1;
    peers[i].running = pthread_create(&peers[i].thread, NULL, play_peer, &peers[i]) == 0;
    *child = (struct mg_child){ .pid = FIRST_PID + i, .lifeline_fd = -1 };
    return MG_OK;
}

static enum mg_code fake_wait(void *self, struct mg_child *child, double seconds, const struct mg_cancel *cancel, bool *exited, int *status,
                              struct mg_err *why)
{
    (void)self, (void)child, (void)seconds, (void)cancel, (void)why;
    *exited = true;
    *status = W_EXITCODE(3, 0);
    return MG_OK;
}

static const struct mg_sandbox_ops fake_sandbox = {
    .name = "none",
    .describe = fake_describe,
    .spawn = fake_spawn,
    .wait = fake_wait,
    .kill = fake_kill,
};

/* --- one walk through the whole port --- */

static struct mg_cancel cancel = { .wake_fd = -1 };

static enum mg_code begin(void)
{
    struct mg_agent_start start = {
        .python = MG_STR("/bin/sh"),
        .repo = mg_str_from(root),
        .original = mg_str_from(root),
        .scratch = mg_str_from(root),
        .jobs = 1,
        .test_timeout_seconds = 5,
        .cancel = &cancel,
    };
    struct mg_collected collected;
    return agent.ops->start(agent.self, &start, arena, &collected, &err);
}

static enum mg_code walk_baseline(void)
{
    struct mg_str files[] = { MG_STR("m.py") };
    MG_TRY(agent.ops->baseline(agent.self, files, 1, NULL, 0, false, 0, &err));
    struct mg_baseline_result result;
    bool more;
    MG_TRY(agent.ops->baseline_next(agent.self, arena, &result, &more, &err));
    assert_true(!more || result.test < TESTS_KNOWN);
    for (size_t i = 0; i < result.lines.len; i++)
        assert_int_equal(result.lines.at[i].file, 0);
    return MG_OK;
}

static enum mg_code walk_confirm(void)
{
    struct mg_confirm what = { .hash_seed = MG_STR("0"), .seconds = 5 };
    struct mg_confirmed confirmed;
    return agent.ops->confirm(agent.self, &what, arena, &confirmed, &err);
}

static enum mg_code walk_probe(struct mg_session *session)
{
    struct mg_probe probe = { .imports = MG_STR(""), .call_seconds = 1, .seconds = 5 };
    *MG_PUSH(arena, &probe.calls) = (struct mg_call){ .call = MG_STR("f()") };
    *MG_PUSH(arena, &probe.mutants) = (struct mg_probe_mutant){ .id = MG_STR("m"), .source = MG_STR("def f(): pass\n") };
    struct mg_probed probed;
    MG_TRY(agent.ops->session_probe(session, &probe, arena, &probed, &err));
    assert_int_equal(probed.observations.len, 1);
    for (size_t i = 0; i < probed.differences.len; i++) {
        const struct mg_difference *difference = &probed.differences.at[i];
        assert_true(difference->mutant < 1 && difference->call < 1);
        assert_true(difference->fact == UINT32_MAX || difference->fact < probed.observations.at[0].facts.len);
    }
    return MG_OK;
}

static enum mg_code submit(struct mg_session *session, uint64_t ticket, struct mg_str source)
{
    struct mg_mutant_job job = { .ticket = ticket, .source = source, .wall_seconds = 5 };
    *MG_PUSH(arena, &job.tests) = 1;
    return agent.ops->session_submit(session, &job, &err);
}

static enum mg_code walk_mutant(struct mg_session *session)
{
    MG_TRY(submit(session, 42, MG_STR("def f(): pass\n")));
    struct mg_mutant_run run;
    MG_TRY(agent.ops->session_next(session, arena, &run, &err));
    assert_int_equal(run.ticket, 42);
    assert_true(run.at < TESTS_KNOWN + 1);
    for (size_t i = 0; i < run.runs.len; i++)
        assert_true(run.runs.at[i].test < TESTS_KNOWN + 1);
    return MG_OK;
}

static void count_types(const struct mg_type *type, unsigned depth)
{
    assert_true(type && depth < 30);
    for (size_t i = 0; i < type->of.len; i++)
        count_types(type->of.at[i], depth + 1);
    for (size_t i = 0; i < type->params.len; i++)
        count_types(type->params.at[i]->type, depth + 1);
}

static enum mg_code walk_examine(struct mg_session *session)
{
    struct mg_str problem;
    struct mg_examined examined;
    uint32_t test = TESTS_KNOWN;
    MG_TRY(agent.ops->session_check(session, MG_STR("x"), arena, &problem, &err));
    assert_true(mg_str_find(problem, '\n', 0) == problem.len);
    MG_TRY(agent.ops->session_examine(session, &test, 1, 1.0, arena, &examined, &err));
    assert_true(examined.tests.len == 1 && examined.tests.at[0].test == test && examined.tests.at[0].text.len <= 4000);
    for (size_t i = 0; i < examined.tests.at[0].patches.len; i++)
        assert_true(examined.tests.at[0].patches.at[i].line > 0);
    return MG_OK;
}

static enum mg_code walk_session(struct mg_session *session)
{
    struct mg_target target = { .module = MG_STR("m"), .path = MG_STR("m.py") };
    struct mg_description description;
    struct mg_collected collected;
    uint32_t number;
    struct mg_found found = { 0 };
    MG_TRY(agent.ops->session_target(session, &target, arena, &found, &err));
    MG_TRY(agent.ops->session_describe(session, arena, &description, &err));
    count_types(description.returns, 0);
    for (size_t i = 0; i < description.params.len; i++)
        count_types(description.params.at[i]->type, 0);
    MG_TRY(walk_probe(session));
    MG_TRY(agent.ops->session_load(session, MG_STR("n.py"), MG_STR(""), arena, &collected, &number, &err));
    MG_TRY(walk_examine(session));
    return walk_mutant(session);
}

/* The calls up to the one that asks for `op`, which is the last one that may fail. */
static enum mg_code reach(const char *op)
{
    MG_TRY(begin());
    if (strcmp(op, "baseline") == 0)
        return walk_baseline();
    if (strcmp(op, "confirm") == 0)
        return walk_confirm();
    struct mg_session *session = NULL;
    MG_TRY(agent.ops->open_session(agent.self, &session, &err));
    enum mg_code code = walk_session(session);
    agent.ops->session_close(session);
    return code;
}

static enum mg_code reach_with(const char *op, struct mg_str lie)
{
    script.lie_op = op;
    script.lie = lie;
    struct mg_arena *whole = arena;
    arena = mg_arena_new();
    enum mg_code code = reach(op);
    agent.ops->stop(agent.self);
    mg_arena_free(arena);
    arena = whole;
    return code;
}

/* --- tests --- */

static void good_answers_are_believed(void **unused)
{
    (void)unused;
    script.lie_op = NULL;
    static const char *const ends[] = { "baseline", "confirm", "mutant" };
    for (size_t i = 0; i < MG_COUNT(ends); i++) {
        enum mg_code code = reach(ends[i]);
        if (code != MG_OK)
            print_message("%s: %s\n", ends[i], err.text);
        assert_int_equal(code, MG_OK);
        agent.ops->stop(agent.self);
    }
}

/* Lines that are no answer at all, for every operation. */
static void every_operation_survives_what_is_no_answer(void **unused)
{
    (void)unused;
    static const struct mg_str lies[] = {
        MG_STR_INIT(""),
        MG_STR_INIT("\n"),
        MG_STR_INIT("garbage\n"),
        MG_STR_INIT("[]\n"),
        MG_STR_INIT("null\n"),
        MG_STR_INIT("{}\n"),
        MG_STR_INIT("{\"id\":\"@\",\"ok\":true}\n"),
        MG_STR_INIT("{\"id\":-@,\"ok\":true}\n"),
        MG_STR_INIT("{\"id\":1e300,\"ok\":true}\n"),
        MG_STR_INIT("{\"id\":0,\"ok\":true}\n{\"id\":18446744073709551615,\"ok\":true}\n"),
        MG_STR_INIT("{\"id\":@}\n"),
        MG_STR_INIT("{\"id\":@,\"ok\":1}\n"),
        MG_STR_INIT("{\"id\":@,\"ok\":false}\n"),
        MG_STR_INIT("{\"id\":@,\"ok\":false,\"kind\":5,\"text\":{\"a\":1}}\n"),
        MG_STR_INIT("{\"id\":@,\"ok\":false,\"kind\":\"agent\",\"text\":\"two\\nlines\\u0000\\u001b[31m\"}\n"),
        MG_STR_INIT("{\"id\":@,\"ok\":true,\"x\":\"\xff\xfe\"}\n"),
        MG_STR_INIT("{\"id\":@,\"ok\":true"),
        MG_STR_INIT("\0\0\0\n"),
    };
    for (size_t op = 0; op < MG_COUNT(good); op++)
        for (size_t i = 0; i < MG_COUNT(lies); i++) {
            enum mg_code code = reach_with(good[op].op, lies[i]);
            if (code != MG_E_CHILD)
                print_message("%s, lie %zu: %s %s\n", good[op].op, i, mg_code_name(code), err.text);
            assert_int_equal(code, MG_E_CHILD);
            assert_null(strpbrk(err.text, "\n\x1b"));
        }
}

/* Answers of the right operation with one wrong field. */
static void wrong_fields_are_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *op, *part, *instead; /* of the good answer */
    } cases[] = {
        { "start", "\"3.11.7\"", "3.11" },
        { "start", "\"pytest\"", "\"nose\"" },
        { "collect", "[{\"id\":\"t.py::a\",\"file\":\"t.py\"},{\"id\":\"t.py::b\",\"file\":\"t.py\"}]", "{\"id\":1}" },
        { "collect", "\"t.py::a\"", "null" },
        { "collect", "{\"id\":\"t.py::a\",\"file\":\"t.py\"}", "5" },
        { "collect", "[\"n\"]", "[1]" },
        { "collect", "[\"n\"]", "\"n\"" },
        { "collect", "{\"where\":\"u.py\",\"text\":\"E\"}", "[]" },
        { "collect", "\"tests\"}", "\"../..\"}" },
        { "collect", "\"tests\"}", "\"a/../../b\"}" },
        { "collect", "\"tests\"}", "\"/etc\"}" },
        { "baseline", "\"test\":1", "\"test\":2" },
        { "baseline", "\"test\":1", "\"test\":-1" },
        { "baseline", "\"test\":1", "\"test\":1.0" },
        { "baseline", "\"test\":1", "\"test\":99999999999999999999" },
        { "baseline", "\"passed\"", "\"great\"" },
        { "baseline", "\"passed\"", "0" },
        { "baseline", "0.5", "-0.5" },
        { "baseline", "0.5", "1e999" },
        { "baseline", "0.5", "\"0.5\"" },
        { "baseline", "[0,1,2]", "[1,1,2]" },
        { "baseline", "[0,1,2]", "[0,2,1]" },
        { "baseline", "[0,1,2]", "[0,1]" },
        { "baseline", "[0,1,2]", "[\"other.py\",1,2]" },
        { "baseline", "[0,1,2]", "[0,1,4294967296]" },
        { "baseline", "[[0,1,2]]", "{}" },
        { "session", "\"pid\":1", "\"pid\":-1" },
        { "session", "\"pid\":1", "\"pid\":4294967297" },
        { "target", "\"functions\":1", "\"functions\":-1" },
        { "describe", "\"keyword\"", "\"starred\"" },
        { "describe", "\"dict\"", "\"mapping\"" },
        { "describe", "{\"kind\":\"int\"}", "7" },
        { "describe", "{\"kind\":\"int\"}", "null" },
        { "describe", "\"doctests\":[{", "\"doctests\":[null,{" },
        { "describe", "false}", "\"no\"}" },
        { "probe", "[{\"stable\":true", "[{},{\"stable\":true" },
        { "probe", "\"eq\"", "\"equals\"" },
        { "probe", "\"source\":\"1\"", "\"source\":1" },
        { "probe", "\"lines\":[4]", "\"lines\":[-4]" },
        { "probe", "[0,0,\"fact\",0]", "[1,0,\"fact\",0]" },
        { "probe", "[0,0,\"fact\",0]", "[0,1,\"fact\",0]" },
        { "probe", "[0,0,\"fact\",0]", "[0,0,\"fact\",1]" },
        { "probe", "[0,0,\"fact\",0]", "[0,0,\"fact\",-2]" },
        { "probe", "[0,0,\"fact\",0]", "[0,0,\"facts\",0]" },
        { "probe", "[0,0,\"fact\",0]", "[0,0,\"fact\",0,0]" },
        { "load", "\"first\":2", "\"first\":0" },
        { "load", "\"first\":2", "\"first\":3" },
        { "load", "\"first\":2", "\"last\":2" },
        { "check", "\"line 1: no\"", "7" },
        { "check", "\"problem\"", "\"problems\"" },
        { "examine", "\"test\":2", "\"test\":1" },
        { "examine", "\"failed\"", "\"fails\"" },
        { "examine", "[{\"test\"", "[{},{\"test\"" },
        { "examine", "\"actual\":\"4\"", "\"actual\":4" },
        { "examine", "\"line\":1", "\"line\":0" },
        { "examine", "\"end_line\":1", "\"end_line\":0" },
        { "examine", "\"end_column\":3", "\"end_column\":1" },
        { "examine", "\"column\":2", "\"column\":-2" },
        { "examine", "\"column\":2", "\"column\":4294967296" },
        { "examine", "\"replacement\":\"4\"", "\"replacement\":null" },
        { "mutant", "\"timeout\"", "\"ended\"" },
        { "mutant", "\"at\":1", "\"at\":3" },
        { "mutant", "\"at\":1", "\"at\":null" },
        { "mutant", "[1,true,true,false,false,\"E\"]", "[3,true,true,false,false,\"E\"]" },
        { "mutant", "[1,true,true,false,false,\"E\"]", "[1,1,true,false,false,\"E\"]" },
        { "mutant", "[1,true,true,false,false,\"E\"]", "[1,true,true,false,false,5]" },
        { "mutant", "[1,true,true,false,false,\"E\"]", "[1,true]" },
        { "mutant", "[1,true,true,false,false,\"E\"]", "null" },
        { "confirm", "\"passed\"", "\"xpassed\"" },
        { "confirm", "\"t.py::a\"", "[]" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        char request[40];
        snprintf(request, sizeof request, "\"op\":\"%s\"", cases[i].op);
        const char *answer = answer_for(request)->answer, *at = strstr(answer, cases[i].part);
        assert_non_null(at);
        struct mg_str lie = mg_arena_printf(arena, "%.*s%s%s", (int)(at - answer), answer, cases[i].instead, at + strlen(cases[i].part));
        enum mg_code code = reach_with(cases[i].op, lie);
        if (code != MG_E_CHILD)
            print_message("%s with %s: %s\n", cases[i].op, cases[i].instead, mg_code_name(code));
        assert_int_equal(code, MG_E_CHILD);
        assert_true(strstr(err.text, "is malformed") || strstr(err.text, "is no message")); /* not just: the peer is gone behind it */
    }
}

static void nesting_and_size_have_an_end(void **unused)
{
    (void)unused;
    struct mg_buf lie = MG_BUF((size_t)1 << 28);
    mg_buf_adds(&lie, "{\"id\":@,\"ok\":true,\"params\":[],\"returns\":");
    for (int i = 0; i < 100000; i++)
        mg_buf_adds(&lie, "{\"kind\":\"list\",\"of\":[");
    mg_buf_adds(&lie, "{\"kind\":\"int\"}");
    for (int i = 0; i < 100000; i++)
        mg_buf_adds(&lie, "]}");
    mg_buf_adds(&lie, "}\n");
    assert_int_equal(reach_with("describe", mg_buf_view(&lie)), MG_E_CHILD);
    mg_buf_clear(&lie);
    for (int i = 0; i < 1 << 20; i++)
        mg_buf_adds(&lie, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["); /* 68 MiB and no newline */
    assert_int_equal(reach_with("target", mg_buf_view(&lie)), MG_E_CHILD);
    assert_non_null(strstr(err.text, "64 MiB"));
    mg_buf_free(&lie);
}

/* Good answers with a few bytes changed: any result will do, as long as there is one and its indices hold (walk_* looks). */
static void damaged_answers_do_no_harm(void **unused)
{
    (void)unused;
    uint32_t random = 12345;
    for (size_t op = 0; op < MG_COUNT(good); op++)
        for (int round = 0; round < 50; round++) {
            struct mg_str text = mg_arena_str(arena, mg_str_from(good[op].answer));
            char *at = (char *)(uintptr_t)text.at;
            for (int change = 0; change <= round % 4; change++) {
                random = random * 1664525u + 1013904223u;
                static const char bytes[] = "0123456789-.eE\"\\[]{},:untrf\n\xff";
                at[8 + (random >> 8) % (text.len - 8)] = bytes[(random >> 3) % (sizeof bytes - 1)]; /* behind the id, or it would only be late */
            }
            enum mg_code code = reach_with(good[op].op, text);
            assert_true(code == MG_OK || code == MG_E_CHILD || code == MG_E_CONFIG);
        }
}

static struct mg_session *open_with(void (*play)(struct peer *peer, const char *request, uint64_t id))
{
    struct mg_session *session = NULL;
    script.lie_op = NULL;
    script.play = play;
    assert_int_equal(begin(), MG_OK);
    assert_int_equal(agent.ops->open_session(agent.self, &session, &err), MG_OK);
    return session;
}

static void close_it(struct mg_session *session)
{
    agent.ops->session_close(session);
    agent.ops->stop(agent.self);
    script.play = NULL;
}

/* Mutants in any order, twice (what came last counts), with strangers in between and while something else is asked. */
static uint64_t held[3];
static unsigned held_count;

static void play_out_of_order(struct peer *peer, const char *request, uint64_t id)
{
    static const char format[] =
        "{\"id\":%llu,\"ok\":true,\"end\":\"%s\",\"runs\":[[1,false,true,false,false,\"\\ud800 \\ud83d\\ude00 \\\\ud800\"]]}\n";
    struct mg_buf answer = MG_BUF(100000);
    if (strstr(request, "\"op\":\"mutant\"")) {
        held[held_count++] = id;
    } else { /* describe: everything comes now */
        for (unsigned i = 3; i-- > 0;)
            for (int twice = 0; twice < 2; twice++) {
                mg_buf_addf(&answer, "{\"id\":%llu,\"ok\":true,\"end\":\"stranger\"}\n", (unsigned long long)(id + 1000));
                mg_buf_addf(&answer, format, (unsigned long long)held[i], twice ? "done" : "asleep");
            }
        mg_buf_addf(&answer, "{\"id\":%llu,\"ok\":true,\"params\":[]}\n", (unsigned long long)id);
        say(peer->fd, mg_buf_view(&answer));
    }
    mg_buf_free(&answer);
}

static void results_find_their_tickets(void **unused)
{
    (void)unused;
    held_count = 0;
    struct mg_session *session = open_with(play_out_of_order);
    for (uint64_t ticket = 7; ticket < 10; ticket++)
        assert_int_equal(submit(session, ticket, MG_STR("x")), MG_OK);
    struct mg_description description;
    assert_int_equal(agent.ops->session_describe(session, arena, &description, &err), MG_OK);
    assert_int_equal(description.returns->kind, MG_TYPE_ANY);
    unsigned seen = 0;
    for (int i = 0; i < 3; i++) {
        struct mg_mutant_run run;
        assert_int_equal(agent.ops->session_next(session, arena, &run, &err), MG_OK);
        assert_in_range(run.ticket, 7, 9);
        seen |= 1u << run.ticket;
        assert_int_equal(run.end, MG_RUN_DONE);
        assert_string_equal(run.runs.at[0].text.at, "\xef\xbf\xbd \xf0\x9f\x98\x80 \\ud800"); /* lone surrogates are replaced */
    }
    assert_int_equal(seen, 7u << 7);
    struct mg_mutant_run run;
    assert_int_equal(agent.ops->session_next(session, arena, &run, &err), MG_E_STATE);
    close_it(session);
}

static void play_sleepy(struct peer *peer, const char *request, uint64_t id)
{
    (void)request;
    struct mg_buf answer = MG_BUF(1000);
    for (int i = 0; i < 4; i++)
        mg_buf_addf(&answer, "{\"id\":%llu,\"ok\":true,\"end\":\"%s\",\"runs\":[]}\n", (unsigned long long)id, i < 3 ? "asleep" : "done");
    say(peer->fd, mg_buf_view(&answer));
    mg_buf_free(&answer);
}

static void that_a_job_is_asleep_is_heard_once(void **unused)
{
    (void)unused;
    struct mg_session *session = open_with(play_sleepy);
    assert_int_equal(submit(session, 7, MG_STR("x")), MG_OK);
    static const enum mg_mutant_end ends[] = { MG_RUN_ASLEEP, MG_RUN_DONE };
    for (size_t i = 0; i < MG_COUNT(ends); i++) {
        struct mg_mutant_run run;
        assert_int_equal(agent.ops->session_next(session, arena, &run, &err), MG_OK);
        assert_int_equal(run.ticket, 7);
        assert_int_equal(run.end, ends[i]);
    }
    close_it(session);
}

/* A peer that writes its answer before it reads on: with both pipes full, one side must give way. */
static void play_talkative(struct peer *peer, const char *request, uint64_t id)
{
    (void)request;
    struct mg_buf answer = MG_BUF((size_t)1 << 20);
    mg_buf_addf(&answer, "{\"id\":%llu,\"ok\":true,\"end\":\"done\",\"runs\":[],\"reason\":\"", (unsigned long long)id);
    for (int i = 0; i < 100000; i++)
        mg_buf_addc(&answer, 'r');
    mg_buf_adds(&answer, "\"}\n");
    say(peer->fd, mg_buf_view(&answer));
    mg_buf_free(&answer);
}

static void full_pipes_do_not_lock_up(void **unused)
{
    (void)unused;
    struct mg_session *session = open_with(play_talkative);
    char *source = mg_arena_alloc(arena, 20000, 1);
    memset(source, 's', 20000);
    for (uint64_t i = 0; i < 50; i++)
        assert_int_equal(submit(session, i, (struct mg_str){ source, 20000 }), MG_OK);
    for (uint64_t i = 0; i < 50; i++) {
        struct mg_mutant_run run;
        assert_int_equal(agent.ops->session_next(session, arena, &run, &err), MG_OK);
    }
    close_it(session);
}

/* --- cancelling --- */

static void play_silent(struct peer *peer, const char *request, uint64_t id) { (void)peer, (void)request, (void)id; }

static void *cancel_soon(void *wake)
{
    usleep(50000);
    cancel.requested = 2;
    if (write(*(int *)wake, "x", 1) != 1)
        abort();
    return NULL;
}

static void silence_is_ended_by_the_cancel_token(void **unused)
{
    (void)unused;
    int wake[2];
    assert_int_equal(mg_fd_pipe(wake, NULL), MG_OK);
    cancel.wake_fd = wake[0];
    struct mg_session *session = open_with(play_silent);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &wake[1]), 0);
    double before = mg_now();
    assert_int_equal(walk_mutant(session), MG_E_CANCELLED);
    assert_true(mg_now() - before < 5);
    pthread_join(thread, NULL);
    close_it(session);
    cancel = (struct mg_cancel){ .wake_fd = -1 };
    mg_fd_close(&wake[0]);
    mg_fd_close(&wake[1]);
}

static void calls_out_of_turn_are_refused(void **unused)
{
    (void)unused;
    script.lie_op = NULL;
    struct mg_session *session = NULL;
    struct mg_baseline_result result;
    bool more;
    assert_int_equal(agent.ops->open_session(agent.self, &session, &err), MG_E_STATE);
    assert_int_equal(agent.ops->baseline(agent.self, NULL, 0, NULL, 0, false, 0, &err), MG_E_STATE);
    assert_int_equal(walk_confirm(), MG_E_STATE);
    assert_int_equal(begin(), MG_OK);
    assert_int_equal(begin(), MG_E_STATE);
    assert_int_equal(agent.ops->baseline_next(agent.self, arena, &result, &more, &err), MG_E_STATE);
    struct mg_collected collected;
    uint32_t first;
    assert_int_equal(agent.ops->open_session(agent.self, &session, &err), MG_OK);
    assert_int_equal(agent.ops->session_load(session, MG_STR("../out.py"), MG_STR(""), arena, &collected, &first, &err), MG_E_STATE);
    assert_int_equal(agent.ops->session_load(session, MG_STR("/tmp/out.py"), MG_STR(""), arena, &collected, &first, &err), MG_E_STATE);
    agent.ops->session_close(session);
    agent.ops->stop(agent.self);
}

static int prepare(void **unused)
{
    (void)unused;
    arena = mg_arena_new();
    agent = mg_agent_process_new((struct mg_sandbox){ .ops = &fake_sandbox });
    return mkdtemp(root) ? 0 : 1;
}

static int clean(void **unused)
{
    (void)unused;
    agent.ops->close(agent.self);
    bool gone = mg_file_remove_tree(root, NULL) == MG_OK;
    mg_arena_free(arena);
    return gone ? 0 : 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_answers_are_believed),     cmocka_unit_test(every_operation_survives_what_is_no_answer),
        cmocka_unit_test(wrong_fields_are_refused),      cmocka_unit_test(nesting_and_size_have_an_end),
        cmocka_unit_test(damaged_answers_do_no_harm),    cmocka_unit_test(results_find_their_tickets),
        cmocka_unit_test(damaged_answers_do_no_harm),    cmocka_unit_test(that_a_job_is_asleep_is_heard_once),
        cmocka_unit_test(full_pipes_do_not_lock_up),     cmocka_unit_test(silence_is_ended_by_the_cancel_token),
        cmocka_unit_test(calls_out_of_turn_are_refused),
    };
    return cmocka_run_group_tests(tests, prepare, clean);
}
