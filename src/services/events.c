/* Writes the events of a run into the log. */
#include "services/events.h"

#include "base/log.h"
#include "base/str.h"

void mg_event_repo(const struct mg_repo *repo)
{
    MG_LOG(MG_LOG_INFO, "repo copied", MG_L_TEXT("repo", repo->original), MG_L_INT("sources", repo->sources.len),
           MG_L_INT("skipped", repo->skipped.len), MG_L_INT("import_roots", repo->import_roots.len), MG_L_TEXT("python", repo->python),
           MG_L_TEXT("python_from", repo->python_origin));
}

void mg_event_collected(const struct mg_run_context *run)
{
    const struct mg_collected *collected = &run->collected;
    MG_LOG(MG_LOG_INFO, "tests collected", MG_L_INT("tests", collected->tests.len), MG_L_INT("errors", collected->errors.len),
           MG_L_TEXT("python_version", collected->python_version), MG_L_TEXT("pytest_version", collected->pytest_version));
}

void mg_event_baseline(const struct mg_run_context *run)
{
    double seconds = 0;
    for (size_t i = 0; run->baseline.results && i < run->collected.tests.len; i++)
        seconds += run->baseline.results[i].seconds;
    MG_LOG(MG_LOG_INFO, "baseline done", MG_L_INT("tests", run->collected.tests.len), MG_L_INT("passed", run->baseline.passed),
           MG_L_NUMBER("test_seconds", seconds));
}

void mg_event_ran(struct mg_str test) { MG_LOG(MG_LOG_INFO, "test has run", MG_L_TEXT("test", test)); }

void mg_event_selected(const struct mg_run_context *run)
{
    MG_LOG(MG_LOG_INFO, "targets selected", MG_L_INT("functions", run->report->functions_found), MG_L_INT("targets", run->report->targets_selected),
           MG_L_INT("level", run->report->level));
}

void mg_event_note(const struct mg_note *note)
{
    static const char *const kinds[] = {
        [MG_NOTE_SET_ASIDE] = "set aside",  [MG_NOTE_SKIPPED] = "skipped",   [MG_NOTE_DEGRADED] = "degraded",          [MG_NOTE_INFO] = "note",
        [MG_NOTE_CAUSE] = "tests left out", [MG_NOTE_LEFT_OUT] = "left out", [MG_NOTE_WITHHELD] = "variables withheld"
    };
    bool loses = note->kind == MG_NOTE_DEGRADED || note->kind == MG_NOTE_SET_ASIDE || note->kind == MG_NOTE_CAUSE;
    enum mg_log_level level = loses ? MG_LOG_WARNING : MG_LOG_INFO;
    MG_LOG(level, kinds[note->kind], MG_L_TEXT("subject", note->subject), MG_L_TEXT("text", note->text));
}

void mg_event_measured(const struct mg_measured *measured)
{
    struct mg_tally tally = { 0 };
    for (size_t i = 0; i < measured->results.len; i++)
        mg_tally_add(&tally, measured->results.at[i].verdict);
    if (measured->untrusted.len)
        MG_LOG(MG_LOG_WARNING, "not measured", MG_L_TEXT("why", measured->untrusted));
    MG_LOG(MG_LOG_INFO, "existing tests judged", MG_L_INT("mutants", measured->results.len), MG_L_INT("known_before", measured->reused),
           MG_L_INT("killed", tally.of[MG_VERDICT_killed]), MG_L_INT("survived", tally.of[MG_VERDICT_survived]),
           MG_L_INT("timeout", tally.of[MG_VERDICT_timeout]), MG_L_INT("no_coverage", tally.of[MG_VERDICT_no_coverage]),
           MG_L_INT("not_reached", tally.of[MG_VERDICT_not_reached]), MG_L_INT("invalid", tally.of[MG_VERDICT_invalid]),
           MG_L_INT("ignored", tally.of[MG_VERDICT_ignored]), MG_L_NUMBER("score", mg_score(&tally)));
}

