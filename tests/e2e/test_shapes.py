"""Repositories of other shapes than the usual one."""
import json
import subprocess

from conftest import OPS, TEST_OPS

LIMIT = ["--max-targets", "2", "--no-progress", "--run-id", "shape"]


def report(desk):
    return json.loads((desk.folder / ".mutagen" / "reports" / "report.json").read_text())


def test_a_fixture_that_skips_some_variants_of_every_test(desk):
    desk.repo({
        "calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": TEST_OPS,
        "tests/conftest.py": """
import pytest

@pytest.fixture(autouse=True, params=["plain", "fast"])
def variant(request):
    if request.param == "fast":
        pytest.skip("the fast variant is not built")
""",
    })
    told = desk("run", "repo", *LIMIT, "--target", "*.grade")
    assert told.code == 0 and report(desk)["targets"]["kept"] == 1, told
    for _ in range(2):  # apply, then pytest: each last line is a command that works as it stands
        command = told.out.splitlines()[-1].removeprefix("next: ").split("  (")[0]
        done = subprocess.run(["sh", "-c", command], cwd=desk.folder, env=desk.environment(PATH="/usr/bin:/bin"), text=True, capture_output=True)
        assert done.returncode == 0, (command, done)
        told.out = done.stdout
    assert "passed" in told.out, told


def test_what_could_be_imported_is_not_called_missing(desk):
    """A folder of the repo without __init__.py, and a module that a conftest puts into sys.modules; what is missing in truth is still told."""
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "tests/__init__.py": "", "tests/test_ops.py": TEST_OPS, "scripts/release.py": "VERSION = 1\n",
               "tests/conftest.py": "import sys\nimport types\n\nsys.modules['put_there'] = types.ModuleType('put_there')\n",
               "tests/test_release.py": "from scripts import release\n\n\ndef test_release():\n    assert release.VERSION == 1\n",
               "tests/test_put.py": "import put_there\n\n\ndef test_put():\n    assert put_there\n",
               "tests/test_gone.py": "import not_installed_here\n\n\ndef test_gone():\n    pass\n"})
    told = desk("score", "repo", "--no-witnesses", "--no-install")
    assert told.code == 0 and "module not_installed_here is missing in /" in told.err, told
    assert "module scripts" not in told.err and "put_there" not in told.err, told


def test_missing_packages_are_named_with_the_interpreter(desk):
    desk.repo({"calc.py": OPS, "tests/test_ops.py": "import not_installed_here\n" + TEST_OPS})
    told = desk("run", "repo", *LIMIT, "--target", "*.nothing")
    assert "module not_installed_here is missing in /" in told.out and "-m pip install not_installed_here" in told.out, told
    assert told.out.count("not_installed_here") == 2 and told.err.count("not_installed_here") == 0, told
    desk.repo({"calc.py": "import not_installed_here\n" + OPS}, name="third")
    told = desk("run", "third")
    assert told.out.splitlines()[-1].startswith("next: install what the repo needs into /"), told
    desk.repo({"calc/__init__.py": "", "calc/ops.py": OPS, "calc/windows.py": "import msvcrt\n", "tests/test_ops.py": TEST_OPS}, name="fourth")
    told = desk("score", "fourth", "--no-witnesses")
    assert told.code == 0 and "msvcrt" not in told.out + told.err, "nobody can install it: it is the standard library's, on another system"
    desk.repo({"calc.py": OPS, "tests/conftest.py": "import not_installed_here\n"}, name="other")
    told = desk("run", "other")
    assert told.code == 1 and "; install it for /" in told.err.splitlines()[-1], told
