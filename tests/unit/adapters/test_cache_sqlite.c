/* The remembered verdicts on a real SQLite file: kept, replaced, dropped as a whole when the file is damaged, and never through a link. */
#include "adapters/cache_sqlite/cache_sqlite.h"

#include "base/str.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct mg_arena *arena;
    char folder[64], file[80];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->arena = mg_arena_new();
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/mg_cache_XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->file, sizeof fixture->file, "%s/score.db", fixture->folder);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[] = { "score.db", "score.db-wal", "score.db-shm", "score.db-journal", "other" };
    for (size_t i = 0; i < MG_COUNT(names); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", fixture->folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(fixture->folder);
    mg_arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static struct mg_cache opened(struct fixture *fixture)
{
    struct mg_cache cache = { 0 };
    struct mg_err err = { 0 };
    if (mg_cache_sqlite_open(fixture->folder, &cache, &err) != MG_OK)
        fail_msg("%s", err.text);
    return cache;
}

static void keep(struct mg_cache cache, enum mg_cache_kind kind, const char *key, struct mg_str value)
{
    assert_int_equal(cache.ops->keep(cache.self, kind, mg_str_from(key), value, NULL), MG_OK);
}

static struct mg_str found(struct fixture *fixture, struct mg_cache cache, enum mg_cache_kind kind, const char *key)
{
    struct mg_str value = MG_STR("untouched");
    assert_int_equal(cache.ops->find(cache.self, kind, mg_str_from(key), fixture->arena, &value, NULL), MG_OK);
    return value;
}

static void what_was_kept_is_there_in_the_next_session(void **state)
{
    struct fixture *fixture = *state;
    struct mg_cache cache = opened(fixture);
    assert_null(found(fixture, cache, MG_CACHE_VERDICT, "k").at);
    keep(cache, MG_CACHE_VERDICT, "k", MG_STR("first"));
    keep(cache, MG_CACHE_VERDICT, "k", ((struct mg_str){ "a\0b", 3 }));
    keep(cache, MG_CACHE_POINTER, "k", MG_STR("another kind"));
    assert_int_equal(cache.ops->settle(cache.self, NULL), MG_OK);
    cache.ops->close(cache.self);
    cache = opened(fixture);
    assert_true(mg_str_eq(found(fixture, cache, MG_CACHE_VERDICT, "k"), (struct mg_str){ "a\0b", 3 }));
    assert_true(mg_str_is(found(fixture, cache, MG_CACHE_POINTER, "k"), "another kind"));
    assert_null(found(fixture, cache, MG_CACHE_SCORE, "k").at);
    assert_string_equal(cache.ops->trouble(cache.self), "");
    cache.ops->close(cache.self);
}

static void what_was_not_settled_is_not_believed_half(void **state)
{
    struct fixture *fixture = *state;
    struct mg_cache cache = opened(fixture);
    keep(cache, MG_CACHE_VERDICT, "a", MG_STR("1"));
    cache.ops->close(cache.self);
    cache = opened(fixture);
    struct mg_str value = found(fixture, cache, MG_CACHE_VERDICT, "a");
    assert_true(value.at == NULL || mg_str_is(value, "1"));
    assert_string_equal(cache.ops->trouble(cache.self), "");
    cache.ops->close(cache.self);
}

static void a_damaged_file_is_dropped_with_a_line(void **state)
{
    struct fixture *fixture = *state;
    struct mg_cache cache = opened(fixture);
    keep(cache, MG_CACHE_VERDICT, "k", MG_STR("value"));
    assert_int_equal(cache.ops->settle(cache.self, NULL), MG_OK);
    cache.ops->close(cache.self);
    assert_int_equal(mg_file_write(fixture->file,
                                   MG_STR("this is no database, and longer than a header of one hundred bytes, so that SQLite has "
                                          "something to look at and to refuse: garbage, garbage, garbage"),
                                   NULL),
                     MG_OK);
    cache = opened(fixture);
    assert_null(found(fixture, cache, MG_CACHE_VERDICT, "k").at);
    assert_true(strlen(cache.ops->trouble(cache.self)) > 0);
    keep(cache, MG_CACHE_VERDICT, "k", MG_STR("new"));
    assert_int_equal(cache.ops->settle(cache.self, NULL), MG_OK);
    assert_true(mg_str_is(found(fixture, cache, MG_CACHE_VERDICT, "k"), "new"));
    cache.ops->close(cache.self);
}

static void drop_forgets_everything_and_goes_on(void **state)
{
    struct fixture *fixture = *state;
    struct mg_cache cache = opened(fixture);
    keep(cache, MG_CACHE_SCORE, "s", MG_STR("whole"));
    keep(cache, MG_CACHE_VERDICT, "k", MG_STR("value"));
    assert_int_equal(cache.ops->drop(cache.self, NULL), MG_OK);
    assert_null(found(fixture, cache, MG_CACHE_SCORE, "s").at);
    assert_null(found(fixture, cache, MG_CACHE_VERDICT, "k").at);
    keep(cache, MG_CACHE_VERDICT, "k", MG_STR("again"));
    assert_int_equal(cache.ops->settle(cache.self, NULL), MG_OK);
    cache.ops->close(cache.self);
}

static void a_link_in_its_place_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct mg_cache cache = { 0 };
    struct mg_err err = { 0 };
    char other[80];
    snprintf(other, sizeof other, "%s/other", fixture->folder);
    assert_int_equal(mg_file_write(other, MG_STR("mine"), NULL), MG_OK);
    assert_int_equal(symlink(other, fixture->file), 0);
    assert_int_equal(mg_cache_sqlite_open(fixture->folder, &cache, &err), MG_E_DENIED);
    assert_true(strlen(err.text) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_kept_is_there_in_the_next_session, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_not_settled_is_not_believed_half, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_dropped_with_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(drop_forgets_everything_and_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_in_its_place_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
