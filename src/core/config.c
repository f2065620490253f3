/* The table of settings and everything that reads it: defaults, flags, TOML, help. */
#include "core/config.h"
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/nearest.h"
#include "core/toml.h"

/* clang-format off */
#define INT(key, field, low, high, initial, harmless, help) { key, MG_SETTING_INT, offsetof(struct mg_config, field), low, high, NULL, initial, harmless, help }
#define FLOAT(key, field, low, high, initial, harmless, help) { key, MG_SETTING_FLOAT, offsetof(struct mg_config, field), low, high, NULL, initial, harmless, help }
#define WORD(key, field, words, initial, harmless, help) { key, MG_SETTING_WORD, offsetof(struct mg_config, field), 0, 0, words, initial, harmless, help }
#define TEXT(key, field, initial, harmless, help) { key, MG_SETTING_TEXT, offsetof(struct mg_config, field), 0, 0, NULL, initial, harmless, help }
#define BOOL(key, field, initial, harmless, help) { key, MG_SETTING_BOOL, offsetof(struct mg_config, field), 0, 0, NULL, initial, harmless, help }
#define LIST(key, field, words, harmless, help) { key, MG_SETTING_LIST, offsetof(struct mg_config, field), 0, 0, words, "", harmless, help }

/* The table in python/operators.h has the same names in the same order; a test holds them together. */
#define OPERATORS \
    "ROR MIR LCR COI COD AOR BOR ASR UOD CRP-num CRP-bool RVR SDL BCR ZIL OIL EXS EXR SIR CRP-str CRP-none ARG ARG-key MSW CNT MCR DEF DDL XMT"

