"""Members that differ in where their files stand and what surrounds them."""
import os
import subprocess

from members import CALC, CALC_TESTS, KNOWN, calc_tests, member, write

SAME = {"kept": 2, "verdicts": KNOWN}


def git(folder, *arguments):
    identity = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org"}
    subprocess.run(["git", "-c", "protocol.file.allow=always", *arguments], cwd=folder, check=True, capture_output=True,
                   env={**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull})


def commit(folder):
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "all of it")


@member("flat package", some=True, **SAME)
def flat(repo):
    """A package at the root, tests beside it, no git."""
    write(repo, {"shop/__init__.py": "", "shop/calc.py": CALC, "tests/test_calc.py": calc_tests("shop.calc")})


@member("src layout", some=True, **SAME)
def src_layout(repo):
    """Beside src/ lies a script that somebody left."""
    write(repo, {"src/shop/__init__.py": "", "src/shop/calc.py": CALC, "tests/test_calc.py": calc_tests("shop.calc"),
                 "try_out.py": "def twice(n):\n    return n + n\n\n\nprint(twice(2))\n",
                 "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n'})


@member("lib layout, setup.py only", **SAME)
def setup_only(repo):
    write(repo, {"lib/shop/__init__.py": "", "lib/shop/calc.py": CALC, "tests/test_calc.py": calc_tests("shop.calc"), "setup.py": """
        from setuptools import find_packages, setup
        setup(name="shop", version="1", package_dir={"": "lib"}, packages=find_packages("lib"))
        """})


@member("one module", **SAME)
def one_module(repo):
    write(repo, {"calc.py": CALC, "test_calc.py": calc_tests("calc")})


@member("tests beside the code", some=True, **SAME)
def beside(repo):
    write(repo, {"shop/__init__.py": "", "shop/calc.py": CALC, "shop/calc_test.py": calc_tests("shop.calc"), "pytest.ini": "[pytest]\n"})


@member("tests in the package", **SAME)
def inside(repo):
    write(repo, {"shop/__init__.py": "", "shop/calc.py": CALC, "shop/tests/__init__.py": "",
                 "shop/tests/test_calc.py": "from ..calc import label, price\n" + CALC_TESTS})


@member("tests as packages of equal names", **SAME)
def equal_names(repo):
    """Two test modules of one name: only packages keep them apart."""
    write(repo, {"shop/__init__.py": "", "shop/calc.py": CALC, "tests/__init__.py": "", "tests/a/__init__.py": "", "tests/b/__init__.py": "",
                 "tests/a/test_calc.py": calc_tests("shop.calc"), "tests/b/test_calc.py": "def test_nothing(): pass\n"})


@member("importlib mode", **SAME)
def importlib_mode(repo):
    """The same without packages, by --import-mode=importlib."""
    write(repo, {"shop/__init__.py": "", "shop/calc.py": CALC, "tests/a/test_calc.py": calc_tests("shop.calc"),
                 "tests/b/test_calc.py": "def test_nothing(): pass\n",
                 "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "--import-mode=importlib"\npythonpath = ["."]\n'})


@member("namespace package", some=True, **SAME)
def namespace(repo):
    write(repo, {"src/acme/shop/calc.py": CALC, "tests/test_calc.py": calc_tests("acme.shop.calc")})


@member("src without package", **SAME)
def src_modules(repo):
    write(repo, {"src/calc.py": CALC, "tests/test_calc.py": calc_tests("calc"), "pytest.ini": "[pytest]\npythonpath = src\n"})


@member("src as the package", **SAME)
def src_is_package(repo):
    """`from src.calc import …`, as tutorials have it."""
    write(repo, {"src/__init__.py": "", "src/calc.py": CALC, "tests/__init__.py": "", "tests/test_calc.py": calc_tests("src.calc")})


@member("src as a namespace", **SAME)
def src_is_namespace(repo):
    """The same without any __init__.py."""
    write(repo, {"src/calc.py": CALC, "tests/test_calc.py": calc_tests("src.calc"), "pytest.ini": "[pytest]\npythonpath = .\n"})


@member("uv workspace", given=True, **SAME)
def uv_workspace(repo):
    """Two members; one imports the other."""
    project = '[project]\nname = "%s"\nversion = "1"\nrequires-python = ">=3.8"\ndependencies = [%s]\n'
    write(repo, {"pyproject.toml": project % ("all", '"front"') + '[tool.uv.workspace]\nmembers = ["packages/*"]\n[tool.uv.sources]\nfront = { workspace = true }\n',
                 "packages/core/pyproject.toml": project % ("core", ""), "packages/core/src/core/__init__.py": "",
                 "packages/core/src/core/calc.py": CALC, "packages/front/pyproject.toml": project % ("front", '"core"'),
                 "packages/front/src/front/__init__.py": "from core.calc import label, price\n",
                 "packages/front/tests/test_calc.py": calc_tests("front")})


@member("poetry", given=True, **SAME)
def poetry(repo):
    write(repo, {"lib/shop/__init__.py": "", "lib/shop/calc.py": CALC, "tests/test_calc.py": calc_tests("shop.calc"), "pyproject.toml": """
        [tool.poetry]
        name = "shop"
        version = "1"
        description = ""
        authors = []
        packages = [{ include = "shop", from = "lib" }]
        [tool.poetry.dependencies]
        python = "^3.8"
        [build-system]
        requires = ["poetry-core"]
        build-backend = "poetry.core.masonry.api"
        """})


@member("requirements only", given=True, **SAME)
def requirements(repo):
    write(repo, {"calc.py": CALC, "tests/test_calc.py": "import sys\nsys.path.insert(0, '.')\n" + calc_tests("calc"),
                 "requirements.txt": "# none\n", "requirements-dev.txt": "pytest\n"})


@member("deep nesting", **SAME)
def deep(repo):
    """Twenty-five packages in each other."""
    folders = ["p%d" % number for number in range(25)]
    files = {"/".join(folders[: depth + 1]) + "/__init__.py": "" for depth in range(25)}
    write(repo, {**files, "/".join(folders) + "/calc.py": CALC, "tests/test_calc.py": calc_tests(".".join(folders) + ".calc")})


@member("unicode and spaces", some=True, **SAME)
def unicode_names(repo):
    """In the folder's name, in file names and in identifiers."""
    there = repo / "Mein Projekt (größer) 试"
    write(there, {"läden/__init__.py": "", "läden/größe.py": CALC, "tests/test größe.py": "", "tests/test_größe.py": calc_tests("läden.größe")})
    return there


@member("symlink loops", **SAME)
def loops(repo):
    """A link to its own folder, one to itself, one to a file that is not there, and one that leaves the repo."""
    flat(repo)
    (repo / "shop" / "again").symlink_to("..")
    (repo / "self").symlink_to("self")
    (repo / "shop" / "gone.py").symlink_to("nowhere.py")
    (repo / "outside").symlink_to(repo.parent / "elsewhere")
    write(repo.parent / "elsewhere", {"other.py": CALC})


@member("linked package", **SAME)
def linked(repo):
    """The package is a link to a folder of the repo."""
    write(repo, {"code/shop/__init__.py": "", "code/shop/calc.py": CALC, "tests/test_calc.py": calc_tests("shop.calc"), "pytest.ini": "[pytest]\npythonpath = .\n"})
    (repo / "shop").symlink_to("code/shop")


@member("submodules", **SAME)
def submodules(repo):
    """Somebody else's code in a submodule, imported by ours: it is not mutated."""
    other = repo.parent / (repo.name + "-other")
    write(other, {"other/__init__.py": "def twice(n):\n    result = n * 2\n    return result\n"})
    commit(other)
    flat(repo)
    write(repo, {"shop/double.py": "", "tests/conftest.py": "import pathlib, sys\nsys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'deps'))\nimport other\n"})
    commit(repo)
    git(repo, "submodule", "-q", "add", str(other), "deps")
    git(repo, "commit", "-q", "-m", "with it")


@member("git worktree", some=True, **SAME)
def worktree(repo):
    """`.git` is a file there."""
    main = repo.parent / (repo.name + "-main")
    flat(main)
    commit(main)
    repo.rmdir()
    git(main, "worktree", "add", "-q", str(repo))


@member("git and what it ignores", **SAME)
def ignored(repo):
    """A virtual environment, build results and an editor's folder lie about."""
    flat(repo)
    write(repo, {".gitignore": "build/\n.venv/\n*.log\n", "build/lib/shop/__init__.py": "", "build/lib/shop/calc.py": CALC,
                 ".tox/py/lib/python3.11/site-packages/shop/calc.py": CALC, "node_modules/gyp/gyp.py": CALC, "dist/shop/calc.py": CALC})
    commit(repo)


@member("folder of a repository", **SAME)
def subfolder(repo):
    """The project is one folder of a larger repository."""
    flat(repo / "services" / "shop")
    write(repo, {"services/other/other.py": CALC})
    commit(repo)
    return repo / "services" / "shop"


@member("empty tests folder", score_exit=1, kept=3, some=True, says=("no score: the repo has no test that pytest collects",))
def empty_tests(repo):
    flat(repo)
    (repo / "tests" / "test_calc.py").unlink()


@member("no tests", score_exit=1, kept=3, says=("no score: the repo has no test that pytest collects",))
def no_tests(repo):
    write(repo, {"shop/__init__.py": "", "shop/calc.py": CALC})


@member("nothing", exit=1, score_exit=1, says=("no Python",))
def nothing(repo):
    """An empty folder."""


@member("no functions", score_exit=1, says=("no function was selected",))
def no_functions(repo):
    """Constants and a stub file."""
    write(repo, {"shop/__init__.py": "LIMIT = 3\n", "shop/calc.pyi": "def price(n: int) -> int: ...\n", "notes.ipynb": "{}",
                 "tests/test_limit.py": "import shop\ndef test_limit(): assert shop.LIMIT == 3\n"})
