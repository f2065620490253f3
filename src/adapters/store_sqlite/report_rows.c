/* Writes and reads reports. The order of columns is the order of the put and get calls. */
#include "adapters/store_sqlite/report_rows.h"

#include "adapters/store_sqlite/call_rows.h"
#include "adapters/store_sqlite/outcome_rows.h"
#include "base/str.h"
#include "os/file.h"

static const char *const note_names[] = {
    [MG_NOTE_SET_ASIDE] = "set_aside", [MG_NOTE_SKIPPED] = "skipped",   [MG_NOTE_DEGRADED] = "degraded", [MG_NOTE_INFO] = "info",
    [MG_NOTE_CAUSE] = "cause",         [MG_NOTE_LEFT_OUT] = "left_out", [MG_NOTE_WITHHELD] = "withheld",
};

#define REPORT_COLUMNS                                                                                                                               \
    "status, stop_reason, repo, python, generator, version, started_at, finished_at, duration_seconds, functions_found,"                             \
    " targets_selected, targets_left, kept, discarded, satisfied, unfinished, tests_generated, tests_kept, existing_tests,"                          \
    " existing_passed, tests_dir, reports_dir, next_step, model, level, existing_not_run, existing_skipped, existing_xfailed"

static void put_report(struct mg_query *q, const struct mg_report *r)
{
    const struct mg_str texts[] = { r->run_id, r->status, r->stop_reason, r->repo, r->python, r->generator, r->version };
    for (size_t i = 0; i < MG_COUNT(texts); i++)
        mg_put_str(q, texts[i]);
    mg_put_int(q, r->started_at);
    mg_put_int(q, r->finished_at);
    mg_put_real(q, r->duration_seconds);
    const uint32_t counts[] = { r->functions_found, r->targets_selected, r->targets_left, r->kept,           r->discarded,      r->satisfied,
                                r->unfinished,      r->tests_generated,  r->tests_kept,   r->existing_tests, r->existing_passed };
    for (size_t i = 0; i < MG_COUNT(counts); i++)
        mg_put_int(q, counts[i]);
    mg_put_str(q, r->tests_dir);
    mg_put_str(q, r->reports_dir);
    mg_put_str(q, r->next_step);
    mg_put_str(q, r->model);
    mg_put_int(q, r->level);
    mg_put_int(q, r->existing_not_run);
    mg_put_int(q, r->existing_skipped);
    mg_put_int(q, r->existing_xfailed);
}

static enum mg_code write_notes(struct mg_sql *sql, const struct mg_report *report, struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, sql, "INSERT INTO notes (run_id, ordinal, kind, subject, text) VALUES (?,?,?,?,?)", err);
    for (size_t i = 0; i < report->notes.len && q.code == MG_OK; i++) {
        const struct mg_note *note = &report->notes.at[i];
        MG_ASSERT((unsigned)note->kind < MG_COUNT(note_names));
        mg_put_str(&q, report->run_id);
        mg_put_int(&q, (int64_t)i);
        mg_put_name(&q, note_names[note->kind]);
        mg_put_str(&q, note->subject);
        mg_put_str(&q, note->text);
        (void)mg_query_row(&q);
    }
    return mg_query_close(&q);
}

enum mg_code mg_sqlite_write_report(struct mg_sql *sql, const struct mg_report *report, struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, sql, "DELETE FROM reports WHERE run_id = ?", err);
    mg_put_str(&q, report->run_id);
    (void)mg_query_row(&q);
    MG_TRY(mg_query_close(&q));
    mg_query_open(&q, sql,
                  "INSERT INTO reports (run_id, " REPORT_COLUMNS ")"
                  " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                  err);
    put_report(&q, report);
    (void)mg_query_row(&q);
    MG_TRY(mg_query_close(&q));
    mg_query_open(&q, sql, "INSERT INTO report_tallies (run_id, phase, verdict, count) VALUES (?,?,?,?)", err);
    mg_sqlite_put_tally(&q, &report->run_id, 1, "before", &report->before);
    mg_sqlite_put_tally(&q, &report->run_id, 1, "after", &report->after);
    MG_TRY(mg_query_close(&q));
    return write_notes(sql, report, err);
}

