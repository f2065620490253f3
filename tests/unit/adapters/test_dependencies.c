/* What a project says it needs and calls itself, what its lock says of versions, and the one line of an installer's output that says why. */
#include "adapters/ingest_local/distribution.h"
#include "adapters/ingest_local/environment.h"
#include "adapters/ingest_local/failure.h"
#include "adapters/ingest_local/lock.h"
#include "base/str.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct mg_arena *arena;
static char folder[64];

static int set_up(void **state)
{
    static const char pattern[] = "/tmp/mg-test-dependencies-XXXXXX";
    (void)state;
    arena = mg_arena_new();
    for (size_t i = 0; i < sizeof pattern; i++)
        folder[i] = pattern[i];
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    mg_arena_free(arena);
    return mg_file_remove_tree(folder, NULL) == MG_OK ? 0 : -1;
}

static void put(const char *name, const char *text)
{
    assert_int_equal(mg_file_write(mg_path_join(arena, mg_str_from(folder), mg_str_from(name)).at, mg_str_from(text), NULL), MG_OK);
}

static const char *joined(const struct mg_str *lines, size_t count)
{
    struct mg_str all = MG_STR("");
    for (size_t i = 0; i < count; i++)
        all = mg_arena_printf(arena, "%.*s%s%.*s", MG_FMT(all), i ? " | " : "", MG_FMT(lines[i]));
    return all.at;
}

static const char *locked(const char *name)
{
    struct mg_lock lock;
    mg_lock_read(arena, mg_str_from(folder), &lock);
    assert_string_equal(lock.name ? lock.name : "none", name);
    return joined(lock.versions.at, lock.versions.len);
}

/* ---- locks ---- */

static void versions_that_differ_by_platform_keep_their_markers(void **state)
{
    (void)state;
    put("uv.lock",
        "version = 1\n"
        "[[package]]\nname = 'shop'\nversion = '1'\nsource = { editable = '.' }\n"
        "[[package]]\nname = 'numpy'\nversion = '1.26'\nsource = { registry = 'https://x/' }\nresolution-markers = [\"python_version < '3.10'\"]\n"
        "[[package]]\nname = 'NumPy'\nversion = '2.1'\nsource = { registry = 'https://x/' }\n"
        "resolution-markers = [\"python_version >= '3.12'\", \"python_version == '3.11'\"]\n"
        "[[package]]\nname = 'six'\nversion = '1.17.0'\nsource = { registry = 'https://x/' }\n"
        "[[package]]\nname = 'tool'\nversion = '3'\nsource = { git = 'https://x/tool' }\n");
    assert_string_equal(
        locked("uv.lock"),
        "numpy==1.26; (python_version < '3.10') | NumPy==2.1; (python_version >= '3.12') or (python_version == '3.11') | six==1.17.0");
}

static void several_versions_without_a_marker_are_left_to_the_installer(void **state)
{
    (void)state;
    put("poetry.lock",
        "[[package]]\nname = 'a'\nversion = '1'\n[[package]]\nname = 'a'\nversion = '2'\n[[package]]\nname = 'b_c'\nversion = '3'\n"
        "[[package]]\nname = 'b-c'\nversion = '3'\n[[package]]\nname = 'd'\nversion = '4'\n[package.source]\ntype = 'directory'\nurl = '../d'\n"
        "[[package]]\nname = 'e'\nversion = '5'\n[package.source]\ntype = 'legacy'\nurl = 'https://x/'\n");
    assert_string_equal(locked("poetry.lock"), "b_c==3 | b-c==3 | e==5");
}

