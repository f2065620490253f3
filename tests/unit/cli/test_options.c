/* The command line: every way to write an option, every way to get it wrong, and what reaches the configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/str.h"
#include "cli/compose.h"
#include "cli/options.h"

static struct mg_arena *arena;
static struct mg_invocation call;
static struct mg_err err;
static struct mg_config_file file;

static int set_up(void **state)
{
    (void)state;
    arena = mg_arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mg_arena_free(arena);
    return 0;
}

/* Words one blank apart; an empty word is written as ''. */
static enum mg_code parse(const char *line)
{
    static char *argv[32];
    struct mg_str rest = mg_str_from(line), word;
    int argc = 0;
    argv[argc++] = (char *)(uintptr_t) "mutagen";
    while (argc < 32 && line[0] && mg_str_next_part(&rest, ' ', &word))
        argv[argc++] = (char *)(uintptr_t)mg_arena_cstr(arena, mg_str_is(word, "''") ? MG_STR("") : word);
    err = (struct mg_err){ .code = MG_OK };
    return mg_options_parse(argc, argv, arena, &call, &err);
}

static void options_stand_anywhere(void **state)
{
    (void)state;
    static const char *const lines[] = { "run repo --run-id x --jobs 2 --no-progress -c f", "--jobs 2 -c f --run-id=x --no-progress run repo",
                                         "-c f run --no-progress --run-id x --jobs=2 -- repo",
                                         "--config=f --jobs 3 run --jobs 2 repo --run-id x --no-progress" };
    for (size_t i = 0; i < MG_COUNT(lines); i++) {
        struct mg_config config;
        assert_int_equal(parse(lines[i]), MG_OK);
        assert_ptr_equal(call.command, &mg_cmd_run);
        assert_true(mg_str_is(call.repo, "repo") && mg_str_is(call.run_id, "x") && mg_str_is(call.config_file, "f") && call.no_progress);
        call.config_file = MG_NO_STR;
        assert_int_equal(mg_options_config(&call, NULL, arena, &config, &file, &err), MG_OK);
        assert_int_equal(config.jobs, 2);
    }
}

static void threshold_sets_two_keys_and_targets_add_up(void **state)
{
    (void)state;
    struct mg_config config;
    assert_int_equal(parse("run . --threshold 0.9 --target a.* --target=b.* --keep improving --max-targets 3 --seed 7 --python /p --provider search"),
                     MG_OK);
    assert_int_equal(mg_options_config(&call, NULL, arena, &config, &file, &err), MG_OK);
    assert_true(config.score_threshold == 0.9 && config.mutation.score_threshold == 0.9);
    assert_int_equal(config.targets.len, 2);
    assert_int_equal(config.mutation.keep, MG_KEEP_IMPROVING);
    assert_int_equal(config.orchestrator.max_targets, 3);
    assert_int_equal(config.generation.seed, 7);
    assert_true(mg_str_is(config.python, "/p"));
}

static void the_first_flag_of_a_list_replaces_it_and_more_add(void **state)
{
    (void)state;
    struct mg_config config;
    assert_int_equal(parse("run . --operators -ROR,+XMT --level 3 --operators=-SDL --target a.*"), MG_OK);
    assert_int_equal(mg_options_config(&call, NULL, arena, &config, &file, &err), MG_OK);
    assert_int_equal(config.mutation.operators.len, 3);
    assert_true(mg_str_is(config.mutation.operators.at[0], "-ROR") && mg_str_is(config.mutation.operators.at[2], "-SDL"));
    assert_int_equal(config.mutation.level, 3);
    assert_int_equal(config.targets.len, 1);
}

static void mistakes_are_usage_errors_of_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } cases[] = {
        { "", "a command is missing: run, score, show, report, apply or doctor (see `mutagen --help`)" },
        { "rnu .", "unknown command 'rnu'; did you mean 'run'?" },
        { "frobnicate", "unknown command 'frobnicate'; the commands are run, score, show, report, apply, doctor, config" },
        { "show", "a mutant ID is missing: mutagen show mutant ID" },
        { "run a b", "unexpected argument 'b': `mutagen run` takes one REPO" },
        { "report x", "unexpected argument 'x'" },
        { "run . --treshold 0.5", "unknown option --treshold; did you mean --threshold?" },
        { "--treshold 0.5 run .", "unknown option --treshold; did you mean --threshold?" },
        { "run . --xyzzy", "unknown option --xyzzy (see `mutagen run --help`)" },
        { "run . --thres 0.5", "unknown option --thres (see `mutagen run --help`)" },
        { "run . -x", "unknown option -x (the short ones are -c and -h)" },
        { "report --jobs 2", "`mutagen report` has no option --jobs" },
        { "run . --jobs", "--jobs needs a value: --jobs N" },
        { "run . --run-id --jobs 2", "--run-id needs a value: --run-id ID" },
        { "run . --run-id=", "--run-id needs a value that is not empty" },
        { "run . --no-progress=1", "--no-progress takes no value" },
        { "run . --run-id a/b", "--run-id must be 1 to 64 of A-Z a-z 0-9 . _ -, not 'a/b'" },
        { "report --run-id ..", "--run-id must be 1 to 64 of A-Z a-z 0-9 . _ -, not '..'" },
        { "apply --into d --patch p", "--into and --patch exclude each other" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        enum mg_code code = parse(cases[i].line);
        assert_string_equal(err.text, cases[i].message);
        assert_int_equal(code, MG_E_USAGE);
    }
}

