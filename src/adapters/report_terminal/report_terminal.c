/* The dashboard: numbers, the targets that matter most, why others were not kept, where the reports are, what to do next. */
#include "adapters/report_terminal/report_terminal.h"

#include "adapters/report_terminal/screen.h"
#include "base/str.h"
#include "core/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC 0x52545431u
#define LARGEST_DASHBOARD ((size_t)1 << 20)
#define TARGETS_SHOWN 10
#define REASONS_SHOWN 5
#define NAMES_SHOWN 3
#define NOTES_SHOWN 3
#define NOTE_LENGTH 240
#define NAME_LENGTH 100

struct reporter {
    unsigned magic;
    FILE *out;
};

static struct mg_str score_change(struct mg_arena *arena, const struct mg_tally *before, const struct mg_tally *after)
{
    return mg_arena_printf(arena, "%.*s -> %.*s", MG_FMT(mg_text_score(arena, before)), MG_FMT(mg_text_score(arena, after)));
}

static void show_summary(struct mg_screen *screen, const struct mg_report *r)
{
    struct mg_arena *a = screen->scratch;
    struct mg_str score = score_change(a, &r->before, &r->after);
    if (r->level)
        score = mg_arena_printf(a, "%.*s, %.*s", MG_FMT(score), MG_FMT(mg_text_level(a, r)));
    if (mg_str_is(r->status, "partial"))
        score = mg_arena_printf(a, "%.*s (over %u of %u targets)", MG_FMT(score), r->kept + r->discarded + r->satisfied + r->unfinished,
                                r->targets_selected);
    struct mg_screen_row rows[10] = { { "Mutation score (before -> after)", score } };
    size_t count = 1;
    if (r->existing_not_run)
        rows[count++] = (struct mg_screen_row){ "Existing tests not run",
                                                mg_arena_printf(a, "%u of %u: scores are lower bounds", r->existing_not_run, r->existing_tests) };
    rows[count++] = (struct mg_screen_row){ "Targets kept / discarded", mg_arena_printf(a, "%u / %u", r->kept, r->discarded) };
    rows[count++] = (struct mg_screen_row){ "Targets satisfied / unfinished", mg_arena_printf(a, "%u / %u", r->satisfied, r->unfinished) };
    rows[count++] = (struct mg_screen_row){ "Tests generated / kept", mg_arena_printf(a, "%u / %u", r->tests_generated, r->tests_kept) };
    rows[count++] = (struct mg_screen_row){ "API cost", mg_text_spend(a, &r->spend) };
    if (r->model.len > 0)
        rows[count++] = (struct mg_screen_row){ "Model", r->model };
    if (r->spend.calls > 0)
        rows[count++] = (struct mg_screen_row){ "Model calls", mg_text_usage(a, &r->spend) };
    rows[count++] = (struct mg_screen_row){ "Execution time", mg_arena_printf(a, "%.1fs", r->duration_seconds) };
    mg_screen_table(screen, mg_arena_printf(a, "Mutagen Run %.*s [%.*s]", MG_FMT(r->run_id), MG_FMT(r->status)), rows, count);
}

static unsigned kept_tests(const struct mg_outcome *o)
{
    unsigned kept = 0;
    for (size_t i = 0; i < o->tests.len; i++)
        kept += o->tests.at[i].kept;
    return kept;
}

static void show_target(struct mg_screen *screen, const struct mg_outcome *o)
{
    struct mg_arena *a = screen->scratch;
    unsigned tests = kept_tests(o);
    /* The place is what a narrow terminal may cut. */
    mg_screen_line(screen, o->state == MG_TARGET_KEPT ? MG_GREEN : MG_PLAIN, "  %-10s %4s -> %-4s  %2u test%s  %.*s  %.*s:%u",
                   mg_text_status(o->state), mg_arena_cstr(a, mg_text_score(a, &o->before)), mg_arena_cstr(a, mg_text_score(a, &o->after)), tests,
                   tests == 1 ? " " : "s", MG_FMT(o->qualified_name), MG_FMT(o->path), o->line);
}

static void show_targets(struct mg_screen *screen, const struct mg_report *r)
{
    static const enum mg_target_state order[] = { MG_TARGET_KEPT, MG_TARGET_DISCARDED, MG_TARGET_UNFINISHED };
    size_t shown = 0, wanted = 0;
    for (size_t k = 0; k < MG_COUNT(order); k++)
        for (size_t i = 0; i < r->outcomes.len; i++) {
            if (r->outcomes.at[i].state != order[k])
                continue;
            if (wanted++ == 0)
                mg_screen_line(screen, MG_BOLD, "%s", "Targets");
            if (shown == TARGETS_SHOWN)
                continue;
            shown++;
            show_target(screen, &r->outcomes.at[i]);
        }
    if (wanted > shown)
        mg_screen_line(screen, MG_DIM, "  and %zu more, in report.md", wanted - shown);
}

