/* The wire formats with an HTTP peer in memory: requests byte by byte, answers, failures, and settings that cannot work.
 * That the formats are the providers' own is held by tests/oracles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "adapters/llm_http/llm_http.h"
#include "base/str.h"
#include "unit/scripted_http.h"

#define KEY "sk-secret-0123"

struct fixture {
    struct mg_arena *arena;
    struct scripted_http http;
    struct mg_llm_http_settings settings;
    struct mg_llm llm;
    bool open;
    struct mg_llm_request request;
    struct mg_llm_reply reply;
    struct mg_err err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->arena = mg_arena_new();
    f->settings = (struct mg_llm_http_settings){ .provider = MG_STR("anthropic"),
                                                 .key = MG_STR(KEY),
                                                 .effort = MG_STR("medium"),
                                                 .thinking = true,
                                                 .connect_seconds = 3,
                                                 .max_body = 1u << 20,
                                                 .ca_file = MG_STR("/ca.pem"),
                                                 .price_input = -1,
                                                 .price_output = -1 };
    f->request = (struct mg_llm_request){ .system = MG_STR("SYS"), .max_output_tokens = 512, .seconds = 42 };
    const struct mg_llm_part parts[] = { { MG_LLM_USER, MG_STR("a"), true },  { MG_LLM_USER, MG_STR("b\n"), false },
                                         { MG_LLM_USER, MG_STR("c"), false }, { MG_LLM_ASSISTANT, MG_STR("r"), false },
                                         { MG_LLM_USER, MG_NO_STR, true },    { MG_LLM_USER, MG_STR("\xff!"), false } };
    for (size_t i = 0; i < MG_COUNT(parts); i++)
        *MG_PUSH(f->arena, &f->request.parts) = parts[i];
    *state = f;
    return 0;
}

static void choose(struct fixture *f, const char *provider, const char *model, const char *base_url)
{
    f->settings.provider = mg_str_from(provider);
    f->settings.model = mg_str_from(model);
    f->settings.base_url = mg_str_from(base_url);
}

static void close_model(struct fixture *f)
{
    if (f->open)
        f->llm.ops->close(f->llm.self);
    f->open = false;
}

static enum mg_code call(struct fixture *f)
{
    close_model(f);
    enum mg_code code = mg_llm_http_new(&f->settings, scripted_http(&f->http), &f->llm, &f->err);
    if (code != MG_OK)
        fail_msg("%s", f->err.text);
    code = f->llm.ops->complete(f->llm.self, &f->request, f->arena, &f->reply, &f->err);
    assert_int_equal(f->reply.request_bytes, f->http.seen.body.len);
    assert_int_equal(f->llm.ops->request_bytes(f->llm.self, &f->request), f->http.seen.body.len);
    f->open = true; /* what the peer has seen is the model's */
    return code;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    close_model(f);
    mg_arena_free(f->arena);
    free(f);
    return 0;
}

static enum mg_code answered(struct fixture *f, long status, const char *body)
{
    f->http.status = status;
    f->http.body = mg_str_from(body);
    return call(f);
}

static void expect_text(struct mg_str text, const char *wanted)
{
    if (!mg_str_is(text, wanted))
        fail_msg("'%.*s' is not '%s'", MG_FMT(text), wanted);
}

static void expect_error(const struct fixture *f, const char *wanted)
{
    if (!strstr(f->err.text, wanted))
        fail_msg("'%s' does not say '%s'", f->err.text, wanted);
    assert_null(strstr(f->err.text, KEY));
    assert_null(strchr(f->err.text, '\n'));
}

/* ---- requests ---- */

static void anthropic_is_asked(void **state)
{
    struct fixture *f = *state;
    (void)answered(f, 200, "{}");
    expect_text(f->http.seen.url, "https://api.anthropic.com/v1/messages");
    expect_text(scripted_http_header(&f->http, "x-api-key"), KEY);
    expect_text(scripted_http_header(&f->http, "anthropic-version"), "2026-10-21");
    expect_text(scripted_http_header(&f->http, "content-type"), "application/json");
    expect_text(f->http.seen.body,
                "{\"model\":\"claude-sonnet-5-5\",\"max_tokens\":512,\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":\"medium\"},"
                "\"system\":\"SYS\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\",\"cache_control\":"
                "{\"type\":\"ephemeral\"}},{\"type\":\"text\",\"text\":\"b\\n\"},{\"type\":\"text\",\"text\":\"c\"}]},{\"role\":\"assistant\","
                "\"content\":[{\"type\":\"text\",\"text\":\"r\",\"cache_control\":{\"type\":\"ephemeral\"}}]},{\"role\":\"user\",\"content\":"
                "[{\"type\":\"text\",\"text\":\"\xef\xbf\xbd!\"}]}]}");
    assert_true(f->http.seen.seconds == 42 && f->http.seen.connect_seconds == 3 && f->http.seen.max_body == 1u << 20);
    expect_text(f->http.seen.ca_file, "/ca.pem");
}

