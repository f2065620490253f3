"""What tests take from plugins of pytest, from namespace packages and from the build: an interpreter without it is passed over, or the report says what is missing."""
import pytest
import test_environments
from conftest import OPS, TEST_OPS
from package_index import PackageIndex, installed_wheel, made_wheel, with_dependencies
from test_environments import program, venv

bare, good, run = test_environments.bare, test_environments.good, test_environments.run  # fixtures
HTTP = """
@pytest.mark.parametrize("n", range(2))
def test_http(n, httpx_mock):
    assert httpx_mock == "made up"
"""
PLUGIN = {"pytest_httpx.py": "import pytest\n\n@pytest.fixture\ndef httpx_mock():\n    return 'made up'\n",
          "pytest_httpx-1.0.dist-info/entry_points.txt": "[pytest11]\nhttpx_mock = pytest_httpx\n"}
REPO = {"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": TEST_OPS + "\nimport pytest\n" + HTTP}
SETTINGS = "[project]\nname = 'calc'\nversion = '1'\n[project.optional-dependencies]\ntest = ['pytest-httpx', 'Zoo_park.lions>=1']\n"


@pytest.fixture(scope="module")
def index():
    wheels = [installed_wheel(name) for name in with_dependencies("pytest", "pip", "setuptools")]
    wheels += [made_wheel("pytest_httpx", "1.0", PLUGIN), made_wheel("zoo_park_lions", "1.0", {"zoo_park/lions.py": ""}),
               made_wheel("wheel", "1.0", {"wheel.py": ""}),
               made_wheel("tinynet", "1.0", {"tinynet.py": "def one(n):\n    return n\n"})]
    with PackageIndex(wheels) as server:
        yield server


def test_what_is_on_path_lacks_the_plugin(run, good, index):
    """Not made for this repo: most of its tests would fail there."""
    repo = run.repo({**REPO, "pyproject.toml": SETTINGS})
    path = f"{good}/bin:{run.env['PATH']}"
    result = run("score", repo, "--no-progress", PATH=path, PIP_INDEX_URL=index.url)
    assert "lacks pytest_httpx, which the project names and 2 of 2 test functions need" in result.err and "environment of our own" in result.err, result
    assert result.code == 0 and "httpx_mock" not in result.err.split("[selecting]")[1], result
    off = run("score", repo, "--no-progress", "--no-install", "--no-cache", PATH=path)
    assert off.code == 0, off
    line, = [line for line in off.err.splitlines() if "module pytest_httpx is missing" in line]
    assert "tests/test_ops.py:" in line and "needs it for the fixture httpx_mock, so tests in 1 test file fail" in line and "-m pip install pytest-httpx`" in line


MANY = "\n\n".join(f"def test_{n}():\n    assert tinynet.one({n}) == {n}\n" for n in range(5))


def test_what_is_on_path_lacks_what_the_project_names_for_few_tests(run, good, index):
    """One test of many: enough where it can be installed, and it is; with --no-install PATH's Python is taken, and the report says what it lacks."""
    repo = run.repo({**REPO, "tests/test_ops.py": TEST_OPS, "tests/test_net.py": "import tinynet\n\n\ndef test_net():\n    assert tinynet.one(1) == 1\n",
                     "tests/test_maybe.py": "import pytest\n\npytest.importorskip('zoo_park')\nimport zoo_park.lions\n\n\ndef test_zoo():\n    assert zoo_park\n"})
    (repo / "tox.ini").write_text("[testenv]\ndeps = tinynet\n")
    path = f"{good}/bin:{run.env['PATH']}"
    result = run("score", repo, "--no-progress", PATH=path, PIP_INDEX_URL=index.url)
    assert result.code == 0 and "lacks tinynet, which the project names and 1 of " in result.err and "environment of our own" in result.err, result
    assert "missing" not in result.err, result
    told = run("doctor", repo, PATH=path)
    assert "a run makes an environment of its own" in told.out and "lacks tinynet, which the project names" in told.out, told
    off = run("score", repo, "--no-progress", "--no-install", "--no-cache", PATH=path)
    assert off.code == 0 and "module tinynet is missing" in off.err and "environment of our own" not in off.err, off
    (repo / "tox.ini").write_text("[testenv]\ndeps = zoo-park\n")
    optional = run("score", repo, "--no-progress", "--no-cache", PATH=path, PIP_INDEX_URL=index.url)
    assert optional.code == 0 and "environment of our own" not in optional.err and "zoo_park" not in optional.err, optional