static const struct mg_setting settings[] = {
    FLOAT("score_threshold", score_threshold, 0, 1, "0", true, "exit 2 when the run's score is below; 0 = off"),
    LIST("targets", targets, NULL, true, "only targets whose qualified name matches one of these globs"),
    INT("jobs", jobs, 0, 1024, "0", true, "mutant processes at once; 0 = number of processors"),
    TEXT("python", python, "", false, "the repo's interpreter; empty = search"),
    WORD("provider", provider, "search anthropic openai gemini openrouter compatible command replay", "search", false, "who writes the tests: search needs no key; the others serve a model"),
    FLOAT("mutation.score_threshold", mutation.score_threshold, 0, 1, "0.8", true, "score a target must reach for its tests to be kept"),
    WORD("mutation.keep", mutation.keep, "threshold improving", "threshold", true, "keep tests at the threshold, or any that improve the score"),
    INT("mutation.max_mutants", mutation.max_mutants, 0, 1000000, "0", true, "mutants per target; 0 = all"),
    INT("mutation.level", mutation.level, 1, 3, "2", true, "operators up to this level"),
    INT("mutation.verify", mutation.verify, 0, 1000000, "0", true, "verdicts replayed on disk with plain pytest, half of them survivors"),
    BOOL("mutation.static", mutation.static_mutants, "false", true, "mutate what runs on import too, a new interpreter each"),
    WORD("mutation.backend", mutation.backend, "engine mutmut", "engine", false, "who makes mutants and verdicts; mutmut is installed by pip on first use"),
    TEXT("mutation.mutmut_site", mutation.mutmut_site, "", false, "folder with the packages of mutmut 3; empty = installed into the storage root"),
    LIST("mutation.operators", mutation.operators, OPERATORS, true, "names: only these; +NAME: also this one, all levels; -NAME: not this one"),
    INT("orchestrator.max_targets", orchestrator.max_targets, 0, 1000000, "0", true, "targets worked on, over all sessions of a run; 0 = unlimited"),
    FLOAT("orchestrator.max_wallclock_seconds", orchestrator.max_wallclock_seconds, 0, 1e9, "0", true, "working time of a run, over all its sessions; 0 = unlimited"),
    INT("orchestrator.max_parallel_targets", orchestrator.max_parallel_targets, 1, 64, "1", true, "targets at once, for the time a model takes to answer"),
    FLOAT("orchestrator.max_cost_usd", orchestrator.max_cost_usd, 0, 1e9, "1", false, "USD for model calls, over all sessions of a run; 0 = unlimited"),
    INT("orchestrator.max_tokens", orchestrator.max_tokens, 0, 9007199254740991.0, "0", false, "tokens of model calls, over all sessions of a run; 0 = unlimited"),
    INT("orchestrator.max_repair_attempts", orchestrator.max_repair_attempts, 0, 20, "2", true, "times a model may repair its tests, per target"),
    INT("orchestrator.max_strengthen_attempts", orchestrator.max_strengthen_attempts, 0, 20, "2", true, "times a model may go for mutants that are left, per target"),
    FLOAT("sandbox.test_timeout_seconds", sandbox.test_timeout_seconds, 0.1, 86400, "30", false, "deadline of one existing test"),
    INT("sandbox.memory_limit_mb", sandbox.memory_limit_mb, 0, 1048576, "2048", false, "memory of one process in MiB; 0 = off"),
    INT("generation.seed", generation.seed, 0, 9007199254740991.0, "0", true, "same seed, same tests"),
    INT("generation.max_tests", generation.max_tests, 1, 1000, "8", true, "tests per target"),
    INT("generation.max_calls", generation.max_calls, 1, 1000000, "2000", true, "calls the search may try per target"),
    BOOL("generation.use_call_graph", generation.use_call_graph, "false", true, "show a model what the target calls"),
    INT("generation.call_graph_depth", generation.call_graph_depth, 1, 10, "2", true, "calls deep"),
    INT("generation.call_graph_callees", generation.call_graph_callees, 1, 100, "6", true, "callees at most"),
    BOOL("generation.use_retrieval", generation.use_retrieval, "false", true, "choose the tests shown as style examples by similarity"),
    INT("generation.retrieval_top_k", generation.retrieval_top_k, 1, 20, "2", true, "examples"),
    WORD("generation.embedder", generation.embedder, "hashing http", "hashing", false, "how texts are compared: hashing, or a model behind /embeddings"),
    TEXT("generation.embedding_model", generation.embedding_model, "", false, "its name"),
    TEXT("generation.embedding_base_url", generation.embedding_base_url, "", false, "its address; empty = llm.base_url"),
    FLOAT("generation.embedding_price", generation.embedding_price, -1, 1e6, "-1", false, "USD per million tokens; -1 = unknown, which needs max_cost_usd = 0"),
    WORD("llm.strategy", llm.strategy, "search_first model search", "search_first", false, "a model after the search, instead of it, or not at all"),
    TEXT("llm.model", llm.model, "", false, "empty = the provider's default"),
    TEXT("llm.base_url", llm.base_url, "", false, "address of an OpenAI-compatible server, or of a proxy"),
    WORD("llm.api", llm.api, "auto chat responses", "auto", false, "wire format for openai; with a base_url it is chat unless said otherwise"),
    WORD("llm.effort", llm.effort, "low medium high xhigh max", "medium", false, "how hard a model that can think shall think"),
    BOOL("llm.thinking", llm.thinking, "true", false, "adaptive thinking, where a provider has it"),
    INT("llm.max_output_tokens", llm.max_output_tokens, 256, 1000000, "8192", false, "of one reply, thinking included"),
    INT("llm.max_prompt_tokens", llm.max_prompt_tokens, 1000, 1000000, "12000", false, "what is over it is cut in a fixed order"),
    INT("llm.max_retries", llm.max_retries, 0, 20, "3", false, "of one call, when the provider is busy"),
    FLOAT("llm.connect_timeout_seconds", llm.connect_timeout_seconds, 0.1, 3600, "10", false, "until a connection stands"),
    FLOAT("llm.timeout_seconds", llm.timeout_seconds, 0.1, 86400, "300", false, "until a reply is there"),
    INT("llm.max_response_mb", llm.max_response_mb, 1, 1024, "16", false, "of one reply"),
    TEXT("llm.key_env", llm.key_env, "", false, "variable that holds the key; empty = the provider's usual one"),
    TEXT("llm.ca_file", llm.ca_file, "", false, "certificate authorities (PEM); empty = the system's"),
    TEXT("llm.command", llm.command, "", false, "provider command: a program for /bin/sh; prompt on stdin, reply on stdout"),
    TEXT("llm.record", llm.record, "", false, "folder where every reply is recorded"),
    TEXT("llm.replay", llm.replay, "", false, "folder that provider replay reads"),
    TEXT("llm.prompts", llm.prompts, "", false, "folder of own prompt templates"),
    FLOAT("llm.price_input", llm.price_input, -1, 1e6, "-1", false, "USD per million tokens; -1 = the built-in table"),
    FLOAT("llm.price_output", llm.price_output, -1, 1e6, "-1", false, "USD per million tokens; -1 = the built-in table"),
    TEXT("storage.root", storage.root, ".mutagen", false, "where runs and reports are kept"),
};
/* clang-format on */

