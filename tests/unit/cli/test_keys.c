/* Keys and settings by variable: what counts from where, and what a .env of somebody else cannot do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/str.h"
#include "cli/keys.h"
#include "cli/options.h"
#include "os/file.h"

static char top[64];
static struct mg_arena *arena;
static struct mg_env env;
static struct mg_err err;
static struct mg_config_file file;

static const char *const variables[] = { "ANTHROPIC_API_KEY",    "OPENAI_API_KEY",      "GEMINI_API_KEY",           "GOOGLE_API_KEY",
                                         "OPENROUTER_API_KEY",   "MUTAGEN_LLM_API_KEY", "MUTAGEN_PROVIDER",         "MUTAGEN_MODEL",
                                         "MUTAGEN_BASE_URL",     "MUTAGEN_EFFORT",      "MUTAGEN_STRATEGY",         "WORK_KEY",
                                         "MUTAGEN_MAX_COST_USD", "MUTAGEN_WORK_KEY",    "MUTAGEN_EMBEDDING_API_KEY" };

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(variables); i++)
        (void)unsetenv(variables[i]);
    (void)snprintf(top, sizeof top, "/tmp/mg-keys-XXXXXX");
    arena = mg_arena_new();
    return mkdtemp(top) ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    mg_arena_free(arena);
    return mg_file_remove_tree(top, NULL) == MG_OK ? 0 : 1;
}

static const char *below(const char *name) { return mg_path_join(arena, mg_str_from(top), mg_str_from(name)).at; }

static void put(const char *name, const char *text)
{
    if (mg_file_write(below(name), mg_str_from(text), &err) != MG_OK)
        fail_msg("%s", err.text);
}

static void load(const char *folder) { mg_env_load(&env, arena, mg_str_from(folder[0] == '.' ? top : below(folder))); }

static void key_is(const char *provider, const char *key_env, const char *name, const char *value)
{
    struct mg_key key = mg_key_find(&env, mg_str_from(provider), mg_str_from(key_env));
    if (!mg_str_is(key.name, name) || !mg_str_is(key.value, value))
        fail_msg("%s: %.*s = '%.*s'", provider, MG_FMT(key.name), MG_FMT(key.value));
}

/* ---- the text ---- */

static void the_text_is_read_as_python_dotenv_reads_it(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected; /* name=value; … */
    } cases[] = {
        { "", "" },
        { "A=1", "A=1;" },
        { "\xef\xbb\xbf"
          "A=1\r\nB=2\r\n",
          "A=1;B=2;" },
        { "export A=1\nexport\tB = 2 \n", "A=1;B=2;" },
        { "export=3", "export=3;" },
        { "# A=1\n  # B=2\nC=3 # four\nD=3#four\nE=#five\nF=a#b #c", "C=3;D=3#four;E=;F=a#b;" },
        { "A='x # y'\nB=\"x # y\" # z\nC=' x '", "A=x # y;B=x # y;C= x ;" },
        { "A=\"a\\nb\\t\\\"c\\\" \\\\ $D ${E}\"\nB='a\\nb \\' \\\\'", "A=a\nb\t\"c\" \\ $D ${E};B=a\\nb ' \\;" },
        { "A=\"line 1\nB=2\nline 3\"\nC=4", "A=line 1\nB=2\nline 3;C=4;" },
        { "A=\"never closed\nB=2", "B=2;" },
        { "A=\"x\" y\nB=2", "B=2;" },
        { "no equals\nA B=1\n=1\n-A=1\nA=1\nA=2", "A=1;A=2;" },
        { "A=\nB", "A=;" },
        { "A=1\rB=2", "A=1;B=2;" },
        { "A=a=b=c\nB=https://x/?q=1", "A=a=b=c;B=https://x/?q=1;" },
        { "A='", "" },
        { "A=\"\\", "" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_dotenv entries;
        struct mg_str all = MG_NO_STR;
        mg_dotenv_read(arena, mg_str_from(cases[i].text), &entries);
        for (size_t k = 0; k < entries.len; k++)
            all = mg_arena_printf(arena, "%.*s%.*s=%.*s;", MG_FMT(all), MG_FMT(entries.at[k].name), MG_FMT(entries.at[k].value));
        if (!mg_str_is(all, cases[i].expected))
            fail_msg("%s\ngave %.*s", cases[i].text, MG_FMT(all));
    }
}

