/* One small change to one target, and what became of it. */
#ifndef MG_MUTANT_H
#define MG_MUTANT_H

#include "base/arena.h"
#include "base/base.h"

#define MG_VERDICTS(X) X(pending) X(killed) X(survived) X(timeout) X(no_coverage) X(not_reached) X(invalid) X(ignored) X(static)
#define MG_VERDICT_ENUM(name) MG_VERDICT_##name,
enum mg_verdict { MG_VERDICTS(MG_VERDICT_ENUM) MG_VERDICT_COUNT };
const char *mg_verdict_name(enum mg_verdict verdict);
/* The verdict of that name; MG_VERDICT_COUNT when there is none. */
enum mg_verdict mg_verdict_from(struct mg_str name);

/* A crash kill is a TypeError, NameError or AttributeError raised in the mutated code itself: any smoke test makes it. */
enum mg_kill_kind { MG_KILL_NONE, MG_KILL_ASSERTION, MG_KILL_CRASH };

struct mg_mutant {
    struct mg_str id;                  /* 12 hex digits: mg_mutant_id */
    const char *operator_name;         /* "ROR", … : static text */
    const char *description;           /* static text: "replace a relational operator" */
    uint32_t start, end;               /* bytes of the replaced span in the source file */
    struct mg_str replacement;         /* the exact text for that span: splicing it into the file gives the mutant. Same number of lines. */
    struct mg_str original;            /* the span's text */
    uint32_t line, end_line;           /* 1-based lines of the changed expression or statement: executing one of them activates the mutant */
    uint32_t column, end_column;       /* 1-based UTF-16 columns of the span, end exclusive, for the report schema */
    uint32_t span_line, span_end_line; /* lines of the span itself */
    int level;                         /* of its operator: 1, 2, 3 */
};

/* First 12 hex digits of SHA-256 over module, qualified name, operator, span text, replacement and the occurrence of that
 * combination within the target (0-based), each followed by a NUL: stable when other code moves. */
struct mg_str mg_mutant_id(struct mg_arena *arena, struct mg_str module, struct mg_str qualified_name, const char *operator_name,
                           struct mg_str original, struct mg_str replacement, unsigned occurrence);

/* What one measurement said of one mutant. */
struct mg_mutant_result {
    enum mg_verdict verdict;
    enum mg_kill_kind kill_kind;
    struct mg_str killer; /* test id of the first killer; empty when not killed */
    struct mg_str reason; /* for invalid and ignored, and the failure's first line for kills; may be empty */
    double seconds;
};

#endif
