/* Finds .env, and looks variables up in the environment first. */
#include "cli/keys.h"
#include "adapters/llm_http/llm_http.h"
#include "base/str.h"
#include "os/file.h"
#include <stdlib.h>

#define FILE_LIMIT ((size_t)64 << 10)
#define OUR_PREFIX "MUTAGEN_"

/* Settings by variable. `from_file`: a .env may set it, too. */
static const struct setting {
    const char *name, *key;
    bool from_file;
} settings[] = {
    { "MUTAGEN_PROVIDER", "provider", false },     { "MUTAGEN_MODEL", "llm.model", true },
    { "MUTAGEN_BASE_URL", "llm.base_url", false }, { "MUTAGEN_EFFORT", "llm.effort", true },
    { "MUTAGEN_STRATEGY", "llm.strategy", true },  { "MUTAGEN_MAX_COST_USD", "orchestrator.max_cost_usd", false },
};

/* A second name of a key, looked at when the first one is not set. The first ones are the adapter's: mg_llm_http_key_env. */
static const struct {
    const char *provider, *name;
} other_names[] = { { "gemini", "GOOGLE_API_KEY" } };

/* Providers are the words of the setting. */
static bool next_provider(struct mg_str *rest, struct mg_str *provider) { return mg_str_next_part(rest, ' ', provider); }
static struct mg_str all_providers(void) { return mg_str_from(mg_setting_find(MG_STR("provider"))->words); }

static const char *other_name(struct mg_str provider)
{
    for (size_t i = 0; i < MG_COUNT(other_names); i++)
        if (mg_str_is(provider, other_names[i].provider))
            return other_names[i].name;
    return NULL;
}

static bool is_key_name(struct mg_str name)
{
    struct mg_str rest = all_providers(), provider;
    while (next_provider(&rest, &provider)) {
        const char *first = mg_llm_http_key_env(provider), *second = other_name(provider);
        if ((first && mg_str_is(name, first)) || (second && mg_str_is(name, second)))
            return true;
    }
    return false;
}

static const struct setting *setting_of(struct mg_str name)
{
    for (size_t i = 0; i < MG_COUNT(settings); i++)
        if (mg_str_is(name, settings[i].name))
            return &settings[i];
    return NULL;
}

/* ---- the file ---- */

static void keep(struct mg_env *env, struct mg_arena *arena, const struct mg_dotenv_entry *entry)
{
    for (size_t i = 0; i < env->entries.len; i++)
        if (mg_str_eq(env->entries.at[i].name, entry->name)) {
            env->entries.at[i].value = entry->value;
            return;
        }
    *MG_PUSH(arena, &env->entries) = *entry;
}

static void read_file(struct mg_env *env, struct mg_arena *arena)
{
    struct mg_str text;
    struct mg_err why = { .code = MG_OK };
    struct mg_dotenv all;
    if (mg_file_read_own(arena, mg_arena_cstr(arena, env->file), FILE_LIMIT, &text, &why) != MG_OK) {
        env->problem = mg_arena_str(arena, mg_str_from(why.text));
        return;
    }
    mg_dotenv_read(arena, text, &all);
    for (size_t i = 0; i < all.len; i++) {
        const struct setting *setting = setting_of(all.at[i].name);
        if (setting && !setting->from_file)
            *MG_PUSH(arena, &env->ignored) = all.at[i].name;
        else if (mg_str_starts(all.at[i].name, OUR_PREFIX) || is_key_name(all.at[i].name))
            keep(env, arena, &all.at[i]);
    }
}

void mg_env_load(struct mg_env *env, struct mg_arena *arena, struct mg_str directory)
{
    *env = (struct mg_env){ .file = MG_NO_STR };
    while (directory.len > 0) {
        struct mg_str path = mg_path_join(arena, directory, MG_STR(".env"));
        if (mg_file_is_there(path.at) && !mg_file_is_dir(path.at)) {
            env->file = path;
            read_file(env, arena);
            return;
        }
        size_t slash = mg_str_rfind(directory, '/');
        directory = slash == 0 && directory.len > 1 ? MG_STR("/") : mg_str_sub(directory, 0, slash < directory.len ? slash : 0);
    }
}

