/* Import lines that are read, what falls with a missing module, and Poetry's notation. */
#include "adapters/ingest_local/environment.h"
#include "adapters/ingest_local/needs.h"
#include "adapters/ingest_local/poetry.h"
#include "adapters/ingest_local/said.h"

#include "base/str.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static void add(struct mg_repo *repo, const char *path, const char *module, const char *text)
{
    struct mg_source_file file = { mg_str_from(path), mg_str_from(module), mg_str_from(text) };
    if (strncmp(path, "tests/", 6) == 0)
        *MG_PUSH(arena, &repo->test_files) = file;
    else
        *MG_PUSH(arena, &repo->sources) = file;
}

static const char *names(const struct mg_needs *needs)
{
    struct mg_str line = MG_STR("");
    for (size_t i = 0; i < needs->len; i++)
        line = mg_arena_printf(arena, "%.*s%s%.*s:%u", MG_FMT(line), i ? " " : "", MG_FMT(needs->at[i].name), needs->at[i].line);
    return mg_arena_cstr(arena, line);
}

static void lines_that_count(void **state)
{
    (void)state;
    struct mg_repo repo = { 0 };
    struct mg_needs needs;
    add(&repo, "pkg/a.py", "pkg.a",
        "\"\"\"Doc\nimport inside\n\"\"\"\nimport one, two.sub as t  # import three\nfrom four.x import (\n    y)\nfrom . import b\n"
        "try:\n    import five\nexcept ImportError:\n    five = None\nif True:\n    import six\nimport pkg.b; import no\nfrom pkg import "
        "a\nimportant = 1\nfrom_x = 2\n");
    add(&repo, "pkg/b.py", "pkg.b", "import one\n");
    mg_needs_scan(&repo, arena, &needs);
    assert_string_equal(names(&needs), "one:4 two:4 two.sub:4 four:5 four.x:5");
}

static void files_that_pytest_does_not_look_for_need_nothing(void **state)
{
    (void)state;
    struct mg_repo repo = { 0 };
    struct mg_needs needs;
    add(&repo, "tests/plot.py", "tests.plot", "import drawing\n\ndef test_plot(): pass\ndef test_more(): pass\n");
    mg_needs_scan(&repo, arena, &needs);
    needs.at[0].missing = true;
    mg_needs_settle(&needs, arena);
    assert_int_equal(needs.tests, 2); /* where it finds no other, they are run by name */
    assert_int_equal(needs.broken_tests, 2);
    add(&repo, "tests/test_a.py", "tests.test_a", "import plain\n\ndef test_a(): pass\n");
    mg_needs_scan(&repo, arena, &needs);
    needs.at[0].missing = true;
    mg_needs_settle(&needs, arena);
    assert_int_equal(needs.tests, 1);
    assert_int_equal(needs.broken_tests, 0);
    assert_int_equal(needs.at[0].tests, 0);
}

static void write_file(const char *folder, const char *path, const char *text)
{
    const char *whole = mg_arena_printf(arena, "%s/%s", folder, path).at;
    assert_int_equal(mg_file_mkdirs(mg_arena_cstr(arena, mg_str_sub(mg_str_from(whole), 0, mg_str_rfind(mg_str_from(whole), '/'))), NULL), MG_OK);
    assert_int_equal(mg_file_write(whole, mg_str_from(text), NULL), MG_OK);
}

/* tests/common.py is no source and no test: pytest finds it because it stands beside them. */
static void helpers_beside_tests(void **state)
{
    (void)state;
    char folder[] = "/tmp/mg-needs-XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct mg_repo repo = { .copy = mg_str_from(folder) };
    struct mg_needs needs;
    write_file(folder, "tests/common.py", "x = 1\n");
    add(&repo, "pkg/a.py", "pkg.a", "from common import y\n");
    add(&repo, "tests/test_a.py", "test_a", "from common import x\nimport uncommon\n");
    mg_needs_scan(&repo, arena, &needs);
    assert_string_equal(names(&needs), "common:1 uncommon:2");
    assert_true(mg_str_is(needs.at[0].path, "pkg/a.py"));
    needs.at[0].missing = true;
    mg_needs_settle(&needs, arena);
    assert_int_equal(needs.at[0].tests, 0);
    assert_int_equal(mg_file_remove_tree(folder, NULL), MG_OK);
}

