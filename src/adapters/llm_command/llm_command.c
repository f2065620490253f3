/* The prompt as one text, and what a program's end means. */
#include "adapters/llm_command/llm_command.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"
#include "core/secret.h"
#include "core/text.h"
#include "os/fd.h"
#include "os/program.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define MAGIC 0x4c434d44u
#define MOST_PROMPT_BYTES ((size_t)64 << 20)
#define STDERR_CHARACTERS 240

struct command {
    unsigned magic;
    struct mg_arena *arena;
    const char *command;
    struct mg_llm_command_options options;
};

static struct command *checked(void *self)
{
    struct command *command = self;
    MG_ASSERT(command && command->magic == MAGIC);
    return command;
}

/* --- the prompt --- */

static void add_part(struct mg_buf *prompt, struct mg_str text)
{
    mg_buf_add(prompt, text);
    if (text.len > 0 && text.at[text.len - 1] != '\n')
        mg_buf_addc(prompt, '\n');
}

static void build_prompt(const struct mg_llm_request *request, struct mg_buf *prompt)
{
    if (request->system.len > 0) {
        mg_buf_adds(prompt, "===== INSTRUCTIONS =====\n");
        add_part(prompt, request->system);
    }
    for (size_t i = 0; i < request->parts.len; i++) {
        enum mg_llm_role role = request->parts.at[i].role;
        if (i == 0 || role != request->parts.at[i - 1].role)
            mg_buf_adds(prompt, role == MG_LLM_USER ? "===== USER =====\n" : "===== ASSISTANT (your earlier reply) =====\n");
        add_part(prompt, request->parts.at[i].text);
    }
}

static int64_t request_bytes(void *self, const struct mg_llm_request *request)
{
    (void)checked(self);
    struct mg_buf prompt = MG_BUF(MOST_PROMPT_BYTES);
    build_prompt(request, &prompt);
    int64_t bytes = (int64_t)prompt.len;
    mg_buf_free(&prompt);
    return bytes;
}

static struct mg_str request_hash(void *self, const struct mg_llm_request *request, struct mg_arena *arena)
{
    struct command *command = checked(self);
    struct mg_buf text = MG_BUF(MOST_PROMPT_BYTES);
    mg_buf_adds(&text, command->command);
    mg_buf_addc(&text, '\0');
    build_prompt(request, &text);
    struct mg_str hash = mg_sha256_hex(arena, mg_buf_view(&text), 64);
    mg_buf_free(&text);
    return hash;
}

/* --- what it said about its failure --- */

static bool names_a_secret(const char *entry, size_t name_len)
{
    static const char *const words[] = { "KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL" };
    for (size_t i = 0; i < MG_COUNT(words); i++)
        for (size_t at = 0; at + strlen(words[i]) <= name_len; at++)
            if (strncasecmp(entry + at, words[i], strlen(words[i])) == 0)
                return true;
    return false;
}

/* The program has our environment: what it says must not carry a key into a report. */
static struct mg_str redact(struct mg_arena *arena, struct mg_str text)
{
    for (char **entry = environ; entry && *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        struct mg_secrets secret = { .len = 0 };
        if (equals && names_a_secret(*entry, (size_t)(equals - *entry)) && mg_secrets_add(&secret, mg_str_from(equals + 1)))
            text = mg_redact_code(arena, &secret, text);
    }
    return mg_redact(arena, NULL, text);
}

/* The last line that is not blank, fit for a terminal. Redacted before it is cut: half a key would not be found. */
static struct mg_str last_line(struct mg_arena *arena, struct mg_str text)
{
    struct mg_str whole = mg_str_trim(redact(arena, text));
    size_t newline = mg_str_rfind(whole, '\n');
    struct mg_str line = newline < whole.len ? mg_str_sub(whole, newline + 1, whole.len) : whole;
    return mg_text_cut(arena, mg_text_line(arena, mg_str_trim(line)), STDERR_CHARACTERS);
}

/* --- one attempt --- */

/* What an attempt works on. */
struct attempt {
    struct mg_arena *arena;
    struct mg_llm_reply *reply;
    struct mg_program_end end;
    struct mg_err *err;
};

static enum mg_code fail(struct attempt *attempt, enum mg_code code, enum mg_llm_fault fault, const char *what)
{
    struct mg_str line = last_line(attempt->arena, attempt->end.tail);
    attempt->reply->fault = fault;
    return MG_FAIL(attempt->err, code, "the command %s%s%.*s", what, line.len ? ": " : "", MG_FMT(line));
}

static enum mg_llm_fault fault_of(int exit_code)
{
    if (exit_code == EX_TEMPFAIL)
        return MG_LLM_TEMPORARY;
    return exit_code == 126 || exit_code == 127 ? MG_LLM_ACCOUNT : MG_LLM_REQUEST;
}

