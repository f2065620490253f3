/* Wiring of a model: transport, wire format, record or replay, ledger and retries, prompts, retrieval. */
#include "cli/model.h"
#include "adapters/embed_hashing/embed_hashing.h"
#include "adapters/http_curl/http_curl.h"
#include "adapters/llm_command/llm_command.h"
#include "adapters/llm_http/embed_http.h"
#include "adapters/llm_http/llm_http.h"
#include "adapters/llm_replay/llm_replay.h"
#include "adapters/retrieve_vectors/retrieve_vectors.h"
#include "base/str.h"
#include "cli/tell.h"
#include "generate/model/model.h"
#include "os/file.h"
#include "services/embedding_calls.h"
#include "services/model_calls.h"

#define TEMPLATE_LIMIT (1u << 18)

bool mg_wants_model(const struct mg_config *config) { return !mg_str_is(config->provider, "search") && !mg_str_is(config->llm.strategy, "search"); }

static enum mg_code read_prompts(struct mg_app *app, struct mg_prompts *prompts, struct mg_err *err)
{
    mg_prompts_builtin(prompts);
    struct mg_str folder = app->config.llm.prompts;
    if (folder.len == 0)
        return MG_OK;
    const char *path = mg_arena_cstr(app->arena, folder);
    if (!mg_file_is_dir(path))
        return MG_FAIL(err, MG_E_CONFIG, "llm.prompts: %s is no folder; `mutagen prompts --into DIR` writes the templates", path);
    for (size_t i = 0; i < MG_PROMPT_COUNT; i++) {
        const char *file = mg_arena_cstr(app->arena, mg_path_join(app->arena, folder, mg_str_from(prompts->file[i])));
        if (mg_file_exists(file))
            MG_TRY(mg_file_read(app->arena, file, TEMPLATE_LIMIT, &prompts->text[i], err));
    }
    return mg_prompts_check(prompts, err);
}

/* A key may be missing because the file it stands in was not read. */
static void say_unread_env(const struct mg_app *app, const struct mg_key *key)
{
    if (key->value.len == 0 && app->env.problem.len)
        mg_tell(app, "no key in %.*s, and a .env was passed over: %.*s", MG_FMT(key->name), MG_FMT(app->env.problem));
}

static enum mg_code open_http_llm(struct mg_app *app, struct mg_http http, bool dry_run, struct mg_llm *llm, struct mg_err *err)
{
    const struct mg_config *config = &app->config;
    struct mg_key key = mg_key_find(&app->env, config->provider, config->llm.key_env);
    if (!dry_run)
        say_unread_env(app, &key);
    struct mg_llm_http_settings settings = { .provider = config->provider,
                                             .model = config->llm.model,
                                             .base_url = config->llm.base_url,
                                             .api = config->llm.api,
                                             .key = key.value.len == 0 && dry_run ? MG_STR("none-for-a-dry-run") : key.value,
                                             .key_env = key.name,
                                             .effort = config->llm.effort,
                                             .thinking = config->llm.thinking,
                                             .connect_seconds = config->llm.connect_timeout_seconds,
                                             .max_body = (size_t)config->llm.max_response_mb << 20,
                                             .ca_file = config->llm.ca_file,
                                             .price_input = config->llm.price_input,
                                             .price_output = config->llm.price_output };
    return mg_llm_http_new(&settings, http, llm, err);
}

static enum mg_code open_command(struct mg_app *app, struct mg_llm *llm, struct mg_err *err)
{
    const struct mg_config *config = &app->config;
    if (config->llm.command.len == 0)
        return MG_FAIL(err, MG_E_CONFIG, "provider command needs a program: --command 'claude -p', or command under [llm]");
    static struct mg_price own; /* as long as the model: the program's */
    *llm = mg_llm_command_new(&(struct mg_llm_command_options){
        .command = config->llm.command, .model = config->llm.model, .max_reply_bytes = (size_t)config->llm.max_response_mb << 20 });
    return mg_price_choose(config->provider, config->llm.model, config->llm.price_input, config->llm.price_output, &own, &llm->price, err);
}

/* Who is asked, without ledger and record. */
static enum mg_code open_llm(struct mg_app *app, struct mg_http http, bool dry_run, struct mg_llm *llm, struct mg_err *err)
{
    const struct mg_config *config = &app->config;
    if (mg_str_is(config->provider, "command"))
        return open_command(app, llm, err);
    if (mg_str_is(config->provider, "replay") && config->llm.replay.len == 0)
        return MG_FAIL(err, MG_E_CONFIG, "provider replay needs llm.replay, the folder of the recorded replies");
    if (mg_str_is(config->provider, "replay"))
        return mg_llm_player_new(config->llm.replay, llm, err);
    return open_http_llm(app, http, dry_run, llm, err);
}

