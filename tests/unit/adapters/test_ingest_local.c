/* Ingest of real folders: what is copied, what is left, which interpreter, which module names. */
#include "adapters/ingest_local/ingest_local.h"
#include "adapters/vcs_git/vcs_git.h"

#include "base/str.h"
#include "os/file.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct mg_arena *arena;
    struct mg_ingest ingest;
    char folder[64];
    struct mg_repo repo;
    struct mg_err err;
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
    struct mg_str line = mg_arena_printf(
        fixture->arena,
        "cd %s && export PATH=/usr/local/bin:/usr/bin:/bin GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null && { %s; } >/dev/null 2>&1",
        fixture->folder, command);
    assert_int_equal(system(line.at), 0);
}

static void program(struct fixture *fixture, const char *path)
{
    put(fixture, path, "#!/bin/sh\n");
    assert_int_equal(chmod(at(fixture, path).at, 0755), 0);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){ .arena = mg_arena_new(), .ingest = mg_ingest_local_new(mg_vcs_git(), NULL), .folder = "/tmp/mg-test-ingest-XXXXXX" };
    *state = &fixture;
    if (!mkdtemp(fixture.folder) || unsetenv("VIRTUAL_ENV") || unsetenv("MUTAGEN_PYTHON") || setenv("HOME", fixture.folder, 1))
        return -1;
    struct mg_str temporary = at(&fixture, "tmp");
    return mkdir(temporary.at, 0700) || setenv("TMPDIR", temporary.at, 1);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    mg_ingest_local_free(fixture->ingest);
    enum mg_code code = chdir("/") == 0 ? mg_file_remove_tree(fixture->folder, NULL) : MG_E_IO;
    mg_arena_free(fixture->arena);
    return code == MG_OK ? 0 : -1;
}

static enum mg_code open_repo(struct fixture *fixture, const char *path, const char *python)
{
    fixture->err = (struct mg_err){ 0 };
    return fixture->ingest.ops->open(fixture->ingest.self, at(fixture, path), mg_str_from(python), at(fixture, "repo/state"), NULL, fixture->arena,
                                     &fixture->repo, &fixture->err);
}

static void must_open(struct fixture *fixture)
{
    if (open_repo(fixture, "repo", NULL) != MG_OK)
        fail_msg("%s", fixture->err.text);
}

static void close_repo(struct fixture *fixture) { fixture->ingest.ops->close(fixture->ingest.self, &fixture->repo); }

static bool copied(struct fixture *fixture, const char *path)
{
    struct stat about;
    return lstat(mg_path_join(fixture->arena, fixture->repo.copy, mg_str_from(path)).at, &about) == 0;
}

/* "path=module path=module" of the sources, "path path" of the tests, "path: reason" of the skipped. */
static const char *sources(struct fixture *fixture)
{
    struct mg_str line = MG_STR("");
    for (size_t i = 0; i < fixture->repo.sources.len; i++)
        line = mg_arena_printf(fixture->arena, "%.*s%s%.*s=%.*s", MG_FMT(line), i ? " " : "", MG_FMT(fixture->repo.sources.at[i].path),
                               MG_FMT(fixture->repo.sources.at[i].module));
    return mg_arena_cstr(fixture->arena, line);
}

static const char *roots(struct fixture *fixture)
{
    struct mg_str line = MG_STR("");
    for (size_t i = 0; i < fixture->repo.import_roots.len; i++)
        line = mg_arena_printf(fixture->arena, "%.*s<%.*s>", MG_FMT(line), MG_FMT(fixture->repo.import_roots.at[i]));
    return mg_arena_cstr(fixture->arena, line);
}

static const char *reason(const struct fixture *fixture, const char *path)
{
    for (size_t i = 0; i < fixture->repo.skipped.len; i++)
        if (mg_str_is(fixture->repo.skipped.at[i].path, path))
            return fixture->repo.skipped.at[i].reason.at;
    return "";
}

