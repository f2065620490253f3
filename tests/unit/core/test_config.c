/* The settings table: every default is allowed and stored, ranges and types are kept, and messages say where and what is meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/str.h"
#include "core/config.h"
#include "core/nearest.h"

static struct mg_arena *arena;
static struct mg_config config;

static int set_up(void **state)
{
    (void)state;
    arena = mg_arena_new();
    mg_config_defaults(&config);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mg_arena_free(arena);
    return 0;
}

static void defaults_are_the_documented_ones(void **state)
{
    (void)state;
    assert_true(config.score_threshold == 0.0 && config.mutation.score_threshold == 0.8);
    assert_int_equal(config.mutation.keep, MG_KEEP_THRESHOLD);
    assert_int_equal(config.mutation.level, 1);
    assert_true(config.sandbox.test_timeout_seconds == 30.0);
    assert_int_equal(config.sandbox.memory_limit_mb, 2048);
    assert_int_equal(config.generation.max_tests, 8);
    assert_int_equal(config.generation.max_calls, 2000);
    assert_true(mg_str_is(config.storage.root, ".mutagen") && mg_str_is(config.provider, "search"));
    assert_int_equal(config.jobs, 0);
    assert_int_equal(config.targets.len, 0);
}

static void whoever_runs_code_or_writes_files_is_not_harmless(void **state)
{
    (void)state;
    static const char *const harmful[] = { "project_root",
                                           "storage.backend",
                                           "logging.level",
                                           "logging.format",
                                           "logging.file",
                                           "python",
                                           "provider",
                                           "storage.root",
                                           "storage.keep_days",
                                           "ingest.branch",
                                           "ingest.rev",
                                           "ingest.clone_depth",
                                           "ingest.install_deps",
                                           "ingest.command_timeout_seconds",
                                           "ingest.max_retries",
                                           "ingest.retry_backoff_seconds",
                                           "mutation.backend",
                                           "mutation.mutmut_site",
                                           "sandbox.test_timeout_seconds",
                                           "sandbox.memory_limit_mb",
                                           "sandbox.pass_env",
                                           "orchestrator.max_cost_usd",
                                           "orchestrator.max_tokens",
                                           "generation.embedder",
                                           "generation.embedding_model",
                                           "generation.embedding_base_url",
                                           "generation.embedding_price" };
    size_t count, found = 0;
    const struct mg_setting *settings = mg_settings(&count);
    for (size_t i = 0; i < count; i++)
        if (mg_str_starts(mg_str_from(settings[i].key), "llm.")) /* where keys, money and prompts go */
            assert_false(settings[i].harmless);
        else
            found += !settings[i].harmless;
    assert_int_equal(found, MG_COUNT(harmful));
    for (size_t i = 0; i < MG_COUNT(harmful); i++)
        assert_false(mg_setting_find(mg_str_from(harmful[i]))->harmless);
}

/* "" = accepted. */
static const char *set(const char *key, const char *value)
{
    static struct mg_err err;
    err = (struct mg_err){ .code = MG_OK };
    enum mg_code code = mg_config_set(&config, arena, mg_str_from(key), mg_str_from(value), "--x", &err);
    assert_true(code == MG_OK || code == MG_E_CONFIG);
    return err.text;
}

static void both_ends_of_every_range(void **state)
{
    (void)state;
    size_t count;
    const struct mg_setting *settings = mg_settings(&count);
    for (size_t i = 0; i < count; i++) {
        if (settings[i].kind != MG_SETTING_INT && settings[i].kind != MG_SETTING_FLOAT)
            continue;
        double step = settings[i].kind == MG_SETTING_INT ? 1 : 0.01;
        assert_string_equal(set(settings[i].key, mg_arena_printf(arena, "%.16g", settings[i].low).at), "");
        assert_string_equal(set(settings[i].key, mg_arena_printf(arena, "%.16g", settings[i].high).at), "");
        assert_string_not_equal(set(settings[i].key, mg_arena_printf(arena, "%.16g", settings[i].low - step).at), "");
        assert_string_not_equal(set(settings[i].key, mg_arena_printf(arena, "%.12g", settings[i].high * 2 + 1).at), "");
        assert_string_not_equal(set(settings[i].key, "nan"), "");
        assert_string_not_equal(set(settings[i].key, ""), "");
    }
}