/* Whatever the bytes: it comes to an end and stays inside them (run under the sanitizers, too). */
static void any_bytes_are_read(void **state)
{
    (void)state;
    static const char alphabet[] = "A=\"'\\#\n\r \tn\0$";
    uint32_t seed = 2463534242u;
    for (unsigned round = 0; round < 5000; round++) {
        char text[24];
        size_t length = 0;
        struct mg_dotenv entries;
        for (; length < round % sizeof text; length++) {
            seed = seed * 1664525u + 1013904223u;
            text[length] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        char *exact = malloc(length ? length : 1); /* no byte behind it may be looked at */
        assert_non_null(exact);
        memcpy(exact, text, length);
        mg_dotenv_read(arena, (struct mg_str){ exact, length }, &entries);
        assert_true(entries.len <= length);
        free(exact);
    }
}

/* ---- the file ---- */

static void the_nearest_file_upward_counts(void **state)
{
    (void)state;
    assert_int_equal(mg_file_mkdirs(below("a/b/c/.env"), &err), MG_OK); /* a virtual environment of that name is none */
    load("a/b/c");
    assert_int_equal(env.file.len, 0);
    put(".env", "OPENAI_API_KEY=top");
    load("a/b/c");
    assert_string_equal(env.file.at, below(".env"));
    key_is("openai", "", "OPENAI_API_KEY", "top");
    put("a/.env", "ANTHROPIC_API_KEY=a");
    load("a/b/c");
    key_is("openai", "", "OPENAI_API_KEY", ""); /* one file, not all on the way */
    key_is("anthropic", "", "ANTHROPIC_API_KEY", "a");
    mg_env_load(&env, arena, MG_STR("/"));
    assert_int_equal(env.problem.len, 0);
}

static void files_that_are_not_ones_own_are_not_read(void **state)
{
    (void)state;
    put("real", "OPENAI_API_KEY=stolen-place");
    assert_int_equal(symlink(below("real"), below(".env")), 0);
    load(".");
    assert_true(mg_str_contains(env.problem, "symbolic link") && mg_str_contains(env.problem, ".env"));
    key_is("openai", "", "OPENAI_API_KEY", "");
    assert_int_equal(unlink(below(".env")), 0);
    assert_int_equal(symlink("/nowhere", below(".env")), 0);
    load(".");
    assert_true(mg_str_contains(env.problem, "symbolic link"));
    assert_int_equal(unlink(below(".env")), 0);
    assert_int_equal(mkfifo(below(".env"), 0600), 0);
    load(".");
    assert_true(mg_str_contains(env.problem, "not a regular file"));
    assert_int_equal(unlink(below(".env")), 0);
    struct mg_str large = mg_arena_printf(arena, "OPENAI_API_KEY=%066000d\n", 0);
    put(".env", large.at);
    load(".");
    assert_true(mg_str_contains(env.problem, "larger than 65536 bytes"));
    key_is("openai", "", "OPENAI_API_KEY", "");
    if (geteuid() == 0) { /* only root can give a file away; then it is root who looks, and root may */
        put(".env", "OPENAI_API_KEY=mine");
        assert_int_equal(chown(below(".env"), 12345, 12345), 0);
        load(".");
        assert_int_equal(env.problem.len, 0);
    }
}

static void a_file_of_another_user_is_not_read(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    put(".env", "OPENAI_API_KEY=planted");
    assert_int_equal(chown(below(".env"), 12345, 12345) | chmod(top, 0755) | chmod(below(".env"), 0644), 0);
    assert_int_equal(seteuid(54321), 0);
    load(".");
    assert_int_equal(seteuid(0), 0);
    assert_true(mg_str_contains(env.problem, "belongs to another user"));
    key_is("openai", "", "OPENAI_API_KEY", "");
}

/* ---- keys ---- */

static void the_environment_wins_over_the_file(void **state)
{
    (void)state;
    put(".env", "export OPENAI_API_KEY='from file'\nGEMINI_API_KEY=g\n");
    load(".");
    struct mg_key key = mg_key_find(&env, MG_STR("openai"), MG_NO_STR);
    assert_true(mg_str_is(key.value, "from file") && mg_str_is(key.from, below(".env")));
    assert_int_equal(setenv("OPENAI_API_KEY", "", 1), 0); /* empty is not set */
    key_is("openai", "", "OPENAI_API_KEY", "from file");
    assert_int_equal(setenv("OPENAI_API_KEY", " from environment\n", 1), 0);
    key = mg_key_find(&env, MG_STR("openai"), MG_NO_STR);
    assert_true(mg_str_is(key.value, "from environment") && mg_str_is(key.from, "environment"));
    assert_null(getenv("GEMINI_API_KEY")); /* nothing of the file is put there */
}

static void every_provider_has_its_variable(void **state)
{
    (void)state;
    load(".");
    assert_int_equal(setenv("ANTHROPIC_API_KEY", "a", 1) | setenv("OPENAI_API_KEY", "o", 1) | setenv("GOOGLE_API_KEY", "goo", 1) |
                         setenv("OPENROUTER_API_KEY", "r", 1) | setenv("MUTAGEN_LLM_API_KEY", "c", 1) | setenv("WORK_KEY", "w", 1),
                     0);
    key_is("anthropic", "", "ANTHROPIC_API_KEY", "a");
    key_is("openai", "", "OPENAI_API_KEY", "o");
    key_is("gemini", "", "GOOGLE_API_KEY", "goo");
    key_is("openrouter", "", "OPENROUTER_API_KEY", "r");
    key_is("compatible", "", "MUTAGEN_LLM_API_KEY", "c");
    key_is("command", "", "", "");
    key_is("search", "", "", "");
    key_is("openai", "WORK_KEY", "WORK_KEY", "w"); /* llm.key_env */
    key_is("openai", "NOT_SET", "NOT_SET", "");
    assert_int_equal(setenv("GEMINI_API_KEY", "gem", 1), 0);
    key_is("gemini", "", "GEMINI_API_KEY", "gem");
    assert_int_equal(unsetenv("GEMINI_API_KEY") | unsetenv("GOOGLE_API_KEY"), 0);
    key_is("gemini", "", "GEMINI_API_KEY", ""); /* the name to be set */
    put(".env", "GEMINI_API_KEY=of-the-file\n");
    load(".");
    key_is("gemini", "", "GEMINI_API_KEY", "of-the-file");
    assert_int_equal(setenv("GOOGLE_API_KEY", "goo", 1), 0);
    key_is("gemini", "", "GOOGLE_API_KEY", "goo"); /* the environment wins, by whichever name */
}

static void the_file_gives_only_names_that_are_known(void **state)
{
    (void)state;
    put(".env", "WORK_KEY=w\nPATH=/evil\nMUTAGEN_WORK_KEY=mw\nANTHROPIC_BASE_URL=http://evil\nOPENAI_API_KEY=one\nOPENAI_API_KEY=two\n");
    load(".");
    key_is("openai", "WORK_KEY", "WORK_KEY", "");
    key_is("openai", "MUTAGEN_WORK_KEY", "MUTAGEN_WORK_KEY", "mw");
    key_is("openai", "", "OPENAI_API_KEY", "two"); /* the last one */
    assert_int_equal(env.entries.len, 2);
    struct mg_keys keys;
    mg_keys_list(&env, arena, &keys);
    assert_int_equal(keys.len, 1);
    assert_true(mg_str_is(keys.at[0].name, "OPENAI_API_KEY"));
}

/* ---- settings ---- */

static enum mg_code settings(struct mg_config *config)
{
    mg_config_defaults(config);
    return mg_env_settings(&env, arena, config, &err);
}

static void variables_set_settings(void **state)
{
    (void)state;
    struct mg_config config;
    load(".");
    assert_int_equal(settings(&config), MG_OK);
    assert_true(mg_str_is(config.provider, "search"));
    assert_int_equal(setenv("MUTAGEN_PROVIDER", "openai", 1) | setenv("MUTAGEN_MODEL", "m", 1) | setenv("MUTAGEN_BASE_URL", "http://b", 1) |
                         setenv("MUTAGEN_EFFORT", "high", 1) | setenv("MUTAGEN_STRATEGY", "model", 1) | setenv("MUTAGEN_MAX_COST_USD", "0.25", 1),
                     0);
    assert_int_equal(settings(&config), MG_OK);
    assert_true(mg_str_is(config.provider, "openai") && mg_str_is(config.llm.model, "m") && mg_str_is(config.llm.base_url, "http://b"));
    assert_true(mg_str_is(config.llm.effort, "high") && mg_str_is(config.llm.strategy, "model"));
    assert_true(config.orchestrator.max_cost_usd == 0.25);
    assert_int_equal(setenv("MUTAGEN_EFFORT", "huge", 1), 0);
    assert_int_equal(settings(&config), MG_E_CONFIG);
    assert_true(mg_str_starts(mg_str_from(err.text), "MUTAGEN_EFFORT: llm.effort must be"));
}

static void a_key_alone_names_no_provider(void **state)
{
    (void)state;
    struct mg_config config;
    put(".env", "OPENAI_API_KEY=one");
    assert_int_equal(setenv("ANTHROPIC_API_KEY", "a", 1), 0);
    load(".");
    assert_int_equal(settings(&config), MG_OK);
    assert_true(mg_str_is(config.provider, "search"));
}

static void a_file_says_neither_who_nor_where_nor_how_much(void **state)
{
    (void)state;
    struct mg_config config;
    put(".env", "MUTAGEN_PROVIDER=openai\nMUTAGEN_BASE_URL=http://evil\nMUTAGEN_MAX_COST_USD=900\nMUTAGEN_MODEL=m\nMUTAGEN_EFFORT=low\n"
                "MUTAGEN_STRATEGY=model\nMUTAGEN_COMMAND=rm\n");
    load(".");
    assert_int_equal(settings(&config), MG_OK);
    assert_true(mg_str_is(config.provider, "search"));
    assert_int_equal(config.llm.base_url.len, 0);
    assert_true(config.orchestrator.max_cost_usd == 1);
    assert_true(mg_str_is(config.llm.model, "m") && mg_str_is(config.llm.effort, "low") && mg_str_is(config.llm.strategy, "model"));
    assert_int_equal(env.ignored.len, 3);
    assert_true(mg_str_is(env.ignored.at[1], "MUTAGEN_BASE_URL"));
    put(".env", "MUTAGEN_EFFORT=huge\n");
    load(".");
    assert_int_equal(settings(&config), MG_E_CONFIG);
    assert_true(mg_str_starts(mg_str_from(err.text), mg_arena_printf(arena, "MUTAGEN_EFFORT in %s: llm.effort", below(".env")).at));
}

static void flags_win_over_variables_and_variables_over_the_file_of_c(void **state)
{
    (void)state;
    const char *const argv[] = { "mutagen", "run", ".", "-c", below("m.toml"), "--effort", "max" };
    char *words[MG_COUNT(argv)];
    struct mg_invocation call;
    struct mg_config config;
    put("m.toml", "provider = \"gemini\"\n[llm]\neffort = \"low\"\nmodel = \"of the file\"\nstrategy = \"model\"\n");
    for (size_t i = 0; i < MG_COUNT(argv); i++)
        words[i] = (char *)(uintptr_t)argv[i];
    assert_int_equal(setenv("MUTAGEN_EFFORT", "high", 1) | setenv("MUTAGEN_MODEL", "of the environment", 1), 0);
    load(".");
    assert_int_equal(mg_options_parse(MG_COUNT(argv), words, arena, &call, &err), MG_OK);
    assert_int_equal(mg_options_config(&call, &env, arena, &config, &file, &err), MG_OK);
    assert_true(mg_str_is(config.llm.effort, "max"));
    assert_true(mg_str_is(config.llm.model, "of the environment"));
    assert_true(mg_str_is(config.llm.strategy, "model"));
    assert_true(mg_str_is(config.provider, "gemini"));
}

/* ---- what may not be shown ---- */

static void hidden(const struct mg_secrets *secrets, const char *value, bool expected)
{
    bool found = false;
    for (size_t i = 0; i < secrets->len; i++)
        found = found || mg_str_is(secrets->at[i], value);
    if (found != expected)
        fail_msg("%s", value);
}

static void every_key_is_hidden(void **state)
{
    (void)state;
    struct mg_secrets secrets = { .len = 0 };
    put(".env", "OPENAI_API_KEY=in-the-file\nANTHROPIC_API_KEY=overridden\nMUTAGEN_MODEL=not-secret\nMUTAGEN_PYTHON=/usr/bin/python3\n"
                "MUTAGEN_OTHER_KEY=other-key\nGEMINI_API_KEY=short\n");
    assert_int_equal(
        setenv("ANTHROPIC_API_KEY", "in-the-environment", 1) | setenv("WORK_KEY", "own-variable", 1) | setenv("GOOGLE_API_KEY", "second-name", 1), 0);
    load(".");
    mg_keys_hide(&env, MG_STR("WORK_KEY"), &secrets);
    mg_keys_hide(&env, MG_NO_STR, &secrets);
    static const char *const all[] = { "in-the-file", "overridden", "in-the-environment", "own-variable", "second-name", "other-key" };
    for (size_t i = 0; i < MG_COUNT(all); i++)
        hidden(&secrets, all[i], true);
    hidden(&secrets, "not-secret", false);
    hidden(&secrets, "/usr/bin/python3", false);
    hidden(&secrets, "short", false);
    assert_int_equal(secrets.len, MG_COUNT(all));
}

/* A .env of somebody else that is full of keys does not take the room of one's own. */
static void many_keys_in_the_file_crowd_nobody_out(void **state)
{
    (void)state;
    struct mg_secrets secrets = { .len = 0 };
    struct mg_str text = MG_NO_STR;
    for (unsigned i = 0; i < 2 * MG_MOST_SECRETS; i++)
        text = mg_arena_printf(arena, "%.*sMUTAGEN_%u_KEY=planted-key-%u\n", MG_FMT(text), i, i);
    text = mg_arena_printf(arena, "%.*sOPENAI_API_KEY=in-the-file\nANTHROPIC_API_KEY=overridden\n", MG_FMT(text));
    put(".env", text.at);
    assert_int_equal(setenv("ANTHROPIC_API_KEY", "in-the-environment", 1) | setenv("WORK_KEY", "own-variable", 1) |
                         setenv("MUTAGEN_EMBEDDING_API_KEY", "of-the-embedder", 1),
                     0);
    load(".");
    mg_keys_hide(&env, MG_NO_STR, &secrets);
    mg_keys_hide(&env, MG_STR("WORK_KEY"), &secrets);
    static const char *const all[] = { "in-the-file", "overridden", "in-the-environment", "of-the-embedder", "own-variable", "planted-key-0" };
    for (size_t i = 0; i < MG_COUNT(all); i++)
        hidden(&secrets, all[i], true);
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_text_is_read_as_python_dotenv_reads_it),
        CASE(any_bytes_are_read),
        CASE(the_nearest_file_upward_counts),
        CASE(files_that_are_not_ones_own_are_not_read),
        CASE(a_file_of_another_user_is_not_read),
        CASE(the_environment_wins_over_the_file),
        CASE(every_provider_has_its_variable),
        CASE(the_file_gives_only_names_that_are_known),
        CASE(variables_set_settings),
        CASE(a_key_alone_names_no_provider),
        CASE(a_file_says_neither_who_nor_where_nor_how_much),
        CASE(flags_win_over_variables_and_variables_over_the_file_of_c),
        CASE(every_key_is_hidden),
        CASE(many_keys_in_the_file_crowd_nobody_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
