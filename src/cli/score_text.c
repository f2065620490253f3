/* The table, the survivors and the score itself. */
#include "cli/score_text.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "cli/compose.h"
#include "core/survivors.h"
#include "core/text.h"

#define MOST_ROWS 25u
#define DIFF_LINES 8u
#define TEXT_LIMIT ((size_t)256 << 20)

static void add_row(struct mg_buf *out, int width, struct mg_str name, const struct mg_tally *tally)
{
    const uint32_t *of = tally->of;
    mg_buf_addf(out, "%-*.*s %8u %8u %8u %8u %8u", width, MG_FMT(name), mg_tally_scorable(tally), of[MG_VERDICT_killed], of[MG_VERDICT_timeout],
                of[MG_VERDICT_survived], of[MG_VERDICT_no_coverage] + of[MG_VERDICT_not_reached]);
    if (mg_tally_scorable(tally) > 0 && of[MG_VERDICT_pending] == 0)
        mg_buf_addf(out, " %6.1f%%", 100.0 * mg_score(tally));
    else
        mg_buf_adds(out, "       -");
}

struct row {
    struct mg_str name, reason;
    struct mg_tally tally;
    struct mg_str path; /* of those that have a reason, when rows are files */
    uint32_t functions; /* that share it */
};
struct rows {
    MG_VEC(struct row)
};

/* A function that was not measured has a row of its own, or shares one with those of its file that have the same reason. */
static void add_reason(struct mg_arena *arena, const struct mg_outcome *outcome, struct rows *rows, size_t from)
{
    struct mg_str reason = mg_printable(arena, outcome->reason);
    for (size_t i = from; i < rows->len; i++)
        if (mg_str_eq(rows->at[i].path, outcome->path) && mg_str_eq(rows->at[i].reason, reason)) {
            rows->at[i].functions++;
            return;
        }
    *MG_PUSH(arena, rows) = (struct row){ mg_printable(arena, outcome->qualified_name), reason, outcome->before, outcome->path, 1 };
}

/* By file. */
static void sum_files(struct mg_arena *arena, const struct mg_report *report, struct rows *rows)
{
    struct mg_map places;
    mg_map_init(&places, arena);
    for (size_t i = 0; i < report->outcomes.len; i++) {
        const struct mg_outcome *outcome = &report->outcomes.at[i];
        void **slot = mg_map_slot(&places, outcome->path);
        if (!*slot) {
            *MG_PUSH(arena, rows) = (struct row){ .name = mg_printable(arena, outcome->path) };
            size_t *place = MG_NEW(arena, size_t);
            *place = rows->len - 1;
            *slot = place;
        }
        mg_tally_sum(&rows->at[*(size_t *)*slot].tally, &outcome->before);
    }
    size_t files = rows->len;
    for (size_t i = 0; i < report->outcomes.len; i++)
        if (report->outcomes.at[i].reason.len)
            add_reason(arena, &report->outcomes.at[i], rows, files);
    for (size_t i = files; i < rows->len; i++)
        if (rows->at[i].functions > 1) {
            rows->at[i].name = mg_printable(arena, rows->at[i].path);
            rows->at[i].reason = mg_arena_printf(arena, "%u functions: %.*s", rows->at[i].functions, MG_FMT(rows->at[i].reason));
        }
}

/* Rows that would say nothing but zeros; how many of them wait for a verdict. */
static size_t leave_empty_out(struct rows *rows)
{
    size_t kept = 0, waiting = 0;
    for (size_t i = 0; i < rows->len; i++) {
        struct row *row = &rows->at[i];
        if (row->reason.len || mg_tally_scorable(&row->tally) > 0)
            rows->at[kept++] = *row;
        else
            waiting += row->tally.of[MG_VERDICT_pending] > 0;
    }
    rows->len = kept;
    return waiting;
}

