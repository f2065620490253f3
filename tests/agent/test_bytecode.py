"""Byte code that is there already is used; new byte code goes below the prefix and nowhere else."""
import os
import pathlib
import py_compile
import subprocess
import sys

AGENT = pathlib.Path(__file__).resolve().parents[2] / "src" / "agent"
PROGRAM = "import sys; sys.path[:0] = [%r, %r]\nfrom _mutagen_agent import bytecode; bytecode.install()\nimport cached, fresh; print(cached.V, fresh.V)"


def run(folder, prefix):
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env["PYTHONPYCACHEPREFIX"] = str(prefix)
    done = subprocess.run([sys.executable, "-c", PROGRAM % (str(AGENT), str(folder))], env=env, stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout.split()


def test_byte_code_is_read_from_beside_the_source_and_written_below_the_prefix(tmp_path):
    folder, prefix = tmp_path / "lib", tmp_path / "pycache"
    folder.mkdir()
    (folder / "cached.py").write_text("V = 1\n")
    (folder / "fresh.py").write_text("V = 2\n")
    tag = sys.implementation.cache_tag
    beside = folder / "__pycache__" / ("cached.%s.pyc" % tag)
    py_compile.compile(str(folder / "cached.py"), cfile=str(beside), doraise=True)
    assert run(folder, prefix) == ["1", "2"]
    written = {path.name for path in prefix.rglob("*.pyc") if str(folder) in str(path)}
    assert written == {"fresh.%s.pyc" % tag}
    assert os.listdir(str(folder / "__pycache__")) == [beside.name]


def test_stale_byte_code_is_not_believed(tmp_path):
    folder, prefix = tmp_path / "lib", tmp_path / "pycache"
    folder.mkdir()
    (folder / "cached.py").write_text("V = 1\n")
    (folder / "fresh.py").write_text("V = 2\n")
    beside = folder / "__pycache__" / ("cached.%s.pyc" % sys.implementation.cache_tag)
    py_compile.compile(str(folder / "cached.py"), cfile=str(beside), doraise=True)
    (folder / "cached.py").write_text("V = 333\n")
    assert run(folder, prefix) == ["333", "2"]
