/* `mutagen run`: the whole way from a repo to kept tests and reports. */
#include "base/log.h"
#include "base/str.h"
#include "cli/compose.h"
#include "cli/dry_run.h"
#include "cli/model.h"
#include "cli/tell.h"

static const struct mg_option options[] = {
    MG_OPT_SETTING("target", "GLOB", "targets", "only targets whose qualified name matches (may be repeated; * crosses dots)"),
    MG_OPT_SETTING("threshold", "F", "score_threshold mutation.score_threshold",
                   "score a target must reach to be kept; where it is given, exit 2 if the run stays below"),
    MG_OPT_SETTING("keep", "RULE", "mutation.keep", "threshold, or improving: keep every gain"),
    MG_OPT_SETTING("provider", "NAME", "provider",
                   "who writes the tests: search, or who serves a model: anthropic, openai, gemini, openrouter, compatible, command, replay"),
    MG_OPT_SETTING("model", "NAME", "llm.model", "the model (default: the provider's usual one)"),
    MG_OPT_SETTING("strategy", "WORD", "llm.strategy", "search_first: a model works on what the search left; model; search"),
    MG_OPT_SETTING("effort", "WORD", "llm.effort", "low, medium, high, xhigh, max: how hard the model shall think"),
    MG_OPT_SETTING("base-url", "URL", "llm.base_url", "address of the model's server (default: the provider's own)"),
    MG_OPT_SETTING("command", "PROGRAM", "llm.command", "for provider command: run by /bin/sh, prompt on stdin, reply on stdout"),
    MG_OPT_SETTING("max-cost", "USD", "orchestrator.max_cost_usd", "for model calls, over all sessions of the run; 0 = no limit"),
    MG_OPT_SETTING("max-tokens", "N", "orchestrator.max_tokens", "the same for tokens, read and written; 0 = no limit"),
    MG_OPT_SETTING("max-repair", "N", "orchestrator.max_repair_attempts", "times a model may repair its tests of a target"),
    MG_OPT_SETTING("max-strengthen", "N", "orchestrator.max_strengthen_attempts", "times it may go for mutants that are left"),
    MG_OPT_FLAG("dry-run", dry_run, "measure, and print what a model would be asked and what that would cost; ask nobody"),
    MG_OPT_TEXT("run-id", "ID", run_id, "start or continue the run of that name (default: a new one)"),
    MG_OPT_SETTING("max-targets", "N", "orchestrator.max_targets",
                   "write tests for so many targets, over all sessions of the run; those that need none do not count; 0 = all"),
    MG_OPT_TEXT("max-time", "SECONDS", max_time, "stop then, over all sessions of the run: exit 3; half of it at most for the existing tests"),
    MG_OPT_SETTING("parallel-targets", "N", "orchestrator.max_parallel_targets", "targets at once: while a model answers, others are worked on"),
    MG_OPT_SETTING("level", "N", "mutation.level", "mutation operators up to this level: 1, 2 or 3"),
    MG_OPT_SETTING("operators", "LIST", "mutation.operators", "ROR,EXS: only these; +XMT: also this one; -SDL: not this one"),
    MG_OPT_SETTING("jobs", "N", "jobs", "mutant processes at once; 0 = number of processors"),
    MG_OPT_SETTING("seed", "N", "generation.seed", "same seed, same tests"),
    MG_OPT_SETTING("python", "PATH", "python", "the repo's interpreter (default: its virtual environment)"),
    MG_OPT_SETTING("env", "NAME", "sandbox.pass_env", "pass this variable of the environment on to the tests (may be repeated)"),
    MG_OPT_SETTING("verify", "N", "mutation.verify", "replay N random verdicts on disk with plain pytest and say how many agree"),
    MG_OPT_SWITCH("static", "mutation.static", "judge mutants of lines that run on import, in a new interpreter each"),
    MG_OPT_SETTING("branch", "NAME", "ingest.branch", "of a git URL: this branch or tag"),
    MG_OPT_SETTING("rev", "REV", "ingest.rev", "of a git URL: this commit"),
    MG_OPT_SWITCH("no-install", "ingest.install_deps=false", "never make an environment: only interpreters that are there already"),
    MG_OPT_FLAG("no-progress", no_progress, "plain lines instead of a progress bar"),
    MG_OPT_END,
};