/* An effort is lowered to what the model takes; some take none, some cannot be kept from thinking. */
static void models_get_what_they_take(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *provider, *model, *effort;
        bool thinking;
        const char *has, *lacks;
    } cases[] = {
        { "anthropic", "claude-sonnet-4-6", "xhigh", true, "\"effort\":\"high\"", "xhigh" },
        { "anthropic", "claude-sonnet-4-6", "max", true, "\"effort\":\"max\"", "xhigh" },
        { "anthropic", "claude-opus-4-8-20260528", "xhigh", false, "\"effort\":\"xhigh\"", "\"thinking\"" },
        { "anthropic", "claude-opus-4-5", "max", true, "\"effort\":\"high\"", "\"thinking\"" },
        { "anthropic", "claude-haiku-4-5-20251001", "max", true, "claude-haiku", "output_config" },
        { "anthropic", "claude-haiku-5-5", "max", false, "{\"type\":\"disabled\"},\"output_config\":{\"effort\":\"high\"}", "adaptive" },
        { "anthropic", "claude-sonnet-5-5", "low", false, "{\"type\":\"between_tools\"},\"output_config\":{\"effort\":\"low\"}", "adaptive" },
        { "anthropic", "claude-opus-5-5", "max", false, "\"effort\":\"max\"", "\"thinking\"" },
        { "anthropic", "claude-next-9", "max", true, "adaptive", "temperature" },
        { "openai", "gpt-6-luna", "max", true, "\"effort\":\"max\"", "xhigh" },
        { "openai", "gpt-5.6-sol", "max", true, "\"effort\":\"xhigh\"", "\"max\"" },
        { "openai", "gpt-5.4-pro", "low", true, "gpt-5.4-pro", "effort" },
        { "openai", "gpt-4.1", "low", true, "gpt-4.1", "effort" },
        { "openai", "gpt-5.7", "low", true, "gpt-5.7", "effort" }, /* not of the family gpt-5 */
        { "openrouter", "x/y", "max", true, "\"reasoning\":{\"effort\":\"xhigh\"}", "cache_control" },
        { "openrouter", "x/y", "low", false, "x/y", "reasoning" },
        { "gemini", "gemini-4-hydrogen", "max", true, "\"XHIGH\"", "Budget" },
        { "gemini", "gemini-3.8-flash", "max", true, "\"HIGH\"", "Budget" },
        { "gemini", "gemini-3.8-flash", "high", false, "\"LOW\"", "Budget" },
        { "gemini", "gemini-2.5-flash", "high", false, "\"thinkingBudget\":0", "Level" },
        { "gemini", "gemini-2.5-flash", "high", true, "contents", "thinking" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        choose(f, cases[i].provider, cases[i].model, "");
        f->settings.effort = mg_str_from(cases[i].effort);
        f->settings.thinking = cases[i].thinking;
        (void)answered(f, 200, "{}");
        if (!mg_str_contains(f->http.seen.body, cases[i].has) || mg_str_contains(f->http.seen.body, cases[i].lacks))
            fail_msg("case %zu: %.*s", i, MG_FMT(f->http.seen.body));
    }
}

static size_t count(struct mg_str text, const char *part)
{
    size_t found = 0;
    while (mg_str_contains(text, part)) {
        const char *hit = memmem(text.at, text.len, part, strlen(part));
        text = mg_str_sub(text, (size_t)(hit - text.at) + strlen(part), text.len);
        found++;
    }
    return found;
}

static void only_the_last_four_breakpoints_are_set(void **state)
{
    struct fixture *f = *state;
    f->request.parts.len = 0;
    for (size_t i = 0; i < 6; i++)
        *MG_PUSH(f->arena, &f->request.parts) = (struct mg_llm_part){ MG_LLM_USER, mg_arena_printf(f->arena, "p%zu", i), true };
    (void)answered(f, 200, "{}");
    assert_int_equal(count(f->http.seen.body, "cache_control"), 4);
    assert_true(mg_str_contains(f->http.seen.body, "\"p1\"},{") && mg_str_contains(f->http.seen.body, "\"p2\",\"cache_control\""));
}

static void openai_is_asked(void **state)
{
    struct fixture *f = *state;
    choose(f, "openai", "gpt-5.1", "");
    f->settings.effort = MG_STR("max");
    (void)answered(f, 200, "{}");
    expect_text(f->http.seen.url, "https://api.openai.com/v1/responses");
    expect_text(scripted_http_header(&f->http, "authorization"), "Bearer " KEY);
    expect_text(f->http.seen.body, "{\"model\":\"gpt-5.1\",\"instructions\":\"SYS\",\"input\":[{\"role\":\"user\",\"content\":\"a\\nb\\nc\"},"
                                   "{\"role\":\"assistant\",\"content\":\"r\"},{\"role\":\"user\",\"content\":\"\xef\xbf\xbd!\"}],"
                                   "\"max_output_tokens\":512,\"reasoning\":{\"effort\":\"high\"},\"store\":false}");
    f->settings.api = MG_STR("chat");
    (void)answered(f, 200, "{}");
    expect_text(f->http.seen.url, "https://api.openai.com/v1/chat/completions");
    expect_text(f->http.seen.body, "{\"model\":\"gpt-5.1\",\"messages\":[{\"role\":\"system\",\"content\":\"SYS\"},{\"role\":\"user\",\"content\":"
                                   "\"a\\nb\\nc\"},{\"role\":\"assistant\",\"content\":\"r\"},{\"role\":\"user\",\"content\":\"\xef\xbf\xbd!\"}],"
                                   "\"max_completion_tokens\":512,\"reasoning_effort\":\"high\"}");
}