/* ---- looking up ---- */

static struct mg_str in_file(const struct mg_env *env, struct mg_str name)
{
    for (size_t i = 0; i < env->entries.len; i++)
        if (mg_str_eq(env->entries.at[i].name, name))
            return env->entries.at[i].value;
    return MG_NO_STR;
}

/* An empty variable counts as one that is not set. */
static struct mg_key look_up(const struct mg_env *env, struct mg_str name)
{
    char variable[128];
    struct mg_key key = { .name = name };
    if (name.len == 0 || name.len >= sizeof variable)
        return key;
    for (size_t i = 0; i < name.len; i++)
        variable[i] = name.at[i];
    variable[name.len] = '\0';
    key.value = mg_str_trim(mg_str_from(getenv(variable)));
    key.from = MG_STR("environment");
    if (key.value.len == 0) {
        key.value = mg_str_trim(in_file(env, name));
        key.from = env->file;
    }
    return key;
}

enum mg_code mg_env_settings(const struct mg_env *env, struct mg_arena *arena, struct mg_config *config, struct mg_err *err)
{
    for (size_t i = 0; i < MG_COUNT(settings); i++) {
        struct mg_key found = look_up(env, mg_str_from(settings[i].name));
        if (found.value.len == 0)
            continue;
        const char *origin = settings[i].name;
        if (mg_str_eq(found.from, env->file))
            origin = mg_arena_printf(arena, "%s in %.*s", origin, MG_FMT(env->file)).at;
        MG_TRY(mg_config_set(config, arena, mg_str_from(settings[i].key), found.value, origin, err));
    }
    return MG_OK;
}

struct mg_key mg_key_find(const struct mg_env *env, struct mg_str provider, struct mg_str key_env)
{
    if (key_env.len)
        return look_up(env, key_env);
    struct mg_key first = look_up(env, mg_str_from(mg_llm_http_key_env(provider)));
    const char *other = other_name(provider);
    bool from_file = first.value.len > 0 && mg_str_eq(first.from, env->file);
    if (!other || (first.value.len && !from_file))
        return first;
    struct mg_key second = look_up(env, mg_str_from(other));
    bool second_from_file = second.value.len > 0 && mg_str_eq(second.from, env->file);
    /* The environment wins over the file, by whichever name. */
    return second.value.len && (first.value.len == 0 || !second_from_file) ? second : first;
}

void mg_keys_list(const struct mg_env *env, struct mg_arena *arena, struct mg_keys *keys)
{
    struct mg_str rest = all_providers(), provider;
    *keys = (struct mg_keys){ NULL, 0, 0 };
    while (next_provider(&rest, &provider)) {
        const char *const names[] = { mg_llm_http_key_env(provider), other_name(provider) };
        for (size_t i = 0; i < MG_COUNT(names); i++) {
            struct mg_key key = look_up(env, mg_str_from(names[i]));
            if (key.value.len)
                *MG_PUSH(arena, keys) = key;
        }
    }
}

static void hide(struct mg_secrets *secrets, struct mg_str value)
{
    (void)mg_secrets_add(secrets, value); /* too short to be a key, or one of too many: cannot be hidden */
}

void mg_keys_hide(const struct mg_env *env, struct mg_str key_env, struct mg_secrets *secrets)
{
    struct mg_str rest = all_providers(), provider;
    hide(secrets, look_up(env, key_env).value);
    hide(secrets, look_up(env, MG_STR("MUTAGEN_EMBEDDING_API_KEY")).value);
    while (next_provider(&rest, &provider)) {
        hide(secrets, look_up(env, mg_str_from(mg_llm_http_key_env(provider))).value);
        hide(secrets, look_up(env, mg_str_from(other_name(provider))).value);
    }
    /* Of the file also what the environment overrides; its other keys last, for room is limited and anyone may have written them. */
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < env->entries.len; i++) {
            struct mg_str name = env->entries.at[i].name;
            bool others = mg_str_ends(name, "_KEY") && secrets->len + 1 < MG_MOST_SECRETS; /* a key_env told later needs a place */
            if (pass == 0 ? is_key_name(name) : others)
                hide(secrets, mg_str_trim(env->entries.at[i].value));
        }
}
