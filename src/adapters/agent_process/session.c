/* One session: the forked process of one target, asked over a socket of its own. */
#include "adapters/agent_process/decode.h"
#include "adapters/agent_process/internal.h"
#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/process.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAGIC 0x5345534eu
#define FILE_LIMIT ((size_t)64 << 20)
#define CLOSE_SECONDS 2.0

/* A file of the copy that a load has written, and what stood there before. */
struct loaded {
    struct mg_str path; /* relative */
    const char *absolute;
    bool existed;
    struct mg_str before;
};
struct mg_session {
    unsigned magic;
    struct mg_session *next; /* of the agent's open ones */
    struct mg_arena *arena;
    struct mg_agent_process *agent;
    struct mg_link link;
    pid_t pid, supervisor;
    uint32_t test_count;
    struct mg_str repo;
    struct {
        MG_VEC(struct loaded)
    } loaded;
};

static void check(const struct mg_session *session) { MG_ASSERT(session && session->magic == MAGIC); }

/* --- opening --- */

static enum mg_code ask_session(struct mg_agent_process *agent, int fd, pid_t *pid, struct mg_err *err)
{
    struct mg_request request = mg_request_new(&agent->link, "session");
    yyjson_doc *answer = NULL;
    MG_TRY(mg_agent_ask(&agent->link, &request, fd, MG_SECONDS_SLACK, "open a session", &answer, err));
    struct mg_arena *arena = mg_arena_new();
    struct mg_fields fields = { .arena = arena };
    *pid = (pid_t)mg_field_u32(&fields, yyjson_doc_get_root(answer), "pid", MG_NEEDED, INT32_MAX);
    enum mg_code code = mg_fields_check(&fields, "session", err);
    mg_arena_free(arena);
    yyjson_doc_free(answer);
    return code;
}

static enum mg_code ask_zygote(struct mg_agent_process *agent, int fd, pid_t *pid, struct mg_err *err)
{
    pthread_mutex_lock(&agent->lock);
    enum mg_code code;
    if (!agent->run || agent->baseline_id != 0)
        code = MG_FAIL(err, MG_E_STATE, "a session cannot be opened now");
    else
        code = ask_session(agent, fd, pid, err);
    if (code == MG_E_TIMEOUT)
        mg_fd_close(&agent->link.fd); /* it hangs: only a new one helps */
    if (code == MG_E_CHILD && agent->run && agent->link.fd < 0)
        code = mg_agent_explain(agent, &agent->child, agent->log_path, "opening a session", err);
    pthread_mutex_unlock(&agent->lock);
    return code;
}

enum mg_code mg_agent_open_session(void *self, struct mg_session **session, struct mg_err *err)
{
    struct mg_agent_process *agent = mg_agent_process_checked(self);
    int ends[2];
    MG_TRY(mg_fd_socketpair(ends, err));
    pid_t pid = 0;
    enum mg_code code = ask_zygote(agent, ends[1], &pid, err);
    mg_fd_close(&ends[1]);
    if (code != MG_OK) {
        mg_fd_close(&ends[0]);
        return code;
    }
    struct mg_arena *arena = mg_arena_new();
    *session = MG_NEW(arena, struct mg_session);
    **session = (struct mg_session){
        .magic = MAGIC,
        .arena = arena,
        .agent = agent,
        .pid = pid,
        .supervisor = agent->child.pid,
        .test_count = agent->test_count,
        .repo = mg_arena_str(arena, agent->how.repo),
    };
    mg_link_open(&(*session)->link, ends[0], agent->how.cancel);
    pthread_mutex_lock(&agent->lock);
    (*session)->next = agent->sessions;
    agent->sessions = *session;
    pthread_mutex_unlock(&agent->lock);
    return MG_OK;
}

/* As mg_agent_ask; a dead session tells what it was doing. */
static enum mg_code ask(struct mg_session *session, struct mg_request *request, double seconds, const char *what, yyjson_doc **answer,
                        struct mg_err *err)
{
    enum mg_code code = mg_agent_ask(&session->link, request, -1, seconds, what, answer, err);
    if (code == MG_E_CHILD && session->link.fd < 0 && err)
        return mg_err_prefix(err, "the session that was asked to %s", what);
    return code;
}

