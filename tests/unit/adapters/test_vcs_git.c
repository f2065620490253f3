/* The git adapter on real checkouts, a hostile one among them. */
#include "adapters/vcs_git/vcs_git.h"

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

#define COMMIT "git add -A && git -c user.name=n -c user.email=e commit -qm x"

static enum mg_code changed(struct fixture *fixture, const char *folder, const char *revision, struct mg_changes *changes, struct mg_err *err)
{
    struct mg_vcs vcs = mg_vcs_git();
    *err = (struct mg_err){ 0 };
    return vcs.ops->changed(vcs.self, at(fixture, folder), mg_str_from(revision), fixture->arena, changes, err);
}

static bool says(const struct mg_changes *changes, const char *path, uint32_t first, uint32_t last)
{
    for (size_t i = 0; i < changes->len; i++)
        if (mg_str_is(changes->at[i].path, path) && changes->at[i].first == first && changes->at[i].last == last)
            return true;
    return false;
}

static void changed_lines_are_those_since_the_merge_base(void **state)
{
    struct fixture *fixture = *state;
    struct mg_changes changes;
    struct mg_err err;
    put(fixture, "repo/a.py", "1\n2\n3\n4\n5\n");
    put(fixture, "repo/sub/q\"\t\303\244.py", "1\n2\n");
    shell(fixture, "cd repo && git init -q -b main && " COMMIT);
    shell(fixture, "cd repo && git checkout -qb side && sed -i 's/^2$/++ two/' a.py && " COMMIT);
    shell(fixture, "cd repo && git checkout -q main && sed -i 's/^5$/five/' a.py && " COMMIT " && git checkout -q side");
    shell(fixture, "cd repo && sed -i -e '4d' a.py && sed -i 's/^1$/one/' sub/q*"); /* not committed */
    put(fixture, "repo/new.py", "x\n");
    put(fixture, "repo/new.txt", "x\n");
    assert_int_equal(changed(fixture, "repo", "main", &changes, &err), MG_OK);
    assert_int_equal(changes.len, 3);
    assert_true(says(&changes, "a.py", 2, 2)); /* not line 5: that is main's own change; not the removed line 4 */
    assert_true(says(&changes, "sub/q\"\t\303\244.py", 1, 1));
    assert_true(says(&changes, "new.py", 1, UINT32_MAX));
    assert_int_equal(changed(fixture, "repo/sub", "main", &changes, &err), MG_OK);
    assert_int_equal(changes.len, 1);
    assert_true(says(&changes, "q\"\t\303\244.py", 1, 1));
}

static void why_changes_cannot_be_known_is_one_line(void **state)
{
    struct fixture *fixture = *state;
    struct mg_changes changes;
    struct mg_err err;
    put(fixture, "plain/a.py", "");
    assert_int_equal(changed(fixture, "plain", "main", &changes, &err), MG_E_CONFIG);
    assert_non_null(strstr(err.text, "needs a git checkout"));
    put(fixture, "repo/a.py", "1\n");
    shell(fixture, "cd repo && git init -q -b main");
    assert_int_equal(changed(fixture, "repo", "HEAD", &changes, &err), MG_E_CONFIG);
    assert_non_null(strstr(err.text, "'HEAD' is no revision"));
    shell(fixture, "cd repo && " COMMIT " && echo 2 > a.py && " COMMIT);
    assert_int_equal(changed(fixture, "repo", "nope", &changes, &err), MG_E_CONFIG);
    assert_non_null(strstr(err.text, "'nope' is no revision"));
    assert_null(strstr(err.text, "shallow"));
    assert_int_equal(changed(fixture, "repo", "--output=x", &changes, &err), MG_E_CONFIG);
    shell(fixture, "cd repo && git checkout -q --orphan other && " COMMIT);
    assert_int_equal(changed(fixture, "repo", "main", &changes, &err), MG_E_CONFIG);
    assert_non_null(strstr(err.text, "no common ancestor"));
    shell(fixture, "git clone -q --depth 1 --branch main file://$PWD/repo thin");
    assert_int_equal(changed(fixture, "thin", "HEAD~1", &changes, &err), MG_E_CONFIG);
    assert_non_null(strstr(err.text, "git fetch --unshallow"));
    char *path = getenv("PATH");
    struct mg_str saved = mg_arena_str(fixture->arena, mg_str_from(path));
    assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
    enum mg_code code = changed(fixture, "repo", "main", &changes, &err);
    assert_int_equal(setenv("PATH", saved.at, 1), 0);
    assert_int_equal(code, MG_E_CONFIG);
    assert_non_null(strstr(err.text, "not on PATH"));
}

/* Comparing files with a commit makes git run clean filters, and its configuration is the checkout's. */
static void a_hostile_checkout_starts_nothing_when_compared(void **state)
{
    struct fixture *fixture = *state;
    struct mg_changes changes;
    struct mg_err err;
    put(fixture, "repo/a.py", "1\n");
    put(fixture, "trap.sh", "#!/bin/sh\ntouch \"$(dirname \"$0\")/sprung\"\ncat\n");
    shell(fixture, "chmod +x trap.sh; cd repo && git init -q && " COMMIT);
    shell(fixture,
          "cd repo && for n in clean smudge process; do git config filter.evil.$n $PWD/../trap.sh; done; git config filter.evil.required true;"
          "git config diff.evil.command $PWD/../trap.sh; git config diff.evil.textconv $PWD/../trap.sh; git config diff.external $PWD/../trap.sh;"
          "echo '*.py filter=evil diff=evil' > .git/info/attributes; echo 22 > a.py");
    assert_int_equal(changed(fixture, "repo", "HEAD", &changes, &err), MG_OK);
    assert_true(says(&changes, "a.py", 1, 1));
    assert_false(mg_file_exists(at(fixture, "sprung").at));
    shell(fixture, "cd repo && git diff; test -e ../sprung"); /* the trap is real */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lists_tracked_and_new_files_but_no_ignored_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_folders_are_no_checkout, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hostile_checkout_starts_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(changed_lines_are_those_since_the_merge_base, set_up, tear_down),
        cmocka_unit_test_setup_teardown(why_changes_cannot_be_known_is_one_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hostile_checkout_starts_nothing_when_compared, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
