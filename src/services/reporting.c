/* Notes for the report, the sums over stored outcomes, and the last line: what to do next. */
#include "base/str.h"
#include "core/text.h"
#include "services/context.h"
#include "services/events.h"

void mg_note(struct mg_run_context *run, enum mg_note_kind kind, struct mg_str subject, struct mg_str text)
{
    for (size_t i = 0; i < run->report->notes.len; i++)
        if (run->report->notes.at[i].kind == kind && mg_str_eq(run->report->notes.at[i].subject, subject) &&
            mg_str_eq(run->report->notes.at[i].text, text))
            return;
    struct mg_note note = { kind, mg_arena_str(run->arena, subject), mg_arena_str(run->arena, text) };
    *MG_PUSH(run->arena, &run->report->notes) = note;
    mg_event_note(&note);
}

void mg_note_withdraw(struct mg_run_context *run, enum mg_note_kind kind, struct mg_str text)
{
    size_t kept = 0;
    for (size_t i = 0; i < run->report->notes.len; i++) {
        struct mg_note note = run->report->notes.at[i];
        if (note.kind != kind || !mg_str_eq(note.text, text))
            run->report->notes.at[kept++] = note;
    }
    run->report->notes.len = kept;
}

struct mg_str mg_fresh_text(const struct mg_run_context *run)
{
    struct mg_str why = MG_NO_STR;
    if (run->unprepared)
        why = mg_arena_printf(run->arena, "; %u target%s could not do with forks of one that has imported nothing of the repo: there %.*s fails",
                              run->unprepared, run->unprepared == 1 ? "" : "s", MG_FMT(run->unprepared_for));
    return mg_arena_printf(run->arena, "%u runs of mutants needed a new interpreter: %.1f s of them together, %.2f s each%.*s", run->fresh_runs,
                           run->fresh_seconds, run->fresh_seconds / run->fresh_runs, MG_FMT(why));
}

void mg_report_sum(struct mg_report *report)
{
    report->kept = report->discarded = report->satisfied = report->unfinished = 0;
    report->tests_generated = report->tests_kept = 0;
    report->before = report->after = (struct mg_tally){ 0 };
    for (size_t i = 0; i < report->outcomes.len; i++) {
        const struct mg_outcome *outcome = &report->outcomes.at[i];
        report->kept += outcome->state == MG_TARGET_KEPT;
        report->discarded += outcome->state == MG_TARGET_DISCARDED;
        report->satisfied += outcome->state == MG_TARGET_SATISFIED;
        report->unfinished += outcome->state == MG_TARGET_UNFINISHED;
        mg_tally_sum(&report->before, &outcome->before);
        mg_tally_sum(&report->after, &outcome->after);
        report->tests_generated += (uint32_t)outcome->tests.len;
        for (size_t t = 0; t < outcome->tests.len; t++)
            report->tests_kept += outcome->tests.at[t].kept;
    }
}

static uint32_t improvable(const struct mg_report *report)
{
    uint32_t count = 0;
    for (size_t i = 0; i < report->outcomes.len; i++)
        count += report->outcomes.at[i].state == MG_TARGET_DISCARDED &&
                 mg_tally_detected(&report->outcomes.at[i].improved) > mg_tally_detected(&report->outcomes.at[i].before);
    return count;
}

static bool misses_packages(const struct mg_report *report)
{
    for (size_t i = 0; i < report->outcomes.len; i++)
        if (!mg_str_contains(report->outcomes.at[i].reason, "cannot be imported: ModuleNotFoundError") &&
            !mg_str_contains(report->outcomes.at[i].reason, "cannot be imported: ImportError"))
            return false;
    return report->outcomes.len > 0;
}

struct mg_str mg_next_step(struct mg_arena *arena, const struct mg_report *report, const char *program)
{
    uint32_t better = improvable(report);
    if (report->tests_kept) {
        struct mg_str more = better ? mg_arena_printf(arena, "--improved: also those of %u target%s that gained, but stay%s below the threshold; ",
                                                      better, better == 1 ? "" : "s", better == 1 ? "s" : "")
                                    : MG_STR("");
        return mg_arena_printf(arena, "next: %s apply --run-id %.*s  (writes %u kept test%s into the repo; %.*s--patch FILE for a patch)", program,
                               MG_FMT(report->run_id), report->tests_kept, report->tests_kept == 1 ? "" : "s", MG_FMT(more));
    }
    if (misses_packages(report))
        return mg_arena_printf(arena, "next: install what the repo needs into %.*s, or name another interpreter with --python",
                               MG_FMT(mg_text_interpreter(report)));
    if (better)
        return mg_arena_printf(arena, "next: %s apply --run-id %.*s --improved  (tests of %u target%s that gained, but stay below the threshold)",
                               program, MG_FMT(report->run_id), better, better == 1 ? "" : "s");
    if (report->targets_left || report->unfinished || mg_str_is(report->status, "partial"))
        return mg_arena_printf(arena, "next: %.*s goes on where this run stopped", MG_FMT(mg_text_go_on(arena, report)));
    if (report->targets_selected == 0)
        return MG_STR("next: no function was selected: check --target, and that the repo holds functions of more than one statement");
    if (report->satisfied == report->targets_selected)
        return MG_STR("next: nothing to do, every selected function already reaches the threshold; raise it or choose others with --target");
    return mg_arena_printf(arena, "next: read %.*s/report.md: it says for each function why nothing was kept", MG_FMT(report->reports_dir));
}

enum mg_code mg_report_stored_run(struct mg_store store, const struct mg_reporter *reporters, size_t count, struct mg_str run_id,
                                  struct mg_arena *arena, struct mg_report *report, struct mg_err *err)
{
    MG_TRY(store.ops->load_report(store.self, run_id, arena, report, err));
    for (size_t i = 0; i < count; i++)
        MG_TRY(reporters[i].ops->write(reporters[i].self, report, err));
    return MG_OK;
}