static void a_lock_says_versions_and_nothing_else(void **state)
{
    (void)state;
    put("Pipfile.lock",
        "{\"default\": {\"a\": {\"version\": \"==1.0\"}, \"b\": {\"git\": \"https://x\"}, \"c\": {\"version\": \"==1 --index-url=x\"},"
        "\"-e\": {\"version\": \"==1\"}}, \"develop\": {\"d\": {\"version\": \"==2.0+cpu\", \"markers\": \"x\"}}}");
    assert_string_equal(locked("Pipfile.lock"), "a==1.0 | d==2.0+cpu");
    put("pdm.lock", "[[package]]\nname = 'a'\nversion = '7'\n[[package]]\nname = 'b'\nversion = '8'\npath = './b'\n");
    assert_string_equal(locked("pdm.lock"), "a==7");
    put("uv.lock", "no toml at all");
    assert_string_equal(locked("pdm.lock"), "a==7");
}

/* ---- dependencies ---- */

static void python_is(const char *spec, int64_t least, int64_t next)
{
    struct mg_dependencies found;
    put("pyproject.toml", mg_arena_printf(arena, "[project]\nname = 'x'\nrequires-python = '%s'\n", spec).at);
    mg_dependencies_read(arena, mg_str_from(folder), &found);
    print_message("%s\n", spec);
    assert_int_equal(found.least_minor, least);
    assert_int_equal(found.next_minor, next);
}

static void bounds_of_python(void **state)
{
    (void)state;
    python_is(">=3.9", 9, 0);
    python_is(">=3.8, <3.12", 8, 12);
    python_is("<=3.11,>=3.8", 8, 12);
    python_is(">=3.8,<3.12.5", 8, 13);
    python_is(">=3.8,<3.12.0", 8, 12);
    python_is("==3.11.*", 11, 12);
    python_is("~=3.9", 9, 0);
    python_is("!=3.9.1,>=3.8,<4", 8, 0);
    python_is("nonsense", 0, 0);
}

static void siblings_are_asked_of_nobody(void **state)
{
    struct mg_dependencies found;
    (void)state;
    put("pyproject.toml",
        "[project]\nname = 'x'\ndependencies = ['a', 'Shop_Two[x]>=1', 'shop-two-more', 'there']\n[dependency-groups]\ndev = ['shop.two', 'b']\n"
        "[tool.uv.workspace]\nmembers = ['packages/*']\n"
        "[tool.uv.sources]\nshop-two = { workspace = true }\nthere = { path = 'vendor/there' }\nb = { index = 'x' }\n");
    mg_dependencies_read(arena, mg_str_from(folder), &found);
    assert_string_equal(joined(found.project.at, found.project.len), "a | shop-two-more");
    assert_string_equal(joined(found.tests.at, found.tests.len), "b");
    assert_int_equal(found.outside.len, 0);
    put("pyproject.toml", "[tool.uv.sources]\nthere = { path = '../there' }\n");
    mg_dependencies_read(arena, mg_str_from(folder), &found);
    assert_true(mg_str_is(found.outside, "there"));
}

/* ---- tox ---- */

static const char *tox_of(int64_t minor)
{
    struct mg_dependencies found;
    mg_dependencies_read(arena, mg_str_from(folder), &found);
    mg_dependencies_add_tox(arena, mg_str_from(folder), minor, &found);
    struct mg_str told = mg_str_from(joined(found.tox.requirements.at, found.tox.requirements.len));
    if (found.tox.files.len)
        told = mg_arena_printf(arena, "%.*s -r %s", MG_FMT(told), joined(found.tox.files.at, found.tox.files.len));
    if (found.tox.extras.len)
        told = mg_arena_printf(arena, "%.*s [%s]", MG_FMT(told), joined(found.tox.extras.at, found.tox.extras.len));
    return told.at;
}

