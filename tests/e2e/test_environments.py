"""Which interpreter a run takes, the environment it makes when none fits, and what it says of what is missing.

Tests named `real` drive real tools (uv, poetry, hatch, pdm, pipenv) of the environment that MUTAGEN_TEST_TOOLS names: `make test-tools`."""
import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import pytest
from conftest import BINARY, OPS, TEST_OPS, Result, tree
from package_index import PackageIndex, installed_wheel, made_wheel, with_dependencies

PLAIN = {"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": TEST_OPS}
SECRET = "index-secret-9f8e7d"


def venv(folder, with_pytest=True):
    """An environment without pip; it sees the tests' own packages, pytest among them, or nothing."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    if with_pytest:
        packages, = folder.glob("lib/python3*/site-packages")
        (packages / "ours.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    return folder


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    return venv(tmp_path_factory.mktemp("bare") / "env", with_pytest=False)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return venv(tmp_path_factory.mktemp("good") / "env")


@pytest.fixture(scope="module")
def index():
    names = with_dependencies("pytest", "pip")
    wheels = [installed_wheel(name) for name in names]
    wheels += [made_wheel("tinydep", "1.0", {"tinydep.py": "def half(x):\n    return x / 2\n"}), made_wheel("toxdep", "2.0", {"toxdep.py": ""})]
    with PackageIndex(wheels) as server:
        yield server


@pytest.fixture
def run(desk, bare):
    """Runs with nothing but a bare python3 and the machine's own programs on PATH."""
    for name in ("bin", "home"):
        (desk.folder / name).mkdir()
    env = {"PATH": f"{desk.folder}/bin:{bare}/bin:/usr/bin:/bin", "HOME": str(desk.folder / "home"), "TMPDIR": str(desk.tmp), "LANG": "C.UTF-8",
           "MUTAGEN_MUTATION_WITNESSES": "false"}

    def call(*arguments, **more):
        return Result(subprocess.run([BINARY, *map(str, arguments)], cwd=desk.folder, env={**env, **more}, text=True, stdin=subprocess.DEVNULL,
                                     capture_output=True, timeout=300, check=False))

    call.folder, call.repo, call.env = desk.folder, desk.repo, env
    return call


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


def took(result, folder):
    """The report names the interpreter."""
    text = pathlib.Path(folder / ".mutagen/reports/report.json").read_text()
    return result.code in (0, 3) and text


def test_places_and_their_order(run, good):
    """Each place beats all that stand before it in this list."""
    repo = run.repo({**PLAIN, "pyproject.toml": "[tool.poetry]\nname = 'x'\n[tool.hatch.envs.default]\n", "environment.yml": "name: shop\n",
                     ".python-version": "9.9.9\n"})
    places = []

    def expect(origin, **more):
        places.append(more)
        merged = {key: value for one in places for key, value in one.items()}
        result = run("run", repo, "--run-id", "x", "--max-targets", "1", "--no-progress", "--no-install", **merged)
        assert f"from {origin})" in took(result, run.folder), (origin, result)

    before = tree(repo)
    expect("MUTAGEN_PYTHON", MUTAGEN_PYTHON=str(good))
    (run.folder / "home/.pyenv/versions").mkdir(parents=True)
    (run.folder / "home/.pyenv/versions/9.9.9").symlink_to(good)
    expect("pyenv")
    (run.folder / "home/miniforge3/envs").mkdir(parents=True)
    (run.folder / "home/miniforge3/envs/shop").symlink_to(good)
    expect("conda")
    (repo / ".pdm-python").write_text(f"{good}/bin/python")
    expect("pdm")
    program(run.folder / "bin/hatch", f'test "$*" = "--no-color env find" && echo {good}\n')
    expect("hatch")
    program(run.folder / "bin/poetry", f'case "$*" in *"env info --path") echo {good};; *) exit 1;; esac\n')
    expect("poetry")
    (repo / ".venv").symlink_to(good)
    expect(".venv")
    expect("UV_PROJECT_ENVIRONMENT", UV_PROJECT_ENVIRONMENT=str(good))
    expect("VIRTUAL_ENV", VIRTUAL_ENV=str(good))
    assert {path: data for path, data in tree(repo).items() if not path.startswith((".venv", ".pdm"))} == before


