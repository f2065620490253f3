/* `mutagen show mutant ID`: one mutant of the last score. */
#include "base/str.h"
#include "cli/compose.h"
#include "cli/score_text.h"
#include "services/score.h"
#include <stdio.h>

static const struct mg_option options[] = {
    MG_OPT_FLAG("all", show_all, "every covering test"),
    MG_OPT_END,
};

/* The mutant whose id begins like that; an id of which there are two is not clear. */
static enum mg_code find(const struct mg_report *report, struct mg_str id, const struct mg_outcome **outcome, const struct mg_judged **judged,
                         struct mg_err *err)
{
    unsigned found = 0;
    for (size_t i = 0; i < report->outcomes.len; i++)
        for (size_t k = 0; k < report->outcomes.at[i].mutants.len; k++) {
            const struct mg_judged *one = &report->outcomes.at[i].mutants.at[k];
            if (id.len < 4 || one->mutant.id.len < id.len || !mg_str_eq(mg_str_sub(one->mutant.id, 0, id.len), id))
                continue;
            found++;
            *outcome = &report->outcomes.at[i];
            *judged = one;
        }
    if (found == 1)
        return MG_OK;
    return MG_FAIL(err, MG_E_NOT_FOUND,
                   found ? "several mutants begin with '%.*s' in the last score of %.*s: give more of the id"
                         : "no mutant '%.*s' in the last score of %.*s (`mutagen score REPO --all` lists those that live)",
                   MG_FMT(mg_str_sub(id, 0, 40)), MG_FMT(report->repo));
}

static enum mg_code run(struct mg_app *app, const struct mg_invocation *call, struct mg_err *err)
{
    struct mg_cache cache = { 0 };
    struct mg_report report = { 0 };
    const struct mg_outcome *outcome = NULL;
    const struct mg_judged *judged = NULL;
    if (!mg_str_is(call->repo, "mutant") || call->words.len != 1)
        return MG_FAIL(err, MG_E_USAGE, "what shall be shown? mutagen show mutant ID");
    enum mg_code code = mg_compose_cache(app, false, &cache, err);
    if (code == MG_E_NOT_FOUND)
        return MG_FAIL(err, MG_E_NOT_FOUND,
                       "no score is stored here (what a run has seen of mutants stands in its report.md); first: mutagen score REPO (in this "
                       "directory, or with the same storage.root)");
    MG_TRY(code);
    code = mg_score_last(cache, app->arena, &report, err);
    cache.ops->close(cache.self);
    MG_TRY(code);
    MG_TRY(find(&report, call->words.at[0], &outcome, &judged, err));
    struct mg_str text = mg_show_mutant(app->arena, &report, outcome, judged, call->show_all);
    (void)fwrite(text.at, 1, text.len, stdout);
    return MG_OK;
}

const struct mg_command mg_cmd_show = {
    .name = "show",
    .summary = "one mutant of the last score: its diff, its tests, its verdict, and the command that repeats it",
    .argument = "mutant ID",
    .argument_required = true,
    .more_words = 1,
    .options = options,
    .settings = MG_SETTINGS_OF_HERE,
    .run = run,
};