static void src_layout(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "repo/pyproject.toml", "");
    put(fixture, "repo/src/pkg/__init__.py", "");
    put(fixture, "repo/src/pkg/mod.py", "");
    put(fixture, "repo/src/pkg/test/__init__.py", ""); /* a package that is called so */
    put(fixture, "repo/src/pkg/test/client.py", "");
    put(fixture, "repo/src/ns/part/deep.py", "");
    put(fixture, "repo/src/single.py", "");
    put(fixture, "repo/tests/helper.py", "");
    put(fixture, "repo/tests/test_mod.py", "def test(): pass\n");
    put(fixture, "repo/tests/test_generated_pkg_mod.py", "");
    put(fixture, "repo/tests/conftest.py", "");
    put(fixture, "repo/docs/conf.py", "");
    put(fixture, "repo/examples/demo.py", "");
    put(fixture, "repo/setup.py", "");
    put(fixture, "repo/scripts/not-a-module.py", "");
    must_open(fixture);
    assert_string_equal(sources(fixture), "src/ns/part/deep.py=ns.part.deep src/pkg/__init__.py=pkg src/pkg/mod.py=pkg.mod "
                                          "src/pkg/test/__init__.py=pkg.test src/pkg/test/client.py=pkg.test.client src/single.py=single");
    assert_string_equal(roots(fixture), "<src>");
    assert_int_equal(fixture->repo.test_files.len, 1);
    assert_string_equal(fixture->repo.test_files.at[0].path.at, "tests/test_mod.py");
    assert_int_equal(fixture->repo.conftests.len, 1);
    assert_string_equal(fixture->repo.conftests.at[0].path.at, "tests/conftest.py");
    close_repo(fixture);
}

static void scripts_are_the_product_where_nothing_else_is(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "repo/setup.py", "");
    put(fixture, "repo/scripts/task.py", "");
    put(fixture, "repo/tools/__init__.py", "");
    put(fixture, "repo/tools/task.py", "");
    must_open(fixture);
    assert_string_equal(sources(fixture), "tools/__init__.py=tools tools/task.py=tools.task");
    close_repo(fixture);
    shell(fixture, "rm -r repo/tools");
    must_open(fixture);
    assert_string_equal(sources(fixture), "scripts/task.py=scripts.task");
    close_repo(fixture);
}

static void flat_layouts(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "repo/module.py", "");
    put(fixture, "repo/pkg/__init__.py", "");
    put(fixture, "repo/pkg/sub/__init__.py", "");
    put(fixture, "repo/pkg/sub/m.py", "");
    put(fixture, "repo/pkg/tests/test_m.py", "import org.team.pkg2\nimport loose\n");
    put(fixture, "repo/lib/other/__init__.py", "");
    put(fixture, "repo/org/team/pkg2/__init__.py", ""); /* the test's import shows that org.team is a namespace */
    put(fixture, "repo/build/lib/pkg/__init__.py", "");
    put(fixture, "repo/code/loose.py", "");
    put(fixture, "repo/tools/task.py", ""); /* scripts of the developers, not the product */
    put(fixture, "repo/downstream/check.py", "import pkg\n");
    put(fixture, "repo/pkg/_vendor/theirs.py", "");
    put(fixture, "repo/sub/theirs/__init__.py", "");
    put(fixture, "repo/.gitmodules", "[submodule \"x\"]\n\tpath = sub\n\turl = ../x\n");
    must_open(fixture);
    assert_string_equal(sources(fixture), "code/loose.py=loose lib/other/__init__.py=other module.py=module org/team/pkg2/__init__.py=org.team.pkg2 "
                                          "pkg/__init__.py=pkg pkg/sub/__init__.py=pkg.sub pkg/sub/m.py=pkg.sub.m");
    assert_string_equal(roots(fixture), "<code><lib><>");
    close_repo(fixture);
}

