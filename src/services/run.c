/* The pipeline, top to bottom: ingest → baseline → select → per target {before → generate → run → gate → choose} → confirm → report. */
#include "services/run.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/buf.h"
#include "base/str.h"
#include "core/run_state.h"
#include "services/context.h"
#include "services/crew.h"
#include "services/events.h"
#include "services/causes.h"
#include "services/early.h"
#include "services/limit.h"
#include "services/order.h"

#include <stdlib.h>
#include <string.h>

static double now(const struct mg_run_context *run) { return run->services->clock.ops->monotonic(run->services->clock.self); }

enum mg_code mg_tell_worked(const struct mg_run_context *run, struct mg_err *err)
{
    const struct mg_store store = run->services->store;
    return store.ops->worked(store.self, run->request.run_id, now(run) - run->started, err);
}

static enum mg_code step(struct mg_run_context *run, enum mg_run_event event, struct mg_err *err)
{
    MG_TRY(mg_run_step(&run->state, event, err));
    MG_TRY(mg_tell_worked(run, err));
    return run->services->store.ops->set_run_state(run->services->store.self, run->request.run_id, run->state, err);
}

/* INITIALIZING: creates the run in the store, or takes it up again. */
static enum mg_code take_up(struct mg_run_context *run, struct mg_err *err)
{
    const struct mg_run_services *services = run->services;
    struct mg_run_record record, wanted = {
        .run_id = run->request.run_id,
        .repo = run->request.repo,
        .tool_version = mg_str_from(services->version),
        .state = MG_RUN_PENDING,
        .started_at = services->clock.ops->unix_time(services->clock.self),
    };
    bool existing = false;
    MG_TRY(services->store.ops->begin_run(services->store.self, &wanted, run->arena, &record, &existing, err));
    MG_TRY(mg_limit_begin(run, err));
    run->report->started_at = existing ? record.started_at : wanted.started_at;
    /* A run that was killed stands in the middle: it starts over from the top, what is finished stays finished. */
    run->state = existing && mg_run_state_is_final(record.state) ? record.state : MG_RUN_PENDING;
    if (mg_run_state_is_final(run->state))
        return step(run, MG_RUN_ON_resume, err);
    MG_TRY(step(run, MG_RUN_ON_start, err));
    return MG_OK;
}

/* Everything a verdict depends on: the code, the tests, the interpreter and the settings that change verdicts or keeping. */
static struct mg_str fingerprint(const struct mg_run_context *run)
{
    const struct mg_config *config = run->config;
    struct mg_buf operators = MG_BUF(1u << 20);
    for (size_t i = 0; i < config->mutation.operators.len; i++)
        mg_buf_addf(&operators, "%.*s,", MG_FMT(config->mutation.operators.at[i]));
    mg_buf_add(&operators, config->mutation.backend);
    struct mg_str words = mg_buf_take(&operators, run->arena);
    struct mg_str all = mg_arena_printf(run->arena, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|%.6f|%d|%lld|%lld|%lld|%lld|%lld|%s", MG_FMT(words),
                                        MG_FMT(run->repo->fingerprint), MG_FMT(run->collected.python_version), MG_FMT(run->collected.pytest_version),
                                        MG_FMT(config->llm.strategy), MG_FMT(run->report->model), config->mutation.score_threshold,
                                        (int)config->mutation.keep + 16 * config->mutation.static_mutants, (long long)config->mutation.max_mutants,
                                        (long long)config->mutation.level, (long long)config->generation.seed,
                                        (long long)config->generation.max_tests, (long long)config->generation.max_calls, run->services->version);
    return mg_sha256_hex(run->arena, all, 32);
}

/* Tests in files that pytest does not look for, which only whoever knows of them runs. */
static void name_uncollected(struct mg_run_context *run)
{
    const struct mg_source_file *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < run->repo->test_files.len; i++) {
        const struct mg_source_file *file = &run->repo->test_files.at[i];
        if (mg_path_is_test(file->path))
            continue;
        first = first ? first : file;
        count++;
    }
    if (first)
        mg_note(
            run, MG_NOTE_DEGRADED, first->path,
            mg_arena_printf(run->arena,
                            "%s tests, but pytest collects test_*.py and *_test.py only, as long as python_files in its settings does not say more",
                            count > 1 ? mg_arena_printf(run->arena, "it and %zu more hold", count - 1).at : "it holds"));
}

