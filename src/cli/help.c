/* Help texts, made from the tables of commands, options and settings. */
#include "base/buf.h"
#include "base/str.h"
#include "cli/options.h"

#define NAME_COLUMN 26

static void add_row(struct mg_buf *out, const char *name, const char *help) { mg_buf_addf(out, "  %-*s  %s", NAME_COLUMN, name, help); }

static void add_option(struct mg_buf *out, const struct mg_option *option, struct mg_arena *arena)
{
    struct mg_str name = mg_arena_printf(arena, option->value ? "--%s %s" : "--%s", option->name, option->value);
    add_row(out, name.at, option->help);
    const struct mg_setting *setting = NULL;
    if (option->setting) {
        struct mg_str rest = mg_str_from(option->setting), key;
        while (mg_str_next_part(&rest, ' ', &key))
            setting = mg_setting_find(key); /* of two, the last one's default counts */
    }
    if (setting && setting->initial[0])
        mg_buf_addf(out, " (default: %s)", setting->initial);
    mg_buf_addc(out, '\n');
}

static void add_common(struct mg_buf *out)
{
    add_row(out, "-c, --config FILE", "read settings from this TOML file\n");
    add_row(out, "--log-level WORD", "log to stderr: debug, info, warning, error (--log-format text|json, --log-file FILE)\n");
    add_row(out, "-h, --help", "print help, also of a command: mutagen run --help\n");
    add_row(out, "--version", "print the version\n");
}

static void command_help(struct mg_buf *out, const struct mg_command *command, struct mg_arena *arena)
{
    mg_buf_addf(out, "usage: mutagen %s [options]", command->name);
    if (command->argument)
        mg_buf_addf(out, command->argument_required ? " %s" : " [%s]", command->argument);
    mg_buf_addf(out, "\n\n%s\n\noptions:\n", command->summary);
    for (const struct mg_option *option = command->options; option->name; option++)
        add_option(out, option, arena);
    add_common(out);
}

static void program_help(struct mg_buf *out, struct mg_arena *arena)
{
    mg_buf_adds(out,
                "usage: mutagen [-c FILE] COMMAND [options]\n\nFinds badly tested functions of a Python repository, writes pytest tests for them,\n"
                "and keeps only tests that kill mutants.\n\ncommands:\n");
    for (size_t i = 0; mg_commands[i]; i++) {
        add_row(out, mg_commands[i]->name, mg_commands[i]->summary);
        mg_buf_addc(out, '\n');
    }
    mg_buf_adds(out, "\noptions:\n");
    add_common(out);
    mg_buf_adds(out, "\nkeys of the TOML file, with their defaults:\n");
    size_t count;
    const struct mg_setting *settings = mg_settings(&count);
    for (size_t i = 0; i < count; i++) {
        bool quoted = settings[i].kind == MG_SETTING_TEXT || settings[i].kind == MG_SETTING_WORD;
        struct mg_str value = mg_arena_printf(arena, quoted ? "%s = \"%s\"" : "%s = %s", settings[i].key,
                                              settings[i].kind == MG_SETTING_LIST ? "[]" : settings[i].initial);
        mg_buf_addf(out, "  %-42s  %s\n", value.at, settings[i].help);
    }
    mg_buf_adds(out, "\nexit codes: 0 success, 1 failure, 2 score below score_threshold, 3 stopped by a budget, or by a model that\n"
                     "gives no answer any more (the same --run-id continues), 64 wrong command line, 130 interrupted\n");
}

struct mg_str mg_options_help(const struct mg_command *command, struct mg_arena *arena)
{
    struct mg_buf out = MG_BUF(1u << 16);
    if (command)
        command_help(&out, command, arena);
    else
        program_help(&out, arena);
    return mg_buf_take(&out, arena);
}