static void wrong_values_are_usage_errors_too(void **state)
{
    (void)state;
    static const char *const lines[] = { "run . --threshold 1.1", "run . --threshold nan", "run . --jobs -1",        "run . --jobs 1x",
                                         "run . --keep some",     "run . --provider none", "run . --max-targets 1.5" };
    for (size_t i = 0; i < MG_COUNT(lines); i++) {
        struct mg_config config;
        assert_int_equal(parse(lines[i]), MG_OK);
        assert_int_equal(mg_options_config(&call, NULL, arena, &config, &file, &err), MG_E_USAGE);
        assert_int_equal(mg_exit_for_error(err.code), MG_EXIT_USAGE);
    }
}

static void a_repo_comes_from_the_command_line_or_from_the_settings(void **state)
{
    (void)state;
    struct mg_config config;
    static const char *const lines[] = { "run", "run ''", "score" };
    for (size_t i = 0; i < MG_COUNT(lines); i++) {
        assert_int_equal(parse(lines[i]), MG_OK);
        assert_int_equal(mg_options_config(&call, NULL, arena, &config, &file, &err), MG_E_USAGE);
        assert_true(mg_str_starts(mg_str_from(err.text), "a REPO is missing: mutagen "));
    }
    assert_int_equal(parse("doctor"), MG_OK); /* looks at what is here */
    assert_int_equal(mg_options_config(&call, NULL, arena, &config, &file, &err), MG_OK);
    assert_int_equal(setenv("MUTAGEN_PROJECT_ROOT", "examples/shop", 1), 0);
    struct mg_env env = { .file = MG_NO_STR };
    assert_int_equal(parse("run"), MG_OK);
    assert_int_equal(mg_options_config(&call, &env, arena, &config, &file, &err), MG_OK);
    assert_true(mg_str_is(call.repo, "examples/shop"));
    assert_int_equal(parse("run other"), MG_OK);
    assert_int_equal(mg_options_config(&call, &env, arena, &config, &file, &err), MG_OK);
    assert_true(mg_str_is(call.repo, "other"));
    assert_int_equal(unsetenv("MUTAGEN_PROJECT_ROOT"), 0);
}

/* Parsing before the command is known relies on it. --json is the exception: it must stand behind the command. */
static void an_option_takes_the_same_kind_of_value_everywhere(void **state)
{
    (void)state;
    for (size_t i = 0; mg_commands[i]; i++)
        for (const struct mg_option *a = mg_commands[i]->options; a->name; a++)
            for (size_t j = 0; mg_commands[j]; j++)
                for (const struct mg_option *b = mg_commands[j]->options; b->name; b++)
                    if (strcmp(a->name, b->name) == 0 && strcmp(a->name, "json") != 0)
                        assert_true(!a->value == !b->value && !a->setting == !b->setting && a->offset == b->offset);
}

static void help_shows_every_command_option_and_key(void **state)
{
    (void)state;
    size_t count;
    const struct mg_setting *settings = mg_settings(&count);
    struct mg_str all = mg_options_help(NULL, arena);
    for (size_t i = 0; i < count; i++)
        assert_true(mg_str_contains(all, settings[i].key));
    for (size_t i = 0; mg_commands[i]; i++) {
        struct mg_str one = mg_options_help(mg_commands[i], arena);
        assert_true(mg_str_contains(all, mg_commands[i]->name));
        for (const struct mg_option *option = mg_commands[i]->options; option->name; option++)
            assert_true(mg_str_contains(one, mg_arena_printf(arena, "--%s", option->name).at));
    }
    assert_int_equal(parse("run --help"), MG_OK); /* needs no REPO */
    assert_true(call.help);
}

static void exit_codes_have_one_precedence(void **state)
{
    (void)state;
    struct mg_report report = { .status = MG_STR("succeeded") };
    report.after.of[MG_VERDICT_killed] = 1;
    report.after.of[MG_VERDICT_survived] = 1;
    assert_int_equal(mg_exit_for_report(&report, 0), MG_EXIT_OK);
    assert_int_equal(mg_exit_for_report(&report, 0.5), MG_EXIT_OK);
    assert_int_equal(mg_exit_for_report(&report, 0.51), MG_EXIT_BELOW_THRESHOLD);
    report.status = MG_STR("partial");
    assert_int_equal(mg_exit_for_report(&report, 0.51), MG_EXIT_BUDGET);
    report.status = MG_STR("cancelled");
    assert_int_equal(mg_exit_for_report(&report, 0.51), MG_EXIT_INTERRUPTED);
    report.status = MG_STR("failed");
    assert_int_equal(mg_exit_for_report(&report, 0.51), MG_EXIT_FAILURE);
    assert_int_equal(mg_exit_for_error(MG_E_CANCELLED), MG_EXIT_INTERRUPTED);
    assert_int_equal(mg_exit_for_error(MG_E_CONFIG), MG_EXIT_FAILURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(options_stand_anywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(threshold_sets_two_keys_and_targets_add_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mistakes_are_usage_errors_of_one_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_values_are_usage_errors_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_repo_comes_from_the_command_line_or_from_the_settings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_option_takes_the_same_kind_of_value_everywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(help_shows_every_command_option_and_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_first_flag_of_a_list_replaces_it_and_more_add, set_up, tear_down),
        cmocka_unit_test(exit_codes_have_one_precedence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
