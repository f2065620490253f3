"""Drives the built program. MUTAGEN_BINARY (or MUTAGEN_BIN) names it (default: build/mutagen); without one these tests are skipped."""
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("MUTAGEN_BINARY") or os.environ.get("MUTAGEN_BIN") or ROOT / "build" / "mutagen").resolve()

ALL_ROWS = os.environ.get("MUTAGEN_ROWS") == "all"  # `make test-all`: not only the share of a table that stands for the rest

OPS = '''def clamp(value: int, low: int, high: int) -> int:
    """Keeps value within low and high."""
    if value < low:
        return low
    if value > high:
        return high
    return value


def grade(points: int) -> str:
    if points >= 90:
        return "A"
    if points >= 75:
        return "B"
    return "C"
'''
TEST_OPS = '''from calc.ops import clamp


def test_clamp():
    assert clamp(5, 0, 10) == 5
'''


def share(rows, some):
    """Parameters of which those that `some` is true of are enough for every day."""
    return [pytest.param(*row, marks=[] if ALL_ROWS or some(*row) else pytest.mark.skip(reason="MUTAGEN_ROWS=all runs it")) for row in rows]


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Desk:
    """A folder to work in: its own storage root, its own temporary directory."""

    def __init__(self, folder):
        self.folder = folder
        self.tmp = folder / "tmp"
        self.tmp.mkdir(parents=True)

    def environment(self, **more):
        env = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "MUTAGEN_PYTHON", "PYTHONPATH")}
        return {**env, "TMPDIR": str(self.tmp), "MUTAGEN_PYTHON": sys.executable, **more}

    def start(self, *arguments, **more):
        return subprocess.Popen([BINARY, *map(str, arguments)], cwd=self.folder, env=self.environment(**more), text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)

    def __call__(self, *arguments, **more):
        return Result(subprocess.run([BINARY, *map(str, arguments)], cwd=self.folder, env=self.environment(**more), text=True, capture_output=True,
                                     stdin=subprocess.DEVNULL, timeout=300, check=False))

    def repo(self, files=None, name="repo"):
        files = {"calc/__init__.py": "", "calc/ops.py": OPS, "tests/test_ops.py": TEST_OPS} if files is None else files
        (self.folder / name).mkdir()
        for path, text in files.items():
            file = self.folder / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self.folder / name


def tree(folder):
    """Every file below a folder with its bytes: to see that nothing changed."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def pytest_collection_modifyitems(items):
    if not BINARY.is_file():
        for item in items:
            item.add_marker(pytest.mark.skip(reason=f"{BINARY} is not built"))


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@pytest.fixture(scope="session")
def fault_server(tmp_path_factory):
    from fault_server import FaultServer  # not at the top: tests/hostile reads this file, too, from another folder

    with FaultServer(tmp_path_factory.mktemp("faults")) as server:
        yield server


@pytest.fixture
def faults(fault_server):
    """The one fault server of the session, as new."""
    fault_server.reset()
    return fault_server


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A small repo after one whole run; its files as they were are in `before`."""
    desk = Desk(tmp_path_factory.mktemp("finished"))
    desk.repo()
    desk.before = tree(desk.folder / "repo")
    desk.result = desk("run", "repo", "--run-id", "first", "--no-progress")
    return desk
