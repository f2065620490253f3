/* The zygote's side of the agent port: start and stop, the baseline, confirmations. Sessions are in session.c. */
#include "adapters/agent_process/agent_process.h"
#include "adapters/agent_process/decode.h"
#include "adapters/agent_process/internal.h"
#include "adapters/agent_process/sources.h"
#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAGIC 0x4147504du
#define MOST_LEFT_OUT 20
#define MOST_REVIVALS 40

struct mg_agent_process *mg_agent_process_checked(void *self)
{
    struct mg_agent_process *agent = self;
    MG_ASSERT(agent && agent->magic == MAGIC);
    return agent;
}

/* --- asking --- */

bool mg_agent_refused_kind(yyjson_val *root, const char *kind)
{
    return !yyjson_is_true(yyjson_obj_get(root, "ok")) && yyjson_equals_str(yyjson_obj_get(root, "kind"), kind);
}

enum mg_code mg_agent_refused(yyjson_val *root, const char *what, struct mg_err *err)
{
    if (yyjson_is_true(yyjson_obj_get(root, "ok")))
        return MG_OK;
    struct mg_arena *arena = mg_arena_new();
    struct mg_fields fields = { .arena = arena };
    struct mg_str text = mg_field_line(&fields, root, "text", MG_OPTIONAL);
    enum mg_code code;
    if (mg_agent_refused_kind(root, "machine"))
        code = MG_FAIL(err, MG_E_IO, "cannot %s: %.*s", what, MG_FMT(text));
    else if (mg_agent_refused_kind(root, "import"))
        code = MG_FAIL(err, MG_E_CHILD, "the module cannot be imported: %.*s", MG_FMT(text));
    else
        code = MG_FAIL(err, MG_E_CHILD, "cannot %s: %.*s", what, MG_FMT(text));
    mg_arena_free(arena);
    return code;
}

enum mg_code mg_agent_ask(struct mg_link *link, struct mg_request *request, int pass_fd, double seconds, const char *what, yyjson_doc **answer,
                          struct mg_err *err)
{
    double deadline = mg_now() + seconds;
    uint64_t id = request->id;
    enum mg_code code = mg_link_send(link, request, pass_fd, deadline, err);
    if (code == MG_OK)
        code = mg_link_receive(link, id, deadline, answer, err);
    if (code == MG_E_TIMEOUT)
        return MG_FAIL(err, code, "the agent took more than %.0f s to %s", seconds, what);
    if (code != MG_OK)
        return code;
    code = mg_agent_refused(yyjson_doc_get_root(*answer), what, err);
    if (code != MG_OK) {
        yyjson_doc_free(*answer);
        *answer = NULL;
    }
    return code;
}

/* --- start and stop --- */

static void disconnect(struct mg_agent_process *agent)
{
    mg_link_close(&agent->link);
    agent->sandbox.ops->kill(agent->sandbox.self, &agent->child);
    agent->child = (struct mg_child){ .pid = 0, .lifeline_fd = -1 };
    agent->baseline_id = 0;
}

static void stop(void *self)
{
    struct mg_agent_process *agent = mg_agent_process_checked(self);
    disconnect(agent);
    mg_arena_free(agent->run);
    agent->run = NULL;
    agent->test_count = 0;
    agent->revivals = 0;
    agent->refused = MG_NO_STR;
    memset(&agent->left_out, 0, sizeof agent->left_out);
}

static void remember(struct mg_agent_process *agent, const struct mg_agent_start *start)
{
    struct mg_arena *run = agent->run = mg_arena_new();
    agent->how = *start;
    agent->how.python = mg_arena_str(run, start->python);
    agent->how.repo = mg_arena_str(run, start->repo);
    agent->how.original = mg_arena_str(run, start->original);
    agent->how.scratch = mg_arena_str(run, start->scratch);
    memset(&agent->how.import_roots, 0, sizeof agent->how.import_roots);
    for (size_t i = 0; i < start->import_roots.len; i++)
        *MG_PUSH(run, &agent->how.import_roots) = mg_arena_str(run, start->import_roots.at[i]);
    agent->program = mg_path_join(run, agent->how.scratch, MG_STR("_mutagen_agent")).at;
    agent->log_path = mg_path_join(run, agent->how.scratch, MG_STR("agent.log")).at;
}