/* On disk, too. */
static void put(struct mg_repo *repo, const char *path, const char *module, const char *text)
{
    write_file(repo->copy.at, path, text);
    add(repo, path, module, text);
}

/* A name that some file of the repo has is the repo's own only where it can be imported by that name. */
static void what_is_called_like_a_package(void **state)
{
    (void)state;
    char folder[] = "/tmp/mg-needs-XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct mg_repo repo = { .copy = mg_str_from(folder) };
    struct mg_needs needs;
    *MG_PUSH(arena, &repo.import_roots) = MG_STR("src");
    write_file(folder, "pyproject.toml",
               "[project]\nname = 'x'\ndependencies = ['PyYAML', 'attrs', 'Redis>=4']\n[tool.pytest.ini_options]\npythonpath = ['lib']\n");
    write_file(folder, "docs/yaml.py", "");
    write_file(folder, "scripts/attr.py", "");
    write_file(folder, "lib/by_setting.py", "");
    write_file(folder, "tools/by_conftest.py", "");
    write_file(folder, "src/support/__init__.py", "");
    put(&repo, "src/pkg/__init__.py", "pkg", "");
    put(&repo, "src/pkg/contrib/django/__init__.py", "pkg.contrib.django", "");
    put(&repo, "src/pkg/attr.py", "pkg.attr", "");
    put(&repo, "src/pkg/models.py", "pkg.models", "");
    put(&repo, "src/pkg/a.py", "pkg.a",
        "import yaml\nimport attr\nimport models\nimport django\nimport by_setting\nimport by_conftest\nimport support\nimport helpers\n");
    put(&repo, "tests/redis/test_b.py", "test_b", "import redis\nimport pkg\nimport helpers\nimport test_c\n");
    write_file(folder, "tests/redis/helpers.py", "");
    put(&repo, "tests/unit/test_c.py", "test_c", "");
    struct mg_source_file conftest = { MG_STR("tests/conftest.py"), MG_STR(""),
                                       MG_STR("import sys\nsys.path.insert(0, str(Path(__file__).parent.parent / \"tools\"))\n") };
    *MG_PUSH(arena, &repo.conftests) = conftest;
    mg_needs_scan(&repo, arena, &needs);
    assert_string_equal(names(&needs), "yaml:1 attr:2 django:4 helpers:8 redis:1 sys:1");
    assert_int_equal(needs.at[0].like.len, 0);
    assert_int_equal(needs.at[1].like.len, 0);
    assert_string_equal(mg_arena_cstr(arena, needs.at[2].like), "src/pkg/contrib/django/__init__.py");
    needs.at[2].missing = true;
    mg_needs_settle(&needs, arena);
    assert_int_equal(needs.at[2].sources, 1);
    assert_int_equal(needs.broken_sources, 0); /* nothing that could be installed is known to help */
    needs.at[0].missing = true;
    mg_needs_settle(&needs, arena);
    assert_int_equal(needs.at[0].sources, 1);
    assert_int_equal(needs.broken_sources, 1);
    assert_int_equal(mg_file_remove_tree(folder, NULL), MG_OK);
}

