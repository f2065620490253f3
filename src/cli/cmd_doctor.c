/* `mutagen doctor`: is everything there that a run needs? Each check is good, a warning or an error, and says what repairs it. */
#include "adapters/http_curl/http_curl.h"
#include "adapters/llm_http/llm_http.h"
#include "base/str.h"
#include "cli/compose.h"
#include "cli/doctor_show.h"
#include "core/ledger.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/program.h"
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static const struct mg_option options[] = {
    MG_OPT_SETTING("python", "PATH", "python", "the interpreter to look at (default: as `run` would choose for REPO)"),
    MG_OPT_SETTING("provider", "NAME", "provider", "look at what a run with that provider would need"),
    MG_OPT_SETTING("model", "NAME", "llm.model", "the same with that model"),
    MG_OPT_SETTING("base-url", "URL", "llm.base_url", "the same with a server there"),
    MG_OPT_SETTING("branch", "NAME", "ingest.branch", "of a git URL: this branch or tag"),
    MG_OPT_SETTING("rev", "REV", "ingest.rev", "of a git URL: this commit"),
    MG_OPT_FLAG("json", as_json, "print the checks as JSON"),
    MG_OPT_END,
};

struct doctor {
    struct mg_app *app;
    struct mg_checks checks;
};

static void say(struct doctor *doctor, enum mg_check_level level, const char *name, struct mg_str detail, const char *remedy)
{
    struct mg_arena *arena = doctor->app->arena;
    struct mg_str shown = mg_arena_str(arena, mg_redact(arena, &doctor->app->secrets, detail)); /* `detail` may stand on the stack */
    *MG_PUSH(arena, &doctor->checks) =
        (struct mg_check){ level, name, shown, level == MG_CHECK_OK ? MG_NO_STR : mg_arena_str(arena, mg_str_from(remedy)) };
}

static void check_platform(struct doctor *doctor)
{
    struct utsname system;
    if (uname(&system) != 0) {
        say(doctor, MG_CHECK_ERROR, "platform", MG_STR("unknown"), "Linux on x86-64 or arm64 is needed");
        return;
    }
    bool good = strcmp(system.sysname, "Linux") == 0 && (strcmp(system.machine, "x86_64") == 0 || strcmp(system.machine, "aarch64") == 0);
    say(doctor, good ? MG_CHECK_OK : MG_CHECK_ERROR, "platform", mg_arena_printf(doctor->app->arena, "%s %s", system.sysname, system.machine),
        "Linux on x86-64 or arm64 is needed; on Windows use WSL; macOS is not supported yet");
}

/* What a small program of the user's machine prints. It runs in "/", so that no module of the current folder is imported. False when it
 * cannot be started, exits with other than 0, or takes longer than `seconds`. */
static bool ask(struct doctor *doctor, const char *const *argv, double seconds, struct mg_str *output)
{
    struct mg_program program = {
        .argv = argv, .directory = "/", .deadline = mg_now() + seconds, .max_output = 65536, .cancel = doctor->app->cancel
    };
    struct mg_program_end end;
    if (!argv[0][0] || mg_program_run(&program, doctor->app->arena, &end, NULL) != MG_OK || !mg_program_succeeded(&end))
        return false;
    *output = end.output;
    return true;
}

static void check_git(struct doctor *doctor)
{
    const char *const argv[] = { mg_arena_cstr(doctor->app->arena, mg_program_find(doctor->app->arena, "git")), "--version", NULL };
    struct mg_str output = MG_NO_STR;
    bool found = ask(doctor, argv, 10, &output) && output.len > 0;
    say(doctor, found ? MG_CHECK_OK : MG_CHECK_WARNING, "git", found ? mg_str_trim(output) : MG_STR("not found"),
        "install git (apt-get install git); without it every file below the repo is copied, ignored ones too");
}

