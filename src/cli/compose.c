/* Wires adapters to ports. Nothing else in the program calls an adapter's constructor. */
#include "cli/compose.h"
#include "adapters/agent_process/agent_process.h"
#include "adapters/cache_sqlite/cache_sqlite.h"
#include "adapters/clock_posix/clock_posix.h"
#include "adapters/gate_mutmut/gate_mutmut.h"
#include "adapters/ingest_git/clone.h"
#include "adapters/ingest_git/source.h"
#include "adapters/ingest_local/ingest_local.h"
#include "adapters/memory/store_memory.h"
#include "adapters/report_json/report_json.h"
#include "adapters/report_markdown/report_markdown.h"
#include "adapters/report_schema/report_schema.h"
#include "adapters/report_terminal/report_terminal.h"
#include "adapters/sandbox_linux/sandbox_linux.h"
#include "adapters/store_sqlite/root.h"
#include "adapters/store_sqlite/store_sqlite.h"
#include "adapters/vcs_git/vcs_git.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/turn.h"
#include "cli/model.h"
#include "cli/options.h"
#include "cli/pass_env.h"
#include "cli/progress.h"
#include "cli/tell.h"
#include "core/text.h"
#include "engine/gate.h"
#include "generate/search/search.h"
#include "os/build_id.h"
#include "os/file.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define PROGRAM_LIMIT ((size_t)256 << 20)

/* ---- small things every command needs ---- */

enum mg_exit mg_exit_for_error(enum mg_code code)
{
    if (code == MG_OK)
        return MG_EXIT_OK;
    if (code == MG_E_USAGE)
        return MG_EXIT_USAGE;
    return code == MG_E_CANCELLED ? MG_EXIT_INTERRUPTED : MG_EXIT_FAILURE;
}

enum mg_exit mg_exit_for_report(const struct mg_report *report, double threshold)
{
    if (mg_str_is(report->status, "failed"))
        return MG_EXIT_FAILURE;
    if (mg_str_is(report->status, "cancelled"))
        return MG_EXIT_INTERRUPTED;
    if (mg_str_is(report->status, "partial"))
        return MG_EXIT_BUDGET;
    return threshold > 0 && mg_score(&report->after) < threshold ? MG_EXIT_BELOW_THRESHOLD : MG_EXIT_OK;
}

struct mg_str mg_printable(struct mg_arena *arena, struct mg_str text) { return mg_arena_str(arena, mg_text_line(arena, text)); }

/* A word for the shell: quoted when it holds anything but plain characters. */
struct mg_str mg_shell_word(struct mg_arena *arena, struct mg_str text)
{
    static const char plain[] = "/._-+,:@%=";
    bool quote = text.len == 0;
    struct mg_buf out = MG_BUF(1u << 16);
    struct mg_str shown = mg_printable(arena, text);
    for (size_t i = 0; i < shown.len; i++) {
        unsigned char byte = (unsigned char)shown.at[i];
        bool alnum = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte >= 0x80;
        quote = quote || (!alnum && !strchr(plain, byte));
        mg_buf_adds(&out, byte == '\'' ? "'\\''" : "");
        if (byte != '\'')
            mg_buf_addc(&out, (char)byte);
    }
    struct mg_str inner = mg_buf_take(&out, arena);
    return quote ? mg_arena_printf(arena, "'%.*s'", MG_FMT(inner)) : inner;
}

enum mg_code mg_resolve_repo(struct mg_app *app, struct mg_str location, struct mg_str *repo, struct mg_err *err)
{
    const char *path = mg_arena_cstr(app->arena, location);
    if (!mg_file_exists(path))
        return MG_FAIL(err, MG_E_NOT_FOUND, "%s: no such path", path);
    if (!mg_file_is_dir(path))
        return MG_FAIL(err, MG_E_CONFIG, "%s: not a folder; give the root of a Python repository (--target chooses functions in it)", path);
    return mg_file_resolve(app->arena, path, repo, err);
}

enum mg_code mg_max_time(const struct mg_invocation *call, double *seconds, struct mg_err *err)
{
    double given;
    if (call->max_time.len == 0)
        return MG_OK;
    if (!mg_str_to_double(call->max_time, &given) || !(given > 0 && given < 1e9))
        return MG_FAIL(err, MG_E_USAGE, "--max-time must be a number of seconds above 0, not '%.*s'", MG_FMT(mg_str_sub(call->max_time, 0, 40)));
    *seconds = given;
    return MG_OK;
}

enum mg_code mg_choose_run_id(struct mg_app *app, struct mg_str given, struct mg_str *run_id, struct mg_err *err)
{
    unsigned char random[6];
    *run_id = given;
    if (given.len)
        return MG_OK;
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return MG_FAIL(err, MG_E_IO, "no random bytes for a run id: %s", strerror(errno));
    *run_id = mg_arena_printf(app->arena, "%02x%02x%02x%02x%02x%02x", random[0], random[1], random[2], random[3], random[4], random[5]);
    return MG_OK;
}

