/* Files: limits, atomic writes, and trees that were built to resist removal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "os/fd.h"
#include "os/file.h"

static char root[] = "/tmp/mg-file-XXXXXX";
static struct mg_arena *arena;

static const char *at(const char *name) { return mg_arena_printf(arena, "%s/%s", root, name).at; }

static void reads_what_was_written(void **unused)
{
    (void)unused;
    struct mg_str text = { 0 };
    struct mg_err err = { 0 };
    struct stat about;
    umask(0077);
    assert_int_equal(mg_file_write(at("a"), MG_STR("one\0two"), &err), MG_OK);
    assert_int_equal(stat(at("a"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0644);
    assert_int_equal(mg_file_write(at("a"), MG_STR("second"), &err), MG_OK);
    assert_int_equal(mg_file_read(arena, at("a"), 6, &text, &err), MG_OK);
    assert_string_equal(text.at, "second");
    assert_int_equal(text.len, 6);
    assert_int_equal(mg_file_read(arena, at("a"), 5, &text, &err), MG_E_LIMIT);
    assert_int_equal(mg_file_read(arena, at("missing"), 5, &text, &err), MG_E_IO);
    assert_non_null(strstr(err.text, "missing: No such file"));
    assert_int_equal(mg_file_write(at("no/such/folder"), MG_STR("x"), &err), MG_E_IO);
    assert_int_equal(mkfifo(at("pipe"), 0600), 0); /* would block for ever */
    assert_int_equal(mg_file_read(arena, at("pipe"), 5, &text, &err), MG_E_IO);
    assert_int_equal(mg_file_write(at("pipe"), MG_STR("x"), &err), MG_E_IO); /* as /dev/null: it must not be replaced */
    assert_int_equal(symlink("a", at("to a")), 0);
    assert_int_equal(mg_file_write(at("to a"), MG_STR("x"), &err), MG_E_IO); /* as /dev/stdout */
    assert_int_equal(lstat(at("pipe"), &about), 0);
    assert_true(S_ISFIFO(about.st_mode));
    assert_int_equal(mg_file_read(arena, "/proc/self/status", 1 << 20, &text, &err), MG_OK); /* says that it has no bytes */
    assert_true(text.len > 100);
}

static void failed_write_leaves_the_old_text_and_no_litter(void **unused)
{
    (void)unused;
    assert_int_equal(mg_file_mkdirs(at("w/target/full"), NULL), MG_OK);
    assert_int_equal(mg_file_write(at("w/target"), MG_STR("x"), NULL), MG_E_IO); /* a directory stands there */
    assert_true(mg_file_is_dir(at("w/target/full")));
    assert_int_equal(rmdir(at("w/target/full")), 0);
    assert_int_equal(rmdir(at("w/target")), 0);
    assert_int_equal(rmdir(at("w")), 0); /* no temporary file beside it */
}

static void makes_directories_and_says_what_is_in_the_way(void **unused)
{
    (void)unused;
    struct mg_err err;
    assert_int_equal(mg_file_mkdirs(at("d/e//f/"), &err), MG_OK);
    assert_int_equal(mg_file_mkdirs(at("d/e/f"), &err), MG_OK);
    assert_true(mg_file_is_dir(at("d/e/f")));
    assert_int_equal(mg_file_write(at("d/plain"), MG_STR("x"), &err), MG_OK);
    assert_int_equal(mg_file_mkdirs(at("d/plain/g"), &err), MG_E_IO);
    assert_int_equal(mg_file_mkdirs(at("d/plain"), &err), MG_E_IO);
    assert_int_equal(mg_file_mkdirs("", &err), MG_E_IO);
}

