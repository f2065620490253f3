"""The disk is full, the database is damaged or newer than we are: one line that says what to do, and what is finished stays."""
import json
import os
import sqlite3
import subprocess

import pytest
from test_resume import make, stored


def last_line(told, code):
    assert told.code == code and "Traceback" not in told.err, told
    line = told.err.splitlines()[-1]
    assert line.startswith("mutagen: "), told
    return line


@pytest.fixture
def small_disk(desk):
    """Mounts a tiny file system at a folder of the desk, or changes its size; needs the right to mount."""
    mounted = []

    def resize(name, size):
        folder = desk.folder / name
        options = f"size={size}"
        if folder not in mounted:
            folder.mkdir()
            done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
            if done.returncode:
                pytest.skip("tmpfs cannot be mounted here")
            mounted.append(folder)
        else:
            subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)
        return folder

    yield resize
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=False)


def test_a_full_disk_under_the_store(desk, small_disk):
    make(desk, 3)
    root = small_disk("small", "180k") / "root"
    (desk.folder / "m.toml").write_text(f"storage.root = '{root}'\n")
    line = last_line(desk("run", "repo", "-c", "m.toml", "--run-id", "x", "--no-progress"), 1)
    assert "full" in line or "No space left" in line, line
    assert last_line(desk("report", "-c", "m.toml"), 1)
    small_disk("small", "10m")
    assert desk("run", "repo", "-c", "m.toml", "--run-id", "x", "--no-progress").code == 0
    assert desk("apply", "-c", "m.toml", "--run-id", "x", "--into", "new").code == 0


def test_a_full_disk_under_the_private_copy_is_no_fault_of_a_target(desk, small_disk):
    make(desk, 3)
    tmp = small_disk("smalltmp", "380k")
    told = desk("run", "repo", "--run-id", "x", "--no-progress", TMPDIR=str(tmp))
    assert "No space left" in last_line(told, 1), told
    assert all(state != "DISCARDED" for state, _ in stored(desk, "x").values()), told
    assert list(tmp.iterdir()) == []
    assert desk("run", "repo", "--run-id", "x", "--no-progress").code == 0


def test_a_database_that_is_damaged_in_the_middle_of_a_run(desk):
    make(desk)
    assert desk("run", "repo", "--run-id", "before", "--no-progress", "--max-targets", "1").code == 3
    process = desk.start("run", "repo", "--run-id", "x", "--no-progress")
    for text in process.stderr:
        if text.startswith("[processing]"):
            break
    for name in ("mutagen.db", "mutagen.db-wal"):
        path = desk.folder / ".mutagen" / name
        with open(path, "r+b") as file:
            file.write(os.urandom(min(path.stat().st_size, 30000)))
    _, err = process.communicate(timeout=100)
    assert process.returncode == 1 and "move it away" in err.splitlines()[-1], err
    for command in (["report"], ["apply"], ["run", "repo", "--no-progress"]):
        assert "move it away" in last_line(desk(*command), 1)
    assert list(desk.tmp.iterdir()) == []


def test_a_database_of_a_newer_version_is_left_alone(desk):
    make(desk, 2)
    assert desk("run", "repo", "--run-id", "x", "--no-progress", "--max-targets", "1").code == 3
    path = desk.folder / ".mutagen" / "mutagen.db"
    with sqlite3.connect(path) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        db.execute(f"PRAGMA user_version = {version + 1}")
    db.close()
    before = path.read_bytes()
    for command in (["report"], ["apply"], ["run", "repo", "--run-id", "x", "--no-progress"]):
        assert "newer version" in last_line(desk(*command), 1)
    assert path.read_bytes() == before


def test_reports_that_cannot_be_written_lose_no_outcome(desk):
    make(desk, 2)
    (desk.folder / ".mutagen").mkdir()
    assert desk("run", "repo", "--run-id", "x", "--no-progress", "--max-targets", "1").code == 3
    report = desk.folder / ".mutagen" / "reports" / "report.json"
    report.unlink()
    report.mkdir()
    assert "report.json" in last_line(desk("run", "repo", "--run-id", "x", "--no-progress"), 1)
    assert len(stored(desk, "x")) == 2
    report.rmdir()
    told = desk("report", "--run-id", "x")
    assert told.code == 0 and json.loads(report.read_text())["run_id"] == "x", told