static void messages_say_where_and_what_is_allowed(void **state)
{
    (void)state;
    assert_string_equal(set("mutation.score_threshold", "80"), "--x: mutation.score_threshold must be a number from 0 to 1, not '80'");
    assert_string_equal(set("mutation.keep", "all"), "--x: mutation.keep must be \"threshold\" or \"improving\", not 'all'");
    assert_string_equal(set("mutation.score_treshold", "1"), "--x: unknown key 'mutation.score_treshold'; did you mean 'mutation.score_threshold'?");
    assert_string_equal(set("mutation.keep", "improving"), "");
    assert_int_equal(config.mutation.keep, MG_KEEP_IMPROVING);
    assert_string_equal(set("mutation.operators", "-RRO"), "--x: mutation.operators has no 'RRO'; did you mean 'ROR'?");
    assert_string_equal(set("mutation.operators", "+ROR,crp-Num"), "--x: mutation.operators has no 'crp-Num'; did you mean 'CRP-num'?");
    assert_string_equal(set("mutation.operators", "everything"), "--x: mutation.operators has no 'everything' (`mutagen operators` lists them)");
    assert_string_equal(set("mutation.operators", "ROR,"), "--x: mutation.operators has an empty name");
    assert_string_equal(set("mutation.operators", "-"), "--x: mutation.operators has an empty name");
    config.mutation.operators.len = 0;
    assert_string_equal(set("mutation.operators", "-ROR,+EXS"), "");
    assert_int_equal(config.mutation.operators.len, 2);
    assert_true(mg_str_is(config.mutation.operators.at[1], "+EXS"));
    assert_int_equal(config.targets.len, 0);
    assert_string_equal(set("targets", "a.*"), "");
    assert_string_equal(set("targets", "b.*"), "");
    assert_int_equal(config.targets.len, 2);
}

static void toml_sets_what_it_names(void **state)
{
    (void)state;
    struct mg_err err = { .code = MG_OK };
    assert_string_equal(set("targets", "replaced by the file's list"), "");
    assert_int_equal(mg_config_read_toml(&config, arena,
                                         MG_STR("score_threshold = 1\ntargets = [\"pkg.*\"]\nmutation.level = 3\n[storage]\nroot = \"/tmp/x\"\n"),
                                         "m.toml", &err),
                     MG_OK);
    assert_true(config.score_threshold == 1.0);
    assert_int_equal(config.mutation.level, 3);
    assert_int_equal(config.targets.len, 1);
    assert_true(mg_str_is(config.storage.root, "/tmp/x"));
    assert_true(config.mutation.score_threshold == 0.8);
}

static void toml_errors_have_file_and_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "[llm]\nprovider = 'none'\n",
          "m.toml:2: provider must be \"search\" or \"anthropic\" or \"openai\" or \"gemini\" or \"openrouter\" or \"compatible\" or "
          "\"command\" or \"replay\", not 'none'" },
        { "[llm]\nenabled = true\n",
          "m.toml:2: llm.enabled is no setting any more: a model is asked when provider, at the top of the file, names who serves it; "
          "llm.strategy = \"search\" asks none" },
        { "max_targets = 1\n", "m.toml:1: unknown key 'max_targets'; did you mean 'orchestrator.max_targets'?" },
        { "\n[mutation]\nlevl = 2\n", "m.toml:3: unknown key 'mutation.levl'; did you mean 'mutation.level'?" },
        { "[mutatoin]\nlevel = 2\n", "m.toml:1: unknown table [mutatoin]; did you mean [mutation]?" },
        { "[gizmo]\nmodel = 'x'\n", "m.toml:1: unknown table [gizmo] (`mutagen --help` lists the keys)" },
        { "jobs = '2'\n", "m.toml:1: jobs must be a whole number from 0 to 1024, not a string" },
        { "jobs = 2.0\n", "m.toml:1: jobs must be a whole number from 0 to 1024, not a float" },
        { "jobs = true\n", "m.toml:1: jobs must be a whole number from 0 to 1024, not a boolean" },
        { "score_threshold = '0.5'\n", "m.toml:1: score_threshold must be a number from 0 to 1, not a string" },
        { "score_threshold = nan\n", "m.toml:1: score_threshold must be a number from 0 to 1, not 'nan'" },
        { "mutation = 1\n", "m.toml:1: unknown key 'mutation' (`mutagen --help` lists the keys)" },
        { "[jobs]\nx = 1\n", "m.toml:1: jobs must be a whole number from 0 to 1024, not a table" },
        { "targets = [\n  1]\n", "m.toml:2: targets must be a list of texts, not an integer" },
        { "[mutation]\noperators = [\"ROR\",\n \"-XTM\"]\n", "m.toml:3: mutation.operators has no 'XTM'; did you mean 'XMT'?" },
        { "[mutation]\noperators = \"ROR\"\n",
          "m.toml:2: mutation.operators must be a list of names, each with a + or - before it or none, not a string" },
        { "jobs = \n", "m.toml:1: a value is missing" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_err err = { .code = MG_OK };
        assert_int_equal(mg_config_read_toml(&config, arena, mg_str_from(cases[i].text), "m.toml", &err), MG_E_CONFIG);
        assert_string_equal(err.text, cases[i].message);
    }
}

