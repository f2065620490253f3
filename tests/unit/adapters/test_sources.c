/* Files that stand in the copy while plain pytest confirms: what Python and the tests see of them. */
#include "adapters/agent_process/sources.h"

#include "base/str.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct stat about(const char *path)
{
    struct stat found;
    assert_int_equal(stat(path, &found), 0);
    return found;
}

/* Byte code is held against a file's size and second alone. */
static void a_replaced_file_is_younger_and_comes_back_as_it_was(void **state)
{
    (void)state;
    char repo[] = "/tmp/mg-sources-XXXXXX";
    assert_non_null(mkdtemp(repo));
    struct mg_arena *arena = mg_arena_new();
    struct mg_placed_list placed = { 0 };
    struct mg_err err = { .code = MG_OK };
    struct mg_str first = MG_STR("def one(n):\n    return n + 1\n"), other = MG_STR("def one(n):\n    return n - 1\n"), text;
    const char *path = mg_arena_printf(arena, "%s/one.py", repo).at, *new_path = mg_arena_printf(arena, "%s/tests/test_one.py", repo).at;
    assert_int_equal(mg_file_write(path, first, &err), MG_OK);
    assert_int_equal(chmod(path, 0750), 0);
    struct stat before = about(path);

    const struct mg_confirm_source sources[] = { { MG_STR("one.py"), other }, { MG_STR("tests/test_one.py"), first } };
    assert_int_equal(mg_sources_place(mg_str_from(repo), sources, 2, arena, &placed, &err), MG_OK);
    assert_int_equal(mg_file_read(arena, path, 1000, &text, &err), MG_OK);
    assert_true(mg_str_eq(text, other));
    assert_true(about(path).st_mtim.tv_sec == before.st_mtim.tv_sec + 1);
    assert_int_equal(about(path).st_mode, before.st_mode);
    assert_true(mg_file_exists(new_path));

    assert_int_equal(mg_sources_restore(&placed, &err), MG_OK);
    assert_int_equal(mg_file_read(arena, path, 1000, &text, &err), MG_OK);
    assert_true(mg_str_eq(text, first));
    assert_true(about(path).st_mtim.tv_sec == before.st_mtim.tv_sec && about(path).st_mtim.tv_nsec == before.st_mtim.tv_nsec);
    assert_int_equal(about(path).st_mode, before.st_mode);
    assert_false(mg_file_exists(new_path));

    assert_int_equal(mg_file_remove_tree(repo, &err), MG_OK);
    mg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_replaced_file_is_younger_and_comes_back_as_it_was) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
