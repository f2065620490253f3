/* The vocabulary of every header: text that is borrowed, errors that carry their cause. */
#ifndef MG_BASE_H
#define MG_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MG_MUST_CHECK __attribute__((warn_unused_result))
#define MG_PRINTF(format_at, args_at) __attribute__((format(printf, format_at, args_at)))
#define MG_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Borrowed text, not NUL-terminated; lives as long as the buffer or arena it points into. */
struct mg_str {
    const char *at;
    size_t len;
};
/* clang-format off */
#define MG_STR_INIT(literal) { (literal), sizeof(literal) - 1 } /* in static tables */
/* clang-format on */
#define MG_STR(literal) ((struct mg_str)MG_STR_INIT(literal))
#define MG_NO_STR ((struct mg_str){ NULL, 0 })
/* For printf's "%.*s". */
#define MG_FMT(str) (int)(str).len, (str).at

enum mg_code {
    MG_OK,
    MG_E_IO,        /* a file, pipe or directory */
    MG_E_PARSE,     /* text that does not have its required form */
    MG_E_CONFIG,    /* a setting, option value or environment that cannot work */
    MG_E_CHILD,     /* a child process failed or broke the protocol */
    MG_E_TIMEOUT,   /* a deadline passed */
    MG_E_DENIED,    /* refused for safety or because another holds it */
    MG_E_STORE,     /* the database */
    MG_E_HTTP,      /* a remote peer */
    MG_E_LIMIT,     /* a size, count or budget limit */
    MG_E_CANCELLED, /* the user stopped it */
    MG_E_STATE,     /* a call that is not allowed now */
    MG_E_NOT_FOUND, /* a path, run or name that does not exist */
    MG_E_USAGE      /* wrong command line; main() exits 64 */
};
const char *mg_code_name(enum mg_code code);

/* Why a call failed, in one line a user can act on. Untouched on success, so that calls chain (git's `struct strbuf *err`). */
struct mg_err {
    enum mg_code code;
    const char *file; /* where in our source it was raised (SQLite's *_BKPT) */
    int line;
    char text[480];
};
/* Fills *err (NULL is allowed) and returns `code`. A longer text is cut. */
enum mg_code mg_err_set(struct mg_err *err, enum mg_code code, const char *file, int line, const char *format, ...) MG_PRINTF(5, 6);
#define MG_FAIL(err, code, ...) mg_err_set((err), (code), __FILE__, __LINE__, __VA_ARGS__)
/* Puts "what: " before the text that is already in *err; returns err->code. For callers that know more than the callee. */
enum mg_code mg_err_prefix(struct mg_err *err, const char *format, ...) MG_PRINTF(2, 3);

/* The usual "stop here and hand the error up". */
#define MG_TRY(call)                                                                                                                                 \
    do {                                                                                                                                             \
        enum mg_code mg_try_ = (call);                                                                                                               \
        if (mg_try_ != MG_OK)                                                                                                                        \
            return mg_try_;                                                                                                                          \
    } while (0)

/* A bug of ours: prints file, line and text to stderr and aborts. Never for bad input. */
_Noreturn void mg_bug(const char *file, int line, const char *text);
#define MG_ASSERT(condition) ((condition) ? (void)0 : mg_bug(__FILE__, __LINE__, #condition))

#endif