static void gemini_is_asked(void **state)
{
    struct fixture *f = *state;
    choose(f, "gemini", "models/gemini-2.5-pro", "");
    f->settings.thinking = false;
    (void)answered(f, 200, "{}");
    expect_text(f->http.seen.url, "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:generateContent");
    expect_text(scripted_http_header(&f->http, "x-goog-api-key"), KEY);
    expect_text(f->http.seen.body,
                "{\"systemInstruction\":{\"parts\":[{\"text\":\"SYS\"}]},\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"a\"},"
                "{\"text\":\"b\\n\"},{\"text\":\"c\"}]},{\"role\":\"model\",\"parts\":[{\"text\":\"r\"}]},{\"role\":\"user\",\"parts\":"
                "[{\"text\":\"\xef\xbf\xbd!\"}]}],\"generationConfig\":{\"maxOutputTokens\":512,\"thinkingConfig\":{\"thinkingBudget\":128}}}");
    choose(f, "gemini", "a?b/../c", "");
    (void)answered(f, 200, "{}");
    expect_text(f->http.seen.url, "https://generativelanguage.googleapis.com/v1beta/models/a%3Fb/../c:generateContent");
}

static void a_server_of_ones_own_is_asked(void **state)
{
    struct fixture *f = *state;
    choose(f, "compatible", "qwen", "http://127.0.0.1:11434/v1/");
    f->settings.key = MG_NO_STR;
    (void)answered(f, 200, "{}");
    expect_text(f->http.seen.url, "http://127.0.0.1:11434/v1/chat/completions");
    assert_int_equal(scripted_http_header(&f->http, "authorization").len, 0);
    assert_true(mg_str_contains(f->http.seen.body, "\"max_tokens\":512}"));
    assert_null(f->llm.price);
    /* The openai provider with a base_url is such a server, unless the address is OpenAI's. */
    choose(f, "openai", "gpt-5", "http://127.0.0.1:11434");
    (void)answered(f, 200, "{}");
    assert_true(mg_str_contains(f->http.seen.body, "\"max_tokens\":512}"));
    choose(f, "openai", "gpt-5", "https://eu.api.openai.com/v1");
    (void)answered(f, 200, "{}");
    assert_true(mg_str_contains(f->http.seen.body, "\"max_completion_tokens\":512,\"reasoning_effort\":\"medium\"}"));
    choose(f, "openai", "gpt-5", "https://api.openai.com.example.org/v1");
    (void)answered(f, 200, "{}");
    assert_true(mg_str_contains(f->http.seen.body, "\"max_tokens\":512}"));
}

static void addresses_are_put_together(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *provider, *base, *url;
    } cases[] = {
        { "anthropic", "http://h:1", "http://h:1/v1/messages" },
        { "anthropic", "http://h:1/", "http://h:1/v1/messages" },
        { "anthropic", "http://h:1/v1", "http://h:1/v1/messages" },
        { "anthropic", " https://h/anthropic/ ", "https://h/anthropic/v1/messages" },
        { "anthropic", "https://h/v1/messages", "https://h/v1/messages" },
        { "openai", "http://h", "http://h/v1/chat/completions" },
        { "openai", "http://h/v1", "http://h/v1/chat/completions" },
        { "openai", "http://h/api/paas/v4/", "http://h/api/paas/v4/chat/completions" },
        { "openai", "http://h/openai", "http://h/openai/chat/completions" },
        { "openai", "http://h/v1/chat/completions", "http://h/v1/chat/completions" },
        { "openai", "http://[::1]:8080", "http://[::1]:8080/v1/chat/completions" },
        { "openrouter", "", "https://openrouter.ai/api/v1/chat/completions" },
        { "openrouter", "https://openrouter.ai", "https://openrouter.ai/api/v1/chat/completions" },
        { "gemini", "http://h", "http://h/v1beta/models/m:generateContent" },
        { "gemini", "http://h/v1", "http://h/v1/models/m:generateContent" },
        { "gemini", "http://h/gemini", "http://h/gemini/v1beta/models/m:generateContent" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        choose(f, cases[i].provider, "m", cases[i].base);
        (void)answered(f, 200, "{}");
        expect_text(f->http.seen.url, cases[i].url);
    }
}

