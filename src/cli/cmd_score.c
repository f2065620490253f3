/* `mutagen score`: the existing tests against the mutants, nothing written into the store. */
#include "base/buf.h"
#include "base/str.h"
#include "cli/compose.h"
#include <stdio.h>

#define SHOWN_SURVIVORS 20u

static const struct mg_option options[] = {
    MG_OPT_SETTING("target", "GLOB", "targets", "only targets whose qualified name matches (may be repeated; * crosses dots)"),
    MG_OPT_SETTING("jobs", "N", "jobs", "mutant processes at once; 0 = number of processors"),
    MG_OPT_TEXT("json", "FILE", json, "write every mutant in the mutation-testing-report-schema ('-' = stdout)"),
    MG_OPT_SETTING("python", "PATH", "python", "the repo's interpreter (default: its virtual environment)"),
    MG_OPT_SETTING("verify", "N", "mutation.verify", "replay N random verdicts on disk with plain pytest and say how many agree"),
    MG_OPT_SWITCH("static", "mutation.static", "mutate what runs on import too: modules, classes, defaults; a new interpreter for each"),
    MG_OPT_FLAG("no-progress", no_progress, "plain lines instead of a progress bar"),
    MG_OPT_END,
};

/* A measured target has no reason: reasons say why one could not be measured. */
static uint32_t measured(const struct mg_report *report)
{
    uint32_t count = 0;
    for (size_t i = 0; i < report->outcomes.len; i++)
        count += report->outcomes.at[i].reason.len == 0;
    return count;
}

/* Why there is no number; empty when there is one. A score over mutants without a verdict would be a guess. */
static struct mg_str no_score_reason(struct mg_arena *arena, const struct mg_report *report)
{
    uint32_t pending = report->before.of[MG_VERDICT_pending];
    if (report->targets_selected == 0)
        return MG_STR("no function was selected");
    if (report->existing_tests == 0)
        return MG_STR("the repo has no test that pytest collects");
    if (report->existing_passed == 0)
        return mg_arena_printf(arena, "none of the %u tests passed on the unchanged code", report->existing_tests);
    if (pending > 0) {
        double low, high;
        mg_score_bounds(&report->before, &low, &high);
        return mg_arena_printf(arena, "%u mutants have no verdict; with them it would be between %.1f%% and %.1f%%", pending, 100 * low, 100 * high);
    }
    if (mg_tally_scorable(&report->before) == 0)
        return MG_STR("no mutant was measured");
    return MG_NO_STR;
}

static void add_row(struct mg_buf *out, int width, const char *name, const struct mg_tally *tally)
{
    const uint32_t *of = tally->of;
    mg_buf_addf(out, "%-*s %8u %8u %8u %8u %8u", width, name, mg_tally_scorable(tally), of[MG_VERDICT_killed], of[MG_VERDICT_timeout],
                of[MG_VERDICT_survived], of[MG_VERDICT_no_coverage] + of[MG_VERDICT_not_reached]);
    if (mg_tally_scorable(tally) > 0 && of[MG_VERDICT_pending] == 0)
        mg_buf_addf(out, " %6.1f%%", 100.0 * mg_score(tally));
    else
        mg_buf_adds(out, "       -");
}

static void add_survivors(struct mg_buf *out, struct mg_arena *arena, const struct mg_report *report)
{
    uint32_t shown = 0, alive = report->before.of[MG_VERDICT_survived];
    if (alive > 0)
        mg_buf_adds(out, "\nsurvived:\n");
    for (size_t i = 0; i < report->outcomes.len; i++)
        for (size_t j = 0; j < report->outcomes.at[i].mutants.len; j++) {
            const struct mg_judged *judged = &report->outcomes.at[i].mutants.at[j];
            if (judged->before.verdict != MG_VERDICT_survived || shown++ >= SHOWN_SURVIVORS)
                continue;
            struct mg_str from = mg_printable(arena, judged->mutant.original), to = mg_printable(arena, judged->mutant.replacement);
            mg_buf_addf(out, "  %.*s:%u  %s  %.*s -> %.*s\n", MG_FMT(report->outcomes.at[i].path), judged->mutant.span_line,
                        judged->mutant.operator_name, MG_FMT(mg_str_sub(from, 0, 60)), MG_FMT(mg_str_sub(to, 0, 60)));
        }
    if (alive > SHOWN_SURVIVORS)
        mg_buf_addf(out, "  … and %u more: --json FILE has all\n", alive - SHOWN_SURVIVORS);
}

