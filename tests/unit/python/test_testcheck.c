/* Each rule for a model's tests: what breaks it, and what looks alike and does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/str.h"
#include "python/testcheck.h"
#include "python/testmodule.h"

static struct mg_arena *arena;

enum which { FUNCTION, METHOD, DUNDER, INIT, OWN_REQUESTS };
static struct mg_target target_of(enum which which)
{
    static const struct {
        const char *module, *class, *name;
    } targets[] = { [FUNCTION] = { "shop.cart", NULL, "total" },
                    [METHOD] = { "shop.text", "Word", "upper" },
                    [DUNDER] = { "shop.text", "Word", "__add__" },
                    [INIT] = { "shop.text", "Word", "__init__" },
                    [OWN_REQUESTS] = { "requests.models", NULL, "total" } };
    struct mg_target target = { .module = mg_str_from(targets[which].module) };
    target.function.name = mg_str_from(targets[which].name);
    if (targets[which].class)
        *MG_PUSH(arena, &target.function.scopes) = (struct mg_scope){ .kind = MG_SCOPE_CLASS, .name = mg_str_from(targets[which].class) };
    return target;
}

#define IMPORT "from shop.cart import total\n"
#define FINE "    assert total([]) == 0\n"

/* Each text has one test, test_it. */
static const struct {
    const char *rule; /* NULL = none is broken */
    enum which which;
    const char *text;
} cases[] = {
    { NULL, FUNCTION, IMPORT "def test_it():\n" FINE },
    /* no-target */
    { "no-target", FUNCTION, "def test_it():\n    assert sum([]) == 0\n" },
    { "no-target", FUNCTION, IMPORT "def test_it():\n    assert sum([]) == 0\n" },
    { "no-target", FUNCTION, IMPORT "def test_total():\n    assert sum([]) == 0\n" },
    { NULL, FUNCTION, "from shop.cart import total as t\ndef test_it():\n    assert t([]) == 0\n" },
    { NULL, FUNCTION, "from shop import cart\ndef test_it():\n    assert cart.total([]) == 0\n" },
    { NULL, FUNCTION, "import shop.cart as c\ndef test_it():\n    assert c.total([]) == 0\n" },
    { NULL, FUNCTION, "def test_it():\n    from shop.cart import total as t\n    assert t([]) == 0\n" },
    { NULL, FUNCTION, "import shop.cart\ndef test_it():\n    assert getattr(shop.cart, 'total')([]) == 0\n" },
    { NULL, FUNCTION, IMPORT "def helper(x):\n    return total(x)\ndef test_it():\n    assert helper([]) == 0\n" },
    { NULL, FUNCTION, IMPORT "import pytest\n@pytest.fixture\ndef sum_up():\n    return total\ndef test_it(sum_up):\n    assert sum_up([]) == 0\n" },
    { NULL, FUNCTION, IMPORT "CASES = [total([])]\ndef test_it():\n    assert CASES == [0]\n" },
    { NULL, FUNCTION,
      IMPORT "class TestAll:\n    def run(self, x):\n        return total(x)\n    def test_it(self):\n        assert self.run([]) == 0\n" },
    { "no-target", METHOD, "from shop.text import split\ndef test_it():\n    assert split('a') == 'A'\n" },
    { NULL, METHOD, "from shop.text import Word\ndef test_it():\n    assert Word('a').upper() == 'A'\n" },
    { NULL, METHOD, "def test_it(word):\n    assert word.upper() == 'A'\n" },
    { NULL, DUNDER, "from shop.text import Word\ndef test_it():\n    assert Word('a') + Word('b') == Word('ab')\n" },
    { NULL, DUNDER, "from shop.text import Word as W\ndef test_it():\n    assert W('a') + W('b') == W('ab')\n" },
    { NULL, DUNDER, "def test_it(word):\n    assert word + word == 'aa'\n" },
    { "no-target", DUNDER, "def test_it():\n    assert 1 + 1 == 2\n" },
    { NULL, INIT, "from shop.text import Word\ndef test_it():\n    assert Word('a').text == 'a'\n" },
    { "no-target", INIT, "from shop.text import Word\nclass TestIt:\n    def test_it(self):\n        assert 1 + 1 == 2\n" },
    /* no-assertion */
    { "no-assertion", FUNCTION, IMPORT "def test_it():\n    total([])\n" },
    { "no-assertion", FUNCTION, IMPORT "def helper(x):\n    return total(x)\ndef test_it():\n    helper([])\n" },
    { NULL, FUNCTION, IMPORT "def check(x, y):\n    assert total(x) == y\ndef test_it():\n    check([], 0)\n" },
    { NULL, FUNCTION, IMPORT "def deep(x, y):\n    assert x == y\ndef check(x, y):\n    deep(total(x), y)\ndef test_it():\n    check([], 0)\n" },
    { NULL, FUNCTION, IMPORT "import pytest\ndef test_it():\n    with pytest.raises(TypeError):\n        total(None)\n" },
    { NULL, FUNCTION, IMPORT "from pytest import raises as r\ndef test_it():\n    with r(TypeError):\n        total(None)\n" },
    { NULL, FUNCTION, IMPORT "import pytest\ndef test_it():\n    with pytest.warns(UserWarning):\n        total([])\n" },
    { NULL, FUNCTION, IMPORT "import unittest\nclass TestIt(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(total([]), 0)\n" },
    { NULL, FUNCTION, IMPORT "def test_it(mocker):\n    seen = mocker.Mock()\n    total([], seen)\n    seen.assert_called_once_with(0)\n" },
    { NULL, FUNCTION,
      IMPORT "class TestIt:\n    def check(self, x):\n        assert total(x) == 0\n    def test_it(self):\n        self.check([])\n" },
    { "no-assertion", FUNCTION,
      IMPORT "class TestIt:\n    def test_other(self):\n"
             "        assert total([]) == 0\n    def test_it(self):\n        total([])\n" },
    /* tautology */
    { "tautology", FUNCTION, IMPORT "def test_it():\n    total([])\n    assert True\n" },
    { "tautology", FUNCTION, IMPORT "def test_it():\n    assert total([1]) == total([1])\n" },
    { "tautology", FUNCTION, IMPORT "def test_it():\n    x = total([1])\n    assert x == x\n    assert x is x\n" },
    { "tautology", FUNCTION, IMPORT "def test_it():\n    assert (total([]) == 0, 'empty')\n" },
    { "tautology", FUNCTION, IMPORT "def test_it():\n    assert total([]) == 0 or True\n" },
    { "tautology", FUNCTION, IMPORT "def test_it():\n    assert isinstance(total([]), object)\n" },
    { "tautology", FUNCTION, IMPORT "def test_it():\n    assert len(total([])) >= 0\n" },
    { "tautology", FUNCTION, IMPORT "def test_it():\n    total([])\n    assert not False\n" },
    { "tautology", FUNCTION, IMPORT "class TestIt:\n    def test_it(self):\n        self.assertEqual(total([]), total([]))\n" },
    { NULL, FUNCTION, IMPORT "def test_it():\n    assert True\n" FINE },
    { NULL, FUNCTION, IMPORT "def test_it():\n    assert total([1]) == total([2]) - 1\n" },
    { NULL, FUNCTION, IMPORT "def test_it():\n    assert total([1]) != total([1])\n" },
    { NULL, FUNCTION, IMPORT "def test_it():\n    assert total([0]) == 0 or total([1]) == 1\n" },
    { NULL, FUNCTION, IMPORT "def test_it():\n    assert not total([])\n" },
    /* network */
    { "network", FUNCTION, IMPORT "import socket\ndef test_it():\n    socket.socket()\n" FINE },
    { "network", FUNCTION, IMPORT "from urllib.request import urlopen\ndef test_it():\n    urlopen('http://x')\n" FINE },
    { "network", FUNCTION, IMPORT "import requests as r\ndef helper():\n    return r.get('http://x')\ndef test_it():\n    helper()\n" FINE },
    { "network", FUNCTION, IMPORT "import pytest, requests\n@pytest.fixture(autouse=True)\ndef up():\n    requests.get('x')\ndef test_it():\n" FINE },
    { NULL, FUNCTION,
      IMPORT
      "import pytest, requests\ndef test_it():\n    with pytest.raises(requests.ConnectionError):\n        total(requests.RequestException())\n" },
    { NULL, OWN_REQUESTS,
      "import requests\nfrom requests.models import total\ndef test_it():\n    assert total(requests.get) == requests.head('x')\n" },
    { NULL, FUNCTION, IMPORT "def test_it(monkeypatch):\n    monkeypatch.setattr('socket.socket', None)\n" FINE },
    /* process, exit, sleep */
    { "process", FUNCTION, IMPORT "import subprocess\ndef test_it():\n    subprocess.run(['ls'])\n" FINE },
    { "process", FUNCTION, IMPORT "from os import system\ndef test_it():\n    system('ls')\n" FINE },
    { "process", FUNCTION, IMPORT "import multiprocessing as mp\ndef test_it():\n    mp.Process(target=total)\n" FINE },
    { NULL, FUNCTION, IMPORT "import os\ndef test_it():\n    assert total([os.path.join('a', 'b')]) == os.getpid()\n" },
    { NULL, FUNCTION, IMPORT "import subprocess\ndef test_it():\n    assert total([subprocess.CompletedProcess([], 0)]) == 0\n" },
    { "exit", FUNCTION, IMPORT "import sys\ndef test_it():\n    assert total([]) == 0\n    sys.exit(0)\n" },
    { "exit", FUNCTION, IMPORT "import os\ndef test_it():\n    assert total([]) == 0\n    os._exit(0)\n" },
    { "exit", FUNCTION, IMPORT "def test_it():\n    assert total([]) == input()\n" },
    { NULL, FUNCTION, IMPORT "import pytest\ndef test_it():\n    with pytest.raises(SystemExit):\n        total(exit=1)\n" },
    { "sleep", FUNCTION, IMPORT "import time\ndef test_it():\n    time.sleep(0.1)\n" FINE },
    { "sleep", FUNCTION, IMPORT "from time import sleep\ndef test_it():\n    sleep(1)\n" FINE },
    { NULL, FUNCTION, IMPORT "import asyncio\nasync def test_it():\n    await asyncio.sleep(0)\n" FINE },
    { NULL, FUNCTION, IMPORT "def test_it(monkeypatch):\n    monkeypatch.setattr('time.sleep', lambda s: None)\n" FINE },
    /* environment */
    { "environment", FUNCTION, IMPORT "import os\ndef test_it():\n    assert total([]) == os.environ['HOME']\n" },
    { "environment", FUNCTION, IMPORT "import os\ndef test_it():\n    assert total([]) == os.getenv('API_KEY')\n" },
    { "environment", FUNCTION, IMPORT "from pathlib import Path\ndef test_it():\n    assert total([]) == Path.home()\n" },
    { NULL, FUNCTION, IMPORT "import os\ndef test_it(monkeypatch):\n    monkeypatch.setenv('A', '1')\n    assert total([]) == os.environ['A']\n" },
    /* files */
    { "files", FUNCTION, IMPORT "def test_it():\n    open('out.txt', 'w').write('x')\n" FINE },
    { "files", FUNCTION, IMPORT "def test_it():\n    open('/etc/x', mode='ab').close()\n" FINE },
    { "files", FUNCTION, IMPORT "from pathlib import Path\ndef test_it():\n    Path('src/shop/cart.py').write_text('')\n" FINE },
    { "files", FUNCTION, IMPORT "import shutil\ndef test_it():\n    shutil.rmtree(total.__module__)\n" FINE },
    { "files", FUNCTION, IMPORT "import os\ndef test_it(tmp_path):\n    os.remove('data.json')\n" FINE },
    { NULL, FUNCTION, IMPORT "import os\ndef test_it(tmp_path):\n    (tmp_path / 'a').write_text('x')\n    os.remove(tmp_path / 'a')\n" FINE },
    { NULL, FUNCTION, IMPORT "def test_it():\n    assert total(open('data.txt').read()) == 0\n" },
    { NULL, FUNCTION, IMPORT "def test_it(tmp_path):\n    with open(tmp_path / 'x', 'w') as f:\n        f.write('a')\n" FINE },
    { NULL, FUNCTION, IMPORT "def test_it():\n    assert total('abc'.replace('a', 'b')) == 0\n" },
    /* mocked-target */
    { "mocked-target", FUNCTION,
      IMPORT "from unittest.mock import patch\n@patch('shop.cart.total')\ndef test_it(total):\n    assert total([]) == 0\n" },
    { "mocked-target", FUNCTION,
      "import shop.cart\ndef test_it(monkeypatch):\n    monkeypatch.setattr(shop.cart, 'total', sum)\n    assert shop.cart.total([]) == 0\n" },
    { "mocked-target", FUNCTION, "from shop import cart\ndef test_it():\n    cart.total = sum\n    assert cart.total([]) == 0\n" },
    { "mocked-target", METHOD,
      "from shop.text import Word\ndef test_it(mocker):\n    mocker.patch.object(Word, 'upper')\n    assert Word('a').upper() == 'A'\n" },
    { NULL, METHOD,
      "from shop.text import Word\ndef test_it(mocker):\n    mocker.patch.object(Word, 'lower')\n    assert Word('a').upper() == 'A'\n" },
    { NULL, FUNCTION, IMPORT "from unittest.mock import patch\n@patch('shop.cart.subtotal')\ndef test_it(sub):\n" FINE },
    { NULL, FUNCTION, IMPORT "from unittest.mock import patch\n@patch('shop.other.total')\ndef test_it(sub):\n" FINE },
    /* form */
    { "skipped", FUNCTION, IMPORT "import pytest\n@pytest.mark.skip\ndef test_it():\n" FINE },
    { "skipped", FUNCTION, IMPORT "import pytest\n@pytest.mark.xfail(reason='later')\ndef test_it():\n" FINE },
    { NULL, FUNCTION, IMPORT "import pytest\n@pytest.mark.skipif(True, reason='x')\ndef test_it():\n" FINE },
    { "yield", FUNCTION, IMPORT "def test_it():\n    yield total\n" FINE },
    { NULL, FUNCTION, IMPORT "def test_it():\n    def numbers():\n        yield 1\n    assert total(numbers()) == 1\n" },
    { "class-init", FUNCTION,
      IMPORT "class TestIt:\n    def __init__(self):\n        pass\n    def test_it(self):\n        assert total([]) == 0\n" },
    { NULL, FUNCTION, IMPORT "class Helper:\n    def __init__(self):\n        self.x = total([])\ndef test_it():\n    assert Helper().x == 0\n" },
    { "test-place", FUNCTION, IMPORT "import sys\nif sys.version_info > (3,):\n    def test_it():\n        assert total([]) == 0\n" },
    /* module */
    { "relative-import", FUNCTION, "from ..cart import total\ndef test_it():\n" FINE },
    { "relative-import", FUNCTION, IMPORT "from . import helpers\ndef test_it():\n" FINE },
    { "star-import", FUNCTION, "from shop.cart import *\ndef test_it():\n" FINE },
    { "module-return", FUNCTION, IMPORT "if total:\n    return\ndef test_it():\n" FINE },
    { "module-setup", FUNCTION, IMPORT "def setup_module():\n    pass\ndef test_it():\n" FINE },
};