static void what_a_program_wrote_is_no_product(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "repo/pkg/__init__.py", "");
    put(fixture, "repo/pkg/shop_pb2.py", "");
    put(fixture, "repo/pkg/parser.py", "# Generated by a tool from grammar.g4.\n# Do not edit.\nx = 1\n");
    put(fixture, "repo/pkg/schema.py",
        "\"\"\"This file is @"
        "generated.\"\"\"\n");
    put(fixture, "repo/pkg/hand.py", "\"\"\"Reports generated by users; do not edit the cache.\"\"\"\nimport x\n");
    put(fixture, "repo/pkg/late.py", "import x\n# Generated by hand. Do not edit.\n");
    put(fixture, "repo/ez_setup.py", "def main(): pass\n");
    must_open(fixture);
    assert_string_equal(sources(fixture), "pkg/__init__.py=pkg pkg/hand.py=pkg.hand pkg/late.py=pkg.late");
    assert_string_equal(reason(fixture, "pkg/parser.py"), "generated code");
    assert_string_equal(reason(fixture, "pkg/shop_pb2.py"), "generated code");
    close_repo(fixture);
}

static void other_encodings_are_read(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "repo/a.py", "#!/usr/bin/python\n# -*- coding: latin-1 -*-\nx = '\xe9'\n");
    put(fixture, "repo/b.py", "# vim: set fileencoding=cp1252 :\nx = '\x80'\n");
    put(fixture, "repo/c.py", "# coding: koi8-r\nx = '\xc1'\n");
    must_open(fixture);
    assert_int_equal(fixture->repo.sources.len, 3);
    static const char *const texts[] = { "#!/usr/bin/python\n# -*- coding: utf-8 -*-\nx = '\xc3\xa9'\n",
                                         "# vim: set fileencoding=utf-8 :\nx = '\xe2\x82\xac'\n", "# coding: utf-8\nx = '\xd0\xb0'\n" };
    for (size_t i = 0; i < 3; i++) {
        struct mg_str copied;
        const struct mg_source_file *source = &fixture->repo.sources.at[i];
        assert_true(mg_str_is(source->text, texts[i]));
        const char *path = mg_arena_printf(fixture->arena, "%.*s/%.*s", MG_FMT(fixture->repo.copy), MG_FMT(source->path)).at;
        assert_int_equal(mg_file_read(fixture->arena, path, 1000, &copied, NULL), MG_OK);
        assert_true(mg_str_is(copied, texts[i])); /* the tests import the same text */
    }
    close_repo(fixture);
}

static void what_stands_beside_the_product_of_a_distribution(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "repo/pyproject.toml", "[project]\nname = 'pkg'\n[tool.setuptools]\npy-modules = ['named']\n");
    put(fixture, "repo/pkg/__init__.py", "");
    put(fixture, "repo/tests/test_it.py", "from tools.kit import saw\nimport used\n");
    put(fixture, "repo/benchmarks/__init__.py", "");
    put(fixture, "repo/benchmarks/speed.py", "from benchmarks import pace\n");
    put(fixture, "repo/tasks/__init__.py", "");
    put(fixture, "repo/tools/__init__.py", "");
    put(fixture, "repo/tools/kit.py", "def saw(): pass\n");
    put(fixture, "repo/named.py", "");
    put(fixture, "repo/used.py", "");
    put(fixture, "repo/make_table.py", "");
    must_open(fixture);
    assert_string_equal(sources(fixture), "named.py=named pkg/__init__.py=pkg tools/__init__.py=tools tools/kit.py=tools.kit used.py=used");
    close_repo(fixture);
    put(fixture, "repo/pyproject.toml", "[tool.ruff]\n"); /* an application: its scripts are the product, too */
    must_open(fixture);
    assert_string_equal(sources(fixture),
                        "make_table.py=make_table named.py=named pkg/__init__.py=pkg tools/__init__.py=tools tools/kit.py=tools.kit used.py=used");
    close_repo(fixture);
    shell(fixture, "rm -r repo/pkg repo/tools repo/*.py repo/tests");
    must_open(fixture);
    assert_string_equal(sources(fixture), "benchmarks/__init__.py=benchmarks benchmarks/speed.py=benchmarks.speed tasks/__init__.py=tasks");
    close_repo(fixture);
}