static void settings_that_cannot_work_are_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *provider, *model, *base, *key, *api, *effort, *says;
    } cases[] = {
        { "compatible", "m", "", "", "", "", "needs the address of its server" },
        { "compatible", "", "http://h", "", "", "", "has no default model" },
        { "openrouter", "", "", "k", "", "", "provider openrouter has no default model" },
        { "anthropic", "", "", "", "", "", "set ANTHROPIC_API_KEY in" },
        { "openai", "", "", " ", "", "", "set OPENAI_API_KEY in" },
        { "gemini", "", "", "", "", "", "set GEMINI_API_KEY in" },
        { "openrouter", "a/b", "", "", "", "", "set OPENROUTER_API_KEY in" },
        { "anthropic", "", "", "a b", "", "", "the key in ANTHROPIC_API_KEY cannot be one" },
        { "anthropic", "", "", "a\r\nx-evil: 1", "", "", "cannot be one" },
        { "anthropic", "", "", "k", "responses", "", "llm.api = responses is for" },
        { "openai", "", "", "k", "soap", "", "llm.api must be" },
        { "openai", "", "", "k", "", "huge", "llm.effort must be" },
        { "openai", "a b", "", "k", "", "", "the model's name" },
        { "openai", "", "ftp://h", "k", "", "", "llm.base_url must begin with http" },
        { "openai", "", "localhost:80", "k", "", "", "llm.base_url must begin with http" },
        { "openai", "", "http://", "k", "", "", "no host" },
        { "openai", "", "http://h/\tx", "k", "", "", "control character" },
        { "openai", "", "http://u:p@h/v1", "k", "", "", "user name or password" },
        { "openai", "", "http://h/v1?key=x", "k", "", "", "before any '?'" },
        { "carrier pigeon", "", "", "k", "", "", "'carrier pigeon' is no provider" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        choose(f, cases[i].provider, cases[i].model, cases[i].base);
        f->settings.key = mg_str_from(cases[i].key);
        f->settings.api = mg_str_from(cases[i].api);
        f->settings.effort = mg_str_from(cases[i].effort);
        assert_int_equal(mg_llm_http_new(&f->settings, scripted_http(&f->http), &f->llm, &f->err), MG_E_CONFIG);
        expect_error(f, cases[i].says);
    }
    assert_int_equal(f->http.calls, 0);
}

static void the_price_is_known_from_the_start(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mg_llm_http_new(&f->settings, scripted_http(&f->http), &f->llm, &f->err), MG_OK);
    expect_text(f->llm.model, "claude-sonnet-5-5");
    assert_true(f->llm.price->input == 2);
    f->llm.ops->close(f->llm.self);
    f->settings.price_input = 7;
    f->settings.price_output = 9;
    assert_int_equal(mg_llm_http_new(&f->settings, scripted_http(&f->http), &f->llm, &f->err), MG_OK);
    assert_true(f->llm.price->input == 7 && f->llm.price->output == 9);
    f->llm.ops->close(f->llm.self);
    f->settings.price_output = -1;
    f->settings.model = MG_STR("new");
    assert_int_equal(mg_llm_http_new(&f->settings, scripted_http(&f->http), &f->llm, &f->err), MG_E_CONFIG);
}

static struct mg_str hash_of(struct fixture *f)
{
    assert_int_equal(mg_llm_http_new(&f->settings, scripted_http(&f->http), &f->llm, &f->err), MG_OK);
    struct mg_str hash = f->llm.ops->request_hash(f->llm.self, &f->request, f->arena);
    f->llm.ops->close(f->llm.self);
    assert_int_equal(hash.len, 64);
    return hash;
}

/* Whatever decides the reply is in it, and nothing else. */
static void the_hash_names_the_reply(void **state)
{
    struct fixture *f = *state;
    choose(f, "gemini", "m", "");
    struct mg_str first = hash_of(f), other;
    f->settings.key = MG_STR("another-key");
    f->settings.base_url = MG_STR("http://127.0.0.1:4000");
    f->settings.connect_seconds = 1;
    f->request.seconds = 1;
    f->request.purpose = MG_STR("repair");
    other = hash_of(f);
    assert_true(mg_str_eq(first, other));
    f->settings.model = MG_STR("n");
    other = hash_of(f);
    assert_false(mg_str_eq(first, other));
    f->settings.model = MG_STR("m");
    f->request.max_output_tokens++;
    other = hash_of(f);
    assert_false(mg_str_eq(first, other));
    f->request.max_output_tokens--;
    f->request.parts.at[0].text = MG_STR("A");
    other = hash_of(f);
    assert_false(mg_str_eq(first, other));
}

/* ---- answers ---- */