const struct mg_setting *mg_settings(size_t *count)
{
    *count = MG_COUNT(settings);
    return settings;
}

const struct mg_setting *mg_setting_find(struct mg_str key)
{
    for (size_t i = 0; i < MG_COUNT(settings); i++)
        if (mg_str_is(key, settings[i].key))
            return &settings[i];
    return NULL;
}

static struct mg_str allowed_words(const struct mg_setting *setting, struct mg_arena *arena)
{
    struct mg_str rest = mg_str_from(setting->words), word;
    struct mg_buf out = MG_BUF(1024);
    while (mg_str_next_part(&rest, ' ', &word))
        mg_buf_addf(&out, "%s\"%.*s\"", out.len ? " or " : "", MG_FMT(word));
    return mg_buf_take(&out, arena);
}

struct mg_str mg_setting_allowed(const struct mg_setting *setting, struct mg_arena *arena)
{
    switch (setting->kind) {
    case MG_SETTING_INT:
        return mg_arena_printf(arena, "a whole number from %.0f to %.0f", setting->low, setting->high);
    case MG_SETTING_FLOAT:
        return mg_arena_printf(arena, "a number from %.10g to %.10g", setting->low, setting->high);
    case MG_SETTING_WORD:
        return allowed_words(setting, arena);
    case MG_SETTING_LIST:
        return setting->words ? MG_STR("a list of names, each with a + or - before it or none") : MG_STR("a list of texts");
    case MG_SETTING_BOOL:
        return MG_STR("true or false");
    case MG_SETTING_TEXT:
        break;
    }
    return MG_STR("a text");
}

/* Index of `value` among the words; -1 when it is none. */
static int word_index(const struct mg_setting *setting, struct mg_str value)
{
    struct mg_str rest = mg_str_from(setting->words), word;
    for (int i = 0; mg_str_next_part(&rest, ' ', &word); i++)
        if (mg_str_eq(word, value))
            return i;
    return -1;
}

static bool is_printable(struct mg_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f)
            return false;
    return mg_str_is_utf8(text);
}

/* `+NAME` and `-NAME` are NAME. */
static struct mg_str without_sign(struct mg_str word) { return word.len && strchr("+-", word.at[0]) ? mg_str_sub(word, 1, word.len) : word; }

static struct mg_str in_capitals(struct mg_arena *arena, struct mg_str text)
{
    char *copy = mg_arena_alloc(arena, text.len + 1, 1);
    for (size_t i = 0; i < text.len; i++)
        copy[i] = text.at[i] >= 'a' && text.at[i] <= 'z' ? (char)(text.at[i] - 'a' + 'A') : text.at[i];
    return (struct mg_str){ copy, text.len };
}

/* A name that the list does not know: the nearest one helps more than all of them. */
static enum mg_code refuse_name(const struct mg_setting *setting, struct mg_arena *arena, struct mg_str value, const char *origin, struct mg_err *err)
{
    struct mg_str given = value, name, word, nearest = MG_NO_STR;
    unsigned best = UINT32_MAX;
    do
        if (!mg_str_next_part(&given, ',', &name))
            name = MG_NO_STR;
    while (name.len && word_index(setting, without_sign(name)) >= 0);
    name = mg_str_sub(without_sign(name), 0, 60);
    if (name.len == 0)
        return MG_FAIL(err, MG_E_CONFIG, "%s: %s has an empty name", origin, setting->key);
    for (struct mg_str rest = mg_str_from(setting->words); mg_str_next_part(&rest, ' ', &word);) {
        unsigned distance = mg_edit_distance(in_capitals(arena, name), in_capitals(arena, word));
        if (distance < best) {
            best = distance;
            nearest = word;
        }
    }
    if (mg_near_enough(name, best))
        return MG_FAIL(err, MG_E_CONFIG, "%s: %s has no '%.*s'; did you mean '%.*s'?", origin, setting->key, MG_FMT(name), MG_FMT(nearest));
    return MG_FAIL(err, MG_E_CONFIG, "%s: %s has no '%.*s' (`mutagen operators` lists them)", origin, setting->key, MG_FMT(name));
}

