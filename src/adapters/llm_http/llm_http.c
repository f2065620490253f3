/* The adapter: settings are checked once, then each call is one attempt. */
#include "adapters/llm_http/llm_http.h"

#include "adapters/llm_http/internal.h"
#include "base/hash.h"
#include "base/str.h"

#define MAGIC 0x4c4c4d48u

static const struct provider {
    const char *name, *key_env;
    const struct mg_llm_format *format;
} providers[] = {
    { "anthropic", "ANTHROPIC_API_KEY", &mg_llm_anthropic },
    { "openai", "OPENAI_API_KEY", &mg_llm_openai_chat },
    { "gemini", "GEMINI_API_KEY", &mg_llm_gemini },
    { "openrouter", "OPENROUTER_API_KEY", &mg_llm_openrouter },
    { "compatible", "MUTAGEN_LLM_API_KEY", &mg_llm_openai_chat },
};

static const struct provider *provider_find(struct mg_str name)
{
    for (size_t i = 0; i < MG_COUNT(providers); i++)
        if (mg_str_is(name, providers[i].name))
            return &providers[i];
    return NULL;
}

const char *mg_llm_http_key_env(struct mg_str provider)
{
    const struct provider *found = provider_find(provider);
    return found ? found->key_env : NULL;
}

static struct mg_llm_http *from(void *self)
{
    struct mg_llm_http *llm = self;
    MG_ASSERT(llm && llm->magic == MAGIC);
    return llm;
}

/* ---- operations ---- */

/* Nothing came back that could be judged. */
static enum mg_code unheard(const struct mg_llm_http *llm, enum mg_code code, const struct mg_http_response *response, struct mg_llm_reply *reply,
                            struct mg_err *err)
{
    reply->unanswered = response->sent;
    reply->fault = code == MG_E_CONFIG ? MG_LLM_ACCOUNT : code == MG_E_LIMIT ? MG_LLM_REQUEST : MG_LLM_TEMPORARY;
    if (err)
        (void)mg_err_prefix(err, "%.*s", MG_FMT(llm->provider));
    if (err && code == MG_E_LIMIT) {
        struct mg_err said = *err;
        code = MG_FAIL(err, MG_E_HTTP, "%s (llm.max_response_mb)", said.text);
    }
    if (code == MG_E_TIMEOUT || code == MG_E_CANCELLED || code == MG_E_CONFIG)
        return code;
    if (err)
        err->code = MG_E_HTTP;
    return MG_E_HTTP;
}

static enum mg_code complete(void *self, const struct mg_llm_request *request, struct mg_arena *arena, struct mg_llm_reply *reply, struct mg_err *err)
{
    const struct mg_llm_http *llm = from(self);
    *reply = (struct mg_llm_reply){ .retry_after = -1, .reported_micro_usd = MG_UNKNOWN_COST };
    struct mg_http_request http;
    mg_llm_http_request(llm, request, arena, &http);
    reply->request_bytes = (int64_t)http.body.len;
    struct mg_http_response response = { 0 };
    enum mg_code code = llm->http.ops->send(llm->http.self, &http, arena, &response, err);
    return code == MG_OK ? mg_llm_http_judge(llm, &response, arena, reply, err) : unheard(llm, code, &response, reply, err);
}

static int64_t request_bytes(void *self, const struct mg_llm_request *request)
{
    struct mg_arena *arena = mg_arena_new();
    struct mg_http_request http;
    mg_llm_http_request(from(self), request, arena, &http);
    int64_t bytes = (int64_t)http.body.len;
    mg_arena_free(arena);
    return bytes;
}

/* The address and the key are left out: a reply that was recorded through a proxy is the same reply. Of Gemini the model is in the address
 * only, so it is put in for all. */
static struct mg_str request_hash(void *self, const struct mg_llm_request *request, struct mg_arena *arena)
{
    const struct mg_llm_http *llm = from(self);
    struct mg_http_request http;
    mg_llm_http_request(llm, request, arena, &http);
    struct mg_str all = mg_arena_printf(arena, "%s\n%.*s\n%.*s", llm->format->name, MG_FMT(llm->model), MG_FMT(http.body));
    return mg_sha256_hex(arena, all, 64);
}

static void close_model(void *self)
{
    struct mg_llm_http *llm = from(self);
    llm->magic = 0;
    mg_arena_free(llm->arena);
}

/* One table a provider: the name is what reports show. */
static const struct mg_llm_ops ops[MG_COUNT(providers)] = {
    { "anthropic", complete, request_bytes, request_hash, close_model },  { "openai", complete, request_bytes, request_hash, close_model },
    { "gemini", complete, request_bytes, request_hash, close_model },     { "openrouter", complete, request_bytes, request_hash, close_model },
    { "compatible", complete, request_bytes, request_hash, close_model },
};

/* ---- settings ---- */

