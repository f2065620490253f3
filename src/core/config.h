/* Every setting, its default and its range, validated. One table (settings.c) drives the TOML reader, variables, flags, help, the example
 * and the manual page. Who wins: a flag, then a variable, then the file, then the default. */
#ifndef MG_CONFIG_H
#define MG_CONFIG_H

#include "base/arena.h"
#include "base/base.h"
#include "core/target.h"

enum mg_keep_rule { MG_KEEP_THRESHOLD, MG_KEEP_IMPROVING };

struct mg_names {
    MG_VEC(struct mg_str)
};

#define MG_MOST_SETTINGS 128

struct mg_config {
    struct mg_str project_root; /* the repo when the command line names none; empty = none */
    double score_threshold;     /* run-level gate; 0 = off. [0,1] */
    struct {
        double score_threshold;    /* keep rule of a target, default 0.8. [0,1] */
        enum mg_keep_rule keep;    /* "threshold" | "improving" */
        int64_t max_mutants;       /* per target, 0 = all (default 0) */
        int64_t level;             /* operators up to this level: 1 … 3, default 1 */
        int64_t verify;            /* verdicts replayed on disk with plain pytest, default 0 */
        bool chain;                /* mutants that fast tests kill share a process; default true */
        bool static_mutants;       /* what runs on import is mutated too, in new interpreters; default false */
        bool witnesses;            /* a score looks for inputs that tell its survivors apart; default true */
        struct mg_str backend;     /* "engine", or "mutmut": a second opinion */
        struct mg_str mutmut_site; /* folder with mutmut's packages; empty = an environment in the storage root, made on demand */
        struct mg_names operators; /* "ROR": only such; "+ROR", "-ROR": on, off */
    } mutation;
    struct {
        int64_t max_targets;                                  /* over all sessions of the run, as the next three; 0 = unlimited */
        double max_wallclock_seconds;                         /* 0 = unlimited */
        int64_t max_parallel_targets;                         /* default 1 */
        double max_cost_usd;                                  /* of model calls; default 1, 0 = unlimited */
        int64_t max_tokens;                                   /* input and output together; 0 = unlimited */
        int64_t max_repair_attempts, max_strengthen_attempts; /* per target, default 2 each */
    } orchestrator;
    struct mg_selection selection; /* which functions are worth a test, and in what order */
    struct {
        double test_timeout_seconds; /* wall deadline of one existing test in the baseline, default 30 */
        int64_t memory_limit_mb;     /* per process, default 2048; 0 = off */
        struct mg_names pass_env;    /* variables of our environment that tests get, beside the few that everyone gets */
    } sandbox;
    struct {
        int64_t seed;                                      /* default 0 */
        int64_t max_tests;                                 /* per target, default 8 */
        int64_t max_calls;                                 /* work budget of the search generator per target, default 2000 */
        bool use_call_graph;                               /* default false */
        int64_t call_graph_depth, call_graph_callees;      /* 2, 6 */
        bool use_retrieval;                                /* default false */
        int64_t retrieval_top_k;                           /* 2 */
        struct mg_str embedder;                            /* "hashing" | "http" */
        struct mg_str embedding_model, embedding_base_url; /* for "http" */
        double embedding_price;                            /* USD per million tokens; negative = unknown */
    } generation;
    struct {
        struct mg_str strategy;                          /* "search_first" | "model" | "search" */
        struct mg_str model;                             /* empty = the provider's default */
        struct mg_str base_url;                          /* empty = the provider's own */
        struct mg_str api;                               /* "auto" | "chat" | "responses": wire format of openai; chat always with a base_url */
        struct mg_str effort;                            /* "low" | "medium" | "high" | "xhigh" | "max"; default "medium" */
        bool thinking;                                   /* adaptive thinking where the provider has it; default true */
        int64_t max_output_tokens;                       /* default 8192 */
        int64_t max_prompt_tokens;                       /* default 12000: what is over it is cut in a fixed order */
        int64_t max_retries;                             /* of one call, default 3 */
        double retry_backoff_seconds;                    /* before the first of them, default 0.5 */
        double connect_timeout_seconds, timeout_seconds; /* 10, 300 */
        int64_t max_response_mb;                         /* 16 */
        struct mg_str key_env;                           /* name of the variable that holds the key; empty = the provider's own */
        struct mg_str ca_file;                           /* PEM of own certificate authorities; empty = the system's */
        struct mg_str command;                           /* provider "command": run by /bin/sh -c, prompt on stdin, reply on stdout */
        struct mg_str record, replay;                    /* folders of recorded replies: written to; read by provider "replay" */
        struct mg_str prompts;                           /* folder of own prompt templates; empty = the built-in ones */
        double price_input, price_output;                /* USD per million tokens; negative = the table's */
    } llm;
    struct {
        struct mg_str backend; /* "sqlite" */
        struct mg_str root;    /* default ".mutagen", relative to the current directory */
        int64_t keep_days;     /* for clones and environments that nobody uses; 0 = for ever; default 30 */
    } storage;
    struct {
        struct mg_str level;  /* "debug" | "info" | "warning" | "error"; default "info" */
        struct mg_str format; /* "text" | "json" */
        struct mg_str file;   /* empty = none */
    } logging;
    struct {
        struct mg_str branch, rev;      /* of a git URL; empty = its default branch */
        int64_t clone_depth;            /* commits fetched of a git URL; 0 = all; default 1 */
        bool install_deps;              /* make an environment when no interpreter fits; default true */
        double command_timeout_seconds; /* of git on one URL, of one installation; default 600 */
        int64_t max_retries;            /* when the network fails, default 2 */
        double retry_backoff_seconds;   /* before the first of them, doubles; default 1 */
    } ingest;
    int64_t jobs;            /* mutant processes at once; 0 = number of processors */
    struct mg_names targets; /* globs on qualified names; empty = all */
    struct mg_str python;    /* --python; empty = search */
    struct mg_str provider;  /* "search" (no model), or who serves the model */

