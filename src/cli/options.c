/* Parses the command line by the tables of options.h. Options may stand before or after the command. */
#include "cli/options.h"
#include "base/str.h"
#include "core/nearest.h"
#include <string.h>

const struct mg_command *const mg_commands[] = { &mg_cmd_run,    &mg_cmd_score,  &mg_cmd_show,      &mg_cmd_report,  &mg_cmd_apply,
                                                 &mg_cmd_doctor, &mg_cmd_config, &mg_cmd_operators, &mg_cmd_prompts, NULL };

const struct mg_option mg_common_options[] = {
    MG_OPT_TEXT("config", "FILE", config_file, "read settings from this TOML file (short: -c)"),
    MG_OPT_SETTING("log-level", "WORD", "logging.level", "log to stderr: debug, info, warning, error"),
    MG_OPT_SETTING("log-format", "WORD", "logging.format", "text, or json"),
    MG_OPT_SETTING("log-file", "FILE", "logging.file", "log into this file"),
    MG_OPT_FLAG("help", help, "print this help (short: -h)"),
    MG_OPT_FLAG("version", version, "print the version"),
    MG_OPT_END,
};

static const struct mg_option *find_in(const struct mg_option *options, struct mg_str name)
{
    for (; options->name; options++)
        if (mg_str_is(name, options->name))
            return options;
    return NULL;
}

/* The option of the command, else of all commands, else of any command: a name takes the same kind of value wherever it occurs. */
static const struct mg_option *find_option(const struct mg_command *command, struct mg_str name, bool *belongs)
{
    const struct mg_option *found = find_in(mg_common_options, name);
    if (!found && command)
        found = find_in(command->options, name);
    *belongs = found || !command;
    for (size_t i = 0; !found && mg_commands[i]; i++)
        found = find_in(mg_commands[i]->options, name);
    return found;
}

static void nearer(struct mg_str typed, const char *name, const char **nearest, unsigned *best)
{
    unsigned distance = mg_edit_distance(typed, mg_str_from(name));
    if (distance < *best && mg_near_enough(typed, distance)) {
        *best = distance;
        *nearest = name;
    }
}

static enum mg_code unknown_option(const struct mg_command *command, struct mg_str name, struct mg_err *err)
{
    const char *nearest = NULL;
    unsigned best = UINT32_MAX;
    for (const struct mg_option *option = mg_common_options; option->name; option++)
        nearer(name, option->name, &nearest, &best);
    for (size_t i = 0; mg_commands[i]; i++)
        for (const struct mg_option *option = mg_commands[i]->options; option->name; option++)
            if (!command || command == mg_commands[i])
                nearer(name, option->name, &nearest, &best);
    struct mg_str shown = mg_str_sub(name, 0, 60);
    if (nearest)
        return MG_FAIL(err, MG_E_USAGE, "unknown option --%.*s; did you mean --%s?", MG_FMT(shown), nearest);
    return MG_FAIL(err, MG_E_USAGE, "unknown option --%.*s (see `mutagen %s%s--help`)", MG_FMT(shown), command ? command->name : "",
                   command ? " " : "");
}

static const struct mg_command *find_command(struct mg_str name)
{
    for (size_t i = 0; mg_commands[i]; i++)
        if (mg_str_is(name, mg_commands[i]->name))
            return mg_commands[i];
    return NULL;
}

static enum mg_code unknown_command(struct mg_str name, struct mg_err *err)
{
    const char *nearest = NULL;
    unsigned best = UINT32_MAX;
    for (size_t i = 0; mg_commands[i]; i++)
        nearer(name, mg_commands[i]->name, &nearest, &best);
    struct mg_str shown = mg_str_sub(name, 0, 60);
    if (nearest)
        return MG_FAIL(err, MG_E_USAGE, "unknown command '%.*s'; did you mean '%s'?", MG_FMT(shown), nearest);
    return MG_FAIL(err, MG_E_USAGE, "unknown command '%.*s'; the commands are run, score, show, report, apply, doctor, config", MG_FMT(shown));
}

/* One argument, split. A positional argument has neither name nor short form. */
struct word {
    bool is_option, has_value;
    struct mg_str name, value; /* `value` of --name=value; the whole word when positional */
};

