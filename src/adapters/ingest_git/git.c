/* Runs git so that nothing in a URL or a repository makes it start, ask or keep anything, and reads why it failed. */
#include "adapters/ingest_git/git.h"

#include "base/str.h"
#include "core/secret.h"
#include "core/text.h"
#include "os/program.h"

#include <string.h>

#define MOST_ARGS 48
#define OUTPUT_LIMIT ((size_t)4 << 20)
#define REASON_LIMIT 160

/* The user's own git set-up: keys, helpers and proxies, but not the variables that point git at another repository. */
static const char *const allowed[] = {
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "XDG_*",
    "SSH_AUTH_SOCK",
    "GIT_SSH",
    "GIT_SSH_*",
    "GIT_SSL_*",
    "GIT_PROXY_*",
    "GIT_HTTP_*",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_*",
    MG_ENV_AUTHORITIES,
    MG_ENV_PROXIES,
    "GNUPGHOME",
    "GCM_*",
    "AWS_*",
    "GIT_LFS_SKIP_SMUDGE",
    "DBUS_SESSION_BUS_ADDRESS",
    NULL,
};

/* Answers for one host only: git asks again when it is led elsewhere. */
#define HELPER "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \"$MG_GIT_USER\" \"$MG_GIT_PASSWORD\"; }; f"

static size_t build_argv(struct mg_git_job *git, const char *const *args, const char **argv)
{
    static const char *const safe[] = {
        "--no-pager",
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.askPass=",
        "-c",
        "gc.auto=0",
        "-c",
        "maintenance.auto=false",
        "-c",
        "advice.detachedHead=false",
        "-c",
        "http.lowSpeedLimit=1",
        "-c",
        "http.lowSpeedTime=60",
    };
    const struct mg_source *source = git->request->source;
    size_t count = 0;
    for (const char *const *word = git->request->supervisor; word && *word && count < 8; word++)
        argv[count++] = *word;
    argv[count++] = git->program.at;
    for (size_t i = 0; i < MG_COUNT(safe); i++)
        argv[count++] = safe[i];
    if (source->host_url.len) {
        argv[count++] = "-c";
        argv[count++] = mg_arena_printf(git->arena, "credential.%.*s.helper=", MG_FMT(source->host_url)).at;
        argv[count++] = "-c";
        argv[count++] = mg_arena_printf(git->arena, "credential.%.*s.helper=%s", MG_FMT(source->host_url), HELPER).at;
    }
    argv[count++] = "-C";
    argv[count++] = git->folder.at;
    for (size_t i = 0; args[i] && count < MOST_ARGS; i++)
        argv[count++] = args[i];
    argv[count] = NULL;
    return count;
}

enum mg_code mg_git_run(struct mg_git_job *git, const char *const *args, struct mg_err *err)
{
    const struct mg_source *source = git->request->source;
    const char *argv[MOST_ARGS + 1];
    MG_ASSERT(build_argv(git, args, argv) < MOST_ARGS);
    const char *const more[] = { "LC_ALL=C",
                                 "GIT_TERMINAL_PROMPT=0",
                                 "GIT_ASKPASS=",
                                 "SSH_ASKPASS=",
                                 "SSH_ASKPASS_REQUIRE=never",
                                 mg_arena_printf(git->arena, "GIT_ALLOW_PROTOCOL=%s", source->protocols).at,
                                 mg_arena_printf(git->arena, "MG_GIT_USER=%.*s", MG_FMT(source->user)).at,
                                 mg_arena_printf(git->arena, "MG_GIT_PASSWORD=%.*s", MG_FMT(source->password)).at,
                                 NULL };
    struct mg_program program = { .argv = argv,
                                  .env = mg_program_environment(git->arena, allowed, more),
                                  .directory = git->folder.at,
                                  .deadline = git->deadline,
                                  .max_output = OUTPUT_LIMIT,
                                  .cancel = git->request->cancel,
                                  .lifeline = git->request->supervisor != NULL };
    struct mg_program_end end;
    enum mg_code code = mg_program_run(&program, git->arena, &end, err);
    if (code == MG_E_TIMEOUT)
        return MG_FAIL(err, code, "%.*s: git took longer than %.10g seconds (ingest.command_timeout_seconds)", MG_FMT(source->shown),
                       git->request->timeout_seconds);
    if (code == MG_E_CANCELLED)
        return MG_FAIL(err, code, "stopped while git worked on %.*s", MG_FMT(source->shown));
    MG_TRY(code);
    git->output = mg_arena_str(git->arena, mg_str_trim(end.output));
    git->tail = end.tail;
    git->failed = !mg_program_succeeded(&end);
    return MG_OK;
}