def test_a_candidate_that_does_not_fit_is_passed_over(run, bare, good):
    """An active environment without pytest, and a tool that hangs or lies."""
    repo = run.repo({**PLAIN, "poetry.lock": ""})
    (repo / ".venv").symlink_to(good)
    program(run.folder / "bin/poetry", "echo /nowhere/at/all\n")
    result = run("run", repo, "--run-id", "x", "--max-targets", "1", "--no-progress", VIRTUAL_ENV=str(bare))
    assert "from .venv)" in took(result, run.folder), result


def test_tools_that_would_run_code_of_the_repo_are_not_asked(run, good):
    repo = run.repo({**PLAIN, "poetry.lock": "", ".poetry/plugins/evil.py": "", "pyproject.toml": "[tool.hatch.env]\nrequires = ['evil']\n"})
    for name in ("poetry", "hatch"):
        program(run.folder / "bin" / name, f"echo asked >> {run.folder}/asked\necho {good}\n")
    result = run("score", repo, "--no-progress", "--no-install")
    assert result.code == 1 and not (run.folder / "asked").exists() and result.err.count("not asked: the repo brings") == 2, result
    shutil.rmtree(repo / ".poetry")
    assert run("score", repo, "--no-progress", "--no-install").code == 0 and (run.folder / "asked").read_text() == "asked\n"


def test_the_workspace_of_uv(run, good):
    workspace = run.folder / "ws"
    repo = run.repo(PLAIN, name="ws") and None
    member = workspace / "packages/one"
    member.mkdir(parents=True)
    for path in ("calc", "tests"):
        (workspace / path).rename(member / path)
    (workspace / "pyproject.toml").write_text("[tool.uv.workspace]\nmembers = ['packages/*']\n")
    (workspace / "envs").mkdir()
    (workspace / "envs/dev").symlink_to(good)
    result = run("run", member, "--run-id", "x", "--max-targets", "1", "--no-progress", UV_PROJECT_ENVIRONMENT="envs/dev")
    assert repo is None and "from UV_PROJECT_ENVIRONMENT)" in took(result, run.folder), result
    (workspace / ".venv").symlink_to(good)
    assert "from .venv)" in took(run("run", member, "--run-id", "y", "--max-targets", "1", "--no-progress"), run.folder)


SPY = """
import os, sys, pathlib
pathlib.Path(%r).joinpath(%r).write_text(repr(dict(os.environ)) + repr(sys.argv))
"""
BACKEND = """
import zipfile
def build_wheel(directory, settings=None, metadata=None):
    info, name = "shop-3.1.dist-info/", "shop-3.1-py3-none-any.whl"
    with zipfile.ZipFile(directory + "/" + name, "w") as out:
        out.write("shop/__init__.py")
        out.writestr("shop/made.py", "MADE = 7\\n")
        out.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: shop\\nVersion: 3.1\\nRequires-Dist: tinydep\\n")
        out.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        out.writestr(info + "RECORD", "shop/__init__.py,,\\nshop/made.py,,\\n" + "".join(info + one + ",,\\n" for one in ("METADATA", "WHEEL", "RECORD")))
    return name
"""


@pytest.fixture
def shop(run):
    """Needs tinydep, its own metadata, a module that only its build makes, and for its tests what tox says; its build and its tests tell what they see."""
    seen = run.folder / "seen"
    seen.mkdir()
    return run.repo({
        "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
        "backend.py": SPY % (str(seen), "build") + BACKEND, "requirements-dev.txt": "-e .[test]\n",
        "tox.ini": "[tox]\nenvlist = py{38,39},py3{10-20},lint\n[testenv]\ndeps =\n    py3{10-20}: toxdep\n[testenv:lint]\ndeps = nowhere-to-be-had\n",
        "shop/__init__.py": "import tinydep\nfrom importlib.metadata import version\nfrom shop.made import MADE\nVERSION = version('shop')\n",
        "shop/ops.py": OPS, "tests/conftest.py": SPY % (str(seen), "tests"),
        "tests/test_ops.py": "import fcntl\nimport sys\nimport pytest\nimport shop\nfrom shop.ops import clamp\n\n\n"
                             "def test_clamp():\n    assert (shop.VERSION, shop.MADE) == ('3.1', 7)\n"
                             "    assert clamp(5, 0, 10) == 5\n    assert '/mutagen-' in shop.__file__\n\n\n"
                             "def test_by_tox():\n    import toxdep\n    assert toxdep\n\n\n"
                             "def test_nobody_removes_the_environment_meanwhile():\n"
                             "    with open(sys.prefix + '.lock') as lock, pytest.raises(BlockingIOError):\n"
                             "        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)\n",
    }, name="shop")