static enum mg_code judge_end(struct attempt *attempt)
{
    const struct mg_program_end *end = &attempt->end;
    if (WIFSIGNALED(end->status))
        return fail(attempt, MG_E_HTTP, MG_LLM_REQUEST, mg_arena_printf(attempt->arena, "was ended by signal %d", WTERMSIG(end->status)).at);
    int exit_code = WEXITSTATUS(end->status);
    if (exit_code != 0)
        return fail(attempt, MG_E_HTTP, fault_of(exit_code), mg_arena_printf(attempt->arena, "exited with %d", exit_code).at);
    if (mg_str_trim(end->output).len == 0)
        return fail(attempt, MG_E_HTTP, MG_LLM_REQUEST, "printed nothing");
    if (!mg_str_is_utf8(end->output))
        return fail(attempt, MG_E_HTTP, MG_LLM_REQUEST, "printed text that is not UTF-8");
    attempt->reply->text = end->output;
    return MG_OK;
}

static enum mg_code judge_failure(struct attempt *attempt, const struct mg_err *cause)
{
    attempt->reply->unanswered = attempt->end.started;
    if (!attempt->end.started)
        attempt->reply->usage = (struct mg_usage){ 0 };
    if (cause->code == MG_E_CANCELLED)
        return MG_FAIL(attempt->err, MG_E_CANCELLED, "%s", cause->text);
    if (cause->code == MG_E_TIMEOUT)
        return fail(attempt, MG_E_TIMEOUT, MG_LLM_TEMPORARY, "did not end in time");
    if (cause->code == MG_E_LIMIT)
        return fail(attempt, MG_E_HTTP, MG_LLM_REQUEST, mg_arena_printf(attempt->arena, "printed %s", cause->text).at);
    bool unstarted = cause->code == MG_E_CHILD;
    attempt->reply->fault = unstarted ? MG_LLM_ACCOUNT : MG_LLM_TEMPORARY;
    return MG_FAIL(attempt->err, unstarted ? MG_E_CONFIG : MG_E_HTTP, "%s", cause->text);
}

static enum mg_code complete(void *self, const struct mg_llm_request *request, struct mg_arena *arena, struct mg_llm_reply *reply, struct mg_err *err)
{
    const struct command *command = checked(self);
    struct mg_buf prompt = MG_BUF(MOST_PROMPT_BYTES);
    build_prompt(request, &prompt);
    *reply = (struct mg_llm_reply){ .stop = MG_LLM_END,
                                    .model = mg_arena_str(arena, command->options.model),
                                    .reported_micro_usd = MG_UNKNOWN_COST,
                                    .retry_after = -1,
                                    .request_bytes = (int64_t)prompt.len,
                                    .usage = { .input = (int64_t)prompt.len / 4 } };
    const char *const argv[] = { "/bin/sh", "-c", command->command, NULL };
    struct mg_program program = { .argv = argv,
                                  .input = mg_buf_view(&prompt),
                                  .deadline = mg_now() + request->seconds,
                                  .max_output = command->options.max_reply_bytes,
                                  .cancel = request->cancel };
    struct attempt attempt = { .arena = arena, .reply = reply, .err = err };
    struct mg_err cause = { .code = MG_OK };
    enum mg_code code = MG_OK;
    if (prompt.overflow) {
        reply->fault = MG_LLM_REQUEST;
        reply->usage = (struct mg_usage){ 0 };
        code = MG_FAIL(err, MG_E_HTTP, "the prompt is larger than %zu bytes", prompt.limit);
    } else if (mg_program_run(&program, arena, &attempt.end, &cause) != MG_OK) {
        code = judge_failure(&attempt, &cause);
    } else {
        code = judge_end(&attempt);
        reply->usage.output = (int64_t)attempt.end.output.len / 4;
        if (reply->fault == MG_LLM_ACCOUNT) /* there was no program to read the prompt */
            reply->usage = (struct mg_usage){ 0 };
    }
    mg_buf_free(&prompt);
    return code;
}

static void close_command(void *self)
{
    struct command *command = checked(self);
    command->magic = 0;
    mg_arena_free(command->arena);
}

static const struct mg_llm_ops ops = {
    .name = "command", .complete = complete, .request_bytes = request_bytes, .request_hash = request_hash, .close = close_command
};

struct mg_llm mg_llm_command_new(const struct mg_llm_command_options *options)
{
    struct mg_arena *arena = mg_arena_new();
    struct command *command = MG_NEW(arena, struct command);
    *command = (struct command){ .magic = MAGIC, .arena = arena, .command = mg_arena_cstr(arena, options->command), .options = *options };
    command->options.model = mg_arena_str(arena, options->model);
    return (struct mg_llm){ .ops = &ops, .self = command, .provider = MG_STR("command"), .model = command->options.model, .price = NULL };
}