/* Where nothing has a name that pytest looks for: the files that are named on its command line (`pytest tests.py`, also from tox.ini), or that nose
 * and unittest find. */
static enum mg_code collect_by_name(struct mg_run_context *run, struct mg_err *err)
{
    const struct mg_run_services *services = run->services;
    MG_LIST(struct mg_str) files = { 0 };
    for (size_t i = 0; i < run->repo->test_files.len; i++)
        if (!mg_path_is_test(run->repo->test_files.at[i].path))
            *MG_PUSH(run->arena, &files) = run->repo->test_files.at[i].path;
    if (!files.len || run->only_count)
        return MG_OK;
    run->start.only = files.at;
    run->start.only_count = files.len;
    services->agent.ops->stop(services->agent.self);
    MG_TRY(services->agent.ops->start(services->agent.self, &run->start, run->arena, &run->collected, err));
    if (run->collected.tests.len)
        mg_note(run, MG_NOTE_DEGRADED, files.at[0],
                mg_arena_printf(run->arena, "pytest looks for test_*.py and *_test.py and finds no test, so %s run as if named on its command line",
                                files.len > 1 ? mg_arena_printf(run->arena, "it and %zu more are", files.len - 1).at : "it is"));
    return MG_OK;
}

/* Tests that miss their packages are the most frequent reason why nothing works: it must not look like anything else. */
static enum mg_code start_agent(struct mg_run_context *run, struct mg_err *err)
{
    const struct mg_run_services *services = run->services;
    struct mg_err cause;
    enum mg_code code = services->agent.ops->start(services->agent.self, &run->start, run->arena, &run->collected, &cause);
    if (code != MG_OK && mg_str_contains(mg_str_from(cause.text), "ModuleNotFoundError"))
        return MG_FAIL(err, code, "%s; install it for %.*s, or name another interpreter with --python", cause.text, MG_FMT(run->repo->python));
    if (code != MG_OK && err)
        *err = cause;
    if (code == MG_OK && run->collected.tests.len == 0 && run->collected.errors.len == 0)
        code = collect_by_name(run, err);
    if (code == MG_OK && run->collected.tests.len == 0 && run->collected.errors.len > 0 && run->repo->missing.len == 0)
        mg_note(run, MG_NOTE_DEGRADED, MG_STR(""),
                mg_arena_printf(run->arena,
                                "no existing test could be collected with %.*s; if it misses packages, install them there or name another "
                                "interpreter with --python",
                                MG_FMT(run->repo->python)));
    if (code == MG_OK && run->collected.tests.len == 0 && run->collected.errors.len == 0)
        name_uncollected(run);
    return code;
}

enum mg_code mg_open_repo(struct mg_run_context *run, struct mg_err *err)
{
    const struct mg_run_services *services = run->services;
    services->progress.ops->phase(services->progress.self, "ingesting", run->request.repo, 0);
    MG_TRY(services->ingest.ops->open(services->ingest.self, run->request.repo, run->config->python, run->config->storage.root, services->cancel,
                                      run->arena, run->repo, err));
    for (size_t i = 0; i < run->repo->skipped.len; i++)
        mg_note(run, MG_NOTE_SKIPPED, run->repo->skipped.at[i].path, run->repo->skipped.at[i].reason);
    for (size_t i = 0; i < run->repo->notes.len; i++)
        mg_note(run, MG_NOTE_DEGRADED, MG_STR(""), run->repo->notes.at[i]);
    mg_event_repo(run->repo);
    return MG_OK;
}

static bool was_collected(const struct mg_run_context *run, struct mg_str path)
{
    for (size_t i = 0; i < run->collected.tests.len; i++)
        if (mg_str_eq(run->collected.tests.at[i].file, path))
            return true;
    return false;
}

static bool is_uncollected(const struct mg_run_context *run, struct mg_str path)
{
    for (size_t i = 0; i < run->collected.errors.len; i++)
        if (mg_str_eq(run->collected.errors.at[i].where, path))
            return true;
    return false;
}

