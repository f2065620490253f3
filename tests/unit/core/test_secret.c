/* Nothing secret is left in a text that was redacted, and nothing else is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"
#include "core/secret.h"
#include "unit/sample_report.h"

#define KEY "sk-ant-0123456789"
#define LONG_KEY "sk-ant-0123456789-and-more"
#define OTHER "AIzaSyOtherKey"

static struct mg_arena *arena;
static struct mg_secrets secrets;

static int set_up(void **state)
{
    (void)state;
    arena = mg_arena_new();
    secrets = (struct mg_secrets){ .len = 0 };
    assert_true(mg_secrets_add(&secrets, MG_STR(KEY)));
    assert_true(mg_secrets_add(&secrets, MG_STR(LONG_KEY)));
    assert_true(mg_secrets_add(&secrets, MG_STR(OTHER)));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mg_arena_free(arena);
    return 0;
}

static void same(struct mg_str text, const char *expected) { assert_string_equal(mg_arena_cstr(arena, text), expected); }

static void every_secret_is_hidden(void **state)
{
    (void)state;
    static const struct {
        const char *text, *clean;
    } cases[] = {
        { "", "" },
        { "nothing here: sk-ant", "nothing here: sk-ant" },
        { KEY, "[redacted]" },
        { "x" KEY KEY "y" OTHER "z", "x[redacted][redacted]y[redacted]z" },
        { "the longer one " LONG_KEY "!", "the longer one [redacted]!" },
        { "401: wrong key sk-ant-01", "401: wrong key [redacted]" }, /* the text was cut inside the key */
        { "401: wrong key sk-ant-", "401: wrong key sk-ant-" },      /* too little of it to tell */
        { "sk-ant-01 is the start of it", "sk-ant-01 is the start of it" },
        { "token=" OTHER "&x", "token=[redacted]&x" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        same(mg_redact(arena, &secrets, mg_str_from(cases[i].text)), cases[i].clean);
        same(mg_redact_code(arena, &secrets, mg_str_from(cases[i].text)), cases[i].clean);
    }
    same(mg_redact(arena, NULL, MG_STR("as it is " KEY)), "as it is " KEY);
}

static void passwords_in_addresses_are_hidden_in_messages_only(void **state)
{
    (void)state;
    static const struct {
        const char *text, *clean;
    } cases[] = {
        { "clone https://me:pass@host/r.git failed", "clone https://[redacted]@host/r.git failed" },
        { "https://token@host", "https://[redacted]@host" },
        { "http://a:b@c@host:80/?q=x@y", "http://[redacted]@host:80/?q=x@y" },
        { "postgresql://u:p@[::1]/db and ssh://git@host/x", "postgresql://[redacted]@[::1]/db and ssh://git@host/x" },
        { "https://host/user:x@y", "https://host/user:x@y" },
        { "see https://host mail me@host", "see https://host mail me@host" },
        { "://", "://" },
        { "'https://a:b'@c", "'https://a:b'@c" },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        same(mg_redact(arena, NULL, mg_str_from(cases[i].text)), cases[i].clean);
        same(mg_redact_code(arena, &secrets, mg_str_from(cases[i].text)), cases[i].text);
    }
}

static void text_without_secrets_is_borrowed(void **state)
{
    (void)state;
    struct mg_str text = MG_STR("assert f('https://a:b@c') == 1\0 tail");
    assert_ptr_equal(mg_redact_code(arena, &secrets, text).at, text.at);
    text = MG_STR("plain");
    assert_ptr_equal(mg_redact(arena, &secrets, text).at, text.at);
}

static void short_ones_and_too_many_are_not_taken(void **state)
{
    (void)state;
    assert_false(mg_secrets_add(&secrets, MG_STR("1234567")));
    assert_false(mg_secrets_add(&secrets, MG_NO_STR));
    assert_true(mg_secrets_add(&secrets, MG_STR(KEY))); /* known */
    assert_int_equal(secrets.len, 3);
    for (unsigned i = 0; secrets.len < MG_MOST_SECRETS; i++)
        assert_true(mg_secrets_add(&secrets, mg_arena_printf(arena, "secret-%08u", i)));
    assert_false(mg_secrets_add(&secrets, MG_STR("one-too-many")));
}

static void errors_are_redacted_in_place(void **state)
{
    (void)state;
    struct mg_err err;
    (void)MG_FAIL(&err, MG_E_HTTP, "401 for %s at https://u:p@h", KEY);
    mg_redact_err(&secrets, &err);
    assert_string_equal(err.text, "401 for [redacted] at https://[redacted]@h");
    assert_int_equal(err.code, MG_E_HTTP);
    memset(err.text, 'a', sizeof err.text - 1); /* a full text that would grow: it is cut, not overrun */
    memcpy(err.text, "https://u:p@h ", 14);
    err.text[sizeof err.text - 1] = '\0';
    mg_redact_err(&secrets, &err);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_true(mg_str_starts(mg_str_from(err.text), "https://[redacted]@h aaa"));
    mg_redact_err(&secrets, NULL);
}

static void hides(struct mg_str *field, const char *name)
{
    if (!mg_str_is(*field, "a [redacted] b"))
        fail_msg("%s: %.*s", name, MG_FMT(*field));
}

static void whole_records_are_redacted(void **state)
{
    (void)state;
    struct mg_outcome o = sample_outcome(arena, 1);
    struct mg_report r = sample_report(arena);
    struct {
        struct mg_str *field;
        const char *name;
    } fields[] = { { &o.reason, "reason" },
                   { &o.imports, "imports" },
                   { &o.tests.at[1].source, "source" },
                   { &o.tests.at[1].reason, "test's reason" },
                   { &o.mutants.at[2].mutant.original, "original" },
                   { &o.mutants.at[2].mutant.replacement, "replacement" },
                   { &o.mutants.at[2].diff, "diff" },
                   { &o.mutants.at[2].before.killer, "killer" },
                   { &o.mutants.at[2].after.killer, "killer after" },
                   { &o.mutants.at[2].before.reason, "before" },
                   { &o.mutants.at[2].after.reason, "after" },
                   { &o.suspected_bugs.at[0], "suspected bug" },
                   { &o.notes.at[0], "note" },
                   { &r.stop_reason, "stop reason" },
                   { &r.repo, "repo" },
                   { &r.model, "model" },
                   { &r.next_step, "next step" },
                   { &r.notes.at[3].subject, "subject" },
                   { &r.notes.at[3].text, "text" } };
    for (size_t i = 0; i < MG_COUNT(fields); i++)
        *fields[i].field = MG_STR("a " KEY " b");
    mg_redact_outcome(arena, &secrets, &o);
    mg_redact_report(arena, &secrets, &r);
    for (size_t i = 0; i < MG_COUNT(fields); i++)
        hides(fields[i].field, fields[i].name);
}

int main(void)
{
#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(every_secret_is_hidden),           CASE(passwords_in_addresses_are_hidden_in_messages_only),
        CASE(text_without_secrets_is_borrowed), CASE(short_ones_and_too_many_are_not_taken),
        CASE(errors_are_redacted_in_place),     CASE(whole_records_are_redacted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
