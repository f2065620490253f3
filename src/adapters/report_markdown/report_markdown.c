/* The report as Markdown, section by section from the top. */
#include "adapters/report_markdown/report_markdown.h"

#include "adapters/report_markdown/markdown.h"
#include "base/str.h"
#include "core/text.h"
#include "os/file.h"

#include <time.h>

#define MAGIC 0x524d4431u
#define LARGEST_REPORT ((size_t)64 << 20)
#define SURVIVORS_SHOWN 5 /* of one target */
#define DIFF_LINES 40
#define SOURCE_LINES 200

struct reporter {
    unsigned magic;
    const char *directory;
};

static void add_score(struct mg_md *md, const struct mg_tally *tally) { mg_buf_add(&md->text, mg_text_score(md->scratch, tally)); }

static void add_title(struct mg_md *md, const struct mg_report *r)
{
    time_t when = (time_t)r->finished_at;
    struct tm parts;
    char at[40] = "";
    if (!gmtime_r(&when, &parts) || strftime(at, sizeof at, "%Y-%m-%d %H:%M UTC", &parts) == 0)
        at[0] = '\0';
    mg_buf_adds(&md->text, "# Mutagen Report — ");
    mg_md_code(md, r->run_id);
    mg_buf_adds(&md->text, "\n\nStatus: **");
    mg_md_text(md, r->status);
    mg_buf_adds(&md->text, "**");
    if (r->stop_reason.len > 0) {
        mg_buf_adds(&md->text, " — ");
        mg_md_text(md, mg_text_stop(md->scratch, r));
    }
    mg_buf_adds(&md->text, "\n\nRepository ");
    mg_md_code(md, r->repo);
    if (r->python.len > 0) {
        mg_buf_adds(&md->text, ", Python ");
        mg_md_code(md, r->python);
    }
    mg_buf_addf(&md->text, ", mutagen %.*s, %s\n", MG_FMT(mg_text_line(md->scratch, r->version)), at);
}

/* "326 of 342 (16 expected to fail)" */
static void add_existing(struct mg_buf *out, const struct mg_report *r)
{
    mg_buf_addf(out, "| Existing tests that pass | %u of %u", r->existing_passed, r->existing_tests);
    if (r->existing_skipped)
        mg_buf_addf(out, " (%u skipped", r->existing_skipped);
    if (r->existing_xfailed)
        mg_buf_addf(out, "%s%u expected to fail", r->existing_skipped ? ", " : " (", r->existing_xfailed);
    if (r->existing_skipped || r->existing_xfailed)
        mg_buf_adds(out, ")");
    if (r->existing_not_run)
        mg_buf_addf(out, ", %u were not run", r->existing_not_run);
    mg_buf_adds(out, " |\n");
}

static void add_summary(struct mg_md *md, const struct mg_report *r)
{
    struct mg_buf *out = &md->text;
    uint64_t covered = (uint64_t)r->kept + r->satisfied, total = covered + r->discarded + r->unfinished;
    mg_buf_adds(out, "\n## Summary\n\n| Metric | Value |\n| --- | --- |\n");
    mg_buf_addf(out, "| Targets processed | %llu of %u selected (%u functions found) |\n", (unsigned long long)total, r->targets_selected,
                r->functions_found);
    mg_buf_addf(out, "| Kept | %u |\n| Discarded | %u |\n| Satisfied already | %u |\n| Unfinished | %u |\n", r->kept, r->discarded, r->satisfied,
                r->unfinished);
    mg_buf_addf(out, "| Kept or satisfied, of those | %.0f%% |\n", total > 0 ? 100.0 * (double)covered / (double)total : 0.0);
    mg_buf_addf(out, "| Tests generated / kept | %u / %u |\n", r->tests_generated, r->tests_kept);
    add_existing(out, r);
    if (r->model.len > 0) {
        mg_buf_adds(out, "| Model | ");
        mg_md_cell(md, r->model);
        mg_buf_adds(out, " |\n");
    }
    mg_buf_addf(out, "| API cost | %.*s |\n", MG_FMT(mg_text_spend(md->scratch, &r->spend)));
    if (r->spend.calls > 0)
        mg_buf_addf(out, "| Model calls | %.*s |\n", MG_FMT(mg_text_usage(md->scratch, &r->spend)));
    mg_buf_addf(out, "| Execution time | %.1fs |\n", r->duration_seconds);
}