/* --- target, describe --- */

static void add_scopes(struct mg_request *request, const struct mg_function *function)
{
    static const char *const names[] = { [MG_SCOPE_CLASS] = "class", [MG_SCOPE_DEF] = "def", [MG_SCOPE_BLOCK] = "block" };
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(request->doc, request->root, "scopes");
    for (size_t i = 0; i < function->scopes.len; i++) {
        const struct mg_scope *scope = &function->scopes.at[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(request->doc, list);
        yyjson_mut_obj_add_str(request->doc, item, "kind", names[scope->kind]);
        yyjson_mut_obj_add_strn(request->doc, item, "name", scope->name.at ? scope->name.at : "", scope->name.len);
        yyjson_mut_obj_add_uint(request->doc, item, "indent", scope->indent);
    }
}

enum mg_code mg_session_target(struct mg_session *session, const struct mg_target *target, struct mg_arena *arena, struct mg_found *found,
                               struct mg_err *err)
{
    check(session);
    const struct mg_function *function = &target->function;
    struct mg_request request = mg_request_new(&session->link, "target");
    mg_request_str(&request, "file", target->path);
    mg_request_str(&request, "module", target->module);
    mg_request_str(&request, "qualname", function->qualname);
    mg_request_str(&request, "name", function->name);
    yyjson_mut_obj_add_uint(request.doc, request.root, "first_line", function->first_line);
    yyjson_mut_obj_add_uint(request.doc, request.root, "def_line", function->def_line);
    yyjson_mut_obj_add_uint(request.doc, request.root, "end_line", function->end_line);
    yyjson_mut_obj_add_uint(request.doc, request.root, "indent", function->indent);
    yyjson_mut_obj_add_uint(request.doc, request.root, "body_indent", function->body_indent);
    add_scopes(&request, function);
    yyjson_doc *answer = NULL;
    MG_TRY(ask(session, &request, MG_SECONDS_TARGET, "find the target", &answer, err));
    struct mg_fields fields = { .arena = arena };
    mg_decode_found(&fields, yyjson_doc_get_root(answer), session->test_count, found);
    yyjson_doc_free(answer);
    return mg_fields_check(&fields, "target", err);
}

enum mg_code mg_session_describe(struct mg_session *session, struct mg_arena *arena, struct mg_description *description, struct mg_err *err)
{
    check(session);
    *description = (struct mg_description){ 0 };
    struct mg_request request = mg_request_new(&session->link, "describe");
    yyjson_doc *answer = NULL;
    MG_TRY(ask(session, &request, MG_SECONDS_DESCRIBE, "describe the target", &answer, err));
    struct mg_fields fields = { .arena = arena };
    mg_decode_description(&fields, yyjson_doc_get_root(answer), description);
    yyjson_doc_free(answer);
    return mg_fields_check(&fields, "describe", err);
}

/* --- probe --- */

static void add_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct mg_str text)
{
    yyjson_mut_obj_add_strn(doc, object, key, text.at ? text.at : "", text.len);
}

static void add_calls(struct mg_request *request, const struct mg_probe *probe)
{
    yyjson_mut_doc *doc = request->doc;
    yyjson_mut_val *calls = yyjson_mut_obj_add_arr(doc, request->root, "calls");
    for (size_t i = 0; i < probe->calls.len; i++) {
        const struct mg_call *call = &probe->calls.at[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, calls);
        add_text(doc, item, "setup", call->setup);
        add_text(doc, item, "call", call->call);
        yyjson_mut_val *watch = yyjson_mut_obj_add_arr(doc, item, "watch");
        for (size_t j = 0; j < call->watch.len; j++)
            yyjson_mut_arr_add_strn(doc, watch, call->watch.at[j].at, call->watch.at[j].len);
    }
    yyjson_mut_val *mutants = yyjson_mut_obj_add_arr(doc, request->root, "mutants");
    for (size_t i = 0; i < probe->mutants.len; i++) {
        const struct mg_probe_mutant *mutant = &probe->mutants.at[i];
        yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, mutants);
        add_text(doc, item, "id", mutant->id);
        add_text(doc, item, "source", mutant->source);
        yyjson_mut_obj_add_uint(doc, item, "line", mutant->line);
        yyjson_mut_obj_add_uint(doc, item, "end_line", mutant->end_line);
    }
}