static const struct mg_rejected *find(const struct mg_suite *suite, const char *name)
{
    for (size_t i = 0; i < suite->rejected.len; i++)
        if (mg_str_is(suite->rejected.at[i].name, name))
            return &suite->rejected.at[i];
    return NULL;
}

static void each_rule_refuses_what_breaks_it_and_nothing_else(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < MG_COUNT(cases); i++) {
        struct mg_target target = target_of(cases[i].which);
        struct mg_suite suite = { 0 };
        mg_testcheck(arena, mg_str_from(cases[i].text), &target, &suite);
        const struct mg_rejected *found = find(&suite, "test_it");
        if (!found)
            found = find(&suite, "test_total");
        struct mg_str reason = found ? found->reason : MG_STR("");
        bool right = cases[i].rule ? mg_str_contains(reason, mg_arena_printf(arena, "(rule %s, line ", cases[i].rule).at) : !found;
        if (!right || mg_str_find(reason, '\n', 0) < reason.len)
            fail_msg("%s\nshould break %s, says: %.*s", cases[i].text, cases[i].rule ? cases[i].rule : "nothing", MG_FMT(reason));
    }
}

static void a_reason_is_a_sentence_with_its_rule_and_line(void **unused)
{
    (void)unused;
    struct mg_target target = target_of(FUNCTION);
    struct mg_suite suite = { 0 };
    mg_testcheck(arena,
                 MG_STR(IMPORT "import subprocess\n\n\ndef test_a():\n" FINE
                               "\n\ndef test_b():\n    x = total(\n        [subprocess.run('x')])\n    assert x == 0\n"),
                 &target, &suite);
    assert_int_equal(suite.rejected.len, 1);
    assert_true(mg_str_is(suite.rejected.at[0].name, "test_b"));
    assert_true(mg_str_is(suite.rejected.at[0].reason,
                          "it starts or ends a process (`subprocess.run`): replace what the target calls with monkeypatch (rule process, line 11)"));
}