static void add_signed(struct mg_md *md, int64_t number, const char *unit)
{
    mg_buf_addf(&md->text, "%s%lld%s", number > 0 ? "+" : "", (long long)number, unit);
}

static void add_delta(struct mg_md *md, const struct mg_tally *before, const struct mg_tally *after)
{
    if (mg_tally_scorable(before) == 0 || mg_tally_scorable(after) == 0)
        mg_buf_adds(&md->text, "n/a");
    else
        add_signed(md, (int64_t)mg_text_percent(after) - mg_text_percent(before), "%");
}

static void add_scores(struct mg_md *md, const struct mg_report *r)
{
    static const struct {
        enum mg_verdict verdict;
        const char *label;
    } rows[] = { { MG_VERDICT_killed, "killed" },           { MG_VERDICT_timeout, "timeout" },
                 { MG_VERDICT_survived, "survived" },       { MG_VERDICT_no_coverage, "no coverage" },
                 { MG_VERDICT_not_reached, "not reached" }, { MG_VERDICT_invalid, "invalid" },
                 { MG_VERDICT_ignored, "ignored" },         { MG_VERDICT_static, "static" } };
    mg_buf_adds(&md->text, "\n## Mutation Score\n\n| | Before | After | Δ |\n| --- | --- | --- | --- |\n| **Score** | **");
    add_score(md, &r->before);
    mg_buf_adds(&md->text, "** | **");
    add_score(md, &r->after);
    mg_buf_adds(&md->text, "** | **");
    add_delta(md, &r->before, &r->after);
    mg_buf_adds(&md->text, "** |\n");
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        uint32_t before = r->before.of[rows[i].verdict], after = r->after.of[rows[i].verdict];
        if (before == 0 && after == 0)
            continue;
        mg_buf_addf(&md->text, "| %s | %u | %u | ", rows[i].label, before, after);
        add_signed(md, (int64_t)after - (int64_t)before, " |\n");
    }
    if (r->level)
        mg_buf_addf(&md->text, "\nAll scores here are of mutants up to %.*s (docs/operators.md).\n", MG_FMT(mg_text_level(md->scratch, r)));
    mg_buf_adds(&md->text, "\nScore = (killed + timeout) / (killed + timeout + survived + no coverage + not reached). "
                           "Before: the existing tests. After: the existing tests and the kept ones.\n");
    if (mg_report_measured_in_part(r))
        mg_buf_addf(&md->text, "\nThese scores are lower bounds: %u target%s measured while not all existing tests had been run.\n",
                    mg_report_measured_in_part(r), mg_report_measured_in_part(r) == 1 ? " was" : "s were");
}

static uint32_t count_kept(const struct mg_outcome *o)
{
    uint32_t kept = 0;
    for (size_t i = 0; i < o->tests.len; i++)
        kept += o->tests.at[i].kept;
    return kept;
}

static uint32_t count_alive(const struct mg_outcome *o)
{
    uint32_t alive = 0;
    for (size_t i = 0; i < o->mutants.len; i++)
        alive += mg_verdict_is_alive(o->mutants.at[i].after.verdict);
    return alive;
}

static struct mg_str place(struct mg_md *md, const struct mg_outcome *o) { return mg_arena_printf(md->scratch, "%.*s:%u", MG_FMT(o->path), o->line); }