enum mg_code mg_session_probe(struct mg_session *session, const struct mg_probe *probe, struct mg_arena *arena, struct mg_probed *result,
                              struct mg_err *err)
{
    check(session);
    *result = (struct mg_probed){ 0 };
    struct mg_request request = mg_request_new(&session->link, "probe");
    mg_request_str(&request, "imports", probe->imports);
    add_calls(&request, probe);
    yyjson_mut_obj_add_real(request.doc, request.root, "call_seconds", probe->call_seconds);
    yyjson_mut_obj_add_real(request.doc, request.root, "seconds", probe->seconds);
    if (probe->tell)
        yyjson_mut_obj_add_bool(request.doc, request.root, "tell", true);
    yyjson_doc *answer = NULL;
    MG_TRY(ask(session, &request, probe->seconds + MG_SECONDS_SLACK, "try calls", &answer, err));
    struct mg_fields fields = { .arena = arena };
    mg_decode_probed(&fields, yyjson_doc_get_root(answer), probe->calls.len, probe->mutants.len, result);
    yyjson_doc_free(answer);
    return mg_fields_check(&fields, "probe", err);
}

/* --- load --- */

/* Remembers what stands at the path before the agent writes there, once for each path. */
static enum mg_code remember_file(struct mg_session *session, struct mg_str path, struct mg_err *err)
{
    for (size_t i = 0; i < session->loaded.len; i++)
        if (mg_str_eq(session->loaded.at[i].path, path))
            return MG_OK;
    if (path.len == 0 || path.at[0] == '/' || mg_str_contains(path, ".."))
        return MG_FAIL(err, MG_E_STATE, "a test cannot be loaded at %.*s", MG_FMT(path));
    struct loaded loaded = { .path = mg_arena_str(session->arena, path), .absolute = mg_path_join(session->arena, session->repo, path).at };
    loaded.existed = mg_file_exists(loaded.absolute);
    if (loaded.existed)
        MG_TRY(mg_file_read(session->arena, loaded.absolute, FILE_LIMIT, &loaded.before, err));
    *MG_PUSH(session->arena, &session->loaded) = loaded;
    return MG_OK;
}

static void put_files_back(const struct mg_session *session)
{
    for (size_t i = 0; i < session->loaded.len; i++) {
        const struct loaded *loaded = &session->loaded.at[i];
        if (!loaded->existed)
            unlink(loaded->absolute); /* the agent has usually done so itself */
        else if (mg_file_write(loaded->absolute, loaded->before, NULL) != MG_OK)
            continue; /* only the private copy suffers, and its next reader will say so */
    }
}

enum mg_code mg_session_load(struct mg_session *session, struct mg_str path, struct mg_str source, struct mg_arena *arena,
                             struct mg_collected *collected, uint32_t *first, struct mg_err *err)
{
    check(session);
    *collected = (struct mg_collected){ 0 };
    MG_TRY(remember_file(session, path, err));
    struct mg_request request = mg_request_new(&session->link, "load");
    mg_request_str(&request, "path", path);
    mg_request_str(&request, "source", source);
    yyjson_doc *answer = NULL;
    MG_TRY(ask(session, &request, MG_SECONDS_LOAD, "load tests", &answer, err));
    struct mg_fields fields = { .arena = arena };
    yyjson_val *root = yyjson_doc_get_root(answer);
    mg_decode_collected(&fields, root, collected);
    *first = mg_field_u32(&fields, root, "first", MG_NEEDED, UINT32_MAX);
    if (*first != session->test_count || collected->tests.len > UINT32_MAX / 2 - session->test_count)
        mg_fields_bad(&fields, "first", "does not continue the numbers of the tests");
    yyjson_doc_free(answer);
    MG_TRY(mg_fields_check(&fields, "load", err));
    session->test_count += (uint32_t)collected->tests.len;
    return MG_OK;
}