static void add_rows(struct mg_buf *out, struct mg_arena *arena, const struct mg_report *report, bool all)
{
    struct rows rows = { 0 };
    bool files = report->outcomes.len > MOST_ROWS && !all;
    if (files)
        sum_files(arena, report, &rows);
    for (size_t i = 0; !files && i < report->outcomes.len; i++)
        if (all || report->outcomes.at[i].mutants.len || report->outcomes.at[i].reason.len) /* a line such as `pass` has nothing to mutate */
            *MG_PUSH(arena, &rows) = (struct row){ .name = mg_printable(arena, report->outcomes.at[i].qualified_name),
                                                   .reason = mg_printable(arena, report->outcomes.at[i].reason),
                                                   .tally = report->outcomes.at[i].before };
    size_t width = 6, waiting = all ? 0 : leave_empty_out(&rows);
    if (rows.len == 0) /* the line of the score says it all */
        return;
    for (size_t i = 0; i < rows.len; i++)
        if (rows.at[i].name.len > width)
            width = rows.at[i].name.len < 60 ? rows.at[i].name.len : 60;
    mg_buf_addf(out, "%-*s %8s %8s %8s %8s %8s %7s\n", (int)width, files ? "file" : "target", "mutants", "killed", "timeout", "survived", "uncover.",
                "score");
    for (size_t i = 0; i < rows.len; i++) {
        add_row(out, (int)width, rows.at[i].name, &rows.at[i].tally);
        if (rows.at[i].reason.len)
            mg_buf_addf(out, "  (%.*s)", MG_FMT(rows.at[i].reason));
        mg_buf_addc(out, '\n');
    }
    add_row(out, (int)width, MG_STR("total"), &report->before);
    mg_buf_addc(out, '\n');
    if (waiting)
        mg_buf_addf(out, "%zu %s%s without any verdict yet left out\n", waiting, files ? "file" : "function", waiting == 1 ? "" : "s");
}

/* ---- survivors ---- */

/* The changed lines alone. */
static void add_small_diff(struct mg_buf *out, struct mg_arena *arena, struct mg_str diff)
{
    struct mg_str line;
    unsigned shown = 0;
    while (mg_str_next_line(&diff, &line) && !mg_str_starts(line, "@@")) {}
    while (mg_str_next_line(&diff, &line)) {
        if (!mg_str_starts(line, "-") && !mg_str_starts(line, "+"))
            continue;
        if (mg_str_trim(mg_str_sub(line, 1, line.len)).len == 0) /* only keeps the lines' numbers */
            continue;
        if (shown++ == DIFF_LINES) {
            mg_buf_adds(out, "      …\n");
            break;
        }
        struct mg_str text = mg_printable(arena, mg_str_sub(line, 0, 160));
        mg_buf_addf(out, "    %.*s\n", MG_FMT(text));
    }
}

struct mg_str mg_witness_line(struct mg_arena *arena, const struct mg_judged *judged)
{
    if (judged->witness.len)
        return mg_printable(arena, judged->witness);
    if (judged->compared)
        return mg_arena_printf(arena, "no input found that tells them apart (%u calls compared)", judged->compared);
    return MG_NO_STR;
}

static void add_survivors(struct mg_buf *out, struct mg_arena *arena, const struct mg_report *report, bool all, const char *program)
{
    struct mg_survivors survivors;
    mg_survivors_rank(report, all, arena, &survivors);
    if (survivors.len == 0)
        return;
    mg_buf_adds(out, "\nsurvived:\n");
    for (size_t i = 0; i < survivors.len; i++) {
        const struct mg_survivor *one = &survivors.at[i];
        mg_buf_addf(out, "  %s:%u  %s  %s%s  (%s show mutant %.*s)\n", mg_printable(arena, one->outcome->path).at, one->judged->mutant.span_line,
                    mg_printable(arena, one->outcome->qualified_name).at, one->judged->mutant.operator_name,
                    one->judged->changed ? ", on a changed line" : "", program, MG_FMT(one->judged->mutant.id));
        add_small_diff(out, arena, one->judged->diff);
        struct mg_str witness = mg_witness_line(arena, one->judged);
        if (witness.len)
            mg_buf_addf(out, "    %.*s\n", MG_FMT(witness));
    }
    if (survivors.len < survivors.total)
        mg_buf_addf(out, "  … and %zu more: --all shows every one\n", survivors.total - survivors.len);
}