static void unusable_files_are_named(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "repo/good.py", "# -*- coding: latin-1 -*-\nx = 1\n");
    put(fixture, "repo/latin.py", "# -*- coding: latin-1 -*-\nx = '\xe9'\n");
    put(fixture, "repo/strange.py", "# -*- coding: no-such -*-\nx = '\xe9'\n");
    put(fixture, "repo/raw.py", "x = '\xe9'\n");
    put(fixture, "repo/twin.py", "");
    put(fixture, "repo/twin/__init__.py", "");
    shell(fixture,
          "mkfifo repo/pipe; printf 'x\\0' >repo/nul.py; ln -s /etc/hostname repo/abs; ln -s ../../x repo/twin/out; ln -s ../good.py repo/twin/in.py;"
          "ln -s twin/../.. repo/sly; ln -s way/.. repo/twin/climb; truncate -s 51M repo/huge.bin");
    must_open(fixture);
    assert_string_equal(sources(fixture), "good.py=good latin.py=latin twin.py=twin");
    assert_string_equal(reason(fixture, "strange.py"), "declares an encoding other than UTF-8");
    assert_string_equal(reason(fixture, "raw.py"), "not UTF-8");
    assert_string_equal(reason(fixture, "nul.py"), "holds NUL bytes");
    assert_string_equal(reason(fixture, "twin/__init__.py"), "another file has the same module name");
    assert_string_equal(reason(fixture, "pipe"), "not a regular file");
    assert_string_equal(reason(fixture, "huge.bin"), "larger than 50 MB");
    assert_string_equal(reason(fixture, "abs"), "a link that leaves the repo");
    assert_string_equal(reason(fixture, "twin/out"), "a link that leaves the repo");
    assert_string_equal(reason(fixture, "twin/climb"), "a link that leaves the repo"); /* it would, were `way` a link too */
    assert_string_equal(reason(fixture, "sly"), "a link that leaves the repo");
    assert_true(copied(fixture, "twin/in.py") && copied(fixture, "raw.py"));
    assert_false(copied(fixture, "abs") || copied(fixture, "sly") || copied(fixture, "huge.bin"));
    close_repo(fixture);
}

static void the_copy_of_a_plain_folder(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "repo/a.py", "x = 1\n");
    put(fixture, "repo/data/table.csv", "1,2\n");
    put(fixture, "repo/__pycache__/a.pyc", "");
    put(fixture, "repo/old.pyc", "");
    put(fixture, "repo/.git/config", "");
    put(fixture, "repo/myenv/pyvenv.cfg", "");
    put(fixture, "repo/myenv/lib/x.py", "");
    put(fixture, "repo/state/mutagen.db", ""); /* the storage root */
    put(fixture, "repo/.mutagen/b.py", "");
    shell(fixture, "chmod 750 repo/a.py; touch -d '2001-02-03 04:05:06' repo/a.py");
    must_open(fixture);
    assert_true(copied(fixture, "data/table.csv"));
    assert_false(copied(fixture, "__pycache__") || copied(fixture, "old.pyc") || copied(fixture, ".git") || copied(fixture, "myenv"));
    assert_false(copied(fixture, "state") || copied(fixture, ".mutagen"));
    struct stat from, to, folder;
    assert_int_equal(stat(at(fixture, "repo/a.py").at, &from), 0);
    assert_int_equal(stat(mg_path_join(fixture->arena, fixture->repo.copy, MG_STR("a.py")).at, &to), 0);
    assert_int_equal(to.st_mode & 0777, 0750);
    assert_int_equal(to.st_mtim.tv_sec, from.st_mtim.tv_sec);
    assert_int_not_equal(to.st_ino, from.st_ino);
    assert_int_equal(stat(fixture->repo.scratch.at, &folder), 0);
    assert_int_equal(folder.st_mode & 0777, 0700);
    close_repo(fixture);
    assert_false(mg_file_exists(fixture->repo.copy.at));
    assert_true(mg_file_exists(at(fixture, "repo/a.py").at));
}