static void keys_of_old_mean_what_they_meant(void **state)
{
    (void)state;
    struct mg_err why = { .code = MG_OK };
    size_t count;
    const struct mg_former *formers = mg_formers(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(!formers[i].successor == (formers[i].text != NULL)); /* taken, or told what to do */
        if (formers[i].successor)
            assert_non_null(mg_setting_find(mg_str_from(formers[i].successor)));
        assert_null(mg_setting_find(mg_str_from(formers[i].key)));
    }
    const char *text = "[llm]\nprovider = \"OpenAI\"\nmax_tokens = 4096\nadaptive_thinking = false\n[logging]\nlevel = \"DEBUG\"\n";
    assert_int_equal(mg_config_read_toml(&config, arena, mg_str_from(text), "m.toml", &why), MG_OK);
    assert_true(mg_str_is(config.provider, "openai") && config.llm.max_output_tokens == 4096 && !config.llm.thinking);
    assert_true(mg_str_is(config.logging.level, "debug"));
    assert_string_equal(mg_setting_origin(&config, mg_setting_find(MG_STR("provider"))), "m.toml:2");
    assert_null(mg_setting_origin(&config, mg_setting_find(MG_STR("jobs"))));
}

/* Its harmless wishes are met; the others are named, and nothing of them is taken, whatever they are. */
static void a_file_inside_the_repo_sets_harmless_settings_only(void **state)
{
    (void)state;
    struct mg_err why = { .code = MG_OK };
    struct mg_toml_source source = { .file_name = "pyproject.toml", .tool_table = true, .inside_repo = true };
    const char *text = "[project]\nname = 'x'\n[tool.mutagen]\njobs = 3\nprovider = \"command\"\n[tool.mutagen.llm]\ncommand = "
                       "7\n[tool.mutagen.mutation]\nlevel = 3\n";
    assert_int_equal(mg_config_read_source(&config, arena, mg_str_from(text), &source, &why), MG_OK);
    assert_true(source.found && config.jobs == 3 && config.mutation.level == 3);
    assert_true(mg_str_is(config.provider, "search") && config.llm.command.len == 0);
    assert_int_equal(source.refused.len, 2);
    assert_true(mg_str_is(source.refused.at[0], "provider (line 5)") && mg_str_is(source.refused.at[1], "llm.command (line 7)"));
    source.refused.len = 0;
    assert_int_equal(mg_config_read_source(&config, arena, MG_STR("[project]\njobs = 9\n"), &source, &why), MG_OK);
    assert_true(!source.found && config.jobs == 3);
}