static enum mg_code choose_format(const struct mg_llm_http_settings *settings, const struct provider *provider, const struct mg_llm_format **format,
                                  struct mg_err *err)
{
    *format = provider->format;
    bool responses = mg_str_is(settings->api, "responses"), automatic = settings->api.len == 0 || mg_str_is(settings->api, "auto");
    if (!responses && !automatic && !mg_str_is(settings->api, "chat"))
        return MG_FAIL(err, MG_E_CONFIG, "llm.api must be auto, chat or responses, not '%.*s'", MG_FMT(mg_str_sub(settings->api, 0, 40)));
    if (provider->format != &mg_llm_openai_chat)
        return responses ? MG_FAIL(err, MG_E_CONFIG, "llm.api = responses is for the providers openai and compatible, not %s", provider->name)
                         : MG_OK;
    if (responses || (automatic && settings->base_url.len == 0))
        *format = &mg_llm_openai_responses;
    return MG_OK;
}

static enum mg_code check_model(struct mg_str model, const char *provider, struct mg_err *err)
{
    if (model.len == 0)
        return MG_FAIL(err, MG_E_CONFIG, "provider %s has no default model: name one (--model, or model under [llm])", provider);
    bool plain = model.len <= 256 && mg_str_is_utf8(model);
    for (size_t i = 0; i < model.len; i++)
        plain = plain && (unsigned char)model.at[i] > ' ' && model.at[i] != 0x7f;
    return plain ? MG_OK : MG_FAIL(err, MG_E_CONFIG, "the model's name is longer than 256 bytes, or has a blank or a control character in it");
}

/* Only a server of one's own does without a key. */
static enum mg_code check_key(const struct mg_llm_http *llm, const struct provider *provider, bool own_server, struct mg_err *err)
{
    if (llm->key.len == 0 && !own_server)
        return MG_FAIL(err, MG_E_CONFIG, "provider %s needs a key: set %.*s in the environment or in a .env file", provider->name,
                       MG_FMT(llm->key_env));
    return mg_peer_check_key(llm->key, llm->key_env, err);
}

static bool effort_of(struct mg_str word, enum mg_effort *effort)
{
    *effort = MG_EFFORT_MEDIUM;
    if (word.len == 0)
        return true;
    for (*effort = MG_EFFORT_LOW; *effort <= MG_EFFORT_MAX; (*effort)++)
        if (mg_str_is(word, mg_effort_word(*effort)))
            return true;
    return false;
}

/* OpenAI's own hosts, regional ones too, when they are written out as base_url. */
static bool is_itself(struct mg_str provider, struct mg_str base_url, struct mg_str url)
{
    struct mg_str host = mg_peer_host(url);
    return base_url.len == 0 || (mg_str_is(provider, "openai") && (mg_str_ends(host, ".openai.com")));
}

static enum mg_code fill(struct mg_llm_http *llm, const struct mg_llm_http_settings *settings, const struct provider *provider,
                         const struct mg_price **price, struct mg_err *err)
{
    struct mg_str base_url = mg_str_trim(settings->base_url);
    llm->provider = mg_str_from(provider->name);
    llm->model = mg_arena_str(llm->arena, settings->model.len ? settings->model : mg_str_from(mg_default_model(llm->provider)));
    llm->key = mg_arena_str(llm->arena, mg_str_trim(settings->key));
    llm->key_env = mg_arena_str(llm->arena, settings->key_env.len ? settings->key_env : mg_str_from(provider->key_env));
    llm->ca_file = mg_arena_str(llm->arena, settings->ca_file);
    llm->thinking = settings->thinking;
    llm->connect_seconds = settings->connect_seconds;
    llm->max_body = settings->max_body;
    if (mg_str_is(llm->provider, "compatible") && base_url.len == 0)
        return MG_FAIL(err, MG_E_CONFIG,
                       "provider compatible needs the address of its server: --base-url, or base_url under [llm], as in http://127.0.0.1:11434/v1");
    MG_TRY(choose_format(settings, provider, &llm->format, err));
    MG_TRY(check_model(llm->model, provider->name, err));
    MG_TRY(mg_peer_url(&llm->format->place, base_url, llm->format->endpoint(llm->model, llm->arena), "llm.base_url", llm->arena, &llm->url, err));
    MG_TRY(check_key(llm, provider, base_url.len > 0, err));
    llm->itself = is_itself(llm->provider, base_url, llm->url);
    if (!effort_of(settings->effort, &llm->effort))
        return MG_FAIL(err, MG_E_CONFIG, "llm.effort must be low, medium, high, xhigh or max, not '%.*s'",
                       MG_FMT(mg_str_sub(settings->effort, 0, 40)));
    return mg_price_choose(llm->provider, llm->model, settings->price_input, settings->price_output, &llm->own_price, price, err);
}

enum mg_code mg_llm_http_new(const struct mg_llm_http_settings *settings, struct mg_http http, struct mg_llm *model, struct mg_err *err)
{
    const struct provider *provider = provider_find(settings->provider);
    if (!provider)
        return MG_FAIL(err, MG_E_CONFIG, "'%.*s' is no provider of a model over HTTP", MG_FMT(mg_str_sub(settings->provider, 0, 40)));
    struct mg_arena *arena = mg_arena_new();
    struct mg_llm_http *llm = MG_NEW(arena, struct mg_llm_http);
    llm->arena = arena;
    llm->http = http;
    const struct mg_price *price = NULL;
    enum mg_code code = fill(llm, settings, provider, &price, err);
    if (code != MG_OK) {
        mg_arena_free(arena);
        return code;
    }
    llm->magic = MAGIC;
    *model = (struct mg_llm){ &ops[provider - providers], llm, llm->provider, llm->model, price };
    return MG_OK;
}
