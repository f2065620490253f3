"""What a project has only when it is installed: metadata, commands, entry points. Its tests find them all the same."""
import json
import pathlib
import subprocess
import sys

import pytest
from conftest import OPS, TEST_OPS

PROJECT = '''[project]
name = "my-shop"
version = "1.2"
[project.scripts]
clamp-it = "calc:main"
[project.entry-points.pytest11]
shop = "calc.plugin"
'''
PACKAGE = '''from importlib.metadata import version

__version__ = version("my-shop")


def main():
    import sys
    from calc.ops import clamp
    print(clamp(int(sys.argv[1]), 1, 3))
'''
TESTS = '''import subprocess
from importlib.metadata import entry_points, version
import calc
from calc.ops import clamp

def test_metadata():
    assert version("My_Shop") == calc.__version__ == "1.2"
    assert any(point.name == "clamp-it" for point in entry_points().get("console_scripts", ())) if isinstance(entry_points(), dict) else entry_points(name="clamp-it")
    assert clamp(2, 1, 3) == 2

def test_command():
    assert subprocess.check_output(["clamp-it", "0"], text=True) == "1\\n"

def test_plugin(shop):
    assert clamp(shop, 1, 3) == 3
'''
FILES = {"pyproject.toml": PROJECT, "src/calc/__init__.py": PACKAGE, "src/calc/ops.py": OPS, "tests/test_ops.py": TESTS,
         "src/calc/plugin.py": "import pytest\n\n\n@pytest.fixture\ndef shop():\n    return 9\n"}


def mutants(desk):
    return [mutant for mutant in json.loads((desk.folder / "score.json").read_text())["files"]["src/calc/ops.py"]["mutants"]]


@pytest.mark.parametrize("conftest", ["", "pytest_plugins = ['calc.plugin']\n"])
def test_it_is_as_if_installed(desk, conftest):
    desk.repo({**FILES, "conftest.py": conftest})
    told = desk("score", "repo", "--target", "calc.ops.clamp", "--verify", "5", "--json", "score.json", "--jobs", "1")
    assert told.code == 0 and "my-shop itself is not installed in" in told.err and "(version 1.2) and clamp-it have stand-ins" in told.err, told
    assert "fails" not in told.err and "cannot be" not in told.err, told
    statuses = {mutant["status"] for mutant in mutants(desk)}
    assert statuses == {"Killed", "Survived"} and "are what plain pytest says" in told.out, told
    killed = [mutant for mutant in mutants(desk) if "tests/test_ops.py::test_command" in mutant.get("killedBy", [])]
    assert killed, "the command runs the mutant"
    shown = desk("show", "mutant", killed[0]["id"])
    again = subprocess.run(["sh", "-c", shown.out.splitlines()[-1]], cwd=desk.folder, env=desk.environment(), capture_output=True, text=True, check=False)
    assert again.returncode == 1 and "1 failed" in again.stdout and "CalledProcessError" not in again.stdout, again


def test_what_nobody_asks_for_is_not_said(desk):
    desk.repo({"pyproject.toml": PROJECT.split("[project.entry")[0], "calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": TEST_OPS})
    told = desk("score", "repo", "--target", "calc.ops.clamp", "--no-witnesses")
    assert told.code == 0 and "is not installed" not in told.err, told


def test_what_is_installed_goes_first(desk):
    """Metadata that stand in a folder of the repo, as `pip install -e` leaves them, and a command on PATH of the same name."""
    (desk.folder / "bin").mkdir()
    (desk.folder / "bin" / "clamp-it").write_text("#!/bin/sh\necho 1\n")
    (desk.folder / "bin" / "clamp-it").chmod(0o755)
    path = f"{desk.folder}/bin:{desk.environment()['PATH']}"
    plain = {**FILES, "pyproject.toml": PROJECT.split("[project.entry")[0], "tests/test_ops.py": TESTS.split("def test_plugin")[0]}
    info = {"src/my_shop.egg-info/PKG-INFO": "Metadata-Version: 2.1\nName: my-shop\nVersion: 1.2\n",
            "src/my_shop.egg-info/entry_points.txt": "[console_scripts]\nclamp-it = calc:main\n"}
    desk.repo({**plain, **info})
    told = desk("score", "repo", "--target", "calc.ops.clamp", "--no-witnesses", "--json", "score.json", PATH=path)
    assert told.code == 0 and "is not installed" not in told.err and "fails" not in told.err, told
    assert not [mutant for mutant in mutants(desk) if "tests/test_ops.py::test_command" in mutant.get("killedBy", [])]


def test_commands_of_the_environment_are_found_first(desk):
    """`python` is the one that runs the tests, as if its environment were activated."""
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": TEST_OPS + '''
def test_python():
    import subprocess, sys
    assert subprocess.check_output(["python", "-c", "import sys; print(sys.prefix)"], text=True).strip() == sys.prefix
'''})
    folder = desk.folder / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    packages, = pathlib.Path(folder).glob("lib/python3*/site-packages")
    (packages / "ours.pth").write_text("\n".join(entry for entry in sys.path if entry.endswith("site-packages")))
    told = desk("score", "repo", "--python", folder, "--no-witnesses", PATH="/usr/bin:/bin")
    assert told.code == 0 and "fails" not in told.err, told