/* Processors this process may use. */
static int64_t processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? online : 1;
}

/* ---- wiring ---- */

/* Makes it absolute: the ingest leaves it out of its copy, wherever it stands. */
static enum mg_code resolve_storage_root(struct mg_app *app, struct mg_err *err)
{
    struct mg_str *root = &app->config.storage.root;
    if (root->len > 0 && root->at[0] == '/')
        return MG_OK;
    char *here = getcwd(NULL, 0);
    if (!here)
        return MG_FAIL(err, MG_E_IO, "the current directory cannot be named: %s", strerror(errno));
    *root = mg_path_join(app->arena, mg_str_from(here), *root);
    free(here);
    return MG_OK;
}

static enum mg_code clone_repo(struct mg_app *app, const struct mg_source *source, bool history, struct mg_str *repo, struct mg_err *err)
{
    const struct mg_config *config = &app->config;
    struct mg_str root, shown = mg_printable(app->arena, source->shown);
    struct mg_clone made;
    MG_TRY(resolve_storage_root(app, err));
    MG_TRY(mg_sqlite_root(app->arena, mg_arena_cstr(app->arena, config->storage.root), true, &root, err));
    struct mg_clone_request request = { .source = source,
                                        .branch = config->ingest.branch,
                                        .rev = config->ingest.rev.len ? config->ingest.rev : source->rev,
                                        .history = history,
                                        .depth = config->ingest.clone_depth,
                                        .retries = config->ingest.max_retries,
                                        .backoff_seconds = config->ingest.retry_backoff_seconds,
                                        .timeout_seconds = config->ingest.command_timeout_seconds,
                                        .folder = mg_path_join(app->arena, root, MG_STR("repos")),
                                        .keep_days = config->storage.keep_days,
                                        .supervisor = mg_sandbox_linux_free,
                                        .cancel = app->cancel };
    mg_tell_note(app, "fetching %.*s", MG_FMT(shown));
    MG_TRY(mg_clone(&request, app->arena, &made, err));
    mg_tell_note(app, "%s %.*s at commit %.*s", made.is_new ? "cloned into" : "working on", MG_FMT(made.path),
                 MG_FMT(mg_str_sub(made.commit, 0, 12)));
    for (size_t i = 0; i < made.notes.len; i++)
        mg_tell_note(app, "%.*s", MG_FMT(made.notes.at[i]));
    return mg_file_resolve(app->arena, made.path.at, repo, err);
}

/* What the cloned repo says of itself, like any other: it can set harmless keys only, so nothing that has led to the clone. */
static enum mg_code read_its_settings(struct mg_app *app, const struct mg_invocation *call, struct mg_str repo, struct mg_err *err)
{
    struct mg_invocation again = *call;
    if (app->config_file.name.len)
        return MG_OK;
    again.repo = repo;
    MG_TRY(mg_options_config(&again, &app->env, app->arena, &app->config, &app->config_file, err));
    struct mg_str refusal = mg_config_file_refusal(&app->config_file, app->arena);
    if (refusal.len)
        mg_tell(app, "%.*s", MG_FMT(refusal));
    return MG_OK;
}

enum mg_code mg_compose_repo(struct mg_app *app, const struct mg_invocation *call, bool history, struct mg_str *repo, struct mg_err *err)
{
    struct mg_str location = call->repo.len ? call->repo : MG_STR(".");
    const struct mg_config *config = &app->config;
    struct mg_source source;
    MG_TRY(mg_source_read(app->arena, location, &source, err));
    (void)mg_secrets_add(&app->secrets, source.password.len ? source.password : source.user);
    if (config->ingest.branch.len && config->ingest.rev.len)
        return MG_FAIL(err, MG_E_USAGE, "--branch and --rev exclude each other");
    if (source.is_git) {
        MG_TRY(clone_repo(app, &source, history, repo, err));
        return read_its_settings(app, call, *repo, err);
    }
    if (config->ingest.branch.len || config->ingest.rev.len)
        return MG_FAIL(err, MG_E_USAGE, "--branch and --rev belong to a git URL; %.*s is a folder, and is measured as it stands",
                       MG_FMT(mg_printable(app->arena, mg_str_sub(location, 0, 200))));
    return mg_resolve_repo(app, location, repo, err);
}

static void add_reporters(struct mg_app *app, struct mg_composed *composed)
{
    composed->reporters[0] = mg_report_markdown_new(app->arena, composed->reports_dir.at);
    composed->reporters[1] = mg_report_json_new(app->arena, composed->reports_dir.at);
    composed->reporters[2] = mg_report_terminal_new(app->arena, stdout);
    composed->services.reporters = composed->reporters;
    composed->services.reporter_count = MG_REPORTERS;
}

static enum mg_code open_store(struct mg_app *app, bool create, struct mg_composed *composed, struct mg_err *err)
{
    MG_TRY(resolve_storage_root(app, err));
    struct mg_str root = app->config.storage.root;
    MG_TRY(mg_store_sqlite_open(mg_arena_cstr(app->arena, root), create, &composed->services.store, err));
    composed->reports_dir = mg_path_join(app->arena, root, MG_STR("reports"));
    add_reporters(app, composed);
    return MG_OK;
}

