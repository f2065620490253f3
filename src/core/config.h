/* Every setting, its default and its range, validated. One table drives the TOML reader, the flags' checks and the printed help. */
#ifndef MG_CONFIG_H
#define MG_CONFIG_H

#include "base/arena.h"
#include "base/base.h"

enum mg_keep_rule { MG_KEEP_THRESHOLD, MG_KEEP_IMPROVING };

struct mg_config {
    double score_threshold; /* run-level gate; 0 = off. [0,1] */
    struct {
        double score_threshold; /* keep rule of a target, default 0.8. [0,1] */
        enum mg_keep_rule keep; /* "threshold" | "improving" */
        int64_t max_mutants;    /* per target, 0 = all (default 0) */
        int64_t level;          /* operators up to this level: 1 … 3, default 2 */
    } mutation;
    struct {
        int64_t max_targets;          /* 0 = unlimited */
        double max_wallclock_seconds; /* 0 = unlimited */
    } orchestrator;
    struct {
        double test_timeout_seconds; /* wall deadline of one existing test in the baseline, default 30 */
        int64_t memory_limit_mb;     /* per process, default 2048; 0 = off */
    } sandbox;
    struct {
        int64_t seed;      /* default 0 */
        int64_t max_tests; /* per target, default 8 */
        int64_t max_calls; /* work budget of the search generator per target, default 2000 */
    } generation;
    struct {
        struct mg_str root; /* default ".mutagen", relative to the current directory */
    } storage;
    int64_t jobs;                   /* mutant processes at once; 0 = number of processors */
    MG_LIST(struct mg_str) targets; /* globs on qualified names; empty = all */
    struct mg_str python;           /* --python; empty = search */
    struct mg_str provider;         /* "search" */
};

/* One row of the table: what `--help` and messages say about a setting. */
struct mg_setting {
    const char *key; /* dotted: "mutation.score_threshold" */
    enum mg_setting_kind { MG_SETTING_INT, MG_SETTING_FLOAT, MG_SETTING_WORD, MG_SETTING_TEXT, MG_SETTING_LIST } kind;
    size_t offset;       /* of the field in struct mg_config */
    double low, high;    /* INT, FLOAT: allowed range, both ends included */
    const char *words;   /* WORD: allowed words, one blank apart */
    const char *initial; /* the default, as text */
    bool harmless;       /* may also be set by configuration found inside a repo under test */
    const char *help;
};
const struct mg_setting *mg_settings(size_t *count);
const struct mg_setting *mg_setting_find(struct mg_str key); /* NULL when there is none */
/* What the setting takes, for help and errors: "a number from 0 to 1". */
struct mg_str mg_setting_allowed(const struct mg_setting *setting, struct mg_arena *arena);

void mg_config_defaults(struct mg_config *config);

/* One setting by its dotted key (`mutation.score_threshold`). Values come as text; MG_E_CONFIG names the key, the value and what is allowed.
 * `origin` is put before the message: "mutagen.toml:12" or "--threshold". Text is copied into the arena; a list grows by the value. */
MG_MUST_CHECK enum mg_code mg_config_set(struct mg_config *config, struct mg_arena *arena, struct mg_str key, struct mg_str value, const char *origin,
                                         struct mg_err *err);

/* A TOML 1.0 document. Unknown keys and tables, wrong types and values out of range are errors with file and line. */
MG_MUST_CHECK enum mg_code mg_config_read_toml(struct mg_config *config, struct mg_arena *arena, struct mg_str text, const char *file_name,
                                               struct mg_err *err);

#endif
