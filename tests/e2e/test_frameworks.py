"""Real plugins, real frameworks, every pytest and every CPython that is supported: what `mutagen score` says of a small project of that kind.

These tests make virtual environments and so need the network the first time: MUTAGEN_FRAMEWORKS=some runs a representative share,
MUTAGEN_FRAMEWORKS=all everything. In every project the functions are called the same: all mutants of `strong` die, all of `weak` live,
and nobody runs `never`.
"""
import json
import os
import re
import subprocess

import frameworks
import oracle
import pytest

WANTED = os.environ.get("MUTAGEN_FRAMEWORKS", "")
pytestmark = pytest.mark.skipif(WANTED not in ("some", "all"), reason="MUTAGEN_FRAMEWORKS=some or =all runs these")
INTERPRETERS = frameworks.interpreters() if WANTED else {}

CALC = """def strong(n):
    result = n * 3
    return result


def weak(n):
    flag = n > 2
    return flag


def never(n):
    result = n - 1
    return result
"""
PLAIN = """
from calc import strong, weak

def test_strong(): assert (strong(2), strong(-5)) == (6, -15)
def test_weak(): weak(3)
"""
STATUSES = {"strong": {"Killed"}, "weak": {"Survived"}, "never": {"NoCoverage"}}


def share(*values, some):
    """Parameters of which a part is enough in CI."""
    return [pytest.param(value, marks=[] if WANTED == "all" or value in some else pytest.mark.skip(reason="MUTAGEN_FRAMEWORKS=all runs it"))
            for value in values]


def newest(*wanted):
    for version in wanted:
        if version in INTERPRETERS:
            return INTERPRETERS[version]
    pytest.skip(f"none of CPython {', '.join(wanted)} is installed")


def check(desk, files, python, *options, statuses=None, **environment):
    """Scores the project; every mutant has exactly the status that its function is known for."""
    repo = desk.repo({"calc.py": CALC, **files})
    told = desk("score", "repo", "--level", "2", "--json", "score.json", "--no-progress", "--python", python, *options, **environment)
    assert told.code == 0, told
    assert "set aside" not in told.err and "is flaky" not in told.err, told
    seen = {}
    for path, file in json.loads((desk.folder / "score.json").read_text())["files"].items():
        lines, owner = file["source"].splitlines(), {}
        for number, line in enumerate(lines, 1):
            name = line.split("(")[0][4:] if line.startswith("def ") else owner.get(number - 1, "")
            owner[number] = name
        for mutant in filter(lambda mutant: not oracle.is_twin(mutant), file["mutants"]):
            seen.setdefault(owner[mutant["location"]["start"]["line"]], set()).add(mutant["status"])
    assert seen == (statuses or STATUSES), told
    return repo, told


PROJECTS = {
    "asyncio": {"pytest.ini": "[pytest]\naddopts = -p no:randomly\n", "test_calc.py": """
import asyncio
import pytest
import pytest_asyncio
from calc import strong, weak

@pytest_asyncio.fixture
async def five():
    await asyncio.sleep(0)
    yield strong(5)

@pytest.mark.asyncio
async def test_strong(five):
    await asyncio.sleep(0)
    assert (five, strong(-2)) == (15, -6)
@pytest.mark.asyncio
async def test_weak(): weak(3)
"""},
    "asyncio auto": {"pytest.ini": "[pytest]\nasyncio_mode = auto\n", "test_calc.py": """
from calc import strong, weak

async def test_strong(): assert (strong(2), strong(-5)) == (6, -15)
class TestWeak:
    async def test_weak(self): weak(3)
"""},
    "anyio": {"test_calc.py": """
import pytest
from calc import strong, weak

pytestmark = pytest.mark.anyio

@pytest.fixture
def anyio_backend(): return "asyncio"
async def test_strong(): assert (strong(2), strong(-5)) == (6, -15)
async def test_weak(): weak(3)
"""},
    "xdist": {"pytest.ini": "[pytest]\naddopts = -n 2 --dist loadfile\n", "test_calc.py": PLAIN + """
def test_worker(worker_id, tmp_path_factory):
    assert worker_id.startswith("gw") or worker_id == "master"
"""},
    "cov": {"pytest.ini": "[pytest]\naddopts = --cov=calc --cov-branch --cov-fail-under=100\n", "test_calc.py": PLAIN},
    "randomly": {"test_calc.py": PLAIN + """
import random
def test_random(): assert strong(random.randint(1, 9)) % 3 == 0
"""},
    "hypothesis": {"test_calc.py": """
from hypothesis import given, settings, strategies as st
from calc import strong, weak

@settings(max_examples=30, deadline=1)
@given(st.integers(min_value=-50, max_value=50))
def test_strong(n): assert strong(n) == n + n + n and isinstance(strong(n), int)
@given(st.integers())
def test_weak(n): weak(n)
"""},
    "timeout": {"pytest.ini": "[pytest]\ntimeout = 5\ntimeout_method = thread\n", "test_calc.py": PLAIN},
    "rerunfailures": {"pytest.ini": "[pytest]\naddopts = --reruns 3 --reruns-delay 1\n", "test_calc.py": PLAIN + """
import pytest
@pytest.mark.flaky(reruns=5, reruns_delay=1)
def test_marked(): assert strong(1) == 3
"""},
    "benchmark": {"test_calc.py": """
from calc import strong, weak

def test_strong(benchmark): assert benchmark(strong, 2) == 6 and strong(-5) == -15
def test_weak(benchmark): benchmark(weak, 3)
"""},
    "mock": {"test_calc.py": """
import calc

def test_strong(mocker):
    spy = mocker.spy(calc, "strong")
    assert (calc.strong(2), calc.strong(-5)) == (6, -15) and spy.call_count == 2
def test_weak(mocker):
    mocker.patch("calc.never", return_value=3)
    calc.weak(calc.never(1))
"""},
    "subtests": {"test_calc.py": """
from calc import strong, weak

def test_strong(subtests):
    for n, want in ((2, 6), (-5, -15)):
        with subtests.test(n=n): assert strong(n) == want
def test_weak(): weak(3)
"""},
    "everything at once": {"pytest.ini": "[pytest]\naddopts = -n 2 --cov=calc --reruns 2 --benchmark-only\ntimeout = 5\n", "test_calc.py": """
from calc import strong, weak

def test_strong(benchmark): assert benchmark(strong, 2) == 6 and strong(-5) == -15
def test_weak(benchmark): benchmark(weak, 3)
"""},
}


