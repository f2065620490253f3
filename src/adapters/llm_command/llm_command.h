/* The llm port over any program: `/bin/sh -c COMMAND` gets the whole prompt on stdin and prints the reply on stdout. It is the user's own
 * program: it runs in the current directory with the user's environment. docs/model-commands.md has recipes.
 *
 * The prompt is text with a line before each message, so that a program that cannot hold a conversation sees all of it:
 *     ===== INSTRUCTIONS =====             the system text
 *     ===== USER =====
 *     ===== ASSISTANT (your earlier reply) =====
 *
 * What its end means: 0 a reply (nothing on stdout is none: MG_LLM_REQUEST); 75 (EX_TEMPFAIL) MG_LLM_TEMPORARY; 126 and 127 (the shell cannot
 * start it) MG_LLM_ACCOUNT; any other code, and a signal, MG_LLM_REQUEST. The error's text ends with the last line on stderr, in which
 * values of variables that are named like secrets are left out. On a time-out or a cancel its process group gets SIGTERM, and SIGKILL half a
 * second later; what it leaves behind in its group ends with it. Tokens are not known; they are estimated from bytes. */
#ifndef MG_LLM_COMMAND_H
#define MG_LLM_COMMAND_H

#include "ports/llm.h"

struct mg_llm_command_options {
    struct mg_str command;
    struct mg_str model;    /* for reports only; may be empty */
    size_t max_reply_bytes; /* more on stdout is no reply */
};

/* Copies what it needs; close with ops->close. Its cost is unknown (price NULL). The program ignores SIGPIPE (main.c does). */
struct mg_llm mg_llm_command_new(const struct mg_llm_command_options *options);

#endif