static void the_copy_of_a_checkout(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "repo/.gitignore", "*.so\n_version.py\n/junk/\n/build/\n*.egg-info/\n/pkg/made/\n");
    put(fixture, "repo/pkg/__init__.py", "");
    put(fixture, "repo/pkg/sub/__init__.py", "");
    put(fixture, "repo/pkg/_version.py", "");
    put(fixture, "repo/pkg/made/__init__.py", ""); /* a generated package inside ours */
    put(fixture, "repo/pkg/sub/fast.so", "");
    put(fixture, "repo/junk/b.py", "");
    put(fixture, "repo/build/lib/pkg/__init__.py", "");
    put(fixture, "repo/pkg.egg-info/PKG-INFO", "");
    put(fixture, "repo/new.py", "");
    shell(fixture,
          "cd repo && git init -q && git add . && git -c user.name=n -c user.email=e commit -qm x; touch untracked.py; git rm -q --cached new.py;"
          "mkdir nested; cd nested; git init -q; touch inner.py");
    must_open(fixture);
    assert_true(copied(fixture, "pkg/_version.py") && copied(fixture, "pkg/sub/fast.so") && copied(fixture, "pkg/made/__init__.py"));
    assert_true(copied(fixture, "pkg.egg-info/PKG-INFO") && copied(fixture, "new.py") && copied(fixture, "untracked.py"));
    assert_true(copied(fixture, "nested/inner.py"));
    assert_false(copied(fixture, "junk") || copied(fixture, "build") || copied(fixture, ".git") || copied(fixture, "nested/.git"));
    assert_int_equal(fixture->repo.commit.len, 40);
    close_repo(fixture);
}

static const char *fingerprint(struct fixture *fixture)
{
    must_open(fixture);
    close_repo(fixture);
    return mg_arena_cstr(fixture->arena, fixture->repo.fingerprint);
}

static void the_fingerprint_follows_sources_and_tests_only(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "repo/a.py", "x = 1\n");
    put(fixture, "repo/tests/test_a.py", "");
    const char *first = fingerprint(fixture);
    assert_int_equal(strlen(first), 64);
    put(fixture, "repo/tests/test_generated_a.py", "def test(): pass\n");
    put(fixture, "repo/README", "text");
    assert_string_equal(fingerprint(fixture), first);
    put(fixture, "repo/tests/conftest.py", "");
    const char *second = fingerprint(fixture);
    assert_string_not_equal(second, first);
    put(fixture, "repo/a.py", "x = 2\n");
    assert_string_not_equal(fingerprint(fixture), second);
}

static void chosen(struct fixture *fixture, const char *python, const char *expected, const char *origin)
{
    if (open_repo(fixture, "repo", python) != MG_OK)
        fail_msg("%s", fixture->err.text);
    assert_string_equal(mg_arena_cstr(fixture->arena, fixture->repo.python), at(fixture, expected).at);
    assert_string_equal(mg_arena_cstr(fixture->arena, fixture->repo.python_origin), origin);
    close_repo(fixture);
}