static void modules_without_tests_and_texts_that_are_no_python_are_told(void **unused)
{
    (void)unused;
    struct mg_target target = target_of(FUNCTION);
    struct mg_suite suite = { 0 };
    mg_testcheck(arena, MG_STR(IMPORT "def helper():\n    pass\n"), &target, &suite);
    mg_testcheck(arena, MG_STR("\xff\xfe"), &target, &suite);
    assert_int_equal(suite.rejected.len, 2);
    assert_true(suite.rejected.at[0].name.len == 0 && mg_str_contains(suite.rejected.at[0].reason, "no-test"));
    assert_true(suite.rejected.at[1].name.len == 0 && mg_str_contains(suite.rejected.at[1].reason, "UTF-8"));
}

/* Names in reasons are those that splitting gives. */
static void names_are_those_of_the_split_tests(void **unused)
{
    (void)unused;
    struct mg_str text =
        MG_STR(IMPORT "class TestA:\n    def test_x(self):\n        total([])\n\n\nclass TestB:\n    def test_x(self):\n"
                      "        assert total([]) == 0\n    def test_x_2(self):\n        total([])\n\n\ndef test_x():\n    total([])\n");
    struct mg_target target = target_of(FUNCTION);
    struct mg_suite suite = { 0 }, split;
    mg_testcheck(arena, text, &target, &suite);
    assert_int_equal(mg_testmodule_split(arena, text, &split, NULL), MG_OK);
    assert_int_equal(split.tests.len, 4);
    assert_int_equal(suite.rejected.len, 3);
    for (size_t i = 0; i < suite.rejected.len; i++) {
        size_t same = 0;
        for (size_t t = 0; t < split.tests.len; t++)
            same += mg_str_eq(split.tests.at[t].name, suite.rejected.at[i].name);
        assert_int_equal(same, 1);
    }
    assert_null(find(&suite, split.tests.at[1].name.at));
}

int main(void)
{
    arena = mg_arena_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_refuses_what_breaks_it_and_nothing_else),
        cmocka_unit_test(a_reason_is_a_sentence_with_its_rule_and_line),
        cmocka_unit_test(modules_without_tests_and_texts_that_are_no_python_are_told),
        cmocka_unit_test(names_are_those_of_the_split_tests),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mg_arena_free(arena);
    return failed;
}