static void add_targets(struct mg_md *md, const struct mg_report *r)
{
    static const char *const marks[] = { [MG_TARGET_KEPT] = "✅ ", [MG_TARGET_DISCARDED] = "❌ ", [MG_TARGET_SATISFIED] = "✅ " };
    if (r->outcomes.len == 0)
        return;
    const bool paid = r->spend.calls > 0;
    mg_buf_addf(&md->text,
                "\n## Targets\n\n| Target | Where | Status | Before | After | Tests kept | Survivors |%s\n"
                "| --- | --- | --- | --- | --- | --- | --- |%s\n",
                paid ? " Cost |" : "", paid ? " --- |" : "");
    for (size_t i = 0; i < r->outcomes.len; i++) {
        const struct mg_outcome *o = &r->outcomes.at[i];
        const char *mark = (size_t)o->state < MG_COUNT(marks) ? marks[o->state] : NULL;
        mg_buf_adds(&md->text, "| ");
        mg_md_cell(md, o->qualified_name);
        mg_buf_adds(&md->text, " | ");
        mg_md_cell(md, place(md, o));
        mg_buf_addf(&md->text, " | %s%s | ", mark ? mark : "", mg_text_status(o->state));
        add_score(md, &o->before);
        mg_buf_adds(&md->text, " | ");
        add_score(md, &o->after);
        mg_buf_addf(&md->text, " | %u | %u |", count_kept(o), count_alive(o));
        if (paid)
            mg_buf_addf(&md->text, " %.*s |", MG_FMT(mg_text_spend(md->scratch, &o->spend)));
        mg_buf_adds(&md->text, "\n");
    }
}

static void add_kept_tests(struct mg_md *md, const struct mg_outcome *o)
{
    struct mg_buf source = MG_BUF(LARGEST_REPORT);
    mg_buf_add(&source, o->imports);
    mg_buf_adds(&md->text, "\nKept:\n\n");
    for (size_t i = 0; i < o->tests.len; i++) {
        const struct mg_test *test = &o->tests.at[i];
        if (!test->kept)
            continue;
        mg_buf_adds(&md->text, "- ");
        mg_md_code(md, test->name);
        size_t above = mg_kills_above(o, test), kills = test->kills.len - above;
        if (above && kills == 0)
            mg_buf_addf(&md->text, " kills %zu mutant%s above the level, and none of the level that those before it leave alive", above,
                        above == 1 ? "" : "s");
        else
            mg_buf_addf(&md->text, " kills %zu mutant%s", kills, kills == 1 ? "" : "s");
        if (above && kills)
            mg_buf_addf(&md->text, ", and %zu above the level", above);
        mg_buf_adds(&md->text, "\n");
        mg_buf_adds(&source, source.len > 0 ? "\n\n" : "");
        mg_buf_add(&source, test->source);
    }
    mg_buf_adds(&md->text, "\n<details><summary>Source</summary>\n");
    mg_md_fence(md, "python", mg_buf_view(&source), SOURCE_LINES);
    mg_buf_adds(&md->text, "\n</details>\n");
    mg_buf_free(&source);
}

static void add_other_tests(struct mg_md *md, const struct mg_outcome *o)
{
    mg_buf_adds(&md->text, "\nNot kept:\n\n");
    for (size_t i = 0; i < o->tests.len; i++) {
        const struct mg_test *test = &o->tests.at[i];
        if (test->kept)
            continue;
        mg_buf_adds(&md->text, "- ");
        mg_md_code(md, test->name);
        mg_buf_adds(&md->text, ": ");
        mg_md_text(md, test->reason);
        mg_buf_adds(&md->text, "\n");
    }
}