/* --- check, examine --- */

enum mg_code mg_session_check(struct mg_session *session, struct mg_str source, struct mg_arena *arena, struct mg_str *problem, struct mg_err *err)
{
    check(session);
    *problem = MG_STR("");
    struct mg_request request = mg_request_new(&session->link, "check");
    mg_request_str(&request, "source", source);
    yyjson_doc *answer = NULL;
    MG_TRY(ask(session, &request, MG_SECONDS_CHECK, "compile a module", &answer, err));
    struct mg_fields fields = { .arena = arena };
    *problem = mg_field_line(&fields, yyjson_doc_get_root(answer), "problem", MG_NEEDED);
    yyjson_doc_free(answer);
    return mg_fields_check(&fields, "check", err);
}

enum mg_code mg_session_examine(struct mg_session *session, const uint32_t *tests, size_t count, double seconds, struct mg_arena *arena,
                                struct mg_examined *examined, struct mg_err *err)
{
    check(session);
    *examined = (struct mg_examined){ 0 };
    for (size_t i = 0; i < count; i++)
        if (tests[i] >= session->test_count)
            return MG_FAIL(err, MG_E_STATE, "there is no test %u", (unsigned)tests[i]);
    struct mg_request request = mg_request_new(&session->link, "examine");
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(request.doc, request.root, "tests");
    for (size_t i = 0; i < count; i++)
        yyjson_mut_arr_add_uint(request.doc, list, tests[i]);
    yyjson_mut_obj_add_real(request.doc, request.root, "seconds", seconds);
    yyjson_doc *answer = NULL;
    /* A failing test runs twice. */
    MG_TRY(ask(session, &request, 2 * (double)count * seconds + MG_SECONDS_SLACK, "examine tests", &answer, err));
    struct mg_fields fields = { .arena = arena };
    mg_decode_examined(&fields, yyjson_doc_get_root(answer), tests, count, examined);
    yyjson_doc_free(answer);
    return mg_fields_check(&fields, "examine", err);
}

/* --- mutants --- */

enum mg_code mg_session_submit(struct mg_session *session, const struct mg_mutant_job *job, struct mg_err *err)
{
    check(session);
    struct mg_request request = mg_request_new(&session->link, "mutant");
    mg_request_str(&request, "source", job->source);
    yyjson_mut_obj_add_uint(request.doc, request.root, "line", job->line);
    yyjson_mut_obj_add_uint(request.doc, request.root, "end_line", job->end_line);
    yyjson_mut_obj_add_bool(request.doc, request.root, "bail", job->bail);
    yyjson_mut_obj_add_bool(request.doc, request.root, "fresh", job->fresh);
    yyjson_mut_obj_add_bool(request.doc, request.root, "exec", job->exec);
    yyjson_mut_obj_add_uint(request.doc, request.root, "own", job->own);
    yyjson_mut_obj_add_uint(request.doc, request.root, "near", job->near);
    yyjson_mut_obj_add_bool(request.doc, request.root, "yields", job->yields);
    yyjson_mut_obj_add_bool(request.doc, request.root, "chain", job->chain);
    yyjson_mut_obj_add_real(request.doc, request.root, "wall", job->wall_seconds);
    yyjson_mut_val *tests = yyjson_mut_obj_add_arr(request.doc, request.root, "tests");
    for (size_t i = 0; i < job->tests.len; i++)
        yyjson_mut_arr_add_uint(request.doc, tests, job->tests.at[i]);
    yyjson_mut_val *limits = yyjson_mut_obj_add_arr(request.doc, request.root, "limits");
    for (size_t i = 0; i < job->limits.len; i++)
        yyjson_mut_arr_add_real(request.doc, limits, job->limits.at[i]);
    uint64_t id = request.id;
    /* Listed first: the answer may come in while the request is still on its way out. */
    mg_link_add_job(&session->link, id, job->ticket, job->wall_seconds);
    enum mg_code code = mg_link_send(&session->link, &request, -1, mg_now() + MG_SECONDS_SEND, err);
    if (code != MG_OK)
        mg_link_drop_job(&session->link, id);
    return code;
}

