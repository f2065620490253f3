/* The zygote: started, asked to collect, started again when a test has killed it. */
#include "adapters/agent_process/decode.h"
#include "adapters/agent_process/internal.h"
#include "base/log.h"
#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECONDS_TO_TEAR_DOWN 20.0
#define MOST_LEFT_OUT 20
#define MOST_REVIVALS 40

/* End of file ends the zygote; workers that have set up fixtures get the time to tear them down: no database is left behind. */
static void let_workers_end(struct mg_agent_process *agent)
{
    bool exited = false;
    int status;
    mg_link_close(&agent->link);
    if (agent->has_workers && agent->child.pid > 0)
        (void)agent->sandbox.ops->wait(agent->sandbox.self, &agent->child, SECONDS_TO_TEAR_DOWN, NULL, &exited, &status, NULL);
    agent->has_workers = false;
}

static void disconnect(struct mg_agent_process *agent)
{
    mg_link_close(&agent->link);
    agent->sandbox.ops->kill(agent->sandbox.self, &agent->child);
    agent->child = (struct mg_child){ .pid = 0, .lifeline_fd = -1 };
    agent->baseline_id = 0;
}

void mg_agent_stop(void *self)
{
    struct mg_agent_process *agent = mg_agent_process_checked(self);
    let_workers_end(agent);
    disconnect(agent);
    mg_arena_free(agent->run);
    agent->run = NULL;
    agent->test_count = 0;
    agent->revivals = 0;
    agent->refused = agent->addopts = MG_NO_STR;
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
    agent->how.installed = mg_arena_str(run, start->installed);
    memset(&agent->how.import_roots, 0, sizeof agent->how.import_roots);
    for (size_t i = 0; i < start->import_roots.len; i++)
        *MG_PUSH(run, &agent->how.import_roots) = mg_arena_str(run, start->import_roots.at[i]);
    agent->program = mg_path_join(run, agent->how.scratch, MG_STR("_mutagen_agent")).at;
    agent->log_path = mg_path_join(run, agent->how.scratch, MG_STR("agent.log")).at;
}

/* true, false, or the text that stands for the repo's own. */
static void add_addopts(struct mg_request *request, const struct mg_agent_process *agent)
{
    if (!agent->keep_addopts && agent->addopts.len)
        mg_request_str(request, "keep_addopts", agent->addopts);
    else
        yyjson_mut_obj_add_bool(request->doc, request->root, "keep_addopts", agent->keep_addopts);
}

