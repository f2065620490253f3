/* `mutagen doctor`: is everything there that a run needs? One line a check, a remedy where something is missing. */
#include "adapters/http_curl/http_curl.h"
#include "adapters/ingest_local/interpreter.h"
#include "adapters/llm_http/llm_http.h"
#include "base/str.h"
#include "cli/capture.h"
#include "cli/compose.h"
#include "core/ledger.h"
#include "os/file.h"
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
    MG_OPT_END,
};

enum mark { GOOD, OPTIONAL, FATAL };

struct doctor {
    struct mg_app *app;
    uint32_t fatal, missing;
};

static void say(struct doctor *doctor, enum mark mark, const char *name, struct mg_str detail, const char *remedy)
{
    static const char *const marks[] = { "OK ", "-- ", "ERR" };
    struct mg_str shown = mg_printable(doctor->app->arena, detail);
    (void)printf("  [%s] %s: %.*s\n", marks[mark], name, MG_FMT(shown));
    if (mark != GOOD && remedy)
        (void)printf("        -> %s\n", remedy);
    doctor->fatal += mark == FATAL;
    doctor->missing += mark == OPTIONAL;
}

static void check_platform(struct doctor *doctor)
{
    struct utsname system;
    if (uname(&system) != 0) {
        say(doctor, FATAL, "platform", MG_STR("unknown"), "Linux on x86-64 or arm64 is needed");
        return;
    }
    bool good = strcmp(system.sysname, "Linux") == 0 && (strcmp(system.machine, "x86_64") == 0 || strcmp(system.machine, "aarch64") == 0);
    say(doctor, good ? GOOD : FATAL, "platform", mg_arena_printf(doctor->app->arena, "%s %s", system.sysname, system.machine),
        "Linux on x86-64 or arm64 is needed; on Windows use WSL; macOS is not supported yet");
}

static void check_git(struct doctor *doctor)
{
    static const char *const argv[] = { "git", "--version", NULL };
    struct mg_str output;
    bool found = mg_capture(doctor->app->arena, argv, 10, &output) && output.len > 0;
    say(doctor, found ? GOOD : OPTIONAL, "git", found ? mg_str_trim(output) : MG_STR("not found"),
        "install git; without it every file below the repo is copied, ignored ones too");
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
        say(doctor, FATAL, "pytest", MG_STR("not installed in that interpreter"), install);
    else
        say(doctor, at_least(version, 6, 2) ? GOOD : FATAL, "pytest", version, install);
}

static void check_python(struct doctor *doctor, struct mg_str repo)
{
    struct mg_arena *arena = doctor->app->arena;
    struct mg_str python, origin, output, version, pytest;
    struct mg_err err = { .code = MG_OK };
    if (mg_interpreter_choose(arena, repo, doctor->app->config.python, &python, &origin, &err) != MG_OK) {
        say(doctor, FATAL, "interpreter", mg_str_from(err.text), "give one with --python PATH, or activate the repo's virtual environment");
        return;
    }
    const char *const argv[] = { mg_arena_cstr(arena, python), "-c", probe, NULL };
    bool ran = mg_capture(arena, argv, 30, &output);
    struct mg_str rest = mg_str_trim(output);
    if (!ran || !mg_str_next_part(&rest, ' ', &version) || !mg_str_next_part(&rest, ' ', &pytest)) {
        say(doctor, FATAL, "interpreter", mg_arena_printf(arena, "%.*s does not run", MG_FMT(python)), "give a working one with --python PATH");
        return;
    }
    struct mg_str detail = mg_arena_printf(arena, "Python %.*s, %.*s (from %.*s)", MG_FMT(version), MG_FMT(python), MG_FMT(origin));
    say(doctor, at_least(version, 3, 8) ? GOOD : FATAL, "interpreter", detail, "Python 3.8 or newer is needed: --python PATH");
    check_pytest(doctor, python, pytest);
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
        say(doctor, writable ? GOOD : FATAL, "storage root",
            mg_arena_printf(arena, "%s (%s)", root, writable ? "will be made by the first run" : "cannot be made"),
            "set storage.root in a file given by -c, or run in a folder that you may write to");
        return;
    }
    bool opened = mg_compose_stored(doctor->app, &composed, &err) == MG_OK;
    if (opened)
        mg_compose_close(&composed);
    bool good = (opened || err.code == MG_E_NOT_FOUND) && access(root, W_OK | X_OK) == 0;
    say(doctor, good ? GOOD : FATAL, "storage root", good || opened ? mg_str_from(root) : mg_str_from(err.text),
        "set storage.root in a file given by -c to a folder that you may write to");
}

