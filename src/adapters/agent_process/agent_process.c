/* The zygote's side of the agent port: the baseline, confirmations. Starting it is in start.c, sessions are in session.c. */
#include "adapters/agent_process/agent_process.h"
#include "adapters/agent_process/decode.h"
#include "adapters/agent_process/internal.h"
#include "adapters/agent_process/sources.h"
#include "base/log.h"
#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"
#include <math.h>
#include <string.h>
#include <unistd.h>

#define MAGIC 0x4147504du
#define MOST_SECONDS_AGAIN 1e6

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

/* --- baseline --- */

static enum mg_code baseline(void *self, const struct mg_str *files, size_t file_count, const uint32_t *tests, size_t test_count, bool apart,
                             double pause, struct mg_err *err)
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
    yyjson_mut_obj_add_bool(request.doc, request.root, "apart", apart);
    yyjson_mut_obj_add_real(request.doc, request.root, "pause", pause);
    if (agent->how.stop_at > 0)
        yyjson_mut_obj_add_real(request.doc, request.root, "stop", fmax(agent->how.stop_at - mg_now(), 0.01));
    yyjson_mut_obj_add_sint(request.doc, request.root, "copies", file_count == 0 && agent->how.jobs > 1 ? agent->how.jobs : 1);
    uint64_t id = request.id;
    MG_TRY(mg_link_send(&agent->link, &request, -1, mg_now() + MG_SECONDS_SEND, err));
    agent->baseline_id = id;
    return MG_OK;
}

static enum mg_code take_baseline(struct mg_agent_process *agent, yyjson_val *root, struct mg_arena *arena, struct mg_baseline_result *result,
                                  bool *more, struct mg_err *err)
{
    *more = yyjson_obj_get(root, "event") != NULL;
    struct mg_fields fields = { .arena = arena };
    if (!*more) {
        MG_TRY(mg_agent_refused(root, "run the existing tests", err));
        agent->has_workers = mg_decode_baseline_end(&fields, root, result);
        return mg_fields_check(&fields, "baseline", err);
    }
    mg_decode_baseline(&fields, root, agent->baseline_files, agent->baseline_file_count, agent->test_count, result);
    return mg_fields_check(&fields, "baseline", err);
}

/* A test that passed its deadline runs once more, which may take so long. */
static bool runs_again(yyjson_val *root, double *seconds)
{
    if (!yyjson_equals_str(yyjson_obj_get(root, "event"), "again"))
        return false;
    double said = yyjson_get_num(yyjson_obj_get(root, "seconds"));
    *seconds = (said > 0 && said < MOST_SECONDS_AGAIN ? said : MOST_SECONDS_AGAIN) + 2 * MG_SECONDS_SLACK;
    return true;
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
    while (code == MG_OK && runs_again(yyjson_doc_get_root(answer), &seconds)) {
        yyjson_doc_free(answer);
        answer = NULL;
        code = mg_link_receive(&agent->link, agent->baseline_id, mg_now() + seconds, &answer, err);
    }
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
    mg_agent_add_places(&request, agent);
    mg_request_strs(&request, "files", what->files.at, what->files.len);
    mg_request_strs(&request, "deselect", what->deselect.at, what->deselect.len);
    mg_agent_add_left_out(&request, agent);
    yyjson_mut_obj_add_bool(request.doc, request.root, "reversed", what->reversed);
    yyjson_mut_obj_add_bool(request.doc, request.root, "stop_at_failure", what->stop_at_failure);
    yyjson_mut_obj_add_real(request.doc, request.root, "seconds", what->seconds);
    if (what->imported.path.len) {
        const struct mg_str imported[] = { what->imported.path, what->imported.source };
        mg_request_strs(&request, "imported", imported, 2);
    }
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
    enum mg_code restored = mg_sources_restore(&placed, &cleanup);
    mg_log_err(MG_LOG_WARNING, "files of the private copy are not what they were", &cleanup);
    if (restored != MG_OK && code == MG_OK) {
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
    mg_agent_stop(agent);
    pthread_mutex_destroy(&agent->lock);
    agent->magic = 0;
    mg_arena_free(agent->arena);
}

static const struct mg_agent_ops ops = {
    .name = "process",
    .start = mg_agent_start_zygote,
    .revive = mg_agent_revive,
    .baseline = baseline,
    .baseline_next = baseline_next,
    .open_session = mg_agent_open_session,
    .confirm = confirm,
    .session_target = mg_session_target,
    .session_describe = mg_session_describe,
    .session_probe = mg_session_probe,
    .session_load = mg_session_load,
    .session_check = mg_session_check,
    .session_examine = mg_session_examine,
    .session_submit = mg_session_submit,
    .session_next = mg_session_next,
    .session_close = mg_session_close,
    .stop = mg_agent_stop,
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
