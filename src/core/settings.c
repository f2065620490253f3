/* The table of settings: what each is called, takes, is by default, and does. Everything that shows or reads settings is made from it. */
#include "core/config.h"
#include "base/buf.h"
#include "base/str.h"

/* clang-format off */
#define INT(key, field, low, high, initial, harmless, help) { key, MG_SETTING_INT, offsetof(struct mg_config, field), low, high, NULL, initial, harmless, help }
#define FLOAT(key, field, low, high, initial, harmless, help) { key, MG_SETTING_FLOAT, offsetof(struct mg_config, field), low, high, NULL, initial, harmless, help }
#define WORD(key, field, words, initial, harmless, help) { key, MG_SETTING_WORD, offsetof(struct mg_config, field), 0, 0, words, initial, harmless, help }
#define TEXT(key, field, initial, harmless, help) { key, MG_SETTING_TEXT, offsetof(struct mg_config, field), 0, 0, NULL, initial, harmless, help }
#define BOOL(key, field, initial, harmless, help) { key, MG_SETTING_BOOL, offsetof(struct mg_config, field), 0, 0, NULL, initial, harmless, help }
#define LIST(key, field, words, harmless, help) { key, MG_SETTING_LIST, offsetof(struct mg_config, field), 0, 0, words, "", harmless, help }

/* The table in python/operators.h has the same names in the same order; a test holds them together. */
#define OPERATORS \
    "ROR MIR LCR COI COD AOR BOR ASR UOD CRP-num CRP-bool RVR SDL BCR ZIL OIL EXS EXR SIR CRP-str CRP-none ARG ARG-key MSW CNT MCR DEF DDL XMT AVR ARG-none ARG-last"