void mg_agent_add_places(struct mg_request *request, const struct mg_agent_process *agent)
{
    const struct mg_agent_start *how = &agent->how;
    mg_request_str(request, "repo", how->repo);
    mg_request_str(request, "original", how->original);
    mg_request_strs(request, "import_roots", how->import_roots.at, how->import_roots.len);
    mg_request_str(request, "scratch", how->scratch);
    mg_request_str(request, "installed", how->installed);
    yyjson_mut_obj_add_sint(request->doc, request->root, "seed", how->seed);
    yyjson_mut_obj_add_sint(request->doc, request->root, "memory_limit_mb", how->memory_limit_mb);
    add_addopts(request, agent);
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
    mg_agent_add_places(&request, agent);
    yyjson_mut_obj_add_sint(request.doc, request.root, "jobs", agent->how.jobs);
    yyjson_mut_obj_add_bool(request.doc, request.root, "static", agent->how.static_mutants);
    yyjson_mut_obj_add_real(request.doc, request.root, "test_timeout", agent->how.test_timeout_seconds);
    mg_request_strs(&request, "pass_env", agent->how.pass_env, agent->how.pass_env_count);
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

void mg_agent_add_left_out(struct mg_request *request, const struct mg_agent_process *agent)
{
    struct mg_str *args = MG_NEW_ARRAY(agent->run, struct mg_str, agent->left_out.len + 1);
    for (size_t i = 0; i < agent->left_out.len; i++)
        args[i] = mg_arena_printf(agent->run, "--ignore=%.*s", MG_FMT(agent->left_out.at[i].file));
    mg_request_strs(request, "args", args, agent->left_out.len);
}

/* `text` is pytest's own line when it did not accept its arguments, `addopts` what it knows of the repo's own options; then the call is MG_OK. */
struct refusal {
    struct mg_str text, addopts;
};

static enum mg_code ask_collect(struct mg_agent_process *agent, struct mg_arena *arena, struct mg_collected *collected, struct refusal *refused,
                                struct mg_str *importing, struct mg_err *err)
{
    struct mg_request request = mg_request_new(&agent->link, "collect");
    mg_agent_add_left_out(&request, agent);
    mg_request_strs(&request, "only", agent->how.only, agent->how.only_count);
    mg_request_strs(&request, "watch", agent->how.watch, agent->how.watch_count);
    add_addopts(&request, agent);
    uint64_t id = request.id;
    yyjson_doc *answer = NULL;
    MG_TRY(mg_link_send(&agent->link, &request, -1, mg_now() + MG_SECONDS_START, err));
    MG_TRY(receive_collected(agent, id, importing, &answer, err));
    yyjson_val *root = yyjson_doc_get_root(answer);
    struct mg_fields fields = { .arena = arena };
    enum mg_code code = MG_OK;
    if (mg_agent_refused_kind(root, "usage")) {
        refused->text = mg_field_line(&fields, root, "text", MG_OPTIONAL);
        refused->addopts = mg_field_str(&fields, root, "addopts", MG_OPTIONAL);
        if (refused->text.len == 0)
            refused->text = MG_STR("no reason given");
    } else if ((code = mg_agent_refused(root, "collect the tests", err)) == MG_OK) {
        mg_decode_collected(&fields, root, collected);
        code = mg_fields_check(&fields, "collect", err);
    }
    yyjson_doc_free(answer);
    return code;
}

/* A new zygote, asked to start and collect. */
static enum mg_code connect_zygote(struct mg_agent_process *agent, struct mg_arena *arena, struct mg_collected *collected, struct refusal *refused,
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
        struct mg_str importing = MG_NO_STR;
        struct refusal refused = { MG_NO_STR, MG_NO_STR };
        struct mg_err why = { .code = MG_OK };
        *collected = (struct mg_collected){ 0 };
        enum mg_code code = connect_zygote(agent, arena, collected, &refused, &importing, &why);
        if (code == MG_OK && refused.text.len == 0)
            return MG_OK;
        disconnect(agent);
        mg_log_err(MG_LOG_WARNING, "the tests could not be collected at once", &why);
        if (code == MG_OK && agent->keep_addopts) {
            agent->keep_addopts = false;
            agent->refused = mg_arena_str(agent->run, refused.text);
            agent->addopts = mg_arena_str(agent->run, refused.addopts);
        } else if (code == MG_OK && agent->addopts.len) {
            agent->addopts = MG_NO_STR;
        } else if (code == MG_OK) {
            return MG_FAIL(err, MG_E_CONFIG, "pytest refuses its arguments: %.*s", MG_FMT(refused.text));
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
    if (agent->refused.len) {
        *MG_PUSH(arena, &collected->notes) =
            agent->addopts.len
                ? mg_arena_printf(arena, "pytest refused some of the repo's own options; its addopts are now `%.*s`: %.*s", MG_FMT(agent->addopts),
                                  MG_FMT(agent->refused))
                : mg_arena_printf(arena, "pytest refused the repo's own options, so its addopts are ignored: %.*s", MG_FMT(agent->refused));
        *MG_PUSH(arena, &collected->options) = MG_STR("-o");
        *MG_PUSH(arena, &collected->options) = mg_arena_printf(arena, "addopts=%.*s", MG_FMT(agent->addopts));
    }
    for (size_t i = 0; i < agent->left_out.len; i++)
        *MG_PUSH(arena, &collected->errors) = (struct mg_collect_error){ .where = mg_arena_str(arena, agent->left_out.at[i].file),
                                                                         .text = mg_arena_str(arena, agent->left_out.at[i].why) };
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

enum mg_code mg_agent_revive(void *self, bool *revived, struct mg_err *err)
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
    MG_LOG(MG_LOG_WARNING, "the interpreter of the tests died and is started again", MG_L_INT("times", agent->revivals));
    mg_sessions_put_back(agent);
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

enum mg_code mg_agent_start_zygote(void *self, const struct mg_agent_start *how, struct mg_arena *arena, struct mg_collected *collected,
                                   struct mg_err *err)
{
    struct mg_agent_process *agent = mg_agent_process_checked(self);
    if (agent->run)
        return MG_FAIL(err, MG_E_STATE, "the agent has been started already");
    remember(agent, how);
    *collected = (struct mg_collected){ 0 };
    enum mg_code code = start_in(agent, arena, collected, err);
    if (code != MG_OK)
        mg_agent_stop(agent);
    return code;
}