    const char *origins[MG_MOST_SETTINGS]; /* of each row of the table: mg_setting_origin */
};

/* One row of the table: what `--help` and messages say about a setting. */
struct mg_setting {
    const char *key; /* dotted: "mutation.score_threshold" */
    enum mg_setting_kind { MG_SETTING_INT, MG_SETTING_FLOAT, MG_SETTING_WORD, MG_SETTING_TEXT, MG_SETTING_LIST, MG_SETTING_BOOL } kind;
    size_t offset;       /* of the field in struct mg_config */
    double low, high;    /* INT, FLOAT: allowed range, both ends included */
    const char *words;   /* WORD: allowed words, one blank apart; LIST: allowed names, each with or without a + or -; NULL = any text */
    const char *initial; /* the default, as text */
    bool harmless;       /* may also be set by configuration found inside a repo under test */
    const char *help;
};
const struct mg_setting *mg_settings(size_t *count);
const struct mg_setting *mg_setting_find(struct mg_str key); /* NULL when there is none */
/* What the setting takes, for help and errors: "a number from 0 to 1". */
struct mg_str mg_setting_allowed(const struct mg_setting *setting, struct mg_arena *arena);
/* The variable that sets it: MUTAGEN_MUTATION_LEVEL for mutation.level. */
struct mg_str mg_setting_variable(const struct mg_setting *setting, struct mg_arena *arena);
/* Its value as TOML: 0.8, "threshold", ["a.*"]. */
struct mg_str mg_setting_value(const struct mg_config *config, const struct mg_setting *setting, struct mg_arena *arena);
/* Who said so: "mutagen.toml:12", "MUTAGEN_JOBS", "--jobs"; NULL = nobody, it is the default. */
const char *mg_setting_origin(const struct mg_config *config, const struct mg_setting *setting);
void mg_setting_note_origin(struct mg_config *config, const struct mg_setting *setting, const char *origin);

/* A key of Mutagen 0.1, or one that it should have had. With a successor and no text it is taken as that; else the text says what to do. */
struct mg_former {
    const char *key, *successor, *text;
};
const struct mg_former *mg_former_find(struct mg_str key); /* NULL when it never was one */
const struct mg_former *mg_formers(size_t *count);

void mg_config_defaults(struct mg_config *config);

/* One setting by its dotted key (`mutation.score_threshold`). Values come as text; MG_E_CONFIG names the key, the value and what is allowed.
 * `origin` is put before the message: "mutagen.toml:12" or "--threshold". Text is copied into the arena; a list grows by the value. */
MG_MUST_CHECK enum mg_code mg_config_set(struct mg_config *config, struct mg_arena *arena, struct mg_str key, struct mg_str value, const char *origin,
                                         struct mg_err *err);

/* For a flag that replaces what a file said. Other kinds of settings stay. */
void mg_config_empty_list(struct mg_config *config, struct mg_str key);

/* A TOML 1.0 document. Unknown keys and tables, wrong types and values out of range are errors with file and line. */
MG_MUST_CHECK enum mg_code mg_config_read_toml(struct mg_config *config, struct mg_arena *arena, struct mg_str text, const char *file_name,
                                               struct mg_err *err);

/* The same with conditions. */
struct mg_toml_source {
    const char *file_name;   /* for messages */
    bool tool_table;         /* a pyproject.toml: only [tool.mutagen] counts, which may be missing */
    bool inside_repo;        /* settings that are not harmless are not taken, but named in `refused` */
    bool found;              /* out: the table was there */
    struct mg_names refused; /* out: "llm.model (line 3)" */
};
MG_MUST_CHECK enum mg_code mg_config_read_source(struct mg_config *config, struct mg_arena *arena, struct mg_str text, struct mg_toml_source *source,
                                                 struct mg_err *err);

#endif