def kept(folder, days):
    """As if an environment or a clone had been used so long ago. Gives its lock, open."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "file").write_text("")
    lock = folder.with_name(folder.name + ".lock").open("w")
    os.utime(lock.name, (time.time() - days * 86400 - 5,) * 2)
    return lock


def test_an_environment_of_our_own(run, shop, index, good):
    before = tree(shop)
    envs = run.folder / ".mutagen/envs"
    old, held = envs / "old", kept(envs / "held", 31)
    kept(old, 30).close()
    kept(envs / "young", 29).close()
    (run.folder / ".mutagen/MUTAGEN").write_text("as if an earlier run had made it\n")
    old.with_name("old.log").write_text("log")
    fcntl.flock(held, fcntl.LOCK_SH)
    (run.folder / "home/.netrc").write_text("machine index.example login a password netrc-secret-1\n")
    first = run("score", shop, "--no-progress", PIP_INDEX_URL=index.url, SHOP_TOKEN="x", ANTHROPIC_API_KEY="sk-ant-key-0123456789")
    print(first, *(path.read_text() for path in (run.folder / ".mutagen/envs").glob("*.log")))
    assert first.code == 0 and "clamp" in first.out and "test_by_tox" not in first.err, first
    assert not old.exists() and not list(envs.glob("old.*")) and "removed 1 environment that nobody used for 30 days" in first.err, first
    assert (envs / "young/file").exists() and (envs / "held/file").exists() and (envs / "held.lock").exists()
    made, = [path for path in envs.iterdir() if path.is_dir() and path.name not in ("young", "held")]
    assert (made / "bin/pytest").exists() and tree(shop) == before and list((run.folder / "tmp").iterdir()) == []
    assert "shop/made.py is written by the project's build, and is not here" in first.err, first
    for who in ("build", "tests"):
        seen = (run.folder / "seen" / who).read_text()
        for secret in (SECRET, "SHOP_TOKEN", "sk-ant-key", str(run.folder / "home")):
            assert secret not in seen, (who, secret)
    assert SECRET not in first.out + first.err
    assert all(SECRET.encode() not in data for data in tree(run.folder / ".mutagen").values())
    mutant, = re.findall(r"show mutant (\w+)\)", first.out)[:1]
    command = run("show", "mutant", mutant).out.splitlines()[-1]
    told = subprocess.run(["sh", "-c", command], cwd=run.folder, env=run.env, capture_output=True, text=True, check=False).stdout
    assert "assert '/mutagen-' in" in told and "1 failed" in told, "it stands elsewhere, and all that comes before is as it is here"
    asked = len(index.http.asked)
    (shop / "shop/ops.py").write_text(OPS + "\n\ndef more(x):\n    y = x + 1\n    return y\n")
    second = run("score", shop, "--no-progress", "--all")
    assert second.code == 0 and "more" in second.out and len(index.http.asked) == asked, second
    (shop / "requirements.txt").write_text("nowhere-to-be-had==1\n")
    (shop / ".venv").symlink_to(good)
    held.close()
    assert time.time() - made.with_name(made.name + ".lock").stat().st_mtime < 300
    third = run("score", shop, "--no-progress", PIP_INDEX_URL=index.url, MUTAGEN_STORAGE_KEEP_DAYS="0")
    assert third.code == 0 and "not installed of what its tests name: nowhere-to-be-had (" in third.err, third
    assert SECRET not in third.err and len([path for path in envs.iterdir() if path.is_dir()]) == 4


def test_what_tox_names_takes_nothing_from_the_rest(run, index):
    """One of its requirements cannot be had."""
    repo = run.repo({**PLAIN, "requirements-test.txt": "tinydep\n", "tox.ini": "[testenv]\ndeps =\n    nowhere-to-be-had\n    toxdep\n"})
    with open(repo / "tests/test_ops.py", "a") as file:
        file.write("\n\ndef test_dep():\n    import tinydep\n    assert tinydep\n")
    told = run("score", repo, "--no-progress", PIP_INDEX_URL=index.url)
    assert told.code == 0 and "what only the configuration of tox names for tests is not installed: " in told.err and "nowhere-to-be-had" in told.err, told
    assert "test_dep" not in told.err and "not installed of what" not in told.err, told


def test_one_that_cannot_be_had_takes_nothing_from_the_rest(run, index):
    """Neither one that the index lacks, nor one at an address of its own where nobody answers: that is not the index."""
    repo = run.repo({**PLAIN, "requirements-test.txt": "toxdep\nnowhere-to-be-had>=1  # why\ntinydep\n",
                     "pyproject.toml": "[dependency-groups]\ntest = ['far @ git+http://127.0.0.1:9/far.git']\n"})
    with open(repo / "tests/test_ops.py", "a") as file:
        file.write("\n\ndef test_deps():\n    import tinydep, toxdep\n    assert tinydep and toxdep\n")
    told = run("score", repo, "--no-progress", PIP_INDEX_URL=index.url)
    assert told.code == 0 and "test_deps" not in told.err and "cannot be reached" not in told.err, told
    assert re.search(r"not installed of what its tests name: far \(.*\); nowhere-to-be-had \(", told.err), told


def test_a_python_that_the_project_does_not_allow(run, good):
    """What is on PATH is passed over for it; where there is no other, it is taken, and that is said."""
    repo = run.repo({**PLAIN, "pyproject.toml": "[project]\nname = 'calc'\nrequires-python = '>=3.99'\n"})
    told = run("score", repo, "--no-progress", PATH=f"{good}/bin:/usr/bin:/bin")
    assert told.code == 0 and "(PATH) is Python 3." in told.err and "the project asks for 3.99 or newer): using an environment of our own" in told.err, told
    assert "the project asks for Python 3.99 or newer (requires-python), and " in told.err, told
    told = run("score", repo, "--no-progress", "--no-install", PATH=f"{good}/bin:/usr/bin:/bin")
    assert told.code == 0 and "using an environment" not in told.err and "asks for Python 3.99 or newer (requires-python)" in told.err, told


def test_no_install_and_no_network(run, shop, bare):
    before = tree(bare)
    told = run("doctor", shop)
    assert "no interpreter has pytest" in told.out and "a run makes an environment" in told.out and "--no-install" not in told.out, told
    told = run("doctor", shop, MUTAGEN_INGEST_INSTALL_DEPS="false")
    assert "no interpreter has pytest" in told.out and "or leave out what forbids to make one (--no-install, ingest.install_deps)" in told.out, told
    off = run("score", shop, "--no-progress", "--no-install")
    assert off.code == 1 and "no interpreter has pytest" in off.err and "-m pip install pytest" in off.err and "--no-install" in off.err, off
    away = run("score", shop, "--no-progress", PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="1")
    last = away.err.splitlines()[-1]
    assert away.code == 1 and "the package index cannot be reached" in last and "--python" in last, away
    assert not [path for path in (run.folder / ".mutagen/envs").iterdir() if path.is_dir()] and tree(bare) == before


def test_what_is_missing_is_said_once(run, good):
    files = {**PLAIN, "calc/api.py": "'''\nimport nothing\n'''\ntry:\n    import optional_thing\nexcept ImportError:\n    pass\nimport yaml\n",
             "docker-compose.yml": "services:\n  db:\n    image: x\n  web:\n    build: .\n"}
    for number in range(40):
        files[f"tests/test_api_{number}.py"] = "from calc import api\n\n\ndef test():\n    assert api\n"
    repo = run.repo(files)
    (repo / ".venv").symlink_to(good)
    result = run("score", repo, "--no-progress")
    assert result.code == 0, result
    lines = [line for line in result.err.splitlines() if "yaml" in line]
    assert len(lines) == 1 and "calc/api.py:8 imports it" in lines[0] and "40 test files" in lines[0], result
    assert f"{repo}/.venv/bin/python -m pip install PyYAML" in lines[0]
    assert 'docker compose run --rm -v "$(command -v mutagen)":/usr/local/bin/mutagen web mutagen run .' in result.err
    assert "optional_thing" not in result.err and "nothing" not in result.err


def test_a_missing_module_that_takes_all_tests(run, good):
    """Told by the choice of the interpreter, not again by pytest; what else goes wrong is."""
    repo = run.repo({"calc/__init__.py": "import yaml\n", "calc/ops.py": OPS, "tests/test_ops.py": TEST_OPS, "tests/test_b.py": "1 / 0\n"})
    (repo / ".venv").symlink_to(good)
    result = run("score", repo, "--no-progress", "--no-install")
    told = [line for line in result.err.splitlines() if line.startswith(("note:", "mutagen:"))]
    assert result.code == 1 and len([line for line in told if "yaml" in line]) == 1, result
    assert any("tests/test_b.py: cannot be collected: ZeroDivisionError" in line for line in told), result
    assert "none of the files that hold tests could be collected: the notes say why" in told[-1] and "if it misses packages" not in result.err, result


# ---- real tools ----

TOOLS = os.environ.get("MUTAGEN_TEST_TOOLS", "")
real = pytest.mark.skipif(not TOOLS, reason="MUTAGEN_TEST_TOOLS names no environment with uv, poetry, hatch, pdm and pipenv (make test-tools)")
PROJECT = {"calc/__init__.py": "", "calc/ops.py": "import tinydep\n" + OPS,
           "tests/test_ops.py": "import tinydep\n" + TEST_OPS + "\n\ndef test_version():\n    assert tinydep.VERSION == '1.0'\n"}
HEAD = '[project]\nname = "calc"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["tinydep"]\n'
BUILD = '[build-system]\nrequires = ["{0}"]\nbuild-backend = "{1}"\n'
# What a project of that tool says, and how its user locks it and makes its environment.
MANIFESTS = {
    "uv": ("pyproject.toml", HEAD + "[dependency-groups]\ndev = ['pytest']\n" + BUILD.format("setuptools", "setuptools.build_meta"), ["lock"], ["sync"]),
    "poetry": ("pyproject.toml", HEAD + "[tool.poetry.group.dev.dependencies]\npytest = '*'\n[[tool.poetry.source]]\nname = 'here'\nurl = '{url}'\n"
               + BUILD.format("poetry-core", "poetry.core.masonry.api"), ["lock"], ["install"]),
    "hatch": ("pyproject.toml", HEAD + "[tool.hatch.envs.default]\ndependencies = ['pytest']\n" + BUILD.format("hatchling", "hatchling.build"), None,
              ["env", "create"]),
    "pdm": ("pyproject.toml", HEAD + "[dependency-groups]\ndev = ['pytest']\n" + BUILD.format("pdm-backend", "pdm.backend"), ["lock"], ["install"]),
    "pipenv": ("Pipfile", "[[source]]\nname = 'here'\nurl = '{url}'\nverify_ssl = false\n[packages]\ntinydep = '*'\n[dev-packages]\npytest = '*'\n", ["lock"],
               ["sync", "--dev"]),
}


def tinydep(version):
    return made_wheel("tinydep", version, {"tinydep.py": f"VERSION = '{version}'\n"})


@pytest.fixture(scope="module")
def tools_index():
    """Without a password: what the tools make of one is their matter. The build systems come from the tools' own environment."""
    site, = pathlib.Path(TOOLS).glob("lib/python3*/site-packages")
    wanted = with_dependencies("pytest", "setuptools", "wheel", "hatchling", "editables", "poetry-core", "pdm-backend", site=site)
    wheels = [installed_wheel(name, site) for name in wanted] + [installed_wheel("pip"), made_wheel("colorama", "0.4.6", {"colorama.py": ""})]
    with PackageIndex(wheels, password="") as server:
        yield server