/* Prints "3.11.7 8.3.4": versions of Python and pytest. The second is "-" without pytest. Must parse on any Python. */
static const char probe[] = "import sys\n"
                            "try:\n    import pytest\n    v = pytest.__version__\n"
                            "except Exception:\n    v = '-'\n"
                            "sys.stdout.write('%d.%d.%d %s\\n' % (tuple(sys.version_info[:3]) + (v,)))\n";

static bool at_least(struct mg_str version, int64_t major, int64_t minor)
{
    struct mg_str rest = version, part[2] = { MG_NO_STR, MG_NO_STR };
    int64_t number[2] = { 0, 0 };
    for (size_t i = 0; i < 2; i++)
        if (!mg_str_next_part(&rest, '.', &part[i]) || !mg_str_to_i64(part[i], &number[i]))
            return false;
    return number[0] > major || (number[0] == major && number[1] >= minor);
}

static void check_pytest(struct doctor *doctor, struct mg_str python, struct mg_str version)
{
    const char *install = mg_arena_printf(doctor->app->arena, "%.*s -m pip install pytest", MG_FMT(mg_printable(doctor->app->arena, python))).at;
    if (mg_str_is(version, "-"))
        say(doctor, MG_CHECK_ERROR, "pytest", MG_STR("not installed in that interpreter"), install);
    else
        say(doctor, at_least(version, 6, 2) ? MG_CHECK_OK : MG_CHECK_ERROR, "pytest", version, install);
}

/* As a run chooses, but that no environment is made. `repo` is closed again: only its interpreter and notes are left. */
static enum mg_code choose_python(struct mg_app *app, struct mg_str path, struct mg_repo *repo, struct mg_err *err)
{
    struct mg_composed composed;
    MG_TRY(mg_compose_run(app, MG_PURPOSE_LOOK, true, &composed, err));
    struct mg_ingest ingest = composed.services.ingest;
    enum mg_code code = ingest.ops->open(ingest.self, path, app->config.python, app->config.storage.root, app->cancel, app->arena, repo, err);
    if (code == MG_OK)
        ingest.ops->close(ingest.self, repo);
    mg_compose_close(&composed);
    return code;
}

static void check_python(struct doctor *doctor, struct mg_str path)
{
    struct mg_app *app = doctor->app;
    struct mg_arena *arena = app->arena;
    struct mg_str output = MG_NO_STR, version, pytest;
    struct mg_repo repo = { 0 };
    struct mg_err err = { .code = MG_OK };
    if (choose_python(app, path, &repo, &err) != MG_OK) {
        if (mg_str_contains(mg_str_from(err.text), "no interpreter has pytest") && app->config.ingest.install_deps)
            say(doctor, MG_CHECK_WARNING, "interpreter", mg_str_from(err.text),
                "nothing: a run makes an environment below the storage root, which needs the network");
        else
            say(doctor, MG_CHECK_ERROR, "interpreter", mg_str_from(err.text),
                "give one with --python PATH, or activate the repo's virtual environment");
        return;
    }
    const char *const argv[] = { mg_arena_cstr(arena, repo.python), "-B", "-c", probe, NULL };
    bool ran = ask(doctor, argv, 30, &output);
    struct mg_str rest = mg_str_trim(output);
    if (!ran || !mg_str_next_part(&rest, ' ', &version) || !mg_str_next_part(&rest, ' ', &pytest)) {
        say(doctor, MG_CHECK_ERROR, "interpreter", mg_arena_printf(arena, "%.*s does not run", MG_FMT(repo.python)),
            "give a working one with --python PATH");
        return;
    }
    struct mg_str detail = mg_arena_printf(arena, "Python %.*s, %.*s (from %.*s)", MG_FMT(version), MG_FMT(repo.python), MG_FMT(repo.python_origin));
    say(doctor, at_least(version, 3, 8) ? MG_CHECK_OK : MG_CHECK_ERROR, "interpreter", detail, "Python 3.8 or newer is needed: --python PATH");
    check_pytest(doctor, repo.python, pytest);
    for (size_t i = 0; i < repo.notes.len; i++)
        say(doctor, MG_CHECK_WARNING, "imports", repo.notes.at[i], "");
}