static void removes_trees_but_never_through_links(void **unused)
{
    (void)unused;
    struct mg_err err = { 0 };
    assert_int_equal(mg_file_mkdirs(at("keep/inside"), &err), MG_OK);
    assert_int_equal(mg_file_mkdirs(at("t/locked/more"), &err), MG_OK);
    assert_int_equal(mg_file_write(at("t/locked/more/file"), MG_STR("x"), &err), MG_OK);
    assert_int_equal(symlink(at("keep"), at("t/link")), 0);
    assert_int_equal(symlink("nowhere", at("t/dangling")), 0);
    assert_int_equal(chmod(at("t/locked"), 0), 0);
    assert_int_equal(mg_file_remove_tree(at("t"), &err), MG_OK);
    assert_false(mg_file_exists(at("t")));
    assert_true(mg_file_is_dir(at("keep/inside")));
    assert_int_equal(symlink(at("keep"), at("link")), 0);
    assert_int_equal(mg_file_remove_tree(at("link"), &err), MG_OK);
    assert_true(mg_file_is_dir(at("keep/inside")));
    assert_int_equal(mg_file_remove_tree(at("never-there"), &err), MG_OK);
}

static void removes_trees_deeper_than_paths_and_descriptors_allow(void **unused)
{
    (void)unused;
    int fd = open(root, O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 3000; i++) { /* the path would be 30,000 bytes long */
        assert_int_equal(mkdirat(fd, "deeeeeeep", 0700), 0);
        int next = openat(fd, "deeeeeeep", O_RDONLY | O_DIRECTORY);
        close(fd);
        fd = next;
    }
    close(fd);
    struct mg_err err = { 0 };
    assert_int_equal(mg_file_remove_tree(at("deeeeeeep"), &err), MG_OK);
    assert_false(mg_file_exists(at("deeeeeeep")));
}

static void joins_and_resolves(void **unused)
{
    (void)unused;
    assert_string_equal(mg_path_join(arena, MG_STR("a"), MG_STR("b")).at, "a/b");
    assert_string_equal(mg_path_join(arena, MG_STR("a/"), MG_STR("b")).at, "a/b");
    assert_string_equal(mg_path_join(arena, MG_NO_STR, MG_STR("b")).at, "b");
    assert_string_equal(mg_path_join(arena, MG_STR("a"), MG_NO_STR).at, "a");
    struct mg_str found;
    struct mg_err err;
    assert_int_equal(mg_file_resolve(arena, "/usr/../usr/./bin", &found, &err), MG_OK);
    assert_string_equal(found.at, "/usr/bin");
    assert_int_equal(mg_file_resolve(arena, at("nothing"), &found, &err), MG_E_NOT_FOUND);
}

static void waits_for_descriptor_deadline_or_cancel(void **unused)
{
    (void)unused;
    int data[2], wake[2];
    short ready = 0;
    struct mg_cancel cancel = { .requested = 0 };
    assert_int_equal(mg_fd_pipe(data, NULL), MG_OK);
    assert_int_equal(mg_fd_pipe(wake, NULL), MG_OK);
    cancel.wake_fd = wake[0];
    double begin = mg_now();
    assert_int_equal(mg_fd_wait(data[0], 1, begin + 0.05, &cancel, &ready, NULL), MG_E_TIMEOUT);
    assert_true(mg_now() >= begin + 0.05);
    assert_int_equal(write(data[1], "x", 1), 1);
    assert_int_equal(mg_fd_wait(data[0], 1, mg_now() + 5, &cancel, &ready, NULL), MG_OK);
    cancel.requested = 2;
    assert_int_equal(mg_fd_wait(data[0], 1, mg_now() + 5, &cancel, &ready, NULL), MG_E_CANCELLED);
    for (int i = 0; i < 2; i++) {
        mg_fd_close(&data[i]);
        mg_fd_close(&wake[i]);
    }
    assert_int_equal(data[0], -1);
}

static int prepare(void **unused)
{
    (void)unused;
    arena = mg_arena_new();
    return mkdtemp(root) ? 0 : 1;
}

static int clean(void **unused)
{
    (void)unused;
    bool gone = mg_file_remove_tree(root, NULL) == MG_OK;
    mg_arena_free(arena);
    return gone ? 0 : 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_written),
        cmocka_unit_test(failed_write_leaves_the_old_text_and_no_litter),
        cmocka_unit_test(makes_directories_and_says_what_is_in_the_way),
        cmocka_unit_test(removes_trees_but_never_through_links),
        cmocka_unit_test(removes_trees_deeper_than_paths_and_descriptors_allow),
        cmocka_unit_test(joins_and_resolves),
        cmocka_unit_test(waits_for_descriptor_deadline_or_cancel),
    };
    return cmocka_run_group_tests(tests, prepare, clean);
}