static void tox_ini_in_all_its_ways(void **state)
{
    (void)state;
    put("pyproject.toml", "[project]\nname = 'x'\ndependencies = ['six']\n[dependency-groups]\nci = ['in-group']\n");
    put("base-reqs.txt", "a\n");
    put("tox.ini", "[pytest]\naddopts = -q\n");
    assert_string_equal(tox_of(11), "");
    put("tox.ini", "[tox]\nenvlist =\n    py{39,310,311}-django{42,50},lint  # all\n    py311-djangomain\n    docs\n[base]\nmore =\n  shared\n"
                   "[testenv]\nextras = speed, b@d\ndependency_groups = ci\ndeps =\n    pytest>=7 ; python_version > '3'  # a comment\n    # "
                   "another: comment\n"
                   "    {[base]more}\n    SIX<2\n    py39: old\n    py{310,311}: new\n    !py39: not39\n    py311,!django50: one-of\n    django42: "
                   "Django>=4.2,<4.3\n"
                   "    django50: Django>=5.0,<5.1\n    djangomain: https://x/django.zip\n    -r{toxinidir}/base-reqs.txt\n    -r missing.txt\n    "
                   "-cconstraints.txt\n"
                   "    -e .\n    .[all]\n    -e{toxinidir}[more]\n    ./plugin\n    tests/plugin\n    {env:TOX_ARG:by-default}\n    {posargs}\n    "
                   "git+https://x/y#egg=y\n"
                   "commands = pytest\n[testenv:lint]\ndeps = ruff\n");
    assert_string_equal(tox_of(11), "in-group | pytest>=7 ; python_version > '3' | shared | new | not39 | one-of | Django>=5.0,<5.1 | by-default | "
                                    "git+https://x/y#egg=y -r base-reqs.txt [all | more | speed]");
    assert_string_equal(tox_of(9), "in-group | pytest>=7 ; python_version > '3' | shared | old | Django>=5.0,<5.1 | by-default | "
                                   "git+https://x/y#egg=y -r base-reqs.txt [all | more | speed]");
}

static void the_environment_for_tests(void **state)
{
    (void)state;
    put("tox.ini", "[tox]\nenvlist = py27,py36,lint\n[testenv]\ndeps = base\n[testenv:lint]\ndeps = ruff\n");
    assert_string_equal(tox_of(11), "base"); /* an old list is better than none */
    put("tox.ini", "[testenv:py{310,311}]\ndeps = own\n[testenv]\ndeps = base\n");
    assert_string_equal(tox_of(11), "own");
    assert_string_equal(tox_of(13), "own");
    put("tox.ini", "[tox]\nenvlist = lint,unit\n[testenv:lint]\ndeps = ruff\n[testenv:unit]\ndeps=\n  pytest\n\n  {[testenv:unit]deps}\n");
    assert_string_equal(tox_of(11), "pytest");
    put("tox.ini", "[tox]\nenvlist = py3{8-12}\n[testenv]\ndeps =\n  py3{11,12}: late\n  py3{8-10}: early\n");
    assert_string_equal(tox_of(11), "late");
    assert_string_equal(tox_of(9), "early");
    put("tox.ini", "[tox]\nenvlist = 3.11, 3.11-mysql, 3.11-lint\n[testenv]\ndeps =\n  3.11: plain\n  mysql: mysqlclient\n  lint: ruff\n");
    assert_string_equal(tox_of(11), "plain");
    put("tox.ini", "[tox]\nenvlist = {{{{,}}}},,{a,{b},py{\n[testenv]\ndeps\n : x\n=\n[testenv\n");
    assert_string_equal(tox_of(11), "");
}