/* At least one running job must end within its own time; another session may hold the process slots for as long before that, and tests that write
 * into the copy run behind the others, and once more by themselves. */
static double patience(const struct mg_link *link)
{
    double wall = 0;
    for (size_t i = 0; i < link->job_count; i++)
        if (link->jobs[i].wall > wall)
            wall = link->jobs[i].wall;
    return 4 * wall + 10;
}

/* One answer. *again: it says once more that the job is asleep. */
static enum mg_code take_run(struct mg_session *session, double deadline, struct mg_arena *arena, struct mg_mutant_run *run, bool *again,
                             struct mg_err *err)
{
    *run = (struct mg_mutant_run){ 0 };
    struct mg_link_job job = { 0 };
    enum mg_code code = mg_link_take_job(&session->link, deadline, &job, err);
    if (code == MG_E_CHILD && err)
        return mg_err_prefix(err, "the session that was running mutants");
    if (code != MG_OK)
        return code;
    yyjson_val *root = yyjson_doc_get_root(job.answer);
    code = mg_agent_refused(root, "run a mutant", err);
    struct mg_fields fields = { .arena = arena };
    if (code == MG_OK) {
        mg_decode_mutant(&fields, root, session->test_count, run);
        code = mg_fields_check(&fields, "mutant", err);
    }
    run->ticket = job.ticket;
    yyjson_doc_free(job.answer);
    bool asleep = code == MG_OK && run->end == MG_RUN_ASLEEP;
    if (asleep)
        mg_link_put_back(&session->link, &job);
    *again = asleep && job.asleep;
    return code;
}

enum mg_code mg_session_next(struct mg_session *session, struct mg_arena *arena, struct mg_mutant_run *run, struct mg_err *err)
{
    check(session);
    double seconds = patience(&session->link), deadline = mg_now() + seconds;
    bool again = false;
    enum mg_code code;
    do
        code = take_run(session, deadline, arena, run, &again, err);
    while (code == MG_OK && again);
    return code == MG_E_TIMEOUT ? MG_FAIL(err, code, "no mutant ended within %.0f s", seconds) : code;
}

/* --- closing --- */

/* Until its side of the socket is closed: only then has it put its files back and will not touch the copy again. */
static bool gone_within(int fd, double seconds)
{
    double deadline = mg_now() + seconds;
    char rest[4096];
    short ready;
    while (mg_fd_wait(fd, POLLIN, deadline, NULL, &ready, NULL) == MG_OK) {
        ssize_t got = recv(fd, rest, sizeof rest, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return true;
        if (mg_now() >= deadline)
            break;
    }
    return false;
}

static void end_process(const struct mg_session *session)
{
    int fd = session->link.fd; /* -1 when the link is broken: then there is nothing to wait for */
    if (fd >= 0)
        shutdown(fd, SHUT_WR);
    if ((fd >= 0 && gone_within(fd, CLOSE_SECONDS)) || !mg_process_is_below(session->pid, session->supervisor))
        return;
    kill(session->pid, SIGKILL); /* stuck in code of the repo: its own children watch it and follow */
    if (fd >= 0)
        (void)gone_within(fd, CLOSE_SECONDS);
}

void mg_sessions_put_back(struct mg_agent_process *agent)
{
    pthread_mutex_lock(&agent->lock);
    for (const struct mg_session *session = agent->sessions; session; session = session->next)
        put_files_back(session);
    pthread_mutex_unlock(&agent->lock);
}

static void forget(const struct mg_session *session)
{
    pthread_mutex_lock(&session->agent->lock);
    struct mg_session **at = &session->agent->sessions;
    while (*at && *at != session)
        at = &(*at)->next;
    if (*at)
        *at = session->next;
    pthread_mutex_unlock(&session->agent->lock);
}

void mg_session_close(struct mg_session *session)
{
    if (!session)
        return;
    check(session);
    end_process(session);
    mg_link_close(&session->link);
    put_files_back(session);
    forget(session);
    session->magic = 0;
    mg_arena_free(session->arena);
}