static void the_interpreter(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "repo/a.py", "");
    program(fixture, "bin/python3");
    program(fixture, "python3"); /* in the current directory: must not be taken */
    assert_int_equal(chdir(fixture->folder), 0);
    const char *old_path = mg_arena_cstr(fixture->arena, mg_str_from(getenv("PATH")));
    setenv("PATH", mg_arena_printf(fixture->arena, ".:%s/bin:%s", fixture->folder, old_path).at, 1);
    chosen(fixture, NULL, "bin/python3", "PATH");
    program(fixture, "fallback/bin/python");
    setenv("MUTAGEN_PYTHON", at(fixture, "fallback").at, 1);
    chosen(fixture, NULL, "fallback/bin/python", "MUTAGEN_PYTHON");
    program(fixture, "repo/venv/bin/python");
    chosen(fixture, NULL, "repo/venv/bin/python", ".venv");
    program(fixture, "active/bin/python");
    setenv("VIRTUAL_ENV", at(fixture, "active").at, 1);
    chosen(fixture, NULL, "active/bin/python", "VIRTUAL_ENV");
    chosen(fixture, at(fixture, "bin/python3").at, "bin/python3", "--python");

    setenv("VIRTUAL_ENV", at(fixture, "gone").at, 1);
    assert_int_equal(open_repo(fixture, "repo", NULL), MG_E_CONFIG);
    assert_non_null(strstr(fixture->err.text, "VIRTUAL_ENV"));
    assert_int_equal(open_repo(fixture, "repo", "/nonexistent/python"), MG_E_CONFIG);
    assert_non_null(strstr(fixture->err.text, "--python"));
    setenv("PATH", old_path, 1);
}

/* An environment above the repo is used up to the root of its workspace, and never without one. */
static void the_interpreter_of_a_workspace(void **state)
{
    struct fixture *fixture = *state;
    setenv("PATH", at(fixture, "nothing").at, 1);
    put(fixture, "ws/member/repo/a.py", "");
    program(fixture, "ws/.venv/bin/python");
    assert_int_equal(open_repo(fixture, "ws/member/repo", NULL), MG_E_CONFIG);
    put(fixture, "ws/pyproject.toml", "[tool.uv.workspace]\nmembers = []\n");
    assert_int_equal(open_repo(fixture, "ws/member/repo", NULL), MG_OK);
    assert_string_equal(mg_arena_cstr(fixture->arena, fixture->repo.python), at(fixture, "ws/.venv/bin/python").at);
    close_repo(fixture);
    put(fixture, "ws/member/.git", ""); /* now the workspace ends below that environment */
    assert_int_equal(open_repo(fixture, "ws/member/repo", NULL), MG_E_CONFIG);
    shell(fixture, "mv ws/member/.git ws/member/repo"); /* or is the repo itself */
    assert_int_equal(open_repo(fixture, "ws/member/repo", NULL), MG_E_CONFIG);
    assert_non_null(strstr(fixture->err.text, "--python"));
    setenv("PATH", "/usr/bin:/bin", 1);
}

static void bad_input_gets_one_clear_line(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "file.py", "");
    put(fixture, "empty/README", "");
    put(fixture, "pkg/__init__.py", "");
    put(fixture, "broken/a.py", "\xff\xfe");
    assert_int_equal(open_repo(fixture, "missing", NULL), MG_E_NOT_FOUND);
    assert_non_null(strstr(fixture->err.text, "no such path"));
    assert_int_equal(open_repo(fixture, "file.py", NULL), MG_E_CONFIG);
    assert_non_null(strstr(fixture->err.text, "is a file"));
    assert_int_equal(open_repo(fixture, "empty", NULL), MG_E_CONFIG);
    assert_non_null(strstr(fixture->err.text, "no Python source"));
    assert_int_equal(open_repo(fixture, "pkg", NULL), MG_E_CONFIG);
    assert_non_null(strstr(fixture->err.text, "package itself"));
    assert_int_equal(open_repo(fixture, "broken", NULL), MG_E_CONFIG);
    assert_non_null(strstr(fixture->err.text, "skipped a.py: not UTF-8"));
    shell(fixture, "test -z \"$(ls tmp)\""); /* no failure leaves a private folder */
    setenv("TMPDIR", "/nonexistent", 1);
    put(fixture, "repo/a.py", "");
    assert_int_equal(open_repo(fixture, "repo", NULL), MG_E_CONFIG);
    assert_non_null(strstr(fixture->err.text, "TMPDIR"));
}