/* That a module is missing was read from import lines; pytest, which has imported the files, knows better. */
static void withdraw_missing(struct mg_run_context *run)
{
    size_t kept = 0;
    for (size_t i = 0; i < run->repo->missing.len; i++) {
        const struct mg_missing_module *module = &run->repo->missing.at[i];
        bool collected = false, failed = false;
        for (size_t k = 0; k < module->test_count; k++) {
            collected |= was_collected(run, module->tests[k]);
            failed |= is_uncollected(run, module->tests[k]);
        }
        if (collected && !failed)
            mg_note_withdraw(run, MG_NOTE_DEGRADED, module->note);
        else
            run->repo->missing.at[kept++] = *module;
    }
    run->repo->missing.len = kept;
}

static void not_collected(struct mg_run_context *run, const struct mg_collect_error *error)
{
    mg_cause_add(run, &(struct mg_mishap){ .kind = MG_CAUSE_COLLECTION,
                                           .subject = error->where,
                                           .text = error->text,
                                           .refused = error->refused.at,
                                           .refused_count = error->refused.len });
    mg_cause_asked(run, error->asked.at, error->asked.len);
}

void mg_gather_uncollected(struct mg_run_context *run)
{
    for (size_t i = 0; i < run->collected.errors.len; i++)
        not_collected(run, &run->collected.errors.at[i]);
}

enum mg_code mg_collect_tests(struct mg_run_context *run, struct mg_err *err)
{
    const struct mg_run_services *services = run->services;
    MG_LIST(struct mg_str) watch = { 0 };
    run->start = (struct mg_agent_start){ .python = run->repo->python,
                                          .repo = run->repo->copy,
                                          .original = run->repo->original,
                                          .scratch = run->repo->scratch,
                                          .installed = run->repo->installed,
                                          .seed = run->config->generation.seed,
                                          .jobs = run->config->jobs,
                                          .pass_env = run->config->sandbox.pass_env.at,
                                          .pass_env_count = run->config->sandbox.pass_env.len,
                                          .only = run->only,
                                          .only_count = run->only_count,
                                          .static_mutants = run->config->mutation.static_mutants,
                                          .memory_limit_mb = run->config->sandbox.memory_limit_mb,
                                          .test_timeout_seconds = run->config->sandbox.test_timeout_seconds,
                                          .stop_at = run->deadline > 0 ? run->deadline : run->time_limit,
                                          .cancel = services->cancel };
    mg_watch_files(run);
    for (size_t i = 0; run->watched && i < run->repo->sources.len; i++)
        if (run->watched[i])
            *MG_PUSH(run->arena, &watch) = run->repo->sources.at[i].path;
    run->start.watch = watch.at;
    run->start.watch_count = watch.len;
    for (size_t i = 0; i < run->repo->import_roots.len; i++) {
        struct mg_str root = run->repo->import_roots.at[i];
        *MG_PUSH(run->arena, &run->start.import_roots) =
            root.len ? mg_arena_printf(run->arena, "%.*s/%.*s", MG_FMT(run->repo->copy), MG_FMT(root)) : run->repo->copy;
    }
    services->progress.ops->phase(services->progress.self, "collecting", MG_STR("importing the existing tests"), 0);
    MG_TRY(start_agent(run, err));
    mg_event_collected(run);
    withdraw_missing(run);
    mg_gather_uncollected(run);
    for (size_t i = 0; i < run->collected.notes.len; i++)
        mg_note(run, MG_NOTE_DEGRADED, MG_STR(""), run->collected.notes.at[i]);
    run->report->python = mg_arena_printf(run->arena, "%.*s (%.*s, from %.*s)", MG_FMT(run->repo->python), MG_FMT(run->collected.python_version),
                                          MG_FMT(run->repo->python_origin));
    run->report->tests_dir = run->collected.tests_dir;
    run->report->existing_tests = (uint32_t)run->collected.tests.len;
    return MG_OK;
}

