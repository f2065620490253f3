/* The log: one line an event, for those who watch runs or look for a cause afterwards. Off until mg_log_open; then cheap below its level.
 * Any thread, also of a signal's aftermath: a line is one write(2), so lines of threads and processes do not mix. It is the only I/O in base.
 *
 *   text  2026-11-26T01:35:00.123Z INFO    run=ab12 phase=processing target=shop.cart.total model call provider=openai usd=0.0021
 *   json  {"timestamp":"2026-…Z","level":"info","run":"ab12","phase":"processing","target":"shop.cart.total","event":"model call",…}
 *
 * Run, phase and target stand on every line ("-" or null when there is none). What is logged: counts, names, times, causes; never a prompt,
 * a reply, source code or the value of a key. Every text goes through `redact`. Times are UTC (RFC 3339). */
#ifndef MG_LOG_H
#define MG_LOG_H

#include "base/arena.h"
#include "base/base.h"

enum mg_log_level { MG_LOG_DEBUG, MG_LOG_INFO, MG_LOG_WARNING, MG_LOG_ERROR };

struct mg_log_setup {
    enum mg_log_level level;
    bool json;
    bool to_stderr;
    int fd; /* of a file opened to append; owned; -1 = none */
    /* What no line may show; the result may live in the arena. NULL = nothing is hidden. */
    struct mg_str (*redact)(const void *secrets, struct mg_arena *arena, struct mg_str text);
    const void *secrets;
};
void mg_log_open(const struct mg_log_setup *setup); /* before other threads run */
void mg_log_close(void);
bool mg_log_is_on(enum mg_log_level level);
bool mg_log_owns_stderr(void); /* lines of JSON go there: nothing else should */

void mg_log_run(struct mg_str run_id);         /* of the process */
void mg_log_phase(const char *phase);          /* of the process */
void mg_log_target(struct mg_str target_name); /* of this thread; empty = none */

struct mg_log_field {
    const char *name;
    enum mg_log_kind { MG_LOG_IS_TEXT, MG_LOG_IS_INTEGER, MG_LOG_IS_NUMBER } kind;
    struct mg_str text;
    int64_t integer;
    double number;
};
/* clang-format off */
#define MG_L_TEXT(key, value) { .name = (key), .kind = MG_LOG_IS_TEXT, .text = (value) }
#define MG_L_INT(key, value) { .name = (key), .kind = MG_LOG_IS_INTEGER, .integer = (int64_t)(value) }
#define MG_L_NUMBER(key, value) { .name = (key), .kind = MG_LOG_IS_NUMBER, .number = (value) }
/* MG_LOG(MG_LOG_INFO, "model call", MG_L_TEXT("provider", p), MG_L_INT("tokens", n)); at least one field. */
#define MG_LOG(level, event, ...)                                                                                                                    \
    do {                                                                                                                                             \
        if (mg_log_is_on(level)) {                                                                                                                   \
            const struct mg_log_field mg_log_fields[] = { __VA_ARGS__ };                                                                             \
            mg_log_write((level), (event), mg_log_fields, MG_COUNT(mg_log_fields));                                                                  \
        }                                                                                                                                            \
    } while (0)
/* clang-format on */
void mg_log_write(enum mg_log_level level, const char *event, const struct mg_log_field *fields, size_t count);
/* A failure with its kind, its whole chain of causes, and where it was raised. For failures that are not handed up, above all. */
void mg_log_err(enum mg_log_level level, const char *event, const struct mg_err *err);

#endif
