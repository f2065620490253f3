/* Allow-lists. What is not named here does not get through. */
#include "adapters/ingest_local/user_env.h"

#include "base/base.h"
#include "os/program.h"

#include <stdlib.h>

#define PLAIN "PATH", "LANG", "LC_*", "TZ", "LD_LIBRARY_PATH"
#define WHO "HOME", "USER", "LOGNAME", "XDG_*"

static const char *const of_tools[] = {
    PLAIN, WHO, "POETRY_*", "HATCH_*", "PDM_*", "PIPENV_*", "WORKON_HOME", "PYENV_*", "CONDA_*", "MAMBA_*", NULL
};
static const char *const of_installers[] = {
    PLAIN,
    WHO,
    "PIP_*",
    "UV_*",
    "NETRC",
    "PYTHON_KEYRING_*",
    "DBUS_SESSION_BUS_ADDRESS",
    MG_ENV_AUTHORITIES,
    "REQUESTS_*",
    MG_ENV_PROXIES,
    "SSH_AUTH_SOCK",
    "GIT_SSH",
    "GIT_SSH_*",
    "CC",
    "CXX",
    "CFLAGS",
    "CXXFLAGS",
    "CPPFLAGS",
    "LDFLAGS",
    "PKG_CONFIG_*",
    "CARGO_*",
    "RUSTUP_*",
    NULL,
};
static const char *const of_builds[] = { PLAIN, "CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "PKG_CONFIG_*", "RUSTUP_*", NULL };

const char *const *mg_tool_environment(struct mg_arena *arena) { return mg_program_environment(arena, of_tools, NULL); }

const char *const *mg_installer_environment(struct mg_arena *arena, struct mg_str temporary)
{
    const char *more[8];
    size_t count = 0;
    more[count++] = mg_arena_printf(arena, "TMPDIR=%.*s", MG_FMT(temporary)).at;
    more[count++] = "PIP_DISABLE_PIP_VERSION_CHECK=1";
    more[count++] = "PIP_NO_INPUT=1";
    more[count++] = "PYTHONDONTWRITEBYTECODE=1";
    more[count++] = "UV_PYTHON_DOWNLOADS=never";
    if (!getenv("PIP_RETRIES")) /* without a network, its five tries take half a minute */
        more[count++] = "PIP_RETRIES=1";
    more[count] = NULL;
    return mg_program_environment(arena, of_installers, more);
}

/* The copy has no history to take a version from. */
const char *const *mg_build_environment(struct mg_arena *arena, struct mg_str home, struct mg_str temporary)
{
    const char *const more[] = { mg_arena_printf(arena, "HOME=%.*s", MG_FMT(home)).at,
                                 mg_arena_printf(arena, "TMPDIR=%.*s", MG_FMT(temporary)).at,
                                 "PIP_CONFIG_FILE=/dev/null",
                                 "PIP_NO_INDEX=1",
                                 "PIP_DISABLE_PIP_VERSION_CHECK=1",
                                 "PIP_NO_CACHE_DIR=1",
                                 "SETUPTOOLS_SCM_PRETEND_VERSION=0.0.0",
                                 "PBR_VERSION=0.0.0",
                                 "PDM_BUILD_SCM_VERSION=0.0.0",
                                 "POETRY_DYNAMIC_VERSIONING_BYPASS=0.0.0",
                                 "UV_DYNAMIC_VERSIONING_BYPASS=0.0.0",
                                 NULL };
    return mg_program_environment(arena, of_builds, more);
}