/* scripts/release.py is imported from the root as a part of a package without __init__.py; not where the project requires a package called so. */
static void folders_without_init(void **state)
{
    (void)state;
    char folder[] = "/tmp/mg-needs-XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct mg_repo repo = { .copy = mg_str_from(folder) };
    struct mg_needs needs;
    write_file(folder, "requirements.txt", "docker\n");
    write_file(folder, "scripts/release.py", "");
    write_file(folder, "parts/deep/down/one.py", "");
    write_file(folder, "docker/start.py", "");
    write_file(folder, "data/numbers.txt", "");
    write_file(folder, "other/elsewhere/one.py", "");
    put(&repo, "tests/test_a.py", "test_a", "from scripts import release\nimport parts.deep\nimport docker\nimport data\nimport elsewhere\n");
    mg_needs_scan(&repo, arena, &needs);
    assert_string_equal(names(&needs), "docker:3 data:4 elsewhere:5");
    assert_int_equal(mg_file_remove_tree(folder, NULL), MG_OK);
}

static void what_falls(void **state)
{
    (void)state;
    struct mg_repo repo = { 0 };
    struct mg_needs needs;
    add(&repo, "pkg/__init__.py", "pkg", "from .core import thing\n");
    add(&repo, "pkg/core.py", "pkg.core", "x = 1\nimport gone\n");
    add(&repo, "pkg/alone.py", "pkg.alone", "");
    add(&repo, "other.py", "other", "import here\n");
    add(&repo, "tests/test_a.py", "test_a", "import pkg.alone\n");
    add(&repo, "tests/test_b.py", "test_b", "import other\n");
    mg_needs_scan(&repo, arena, &needs);
    assert_string_equal(names(&needs), "gone:2 here:1");
    mg_needs_settle(&needs, arena);
    assert_int_equal(needs.broken_sources, 0);
    needs.at[0].missing = true;
    mg_needs_settle(&needs, arena);
    assert_int_equal(needs.broken_sources, 3);
    assert_int_equal(needs.at[0].tests, 1);
    assert_string_equal(mg_arena_cstr(arena, needs.at[0].chain), "tests/test_a.py > pkg/__init__.py");
}

/* Marks and fixtures that only a plugin knows; not where the repo has its own, or a file skips itself. */
static void plugins_without_import(void **state)
{
    (void)state;
    struct mg_repo repo = { 0 };
    struct mg_needs needs;
    add(&repo, "pkg/a.py", "pkg.a", "def test(mocker):\n    pass\n");
    add(&repo, "tests/test_a.py", "test_a",
        "import pytest\n'''\npytest.mark.django_db\n'''\n# pytest.mark.trio\n\nclass Test:\n    @pytest.mark.asyncio\n    async def test(self):\n"
        "        pass\n\ndef test_b(tmp_path, mocker):\n    mocker_x = httpx_mock\n");
    add(&repo, "tests/test_b.py", "test_b", "def requests_mock():\n    pass\n\ndef test_c(requests_mock, my_mocker):\n    pass\n");
    add(&repo, "tests/test_c.py", "test_c", "x = pytest.importorskip('anyio')\n\npytestmark = pytest.mark.anyio\n");
    mg_needs_scan(&repo, arena, &needs);
    assert_string_equal(names(&needs), "pytest:1 pytest_asyncio:8 pytest_mock:12");
    assert_string_equal(mg_arena_cstr(arena, needs.at[1].sign), "pytest.mark.asyncio");
    assert_string_equal(mg_arena_cstr(arena, needs.at[2].sign), "the fixture mocker");
    needs.at[1].missing = true;
    mg_needs_settle(&needs, arena);
    assert_int_equal(needs.broken_tests, 2);
    assert_int_equal(needs.at[1].tests, 1);
    assert_int_equal(needs.tests, 4);
}