static void values_are_shown_as_toml(void **state)
{
    (void)state;
    static const char *const shown[][2] = { { "jobs", "7" },
                                            { "mutation.score_threshold", "0.25" },
                                            { "mutation.keep", "\"improving\"" },
                                            { "mutation.chain", "false" },
                                            { "mutation.static", "true" },
                                            { "llm.command", "\"a \\\"b\\\" \\\\\"" } };
    assert_string_equal(set("jobs", "7"), "");
    assert_string_equal(set("mutation.score_threshold", "0.25"), "");
    assert_string_equal(set("mutation.keep", "improving"), "");
    assert_string_equal(set("mutation.chain", "false"), "");
    assert_string_equal(set("mutation.static", "true"), "");
    assert_string_equal(set("llm.command", "a \"b\" \\"), "");
    for (size_t i = 0; i < MG_COUNT(shown); i++)
        assert_string_equal(mg_setting_value(&config, mg_setting_find(mg_str_from(shown[i][0])), arena).at, shown[i][1]);
    assert_string_equal(set("targets", "a.*"), "");
    assert_string_equal(set("targets", "b"), "");
    assert_string_equal(mg_setting_value(&config, mg_setting_find(MG_STR("targets")), arena).at, "[\"a.*\", \"b\"]");
    assert_true(mg_str_is(mg_setting_variable(mg_setting_find(MG_STR("orchestrator.max_targets")), arena), "MUTAGEN_ORCHESTRATOR_MAX_TARGETS"));
}

static void distances(void **state)
{
    (void)state;
    assert_int_equal(mg_edit_distance(MG_STR("kitten"), MG_STR("sitting")), 3);
    assert_int_equal(mg_edit_distance(MG_STR("ab"), MG_STR("ba")), 1);
    assert_int_equal(mg_edit_distance(MG_STR(""), MG_STR("abc")), 3);
    assert_false(mg_near_enough(MG_STR("llm"), 2));
    assert_true(mg_near_enough(MG_STR("mutatoin"), 1));
}

static struct mg_str example_text(void)
{
    FILE *file = fopen("mutagen.example.toml", "rb"); /* ctest runs in the source folder */
    assert_non_null(file);
    char *text = mg_arena_alloc(arena, 1, 1 << 16);
    size_t len = fread(text, 1, 1 << 16, file);
    assert_int_equal(fclose(file), 0);
    return (struct mg_str){ text, len };
}

static void the_example_has_every_setting_at_its_default(void **state)
{
    (void)state;
    struct mg_err err = { .code = MG_OK };
    struct mg_str text = example_text();
    struct mg_config defaults;
    mg_config_defaults(&defaults);
    assert_int_equal(mg_config_read_toml(&config, arena, text, "mutagen.example.toml", &err), MG_OK);
    size_t count;
    const struct mg_setting *settings = mg_settings(&count);
    for (size_t i = 0; i < count; i++) {
        struct mg_str key = mg_str_from(settings[i].key);
        size_t dot = mg_str_rfind(key, '.');
        struct mg_str name = dot < key.len ? mg_str_sub(key, dot + 1, key.len) : key;
        assert_true(mg_str_contains(text, mg_arena_printf(arena, "\n%.*s = ", MG_FMT(name)).at));
        if (settings[i].kind == MG_SETTING_INT)
            assert_memory_equal((char *)&config + settings[i].offset, (char *)&defaults + settings[i].offset, sizeof(int64_t));
        if (settings[i].kind == MG_SETTING_FLOAT)
            assert_memory_equal((char *)&config + settings[i].offset, (char *)&defaults + settings[i].offset, sizeof(double));
    }
    assert_true(mg_str_eq(config.storage.root, defaults.storage.root));
    assert_int_equal(config.mutation.keep, defaults.mutation.keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_example_has_every_setting_at_its_default, set_up, tear_down),
        cmocka_unit_test_setup_teardown(defaults_are_the_documented_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whoever_runs_code_or_writes_files_is_not_harmless, set_up, tear_down),
        cmocka_unit_test_setup_teardown(both_ends_of_every_range, set_up, tear_down),
        cmocka_unit_test_setup_teardown(messages_say_where_and_what_is_allowed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(toml_sets_what_it_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(toml_errors_have_file_and_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_of_old_mean_what_they_meant, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_inside_the_repo_sets_harmless_settings_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_are_shown_as_toml, set_up, tear_down),
        cmocka_unit_test(distances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