/* What a reason says apart from its figures, which stand in brackets at its end: "… (560 calls)". */
static struct mg_str without_figures(struct mg_str text)
{
    size_t open = mg_str_rfind(text, '(');
    return open > 1 && open < text.len && text.at[open - 1] == ' ' && mg_str_ends(text, ")") ? mg_str_sub(text, 0, open - 1) : text;
}

struct reason {
    struct mg_str text;
    const char *status;
    size_t count;
    struct mg_str names[NAMES_SHOWN];
};

/* "a, b, c" and "and N more" */
static struct mg_str list_names(struct mg_arena *arena, const struct mg_str *names, size_t count)
{
    struct mg_buf text = MG_BUF(600);
    size_t shown = count < NAMES_SHOWN ? count : NAMES_SHOWN;
    for (size_t i = 0; i < shown; i++)
        mg_buf_addf(&text, "%s%.*s", i > 0 ? ", " : "", MG_FMT(names[i]));
    if (count > shown)
        mg_buf_addf(&text, " and %zu more", count - shown);
    return mg_buf_take(&text, arena);
}

static int most_frequent_first(const void *a, const void *b)
{
    const struct reason *left = a, *right = b;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return mg_str_cmp(left->text, right->text);
}

static void show_reasons(struct mg_screen *screen, const struct mg_report *r)
{
    struct {
        MG_VEC(struct reason)
    } reasons = { NULL, 0, 0 };
    for (size_t i = 0; i < r->outcomes.len; i++) {
        const struct mg_outcome *o = &r->outcomes.at[i];
        if (o->state == MG_TARGET_KEPT || o->state == MG_TARGET_SATISFIED)
            continue;
        const char *status = mg_text_status(o->state);
        size_t k = 0;
        while (k < reasons.len && !(reasons.at[k].status == status && mg_str_eq(without_figures(reasons.at[k].text), without_figures(o->reason))))
            k++;
        if (k == reasons.len)
            *MG_PUSH(screen->scratch, &reasons) = (struct reason){ .text = o->reason, .status = status };
        struct reason *reason = &reasons.at[k];
        if (!mg_str_eq(reason->text, o->reason)) /* one figure cannot stand for all */
            reason->text = without_figures(o->reason);
        if (reason->count < NAMES_SHOWN)
            reason->names[reason->count] = o->qualified_name;
        reason->count++;
    }
    if (reasons.len == 0)
        return;
    qsort(reasons.at, reasons.len, sizeof *reasons.at, most_frequent_first);
    mg_screen_line(screen, MG_BOLD, "%s", "Not kept");
    for (size_t k = 0; k < reasons.len && k < REASONS_SHOWN; k++) {
        const struct reason *reason = &reasons.at[k];
        mg_screen_wrapped(screen, MG_PLAIN, 4, "  %zu %s: %.*s (%.*s)", reason->count, reason->status, MG_FMT(reason->text),
                          MG_FMT(list_names(screen->scratch, reason->names, reason->count)));
    }
    if (reasons.len > REASONS_SHOWN)
        mg_screen_line(screen, MG_DIM, "  and %zu other reason%s, in report.md", reasons.len - REASONS_SHOWN,
                       reasons.len - REASONS_SHOWN == 1 ? "" : "s");
}

/* "label: 5", then the first few with their reasons. Without a label each note is a line of its own. */
static void show_notes(struct mg_screen *screen, const struct mg_report *r, enum mg_note_kind kind, const char *label)
{
    size_t count = 0, shown = 0;
    for (size_t i = 0; i < r->notes.len; i++)
        count += r->notes.at[i].kind == kind;
    if (count > 0 && label && *label)
        mg_screen_line(screen, MG_YELLOW, "%s: %zu", label, count);
    for (size_t i = 0; i < r->notes.len && shown < NOTES_SHOWN; i++) {
        const struct mg_note *note = &r->notes.at[i];
        if (note->kind != kind)
            continue;
        size_t length = note->kind == MG_NOTE_WITHHELD ? note->text.len : NOTE_LENGTH; /* it ends with a command to be copied */
        struct mg_str text = mg_text_cut(screen->scratch, mg_text_line(screen->scratch, note->text), length);
        struct mg_str subject =
            note->kind == MG_NOTE_WITHHELD ? MG_NO_STR : mg_text_cut(screen->scratch, mg_text_line(screen->scratch, note->subject), NAME_LENGTH);
        mg_screen_wrapped(screen, label ? MG_PLAIN : MG_YELLOW, 4, "%s%.*s%s%.*s", label ? "  " : "Note: ", MG_FMT(subject), subject.len ? ": " : "",
                          MG_FMT(text));
        shown++;
    }
    if (count > shown)
        mg_screen_line(screen, MG_DIM, "  and %zu more, in report.md", count - shown);
}