enum mg_code mg_compose_cache(struct mg_app *app, bool create, struct mg_cache *cache, struct mg_err *err)
{
    struct mg_str root;
    *cache = (struct mg_cache){ 0 };
    MG_TRY(resolve_storage_root(app, err));
    MG_TRY(mg_sqlite_root(app->arena, mg_arena_cstr(app->arena, app->config.storage.root), create, &root, err));
    return mg_cache_sqlite_open(root.at, cache, err);
}

struct mg_str mg_compose_machine(struct mg_app *app)
{
    struct mg_arena *scratch = mg_arena_new();
    struct mg_str program, digest = mg_build_id(scratch);
    const struct mg_names *passed = &app->config.sandbox.pass_env;
    struct mg_str environment = mg_sandbox_linux_environment(scratch, passed->at, passed->len);
    if (digest.len == 0 && mg_file_read(scratch, "/proc/self/exe", PROGRAM_LIMIT, &program, NULL) == MG_OK)
        digest = mg_sha256_hex(scratch, program, 64);
    if (digest.len == 0)
        digest = MG_STR("unknown");
    struct mg_str all = mg_arena_printf(scratch, "%s\n%.*s\n%.*s", MG_VERSION, MG_FMT(digest), MG_FMT(environment));
    digest = mg_sha256_hex(app->arena, all, 64);
    mg_arena_free(scratch);
    return digest;
}

enum mg_code mg_compose_write_schema(struct mg_app *app, struct mg_str file, const struct mg_run_result *result, struct mg_err *err)
{
    return mg_report_schema_write(mg_arena_cstr(app->arena, file), &result->repo, &result->report, err);
}

enum mg_code mg_compose_stored(struct mg_app *app, struct mg_composed *composed, struct mg_err *err)
{
    *composed = (struct mg_composed){ 0 };
    return open_store(app, false, composed, err);
}

enum mg_code mg_compose_run(struct mg_app *app, enum mg_purpose purpose, bool no_progress, struct mg_composed *composed, struct mg_err *err)
{
    *composed = (struct mg_composed){ 0 };
    struct mg_run_services *services = &composed->services;
    if (app->config.jobs == 0)
        app->config.jobs = processors();
    MG_TRY(mg_check_pass_env(app, err));
    MG_TRY(resolve_storage_root(app, err));
    if (purpose == MG_PURPOSE_RUN)
        MG_TRY(open_store(app, true, composed, err));
    else
        services->store = mg_store_memory_new();
    composed->sandbox = mg_sandbox_linux_new(NULL);
    composed->progress = mg_cli_progress_open(no_progress);
    services->progress = composed->progress;
    services->vcs = mg_vcs_git();
    struct mg_ingest_settings ingest = { .supervisor = mg_sandbox_linux_free,
                                         .install = app->config.ingest.install_deps,
                                         .look_only = purpose == MG_PURPOSE_LOOK,
                                         .timeout_seconds = app->config.ingest.command_timeout_seconds,
                                         .keep_days = app->config.storage.keep_days,
                                         .progress = composed->progress };
    services->ingest = mg_ingest_local_new(services->vcs, &ingest);
    services->agent = mg_agent_process_new(composed->sandbox);
    services->gate = mg_engine_gate(&composed->progress);
    if (mg_str_is(app->config.mutation.backend, "mutmut"))
        services->gate = mg_gate_mutmut_new(composed->sandbox, app->config.storage.root, app->config.mutation.mutmut_site);
    *(purpose == MG_PURPOSE_SCORE || purpose == MG_PURPOSE_LOOK ? &services->witness : &services->generator) = mg_search_new();
    services->clock = mg_clock_posix();
    services->time_limit = MG_NEW(app->arena, double);
    MG_TRY(mg_turn_new(&services->turn, err));
    services->cancel = app->cancel;
    services->secrets = &app->secrets;
    services->protection = composed->sandbox.ops->describe(composed->sandbox.self);
    services->version = MG_VERSION;
    services->program = app->program;
    mg_find_withheld(app, &services->withheld);
    return MG_OK;
}

void mg_compose_close(struct mg_composed *composed)
{
    struct mg_run_services *services = &composed->services;
    mg_cli_progress_close(composed->progress);
    mg_compose_model_close(composed);
    if (services->agent.ops)
        services->agent.ops->close(services->agent.self);
    if (services->gate.ops)
        mg_gate_mutmut_free(services->gate);
    if (services->ingest.ops)
        mg_ingest_local_free(services->ingest);
    if (composed->sandbox.ops)
        mg_sandbox_linux_close(composed->sandbox);
    if (services->cache.ops)
        services->cache.ops->close(services->cache.self);
    if (services->store.ops)
        services->store.ops->close(services->store.self);
    mg_turn_free(services->turn);
    *composed = (struct mg_composed){ 0 };
}