void mg_event_again(const struct mg_mutant *mutant, struct mg_str test)
{
    MG_LOG(MG_LOG_INFO, "survivor tried again", MG_L_TEXT("mutant", mutant->id), MG_L_TEXT("test", test));
}

void mg_event_judged(const struct mg_suite *suite, const struct mg_suite_measured *measured)
{
    size_t passing = 0;
    for (size_t i = 0; i < measured->tests.len; i++)
        passing += measured->tests.at[i].passes;
    MG_LOG(MG_LOG_INFO, "suite judged", MG_L_INT("tests", suite->tests.len), MG_L_INT("passing", passing));
}

void mg_event_confirmed(const struct mg_outcome *outcome)
{
    size_t kept = 0;
    for (size_t i = 0; i < outcome->tests.len; i++)
        kept += outcome->tests.at[i].kept;
    MG_LOG(MG_LOG_INFO, "target finished", MG_L_TEXT("state", mg_str_from(mg_target_state_name(outcome->state))),
           MG_L_NUMBER("before", mg_score(&outcome->before)), MG_L_NUMBER("after", mg_score(&outcome->after)), MG_L_INT("tests", outcome->tests.len),
           MG_L_INT("kept", kept), MG_L_NUMBER("seconds", outcome->seconds), MG_L_TEXT("reason", outcome->reason));
}

void mg_event_call(const struct mg_llm_call *call, const struct mg_err *failure)
{
    bool failed = failure && failure->code != MG_OK;
    MG_LOG(failed ? MG_LOG_WARNING : MG_LOG_INFO, failed ? "model call failed" : "model call", MG_L_TEXT("provider", call->provider),
           MG_L_TEXT("model", call->model), MG_L_TEXT("purpose", call->purpose), MG_L_INT("input_tokens", call->usage.input),
           MG_L_INT("cache_read_tokens", call->usage.cache_read), MG_L_INT("cache_write_tokens", call->usage.cache_write),
           MG_L_INT("output_tokens", call->usage.output), MG_L_NUMBER("usd", call->micro_usd >= 0 ? (double)call->micro_usd / 1e6 : -1),
           MG_L_NUMBER("seconds", call->seconds), MG_L_TEXT("request_id", call->request_id),
           MG_L_TEXT("error", failed ? mg_str_from(failure->text) : MG_STR("")));
}

void mg_event_stop(const char *reason, uint32_t processed)
{
    MG_LOG(MG_LOG_WARNING, "the run stops", MG_L_TEXT("reason", mg_str_from(reason)), MG_L_INT("targets_done", processed));
}

void mg_event_report(const struct mg_report *report)
{
    MG_LOG(MG_LOG_INFO, "run finished", MG_L_TEXT("status", report->status), MG_L_TEXT("stop_reason", report->stop_reason),
           MG_L_INT("level", report->level), MG_L_NUMBER("before", mg_score(&report->before)), MG_L_NUMBER("after", mg_score(&report->after)),
           MG_L_INT("kept", report->kept), MG_L_INT("discarded", report->discarded), MG_L_INT("satisfied", report->satisfied),
           MG_L_INT("unfinished", report->unfinished), MG_L_INT("left", report->targets_left), MG_L_INT("tests_kept", report->tests_kept),
           MG_L_NUMBER("seconds", report->duration_seconds), MG_L_TEXT("reports", report->reports_dir));
}

enum mg_code mg_move_target(struct mg_outcome *outcome, enum mg_target_event event, struct mg_err *err)
{
    enum mg_target_state from = outcome->state;
    MG_TRY(mg_target_step(&outcome->state, event, err));
    MG_LOG(MG_LOG_DEBUG, "target moves", MG_L_TEXT("from", mg_str_from(mg_target_state_name(from))),
           MG_L_TEXT("to", mg_str_from(mg_target_state_name(outcome->state))), MG_L_TEXT("on", mg_str_from(mg_target_event_name(event))),
           MG_L_TEXT("reason", outcome->reason));
    return MG_OK;
}