/* Does not create anything: what a run would create must be possible. */
static void check_storage(struct doctor *doctor)
{
    struct mg_arena *arena = doctor->app->arena;
    const char *root = mg_arena_cstr(arena, doctor->app->config.storage.root);
    struct mg_composed composed;
    struct mg_err err = { .code = MG_OK };
    if (!mg_file_exists(root)) {
        const char *parent = dirname((char *)(uintptr_t)mg_arena_cstr(arena, doctor->app->config.storage.root));
        bool writable = access(parent, W_OK | X_OK) == 0;
        say(doctor, writable ? MG_CHECK_OK : MG_CHECK_ERROR, "storage root",
            mg_arena_printf(arena, "%s (%s)", root, writable ? "will be made by the first run" : "cannot be made"),
            "set storage.root in a file given by -c, or run in a folder that you may write to");
        return;
    }
    bool opened = mg_compose_stored(doctor->app, &composed, &err) == MG_OK;
    if (opened)
        mg_compose_close(&composed);
    bool good = (opened || err.code == MG_E_NOT_FOUND) && access(root, W_OK | X_OK) == 0;
    say(doctor, good ? MG_CHECK_OK : MG_CHECK_ERROR, "storage root", good || opened ? mg_str_from(root) : mg_str_from(err.text),
        "set storage.root in a file given by -c to a folder that you may write to");
}

static void check_isolation(struct doctor *doctor)
{
    struct mg_composed composed;
    struct mg_err err = { .code = MG_OK };
    if (mg_compose_run(doctor->app, MG_PURPOSE_LOOK, true, &composed, &err) != MG_OK) {
        say(doctor, MG_CHECK_ERROR, "isolation", mg_str_from(err.text), "a run would stop at the same place");
        return;
    }
    struct mg_str detail = mg_arena_str(doctor->app->arena, mg_str_from(composed.services.protection));
    mg_compose_close(&composed);
    say(doctor, MG_CHECK_OK, "isolation", detail, NULL);
    say(doctor, MG_CHECK_OK, "processors", mg_arena_printf(doctor->app->arena, "%lld", (long long)doctor->app->config.jobs), NULL);
}

/* The one check that opens it: a run does so only when a model is called. */
static void check_http(struct doctor *doctor)
{
    struct mg_str version;
    struct mg_err err = { .code = MG_OK };
    if (mg_http_curl_version(doctor->app->arena, &version, &err) == MG_OK)
        say(doctor, MG_CHECK_OK, "http", version, NULL);
    else if (mg_llm_http_key_env(doctor->app->config.provider))
        say(doctor, MG_CHECK_ERROR, "http", mg_str_from(err.text), "apt-get install libcurl4");
    else
        say(doctor, MG_CHECK_WARNING, "http", mg_str_from(err.text), "only models of a provider need it; search and command do not");
}

/* Names only; a value is never printed. */
static void check_keys(struct doctor *doctor)
{
    struct mg_arena *arena = doctor->app->arena;
    const struct mg_env *env = &doctor->app->env;
    struct mg_keys keys;
    struct mg_str list = MG_NO_STR;
    if (env->problem.len)
        say(doctor, MG_CHECK_WARNING, ".env", env->problem, "set the variables in the environment instead");
    else
        say(doctor, MG_CHECK_OK, ".env", env->file.len ? env->file : MG_STR("none from here upward"), NULL);
    for (size_t i = 0; i < env->ignored.len; i++)
        say(doctor, MG_CHECK_WARNING, ".env", mg_arena_printf(arena, "%.*s in it is not used", MG_FMT(env->ignored.at[i])),
            "say it in the environment or by a flag: a file of the repo may not choose who is asked, or for how much");
    mg_keys_list(env, arena, &keys);
    for (size_t i = 0; i < keys.len; i++)
        list = mg_arena_printf(arena, "%.*s%s%.*s (%.*s)", MG_FMT(list), list.len ? ", " : "", MG_FMT(keys.at[i].name), MG_FMT(keys.at[i].from));
    say(doctor, MG_CHECK_OK, "provider keys", list.len ? list : MG_STR("none set, none needed: search writes tests without a key"), NULL);
}