/* ---- pragmas ---- */

static void add_pragmas(struct mg_buf *out, struct mg_arena *arena, const struct mg_report *report, bool all)
{
    uint32_t mutants = 0, reasons = 0;
    for (size_t i = 0; i < report->outcomes.len; i++)
        for (size_t k = 0; k < report->outcomes.at[i].mutants.len; k++)
            mutants += mg_str_starts(report->outcomes.at[i].mutants.at[k].before.reason, "pragma: ");
    size_t lines = report->scored.pragmas.len;
    for (size_t i = 0; i < lines; i++)
        reasons += report->scored.pragmas.at[i].reason.len > 0;
    if (lines == 0)
        return;
    mg_buf_addf(out, "\n%zu line%s with '# pragma: no mutate' (%u with a reason)", lines, lines == 1 ? "" : "s", reasons);
    if (report->scored.diff.len == 0)
        mg_buf_addf(out, " left out %u mutant%s", mutants, mutants == 1 ? "" : "s");
    mg_buf_adds(out, all ? ":\n" : "; --all lists them\n");
    for (size_t i = 0; all && i < lines; i++) {
        const struct mg_pragma *pragma = &report->scored.pragmas.at[i];
        struct mg_str path = mg_printable(arena, pragma->path), reason = mg_printable(arena, pragma->reason);
        mg_buf_addf(out, "  %.*s:%u  %.*s\n", MG_FMT(path), pragma->line, MG_FMT(reason.len ? reason : MG_STR("no reason given")));
    }
}

/* Mutants that are none: the compiler makes the same of them as of the original, or of another mutant. They are in no number. */
static void add_same_code(struct mg_buf *out, struct mg_arena *arena, const struct mg_report *report)
{
    bool any = false;
    for (size_t i = 0; i < report->outcomes.len; i++)
        for (size_t k = 0; k < report->outcomes.at[i].mutants.len; k++) {
            const struct mg_outcome *outcome = &report->outcomes.at[i];
            const struct mg_judged *judged = &outcome->mutants.at[k];
            if (judged->before.verdict != MG_VERDICT_ignored || mg_str_starts(judged->before.reason, "pragma: "))
                continue;
            if (!any)
                mg_buf_adds(out, "\nin no number, because they change nothing or what another one changes:\n");
            any = true;
            mg_buf_addf(out, "  %s:%u  %s  %s  (%s)\n", mg_printable(arena, outcome->path).at, judged->mutant.span_line,
                        mg_printable(arena, outcome->qualified_name).at, judged->mutant.operator_name, mg_printable(arena, judged->before.reason).at);
            add_small_diff(out, arena, judged->diff);
        }
}

struct mg_str mg_score_table(struct mg_arena *arena, const struct mg_report *report, bool all, const char *program)
{
    struct mg_buf out = MG_BUF(TEXT_LIMIT);
    if (report->outcomes.len)
        add_rows(&out, arena, report, all);
    add_survivors(&out, arena, report, all, program);
    add_pragmas(&out, arena, report, all);
    if (all)
        add_same_code(&out, arena, report);
    return mg_buf_take(&out, arena);
}

/* ---- the score ---- */

/* A measured target has no reason: reasons say why one could not be measured. */
static uint32_t measured(const struct mg_report *report)
{
    uint32_t count = 0;
    for (size_t i = 0; i < report->outcomes.len; i++)
        count += report->outcomes.at[i].reason.len == 0;
    return count;
}

/* By which rules the mutants were made: "level 2", "mutmut's". */
static struct mg_str rules_of(struct mg_arena *arena, const struct mg_report *report)
{
    return report->level ? mg_text_level(arena, report) : MG_STR("made by mutmut");
}