static void where_else_tox_looks(void **state)
{
    (void)state;
    put("base-reqs.txt", "a\n");
    put("tox.ini", "[flake8]\nmax-line-length = 100\n");
    put("setup.cfg", "[tox:tox]\nenvlist = py311\n[testenv]\ndeps = by-setup-cfg\n");
    assert_string_equal(tox_of(11), "by-setup-cfg");
    put("setup.cfg", "[metadata]\nname = x\n");
    put("pyproject.toml", "[tool.tox]\nlegacy_tox_ini = '''\n[tox]\nenvlist = py311\n[testenv]\ndeps =\n    by-legacy\n    py311: too\n'''\n");
    assert_string_equal(tox_of(11), "by-legacy | too");
    put("tox.toml", "env_list = ['3.11', 'lint']\n[env_run_base]\ndeps = ['by-toml', '-r base-reqs.txt']\n[env.lint]\ndeps = ['ruff']\n");
    assert_string_equal(tox_of(11), "by-legacy | too");
    put("pyproject.toml", "[tool.tox]\nenv_list = ['3.11', 'lint']\n[tool.tox.env_run_base]\ndeps = ['native>=1']\nextras = ['socks']\n"
                          "[tool.tox.env.\"3.11\"]\ndeps = [{ replace = 'ref', of = ['env_run_base', 'deps'], extend = true }, 'own']\n");
    assert_string_equal(tox_of(11), "native>=1 | own [socks]");
    put("pyproject.toml", "");
    assert_string_equal(tox_of(11), "by-toml -r base-reqs.txt");
    put("tox.toml", "no toml");
    assert_string_equal(tox_of(11), "");
}

static void the_key_holds_what_tox_gives(void **state)
{
    struct mg_dependencies first, second;
    (void)state;
    put("base-reqs.txt", "a\n");
    put("tox.ini", "[tox]\nenvlist = py311\n[testenv]\ndeps = -rbase-reqs.txt\n[pytest]\n");
    mg_dependencies_read(arena, mg_str_from(folder), &first);
    struct mg_dependencies plain = first;
    second = first;
    mg_dependencies_add_tox(arena, mg_str_from(folder), 11, &first);
    put("tox.ini", "[tox]\nenvlist = py311\n[testenv]\ndeps = -rbase-reqs.txt\n[pytest]\naddopts = -q\n");
    mg_dependencies_add_tox(arena, mg_str_from(folder), 11, &second);
    assert_true(mg_str_eq(first.key, second.key));
    put("base-reqs.txt", "b\n");
    mg_dependencies_add_tox(arena, mg_str_from(folder), 11, &plain);
    assert_false(mg_str_eq(first.key, plain.key));
}

/* ---- reasons ---- */

static const char *reason(const char *text) { return mg_install_reason(arena, mg_str_from(text)).at; }

static void the_line_that_says_most(void **state)
{
    (void)state;
    assert_string_equal(reason("ERROR: Cannot install a==1\nERROR: ResolutionImpossible: for help visit https://x\n"), "ERROR: Cannot install a==1");
    assert_string_equal(reason("  error: subprocess-exited-with-error\n  x.c:3:5: error: 'y' undeclared\n  error: command 'gcc' failed\n"
                               "error: metadata-generation-failed\nhint: See above for details.\n"),
                        "x.c:3:5: error: 'y' undeclared");
    assert_string_equal(
        reason("Traceback\nModuleNotFoundError: No module named 'z'\n[end of output]\nerror: metadata-generation-failed\nnote: This is\n"),
        "ModuleNotFoundError: No module named 'z'");
    assert_string_equal(reason("ERROR: https://me:secret-9@host/simple\n"), reason("ERROR: https://me:secret-8@host/simple\n"));
}

/* ---- what it calls itself ---- */

static void put_source(struct mg_repo *repo, const char *path, const char *text)
{
    *MG_PUSH(arena, &repo->sources) = (struct mg_source_file){ .path = mg_str_from(path), .text = mg_str_from(text) };
}

/* "name version | group: name = object | ..." */
static const char *told(const struct mg_repo *repo)
{
    struct mg_distribution found;
    mg_distribution_read(arena, repo, &found);
    struct mg_str all = mg_arena_printf(arena, "%.*s %.*s", MG_FMT(found.name), MG_FMT(found.version));
    for (size_t i = 0; i < found.entries.len; i++)
        all = mg_arena_printf(arena, "%.*s | %.*s: %.*s = %.*s", MG_FMT(all), MG_FMT(found.entries.at[i].group), MG_FMT(found.entries.at[i].name),
                              MG_FMT(found.entries.at[i].object));
    return all.at;
}