/* Existing tests that do not count, a line for each cause; and what they miss. */
static void show_causes(struct mg_screen *screen, const struct mg_report *r)
{
    size_t tests = 0, files = 0;
    for (size_t i = 0; i < r->notes.len; i++) {
        bool is_test = mg_str_contains(r->notes.at[i].subject, "::"); /* else a file that cannot be collected */
        tests += r->notes.at[i].kind == MG_NOTE_LEFT_OUT && is_test;
        files += r->notes.at[i].kind == MG_NOTE_LEFT_OUT && !is_test;
    }
    const char *of_files = mg_arena_printf(screen->scratch, "%zu file%s", files, files == 1 ? "" : "s").at;
    if (tests > 0)
        mg_screen_line(screen, MG_YELLOW, "Existing tests set aside: %zu%s%s", tests, files ? ", and " : "", files ? of_files : "");
    else if (files > 0)
        mg_screen_line(screen, MG_YELLOW, "Existing tests set aside: %s", of_files);
    show_notes(screen, r, MG_NOTE_CAUSE, "");
    show_notes(screen, r, MG_NOTE_WITHHELD, NULL);
}

/* Relative where that is shorter to read: most runs keep their state below the current folder. */
static struct mg_str shown_path(struct mg_arena *arena, struct mg_str path)
{
    char *here = getcwd(NULL, 0);
    struct mg_str folder = mg_str_from(here);
    if (here && folder.len > 1 && mg_str_starts(path, here) && path.len > folder.len && path.at[folder.len] == '/')
        path = mg_arena_str(arena, mg_str_sub(path, folder.len + 1, path.len));
    free(here);
    return path;
}

static void show_bugs(struct mg_screen *screen, const struct mg_report *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->outcomes.len; i++)
        count += r->outcomes.at[i].suspected_bugs.len;
    if (count > 0)
        mg_screen_line(screen, MG_YELLOW, "Suspected bugs: %zu, in report.md", count);
}

static enum mg_code write_dashboard(void *self, const struct mg_report *report, struct mg_err *err)
{
    const struct reporter *reporter = self;
    MG_ASSERT(reporter && reporter->magic == MAGIC);
    struct mg_screen screen = { .scratch = mg_arena_new(), .text = MG_BUF(LARGEST_DASHBOARD) };
    mg_screen_look(&screen, reporter->out);
    show_summary(&screen, report);
    show_targets(&screen, report);
    show_reasons(&screen, report);
    show_bugs(&screen, report);
    show_causes(&screen, report);
    show_notes(&screen, report, MG_NOTE_SET_ASIDE, "Killers not believed");
    show_notes(&screen, report, MG_NOTE_SKIPPED, "Files skipped");
    show_notes(&screen, report, MG_NOTE_DEGRADED, NULL);
    if (report->stop_reason.len > 0)
        mg_screen_wrapped(&screen, MG_YELLOW, 4, "Stopped: %.*s", MG_FMT(mg_text_stop(screen.scratch, report)));
    if (report->targets_left > 0 && !mg_str_contains(report->next_step, " goes on where "))
        mg_screen_line(&screen, MG_PLAIN, "To go on: %.*s", MG_FMT(mg_text_go_on(screen.scratch, report)));
    if (report->reports_dir.len > 0)
        mg_screen_line(&screen, MG_PLAIN, "Reports: %.*s/report.md, report.json", MG_FMT(shown_path(screen.scratch, report->reports_dir)));
    screen.width = 0; /* the last line is to be copied: never cut */
    mg_screen_line(&screen, MG_BOLD, "%.*s", MG_FMT(report->next_step));
    struct mg_str text = mg_buf_view(&screen.text);
    enum mg_code code = MG_OK;
    if (fwrite(text.at, 1, text.len, reporter->out) != text.len || fflush(reporter->out) != 0)
        code = MG_FAIL(err, MG_E_IO, "the summary cannot be printed: %s", strerror(errno));
    mg_buf_free(&screen.text);
    mg_arena_free(screen.scratch);
    return code;
}

static const struct mg_reporter_ops ops = { .name = "terminal", .write = write_dashboard };

struct mg_reporter mg_report_terminal_new(struct mg_arena *arena, FILE *out)
{
    struct reporter *self = MG_NEW(arena, struct reporter);
    *self = (struct reporter){ MAGIC, out };
    return (struct mg_reporter){ &ops, self };
}