static struct mg_str price_text(struct mg_arena *arena, const struct mg_config *config, struct mg_str model, bool *known)
{
    struct mg_price own;
    const struct mg_price *price = NULL;
    *known = false;
    struct mg_err err = { .code = MG_OK };
    if (mg_price_choose(config->provider, model, config->llm.price_input, config->llm.price_output, &own, &price, &err) != MG_OK)
        return mg_arena_str(arena, mg_str_from(err.text));
    if (!price)
        return MG_STR("price unknown");
    *known = true;
    bool told = config->llm.price_input >= 0 || config->llm.price_output >= 0;
    return mg_arena_printf(arena, "$%.10g and $%.10g per million tokens read and written (%s%s)", price->input, price->output,
                           told ? "your figures" : "as of ", told ? "" : mg_price_date());
}

/* Whom a run would ask, what that costs, and what is missing. Nobody is asked here. */
static void check_model(struct doctor *doctor)
{
    struct mg_arena *arena = doctor->app->arena;
    const struct mg_config *config = &doctor->app->config;
    if (mg_str_is(config->provider, "search")) {
        say(doctor, MG_CHECK_OK, "model", MG_STR("none: no provider is named (--provider, MUTAGEN_PROVIDER), a key alone changes nothing"), NULL);
        return;
    }
    if (mg_str_is(config->llm.strategy, "search")) {
        say(doctor, MG_CHECK_OK, "model", MG_STR("none: llm.strategy is search"), NULL);
        return;
    }
    struct mg_str model = config->llm.model.len ? config->llm.model : mg_str_from(mg_default_model(config->provider));
    struct mg_key key = mg_key_find(&doctor->app->env, config->provider, config->llm.key_env);
    bool program = mg_llm_http_key_env(config->provider) == NULL, needs_key = !program && config->llm.base_url.len == 0;
    bool priced = true;
    struct mg_str price = program ? MG_NO_STR : price_text(arena, config, model, &priced);
    struct mg_str detail =
        mg_arena_printf(arena, "%.*s%s%.*s%s%.*s%s%.*s", MG_FMT(config->provider), model.len ? " " : "", MG_FMT(model),
                        config->llm.base_url.len ? " at " : "", MG_FMT(config->llm.base_url), price.len ? ", " : "", MG_FMT(price));
    detail = mg_redact(arena, &doctor->app->secrets, detail);
    if (mg_str_is(config->provider, "command") && config->llm.command.len == 0)
        say(doctor, MG_CHECK_ERROR, "model", MG_STR("command: no program is given"),
            "name it: run --command 'PROGRAM …', or llm.command in the file of -c");
    else if (mg_str_is(config->provider, "replay") && config->llm.replay.len == 0)
        say(doctor, MG_CHECK_ERROR, "model", MG_STR("replay: no folder is given"), "name it: llm.replay in the file of -c");
    else if (!program && model.len == 0)
        say(doctor, MG_CHECK_ERROR, "model", detail, "name one: --model NAME, or MUTAGEN_MODEL");
    else if (!priced && config->orchestrator.max_cost_usd > 0)
        say(doctor, MG_CHECK_ERROR, "model",
            mg_arena_printf(arena, "%.*s, so the cost limit of $%.2f cannot be held", MG_FMT(detail), config->orchestrator.max_cost_usd),
            "set llm.price_input and llm.price_output in the file of -c, or MUTAGEN_MAX_COST_USD=0 (run: --max-cost 0) for no limit");
    else if (needs_key && key.value.len == 0)
        say(doctor, MG_CHECK_ERROR, "model", mg_arena_printf(arena, "%.*s; %.*s is not set", MG_FMT(detail), MG_FMT(key.name)),
            "set it in the environment, or in a .env file from here upward");
    else
        say(doctor, MG_CHECK_OK, "model", key.value.len ? mg_arena_printf(arena, "%.*s, key in %.*s", MG_FMT(detail), MG_FMT(key.name)) : detail,
            NULL);
}