static void a_reply_is_read(void **state)
{
    struct fixture *f = *state;
    static const char *const headers[] = { "request-id: req_7", NULL };
    f->http.headers = headers;
    assert_int_equal(answered(f, 200,
                              "\xef\xbb\xbf{\"type\":\"message\",\"model\":\"claude-x\",\"content\":[{\"type\":\"thinking\",\"text\":\"no\"},"
                              "{\"type\":\"text\",\"text\":\"be \xfe\\ud800\\ud83d\\ude00\\\\ud800\\udc00 " KEY
                              "\"}],\"stop_reason\":\"max_tokens\",\"usage\":{\"input_tokens\":5,"
                              "\"cache_read_input_tokens\":6,\"cache_creation_input_tokens\":7,\"output_tokens\":8}}"),
                     MG_OK);
    /* Half a pair, a whole pair, an escaped backslash, half a pair; and a peer that echoes the key. */
    expect_text(f->reply.text, "be \xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x98\x80\\ud800\xef\xbf\xbd [key]");
    assert_int_equal(f->reply.stop, MG_LLM_TRUNCATED);
    expect_text(f->reply.request_id, "req_7");
    expect_text(f->reply.model, "claude-x");
    assert_memory_equal(&f->reply.usage, (&(struct mg_usage){ 5, 6, 7, 8, true }), offsetof(struct mg_usage, known) + 1);
    assert_int_equal(f->reply.reported_micro_usd, MG_UNKNOWN_COST);
    assert_true(f->reply.fault == MG_LLM_NO_FAULT && !f->reply.unanswered && f->reply.retry_after < 0);
}

#define CHOICE(content) "{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"content\":" content "}}]"

static void usage_that_is_not_told_is_estimated(void **state)
{
    struct fixture *f = *state;
    choose(f, "compatible", "m", "http://h");
    static const char body[] = CHOICE("\"hello\"") ",\"usage\":{\"prompt_tokens\":5}}";
    assert_int_equal(answered(f, 200, body), MG_OK);
    assert_false(f->reply.usage.known);
    assert_int_equal(f->reply.usage.input, (f->reply.request_bytes + 3) / 4);
    assert_int_equal(f->reply.usage.output, (sizeof body + 2) / 4);
}

static void chat_usage_does_not_overlap(void **state)
{
    struct fixture *f = *state;
    choose(f, "openrouter", "a/b", "");
    static const struct {
        const char *usage;
        struct mg_usage is;
        int64_t cost;
    } cases[] = {
        { "\"prompt_tokens\":100,\"completion_tokens\":9,\"prompt_tokens_details\":{\"cached_tokens\":80,\"cache_write_tokens\":15}",
          { 5, 80, 15, 9, true },
          -1 },
        { "\"prompt_tokens\":100,\"completion_tokens\":9,\"prompt_tokens_details\":{\"cached_tokens\":800,\"cache_write_tokens\":15}",
          { 0, 100, 0, 9, true },
          -1 },
        { "\"prompt_tokens\":100,\"completion_tokens\":9,\"total_tokens\":159", { 100, 0, 0, 59, true }, -1 }, /* thinking left out */
        { "\"prompt_tokens\":100,\"completion_tokens\":9,\"prompt_cache_hit_tokens\":60", { 40, 60, 0, 9, true }, -1 },
        { "\"prompt_tokens\":1,\"completion_tokens\":1,\"cost\":0.0012345678", { 1, 0, 0, 1, true }, 1235 },
        { "\"prompt_tokens\":1,\"completion_tokens\":1,\"cost\":0", { 1, 0, 0, 1, true }, 0 },
        { "\"prompt_tokens\":1,\"completion_tokens\":1,\"cost\":-3", { 1, 0, 0, 1, true }, -1 },
        { "\"prompt_tokens\":1,\"completion_tokens\":1,\"cost\":0.01,\"is_byok\":true,\"cost_details\":{\"upstream_inference_cost\":0.02}",
          { 1, 0, 0, 1, true },
          30000 },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_str body = mg_arena_printf(f->arena, CHOICE("\"x\"") ",\"usage\":{%s}}", cases[i].usage);
        assert_int_equal(answered(f, 200, body.at), MG_OK);
        const struct mg_usage *seen = &f->reply.usage, *is = &cases[i].is;
        if (seen->input != is->input || seen->cache_read != is->cache_read || seen->cache_write != is->cache_write || seen->output != is->output ||
            !seen->known || f->reply.reported_micro_usd != cases[i].cost)
            fail_msg("case %zu: %d %d %d %d, %d", i, (int)seen->input, (int)seen->cache_read, (int)seen->cache_write, (int)seen->output,
                     (int)f->reply.reported_micro_usd);
    }
}

static void a_proxys_cost_is_taken(void **state)
{
    struct fixture *f = *state;
    choose(f, "openai", "m", "http://h");
    static const char *const told[] = { "x-litellm-response-cost: 0.00015", NULL }, *const zero[] = { "x-litellm-response-cost: 0.0", NULL };
    f->http.headers = told;
    assert_int_equal(answered(f, 200, CHOICE("\"x\"") "}"), MG_OK);
    assert_int_equal(f->reply.reported_micro_usd, 150);
    f->http.headers = zero; /* it may not know the model */
    assert_int_equal(answered(f, 200, CHOICE("\"x\"") "}"), MG_OK);
    assert_int_equal(f->reply.reported_micro_usd, MG_UNKNOWN_COST);
}