class Tool:
    """A project of one real tool, which alone is on PATH."""

    def __init__(self, name, run, index, more=None):
        self.name, self.run = name, run
        self.index = index
        self.take_back()
        index.http.wheels.update([tinydep("1.0")])
        self.env = {"UV_DEFAULT_INDEX": index.url, "PIP_INDEX_URL": index.url, "PDM_PYPI_URL": index.url, "PIP_TRUSTED_HOST": "127.0.0.1"}
        (run.folder / "bin" / name).symlink_to(pathlib.Path(TOOLS) / "bin" / name)
        file, text, self.lock_words, self.make_words = MANIFESTS[name]
        self.repo = run.repo({**PROJECT, file: text.replace("{url}", index.url), **(more or {})}, name="calc")

    def call(self, *words):
        done = subprocess.run([self.name, *words], cwd=self.repo, env={**self.run.env, **self.env}, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=300, check=False)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def lock(self):
        """As of today; tomorrow there is a newer version."""
        if self.lock_words:
            self.call(*self.lock_words)
        self.index.http.wheels.update([tinydep("2.0")])

    def take_back(self):
        self.index.http.wheels.pop("tinydep-2.0-py3-none-any.whl", None)

    def score(self, *words):
        return self.run("score", self.repo, "--no-progress", *words, **self.env)

    def origin(self):
        checks = json.loads(self.run("doctor", "--json", self.repo, **self.env).out)["checks"]
        return next(check["detail"] for check in checks if check["name"] == "interpreter")