static const struct mg_setting settings[] = {
    TEXT("project_root", project_root, "", false, "the repo when the command line names none; empty = it must name one"),
    FLOAT("score_threshold", score_threshold, 0, 1, "0", true, "exit with 2 when the run's score is below; 0 = off"),
    LIST("targets", targets, NULL, true, "only functions whose qualified name matches one of these globs, such as \"shop.pricing.*\"; * crosses dots"),
    INT("jobs", jobs, 0, 1024, "0", true, "mutant processes at once; 0 = number of processors"),
    TEXT("python", python, "", false, "the repo's interpreter, or the folder of a virtual environment; empty = search"),
    WORD("provider", provider, "search anthropic openai gemini openrouter compatible command replay", "search", false,
         "who writes the tests: search needs no key and no network; the others serve a model (compatible: any OpenAI-compatible llm.base_url; command: any program; replay: recorded replies)"),

    FLOAT("mutation.score_threshold", mutation.score_threshold, 0, 1, "0.8", true, "a function's tests are kept when its score reaches this"),
    WORD("mutation.keep", mutation.keep, "threshold improving", "threshold", true, "keep tests at the threshold, or (improving) whenever they improve the score"),
    INT("mutation.max_mutants", mutation.max_mutants, 0, 1000000, "0", true, "mutants per function; 0 = all"),
    INT("mutation.level", mutation.level, 1, 3, "1", true, "mutation operators up to this level (docs/operators.md)"),
    LIST("mutation.operators", mutation.operators, OPERATORS, true, "NAME: only these; +NAME: also this one, all levels; -NAME: not this one; `mutagen operators` lists them"),
    BOOL("mutation.chain", mutation.chain, "true", true, "mutants that fast tests kill run in one process, each kill with its proof; false = a process for each mutant"),
    BOOL("mutation.static", mutation.static_mutants, "false", true, "mutate what runs on import too; a new interpreter for each such mutant"),
    BOOL("mutation.witnesses", mutation.witnesses, "true", true, "look for an input that tells a survivor and the original apart; false: verdicts alone"),
    INT("mutation.verify", mutation.verify, 0, 1000000, "0", true, "so many verdicts, half of them survivors, are replayed on disk with plain pytest"),
    WORD("mutation.backend", mutation.backend, "engine mutmut", "engine", false, "who makes mutants and verdicts; mutmut 3 is a second opinion, slow, installed by pip on first use"),
    TEXT("mutation.mutmut_site", mutation.mutmut_site, "", false, "folder with the packages of mutmut 3; empty = installed into the storage root"),

    INT("orchestrator.max_targets", orchestrator.max_targets, 0, 1000000, "0", true, "functions worked on, over all sessions of a run: the same --run-id with a higher limit goes on; 0 = unlimited"),
    FLOAT("orchestrator.max_wallclock_seconds", orchestrator.max_wallclock_seconds, 0, 1e9, "0", true,
          "working time over all sessions of a run: half of it at most for the existing tests; what is being done then is stopped, and 10 s more are for confirming what was found; 0 = unlimited"),
    INT("orchestrator.max_parallel_targets", orchestrator.max_parallel_targets, 1, 64, "1", true, "functions at once: while a model answers for one, others are worked on"),
    FLOAT("orchestrator.max_cost_usd", orchestrator.max_cost_usd, 0, 1e9, "1", false, "USD for model calls, over all sessions of a run; 0 = unlimited"),
    INT("orchestrator.max_tokens", orchestrator.max_tokens, 0, 9007199254740991.0, "0", false, "the same for tokens, input and output together; 0 = unlimited"),
    INT("orchestrator.max_repair_attempts", orchestrator.max_repair_attempts, 0, 20, "2", true, "times a model may repair its tests, per function"),
    INT("orchestrator.max_strengthen_attempts", orchestrator.max_strengthen_attempts, 0, 20, "2", true, "times a model may go for mutants that are left, per function"),

    INT("selection.trivial_max_statements", selection.trivial_max_statements, 0, 1000, "1", true, "functions of at most so many statements are passed over"),
    INT("selection.giant_max_statements", selection.giant_max_statements, 1, 100000, "80", true, "functions of more statements are passed over"),
    BOOL("selection.exclude_property_getters", selection.exclude_property_getters, "true", true, "pass over getters of properties"),
    FLOAT("selection.coverage_weight", selection.coverage_weight, 0, 1000, "0.8", true, "in the rank: how much lines without a test count ..."),
    FLOAT("selection.size_weight", selection.size_weight, 0, 1000, "0.2", true, "... and how much size counts"),

    INT("generation.seed", generation.seed, 0, 9007199254740991.0, "0", true, "same seed, same tests"),
    INT("generation.max_tests", generation.max_tests, 1, 1000, "8", true, "tests per function"),
    INT("generation.max_calls", generation.max_calls, 1, 1000000, "2000", true, "calls that the search may try per function"),
    BOOL("generation.use_call_graph", generation.use_call_graph, "false", true, "show a model what the function calls ..."),
    INT("generation.call_graph_depth", generation.call_graph_depth, 1, 10, "2", true, "... so many calls deep ..."),
    INT("generation.call_graph_callees", generation.call_graph_callees, 1, 100, "6", true, "... and at most so many functions"),
    BOOL("generation.use_retrieval", generation.use_retrieval, "false", true, "choose the existing tests shown as examples of style by similarity ..."),
    INT("generation.retrieval_top_k", generation.retrieval_top_k, 1, 20, "2", true, "... and show so many"),
    WORD("generation.embedder", generation.embedder, "hashing http", "hashing", false, "how texts are compared: hashing (no network), or http: a model behind an OpenAI-compatible /embeddings"),
    TEXT("generation.embedding_model", generation.embedding_model, "", false, "for http: its name"),
    TEXT("generation.embedding_base_url", generation.embedding_base_url, "", false, "for http: its address; empty = llm.base_url"),
    FLOAT("generation.embedding_price", generation.embedding_price, -1, 1e6, "-1", false, "for http: USD per million tokens; -1 = unknown, which only runs with max_cost_usd = 0"),

    WORD("llm.strategy", llm.strategy, "search_first model search", "search_first", false, "a model works on what the search left alive; model: without the search; search: no model"),
    TEXT("llm.model", llm.model, "", false, "empty = the provider's default"),
    TEXT("llm.base_url", llm.base_url, "", false, "address of an OpenAI-compatible server, or of a proxy; empty = the provider's own"),
    WORD("llm.api", llm.api, "auto chat responses", "auto", false, "wire format for openai; auto is responses, and chat with a base_url"),
    WORD("llm.effort", llm.effort, "low medium high xhigh max", "medium", false, "how hard a model that can think shall think"),
    BOOL("llm.thinking", llm.thinking, "true", false, "adaptive thinking, where a provider has it"),
    INT("llm.max_output_tokens", llm.max_output_tokens, 256, 1000000, "8192", false, "of one reply, thinking included"),
    INT("llm.max_prompt_tokens", llm.max_prompt_tokens, 1000, 1000000, "12000", false, "what is over it is cut in a fixed order"),
    INT("llm.max_retries", llm.max_retries, 0, 20, "3", false, "of one call, when the provider is busy"),
    FLOAT("llm.retry_backoff_seconds", llm.retry_backoff_seconds, 0.01, 120, "0.5", false, "before the first retry; doubled each time up to 8 seconds, unless the provider says how long to wait"),
    FLOAT("llm.connect_timeout_seconds", llm.connect_timeout_seconds, 0.1, 3600, "10", false, "until a connection stands"),
    FLOAT("llm.timeout_seconds", llm.timeout_seconds, 0.1, 86400, "300", false, "until a reply is there"),
    INT("llm.max_response_mb", llm.max_response_mb, 1, 1024, "16", false, "of one reply"),
    TEXT("llm.key_env", llm.key_env, "", false, "the variable that holds the key; empty = ANTHROPIC_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY, OPENROUTER_API_KEY"),
    TEXT("llm.ca_file", llm.ca_file, "", false, "own certificate authorities, PEM; empty = the system's"),
    TEXT("llm.command", llm.command, "", false, "for provider command: run by /bin/sh -c, the prompt on stdin, the reply on stdout"),
    TEXT("llm.record", llm.record, "", false, "folder where every reply is recorded"),
    TEXT("llm.replay", llm.replay, "", false, "folder that provider replay reads"),
    TEXT("llm.prompts", llm.prompts, "", false, "folder of own prompt templates; empty = the built-in ones"),
    FLOAT("llm.price_input", llm.price_input, -1, 1e6, "-1", false, "USD per million tokens; -1 = the built-in table"),
    FLOAT("llm.price_output", llm.price_output, -1, 1e6, "-1", false, "the same for output"),

    FLOAT("sandbox.test_timeout_seconds", sandbox.test_timeout_seconds, 0.1, 86400, "30", false, "deadline of one existing test"),
    INT("sandbox.memory_limit_mb", sandbox.memory_limit_mb, 0, 1048576, "2048", false, "memory of one process in MiB; 0 = off"),
    LIST("sandbox.pass_env", sandbox.pass_env, NULL, false, "names of environment variables that tests get; never keys of providers"),

    TEXT("ingest.branch", ingest.branch, "", false, "branch or tag of a git URL; empty = its default branch"),
    TEXT("ingest.rev", ingest.rev, "", false, "commit of a git URL, or anything git can resolve"),
    INT("ingest.clone_depth", ingest.clone_depth, 0, 1000000, "1", false, "commits fetched of a git URL; 0 = all"),
    BOOL("ingest.install_deps", ingest.install_deps, "true", false, "install the repo's dependencies into an environment of our own when no interpreter has them"),
    FLOAT("ingest.command_timeout_seconds", ingest.command_timeout_seconds, 1, 86400, "600", false, "for git on one URL, and for one installation"),
    INT("ingest.max_retries", ingest.max_retries, 0, 20, "2", false, "times git tries again when the network fails"),
    FLOAT("ingest.retry_backoff_seconds", ingest.retry_backoff_seconds, 0, 600, "1", false, "before it tries again; doubles each time"),

    WORD("storage.backend", storage.backend, "sqlite", "sqlite", false, "where runs are kept: a SQLite database in storage.root"),
    TEXT("storage.root", storage.root, ".mutagen", false, "folder of runs and reports, relative to the current directory"),
    INT("storage.keep_days", storage.keep_days, 0, 36500, "30", false, "clones and environments there that were not used for so long go when another is made; 0 = never"),

    WORD("logging.level", logging.level, "debug info warning error", "info", false, "lines of this level and above; when somebody sets it they go to stderr, with or without a file"),
    WORD("logging.format", logging.format, "text json", "text", false, "form of a line; alone, without level and file, it sends them to stderr, too. With json, everything on stderr is JSON"),
    TEXT("logging.file", logging.file, "", false, "file that the lines are added to; its folder is made; empty = none"),
};
/* clang-format on */
_Static_assert(MG_COUNT(settings) <= MG_MOST_SETTINGS, "struct mg_config has a place for the origin of each");

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