static void add_survivors(struct mg_md *md, const struct mg_outcome *o, uint32_t alive)
{
    uint32_t shown = 0;
    mg_buf_addf(&md->text, "\nSurvivors (%u): no test notices these changes.\n", alive);
    for (size_t i = 0; i < o->mutants.len && shown < SURVIVORS_SHOWN; i++) {
        const struct mg_judged *judged = &o->mutants.at[i];
        if (!mg_verdict_is_alive(judged->after.verdict))
            continue;
        shown++;
        mg_buf_adds(&md->text, "\n");
        mg_md_code(md, mg_arena_printf(md->scratch, "%.*s:%u", MG_FMT(o->path), judged->mutant.span_line));
        mg_buf_adds(&md->text, " ");
        mg_md_text(md, mg_str_from(judged->mutant.description));
        mg_buf_adds(&md->text, ", ");
        mg_md_text(md, mg_str_from(mg_verdict_name(judged->after.verdict)));
        mg_buf_adds(&md->text, ", mutant ");
        mg_md_code(md, judged->mutant.id);
        mg_buf_adds(&md->text, "\n");
        mg_md_fence(md, "diff", judged->diff, DIFF_LINES);
    }
    if (alive > shown)
        mg_buf_addf(&md->text, "\nand %u more (all of them are in report.json)\n", alive - shown);
}

/* What it cost, and what the model says: its words, not ours. */
static void add_model_part(struct mg_md *md, const struct mg_outcome *o)
{
    if (o->spend.calls > 0)
        mg_buf_addf(&md->text, "\nModel: %.*s, %.*s\n", MG_FMT(mg_text_spend(md->scratch, &o->spend)), MG_FMT(mg_text_usage(md->scratch, &o->spend)));
    if (o->notes.len > 0)
        mg_buf_adds(&md->text, "\nWhat the model claims (nobody checked it, no score counts it):\n\n");
    for (size_t i = 0; i < o->notes.len; i++) {
        mg_buf_adds(&md->text, "- ");
        mg_md_text(md, o->notes.at[i]);
        mg_buf_adds(&md->text, "\n");
    }
}

static void add_target(struct mg_md *md, const struct mg_outcome *o)
{
    uint32_t kept = count_kept(o), alive = count_alive(o);
    mg_buf_adds(&md->text, "\n### ");
    mg_md_code(md, o->qualified_name);
    mg_buf_addf(&md->text, " — %s\n\n", mg_text_status(o->state));
    mg_md_code(md, place(md, o));
    mg_buf_adds(&md->text, ", score ");
    add_score(md, &o->before);
    mg_buf_adds(&md->text, " → ");
    add_score(md, &o->after);
    mg_buf_addf(&md->text, ", lines covered before: %.0f%%", 100.0 * o->coverage);
    if (o->tests_not_run)
        mg_buf_addf(&md->text, " (at least: %u existing tests were not run)", o->tests_not_run);
    if (mg_score(&o->improved) > mg_score(&o->after)) {
        mg_buf_adds(&md->text, ", with the tests not kept: ");
        add_score(md, &o->improved);
    }
    mg_buf_adds(&md->text, "\n");
    if (o->reason.len > 0) {
        mg_buf_adds(&md->text, "\nReason: ");
        mg_md_text(md, o->reason);
        mg_buf_adds(&md->text, "\n");
    }
    if (kept > 0)
        add_kept_tests(md, o);
    if (kept < o->tests.len)
        add_other_tests(md, o);
    if (o->suspected_bugs.len > 0)
        mg_buf_adds(&md->text, "\nSuspected bugs (observed, not asserted):\n\n");
    for (size_t i = 0; i < o->suspected_bugs.len; i++) {
        mg_buf_adds(&md->text, "- ");
        mg_md_text(md, o->suspected_bugs.at[i]);
        mg_buf_adds(&md->text, "\n");
    }
    add_model_part(md, o);
    if (alive > 0)
        add_survivors(md, o, alive);
}

static void add_details(struct mg_md *md, const struct mg_report *r)
{
    if (r->outcomes.len > 0)
        mg_buf_adds(&md->text, "\n## Details\n");
    for (size_t i = 0; i < r->outcomes.len; i++) {
        const struct mg_outcome *o = &r->outcomes.at[i];
        if (o->tests.len > 0 || o->reason.len > 0 || o->suspected_bugs.len > 0 || o->notes.len > 0 || count_alive(o) > 0)
            add_target(md, o);
    }
}