static enum mg_code refuse(const struct mg_setting *setting, struct mg_arena *arena, struct mg_str value, const char *origin, struct mg_err *err)
{
    if (setting->kind == MG_SETTING_LIST && setting->words && is_printable(value))
        return refuse_name(setting, arena, value, origin, err);
    struct mg_str allowed = mg_setting_allowed(setting, arena), shown = mg_str_sub(value, 0, 80);
    return MG_FAIL(err, MG_E_CONFIG, "%s: %s must be %.*s, not '%.*s'", origin, setting->key, MG_FMT(allowed), MG_FMT(shown));
}

/* ---- storing a value: the field's address by its offset ---- */

static void *field_of(struct mg_config *config, const struct mg_setting *setting) { return (char *)config + setting->offset; }

/* False when the value is not allowed; nothing is stored then. NaN is inside no range. */
static bool store_int(struct mg_config *config, const struct mg_setting *setting, int64_t value)
{
    if (!((double)value >= setting->low && (double)value <= setting->high))
        return false;
    *(int64_t *)field_of(config, setting) = value;
    return true;
}

static bool store_float(struct mg_config *config, const struct mg_setting *setting, double value)
{
    if (!(value >= setting->low && value <= setting->high))
        return false;
    *(double *)field_of(config, setting) = value;
    return true;
}

static bool store_bool(struct mg_config *config, const struct mg_setting *setting, bool value)
{
    *(bool *)field_of(config, setting) = value;
    return true;
}

/* Lists have one type in struct mg_config, whatever their name there. */
static struct mg_names *list_of(struct mg_config *config, const struct mg_setting *setting) { return field_of(config, setting); }

/* Of a list of names, the value may hold several, separated by commas: a flag has one value. */
static bool store_item(struct mg_config *config, const struct mg_setting *setting, struct mg_arena *arena, struct mg_str value)
{
    struct mg_str rest = value, name;
    if (!setting->words) {
        *MG_PUSH(arena, list_of(config, setting)) = value;
        return true;
    }
    while (mg_str_next_part(&rest, ',', &name)) {
        if (word_index(setting, without_sign(name)) < 0)
            return false;
        *MG_PUSH(arena, list_of(config, setting)) = name;
    }
    return true;
}

/* WORD, TEXT and LIST. The text must outlive the configuration. */
static bool store_text(struct mg_config *config, const struct mg_setting *setting, struct mg_arena *arena, struct mg_str value)
{
    if (!is_printable(value) || (setting->kind == MG_SETTING_WORD && word_index(setting, value) < 0))
        return false;
    if (setting->offset == offsetof(struct mg_config, mutation.keep))
        config->mutation.keep = (enum mg_keep_rule)word_index(setting, value);
    else if (setting->kind == MG_SETTING_LIST)
        return store_item(config, setting, arena, value);
    else
        *(struct mg_str *)field_of(config, setting) = value;
    return true;
}

/* A value as text, whatever the kind. */
static bool store(struct mg_config *config, const struct mg_setting *setting, struct mg_arena *arena, struct mg_str value)
{
    int64_t integer = 0;
    double number = 0;
    switch (setting->kind) {
    case MG_SETTING_INT:
        return mg_str_to_i64(value, &integer) && store_int(config, setting, integer);
    case MG_SETTING_FLOAT:
        return mg_str_to_double(value, &number) && store_float(config, setting, number);
    case MG_SETTING_BOOL:
        return (mg_str_is(value, "true") || mg_str_is(value, "false")) && store_bool(config, setting, mg_str_is(value, "true"));
    case MG_SETTING_WORD:
    case MG_SETTING_TEXT:
    case MG_SETTING_LIST:
        break;
    }
    return store_text(config, setting, arena, value);
}

