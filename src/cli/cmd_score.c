/* `mutagen score`: the existing tests against the mutants. In the storage root it keeps its cache and nothing else. */
#include "base/log.h"
#include "base/str.h"
#include "cli/compose.h"
#include "cli/score_text.h"
#include "cli/tell.h"
#include "os/file.h"
#include "services/score.h"
#include <stdio.h>

#define CAUSES_SHOWN 8

static const struct mg_option options[] = {
    MG_OPT_SETTING("target", "GLOB", "targets", "only targets whose qualified name matches (may be repeated; * crosses dots)"),
    MG_OPT_TEXT("diff", "REV", diff, "only mutants on lines changed since the merge-base of REV and HEAD, uncommitted changes included"),
    MG_OPT_LIST("tests", "PATH...", tests, "only these tests count: files, folders or node ids (behind REPO, or repeated)"),
    MG_OPT_SETTING("level", "N", "mutation.level", "operators up to this level: 1, 2 or 3"),
    MG_OPT_SETTING("operators", "LIST", "mutation.operators", "ROR,EXS: only these; +XMT: also this one; -SDL: not this one"),
    MG_OPT_TEXT("sample", "N", sample, "measure N mutants, spread over targets and operators"),
    MG_OPT_FLAG("matrix", matrix, "run every covering test on every mutant: killedBy in the JSON is complete"),
    MG_OPT_SETTING("jobs", "N", "jobs", "mutant processes at once; 0 = number of processors"),
    MG_OPT_TEXT("max-time", "SECONDS", max_time,
                "begin no mutant after that: exit 3, and the score's bounds (with --verify a third of it at most is kept for that)"),
    MG_OPT_SETTING("fail-under", "F", "score_threshold", "exit 2 when the score is below, from 0 to 1"),
    MG_OPT_TEXT("json", "FILE", json, "write every mutant in the mutation-testing-report-schema ('-' = stdout)"),
    MG_OPT_FLAG("all", show_all, "a row for every function, every survivor, every pragma"),
    MG_OPT_FLAG("no-cache", no_cache, "measure everything anew; what is remembered stays as it is (to forget it: remove <storage.root>/score.db)"),
    MG_OPT_SETTING("python", "PATH", "python", "the repo's interpreter (default: its virtual environment)"),
    MG_OPT_SETTING("env", "NAME", "sandbox.pass_env", "pass this variable of the environment on to the tests (may be repeated)"),
    MG_OPT_SETTING("verify", "N", "mutation.verify", "replay N random verdicts on disk with plain pytest and say how many agree"),
    MG_OPT_SWITCH("static", "mutation.static", "mutate what runs on import too: modules, classes, defaults; a new interpreter for each"),
    MG_OPT_SWITCH("no-witnesses", "mutation.witnesses=false", "look for no inputs that tell survivors apart: verdicts alone"),
    MG_OPT_SETTING("branch", "NAME", "ingest.branch", "of a git URL: this branch or tag"),
    MG_OPT_SETTING("rev", "REV", "ingest.rev", "of a git URL: this commit"),
    MG_OPT_SWITCH("no-install", "ingest.install_deps=false", "never make an environment: only interpreters that are there already"),
    MG_OPT_FLAG("no-progress", no_progress, "plain lines instead of a progress bar"),
    MG_OPT_END,
};

static bool has_causes(const struct mg_report *report)
{
    for (size_t i = 0; i < report->notes.len; i++)
        if (report->notes.at[i].kind == MG_NOTE_CAUSE || report->notes.at[i].kind == MG_NOTE_LEFT_OUT)
            return true;
    return false;
}

/* Why there is no number; empty when there is one. A score over mutants without a verdict would be a guess. */
static struct mg_str no_score_reason(struct mg_arena *arena, const struct mg_report *report)
{
    uint32_t pending = report->before.of[MG_VERDICT_pending];
    bool over = mg_str_is(report->stop_reason, "max_time");
    if (report->targets_selected == 0)
        return MG_STR("no function was selected: check --target, and [selection] of the settings");
    if (report->existing_tests == 0 && has_causes(report))
        return MG_STR("none of the files that hold tests could be collected: the notes say why");
    if (report->existing_tests == 0)
        return MG_STR("the repo has no test that pytest collects");
    if (report->existing_passed == 0 && !over)
        return mg_arena_printf(arena, "no test passes on the unchanged code (%u collected; the notes say why)", report->existing_tests);
    if (pending > 0 && !over) {
        double low, high;
        mg_score_bounds(&report->before, &low, &high);
        return mg_arena_printf(arena, "%u mutants have no verdict; with them it would be between %.1f%% and %.1f%%", pending, 100 * low, 100 * high);
    }
    if (mg_tally_scorable(&report->before) + pending == 0)
        return MG_STR("no mutant was measured");
    return MG_NO_STR;
}

/* Of many causes the first, which take away most tests. */
static void print_notes(const struct mg_app *app, const struct mg_report *report, bool all)
{
    unsigned causes = 0;
    for (size_t i = 0; i < report->notes.len; i++) {
        const struct mg_note *note = &report->notes.at[i];
        if (note->kind == MG_NOTE_LEFT_OUT || (note->kind == MG_NOTE_CAUSE && ++causes > CAUSES_SHOWN && !all))
            continue; /* a cause speaks of it */
        struct mg_str subject = note->kind == MG_NOTE_WITHHELD ? MG_NO_STR : note->subject;
        mg_tell_note(app, "%.*s%s%.*s", MG_FMT(subject), subject.len ? ": " : "", MG_FMT(note->text));
    }
    if (causes > CAUSES_SHOWN && !all)
        mg_tell_note(app, "and %u more causes why tests are left out: --all shows them", causes - CAUSES_SHOWN);
}