/* INGESTING: private copy, interpreter, collection, baseline. */
static enum mg_code ingest(struct mg_run_context *run, struct mg_err *err)
{
    MG_TRY(mg_open_repo(run, err));
    MG_TRY(mg_collect_tests(run, err));
    run->fingerprint = fingerprint(run);
    run->deadline = run->time_limit;
    mg_baseline_bound(run);
    MG_TRY(mg_early_verdicts(run, NULL, err));
    MG_TRY(mg_run_baseline(run, err));
    mg_baseline_count(run);
    return MG_OK;
}

/* The time was over before there was a target to work on: all are left for another session, with more time. They are counted all the same. */
static enum mg_code begin_nothing(struct mg_run_context *run, struct mg_err *err)
{
    struct mg_report earlier = { 0 };
    run->report->stop_reason = MG_STR(MG_TIME_IS_OVER);
    mg_event_stop(MG_TIME_IS_OVER, 0);
    MG_TRY(mg_limit_grace(run, err));
    if (run->start.repo.len) { /* it was opened */
        if (!run->baseline.results)
            mg_baseline_begin(run);
        mg_baseline_cut(run);
        mg_baseline_count(run);
        run->targets.len = 0;
        run->report->functions_found = 0;
        return mg_select_targets(run, err);
    }
    struct mg_err none;
    struct mg_store store = run->services->store;
    if (store.ops->load_report(store.self, run->request.run_id, run->arena, &earlier, &none) == MG_OK) {
        run->report->functions_found = earlier.functions_found;
        run->report->targets_selected = earlier.targets_selected;
        run->report->targets_left = earlier.targets_left;
    }
    return MG_OK;
}

/* Drops what was finished under other conditions, and says so: with a model, that was work somebody paid for. */
static enum mg_code retain(struct mg_run_context *run, struct mg_err *err)
{
    struct mg_store store = run->services->store;
    struct mg_str *ids = MG_NEW_ARRAY(run->arena, struct mg_str, run->targets.len + 1);
    struct mg_outcome *outcomes = NULL;
    size_t before = 0, after = 0;
    for (size_t i = 0; i < run->targets.len; i++)
        ids[i] = run->targets.at[i].id;
    /* A session with --target looks at a part: it must not drop the rest. */
    bool part = run->config->targets.len > 0;
    MG_TRY(store.ops->outcomes(store.self, run->request.run_id, run->arena, &outcomes, &before, err));
    MG_TRY(store.ops->retain(store.self, run->request.run_id, run->fingerprint, part ? NULL : ids, part ? 0 : run->targets.len, err));
    if (before == 0)
        return MG_OK;
    MG_TRY(store.ops->outcomes(store.self, run->request.run_id, run->arena, &outcomes, &after, err));
    if (after < before)
        mg_note(run, MG_NOTE_INFO, MG_STR(""),
                mg_arena_printf(run->arena,
                                "%zu finished target%s of this run %s begun anew: code, tests, interpreter, model or settings are not what they were "
                                "(another --run-id keeps both)",
                                before - after, before - after == 1 ? "" : "s", before - after == 1 ? "is" : "are"));
    return MG_OK;
}

/* Targets that an earlier session had to leave: what it found out is not thrown away. */
static enum mg_code find_unfinished(struct mg_run_context *run, struct mg_err *err)
{
    struct mg_outcome *outcomes = NULL;
    size_t count = 0;
    MG_TRY(run->services->store.ops->outcomes(run->services->store.self, run->request.run_id, run->arena, &outcomes, &count, err));
    for (size_t i = 0; i < count; i++)
        if (outcomes[i].state == MG_TARGET_UNFINISHED && outcomes[i].tests.len)
            *MG_PUSH(run->arena, &run->unfinished) = outcomes[i];
    return MG_OK;
}

/* All that is stored; left are the selected targets among them that are not finished. */
static enum mg_code collect_outcomes(struct mg_run_context *run, struct mg_err *err)
{
    struct mg_outcome *outcomes = NULL;
    size_t count = 0;
    MG_TRY(run->services->store.ops->outcomes(run->services->store.self, run->request.run_id, run->arena, &outcomes, &count, err));
    struct mg_map finished;
    mg_map_init(&finished, run->arena);
    for (size_t i = 0; i < count; i++) {
        *MG_PUSH(run->arena, &run->report->outcomes) = outcomes[i];
        if (mg_target_state_is_final(outcomes[i].state))
            *mg_map_slot(&finished, outcomes[i].target_id) = run;
    }
    mg_report_sum(run->report);
    if (run->targets.len)
        run->report->targets_left = 0;
    for (size_t i = 0; i < run->targets.len; i++)
        run->report->targets_left += mg_map_get(&finished, run->targets.at[i].id) == NULL;
    return MG_OK;
}

