/* Finds .env, and looks variables up in the environment first. */
#include "cli/keys.h"
#include "adapters/llm_http/llm_http.h"
#include "base/str.h"
#include "core/nearest.h"
#include "os/file.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_LIMIT ((size_t)64 << 10)
#define OUR_PREFIX "MUTAGEN_"

/* Short names of settings. */
static const struct {
    const char *name, *key;
} short_names[] = {
    { "MUTAGEN_MODEL", "llm.model" },       { "MUTAGEN_BASE_URL", "llm.base_url" },
    { "MUTAGEN_EFFORT", "llm.effort" },     { "MUTAGEN_MAX_COST_USD", "orchestrator.max_cost_usd" },
    { "MUTAGEN_STRATEGY", "llm.strategy" },
};
/* Not harmless, and still a .env may say them. */
static const char *const also_from_file[] = { "llm.model", "llm.effort", "llm.strategy" };

/* Variables that mean something else than a setting. The last ones are of our own tests. */
static const char *const other_variables[] = { "MUTAGEN_PYTHON", "MUTAGEN_CONFIG",     "MUTAGEN_BINARY",
                                               "MUTAGEN_BIN",    "MUTAGEN_FRAMEWORKS", "MUTAGEN_FAULTS" };

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

bool mg_is_key_name(struct mg_str name)
{
    struct mg_str rest = all_providers(), provider;
    while (next_provider(&rest, &provider)) {
        const char *first = mg_llm_http_key_env(provider), *second = other_name(provider);
        if ((first && mg_str_is(name, first)) || (second && mg_str_is(name, second)))
            return true;
    }
    return false;
}

static const char *short_name_of(const struct mg_setting *setting)
{
    for (size_t i = 0; i < MG_COUNT(short_names); i++)
        if (strcmp(setting->key, short_names[i].key) == 0)
            return short_names[i].name;
    return NULL;
}

static bool has_variable(const struct mg_setting *setting) { return strcmp(setting->key, "python") != 0; }

/* The setting that a variable of that name sets; NULL when none does. */
static const struct mg_setting *setting_of(struct mg_str name, struct mg_arena *arena)
{
    size_t count;
    const struct mg_setting *settings = mg_settings(&count);
    for (size_t i = 0; i < count; i++) {
        const char *other = short_name_of(&settings[i]);
        if (has_variable(&settings[i]) && (mg_str_eq(name, mg_setting_variable(&settings[i], arena)) || (other && mg_str_is(name, other))))
            return &settings[i];
    }
    return NULL;
}

static bool may_stand_in_file(const struct mg_setting *setting)
{
    for (size_t i = 0; i < MG_COUNT(also_from_file); i++)
        if (strcmp(setting->key, also_from_file[i]) == 0)
            return true;
    return setting->harmless;
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
        const struct mg_setting *setting = setting_of(all.at[i].name, arena);
        if (setting && !may_stand_in_file(setting))
            *MG_PUSH(arena, &env->ignored) = all.at[i].name;
        else if (mg_str_starts(all.at[i].name, OUR_PREFIX) || mg_is_key_name(all.at[i].name))
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

static enum mg_code set_by_variable(struct mg_config *config, struct mg_arena *arena, const struct mg_setting *setting, struct mg_str value,
                                    const char *origin, struct mg_err *err)
{
    struct mg_str key = mg_str_from(setting->key), part;
    mg_config_empty_list(config, key);
    if (setting->kind != MG_SETTING_LIST || setting->words)
        return mg_config_set(config, arena, key, value, origin, err);
    while (mg_str_next_part(&value, ',', &part))
        MG_TRY(mg_config_set(config, arena, key, mg_str_trim(part), origin, err));
    return MG_OK;
}

enum mg_code mg_env_settings(const struct mg_env *env, struct mg_arena *arena, struct mg_config *config, struct mg_err *err)
{
    size_t count;
    const struct mg_setting *settings = mg_settings(&count);
    for (size_t i = 0; i < count; i++) {
        struct mg_str name = mg_setting_variable(&settings[i], arena);
        struct mg_key found = has_variable(&settings[i]) ? look_up(env, name) : (struct mg_key){ .name = name };
        if (found.value.len == 0 && short_name_of(&settings[i]))
            found = look_up(env, mg_str_from(short_name_of(&settings[i])));
        if (found.value.len == 0)
            continue;
        const char *origin = mg_arena_cstr(arena, found.name);
        if (mg_str_eq(found.from, env->file))
            origin = mg_arena_printf(arena, "%s in %.*s", origin, MG_FMT(env->file)).at;
        MG_TRY(set_by_variable(config, arena, &settings[i], found.value, origin, err));
    }
    return MG_OK;
}

static bool means_something(struct mg_str name, const struct mg_config *config, struct mg_arena *arena)
{
    for (size_t i = 0; i < MG_COUNT(other_variables); i++)
        if (mg_str_is(name, other_variables[i]))
            return true;
    return setting_of(name, arena) || mg_str_ends(name, "_KEY") || mg_str_starts(name, "MUTAGEN_TEST_") || mg_str_eq(name, config->llm.key_env);
}

static void nearer_variable(struct mg_str typed, struct mg_str name, struct mg_str *nearest, unsigned *best)
{
    unsigned distance = mg_edit_distance(typed, name);
    if (distance < *best) {
        *best = distance;
        *nearest = name;
    }
}

void mg_env_unknown(const struct mg_config *config, struct mg_arena *arena, struct mg_names *lines)
{
    size_t count;
    const struct mg_setting *settings = mg_settings(&count);
    for (char **at = environ; *at; at++) {
        struct mg_str whole = mg_str_from(*at), name = mg_str_sub(whole, 0, mg_str_find(whole, '=', 0)), nearest = MG_NO_STR;
        unsigned best = UINT32_MAX;
        if (!mg_str_starts(name, OUR_PREFIX) || means_something(name, config, arena))
            continue;
        for (size_t i = 0; i < count; i++) {
            nearer_variable(name, mg_setting_variable(&settings[i], arena), &nearest, &best);
            if (short_name_of(&settings[i]))
                nearer_variable(name, mg_str_from(short_name_of(&settings[i])), &nearest, &best);
        }
        struct mg_str shown = mg_str_sub(name, 0, 80);
        if (mg_near_enough(mg_str_sub(name, sizeof OUR_PREFIX - 1, name.len), best))
            *MG_PUSH(arena, lines) = mg_arena_printf(arena, "the variable %.*s means nothing; did you mean %.*s?", MG_FMT(shown), MG_FMT(nearest));
        else
            *MG_PUSH(arena, lines) = mg_arena_printf(arena, "the variable %.*s means nothing (`mutagen config` lists the settings)", MG_FMT(shown));
    }
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
            if (pass == 0 ? mg_is_key_name(name) : others)
                hide(secrets, mg_str_trim(env->entries.at[i].value));
        }
}