/* One of four files, but most tests; and the conftest that all tests below it need. */
static void files_weigh_by_their_tests(void **state)
{
    (void)state;
    struct mg_repo repo = { 0 };
    struct mg_needs needs;
    add(&repo, "tests/__init__.py", "tests", "");
    add(&repo, "tests/test_a.py", "test_a", "import pytest\n\ndef check():\n    pass\n");
    add(&repo, "tests/big/test_b.py", "test_b",
        "import large\nimport far\n\ndef test_one(): pass\n\nclass Test:\n    def test_two(self): pass\n\n    async def test_three(self): pass\n");
    add(&repo, "tests/bigger/test_c.py", "test_c", "def test_c(): pass\n");
    *MG_PUSH(arena, &repo.conftests) = (struct mg_source_file){ MG_STR("tests/big/conftest.py"), MG_STR(""), MG_STR("import odd\n") };
    mg_needs_scan(&repo, arena, &needs);
    assert_string_equal(names(&needs), "pytest:1 large:1 far:2 odd:1");
    assert_int_equal(needs.tests, 5);
    needs.at[1].missing = needs.at[2].missing = true;
    mg_needs_settle(&needs, arena);
    assert_int_equal(needs.broken_tests, 3);
    assert_int_equal(needs.at[1].lost, 3);
    needs.at[2].named = true;
    mg_needs_settle(&needs, arena);
    assert_int_equal(needs.at[1].lost, 0); /* what the project names comes first */
    assert_int_equal(needs.at[2].lost, 3);
    needs.at[1].missing = needs.at[2].missing = false;
    needs.at[3].missing = true;
    mg_needs_settle(&needs, arena);
    assert_int_equal(needs.broken_tests, 3);
    assert_string_equal(mg_arena_cstr(arena, needs.at[3].chain), "tests/big/test_b.py");
}

/* Not where the skip comes too late, or stands in a test. */
static void what_a_test_file_skips_itself_without(void **state)
{
    (void)state;
    struct mg_repo repo = { 0 };
    struct mg_needs needs;
    add(&repo, "tests/test_a.py", "test_a", "import pytest\nnp = pytest.importorskip(\"numpy.core\", minversion='2')\nimport numpy.linalg\n");
    add(&repo, "tests/test_b.py", "test_b", "import scipy\npytest.importorskip('scipy')\n");
    add(&repo, "tests/test_c.py", "test_c", "def test():\n    pytest.importorskip('pandas')\n\nimport pandas\n");
    mg_needs_scan(&repo, arena, &needs);
    assert_string_equal(names(&needs), "pytest:1 scipy:1 pandas:4");
}

/* Wherever it says so, and however the module is called. */
static void what_a_project_names(void **state)
{
    (void)state;
    char folder[] = "/tmp/mg-needs-XXXXXX";
    struct mg_said said;
    assert_non_null(mkdtemp(folder));
    write_file(folder, "pyproject.toml",
               "[project]\nname = 'x'\ndependencies = ['one>=1']\n[project.optional-dependencies]\nfast = ['PyYAML']\n"
               "[dependency-groups]\ndev = ['google-cloud-storage']\nspecial = ['by-group']\n");
    write_file(folder, "requirements/dev.txt", "-r ci.txt  # all\n");
    write_file(folder, "requirements/ci.txt", "--requirement=../more.txt\n-e .\n");
    write_file(folder, "more.txt", "included==1\n");
    write_file(folder, "tox.ini", "[testenv]\ndependency_groups = special\ndeps =\n    by_tox\n    -r tox-deps.txt\n");
    write_file(folder, "tox-deps.txt", "by-file\n");
    mg_said_read(arena, mg_str_from(folder), &said);
    assert_false(mg_said_has(&said, MG_STR("by_tox")));
    mg_said_add_tox(&said, 12);
    static const char *const named[] = { "one", "yaml", "google.cloud.storage", "included", "by_tox", "by_group", "by_file" };
    for (size_t i = 0; i < MG_COUNT(named); i++)
        if (!mg_said_has_part(&said, mg_str_from(named[i])))
            fail_msg("%s is named", named[i]);
    assert_false(mg_said_has_part(&said, MG_STR("google.auth")));
    assert_false(mg_said_has_part(&said, MG_STR("x")));
    assert_int_equal(mg_file_remove_tree(folder, NULL), MG_OK);
}