void mg_config_defaults(struct mg_config *config)
{
    *config = (struct mg_config){ 0 };
    for (size_t i = 0; i < MG_COUNT(settings); i++)
        if (settings[i].kind != MG_SETTING_LIST)
            MG_ASSERT(store(config, &settings[i], NULL, mg_str_from(settings[i].initial)));
}

static enum mg_code unknown_key(struct mg_str key, const char *origin, struct mg_err *err)
{
    const char *nearest = NULL;
    unsigned best = UINT32_MAX;
    for (size_t i = 0; i < MG_COUNT(settings); i++) {
        unsigned distance = mg_edit_distance(key, mg_str_from(settings[i].key));
        if (distance < best) {
            best = distance;
            nearest = settings[i].key;
        }
    }
    struct mg_str shown = mg_str_sub(key, 0, 80);
    if (nearest && mg_near_enough(key, best))
        return MG_FAIL(err, MG_E_CONFIG, "%s: unknown key '%.*s'; did you mean '%s'?", origin, MG_FMT(shown), nearest);
    return MG_FAIL(err, MG_E_CONFIG, "%s: unknown key '%.*s' (`mutagen --help` lists the keys)", origin, MG_FMT(shown));
}

enum mg_code mg_config_set(struct mg_config *config, struct mg_arena *arena, struct mg_str key, struct mg_str value, const char *origin,
                           struct mg_err *err)
{
    const struct mg_setting *setting = mg_setting_find(key);
    if (!setting)
        return unknown_key(key, origin, err);
    if (!store(config, setting, arena, mg_arena_str(arena, value)))
        return refuse(setting, arena, value, origin, err);
    return MG_OK;
}

void mg_config_empty_list(struct mg_config *config, struct mg_str key)
{
    const struct mg_setting *setting = mg_setting_find(key);
    if (setting && setting->kind == MG_SETTING_LIST)
        list_of(config, setting)->len = 0;
}

/* ---- TOML: the tree is walked, dotted names are looked up ---- */

struct toml_reader {
    struct mg_config *config;
    struct mg_arena *arena;
    const char *file_name;
    struct mg_err *err;
};

static const char *origin_of(const struct toml_reader *reader, uint32_t line)
{
    return mg_arena_printf(reader->arena, "%s:%u", reader->file_name, (unsigned)line).at;
}

static enum mg_code wrong_type(const struct toml_reader *reader, const struct mg_setting *setting, const struct mg_toml *value)
{
    struct mg_str allowed = mg_setting_allowed(setting, reader->arena);
    return MG_FAIL(reader->err, MG_E_CONFIG, "%s: %s must be %.*s, not %s", origin_of(reader, value->line), setting->key, MG_FMT(allowed),
                   mg_toml_kind_name(value->kind));
}

static enum mg_code read_list(const struct toml_reader *reader, const struct mg_setting *setting, const struct mg_toml *array)
{
    list_of(reader->config, setting)->len = 0;
    for (size_t i = 0; i < array->items.len; i++) {
        const struct mg_toml *item = array->items.at[i];
        if (item->kind != MG_TOML_STRING)
            return wrong_type(reader, setting, item);
        if (!store_text(reader->config, setting, reader->arena, item->text))
            return refuse(setting, reader->arena, item->text, origin_of(reader, item->line), reader->err);
    }
    return MG_OK;
}