static enum mg_code finish(struct mg_run_context *run, const char *status, struct mg_err *err)
{
    const struct mg_run_services *services = run->services;
    struct mg_report *report = run->report;
    report->status = mg_str_from(status);
    for (size_t i = 0; i < run->targets.len && run->left && mg_str_is(report->status, "partial") && report->stop_reason.len == 0; i++)
        if (run->left[i].why.len)
            report->stop_reason = mg_arena_printf(run->arena, "unanswered: %.*s", MG_FMT(run->left[i].why));
    report->finished_at = services->clock.ops->unix_time(services->clock.self);
    report->duration_seconds = now(run) - run->started;
    MG_TRY(services->store.ops->spent(services->store.self, report->run_id, MG_NO_STR, &report->spend, err));
    report->next_step = mg_next_step(run->arena, report, services->program ? services->program : "mutagen");
    mg_redact_report(run->arena, services->secrets, report);
    services->progress.ops->phase(services->progress.self, "reporting", MG_STR("writing the reports"), 0);
    MG_TRY(services->store.ops->end_run(services->store.self, report, run->state, err));
    mg_event_report(report);
    services->progress.ops->finish(services->progress.self);
    if (mg_str_is(report->status, "failed") && report->outcomes.len == 0)
        return MG_OK; /* bad input: its one line says all there is to say */
    for (size_t i = 0; i < services->reporter_count && !run->request.dry_run; i++)
        MG_TRY(services->reporters[i].ops->write(services->reporters[i].self, report, err));
    return MG_OK;
}

static int by_subject(const void *a, const void *b)
{
    const struct mg_note *left = a, *right = b;
    int order = mg_str_cmp(left->subject, right->subject);
    return order ? order : mg_str_cmp(left->text, right->text);
}

/* Those on targets came in the order in which targets ended, which is no order when several are worked on at once. */
static void sort_notes(struct mg_report *report, size_t first)
{
    if (report->notes.len - first > 1)
        qsort(report->notes.at + first, report->notes.len - first, sizeof *report->notes.at, by_subject);
}

/* SELECTING_TARGETS and GENERATING_TESTS. */
static enum mg_code work(struct mg_run_context *run, struct mg_err *err)
{
    run->services->progress.ops->phase(run->services->progress.self, "selecting", MG_STR("ranking functions by how badly they are tested"), 0);
    MG_TRY(mg_select_targets(run, err));
    if (run->report->existing_not_run)
        run->unknown = mg_find_unknown(run);
    MG_TRY(retain(run, err));
    MG_TRY(find_unfinished(run, err));
    MG_TRY(step(run, MG_RUN_ON_selected, err));
    size_t notes = run->report->notes.len;
    MG_TRY(mg_process_targets(run, err));
    sort_notes(run->report, notes);
    if (run->fresh_runs)
        mg_note(run, MG_NOTE_DEGRADED, MG_STR(""), mg_fresh_text(run));
    if (mg_str_is(run->report->stop_reason, "cancelled"))
        return MG_FAIL(err, MG_E_CANCELLED, "cancelled");
    if (run->report->existing_not_run && run->report->stop_reason.len == 0)
        run->report->stop_reason = MG_STR("tests_not_run");
    return mg_limit_grace(run, err);
}

/* The last looks at what was kept; one that the time was too short for is said to be missing. */
static enum mg_code look_again(struct mg_run_context *run, struct mg_err *err)
{
    MG_TRY(mg_verify(run, 0, err));
    struct mg_err why = { .code = MG_OK };
    enum mg_code code = mg_check_merged(run, &why);
    if (mg_ended_by_limit(run, code)) {
        mg_note(run, MG_NOTE_DEGRADED, MG_STR(""),
                MG_STR("the kept tests were confirmed, but not run together in the files that `apply` writes: the time limit was reached"));
        return MG_OK;
    }
    if (code != MG_OK && err)
        *err = why;
    return code;
}

