/* The command line: commands and their options as tables. Parsing, help and "did you mean" read the same tables. */
#ifndef MG_OPTIONS_H
#define MG_OPTIONS_H

#include "base/arena.h"
#include "base/base.h"
#include "cli/config_file.h"
#include "cli/keys.h"
#include "core/config.h"

struct mg_app; /* cli/compose.h */

/* Everything the user said, before any configuration is read. */
struct mg_override {
    struct mg_str key, value; /* a setting and its text */
    const char *origin;       /* "--jobs" */
};
struct mg_words {
    MG_VEC(struct mg_str)
};
struct mg_invocation {
    const struct mg_command *command; /* NULL with `help` or `version` alone */
    bool help, version;
    struct mg_str config_file; /* -c */
    struct mg_str repo;        /* the positional argument; empty when not given */
    struct mg_words words;     /* arguments behind it, of a command that takes more than one */
    struct mg_str run_id, json, into, patch;
    struct mg_str max_time;
    struct mg_str diff, sample; /* of score */
    struct mg_words tests;
    bool improved, no_progress, dry_run, matrix, show_all, no_cache, as_json, example;
    struct {
        MG_VEC(struct mg_override)
    } overrides; /* in the order given */
};

struct mg_option {
    const char *name;  /* long name without dashes; NULL ends a table */
    const char *value; /* what its value is called; NULL = a flag */
    const char *
        setting; /* key it sets (two: separated by a blank; a flag sets it to true, or to what stands behind a '='), or NULL: then `offset` is its field of struct mg_invocation */
    size_t offset; /* of a struct mg_str, or of a bool for a flag, or of a list */
    const char *help;
    bool is_list; /* of texts: may be repeated, and behind the argument several words may follow it */
};
/* clang-format off */
#define MG_OPT_SETTING(name, value, keys, help) { name, value, keys, 0, help, false }
#define MG_OPT_SWITCH(name, key, help) { name, NULL, key, 0, help, false }
#define MG_OPT_TEXT(name, value, field, help) { name, value, NULL, offsetof(struct mg_invocation, field), help, false }
#define MG_OPT_FLAG(name, field, help) { name, NULL, NULL, offsetof(struct mg_invocation, field), help, false }
#define MG_OPT_LIST(name, value, field, help) { name, value, NULL, offsetof(struct mg_invocation, field), help, true }
#define MG_OPT_END { NULL, NULL, NULL, 0, NULL, false }
/* clang-format on */

struct mg_command {
    const char *name, *summary;
    const char *argument; /* "REPO", or NULL when it takes none */
    bool argument_required;
    unsigned more_words; /* that may follow the argument */
    const struct mg_option *options;
    enum mg_settings_use { MG_SETTINGS_OF_REPO, MG_SETTINGS_OF_HERE, MG_SETTINGS_UNUSED } settings; /* which files it looks for */
    /* Sets app->exit_code on MG_OK when it is not 0. */
    enum mg_code (*run)(struct mg_app *app, const struct mg_invocation *call, struct mg_err *err);
};
extern const struct mg_command mg_cmd_run, mg_cmd_score, mg_cmd_show, mg_cmd_report, mg_cmd_apply, mg_cmd_prompts, mg_cmd_doctor, mg_cmd_operators,
    mg_cmd_config;
extern const struct mg_command *const mg_commands[]; /* ends with NULL */
extern const struct mg_option mg_common_options[];   /* of every command */

/* MG_E_USAGE with one line; texts are borrowed from argv. */
MG_MUST_CHECK enum mg_code mg_options_parse(int argc, char *const *argv, struct mg_arena *arena, struct mg_invocation *call, struct mg_err *err);
/* Help of the program, or of one command. */
struct mg_str mg_options_help(const struct mg_command *command, struct mg_arena *arena);
/* Defaults, then the file (mg_config_file_read), then the environment (NULL: none), then the command line. A wrong value of an option is
 * MG_E_USAGE, one in the file or the environment MG_E_CONFIG. A REPO that the command line did not name is taken from project_root;
 * MG_E_USAGE when the command needs one and there is none. */
MG_MUST_CHECK enum mg_code mg_options_config(struct mg_invocation *call, const struct mg_env *env, struct mg_arena *arena, struct mg_config *config,
                                             struct mg_config_file *file, struct mg_err *err);
/* [A-Za-z0-9._-]{1,64}, and not "." or "..". */
bool mg_run_id_is_valid(struct mg_str run_id);

#endif
