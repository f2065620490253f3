"""Members that differ in their tests: how they are written, and what is wrong with them."""
from members import CALC, CALC_TESTS, KNOWN, calc_tests, member, write

SAME = {"kept": 2, "verdicts": KNOWN}


def shop(repo, files):
    write(repo, {"shop/__init__.py": "", "shop/calc.py": CALC, **files})


@member("conftest magic", some=True, **SAME)
def magic(repo):
    """Paths, generated parameters, an autouse fixture that changes folder, renamed and reordered tests."""
    write(repo, {"code/calc.py": CALC, "tests/conftest.py": """
        import pathlib
        import sys

        import pytest

        sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "code"))

        def pytest_addoption(parser):
            parser.addoption("--slow", action="store_true")

        def pytest_configure(config):
            config.addinivalue_line("markers", "slow: takes long")

        def pytest_generate_tests(metafunc):
            if "case" in metafunc.fixturenames:
                metafunc.parametrize("case", [(9, 5, 45), (10, 5, 45)])

        def pytest_collection_modifyitems(items):
            items.sort(key=lambda item: item.name, reverse=True)

        @pytest.fixture(autouse=True)
        def elsewhere(tmp_path, monkeypatch):
            monkeypatch.chdir(tmp_path)
            yield
        """, "tests/test_calc.py": """
        from calc import label, price

        def test_price(case):
            quantity, unit, total = case
            assert price(quantity, unit) == total

        def test_label(elsewhere):
            assert label(-3) == "negative"
        """, "pytest.ini": "[pytest]\naddopts = --strict-markers -ra --slow\n"})


@member("unittest only", some=True, **SAME)
def only_unittest(repo):
    shop(repo, {"tests/__init__.py": "", "tests/test_calc.py": """
        import unittest
        from shop.calc import label, price

        class CalcTest(unittest.TestCase):
            def test_price(self):
                self.assertEqual(price(9, 5), 45)
                self.assertEqual(price(10, 5), 45)

            def test_label(self):
                self.assertEqual(label(-3), "negative")

        if __name__ == "__main__":
            unittest.main()
        """})


@member("doctest only", kept=2, verdicts=KNOWN)
def only_doctest(repo):
    calc = CALC.replace("one piece cheaper.", "one piece cheaper.\n\n    >>> price(9, 5)\n    45\n    >>> price(10, 5)\n    45\n    ")
    calc = calc.replace('str:\n    if n', 'str:\n    """\n    >>> label(-3)\n    \'negative\'\n    """\n    if n')
    shop(repo, {"shop/calc.py": calc, "pytest.ini": "[pytest]\naddopts = --doctest-modules\n"})


@member("old style suite", **SAME)
def old_style(repo):
    """setup_module, setup_method, classes without a base."""
    shop(repo, {"tests/test_calc.py": """
        from shop import calc

        def setup_module(module):
            module.unit = 5

        class TestCalc:
            def setup_method(self):
                self.nine = 9

            def test_price(self):
                assert calc.price(self.nine, unit) == 45
                assert calc.price(10, unit) == 45

            def test_label(self):
                assert calc.label(-3) == "negative"
        """})


@member("failing suite", kept=2, verdicts=KNOWN, some=True, says=("5 tests fail", "AssertionError: the shop is closed", "2 tests fail"))
def failing(repo):
    """Seven tests fail for two reasons."""
    shop(repo, {"tests/test_calc.py": calc_tests("shop.calc") + """
import pytest

def is_open():
    raise AssertionError("the shop is closed")

@pytest.mark.parametrize("day", range(5))
def test_open(day):
    is_open()

def test_stock():
    assert {}["stock"] == 1

def test_stock_again():
    assert {}["stock"] == 2
"""})


@member("everything fails", score_exit=1, kept=3, says=("no test passes on the unchanged code", "3 tests"))
def all_fail(repo):
    shop(repo, {"tests/test_calc.py": "import pytest\n@pytest.mark.parametrize('n', range(3))\ndef test_it(n):\n    raise RuntimeError('not today')\n"})


@member("collection error", kept=2, verdicts=KNOWN, says=("module surely_not_installed is missing", "2 test files cannot be imported"))
def collection_error(repo):
    """Two files miss a package; the third is fine."""
    shop(repo, {"tests/test_calc.py": calc_tests("shop.calc"), "tests/test_more.py": "import surely_not_installed\n\ndef test_more(): pass\n",
                "tests/test_less.py": "import surely_not_installed\n\ndef test_less(): pass\n"})