@pytest.mark.parametrize("name", share(*PROJECTS, some=("asyncio", "xdist", "hypothesis", "rerunfailures", "everything at once")))
def test_plugins(desk, name):
    check(desk, PROJECTS[name], frameworks.environment("plugins", newest("3.11", "3.12", "3.13", "3.10"), frameworks.PLUGINS))


@pytest.mark.parametrize("version", share("6.2.5", "7.4.4", "8.4.2", "9.2.0", some=("6.2.5", "9.2.0")))
def test_versions_of_pytest(desk, version):
    python = newest("3.9", "3.8", "3.10") if version < "7" else newest("3.12", "3.11", "3.10")
    check(desk, {"tests/test_calc.py": PLAIN, "tests/test_unit.py": """
import unittest
from calc import strong, weak

class TestCalc(unittest.TestCase):
    def test_strong(self):
        for n in (2, -5):
            with self.subTest(n=n): self.assertEqual(strong(n), 3 * n)
    def test_weak(self): weak(1)
"""}, frameworks.environment(f"pytest-{version}", python, [f"pytest=={version}"]))


NEWEST_PYTEST = {"3.8": "8.3.5", "3.9": "8.4.2"}


@pytest.mark.parametrize("version", share("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", some=("3.8", "3.13")))
def test_versions_of_python(desk, version):
    if version not in INTERPRETERS:
        pytest.skip(f"CPython {version} is not installed")
    python = frameworks.environment(f"python-{version}", INTERPRETERS[version], [f"pytest=={NEWEST_PYTEST.get(version, '9.2.0')}"])
    files = {"test_calc.py": PLAIN + """
import subprocess
import sys
import calc

def test_program():
    done = subprocess.run([sys.executable, "-c", "import calc; print(calc.outside(4))"], stdout=subprocess.PIPE, universal_newlines=True)
    assert done.stdout == "2\\n"
def test_made(): assert list(calc.MADE) == [5, 15]
def test_spin(): assert calc.spin(7) == 3
""", "calc.py": CALC + """

def outside(n):
    half = n - 2
    return half


def made(n):
    first = n + 1
    yield first
    yield first * 3


MADE = made(4)


def spin(n):
    count = 0
    while n - 1 > 0:
        n -= 2
        count += 1
    return count
"""}
    statuses = {**STATUSES, "outside": {"Killed"}, "made": {"Killed"}, "spin": {"Killed", "Timeout", "Survived"}}
    _repo, told = check(desk, files, python, statuses=statuses)
    score = json.loads((desk.folder / "score.json").read_text())["files"]["calc.py"]["mutants"]
    late = [mutant for mutant in score if mutant["status"] == "Timeout"]  # an endless loop is known by its rounds
    assert late and all("went round, more than" in mutant["statusReason"] for mutant in late), late


AGENT = ("test_verdicts.py", "test_chain.py")


@pytest.mark.parametrize("version", share("3.8", "3.9", "3.10", "3.12", "3.13", some=("3.13",)))
def test_the_agents_own_tests(version):
    """From 3.12 on lines, calls and jumps are told by sys.monitoring: other code than CI's own interpreter runs."""
    if version not in INTERPRETERS:
        pytest.skip(f"CPython {version} is not installed")
    python = frameworks.environment(f"python-{version}", INTERPRETERS[version], [f"pytest=={NEWEST_PYTEST.get(version, '9.2.0')}"])
    tests = [str(frameworks.ROOT / "tests" / "agent" / name) for name in AGENT]
    done = subprocess.run([python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests], stdout=subprocess.PIPE, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-5000:]


