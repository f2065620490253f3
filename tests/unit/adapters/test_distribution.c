/* What a project calls itself, read from each kind of file, and what is no name. */
#include "adapters/ingest_local/distribution.h"
#include "base/str.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct mg_arena *arena;
static char folder[64];
static struct mg_repo repo;

static int set_up(void **state)
{
    static const char pattern[] = "/tmp/mg-test-distribution-XXXXXX";
    (void)state;
    arena = mg_arena_new();
    for (size_t i = 0; i < sizeof pattern; i++)
        folder[i] = pattern[i];
    repo = (struct mg_repo){ .copy = mg_str_from(folder) };
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

static void put_source(const char *path, const char *text)
{
    *MG_PUSH(arena, &repo.sources) = (struct mg_source_file){ .path = mg_str_from(path), .text = mg_str_from(text) };
}

/* "name version | group: name = object | ..." */
static const char *told(void)
{
    struct mg_distribution found;
    mg_distribution_read(arena, &repo, &found);
    struct mg_str all = mg_arena_printf(arena, "%.*s %.*s", MG_FMT(found.name), MG_FMT(found.version));
    for (size_t i = 0; i < found.entries.len; i++)
        all = mg_arena_printf(arena, "%.*s | %.*s: %.*s = %.*s", MG_FMT(all), MG_FMT(found.entries.at[i].group), MG_FMT(found.entries.at[i].name),
                              MG_FMT(found.entries.at[i].object));
    return all.at;
}

static void of_pyproject(void **state)
{
    (void)state;
    put("pyproject.toml", "[project]\nname = 'My.Shop'\nversion = '1.2rc1'\n[project.scripts]\nshop = 'shop.cli:main [color]'\n"
                          "[project.gui-scripts]\nshop-ui = 'shop.ui:App.run'\n[project.entry-points.pytest11]\nshop = 'shop.plugin'\n");
    put("setup.cfg",
        "[metadata]\nname = other\nversion = 9\n[options.entry_points]\nconsole_scripts =\n    shop = other:main\n    more = shop.more:main\n");
    assert_string_equal(told(), "My.Shop 1.2rc1 | console_scripts: shop = shop.cli:main | gui_scripts: shop-ui = shop.ui:App.run | "
                                "pytest11: shop = shop.plugin | console_scripts: more = shop.more:main");
}

static void of_poetry(void **state)
{
    (void)state;
    put("pyproject.toml", "[tool.poetry]\nname = 'shop'\nversion = '3'\n[tool.poetry.scripts]\nshop = 'shop:main'\n"
                          "[tool.poetry.plugins.'shop.tills']\nold = 'shop.old:Till'\n");
    assert_string_equal(told(), "shop 3 | console_scripts: shop = shop:main | shop.tills: old = shop.old:Till");
}

static void of_setup_py(void **state)
{
    (void)state;
    put_source("shop/__init__.py", "import os\n__version__ = '4.5'\n");
    put("setup.py",
        "from setuptools import setup\nfor name in ():\n    pass\nsetup(name='shop', # one line\n    version=find('shop'),\n"
        "    install_requires=['x==1'],\n    entry_points={\n        'console_scripts': ['shop = shop.cli:main', \"shop2=shop.cli:other\"],\n"
        "        'pytest11': ['shop = shop.plugin']},\n    classifiers=['A :: B'], tests_require=['y>=2', 'z==3'])\n");
    assert_string_equal(told(),
                        "shop 4.5 | console_scripts: shop = shop.cli:main | console_scripts: shop2 = shop.cli:other | pytest11: shop = shop.plugin");
}

static void what_is_no_name_and_what_is_no_version(void **state)
{
    (void)state;
    assert_string_equal(told(), " 0.0.0");
    put("setup.cfg", "[metadata]\nname = ../../shop\nversion = attr: shop.__version__\n[options.entry_points]\nconsole_scripts =\n"
                     "    ../shop = shop:main\n    -x = shop:main\n    shop = os;system\n    two words = shop:main\n");
    assert_string_equal(told(), " 0.0.0");
    put_source("shop/other.py", "__version__ = '1'\n");
    put_source("shop/version.py", "__version__ = '2'\n");
    put("setup.cfg", "[metadata]\nname = shop\nversion = attr: shop.__version__\n");
    assert_string_equal(told(), "shop 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_pyproject, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_poetry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_setup_py, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_name_and_what_is_no_version, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