/* To whom a run would send what. The search asks nobody. */
static void check_leaving(struct doctor *doctor)
{
    const struct mg_config *config = &doctor->app->config;
    struct mg_arena *arena = doctor->app->arena;
    const char *sent = "sources of targets, what they call, tests and their failures";
    bool model = !mg_str_is(config->provider, "search") && !mg_str_is(config->llm.strategy, "search");
    bool embedder = model && config->generation.use_retrieval && mg_str_is(config->generation.embedder, "http");
    struct mg_str detail;
    if (!model)
        detail = MG_STR("nothing is sent by Mutagen");
    else if (mg_str_is(config->provider, "replay"))
        detail = MG_STR("nothing is sent: replies are read from a folder");
    else if (mg_str_is(config->provider, "command"))
        detail = mg_arena_printf(arena, "%s go to your command: %.*s", sent, MG_FMT(config->llm.command));
    else
        detail = mg_arena_printf(arena, "%s go to %.*s%s%.*s", sent, MG_FMT(config->provider), config->llm.base_url.len ? " at " : "",
                                 MG_FMT(config->llm.base_url));
    if (embedder) {
        struct mg_str url = config->generation.embedding_base_url.len ? config->generation.embedding_base_url : config->llm.base_url;
        detail = mg_arena_printf(arena, "%.*s; tests go to the embedder at %.*s", MG_FMT(detail), MG_FMT(url));
    }
    say(doctor, MG_CHECK_OK, "leaves the machine", mg_arena_printf(arena, "%.*s; what the repo's own tests send is up to them", MG_FMT(detail)),
        NULL);
}

/* A git URL is fetched as a run would do it, and what its repo says counts; that it cannot be is a finding like others. A folder that is none
 * ends the command. */
static enum mg_code check_repo(struct doctor *doctor, const struct mg_invocation *call, struct mg_str *repo, bool *there, struct mg_err *err)
{
    struct mg_err why = { .code = MG_OK };
    enum mg_code code = mg_compose_repo(doctor->app, call, false, repo, &why);
    *there = code == MG_OK;
    if (code == MG_E_HTTP || code == MG_E_TIMEOUT || (code == MG_E_CONFIG && !mg_file_exists(mg_arena_cstr(doctor->app->arena, call->repo)))) {
        say(doctor, MG_CHECK_ERROR, "repository", mg_str_from(why.text), "name a folder, or a URL that `git clone` can fetch");
        return MG_OK;
    }
    if (code != MG_OK && err)
        *err = why;
    return code;
}

static enum mg_code run(struct mg_app *app, const struct mg_invocation *call, struct mg_err *err)
{
    struct doctor doctor = { .app = app };
    struct mg_str repo;
    bool there;
    MG_TRY(check_repo(&doctor, call, &repo, &there, err));
    check_platform(&doctor);
    check_git(&doctor);
    if (there)
        check_python(&doctor, repo);
    check_storage(&doctor);
    check_isolation(&doctor);
    check_http(&doctor);
    check_keys(&doctor);
    check_model(&doctor);
    check_leaving(&doctor);
    if (mg_checks_count(&doctor.checks, MG_CHECK_ERROR) > 0)
        app->exit_code = MG_EXIT_FAILURE;
    if (call->as_json)
        return mg_checks_print_json(&doctor.checks, app->arena, stdout, err);
    mg_checks_print(&doctor.checks, app->arena, stdout);
    return MG_OK;
}

const struct mg_command mg_cmd_doctor = {
    .name = "doctor",
    .summary = "check that everything a run needs is there",
    .argument = "REPO",
    .options = options,
    .run = run,
};