@pytest.fixture
def tool(run, tools_index):
    return lambda name, more=None: Tool(name, run, tools_index, more)


@real
@pytest.mark.parametrize("name", MANIFESTS)
def test_real_tools_environment_is_found(tool, name):
    project = tool(name)
    project.lock()
    if name == "hatch":  # it has no lock
        project.take_back()
    project.call(*project.make_words)
    before = tree(project.repo)
    origin = project.origin()
    assert f"(from {'.venv' if name == 'uv' else name})" in origin or (name == "pdm" and "(from .venv)" in origin), origin
    result = project.score("--no-install")
    assert result.code == 0 and "clamp" in result.out and "test_version" not in result.err and "missing" not in result.err, result
    assert tree(project.repo) == before


@real
@pytest.mark.parametrize("name", [name for name, manifest in MANIFESTS.items() if manifest[2]])
def test_real_locks_are_followed(tool, name):
    """No environment is there, only the lock; a newer version has come out since."""
    project = tool(name)
    project.lock()
    shutil.rmtree(project.repo / ".venv", ignore_errors=True)  # pdm makes one to lock
    (project.repo / ".pdm-python").unlink(missing_ok=True)
    before = tree(project.repo)
    result = project.score()
    assert result.code == 0 and "clamp" in result.out and "test_version" not in result.err, result
    assert "using an environment of our own" in result.err and "not followed" not in result.err and tree(project.repo) == before, result