static void get_report(struct mg_query *q, struct mg_arena *arena, struct mg_report *r)
{
    struct mg_str *const texts[] = { &r->status, &r->stop_reason, &r->repo, &r->python, &r->generator, &r->version };
    for (size_t i = 0; i < MG_COUNT(texts); i++)
        *texts[i] = mg_get_str(q, arena);
    r->started_at = mg_get_int(q, INT64_MIN, INT64_MAX);
    r->finished_at = mg_get_int(q, INT64_MIN, INT64_MAX);
    r->duration_seconds = mg_get_real(q);
    uint32_t *const counts[] = { &r->functions_found, &r->targets_selected, &r->targets_left, &r->kept,           &r->discarded,      &r->satisfied,
                                 &r->unfinished,      &r->tests_generated,  &r->tests_kept,   &r->existing_tests, &r->existing_passed };
    for (size_t i = 0; i < MG_COUNT(counts); i++)
        *counts[i] = mg_get_u32(q);
    r->tests_dir = mg_get_str(q, arena);
    if (!mg_path_stays_inside(r->tests_dir)) /* `apply` writes there */
        mg_get_refuse(q);
    r->reports_dir = mg_get_str(q, arena);
    r->next_step = mg_get_str(q, arena);
    r->model = mg_get_str(q, arena);
    r->level = mg_get_u32(q);
    r->existing_not_run = mg_get_u32(q);
    r->existing_skipped = mg_get_u32(q);
    r->existing_xfailed = mg_get_u32(q);
}

static enum mg_code read_notes(struct mg_sql *sql, struct mg_arena *arena, struct mg_report *report, struct mg_err *err)
{
    struct mg_query q;
    mg_query_open(&q, sql, "SELECT kind, subject, text FROM notes WHERE run_id = ? ORDER BY ordinal", err);
    mg_put_str(&q, report->run_id);
    while (mg_query_row(&q)) {
        struct mg_str kind = mg_get_str(&q, arena);
        unsigned k = 0;
        while (k < MG_COUNT(note_names) && !mg_str_is(kind, note_names[k]))
            k++;
        if (k == MG_COUNT(note_names)) {
            mg_get_refuse(&q);
            break;
        }
        struct mg_note *note = MG_PUSH(arena, &report->notes);
        note->kind = (enum mg_note_kind)k;
        note->subject = mg_get_str(&q, arena);
        note->text = mg_get_str(&q, arena);
    }
    return mg_query_close(&q);
}

enum mg_code mg_sqlite_read_report(struct mg_sql *sql, struct mg_str run_id, struct mg_arena *arena, struct mg_report *report, bool *found,
                                   struct mg_err *err)
{
    struct mg_query q;
    *report = (struct mg_report){ .run_id = mg_arena_str(arena, run_id) };
    mg_query_open(&q, sql, "SELECT " REPORT_COLUMNS " FROM reports WHERE run_id = ?", err);
    mg_put_str(&q, run_id);
    *found = mg_query_row(&q);
    if (*found)
        get_report(&q, arena, report);
    MG_TRY(mg_query_close(&q));
    if (!*found)
        return MG_OK;
    const struct mg_sqlite_phase phases[] = { { "before", &report->before }, { "after", &report->after } };
    mg_query_open(&q, sql, "SELECT phase, verdict, count FROM report_tallies WHERE run_id = ?", err);
    mg_put_str(&q, run_id);
    mg_sqlite_get_tallies(&q, arena, phases, MG_COUNT(phases));
    MG_TRY(mg_query_close(&q));
    MG_TRY(mg_sqlite_spent(sql, run_id, MG_NO_STR, &report->spend, err));
    return read_notes(sql, arena, report, err);
}
