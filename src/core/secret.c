/* Finds secrets in text and puts a mark in their place. */
#include "core/secret.h"

#include "base/str.h"

#include <string.h>

static const struct mg_str mark = MG_STR_INIT("[redacted]");

bool mg_secrets_add(struct mg_secrets *secrets, struct mg_str secret)
{
    for (size_t i = 0; i < secrets->len; i++)
        if (mg_str_eq(secrets->at[i], secret))
            return true;
    if (secret.len < MG_SHORTEST_SECRET || secrets->len == MG_MOST_SECRETS)
        return false;
    secrets->at[secrets->len++] = secret;
    return true;
}

/* Bytes of the longest secret that stands at `at`; 0 when there is none. */
static size_t secret_at(const struct mg_secrets *secrets, struct mg_str text, size_t at)
{
    size_t left = text.len - at, longest = 0;
    for (size_t i = 0; secrets && i < secrets->len; i++) {
        struct mg_str secret = secrets->at[i];
        size_t length = secret.len < left ? secret.len : left;
        if (length >= MG_SHORTEST_SECRET && length > longest && memcmp(text.at + at, secret.at, length) == 0)
            longest = length;
    }
    return longest;
}

static bool ends_authority(char byte) { return (unsigned char)byte <= ' ' || strchr("/?#\"'<>`", byte) != NULL; }

/* `at` stands behind "://". Bytes of "user:password", or of a bare token of http; 0 when there is none. */
static size_t userinfo_at(struct mg_str text, size_t at)
{
    size_t end = at, found = at;
    bool password = false;
    for (; end < text.len && !ends_authority(text.at[end]); end++)
        if (text.at[end] == '@')
            found = end;
    for (size_t i = at; i < found; i++)
        password = password || text.at[i] == ':';
    bool http = mg_str_ends(mg_str_sub(text, 0, at), "http://") || mg_str_ends(mg_str_sub(text, 0, at), "https://");
    return password || http ? found - at : 0;
}

static size_t hidden_at(const struct mg_secrets *secrets, struct mg_str text, size_t at, bool urls)
{
    size_t secret = secret_at(secrets, text, at);
    size_t userinfo = urls && at >= 3 && memcmp(text.at + at - 3, "://", 3) == 0 ? userinfo_at(text, at) : 0;
    return secret > userinfo ? secret : userinfo;
}

static struct mg_str redact(struct mg_arena *arena, const struct mg_secrets *secrets, struct mg_str text, bool urls)
{
    if (text.len == 0 || ((!secrets || secrets->len == 0) && !urls))
        return text;
    size_t places = 0;
    for (size_t at = 0, length; at < text.len; at += length ? length : 1) {
        length = hidden_at(secrets, text, at, urls);
        places += length > 0;
    }
    if (places == 0)
        return text;
    char *clean = mg_arena_alloc(arena, text.len + places * mark.len + 1, 1);
    size_t written = 0;
    for (size_t at = 0, length; at < text.len; at += length ? length : 1) {
        length = hidden_at(secrets, text, at, urls);
        memcpy(clean + written, length ? mark.at : text.at + at, length ? mark.len : 1);
        written += length ? mark.len : 1;
    }
    return (struct mg_str){ clean, written };
}

struct mg_str mg_redact_code(struct mg_arena *arena, const struct mg_secrets *secrets, struct mg_str text)
{
    return redact(arena, secrets, text, false);
}

struct mg_str mg_redact(struct mg_arena *arena, const struct mg_secrets *secrets, struct mg_str text) { return redact(arena, secrets, text, true); }

void mg_redact_err(const struct mg_secrets *secrets, struct mg_err *err)
{
    if (!err)
        return;
    struct mg_arena *scratch = mg_arena_new();
    struct mg_str clean = mg_redact(scratch, secrets, mg_str_from(err->text));
    size_t length = clean.len < sizeof err->text ? clean.len : sizeof err->text - 1;
    memmove(err->text, clean.at, length);
    err->text[length] = '\0';
    mg_arena_free(scratch);
}

/* ---- whole records ---- */

struct redactor {
    struct mg_arena *arena;
    const struct mg_secrets *secrets;
};

static void message(const struct redactor *r, struct mg_str *text) { *text = mg_redact(r->arena, r->secrets, *text); }
static void code(const struct redactor *r, struct mg_str *text) { *text = mg_redact_code(r->arena, r->secrets, *text); }

static void messages(const struct redactor *r, struct mg_str *at, size_t count)
{
    for (size_t i = 0; i < count; i++)
        message(r, &at[i]);
}

void mg_redact_outcome(struct mg_arena *arena, const struct mg_secrets *secrets, struct mg_outcome *outcome)
{
    const struct redactor r = { arena, secrets };
    message(&r, &outcome->reason);
    code(&r, &outcome->imports);
    for (size_t i = 0; i < outcome->tests.len; i++) {
        code(&r, &outcome->tests.at[i].source);
        message(&r, &outcome->tests.at[i].reason);
    }
    for (size_t i = 0; i < outcome->mutants.len; i++) {
        struct mg_judged *judged = &outcome->mutants.at[i];
        code(&r, &judged->mutant.original);
        code(&r, &judged->mutant.replacement);
        code(&r, &judged->diff);
        code(&r, &judged->before.killer);
        code(&r, &judged->after.killer);
        message(&r, &judged->before.reason);
        message(&r, &judged->after.reason);
    }
    messages(&r, outcome->suspected_bugs.at, outcome->suspected_bugs.len);
    messages(&r, outcome->notes.at, outcome->notes.len);
}

void mg_redact_report(struct mg_arena *arena, const struct mg_secrets *secrets, struct mg_report *report)
{
    const struct redactor r = { arena, secrets };
    message(&r, &report->stop_reason);
    message(&r, &report->repo);
    message(&r, &report->model);
    message(&r, &report->next_step);
    for (size_t i = 0; i < report->notes.len; i++) {
        message(&r, &report->notes.at[i].subject);
        message(&r, &report->notes.at[i].text);
    }
}