static void add_bounds(struct mg_buf *out, const struct mg_report *report)
{
    uint32_t known = mg_tally_scorable(&report->before), all = known + report->before.of[MG_VERDICT_pending];
    double low, high;
    if (known == 0) {
        mg_buf_addf(out, "\nscore: none (the time was over before any of %u mutants had a verdict, level %u)\n", all, report->level);
        return;
    }
    mg_score_bounds(&report->before, &low, &high);
    mg_buf_addf(out, "\nscore: between %.1f%% and %.1f%% (the time is over: %u of %u mutants have a verdict, level %u)\n", 100.0 * low, 100.0 * high,
                known, all, report->level);
}

/* Of a sample, mutants of functions that could not be measured have no row: without a word the sum would be short of it. */
static struct mg_str lost_of(struct mg_arena *arena, const struct mg_report *report)
{
    size_t told = 0;
    for (size_t i = 0; i < report->outcomes.len; i++)
        told += report->outcomes.at[i].mutants.len;
    return told < report->scored.chosen
               ? mg_arena_printf(arena, ", %zu of them in functions that could not be measured", report->scored.chosen - told)
               : MG_STR("");
}

struct mg_str mg_score_line(struct mg_arena *arena, const struct mg_report *report)
{
    struct mg_buf out = MG_BUF(1u << 16);
    const struct mg_tally *tally = &report->before;
    const struct mg_scored *scored = &report->scored;
    uint32_t statics = tally->of[MG_VERDICT_static], count = measured(report);
    if (tally->of[MG_VERDICT_pending]) {
        add_bounds(&out, report);
    } else {
        mg_buf_addf(&out, "\nscore: %.1f%% (%u of %u mutants detected, %.*s", 100.0 * mg_score(tally), mg_tally_detected(tally),
                    mg_tally_scorable(tally), MG_FMT(rules_of(arena, report)));
        if (statics)
            mg_buf_addf(&out, "; %u static left out: their lines run on import", statics);
        if (count < report->targets_selected)
            mg_buf_addf(&out, ", over %u of %u functions", count, report->targets_selected);
        mg_buf_adds(&out, ")\n");
        if (tally->of[MG_VERDICT_timeout])
            mg_buf_addf(&out, "without timeouts: %.1f%%\n", 100.0 * mg_score_without_timeouts(tally));
    }
    struct mg_str python = report->python.len ? report->python : scored->interpreter;
    if (python.len)
        mg_buf_addf(&out, "python: %s\n", mg_printable(arena, python).at);
    if (report->verified)
        mg_buf_addf(&out, "verified: %u of %u verdicts are what plain pytest says with the mutant on disk\n", report->verified_agree,
                    report->verified);
    if (report->verified_vary)
        mg_buf_addf(&out, "not to be verified: %u more, where plain pytest says now this, now that\n", report->verified_vary);
    if (scored->chosen < scored->found && scored->diff.len == 0)
        mg_buf_addf(&out, "mutants: a sample of %u of %u%s\n", scored->chosen, scored->found, lost_of(arena, report).at);
    else if (scored->diff.len)
        mg_buf_addf(&out, "mutants: %u of %u, those on lines changed since %s\n", scored->chosen, scored->found,
                    mg_printable(arena, scored->diff).at);
    if (!scored->whole && scored->known_tests)
        mg_buf_addf(&out, "tests: %u run, %u as they were when they last passed\n", report->existing_tests - scored->known_tests,
                    scored->known_tests);
    if (scored->whole)
        mg_buf_addf(&out, "verdicts: %u from the cache, nothing has changed since\n", scored->cached);
    else
        mg_buf_addf(&out, "verdicts: %u measured, %u from the cache", scored->fresh, scored->cached);
    if (!scored->whole && scored->again)
        mg_buf_addf(&out, ", %u survivor%s tried again by %u changed test%s alone", scored->again, scored->again == 1 ? "" : "s", scored->again_tests,
                    scored->again_tests == 1 ? "" : "s");
    if (!scored->whole)
        mg_buf_addc(&out, '\n');
    return mg_buf_take(&out, arena);
}