/* What zygote and confirmation are told alike. */
static void add_places(struct mg_request *request, const struct mg_agent_process *agent)
{
    const struct mg_agent_start *how = &agent->how;
    mg_request_str(request, "repo", how->repo);
    mg_request_str(request, "original", how->original);
    mg_request_strs(request, "import_roots", how->import_roots.at, how->import_roots.len);
    mg_request_str(request, "scratch", how->scratch);
    yyjson_mut_obj_add_sint(request->doc, request->root, "seed", how->seed);
    yyjson_mut_obj_add_sint(request->doc, request->root, "memory_limit_mb", how->memory_limit_mb);
    yyjson_mut_obj_add_bool(request->doc, request->root, "keep_addopts", agent->keep_addopts);
}

/* Two refusals are the user's to mend: a Python that is too old, no pytest. The first answer is looked at before "ok" is. */
static enum mg_code explain_start(const struct mg_agent_process *agent, yyjson_val *root, struct mg_err *err)
{
    struct mg_fields fields = { .arena = agent->run };
    struct mg_str text = mg_field_line(&fields, root, "text", MG_OPTIONAL), python = agent->how.python;
    if (mg_agent_refused_kind(root, "old_python"))
        return MG_FAIL(err, MG_E_CONFIG, "%.*s is too old (Python 3.8 is the first that works): name another interpreter with --python",
                       MG_FMT(python));
    if (mg_agent_refused_kind(root, "no_pytest"))
        return MG_FAIL(err, MG_E_CONFIG,
                       "no pytest in %.*s: install it there (%.*s -m pip install pytest) or name another interpreter with --python%s%.*s%s",
                       MG_FMT(python), MG_FMT(python), text.len ? " [" : "", MG_FMT(text), text.len ? "]" : "");
    return mg_agent_refused(root, "start", err);
}

static enum mg_code ask_start(struct mg_agent_process *agent, struct mg_arena *arena, struct mg_collected *collected, struct mg_err *err)
{
    struct mg_request request = mg_request_new(&agent->link, "start");
    add_places(&request, agent);
    yyjson_mut_obj_add_sint(request.doc, request.root, "jobs", agent->how.jobs);
    yyjson_mut_obj_add_real(request.doc, request.root, "test_timeout", agent->how.test_timeout_seconds);
    double deadline = mg_now() + MG_SECONDS_START;
    uint64_t id = request.id;
    yyjson_doc *answer = NULL;
    MG_TRY(mg_link_send(&agent->link, &request, -1, deadline, err));
    MG_TRY(mg_link_receive(&agent->link, id, deadline, &answer, err));
    yyjson_val *root = yyjson_doc_get_root(answer);
    enum mg_code code = explain_start(agent, root, err);
    struct mg_fields fields = { .arena = arena };
    if (code == MG_OK) {
        collected->python_version = mg_field_line(&fields, root, "python", MG_NEEDED);
        collected->pytest_version = mg_field_line(&fields, root, "pytest", MG_NEEDED);
        code = mg_fields_check(&fields, "start", err);
    }
    yyjson_doc_free(answer);
    return code;
}

/* The final answer. *importing is the test file whose import had begun and not ended when the call returns. */
static enum mg_code receive_collected(struct mg_agent_process *agent, uint64_t id, struct mg_str *importing, yyjson_doc **answer, struct mg_err *err)
{
    double seconds = MG_SECONDS_START;
    for (;;) {
        MG_TRY(mg_link_receive(&agent->link, id, mg_now() + seconds, answer, err));
        yyjson_val *root = yyjson_doc_get_root(*answer);
        if (!yyjson_obj_get(root, "event"))
            return MG_OK;
        struct mg_fields fields = { .arena = agent->run };
        *importing = mg_field_str(&fields, root, "file", MG_NEEDED);
        yyjson_doc_free(*answer);
        *answer = NULL;
        MG_TRY(mg_fields_check(&fields, "collect", err));
        seconds = importing->len ? MG_SECONDS_IMPORT : MG_SECONDS_START;
    }
}

