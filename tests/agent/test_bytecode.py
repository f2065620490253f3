"""Byte code that is there already is used; new byte code goes below the prefix and nowhere else."""
import importlib.util
import os
import pathlib
import py_compile
import shutil
import subprocess
import sys

import pytest

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


def plant(repo, tmp_path, name, text, other, tail="", kept_for=5.0):
    """`name` in the user's repo and in the copy, and byte code of another text beside the first as if it had been made of it, `kept_for` seconds later."""
    import _pytest.assertion.rewrite as rewrite

    assert len(text) == len(other)
    there = repo.write(name, text, repo.original)
    shutil.copystat(there, repo.write(name, text))
    elsewhere = tmp_path / "elsewhere" / os.path.basename(name)
    elsewhere.parent.mkdir(exist_ok=True)
    elsewhere.write_text(other)
    shutil.copystat(there, str(elsewhere))
    beside = os.path.join(os.path.dirname(there), "__pycache__", os.path.basename(name)[:-3] + (rewrite.PYC_TAIL if tail else "." + sys.implementation.cache_tag + ".pyc"))
    os.makedirs(os.path.dirname(beside), exist_ok=True)
    if tail:
        about, code = rewrite._rewrite_test(elsewhere, None)
        if isinstance(about, bytes):  # pytest 9.2 and later: a digest of the text instead of its time and size
            about = importlib.util.source_hash(text.encode())
        with open(beside, "wb") as file:
            rewrite._write_pyc_fp(file, about, code)
    else:
        py_compile.compile(str(elsewhere), cfile=beside, doraise=True)
    changed = os.stat(there).st_mtime
    os.utime(beside, (changed + kept_for, changed + kept_for))


TEST = """import gc
def test_it():
    import mod
    assert (mod.V, mod.f.__code__.co_filename) == (%d, mod.__file__)
    assert test_it.__code__.co_filename == __file__ and gc.isenabled()
    assert "%s" == ""
"""
MOD = "V = %d\ndef f(): pass\n"


@pytest.mark.parametrize("kept_for, stale, used", [(5.0, False, True), (0.5, False, False), (5.0, True, False)])
def test_the_users_byte_code_is_read_for_the_copy(repo, tmp_path, kept_for, stale, used):
    value = 2 if used else 1
    plant(repo, tmp_path, "mod.py", MOD % 1, MOD % 2, kept_for=kept_for)
    plant(repo, tmp_path, "test_it.py", TEST % (value, "source"), TEST % (value, "cached"), tail="pytest", kept_for=kept_for)
    if stale:
        for name in ("mod.py", "test_it.py"):
            with open(os.path.join(repo.path, name), "a") as file:
                file.write("#\n")
            os.utime(os.path.join(repo.path, name), (1, 1))
    repo.start()
    event, = repo.baseline(files=["mod.py"])
    assert event["text"].startswith("AssertionError: assert '%s' == ''" % ("cached" if used else "source"))
    assert not any(path.startswith(os.path.join(repo.original, "")) for path in event["opened"])  # a known answer would hang on what only saves time


def test_byte_code_is_written_to_scratch_whatever_the_environment_says(repo):
    repo.environment["PYTHONDONTWRITEBYTECODE"] = "1"
    repo.write("mod.py", "V = 1\n")
    repo.write("test_it.py", "import mod\ndef test_it(): pass\n")
    repo.start()
    written = [name.split(".")[0] for _folder, _folders, names in os.walk(os.path.join(repo.scratch, "pycache")) for name in names]
    assert "mod" in written and "test_it" in written
    assert not any(name == "__pycache__" for _folder, names, _files in os.walk(repo.path) for name in names)
