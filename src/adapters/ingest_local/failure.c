/* Reads output of pip, uv and of the builds that they run. */
#include "adapters/ingest_local/failure.h"

#include "base/base.h"
#include "base/str.h"
#include "core/secret.h"
#include "core/text.h"

#define REASON_LENGTH 200

static bool begins_or_has(struct mg_str text, const char *const *signs, size_t count, bool begins)
{
    for (size_t i = 0; i < count; i++)
        if (begins ? mg_str_starts(text, signs[i]) : mg_str_contains(text, signs[i]))
            return true;
    return false;
}

/* Frames and headlines: what they stand around says more. */
static bool says_nothing(struct mg_str line)
{
    static const char *const frames[] = { "note:",
                                          "hint:",
                                          "[end of output]",
                                          "[notice]",
                                          "WARNING:",
                                          "\xC3\x97 ",                 /* × */
                                          "\xE2\x94\x82",              /* │ */
                                          "\xE2\x95\xB0\xE2\x94\x80>", /* ╰─> */
                                          "error: subprocess-exited-with-error",
                                          "error: metadata-generation-failed",
                                          "error: legacy-install-failure",
                                          "error: failed-wheel-build-for-install",
                                          "ERROR: ResolutionImpossible",
                                          "ERROR: Failed building wheel",
                                          "ERROR: Failed to build" };
    return line.len == 0 || begins_or_has(line, frames, MG_COUNT(frames), true);
}

/* A compiler's complaint, else the first line that calls itself an error (uv draws with other characters than pip), else the last of all. */
struct mg_str mg_install_reason(struct mg_arena *arena, struct mg_str text)
{
    static const char *const compilers[] = { ": error: ", ": fatal error: " };
    static const char *const errors[] = { "ERROR:", "error:", "\xE2\x95\xB0\xE2\x94\x80\xE2\x96\xB6" /* ╰─▶ */ };
    struct mg_str line, whole = mg_str_trim(text), last = MG_NO_STR, error = MG_NO_STR, compiler = MG_NO_STR;
    while (mg_str_next_line(&text, &line)) {
        line = mg_str_trim(line);
        if (says_nothing(line))
            continue;
        last = line;
        if (error.len == 0 && begins_or_has(line, errors, MG_COUNT(errors), true))
            error = line;
        if (compiler.len == 0 && begins_or_has(line, compilers, MG_COUNT(compilers), false))
            compiler = line;
    }
    struct mg_str best = compiler.len ? compiler : error.len ? error : last.len ? last : whole;
    return mg_redact(arena, NULL, mg_text_line(arena, mg_str_fit(best, REASON_LENGTH)));
}

bool mg_install_is_network(struct mg_str text)
{
    static const char *const signs[] = { "Failed to establish a new connection",
                                         "NewConnectionError",
                                         "Temporary failure in name resolution",
                                         "Could not resolve",
                                         "dns error",
                                         "Network is unreachable",
                                         "tcp connect error",
                                         "Connection refused",
                                         "client error (Connect)",
                                         "Name or service not known",
                                         "Read timed out",
                                         "ConnectTimeoutError" };
    /* git, asked for a requirement that has an address of its own, is not the index */
    return begins_or_has(text, signs, MG_COUNT(signs), false) && !mg_str_contains(text, "fatal: unable to access");
}