/* *refused is pytest's own line when it did not accept its arguments; then the call is MG_OK all the same. */
static enum mg_code ask_collect(struct mg_agent_process *agent, struct mg_arena *arena, struct mg_collected *collected, struct mg_str *refused,
                                struct mg_str *importing, struct mg_err *err)
{
    struct mg_request request = mg_request_new(&agent->link, "collect");
    struct mg_str *args = MG_NEW_ARRAY(agent->run, struct mg_str, agent->left_out.len + 1);
    for (size_t i = 0; i < agent->left_out.len; i++)
        args[i] = mg_arena_printf(agent->run, "--ignore=%.*s", MG_FMT(agent->left_out.at[i].file));
    mg_request_strs(&request, "args", args, agent->left_out.len);
    yyjson_mut_obj_add_bool(request.doc, request.root, "keep_addopts", agent->keep_addopts);
    uint64_t id = request.id;
    yyjson_doc *answer = NULL;
    MG_TRY(mg_link_send(&agent->link, &request, -1, mg_now() + MG_SECONDS_START, err));
    MG_TRY(receive_collected(agent, id, importing, &answer, err));
    yyjson_val *root = yyjson_doc_get_root(answer);
    struct mg_fields fields = { .arena = arena };
    enum mg_code code = MG_OK;
    if (mg_agent_refused_kind(root, "usage")) {
        *refused = mg_field_line(&fields, root, "text", MG_OPTIONAL);
        if (refused->len == 0)
            *refused = MG_STR("no reason given");
    } else if ((code = mg_agent_refused(root, "collect the tests", err)) == MG_OK) {
        mg_decode_collected(&fields, root, collected);
        code = mg_fields_check(&fields, "collect", err);
    }
    yyjson_doc_free(answer);
    return code;
}

/* A new zygote, asked to start and collect. */
static enum mg_code connect_zygote(struct mg_agent_process *agent, struct mg_arena *arena, struct mg_collected *collected, struct mg_str *refused,
                                   struct mg_str *importing, struct mg_err *err)
{
    struct mg_launch launch = { .role = "zygote", .hash_seed = MG_STR("0"), .log_path = agent->log_path };
    int fd = -1;
    unlink(agent->log_path);
    MG_TRY(mg_agent_launch(agent, &launch, &agent->child, &fd, err));
    mg_link_open(&agent->link, fd, agent->how.cancel);
    enum mg_code code = ask_start(agent, arena, collected, err);
    const char *doing = "starting the interpreter";
    if (code == MG_OK) {
        doing = "importing and collecting the tests";
        code = ask_collect(agent, arena, collected, refused, importing, err);
    }
    if (code == MG_E_TIMEOUT)
        return MG_FAIL(err, MG_E_TIMEOUT, "%s took more than %.0f s", doing, importing->len ? MG_SECONDS_IMPORT : MG_SECONDS_START);
    if (code == MG_E_CHILD && agent->link.fd < 0)
        return mg_agent_explain(agent, &agent->child, agent->log_path, doing, err);
    return code;
}

/* A file whose import ends or hangs the interpreter is one bad test file, not the end of the run. */
static bool leave_out(struct mg_agent_process *agent, struct mg_str file, const char *why)
{
    if (file.len == 0 || agent->left_out.len == MOST_LEFT_OUT)
        return false;
    for (size_t i = 0; i < agent->left_out.len; i++)
        if (mg_str_eq(agent->left_out.at[i].file, file))
            return false;
    *MG_PUSH(agent->run, &agent->left_out) = (struct mg_left_out){ file, mg_arena_str(agent->run, mg_str_from(why)) };
    return true;
}