static struct word split_word(const char *argument)
{
    struct mg_str text = mg_str_from(argument);
    struct word word = { .value = text };
    if (mg_str_is(text, "-c") || mg_str_is(text, "-h")) {
        word.is_option = true;
        word.name = text.at[1] == 'c' ? MG_STR("config") : MG_STR("help");
    } else if (mg_str_starts(text, "--") && text.len > 2) {
        size_t equals = mg_str_find(text, '=', 2);
        word.is_option = true;
        word.has_value = equals < text.len;
        word.name = mg_str_sub(text, 2, equals);
        word.value = mg_str_sub(text, equals + 1, text.len);
    }
    return word;
}

struct parser {
    int argc, at;
    char *const *argv;
    bool no_more_options;         /* behind "--" */
    const struct mg_option *list; /* the last option, when it is a list: words behind the argument belong to it */
    struct mg_arena *arena;
    struct mg_invocation *call;
    struct mg_err *err;
};

/* Finds the command before options are read: which ones are allowed hangs on it. */
static enum mg_code read_command(struct parser *p)
{
    for (int i = 1; i < p->argc && strcmp(p->argv[i], "--") != 0; i++) {
        struct word word = split_word(p->argv[i]);
        bool belongs;
        if (word.is_option) {
            const struct mg_option *option = find_option(NULL, word.name, &belongs);
            if (!option) /* whether the next word is its value cannot be known */
                return unknown_option(NULL, word.name, p->err);
            i += option->value && !word.has_value;
            continue;
        }
        if (mg_str_starts(word.value, "-") && word.value.len > 1)
            continue; /* refused when options are read */
        p->call->command = find_command(word.value);
        return p->call->command ? MG_OK : unknown_command(word.value, p->err);
    }
    return MG_OK;
}

static void set_field(struct parser *p, const struct mg_option *option, struct mg_str value)
{
    void *field = (char *)p->call + option->offset;
    if (option->is_list)
        *MG_PUSH(p->arena, (struct mg_words *)field) = value;
    else if (option->value)
        *(struct mg_str *)field = value;
    else
        *(bool *)field = true;
}

/* --threshold sets two keys; any other one. A switch that turns something off says "key=false". */
static void add_override(struct parser *p, const struct mg_option *option, struct mg_str value)
{
    struct mg_str rest = mg_str_from(option->setting), key;
    const char *origin = mg_arena_printf(p->arena, "--%s", option->name).at;
    while (mg_str_next_part(&rest, ' ', &key)) {
        size_t equals = mg_str_find(key, '=', 0);
        struct mg_str text = equals < key.len ? mg_str_sub(key, equals + 1, key.len) : value;
        *MG_PUSH(p->arena, &p->call->overrides) = (struct mg_override){ .key = mg_str_sub(key, 0, equals), .value = text, .origin = origin };
    }
}

static enum mg_code read_option(struct parser *p, struct word word)
{
    const struct mg_command *command = p->call->command;
    bool belongs;
    const struct mg_option *option = find_option(command, word.name, &belongs);
    if (!option)
        return unknown_option(command, word.name, p->err);
    if (!belongs)
        return MG_FAIL(p->err, MG_E_USAGE, "`mutagen %s` has no option --%s", command->name, option->name);
    if (!option->value && word.has_value)
        return MG_FAIL(p->err, MG_E_USAGE, "--%s takes no value", option->name);
    if (option->value && !word.has_value) {
        if (p->at >= p->argc || strncmp(p->argv[p->at], "--", 2) == 0)
            return MG_FAIL(p->err, MG_E_USAGE, "--%s needs a value: --%s %s", option->name, option->name, option->value);
        word.value = mg_str_from(p->argv[p->at++]);
    }
    if (option->value && word.value.len == 0)
        return MG_FAIL(p->err, MG_E_USAGE, "--%s needs a value that is not empty", option->name);
    if (option->setting)
        add_override(p, option, option->value ? word.value : MG_STR("true"));
    else
        set_field(p, option, word.value);
    p->list = option->is_list ? option : NULL;
    return MG_OK;
}

static enum mg_code read_positional(struct parser *p, struct mg_str value, bool *command_seen)
{
    if (p->call->command && !*command_seen) {
        *command_seen = true; /* read_command took it already */
        return MG_OK;
    }
    struct mg_str shown = mg_str_sub(value, 0, 80);
    if (!p->call->command || !p->call->command->argument)
        return MG_FAIL(p->err, MG_E_USAGE, "unexpected argument '%.*s'", MG_FMT(shown));
    if (p->call->repo.at && p->list) {
        set_field(p, p->list, value);
        return MG_OK;
    }
    if (p->call->repo.at && p->call->words.len < p->call->command->more_words) {
        *MG_PUSH(p->arena, &p->call->words) = value;
        return MG_OK;
    }
    if (p->call->repo.at)
        return MG_FAIL(p->err, MG_E_USAGE, "unexpected argument '%.*s': `mutagen %s` takes one %s", MG_FMT(shown), p->call->command->name,
                       p->call->command->argument);
    p->call->repo = value;
    return MG_OK;
}

