/* The program: signals, the command line, one command, one exit code. */
#include "adapters/sandbox_linux/sandbox_linux.h"
#include "base/str.h"
#include "cli/compose.h"
#include "cli/options.h"
#include "cli/tell.h"
#include "base/log.h"
#include "os/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct mg_cancel cancel = { .requested = 0, .wake_fd = -1, .ring_fd = -1 };

/* The first signal asks, the second one ends the program at once; children see their lifeline close. */
static void on_signal(int number)
{
    int saved = errno;
    if (cancel.requested) {
        ssize_t ignored = write(STDERR_FILENO, "\n", 1);
        (void)ignored;
        _exit(MG_EXIT_INTERRUPTED);
    }
    cancel.requested = number;
    ssize_t ignored = write(cancel.ring_fd, "!", 1);
    (void)ignored;
    errno = saved;
}

static enum mg_code catch_signals(struct mg_err *err)
{
    int ends[2];
    MG_TRY(mg_fd_pipe(ends, err));
    cancel.wake_fd = ends[0];
    cancel.ring_fd = ends[1];
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    (void)sigemptyset(&action.sa_mask);
    (void)sigemptyset(&ignore.sa_mask);
    if (fcntl(cancel.ring_fd, F_SETFL, O_NONBLOCK) != 0 || sigaction(SIGINT, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0 ||
        sigaction(SIGPIPE, &ignore, NULL) != 0)
        return MG_FAIL(err, MG_E_IO, "signals cannot be caught: %s", strerror(errno));
    return MG_OK;
}

static void load_env(struct mg_app *app)
{
    char here[PATH_MAX];
    if (getcwd(here, sizeof here))
        mg_env_load(&app->env, app->arena, mg_arena_str(app->arena, mg_str_from(here)));
    mg_keys_hide(&app->env, MG_NO_STR, &app->secrets); /* before anything can go wrong with the settings */
}

/* What was said where it cannot be believed, or in a name that nobody knows. */
static void say_what_does_not_count(struct mg_app *app)
{
    struct mg_str refusal = mg_config_file_refusal(&app->config_file, app->arena);
    struct mg_names unknown = { 0 };
    if (refusal.len)
        mg_tell(app, "%.*s", MG_FMT(refusal));
    mg_env_unknown(&app->config, app->arena, &unknown);
    for (size_t i = 0; i < unknown.len; i++)
        mg_tell(app, "%.*s", MG_FMT(unknown.at[i]));
}

static enum mg_code run_command(struct mg_app *app, struct mg_invocation *call, struct mg_err *err)
{
    MG_TRY(catch_signals(err));
    load_env(app);
    MG_TRY(mg_options_config(call, &app->env, app->arena, &app->config, &app->config_file, err));
    mg_keys_hide(&app->env, app->config.llm.key_env, &app->secrets);
    MG_TRY(mg_tell_open_log(app, err));
    MG_LOG(MG_LOG_INFO, "mutagen started", MG_L_TEXT("command", mg_str_from(call->command->name)), MG_L_TEXT("version", MG_STR(MG_VERSION)),
           MG_L_TEXT("settings", app->config_file.name), MG_L_TEXT("provider", app->config.provider));
    say_what_does_not_count(app);
    return call->command->run(app, call, err);
}

static enum mg_code dispatch(struct mg_app *app, int argc, char **argv, struct mg_err *err)
{
    struct mg_invocation call;
    MG_TRY(mg_options_parse(argc, argv, app->arena, &call, err));
    if (call.help) {
        struct mg_str text = mg_options_help(call.command, app->arena);
        (void)fwrite(text.at, 1, text.len, stdout);
        return MG_OK;
    }
    if (call.version) {
        (void)puts("mutagen " MG_VERSION);
        return MG_OK;
    }
    return run_command(app, &call, err);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "__sandbox") == 0)
        return mg_sandbox_main(argc, argv);
    struct mg_app app = { .arena = mg_arena_new(), .cancel = &cancel, .exit_code = MG_EXIT_OK };
    app.program = argc > 0 ? mg_shell_word(app.arena, mg_str_from(argv[0])).at : "mutagen";
    struct mg_err err = { .code = MG_OK };
    enum mg_code code = dispatch(&app, argc, argv, &err);
    if (code != MG_OK) {
        (void)fflush(stdout);
        app.exit_code = mg_exit_for_error(code);
        mg_redact_err(&app.secrets, &err);
        mg_tell_failure(&app, &err);
    }
    if ((fflush(stdout) != 0 || ferror(stdout)) && app.exit_code == MG_EXIT_OK) {
        mg_tell(&app, "stdout cannot be written");
        app.exit_code = MG_EXIT_FAILURE;
    }
    MG_LOG(MG_LOG_INFO, "mutagen ends", MG_L_INT("exit_code", app.exit_code));
    mg_log_close();
    mg_arena_free(app.arena);
    return (int)app.exit_code;
}