static enum mg_exit exit_of(const struct mg_report *report, double threshold)
{
    if (mg_str_is(report->status, "cancelled"))
        return MG_EXIT_INTERRUPTED;
    if (report->stop_reason.len)
        return MG_EXIT_BUDGET;
    return threshold > 0 && mg_score(&report->before) < threshold ? MG_EXIT_BELOW_THRESHOLD : MG_EXIT_OK;
}

static void log_score(const struct mg_report *report)
{
    const struct mg_tally *tally = &report->before;
    MG_LOG(MG_LOG_INFO, "score", MG_L_NUMBER("score", mg_score(tally)), MG_L_INT("detected", mg_tally_detected(tally)),
           MG_L_INT("mutants", mg_tally_scorable(tally)), MG_L_INT("pending", tally->of[MG_VERDICT_pending]));
}

static enum mg_code print_result(struct mg_app *app, const struct mg_invocation *call, const struct mg_report *report, struct mg_err *err)
{
    FILE *out = mg_tell_place(mg_str_is(call->json, "-"));
    print_notes(app, report, call->show_all);
    if (report->scored.diff.len && report->scored.chosen == 0 && !mg_str_is(report->status, "cancelled")) {
        const char *since = mg_printable(app->arena, report->scored.diff).at;
        if (out)
            (void)fprintf(out, "no mutant stands on a line changed since %s: there is nothing to measure\n", since);
        else
            mg_tell_note(app, "no mutant stands on a line changed since %s: there is nothing to measure", since);
        return MG_OK;
    }
    struct mg_str text = mg_score_table(app->arena, report, call->show_all, app->program), reason = no_score_reason(app->arena, report);
    if (out)
        (void)fwrite(text.at, 1, text.len, out);
    app->exit_code = exit_of(report, app->config.score_threshold);
    if (app->exit_code == MG_EXIT_INTERRUPTED)
        return MG_OK;
    if (reason.len)
        return MG_FAIL(err, MG_E_STATE, "no score: %.*s", MG_FMT(reason));
    struct mg_str line = mg_score_line(app->arena, report);
    log_score(report);
    if (out)
        (void)fwrite(line.at, 1, line.len, out);
    if (app->exit_code == MG_EXIT_BELOW_THRESHOLD)
        mg_tell(app, "the score %.3f is below the threshold %.3f", mg_score(&report->before), app->config.score_threshold);
    return MG_OK;
}

/* ---- the request ---- */

/* As the user sees it, so as the repo has it: relative to the repo, or to where he stands. */
static struct mg_str test_path(struct mg_app *app, struct mg_str repo, struct mg_str given)
{
    size_t colons = given.len;
    for (size_t i = 0; i + 1 < given.len && colons == given.len; i++)
        if (given.at[i] == ':' && given.at[i + 1] == ':')
            colons = i;
    struct mg_str path = mg_str_sub(given, 0, colons), rest = mg_str_sub(given, colons, given.len), resolved;
    bool inside = path.len && path.at[0] != '/' && mg_file_exists(mg_path_join(app->arena, repo, path).at);
    if (!inside && mg_file_resolve(app->arena, mg_arena_cstr(app->arena, path), &resolved, NULL) == MG_OK && resolved.len > repo.len &&
        mg_str_eq(mg_str_sub(resolved, 0, repo.len), repo) && resolved.at[repo.len] == '/')
        path = mg_str_sub(resolved, repo.len + 1, resolved.len);
    while (mg_str_starts(path, "./"))
        path = mg_str_sub(path, 2, path.len);
    return mg_arena_printf(app->arena, "%.*s%.*s", MG_FMT(path.len ? path : MG_STR(".")), MG_FMT(rest));
}

static enum mg_code build_request(struct mg_app *app, const struct mg_invocation *call, struct mg_score_request *request, struct mg_err *err)
{
    MG_TRY(mg_compose_repo(app, call, call->diff.len > 0, &request->repo, err));
    request->diff = call->diff;
    request->matrix = call->matrix;
    request->fresh = call->no_cache;
    request->all_witnesses = call->show_all || call->json.len > 0;
    request->machine = mg_compose_machine(app);
    for (size_t i = 0; i < call->tests.len; i++)
        *MG_PUSH(app->arena, &request->tests) = test_path(app, request->repo, call->tests.at[i]);
    if (call->sample.len && (!mg_str_to_i64(call->sample, &request->sample) || request->sample < 1))
        return MG_FAIL(err, MG_E_USAGE, "--sample must be a whole number from 1 on, not '%.*s'", MG_FMT(mg_str_sub(call->sample, 0, 40)));
    return mg_max_time(call, &request->max_seconds, err);
}

static enum mg_code run(struct mg_app *app, const struct mg_invocation *call, struct mg_err *err)
{
    struct mg_score_request request = { 0 };
    struct mg_run_result result = { 0 };
    struct mg_composed composed;
    MG_TRY(build_request(app, call, &request, err));
    MG_TRY(mg_compose_run(app, MG_PURPOSE_SCORE, call->no_progress, &composed, err));
    struct mg_err why = { .code = MG_OK };
    if (mg_compose_cache(app, true, &composed.services.cache, &why) != MG_OK)
        mg_tell_note(app, "nothing can be remembered for the next time: %s", why.text);
    enum mg_code code = mg_score_run(&composed.services, &app->config, &request, app->arena, &result, err);
    mg_compose_close(&composed);
    MG_TRY(code);
    if (call->json.len)
        MG_TRY(mg_compose_write_schema(app, call->json, &result, err));
    return print_result(app, call, &result.report, err);
}

const struct mg_command mg_cmd_score = {
    .name = "score",
    .summary = "measure the existing tests against the mutants",
    .argument = "REPO",
    .argument_required = true,
    .options = options,
    .run = run,
};
