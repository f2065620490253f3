/* --env and [sandbox] pass_env. */
#include "cli/pass_env.h"
#include "adapters/sandbox_linux/sandbox_linux.h"
#include "base/str.h"
#include "cli/tell.h"

#include <stdlib.h>

/* What the tests get from us, or what would change our own measuring. A name that ends with a star stands for all that begin so. */
static const char *const ours[] = { "HOME", "TMPDIR", "PATH", "TERM", "LANG", "LC_*", "TZ", "PYTHON*", "PYTEST_*", "MUTAGEN*", "LD_*" };
/* What every session sets: tests that look for it do not miss it. */
static const char *const usual[] = { "USER",  "LOGNAME",  "SHELL",     "DISPLAY",   "XDG_*",     "PWD",      "OLDPWD",    "EDITOR",      "VISUAL",
                                     "PAGER", "COLUMNS",  "LINES",     "COLORTERM", "NO_COLOR",  "LESS*",    "CLICOLOR*", "FORCE_COLOR", "PY_COLORS",
                                     "SSH_*", "HOSTNAME", "LS_COLORS", "DBUS_*",    "MAIL",      "_",        "SHLVL",     "WAYLAND_*",   "SUDO_*",
                                     "CI",    "DEBIAN_*", "PYENV_*",   "CONDA_*",   "VIRTUAL_*", "USERNAME", "TEMP",      "TMP" };

static bool is_among(struct mg_str name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct mg_str known = mg_str_from(names[i]);
        bool open_end = mg_str_ends(known, "*");
        if (open_end ? name.len >= known.len - 1 && mg_str_eq(mg_str_sub(name, 0, known.len - 1), mg_str_sub(known, 0, known.len - 1))
                     : mg_str_eq(name, known))
            return true;
    }
    return false;
}

static bool is_name(struct mg_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char byte = name.at[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
        if (!letter && !(i > 0 && byte >= '0' && byte <= '9'))
            return false;
    }
    return name.len > 0;
}

static bool is_key(const struct mg_app *app, struct mg_str name)
{
    return mg_is_key_name(name) || (app->config.llm.key_env.len && mg_str_eq(name, app->config.llm.key_env));
}

enum mg_code mg_check_pass_env(struct mg_app *app, struct mg_err *err)
{
    const struct mg_names *names = &app->config.sandbox.pass_env;
    for (size_t i = 0; i < names->len; i++) {
        struct mg_str name = names->at[i], shown = mg_str_sub(name, 0, 60);
        if (!is_name(name))
            return MG_FAIL(err, MG_E_CONFIG, "--env (sandbox.pass_env) takes the name of a variable, not '%.*s'",
                           MG_FMT(mg_printable(app->arena, shown)));
        if (is_key(app, name))
            return MG_FAIL(err, MG_E_CONFIG, "--env (sandbox.pass_env) %.*s: a model provider's key is never passed on to tests", MG_FMT(shown));
        if (is_among(name, ours, MG_COUNT(ours)))
            return MG_FAIL(err, MG_E_CONFIG, "--env (sandbox.pass_env) %.*s: tests get a value of ours there", MG_FMT(shown));
        const char *value = getenv(mg_arena_cstr(app->arena, name));
        if (value)
            (void)mg_secrets_add(&app->secrets, mg_arena_str(app->arena, mg_str_from(value))); /* tests may print it when they fail */
        else
            mg_tell(app, "%.*s is to be passed on to the tests, but it is not set", MG_FMT(shown));
    }
    return MG_OK;
}

void mg_find_withheld(struct mg_app *app, struct mg_names *names)
{
    struct mg_names all = { 0 };
    mg_sandbox_linux_withheld(app->arena, app->config.sandbox.pass_env.at, app->config.sandbox.pass_env.len, &all);
    for (size_t i = 0; i < all.len; i++)
        if (is_name(all.at[i]) && !is_key(app, all.at[i]) && !is_among(all.at[i], ours, MG_COUNT(ours)) &&
            !is_among(all.at[i], usual, MG_COUNT(usual)))
            *MG_PUSH(app->arena, names) = all.at[i];
}
