/* Keys of providers and settings by variable: from the environment, or from a .env file that may belong to somebody else.
 *
 * The nearest file named .env, upward from the current directory, is read (a folder of that name is passed over). It may lie in the repo under
 * test and come from anyone, so of what it says only this counts:
 *   - keys: ANTHROPIC_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY, GOOGLE_API_KEY, OPENROUTER_API_KEY, and every name that begins with MUTAGEN_
 *     when it is asked for as a key (MUTAGEN_LLM_API_KEY, or llm.key_env = "MUTAGEN_…");
 *   - settings that are harmless (core/config.h), and MUTAGEN_MODEL, MUTAGEN_EFFORT and MUTAGEN_STRATEGY, for they change only how a
 *     provider is used that you named yourself, within the limits that you set.
 * Who is asked, where, and for how much money (MUTAGEN_PROVIDER, MUTAGEN_BASE_URL, MUTAGEN_MAX_COST_USD, …) is taken from the environment alone.
 * Nothing is put into the process environment. The environment wins over the file. A symbolic link, a device, a file of another user and
 * one over 64 KiB are not read. */
#ifndef MG_KEYS_H
#define MG_KEYS_H

#include "base/arena.h"
#include "base/base.h"
#include "cli/dotenv.h"
#include "core/config.h"
#include "core/secret.h"

struct mg_env {
    struct mg_str file;             /* the .env that was found; empty = none */
    struct mg_str problem;          /* why it was not read, in one line; empty */
    struct mg_dotenv entries;       /* names that may count at all; of each the last */
    MG_LIST(struct mg_str) ignored; /* settings that it says in vain: "MUTAGEN_BASE_URL" */
};

/* `directory` is absolute. Never fails: what is wrong with the file matters only to who needs it. */
void mg_env_load(struct mg_env *env, struct mg_arena *arena, struct mg_str directory);

/* Settings by variable: flags win over them, they win over the file. Each has the one of mg_setting_variable, and six a short one, too, such
 * as MUTAGEN_MODEL; `python` has none, for MUTAGEN_PYTHON is the interpreter of repos that have none of their own. A list is written
 * with commas. MG_E_CONFIG names the variable. */
MG_MUST_CHECK enum mg_code mg_env_settings(const struct mg_env *env, struct mg_arena *arena, struct mg_config *config, struct mg_err *err);

/* Variables of the environment that begin with MUTAGEN_ and mean nothing, each with a line that says so: slips of the pen. */
void mg_env_unknown(const struct mg_config *config, struct mg_arena *arena, struct mg_names *lines);

struct mg_key {
    struct mg_str name;  /* of the variable, also when it is not set; empty when the provider needs none */
    struct mg_str value; /* empty = not set */
    struct mg_str from;  /* "environment", or the file's path */
};
/* The key for a provider: from `key_env` when that is not empty, else from the provider's own variables. */
struct mg_key mg_key_find(const struct mg_env *env, struct mg_str provider, struct mg_str key_env);
/* Whether a variable is where some provider's key stands. */
bool mg_is_key_name(struct mg_str name);
/* All keys that are set, by variable, for doctor. */
struct mg_keys {
    MG_VEC(struct mg_key)
};
void mg_keys_list(const struct mg_env *env, struct mg_arena *arena, struct mg_keys *keys);

/* Every key in sight: of all providers and embedders, of `key_env`, and as many as there is room for of what the file calls MUTAGEN_…_KEY.
 * May be called again when `key_env` is known: there is a place left for it. */
void mg_keys_hide(const struct mg_env *env, struct mg_str key_env, struct mg_secrets *secrets);

#endif