/* The model's key goes to the model's own address only; without any address it is OpenAI that is asked. */
static struct mg_key embedding_key(const struct mg_app *app, struct mg_str base)
{
    const struct mg_config *config = &app->config;
    if (base.len == 0)
        return mg_key_find(&app->env, MG_STR("openai"), MG_NO_STR);
    if (mg_str_eq(base, config->llm.base_url))
        return mg_key_find(&app->env, config->provider, config->llm.key_env);
    return mg_key_find(&app->env, MG_STR("compatible"), MG_STR("MUTAGEN_EMBEDDING_API_KEY"));
}

/* What a model's calls and those of an embedder have in common. */
static struct mg_model_calls_setup calls_setup(const struct mg_app *app, struct mg_str run_id, const struct mg_run_services *services)
{
    struct mg_model_calls_setup setup = { .store = services->store,
                                          .clock = services->clock,
                                          .progress = services->progress,
                                          .secrets = &app->secrets,
                                          .run_id = run_id,
                                          .deadline = services->time_limit,
                                          .seed = (uint64_t)app->config.generation.seed };
    mg_model_calls_configure(&setup, &app->config);
    return setup;
}

static enum mg_code open_http_embedder(struct mg_app *app, struct mg_http http, struct mg_str run_id, struct mg_composed *composed,
                                       struct mg_err *err)
{
    const struct mg_config *config = &app->config;
    struct mg_str base = config->generation.embedding_base_url.len ? config->generation.embedding_base_url : config->llm.base_url;
    struct mg_key key = embedding_key(app, base);
    say_unread_env(app, &key);
    MG_TRY(mg_embed_http_new(&(struct mg_embed_http_settings){ .base_url = base,
                                                               .model = config->generation.embedding_model,
                                                               .key = key.value,
                                                               .key_env = key.name,
                                                               .connect_seconds = config->llm.connect_timeout_seconds,
                                                               .seconds = config->llm.timeout_seconds,
                                                               .max_body = (size_t)config->llm.max_response_mb << 20,
                                                               .ca_file = config->llm.ca_file },
                             http, &composed->embedder, err));
    struct mg_embedding_calls_setup setup = { .embedder = composed->embedder,
                                              .model = config->generation.embedding_model,
                                              .price = config->generation.embedding_price,
                                              .shared = calls_setup(app, run_id, &composed->services) };
    return mg_embedding_calls_new(&setup, &composed->embedder, err);
}

static enum mg_code open_retriever(struct mg_app *app, struct mg_http http, const struct mg_run_request *request, struct mg_composed *composed,
                                   struct mg_err *err)
{
    const struct mg_config *config = &app->config;
    bool hashing = mg_str_is(config->generation.embedder, "hashing");
    if (!config->generation.use_retrieval)
        return MG_OK;
    if (request->dry_run && !hashing) {
        mg_tell(app, "a dry run asks no embedding model either: examples of style are chosen by name here");
        return MG_OK;
    }
    if (hashing)
        composed->embedder = mg_embed_hashing_new(app->arena, MG_HASHING_DIMENSION);
    else
        MG_TRY(open_http_embedder(app, http, request->run_id, composed, err));
    composed->retriever = mg_retrieve_vectors_new(composed->embedder);
    return MG_OK;
}

static enum mg_code put_ledger_around(struct mg_app *app, struct mg_str run_id, const struct mg_run_services *services, struct mg_llm *llm,
                                      struct mg_err *err)
{
    struct mg_model_calls_setup setup = calls_setup(app, run_id, services);
    setup.llm = *llm;
    setup.turn = services->turn;
    struct mg_llm calls;
    enum mg_code code = mg_model_calls_new(&setup, &calls, err);
    if (code == MG_OK)
        *llm = calls;
    return code;
}

enum mg_code mg_compose_model(struct mg_app *app, const struct mg_run_request *request, struct mg_composed *composed, struct mg_err *err)
{
    struct mg_model_settings settings = { 0 };
    struct mg_http http = mg_http_curl();
    struct mg_llm *llm = &composed->llm;
    MG_TRY(read_prompts(app, &settings.prompts, err));
    MG_TRY(open_llm(app, http, request->dry_run, llm, err));
    if (app->config.llm.record.len) {
        struct mg_llm inner = *llm;
        *llm = (struct mg_llm){ 0 };
        MG_TRY(mg_llm_recorder_new(inner, app->config.llm.record, llm, err));
    }
    MG_TRY(put_ledger_around(app, request->run_id, &composed->services, llm, err));
    MG_TRY(open_retriever(app, http, request, composed, err));
    settings.llm = *llm;
    settings.retriever = composed->retriever;
    composed->services.model = mg_model_new(app->arena, &settings);
    return MG_OK;
}

void mg_compose_model_close(struct mg_composed *composed)
{
    if (composed->retriever.ops)
        composed->retriever.ops->close(composed->retriever.self);
    if (composed->embedder.ops)
        composed->embedder.ops->close(composed->embedder.self);
    if (composed->llm.ops)
        composed->llm.ops->close(composed->llm.self);
}