static void thinking_is_taken_out(void **state)
{
    struct fixture *f = *state;
    choose(f, "compatible", "m", "http://h");
    static const struct {
        const char *said, *meant;
    } cases[] = {
        { "<think>a\\nb</think>\\n\\nhello", "hello" },
        { "\\n<think>a</think>hello", "hello" },
        { "<think></think><think>x</think>\\nhello\\n", "hello\n" },
        { "so I think\\n</think>\\n\\nhello", "hello" },
        { "try ```x``` first\\n</think>\\nhello", "hello" },
        { "<think>never ends ```python\\nx\\n```", "" },
        { "one\\n<think>two</think>\\nthree", "one\n\nthree" },
        { "```python\\n<think>x</think>\\n```\\n", "```python\n<think>x</think>\n```\n" },
        { "```python\\nassert strip('</think>') == ''\\n```", "```python\nassert strip('</think>') == ''\n```" },
        { "the tag <think> is kept", "the tag <think> is kept" },
        { "first\\n<think> not closed", "first\n<think> not closed" },
        { "  indented stays", "  indented stays" },
        { "", "" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_str body = mg_arena_printf(f->arena, CHOICE("\"%s\"") "}", cases[i].said);
        assert_int_equal(answered(f, 200, body.at), MG_OK);
        expect_text(f->reply.text, cases[i].meant);
    }
    assert_int_equal(answered(f, 200, CHOICE("[{\"type\":\"thinking\",\"thinking\":[]},{\"type\":\"text\",\"text\":\"hello\"}]") "}"), MG_OK);
    expect_text(f->reply.text, "hello");
    assert_int_equal(answered(f, 200, CHOICE("null") "}"), MG_OK);
    expect_text(f->reply.text, "");
}

/* ---- failures ---- */

struct failing {
    long status;
    const char *body;
    enum mg_llm_fault fault;
    const char *says;
};

static void expect_failures(struct fixture *f, const struct failing *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(answered(f, cases[i].status, cases[i].body), MG_E_HTTP);
        if (f->reply.fault != cases[i].fault)
            fail_msg("case %zu: fault %d: %s", i, (int)f->reply.fault, f->err.text);
        expect_error(f, cases[i].says);
        bool no_reply = strstr(f->err.text, "no JSON") || strstr(f->err.text, "JSON without"); /* a model may have worked on it */
        assert_int_equal(f->reply.unanswered, no_reply);
        assert_int_equal(f->reply.text.len, 0);
    }
}

static void statuses_are_told_apart(void **state)
{
    struct fixture *f = *state;
    static const struct failing cases[] = {
        { 400, "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"a\\nb\"}}", MG_LLM_REQUEST,
          "anthropic answered 400 invalid_request_error: a b" },
        { 401, "{\"error\":{\"type\":\"authentication_error\",\"message\":\"bad " KEY "\"}}", MG_LLM_ACCOUNT,
          "bad [key] (the key in ANTHROPIC_API_KEY)" },
        { 402, "", MG_LLM_ACCOUNT, "anthropic answered 402" },
        { 403, "{}", MG_LLM_ACCOUNT, "403" },
        { 403, "{\"error\":{\"message\":\"not allowed\"}}", MG_LLM_ACCOUNT, "not allowed" },
        { 404, "not here", MG_LLM_REQUEST, "404" },
        { 404, "{\"error\":{\"message\":\"model: claude-nope\"}}", MG_LLM_ACCOUNT, "claude-nope" },
        { 408, "", MG_LLM_TEMPORARY, "408" },
        { 409, "", MG_LLM_TEMPORARY, "409" },
        { 413, "", MG_LLM_REQUEST, "413" },
        { 422, "{\"detail\":[{\"msg\":\"field required\"}]}", MG_LLM_REQUEST, "422: field required" },
        { 429, "", MG_LLM_TEMPORARY, "429" },
        { 500, "<html>oops", MG_LLM_TEMPORARY, "500" },
        { 503, "{\"error\":\"loading model\"}", MG_LLM_TEMPORARY, "503: loading model" },
        { 529, "", MG_LLM_TEMPORARY, "529" },
        { 302, "", MG_LLM_ACCOUNT, "302: redirected to '', which is not followed" },
        { 200, "<html>Sign in</html>", MG_LLM_REQUEST,
          "200, but that is no JSON, so not an answer of Anthropic Messages; it begins with '<html>Sign in</html>'" },
        { 200, "{\"content\":[", MG_LLM_REQUEST, "no JSON" },
        { 200, "", MG_LLM_REQUEST, "no JSON" },
        { 200, "[]", MG_LLM_REQUEST, "JSON without an answer of Anthropic Messages" },
        { 204, "", MG_LLM_REQUEST, "204" },
    };
    expect_failures(f, cases, MG_COUNT(cases));
}