static enum mg_code read_words(struct parser *p)
{
    bool command_seen = false;
    for (p->at = 1; p->at < p->argc;) {
        const char *argument = p->argv[p->at++];
        struct word word = split_word(argument);
        if (!p->no_more_options && strcmp(argument, "--") == 0)
            p->no_more_options = true;
        else if (!p->no_more_options && word.is_option)
            MG_TRY(read_option(p, word));
        else if (!p->no_more_options && argument[0] == '-' && argument[1] != '\0')
            return MG_FAIL(p->err, MG_E_USAGE, "unknown option %.60s (the short ones are -c and -h)", argument);
        else
            MG_TRY(read_positional(p, mg_str_from(argument), &command_seen));
    }
    return MG_OK;
}

bool mg_run_id_is_valid(struct mg_str run_id)
{
    if (run_id.len < 1 || run_id.len > 64 || mg_str_is(run_id, ".") || mg_str_is(run_id, ".."))
        return false;
    for (size_t i = 0; i < run_id.len; i++) {
        char byte = run_id.at[i];
        if (!((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '.' || byte == '_' ||
              byte == '-'))
            return false;
    }
    return true;
}

static enum mg_code check_call(const struct mg_invocation *call, struct mg_err *err)
{
    const struct mg_command *command = call->command;
    if (!command)
        return MG_FAIL(err, MG_E_USAGE, "a command is missing: run, score, show, report, apply or doctor (see `mutagen --help`)");
    if (command->argument_required && call->repo.len == 0 && command->settings != MG_SETTINGS_OF_REPO)
        return MG_FAIL(err, MG_E_USAGE, "a %s is missing: mutagen %s %s", command->argument, command->name, command->argument);
    if (call->run_id.at && !mg_run_id_is_valid(call->run_id))
        return MG_FAIL(err, MG_E_USAGE, "--run-id must be 1 to 64 of A-Z a-z 0-9 . _ -, not '%.*s'", MG_FMT(mg_str_sub(call->run_id, 0, 80)));
    if (call->into.at && call->patch.at)
        return MG_FAIL(err, MG_E_USAGE, "--into and --patch exclude each other");
    return MG_OK;
}

enum mg_code mg_options_parse(int argc, char *const *argv, struct mg_arena *arena, struct mg_invocation *call, struct mg_err *err)
{
    *call = (struct mg_invocation){ 0 };
    struct parser parser = { .argc = argc, .argv = argv, .arena = arena, .call = call, .err = err };
    enum mg_code command_code = read_command(&parser);
    if (command_code != MG_OK)
        return command_code;
    MG_TRY(read_words(&parser));
    return call->help || call->version ? MG_OK : check_call(call, err);
}

/* ---- from words to settings ---- */

static enum mg_code choose_repo(struct mg_invocation *call, const struct mg_config *config, struct mg_err *err)
{
    const struct mg_command *command = call->command;
    if (!command || command->settings != MG_SETTINGS_OF_REPO || call->repo.len > 0)
        return MG_OK;
    call->repo = config->project_root;
    if (command->argument_required && call->repo.len == 0)
        return MG_FAIL(err, MG_E_USAGE, "a %s is missing: mutagen %s %s", command->argument, command->name, command->argument);
    return MG_OK;
}

enum mg_code mg_options_config(struct mg_invocation *call, const struct mg_env *env, struct mg_arena *arena, struct mg_config *config,
                               struct mg_config_file *file, struct mg_err *err)
{
    mg_config_defaults(config);
    MG_TRY(mg_config_file_read(call, arena, config, file, err));
    if (env)
        MG_TRY(mg_env_settings(env, arena, config, err));
    for (size_t i = 0; i < call->overrides.len; i++) {
        const struct mg_override *override = &call->overrides.at[i];
        bool given_before = false;
        for (size_t j = 0; j < i; j++)
            given_before |= mg_str_eq(call->overrides.at[j].key, override->key);
        if (!given_before) /* --target replaces the file's list; a second --target adds */
            mg_config_empty_list(config, override->key);
        if (mg_config_set(config, arena, override->key, override->value, override->origin, err) != MG_OK) {
            err->code = MG_E_USAGE;
            return MG_E_USAGE;
        }
    }
    return choose_repo(call, config, err);
}