/* A conftest that runs coroutines itself stands in for the plugins that do. */
static void coroutines_of_the_repo(void **state)
{
    (void)state;
    struct mg_repo repo = { 0 };
    struct mg_needs needs;
    add(&repo, "tests/test_a.py", "test_a", "\n@pytest.mark.asyncio\nasync def test_a(mocker): pass\n");
    *MG_PUSH(arena, &repo.conftests) =
        (struct mg_source_file){ MG_STR("conftest.py"), MG_STR(""), MG_STR("def pytest_pyfunc_call(pyfuncitem):\n    pass\n\ndef mocker(): pass\n") };
    mg_needs_scan(&repo, arena, &needs);
    assert_string_equal(names(&needs), "");
}

static void tests_of(const char *pyproject, const char *wanted)
{
    char folder[] = "/tmp/mg-needs-XXXXXX";
    struct mg_dependencies said;
    assert_non_null(mkdtemp(folder));
    const char *path = mg_arena_printf(arena, "%s/pyproject.toml", folder).at;
    assert_int_equal(mg_file_write(path, mg_str_from(pyproject), NULL), MG_OK);
    mg_dependencies_read(arena, mg_str_from(folder), &said);
    struct mg_str line = MG_STR("");
    for (size_t i = 0; i < said.tests.len; i++)
        line = mg_arena_printf(arena, "%.*s%s%.*s", MG_FMT(line), i ? " " : "", MG_FMT(said.tests.at[i]));
    assert_string_equal(mg_arena_cstr(arena, line), wanted);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* What formats and documents the code is not needed to run it. */
static void groups_of_pdm(void **state)
{
    (void)state;
    tests_of("[tool.pdm.dev-dependencies]\nlint = ['black']\ntest = ['pytest', 'mock']\ndoc = ['sphinx']\n", "pytest mock");
    tests_of("[tool.pdm.dev-dependencies]\nother = ['black']\nall = ['pytest']\n", "black pytest");
}

static void notation_of_poetry(void **state)
{
    (void)state;
    static const char text[] = "python = '^3.9'\na = '^1.2.3'\nb = '^0.2.3'\nc = '~1.2'\nd = '*'\ne = '1.5'\nf = '>=1,<3'\ng = '~2'\n"
                               "h = { version = '^2', extras = ['x', 'y'], python = '>=3.9' }\ni = { version = '1', optional = true }\n"
                               "j = { path = '../j' }\nk = '^1 || ^2'\nl = { version = '*', markers = \"os_name == 'posix'\" }\n";
    static const char *const wanted[] = { "",
                                          "a>=1.2.3,<2",
                                          "b>=0.2.3,<0.3",
                                          "c>=1.2,<1.3",
                                          "d",
                                          "e==1.5",
                                          "f>=1,<3",
                                          "g>=2,<3",
                                          "h[x,y]>=2,<3; python_version >= \"3.9\"",
                                          "",
                                          "",
                                          "",
                                          "l; os_name == 'posix'" };
    struct mg_toml *root;
    assert_int_equal(mg_toml_read(arena, MG_STR(text), &root, NULL), MG_OK);
    assert_int_equal(root->entries.len, MG_COUNT(wanted));
    for (size_t i = 0; i < root->entries.len; i++)
        assert_string_equal(mg_arena_cstr(arena, mg_poetry_requirement(arena, root->entries.at[i].key, root->entries.at[i].value)), wanted[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_that_count),
        cmocka_unit_test(files_that_pytest_does_not_look_for_need_nothing),
        cmocka_unit_test(helpers_beside_tests),
        cmocka_unit_test(what_falls),
        cmocka_unit_test(plugins_without_import),
        cmocka_unit_test(coroutines_of_the_repo),
        cmocka_unit_test(groups_of_pdm),
        cmocka_unit_test(notation_of_poetry),
        cmocka_unit_test(what_is_called_like_a_package),
        cmocka_unit_test(files_weigh_by_their_tests),
        cmocka_unit_test(folders_without_init),
        cmocka_unit_test(what_a_project_names),
        cmocka_unit_test(what_a_test_file_skips_itself_without),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