static void words_of_providers_are_final(void **state)
{
    struct fixture *f = *state;
    static const struct failing cases[] = {
        { 429, "{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"pay\"}}", MG_LLM_ACCOUNT, "insufficient_quota: pay" },
        { 429, "{\"error\":{\"type\":\"rate_limit_error\",\"details\":{\"error_code\":\"enforced_spend_limit_reached\"}}}", MG_LLM_ACCOUNT,
          "enforced" },
        { 400, "{\"error\":{\"message\":\"Your credit balance is too low\"}}", MG_LLM_ACCOUNT, "credit" },
        { 400, "{\"error\":{\"message\":\"/chat: Invalid model name passed in model=x\",\"code\":\"400\"}}", MG_LLM_ACCOUNT, "Invalid model" },
        { 400, "{\"object\":\"error\",\"message\":\"The model `x` does not exist.\",\"type\":\"NotFoundError\",\"code\":404}", MG_LLM_ACCOUNT,
          "does not" },
        { 400, "{\"error\":{\"message\":\"max_tokens is too large for this model\"}}", MG_LLM_REQUEST, "too large" },
        { 429, "[{\"error\":{\"code\":429,\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"violations\":[{\"quotaId\":\"RequestsPerDay\"}]}]}}]",
          MG_LLM_ACCOUNT, "RESOURCE" },
        { 403, "{\"error\":{\"code\":403,\"message\":\"flagged\",\"metadata\":{\"reasons\":[\"violence\"],\"flagged_input\":\"x\"}}}", MG_LLM_REQUEST,
          "flagged" },
        { 502, "{\"error\":{\"code\":502,\"message\":\"Provider returned error\",\"metadata\":{\"raw\":\"overloaded\",\"provider_name\":\"X\"}}}",
          MG_LLM_TEMPORARY, "Provider returned error: overloaded" },
    };
    expect_failures(f, cases, MG_COUNT(cases));
}

static void an_error_inside_a_200_is_a_failure(void **state)
{
    struct fixture *f = *state;
    choose(f, "openrouter", "a/b", "");
    static const struct failing cases[] = {
        { 200, "{\"error\":{\"code\":502,\"message\":\"down\"}}", MG_LLM_TEMPORARY, "openrouter answered 200 with an error inside: down" },
        { 200, "{\"error\":{\"type\":\"server_error\",\"message\":\"x\"}}", MG_LLM_TEMPORARY, "with an error inside: server_error: x" },
        { 200, "{\"error\":{\"code\":402,\"message\":\"no credits\"}}", MG_LLM_ACCOUNT, "no credits" },
        { 200, "{\"error\":{\"code\":400,\"message\":\"bad\"}}", MG_LLM_REQUEST, "bad" },
        { 200, "{\"error\":{\"message\":\"who knows\"}}", MG_LLM_TEMPORARY, "who knows" },
        { 200, "{\"choices\":[{\"error\":{\"code\":429,\"message\":\"slow\"},\"finish_reason\":\"error\",\"message\":{\"content\":\"par\"}}]}",
          MG_LLM_TEMPORARY, "slow" },
        { 200, "{\"choices\":[{\"finish_reason\":\"error\",\"message\":{\"content\":\"par\"}}]}", MG_LLM_TEMPORARY, "broke off" },
        { 200, "{\"choices\":[]}", MG_LLM_REQUEST, "JSON without an answer of Chat" },
    };
    expect_failures(f, cases, MG_COUNT(cases));
    choose(f, "openai", "gpt-5", "");
    static const struct failing responses[] = {
        { 200, "{\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"x\"},\"output\":[]}", MG_LLM_TEMPORARY, "server_error: x" },
        { 200, "{\"status\":\"failed\",\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"x\"},\"output\":[]}", MG_LLM_TEMPORARY, "rate" },
        { 200, "{\"status\":\"failed\",\"error\":{\"code\":\"invalid_prompt\",\"message\":\"x\"},\"output\":[]}", MG_LLM_REQUEST, "invalid_prompt" },
        { 200, "{\"status\":\"cancelled\",\"error\":null,\"output\":[]}", MG_LLM_TEMPORARY, "the response is cancelled" },
        { 200, "{\"status\":\"queued\",\"error\":null,\"output\":[]}", MG_LLM_REQUEST, "JSON without" },
    };
    expect_failures(f, responses, MG_COUNT(responses));
}

static void a_failed_call_still_tells_its_usage(void **state)
{
    struct fixture *f = *state;
    choose(f, "openrouter", "a/b", "");
    assert_int_equal(
        answered(f, 200, "{\"error\":{\"code\":502,\"message\":\"x\"},\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3,\"cost\":0.5}}"),
        MG_E_HTTP);
    assert_true(f->reply.usage.known && f->reply.usage.input == 7 && f->reply.reported_micro_usd == 500000);
    assert_false(f->reply.unanswered);
    assert_int_equal(answered(f, 200, "garbage"), MG_E_HTTP); /* worked on, and paid for */
    assert_true(f->reply.unanswered && !f->reply.usage.known && f->reply.usage.input > 0 && f->reply.usage.output > 0);
    assert_int_equal(answered(f, 500, "garbage"), MG_E_HTTP);
    assert_true(!f->reply.usage.known && f->reply.usage.input == 0 && f->reply.usage.output == 0);
}

