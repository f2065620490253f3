/* Hides secrets in text that people or files get to see. What is secret is said once, at the start; everything that leaves the program
 * (reports, store, progress, errors, prompts) goes through here. */
#ifndef MG_SECRET_H
#define MG_SECRET_H

#include "base/arena.h"
#include "base/base.h"
#include "core/report.h"

#define MG_MOST_SECRETS 32
#define MG_SHORTEST_SECRET 8 /* a shorter one would be found in innocent text */

struct mg_secrets {
    struct mg_str at[MG_MOST_SECRETS];
    size_t len;
};

/* Borrows `secret`. False, and nothing is kept, when it is too short or there is no room. */
bool mg_secrets_add(struct mg_secrets *secrets, struct mg_str secret);

/* For code and data: every occurrence of a secret becomes "[redacted]"; so does the beginning of one at the very end, for texts that were
 * cut. Borrowed when there is nothing to hide. `secrets` may be NULL. */
struct mg_str mg_redact_code(struct mg_arena *arena, const struct mg_secrets *secrets, struct mg_str text);
/* For messages: the same, and "https://user:password@host" becomes "https://[redacted]@host". */
struct mg_str mg_redact(struct mg_arena *arena, const struct mg_secrets *secrets, struct mg_str text);
void mg_redact_err(const struct mg_secrets *secrets, struct mg_err *err); /* `err` may be NULL */

/* Every text in it that came from outside. */
void mg_redact_outcome(struct mg_arena *arena, const struct mg_secrets *secrets, struct mg_outcome *outcome);
void mg_redact_report(struct mg_arena *arena, const struct mg_secrets *secrets, struct mg_report *report); /* but its outcomes */

#endif
