/* `mutagen report`: renders a stored run again. */
#include "cli/compose.h"

static const struct mg_option options[] = {
    MG_OPT_TEXT("run-id", "ID", run_id, "the run to render (default: the newest)"),
    MG_OPT_END,
};

static enum mg_code run(struct mg_app *app, const struct mg_invocation *call, struct mg_err *err)
{
    struct mg_composed composed;
    struct mg_report report = { 0 };
    MG_TRY(mg_compose_stored(app, &composed, err));
    enum mg_code code = mg_report_stored_run(composed.services.store, composed.services.reporters, composed.services.reporter_count, call->run_id,
                                             app->arena, &report, err);
    mg_compose_close(&composed);
    return code;
}

const struct mg_command mg_cmd_report = {
    .name = "report",
    .summary = "render a stored run again: report.md, report.json and the dashboard",
    .options = options,
    .settings = MG_SETTINGS_OF_HERE,
    .run = run,
};