static void waiting_is_understood(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *headers[3];
        long status;
        double wait;
        enum mg_llm_fault fault;
    } cases[] = {
        { { "retry-after: 12" }, 429, 12, MG_LLM_TEMPORARY },
        { { "retry-after: 1.5" }, 503, 1.5, MG_LLM_TEMPORARY },
        { { "retry-after-ms: 250", "retry-after: 9" }, 429, 0.25, MG_LLM_TEMPORARY },
        { { "retry-after: Fri, 31 Dec 1999 23:59:59 GMT" }, 429, 0, MG_LLM_TEMPORARY },
        { { "retry-after: Wed, 25 Nov 2026 10:01:30 GMT", "date: Wed, 25 Nov 2026 10:00:00 GMT" }, 429, 90, MG_LLM_TEMPORARY },
        { { "retry-after: Wednesday, 25-Nov-26 10:01:30 GMT", "date: Wed, 25 Nov 2026 10:00:00 GMT" }, 429, 90, MG_LLM_TEMPORARY },
        { { "retry-after: Wed Nov 25 10:01:30 2026", "date: Wed, 25 Nov 2026 10:00:00 GMT" }, 429, 90, MG_LLM_TEMPORARY },
        { { "retry-after: 1e300" }, 429, 1e9, MG_LLM_TEMPORARY },
        { { "retry-after: -5" }, 429, -1, MG_LLM_TEMPORARY },
        { { "retry-after: nan" }, 429, -1, MG_LLM_TEMPORARY },
        { { "retry-after: tomorrow" }, 429, -1, MG_LLM_TEMPORARY },
        { { "retry-after: 60" }, 402, 60, MG_LLM_TEMPORARY }, /* the next slice of a limit */
        { { "x-should-retry: true" }, 400, -1, MG_LLM_TEMPORARY },
        { { "x-should-retry: false" }, 429, -1, MG_LLM_TEMPORARY },
        { { "x-should-retry: false" }, 401, -1, MG_LLM_ACCOUNT },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        f->http.headers = cases[i].headers;
        assert_int_equal(answered(f, cases[i].status, ""), MG_E_HTTP);
        double wait = f->reply.retry_after;
        if ((cases[i].wait < 0 ? wait >= 0 : wait < cases[i].wait - 1e-9 || wait > cases[i].wait + 1e-9) || f->reply.fault != cases[i].fault ||
            f->reply.no_retry != (strcmp(cases[i].headers[0], "x-should-retry: false") == 0))
            fail_msg("case %zu: %f, fault %d", i, wait, (int)f->reply.fault);
    }
}

static void what_never_came_back_is_told(void **state)
{
    struct fixture *f = *state;
    static const struct {
        enum mg_code from, to;
        enum mg_llm_fault fault;
    } cases[] = {
        { MG_E_HTTP, MG_E_HTTP, MG_LLM_TEMPORARY },   { MG_E_TIMEOUT, MG_E_TIMEOUT, MG_LLM_TEMPORARY },
        { MG_E_LIMIT, MG_E_HTTP, MG_LLM_REQUEST },    { MG_E_CANCELLED, MG_E_CANCELLED, MG_LLM_TEMPORARY },
        { MG_E_CONFIG, MG_E_CONFIG, MG_LLM_ACCOUNT },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        f->http.code = cases[i].from;
        f->http.text = "api.anthropic.com:443: broken";
        f->http.unsent = i % 2;
        assert_int_equal(call(f), cases[i].to);
        assert_int_equal(f->err.code, cases[i].to);
        assert_int_equal(f->reply.fault, cases[i].fault);
        assert_int_equal(f->reply.unanswered, !(i % 2));
        expect_error(f, "anthropic: api.anthropic.com:443: broken");
        assert_int_equal(strstr(f->err.text, "(llm.max_response_mb)") != NULL, cases[i].from == MG_E_LIMIT); /* what to turn */
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(anthropic_is_asked),
        TEST(models_get_what_they_take),
        TEST(only_the_last_four_breakpoints_are_set),
        TEST(openai_is_asked),
        TEST(gemini_is_asked),
        TEST(a_server_of_ones_own_is_asked),
        TEST(addresses_are_put_together),
        TEST(settings_that_cannot_work_are_refused),
        TEST(the_price_is_known_from_the_start),
        TEST(the_hash_names_the_reply),
        TEST(a_reply_is_read),
        TEST(usage_that_is_not_told_is_estimated),
        TEST(chat_usage_does_not_overlap),
        TEST(a_proxys_cost_is_taken),
        TEST(thinking_is_taken_out),
        TEST(statuses_are_told_apart),
        TEST(words_of_providers_are_final),
        TEST(an_error_inside_a_200_is_a_failure),
        TEST(a_failed_call_still_tells_its_usage),
        TEST(waiting_is_understood),
        TEST(what_never_came_back_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
