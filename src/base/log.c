/* Builds a line and writes it at once. */
#include "base/log.h"
#include "base/buf.h"
#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 16384u
#define TEXT_BYTES 2000u
#define NAME_BYTES 256u

static struct mg_log_setup log_setup = { .fd = -1 };
static bool is_open;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of what stands below, and of a line that is written in pieces */
static char run_id[NAME_BYTES], phase_name[NAME_BYTES];
static _Thread_local char target_name[NAME_BYTES];

static const char *const level_names[] = { "debug", "info", "warning", "error" };
static const char *const level_words[] = { "DEBUG  ", "INFO   ", "WARNING", "ERROR  " };

void mg_log_open(const struct mg_log_setup *setup)
{
    mg_log_close();
    log_setup = *setup;
    is_open = setup->to_stderr || setup->fd >= 0;
}

void mg_log_close(void)
{
    if (log_setup.fd >= 0)
        (void)close(log_setup.fd);
    log_setup = (struct mg_log_setup){ .fd = -1 };
    is_open = false;
}

bool mg_log_is_on(enum mg_log_level level) { return is_open && level >= log_setup.level; }
bool mg_log_owns_stderr(void) { return is_open && log_setup.to_stderr && log_setup.json; }

static void copy(char *to, struct mg_str text)
{
    struct mg_str part = mg_str_fit(text, NAME_BYTES - 1);
    if (part.len)
        memcpy(to, part.at, part.len);
    to[part.len] = '\0';
}

void mg_log_run(struct mg_str id)
{
    (void)pthread_mutex_lock(&lock);
    copy(run_id, id);
    (void)pthread_mutex_unlock(&lock);
}

void mg_log_phase(const char *phase)
{
    (void)pthread_mutex_lock(&lock);
    copy(phase_name, mg_str_from(phase));
    (void)pthread_mutex_unlock(&lock);
}

void mg_log_target(struct mg_str name) { copy(target_name, name); }

/* ---- a line ---- */

/* As JSON has it; both forms of a line use it. Bytes that are no UTF-8 become U+FFFD. */
static void add_quoted(struct mg_buf *out, struct mg_str text)
{
    bool clean = mg_str_is_utf8(text);
    mg_buf_addc(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (byte == '"' || byte == '\\')
            mg_buf_addf(out, "\\%c", byte);
        else if (byte == '\n')
            mg_buf_adds(out, "\\n");
        else if (byte < 0x20 || byte == 0x7f)
            mg_buf_addf(out, "\\u%04x", byte);
        else if (byte >= 0x80 && !clean)
            mg_buf_adds(out, "\\ufffd");
        else
            mg_buf_addc(out, (char)byte);
    }
    mg_buf_addc(out, '"');
}

static bool is_plain(struct mg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] <= ' ' || (unsigned char)text.at[i] >= 0x7f || strchr("\"\\=", text.at[i]))
            return false;
    return text.len > 0;
}

static void add_text(struct mg_buf *out, struct mg_str text)
{
    struct mg_arena *scratch = mg_arena_new();
    if (log_setup.redact)
        text = log_setup.redact(log_setup.secrets, scratch, text);
    text = mg_str_is_utf8(text) ? mg_str_fit(text, TEXT_BYTES) : mg_str_sub(text, 0, TEXT_BYTES);
    if (!log_setup.json && is_plain(text))
        mg_buf_add(out, text);
    else
        add_quoted(out, text);
    mg_arena_free(scratch);
}

static void add_field(struct mg_buf *out, const struct mg_log_field *field)
{
    mg_buf_addf(out, log_setup.json ? ",\"%s\":" : " %s=", field->name);
    if (field->kind == MG_LOG_IS_TEXT)
        add_text(out, field->text);
    else if (field->kind == MG_LOG_IS_INTEGER)
        mg_buf_addf(out, "%lld", (long long)field->integer);
    else if (isfinite(field->number))
        mg_buf_addf(out, "%.6g", field->number);
    else
        mg_buf_adds(out, "null");
}

static void add_name(struct mg_buf *out, const char *key, const char *value)
{
    struct mg_log_field field = { .name = key, .kind = MG_LOG_IS_TEXT, .text = mg_str_from(value) };
    if (value[0])
        add_field(out, &field);
    else
        mg_buf_addf(out, log_setup.json ? ",\"%s\":null" : " %s=-", key);
}

static void add_time(char *text, size_t size)
{
    struct timespec now = { 0 };
    struct tm utc;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (!gmtime_r(&now.tv_sec, &utc) || strftime(text, size, "%Y-%m-%dT%H:%M:%S", &utc) == 0)
        text[0] = '\0';
    size_t len = strlen(text);
    (void)snprintf(text + len, size - len, ".%03ldZ", now.tv_nsec / 1000000);
}

static void add_head(struct mg_buf *out, enum mg_log_level level, const char *event)
{
    char time_text[64];
    add_time(time_text, sizeof time_text);
    if (log_setup.json)
        mg_buf_addf(out, "{\"timestamp\":\"%s\",\"level\":\"%s\"", time_text, level_names[level]);
    else
        mg_buf_addf(out, "%s %s", time_text, level_words[level]);
    add_name(out, "run", run_id);
    add_name(out, "phase", phase_name);
    add_name(out, "target", target_name);
    if (log_setup.json)
        add_name(out, "event", event);
    else
        mg_buf_addf(out, " %s", event);
}

/* A log that cannot be written (a full disk, a closed pipe) must not stop what it tells of. */
static void write_all(int fd, struct mg_str line)
{
    while (line.len > 0) {
        ssize_t written = write(fd, line.at, line.len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        line = mg_str_sub(line, (size_t)written, line.len);
    }
}

void mg_log_write(enum mg_log_level level, const char *event, const struct mg_log_field *fields, size_t count)
{
    struct mg_buf out = MG_BUF(LINE_BYTES);
    if (!mg_log_is_on(level))
        return;
    int saved = errno;
    (void)pthread_mutex_lock(&lock);
    add_head(&out, level, event);
    for (size_t i = 0; i < count && out.len + 8 * TEXT_BYTES / 2 < LINE_BYTES; i++) /* what does not fit is left out whole */
        add_field(&out, &fields[i]);
    mg_buf_adds(&out, log_setup.json ? "}\n" : "\n");
    if (log_setup.to_stderr)
        write_all(STDERR_FILENO, mg_buf_view(&out));
    if (log_setup.fd >= 0)
        write_all(log_setup.fd, mg_buf_view(&out));
    (void)pthread_mutex_unlock(&lock);
    mg_buf_free(&out);
    errno = saved;
}

void mg_log_err(enum mg_log_level level, const char *event, const struct mg_err *err)
{
    if (!err || err->code == MG_OK)
        return;
    char place[NAME_BYTES];
    const char *file = err->file ? err->file : "?", *in_src = strstr(file, "src/");
    (void)snprintf(place, sizeof place, "%s:%d", in_src ? in_src + 4 : file, err->line);
    MG_LOG(level, event, MG_L_TEXT("error", mg_str_from(err->text)), MG_L_TEXT("code", mg_str_from(mg_code_name(err->code))),
           MG_L_TEXT("raised", mg_str_from(place)));
}