@member("conftest that cannot be imported", exit=1, score_exit=1, says=("surely_not_installed",))
def broken_conftest(repo):
    shop(repo, {"tests/conftest.py": "import surely_not_installed\n", "tests/test_calc.py": calc_tests("shop.calc")})


@member("needs a database", kept=2, verdicts=KNOWN, some=True, says=("2 tests", "127.0.0.1:9 refused"))
def refused(repo):
    """Nobody listens on that port: the tests that need it stop in their set-up, the others count."""
    shop(repo, {"tests/conftest.py": """
        import socket
        import pytest

        @pytest.fixture(scope="session")
        def database():
            with socket.create_connection(("127.0.0.1", 9), timeout=5) as connection:
                yield connection
        """, "tests/test_calc.py": calc_tests("shop.calc") + """

def test_orders(database):
    assert database

def test_invoices(database):
    assert database
"""})


@member("asks for withheld variables", kept=2, verdicts=KNOWN, some=True, environment={"SHOP_URL": "zoo-value-1", "SHOP_TOKEN": "zoo-value-2"},
        says=("SHOP_URL", "SHOP_TOKEN", "--env SHOP_"), silent=("zoo-value",))
def withheld(repo):
    """Variables that are set for the user, and that his tests do not get unless he says so."""
    shop(repo, {"tests/test_calc.py": calc_tests("shop.calc") + """
import os

def test_url():
    assert os.environ["SHOP_URL"]

def test_token():
    assert os.getenv("SHOP_TOKEN") is not None
"""})


@member("gets passed variables", verdicts={"Killed": 4}, run=False, environment={"SHOP_URL": "zoo-value-1"}, arguments=("--env", "SHOP_URL"), silent=("zoo-value", "withheld"))
def passed(repo):
    write(repo, {"calc.py": "def half(n):\n    result = n / 2\n    return result\n",
                 "test_calc.py": "import os\nfrom calc import half\n\ndef test_half():\n    assert os.environ['SHOP_URL'] and half(4) == 2\n"})


@member("order matters", kept=2, verdicts=KNOWN)
def ordered(repo):
    """A test that needs what another one left behind."""
    shop(repo, {"tests/test_calc.py": calc_tests("shop.calc") + "\nSEEN = []\n\ndef test_a():\n    SEEN.append(1)\n\ndef test_b():\n    assert SEEN\n"})


@member("skips and expected failures", **SAME)
def skips(repo):
    shop(repo, {"tests/test_calc.py": calc_tests("shop.calc") + """
import pytest

@pytest.mark.skip(reason="later")
def test_later():
    assert label(1) == "negative"

@pytest.mark.xfail(reason="known")
def test_known():
    assert label(1) == "negative"

def test_importorskip():
    pytest.importorskip("surely_not_installed")
"""})


@member("files beside the tests", says=("1 test writes into the repo's own folder (tests/test_calc.py::test_label)",), **SAME)
def data_files(repo):
    """Tests read data by paths relative to themselves and to the root, and write into the repo."""
    shop(repo, {"tests/data/cases.json": "[[9, 5, 45], [10, 5, 45]]", "tests/test_calc.py": """
        import json
        import pathlib
        from shop.calc import label, price

        def test_price():
            for quantity, unit, total in json.loads((pathlib.Path(__file__).parent / "data" / "cases.json").read_text()):
                assert price(quantity, unit) == total

        def test_label():
            pathlib.Path("tests/data/out.txt").write_text(label(-3))
            assert pathlib.Path("tests/data/out.txt").read_text() == "negative"
        """})


@member("asyncio without a plugin", kept=2, verdicts={**KNOWN, "Killed": 10})
def plain_asyncio(repo):
    shop(repo, {"shop/clock.py": "import asyncio\n\n\nasync def later(n):\n    await asyncio.sleep(0)\n    return n\n",
                "tests/test_calc.py": "import asyncio\nimport unittest\nfrom shop.calc import label, price\nfrom shop.clock import later\n" + CALC_TESTS +
                "\n\nclass ClockTest(unittest.IsolatedAsyncioTestCase):\n    async def test_later(self):\n        self.assertEqual(await later(3), 3)\n"})