@real
def test_real_hatch_test_environment_is_found(tool):
    """`hatch test` keeps environments of its own; the default one is there, too, and has no pytest."""
    manifest = HEAD + "[tool.hatch.envs.hatch-test]\ninstaller = 'pip'\ndependencies = ['pytest']\n" \
        "[[tool.hatch.envs.hatch-test.matrix]]\npython = ['3']\n" + BUILD.format("hatchling", "hatchling.build")
    project = tool("hatch", {"pyproject.toml": manifest})
    project.call("env", "create")
    project.call("env", "create", "hatch-test")
    assert "hatch-test" in project.origin() and "(from hatch)" in project.origin()
    result = project.score("--no-install")
    assert result.code == 0 and "clamp" in result.out and "test_version" not in result.err, result


@real
def test_real_uv_lock_without_uv(tool):
    """pip alone takes the versions of uv.lock."""
    project = tool("uv")
    project.lock()
    (project.run.folder / "bin/uv").unlink()
    result = project.score()
    assert result.code == 0 and "with pip" in result.err and "test_version" not in result.err and "not followed" not in result.err, result


@real
def test_real_lock_that_cannot_be_had(tool):
    """The version has been taken off the index."""
    project = tool("poetry")
    project.lock()
    project.index.http.wheels.pop("tinydep-1.0-py3-none-any.whl")
    result = project.score()
    assert result.code == 0 and "poetry.lock is not followed" in result.err and "conflicting dependencies" in result.err, result
    assert "test_version: fails" in result.err, result


@real
@pytest.mark.parametrize("name", ["uv", "pip"])
def test_real_requirements_with_hashes(tool, name):
    """As `uv pip compile --generate-hashes` and pip-compile write them: pip takes no line without a hash beside them."""
    project = tool("uv")
    (project.repo / "pyproject.toml").unlink()
    (project.repo / "requirements.in").write_text("tinydep\n")
    project.call("pip", "compile", "-q", "--generate-hashes", "requirements.in", "-o", "requirements.txt")
    assert "--hash=sha256:" in (project.repo / "requirements.txt").read_text()
    project.index.http.wheels.update([tinydep("2.0")])
    if name == "pip":
        (project.run.folder / "bin/uv").unlink()
    result = project.score()
    assert result.code == 0 and f"with {name}" in result.err and "test_version" not in result.err and "cannot be" not in result.err, result


MEMBER = HEAD.replace('"calc"', '"{0}"').replace('"tinydep"', "{1}") + BUILD.replace("{0}", "setuptools").replace("{1}", "setuptools.build_meta")
SOURCES = '[tool.uv.sources]\nshop-two = {{ workspace = true }}\n'