static void say_below_threshold(const struct mg_app *app, const struct mg_report *report, double threshold)
{
    if (mg_tally_scorable(&report->after) == 0)
        mg_tell(app, "there is no score to compare with the threshold %.2f: no mutant was measured", threshold);
    else
        mg_tell(app, "the score %.3f is below the threshold %.3f", mg_score(&report->after), threshold);
}

/* A model or an address without a provider would be passed over in silence. */
static enum mg_code check_provider(const struct mg_app *app, const struct mg_invocation *call, struct mg_err *err)
{
    for (size_t i = 0; i < call->overrides.len; i++) {
        const struct mg_override *said = &call->overrides.at[i];
        bool needs_provider = mg_str_is(said->key, "llm.model") || mg_str_is(said->key, "llm.base_url") || mg_str_is(said->key, "llm.command") ||
                              (mg_str_is(said->key, "llm.strategy") && mg_str_is(said->value, "model"));
        if (needs_provider && mg_str_is(app->config.provider, "search"))
            return MG_FAIL(err, MG_E_USAGE,
                           "%s %.*s: who serves the model? add --provider (anthropic, openai, gemini, openrouter, compatible, command)", said->origin,
                           MG_FMT(mg_str_sub(said->value, 0, 100)));
        if (mg_str_is(said->key, "llm.command") && !mg_str_is(app->config.provider, "command"))
            return MG_FAIL(err, MG_E_USAGE, "%s is for --provider command, but the provider is %.*s", said->origin, MG_FMT(app->config.provider));
    }
    if (mg_str_is(app->config.provider, "search") &&
        (mg_str_is(app->config.llm.strategy, "model") || app->config.llm.base_url.len || app->config.llm.command.len))
        mg_tell(app, "no provider is named, so no model is asked and the search writes the tests (--provider, MUTAGEN_PROVIDER)");
    return MG_OK;
}

/* What a .env says in vain is not left unsaid. */
static void say_ignored(const struct mg_app *app)
{
    for (size_t i = 0; i < app->env.ignored.len; i++)
        mg_tell(app, "%.*s in %.*s is not used: say it in the environment or by a flag", MG_FMT(app->env.ignored.at[i]), MG_FMT(app->env.file));
}

/* The run itself, with everything wired. */
static enum mg_code run_composed(struct mg_app *app, struct mg_composed *composed, const struct mg_run_request *request, struct mg_run_result *result,
                                 struct mg_err *err)
{
    if (mg_wants_model(&app->config))
        MG_TRY(mg_compose_model(app, request, composed, err));
    if (!request->dry_run)
        composed->progress.ops->line(composed->progress.self, mg_arena_printf(app->arena, "run %.*s", MG_FMT(request->run_id)));
    return mg_run(&composed->services, &app->config, request, app->arena, result, err);
}

static enum mg_code run(struct mg_app *app, const struct mg_invocation *call, struct mg_err *err)
{
    struct mg_run_request request = { .dry_run = call->dry_run };
    struct mg_run_result result = { 0 };
    struct mg_composed composed;
    MG_TRY(check_provider(app, call, err));
    say_ignored(app);
    MG_TRY(mg_compose_repo(app, call, false, &request.repo, err));
    MG_TRY(mg_max_time(call, &app->config.orchestrator.max_wallclock_seconds, err));
    MG_TRY(mg_choose_run_id(app, call->run_id, &request.run_id, err));
    mg_log_run(request.run_id);
    MG_TRY(mg_compose_run(app, call->dry_run ? MG_PURPOSE_DRY_RUN : MG_PURPOSE_RUN, call->no_progress, &composed, err));
    request.reports_dir = composed.reports_dir;
    enum mg_code code = run_composed(app, &composed, &request, &result, err);
    int64_t later = mg_worst_cost(composed.llm.price, 4 * app->config.llm.max_prompt_tokens, app->config.llm.max_output_tokens);
    mg_compose_close(&composed);
    MG_TRY(code);
    if (call->dry_run) {
        mg_dry_run_print(app, &result, later);
        return MG_OK;
    }
    app->exit_code = mg_exit_for_report(&result.report, app->config.score_threshold);
    if (app->exit_code == MG_EXIT_BELOW_THRESHOLD)
        say_below_threshold(app, &result.report, app->config.score_threshold);
    return MG_OK;
}

const struct mg_command mg_cmd_run = {
    .name = "run",
    .summary = "write tests for badly tested functions, keep those that kill mutants",
    .argument = "REPO",
    .argument_required = true,
    .options = options,
    .run = run,
};
