/* Shared by the files of this adapter. */
#ifndef MG_AGENT_INTERNAL_H
#define MG_AGENT_INTERNAL_H

#include "adapters/agent_process/fields.h"
#include "adapters/agent_process/link.h"
#include "ports/agent.h"
#include "ports/sandbox.h"
#include <pthread.h>

/* Deadlines in seconds, on our side. The agent's own are shorter: these only catch an agent that hangs itself. */
#define MG_SECONDS_START 120.0 /* import and collection of a heavy test suite */
#define MG_SECONDS_IMPORT 60.0 /* of one test file */
#define MG_SECONDS_TARGET 30.0
#define MG_SECONDS_DESCRIBE 30.0
#define MG_SECONDS_LOAD 60.0
#define MG_SECONDS_CHECK 40.0
#define MG_SECONDS_SLACK 30.0 /* on top of what an operation was told to take */
#define MG_SECONDS_SEND 30.0

/* A test file that ended or hung the interpreter while it was imported: left out from then on. */
struct mg_left_out {
    struct mg_str file, why;
};

struct mg_agent_process {
    unsigned magic;
    struct mg_arena *arena; /* of the adapter */
    struct mg_sandbox sandbox;

    /* From start to stop; read-only in between, but for the zygote's link. */
    struct mg_arena *run; /* NULL = not started */
    struct mg_agent_start how;
    const char *program, *log_path; /* the agent's folder, the zygote's log */
    bool keep_addopts;
    struct mg_str addopts; /* without keep_addopts: what stands for the repo's own options, those of them that pytest knows */
    struct mg_str refused; /* what pytest said against the repo's own options, or empty */
    struct {
        MG_VEC(struct mg_left_out)
    } left_out;
    uint32_t test_count;
    uint64_t tests_hash; /* over the tests' ids: after a revival their numbers must mean the same tests */
    unsigned revivals;
    struct mg_child child;

    pthread_mutex_t lock; /* guards link and sessions: these are opened from worker threads */
    struct mg_link link;
    struct mg_session *sessions; /* that are open */
    uint64_t baseline_id;        /* 0 = none is running */
    bool has_workers;            /* processes that hold session fixtures, and have something to tear down */
    struct mg_str *baseline_files;
    size_t baseline_file_count;
};

struct mg_agent_process *mg_agent_process_checked(void *self);

/* Sends the request and gives the final answer's document, already checked for "ok". The caller frees it. `what` names the
 * operation in errors. */
MG_MUST_CHECK enum mg_code mg_agent_ask(struct mg_link *link, struct mg_request *request, int pass_fd, double seconds, const char *what,
                                        yyjson_doc **answer, struct mg_err *err);
/* The error in an answer with "ok": false. */
enum mg_code mg_agent_refused(yyjson_val *root, const char *what, struct mg_err *err);
bool mg_agent_refused_kind(yyjson_val *root, const char *kind);

/* Starting interpreters (launch.c). */
struct mg_launch {
    const char *role; /* "zygote", "confirm" */
    struct mg_str hash_seed;
    const char *log_path;
    int64_t cpu_seconds; /* 0 = off */
};
MG_MUST_CHECK enum mg_code mg_agent_write_files(struct mg_agent_process *agent, struct mg_err *err);
MG_MUST_CHECK enum mg_code mg_agent_launch(struct mg_agent_process *agent, const struct mg_launch *launch, struct mg_child *child, int *fd,
                                           struct mg_err *err);
/* For a peer that is gone: puts what we were doing before *err, how the process ended and the last line of its log behind. MG_E_CHILD. */
enum mg_code mg_agent_explain(struct mg_agent_process *agent, struct mg_child *child, const char *log_path, const char *doing, struct mg_err *err);

/* start.c */
enum mg_code mg_agent_start_zygote(void *self, const struct mg_agent_start *how, struct mg_arena *arena, struct mg_collected *collected,
                                   struct mg_err *err);
enum mg_code mg_agent_revive(void *self, bool *revived, struct mg_err *err);
void mg_agent_stop(void *self);
/* What zygote and confirmation are told alike. */
void mg_agent_add_places(struct mg_request *request, const struct mg_agent_process *agent);
/* Arguments of pytest, for both: files that end pytest itself when they are collected are left out. */
void mg_agent_add_left_out(struct mg_request *request, const struct mg_agent_process *agent);

/* session.c */
enum mg_code mg_agent_open_session(void *self, struct mg_session **session, struct mg_err *err);
enum mg_code mg_session_target(struct mg_session *session, const struct mg_target *target, struct mg_arena *arena, struct mg_found *found,
                               struct mg_err *err);
enum mg_code mg_session_describe(struct mg_session *session, struct mg_arena *arena, struct mg_description *description, struct mg_err *err);
enum mg_code mg_session_probe(struct mg_session *session, const struct mg_probe *probe, struct mg_arena *arena, struct mg_probed *result,
                              struct mg_err *err);
enum mg_code mg_session_load(struct mg_session *session, struct mg_str path, struct mg_str source, struct mg_arena *arena,
                             struct mg_collected *collected, uint32_t *first, struct mg_err *err);
enum mg_code mg_session_check(struct mg_session *session, struct mg_str source, struct mg_arena *arena, struct mg_str *problem, struct mg_err *err);
enum mg_code mg_session_examine(struct mg_session *session, const uint32_t *tests, size_t count, double seconds, struct mg_arena *arena,
                                struct mg_examined *examined, struct mg_err *err);
enum mg_code mg_session_submit(struct mg_session *session, const struct mg_mutant_job *job, struct mg_err *err);
enum mg_code mg_session_next(struct mg_session *session, struct mg_arena *arena, struct mg_mutant_run *run, struct mg_err *err);
void mg_session_close(struct mg_session *session);
/* After the processes of all open sessions have ended with their zygote: what they loaded is taken out of the copy, or a new one would collect it. */
void mg_sessions_put_back(struct mg_agent_process *agent);

#endif