def test_what_is_on_path_lacks_what_most_tests_need(run, good, index):
    """A module that is named nowhere: one file of three, but most tests."""
    repo = run.repo({**REPO, "tests/test_ops.py": TEST_OPS, "tests/test_net.py": "import tinynet\n\n\n" + MANY, "tests/test_c.py": "def test_c():\n    pass\n"})
    result = run("score", repo, "--no-progress", PATH=f"{good}/bin:{run.env['PATH']}", PIP_INDEX_URL=index.url)
    assert "lacks what 5 of 7 test functions need" in result.err and "environment of our own" in result.err, result


def test_an_environment_of_the_repo_is_kept(run, good):
    repo = run.repo({**REPO, "pyproject.toml": SETTINGS})
    (repo / ".venv").symlink_to(good)
    result = run("score", repo, "--no-progress")
    assert result.code == 0 and "environment of our own" not in result.err and "pip install pytest-httpx" in result.err, result


def test_a_part_of_a_namespace_is_missing(run, tmp_path):
    """zoo_park is there, zoo_park.lions is of another distribution; the repo names it."""
    env = venv(tmp_path / "env")
    packages, = env.glob("lib/python3*/site-packages")
    (packages / "zoo_park").mkdir()
    (packages / "zoo_park/bears.py").write_text("")
    (packages / "plain").mkdir()
    (packages / "plain/__init__.py").write_text("raise SystemExit('imported')\n")
    repo = run.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": TEST_OPS, "pyproject.toml": SETTINGS,
                     "tests/test_zoo.py": "import zoo_park.bears\nfrom zoo_park.lions.old import roar\nimport plain.more\n\n\ndef test():\n    pass\n"})
    (repo / ".venv").symlink_to(env)
    result = run("score", repo, "--no-progress")
    lines = [line for line in result.err.splitlines() if "is missing in" in line]
    assert len(lines) == 1 and "module zoo_park.lions is missing" in lines[0] and "pip install Zoo_park.lions`" in lines[0], result


def test_an_extra_that_the_sources_import_is_installed(run, index):
    """Not the whole extra, and not one that nobody imports."""
    extras = "net = ['tinynet>=1', 'nowhere-to-be-had']\nmore = ['nowhere-either']\n"
    repo = run.repo({**REPO, "pyproject.toml": SETTINGS + extras, "calc/net.py": "import tinynet\n\n\ndef twice(n):\n    return tinynet.one(n) + n\n",
                     "tests/test_net.py": "from calc.net import twice\n\n\ndef test_twice():\n    assert twice(2) == 4\n"})
    result = run("score", repo, "--no-progress", PIP_INDEX_URL=index.url)
    assert result.code == 0 and "cannot be" not in result.err and "calc.net.twice" in result.out, result


def test_the_project_itself_in_an_included_file_is_no_conflict(run, index):
    """requirements/dev.txt includes ci.txt, which includes the rest and has -e . in it."""
    backend = """
import zipfile
def build_wheel(directory, settings=None, metadata=None):
    name = "calc-1-py3-none-any.whl"
    with zipfile.ZipFile(directory + "/" + name, "w") as out:
        for file, text in (("METADATA", "Metadata-Version: 2.1\\nName: calc\\nVersion: 1\\n"), ("RECORD", ""),
                           ("WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")):
            out.writestr("calc-1.dist-info/" + file, text)
    return name
"""
    repo = run.repo({**REPO, "backend.py": backend,
                     "pyproject.toml": "[project]\nname = 'calc'\nversion = '1'\n[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
                     "requirements/dev.txt": "-r ci.txt\n", "requirements/ci.txt": "-e .\n-r ../more.txt\n", "more.txt": "pytest-httpx\n"})
    result = run("score", repo, "--no-progress", PIP_INDEX_URL=index.url)
    print(*(path.read_text() for path in (run.folder / ".mutagen/envs").glob("*.log")))
    assert result.code == 0 and "could not be built" not in result.err and "not installed of what" not in result.err and "pytest_httpx" not in result.err, result


def test_an_old_setuptools_gets_what_it_builds_wheels_with(run, index):
    repo = run.repo({**REPO, "pyproject.toml": SETTINGS + "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n"})
    before = len(index.http.asked)
    result = run("score", repo, "--no-progress", PIP_INDEX_URL=index.url)
    assert result.code == 0 and "wheel" in index.http.asked[before:], result


def test_a_name_on_path_that_runs_nothing_is_no_python(run):
    """pyenv leaves one for each version, also for those that are not switched on."""
    program(run.folder / "bin/python3.14", "echo not switched on >&2; exit 127\n")
    repo = run.repo({**REPO, "pyproject.toml": "[project]\nname = 'calc'\nversion = '1'\nrequires-python = '>=3.14'\n"})
    result = run("score", repo, "--no-progress")
    assert result.code == 1 and "there is no Python 3.14 or newer on PATH" in result.err, result