static void the_distribution_of_pyproject(void **state)
{
    (void)state;
    struct mg_repo repo = { .copy = mg_str_from(folder) };
    put("pyproject.toml", "[project]\nname = 'My.Shop'\nversion = '1.2rc1'\n[project.scripts]\nshop = 'shop.cli:main [color]'\n"
                          "[project.gui-scripts]\nshop-ui = 'shop.ui:App.run'\n[project.entry-points.pytest11]\nshop = 'shop.plugin'\n");
    put("setup.cfg",
        "[metadata]\nname = other\nversion = 9\n[options.entry_points]\nconsole_scripts =\n    shop = other:main\n    more = shop.more:main\n");
    assert_string_equal(told(&repo), "My.Shop 1.2rc1 | console_scripts: shop = shop.cli:main | gui_scripts: shop-ui = shop.ui:App.run | "
                                     "pytest11: shop = shop.plugin | console_scripts: more = shop.more:main");
}

static void the_distribution_of_poetry(void **state)
{
    (void)state;
    struct mg_repo repo = { .copy = mg_str_from(folder) };
    put("pyproject.toml", "[tool.poetry]\nname = 'shop'\nversion = '3'\n[tool.poetry.scripts]\nshop = 'shop:main'\n"
                          "[tool.poetry.plugins.'shop.tills']\nold = 'shop.old:Till'\n");
    assert_string_equal(told(&repo), "shop 3 | console_scripts: shop = shop:main | shop.tills: old = shop.old:Till");
}

static void the_distribution_of_setup_py(void **state)
{
    (void)state;
    struct mg_repo repo = { .copy = mg_str_from(folder) };
    put_source(&repo, "shop/__init__.py", "import os\n__version__ = '4.5'\n");
    put("setup.py",
        "from setuptools import setup\nfor name in ():\n    pass\nsetup(name='shop', # one line\n    version=find('shop'),\n"
        "    install_requires=['x==1'],\n    entry_points={\n        'console_scripts': ['shop = shop.cli:main', \"shop2=shop.cli:other\"],\n"
        "        'pytest11': ['shop = shop.plugin']},\n    classifiers=['A :: B'], tests_require=['y>=2', 'z==3'])\n");
    assert_string_equal(told(&repo),
                        "shop 4.5 | console_scripts: shop = shop.cli:main | console_scripts: shop2 = shop.cli:other | pytest11: shop = shop.plugin");
}

static void what_is_no_name_and_what_is_no_version(void **state)
{
    (void)state;
    struct mg_repo repo = { .copy = mg_str_from(folder) };
    assert_string_equal(told(&repo), " 0.0.0");
    put("setup.cfg", "[metadata]\nname = ../../shop\nversion = attr: shop.__version__\n[options.entry_points]\nconsole_scripts =\n"
                     "    ../shop = shop:main\n    -x = shop:main\n    shop = os;system\n    two words = shop:main\n");
    assert_string_equal(told(&repo), " 0.0.0");
    put_source(&repo, "shop/other.py", "__version__ = '1'\n");
    put_source(&repo, "shop/version.py", "__version__ = '2'\n");
    put("setup.cfg", "[metadata]\nname = shop\nversion = attr: shop.__version__\n");
    assert_string_equal(told(&repo), "shop 2");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(versions_that_differ_by_platform_keep_their_markers),
        CASE(several_versions_without_a_marker_are_left_to_the_installer),
        CASE(a_lock_says_versions_and_nothing_else),
        CASE(bounds_of_python),
        CASE(siblings_are_asked_of_nobody),
        CASE(tox_ini_in_all_its_ways),
        CASE(the_environment_for_tests),
        CASE(where_else_tox_looks),
        CASE(the_key_holds_what_tox_gives),
        CASE(the_line_that_says_most),
        CASE(the_distribution_of_pyproject),
        CASE(the_distribution_of_poetry),
        CASE(the_distribution_of_setup_py),
        CASE(what_is_no_name_and_what_is_no_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