static struct mg_str table(struct mg_arena *arena, const struct mg_report *report)
{
    struct mg_buf out = MG_BUF(64u << 20);
    size_t width = 6;
    for (size_t i = 0; i < report->outcomes.len; i++)
        if (report->outcomes.at[i].qualified_name.len > width)
            width = report->outcomes.at[i].qualified_name.len < 60 ? report->outcomes.at[i].qualified_name.len : 60;
    mg_buf_addf(&out, "%-*s %8s %8s %8s %8s %8s %7s\n", (int)width, "target", "mutants", "killed", "timeout", "survived", "uncover.", "score");
    for (size_t i = 0; i < report->outcomes.len; i++) {
        const struct mg_outcome *outcome = &report->outcomes.at[i];
        add_row(&out, (int)width, mg_printable(arena, outcome->qualified_name).at, &outcome->before);
        struct mg_str reason = mg_printable(arena, outcome->reason);
        if (reason.len)
            mg_buf_addf(&out, "  (%.*s)", MG_FMT(reason));
        mg_buf_addc(&out, '\n');
    }
    add_row(&out, (int)width, "total", &report->before);
    mg_buf_addc(&out, '\n');
    add_survivors(&out, arena, report);
    return mg_buf_take(&out, arena);
}

static void print_notes(struct mg_arena *arena, const struct mg_report *report)
{
    for (size_t i = 0; i < report->notes.len; i++) {
        const struct mg_note *note = &report->notes.at[i];
        struct mg_str subject = mg_printable(arena, note->subject), text = mg_printable(arena, note->text);
        (void)fprintf(stderr, "note: %.*s%s%.*s\n", MG_FMT(subject), subject.len ? ": " : "", MG_FMT(text));
    }
}

static enum mg_exit exit_of(const struct mg_report *report, double threshold)
{
    if (mg_str_is(report->status, "cancelled"))
        return MG_EXIT_INTERRUPTED;
    if (report->stop_reason.len)
        return MG_EXIT_BUDGET;
    return threshold > 0 && mg_score(&report->before) < threshold ? MG_EXIT_BELOW_THRESHOLD : MG_EXIT_OK;
}

static enum mg_code print_result(struct mg_app *app, const struct mg_invocation *call, const struct mg_report *report, struct mg_err *err)
{
    struct mg_str text = table(app->arena, report), reason = no_score_reason(app->arena, report);
    FILE *out = mg_str_is(call->json, "-") ? stderr : stdout; /* stdout is the JSON's then */
    uint32_t count = measured(report);
    print_notes(app->arena, report);
    if (report->outcomes.len > 0)
        (void)fwrite(text.at, 1, text.len, out);
    app->exit_code = exit_of(report, app->config.score_threshold);
    if (app->exit_code == MG_EXIT_INTERRUPTED)
        return MG_OK;
    if (reason.len)
        return MG_FAIL(err, MG_E_STATE, "no score: %.*s", MG_FMT(reason));
    (void)fprintf(out, "\nscore: %.1f%% (%u of %u mutants detected", 100.0 * mg_score(&report->before), mg_tally_detected(&report->before),
                  mg_tally_scorable(&report->before));
    if (report->before.of[MG_VERDICT_static])
        (void)fprintf(out, "; %u static left out: their lines run on import", report->before.of[MG_VERDICT_static]);
    if (count < report->targets_selected)
        (void)fprintf(out, ", over %u of %u functions", count, report->targets_selected);
    (void)fputs(")\n", out);
    if (report->before.of[MG_VERDICT_timeout])
        (void)fprintf(out, "without timeouts: %.1f%%\n", 100.0 * mg_score_without_timeouts(&report->before));
    if (report->verified)
        (void)fprintf(out, "verified: %u of %u verdicts are what plain pytest says with the mutant on disk\n", report->verified_agree,
                      report->verified);
    return MG_OK;
}

static enum mg_code run(struct mg_app *app, const struct mg_invocation *call, struct mg_err *err)
{
    struct mg_run_request request = { .reports_dir = MG_NO_STR };
    struct mg_run_result result = { 0 };
    struct mg_composed composed;
    MG_TRY(mg_resolve_repo(app, call->repo, &request.repo, err));
    MG_TRY(mg_choose_run_id(app, MG_NO_STR, &request.run_id, err));
    MG_TRY(mg_compose_run(app, MG_PURPOSE_SCORE, call->no_progress, &composed, err));
    enum mg_code code = mg_run(&composed.services, &app->config, &request, app->arena, &result, err);
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