@real
@pytest.mark.parametrize("name", ["uv", "pip"])
def test_real_workspace_asks_no_index_for_its_members(tool, name):
    """Somebody else has put packages of the same names there."""
    wheels = [made_wheel(module, "9.0", {f"{module}.py": "raise SystemError('not this one')\n"}) for module in ("shop_two", "shop_one")]
    root = (MEMBER + SOURCES).format("calc", "'tinydep', 'Shop_Two>=1'") + "[tool.uv.workspace]\nmembers = ['packages/*']\n" \
        "[dependency-groups]\ndev = ['pytest']\n[tool.setuptools]\npackages = ['calc']\n"
    project = tool("uv", {
        "pyproject.toml": root, "calc/ops.py": "from shop_two import half\nimport tinydep\n" + OPS,
        "packages/two/pyproject.toml": MEMBER.format("shop-two", ""), "packages/two/shop_two/__init__.py": "def half(x):\n    y = x / 2\n    return y\n",
        "packages/one/pyproject.toml": (MEMBER + SOURCES).format("shop-one", "'shop-two'"), "packages/one/shop_one/__init__.py": "from shop_two import half\n",
        "packages/one/shop_one/more.py": "def double(x):\n    y = x * 2\n    return y\n",
        "packages/one/tests/test_one.py": "from shop_one import half\n\n\ndef test_half():\n    assert half(4) == 2\n"})
    project.index.http.wheels.update(wheels)
    one = project.repo / "packages/one"
    try:
        project.lock()
        project.index.http.asked.clear()
        member = project.run("score", one, "--no-progress", **project.env)
        assert member.code == 1 and "shop-two comes from a folder outside of this one" in member.err and "uv sync --all-packages" in member.err, member
        if name == "pip":
            (project.run.folder / "bin/uv").unlink()
        result = project.score("--all")
        assert result.code == 0 and "half" in result.out and f"with {name}" in result.err, result
        assert "not this one" not in result.err and "test_version" not in result.err and "missing" not in result.err, result
        assert not {"shop-one", "shop-two"} & set(project.index.http.asked), "nobody was asked for them"
        if name == "uv":
            project.call("sync", "--all-packages")
            found = project.run("score", one, "--no-progress", **project.env)
            assert found.code == 0 and "test_half" not in found.err, found
    finally:
        for wheel, _ in wheels:
            project.index.http.wheels.pop(wheel)


SETUP = "from setuptools import Extension, setup\nsetup(name='calc', version='1', packages=['calc'], install_requires=['tinydep'],\n" \
        "      ext_modules=[Extension('calc.fast', ['calc/fast.c'])])\n"
FAST = """#include <Python.h>
static PyObject *twice(PyObject *self, PyObject *n) { (void)self; return PyNumber_Add(n, n); }
static PyMethodDef methods[] = { { "twice", twice, METH_O, "" }, { NULL, NULL, 0, NULL } };
static struct PyModuleDef module = { PyModuleDef_HEAD_INIT, .m_name = "fast", .m_methods = methods };
PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&module); }
"""


@real
@pytest.mark.parametrize("name", ["uv", "pip"])
def test_real_compiled_module(tool, name):
    """Built in the private copy by setuptools and the machine's compiler; another source makes another build."""
    more = {"setup.py": SETUP, "calc/fast.c": FAST, "calc/ops.py": "from calc.fast import twice\nimport tinydep\n" + OPS,
            "tests/test_fast.py": "from calc.fast import twice\n\n\ndef test_twice():\n    assert twice(4) == 8\n",
            "pyproject.toml": BUILD.format("setuptools", "setuptools.build_meta")}
    project = tool("uv", more)
    if name == "pip":
        (project.run.folder / "bin/uv").unlink()
    before = tree(project.repo)
    result = project.score()
    assert result.code == 0 and "clamp" in result.out and f"with {name}" in result.err and "test_twice" not in result.err, result
    assert "could not be built" not in result.err and tree(project.repo) == before, result
    (project.repo / "calc/fast.c").write_text(FAST.replace("PyNumber_Add(n, n)", "PyNumber_Multiply(n, n)"))
    result = project.score()
    assert "test_twice: fails: assert 16 == 8" in result.err, result
    (project.repo / "calc/fast.c").write_text(FAST.replace("return PyNumber_Add", "return no_such_thing; PyNumber_Add"))
    result = project.score()
    assert "could not be built" in result.err and "no_such_thing" in result.err, result