struct pattern {
    const char *text;
    enum mg_git_trouble trouble;
};
/* The first that fits. */
static const struct pattern patterns[] = {
    { "Host key verification failed", MG_GIT_HOST_KEY },
    { "dumb http transport does not support shallow", MG_GIT_NOT_SHALLOW },
    { "does not support shallow", MG_GIT_NOT_SHALLOW },
    { "not our ref", MG_GIT_NOT_SHALLOW },
    { "Server does not allow request for unadvertised", MG_GIT_NOT_SHALLOW },
    { "couldn't find remote ref", MG_GIT_NO_REF },
    { "no such remote ref", MG_GIT_NO_REF },
    { "Authentication failed", MG_GIT_ACCESS },
    { "could not read Username", MG_GIT_ACCESS },
    { "could not read Password", MG_GIT_ACCESS },
    { "terminal prompts disabled", MG_GIT_ACCESS },
    { "returned error: 401", MG_GIT_ACCESS },
    { "returned error: 403", MG_GIT_ACCESS },
    { "Permission denied", MG_GIT_ACCESS },
    { "access denied", MG_GIT_ACCESS },
    { "returned error: 404", MG_GIT_NO_REPOSITORY },
    { "' not found", MG_GIT_NO_REPOSITORY },
    { "Repository not found", MG_GIT_NO_REPOSITORY },
    { "does not appear to be a git repository", MG_GIT_NO_REPOSITORY },
    { "returned error: 5", MG_GIT_NETWORK },
    { "returned error: 429", MG_GIT_NETWORK },
    { "returned error: 408", MG_GIT_NETWORK },
    { "Could not resolve", MG_GIT_NETWORK },
    { "Temporary failure in name resolution", MG_GIT_NETWORK },
    { "Failed to connect", MG_GIT_NETWORK },
    { "Couldn't connect", MG_GIT_NETWORK },
    { "Connection refused", MG_GIT_NETWORK },
    { "Connection reset", MG_GIT_NETWORK },
    { "Connection timed out", MG_GIT_NETWORK },
    { "Connection closed", MG_GIT_NETWORK },
    { "Network is unreachable", MG_GIT_NETWORK },
    { "No route to host", MG_GIT_NETWORK },
    { "unable to connect", MG_GIT_NETWORK },
    { "Empty reply from server", MG_GIT_NETWORK },
    { "Operation too slow", MG_GIT_NETWORK },
    { "Operation timed out", MG_GIT_NETWORK },
    { "transfer closed", MG_GIT_NETWORK },
    { "early EOF", MG_GIT_NETWORK },
    { "unexpected disconnect", MG_GIT_NETWORK },
    { "hung up unexpectedly", MG_GIT_NETWORK },
    { "RPC failed", MG_GIT_NETWORK },
    { "TLS connection was non-properly terminated", MG_GIT_NETWORK },
    { "SSL_ERROR_SYSCALL", MG_GIT_NETWORK },
};

enum mg_git_trouble mg_git_trouble(struct mg_str tail)
{
    for (size_t i = 0; i < MG_COUNT(patterns); i++)
        if (mg_str_contains(tail, patterns[i].text))
            return patterns[i].trouble;
    return MG_GIT_OTHER;
}

struct mg_str mg_git_reason(struct mg_arena *arena, const struct mg_source *source, struct mg_str tail)
{
    struct mg_str rest = tail, line, last = MG_NO_STR, fatal = MG_NO_STR;
    while (mg_str_next_line(&rest, &line)) {
        line = mg_str_trim(line);
        if (line.len)
            last = line;
        if (mg_str_starts(line, "fatal: ") && fatal.len == 0)
            fatal = mg_str_sub(line, 7, line.len);
        else if (mg_str_starts(line, "error: ") && fatal.len == 0)
            fatal = mg_str_sub(line, 7, line.len);
    }
    struct mg_secrets secrets = { .len = 0 };
    (void)mg_secrets_add(&secrets, source->password.len ? source->password : source->user);
    if (source->shown.len < source->url.len) /* "?access_token=…" */
        (void)mg_secrets_add(&secrets, mg_str_sub(source->url, source->shown.len + 1, source->url.len));
    struct mg_str text = mg_text_line(arena, mg_str_sub(fatal.len ? fatal : last, 0, REASON_LIMIT));
    return text.len ? mg_redact(arena, &secrets, text) : MG_STR("git said nothing");
}