static enum mg_code pipeline(struct mg_run_context *run, struct mg_err *err)
{
    struct mg_err why = { .code = MG_OK };
    MG_TRY(step(run, MG_RUN_ON_ready, err));
    enum mg_code code = ingest(run, &why);
    if (mg_ended_by_limit(run, code)) {
        MG_TRY(begin_nothing(run, err));
        MG_TRY(step(run, MG_RUN_ON_ingested, err));
        MG_TRY(step(run, MG_RUN_ON_selected, err));
    } else if (code == MG_OK) {
        MG_TRY(step(run, MG_RUN_ON_ingested, err));
        MG_TRY(work(run, err));
    } else {
        if (err)
            *err = why;
        return code;
    }
    MG_TRY(step(run, MG_RUN_ON_processed, err));
    MG_TRY(collect_outcomes(run, err));
    if (code == MG_OK) /* else nothing new is kept, and maybe no agent there */
        MG_TRY(look_again(run, err));
    MG_TRY(step(run, MG_RUN_ON_gated, err));
    return step(run, MG_RUN_ON_reported, err);
}

/* After an error or a cancellation: what is finished stays stored, and the report says why the run ended. */
static enum mg_code wind_up(struct mg_run_context *run, enum mg_code code, struct mg_err *err)
{
    bool cancelled = code == MG_E_CANCELLED;
    mg_redact_err(run->services->secrets, err);
    struct mg_err ignored = { .code = MG_OK };
    if (!mg_run_state_is_final(run->state))
        (void)step(run, cancelled ? MG_RUN_ON_cancel : MG_RUN_ON_fail, &ignored);
    run->report->stop_reason = cancelled ? MG_STR("cancelled") : mg_arena_str(run->arena, mg_str_from(err->text));
    enum mg_code reported = run->report->outcomes.len ? MG_OK : collect_outcomes(run, &ignored);
    if (reported == MG_OK)
        reported = finish(run, cancelled ? "cancelled" : "failed", &ignored);
    mg_log_err(MG_LOG_WARNING, "the end of the run could not be written", &ignored);
    if (cancelled && reported != MG_OK)
        return MG_FAIL(err, reported, "cancelled, and the report could not be written: %s", ignored.text);
    return cancelled ? MG_OK : code;
}

enum mg_code mg_run(const struct mg_run_services *services, const struct mg_config *config, const struct mg_run_request *request,
                    struct mg_arena *arena, struct mg_run_result *result, struct mg_err *err)
{
    memset(result, 0, sizeof *result);
    struct mg_run_context run = { .services = services,
                                  .config = config,
                                  .request = *request,
                                  .arena = arena,
                                  .repo = &result->repo,
                                  .report = &result->report,
                                  .estimates = &result->estimates };
    run.started = now(&run);
    result->report.run_id = request->run_id;
    result->report.repo = request->repo;
    result->report.version = mg_str_from(services->version);
    result->report.generator = mg_str_from(services->generator.ops ? services->generator.ops->name : "none");
    result->report.level = services->gate.ops->own_mutants ? 0 : (uint32_t)config->mutation.level;
    result->report.model = services->model.ops ? mg_str_from(services->model.ops->name) : MG_NO_STR;
    result->report.reports_dir = request->reports_dir;
    result->report.status = MG_STR("failed");
    MG_TRY(take_up(&run, err));
    if (services->protection)
        mg_note(&run, MG_NOTE_DEGRADED, MG_STR(""), mg_str_from(services->protection));

    enum mg_code code = pipeline(&run, err);
    mg_limit_end(&run);
    services->agent.ops->stop(services->agent.self);
    mg_dismiss_crew(&run);
    if (result->repo.copy.len)
        services->ingest.ops->close(services->ingest.self, &result->repo);
    if (code != MG_OK) {
        code = wind_up(&run, code, err);
    } else {
        bool partial = result->report.targets_left || result->report.existing_not_run || (result->report.stop_reason.len && run.targets.len == 0);
        code = finish(&run, partial ? "partial" : "succeeded", err);
    }
    return code;
}