static void add_notes(struct mg_md *md, const struct mg_report *r, enum mg_note_kind kind, const char *title)
{
    bool first = true;
    for (size_t i = 0; i < r->notes.len; i++) {
        const struct mg_note *note = &r->notes.at[i];
        if (note->kind != kind)
            continue;
        if (first)
            mg_buf_addf(&md->text, "\n## %s\n\n", title);
        first = false;
        mg_buf_adds(&md->text, "- ");
        if (note->subject.len > 0 && note->kind != MG_NOTE_WITHHELD) {
            mg_md_code(md, note->subject);
            mg_buf_adds(&md->text, ": ");
        }
        mg_md_text(md, note->text);
        mg_buf_adds(&md->text, "\n");
    }
}

static void add_next(struct mg_md *md, const struct mg_report *r)
{
    mg_buf_adds(&md->text, "\n## Next\n");
    if (r->tests_kept > 0) {
        mg_buf_adds(&md->text, "\nThe kept tests are stored, not yet in the repository: ");
        mg_md_code(md, mg_arena_printf(md->scratch, "mutagen apply --run-id %.*s", MG_FMT(r->run_id)));
        mg_buf_adds(&md->text, " writes them there.\n");
    }
    if (mg_str_is(r->status, "partial"))
        mg_buf_addf(&md->text, "\nThis run is partial: it covers %u of %u targets. What makes it go on: %.*s.\n",
                    r->kept + r->discarded + r->satisfied + r->unfinished, r->targets_selected, MG_FMT(mg_text_go_on(md->scratch, r)));
    if (r->tests_kept == 0) {
        mg_buf_adds(&md->text, "\n");
        mg_md_text(md, r->next_step);
        mg_buf_adds(&md->text, "\n");
    }
}

static enum mg_code write_file(const char *directory, struct mg_md *md, struct mg_err *err)
{
    MG_TRY(mg_buf_check(&md->text, "report.md", err));
    MG_TRY(mg_file_mkdirs(directory, err));
    return mg_file_write(mg_path_join(md->scratch, mg_str_from(directory), MG_STR("report.md")).at, mg_buf_view(&md->text), err);
}

static enum mg_code write(void *self, const struct mg_report *report, struct mg_err *err)
{
    const struct reporter *reporter = self;
    MG_ASSERT(reporter && reporter->magic == MAGIC);
    struct mg_md md = { MG_BUF(LARGEST_REPORT), mg_arena_new() };
    add_title(&md, report);
    add_summary(&md, report);
    add_scores(&md, report);
    add_targets(&md, report);
    add_details(&md, report);
    add_notes(&md, report, MG_NOTE_CAUSE, "Why existing tests are set aside");
    add_notes(&md, report, MG_NOTE_WITHHELD, "Variables withheld from the tests");
    add_notes(&md, report, MG_NOTE_LEFT_OUT, "Existing tests set aside");
    add_notes(&md, report, MG_NOTE_SET_ASIDE, "Killers not believed");
    add_notes(&md, report, MG_NOTE_SKIPPED, "Files skipped");
    add_notes(&md, report, MG_NOTE_DEGRADED, "Limits of this run");
    add_notes(&md, report, MG_NOTE_INFO, "Notes");
    add_next(&md, report);
    enum mg_code code = write_file(reporter->directory, &md, err);
    mg_buf_free(&md.text);
    mg_arena_free(md.scratch);
    return code;
}

static const struct mg_reporter_ops ops = { .name = "markdown", .write = write };

struct mg_reporter mg_report_markdown_new(struct mg_arena *arena, const char *directory)
{
    struct reporter *self = MG_NEW(arena, struct reporter);
    *self = (struct reporter){ MAGIC, mg_arena_cstr(arena, mg_str_from(directory)) };
    return (struct mg_reporter){ &ops, self };
}