static void leftovers_of_dead_processes_are_swept(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "repo/a.py", "");
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) { /* opens and holds until it is killed */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        bool opened = open_repo(fixture, "repo", NULL) == MG_OK;
        if (write(ends[1], opened ? "y" : "n", 1) == 1)
            pause();
        _exit(0);
    }
    char answer = 0;
    assert_int_equal(read(ends[0], &answer, 1), 1);
    assert_int_equal(answer, 'y');
    put(fixture, "tmp/mutagen-abcdef/keep", ""); /* no lock: not ours to judge */
    must_open(fixture);
    close_repo(fixture);
    shell(fixture, "test $(ls tmp | wc -l) = 2"); /* a living process keeps its folder */
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    must_open(fixture);
    close_repo(fixture);
    shell(fixture, "test \"$(ls tmp)\" = mutagen-abcdef");
    close(ends[0]);
    close(ends[1]);
}

static void stops_when_cancelled(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "repo/a.py", "");
    struct mg_cancel cancel = { .requested = SIGINT, .wake_fd = -1 };
    struct mg_err err = { 0 };
    assert_int_equal(
        fixture->ingest.ops->open(fixture->ingest.self, at(fixture, "repo"), MG_NO_STR, MG_NO_STR, &cancel, fixture->arena, &fixture->repo, &err),
        MG_E_CANCELLED);
    shell(fixture, "test -z \"$(ls tmp)\"");
}

static bool copy_has(struct fixture *fixture, const char *path, const char *text)
{
    struct mg_str found;
    struct mg_str file = mg_path_join(fixture->arena, fixture->repo.copy, mg_str_from(path));
    return mg_file_read(fixture->arena, file.at, 4096, &found, NULL) == MG_OK && mg_str_contains(found, text);
}

static void a_version_module_that_the_build_would_write(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "repo/src/pkg/__init__.py", "from pkg.version import version\n");
    put(fixture, "repo/src/pkg/m.py", "def f(n):\n    return n + 1\n");
    put(fixture, "repo/src/pkg/made.py", "mine = 1\n");
    put(fixture, "outside/mine.txt", "");
    shell(fixture, "ln -s ../../../outside repo/src/pkg/link");
    put(fixture, "repo/pyproject.toml",
        "[tool.setuptools_scm]\nwrite_to = 'src/pkg/version.py'\nversion_file = 'src/pkg/made.py'\n"
        "[tool.hatch.build.hooks.vcs]\nversion-file = 'src/pkg/link/out.py'\n[tool.pdm.version]\nwrite_to = '../out.py'\n");
    assert_int_equal(open_repo(fixture, "repo", "/bin/sh"), MG_OK);
    assert_true(copy_has(fixture, "src/pkg/version.py", "version = \"0.0.0\""));
    assert_true(copy_has(fixture, "src/pkg/made.py", "mine = 1"));
    assert_false(mg_file_is_there(at(fixture, "outside/out.py").at));
    assert_false(mg_file_is_there(mg_path_join(fixture->arena, fixture->repo.copy, MG_STR("../out.py")).at));
    assert_false(mg_file_is_there(at(fixture, "repo/src/pkg/version.py").at));
    assert_int_equal(fixture->repo.notes.len, 1);
    assert_true(mg_str_starts(fixture->repo.notes.at[0], "src/pkg/version.py is written by the project's build"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(src_layout, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_version_module_that_the_build_would_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(flat_layouts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(scripts_are_the_product_where_nothing_else_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_stands_beside_the_product_of_a_distribution, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unusable_files_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_program_wrote_is_no_product, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_encodings_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_copy_of_a_plain_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_copy_of_a_checkout, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_fingerprint_follows_sources_and_tests_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_interpreter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_interpreter_of_a_workspace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_input_gets_one_clear_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leftovers_of_dead_processes_are_swept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stops_when_cancelled, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