SHOP = {
    "calc.py": """from shop.models import Order


def strong(customer):
    total = sum(order.price * order.count for order in Order.objects.filter(customer=customer))
    return total + 1


def weak(customer):
    flag = Order.objects.filter(customer=customer).count() > 1
    return flag


def never(n):
    result = n - 1
    return result
""",
    "shop/__init__.py": "",
    "shop/models.py": """from django.db import models


class Order(models.Model):
    customer = models.CharField(max_length=20)
    price = models.IntegerField()
    count = models.IntegerField()
""",
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": """from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.CreateModel(name="Order", fields=[
        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
        ("customer", models.CharField(max_length=20)), ("price", models.IntegerField()), ("count", models.IntegerField())])]
""",
    "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = settings\npythonpath = .\n",
    "tests/test_calc.py": """
import pytest
from calc import strong, weak
from shop.models import Order

@pytest.fixture
def orders(db):
    Order.objects.create(customer="me", price=3, count=5)
    Order.objects.create(customer="me", price=7, count=2)

def test_strong(orders): assert strong("me") == 30
@pytest.mark.django_db(transaction=True)
def test_nobody(): assert strong("nobody") == 1
@pytest.mark.django_db
def test_weak(): weak("me")
""",
}
SETTINGS = """
INSTALLED_APPS = ["shop"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASES = {"default": %s}
"""


@pytest.fixture(scope="module")
def postgres():
    server = frameworks.Postgres(frameworks.find_postgres())
    yield server
    server.stop()


@pytest.mark.parametrize("database", share("memory", "file", some=("memory",)))
def test_django_with_sqlite(desk, database):
    python = frameworks.environment("django", newest("3.12", "3.11", "3.13", "3.10"), frameworks.DJANGO)
    name = {"memory": '{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}',
            "file": '{"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.sqlite", "TEST": {"NAME": "test.sqlite"}}'}[database]
    check(desk, {**SHOP, "settings.py": SETTINGS % name}, python, "--jobs", "4", "--target", "calc.*")


def scores(desk, repo, python, jobs):
    """One more score of the same repo: {mutant: status}, and what was said."""
    told = desk("score", repo.name, "--level", "2", "--json", "again.json", "--no-progress", "--no-cache", "--python", python, "--jobs", jobs, "--target", "calc.*")
    assert told.code == 0, told
    files = json.loads((desk.folder / "again.json").read_text())["files"]
    return {mutant["id"]: mutant["status"] for file in files.values() for mutant in file["mutants"]}, told


def test_django_with_postgresql(desk, postgres):
    """Workers with a database each, as xdist names them, made once for all mutants and dropped at the end."""
    python = frameworks.environment("django", newest("3.12", "3.11", "3.13", "3.10"), frameworks.DJANGO)
    name = repr({"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "USER": "shop", "HOST": "127.0.0.1", "PORT": postgres.port})
    repo, told = check(desk, {**SHOP, **frameworks.migrations(30), "settings.py": SETTINGS % name}, python, "--jobs", "4", "--target", "calc.*",
                       "--verify", "6")
    assert "verified: 6 of 6 verdicts" in told.out, told
    log = (postgres.folder / "log").read_text()
    made = re.findall(r'CREATE DATABASE "(\w+)"', log)
    assert {f"test_shop_gw{number}" for number in range(4)} <= set(made), made
    # One for the first pass of the baseline, four for the second, four for the workers; plain pytest calls its own test_shop.
    assert len([one for one in made if one != "test_shop"]) <= 9, made
    assert postgres.databases() == ["postgres"]
    found, _told = scores(desk, repo, python, "1")
    assert found == scores(desk, repo, python, "2")[0] == scores(desk, repo, python, "8")[0]
    assert postgres.databases() == ["postgres"]


def test_a_live_server_is_not_shared(desk, postgres):
    """Its thread would not be there in a fork; the other tests share their database all the same."""
    python = frameworks.environment("django", newest("3.12", "3.11", "3.13", "3.10"), frameworks.DJANGO)
    name = repr({"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "USER": "shop", "HOST": "127.0.0.1", "PORT": postgres.port})
    live = """
from calc import weak

def test_live(live_server):
    assert live_server.url
    weak("you")
"""
    files = {**SHOP, **frameworks.migrations(30), "settings.py": SETTINGS % name + 'ROOT_URLCONF = "urls"\n', "urls.py": "urlpatterns = []\n",
             "tests/test_live.py": live}
    _repo, told = check(desk, files, python, "--jobs", "2", "--target", "calc.*")
    assert told.err.count("The session fixture live_server cannot be shared by mutants (a thread is alive behind it") == 1, told
    assert postgres.databases() == ["postgres"]