struct mg_str mg_setting_variable(const struct mg_setting *setting, struct mg_arena *arena)
{
    struct mg_str name = mg_arena_printf(arena, "MUTAGEN_%s", setting->key);
    char *at = mg_arena_alloc(arena, name.len + 1, 1);
    for (size_t i = 0; i < name.len; i++) {
        char byte = name.at[i];
        at[i] = byte == '.' ? '_' : byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
    }
    return (struct mg_str){ at, name.len };
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

/* A basic string of TOML. Values are printable, so only two characters need an escape. */
static void add_quoted(struct mg_buf *out, struct mg_str text)
{
    mg_buf_addc(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"' || text.at[i] == '\\')
            mg_buf_addc(out, '\\');
        mg_buf_addc(out, text.at[i]);
    }
    mg_buf_addc(out, '"');
}

static void add_list(struct mg_buf *out, const struct mg_names *names)
{
    mg_buf_addc(out, '[');
    for (size_t i = 0; i < names->len; i++) {
        mg_buf_adds(out, i ? ", " : "");
        add_quoted(out, names->at[i]);
    }
    mg_buf_addc(out, ']');
}

struct mg_str mg_setting_value(const struct mg_config *config, const struct mg_setting *setting, struct mg_arena *arena)
{
    const void *field = (const char *)config + setting->offset;
    struct mg_buf out = MG_BUF(1u << 16);
    switch (setting->kind) {
    case MG_SETTING_INT:
        mg_buf_addf(&out, "%lld", (long long)*(const int64_t *)field);
        break;
    case MG_SETTING_FLOAT:
        mg_buf_addf(&out, "%.10g", *(const double *)field);
        break;
    case MG_SETTING_BOOL:
        mg_buf_adds(&out, *(const bool *)field ? "true" : "false");
        break;
    case MG_SETTING_LIST:
        add_list(&out, field);
        break;
    case MG_SETTING_WORD:
    case MG_SETTING_TEXT:
        if (setting->offset == offsetof(struct mg_config, mutation.keep))
            add_quoted(&out, config->mutation.keep == MG_KEEP_IMPROVING ? MG_STR("improving") : MG_STR("threshold"));
        else
            add_quoted(&out, *(const struct mg_str *)field);
        break;
    }
    return mg_buf_take(&out, arena);
}

const char *mg_setting_origin(const struct mg_config *config, const struct mg_setting *setting) { return config->origins[setting - settings]; }

void mg_setting_note_origin(struct mg_config *config, const struct mg_setting *setting, const char *origin)
{
    config->origins[setting - settings] = origin;
}