static void check_protection(struct doctor *doctor)
{
    struct mg_composed composed;
    struct mg_err err = { .code = MG_OK };
    if (mg_compose_run(doctor->app, MG_PURPOSE_SCORE, true, &composed, &err) != MG_OK) {
        say(doctor, FATAL, "protection", mg_str_from(err.text), NULL);
        return;
    }
    struct mg_str detail = mg_arena_str(doctor->app->arena, mg_str_from(composed.services.protection));
    mg_compose_close(&composed);
    say(doctor, GOOD, "protection", detail, NULL);
    say(doctor, GOOD, "processors", mg_arena_printf(doctor->app->arena, "%lld", (long long)doctor->app->config.jobs), NULL);
}

/* The one check that opens it: a run does so only when a model is called. */
static void check_http(struct doctor *doctor)
{
    struct mg_str version;
    struct mg_err err = { .code = MG_OK };
    if (mg_http_curl_version(doctor->app->arena, &version, &err) == MG_OK)
        say(doctor, GOOD, "http", version, NULL);
    else
        say(doctor, OPTIONAL, "http", mg_str_from(err.text), "only models of a provider need it; search and command do not");
}

/* Names only; a value is never printed. */
static void check_keys(struct doctor *doctor)
{
    struct mg_arena *arena = doctor->app->arena;
    const struct mg_env *env = &doctor->app->env;
    struct mg_keys keys;
    struct mg_str list = MG_NO_STR;
    if (env->problem.len)
        say(doctor, OPTIONAL, ".env", env->problem, "set the variables in the environment instead");
    else
        say(doctor, GOOD, ".env", env->file.len ? env->file : MG_STR("none from here upward"), NULL);
    for (size_t i = 0; i < env->ignored.len; i++)
        say(doctor, OPTIONAL, ".env", mg_arena_printf(arena, "%.*s in it is not used", MG_FMT(env->ignored.at[i])),
            "say it in the environment or by a flag: a file of the repo may not choose who is asked, or for how much");
    mg_keys_list(env, arena, &keys);
    for (size_t i = 0; i < keys.len; i++)
        list = mg_arena_printf(arena, "%.*s%s%.*s (%.*s)", MG_FMT(list), list.len ? ", " : "", MG_FMT(keys.at[i].name), MG_FMT(keys.at[i].from));
    say(doctor, GOOD, "provider keys", list.len ? list : MG_STR("none set, none needed: search writes tests without a key"), NULL);
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
        say(doctor, GOOD, "model", MG_STR("none: no provider is named (--provider, MUTAGEN_PROVIDER), a key alone changes nothing"), NULL);
        return;
    }
    if (mg_str_is(config->llm.strategy, "search")) {
        say(doctor, GOOD, "model", MG_STR("none: llm.strategy is search"), NULL);
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
    if (!program && model.len == 0)
        say(doctor, FATAL, "model", detail, "name one: --model NAME, or MUTAGEN_MODEL");
    else if (!priced && config->orchestrator.max_cost_usd > 0)
        say(doctor, FATAL, "model",
            mg_arena_printf(arena, "%.*s, so the cost limit of $%.2f cannot be held", MG_FMT(detail), config->orchestrator.max_cost_usd),
            "set llm.price_input and llm.price_output in the file of -c, or MUTAGEN_MAX_COST_USD=0 (run: --max-cost 0) for no limit");
    else if (needs_key && key.value.len == 0)
        say(doctor, FATAL, "model", mg_arena_printf(arena, "%.*s; %.*s is not set", MG_FMT(detail), MG_FMT(key.name)),
            "set it in the environment, or in a .env file from here upward");
    else
        say(doctor, GOOD, "model", key.value.len ? mg_arena_printf(arena, "%.*s, key in %.*s", MG_FMT(detail), MG_FMT(key.name)) : detail, NULL);
}

static enum mg_code run(struct mg_app *app, const struct mg_invocation *call, struct mg_err *err)
{
    struct doctor doctor = { .app = app };
    struct mg_str repo;
    MG_TRY(mg_resolve_repo(app, call->repo.len ? call->repo : MG_STR("."), &repo, err));
    (void)printf("mutagen %s doctor\n\n", MG_VERSION);
    check_platform(&doctor);
    check_git(&doctor);
    check_python(&doctor, repo);
    check_storage(&doctor);
    check_protection(&doctor);
    check_http(&doctor);
    check_keys(&doctor);
    check_model(&doctor);
    if (doctor.fatal > 0) {
        (void)printf("\n%u problem%s must be solved before a run can work\n", doctor.fatal, doctor.fatal == 1 ? "" : "s");
        app->exit_code = MG_EXIT_FAILURE;
    } else {
        (void)printf("\n%s\n", doctor.missing ? "a run can work; something optional is missing" : "everything a run needs is there");
    }
    return MG_OK;
}

const struct mg_command mg_cmd_doctor = {
    .name = "doctor",
    .summary = "check that everything a run needs is there",
    .argument = "REPO",
    .options = options,
    .run = run,
};