/* Types are strict: no number in quotes, no float for a whole number. A whole number is a number, though. */
static enum mg_code read_setting(const struct toml_reader *reader, const struct mg_setting *setting, const struct mg_toml *value)
{
    bool stored;
    if (setting->kind == MG_SETTING_LIST && value->kind == MG_TOML_ARRAY)
        return read_list(reader, setting, value);
    if (setting->kind == MG_SETTING_INT && value->kind == MG_TOML_INTEGER)
        stored = store_int(reader->config, setting, value->integer);
    else if (setting->kind == MG_SETTING_FLOAT && value->kind == MG_TOML_INTEGER)
        stored = store_float(reader->config, setting, (double)value->integer);
    else if (setting->kind == MG_SETTING_FLOAT && value->kind == MG_TOML_FLOAT)
        stored = store_float(reader->config, setting, value->number);
    else if (setting->kind == MG_SETTING_BOOL && value->kind == MG_TOML_BOOL)
        stored = store_bool(reader->config, setting, value->boolean);
    else if ((setting->kind == MG_SETTING_TEXT || setting->kind == MG_SETTING_WORD) && value->kind == MG_TOML_STRING)
        stored = store_text(reader->config, setting, reader->arena, value->text);
    else
        return wrong_type(reader, setting, value);
    return stored ? MG_OK : refuse(setting, reader->arena, value->text, origin_of(reader, value->line), reader->err);
}

/* "mutation" for "mutation.level": whether any setting lives in that table. */
static bool is_table(struct mg_str name)
{
    for (size_t i = 0; i < MG_COUNT(settings); i++) {
        struct mg_str key = mg_str_from(settings[i].key);
        if (key.len > name.len && key.at[name.len] == '.' && mg_str_eq(mg_str_sub(key, 0, name.len), name))
            return true;
    }
    return false;
}

static enum mg_code unknown_table(const struct toml_reader *reader, struct mg_str name, uint32_t line)
{
    struct mg_str nearest = MG_NO_STR, shown = mg_str_sub(name, 0, 80);
    unsigned best = UINT32_MAX;
    for (size_t i = 0; i < MG_COUNT(settings); i++) {
        struct mg_str key = mg_str_from(settings[i].key), table = mg_str_sub(key, 0, mg_str_find(key, '.', 0));
        unsigned distance = table.len < key.len ? mg_edit_distance(name, table) : UINT32_MAX;
        if (distance < best) {
            best = distance;
            nearest = table;
        }
    }
    if (nearest.len && mg_near_enough(name, best))
        return MG_FAIL(reader->err, MG_E_CONFIG, "%s: unknown table [%.*s]; did you mean [%.*s]?", origin_of(reader, line), MG_FMT(shown),
                       MG_FMT(nearest));
    return MG_FAIL(reader->err, MG_E_CONFIG, "%s: unknown table [%.*s] (`mutagen --help` lists the keys)", origin_of(reader, line), MG_FMT(shown));
}

/* Settings are one or two names deep; anything deeper is unknown. */
static enum mg_code read_table(const struct toml_reader *reader, struct mg_str prefix, const struct mg_toml *table)
{
    for (size_t i = 0; i < table->entries.len; i++) {
        const struct mg_toml_entry *entry = &table->entries.at[i];
        struct mg_str key = prefix.len ? mg_arena_printf(reader->arena, "%.*s.%.*s", MG_FMT(prefix), MG_FMT(entry->key)) : entry->key;
        const struct mg_setting *setting = mg_setting_find(key);
        if (setting)
            MG_TRY(read_setting(reader, setting, entry->value));
        else if (entry->value->kind == MG_TOML_TABLE && !is_table(key))
            return unknown_table(reader, key, entry->value->line);
        else if (entry->value->kind == MG_TOML_TABLE)
            MG_TRY(read_table(reader, key, entry->value));
        else
            return unknown_key(key, origin_of(reader, entry->line), reader->err);
    }
    return MG_OK;
}

enum mg_code mg_config_read_toml(struct mg_config *config, struct mg_arena *arena, struct mg_str text, const char *file_name, struct mg_err *err)
{
    struct toml_reader reader = { .config = config, .arena = arena, .file_name = file_name, .err = err };
    struct mg_toml *root;
    struct mg_err parse = { .code = MG_OK };
    if (mg_toml_read(arena, text, &root, &parse) == MG_OK)
        return read_table(&reader, MG_NO_STR, root);
    /* "line 12: why" becomes "file:12: why", as for every other message about the file */
    return MG_FAIL(err, MG_E_CONFIG, "%s:%s", file_name, parse.text + (mg_str_starts(mg_str_from(parse.text), "line ") ? 5 : 0));
}
