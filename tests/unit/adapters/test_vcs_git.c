/* The git adapter on real checkouts, a hostile one among them. */
#include "adapters/vcs_git/vcs_git.h"

#include "base/str.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct mg_arena *arena;
    char folder[64];
    bool is_checkout;
    struct mg_str *files;
    size_t count;
    struct mg_str commit;
};

static struct mg_str at(struct fixture *fixture, const char *path)
{
    return mg_path_join(fixture->arena, mg_str_from(fixture->folder), mg_str_from(path));
}

static void put(struct fixture *fixture, const char *path, const char *text)
{
    struct mg_str file = at(fixture, path);
    const char *folder = mg_arena_cstr(fixture->arena, mg_str_sub(file, 0, mg_str_rfind(file, '/')));
    assert_int_equal(mg_file_mkdirs(folder, NULL), MG_OK);
    assert_int_equal(mg_file_write(file.at, mg_str_from(text), NULL), MG_OK);
}

static void shell(struct fixture *fixture, const char *command)
{
    struct mg_str line =
        mg_arena_printf(fixture->arena, "cd %s && export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null && { %s; } >/dev/null 2>&1",
                        fixture->folder, command);
    assert_int_equal(system(line.at), 0);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){ .arena = mg_arena_new(), .folder = "/tmp/mg-test-git-XXXXXX" };
    *state = &fixture;
    return mkdtemp(fixture.folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    enum mg_code code = mg_file_remove_tree(fixture->folder, NULL);
    mg_arena_free(fixture->arena);
    return code == MG_OK ? 0 : -1;
}

static void list(struct fixture *fixture, const char *folder)
{
    struct mg_vcs vcs = mg_vcs_git();
    struct mg_err err = { 0 };
    enum mg_code code =
        vcs.ops->list(vcs.self, at(fixture, folder), fixture->arena, &fixture->is_checkout, &fixture->files, &fixture->count, &fixture->commit, &err);
    assert_int_equal(code, MG_OK);
}

static bool has(const struct fixture *fixture, const char *name)
{
    for (size_t i = 0; i < fixture->count; i++)
        if (mg_str_is(fixture->files[i], name))
            return true;
    return false;
}

static void lists_tracked_and_new_files_but_no_ignored_ones(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "repo/.gitignore", "*.log\n");
    put(fixture, "repo/a b\n.py", "");
    put(fixture, "repo/sub/c.py", "");
    shell(fixture, "cd repo && git init -q && git add . && git -c user.name=n -c user.email=e commit -qm x");
    put(fixture, "repo/new.py", "");
    put(fixture, "repo/x.log", "");
    list(fixture, "repo");
    assert_true(fixture->is_checkout);
    assert_int_equal(fixture->count, 4);
    assert_true(has(fixture, "a b\n.py") && has(fixture, "sub/c.py") && has(fixture, "new.py") && has(fixture, ".gitignore"));
    assert_int_equal(fixture->commit.len, 40);

    list(fixture, "repo/sub"); /* a folder inside the checkout: paths are relative to it */
    assert_true(fixture->is_checkout);
    assert_int_equal(fixture->count, 1);
    assert_true(has(fixture, "c.py"));
}

static void other_folders_are_no_checkout(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "plain/a.py", "");
    list(fixture, "plain");
    assert_false(fixture->is_checkout);

    put(fixture, "repo/.gitignore", "/build/\n");
    put(fixture, "repo/build/subject/a.py", "");
    shell(fixture, "cd repo && git init -q");
    list(fixture, "repo/build/subject"); /* git would list nothing: it ignores the whole folder */
    assert_false(fixture->is_checkout);
    list(fixture, "repo");
    assert_true(fixture->is_checkout);
    assert_int_equal(fixture->commit.len, 0); /* no commit yet */
}

/* The checkout's own configuration names commands; listing must run none of them. */
static void a_hostile_checkout_starts_nothing(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "repo/a.py", "");
    put(fixture, "trap.sh", "#!/bin/sh\ntouch \"$(dirname \"$0\")/sprung\"\n");
    shell(
        fixture,
        "chmod +x trap.sh; cd repo && git init -q && git add . && git config core.fsmonitor $PWD/../trap.sh && git config core.pager $PWD/../trap.sh"
        " && git config core.hooksPath $PWD/.. && cp ../trap.sh .git/hooks/post-index-change");
    assert_int_equal(setenv("GIT_DIR", "/nonexistent", 1), 0); /* ours must not reach git either */
    list(fixture, "repo");
    assert_int_equal(unsetenv("GIT_DIR"), 0);
    assert_true(fixture->is_checkout);
    assert_true(has(fixture, "a.py"));
    assert_false(mg_file_exists(at(fixture, "sprung").at));
    shell(fixture, "cd repo && git status; test -e ../sprung"); /* the trap is real: plain git falls into it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lists_tracked_and_new_files_but_no_ignored_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_folders_are_no_checkout, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hostile_checkout_starts_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