/* A zygote that has collected: without the repo's own options when pytest refuses them, without the files that end it. */
static enum mg_code collect_what_can_be(struct mg_agent_process *agent, struct mg_arena *arena, struct mg_collected *collected, struct mg_err *err)
{
    for (;;) {
        struct mg_str refused = MG_NO_STR, importing = MG_NO_STR;
        struct mg_err why = { .code = MG_OK };
        *collected = (struct mg_collected){ 0 };
        enum mg_code code = connect_zygote(agent, arena, collected, &refused, &importing, &why);
        if (code == MG_OK && refused.len == 0)
            return MG_OK;
        disconnect(agent);
        if (code == MG_OK && agent->keep_addopts) {
            agent->keep_addopts = false;
            agent->refused = mg_arena_str(agent->run, refused);
        } else if (code == MG_OK) {
            return MG_FAIL(err, MG_E_CONFIG, "pytest refuses its arguments: %.*s", MG_FMT(refused));
        } else if ((code != MG_E_CHILD && code != MG_E_TIMEOUT) || !leave_out(agent, importing, why.text)) {
            if (err)
                *err = why;
            return code;
        }
    }
}

static uint64_t hash_tests(const struct mg_collected *collected)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < collected->tests.len; i++)
        for (size_t k = 0; k <= collected->tests.at[i].id.len; k++)
            hash = (hash ^ (k < collected->tests.at[i].id.len ? (unsigned char)collected->tests.at[i].id.at[k] : 0xFFu)) * 1099511628211u;
    return hash;
}

static enum mg_code start_in(struct mg_agent_process *agent, struct mg_arena *arena, struct mg_collected *collected, struct mg_err *err)
{
    MG_TRY(mg_agent_write_files(agent, err));
    agent->keep_addopts = true;
    MG_TRY(collect_what_can_be(agent, arena, collected, err));
    if (agent->refused.len)
        *MG_PUSH(arena, &collected->notes) =
            mg_arena_printf(arena, "pytest refused the repo's own options, so its addopts are ignored: %.*s", MG_FMT(agent->refused));
    for (size_t i = 0; i < agent->left_out.len; i++)
        *MG_PUSH(arena, &collected->errors) =
            (struct mg_collect_error){ mg_arena_str(arena, agent->left_out.at[i].file), mg_arena_str(arena, agent->left_out.at[i].why) };
    agent->test_count = (uint32_t)collected->tests.len;
    agent->tests_hash = hash_tests(collected);
    return MG_OK;
}

/* --- revival --- */

