/* Which names are folders and which are git URLs, and what of a URL is secret. */
#include "adapters/ingest_git/git.h"
#include "adapters/ingest_git/source.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct mg_arena *arena;

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

static void what_is_a_url(void **state)
{
    (void)state;
    static const struct {
        const char *given, *url, *shown; /* NULL: a folder */
    } cases[] = {
        { "https://host/x/y.git", "https://host/x/y.git", "https://host/x/y.git" },
        { "  https://host/x \n", "https://host/x", "https://host/x" },
        { "HTTPS://Host.Example/X", "https://host.example/X", "https://host.example/X" },
        { "https://me:secret@host/x", "https://host/x", "https://host/x" },
        { "https://token@host:8443/x?key=1", "https://host:8443/x?key=1", "https://host:8443/x" },
        { "ssh://git@host/x", "ssh://git@host/x", "ssh://git@host/x" },
        { "ssh://git:pw@host/x", "ssh://git@host/x", "ssh://git@host/x" },
        { "git+https://host/x.git@v1#egg=y", "https://host/x.git", "https://host/x.git" },
        { "git+ssh://git@host/x.git", "ssh://git@host/x.git", "ssh://git@host/x.git" },
        { "git://host/x", "git://host/x", "git://host/x" },
        { "file:///srv/x", "file:///srv/x", "file:///srv/x" },
        { "git@host:x/y.git", "git@host:x/y.git", "git@host:x/y.git" },
        { "git@host:y", "git@host:y", "git@host:y" },
        { "host.example:x/y", "host.example:x/y", "host.example:x/y" },
        { "some/folder", NULL, NULL },
        { "./git@host:x", NULL, NULL },
        { "nowhere.git", NULL, NULL },
        { "c:x", NULL, NULL },
        { "", NULL, NULL },
    };
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_source source;
        struct mg_err err = { .text = "" };
        if (mg_source_read(arena, mg_str_from(cases[i].given), &source, &err) != MG_OK)
            fail_msg("%s: %s", cases[i].given, err.text);
        if (source.is_git != (cases[i].url != NULL))
            fail_msg("%s: %d", cases[i].given, source.is_git);
        if (cases[i].url) {
            assert_string_equal(mg_arena_cstr(arena, source.url), cases[i].url);
            assert_string_equal(mg_arena_cstr(arena, source.shown), cases[i].shown);
        }
    }
}

static void credentials_stand_apart(void **state)
{
    (void)state;
    struct mg_source source;
    assert_int_equal(mg_source_read(arena, MG_STR("https://me%40home:p%3aw@Host:1/x"), &source, NULL), MG_OK);
    assert_true(mg_str_is(source.user, "me@home") && mg_str_is(source.password, "p:w") && mg_str_is(source.host_url, "https://host:1"));
    assert_string_equal(source.protocols, "https");
    assert_int_equal(mg_source_read(arena, MG_STR("git+https://h/x@1.2"), &source, NULL), MG_OK);
    assert_true(mg_str_is(source.rev, "1.2") && source.user.len == 0);
    assert_int_equal(mg_source_read(arena, MG_STR("https://a%0ab@h/x"), &source, NULL), MG_E_CONFIG);
}

static void reasons_hide_what_is_secret(void **state)
{
    (void)state;
    struct mg_source source;
    assert_int_equal(mg_source_read(arena, MG_STR("https://me:abcdefgh1@h/x?key=zyxwvu"), &source, NULL), MG_OK);
    struct mg_str tail = MG_STR("warning: x\nfatal: unable to access 'https://me:abcdefgh1@h/x?key=zyxwvu': abcdefgh1 no\n");
    struct mg_str reason = mg_git_reason(arena, &source, tail);
    assert_true(mg_str_starts(reason, "unable to access"));
    assert_false(mg_str_contains(reason, "abcdefgh1") || mg_str_contains(reason, "zyxwvu"));
}

static void names_of_revisions(void **state)
{
    (void)state;
    static const char *const good[] = { "main", "feature/x", "v1.0", "1f3a", "a-b_c" };
    static const char *const bad[] = { "", "-x", "+x", "a b", "a:b", "a..b", "a*", "a^", "a~1", "/a", "a\n", "a@{1}" };
    for (size_t i = 0; i < MG_COUNT(good); i++)
        assert_true(mg_is_plain_rev(mg_str_from(good[i])));
    for (size_t i = 0; i < MG_COUNT(bad); i++)
        assert_false(mg_is_plain_rev(mg_str_from(bad[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_a_url),
        cmocka_unit_test(credentials_stand_apart),
        cmocka_unit_test(reasons_hide_what_is_secret),
        cmocka_unit_test(names_of_revisions),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
