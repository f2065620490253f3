/* Speaks on stderr, and opens the log. */
#include "cli/tell.h"
#include "base/log.h"
#include "base/str.h"
#include "os/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void say(const struct mg_app *app, const char *prefix, enum mg_log_level level, struct mg_str text)
{
    struct mg_arena *scratch = mg_arena_new();
    text = mg_printable(scratch, mg_redact(scratch, &app->secrets, text));
    if (mg_log_owns_stderr())
        MG_LOG(level, "message", MG_L_TEXT("text", text));
    else
        (void)fprintf(stderr, "%s: %.*s\n", prefix, MG_FMT(text));
    mg_arena_free(scratch);
}

void mg_tell(const struct mg_app *app, const char *format, ...)
{
    struct mg_arena *scratch = mg_arena_new();
    va_list args;
    va_start(args, format);
    say(app, "mutagen", MG_LOG_WARNING, mg_arena_vprintf(scratch, format, args));
    va_end(args);
    mg_arena_free(scratch);
}

void mg_tell_note(const struct mg_app *app, const char *format, ...)
{
    struct mg_arena *scratch = mg_arena_new();
    va_list args;
    va_start(args, format);
    say(app, "note", MG_LOG_INFO, mg_arena_vprintf(scratch, format, args));
    va_end(args);
    mg_arena_free(scratch);
}

FILE *mg_tell_place(bool stdout_is_taken)
{
    if (!stdout_is_taken)
        return stdout;
    return mg_log_owns_stderr() ? NULL : stderr;
}

void mg_tell_failure(const struct mg_app *app, const struct mg_err *err)
{
    mg_log_err(MG_LOG_ERROR, "failed", err);
    if (!mg_log_owns_stderr())
        say(app, "mutagen", MG_LOG_ERROR, mg_str_from(err->text));
}

/* ---- the log ---- */

static enum mg_log_level level_of(struct mg_str word)
{
    static const char *const words[] = { "debug", "info", "warning", "error" };
    for (size_t i = 0; i < MG_COUNT(words); i++)
        if (mg_str_is(word, words[i]))
            return (enum mg_log_level)i;
    MG_ASSERT(!"the table of settings knows these words only");
    return MG_LOG_INFO;
}

static struct mg_str redact(const void *secrets, struct mg_arena *arena, struct mg_str text) { return mg_redact(arena, secrets, text); }

/* Regular files only: a named pipe would hold us until somebody reads it. */
static enum mg_code open_file(const char *path, int *fd, struct mg_err *err)
{
    struct stat about;
    const char *slash = strrchr(path, '/');
    struct mg_arena *scratch = mg_arena_new();
    enum mg_code code = MG_OK;
    if (slash && slash > path)
        code = mg_file_mkdirs(mg_arena_cstr(scratch, (struct mg_str){ path, (size_t)(slash - path) }), err);
    mg_arena_free(scratch);
    if (code != MG_OK)
        return mg_err_prefix(err, "the log file %s", path);
    *fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
    if (*fd < 0)
        return MG_FAIL(err, MG_E_IO, "the log file %s cannot be written: %s", path, strerror(errno));
    if (fstat(*fd, &about) == 0 && (S_ISREG(about.st_mode) || S_ISCHR(about.st_mode)))
        return MG_OK;
    (void)close(*fd);
    return MG_FAIL(err, MG_E_IO, "the log file %s cannot be written: it is not a regular file", path);
}

/* stderr gets lines when somebody asked for them: without, it holds progress and messages only. */
static bool is_said(const struct mg_app *app, const char *key) { return mg_setting_origin(&app->config, mg_setting_find(mg_str_from(key))) != NULL; }

enum mg_code mg_tell_open_log(struct mg_app *app, struct mg_err *err)
{
    const struct mg_config *config = &app->config;
    struct mg_log_setup setup = { .level = level_of(config->logging.level),
                                  .json = mg_str_is(config->logging.format, "json"),
                                  .to_stderr = is_said(app, "logging.level") || (is_said(app, "logging.format") && !config->logging.file.len),
                                  .fd = -1,
                                  .redact = redact,
                                  .secrets = &app->secrets };
    if (config->logging.file.len)
        MG_TRY(open_file(mg_arena_cstr(app->arena, config->logging.file), &setup.fd, err));
    mg_log_open(&setup);
    return MG_OK;
}