static bool is_alive(const struct mg_agent_process *agent)
{
    char byte;
    if (agent->link.fd < 0)
        return false;
    ssize_t got = recv(agent->link.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

static enum mg_code revive(void *self, bool *revived, struct mg_err *err)
{
    struct mg_agent_process *agent = mg_agent_process_checked(self);
    *revived = false;
    if (!agent->run)
        return MG_FAIL(err, MG_E_STATE, "the agent has not been started");
    if (is_alive(agent))
        return MG_OK;
    if (++agent->revivals > MOST_REVIVALS)
        return MG_FAIL(err, MG_E_CHILD, "the interpreter of the tests was killed %u times: something in the repo kills its parent process",
                       agent->revivals);
    disconnect(agent);
    struct mg_arena *arena = mg_arena_new();
    struct mg_collected collected;
    enum mg_code code = collect_what_can_be(agent, arena, &collected, err);
    if (code == MG_OK && (collected.tests.len != agent->test_count || hash_tests(&collected) != agent->tests_hash)) {
        disconnect(agent);
        code = MG_FAIL(err, MG_E_CHILD, "the interpreter of the tests died, and a new one collects other tests (%zu instead of %u)",
                       collected.tests.len, agent->test_count);
    }
    mg_arena_free(arena);
    *revived = code == MG_OK;
    return code;
}

static enum mg_code start(void *self, const struct mg_agent_start *how, struct mg_arena *arena, struct mg_collected *collected, struct mg_err *err)
{
    struct mg_agent_process *agent = mg_agent_process_checked(self);
    if (agent->run)
        return MG_FAIL(err, MG_E_STATE, "the agent has been started already");
    remember(agent, how);
    *collected = (struct mg_collected){ 0 };
    enum mg_code code = start_in(agent, arena, collected, err);
    if (code != MG_OK)
        stop(agent);
    return code;
}

/* --- baseline --- */

static enum mg_code baseline(void *self, const struct mg_str *files, size_t file_count, const uint32_t *tests, size_t test_count, struct mg_err *err)
{
    struct mg_agent_process *agent = mg_agent_process_checked(self);
    if (!agent->run || agent->baseline_id != 0)
        return MG_FAIL(err, MG_E_STATE, "a baseline cannot be started now");
    agent->baseline_files = MG_NEW_ARRAY(agent->run, struct mg_str, file_count + 1);
    for (size_t i = 0; i < file_count; i++)
        agent->baseline_files[i] = mg_arena_str(agent->run, files[i]);
    agent->baseline_file_count = file_count;
    struct mg_request request = mg_request_new(&agent->link, "baseline");
    mg_request_strs(&request, "files", agent->baseline_files, file_count);
    if (tests) {
        yyjson_mut_val *list = yyjson_mut_obj_add_arr(request.doc, request.root, "tests");
        for (size_t i = 0; i < test_count; i++)
            yyjson_mut_arr_add_uint(request.doc, list, tests[i]);
    } else {
        yyjson_mut_obj_add_null(request.doc, request.root, "tests");
    }
    yyjson_mut_obj_add_real(request.doc, request.root, "timeout", agent->how.test_timeout_seconds);
    uint64_t id = request.id;
    MG_TRY(mg_link_send(&agent->link, &request, -1, mg_now() + MG_SECONDS_SEND, err));
    agent->baseline_id = id;
    return MG_OK;
}

static enum mg_code take_baseline(struct mg_agent_process *agent, yyjson_val *root, struct mg_arena *arena, struct mg_baseline_result *result,
                                  bool *more, struct mg_err *err)
{
    *more = yyjson_obj_get(root, "event") != NULL;
    if (!*more)
        return mg_agent_refused(root, "run the existing tests", err);
    struct mg_fields fields = { .arena = arena };
    mg_decode_baseline(&fields, root, agent->baseline_files, agent->baseline_file_count, agent->test_count, result);
    return mg_fields_check(&fields, "baseline", err);
}

static enum mg_code baseline_next(void *self, struct mg_arena *arena, struct mg_baseline_result *result, bool *more, struct mg_err *err)
{
    struct mg_agent_process *agent = mg_agent_process_checked(self);
    *more = false;
    if (agent->baseline_id == 0)
        return MG_FAIL(err, MG_E_STATE, "no baseline is running");
    *result = (struct mg_baseline_result){ 0 };
    yyjson_doc *answer = NULL;
    /* Behind a test that used up its time a new fork sets its fixtures up again: twice the test's own time, and some. */
    double seconds = 2 * agent->how.test_timeout_seconds + 2 * MG_SECONDS_SLACK;
    enum mg_code code = mg_link_receive(&agent->link, agent->baseline_id, mg_now() + seconds, &answer, err);
    if (code == MG_OK)
        code = take_baseline(agent, yyjson_doc_get_root(answer), arena, result, more, err);
    yyjson_doc_free(answer);
    if (code == MG_OK && *more)
        return MG_OK;
    agent->baseline_id = 0;
    *more = false;
    if (code == MG_E_TIMEOUT)
        return MG_FAIL(err, code, "running the existing tests: the agent was silent for %.0f s", seconds);
    if (code == MG_E_CHILD && agent->link.fd < 0)
        return mg_agent_explain(agent, &agent->child, agent->log_path, "running the existing tests", err);
    return code;
}

/* --- confirm --- */

static enum mg_code ask_confirm(struct mg_agent_process *agent, struct mg_link *link, const struct mg_confirm *what, struct mg_arena *arena,
                                struct mg_confirmed *result, struct mg_err *err)
{
    struct mg_request request = mg_request_new(link, "confirm");
    add_places(&request, agent);
    mg_request_strs(&request, "files", what->files.at, what->files.len);
    mg_request_strs(&request, "deselect", what->deselect.at, what->deselect.len);
    yyjson_mut_obj_add_bool(request.doc, request.root, "reversed", what->reversed);
    yyjson_mut_obj_add_real(request.doc, request.root, "seconds", what->seconds);
    yyjson_doc *answer = NULL;
    MG_TRY(mg_agent_ask(link, &request, -1, what->seconds + MG_SECONDS_SLACK, "confirm the tests", &answer, err));
    struct mg_fields fields = { .arena = arena };
    mg_decode_confirmed(&fields, yyjson_doc_get_root(answer), result);
    yyjson_doc_free(answer);
    return mg_fields_check(&fields, "confirm", err);
}

static enum mg_code run_confirm(struct mg_agent_process *agent, const struct mg_confirm *what, struct mg_arena *arena, struct mg_confirmed *result,
                                struct mg_err *err)
{
    struct mg_launch launch = {
        .role = "confirm",
        .hash_seed = what->hash_seed,
        .log_path = mg_path_join(arena, agent->how.scratch, MG_STR("confirm.log")).at,
        .cpu_seconds = (int64_t)ceil(what->seconds) + 30,
    };
    struct mg_child child = { .pid = 0, .lifeline_fd = -1 };
    struct mg_link link;
    int fd = -1;
    MG_TRY(mg_agent_launch(agent, &launch, &child, &fd, err));
    mg_link_open(&link, fd, agent->how.cancel);
    enum mg_code code = ask_confirm(agent, &link, what, arena, result, err);
    if (code == MG_E_CHILD && link.fd < 0)
        code = mg_agent_explain(agent, &child, launch.log_path, "confirming the tests", err);
    mg_link_close(&link);
    agent->sandbox.ops->kill(agent->sandbox.self, &child);
    return code;
}

static enum mg_code confirm(void *self, const struct mg_confirm *what, struct mg_arena *arena, struct mg_confirmed *result, struct mg_err *err)
{
    struct mg_agent_process *agent = mg_agent_process_checked(self);
    if (!agent->run)
        return MG_FAIL(err, MG_E_STATE, "the agent has not been started");
    *result = (struct mg_confirmed){ 0 };
    struct mg_placed_list placed = { 0 };
    struct mg_err cleanup = { .code = MG_OK };
    enum mg_code code = mg_sources_place(agent->how.repo, what->sources.at, what->sources.len, arena, &placed, err);
    if (code == MG_OK)
        code = run_confirm(agent, what, arena, result, err);
    if (mg_sources_restore(&placed, &cleanup) != MG_OK && code == MG_OK) {
        if (err)
            *err = cleanup;
        code = cleanup.code;
    }
    return code;
}

/* --- the port --- */

static void close_agent(void *self)
{
    struct mg_agent_process *agent = mg_agent_process_checked(self);
    stop(agent);
    pthread_mutex_destroy(&agent->lock);
    agent->magic = 0;
    mg_arena_free(agent->arena);
}

static const struct mg_agent_ops ops = {
    .name = "process",
    .start = start,
    .revive = revive,
    .baseline = baseline,
    .baseline_next = baseline_next,
    .open_session = mg_agent_open_session,
    .confirm = confirm,
    .session_target = mg_session_target,
    .session_describe = mg_session_describe,
    .session_probe = mg_session_probe,
    .session_load = mg_session_load,
    .session_submit = mg_session_submit,
    .session_next = mg_session_next,
    .session_close = mg_session_close,
    .stop = stop,
    .close = close_agent,
};

struct mg_agent mg_agent_process_new(struct mg_sandbox sandbox)
{
    struct mg_arena *arena = mg_arena_new();
    struct mg_agent_process *agent = MG_NEW(arena, struct mg_agent_process);
    *agent = (struct mg_agent_process){
        .magic = MAGIC,
        .arena = arena,
        .sandbox = sandbox,
        .link = { .fd = -1 },
        .child = { .pid = 0, .lifeline_fd = -1 },
    };
    MG_ASSERT(pthread_mutex_init(&agent->lock, NULL) == 0);
    return (struct mg_agent){ .ops = &ops, .self = agent };
}
